"""Right and wrong answers to the tasks of lesson 21. The form of this file: docs/checks.md."""

# %% task 21.1

# %% right: two loops
import numpy as np


def domain_matrix(fit, train, test):
    matrix = np.empty((len(train), len(test)))
    for i, (features, labels) in enumerate(train):
        predict = fit(features, labels)
        for j, (asked, truth) in enumerate(test):
            matrix[i, j] = np.mean(predict(asked) == truth)
    home = np.diag(matrix)
    others = (matrix.sum(axis=0) - home) / (len(train) - 1)
    price = home - others
    return matrix, price


# %% right: comprehensions
import numpy as np


def domain_matrix(fit, train, test):
    models = [fit(*domain) for domain in train]
    matrix = np.array([[(model(x) == y).mean() for x, y in test] for model in models])
    price = [matrix[j, j] - np.delete(matrix[:, j], j).mean() for j in range(len(test))]
    return matrix, np.array(price)


# %% right: plain lists and scikit-learn
from sklearn.metrics import accuracy_score


def domain_matrix(fit, train, test):
    rows, prices = [], []
    for features, labels in train:
        model = fit(features, labels)
        rows.append([accuracy_score(y, model(x)) for x, y in test])
    for j in range(len(test)):
        away = [row[j] for i, row in enumerate(rows) if i != j]
        prices.append(rows[j][j] - sum(away) / len(away))
    return rows, prices


# %% right: a masked mean
# As "two loops", but:
others = np.nanmean(np.where(np.eye(len(train), dtype=bool), np.nan, matrix), axis=0)

# %% wrong: transposed
# As "two loops", but:
return matrix.T, price

# %% wrong: tested-on-training
# As "two loops", but:
matrix[i, j] = np.mean(predict(train[j][0]) == train[j][1])

# %% wrong: trained-on-test
# As "two loops", but:
predict = fit(*test[i])

# %% wrong: trained-on-all
# As "two loops", but:
predict = fit(np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train]))

# %% wrong: in-percent
# As "two loops", but:
return 100 * matrix, 100 * price

# %% wrong: errors-not-accuracy
# As "two loops", but:
matrix[i, j] = np.mean(predict(asked) != truth)

# %% wrong: by-row
# As "two loops", but:
others = (matrix.sum(axis=1) - home) / (len(train) - 1)

# %% wrong: diagonal-in-mean
# As "two loops", but:
others = matrix.mean(axis=0)

# %% wrong: price-negative
# As "two loops", but:
price = others - home

# %% task 21.2

# %% right: pad and cut
import numpy as np


def randomise(image, mask, rng):
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    top, left = rng.integers(0, 13, 2)
    height, width = mask.shape
    wide_image = np.pad(image, ((6, 6), (6, 6), (0, 0)))
    wide_mask = np.pad(mask, 6, constant_values=255)
    new_image = wide_image[top : top + height, left : left + width]
    new_mask = wide_mask[top : top + height, left : left + width]
    factor = rng.uniform(0.5, 1.5)
    relit = np.clip(new_image * factor, 0, 255).astype("uint8")
    return relit, new_mask


# %% right: scipy
import numpy as np
from scipy.ndimage import shift


def randomise(image, mask, rng):
    light = rng.uniform(0.5, 1.5)
    down, right = rng.integers(-6, 7, size=2).tolist()
    if rng.integers(2):
        image, mask = np.fliplr(image), np.fliplr(mask)
    moved = shift(image, (down, right, 0), order=0, mode="constant", cval=0, prefilter=False)
    classes = shift(mask, (down, right), order=0, mode="constant", cval=255, prefilter=False)
    return np.minimum(moved.astype(float) * light, 255).astype(np.uint8), classes


# %% right: slices into empty arrays
import numpy as np


def randomise(image, mask, rng):
    height, width = mask.shape
    down, right = (int(rng.integers(-6, 7)) for _ in range(2))
    mirror = rng.random() > 0.5
    new_image, new_mask = np.zeros_like(image), np.full_like(mask, 255)
    target = slice(max(0, down), height + min(0, down)), slice(max(0, right), width + min(0, right))
    source = slice(max(0, -down), height + min(0, -down)), slice(max(0, -right), width + min(0, -right))
    step = -1 if mirror else 1
    new_image[target] = image[:, ::step][source]
    new_mask[target] = mask[:, ::step][source]
    scaled = new_image.astype(np.float32) * np.float32(rng.uniform(0.5, 1.5))
    return scaled.clip(0, 255).round().astype(np.uint8), new_mask


# %% right: one array with four channels
import numpy as np


def randomise(image, mask, rng):
    height, width = mask.shape
    both = np.full((height + 12, width + 12, 4), (0, 0, 0, 255), np.uint8)
    both[6:-6, 6:-6] = np.concatenate([image, mask[..., None]], axis=-1)
    if rng.random() < 0.5:
        both = both[:, ::-1]
    top, left = rng.integers(13), rng.integers(13)
    cut = both[top : top + height, left : left + width]
    return np.clip(cut[..., :3] * rng.uniform(0.5, 1.5), 0, 255).astype(np.uint8), cut[..., 3].copy()


# %% wrong: mask-not-moved: only the image is changed
import numpy as np


def randomise(image, mask, rng):
    before = mask.copy()
    if rng.random() < 0.5:
        image = image[:, ::-1]
    top, left = rng.integers(0, 13, 2)
    wide = np.pad(image, ((6, 6), (6, 6), (0, 0)))
    new = wide[top : top + mask.shape[0], left : left + mask.shape[1]]
    return np.clip(new * rng.uniform(0.5, 1.5), 0, 255).astype("uint8"), before


# %% wrong: two-draws
# As "pad and cut", but:
down, across = rng.integers(0, 13, 2)
new_mask = wide_mask[down : down + height, across : across + width]

# %% wrong: mirrored-apart
# As "pad and cut", but:
mask = mask[:, ::-1] if rng.random() < 0.5 else mask
top, left = rng.integers(0, 13, 2)

# %% wrong: mask-relit
# As "pad and cut", but:
return relit, np.clip(new_mask * factor, 0, 255).astype("uint8")


# %% wrong: wraps-around
import numpy as np


def randomise(image, mask, rng):
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    move = tuple(rng.integers(-6, 7, 2).tolist())
    image, mask = np.roll(image, move, (0, 1)), np.roll(mask, move, (0, 1))
    return np.clip(image * rng.uniform(0.5, 1.5), 0, 255).astype("uint8"), mask


# %% wrong: void-forgotten
# As "pad and cut", but:
wide_mask = np.pad(mask, 6)

# %% wrong: overflow
# As "pad and cut", but:
relit = (new_image * (factor + 1.5)).astype(int).astype("uint8")

# %% wrong: does-not-move
# As "pad and cut", but:
top, left = 6, 6

# %% wrong: mirror-fixed: never
# As "pad and cut", but:
image, mask = image + 0, mask + 0

# %% wrong: light-fixed
# As "pad and cut", but:
factor = 1.0

# %% wrong: changes-input
# As "pad and cut", but:
image[:2] = 0
top, left = rng.integers(0, 13, 2)

# %% task 21.3

# %% right: class by class
import numpy as np


def balanced(probabilities, share):
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    kept = []
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        count = int(np.ceil(share * len(rows) - 1e-9))
        order = np.argsort(-confidence[rows])
        kept.append(rows[order[:count]])
    positions = np.concatenate(kept)
    return positions, predicted[positions]


# %% right: the package
from tlcourse import adapt


def balanced(probabilities, share):
    return adapt.class_balanced(probabilities, share)


# %% right: ranks
import numpy as np


def balanced(probabilities, share):
    predicted, confidence = np.argmax(probabilities, axis=1), np.max(probabilities, axis=1)
    keep = np.zeros(len(predicted), bool)
    for i in range(len(predicted)):
        mine = predicted == predicted[i]
        rank = np.sum(confidence[mine] > confidence[i])
        keep[i] = rank < share * mine.sum() - 1e-9
    return np.flatnonzero(keep), predicted[keep]


# %% right: pandas
import numpy as np
import pandas as pd


def balanced(probabilities, share):
    table = pd.DataFrame({"label": probabilities.argmax(axis=1), "confidence": probabilities.max(axis=1)})
    groups = table.groupby("label")["confidence"]
    rank, size = groups.rank(ascending=False, method="first"), groups.transform("size")
    kept = table[rank <= np.ceil(share * size - 1e-9)]
    return kept.index.to_numpy(), kept["label"].to_numpy()


# %% wrong: one-threshold
import numpy as np


def balanced(probabilities, share):
    confidence = probabilities.max(axis=1)
    count = int(np.ceil(share * len(confidence) - 1e-9))
    positions = np.argsort(-confidence)[:count]
    return positions, probabilities[positions].argmax(axis=1)


# %% wrong: share-as-threshold
import numpy as np


def balanced(probabilities, share):
    positions = np.flatnonzero(probabilities.max(axis=1) >= share)
    return positions, probabilities[positions].argmax(axis=1)


# %% wrong: one-minus-share
import numpy as np


def balanced(probabilities, share):
    positions = np.flatnonzero(probabilities.max(axis=1) >= 1 - share)
    return positions, probabilities[positions].argmax(axis=1)


# %% wrong: least-confident
# As "class by class", but:
order = np.argsort(confidence[rows])

# %% wrong: same-number
# As "class by class", but:
count = int(np.ceil(share * len(predicted) / probabilities.shape[1] - 1e-9))

# %% wrong: rounded-down
# As "class by class", but:
count = int(share * len(rows) + 1e-9)


# %% wrong: labels-of-all
# As "class by class", but:
return positions, predicted

# %% wrong: labels-do-not-match
# As "class by class", but:
return np.sort(positions), predicted[positions]

# %% task 21.4

# %% right: sorted
import numpy as np


def abstain(confidence, correct, coverage):
    order = np.argsort(-confidence)
    count = int(np.ceil(coverage * len(confidence) - 1e-9))
    answered = order[:count]
    threshold = confidence[answered].min()
    risk = np.mean(~correct[answered])
    return threshold, risk


# %% right: the package
from tlcourse import evaluate


def abstain(confidence, correct, coverage):
    curve = evaluate.risk_coverage(confidence, correct)
    place = (curve.coverage < coverage - 1e-12).sum()
    return curve.thresholds[place], curve.risk[place]


# %% right: by threshold
import math

import numpy as np


def abstain(confidence, correct, coverage):
    threshold = np.sort(confidence)[::-1][math.ceil(coverage * len(confidence) - 1e-9) - 1]
    return threshold, 1 - correct[confidence >= threshold].mean()


# %% right: pairs
import math


def abstain(confidence, correct, coverage):
    pairs = sorted(zip(confidence.tolist(), correct.tolist()), reverse=True)
    answered = pairs[: math.ceil(round(coverage * len(pairs), 9))]
    return answered[-1][0], sum(not right for _, right in answered) / len(answered)


# %% wrong: least-confident
# As "sorted", but:
order = np.argsort(confidence)
threshold = confidence[answered].max()

# %% wrong: coverage-swapped
# As "sorted", but:
count = len(confidence) - int(np.ceil(coverage * len(confidence) - 1e-9))

# %% wrong: divided-by-all
# As "sorted", but:
risk = np.sum(~correct[answered]) / len(correct)

# %% wrong: accuracy-not-risk
# As "sorted", but:
risk = np.mean(correct[answered])

# %% wrong: risk-of-left
# As "sorted", but:
risk = np.mean(~correct[order[count:]])

# %% wrong: risk-of-all
# As "sorted", but:
risk = np.mean(~correct)


# %% wrong: coverage-as-threshold
import numpy as np


def abstain(confidence, correct, coverage):
    return coverage, np.mean(~correct[confidence >= coverage])
