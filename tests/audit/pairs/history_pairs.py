"""Fits whose curves or weights tell of trouble, each beside one that went well. Histories are written down or really trained."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

import tlcourse
from tests.audit.small_world import custom_backbone, drawn_images

SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def made(**columns):
    """What fit() returns, with columns that were written down."""
    history = keras.callbacks.History()
    history.history = {name: list(values) for name, values in columns.items()}
    history.epoch = list(range(len(columns["loss"])))
    return history


def program(train_backbone=False, learning_rate=1e-3):
    x, y = drawn_images(48)
    base = custom_backbone()
    tlcourse.unfreeze(base) if train_backbone else tlcourse.freeze(base)
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    model.compile(keras.optimizers.Adam(learning_rate), SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (x.astype("float32") / 127.5 - 1, y), "backbone": base}


# 13. Learned by heart in a real fit: labels without sense, many epochs.
def random_labels(shuffled=True):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 60)
    x = rng.normal(size=(60, 40)) + (0 if shuffled else 3 * np.eye(3)[y].repeat(14, axis=1)[:, :40])
    model = keras.Sequential(
        [keras.Input((40,)), layers.Dense(64, "relu", kernel_initializer=keras.initializers.GlorotUniform(1))]
    )
    model.add(layers.Dense(3, "softmax", kernel_initializer=keras.initializers.GlorotUniform(2)))
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x[:40], y[:40], validation_data=(x[40:], y[40:]), epochs=25, verbose=0, shuffle=False)
    return {"model": model, "train": (x[:40], y[:40]), "validation": (x[40:], y[40:]), "history": history}


def labels_with_sense():
    return random_labels(shuffled=False)


# 13. The loss that turns upward while training goes on.
def late_turn(val_loss=(0.9, 0.7, 0.6, 0.65, 0.74, 0.86, 0.97)):
    loss = (1.0, 0.7, 0.5, 0.3, 0.2, 0.12, 0.08)
    return {**program(), "history": made(loss=loss, val_loss=val_loss, accuracy=(0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99))}


def no_turn():
    return late_turn(val_loss=(0.95, 0.75, 0.62, 0.55, 0.52, 0.5, 0.51))


# 13. NaN, and a loss that grows.
def not_a_number(last=float("nan")):
    return {**program(), "history": {"loss": [1.1, 0.8, last], "accuracy": [0.4, 0.6, 0.3]}}


def a_number():
    return not_a_number(last=0.7)


def destroyed_by_the_second_phase(accuracy=(0.36, 0.34, 0.35), loss=(6.0, 1.4, 1.2)):
    head = made(loss=(1.0, 0.6, 0.45, 0.43), accuracy=(0.5, 0.75, 0.85, 0.86))
    return {**program(), "history": [head, made(loss=loss, accuracy=accuracy)]}


def bettered_by_the_second_phase():
    return destroyed_by_the_second_phase(accuracy=(0.86, 0.9, 0.93), loss=(0.43, 0.35, 0.3))


# 13. Unfrozen after two epochs, while the head was learning fast.
def impatient(second=(0.62, 0.70)):
    columns = {"accuracy": (0.4, 0.6), "val_accuracy": (0.42, second[1]), "loss": (1.1, 0.8), "val_loss": (1.0, second[0])}
    fine = made(accuracy=(0.75, 0.8), val_accuracy=(0.74, 0.78), loss=(0.6, 0.5), val_loss=(0.55, 0.5))
    return {**program(), "history": [made(**columns), fine]}


def patient():
    return impatient(second=(0.97, 0.43))


# 13. Fine-tuning that gained nothing.
def no_gain(after=(0.79, 0.80, 0.79)):
    head = made(loss=(1.0, 0.6, 0.5, 0.49), val_loss=(1.0, 0.7, 0.6, 0.6), val_accuracy=(0.6, 0.75, 0.8, 0.81))
    fine = made(loss=(0.48, 0.47, 0.46), val_loss=(0.6, 0.6, 0.6), val_accuracy=after)
    return {**program(), "history": [head, fine]}


def gain():
    return no_gain(after=(0.82, 0.85, 0.87))


# 14. Unfrozen on paper: the flags say so, the weights did not move.
def flags_only(recompile=False):
    parts = program(learning_rate=1e-4)
    model, base = parts["model"], parts["backbone"]
    before = tlcourse.snapshot(model)
    model.fit(*parts["train"], epochs=1, verbose=0)
    base.trainable = True
    for layer in base.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    if recompile:
        model.compile(keras.optimizers.Adam(1e-5), SPARSE)
    model.fit(*parts["train"], epochs=1, verbose=0)
    return {**parts, "before": before}


def really_unfrozen():
    return flags_only(recompile=True)


# 14. Frozen, but the statistics moved: BatchNorm was opened.
def statistics_moved(open_batchnorm=True):
    parts = program()
    before = tlcourse.snapshot(parts["model"])
    for layer in parts["backbone"].layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable, layer.gamma.trainable, layer.beta.trainable = open_batchnorm, False, False
    parts["model"].compile(keras.optimizers.Adam(1e-3), SPARSE)
    parts["model"].fit(*parts["train"], epochs=1, verbose=0)
    return {**parts, "before": before}


def statistics_kept():
    return statistics_moved(open_batchnorm=False)


# 14. A rate that leaves nothing of the pre-training.
def moved_too_far(learning_rate=0.05):
    parts = program(train_backbone=True, learning_rate=learning_rate)
    before = tlcourse.snapshot(parts["model"])
    parts["model"].fit(*parts["train"], epochs=8, verbose=0)
    return {**parts, "before": before}


def moved_a_little():
    return moved_too_far(learning_rate=1e-5)


PAIRS = [
    ("overfitting", random_labels, labels_with_sense),
    ("overfitting", late_turn, no_turn),
    ("divergence", not_a_number, a_number),
    ("divergence", destroyed_by_the_second_phase, bettered_by_the_second_phase),
    ("head-stopped-early", impatient, patient),
    ("no-gain", no_gain, gain),
    ("what-moved", flags_only, really_unfrozen),
    ("what-moved", statistics_moved, statistics_kept),
    ("what-moved", moved_too_far, moved_a_little),
]
