"""Tasks of lesson 11: weights from a classifier, how many rows they are worth, a weighted line, the mix of the target."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 11.1 weights from a classifier


def _ratio_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for shifted, n_source, n_target in ((True, 900, 300), (True, 300, 600), (False, 800, 400)):
        step = rng.uniform(0.7, 1.0, 2) * rng.choice((-1, 1), 2) * shifted
        source, target = rng.normal(size=(n_source, 2)), rng.normal(size=(n_target, 2)) + step
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
        elif (verdict := _shape_verdict(shape, truth, n_target / n_source)) is not None:
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


def _shape_verdict(shape: np.ndarray, truth: np.ndarray, odds: float) -> Verdict | None:
    """Compare weights of mean 1 with the true ones, and with what the usual mistakes give."""
    mistakes = {
        "upside-down": 1 / truth,
        "nothing-weighed": np.ones_like(truth),
        "probability-not-odds": truth * odds / (1 + truth * odds),
    }
    distances = {"": np.abs(np.log(shape) - np.log(truth)).mean()}
    distances |= {name: np.abs(np.log(shape) - np.log(w / w.mean())).mean() for name, w in mistakes.items()}
    nearest = min(distances, key=distances.__getitem__)
    if nearest == "" and distances[""] < 0.4:
        return None
    return not_earned(
        "The weights do not follow how much denser the target is than the source.",
        expected="target density over source density, up to a factor",
        received=f"mean distance of the logarithms: {distances['']:.2f}",
        misconception=nearest or None,
    )


_RATIO = Task(
    id="11.1",
    title="weights from a classifier",
    points=2,
    hints=(
        "A classifier that tells source from target knows where the target is dense.",
        "p / (1 - p) at the source rows, p the chance that a row is of the target; then divide by the mean.",
        "p = LogisticRegression().fit(rows, domain).predict_proba(source)[:, 1]; w = p / (1 - p); return w / w.mean()",
    ),
    answer_name="ratio_weights",
    misconceptions={
        "weights-of-other-rows": "Weights are needed for the source rows, for they are what is trained on.",
        "upside-down": "That is source over target: rows that the target hardly has would count most.",
        "nothing-weighed": "The weights say nothing: rows that the target has often must count more.",
        "probability-not-odds": "That is p; the ratio of the densities is p / (1 - p).",
        "numbers-of-rows-count": "The odds grow with the number of target rows. Divide by the mean, and that factor is gone.",
        "mean-is-not-one": "Divide the weights by their mean.",
        "sees-shifts-everywhere": "The classifier knows the rows by heart. Use a simple one, such as logistic regression.",
    },
    make_case=_ratio_case,
    probe=_ratio_probe,
    judge=_ratio_judge,
)

# ---------------------------------------------------------------- 11.2 how many rows are left?


def _size_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 90))
    skewed = rng.exponential(size=n) ** 2 + 0.01
    some = np.where(rng.random(n) < 0.5, rng.uniform(1, 2, n), 0.0)
    some[:2] = 1.0
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
    kind = ("equal weights", "one weight above 0", "uneven weights", "the same weights in another unit", "half of them 0")[bad]
    return not_earned(
        f"The size differs for {len(rows[bad])} rows, {kind}.",
        expected=show(float(wanted[bad])),
        received=show(float(found[bad])),
        misconception=name,
    )


_SIZE = Task(
    id="11.2",
    title="how many rows are left?",
    points=1,
    hints=(
        "Try it on paper: n equal weights must give n, one weight alone must give 1.",
        "The square of the sum over the sum of the squares.",
        "return weights.sum() ** 2 / np.square(weights).sum()",
    ),
    answer_name="effective_size",
    misconceptions={
        "upside-down": "Equal weights give 1 / n so: turn the fraction over.",
        "sum-not-squared": "The sum must be squared too; now the result depends on the unit of the weights.",
        "counts-rows": "That is the number of rows, whatever their weights.",
        "counts-weights-above-zero": "A tiny weight is not worth a whole row.",
        "takes-the-mean-for-one": "That is right for weights of mean 1 alone; other units must give the same.",
        "sum-of-weights": "The sum of the weights depends on their unit and not on how uneven they are.",
        "share-of-rows": "A number of rows was asked for, not a share of them.",
    },
    make_case=_size_case,
    probe=_size_probe,
    judge=_size_judge,
)

# ---------------------------------------------------------------- 11.3 a line for the target


def _line_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for move in (1.2, 1.2, 1.2, 0.0, 0.0, 0.0):
        bend, slope = rng.uniform(0.4, 0.6), rng.uniform(0.5, 1.5) * rng.choice((-1, 1))
        x, target_x = rng.normal(0, 0.6, 600), rng.normal(move, 0.6, 600)
        y, target_y = (slope * values - bend * values**2 + rng.normal(0, 0.15, 600) for values in (x, target_x))
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

    mine, unweighted, best = errors(lines), errors(plain), errors([_true_line(row) for row in rows])
    turned = errors([line[::-1] for line in lines])
    if np.median(turned[3:] / unweighted[3:]) < 1.1 < np.median(mine[3:] / unweighted[3:]):
        return not_earned("Slope and intercept are exchanged.", expected="(slope, intercept)", misconception="exchanged")
    if np.median(mine[:3] / unweighted[:3]) > 1.1:
        return not_earned(
            "Under the shift, your line is worse on the target than the unweighted one.",
            expected=f"a mean squared error below {np.median(unweighted[:3]):.3f}",
            received=f"{np.median(mine[:3]):.3f}",
            misconception="worse-than-nothing",
        )
    limit = np.median((unweighted[:3] + best[:3]) / 2)
    if np.median(mine[:3]) > limit:
        return not_earned(
            "Under the shift, less than half of the avoidable error is gone (median of three data sets).",
            expected=f"a mean squared error on the target below {limit:.3f}",
            received=f"{np.median(mine[:3]):.3f}; unweighted {np.median(unweighted[:3]):.3f}",
            misconception="too-little",
        )
    if np.median(mine[3:] / unweighted[3:]) > 1.1:
        return not_earned(
            "Where nothing shifted, your line is more than 10 % worse than the unweighted one (median of three data sets).",
            expected=f"a mean squared error below {1.1 * np.median(unweighted[3:]):.4f}",
            received=f"{np.median(mine[3:]):.4f}",
            misconception="hurts-without-a-shift",
        )
    return earned("Better under the shift, and no worse without one.")


def _true_line(row: Any) -> np.ndarray:
    """The line that true density ratios give; the judge's own yardstick for what weighting can reach."""
    x, moved = row["x"], row["target_x"].mean() - row["x"].mean()
    weights = np.exp(moved * (x - x.mean()) / x.var())
    return np.polyfit(x, row["y"], 1, w=np.sqrt(weights))


_LINE = Task(
    id="11.3",
    title="a line for the target",
    points=2,
    hints=(
        "Which rows of the source look like rows of the target? Let them count more.",
        "Weights as in task 11.1, of x as one column; then a weighted fit, such as LinearRegression().fit(..., sample_weight=w).",
        "w = ratio_weights(x[:, None], target_x[:, None]); slope, intercept = np.polyfit(x, y, 1, w=np.sqrt(w))",
    ),
    answer_name="line_for_target",
    misconceptions={
        "unweighted": "The fit did not use the weights.",
        "exchanged": "First the slope, then the intercept.",
        "worse-than-nothing": "Rows far from the target count most. Is your ratio upside down, or are x and y weighted differently?",
        "too-little": "The weights are too weak to move the line to where the target is.",
        "hurts-without-a-shift": "Without a shift all rows should count nearly the same; your rule throws rows away in any case.",
    },
    make_case=_line_case,
    probe=_line_probe,
    judge=_line_judge,
)

# ---------------------------------------------------------------- 11.4 the mix of the target


def _mix_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows, truth = [], []
    for kind in ("two", "three", "none of one class"):
        classes = 2 if kind == "two" else 3
        hits = rng.uniform(0.65, 0.85, classes)
        says = np.diag(hits) + (1 - np.eye(classes)) * ((1 - hits) / (classes - 1))[:, None]  # row: truth, column: what is said
        if classes == 3:  # mistakes go one way more than the other, so that the matrix and its transpose differ
            says[0, 1] += says[0, 2] - 0.02
            says[0, 2] = 0.02
        old = np.array([0.3, 0.7]) if classes == 2 else np.array([0.6, 0.25, 0.15])
        new = np.array([0.85, 0.15]) if classes == 2 else np.array([0.15, 0.2, 0.65])
        if kind == "none of one class":
            old, new = np.array([0.2, 0.3, 0.5]), np.array([0.8, 0.2, 0.0])
        labels, target = (rng.permutation(np.repeat(np.arange(classes), np.round(6000 * p).astype(int))) for p in (old, new))
        said, target_said = (_say(values, says, rng) for values in (labels, target))
        if kind == "none of one class":  # fewer mistakes by chance than expected: the plain solution is below 0
            target_said = target_said.copy()
            target_said[target_said == 2] = np.where(rng.random(np.sum(target_said == 2)) < 0.6, 0, 2)
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
    clipped = np.clip(weights, 0, None) * old
    return {
        "": clipped / clipped.sum(),
        "counted": counted,
        "weights-not-shares": weights,
        "negative-shares": weights * old,
        "transposed": np.linalg.solve(joint.T, counted) * old,
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
        fits = np.abs(mine - way[""]).max() < 0.03 and abs(mine.sum() - 1) < 1e-6 and mine.min() >= 0
        if fits:
            continue
        names = [
            name for name in way if name and all(np.allclose(f, w[name], atol=1e-3) for f, w in zip(found, ways, strict=True))
        ]
        below = mine.min() < 0
        name = names[0] if names else ("negative-shares" if below else None)
        if name is None and any(np.allclose(mine, np.clip(way[k], 0, None), atol=1e-3) for k in ("weights-not-shares",)):
            name = "weights-not-shares"
        return not_earned(
            f"The shares of data set {place + 1} are not those of the target.",
            expected=f"{show(way[''].round(3))}, 0 or more, sum 1",
            received=show(mine.round(3)),
            misconception=name,
        )
    return earned("The mix of the target, from a classifier that makes mistakes and without one label.")


_MIX = Task(
    id="11.4",
    title="the mix of the target",
    points=2,
    hints=(
        "The classifier makes the same mistakes in both places. How often does it say i when the truth is j?",
        "C[i, j]: share of source rows with `said` i and label j. Solve C w = shares of what is said in the target.",
        "w = np.linalg.solve(C, counted); shares = np.clip(w, 0, None) * C.sum(axis=0); return shares / shares.sum()",
    ),
    answer_name="target_shares",
    misconceptions={
        "counted": "That is how often the classifier *says* each class. It makes mistakes, and they do not cancel.",
        "weights-not-shares": "w is new share over old share: multiply by the old shares.",
        "negative-shares": "A share below 0 comes from chance: set it to 0, and let the rest sum to 1.",
        "transposed": "Rows of C are what is said, columns the truth; yours is turned.",
        "believes-the-old-mix": "P(truth | said) depends on the old mix, which is what changed. P(said | truth) is what stays.",
        "old-shares": "Those are the shares in the source.",
    },
    make_case=_mix_case,
    probe=_mix_probe,
    judge=_mix_judge,
)

TASKS = (_RATIO, _SIZE, _LINE, _MIX)
