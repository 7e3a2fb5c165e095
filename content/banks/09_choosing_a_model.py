"""Right and wrong answers to the tasks of lesson 09. The form of this file: docs/checks.md."""

# %% task 9.1

# %% right: slogdet
import numpy as np


def best_evidence(features, column, alphas, betas):
    n = len(column)
    values = []
    for alpha in alphas:
        for beta in betas:
            C = features @ features.T / alpha + np.eye(n) / beta
            logdet = np.linalg.slogdet(C)[1]
            values.append(-(n * np.log(2 * np.pi) + logdet + column @ np.linalg.solve(C, column)) / 2)
    return max(values) / n


# %% right: eigenvalues
# As "slogdet", but:
logdet = np.log(np.linalg.eigvalsh(C)).sum()
return np.max(values) / len(column)

# %% right: scipy's normal density
from itertools import product
import numpy as np
from scipy.stats import multivariate_normal


def best_evidence(features, column, alphas, betas):
    n = len(column)
    K = features @ features.T
    return max(multivariate_normal(np.zeros(n), K / a + np.eye(n) / b).logpdf(column) / n for a, b in product(alphas, betas))


# %% right: Cholesky
import numpy as np


def best_evidence(features, column, alphas, betas):
    best = None
    for a in alphas:
        for b in betas:
            low = np.linalg.cholesky(features @ features.T / a + np.identity(len(column)) / b)
            z = np.linalg.solve(low, column)
            value = -0.5 * (z @ z) - np.log(np.diag(low)).sum() - 0.5 * len(column) * np.log(2 * np.pi)
            best = value if best is None or value > best else best
    return best / len(column)


# %% wrong: determinant-underflows: logarithm of the determinant
# As "slogdet", but:
logdet = float(np.log(max(np.linalg.det(C), 0.0))) if np.linalg.det(C) > 0 else -np.inf

# %% wrong: not-per-image: not divided
# As "slogdet", but:
return max(values)

# %% wrong: alpha-and-beta-exchanged: exchanged
# As "slogdet", but:
C = features @ features.T / beta + np.eye(n) / alpha

# %% wrong: precision-is-not-variance: multiplied
# As "slogdet", but:
C = features @ features.T * alpha + np.eye(n) * beta

# %% wrong: constant-forgotten: no constant
# As "slogdet", but:
values.append(-(0 + logdet + column @ np.linalg.solve(C, column)) / 2)

# %% wrong: mean-of-the-grid: mean
# As "slogdet", but:
return np.mean(values) / n

# %% wrong: smallest-of-the-grid: smallest
# As "slogdet", but:
return min(values) / n

# %% task 9.2

# %% right: tables
import numpy as np


def leep(source_probabilities, labels):
    p = source_probabilities
    names, place = np.unique(labels, return_inverse=True)
    joint = np.eye(len(names))[place].T @ p / len(labels)
    total = joint.sum(axis=0)
    given = joint / np.where(total > 0, total, 1)
    return np.mean(np.log((given[place] * p).sum(axis=1)))


# %% right: loops
from math import log


def leep(source_probabilities, labels):
    n, columns = source_probabilities.shape
    joint = {}
    for i in range(n):
        for z in range(columns):
            joint[labels[i], z] = joint.get((labels[i], z), 0) + source_probabilities[i, z] / n
    share = [sum(value for (_, other), value in joint.items() if other == z) for z in range(columns)]
    total = 0
    for i in range(n):
        total += log(sum(joint[labels[i], z] / share[z] * source_probabilities[i, z] for z in range(columns) if share[z] > 0))
    return total / n


# %% right: without empty classes
import numpy as np


def leep(source_probabilities, labels):
    p = source_probabilities[:, source_probabilities.sum(axis=0) > 0]
    expected = np.empty(len(labels))
    for y in set(labels.tolist()):
        mine = labels == y
        expected[mine] = p[mine] @ (p[mine].sum(axis=0) / p.sum(axis=0))
    return float(np.log(expected).sum() / len(expected))


# %% right: the package
from tlcourse.select import leep

# %% wrong: empty-source-class: 0 / 0
# As "tables", but:
given = np.array([[a / b if b else float("nan") for a, b in zip(row, total)] for row in joint])

# %% wrong: sign-turned: negative
# As "tables", but:
return -np.mean(np.log((given[place] * p).sum(axis=1)))

# %% wrong: sum-not-mean: sum
# As "tables", but:
return np.sum(np.log((given[place] * p).sum(axis=1)))

# %% wrong: labels-tell-source: rows add up to 1
# As "tables", but:
given = joint / joint.sum(axis=1, keepdims=True)

# %% wrong: joint-not-conditional: joint shares
# As "tables", but:
given = joint

# %% wrong: winner-takes-all: NCE
# As "tables", but:
p = np.eye(source_probabilities.shape[1])[source_probabilities.argmax(axis=1)]

# %% wrong: logarithm-first
# As "tables", but:
return np.mean((np.log(np.maximum(given, 1e-300))[place] * p).sum(axis=1))

# %% wrong: above-zero: no logarithm
# As "tables", but:
return np.mean((given[place] * p).sum(axis=1))

# %% task 9.3

# %% right: loops
from scipy import stats


def not_reproducible(tables, tolerance):
    wrong = set()
    for name, table in tables.items():
        far = []
        for score in table["scores"]:
            tau = stats.weightedtau(table["accuracies"], table["scores"][score]).statistic
            published = table["weighted_tau"][score]
            far.append(abs(tau - published) > tolerance)
        if any(far):
            wrong.add(name)
    return wrong


# %% right: one expression
from scipy.stats import weightedtau


def not_reproducible(tables, tolerance):
    return {
        name
        for name, t in tables.items()
        if max(abs(weightedtau(t["scores"][s], t["accuracies"])[0] - t["weighted_tau"][s]) for s in t["scores"]) > tolerance
    }


# %% right: takes the good ones away
import numpy as np
from scipy.stats import weightedtau


def not_reproducible(tables, tolerance):
    suspects = list(tables)
    for name, table in tables.items():
        ours = [weightedtau(table["accuracies"], values).statistic for values in table["scores"].values()]
        theirs = [table["weighted_tau"][score] for score in table["scores"]]
        if np.allclose(ours, theirs, rtol=0, atol=tolerance):
            suspects.remove(name)
    return suspects


# %% wrong: the-good-ones
# As "loops", but:
if not any(far):
    wrong.add(name)

# %% wrong: plain-kendall: Kendall
# As "loops", but:
tau = stats.kendalltau(table["accuracies"], table["scores"][score]).statistic

# %% wrong: linear-correlation: Pearson
# As "loops", but:
tau = stats.pearsonr(table["accuracies"], table["scores"][score]).statistic

# %% wrong: tolerance-ignored: exact
# As "loops", but:
far.append(round(tau, 3) != published)

# %% wrong: signs-ignored: sizes
# As "loops", but:
far.append(abs(abs(tau) - abs(published)) > tolerance)

# %% wrong: one-direction-only: one direction
# As "loops", but:
far.append(published - tau > tolerance)

# %% wrong: one-direction-only: the other direction
# As "loops", but:
far.append(tau - published > tolerance)

# %% wrong: all-must-be-wrong: all scores
# As "loops", but:
if all(far):
    wrong.add(name)

# %% wrong: one-score-only: LogME alone
# As "loops", but:
for score in ["log_me"]:
    tau = stats.weightedtau(table["accuracies"], table["scores"][score]).statistic
    published = table["weighted_tau"][score]
    far.append(abs(tau - published) > tolerance)

# %% wrong: everything-suspected: all tables
# As "loops", but:
return set(tables)

# %% wrong: nothing-suspected: none
# As "loops", but:
return set()
