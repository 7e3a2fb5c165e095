"""CORAL: give the source the target's covariance, in closed form on features or as a loss of a network."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains


def coral(source_features: ArrayLike, target_features: ArrayLike, *, regularisation: float = 1e-3) -> np.ndarray:
    """Return the source features, moved so that their mean and covariance are those of the target.

    Minimises `|| A' C_S A - C_T ||_F` over `A` by whitening and colouring, `A = C_S^(-1/2) C_T^(1/2)`: Sun, Feng and Saenko (2016),
    "Return of frustratingly easy domain adaptation", AAAI, algorithm 1. Two departures: the paper takes features whose mean
    is 0 already, here the source's mean is exchanged for the target's; and the paper adds the identity to both covariances,
    here `regularisation` times the mean variance is added: the unit of the features then does not matter.

    Train a classifier on the result with the source's labels, and use it on the target's features as they are. No label of the
    target is used. Nothing ensures that a class of the source lands on the same class of the target.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        regularisation: Share of the mean variance that is added, 0 or more. 0 matches exactly, but needs more examples than
            features in the source.

    Returns:
        `(n_source, features)` float64, rows in the order of the source.

    Raises:
        ValueError: If shapes do not fit, values are missing, `regularisation` is negative, or it is 0 and the source's covariance
            has no inverse.
    """
    source, target = as_domains(source_features, target_features)
    if not regularisation >= 0:
        raise ValueError(f"`regularisation` must be 0 or more. Received: regularisation={regularisation!r}.")
    whiten = _power(_covariance(source, regularisation), -0.5)
    colour = _power(_covariance(target, regularisation), 0.5)
    return (source - source.mean(axis=0)) @ (whiten @ colour) + target.mean(axis=0)


@keras.saving.register_keras_serializable(package="tlcourse")
def deep_coral_loss(source_features: Any, target_features: Any) -> Any:
    """Return how far the covariances of two batches are apart: `|| C_S - C_T ||_F^2 / (4 d^2)`, `d` features.

    Sun and Saenko (2016), "Deep CORAL: correlation alignment for deep domain adaptation", equations 1 to 3. Means are not compared.

    Args:
        source_features: `(n_source, features)` tensor, 2 rows or more.
        target_features: `(n_target, features)` tensor, 2 rows or more.

    Returns:
        Scalar tensor, 0 or more; 0 where the covariances are equal.
    """
    difference = _batch_covariance(source_features) - _batch_covariance(target_features)
    return ops.sum(ops.square(difference)) / (4.0 * source_features.shape[-1] ** 2)


def _covariance(features: np.ndarray, regularisation: float) -> np.ndarray:
    covariance = np.atleast_2d(np.cov(features, rowvar=False))
    return covariance + regularisation * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    """Return a symmetric matrix to a power, through its eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    smallest = values[-1] * len(values) * np.finfo(np.float64).eps  # below it, an eigenvalue is rounding
    if exponent < 0 and values[0] <= smallest:
        raise ValueError(
            "The source's covariance has no inverse: a feature is constant, or there are fewer examples than features. "
            "Pass regularisation=1e-3, drop constant columns, or use PCA first."
        )
    return (vectors * np.maximum(values, 0.0) ** exponent) @ vectors.T


def _batch_covariance(features: Any) -> Any:
    centred = features - ops.mean(features, axis=0, keepdims=True)
    count = ops.cast(ops.shape(features)[0], features.dtype)
    return ops.matmul(ops.transpose(centred), centred) / (count - 1.0)  # (features, features)
