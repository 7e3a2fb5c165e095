"""Tasks of lesson 23: draw an episode, classify by prototypes, an interval over episodes, one outer step of Reptile."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 23.1 draw an episode

_DRAWS = 12  # episodes drawn from each set of labels


def _episode_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    sets = []
    for ways, shots, queries in ((3, 2, 4), (5, 1, 3), (4, 3, 1)):
        classes = rng.choice(np.arange(3, 40), ways + 5, replace=False)  # numbers with gaps, in no order
        counts = shots + queries + rng.integers(2, 6, len(classes))
        labels = rng.permutation(np.repeat(classes, counts))
        sets.append({"labels": labels, "ways": ways, "shots": shots, "queries": queries, "seed": int(rng.integers(2**31))})
    return Case(inputs={"sets": sets})


def _episode_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["sets"]:
        rng = np.random.default_rng(row["seed"])
        for _ in range(_DRAWS):
            result = call(answer, row["labels"].copy(), row["ways"], row["shots"], row["queries"], rng)
            if not isinstance(result, tuple | list) or len(result) != 2:
                return {"pairs": False, "found": []}
            found.append([array_of(result[0], "the support set"), array_of(result[1], "the query set")])
    return {"pairs": True, "found": found}


def _episode_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return two arrays.", expected="support, query")
    classes_seen: list[set[int]] = []
    places_seen: list[set[int]] = []
    faults = []
    for number, pair in enumerate(evidence["found"]):
        row = case.inputs["sets"][number // _DRAWS]
        labels, ways, shots, queries = row["labels"], row["ways"], row["shots"], row["queries"]
        support = need_array(pair[0], "the support set", shape=(ways, shots), kinds="iu").astype(np.int64)
        query = need_array(pair[1], "the query set", shape=(ways, queries), kinds="iu").astype(np.int64)
        faults.append(_episode_fault(labels, support, query))
        classes_seen.append(set(labels[support[:, 0] % len(labels)].tolist()))
        places_seen.append({*support.ravel().tolist(), *query.ravel().tolist()})
    found = [fault for fault in faults if fault is not None]
    # Draws with replacement also put images on both sides; only they repeat an image on one side.
    found.sort(key=lambda fault: fault.misconception != "with-replacement")
    if found:
        return found[0]
    for start, row in enumerate(case.inputs["sets"]):
        part = slice(start * _DRAWS, (start + 1) * _DRAWS)
        if len(set.union(*classes_seen[part])) == row["ways"]:
            return not_earned(
                f"All {_DRAWS} episodes have the same classes.",
                expected="classes drawn at random with `rng`",
                received=f"the classes {sorted(classes_seen[part.start])} each time",
                misconception="same-classes",
            )
        reached, classes = set.union(*places_seen[part]), set.union(*classes_seen[part])
        if len(reached) == len(classes) * (row["shots"] + row["queries"]):
            return not_earned(
                "Each class always has the same images.",
                expected="images drawn at random with `rng`",
                received=f"{len(reached)} different images of {len(classes)} classes in {_DRAWS} episodes",
                misconception="same-images",
            )
    return earned("Different classes, different images, none on both sides, each row one class.")


def _episode_fault(labels: np.ndarray, support: np.ndarray, query: np.ndarray) -> Verdict | None:
    """Return what is wrong with one episode, or None."""
    places = np.concatenate([support.ravel(), query.ravel()])
    rows = np.concatenate([support, query], axis=1)
    one_number_a_row = (rows == rows[:, :1]).all() and len(np.unique(rows[:, 0])) == len(rows)
    if one_number_a_row and np.isin(rows, labels).all():
        return not_earned(
            "Your arrays hold class numbers.",
            expected="positions in `labels`",
            received=show(support),
            misconception="labels-not-positions",
        )
    if places.min() < 0 or places.max() >= len(labels):
        return not_earned("A position is outside `labels`.", expected=f"0 to {len(labels) - 1}", received=show(places))
    drawn = labels[support[:, 0]]
    if (labels[support] == drawn[:, None]).all() and len(np.unique(drawn)) < len(drawn):
        return not_earned(
            "A class was drawn twice in one episode.",
            expected="different classes",
            received=show(drawn),
            misconception="class-twice",
        )
    if len(np.unique(support)) < support.size or len(np.unique(query)) < query.size:
        return not_earned(
            "An image was drawn twice.",
            expected="each image once: `replace=False`",
            received=f"support {show(support[0])}, query {show(query[0])}",
            misconception="with-replacement",
        )
    if np.isin(support, query).any():
        return not_earned(
            "An image is in the support set and in the query set.",
            expected="no image on both sides",
            received=f"support {show(support[0])}, query {show(query[0])}",
            misconception="query-in-support",
        )
    if not all(len(set(line)) == 1 for line in labels[support].tolist()):
        return not_earned(
            "A row of the support set holds several classes.", expected="one class a row", received=show(labels[support])
        )
    if not (labels[query] == drawn[:, None]).all():
        same = set(labels[query].ravel().tolist()) == set(drawn.tolist())
        return not_earned(
            "The rows of the query set are not the classes of the support set in the same order.",
            expected=f"row i of both is one class: {show(drawn)}",
            received=show(labels[query[:, 0]]),
            misconception="rows-do-not-match" if same else "query-of-other-classes",
        )
    return None


_EPISODE = Task(
    id="23.1",
    title="draw an episode",
    points=2,
    hints=(
        "Draw twice: first classes, then images of each class. Which of the two draws may repeat something?",
        "`np.flatnonzero(labels == c)` are the positions of class `c`. Draw support and query images in one go, then cut.",
        "`rng.choice(cards, 7, replace=False)` draws seven different cards: `hand[:3]` and `hand[3:]` share none.",
    ),
    answer_name="draw_episode",
    misconceptions={
        "query-in-support": "Drawn separately, support and query overlap. Draw all images of a class at once, then cut.",
        "with-replacement": "`rng.choice` repeats by default. Use `replace=False`.",
        "class-twice": "A class stands twice in the episode: one of the two can never be right. Use `replace=False`.",
        "rows-do-not-match": "Row i of the query set must be the class of row i of the support set.",
        "query-of-other-classes": "The queries belong to classes that the support set does not have.",
        "same-classes": "The classes are always the same. Draw them with `rng`.",
        "same-images": "The images of a class are always the same. Draw them with `rng`.",
        "labels-not-positions": "These are labels. Return the positions of the images.",
    },
    make_case=_episode_case,
    probe=_episode_probe,
    judge=_episode_judge,
)

# ---------------------------------------------------------------- 23.2 classify by prototypes


def _prototype_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    while True:  # until no two rules, right or wrong, give the same answers
        rows = [_features(rng, *shape) for shape in ((4, 5, 6), (5, 1, 8), (3, 4, 3))]
        answers = {np.concatenate([rule(row) for row in rows]).tobytes() for rule in _PROTOTYPE_RULES.values()}
        if len(answers) == len(_PROTOTYPE_RULES):
            return Case(inputs={"rows": rows})


def _features(rng: np.random.Generator, ways: int, shots: int, width: int) -> dict[str, np.ndarray]:
    centres = rng.normal(size=(ways, width)) * rng.uniform(1.0, 4.0, (ways, 1))  # classes of different lengths
    spread = rng.uniform(0.5, 2.0, (ways, 1, 1))
    support = centres[:, None] + spread * rng.normal(size=(ways, shots, width))
    support[:, 0] += 3.0 * rng.normal(size=(ways, width)) * (shots > 1)  # an example far from the others
    query = np.repeat(centres, 40, axis=0) + 2.0 * rng.normal(size=(40 * ways, width))
    return {"support": support, "query": query[rng.permutation(len(query))]}


def _prototype_probe(answer: Any, inputs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn divides 0 by 0 where a class has one example, and is right all the same
        found = [call(answer, row["support"].copy(), row["query"].copy()) for row in inputs["rows"]]
    return {"found": [array_of(value, "the predicted classes") for value in found]}


def _nearest(query: np.ndarray, centres: np.ndarray, order: int = 2) -> np.ndarray:
    return np.linalg.norm(query[:, None] - centres, ord=order, axis=-1).argmin(axis=1)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _neighbour(row: Any) -> np.ndarray:
    ways, shots, width = row["support"].shape
    return _nearest(row["query"], row["support"].reshape(ways * shots, width)) // shots


_PROTOTYPE_RULES: dict[str, Any] = {
    "right": lambda row: _nearest(row["query"], row["support"].mean(axis=1)),
    "nearest-example": _neighbour,
    "farthest": lambda row: np.linalg.norm(row["query"][:, None] - row["support"].mean(axis=1), axis=-1).argmax(axis=1),
    "dot-product": lambda row: (row["query"] @ row["support"].mean(axis=1).T).argmax(axis=1),
    "cosine": lambda row: (_unit(row["query"]) @ _unit(row["support"].mean(axis=1)).T).argmax(axis=1),
    "only-first-example": lambda row: _nearest(row["query"], row["support"][:, 0]),
    "median-not-mean": lambda row: _nearest(row["query"], np.median(row["support"], axis=1)),
    "city-block": lambda row: _nearest(row["query"], row["support"].mean(axis=1), order=1),
}


def _prototype_judge(case: Case, evidence: Any) -> Verdict:
    rows, found = case.inputs["rows"], []
    for row, value in zip(rows, evidence["found"], strict=True):
        found.append(need_array(value, "the predicted classes", shape=(len(row["query"]),), kinds="iu"))
    wanted = [_PROTOTYPE_RULES["right"](row) for row in rows]
    if all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True)):
        return earned("Each query got the class of the nearest mean.")
    names = [
        name
        for name, rule in _PROTOTYPE_RULES.items()
        if all(np.array_equal(a, rule(row)) for a, row in zip(found, rows, strict=True))
    ]
    one_based = all(np.array_equal(a, b + 1) for a, b in zip(found, wanted, strict=True))
    bad = next(i for i in range(len(rows)) if not np.array_equal(found[i], wanted[i]))
    place = int(np.flatnonzero(found[bad] != wanted[bad])[0])
    distances = np.linalg.norm(rows[bad]["query"][place] - rows[bad]["support"].mean(axis=1), axis=-1)
    return not_earned(
        f"{int((found[bad] != wanted[bad]).sum())} of {len(wanted[bad])} queries got another class, with a support set of shape "
        f"{rows[bad]['support'].shape}.",
        expected=f"query {place}: class {wanted[bad][place]} (distances to the means {show(distances)})",
        received=f"class {found[bad][place]}",
        misconception="counts-from-one" if one_based else names[0] if names else None,
    )


_PROTOTYPE = Task(
    id="23.2",
    title="classify by prototypes",
    points=2,
    hints=(
        "What represents a class: one of its examples, or something made of all of them?",
        "`support.mean(axis=1)` has shape `(ways, d)`. A new axis in `query` makes all differences at once.",
        "With two lists of numbers, `abs(a[:, None] - b)` has a row for each of `a` and a column for each of `b`.",
    ),
    answer_name="classify",
    misconceptions={
        "nearest-example": "This is the nearest single example. The prototype is the mean of the examples of a class.",
        "farthest": "The class of the farthest prototype was taken. The nearest has the smallest distance: `argmin`.",
        "dot-product": "A dot product grows with the length of the prototype, so long prototypes win. Use the distance.",
        "cosine": "Cosine ignores lengths. The task asks for the Euclidean distance.",
        "only-first-example": "Only the first example of each class was used. Average all of them.",
        "median-not-mean": "This is the median. The prototype is the mean.",
        "city-block": "These are sums of absolute differences. The task asks for the Euclidean distance.",
        "counts-from-one": "Classes are numbered from 0, the rows of `support`.",
    },
    make_case=_prototype_case,
    probe=_prototype_probe,
    judge=_prototype_judge,
)

# ---------------------------------------------------------------- 23.3 an interval over episodes


def _interval_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for episodes, queries in ((12, 25), (40, 15), (200, 10)):
        easy = rng.beta(4, 2, (episodes, 1))  # episodes differ: some are easy
        rows.append(rng.random((episodes, queries)) < easy)
    return Case(inputs={"rows": rows})


def _interval_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        result = call(answer, row.copy())
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pairs": False, "found": []}
        found.append([array_of(result[0], "the mean").item(0), array_of(result[1], "the half width").item(0)])
    return {"pairs": True, "found": found}


_HALF_WIDTHS: dict[str, Any] = {
    "queries-as-unit": lambda row: 1.96 * np.sqrt(row.mean() * (1 - row.mean()) / row.size),
    "spread-not-interval": lambda row: row.mean(axis=1).std(ddof=1),
    "1.96-spreads": lambda row: 1.96 * row.mean(axis=1).std(ddof=1),
    "no-factor": lambda row: row.mean(axis=1).std(ddof=1) / np.sqrt(len(row)),
    "whole-width": lambda row: 2 * 1.96 * row.mean(axis=1).std(ddof=1) / np.sqrt(len(row)),
    "divided-by-n": lambda row: 1.96 * row.mean(axis=1).std(ddof=1) / len(row),
    "ddof-0": lambda row: 1.96 * row.mean(axis=1).std() / np.sqrt(len(row)),
}
_NAMES = {"1.96-spreads": "spread-not-interval"}


def _interval_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return two numbers.", expected="mean, half_width")
    rows = case.inputs["rows"]
    means = np.array([need_number(pair[0], "the mean") for pair in evidence["found"]])
    halves = np.array([need_number(pair[1], "the half width") for pair in evidence["found"]])
    wanted_means = np.array([row.mean() for row in rows])
    wanted = np.array([1.96 * row.mean(axis=1).std(ddof=1) / np.sqrt(len(row)) for row in rows])
    if not np.allclose(means, wanted_means, rtol=1e-4):
        percent = np.allclose(means, 100 * wanted_means, rtol=1e-4)
        return not_earned(
            "The mean is another one.",
            expected=show(wanted_means),
            received=show(means),
            misconception="in-percent" if percent else None,
        )
    if np.allclose(halves, wanted, rtol=1e-4):
        return earned("The episode is the unit, and the interval is that of their mean.")
    tables = {name: np.array([rule(row) for row in rows]) for name, rule in _HALF_WIDTHS.items()}
    tables["queries-as-unit "] = np.array([1.96 * row.std(ddof=1) / np.sqrt(row.size) for row in rows])
    name = next((name for name, table in tables.items() if np.allclose(halves, table, rtol=1e-4)), None)
    return not_earned(
        f"The half width is another one for {rows[0].shape[0]} episodes of {rows[0].shape[1]} queries.",
        expected=show(wanted[0]),
        received=show(halves[0]),
        misconception=None if name is None else _NAMES.get(name, name.strip()),
    )


_INTERVAL = Task(
    id="23.3",
    title="an interval over episodes",
    points=1,
    hints=(
        "Which results are independent of each other: those of queries, or those of episodes?",
        "First one accuracy for each episode, then mean and standard deviation of these.",
        "The standard error of a mean of n values is `values.std(ddof=1) / np.sqrt(n)`.",
    ),
    answer_name="with_interval",
    misconceptions={
        "queries-as-unit": "Queries of one episode share their examples, so they are not independent. The unit is the episode.",
        "spread-not-interval": "This is the spread of episodes. The interval of their mean shrinks with their number: divide by sqrt(n).",
        "no-factor": "This is one standard error. An interval of 95 % needs the factor 1.96.",
        "whole-width": "This is the whole width. The half width is what stands behind ±.",
        "divided-by-n": "The standard error divides by the square root of n.",
        "ddof-0": "`np.std` divides by n by default. For a sample of episodes use `ddof=1`.",
        "in-percent": "The mean is a share between 0 and 1.",
    },
    make_case=_interval_case,
    probe=_interval_probe,
    judge=_interval_judge,
)

# ---------------------------------------------------------------- 23.4 one outer step of Reptile


def _reptile_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for tasks, step_size in ((1, 0.3), (4, float(rng.uniform(0.1, 0.6))), (3, 1.0)):
        start = [rng.normal(size=(3, 4)), rng.normal(size=4)]
        adapted = [[w + rng.normal(size=w.shape) for w in start] for _ in range(tasks)]
        rows.append({"start": start, "adapted": adapted, "step_size": step_size})
    return Case(inputs={"rows": rows})


def _reptile_probe(answer: Any, inputs: Any) -> Any:
    found, untouched = [], True
    for row in inputs["rows"]:
        start = [w.copy() for w in row["start"]]
        adapted = [[w.copy() for w in task] for task in row["adapted"]]
        result = call(answer, start, adapted, row["step_size"])
        if not isinstance(result, tuple | list) or len(result) != len(start):
            return {"lists": False, "found": [], "untouched": True}
        found.append([array_of(w, "an array of the new start") for w in result])
        given = [*start, *(w for task in adapted for w in task)]
        before = [*row["start"], *(w for task in row["adapted"] for w in task)]
        untouched &= all(np.array_equal(a, b) for a, b in zip(given, before, strict=True))
    return {"lists": True, "found": found, "untouched": untouched}


def _sequential(start: list[np.ndarray], adapted: list[list[np.ndarray]], step: float) -> list[np.ndarray]:
    for task in adapted:
        start = [s + step * (a - s) for s, a in zip(start, task, strict=True)]
    return start


def _moved(rule: Any) -> Any:
    """Make a rule on one array and the stack of its adapted versions a rule on lists."""
    return lambda start, adapted, step: [rule(w, np.stack([task[i] for task in adapted]), step) for i, w in enumerate(start)]


_REPTILE_RULES = {
    "right": _moved(lambda w, a, step: w + step * (a.mean(axis=0) - w)),
    "goes-all-the-way": _moved(lambda w, a, step: a.mean(axis=0)),
    "wrong-direction": _moved(lambda w, a, step: w - step * (a.mean(axis=0) - w)),
    "sum-not-mean": _moved(lambda w, a, step: w + step * (a - w).sum(axis=0)),
    "only-last-task": _moved(lambda w, a, step: w + step * (a[-1] - w)),
    "only-first-task": _moved(lambda w, a, step: w + step * (a[0] - w)),
    "task-after-task": _sequential,
    "start-forgotten": _moved(lambda w, a, step: step * (a.mean(axis=0) - w)),
    "shares-swapped": _moved(lambda w, a, step: step * w + (1 - step) * a.mean(axis=0)),
}
_REPTILE_NAMES = {"only-first-task": "only-one-task", "only-last-task": "only-one-task"}


def _reptile_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["lists"]:
        return not_earned("Your function did not return a list with an array for each of `start`.", expected="a list of arrays")
    rows = case.inputs["rows"]
    found = [
        [need_array(w, "an array of the new start", shape=s.shape) for w, s in zip(result, row["start"], strict=True)]
        for result, row in zip(evidence["found"], rows, strict=True)
    ]

    def same(rule: Any) -> list[bool]:
        made = [rule(row["start"], row["adapted"], row["step_size"]) for row in rows]
        return [all(np.allclose(a, b) for a, b in zip(x, y, strict=True)) for x, y in zip(found, made, strict=True)]

    fits = same(_REPTILE_RULES["right"])
    if all(fits) and evidence["untouched"]:
        return earned("The start moved by the step size towards the mean of the adapted weights.")
    if not evidence["untouched"]:
        return not_earned(
            "Your function changed arrays that were passed to it.",
            expected="new arrays; `+=` changes the caller's",
            misconception="changes-input",
        )
    name = next((name for name, rule in _REPTILE_RULES.items() if all(same(rule))), None)
    bad = fits.index(False)
    right = _REPTILE_RULES["right"](rows[bad]["start"], rows[bad]["adapted"], rows[bad]["step_size"])
    return not_earned(
        f"The new start differs with {len(rows[bad]['adapted'])} tasks and step size {rows[bad]['step_size']:.2g}.",
        expected=f"{show(right[1])} for the second array",
        received=show(found[bad][1]),
        misconception=None if name is None else _REPTILE_NAMES.get(name, name),
    )


_REPTILE = Task(
    id="23.4",
    title="one outer step of Reptile",
    points=1,
    hints=(
        "Where is the start when the step size is 0, and where when it is 1?",
        "Average the adapted weights of all tasks, array by array, then go a part of the way.",
        "Halfway between two points: `a + 0.5 * (b - a)`.",
    ),
    answer_name="outer_step",
    misconceptions={
        "goes-all-the-way": "The step size was not used: the start jumped to where the tasks ended.",
        "wrong-direction": "The start moved away from where the tasks ended.",
        "sum-not-mean": "The moves of all tasks were added. Take their mean, or the step grows with the number of tasks.",
        "only-one-task": "Only one of the tasks was used.",
        "task-after-task": "One step was made for each task, one after the other. Make one step towards their mean.",
        "start-forgotten": "This is the move alone. Add it to the start.",
        "shares-swapped": "The shares are swapped: with step size 0 the start must stay.",
        "changes-input": "`+=` changes the array in place, and with it the caller's weights. Make new arrays.",
    },
    make_case=_reptile_case,
    probe=_reptile_probe,
    judge=_reptile_judge,
)

TASKS = (_EPISODE, _PROTOTYPE, _INTERVAL, _REPTILE)
