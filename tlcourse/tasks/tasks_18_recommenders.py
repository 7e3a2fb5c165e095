"""Tasks of lesson 18: map cold users, recall and NDCG of a recommender, and how many shared users are enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

Rules = dict[str, Callable[[dict[str, Any]], Any]]


def _case_of(rows_of: Callable[[np.random.Generator], list[dict[str, Any]]], rules: Rules) -> Callable[[int], Case]:
    """Draw rows until no two rules, right or wrong, give the same answers on all of them."""

    def make(seed: int) -> Case:
        rng = np.random.default_rng(seed)
        while True:
            rows = rows_of(rng)
            answers = [np.concatenate([np.ravel(rule(row)) for row in rows]) for rule in rules.values()]
            apart = [a.shape != b.shape or np.abs(a - b).max() > 1e-3 for i, a in enumerate(answers) for b in answers[:i]]
            if all(apart):
                return Case(inputs={"rows": rows})

    return make


def _probe_of(what: str, names: tuple[str, ...]) -> Callable[[Any, Any], Any]:
    def probe(answer: Any, inputs: Any) -> Any:
        results = []
        for row in inputs["rows"]:
            given = [row[name].copy() if isinstance(row[name], np.ndarray) else row[name] for name in names]
            result = call(answer, *given)
            results.append(array_of(result, what))
        return {"found": results}

    return probe


def _named(rules: Rules, rows: list[dict[str, Any]], found: list[Any]) -> str | None:
    """Return the first wrong rule that gives all results, without what follows a colon in its name."""
    for name, rule in rules.items():
        made = [np.asarray(rule(row)) for row in rows]
        if all(np.shape(a) == b.shape and np.allclose(a, b, atol=1e-4) for a, b in zip(found, made, strict=True)):
            return name.split(":")[0]
    return None


def _number_judge(rules: Rules, what: str, praise: str, describe: Callable[[dict[str, Any]], str]) -> Any:
    def judge(case: Case, evidence: Any) -> Verdict:
        rows = case.inputs["rows"]
        sizes = {np.size(value) for value in evidence["found"]}
        if sizes != {1}:
            return not_earned(
                f"Your function did not return one number for {what}.", expected="one number, the mean over users"
            )
        if any(np.asarray(value).dtype.kind == "f" and np.isnan(value).all() for value in evidence["found"]):
            return not_earned(
                f"The result for {what} is NaN.",
                expected="users without relevant items left out, so nothing is divided by 0",
                received="nan",
                misconception="nan-users",
            )
        found = [need_number(value, what) for value in evidence["found"]]
        wanted = [float(rules["right"](row)) for row in rows]
        if np.allclose(found, wanted, atol=1e-6):
            return earned(praise)
        bad = int(np.argmax(~np.isclose(found, wanted, atol=1e-6)))
        return not_earned(
            f"The number is another one with {describe(rows[bad])}.",
            expected=f"{wanted[bad]:.4f}",
            received=f"{found[bad]:.4f}",
            misconception=_named({k: v for k, v in rules.items() if k != "right"}, rows, found),
        )

    return judge


# ---------------------------------------------------------------- 18.1 map cold users


def _map_rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for shared, width in ((30, 3), (60, 4)):
        matrix = rng.normal(size=(width, width))
        centre, goal = rng.normal(size=(2, width)) * 2
        source = centre + rng.normal(size=(shared, width))
        target = goal + (source - centre) @ matrix + 0.1 * rng.normal(size=(shared, width))
        rows.append({"source": source, "target": target, "cold": centre + rng.normal(size=(7, width))})
    return rows


def _least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0])


def _ones(x: np.ndarray) -> np.ndarray:
    return np.column_stack([x, np.ones(len(x))])


def _inverse(row: dict[str, Any]) -> np.ndarray:
    return _ones(row["cold"]) @ _least_squares(_ones(row["target"]), row["source"])


def _centred(row: dict[str, Any]) -> np.ndarray:
    return _least_squares(row["source"] - row["source"].mean(axis=0), row["target"] - row["target"].mean(axis=0))


def _nearest(row: dict[str, Any]) -> np.ndarray:
    apart = ((row["cold"][:, None] - row["source"]) ** 2).sum(axis=-1)
    return np.asarray(row["target"][apart.argmin(axis=1)])


def _scaled(row: dict[str, Any]) -> np.ndarray:
    columns = zip(row["source"].T, row["target"].T, row["cold"].T, strict=True)
    return np.stack([np.polyval(np.polyfit(x, y, 1), new) for x, y, new in columns], axis=1)


_MAPS: Rules = {
    "right": lambda r: _ones(r["cold"]) @ _least_squares(_ones(r["source"]), r["target"]),
    "no-offset": lambda r: r["cold"] @ _least_squares(r["source"], r["target"]),
    "no-map": lambda r: r["cold"],
    "everybody-the-mean": lambda r: np.tile(r["target"].mean(axis=0), (len(r["cold"]), 1)),
    "wrong-direction": _inverse,
    "transposed": lambda r: r["target"].mean(axis=0) + (r["cold"] - r["source"].mean(axis=0)) @ _centred(r).T,
    "offset-forgotten": lambda r: r["cold"] @ _centred(r),
    "offset-forgotten:centred": lambda r: (r["cold"] - r["source"].mean(axis=0)) @ _centred(r),
    "nearest-user": _nearest,
    "column-by-column": _scaled,
    "shared-users-mapped": lambda r: _ones(r["source"]) @ _least_squares(_ones(r["source"]), r["target"]),
}


def _map_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    name = _named({k: v for k, v in _MAPS.items() if k != "right"}, rows, evidence["found"])
    if name == "shared-users-mapped":
        return not_earned(
            "These are vectors of the shared users.", expected="one row for each cold user", misconception="shared-users-mapped"
        )
    found = [
        need_array(value, "the vectors", shape=row["cold"].shape) for value, row in zip(evidence["found"], rows, strict=True)
    ]
    wanted = [_MAPS["right"](row) for row in rows]
    # a small ridge is welcome, so the tolerance is that of the noise in the data
    fits = [np.abs(a - b).max() < 0.02 * np.abs(b).max() for a, b in zip(found, wanted, strict=True)]
    if all(fits):
        return earned("Cold users got the vectors that the map of the shared users predicts.")
    bad = fits.index(False)
    return not_earned(
        f"The vectors of cold users differ with {len(rows[bad]['source'])} shared users.",
        expected=f"first cold user: {show(wanted[bad][0])}",
        received=show(found[bad][0]),
        misconception=name,
    )


_MAP = Task(
    id="18.1",
    title="map cold users",
    points=2,
    hints=(
        "Each shared user is one example: input its vector in the source, label its vector in the target.",
        "A column of ones added to the vectors lets least squares find the offset, too. Add it to the cold users as well.",
        "A line through points: `np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]` are slope and offset.",
    ),
    answer_name="map_cold_users",
    misconceptions={
        "no-offset": "The map has no offset, so the mean of the source is not sent to the mean of the target. Add a column of ones.",
        "no-map": "These are the vectors of the source. Two catalogues have different spaces: a map is needed.",
        "everybody-the-mean": "Every cold user got the same vector. That is the popularity baseline.",
        "wrong-direction": "This map goes from the target to the source.",
        "transposed": "The map was transposed: rows are inputs, columns are outputs.",
        "offset-forgotten": "The map was fitted on centred vectors, but the means were not added or subtracted again.",
        "nearest-user": "This is the vector of the most similar shared user. Fit a map to all of them.",
        "column-by-column": "Each column was mapped by itself. The dimensions of two catalogues do not correspond: use a full matrix.",
        "shared-users-mapped": "The map was applied to the shared users. Apply it to the cold ones.",
    },
    make_case=_case_of(_map_rows, _MAPS),
    probe=_probe_of("the vectors", ("source", "target", "cold")),
    judge=_map_judge,
)

# ---------------------------------------------------------------- 18.2 recall


def _recall_rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for users, items, k in ((12, 15, 3), (20, 9, 5), (15, 8, 30)):
        seen = rng.random((users, items)) < 0.25
        relevant = ~seen & (rng.random((users, items)) < rng.uniform(0.1, 0.7, (users, 1)))
        relevant[:3] = False  # three users without relevant items
        scores = rng.permutation(users * items).reshape(users, items) / 10.0 + 3.0 * seen
        rows.append({"scores": scores, "relevant": relevant, "seen": seen, "k": k})
    return rows


def _hits(row: dict[str, Any], *, seen: bool = True, k: int | None = None, sign: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    scores = np.where(row["seen"] & seen, -np.inf, sign * row["scores"])
    top = np.argsort(-scores, axis=1)[:, : row["k"] if k is None else k]
    return np.take_along_axis(row["relevant"], top, axis=1).sum(axis=1), row["relevant"].sum(axis=1)


def _share(row: dict[str, Any], empty: float | None = None, **change: Any) -> float:
    hits, count = _hits(row, **change)
    some = count > 0
    shares = np.where(some, hits / np.maximum(count, 1), np.nan if empty is None else empty)
    return float(np.nanmean(shares))


def _over(row: dict[str, Any], below: Callable[[np.ndarray, int], Any]) -> float:
    hits, count = _hits(row)
    some = count > 0
    return float((hits[some] / below(count[some], row["k"])).mean())


_RECALLS: Rules = {
    "right": _share,
    "seen-recommended": lambda r: _share(r, seen=False),
    "empty-users-count-0": lambda r: _share(r, empty=0.0),
    "empty-users-count-1": lambda r: _share(r, empty=1.0),
    "precision": lambda r: _over(r, lambda count, k: k),
    "divided-by-smaller": lambda r: _over(r, lambda count, k: np.minimum(count, k)),
    "hit-rate": lambda r: float((_hits(r)[0] > 0)[_hits(r)[1] > 0].mean()),
    "pooled": lambda r: _hits(r)[0].sum() / _hits(r)[1].sum(),
    "lowest-scores": lambda r: _share(r, sign=-1.0),
    "one-too-few": lambda r: _share(r, k=r["k"] - 1),
    "one-too-many": lambda r: _share(r, k=r["k"] + 1),
}

_RECALL = Task(
    id="18.2",
    title="recall of a recommender",
    points=2,
    hints=(
        "What may a recommender not recommend? Whom can it not help at all?",
        "`np.where(seen, -np.inf, scores)` puts seen items last. Then the first k of `np.argsort(-scores, axis=1)`.",
        "`np.take_along_axis(table, columns, axis=1)` takes other columns from each row.",
    ),
    answer_name="mean_recall",
    misconceptions={
        "seen-recommended": "Items that the user has seen take places on the list. Put their scores to minus infinity first.",
        "empty-users-count-0": "Users without relevant items were counted as 0. Nothing can be found for them: leave them out.",
        "empty-users-count-1": "Users without relevant items were counted as 1. Leave them out.",
        "nan-users": "Users without relevant items make 0 / 0. Leave them out.",
        "precision": "Divided by k, this is precision. Recall divides by the relevant items of the user.",
        "divided-by-smaller": "Recall divides by all relevant items, also where they are more than k.",
        "hit-rate": "This is the hit rate: whether there is one relevant item on the list.",
        "pooled": "All users were pooled, so users with many relevant items count more. Average over users.",
        "lowest-scores": "`argsort` sorts upwards: these are the lowest scores.",
        "one-too-few": "The list has k - 1 places.",
        "one-too-many": "The list has k + 1 places.",
    },
    make_case=_case_of(_recall_rows, _RECALLS),
    probe=_probe_of("the recall", ("scores", "relevant", "seen", "k")),
    judge=_number_judge(
        _RECALLS,
        "the recall",
        "Seen items are out, users without relevant items are left out, and each user counts once.",
        lambda row: f"{len(row['scores'])} users, {row['scores'].shape[1]} items and k = {row['k']}",
    ),
)

# ---------------------------------------------------------------- 18.3 NDCG


def _ndcg_rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for users, items, k in ((6, 12, 4), (9, 20, 10), (5, 8, 50)):
        relevance = rng.choice([0, 0, 1, 2, 4], (users, items))
        relevance[:, 0] = 3  # everybody has a relevant item
        order = rng.permutation(items)
        scores = rng.permutation(users * items).reshape(users, items) / 7.0
        rows.append({"scores": scores, "relevance": relevance[:, order], "k": k})
    return rows


def _discount(places: np.ndarray) -> np.ndarray:
    return np.asarray(1 / np.log2(places + 1.0))


def _gained(
    row: dict[str, Any],
    *,
    gain: Callable[[np.ndarray], Any] = lambda r: r,
    discount: Callable[[np.ndarray], Any] = _discount,
    ideal: str = "cut",
    sign: float = 1.0,
    cut: bool = True,
) -> float:
    gains = gain(row["relevance"].astype(float))
    k = min(row["k"], gains.shape[1]) if cut else gains.shape[1]
    in_order = np.take_along_axis(gains, np.argsort(-sign * row["scores"], axis=1), axis=1)
    weights = discount(np.arange(1, gains.shape[1] + 1))
    reached = in_order[:, :k] @ weights[:k]
    if ideal == "none":
        return float(reached.mean())
    best = -np.sort(-(in_order[:, :k] if ideal == "list" else gains), axis=1)
    size = best.shape[1] if ideal == "whole" else k
    below = best[:, :size] @ weights[:size]
    if ideal == "pooled":
        return float(reached.sum() / below.sum())
    return float(np.mean(reached / np.where(below > 0, below, 1)))


_NDCGS: Rules = {
    "right": _gained,
    "exponential-gain": lambda r: _gained(r, gain=lambda x: 2**x - 1),
    "binary-gain": lambda r: _gained(r, gain=lambda x: 1.0 * (x > 0)),
    "reciprocal-discount": lambda r: _gained(r, discount=lambda i: 1.0 / i),
    "no-discount": lambda r: _gained(r, discount=lambda i: np.ones(len(i))),
    "discount-shifted": lambda r: _gained(r, discount=lambda i: 1 / np.log2(i + 2.0)),
    "not-normalised": lambda r: _gained(r, ideal="none"),
    "ideal-of-the-list": lambda r: _gained(r, ideal="list"),
    "ideal-not-cut": lambda r: _gained(r, ideal="whole"),
    "k-ignored": lambda r: _gained(r, cut=False),
    "lowest-scores": lambda r: _gained(r, sign=-1.0),
    "pooled": lambda r: _gained(r, ideal="pooled"),
}

_NDCG = Task(
    id="18.3",
    title="NDCG, linear gain",
    points=2,
    hints=(
        "The best possible list: which items, in which order, and how many of them?",
        "`1 / np.log2(np.arange(n) + 2)` are the discounts of places 1 to n. The best order sorts by relevance, then cut at k.",
        "`-np.sort(-table, axis=1)` sorts each row downwards, and `table[:, :k]` never has more columns than there are.",
    ),
    answer_name="mean_ndcg",
    misconceptions={
        "exponential-gain": "This gain is 2**r - 1, that of many papers. The task asks for the linear gain, r itself.",
        "binary-gain": "Relevant items of different grades counted the same. The gain is the relevance.",
        "reciprocal-discount": "The discount is 1 / log2(place + 1), not 1 / place.",
        "no-discount": "Places were not discounted: a hit at the end of the list counted like one at the top.",
        "discount-shifted": "The first place has discount 1 / log2(2) = 1. Yours begins one place later.",
        "not-normalised": "This is DCG. Divide by the DCG of the best list of each user.",
        "ideal-of-the-list": "The best list was made of the recommended items only. It may have any items.",
        "ideal-not-cut": "The best list has k places, too. Otherwise no recommender reaches 1.",
        "k-ignored": "The whole order was scored. Cut the list, and the best list, at k.",
        "lowest-scores": "`argsort` sorts upwards: these are the lowest scores.",
        "pooled": "All users were pooled. Divide for each user, then average.",
        "nan-users": "There is a division by 0. Look at the best list.",
    },
    make_case=_case_of(_ndcg_rows, _NDCGS),
    probe=_probe_of("the NDCG", ("scores", "relevance", "k")),
    judge=_number_judge(
        _NDCGS,
        "the NDCG",
        "Gains are discounted, cut at k, and divided by those of the best list.",
        lambda row: f"{len(row['scores'])} users, {row['scores'].shape[1]} items and k = {row['k']}",
    ),
)

# ---------------------------------------------------------------- 18.4 enough shared users


def _enough_rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows = []
    for number in range(6):
        counts = np.sort(rng.choice(np.arange(5, 400), 8, replace=False))
        baseline, gain = rng.uniform(0.8, 2.2), rng.uniform(0.1, 0.25)
        factors = 1 - gain + np.array([0.3, 0.16, -0.02, 0.09, 0.05, -0.03, -0.07, -0.1])  # below once, then above again
        if number == 2:
            factors = np.abs(factors - 1 + gain) + 1 - gain + 0.02  # never below
        errors = baseline * (factors + 0.06 * rng.standard_t(2, (7, 8)).clip(-2, 2))
        errors += baseline * factors - errors.mean(axis=0)
        order = rng.permutation(8)
        rows.append({"counts": counts[order], "errors": errors[:, order], "baseline": float(baseline), "gain": float(gain)})
    return rows


def _enough(
    row: dict[str, Any],
    *,
    middle: Callable[[np.ndarray], np.ndarray] = lambda errors: errors.mean(axis=0),
    limit: Callable[[float, float], float] = lambda baseline, gain: baseline * (1 - gain),
    pick: str = "stays",
    ordered: bool = True,
    never: float = -1.0,
) -> float:
    order = np.argsort(row["counts"]) if ordered else np.arange(len(row["counts"]))
    counts, below = row["counts"][order], middle(row["errors"])[order] <= limit(row["baseline"], row["gain"])
    stays = np.logical_and.accumulate(below[::-1])[::-1]
    chosen = {"stays": stays, "first": below, "place": stays}[pick]
    if not chosen.any():
        return never
    first = int(np.argmax(chosen))
    return float(first if pick == "place" else counts[first])


_ENOUGH: Rules = {
    "right": _enough,
    "first-below": lambda r: _enough(r, pick="first"),
    "best-draw": lambda r: _enough(r, middle=lambda e: e.min(axis=0)),
    "worst-draw": lambda r: _enough(r, middle=lambda e: e.max(axis=0)),
    "one-draw": lambda r: _enough(r, middle=lambda e: e[0]),
    "median-not-mean": lambda r: _enough(r, middle=lambda e: np.median(e, axis=0)),
    "gain-not-relative": lambda r: _enough(r, limit=lambda baseline, gain: baseline - gain),
    "gain-ignored": lambda r: _enough(r, limit=lambda baseline, gain: baseline),
    "limit-is-the-gain": lambda r: _enough(r, limit=lambda baseline, gain: baseline * gain),
    "not-sorted": lambda r: _enough(r, ordered=False),
    "place-not-count": lambda r: _enough(r, pick="place"),
    "never-is-the-largest": lambda r: _enough(r, never=float(r["counts"].max())),
}


def _enough_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        result = call(answer, row["counts"].copy(), row["errors"].copy(), row["baseline"], row["gain"])
        found.append(-1.0 if result is None else array_of(result, "the number of shared users"))
    return {"found": found}


def _enough_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    if any(np.size(value) != 1 for value in evidence["found"]):
        return not_earned("Your function did not return one number.", expected="a number of shared users, or None")
    found = [need_number(value, "the number of shared users") for value in evidence["found"]]
    wanted = [_enough(row) for row in rows]
    if found == wanted:
        return earned("From this number on, the mean error stays below the limit.")
    bad = next(i for i, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1])
    order = np.argsort(rows[bad]["counts"])
    means, limit = rows[bad]["errors"].mean(axis=0)[order], rows[bad]["baseline"] * (1 - rows[bad]["gain"])
    return not_earned(
        f"Shared users {show(rows[bad]['counts'][order])} have mean errors {show(means)}; the limit is {limit:.3f}.",
        expected="None" if wanted[bad] < 0 else f"{wanted[bad]:.0f}",
        received="None" if found[bad] == -1 else f"{found[bad]:.0f}",
        misconception=_named({k: v for k, v in _ENOUGH.items() if k != "right"}, rows, found),
    )


_ENOUGH_TASK = Task(
    id="18.4",
    title="how many shared users are enough",
    points=1,
    hints=(
        "A curve can fall below the limit by luck, and rise again. From where on does it stay below?",
        "Sort by the number of shared users, take the mean over draws, then go from the largest number down while it holds.",
        "`np.logical_and.accumulate(flags[::-1])[::-1]` is true where a flag and all later ones are true.",
    ),
    answer_name="enough_shared",
    misconceptions={
        "first-below": "The error rises above the limit again later. Look for the number from which on it stays below.",
        "best-draw": "The best draw was used. That is luck: use the mean over draws.",
        "worst-draw": "The worst draw was used. The task asks for the mean over draws.",
        "one-draw": "Only the first draw was used. Take the mean over draws.",
        "median-not-mean": "This is the median over draws. The task asks for the mean.",
        "gain-not-relative": "The gain is a share of the baseline: the limit is `baseline * (1 - gain)`.",
        "gain-ignored": "Being below the baseline is not enough: the limit is `baseline * (1 - gain)`.",
        "limit-is-the-gain": "The limit is `baseline * (1 - gain)`, not `baseline * gain`.",
        "not-sorted": "The numbers of shared users come in any order. Sort them first.",
        "place-not-count": "This is a position. Return the number of shared users.",
        "never-is-the-largest": "Where no number is enough, return None.",
    },
    make_case=_case_of(_enough_rows, _ENOUGH),
    probe=_enough_probe,
    judge=_enough_judge,
)

TASKS = (_MAP, _RECALL, _NDCG, _ENOUGH_TASK)
