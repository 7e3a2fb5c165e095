"""Has the world changed? Three measures of the distance between source and target; none of them needs a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains, balanced_halves, domain_classifier


@dataclass(frozen=True)
class ShiftTest:
    """Result of `classifier_two_sample_test`.

    Args:
        accuracy: Accuracy of a classifier that separates unseen target rows from unseen source rows; 0.5 is guessing.
        p_value: Probability of such an accuracy or a higher one if there is no shift.
        rows: How many unseen rows were classified, half of them of each domain.
    """

    accuracy: float
    p_value: float
    rows: int

    def __str__(self) -> str:
        return f"accuracy {self.accuracy:.3f} on {self.rows} unseen rows, p = {self.p_value:.2g}"


@dataclass(frozen=True)
class FeatureDrift:
    """Result of `feature_drift`, one entry per feature.

    Args:
        distance: `(features,)` largest gap between the two distribution functions, 0 to 1 (Kolmogorov and Smirnov).
        p_value: `(features,)` corrected for looking at many features (Holm 1979).
        moved_by: `(features,)` target mean minus source mean, in standard deviations of the source.
    """

    distance: np.ndarray
    p_value: np.ndarray
    moved_by: np.ndarray

    def drifted(self, level: float = 0.05) -> np.ndarray:
        """Return the numbers of the features that moved, the largest distance first.

        Args:
            level: Probability of naming any feature at all if none moved.
        """
        order = np.argsort(-self.distance, kind="stable")
        return order[self.p_value[order] < level]


def classifier_two_sample_test(
    source_features: ArrayLike, target_features: ArrayLike, *, classifier: Any = None, seed: int = 0
) -> ShiftTest:
    """Test whether source and target are draws from one distribution, by training a classifier to separate them.

    As many rows of each domain are drawn and halved: one half trains the classifier, the other counts its hits `t`. Without a shift
    the hits of `m` unseen rows are those of a coin, `t ~ Binomial(m, 1/2)`, and the p-value is `P(Binomial(m, 1/2) >= t)`
    (Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests", arXiv 1610.06545, section 3; there with the normal
    approximation).

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        classifier: Anything with `fit` and `predict`, unfitted; None is a logistic regression on standardised features, which
            sees shifts of the mean. A shift that leaves all means as they are needs a curved one, such as a nearest-neighbour classifier.
        seed: Seed of the draw.

    Raises:
        ValueError: If the arrays do not fit each other, or there are fewer than 20 rows of a domain.
    """
    from scipy.stats import binom

    source, target = as_domains(source_features, target_features)
    if min(len(source), len(target)) < 20:
        raise ValueError(
            "A test on fewer than 20 rows of a domain says nothing. Received: "
            f"len(source_features)={len(source)}, len(target_features)={len(target)}."
        )
    (train, train_domain), (test, test_domain) = balanced_halves(source, target, seed)
    fitted = (domain_classifier() if classifier is None else classifier).fit(train, train_domain)
    hits, rows = int(np.sum(fitted.predict(test) == test_domain)), len(test)
    return ShiftTest(hits / rows, float(binom.sf(hits - 1, rows, 0.5)), rows)


def proxy_a_distance(
    source_features: ArrayLike, target_features: ArrayLike, *, classifier: Any = None, folds: int = 5, seed: int = 0
) -> float:
    """Return how far apart the domains are: `2 (1 - 2 error)` of a classifier on rows that it has not seen.

    0 means that the best of these classifiers guesses, 2 that it is always right (Ben-David, Blitzer, Crammer and Pereira 2007,
    "Analysis of representations for domain adaptation", section 4). The error is cross-validated on as many rows of each domain,
    and an error above one half counts as one half.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        classifier: As in `classifier_two_sample_test`. Distances of different classifiers cannot be compared.
        folds: Folds of the cross-validation, 2 or more.
        seed: Seed of the draw and of the folds.

    Raises:
        ValueError: If the arrays do not fit each other, or there are fewer rows of a domain than folds.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    source, target = as_domains(source_features, target_features)
    if not 2 <= folds <= min(len(source), len(target)):
        raise ValueError(
            f"`folds` must lie between 2 and the number of rows of either domain, {min(len(source), len(target))}. "
            f"Received: folds={folds!r}."
        )
    halves = balanced_halves(source, target, seed)
    rows, domain = (np.concatenate([half[i] for half in halves]) for i in (0, 1))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    told = cross_val_predict(domain_classifier() if classifier is None else classifier, rows, domain, cv=split)
    return float(max(0.0, 2.0 * (1.0 - 2.0 * np.mean(told != domain))))


def feature_drift(source_features: ArrayLike, target_features: ArrayLike) -> FeatureDrift:
    """Test each feature separately: how far did its distribution move, and could that be chance?

    The distance is `max_x |F_source(x) - F_target(x)|`; its p-value (two-sided Kolmogorov-Smirnov test) is multiplied as in Holm
    (1979, "A simple sequentially rejective multiple test procedure"): among many features without a shift, one is called drifted
    no more often than by a single test. Shifts that only show in several features together are not seen.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.

    Raises:
        ValueError: If the arrays do not fit each other.
    """
    from scipy.stats import ks_2samp

    source, target = as_domains(source_features, target_features)
    # the exact p-value is slow and breaks down for many rows, where the asymptotic one is as good
    method = "exact" if max(len(source), len(target)) <= 100 else "asymp"
    tests = [ks_2samp(source[:, i], target[:, i], method=method) for i in range(source.shape[1])]
    raw = np.array([test.pvalue for test in tests])
    order = np.argsort(raw, kind="stable")
    corrected = np.empty_like(raw)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    spread = source.std(axis=0)
    moved_by = (target.mean(axis=0) - source.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return FeatureDrift(np.array([test.statistic for test in tests]), corrected, moved_by)
