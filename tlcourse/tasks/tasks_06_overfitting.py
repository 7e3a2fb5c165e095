"""Tasks of lesson 06: read a history, stop early and go back, augmentations that keep the label, a split by patient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 6.1 read a history


def _history_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for kind in ("plain", "tie", "nan", "nan first", "best last", "validation ahead"):
        epochs = int(rng.integers(6, 12))
        loss = rng.uniform(1.0, 2.0, epochs)
        best = epochs - 1 if kind == "best last" else int(rng.integers(1, epochs - 2))
        loss[best] = 0.5
        if kind == "tie":
            loss[best + 1] = 0.5
        if kind.startswith("nan"):
            loss[0 if kind == "nan first" else best + 1] = np.nan
        held = rng.uniform(0.3, 0.6, epochs)
        held[(best + 2) % epochs] = 0.7  # the highest accuracy is not where the lowest loss is
        row = {"accuracy": np.sort(rng.uniform(0.5, 1.0, epochs)), "val_accuracy": held, "val_loss": loss}
        if kind == "validation ahead":
            held[best] = min(1.0, row["accuracy"][best] + 0.05)
        rows.append({name: [float(v) for v in values] for name, values in row.items()})
    return Case(inputs={"rows": rows})


def _history_probe(answer: Any, inputs: Any) -> Any:
    return {"found": [array_of(call(answer, {k: list(v) for k, v in row.items()}), "the result") for row in inputs["rows"]]}


def _history_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = np.array([need_array(pair, "the result", shape=(2,)) for pair in evidence["found"]], float)

    def at(places: list[int], *, first: int = 1, turned: bool = False) -> np.ndarray:
        gaps = [row["accuracy"][i] - row["val_accuracy"][i] for row, i in zip(rows, places, strict=True)]
        return np.array([[-gap if turned else gap, i + first] for gap, i in zip(gaps, places, strict=True)])

    best = [int(np.nanargmin(row["val_loss"])) for row in rows]
    wanted = at(best)
    if np.allclose(found, wanted, equal_nan=True):
        return earned("Gap and epoch are right, with ties and with nan.")
    last = [len(row["val_loss"]) - 1 for row in rows]
    late = [len(row["val_loss"]) - 1 - int(np.nanargmin(row["val_loss"][::-1])) for row in rows]
    variants = {
        "gap-without-sign": np.abs(wanted),
        "counted-from-zero": at(best, first=0),
        "validation-minus-training": at(best, turned=True),
        "nan-is-best": at([int(np.argmin(row["val_loss"])) for row in rows]),
        "best-accuracy": at([int(np.argmax(row["val_accuracy"])) for row in rows]),
        "last-of-equals": at(late),
        "gap-of-the-last-epoch": np.stack([at(last)[:, 0], wanted[:, 1]], axis=1),
    }
    name = next((name for name, values in variants.items() if np.allclose(found, values, equal_nan=True)), None)
    bad = min(np.flatnonzero(~np.isclose(found, wanted).all(axis=1)), key=lambda i: len(rows[i]["val_loss"]))
    history = {key: [round(value, 3) for value in values] for key, values in rows[bad].items()}
    return not_earned(
        f"Gap or epoch differ for the history {history}.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_HISTORY = Task(
    id="6.1",
    title="read a history",
    points=1,
    hints=(
        "What does `np.argmin` return for a list that holds nan?",
        "`np.nanargmin` finds the place of the smallest value that is not nan, and the first of equal ones.",
        "At this place, subtract `val_accuracy` from `accuracy`. A place counts from 0, an epoch from 1.",
    ),
    answer_name="read_history",
    misconceptions={
        "counted-from-zero": "The first epoch is number 1.",
        "validation-minus-training": "The gap is training minus validation: positive when something was memorized.",
        "gap-without-sign": "The gap is below 0 where validation is ahead, as it may be with dropout: take no absolute value.",
        "nan-is-best": "`np.argmin` takes nan for the smallest value; use `np.nanargmin`.",
        "best-accuracy": "The best epoch is the one with the smallest validation loss, not with the highest accuracy.",
        "last-of-equals": "Of equal epochs the first counts.",
        "gap-of-the-last-epoch": "The gap was taken in the last epoch; the task asks for the gap in the best one.",
    },
    make_case=_history_case,
    probe=_history_probe,
    judge=_history_judge,
)

# ---------------------------------------------------------------- 6.2 stop early, and go back


class _Model:
    """A model whose validation losses are given; its weights say how often it was trained."""

    def __init__(self, losses: list[float]) -> None:
        self._losses, self._trained, self._weights = losses, 0, np.zeros(3)

    def train_one_epoch(self) -> None:
        self._trained += 1
        self._weights += 1.0

    def validation_loss(self) -> float:
        return self._losses[min(self._trained, len(self._losses)) - 1]

    def get_weights(self) -> list[np.ndarray]:
        return [self._weights.copy()]

    def set_weights(self, weights: Any) -> None:
        self._weights = np.array(weights[0], float)


def _patience_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    jitter = rng.uniform(0, 0.02, 6)
    falling = [2.0, 1.5, 1.2, 1.1 + jitter[0]]
    rows = [
        {"losses": [*falling, 1.3, 1.4, 1.5, 1.6, 1.7], "patience": 2, "max_epochs": 9},
        {"losses": [*falling, 1.3, 0.9 + jitter[1], 1.4, 1.5, 1.6, 1.7], "patience": 2, "max_epochs": 10},  # one rise is no end
        {"losses": [*falling, 1.0, 0.9, 0.8], "patience": 2, "max_epochs": 7},  # never rises
        {"losses": [1.0 + jitter[2], 1.2, 1.3, 1.4, 1.5, 1.6], "patience": 3, "max_epochs": 6},  # best at once
        {"losses": [1.5, 1.0, 1.0, 1.0, 0.5, 0.4], "patience": 2, "max_epochs": 6},  # equal is not smaller
        {"losses": [1.5, 1.0, 1.2, 1.1, 1.3], "patience": 9, "max_epochs": 5},  # ended by max_epochs
    ]
    return Case(inputs={"rows": rows})


def _patience_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        model = _Model(list(row["losses"]))
        returned = call(answer, model, row["patience"], row["max_epochs"])
        found.append([array_of(returned, "the result"), model._trained, float(model._weights[0])])
    return {"found": found}


def _patient(row: Any, late: int = 0, *, equal: bool = False) -> tuple[int, int]:
    best, place, waited, epoch = np.inf, 0, 0, 0
    for epoch in range(1, row["max_epochs"] + 1):
        loss = row["losses"][min(epoch, len(row["losses"])) - 1]
        better = loss <= best if equal else loss < best
        best, place, waited = (loss, epoch, 0) if better else (best, place, waited + 1)
        if waited >= row["patience"] + late:
            break
    return epoch, place


def _patience_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [(int(trained), float(weight)) for _, trained, weight in evidence["found"]]
    wanted = [_patient(row) for row in rows]
    epochs, places = [t for t, _ in found], [w for _, w in found]
    if epochs != [e for e, _ in wanted]:
        variants = {
            "one-too-late": [_patient(row, 1)[0] for row in rows],
            "one-too-early": [_patient(row, -1)[0] for row in rows],
            "equal-counts-as-better": [_patient(row, equal=True)[0] for row in rows],
            "never-stops": [row["max_epochs"] for row in rows],
        }
        name = next((name for name, values in variants.items() if values == epochs), None)
        if name is None and any(t > row["max_epochs"] for t, row in zip(epochs, rows, strict=True)):
            name = "beyond-max-epochs"
        bad = next(i for i, (t, (e, _)) in enumerate(zip(epochs, wanted, strict=True)) if t != e)
        return not_earned(
            f"The training ended after another number of epochs. {_in_words(rows[bad])}",
            expected=f"{wanted[bad][0]} epochs",
            received=f"{epochs[bad]} epochs",
            misconception=name,
        )
    if places != [float(p) for _, p in wanted]:
        bad = next(i for i, (p, (_, w)) in enumerate(zip(places, wanted, strict=True)) if p != w)
        whole = all(p.is_integer() and 1 <= p <= t for t, p in found)
        last = all(p == t for t, p in found)
        return not_earned(
            f"The weights are not those of the best epoch. {_in_words(rows[bad])}",
            expected=f"the weights after epoch {wanted[bad][1]}",
            received=f"the weights after epoch {places[bad]:g}" if whole else "weights that the model had after no epoch",
            misconception="keeps-the-last" if last else "restores-another-epoch" if whole else None,
        )
    returned = [need_number(value, "the result") for value, _, _ in evidence["found"]]
    if returned != [float(t) for t in epochs]:
        return not_earned(
            "The number returned is not that of the trained epochs.", expected=show(epochs), received=show(returned)
        )
    return earned("Stopped in time, and the best weights are back, whatever ended the training.")


def _in_words(row: Any) -> str:
    losses = [round(loss, 2) for loss in row["losses"]]
    return f"Validation losses {losses}, patience {row['patience']}, max_epochs {row['max_epochs']}."


_PATIENCE = Task(
    id="6.2",
    title="stop early, and go back",
    points=2,
    hints=(
        "When the loop ends, which weights does the model hold? Which should it hold?",
        "Keep the best loss and its weights. Count the epochs since then, and set the count to 0 at each new best.",
        "Stop as soon as the count equals `patience`. After the loop, in any case, `model.set_weights(...)`.",
    ),
    answer_name="train_with_patience",
    misconceptions={
        "keeps-the-last": "The model keeps the weights of the last epoch; put those of the best one back.",
        "restores-another-epoch": "The weights come from another epoch than the one with the smallest loss.",
        "one-too-late": "With patience 2, the second epoch without a new best is the last.",
        "one-too-early": "With patience 2, one epoch without a new best is allowed.",
        "equal-counts-as-better": "A loss that is only equal is not smaller: the count goes on.",
        "never-stops": "The training always runs to `max_epochs`; count the epochs without a new best.",
        "beyond-max-epochs": "You trained more than `max_epochs` epochs.",
    },
    make_case=_patience_case,
    probe=_patience_probe,
    judge=_patience_judge,
)

# ---------------------------------------------------------------- 6.3 augmentations that keep the label

_TRANSFORMS: dict[str, Any] = {
    "brighter": lambda image: image + 40.0,
    "inverted": lambda image: 255.0 - image,
    "left-right": lambda image: image[:, ::-1],
    "upside down": lambda image: image[::-1],
    "quarter turn": lambda image: np.rot90(image),
    "half turn": lambda image: np.rot90(image, 2),
    "shifted": lambda image: np.roll(image, 1, axis=(0, 1)),
}
_ARROWS = ("left", "right", "up", "down")


def _arrow(direction: int, rng: np.random.Generator) -> np.ndarray:
    """A triangle that points somewhere, on noise; the tip is thin and the base is wide."""
    image = rng.uniform(0, 30, (12, 12))
    for step in range(4):
        image[6 - step : 6 + step + 1, 2 + 2 * step : 4 + 2 * step] = 150.0 + rng.uniform(0, 40)
    return [image, image[:, ::-1], np.rot90(image, -1), np.rot90(image)][direction].copy()


def _expert(image: np.ndarray) -> str:
    """Where the triangle points: away from its heavy side. The ground is what most of the image shows."""
    rows, columns = np.nonzero(np.abs(np.asarray(image, float) - np.median(image)) > 60)
    down, right = (places.mean() - (places.min() + places.max()) / 2 for places in (rows, columns))
    if abs(right) > abs(down):
        return "left" if right > 0 else "right"
    return "up" if down > 0 else "down"


def _allowed_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    sets = [[0, 1, 2, 3], [2, 3], [0, 1], [2]]  # all directions; only vertical arrows, which a left-right mirror keeps; ...
    sequences = [[directions[i % len(directions)] for i in range(8)] for directions in sets]
    rows = []
    for labels in [[2, 3] * 6 + [0] + [2, 3] * 5, *sequences]:  # first: a left-right mirror breaks one label of 23
        rows.append({"images": [_arrow(d, rng) for d in labels], "labels": [_ARROWS[d] for d in labels]})
    names = [str(name) for name in rng.permutation(list(_TRANSFORMS))]
    return Case(inputs={"rows": rows, "names": names})


def _allowed_probe(answer: Any, inputs: Any) -> Any:
    counts = {"transformed": 0, "asked": 0}

    def counting(kind: str, function: Any) -> Any:
        def counted(image: Any) -> Any:
            counts[kind] += 1
            return function(image)

        return counted

    transforms = {name: counting("transformed", _TRANSFORMS[name]) for name in inputs["names"]}
    expert, found = counting("asked", _expert), []
    for row in inputs["rows"]:
        images = [image.copy() for image in row["images"]]
        names = call(answer, images, list(row["labels"]), transforms, expert)
        if not isinstance(names, set | frozenset | list | tuple):
            return {"found": None}
        found.append(sorted({str(name) for name in names}))
    return {"found": found, **counts}


def _keeps(row: Any, name: str, needed: Any) -> bool:
    pairs = zip(row["images"], row["labels"], strict=True)
    return bool(needed([_expert(_TRANSFORMS[name](image)) == label for image, label in pairs]))


def _allowed_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return a set of names.", expected="a set of text")
    rows, names = case.inputs["rows"], case.inputs["names"]
    found = [sorted(map(str, row)) for row in evidence["found"]]
    wanted = [sorted(n for n in names if _keeps(row, n, all)) for row in rows]
    if found == wanted:
        return earned("Each transform is tried on every image, and only the label decides.")
    variants = {
        "first-image-only": [sorted(n for n in names if _keeps(row, n, lambda kept: kept[0])) for row in rows],
        "some-is-not-all": [sorted(n for n in names if _keeps(row, n, any)) for row in rows],
        "most-is-not-all": [sorted(n for n in names if _keeps(row, n, lambda kept: np.mean(kept) > 0.9)) for row in rows],
        "all-allowed": [sorted(names) for _ in rows],
        "the-forbidden-ones": [sorted(n for n in names if not _keeps(row, n, all)) for row in rows],
    }
    name = next((name for name, values in variants.items() if values == found), None)
    if not any(found) and evidence["transformed"] and not evidence["asked"]:
        name = "compared-pixels"
    bad = next(i for i in reversed(range(len(rows))) if found[i] != wanted[i])  # the last row has fewest directions
    return not_earned(
        f"For images with the labels {sorted(set(rows[bad]['labels']))} another set is allowed.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_ALLOWED = Task(
    id="6.3",
    title="which augmentations are allowed?",
    points=2,
    hints=(
        "Mirrored left to right, an arrow that points up still points up. One that points left does not.",
        "For each transform, ask the expert about every transformed image, and compare with the label of that image.",
        "`expert(transform(image)) == label` is the question for one image. `all(...)` asks it for every pair of `zip(images, labels)`.",
    ),
    answer_name="allowed",
    misconceptions={
        "first-image-only": "One image is not enough: a transform can keep one label and break another.",
        "some-is-not-all": "A transform that breaks the label of only some images breaks labels: `all` and not `any`.",
        "most-is-not-all": "A transform that keeps nearly all labels still teaches wrong ones: refuse it for a single image.",
        "compared-pixels": "You transformed the images, but never asked the expert. Pixels may change; the label must stay true.",
        "all-allowed": "Not every transform keeps the label: ask the expert.",
        "the-forbidden-ones": "These are the transforms that break labels; the task asks for those that keep them.",
    },
    make_case=_allowed_case,
    probe=_allowed_probe,
    judge=_allowed_judge,
)

# ---------------------------------------------------------------- 6.4 split by patient


_SMALL_FRACTION = 0.05  # of 6 sick patients: rounds to none


def _patients_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    sick = np.array([0] * 14 + [1] * 6)  # sorted: a split that takes the first patients gets one class
    numbers = 1000 + np.sort(rng.permutation(200)[:20])  # above every position, so that the two cannot be confused
    patients = np.repeat(numbers, rng.integers(1, 9, 20))
    order = rng.permutation(len(patients)) if seed % 2 else np.arange(len(patients))
    labels = sick[np.searchsorted(numbers, patients)]
    return Case(
        inputs={"patients": patients[order], "labels": labels[order], "fraction": 0.25, "seed": int(rng.integers(2**31))}
    )


def _patients_probe(answer: Any, inputs: Any) -> Any:
    splits = []
    seed, usual = inputs["seed"], inputs["fraction"]
    for fraction, drawn in ((usual, seed), (usual, seed), (usual, seed + 1), (_SMALL_FRACTION, seed)):
        result = call(answer, inputs["patients"].copy(), inputs["labels"].copy(), fraction, drawn)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"splits": None}
        splits.append([array_of(part, "a part") for part in result])
    return {"splits": splits}


def _patients_judge(case: Case, evidence: Any) -> Verdict:
    patients, labels, count = case.inputs["patients"], case.inputs["labels"], len(case.inputs["patients"])
    if evidence["splits"] is None:
        return not_earned("Your function did not return two arrays.", expected="(train, test), positions of scans")
    splits = [[need_array(part, "a part", shape=(None,), kinds="iu") for part in split] for split in evidence["splits"]]
    train, test = splits[0]
    everything = np.concatenate([train, test])
    if len(everything) and (everything.min() < 0 or everything.max() >= count):
        return not_earned(
            "There are positions outside the arrays.",
            expected=f"positions 0 to {count - 1}",
            received=show([int(everything.min()), int(everything.max())]),
            misconception="patients-not-positions" if np.isin(everything, patients).all() else None,
        )
    if sorted(everything.tolist()) != list(range(count)):
        twice = len(everything) - len(np.unique(everything))
        return not_earned(
            "Not every scan is on exactly one side.",
            expected=f"each of {count} positions once",
            received=f"{len(np.unique(everything))} different positions, {twice} of them repeated",
            misconception="lost-scans",
        )
    shared = sorted(set(patients[train].tolist()) & set(patients[test].tolist()))
    if shared:
        return not_earned(
            f"{len(shared)} patients have scans on both sides.",
            expected="all scans of a patient on one side",
            received=f"patient {shared[0]} on both",
            misconception="split-by-scan",
        )
    theirs = {label: np.unique(patients[labels == label]) for label in (0, 1)}
    shares = {label: case.inputs["fraction"] * len(p) for label, p in theirs.items()}
    wanted = {label: max(1, round(share)) for label, share in shares.items()}
    got = {label: int(np.isin(p, patients[test]).sum()) for label, p in theirs.items()}
    if got != wanted:
        names = {
            "parts-exchanged": got == {label: len(p) - wanted[label] for label, p in theirs.items()},
            "rounded-down": got == {label: int(share) for label, share in shares.items()},
            "labels-ignored": sum(got.values()) == round(sum(shares.values())),
        }
        return not_earned(
            "The test set does not hold the asked share of the patients of each label.",
            expected=f"patients in the test set by label: {wanted}",
            received=str(got),
            misconception=next((name for name, fits in names.items() if fits), None),
        )
    if not np.array_equal(np.sort(splits[1][1]), np.sort(test)):
        return not_earned("The same seed gave two different splits.", misconception="not-repeatable")
    if np.array_equal(np.sort(splits[2][1]), np.sort(test)):
        return not_earned("Two seeds gave the same split.", misconception="seed-ignored")
    few = {label: int(np.isin(p, patients[splits[3][1]]).sum()) for label, p in theirs.items()}
    if few != {0: 1, 1: 1}:
        return not_earned(
            f"The test set does not hold at least one patient of each label with test_fraction {_SMALL_FRACTION}.",
            expected="patients in the test set by label: {0: 1, 1: 1}",
            received=str(few),
            misconception="none-of-a-label" if min(few.values()) == 0 else None,
        )
    return earned("No patient on both sides, every scan in its place, both labels in the asked share.")


_PATIENTS = Task(
    id="6.4",
    title="split by patient",
    points=2,
    hints=(
        "What do you shuffle, scans or patients? How do you make sure that some of the few sick patients are on both sides?",
        "For each label: shuffle its patients (`np.unique`) and put the first ones in the test set. Then `np.isin` for the scans.",
        "`rng.permutation(np.unique(patients[labels == label]))` shuffles the patients of a label. How many go into the test set?",
    ),
    answer_name="split_by_patient",
    misconceptions={
        "none-of-a-label": "A share that rounds to 0 still needs one patient: a label that is not in the test set is not tested.",
        "patients-not-positions": "Return positions of scans in the arrays, not numbers of patients.",
        "lost-scans": "Every scan belongs to one side: `np.flatnonzero` of a mask and of its opposite.",
        "split-by-scan": "Scans were divided, not patients. Draw patients, and let all scans of a patient follow.",
        "labels-ignored": "The share is right for all patients together. Draw from the healthy and from the sick ones separately.",
        "rounded-down": "The number of patients was rounded down; the task asks for the nearest whole number.",
        "parts-exchanged": "First train, then test.",
        "not-repeatable": "Draw from `np.random.default_rng(seed)`.",
        "seed-ignored": "The choice of the patients has to depend on the seed.",
    },
    make_case=_patients_case,
    probe=_patients_probe,
    judge=_patients_judge,
)

TASKS = (_HISTORY, _PATIENCE, _ALLOWED, _PATIENTS)
