"""`head-size`: the head has more weights than the training examples can determine."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part, head_units
from tlcourse.audit.report import Finding

_LARGE_HEAD = 1_000_000
_PER_EXAMPLE = 2_000


def _check(context: Context) -> Iterator[Finding]:
    part = backbone_part(context)
    if part is None:
        raise CannotCheckError("No backbone was found in the model, so there is no head.")
    examples = context.count("train")
    if context.split("train").endless:
        raise CannotCheckError("The train data repeats for ever, so the number of different examples is not known.")
    rows = [(unit.name, sum(prod(v.shape) for v in unit.trainable_variables)) for unit in head_units(context, part)]
    total = sum(count for _, count in rows)
    context.facts["head_parameters"] = total
    if total < _LARGE_HEAD or total < _PER_EXAMPLE * examples:
        return
    name, largest = max(rows, key=lambda row: row[1])
    yield Finding(
        "head-size",
        "warning",
        f"The head has {total:,} weights for {examples:,} training examples",
        {
            "sentence": f"That is {total / max(1, examples):,.0f} weights per example; layer {name!r} has {largest:,} of them.",
            "head_parameters": total,
            "training_examples": examples,
            "largest_layer": name,
        },
        "A head of this size can memorize the training examples and ignore what is useful in the features.",
        "Pool before the head, and reduce it to one layer:\n"
        "x = keras.layers.GlobalAveragePooling2D()(base.output)\noutputs = keras.layers.Dense(num_classes)(x)",
    )


DETECTOR = Detector(("head-size",), _check)
