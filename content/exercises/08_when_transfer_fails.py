# %% [markdown]
# # 08 · Exercise: when transfer fails
#
# Four tools to detect negative transfer, before and after training. Fill in each function, run its
# cell, then the check below it. `hint("8.1")` in a cell of its own helps one step at a time and
# costs nothing. **Time:** 40 minutes. You need lesson 08, NumPy and SciPy.

# %%
import numpy as np
from scipy import stats
from tlcourse import check, hint

# %% [markdown]
# ## Task 8.1: the gain, and its interval
#
# `runs` is a list of `(draw, way, accuracy)`, in the order in which the runs finished; `way` is
# `"transfer"` or `"scratch"`. Some runs failed: a draw that lacks one of the two ways is left out.
# Return three numbers: the mean gain (transfer minus scratch, **within** draws), and the lower and
# upper end of Student's t interval for that mean.


# %%
def gain_with_interval(runs, confidence):
    """Return (mean, low, high)."""
    ### BEGIN SOLUTION
    found = {(draw, way): accuracy for draw, way, accuracy in runs}
    draws = sorted({draw for draw, _ in found})
    pairs = [(found.get((draw, "transfer")), found.get((draw, "scratch"))) for draw in draws]
    gains = np.array(
        [transfer - scratch for transfer, scratch in pairs if None not in (transfer, scratch)]
    )
    quantile = stats.t.ppf((1 + confidence) / 2, len(gains) - 1)
    margin = quantile * gains.std(ddof=1) / np.sqrt(len(gains))
    return gains.mean(), gains.mean() - margin, gains.mean() + margin
    ### END SOLUTION


# %%
check("8.1", gain_with_interval)

# %% [markdown]
# ## Task 8.2: which sources know the task?
#
# `tables` is a dict: name of a source -> its frozen features of your labelled images, one row each.
# `score(features, labels)` says how well the labels follow from the features; it may be LogME, or a
# cruder score that is high for any wide table. So give every source a placebo: **twenty** scores of
# the same features, each with newly shuffled labels (`np.random.default_rng(seed)`). Return the
# names of the sources whose true score lies **above all** of its placebo scores, from the highest
# true score to the lowest.


# %%
def rank_sources(tables, labels, score, seed):
    """Return a list of names, best first."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    kept = {}
    for name, table in tables.items():
        true = score(table, labels)
        if true > max(score(table, rng.permutation(labels)) for _ in range(20)):
            kept[name] = true
    return sorted(kept, key=kept.get, reverse=True)
    ### END SOLUTION


# %%
check("8.2", rank_sources)

# %% [markdown]
# ## Task 8.3: say no
#
# `gains` is a dict: name of a source -> its gains over training from scratch, one for each draw.
# Using a source costs something (a licence, a larger network to run): it has to gain **more than**
# `cost` in accuracy. A source *pays* if the lower end of its 95 % t interval lies above `cost`;
# with a single draw there is no interval, and so no proof. Return the paying source with the
# largest **mean**, or `"scratch"`.


# %%
def decide(gains, cost):
    """Return the name of a source, or "scratch"."""
    ### BEGIN SOLUTION
    paying = {}
    for name, values in gains.items():
        if len(values) < 2:
            continue
        spread = np.std(values, ddof=1) / np.sqrt(len(values))
        margin = stats.t.ppf(0.975, len(values) - 1) * spread
        if np.mean(values) - margin > cost:
            paying[name] = np.mean(values)
    return max(paying, key=paying.get, default="scratch")
    ### END SOLUTION


# %%
check("8.3", decide)

# %% [markdown]
# ## Task 8.4: where does it look?
#
# The core of Grad-CAM. `maps` `(rows, columns, channels)` is the output of the last convolutional
# layer for an image. `gradients`, of the same shape, says how the score of a class changes with
# each number of it. The weight of a channel is the **mean** of its gradients over all places. Add
# up the channels with their weights, set negative values to 0, and divide by the largest value: the
# map then goes from 0 to 1. If nothing is positive, the map is 0 everywhere.


# %%
def class_map(maps, gradients):
    """Return (rows, columns), 0 to 1."""
    ### BEGIN SOLUTION
    weights = gradients.mean(axis=(0, 1))  # (rows, columns, channels) -> (channels,)
    heat = np.maximum((maps * weights).sum(axis=-1), 0)
    return heat / heat.max() if heat.max() > 0 else heat
    ### END SOLUTION


# %%
check("8.4", class_map)
