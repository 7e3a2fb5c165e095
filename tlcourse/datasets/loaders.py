"""The data sets of the course by name, each in the version of the profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tlcourse.arguments import require_one_of
from tlcourse.config import profile
from tlcourse.datasets.dataset import Dataset
from tlcourse.datasets.folders import load_image_folder

EMBEDDED_SIZE, FULL_SIZE = 64, 128
_MADE = "drawn by tlcourse"


def load_flowers(per_class: int = 100, seed: int = 0, size: int | None = None) -> Dataset:
    """Load flowers: ten drawn species (embedded), or five kinds in photographs (full).

    Args:
        per_class: Images of each class; the full version has 400 or more of each.
        seed: 0 or more; which images are drawn.
        size: Side in pixels. None: 64 embedded, 128 full.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the photographs are not there and cannot be downloaded.

    Example:
        >>> flowers = tlcourse.load_flowers(per_class=5)
        >>> flowers
        <drawn flowers: 50 images of 64 x 64, 10 classes, embedded>
        >>> flowers.images.shape, str(flowers.images.dtype)
        ((50, 64, 64, 3), 'uint8')
    """
    if profile() == "embedded":
        from tlcourse.worlds import draw_flowers

        images, labels, names = draw_flowers(per_class, seed, size or EMBEDDED_SIZE)
        return Dataset("drawn flowers", images, labels, names, licence="CC0", origin=_MADE, profile="embedded")
    from tlcourse.fetch import fetch

    folder = fetch("flower_photos")
    found = load_image_folder(folder, size or FULL_SIZE, per_class=per_class, seed=seed, name="flower photographs")
    return replace(found, licence="CC BY 2.0, per image", origin="TensorFlow flower_photos", profile="full")


def load_cats_and_dogs(per_class: int = 500, seed: int = 0, size: int | None = None, *, split: str = "train") -> Dataset:
    """Load photographs of cats and dogs; full profile only.

    Both kinds are among the classes of ImageNet, so an ImageNet backbone has partly memorized what it reaches here.

    Args:
        per_class: Images of each class: up to 1,000 of "train", 500 of "validation".
        seed: Which images are drawn.
        size: Side in pixels; 128 if None.
        split: "train" or "validation", as the owners split them; no image is in both.

    Raises:
        ValueError: If an argument is out of range, or the profile is embedded.
        FetchError: If the photographs are not there and cannot be downloaded.

    Example:
        >>> tlcourse.load_cats_and_dogs(per_class=100)  # doctest: +SKIP
        <cats and dogs: 200 images of 128 x 128, 2 classes, full>
        >>> tlcourse.load_cats_and_dogs(per_class=100)  # in the embedded profile
        Traceback (most recent call last):
        ValueError: Photographs of cats and dogs belong to the full profile. ...
    """
    require_one_of("split", split, ("train", "validation"))
    if profile() == "embedded":
        raise ValueError(
            'Photographs of cats and dogs belong to the full profile. Either switch with tlcourse.use_profile("full"), '
            "or use the drawn stand-in: tlcourse.load_flowers()."
        )
    from tlcourse.fetch import fetch

    folder = fetch("cats_and_dogs_filtered") / split
    found = load_image_folder(folder, size or FULL_SIZE, per_class=per_class, seed=seed, name="cats and dogs")
    return replace(found, licence="research, see the owners", origin="TensorFlow cats_and_dogs_filtered", profile="full")


def load_glyphs(
    task: str = "digits", per_class: int = 100, seed: int = 0, *, size: int = 32, clutter: float = 1.0, split: str = "both"
) -> Dataset:
    """Draw cluttered glyphs: characters blended over photographs; the same in both profiles.

    Args:
        task: What the labels say: "digits", "letters", or one of the unrelated and placebo sources of `draw_glyphs`.
        per_class: Images of each class.
        seed: 0 or more; other seeds give other images.
        size: Side in pixels.
        clutter: 0 (plain background) to 1 (photographs).
        split: "train" and "test" share neither a font nor a piece of a photograph; "both" uses all.

    Raises:
        ValueError: If an argument is out of range; the message lists the tasks.

    Example:
        >>> tlcourse.load_glyphs("letters", per_class=3)
        <glyphs: letters: 90 images of 32 x 32, 30 classes, embedded>
    """
    from tlcourse.worlds import draw_glyphs

    images, labels, names = draw_glyphs(task, per_class, seed, size=size, clutter=clutter, split=split)
    return Dataset(
        f"glyphs: {task.replace('_', ' ')}", images, np.asarray(labels), names, licence="CC0", origin=_MADE, profile=profile()
    )


def load_scans(patients: int = 48, per_patient: int = 8, seed: int = 0, size: int | None = None) -> Dataset:
    """Load scans with the patient of each in `groups`: drawn ones (embedded), or chest X-rays of children (full).

    The full version is PneumoniaMNIST, 28 x 28 pixels, enlarged. It comes without patient numbers: here each X-ray counts as one
    patient, and the further scans of the patient are that X-ray, moved and exposed a little differently. The groups are *constructed*:
    they show how data leakage by group works, not how strong it is in a hospital.

    Args:
        patients: 2 or more; half of them are sick.
        per_patient: Scans of each patient, 1 or more.
        seed: 0 or more; which patients, and how each scan was taken.
        size: Side in pixels. None: 64 embedded, 128 full.

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the X-rays are not there and cannot be downloaded.

    Example:
        >>> scans = tlcourse.load_scans(patients=4, per_patient=2)
        >>> scans.groups.tolist()  # the patient of each scan
        [0, 0, 1, 1, 2, 2, 3, 3]
    """
    if profile() == "embedded":
        from tlcourse.worlds import draw_scans

        images, labels, names, groups = draw_scans(patients, per_patient, seed, size or EMBEDDED_SIZE)
        return Dataset("drawn scans", images, labels, names, groups, licence="CC0", origin=_MADE, profile="embedded")
    from tlcourse.datasets.xrays import read_xrays
    from tlcourse.fetch import fetch

    images, labels, names, groups = read_xrays(fetch("pneumoniamnist"), patients, per_patient, seed, size or FULL_SIZE)
    origin = "PneumoniaMNIST of MedMNIST (Yang et al. 2023), after Kermany et al. 2018"
    return Dataset("chest X-rays", images, labels, names, groups, licence="CC BY 4.0", origin=origin, profile="full")


def load_placed_flowers(
    per_class: int = 200, seed: int = 0, size: int | None = None, *, tie: float = 0.95, split: str = "train"
) -> Dataset:
    """Load two kinds of flowers, each mostly in a place of its own: a meadow or water. `groups` says which and where.

    Groups are `2 * label + place`: 0 and 3 stand in the place of their kind, 1 and 2 in the other one. In both profiles they are
    *constructed*: drawn flowers in drawn places (embedded), or photographs of roses and tulips, laid as prints into drawn places (full).
    Do not split one draw: splitting keeps whole groups together. Draw another `split`.

    Args:
        per_class: Images of each kind. The full version has about 300, 130 and 190 photographs of a kind in its three parts.
        seed: 0 or more.
        size: Side in pixels. None: 64 embedded, 128 full.
        tie: Share of a kind's images in its own place, 0 to 1; 0.5 makes all four groups equally large.
        split: "train", "validation" or "test", which never share an image (embedded: whatever the seeds, unless 10 million apart).

    Raises:
        ValueError: If an argument is out of range.
        FetchError: If the photographs are not there and cannot be downloaded.

    Example:
        >>> flowers = tlcourse.load_placed_flowers(per_class=20, tie=0.9)
        >>> np.bincount(flowers.groups).tolist()  # 18 of each kind in its own place, 2 in the other one
        [18, 2, 2, 18]
    """
    from tlcourse.datasets.placed import SPLITS, read_placed

    require_one_of("split", split, SPLITS)
    if profile() == "embedded":
        from tlcourse.worlds import draw_placed_flowers

        own_seed = seed if seed < 0 else seed + 10_000_000 * list(SPLITS).index(split)
        images, labels, names, groups = draw_placed_flowers(per_class, own_seed, size or EMBEDDED_SIZE, tie=tie)
        return Dataset(
            "drawn flowers in places", images, labels, names, groups, licence="CC0", origin=_MADE, profile="embedded"
        )
    from tlcourse.fetch import fetch

    images, labels, names, groups = read_placed(
        fetch("flower_photos"), per_class, seed, size or FULL_SIZE, tie=tie, split=split
    )
    origin = "TensorFlow flower_photos, laid into places drawn by tlcourse"
    return Dataset("flower prints in places", images, labels, names, groups, "CC BY 2.0, per image", origin, "full")


def load_mnist(per_class: int = 100, seed: int = 0, *, size: int = 32, look: str = "plain", split: str = "train") -> Dataset:
    """Load handwritten digits of MNIST, plain, coloured or cluttered; full profile only.

    The cluttered look is that of MNIST-M (Ganin and Lempitsky 2015), made here from the two photographs of scikit-learn:
    `abs(photograph - digit)`. The same seed gives the same digits in every look.

    Args:
        per_class: Digits of each class. The owners' file has about 6,000 in "train" and 1,000 in "test".
        seed: 0 or more; which digits, and their colours and backgrounds.
        size: Side in pixels; the originals have 28.
        look: "plain" (white on black), "coloured" or "cluttered".
        split: "train" or "test", as the owners split them.

    Raises:
        ValueError: If an argument is out of range, or the profile is embedded.
        FetchError: If the digits are not there and cannot be downloaded.

    Example:
        >>> tlcourse.load_mnist(per_class=100)  # doctest: +SKIP
        <MNIST: 1000 images of 32 x 32, 10 classes, full>
        >>> tlcourse.load_mnist(per_class=100)  # in the embedded profile
        Traceback (most recent call last):
        ValueError: MNIST belongs to the full profile. ...
    """
    if profile() == "embedded":
        raise ValueError(
            'MNIST belongs to the full profile. Either switch with tlcourse.use_profile("full"), or use the drawn stand-ins: '
            'tlcourse.load_glyphs("clean_digits") and tlcourse.load_glyphs("digits").'
        )
    from tlcourse.datasets.mnist import read_mnist
    from tlcourse.fetch import fetch

    images, labels = read_mnist(fetch("mnist"), per_class, seed, size, look, split)
    names = tuple("0123456789")
    return Dataset(f"{look} MNIST", images, labels, names, None, "CC BY-SA 3.0", "MNIST (LeCun, Cortes, Burges)", "full")
