"""Retrain only the last layer, on as many examples of each group: "deep feature reweighting" (Kirichenko et al. 2022).

The idea of "Last layer re-training is sufficient for robustness to spurious correlations" (arXiv 2204.02937): features know both the
object and the background; only the last layer trusts the background. The paper's logistic regression has an L1 penalty chosen on
held-out data; here it is L2 with one strength, as everywhere in this package.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, as_numbers, require_same_length


@dataclass(frozen=True)
class LinearHead:
    """A last layer for raw features, whose scaling is worked into its values.

    Args:
        kernel: `(features, num_classes)`.
        bias: `(num_classes,)`.
    """

    kernel: np.ndarray
    bias: np.ndarray

    def logits(self, features: ArrayLike) -> np.ndarray:
        """Return `(n, num_classes)` logits.

        Args:
            features: `(n, features)`.
        """
        return np.asarray(features, np.float64) @ self.kernel + self.bias

    def predict(self, features: ArrayLike) -> np.ndarray:
        """Return `(n,)` class numbers.

        Args:
            features: `(n, features)`.
        """
        return self.logits(features).argmax(axis=1)

    def put_into(self, layer: Any) -> None:
        """Set the weights of a Keras `Dense` layer of that shape, without activation: it then gives these logits.

        Args:
            layer: The layer, built.

        Raises:
            ValueError: If the layer has other shapes, or an activation.
        """
        shapes = [tuple(weight.shape) for weight in layer.get_weights()]
        if shapes != [self.kernel.shape, self.bias.shape]:
            raise ValueError(
                f"Expected a Dense layer of shapes {[self.kernel.shape, self.bias.shape]}. Received: shapes={shapes}."
            )
        if getattr(getattr(layer, "activation", None), "__name__", "linear") != "linear":
            raise ValueError(f"Expected a last layer without activation. Received: activation={layer.activation.__name__!r}.")
        layer.set_weights([self.kernel, self.bias])


def retrain_last_layer(
    features: ArrayLike, labels: ArrayLike, groups: ArrayLike, *, strength: float = 0.1, repeats: int = 10, seed: int = 0
) -> LinearHead:
    """Fit logistic regressions on draws with as many examples of each group, and average them.

    Each draw takes from every group as many examples as the smallest group has, at random. Features are standardised with mean
    and standard deviation of all of `features`. The paper takes held-out examples where it can (better), else training examples.

    Args:
        features: `(n, features)` of a frozen network, such as `tlcourse.extract_features` returns.
        labels: `(n,)` class numbers.
        groups: `(n,)` group numbers; each pair of label and background is a group.
        strength: Inverse of the L2 penalty (scikit-learn's `C`), above 0.
        repeats: Draws that are averaged, 1 or more. If the groups are equally large, every draw is the same.
        seed: The same seed gives the same draws.

    Returns:
        The head. It has two columns for two classes.

    Raises:
        ValueError: If shapes do not fit, there is one class only, or an argument is out of range.
    """
    from sklearn.linear_model import LogisticRegression

    features, labels, groups = as_numbers("features", features, 2), as_labels("labels", labels), as_labels("groups", groups)
    require_same_length(features=features, labels=labels, groups=groups)
    classes = np.unique(labels)
    if len(classes) < 2 or not np.array_equal(classes, np.arange(len(classes))):
        raise ValueError(f"`labels` must hold every class from 0 on, two or more. Received: classes={classes.tolist()}.")
    if strength <= 0 or repeats < 1:
        raise ValueError(
            f"`strength` must be above 0 and `repeats` 1 or more. Received: strength={strength!r}, repeats={repeats!r}."
        )
    mean, spread = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0  # a feature that never changes says nothing
    scaled, rng = (features - mean) / spread, np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    smallest = min(map(len, members))
    if all(len(own) == smallest for own in members):
        repeats = 1
    kernel, bias = np.zeros((features.shape[1], len(classes))), np.zeros(len(classes))
    for _ in range(repeats):
        drawn = np.concatenate([rng.permutation(own)[:smallest] for own in members])
        fitted = LogisticRegression(C=strength, max_iter=2000).fit(scaled[drawn], labels[drawn])
        halves = [-fitted.coef_ / 2, fitted.coef_ / 2] if len(classes) == 2 else [fitted.coef_]
        kernel += np.concatenate(halves).T / repeats
        starts = [-fitted.intercept_ / 2, fitted.intercept_ / 2] if len(classes) == 2 else [fitted.intercept_]
        bias += np.concatenate(starts) / repeats
    kernel = kernel / spread[:, None]
    return LinearHead(kernel, bias - mean @ kernel)
