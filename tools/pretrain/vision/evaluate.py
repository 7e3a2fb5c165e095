"""Measure what the pooled features are worth: logistic regression on few labelled pictures that pre-training never saw.

    TLCOURSE_MIRROR_DATA=FOLDER python evaluate.py [--weights FILE.npz] [--cache FILE.npz] [--time]

Three targets at 64 x 64 pixels: flower photographs (5 classes, 20 labels a class), cats and dogs (100), drawn flowers (10 classes,
10 labels; drawn on the spot). Rows: the embedded network with random and with trained values, and ImageNet MobileNetV2 of width
0.35 on the same pictures, enlarged to 128 pixels or not. Mean and spread over five draws of the labelled pictures; all other
pictures are the test set.
"""

import argparse
import os
import time
from pathlib import Path

import keras
import numpy as np
from decode import mirror
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlcourse.backbones import embedded
from tlcourse.worlds.flowers import draw_flowers

SIZE = 64
LABELS = {"flower photographs": 20, "cats and dogs": 100, "drawn flowers": 10}  # a class
DRAWS = 5
STRENGTH = 0.1  # `C` of LogisticRegression


def read_picture(path):
    """Return the middle square of a photograph at 64 x 64: uint8."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    return np.asarray(image.resize((SIZE, SIZE), Image.BICUBIC, reducing_gap=3))


def read_targets():
    """Return `{target: (images, labels)}`, images (n, 64, 64, 3), uint8."""
    root = mirror()
    folders = {
        "flower photographs": [[f] for f in sorted((root / "flower_photos").iterdir()) if f.is_dir()],
        "cats and dogs": [[root / "cats_and_dogs_filtered" / s / c for s in ("train", "validation")] for c in ("cats", "dogs")],
    }
    targets = {}
    for name, classes in folders.items():
        paths = [(p, label) for label, parts in enumerate(classes) for part in parts for p in sorted(part.glob("*.jpg"))]
        targets[name] = np.stack([read_picture(p) for p, _ in paths]), np.array([label for _, label in paths])
    images, labels = draw_flowers(100, seed=0)[:2]
    targets["drawn flowers"] = np.asarray(images), np.asarray(labels)
    return targets


def build_rows(weights):
    """Return `{row: model}`, each (batch, 64, 64, 3), 0..255 -> (batch, features)."""
    keras.utils.set_random_seed(0)
    random = embedded.build_tiny_resnet(weights=None, pooling="avg")
    trained = embedded.build_tiny_resnet(weights=None if weights else "pretrained", pooling="avg")
    if weights:
        embedded.load_pretrained(trained, weights)
    rows = {"random values": random, "tiny_resnet": trained}
    path = mirror() / "keras/models/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
    for size, row in ((128, "MobileNetV2 0.35, enlarged to 128"), (64, "MobileNetV2 0.35, 64")):
        base = keras.applications.MobileNetV2((size, size, 3), alpha=0.35, include_top=False, weights=None, pooling="avg")
        base.load_weights(path)
        images = x = keras.Input((SIZE, SIZE, 3))
        if size != SIZE:
            x = keras.layers.Resizing(size, size, interpolation="bicubic")(x)
        rows[row] = keras.Model(images, base(keras.layers.Rescaling(1 / 127.5, -1)(x)))
    return rows


def probe(features, labels, per_class):
    """Return mean and standard deviation of the test accuracy over `DRAWS` draws of `per_class` labelled examples a class."""
    scores = []
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        train = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in np.unique(labels)])
        test = np.setdiff1d(np.arange(len(labels)), train)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=1000))
        scores.append(model.fit(features[train], labels[train]).score(features[test], labels[test]))
    return np.mean(scores), np.std(scores)


def speed(model, batch=32, repeats=20):
    """Return the median milliseconds that a batch takes in `predict_on_batch`."""
    images = np.zeros((batch, SIZE, SIZE, 3), "float32")
    model.predict_on_batch(images)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        model.predict_on_batch(images)
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="another file of weights than the shipped one")
    parser.add_argument("--cache", help="keep the features of the rows that do not change in this file")
    parser.add_argument("--time", action="store_true", help="measure milliseconds a batch of 32, too; wants an idle machine")
    args = parser.parse_args()
    targets, rows = read_targets(), build_rows(args.weights)
    cache = dict(np.load(args.cache)) if args.cache and Path(args.cache).exists() else {}
    print("| features | " + " | ".join(f"{t}, {k} a class" for t, k in LABELS.items()) + " |\n" + "|---" * 4 + "|")
    for row, model in rows.items():
        cells = []
        for target, (images, labels) in targets.items():
            key = f"{row}: {target}"
            if key not in cache or row == "tiny_resnet":
                cache[key] = model.predict(images.astype("float32"), batch_size=128, verbose=0)
            cells.append("{:.3f} ± {:.3f}".format(*probe(cache[key], labels, LABELS[target])))
        print(f"| {row} | {' | '.join(cells)} |", flush=True)
    if args.cache:
        with open(args.cache + ".part", "wb") as file:
            np.savez(file, **cache)
        os.replace(args.cache + ".part", args.cache)
    if args.time:
        for row, model in rows.items():
            milliseconds = speed(model)
            print(f"{row}: {milliseconds:.0f} ms a batch of 32, {32000 / milliseconds:.0f} images a second")


if __name__ == "__main__":
    main()
