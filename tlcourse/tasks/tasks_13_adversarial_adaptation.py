"""Tasks of lesson 13: gradient reversal, a step of DANN, and a diagnosis of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 13.1 gradient reversal


def _reversal_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(5, 3)) * 10.0 ** rng.integers(-4, 5, (5, 3))
    strengths = [0.0, 1.0, round(float(rng.uniform(0.2, 0.8)), 3), round(float(rng.uniform(2, 5)), 3)]
    return Case(
        inputs={"values": values.astype(np.float32), "pull": rng.normal(size=(5, 3)).astype(np.float32), "strengths": strengths}
    )


def _gradient(function: Callable[[Any], Any], values: np.ndarray) -> np.ndarray | None:
    """Return the gradient of a scalar function on the backend in use; None if there is none."""
    import keras

    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(function)(values))
    import tensorflow as tf

    at = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(at)
        result = function(at)
    found = tape.gradient(result, at)
    return None if found is None else found.numpy()


def _reversal_probe(answer: Any, inputs: Any) -> Any:
    from keras import ops

    forward, backward = [], []
    for strength in inputs["strengths"]:
        result = call(answer, ops.convert_to_tensor(inputs["values"]), strength)
        forward.append(array_of(result, "the result"))
        if np.shape(forward[-1]) != inputs["values"].shape:
            return {"forward": forward, "backward": []}

        def loss(x: Any, strength: float = strength) -> Any:
            return ops.sum(call(answer, x, strength) * inputs["pull"])

        gradient = _gradient(loss, inputs["values"])
        backward.append(np.zeros_like(inputs["values"]) if gradient is None else gradient)
    return {"forward": forward, "backward": backward}


def _reversal_judge(case: Case, evidence: Any) -> Verdict:
    values, pull, strengths = case.inputs["values"], case.inputs["pull"], case.inputs["strengths"]
    forward = [need_array(each, "the result", shape=values.shape) for each in evidence["forward"]]
    for strength, result in zip(strengths, forward, strict=True):
        if not np.array_equal(np.asarray(result, np.float32), values):
            nearly = "nearly-the-same" if np.allclose(result, values, rtol=1e-2, atol=1e-2) else None
            name = "values-reversed" if np.allclose(result, -strength * values, rtol=1e-3) else nearly
            return not_earned(
                f"With strength {strength} the values have changed.",
                expected=show(values[0]),
                received=show(result[0]),
                misconception=name,
            )
    ratios = np.array([np.ravel(np.asarray(g) / pull) for g in evidence["backward"]])  # (strengths, values)
    factors, wanted = ratios.mean(axis=1), -np.array(strengths)

    def multiplied_by(numbers: np.ndarray) -> bool:
        return np.allclose(ratios, numbers[:, None], rtol=1e-3, atol=1e-5)

    if multiplied_by(wanted):
        return earned("Values pass unchanged, the gradient is multiplied by minus strength, and with strength 0 none passes.")
    variants = {
        "sign-not-turned": -wanted,
        "gradient-stopped": np.zeros(len(wanted)),
        "strength-ignored": np.full(len(wanted), -1.0),
        "gradient-unchanged": np.ones(len(wanted)),
        "one-too-many": 1.0 + wanted,
        "one-too-few": wanted - 1.0,
    }
    matching = (name for name, value in variants.items() if multiplied_by(value))
    return not_earned(
        f"With the strengths {show(strengths)} the gradient is multiplied by other numbers than minus strength.",
        expected=show(wanted),
        received=show(np.round(factors, 4)),
        misconception=next(matching, None),
    )


_REVERSAL = Task(
    id="13.1",
    title="gradient reversal",
    points=2,
    hints=(
        "Add two parts: a copy of x that lets no gradient through, and something that is 0 in the forward pass.",
        "`x - ops.stop_gradient(x)` is exactly 0 and has the gradient 1. By what do you multiply it?",
        "`ops.stop_gradient(x) + factor * (x - ops.stop_gradient(x))` equals x and has the gradient `factor`. Which factor?",
    ),
    answer_name="reverse_gradient",
    misconceptions={
        "values-reversed": "The values were multiplied by -strength, too. In the forward pass nothing may change.",
        "nearly-the-same": "The values differ a little from x. Add something that is exactly 0 to a copy of x.",
        "sign-not-turned": "The gradient is scaled, but it keeps its sign.",
        "gradient-stopped": "No gradient arrives. One part of the sum must let it through: not all of x may stand inside `stop_gradient`.",
        "strength-ignored": "The gradient changes its sign, but it is not multiplied by `strength`.",
        "gradient-unchanged": "The gradient passes unchanged.",
        "one-too-many": "The factor is 1 - strength: x itself adds 1. Begin with `ops.stop_gradient(x)`.",
        "one-too-few": "The factor is -1 - strength: the gradient of x was subtracted once too often.",
    },
    make_case=_reversal_case,
    probe=_reversal_probe,
    judge=_reversal_judge,
)

# ---------------------------------------------------------------- 13.2 one step of DANN

_STEPS, _RATE = 400, 0.3


def _run(rng: np.random.Generator) -> dict[str, Any]:
    """Draw two classes apart along one direction and two domains apart along another, in six columns rotated at random.

    The first weights let the features see both directions: without a discriminator the domain stays visible in them.
    """
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    labels, domains = np.arange(160) % 2, np.repeat([1.0, 0.0], 160)
    rows = 0.5 * rng.normal(size=(320, 6))
    rows[:, 0] += 3.0 * (np.concatenate([labels, rng.permutation(labels)]) - 0.5)
    rows[:, 1] += 3.0 * (domains - 0.5) + rows[:, 0]  # what helps to tell the class tells something of the domain, too
    first = 0.3 * rng.normal(size=(6, 2))
    first[:2] += [[0.3, 0.3], [0.5, 0.0]]
    start = {"features": turn.T @ first, "head": 0.5 * rng.normal(size=(2, 1)), "discriminator": 0.5 * rng.normal(size=(2, 1))}
    return {"rows": rows @ turn, "labels": labels.astype(float), "domains": domains, "start": start}


def _step_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    shapes = {"features": (6, 2), "head": (2, 1), "discriminator": (2, 1)}
    runs = [_run(rng) for _ in range(3)]
    once = {name: {key: rng.normal(size=shape) for key, shape in shapes.items()} for name in ("weights", "label", "domain")}
    return Case(inputs={"runs": runs, "once": once, "strength": 0.7, "rate": 0.1})


def _slopes(data: Any, weights: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the gradients of both losses of a linear network, mean cross entropies."""
    rows, count = data["rows"], len(data["labels"])
    features = rows @ weights["features"]

    def error(output: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        return (1 / (1 + np.exp(-np.clip(output[:, 0], -30, 30))) - wanted)[:, None] / len(wanted)

    label = error(features[:count] @ weights["head"], data["labels"])
    domain = error(features @ weights["discriminator"], data["domains"])
    return (
        {"features": rows[:count].T @ label @ weights["head"].T, "head": features[:count].T @ label},
        {"features": rows.T @ domain @ weights["discriminator"].T, "discriminator": features.T @ domain},
    )


def _step_probe(answer: Any, inputs: Any) -> Any:
    once = {name: {key: value.copy() for key, value in part.items()} for name, part in inputs["once"].items()}
    label = {key: once["label"][key] for key in ("features", "head")}
    domain = {key: once["domain"][key] for key in ("features", "discriminator")}
    first = call(answer, once["weights"], label, domain, inputs["strength"], inputs["rate"])
    names = ("features", "head", "discriminator")
    if not isinstance(first, dict) or not set(names) <= set(first):
        return {"first": None}
    kept = all(np.array_equal(once["weights"][name], inputs["once"]["weights"][name]) for name in names)
    found: dict[str, Any] = {"first": {name: array_of(first[name], name) for name in names}, "kept": bool(kept), "trained": []}
    if any(np.shape(found["first"][name]) != inputs["once"]["weights"][name].shape for name in names):
        return found
    for run in inputs["runs"]:
        for strength in (0.0, 1.0):
            weights = {name: value.copy() for name, value in run["start"].items()}
            for _ in range(_STEPS):
                weights = {
                    k: np.asarray(v, float) for k, v in call(answer, weights, *_slopes(run, weights), strength, _RATE).items()
                }
            found["trained"].append(array_of(weights["features"], "features"))
    return found


def _accuracies(data: Any, features: np.ndarray) -> tuple[float, float]:
    """Return how well new linear classifiers (least squares) predict domain and class from the features."""
    rows = data["rows"] @ features
    rows = np.column_stack([(rows - rows.mean(0)) / (rows.std(0) + 1e-9), np.ones(len(rows))])

    def accuracy(some: np.ndarray, wanted: np.ndarray) -> float:
        line = np.linalg.lstsq(some, 2 * wanted - 1, rcond=None)[0]
        return float(np.mean((some @ line > 0) == (wanted > 0.5)))

    return accuracy(rows, data["domains"]), accuracy(rows[: len(data["labels"])], data["labels"])


def _trained(run: Any, strength: float) -> np.ndarray:
    """Return the features' weights after training with the right step."""
    weights = run["start"]
    for _ in range(_STEPS):
        label, domain = _slopes(run, weights)
        weights = {
            "features": weights["features"] - _RATE * (label["features"] - strength * domain["features"]),
            "head": weights["head"] - _RATE * label["head"],
            "discriminator": weights["discriminator"] - _RATE * domain["discriminator"],
        }
    return weights["features"]


def _step_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["first"] is None:
        return not_earned(
            "The result is not a dict with the keys features, head and discriminator.", expected="a dict of three arrays"
        )
    once, rate, strength = case.inputs["once"], case.inputs["rate"], case.inputs["strength"]
    weights, label, domain = once["weights"], once["label"], once["domain"]
    moved = {
        name: (need_array(evidence["first"][name], name, shape=value.shape) - value) / -rate for name, value in weights.items()
    }
    if not evidence["kept"]:
        return not_earned("The old weights were changed.", misconception="changes-input")
    wrong_sign = {name: -value for name, value in moved.items()}
    good = {
        "features": label["features"] - strength * domain["features"],
        "head": label["head"],
        "discriminator": domain["discriminator"],
    }
    if all(np.allclose(wrong_sign[name], good[name]) for name in good):
        return not_earned("Every weight moved uphill.", misconception="uphill")
    features = {
        "not-reversed": label["features"] + strength * domain["features"],
        "strength-forgotten": label["features"] - domain["features"],
        "domain-forgotten": label["features"],
        "label-forgotten": -strength * domain["features"],
    }
    if not np.allclose(moved["features"], good["features"]):
        name = next((name for name, value in features.items() if np.allclose(moved["features"], value)), None)
        return not_earned(
            "The step of the features differs.",
            expected=show(-rate * good["features"][0]),
            received=show(-rate * moved["features"][0]),
            misconception=name,
        )
    if not np.allclose(moved["discriminator"], good["discriminator"]):
        reversed_too = np.allclose(moved["discriminator"] / domain["discriminator"], -strength) or np.allclose(
            moved["discriminator"], -domain["discriminator"]
        )
        name = "discriminator-reversed" if reversed_too else None
        if np.allclose(moved["discriminator"], strength * domain["discriminator"]):
            name = "discriminator-slowed"
        return not_earned(
            "The step of the discriminator differs.",
            expected=show(-rate * good["discriminator"]),
            received=show(-rate * moved["discriminator"]),
            misconception=name,
        )
    if not np.allclose(moved["head"], good["head"]):
        return not_earned(
            "The step of the head differs.", expected=show(-rate * good["head"]), received=show(-rate * moved["head"])
        )
    trained = [need_array(each, "features", shape=weights["features"].shape) for each in evidence["trained"]]
    rates = [_accuracies(case.inputs["runs"][i // 2], each) for i, each in enumerate(trained)]
    (domain_0, _), (domain_1, class_1) = np.median(np.reshape(rates, (3, 2, 2)), axis=0)
    known = [_trained(run, strength) for run in case.inputs["runs"] for strength in (0.0, 1.0)]
    as_known = all(np.allclose(each, other, rtol=1e-3, atol=1e-3) for each, other in zip(trained, known, strict=True))
    if not as_known and (domain_1 > domain_0 - 0.06 or class_1 < 0.9):  # a few draws are hard for the right step, too
        return not_earned(
            "Trained with your step, the features of both domains do not become alike, or they lose the class.",
            expected=f"domain accuracy below the {domain_0:.2f} of lambda 0, class accuracy 0.90 or more",
            received=f"domain accuracy {domain_1:.2f}, class accuracy {class_1:.2f} (medians of three seeds)",
        )
    return earned(f"The domain accuracy is {domain_0:.2f} with lambda 0 and {domain_1:.2f} with lambda 1.")


_STEP = Task(
    id="13.2",
    title="one step of DANN",
    points=2,
    hints=(
        "Which of the three matrices lowers which loss? Only one of them raises one of the losses.",
        "Gradient descent is `weight - learning_rate * gradient`. The features have two gradients: how are they combined?",
        "The features lower the label loss and raise the domain loss: label gradient minus `strength` times domain gradient.",
    ),
    answer_name="dann_step",
    misconceptions={
        "changes-input": "`-=` changes the caller's arrays; make new ones.",
        "uphill": "Descent subtracts the gradient.",
        "not-reversed": "The features helped the discriminator: their domain gradient enters with a minus.",
        "strength-forgotten": "The domain gradient of the features has to be multiplied by `strength`.",
        "domain-forgotten": "The features ignored the domain loss; that is training on the source only.",
        "label-forgotten": "The features ignored the label loss; then nothing keeps them from becoming empty.",
        "discriminator-reversed": "The discriminator has to get better at its task; only the features work against it.",
        "discriminator-slowed": "`strength` belongs only to the features; the discriminator learns with the full learning rate.",
    },
    make_case=_step_case,
    probe=_step_probe,
    judge=_step_judge,
)

# ---------------------------------------------------------------- 13.3 has it collapsed?

_WORDS = ("collapsed", "class lost", "domains differ", "no alarm")


def _diagnosis_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    runs = []
    # number of classes, source accuracy early and at the end, domain accuracy early and at the end, rarest class relative to 1 / classes
    kinds: list[tuple[int, float, float, float, float, float]] = [
        (4, 0.5, 0.95, 0.9, 0.55, 1.0),  # no alarm
        (4, 0.95, 0.27, 0.9, 0.50, 1.0),  # collapsed late
        (2, 0.9, 0.70, 0.9, 0.60, 1.0),  # 0.70 is below 1.5 / 2
        (10, 0.1, 0.35, 0.9, 0.60, 1.0),  # 0.35 is above 1.5 / 10
        (4, 0.5, 0.95, 0.6, 0.97, 1.0),  # domains differ at the end
        (4, 0.5, 0.95, 1.0, 0.60, 1.0),  # they differed early
        (4, 0.5, 0.95, 0.9, 0.55, 0.0),  # a class is never predicted
        (5, 0.5, 0.95, 0.9, 0.97, 0.1),  # rarely, and domains differ: the first that applies
        (5, 0.5, 0.95, 0.9, 0.55, 0.5),  # rare, but not lost
        (4, 0.9, np.nan, 0.9, 0.97, 0.0),  # nan
        (4, 0.9, 0.2, 0.9, 0.97, 0.0),  # everything at once
        (3, 0.6, 0.97, 0.95, 0.52, 0.0),  # the class with the highest number is never predicted
    ]
    for classes, early, late, domain_early, domain_late, rare in kinds:
        epochs = int(rng.integers(12, 20))
        curves = []
        for start, end, outlier in ((early, late, 0.02), (domain_early, domain_late, 0.99)):
            curve = np.concatenate([np.full(epochs - 5, start), np.full(5, end)]) + rng.uniform(-0.01, 0.01, epochs)
            if rare == 0.5:
                curve[-1] = outlier  # the last epoch alone would say something else
            curves.append([float(value) for value in curve])
        lost = {3: 2, 4: 0}.get(classes, int(rng.integers(classes)))  # of three classes the last, of four the first
        counts = np.full(classes, 100)
        counts[lost] = round(100 * rare)
        predicted = rng.permutation(np.repeat(np.arange(classes), counts))
        runs.append({"source": curves[0], "domain": curves[1], "predicted": predicted, "classes": classes})
    return Case(inputs={"runs": runs})


def _diagnosis_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for run in inputs["runs"]:
        word = call(answer, list(run["source"]), list(run["domain"]), run["predicted"].copy(), run["classes"])
        found.append(str(word) if isinstance(word, str) else "")
    return {"found": found}


def _diagnose(run: Any, change: str = "") -> str:
    last = 1 if change == "last-epoch-only" else 10**9 if change == "all-epochs" else 5
    source, domain = np.mean(run["source"][-last:]), np.mean(run["domain"][-last:])
    classes, predicted = run["classes"], run["predicted"]
    guess = 0.5 if change == "fixed-limit" else 1.5 / classes
    collapsed = source < guess or (np.isnan(source) and change != "nan-overlooked")
    counted = np.bincount(predicted) if change == "last-class-overlooked" else np.bincount(predicted, minlength=classes)
    if change == "only-classes-seen":
        counted = np.unique(predicted, return_counts=True)[1]
    lost = counted.min() / len(predicted) < (0.2 if change == "not-divided" else 0.2 / classes)
    signs = [("collapsed", collapsed), ("class lost", lost), ("domains differ", domain > 0.9)]
    if change == "success-by-domain":
        return "no alarm" if domain <= 0.9 else "domains differ"
    for word, applies in reversed(signs) if change == "order-turned" else signs:
        if applies:
            return word
    return "no alarm"


def _diagnosis_judge(case: Case, evidence: Any) -> Verdict:
    runs, found = case.inputs["runs"], [str(word) for word in evidence["found"]]
    wanted = [_diagnose(run) for run in runs]
    if found == wanted:
        return earned("Every run got the right text.")
    if not set(found) <= set(_WORDS):
        unknown = next(word for word in found if word not in _WORDS)
        return not_earned("One result is none of the four texts.", expected=", ".join(_WORDS), received=show(unknown))
    names = [name for name in _DIAGNOSIS_NAMES if [_diagnose(run, name) for run in runs] == found]
    bad = next(i for i in range(len(runs)) if found[i] != wanted[i])
    run = runs[bad]
    shares = np.bincount(run["predicted"], minlength=run["classes"]) / len(run["predicted"])
    return not_earned(
        f"A run with {run['classes']} classes got another text. At the end: source accuracy {np.mean(run['source'][-5:]):.2f}, "
        f"domain accuracy {np.mean(run['domain'][-5:]):.2f}, share of the rarest class {shares.min():.3f}.",
        expected=wanted[bad],
        received=found[bad],
        misconception=names[0] if names else None,
    )


_DIAGNOSIS_NAMES = {
    "success-by-domain": "Domain accuracy near .5 does not prove success: check the source accuracy and the predicted classes, too.",
    "nan-overlooked": "A comparison with nan is always False. Test for nan, or reverse the comparison.",
    "fixed-limit": "The accuracy of guessing depends on the number of classes: `1 / num_classes`.",
    "last-class-overlooked": "`np.bincount` stops at the largest class that occurs; pass `minlength=num_classes`.",
    "only-classes-seen": "A class that is never predicted does not appear in `np.unique`.",
    "not-divided": "The limit depends on the number of classes: `0.2 / num_classes`.",
    "order-turned": "If several apply, return the first in the list.",
    "last-epoch-only": "At the end means: the mean of the last five epochs.",
    "all-epochs": "Only the last five epochs count.",
}
_DIAGNOSIS = Task(
    id="13.3",
    title="has it collapsed?",
    points=2,
    hints=(
        "Go through the list in its order, and return the first that applies. What does `nan < 0.5` give?",
        "`np.bincount(predicted, minlength=num_classes)` holds a 0 for each class that was never predicted.",
        "`not np.mean(source_accuracy[-5:]) >= limit` is True for a low mean and for nan. The other two need no such care.",
    ),
    answer_name="diagnose",
    misconceptions=_DIAGNOSIS_NAMES,
    make_case=_diagnosis_case,
    probe=_diagnosis_probe,
    judge=_diagnosis_judge,
)

TASKS = (_REVERSAL, _STEP, _DIAGNOSIS)
