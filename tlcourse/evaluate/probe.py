"""Linear probe: how much of a task frozen features give away to a linear classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_features, as_labels, require_number, require_same_length


def linear_probe(
    train_features: ArrayLike,
    train_labels: ArrayLike,
    test_features: ArrayLike,
    test_labels: ArrayLike,
    *,
    strength: float = 1.0,
    max_iter: int = 1000,
) -> float:
    """Train a logistic regression on frozen features and return its accuracy on the test features.

    Features are standardised with the mean and standard deviation of the training features (Alain and Bengio 2016,
    "Understanding intermediate layers using linear classifier probes", for the idea of a probe). Neither array is changed:
    both may be read-only memory maps.

    Args:
        train_features: `(n_train, features)`.
        train_labels: `(n_train,)` class numbers.
        test_features: `(n_test, features)`.
        test_labels: `(n_test,)` class numbers.
        strength: Inverse of the L2 penalty, above 0 (scikit-learn's `C`); smaller values suit fewer examples.
        max_iter: Steps of the solver at most; scikit-learn warns if they do not suffice.

    Returns:
        Accuracy on the test features, 0-1.

    Raises:
        ValueError: If shapes do not fit, values are missing or the training labels hold one class only.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train_features, test_features = as_features("train_features", train_features), as_features("test_features", test_features)
    train_labels, test_labels = as_labels("train_labels", train_labels), as_labels("test_labels", test_labels)
    require_same_length(train_features=train_features, train_labels=train_labels)
    require_same_length(test_features=test_features, test_labels=test_labels)
    if train_features.shape[1] != test_features.shape[1]:
        raise ValueError(
            "Training and test features must come from the same backbone. Received: "
            f"train_features.shape[1]={train_features.shape[1]}, test_features.shape[1]={test_features.shape[1]}."
        )
    if len(np.unique(train_labels)) < 2:
        raise ValueError(f"`train_labels` must hold two classes or more. Received: classes={np.unique(train_labels).tolist()}.")
    require_number("strength", strength, above=0)
    largest = float(np.abs(train_features).max())
    if largest and not 1e-15 < largest < 1e15:  # squares would leave the range of floats
        train_features, test_features = train_features / largest, test_features / largest
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=max_iter))
    return float(probe.fit(train_features, train_labels).score(test_features, test_labels))
