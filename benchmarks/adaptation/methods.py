"""The methods of the adaptation table. Each takes a `Shift` and a seed and returns a `Trained`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from alike import learner
from shifts import Shift

from tlcourse import adapt

Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Trained:
    """A trained model: rows to probabilities `(n, classes)`, for target rows and for held-out source rows.

    `seconds` were spent before, on a network that an earlier row of the table trained and this one uses again.
    """

    on_target: Predict
    on_source: Predict
    seconds: float = 0.0


# ---------------------------------------------------------------- rows of features: one classifier for all


def fitted(shift: Shift, rows: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> Predict:
    """Train the shared classifier and return its probabilities."""
    model = learner(shift.source.shape[1]).fit(rows, labels, sample_weight=weights)
    return lambda features: _probabilities(model, features)


def _probabilities(model: Any, rows: np.ndarray) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        return model.predict_proba(rows)
    margin = np.clip(2.0 * model.decision_function(rows), -50, 50)  # of two classes; a logistic of the margin, not calibrated
    right = 1.0 / (1.0 + np.exp(-margin))
    return np.stack([1.0 - right, right], axis=1)


def source_only(shift: Shift, seed: int) -> Trained:
    predict = fitted(shift, shift.source, shift.source_labels)
    return Trained(predict, predict)


def oracle(shift: Shift, seed: int) -> Trained:
    predict = fitted(shift, shift.target, shift.target_labels)
    return Trained(predict, predict)


def classifier_weights(shift: Shift, seed: int) -> Trained:
    predict = fitted(shift, shift.source, shift.source_labels, WITHOUT_CLASSIFIER["weights, classifier"](shift, seed))
    return Trained(predict, predict)


def kliep(shift: Shift, seed: int) -> Trained:
    predict = fitted(shift, shift.source, shift.source_labels, WITHOUT_CLASSIFIER["weights, KLIEP"](shift, seed))
    return Trained(predict, predict)


def coral(shift: Shift, seed: int) -> Trained:
    predict = fitted(shift, WITHOUT_CLASSIFIER["CORAL"](shift, seed), shift.source_labels)
    return Trained(predict, lambda rows: predict(adapt.coral(rows, shift.target)))


def self_training(shift: Shift, seed: int) -> Trained:
    result = adapt.self_train(
        shift.source,
        shift.source_labels,
        shift.target,
        fit=lambda rows, labels: fitted(shift, rows, labels),
        threshold=0.8,
        rounds=5,
    )
    return Trained(result.predict, result.predict)


# ---------------------------------------------------------------- networks: one backbone for all


def parts(shift: Shift) -> tuple[Any, Any]:
    """Build (backbone, head): two dense layers for rows, three convolutions with BatchNorm for images."""
    import keras
    from keras import layers

    classes = int(shift.source_labels.max()) + 1
    if shift.source.ndim == 2:
        rows = keras.Input(shift.source.shape[1:])
        features = layers.Dense(32, activation="relu")(layers.Dense(32, activation="relu")(rows))
        return keras.Model(rows, features), layers.Dense(classes)
    pictures = keras.Input(shift.source.shape[1:])
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    for channels in (16, 32, 48):
        x = layers.Conv2D(channels, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(pictures, layers.Dense(64, activation="relu")(layers.Flatten()(x))), layers.Dense(classes)


def _steps(shift: Shift) -> dict[str, int]:
    """For rows 300 steps on batches of 300, as in the lesson on DANN, where that was chosen on moons; for images 12 epochs."""
    return {"epochs": 10, "batch_size": 300} if shift.source.ndim == 2 else {"epochs": 12, "batch_size": 32}


def _repeated(rows: np.ndarray) -> np.ndarray:
    """Repeat rows of features until an epoch has 30 batches of 300: few long epochs cost less than many short ones."""
    return np.concatenate([rows] * max(1, 9000 // len(rows))) if rows.ndim == 2 else rows


def _optimizer(shift: Shift) -> Any:
    import keras

    return keras.optimizers.Adam(5e-3 if shift.source.ndim == 2 else 2e-3)


def _logits(model: Any) -> Trained:
    from scipy.special import softmax

    def predict(rows: np.ndarray) -> np.ndarray:
        return softmax(_outputs(model, rows), axis=1)

    return Trained(predict, predict)


def _outputs(model: Any, rows: np.ndarray) -> np.ndarray:
    rows = rows.astype("float32")
    return np.concatenate([np.asarray(model(rows[i : i + 256], training=False)) for i in range(0, len(rows), 256)])


def _trained_network(shift: Shift, seed: int, images: np.ndarray, labels: np.ndarray, front: tuple[Any, ...] = ()) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    backbone, head = parts(shift)
    model = keras.Sequential([keras.Input(shift.source.shape[1:]), *front, backbone, head])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(_optimizer(shift), loss)
    images = _repeated(images.astype("float32"))
    model.fit(images, np.resize(labels, len(images)), verbose=0, **_steps(shift))
    return model


@lru_cache(maxsize=1)
def _source_network(shift: Shift, seed: int) -> tuple[Any, list[np.ndarray], float]:
    """Train the network of "source only" once for all rows that start from it; return it, its weights, and the seconds."""
    start = time.process_time()
    model = _trained_network(shift, seed, shift.source, shift.source_labels)
    return model, model.get_weights(), time.process_time() - start


def _from_source_network(shift: Shift, seed: int) -> tuple[Any, float]:
    known = _source_network.cache_info().hits
    model, weights, seconds = _source_network(shift, seed)
    model.set_weights(weights)  # a method may have changed it
    return model, seconds if _source_network.cache_info().hits > known else 0.0


def network(shift: Shift, seed: int) -> Trained:
    model, seconds = _from_source_network(shift, seed)
    return replace(_logits(model), seconds=seconds)


def network_oracle(shift: Shift, seed: int) -> Trained:
    return _logits(_trained_network(shift, seed, shift.target, shift.target_labels))


def _paired(shift: Shift, seed: int, build: Callable[[Any, Any], Any]) -> Trained:
    import keras

    keras.utils.set_random_seed(seed)
    model = build(*parts(shift))
    model.compile(_optimizer(shift))
    source, target = (_repeated(rows.astype("float32")) for rows in (shift.source, shift.target))
    model.fit(source, np.resize(shift.source_labels, len(source)), target, seed=seed, verbose=0, **_steps(shift))
    return _logits(model.classifier)


def dann(shift: Shift, seed: int) -> Trained:
    return _paired(shift, seed, adapt.DANN)


def deep_coral(shift: Shift, seed: int) -> Trained:
    return _paired(shift, seed, lambda b, h: adapt.AlignedModel(b, h, distance=adapt.deep_coral_loss, weight=10.0))


def deep_mmd(shift: Shift, seed: int) -> Trained:
    return _paired(shift, seed, lambda b, h: adapt.AlignedModel(b, h, distance=adapt.mmd_loss, weight=1.0))


def adaptive_batchnorm(shift: Shift, seed: int) -> Trained:
    model, seconds = _from_source_network(shift, seed)
    held = _logits(model).on_source(shift.held)  # before: afterwards the statistics are those of the target
    adapt.adapt_batchnorm(model, shift.target.astype("float32"), seed=seed)
    return Trained(_logits(model).on_target, lambda rows: held, seconds)


def randomisation(shift: Shift, seed: int) -> Trained:
    front = (
        adapt.RandomBackground(0.8, seed=seed),
        adapt.RandomColour(0.3, invert=True, seed=seed + 1),
        adapt.RandomGrain(15.0, seed=seed + 2),
    )
    return _logits(_trained_network(shift, seed, shift.source, shift.source_labels, front))


def features_coral(shift: Shift, seed: int) -> Trained:
    return _on_features(shift, seed, coral)


def features_self_training(shift: Shift, seed: int) -> Trained:
    return _on_features(shift, seed, self_training)


def _on_features(shift: Shift, seed: int, method: Callable[[Shift, int], Trained]) -> Trained:
    """Let a method on features work on the last features of the network of the source."""
    model, seconds = _from_source_network(shift, seed)
    backbone = model.layers[-2]
    scale = float(_outputs(backbone, shift.source).std()) or 1.0

    def features(images: np.ndarray) -> np.ndarray:
        return _outputs(backbone, images).astype(float) / scale

    inner = Shift(
        features(shift.source),
        shift.source_labels,
        features(shift.held),
        shift.held_labels,
        features(shift.target),
        shift.target_labels,
        shift.test[:0],
        shift.test_labels[:0],
    )
    trained = method(inner, seed)
    return Trained(lambda rows: trained.on_target(features(rows)), lambda rows: trained.on_source(features(rows)), seconds)


WITHOUT_CLASSIFIER: dict[str, Callable[[Shift, int], np.ndarray]] = {  # rows or weights, and no more
    "weights, classifier": lambda shift, seed: adapt.classifier_weights(shift.source, shift.target),
    "weights, KLIEP": lambda shift, seed: adapt.kliep_weights(shift.source, shift.target, seed=seed),
    "CORAL": lambda shift, seed: adapt.coral(shift.source, shift.target),
}
ON_FEATURES: dict[str, Callable[[Shift, int], Trained]] = {
    "source only": source_only,
    "weights, classifier": classifier_weights,
    "weights, KLIEP": kliep,
    "CORAL": coral,
    "self-training": self_training,
    "source only, network": network,
    "deep CORAL": deep_coral,
    "deep MMD": deep_mmd,
    "DANN": dann,
    "oracle": oracle,
}
ON_PICTURES: dict[str, Callable[[Shift, int], Trained]] = {
    "source only, network": network,
    "AdaBN": adaptive_batchnorm,
    "CORAL on its features": features_coral,
    "self-training on its features": features_self_training,
    "deep CORAL": deep_coral,
    "deep MMD": deep_mmd,
    "DANN": dann,
    "domain randomisation": randomisation,
    "oracle, network": network_oracle,
}
ORACLES = ("oracle", "oracle, network")
