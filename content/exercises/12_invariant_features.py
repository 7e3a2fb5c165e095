# %% [markdown]
# # 12 · Exercise: features that do not reveal the domain
#
# You write three tools of lesson 12 yourself. Fill in each function, run its cell, then the check
# below it. `hint("12.1")` in a cell of its own helps one step at a time and costs nothing.
# **Time:** 35 minutes. You need lesson 12, NumPy and Keras.

# %%
import keras
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 12.1: CORAL
#
# `source_features` and `target_features` are arrays `(n, features)`. Return the source features,
# transformed to the **covariance** and the **mean** of the target. Whiten with the source's
# covariance to the power -1/2, colour with the target's covariance to the power +1/2. There are
# more examples than features, so no regularisation is needed. Rows keep their order: row 7 must
# still belong to label 7.


# %%
def coral(source_features, target_features):
    """Return an array of the shape of `source_features`."""

    ### BEGIN SOLUTION
    def power(features, exponent):
        values, vectors = np.linalg.eigh(np.cov(features, rowvar=False))
        return (vectors * values**exponent) @ vectors.T

    centred = source_features - source_features.mean(axis=0)
    return centred @ power(source_features, -0.5) @ power(
        target_features, 0.5
    ) + target_features.mean(axis=0)
    ### END SOLUTION


# %%
check("12.1", coral)

# %% [markdown]
# ## Task 12.2: a shift, or chance?
#
# `discrepancy(kernel, in_source)` is given; it returns MMD squared. `kernel` `(n, n)` holds the
# similarity of every two points; `in_source` `(n,)` is True for the points of the source. Return
# two numbers:
#
# - the discrepancy of the true split;
# - the **95 % quantile** of the discrepancies of `permutations` random splits: the same points and
#   the same number in each group, but assigned at random with `rng` (a NumPy generator).
#
# A shift is reported if the first number is larger than the second. With a shift this happens
# nearly always; without one it happens in about 5 % of the cases.


# %%
def discrepancy(kernel, in_source):
    """MMD squared: mean similarity within the two groups, minus twice that across them."""
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()


def permutation_test(kernel, in_source, permutations, rng):
    """Return (discrepancy of the true split, 95 % quantile of random splits)."""
    ### BEGIN SOLUTION
    random_splits = [discrepancy(kernel, rng.permutation(in_source)) for _ in range(permutations)]
    return discrepancy(kernel, in_source), np.quantile(random_splits, 0.95)
    ### END SOLUTION


# %%
check("12.2", permutation_test)

# %% [markdown]
# ## Task 12.3: AdaBN
#
# `model` holds BatchNormalization layers, `images` come from the target. Replace the moving
# statistics of each of these layers with those of the target, whatever the momentum of the layers
# is. All batches of `batch_size` images count the same; images that do not fill a batch are left
# out. **Nothing else may change:** no weight, and no layer's momentum.


# %%
def adapt_statistics(model, images, batch_size):
    """Change `model` in place; return nothing."""
    ### BEGIN SOLUTION
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    for count in range(len(images) // batch_size):
        for norm in norms:
            norm.momentum = count / (count + 1)
        model(images[count * batch_size : (count + 1) * batch_size], training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    ### END SOLUTION


# %%
check("12.3", adapt_statistics)
