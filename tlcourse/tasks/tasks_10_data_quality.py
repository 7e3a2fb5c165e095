"""Tasks of lesson 10: drop copies, find suspicious labels out of fold, weigh rare classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 10.1 throw out the copies

_LIMIT = 6


def _copies_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    originals = [_landscape(rng) for _ in range(12)]
    pictures: list[np.ndarray] = [*originals[:6]]
    first = dict(enumerate(range(6)))  # original -> position of its first image
    owners = list(range(6))
    dropped = []
    for kind in rng.permutation(
        ["same", "brighter", "darker", "noisy", "noisy", "again", "new", "new", "new", "new", "new", "new"]
    ):
        position = len(pictures)
        if kind == "new":
            owner = len(first)
            first[owner] = position
            pictures.append(originals[owner])
        else:
            owner = 0 if kind == "again" else int(rng.integers(len(first)))
            pictures.append(_changed(originals[owner], str(kind), rng))
            dropped.append(position)
        owners.append(owner)
    images = np.clip(np.stack(pictures), 0, 255)
    return Case(inputs={"images": images, "limit": _LIMIT}, secret={"drop": dropped, "owners": owners})


def _landscape(rng: np.random.Generator) -> np.ndarray:
    coarse = rng.uniform(60, 190, (8, 9))
    return np.kron(coarse, np.ones((4, 4)))


def _changed(image: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    shift = {"brighter": 25.0, "darker": -25.0}.get(kind, 0.0)
    noise = rng.normal(0, 6, image.shape) if kind in ("noisy", "again") else 0.0
    return image + shift + noise


def _copies_probe(answer: Any, inputs: Any) -> Any:
    return {"drop": array_of(call(answer, inputs["images"].copy(), inputs["limit"]), "the positions")}


def _copies_judge(case: Case, evidence: Any) -> Verdict:
    wanted, owners = case.secret["drop"], case.secret["owners"]
    found = need_array(evidence["drop"], "the positions", shape=(None,), kinds="iuf" if not len(evidence["drop"]) else "iu")
    got = [int(i) for i in found]
    if got == wanted:
        return earned("One of each stays, the first, and no image that is no copy was dropped.")
    if len(set(got)) != len(got) or any(i < 0 or i >= len(owners) for i in got):
        return not_earned("A position is out of range or named twice.", received=show(got), misconception="named-twice")
    kept = [owners[i] for i in range(len(owners)) if i not in got]
    lost = sorted(set(owners) - set(kept))
    if lost:
        both = all(sum(owner == gone for owner in owners) > 1 for gone in lost)
        return not_earned(
            f"Of {len(lost)} images nothing is left.",
            expected="one of each stays",
            received=show(got),
            misconception="drops-the-original-too" if both else "drops-what-is-no-copy",
        )
    if sorted(got) == wanted:
        return not_earned("The positions are not in rising order.", expected=show(wanted), received=show(got))
    if len(kept) > len(set(kept)):
        exact = {i for i in wanted if any(np.array_equal(case.inputs["images"][i], case.inputs["images"][k]) for k in range(i))}
        name = "only-identical" if set(got) == exact else None
        return not_earned("Copies are left over.", expected=show(wanted), received=show(got), misconception=name)
    return not_earned(
        "One of each stays, but it is not the first.", expected=show(wanted), received=show(got), misconception="keeps-the-last"
    )


_COPIES = Task(
    id="10.1",
    title="throw out the copies",
    points=2,
    hints=(
        "With what is a new image compared: with all others, or with those that stay?",
        "images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4)) shrinks all images at once.",
        "keep a list of those that stay; drop i if its fingerprint differs from one of theirs in at most `limit` places",
    ),
    answer_name="copies_to_drop",
    misconceptions={
        "only-identical": "Only exact copies were found. Compare fingerprints, not pixels.",
        "drops-the-original-too": "Both the copy and its original were dropped: one has to stay.",
        "drops-what-is-no-copy": "An image was dropped that is a copy of nothing: compare places of the fingerprint, not their sum.",
        "keeps-the-last": "The first of equal images stays, the later ones go.",
        "named-twice": "Each position is named at most once.",
    },
    make_case=_copies_case,
    probe=_copies_probe,
    judge=_copies_judge,
)

# ---------------------------------------------------------------- 10.2 suspicious labels


def _suspicious_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    truth = np.arange(150) % 3
    features = rng.normal(size=(150, 400))  # more columns than examples: a classifier learns every label by heart
    features[np.arange(150), truth] += 7.0
    labels = truth.copy()
    flipped = rng.permutation(150)[:18]
    labels[flipped] = (truth[flipped] + rng.integers(1, 3, 18)) % 3
    order = rng.permutation(150)
    return Case(
        inputs={"features": features[order], "labels": labels[order]},
        secret={"flipped": np.flatnonzero(np.isin(order, flipped))},
    )


def _suspicious_probe(answer: Any, inputs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a classifier that did not converge is no fault here
        found = call(answer, inputs["features"].copy(), inputs["labels"].copy())
    return {"found": array_of(found, "the positions")}


def _suspicious_judge(case: Case, evidence: Any) -> Verdict:
    flipped, count = set(case.secret["flipped"].tolist()), len(case.inputs["labels"])
    found = need_array(evidence["found"], "the positions", shape=(None,), kinds="biuf" if not len(evidence["found"]) else "biu")
    if found.dtype.kind == "b" or (len(found) == count and set(found.tolist()) <= {0, 1, 2}):
        return not_earned(
            "Your function returned something for every example.",
            expected="the positions of the contradicted labels alone",
            received=show(found),
            misconception="not-positions",
        )
    named = set(found.tolist())
    if len(named) != len(found) or not named <= set(range(count)):
        return not_earned("A position is out of range or named twice.", received=show(found))
    hits = len(named & flipped)
    expected = f"most of the {len(flipped)} labels that we had changed, and few others"
    received = f"{len(named)} positions, {hits} of them changed labels"
    if len(named) <= len(flipped) / 4:
        return not_earned("Hardly any changed label was found.", expected=expected, received=received, misconception="in-fold")
    if hits <= len(flipped) / 3 and len(named) > count / 2:
        return not_earned(
            "Mostly right labels were named.", expected=expected, received=received, misconception="named-the-agreed"
        )
    if len(named) > 2 * len(flipped):
        return not_earned("Far too many labels were named.", expected=expected, received=received, misconception="too-many")
    if hits < 0.7 * len(flipped):
        return not_earned(
            "Too few of the changed labels were found.", expected=expected, received=received, misconception="too-few"
        )
    return earned(
        f"Judged by classifiers that had not seen them: {hits} of {len(flipped)} changed labels, {len(named) - hits} others."
    )


_SUSPICIOUS = Task(
    id="10.2",
    title="who contradicts this label?",
    points=2,
    hints=(
        "Ask a classifier that was trained on a wrong label what it thinks of it. What will it say?",
        "cross_val_predict(LogisticRegression(max_iter=1000), features, labels, cv=5) predicts each example by a classifier without it.",
        "np.flatnonzero(cross_val_predict(...) != labels)",
    ),
    answer_name="contradicted",
    misconceptions={
        "in-fold": "The classifier was trained on the labels that it judges, and learned the wrong ones by heart: use cross_val_predict.",
        "not-positions": "Return positions, such as np.flatnonzero(mask), not a value for every example.",
        "named-the-agreed": "These are labels with which the classifier agrees.",
        "too-many": "Name a label only where another class is predicted.",
        "too-few": "Each label has to be judged, not only those of one fold.",
    },
    make_case=_suspicious_case,
    probe=_suspicious_probe,
    judge=_suspicious_judge,
)

# ---------------------------------------------------------------- 10.3 weights for rare classes


def _weights_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for counts in ([50, 10, 5], [7, 0, 21, 14], [9, 9], [30, 6, 0]):
        labels = rng.permutation(np.repeat(np.arange(len(counts)), [c + int(rng.integers(0, 3)) * (c > 0) for c in counts]))
        rows.append({"labels": labels, "num_classes": len(counts)})
    return Case(inputs={"rows": rows})


def _weights_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = call(answer, row["labels"].copy(), row["num_classes"])
        if not isinstance(result, dict) or not all(type(key) is int for key in result):
            return {"found": None, "keys": isinstance(result, dict)}
        pairs = sorted(result.items())
        found.append([[key for key, _ in pairs], array_of([value for _, value in pairs], "the weights")])
    return {"found": found, "keys": True}


def _weights_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        text = "The keys are no int." if evidence["keys"] else "Your function did not return a dict."
        return not_earned(text, expected="{0: ..., 1: ...}", misconception="keys-are-no-int" if evidence["keys"] else None)
    counts = [np.bincount(row["labels"], minlength=row["num_classes"]) for row in case.inputs["rows"]]
    keys = [list(row[0]) for row in evidence["found"]]
    if keys != [list(range(len(c))) for c in counts]:
        return not_earned(
            "Some classes have no weight.",
            expected="a weight for every class, also for one that does not occur",
            received=show(keys),
            misconception="missing-class-left-out",
        )
    found = [need_array(row[1], "the weights", shape=(len(c),)) for row, c in zip(evidence["found"], counts, strict=True)]

    def table(formula: Any) -> list[np.ndarray]:
        return [np.array([formula(c, n) if n else 0.0 for n in c]) for c in counts]

    def same(values: list[np.ndarray]) -> bool:
        return all(np.allclose(np.nan_to_num(f, posinf=0.0), v) for f, v in zip(found, values, strict=True))

    wanted = table(lambda c, n: c.sum() / ((c > 0).sum() * n))
    if all(np.isfinite(f).all() for f in found) and same(wanted):
        return earned("The mean weight of a label is 1, classes weigh the same together, and a missing one gets 0.")
    variants = {
        "divided-by-zero": wanted,
        "counts-missing-classes": table(lambda c, n: c.sum() / (len(c) * n)),
        "not-scaled": table(lambda c, n: 1.0 / n),
        "share-not-weight": table(lambda c, n: n / c.sum()),
        "classes-forgotten": table(lambda c, n: c.sum() / n),
    }
    name = next((name for name, values in variants.items() if same(values)), None)
    if name is None and not all(np.isfinite(f).all() for f in found):
        name = "divided-by-zero"
    bad = next((i for i in range(len(found)) if not np.allclose(found[i], wanted[i])), 0)
    return not_earned("The weights differ.", expected=show(wanted[bad]), received=show(found[bad]), misconception=name)


_WEIGHTS = Task(
    id="10.3",
    title="weights for rare classes",
    points=1,
    hints=(
        "What is the mean weight of a label, and what should it be?",
        "np.bincount(labels, minlength=num_classes) counts the classes, the missing ones as 0.",
        "len(labels) / (number of classes with a count above 0 * count), and 0.0 where the count is 0",
    ),
    answer_name="class_weights",
    misconceptions={
        "keys-are-no-int": "Keras wants int keys; np.unique gives np.int64, int(c) mends it.",
        "missing-class-left-out": "np.unique knows only classes that occur; np.bincount with minlength knows all.",
        "divided-by-zero": "A class that does not occur gets 0, not infinity.",
        "counts-missing-classes": "k is the number of classes that occur, not num_classes.",
        "not-scaled": "1 / n_c alone makes the loss tiny, as if the learning rate were lower: the mean weight must be 1.",
        "share-not-weight": "That is the share of the class: rare classes would weigh less, not more.",
        "classes-forgotten": "Divide by the number of classes, too.",
    },
    make_case=_weights_case,
    probe=_weights_probe,
    judge=_weights_judge,
)

TASKS = (_COPIES, _SUSPICIOUS, _WEIGHTS)
