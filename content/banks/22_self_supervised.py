"""Right and wrong answers to the tasks of lesson 22. The form of this file: docs/checks.md."""

# %% task 22.1

# %% right: two lists
import numpy as np


def two_views(images, change, rng):
    first = [change(image, rng) for image in images]
    second = [change(image, rng) for image in images]
    return np.stack(first + second)


# %% right: the batch doubled
import numpy as np


def two_views(images, change, rng):
    return np.array([change(image, rng) for image in np.concatenate([images, images])])


# %% right: pair by pair into an empty array
import numpy as np


def two_views(images, change, rng):
    n = len(images)
    out = np.empty((2 * n, *images.shape[1:]))
    for i in range(n):
        out[i] = change(images[i], rng)
        out[n + i] = change(images[i], rng)
    return out


# %% right: stacked and reshaped
import numpy as np


def two_views(images, change, rng):
    pairs = np.array([[change(image, rng) for image in images] for _ in range(2)])
    return pairs.reshape(-1, *images.shape[1:])


# %% wrong: identical-views
# As "two lists", but:
second = first

# %% wrong: identical-views: tiled
import numpy as np


def two_views(images, change, rng):
    changed = np.stack([change(image, rng) for image in images])
    return np.tile(changed, (2, 1, 1, 1))


# %% wrong: interleaved
import numpy as np


def two_views(images, change, rng):
    return np.stack([change(image, rng) for image in images for _ in range(2)])


# %% wrong: other-partner
# As "two lists", but:
second = [change(image, rng) for image in images[::-1]]

# %% wrong: original-as-view
# As "two lists", but:
first = list(images)

# %% wrong: view-of-a-view
# As "two lists", but:
second = [change(view, rng) for view in first]

# %% wrong: one-change-for-all
import numpy as np


def two_views(images, change, rng):
    return np.concatenate([change(images, rng), change(images, rng)])


# %% wrong: same-every-call
# As "two lists", but:
rng = np.random.default_rng(0)
first = [change(image, rng) for image in images]

# %% wrong: changes-input
import numpy as np


def two_views(images, change, rng):
    second = np.stack([change(image, rng) for image in images])
    for i in range(len(images)):
        images[i] = change(images[i], rng)
    return np.concatenate([images, second])


# %% task 22.2

# %% right: one matrix
import numpy as np


def nt_xent(first, second, temperature):
    z = np.concatenate([first, second])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    logits = z @ z.T / temperature
    np.fill_diagonal(logits, -np.inf)
    n = len(first)
    wanted = np.concatenate([np.arange(n) + n, np.arange(n)])
    total = np.log(np.exp(logits).sum(axis=1))
    losses = total - logits[np.arange(2 * n), wanted]
    return losses.mean()


# %% right: SciPy
import numpy as np
from scipy.special import log_softmax


def nt_xent(first, second, temperature):
    z = np.vstack([first, second])
    z = z / np.sqrt((z**2).sum(axis=1))[:, None]
    logits = z @ z.T / temperature - 1e9 * np.eye(len(z))
    logs = log_softmax(logits, axis=1)
    n = len(first)
    return -(np.trace(logs[:n, n:]) + np.trace(logs[n:, :n])) / (2 * n)


# %% right: a loop over views
import math

import numpy as np


def nt_xent(first, second, temperature):
    views = [v / np.linalg.norm(v) for v in (*first, *second)]
    n, total = len(first), 0.0
    for i, view in enumerate(views):
        others = [math.exp(float(view @ w) / temperature) for j, w in enumerate(views) if j != i]
        partner = views[(i + n) % (2 * n)]
        total += math.log(sum(others)) - float(view @ partner) / temperature
    return total / (2 * n)


# %% right: the package
import numpy as np
from tlcourse import selfsup


def nt_xent(first, second, temperature):
    return float(selfsup.nt_xent(first.astype("float32"), second.astype("float32"), temperature))


# %% wrong: lengths-kept
import numpy as np
from scipy.special import log_softmax


def nt_xent(first, second, temperature):
    z = np.vstack([first, second])
    logs = log_softmax(z @ z.T / temperature - 1e9 * np.eye(len(z)), axis=1)
    n = len(first)
    return -(np.trace(logs[:n, n:]) + np.trace(logs[n:, :n])) / (2 * n)


# %% wrong: finds-itself
# As "one matrix", but:
np.fill_diagonal(logits, 1 / temperature)

# %% wrong: one-direction
# As "one matrix", but:
return losses[:n].mean()

# %% wrong: one-direction: the second views
# As "one matrix", but:
return losses[n:].mean()

# %% wrong: only-other-half: rows and columns
import numpy as np
from scipy.special import log_softmax


def nt_xent(first, second, temperature):
    a = first / np.linalg.norm(first, axis=1, keepdims=True)
    b = second / np.linalg.norm(second, axis=1, keepdims=True)
    logits = a @ b.T / temperature
    logs = np.diag(log_softmax(logits, axis=1)) + np.diag(log_softmax(logits, axis=0))
    return -logs.mean() / 2


# %% wrong: only-other-half: the first views
import numpy as np
from scipy.special import log_softmax


def nt_xent(first, second, temperature):
    a = first / np.linalg.norm(first, axis=1, keepdims=True)
    b = second / np.linalg.norm(second, axis=1, keepdims=True)
    return -np.diag(log_softmax(a @ b.T / temperature, axis=1)).mean()


# %% wrong: temperature-multiplied
# As "one matrix", but:
logits = z @ z.T * temperature

# %% wrong: temperature-unused
# As "one matrix", but:
logits = z @ z.T

# %% wrong: sum-not-mean
# As "one matrix", but:
return losses.sum()

# %% wrong: neighbours-as-pairs
# As "one matrix", but:
wanted = np.arange(2 * n) ^ 1

# %% wrong: sign-forgotten
# As "one matrix", but:
return -losses.mean()

# %% wrong: changes-input
# As "one matrix", but:
first /= np.linalg.norm(first, axis=1, keepdims=True)
z = np.concatenate([first, second])

# %% task 22.3


# %% right: the encoder
def probe_features(encoder, projector, change, train, test):
    train_features = encoder(train)
    test_features = encoder(test)
    return train_features, test_features


# %% right: both at once
import numpy as np


def probe_features(encoder, projector, change, train, test):
    features = encoder(np.concatenate([train, test]))
    return features[: len(train)], features[len(train) :]


# %% right: image by image
import numpy as np


def probe_features(encoder, projector, change, train, test):
    return tuple(np.concatenate([encoder(image[None]) for image in images]) for images in (train, test))


# %% wrong: projector-kept
# As "the encoder", but:
return projector(train_features), projector(test_features)

# %% wrong: projector-kept: in training only
# As "the encoder", but:
return projector(train_features), test_features

# %% wrong: projector-appended
import numpy as np


def probe_features(encoder, projector, change, train, test):
    both = (encoder(train), encoder(test))
    return tuple(np.concatenate([features, projector(features)], axis=1) for features in both)


# %% wrong: random-views
# As "the encoder", but:
train_features = encoder(change(train))
test_features = encoder(change(test))

# %% wrong: random-views: of the training images
# As "the encoder", but:
train_features = encoder(change(train))

# %% wrong: random-views: the mean of ten
# As "the encoder", but:
test_features = sum(encoder(change(test)) for _ in range(10)) / 10

# %% wrong: sides-swapped
# As "the encoder", but:
return test_features, train_features


# %% wrong: scaled-apart
def probe_features(encoder, projector, change, train, test):
    def scaled(features):
        return (features - features.mean(axis=0)) / features.std(axis=0)

    return scaled(encoder(train)), scaled(encoder(test))


# %% wrong: pixels
# As "the encoder", but:
train_features = train.reshape(len(train), -1)
test_features = test.reshape(len(test), -1)

# %% task 22.4

# %% right: numpy
import numpy as np


def spread_and_collapse(features, limit):
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    deviations = unit.std(axis=0)
    spread = deviations.mean() * np.sqrt(features.shape[1])
    return spread, bool(spread < limit)


# %% right: scikit-learn
import math

from sklearn.preprocessing import normalize


def spread_and_collapse(features, limit):
    value = float(normalize(features).std(axis=0).mean()) * math.sqrt(features.shape[1])
    return value, value < limit


# %% right: by hand
import math


def spread_and_collapse(features, limit):
    rows = [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in features.tolist()]
    total = 0.0
    for column in zip(*rows):
        mean = sum(column) / len(column)
        total += math.sqrt(sum((x - mean) ** 2 for x in column) / len(column))
    spread = total / len(rows[0]) * math.sqrt(len(rows[0]))
    return spread, spread < limit


# %% right: the package
from tlcourse import selfsup


def spread_and_collapse(features, limit):
    spread = selfsup.detect_collapse(features).spread
    return spread, spread < limit


# %% wrong: lengths-kept
# As "numpy", but:
unit = features

# %% wrong: along-the-row
# As "numpy", but:
deviations = unit.std(axis=1)

# %% wrong: no-root
# As "numpy", but:
spread = deviations.mean()

# %% wrong: columns-to-length-1
# As "numpy", but:
unit = features / np.linalg.norm(features, axis=0, keepdims=True)

# %% wrong: ddof-1
# As "numpy", but:
deviations = unit.std(axis=0, ddof=1)

# %% wrong: all-numbers-at-once
# As "numpy", but:
deviations = unit.std()

# %% wrong: variance
# As "numpy", but:
deviations = unit.var(axis=0)

# %% wrong: reversed
# As "numpy", but:
return spread, bool(spread > limit)

# %% wrong: always-the-same
# As "numpy", but:
return spread, False

# %% wrong: changes-input
# As "numpy", but:
features /= np.linalg.norm(features, axis=1, keepdims=True)
unit = features
