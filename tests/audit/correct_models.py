"""Correct programs of unusual kinds: the audit has nothing to say about them."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import tlcourse
from tests.audit.small_world import application, custom_backbone, drawn_images

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def raw(count=48, side=32, classes=3):
    x, y = drawn_images(count, side, classes)
    return x.astype("float32"), y


def own_backbone():
    backbone = tlcourse.load_backbone("tiny_resnet", input_shape=(32, 32, 3), pooling="avg")
    tlcourse.freeze(backbone)
    return backbone


def multi_input():
    """An image and a table, named inputs, tf.data."""
    x, y = raw()
    table = np.random.default_rng(0).normal(size=(48, 5)).astype("float32")
    image, row = keras.Input((32, 32, 3), name="image"), keras.Input((5,), name="row")
    joined = layers.Concatenate()([own_backbone()(image), layers.Dense(8, "relu")(row)])
    model = keras.Model({"image": image, "row": row}, layers.Dense(3)(joined))
    model.compile("adam", SPARSE)
    return {"model": model, "train": tf.data.Dataset.from_tensor_slices(({"image": x, "row": table}, y)).shuffle(48).batch(16)}


def gradient_tape_loop():
    """No compile(): a loop of its own, which keeps the backbone in inference mode although its BatchNorm could train."""
    x, y = raw()
    backbone = custom_backbone()
    inputs = keras.Input((32, 32, 3))
    scaled = layers.Rescaling(1 / 127.5, -1)(inputs)
    model = keras.Model(inputs, layers.Dense(3)(backbone(scaled)))
    optimizer = keras.optimizers.Adam(1e-5)
    for start in range(0, 48, 16):
        with tf.GradientTape() as tape:
            value = SPARSE(y[start : start + 16], model(x[start : start + 16], training=False))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
    return {"model": model, "train": (x, y)}


def own_train_step():
    class Distilled(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.head = own_backbone(), layers.Dense(3)

        def call(self, images, training=False):
            return self.head(self.body(images, training=False))

        def train_step(self, data):
            images, labels = data
            with tf.GradientTape() as tape:
                value = self.compute_loss(y=labels, y_pred=self(images, training=True))
            self.optimizer.apply(tape.gradient(value, self.head.trainable_variables), self.head.trainable_variables)
            return {"loss": value}

    model = Distilled()
    model.compile(keras.optimizers.Adam(1e-3), SPARSE)
    model.fit(*raw(), epochs=1, verbose=0)
    return {"model": model, "train": raw()}


def cached_features():
    """A linear head on features that were computed once."""
    x, y = raw(60)
    features = own_backbone().predict(x, verbose=0)
    probe = keras.Sequential([keras.Input((1280,)), layers.BatchNormalization(), layers.Dense(3, activation="softmax")])
    probe.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return {"model": probe, "train": (features, y)}


def mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        inputs = keras.Input((32, 32, 3))
        x = layers.RandomFlip("horizontal")(inputs)
        outputs = layers.Dense(3, activation="softmax", dtype="float32")(own_backbone()(x))
        model = keras.Model(inputs, outputs)
    finally:
        keras.config.set_dtype_policy(policy)
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def imported_saved_model(folder):
    """A module of another's making behind a HubLayer."""
    module = tf.Module()
    module.kernel = tf.Variable(np.random.default_rng(0).standard_t(3, size=(32 * 32 * 3, 16)).astype("float32") / 60)

    @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3))])
    def call(images):
        return tf.nn.relu(tf.matmul(tf.reshape(images, (-1, 32 * 32 * 3)), module.kernel))

    module.__call__ = call
    tf.saved_model.save(module, str(folder))
    inputs = keras.Input((32, 32, 3))
    features = tlcourse.HubLayer(str(folder), trainable=False)(layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(features))
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def text():
    """Strings in, an embedding, two classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 80)
    words = np.array([["dull", "slow", "flat"], ["bright", "warm", "fun"]])
    x = np.array([" ".join(rng.choice(words[label], 4)) + f" film {i}" for i, label in enumerate(y)])
    vectorize = layers.TextVectorization(max_tokens=50, output_sequence_length=6)
    vectorize.adapt(x)
    model = keras.Sequential([keras.Input((), dtype="string"), vectorize, layers.Embedding(50, 8)])
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    return {"model": model, "train": (x, y)}


def tabular():
    """Numbers and words in a dict of columns."""
    rng = np.random.default_rng(1)
    columns = {"age": rng.normal(40, 10, (90, 1)), "job": rng.choice(["a", "b", "c"], (90, 1))}
    age, job = keras.Input((1,), name="age"), keras.Input((1,), name="job", dtype="string")
    normal = layers.Normalization()
    normal.adapt(columns["age"])
    lookup = layers.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot")
    joined = layers.Concatenate()([normal(age), lookup(job)])
    model = keras.Model([age, job], layers.Dense(1)(layers.Dense(8, "relu")(joined)))
    model.compile(loss="mse", optimizer="adam")
    return {"model": model, "train": (columns, columns["age"][:, 0] * 0.1 + rng.normal(size=90))}


def multi_label():
    x, y = raw()
    several = np.maximum(np.eye(4)[y], np.eye(4)[(y * 7 + 1) % 4]).astype("float32")
    model = keras.Sequential([own_backbone(), layers.Dense(4, activation="sigmoid")])
    model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer="adam", metrics=[keras.metrics.AUC(multi_label=True)])
    return {"model": model, "train": (x, several)}


def segmentation():
    """One class a pixel, skip connections out of a backbone."""
    x, _ = raw(16, side=64, classes=2)
    encoder = application("MobileNetV2", side=64, alpha=0.35)
    encoder.trainable = False
    names = ["block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu"]
    stack = keras.Model(encoder.input, [encoder.get_layer(name).output for name in names], name="down_stack")
    inputs = keras.Input((64, 64, 3))
    first, second, third = stack(layers.Rescaling(1 / 127.5, -1)(inputs))
    up = layers.Conv2DTranspose(16, 3, 2, "same", activation="relu")(third)
    up = layers.Conv2DTranspose(16, 3, 2, "same", activation="relu")(layers.Concatenate()([up, second]))
    up = layers.Conv2DTranspose(2, 3, 2, "same")(layers.Concatenate()([up, first]))
    model = keras.Model(inputs, up)
    model.compile("adam", SPARSE)
    masks = (x.mean(axis=-1) > 128).astype("int64")
    return {"model": model, "train": (x, masks)}


def siamese():
    """One backbone for two images, a loss of its own."""
    x, y = raw()
    backbone = own_backbone()
    left, right = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    a, b = backbone(left), backbone(right)
    distance = layers.Lambda(lambda pair: ops.norm(pair[0] - pair[1], axis=-1, keepdims=True), output_shape=(1,))([a, b])
    model = keras.Model([left, right], layers.Dense(1)(distance))

    def contrastive(same, score):
        return ops.mean(ops.square(ops.cast(same, score.dtype) - score), axis=-1)

    model.compile(keras.optimizers.Adam(1e-3), contrastive)
    pairs = np.random.default_rng(0).permutation(48)
    return {"model": model, "train": ((x, x[pairs]), (y == y[pairs]).astype("float32"))}


def monte_carlo_dropout():
    """Dropout that is active in predict() on purpose, and says so."""
    dropout = tlcourse.finetune.FixedMode(layers.Dropout(0.3), training=True)
    model = keras.Sequential([own_backbone(), dropout, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def video():
    """A backbone over the frames of a clip."""
    x, y = raw(24)
    clips = np.stack([x, x[:, ::-1], x[:, :, ::-1]], axis=1)  # (batch, frames, height, width, 3)
    inputs = keras.Input((3, 32, 32, 3))
    frames = layers.TimeDistributed(own_backbone())(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GRU(8)(frames)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": (clips, y)}


def from_scratch():
    """Random values on purpose, everything trainable, BatchNorm and all."""
    net = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3), classes=3)
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 127.5, -1), net])
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def fully_fine_tuned_with_batchnorm():
    """All of the backbone trains, its statistics too, with a small rate: a choice, no mistake."""
    backbone = own_backbone()
    tlcourse.unfreeze(backbone, batchnorm="trainable")
    model = keras.Sequential([backbone, layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def gradual_unfreezing():
    x, y = raw()
    model = keras.Sequential([own_backbone(), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    backbone = model.layers[0]
    before = tlcourse.snapshot(model)
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[tlcourse.finetune.GradualUnfreezing(backbone)])
    return {"model": model, "train": (x, y), "history": history, "before": before}


def rates_by_depth():
    model = keras.Sequential([own_backbone(), layers.Dense(3, activation="softmax")])
    tlcourse.unfreeze(model.layers[0], from_block="block4")
    optimizer = tlcourse.finetune.discriminative_optimizer(model, learning_rate=3e-4)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return {"model": model, "train": raw()}


def two_outputs():
    x, y = raw()
    inputs = keras.Input((32, 32, 3))
    features = own_backbone()(inputs)
    outputs = {"kind": layers.Dense(3, name="kind")(features), "size": layers.Dense(1, name="size")(features)}
    model = keras.Model(inputs, outputs)
    model.compile("adam", {"kind": SPARSE, "size": "mse"})
    return {"model": model, "train": (x, {"kind": y, "size": x.mean(axis=(1, 2, 3)) / 255})}


def autoencoder():
    """The labels are the images."""
    x = raw()[0] / 255
    encoder = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(8, 3, 2, "same", activation="relu")], name="encoder")
    decoder = keras.Sequential([layers.Conv2DTranspose(3, 3, 2, "same", activation="sigmoid")], name="decoder")
    model = keras.Sequential([encoder, decoder])
    model.compile("adam", "binary_crossentropy")
    model.fit(x, x, epochs=1, verbose=0)
    return {"model": model, "train": (x, x)}


PROGRAMS = [
    multi_input,
    gradient_tape_loop,
    own_train_step,
    cached_features,
    mixed_precision,
    imported_saved_model,
    text,
    tabular,
    multi_label,
    segmentation,
    siamese,
    monte_carlo_dropout,
    video,
    from_scratch,
    fully_fine_tuned_with_batchnorm,
    gradual_unfreezing,
    rates_by_depth,
    two_outputs,
    autoencoder,
]
