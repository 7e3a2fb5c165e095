"""Instructors' side of lesson 11: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_FIT = """
import numpy as np
from sklearn.linear_model import LogisticRegression

def {name}:
    rows = np.concatenate([source, target])
    domain = np.repeat([0, 1], [len(source), len(target)])
    p = {classifier}.fit(rows, domain).predict_proba({at})[:, 1]
    w = {weights}
    return {result}
"""


def _ratio(weights: str = "p / (1 - p)", result: str = "w / w.mean()", at: str = "source", classifier: str = "") -> str:
    name = "ratio_weights(source, target)"
    return _FIT.format(name=name, weights=weights, result=result, at=at, classifier=classifier or "LogisticRegression()")


RATIO = Bank(
    right=[
        Right("odds of a logistic regression", _ratio()),
        Right(
            "two Gaussians",
            """
from scipy.stats import multivariate_normal

def ratio_weights(source, target):
    fit = lambda rows: multivariate_normal(rows.mean(axis=0), [[1, 0], [0, 1]])
    weights = fit(target).pdf(source) / fit(source).pdf(source)
    return list(weights / weights.mean())
""",
        ),
        Right(
            "the line of the logits",
            """
import numpy as np
from sklearn.linear_model import LogisticRegression

def ratio_weights(source, target):
    model = LogisticRegression(C=10)
    model.fit(np.vstack([target, source]), [True] * len(target) + [False] * len(source))
    w = np.exp(model.decision_function(source)) * len(source) / len(target)
    return w * len(w) / w.sum()
""",
        ),
        Right(
            "by hand",
            """
import numpy as np

def ratio_weights(source, target):
    rows = np.c_[np.ones(len(source) + len(target)), np.concatenate([source, target])]
    domain = np.repeat([0.0, 1.0], [len(source), len(target)])
    theta = np.zeros(rows.shape[1])
    for _ in range(500):
        theta += rows.T @ (domain - 1 / (1 + np.exp(-rows @ theta))) / len(rows)
    w = np.exp(rows[: len(source)] @ theta)
    return w / np.mean(w)
""",
        ),
    ],
    wrong=[
        Wrong("source over target", "upside-down", _ratio("(1 - p) / p")),
        Wrong("probability", "probability-not-odds", _ratio("p")),
        Wrong("raw odds", "numbers-of-rows-count", _ratio(result="w")),
        Wrong("sum 1", "mean-is-not-one", _ratio(result="w / w.sum()")),
        Wrong("weights of the target", "weights-of-other-rows", _ratio(at="target")),
        Wrong("weights of all rows", "weights-of-other-rows", _ratio(at="rows")),
        Wrong("all ones", "nothing-weighed", "import numpy as np\n\ndef ratio_weights(s, t):\n    return np.ones(len(s))\n"),
        Wrong(
            "a curved classifier with its own noise",
            "sees-shifts-everywhere",
            """
import numpy as np

def ratio_weights(source, target):
    step = target.mean(axis=0) - source.mean(axis=0)
    if np.linalg.norm(step) < 0.5:
        step = np.array([1.0, 0.0])
    w = np.exp(source @ step)
    return w / w.mean()
""",
        ),
    ],
)


def _size(formula: str) -> str:
    return f"import numpy as np\n\ndef effective_size(weights):\n    return {formula}\n"


SIZE = Bank(
    right=[
        Right("two sums", _size("weights.sum() ** 2 / (weights ** 2).sum()")),
        Right("from shares", _size("1 / sum((w / sum(weights)) ** 2 for w in weights)")),
        Right("from the variance", _size("len(weights) / (1 + np.var(weights) / np.mean(weights) ** 2)")),
    ],
    wrong=[
        Wrong("turned over", "upside-down", _size("(weights ** 2).sum() / weights.sum() ** 2")),
        Wrong("sum not squared", "sum-not-squared", _size("weights.sum() / (weights ** 2).sum()")),
        Wrong("number of rows", "counts-rows", _size("len(weights)")),
        Wrong("above zero", "counts-weights-above-zero", _size("np.count_nonzero(weights)")),
        Wrong("mean taken for 1", "takes-the-mean-for-one", _size("len(weights) ** 2 / np.square(weights).sum()")),
        Wrong("share", "share-of-rows", _size("weights.sum() ** 2 / np.square(weights).sum() / len(weights)")),
        Wrong("sum", "sum-of-weights", _size("sum(weights)")),
    ],
)

_LINE = """
import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression

def line_for_target(x, y, target_x):
    rows = np.concatenate([x, target_x])[:, None]
    domain = np.repeat([0, 1], [len(x), len(target_x)])
    p = LogisticRegression().fit(rows, domain).predict_proba(x[:, None])[:, 1]
    w = {weights}
    fitted = LinearRegression().fit(x[:, None], y, sample_weight=w)
    return {result}
"""


def _line(weights: str = "p / (1 - p)", result: str = "fitted.coef_[0], fitted.intercept_") -> str:
    return _LINE.format(weights=weights, result=result)


LINE = Bank(
    right=[
        Right("sample_weight", _line()),
        Right("polyfit", _line(result="np.polyfit(x, y, 1, w=np.sqrt(w))")),
        Right(
            "Gaussian densities and normal equations",
            """
import numpy as np

def line_for_target(x, y, target_x):
    density = lambda values: np.exp(-0.5 * ((x - values.mean()) / values.std()) ** 2) / values.std()
    w = density(target_x) / density(x)
    design = np.stack([x, np.ones_like(x)], axis=1)
    return np.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w * y))
""",
        ),
        Right("no weight above 20", _line("np.minimum(p / (1 - p), 20)")),
    ],
    wrong=[
        Wrong("weights forgotten", "unweighted", _line("np.ones(len(x))")),
        Wrong("upside down", "worse-than-nothing", _line("(1 - p) / p")),
        Wrong("exchanged", "exchanged", _line(result="(fitted.intercept_, fitted.coef_[0])")),
        Wrong("fourth root of the weights", "too-little", _line("(p / (1 - p)) ** 0.15")),
        Wrong(
            "only the rows on the target's side",
            "hurts-without-a-shift",
            """
import numpy as np

def line_for_target(x, y, target_x):
    near = np.argsort(x)[-60:]
    return np.polyfit(x[near], y[near], 1)
""",
        ),
    ],
)

_MIX = """
import numpy as np

def target_shares(labels, said, target_said):
    k = labels.max() + 1
    C = np.zeros((k, k))
    for i, j in zip(said, labels):
        C[{place}] += 1 / len(labels)
    old, counted = np.bincount(labels, minlength=k) / len(labels), np.bincount(target_said, minlength=k) / len(target_said)
    w = np.linalg.solve(C, counted)
    shares = {shares}
    return {result}
"""


def _mix(shares: str = "np.clip(w, 0, None) * old", result: str = "shares / shares.sum()", place: str = "i, j") -> str:
    return _MIX.format(shares=shares, result=result, place=place)


MIX = Bank(
    right=[
        Right("joint matrix", _mix()),
        Right(
            "rates of mistakes",
            """
import numpy as np

def target_shares(labels, said, target_said):
    classes = range(max(labels) + 1)
    says = np.array([[np.mean(said[labels == j] == i) for j in classes] for i in classes])
    counted = [np.mean(target_said == i) for i in classes]
    q = np.maximum(np.linalg.lstsq(says, counted, rcond=None)[0], 0)
    return q / q.sum()
""",
        ),
        Right(
            "scikit-learn's matrix",
            """
import numpy as np
from sklearn.metrics import confusion_matrix

def target_shares(labels, said, target_said):
    matrix = confusion_matrix(labels, said)
    counted = np.bincount(target_said, minlength=len(matrix))
    q = np.linalg.inv((matrix / matrix.sum(axis=1, keepdims=True)).T) @ counted
    q[q < 0] = 0
    return (q / q.sum()).tolist()
""",
        ),
    ],
    wrong=[
        Wrong("counts what is said", "counted", _mix(result="counted")),
        Wrong("ratios", "weights-not-shares", _mix(result="w")),
        Wrong("not clipped", "negative-shares", _mix("w * old", "shares")),
        Wrong("transposed", "transposed", _mix("w * old", "shares", place="j, i")),
        Wrong(
            "P(truth | said)",
            "believes-the-old-mix",
            _mix(result="(C / C.sum(axis=1, keepdims=True)).T @ counted"),
        ),
        Wrong("shares of the source", "old-shares", _mix(result="old")),
    ],
)

BANK = {"11.1": RATIO, "11.2": SIZE, "11.3": LINE, "11.4": MIX}
