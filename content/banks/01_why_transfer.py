"""Instructors' side of lesson 01: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong


def _head(body: str) -> str:
    return f"import keras\n\ndef swap_head(source, num_classes):\n{body}"


_CLONE = """    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
"""
HEAD = Bank(
    right=[
        Right(
            "clone, then functional",
            _head(
                _CLONE
                + "    features = copy.layers[-1].input\n    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(features))\n"
            ),
        ),
        Right(
            "layer by layer from their configurations",
            _head("""    x = images = keras.Input(source.input_shape[1:])
    old = [layer for layer in source.layers if not isinstance(layer, keras.layers.InputLayer)]
    for layer in old[:-1]:
        new = type(layer).from_config(layer.get_config())
        x = new(x)
        new.set_weights(layer.get_weights())
    return keras.Model(images, keras.layers.Dense(num_classes, name="fresh_head")(x))
"""),
        ),
        Right(
            "without a bias",
            _head(
                _CLONE
                + "    head = keras.layers.Dense(num_classes, use_bias=False)\n"
                + "    return keras.Model(copy.inputs, head(copy.layers[-1].input))\n"
            ),
        ),
        Right(
            "through a saved file",
            """
import tempfile, pathlib
import keras

def swap_head(source, num_classes):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "copy.keras"
        source.save(path)
        copy = keras.saving.load_model(path)
    backbone = keras.Model(copy.inputs, copy.layers[-2].output)
    backbone.trainable = False
    return keras.Sequential([keras.Input(source.input_shape[1:]), backbone, keras.layers.Dense(num_classes)])
""",
        ),
    ],
    wrong=[
        Wrong(
            "layers shared",
            "shared-layers",
            _head(
                "    features = source.layers[-1].input\n    return keras.Model(source.inputs, keras.layers.Dense(num_classes)(features))\n"
            ),
        ),
        Wrong(
            "structure without values",
            "values-lost",
            _head(
                _CLONE.splitlines()[0]
                + "\n    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].input))\n"
            ),
        ),
        Wrong(
            "on top of the old head",
            "stacked-on-the-old-head",
            _head(_CLONE + "    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].output))\n"),
        ),
        Wrong(
            "softmax",
            "activation-on-the-head",
            _head(
                _CLONE
                + "    return keras.Model(copy.inputs, keras.layers.Dense(num_classes, activation='softmax')(copy.layers[-1].input))\n"
            ),
        ),
        Wrong("a copy with the old head", "old-head-kept", _head(_CLONE + "    return copy\n")),
        Wrong(
            "source shaken first",
            "source-changed",
            _head(
                "    source.set_weights([0.5 * w for w in source.get_weights()])\n"
                + _CLONE
                + "    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].input))\n"
            ),
        ),
        Wrong(
            "a class of its own that cannot be loaded",
            "not-saveable",
            _head(
                _CLONE
                + """    features = keras.Model(copy.inputs, copy.layers[-1].input)

    class Swapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.features, self.head = features, keras.layers.Dense(num_classes)

        def call(self, x):
            return self.head(self.features(x))

    model = Swapped()
    model(keras.ops.zeros((1, *source.input_shape[1:])))
    return model
"""
            ),
        ),
    ],
)


def _stage(body: str) -> str:
    return f"import keras\n\ndef set_stage(model, stage):\n    backbone, head = model.layers\n{body}"


_INDENTED = """        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = {}
"""
STAGE = Bank(
    right=[
        Right(
            "layers inside, one by one",
            _stage("""    backbone.trainable = True
    head.trainable = True
    for layer in backbone.layers:
        normal = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = {"pre-train": True, "transfer": False, "fine-tune": not normal}[stage]
"""),
        ),
        Right(
            "off and on again",
            _stage("""    model.trainable = False
    model.trainable = True
    if stage == "transfer":
        backbone.trainable = False
    elif stage == "fine-tune":
        for layer in backbone.layers:
            layer.trainable = "BatchNormalization" not in type(layer).__name__
"""),
        ),
        Right(
            "by the parts that hold values",
            _stage("""    head.trainable = backbone.trainable = True
    for layer in backbone.layers:
        moving = any("moving" in v.path for v in layer.variables)
        layer.trainable = stage != "transfer" and not (moving and stage == "fine-tune")
"""),
        ),
    ],
    wrong=[
        Wrong("never unfrozen", "never-unfrozen", _stage("    if stage == 'transfer':\n        backbone.trainable = False\n")),
        Wrong("fine-tunes BatchNorm", "batchnorm-trains", _stage("    backbone.trainable = stage != 'transfer'\n")),
        Wrong("freezes the model", "head-frozen", _stage("    model.trainable = stage != 'transfer'\n")),
        Wrong(
            "a flag that is set already",
            "batchnorm-stays-frozen",
            _stage("    backbone.trainable = stage != 'transfer'\n    if stage == 'fine-tune':\n" + _INDENTED.format(False)),
        ),
        Wrong(
            "everything first, but all is on already",
            "backbone-trains",
            _stage("""    model.trainable = True
    if stage == "transfer":
        backbone.trainable = False
    elif stage == "fine-tune":
        for layer in backbone.layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
"""),
        ),
        Wrong(
            "transfer trains the backbone",
            "backbone-trains",
            _stage("    model.trainable = True\n    if stage != 'pre-train':\n" + _INDENTED.format(False)),
        ),
    ],
)


def _labels(body: str) -> str:
    return f"import numpy as np\n\ndef label_equivalent(labels, with_transfer, from_scratch):\n{body}    return needed\n"


_READ = "    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))\n"
_INFINITE = "    needed[with_transfer > from_scratch[-1]] = np.inf\n"
_ZERO = "    needed[with_transfer < from_scratch[0]] = 0\n"
LABELS = Bank(
    right=[
        Right("np.interp", _labels(_READ + _INFINITE + _ZERO)),
        Right(
            "left and right",
            _labels(
                "    needed = 10 ** np.interp(with_transfer, from_scratch, np.log10(labels), left=-np.inf, right=np.inf)\n"
            ),
        ),
        Right(
            "point by point",
            """
import math

def label_equivalent(labels, with_transfer, from_scratch):
    result = []
    for goal in with_transfer:
        if goal < from_scratch[0]:
            result.append(0.0)
        elif goal > from_scratch[-1]:
            result.append(math.inf)
        else:
            i = max(1, next(i for i, y in enumerate(from_scratch) if y >= goal))
            share = (goal - from_scratch[i - 1]) / (from_scratch[i] - from_scratch[i - 1])
            result.append(labels[i - 1] * (labels[i] / labels[i - 1]) ** share)
    return result
""",
        ),
    ],
    wrong=[
        Wrong(
            "no logarithm",
            "not-logarithmic",
            _labels("    needed = np.interp(with_transfer, from_scratch, labels).astype(float)\n" + _INFINITE + _ZERO),
        ),
        Wrong("no infinity", "guessed-beyond", _labels(_READ + _ZERO)),
        Wrong("no zero", "fewest-is-not-zero", _labels(_READ + _INFINITE)),
        Wrong(
            "other direction",
            "wrong-way-round",
            _labels("    with_transfer, from_scratch = from_scratch, with_transfer\n" + _READ + _INFINITE + _ZERO),
        ),
        Wrong("a factor", "a-factor-not-labels", _labels(_READ + _INFINITE + _ZERO + "    needed = needed / labels\n")),
        Wrong(
            "next measured point",
            "no-reading-between",
            _labels(
                "    pairs = [*zip(labels, from_scratch)]\n"
                "    needed = np.array([next((float(n) for n, y in pairs if y >= goal), np.inf) for goal in with_transfer])\n"
            ),
        ),
    ],
)

_SPEED = """
import numpy as np

def reached(values, target):
    epochs = np.flatnonzero(np.array(values) >= target)
    return epochs[0] + {first} if len(epochs) else {never}

def median_speed_up(runs, target):
    ratios = []
    for with_transfer, from_scratch in runs:
        ours, theirs = reached(with_transfer, target), reached(from_scratch, target)
        ratios.append({ratio})
    return {result}
"""


def _speed(
    first: str = "1",
    never: str = "np.inf",
    ratio: str = "0.0 if np.isinf(ours) else theirs / ours",
    result: str = "np.median(ratios)",
) -> str:
    return _SPEED.format(first=first, never=never, ratio=ratio, result=result)


SPEED = Bank(
    right=[
        Right("np.flatnonzero", _speed()),
        Right(
            "plain Python",
            """
import statistics

def median_speed_up(runs, target):
    def first(values):
        for number, value in enumerate(values, start=1):
            if value >= target:
                return number
        return float("inf")

    return statistics.median(0 if first(a) == float("inf") else first(b) / first(a) for a, b in runs)
""",
        ),
        Right(
            "argmax of a comparison",
            """
import numpy as np

def median_speed_up(runs, target):
    ratios = np.zeros(len(runs))
    for i, (a, b) in enumerate(runs):
        a, b = np.asarray(a) >= target, np.asarray(b) >= target
        if a.any():
            ratios[i] = (b.argmax() + 1) / (a.argmax() + 1) if b.any() else np.inf
    return float(np.sort(ratios)[len(ratios) // 2])
""",
        ),
    ],
    wrong=[
        Wrong("mean", "mean-not-median", _speed(result="np.mean(ratios)")),
        Wrong("upside down", "upside-down", _speed(ratio="np.inf if np.isinf(ours) else ours / theirs")),
        Wrong(
            "runs that never arrive left out",
            "never-dropped",
            _speed(
                ratio="np.nan if np.isinf(ours) or np.isinf(theirs) else theirs / ours",
                result="np.median([r for r in ratios if r == r]) if any(r == r for r in ratios) else np.nan",
            ),
        ),
        Wrong("never counted as the last epoch", "never-is-the-last-epoch", _speed(never="len(values)", ratio="theirs / ours")),
        Wrong(
            "first epoch is 0",
            "counted-from-zero",
            _speed(first="0", ratio="0.0 if np.isinf(ours) else theirs / ours if ours else np.inf"),
        ),
        Wrong(
            "ratio of medians",
            "ratio-of-medians",
            """
import numpy as np

def median_speed_up(runs, target):
    def first(values):
        return next((i for i, v in enumerate(values, 1) if v >= target), 1e9)
    return np.median([first(b) for _, b in runs]) / np.median([first(a) for a, _ in runs])
""",
        ),
        Wrong(
            "epoch of the best",
            "epoch-of-the-best",
            """
import numpy as np

def median_speed_up(runs, target):
    return np.median([(np.argmax(b) + 1) / (np.argmax(a) + 1) for a, b in runs])
""",
        ),
    ],
)


def _placebo(body: str) -> str:
    return f"import numpy as np\n\ndef placebo_labels(labels, seed):\n{body}"


PLACEBO = Bank(
    right=[
        Right("permutation", _placebo("    return np.random.default_rng(seed).permutation(labels)\n")),
        Right(
            "shuffle of a copy",
            _placebo("    new = labels.copy()\n    np.random.RandomState(seed).shuffle(new)\n    return new\n"),
        ),
        Right(
            "by a random order",
            _placebo(
                "    order = np.argsort(np.random.default_rng(seed).random(len(labels)))\n    return [int(labels[i]) for i in order]\n"
            ),
        ),
    ],
    wrong=[
        Wrong(
            "classes renamed",
            "renamed-classes",
            _placebo("    return np.random.default_rng(seed).permutation(labels.max() + 1)[labels]\n"),
        ),
        Wrong(
            "half of them",
            "only-some-shuffled",
            _placebo(
                "    new, half = labels.copy(), len(labels) // 2\n"
                "    new[:half] = np.random.default_rng(seed).permutation(new[:half])\n    return new\n"
            ),
        ),
        Wrong(
            "drawn anew",
            "counts-changed",
            _placebo("    return np.random.default_rng(seed).integers(0, labels.max() + 1, len(labels))\n"),
        ),
        Wrong("a fixed seed", "seed-ignored", _placebo("    return np.random.default_rng(0).permutation(labels)\n")),
        Wrong("no seed", "not-repeatable", _placebo("    return np.random.default_rng().permutation(labels)\n")),
        Wrong(
            "shuffled in place",
            "changed-in-place",
            _placebo("    np.random.default_rng(seed).shuffle(labels)\n    return labels\n"),
        ),
    ],
)

BANK = {"1.1": HEAD, "1.2": STAGE, "1.3": LABELS, "1.4": SPEED, "1.5": PLACEBO}
