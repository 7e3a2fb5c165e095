"""Right and wrong answers to the tasks of lesson 23. The form of this file: docs/checks.md."""

# %% task 23.1

# %% right: cut one draw
import numpy as np


def draw_episode(labels, ways, shots, queries, rng):
    classes = rng.choice(np.unique(labels), ways, replace=False)
    support, query = [], []
    for c in classes:
        places = np.flatnonzero(labels == c)
        drawn = rng.choice(places, shots + queries, replace=False)
        support.append(drawn[:shots])
        query.append(drawn[shots:])
    return np.array(support), np.array(query)


# %% right: permutations
import numpy as np


def draw_episode(labels, ways, shots, queries, rng):
    classes = rng.permutation(np.unique(labels))[:ways]
    drawn = np.stack([rng.permutation(np.where(labels == c)[0])[: shots + queries] for c in classes])
    return drawn[:, :shots], drawn[:, shots:]


# %% right: the package
from tlcourse import fewshot


def draw_episode(labels, ways, shots, queries, rng):
    drawn = fewshot.sample_episodes(labels, ways, shots, queries=queries, episodes=1, seed=int(rng.integers(2**31)))
    return drawn.support[0], drawn.query[0]


# %% right: the rest after the support set
# As "cut one draw", but:
drawn = rng.choice(places, shots, replace=False)
support.append(drawn)
query.append(rng.choice(np.setdiff1d(places, drawn), queries, replace=False))

# %% right: one shuffle of all images
import numpy as np


def draw_episode(labels, ways, shots, queries, rng):
    order = rng.permutation(len(labels))
    first_seen = dict.fromkeys(labels[order].tolist())
    groups = [order[labels[order] == c][: shots + queries] for c in list(first_seen)[:ways]]
    return np.array([g[:shots] for g in groups]), np.array([g[shots:] for g in groups])


# %% right: plain lists
def draw_episode(labels, ways, shots, queries, rng):
    by_class = {}
    for place, label in enumerate(labels.tolist()):
        by_class.setdefault(label, []).append(place)
    names = sorted(by_class)
    rng.shuffle(names)
    support, query = [], []
    for name in names[:ways]:
        rng.shuffle(by_class[name])
        support.append(by_class[name][:shots])
        query.append(by_class[name][shots : shots + queries])
    return support, query


# %% wrong: query-in-support: two draws
# As "cut one draw", but:
support.append(rng.choice(places, shots, replace=False))
query.append(rng.choice(places, queries, replace=False))

# %% wrong: query-in-support: the first of the query
# As "cut one draw", but:
query.append(drawn[:queries])

# %% wrong: with-replacement: one draw
# As "cut one draw", but:
drawn = rng.choice(places, shots + queries)

# %% wrong: with-replacement: whole numbers
# As "cut one draw", but:
drawn = places[rng.integers(len(places), size=shots + queries)]

# %% wrong: class-twice
# As "cut one draw", but:
classes = rng.choice(np.unique(labels)[:2], ways)

# %% wrong: rows-do-not-match: queries shuffled
# As "cut one draw", but:
return np.array(support), np.array(query)[::-1]

# %% wrong: query-of-other-classes
import numpy as np


def draw_episode(labels, ways, shots, queries, rng):
    classes = rng.permutation(np.unique(labels))
    one = [rng.permutation(np.flatnonzero(labels == c))[:shots] for c in classes[:ways]]
    other = [rng.permutation(np.flatnonzero(labels == c))[:queries] for c in classes[ways : 2 * ways]]
    return np.array(one), np.array(other)


# %% wrong: same-classes: the first classes
# As "cut one draw", but:
classes = np.unique(labels)[:ways]

# %% wrong: same-classes: a generator of its own
# As "cut one draw", but:
rng = np.random.default_rng(0)
classes = rng.choice(np.unique(labels), ways, replace=False)

# %% wrong: same-images: the first images
# As "cut one draw", but:
drawn = places[: shots + queries]

# %% wrong: labels-not-positions
# As "cut one draw", but:
return labels[np.array(support)], labels[np.array(query)]

# %% task 23.2

# %% right: norms
import numpy as np


def classify(support, query):
    prototypes = support.mean(axis=1)
    distances = np.linalg.norm(query[:, None] - prototypes, axis=-1)
    return distances.argmin(axis=1)


# %% right: a loop over classes
import numpy as np


def classify(support, query):
    columns = [((query - examples.mean(axis=0)) ** 2).sum(axis=1) for examples in support]
    return np.argmin(np.stack(columns, axis=1), axis=1)


# %% right: squares multiplied out
import numpy as np


def classify(support, query):
    centres = np.einsum("wsd->wd", support) / support.shape[1]
    return np.argmax(query @ centres.T - 0.5 * (centres**2).sum(axis=1), axis=1)


# %% right: scikit-learn
import numpy as np
from sklearn.neighbors import NearestCentroid


def classify(support, query):
    ways, shots, width = support.shape
    model = NearestCentroid().fit(support.reshape(-1, width), np.repeat(np.arange(ways), shots))
    return model.predict(query)


# %% right: SciPy
from scipy.spatial.distance import cdist


def classify(support, query):
    return cdist(query, support.mean(axis=1)).argmin(axis=1)


# %% wrong: nearest-example
import numpy as np


def classify(support, query):
    ways, shots, width = support.shape
    distances = np.linalg.norm(query[:, None] - support.reshape(-1, width), axis=-1)
    return distances.argmin(axis=1) // shots


# %% wrong: farthest
# As "norms", but:
return distances.argmax(axis=1)

# %% wrong: dot-product
# As "norms", but:
distances = -(query @ prototypes.T)

# %% wrong: cosine: both divided by their length
import numpy as np


def classify(support, query):
    prototypes = support.mean(axis=1)
    lengths = np.linalg.norm(query, axis=1)[:, None] * np.linalg.norm(prototypes, axis=1)
    return (query @ prototypes.T / lengths).argmax(axis=1)


# %% wrong: only-first-example
# As "norms", but:
prototypes = support[:, 0]

# %% wrong: median-not-mean
# As "norms", but:
prototypes = np.median(support, axis=1)

# %% wrong: city-block
# As "norms", but:
distances = np.abs(query[:, None] - prototypes).sum(axis=-1)

# %% wrong: counts-from-one
# As "norms", but:
return distances.argmin(axis=1) + 1

# %% task 23.3

# %% right: accuracies first
import numpy as np


def with_interval(right):
    accuracies = right.mean(axis=1)
    error = accuracies.std(ddof=1) / np.sqrt(len(accuracies))
    half_width = 1.96 * error
    return accuracies.mean(), half_width


# %% right: SciPy
from scipy import stats


def with_interval(right):
    accuracies = right.mean(axis=1)
    return accuracies.mean(), 1.96 * stats.sem(accuracies)


# %% right: statistics
import math
import statistics


def with_interval(right):
    accuracies = [sum(row) / len(row) for row in right.tolist()]
    return statistics.mean(accuracies), 1.96 * statistics.stdev(accuracies) / math.sqrt(len(accuracies))


# %% right: the package
from tlcourse import fewshot


def with_interval(right):
    found = fewshot.interval(right.mean(axis=1))
    return found.mean, found.half_width


# %% right: by variance
# As "accuracies first", but:
error = np.sqrt(np.var(accuracies, ddof=1) / right.shape[0])

# %% wrong: queries-as-unit: as one big test
import numpy as np


def with_interval(right):
    share = right.mean()
    return share, 1.96 * np.sqrt(share * (1 - share) / right.size)


# %% wrong: queries-as-unit: standard error of all answers
# As "accuracies first", but:
error = right.std(ddof=1) / np.sqrt(right.size)

# %% wrong: spread-not-interval
# As "accuracies first", but:
half_width = accuracies.std(ddof=1)

# %% wrong: spread-not-interval: 1.96 spreads
# As "accuracies first", but:
half_width = 1.96 * accuracies.std(ddof=1)

# %% wrong: no-factor
# As "accuracies first", but:
half_width = error

# %% wrong: whole-width
# As "accuracies first", but:
half_width = 2 * 1.96 * error

# %% wrong: divided-by-n
# As "accuracies first", but:
error = accuracies.std(ddof=1) / len(accuracies)

# %% wrong: ddof-0
# As "accuracies first", but:
error = accuracies.std() / np.sqrt(len(accuracies))

# %% wrong: in-percent
# As "accuracies first", but:
return 100 * accuracies.mean(), 100 * half_width

# %% task 23.4

# %% right: array by array
import numpy as np


def outer_step(start, adapted, step_size):
    moved = []
    for i, weights in enumerate(start):
        goal = np.mean([task[i] for task in adapted], axis=0)
        moved.append(weights + step_size * (goal - weights))
    return moved


# %% right: shares
# As "array by array", but:
moved.append((1 - step_size) * weights + step_size * goal)

# %% right: the package
import numpy as np
from tlcourse import fewshot


def outer_step(start, adapted, step_size):
    goal = [np.mean(arrays, axis=0) for arrays in zip(*adapted)]
    return fewshot.reptile_step(start, goal, step_size)


# %% right: the mean of the moves
def outer_step(start, adapted, step_size):
    moves = [[a - s for a, s in zip(task, start)] for task in adapted]
    return [s + step_size * sum(parts) / len(adapted) for s, *parts in zip(start, *moves)]


# %% right: a copy changed in place
import numpy as np


def outer_step(start, adapted, step_size):
    moved = [np.copy(weights) for weights in start]
    for task in adapted:
        for i, weights in enumerate(task):
            moved[i] += step_size / len(adapted) * (weights - start[i])
    return moved


# %% wrong: goes-all-the-way
# As "array by array", but:
moved.append(goal)

# %% wrong: wrong-direction
# As "array by array", but:
moved.append(weights - step_size * (goal - weights))

# %% wrong: sum-not-mean
# As "array by array", but:
moved.append(weights + step_size * sum(task[i] - weights for task in adapted))

# %% wrong: only-one-task: the first
# As "array by array", but:
goal = adapted[0][i]

# %% wrong: only-one-task: the last
# As "array by array", but:
goal = adapted[-1][i]


# %% wrong: task-after-task
def outer_step(start, adapted, step_size):
    for task in adapted:
        start = [s + step_size * (a - s) for s, a in zip(start, task)]
    return start


# %% wrong: start-forgotten
# As "array by array", but:
moved.append(step_size * (goal - weights))

# %% wrong: shares-swapped
# As "array by array", but:
moved.append(step_size * weights + (1 - step_size) * goal)

# %% wrong: changes-input
# As "array by array", but:
weights += step_size * (goal - weights)
moved.append(weights)
