# %% [markdown]
# # 05 · Exercise: find the bug
#
# Four silent mistakes. You repair one program and write three tools. Fill in each function, run its
# cell, then the check below it. `hint("5.1")` in a cell of its own helps one step at a time and
# costs nothing. **Time:** 50 minutes. You need lessons 04 and 05.

# %%
import keras
import numpy as np
import tensorflow as tf
from tlcourse import check, hint

# %% [markdown]
# ## Task 5.1: freeze BatchNorm at any depth
#
# Freeze every `BatchNormalization` layer of `model`, **however deep it is nested**: a model may
# hold a model that holds a model. Leave the flag of every other layer as it is. The check compiles
# and trains after your function, and looks at every value.


# %%
def freeze_batchnorm(model):
    """Change flags; return nothing."""
    ### BEGIN SOLUTION
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        elif isinstance(layer, keras.Model):
            freeze_batchnorm(layer)
    ### END SOLUTION


# %%
check("5.1", freeze_batchnorm)

# %% [markdown]
# ## Task 5.2: a split that stays
#
# TensorFlow's tutorial on transfer learning cuts its data like this. It is broken:
#
# ```python
# def split(dataset, size, seed):
#     dataset = dataset.shuffle(size, seed=seed)
#     test = dataset.take(size // 5)
#     validation = dataset.skip(size // 5).take(size // 5)
#     train = dataset.skip(2 * (size // 5))
#     return train, validation, test
# ```
#
# Repair it. `dataset` is a `tf.data.Dataset` of `size` single examples. Return three parts: a fifth
# for `test`, a fifth for `validation`, the rest for `train`. However often they are read, the parts
# share no example, hold all examples together, and keep their members; only the **order** within
# `train` is new each time.


# %%
def split(dataset, size, seed):
    """Return train, validation and test, each a tf.data.Dataset of single examples."""
    ### BEGIN SOLUTION
    fixed = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)
    fifth = size // 5
    train = fixed.skip(2 * fifth).shuffle(size, seed=seed)
    return train, fixed.skip(fifth).take(fifth), fixed.take(fifth)
    ### END SOLUTION


# %%
check("5.2", split)

# %% [markdown]
# ## Task 5.3: what does this preprocessing do?
#
# `preprocess` takes a float32 array of images `(n, height, width, 3)`, RGB, 0 to 255, and returns
# the input of a network: each channel scaled and shifted, perhaps with red and blue swapped. There
# is no documentation. Find out with images of one colour, and return a dict with
#
# - `"low"`, `"high"`: the smallest and the largest value in the output for any image (black and
#   white are enough);
# - `"bgr"`: `True` if red goes in first and comes out last;
# - `"in_place"`: `True` if it changes the array that you pass. (Several functions of Keras do!)


# %%
def examine(preprocess):
    """Return {"low": ..., "high": ..., "bgr": ..., "in_place": ...}."""
    ### BEGIN SOLUTION
    colours = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]], "float32")
    black, white, red = np.tile(colours[:, None, None, None], (1, 1, 2, 2, 1))
    low, high, reddened = (np.array(preprocess(c.copy()))[0, 0, 0] for c in (black, white, red))
    passed = white.copy()
    preprocess(passed)
    return {
        "low": min(low.min(), high.min()),
        "high": max(low.max(), high.max()),
        "bgr": bool(np.abs(reddened - low).argmax() == 2),
        "in_place": not np.array_equal(passed, white),
    }
    ### END SOLUTION


# %%
check("5.3", examine)

# %% [markdown]
# ## Task 5.4: unfreeze in the middle of a fit
#
# Return a Keras callback for one call of `fit`. Before the epoch with the number `epoch` (counted
# from 0) the backbone stays as it is; from that epoch on it learns. The head learns all the time.
# When `fit` is called, `model` is compiled and `backbone.trainable` is `True`.
#
# Two things stand in the way. Keras repeats the training step that it built first
# (`model.make_train_function(force=True)` builds a new one). And an optimizer refuses variables
# that it was not built for (call `model.optimizer.build(variables)` while all are trainable).


# %%
def unfreeze_at(backbone, epoch):
    """Return a keras.callbacks.Callback."""

    ### BEGIN SOLUTION
    class UnfreezeAt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)
            self.set_backbone(epoch == 0)

        def on_epoch_begin(self, number, logs=None):
            if number == epoch:
                self.set_backbone(True)

        def set_backbone(self, trainable):
            backbone.trainable = trainable
            self.model.make_train_function(force=True)

    return UnfreezeAt()
    ### END SOLUTION


# %%
check("5.4", unfreeze_at)

# %% [markdown]
# Now let the doctor examine your own program, or one from a tutorial that you like (not graded):
# `print(tlcourse.audit(model, train))`.
