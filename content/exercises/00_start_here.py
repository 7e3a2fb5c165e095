# %% [markdown]
# # 00 · Exercise: measure before you believe
#
# Four small tools to use whenever somebody shows you an accuracy. Each task is one function. Fill
# it in where it says so, run the cell, then run the check below it. The check answers in words;
# `hint("0.1")` in a cell of its own helps one step at a time and costs nothing. **Time:** 30
# minutes. You need lesson 00 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 0.1: a split that keeps each plant on one side
#
# `groups[i]` is the number of the plant on image `i`, for example `[7, 7, 3, 7, 5, 3]`. Return the
# **positions** of the images for training and for testing, two arrays: for instance `[0, 1, 3, 4]`
# and `[2, 5]`.
#
# - No plant may be on both sides, and no image may be lost.
# - About `test_fraction` of the images are for testing (whole plants, so it cannot be exact).
# - `seed` decides which: the same seed gives the same split, another seed another one.


# %%
def group_split(groups, test_fraction, seed):
    """Return (positions for training, positions for testing)."""
    ### BEGIN SOLUTION
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    test_plants = plants[: round(test_fraction * len(plants))]
    in_test = np.isin(groups, test_plants)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
    ### END SOLUTION


# %%
check("0.1", group_split)

# %% [markdown]
# ## Task 0.2: an interval that says how sure a mean is
#
# Return `(low, high)`, a bootstrap interval of the mean of `values`: draw as many values as there
# are, with replacement, take the mean, do that `resamples` times, and keep the middle part. With
# `confidence=0.9` nine of ten such intervals should hold the true mean. The check draws hundreds of
# samples from a source whose mean it knows, and counts. `seed` decides the random numbers.


# %%
def bootstrap_interval(values, confidence, resamples, seed):
    """Return (low, high)."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values), replace=True).mean() for _ in range(resamples)]
    tail = (1 - confidence) / 2  # left outside at each end
    return np.quantile(means, tail), np.quantile(means, 1 - tail)
    ### END SOLUTION


# %%
check("0.2", bootstrap_interval)

# %% [markdown]
# ## Task 0.3: notice predictions that lost their labels
#
# You are given true labels, predicted classes, and the accuracy that `evaluate` reported for the
# same model and data. Return `True` if the two arrays are no longer in the same order (as happens
# when they were collected in two passes over a shuffled dataset), `False` if they are. Think of
# models that are bad although the order is right, and of the last digits of `evaluate`, which
# computes with about seven digits.


# %%
def lost_their_order(labels, predicted, reported_accuracy):
    """Return True if labels and predictions do not belong together."""
    ### BEGIN SOLUTION
    agreement = np.mean(labels == predicted)
    return abs(agreement - reported_accuracy) > 0.001
    ### END SOLUTION


# %%
check("0.3", lost_their_order)

# %% [markdown]
# ## Task 0.4: keep labels and predictions together
#
# `dataset` is a `tf.data.Dataset` of batches `(inputs, labels)` that shuffles again in each pass;
# `model` is a Keras model that gives one score per class. Return all true labels and all predicted
# classes, in the same order. Running this check starts TensorFlow, which takes some seconds.


# %%
def labels_and_predictions(model, dataset):
    """Return (labels, predicted classes), two arrays with one entry per image."""
    ### BEGIN SOLUTION
    labels, predicted = [], []
    for inputs, batch_labels in dataset:
        labels.append(batch_labels.numpy())
        predicted.append(model.predict(inputs, verbose=0).argmax(axis=1))
    return np.concatenate(labels), np.concatenate(predicted)
    ### END SOLUTION


# %%
check("0.4", labels_and_predictions)
