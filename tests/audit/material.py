"""Images, tables and texts for the programs of the data findings, and models to go with them."""

from __future__ import annotations

import io

import keras
import numpy as np
from keras import layers
from PIL import Image

from tests.audit.small_world import custom_backbone

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def photographs(count=80, side=64, seed=0):
    """Images whose detail falls off with its fineness, and whose colours go with the brightness, as in photographs."""
    rng = np.random.default_rng(seed)
    total = np.zeros((count, side, side, 3))
    for cells in (2, 4, 8, 16, 32):
        coarse = rng.normal(size=(count, cells, cells, 1)) + 0.4 * rng.normal(size=(count, cells, cells, 3))
        total += coarse.repeat(side // cells, axis=1).repeat(side // cells, axis=2) / cells
    low, high = total.min(axis=(1, 2, 3), keepdims=True), total.max(axis=(1, 2, 3), keepdims=True)
    return (255 * (total - low) / (high - low)).astype("uint8")


def labelled_photographs(count=120, side=32, classes=3, seed=0):
    """Photographs with a tint that belongs to the class; sorted by class, as folders are."""
    labels = np.sort(np.arange(count) % classes)
    tint = 90 * np.eye(3)[labels % 3][:, None, None, :] * (1 - labels[:, None, None, None] // 3 * 0.5)
    return np.clip(0.65 * photographs(count, side, seed) + tint, 0, 255).astype("uint8"), labels.astype("int64")


def through_jpeg(images, quality=80):
    """Save and open each image."""

    def one(image):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return np.stack([one(image) for image in images])


def resized(images, side):
    """Bring each image to `side` pixels."""
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side), Image.BICUBIC)) for image in images])


def image_folders(root, images, labels, names=("ash", "birch", "cedar"), start=0):
    """Write images as PNG files, one folder a class, and return `root`."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = root / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{start + number:04d}.png")
    return root


def classifier(classes=3, side=32, metrics=("accuracy",)):
    """A frozen backbone with a new head, compiled; takes 0..255."""
    backbone = custom_backbone(side=side)
    backbone.trainable = False
    inputs = keras.Input((side, side, 3))
    x = backbone(layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
    model = keras.Model(inputs, layers.Dense(classes)(x))
    model.compile("adam", SPARSE, metrics=list(metrics))
    return model
