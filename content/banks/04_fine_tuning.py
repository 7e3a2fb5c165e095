"""Right and wrong answers to the tasks of lesson 04. The form of this file: docs/checks.md."""

# %% task 4.1

# %% right: counted from the end
import keras


def layerwise(model, learning_rate, decay):
    with_weights = [layer for layer in model.layers if layer.weights]
    optimizers = {}
    for back, layer in enumerate(reversed(with_weights)):
        optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate / decay**back)
    last = optimizers[".*" + with_weights[-1].name + "/.*"]
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer=last, optimizer_map=optimizers))


# %% right: variable by variable, by its whole path
import re
import keras


def layerwise(model, learning_rate, decay):
    rate, by_path = learning_rate, {}
    for layer in model.layers[::-1]:
        if not layer.trainable_weights:
            continue
        for variable in layer.trainable_weights:
            by_path[re.escape(variable.path)] = keras.optimizers.Adam(rate)
        rate /= decay
    other = next(iter(by_path.values()))
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(other, by_path))


# %% right: the package
from tlcourse import finetune


def layerwise(model, learning_rate, decay):
    return finetune.discriminative_optimizer(model, learning_rate=learning_rate, decay=decay)


# %% right: counted from the front
# As "counted from the end", but:
for back, layer in enumerate(with_weights):
    optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate * decay ** (back - len(with_weights) + 1))

# %% right: an optimizer of one's own that scales the step
import keras


class ScaledSteps(keras.optimizers.Adam):
    def __init__(self, rate, factors):
        super().__init__(rate)
        self.factors = factors

    def update_step(self, gradient, variable, learning_rate):
        path = self._trainable_variables[self._get_variable_index(variable)].path
        super().update_step(gradient, variable, learning_rate * self.factors[path])


def layerwise(model, learning_rate, decay):
    with_weights = [layer for layer in model.layers if layer.weights]
    backwards = enumerate(reversed(with_weights))
    return ScaledSteps(learning_rate, {v.path: decay**-back for back, layer in backwards for v in layer.weights})


# %% right: an optimizer of one's own that shortens the step afterwards
import keras


class ShortenedSteps(keras.optimizers.Adam):
    def apply(self, grads, trainable_variables=None):
        before = [keras.ops.copy(v) for v in trainable_variables]
        super().apply(grads, trainable_variables)
        for v, old in zip(trainable_variables, before):
            v.assign(old + (v - old) * self.factors[v.path])


def layerwise(model, learning_rate, decay):
    with_weights = [layer for layer in model.layers if layer.weights]
    backwards = enumerate(reversed(with_weights))
    optimizer = ShortenedSteps(learning_rate)
    optimizer.factors = {v.path: decay**-back for back, layer in backwards for v in layer.weights}
    return optimizer


# %% wrong: path-of-tensorflow-variable: the path of what update_step receives
# As "an optimizer of one's own that scales the step", but:
path = variable.path

# %% wrong: same-step-for-all: one rate
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate)

# %% wrong: same-step-for-all: gradients scaled, which Adam divides out
import keras


class Scaled(keras.optimizers.Adam):
    def apply(self, grads, trainable_variables=None):
        grads = [gradient * self.factors[v.path] for gradient, v in zip(grads, trainable_variables)]
        return super().apply(grads, trainable_variables)


def layerwise(model, learning_rate, decay):
    with_weights = [layer for layer in model.layers if layer.weights]
    optimizer = Scaled(learning_rate)
    optimizer.factors = {v.path: decay ** -(len(with_weights) - 1 - i) for i, l in enumerate(with_weights) for v in l.weights}
    return optimizer


# %% wrong: upside-down: large steps early
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate / decay ** (len(with_weights) - 1 - back))

# %% wrong: counts-layers-without-weights: every layer a step
import keras


def layerwise(model, learning_rate, decay):
    last = max(i for i, layer in enumerate(model.layers) if layer.weights)
    optimizers = {
        ".*" + layer.name + "/.*": keras.optimizers.Adam(learning_rate / decay ** (last - i))
        for i, layer in enumerate(model.layers)
        if layer.weights
    }
    first = next(iter(optimizers.values()))
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer=first, optimizer_map=optimizers))


# %% wrong: not-geometric: divided by steps times decay
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate / (1 + back * decay))

# %% wrong: last-layer-slowed: one step too many
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate / decay ** (back + 1))

# %% wrong: early-layers-frozen: early layers at rate 0
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(learning_rate * (back == 0))


# %% wrong: no-optimizer: the dict alone
def layerwise(model, learning_rate, decay):
    names = [layer.name for layer in model.layers if layer.weights]
    return {name: learning_rate / decay**i for i, name in enumerate(reversed(names))}


# %% wrong: : half the rate for all
# As "counted from the end", but:
optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam(0.5 * learning_rate / decay**back)


# %% task 4.2

# %% right: copies in a list
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(ops.sum(ops.square(w - s)) for w, s in pairs)

    return penalty


# %% right: one long vector
from keras import ops


def make_penalty(model, backbone, strength):
    def flat():
        return ops.concatenate([ops.reshape(ops.convert_to_tensor(w), (-1,)) for w in backbone.trainable_weights])

    start = flat() + 0.0

    def penalty():
        away = flat() - start
        return 0.5 * strength * ops.dot(away, away)

    return penalty


# %% right: by layer, in TensorFlow
import tensorflow as tf


def make_penalty(model, backbone, strength):
    start = {layer: layer.get_weights() for layer in backbone.layers}

    def penalty():
        total = 0.0
        for layer, values in start.items():
            for weight, value in zip(layer.weights, values):
                total += tf.nn.l2_loss(weight.value - value)
        return strength * total

    return penalty


# %% right: an object that can be called
from keras import ops


class Penalty:
    def __init__(self, weights, strength):
        self.weights, self.strength = weights, strength
        self.start = [w.numpy().copy() for w in weights]

    def __call__(self):
        return sum(self.strength * ops.sum((w - s) ** 2) / 2 for w, s in zip(self.weights, self.start))


def make_penalty(model, backbone, strength):
    return Penalty(backbone.trainable_weights, strength)


# %% wrong: pulls-towards-zero: weight decay
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(ops.sum(ops.square(w)) for w, s in pairs)

    return penalty


# %% wrong: head-has-a-penalty: whole model
# As "copies in a list", but:
start = [w.numpy().copy() for w in model.trainable_weights]
pairs = zip(model.trainable_weights, start)

# %% wrong: anchor-moves: variables kept, not values
# As "copies in a list", but:
start = list(backbone.trainable_weights)

# %% wrong: no-gradient: NumPy inside
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(ops.convert_to_tensor(np.sum((w.numpy() - s) ** 2)) for w, s in pairs)

    return penalty


# %% wrong: strength-ignored: strength forgotten
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return 0.5 * sum(ops.sum(ops.square(w - s)) for w, s in pairs)

    return penalty


# %% wrong: not-squared: absolute values
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(ops.sum(ops.abs(w - s)) for w, s in pairs)

    return penalty


# %% wrong: wrong-factor: half forgotten
import numpy as np
from keras import ops


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength * sum(ops.sum(ops.square(w - s)) for w, s in pairs)

    return penalty


# %% wrong: computed-once: a number
# As "copies in a list", but:
return float(penalty())

# %% wrong: : zero at the start only by a number
import keras


def make_penalty(model, backbone, strength):
    def penalty():
        return strength / 2 * sum(keras.ops.sum(keras.ops.square(w - 1.0)) for w in backbone.trainable_weights)

    return penalty


# %% wrong: wrong-factor: mean in place of sum
import keras


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]
    count = sum(s.size for s in start)

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(keras.ops.sum(keras.ops.square(w - s)) for w, s in pairs) / count

    return penalty


# %% wrong: not-squared: root of the sum
import keras


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        total = sum(keras.ops.sum(keras.ops.square(w - s)) for w, s in pairs)
        return strength / 2 * keras.ops.sqrt(total + 1e-20)

    return penalty


# %% wrong: : fourth power
import keras


def make_penalty(model, backbone, strength):
    start = [w.numpy().copy() for w in backbone.trainable_weights]

    def penalty():
        pairs = zip(backbone.trainable_weights, start)
        return strength / 2 * sum(keras.ops.sum((w - s) ** 4) for w, s in pairs)

    return penalty


# %% task 4.3

# %% right: least squares, then both
import numpy as np


def fine_tune(backbone, head, x, y, learning_rate=0.02, steps=2000):
    backbone, head = backbone.copy(), head.copy()
    for _ in range(steps):
        error = (x @ backbone.T @ head - y) / len(y)
        step_backbone, step_head = np.outer(head, error @ x), backbone @ (x.T @ error)
        backbone, head = backbone - learning_rate * step_backbone, head - learning_rate * step_head
    return backbone, head


def lp_ft(backbone, x, y):
    head = np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]
    return fine_tune(backbone, head, x, y)


# %% right: normal equations
# As "least squares, then both", but:
features = x @ backbone.T
head = np.linalg.solve(features.T @ features, features.T @ y)
return fine_tune(backbone, head, x, y, learning_rate=0.01, steps=4000)

# %% right: head by gradient descent, backbone frozen
import numpy as np


def fine_tune(backbone, head, x, y, learning_rate=0.02, steps=2000):
    backbone, head = backbone.copy(), head.copy()
    for _ in range(steps):
        error = (x @ backbone.T @ head - y) / len(y)
        step_backbone, step_head = np.outer(head, error @ x), backbone @ (x.T @ error)
        backbone, head = backbone - learning_rate * step_backbone, head - learning_rate * step_head
    return backbone, head


def lp_ft(backbone, x, y):

    head = np.zeros(len(backbone))
    features = x @ backbone.T
    for _ in range(20000):
        head -= 0.3 * features.T @ (features @ head - y) / len(y)
    return fine_tune(backbone, head, x, y)


# %% right: scikit-learn, and a loop of one's own
import numpy as np
from sklearn.linear_model import LinearRegression


def lp_ft(backbone, x, y):
    head = LinearRegression(fit_intercept=False).fit(x @ backbone.T, y).coef_
    backbone = np.array(backbone)
    for _ in range(3000):
        error = (x @ (backbone.T @ head) - y) / len(y)
        backbone, head = backbone - 0.02 * np.outer(head, x.T @ error), head - 0.02 * backbone @ (x.T @ error)
    return [backbone, head]


# %% wrong: head-not-fitted-first: random head
# As "least squares, then both", but:
head = np.random.default_rng(0).normal(size=len(backbone))


# %% wrong: head-not-fitted-first: head of ones
# As "head by gradient descent, backbone frozen", but:
def lp_ft(backbone, x, y):
    return fine_tune(backbone, np.ones(len(backbone)), x, y)


# %% wrong: head-not-fitted-first: fine-tuned first, probe afterwards
# As "head by gradient descent, backbone frozen", but:
def lp_ft(backbone, x, y):

    backbone, _ = fine_tune(backbone, np.random.default_rng(0).normal(size=len(backbone)), x, y)
    return backbone, np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]


# %% wrong: probe-alone
# As "least squares, then both", but:
return backbone, head

# %% wrong: not-tuned-to-the-end: stopped after ten steps
# As "least squares, then both", but:
return fine_tune(backbone, head, x, y, steps=10)

# %% wrong: no-pair: only the head
# As "least squares, then both", but:
return fine_tune(backbone, head, x, y)[1]


# %% wrong: changes-input: in place
# As "head by gradient descent, backbone frozen", but:
def lp_ft(backbone, x, y):
    head = np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]

    for _ in range(2000):
        error = (x @ backbone.T @ head - y) / len(y)
        backbone -= 0.02 * np.outer(head, error @ x)
        head = head - 0.02 * backbone @ (x.T @ error)
    return backbone, head


# %% wrong: head-not-tuned: only the backbone in the second phase
# As "head by gradient descent, backbone frozen", but:
def lp_ft(backbone, x, y):
    head = np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]

    backbone = backbone.copy()
    for _ in range(2000):
        error = (x @ backbone.T @ head - y) / len(y)
        backbone = backbone - 0.02 * np.outer(head, error @ x)
    return backbone, head


# %% task 4.4

# %% right: repaired line by line
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% right: the package, piece by piece
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    from tlcourse import finetune

    finetune.freeze(backbone)
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    finetune.unfreeze(backbone)

    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% right: the package, in one call
import keras
from tlcourse import finetune


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    finetune.fit_two_phase(
        model, (images, labels), backbone=backbone, loss=loss, head_epochs=2, fine_tune_epochs=2, metrics=[], verbose=0
    )


# %% right: only the last convolution, with SGD
import keras


def two_phase(model, backbone, images, labels):
    def fit(rate):
        model.compile(keras.optimizers.SGD(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(images, labels, batch_size=8, epochs=1, verbose=0)

    backbone.trainable = False
    fit(0.01)
    backbone.trainable = True
    last = [layer for layer in backbone.layers if isinstance(layer, keras.layers.Conv2D)][-1]
    for layer in backbone.layers:
        layer.trainable = layer is last
    fit(0.001)


# %% wrong: not-recompiled: not compiled again
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False

    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: batchnorm-moves: BatchNorm forgotten
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True

    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: not-recompiled: as it came: neither
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True

    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: head-not-first: all at once
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: learning-rate-kept: rate kept
# As "repaired line by line", but:
model.compile(keras.optimizers.Adam(1e-3), loss)

# %% wrong: never-unfrozen
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: one-phase: second fit left out
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)


# %% wrong: batchnorm-moves: flags set, then overwritten by the parent
# As "BatchNorm forgotten", but:
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
backbone.trainable = True


# %% wrong: head-frozen-later: only the backbone in the second phase
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    model.layers[-1].trainable = False
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(1e-5), loss)
    model.fit(images, labels, epochs=2, verbose=0)


# %% wrong: : a learning rate of zero in the second phase
# As "repaired line by line", but:
model.compile(keras.optimizers.Adam(0.0), loss)

# %% wrong: : a learning rate of zero in the first phase
import keras


def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    backbone.trainable = False
    model.compile(keras.optimizers.Adam(0.0), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    model.fit(images, labels, epochs=2, verbose=0)
