"""Right and wrong answers to the tasks of lesson 17. The form of this file: docs/checks.md."""

# %% task 17.1

# %% right: stack
import numpy as np


def spectrogram(sound, window, hop):
    starts = range(0, len(sound) - window + 1, hop)
    frames = np.stack([sound[start : start + window] for start in starts])
    frames = frames * np.hanning(window)
    power = np.abs(np.fft.rfft(frames)) ** 2
    table = 10 * np.log10(np.maximum(power, 1e-10))
    return table


# %% right: a sliding window
import numpy as np


def spectrogram(sound, window, hop):
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]
    transform = np.fft.rfft(frames * np.hanning(window), axis=1)
    return 10 * np.log10(np.clip(transform.real**2 + transform.imag**2, 1e-10, None))


# %% right: frame by frame
import numpy as np


def spectrogram(sound, window, hop):
    rows, start = [], 0
    while start + window <= len(sound):
        amplitude = np.abs(np.fft.rfft(sound[start : start + window] * np.hanning(window)))
        rows.append(20 * np.log10(np.maximum(amplitude, 1e-5)))
        start += hop
    return rows


# %% right: natural logarithm, scaled
import numpy as np


def spectrogram(sound, window, hop):
    count = 1 + (len(sound) - window) // hop
    index = np.arange(window)[None] + hop * np.arange(count)[:, None]
    power = np.square(np.abs(np.fft.rfft(np.asarray(sound)[index] * np.hanning(window))))
    return np.log(np.where(power < 1e-10, 1e-10, power)) * 10 / np.log(10)


# %% wrong: no-window
# As "stack", but:
frames = frames * 1.0

# %% wrong: amplitude-not-power: the absolute value
# As "stack", but:
power = np.abs(np.fft.rfft(frames))

# %% wrong: twice-the-decibels: 20 log of a power
# As "stack", but:
table = 20 * np.log10(np.maximum(power, 1e-10))

# %% wrong: natural-logarithm
# As "stack", but:
table = 10 * np.log(np.maximum(power, 1e-10))

# %% wrong: silence-without-level: no floor
# As "stack", but:
table = 10 * np.log10(power)

# %% wrong: last-frame-lost: stop one early
# As "stack", but:
starts = range(0, len(sound) - window - hop + 1, hop)

# %% wrong: frames-do-not-overlap: step of a window
# As "stack", but:
starts = range(0, len(sound) - window + 1, window)

# %% wrong: padded
# As "stack", but:
sound = np.pad(sound, (0, hop))
starts = range(0, len(sound) - window + 1, hop)

# %% wrong: frames-in-columns: transposed
# As "stack", but:
table = 10 * np.log10(np.maximum(power, 1e-10)).T

# %% task 17.2

# %% right: isin
import numpy as np


def split(speakers, held, rng):
    names = np.unique(speakers)
    chosen = rng.choice(names, held, replace=False)
    test = np.isin(speakers, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)


# %% right: a set and two lists
def split(speakers, held, rng):
    chosen = set(rng.permutation(sorted(set(speakers)))[:held])
    train = [place for place, name in enumerate(speakers) if name not in chosen]
    test = [place for place, name in enumerate(speakers) if name in chosen]
    return train, test


# %% right: numbers of names
import numpy as np


def split(speakers, held, rng):
    names, of = np.unique(speakers, return_inverse=True)
    rank = rng.permutation(len(names))[of]
    return np.where(rank >= held)[0], np.where(rank < held)[0]


# %% wrong: clips-at-random: draw clips
import numpy as np


def split(speakers, held, rng):
    order = rng.permutation(len(speakers))
    count = len(speakers) * held // len(np.unique(speakers))
    return order[count:], order[:count]


# %% wrong: sides-exchanged
# As "isin", but:
test = ~np.isin(speakers, chosen)

# %% wrong: another-number: one speaker less
# As "isin", but:
chosen = rng.choice(names, held - 1, replace=False)

# %% wrong: another-number: one speaker more
import numpy as np


def split(speakers, held, rng):
    chosen = rng.choice(np.unique(speakers), held + 1, replace=False)
    test = np.isin(speakers, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)


# %% wrong: clips-lost: one clip a speaker
import numpy as np


def split(speakers, held, rng):
    names, first = np.unique(speakers, return_index=True)
    chosen = rng.choice(names, held, replace=False)
    test = np.isin(names, chosen)
    return first[~test], first[test]


# %% wrong: mask-not-positions: a mask
import numpy as np


def split(speakers, held, rng):
    test = np.isin(speakers, rng.choice(np.unique(speakers), held, replace=False))
    return ~test, test


# %% wrong: not-by-the-rng: the first names
# As "isin", but:
chosen = names[:held]

# %% wrong: on-both-sides: all clips train
import numpy as np


def split(speakers, held, rng):
    test = np.isin(speakers, rng.choice(np.unique(speakers), held, replace=False))
    return np.arange(len(speakers)), np.flatnonzero(test)


# %% task 17.3


# %% right: slices
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    value = table.mean()
    width = rng.integers(0, frames + 1)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = value
    width = rng.integers(0, bands + 1)
    start = rng.integers(0, table.shape[1] - width + 1)
    found[:, start : start + width] = value
    return found


# %% right: where
import numpy as np


def spec_augment(table, frames, bands, rng):
    hidden = np.zeros(table.shape, bool)
    for axis, largest in enumerate((frames, bands)):
        width = rng.integers(largest + 1)
        start = rng.integers(table.shape[axis] - width + 1)
        place = np.arange(table.shape[axis])
        line = (place >= start) & (place < start + width)
        hidden |= line[:, None] if axis == 0 else line[None]
    return np.where(hidden, table.mean(), table)


# %% right: inclusive ends
import numpy as np


def spec_augment(table, frames, bands, rng):
    found = np.array(table)
    rows = int(rng.integers(0, frames, endpoint=True))
    columns = int(rng.integers(0, bands, endpoint=True))
    top = int(rng.integers(0, len(table) - rows, endpoint=True))
    left = int(rng.integers(0, len(table[0]) - columns, endpoint=True))
    found[top : top + rows, :] = np.mean(table)
    found[:, left : left + columns] = np.mean(table)
    return found


# %% wrong: changes-input: in place
# As "slices", but:
found = table

# %% wrong: zero-not-mean: zeros
# As "slices", but:
value = 0.0


# %% wrong: always-full-width
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    start = rng.integers(0, table.shape[0] - frames + 1)
    found[start : start + frames] = table.mean()
    start = rng.integers(0, table.shape[1] - bands + 1)
    found[:, start : start + bands] = table.mean()
    return found


# %% wrong: largest-never-drawn: the end of a range
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    width = rng.integers(0, frames)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = table.mean()
    width = rng.integers(0, bands)
    start = rng.integers(0, table.shape[1] - width + 1)
    found[:, start : start + width] = table.mean()
    return found


# %% wrong: axes-exchanged
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    width = rng.integers(0, bands + 1)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = table.mean()
    width = rng.integers(0, frames + 1)
    start = rng.integers(0, table.shape[1] - width + 1)
    found[:, start : start + width] = table.mean()
    return found


# %% wrong: one-axis-only: frames only
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    width = rng.integers(0, frames + 1)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = table.mean()
    return found


# %% wrong: scattered: frames here and there
def spec_augment(table, frames, bands, rng):
    found = table.copy()
    found[rng.choice(len(table), rng.integers(0, frames + 1), replace=False)] = table.mean()
    found[:, rng.choice(table.shape[1], rng.integers(0, bands + 1), replace=False)] = table.mean()
    return found


# %% wrong: same-mask: a generator of its own
import numpy as np


def spec_augment(table, frames, bands, rng):
    rng = np.random.default_rng(5)
    found = table.copy()
    width = rng.integers(1, frames + 1)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = table.mean()
    return found


# %% task 17.4

# %% right: paired
import numpy as np


def gain(pretrained, placebo):
    difference = np.asarray(pretrained) - np.asarray(placebo)
    mean = difference.mean()
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return mean, error


# %% right: by hand
def gain(pretrained, placebo):
    steps = [a - b for a, b in zip(pretrained, placebo)]
    n = len(steps)
    mean = sum(steps) / n
    return [mean, (sum((step - mean) ** 2 for step in steps) / (n - 1) / n) ** 0.5]


# %% right: with SciPy
import numpy as np
from scipy import stats


def gain(pretrained, placebo):
    difference = pretrained - placebo
    return np.array([np.mean(difference), stats.sem(difference)])


# %% wrong: spread-not-error: no square root
# As "paired", but:
error = difference.std(ddof=1)

# %% wrong: population-deviation
# As "paired", but:
error = difference.std() / np.sqrt(len(difference))

# %% wrong: not-paired: two variances
# As "paired", but:
error = np.sqrt((np.var(pretrained, ddof=1) + np.var(placebo, ddof=1)) / len(difference))

# %% wrong: sign: placebo first
# As "paired", but:
difference = np.asarray(placebo) - np.asarray(pretrained)

# %% wrong: ratio-not-difference: a ratio
# As "paired", but:
mean = np.mean(pretrained) / np.mean(placebo)

# %% wrong: divided-by-the-number
# As "paired", but:
error = difference.std(ddof=1) / len(difference)

# %% wrong: best-draw: the maximum
# As "paired", but:
mean = difference.max()
