"""Right and wrong answers to the tasks of lesson 10. The form of this file: docs/checks.md."""

# %% task 10.1

# %% right: compare with those that stay
import numpy as np


def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)

    kept, dropped = [], []
    for i in range(n):
        if any((prints[i] != prints[k]).sum() <= limit for k in kept):
            dropped.append(i)
        else:
            kept.append(i)
    return dropped


# %% right: all pairs at once
import numpy as np


def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)

    apart = (prints[:, None] != prints[None]).sum(axis=-1)
    earlier = np.tril(apart <= limit, k=-1)
    return np.flatnonzero(earlier.any(axis=1))


# %% right: brighter than the left neighbour, whole numbers as fingerprints
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


# %% wrong: only-identical: identical pixels
def copies_to_drop(images, limit=6):
    seen, out = set(), []
    for i, image in enumerate(images):
        key = image.tobytes()
        if key in seen:
            out.append(i)
        seen.add(key)
    return out


# %% wrong: drops-the-original-too: both go
import numpy as np


def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)

    apart = (prints[:, None] != prints[None]).sum(axis=-1) + 99 * np.eye(n, dtype=int)
    return np.flatnonzero((apart <= limit).any(axis=1))


# %% wrong: sums-compared: sums of the fingerprints
import numpy as np


def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)

    total = prints.sum(axis=1)
    return [i for i in range(n) if any(abs(int(total[i]) - int(total[k])) <= limit for k in range(i))]


# %% wrong: drops-what-is-no-copy: those without a copy
# As "all pairs at once", but:
return np.flatnonzero((apart <= limit).sum(axis=1) == 1)

# %% wrong: keeps-the-last: the last stays
# As "both go", but:
apart = (prints[:, None] != prints[None]).sum(axis=-1)
return [i for i in range(n) if (apart[i, i + 1 :] <= limit).any()]

# %% wrong: named-twice: one entry for each pair
import numpy as np


def copies_to_drop(images, limit=6):
    n, height, width = images.shape
    small = images.reshape(n, 8, height // 8, 9, width // 9).mean(axis=(2, 4))
    prints = (small[:, :, 1:] > small[:, :, :-1]).reshape(n, 64)

    return [i for i in range(n) for k in range(i) if (prints[i] != prints[k]).sum() <= limit] + [n]


# %% wrong: limit-ignored: a number of its own
# As "compare with those that stay", but:
for i in range(n):
    if any((prints[i] != prints[k]).sum() <= 6 for k in kept):
        dropped.append(i)
    else:
        kept.append(i)

# %% wrong: less-than-limit
# As "compare with those that stay", but:
for i in range(n):
    if any((prints[i] != prints[k]).sum() < limit for k in kept):
        dropped.append(i)
    else:
        kept.append(i)

# %% task 10.2

# %% right: cross_val_predict
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict


def contradicted(features, labels):
    model = LogisticRegression(max_iter=1000)
    predicted = cross_val_predict(model, features, labels, cv=5)
    return np.flatnonzero(predicted != labels)


# %% right: folds by hand
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold


def contradicted(features, labels):
    found = []
    for train, test in StratifiedKFold(5).split(features, labels):
        model = LogisticRegression(max_iter=1000).fit(features[train], labels[train])
        found += [int(i) for i in test if model.predict(features[i : i + 1])[0] != labels[i]]
    return found


# %% right: probabilities, shuffled folds
# As "cross_val_predict", but:
folds = StratifiedKFold(5, shuffle=True, random_state=0)
predicted = cross_val_predict(model, features, labels, cv=folds, method="predict_proba").argmax(axis=1)

# %% wrong: in-fold: trained on all
# As "cross_val_predict", but:
predicted = model.fit(features, labels).predict(features)

# %% wrong: not-positions: a mask
# As "cross_val_predict", but:
return predicted != labels

# %% wrong: not-positions: the predictions
# As "cross_val_predict", but:
return predicted

# %% wrong: named-the-agreed: those it agrees with
# As "cross_val_predict", but:
return np.flatnonzero(predicted == labels)

# %% wrong: all-positions
# As "cross_val_predict", but:
return np.arange(len(labels))

# %% wrong: one-fold: the last fold only
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold


def contradicted(features, labels):
    for train, test in StratifiedKFold(5).split(features, labels):
        model = LogisticRegression(max_iter=1000).fit(features[train], labels[train])
        found = test[model.predict(features[test]) != labels[test]]
    return found


# %% task 10.3

# %% right: bincount
import numpy as np


def class_weights(labels, num_classes):
    n = len(labels)
    counts = np.bincount(labels, minlength=num_classes)
    k = (counts > 0).sum()
    return {c: float(n / (k * m)) if m else 0.0 for c, m in enumerate(counts.tolist())}


# %% right: a Counter
from collections import Counter


def class_weights(labels, num_classes):
    counts = Counter(int(label) for label in labels)
    share = len(labels) / len(counts)
    return {c: share / counts[c] if c in counts else 0.0 for c in range(num_classes)}


# %% right: scikit-learn
import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def class_weights(labels, num_classes):
    present = np.unique(labels)
    weights = dict.fromkeys(range(num_classes), 0.0)
    for c, weight in zip(present, compute_class_weight("balanced", classes=present, y=labels)):
        weights[int(c)] = float(weight)
    return weights


# %% wrong: missing-class-left-out: only classes that occur
import numpy as np


def class_weights(labels, num_classes):
    found, counts = np.unique(labels, return_counts=True)
    return {int(c): len(labels) / (len(found) * m) for c, m in zip(found, counts)}


# %% wrong: counts-missing-classes: num_classes
import numpy as np


def class_weights(labels, num_classes):
    n = len(labels)
    counts = np.bincount(labels, minlength=num_classes)
    return {c: n / (num_classes * m) if m else 0.0 for c, m in enumerate(counts.tolist())}


# %% wrong: divided-by-zero: infinity
# As "num_classes", but:
return {c: float(w) for c, w in enumerate(n / ((counts > 0).sum() * counts))}

# %% wrong: not-scaled: one over the count
# As "num_classes", but:
return {c: 1 / m if m else 0.0 for c, m in enumerate(counts.tolist())}

# %% wrong: share-not-weight: share
# As "num_classes", but:
return {c: m / n for c, m in enumerate(counts.tolist())}

# %% wrong: classes-forgotten: without k
# As "num_classes", but:
return {c: n / m if m else 0.0 for c, m in enumerate(counts.tolist())}

# %% wrong: keys-are-no-int: NumPy keys
# As "bincount", but:
return {c: float(n / (k * counts[c])) if counts[c] else 0.0 for c in np.arange(num_classes)}
