"""`nothing-unfrozen`: the program is set up for fine-tuning, but the backbone, or the whole model, is frozen."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part, head_units
from tlcourse.audit.model.optimizers import ADAPTIVE, highest_learning_rate, inner_optimizer, parts_of
from tlcourse.audit.report import Finding

_FINE_TUNING_RATE = 1.01e-5  # adaptive optimizers; a head is usually trained at 1e-3, seldom at 2e-5


def _check(context: Context) -> Iterator[Finding]:
    model = context.model
    if not model.built:
        raise CannotCheckError("The model has no weights yet.")
    optimizer = inner_optimizer(model)
    if optimizer is None:
        raise CannotCheckError("The model is not compiled, so it cannot be seen what its training loop trains.")
    if not model.trainable_variables:
        if model.weights and getattr(model, "loss", None) is not None:
            yield Finding(
                "nothing-unfrozen",
                "serious",
                "Nothing trains: every weight of the model is frozen",
                {
                    "sentence": f"0 of {len(model.weights)} tensors are trainable.",
                    "trainable": 0,
                    "tensors": len(model.weights),
                },
                "fit() runs and prints a loss, but no weight changes.",
                "Unfreeze the head, then compile again:\nmodel.trainable = True\nbase.trainable = False\nmodel.compile(...)",
            )
        return
    part = backbone_part(context)
    if part is None or not part.kernels or any(v.trainable for v in part.kernels):
        return
    rate = highest_learning_rate(model)
    adaptive = all(type(one).__name__ in ADAPTIVE for one in parts_of(optimizer))
    phases = (context.history or {}).get("phase_ends", [])
    claims = []
    if rate is not None and adaptive and rate <= _FINE_TUNING_RATE and head_units(context, part):
        claims.append(f"its learning rate is {rate:g}, a rate for pretrained weights")
    if len(phases) > 1 and rate is not None and rate <= 1e-4:
        claims.append(f"the history has {len(phases)} phases")
    if not claims:
        return
    yield Finding(
        "nothing-unfrozen",
        "warning",
        f"This looks like fine-tuning, but no weight of {part.name!r} is unfrozen",
        {
            "sentence": f"0 of {len(part.kernels)} tensors of the backbone are trainable, while {' and '.join(claims)}.",
            "trainable_backbone_tensors": 0,
            "backbone_tensors": len(part.kernels),
            "learning_rate": rate,
            "phases": len(phases),
        },
        f"Only the head trains, slowly at a learning rate of {rate:g}. The backbone stays as it was.",
        "Unfreeze upper layers, keep BatchNorm frozen, and compile again:\n"
        'tlcourse.unfreeze(base, from_block="block4")\n'
        "model.compile(keras.optimizers.Adam(1e-5), loss=..., metrics=[...])",
    )


DETECTOR = Detector(("nothing-unfrozen",), _check)
