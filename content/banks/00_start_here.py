"""Instructors' side of lesson 00: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Hidden, Right, Wrong

GROUP_SPLIT = Bank(
    right=[
        Right(
            "shuffled list of plants",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Right(
            "scikit-learn",
            """
from sklearn.model_selection import GroupShuffleSplit

def group_split(groups, test_fraction, seed):
    splitter = GroupShuffleSplit(n_splits=1, test_size=test_fraction, random_state=seed)
    return next(splitter.split(groups, groups=groups))
""",
        ),
        Right(
            "plain Python, filling up to the size",
            """
import random

def group_split(groups, test_fraction, seed):
    by_plant = {}
    for position, plant in enumerate(groups):
        by_plant.setdefault(int(plant), []).append(position)
    order = list(by_plant)
    random.Random(seed).shuffle(order)
    train, test = [], []
    for plant in order:
        side = test if len(test) < test_fraction * len(groups) else train
        side.extend(by_plant[plant])
    return train, test
""",
        ),
    ],
    wrong=[
        Wrong(
            "images drawn one by one",
            "split-by-image",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    count = round(test_fraction * len(groups))
    return order[count:], order[:count]
""",
        ),
        Wrong(
            "returns plants",
            "groups-instead-of-positions",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    count = round(test_fraction * len(plants))
    return plants[count:], plants[:count]
""",
        ),
        Wrong(
            "one photograph of each plant",
            "images-lost",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants, first = np.unique(groups, return_index=True)
    order = np.random.default_rng(seed).permutation(first)
    count = round(test_fraction * len(order))
    return order[count:], order[:count]
""",
        ),
        Wrong(
            "test set first",
            "sides-swapped",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(in_test), np.flatnonzero(~in_test)
""",
        ),
        Wrong(
            "no seed",
            "not-repeatable",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng().permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Wrong(
            "first plants in order",
            "seed-ignored",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.unique(groups)
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Wrong(
            "one plant as test set",
            "wrong-size",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plant = np.random.default_rng(seed).choice(np.unique(groups))
    return np.flatnonzero(groups != plant), np.flatnonzero(groups == plant)
""",
        ),
    ],
)

INTERVAL = Bank(
    right=[
        Right(
            "all resamples at once",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""",
        ),
        Right(
            "a loop and percentiles",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    outside = 100 * (1 - confidence)
    return np.percentile(means, outside / 2), np.percentile(means, 100 - outside / 2)
""",
        ),
        Right(
            "plain Python",
            """
import random

def bootstrap_interval(values, confidence, resamples, seed):
    chance, values = random.Random(seed), [float(v) for v in values]
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(resamples))
    cut = int((1 - confidence) / 2 * resamples)
    return means[cut], means[-1 - cut]
""",
        ),
        Right(
            "reflected around the sample's mean",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)])
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return 2 * values.mean() - high, 2 * values.mean() - low
""",
        ),
    ],
    wrong=[
        Wrong(
            "permutations",
            "drawn-without-replacement",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values), replace=False).mean() for _ in range(resamples)]
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""",
        ),
        Wrong(
            "quantiles of the values",
            "spread-of-the-data",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    drawn = rng.choice(values, size=(resamples, len(values)))
    tail = (1 - confidence) / 2
    return np.quantile(drawn, [tail, 1 - tail])
""",
        ),
        Wrong(
            "always 95 percent",
            "confidence-ignored",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)
    return np.quantile(means, [0.025, 0.975])
""",
        ),
        Wrong(
            "all of the rest at each end",
            "tail-not-halved",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)
    return np.quantile(means, [1 - confidence, confidence])
""",
        ),
        Wrong(
            "axes mixed up",
            "sample-of-another-size",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=0)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""",
        ),
        Wrong(
            "no seed",
            "not-repeatable",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng()
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""",
        ),
        Wrong(
            "a seed of its own",
            "seed-ignored",
            """
import numpy as np

def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(42)
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])
""",
        ),
    ],
)

DETECT = Bank(
    right=[
        Right(
            "difference of accuracies",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return abs(np.mean(labels == predicted) - reported_accuracy) > 0.001
""",
        ),
        Right(
            "isclose",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return not np.isclose((labels == predicted).mean(), reported_accuracy)
""",
        ),
        Right(
            "trace of the confusion matrix",
            """
from sklearn.metrics import confusion_matrix

def lost_their_order(labels, predicted, reported_accuracy):
    table = confusion_matrix(labels, predicted)
    return round(table.trace() / table.sum(), 3) != round(reported_accuracy, 3) and True
""",
        ),
        Right(
            "counting pairs",
            """
def lost_their_order(labels, predicted, reported_accuracy):
    agree = sum(int(a) == int(b) for a, b in zip(labels, predicted))
    return int(round(reported_accuracy * len(labels)) != agree)
""",
        ),
    ],
    wrong=[
        Wrong(
            "exact comparison",
            "compared-exactly",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return np.mean(labels == predicted) != reported_accuracy
""",
        ),
        Wrong(
            "low agreement",
            "low-accuracy-is-no-proof",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return np.mean(labels == predicted) < 0.5
""",
        ),
        Wrong(
            "near chance",
            "low-accuracy-is-no-proof",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return np.mean(labels == predicted) < 1.5 / len(np.unique(labels))
""",
        ),
        Wrong(
            "low reported accuracy",
            "low-accuracy-is-no-proof",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return reported_accuracy < 0.75
""",
        ),
        Wrong(
            "any difference",
            "every-run-alike",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return not np.array_equal(labels, predicted)
""",
        ),
        Wrong(
            "counts of classes",
            "every-run-alike",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return not np.array_equal(np.bincount(labels, minlength=5), np.bincount(predicted, minlength=5))
""",
        ),
        Wrong(
            "reversed",
            "answer-reversed",
            """
import numpy as np

def lost_their_order(labels, predicted, reported_accuracy):
    return abs(np.mean(labels == predicted) - reported_accuracy) < 0.001
""",
        ),
    ],
)

PAIRS = Bank(
    right=[
        Right(
            "one loop",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for images, batch_labels in dataset:
        labels.append(batch_labels.numpy())
        predicted.append(model.predict(images, verbose=0).argmax(axis=1))
    return np.concatenate(labels), np.concatenate(predicted)
""",
        ),
        Right(
            "collected first, predicted after",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images = np.concatenate([images for images, _ in batches])
    return np.concatenate([labels for _, labels in batches]), model.predict(images, verbose=0).argmax(1)
""",
        ),
        Right(
            "image by image, calling the model",
            """
def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for image, label in dataset.unbatch():
        labels.append(int(label))
        predicted.append(int(model(image[None]).numpy()[0].argmax()))
    return labels, predicted
""",
        ),
        Right(
            "cached, so that the order stays",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    dataset = dataset.cache()
    labels = np.concatenate([labels for _, labels in dataset])
    return labels, np.argmax(model.predict(dataset, verbose=0), axis=-1)
""",
        ),
    ],
    wrong=[
        Wrong(
            "two passes",
            "two-passes",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels = np.concatenate([labels for _, labels in dataset])
    return labels, model.predict(dataset, verbose=0).argmax(axis=1)
""",
        ),
        Wrong(
            "sorted",
            "two-passes",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels = np.concatenate([labels for _, labels in dataset])
    return np.sort(labels), np.sort(model.predict(dataset, verbose=0).argmax(axis=1))
""",
        ),
        Wrong(
            "scores",
            "scores-instead-of-classes",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels, scores = [], []
    for images, batch_labels in dataset:
        labels.append(batch_labels.numpy())
        scores.append(model.predict(images, verbose=0))
    return np.concatenate(labels), np.concatenate(scores)
""",
        ),
        Wrong(
            "last batch",
            "one-batch-only",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    for images, batch_labels in dataset:
        labels = batch_labels.numpy()
        predicted = model.predict(images, verbose=0).argmax(axis=1)
    return labels, predicted
""",
        ),
        Wrong(
            "predictions first",
            "swapped",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for images, batch_labels in dataset:
        labels.extend(batch_labels.numpy())
        predicted.extend(model.predict(images, verbose=0).argmax(axis=1))
    return predicted, labels
""",
        ),
        Wrong(
            "labels twice",
            "same-thing-twice",
            """
import numpy as np

def labels_and_predictions(model, dataset):
    labels = np.concatenate([labels for _, labels in dataset])
    return labels, labels
""",
        ),
    ],
)

BANK = {"0.1": GROUP_SPLIT, "0.2": INTERVAL, "0.3": DETECT, "0.4": PAIRS}
HIDDEN = Hidden(seeds=range(1000, 2000))
