"""Instructors' side of lesson 06: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong


def _history(
    best: str = 'int(np.nanargmin(history["val_loss"]))',
    gap: str = 'history["accuracy"][best] - history["val_accuracy"][best]',
    epoch: str = "best + 1",
) -> str:
    return f"import numpy as np\n\ndef read_history(history):\n    best = {best}\n    return {gap}, {epoch}\n"


HISTORY = Bank(
    right=[
        Right("nanargmin", _history()),
        Right("min over pairs", _history('min((v, i) for i, v in enumerate(history["val_loss"]) if v == v)[1]')),
        Right(
            "a loop",
            """
import math

def read_history(history):
    best, lowest = None, math.inf
    for i, value in enumerate(history["val_loss"]):
        if value < lowest:
            best, lowest = i, value
    gap = history["accuracy"][best] - history["val_accuracy"][best]
    return [gap, best + 1]
""",
        ),
    ],
    wrong=[
        Wrong("epoch from 0", "counted-from-zero", _history(epoch="best")),
        Wrong(
            "sign turned",
            "validation-minus-training",
            _history(gap='history["val_accuracy"][best] - history["accuracy"][best]'),
        ),
        Wrong("argmin", "nan-is-best", _history('int(np.argmin(history["val_loss"]))')),
        Wrong("highest accuracy", "best-accuracy", _history('int(np.argmax(history["val_accuracy"]))')),
        Wrong("gap at the end", "gap-of-the-last-epoch", _history(gap='history["accuracy"][-1] - history["val_accuracy"][-1]')),
        Wrong(
            "last of equals",
            "last-of-equals",
            _history('len(history["val_loss"]) - 1 - int(np.nanargmin(history["val_loss"][::-1]))'),
        ),
    ],
)

_PATIENCE = """
import numpy as np

def train_with_patience(model, patience, max_epochs):
    best_loss, best_weights, waited = np.inf, model.get_weights(), 0
    for epoch in range(1, max_epochs + 1):
        model.train_one_epoch()
        loss = model.validation_loss()
        if loss {smaller} best_loss:
            best_loss, best_weights, waited = loss, model.get_weights(), 0
        else:
            waited += 1
        if waited {stop}:
            {end}
    {restore}
    return epoch
"""


def _patience(
    smaller: str = "<", stop: str = ">= patience", end: str = "break", restore: str = "model.set_weights(best_weights)"
) -> str:
    return _PATIENCE.format(smaller=smaller, stop=stop, end=end, restore=restore)


PATIENCE = Bank(
    right=[
        Right("counts the waiting", _patience()),
        Right(
            "remembers the best epoch",
            """
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
""",
        ),
        Right(
            "restores at once when it stops",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong("last weights kept", "keeps-the-last", _patience(restore="pass")),
        Wrong("one too late", "one-too-late", _patience(stop="> patience")),
        Wrong("one too early", "one-too-early", _patience(stop=">= patience - 1 and waited > 0")),
        Wrong("equal is better", "equal-counts-as-better", _patience(smaller="<=")),
        Wrong("never stops", "never-stops", _patience(end="pass")),
        Wrong(
            "restores only when it stopped early",
            "restores-another-epoch",
            _patience(end="model.set_weights(best_weights); break", restore="pass"),
        ),
    ],
)


def _allowed(condition: str) -> str:
    return f"""
import numpy as np

def allowed(images, labels, transforms, expert):
    return {{name for name, transform in transforms.items() if {condition}}}
"""


_SAME = "expert(transform(image)) == label for image, label in zip(images, labels)"
ALLOWED = Bank(
    right=[
        Right("all", _allowed(f"all({_SAME})")),
        Right("none differs", _allowed("not any(expert(transform(i)) != l for i, l in zip(images, labels))")),
        Right(
            "takes names away",
            """
def allowed(images, labels, transforms, expert):
    names = set(transforms)
    for image, label in zip(images, labels):
        names -= {name for name in names if expert(transforms[name](image.copy())) != label}
    return sorted(names)
""",
        ),
    ],
    wrong=[
        Wrong("first image", "first-image-only", _allowed("expert(transform(images[0])) == labels[0]")),
        Wrong("any", "some-is-not-all", _allowed(f"any({_SAME})")),
        Wrong("pixels", "compared-pixels", _allowed("all(np.array_equal(transform(image), image) for image in images)")),
        Wrong("all names", "all-allowed", _allowed("True")),
        Wrong("forbidden ones", "the-forbidden-ones", _allowed(f"not all({_SAME})")),
    ],
)

_PATIENTS = """
import numpy as np

def split_by_patient(patients, labels, test_fraction, seed):
    rng = np.random.default_rng({seed})
    chosen = []
    for label in np.unique(labels):
        theirs = {shuffled}
        chosen.extend(theirs[: max(1, round(test_fraction * len(theirs)))])
    in_test = np.isin(patients, chosen)
    return {result}
"""


def _patients(
    seed: str = "seed",
    shuffled: str = "rng.permutation(np.unique(patients[labels == label]))",
    result: str = "np.flatnonzero(~in_test), np.flatnonzero(in_test)",
) -> str:
    return _PATIENTS.format(seed=seed, shuffled=shuffled, result=result)


PATIENTS = Bank(
    right=[
        Right("label by label", _patients()),
        Right(
            "plain Python",
            """
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
""",
        ),
        Right(
            "with scikit-learn, on patients",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong(
            "scans shuffled",
            "split-by-scan",
            """
import numpy as np

def split_by_patient(patients, labels, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(patients))
    cut = round(test_fraction * len(order))
    return order[cut:], order[:cut]
""",
        ),
        Wrong(
            "labels ignored",
            "labels-ignored",
            """
import numpy as np

def split_by_patient(patients, labels, test_fraction, seed):
    everyone = np.unique(patients)
    start = seed % 3
    in_test = np.isin(patients, everyone[start : start + round(test_fraction * len(everyone))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Wrong("always the first patients", "seed-ignored", _patients(shuffled="np.unique(patients[labels == label])")),
        Wrong("no seed", "not-repeatable", _patients(seed="")),
        Wrong("exchanged", "parts-exchanged", _patients(result="np.flatnonzero(in_test), np.flatnonzero(~in_test)")),
        Wrong(
            "numbers of patients",
            "patients-not-positions",
            _patients(result="patients[~in_test] + 1000, patients[in_test] + 1000"),
        ),
        Wrong(
            "one scan a patient",
            "lost-scans",
            _patients(result="np.unique(patients[~in_test], return_index=True)[1], np.flatnonzero(in_test)"),
        ),
    ],
)

BANK = {"6.1": HISTORY, "6.2": PATIENCE, "6.3": ALLOWED, "6.4": PATIENTS}
