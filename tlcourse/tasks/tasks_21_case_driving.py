"""Tasks of lesson 21: a matrix of domains, a randomiser of images and masks, balanced pseudo-labels, abstaining."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 21.1 a matrix of domains


def _matrix_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 5)) * 1.2
    moves = [np.zeros(5), *rng.normal(size=(3, 5)) * 1.5]
    domains: dict[str, Any] = {"train": [], "test": []}
    for part, count in (("train", 60), ("test", 90)):
        for move in moves:
            labels = rng.integers(0, 3, count + int(rng.integers(20)))
            domains[part].append([centres[labels] + move + rng.normal(size=(len(labels), 5)), labels])
    return Case(inputs=domains)


def _nearest_mean(features: Any, labels: Any) -> Any:
    """Fit what the task hands over: the nearest mean of a class."""
    rows, numbers = np.asarray(features), np.asarray(labels)
    means = np.stack([rows[numbers == c].mean(axis=0) for c in range(3)])
    return lambda asked: ((np.asarray(asked)[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)


def _pairs(part: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(features.copy(), labels.copy()) for features, labels in part]


def _matrix_probe(answer: Any, inputs: Any) -> Any:
    result = call(answer, _nearest_mean, _pairs(inputs["train"]), _pairs(inputs["test"]))
    if not isinstance(result, tuple | list) or len(result) != 2:
        return {"pair": False}
    return {"pair": True, "matrix": array_of(result[0], "the matrix"), "price": array_of(result[1], "the price")}


def _accuracies(fitted: Any, tests: Any) -> np.ndarray:
    return np.array([[np.mean(predict(features) == labels) for features, labels in tests] for predict in fitted])


def _prices(matrix: np.ndarray) -> dict[str, np.ndarray]:
    size, diagonal = len(matrix), np.diag(matrix)
    return {
        "right": diagonal - (matrix.sum(axis=0) - diagonal) / (size - 1),
        "by-row": diagonal - (matrix.sum(axis=1) - diagonal) / (size - 1),
        "diagonal-in-mean": diagonal - matrix.mean(axis=0),
        "price-negative": (matrix.sum(axis=0) - diagonal) / (size - 1) - diagonal,
    }


def _matrix_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pair"]:
        return not_earned("Your function did not return two arrays.", expected="matrix, price")
    train, test = case.inputs["train"], case.inputs["test"]
    fitted = [_nearest_mean(*domain) for domain in train]
    wanted, size = _accuracies(fitted, test), len(train)
    matrix = need_array(evidence["matrix"], "the matrix", shape=(size, size))
    price = need_array(evidence["price"], "the price", shape=(size,))
    together = _nearest_mean(*(np.concatenate([domain[i] for domain in train]) for i in (0, 1)))
    wrong = {
        "transposed": wanted.T,
        "tested-on-training": _accuracies(fitted, train),
        "trained-on-test": _accuracies([_nearest_mean(*domain) for domain in test], test),
        "trained-on-all": np.repeat(_accuracies([together], test), size, axis=0),
        "in-percent": 100 * wanted,
        "errors-not-accuracy": 1 - wanted,
    }
    if not np.allclose(matrix, wanted, atol=1e-6):
        place = tuple(int(i) for i in np.argwhere(~np.isclose(matrix, wanted, atol=1e-6))[0])
        return not_earned(
            f"The accuracy of training on domain {place[0]} and testing on domain {place[1]} is another one.",
            expected=show(wanted[place]),
            received=show(matrix[place]),
            misconception=next((name for name, table in wrong.items() if np.allclose(matrix, table, atol=1e-6)), None),
        )
    prices = _prices(wanted)
    if not np.allclose(price, prices["right"], atol=1e-6):
        return not_earned(
            "The matrix is right, the price of a change is not.",
            expected=f"in each column, the diagonal minus the mean of the other entries: {show(prices['right'])}",
            received=show(price),
            misconception=next((name for name, row in prices.items() if np.allclose(price, row, atol=1e-6)), None),
        )
    return earned(f"At home {np.diag(matrix).mean():.2f}, away {matrix[~np.eye(size, dtype=bool)].mean():.2f}.")


_MATRIX = Task(
    id="21.1",
    title="a matrix of domains",
    points=2,
    hints=(
        "One network for each domain, and each network is tested everywhere. How many trainings are that?",
        "Row i is the network trained on domain i. Column j is the test of domain j: prices are compared within a column.",
        "`table.sum(axis=0) - np.diag(table)` sums each column without its diagonal.",
    ),
    answer_name="domain_matrix",
    misconceptions={
        "transposed": "Rows and columns are swapped. Row i is trained on domain i.",
        "tested-on-training": "The networks were tested on the training examples. Use the test examples of each domain.",
        "trained-on-test": "The networks were trained on the test examples.",
        "trained-on-all": "One network was trained on all domains together. Train one for each.",
        "in-percent": "Return shares from 0 to 1.",
        "errors-not-accuracy": "These are errors. Return accuracies.",
        "by-row": "This compares within a row, so over different tests. A column has one test.",
        "diagonal-in-mean": "The mean of the others must not hold the diagonal itself.",
        "price-negative": "The price is positive where the local network is better: diagonal minus the others.",
    },
    make_case=_matrix_case,
    probe=_matrix_probe,
    judge=_matrix_judge,
)

# ---------------------------------------------------------------- 21.2 randomise image and mask

_VOID, _SHIFT, _DRAWS = 255, 6, 24
_COLOURS = np.array([[150, 30, 30], [30, 150, 30], [30, 30, 150], [110, 110, 20], [20, 110, 110]], np.float64)


def _scene_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, len(_COLOURS), (7, 9)).repeat(4, axis=0).repeat(4, axis=1)  # patches of four pixels
    image = _COLOURS[mask] + rng.uniform(-3, 3, (*mask.shape, 3))
    scene = {"image": image.round().astype(np.uint8), "mask": mask.astype(np.uint8), "seed": int(rng.integers(2**31))}
    return Case(inputs=scene)


def _scene_probe(answer: Any, inputs: Any) -> Any:
    rng = np.random.default_rng(inputs["seed"])
    image, mask = inputs["image"].copy(), inputs["mask"].copy()
    images, masks = [], []
    for _ in range(_DRAWS):
        result = call(answer, image, mask, rng)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pairs": False}
        images.append(array_of(result[0], "the image").copy())
        masks.append(array_of(result[1], "the mask").copy())
        if not (np.array_equal(image, inputs["image"]) and np.array_equal(mask, inputs["mask"])):
            return {"pairs": True, "changed": True}
    return {"pairs": True, "changed": False, "images": images, "masks": masks}


def _classes_seen(image: np.ndarray) -> np.ndarray:
    """Read the class of each pixel off its colour, whatever the brightness; black is void."""
    values = image.astype(np.float64)
    brightness = values.sum(axis=-1, keepdims=True)
    shares = values / np.maximum(brightness, 1)
    wanted = _COLOURS / _COLOURS.sum(axis=1, keepdims=True)
    found = ((shares[..., None, :] - wanted) ** 2).sum(axis=-1).argmin(axis=-1)
    return np.where(brightness[..., 0] < 20, _VOID, found)


def _moved(mask: np.ndarray, mirrored: bool, down: int, right: int, *, wrapped: bool = False) -> np.ndarray:
    start = mask[:, ::-1] if mirrored else mask
    if wrapped:
        return np.roll(start, (down, right), (0, 1))
    height, width = mask.shape
    padded = np.pad(start, _SHIFT, constant_values=_VOID)
    return padded[_SHIFT - down : _SHIFT - down + height, _SHIFT - right : _SHIFT - right + width]


_STEPS = range(-_SHIFT, _SHIFT + 1)
_MOVES = [(mirrored, down, right) for mirrored in (False, True) for down in _STEPS for right in _STEPS]


def _moves_of(many: list[np.ndarray], mask: np.ndarray, *, wrapped: bool = False) -> list[tuple[float, bool, int, int]]:
    """Return for each mask the move that explains it best, after the share of pixels that agree."""
    tried = np.stack([_moved(mask, *move, wrapped=wrapped) for move in _MOVES]).reshape(len(_MOVES), -1).astype(np.uint8)
    shares = [(tried == one.ravel().astype(np.uint8)).mean(axis=1) for one in many]
    return [(float(share.max()), *_MOVES[int(share.argmax())]) for share in shares]


def _scene_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return an image and a mask.", expected="image, mask")
    if evidence["changed"]:
        return not_earned("Your function changed the arrays that it was given.", misconception="changes-input")
    image, mask = case.inputs["image"], case.inputs["mask"]
    images = [need_array(one, "the image", shape=image.shape) for one in evidence["images"]]
    masks = [need_array(one, "the mask", shape=mask.shape, kinds="iu").astype(np.int64) for one in evidence["masks"]]
    if any(one.dtype != np.uint8 for one in images):
        return not_earned("The image is not uint8.", expected="uint8, 0 to 255", received=str(images[0].dtype))
    strange = sorted({int(v) for one in masks for v in np.unique(one)} - {*np.unique(mask).tolist(), _VOID})
    if strange:
        return not_earned(
            "The mask holds values that are no classes.",
            expected=f"{show(np.unique(mask))}, and {_VOID} for void",
            received=show(np.array(strange)),
            misconception="mask-relit",
        )
    seen = [_classes_seen(one) for one in images]
    overlaps = np.array([np.mean(a == b) for a, b in zip(seen, masks, strict=True)])
    if overlaps.min() < 0.99:
        return _scene_fault(mask, seen, masks, overlaps)
    moves = _moves_of(seen, mask)
    if min(move[0] for move in moves) < 0.99:
        wrapped = min(move[0] for move in _moves_of(seen, mask, wrapped=True)) > 0.99
        return not_earned(
            "Image and mask agree, but they are not the scene mirrored and moved.",
            expected=f"pixels that come from outside are 0 in the image and {_VOID} in the mask",
            received="pixels from the other side" if wrapped else f"{moves[0][0]:.0%} of the pixels where a move puts them",
            misconception="wraps-around" if wrapped else None,
        )
    return _scene_variety(image, images, moves)


def _scene_fault(mask: np.ndarray, seen: list[np.ndarray], masks: list[np.ndarray], overlaps: np.ndarray) -> Verdict:
    """Name why image and mask do not agree."""
    name = None
    still = all(np.array_equal(one, mask) for one in masks)
    of_images, of_masks = (_moves_of(many, mask) for many in (seen, masks))
    if still:
        name = "mask-not-moved"
    elif any(np.mean(one[masks[i] != _VOID] == masks[i][masks[i] != _VOID]) < 0.6 for i, one in enumerate(seen)) and all(
        a[0] > 0.99 and b[0] > 0.99 for a, b in zip(of_images, of_masks, strict=True)
    ):
        same_mirror = all(a[1] == b[1] for a, b in zip(of_images, of_masks, strict=True))
        same_shift = all(a[2:] == b[2:] for a, b in zip(of_images, of_masks, strict=True))
        name = "mirrored-apart" if same_shift and not same_mirror else "two-draws"
    elif min(move[0] for move in of_images) > 0.99 and not any((one == _VOID).any() for one in masks):
        name = "void-forgotten"
    elif all(move[0] > 0.99 for move in of_masks):
        name = "overflow"
    return not_earned(
        "The mask does not say what the image shows.",
        expected="the same class in both, at least 99 % of the pixels",
        received=f"{overlaps.min():.0%} in one of {len(overlaps)} draws",
        misconception=name,
    )


def _scene_variety(image: np.ndarray, images: list[np.ndarray], moves: list[tuple[float, bool, int, int]]) -> Verdict:
    """Look whether everything varies that has to."""
    whole = image.astype(np.float64)
    light = []
    for one, (_, mirrored, down, right) in zip(images, moves, strict=True):
        before = np.stack([_moved(whole[..., c], mirrored, down, right) for c in range(3)], axis=-1)
        there = one.sum(axis=-1) > 20
        light.append(one[there].mean() / before[there].mean())
    turned = sum(move[1] for move in moves)
    if len({move[2:] for move in moves}) < 4:
        return not_earned(
            "The scene hardly moves.", expected=f"up to {_SHIFT} pixels in each direction", misconception="does-not-move"
        )
    if not 0 < turned < len(moves):
        return not_earned(
            f"{turned} of {len(moves)} images are mirrored.", expected="about every second one", misconception="mirror-fixed"
        )
    if np.ptp(light) < 0.1:
        return not_earned(
            "The brightness hardly varies.",
            expected="factors from 0.5 to 1.5",
            received=f"{min(light):.2f} to {max(light):.2f}",
            misconception="light-fixed",
        )
    if min(light) < 0.45 or max(light) > 1.55:
        return not_earned(
            "The brightness leaves its range.",
            expected="factors from 0.5 to 1.5",
            received=f"{min(light):.2f} to {max(light):.2f}",
        )
    return earned("Image and mask move together, and the light changes the image only.")


_SCENE = Task(
    id="21.2",
    title="randomise image and mask",
    points=2,
    hints=(
        "Draw each random number once. Which of them does the mask need too?",
        "Mirror with `[:, ::-1]`. Pad with `np.pad` (0 or 255) by 6 on each side, then cut out a window for both.",
        "`np.clip(x.astype(float) * 1.3, 0, 255).astype('uint8')` brightens without overflow.",
    ),
    answer_name="randomise",
    misconceptions={
        "mask-not-moved": "The image moves and its mask stays. Nothing reports this error: all shapes fit.",
        "two-draws": "Image and mask are moved by different random numbers. Draw once, use twice.",
        "mirrored-apart": "Image and mask are not mirrored together. Draw once, use twice.",
        "mask-relit": "The mask was treated like an image. It holds class numbers: nothing may be multiplied or mixed.",
        "wraps-around": "`np.roll` brings pixels back on the other side. What comes from outside is void.",
        "void-forgotten": "Pixels from outside have no class. Give them 255 in the mask.",
        "overflow": "uint8 overflows: 200 * 1.5 becomes 44. Multiply as floats and clip.",
        "does-not-move": "Draw the shift with `rng`, in both directions.",
        "mirror-fixed": "Mirror with probability 1/2, by `rng`.",
        "light-fixed": "Multiply the image by a random factor.",
        "changes-input": "The arrays of the caller were changed. Work on copies.",
    },
    make_case=_scene_case,
    probe=_scene_probe,
    judge=_scene_judge,
)

# ---------------------------------------------------------------- 21.3 balanced pseudo-labels


def _pseudo_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, 1200, p=(0.55, 0.28, 0.12, 0.05))
    scores = (
        rng.normal(size=(1200, 4)) + 2.2 * np.eye(4)[truth] * rng.uniform(0.4, 1.8, (1200, 1)) + np.log((0.5, 0.3, 0.15, 0.1))
    )
    values = np.exp(1.3 * scores)
    return Case(
        inputs={"probabilities": values / values.sum(axis=1, keepdims=True), "shares": [0.9, 0.3, 0.1]}, secret={"truth": truth}
    )


def _pseudo_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for share in inputs["shares"]:
        result = call(answer, inputs["probabilities"].copy(), share)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pairs": False, "found": []}
        found.append([array_of(result[0], "the positions"), array_of(result[1], "the pseudo-labels")])
    return {"pairs": True, "found": found}


def _kept(values: np.ndarray, share: float, *, rule: str = "right") -> set[int]:
    predicted, confidence = values.argmax(axis=1), values.max(axis=1)
    order = -confidence if rule != "least-confident" else confidence
    if rule == "one-threshold":
        return set(np.argsort(order)[: int(np.ceil(share * len(values) - 1e-9))].tolist())
    if rule == "share-as-threshold":
        return set(np.flatnonzero(confidence >= share).tolist())
    if rule == "one-minus-share":
        return set(np.flatnonzero(confidence >= 1 - share).tolist())
    groups = [np.flatnonzero(predicted == label) for label in range(values.shape[1])]
    counts = [int(np.ceil(share * len(rows) - 1e-9)) for rows in groups]
    if rule == "same-number":
        counts = [int(np.ceil(share * len(values) / values.shape[1] - 1e-9))] * len(groups)
    if rule == "rounded-down":
        counts = [int(share * len(rows) + 1e-9) for rows in groups]
    return {int(i) for rows, count in zip(groups, counts, strict=True) for i in rows[np.argsort(order[rows])[:count]]}


_PSEUDO_RULES = (
    "one-threshold",
    "share-as-threshold",
    "one-minus-share",
    "least-confident",
    "same-number",
    "rounded-down",
)


def _pseudo_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return two arrays.", expected="positions, pseudo_labels")
    values, shares, truth = case.inputs["probabilities"], case.inputs["shares"], case.secret["truth"]
    predicted = values.argmax(axis=1)
    kept, precision = [], []
    for positions, labels in evidence["found"]:
        where = need_array(positions, "the positions", shape=(None,), kinds="iu").astype(np.int64)
        named = need_array(labels, "the pseudo-labels", shape=(None,), kinds="iu").astype(np.int64)
        if len(where) != len(named):
            received = f"{len(where)} positions, {len(named)} labels"
            all_rows = len(named) == len(values)
            return not_earned(
                "Positions and pseudo-labels are not equally many.",
                expected="one label for each kept row",
                received=received,
                misconception="labels-of-all" if all_rows else None,
            )
        if len(where) and not 0 <= where.min() <= where.max() < len(values):
            return not_earned("A position is no row.", expected=f"0 to {len(values) - 1}", received=show(where))
        if len(set(where.tolist())) < len(where):
            return not_earned("A row was kept twice.", expected="each row at most once", received=show(np.sort(where)))
        kept.append(set(where.tolist()))
        if not np.array_equal(named, predicted[where]):
            return not_earned(
                "A pseudo-label is not what the network predicts for its row.",
                expected=show(predicted[where]),
                received=show(named),
                misconception="labels-do-not-match",
            )
        precision.append(float(np.mean(predicted[where] == truth[where])) if len(where) else 0.0)
    wanted = [_kept(values, share) for share in shares]
    if kept == wanted:
        return earned("Of the kept labels " + ", ".join(f"{p:.0%}" for p in precision) + " are right: fewer and better.")
    bad = next(i for i, share in enumerate(shares) if kept[i] != wanted[i])
    counts = [np.bincount(predicted[sorted(rows)], minlength=4) for rows in (wanted[bad], kept[bad])]
    rules = [rule for rule in _PSEUDO_RULES if kept == [_kept(values, share, rule=rule) for share in shares]]
    return not_earned(
        f"With share {shares[bad]} other rows are kept.",
        expected=f"of each predicted class its most confident rows, {show(counts[0])} of the classes 0 to 3",
        received=f"{show(counts[1])}, and {len(wanted[bad] & kept[bad])} rows are in both",
        misconception=rules[0] if rules else None,
    )


_PSEUDO = Task(
    id="21.3",
    title="balanced pseudo-labels",
    points=2,
    hints=(
        "What would one threshold for all classes do to a class of which the network is never sure?",
        "For each predicted class: its rows, sorted by confidence, and the first `ceil(share * number)` of them.",
        "`order = np.argsort(-heights[women])` sorts a part; `women[order[:3]]` leads back to the whole.",
    ),
    answer_name="balanced",
    misconceptions={
        "one-threshold": "The most confident rows of all classes together were kept. Each predicted class keeps its own share.",
        "share-as-threshold": "`share` was used as a threshold on the confidence. It is the share of rows to keep.",
        "one-minus-share": "`1 - share` was used as a threshold on the confidence. It is a share of rows.",
        "least-confident": "The least confident rows were kept. Sort in the other direction.",
        "same-number": "Every class keeps the same number. It should keep the same share of its own rows.",
        "rounded-down": "Numbers are rounded up, so no class is lost.",
        "labels-of-all": "These are the labels of all rows. Return those of the kept ones.",
        "labels-do-not-match": "The label at place i must be the prediction for the row at place i.",
    },
    make_case=_pseudo_case,
    probe=_pseudo_probe,
    judge=_pseudo_judge,
)

# ---------------------------------------------------------------- 21.4 abstain


def _abstain_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for count, coverage in ((200, 0.8), (333, 0.5), (90, 0.95)):
        confidence = rng.permutation(np.linspace(0.3, 0.999, count) + rng.uniform(0, 1e-4, count))  # no two are equal
        rows.append({"confidence": confidence, "correct": rng.random(count) < confidence, "coverage": coverage})
    return Case(inputs={"rows": rows})


def _abstain_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for row in inputs["rows"]:
        result = call(answer, row["confidence"].copy(), row["correct"].copy(), row["coverage"])
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pairs": False, "found": []}
        found.append([array_of(result[0], "the threshold").item(0), array_of(result[1], "the risk").item(0)])
    return {"pairs": True, "found": found}


def _abstained(row: Any, rule: str = "right") -> tuple[float, float]:
    confidence, correct = row["confidence"], row["correct"]
    count = int(np.ceil(row["coverage"] * len(confidence) - 1e-9))
    order = np.argsort(-confidence)
    if rule == "least-confident":
        order = order[::-1]
    if rule == "coverage-swapped":
        count = len(confidence) - count
    answered = order[:count]
    risk = float(np.mean(~correct[answered]))
    if rule == "divided-by-all":
        risk = float(np.sum(~correct[answered]) / len(confidence))
    if rule == "accuracy-not-risk":
        risk = 1 - risk
    if rule == "risk-of-left":
        risk = float(np.mean(~correct[order[count:]]))
    if rule == "risk-of-all":
        risk = float(np.mean(~correct))
    if rule == "coverage-as-threshold":
        answered = confidence >= row["coverage"]
        return float(row["coverage"]), float(np.mean(~correct[answered]))
    return float(confidence[order[count - 1]]), risk


_ABSTAIN_RULES = (
    "least-confident",
    "coverage-swapped",
    "divided-by-all",
    "accuracy-not-risk",
    "risk-of-left",
    "risk-of-all",
    "coverage-as-threshold",
)


def _abstain_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pairs"]:
        return not_earned("Your function did not return two numbers.", expected="threshold, risk")
    rows = case.inputs["rows"]
    found = np.array([[need_number(pair[0], "the threshold"), need_number(pair[1], "the risk")] for pair in evidence["found"]])
    wanted = np.array([_abstained(row) for row in rows])
    if np.allclose(found, wanted, atol=1e-9):
        return earned("The least confident answers are left to somebody else, and the risk is that of the others.")
    bad = int(np.flatnonzero(~np.isclose(found, wanted, atol=1e-9).all(axis=1))[0])
    tables = {rule: np.array([_abstained(row, rule) for row in rows]) for rule in _ABSTAIN_RULES}
    return not_earned(
        f"Threshold or risk is another one for {len(rows[bad]['confidence'])} answers and coverage {rows[bad]['coverage']}.",
        expected=f"threshold {wanted[bad, 0]:.5f}, risk {wanted[bad, 1]:.4f}",
        received=f"threshold {found[bad, 0]:.5f}, risk {found[bad, 1]:.4f}",
        misconception=next((name for name, table in tables.items() if np.allclose(found, table, atol=1e-9)), None),
    )


_ABSTAIN = Task(
    id="21.4",
    title="abstain",
    points=1,
    hints=(
        "Which answers are given: the confident ones or the others? And over which of them is the risk a share?",
        "Sort by confidence, the largest first, and take `ceil(coverage * n)`. The last of them has the threshold.",
        "`np.argsort(-prices)[:3]` are the places of the three highest prices.",
    ),
    answer_name="abstain",
    misconceptions={
        "least-confident": "The least confident answers were given. Those are the ones to leave out.",
        "coverage-swapped": "`coverage` is the share that is answered, not the share that is left out.",
        "divided-by-all": "The risk is the share of errors among the answered, not among all.",
        "accuracy-not-risk": "This is the share of right answers. The risk is the share of errors.",
        "risk-of-left": "This is the risk of what was left out.",
        "risk-of-all": "This is the risk of all. Only the answered count.",
        "coverage-as-threshold": "`coverage` was used as a threshold on the confidence. It is a share of the answers.",
    },
    make_case=_abstain_case,
    probe=_abstain_probe,
    judge=_abstain_judge,
)

TASKS = (_MATRIX, _SCENE, _PSEUDO, _ABSTAIN)
