"""Tasks of lesson 04: learning rates by depth, a penalty on leaving the start, LP-FT on a linear network, a bug hunt."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 4.1 learning rates by depth


def _rates_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    towers = [
        {"names": [f"{word}{rng.integers(100, 999)}" for word in words], "learning_rate": float(rate), "decay": float(decay)}
        for words, rate, decay in (
            (("stem", "middle", "late", "head"), rng.uniform(1e-3, 3e-3), rng.uniform(2, 3)),
            (("zeta", "beta", "alpha"), rng.uniform(1e-3, 3e-3), rng.uniform(4, 6)),
        )
    ]
    return Case(inputs={"towers": towers, "seed": int(rng.integers(2**31))})


def _fitted(model: Any, x: Any, y: Any) -> bool:
    """Train one step. False: the optimizer asked TensorFlow's own variable for the `path` that only Keras' variables have."""
    try:
        model.fit(x, y, batch_size=32, epochs=1, verbose=0)
    except AttributeError as error:
        if error.name != "path" or not type(error.obj).__module__.startswith("tensorflow."):
            raise
        return False
    return True


def _rates_probe(answer: Any, inputs: Any) -> Any:
    import keras

    rows = []
    for tower in inputs["towers"]:
        keras.utils.set_random_seed(inputs["seed"])
        model = keras.Sequential([keras.Input((6,))])
        for name in tower["names"]:  # tanh: every weight has a gradient
            model.add(keras.layers.Dense(6, name=name))
            model.add(keras.layers.Activation("tanh"))
        model.add(keras.layers.Dropout(0.0))
        optimizer = call(answer, model, tower["learning_rate"], tower["decay"])
        before = [model.get_layer(name).get_weights() for name in tower["names"]]
        is_optimizer = isinstance(optimizer, keras.optimizers.Optimizer)
        has_paths = True
        if is_optimizer:
            rng = np.random.default_rng(inputs["seed"])
            x, y = rng.normal(size=(2, 32, 6))
            model.compile(optimizer, "mse", run_eagerly=True)
            has_paths = call(_fitted, model, x, y)
        moved = [
            float(
                np.mean(
                    np.abs(
                        np.concatenate([(a - b).ravel() for a, b in zip(model.get_layer(n).get_weights(), old, strict=True)])
                    )
                )
            )
            for n, old in zip(tower["names"], before, strict=True)
        ]
        rows.append({"is_optimizer": is_optimizer, "has_paths": has_paths, "moved": moved})
    return {"rows": rows}


def _rates_judge(case: Case, evidence: Any) -> Verdict:
    for tower, row in zip(case.inputs["towers"], evidence["rows"], strict=True):
        decay, rate = tower["decay"], tower["learning_rate"]
        if not row["is_optimizer"]:
            return not_earned(
                "Your function did not return a Keras optimizer.",
                expected="an optimizer to compile with",
                misconception="no-optimizer",
            )
        if not row["has_paths"]:
            return not_earned(
                "`update_step` asked its variable for `path`, and training stopped.",
                expected="`self._trainable_variables[self._get_variable_index(variable)].path`",
                received="`path` of a TensorFlow variable, which has none",
                misconception="path-of-tensorflow-variable",
            )
        moved = need_array(row["moved"], "the change of each layer")
        wanted = rate / decay ** np.arange(len(moved) - 1, -1, -1)
        expected, received = f"mean changes near {show(wanted)}", show(moved)
        if moved[:-1].max() == 0:
            return not_earned(
                "Only the last layer moved.", expected=expected, received=received, misconception="early-layers-frozen"
            )
        if moved.max() < 1.3 * moved.min():
            return not_earned(
                "All layers moved by the same distance.",
                expected=expected,
                received=received,
                misconception="same-step-for-all",
            )
        if moved[0] > moved[-1]:
            return not_earned(
                "Early layers moved farther than late ones.", expected=expected, received=received, misconception="upside-down"
            )
        if not (np.diff(moved) > 0).all():
            return not_earned("The change does not grow from layer to layer.", expected=expected, received=received)
        ratios = moved[1:] / moved[:-1]
        if np.allclose(ratios, decay**2, rtol=0.1):
            return not_earned(
                "Neighbours differ by decay times decay.",
                expected=f"a factor of {show(decay)} between neighbours with weights",
                received=show(ratios),
                misconception="counts-layers-without-weights",
            )
        if not np.allclose(ratios, decay, rtol=0.1):
            return not_earned(
                "The factor between neighbours is not `decay`.",
                expected=show(decay),
                received=show(ratios),
                misconception="not-geometric",
            )
        if not np.isclose(moved[-1], rate, rtol=0.2):
            return not_earned(
                "The last layer does not learn at the full rate.",
                expected=f"a first step of Adam of about {show(rate)}",
                received=show(moved[-1]),
                misconception="last-layer-slowed" if np.isclose(moved[-1], rate / decay, rtol=0.2) else None,
            )
    return earned("Every layer moved `decay` times as far as the one before it, the last one at the full rate.")


_RATES = Task(
    id="4.1",
    title="small steps early, large steps late",
    points=2,
    hints=(
        "Count steps from the end of the list of layers that have weights. Which layer is zero steps from the end?",
        "One Adam a layer, all in one dict: pattern of the path -> optimizer. `enumerate(reversed(...))` counts from the end.",
        'An example of one entry, for a layer called "late" that is two steps from the end: '
        '`optimizers[".*late/.*"] = keras.optimizers.Adam(learning_rate / decay**2)`.',
    ),
    answer_name="layerwise",
    misconceptions={
        "no-optimizer": "Return the `MultiOptimizer` itself; `model.compile` takes it.",
        "path-of-tensorflow-variable": "On TensorFlow, Keras hands TensorFlow's own variable to `update_step`, not the model's.",
        "early-layers-frozen": "Early layers should move a little, but they did not move at all.",
        "same-step-for-all": "One rate for all. Scaling gradients does not change that: Adam divides by their size.",
        "upside-down": "The rate has to get smaller towards the input: early layers are the general ones.",
        "counts-layers-without-weights": "Each layer is two steps from the next: layers without weights were counted too.",
        "not-geometric": "Divide by `decay` once more for every layer further from the end: `decay ** steps`.",
        "last-layer-slowed": "The last layer with weights is zero steps from the end: `decay ** 0` is 1.",
    },
    make_case=_rates_case,
    probe=_rates_probe,
    judge=_rates_judge,
)

# ---------------------------------------------------------------- 4.2 L2-SP


def _penalty_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    strength, step = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.05, 0.15))
    return Case(inputs={"strength": strength, "step": step, "seed": int(rng.integers(2**31))})


def _penalty_probe(answer: Any, inputs: Any) -> Any:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(inputs["seed"])
    dense = keras.layers.Dense
    backbone = keras.Sequential([keras.Input((5,)), dense(6, "tanh"), dense(4, "tanh")])
    model = keras.Sequential([backbone, dense(3)])
    penalty = call(answer, model, backbone, inputs["strength"])
    doubled = call(answer, model, backbone, 2 * inputs["strength"])

    def value(of: Any) -> float:
        return float(array_of(call(of), "the penalty"))

    evidence: dict[str, Any] = {"is_function": callable(penalty) and callable(doubled)}
    if not evidence["is_function"]:
        return evidence
    evidence["start"] = np.concatenate([np.ravel(w) for w in backbone.get_weights()])
    evidence["at_start"] = value(penalty)
    head = model.layers[-1]
    head.set_weights([w + 1.0 for w in head.get_weights()])
    evidence["head_moved"] = value(penalty)
    rng = np.random.default_rng(inputs["seed"])
    steps = [inputs["step"] * rng.normal(size=w.shape) for w in backbone.trainable_weights]
    for weight, step in zip(backbone.trainable_weights, steps, strict=True):
        weight.assign_add(step)
    evidence["after"], evidence["doubled"] = value(penalty), value(doubled)
    with tf.GradientTape() as tape:
        total = tf.convert_to_tensor(call(penalty))
    pulls = tape.gradient(total, [weight.value for weight in backbone.trainable_weights])
    evidence["has_gradient"] = all(pull is not None for pull in pulls)
    if evidence["has_gradient"]:
        evidence["pull"] = np.concatenate([np.ravel(pull) for pull in pulls])
        evidence["away"] = np.concatenate([np.ravel(step) for step in steps])
    return evidence


def _penalty_judge(case: Case, evidence: Any) -> Verdict:
    strength = case.inputs["strength"]
    if not evidence["is_function"]:
        return not_earned(
            "`make_penalty` did not return a function.",
            expected="a function without arguments that computes the penalty again at each call",
            misconception="computed-once",
        )
    names = ("at_start", "head_moved", "after", "doubled")
    at_start, head_moved, after, doubled = (need_number(evidence[name], "the penalty") for name in names)
    if abs(at_start) > 1e-6:
        start = need_array(evidence["start"], "the start")
        decays = [factor * strength * float(np.sum(start**2)) for factor in (0.5, 1.0)]
        return not_earned(
            "The penalty is not 0 at the start.",
            expected="0",
            received=show(at_start),
            misconception="pulls-towards-zero" if np.isclose(at_start, decays, rtol=1e-3).any() else None,
        )
    if abs(head_moved) > 1e-6:
        return not_earned(
            "The penalty grew when only the head moved.",
            expected="0",
            received=show(head_moved),
            misconception="head-has-a-penalty",
        )
    if after < 1e-6:
        return not_earned(
            "The backbone moved, and the penalty stayed 0.",
            expected="above 0",
            received=show(after),
            misconception="anchor-moves",
        )
    if not evidence["has_gradient"]:
        return not_earned("No gradient reaches the backbone through the penalty.", misconception="no-gradient")
    if not np.isclose(doubled, 2 * after, rtol=1e-3):
        return not_earned(
            "Twice the strength is not twice the penalty.",
            expected=show(2 * after),
            received=show(doubled),
            misconception="strength-ignored" if np.isclose(doubled, after) else None,
        )
    away = need_array(evidence["away"], "the step")
    pull = need_array(evidence["pull"], "the gradient", shape=away.shape)
    wanted = strength / 2 * float(np.sum(away**2))
    if np.allclose(pull, strength * away, rtol=1e-3, atol=1e-5) and np.isclose(after, wanted, rtol=1e-3):
        return earned(
            "0 at the start, the head is free, and the gradient pulls every weight back in proportion to its distance."
        )
    ratios = pull / (strength * away)
    if np.allclose(ratios, ratios[0], rtol=1e-3) and np.isclose(after, ratios[0] * wanted, rtol=1e-3):
        name = "wrong-factor"  # the squared distance, times another number
    elif np.allclose(np.abs(pull), np.abs(pull[0]), rtol=1e-3) or np.isclose(
        after, strength / 2 * np.linalg.norm(away), rtol=1e-3
    ):
        name = "not-squared"  # a pull that does not grow with the distance, or the root of the sum
    else:
        name = None
    return not_earned(
        "The penalty is not half the strength times the sum of squared distances.",
        expected=show(wanted),
        received=show(after),
        misconception=name,
    )


_PENALTY = Task(
    id="4.2",
    title="a penalty on leaving the start",
    points=2,
    hints=(
        "Which values have to be copied, and at which moment?",
        "`weight.numpy().copy()` makes a copy that does not change; gradients flow through `keras.ops.sum` and `keras.ops.square`.",
        "An example for one weight `w` with the start `s`: `ops.sum(ops.square(w - s))`. Add these up over all trainable weights of the "
        "backbone, inside the function that you return.",
    ),
    answer_name="make_penalty",
    misconceptions={
        "computed-once": "A number is computed once; the loss needs it again at every step: return a function.",
        "pulls-towards-zero": "This is weight decay: the squared weights themselves. Subtract the weights at the start first.",
        "head-has-a-penalty": "The head starts at random values and must be free: use only the weights of the backbone.",
        "anchor-moves": "The penalty stays 0 when weights move: the start has to be a copy (`.numpy().copy()`), made once.",
        "no-gradient": "NumPy stops the gradient. Compute with `keras.ops` on the variables themselves.",
        "strength-ignored": "`strength` has to multiply the sum.",
        "not-squared": "The differences are not squared. Squared, the pull grows with the distance.",
        "wrong-factor": "The factor is another one: strength divided by two, times the sum (not the mean).",
    },
    make_case=_penalty_case,
    probe=_penalty_probe,
    judge=_penalty_judge,
)

# ---------------------------------------------------------------- 4.3 LP-FT on a linear network

_INPUTS, _FEATURES, _SEEN, _EXAMPLES = 20, 4, 8, 20


def _linear_case(seed: int) -> Case:
    worlds, secrets = [], []
    for draw, noise in enumerate((0.1, 0.1, 0.1, 0.0)):
        rng = np.random.default_rng([seed, draw])
        true = np.linalg.qr(rng.normal(size=(_INPUTS, _FEATURES)))[0].T
        head = rng.normal(size=_FEATURES)
        head /= np.linalg.norm(head)
        backbone = true + noise * rng.normal(size=true.shape) / np.sqrt(_INPUTS)
        seen = np.linalg.qr(rng.normal(size=(_INPUTS, _SEEN)))[0]  # training inputs lie in few of the directions
        x = rng.normal(size=(_EXAMPLES, _SEEN)) @ seen.T
        worlds.append({"backbone": backbone, "x": x, "y": x @ true.T @ head, "perfect": noise == 0})
        secrets.append({"wanted": true.T @ head, "random_head": rng.normal(size=_FEATURES)})
    return Case(inputs={"worlds": worlds}, secret=secrets)


def _linear_probe(answer: Any, inputs: Any) -> Any:
    rows = []
    for world in inputs["worlds"]:
        given = [world[name].copy() for name in ("backbone", "x", "y")]
        result = call(answer, *given)
        kept = all(np.array_equal(a, world[name]) for a, name in zip(given, ("backbone", "x", "y"), strict=True))
        pair = isinstance(result, (tuple, list)) and len(result) == 2
        backbone, head = (array_of(part, "the result") for part in result) if pair else (np.zeros(0), np.zeros(0))
        rows.append({"pair": pair, "kept": kept, "backbone": backbone, "head": head})
    return {"rows": rows}


def _fine_tune(backbone: np.ndarray, head: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    for _ in range(2000):
        error = (x @ backbone.T @ head - y) / len(y)
        backbone, head = backbone - 0.02 * np.outer(head, error @ x), head - 0.02 * (backbone @ (x.T @ error))
    return backbone, head


def _linear_judge(case: Case, evidence: Any) -> Verdict:
    ours, probes, tuned = [], [], []
    for world, secret, row in zip(case.inputs["worlds"], case.secret, evidence["rows"], strict=True):
        if not row["pair"]:
            return not_earned("Your function did not return two things.", expected="(backbone, head)", misconception="no-pair")
        backbone = need_array(row["backbone"], "the backbone", shape=world["backbone"].shape)
        head = need_array(row["head"], "the head", shape=(_FEATURES,))
        if not row["kept"]:
            return not_earned("Your function changed an array of its caller.", misconception="changes-input")
        x, y, start = world["x"], world["y"], world["backbone"]
        if not (np.isfinite(backbone).all() and np.isfinite(head).all()):
            return not_earned("Training diverged: values are not finite.", expected="finite numbers")
        moved = float(np.linalg.norm(backbone - start))
        if world["perfect"]:
            if moved > 1e-3:
                return not_earned(
                    "A perfect backbone was changed.",
                    expected="a change of 0",
                    received=show(moved),
                    misconception="head-not-fitted-first",
                )
            continue
        probe = np.linalg.lstsq(x @ start.T, y, rcond=None)[0]
        error = float(np.mean((x @ backbone.T @ head - y) ** 2))
        probe_error = float(np.mean((x @ start.T @ probe - y) ** 2))
        # Inputs in all directions have covariance 1, so the expected squared error is the squared distance of the maps.
        ours.append(float(np.sum((backbone.T @ head - secret["wanted"]) ** 2)))
        probes.append(float(np.sum((start.T @ probe - secret["wanted"]) ** 2)))
        far = _fine_tune(start, secret["random_head"], x, y)
        tuned.append(float(np.sum((far[0].T @ far[1] - secret["wanted"]) ** 2)))
        if moved < 1e-9:
            return not_earned("The backbone did not move.", expected="fine-tuning after the probe", misconception="probe-alone")
        if np.allclose(head, probe, rtol=1e-6):
            return not_earned(
                "In the second phase the head did not move.",
                expected="backbone and head change from the probe on",
                received=f"the head of the probe, {show(head)}",
                misconception="head-not-tuned",
            )
        if np.median(ours) < (np.median(probes) + np.median(tuned)) / 2 and error > 0.1 * probe_error:
            return not_earned(
                "The training examples are not fitted better than by the probe.",
                expected=f"well below {show(probe_error)}",
                received=show(error),
                misconception="not-tuned-to-the-end",
            )
    numbers = (
        f"yours {np.median(ours):.3f}, probe {np.median(probes):.3f}, fine-tuned from a random head {np.median(tuned):.3f}"
    )
    if np.median(ours) > np.median(probes):
        return not_earned(
            "On inputs of another kind its error is larger than that of the probe.",
            expected="a smaller error than that of the probe",
            received=numbers,
        )
    return earned(f"Errors away from the training inputs: {numbers}.")


_LINEAR = Task(
    id="4.3",
    title="first the probe, then fine-tuning",
    points=2,
    hints=(
        "What should the head be when the backbone takes its first step?",
        "`np.linalg.lstsq(features, y, rcond=None)[0]` is the best head on fixed features.",
        "An example of only the second phase: `fine_tune(backbone, np.ones(len(backbone)), x, y)` starts from a head of ones. "
        "Put the fitted head in its place; the features are `x @ backbone.T`.",
    ),
    answer_name="lp_ft",
    misconceptions={
        "no-pair": "Return both parts: backbone, head.",
        "changes-input": "The caller's array changed, as with `-=`. Make a new array.",
        "head-not-fitted-first": "The backbone moved while the head was still wrong. Fit the head on the frozen features first.",
        "probe-alone": "Only the head was fitted. Fine-tune backbone and head from there.",
        "head-not-tuned": "The second phase trained only the backbone. Both learn there, the head too.",
        "not-tuned-to-the-end": "After the second phase the training error is still large. Train longer.",
    },
    make_case=_linear_case,
    probe=_linear_probe,
    judge=_linear_judge,
)

# ---------------------------------------------------------------- 4.4 bug hunt: two phases


def _hunt_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    images = rng.normal(1.0, 1.0, size=(24, 8, 8, 3)).astype("float32")
    return Case(inputs={"images": images, "labels": rng.integers(0, 3, size=24), "seed": int(rng.integers(2**31))})


def _hunt_model(seed: int, records: list[dict[str, Any]]) -> tuple[Any, Any]:
    """A model that writes down, at every `fit`, what moved and how fast it was to learn."""
    import keras

    keras.utils.set_random_seed(seed)
    x = images = keras.Input((8, 8, 3))
    for _ in range(2):
        x = keras.layers.Conv2D(4, 3, padding="same")(x)
        x = keras.layers.BatchNormalization(momentum=0.5)(x)
        x = keras.layers.Activation("tanh")(x)
    backbone = keras.Model(images, x)
    backbone.set_weights([np.random.default_rng(seed).uniform(0.05, 0.3, w.shape) for w in backbone.get_weights()])
    norms = [layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    convolutions = [layer for layer in backbone.layers if isinstance(layer, keras.layers.Conv2D)]
    head = keras.layers.Dense(3)

    def values() -> dict[str, list[np.ndarray]]:
        statistics = [v for layer in norms for v in (layer.moving_mean, layer.moving_variance)]
        kernels = [v for layer in convolutions for v in layer.weights]
        return {"statistics": _copies(statistics), "backbone": _copies(kernels), "head": _copies(head.weights)}

    class Watched(keras.Model):
        compiles = 0

        def compile(self, *args: Any, **kwargs: Any) -> None:
            self.compiles += 1
            super().compile(*args, **kwargs)

        def fit(self, *args: Any, **kwargs: Any) -> Any:
            before = values()
            history = super().fit(*args, **kwargs)
            after = values()
            moved = {key: any(map(_differ, before[key], after[key])) for key in before}
            rate: Any = getattr(self.optimizer, "learning_rate", None)
            rate = float(rate.numpy()) if hasattr(rate, "numpy") else None
            records.append({**moved, "rate": rate, "compiles": self.compiles, "open": bool(backbone.trainable_weights)})
            return history

    inputs = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(backbone(inputs, training=False))
    return Watched(inputs, head(pooled)), backbone


def _copies(variables: list[Any]) -> list[np.ndarray]:
    return [np.array(variable.numpy()) for variable in variables]


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() != b.tobytes()


def _hunt_probe(answer: Any, inputs: Any) -> Any:
    records: list[dict[str, Any]] = []
    model, backbone = _hunt_model(inputs["seed"], records)
    call(answer, model, backbone, inputs["images"], inputs["labels"])
    return {"fits": records}


def _hunt_judge(case: Case, evidence: Any) -> Verdict:
    fits = evidence["fits"]
    if len(fits) < 2:
        return not_earned(
            "There should be two phases, each a `fit`.",
            expected="fit called twice",
            received=f"{len(fits)} times",
            misconception="one-phase",
        )
    first, last = fits[0], fits[-1]
    if first["backbone"] or not first["head"]:
        return not_earned(
            "In the first fit not only the head learned." if first["backbone"] else "In the first fit the head did not learn.",
            expected="head moved, backbone bit for bit the same",
            received=f"head moved: {first['head']}, backbone moved: {first['backbone']}",
            misconception="head-not-first" if first["backbone"] else None,
        )
    if any(fit["statistics"] for fit in fits):
        return not_earned(
            "BatchNorm statistics moved during training.",
            expected="bit for bit the same in both phases",
            received=f"moved in fit: {[i + 1 for i, fit in enumerate(fits) if fit['statistics']]}",
            misconception="batchnorm-moves",
        )
    if not last["backbone"]:
        return not_earned(
            "The backbone did not move in the second phase.",
            expected="weights of the backbone learn in the last fit",
            received="bit for bit the same",
            misconception=_why_backbone_stays(fits),
        )
    if not last["head"]:
        return not_earned(
            "The head did not learn in the second phase.",
            expected="backbone and head learn in the last fit",
            received="a head that is bit for bit the same",
            misconception="head-frozen-later",
        )
    if first["rate"] and last["rate"] and last["rate"] > 0.101 * first["rate"]:
        return not_earned(
            "The second phase learns too fast.",
            expected=f"at most a tenth of {show(first['rate'])}",
            received=show(last["rate"]),
            misconception="learning-rate-kept",
        )
    return earned("Head first, then backbone and head at a low rate, and not a bit of the statistics moved.")


def _why_backbone_stays(fits: list[dict[str, Any]]) -> str | None:
    if not fits[-1]["open"]:
        return "never-unfrozen"
    return "not-recompiled" if fits[-1]["compiles"] == fits[-2]["compiles"] else None


_HUNT = Task(
    id="4.4",
    title="bug hunt: two phases",
    points=2,
    hints=(
        "Compare the backbone before and after the second fit, first its weights, then its moving averages.",
        "Keras reads the flags in the first `fit` after `compile`. And `training=False` does not keep BatchNorm in inference mode "
        "once its own `trainable` is True.",
        "An example for one layer: `backbone.layers[2].trainable = False`, after `backbone.trainable = True`, which overwrites the flags "
        "of all layers inside. Which layers need it, and what has to follow before `fit`?",
    ),
    answer_name="two_phase",
    misconceptions={
        "one-phase": "Two phases: fit the head, then fit head and backbone.",
        "head-not-first": "The backbone learned in the first fit. Freeze it before the first `compile`; a random head would damage it.",
        "batchnorm-moves": "`training=False` has no effect in `fit` once BatchNorm is trainable: freeze those layers themselves.",
        "not-recompiled": "The flag changed after the first `fit`, and it does nothing until the next `compile`.",
        "never-unfrozen": "Nothing in the backbone is trainable in the second phase.",
        "head-frozen-later": "In the second phase the head learns too: leave it trainable.",
        "learning-rate-kept": "This rate is too high for a pretrained backbone: compile again with a tenth of it or less.",
    },
    make_case=_hunt_case,
    probe=_hunt_probe,
    judge=_hunt_judge,
)

TASKS = (_RATES, _PENALTY, _LINEAR, _HUNT)
