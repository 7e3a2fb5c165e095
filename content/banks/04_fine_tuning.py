"""Instructors' side of lesson 04: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_RATES = """
import keras

def layerwise(model, learning_rate, decay):
    with_weights = {layers}
    optimizers = {{}}
    for back, layer in enumerate({order}):
        optimizers[".*" + layer.name + "/.*"] = keras.optimizers.Adam({rate})
    last = optimizers[".*" + with_weights[-1].name + "/.*"]
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer=last, optimizer_map=optimizers))
"""


def _rates(
    layers: str = "[layer for layer in model.layers if layer.weights]",
    order: str = "reversed(with_weights)",
    rate: str = "learning_rate / decay**back",
) -> str:
    return _RATES.format(layers=layers, order=order, rate=rate)


_SCALED = """
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
"""

RATES = Bank(
    right=[
        Right("counted from the end", _rates()),
        Right(
            "variable by variable, by its whole path",
            """
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
""",
        ),
        Right(
            "the package",
            """
from tlcourse import finetune

def layerwise(model, learning_rate, decay):
    return finetune.discriminative_optimizer(model, learning_rate=learning_rate, decay=decay)
""",
        ),
        Right(
            "counted from the front",
            _rates(order="with_weights", rate="learning_rate * decay ** (back - len(with_weights) + 1)"),
        ),
    ],
    wrong=[
        Wrong("one rate", "same-step-for-all", _rates(rate="learning_rate")),
        Wrong(
            "gradients scaled, which Adam divides out",
            "same-step-for-all",
            _SCALED,
        ),
        Wrong("large steps early", "upside-down", _rates(rate="learning_rate / decay ** (len(with_weights) - 1 - back)")),
        Wrong(
            "every layer a step",
            "counts-layers-without-weights",
            """
import keras

def layerwise(model, learning_rate, decay):
    last = max(i for i, layer in enumerate(model.layers) if layer.weights)
    optimizers = {
        ".*" + layer.name + "/.*": keras.optimizers.Adam(learning_rate / decay ** (last - i))
        for i, layer in enumerate(model.layers) if layer.weights
    }
    first = next(iter(optimizers.values()))
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(default_optimizer=first, optimizer_map=optimizers))
""",
        ),
        Wrong("divided by steps times decay", "not-geometric", _rates(rate="learning_rate / (1 + back * decay)")),
        Wrong("one step too many", "last-layer-slowed", _rates(rate="learning_rate / decay ** (back + 1)")),
        Wrong("early layers at rate 0", "early-layers-frozen", _rates(rate="learning_rate * (back == 0)")),
        Wrong(
            "the dict alone",
            "no-optimizer",
            """
def layerwise(model, learning_rate, decay):
    names = [layer.name for layer in model.layers if layer.weights]
    return {name: learning_rate / decay**i for i, name in enumerate(reversed(names))}
""",
        ),
    ],
)

_PENALTY = """
import numpy as np
from keras import ops

def make_penalty(model, backbone, strength):
    start = {start}
    def penalty():
        pairs = zip({now}, start)
        return {value}
    return {returned}
"""


def _penalty(
    start: str = "[w.numpy().copy() for w in backbone.trainable_weights]",
    now: str = "backbone.trainable_weights",
    value: str = "strength / 2 * sum(ops.sum(ops.square(w - s)) for w, s in pairs)",
    returned: str = "penalty",
) -> str:
    return _PENALTY.format(start=start, now=now, value=value, returned=returned)


PENALTY = Bank(
    right=[
        Right("copies in a list", _penalty()),
        Right(
            "one long vector",
            """
from keras import ops

def make_penalty(model, backbone, strength):
    def flat():
        return ops.concatenate([ops.reshape(ops.convert_to_tensor(w), (-1,)) for w in backbone.trainable_weights])
    start = flat() + 0.0
    def penalty():
        away = flat() - start
        return 0.5 * strength * ops.dot(away, away)
    return penalty
""",
        ),
        Right(
            "by layer, in TensorFlow",
            """
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
""",
        ),
        Right(
            "an object that can be called",
            """
from keras import ops

class Leash:
    def __init__(self, weights, strength):
        self.weights, self.strength = weights, strength
        self.start = [w.numpy().copy() for w in weights]
    def __call__(self):
        return sum(self.strength * ops.sum((w - s) ** 2) / 2 for w, s in zip(self.weights, self.start))

def make_penalty(model, backbone, strength):
    return Leash(backbone.trainable_weights, strength)
""",
        ),
    ],
    wrong=[
        Wrong(
            "weight decay", "pulls-towards-zero", _penalty(value="strength / 2 * sum(ops.sum(ops.square(w)) for w, s in pairs)")
        ),
        Wrong(
            "whole model",
            "head-on-the-leash",
            _penalty("[w.numpy().copy() for w in model.trainable_weights]", "model.trainable_weights"),
        ),
        Wrong("variables kept, not values", "anchor-moves", _penalty("list(backbone.trainable_weights)")),
        Wrong(
            "NumPy inside",
            "no-gradient",
            _penalty(value="strength / 2 * sum(ops.convert_to_tensor(np.sum((w.numpy() - s) ** 2)) for w, s in pairs)"),
        ),
        Wrong(
            "strength forgotten", "strength-ignored", _penalty(value="0.5 * sum(ops.sum(ops.square(w - s)) for w, s in pairs)")
        ),
        Wrong(
            "absolute values", "not-squared", _penalty(value="strength / 2 * sum(ops.sum(ops.abs(w - s)) for w, s in pairs)")
        ),
        Wrong("half forgotten", "wrong-factor", _penalty(value="strength * sum(ops.sum(ops.square(w - s)) for w, s in pairs)")),
        Wrong("a number", "computed-once", _penalty(returned="float(penalty())")),
    ],
)

_LINEAR = """
import numpy as np

def fine_tune(backbone, head, x, y, learning_rate=0.02, steps=2000):
    backbone, head = backbone.copy(), head.copy()
    for _ in range(steps):
        error = (x @ backbone.T @ head - y) / len(y)
        step_backbone, step_head = np.outer(head, error @ x), backbone @ (x.T @ error)
        backbone, head = backbone - learning_rate * step_backbone, head - learning_rate * step_head
    return backbone, head

def lp_ft(backbone, x, y):
"""
_BY_LSTSQ = "    head = np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]\n"

LINEAR = Bank(
    right=[
        Right("least squares, then both", _LINEAR + _BY_LSTSQ + "    return fine_tune(backbone, head, x, y)\n"),
        Right(
            "normal equations",
            _LINEAR
            + """
    features = x @ backbone.T
    head = np.linalg.solve(features.T @ features, features.T @ y)
    return fine_tune(backbone, head, x, y, learning_rate=0.01, steps=4000)
""",
        ),
        Right(
            "head by gradient descent, backbone frozen",
            _LINEAR
            + """
    head = np.zeros(len(backbone))
    features = x @ backbone.T
    for _ in range(20000):
        head -= 0.3 * features.T @ (features @ head - y) / len(y)
    return fine_tune(backbone, head, x, y)
""",
        ),
        Right(
            "scikit-learn, and a loop of one's own",
            """
import numpy as np
from sklearn.linear_model import LinearRegression

def lp_ft(backbone, x, y):
    head = LinearRegression(fit_intercept=False).fit(x @ backbone.T, y).coef_
    backbone = np.array(backbone)
    for _ in range(3000):
        error = (x @ (backbone.T @ head) - y) / len(y)
        backbone, head = backbone - 0.02 * np.outer(head, x.T @ error), head - 0.02 * backbone @ (x.T @ error)
    return [backbone, head]
""",
        ),
    ],
    wrong=[
        Wrong(
            "random head",
            "head-not-fitted-first",
            _LINEAR
            + "    head = np.random.default_rng(0).normal(size=len(backbone))\n    return fine_tune(backbone, head, x, y)\n",
        ),
        Wrong(
            "head of ones",
            "head-not-fitted-first",
            _LINEAR + "    return fine_tune(backbone, np.ones(len(backbone)), x, y)\n",
        ),
        Wrong(
            "fine-tuned first, probe afterwards",
            "head-not-fitted-first",
            _LINEAR
            + """
    backbone, _ = fine_tune(backbone, np.random.default_rng(0).normal(size=len(backbone)), x, y)
    return backbone, np.linalg.lstsq(x @ backbone.T, y, rcond=None)[0]
""",
        ),
        Wrong("probe alone", "probe-alone", _LINEAR + _BY_LSTSQ + "    return backbone, head\n"),
        Wrong(
            "stopped after ten steps",
            "not-tuned-to-the-end",
            _LINEAR + _BY_LSTSQ + "    return fine_tune(backbone, head, x, y, steps=10)\n",
        ),
        Wrong("only the head", "no-pair", _LINEAR + _BY_LSTSQ + "    return fine_tune(backbone, head, x, y)[1]\n"),
        Wrong(
            "in place",
            "changes-input",
            _LINEAR
            + _BY_LSTSQ
            + """
    for _ in range(2000):
        error = (x @ backbone.T @ head - y) / len(y)
        backbone -= 0.02 * np.outer(head, error @ x)
        head = head - 0.02 * backbone @ (x.T @ error)
    return backbone, head
""",
        ),
    ],
)

_HUNT = """
import keras

def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    {freeze}
    model.compile(keras.optimizers.Adam(1e-3), loss)
    model.fit(images, labels, epochs=2, verbose=0)
    {unfreeze}
    {norms}
    {compile}
    {fit}
"""
_NORMS = """for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False"""


def _hunt(
    freeze: str = "backbone.trainable = False",
    unfreeze: str = "backbone.trainable = True",
    norms: str = _NORMS,
    compile_again: str = "model.compile(keras.optimizers.Adam(1e-5), loss)",
    fit: str = "model.fit(images, labels, epochs=2, verbose=0)",
) -> str:
    return _HUNT.format(freeze=freeze, unfreeze=unfreeze, norms=norms, compile=compile_again, fit=fit)


HUNT = Bank(
    right=[
        Right("repaired line by line", _hunt()),
        Right(
            "the package, piece by piece",
            _hunt("from tlcourse import finetune; finetune.freeze(backbone)", "finetune.unfreeze(backbone)", ""),
        ),
        Right(
            "the package, in one call",
            """
import keras
from tlcourse import finetune

def two_phase(model, backbone, images, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    finetune.fit_two_phase(
        model, (images, labels), backbone=backbone, loss=loss, head_epochs=2, fine_tune_epochs=2, metrics=[], verbose=0
    )
""",
        ),
        Right(
            "only the last convolution, with SGD",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong("not compiled again", "not-recompiled", _hunt(compile_again="")),
        Wrong("BatchNorm forgotten", "batchnorm-moves", _hunt(norms="")),
        Wrong("as it came: neither", "not-recompiled", _hunt(norms="", compile_again="")),
        Wrong("all at once", "head-not-first", _hunt(freeze=_NORMS)),
        Wrong("rate kept", "learning-rate-kept", _hunt(compile_again="model.compile(keras.optimizers.Adam(1e-3), loss)")),
        Wrong("never unfrozen", "never-unfrozen", _hunt(unfreeze="pass")),
        Wrong("second fit left out", "one-phase", _hunt(fit="")),
        Wrong(
            "flags set, then overwritten by the parent",
            "batchnorm-moves",
            _hunt(unfreeze=_NORMS, norms="backbone.trainable = True"),
        ),
    ],
)

BANK = {"4.1": RATES, "4.2": PENALTY, "4.3": LINEAR, "4.4": HUNT}
