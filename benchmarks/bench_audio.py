"""How many seconds of sound the speech encoder turns into features in a second, on one core.

    python benchmarks/bench_audio.py [--repeats 5]

The ratio is that of the duration of the clips to the time of the processor, so the load of the machine matters little. For comparison the
log-mel layer by itself, and librosa's log-mel spectrogram of the same clips where it is installed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np

from tlcourse.audio import LogMel, load_audio_encoder, load_spoken_words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    clips = load_spoken_words("embedded")
    seconds = clips.waveforms.size / clips.sample_rate
    encoder, layer = load_audio_encoder(), LogMel()
    batches = [clips.waveforms[at : at + 50] for at in range(0, len(clips), 50)]
    runs: dict[str, Callable[[], object]] = {
        "load_audio_encoder, features": lambda: encoder.predict(clips.waveforms, batch_size=50, verbose=0),
        "log-mel layer only": lambda: [np.asarray(layer(batch)) for batch in batches],
    }
    try:
        import librosa
    except ImportError:
        pass
    else:
        settings = dict(sr=8000, n_fft=256, win_length=200, hop_length=80, center=False, n_mels=40, fmin=60, fmax=3800)
        runs["librosa's log-mel spectrogram"] = lambda: [
            librosa.power_to_db(librosa.feature.melspectrogram(y=batch, **settings)) for batch in batches
        ]
    print(f"{len(clips)} clips, {seconds:.0f} s of sound")
    for name, run in runs.items():
        run()  # compiles
        times = []
        for _ in range(options.repeats):
            started = time.process_time()
            run()
            times.append(time.process_time() - started)
        print(f"  {name:30} {seconds / statistics.median(times):8.0f} times faster than real time")


if __name__ == "__main__":
    main()
