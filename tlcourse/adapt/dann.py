"""DANN: features from which a second network cannot tell the domain."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from tlcourse.adapt.gradient_reversal import GradientReversal, ReversalSchedule
from tlcourse.adapt.paired import PairedModel, SplitDomains, join_domains


@keras.saving.register_keras_serializable(package="tlcourse")
class DANN(PairedModel):
    """Learn the source's labels from features that do not give away the domain.

    With features `f`, label head `g` and discriminator `d`, minimise over `g` and `d`, and over `f` with the second gradient
    reversed:

        mean over source of cross_entropy(g(f(x)), label)
        + domain_weight * mean over both domains of binary_cross_entropy(d(R(f(x))), 1 for source, 0 for target)

    where `R` is `GradientReversal`: Ganin et al. (2016), "Domain-adversarial training of neural networks", JMLR 17, equations 4
    to 8 and 18. Both losses train in one step of plain `fit`, on every backend. In `fit` lambda rises from 0 towards `strength`
    (`ReversalSchedule`).

    Equal features in both domains do not make equal *classes*: DANN may put one class of the target on another of the
    source, and nothing in its losses shows it. Watch `domain_accuracy` (towards .5: the features are alike) *and* `label_accuracy`
    (towards guessing: the network has collapsed), and compare with the source alone.

    Args:
        backbone: Images (or rows of features) in, `(batch, features)` out.
        head: Layer or model: features in, `(batch, num_classes)` logits out.
        discriminator: Layer or model: features in, `(batch, 1)` logit of "source" out. None: one hidden layer of 64.
        strength: What lambda tends to, 0 or more. 0: the discriminator watches and changes nothing.

    Raises:
        ValueError: If the backbone's output is no row of features, or `strength` is negative.
    """

    def __init__(
        self,
        backbone: keras.Model,
        head: keras.layers.Layer,
        *,
        discriminator: keras.layers.Layer | None = None,
        strength: float = 1.0,
        **kwargs: Any,
    ) -> None:
        reversal = GradientReversal(strength, name="reversal")
        if discriminator is None:
            discriminator = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1)], name="discriminator")
        domains = join_domains(backbone, head)
        # One row for each pair of images, so that several devices can share a batch: (pairs, 2), source first.
        domain = layers.Concatenate(name="domain")(
            SplitDomains(name="domain_of_each")(discriminator(reversal(domains.features)))
        )
        outputs = {"label": domains.logits, "domain": domain}
        super().__init__(domains, outputs, **kwargs)
        self.reversal, self.discriminator, self.strength = reversal, discriminator, float(strength)

    def compile(self, optimizer: Any = "adam", *, domain_weight: float = 1.0, **options: Any) -> None:
        """Set the optimizer, the two losses and their accuracies.

        Args:
            optimizer: As in `keras.Model.compile`.
            domain_weight: Weight of the domain loss, 0 or more. It scales the discriminator's own learning too, lambda does not.
            **options: As in `keras.Model.compile`; `loss` and `metrics` replace what is set here.
        """
        defaults = {
            "loss": {
                "label": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                "domain": keras.losses.BinaryCrossentropy(from_logits=True),
            },
            "loss_weights": {"label": 1.0, "domain": domain_weight},
            "metrics": {
                "label": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
                "domain": [keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
            },
        }
        super().compile(optimizer, **{**defaults, **options})

    def fit(  # type: ignore[override]
        self, source_images: Any, source_labels: Any, target_images: Any, *, callbacks: Any = None, **options: Any
    ) -> keras.callbacks.History:
        """Train as `PairedModel.fit` does, with lambda rising.

        Args:
            source_images: As in `PairedModel.fit`.
            source_labels: As in `PairedModel.fit`.
            target_images: As in `PairedModel.fit`.
            callbacks: As in `keras.Model.fit`. A `ReversalSchedule` among them replaces the one that is added here.
            **options: As in `PairedModel.fit`.

        Returns:
            What every epoch recorded.
        """
        callbacks = list(callbacks or [])
        if not any(isinstance(callback, ReversalSchedule) for callback in callbacks):
            callbacks.append(ReversalSchedule(self.strength))
        return super().fit(source_images, source_labels, target_images, callbacks=callbacks, **options)

    def get_config(self) -> dict[str, Any]:
        saved = keras.saving.serialize_keras_object(self.discriminator)
        return {**super().get_config(), "discriminator": saved, "strength": self.strength}
