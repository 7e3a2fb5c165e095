"""CamVid: frames of a drive with the class of every pixel; three sequences by day, one at dusk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tlcourse.arguments import require_one_of, require_whole
from tlcourse.config import profile
from tlcourse.datasets.masked import VOID, MaskedImages

CAMVID_CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "cyclist",
)
CAMVID_SEQUENCES = ("0001TP", "0006R0", "0016E5", "Seq05VD")  # the first at dusk, the others by day
_PARTS = ("train", "val", "test")
_UNLABELLED = 11  # how SegNet's masks write void
_ORIGIN = "CamVid (Brostow, Fauqueur, Cipolla 2009), classes of SegNet"


def load_camvid(
    size: tuple[int, int] = (96, 128), sequences: Sequence[str] | None = None, *, every: int = 1, folder: Path | None = None
) -> MaskedImages:
    """Load frames of CamVid with their masks. Full profile, or a folder of your own in SegNet's layout.

    Neighbours in time are nearly the same image: split by `groups`, the sequence, and not at random.

    Args:
        size: `(height, width)` in pixels; images are averaged, masks get the nearest pixel.
        sequences: Names out of "0001TP" (dusk), "0006R0", "0016E5", "Seq05VD" (day); None for all.
        every: Take every n-th frame of each sequence, 1 for all.
        folder: Holds `train`, `trainannot`, `val`, ...; None to fetch it.

    Returns:
        Images, masks with 11 classes and 255 for void, and the name of the sequence of each image as `groups`. Sequences in
        the order asked for, frames in the order of time.

    Raises:
        ValueError: If the profile is embedded and no folder is given, an argument is out of range, or a file does not fit.
        FileNotFoundError: If the folder lacks frames of a sequence, or a frame lacks its mask.
        FetchError: If CamVid is not there and cannot be downloaded.

    Example:
        >>> tlcourse.load_camvid(sequences=("0001TP",))  # doctest: +SKIP
        <CamVid: 124 images of 96 x 128 with masks, 11 classes, 1 groups, full>
        >>> tlcourse.load_camvid(sequences=("0001TP",))  # in the embedded profile
        Traceback (most recent call last):
        ValueError: CamVid is real data. ...
    """
    chosen = CAMVID_SEQUENCES if sequences is None else tuple(sequences)
    for name in chosen:
        require_one_of("sequences", name, CAMVID_SEQUENCES)
    for side in size:
        require_whole("size", side, 16)
    require_whole("every", every, 1)
    if folder is None:
        if profile() == "embedded":
            raise ValueError(
                "CamVid is real data. Use the full profile, or drawn roads: load_roads. Received: profile='embedded'."
            )
        from tlcourse.fetch import fetch

        folder = fetch("camvid")
    files = [file for name in chosen for file in _frames(Path(folder), name)[::every]]
    images = np.empty((len(files), *size, 3), np.uint8)
    masks = np.empty((len(files), *size), np.uint8)
    for i, file in enumerate(files):
        images[i], masks[i] = _read(file, size)
    groups = np.array([file.name.split("_")[0] for file in files])
    licence = "research use"
    return MaskedImages("CamVid", images, masks, CAMVID_CLASSES, groups, licence=licence, origin=_ORIGIN, profile="full")


def _frames(folder: Path, sequence: str) -> list[Path]:
    """Return the frames of a sequence in the order of time, whichever of the three parts holds them."""
    root = next((path.parent for path in sorted(folder.rglob("trainannot"))), folder)
    found = [file for part in _PARTS for file in (root / part).glob(f"{sequence}_*") if file.suffix in (".png", ".jpg")]
    if not found:
        raise FileNotFoundError(
            f"There are no frames of {sequence} in {', '.join(_PARTS)} of {root}. Remove {folder}, and it is fetched again."
        )
    return sorted(found, key=lambda file: file.stem)


def _read(file: Path, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    mask_file = file.parent.with_name(f"{file.parent.name}annot") / f"{file.stem}.png"
    if not mask_file.is_file():
        raise FileNotFoundError(f"The frame {file} has no mask. Expected {mask_file}.")
    with Image.open(file) as frame, Image.open(mask_file) as mask:
        if frame.size != mask.size:
            raise ValueError(
                f"The frame {file} and its mask have different sizes. Use the mask that was drawn for it. "
                f"Received: frame.size={frame.size}, mask.size={mask.size}."
            )
        height, width = size
        image = np.asarray(frame.convert("RGB").resize((width, height), Image.Resampling.BOX), np.uint8)
        values = np.asarray(mask.resize((width, height), Image.Resampling.NEAREST))
    if values.ndim != 2 or values.max() > _UNLABELLED:
        raise ValueError(
            f"Expected a mask of class numbers 0 to {_UNLABELLED} in one channel: {mask_file}. "
            f"Received: mask.shape={values.shape}, mask.max()={values.max()}."
        )
    return image, np.where(values == _UNLABELLED, VOID, values).astype(np.uint8)
