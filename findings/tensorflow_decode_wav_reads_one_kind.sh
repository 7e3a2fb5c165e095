#!/bin/sh
# tf.audio.decode_wav of TensorFlow 2.21 refuses valid WAV files: it reads 16-bit PCM with the plain header (format tag 1) only.
#
# Expected: the same tone from files of 8, 16, 24 and 32 bits, of floats, and with the extensible header that many recorders write.
# Seen: InvalidArgumentError for all but one kind. libsndfile reads all of them.
# Versions: tensorflow 2.21.0, soundfile 0.14.0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip --disable-pip-version-check -q"
$pip install "tensorflow-cpu==2.21.0" "soundfile==0.14.0" 2>/dev/null || $pip install "tensorflow==2.21.0" "soundfile==0.14.0"

cat > "$folder/try.py" <<'PY'
import io
import numpy as np
import soundfile
import tensorflow as tf

tone = 0.5 * np.sin(np.arange(4000) / 9)
refused = []
for subtype, form in [("PCM_16", "WAV"), ("PCM_16", "WAVEX"), ("PCM_U8", "WAV"), ("PCM_24", "WAV"), ("PCM_32", "WAV"), ("FLOAT", "WAV")]:
    file = io.BytesIO()
    soundfile.write(file, tone, 8000, subtype, format=form)
    file.seek(0)
    assert np.allclose(soundfile.read(file)[0], tone, atol=0.01)
    try:
        tf.audio.decode_wav(file.getvalue())
    except tf.errors.InvalidArgumentError:
        refused.append(f"{subtype} {form}")
print("refused:", ", ".join(refused))
PY
found=$(TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -W ignore "$folder/try.py" 2>/dev/null)
echo "$found"
[ "$found" = "refused: PCM_16 WAVEX, PCM_U8 WAV, PCM_24 WAV, PCM_32 WAV, FLOAT WAV" ]
