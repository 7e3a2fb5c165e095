# %% [markdown]
# # 21 · Exercise: case study driving
#
# Four tools for a system that leaves its domain: the matrix, a randomiser that keeps labels true,
# balanced pseudo-labels, and abstaining. Fill in each function, run its cell, then the check below
# it. `hint("21.1")` in a cell of its own helps one step at a time and costs nothing. **Time:** 40
# minutes. You need lesson 21 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 21.1: a matrix of domains
#
# `train` and `test` are lists with one pair `(features, labels)` for each of *k* domains.
# `fit(features, labels)` trains a model and returns a function: features to predicted labels.
# Return two arrays. `matrix` `(k, k)`: row *i*, column *j* is the accuracy on the test examples of
# domain *j* after training on domain *i*. `price` `(k,)`: for each column, its diagonal minus the
# mean of its **other** entries.


# %%
def domain_matrix(fit, train, test):
    """Return (matrix, price)."""
    ### BEGIN SOLUTION
    matrix = np.empty((len(train), len(test)))
    for i, (features, labels) in enumerate(train):
        predict = fit(features, labels)
        for j, (asked, truth) in enumerate(test):
            matrix[i, j] = np.mean(predict(asked) == truth)
    home = np.diag(matrix)
    price = home - (matrix.sum(axis=0) - home) / (len(train) - 1)
    return matrix, price
    ### END SOLUTION


# %%
check("21.1", domain_matrix)

# %% [markdown]
# ## Task 21.2: randomise image and mask
#
# `image` `(height, width, 3)` is uint8, `mask` `(height, width)` has a class for each pixel. Return
# a new image and a new mask, by random numbers of `rng` (a NumPy generator):
# - with probability 1/2 both are mirrored, left to right;
# - then both are moved by the same number of pixels, -6 to 6 down and -6 to 6 to the right. What
#   comes from outside is 0 in the image and 255 (void) in the mask;
# - the image, and only the image, is multiplied by a factor from 0.5 to 1.5, and stays uint8 within
#   0 to 255.
#
# The caller's arrays stay as they are.


# %%
def randomise(image, mask, rng):
    """Return (image, mask), mirrored, moved and relit at random."""
    ### BEGIN SOLUTION
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    top, left = rng.integers(0, 13, 2)
    height, width = mask.shape
    wide_image = np.pad(image, ((6, 6), (6, 6), (0, 0)))
    wide_mask = np.pad(mask, 6, constant_values=255)
    image = wide_image[top : top + height, left : left + width]
    mask = wide_mask[top : top + height, left : left + width]
    relit = image * rng.uniform(0.5, 1.5)
    return np.clip(relit, 0, 255).astype("uint8"), mask
    ### END SOLUTION


# %%
check("21.2", randomise)

# %% [markdown]
# ## Task 21.3: balanced pseudo-labels
#
# `probabilities` `(n, classes)` are a network's predictions for *n* pixels without labels. Each
# pixel is predicted as its most probable class; that probability is its confidence. Of **each
# predicted class** keep the most confident `share` of its pixels, their number rounded up. Return
# `positions` of the kept pixels, in any order, and `pseudo_labels`, what each of them is predicted
# as.


# %%
def balanced(probabilities, share):
    """Return (positions, pseudo_labels), both `(kept,)`."""
    ### BEGIN SOLUTION
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    kept = []
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        count = int(np.ceil(share * len(rows) - 1e-9))  # 0.1 * 30 is 3.0000000000000004
        kept.append(rows[np.argsort(-confidence[rows])[:count]])
    positions = np.concatenate(kept)
    return positions, predicted[positions]
    ### END SOLUTION


# %%
check("21.3", balanced)

# %% [markdown]
# ## Task 21.4: abstain
#
# `confidence` `(n,)` says how sure a network is of each answer, no two are equal. `correct` `(n,)`
# says whether the answer is right. The network answers the most confident `ceil(coverage * n)` and
# leaves the rest to somebody else. Return `threshold`, the smallest confidence that is answered,
# and `risk`, the share of errors **among the answered**.


# %%
def abstain(confidence, correct, coverage):
    """Return (threshold, risk), two numbers."""
    ### BEGIN SOLUTION
    order = np.argsort(-confidence)
    count = int(np.ceil(coverage * len(confidence) - 1e-9))
    answered = order[:count]
    return confidence[answered[-1]], np.mean(~correct[answered])
    ### END SOLUTION


# %%
check("21.4", abstain)
