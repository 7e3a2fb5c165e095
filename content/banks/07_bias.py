"""Right and wrong answers to the tasks of lesson 07. The form of this file: docs/checks.md."""

# %% task 7.1

# %% right: masks
import numpy as np


def count_by_group(labels, predictions, groups):
    accuracies, rates, selected = [], [], []
    for group in np.unique(groups):
        own = groups == group
        accuracies.append(np.mean(labels[own] == predictions[own]))
        rates.append([np.mean(predictions[own & (labels == y)]) for y in (0, 1)])
        selected.append(predictions[own].mean())
    return min(accuracies), np.ptp(np.array(rates), axis=0).max()


# %% right: plain Python
def count_by_group(labels, predictions, groups):
    rows = {}
    for y, p, g in zip(labels.tolist(), predictions.tolist(), groups.tolist()):
        rows.setdefault(g, []).append((y, p))
    share = lambda values: sum(values) / len(values)
    worst = min(share([y == p for y, p in row]) for row in rows.values())
    gaps = []
    for label in (0, 1):
        rates = [share([p for y, p in row if y == label]) for row in rows.values()]
        gaps.append(max(rates) - min(rates))
    return [worst, max(gaps)]


# %% right: with the package and scikit-learn
import numpy as np
from sklearn.metrics import accuracy_score, recall_score


def count_by_group(labels, predictions, groups):
    parts = [(labels[groups == g], predictions[groups == g]) for g in set(groups.tolist())]
    true = [recall_score(y, p) for y, p in parts]
    false = [1 - recall_score(y, p, pos_label=0) for y, p in parts]
    return np.array([min(accuracy_score(y, p) for y, p in parts), max(np.ptp(true), np.ptp(false))])


# %% wrong: average-accuracy: average
# As "masks", but:
return np.mean(labels == predictions), np.ptp(np.array(rates), axis=0).max()

# %% wrong: mean-of-the-groups: mean of groups
# As "masks", but:
return np.mean(accuracies), np.ptp(np.array(rates), axis=0).max()

# %% wrong: best-group: best
# As "masks", but:
return max(accuracies), np.ptp(np.array(rates), axis=0).max()

# %% wrong: true-positives-only: recall only
# As "masks", but:
return min(accuracies), np.ptp([r[1] for r in rates])

# %% wrong: false-positives-only
# As "masks", but:
return min(accuracies), np.ptp([r[0] for r in rates])

# %% wrong: selection-gap: selection
# As "masks", but:
return min(accuracies), np.ptp(selected)

# %% wrong: mean-of-the-gaps: mean of gaps
# As "masks", but:
return min(accuracies), np.ptp(np.array(rates), axis=0).mean()

# %% wrong: sum-of-the-gaps: sum of gaps
# As "masks", but:
return min(accuracies), np.ptp(np.array(rates), axis=0).sum()

# %% wrong: share-of-the-whole-group: whole group
# As "masks", but:
rates.append([np.mean((predictions[own] == 1) & (labels[own] == y)) for y in (0, 1)])

# %% wrong: order-exchanged: exchanged
# As "masks", but:
return np.ptp(np.array(rates), axis=0).max(), min(accuracies)

# %% wrong: groups-are-not-0-and-1
import numpy as np


def count_by_group(labels, predictions, groups):
    accuracies = [np.mean(labels[groups == g] == predictions[groups == g]) for g in (0, 1)]
    rates = [[predictions[(groups == g) & (labels == y)].mean() for y in (0, 1)] for g in (0, 1)]
    return min(accuracies), np.ptp(np.array(rates), axis=0).max()


# %% task 7.2

# %% right: one draw
import numpy as np


def retrain(features, labels, groups, fit, seed):
    rng = np.random.default_rng(seed)
    smallest = np.bincount(groups).min()
    drawn = np.concatenate([rng.permutation(np.flatnonzero(groups == g))[:smallest] for g in np.unique(groups)])
    return fit(features[drawn], labels[drawn])


# %% right: five draws that vote
import random


def retrain(features, labels, groups, fit, seed):
    dice, models = random.Random(seed), []
    members = {}
    for place, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(place)
    count = min(len(own) for own in members.values())
    for _ in range(5):
        drawn = [place for own in members.values() for place in dice.sample(own, count)]
        models.append(fit(features[drawn], labels[drawn]))
    return lambda new: (sum(model(new) for model in models) > 2.5).astype(int)


# %% right: three draws, the mean of their votes
import numpy as np


def retrain(features, labels, groups, fit, seed):
    rng = np.random.RandomState(seed)
    smallest, models = np.bincount(groups).min(), []
    for _ in range(3):
        drawn = np.concatenate([rng.choice(np.where(groups == g)[0], smallest, replace=False) for g in range(4)])
        models.append(fit(features[drawn], labels[drawn]))
    return lambda new: np.round(np.mean([model(new) for model in models], axis=0)).astype(int)


# %% wrong: repeated-examples: small groups repeated up to the largest
import numpy as np


def retrain(features, labels, groups, fit, seed):
    rng = np.random.RandomState(seed)
    largest = np.bincount(groups).max()
    drawn = np.concatenate([rng.choice(np.where(groups == g)[0], size=largest, replace=True) for g in range(4)])
    rng.shuffle(drawn)
    return fit(features[drawn], labels[drawn])


# %% wrong: repeated-examples: drawn with replacement
# As "one draw", but:
drawn = np.concatenate([rng.choice(np.flatnonzero(groups == g), smallest) for g in np.unique(groups)])

# %% wrong: weights-not-a-draw: weights as the third argument
# As "one draw", but:
return fit(features, labels, 1 / np.bincount(groups)[groups])

# %% wrong: weights-not-a-draw: weights by name
# As "one draw", but:
return fit(features, labels, weights=len(groups) / 4 / np.bincount(groups)[groups])

# %% wrong: trained-on-everything: plain
# As "one draw", but:
drawn = rng.permutation(len(labels))

# %% wrong: balanced-by-label-only: labels balanced
# As "one draw", but:
drawn = np.concatenate(
    [rng.permutation(np.flatnonzero(labels == k))[: min(np.sum(labels == 0), np.sum(labels == 1))] for k in (0, 1)]
)

# %% wrong: balanced-by-place-only: places balanced
# As "one draw", but:
drawn = np.concatenate(
    [
        rng.permutation(np.flatnonzero((groups % 2) == k))[: min(np.sum((groups % 2) == 0), np.sum((groups % 2) == 1))]
        for k in (0, 1)
    ]
)

# %% wrong: seed-ignored: always the first
# As "one draw", but:
drawn = np.concatenate([np.sort(np.flatnonzero(groups == g))[:smallest] for g in np.unique(groups)])

# %% wrong: labels-out-of-step: out of step
# As "one draw", but:
return fit(features[drawn], labels[: len(drawn)])

# %% wrong: too-few: one less than the smallest group
# As "one draw", but:
drawn = np.concatenate([rng.permutation(np.flatnonzero(groups == g))[: smallest - 1] for g in np.unique(groups)])

# %% wrong: too-few: five of each
# As "one draw", but:
drawn = np.concatenate([rng.permutation(np.flatnonzero(groups == g))[:5] for g in np.unique(groups)])

# %% wrong: groups-missing: small groups alone
# As "one draw", but:
drawn = np.flatnonzero((groups == 1) | (groups == 2))

# %% wrong: changed-features: scaled first
# As "one draw", but:
return fit(features[drawn] / 2, labels[drawn])

# %% wrong: fit-not-called: a constant
# As "one draw", but:
drawn = []
return lambda new: np.zeros(len(new), int)

# %% wrong: scores-not-labels: scores
# As "one draw", but:
model = fit(features[drawn], labels[drawn])
return lambda new: model(new) - 0.5

# %% task 7.3

# %% right: sign
import numpy as np


def amplification(labels, predictions, groups):
    first, second = np.unique(groups)
    gap = lambda values: np.mean(values[groups == first]) - np.mean(values[groups == second])
    ratio = lambda values: np.mean(values[groups == first]) / np.mean(values[groups == second])
    given, decided = gap(labels), gap(predictions)
    return np.sign(given) * (decided - given)


# %% right: favoured first
import numpy as np


def amplification(labels, predictions, groups):
    rate = lambda values, g: values[groups == g].sum() / (groups == g).sum()
    other, favoured = sorted(set(groups.tolist()), key=lambda g: rate(labels, g))
    return (rate(predictions, favoured) - rate(predictions, other)) - (rate(labels, favoured) - rate(labels, other))


# %% right: with the package
from tlcourse import evaluate


def amplification(labels, predictions, groups):
    return evaluate.bias_amplification(labels, predictions, groups)


# %% wrong: direction-fixed: first minus second
# As "sign", but:
return decided - given

# %% wrong: absolute-gaps: sizes
# As "sign", but:
return abs(decided) - abs(given)

# %% wrong: order-exchanged: labels minus predictions
# As "sign", but:
return np.sign(given) * (given - decided)

# %% wrong: predictions-alone: predictions
# As "sign", but:
return np.sign(given) * decided

# %% wrong: favoured-by-the-predictions: other direction
# As "sign", but:
return np.sign(decided) * (decided - given)

# %% wrong: ratio
# As "sign", but:
return (ratio(predictions) if given > 0 else 1 / ratio(predictions)) / (ratio(labels) if given > 0 else 1 / ratio(labels))

# %% wrong: accuracy-gap: accuracy
# As "sign", but:
return gap((labels == predictions).astype(float))

# %% wrong: groups-are-not-0-and-1
import numpy as np


def amplification(labels, predictions, groups):
    def gap(values):
        return values[groups == 0].mean() - values[groups == 1].mean()

    return np.sign(gap(labels)) * (gap(predictions) - gap(labels))


# %% task 7.4

# %% right: sorted
import numpy as np


def thresholds(scores, labels, groups, rate):
    found = {}
    for group in np.unique(groups).tolist():
        own = np.sort(scores[(groups == group) & (labels == 1)])[::-1]
        found[group] = own[int(np.ceil(rate * len(own) - 1e-9)) - 1]
    return found


# %% right: tries every score
import numpy as np


def thresholds(scores, labels, groups, rate):
    result = {}
    for group in set(groups.tolist()):
        suited = scores[(groups == group) & (labels == 1)]
        result[group] = max(t for t in suited if np.mean(suited >= t) >= rate - 1e-9)
    return result


# %% right: whole numbers
# As "sorted", but:
found[group] = own[-(-round(rate * len(own) * 10**6) // 10**6) - 1]

# %% wrong: rounding-error: rounded up without tolerance
# As "sorted", but:
found[group] = own[int(np.ceil(rate * len(own))) - 1]

# %% wrong: all-members-counted: all members
# As "sorted", but:
own = np.sort(scores[groups == group])[::-1]

# %% wrong: one-for-all
# As "sorted", but:
own = np.sort(scores[labels == 1])[::-1]

# %% wrong: unsuited-counted: unsuited
# As "sorted", but:
own = np.sort(scores[(groups == group) & (labels == 0)])[::-1]

# %% wrong: rate-turned-round: turned round
# As "sorted", but:
found[group] = np.quantile(own, rate)

# %% wrong: between-two-scores: quantile
# As "sorted", but:
found[group] = np.quantile(own, 1 - rate)

# %% wrong: lets-everybody-in: everybody
# As "sorted", but:
found[group] = own[-1]

# %% wrong: rate-missed: rounded down
# As "sorted", but:
found[group] = own[max(0, int(rate * len(own)) - 1)]

# %% wrong: not-the-highest: one too many
# As "sorted", but:
found[group] = own[min(len(own) - 1, int(rate * len(own) + 1e-9))]
