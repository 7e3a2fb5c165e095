# %% [markdown]
# # 23 · Exercise: few examples of a new class
#
# The four pieces of few-shot learning: episodes, prototypes, an honest interval, and one step of
# meta-learning. Fill in each function, run its cell, then the check below it. `hint("23.1")` in a
# cell of its own helps one step at a time and costs nothing. **Time:** 35 minutes. You need lesson
# 23 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 23.1: draw an episode
#
# `labels` `(n,)` are the class numbers of *n* images, in any order; not all numbers need occur.
# Each class has at least `shots + queries` images. Draw with `rng` (a NumPy generator) `ways`
# different classes, and of each class `shots + queries` different images. Return two arrays of
# **positions** in `labels`: support `(ways, shots)` and query `(ways, queries)`. Row *i* of both
# is the same class, and no image is in both.


# %%
def draw_episode(labels, ways, shots, queries, rng):
    """Return support and query, arrays of positions."""
    ### BEGIN SOLUTION
    classes = rng.choice(np.unique(labels), ways, replace=False)
    support, query = [], []
    for c in classes:
        drawn = rng.choice(np.flatnonzero(labels == c), shots + queries, replace=False)
        support.append(drawn[:shots])
        query.append(drawn[shots:])
    return np.array(support), np.array(query)
    ### END SOLUTION


# %%
check("23.1", draw_episode)

# %% [markdown]
# ## Task 23.2: classify by prototypes
#
# `support` `(ways, shots, d)` are features, one row a class. `query` `(n, d)` are features to
# classify. The prototype of a class is the mean of its support features. Return for each query the
# number of the class, 0 to `ways - 1`, whose prototype is nearest by Euclidean distance.


# %%
def classify(support, query):
    """Return class numbers, shape `(n,)`."""
    ### BEGIN SOLUTION
    prototypes = support.mean(axis=1)
    distances = np.linalg.norm(query[:, None] - prototypes, axis=-1)
    return distances.argmin(axis=1)
    ### END SOLUTION


# %%
check("23.2", classify)

# %% [markdown]
# ## Task 23.3: an interval over episodes
#
# `right` `(episodes, queries)` says for every query of every episode whether it was classified
# correctly. Return the mean accuracy and the half width of its 95 % interval. The unit is the
# **episode**: 1.96 standard errors of the mean of the episodes' accuracies (`ddof=1`).


# %%
def with_interval(right):
    """Return (mean, half_width), two numbers between 0 and 1."""
    ### BEGIN SOLUTION
    accuracies = right.mean(axis=1)
    half_width = 1.96 * accuracies.std(ddof=1) / np.sqrt(len(accuracies))
    return accuracies.mean(), half_width
    ### END SOLUTION


# %%
check("23.3", with_interval)

# %% [markdown]
# ## Task 23.4: one outer step of Reptile
#
# `start` is a list of arrays, the weights from which every task begins. `adapted` is a list with
# one entry for each task: a list of arrays of the same shapes, the weights after some gradient
# steps on that task. Return a new list of arrays: the start moved by `step_size` of the way to
# the **mean** of the adapted weights. Do not change the arrays that you are given.


# %%
def outer_step(start, adapted, step_size):
    """Return the new start, a list of arrays."""
    ### BEGIN SOLUTION
    moved = []
    for i, weights in enumerate(start):
        goal = np.mean([task[i] for task in adapted], axis=0)
        moved.append(weights + step_size * (goal - weights))
    return moved
    ### END SOLUTION


# %%
check("23.4", outer_step)
