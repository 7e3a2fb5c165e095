"""Stands for the data that the programs of this folder download: drawn, small, the same every time."""

from __future__ import annotations

import tempfile
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image


def textures(count, side=32, classes=4, seed=0):
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


def scenes(count, side=64, seed=0):
    """Images with one bright rectangle, uint8, its corners in pixels `(count, 4)` float32, and its mask `(count, side, side, 1)`."""
    rng = np.random.default_rng(seed)
    images = textures(count, side, seed=seed)[0] // 2
    boxes, masks = np.zeros((count, 4), "float32"), np.zeros((count, side, side, 1), "uint8")
    for i in range(count):
        left, top = rng.integers(2, side // 2 + 8, 2)
        wide, high = rng.integers(8, side // 2 - 10, 2)
        images[i, top : top + high, left : left + wide] += np.uint8(110)
        masks[i, top : top + high, left : left + wide] = 1
        boxes[i] = left, top, left + wide, top + high
    return images, boxes, masks


def drive(count, side=32, seed=0):
    """Frames of a drive along a street whose houses pass by slowly, uint8 `(count, side, side, 3)`."""
    rng = np.random.default_rng(seed)
    street = np.zeros((side, side + 2 * count, 3))
    for cells in (2, 4, 8):
        wide = street.shape[1] // (side // cells) + 1
        coarse = rng.normal(size=(cells, wide, 3)) / cells**0.5
        street += coarse.repeat(side // cells, 0).repeat(side // cells, 1)[:, : street.shape[1]]
    frames = np.stack([street[:, 2 * i : 2 * i + side] for i in range(count)]) + 0.05 * rng.normal(size=(count, side, side, 3))
    return np.clip(128 + 60 * frames, 0, 255).astype("uint8")


def drive_folder(videos=4, count=40, side=32):
    """Write frames as `folder/label/video2_0013.png`; half of the videos are of label city, half of highway."""
    root = Path(tempfile.mkdtemp())
    for video in range(videos):
        folder = root / ("city", "highway")[video % 2]
        folder.mkdir(exist_ok=True)
        for number, frame in enumerate(drive(count, side, seed=video)):
            Image.fromarray(frame).save(folder / f"video{video}_{number:04d}.png")
    return root


def numbered_folder(count=120, side=32, names=("cat", "dog")):
    """Write unrelated images as `folder/cat/cat.12.png`."""
    root = Path(tempfile.mkdtemp())
    for number, (image, label) in enumerate(zip(*textures(count, side, len(names)), strict=True)):
        (root / names[label]).mkdir(exist_ok=True)
        Image.fromarray(image).save(root / names[label] / f"{names[label]}.{number}.png")
    return root


def glyphs(classes, copies=8, side=20, seed=0):
    """Strokes on white, one kind a class: float32 `(classes * copies, side, side, 1)` and classes, in order."""
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(classes):
        plan = rng.integers(3, side - 3, (4, 2)).astype(float)
        for _ in range(copies):
            points = plan + rng.normal(0, 0.7, plan.shape)
            image = np.zeros((side, side, 1), "float32")
            for one, other in pairwise(points):
                for t in np.linspace(0, 1, 30):
                    row, column = np.clip(np.rint(one + t * (other - one)), 0, side - 1).astype(int)
                    image[row, column] = 1.0
            images.append(image + rng.normal(0, 0.02, image.shape))
    return np.stack(images).astype("float32"), np.repeat(np.arange(classes), copies)


def recordings(count=24, seconds=0.4, rate=8000, mono=0, seed=0):
    """Write tones as 16-bit .wav files with two channels (the last `mono` with one): paths and classes 0 or 1."""
    rng = np.random.default_rng(seed)
    root, paths, labels = Path(tempfile.mkdtemp()), [], np.arange(count) % 2
    time = np.arange(int(seconds * rate)) / rate
    for number, label in enumerate(labels):
        tone = 0.4 * np.sin(2 * np.pi * (900 if label else 300) * rng.uniform(0.8, 1.2) * time + rng.uniform(0, 6))
        left = tone + 0.1 * rng.normal(size=len(time))
        channels = [left] if number >= count - mono else [left, 0.6 * tone + 0.05 * rng.normal(size=len(time))]
        values = (32767 * np.clip(np.stack(channels, axis=1), -1, 1)).astype("<i2")
        paths.append(str(root / f"take_{number:03d}.wav"))
        with wave.open(paths[-1], "wb") as file:
            file.setnchannels(values.shape[1])
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(values.tobytes())
    return paths, labels


def transactions(count, positive=0.01, seed=0):
    """Numbers about transactions, float32 `(count, 12)`, and whether each is a fraud."""
    rng = np.random.default_rng(seed)
    y = (rng.random(count) < positive).astype("int64")
    return (rng.normal(size=(count, 12)) + y[:, None] * np.linspace(0, 1.5, 12)).astype("float32"), y
