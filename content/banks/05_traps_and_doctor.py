"""Right and wrong answers to the tasks of lesson 05. The form of this file: docs/checks.md."""

# %% task 5.1

# %% right: calls itself
import keras


def freeze_batchnorm(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        elif isinstance(layer, keras.Model):
            freeze_batchnorm(layer)


# %% right: a stack of models still to look into
import keras


def freeze_batchnorm(model):
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        waiting.extend(getattr(layer, "layers", []))
        if type(layer) is keras.layers.BatchNormalization:
            layer.trainable = False


# %% right: all layers, flattened by Keras
import keras


def freeze_batchnorm(model):
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


# %% wrong: nothing-frozen: one level
import keras


def freeze_batchnorm(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


# %% wrong: only-some-levels: two levels
import keras


def freeze_batchnorm(model):
    for part in model.layers:
        for layer in getattr(part, "layers", [part]):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


# %% wrong: nothing-frozen: by the name that Keras gives
# As "all layers, flattened by Keras", but:
if layer.name.startswith("batch_normalization"):
    layer.trainable = False

# %% wrong: froze-too-much: by a piece of the name
# As "all layers, flattened by Keras", but:
if "batch" in layer.name or isinstance(layer, keras.layers.BatchNormalization):
    layer.trainable = False

# %% wrong: froze-too-much: models that hold one
# As "one level", but:
if isinstance(layer, keras.Model):
    layer.trainable = False

# %% wrong: unfroze-others: everything opened first
import keras


def freeze_batchnorm(model):
    for layer in model._flatten_layers():
        layer.trainable = True
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


# %% task 5.2


# %% right: fixed order, then cut
def split(dataset, size, seed):
    fifth = size // 5
    fixed = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)
    return fixed.skip(2 * fifth).shuffle(size), fixed.skip(fifth).take(fifth), fixed.take(fifth)


# %% right: cached after shuffling
def split(dataset, size, seed):
    fixed = dataset.shuffle(size, seed=seed).cache()
    list(fixed)  # fills the cache
    fifth = size // 5
    return fixed.skip(2 * fifth).shuffle(size, reshuffle_each_iteration=True), fixed.take(fifth), fixed.skip(fifth).take(fifth)


# %% right: positions drawn with NumPy
import numpy as np
import tensorflow as tf


def split(dataset, size, seed):
    values = np.array([x.numpy() for x in dataset])
    order = np.random.default_rng(seed).permutation(size)
    fifth = size // 5
    parts = np.split(order, [fifth, 2 * fifth])
    validation, test, train = (tf.data.Dataset.from_tensor_slices(values[part]) for part in parts)
    return train.shuffle(size), validation, test


# %% wrong: moves: as in the tutorial
def split(dataset, size, seed):
    fifth = size // 5
    fixed = dataset.shuffle(size, seed=seed)
    return fixed.skip(2 * fifth), fixed.skip(fifth).take(fifth), fixed.take(fifth)


# %% wrong: cut-without-shuffling: no shuffle
# As "fixed order, then cut", but:
fixed = dataset

# %% wrong: train-not-shuffled: train in a fixed order
# As "as in the tutorial", but:
fixed = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)

# %% wrong: overlap: parts overlap
# As "fixed order, then cut", but:
return fixed.skip(2 * fifth).shuffle(size), fixed.skip(fifth // 2).take(fifth), fixed.take(fifth)

# %% wrong: test-shuffled: test shuffled too
# As "fixed order, then cut", but:
return fixed.skip(2 * fifth).shuffle(size), fixed.skip(fifth).take(fifth), fixed.take(fifth).shuffle(size)


# %% wrong: batched: parts in batches
def split(dataset, size, seed):
    fixed = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)
    fifth = size // 5
    train = fixed.skip(2 * fifth).shuffle(size)
    return train.batch(8), fixed.skip(fifth).take(fifth).batch(8), fixed.take(fifth).batch(8)


# %% wrong: : test first
def split(dataset, size, seed):
    fixed = dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)
    fifth = size // 5
    return fixed.take(fifth), fixed.skip(fifth).take(fifth), fixed.skip(2 * fifth).shuffle(size)


# %% task 5.3

# %% right: three colours
import numpy as np


def examine(preprocess):
    black, white, red = (
        np.zeros((1, 2, 2, 3), "float32"),
        np.full((1, 2, 2, 3), 255, "float32"),
        np.zeros((1, 2, 2, 3), "float32"),
    )
    red[..., 0] = 255
    dark, bright, reddened = (np.array(preprocess(x.copy()))[0, 0, 0] for x in (black, white, red))
    passed = white.copy()
    preprocess(passed)
    return {
        "low": min(dark.min(), bright.min()),
        "high": max(dark.max(), bright.max()),
        "bgr": bool(np.abs(reddened - dark).argmax() == 2),
        "in_place": bool((passed != white).any()),
    }


# %% right: one batch of three images
import numpy as np


def examine(preprocess):
    batch = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0]], "float32").reshape(3, 1, 1, 3)
    kept = batch.copy()
    out = np.array(preprocess(batch)).reshape(3, 3)
    return {
        "low": float(out[:2].min()),
        "high": float(out[:2].max()),
        "bgr": not np.isclose(out[2, 2], out[0, 2]),
        "in_place": not np.array_equal(batch, kept),
    }


# %% right: many random images, too
import numpy as np


def examine(preprocess):
    rng = np.random.default_rng(0)
    corners = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], "float32").reshape(8, 1, 1, 3)
    out = np.array(preprocess(corners.copy())).reshape(8, 3)
    noise = rng.uniform(0, 255, (4, 3, 3, 3)).astype("float32")
    passed = noise.copy()
    preprocess(passed)
    swapped = np.ptp(out[[0, 4], 2]) > np.ptp(out[[0, 4], 0])
    return {"low": out.min(), "high": out.max(), "bgr": swapped, "in_place": bool(np.any(passed != noise))}


# %% wrong: one-channel-only: first channel only
# As "three colours", but:
return {
    "low": dark[0],
    "high": bright[0],
    "bgr": bool(np.abs(reddened - dark).argmax() == 2),
    "in_place": bool((passed != white).any()),
}

# %% wrong: reuses-changed-array: the same array again and again
import numpy as np


def examine(preprocess):
    black, white, red = (
        np.zeros((1, 2, 2, 3), "float32"),
        np.full((1, 2, 2, 3), 255, "float32"),
        np.zeros((1, 2, 2, 3), "float32"),
    )
    red[..., 0] = 255
    kept = white.copy()
    preprocess(white)
    preprocess(black)
    changed = bool((white != kept).any())
    dark, bright, reddened = (np.array(preprocess(x))[0, 0, 0] for x in (black, white, red))
    return {
        "low": min(dark.min(), bright.min()),
        "high": max(dark.max(), bright.max()),
        "bgr": bool(np.abs(reddened - dark).argmax() == 2),
        "in_place": changed,
    }


# %% wrong: channels-not-seen: never BGR
# As "three colours", but:
return {
    "low": min(dark.min(), bright.min()),
    "high": max(dark.max(), bright.max()),
    "bgr": False,
    "in_place": bool((passed != white).any()),
}

# %% wrong: in-place-not-seen: looks at the copy
import numpy as np


def examine(preprocess):
    black, white, red = (
        np.zeros((1, 2, 2, 3), "float32"),
        np.full((1, 2, 2, 3), 255, "float32"),
        np.zeros((1, 2, 2, 3), "float32"),
    )
    red[..., 0] = 255
    dark, bright, reddened = (np.array(preprocess(x.copy()))[0, 0, 0] for x in (black, white, red))
    return {
        "low": min(dark.min(), bright.min()),
        "high": max(dark.max(), bright.max()),
        "bgr": bool(np.abs(reddened - dark).argmax() == 2),
        "in_place": False,
    }


# %% wrong: : black and white averaged over the channels
# As "three colours", but:
return {
    "low": dark.mean(),
    "high": bright.mean(),
    "bgr": bool(np.abs(reddened - dark).argmax() == 2),
    "in_place": bool((passed != white).any()),
}


# %% task 5.4

# %% right: as in the text
import keras


def unfreeze_at(backbone, epoch):
    class At(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)
            backbone.trainable = False
            self.model.make_train_function(force=True)

        def on_epoch_begin(self, number, logs=None):
            if number == epoch:
                backbone.trainable = True
                self.model.make_train_function(force=True)

    return At()


# %% right: every epoch anew
import keras


def unfreeze_at(backbone, epoch):
    class Gate(keras.callbacks.Callback):
        def on_epoch_begin(self, number, logs=None):
            if number == 0:
                self.model.optimizer.build(self.model.trainable_variables)
            backbone.trainable = number >= epoch
            self.model.make_train_function(force=True)

    return Gate()


# %% right: a LambdaCallback
import keras


def unfreeze_at(backbone, epoch):
    holder = keras.callbacks.LambdaCallback()

    def gate(number, logs=None):
        model = holder.model
        if number == 0:
            model.optimizer.build(model.trainable_variables)
        if number in (0, epoch):
            for layer in backbone.layers:
                layer.trainable = number == epoch
            model.make_train_function(force=True)

    holder.on_epoch_begin = gate
    return holder


# %% wrong: old-step: flags alone
# As "as in the text", but:
def on_train_begin(self, logs=None):
    backbone.trainable = False


if number == epoch:
    backbone.trainable = True


# %% wrong: optimizer-not-built
# As "as in the text", but:
def on_train_begin(self, logs=None):
    backbone.trainable = False
    self.model.make_train_function(force=True)


# %% wrong: never-frozen: never frozen
# As "as in the text", but:
def on_train_begin(self, logs=None):
    pass


# %% wrong: off-by-one: opens at the end
import keras


def unfreeze_at(backbone, epoch):
    class At(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)
            backbone.trainable = False
            self.model.make_train_function(force=True)

        def on_epoch_end(self, number, logs=None):
            if number == epoch:
                backbone.trainable = True
                self.model.make_train_function(force=True)

    return At()


# %% wrong: head-frozen: freezes the model
import keras


def unfreeze_at(backbone, epoch):
    class At(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.trainable = False
            self.model.make_train_function(force=True)

        def on_epoch_begin(self, number, logs=None):
            if number == epoch:
                self.model.trainable = True
                self.model.make_train_function(force=True)

    return At()


# %% wrong: never-unfrozen: waits for an epoch that never comes
import keras


def unfreeze_at(backbone, epoch):
    class UnfreezeAt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)
            backbone.trainable = False
            self.model.make_train_function(force=True)

        def on_epoch_begin(self, number, logs=None):
            if number == 1000 + epoch:
                backbone.trainable = True
                self.model.make_train_function(force=True)

    return UnfreezeAt()


# %% wrong: : only in that one epoch
import keras


def unfreeze_at(backbone, epoch):
    class UnfreezeAt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.optimizer.build(self.model.trainable_variables)

        def on_epoch_begin(self, number, logs=None):
            backbone.trainable = number == epoch
            self.model.make_train_function(force=True)

    return UnfreezeAt()
