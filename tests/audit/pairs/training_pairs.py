"""Programs whose flags, optimizers or BatchNorm layers do something else than their authors think, each beside a right one."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

import tlcourse
from tests.audit.small_world import application, custom_backbone, drawn_images

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def scaled(count=48, side=32, classes=3):
    x, y = drawn_images(count, side, classes)
    return x.astype("float32") / 127.5 - 1, y


# 2. The book's "fine-tuning": rate 1e-5, but the base stays frozen.
def book_never_unfreezes(unfreeze=False):
    train_images, train_labels = drawn_images(24, side=64, classes=2)
    conv_base = application("MobileNetV2", side=64, alpha=0.35)
    conv_base.trainable = False
    inputs = keras.Input(shape=(64, 64, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = keras.applications.mobilenet_v2.preprocess_input(x)
    x = conv_base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(16)(x)
    x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    if unfreeze:
        for layer in conv_base.layers[-10:]:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(learning_rate=1e-5), metrics=["accuracy"])
    train = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).batch(12)
    return {"model": model, "train": train.map(lambda image, label: (tf.cast(image, tf.float32), label))}


def book_unfreezes():
    return book_never_unfreezes(unfreeze=True)


# 2. Everything frozen, the new head too.
def all_frozen(freeze_head=True):
    base = custom_backbone()
    model = keras.Sequential([base, layers.Dense(3)])
    model.trainable = not freeze_head
    base.trainable = False
    model.compile(loss=SPARSE, optimizer="adam")
    return {"model": model, "train": scaled()}


def head_trains():
    return all_frozen(freeze_head=False)


# 2. Unfrozen after a fit, compile() forgotten: the flags look right, the training step is the old one.
def not_recompiled(recompile=False):
    x, y = scaled()
    base = custom_backbone()
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    clf = keras.Model(inputs, layers.Dense(3, name="logits")(base(inputs)))
    clf.compile(keras.optimizers.Adam(1e-4), SPARSE)
    clf.fit(x, y, epochs=1, verbose=0)
    base.trainable = True
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    if recompile:
        clf.compile(keras.optimizers.Adam(1e-5), SPARSE)
        clf.fit(x, y, epochs=1, verbose=0)
    return {"model": clf, "train": (x, y), "backbone": base}


def recompiled():
    return not_recompiled(recompile=True)


# 3. Keras' own guide: the base unfrozen, `training=False` in the call. fit() overrides it.
def guide_trusts_training_false(freeze_batchnorm=False):
    images, labels = scaled()
    base_model = custom_backbone()
    inputs = keras.Input(shape=(32, 32, 3))
    outputs = layers.Dense(3)(layers.Dropout(0.2)(base_model(inputs, training=False)))
    model = keras.Model(inputs, outputs)
    base_model.trainable = True
    if freeze_batchnorm:
        tlcourse.unfreeze(base_model)
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=SPARSE, metrics=["accuracy"])
    return {"model": model, "train": tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(48).batch(16)}


def guide_with_frozen_batchnorm():
    return guide_trusts_training_false(freeze_batchnorm=True)


# 3. The upper layers of a flat network unfrozen by index, BatchNorm among them, as in the best-selling book.
def upper_layers_with_batchnorm(keep=lambda layer: True):
    X, y = drawn_images(24, side=64)
    base_model = application("MobileNetV2", side=64, alpha=0.35)
    x = layers.GlobalAveragePooling2D()(base_model.output)
    model = keras.Model(inputs=base_model.input, outputs=layers.Dense(3, activation="softmax")(x))
    for layer in base_model.layers:
        layer.trainable = False
    for layer in base_model.layers[100:]:
        layer.trainable = keep(layer)
    optimizer = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return {"model": model, "train": (keras.applications.mobilenet_v2.preprocess_input(X.astype("float32")), y)}


def upper_layers_without_batchnorm():
    return upper_layers_with_batchnorm(keep=lambda layer: not isinstance(layer, layers.BatchNormalization))


# 3. BatchNorm unfrozen in a base that is frozen otherwise.
def only_batchnorm_open(open_batchnorm=True):
    base = tlcourse.load_backbone("tiny_resnet", input_shape=(32, 32, 3), pooling="avg")
    base.trainable = False
    for layer in base.layers:
        if "bn" in layer.name:
            layer.trainable = open_batchnorm
    model = keras.Sequential([base, layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return {"model": model, "train": drawn_images(32)}


def batchnorm_closed():
    return only_batchnorm_open(open_batchnorm=False)


# 4. The optimizer of the head goes on with the backbone: optimizer="adam".
def default_adam_on_everything(optimizer="adam"):
    backbone = tlcourse.load_backbone("tiny_resnet", input_shape=(32, 32, 3), pooling="avg")
    tlcourse.unfreeze(backbone)
    model = keras.Sequential([backbone, layers.Dropout(0.3), layers.Dense(3, activation="softmax")])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return {"model": model, "train": drawn_images(32)}


def small_adam_on_everything():
    return default_adam_on_everything(keras.optimizers.Adam(2e-5))


# 4. A schedule that starts far too high.
def cosine_from_a_tenth(start=0.1):
    base = custom_backbone()
    for layer in base.layers[:3]:
        layer.trainable = False
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    schedule = keras.optimizers.schedules.CosineDecay(start, decay_steps=200)
    model.compile(loss=SPARSE, optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-4))
    return {"model": model, "train": scaled()}


def cosine_from_little():
    return cosine_from_a_tenth(start=1e-4)


# 4. Word vectors from a file, meant to be kept, train at the rate of the new layers.
def vectors_that_train(trainable=True):
    rng = np.random.default_rng(0)
    vectors = rng.standard_t(4, (120, 16)).astype("float32")
    tokens = rng.integers(1, 120, (60, 12))
    embedding = layers.Embedding(120, 16, trainable=trainable)
    embedding.build((1,))
    embedding.set_weights([vectors])
    inputs = keras.Input((12,), dtype="int32")
    h = layers.GlobalMaxPooling1D()(layers.Conv1D(16, 3, activation="relu")(embedding(inputs)))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax")(h))
    model.compile("rmsprop", "sparse_categorical_crossentropy")
    return {"model": model, "train": (tokens, np.arange(60) % 2)}


def vectors_that_stay():
    return vectors_that_train(trainable=False)


# 4. One optimizer object for both phases.
def reused_optimizer(again=lambda optimizer: optimizer):
    x, y = scaled()
    base = custom_backbone()
    base.trainable = False
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    opt = keras.optimizers.Adam(1e-4)
    model.compile(opt, SPARSE)
    model.fit(x, y, epochs=1, verbose=0)
    tlcourse.unfreeze(base)
    model.compile(again(opt), SPARSE)
    return {"model": model, "train": (x, y)}


def new_optimizer():
    return reused_optimizer(again=lambda optimizer: keras.optimizers.Adam(1e-4))


# 7. weights=None where "imagenet" was meant; and a file of weights that was never loaded.
def weights_none(weights=None):
    base = tlcourse.load_backbone("tiny_resnet", weights=weights, input_shape=(32, 32, 3), pooling="avg")
    base.trainable = False
    model = keras.Sequential([base, layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return {"model": model, "train": drawn_images(32)}


def weights_pretrained():
    return weights_none("pretrained")


def clone_without_weights(copy=keras.models.clone_model):
    encoder = copy(custom_backbone(name="encoder"))
    encoder.trainable = False
    inp = keras.Input((32, 32, 3))
    model = keras.Model(inp, layers.Dense(3)(encoder(inp)))
    model.compile("adam", SPARSE)
    return {"model": model, "train": scaled()}


def clone_with_weights():
    return clone_without_weights(copy=tlcourse.finetune.copy_model)


PAIRS = [
    ("nothing-unfrozen", book_never_unfreezes, book_unfreezes),
    ("nothing-unfrozen", all_frozen, head_trains),
    ("not-recompiled", not_recompiled, recompiled),
    ("batchnorm-moves", guide_trusts_training_false, guide_with_frozen_batchnorm),
    ("batchnorm-moves", upper_layers_with_batchnorm, upper_layers_without_batchnorm),
    ("batchnorm-moves", only_batchnorm_open, batchnorm_closed),
    ("learning-rate", default_adam_on_everything, small_adam_on_everything),
    ("learning-rate", cosine_from_a_tenth, cosine_from_little),
    ("learning-rate", vectors_that_train, vectors_that_stay),
    ("optimizer-coverage", reused_optimizer, new_optimizer),
    ("random-weights", weights_none, weights_pretrained),
    ("random-weights", clone_without_weights, clone_with_weights),
]
