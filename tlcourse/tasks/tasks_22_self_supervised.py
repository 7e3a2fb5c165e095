"""Tasks of lesson 22: two views of each image, NT-Xent, features without the projector, the detector of a collapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 22.1 two views of each image

_WHO, _DRAW, _CHANGES = (
    0,
    1,
    2,
)  # what the channels of the case's images hold: number of the image, draw of the view, changes made


def _views_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    batches = []
    for count, height, width in ((4, 3, 3), (6, 2, 4), (5, 4, 2)):
        images = np.zeros((count, height, width, 3))
        images[..., _WHO] = rng.permutation(50)[:count, None, None] + 1
        batches.append({"images": images, "seed": int(rng.integers(2**31))})
    return Case(inputs={"batches": batches})


def _change(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    view = np.array(image, np.float64)
    view[..., _DRAW] = rng.random()
    view[..., _CHANGES] += 1
    return view


def _views_probe(answer: Any, inputs: Any) -> Any:
    found, untouched = [], True
    for row in inputs["batches"]:
        images, rng = row["images"].copy(), np.random.default_rng(row["seed"])
        found.append([array_of(call(answer, images, _change, rng), "the views") for _ in range(2)])
        untouched &= bool(np.array_equal(images, row["images"]))
    return {"found": found, "untouched": untouched}


def _views_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["untouched"]:
        return not_earned(
            "Your function changed the images that were passed to it.", expected="new arrays", misconception="changes-input"
        )
    for row, calls in zip(case.inputs["batches"], evidence["found"], strict=True):
        images = row["images"]
        shape = (2 * len(images), *images.shape[1:])
        pairs = [need_array(views, "the views", shape=shape) for views in calls]
        fault = _views_fault(images, pairs[0])
        if fault is not None:
            return fault
        if np.array_equal(pairs[0], pairs[1]):
            return not_earned(
                "A second call gave the same views.",
                expected="other views in each call, drawn with `rng`",
                received="the same arrays twice",
                misconception="same-every-call",
            )
    return earned("Row i and row n + i are two views of image i, each drawn separately.")


def _views_fault(images: np.ndarray, views: np.ndarray) -> Verdict | None:
    """Return what is wrong with the views of one batch, or None."""
    who, draws, changes = (views[:, 0, 0, channel] for channel in (_WHO, _DRAW, _CHANGES))
    wanted = np.tile(images[:, 0, 0, _WHO], 2)
    half = len(images)
    if not np.array_equal(who, wanted):
        interleaved = np.array_equal(who, np.repeat(images[:, 0, 0, _WHO], 2))
        partners = np.array_equal(who[:half], wanted[:half])
        return not_earned(
            "The rows do not belong to the images that they should.",
            expected=f"rows of images {show(wanted.astype(int))}",
            received=show(who),
            misconception="interleaved" if interleaved else "other-partner" if partners else None,
        )
    if (changes == 0).any():
        return not_earned(
            "Some rows are images that were not changed.",
            expected="both rows of an image are views of it",
            received=f"{int((changes == 0).sum())} unchanged rows of {len(views)}",
            misconception="original-as-view",
        )
    if (changes > 1).any():
        return not_earned(
            "Some images were changed more than once.",
            expected="one change between an image and its view",
            received=f"{int((changes > 1).sum())} rows changed more than once",
            misconception="view-of-a-view",
        )
    if np.array_equal(draws[:half], draws[half:]):
        return not_earned(
            "The two views of an image are identical.",
            expected="two draws for each image",
            received="the first half again",
            misconception="identical-views",
        )
    if len(np.unique(draws)) < len(draws):
        return not_earned(
            "Several images were changed in the same way.",
            expected=f"{len(draws)} draws",
            received=f"{len(np.unique(draws))} different ones",
            misconception="one-change-for-all",
        )
    return None


_VIEWS = Task(
    id="22.1",
    title="two views of each image",
    points=1,
    hints=(
        "How often is `change` called for one image, and how often in all?",
        "Make two lists, each with one view of every image, and put them one after the other.",
        "`np.stack([f(x) for x in xs] + [f(x) for x in xs])` calls `f` twice for each `x`.",
    ),
    answer_name="two_views",
    misconceptions={
        "identical-views": "The image was changed once and the result used twice. There is nothing to learn in finding a copy.",
        "interleaved": "The two views of an image stand next to each other. All first views come first, then all second ones.",
        "other-partner": "Row n + i is a view of another image than row i.",
        "original-as-view": "One of the two is the image itself. Both are random views.",
        "view-of-a-view": "The second view was made from the first. Both are made from the image.",
        "one-change-for-all": "`change` takes one image. A batch passed to it is changed as one.",
        "same-every-call": "A generator made inside the function draws the same views in each call. Use `rng`.",
        "changes-input": "The images that were passed were changed. Make new arrays.",
    },
    make_case=_views_case,
    probe=_views_probe,
    judge=_views_judge,
)

# ---------------------------------------------------------------- 22.2 NT-Xent


def _contrast_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for count, width, temperature in ((5, 4, 0.5), (8, 6, 0.2), (3, 3, 1.5)):
        first = rng.normal(size=(count, width)) * rng.uniform(0.5, 2, (count, 1))
        second = first + 0.7 * rng.normal(size=(count, width))
        rows.append({"first": first, "second": second, "temperature": temperature})
    return Case(inputs={"rows": rows})


def _contrast_probe(answer: Any, inputs: Any) -> Any:
    found, untouched = [], True
    for row in inputs["rows"]:
        first, second = row["first"].copy(), row["second"].copy()
        found.append(array_of(call(answer, first, second, row["temperature"]), "the loss").item(0))
        untouched &= bool(np.array_equal(first, row["first"]) and np.array_equal(second, row["second"]))
    return {"found": found, "untouched": untouched}


def _contrast(row: dict[str, Any], *, unit: bool = True, diagonal: bool = False, rows: str = "all", **changed: Any) -> float:
    """NT-Xent of one row of the case, or one of its wrong versions."""
    first, second = row["first"], row["second"]
    count = len(first)
    z = np.concatenate([first, second])
    if unit:
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
    logits = z @ z.T * changed.get("factor", lambda t: 1 / t)(row["temperature"])
    wanted = np.concatenate([np.arange(count) + count, np.arange(count)])
    if changed.get("neighbours"):
        wanted = np.arange(2 * count) ^ 1
    if changed.get("only_other_half"):
        logits = np.concatenate([logits[:count, count:], logits[count:, :count]])
        wanted = np.tile(np.arange(count), 2)
    elif not diagonal:
        np.fill_diagonal(logits, -np.inf)
    highest = logits.max(axis=1)
    losses = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1)) - logits[np.arange(2 * count), wanted]
    chosen = {"all": losses, "first": losses[:count], "second": losses[count:]}[rows]
    return float(chosen.sum() if changed.get("total") else chosen.mean())


_CONTRASTS: dict[str, dict[str, Any]] = {
    "lengths-kept": {"unit": False},
    "finds-itself": {"diagonal": True},
    "one-direction": {"rows": "first"},
    "one-direction ": {"rows": "second"},
    "only-other-half": {"only_other_half": True},
    "only-other-half ": {"only_other_half": True, "rows": "first"},
    "temperature-multiplied": {"factor": lambda t: t},
    "temperature-unused": {"factor": lambda t: 1.0},
    "sum-not-mean": {"total": True},
    "neighbours-as-pairs": {"neighbours": True},
}


def _contrast_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["untouched"]:
        return not_earned("Your function changed its input.", expected="new arrays", misconception="changes-input")
    rows = case.inputs["rows"]
    found = np.array([need_number(value, "the loss") for value in evidence["found"]])
    wanted = np.array([_contrast(row) for row in rows])
    if np.allclose(found, wanted, rtol=1e-4):
        return earned("The loss of both directions, over all other views.")
    tables = {name: np.array([_contrast(row, **rule) for row in rows]) for name, rule in _CONTRASTS.items()}
    tables["sign-forgotten"] = -wanted
    name = next((name for name, table in tables.items() if np.allclose(found, table, rtol=1e-4)), None)
    bad = int(np.flatnonzero(~np.isclose(found, wanted, rtol=1e-4))[0])
    return not_earned(
        f"The loss is another one for {len(rows[bad]['first'])} images and temperature {rows[bad]['temperature']:g}.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=None if name is None else name.strip(),
    )


_CONTRAST = Task(
    id="22.2",
    title="NT-Xent",
    points=2,
    hints=(
        "For one view: which views are the candidates, and which one is right?",
        "Put all 2 n unit vectors in one matrix z. `z @ z.T` has all similarities; no view may find itself.",
        "The cross-entropy of logits s and right place j is `np.log(np.exp(s).sum()) - s[j]`.",
    ),
    answer_name="nt_xent",
    misconceptions={
        "lengths-kept": "The vectors were not divided by their lengths, so long ones count more.",
        "finds-itself": "Each view is its own most similar candidate. Take the diagonal out.",
        "one-direction": "Only one of the two directions is in the mean. Second views look for first ones too.",
        "only-other-half": "The candidates are all 2 n - 1 other views, not only those of the other half.",
        "temperature-multiplied": "The similarities are divided by the temperature, not multiplied.",
        "temperature-unused": "The temperature was not used.",
        "sum-not-mean": "This is the sum over the views. Take their mean.",
        "neighbours-as-pairs": "The other view of row i of `first` is row i of `second`, n rows further down.",
        "sign-forgotten": "This is the mean log-probability. The loss is minus that.",
        "changes-input": "The arrays that were passed were changed. Make new ones.",
    },
    make_case=_contrast_case,
    probe=_contrast_probe,
    judge=_contrast_judge,
)

# ---------------------------------------------------------------- 22.3 throw the projector away


def _projector_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    return Case(
        inputs={
            "train": rng.normal(size=(7, 3, 3, 1)),
            "test": rng.normal(size=(5, 3, 3, 1)),
            "encoder": rng.normal(size=(9, 6)),
            "projector": rng.normal(size=(6, 6)),
            "seed": int(rng.integers(2**31)),
        }
    )


def _encoded(inputs: Any, images: Any) -> np.ndarray:
    images = np.asarray(images)
    return np.tanh(images.reshape(len(images), -1) @ inputs["encoder"])


def _projected(inputs: Any, features: Any) -> np.ndarray:
    return np.asarray(features) @ inputs["projector"]


def _projector_probe(answer: Any, inputs: Any) -> Any:
    rng, changes = np.random.default_rng(inputs["seed"]), []

    def change(images: Any) -> np.ndarray:
        changes.append(1)
        return np.asarray(images) + rng.normal(size=np.shape(images))

    def encoder(images: Any) -> np.ndarray:
        return _encoded(inputs, images)

    def projector(features: Any) -> np.ndarray:
        return _projected(inputs, features)

    result = call(answer, encoder, projector, change, inputs["train"].copy(), inputs["test"].copy())
    if not isinstance(result, tuple | list) or len(result) != 2:
        return {"pair": False, "found": [], "changes": 0}
    names = ("the features of the training images", "the features of the test images")
    found = [array_of(part, name) for part, name in zip(result, names, strict=True)]
    return {"pair": True, "found": found, "changes": len(changes)}


def _projector_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pair"]:
        return not_earned("Your function did not return two arrays.", expected="train_features, test_features")
    names = ("the features of the training images", "the features of the test images")
    found = [need_array(part, name) for part, name in zip(evidence["found"], names, strict=True)]
    inputs = case.inputs
    wanted = [_encoded(inputs, inputs[split]) for split in ("train", "test")]
    projected = [_projected(inputs, features) for features in wanted]

    def same(others: list[np.ndarray]) -> bool:
        return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-4) for a, b in zip(found, others, strict=True))

    if same(wanted):
        return earned("The features of the images as they are, from in front of the projector.")
    if evidence["changes"]:
        name = "random-views"
    elif same(projected) or any(
        np.allclose(part, other) for part, other in zip(found, projected, strict=True) if part.shape == other.shape
    ):
        name = "projector-kept"
    elif same([np.concatenate(pair, axis=1) for pair in zip(wanted, projected, strict=True)]):
        name = "projector-appended"
    elif same(wanted[::-1]):
        name = "sides-swapped"
    elif same([(part - part.mean(axis=0)) / part.std(axis=0) for part in wanted]):
        name = "scaled-apart"
    elif same([inputs[split].reshape(len(inputs[split]), -1) for split in ("train", "test")]):
        name = "pixels"
    else:
        name = ""
    return not_earned(
        "These are not the encoder's features of the images.",
        expected=f"first row of the training features {show(wanted[0][0])}",
        received=show(found[0][0]) if found[0].ndim and len(found[0]) else show(found[0]),
        misconception=name or None,
    )


_PROJECTOR = Task(
    id="22.3",
    title="throw the projector away",
    points=1,
    hints=(
        "Which of the three functions were only needed for the loss?",
        "Random views belong to the training of the encoder. A probe looks at the images as they are.",
        "A function is applied to two arrays by `return f(a), f(b)`.",
    ),
    answer_name="probe_features",
    misconceptions={
        "projector-kept": "This is the projector's output. The projector may drop what the loss does not need: take what is in front.",
        "projector-appended": "The projector's output stands beside the features. It is thrown away.",
        "random-views": "The features belong to random views, so each call gives others. Take the images as they are.",
        "sides-swapped": "Training comes first, then test.",
        "scaled-apart": "Training and test features were each scaled by their own mean and spread, so they no longer fit together.",
        "pixels": "These are the pixels. The encoder was not used.",
    },
    make_case=_projector_case,
    probe=_projector_probe,
    judge=_projector_judge,
)

# ---------------------------------------------------------------- 22.4 detect a collapse


def _collapse_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for count, width, noise, scale in ((40, 6, 3.0, 0.01), (60, 10, 0.02, 50.0), (30, 4, 1.5, 20.0), (50, 8, 0.03, 1.0)):
        centre = rng.normal(size=width) + 2 * np.sign(rng.normal(size=width))
        deviations = rng.uniform(0.5, 1.5, width)
        features = scale * (centre + noise * deviations * rng.normal(size=(count, width)))
        rows.append({"features": features, "limit": float(rng.uniform(0.1, 0.2))})
    return Case(inputs={"rows": rows})


def _collapse_probe(answer: Any, inputs: Any) -> Any:
    found, untouched = [], True
    for row in inputs["rows"]:
        features = row["features"].copy()
        result = call(answer, features, row["limit"])
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pairs": False, "found": [], "untouched": True}
        found.append([array_of(result[0], "the spread").item(0), array_of(result[1], "`collapsed`").item(0)])
        untouched &= bool(np.array_equal(features, row["features"]))
    return {"pairs": True, "found": found, "untouched": untouched}


def _unit(rows: np.ndarray, axis: int = 1) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=axis, keepdims=True)


_SPREADS: dict[str, Any] = {
    "right": lambda f: _unit(f).std(axis=0).mean() * np.sqrt(f.shape[1]),
    "lengths-kept": lambda f: f.std(axis=0).mean() * np.sqrt(f.shape[1]),
    "along-the-row": lambda f: _unit(f).std(axis=1).mean() * np.sqrt(f.shape[1]),
    "no-root": lambda f: _unit(f).std(axis=0).mean(),
    "columns-to-length-1": lambda f: _unit(f, 0).std(axis=0).mean() * np.sqrt(f.shape[1]),
    "ddof-1": lambda f: _unit(f).std(axis=0, ddof=1).mean() * np.sqrt(f.shape[1]),
    "all-numbers-at-once": lambda f: _unit(f).std() * np.sqrt(f.shape[1]),
    "variance": lambda f: _unit(f).var(axis=0).mean() * np.sqrt(f.shape[1]),
}


def _collapse_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return two values.", expected="spread, collapsed")
    if not evidence["untouched"]:
        return not_earned("Your function changed its input.", expected="new arrays", misconception="changes-input")
    rows = case.inputs["rows"]
    spreads = np.array([need_number(pair[0], "the spread") for pair in evidence["found"]])
    flags = np.array([need_number(pair[1], "`collapsed`") for pair in evidence["found"]])
    tables = {name: np.array([rule(row["features"]) for row in rows]) for name, rule in _SPREADS.items()}
    wanted = tables["right"]
    if not np.allclose(spreads, wanted, rtol=1e-4):
        name = next((name for name, table in tables.items() if np.allclose(spreads, table, rtol=1e-4)), None)
        bad = int(np.flatnonzero(~np.isclose(spreads, wanted, rtol=1e-4))[0])
        return not_earned(
            f"The spread is another one for features of shape {rows[bad]['features'].shape}.",
            expected=show(wanted[bad]),
            received=show(spreads[bad]),
            misconception=name,
        )
    right = wanted < np.array([row["limit"] for row in rows])
    if np.array_equal(flags, right):
        return earned("Two of the four runs have collapsed, whatever the scale of their features.")
    constant = len(np.unique(flags)) == 1
    return not_earned(
        "The spreads are right, and what you conclude is not.",
        expected=f"collapsed {show(right)} for the spreads {show(wanted)}",
        received=show(flags),
        misconception="always-the-same" if constant else "reversed" if np.array_equal(flags, ~right) else None,
    )


_COLLAPSE = Task(
    id="22.4",
    title="detect a collapse",
    points=1,
    hints=(
        "What do the rows have in common if all images have the same features?",
        "First the rows at length 1 (`keepdims=True`), then a standard deviation for each column.",
        "`a.std(axis=0)` has one value for each column of `a`; `np.sqrt(a.shape[1])` is the root of their number.",
    ),
    answer_name="spread_and_collapse",
    misconceptions={
        "lengths-kept": "The rows were not divided by their lengths, so the spread depends on the scale of the features.",
        "along-the-row": "This is the deviation within a row. A collapse shows between images: one deviation for each column.",
        "no-root": "The factor √d is missing, so wide features look collapsed.",
        "columns-to-length-1": "The columns were divided by their lengths. Divide each row, `axis=1`.",
        "ddof-1": "The task asks for `ddof=0`.",
        "all-numbers-at-once": "One deviation over all numbers also counts how columns differ from each other. Take one for each column.",
        "variance": "This is the variance. The spread is made of standard deviations.",
        "reversed": "A collapse is a *small* spread.",
        "always-the-same": "The answer is the same for all features. Compare the spread with `limit`.",
        "changes-input": "`/=` changes the array in place, and with it the caller's features. Make a new one.",
    },
    make_case=_collapse_case,
    probe=_collapse_probe,
    judge=_collapse_judge,
)

TASKS = (_VIEWS, _CONTRAST, _PROJECTOR, _COLLAPSE)
