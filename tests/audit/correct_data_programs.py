"""Correct programs with data of unusual kinds: the audit has nothing to say about them."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from tests.audit.material import SPARSE, classifier, image_folders, labelled_photographs, photographs
from tests.audit.small_world import custom_backbone

AUTOTUNE = tf.data.AUTOTUNE


def thirds(count=150, **options):
    """Images of three sets, stratified and mixed."""
    x, y = labelled_photographs(count, **options)
    train, rest = train_test_split(np.arange(count), test_size=0.5, stratify=y, random_state=0)
    val, test = train_test_split(rest, test_size=0.5, stratify=y[rest], random_state=0)
    return [(x[at], y[at]) for at in (train, val, test)]


def interleaved_classes():
    """One stream a class, drawn from in turn; each stream is shuffled inside the function."""
    (x, y), val, _ = thirds()
    per_class = [np.flatnonzero(y == label) for label in range(3)]
    size = min(map(len, per_class))
    table = tf.constant(np.stack([at[:size] for at in per_class]))
    images = tf.constant(x, tf.float32)

    def stream(label):
        places = tf.data.Dataset.from_tensor_slices(table[label]).shuffle(size)
        return places.map(lambda at: (images[at], label))

    train = tf.data.Dataset.range(3).interleave(stream, cycle_length=3).batch(12)
    return {"model": classifier(), "train": train, "validation": val}


def augmenting_sequence():
    """A PyDataset that mixes anew for each epoch and augments by itself."""

    class Flips(keras.utils.PyDataset):
        def __init__(self, x, y):
            super().__init__(workers=1)
            self.x, self.y, self.rng = x.astype("float32"), y, np.random.default_rng(0)
            self.on_epoch_end()

        def __len__(self):
            return math.ceil(len(self.y) / 16)

        def on_epoch_end(self):
            self.order = self.rng.permutation(len(self.y))

        def __getitem__(self, i):
            at = self.order[i * 16 : i * 16 + 16]
            batch = self.x[at].copy()
            flip = self.rng.random(len(at)) < 0.5
            batch[flip] = batch[flip, :, ::-1]
            return batch, self.y[at]

    train, val, test = thirds()
    return {"model": classifier(), "train": Flips(*train), "validation": val, "test": test}


def from_a_python_generator():
    """tf.data from a generator function, with a shuffle of the paths inside it."""
    (x, y), val, _ = thirds()

    def examples():
        for at in np.random.permutation(len(y)):
            yield x[at].astype("float32"), y[at]

    signature = (tf.TensorSpec((32, 32, 3), tf.float32), tf.TensorSpec((), tf.int64))
    train = tf.data.Dataset.from_generator(examples, output_signature=signature).batch(16).prefetch(AUTOTUNE)
    return {"model": classifier(), "train": train, "validation": val}


def image_and_table():
    """Two inputs by name; the table has few values and repeats itself."""
    (x, y), (vx, vy), _ = thirds()
    rng = np.random.default_rng(0)
    image, row = keras.Input((32, 32, 3), name="image"), keras.Input((3,), name="clinical")
    backbone = custom_backbone()
    backbone.trainable = False
    features = backbone(layers.Rescaling(1 / 127.5, -1)(image))
    model = keras.Model([image, row], layers.Dense(3)(layers.Concatenate()([features, row])))
    model.compile("adam", SPARSE, metrics=["accuracy"])

    def pair(drawn_images):
        return {
            "image": drawn_images.astype("float32"),
            "clinical": rng.integers(0, 3, (len(drawn_images), 3)).astype("float32"),
        }

    return {"model": model, "train": (pair(x), y), "validation": (pair(vx), vy)}


def coarse_table():
    """A table of a few whole numbers: rows of train and test are equal by chance, and the classes are mixed."""
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 4, (600, 8)).astype("float32")
    rows[:, 4:] = rows[:, :4] > 1
    target = (rows[:, 0] + rows[:, 1] + rng.normal(0, 0.6, 600) > 3).astype("int64")
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return {"model": model, "train": (rows[:400], target[:400]), "validation": (rows[400:], target[400:])}


def overlapping_table():
    """Income by class: the classes overlap, and an unusual income is no wrong label."""
    rng = np.random.default_rng(1)
    target = rng.integers(0, 2, 300)
    columns = [rng.normal(2.2 * target, 1), rng.normal(0, 1, 300), rng.integers(0, 5, 300)]
    model = keras.Sequential([keras.Input((3,)), layers.Dense(16, "relu"), layers.Dense(2)])
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (np.stack(columns, axis=1).astype("float32"), target)}


def short_messages():
    """Text as strings; short messages are the same in both sets, as messages are."""
    rng = np.random.default_rng(0)
    says = np.array(["thank you", "on my way", "see you soon", "win a prize now", "call this number", "free entry"])
    kinds = rng.integers(0, 6, 300)
    words = np.array([f"{says[k]} {'' if rng.random() < 0.5 else rng.integers(1000)}".strip() for k in kinds], dtype=object)
    spam = (kinds >= 3).astype("int64")
    vectorize = layers.TextVectorization(max_tokens=500, output_sequence_length=6)
    vectorize.adapt(words[:200])
    model = keras.Sequential(
        [keras.Input((), dtype="string"), vectorize, layers.Embedding(500, 4), layers.Flatten(), layers.Dense(2)]
    )
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (words[:200], spam[:200]), "test": (words[200:], spam[200:])}


def augmented_and_cached_well(folder):
    """Files, cache, shuffle, augmentation, in this order; the validation set is cached whole."""
    (x, y), (vx, vy), _ = thirds()
    load = keras.utils.image_dataset_from_directory
    train = load(image_folders(folder / "train", x, y), image_size=(32, 32), batch_size=None, verbose=False)
    val = load(image_folders(folder / "val", vx, vy), image_size=(32, 32), batch_size=16, shuffle=False, verbose=False)
    augment = keras.Sequential([layers.RandomFlip(), layers.RandomTranslation(0.1, 0.1), layers.RandomContrast(0.2)])
    train = train.cache().shuffle(100).batch(16).map(lambda a, b: (augment(a, training=True), b), num_parallel_calls=AUTOTUNE)
    return {"model": classifier(), "train": train.prefetch(AUTOTUNE), "validation": val.cache().prefetch(AUTOTUNE)}


def masks_as_labels():
    """Segmentation: labels are images too, and most pixels are background."""
    x = photographs(48, 32)
    masks = (x[..., :1] > 190).astype("int32")
    inputs = keras.Input((32, 32, 3))
    z = layers.Rescaling(1 / 255)(inputs)
    z = layers.Conv2D(8, 3, padding="same", activation="relu")(z)
    model = keras.Model(inputs, layers.Conv2D(2, 1)(z))
    model.compile("adam", SPARSE, metrics=["accuracy"])
    train = tf.data.Dataset.from_tensor_slices((x[:32], masks[:32])).shuffle(32).batch(8).repeat(2)
    return {"model": model, "train": train, "validation": (x[32:], masks[32:])}


def ages_from_faces():
    """Regression: whole years are numbers, not classes, and some are rare."""
    x = photographs(200, 32)
    rng = np.random.default_rng(1)
    ages = np.clip(rng.normal(40, 12, 200).round(), 1, 90)
    backbone = custom_backbone()
    backbone.trainable = False
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(
        inputs,
        layers.Dense(1, bias_initializer=keras.initializers.Constant(40.0))(backbone(layers.Rescaling(1 / 127.5, -1)(inputs))),
    )
    model.compile("adam", "mse", metrics=["mae"])
    return {"model": model, "train": (x[:150], ages[:150]), "test": (x[150:], ages[150:])}


def oversampled_rare_class():
    """Images of the rare class stand several times in the training set, on purpose, after the split."""
    (x, y), val, test = thirds(300)
    rare = np.flatnonzero(y == 2)[:6]
    at = np.concatenate([np.flatnonzero(y != 2), np.repeat(rare, 8)])
    at = np.random.default_rng(0).permutation(at)
    return {"model": classifier(), "train": (x[at], y[at]), "validation": val, "test": test}


def folds_by_group():
    """One fold of a cross-validation that keeps groups together; groups are text."""
    x, y = labelled_photographs(180)
    plots = np.array([f"field-{i // 4}" for i in range(180)])
    train, test = next(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(x, y, plots))
    groups = {"train": plots[train], "test": plots[test]}
    return {"model": classifier(), "train": (x[train], y[train]), "test": (x[test], y[test]), "groups": groups}


def endless_stream():
    """A training set that repeats for ever, for steps_per_epoch."""
    (x, y), val, _ = thirds()
    train = tf.data.Dataset.from_tensor_slices((x, y)).repeat().shuffle(200).batch(16)
    return {"model": classifier(), "train": train.take(40), "validation": val}


def part_of_the_training_set_each_epoch():
    """A new third of the training images in every epoch; the validation set stands apart."""
    (x, y), val, test = thirds()
    train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(y)).take(40).batch(8)
    held_out = tf.data.Dataset.from_tensor_slices(val).batch(8)
    return {"model": classifier(), "train": train, "validation": held_out, "test": test}


def similar_simple_drawings():
    """Small grey drawings that resemble each other, as digits do: strokes at slightly other places."""
    rng = np.random.default_rng(0)
    images, labels = np.zeros((300, 28, 28, 1), "float32"), rng.integers(0, 3, 300)
    across, down = np.meshgrid(np.arange(28), np.arange(28))
    for i, label in enumerate(labels):
        slope, shift, width = rng.normal(0, 0.12), rng.normal(0, 1.2), rng.uniform(1.2, 2.2)
        place = [across - 14 + slope * (down - 14), down - 14 + slope * (across - 14), np.hypot(across - 14, down - 14) - 8][
            label
        ]
        images[i, ..., 0] = np.exp(-(((place - shift) / width) ** 2)) * (np.hypot(across - 14, down - 14) < 11)
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(3)]
    )
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (images[:200], labels[:200]), "test": (images[200:], labels[200:])}


def many_classes_small_test_set():
    """Forty classes and thirty test images: classes are missing by chance."""
    x, y = labelled_photographs(400, classes=40)
    train, test = train_test_split(np.arange(400), test_size=30, random_state=0)
    return {"model": classifier(40), "train": (x[train], y[train]), "test": (x[test], y[test])}


PROGRAMS = [
    interleaved_classes,
    augmenting_sequence,
    from_a_python_generator,
    image_and_table,
    coarse_table,
    overlapping_table,
    short_messages,
    augmented_and_cached_well,
    masks_as_labels,
    ages_from_faces,
    oversampled_rare_class,
    folds_by_group,
    endless_stream,
    part_of_the_training_set_each_epoch,
    similar_simple_drawings,
    many_classes_small_test_set,
]
