"""L2-SP: pull fine-tuned weights towards where they started, instead of towards zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tlcourse.finetune.summary import weights_of


@keras.saving.register_keras_serializable(package="tlcourse")
class L2SP(keras.Model):
    """A model with a penalty on the distance of its backbone's weights from their anchors. Made by `l2_sp`.

    Adds `alpha / 2 * ||w_backbone - anchor||^2 + beta / 2 * ||w_others||^2` to the loss of `fit()` and `evaluate()` (Li,
    Grandvalet and Davoine 2018, arXiv 1802.01483, section 3.2). Anchors are weights of this model that never train, so a
    saved and reloaded model goes on pulling towards the same starting point. BatchNorm statistics have no penalty.

    Args:
        model: The model to train, built.
        anchored: Which of `weights_of(model)` are pretrained, as indices.
        alpha: Strength of the pull towards the anchors.
        beta: Strength of the pull of the other weights towards zero.
    """

    def __init__(self, model: keras.Model, anchored: Sequence[int], alpha: float, beta: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.alpha = float(alpha)
        self.beta = float(beta)
        self.anchored_indices = [int(index) for index in anchored]
        weights = weights_of(model)
        self._anchored = [weights[index] for index in self.anchored_indices]
        self._others = [weight for index, weight in enumerate(weights) if index not in set(self.anchored_indices)]
        self._anchors = [
            self.add_weight(shape=weight.shape, dtype=weight.dtype, initializer="zeros", trainable=False, name=f"anchor_{i}")
            for i, weight in enumerate(self._anchored)
        ]
        self.reset_anchors()
        self.built = True

    def reset_anchors(self) -> None:
        """Make the present weights of the backbone the anchors."""
        for anchor, weight in zip(self._anchors, self._anchored, strict=True):
            anchor.assign(weight)

    def penalty(self) -> Any:
        """Compute the penalty at the present weights, a scalar tensor; the backbone's part of it is 0 at the start."""
        away = sum(
            (ops.sum(ops.square(w - anchor)) for w, anchor in zip(self._anchored, self._anchors, strict=True)), start=0.0
        )
        size = sum((ops.sum(ops.square(w)) for w in self._others), start=0.0)
        return self.alpha / 2 * away + self.beta / 2 * size

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        # Here and not by add_loss() in call(): under mixed precision, weights read in call() are rounded to 16 bits.
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        return loss + ops.cast(self.penalty(), loss.dtype)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.model(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.model.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.model),
            "anchored": self.anchored_indices,
            "alpha": self.alpha,
            "beta": self.beta,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> L2SP:
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(**{**config, "model": model})


def l2_sp(model: keras.Model, *, backbone: keras.Model | str | None = None, alpha: float = 0.1, beta: float = 0.01) -> L2SP:
    """Wrap `model`: `fit()` then pulls its backbone towards the pretrained weights it has now.

    Compile and fit the result. It shares its weights with `model`, which is trained along; `.model` is that plain model, for
    example to save it without anchors.

    Args:
        model: A built model whose backbone holds its pretrained weights.
        backbone: The backbone, nested in `model` or sharing its layers, or the name of a nested one. `None` anchors every
            weight of `model`, the head included.
        alpha: Strength of the pull of the backbone towards its start, at least 0.
        beta: Strength of the pull of all other weights towards zero, at least 0.

    Returns:
        An `L2SP` model, not compiled.

    Raises:
        ValueError: If a strength is negative, the model has no weights yet, or it does not contain the backbone.
    """
    for name, strength in (("alpha", alpha), ("beta", beta)):
        if strength < 0:
            raise ValueError(f"`{name}` must be at least 0. Received: {name}={strength}.")
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights yet. Call it on a batch, or model.build(input_shape).")
    part = model if backbone is None else backbone
    if isinstance(part, str):
        names = [layer.name for layer in model.layers]
        if part not in names:
            raise ValueError(
                f"Model {model.name!r} has no layer of that name. Its layers are {', '.join(names)}. "
                f"Received: backbone={backbone!r}."
            )
        part = model.get_layer(part)
    pretrained = {id(weight) for weight in weights_of(part)}
    anchored = [index for index, weight in enumerate(weights_of(model)) if id(weight) in pretrained]
    if len(anchored) != len(pretrained):
        raise ValueError(
            f"Model {model.name!r} contains {len(anchored)} of the {len(pretrained)} weights of backbone {part.name!r}. "
            "Pass the backbone that the model was built on."
        )
    return L2SP(model, anchored=anchored, alpha=alpha, beta=beta, name=f"{model.name}_l2sp")
