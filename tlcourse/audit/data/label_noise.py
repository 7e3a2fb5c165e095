"""Find labels that look wrong: two classifiers that were not trained on an example agree on another class.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset labels") by the package
cleanlab, made stricter. On its own it flags 5 to 15 % of clean labels if the features are weak, because a hard example looks like a
wrong label. Here a nearest-neighbour classifier must agree, the flags must be a large part of all errors, and they must be more than
the same rule flags among labels without any error: labels that are drawn from the classifier's own calibrated probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FOLDS = 5
COMPONENTS = 64
NEIGHBOURS = 15
_DOUBT = 0.1  # both classifiers give the label at most this probability
# Measured without added noise on flower photographs, cats and dogs, drawn flowers, MNIST, digits, iris, wine, breast cancer, and on
# hard but clean clusters of up to twelve classes: the flags are at most 15 % of all errors, or at most 1.3 % of the examples. With
# 10 % wrong labels they are 20 to 60 % of the errors (drawn flowers 15 % and cats and dogs 5 %: these two are missed).
_SHARE_OF_ERRORS = 0.17
_SHARE_OF_EXAMPLES = 0.015
_GAIN = 0.5  # accuracy above the share of the largest class, as a part of the largest possible gain
_FEWEST = 5
_DRAWS = 5  # of labels without any error
_ROUNDS = 10  # of expectation-maximisation
_SURE = 3.0  # standard deviations of a count by which the flags must exceed what chance gives


@dataclass(frozen=True)
class LabelNoise:
    """What out-of-fold probabilities say about the labels.

    Args:
        suspects: Positions of the labels that look wrong, `(k,)`, the clearest first; empty if the evidence is too weak.
        suggested: Class that both classifiers prefer, `(k,)`.
        accuracy: Accuracy of the out-of-fold predictions, 0 to 1.
        gain: Accuracy of the weaker classifier, where 0 is the share of the largest class and 1 is no error.
        examined: Number of examples.
        expected: How many labels the same rule flags if none is wrong.
    """

    suspects: np.ndarray
    suggested: np.ndarray
    accuracy: float
    gain: float
    examined: int
    expected: float

    @property
    def telling(self) -> bool:
        """Whether the features separate the classes well enough to judge labels by them."""
        return self.gain >= _GAIN


def find_label_noise(features: np.ndarray, classes: np.ndarray) -> LabelNoise:
    """Find labels that look wrong.

    Args:
        features: Features `(n, features)` of a network that was not trained on these labels, or not to the end.
        classes: Whole numbers `(n,)`. Classes with fewer than ten examples are left out.

    Raises:
        ImportError: If cleanlab is not installed; the text names the line that installs it.
        ValueError: If fewer than two classes have ten examples, or the features are the same for all examples.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.neighbors import KNeighborsClassifier

    try:
        import cleanlab  # noqa: F401 - asked for here, before anything is fitted
    except ImportError as error:
        raise ImportError('Looking for wrong labels needs the package cleanlab: pip install "tlcourse[audit]"') from error

    kept = np.flatnonzero(np.isin(classes, np.flatnonzero(np.bincount(classes) >= 2 * FOLDS)))
    names, labels = np.unique(classes[kept], return_inverse=True)
    if len(names) < 2:
        raise ValueError("fewer than two classes have ten examples")
    values = _compact(features[kept])
    if not values.shape[1]:
        raise ValueError("the features are the same for all examples")
    linear = _out_of_fold(LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1), values, labels)
    nearest = _out_of_fold(KNeighborsClassifier(NEIGHBOURS), values, labels)
    flagged, guess = _flagged(labels, linear, nearest), linear.argmax(axis=1)
    expected = _expected(labels, linear, nearest)
    errors = float((guess != labels).mean())
    gain = min(_gain(linear, labels), _gain(nearest, labels))
    made = (
        gain >= _GAIN
        and flagged.sum() >= _FEWEST
        and flagged.mean() >= _SHARE_OF_EXAMPLES
        and flagged.mean() >= _SHARE_OF_ERRORS * errors
        and flagged.sum() > expected + _SURE * np.sqrt(max(expected, 1.0))
    )
    found = np.flatnonzero(flagged) if made else np.zeros(0, np.int64)
    found = found[np.argsort(linear[found, labels[found]] - linear[found].max(axis=1), kind="stable")]
    return LabelNoise(kept[found], names[guess[found]], 1 - errors, gain, len(kept), expected)


def _flagged(labels: np.ndarray, linear: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Tell for each example whether cleanlab and both classifiers' probabilities speak against its label, `(n,)`."""
    from cleanlab.filter import find_label_issues

    rows = np.arange(len(labels))
    flagged = find_label_issues(labels, linear, filter_by="both", n_jobs=1)
    flagged &= (linear[rows, labels] < _DOUBT) & (nearest[rows, labels] < _DOUBT)
    return flagged & (linear.argmax(axis=1) == nearest.argmax(axis=1)) & (linear.max(axis=1) > 0.5)


def _expected(labels: np.ndarray, linear: np.ndarray, nearest: np.ndarray) -> float:
    """Return how many labels are flagged if none is wrong: if they are drawn from the calibrated probabilities."""
    chances = error_free(labels, linear).cumsum(axis=1)
    rng, counts = np.random.default_rng(0), []
    for _ in range(_DRAWS):
        drawn = (rng.random((len(labels), 1)) > chances[:, :-1]).sum(axis=1)
        present = len(np.unique(drawn)) == linear.shape[1]  # cleanlab needs an example of every class
        counts.append(int(_flagged(drawn, linear, nearest).sum()) if present else 0)
    return float(np.mean(counts))


def error_free(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the probabilities of the labels before any went wrong, `(n, classes)`.

    The labels that were seen are explained by the probabilities at some temperature (Guo et al. 2017, "On calibration of modern
    neural networks") and by a table of chances that one class was written for another, wherever the example lies. Both are found
    by maximum likelihood, the table by expectation-maximisation. The probabilities at that temperature are returned, without the
    table: examples between two classes stay doubtful, and errors in the midst of a class do not count.

    Args:
        labels: Whole numbers `(n,)`, each class at least once.
        probabilities: `(n, classes)` of a classifier that was not trained on the example.
    """
    from scipy.optimize import minimize_scalar

    order = np.argsort(labels, kind="stable")
    logs, seen = np.log(np.clip(probabilities[order], 1e-12, None)), labels[order]
    starts = np.searchsorted(seen, np.arange(logs.shape[1]))

    def cooled(temperature: float) -> np.ndarray:
        values = np.exp((logs - logs.max(axis=1, keepdims=True)) / temperature)
        return np.asarray(values / values.sum(axis=1, keepdims=True))

    def loss(log_temperature: float) -> float:
        chances = cooled(float(np.exp(log_temperature)))
        written = np.full((logs.shape[1], logs.shape[1]), 0.1 / logs.shape[1])  # row: label, column: class that it stands for
        np.fill_diagonal(written, 0.9)
        for _ in range(_ROUNDS):
            joint = chances * written[seen]
            total = joint.sum(axis=1, keepdims=True)
            written = np.add.reduceat(joint / total, starts, axis=0)
            written /= np.maximum(written.sum(axis=0), 1e-12)
        return float(-np.log((chances * written[seen]).sum(axis=1)).mean())

    best = minimize_scalar(loss, bounds=np.log([0.1, 10.0]), method="bounded", options={"xatol": 0.02}).x
    found = np.empty_like(logs)
    found[order] = cooled(float(np.exp(best)))
    return found


def _compact(features: np.ndarray) -> np.ndarray:
    """Standardise the features, and keep the 64 directions of largest variance, without using the labels."""
    from sklearn.decomposition import PCA

    values = np.nan_to_num(np.asarray(features, dtype=np.float64))
    spread = values.std(axis=0)
    varied = spread > 1e-4 * spread.max(initial=0)
    values = ((values - values.mean(axis=0))[:, varied] / spread[varied]).astype(np.float32)
    if values.shape[1] > COMPONENTS and len(values) > COMPONENTS:
        values = PCA(COMPONENTS, svd_solver="randomized", random_state=0, iterated_power=2).fit_transform(values)
    return values


def _out_of_fold(classifier: object, values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return cross_val_predict(classifier, values, labels, cv=folds, method="predict_proba")


def _gain(probabilities: np.ndarray, labels: np.ndarray) -> float:
    largest = np.bincount(labels).max() / len(labels)
    accuracy = (probabilities.argmax(axis=1) == labels).mean()
    return float((accuracy - largest) / max(1 - largest, 1e-9))
