"""Tasks of lesson 08: a gain with its interval, sources against their placebo, abstaining, a map of where a network looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 8.1 the gain, and its interval


def _runs_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(5, 8))
    hard = rng.uniform(0.3, 0.7, count)  # what the draws have in common: far larger than the gain
    scratch = hard + rng.normal(0, 0.01, count)
    transfer = hard + rng.choice((-1, 1)) * rng.uniform(0.04, 0.08) + rng.normal(0, 0.02, count)
    runs = [[draw, "scratch", float(scratch[draw])] for draw in range(count)]
    runs += [[draw, "transfer", float(transfer[draw])] for draw in range(count)]
    runs += [[count, "scratch", 0.9], [count + 1, "transfer", 0.1], [count + 2, "scratch", 0.95]]  # broken down
    order = rng.permutation(len(runs))
    return Case(inputs={"runs": [runs[i] for i in order], "confidence": float(rng.choice((0.8, 0.9, 0.95)))})


def _runs_probe(answer: Any, inputs: Any) -> Any:
    runs = [tuple(run) for run in inputs["runs"]]
    return {"found": array_of(call(answer, runs, inputs["confidence"]), "the result")}


def _t_interval(gains: np.ndarray, confidence: float, *, ddof: int = 1, root: bool = True, normal: bool = False) -> np.ndarray:
    from scipy import stats

    quantile = stats.norm.ppf((1 + confidence) / 2) if normal else stats.t.ppf((1 + confidence) / 2, len(gains) - 1)
    margin = quantile * gains.std(ddof=ddof) / (np.sqrt(len(gains)) if root else 1)
    return gains.mean() + margin * np.array([0.0, -1.0, 1.0])


def _runs_judge(case: Case, evidence: Any) -> Verdict:
    from scipy import stats

    runs, confidence = case.inputs["runs"], case.inputs["confidence"]
    found = need_array(evidence["found"], "the result", shape=(3,)).astype(float)
    values = {way: {draw: a for draw, w, a in runs if w == way} for way in ("scratch", "transfer")}
    both = sorted(set(values["scratch"]) & set(values["transfer"]))
    gains = np.array([values["transfer"][draw] - values["scratch"][draw] for draw in both])
    wanted = _t_interval(gains, confidence)
    if np.allclose(found, wanted, atol=1e-9):
        return earned("Paired by draw, without the broken ones, and as sure as the draws allow.")
    all_t, all_s = (np.array(list(values[way].values())) for way in ("transfer", "scratch"))
    kept_t, kept_s = (np.array([values[way][draw] for draw in both]) for way in ("transfer", "scratch"))
    apart = stats.ttest_ind(kept_t, kept_s, equal_var=False).confidence_interval(confidence)
    pooled = stats.ttest_ind(kept_t, kept_s).confidence_interval(confidence)
    by_order = np.array([a for _, w, a in runs if w == "transfer"][: len(all_s)])
    by_order = by_order[: len(all_s)] - np.array([a for _, w, a in runs if w == "scratch"][: len(by_order)])
    variants = {
        "scratch-minus-transfer": _t_interval(-gains, confidence),
        "not-paired": np.array([gains.mean(), apart.low, apart.high]),
        "normal-not-t": _t_interval(gains, confidence, normal=True),
        "divides-by-n": _t_interval(gains, confidence, ddof=0),
        "spread-not-mean": _t_interval(gains, confidence, root=False),
        "confidence-on-one-side": _t_interval(gains, 2 * confidence - 1),
        "paired-by-order": _t_interval(by_order, confidence),
    }
    name = next((name for name, value in variants.items() if np.allclose(found, value, atol=1e-9)), None)
    if name is None and np.allclose(found, [gains.mean(), pooled.low, pooled.high], atol=1e-9):
        name = "not-paired"
    if name is None and np.isclose(found[0], all_t.mean() - all_s.mean()):
        name = "broken-draws-counted"
    complete = [f"{draw}: {values['scratch'][draw]:.3f} and {values['transfer'][draw]:.3f}" for draw in both]
    return not_earned(
        f"Mean or interval differ at confidence {confidence}. Scratch and transfer of the complete draws: {'; '.join(complete)}.",
        expected=show(wanted),
        received=show(found),
        misconception=name,
    )


_RUNS = Task(
    id="8.1",
    title="the gain, and its interval",
    points=2,
    hints=(
        "Draws differ in difficulty. What cancels that: the difference of two means, or the mean of differences?",
        "Put the runs in a dict with the key `(draw, way)`. Keep the draws that have both ways, and take the differences.",
        "The margin is `stats.t.ppf((1 + confidence) / 2, n - 1)` times the standard error of the mean. Is `ddof` right?",
    ),
    answer_name="gain_with_interval",
    misconceptions={
        "scratch-minus-transfer": "The gain is transfer minus scratch: negative where transfer harms.",
        "not-paired": "The two ways were taken for independent samples. Take the difference within each draw first.",
        "normal-not-t": "The quantile is that of the normal distribution. With few draws, take that of Student's t distribution.",
        "divides-by-n": "The standard deviation of a sample divides by n - 1: `std(ddof=1)`. NumPy's default divides by n.",
        "spread-not-mean": "This is the spread of single draws; that of their mean is smaller by the root of their number.",
        "confidence-on-one-side": "The interval leaves out one half on each side: take the quantile `(1 + confidence) / 2`.",
        "paired-by-order": "The runs are in the order in which they finished. Pair them by the number of the draw.",
        "broken-draws-counted": "A draw that lacks one of the two ways has no difference, and is left out of the mean.",
    },
    make_case=_runs_case,
    probe=_runs_probe,
    judge=_runs_judge,
)

# ---------------------------------------------------------------- 8.2 which sources know the task?

_PLACEBOS = 20


def _fit(features: np.ndarray, labels: np.ndarray) -> float:
    """How well least squares fits the labels that it sees; a table as wide as it is long fits anything."""
    targets = np.eye(int(labels.max()) + 1)[labels]
    design = np.column_stack([features, np.ones(len(features))])
    fitted = design @ np.linalg.lstsq(design, targets, rcond=None)[0]
    return float(1 - ((targets - fitted) ** 2).sum() / ((targets - targets.mean(axis=0)) ** 2).sum())


def _log_me(features: np.ndarray, labels: np.ndarray) -> float:
    from tlcourse.select import log_me

    return log_me(features, labels)


_SCORES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {"fit": _fit, "LogME": _log_me}


def _sources_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(45) % 3)
    corners = np.eye(3)[labels] @ rng.normal(size=(3, 8))
    tables = {"near": corners + 0.4 * rng.normal(size=(45, 8)), "related": corners + 1.1 * rng.normal(size=(45, 8))}
    for name, width in (("unrelated", 8), ("wide", 60)):
        while True:
            table = rng.normal(size=(45, width))
            placebos = [score(table, rng.permutation(labels)) for score in _SCORES.values() for _ in range(30)]
            lower = [np.quantile(part, 0.5) for part in np.split(np.array(placebos), len(_SCORES))]
            if all(score(table, labels) <= low + 1e-9 for score, low in zip(_SCORES.values(), lower, strict=True)):
                break  # no luck: an average placebo does as well
        tables[name] = table
    order = [str(name) for name in rng.permutation(list(tables))]
    return Case(inputs={"tables": {name: tables[name] for name in order}, "labels": labels, "seed": int(rng.integers(2**31))})


def _sources_probe(answer: Any, inputs: Any) -> Any:
    named, shuffles, placebos, labels = {}, {}, {}, inputs["labels"]
    known = {table.tobytes(): name for name, table in inputs["tables"].items()}
    after = labels.copy()
    for kind, score in _SCORES.items():
        asked: list[Any] = []
        found: dict[str, list[float]] = {name: [] for name in inputs["tables"]}

        def noting(features: Any, given: Any, score: Any = score, asked: list[Any] = asked, found: Any = found) -> float:
            given, value = np.array(given), score(np.asarray(features), np.asarray(given))
            asked.append(given)
            name = known.get(np.ascontiguousarray(features).tobytes())
            if name is not None and not np.array_equal(given, labels):
                found[name].append(value)
            return value

        names = call(answer, {name: table.copy() for name, table in inputs["tables"].items()}, after, noting, inputs["seed"])
        if not isinstance(names, list | tuple):
            return {"named": None}
        named[kind] = [str(name) for name in names]
        other = [given for given in asked if not np.array_equal(given, labels)]
        shuffles[kind] = [len(other), len({given.tobytes() for given in other})]
        placebos[kind] = {name: values[:100] for name, values in found.items()}
    return {"named": named, "shuffles": shuffles, "placebos": placebos, "labels": after}


def _above_some(case: Case, kind: str, placebos: Any) -> list[list[str]]:
    """Which sources lie above the mean, the median or the smallest of the placebo scores that were asked for."""
    true = {name: _SCORES[kind](table, case.inputs["labels"]) for name, table in case.inputs["tables"].items()}
    if not all(placebos[name] for name in true):
        return []
    return [sorted(n for n in true if true[n] > low(placebos[n])) for low in (np.mean, np.median, np.min)]


def _sources_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["named"] is None:
        return not_earned("Your function did not return a list of names.", expected='such as ["near", "related"]')
    if not np.array_equal(evidence["labels"], case.inputs["labels"]):
        return not_earned("Your function shuffled the caller's labels.", misconception="changes-labels")
    wanted = ["near", "related"]
    tables = case.inputs["tables"]
    for kind, names in evidence["named"].items():
        if names == wanted:
            continue
        asked, different = evidence["shuffles"][kind]
        name = None
        if names == wanted[::-1]:
            name = "worst-first"
        elif set(names) == {"unrelated", "wide"}:
            name = "the-unrelated-ones"
        elif set(wanted) < set(names):
            name = _few(asked, different, len(tables))
            if name is None and sorted(names) in _above_some(case, kind, evidence["placebos"][kind]):
                name = "above-some-is-enough"
        return not_earned(
            f"With the score {kind!r} other sources know the task.",
            expected=show(wanted),
            received=show(names),
            misconception=name,
        )
    for kind, (asked, different) in evidence["shuffles"].items():
        if asked < _PLACEBOS * len(tables):
            return not_earned(
                f"With the score {kind!r}, your function asked for too few placebo scores.",
                expected=f"{_PLACEBOS} for each of {len(tables)} sources",
                received=str(asked),
                misconception=_few(asked, different, len(tables)),
            )
        if different < _PLACEBOS:
            return not_earned(
                "The same shuffles of the labels were scored again and again.",
                expected=f"{_PLACEBOS} different shuffles or more",
                received=str(different),
                misconception="same-shuffle-again",
            )
    return earned("The wide table fooled the crude score, and its placebo showed that.")


def _few(asked: int, different: int, sources: int) -> str | None:
    """Name what is missing in the shuffles that were scored, if anything is."""
    if asked == 0:
        return "no-placebo"
    if asked < _PLACEBOS * sources:
        return "one-placebo-is-enough"
    return "same-shuffle-again" if different < _PLACEBOS else None


_SOURCES = Task(
    id="8.2",
    title="which sources know the task?",
    points=2,
    hints=(
        "A table that fits shuffled labels as well as the true ones: what does it know?",
        "For each table: the true score, twenty scores with `rng.permutation(labels)`, and the largest of the twenty.",
        "Make `rng` once, before the loop. Keep a table whose true score lies above that largest one; sort by true score.",
    ),
    answer_name="rank_sources",
    misconceptions={
        "no-placebo": "No shuffled labels were scored. The wide table fits shuffled labels just as well as the true ones.",
        "worst-first": "The best source comes first: sort from high to low.",
        "the-unrelated-ones": "These are the sources that do not beat their placebo; the task asks for those that do.",
        "one-placebo-is-enough": "A few shuffles may be unlucky. Compare with twenty, for every source.",
        "above-some-is-enough": "The true score has to lie above all twenty, not above their mean or above one of them.",
        "same-shuffle-again": "Shuffle again for each placebo; make the generator once, outside the loop.",
        "changes-labels": "`rng.shuffle` changes the labels themselves; `rng.permutation` returns a new array.",
    },
    make_case=_sources_case,
    probe=_sources_probe,
    judge=_sources_judge,
)

# ---------------------------------------------------------------- 8.3 say no


def _with_mean(rng: np.random.Generator, mean: float, spread: float, count: int = 5) -> list[float]:
    values = rng.normal(size=count)
    values = (values - values.mean()) / values.std(ddof=1)
    return [float(v) for v in mean + spread * values]


def _decide_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = [
        # half the width of the interval of 5 draws is 1.24 standard deviations, 0.88 if 1.96 stands for t
        {"wild": _with_mean(rng, 0.12, 0.15), "steady": _with_mean(rng, 0.07, 0.02)},  # the larger mean is not proven
        {"bad": _with_mean(rng, -0.2, 0.02), "wild": _with_mean(rng, 0.05, 0.08)},  # nothing pays
        {"small": _with_mean(rng, 0.015, 0.002), "bad": _with_mean(rng, -0.1, 0.01)},  # above 0, below the cost
        {"single": [0.3], "steady": _with_mean(rng, 0.06, 0.01)},  # one draw proves nothing
        {"large": _with_mean(rng, 0.20, 0.10), "sure": _with_mean(rng, 0.12, 0.005)},  # both pay: the mean decides
        {"close": _with_mean(rng, 0.07, 0.045)},  # pays with 1.96, not with t
        {"hopeful": _with_mean(rng, 0.01, 0.06)},  # only the upper end lies above the cost
    ]
    order = rng.permutation(len(rows))
    return Case(inputs={"rows": [rows[i] for i in order], "cost": 0.025})


def _decide_probe(answer: Any, inputs: Any) -> Any:
    found = [call(answer, {k: np.array(v) for k, v in row.items()}, inputs["cost"]) for row in inputs["rows"]]
    return {"found": [name if isinstance(name, str) else None for name in found]}


def _rule(
    row: Any, cost: float, *, width: float | None = None, by: str = "mean", single: bool = False, ends: bool = False
) -> str:
    """The rule of the task, or one that differs in a single thing."""
    from scipy import stats

    scores = {}
    for name, values in row.items():
        n, mean = len(values), float(np.mean(values))
        if n < 2:
            if single and mean > cost:
                scores[name] = mean
            continue
        margin = (stats.t.ppf(0.975, n - 1) if width is None else width) * float(np.std(values, ddof=1)) / np.sqrt(n)
        if (mean + margin if ends else mean - margin) > cost:
            scores[name] = mean if by == "mean" else mean - margin
    return max(scores, key=lambda name: scores[name], default="scratch")


def _decide_judge(case: Case, evidence: Any) -> Verdict:
    rows, cost, found = case.inputs["rows"], case.inputs["cost"], evidence["found"]
    if any(name is None for name in found):
        return not_earned("Your function did not return a name.", expected='a name of `gains`, or "scratch"')
    wanted = [_rule(row, cost) for row in rows]
    if found == wanted:
        return earned("It takes what is proven to pay, and says no to the rest.")
    best = [max((float(np.mean(values)), name) for name, values in row.items())[1] for row in rows]
    options: dict[str, list[list[str]]] = {
        "never-abstains": [best],
        "mean-alone-decides": [[_rule(row, cost, width=0.0, single=s) for row in rows] for s in (True, False)],
        "ignores-the-cost": [[_rule(row, 0.0, single=s) for row in rows] for s in (False, True)],
        "trusts-one-draw": [[_rule(row, cost, single=True) for row in rows]],
        "normal-not-t": [[_rule(row, cost, width=w) for row in rows] for w in (1.96, 2.0)],
        "largest-lower-end": [[_rule(row, cost, by="low") for row in rows]],
        "upper-end": [[_rule(row, cost, ends=True) for row in rows]],
        "always-abstains": [["scratch"] * len(rows)],
    }
    name = next((name for name, lists in options.items() if found in lists), None)
    bad = min((i for i in range(len(rows)) if found[i] != wanted[i]), key=lambda i: sum(map(len, rows[i].values())))
    gains = {source: [round(v, 3) for v in values] for source, values in rows[bad].items()}
    return not_earned(
        f"For the gains {gains} and the cost {cost} another answer follows from the rule.",
        expected=wanted[bad],
        received=found[bad],
        misconception=name,
    )


_DECIDE = Task(
    id="8.3",
    title="say no",
    points=2,
    hints=(
        "What is compared with the cost: the mean of the gains, or the least that the draws allow?",
        "Two steps. Keep the sources whose interval has its lower end above the cost. Of these, take the largest mean.",
        'Collect `{name: mean}` of the sources that pay. `max(..., key=..., default="scratch")` also works when there is none.',
    ),
    answer_name="decide",
    misconceptions={
        "never-abstains": 'Among bad sources one is the best, and still bad: where none pays, the answer is "scratch".',
        "mean-alone-decides": "A large mean of wild gains proves nothing; the lower end of the interval has to lie above the cost.",
        "ignores-the-cost": "More than 0 is not enough: it has to bring more than it costs.",
        "trusts-one-draw": "A single draw has no spread, so there is no interval and no proof.",
        "normal-not-t": "The margin was computed with 1.96 or 2. With five draws the quantile of Student's t is larger.",
        "largest-lower-end": "Of the sources that pay, the task asks for the one with the largest mean.",
        "upper-end": "The upper end says what is possible at best. Look at the lower end.",
        "always-abstains": "A source that is proven to pay should be used.",
    },
    make_case=_decide_case,
    probe=_decide_probe,
    judge=_decide_judge,
)

# ---------------------------------------------------------------- 8.4 where does it look?


_SMALL_MAPS = np.array([[[4.0, 1.0], [1.0, 3.0]], [[2.0, 0.0], [0.0, 4.0]]])
_SMALL_GRADIENTS = np.array([[[1.0, -2.0], [3.0, 0.0]], [[2.0, -1.0], [2.0, -1.0]]])


def _map_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    maps, gradients = [_SMALL_MAPS.copy()], [_SMALL_GRADIENTS.copy()]  # small enough to be shown
    maps += [rng.normal(size=(5, 7, 4)) for _ in range(2)]
    gradients += [rng.normal(0.4, 1.0, size=(5, 7, 4)) for _ in range(2)]
    maps.append(np.abs(rng.normal(size=(4, 4, 3))))
    gradients.append(np.full((4, 4, 3), -1.0))  # nothing speaks for this class
    return Case(inputs={"maps": maps, "gradients": gradients})


def _map_probe(answer: Any, inputs: Any) -> Any:
    pairs = zip(inputs["maps"], inputs["gradients"], strict=True)
    with np.errstate(all="ignore"):
        return {"found": [array_of(call(answer, maps.copy(), gradients.copy()), "the result") for maps, gradients in pairs]}


def _map_judge(case: Case, evidence: Any) -> Verdict:
    pairs = list(zip(case.inputs["maps"], case.inputs["gradients"], strict=True))
    found = [
        need_array(heat, "the result", shape=maps.shape[:2]).astype(float)
        for heat, (maps, _) in zip(evidence["found"], pairs, strict=True)
    ]

    def top(heat: np.ndarray) -> np.ndarray:
        return heat / heat.max() if heat.max() > 0 else np.zeros_like(heat)

    def stretched(heat: np.ndarray) -> np.ndarray:
        return (heat - heat.min()) / (heat.max() - heat.min())

    ways: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
        "": lambda m, g: top(np.maximum((m * g.mean(axis=(0, 1))).sum(axis=-1), 0)),
        "place-by-place": lambda m, g: top(np.maximum((m * g).sum(axis=-1), 0)),
        "negative-kept": lambda m, g: (m * g.mean(axis=(0, 1))).sum(axis=-1) / (m * g.mean(axis=(0, 1))).sum(axis=-1).max(),
        "stretched": lambda m, g: stretched((m * g.mean(axis=(0, 1))).sum(axis=-1)),
        "absolute": lambda m, g: top(np.abs((m * g.mean(axis=(0, 1))).sum(axis=-1))),
        "clipped-too-early": lambda m, g: top(np.maximum(m * g.mean(axis=(0, 1)), 0).sum(axis=-1)),
        "gradients-forgotten": lambda m, g: top(np.maximum(m.sum(axis=-1), 0)),
        "maps-forgotten": lambda m, g: top(np.maximum(g.mean(axis=-1), 0)),
        "not-divided": lambda m, g: np.maximum((m * g.mean(axis=(0, 1))).sum(axis=-1), 0),
    }
    same = {
        name: [np.allclose(heat, way(*pair), atol=1e-6) for heat, pair in zip(found, pairs, strict=True)]
        for name, way in ways.items()
    }
    if all(same[""]):
        return earned("Channels weighted by their mean gradient, the positive part, from 0 to 1.")
    if all(same[""][:-1]):
        return not_earned(
            "Where nothing speaks for a class, your map is not 0 everywhere.",
            expected="zeros",
            received=show(found[-1]),
            misconception="divides-by-zero",
        )
    name = next((name for name, hits in same.items() if name and all(hits[:-1])), None)
    bad = next(i for i, hit in enumerate(same[""]) if not hit)
    of = f" for maps {pairs[0][0].tolist()} and gradients {pairs[0][1].tolist()}" if bad == 0 else ""
    return not_earned(
        f"The map differs{of}.", expected=show(ways[""](*pairs[bad])), received=show(found[bad]), misconception=name
    )


_MAP = Task(
    id="8.4",
    title="where does it look?",
    points=2,
    hints=(
        "How many weights are there: one for each number of the maps, or one for each channel?",
        "`gradients.mean(axis=(0, 1))` gives the weights. Then sum over the last axis, then `np.maximum(..., 0)`.",
        "`maps * weights` multiplies each channel by its weight. Divide by the largest value only if it is above 0.",
    ),
    answer_name="class_map",
    misconceptions={
        "place-by-place": "Each place was weighted by its own gradient. In Grad-CAM a channel has one weight, the mean over places.",
        "negative-kept": "Places that speak against the class are 0 in the map: `np.maximum(heat, 0)`.",
        "stretched": "You stretched the map from its smallest to its largest value. That makes places bright that speak against the class.",
        "absolute": "With the absolute value, a place that speaks against the class looks like one that speaks for it.",
        "clipped-too-early": "First add up the channels, then keep what is positive: channels may cancel each other.",
        "gradients-forgotten": "Without the gradients the map does not depend on the class.",
        "maps-forgotten": "The gradients say how much a channel matters; the maps say where it answered.",
        "not-divided": "Divide by the largest value: the map goes from 0 to 1.",
        "divides-by-zero": "If nothing is positive, do not divide: the map is 0 everywhere.",
    },
    make_case=_map_case,
    probe=_map_probe,
    judge=_map_judge,
)

TASKS = (_RUNS, _SOURCES, _DECIDE, _MAP)
