"""Chest X-rays of PneumoniaMNIST: each counts as a patient, of whom several scans are made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tlcourse.arguments import require_whole

CLASS_NAMES = ("normal", "pneumonia")


def read_xrays(
    folder: Path, patients: int, per_patient: int, seed: int, size: int
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """Read half normal and half sick X-rays, and make `per_patient` scans of each.

    Args:
        folder: Holds `pneumoniamnist.npz` with `train_images` (n, 28, 28), uint8, and `train_labels` (n, 1), 0 or 1.
        patients: 2 or more.
        per_patient: Scans of each, 1 or more; the first is the X-ray as it is, only enlarged.
        seed: Of the choice and of the scans.
        size: Side in pixels.

    Returns:
        Images `(patients * per_patient, size, size, 3)` uint8, labels, names of the classes, and the patient of each scan.

    Raises:
        FileNotFoundError: If the file is not in the folder.
        ValueError: If there are fewer X-rays of a class than were asked for, or a number is out of range.
    """
    path = folder / "pneumoniamnist.npz" if folder.is_dir() else folder
    if not path.is_file():
        raise FileNotFoundError(f"There is no pneumoniamnist.npz in {folder}. Remove the folder, and it is fetched again.")
    require_whole("patients", patients, 2)
    require_whole("per_patient", per_patient, 1)
    with np.load(path) as data:
        xrays, marks = data["train_images"], data["train_labels"].ravel()
    rng = np.random.default_rng(seed)
    chosen = np.empty(patients, np.int64)
    for label in (0, 1):
        found, wanted = np.flatnonzero(marks == label), len(chosen[label::2])
        if wanted > len(found):
            raise ValueError(
                f"There are {len(found)} X-rays of class {CLASS_NAMES[label]!r}, and {wanted} are needed. Received: patients={patients}."
            )
        chosen[label::2] = rng.permutation(found)[:wanted]
    images = np.empty((patients * per_patient, size, size, 3), np.uint8)
    for patient, place in enumerate(chosen):
        for scan in range(per_patient):
            grey = _scan(xrays[place], np.random.default_rng([seed, patient, scan]) if scan else None, size)
            images[patient * per_patient + scan] = grey[..., None]
    owners = np.repeat(np.arange(patients, dtype=np.int64), per_patient)
    return images, marks[chosen].astype(np.int64)[owners], CLASS_NAMES, owners


def _scan(xray: np.ndarray, rng: np.random.Generator | None, size: int) -> np.ndarray:
    """Enlarge an image; with `rng`, moved by up to a pixel and a half of the original and exposed up to 8 % differently."""
    side = xray.shape[0]
    left, top, exposure = (0.0, 0.0, 1.0) if rng is None else (*rng.uniform(-1.5, 1.5, 2), rng.uniform(0.92, 1.08))
    padded = Image.fromarray(np.pad(xray, 2, mode="edge"))
    box = (2 + left, 2 + top, 2 + left + side, 2 + top + side)
    grey = np.asarray(padded.resize((size, size), Image.Resampling.BICUBIC, box=box), np.float32)
    return np.clip(grey * exposure, 0, 255).astype(np.uint8)
