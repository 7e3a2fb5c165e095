"""Deep CORAL and deep MMD: a network whose features are pulled together by a distance between the two domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tlcourse.adapt.coral import deep_coral_loss
from tlcourse.adapt.paired import PairedModel, join_domains


@keras.saving.register_keras_serializable(package="tlcourse")
class DomainDistance(keras.layers.Layer):
    """Add `weight * distance(source_features, target_features)` to the loss, and pass the source's logits on.

    Args:
        distance: Two tensors `(n, features)` in, a scalar out: `deep_coral_loss`, `mmd_loss`, or your own.
        weight: Weight of the distance in the loss, 0 or more.

    Raises:
        ValueError: If `weight` is negative.
    """

    def __init__(self, distance: Callable[[Any, Any], Any], weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not weight >= 0:
            raise ValueError(f"`weight` must be 0 or more. Received: weight={weight!r}.")
        self.distance, self.weight = distance, float(weight)

    def call(self, inputs: Any) -> Any:
        logits, source_features, target_features = inputs
        self.add_loss(self.weight * self.distance(*_of_all_devices(source_features, target_features)))
        return logits

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        saved = keras.saving.serialize_keras_object(self.distance)
        return {**super().get_config(), "distance": saved, "weight": self.weight}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DomainDistance:
        return cls(**{**config, "distance": keras.saving.deserialize_keras_object(config["distance"])})


def _of_all_devices(source: Any, target: Any) -> tuple[Any, Any]:
    """Collect the rows of a batch that several devices share (`tf.distribute`): a distance of parts is not that of the whole."""
    if keras.backend.backend() != "tensorflow":
        return source, target
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return source, target
    both = context.all_gather(tf.stack([source, target], axis=1), axis=0)  # (rows of all devices, 2, features)
    return both[:, 0], both[:, 1]


@keras.saving.register_keras_serializable(package="tlcourse")
class AlignedModel(PairedModel):
    """Learn the source's labels from features whose distribution is like the target's.

    Minimises `mean over source of cross_entropy(g(f(x)), label) + weight * distance(f(source), f(target))`. With
    `deep_coral_loss`: Sun and Saenko (2016), "Deep CORAL". With `mmd_loss` on the last features: after Long et al. (2015),
    "Learning transferable features with deep adaptation networks" (DAN, which does so at several layers).

    On several devices (`tf.distribute`) the distance is that of the whole batch and the training is that of one device. Only the
    loss that `fit` shows then counts the distance more than once, because the devices share the list of added losses.

    Args:
        backbone: Images (or rows of features) in, `(batch, features)` out.
        head: Layer or model: features in, `(batch, num_classes)` logits out.
        distance: `deep_coral_loss`, `mmd_loss`, or a function of two tensors `(n, features)` that returns a scalar. To save the
            model, register yours with `keras.saving.register_keras_serializable`.
        weight: Weight of the distance in the loss, 0 or more.

    Raises:
        ValueError: If the backbone's output is no row of features, or `weight` is negative.
    """

    def __init__(
        self,
        backbone: keras.Model,
        head: keras.layers.Layer,
        *,
        distance: Callable[[Any, Any], Any] = deep_coral_loss,
        weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        penalty = DomainDistance(distance, weight, name="domain_distance")
        domains = join_domains(backbone, head)
        outputs = penalty([domains.logits, domains.source_features, domains.target_features])
        super().__init__(domains, outputs, **kwargs)
        self.penalty = penalty

    def compile(self, optimizer: Any = "adam", **options: Any) -> None:
        """Set the optimizer, cross entropy on the source and its accuracy.

        Args:
            optimizer: As in `keras.Model.compile`.
            **options: As in `keras.Model.compile`; they replace what is set here.
        """
        defaults = {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"]}
        super().compile(optimizer, **{**defaults, **options})

    def get_config(self) -> dict[str, Any]:
        saved = keras.saving.serialize_keras_object(self.penalty.distance)
        return {**super().get_config(), "distance": saved, "weight": self.penalty.weight}
