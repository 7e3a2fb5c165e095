"""`initial-loss`: before the first step, the loss is far above that of guessing."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.structures import leaves
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.anatomy import backbone_part
from tlcourse.audit.model.loss_setting import loss_setting, single_output
from tlcourse.audit.model.losses import LossKind
from tlcourse.audit.model.optimizers import steps_taken
from tlcourse.audit.model.preserve import values_kept
from tlcourse.audit.report import Finding, in_short


def _check(context: Context) -> Iterator[Finding]:
    kind, outputs, _ = loss_setting(context)
    if context.shared.get("loss_explained"):
        raise CannotCheckError("Loss and output do not fit together, so the value of the loss says nothing more.")
    if steps_taken(context.model):
        raise CannotCheckError(
            "The model has been trained already, so its loss before the first step cannot be measured any more."
        )
    if not np.isfinite(outputs).all():
        yield Finding(
            "initial-loss",
            "serious",
            "The model's output is NaN or infinite before the first step",
            {
                "sentence": f"{int((~np.isfinite(outputs)).sum())} of {outputs.size} outputs on training examples are NaN or infinite.",
                "not_finite": int((~np.isfinite(outputs)).sum()),
                "outputs": outputs.size,
            },
            "The loss of a batch with such an example is NaN, and so are all weights after the step.",
            "Look at the input first: np.isnan(x).sum(), x.min(), x.max()",
        )
        return
    value = _loss(context, kind, outputs)
    classes = 2 if kind.kind == "binary" else outputs.shape[-1]
    expected = log(max(2, classes))
    limit = max(4 * expected, expected + 6) * _allowance(context)
    if value > limit:  # new BatchNorm layers normalise only in training mode, and fit() begins with the loss of that mode
        with values_kept(context.model.variables):
            value = min(
                value, _loss(context, kind, single_output(context.forward(context.sample_to_run().inputs, training=True)))
            )
    if np.isfinite(value) and value <= limit:
        return
    wrong = _share_wrong(kind, outputs, _truth(context, outputs))
    yield Finding(
        "initial-loss",
        "warning",
        f"Before the first step the loss is {value:.3g}; guessing would give {expected:.3g}",
        {
            "sentence": f"A model that knows nothing should start at log({classes}) = {expected:.3g}. On a sample, {wrong:.0%} of its "
            f"answers are wrong, and its outputs lie between {outputs.min():.3g} and {outputs.max():.3g}.",
            "initial_loss": value,
            "log_classes": expected,
            "classes": classes,
        },
        "A loss this high means that the model is very sure of its wrong answers. The first steps only undo that, with large "
        "gradients. The usual cause is input or features on a wrong scale.",
        "Look at the scale of what enters the last layer, and at the labels. Features far from 1 can be normalised:\n"
        "x = keras.layers.BatchNormalization()(x)  # before the last Dense layer",
    )


def _loss(context: Context, kind: LossKind, outputs: np.ndarray) -> float:
    """Return the mean loss of the train sample."""
    try:
        return float(np.mean(np.asarray(kind.function(_truth(context, outputs), outputs))))
    except Exception as error:
        raise CannotCheckError(f"The loss could not be computed on a batch: {in_short(error)}") from error


def _truth(context: Context, outputs: np.ndarray) -> np.ndarray:
    truth = np.asarray(leaves(context.sample_to_run().labels)[0][1])
    return truth.reshape(outputs.shape) if outputs.shape[-1] == 1 else truth


def _share_wrong(kind: LossKind, outputs: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of the answers that are wrong: of classes, or of single units for a binary loss."""
    if kind.kind == "binary":
        answers, truth = outputs > (0 if kind.from_logits else 0.5), truth > 0.5
    else:
        answers = outputs.argmax(axis=-1)
        truth = truth.argmax(axis=-1) if kind.kind == "categorical" else truth.reshape(answers.shape)
    return float((answers != truth).mean())


def _allowance(context: Context) -> int:
    """Return the factor that a first loss may be larger by: features of networks for unscaled pixels are large by nature."""
    try:
        part = backbone_part(context)
    except CannotCheckError:
        return 1
    return 20 if part is not None and part.family is not None and part.family.mode == "caffe" else 1


DETECTOR = Detector(("initial-loss",), _check)
