"""Tasks of lesson 05: BatchNorm at any depth, a split that stays, an unknown preprocessing, unfreezing inside a fit."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 5.1 freeze BatchNorm at any depth


def _norm_case(seed: int) -> Case:
    return Case(
        inputs={"seed": int(np.random.default_rng(seed).integers(2**31)), "names": [f"n{(seed + i) % 7}" for i in range(3)]}
    )


def _nested_network(seed: int, names: list[str]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A model in a model in a model; a BatchNorm and a layer with a kernel on each level."""
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(seed)
    norms = {
        name: layers.BatchNormalization(momentum=0.5, name=f"{name}_{i}") for i, name in enumerate(("inner", "middle", "outer"))
    }
    others = {name: layers.Dense(4, name=f"batch_{names[i]}_{i}") for i, name in enumerate(("inner", "middle", "outer"))}
    others["frozen"] = layers.Dense(4, trainable=False)
    others["head"] = layers.Dense(2)

    def level(name: str, *inside: Any) -> Any:
        x = images = keras.Input((4,))
        for layer in (*inside, others[name], norms[name]):
            x = layer(x)
        return keras.Model(images, x)

    inner = level("inner", others["frozen"])
    outer = level("outer", level("middle", inner))
    return keras.Sequential([keras.Input((4,)), outer, others["head"]]), norms, others


def _norm_probe(answer: Any, inputs: Any) -> Any:
    import keras

    model, norms, others = _nested_network(inputs["seed"], inputs["names"])
    call(answer, model)
    parts = {**norms, **{f"kernel {name}": layer for name, layer in others.items()}}
    before = {name: [v.numpy().copy() for v in layer.variables] for name, layer in parts.items()}
    rng = np.random.default_rng(inputs["seed"])
    if model.trainable_weights:
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        for _ in range(2):
            model.train_on_batch(rng.normal(3, 2, (16, 4)).astype("float32"), rng.normal(size=(16, 2)).astype("float32"))
    moved = {
        name: any(not np.array_equal(a, v.numpy().copy()) for a, v in zip(before[name], layer.variables, strict=True))
        for name, layer in parts.items()
    }
    return {"moved": {name: bool(value) for name, value in moved.items()}}


def _norm_judge(case: Case, evidence: Any) -> Verdict:
    moved = {name: bool(value) for name, value in evidence["moved"].items()}
    moving = [name for name in ("outer", "middle", "inner") if moved[name]]
    still = [name for name in ("outer", "middle", "inner", "head") if not moved[f"kernel {name}"]]
    if moving == ["outer", "middle", "inner"]:
        return not_earned("All BatchNormalization layers moved in training.", misconception="nothing-frozen")
    if moving:
        return not_earned(
            "BatchNormalization moved in training.",
            expected="frozen on every level",
            received=f"moved: {', '.join(moving)} model",
            misconception="only-some-levels",
        )
    if still:
        return not_earned(
            "Layers other than BatchNormalization did not learn.",
            expected="their flags as they were",
            received=f"did not move: the Dense layer of {', '.join(still)}",
            misconception="froze-too-much",
        )
    if moved["kernel frozen"]:
        return not_earned("A Dense layer that was frozen before your function learned.", misconception="unfroze-others")
    return earned("Frozen on every level; everything else as it was.")


_NORM = Task(
    id="5.1",
    title="freeze BatchNorm at any depth",
    points=2,
    hints=(
        "`model.layers` shows one level. What is a layer that has layers of its own?",
        "A nested model is a layer too: `isinstance(layer, keras.Model)`. A function may call itself.",
        "An example of a function that goes through all levels and counts: `def count(model): return sum(count(layer) if "
        "isinstance(layer, keras.Model) else 1 for layer in model.layers)`.",
    ),
    answer_name="freeze_batchnorm",
    misconceptions={
        "nothing-frozen": "No BatchNormalization layer is frozen. Find them with `isinstance`, not by name, inside the models inside.",
        "only-some-levels": "Only some levels were reached: go into the models inside the model.",
        "froze-too-much": "Other layers were frozen too, as happens when a whole model is frozen. Freeze only BatchNormalization.",
        "unfroze-others": "The flag of another layer was changed. Change only the flags of BatchNormalization.",
    },
    make_case=_norm_case,
    probe=_norm_probe,
    judge=_norm_judge,
)

# ---------------------------------------------------------------- 5.2 a split that stays


def _split_case(seed: int) -> Case:
    return Case(inputs={"size": 50 + seed % 4 * 3, "seed": int(np.random.default_rng(seed).integers(2**31))})


def _split_probe(answer: Any, inputs: Any) -> Any:
    import tensorflow as tf

    size = inputs["size"]
    parts = call(answer, tf.data.Dataset.range(size), size, inputs["seed"])
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        return {"reads": None, "batched": False}
    reads = [[[np.asarray(example) for example in call(list, part)] for part in parts] for _ in range(3)]
    if any(example.ndim for read in reads for part in read for example in part):
        return {"reads": None, "batched": True}
    return {"reads": [[array_of([int(i) for i in part], "a part") for part in read] for read in reads]}


def _split_judge(case: Case, evidence: Any) -> Verdict:
    size = case.inputs["size"]
    if evidence["reads"] is None and evidence["batched"]:
        return not_earned("The parts hold batches.", expected="single examples, as in `dataset`", misconception="batched")
    if evidence["reads"] is None:
        return not_earned("Your function did not return three data sets.", expected="train, validation, test")
    reads = [
        [need_array(part, "a part", shape=(None,), kinds="iuf").astype(int) for part in read] for read in evidence["reads"]
    ]
    wanted = [size - 2 * (size // 5), size // 5, size // 5]
    if [len(part) for part in reads[0]] != wanted:
        return not_earned("The parts have other sizes.", expected=show(wanted), received=show([len(p) for p in reads[0]]))
    members = [[set(part.tolist()) for part in read] for read in reads]
    for name, first, again in zip(("train", "validation", "test"), members[0], members[1], strict=True):
        if first != again:
            return not_earned(
                f"Read a second time, `{name}` has other members.",
                expected="the same members each time",
                received=f"example {min(first - again, default=min(again))} only in one of two reads",
                misconception="moves",
            )
    train, validation, test = members[0]
    shared = (train & validation) | (train & test) | (validation & test)
    if shared:
        return not_earned(
            f"The parts share {len(shared)} examples, each time the same ones.",
            expected="each example in one part",
            received=f"example {min(shared)} is in two parts",
            misconception="overlap",
        )
    if np.array_equal(np.concatenate(reads[0][::-1]), np.arange(size)) or validation | test == set(range(2 * (size // 5))):
        return not_earned(
            "The cut follows the order of the data: sorted by class, the parts would hold different classes.",
            misconception="cut-without-shuffling",
        )
    if np.array_equal(reads[0][0], reads[1][0]):
        return not_earned("The training examples come in the same order each time.", misconception="train-not-shuffled")
    if not np.array_equal(reads[0][2], reads[1][2]) or not np.array_equal(reads[0][1], reads[1][1]):
        return not_earned(
            "Validation or test come in another order each time, so labels and predictions of two reads do not match.",
            misconception="test-shuffled",
        )
    return earned("Cut once, and the parts stay; only the order of the training examples is new each time.")


_SPLIT = Task(
    id="5.2",
    title="a split that stays",
    points=2,
    hints=(
        "Read the broken test set twice: are the same examples in it?",
        "`shuffle` has an argument `reshuffle_each_iteration`.",
        "An example: `tf.data.Dataset.range(5).shuffle(5, seed=1, reshuffle_each_iteration=False)` gives the same random order in each "
        "read. Cut such a data set; which of the parts needs a second `shuffle`?",
    ),
    answer_name="split",
    misconceptions={
        "batched": "Return parts of single examples: batches are made later.",
        "moves": "The members of a part change from read to read: fix the order before you cut.",
        "overlap": "`take` and `skip` have to fit together: what one takes, the next skips.",
        "cut-without-shuffling": "Shuffle once before the cut; files are often sorted by class.",
        "train-not-shuffled": "Training needs a new order in each epoch: shuffle the training part after the cut.",
        "test-shuffled": "Shuffle only the training part after the cut.",
    },
    make_case=_split_case,
    probe=_split_probe,
    judge=_split_judge,
)

# ---------------------------------------------------------------- 5.3 an unknown preprocessing


def _examine_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    kinds = [(a, b) for a in (False, True) for b in (False, True)]
    rows = []
    for bgr, in_place in kinds:
        scale = rng.uniform(0.5, 2.0, 3) * rng.choice([1 / 255, 1.0, 2 / 255])
        rows.append({"scale": scale, "shift": rng.normal(0, 1, 3) * scale * 90, "bgr": bgr, "in_place": in_place})
    one = {"scale": np.ones(3), "shift": np.zeros(3), "bgr": False, "in_place": False}  # does nothing
    return Case(inputs={"rows": [*rows, one]})


def _preprocessing(row: Any, passed: list[Any]) -> Any:
    """Return the function to examine; `passed` keeps the arrays that it was called with, and how often."""

    def preprocess(images: Any) -> np.ndarray:
        passed.append(images)
        out = np.asarray(images) if row["in_place"] else np.array(images)
        if row["bgr"]:
            out[...] = out[..., ::-1].copy()
        out *= row["scale"].astype("float32")
        out += row["shift"].astype("float32")
        return out

    return preprocess


def _examine_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        passed: list[Any] = []
        result = call(answer, _preprocessing(row, passed))
        if not isinstance(result, dict) or not {"low", "high", "bgr", "in_place"} <= set(result):
            return {"found": None}
        values = {name: array_of(result[name], f"result[{name!r}]") for name in ("low", "high", "bgr", "in_place")}
        found.append({**values, "reused": len({id(images) for images in passed}) < len(passed)})
    return {"found": found}


def _examine_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return a dict with low, high, bgr and in_place.")
    rows = case.inputs["rows"]
    for row, found in zip(rows, evidence["found"], strict=True):
        low, high = (need_number(found[name], name) for name in ("low", "high"))
        ends = np.array([row["shift"], 255 * row["scale"] + row["shift"]])
        if not np.allclose([low, high], [ends.min(), ends.max()], rtol=1e-3, atol=1e-3):
            channels = ends.T[np.isclose(ends[0], low, rtol=1e-3, atol=1e-3) & np.isclose(ends[1], high, rtol=1e-3, atol=1e-3)]
            reused = row["in_place"] and found["reused"]
            return not_earned(
                f"The range is wrong for images * {show(row['scale'])} + {show(row['shift'])}.",
                expected=f"low {show(ends.min())}, high {show(ends.max())}",
                received=f"low {show(low)}, high {show(high)}",
                misconception="one-channel-only" if len(channels) else "reuses-changed-array" if reused else None,
            )
        for name in ("bgr", "in_place"):
            value = need_number(found[name], name)
            if bool(value) != row[name]:
                return not_earned(
                    f'"{name}" is wrong for images * {show(row["scale"])} + {show(row["shift"])}.',
                    expected=show(row[name]),
                    received=show(bool(value)),
                    misconception={"bgr": "channels-not-seen", "in_place": "in-place-not-seen"}[name],
                )
    return earned("Range, order of channels and side effect, all found from outputs.")


_EXAMINE = Task(
    id="5.3",
    title="what does this preprocessing do?",
    points=2,
    hints=(
        "What comes out for black, for white, for pure red? And is the image that you passed still the same?",
        "Pass copies, look at all three channels, and compare red with black.",
        "An example: if black gives (-1, -1, -1) and red gives (-1, -1, 1), red comes out last. `np.array_equal(passed, kept)` compares "
        "the array that you passed with a copy.",
    ),
    answer_name="examine",
    misconceptions={
        "one-channel-only": "This is the range of one channel. Take the smallest and the largest value over all three.",
        "reuses-changed-array": "The function changed your image, and you passed the changed one again. Pass a copy each time.",
        "channels-not-seen": "Put red in the first channel: in which channel does the output differ from that of black?",
        "in-place-not-seen": "Compare the array that you passed with a copy that you kept.",
    },
    make_case=_examine_case,
    probe=_examine_probe,
    judge=_examine_judge,
)

# ---------------------------------------------------------------- 5.4 unfreeze in the middle of a fit


_EPOCHS = 4


def _unfreeze_case(seed: int) -> Case:
    return Case(inputs={"seed": int(np.random.default_rng(seed).integers(2**31)), "epoch": 1 + seed % 2})


def _unfreeze_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(inputs["seed"])
    backbone = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh")])
    head = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((4,)), backbone, head])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    callback = call(answer, backbone, inputs["epoch"])
    if not isinstance(callback, keras.callbacks.Callback):
        return {"callback": False}

    def state() -> list[list[np.ndarray]]:
        return [[v.numpy().copy() for v in part.variables] for part in (backbone, head)]

    states, open_parts = [state()], []

    def look(number: int, logs: Any) -> None:
        states.append(state())
        open_parts.append([bool(part.trainable_weights) for part in (backbone, head)])

    watch = keras.callbacks.LambdaCallback(on_epoch_end=look)
    rng = np.random.default_rng(inputs["seed"])
    x, y = rng.normal(size=(8, 4)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    error = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns of a model that has nothing to train, which is what is looked for
            model.fit(x, y, epochs=_EPOCHS, verbose=0, callbacks=[callback, watch])
    except ValueError as failure:  # what Keras raises for variables that the optimizer does not know
        error = str(failure)[:300]
    moved = [
        [any(not np.array_equal(a, b) for a, b in zip(*parts, strict=True)) for parts in zip(old, new, strict=True)]
        for old, new in pairwise(states)
    ]
    return {"callback": True, "error": error, "moved": moved, "open": open_parts}


def _unfreeze_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["callback"]:
        return not_earned("Your function did not return a callback.", expected="an instance of keras.callbacks.Callback")
    epoch, moved = case.inputs["epoch"], evidence["moved"]
    if evidence["error"]:
        name = "optimizer-not-built" if "unknown variable" in evidence["error"].lower() else None
        return not_earned("The fit stopped with an error.", received=evidence["error"], misconception=name)
    if not all(head for _, head in moved):
        return not_earned(
            "The head did not learn in every epoch.",
            expected=show(list(range(_EPOCHS))),
            received=show([number for number, (_, head) in enumerate(moved) if head]),
            misconception="head-frozen" if not all(head for _, head in evidence["open"]) else None,
        )
    learned, wanted = [number for number, (part, _) in enumerate(moved) if part], list(range(epoch, _EPOCHS))
    if learned == wanted:
        return earned("First only the head, then both, in one fit.")
    flag = [number for number, (part, _) in enumerate(evidence["open"]) if part]
    if not learned:
        name = "old-step" if flag else "never-unfrozen"
    elif learned == list(range(_EPOCHS)):
        name = "never-frozen"
    else:
        name = "off-by-one" if learned in (wanted[1:], [epoch - 1, *wanted]) else None
    return not_earned(
        "The backbone learned in other epochs than it should.",
        expected=f"epochs {show(wanted)}",
        received=f"epochs {show(learned)}",
        misconception=name,
    )


_UNFREEZE = Task(
    id="5.4",
    title="unfreeze in the middle of a fit",
    points=2,
    hints=(
        "Which two objects remember what was trainable when the fit began?",
        "In `on_train_begin`: build the optimizer for everything, then freeze, then force a new training step. In `on_epoch_begin`: "
        "unfreeze, and force a new one again.",
        "An example of a callback with a method: `class Say(keras.callbacks.Callback):` with `def on_epoch_begin(self, number, logs=None): "
        "print(number)`. `self.model` is the model; `self.model.make_train_function(force=True)` follows each change of a flag.",
    ),
    answer_name="unfreeze_at",
    misconceptions={
        "optimizer-not-built": "The optimizer does not know the backbone. Build it while everything is trainable, then freeze.",
        "head-frozen": "The head was frozen for a time, as with `model.trainable = False`. Freeze only the backbone.",
        "old-step": "The flag was set, but Keras used the old training step: `make_train_function(force=True)` after each change.",
        "never-unfrozen": "The backbone stayed frozen: set its flag to True in the epoch with the number `epoch`.",
        "never-frozen": "The backbone learned from the first epoch on: freeze it in `on_train_begin`, and force a new training step.",
        "off-by-one": "`epoch` is the first epoch in which the backbone learns, counted from 0: unfreeze in `on_epoch_begin`.",
    },
    make_case=_unfreeze_case,
    probe=_unfreeze_probe,
    judge=_unfreeze_judge,
)

TASKS = (_NORM, _SPLIT, _EXAMINE, _UNFREEZE)
