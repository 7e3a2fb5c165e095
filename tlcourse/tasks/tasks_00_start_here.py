"""Tasks of lesson 00: splits that do not leak, intervals that cover, predictions in the order of their labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 0.1 group-disjoint splitter


def _groups_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    plants = rng.permutation(np.arange(1000, 2000))[:60]  # numbers of plants, never usable as positions
    groups = rng.permutation(np.repeat(plants, rng.integers(2, 6, size=60)))
    return Case(inputs={"groups": groups, "test_fraction": float(rng.choice([0.25, 0.3])), "seeds": [3, 3, 4]})


def _groups_probe(answer: Any, inputs: Any) -> Any:
    splits = []
    for seed in inputs["seeds"]:
        result = call(answer, inputs["groups"].copy(), inputs["test_fraction"], seed)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pair": False}
        splits.append([array_of(result[0], "the training positions"), array_of(result[1], "the test positions")])
    return {"pair": True, "splits": splits}


def _groups_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pair"]:
        return not_earned("Your function did not return two things.", expected="(train_positions, test_positions)")
    groups, fraction = case.inputs["groups"], case.inputs["test_fraction"]
    for train, test in evidence["splits"]:
        train = need_array(train, "the training positions", shape=(None,), kinds="iu")
        test = need_array(test, "the test positions", shape=(None,), kinds="iu")
        both = np.concatenate([train, test])
        seen, times = np.unique(both, return_counts=True)
        if both.size and np.isin(both, groups).all():
            return not_earned(
                "The numbers returned are plants, not positions of images.",
                expected=f"positions from 0 to {len(groups) - 1}",
                received=show(both[:5]),
                misconception="groups-instead-of-positions",
            )
        if both.size and (both.min() < 0 or both.max() >= len(groups)):
            return not_earned(
                "Some positions are outside the data.", expected=f"0 to {len(groups) - 1}", received=show(both[:5])
            )
        if (times > 1).any():
            return not_earned(
                f"{np.sum(times > 1)} positions are returned more than once.",
                expected="each image once, on one of the two sides",
                received=f"position {seen[times > 1][0]}: {times[times > 1][0]} times",
                misconception="images-counted-twice",
            )
        shared = np.intersect1d(groups[train], groups[test])
        if shared.size:
            plant = shared[0]
            one, other = (positions[groups[positions] == plant] for positions in (train, test))
            return not_earned(
                f"{shared.size} plants have images on both sides.",
                expected="no plant on both sides",
                received=f"plant {plant}: positions {show(one)} for training, {show(other)} for testing",
                misconception="split-by-image" if shared.size > np.unique(groups).size / 4 else None,
            )
        if seen.size != len(groups):
            lost = np.setdiff1d(np.arange(len(groups)), both)
            return not_earned(
                f"{lost.size} of {len(groups)} images are on neither side.",
                expected="each image once, on one of the two sides",
                received=f"position {lost[0]} is missing",
                misconception="images-lost",
            )
        share = test.size / len(groups)
        if abs(share - (1 - fraction)) < 0.1:
            return not_earned(
                "The large side is the test set.",
                expected=f"about {fraction:.0%} of the images in the test set",
                received=f"{share:.0%}",
                misconception="sides-swapped",
            )
        if abs(share - fraction) > 0.1:
            return not_earned(
                "The test set has the wrong size.",
                expected=f"about {fraction:.0%} of the images (10 points more or less are fine)",
                received=f"{share:.0%}",
                misconception="wrong-size",
            )
    first, again, other = (set(test.tolist()) for _, test in evidence["splits"])
    if first != again:
        return not_earned("The same seed gave two different splits.", misconception="not-repeatable")
    if first == other:
        return not_earned("Two different seeds gave the same split.", misconception="seed-ignored")
    return earned("No plant is on both sides, no image is lost, and the seed decides.")


_SPLIT = Task(
    id="0.1",
    title="a split that keeps each plant on one side",
    points=2,
    hints=(
        "Which thing do you have to draw at random here: images, or plants?",
        "List the plants with `np.unique(groups)`, shuffle that list with a seeded generator, and cut the list. "
        "`np.isin(groups, some_plants)` then says for each image whether its plant is among them.",
        "An example: `np.isin([7, 7, 3], [7])` is `[True, True, False]`, and `np.flatnonzero` turns that into positions, `[0, 1]`. "
        "`~` in front of the first gives the images of all other plants.",
    ),
    answer_name="group_split",
    misconceptions={
        "split-by-image": "Many plants have images on both sides, as when images are drawn one by one: the test set leaks.",
        "groups-instead-of-positions": "The plants were split, but the images that belong to them were not looked up.",
        "images-lost": "Every image belongs to one side; none may be lost.",
        "images-counted-twice": "Every image belongs to one side; none may be counted twice.",
        "sides-swapped": "`test_fraction` is the share of the test set, and the training positions come first.",
        "wrong-size": "`test_fraction` is a share of all images. Whole plants reach it approximately.",
        "not-repeatable": "The split is not determined by `seed`, so nobody can repeat it. Make the generator from `seed`.",
        "seed-ignored": "The split does not depend on `seed`: two seeds give the same one.",
    },
    make_case=_groups_case,
    probe=_groups_probe,
    judge=_groups_judge,
)

# ---------------------------------------------------------------- 0.2 bootstrap interval

_LEVELS = (0.6, 0.8)
_RESAMPLES = 200
_NORMAL_HALF_WIDTHS = np.array([0.8416, 1.2816])  # of the standard normal distribution, at those two levels
_RATIOS_OF_WHOLE_TAILS = np.array([0.2533, 0.8416]) / _NORMAL_HALF_WIDTHS  # 1 - confidence cut off at each end, not half of it


def _interval_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    mean = float(rng.uniform(2.0, 20.0))
    draws = rng.gamma(shape=4.0, scale=mean / 4.0, size=(400, 40))  # a skewed distribution with exactly this mean
    return Case(inputs={"draws": draws, "levels": list(_LEVELS), "resamples": _RESAMPLES}, secret={"mean": mean})


def _interval_probe(answer: Any, inputs: Any) -> Any:
    draws, resamples = inputs["draws"], inputs["resamples"]
    intervals = [
        [array_of(call(answer, draw.copy(), level, resamples, number), "the interval") for number, draw in enumerate(draws)]
        for level in inputs["levels"]
    ]
    repeats = [array_of(call(answer, draws[0].copy(), inputs["levels"][0], resamples, seed), "the interval") for seed in (0, 1)]
    return {"intervals": intervals, "repeats": repeats}


def _interval_judge(case: Case, evidence: Any) -> Verdict:
    draws, mean = case.inputs["draws"], case.secret["mean"]
    shape = (len(_LEVELS), len(draws), 2)
    intervals = need_array(evidence["intervals"], "the interval", shape=shape)
    same_seed, other_seed = need_array(evidence["repeats"], "the interval", shape=(2, 2))
    low, high = intervals[..., 0], intervals[..., 1]
    if not np.isfinite(intervals).all() or (low > high).any():
        return not_earned(
            "Some results are not intervals.", expected="(low, high) with low <= high", received=show(intervals[0, 0])
        )
    covered = ((low <= mean) & (mean <= high)).mean(axis=1)  # (levels,)
    misconception = _why_not_covered(draws, high - low)
    expected = " and ".join(f"about {level:.0%}" for level in _LEVELS)
    if (np.abs(covered - _LEVELS) > 0.12).any() or misconception is not None:
        return not_earned(
            f"Out of {len(draws)} samples, the share whose interval holds the true mean is not what was asked for.",
            expected=f"{expected} (12 points more or less are fine)",
            received=" and ".join(f"{share:.0%}" for share in covered),
            misconception=misconception,
        )
    if not np.array_equal(same_seed, intervals[0, 0]):
        return not_earned("The same seed gave two different intervals.", misconception="not-repeatable")
    if np.array_equal(same_seed, other_seed):
        return not_earned("Two different seeds gave exactly the same interval.", misconception="seed-ignored")
    return earned(f"The intervals hold the true mean in {covered[0]:.0%} and {covered[1]:.0%} of {len(draws)} samples.")


def _why_not_covered(draws: np.ndarray, each: np.ndarray) -> str | None:
    """Name the mistake that explains the widths `(levels, samples)`; None where no known mistake gives such widths."""
    standard_error = draws.std(axis=1).mean() / np.sqrt(draws.shape[1])
    widths = each.mean(axis=1)
    ratio = widths / (2 * _NORMAL_HALF_WIDTHS * standard_error)
    if 0 < each.max() < 1e-9 * draws.max():  # rounding: the same values, added up in another order
        return "drawn-without-replacement"
    if abs(ratio / np.sqrt(draws.shape[1]) - 1).max() < 0.25:
        return "spread-of-the-data"
    if widths[1] > 0 and abs(widths[0] / widths[1] - 1) < 0.05:
        return "confidence-ignored"
    if abs(ratio / _RATIOS_OF_WHOLE_TAILS - 1).max() < 0.15:
        return "tail-not-halved"
    if abs(ratio - np.sqrt(draws.shape[1] / _RESAMPLES)).max() < 0.1:
        return "sample-of-another-size"
    return None


_INTERVAL = Task(
    id="0.2",
    title="an interval that says how sure a mean is",
    points=3,
    hints=(
        "You have one sample. How could you use it to see how much its mean would vary if you had drawn others?",
        "Draw `len(values)` of the values with replacement, take the mean, repeat `resamples` times. "
        "Then cut off the same share at both ends with `np.quantile`.",
        "An example: with confidence 0.9, a share of 0.1 is left outside, 0.05 at each end: `np.quantile(means, [0.05, 0.95])`. "
        "Write it for any confidence; `means` has one entry per resample.",
    ),
    answer_name="bootstrap_interval",
    misconceptions={
        "drawn-without-replacement": "Every value drawn once is the same sample again, mean included: draw with replacement.",
        "spread-of-the-data": "The interval is as wide as the spread of single values. Take the quantiles of the resampled means.",
        "confidence-ignored": "The interval does not depend on `confidence`.",
        "tail-not-halved": "What is left outside (1 - confidence) lies at both ends, half of it at each.",
        "sample-of-another-size": "The width is that of resamples of `resamples` values. Each has as many values as the data.",
        "not-repeatable": "The interval is not determined by `seed`, so nobody can repeat it. Make the generator from `seed`.",
        "seed-ignored": "The interval does not depend on `seed`: two seeds give the same one.",
    },
    make_case=_interval_case,
    probe=_interval_probe,
    judge=_interval_judge,
)


# ---------------------------------------------------------------- 0.3 detect predictions that lost their labels


def _detect_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    even, skewed = [0.2] * 5, [0.85, 0.1, 0.02, 0.02, 0.01]
    # A guessing model that kept its order, and a good one on skewed classes that lost it: the accuracy does not show it.
    plans = [
        (97, even, 0.9, False),
        (211, even, 0.2, False),
        (2048, even, 0.7, False),  # a power of two: this accuracy is the same in float32 and float64
        (150, even, 0.8, True),
        (400, skewed, 0.97, True),
        (97, even, 0.9, True),
    ]
    runs = []
    for size, classes, skill, shuffled in plans:
        labels = rng.choice(5, size, p=classes)
        predicted = np.where(rng.random(size) < skill, labels, (labels + rng.integers(1, 5, size)) % 5)
        reported = float(np.float32((labels == predicted).mean()))  # what evaluate() says, in its float32
        runs.append(
            {"labels": labels, "predicted": rng.permutation(predicted) if shuffled else predicted, "reported": reported}
        )
    order = rng.permutation(len(runs))
    return Case({"runs": [runs[i] for i in order]}, {"misaligned": [plans[i][3] for i in order]})


def _detect_probe(answer: Any, inputs: Any) -> Any:
    found = [call(answer, run["labels"].copy(), run["predicted"].copy(), run["reported"]) for run in inputs["runs"]]
    return {"found": [array_of(value, "the answer") for value in found]}


def _detect_judge(case: Case, evidence: Any) -> Verdict:
    found = np.array([need_number(value, "the answer") for value in evidence["found"]])
    truth = np.array(case.secret["misaligned"])
    runs = case.inputs["runs"]
    if not np.isin(found, [0, 1]).all():
        return not_earned("The answer is neither True nor False.", expected="True or False", received=show(found))
    found = found.astype(bool)
    if np.array_equal(found, truth):
        return earned("Runs that lost their order are found, bad models in the right order are not, and rounding does no harm.")
    agreement = np.array([(run["labels"] == run["predicted"]).mean() for run in runs])
    reported = np.array([run["reported"] for run in runs])
    if np.array_equal(found, ~truth):
        misconception = "answer-reversed"
    elif np.array_equal(found, agreement != reported) and not found.all():
        misconception = "compared-exactly"
    elif found.all() or not found.any():
        misconception = "every-run-alike"
    elif (found & ~truth).any() and any(a[found].max() < a[~found].min() for a in (agreement, reported)):
        misconception = "low-accuracy-is-no-proof"
    else:
        misconception = None
    wrong = min(np.flatnonzero(found != truth), key=lambda i: len(runs[i]["labels"]))  # the smallest run that shows it
    return not_earned(
        f"{np.sum(found != truth)} of {len(truth)} runs are judged wrongly. In one of them {agreement[wrong]:.10f} of the pairs agree, "
        f"and `evaluate` reported {reported[wrong]:.10f}.",
        expected=f"{truth[wrong]} for this run",
        received=f"{found[wrong]}",
        misconception=misconception,
    )


_DETECT = Task(
    id="0.3",
    title="notice predictions that lost their labels",
    points=2,
    hints=(
        "`evaluate` sees each image together with its own label. What accuracy do your two arrays give in the right order?",
        "The share of equal pairs is the accuracy. It must be what `evaluate` reported, up to rounding.",
        "An example: `np.mean(np.array([0, 1, 1]) == np.array([0, 1, 2]))` is 0.6666667, the share of equal pairs. Compare yours with "
        "`reported_accuracy` and allow a small difference, such as 0.001.",
    ),
    answer_name="lost_their_order",
    misconceptions={
        "compared-exactly": "`evaluate` computes in float32, whose last digits differ even when nothing is wrong: allow for it.",
        "low-accuracy-is-no-proof": "A bad model has a low accuracy in the right order too: compare with what was reported.",
        "every-run-alike": "Every run got the same answer. What differs is the share of equal pairs, compared with the report.",
        "answer-reversed": "Return True for runs whose predictions lost their labels.",
    },
    make_case=_detect_case,
    probe=_detect_probe,
    judge=_detect_judge,
)


# ---------------------------------------------------------------- 0.4 keep labels and predictions together

_CLASSES = 5
_BATCH = 16


def _pairs_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    size = 5 * _BATCH + int(rng.integers(2, _BATCH - 1))  # the last batch is not full
    labels = rng.integers(0, _CLASSES, size)
    errors = rng.choice([1, 2, 3, 4], size, p=[0.6, 0.3, 0.05, 0.05])  # skewed: a swapped pair shows
    predicted = np.where(rng.random(size) < 0.7, labels, (labels + errors) % _CLASSES)
    scores = rng.uniform(0, 1, (size, _CLASSES))
    scores[np.arange(size), predicted] += 2.0
    confusion = np.zeros((_CLASSES, _CLASSES), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return Case({"scores": scores.astype(np.float32), "labels": labels}, {"confusion": confusion})


def _pairs_probe(answer: Any, inputs: Any) -> Any:
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((_CLASSES,)), keras.layers.Softmax()])
    count, passes = len(inputs["labels"]), [0]

    def images_and_labels() -> Iterator[tuple[np.ndarray, int]]:
        passes[0] += 1
        yield from zip(inputs["scores"], inputs["labels"], strict=True)

    kinds = (tf.TensorSpec((_CLASSES,), tf.float32), tf.TensorSpec((), tf.int64))
    dataset = tf.data.Dataset.from_generator(images_and_labels, output_signature=kinds)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    result = call(answer, model, dataset.shuffle(count, reshuffle_each_iteration=True).batch(_BATCH))
    if not isinstance(result, tuple | list) or len(result) != 2:
        return {"pair": False}
    labels, predicted = array_of(result[0], "the labels"), array_of(result[1], "the predictions")
    return {"pair": True, "labels": labels, "predicted": predicted, "passes": passes[0]}


def _pairs_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pair"]:
        return not_earned("Your function did not return two things.", expected="(labels, predicted)")
    truth, size = case.secret["confusion"], len(case.inputs["labels"])
    labels, predicted = evidence["labels"], evidence["predicted"]
    if predicted.shape[1:] == (_CLASSES,):
        return not_earned(
            "The predictions are scores of every class.",
            expected=f"one class per image, shape ({size},)",
            received=show(predicted),
            misconception="scores-instead-of-classes",
        )
    if labels.ndim == 1 and len(labels) in (_BATCH, size % _BATCH):
        return not_earned(
            "The arrays hold a single batch.",
            expected=f"{size} labels",
            received=f"{len(labels)} labels",
            misconception="one-batch-only",
        )
    labels = need_array(labels, "the labels", shape=(size,), kinds="iuf")
    predicted = need_array(predicted, "the predictions", shape=(size,), kinds="iuf")
    both = np.stack([labels, predicted])
    if not np.isin(both, np.arange(_CLASSES)).all():
        return not_earned("Some values are not class numbers.", expected=f"0 to {_CLASSES - 1}", received=show(both[:, :4]))
    confusion = np.zeros_like(truth)
    np.add.at(confusion, (labels.astype(int), predicted.astype(int)), 1)
    if np.array_equal(confusion, truth):
        return earned("Each prediction has its own label, to the last image.")
    if np.array_equal(confusion, truth.T):
        misconception = "swapped"
    elif np.array_equal(labels, predicted):
        misconception = "same-thing-twice"
    elif evidence["passes"] > 1 and all(np.array_equal(confusion.sum(axis=a), truth.sum(axis=a)) for a in (0, 1)):
        misconception = "two-passes"
    else:
        misconception = None
    return not_earned(
        "The pairs of label and prediction are not those of the model.",
        expected=f"{np.trace(truth)} of {size} pairs agree, as in `evaluate`",
        received=f"{np.trace(confusion)} agree",
        misconception=misconception,
    )


_PAIRS = Task(
    id="0.4",
    title="keep labels and predictions together",
    points=2,
    hints=(
        "How many passes over the dataset does your code make, and is the order the same in each?",
        "Make one pass: `for images, labels in dataset`. Predict this batch, keep both, and join the parts at the end.",
        "An example of one step of the loop: `model.predict(images, verbose=0).argmax(axis=1)` are the classes of this batch, and "
        "`labels.numpy()` its labels. `np.concatenate` joins a list of such arrays.",
    ),
    answer_name="labels_and_predictions",
    misconceptions={
        "two-passes": "Your code makes more than one pass, and each pass shuffles again: labels and predictions differ in order.",
        "scores-instead-of-classes": "`predict` gives one score per class; the class is the position of the largest one.",
        "one-batch-only": "Only one batch was kept: collect all batches, including the last and smaller one.",
        "swapped": "The labels come first, then the predictions.",
        "same-thing-twice": "Both arrays are the same: predictions compared with themselves, or labels with themselves.",
    },
    make_case=_pairs_case,
    probe=_pairs_probe,
    judge=_pairs_judge,
)

TASKS = (_SPLIT, _INTERVAL, _DETECT, _PAIRS)
