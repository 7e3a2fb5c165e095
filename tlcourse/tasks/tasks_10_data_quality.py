"""Tasks of lesson 10: drop copies, find suspicious labels out of fold, weights against class imbalance."""

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
    drawn: list[np.ndarray] = [*originals[:6]]
    first = dict(enumerate(range(6)))  # original -> position of its first image
    owners = list(range(6))
    dropped = []
    for kind in rng.permutation(
        ["same", "brighter", "darker", "noisy", "noisy", "again", "new", "new", "new", "new", "new", "new"]
    ):
        position = len(drawn)
        if kind == "new":
            owner = len(first)
            first[owner] = position
            drawn.append(originals[owner])
        else:
            owner = 0 if kind in ("again", "same") else int(rng.integers(len(first)))  # at least one has two copies
            drawn.append(_changed(originals[owner], str(kind), rng))
            dropped.append(position)
        owners.append(owner)
    images = np.clip(np.stack(drawn), 0, 255)
    edge, edge_limit, edge_drop = _at_the_edge(rng)
    return Case(
        inputs={"images": images, "limit": _LIMIT, "edge": edge, "edge_limit": edge_limit},
        secret={"drop": dropped, "owners": owners, "edge_drop": edge_drop},
    )


def _at_the_edge(rng: np.random.Generator) -> tuple[np.ndarray, int, list[int]]:
    """Images with another limit; some differ from an earlier one in exactly as many places as it, some in one more.

    Returns the images, the limit, and the positions that are copies.
    """
    limit = int(rng.choice([3, 4, 9, 10]))
    prints = [rng.random((8, 8)) < 0.5 for _ in range(5)]
    beyond = rng.permutation([-1, 0, 0, 1, 1])  # places that differ, beyond the limit
    for owner, more in enumerate(beyond):
        flipped = prints[owner].copy().ravel()
        flipped[rng.choice(64, limit + more, replace=False)] ^= True
        prints.append(flipped.reshape(8, 8))
    steps = [np.where(bits, 1.0, -1.0) * rng.uniform(5, 12, (8, 8)) for bits in prints]
    coarse = [128.0 + np.concatenate([np.zeros((8, 1)), rows.cumsum(axis=1)], axis=1) for rows in steps]
    return (
        np.stack([np.kron(image, np.ones((4, 4))) for image in coarse]),
        limit,
        [5 + int(i) for i in np.flatnonzero(beyond <= 0)],
    )


def _landscape(rng: np.random.Generator) -> np.ndarray:
    coarse = rng.uniform(60, 190, (8, 9))
    return np.kron(coarse, np.ones((4, 4)))


def _changed(image: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    shift = {"brighter": 25.0, "darker": -25.0}.get(kind, 0.0)
    noise = rng.normal(0, 6, image.shape) if kind in ("noisy", "again") else 0.0
    return image + shift + noise


def _copies_probe(answer: Any, inputs: Any) -> Any:
    return {
        "drop": array_of(call(answer, inputs["images"].copy(), inputs["limit"]), "the positions"),
        "edge_drop": array_of(call(answer, inputs["edge"].copy(), inputs["edge_limit"]), "the positions"),
    }


def _copies_judge(case: Case, evidence: Any) -> Verdict:
    wanted, owners = case.secret["drop"], case.secret["owners"]
    found = need_array(evidence["drop"], "the positions", shape=(None,), kinds="iuf" if not len(evidence["drop"]) else "iu")
    got = [int(i) for i in found]
    if got == wanted:
        return _judge_edge(case, evidence)
    if len(set(got)) != len(got):
        return not_earned("A position is named more than once.", received=show(got), misconception="named-twice")
    if any(i < 0 or i >= len(owners) for i in got):
        return not_earned("A position is outside the array.", expected=f"positions 0 to {len(owners) - 1}", received=show(got))
    kept = [owners[i] for i in range(len(owners)) if i not in got]
    lost = sorted(set(owners) - set(kept))
    if lost:
        both = all(owners.count(gone) > 1 for gone in lost)
        name: str | None = "drops-the-original-too" if both else "drops-what-is-no-copy"
        if got == _same_sum(case.inputs["images"]):
            name = "sums-compared"
        places = [i for i, owner in enumerate(owners) if owner == lost[0]]
        return not_earned(
            f"Of {len(lost)} different images nothing is left, such as the one at {places}.",
            expected="one of each stays",
            received=f"dropped: {show(got)}",
            misconception=name,
        )
    if sorted(got) == wanted:
        return not_earned("The positions are not in rising order.", expected=show(wanted), received=show(got))
    if len(kept) > len(set(kept)):
        exact = {i for i in wanted if any(np.array_equal(case.inputs["images"][i], case.inputs["images"][k]) for k in range(i))}
        name = "only-identical" if set(got) == exact else None
        return not_earned("Copies are left over.", expected=show(wanted), received=show(got), misconception=name)
    last = [i for i, owner in enumerate(owners) if owner in owners[i + 1 :]]
    return not_earned(
        "One of each stays, but not always the first.",
        expected=show(wanted),
        received=show(got),
        misconception="keeps-the-last" if sorted(got) == last else None,
    )


def _judge_edge(case: Case, evidence: Any) -> Verdict:
    """Judge the answer on images whose fingerprints differ in about as many places as the limit allows."""
    found = evidence["edge_drop"]
    got = [int(i) for i in need_array(found, "the positions", shape=(None,), kinds="iuf" if not len(found) else "iu")]
    limit, wanted = case.inputs["edge_limit"], case.secret["edge_drop"]
    if got == wanted:
        return earned("The first of each stays, only copies were dropped, and `limit` counts.")
    name = None
    if got == _copies_of(case.inputs["edge"], _LIMIT):
        name = "limit-ignored"
    elif got == _copies_of(case.inputs["edge"], limit - 1):
        name = "less-than-limit"
    return not_earned(
        f"With limit={limit}, images that differ from an earlier one in exactly {limit} places are copies, in {limit + 1} they are not.",
        expected=show(wanted),
        received=show(got),
        misconception=name,
    )


def _copies_of(images: np.ndarray, limit: int) -> list[int]:
    """Return the positions whose fingerprint differs from that of an image that stays in at most `limit` places."""
    small = images.reshape(len(images), 8, images.shape[1] // 8, 9, images.shape[2] // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(len(images), 64)
    kept: list[int] = []
    for i in range(len(prints)):
        if not any((prints[i] != prints[k]).sum() <= limit for k in kept):
            kept.append(i)
    return [i for i in range(len(prints)) if i not in kept]


def _same_sum(images: np.ndarray) -> list[int]:
    """Which images have a fingerprint with nearly as many ones as that of an earlier image."""
    small = images.reshape(len(images), 8, images.shape[1] // 8, 9, images.shape[2] // 9).mean(axis=(2, 4))
    sums = (small[:, :, 1:] > small[:, :, :-1]).sum(axis=(1, 2))
    return [i for i in range(len(sums)) if np.any(np.abs(sums[:i] - sums[i]) <= _LIMIT)]


_COPIES = Task(
    id="10.1",
    title="throw out the copies",
    points=2,
    hints=(
        "Which images is a new image compared with: all others, or those that stay?",
        "`images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))` shrinks all images at once.",
        "Keep a list of the positions that stay. `(a != b).sum()` counts the places in which two fingerprints differ.",
    ),
    answer_name="copies_to_drop",
    misconceptions={
        "only-identical": "Only exact copies were found. Compare fingerprints, not pixels.",
        "drops-the-original-too": "Both the copy and its original were dropped: one has to stay.",
        "drops-what-is-no-copy": "An image was dropped that has no copy.",
        "sums-compared": "The sums of the fingerprints were compared. Compare the fingerprints place by place.",
        "keeps-the-last": "The first of equal images stays, the later ones go.",
        "named-twice": "Each position is named at most once.",
        "limit-ignored": "`limit` was not used: a fixed number stands in its place.",
        "less-than-limit": "At most `limit` places may differ: `<=`, not `<`.",
    },
    make_case=_copies_case,
    probe=_copies_probe,
    judge=_copies_judge,
)

# ---------------------------------------------------------------- 10.2 suspicious labels


def _suspicious_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(150) % 3)
    features = rng.normal(size=(150, 400))  # more columns than examples: a classifier memorizes every label
    features[np.arange(150), truth] += 8.0
    labels = truth.copy()
    # spread over the whole array, as many even positions as odd ones: who judges only a part finds only a part
    flipped = 8 * np.arange(18) + 2 * rng.integers(0, 4, 18) + np.arange(18) % 2
    labels[flipped] = (truth[flipped] + rng.integers(1, 3, 18)) % 3
    return Case(inputs={"features": features, "labels": labels}, secret={"flipped": flipped})


def _contradicted(inputs: Any, *, in_fold: bool = False) -> np.ndarray:
    """Return for each label whether a logistic regression predicts another class, in five folds or trained on it."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    model, features, labels = LogisticRegression(max_iter=1000), inputs["features"], inputs["labels"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = (
            model.fit(features, labels).predict(features) if in_fold else cross_val_predict(model, features, labels, cv=5)
        )
    return predicted != labels


def _first_folds(labels: np.ndarray) -> list[set[int]]:
    from sklearn.model_selection import StratifiedKFold

    return [set(test.tolist()) for _, test in StratifiedKFold(5).split(labels[:, None], labels)]


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
            expected="only the positions of the contradicted labels",
            received=show(found),
            misconception="not-positions",
        )
    named = set(found.tolist())
    if len(named) != len(found) or not named <= set(range(count)):
        return not_earned("A position is outside the array or named twice.", received=show(found))
    hits = len(named & flipped)
    expected = f"most of the {len(flipped)} labels that we had changed, and few others"
    received = f"{len(named)} positions, {hits} of them changed labels"
    honest = set(np.flatnonzero(_contradicted(case.inputs)).tolist())
    agreed = set(range(count)) - honest
    if len(named) > 2 * len(flipped):
        name = "named-the-agreed" if len(named ^ agreed) < 0.1 * count else "all-positions" if len(named) == count else None
        return not_earned("Far too many labels were named.", expected=expected, received=received, misconception=name)
    if hits < 0.8 * len(flipped):
        if named == set(np.flatnonzero(_contradicted(case.inputs, in_fold=True)).tolist()):
            name = "in-fold"
        else:
            name = "one-fold" if any(named == honest & fold for fold in _first_folds(case.inputs["labels"])) else None
        return not_earned("Too few of the changed labels were found.", expected=expected, received=received, misconception=name)
    return earned(
        f"Judged by classifiers that had not seen them: {hits} of {len(flipped)} changed labels, {len(named) - hits} others."
    )


_SUSPICIOUS = Task(
    id="10.2",
    title="which labels does a classifier contradict?",
    points=2,
    hints=(
        "A classifier was trained on a wrong label. What does it predict for that example?",
        "`cross_val_predict(LogisticRegression(max_iter=1000), ..., cv=5)` predicts each example with a classifier trained without it.",
        "Compare the predictions with `labels`. `np.flatnonzero` turns the comparison into positions.",
    ),
    answer_name="contradicted",
    misconceptions={
        "in-fold": "The classifier was trained on the labels that it judges, and memorized the wrong ones: use `cross_val_predict`.",
        "not-positions": "Return positions, such as `np.flatnonzero(mask)`, not a value for every example.",
        "named-the-agreed": "These are labels with which the classifier agrees.",
        "all-positions": "All labels were named. Name a label only where another class is predicted.",
        "one-fold": "Only the labels of one fold were judged; each label has to be judged.",
    },
    make_case=_suspicious_case,
    probe=_suspicious_probe,
    judge=_suspicious_judge,
)

# ---------------------------------------------------------------- 10.3 weights against class imbalance


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
        text = "The keys are not of type int." if evidence["keys"] else "Your function did not return a dict."
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
        return earned("The mean weight of a label is 1, all classes have the same total weight, and a missing one gets 0.")
    variants = {
        "divided-by-zero": wanted,
        "counts-missing-classes": table(lambda c, n: c.sum() / (len(c) * n)),
        "not-scaled": table(lambda c, n: 1.0 / n),
        "share-not-weight": table(lambda c, n: n / c.sum()),
        "classes-forgotten": table(lambda c, n: c.sum() / n),
    }
    name = next((name for name, values in variants.items() if same(values)), None)
    if name is None and all(np.array_equal(~np.isfinite(f), c == 0) for f, c in zip(found, counts, strict=True)):
        name = "divided-by-zero"
    wrong = [i for i in range(len(found)) if not np.allclose(found[i], wanted[i])]
    bad = min(wrong, key=lambda i: counts[i].sum())
    return not_earned(
        f"The weights differ for {counts[bad].tolist()} labels of the classes.",
        expected=show(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_WEIGHTS = Task(
    id="10.3",
    title="weights against class imbalance",
    points=1,
    hints=(
        "What is the mean weight of a label, and what should it be?",
        "`np.bincount(labels, minlength=num_classes)` counts the classes, the missing ones as 0.",
        "k is `(counts > 0).sum()`. Loop over `enumerate(counts.tolist())`, whose numbers are of type `int`.",
    ),
    answer_name="class_weights",
    misconceptions={
        "keys-are-no-int": "Keras wants keys of type `int`; NumPy gives `np.int64`. `int(c)` converts it.",
        "missing-class-left-out": "`np.unique` returns only classes that occur; `np.bincount` with `minlength` counts all.",
        "divided-by-zero": "A class that does not occur gets 0, not infinity.",
        "counts-missing-classes": "k is the number of classes that occur, not `num_classes`.",
        "not-scaled": "These are the weights 1 / n_c. They make the loss tiny: the mean weight of a label must be 1.",
        "share-not-weight": "That is the share of the class: small classes would get less weight, not more.",
        "classes-forgotten": "Divide by the number of classes, too.",
    },
    make_case=_weights_case,
    probe=_weights_probe,
    judge=_weights_judge,
)

TASKS = (_COPIES, _SUSPICIOUS, _WEIGHTS)
