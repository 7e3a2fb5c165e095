"""Stands for the data sets that the programs of this folder download: drawn, small, the same every time."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


def photos(count, side=48, classes=2, seed=0):
    """Smooth coloured images whose tint belongs to the class, uint8 `(count, side, side, 3)`, and shuffled classes."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % classes)
    total = np.zeros((count, side, side, 3))
    for cells in (2, 4, 8, 16):
        coarse = rng.normal(size=(count, cells, cells, 1)) + 0.4 * rng.normal(size=(count, cells, cells, 3))
        total += coarse.repeat(side // cells, axis=1).repeat(side // cells, axis=2) / cells
    total += 0.5 * np.eye(max(3, classes))[labels][:, None, None, :3]
    low, high = total.min(axis=(1, 2, 3), keepdims=True), total.max(axis=(1, 2, 3), keepdims=True)
    return (255 * (total - low) / (high - low)).astype("uint8"), labels


def photo_folder(count, side=48, names=("cat", "dog"), seed=0, sub=""):
    """Write photos as JPEG files, one folder a class, and return the folder."""
    root = Path(tempfile.mkdtemp()) / sub
    for number, (image, label) in enumerate(zip(*photos(count, side, len(names), seed), strict=True)):
        (root / names[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(root / names[label] / f"{number:04d}.jpg", quality=95)
    return str(root)


def reviews(count, seed=0):
    """Sentences of 12 to 40 words with a word or two that betray the mood, as an array of text, and moods 0 or 1."""
    rng = np.random.default_rng(seed)
    moods = rng.permutation(np.arange(count) % 2)
    words = np.array([f"w{i}" for i in range(400)])
    telling = (("boring", "awful", "waste"), ("great", "lovely", "superb"))
    texts = []
    for mood in moods:
        text = list(rng.choice(words, rng.integers(12, 40)))
        text[int(rng.integers(len(text)))] = str(rng.choice(telling[mood]))
        texts.append(" ".join(text))
    return np.array(texts, dtype=object), moods.astype("float32")


def table(count, columns=12, positive=0.5, seed=0):
    """Numbers on different scales, float32 `(count, columns)`, and classes 0 or 1 that they tell apart in part."""
    rng = np.random.default_rng(seed)
    y = (rng.random(count) < positive).astype("int64")
    x = rng.normal(size=(count, columns)) + y[:, None] * np.linspace(0, 1.5, columns)
    return (x * np.logspace(0, 3, columns) + 5).astype("float32"), y


def digits(count, seed=0, classes=10):
    """Grey strokes that depend on the class, uint8 `(count, 28, 28)`, and classes."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(count) % classes)
    images = np.zeros((count, 28, 28))
    angle = np.pi * y / classes + 0.04 * rng.normal(size=count)  # neighbours are 0.31 apart
    for step in np.linspace(-9, 9, 60):
        curve = rng.normal(size=count) * 0.15 + (step / 9) ** 2 * rng.normal(size=count)
        row = np.clip(14 + step * np.sin(angle) + curve, 1, 26).astype(int)
        column = np.clip(14 + step * np.cos(angle) + curve, 1, 26).astype(int)
        for dr, dc in ((0, 0), (0, 1), (1, 0)):
            images[np.arange(count), row + dr, column + dc] = rng.uniform(150, 255, size=count)
    return images.astype("uint8"), y
