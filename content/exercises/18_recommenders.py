# %% [markdown]
# # 18 · Exercise: recommenders
#
# The map between two catalogues, two ranking metrics with their edge cases, and the question how
# many shared users are enough. Fill in each function, run its cell, then the check below it.
# `hint("18.1")` in a cell of its own helps one step at a time and costs nothing. **Time:** 35
# minutes. You need lesson 18 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 18.1: map cold users
#
# `source` `(shared, d)` and `target` `(shared, d)` are the vectors of the same users in two
# catalogues. `cold` `(n, d)` are vectors of other users in the source. Fit a linear map **with an
# offset** from source to target by least squares, and return the target vectors of the cold users.


# %%
def map_cold_users(source, target, cold):
    """Return vectors in the target, shape `(n, d)`."""
    ### BEGIN SOLUTION
    rows = np.column_stack([source, np.ones(len(source))])
    matrix = np.linalg.lstsq(rows, target, rcond=None)[0]
    return np.column_stack([cold, np.ones(len(cold))]) @ matrix
    ### END SOLUTION


# %%
check("18.1", map_cold_users)

# %% [markdown]
# ## Task 18.2: recall of a recommender
#
# `scores`, `relevant` and `seen` are tables `(users, items)`; the last two hold True and False. A
# user's list is the `k` highest scores among items **not seen**; no two scores are equal, and `k`
# may be more than there are items. Recall is the share of *all* relevant items of the user that are
# on the list. Return its mean over those users who have a relevant item. No relevant item is seen.


# %%
def mean_recall(scores, relevant, seen, k):
    """Return the mean recall at k, a number from 0 to 1."""
    ### BEGIN SOLUTION
    candidates = np.where(seen, -np.inf, scores)
    top = np.argsort(-candidates, axis=1)[:, :k]
    hits = np.take_along_axis(relevant, top, axis=1).sum(axis=1)
    count = relevant.sum(axis=1)
    some = count > 0
    return np.mean(hits[some] / count[some])
    ### END SOLUTION


# %%
check("18.2", mean_recall)

# %% [markdown]
# ## Task 18.3: NDCG, linear gain
#
# `relevance` `(users, items)` holds 0 (not relevant) and larger numbers. An item of relevance *r*
# at place *i* of the list (from 1) counts `r / log2(i + 1)`. Add this up over the first `k` places
# and divide by the same sum for the best possible list of `k` places. Return the mean over users.
# Every user has a relevant item, no two scores are equal, and `k` may be more than there are items.


# %%
def mean_ndcg(scores, relevance, k):
    """Return the mean NDCG at k, a number from 0 to 1."""
    ### BEGIN SOLUTION
    order = np.argsort(-scores, axis=1)[:, :k]
    reached = np.take_along_axis(relevance, order, axis=1)
    best = -np.sort(-relevance, axis=1)[:, :k]
    discounts = 1 / np.log2(np.arange(best.shape[1]) + 2)
    return np.mean((reached @ discounts) / (best @ discounts))
    ### END SOLUTION


# %%
check("18.3", mean_ndcg)

# %% [markdown]
# ## Task 18.4: how many shared users are enough
#
# `counts` `(m,)` are numbers of shared users, in any order. `errors` `(draws, m)` are the errors of
# EMCDR with so many, one row a draw. Return the smallest number of shared users from which on, for
# it **and all larger ones**, the mean error is at most `baseline * (1 - gain)`. Return `None` if
# there is no such number.


# %%
def enough_shared(counts, errors, baseline, gain):
    """Return a number out of `counts`, or None."""
    ### BEGIN SOLUTION
    means = errors.mean(axis=0)
    enough = None
    for place in np.argsort(counts)[::-1]:
        if means[place] > baseline * (1 - gain):
            break
        enough = counts[place]
    return enough
    ### END SOLUTION


# %%
check("18.4", enough_shared)
