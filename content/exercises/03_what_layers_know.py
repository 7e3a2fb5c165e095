# %% [markdown]
# # 03 · Exercise: what do layers know?
#
# Three small tools for looking into networks. Fill in each function, run its cell, then the check
# below it. `hint("3.1")` in a cell of its own helps one step at a time and costs nothing. **Time:**
# 35 minutes. You need lesson 03 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 3.1: how similar are two sets of features?
#
# `x` and `y` are tables: row *i* of both belongs to image *i*, columns are features, and the two
# may have different numbers of columns. Return linear CKA: subtract its mean from each column, then
# compute
#
# $$\frac{\lVert X^\top Y\rVert^2}{\lVert X^\top X\rVert \, \lVert Y^\top Y\rVert}$$
#
# where the norm of a matrix is the root of the sum of its squares. The check compares features with
# rotated, rescaled, shifted and mixed copies of themselves.


# %%
def linear_cka(x, y):
    """Return a number from 0 to 1."""
    ### BEGIN SOLUTION
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.norm
    return norm(x.T @ y) ** 2 / (norm(x.T @ x) * norm(y.T @ y))
    ### END SOLUTION


# %%
check("3.1", linear_cka)

# %% [markdown]
# ## Task 3.2: keep the first blocks
#
# Two networks of the same kind. Block 1 of each consists of the layers `conv1` and `norm1`
# (BatchNorm), block 2 of `conv2` and `norm2`, and so on; the last layer is `head`. Give the first
# `count` blocks of `target` the weights of `source`, and make them stay as they are when somebody
# compiles and trains `target`. Everything after them is unchanged and learns. The check compares
# every value before and after a fit.


# %%
def copy_first_blocks(source, target, count):
    """Change `target`; return nothing or the target."""
    ### BEGIN SOLUTION
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            target.get_layer(name).set_weights(source.get_layer(name).get_weights())
            target.get_layer(name).trainable = False
    ### END SOLUTION


# %%
check("3.2", copy_first_blocks)

# %% [markdown]
# ## Task 3.3: is this filter an edge detector?
#
# An edge filter varies along *one* direction. Its frequencies show that: nearly all of their power
# lies on one line. Return a score from 0 (no direction) to 1 (one direction):
#
# 1. subtract the filter's mean, and take `np.fft.fft2(..., (16, 16))`; its power is the square of
#    the absolute value;
# 2. each frequency `(fy, fx)` has an angle, `np.arctan2(fy, fx)`; `np.fft.fftfreq(16)` gives the
#    frequencies of both axes;
# 3. add up arrows of length *power* and direction *twice the angle* (a wave to the left is also a
#    wave to the right: with doubled angles both point the same way), and divide the length of the
#    sum by the sum of the power.


# %%
def edge_score(kernel):
    """Return the score of one filter, an array (height, width)."""
    ### BEGIN SOLUTION
    power = np.abs(np.fft.fft2(kernel - kernel.mean(), (16, 16))) ** 2
    frequency = np.fft.fftfreq(16)
    angle = np.arctan2(frequency[:, None], frequency[None, :])
    return abs((power * np.exp(2j * angle)).sum()) / power.sum()
    ### END SOLUTION


# %%
check("3.3", edge_score)

# %% [markdown]
# With it, compare the first layer of the pretrained network with random filters (not graded; the
# cell prints nothing until your function is filled in).

# %%
from contextlib import suppress

import tlcourse

first = next(layer for layer in tlcourse.load_backbone().layers if layer.weights)
learned = first.get_weights()[0].mean(axis=2)  # (3, 3, filters), colours averaged
random = np.random.default_rng(seed).normal(size=learned.shape)
with suppress(NotImplementedError):
    for name, kernels in (("learned", learned), ("random", random)):
        scores = [edge_score(kernels[..., i]) for i in range(kernels.shape[-1])]
        print(f"{name}: median edge score {np.median(scores):.2f}")
