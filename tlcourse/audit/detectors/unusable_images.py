"""`unusable-images`: images that cannot be read, that are blank, or one image that fills a set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.duplicates import blank, repeated
from tlcourse.audit.data.sources import Split
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked, in_short

_SHARE = 0.005  # of blank images; fewer may be intended


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    for name in ("train", "validation", "test"):
        split = context.splits.get(name)
        if not isinstance(split, Split):
            continue
        try:
            found = context.fingerprints(name)
        except CannotCheckError as reason:
            bad = _unreadable_files(split)
            if bad:
                yield _unreadable(name, bad, len(split.files))
            else:
                yield NotChecked("unusable-images", str(reason))
            continue
        if split.unreadable:
            yield _unreadable(name, split.unreadable, len(split.files))
        if found.prints is None:
            if name == "train":
                yield NotChecked("unusable-images", "The inputs hold no images.")
            continue
        empty = np.flatnonzero(blank(found.prints))
        total = len(found.prints)
        if len(empty) >= max(2, _SHARE * total):
            yield _placeholder(
                f"{len(empty)} of {total} {name} images are blank",
                f"They have one even colour, such as images {empty[:5].tolist()}.",
                {"blank": len(empty), "share": len(empty) / total},
                empty,
            )
        elif copies := repeated(found.prints.digests):
            first, count = copies[0]
            at = np.flatnonzero(found.prints.digests == found.prints.digests[first])
            yield _placeholder(
                f"One image occurs {count} times in the {name} set",
                f"Images {at[:5].tolist()} and more are equal to the bit: a placeholder, or one file under many names.",
                {"copies": count, "share": count / total},
                at,
            )


def _placeholder(title: str, sentence: str, numbers: dict[str, float], positions: np.ndarray) -> Finding:
    return Finding(
        "unusable-images",
        "serious" if numbers["share"] >= 0.05 else "warning",
        title,
        {"sentence": sentence, **numbers, "positions": positions[:20]},
        "They carry labels, but nothing in them tells one label from another, so the model learns nothing useful from them.",
        "Look at some, then leave them out:\n"
        f"drop = {positions[:8].tolist()}{'  # and more' if len(positions) > 8 else ''}\nx = np.delete(x, drop, axis=0)",
    )


def _unreadable(name: str, bad: list[tuple[Path, str]], total: int) -> Finding:
    shown = "; ".join(f"{file} ({reason})" for file, reason in bad[:3])
    return Finding(
        "unusable-images",
        "serious" if len(bad) >= 0.05 * total else "warning",
        f"{len(bad)} of {total} {name} images cannot be read",
        {"sentence": shown, "unreadable": len(bad), "files": [str(file) for file, _ in bad[:20]]},
        "Keras' loaders stop in the middle of an epoch at the first of them, or skip it without a message.",
        f"Download them again, or remove them:\nfor file in {[str(file) for file, _ in bad[:3]]}:\n    Path(file).unlink()",
    )


def _unreadable_files(split: Split) -> list[tuple[Path, str]]:
    """Open the files of a pipeline that failed, and list those that are broken."""
    from PIL import Image

    bad = []
    for file in split.files:
        try:
            with Image.open(file) as image:
                image.load()
        except (OSError, ValueError, SyntaxError) as error:
            bad.append((file, in_short(error)))
    return bad


DETECTOR = Detector(("unusable-images",), _check)
