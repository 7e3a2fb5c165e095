"""`test-classes-in-training`: few-shot episodes for testing hold classes that the training episodes hold too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.episodes import EPISODES, class_lists, pools_of
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_WORDS = re.compile(
    r"support|query|queries|episod|few_?shot|proto(typical)?_?net|matching_?net|maml|reptile|^([nk]_?)?(way|shot)s?$",
    re.IGNORECASE,
)
_UNKNOWN = (
    "The episodes number their classes from 0 again each time, share no image, and do not say which classes they were drawn from. "
    "Keep a list `classes` in the object that draws them."
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    splits = context.readable_splits()
    if "train" not in splits or not _is_few_shot(context):
        return
    others = [name for name in ("validation", "test") if name in splits]
    if not others:
        yield NotChecked("test-classes-in-training", "Only training episodes were given.")
        return
    for name in others:
        said = _by_lists(splits["train"].original, splits[name].original, name) or _by_images(context, name)
        if said is not None:
            yield said
        elif not _are_known(splits["train"].original, splits[name].original):
            yield NotChecked("test-classes-in-training", _UNKNOWN)


def _is_few_shot(context: Context) -> bool:
    """Tell whether names of the data, of its parts or of the model say that it is read in episodes."""
    names = [type(context.model).__name__, context.model.name]
    split = context.readable_splits()["train"]
    names.append(type(split.original).__name__)
    if split.kind in ("PyDataset", "iterable"):
        names += list(getattr(split.original, "__dict__", {}))
    if split.kind == "tf.data" or isinstance(split.original, (tuple, list, dict)):
        try:
            sample = context.first_batch("train")
            names += [str(key) for part in (sample.inputs, sample.labels) if isinstance(part, dict) for key in part]
        except CannotCheckError:
            pass
    return any(_WORDS.search(name) for name in names)


def _by_lists(train: Any, other: Any, name: str) -> Finding | None:
    """Compare the lists of classes that the two sources keep."""
    found = _comparable(train, other)
    if found is None:
        return None
    shared = sorted(found[0] & found[1], key=str)
    if not shared:
        return None
    total = len(found[1])
    return _finding(
        name,
        f"{len(shared)} of {total} {name} classes are training classes",
        f"The source of the {name} episodes draws from {total} classes, and {len(shared)} of them are drawn for training too, such as "
        f"{', '.join(map(str, shared[:3]))}.",
        len(shared),
        total,
    )


def _by_images(context: Context, name: str) -> Finding | None:
    """Compare the images of the episodes that were read."""
    try:
        train, other = context.collector("train", EPISODES).images, context.collector(name, EPISODES).images
    except CannotCheckError:
        return None
    shared = len(train & other)
    if not shared:
        return None
    return _finding(
        name,
        f"The {name} episodes show images of training classes",
        f"{shared} of {len(other)} different images in the {name} episodes are in the training episodes too, so their classes are "
        "not new.",
        shared,
        len(other),
    )


def _finding(name: str, title: str, sentence: str, shared: int, total: int) -> Finding:
    return Finding(
        "test-classes-in-training",
        "serious",
        title,
        {"sentence": sentence, "shared": shared, "total": total},
        "Few-shot accuracy is a claim about classes that the model has never seen. With classes from training it measures ordinary "
        "classification, which is easier.",
        "Divide the classes first, and draw the episodes of each split from its own classes:\n"
        "order = np.random.default_rng(0).permutation(classes)\n"
        "train_classes, test_classes = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) :]",
    )


def _comparable(train: Any, other: Any) -> tuple[set[Any], set[Any]] | None:
    """Return the classes of both sources, if equal names mean equal classes."""
    one, two = class_lists(train), class_lists(other)
    for attribute in one.keys() & two.keys():
        left, right = one[attribute], two[attribute]
        if all(isinstance(value, str) for value in left | right) or pools_of(train) & pools_of(other):
            return left, right
    return None


def _are_known(train: Any, other: Any) -> bool:
    return _comparable(train, other) is not None


DETECTOR = Detector(("test-classes-in-training",), _check)
