"""How many sentences a second: the small encoder beside a six-layer one, and tokens made once beside tokens made for every batch.

    python benchmarks/bench_text.py [--repeats 3] [--sentences 512] [--epochs 3]

(a) Frozen features of the same sentences: `extract_text_features` with `tiny_bert` (4 layers of 256) against a network of the teacher's
    size (6 layers of 384, its own values do not matter for speed), and against KerasHub's own pipeline, in which the preprocessor makes the
    tokens of each batch inside `predict` of a task without a classifier.
(b) The same features from the cache.
(c) Fine-tuning on the same sentences: tokens made once, against KerasHub's `BertTextClassifier.fit` on strings, which makes them again in
    every epoch, and against the network of the teacher's size. Rates count every epoch.

Length of a text: 64 tokens in all. Every ratio is the median over alternated repeats in one process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

import keras
import keras_hub
import numpy as np

import tlcourse
from tlcourse.text import TextEncoder, build_classifier, extract_text_features, load_text_encoder
from tlcourse.text.registry import DEFAULT_TEXT_ENCODER, find_text_encoder

LENGTH, BATCH = 64, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="alternated repeats, at least 3")
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    if options.repeats < 3:
        parser.error("a median needs at least 3 repeats")
    tlcourse.use_profile("embedded")
    reviews = [tlcourse.load_reviews(domain) for domain in ("films", "elsewhere")]
    texts = [text for part in reviews for text in part.texts][: options.sentences]
    labels = np.concatenate([part.labels for part in reviews])[: options.sentences]
    small = load_text_encoder()
    large = like_the_teacher(small)
    features(small, large, texts, options.repeats)
    tuning(small, large, texts, labels, options.epochs, options.repeats)


def like_the_teacher(small: TextEncoder) -> TextEncoder:
    """Return an encoder of six layers of 384 with 30,522 tokens, at random values, behind the same tokenizer."""
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=30_522, num_layers=6, num_heads=12, hidden_dim=384, intermediate_dim=1536, max_sequence_length=512
    )
    return replace(small, name="six_layers", backbone=backbone)


def task() -> keras.Model:
    """Return KerasHub's classifier on the same pretrained values, with its own preprocessor."""
    folder = find_text_encoder(DEFAULT_TEXT_ENCODER).preset
    tokenizer = keras_hub.models.BertTokenizer.from_preset(folder)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=LENGTH)
    backbone = keras_hub.models.BertBackbone.from_preset(folder)
    return keras_hub.models.BertTextClassifier(backbone, num_classes=2, preprocessor=preprocessor)


def features(small: TextEncoder, large: TextEncoder, texts: list[str], repeats: int) -> None:
    theirs = task()
    with tempfile.TemporaryDirectory() as folder:
        extract_text_features(small, texts, length=LENGTH, directory=folder)
        runs = {
            "tiny_bert": lambda: extract_text_features(small, texts, length=LENGTH, batch_size=BATCH, cache=False),
            "six layers": lambda: extract_text_features(large, texts, length=LENGTH, batch_size=BATCH, cache=False),
            "KerasHub's pipeline": lambda: theirs.predict(texts, batch_size=BATCH, verbose=0),
            "tiny_bert, cached": lambda: extract_text_features(small, texts, length=LENGTH, directory=folder),
        }
        print(f"(a, b) frozen features of {len(texts)} sentences")
        report(runs, len(texts), repeats)


def tuning(small: TextEncoder, large: TextEncoder, texts: list[str], labels: np.ndarray, epochs: int, repeats: int) -> None:
    def ours(encoder: TextEncoder) -> Callable[[], object]:
        model = compiled(build_classifier(encoder, 2))

        def run() -> object:
            inputs = encoder.encode(texts, length=LENGTH).inputs
            return model.fit(inputs, labels, batch_size=BATCH, epochs=epochs, verbose=0)

        return run

    theirs = compiled(task())
    runs = {
        "tiny_bert, tokens once": ours(small),
        "six layers, tokens once": ours(large),
        "KerasHub's pipeline": lambda: theirs.fit(texts, labels, batch_size=BATCH, epochs=epochs, verbose=0),
    }
    print(f"(c) fine-tuning, {epochs} epochs")
    report(runs, len(texts) * epochs, repeats)


def compiled(model: keras.Model) -> keras.Model:
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def report(runs: dict[str, Callable[[], object]], sentences: int, repeats: int) -> None:
    for run in runs.values():
        run()  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    first = next(iter(runs))
    for name, times in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(times, seconds[first], strict=True))
        print(f"  {name:26} {sentences / statistics.median(times):9.0f} sentences/s   {ratio:5.2f} times the time of {first}")


if __name__ == "__main__":
    main()
