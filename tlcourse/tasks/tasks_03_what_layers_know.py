"""Tasks of lesson 03: compare two sets of features, keep the first blocks of a network, separate an edge filter from noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_number, not_earned, show

# ---------------------------------------------------------------- 3.1 linear CKA

_PAIRS = (
    "features with themselves",
    "features with a rotated copy",
    "features with a copy 7.5 times as large",
    "features with a copy shifted by 20",
    "features with a mixture of them",
    "a mixture with the features",
)


def _cka_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 6)) * rng.uniform(0.5, 3.0, size=6) + rng.normal(3.0, 1.0, size=6)
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    mixed = x @ rng.normal(size=(6, 9)) + 4.0 * rng.normal(size=(40, 9)) + 5.0
    pairs = [[x, x], [x, x @ rotation], [x, 7.5 * x], [x, x + 20.0], [x, mixed], [mixed, x]]
    return Case(inputs={"pairs": pairs})


def _cka_probe(answer: Any, inputs: Any) -> Any:
    return {"values": [array_of(call(answer, x.copy(), y.copy()), "the result") for x, y in inputs["pairs"]]}


def _cka(
    x: np.ndarray, y: np.ndarray, axis: int | None = 0, power: float = 1.0, *, centre: bool = True, divide: bool = True
) -> float:
    if centre:
        x, y = (z - z.mean(axis=axis, keepdims=True) for z in (x, y))
    top = np.square(np.linalg.norm(x.T @ y))
    return float((top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y) if divide else 1.0)) ** power)


def _cka_judge(case: Case, evidence: Any) -> Verdict:
    pairs = case.inputs["pairs"]
    values = [need_number(value, "the result") for value in evidence["values"]]
    wanted = [_cka(x, y) for x, y in pairs]
    if np.allclose(values, wanted, atol=1e-6):
        return earned("1 on itself; rotation, size and offset change nothing; the same in both directions.")
    variants = {
        "not-centred": [_cka(x, y, centre=False) for x, y in pairs],
        "centred-by-one-mean": [_cka(x, y, None) for x, y in pairs],
        "centred-by-rows": [_cka(x, y, 1) for x, y in pairs],
        "not-squared": [_cka(x, y, power=0.5) for x, y in pairs],
        "not-normalised": [_cka(x, y, divide=False) for x, y in pairs],
    }
    wrong = int(np.flatnonzero(~np.isclose(values, wanted, atol=1e-6))[0])
    return not_earned(
        f"The value differs from linear CKA for {_PAIRS[wrong]}.",
        expected=show(wanted[wrong]),
        received=show(values[wrong]),
        misconception=next((name for name, found in variants.items() if np.allclose(values, found, rtol=1e-6)), None),
    )


_CKA = Task(
    id="3.1",
    title="how similar are two sets of features?",
    points=2,
    hints=(
        "What should happen when all values of one column grow by 20? And when everything is 7.5 times as large?",
        "Subtract each column's mean first; `np.linalg.norm` of a matrix is the root of the sum of its squares.",
        "An example of one part: `x = x - x.mean(axis=0)` centres the columns, and `np.linalg.norm(x.T @ x)` is then the first factor "
        "below the line.",
    ),
    answer_name="linear_cka",
    misconceptions={
        "not-centred": "Without subtracting the columns' means, the offset of a feature counts as similarity.",
        "centred-by-one-mean": "One mean over the whole table was subtracted; each feature (column) has its own.",
        "centred-by-rows": "Rows are images: subtracting a row's mean mixes features. Centre columns: `axis=0`.",
        "not-squared": "This is the root of CKA: the norm of `x.T @ y` is squared in the formula.",
        "not-normalised": "This is only the numerator. Without the division, large features look similar because they are large.",
    },
    make_case=_cka_case,
    probe=_cka_probe,
    judge=_cka_judge,
)

# ---------------------------------------------------------------- 3.2 keep the first blocks

_BLOCKS = 3


def _copy_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    shapes: list[list[tuple[int, ...]]] = [[(3, 3, 3 if i == 0 else 4, 4), *[(4,)] * 5] for i in range(_BLOCKS)] + [
        [(4, 2), (2,)]
    ]
    # No value as it is in a new network, statistics of BatchNorm included: each value shows where it comes from.
    source, target = (
        [[rng.uniform(0.5, 1.5, shape).astype("float32") for shape in group] for group in shapes] for _ in range(2)
    )
    inputs = {"source": source, "target": target, "seed": int(rng.integers(2**31)), "counts": [2, 3]}
    return Case(inputs=inputs)


def _small_network(groups: list[list[np.ndarray]]) -> Any:
    import keras

    x = images = keras.Input((8, 8, 3))
    for i in range(1, _BLOCKS + 1):
        x = keras.layers.Conv2D(4, 3, padding="same", name=f"conv{i}")(x)
        x = keras.layers.BatchNormalization(name=f"norm{i}", momentum=0.5)(x)
        x = keras.layers.ReLU()(x)
    model = keras.Model(images, keras.layers.Dense(2, name="head")(keras.layers.GlobalAveragePooling2D()(x)))
    model.set_weights([w for group in groups for w in group])
    return model


def _weights(model: Any) -> list[list[np.ndarray]]:
    groups = [[f"conv{i}", f"norm{i}"] for i in range(1, _BLOCKS + 1)] + [["head"]]
    return [[w for name in names for w in model.get_layer(name).get_weights()] for names in groups]


def _copy_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(inputs["seed"])
    rng = np.random.default_rng(inputs["seed"])
    images, values = rng.normal(size=(16, 8, 8, 3)).astype("float32"), rng.normal(size=(16, 2))
    rows = []
    for count in inputs["counts"]:
        source, target = _small_network(inputs["source"]), _small_network(inputs["target"])
        call(answer, source, target, count)
        copied = _weights(target)
        if target.trainable_weights:
            target.compile(keras.optimizers.SGD(0.1), "mse")
            target.fit(images, values, epochs=1, verbose=0)
        rows.append({"copied": copied, "trained": _weights(target), "source": _weights(source)})
    return {"rows": rows}


def _same_groups(found: Any, wanted: Any) -> list[bool]:
    """Compare block by block (the head last): are all arrays equal?"""
    return [
        len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
        for a, b in zip(found, wanted, strict=True)
    ]


def _copy_judge(case: Case, evidence: Any) -> Verdict:
    for count, row in zip(case.inputs["counts"], evidence["rows"], strict=True):
        like = _same_groups(row["copied"], case.inputs["source"])
        untouched = _same_groups(row["copied"], case.inputs["target"])
        moved = [not same for same in _same_groups(row["trained"], row["copied"])]
        kept = like.index(False) if False in like else _BLOCKS
        kept = min(kept, _BLOCKS)
        received = f"{kept} of {_BLOCKS} blocks equal the source's" + (", and the head too" if like[_BLOCKS] else "")
        expected = f"the first {count} of {_BLOCKS} blocks equal the source's, the rest as it was"
        if not all(_same_groups(row["source"], case.inputs["source"])):
            return not_earned("The source changed.", expected="a source that stays as it is", misconception="copied-backwards")
        if not all(like[:count]) or not all(untouched[count:]):
            return not_earned(
                f"Other values than those of the first {count} blocks were copied.",
                expected=expected,
                received=received,
                misconception=_why_other_values(case.inputs, row["copied"], count, like, untouched),
            )
        if any(moved[:count]):
            return not_earned(
                "A kept block changed during training.",
                expected=f"blocks 1 to {count} bit for bit the same after fit, their BatchNorm statistics included",
                received=f"changed: blocks {[i + 1 for i in range(count) if moved[i]]}",
                misconception="not-frozen",
            )
        if not all(moved[count:]):
            return not_earned(
                "A block that should learn did not move.",
                expected="everything after the kept blocks trains",
                received=f"did not move: {[i + 1 for i in range(count, _BLOCKS + 1) if not moved[i]]}",
                misconception="froze-too-much",
            )
    return earned("Exactly the first blocks were copied bit for bit and stayed; the rest was unchanged and learned.")


def _why_other_values(inputs: Any, copied: Any, count: int, like: list[bool], untouched: list[bool]) -> str | None:
    """Name the mistake that leaves exactly these values in the target."""
    if all(untouched):
        return "nothing-copied"
    if all(like):
        return "copied-everything"
    if all(like[: count - 1]) and all(untouched[count - 1 :]):
        return "off-by-one"
    for name, arrays in (
        ("batchnorm-not-copied", 2),
        ("statistics-not-copied", 4),
    ):  # of kernel, bias, scale, offset, mean, variance
        blocks = zip(copied[:count], inputs["source"], inputs["target"], strict=False)
        mixed = all(_same_groups([found], [[*new[:arrays], *old[arrays:]]]) == [True] for found, new, old in blocks)
        if mixed and all(untouched[count:]):
            return name
    return None


_COPY = Task(
    id="3.2",
    title="keep the first blocks",
    points=2,
    hints=(
        "Which two layers make a block, and what has to happen to both?",
        "`get_layer(name).get_weights()` and `set_weights(...)` copy; `layer.trainable = False` freezes.",
        'An example for one layer: `target.get_layer("conv1").set_weights(source.get_layer("conv1").get_weights())`. '
        "Do it for both layers of each block, and freeze them.",
    ),
    answer_name="copy_first_blocks",
    misconceptions={
        "nothing-copied": "The target still has its own weights. Call `set_weights` on its layers.",
        "off-by-one": "One block too few was copied. Blocks are numbered from 1, and `range(1, count)` ends before `count`.",
        "copied-everything": "The whole network was copied; only the first blocks should come from the source.",
        "batchnorm-not-copied": "Only the convolutions were copied. The BatchNorm layer belongs to the block: copy its weights too.",
        "statistics-not-copied": "BatchNorm's statistics were not copied. `get_weights` includes them, `trainable_weights` does not.",
        "not-frozen": "Kept means frozen, BatchNorm too: set `trainable = False` on both layers of a kept block.",
        "froze-too-much": "Everything after the kept blocks has to learn: freeze only the kept layers, one by one.",
        "copied-backwards": "`set_weights` changes the object before the dot: that must be a layer of the target.",
    },
    make_case=_copy_case,
    probe=_copy_probe,
    judge=_copy_judge,
)

# ---------------------------------------------------------------- 3.3 edge score


def _edge_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-3:4, -3:4] / 3.0
    kernels = []
    for angle in rng.uniform(0, np.pi, 3):
        along = x * np.cos(angle) + y * np.sin(angle)
        kernels.append(np.sin(2.2 * along) * np.exp(-(x**2 + y**2)))
    ring = np.exp(-3 * (x**2 + y**2))
    scaled = [-kernels[0], 5.0 * kernels[0], kernels[0] + 2.0, np.rot90(kernels[0]).copy()]
    return Case(inputs={"kernels": [*kernels, *scaled, ring, *rng.normal(size=(20, 7, 7))]})


def _edge_probe(answer: Any, inputs: Any) -> Any:
    return {"scores": [array_of(call(answer, kernel.copy()), "the score") for kernel in inputs["kernels"]]}


def _edge_score(kernel: np.ndarray, times: int = 2, *, centre: bool = True, divide: bool = True) -> float:
    power = np.abs(np.fft.fft2(kernel - kernel.mean() if centre else kernel, (16, 16))) ** 2
    frequency = np.fft.fftfreq(16)
    angle = np.arctan2(frequency[:, None], frequency)
    return float(abs((power * np.exp(1j * times * angle)).sum()) / (power.sum() if divide else 1.0))


def _edge_judge(case: Case, evidence: Any) -> Verdict:
    scores = np.array([need_number(score, "the score") for score in evidence["scores"]])
    first, noise = scores[0], scores[8:]
    variants = {
        "mean-not-removed": [_edge_score(kernel, centre=False) for kernel in case.inputs["kernels"]],
        "angle-not-doubled": [_edge_score(kernel, 1) for kernel in case.inputs["kernels"]],
        "not-divided": [_edge_score(kernel, divide=False) for kernel in case.inputs["kernels"]],
    }
    name = next((name for name, values in variants.items() if np.allclose(scores, values, rtol=1e-6)), None)
    if scores.min() < -1e-9 or scores.max() > 1 + 1e-9:
        return not_earned(
            "A score lies outside 0 to 1.",
            expected="0 (no direction) to 1 (one direction)",
            received=f"scores from {show(scores.min())} to {show(scores.max())}",
            misconception=name,
        )
    changed = {"negative": scores[3], "five times as large": scores[4], "turned by 90 degrees": scores[6]}
    for what, score in changed.items():
        if abs(score - first) > 1e-6:
            return not_earned(
                f"The score of a filter and of the same filter {what} differ.",
                expected=show(first),
                received=show(score),
                misconception=name,
            )
    if abs(scores[5] - first) > 1e-6:
        return not_earned(
            "Adding the same number to every value of the filter changed its score: brightness counts as an edge.",
            expected=show(first),
            received=show(scores[5]),
            misconception="mean-not-removed",
        )
    if scores[7] > 0.2:
        return not_earned(
            "A round spot, which has no direction, scores high.",
            expected="below 0.2",
            received=show(scores[7]),
            misconception=name,
        )
    if scores[:3].min() < 0.5:
        return not_earned(
            "An edge filter scores low.",
            expected="0.5 or more",
            received=show(scores[:3].min()),
            misconception=name,
        )
    if scores[:3].min() < np.quantile(noise, 0.9):
        return not_earned(
            "An edge filter scores no higher than random filters.",
            expected=f"more than {show(np.quantile(noise, 0.9))}, which 9 of 10 random filters do not reach",
            received=show(scores[:3].min()),
        )
    return earned("Edge filters of any direction score high, a round spot low, and brightness, sign and size do not matter.")


_EDGE = Task(
    id="3.3",
    title="is this filter an edge detector?",
    points=2,
    hints=(
        "A wave that runs to the north-east also runs to the south-west: which step of the recipe takes care of that?",
        "`np.fft.fft2(kernel - kernel.mean(), (16, 16))` gives the frequencies' values; `np.fft.fftfreq(16)` the frequencies of an axis.",
        "An example: the arrow of length 3 at the angle `a` is the complex number `3 * np.exp(1j * a)`; with the doubled angle it is "
        "`3 * np.exp(2j * a)`. `abs` of a sum of such numbers is the length of the sum.",
    ),
    answer_name="edge_score",
    misconceptions={
        "mean-not-removed": "Subtract the filter's mean first: a constant has no direction.",
        "angle-not-doubled": "Opposite directions cancel each other unless the angle is doubled: `2j * angle`.",
        "not-divided": "Divide by the sum of the power, or strong filters score above 1.",
    },
    make_case=_edge_case,
    probe=_edge_probe,
    judge=_edge_judge,
)

TASKS = (_CKA, _COPY, _EDGE)
