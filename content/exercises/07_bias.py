# %% [markdown]
# # 07 · Exercise: data bias
#
# Count by group, lift the worst group, and measure what a model does to people. Fill in each
# function, run its cell, then the check below it. `hint("7.1")` in a cell of its own helps one step
# at a time and costs nothing. **Time:** 40 minutes. You need lesson 07 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 7.1: what the average hides
#
# `labels` and `predictions` are arrays of 0 and 1, `groups` holds a whole number for each example
# (any numbers, such as 2, 5 and 9, and any count of groups). Return two numbers:
#
# - the accuracy of the **worst group**;
# - the **equalised-odds gap**: the larger of two gaps, highest minus lowest over the groups, in the
#   true positive rate (of those with label 1, the share predicted 1) and in the false positive rate
#   (of those with label 0, the share predicted 1).


# %%
def count_by_group(labels, predictions, groups):
    """Return (accuracy of the worst group, equalised-odds gap)."""
    ### BEGIN SOLUTION
    accuracies, rates = [], []
    for group in np.unique(groups):
        own = groups == group
        accuracies.append(np.mean(labels[own] == predictions[own]))
        rates.append([np.mean(predictions[own & (labels == label)]) for label in (0, 1)])
    return min(accuracies), np.ptp(np.array(rates), axis=0).max()
    ### END SOLUTION


# %%
check("7.1", count_by_group)

# %% [markdown]
# ## Task 7.2: a new last layer
#
# `features` come from a frozen network, `labels` are 0 and 1, `groups` is `2 * label + place`. The
# groups are of very different size. `fit(features, labels)` trains a last layer and returns a
# function that predicts the labels of new features.
#
# Train on a draw with **as many examples of each group** as the smallest group has: all examples of
# the smallest group, and as many of each other group, drawn at random with `seed`, none of them
# twice. Return what `fit` returned. (You may train on several such draws and let them vote.)
#
# This `fit` takes features and labels and no weights, unlike that of the lesson.


# %%
def retrain(features, labels, groups, fit, seed):
    """Return a function: features -> predicted labels."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    smallest = np.bincount(groups).min()
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    drawn = np.concatenate([rng.permutation(own)[:smallest] for own in members])
    return fit(features[drawn], labels[drawn])
    ### END SOLUTION


# %%
check("7.2", retrain)

# %% [markdown]
# ## Task 7.3: passed on or amplified?
#
# `groups` holds two whole numbers, one for each group. They may be any, such as 6 and 7. In the
# labels, one of the two groups is selected (1) more often than the other. Call it the favoured
# group. The gap is the share of ones in the favoured group minus that in the other group. Return
# the gap in the **predictions** minus the gap in the **labels**, both with the group that the
# *labels* favour: above 0 the model amplifies; far below 0 it has reversed the gap.


# %%
def amplification(labels, predictions, groups):
    """Return by how much the predictions widen the gap of the labels."""
    ### BEGIN SOLUTION
    first, second = np.unique(groups)

    def gap(values):
        return np.mean(values[groups == first]) - np.mean(values[groups == second])

    return (gap(predictions) - gap(labels)) * (1 if gap(labels) >= 0 else -1)
    ### END SOLUTION


# %%
check("7.3", amplification)

# %% [markdown]
# ## Task 7.4: thresholds for equal opportunity
#
# `scores` say how suited people are according to a model; `labels` are 1 for the suited. Return a
# dict, group -> threshold: the **highest** threshold at which at least the share `rate` of the
# suited people of that group is selected. A person is selected whose score is at or above the
# threshold. Allow for rounding errors: where a rate times a count is a whole number but for a
# rounding error, take the whole number. `0.28 * 25` is 7, and Python computes 7.000000000000001.
#
# (Such a rule uses the group in every decision. That you can compute it does not mean that you may
# use it.)


# %%
def thresholds(scores, labels, groups, rate):
    """Return {group: threshold}."""
    ### BEGIN SOLUTION
    found = {}
    for group in np.unique(groups).tolist():
        suited = np.sort(scores[(groups == group) & (labels == 1)])[::-1]
        found[group] = suited[int(np.ceil(rate * len(suited) - 1e-9)) - 1]
    return found
    ### END SOLUTION


# %%
check("7.4", thresholds)
