"""Right and wrong answers to the tasks of lesson 00. The form of this file: docs/checks.md."""

# %% task 0.1

# %% right: shuffled list of plants
import numpy as np


def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


# %% right: scikit-learn
from sklearn.model_selection import GroupShuffleSplit


def group_split(groups, test_fraction, seed):
    splitter = GroupShuffleSplit(n_splits=1, test_size=test_fraction, random_state=seed)
    return next(splitter.split(groups, groups=groups))


# %% right: plain Python, filling up to the size
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


# %% wrong: split-by-image: images drawn one by one
import numpy as np


def group_split(groups, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    count = round(test_fraction * len(groups))
    return order[count:], order[:count]


# %% wrong: groups-instead-of-positions: returns plants
import numpy as np


def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    count = round(test_fraction * len(plants))
    return plants[count:], plants[:count]


# %% wrong: images-lost: one image of each plant
# As "images drawn one by one", but:
plants, first = np.unique(groups, return_index=True)
order = np.random.default_rng(seed).permutation(first)
count = round(test_fraction * len(order))

# %% wrong: sides-swapped: test set first
# As "shuffled list of plants", but:
return np.flatnonzero(in_test), np.flatnonzero(~in_test)

# %% wrong: not-repeatable: no seed
# As "shuffled list of plants", but:
plants = np.random.default_rng().permutation(np.unique(groups))

# %% wrong: seed-ignored: first plants in order
# As "shuffled list of plants", but:
plants = np.unique(groups)

# %% wrong: wrong-size: one plant as test set
import numpy as np


def group_split(groups, test_fraction, seed):
    plant = np.random.default_rng(seed).choice(np.unique(groups))
    return np.flatnonzero(groups != plant), np.flatnonzero(groups == plant)


# %% wrong: images-counted-twice: all images are for training too
import numpy as np


def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.arange(len(groups)), np.flatnonzero(in_test)


# %% wrong: : sorted by plant, cut inside one
import numpy as np


def group_split(groups, test_fraction, seed):
    order = np.argsort(groups, kind="stable")
    cut = int(test_fraction * len(groups))
    while groups[order[cut - 1]] != groups[order[cut]]:
        cut += 1
    return order[cut:], order[:cut]


# %% task 0.2

# %% right: all resamples at once
import numpy as np


def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail])


# %% right: a loop and percentiles
import numpy as np


def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(resamples)]
    outside = 100 * (1 - confidence)
    return np.percentile(means, outside / 2), np.percentile(means, 100 - outside / 2)


# %% right: plain Python
import random


def bootstrap_interval(values, confidence, resamples, seed):
    chance, values = random.Random(seed), [float(v) for v in values]
    means = sorted(sum(chance.choices(values, k=len(values))) / len(values) for _ in range(resamples))
    cut = int((1 - confidence) / 2 * resamples)
    return means[cut], means[-1 - cut]


# %% right: reflected around the sample's mean
# As "all resamples at once", but:
means = np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(resamples)])
low, high = np.quantile(means, [tail, 1 - tail])
return 2 * values.mean() - high, 2 * values.mean() - low

# %% wrong: drawn-without-replacement: permutations
# As "all resamples at once", but:
means = [rng.choice(values, size=len(values), replace=False).mean() for _ in range(resamples)]

# %% wrong: spread-of-the-data: quantiles of the values
import numpy as np


def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    drawn = rng.choice(values, size=(resamples, len(values)))
    tail = (1 - confidence) / 2
    return np.quantile(drawn, [tail, 1 - tail])


# %% wrong: confidence-ignored: always 95 percent
import numpy as np


def bootstrap_interval(values, confidence, resamples, seed):
    rng = np.random.default_rng(seed)
    means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)
    return np.quantile(means, [0.025, 0.975])


# %% wrong: tail-not-halved: all of the rest at each end
# As "always 95 percent", but:
return np.quantile(means, [1 - confidence, confidence])

# %% wrong: sample-of-another-size: axes mixed up
# As "all resamples at once", but:
means = rng.choice(values, size=(resamples, len(values))).mean(axis=0)

# %% wrong: not-repeatable: no seed
# As "all resamples at once", but:
rng = np.random.default_rng()
means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)

# %% wrong: seed-ignored: a seed of its own
# As "all resamples at once", but:
rng = np.random.default_rng(42)
means = rng.choice(values, size=(resamples, len(values))).mean(axis=1)

# %% wrong: : the mean at both ends
import numpy as np


def bootstrap_interval(values, confidence, resamples, seed):
    return np.mean(values), np.mean(values)


# %% wrong: spread-of-the-data: mean and standard deviation of the values
import numpy as np
from scipy.stats import norm


def bootstrap_interval(values, confidence, resamples, seed):
    half = norm.ppf((1 + confidence) / 2) * np.std(values)
    return np.mean(values) - half, np.mean(values) + half


# %% task 0.3

# %% right: difference of accuracies
import numpy as np


def lost_their_order(labels, predicted, reported_accuracy):
    return abs(np.mean(labels == predicted) - reported_accuracy) > 0.001


# %% right: isclose
# As "difference of accuracies", but:
return not np.isclose((labels == predicted).mean(), reported_accuracy)

# %% right: trace of the confusion matrix
from sklearn.metrics import confusion_matrix


def lost_their_order(labels, predicted, reported_accuracy):
    table = confusion_matrix(labels, predicted)
    return round(table.trace() / table.sum(), 3) != round(reported_accuracy, 3) and True


# %% right: counting pairs
def lost_their_order(labels, predicted, reported_accuracy):
    agree = sum(int(a) == int(b) for a, b in zip(labels, predicted))
    return int(round(reported_accuracy * len(labels)) != agree)


# %% wrong: compared-exactly: exact comparison
# As "difference of accuracies", but:
return np.mean(labels == predicted) != reported_accuracy

# %% wrong: low-accuracy-is-no-proof: low agreement
# As "difference of accuracies", but:
return np.mean(labels == predicted) < 0.5

# %% wrong: low-accuracy-is-no-proof: near chance
# As "difference of accuracies", but:
return np.mean(labels == predicted) < 1.5 / len(np.unique(labels))

# %% wrong: low-accuracy-is-no-proof: low reported accuracy
# As "difference of accuracies", but:
return reported_accuracy < 0.75

# %% wrong: every-run-alike: any difference
# As "difference of accuracies", but:
return not np.array_equal(labels, predicted)

# %% wrong: every-run-alike: counts of classes
# As "difference of accuracies", but:
return not np.array_equal(np.bincount(labels, minlength=5), np.bincount(predicted, minlength=5))

# %% wrong: answer-reversed: reversed
# As "difference of accuracies", but:
return abs(np.mean(labels == predicted) - reported_accuracy) < 0.001

# %% task 0.4

# %% right: one loop
import numpy as np


def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for images, batch_labels in dataset:
        labels.append(batch_labels.numpy())
        predicted.append(model.predict(images, verbose=0).argmax(axis=1))
    return np.concatenate(labels), np.concatenate(predicted)


# %% right: collected first, predicted after
import numpy as np


def labels_and_predictions(model, dataset):
    batches = [(images.numpy(), labels.numpy()) for images, labels in dataset]
    images = np.concatenate([images for images, _ in batches])
    return np.concatenate([labels for _, labels in batches]), model.predict(images, verbose=0).argmax(1)


# %% right: image by image, calling the model
def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for image, label in dataset.unbatch():
        labels.append(int(label))
        predicted.append(int(model(image[None]).numpy()[0].argmax()))
    return labels, predicted


# %% right: cached, so that the order stays
import numpy as np


def labels_and_predictions(model, dataset):
    dataset = dataset.cache()
    labels = np.concatenate([labels for _, labels in dataset])
    return labels, np.argmax(model.predict(dataset, verbose=0), axis=-1)


# %% wrong: two-passes
import numpy as np


def labels_and_predictions(model, dataset):
    labels = np.concatenate([labels for _, labels in dataset])
    return labels, model.predict(dataset, verbose=0).argmax(axis=1)


# %% wrong: two-passes: sorted
# As "two passes", but:
return np.sort(labels), np.sort(model.predict(dataset, verbose=0).argmax(axis=1))

# %% wrong: scores-instead-of-classes: scores
import numpy as np


def labels_and_predictions(model, dataset):
    labels, scores = [], []
    for images, batch_labels in dataset:
        labels.append(batch_labels.numpy())
        scores.append(model.predict(images, verbose=0))
    return np.concatenate(labels), np.concatenate(scores)


# %% wrong: one-batch-only: last batch
import numpy as np


def labels_and_predictions(model, dataset):
    for images, batch_labels in dataset:
        labels = batch_labels.numpy()
        predicted = model.predict(images, verbose=0).argmax(axis=1)
    return labels, predicted


# %% wrong: swapped: predictions first
import numpy as np


def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for images, batch_labels in dataset:
        labels.extend(batch_labels.numpy())
        predicted.extend(model.predict(images, verbose=0).argmax(axis=1))
    return predicted, labels


# %% wrong: same-thing-twice: labels twice
# As "two passes", but:
return labels, labels


# %% wrong: : one pass, then the predictions in an order of their own
import numpy as np


def labels_and_predictions(model, dataset):
    labels, predicted = [], []
    for images, batch_labels in dataset:
        labels.extend(batch_labels.numpy())
        predicted.extend(model.predict(images, verbose=0).argmax(axis=1))
    return np.array(labels), np.sort(predicted)
