"""Findings 11, second half, and 12: images that cannot be read or show nothing, and classes that the backbone has seen before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.duplicates import blank, repeated
from tlcourse.audit.data.sources import Split
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.random_weights import is_pretrained
from tlcourse.audit.detectors.same_examples import fingerprints
from tlcourse.audit.model.anatomy import backbone_part
from tlcourse.audit.model.seen_classes import imagenet_names, seen_in_pretraining
from tlcourse.audit.report import Finding, NotChecked

_SHARE = 0.005  # of blank images; fewer may be meant


def _check_unusable(context: Context) -> Iterator[Finding | NotChecked]:
    for name in ("train", "validation", "test"):
        split = context.splits.get(name)
        if not isinstance(split, Split):
            continue
        try:
            found = fingerprints(context, name)
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
                f"They are one even tone, such as images {empty[:5].tolist()}.",
                {"blank": len(empty), "share": len(empty) / total},
                empty,
            )
        elif copies := repeated(found.prints.digests):
            first, count = copies[0]
            at = np.flatnonzero(found.prints.digests == found.prints.digests[first])
            yield _placeholder(
                f"One image stands {count} times in the {name} set",
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
        "They carry a label and no image of it: the model learns what a failed download looks like.",
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
        "Keras' loaders stop in the middle of an epoch at the first of them, or are silent about it.",
        f"Download them again, or take them out:\nfor file in {[str(file) for file, _ in bad[:3]]}:\n    Path(file).unlink()",
    )


def _unreadable_files(split: Split) -> list[tuple[Path, str]]:
    """Open the files of a pipeline that failed, to say which ones are broken."""
    from PIL import Image

    bad = []
    for file in split.files:
        try:
            with Image.open(file) as image:
                image.load()
        except (OSError, ValueError, SyntaxError) as error:
            bad.append((file, f"{type(error).__name__}: {error}"))
    return bad


def _check_seen_classes(context: Context) -> Iterator[Finding]:
    names = list(context.class_names or ())
    for name in ("train", "validation", "test"):
        split = context.splits.get(name)
        if not names and isinstance(split, Split):
            names = list(split.class_names)
    if not names:
        raise CannotCheckError("The names of the classes are not known: pass class_names=[...].")
    part = backbone_part(context)
    if part is None or part.family is None:
        raise CannotCheckError("No backbone with known source classes was found in the model.")
    if not is_pretrained(context, part):
        raise CannotCheckError("The backbone has no pretrained values.")
    source = _source_names(part.family.source)
    matches = seen_in_pretraining(names, source)
    exact = sum(not found.endswith("and others") for found in matches.values())
    share = len(matches) / len(names)
    if len(matches) < 2 or share < 0.2:
        return
    shown = ", ".join(f"{target} ({found})" for target, found in list(matches.items())[:6])
    yield Finding(
        "classes-seen-in-pretraining",
        "warning" if exact >= 0.5 * len(names) else "note",
        f"{len(matches)} of {len(names)} target classes are classes that {part.name!r} was pretrained on",
        {"sentence": f"{shown}. Source: {part.family.source}.", "matches": matches, "share": share},
        "The backbone has seen many labelled images of these classes, perhaps the very test images. The score is no measure of "
        "how well features carry over to classes that are new to it.",
        "Say so beside the number, and compare with the backbone's own output for these classes, or test on classes that it has "
        "not seen.",
    )


def _source_names(source: str) -> list[str]:
    if source.startswith("ImageNet"):
        found = imagenet_names()
        if found is None:
            raise CannotCheckError(
                "The list of ImageNet's classes is not on this machine. This line fetches it (35 kB): "
                "keras.applications.imagenet_utils.decode_predictions(np.zeros((1, 1000)))"
            )
        return found
    from tlcourse.backbones.embedded import SOURCE_CLASSES

    lines = SOURCE_CLASSES.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[-1] for line in lines if line.strip()]


DETECTORS = (
    Detector(("unusable-images",), _check_unusable),
    Detector(("classes-seen-in-pretraining",), _check_seen_classes),
)
