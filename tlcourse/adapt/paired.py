"""What the adaptation methods that train a network share: one network over both domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from tlcourse.adapt.batches import PairedBatches


@keras.saving.register_keras_serializable(package="tlcourse")
class StackDomains(keras.layers.Layer):
    """Put a batch of the source and one of the target into one batch, source first."""

    def call(self, inputs: Sequence[Any]) -> Any:
        return ops.concatenate(inputs, axis=0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (None, *input_shape[0][1:])


@keras.saving.register_keras_serializable(package="tlcourse")
class SplitDomains(keras.layers.Layer):
    """Undo `StackDomains`: the first half of a batch is the source, the second the target."""

    def call(self, inputs: Any) -> tuple[Any, Any]:
        half = ops.shape(inputs)[0] // 2
        return inputs[:half], inputs[half:]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape), tuple(input_shape)


@dataclass(frozen=True)
class JoinedDomains:
    """A backbone and a head over both domains, as symbolic tensors to build a model's outputs from."""

    backbone: keras.Model
    head: keras.layers.Layer
    inputs: dict[str, Any]
    features: Any  # of both domains, source first
    source_features: Any
    target_features: Any
    logits: Any  # of the source


def join_domains(backbone: keras.Model, head: keras.layers.Layer) -> JoinedDomains:
    """Let both domains pass through the backbone as one batch, and the source through the head.

    One batch and not two: passed through one after the other, BatchNorm would give each domain its own statistics in
    training, and neither of them in use.

    Args:
        backbone: Images (or rows of features) in, `(batch, features)` out.
        head: Layer or model, features in, `(batch, num_classes)` logits out, without softmax.

    Raises:
        ValueError: If the backbone's output is no row of features.
    """
    if len(backbone.output_shape) != 2:
        raise ValueError(
            "The backbone must give one row of features for each image, (batch, features); end it with a pooling layer or "
            f"Flatten. Received: backbone.output_shape={backbone.output_shape}."
        )
    shape = backbone.input_shape[1:]
    inputs = {"source": keras.Input(shape, name="source"), "target": keras.Input(shape, name="target")}
    features = backbone(StackDomains(name="both_domains")([inputs["source"], inputs["target"]]))
    source_features, target_features = SplitDomains(name="each_domain")(features)
    return JoinedDomains(backbone, head, inputs, features, source_features, target_features, head(source_features))


class PairedModel(keras.Model):
    """A network that learns from the source's labels and from the images of both domains.

    Subclasses say what is learned from the target. `classifier` is the network for use: images in, logits out; it shares its
    weights with this model.

    Args:
        domains: Result of `join_domains`.
        outputs: What to train: logits of the source, or a dict of them ("label") and of domains ("domain").
    """

    def __init__(self, domains: JoinedDomains, outputs: Any, **kwargs: Any) -> None:
        super().__init__(domains.inputs, outputs, **kwargs)
        self.backbone, self.head = domains.backbone, domains.head
        self.classifier = keras.Model(domains.backbone.input, domains.head(domains.backbone.output), name="classifier")

    def fit(  # type: ignore[override]
        self,
        source_images: ArrayLike,
        source_labels: ArrayLike,
        target_images: ArrayLike,
        *,
        batch_size: int = 32,
        seed: int = 0,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train on labelled images of the source and unlabelled ones of the target.

        Args:
            source_images: `(n_source, ...)`, what the backbone takes.
            source_labels: `(n_source,)` class numbers.
            target_images: `(n_target, ...)`.
            batch_size: Examples of each domain in a batch.
            seed: Seed of the order of the examples.
            **options: As in `keras.Model.fit`: `epochs`, `verbose`, `callbacks`. An epoch is one pass through the larger domain.

        Returns:
            What every epoch recorded.

        Raises:
            ValueError: If shapes do not fit, or the model was not compiled.
        """
        batches = PairedBatches(
            source_images,
            source_labels,
            target_images,
            batch_size=batch_size,
            seed=seed,
            with_domains=isinstance(self.output, dict),
        )
        if self.compiled and not self.optimizer.built:  # or else the first step is traced twice: once to make its variables
            self.optimizer.build(self.trainable_variables)
        options.setdefault("steps_per_epoch", len(batches))
        return super().fit(batches.for_fit(), shuffle=False, **options)  # shuffled already, from `seed`

    def predict(self, images: ArrayLike, **options: Any) -> np.ndarray:  # type: ignore[override]
        """Return the classifier's logits, `(n, num_classes)`, for images of any domain.

        Args:
            images: `(n, ...)`, what the backbone takes.
            **options: As in `keras.Model.predict`.
        """
        return self.classifier.predict(images, **options)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as before the model was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def get_config(self) -> dict[str, Any]:
        parts = {"backbone": self.backbone, "head": self.head}
        saved = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {"name": self.name, "trainable": self.trainable, **saved}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> PairedModel:
        parts = {
            name: keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
            if isinstance(value, dict)
            else value
            for name, value in config.items()
        }
        return cls(**parts)
