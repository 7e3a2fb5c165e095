"""How long a step of SimCLR takes, against the same step in plain code.

    python benchmarks/bench_selfsup.py [--repeats 5]

(a) Views: `TwoViews` on 128 images of 32 x 32, against Keras' own layers (RandomZoom, RandomRotation, RandomTranslation) called on each
    copy of the batch.
(b) A step: `TwoViewModel.fit` on 10 batches of 128 images, against a plain loop with a gradient tape that is not compiled.

Each ratio is the median over alternated repeats in one process.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import tlcourse
from tlcourse.selfsup import TwoViewModel, TwoViews, new_projector, nt_xent

BATCH, STEPS = 128, 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    images = np.random.default_rng(0).integers(0, 255, (STEPS * BATCH, 32, 32, 3)).astype("float32")
    print(f"Python {platform.python_version()}, Keras {keras.__version__}, TensorFlow {tf.__version__}")
    views, plain_views = (
        TwoViews(seed=0),
        keras.Sequential([layers.RandomZoom((-0.5, 0)), layers.RandomRotation(1 / 24), layers.RandomTranslation(0.2, 0.2)]),
    )
    compare(
        f"views of {BATCH} images",
        lambda: views(images[:BATCH]),
        lambda: ops.concatenate([plain_views(images[:BATCH], training=True) for _ in range(2)]),
        repeats,
    )
    model = TwoViewModel(new_encoder())
    model.compile(keras.optimizers.Adam(2e-3))
    compare(f"{STEPS} steps", lambda: model.fit(images, batch_size=BATCH, verbose=0), plain_loop(images), repeats)


def new_encoder() -> keras.Model:
    network = tlcourse.small_cnn(10)
    return keras.Model(network.input, network.get_layer("features").output)


def plain_loop(images: np.ndarray) -> Callable[[], None]:
    encoder, projector, views, optimizer = new_encoder(), new_projector(), TwoViews(seed=0), keras.optimizers.Adam(2e-3)

    def run() -> None:
        for start in range(0, len(images), BATCH):
            with tf.GradientTape() as tape:
                projections = projector(encoder(views(images[start : start + BATCH]), training=True))
                loss = nt_xent(*ops.split(projections, 2, axis=0))
            weights = encoder.trainable_variables + projector.trainable_variables
            optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    return run


def compare(name: str, ours: Callable[[], object], plain: Callable[[], object], repeats: int) -> None:
    ours(), plain()
    times = [(seconds(ours), seconds(plain)) for _ in range(repeats)]
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    print(f"{name}: {1000 * mine:.0f} ms; plain {1000 * other:.0f} ms, {ratio:.2f} times as long")


def seconds(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
