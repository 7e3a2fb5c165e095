# %% [markdown]
# # 09 · Exercise: choosing a model
#
# Write two scores the slow and honest way, then check the arithmetic of a published comparison.
# Fill in each function, run its cell, then the check below it. `hint("9.1")` in a cell of its own
# helps one step at a time and costs nothing. **Time:** 35 minutes. You need lesson 09 and NumPy.

# %%
from contextlib import suppress

import numpy as np
from scipy.stats import weightedtau

from tlcourse import check, hint, select

# %% [markdown]
# ## Task 9.1: the evidence by brute force
#
# LogME's fast formulas are easy to get wrong, so check them with a slow and simple computation. If
# weights are drawn with *precision* `alpha` (variance 1 / alpha) and noise with precision `beta`,
# then a column of labels is normal with mean 0 and the covariance
#
# `C = features @ features.T / alpha + I / beta` (one row and one column for each image),
#
# and the logarithm of its density is `-(n * log(2 pi) + log det C + column @ inv(C) @ column) / 2`
# for `n` images. Return the **largest** value of this over all pairs from `alphas` and `betas`,
# **divided by n**. One of the cases has 300 images. The computer rounds the determinant of so large
# a matrix to 0, but its logarithm is a finite number.


# %%
def best_evidence(features, column, alphas, betas):
    """Return the largest log evidence per image, a number."""
    ### BEGIN SOLUTION
    n, best = len(column), -np.inf
    for alpha in alphas:
        for beta in betas:
            covariance = features @ features.T / alpha + np.eye(n) / beta
            log_determinant = np.linalg.slogdet(covariance)[1]
            distance = column @ np.linalg.solve(covariance, column)
            best = max(best, -(n * np.log(2 * np.pi) + log_determinant + distance) / 2)
    return best / n
    ### END SOLUTION


# %%
check("9.1", best_evidence)

# %% [markdown]
# Now compare with the fast way, on twelve images. (The cell prints nothing until your function is
# filled in.)

# %%
rng = np.random.default_rng(seed)
labels = np.arange(12) % 2
features = rng.normal(size=(12, 3)) + labels[:, None]
grid = np.exp(np.linspace(-4, 12, 60))
columns = [(labels == c).astype(float) for c in (0, 1)]
with suppress(NotImplementedError):
    slow = np.mean([best_evidence(features, column, grid, grid) for column in columns])
    print(f"brute force {slow:.4f}, tlcourse.select.log_me {select.log_me(features, labels):.4f}")

# %% [markdown]
# ## Task 9.2: LEEP
#
# `source_probabilities` has a row for each image and a column for each source class: the old head's
# probabilities for the target's images. `labels` are the target's class numbers (not all numbers
# need occur).
#
# 1. *Joint share* of label `y` and source class `z`: the mean over all images of "probability of
#    `z`, if the image has label `y`, else 0".
# 2. *Share of `y` given `z`*: the joint share divided by the sum of the joint shares of that `z`.
#    (Leave out a source class for which every image has probability 0.)
# 3. For each image: the sum over `z` of share of *its label* given `z`, times its probability of
#    `z`. LEEP is the mean of the logarithms.


# %%
def leep(source_probabilities, labels):
    """Return LEEP, a number that is 0 or less."""
    ### BEGIN SOLUTION
    expected = np.zeros(len(labels))
    for y in np.unique(labels):
        with_label = source_probabilities[labels == y].sum(axis=0)
        total = source_probabilities.sum(axis=0)
        given = np.divide(with_label, total, out=np.zeros(len(total)), where=total > 0)
        expected[labels == y] = source_probabilities[labels == y] @ given
    return np.mean(np.log(expected))
    ### END SOLUTION


# %%
check("9.2", leep)

# %% [markdown]
# ## Task 9.3: which tables follow from their rows?
#
# `tables` is a dict: name -> table. A table is a dict with `"accuracies"` (of ten networks after
# fine-tuning), `"scores"` (a dict: name of the score -> its ten values, in the same order) and
# `"weighted_tau"` (a dict: name of the score -> the correlation that was *published*).
#
# Recompute each correlation with `scipy.stats.weightedtau(accuracies, scores).statistic`. A table
# follows from its rows if **every** published correlation lies within `tolerance` of the recomputed
# one. Return the set of names of tables that do **not**.


# %%
def not_reproducible(tables, tolerance):
    """Return a set of names."""
    ### BEGIN SOLUTION
    wrong = set()
    for name, table in tables.items():
        for score, values in table["scores"].items():
            recomputed = weightedtau(table["accuracies"], values).statistic
            if abs(recomputed - table["weighted_tau"][score]) > tolerance:
                wrong.add(name)
    return wrong
    ### END SOLUTION


# %%
check("9.3", not_reproducible)

# %% [markdown]
# The check uses the eight tables that were really published, and some that were made up. Here are
# only the real ones:

# %%
published = {
    name: {
        "accuracies": table.accuracies,
        "scores": table.scores,
        "weighted_tau": table.weighted_tau,
    }
    for name, table in select.published_rankings().items()
}
with suppress(NotImplementedError):
    wrong = sorted(not_reproducible(published, tolerance=0.03))
    print("do not follow from their own rows:", wrong)
