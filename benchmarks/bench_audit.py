"""What an audit costs beside one pass of the model over the data.

    python benchmarks/bench_audit.py [--images 10000] [--side 96] [--alpha 1.0]

A MobileNetV2 classifier with random weights (they do not matter here) on drawn textures; the validation set has a fifth as many images.
One process measures `model.predict` over the training set, the audit with arrays, and the audit with a `tf.data` pipeline, which is
read twice. Processor time is printed beside elapsed time, which says little if other programs run. Memory is the largest amount that
the process held beyond what it held before.
Aim: at most 20 s beyond a pass on two cores, and memory that does not grow with the pixels.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import tlcourse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--alpha", type=float, default=1.0)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    train, validation = data(options.images, options.side, 0), data(options.images // 5, options.side, 1)
    model = classifier(options.side, options.alpha)
    model.predict(train[0][:256], batch_size=64, verbose=0)  # tracing
    print(
        f"{options.images:,} images of {options.side} px to train on, {len(validation[1]):,} to validate on; {train[0].nbytes / 1e6:.0f} MB"
    )

    start, busy, held = time.perf_counter(), time.process_time(), megabytes()
    model.predict(train[0], batch_size=64, verbose=0)
    bare, bare_busy = time.perf_counter() - start, time.process_time() - busy
    print(f"predict, one pass     {bare:7.1f} s, processor {bare_busy:6.1f} s, {megabytes() - held:5.0f} MB more than before")
    report = None
    for name, given in (("audit, arrays", (train, validation)), ("audit, tf.data", tuple(map(pipeline, (train, validation))))):
        start, busy, held = time.perf_counter(), time.process_time(), megabytes()
        report = tlcourse.audit(model, *given)
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
        print(
            f"{name:21} {seconds:7.1f} s, processor {processor:6.1f} s, {megabytes() - held:5.0f} MB more than before; "
            f"{processor / bare_busy:.2f} of a pass",
            flush=True,
        )
    print(report)


def data(count: int, side: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    images = np.empty((count, side, side, 3), np.uint8)
    for at in range(0, count, 500):
        rows = min(500, count - at)
        total = np.full((rows, side, side, 3), 128.0, np.float32)
        for cells in (3, 6, 12, 24, 48):
            coarse = rng.normal(size=(rows, cells, cells, 3)).astype(np.float32) * 90 / cells
            total += coarse.repeat(side // cells, axis=1).repeat(side // cells, axis=2)
        images[at : at + rows] = np.clip(total, 0, 255)
    return images, rng.integers(0, 10, count)


def classifier(side: int, alpha: float) -> keras.Model:
    base = keras.applications.MobileNetV2((side, side, 3), alpha=alpha, include_top=False, weights=None)
    base.trainable = False
    inputs = keras.Input((side, side, 3))
    x = base(layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
    model = keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def pipeline(arrays: tuple[np.ndarray, np.ndarray]) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(arrays).shuffle(len(arrays[1])).batch(32).prefetch(2)


def megabytes() -> float:
    """Return the most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


if __name__ == "__main__":
    main()
