"""Tasks of lesson 07: count by group, a new last layer, amplification, thresholds for equal opportunity."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 7.1 count by group


def _count_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for numbers, widest in (((0, 1), "true"), ((2, 5, 9), "false"), ((7, 3), "true"), ((1, 4, 6), "false")):
        groups = rng.permutation(np.repeat(numbers, rng.integers(60, 200, len(numbers))))
        labels = (rng.random(len(groups)) < rng.uniform(0.3, 0.7, 10)[groups]).astype(np.int64)
        far, near = (0.45, 0.1) if widest == "true" else (0.1, 0.45)
        steps = np.zeros(10)
        steps[list(numbers)] = np.linspace(0, 1, len(numbers))
        chance = np.where(labels == 1, 0.9 - far * steps[groups], 0.05 + near * steps[groups])
        rows.append({"labels": labels, "predictions": (rng.random(len(groups)) < chance).astype(np.int64), "groups": groups})
    return Case(inputs={"rows": rows})


def _count_probe(answer: Any, inputs: Any) -> Any:
    keys = ("labels", "predictions", "groups")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mean of no example is nan, and the judge names it
        return {"found": [array_of(call(answer, *(row[k].copy() for k in keys)), "the result") for row in inputs["rows"]]}


def _rates(row: Any) -> dict[str, np.ndarray]:
    y, p, g = row["labels"], row["predictions"], row["groups"]
    own = [g == group for group in np.unique(g)]
    return {
        "accuracy": np.array([np.mean(y[o] == p[o]) for o in own]),
        "selected": np.array([p[o].mean() for o in own]),
        "true": np.array([p[o & (y == 1)].mean() for o in own]),
        "false": np.array([p[o & (y == 0)].mean() for o in own]),
        "joint true": np.array([np.mean((p[o] == 1) & (y[o] == 1)) for o in own]),
        "joint false": np.array([np.mean((p[o] == 1) & (y[o] == 0)) for o in own]),
        "precision": np.array([y[o & (p == 1)].mean() for o in own]),
    }


def _count_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = np.array([need_array(pair, "the result", shape=(2,)) for pair in evidence["found"]], float)
    rates = [_rates(row) for row in rows]
    worst = np.array([r["accuracy"].min() for r in rates])
    gap = np.array([max(np.ptp(r["true"]), np.ptp(r["false"])) for r in rates])
    wanted = np.stack([worst, gap], axis=1)
    if np.allclose(found, wanted):
        return earned("Worst group and gap are right, for two groups and for three.")
    if np.allclose(found, wanted[:, ::-1]):
        return not_earned("The two numbers are in the wrong order.", misconception="order-exchanged")
    if np.allclose(found[0], wanted[0]) and np.isnan(found[1:]).any(axis=1).all():
        return not_earned(
            f"Right for the groups 0 and 1, but not a number for others: {_counts(rows[2])}.",
            expected=show(wanted[2]),
            received=show(found[2]),
            misconception="groups-are-not-0-and-1",
        )
    if not np.allclose(found[:, 0], worst):
        variants = {
            "average-accuracy": [np.mean(row["labels"] == row["predictions"]) for row in rows],
            "mean-of-the-groups": [r["accuracy"].mean() for r in rates],
            "best-group": [r["accuracy"].max() for r in rates],
        }
        what, mine, right = "The accuracy of the worst group differs", found[:, 0], worst
    else:
        variants = {
            "true-positives-only": [np.ptp(r["true"]) for r in rates],
            "false-positives-only": [np.ptp(r["false"]) for r in rates],
            "selection-gap": [np.ptp(r["selected"]) for r in rates],
            "mean-of-the-gaps": [(np.ptp(r["true"]) + np.ptp(r["false"])) / 2 for r in rates],
            "sum-of-the-gaps": [np.ptp(r["true"]) + np.ptp(r["false"]) for r in rates],
            "share-of-the-whole-group": [max(np.ptp(r["joint true"]), np.ptp(r["joint false"])) for r in rates],
        }
        what, mine, right = "The equalised-odds gap differs", found[:, 1], gap
    name = next((name for name, values in variants.items() if np.allclose(mine, values)), None)
    bad = min(np.flatnonzero(~np.isclose(mine, right)), key=lambda i: len(np.unique(rows[i]["groups"])))
    return not_earned(
        f"{what} for these examples: {_counts(rows[bad])}.",
        expected=show(float(right[bad])),
        received=show(float(mine[bad])),
        misconception=name,
    )


def _counts(row: Any) -> str:
    """Return the four counts of each group, from which every rate follows."""
    texts = []
    for group in np.unique(row["groups"]):
        own = row["groups"] == group
        of = [
            f"{int(row['predictions'][own & (row['labels'] == y)].sum())} of {int(np.sum(own & (row['labels'] == y)))}"
            for y in (1, 0)
        ]
        texts.append(f"in group {group}, {of[0]} with label 1 and {of[1]} with label 0 are predicted 1")
    return "; ".join(texts)


_COUNT = Task(
    id="7.1",
    title="what the average hides",
    points=2,
    hints=(
        "Which examples does a rate count, and by how many is it divided?",
        "For each of `np.unique(groups)` make a mask. The true positive rate is the mean of `predictions[mask & (labels == 1)]`.",
        "Collect both rates of each group in an array `(groups, 2)`. `np.ptp(rates, axis=0)` gives both gaps.",
    ),
    answer_name="count_by_group",
    misconceptions={
        "order-exchanged": "First the accuracy, then the gap.",
        "average-accuracy": "This is the accuracy over all examples: the number that hides the groups.",
        "groups-are-not-0-and-1": "Groups may have any numbers: take them from `np.unique(groups)`.",
        "mean-of-the-groups": "This is the mean over groups; the task asks for the smallest.",
        "best-group": "This is the best group; the task asks for the worst.",
        "true-positives-only": "This is only the gap of the true positive rate (equal opportunity). Equalised odds looks at both rates.",
        "false-positives-only": "This is only the gap of the false positive rate. Equalised odds looks at both rates.",
        "selection-gap": "This compares how many are selected, whatever their label (demographic parity).",
        "mean-of-the-gaps": "The larger of the two gaps counts, not their mean: a narrow gap would hide a wide one.",
        "sum-of-the-gaps": "The larger of the two gaps counts, not their sum.",
        "share-of-the-whole-group": "Divide by the group's examples of that label, not by the whole group.",
    },
    make_case=_count_case,
    probe=_count_probe,
    judge=_count_judge,
)

# ---------------------------------------------------------------- 7.2 a new last layer

_GAIN = 0.15  # asked for; measured over 40 cases: 0.39 on average, with shuffled groups -0.18 at most
_SIZES = ((620, 24, 30, 380), (400, 30, 22, 640), (560, 20, 26, 430))


def _retrain_case(seed: int) -> Case:
    sets, secret = [], []
    for i, sizes in enumerate(_SIZES):
        rng = np.random.default_rng([seed, i])
        directions = np.linalg.qr(rng.standard_normal((24, 24)))[0]

        def features(groups: np.ndarray, rng: Any = rng, directions: Any = directions) -> np.ndarray:
            x = rng.standard_normal((len(groups), 24))
            x[:, 0] += 2.6 * (groups // 2) - 1.3  # the object
            x[:, 1] += 6.0 * (groups % 2) - 3.0  # the place, easier to see
            return (x @ directions + 3.0).astype(np.float64)

        groups = rng.permutation(np.repeat(np.arange(4), sizes))
        test_groups = rng.permutation(np.repeat(np.arange(4), 200))
        sets.append(
            {
                "features": features(groups),
                "labels": groups // 2,
                "groups": groups,
                "lots": rng.permutation(groups),
                "test": features(test_groups),
                "seed": int(rng.integers(2**31)),
            }
        )
        secret.append({"groups": test_groups})
    return Case(inputs={"sets": sets}, secret={"sets": secret})


def _fit(features: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    line = LogisticRegression(C=0.1, max_iter=1000).fit(features, labels)
    return lambda new: line.predict(np.asarray(new, float))


class _Recorder:
    """The `fit` that learners get: trains, and writes down which rows it was given and whether their labels were right."""

    def __init__(self, features: np.ndarray, labels: np.ndarray) -> None:
        self._places = {row.tobytes(): i for i, row in enumerate(features)}
        self._labels = labels
        self.used: list[np.ndarray] = []
        self.labels_right = True
        self.weighted = False

    def __call__(self, features: Any, labels: Any, *weights: Any, **options: Any) -> Any:
        self.weighted |= bool(weights or options)  # the lesson's own `fit` takes weights, this one does not
        features, labels = np.ascontiguousarray(features, np.float64), np.asarray(labels)
        rows = np.array([self._places.get(row.tobytes(), -1) for row in features], np.int64)
        self.used.append(rows)
        known = rows >= 0
        self.labels_right &= labels.shape == rows.shape and np.array_equal(labels[known], self._labels[rows[known]])
        return _fit(features, labels)


def _retrain_probe(answer: Any, inputs: Any) -> Any:
    runs = []
    for data in inputs["sets"]:
        run = {}
        for name, groups, seed in (
            ("real", data["groups"], data["seed"]),
            ("other seed", data["groups"], data["seed"] + 1),
            ("placebo", data["lots"], data["seed"]),
        ):
            fit = _Recorder(data["features"], data["labels"])
            predict = call(answer, data["features"].copy(), data["labels"].copy(), groups.copy(), fit, seed)
            if not callable(predict):
                return {"runs": None}
            predicted = array_of(call(predict, data["test"].copy()), "the predictions")
            run[name] = {"used": fit.used, "labels": bool(fit.labels_right), "weighted": fit.weighted, "predicted": predicted}
        runs.append(run)
    return {"runs": runs}


def _worst(predicted: np.ndarray, groups: np.ndarray) -> float:
    return float(min(np.mean(predicted[groups == g] == g // 2) for g in range(4)))


def _retrain_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["runs"] is None:
        return not_earned("Your function did not return a function.", expected="a function: features -> labels")
    sets, gains, lots, balanced_lots = case.inputs["sets"], [], [], []
    for data, hidden, run in zip(sets, case.secret["sets"], evidence["runs"], strict=True):
        if run["real"]["weighted"]:
            return not_earned(
                "`fit` was called with more than features and labels.",
                expected="fit(features, labels)",
                misconception="weights-not-a-draw",
            )
        predicted = {
            name: need_array(r["predicted"], "the predictions", shape=(len(hidden["groups"]),)) for name, r in run.items()
        }
        if not np.isin(predicted["real"], (0, 1)).all():
            return not_earned(
                "The function predicts something other than labels.",
                expected="0 and 1",
                received=show(predicted["real"][:4]),
                misconception="scores-not-labels",
            )
        used = [need_array(rows, "the training data", shape=(None,), kinds="iu") for rows in run["real"]["used"]]
        verdict = _look_at_draws(data, used, bool(run["real"]["labels"]))
        if verdict is not None:
            return verdict
        shuffled = [np.bincount(data["lots"][np.asarray(rows)], minlength=4) for rows in run["placebo"]["used"]]
        balanced_lots.append(all(len(set(counts.tolist())) == 1 for counts in shuffled))
        others = [np.asarray(rows) for rows in run["other seed"]["used"]]
        if len(used) == len(others) and all(set(a.tolist()) == set(b.tolist()) for a, b in zip(used, others, strict=True)):
            return not_earned("Two seeds drew the same examples.", misconception="seed-ignored")
        plain = _worst(_fit(data["features"], data["labels"])(data["test"]), hidden["groups"])
        gains.append(_worst(predicted["real"], hidden["groups"]) - plain)
        lots.append(_worst(predicted["placebo"], hidden["groups"]) - plain)
    if np.median(gains) < _GAIN:
        return not_earned(
            "The worst group does not fare better than with plain training.",
            expected=f"{_GAIN} or more above it (median of three data sets)",
            received=show(float(np.median(gains))),
        )
    if np.median(lots) > _GAIN:
        return not_earned(
            "The worst group gains as much when the groups are shuffled: so the gain does not come from them.",
            misconception=None if all(balanced_lots) else "gain-without-groups",
        )
    return earned(f"The worst group gains {np.median(gains):.2f}; with shuffled groups it does not.")


def _look_at_draws(data: Any, used: list[np.ndarray], labels_right: bool) -> Verdict | None:
    """Name what is wrong with the examples that were trained on, if anything is."""
    if not used:
        return not_earned("`fit` was not called.", expected="fit(features, labels)", misconception="fit-not-called")
    if any((rows < 0).any() for rows in used):
        return not_earned("`fit` got rows that are not rows of `features`.", misconception="changed-features")
    if not labels_right:
        return not_earned("Some rows got the label of another row.", misconception="labels-out-of-step")
    sizes, groups = np.bincount(data["groups"], minlength=4), data["groups"]
    for rows in used:
        counts = np.bincount(groups[rows], minlength=4)
        label, place = counts.reshape(2, 2).sum(axis=1), counts.reshape(2, 2).sum(axis=0)
        message, name = "The groups are not equally large in the data that you trained on.", None
        if len(np.unique(rows)) < len(rows):
            message, name = "Some examples are in your draw more than once.", "repeated-examples"
        elif len(set(counts.tolist())) == 1:
            if counts[0] == sizes.min():
                continue
            message, name = "The groups are equally large, but smaller than the smallest group.", "too-few"
        elif np.array_equal(counts, sizes):
            name = "trained-on-everything"
        elif not counts.all():
            name = "groups-missing"
        elif label[0] == label[1]:
            name = "balanced-by-label-only"
        elif place[0] == place[1]:
            name = "balanced-by-place-only"
        return not_earned(
            message,
            expected=f"{sizes.min()} different examples of each group; the groups have {sizes.tolist()}",
            received=f"{counts.tolist()} of the groups 0 to 3",
            misconception=name,
        )
    return None


_RETRAIN = Task(
    id="7.2",
    title="a new last layer",
    points=3,
    hints=(
        "How many examples has the smallest group? You can take that many of each group.",
        "`np.flatnonzero(groups == group)` gives the positions of a group. Shuffle them with `np.random.default_rng(seed)` and cut.",
        "`np.concatenate` joins the positions of all groups. Use the same positions for `features` and for `labels`.",
    ),
    answer_name="retrain",
    misconceptions={
        "scores-not-labels": "Predict 0 or 1: return the function that `fit` returned, or let several of them vote.",
        "fit-not-called": "Train with `fit` and return what it gives back.",
        "weights-not-a-draw": "The task asks for a draw of examples, not for weights: `fit` takes features and labels.",
        "changed-features": "Give rows of `features` to `fit` as they are.",
        "labels-out-of-step": "Use the same positions for features and for labels.",
        "trained-on-everything": "This is plain training: the large groups outvote the small ones.",
        "repeated-examples": "Take as many of each group as the smallest has, and each example at most once.",
        "too-few": "Take all of the smallest group, and as many of each other group.",
        "groups-missing": "Some group was left out; you need as many examples of each of the four.",
        "balanced-by-label-only": "Labels are balanced, groups are not: within each label, most examples are in one place.",
        "balanced-by-place-only": "Places are balanced, groups are not: within each place, most examples have one label.",
        "seed-ignored": "Draw at random with `np.random.default_rng(seed)`.",
        "gain-without-groups": "Your draw is not balanced by the groups that your function received; use `groups`.",
    },
    make_case=_retrain_case,
    probe=_retrain_probe,
    judge=_retrain_judge,
)

# ---------------------------------------------------------------- 7.3 passed on or amplified


def _amplified_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows: list[dict[str, np.ndarray]] = []
    for favoured, given, decided in (
        (0, (0.6, 0.4), (0.7, 0.2)),  # amplified
        (1, (0.5, 0.2), (0.5, 0.05)),  # amplified, the second group favoured
        (0, (0.6, 0.4), (0.5, 0.48)),  # narrowed
        (1, (0.7, 0.4), (0.3, 0.6)),  # reversed
        (1, (0.6, 0.3), (0.6, 0.3)),  # passed on
    ):
        numbers = np.sort(rng.choice(np.arange(2, 10), 2, replace=False)) if rows else np.arange(2)
        sizes = [100 * int(n) for n in rng.permutation((3, 5))]
        groups = np.repeat(numbers, sizes)
        shares = [given, decided] if favoured == 0 else [given[::-1], decided[::-1]]
        labels, predictions = (
            np.concatenate([rng.permutation(np.arange(n) < round(share * n)) for n, share in zip(sizes, pair, strict=True)])
            for pair in shares
        )
        order = rng.permutation(len(groups))
        rows.append(
            {
                "labels": labels.astype(np.int64)[order],
                "predictions": predictions.astype(np.int64)[order],
                "groups": groups[order],
            }
        )
    return Case(inputs={"rows": rows})


def _amplified_probe(answer: Any, inputs: Any) -> Any:
    keys = ("labels", "predictions", "groups")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mean of no example is nan, and the judge names it
        return {"found": [array_of(call(answer, *(row[k].copy() for k in keys)), "the result") for row in inputs["rows"]]}


def _shares(row: Any, values: np.ndarray) -> tuple[float, float]:
    first, second = np.unique(row["groups"])
    return float(values[row["groups"] == first].mean()), float(values[row["groups"] == second].mean())


def _amplified_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    raw = [need_array(value, "the result", shape=()) for value in evidence["found"]]
    pairs = [(_shares(row, row["labels"]), _shares(row, row["predictions"])) for row in rows]
    given, decided = (np.array([pair[i][0] - pair[i][1] for pair in pairs]) for i in (0, 1))
    sign = np.sign(given)
    wanted = sign * (decided - given)
    if np.isfinite(raw[0]) and np.isnan(raw[1:]).all():
        return not_earned(
            f"A number for the groups 0 and 1, but none for others: {_selected(rows[1])}.",
            expected=show(float(wanted[1])),
            received="nan",
            misconception="groups-are-not-0-and-1",
        )
    found = np.array([need_number(value, "the result") for value in raw])
    if np.allclose(found, wanted):
        return earned("Amplified, narrowed, reversed and passed on are distinguished, whichever group is favoured.")
    ratios = [[s[0] / s[1] if g > 0 else s[1] / s[0] for s in pair] for pair, g in zip(pairs, sign, strict=True)]
    errors = [np.subtract(*_shares(row, (row["labels"] == row["predictions"]).astype(float))) for row in rows]
    variants = {
        "direction-fixed": decided - given,
        "absolute-gaps": np.abs(decided) - np.abs(given),
        "order-exchanged": -wanted,
        "predictions-alone": sign * decided,
        "favoured-by-the-predictions": np.abs(decided) - np.sign(decided) * given,
        "ratio": np.array([b - a for a, b in ratios]),
        "ratio-of-ratios": np.array([b / a for a, b in ratios]),
        "accuracy-gap": np.array(errors),
        "accuracy-gap-size": np.abs(errors),
    }
    name = next((name for name, values in variants.items() if np.allclose(found, values)), None)
    name = {"ratio-of-ratios": "ratio", "accuracy-gap-size": "accuracy-gap"}.get(name or "", name)
    bad = int(np.flatnonzero(~np.isclose(found, wanted))[0])
    return not_earned(
        f"The number differs for these examples: {_selected(rows[bad])}.",
        expected=show(float(wanted[bad])),
        received=show(float(found[bad])),
        misconception=name,
    )


def _selected(row: Any) -> str:
    """Return how many of each group are 1, in the labels and in the predictions."""
    texts = []
    for group in np.unique(row["groups"]):
        own = row["groups"] == group
        ones = [int(row[key][own].sum()) for key in ("labels", "predictions")]
        texts.append(f"of the {int(own.sum())} in group {group}, {ones[0]} have label 1 and {ones[1]} prediction 1")
    return "; ".join(texts)


_AMPLIFIED = Task(
    id="7.3",
    title="passed on or amplified?",
    points=2,
    hints=(
        "Which group do the labels favour? Take both gaps in that direction.",
        "A share is `np.mean(values[groups == group])`. If the labels favour the second group, both gaps change their sign.",
        "Write a function for the gap of an array of 0 and 1, first group minus second. `np.sign` of the labels' gap gives the direction.",
    ),
    answer_name="amplification",
    misconceptions={
        "groups-are-not-0-and-1": "The two groups may have any numbers, such as 6 and 7: take them from `np.unique(groups)`.",
        "direction-fixed": "The gap was always taken as first minus second group; take it from the group that the labels favour.",
        "absolute-gaps": "Without signs, a reversed gap looks like one that was kept.",
        "order-exchanged": "Predictions minus labels: above 0 means amplified.",
        "predictions-alone": "This is the gap in the predictions; subtract the gap that the labels already have.",
        "favoured-by-the-predictions": "The direction is that of the labels; the predictions may have reversed it.",
        "ratio": "The task asks for a difference of shares, not a ratio.",
        "accuracy-gap": "This compares how often the groups are predicted right; the task asks how often they are predicted 1.",
    },
    make_case=_amplified_case,
    probe=_amplified_probe,
    judge=_amplified_judge,
)

# ---------------------------------------------------------------- 7.4 thresholds for equal opportunity


def _thresholds_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for rate, sizes in ((0.7, (20, 12)), (0.28, (50, 14)), (0.55, (47, 83, 31)), (0.9, (120, 40)), (1.0, (30, 50))):
        # of 25 suited, 0.28 are 7, and 0.28 * 25 is 7.000000000000001
        numbers = np.sort(rng.choice(10, len(sizes), replace=False))
        groups = np.repeat(numbers, sizes)
        labels = np.concatenate([np.arange(n) < n // 2 for n in sizes]).astype(np.int64)
        lower = np.repeat(np.linspace(0.0, 1.0, len(sizes)), sizes)
        scores = 1.2 * labels - lower + rng.standard_normal(len(groups))
        order = rng.permutation(len(groups))
        rows.append({"scores": scores[order], "labels": labels[order], "groups": groups[order], "rate": rate})
    return Case(inputs={"rows": rows})


def _thresholds_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        result = call(answer, row["scores"].copy(), row["labels"].copy(), row["groups"].copy(), row["rate"])
        numbers = np.unique(row["groups"]).tolist()
        if not isinstance(result, dict) or sorted(map(str, result)) != sorted(map(str, numbers)):
            return {"found": None}
        by_name = {str(key): value for key, value in result.items()}
        found.append(array_of([by_name[str(number)] for number in numbers], "the thresholds"))
    return {"found": found}


def _highest(scores: np.ndarray, rate: float, tolerance: float = 1e-9) -> float:
    return float(np.sort(scores)[::-1][max(1, int(np.ceil(rate * len(scores) - tolerance))) - 1])


def _thresholds_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return one threshold for each group.", expected="a dict {group: threshold}")
    rows = case.inputs["rows"]
    found, wanted = [], []
    variants: dict[tuple[str, int], list[np.ndarray]] = {}
    for row, values in zip(rows, evidence["found"], strict=True):
        s, y, g, rate = (row[key] for key in ("scores", "labels", "groups", "rate"))
        numbers = np.unique(g)
        found.append(need_array(values, "the thresholds", shape=(len(numbers),)).astype(float))
        own = [(g == number, (g == number) & (y == 1), (g == number) & (y == 0)) for number in numbers]
        wanted.append(np.array([_highest(s[suited], rate) for _, suited, _ in own]))
        turned = max(1e-6, 1 - rate)
        for name, options in {
            "rounding-error": [[_highest(s[suited], rate, tolerance=0.0) for _, suited, _ in own]],
            "all-members-counted": [[_highest(s[everyone], rate) for everyone, *_ in own]],
            "one-for-all": [[_highest(s[y == 1], rate)] * len(own), [_highest(s, rate)] * len(own)],
            "unsuited-counted": [[_highest(s[unsuited], rate) for *_, unsuited in own]],
            "rate-turned-round": [
                [_highest(s[suited], turned) for _, suited, _ in own],
                [float(np.quantile(s[suited], rate)) for _, suited, _ in own],
            ],
            "between-two-scores": [[float(np.quantile(s[suited], 1 - rate)) for _, suited, _ in own]],
            "lets-everybody-in": [[float(s[suited].min()) for _, suited, _ in own], [float(s[e].min()) for e, *_ in own]],
        }.items():
            for i, values_of in enumerate(options):
                variants.setdefault((name, i), []).append(np.array(values_of))
    if all(np.allclose(a, b) for a, b in zip(found, wanted, strict=True)):
        return earned("In each group the share of the suited is reached, and no higher threshold would do.")
    names = [
        name for (name, _), values in variants.items() if all(np.allclose(a, b) for a, b in zip(found, values, strict=True))
    ]
    mistake = names[0] if names else _by_rates(rows, found)
    bad = next(i for i, (a, b) in enumerate(zip(found, wanted, strict=True)) if not np.allclose(a, b))
    place = int(np.flatnonzero(~np.isclose(found[bad], wanted[bad]))[0])
    group = np.unique(rows[bad]["groups"])[place]
    suited = np.sort(rows[bad]["scores"][(rows[bad]["groups"] == group) & (rows[bad]["labels"] == 1)])[::-1]
    scores = ", ".join(f"{score:.4g}" for score in suited[:25]) + (", ..." if len(suited) > 25 else "")
    return not_earned(
        f"The threshold of group {group} differs with rate {rows[bad]['rate']}. Its {len(suited)} suited people score {scores}.",
        expected=show(float(wanted[bad][place])),
        received=show(float(found[bad][place])),
        misconception=mistake,
    )


def _by_rates(rows: Any, found: list[np.ndarray]) -> str:
    """Name a rule by what it does to the suited: the rate is missed, or a higher threshold would have done."""
    reached = []
    for row, values in zip(rows, found, strict=True):
        for number, threshold in zip(np.unique(row["groups"]), values, strict=True):
            suited = row["scores"][(row["groups"] == number) & (row["labels"] == 1)]
            reached.append(np.mean(suited >= threshold) - row["rate"])
    if min(reached) < -1e-9:
        return "rate-missed"
    return "not-the-highest"


_THRESHOLDS = Task(
    id="7.4",
    title="thresholds for equal opportunity",
    points=2,
    hints=(
        "Whose scores decide where the threshold lies: those of all, or those of the suited people of one group?",
        "Sort the scores of the suited people of a group from high to low: the k-th of them selects k. How large must k be?",
        "k is `rate * len(suited)`, rounded up. Subtract something like `1e-9` first: then a rounding error does not add one.",
    ),
    answer_name="thresholds",
    misconceptions={
        "rounding-error": "A rounding error of the product lifted the count by one: 0.28 * 25 is 7.000000000000001 in Python.",
        "all-members-counted": "The share of all members was fixed (demographic parity); the task asks for the share of the suited ones.",
        "one-for-all": "All groups got one threshold; each has its own.",
        "unsuited-counted": "The unsuited were counted: label 1 is suited.",
        "rate-turned-round": "The share that is selected was taken for the share that is not.",
        "between-two-scores": "`np.quantile` puts the threshold between two scores; the next higher score would still do.",
        "lets-everybody-in": "This selects every suited person; the task asks for the highest threshold that reaches the rate.",
        "rate-missed": "In some group fewer suited people are selected than the rate asks for. The count has to be rounded up.",
        "not-the-highest": "The rate is reached, but a higher threshold would reach it too.",
    },
    make_case=_thresholds_case,
    probe=_thresholds_probe,
    judge=_thresholds_judge,
)

TASKS = (_COUNT, _RETRAIN, _AMPLIFIED, _THRESHOLDS)
