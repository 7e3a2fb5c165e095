# %% [markdown]
# # 17 · Exercise: frames, speakers, masks, and a gain
#
# Four pieces that decide whether a result on speech can be believed. Fill in each function, run its
# cell, then the check below it. `hint("17.1")` in a cell of its own helps one step at a time and
# costs nothing. **Time:** 35 minutes. You need lesson 17 and NumPy; no encoder is loaded.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 17.1: a spectrogram in decibels
#
# `sound` is one waveform. Cut it into frames of `window` samples, a new one every `hop` samples, as
# many as fit wholly into the sound; no padding. Multiply each frame by `np.hanning(window)`. Return
# `(frames, window // 2 + 1)`: the *power* of each frequency, `abs(np.fft.rfft(frame)) ** 2`, in
# decibels (`10 * log10`). Powers below `1e-10` count as `1e-10`: silence has a level too.


# %%
def spectrogram(sound, window, hop):
    """Return `(frames, window // 2 + 1)` in decibels."""
    ### BEGIN SOLUTION
    starts = range(0, len(sound) - window + 1, hop)
    frames = np.stack([sound[start : start + window] for start in starts]) * np.hanning(window)
    power = np.abs(np.fft.rfft(frames)) ** 2
    return 10 * np.log10(np.maximum(power, 1e-10))
    ### END SOLUTION


# %%
check("17.1", spectrogram)

# %% [markdown]
# ## Task 17.2: new speakers in the test
#
# `speakers` holds the name of the speaker of each clip. Return the positions of the training clips
# and of the test clips:
#
# - the clips of exactly `held` speakers, drawn with `rng`, are the test; all other clips train;
# - every clip is on one side, and no speaker is on both.


# %%
def split(speakers, held, rng):
    """Return (train positions, test positions)."""
    ### BEGIN SOLUTION
    chosen = rng.choice(np.unique(speakers), held, replace=False)
    test = np.isin(speakers, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)
    ### END SOLUTION


# %%
check("17.2", split)

# %% [markdown]
# ## Task 17.3: SpecAugment
#
# `table` is a spectrogram, `(frames, bands)`. Return a copy in which one stretch of neighbouring
# frames and one group of neighbouring bands are set to the mean of the whole spectrogram. The
# width of each is drawn uniformly from 0 up to and including `frames` or `bands`, its place
# uniformly among those that fit. Draw with `rng`.


# %%
def spec_augment(table, frames, bands, rng):
    """Return a copy with one stretch of frames and one group of bands hidden."""
    ### BEGIN SOLUTION
    found = table.copy()
    width = rng.integers(0, frames + 1)
    start = rng.integers(0, table.shape[0] - width + 1)
    found[start : start + width] = table.mean()
    width = rng.integers(0, bands + 1)
    start = rng.integers(0, table.shape[1] - width + 1)
    found[:, start : start + width] = table.mean()
    return found
    ### END SOLUTION


# %%
check("17.3", spec_augment)

# %% [markdown]
# ## Task 17.4: is it transfer?
#
# A pretrained encoder must beat the placebo: the same network with random values. `pretrained` and
# `placebo` hold one accuracy for each draw; the same draw uses the same speakers and clips in both.
# Return two numbers: the mean gain, and its standard error: the standard deviation of the *paired*
# differences (`ddof=1`), divided by the square root of their number.


# %%
def gain(pretrained, placebo):
    """Return (mean gain, standard error)."""
    ### BEGIN SOLUTION
    difference = np.asarray(pretrained) - np.asarray(placebo)
    return difference.mean(), difference.std(ddof=1) / np.sqrt(len(difference))
    ### END SOLUTION


# %%
check("17.4", gain)
