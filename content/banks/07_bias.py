"""Instructors' side of lesson 07: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong


def _count(
    accuracy: str = "min(accuracies)", gap: str = "np.ptp(np.array(rates), axis=0).max()", rate: str = "", result: str = ""
) -> str:
    rate = rate or "[np.mean(predictions[own & (labels == y)]) for y in (0, 1)]"
    return f"""
import numpy as np

def count_by_group(labels, predictions, groups):
    accuracies, rates, selected = [], [], []
    for group in np.unique(groups):
        own = groups == group
        accuracies.append(np.mean(labels[own] == predictions[own]))
        rates.append({rate})
        selected.append(predictions[own].mean())
    return {result or f"{accuracy}, {gap}"}
"""


COUNT = Bank(
    right=[
        Right("masks", _count()),
        Right(
            "plain Python",
            """
def count_by_group(labels, predictions, groups):
    rows = {}
    for y, p, g in zip(labels.tolist(), predictions.tolist(), groups.tolist()):
        rows.setdefault(g, []).append((y, p))
    share = lambda values: sum(values) / len(values)
    worst = min(share([y == p for y, p in row]) for row in rows.values())
    gaps = []
    for label in (0, 1):
        rates = [share([p for y, p in row if y == label]) for row in rows.values()]
        gaps.append(max(rates) - min(rates))
    return [worst, max(gaps)]
""",
        ),
        Right(
            "with the package and scikit-learn",
            """
import numpy as np
from sklearn.metrics import accuracy_score, recall_score

def count_by_group(labels, predictions, groups):
    parts = [(labels[groups == g], predictions[groups == g]) for g in set(groups.tolist())]
    true = [recall_score(y, p) for y, p in parts]
    false = [1 - recall_score(y, p, pos_label=0) for y, p in parts]
    return np.array([min(accuracy_score(y, p) for y, p in parts), max(np.ptp(true), np.ptp(false))])
""",
        ),
    ],
    wrong=[
        Wrong("average", "average-accuracy", _count("np.mean(labels == predictions)")),
        Wrong("mean of groups", "mean-of-the-groups", _count("np.mean(accuracies)")),
        Wrong("best", "best-group", _count("max(accuracies)")),
        Wrong("recall only", "true-positives-only", _count(gap="np.ptp([r[1] for r in rates])")),
        Wrong("false positives only", "false-positives-only", _count(gap="np.ptp([r[0] for r in rates])")),
        Wrong("selection", "selection-gap", _count(gap="np.ptp(selected)")),
        Wrong("mean of gaps", "mean-of-the-gaps", _count(gap="np.ptp(np.array(rates), axis=0).mean()")),
        Wrong("sum of gaps", "sum-of-the-gaps", _count(gap="np.ptp(np.array(rates), axis=0).sum()")),
        Wrong(
            "whole group",
            "share-of-the-whole-group",
            _count(rate="[np.mean((predictions[own] == 1) & (labels[own] == y)) for y in (0, 1)]"),
        ),
        Wrong("exchanged", "order-exchanged", _count(result="np.ptp(np.array(rates), axis=0).max(), min(accuracies)")),
    ],
)


def _retrain(drawn: str, train: str = "return fit(features[drawn], labels[drawn])") -> str:
    return f"""
import numpy as np

def retrain(features, labels, groups, fit, seed):
    rng = np.random.default_rng(seed)
    smallest = np.bincount(groups).min()
    drawn = {drawn}
    {train}
"""


_BALANCED = "np.concatenate([rng.permutation(np.flatnonzero(groups == g))[:smallest] for g in np.unique(groups)])"


def _by(kind: str) -> str:
    return (
        f"np.concatenate([rng.permutation(np.flatnonzero({kind} == k))[: min(np.sum({kind} == 0), np.sum({kind} == 1))]"
        " for k in (0, 1)])"
    )


RETRAIN = Bank(
    right=[
        Right("one draw", _retrain(_BALANCED)),
        Right(
            "five draws that vote",
            """
import random

def retrain(features, labels, groups, fit, seed):
    dice, models = random.Random(seed), []
    members = {}
    for place, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(place)
    count = min(len(own) for own in members.values())
    for _ in range(5):
        drawn = [place for own in members.values() for place in dice.sample(own, count)]
        models.append(fit(features[drawn], labels[drawn]))
    return lambda new: (sum(model(new) for model in models) > 2.5).astype(int)
""",
        ),
        Right(
            "small groups repeated up to the largest",
            """
import numpy as np

def retrain(features, labels, groups, fit, seed):
    rng = np.random.RandomState(seed)
    largest = np.bincount(groups).max()
    drawn = np.concatenate([rng.choice(np.where(groups == g)[0], size=largest, replace=True) for g in range(4)])
    rng.shuffle(drawn)
    return fit(features[drawn], labels[drawn])
""",
        ),
    ],
    wrong=[
        Wrong("plain", "trained-on-everything", _retrain("rng.permutation(len(labels))")),
        Wrong("labels balanced", "balanced-by-label-only", _retrain(_by("labels"))),
        Wrong("places balanced", "balanced-by-place-only", _retrain(_by("(groups % 2)"))),
        Wrong("always the first", "seed-ignored", _retrain(_BALANCED.replace("rng.permutation", "np.sort"))),
        Wrong("out of step", "labels-out-of-step", _retrain(_BALANCED, "return fit(features[drawn], labels[: len(drawn)])")),
        Wrong("five of each", "too-few", _retrain(_BALANCED.replace("smallest]", "5]"))),
        Wrong("small groups alone", "groups-missing", _retrain("np.flatnonzero((groups == 1) | (groups == 2))")),
        Wrong("scaled first", "changed-features", _retrain(_BALANCED, "return fit(features[drawn] / 2, labels[drawn])")),
        Wrong("a constant", "fit-not-called", _retrain("[]", "return lambda new: np.zeros(len(new), int)")),
        Wrong(
            "scores",
            "scores-not-labels",
            _retrain(_BALANCED, "model = fit(features[drawn], labels[drawn]); return lambda new: model(new) - 0.5"),
        ),
    ],
)


def _amplified(result: str) -> str:
    return f"""
import numpy as np

def amplification(labels, predictions, groups):
    first, second = np.unique(groups)
    gap = lambda values: np.mean(values[groups == first]) - np.mean(values[groups == second])
    ratio = lambda values: np.mean(values[groups == first]) / np.mean(values[groups == second])
    given, decided = gap(labels), gap(predictions)
    return {result}
"""


AMPLIFIED = Bank(
    right=[
        Right("sign", _amplified("np.sign(given) * (decided - given)")),
        Right(
            "favoured first",
            """
import numpy as np

def amplification(labels, predictions, groups):
    rate = lambda values, g: values[groups == g].sum() / (groups == g).sum()
    other, favoured = sorted(set(groups.tolist()), key=lambda g: rate(labels, g))
    return (rate(predictions, favoured) - rate(predictions, other)) - (rate(labels, favoured) - rate(labels, other))
""",
        ),
        Right(
            "with the package",
            """
from tlcourse import evaluate

def amplification(labels, predictions, groups):
    return evaluate.bias_amplification(labels, predictions, groups)
""",
        ),
    ],
    wrong=[
        Wrong("first minus second", "direction-fixed", _amplified("decided - given")),
        Wrong("sizes", "absolute-gaps", _amplified("abs(decided) - abs(given)")),
        Wrong("labels minus predictions", "order-exchanged", _amplified("np.sign(given) * (given - decided)")),
        Wrong("predictions", "predictions-alone", _amplified("np.sign(given) * decided")),
        Wrong("other direction", "favoured-by-the-predictions", _amplified("np.sign(decided) * (decided - given)")),
        Wrong(
            "ratio",
            "ratio",
            _amplified(
                "(ratio(predictions) if given > 0 else 1 / ratio(predictions)) / (ratio(labels) if given > 0 else 1 / ratio(labels))"
            ),
        ),
        Wrong("accuracy", "accuracy-gap", _amplified("gap((labels == predictions).astype(float))")),
    ],
)


def _thresholds(scores: str = "scores[(groups == group) & (labels == 1)]", place: str = "", value: str = "") -> str:
    place = place or "int(np.ceil(rate * len(own) - 1e-9)) - 1"
    return f"""
import numpy as np

def thresholds(scores, labels, groups, rate):
    found = {{}}
    for group in np.unique(groups).tolist():
        own = np.sort({scores})[::-1]
        found[group] = {value or f"own[{place}]"}
    return found
"""


THRESHOLDS = Bank(
    right=[
        Right("sorted", _thresholds()),
        Right(
            "tries every score",
            """
import numpy as np

def thresholds(scores, labels, groups, rate):
    result = {}
    for group in set(groups.tolist()):
        suited = scores[(groups == group) & (labels == 1)]
        result[group] = max(t for t in suited if np.mean(suited >= t) >= rate - 1e-9)
    return result
""",
        ),
        Right("whole numbers", _thresholds(value="own[-(-round(rate * len(own) * 10**6) // 10**6) - 1]")),
    ],
    wrong=[
        Wrong("all members", "all-members-counted", _thresholds("scores[groups == group]")),
        Wrong("one for all", "one-for-all", _thresholds("scores[labels == 1]")),
        Wrong("unsuited", "unsuited-counted", _thresholds("scores[(groups == group) & (labels == 0)]")),
        Wrong("turned round", "rate-turned-round", _thresholds(value="np.quantile(own, rate)")),
        Wrong("quantile", "between-two-scores", _thresholds(value="np.quantile(own, 1 - rate)")),
        Wrong("everybody", "lets-everybody-in", _thresholds(value="own[-1]")),
        Wrong("rounded down", "rate-missed", _thresholds(place="max(0, int(rate * len(own)) - 1)")),
        Wrong("one too many", "not-the-highest", _thresholds(place="min(len(own) - 1, int(rate * len(own) + 1e-9))")),
    ],
)

BANK = {"7.1": COUNT, "7.2": RETRAIN, "7.3": AMPLIFIED, "7.4": THRESHOLDS}
