"""Right and wrong answers to the tasks of lesson 01. The form of this file: docs/checks.md."""

# %% task 1.1

# %% right: clone, then functional
import keras


def swap_head(source, num_classes):
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    features = copy.layers[-1].input
    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(features))


# %% right: layer by layer from their configurations
import keras


def swap_head(source, num_classes):
    x = images = keras.Input(source.input_shape[1:])
    old = [layer for layer in source.layers if not isinstance(layer, keras.layers.InputLayer)]
    for layer in old[:-1]:
        new = type(layer).from_config(layer.get_config())
        x = new(x)
        new.set_weights(layer.get_weights())
    return keras.Model(images, keras.layers.Dense(num_classes, name="fresh_head")(x))


# %% right: without a bias
import keras


def swap_head(source, num_classes):
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    head = keras.layers.Dense(num_classes, use_bias=False)
    return keras.Model(copy.inputs, head(copy.layers[-1].input))


# %% right: through a saved file
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


# %% wrong: shared-layers: layers shared
import keras


def swap_head(source, num_classes):
    features = source.layers[-1].input
    return keras.Model(source.inputs, keras.layers.Dense(num_classes)(features))


# %% wrong: values-lost: structure without values
import keras


def swap_head(source, num_classes):
    copy = keras.models.clone_model(source)
    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].input))


# %% wrong: stacked-on-the-old-head: on top of the old head
# As "structure without values", but:
copy.set_weights(source.get_weights())
return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].output))

# %% wrong: activation-on-the-head: softmax
# As "structure without values", but:
copy.set_weights(source.get_weights())
return keras.Model(copy.inputs, keras.layers.Dense(num_classes, activation="softmax")(copy.layers[-1].input))

# %% wrong: old-head-kept: a copy with the old head
# As "structure without values", but:
copy.set_weights(source.get_weights())
return copy

# %% wrong: source-changed: source shaken first
import keras


def swap_head(source, num_classes):
    source.set_weights([0.5 * w for w in source.get_weights()])
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(copy.layers[-1].input))


# %% wrong: not-saveable: a class of its own that cannot be loaded
import keras


def swap_head(source, num_classes):
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    features = keras.Model(copy.inputs, copy.layers[-1].input)

    class Swapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.features, self.head = features, keras.layers.Dense(num_classes)

        def call(self, x):
            return self.head(self.features(x))

    model = Swapped()
    model(keras.ops.zeros((1, *source.input_shape[1:])))
    return model


# %% wrong: : features of another activation
import keras


def swap_head(source, num_classes):
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    features = keras.ops.square(copy.layers[-1].input)
    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(features))


# %% task 1.2

# %% right: layers inside, one by one
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    backbone.trainable = True
    head.trainable = True
    for layer in backbone.layers:
        normal = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = {"pre-train": True, "transfer": False, "fine-tune": not normal}[stage]


# %% right: off and on again
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    model.trainable = False
    model.trainable = True
    if stage == "transfer":
        backbone.trainable = False
    elif stage == "fine-tune":
        for layer in backbone.layers:
            layer.trainable = "BatchNormalization" not in type(layer).__name__


# %% right: by the parts that hold values
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    head.trainable = backbone.trainable = True
    for layer in backbone.layers:
        moving = any("moving" in v.path for v in layer.variables)
        layer.trainable = stage != "transfer" and not (moving and stage == "fine-tune")


# %% wrong: never-unfrozen
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    if stage == "transfer":
        backbone.trainable = False


# %% wrong: batchnorm-trains: fine-tunes BatchNorm
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    backbone.trainable = stage != "transfer"


# %% wrong: head-frozen: freezes the model
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    model.trainable = stage != "transfer"


# %% wrong: batchnorm-stays-frozen: a flag that is set already
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    backbone.trainable = stage != "transfer"
    if stage == "fine-tune":
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


# %% wrong: backbone-trains: everything first, but all is on already
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    model.trainable = True
    if stage == "transfer":
        backbone.trainable = False
    elif stage == "fine-tune":
        for layer in backbone.layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)


# %% wrong: backbone-trains: transfer trains the backbone
import keras


def set_stage(model, stage):
    backbone, head = model.layers
    model.trainable = True
    if stage != "pre-train":
        for layer in backbone.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


# %% task 1.3

# %% right: np.interp
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))
    needed[with_transfer > from_scratch[-1]] = np.inf
    needed[with_transfer < from_scratch[0]] = 0
    return needed


# %% right: left and right
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = 10 ** np.interp(with_transfer, from_scratch, np.log10(labels), left=-np.inf, right=np.inf)
    return needed


# %% right: point by point
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


# %% wrong: not-logarithmic: no logarithm
# As "np.interp", but:
needed = np.interp(with_transfer, from_scratch, labels).astype(float)

# %% wrong: guessed-beyond: no infinity
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))
    needed[with_transfer < from_scratch[0]] = 0
    return needed


# %% wrong: fewest-is-not-zero: no zero
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))
    needed[with_transfer > from_scratch[-1]] = np.inf
    return needed


# %% wrong: wrong-way-round: other direction
# As "np.interp", but:
with_transfer, from_scratch = from_scratch, with_transfer
needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))

# %% wrong: a-factor-not-labels: a factor
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))
    needed[with_transfer > from_scratch[-1]] = np.inf
    needed[with_transfer < from_scratch[0]] = 0
    needed = needed / labels
    return needed


# %% wrong: no-reading-between: next measured point
# As "left and right", but:
pairs = [*zip(labels, from_scratch)]
needed = np.array([next((float(n) for n, y in pairs if y >= goal), np.inf) for goal in with_transfer])

# %% wrong: : base of ten forgotten on the way back
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log10(labels)))
    needed[np.array(with_transfer) > from_scratch[-1]] = np.inf
    needed[np.array(with_transfer) < from_scratch[0]] = 0
    return needed


# %% wrong: guessed-beyond: the line goes on, and zero is forgotten
import numpy as np


def label_equivalent(labels, with_transfer, from_scratch):
    logs = np.log(labels)
    needed = np.interp(with_transfer, from_scratch, logs)
    slope = (logs[-1] - logs[-2]) / (from_scratch[-1] - from_scratch[-2])
    return np.exp(needed + slope * np.maximum(np.array(with_transfer) - from_scratch[-1], 0))


# %% task 1.4

# %% right: np.flatnonzero
import numpy as np


def reached(values, target):
    epochs = np.flatnonzero(np.array(values) >= target)
    return epochs[0] + 1 if len(epochs) else np.inf


def median_speed_up(runs, target):
    ratios = []
    for with_transfer, from_scratch in runs:
        ours, theirs = reached(with_transfer, target), reached(from_scratch, target)
        ratios.append(0.0 if np.isinf(ours) else theirs / ours)
    return np.median(ratios)


# %% right: plain Python
import statistics


def median_speed_up(runs, target):
    def first(values):
        for number, value in enumerate(values, start=1):
            if value >= target:
                return number
        return float("inf")

    return statistics.median(0 if first(a) == float("inf") else first(b) / first(a) for a, b in runs)


# %% right: argmax of a comparison
import numpy as np


def median_speed_up(runs, target):
    ratios = np.zeros(len(runs))
    for i, (a, b) in enumerate(runs):
        a, b = np.asarray(a) >= target, np.asarray(b) >= target
        if a.any():
            ratios[i] = (b.argmax() + 1) / (a.argmax() + 1) if b.any() else np.inf
    return float(np.sort(ratios)[len(ratios) // 2])


# %% wrong: mean-not-median: mean
# As "np.flatnonzero", but:
return np.mean(ratios)

# %% wrong: upside-down
# As "np.flatnonzero", but:
ratios.append(np.inf if np.isinf(ours) else ours / theirs)

# %% wrong: never-dropped: runs that never arrive left out
# As "np.flatnonzero", but:
ratios.append(np.nan if np.isinf(ours) or np.isinf(theirs) else theirs / ours)
return np.median([r for r in ratios if r == r]) if any(r == r for r in ratios) else np.nan

# %% wrong: never-is-the-last-epoch: never counted as the last epoch
import numpy as np


def reached(values, target):
    epochs = np.flatnonzero(np.array(values) >= target)
    return epochs[0] + 1 if len(epochs) else len(values)


def median_speed_up(runs, target):
    ratios = []
    for with_transfer, from_scratch in runs:
        ours, theirs = reached(with_transfer, target), reached(from_scratch, target)
        ratios.append(theirs / ours)
    return np.median(ratios)


# %% wrong: counted-from-zero: first epoch is 0
import numpy as np


def reached(values, target):
    epochs = np.flatnonzero(np.array(values) >= target)
    return epochs[0] + 0 if len(epochs) else np.inf


def median_speed_up(runs, target):
    ratios = []
    for with_transfer, from_scratch in runs:
        ours, theirs = reached(with_transfer, target), reached(from_scratch, target)
        ratios.append(0.0 if np.isinf(ours) else theirs / ours if ours else np.inf)
    return np.median(ratios)


# %% wrong: ratio-of-medians
import numpy as np


def median_speed_up(runs, target):
    def first(values):
        return next((i for i, v in enumerate(values, 1) if v >= target), 1e9)

    return np.median([first(b) for _, b in runs]) / np.median([first(a) for a, _ in runs])


# %% wrong: epoch-of-the-best
import numpy as np


def median_speed_up(runs, target):
    return np.median([(np.argmax(b) + 1) / (np.argmax(a) + 1) for a, b in runs])


# %% wrong: : epochs after the target
import numpy as np


def median_speed_up(runs, target):
    def reached(accuracies):
        epochs = np.flatnonzero(np.array(accuracies) > target)
        return epochs[0] + 3 if len(epochs) else np.inf

    ratios = [0 if np.isinf(reached(a)) else reached(b) / reached(a) for a, b in runs]
    return np.median(ratios)


# %% task 1.5

# %% right: permutation
import numpy as np


def placebo_labels(labels, seed):
    return np.random.default_rng(seed).permutation(labels)


# %% right: shuffle of a copy
import numpy as np


def placebo_labels(labels, seed):
    new = labels.copy()
    np.random.RandomState(seed).shuffle(new)
    return new


# %% right: by a random order
import numpy as np


def placebo_labels(labels, seed):
    order = np.argsort(np.random.default_rng(seed).random(len(labels)))
    return [int(labels[i]) for i in order]


# %% wrong: renamed-classes: classes renamed
# As "permutation", but:
return np.random.default_rng(seed).permutation(labels.max() + 1)[labels]

# %% wrong: only-some-shuffled: half of them
import numpy as np


def placebo_labels(labels, seed):
    new, half = labels.copy(), len(labels) // 2
    new[:half] = np.random.default_rng(seed).permutation(new[:half])
    return new


# %% wrong: counts-changed: drawn anew
# As "permutation", but:
return np.random.default_rng(seed).integers(0, labels.max() + 1, len(labels))

# %% wrong: seed-ignored: a fixed seed
# As "permutation", but:
return np.random.default_rng(0).permutation(labels)

# %% wrong: not-repeatable: no seed
# As "permutation", but:
return np.random.default_rng().permutation(labels)

# %% wrong: changed-in-place: shuffled in place
import numpy as np


def placebo_labels(labels, seed):
    np.random.default_rng(seed).shuffle(labels)
    return labels
