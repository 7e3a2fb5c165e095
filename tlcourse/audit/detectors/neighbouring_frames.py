"""`neighbouring-frames`: validation images are frames of a video, next in time to frames that the model trains on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.frames import Neighbours, Numbered, files_of, neighbours, numbered_files, numbered_rows
from tlcourse.audit.data.hashing import digests_of
from tlcourse.audit.data.structures import image_leaf
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_SHARE = 0.2  # a video that is cut once has a few neighbours only
_ALIKE = 0.6
_MOST = 20_000  # rows of an array that are compared
_AT_ONCE = 256
_UNKNOWN = (
    "Neither file names nor an array in the order of time tell when the images were taken. If they are frames of videos, pass the "
    "video of each as groups=."
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    splits = context.readable_splits()
    others = [name for name in ("validation", "test") if name in splits]
    if "train" not in splits or not others or image_leaf(context.sample("train").inputs) is None:
        return
    for name in others:
        found = _by_files(context, name) or _by_rows(context, name)
        if found is None:
            yield NotChecked("neighbouring-frames", _UNKNOWN)
            continue
        images, train, other = found
        measured = neighbours(images, train, other)
        if measured is not None and measured.share >= _SHARE and measured.ratio < _ALIKE:
            yield _finding(name, measured)
            return


def _by_files(context: Context, name: str) -> tuple[Numbered, np.ndarray, np.ndarray] | None:
    splits = context.readable_splits()
    train, other = files_of(splits["train"]), files_of(splits[name])
    if not train or not other:
        return None
    images = numbered_files([*train, *other])
    return None if images is None else (images, np.arange(len(train)), len(train) + np.arange(len(other)))


def _by_rows(context: Context, name: str) -> tuple[Numbered, np.ndarray, np.ndarray] | None:
    """Find the array of the program from which both splits were drawn; its rows are in the order of time, if they are frames."""
    if context.trail is None:
        return None
    try:
        train, other = context.fingerprints("train").digests(), context.fingerprints(name).digests()
    except CannotCheckError:
        return None
    image = image_leaf(context.sample("train").inputs)
    assert image is not None
    fewest = len(train) + len(other)
    for rows in context.trail.arrays(
        lambda a: a.ndim == image.ndim and fewest <= len(a) <= _MOST and a.shape[1:] == image.shape[1:]
    ):
        place = {digest: row for row, digest in enumerate(_digests(rows, image.dtype))}
        at = [np.array([place.get(digest, -1) for digest in part.tolist()]) for part in (train, other)]
        if all((part >= 0).mean() >= 0.95 for part in at):
            images = numbered_rows(rows, _labels_of_rows(context, at[0], name, at[1], len(rows)))
            return images, at[0][at[0] >= 0], at[1][at[1] >= 0]
    return None


def _digests(rows: np.ndarray, dtype: Any) -> list[int]:
    """Return the digests that the rows have in the type in which `fit` gets them; a converted copy of all would take much memory."""
    parts = [digests_of(rows[at : at + _AT_ONCE].astype(dtype)) for at in range(0, len(rows), _AT_ONCE)]
    return [digest for part in parts for digest in part.tolist()]


def _labels_of_rows(context: Context, train: np.ndarray, name: str, other: np.ndarray, count: int) -> np.ndarray | None:
    labels = np.full(count, -1)
    for split, at in (("train", train), (name, other)):
        classes = context.labels(split).classes
        if classes is None or len(classes) != len(at):
            return None
        labels[at[at >= 0]] = classes[at >= 0]
    return labels


def _finding(name: str, found: Neighbours) -> Finding:
    return Finding(
        "neighbouring-frames",
        "serious",
        f"{found.count} of {found.total} {name} images are next in time to a training image of the same video",
        {
            "sentence": f"For example {found.example[0]} ({name}) and {found.example[1]} (train). Such neighbours differ {found.ratio:.2f} "
            "times as much as images of the same series that lie further apart; images in no order differ as much (1.0).",
            "neighbours": found.count,
            "share": found.share,
            "ratio": found.ratio,
        },
        "A frame and the next one show nearly the same. The score measures how well the model memorized its training frames, not how "
        "it does on another drive, patient or day.",
        "Split by video, and keep all frames of one video on one side:\n"
        "train_at, val_at = next(GroupShuffleSplit(test_size=0.2, random_state=0).split(files, groups=video_of_each_file))\n"
        "If there is only one video, validate on its last part, after a gap:\n"
        "train, val = frames[: int(0.75 * n)], frames[int(0.8 * n) :]",
    )


DETECTOR = Detector(("neighbouring-frames",), _check)
