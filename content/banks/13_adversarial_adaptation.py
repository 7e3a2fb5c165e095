"""Right and wrong answers to the tasks of lesson 13. The form of this file: docs/checks.md."""

# %% task 13.1

# %% right: a copy plus zero
from keras import ops


def reverse_gradient(x, strength):
    still = ops.stop_gradient(x)
    return still - strength * (x - still)


# %% right: a copy plus a difference of equals
# As "a copy plus zero", but:
return still + (ops.stop_gradient(strength * x) - strength * x)

# %% right: a product with minus lambda
# As "a copy plus zero", but:
return (x - still) * (-strength) + still

# %% wrong: values-reversed: values turned too
# As "a copy plus zero", but:
return -strength * x

# %% wrong: sign-not-turned: sign kept
# As "a copy plus zero", but:
return still + strength * (x - still)

# %% wrong: gradient-stopped: all stopped
# As "a copy plus zero", but:
return still

# %% wrong: strength-ignored: no strength
# As "a copy plus zero", but:
return still - (x - still)

# %% wrong: gradient-unchanged: nothing done
# As "a copy plus zero", but:
return x

# %% wrong: one-too-many: x at the front
# As "a copy plus zero", but:
return x - strength * (x - still)

# %% wrong: one-too-few: x taken away twice
# As "a copy plus zero", but:
return still + still - x - strength * (x - still)

# %% wrong: nearly-the-same: rounded
# As "a copy plus zero", but:
return (1 + strength) * still - strength * x + 1e-4 * still

# %% task 13.2


# %% right: in one go
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] - strength * domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% right: two steps one after the other
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    new = {name: value.copy() for name, value in weights.items()}
    for name, gradient in label_gradients.items():
        new[name] = new[name] - learning_rate * gradient
    for name, gradient in domain_gradients.items():
        sign = strength if name == "features" else -1
        new[name] = new[name] + sign * learning_rate * gradient
    return new


# %% right: signs in a table
import numpy as np


def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    shares = {"features": (1, -strength), "head": (1, 0), "discriminator": (0, 1)}
    nothing = np.zeros(1)
    return {
        name: weights[name] - learning_rate * (a * label_gradients.get(name, nothing) + b * domain_gradients.get(name, nothing))
        for name, (a, b) in shares.items()
    }


# %% wrong: not-reversed
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] + strength * domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% wrong: strength-forgotten: no strength
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] - domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% wrong: domain-forgotten: no domain
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% wrong: label-forgotten: no label
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (-strength * domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% wrong: discriminator-reversed
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] - strength * domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (-strength * domain["discriminator"]),
    }


# %% wrong: discriminator-slowed
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] - strength * domain["features"]),
        "head": w["head"] - learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (strength * domain["discriminator"]),
    }


# %% wrong: uphill
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] + learning_rate * (label["features"] - strength * domain["features"]),
        "head": w["head"] + learning_rate * label["head"],
        "discriminator": w["discriminator"] + learning_rate * (domain["discriminator"]),
    }


# %% wrong: changes-input: in place
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    w, label, domain = weights, label_gradients, domain_gradients
    return {
        "features": w["features"] - learning_rate * (label["features"] - strength * domain["features"]),
        "head": w["head"].__isub__(learning_rate * label["head"]) - 0 * learning_rate * label["head"],
        "discriminator": w["discriminator"] - learning_rate * (domain["discriminator"]),
    }


# %% task 13.3

# %% right: asks for nan
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy[-5:]), np.mean(domain_accuracy[-5:])
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if np.isnan(source) or source < 1.5 / num_classes:
        return "collapsed"
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"


# %% right: comparison turned round
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy[-5:]), np.mean(domain_accuracy[-5:])
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if not source >= 1.5 / num_classes:
        return "collapsed"
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"


# %% right: plain Python
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


# %% wrong: success-by-domain: domain accuracy alone
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    return "domains differ" if np.mean(domain_accuracy[-5:]) > 0.9 else "no alarm"


# %% wrong: nan-overlooked: nan passes
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy[-5:]), np.mean(domain_accuracy[-5:])
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if source < 1.5 / num_classes:
        return "collapsed"
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"


# %% wrong: fixed-limit: half is guessing
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy[-5:]), np.mean(domain_accuracy[-5:])
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if np.isnan(source) or source < 0.5:
        return "collapsed"
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"


# %% wrong: last-class-overlooked: short count
# As "asks for nan", but:
shares = np.bincount(predicted) / len(predicted)

# %% wrong: only-classes-seen: classes seen
# As "asks for nan", but:
shares = np.unique(predicted, return_counts=True)[1] / len(predicted)

# %% wrong: not-divided
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    source, domain = np.mean(source_accuracy[-5:]), np.mean(domain_accuracy[-5:])
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if np.isnan(source) or source < 1.5 / num_classes:
        return "collapsed"
    if shares.min() < 0.2:
        return "class lost"
    if domain > 0.9:
        return "domains differ"
    return "no alarm"


# %% wrong: last-epoch-only: last epoch
# As "asks for nan", but:
source, domain = np.mean(source_accuracy[-1:]), np.mean(domain_accuracy[-1:])

# %% wrong: all-epochs
# As "asks for nan", but:
source, domain = np.mean(source_accuracy), np.mean(domain_accuracy)

# %% wrong: order-turned
import numpy as np


def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    if np.mean(domain_accuracy[-5:]) > 0.9:
        return "domains differ"
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    return "no alarm" if np.mean(source_accuracy[-5:]) >= 1.5 / num_classes else "collapsed"
