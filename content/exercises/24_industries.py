# %% [markdown]
# # 24 · Exercise: rare events, wider stems, costs
#
# Three steps that practice gets wrong: boosting that forgets misleading examples, a kernel for more
# bands, and a threshold that follows from costs. `hint("24.1")` in a cell of its own helps one step
# at a time and costs nothing. **Time:** 30 minutes. You need lesson 24 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 24.1: one round of TrAdaBoost
#
# `errors` `(n,)` say how wrong the learner of this round is on each example, from 0 (right) to 1.
# `is_source` `(n,)` is true for source examples; `weights` `(n,)` are positive and sum to 1.
# `rounds` is the number of rounds in all. With
#
# - `error`: the mean of `errors` over the **target** examples, weighted by their weights;
# - `rise = error / (1 - error)`;
# - `fall = 1 / (1 + sqrt(2 * ln(number of source examples) / rounds))`,
#
# multiply the weight of a source example by `fall ** errors` and that of a target example by
# `rise ** -errors`. Return the new weights, scaled to sum 1. Do not change the arrays you get.


# %%
def new_weights(errors, is_source, weights, rounds):
    """Return the weights of the next round, shape `(n,)`."""
    ### BEGIN SOLUTION
    target = ~is_source
    error = np.average(errors[target], weights=weights[target])
    rise = error / (1 - error)
    fall = 1 / (1 + np.sqrt(2 * np.log(is_source.sum()) / rounds))
    changed = weights * np.where(is_source, fall**errors, rise**-errors)
    return changed / changed.sum()
    ### END SOLUTION


# %%
check("24.1", new_weights)

# %% [markdown]
# ## Task 24.2: a kernel for more bands
#
# `kernel` `(h, w, 3, filters)` belongs to a convolution for red, green and blue. Return a kernel
# `(h, w, bands, filters)` for images whose red, green and blue are the bands `rgb` (three
# positions). Its output must be that of the old kernel as long as the other bands are 0, and the
# other bands must take part from the first step: give each of them the **mean** of the three old
# channels, times 3 and divided by the number of other bands.


# %%
def widen(kernel, bands, rgb):
    """Return a kernel for `bands` bands."""
    ### BEGIN SOLUTION
    others = [band for band in range(bands) if band not in rgb]
    wide = np.zeros((*kernel.shape[:2], bands, kernel.shape[3]))
    wide[:, :, list(rgb)] = kernel
    wide[:, :, others] = kernel.mean(axis=2, keepdims=True) * 3 / len(others)
    return wide
    ### END SOLUTION


# %%
check("24.2", widen)

# %% [markdown]
# ## Task 24.3: alarms by cost
#
# `probabilities` `(n,)` of fraud are calibrated. An alarm about an honest payment costs
# `false_alarm`, a missed fraud costs its `amounts` `(n,)`: not the same for each payment. Nothing
# else costs. Return booleans `(n,)`: for which payments does an alarm cost less on average than
# none?


# %%
def alarms(probabilities, amounts, false_alarm):
    """Return True where an alarm is cheaper."""
    ### BEGIN SOLUTION
    return (1 - probabilities) * false_alarm < probabilities * amounts
    ### END SOLUTION


# %%
check("24.3", alarms)
