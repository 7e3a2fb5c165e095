"""Finding 10: augmentation that a cache has frozen, a training set that is not shuffled, a shuffle buffer that is too small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.order import purity_of_batches
from tlcourse.audit.data.pipeline import (
    Stage,
    has_opaque_map,
    has_random_map,
    last_stage,
    random_map_before_cache,
    shuffles,
    shuffles_inside,
)
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.same_examples import fingerprints
from tlcourse.audit.report import Finding, NotChecked

_FEWEST_EXAMPLES = 64
_FEWEST_BATCHES = 4
_SORTED = 0.2  # excess of equal labels within batches above which a stream counts as sorted
_BUFFER = 0.05  # the same, where a shuffle stands in the pipeline and its buffer is smaller than the set
_ABOVE_CHANCE = 3.0  # times the largest excess of 200 random orders


def _pipeline(context: Context) -> Stage | None:
    split = context.split("train")
    return last_stage(split.original) if split.kind == "tf.data" else None


def _check_frozen_augmentation(context: Context) -> Iterator[Finding | NotChecked]:
    split = context.split("train")
    if split.kind in ("arrays", "folder"):
        return  # nothing between the stored images and the model
    last = _pipeline(context)
    if last is None:
        raise CannotCheckError(f"What happens inside data of kind {split.kind} cannot be seen.")
    if not has_random_map(last):
        return
    found = fingerprints(context, "train")
    first, second = found.digests(1), found.digests(2)
    if split.endless or not len(second):
        raise CannotCheckError("The training data repeats for ever, so that its epochs cannot be compared.")
    if not len(first) or len(first) != len(second):
        return
    same = float(np.isin(second, first).mean())
    if same < 1.0:
        return
    cached = random_map_before_cache(last)
    if cached is None and has_opaque_map(last):
        yield NotChecked(
            "frozen-augmentation", "Python code runs in the pipeline; whether it means to be random cannot be seen."
        )
        return
    operations = cached[1] if cached else tuple(sorted({o for s in last.all_stages() for o in s.random_operations}))
    if cached and all("PyFunc" in operation for operation in operations):
        yield NotChecked(
            "frozen-augmentation", "Python code runs before the cache; whether it means to be random cannot be seen."
        )
        return
    reason = (
        f"`.{cached[0]}()` stands after it" if cached else "its random operations are given one and the same seed each time"
    )
    fix = (
        "Cache what costs time to read, then shuffle, then augment:\n"
        "train_ds = raw_ds.cache().shuffle(n).map(augment, num_parallel_calls=AUTOTUNE).batch(32).prefetch(AUTOTUNE)"
        if cached
        else "Draw a new seed for every example:\n"
        "rng = tf.random.Generator.from_seed(0)\n"
        "train_ds = raw_ds.map(lambda x, y: (tf.image.stateless_random_flip_left_right(x, seed=rng.make_seeds(1)[:, 0]), y))"
    )
    yield Finding(
        "frozen-augmentation",
        "serious",
        "The augmentation runs once, and every epoch sees the same images",
        {
            "sentence": f"{len(second)} of {len(second)} examples of the second pass are bit-identical to the first, although the "
            f"pipeline augments them: {reason}.",
            "identical": len(second),
            "operations": [operation for operation in operations if "PyFunc" not in operation],
        },
        "Augmentation helps by showing a new variant in each epoch; frozen, it only replaces the originals by one distorted copy.",
        fix,
    )


def _check_order(context: Context) -> Iterator[Finding | NotChecked]:
    split = context.split("train")
    if split.kind in ("arrays", "folder"):
        return  # fit() shuffles arrays by itself
    classes = context.labels("train").classes
    if classes is None:
        raise CannotCheckError("The labels are not one class for each example, so that runs of a class cannot be seen.")
    found = fingerprints(context, "train")
    if len(classes) < _FEWEST_EXAMPLES or len(np.unique(classes)) < 2:
        raise CannotCheckError(
            f"{len(classes)} examples of {len(np.unique(classes))} classes are too few to judge their order."
        )
    size = found.batch_size
    if size < 2 or len(classes) < _FEWEST_BATCHES * size:
        size = max(2, min(32, len(classes) // _FEWEST_BATCHES))
    purity = purity_of_batches(classes, size)
    if purity.excess <= _ABOVE_CHANCE * max(purity.by_chance, 0.01):
        return
    last = _pipeline(context)
    stages = shuffles(last) if last is not None else []
    buffers = [stage.buffer_size for stage in stages if stage.buffer_size is not None and not _after_batch(stage)]
    largest = max(buffers, default=None)
    sentence = (
        f"Of {purity.batches} batches of {size}, {purity.single_class_batches:.0%} hold one class; the longest run of one class is "
        f"{purity.longest_run} examples. Two examples of a batch share their class far more often than in a shuffled order "
        f"(excess {purity.excess:.2f} of 1, at most {purity.by_chance:.3f} by chance)."
    )
    numbers = {"excess": purity.excess, "by_chance": purity.by_chance, "single_class_batches": purity.single_class_batches}
    why = (
        "Each step pulls the weights, and the statistics of BatchNorm, towards the classes of its batch; training jumps between "
        "classes instead of settling."
    )
    severity = "serious" if purity.excess > 0.5 else "warning"
    if largest is not None and purity.excess > _BUFFER:
        yield Finding(
            "small-shuffle-buffer",
            severity,  # type: ignore[arg-type]
            f"The shuffle buffer of {largest} is too small for a training set that is sorted by class",
            {"sentence": sentence, "buffer_size": largest, "examples": len(classes), **numbers},
            why,
            f"Shuffle over the whole set (before `.batch()`), or shuffle the list of files first:\n"
            f"train_ds = train_ds.shuffle({len(classes)})",
        )
    elif purity.excess > _SORTED and not (last is not None and shuffles_inside(last)):
        yield Finding(
            "not-shuffled",
            severity,  # type: ignore[arg-type]
            "The training set is fed sorted by class",
            {
                "sentence": f"`.shuffle()` stands after `.batch()` and moves whole batches. {sentence}" if stages else sentence,
                **numbers,
            },
            why,
            f"Shuffle over the whole set, before `.batch()`:\ntrain_ds = train_ds.shuffle({len(classes)}).batch({size})"
            if split.kind == "tf.data"
            else "Shuffle the examples before they are put into batches, anew for each epoch:\n"
            "def on_epoch_end(self):\n    self.order = np.random.permutation(len(self.labels))",
        )


def _after_batch(stage: Stage) -> bool:
    """Tell whether a stage works on whole batches."""
    for earlier in stage.upstream():
        if earlier.name in ("batch", "unbatch"):
            return earlier.name == "batch"
    return False


DETECTORS = (
    Detector(("frozen-augmentation",), _check_frozen_augmentation),
    Detector(("not-shuffled", "small-shuffle-buffer"), _check_order),
)
