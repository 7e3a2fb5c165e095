"""Right and wrong answers to the tasks of lesson 24. The form of this file: docs/checks.md."""

# %% task 24.1

# %% right: where
import numpy as np


def new_weights(errors, is_source, weights, rounds):
    target = ~is_source
    error = np.average(errors[target], weights=weights[target])
    rise = error / (1 - error)
    fall = 1 / (1 + np.sqrt(2 * np.log(is_source.sum()) / rounds))
    changed = weights * np.where(is_source, fall**errors, rise**-errors)
    return changed / changed.sum()


# %% right: two masks
import numpy as np


def new_weights(errors, is_source, weights, rounds):
    new = weights.copy()
    w = weights[~is_source] / weights[~is_source].sum()
    error = (w * errors[~is_source]).sum()
    new[is_source] *= (1 + np.sqrt(2 * np.log(np.count_nonzero(is_source)) / rounds)) ** -errors[is_source]
    new[~is_source] *= ((1 - error) / error) ** errors[~is_source]
    return new / new.sum()


# %% right: logarithms
import numpy as np


def new_weights(errors, is_source, weights, rounds):
    error = np.average(errors[~is_source], weights=weights[~is_source])
    beta = 1 / (1 + np.sqrt(2 * np.log(sum(is_source)) / rounds))
    logs = np.log(weights) + errors * np.where(is_source, np.log(beta), -np.log(error / (1 - error)))
    logs -= logs.max()
    return np.exp(logs) / np.exp(logs).sum()


# %% right: a loop
import math


def new_weights(errors, is_source, weights, rounds):
    total = sum(w for w, s in zip(weights, is_source) if not s)
    error = sum(w * e for w, e, s in zip(weights, errors, is_source) if not s) / total
    fall = 1 / (1 + math.sqrt(2 * math.log(sum(map(int, is_source))) / rounds))
    rise = error / (1 - error)
    new = [w * (fall**e if s else rise ** (-e)) for w, e, s in zip(weights, errors, is_source)]
    return [w / sum(new) for w in new]


# %% wrong: source-raised
# As "where", but:
changed = weights * np.where(is_source, fall**-errors, rise**-errors)

# %% wrong: all-as-target
# As "where", but:
changed = weights * rise**-errors

# %% wrong: source-unchanged
# As "where", but:
changed = weights * np.where(is_source, 1.0, rise**-errors)

# %% wrong: target-lowered
# As "where", but:
changed = weights * np.where(is_source, fall**errors, rise**errors)

# %% wrong: error-not-weighted
# As "where", but:
error = errors[target].mean()

# %% wrong: error-over-all
# As "where", but:
error = np.average(errors, weights=weights)

# %% wrong: counts-all
# As "where", but:
fall = 1 / (1 + np.sqrt(2 * np.log(len(errors)) / rounds))

# %% wrong: not-scaled
# As "where", but:
return changed

# %% wrong: changes-arguments
import numpy as np


def new_weights(errors, is_source, weights, rounds):
    error = np.average(errors[~is_source], weights=weights[~is_source])
    fall = 1 / (1 + np.sqrt(2 * np.log(is_source.sum()) / rounds))
    weights *= np.where(is_source, fall**errors, (error / (1 - error)) ** -errors)
    return weights / weights.sum()


# %% task 24.2

# %% right: zeros first
import numpy as np


def widen(kernel, bands, rgb):
    others = [band for band in range(bands) if band not in rgb]
    wide = np.zeros((*kernel.shape[:2], bands, kernel.shape[3]))
    wide[:, :, list(rgb)] = kernel
    wide[:, :, others] = kernel.mean(axis=2, keepdims=True) * 3 / len(others)
    return wide


# %% right: mean first
import numpy as np


def widen(kernel, bands, rgb):
    filler = kernel.sum(axis=2, keepdims=True) / (bands - 3)
    wide = np.repeat(filler, bands, axis=2)
    for channel, place in enumerate(rgb):
        wide[:, :, place] = kernel[:, :, channel]
    return wide


# %% right: band by band
import numpy as np


def widen(kernel, bands, rgb):
    rgb = list(rgb)
    columns = []
    for band in range(bands):
        if band in rgb:
            columns.append(kernel[:, :, rgb.index(band)])
        else:
            columns.append(kernel.mean(axis=2) * 3 / (bands - 3))
    return np.stack(columns, axis=2)


# %% right: a matrix
import numpy as np


def widen(kernel, bands, rgb):
    share = np.full((bands, 3), 1 / (bands - 3))
    share[list(rgb)] = np.eye(3)
    return np.einsum("bc,hwcf->hwbf", share, kernel)


# %% wrong: first-three-bands
import numpy as np


def widen(kernel, bands, rgb):
    extra = np.repeat(kernel.mean(axis=2, keepdims=True) * 3 / (bands - 3), bands - 3, axis=2)
    return np.concatenate([kernel, extra], axis=2)


# %% wrong: sorted-bands
import numpy as np


def widen(kernel, bands, rgb):
    others = [band for band in range(bands) if band not in rgb]
    wide = np.zeros((*kernel.shape[:2], bands, kernel.shape[3]))
    wide[:, :, sorted(rgb)] = kernel
    wide[:, :, others] = kernel.mean(axis=2, keepdims=True) * 3 / len(others)
    return wide


# %% wrong: sorted-bands: a mask
import numpy as np


def widen(kernel, bands, rgb):
    mask = np.isin(np.arange(bands), rgb)
    wide = np.zeros((*kernel.shape[:2], bands, kernel.shape[3]))
    wide[:, :, mask] = kernel
    wide[:, :, ~mask] = kernel.mean(axis=2, keepdims=True) * 3 / (bands - 3)
    return wide


# %% wrong: scaled-old-kernel
# As "zeros first", but:
return wide * 3 / bands

# %% wrong: others-zero
# As "mean first", but:
filler = 0 * kernel.sum(axis=2, keepdims=True)

# %% wrong: not-divided
# As "mean first", but:
filler = kernel.sum(axis=2, keepdims=True)

# %% wrong: plain-mean
# As "mean first", but:
filler = kernel.mean(axis=2, keepdims=True)

# %% wrong: divided-by-all
# As "mean first", but:
filler = kernel.sum(axis=2, keepdims=True) / bands

# %% task 24.3


# %% right: compare the two
def alarms(probabilities, amounts, false_alarm):
    alarm, silence = (1 - probabilities) * false_alarm, probabilities * amounts
    return alarm < silence


# %% right: a threshold each
def alarms(probabilities, amounts, false_alarm):
    threshold = false_alarm / (false_alarm + amounts)
    return probabilities > threshold


# %% right: odds
def alarms(probabilities, amounts, false_alarm):
    return probabilities / (1 - probabilities) > false_alarm / amounts


# %% right: a loop
def alarms(probabilities, amounts, false_alarm):
    found = []
    for p, amount in zip(probabilities, amounts):
        found.append(bool((1 - p) * false_alarm < p * amount))
    return found


# %% right: the package
from tlcourse import evaluate


def alarms(probabilities, amounts, false_alarm):
    return [p > evaluate.cost_threshold(false_alarm, a) for p, a in zip(probabilities, amounts)]


# %% wrong: one-half
# As "a threshold each", but:
threshold = 0.5

# %% wrong: one-threshold
# As "a threshold each", but:
threshold = false_alarm / (false_alarm + amounts.mean())

# %% wrong: ratio-of-costs
# As "a threshold each", but:
threshold = false_alarm / amounts

# %% wrong: reversed
# As "compare the two", but:
return alarm > silence

# %% wrong: costs-exchanged
# As "a threshold each", but:
threshold = amounts / (false_alarm + amounts)
