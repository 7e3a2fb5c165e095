"""Tasks of lesson 11: weights from a classifier, how many rows they are worth, a weighted line, the shares of the classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 11.1 weights from a classifier


def _exact(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draw rows whose mean is 0 and whose covariance is the identity, in the sample itself: no draw is an unlucky one."""
    rows = rng.normal(size=(count, 2))
    rows -= rows.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False, bias=True))
    return rows @ (vectors * values**-0.5) @ vectors.T


def _ratio_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for shifted, n_source, n_target in ((True, 400, 800), (True, 300, 900), (False, 800, 400)):
        step = rng.uniform(0.7, 1.0, 2) * rng.choice((-1, 1), 2) * shifted
        source, target = _exact(rng, n_source), _exact(rng, n_target) + step
        ratio = np.exp(source @ step - step @ step / 2)  # of two Gaussians that differ in their mean
        rows.append({"source": source, "target": target})
        truth.append(ratio / ratio.mean())
    return Case(inputs={"rows": rows}, secret={"truth": truth})


def _ratio_probe(answer: Any, inputs: Any) -> Any:
    return {
        "weights": [array_of(call(answer, row["source"].copy(), row["target"].copy()), "the weights") for row in inputs["rows"]]
    }


def _ratio_judge(case: Case, evidence: Any) -> Verdict:
    rows, truths = case.inputs["rows"], case.secret["truth"]
    for row, found, truth in zip(rows, evidence["weights"], truths, strict=True):
        n_source, n_target = len(row["source"]), len(row["target"])
        if found.shape in ((n_target,), (n_source + n_target,)):
            return not_earned(
                "There is not one weight for each source row.",
                expected=f"{n_source} weights, one for each source row",
                received=f"{len(found)} weights",
                misconception="weights-of-other-rows",
            )
        weights = need_array(found, "the weights", shape=(n_source,)).astype(float)
        if not np.isfinite(weights).all() or weights.min() <= 0:
            return not_earned(
                "Some weights are not above 0.", expected="numbers above 0", received=f"smallest {show(float(weights.min()))}"
            )
        shape = weights / weights.mean()
        if truth.std() == 0:
            if np.abs(shape - 1).mean() > 0.35:
                return not_earned(
                    "Source and target are the same here, and yet your weights differ much from each other.",
                    expected="weights near 1",
                    received=f"mean distance from 1: {np.abs(shape - 1).mean():.2f}",
                    misconception="sees-shifts-everywhere",
                )
        elif (verdict := _shape_verdict(row, shape, truth)) is not None:
            return verdict
        if abs(weights.mean() - 1) > 0.05:
            odds = abs(weights.mean() / (n_target / n_source) - 1) < 0.2
            return not_earned(
                "The weights of the source rows do not have mean 1.",
                expected="mean 1",
                received=f"mean {weights.mean():.3f} with {n_source} source and {n_target} target rows",
                misconception="numbers-of-rows-count" if odds else "mean-is-not-one",
            )
    return earned("Positive, of mean 1, large where the target is dense, and near 1 where nothing shifted.")


def _shape_verdict(row: Any, shape: np.ndarray, truth: np.ndarray) -> Verdict | None:
    """Ask whether weights of mean 1 order the rows as the true ones do, and move their mean to the target's."""
    step, odds = row["target"].mean(axis=0), len(row["target"]) / len(row["source"])
    reached = float((shape * (row["source"] @ step)).mean() / (truth * (row["source"] @ step)).mean())
    order = float(np.corrcoef(np.argsort(np.argsort(shape)), np.argsort(np.argsort(truth)))[0, 1])
    if order > 0.8 and _REACHED[0] < reached < _REACHED[1]:
        return None
    mistakes = {
        "upside-down": 1 / truth,
        "nothing-weighted": np.ones_like(truth),
        "probability-not-odds": truth * odds / (1 + truth * odds),
    }
    distances = {name: np.abs(np.log(shape) - np.log(w / w.mean())).mean() for name, w in mistakes.items()}
    nearest = min(distances, key=distances.__getitem__)
    weighted = (shape[:, None] * row["source"]).mean(axis=0)
    return not_earned(
        "The weights do not follow how much denser the target is than the source: the weighted mean of the source is off.",
        expected=f"a weighted mean near that of the target, {show(step.round(2))}",
        received=f"{show(weighted.round(2))}",
        misconception=nearest if distances[nearest] < 0.25 else None,
    )


_REACHED = (
    0.6,
    1.4,
)  # share of the shift; measured on 120 cases: odds 0.95 to 1.03, KLIEP 0.67 to 1.06, probabilities 0.45 at most


_RATIO = Task(
    id="11.1",
    title="weights from a classifier",
    points=2,
    hints=(
        "A classifier that separates source and target rows learns where the target is dense.",
        "Let p be its probability, at a source row, that the row is from the target. The weight is `p / (1 - p)`.",
        "`LogisticRegression().fit(rows, domain).predict_proba(source)[:, 1]` gives p. What is the mean of your weights?",
    ),
    answer_name="ratio_weights",
    misconceptions={
        "weights-of-other-rows": "Weights are needed for the source rows, because the model is trained on them.",
        "upside-down": "That is source over target: rows that the target hardly has would count most.",
        "nothing-weighted": "All weights are nearly equal. Rows that the target has often must count more.",
        "probability-not-odds": "That is p; the ratio of the densities is `p / (1 - p)`.",
        "numbers-of-rows-count": "The odds grow with the number of target rows. Divide the weights by their mean.",
        "mean-is-not-one": "Divide the weights by their mean.",
        "sees-shifts-everywhere": "Without a shift, weights are near 1. Use a simple classifier: a flexible one memorizes its rows.",
    },
    make_case=_ratio_case,
    probe=_ratio_probe,
    judge=_ratio_judge,
)

# ---------------------------------------------------------------- 11.2 how many rows are left?


def _size_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 10))  # few, so that the weights can be shown
    skewed = np.round(rng.exponential(size=n) ** 2 + 0.01, 2)
    skewed[0] = 0.37  # never all alike
    some = np.where(np.arange(n) % 2, np.round(rng.uniform(1, 2, n), 1), 0.0)
    rows = [np.full(n, 2.5), np.eye(n)[int(rng.integers(n))], skewed, 1000 * skewed, some]
    return Case(inputs={"rows": rows})


def _size_probe(answer: Any, inputs: Any) -> Any:
    return {"found": [array_of(call(answer, row.copy()), "the result") for row in inputs["rows"]]}


def _size_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = np.array([need_number(value, "the result") for value in evidence["found"]])
    wanted = np.array([row.sum() ** 2 / np.square(row).sum() for row in rows])
    if np.allclose(found, wanted):
        return earned("n for equal weights, 1 when one row has all the weight, whatever the unit.")
    variants = {
        "upside-down": [np.square(row).sum() / row.sum() ** 2 for row in rows],
        "sum-not-squared": [row.sum() / np.square(row).sum() for row in rows],
        "counts-rows": [len(row) for row in rows],
        "counts-weights-above-zero": [np.count_nonzero(row) for row in rows],
        "takes-the-mean-for-one": [len(row) ** 2 / np.square(row).sum() for row in rows],
        "sum-of-weights": [row.sum() for row in rows],
        "share-of-rows": [row.sum() ** 2 / np.square(row).sum() / len(row) for row in rows],
    }
    name = next((name for name, values in variants.items() if np.allclose(found, values)), None)
    bad = int(np.flatnonzero(~np.isclose(found, wanted))[0])
    return not_earned(
        f"The size differs for the weights {show(rows[bad])}.",
        expected=show(float(wanted[bad])),
        received=show(float(found[bad])),
        misconception=name,
    )


_SIZE = Task(
    id="11.2",
    title="how many rows are left?",
    points=1,
    hints=(
        "Try it on paper: n equal weights must give n; one weight above 0 must give 1.",
        "It is a fraction. One part is a sum of squares, the other the square of a sum.",
        "`weights.sum() ** 2` is the square of the sum. In which part of the fraction must it be to give n for n equal weights?",
    ),
    answer_name="effective_size",
    misconceptions={
        "upside-down": "The fraction is upside down: n equal weights give 1 / n.",
        "sum-not-squared": "The sum must be squared too; now the result depends on the unit of the weights.",
        "counts-rows": "That is the number of rows, whatever their weights.",
        "counts-weights-above-zero": "A tiny weight is not worth a whole row.",
        "takes-the-mean-for-one": "That is right only for weights of mean 1; other units must give the same.",
        "sum-of-weights": "The sum of the weights depends on their unit and not on how uneven they are.",
        "share-of-rows": "The task asks for a number of rows, not for a share of them.",
    },
    make_case=_size_case,
    probe=_size_probe,
    judge=_size_judge,
)

# ---------------------------------------------------------------- 11.3 a line for the target


def _line_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for move in (0.6, 0.6, 0.6, 0.0, 0.0, 0.0):
        bend, slope = rng.uniform(0.5, 0.7), rng.uniform(0.5, 1.5) * rng.choice((-1, 1))
        x, target_x = rng.normal(0, 0.6, 1200), rng.normal(move, 0.6, 1200)
        if move:  # mean and deviation of the sample are exact, so that no draw is an unlucky one
            x, target_x = (0.6 * (values - values.mean()) / values.std() for values in (x, target_x))
            target_x = target_x + move
        y, target_y = (slope * values - bend * values**2 + rng.normal(0, 0.15, 1200) for values in (x, target_x))
        rows.append({"x": x, "y": y, "target_x": target_x})
        truth.append(target_y)
    return Case(inputs={"rows": rows}, secret={"target_y": truth})


def _line_probe(answer: Any, inputs: Any) -> Any:
    lines = []
    for row in inputs["rows"]:
        found = call(answer, row["x"].copy(), row["y"].copy(), row["target_x"].copy())
        lines.append(array_of(found, "the line"))
    return {"lines": lines}


def _line_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    lines = [need_array(line, "the line", shape=(2,)).astype(float) for line in evidence["lines"]]
    plain = [np.polyfit(row["x"], row["y"], 1) for row in rows]
    if np.allclose(lines, plain, rtol=1e-3, atol=1e-3):
        return not_earned("Your line is the unweighted one: the target made no difference.", misconception="unweighted")
    if np.allclose(lines, [line[::-1] for line in plain], rtol=1e-3, atol=1e-3):
        return not_earned("This is (intercept, slope) of the unweighted line.", misconception="unweighted")

    def errors(candidates: list[np.ndarray]) -> np.ndarray:
        return np.array(
            [
                np.mean((line[0] * row["target_x"] + line[1] - y) ** 2)
                for line, row, y in zip(candidates, rows, case.secret["target_y"], strict=True)
            ]
        )

    right = [_true_line(row) for row in rows]
    mine, unweighted, best = errors(lines), errors(plain), errors(right)
    turned = errors([line[::-1] for line in lines])
    if np.median(turned[3:] / unweighted[3:]) < 1.1 < np.median(mine[3:] / unweighted[3:]):
        return not_earned("Slope and intercept are exchanged.", expected="(slope, intercept)", misconception="exchanged")
    gone = (unweighted[:3] - mine[:3]) / (unweighted[:3] - best[:3])
    if np.median(gone) < _GONE:
        return not_earned(
            f"Under the shift, less than {100 * _GONE:.0f} % of the avoidable error is gone (median of three data sets).",
            expected=f"a mean squared error on the target of about {np.median(best[:3]):.4f}",
            received=f"{np.median(mine[:3]):.4f}; unweighted {np.median(unweighted[:3]):.4f}",
            misconception=_line_mistake(rows[:3], lines[:3], plain[:3], right[:3]),
        )
    if np.median(mine[3:] / unweighted[3:]) > 1.1:
        return not_earned(
            "Where nothing shifted, your line is more than 10 % worse than the unweighted one (median of three data sets).",
            expected=f"a mean squared error below {1.1 * np.median(unweighted[3:]):.4f}",
            received=f"{np.median(mine[3:]):.4f}",
            misconception="hurts-without-a-shift",
        )
    return earned("Better under the shift, and no worse without one.")


_GONE = 0.9  # share of the avoidable error; measured on 60 cases: right weights 0.95 or more, the usual mistakes 0.85 at most


def _true_line(row: Any, change: Any = np.asarray) -> np.ndarray:
    """The line that true density ratios give, or a change of them; the judge's own yardstick for what weighting can reach."""
    x, moved = row["x"], row["target_x"].mean() - row["x"].mean()
    weights = np.exp(moved * (x - x.mean()) / x.var() - moved**2 / x.var() / 2)
    return np.polyfit(x, row["y"], 1, w=np.sqrt(change(weights)))


def _line_mistake(rows: Any, lines: list[np.ndarray], plain: list[np.ndarray], right: list[np.ndarray]) -> str | None:
    """Name the mistake whose line was returned, or else say how far the line moved."""
    changes = {"weights-squared": np.square, "probability-not-odds": lambda w: w / (1 + w), "upside-down": lambda w: 1 / w}
    for name, change in changes.items():
        wrong = [_true_line(row, change) for row in rows]
        near = [np.linalg.norm(a - b) < 0.3 * np.linalg.norm(c - b) for a, b, c in zip(lines, wrong, right, strict=True)]
        if sum(near) >= 2:
            return name
    moved = np.median([(a - b) @ (c - b) / ((c - b) @ (c - b)) for a, b, c in zip(lines, plain, right, strict=True)])
    return "too-little" if 0 <= moved < 0.9 else "too-much" if moved > 1.1 else None


_LINE = Task(
    id="11.3",
    title="a line for the target",
    points=2,
    hints=(
        "Which rows of the source look like rows of the target? Let them count more.",
        "Weights as in task 11.1, with x as one column. Then a weighted fit, such as `LinearRegression().fit(..., sample_weight=w)`.",
        "`x[:, None]` is x as one column. `np.polyfit` squares its weights: what do you give it to get the weights w?",
    ),
    answer_name="line_for_target",
    misconceptions={
        "unweighted": "The fit did not use the weights.",
        "exchanged": "First the slope, then the intercept.",
        "weights-squared": "Your line is that of squared weights. `np.polyfit` squares what it is given: give it the square roots.",
        "probability-not-odds": "Your line is that of the weights p; the ratio of the densities is `p / (1 - p)`.",
        "upside-down": "Your line is that of source over target: rows far from the target count most.",
        "too-little": "Your line moved towards the target, but not far enough: the weights are too even.",
        "too-much": "Your line moved beyond the target: the weights are too uneven.",
        "hurts-without-a-shift": "Without a shift all rows should count nearly the same.",
    },
    make_case=_line_case,
    probe=_line_probe,
    judge=_line_judge,
)

# ---------------------------------------------------------------- 11.4 the shares of the classes in the target


def _mix_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for kind in ("two", "three", "none of one class"):
        classes = 2 if kind == "two" else 3
        hits = rng.uniform(0.65, 0.85, classes)
        says = np.diag(hits) + (1 - np.eye(classes)) * ((1 - hits) / (classes - 1))[:, None]  # row: truth, column: what is said
        if kind == "three":  # mistakes go one way more than the other, so that the matrix and its transpose differ
            says[0, 1] += says[0, 2] - 0.02
            says[0, 2] = 0.02
        old = np.array([0.3, 0.7]) if classes == 2 else np.array([0.6, 0.25, 0.15])
        new = np.array([0.85, 0.15]) if classes == 2 else np.array([0.15, 0.2, 0.65])
        if kind == "none of one class":
            old, new = np.array([0.2, 0.3, 0.5]), np.array([0.8, 0.2, 0.0])
        labels, target = (rng.permutation(np.repeat(np.arange(classes), np.round(6000 * p).astype(int))) for p in (old, new))
        said, target_said = (_say(values, says, rng) for values in (labels, target))
        if kind == "none of one class":  # fewer mistakes than expected: the plain solution is (0.83, 0.22, -0.05)
            joint = np.zeros((3, 3))
            np.add.at(joint, (said, labels), 1 / len(labels))
            counted = joint / joint.sum(axis=0) @ np.array([0.83, 0.22, -0.05])
            target_said = rng.permutation(np.repeat(np.arange(3), np.round(6000 * counted).astype(int)))
        rows.append({"labels": labels, "said": said, "target_said": target_said})
        truth.append(new)
    return Case(inputs={"rows": rows}, secret={"truth": truth})


def _say(labels: np.ndarray, says: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.random(len(labels))[:, None] > np.cumsum(says, axis=1)[labels]).sum(axis=1).clip(0, len(says) - 1)


def _mix_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        shares = call(answer, row["labels"].copy(), row["said"].copy(), row["target_said"].copy())
        found.append(array_of(shares, "the shares"))
    return {"found": found}


def _mix_ways(row: Any) -> dict[str, np.ndarray]:
    """What the usual ways give; "" is the right one."""
    labels, said = row["labels"], row["said"]
    classes = int(labels.max()) + 1
    joint = np.zeros((classes, classes))
    np.add.at(joint, (said, labels), 1 / len(labels))
    old, counted = joint.sum(axis=0), np.bincount(row["target_said"], minlength=classes) / len(row["target_said"])
    weights = np.linalg.solve(joint, counted)
    clipped, positive = np.clip(weights, 0, None) * old, np.abs(weights) * old
    turned = np.linalg.solve(joint.T, counted) * old
    return {
        "": clipped / clipped.sum(),
        "absolute": positive / positive.sum(),
        "counted": counted,
        "weights-not-shares": weights,
        "negative-shares": weights * old,
        "transposed": turned,
        "transposed, clipped": np.clip(turned, 0, None) / np.clip(turned, 0, None).sum(),
        "believes-the-old-mix": (joint / joint.sum(axis=1, keepdims=True)).T @ counted,
        "old-shares": old,
    }


def _mix_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    ways = [_mix_ways(row) for row in rows]
    found = [
        need_array(value, "the shares", shape=way[""].shape).astype(float)
        for value, way in zip(evidence["found"], ways, strict=True)
    ]
    for place, (mine, way) in enumerate(zip(found, ways, strict=True)):
        absent = mine[way[""] == 0]
        fits = np.abs(mine - way[""]).max() < 0.03 and np.abs(absent).max(initial=0) < 0.02
        if fits and abs(mine.sum() - 1) < 1e-6 and mine.min() >= 0:
            continue
        names = [
            name for name in way if name and all(np.allclose(f, w[name], atol=1e-3) for f, w in zip(found, ways, strict=True))
        ]
        name = names[0].removesuffix(", clipped") if names else ("negative-shares" if mine.min() < 0 else None)
        if name is None and np.allclose(mine, np.clip(way["weights-not-shares"], 0, None), atol=1e-3):
            name = "weights-not-shares"
        old, counted = (way[key].round(2).tolist() for key in ("old-shares", "counted"))
        return not_earned(
            f"The shares of data set {place + 1} are not those of the target. Classes in the source {old}; said in the target {counted}.",
            expected=f"{show(way[''].round(3))}, 0 or more, sum 1",
            received=show(mine.round(3)),
            misconception=name,
        )
    return earned("The shares of the target, from a classifier that makes mistakes and without one label.")


_MIX = Task(
    id="11.4",
    title="the shares of the classes in the target",
    points=2,
    hints=(
        "The classifier makes the same mistakes in both places. How often does it say i when the truth is j?",
        "`C[i, j]`: share of source rows with `said` i and label j. Solve C w = shares of what is said in the target.",
        "`np.linalg.solve(C, counted)` gives new share over old share. Multiply by the old shares. What if one is below 0?",
    ),
    answer_name="target_shares",
    misconceptions={
        "counted": "That is how often the classifier *says* each class. It makes mistakes, and they do not cancel.",
        "weights-not-shares": "This is new share over old share: multiply by the old shares.",
        "negative-shares": "A share below 0 comes from chance: set it to 0, and let the rest sum to 1.",
        "absolute": "The sign of a share below 0 was dropped. Such a class does not occur: set its share to 0.",
        "transposed": "Rows of C are what is said, columns the truth; yours is transposed.",
        "believes-the-old-mix": "P(truth | said) depends on the old mix, which is what changed. P(said | truth) is what stays.",
        "old-shares": "Those are the shares in the source.",
    },
    make_case=_mix_case,
    probe=_mix_probe,
    judge=_mix_judge,
)

TASKS = (_RATIO, _SIZE, _LINE, _MIX)
