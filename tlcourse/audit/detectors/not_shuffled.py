"""`not-shuffled` and `small-shuffle-buffer`: the training set is fed sorted by class.

One file for two ids: both come from the same measurement, the classes within a batch. The pipeline then says which one it is: a
shuffle that is too small, or none at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.order import Purity, purity_of_batches
from tlcourse.audit.data.pipeline import Stage, pipeline_of, shuffles, shuffles_inside
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import is_batchnorm
from tlcourse.audit.report import Finding

_FEWEST_EXAMPLES = 64
_FEWEST_BATCHES = 4
_SORTED = 0.2  # excess of equal labels within batches above which a stream counts as sorted
_BUFFER = 0.05  # the same, if the pipeline has a shuffle whose buffer is smaller than the set
_ABOVE_CHANCE = 3.0  # times the largest excess of 200 random orders


def _check(context: Context) -> Iterator[Finding]:
    split = context.split("train")
    if split.kind in ("arrays", "folder"):
        return  # fit() shuffles arrays by itself
    classes = context.labels("train").classes
    if classes is None:
        raise CannotCheckError("The labels are not one class for each example, so runs of one class cannot be seen.")
    size = context.fingerprints("train").batch_size
    if len(classes) < _FEWEST_EXAMPLES or len(np.unique(classes)) < 2:
        raise CannotCheckError(
            f"{len(classes)} examples of {len(np.unique(classes))} classes are too few to judge their order."
        )
    if size < 2 or len(classes) < _FEWEST_BATCHES * size:
        size = max(2, min(32, len(classes) // _FEWEST_BATCHES))
    purity = purity_of_batches(classes, size)
    if purity.excess <= _ABOVE_CHANCE * max(purity.by_chance, 0.01):
        return
    last = pipeline_of(split)
    stages = shuffles(last) if last is not None else []
    buffers = [stage.buffer_size for stage in stages if stage.buffer_size is not None and not _after_batch(stage)]
    if buffers and purity.excess > _BUFFER:
        yield _small_buffer(context, purity, size, max(buffers), len(classes))
    elif purity.excess > _SORTED and not (last is not None and shuffles_inside(last)):
        yield _sorted_by_class(context, purity, size, bool(stages), len(classes))


def _small_buffer(context: Context, purity: Purity, size: int, buffer: int, examples: int) -> Finding:
    return Finding(
        "small-shuffle-buffer",
        _severity(purity),
        f"The shuffle buffer of {buffer} is too small for a training set that is sorted by class",
        {"sentence": _sentence(purity, size), "buffer_size": buffer, "examples": examples, **_numbers(purity)},
        _why(context),
        f"Shuffle over the whole set (before `.batch()`), or shuffle the list of files first:\n"
        f"train_ds = train_ds.shuffle({examples})",
    )


def _sorted_by_class(context: Context, purity: Purity, size: int, has_shuffle: bool, examples: int) -> Finding:
    sentence = _sentence(purity, size)
    return Finding(
        "not-shuffled",
        _severity(purity),
        "The training set is fed sorted by class",
        {
            "sentence": f"`.shuffle()` follows `.batch()` and moves whole batches. {sentence}" if has_shuffle else sentence,
            **_numbers(purity),
        },
        _why(context),
        f"Shuffle over the whole set, before `.batch()`:\ntrain_ds = train_ds.shuffle({examples}).batch({size})"
        if context.split("train").kind == "tf.data"
        else "Shuffle the examples before they are put into batches, again for each epoch:\n"
        "def on_epoch_end(self):\n    self.order = np.random.permutation(len(self.labels))",
    )


def _severity(purity: Purity) -> Any:
    return "serious" if purity.excess > 0.5 else "warning"


def _numbers(purity: Purity) -> dict[str, float]:
    return {"excess": purity.excess, "by_chance": purity.by_chance, "single_class_batches": purity.single_class_batches}


def _sentence(purity: Purity, size: int) -> str:
    return (
        f"Of {purity.batches} batches of {size}, {purity.single_class_batches:.0%} hold one class; the longest run of one class is "
        f"{purity.longest_run} examples. Two examples of a batch share their class far more often than in a shuffled order "
        f"(excess {purity.excess:.2f} of 1, at most {purity.by_chance:.3f} by chance)."
    )


def _why(context: Context) -> str:
    moved = "weights and BatchNorm statistics" if any(map(is_batchnorm, context.model._flatten_layers())) else "weights"
    return (
        f"Each step pulls the {moved} towards the classes of its batch, and a later step pulls them towards others. This makes training "
        "slow and unstable."
    )


def _after_batch(stage: Stage) -> bool:
    """Tell whether a stage works on whole batches."""
    for earlier in stage.upstream():
        if earlier.name in ("batch", "unbatch"):
            return earlier.name == "batch"
    return False


DETECTOR = Detector(("not-shuffled", "small-shuffle-buffer"), _check)
