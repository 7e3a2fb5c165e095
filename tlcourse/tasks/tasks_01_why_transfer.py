"""Tasks of lesson 01: a new head, the three stages, label equivalents, speed-up over seeds, a placebo."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 1.1 a new head for an old network


def _head_case(seed: int) -> Case:
    return Case(inputs={"seed": int(np.random.default_rng(seed).integers(2**31)), "old": 3 + seed % 2, "new": 5 + seed % 3})


def _trained_source(seed: int, classes: int, *, functional: bool) -> Any:
    import keras

    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Conv2D(4, 3, strides=2),
        keras.layers.BatchNormalization(momentum=0.5),
        keras.layers.ReLU(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(6, activation="relu"),
        keras.layers.Dense(classes),
    ]
    images = x = keras.Input((9, 9, 3))
    for layer in layers if functional else ():
        x = layer(x)
    model = keras.Model(images, x) if functional else keras.Sequential([images, *layers])
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape) * rng.choice([-1, 1], w.shape[-1:]) for w in model.get_weights()])
    norm = model.layers[2 if functional else 1]
    norm.set_weights([np.abs(w) for w in norm.get_weights()])  # variances are above 0
    return model


def _outputs(model: Any, images: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of one tensor where a model was built from a list of one
        return np.asarray(model(images, training=False))


def _train_once(model: Any, images: np.ndarray, wanted: np.ndarray) -> None:
    """One step of training as `fit` does it; not compiled to a graph, which costs seconds."""
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        model.train_on_batch(images, wanted)


def _reloaded(model: Any, images: np.ndarray) -> np.ndarray | None:
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            model.save(path)
            return _outputs(keras.saving.load_model(path), images)
        except (TypeError, ValueError, NotImplementedError, OSError):  # what Keras raises for what it cannot write or read
            return None


def _head_probe(answer: Any, inputs: Any) -> Any:
    import keras

    rows = []
    images = np.random.default_rng(inputs["seed"]).normal(size=(12, 9, 9, 3)).astype("float32")
    for functional in (True, False):
        source = _trained_source(inputs["seed"], inputs["old"], functional=functional)
        features = _outputs(keras.Model(source.inputs, source.layers[-1].input), images)
        before = _outputs(source, images)
        model = call(answer, source, inputs["new"])
        if not isinstance(model, keras.Model):
            return {"rows": [{"model": False}]}
        kept = _outputs(source, images)
        row = {"model": True, "features": features, "source_kept": bool(np.array_equal(before, kept))}
        row["outputs"] = _outputs(model, images)
        values = [np.asarray(w) for w in model.get_weights()]
        kernels = [w for w in values if w.ndim == 2]
        bias = values[-1] if values[-1].ndim == 1 and len(values[-1]) == inputs["new"] else np.zeros(inputs["new"])
        row["head"] = [kernels[-1] if kernels else np.zeros((0, 0)), bias]
        row["values"], row["source_values"] = values, [np.asarray(w) for w in source.get_weights()]
        row["reloaded"] = _reloaded(model, images)
        for layer in model.layers:
            layer.trainable = True
        _train_once(model, images, np.ones_like(row["outputs"]))
        row["source_independent"] = bool(np.array_equal(kept, _outputs(source, images)))
        rows.append(row)
    return {"rows": rows}


def _head_judge(case: Case, evidence: Any) -> Verdict:
    classes = case.inputs["new"]
    for row in evidence["rows"]:
        if not row["model"]:
            return not_earned("Your function did not return a Keras model.", expected="a new keras.Model")
        if not row["source_kept"]:
            return not_earned("After your function, the old model gives other answers.", misconception="source-changed")
        outputs, features = row["outputs"], row["features"]
        if outputs.shape != (len(features), classes):
            return not_earned(
                "The new model has the wrong number of outputs.",
                expected=show((len(features), classes)),
                received=show(outputs.shape),
                misconception="old-head-kept" if outputs.shape[-1] == case.inputs["old"] else None,
            )
        kernel, bias = row["head"]
        if kernel.shape != (features.shape[1], classes):
            return not_earned(
                "The new head does not sit on the features.",
                expected=f"a kernel of shape {(features.shape[1], classes)}, for {features.shape[1]} features",
                received=show(kernel.shape),
                misconception="stacked-on-the-old-head" if kernel.shape == (case.inputs["old"], classes) else None,
            )
        logits = features @ kernel + bias
        if not np.allclose(outputs, logits, atol=1e-4):
            return not_earned(
                "The outputs are not: features of the old model, times the new head, plus its bias.",
                expected=show(logits[0]),
                received=f"{show(outputs[0])} for the first image",
                misconception=_why_other_outputs(outputs, logits, row),
            )
        if row["reloaded"] is None or not np.allclose(row["reloaded"], outputs, atol=1e-5):
            return not_earned(
                "Saved and loaded again, the new model does not give the same answers.", misconception="not-saveable"
            )
        if not row["source_independent"]:
            return not_earned("Training the new model changed the answers of the old one.", misconception="shared-layers")
    return earned("Old features, new head; saved and loaded it is the same, and training it does not change the old model.")


def _why_other_outputs(outputs: np.ndarray, logits: np.ndarray, row: Any) -> str | None:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    activations = (
        powers / powers.sum(axis=1, keepdims=True),
        1 / (1 + np.exp(-logits)),
        np.maximum(logits, 0),
        np.tanh(logits),
    )
    if any(np.allclose(outputs, activated, atol=1e-4) for activated in activations):
        return "activation-on-the-head"
    body = row["source_values"][:-2]  # without kernel and bias of the old head
    kept = [any(np.array_equal(old, new) for new in row["values"]) for old in body]
    return None if all(kept) else "values-lost"


_HEAD = Task(
    id="1.1",
    title="a new head for an old network",
    points=2,
    hints=(
        "If both models use the same layer objects, whose weights does training change?",
        "`keras.models.clone_model` copies the structure, and `get_weights` and `set_weights` the weights. "
        "`layers[-1].input` is the input of the head.",
        "An example that cuts a model in front of its last layer: `keras.Model(copy.inputs, copy.layers[-1].input)`. "
        "Put a new `Dense` layer on that output, and do it with a copy that has the weights of `source`.",
    ),
    answer_name="swap_head",
    misconceptions={
        "source-changed": "The old model is still in use: copy it before you take its head off or give it new values.",
        "old-head-kept": "The new model has as many outputs as the old one. The new head needs `num_classes` outputs.",
        "stacked-on-the-old-head": "The input of the new head is the old classes. Put it on the input of the old head.",
        "activation-on-the-head": "The new head has an activation. Leave it out.",
        "values-lost": "Weights of the old model are missing in the new one. `clone_model` copies no weights: copy them too.",
        "not-saveable": "A model of standard layers, built with `keras.Model` or `keras.Sequential`, can be saved and loaded.",
        "shared-layers": "Both models use the same layers, so training one trains the other: clone first.",
    },
    make_case=_head_case,
    probe=_head_probe,
    judge=_head_judge,
)

# ---------------------------------------------------------------- 1.2 set the stage

_STAGES = {"pre-train": (True, True, True), "transfer": (False, False, True), "fine-tune": (True, False, True)}
_PARTS = ("kernels of the backbone", "BatchNormalization of the backbone", "the head")


def _stage_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    names = list(_STAGES)
    walk = ["transfer", "fine-tune", "transfer", "pre-train", "fine-tune", "pre-train"]
    return Case(inputs={"walk": [*walk, *(names[i] for i in rng.permutation(3))], "seed": int(rng.integers(2**31))})


def _stage_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(inputs["seed"])
    layers = keras.layers
    x = images = keras.Input((8, 8, 3))
    for channels in (4, 5):
        x = layers.BatchNormalization(momentum=0.5)(layers.Conv2D(channels, 3, use_bias=False)(x))
    model = keras.Sequential([keras.Model(images, layers.GlobalAveragePooling2D()(x)), layers.Dense(2)])
    backbone, head = model.layers
    norms = [v for layer in backbone.layers if isinstance(layer, layers.BatchNormalization) for v in layer.variables]
    kernels = [v for v in backbone.variables if id(v) not in {id(n) for n in norms}]
    parts = [kernels, norms, head.variables]
    rng = np.random.default_rng(inputs["seed"])
    pixels, labels = rng.normal(size=(8, 8, 8, 3)).astype("float32"), rng.normal(size=(8, 2)).astype("float32")
    rows: list[dict[str, Any]] = []
    for stage in inputs["walk"]:
        call(answer, model, stage)
        before = [[v.numpy().copy() for v in part] for part in parts]
        if model.trainable_weights:
            _train_once(model, pixels, labels)
        changed = [
            any(not np.array_equal(a, v.numpy().copy()) for a, v in zip(old, part, strict=True))
            for old, part in zip(before, parts, strict=True)
        ]
        rows.append({"stage": stage, "moved": changed})
    return {"rows": rows}


def _stage_judge(case: Case, evidence: Any) -> Verdict:
    came_from = "a new model"
    for row in evidence["rows"]:
        stage, moved = row["stage"], [bool(m) for m in row["moved"]]
        wanted = list(_STAGES[stage])
        if moved != wanted:
            part = next(i for i in (2, 0, 1) if moved[i] != wanted[i])
            name = {2: "head-frozen", 0: "backbone-trains" if moved[0] else "never-unfrozen"}.get(part)
            if part == 1:
                name = "batchnorm-trains" if moved[1] else "batchnorm-stays-frozen"
            return not_earned(
                f"Stage {stage!r}, coming from {came_from}: {_PARTS[part]} {'changed' if moved[part] else 'did not change'} in a fit.",
                expected="trains: " + ", ".join(p for p, w in zip(_PARTS, wanted, strict=True) if w),
                received="trains: " + (", ".join(p for p, m in zip(_PARTS, moved, strict=True) if m) or "nothing"),
                misconception=name,
            )
        came_from = f"{stage!r}"
    return earned("Whatever the stage before: each stage trains exactly what it should, BatchNorm statistics included.")


_STAGE = Task(
    id="1.2",
    title="set the stage",
    points=2,
    hints=(
        "What is left over from the stage before? A flag that you set in only one branch keeps its value in the others.",
        "Set the backbone's flag to True, and then the flag of each layer inside, in every stage.",
        "An example, for one stage: `for layer in backbone.layers: layer.trainable = not isinstance(layer, "
        "keras.layers.BatchNormalization)` is right for 'fine-tune'. Which value has each layer in the other two?",
    ),
    answer_name="set_stage",
    misconceptions={
        "head-frozen": "The head has to learn in every stage; `model.trainable = False` would freeze it too.",
        "backbone-trains": "In 'transfer' nothing in the backbone learns. (Setting a flag to the value it has changes no layer inside.)",
        "never-unfrozen": "The backbone stayed frozen after 'transfer': set `backbone.trainable = True`, then the layers inside.",
        "batchnorm-trains": "In 'fine-tune' the BatchNormalization layers are frozen, and in 'transfer' too.",
        "batchnorm-stays-frozen": "'pre-train' trains everything. (Setting a flag to the value it has changes no layer inside.)",
    },
    make_case=_stage_case,
    probe=_stage_probe,
    judge=_stage_judge,
)

# ---------------------------------------------------------------- 1.3 label equivalents


def _labels_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for count in (4, 5, 6):
        labels = np.cumsum(rng.integers(2, 9, count) * 2 ** np.arange(count))
        scratch = 0.2 + np.cumsum(rng.uniform(0.05, 0.12, count))
        inside = np.sort(rng.uniform(scratch[0], scratch[-1], count))
        better, mixed = inside.copy(), inside.copy()
        better[-1], mixed[0], mixed[-2:] = scratch[-1] + 0.05, scratch[0] - 0.1, scratch[-1] + np.array([0.01, 0.06])
        rows += [[labels, transfer, scratch] for transfer in (inside, better, mixed, scratch.copy())]
    return Case(inputs={"rows": rows})


def _labels_probe(answer: Any, inputs: Any) -> Any:
    copies = ([part.copy() for part in row] for row in inputs["rows"])
    return {"needed": [array_of(call(answer, *row), "the result") for row in copies]}


def _equivalent(labels: Any, a: Any, b: Any, *, log: bool = True, infinite: bool = True, zero: bool = True) -> np.ndarray:
    needed = np.interp(a, b, np.log(labels) if log else labels)
    needed = np.exp(needed) if log else needed
    needed = np.where(infinite & (a > b[-1]), np.inf, needed)
    return np.where(zero & (a < b[0]), 0.0, needed)


def _labels_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [need_array(v, "the result", shape=(len(row[0]),)) for v, row in zip(evidence["needed"], rows, strict=True)]

    def fits(values: list[np.ndarray]) -> bool:
        return all(np.allclose(f, v, rtol=1e-4, atol=1e-6) for f, v in zip(found, values, strict=True))

    wanted = [_equivalent(*row) for row in rows]
    if fits(wanted):
        return earned("Read backwards over the logarithm, with nothing guessed beyond what was measured.")
    variants = {
        "not-logarithmic": [_equivalent(*row, log=False) for row in rows],
        "guessed-beyond": [_equivalent(*row, infinite=False) for row in rows],
        "fewest-is-not-zero": [_equivalent(*row, zero=False) for row in rows],
        "wrong-way-round": [_equivalent(labels, b, a) for labels, a, b in rows],
        "a-factor-not-labels": [_equivalent(*row) / row[0] for row in rows],
        "no-reading-between": [
            np.array([next((n for n, y in zip(x, b, strict=True) if y >= v), np.inf) for v in a]) for x, a, b in rows
        ],
    }
    bad = next(i for i, (f, v) in enumerate(zip(found, wanted, strict=True)) if not np.allclose(f, v, rtol=1e-4, atol=1e-6))
    name = next((name for name, values in variants.items() if fits(values)), None)
    if name is None and all(np.isfinite(f[np.isinf(v)]).all() for f, v in zip(found, wanted, strict=True)):
        name = "guessed-beyond"
    labels, transfer, scratch = (show(part) for part in rows[bad])
    return not_earned(
        f"The numbers of labels differ for labels={labels}, with_transfer={transfer}, from_scratch={scratch}.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_LABELS = Task(
    id="1.3",
    title="what is it worth, in labels?",
    points=2,
    hints=(
        "The usual question is: how accurate with so many labels? Here it is reversed. Which curve becomes the horizontal axis?",
        "`np.interp(x, xp, fp)` reads a curve through the points (xp, fp). Accuracies are its x here, and `np.log(labels)` its fp; "
        "`np.exp` undoes the logarithm.",
        "An example: `np.interp([0.9], [0.3, 0.8], np.log([5, 20]))` is log 20, the last value: nothing says that 0.9 was never reached. "
        "Replace such entries by `np.inf`, and those below the first value by 0.",
    ),
    answer_name="label_equivalent",
    misconceptions={
        "not-logarithmic": "Interpolate over the logarithm of the labels: `np.log(labels)`, then `np.exp`.",
        "guessed-beyond": "Where scratch never reaches the accuracy, the answer is `np.inf`. (`np.interp` repeats its last value there.)",
        "fewest-is-not-zero": "Where scratch is better with the fewest labels already, the answer is 0.",
        "wrong-way-round": "These are the labels that transfer needs to be as good as scratch. The task asks for the other direction.",
        "a-factor-not-labels": "Return labels, not how many times more.",
        "no-reading-between": "Between two measured points, interpolate; do not take the next point.",
    },
    make_case=_labels_case,
    probe=_labels_probe,
    judge=_labels_judge,
)

# ---------------------------------------------------------------- 1.4 how many times faster


def _speed_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)

    def run(epoch: int | None, length: int) -> list[float]:
        values = rng.uniform(0.2, 0.55, length)
        if epoch is not None:
            values[epoch - 1] = rng.uniform(0.62, 0.8)
            values[epoch + 1 :: 2] = rng.uniform(0.62, 0.9, len(values[epoch + 1 :: 2]))  # up and down after it
        return [float(v) for v in values]

    epochs: list[list[tuple[int | None, int | None]]] = [
        [(2, 9), (3, 7), (4, 20)],  # mean, ratio of medians and median differ
        [(2, None), (2, 10), (4, 8)],
        [(None, 8), (2, 12), (1, 9), (4, 6), (3, None)],
        [(None, None), (None, 5), (2, 6)],
        [(2, None), (3, None), (5, 6)],
    ]
    shift = int(rng.integers(0, 2))
    cases = [[[run(a and a + shift, 14), run(b, 24)] for a, b in pairs] for pairs in epochs]
    return Case(inputs={"cases": cases, "target": 0.6})


def _speed_probe(answer: Any, inputs: Any) -> Any:
    return {"values": [array_of(call(answer, runs, inputs["target"]), "the result") for runs in inputs["cases"]]}


def _first(values: Any, target: float) -> float:
    reached = [i for i, v in enumerate(values, 1) if v >= target]
    return float(reached[0]) if reached else np.inf


def _ratio(ours: float, theirs: float) -> float:
    return 0.0 if np.isinf(ours) else theirs / ours


def _speed_judge(case: Case, evidence: Any) -> Verdict:
    target, cases = case.inputs["target"], case.inputs["cases"]
    found = np.array([need_array(v, "the result", shape=()) for v in evidence["values"]], float)
    pairs = [[(_first(a, target), _first(b, target)) for a, b in runs] for runs in cases]
    wanted = np.array([np.median([_ratio(*pair) for pair in runs]) for runs in pairs])
    if np.allclose(found, wanted):
        return earned("The median over seeds, with every run counted, including those that never reach the target.")

    def median_or_nan(values: list[float]) -> float:
        return float(np.median(values)) if values else np.nan

    def capped(value: float, length: int) -> float:
        return length if np.isinf(value) else value

    with np.errstate(invalid="ignore"):
        variants = {
            "mean-not-median": [np.mean([_ratio(*pair) for pair in runs]) for runs in pairs],
            "upside-down": [np.median([np.inf if np.isinf(a) else a / b for a, b in runs]) for runs in pairs],
            "never-dropped": [median_or_nan([b / a for a, b in runs if not np.isinf([a, b]).any()]) for runs in pairs],
            "never-is-the-last-epoch": [np.median([capped(b, 24) / capped(a, 14) for a, b in runs]) for runs in pairs],
            "counted-from-zero": [np.median([_ratio(a - 1, b - 1) if a > 1 else np.inf for a, b in runs]) for runs in pairs],
        }
    name = next((name for name, values in variants.items() if np.allclose(found, values, equal_nan=True)), None)
    if name is None and not np.isclose(found[0], wanted[0]):  # in the first case every run reaches the target
        plain = np.median([b for _, b in pairs[0]]) / np.median([a for a, _ in pairs[0]])
        best = np.median([(np.argmax(b) + 1) / (np.argmax(a) + 1) for a, b in cases[0]])
        name = (
            "ratio-of-medians" if np.isclose(found[0], plain) else "epoch-of-the-best" if np.isclose(found[0], best) else None
        )
    bad = min(np.flatnonzero(~np.isclose(found, wanted)), key=lambda i: len(cases[i]))  # the fewest seeds that show it
    epochs = ", ".join(f"{_in_words(a)} and {_in_words(b)}" for a, b in pairs[bad])
    return not_earned(
        f"The speed-up differs where the target is reached with transfer and from scratch in epochs {epochs}.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


def _in_words(epoch: float) -> str:
    return "never" if np.isinf(epoch) else f"{epoch:.0f}"


_SPEED = Task(
    id="1.4",
    title="how many times faster?",
    points=1,
    hints=(
        "What would the result be if all runs that never reach the target were left out? Which method would look better than it is?",
        "`np.flatnonzero(np.array(run) >= target)` gives the epochs, counted from 0; it may be empty.",
        "An example: with transfer in epochs 2, 3 and never, from scratch in epochs 6, never and 5, the ratios are 3, `np.inf` and 0, "
        "and their median is 3.",
    ),
    answer_name="median_speed_up",
    misconceptions={
        "mean-not-median": "This is the mean. One slow run changes it a lot, and one infinity makes it infinite; return the median.",
        "upside-down": "Speed-up is epochs from scratch divided by epochs with transfer.",
        "never-dropped": "Runs that never reach the target were left out, so the worst runs do not count.",
        "never-is-the-last-epoch": "A run that never reaches the target was counted as reaching it in its last epoch.",
        "counted-from-zero": "The first epoch is number 1.",
        "ratio-of-medians": "Divide within each seed, then take the median of the ratios.",
        "epoch-of-the-best": "Take the first epoch that reaches the target, not the one with the best accuracy.",
    },
    make_case=_speed_case,
    probe=_speed_probe,
    judge=_speed_judge,
)

# ---------------------------------------------------------------- 1.5 a placebo


def _placebo_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    return Case(
        inputs={
            "labels": rng.permutation(np.repeat(np.arange(5), rng.permutation([60, 90, 120, 150, 180]))),
            "seed": int(rng.integers(2**31)),
        }
    )


def _placebo_probe(answer: Any, inputs: Any) -> Any:
    labels, seed = inputs["labels"].copy(), inputs["seed"]
    draws = [array_of(call(answer, labels, s), "the labels") for s in (seed, seed, seed + 1)]
    return {"draws": draws, "labels_after": labels}


def _dependence(old: np.ndarray, new: np.ndarray) -> float:
    """Pearson's chi-squared of the table old x new; near 16 for five classes that are independent of each other."""
    table = np.histogram2d(old, new, bins=(5, 5), range=((-0.5, 4.5), (-0.5, 4.5)))[0]
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    return float(((table - expected) ** 2 / np.where(expected > 0, expected, 1)).sum())


def _placebo_judge(case: Case, evidence: Any) -> Verdict:
    labels = case.inputs["labels"]
    first, again, other = (need_array(d, "the labels", shape=labels.shape, kinds="iu") for d in evidence["draws"])
    if not np.array_equal(evidence["labels_after"], labels):
        return not_earned("Your function changed the labels that it was given.", misconception="changed-in-place")
    limit = 16 + 10 * np.sqrt(32)  # ten standard deviations above independence
    if _dependence(labels, first) > limit:
        renamed = all(len(set(first[labels == c].tolist())) == 1 for c in range(5))
        return not_earned(
            "The new labels still depend on the old ones, so there is something to learn in them.",
            expected=f"chi-squared of old against new labels near 16, in any case below {limit:.0f}",
            received=show(round(_dependence(labels, first), 1)),
            misconception="renamed-classes" if renamed else "only-some-shuffled",
        )
    counts = [np.bincount(x, minlength=5).tolist() if x.min() >= 0 else [] for x in (labels, first)]
    if counts[0] != counts[1]:
        return not_earned(
            "The classes do not have as many images as before.",
            expected=show(counts[0]),
            received=show(counts[1]),
            misconception="counts-changed",
        )
    if not np.array_equal(first, again):
        return not_earned("The same seed gave two different placebos.", misconception="not-repeatable")
    if np.array_equal(first, other):
        return not_earned("Two seeds gave the same placebo.", misconception="seed-ignored")
    return earned("The same numbers of labels, and nothing in them.")


_PLACEBO = Task(
    id="1.5",
    title="make a placebo",
    points=1,
    hints=(
        "If every A is called B, can a network still learn to distinguish them from the Cs?",
        "Shuffle the labels among the images: a permutation keeps the counts and removes the link to the images.",
        "An example: `np.random.default_rng(0).permutation([1, 1, 2])` returns a new array with the same three numbers in random order.",
    ),
    answer_name="placebo_labels",
    misconceptions={
        "renamed-classes": "All images of a class got the same new name: everything can still be learned. Shuffle image by image.",
        "only-some-shuffled": "For many images the new label is the old one, or depends on it.",
        "counts-changed": "The classes have other sizes than before, a second difference to the source. A permutation keeps them.",
        "not-repeatable": "Draw from `np.random.default_rng(seed)`: the same seed then gives the same placebo.",
        "seed-ignored": "The result does not depend on the seed.",
        "changed-in-place": "`shuffle` changes the array that it is given; permute a copy.",
    },
    make_case=_placebo_case,
    probe=_placebo_probe,
    judge=_placebo_judge,
)

TASKS = (_HEAD, _STAGE, _LABELS, _SPEED, _PLACEBO)
