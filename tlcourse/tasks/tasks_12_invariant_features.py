"""Tasks of lesson 12: CORAL, a permutation test of MMD, AdaBN."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 12.1 CORAL


def _cloud(rng: np.random.Generator, count: int, columns: int) -> np.ndarray:
    mixing = rng.normal(size=(columns, columns)) + 1.5 * np.eye(columns)
    return rng.normal(size=(count, columns)) @ mixing + rng.normal(0, 3, columns)


def _coral_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(3, 6))
    return Case(inputs={"source": _cloud(rng, int(rng.integers(60, 90)), columns), "target": _cloud(rng, 50, columns)})


def _coral_probe(answer: Any, inputs: Any) -> Any:
    source, target = inputs["source"].copy(), inputs["target"].copy()
    aligned = array_of(call(answer, source, target), "the result")
    kept = np.array_equal(source, inputs["source"]) and np.array_equal(target, inputs["target"])
    return {"aligned": aligned, "kept": bool(kept)}


def _power(features: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(np.cov(features, rowvar=False))
    return (vectors * values**exponent) @ vectors.T


def _sorted_rows(features: np.ndarray) -> np.ndarray:
    return features[np.argsort(features[:, 0])]


def _coral_judge(case: Case, evidence: Any) -> Verdict:
    source, target = case.inputs["source"], case.inputs["target"]
    aligned = need_array(evidence["aligned"], "the result", shape=source.shape)
    if not evidence["kept"]:
        return not_earned("Your function changed its input.", misconception="changes-input")
    if not np.isfinite(aligned).all():
        return not_earned("The result holds nan or infinite values.", expected="finite numbers", received=show(aligned[0]))
    centred, wanted = source - source.mean(axis=0), np.cov(target, rowvar=False)
    found = np.cov(aligned, rowvar=False)
    if np.linalg.norm(found - wanted) > 0.01 * np.linalg.norm(wanted):
        variants = {
            "only-whitened": np.eye(len(wanted)),
            "only-coloured": np.cov(centred @ _power(target, 0.5), rowvar=False),
            "one-scale-a-column": np.cov(centred / source.std(axis=0) * target.std(axis=0), rowvar=False),
            "nothing-moved": np.cov(source, rowvar=False),
            "powers-not-halved": np.cov(centred @ _power(source, -1) @ _power(target, 1), rowvar=False),
        }
        near = {name: np.linalg.norm(found - value) / np.linalg.norm(value) for name, value in variants.items()}
        name = min(near, key=lambda key: near[key])
        return not_earned(
            "The covariance of the result is not that of the target.",
            expected=f"first row {show(wanted[0])}",
            received=f"first row {show(found[0])}",
            misconception=name if near[name] < 0.05 else None,
        )
    room = 0.01 * target.std()
    if not np.allclose(aligned.mean(axis=0), target.mean(axis=0), atol=room):
        kept = np.allclose(aligned.mean(axis=0), 0, atol=room) or np.allclose(
            aligned.mean(axis=0), source.mean(axis=0), atol=room
        )
        return not_earned(
            "The mean of the result is not that of the target.",
            expected=show(target.mean(axis=0)),
            received=show(aligned.mean(axis=0)),
            misconception="mean-forgotten" if kept else None,
        )
    # the same cloud in another order of rows is no longer the cloud of these labels
    rows = centred @ np.linalg.lstsq(centred, aligned - aligned.mean(axis=0), rcond=None)[0] + aligned.mean(axis=0)
    if not np.allclose(rows, aligned, atol=room):
        whole = centred @ _power(source, -0.5) @ _power(target, 0.5) + target.mean(axis=0)
        return not_earned(
            "The rows of the result are not the rows of the source, transformed one by one.",
            expected="row i of the result comes from row i of the source",
            misconception="rows-reordered" if np.allclose(_sorted_rows(aligned), _sorted_rows(whole), atol=room) else None,
        )
    return earned("Mean and covariance are those of the target, and every row kept its place.")


_CORAL = Task(
    id="12.1",
    title="CORAL",
    points=2,
    hints=(
        "Two steps: whiten the source (its covariance becomes the identity matrix), then colour it. And the means?",
        "`np.linalg.eigh` gives eigenvalues and eigenvectors: C to a power p is `(vectors * values**p) @ vectors.T`.",
        "Whitened: `centred @ power(C_source, -0.5)`, where `centred` has mean 0. Colour the result, then add a mean.",
    ),
    answer_name="coral",
    misconceptions={
        "changes-input": "`-=` changes the caller's array; make a new one.",
        "only-whitened": "The covariance of your result is the identity matrix: colour it with the target's covariance to the power +1/2.",
        "only-coloured": "The source was coloured but not whitened first: its own covariance is still in the result.",
        "one-scale-a-column": "Scaling each column sets the variances; covariances between columns need whitening and colouring.",
        "nothing-moved": "The covariance is still that of the source.",
        "powers-not-halved": "The powers were -1 and +1. They are -1/2 and +1/2, because a covariance is made of squares.",
        "mean-forgotten": "Subtract the mean of the source before whitening, and add the mean of the target at the end.",
        "rows-reordered": "The right rows are there in another order. Row i of the result must come from row i of the source.",
    },
    make_case=_coral_case,
    probe=_coral_probe,
    judge=_coral_judge,
)

# ---------------------------------------------------------------- 12.2 a permutation test


def _discrepancy(kernel: np.ndarray, in_source: np.ndarray) -> float:
    signs = np.where(in_source, 1.0 / in_source.sum(), -1.0 / (~in_source).sum())
    return float(signs @ kernel @ signs)


def _kernel(points: np.ndarray) -> np.ndarray:
    squared = np.square(points[:, None] - points[None]).sum(axis=-1)
    return np.exp(-squared / np.median(squared[np.triu_indices(len(points), k=1)]))


_SPLITS, _JUDGED = 100, 1000  # random splits of the learner, and of the judge
_SIZES = [(22, 26)] * 14 + [(5, 45)] * 8  # with 5 and 45, splits into halves give far smaller discrepancies


def _test_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for place, sizes in enumerate(_SIZES):
        points = rng.normal(size=(sum(sizes), 2))
        in_source = rng.permutation(sum(sizes)) < sizes[0]
        if place % 4 == 3:
            points[in_source] += 2.0
        rows.append({"kernel": _kernel(points), "in_source": in_source})
    return Case(inputs={"rows": rows, "seed": int(rng.integers(2**31))})


def _test_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for place, row in enumerate(inputs["rows"]):
        rng = np.random.default_rng([inputs["seed"], place])
        pair = call(answer, row["kernel"].copy(), row["in_source"].copy(), _SPLITS, rng)
        found.append(array_of(pair, "the result"))
    first = inputs["rows"][0]
    again = [
        array_of(
            call(answer, first["kernel"].copy(), first["in_source"].copy(), _SPLITS, np.random.default_rng(seed)), "the result"
        )
        for seed in (0, 0, 1)
    ]
    return {"found": found, "again": again}


def _drawn_splits(row: Any, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return the discrepancies of random splits with `size` points in the first group."""
    count = len(row["in_source"])
    signs = np.where(np.arange(count) < size, 1.0 / size, -1.0 / (count - size))
    many = rng.permuted(np.tile(signs, (_JUDGED, 1)), axis=1)
    return np.sum(many @ row["kernel"] * many, axis=1)


def _test_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = np.array([need_array(pair, "the result", shape=(2,)) for pair in evidence["found"]], float)
    again = [need_array(pair, "the result", shape=(2,)) for pair in evidence["again"]]
    wanted = np.array([_discrepancy(row["kernel"], row["in_source"]) for row in rows])
    if not np.allclose(found[:, 0], wanted, atol=1e-9):
        name = "order-exchanged" if np.allclose(found[:, 1], wanted, atol=1e-9) else None
        return not_earned(
            "The first number is not the discrepancy of the true split.",
            expected=show(wanted[:4]),
            received=show(found[:4, 0]),
            misconception=name,
        )
    if not np.array_equal(again[0], again[1]):
        return not_earned("The same generator gave two different quantiles.", misconception="own-randomness")
    if np.array_equal(again[0], again[2]):
        name = "never-permuted" if np.isclose(again[0][0], again[0][1]) else "own-randomness"
        return not_earned("Two generators gave the same quantile: the splits are not random.", misconception=name)
    rng = np.random.default_rng(7)  # of the judge's own splits, many more than the learner's
    pairs = list(zip(rows, found[:, 1], strict=True))
    below = np.array([np.mean(_drawn_splits(row, row["in_source"].sum(), rng) <= value) for row, value in pairs])
    evens = _SIZES.count(_SIZES[0])
    even, uneven = below[:evens].mean(), below[evens:].mean()
    if min(even, uneven) > 0.91 and max(even, uneven) < 0.98:
        return earned("The true split is compared with the 95 % quantile of random splits.")
    halves = [value / np.quantile(_drawn_splits(row, len(row["in_source"]) // 2, rng), 0.95) for row, value in pairs[evens:]]
    if even > 0.85 and uneven < 0.7:
        name = "group-sizes-changed" if abs(np.mean(halves) - 1) < 0.2 else None
    elif max(even, uneven) >= 0.98 and min(even, uneven) > 0.95:
        name = "the-largest"
    elif max(even, uneven) < 0.2:
        name = "the-smallest-5-percent"
    else:
        name = "the-middle" if 0.35 < min(even, uneven) and max(even, uneven) < 0.75 else None
    return not_earned(
        "The second number is not the 95 % quantile of random splits.",
        expected="on average 95 % of the random splits lie below it",
        received=f"{100 * even:.0f} % lie below it in even groups, {100 * uneven:.0f} % in groups of 5 and 45",
        misconception=name,
    )


_PERMUTATIONS = Task(
    id="12.2",
    title="a shift, or chance?",
    points=2,
    hints=(
        "What would the discrepancy be if each point were assigned to source or target at random?",
        "Shuffle `in_source` (the number of True stays the same) and measure the discrepancy. Repeat this `permutations` times.",
        "`rng.permutation(in_source)` is one random split. Collect the discrepancies in a list and look at `np.quantile`.",
    ),
    answer_name="permutation_test",
    misconceptions={
        "order-exchanged": "First the discrepancy of the true split, then the quantile.",
        "own-randomness": "The generator `rng` does not decide your quantile. Draw each split from it, and from nothing else.",
        "never-permuted": "All your splits are the true one: shuffle `in_source` before you measure.",
        "group-sizes-changed": "Your groups have equal size. Keep the sizes of the true split: small groups differ more by chance.",
        "the-largest": "Hardly any random split exceeds your number, as with their maximum. 5 % of them exceed the 95 % quantile.",
        "the-smallest-5-percent": "5 % of the random splits should lie above the quantile, not below it.",
        "the-middle": "About half of the random splits exceed your number, as with their mean or median. Only 5 % of them should.",
    },
    make_case=_test_case,
    probe=_test_probe,
    judge=_test_judge,
)

# ---------------------------------------------------------------- 12.3 AdaBN


def _statistics_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    columns, batch = int(rng.integers(3, 6)), int(rng.integers(10, 20))
    count = 4 * batch + int(rng.integers(1, batch))  # the rest fills no batch
    images = rng.normal(size=(count, columns)) * rng.uniform(0.5, 3, columns) + rng.normal(0, 4, columns)
    images += 2.0 * (np.arange(count) // batch)[:, None]  # the batches differ: which ones count shows
    return Case(
        inputs={
            "images": images.astype(np.float32),
            "batch_size": batch,
            "momentum": float(rng.choice([0.8, 0.9, 0.95])),
            "seed": int(rng.integers(2**31)),
        }
    )


def _statistics_probe(answer: Any, inputs: Any) -> Any:
    import keras
    from keras import layers

    keras.utils.set_random_seed(inputs["seed"] % 2**31)
    images = inputs["images"].copy()
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.BatchNormalization(momentum=inputs["momentum"]),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(momentum=inputs["momentum"]),
            layers.Dense(2),
        ]
    )
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    before = [np.array(weight) for weight in model.get_weights()]
    call(answer, model, images, inputs["batch_size"])
    after = [array_of(weight, "a weight") for weight in model.get_weights()]
    return {
        "before": before,
        "after": after,
        "is_statistic": [weight.path.split("/")[-1].startswith("moving") for weight in model.weights],
        "momenta": [array_of(norm.momentum, "a momentum") for norm in norms],
        "trainable": [bool(layer.trainable) for layer in model.layers],
        "first": [np.array(keras.ops.convert_to_numpy(w)) for w in (norms[0].moving_mean, norms[0].moving_variance)],
    }


def _statistics_judge(case: Case, evidence: Any) -> Verdict:
    images, batch, momentum = (case.inputs[name] for name in ("images", "batch_size", "momentum"))
    pairs = list(zip(evidence["before"], evidence["after"], evidence["is_statistic"], strict=True))
    changed = [not np.array_equal(np.asarray(old), np.asarray(new)) for old, new, _ in pairs]
    if any(c for c, (_, _, statistic) in zip(changed, pairs, strict=True) if not statistic):
        return not_earned("Weights have changed; AdaBN changes only moving statistics.", misconception="weights-changed")
    if not any(changed):
        return not_earned("Nothing has changed.", expected="new moving statistics", misconception="inference-mode")
    whole = [images[start : start + batch] for start in range(0, len(images) - batch + 1, batch)]
    means, variances = np.mean([part.mean(0) for part in whole], 0), np.mean([part.var(0) for part in whole], 0)
    found = need_array(evidence["first"][0], "the moving mean", shape=means.shape)
    spread = need_array(evidence["first"][1], "the moving variance", shape=means.shape)

    def passed(parts: list[np.ndarray], share: float | None) -> np.ndarray:
        value = np.zeros(images.shape[1])
        for count, part in enumerate(parts):
            kept = count / (count + 1) if share is None else share
            value = kept * value + (1 - kept) * part.mean(0)
        return value

    def near(value: np.ndarray) -> bool:
        return np.allclose(found, value, rtol=1e-3, atol=1e-3)

    if not (near(means) and np.allclose(spread, variances, rtol=1e-2)):
        rest = [*whole, images[len(whole) * batch :]]
        variants = {
            "layers-own-momentum": passed(whole, momentum),
            "last-batch-only": whole[-1].mean(0),
            "first-batch-only": whole[0].mean(0),
            "half-batch-counts": passed(rest, None),
            "all-at-once": images.mean(0),
        }
        name = next((name for name, value in variants.items() if near(value)), None)
        if name is None and near(passed(rest, momentum)):
            name = "layers-own-momentum"
        return not_earned(
            "The first layer's statistics are not the average over the full batches of the target.",
            expected=f"moving mean {show(means)}",
            received=f"moving mean {show(found)}",
            misconception=name,
        )
    if not all(c for c, (_, _, statistic) in zip(changed, pairs, strict=True) if statistic):
        return not_earned("A BatchNormalization layer kept its old statistics.", misconception="first-layer-only")
    momenta = [need_number(value, "a momentum") for value in evidence["momenta"]]
    if not np.allclose(momenta, momentum):
        return not_earned(
            "The momentum of the layers has changed.",
            expected=show(momentum),
            received=show(momenta),
            misconception="momentum-left",
        )
    if not all(evidence["trainable"]):
        return not_earned("A layer is frozen that was not frozen before.", misconception="left-frozen")
    return earned("The statistics are those of the target, every batch counted the same, and nothing else changed.")


_STATISTICS = Task(
    id="12.3",
    title="AdaBN",
    points=2,
    hints=(
        "When does BatchNorm update its moving statistics, and by how much each time?",
        "`model(batch, training=True)` updates them to `m * old + (1 - m) * batch`. Which momentum m makes batch k count 1/k?",
        "Before the batch with number `count` (0, 1, 2, ...) set `norm.momentum = count / (count + 1)` in every such layer.",
    ),
    answer_name="adapt_statistics",
    misconceptions={
        "weights-changed": "Do not train: call the model in training mode, without fit.",
        "inference-mode": "BatchNorm updates its moving statistics only if the model is called with `training=True`.",
        "layers-own-momentum": "With the layers' own momentum the old statistics still count; set the momentum for each batch.",
        "last-batch-only": "With momentum 0 for every batch only the last one counts.",
        "first-batch-only": "Only the first batch was shown.",
        "half-batch-counts": "The last images do not fill a batch. Leave them out, or they count too much.",
        "all-at-once": "Show the target in batches of `batch_size`; all at once needs too much memory.",
        "first-layer-only": "Every BatchNormalization layer has to get new statistics.",
        "momentum-left": "Put the momentum of the layers back when you are done.",
        "left-frozen": "Leave the trainable flags as they were.",
    },
    make_case=_statistics_case,
    probe=_statistics_probe,
    judge=_statistics_judge,
)

TASKS = (_CORAL, _PERMUTATIONS, _STATISTICS)
