"""Instructors' side of lesson 13: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong


def _reversal(line: str) -> str:
    return f"from keras import ops\n\ndef reverse_gradient(x, strength):\n    still = ops.stop_gradient(x)\n    return {line}\n"


REVERSAL = Bank(
    right=[
        Right("a copy plus zero", _reversal("still - strength * (x - still)")),
        Right("a copy plus a difference of equals", _reversal("still + (ops.stop_gradient(strength * x) - strength * x)")),
        Right("a product with minus lambda", _reversal("(x - still) * (-strength) + still")),
    ],
    wrong=[
        Wrong("values turned too", "values-reversed", _reversal("-strength * x")),
        Wrong("sign kept", "sign-not-turned", _reversal("still + strength * (x - still)")),
        Wrong("all stopped", "gradient-stopped", _reversal("still")),
        Wrong("no strength", "strength-ignored", _reversal("still - (x - still)")),
        Wrong("nothing done", "gradient-unchanged", _reversal("x")),
        Wrong("x at the front", "one-too-many", _reversal("x - strength * (x - still)")),
        Wrong("x taken away twice", "one-too-few", _reversal("still + still - x - strength * (x - still)")),
        Wrong("rounded", "nearly-the-same", _reversal("(1 + strength) * still - strength * x + 1e-4 * still")),
    ],
)

_STEP = """
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {{
        "features": w["features"] - learning_rate * ({features}),
        "head": w["head"] - learning_rate * label["head"],
        "opponent": w["opponent"] - learning_rate * ({opponent}),
    }}
"""


def _step(features: str = 'label["features"] - strength * domain["features"]', opponent: str = 'domain["opponent"]') -> str:
    return _STEP.format(features=features, opponent=opponent)


STEP = Bank(
    right=[
        Right("in one go", _step()),
        Right(
            "two steps one after the other",
            """
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    new = {name: value.copy() for name, value in weights.items()}
    for name, gradient in label_gradients.items():
        new[name] = new[name] - learning_rate * gradient
    for name, gradient in domain_gradients.items():
        sign = strength if name == "features" else -1
        new[name] = new[name] + sign * learning_rate * gradient
    return new
""",
        ),
        Right(
            "signs in a table",
            """
import numpy as np

def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    shares = {"features": (1, -strength), "head": (1, 0), "opponent": (0, 1)}
    nothing = np.zeros(1)
    return {name: weights[name] - learning_rate * (a * label_gradients.get(name, nothing) + b * domain_gradients.get(name, nothing))
            for name, (a, b) in shares.items()}
""",
        ),
    ],
    wrong=[
        Wrong("not reversed", "not-reversed", _step('label["features"] + strength * domain["features"]')),
        Wrong("no strength", "strength-forgotten", _step('label["features"] - domain["features"]')),
        Wrong("no domain", "domain-forgotten", _step('label["features"]')),
        Wrong("no label", "label-forgotten", _step('-strength * domain["features"]')),
        Wrong("opponent reversed", "opponent-reversed", _step(opponent='-strength * domain["opponent"]')),
        Wrong("opponent slowed", "opponent-slowed", _step(opponent='strength * domain["opponent"]')),
        Wrong("uphill", "uphill", _step().replace("- learning_rate", "+ learning_rate")),
        Wrong(
            "in place",
            "changes-input",
            _step().replace('"head": w["head"] -', '"head": w["head"].__isub__(learning_rate * label["head"]) - 0 *'),
        ),
    ],
)

_DIAGNOSE = """
import numpy as np

def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy{last}), np.mean(domain_accuracy{last})
    shares = {shares}
    if {collapsed}:
        return "collapsed"
    if {lost}:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"
"""


def _diagnose(
    last: str = "[-5:]",
    shares: str = "np.bincount(predicted, minlength=num_classes) / len(predicted)",
    collapsed: str = "np.isnan(source) or source < 1.5 / num_classes",
    lost: str = "shares.min() < 0.2 / num_classes",
) -> str:
    return _DIAGNOSE.format(last=last, shares=shares, collapsed=collapsed, lost=lost)


DIAGNOSIS = Bank(
    right=[
        Right("asks for nan", _diagnose()),
        Right("comparison turned round", _diagnose(collapsed="not source >= 1.5 / num_classes")),
        Right(
            "plain Python",
            """
def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    ends = [sum(values[-5:]) / 5 for values in (source_accuracy, domain_accuracy)]
    guesses = [int(p) for p in predicted]
    rarest = min(guesses.count(label) for label in range(num_classes)) / len(guesses)
    signs = {
        "collapsed": ends[0] != ends[0] or ends[0] * num_classes < 1.5,
        "class lost": rarest * num_classes < 0.2,
        "domains differ": ends[1] > 0.9,
        "no alarm": True,
    }
    return next(word for word, applies in signs.items() if applies)
""",
        ),
    ],
    wrong=[
        Wrong(
            "domain accuracy alone",
            "success-by-domain",
            """
import numpy as np

def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    return "domains differ" if np.mean(domain_accuracy[-5:]) > 0.9 else "no alarm"
""",
        ),
        Wrong("nan passes", "nan-overlooked", _diagnose(collapsed="source < 1.5 / num_classes")),
        Wrong("half is guessing", "fixed-limit", _diagnose(collapsed="np.isnan(source) or source < 0.5")),
        Wrong("short count", "last-class-overlooked", _diagnose(shares="np.bincount(predicted) / len(predicted)")),
        Wrong(
            "classes seen",
            "only-classes-seen",
            _diagnose(shares="np.unique(predicted, return_counts=True)[1] / len(predicted)"),
        ),
        Wrong("not divided", "not-divided", _diagnose(lost="shares.min() < 0.2")),
        Wrong("last epoch", "last-epoch-only", _diagnose(last="[-1:]")),
        Wrong("all epochs", "all-epochs", _diagnose(last="")),
        Wrong(
            "order turned",
            "order-turned",
            """
import numpy as np

def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    if np.mean(domain_accuracy[-5:]) > 0.9:
        return "domains differ"
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    return "no alarm" if np.mean(source_accuracy[-5:]) >= 1.5 / num_classes else "collapsed"
""",
        ),
    ],
)

BANK = {"13.1": REVERSAL, "13.2": STEP, "13.3": DIAGNOSIS}
