"""Right and wrong answers to the tasks of lesson 18. The form of this file: docs/checks.md."""

# %% task 18.1

# %% right: a column of ones
import numpy as np


def map_cold_users(source, target, cold):
    rows = np.column_stack([source, np.ones(len(source))])
    matrix = np.linalg.lstsq(rows, target, rcond=None)[0]
    new = np.column_stack([cold, np.ones(len(cold))])
    return new @ matrix


# %% right: centred
def map_cold_users(source, target, cold):
    import numpy as np

    middle, goal = source.mean(axis=0), target.mean(axis=0)
    matrix = np.linalg.lstsq(source - middle, target - goal, rcond=None)[0]
    return (cold - middle) @ matrix + goal


# %% right: scikit-learn
from sklearn.linear_model import LinearRegression


def map_cold_users(source, target, cold):
    return LinearRegression().fit(source, target).predict(cold)


# %% right: the package
from tlcourse.recommend import fit_linear_map


def map_cold_users(source, target, cold):
    matrix, offset = fit_linear_map(source, target, ridge=0.0)
    return cold @ matrix + offset


# %% right: normal equations, a plain list
# As "a column of ones", but:
matrix = np.linalg.solve(rows.T @ rows, rows.T @ target)
return (new @ matrix).tolist()

# %% right: a little ridge
from sklearn.linear_model import Ridge


def map_cold_users(source, target, cold):
    return Ridge(alpha=1e-3).fit(source, target).predict(cold)


# %% wrong: no-offset
import numpy as np


def map_cold_users(source, target, cold):
    return cold @ np.linalg.lstsq(source, target, rcond=None)[0]


# %% wrong: no-offset: no intercept
# As "scikit-learn", but:
return LinearRegression(fit_intercept=False).fit(source, target).predict(cold)


# %% wrong: no-map
def map_cold_users(source, target, cold):
    return cold


# %% wrong: everybody-the-mean
import numpy as np


def map_cold_users(source, target, cold):
    return np.zeros_like(cold) + target.mean(axis=0)


# %% wrong: wrong-direction
# As "scikit-learn", but:
return LinearRegression().fit(target, source).predict(cold)

# %% wrong: transposed
# As "centred", but:
return (cold - middle) @ matrix.T + goal

# %% wrong: offset-forgotten
# As "centred", but:
return cold @ matrix

# %% wrong: offset-forgotten: the target's mean
# As "centred", but:
return (cold - middle) @ matrix

# %% wrong: nearest-user
from sklearn.neighbors import KNeighborsRegressor


def map_cold_users(source, target, cold):
    return KNeighborsRegressor(1).fit(source, target).predict(cold)


# %% wrong: column-by-column
import numpy as np
from sklearn.linear_model import LinearRegression


def map_cold_users(source, target, cold):
    columns = range(source.shape[1])
    return np.stack([LinearRegression().fit(source[:, [j]], target[:, j]).predict(cold[:, [j]]) for j in columns], axis=1)


# %% wrong: shared-users-mapped
# As "scikit-learn", but:
return LinearRegression().fit(source, target).predict(source)

# %% task 18.2

# %% right: minus infinity
import numpy as np


def mean_recall(scores, relevant, seen, k):
    candidates = np.where(seen, -np.inf, scores)
    top = np.argsort(-candidates, axis=1)[:, :k]
    hits = np.take_along_axis(relevant, top, axis=1).sum(axis=1)
    count = relevant.sum(axis=1)
    some = count > 0
    return np.mean(hits[some] / count[some])


# %% right: sets
def mean_recall(scores, relevant, seen, k):
    found = []
    for score, wanted, out in zip(scores, relevant, seen):
        items = sorted((i for i in range(len(score)) if not out[i]), key=lambda i: -score[i])
        goal = {i for i in range(len(score)) if wanted[i]}
        if goal:
            found.append(len(goal & set(items[:k])) / len(goal))
    return sum(found) / len(found)


# %% right: the package
import numpy as np
from tlcourse.recommend import recall_at_k


def mean_recall(scores, relevant, seen, k):
    return np.nanmean(recall_at_k(scores, relevant, k, exclude=seen))


# %% right: ranks
import numpy as np


def mean_recall(scores, relevant, seen, k):
    ranks = np.argsort(np.argsort(-np.where(seen, -np.inf, scores), axis=1), axis=1)
    keep = relevant.any(axis=1)
    return ((ranks < k) & relevant)[keep].sum(axis=1).dot(1 / relevant[keep].sum(axis=1)) / keep.sum()


# %% right: masked sums, a NumPy number
# As "minus infinity", but:
shares = np.divide(hits, count, out=np.full(len(count), np.nan), where=some)
return np.nanmean(shares)

# %% wrong: seen-recommended
# As "minus infinity", but:
candidates = scores

# %% wrong: empty-users-count-0
# As "minus infinity", but:
return np.mean(hits / np.maximum(count, 1))

# %% wrong: empty-users-count-1
# As "minus infinity", but:
return np.mean(np.where(some, hits / np.maximum(count, 1), 1.0))

# %% wrong: nan-users
# As "minus infinity", but:
with np.errstate(invalid="ignore"):
    shares = hits / count
return np.mean(shares)

# %% wrong: precision
# As "minus infinity", but:
return np.mean(hits[some] / k)

# %% wrong: divided-by-smaller
# As "minus infinity", but:
return np.mean(hits[some] / np.minimum(count[some], k))

# %% wrong: hit-rate
# As "minus infinity", but:
return np.mean(hits[some] > 0)

# %% wrong: pooled
# As "minus infinity", but:
return hits.sum() / count.sum()

# %% wrong: lowest-scores
# As "minus infinity", but:
candidates = np.where(seen, np.inf, scores)
top = np.argsort(candidates, axis=1)[:, :k]

# %% wrong: one-too-few
# As "minus infinity", but:
top = np.argsort(-candidates, axis=1)[:, : k - 1]

# %% wrong: one-too-many
# As "ranks", but:
return ((ranks <= k) & relevant)[keep].sum(axis=1).dot(1 / relevant[keep].sum(axis=1)) / keep.sum()

# %% task 18.3

# %% right: matrices
import numpy as np


def mean_ndcg(scores, relevance, k):
    order = np.argsort(-scores, axis=1)[:, :k]
    reached = np.take_along_axis(relevance, order, axis=1)
    best = -np.sort(-relevance, axis=1)[:, :k]
    discounts = 1 / np.log2(np.arange(best.shape[1]) + 2)
    return np.mean((reached @ discounts) / (best @ discounts))


# %% right: scikit-learn
from sklearn.metrics import ndcg_score


def mean_ndcg(scores, relevance, k):
    return ndcg_score(relevance, scores, k=k)


# %% right: the package
from tlcourse.recommend import ndcg_at_k


def mean_ndcg(scores, relevance, k):
    return ndcg_at_k(scores, relevance, k).mean()


# %% right: natural logarithms, whose base cancels
# As "matrices", but:
discounts = 1 / np.log(np.arange(best.shape[1]) + 2)

# %% right: plain loops
from math import log2


def dcg(values, k):
    return sum(r / log2(i + 1) for i, r in enumerate(values[:k], start=1))


def mean_ndcg(scores, relevance, k):
    total = 0.0
    for score, graded in zip(scores.tolist(), relevance.tolist()):
        ranked = [r for _, r in sorted(zip(score, graded), reverse=True)]
        total += dcg(ranked, k) / dcg(sorted(graded, reverse=True), k)
    return total / len(scores)


# %% wrong: exponential-gain
# As "matrices", but:
return np.mean(((2.0**reached - 1) @ discounts) / ((2.0**best - 1) @ discounts))

# %% wrong: binary-gain
# As "scikit-learn", but:
return ndcg_score(relevance > 0, scores, k=k)

# %% wrong: reciprocal-discount
# As "matrices", but:
discounts = 1 / (np.arange(best.shape[1]) + 1)

# %% wrong: no-discount
# As "matrices", but:
discounts = np.ones(best.shape[1])

# %% wrong: discount-shifted
# As "matrices", but:
discounts = 1 / np.log2(np.arange(best.shape[1]) + 3)

# %% wrong: not-normalised
from sklearn.metrics import dcg_score


def mean_ndcg(scores, relevance, k):
    return dcg_score(relevance, scores, k=k)


# %% wrong: ideal-of-the-list
# As "matrices", but:
best = -np.sort(-reached, axis=1)
return np.mean((reached @ discounts) / np.maximum(best @ discounts, 1e-9))

# %% wrong: ideal-not-cut
# As "matrices", but:
best = -np.sort(-relevance, axis=1)
discounts = 1 / np.log2(np.arange(best.shape[1]) + 2)
return np.mean((reached @ discounts[: reached.shape[1]]) / (best @ discounts))

# %% wrong: k-ignored
# As "scikit-learn", but:
return ndcg_score(relevance, scores)

# %% wrong: lowest-scores
# As "matrices", but:
order = np.argsort(scores, axis=1)[:, :k]

# %% wrong: pooled
# As "matrices", but:
return (reached @ discounts).sum() / (best @ discounts).sum()

# %% task 18.4

# %% right: from the largest down
import numpy as np


def enough_shared(counts, errors, baseline, gain):
    means = errors.mean(axis=0)
    limit = baseline * (1 - gain)
    order = np.argsort(counts)[::-1]
    enough = None
    for place in order:
        if means[place] > limit:
            break
        enough = counts[place]
    return enough


# %% right: after the last above
import numpy as np


def enough_shared(counts, errors, baseline, gain):
    order = np.argsort(counts)
    means = errors.mean(axis=0)
    below = means[order] <= baseline * (1 - gain)
    above = np.flatnonzero(~below)
    first = above[-1] + 1 if len(above) else 0
    return None if first == len(counts) else int(counts[order][first])


# %% right: accumulate
import numpy as np


def enough_shared(counts, errors, baseline, gain):
    order = np.argsort(counts)
    below = (errors.mean(axis=0) <= baseline * (1 - gain))[order]
    stays = np.logical_and.accumulate(below[::-1])[::-1]
    return counts[order][stays][0] if stays.any() else None


# %% right: all larger ones, without sorting
def enough_shared(counts, errors, baseline, gain):
    limit = baseline * (1 - gain)
    good = [c for c in counts if (errors[:, counts >= c].mean(axis=0) <= limit).all()]
    return min(good, default=None)


# %% right: the largest that is too few
def enough_shared(counts, errors, baseline, gain):
    means = errors.mean(axis=0)
    bad = [c for c, e in zip(counts, means) if e > baseline * (1 - gain)]
    larger = [float(c) for c in counts if c > max(bad, default=-1)]
    return min(larger) if larger else None


# %% wrong: first-below
import numpy as np


def enough_shared(counts, errors, baseline, gain):
    good = counts[errors.mean(axis=0) <= baseline * (1 - gain)]
    return good.min() if len(good) else None


# %% wrong: best-draw
# As "from the largest down", but:
means = errors.min(axis=0)

# %% wrong: worst-draw
# As "from the largest down", but:
means = errors.max(axis=0)

# %% wrong: one-draw
# As "from the largest down", but:
means = errors[0]

# %% wrong: median-not-mean
# As "from the largest down", but:
means = np.median(errors, axis=0)

# %% wrong: gain-not-relative
# As "from the largest down", but:
limit = baseline - gain

# %% wrong: gain-ignored
# As "from the largest down", but:
limit = baseline

# %% wrong: limit-is-the-gain
# As "from the largest down", but:
limit = baseline * gain

# %% wrong: not-sorted
# As "from the largest down", but:
order = np.arange(len(counts))[::-1]

# %% wrong: place-not-count
# As "after the last above", but:
return None if first == len(counts) else int(first)

# %% wrong: never-is-the-largest
# As "after the last above", but:
return int(counts.max() if first == len(counts) else counts[order][first])
