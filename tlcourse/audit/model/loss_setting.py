"""What the detectors on the loss compare: one loss, one output, one array of labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.collect import Labels
from tlcourse.audit.model.losses import LossKind, loss_kind
from tlcourse.audit.model.trace import first_run


def loss_setting(context: Context) -> tuple[LossKind, np.ndarray, Labels]:
    """Return the loss, the outputs for a sample of the train data `(examples, ..., units)`, and the labels.

    Raises:
        CannotCheckError: If the model has no cross-entropy of Keras, more than one output, or no single array of labels.
    """
    model = context.model
    if not getattr(model, "compiled", False) or getattr(model, "loss", None) is None:
        raise CannotCheckError("The model is not compiled with a loss.")
    kind = loss_kind(model.loss)
    if kind is None:
        raise CannotCheckError(f"The loss {_name(model.loss)} is not a cross-entropy of Keras for one output.")
    labels = context.labels("train")
    if labels.encoding == "none":
        raise CannotCheckError("The train data has no single array of labels.")
    outputs = single_output(first_run(context).output)
    if not isinstance(outputs, np.ndarray) or outputs.ndim < 2:
        raise CannotCheckError("The model has more than one output, or none with an axis of classes.")
    return kind, outputs, labels


def single_output(outputs: Any) -> Any:
    """Take the output out of a structure that holds only one, and convert it to float32."""
    while isinstance(outputs, (dict, list, tuple)) and len(outputs) == 1:
        outputs = next(iter(outputs.values())) if isinstance(outputs, dict) else outputs[0]
    return outputs.astype("float32") if isinstance(outputs, np.ndarray) else outputs


def _name(loss: Any) -> str:
    return repr(loss) if isinstance(loss, (str, list, dict)) else getattr(loss, "__name__", type(loss).__name__)
