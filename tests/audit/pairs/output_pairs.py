"""Programs whose loss, output, labels, head or mode of inference is wrong, each beside a right one."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.audit.small_world import application, custom_backbone, drawn_images


def frozen_base():
    base = custom_backbone()
    base.trainable = False
    return base


def scaled(count=48, classes=3):
    x, y = drawn_images(count, classes=classes)
    return x.astype("float32") / 127.5 - 1, y


# 5. No activation, and a loss that expects probabilities.
def dense_without_softmax(activation=None):
    model = keras.models.Sequential()
    model.add(keras.Input((32, 32, 3)))
    model.add(frozen_base())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(3, activation=activation))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return {"model": model, "train": scaled()}


def dense_with_softmax():
    return dense_without_softmax("softmax")


# 5. Softmax and from_logits=True, one-hot labels, a tf.data pipeline.
def softmax_and_logits(activation="softmax"):
    x, y = scaled()
    ds = tf.data.Dataset.from_tensor_slices((x, tf.one_hot(y, 3))).batch(16).prefetch(1)
    inp = keras.Input((32, 32, 3))
    h = layers.BatchNormalization()(frozen_base()(inp))
    model = keras.Model(inp, layers.Activation(activation)(layers.Dense(3)(h)))
    model.compile(keras.optimizers.Nadam(), loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": ds}


def logits_and_logits():
    return softmax_and_logits("linear")


# 5. Labels from 1 to 3 with three units.
def labels_from_one(first=1):
    x, y = scaled()
    model = keras.Sequential([keras.Input((32, 32, 3)), frozen_base(), layers.Dense(3, activation="softmax")])
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return {"model": model, "train": (x, y + first)}


def labels_from_zero():
    return labels_from_one(first=0)


# 5. One unit with softmax for two classes.
def one_softmax_unit(activation="softmax"):
    x, y = scaled(classes=2)
    model = keras.Sequential([keras.Input((32, 32, 3)), frozen_base(), layers.Dense(1, activation=activation)])
    model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
    return {"model": model, "train": (x, y.astype("float32"))}


def one_sigmoid_unit():
    return one_softmax_unit("sigmoid")


# 5. Ten units copied from another program for three classes.
def too_many_units(units=10):
    x, y = scaled(72)

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.body = frozen_base()
            self.head = layers.Dense(units)

        def call(self, x, training=None):
            return self.head(self.body(x, training=training))

    net = Net()
    net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": net, "train": (x[:60], y[:60]), "validation": (x[60:], y[60:])}


def as_many_units():
    return too_many_units(units=3)


# 5. Class numbers with binary_crossentropy.
def binary_loss_on_three_classes(loss="binary_crossentropy", units=1, activation="sigmoid"):
    x, y = scaled()
    model = keras.Sequential([keras.Input((32, 32, 3)), frozen_base(), layers.Dense(units, activation=activation)])
    model.compile(loss=loss, optimizer="adam", metrics=["accuracy"])
    return {"model": model, "train": tf.data.Dataset.from_tensor_slices((x, y)).shuffle(48).batch(8)}


def sparse_loss_on_three_classes():
    return binary_loss_on_three_classes("sparse_categorical_crossentropy", 3, "softmax")


# 5. Columns of a table that nobody scaled: the first loss says it.
def table_unscaled(scale=lambda table: table):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200)
    table = np.stack([rng.normal(40_000 + 20_000 * y, 9_000), rng.normal(45, 12, 200), rng.integers(0, 5, 200)], axis=1)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(16, "relu"), layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": (scale(table), y)}


def table_scaled():
    return table_unscaled(lambda table: (table - table.mean(axis=0)) / table.std(axis=0))


# 6. Dropout called with training=True by a subclassed model.
def dropout_always_on(fixed=True):
    class Classifier(keras.Model):
        def __init__(self):
            super().__init__()
            self.features = frozen_base()
            self.drop = layers.Dropout(0.5)
            self.classify = layers.Dense(3)

        def call(self, inputs, training=False):
            x = self.features(inputs, training=False)
            x = self.drop(x, training=True if fixed else training)
            return self.classify(x)

    model = Classifier()
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": scaled()}


def dropout_in_training():
    return dropout_always_on(fixed=False)


# 6. Dropout called with training=True in a functional model, for a measure of doubt that predict() does not give.
def functional_dropout_on(always=True):
    inputs = keras.Input((32, 32, 3))
    h = layers.Dense(16, activation="relu")(frozen_base()(inputs))
    h = layers.Dropout(0.5)(h, training=True) if always else layers.Dropout(0.5)(h)
    model = keras.Model(inputs, layers.Dense(3)(h))
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return {"model": model, "train": scaled()}


def functional_dropout_left_alone():
    return functional_dropout_on(always=False)


# 6. Augmentation in a Lambda layer: it does not know about inference.
def augmentation_in_lambda(augment=None):
    augment = augment or layers.Lambda(lambda image: tf.image.random_flip_left_right(tf.image.random_brightness(image, 0.2)))
    inputs = keras.Input((32, 32, 3))
    outputs = layers.Dense(3, activation="softmax")(frozen_base()(augment(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
    return {"model": model, "train": scaled()}


def augmentation_in_layers():
    return augmentation_in_lambda(
        keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.1)])
    )


# 6. The flattened head of VGG on 24 images.
def enormous_head(pooling=layers.Flatten):
    x, y = drawn_images(24, side=64)
    vgg = application("VGG16", side=64, until="block3_pool")
    vgg.trainable = False
    head = [layers.Dense(256, "relu"), layers.Dense(64, "relu")] if pooling is layers.Flatten else []
    model = keras.Sequential([vgg, pooling(), *head, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": (keras.applications.vgg16.preprocess_input(x.astype("float32")), y)}


def pooled_head():
    return enormous_head(layers.GlobalAveragePooling2D)


PAIRS = [
    ("loss-and-output", dense_without_softmax, dense_with_softmax),
    ("loss-and-output", softmax_and_logits, logits_and_logits),
    ("loss-and-output", labels_from_one, labels_from_zero),
    ("loss-and-output", one_softmax_unit, one_sigmoid_unit),
    ("loss-and-output", too_many_units, as_many_units),
    ("loss-and-output", binary_loss_on_three_classes, sparse_loss_on_three_classes),
    ("initial-loss", table_unscaled, table_scaled),
    ("inference-mode", dropout_always_on, dropout_in_training),
    ("inference-mode", functional_dropout_on, functional_dropout_left_alone),
    ("inference-mode", augmentation_in_lambda, augmentation_in_layers),
    ("head-size", enormous_head, pooled_head),
]
