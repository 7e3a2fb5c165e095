"""Right and wrong answers to the tasks of lesson 06. The form of this file: docs/checks.md."""

# %% task 6.1

# %% right: nanargmin
import numpy as np


def read_history(history):
    best = int(np.nanargmin(history["val_loss"]))
    return history["accuracy"][best] - history["val_accuracy"][best], best + 1


# %% right: min over pairs
# As "nanargmin", but:
best = min((v, i) for i, v in enumerate(history["val_loss"]) if v == v)[1]

# %% right: a loop
import math


def read_history(history):
    best, lowest = None, math.inf
    for i, value in enumerate(history["val_loss"]):
        if value < lowest:
            best, lowest = i, value
    gap = history["accuracy"][best] - history["val_accuracy"][best]
    return [gap, best + 1]


# %% wrong: counted-from-zero: epoch from 0
# As "nanargmin", but:
return history["accuracy"][best] - history["val_accuracy"][best], best

# %% wrong: validation-minus-training: sign turned
# As "nanargmin", but:
return history["val_accuracy"][best] - history["accuracy"][best], best + 1

# %% wrong: gap-without-sign: absolute value
# As "nanargmin", but:
return abs(history["accuracy"][best] - history["val_accuracy"][best]), best + 1

# %% wrong: nan-is-best: argmin
# As "nanargmin", but:
best = int(np.argmin(history["val_loss"]))

# %% wrong: best-accuracy: highest accuracy
# As "nanargmin", but:
best = int(np.argmax(history["val_accuracy"]))

# %% wrong: gap-of-the-last-epoch: gap at the end
# As "nanargmin", but:
return history["accuracy"][-1] - history["val_accuracy"][-1], best + 1

# %% wrong: last-of-equals
# As "nanargmin", but:
best = len(history["val_loss"]) - 1 - int(np.nanargmin(history["val_loss"][::-1]))

# %% task 6.2

# %% right: counts the waiting
import numpy as np


def train_with_patience(model, patience, max_epochs):
    best_loss, best_weights, waited = np.inf, model.get_weights(), 0
    for epoch in range(1, max_epochs + 1):
        model.train_one_epoch()
        loss = model.validation_loss()
        if loss < best_loss:
            best_loss, best_weights, waited = loss, model.get_weights(), 0
        else:
            waited += 1
        if waited >= patience:
            break
    model.set_weights(best_weights)
    return epoch


# %% right: remembers the best epoch
def train_with_patience(model, patience, max_epochs):
    losses, kept = [], []
    while len(losses) < max_epochs:
        model.train_one_epoch()
        losses.append(model.validation_loss())
        kept.append(model.get_weights())
        best = losses.index(min(losses))
        if len(losses) - 1 - best >= patience:
            break
    model.set_weights(kept[best])
    return len(losses)


# %% right: restores at once when it stops
def train_with_patience(model, patience, max_epochs):
    best, epoch = None, 0
    try:
        for epoch in range(1, max_epochs + 1):
            model.train_one_epoch()
            now = model.validation_loss()
            if best is None or now < best[0]:
                best = (now, epoch, model.get_weights())
            if epoch == best[1] + patience:
                return epoch
        return epoch
    finally:
        model.set_weights(best[2])


# %% wrong: keeps-the-last: last weights kept
import numpy as np


def train_with_patience(model, patience, max_epochs):
    best_loss, best_weights, waited = np.inf, model.get_weights(), 0
    for epoch in range(1, max_epochs + 1):
        model.train_one_epoch()
        loss = model.validation_loss()
        if loss < best_loss:
            best_loss, best_weights, waited = loss, model.get_weights(), 0
        else:
            waited += 1
        if waited >= patience:
            break
    return epoch


# %% wrong: one-too-late
# As "counts the waiting", but:
if waited > patience:
    break

# %% wrong: one-too-early
# As "counts the waiting", but:
if waited >= patience - 1 and waited > 0:
    break

# %% wrong: equal-counts-as-better: equal is better
import numpy as np


def train_with_patience(model, patience, max_epochs):
    best_loss, best_weights, waited = np.inf, model.get_weights(), 0
    for epoch in range(1, max_epochs + 1):
        model.train_one_epoch()
        loss = model.validation_loss()
        if loss <= best_loss:
            best_loss, best_weights, waited = loss, model.get_weights(), 0
        else:
            waited += 1
        if waited >= patience:
            break
    model.set_weights(best_weights)
    return epoch


# %% wrong: never-stops
# As "counts the waiting", but:
if waited >= patience:
    pass

# %% wrong: restores-another-epoch: restores only when it stopped early
# As "last weights kept", but:
model.set_weights(best_weights)
break

# %% wrong: beyond-max-epochs: one more than allowed
# As "counts the waiting", but:
for epoch in range(1, max_epochs + 2):
    model.train_one_epoch()
    loss = model.validation_loss()
    if loss < best_loss:
        best_loss, best_weights, waited = loss, model.get_weights(), 0
    else:
        waited += 1
    if waited >= patience:
        break

# %% task 6.3

# %% right: all
import numpy as np


def allowed(images, labels, transforms, expert):
    return {
        name
        for name, transform in transforms.items()
        if all(expert(transform(image)) == label for image, label in zip(images, labels))
    }


# %% right: none differs
# As "all", but:
return {name for name, transform in transforms.items() if not any(expert(transform(i)) != l for i, l in zip(images, labels))}


# %% right: takes names away
def allowed(images, labels, transforms, expert):
    names = set(transforms)
    for image, label in zip(images, labels):
        names -= {name for name in names if expert(transforms[name](image.copy())) != label}
    return sorted(names)


# %% wrong: first-image-only: first image
# As "all", but:
return {name for name, transform in transforms.items() if expert(transform(images[0])) == labels[0]}

# %% wrong: some-is-not-all: any
import numpy as np


def allowed(images, labels, transforms, expert):
    return {
        name
        for name, transform in transforms.items()
        if any(expert(transform(image)) == label for image, label in zip(images, labels))
    }


# %% wrong: most-is-not-all: nine of ten images
import numpy as np


def allowed(images, labels, transforms, expert):
    return {
        name
        for name, transform in transforms.items()
        if np.mean([expert(transform(image)) == label for image, label in zip(images, labels)]) >= 0.9
    }


# %% wrong: compared-pixels: pixels
# As "all", but:
return {name for name, transform in transforms.items() if all(np.array_equal(transform(image), image) for image in images)}

# %% wrong: all-allowed: all names
# As "all", but:
return {name for name, transform in transforms.items() if True}

# %% wrong: the-forbidden-ones: forbidden ones
import numpy as np


def allowed(images, labels, transforms, expert):
    return {
        name
        for name, transform in transforms.items()
        if not all(expert(transform(image)) == label for image, label in zip(images, labels))
    }


# %% task 6.4

# %% right: label by label
import numpy as np


def split_by_patient(patients, labels, test_fraction, seed):
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        theirs = rng.permutation(np.unique(patients[labels == label]))
        chosen.extend(theirs[: max(1, round(test_fraction * len(theirs)))])
    in_test = np.isin(patients, chosen)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


# %% right: plain Python
import random


def split_by_patient(patients, labels, test_fraction, seed):
    kinds = {}
    for patient, label in zip(patients.tolist(), labels.tolist()):
        kinds.setdefault(label, set()).add(patient)
    test = set()
    for label in sorted(kinds):
        everyone = sorted(kinds[label])
        random.Random(seed).shuffle(everyone)
        test |= set(everyone[: max(1, round(test_fraction * len(everyone)))])
    return [i for i, p in enumerate(patients) if p not in test], [i for i, p in enumerate(patients) if p in test]


# %% right: with scikit-learn, on patients
import numpy as np


def split_by_patient(patients, labels, test_fraction, seed):
    everyone, first = np.unique(patients, return_index=True)
    kinds = labels[first]
    rng, test = np.random.RandomState(seed), []
    for kind in set(kinds.tolist()):
        theirs = everyone[kinds == kind]
        test += list(rng.choice(theirs, size=max(1, round(test_fraction * len(theirs))), replace=False))
    mask = np.array([p in test for p in patients])
    return np.where(~mask)[0], np.where(mask)[0]


# %% wrong: split-by-scan: scans shuffled
import numpy as np


def split_by_patient(patients, labels, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(patients))
    cut = round(test_fraction * len(order))
    return order[cut:], order[:cut]


# %% wrong: labels-ignored
import numpy as np


def split_by_patient(patients, labels, test_fraction, seed):
    everyone = np.unique(patients)
    start = seed % 3
    in_test = np.isin(patients, everyone[start : start + round(test_fraction * len(everyone))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


# %% wrong: seed-ignored: always the first patients
# As "label by label", but:
theirs = np.unique(patients[labels == label])

# %% wrong: not-repeatable: no seed
# As "label by label", but:
rng = np.random.default_rng()

# %% wrong: parts-exchanged: exchanged
# As "label by label", but:
return np.flatnonzero(in_test), np.flatnonzero(~in_test)

# %% wrong: patients-not-positions: numbers of patients
# As "label by label", but:
return patients[~in_test], patients[in_test]

# %% wrong: rounded-down
# As "label by label", but:
chosen.extend(theirs[: max(1, int(test_fraction * len(theirs)))])

# %% wrong: none-of-a-label: rounded, and no more
# As "label by label", but:
chosen.extend(theirs[: round(test_fraction * len(theirs))])

# %% wrong: lost-scans: one scan a patient
# As "label by label", but:
return np.unique(patients[~in_test], return_index=True)[1], np.flatnonzero(in_test)
