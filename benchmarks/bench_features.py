"""How much time cached features save, and what extraction costs beside a bare `predict`.

    python benchmarks/bench_features.py [--repeats 3] [--per-class 100] [--epochs 10]

(a) A head trained on cached features against the same head trained end to end on the frozen backbone, as the Keras guide to
    transfer learning does it: `base(x, training=False)`, global average pooling, dropout, a dense layer. Same backbone, images,
    split, epochs, batch size and learning rate. Twice: with an empty cache, extraction included (one pass over the images
    against one pass an epoch, so that no method of this kind can reach a ratio above the number of epochs), and again with the
    cache filled, as in every further run on the same images.
(b) `extract_features` without cache, and into an empty cache, against `model.predict` on the same images in memory.
(c) The engines of `extract_features` against `model.predict`, on the same images in memory, for the embedded network, for
    MobileNetV2 of width 0.35 at 96 px, and for ResNet50 at 160 px (values at random: they cost the same).
(d) From a folder of JPEG files to features, against `keras.utils.image_dataset_from_directory` and `predict`: photographs of
    4,000 x 3,000 px, and of 500 x 375 px.

Every ratio is the median over alternated repeats in one process.
Aims: (a) at least 10 at 10 epochs with the cache filled; (b) at most 1.15; (c) with the default engine 1.0 times as fast as
`predict` on the embedded network and 1.35 on MobileNetV2, with OpenVINO 1.1, 2.8 and 1.5; (d) 4 and 1.5 times as fast.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

import tlcourse
from tlcourse.features import extract_features

BATCH_SIZE = 32
LEARNING_RATE = 1e-3
EXTRACT_BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="alternated repeats, at least 3")
    parser.add_argument("--per-class", type=int, default=100, help="images a class")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    if options.repeats < 3:
        parser.error("a median needs at least 3 repeats")

    print(describe_machine())
    flowers = tlcourse.load_flowers(per_class=options.per_class)
    train, test = flowers.split(test_fraction=0.25, seed=0)
    print(f"{len(train)} images to train on, {len(test)} to test on, {flowers.num_classes} classes, {flowers.image_shape}\n")
    head_against_end_to_end(train, test, options.epochs, options.repeats)
    print()
    extract_against_predict(flowers.images, options.repeats)
    print()
    engines_against_predict(options.repeats)
    print()
    folders_against_keras(options.repeats)


def describe_machine() -> str:
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {', '.join(gpus) or 'no GPU'}; Python "
        f"{platform.python_version()}, "
        f"Keras {keras.__version__} on TensorFlow {tf.__version__}, NumPy {np.__version__}"
    )


def head_against_end_to_end(train, test, epochs: int, repeats: int) -> None:
    pooled = tlcourse.load_backbone("tiny_resnet", pooling="avg")
    mapped = tlcourse.load_backbone("tiny_resnet", pooling=None)
    pooled.trainable = mapped.trainable = False
    runs: dict[str, list[tuple[float, float]]] = {"cached, cache filled": [], "cached, cache empty": [], "end to end": []}
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("cached, cache empty", "cached, cache filled"):
                runs[name].append(timed(train_on_features, pooled, train, test, epochs, repeat, folder))
        runs["end to end"].append(timed(train_end_to_end, mapped, train, test, epochs, repeat))
    print(f"(a) head, {epochs} epochs              seconds   test accuracy, mean (lowest-highest over {repeats} seeds)")
    for name, results in runs.items():
        accuracies = [accuracy for _, accuracy in results]
        seconds = statistics.median(seconds for seconds, _ in results)
        print(f"    {name:24} {seconds:9.2f}   {statistics.mean(accuracies):.3f} ({min(accuracies):.3f}-{max(accuracies):.3f})")
    for name, aim in (("cached, cache filled", " (aim: at least 10)"), ("cached, cache empty", "")):
        ratio = statistics.median(e / c for (c, _), (e, _) in zip(runs[name], runs["end to end"], strict=True))
        print(f"    end to end takes {ratio:.1f} times as long as {name}{aim}")


def timed(run, *arguments) -> tuple[float, float]:
    start = time.perf_counter()
    accuracy = run(*arguments)
    return time.perf_counter() - start, accuracy


def train_on_features(backbone, train, test, epochs: int, seed: int, folder: str) -> float:
    keras.utils.set_random_seed(seed)
    features = extract_features(backbone, train.images, directory=folder, progress=False)
    held_out = extract_features(backbone, test.images, directory=folder, progress=False)
    inputs = keras.Input(features.shape[1:])
    head = keras.Model(inputs, layers.Dense(train.num_classes)(layers.Dropout(0.2)(inputs)))
    return fit_and_test(head, features, train.labels, held_out, test.labels, epochs)


def train_end_to_end(backbone, train, test, epochs: int, seed: int) -> float:
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(train.image_shape)
    x = layers.GlobalAveragePooling2D()(backbone(inputs, training=False))  # (batch, h, w, channels) -> (batch, channels)
    model = keras.Model(inputs, layers.Dense(train.num_classes)(layers.Dropout(0.2)(x)))
    return fit_and_test(model, train.images, train.labels, test.images, test.labels, epochs)


def fit_and_test(model, x, y, test_x, test_y, epochs: int) -> float:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    return float(model.evaluate(test_x, test_y, verbose=0, return_dict=True)["accuracy"])


def extract_against_predict(images: np.ndarray, repeats: int) -> None:
    backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")

    def bare() -> None:
        backbone.predict(images, batch_size=EXTRACT_BATCH, verbose=0)

    def uncached() -> None:
        extract_features(backbone, images, batch_size=EXTRACT_BATCH, cache=False, progress=False)

    def into_empty_cache() -> None:
        with tempfile.TemporaryDirectory() as folder:
            extract_features(backbone, images, batch_size=EXTRACT_BATCH, directory=folder, progress=False)

    with tempfile.TemporaryDirectory() as warm:

        def hit() -> None:
            extract_features(backbone, images, batch_size=EXTRACT_BATCH, directory=Path(warm), progress=False)

        runs = {
            "predict": bare,
            "extract, cache=False": uncached,
            "extract, empty cache": into_empty_cache,
            "extract, cached": hit,
        }
        for run in runs.values():
            run()  # tracing, and filling the warm cache
        seconds = alternate(runs, repeats)
    print(f"(b) {len(images)} images, batches of {EXTRACT_BATCH}   seconds   against predict")
    for name, times in seconds.items():
        ratio = statistics.median(t / base for t, base in zip(times, seconds["predict"], strict=True))
        print(f"    {name:24} {statistics.median(times):9.3f}   {ratio:.3f}")
    print("    aim: at most 1.15 for the two in the middle")


def engines_against_predict(repeats: int) -> None:
    engines = ["tensorflow"] + (["openvino", "openvino-bfloat16"] if importlib.util.find_spec("openvino") else [])
    cases = {
        "tiny_resnet": (64, 1500, (1.0, 1.1)),
        "mobilenet_v2_035": (96, 1500, (1.35, 2.8)),
        "resnet50": (160, 128, (None, 1.5)),
    }
    print("(c) images/s; times as fast as predict, median; largest difference from predict, relative")
    for name, (side, count, aims) in cases.items():
        built = {} if name == "tiny_resnet" else {"weights": None, "input_shape": (side, side, 3)}
        backbone = tlcourse.load_backbone(name, pooling="avg", **built)
        images = np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype="uint8")
        if built:
            settle_statistics(backbone, images[:64])
        runs = {"predict": lambda b=backbone, x=images: b.predict(x, batch_size=EXTRACT_BATCH, verbose=0)}
        for engine in engines:
            options = {"batch_size": EXTRACT_BATCH, "cache": False, "progress": False, "engine": engine}
            runs[engine] = lambda b=backbone, x=images, o=options: extract_features(b, x, **o)
        found = {kind: run() for kind, run in runs.items()}  # tracing and converting, which is done once
        seconds = alternate(runs, repeats)
        for kind, aim in zip(engines, [*aims, None], strict=False):
            ratio = statistics.median(p / t for p, t in zip(seconds["predict"], seconds[kind], strict=True))
            gap = np.abs(found[kind] - found["predict"]).max() / np.abs(found["predict"]).max()
            rate = count / statistics.median(seconds[kind])
            print(
                f"    {name:18} {kind:18} {rate:7.0f}   {ratio:5.2f}   {gap:.0e}" + (f"   aim: at least {aim}" if aim else "")
            )


def settle_statistics(backbone, images) -> None:
    """Run a network of random values in training mode, so that its activations are neither vast nor denormal."""
    for _ in range(3):
        for layer in backbone._flatten_layers():
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = 0.0
        backbone(images, training=True)


def folders_against_keras(repeats: int) -> None:
    backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
    side = backbone.input_shape[1]
    print("(d) a folder of JPEG files to features: images/s; times as fast as image_dataset_from_directory and predict")
    for shape, count, aim in (((4000, 3000), 24, 4), ((500, 375), 400, 1.5)):
        with tempfile.TemporaryDirectory() as name:
            write_photographs(Path(name), shape, count)

            def theirs(folder=name) -> None:
                options = {"crop_to_aspect_ratio": True, "batch_size": EXTRACT_BATCH, "shuffle": False, "verbose": False}
                data = keras.utils.image_dataset_from_directory(folder, image_size=(side, side), **options)
                backbone.predict(data, verbose=0)

            def ours(folder=name, engine="auto") -> None:
                options = {"batch_size": EXTRACT_BATCH, "cache": False, "progress": False, "engine": engine}
                extract_features(backbone, Path(folder), **options)

            runs = {"theirs": theirs, "tensorflow": ours}
            if importlib.util.find_spec("openvino"):
                runs["openvino"] = lambda: ours(engine="openvino")
            for run in runs.values():
                run()
            seconds = alternate(runs, repeats)
        for engine in list(runs)[1:]:
            ratio = statistics.median(t / o for t, o in zip(seconds["theirs"], seconds[engine], strict=True))
            rate = count / statistics.median(seconds[engine])
            print(f"    {shape[0]} x {shape[1]} px   {engine:12} {rate:7.1f}   {ratio:5.2f}   aim: at least {aim}")


def write_photographs(folder: Path, shape: tuple[int, int], count: int) -> None:
    """Draw flowers, enlarge them with grain like a camera's, and save them as JPEG, in two classes."""
    from PIL import Image

    drawn = tlcourse.load_flowers(per_class=max(1, count // 10)).images
    rng = np.random.default_rng(0)
    for number in range(count):
        kind = folder / f"class{number % 2}"
        kind.mkdir(exist_ok=True)
        image = np.asarray(Image.fromarray(drawn[number % len(drawn)]).resize(shape, Image.Resampling.BICUBIC), "int16")
        grain = rng.integers(-6, 7, image.shape, dtype="int16")
        Image.fromarray((image + grain).clip(0, 255).astype("uint8")).save(kind / f"{number}.jpg", quality=90)


def alternate(runs, repeats: int) -> dict[str, list[float]]:
    """Time the runs in turn, `repeats` times."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    main()
