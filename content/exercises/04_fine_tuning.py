# %% [markdown]
# # 04 · Exercise: fine-tuning
#
# Learning rates that grow with depth, a penalty that keeps the backbone near its start, the right
# order of head and backbone, and a bug hunt. Fill in each function, run its cell, then the check
# below it. `hint("4.1")` in a cell of its own helps one step at a time and costs nothing. **Time:**
# 40 minutes. You need lesson 04, NumPy and Keras.

# %%
import keras
import numpy as np
from keras import layers, ops
from tlcourse import check, hint

# %% [markdown]
# ## Task 4.1: small steps early, large steps late
#
# Early layers know general things and should hardly move; late layers have more to learn. Return an
# optimizer with which the **last** layer that has weights learns at `learning_rate`, and every
# earlier layer **with weights** at a rate `decay` times below that of the next one with weights.
# Layers without weights (ReLU, dropout) do not count as a step.
#
# `keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer, optimizer_map))`
# gives each group of variables its own optimizer. `optimizer_map` maps a pattern to an optimizer;
# the pattern has to match the whole path of a variable (`sequential/name_of_the_layer/kernel`), for
# example `".*name_of_the_layer/.*"`. Use Adam. The check trains one step and measures how far each
# layer moved.


# %%
def layerwise(model, learning_rate, decay):
    """Return a Keras optimizer for `model`."""
    ### BEGIN SOLUTION
    with_weights = [layer for layer in model.layers if layer.weights]
    optimizers = {}
    for steps_back, layer in enumerate(reversed(with_weights)):
        optimizers[f".*{layer.name}/.*"] = keras.optimizers.Adam(learning_rate / decay**steps_back)
    last = optimizers[f".*{with_weights[-1].name}/.*"]
    return keras.optimizers.MultiOptimizer(
        keras.optimizers.OptimizerMap(default_optimizer=last, optimizer_map=optimizers)
    )
    ### END SOLUTION


# %%
check("4.1", layerwise)

# %% [markdown]
# ## Task 4.2: a penalty on leaving the start
#
# Weight decay pulls weights towards zero. For a pretrained backbone that is the wrong point: what
# it knows is in the weights with which it *started*. L2-SP adds to the loss
#
# $$\frac{\lambda}{2} \sum_i (w_i - w_i^{start})^2$$
#
# over the trainable weights of the backbone; the head has no penalty. Return a **function without
# arguments** that computes this from the weights as they are when the function is called. The start
# is the weights as they are *now*, when `make_penalty` is called. Use `keras.ops`; a gradient can
# flow through it. The check moves weights, and compares the penalty and its gradient with the
# formula.


# %%
def make_penalty(model, backbone, strength):
    """Return a function `penalty()` -> scalar tensor; `model` contains `backbone`, then a head."""
    ### BEGIN SOLUTION
    start = [weight.numpy().copy() for weight in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(ops.sum(ops.square(weight - anchor)) for weight, anchor in pairs)

    return penalty
    ### END SOLUTION


# %%
check("4.2", make_penalty)

# %% [markdown]
# ## Task 4.3: first the probe, then fine-tuning
#
# The smallest network with a backbone: features are `x @ backbone.T`, the output is
# `features @ head`. `fine_tune` below trains both by gradient descent. Write LP-FT: fit the head on
# the frozen features first (least squares), then fine-tune both from there. Leave the caller's
# arrays as they are. The check tries your function with several backbones, and on inputs of a kind
# that it was never trained on. One backbone is perfect: there nothing is left to tune, and it
# should stay as it is.


# %%
def fine_tune(backbone, head, x, y, learning_rate=0.02, steps=2000):
    """Gradient descent on the mean squared error; returns new backbone `(k, d)`, head `(k,)`."""
    backbone, head = backbone.copy(), head.copy()
    for _ in range(steps):
        error = (x @ backbone.T @ head - y) / len(y)
        step_backbone, step_head = np.outer(head, error @ x), backbone @ (x.T @ error)
        backbone, head = backbone - learning_rate * step_backbone, head - learning_rate * step_head
    return backbone, head


# %%
def lp_ft(backbone, x, y):
    """Return `(backbone, head)`: arrays `(k, d)` and `(k,)`; `x` is `(n, d)`, `y` is `(n,)`."""
    ### BEGIN SOLUTION
    head = np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]
    return fine_tune(backbone, head, x, y)
    ### END SOLUTION


# %%
check("4.3", lp_ft)

# %% [markdown]
# ## Task 4.4: bug hunt
#
# A colleague's two-phase training. No error, no warning, and a backbone that is not what it should
# be afterwards:
#
# ```python
# def two_phase(model, backbone, images, labels):
#     loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
#     backbone.trainable = False
#     model.compile(keras.optimizers.Adam(1e-3), loss)
#     model.fit(images, labels, epochs=2, verbose=0)
#     backbone.trainable = True  # phase 2
#     model.fit(images, labels, epochs=2, verbose=0)
# ```
#
# (The model was built with `backbone(inputs, training=False)`.) Repair it:
#
# - in the first `fit` only the head learns;
# - in the second the head and the backbone's weights learn, at a learning rate at least ten times
#   lower than in the first;
# - **no** BatchNorm statistic moves in either.
#
# The check looks at the model before and after every `fit`.


# %%
def two_phase(model, backbone, images, labels):
    """Train `model` in place: head first, then backbone and head."""
    ### BEGIN SOLUTION
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    ### END SOLUTION


# %%
check("4.4", two_phase)
