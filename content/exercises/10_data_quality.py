# %% [markdown]
# # 10 · Exercise: data quality
#
# Three tools for what comes before every model. Fill in each function, run its cell, then the check
# below it. `hint("10.1")` in a cell of its own helps one step at a time and costs nothing.
# **Time:** 40 minutes. You need lesson 10, NumPy and scikit-learn.

# %%
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from tlcourse import check, hint

# %% [markdown]
# ## Task 10.1: throw out the copies
#
# `images` are grey images, an array `(n, height, width)`. Some are copies of an earlier one:
# brighter, darker, with a little noise. Return the positions to drop: of each image exactly **one**
# stays, the first. Never drop an image that is no copy.
#
# A fingerprint that survives such changes: shrink to 8 rows and 9 columns (mean over blocks), and
# ask for each place whether it is brighter than its right neighbour. That gives 64 answers; of
# copies at most `limit` of them differ. Heights and widths are multiples of 8 and 9.


# %%
def copies_to_drop(images, limit=6):
    """Return positions, in rising order."""
    ### BEGIN SOLUTION
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)
    kept, dropped = [], []
    for i in range(n):
        if any((prints[i] != prints[k]).sum() <= limit for k in kept):
            dropped.append(i)
        else:
            kept.append(i)
    return dropped
    ### END SOLUTION


# %%
check("10.1", copies_to_drop)

# %% [markdown]
# ## Task 10.2: which labels does a classifier contradict?
#
# `features` `(n, d)` and `labels` `(n,)`, whole numbers from 0; some labels are wrong. Return the
# positions of the labels that a logistic regression (`max_iter=1000`) **contradicts**: it predicts
# another class.
#
# A classifier agrees with the labels that it was trained on, above all when there are many columns.
# So each example has to be judged by a classifier that was trained **without that example**: five
# folds, with scikit-learn's `cross_val_predict(..., cv=5)`.


# %%
def contradicted(features, labels):
    """Return positions."""
    ### BEGIN SOLUTION
    predicted = cross_val_predict(LogisticRegression(max_iter=1000), features, labels, cv=5)
    return np.flatnonzero(predicted != labels)
    ### END SOLUTION


# %%
check("10.2", contradicted)

# %% [markdown]
# ## Task 10.3: weights against class imbalance
#
# Return a dict for Keras' `class_weight`: for each of the classes 0 to `num_classes - 1` the weight
# $n / (k \cdot n_c)$, with *n* the number of labels, *n_c* that of the class, and *k* the number of
# classes **that occur**. A class that does not occur gets the weight 0 (and no division by zero).
# Keys are `int`, values `float`. Then the mean weight of a label is 1, and all classes that occur
# have the same total weight.


# %%
def class_weights(labels, num_classes):
    """Return {class: weight}."""
    ### BEGIN SOLUTION
    counts = np.bincount(labels, minlength=num_classes)
    present = (counts > 0).sum()
    weights = {}
    for c, n in enumerate(counts.tolist()):
        weights[c] = float(len(labels) / (present * n)) if n else 0.0
    return weights
    ### END SOLUTION


# %%
check("10.3", class_weights)
