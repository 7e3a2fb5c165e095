"""Instructors' side of lesson 05: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong


def _norm(body: str) -> str:
    return f"import keras\n\ndef freeze_batchnorm(model):\n{body}"


NORM = Bank(
    right=[
        Right(
            "calls itself",
            _norm("""    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
        elif isinstance(layer, keras.Model):
            freeze_batchnorm(layer)
"""),
        ),
        Right(
            "a stack of models still to look into",
            _norm("""    waiting = [model]
    while waiting:
        layer = waiting.pop()
        waiting.extend(getattr(layer, "layers", []))
        if type(layer) is keras.layers.BatchNormalization:
            layer.trainable = False
"""),
        ),
        Right(
            "all layers, flattened by Keras",
            _norm("""    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
"""),
        ),
    ],
    wrong=[
        Wrong(
            "one level",
            "nothing-frozen",
            _norm("""    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
"""),
        ),
        Wrong(
            "two levels",
            "only-the-top-level",
            _norm("""    for part in model.layers:
        for layer in getattr(part, "layers", [part]):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
"""),
        ),
        Wrong(
            "by the name that Keras gives",
            "nothing-frozen",
            _norm("""    for layer in model._flatten_layers():
        if layer.name.startswith("batch_normalization"):
            layer.trainable = False
"""),
        ),
        Wrong(
            "by a piece of the name",
            "froze-too-much",
            _norm("""    for layer in model._flatten_layers():
        if "batch" in layer.name or isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
"""),
        ),
        Wrong(
            "models that hold one",
            "froze-too-much",
            _norm(
                "    for layer in model.layers:\n        if isinstance(layer, keras.Model):\n            layer.trainable = False\n"
            ),
        ),
        Wrong(
            "everything opened first",
            "unfroze-others",
            _norm("""    for layer in model._flatten_layers():
        layer.trainable = True
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
"""),
        ),
    ],
)


def _split(
    first: str,
    train: str = "fixed.skip(2 * fifth).shuffle(size)",
    validation: str = "fixed.skip(fifth).take(fifth)",
    test: str = "fixed.take(fifth)",
) -> str:
    return f"""
def split(dataset, size, seed):
    fifth = size // 5
    fixed = {first}
    return {train}, {validation}, {test}
"""


_FIXED = "dataset.shuffle(size, seed=seed, reshuffle_each_iteration=False)"
SPLIT = Bank(
    right=[
        Right("fixed order, then cut", _split(_FIXED)),
        Right(
            "cached after shuffling",
            """
def split(dataset, size, seed):
    fixed = dataset.shuffle(size, seed=seed).cache()
    list(fixed)  # fills the cache
    fifth = size // 5
    return fixed.skip(2 * fifth).shuffle(size, reshuffle_each_iteration=True), fixed.take(fifth), fixed.skip(fifth).take(fifth)
""",
        ),
        Right(
            "positions drawn with NumPy",
            """
import numpy as np
import tensorflow as tf

def split(dataset, size, seed):
    values = np.array([x.numpy() for x in dataset])
    order = np.random.default_rng(seed).permutation(size)
    fifth = size // 5
    parts = np.split(order, [fifth, 2 * fifth])
    validation, test, train = (tf.data.Dataset.from_tensor_slices(values[part]) for part in parts)
    return train.shuffle(size), validation, test
""",
        ),
    ],
    wrong=[
        Wrong("as in the tutorial", "moves", _split("dataset.shuffle(size, seed=seed)", train="fixed.skip(2 * fifth)")),
        Wrong("no shuffle", "cut-without-shuffling", _split("dataset")),
        Wrong("train in a fixed order", "train-not-shuffled", _split(_FIXED, train="fixed.skip(2 * fifth)")),
        Wrong("parts overlap", "overlap", _split(_FIXED, validation="fixed.skip(fifth // 2).take(fifth)")),
        Wrong("test shuffled too", "test-shuffled", _split(_FIXED, test="fixed.take(fifth).shuffle(size)")),
    ],
)

_COLOURS = """
import numpy as np

def examine(preprocess):
    black, white, red = np.zeros((1, 2, 2, 3), "float32"), np.full((1, 2, 2, 3), 255, "float32"), np.zeros((1, 2, 2, 3), "float32")
    red[..., 0] = 255
"""


def _examine(body: str) -> str:
    return _COLOURS + body


_LOOK = "    dark, bright, reddened = (np.array(preprocess(x.copy()))[0, 0, 0] for x in (black, white, red))\n"
_SAME = "    passed = white.copy()\n    preprocess(passed)\n"
_RANGE = "'low': min(dark.min(), bright.min()), 'high': max(dark.max(), bright.max())"
_BGR = "'bgr': bool(np.abs(reddened - dark).argmax() == 2)"
_PLACE = "'in_place': bool((passed != white).any())"
EXAMINE = Bank(
    right=[
        Right("three colours", _examine(f"{_LOOK}{_SAME}    return {{{_RANGE}, {_BGR}, {_PLACE}}}\n")),
        Right(
            "one batch of three images",
            """
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
""",
        ),
        Right(
            "many random images, too",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong(
            "first channel only",
            "one-channel-only",
            _examine(f"{_LOOK}{_SAME}    return {{'low': dark[0], 'high': bright[0], {_BGR}, {_PLACE}}}\n"),
        ),
        Wrong(
            "the same array again and again",
            "reuses-changed-array",
            _examine(f"""    kept = white.copy()
    preprocess(white)
    preprocess(black)
    changed = bool((white != kept).any())
    dark, bright, reddened = (np.array(preprocess(x))[0, 0, 0] for x in (black, white, red))
    return {{{_RANGE}, {_BGR}, 'in_place': changed}}
"""),
        ),
        Wrong("never BGR", "channels-not-seen", _examine(f"{_LOOK}{_SAME}    return {{{_RANGE}, 'bgr': False, {_PLACE}}}\n")),
        Wrong(
            "looks at the copy", "in-place-not-seen", _examine(f"{_LOOK}    return {{{_RANGE}, {_BGR}, 'in_place': False}}\n")
        ),
    ],
)

_CALLBACK = """
import keras

def unfreeze_at(backbone, epoch):
    class At(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            {begin}

        def {when}(self, number, logs=None):
            if number == epoch:
                {then}

    return At()
"""
_BUILD = "self.model.optimizer.build(self.model.trainable_variables)"
_NEW = "self.model.make_train_function(force=True)"


def _callback(
    begin: str = f"{_BUILD}; backbone.trainable = False; {_NEW}",
    when: str = "on_epoch_begin",
    then: str = f"backbone.trainable = True; {_NEW}",
) -> str:
    return _CALLBACK.format(begin=begin, when=when, then=then)


UNFREEZE = Bank(
    right=[
        Right("as in the text", _callback()),
        Right(
            "every epoch anew",
            """
import keras

def unfreeze_at(backbone, epoch):
    class Gate(keras.callbacks.Callback):
        def on_epoch_begin(self, number, logs=None):
            if number == 0:
                self.model.optimizer.build(self.model.trainable_variables)
            backbone.trainable = number >= epoch
            self.model.make_train_function(force=True)

    return Gate()
""",
        ),
        Right(
            "a LambdaCallback",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong("flags alone", "never-opens", _callback(begin="backbone.trainable = False", then="backbone.trainable = True")),
        Wrong("optimizer not built", "optimizer-not-built", _callback(begin=f"backbone.trainable = False; {_NEW}")),
        Wrong("never frozen", "never-closed", _callback(begin="pass")),
        Wrong("opens at the end", "off-by-one", _callback(when="on_epoch_end")),
        Wrong(
            "freezes the model",
            "head-frozen",
            _callback(begin=f"{_BUILD}; self.model.trainable = False; {_NEW}", then=f"self.model.trainable = True; {_NEW}"),
        ),
    ],
)

BANK = {"5.1": NORM, "5.2": SPLIT, "5.3": EXAMINE, "5.4": UNFREEZE}
