"""Tasks of lesson 09: the evidence by brute force, LEEP, and a published comparison recomputed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 9.1 the evidence by brute force


_Density = Callable[[Any, float, float], float]


def _evidence_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for examples, width in ((int(rng.integers(8, 14)), 3), (9, int(rng.integers(10, 16))), (300, 4)):
        labels = np.arange(examples) % 2
        features = rng.normal(size=(examples, width)) + np.outer(labels, rng.uniform(0.5, 1.5, width))
        alphas = np.exp(np.sort(rng.uniform(-3, 4, 6)))
        betas = np.exp(np.sort(rng.uniform(1, 5, 5))) if examples < 300 else np.exp(np.linspace(5.2, 6, 3))
        rows.append({"features": features, "column": labels.astype(float), "alphas": alphas, "betas": betas})
    placebo = dict(rows[0], column=rng.permutation(rows[0]["column"]))
    return Case(inputs={"rows": [*rows, placebo]})


def _evidence_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        copies = [np.array(row[name]) for name in ("features", "column", "alphas", "betas")]
        found.append(array_of(call(answer, *copies), "the result"))
    return {"found": found}


def _log_density(row: Any, alpha: float, beta: float, constant: bool = True) -> float:
    examples = len(row["column"])
    covariance = row["features"] @ row["features"].T / alpha + np.eye(examples) / beta
    quadratic = float(row["column"] @ np.linalg.solve(covariance, row["column"]))
    return -0.5 * (constant * examples * np.log(2 * np.pi) + float(np.linalg.slogdet(covariance)[1]) + quadratic)


def _over_grid(row: Any, density: _Density, gather: Callable[[list[float]], Any] = max, per_image: bool = True) -> float:
    values = [density(row, float(alpha), float(beta)) for alpha in row["alphas"] for beta in row["betas"]]
    return float(gather(values)) / (len(row["column"]) if per_image else 1)


def _evidence_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [float(need_array(value, "the result", shape=(), kinds="iuf")) for value in evidence["found"]]
    wanted = [_over_grid(row, _log_density) for row in rows]
    right = np.isclose(found, wanted, rtol=1e-6, atol=1e-8)
    if not np.isfinite(found).all():
        bad = int(np.flatnonzero(~np.isfinite(found))[0])
        return not_earned(
            f"For {len(rows[bad]['column'])} images the result is not finite.",
            expected=show(wanted[bad]),
            received=show(found[bad]),
            misconception="determinant-underflows" if right[[0, 1, 3]].all() else None,
        )
    if right.all():
        return earned("The largest evidence of the grid, also where the determinant is too small to be written down.")
    small = rows[:2]  # enough to tell the variants apart

    def all_over(density: _Density, **options: Any) -> list[float]:
        return [_over_grid(row, density, **options) for row in small]

    variants = {
        "not-per-image": all_over(_log_density, per_image=False),
        "alpha-and-beta-exchanged": all_over(lambda row, a, b: _log_density(row, b, a)),
        "precision-is-not-variance": all_over(lambda row, a, b: _log_density(row, 1 / a, 1 / b)),
        "constant-forgotten": all_over(lambda row, a, b: _log_density(row, a, b, constant=False)),
        "mean-of-the-grid": all_over(_log_density, gather=np.mean),
        "smallest-of-the-grid": all_over(_log_density, gather=min),
    }
    name = next((name for name, values in variants.items() if np.allclose(found[:2], values, rtol=1e-6)), None)
    bad = int(np.flatnonzero(~right)[0])
    images, width = rows[bad]["features"].shape
    return not_earned(
        f"The evidence differs for {images} images with {width} features each.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_EVIDENCE = Task(
    id="9.1",
    title="the evidence by brute force",
    points=2,
    hints=(
        "How large is C? What does `np.linalg.det` return for it with 300 images?",
        "`np.linalg.slogdet(C)[1]` is log det C without the determinant itself; `np.linalg.solve(C, column)` is inv(C) @ column.",
        "Two loops, over `alphas` and `betas`. Keep the largest log density, and divide it by n after the loops.",
    ),
    answer_name="best_evidence",
    misconceptions={
        "determinant-underflows": "A determinant of 300 rows is rounded to 0 or to infinity. Take `np.linalg.slogdet`.",
        "not-per-image": "Divide by the number of images.",
        "alpha-and-beta-exchanged": "`alpha` is of the weights, so it divides `features @ features.T`; `beta` is of the noise.",
        "precision-is-not-variance": "`alpha` and `beta` are precisions: divide by them.",
        "constant-forgotten": "`n * log(2 pi)` belongs to the density.",
        "mean-of-the-grid": "The task asks for the largest value over the pairs, not for their mean.",
        "smallest-of-the-grid": "The task asks for the largest evidence: the largest number, though it is negative.",
    },
    make_case=_evidence_case,
    probe=_evidence_probe,
    judge=_evidence_judge,
)

# ---------------------------------------------------------------- 9.2 LEEP


def _leep_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 2, 5], [30, 20, 10]))
    logits = 1.5 * rng.normal(size=(60, 6)) + 2.0 * np.eye(6)[labels]
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    empty = soft.copy()
    empty[:, 3] = 0.0  # a source class that no image resembles
    empty /= empty.sum(axis=1, keepdims=True)
    certain = np.eye(6)[labels]
    rows = [(soft, labels), (empty, labels), (certain, labels), (soft, rng.permutation(labels))]
    return Case(inputs={"rows": [{"probabilities": p, "labels": y} for p, y in rows]})


def _leep_probe(answer: Any, inputs: Any) -> Any:
    return {
        "found": [
            array_of(call(answer, row["probabilities"].copy(), row["labels"].copy()), "the result") for row in inputs["rows"]
        ]
    }


def _joint(row: Any, hard: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names, places = np.unique(row["labels"], return_inverse=True)
    probabilities = np.asarray(row["probabilities"])
    if hard:
        probabilities = np.eye(probabilities.shape[1])[probabilities.argmax(axis=1)]
    return np.eye(len(names))[places].T @ probabilities / len(places), places, probabilities


def _leep(row: Any, given: Callable[[np.ndarray], np.ndarray], hard: bool = False) -> np.ndarray:
    joint, places, probabilities = _joint(row, hard)
    return np.log(np.maximum((given(joint)[places] * probabilities).sum(axis=1), 1e-300))


def _share(joint: np.ndarray) -> np.ndarray:
    return joint / np.maximum(joint.sum(axis=0), 1e-300)


def _log_first(row: Any) -> np.ndarray:
    joint, places, probabilities = _joint(row)
    return (np.log(np.maximum(_share(joint), 1e-300))[places] * probabilities).sum(axis=1)


def _leep_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [float(need_array(value, "the result", shape=(), kinds="iuf")) for value in evidence["found"]]
    wanted = [float(_leep(row, _share).mean()) for row in rows]
    if np.isfinite(found[0]) and not np.isfinite(found[1]):
        return not_earned(
            "Where one source class gets no probability at all, the result is not finite.",
            expected=show(wanted[1]),
            received=show(found[1]),
            misconception="empty-source-class" if np.isnan(found[1]) else None,
        )
    if np.allclose(found, wanted, rtol=1e-6, atol=1e-7):
        return earned("Never above 0, and 0 where each source class holds images of one label.")
    variants = {
        "sign-turned": [-value for value in wanted],
        "sum-not-mean": [float(_leep(row, _share).sum()) for row in rows],
        "labels-tell-source": [float(_leep(row, lambda j: j / j.sum(axis=1, keepdims=True)).mean()) for row in rows],
        "joint-not-conditional": [float(_leep(row, lambda j: j).mean()) for row in rows],
        "winner-takes-all": [float(_leep(row, _share, hard=True).mean()) for row in rows],
        "logarithm-first": [float(_log_first(row).mean()) for row in rows],
    }
    name = next((name for name, values in variants.items() if np.isclose(found[0], values[0], rtol=1e-6)), None)
    if name is None and max(found) > 1e-9:
        name = "above-zero"
    bad = int(np.flatnonzero(~np.isclose(found, wanted, rtol=1e-6, atol=1e-7))[0])
    kind = ("", ", one of them without any probability", ", one of them certain for each image", ", with shuffled labels")[bad]
    return not_earned(
        f"LEEP differs for 60 images and 6 source classes{kind}.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_LEEP = Task(
    id="9.2",
    title="LEEP",
    points=2,
    hints=(
        "Make the table of joint shares first, labels down and source classes across. Do its rows or its columns add up to 1 in step 2?",
        "Divide each column by its sum. Multiply each image's probabilities by the row of its own label and sum; then the logarithm.",
        "`joint / joint.sum(axis=0)` gives the shares given z. `np.unique(labels, return_inverse=True)` gives each image's row.",
    ),
    answer_name="leep",
    misconceptions={
        "empty-source-class": "A source class without any probability gave 0 / 0; leave it out.",
        "sign-turned": "The sign is reversed: LEEP is 0 or less, and higher is better.",
        "sum-not-mean": "Take the mean over the images, or the score grows with their number.",
        "labels-tell-source": "You divided by the shares of the labels. The source class is given, so divide by the shares of z.",
        "joint-not-conditional": "The joint shares have to be divided by the sum for each source class.",
        "winner-takes-all": "Only the most probable source class was counted: that is NCE. LEEP counts all, each with its probability.",
        "logarithm-first": "First the sum over source classes, then the logarithm.",
        "above-zero": "A mean of logarithms of shares cannot be above 0.",
    },
    make_case=_leep_case,
    probe=_leep_probe,
    judge=_leep_judge,
)

# ---------------------------------------------------------------- 9.3 which tables follow from their rows?

_TOLERANCE = 0.03
_SCORES = ("h_score", "leep", "log_me", "nce")


def _tau(table: Any, score: str, statistic: str = "weightedtau") -> float:
    from scipy import stats

    return float(getattr(stats, statistic)(table["accuracies"], table["scores"][score]).statistic)


def _drawn_table(rng: np.random.Generator) -> dict[str, Any]:
    """A table whose published correlations follow from its rows."""
    accuracies = np.round(rng.uniform(60, 95, 10), 1)
    scores = {name: np.round(accuracies / 20 + rng.normal(0, rng.uniform(0.2, 1.0), 10), 3) for name in _SCORES}
    table: dict[str, Any] = {
        "accuracies": accuracies.tolist(),
        "scores": {name: list(map(float, v)) for name, v in scores.items()},
    }
    table["weighted_tau"] = {name: round(_tau(table, name) + float(rng.uniform(-0.01, 0.01)), 3) for name in _SCORES}
    return table


def _ordered_table(rng: np.random.Generator, bend: float) -> dict[str, Any]:
    """A table whose scores order the networks as the accuracies do, or the other way round; along a line if `bend` is 0."""
    accuracies = np.round(np.cumsum(rng.uniform(1.0, 3.0, 10)) + 60, 1)
    table: dict[str, Any] = {"accuracies": accuracies.tolist(), "scores": {}, "weighted_tau": {}}
    for place, name in enumerate(_SCORES):
        sign = 1.0 if place % 2 else -1.0
        straight = (accuracies - accuracies[0]) / (accuracies[-1] - accuracies[0])
        table["scores"][name] = (sign * (np.exp(bend * straight) if bend else straight)).tolist()
        table["weighted_tau"][name] = sign
    return table


def _published_tables(rng: np.random.Generator) -> dict[str, Any]:
    from tlcourse.select import published_rankings

    tables = {}
    for name, table in published_rankings().items():
        order = rng.permutation(10)  # the order of the networks does not matter
        tables[name] = {
            "accuracies": table.accuracies[order].tolist(),
            "scores": {score: values[order].tolist() for score, values in table.scores.items()},
            "weighted_tau": dict(table.weighted_tau),
        }
    return tables


def _audit_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    drawn = [_drawn_table(rng) for _ in range(6)]
    while abs(_tau(drawn[0], "nce")) < 0.15:
        drawn[0] = _drawn_table(rng)
    drawn[0]["weighted_tau"]["nce"] = -drawn[0]["weighted_tau"]["nce"]  # sign lost in print
    shift = float(rng.uniform(0.08, 0.2))
    drawn[1]["weighted_tau"]["log_me"] = round(_tau(drawn[1], "log_me") - shift, 3)  # one number wrong, and too low
    while _tau(drawn[2], "h_score") > 0.7:
        drawn[2] = _drawn_table(rng)
    drawn[2]["weighted_tau"]["h_score"] = round(_tau(drawn[2], "h_score") + shift, 3)  # one number wrong, and too high
    drawn += [_ordered_table(rng, bend=12.0), _ordered_table(rng, bend=0.0)]
    near = drawn[-1]["weighted_tau"]  # within the tolerance and not equal, while plain tau is the same as the weighted one
    near.update({score: round(0.99 * value, 3) for score, value in near.items()})
    tables = {**_published_tables(rng), **{f"made up {i}": table for i, table in enumerate(drawn)}}
    names = [str(name) for name in rng.permutation(list(tables))]
    good = {f"made up {i}": _drawn_table(rng) for i in range(3)}
    return Case(inputs={"rows": [{name: tables[name] for name in names}, good], "tolerance": _TOLERANCE})


def _audit_probe(answer: Any, inputs: Any) -> Any:
    from copy import deepcopy

    found = []
    for tables in inputs["rows"]:
        names = call(answer, deepcopy(tables), inputs["tolerance"])
        if not isinstance(names, set | frozenset | list | tuple):
            return {"found": None}
        found.append(sorted({str(name) for name in names}))
    return {"found": found}


def _wrong_tables(
    tables: Any,
    wrong: Callable[[Any, str], bool],
    gather: Callable[[list[bool]], bool] = any,
    scores: tuple[str, ...] = _SCORES,
) -> list[str]:
    return sorted(name for name, table in tables.items() if gather([wrong(table, score) for score in scores]))


def _audit_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return a set of names.", expected="a set of text")
    rows = case.inputs["rows"]
    found = [sorted(map(str, names)) for names in evidence["found"]]

    def apart(statistic: str = "weightedtau", tolerance: float = _TOLERANCE, size: bool = False) -> Callable[[Any, str], bool]:
        def wrong(table: Any, score: str) -> bool:
            ours, theirs = _tau(table, score, statistic), table["weighted_tau"][score]
            return abs(abs(ours) - abs(theirs)) > tolerance if size else abs(ours - theirs) > tolerance

        return wrong

    def signed(sign: int) -> Callable[[Any, str], bool]:
        return lambda table, score: sign * (table["weighted_tau"][score] - _tau(table, score)) > _TOLERANCE

    wanted = [_wrong_tables(tables, apart()) for tables in rows]
    if found == wanted:
        return earned(
            f"Found: {', '.join(name for name in wanted[0] if 'made up' not in name)}, and those that were made up to be wrong."
        )

    def same(*mistakes: Callable[[Any], list[str]]) -> list[list[str]]:
        """Return what one of the forms of a mistake finds, if it is what was found."""
        return next((w for mistake in mistakes if (w := [mistake(tables) for tables in rows]) == found), [])

    variants = {
        "the-good-ones": [sorted(set(tables) - set(names)) for tables, names in zip(rows, wanted, strict=True)],
        "plain-kendall": [_wrong_tables(tables, apart("kendalltau")) for tables in rows],
        "linear-correlation": [_wrong_tables(tables, apart("pearsonr")) for tables in rows],
        "tolerance-ignored": same(*(lambda tables, t=t: _wrong_tables(tables, apart(tolerance=t)) for t in (0.0006, 1e-9))),
        "signs-ignored": [_wrong_tables(tables, apart(size=True)) for tables in rows],
        "one-direction-only": same(*(lambda tables, sign=sign: _wrong_tables(tables, signed(sign)) for sign in (1, -1))),
        "all-must-be-wrong": [_wrong_tables(tables, apart(), all) for tables in rows],
        "one-score-only": same(*(lambda tables, s=s: _wrong_tables(tables, apart(), scores=(s,)) for s in _SCORES)),
        "everything-suspected": [sorted(tables) for tables in rows],
        "nothing-suspected": [[] for _ in rows],
    }
    name = next((name for name, values in variants.items() if values == found), None)
    missing, extra = sorted(set(wanted[0]) - set(found[0])), sorted(set(found[0]) - set(wanted[0]))
    text = "; ".join(
        part
        for part in (
            f"missing: {', '.join(missing)}" if missing else "",
            f"without reason: {', '.join(extra)}" if extra else "",
        )
        if part
    )
    if not text:
        text = "where every table follows from its rows, the set has to be empty"
    return not_earned(
        f"Another set of tables does not follow from its rows; {text}.",
        expected=f"{len(wanted[0])} of {len(rows[0])}",
        received=f"{len(found[0])}",
        misconception=name,
    )


_AUDIT = Task(
    id="9.3",
    title="which tables follow from their rows?",
    points=2,
    hints=(
        "One wrong number is enough to distrust a table. How far apart may a published and a recomputed one be, and in which direction?",
        "For each score of a table: `weightedtau(accuracies, values).statistic`; compare the absolute difference with the tolerance.",
        'Loop over `table["scores"].items()`. The published number is `table["weighted_tau"][score]`. One that is too far is enough.',
    ),
    answer_name="not_reproducible",
    misconceptions={
        "the-good-ones": "These are the tables that do follow; the task asks for the others.",
        "plain-kendall": "That is the plain tau, in which all pairs count the same; the published one is `scipy.stats.weightedtau`.",
        "linear-correlation": "That is the linear correlation; the published one is `scipy.stats.weightedtau`.",
        "tolerance-ignored": "Scores were rounded for print, and small differences are no fault: compare with the tolerance.",
        "signs-ignored": "A correlation of -0.3 is not one of 0.3: compare the numbers, not their absolute values.",
        "one-direction-only": "Too low is as wrong as too high: take the absolute difference.",
        "all-must-be-wrong": "One correlation that does not follow is enough.",
        "one-score-only": "Only one of the four scores was recomputed.",
        "everything-suspected": "Not every table is wrong: recompute.",
        "nothing-suspected": "Some tables are wrong: recompute.",
    },
    make_case=_audit_case,
    probe=_audit_probe,
    judge=_audit_judge,
)

TASKS = (_EVIDENCE, _LEEP, _AUDIT)
