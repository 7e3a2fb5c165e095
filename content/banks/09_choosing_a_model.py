"""Instructors' side of lesson 09: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_EVIDENCE = """
import numpy as np

def best_evidence(features, column, alphas, betas):
    n = len(column)
    values = []
    for alpha in alphas:
        for beta in betas:
            C = {covariance}
            logdet = {logdet}
            values.append(-({constant} + logdet + column @ np.linalg.solve(C, column)) / 2)
    return {result}
"""


def _evidence(
    covariance: str = "features @ features.T / alpha + np.eye(n) / beta",
    logdet: str = "np.linalg.slogdet(C)[1]",
    constant: str = "n * np.log(2 * np.pi)",
    result: str = "max(values) / n",
) -> str:
    return _EVIDENCE.format(covariance=covariance, logdet=logdet, constant=constant, result=result)


EVIDENCE = Bank(
    right=[
        Right("slogdet", _evidence()),
        Right("eigenvalues", _evidence(logdet="np.log(np.linalg.eigvalsh(C)).sum()", result="np.max(values) / len(column)")),
        Right(
            "scipy's normal density",
            """
from itertools import product
import numpy as np
from scipy.stats import multivariate_normal

def best_evidence(features, column, alphas, betas):
    n = len(column)
    K = features @ features.T
    return max(
        multivariate_normal(np.zeros(n), K / a + np.eye(n) / b).logpdf(column) / n for a, b in product(alphas, betas)
    )
""",
        ),
        Right(
            "Cholesky",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong(
            "logarithm of the determinant",
            "determinant-underflows",
            _evidence(logdet="float(np.log(max(np.linalg.det(C), 0.0))) if np.linalg.det(C) > 0 else -np.inf"),
        ),
        Wrong("not divided", "not-per-image", _evidence(result="max(values)")),
        Wrong("exchanged", "alpha-and-beta-exchanged", _evidence("features @ features.T / beta + np.eye(n) / alpha")),
        Wrong("multiplied", "precision-is-not-variance", _evidence("features @ features.T * alpha + np.eye(n) * beta")),
        Wrong("no constant", "constant-forgotten", _evidence(constant="0")),
        Wrong("mean", "mean-of-the-grid", _evidence(result="np.mean(values) / n")),
        Wrong("smallest", "smallest-of-the-grid", _evidence(result="min(values) / n")),
    ],
)

_LEEP = """
import numpy as np

def leep(source_probabilities, labels):
    p = {probabilities}
    names, place = np.unique(labels, return_inverse=True)
    joint = np.eye(len(names))[place].T @ p / len(labels)
    total = joint.sum(axis=0)
    given = {given}
    return {result}
"""


def _leep(
    probabilities: str = "source_probabilities",
    given: str = "joint / np.where(total > 0, total, 1)",
    result: str = "np.mean(np.log((given[place] * p).sum(axis=1)))",
) -> str:
    return _LEEP.format(probabilities=probabilities, given=given, result=result)


_WINNER = "np.eye(source_probabilities.shape[1])[source_probabilities.argmax(axis=1)]"
LEEP = Bank(
    right=[
        Right("tables", _leep()),
        Right(
            "loops",
            """
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
""",
        ),
        Right(
            "without empty classes",
            """
import numpy as np

def leep(source_probabilities, labels):
    p = source_probabilities[:, source_probabilities.sum(axis=0) > 0]
    expected = np.empty(len(labels))
    for y in set(labels.tolist()):
        mine = labels == y
        expected[mine] = p[mine] @ (p[mine].sum(axis=0) / p.sum(axis=0))
    return float(np.log(expected).sum() / len(expected))
""",
        ),
        Right("the package", "from tlcourse.select import leep\n"),
    ],
    wrong=[
        Wrong(
            "0 / 0",
            "empty-source-class",
            _leep(given="np.array([[a / b if b else float('nan') for a, b in zip(row, total)] for row in joint])"),
        ),
        Wrong("negative", "sign-turned", _leep(result="-np.mean(np.log((given[place] * p).sum(axis=1)))")),
        Wrong("sum", "sum-not-mean", _leep(result="np.sum(np.log((given[place] * p).sum(axis=1)))")),
        Wrong("rows add up to 1", "labels-tell-source", _leep(given="joint / joint.sum(axis=1, keepdims=True)")),
        Wrong("joint shares", "joint-not-conditional", _leep(given="joint")),
        Wrong("NCE", "winner-takes-all", _leep(probabilities=_WINNER)),
        Wrong(
            "logarithm first",
            "logarithm-first",
            _leep(result="np.mean((np.log(np.maximum(given, 1e-300))[place] * p).sum(axis=1))"),
        ),
        Wrong("no logarithm", "above-zero", _leep(result="np.mean((given[place] * p).sum(axis=1))")),
    ],
)

_AUDIT = """
from scipy import stats

def not_reproducible(tables, tolerance):
    wrong = set()
    for name, table in tables.items():
        far = []
        for score in {scores}:
            tau = stats.{statistic}(table["accuracies"], table["scores"][score]).statistic
            published = table["weighted_tau"][score]
            far.append({far})
        if {condition}:
            wrong.add(name)
    return {result}
"""


def _audit(
    scores: str = 'table["scores"]',
    statistic: str = "weightedtau",
    far: str = "abs(tau - published) > tolerance",
    condition: str = "any(far)",
    result: str = "wrong",
) -> str:
    return _AUDIT.format(scores=scores, statistic=statistic, far=far, condition=condition, result=result)


AUDIT = Bank(
    right=[
        Right("loops", _audit()),
        Right(
            "one expression",
            """
from scipy.stats import weightedtau

def not_reproducible(tables, tolerance):
    return {
        name
        for name, t in tables.items()
        if max(abs(weightedtau(t["scores"][s], t["accuracies"])[0] - t["weighted_tau"][s]) for s in t["scores"]) > tolerance
    }
""",
        ),
        Right(
            "takes the good ones away",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong("the good ones", "the-good-ones", _audit(condition="not any(far)")),
        Wrong("Kendall", "plain-kendall", _audit(statistic="kendalltau")),
        Wrong("Pearson", "linear-correlation", _audit(statistic="pearsonr")),
        Wrong("exact", "tolerance-ignored", _audit(far="round(tau, 3) != published")),
        Wrong("sizes", "signs-ignored", _audit(far="abs(abs(tau) - abs(published)) > tolerance")),
        Wrong("one direction", "one-direction-only", _audit(far="published - tau > tolerance")),
        Wrong("all scores", "all-must-be-wrong", _audit(condition="all(far)")),
        Wrong("LogME alone", "one-score-only", _audit(scores='["log_me"]')),
        Wrong("all tables", "everything-suspected", _audit(result="set(tables)")),
        Wrong("none", "nothing-suspected", _audit(result="set()")),
    ],
)

BANK = {"9.1": EVIDENCE, "9.2": LEEP, "9.3": AUDIT}
