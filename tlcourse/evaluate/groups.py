"""How differently a model treats groups: accuracy group by group, and the gaps that fairness criteria are about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlcourse.arguments import as_labels, require_same_length
from tlcourse.evaluate.metrics import correct_flags


@dataclass(frozen=True)
class GroupRates:
    """Decisions group by group; all arrays have one entry for each group in `groups`, and NaN where there is nothing to count.

    Args:
        groups: Numbers of the groups, ascending.
        counts: Examples of each.
        positive: Share whose label is 1 (the base rate).
        selected: Share that is predicted 1 (the selection rate).
        true_positive: Of those with label 1, the share predicted 1. The others were turned down wrongly.
        false_positive: Of those with label 0, the share predicted 1 (wrongly selected).
    """

    groups: np.ndarray
    counts: np.ndarray
    positive: np.ndarray
    selected: np.ndarray
    true_positive: np.ndarray
    false_positive: np.ndarray

    def __str__(self) -> str:
        header = ("group", "examples", "positive", "selected", "true positive", "false positive")
        columns = (self.positive, self.selected, self.true_positive, self.false_positive)
        lines = [" ".join(f"{name:>14}" for name in header)]
        for i, (group, count) in enumerate(zip(self.groups, self.counts, strict=True)):
            shares = ("undefined" if np.isnan(column[i]) else f"{column[i]:.3f}" for column in columns)
            lines.append(" ".join(f"{cell:>14}" for cell in (str(group), str(count), *shares)))
        for kind, label, values in (("true", 1, self.true_positive), ("false", 0, self.false_positive)):
            for group in self.groups[np.isnan(values)]:
                lines.append(f"{kind} positive rate undefined for group {group} (no example of label {label})")
        return "\n".join(lines)


def group_accuracies(labels: ArrayLike, predictions: ArrayLike, groups: ArrayLike, num_groups: int | None = None) -> np.ndarray:
    """Return for each group the share of its examples that are predicted right.

    Args:
        labels: `(n,)` true class numbers.
        predictions: `(n,)` predicted class numbers, or `(n, num_classes)` scores.
        groups: `(n,)` group numbers, 0 or more.
        num_groups: Length of the result; by default the largest group number plus one.

    Returns:
        `(num_groups,)` floats, 0-1; NaN for a group without examples.

    Raises:
        ValueError: If the shapes do not fit or a group number is `num_groups` or more.
    """
    right, groups = correct_flags(labels, predictions), as_labels("groups", groups)
    require_same_length(labels=right, groups=groups)
    largest = int(groups.max())
    if num_groups is None:
        num_groups = largest + 1
    elif largest >= num_groups:
        raise ValueError(
            f"Group numbers must be less than `num_groups`. Received: groups.max()={largest}, num_groups={num_groups}."
        )
    counts, hits = np.bincount(groups, minlength=num_groups), np.bincount(groups, right, num_groups)
    return np.divide(hits, counts, out=np.full(num_groups, np.nan), where=counts > 0)


def worst_group_accuracy(labels: ArrayLike, predictions: ArrayLike, groups: ArrayLike) -> float:
    """Return the accuracy of the group that fares worst, of those that have examples.

    The smallest of several noisy numbers lies below the truth on average, the more so the smaller the groups are: report the
    sizes too, and `bootstrap_interval(correct_flags(...)[groups == worst])`.

    Args:
        labels: As in `group_accuracies`.
        predictions: As in `group_accuracies`.
        groups: As in `group_accuracies`.
    """
    return float(np.nanmin(group_accuracies(labels, predictions, groups)))


def group_rates(labels: ArrayLike, predictions: ArrayLike, groups: ArrayLike) -> GroupRates:
    """Return base rate, selection rate, true and false positive rate of each group.

    Args:
        labels: `(n,)` 0 or 1, or False and True.
        predictions: `(n,)` decisions, 0 or 1, or False and True.
        groups: `(n,)` whole numbers, 0 or more.

    Raises:
        ValueError: If lengths differ or labels or decisions are not 0 and 1.
    """
    y, chosen, groups = _flags("labels", labels), _flags("predictions", predictions), as_labels("groups", groups)
    require_same_length(labels=y, predictions=chosen, groups=groups)
    names = np.unique(groups)
    own = groups == names[:, None]  # (n_groups, n)

    def share(of: np.ndarray, among: np.ndarray) -> np.ndarray:
        total = among.sum(axis=1)
        return np.divide((among & of).sum(axis=1), total, out=np.full(len(names), np.nan), where=total > 0)

    return GroupRates(
        names, own.sum(axis=1), share(y, own), share(chosen, own), share(chosen, own & y), share(chosen, own & ~y)
    )


def selection_rate_difference(predictions: ArrayLike, groups: ArrayLike) -> float:
    """Return the largest minus the smallest share that is predicted 1, over groups (demographic parity asks for 0).

    It is the same number as fairlearn's `demographic_parity_difference`.

    Args:
        predictions: As in `group_rates`.
        groups: As in `group_rates`.
    """
    return float(np.ptp(group_rates(predictions, predictions, groups).selected))


def equalized_odds_difference(labels: ArrayLike, predictions: ArrayLike, groups: ArrayLike) -> float:
    """Return the larger of two gaps over groups: in the true and in the false positive rate (Hardt, Price, Srebro 2016).

    It is the same number as fairlearn's function of that name.

    Args:
        labels: As in `group_rates`.
        predictions: As in `group_rates`.
        groups: As in `group_rates`.

    Raises:
        ValueError: If lengths differ, labels or decisions are not 0 and 1, or a rate is undefined for a group because it has no
            example of label 1, or none of label 0.
    """
    rates = group_rates(labels, predictions, groups)
    _require_defined("true", 1, rates.true_positive, rates)
    _require_defined("false", 0, rates.false_positive, rates)
    return float(max(np.ptp(rates.true_positive), np.ptp(rates.false_positive)))


def bias_amplification(labels: ArrayLike, predictions: ArrayLike, groups: ArrayLike) -> float:
    """Tell by how much the gap between groups is wider in the predictions than in the labels.

    The two groups compared are those whose labels are 1 most and least often; the gap is the difference of these shares, and in
    the predictions it is taken in the same direction. After Zhao et al. 2017, "Men also like shopping", and, for the direction,
    Wang and Russakovsky 2021, "Directional bias amplification".

    Args:
        labels: `(n,)` 0 or 1. The labels that the model learned from or is compared with, which need not be just.
        predictions: `(n,)` 0 or 1, for the same examples.
        groups: `(n,)` whole numbers, 0 or more.

    Returns:
        Above 0: amplified. 0: passed on as it was. Below 0: narrowed, or turned round.

    Raises:
        ValueError: If lengths differ or labels or decisions are not 0 and 1.
    """
    rates = group_rates(labels, predictions, groups)
    most, least = int(rates.positive.argmax()), int(rates.positive.argmin())
    if most == least:  # the labels show no gap, so there is no direction
        return float(np.ptp(rates.selected))
    return float((rates.selected[most] - rates.selected[least]) - (rates.positive[most] - rates.positive[least]))


def _flags(name: str, values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    array = as_labels(name, array.astype(np.int64) if array.dtype == bool else array)
    if array.max() > 1:
        raise ValueError(
            f"`{name}` must be 0 and 1: who is selected and who is not. With several classes ask about one of them: "
            f"`{name} == class_number`. Received: {name}.max()={array.max()}."
        )
    return array == 1


def _require_defined(kind: str, label: int, values: np.ndarray, rates: GroupRates) -> None:
    """Raise unless every group has examples of the label that the rate is counted on."""
    undefined = rates.groups[np.isnan(values)].tolist()
    if undefined:
        names = ", ".join(map(str, undefined))
        raise ValueError(
            f"The {kind} positive rate is undefined for group {names}: no example there has label {label}. Leave that group out, "
            f"or collect such examples. Received: groups without label {label}={undefined}."
        )
