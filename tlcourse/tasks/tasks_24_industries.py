"""Tasks of lesson 24: one round of TrAdaBoost, a kernel for more bands, alarms by cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 24.1 one round of TrAdaBoost


def _round_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for sources, targets, rounds in ((40, 12, 10), (9, 30, 25), (200, 6, 5)):
        is_source = rng.permutation(np.arange(sources + targets) < sources)
        errors = rng.uniform(0.0, 1.0, sources + targets) ** 2
        errors[rng.random(sources + targets) < 0.4] = 0.0
        weights = rng.uniform(0.2, 1.0, sources + targets) * np.where(is_source, 1.0, 2.5)
        target = ~is_source
        weights[target & (errors > 0.3)] *= 0.5  # so that weighted and plain errors differ, below one half
        errors[target] = 0.05 + 0.7 * errors[target]
        rows.append({"errors": errors, "is_source": is_source, "weights": weights / weights.sum(), "rounds": rounds})
    return Case(inputs={"rows": rows})


def _round_probe(answer: Any, inputs: Any) -> Any:
    found = []
    changed = False
    for row in inputs["rows"]:
        given = [row[name].copy() for name in ("errors", "is_source", "weights")]
        found.append(array_of(call(answer, *given, row["rounds"]), "the new weights"))
        changed |= any(
            not np.array_equal(now, row[name]) for now, name in zip(given, ("errors", "is_source", "weights"), strict=True)
        )
    return {"found": found, "changed": bool(changed)}


def _factors(row: dict[str, Any], *, over: str = "target", count: str = "source") -> tuple[float, float]:
    chosen = {"target": ~row["is_source"], "all": np.ones(len(row["errors"]), bool)}[over]
    error = np.average(row["errors"][chosen], weights=row["weights"][chosen])
    size = {"source": row["is_source"].sum(), "all": len(row["errors"])}[count]
    return error / (1 - error), 1 / (1 + np.sqrt(2 * np.log(size) / row["rounds"]))


def _updated(row: dict[str, Any], source: np.ndarray, target: np.ndarray) -> np.ndarray:
    changed = row["weights"] * np.where(row["is_source"], source, target)
    return changed / changed.sum()


def _round_rules(row: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return what the right rule and each known mistake give."""
    errors, target = row["errors"], ~row["is_source"]
    rise, fall = _factors(row)
    plain = errors[target].mean()
    total, _ = _factors(row, over="all")
    _, of_all = _factors(row, count="all")
    return {
        "": _updated(row, fall**errors, rise**-errors),
        "source-raised": _updated(row, fall**-errors, rise**-errors),
        "all-as-target": _updated(row, rise**-errors, rise**-errors),
        "source-unchanged": _updated(row, np.ones_like(errors), rise**-errors),
        "target-lowered": _updated(row, fall**errors, rise**errors),
        "error-not-weighted": _updated(row, fall**errors, (plain / (1 - plain)) ** -errors),
        "error-over-all": _updated(row, fall**errors, total**-errors),
        "counts-all": _updated(row, of_all**errors, rise**-errors),
    }


def _round_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["changed"]:
        return not_earned("Your function changed its arguments.", expected="new arrays", misconception="changes-arguments")
    fits: set[str] | None = None
    for row, value in zip(case.inputs["rows"], evidence["found"], strict=True):
        found = need_array(value, "the new weights", shape=row["weights"].shape)
        rules = _round_rules(row)
        matching = {name for name, expected in rules.items() if np.allclose(found, expected, rtol=1e-6, atol=1e-12)}
        raw = row["weights"] * np.where(row["is_source"], _factors(row)[1] ** row["errors"], _factors(row)[0] ** -row["errors"])
        if not matching and np.allclose(found, raw, rtol=1e-6):
            matching = {"not-scaled"}
        fits = matching if fits is None else fits & matching
        if not fits:
            return not_earned("The new weights differ.", expected=show(rules[""]), received=show(found))
    if fits is not None and "" in fits:
        return earned("Misleading source examples lose weight, difficult target examples gain it.")
    mistake = sorted(fits or ())[0]
    first = case.inputs["rows"][0]
    return not_earned(
        "The new weights differ.",
        expected=show(_round_rules(first)[""]),
        received=show(np.asarray(evidence["found"][0])),
        misconception=mistake,
    )


_ROUND = Task(
    id="24.1",
    title="one round of TrAdaBoost",
    points=2,
    hints=(
        "Two groups, two rules. Which group may lose weight for being predicted wrongly?",
        "The error is an average over the target only. `np.where(is_source, a, b)` chooses a rule for each example.",
        "`np.average(height[grown], weights=size[grown])` is a weighted mean over the rows in `grown`.",
    ),
    answer_name="new_weights",
    misconceptions={
        "source-raised": "Source examples that are predicted wrongly gained weight. They contradict the target: they must lose it.",
        "all-as-target": "That is AdaBoost on one heap: the source must have a rule of its own.",
        "source-unchanged": "The source's weights did not change with their errors.",
        "target-lowered": "Target examples that are predicted wrongly lost weight. Boosting raises it.",
        "error-not-weighted": "The error of a round is weighted by the examples' weights.",
        "error-over-all": "The error of a round is that of the target only.",
        "counts-all": "`fall` has the number of source examples, not of all.",
        "not-scaled": "The new weights must sum to 1.",
        "changes-arguments": "Work on new arrays: in-place operations change what the caller holds.",
    },
    make_case=_round_case,
    probe=_round_probe,
    judge=_round_judge,
)

# ---------------------------------------------------------------- 24.2 a kernel for more bands


def _stem_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for bands, size, filters in ((13, 3, 8), (4, 5, 3), (6, 1, 16)):
        rgb = [0, 1, 2]
        while sorted(rgb) in ([0, 1, 2], rgb):  # neither the first three bands nor in order
            rgb = [int(place) for place in rng.permutation(bands)[:3]]
        rows.append({"kernel": rng.normal(size=(size, size, 3, filters)), "bands": bands, "rgb": tuple(rgb)})
    return Case(inputs={"rows": rows})


def _stem_probe(answer: Any, inputs: Any) -> Any:
    return {
        "found": [
            array_of(call(answer, row["kernel"].copy(), row["bands"], tuple(row["rgb"])), "the kernel")
            for row in inputs["rows"]
        ]
    }


def _stem_judge(case: Case, evidence: Any) -> Verdict:
    for row, value in zip(case.inputs["rows"], evidence["found"], strict=True):
        kernel, bands, rgb = row["kernel"], row["bands"], list(row["rgb"])
        shape = (*kernel.shape[:2], bands, kernel.shape[3])
        found = need_array(value, "the kernel", shape=shape)
        others = [band for band in range(bands) if band not in rgb]
        mean = kernel.mean(axis=2, keepdims=True)
        if not np.allclose(found[:, :, rgb], kernel):
            return not_earned(
                "The kernels of red, green and blue are not the old ones at their places.",
                expected=f"old channel 0 at band {rgb[0]}, 1 at {rgb[1]}, 2 at {rgb[2]}",
                received=_where(found, kernel),
                misconception=_place_mistake(found, kernel, rgb),
            )
        rest = found[:, :, others]
        rules = {
            "": mean * 3 / len(others),
            "others-zero": 0 * mean,
            "not-divided": mean * 3,
            "plain-mean": mean,
            "divided-by-all": mean * 3 / bands,
        }
        fits = [name for name, expected in rules.items() if np.allclose(rest, expected)]
        if "" not in fits:
            return not_earned(
                "The kernels of the other bands differ.",
                expected=show(rules[""].ravel()),
                received=show(rest[:, :, 0].ravel()),
                misconception=fits[0] if fits else None,
            )
    return earned("The RGB output stays while the other bands are 0, and they take part from the first step.")


def _where(found: np.ndarray, kernel: np.ndarray) -> str:
    places = [
        [band for band in range(found.shape[2]) if np.allclose(found[:, :, band], kernel[:, :, channel])]
        for channel in range(3)
    ]
    return ", ".join(f"channel {channel} at {place or 'none'}" for channel, place in enumerate(places))


def _place_mistake(found: np.ndarray, kernel: np.ndarray, rgb: list[int]) -> str | None:
    if np.allclose(found[:, :, :3], kernel):
        return "first-three-bands"
    if np.allclose(found[:, :, sorted(rgb)], kernel):
        return "sorted-bands"
    share = found[:, :, rgb] / np.where(kernel == 0, 1, kernel)
    return "scaled-old-kernel" if np.allclose(share, share.ravel()[0]) and share.ravel()[0] not in (0.0, 1.0) else None


_STEM = Task(
    id="24.2",
    title="a kernel for more bands",
    points=2,
    hints=(
        "What must the kernel of a band be if that band is 0 in all images? And which bands are red, green and blue?",
        "Begin with zeros of the new shape, put the old channels at `rgb`, then fill the bands that are left.",
        "`table[:, list(places)] = old` puts the columns of `old` at `places`, in their order.",
    ),
    answer_name="widen",
    misconceptions={
        "first-three-bands": "The old channels stand at bands 0, 1, 2. They belong at `rgb`.",
        "sorted-bands": "`rgb` has an order: red, green, blue. Sorting it exchanges colours.",
        "scaled-old-kernel": "The old kernels were scaled, so the RGB output changed.",
        "others-zero": "The other bands have kernels of 0. That keeps the RGB output, but the task asks for the mean.",
        "not-divided": "Divide by the number of other bands, or their sum drowns the three old ones.",
        "plain-mean": "Each other band has the plain mean: times 3, divided by the number of other bands.",
        "divided-by-all": "Divide by the number of *other* bands, not of all.",
    },
    make_case=_stem_case,
    probe=_stem_probe,
    judge=_stem_judge,
)

# ---------------------------------------------------------------- 24.3 alarms by cost


def _alarm_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for count, cost in ((400, 5.0), (300, 40.0), (200, 0.5)):
        amounts = np.exp(rng.normal(np.log(cost) + 1.5, 1.5, count))
        threshold = cost / (cost + amounts)
        near = threshold * np.exp(rng.normal(0.0, 0.8, count))  # around the right threshold of each payment
        probabilities = np.clip(np.where(rng.random(count) < 0.8, near, rng.random(count)), 1e-4, 0.9999)
        close = np.abs(probabilities - threshold) < 1e-6
        probabilities[close] = np.clip(threshold[close] * 1.1, 1e-4, 0.9999)
        rows.append({"probabilities": probabilities, "amounts": amounts, "false_alarm": cost})
    return Case(inputs={"rows": rows})


def _alarm_probe(answer: Any, inputs: Any) -> Any:
    return {
        "found": [
            array_of(call(answer, row["probabilities"].copy(), row["amounts"].copy(), row["false_alarm"]), "the alarms")
            for row in inputs["rows"]
        ]
    }


def _alarm_rules(row: dict[str, Any]) -> dict[str, np.ndarray]:
    p, amounts, cost = row["probabilities"], row["amounts"], row["false_alarm"]
    return {
        "": (1 - p) * cost < p * amounts,
        "one-half": p > 0.5,
        "one-threshold": p > cost / (cost + amounts.mean()),
        "ratio-of-costs": p > cost / amounts,
        "reversed": (1 - p) * cost > p * amounts,
        "costs-exchanged": p > amounts / (cost + amounts),
    }


def _alarm_judge(case: Case, evidence: Any) -> Verdict:
    fits: set[str] | None = None
    for row, value in zip(case.inputs["rows"], evidence["found"], strict=True):
        found = need_array(value, "the alarms", shape=row["amounts"].shape, kinds="b")
        matching = {name for name, expected in _alarm_rules(row).items() if np.array_equal(found, expected)}
        fits = matching if fits is None else fits & matching
    if fits and "" in fits:
        return earned("Each payment has its own threshold, from what its two errors cost.")
    row = case.inputs["rows"][0]
    found, right = np.asarray(evidence["found"][0]), _alarm_rules(row)[""]
    differs = np.flatnonzero(found != right)
    place = int(differs[0]) if len(differs) else 0
    return not_earned(
        f"{len(differs)} of {len(right)} decisions cost more than the other one would.",
        expected=f"probability {row['probabilities'][place]:.3f}, amount {row['amounts'][place]:.2f}: {bool(right[place])}",
        received=str(bool(found[place])),
        misconception=sorted(fits)[0] if fits else None,
    )


_ALARM = Task(
    id="24.3",
    title="alarms by cost",
    points=1,
    hints=(
        "Write down what an alarm costs on average, and what silence costs. Compare.",
        "An alarm costs something only if the payment is honest, which has probability `1 - p`.",
        "`p * loss > (1 - p) * price` says where an insurance of that price is worth it.",
    ),
    answer_name="alarms",
    misconceptions={
        "one-half": "One half is right only where both errors cost the same.",
        "one-threshold": "Each payment has its own amount, so each has its own threshold.",
        "ratio-of-costs": "`false_alarm / amount` forgets that an alarm about fraud costs nothing: divide by their sum.",
        "reversed": "You raise the alarm where it costs more.",
        "costs-exchanged": "The two costs are exchanged: with a larger amount the threshold must fall.",
    },
    make_case=_alarm_case,
    probe=_alarm_probe,
    judge=_alarm_judge,
)

TASKS = (_ROUND, _STEM, _ALARM)
