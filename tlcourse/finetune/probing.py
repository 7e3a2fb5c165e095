"""LP-FT: an exact linear probe first, then fine-tuning from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import keras
import numpy as np

from tlcourse.finetune.freezing import freeze, unfreeze
from tlcourse.finetune.lora import set_kernel
from tlcourse.finetune.summary import trainable_summary
from tlcourse.finetune.two_phase import Phase, PhaseHistory, backbone_in, fit


def fit_linear_probe(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, *, inverse_penalty: float = 1.0, cache: bool = True
) -> float:
    """Set the head of `model` to a logistic regression on the features in front of it.

    Features are computed once, by `extract_features`; nothing but the head's kernel and bias changes.

    Args:
        model: A functional or Sequential model that ends in a `Dense` layer with bias: softmax or logits, one unit a class.
        images: `(n, height, width, channels)`, as the model takes them.
        labels: `(n,)`, whole numbers from 0 to `units - 1`. A class without images gets a logit that never wins.
        inverse_penalty: Scikit-learn's `C` on standardised features, above 0: smaller means a stronger penalty.
        cache: Keep the features on disk, as in `extract_features`.

    Returns:
        The head's accuracy on `images`, from 0 to 1.

    Raises:
        ValueError: If the model does not end in such a layer, or labels do not fit it.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from tlcourse.features import extract_features

    head = _head_of(model)
    labels = _class_indices(labels, head.units)
    features = np.asarray(extract_features(keras.Model(model.inputs, head.input), images, cache=cache))
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=inverse_penalty, max_iter=2000)).fit(features, labels)
    scaler, regression = probe[0], probe[-1]
    # Fold the standardisation into the head: w . (x - mean) / scale + b  ->  (w / scale) . x + (b - w . mean / scale)
    weights = regression.coef_ / scaler.scale_  # (classes, features); (1, features) for two classes
    bias = regression.intercept_ - weights @ scaler.mean_
    if len(regression.classes_) == 2:  # one logit z for two classes is the pair (-z/2, z/2)
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    kernel = np.zeros((features.shape[1], head.units), "float32")
    offset = np.full(head.units, bias.min() - 20.0, "float32")
    kernel[:, regression.classes_] = weights.T
    offset[regression.classes_] = bias
    set_kernel(head, kernel, offset)
    return float(probe.score(features, labels))


def lp_ft(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    validation_data: Any = None,
    *,
    backbone: keras.Model | str,
    fine_tune_epochs: int = 5,
    fine_tune_learning_rate: float = 1e-5,
    inverse_penalty: float = 1.0,
    from_block: str | int | None = None,
    batchnorm: Literal["frozen", "trainable"] = "frozen",
    optimizer: Callable[[float], keras.optimizers.Optimizer] = keras.optimizers.Adam,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = "auto",
    batch_size: int | None = None,
    cache: bool = True,
) -> PhaseHistory:
    """Fit a linear probe, put it in place as the head, then fine-tune backbone and head.

    Fine-tuning from a random head distorts the features while the head is still wrong, which costs accuracy away from the
    training distribution; from the probe's head it hardly does (Kumar et al. 2022, arXiv 2202.10054).

    Args:
        model: A functional or Sequential model, backbone and head, that ends in a `Dense` layer.
        images: `(n, height, width, channels)`.
        labels: `(n,)`, whole numbers.
        validation_data: As in `fit()`.
        backbone: The pretrained part of `model`, or its name.
        fine_tune_epochs: At least 1.
        fine_tune_learning_rate: Learning rate of the fine-tuning.
        inverse_penalty: As in `fit_linear_probe`.
        from_block: First block of the backbone to fine-tune, as in `unfreeze`. `None`: all of it.
        batchnorm: As in `unfreeze`.
        optimizer: Called with the learning rate.
        callbacks: Given to `fit()`.
        verbose: As in `fit()`.
        batch_size: As in `fit()`.
        cache: Keep the probe's features on disk.

    Returns:
        Two phases: "linear probe" with a history of one accuracy, and "fine-tune".

    Raises:
        ValueError: If the model does not end in a `Dense` layer, labels do not fit it, or it does not contain the backbone.
    """
    if fine_tune_epochs < 1:
        raise ValueError(f"`fine_tune_epochs` must be at least 1. Received: fine_tune_epochs={fine_tune_epochs}.")
    part = backbone_in(model, backbone)
    head = _head_of(model)
    labels = _class_indices(labels, head.units)
    unfreeze(model, batchnorm="trainable")
    freeze(part)
    accuracy = fit_linear_probe(model, images, labels, inverse_penalty=inverse_penalty, cache=cache)
    probed = Phase("linear probe", 0, {"accuracy": [accuracy]}, trainable_summary(model))

    unfreeze(part, from_block=from_block, batchnorm=batchnorm)
    summary = trainable_summary(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=head.activation is keras.activations.linear)
    model.compile(optimizer=optimizer(fine_tune_learning_rate), loss=loss, metrics=["accuracy"])
    history = fit(
        model,
        (images, labels),
        validation_data=validation_data,
        epochs=fine_tune_epochs,
        callbacks=list(callbacks),
        verbose=verbose,
        batch_size=batch_size,
    )
    return PhaseHistory(phases=(probed, Phase("fine-tune", probed.epochs, history, summary)))


def _head_of(model: keras.Model) -> keras.layers.Dense:
    head = model.layers[-1]
    activations = (keras.activations.linear, keras.activations.softmax)
    if not isinstance(head, keras.layers.Dense) or not head.use_bias or head.activation not in activations or head.units < 2:
        raise ValueError(
            f"Model {model.name!r} must end in a Dense layer with bias, one unit for every class (at least 2) and softmax or no "
            f"activation: a logistic regression takes its place. Its last layer is {head.name!r} ({type(head).__name__}). "
            "Add keras.layers.Dense(num_classes)."
        )
    return head


def _class_indices(labels: np.ndarray, units: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == units:
        raise ValueError(
            "`labels` look one-hot. Pass class numbers of shape (n,): `labels.argmax(axis=1)`. "
            f"Received: labels.shape={labels.shape}."
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"`labels` must be whole numbers of shape (n,). Received: labels.shape={labels.shape}, labels.dtype={labels.dtype}."
        )
    if labels.size == 0 or labels.min() < 0 or labels.max() >= units:
        raise ValueError(
            f"`labels` must be from 0 to {units - 1}, as many as the head has units. Received: labels={np.unique(labels)}."
        )
    if len(np.unique(labels)) < 2:
        raise ValueError(f"A linear probe needs at least two classes among `labels`. Received: labels={np.unique(labels)}.")
    return labels
