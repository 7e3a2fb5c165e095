"""Instructors' side of lesson 10: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_PRINTS = """
import numpy as np

def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)
"""

COPIES = Bank(
    right=[
        Right(
            "compare with those that stay",
            _PRINTS
            + """
    kept, dropped = [], []
    for i in range(n):
        if any((prints[i] != prints[k]).sum() <= limit for k in kept):
            dropped.append(i)
        else:
            kept.append(i)
    return dropped
""",
        ),
        Right(
            "all pairs at once",
            _PRINTS
            + """
    apart = (prints[:, None] != prints[None]).sum(axis=-1)
    earlier = np.tril(apart <= limit, k=-1)
    return np.flatnonzero(earlier.any(axis=1))
""",
        ),
        Right(
            "brighter than the left neighbour, whole numbers as fingerprints",
            """
def copies_to_drop(images, limit=6):
    seen, out = [], []
    for i, image in enumerate(images):
        rows = [part.mean(axis=0).reshape(9, -1).mean(axis=1) for part in image.reshape(8, -1, image.shape[1])]
        number = int("".join("1" if a > b else "0" for row in rows for a, b in zip(row[:-1], row[1:])), 2)
        if any((number ^ other).bit_count() <= limit for other in seen):
            out.append(i)
        else:
            seen.append(number)
    return tuple(out)
""",
        ),
    ],
    wrong=[
        Wrong(
            "identical pixels",
            "only-identical",
            """
def copies_to_drop(images, limit=6):
    seen, out = set(), []
    for i, image in enumerate(images):
        key = image.tobytes()
        if key in seen:
            out.append(i)
        seen.add(key)
    return out
""",
        ),
        Wrong(
            "both go",
            "drops-the-original-too",
            _PRINTS
            + """
    apart = (prints[:, None] != prints[None]).sum(axis=-1) + 99 * np.eye(n, dtype=int)
    return np.flatnonzero((apart <= limit).any(axis=1))
""",
        ),
        Wrong(
            "sums of the fingerprints",
            "drops-what-is-no-copy",
            _PRINTS
            + """
    total = prints.sum(axis=1)
    return [i for i in range(n) if any(abs(int(total[i]) - int(total[k])) <= limit for k in range(i))]
""",
        ),
        Wrong(
            "the last stays",
            "keeps-the-last",
            _PRINTS
            + """
    apart = (prints[:, None] != prints[None]).sum(axis=-1)
    return [i for i in range(n) if (apart[i, i + 1 :] <= limit).any()]
""",
        ),
        Wrong(
            "one entry for each pair",
            "named-twice",
            _PRINTS
            + """
    return [i for i in range(n) for k in range(i) if (prints[i] != prints[k]).sum() <= limit] + [n]
""",
        ),
    ],
)

_SUSPICIOUS = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

def contradicted(features, labels):
    model = LogisticRegression(max_iter=1000)
    {predicted}
    return {result}
"""
_OUT = "predicted = cross_val_predict(model, features, labels, cv=5)"


def _suspicious(predicted: str = _OUT, result: str = "np.flatnonzero(predicted != labels)") -> str:
    return _SUSPICIOUS.format(predicted=predicted, result=result)


SUSPICIOUS = Bank(
    right=[
        Right("cross_val_predict", _suspicious()),
        Right(
            "folds by hand",
            """
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

def contradicted(features, labels):
    found = []
    for train, test in StratifiedKFold(5).split(features, labels):
        model = LogisticRegression(max_iter=1000).fit(features[train], labels[train])
        found += [int(i) for i in test if model.predict(features[i : i + 1])[0] != labels[i]]
    return found
""",
        ),
        Right(
            "probabilities, shuffled folds",
            _suspicious(
                "folds = StratifiedKFold(5, shuffle=True, random_state=0)\n"
                '    predicted = cross_val_predict(model, features, labels, cv=folds, method="predict_proba").argmax(axis=1)'
            ),
        ),
    ],
    wrong=[
        Wrong("trained on all", "in-fold", _suspicious("predicted = model.fit(features, labels).predict(features)")),
        Wrong("a mask", "not-positions", _suspicious(result="predicted != labels")),
        Wrong("the predictions", "not-positions", _suspicious(result="predicted")),
        Wrong("those it agrees with", "named-the-agreed", _suspicious(result="np.flatnonzero(predicted == labels)")),
        Wrong("all positions", "too-many", _suspicious(result="np.arange(len(labels))")),
        Wrong(
            "one fold",
            "too-few",
            _suspicious(result="np.flatnonzero((predicted != labels) & (np.arange(len(labels)) % 2 == 0))"),
        ),
    ],
)


def _weights(body: str) -> str:
    head = "import numpy as np\n\ndef class_weights(labels, num_classes):\n    n = len(labels)\n"
    return f"{head}    counts = np.bincount(labels, minlength=num_classes)\n{body}"


WEIGHTS = Bank(
    right=[
        Right(
            "bincount",
            _weights(
                "    k = (counts > 0).sum()\n    return {c: float(n / (k * m)) if m else 0.0 for c, m in enumerate(counts.tolist())}\n"
            ),
        ),
        Right(
            "a Counter",
            """
from collections import Counter

def class_weights(labels, num_classes):
    counts = Counter(int(label) for label in labels)
    share = len(labels) / len(counts)
    return {c: share / counts[c] if c in counts else 0.0 for c in range(num_classes)}
""",
        ),
        Right(
            "scikit-learn",
            """
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

def class_weights(labels, num_classes):
    present = np.unique(labels)
    weights = dict.fromkeys(range(num_classes), 0.0)
    for c, weight in zip(present, compute_class_weight("balanced", classes=present, y=labels)):
        weights[int(c)] = float(weight)
    return weights
""",
        ),
    ],
    wrong=[
        Wrong(
            "only classes that occur",
            "missing-class-left-out",
            "import numpy as np\n\ndef class_weights(labels, num_classes):\n    found, counts = np.unique(labels, return_counts=True)\n"
            "    return {int(c): len(labels) / (len(found) * m) for c, m in zip(found, counts)}\n",
        ),
        Wrong(
            "num_classes",
            "counts-missing-classes",
            _weights("    return {c: n / (num_classes * m) if m else 0.0 for c, m in enumerate(counts.tolist())}\n"),
        ),
        Wrong(
            "infinity",
            "divided-by-zero",
            _weights("    return {c: float(w) for c, w in enumerate(n / ((counts > 0).sum() * counts))}\n"),
        ),
        Wrong(
            "one over the count",
            "not-scaled",
            _weights("    return {c: 1 / m if m else 0.0 for c, m in enumerate(counts.tolist())}\n"),
        ),
        Wrong("share", "share-not-weight", _weights("    return {c: m / n for c, m in enumerate(counts.tolist())}\n")),
        Wrong(
            "without k",
            "classes-forgotten",
            _weights("    return {c: n / m if m else 0.0 for c, m in enumerate(counts.tolist())}\n"),
        ),
        Wrong(
            "NumPy keys",
            "keys-are-no-int",
            _weights(
                "    k = (counts > 0).sum()\n"
                "    return {c: float(n / (k * counts[c])) if counts[c] else 0.0 for c in np.arange(num_classes)}\n"
            ),
        ),
    ],
)

BANK = {"10.1": COPIES, "10.2": SUSPICIOUS, "10.3": WEIGHTS}
