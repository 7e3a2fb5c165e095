"""Right and wrong answers to the tasks of lesson 11. The form of this file: docs/checks.md."""

# %% task 11.1

# %% right: odds of a logistic regression
import numpy as np
from sklearn.linear_model import LogisticRegression


def ratio_weights(source, target):
    rows = np.concatenate([source, target])
    domain = np.repeat([0, 1], [len(source), len(target)])
    p = LogisticRegression().fit(rows, domain).predict_proba(source)[:, 1]
    w = p / (1 - p)
    return w / w.mean()


# %% right: two Gaussians, covariances fitted
from scipy.stats import multivariate_normal
import numpy as np


def ratio_weights(source, target):
    fit = lambda rows: multivariate_normal(rows.mean(axis=0), np.cov(rows, rowvar=False))
    weights = fit(target).pdf(source) / fit(source).pdf(source)
    return list(weights / weights.mean())


# %% right: KLIEP of the package
import tlcourse


def ratio_weights(source, target):
    return tlcourse.adapt.kliep_weights(source, target)


# %% right: the classifier of the package
import tlcourse


def ratio_weights(source, target):
    return tlcourse.adapt.classifier_weights(source, target)


# %% right: the line of the logits
import numpy as np
from sklearn.linear_model import LogisticRegression


def ratio_weights(source, target):
    model = LogisticRegression(C=10)
    model.fit(np.vstack([target, source]), [True] * len(target) + [False] * len(source))
    w = np.exp(model.decision_function(source)) * len(source) / len(target)
    return w * len(w) / w.sum()


# %% right: by hand
import numpy as np


def ratio_weights(source, target):
    rows = np.c_[np.ones(len(source) + len(target)), np.concatenate([source, target])]
    domain = np.repeat([0.0, 1.0], [len(source), len(target)])
    theta = np.zeros(rows.shape[1])
    for _ in range(500):
        theta += rows.T @ (domain - 1 / (1 + np.exp(-rows @ theta))) / len(rows)
    w = np.exp(rows[: len(source)] @ theta)
    return w / np.mean(w)


# %% wrong: upside-down: source over target
# As "odds of a logistic regression", but:
w = (1 - p) / p

# %% wrong: probability-not-odds: probability
# As "odds of a logistic regression", but:
w = p

# %% wrong: numbers-of-rows-count: raw odds
# As "odds of a logistic regression", but:
return w

# %% wrong: mean-is-not-one: sum 1
# As "odds of a logistic regression", but:
return w / w.sum()

# %% wrong: weights-of-other-rows: weights of the target
# As "odds of a logistic regression", but:
p = LogisticRegression().fit(rows, domain).predict_proba(target)[:, 1]

# %% wrong: weights-of-other-rows: weights of all rows
# As "odds of a logistic regression", but:
p = LogisticRegression().fit(rows, domain).predict_proba(rows)[:, 1]

# %% wrong: nothing-weighted: all ones
import numpy as np


def ratio_weights(s, t):
    return np.ones(len(s))


# %% wrong: sees-shifts-everywhere: a curved classifier with its own noise
import numpy as np


def ratio_weights(source, target):
    step = target.mean(axis=0) - source.mean(axis=0)
    if np.linalg.norm(step) < 0.5:
        step = np.array([1.0, 0.0])
    w = np.exp(source @ step)
    return w / w.mean()


# %% task 11.2

# %% right: two sums
import numpy as np


def effective_size(weights):
    return weights.sum() ** 2 / (weights**2).sum()


# %% right: from shares
# As "two sums", but:
return 1 / sum((w / sum(weights)) ** 2 for w in weights)

# %% right: from the variance
# As "two sums", but:
return len(weights) / (1 + np.var(weights) / np.mean(weights) ** 2)

# %% wrong: upside-down: turned over
# As "two sums", but:
return (weights**2).sum() / weights.sum() ** 2

# %% wrong: sum-not-squared
# As "two sums", but:
return weights.sum() / (weights**2).sum()

# %% wrong: counts-rows: number of rows
# As "two sums", but:
return len(weights)

# %% wrong: counts-weights-above-zero: above zero
# As "two sums", but:
return np.count_nonzero(weights)

# %% wrong: takes-the-mean-for-one: mean taken for 1
# As "two sums", but:
return len(weights) ** 2 / np.square(weights).sum()

# %% wrong: share-of-rows: share
# As "two sums", but:
return weights.sum() ** 2 / np.square(weights).sum() / len(weights)

# %% wrong: sum-of-weights: sum
# As "two sums", but:
return sum(weights)

# %% task 11.3

# %% right: sample_weight
import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression


def line_for_target(x, y, target_x):
    rows = np.concatenate([x, target_x])[:, None]
    domain = np.repeat([0, 1], [len(x), len(target_x)])
    p = LogisticRegression().fit(rows, domain).predict_proba(x[:, None])[:, 1]
    w = p / (1 - p)
    fitted = LinearRegression().fit(x[:, None], y, sample_weight=w)
    return fitted.coef_[0], fitted.intercept_


# %% right: polyfit
# As "sample_weight", but:
return np.polyfit(x, y, 1, w=np.sqrt(w))

# %% right: Gaussian densities and normal equations
import numpy as np


def line_for_target(x, y, target_x):
    density = lambda values: np.exp(-0.5 * ((x - values.mean()) / values.std()) ** 2) / values.std()
    w = density(target_x) / density(x)
    design = np.stack([x, np.ones_like(x)], axis=1)
    return np.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w * y))


# %% right: no weight above 20
# As "sample_weight", but:
w = np.minimum(p / (1 - p), 20)

# %% wrong: unweighted: weights forgotten
# As "sample_weight", but:
w = np.ones(len(x))

# %% wrong: weights-squared: polyfit squares them
# As "sample_weight", but:
return np.polyfit(x, y, 1, w=w)

# %% wrong: probability-not-odds: probabilities
# As "sample_weight", but:
w = p

# %% wrong: upside-down
# As "sample_weight", but:
w = (1 - p) / p

# %% wrong: exchanged
# As "sample_weight", but:
return (fitted.intercept_, fitted.coef_[0])

# %% wrong: too-little: fourth root of the weights
# As "sample_weight", but:
w = (p / (1 - p)) ** 0.15

# %% wrong: hurts-without-a-shift: the upper half of the rows where nothing moved
# As "sample_weight", but:
w = p / (1 - p) if p.std() > 0.1 else (x > np.median(x)).astype(float)

# %% wrong: too-much: the cube of the weights
# As "sample_weight", but:
w = (p / (1 - p)) ** 3


# %% task 11.4

# %% right: joint matrix
import numpy as np


def target_shares(labels, said, target_said):
    k = labels.max() + 1
    C = np.zeros((k, k))
    for i, j in zip(said, labels):
        C[i, j] += 1 / len(labels)
    old, counted = np.bincount(labels, minlength=k) / len(labels), np.bincount(target_said, minlength=k) / len(target_said)
    w = np.linalg.solve(C, counted)
    shares = np.clip(w, 0, None) * old
    return shares / shares.sum()


# %% right: rates of mistakes
import numpy as np


def target_shares(labels, said, target_said):
    classes = range(max(labels) + 1)
    says = np.array([[np.mean(said[labels == j] == i) for j in classes] for i in classes])
    counted = [np.mean(target_said == i) for i in classes]
    q = np.maximum(np.linalg.lstsq(says, counted, rcond=None)[0], 0)
    return q / q.sum()


# %% right: scikit-learn's matrix
import numpy as np
from sklearn.metrics import confusion_matrix


def target_shares(labels, said, target_said):
    matrix = confusion_matrix(labels, said)
    counted = np.bincount(target_said, minlength=len(matrix))
    q = np.linalg.inv((matrix / matrix.sum(axis=1, keepdims=True)).T) @ counted
    q[q < 0] = 0
    return (q / q.sum()).tolist()


# %% right: maximum likelihood by EM
import numpy as np


def target_shares(labels, said, target_said):
    k = labels.max() + 1
    says = np.array([np.bincount(said[labels == j], minlength=k) / np.sum(labels == j) for j in range(k)])
    counted, q = np.bincount(target_said, minlength=k) / len(target_said), np.full(k, 1 / k)
    for _ in range(2000):
        q = q * (says @ (counted / (q @ says)))
    return q


# %% wrong: counted: counts what is said
# As "joint matrix", but:
return counted

# %% wrong: weights-not-shares: ratios
# As "joint matrix", but:
return w

# %% wrong: absolute: the sign dropped
# As "joint matrix", but:
shares = np.abs(w) * old

# %% wrong: negative-shares: not clipped
# As "joint matrix", but:
shares = w * old
return shares

# %% wrong: transposed
import numpy as np


def target_shares(labels, said, target_said):
    k = labels.max() + 1
    C = np.zeros((k, k))
    for i, j in zip(said, labels):
        C[j, i] += 1 / len(labels)
    old, counted = np.bincount(labels, minlength=k) / len(labels), np.bincount(target_said, minlength=k) / len(target_said)
    w = np.linalg.solve(C, counted)
    shares = w * old
    return shares


# %% wrong: believes-the-old-mix: P(truth | said)
# As "joint matrix", but:
return (C / C.sum(axis=1, keepdims=True)).T @ counted

# %% wrong: old-shares: shares of the source
# As "joint matrix", but:
return old
