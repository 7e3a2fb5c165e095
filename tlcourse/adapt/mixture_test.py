"""Can shares of the source's classes explain the target's predictions? What label shift assumes, tested without target labels."""

from __future__ import annotations

import numpy as np

_DRAWS = 199
_STEPS = 100  # of expectation-maximisation on a histogram
_LEVELS = 4  # of confidence within a predicted class
_ROWS = 5  # source rows that a bin holds on average, at least


def mixture_test(
    source: np.ndarray, labels: np.ndarray, target: np.ndarray, classes: int, seed: int = 0
) -> tuple[float, float]:
    """Test whether the target's predictions are a mixture of what the source's classes give.

    Under label shift `P_target(prediction) = sum_j share_j P_source(prediction | class j)`. Predictions fall into bins: the
    predicted class and, with probabilities, how high it is. The shares that fit best are found by maximum likelihood, and the
    likelihood ratio is compared with that of draws from the fitted mixture, in which the source is drawn again as well. With
    class numbers and as many bins as classes nearly all targets fit, so the test sees little.

    Args:
        source: `(n_source,)` class numbers or `(n_source, classes)` probabilities, of rows that the classifier was not trained on.
        labels: `(n_source,)` their classes; each from 0 to `classes - 1` occurs.
        target: As `source`, of the target.
        classes: How many classes there are.
        seed: Seed of the draws.

    Returns:
        Probability of so bad a fit if the mixture is right, 0.005 or more, and the share of the target's rows that lie in other
        bins than the mixture says (total variation), 0 to 1.
    """
    places, target_places, bins = _bins(source, target, classes)
    shares = np.zeros((bins, classes))
    np.add.at(shares, (places, labels), 1.0)
    sizes = shares.sum(axis=0)
    shares = _smooth(shares)
    counts = np.bincount(target_places, minlength=bins).astype(float)
    mixed, misfit = _fit(shares[None], counts[None])
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.multinomial(int(n), shares[:, j], _DRAWS) for j, n in enumerate(sizes)], axis=2).astype(float)
    _, by_chance = _fit(_smooth(drawn), rng.multinomial(int(counts.sum()), mixed[0] / mixed[0].sum(), _DRAWS).astype(float))
    gap = 0.5 * float(np.abs(counts / counts.sum() - mixed[0]).sum())
    return float((1 + (by_chance >= misfit[0]).sum()) / (1 + _DRAWS)), gap


def _bins(source: np.ndarray, target: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the bin of each row of both domains, and how many there are."""
    if source.ndim == 1:
        return source, target, classes
    levels = int(np.clip(len(source) // (_ROWS * classes), 1, _LEVELS if classes > 2 else 2 * _LEVELS))
    said, target_said = source.argmax(axis=1), target.argmax(axis=1)
    places, target_places = said * levels, target_said * levels
    for k in range(classes):
        mine, theirs = source[said == k, k], target[target_said == k, k]
        edges = np.quantile(np.concatenate([mine, theirs]), np.arange(1, levels) / levels) if len(mine) + len(theirs) else []
        places[said == k] += np.searchsorted(edges, mine)
        target_places[target_said == k] += np.searchsorted(edges, theirs)
    return places, target_places, classes * levels


def _smooth(counts: np.ndarray) -> np.ndarray:
    """Turn counts `(..., bins, classes)` into shares of each class; no bin is impossible."""
    counts = counts + 0.5 / counts.shape[-2]
    return np.asarray(counts / counts.sum(axis=-2, keepdims=True))


def _fit(shares: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the mixture to each row of `counts`; return `(draws, bins)` shares of the bins and `(draws,)` likelihood ratios."""
    total = counts.sum(axis=1, keepdims=True)
    mixing = np.full((len(counts), shares.shape[2], 1), 1 / shares.shape[2])
    for _ in range(_STEPS):
        mixed = (shares @ mixing)[..., 0]
        mixing *= (np.swapaxes(shares, 1, 2) @ (counts / mixed)[..., None]) / total[..., None]
    mixed = (shares @ mixing)[..., 0]
    logs = np.log(np.maximum(counts, 1e-300) / (total * mixed))
    return mixed, 2 * np.where(counts > 0, counts * logs, 0.0).sum(axis=1)
