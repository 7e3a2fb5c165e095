"""Maximum mean discrepancy: one number for how different two samples are, its permutation test, and a loss of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from tlcourse.adapt.domains import as_domains

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the median squared distance; of 1 in the loss, whose features have length 1
_TINY = 1e-12


def mmd(source_features: ArrayLike, target_features: ArrayLike, *, scales: Sequence[float] = SCALES) -> float:
    """Return the squared maximum mean discrepancy: 0 on equal samples, larger the further apart they are, never NaN.

    `mean k(s, s') + mean k(t, t') - 2 mean k(s, t)` over all pairs, with the mean of several Gaussian kernels
    `k(a, b) = exp(-||a - b||^2 / (scale * m))`, where `m` is the median squared distance in the pooled sample: Gretton et al.
    (2012), "A kernel two-sample test", JMLR 13, equation 5 (the biased estimate, which cannot be negative); several kernels
    after Long et al. (2015), "Learning transferable features with deep adaptation networks".

    Args:
        source_features: `(n_source, features)`. Memory grows with `(n_source + n_target)^2`; a few thousand rows suffice.
        target_features: `(n_target, features)`.
        scales: Kernel widths, above 0, in units of the median squared distance.

    Returns:
        0 to 2. Even equal distributions give a value above 0 on finite samples: `mmd_test` says how large that is by chance.

    Raises:
        ValueError: If shapes do not fit, values are missing, or a scale is not above 0.
    """
    kernel, counts = _pooled_kernel(source_features, target_features, scales)
    return float(_discrepancies(kernel, _signs(counts)[None])[0])


@dataclass(frozen=True)
class MMDTest:
    """What a permutation test found.

    Args:
        statistic: `mmd` of the two samples.
        quantile: 95 % quantile of `permuted`.
        p_value: Probability of such a statistic or a larger one if there is no shift.
        permuted: `(permutations,)` statistics of random splits.
    """

    statistic: float
    quantile: float
    p_value: float
    permuted: np.ndarray

    @property
    def shifted(self) -> bool:
        """Whether the statistic is above the quantile: samples of one distribution reach that in 5 % of all cases."""
        return self.statistic > self.quantile


def mmd_test(
    source_features: ArrayLike,
    target_features: ArrayLike,
    *,
    permutations: int = 500,
    seed: int = 0,
    scales: Sequence[float] = SCALES,
) -> MMDTest:
    """Test whether two samples differ by more than chance: compare their `mmd` with that of random splits of the pooled sample.

    Gretton et al. (2012), section 5. All splits share one kernel matrix.

    Args:
        source_features: `(n_source, features)`.
        target_features: `(n_target, features)`.
        permutations: Number of random splits, 20 or more.
        seed: Seed of the splits.
        scales: As in `mmd`.

    Returns:
        The statistic, the 95 % quantile, the p-value `(1 + splits as large) / (1 + splits)`, and all permuted statistics.

    Raises:
        ValueError: If shapes do not fit, values are missing, a scale is not above 0, or there are fewer than 20 permutations.
    """
    if permutations < 20:
        raise ValueError(f"A 95 % quantile needs 20 permutations or more. Received: permutations={permutations}.")
    kernel, counts = _pooled_kernel(source_features, target_features, scales)
    signs, rng = _signs(counts), np.random.default_rng(seed)
    statistic = float(_discrepancies(kernel, signs[None])[0])
    permuted = _discrepancies(kernel, np.stack([rng.permutation(signs) for _ in range(permutations)]))
    as_large = int(np.count_nonzero(permuted >= statistic))
    return MMDTest(statistic, float(np.quantile(permuted, 0.95)), (1 + as_large) / (1 + permutations), permuted)


@keras.saving.register_keras_serializable(package="tlcourse")
def mmd_loss(source_features: Any, target_features: Any) -> Any:
    """Return the squared maximum mean discrepancy of two batches of features, as a loss that neither explodes nor becomes NaN.

    As `mmd`, but every row is first brought to length 1, and the kernels' widths are fixed: `exp(-||a - b||^2 / scale)`. Widths
    that follow the batch would make the loss blind to features that shrink, and end in 0 / 0 once all are equal; without the
    length 1, a network could lower it by shrinking its features. A row of zeros stays one, and has a finite gradient.

    Args:
        source_features: `(n_source, features)` tensor.
        target_features: `(n_target, features)` tensor.

    Returns:
        Scalar tensor, 0 to 2.
    """
    source, target = _unit_rows(source_features), _unit_rows(target_features)
    within = ops.mean(_kernel(source, source)) + ops.mean(_kernel(target, target))
    return ops.maximum(within - 2.0 * ops.mean(_kernel(source, target)), 0.0)


def _pooled_kernel(source: ArrayLike, target: ArrayLike, scales: Sequence[float]) -> tuple[np.ndarray, tuple[int, int]]:
    source, target = as_domains(source, target)
    if not len(scales) or not all(scale > 0 for scale in scales):
        raise ValueError(f"`scales` must be numbers above 0, one or more. Received: scales={tuple(scales)!r}.")
    pooled = np.concatenate([source, target])
    pooled -= pooled.mean(axis=0)  # distances stay; less is lost to rounding
    lengths = np.square(pooled).sum(axis=1)
    distances = np.maximum(lengths[:, None] + lengths[None] - 2 * pooled @ pooled.T, 0.0)
    np.fill_diagonal(distances, 0.0)
    apart = distances[np.triu_indices(len(pooled), k=1)]
    median = np.median(apart) or np.mean(apart) or 1.0  # most rows equal, or all of them: no division by 0
    kernel = np.mean([np.exp(-distances / (scale * median)) for scale in scales], axis=0)
    return kernel, (len(source), len(target))


def _signs(counts: tuple[int, int]) -> np.ndarray:
    """Return `+1/n_source` for each source row and `-1/n_target` for each target row."""
    return np.repeat([1.0 / counts[0], -1.0 / counts[1]], counts)


def _discrepancies(kernel: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Return `z' K z` for each row `z`: the three means of the definition in one product."""
    return np.maximum(np.einsum("pn,pn->p", signs @ kernel, signs), 0.0)


def _unit_rows(features: Any) -> Any:
    return features * ops.rsqrt(ops.sum(ops.square(features), axis=-1, keepdims=True) + _TINY)


def _kernel(rows: Any, columns: Any) -> Any:
    # rows of length 1: ||a - b||^2 = 2 - 2 a.b, which needs no square root and no difference of large numbers
    distances = ops.maximum(2.0 - 2.0 * ops.matmul(rows, ops.transpose(columns)), 0.0)  # (n_rows, n_columns)
    return sum(ops.exp(-distances / scale) for scale in SCALES) / len(SCALES)
