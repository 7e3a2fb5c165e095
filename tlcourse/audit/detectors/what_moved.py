"""`what-moved`: what training changed, compared with what it was set up to change. Needs a snapshot from before training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import Part, backbone_part
from tlcourse.audit.model.optimizers import steps_taken
from tlcourse.audit.report import Finding

_FAR = 0.5  # change of the weights, as a part of their size, above which little of the old values is left


def _check(context: Context) -> Iterator[Finding]:
    from tlcourse.finetune import Snapshot, what_moved

    before = context.before
    if before is None:
        raise CannotCheckError(
            "No snapshot from before training was given: before = tlcourse.snapshot(model), then fit, then audit."
        )
    if not isinstance(before, Snapshot):
        raise CannotCheckError(
            f"before= must be tlcourse.snapshot(model) from before training. Received: before={type(before).__name__}."
        )
    try:
        table = what_moved(before, context.model)
    except ValueError as error:
        raise CannotCheckError(str(error)) from error
    moved, total = sum(row.tensors_moved for row in table.rows), sum(row.tensors for row in table.rows)
    context.facts["tensors_moved"] = f"{moved} of {total}"
    if table.bit_identical:
        if not steps_taken(context.model) and context.history is None:
            raise CannotCheckError("Nothing has been trained since the snapshot.")
        yield _nothing(context.model.name, total)
        return
    part = backbone_part(context)
    if part is not None:
        yield from _backbone(part, _rows_of(part, context, table.rows))


def _rows_of(part: Part, context: Context, rows: Any) -> list[Any]:
    """Pick the rows of the backbone. A snapshot has one row for each unit with values, in forward order."""
    from tlcourse.finetune.blocks import units_of

    inside = {id(unit) for unit in part.units}
    with_values = [unit for unit in units_of(context.model) if _has_values(unit)]
    if len(with_values) != len(rows):
        names = {unit.name for unit in part.units}
        return [row for row in rows if row.name in names]
    return [row for unit, row in zip(with_values, rows, strict=True) if id(unit) in inside]


def _has_values(unit: Any) -> bool:
    return any("float" in str(variable.dtype) for variable in unit.weights)


def _backbone(part: Part, rows: list[Any]) -> Iterator[Finding]:
    moved, total = sum(row.tensors_moved for row in rows), sum(row.tensors for row in rows)
    opened = [v for v in part.kernels if v.trainable]
    numbers = {"moved": moved, "tensors": total, "trainable_kernels": len(opened)}
    if opened and not moved:
        yield Finding(
            "what-moved",
            "serious",
            f"{part.name!r} is unfrozen, but training did not move it",
            {"sentence": f"0 of {total} backbone tensors moved, although {len(opened)} kernels are trainable.", **numbers},
            "Whatever was measured, it was measured with the backbone from before training. Most often the training step was built "
            "before the layers were unfrozen.",
            "Compile after unfreezing, then fit again:\nmodel.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
        )
        return
    statistics = [row for row in rows if row.statistic_change and not row.weight_change]
    if not opened and statistics:
        largest = max(statistics, key=lambda row: row.statistic_change)
        yield Finding(
            "what-moved",
            "serious",
            f"{part.name!r} is frozen, but its BatchNorm statistics moved",
            {
                "sentence": f"{len(statistics)} layers kept their weights and changed their statistics, {largest.name!r} by "
                f"{largest.statistic_change:.1%}.",
                "layers": len(statistics),
                "largest_change": float(largest.statistic_change),
                **numbers,
            },
            "The frozen layers now get other inputs than before, so the features of the backbone have changed.",
            "Freeze the BatchNorm layers too:\ntlcourse.freeze(base)",
        )
        return
    far = [
        row for row in rows if row.weight_change is not None and row.weight_change > _FAR and row.weight_change != float("inf")
    ]
    if len(far) * 4 >= len([row for row in rows if row.weight_change is not None]) > 0:
        largest = max(far, key=lambda row: row.weight_change)
        yield Finding(
            "what-moved",
            "warning",
            f"Training moved {part.name!r} so far that little of its old values is left",
            {
                "sentence": f"{len(far)} of {len(rows)} layers changed by more than {_FAR:.0%} of their size, {largest.name!r} by "
                f"{largest.weight_change:.0%}.",
                "layers": len(far),
                "largest_change": float(largest.weight_change),
                **numbers,
            },
            "If these values were pretrained ones, most of what they held is lost, and only your examples have shaped the new ones.",
            "Start again from the pretrained values with a learning rate 10 to 100 times smaller.",
        )


def _nothing(name: str, total: int) -> Finding:
    return Finding(
        "what-moved",
        "serious",
        f"Training did not move {name!r} at all",
        {"sentence": f"0 of {total} tensors moved between the snapshot and now.", "moved": 0, "tensors": total},
        "Whatever fit() printed, this is the model from before training.",
        "Look at model.trainable_variables, compile after changing flags, and audit the model that was fitted, not a copy of it.",
    )


DETECTOR = Detector(("what-moved",), _check)
