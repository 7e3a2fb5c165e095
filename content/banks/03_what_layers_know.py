"""Right and wrong answers to the tasks of lesson 03. The form of this file: docs/checks.md."""

# %% task 3.1

# %% right: by features
import numpy as np


def linear_cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)

    top = np.linalg.norm(x.T @ y) ** 2
    return top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


# %% right: by images, with the centring matrix
import numpy as np


def linear_cka(x, y):
    n = len(x)
    centre = np.eye(n) - 1 / n
    k, l = centre @ (x @ x.T) @ centre, centre @ (y @ y.T) @ centre
    return (k * l).sum() / np.sqrt((k * k).sum() * (l * l).sum())


# %% right: einsum
import numpy as np


def linear_cka(x, y):
    x, y = np.asarray(x) - np.mean(x, 0), np.asarray(y) - np.mean(y, 0)

    def size(a, b):
        return np.sum(np.einsum("ni,nj->ij", a, b) ** 2)

    return size(x, y) / (size(x, x) * size(y, y)) ** 0.5


# %% wrong: not-centred: means left in
import numpy as np


def linear_cka(x, y):

    top = np.linalg.norm(x.T @ y) ** 2
    return top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))


# %% wrong: centred-by-one-mean: one mean for all
# As "by features", but:
x, y = x - x.mean(), y - y.mean()

# %% wrong: centred-by-rows: rows centred
# As "by features", but:
x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)

# %% wrong: not-squared: norm not squared
# As "by features", but:
top = np.linalg.norm(x.T @ y)
return top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)) ** 0.5

# %% wrong: not-normalised: no division
import numpy as np


def linear_cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return np.linalg.norm(x.T @ y) ** 2


# %% wrong: : correlation of the means of the features
import numpy as np


def linear_cka(x, y):
    return float(np.corrcoef(x.mean(axis=1), y.mean(axis=1))[0, 1])


# %% task 3.2


# %% right: layer by layer
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    return target


# %% right: all layers, by their number
import re


def copy_first_blocks(source, target, count):
    for layer in target.layers:
        found = re.fullmatch(r"(conv|norm)(\d+)", layer.name)
        if found and int(found[2]) <= count:
            layer.set_weights(source.get_layer(layer.name).get_weights())
            layer.trainable = False


# %% right: variable by variable
def copy_first_blocks(source, target, count):
    kept = [f"{kind}{i}" for i in range(1, count + 1) for kind in ("conv", "norm")]
    for name in kept:
        a, b = source.get_layer(name), target.get_layer(name)
        for theirs, ours in zip(a.weights, b.weights):
            ours.assign(theirs)
        b.trainable = False
    return target


# %% wrong: off-by-one: range ends early
def copy_first_blocks(source, target, count):
    for i in range(1, count):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    return target


# %% wrong: not-frozen
# As "layer by layer", but:
for name in (f"conv{i}", f"norm{i}"):
    target.get_layer(name).set_weights(source.get_layer(name).get_weights())  # keep


# %% wrong: not-frozen: convolutions frozen, BatchNorm forgotten
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
        target.get_layer(f"conv{i}").trainable = False


# %% wrong: froze-too-much: whole target frozen
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    target.trainable = False


# %% wrong: copied-everything: everything copied
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    target.set_weights(source.get_weights())


# %% wrong: copied-backwards: wrong way round
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            source.get_layer(name).set_weights(target.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    return target


# %% wrong: nothing-copied: only frozen
# As "layer by layer", but:
for name in (f"conv{i}", f"norm{i}"):
    target.get_layer(name).trainable = False


# %% wrong: batchnorm-not-copied: only the convolutions
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        target.get_layer(f"conv{i}").set_weights(source.get_layer(f"conv{i}").get_weights())
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).trainable = False


# %% wrong: statistics-not-copied: only what is trainable
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            a, b = source.get_layer(name), target.get_layer(name)
            for theirs, ours in zip(a.trainable_weights, b.trainable_weights):
                ours.assign(theirs)
            b.trainable = False


# %% wrong: : the head, too
def copy_first_blocks(source, target, count):
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    target.get_layer("head").set_weights(source.get_layer("head").get_weights())


# %% task 3.3

# %% right: complex numbers
import numpy as np


def edge_score(kernel):
    power = np.abs(np.fft.fft2(kernel - kernel.mean(), (16, 16))) ** 2
    fy, fx = np.meshgrid(np.fft.fftfreq(16), np.fft.fftfreq(16), indexing="ij")
    angle = np.arctan2(fy, fx)
    return abs((power * np.exp(2j * angle)).sum()) / power.sum()


# %% right: cosine and sine
# As "complex numbers", but:
return np.hypot((power * np.cos(2 * angle)).sum(), (power * np.sin(2 * angle)).sum()) / power.sum()

# %% right: gradients in place of frequencies
import numpy as np


def edge_score(kernel):
    padded = np.pad(kernel - kernel.mean(), 8)
    spectrum = np.fft.fft2(padded)
    f = np.fft.fftfreq(len(padded))
    power = np.abs(spectrum) ** 2
    z = f[None, :] + 1j * f[:, None]
    unit = np.divide(z, np.abs(z), out=np.ones_like(z), where=np.abs(z) > 0)
    return abs((power * unit**2).sum()) / power.sum()


# %% wrong: mean-not-removed: mean left in
# As "complex numbers", but:
power = np.abs(np.fft.fft2(kernel, (16, 16))) ** 2

# %% wrong: angle-not-doubled
# As "complex numbers", but:
return abs((power * np.exp(1j * angle)).sum()) / power.sum()

# %% wrong: not-divided: no division
# As "complex numbers", but:
return abs((power * np.exp(2j * angle)).sum())

# %% wrong: : share of power off the axes
# As "complex numbers", but:
return power[1:, 1:].sum() / power.sum()
