# %% [markdown]
# # 22 · Exercise: self-supervised pre-training
#
# The pieces of self-supervised learning in NumPy: pairs of views, their loss, features without the
# projector, and the detector of a collapse. Fill in each function, run its cell, then the check
# below it. `hint("22.1")` in a cell of its own helps one step at a time and costs nothing.
# **Time:** 35 minutes. You need lesson 22 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 22.1: two views of each image
#
# `images` `(n, height, width, channels)` is a batch. `change(image, rng)` returns a random view of
# **one** image. Return an array `(2 n, height, width, channels)`: first one view of each image, in
# the order of the batch, then a second view of each image, in the same order. Both views are drawn
# separately with `rng` (a NumPy generator), for each image again.


# %%
def two_views(images, change, rng):
    """Return an array with two views of each image."""
    ### BEGIN SOLUTION
    first = [change(image, rng) for image in images]
    second = [change(image, rng) for image in images]
    return np.stack(first + second)
    ### END SOLUTION


# %%
check("22.1", two_views)

# %% [markdown]
# ## Task 22.2: NT-Xent
#
# `first` and `second` `(n, d)` are projections of the two views of *n* images, in the same order.
# Divide each vector by its length. Each of the *2 n* views looks for the other view of its image
# among the *2 n - 1* other views: the logits are cosine similarities divided by `temperature`, and
# the loss is the cross-entropy. Return the mean over all *2 n* views.


# %%
def nt_xent(first, second, temperature):
    """Return the loss, a number."""
    ### BEGIN SOLUTION
    z = np.concatenate([first, second])
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    logits = z @ z.T / temperature
    np.fill_diagonal(logits, -np.inf)
    n = len(first)
    wanted = np.concatenate([np.arange(n) + n, np.arange(n)])
    highest = logits.max(axis=1)
    total = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
    return np.mean(total - logits[np.arange(2 * n), wanted])
    ### END SOLUTION


# %%
check("22.2", nt_xent)

# %% [markdown]
# ## Task 22.3: throw the projector away
#
# `encoder`, `projector` and `change` are functions of a trained SimCLR: images to features,
# features to projections, images to random views. Return the feature matrices for a linear probe:
# one row for each image of `train` and of `test`, in their order. The result must be the same in
# every call.


# %%
def probe_features(encoder, projector, change, train, test):
    """Return two arrays: features of the training images, and of the test images."""
    ### BEGIN SOLUTION
    return encoder(train), encoder(test)
    ### END SOLUTION


# %%
check("22.3", probe_features)

# %% [markdown]
# ## Task 22.4: detect a collapse
#
# `features` `(n, d)` belong to *n* different images. Divide each row by its length, take the
# standard deviation of each column (`ddof=0`), and return the mean of these over the columns,
# times √d: the *spread*, and beside it whether the features have collapsed: `True` if the spread
# is below `limit`. No row is 0. The answer must not change when all features are multiplied by a
# number above 0.


# %%
def spread_and_collapse(features, limit):
    """Return (spread, collapsed): a number, and True or False."""
    ### BEGIN SOLUTION
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    spread = unit.std(axis=0).mean() * np.sqrt(features.shape[1])
    return spread, bool(spread < limit)
    ### END SOLUTION


# %%
check("22.4", spread_and_collapse)
