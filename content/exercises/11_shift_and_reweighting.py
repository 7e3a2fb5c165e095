# %% [markdown]
# # 11 · Exercise: shift and weights
#
# Four tools against distribution shift, without new labels. Fill in each function, run its cell,
# then the check below it. `hint("11.1")` in a cell of its own helps one step at a time and costs
# nothing. **Time:** 35 minutes. You need lesson 11, NumPy and scikit-learn.

# %%
import numpy as np
from sklearn.linear_model import LogisticRegression
from tlcourse import check, hint

# %% [markdown]
# ## Task 11.1: weights from a classifier
#
# `source` and `target` are arrays of rows, not equally many. Return one weight for each **source**
# row: how much denser the target is there than the source. All weights are above 0, and their
# **mean is 1**. Where nothing has shifted, they are near 1.


# %%
def ratio_weights(source, target):
    """Return an array of weights, one for each row of `source`."""
    ### BEGIN SOLUTION
    rows, domain = np.concatenate([source, target]), np.repeat([0, 1], [len(source), len(target)])
    p = LogisticRegression().fit(rows, domain).predict_proba(source)[:, 1]
    weights = p / (1 - p)
    return weights / weights.mean()
    ### END SOLUTION


# %%
check("11.1", ratio_weights)

# %% [markdown]
# ## Task 11.2: how many rows are left?
#
# Return the effective sample size of an array of weights: how many equally weighted rows would be
# worth as much. The unit of the weights must not matter: all weights times 1000 give the same size.


# %%
def effective_size(weights):
    """Return a number from 1 to len(weights)."""
    ### BEGIN SOLUTION
    return weights.sum() ** 2 / np.square(weights).sum()
    ### END SOLUTION


# %%
check("11.2", effective_size)

# %% [markdown]
# ## Task 11.3: a line for the target
#
# `x` and `y` are numbers of the source, `target_x` those of the target; there is no y of the
# target. Return slope and intercept of a line that makes small errors **on the target**. Where the
# target is shifted, the line has to remove at least 90 % of the avoidable error (the error of the
# unweighted line minus that of the line with the true weights). Where it is not, the error may be
# at most 10 % larger than that of the unweighted line. (A trap: `np.polyfit` squares the weights
# that it is given.)


# %%
def line_for_target(x, y, target_x):
    """Return (slope, intercept)."""
    ### BEGIN SOLUTION
    weights = ratio_weights(x[:, None], target_x[:, None])
    return np.polyfit(x, y, 1, w=np.sqrt(weights))
    ### END SOLUTION


# %%
check("11.3", line_for_target)

# %% [markdown]
# ## Task 11.4: the shares of the classes in the target
#
# `labels` are the true classes of source rows and `said` is what a classifier says about them;
# `target_said` is what it says about the target, whose labels nobody knows. Classes are numbered
# from 0. The classifier makes the same mistakes in both places. Return the share of each class in
# the target: 0 or more, sum 1. (A share that comes out below 0 is that of a class that does not
# occur.)


# %%
def target_shares(labels, said, target_said):
    """Return an array with the share of each class in the target."""
    ### BEGIN SOLUTION
    classes = labels.max() + 1
    joint = np.zeros((classes, classes))
    np.add.at(joint, (said, labels), 1 / len(labels))
    counted = np.bincount(target_said, minlength=classes) / len(target_said)
    shares = np.clip(np.linalg.solve(joint, counted), 0, None) * joint.sum(axis=0)
    return shares / shares.sum()
    ### END SOLUTION


# %%
check("11.4", target_shares)
