"""Programs whose splits share something, each beside the same program that splits well."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.model_selection import GroupShuffleSplit, train_test_split

import tlcourse
from tests.audit.material import SPARSE, classifier, image_folders, labelled_photographs, photographs, resized, through_jpeg


# 1. Images from two searches, merged; the second search brought many again, saved anew in another size.
def scraped_twice(again=30):
    first, labels = labelled_photographs(120)
    second = resized(through_jpeg(resized(first[::4], 48), 75), 32)[:again]
    images, labels = np.concatenate([first, second]), np.concatenate([labels, labels[::4][:again]])
    X_train, X_test, y_train, y_test = train_test_split(images, labels, test_size=0.3, random_state=1, stratify=labels)
    return {"model": classifier(), "train": (X_train, y_train), "test": (X_test, y_test)}


def scraped_once():
    return scraped_twice(again=0)


# 2. "My data set is small, so I doubled it by flipping", and then the split.
def flipped_then_split(flip_first=True):
    x, y = labelled_photographs(150)
    if flip_first:
        x, y = np.concatenate([x, np.flip(x, axis=2)]), np.concatenate([y, y])
    order = np.random.RandomState(0).permutation(len(x))
    cut = int(0.8 * len(x))
    x_train, y_train = x[order[:cut]], y[order[:cut]]
    x_val, y_val = x[order[cut:]], y[order[cut:]]
    if not flip_first:
        x_train, y_train = np.concatenate([x_train, np.flip(x_train, axis=2)]), np.concatenate([y_train, y_train])
    return {"model": classifier(), "train": (x_train, y_train), "validation": (x_val, y_val)}


def split_then_flipped():
    return flipped_then_split(flip_first=False)


# 3. Two calls that must agree in their seed to be complements of each other.
def loader_with_two_seeds(folder, val_seed=2):
    image_folders(folder, *labelled_photographs(90))
    options = {"validation_split": 0.3, "image_size": (32, 32), "batch_size": 16, "verbose": False}
    train_ds = keras.utils.image_dataset_from_directory(folder, subset="training", seed=1, **options)
    val_ds = keras.utils.image_dataset_from_directory(folder, subset="validation", seed=val_seed, **options)
    return {"model": classifier(), "train": train_ds.prefetch(2), "validation": val_ds.prefetch(2)}


def loader_with_one_seed(folder):
    return loader_with_two_seeds(folder, val_seed=1)


# 4. Folders that somebody filled by hand.
def copied_folders(folder, from_train=True):
    x, y = labelled_photographs(96, side=64)
    image_folders(folder / "train", x[::2], y[::2])
    image_folders(folder / "val", x[1::6], y[1::6], start=500)
    if from_train:
        image_folders(folder / "val", resized(x[:40:4], 80), y[:40:4], start=900)
    return {"model": classifier(side=64), "train": folder / "train", "validation": str(folder / "val")}


def disjoint_folders(folder):
    return copied_folders(folder, from_train=False)


# 5. Reviews that were collected twice; text goes in as strings.
def repeated_reviews(drop_duplicates=False):
    rng = np.random.default_rng(5)
    words = np.array([f"word{i}" for i in range(300)])
    reviews = [" ".join(rng.choice(words, 12)) for _ in range(200)]
    if not drop_duplicates:
        reviews = reviews + reviews[:60]
    texts = np.array(reviews, dtype=object)
    labels = np.array([len(review) % 2 for review in reviews])
    order = rng.permutation(len(texts))
    train_at, test_at = order[: len(order) * 3 // 4], order[len(order) * 3 // 4 :]
    vectorize = layers.TextVectorization(max_tokens=400, output_sequence_length=12)
    vectorize.adapt(texts[train_at])
    model = keras.Sequential(
        [keras.Input((), dtype="string"), vectorize, layers.Embedding(400, 8), layers.GlobalAveragePooling1D(), layers.Dense(2)]
    )
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (texts[train_at], labels[train_at]), "test": (texts[test_at], labels[test_at])}


def reviews_once_each():
    return repeated_reviews(drop_duplicates=True)


# 6. Five images of every patient, split by image.
def split_by_image(by_patient=False):
    x, y = labelled_photographs(150)
    patients = np.arange(150) // 5
    if by_patient:
        train, test = next(GroupShuffleSplit(1, test_size=0.3, random_state=0).split(x, y, patients))
    else:
        train, test = train_test_split(np.arange(150), test_size=0.3, random_state=0)
    return {
        "model": classifier(),
        "train": (x[train], y[train]),
        "test": (x[test], y[test]),
        "groups": {"train": patients[train], "test": patients[test]},
    }


def split_by_patient():
    return split_by_image(by_patient=True)


# 7. A data set of this package that knows its groups, cut by hand.
def dataset_cut_by_hand(by_hand=True):
    x, y = labelled_photographs(90)
    ds = tlcourse.Dataset("plots", x, y, ("ash", "birch", "cedar"), groups=np.array([f"plot {i // 6}" for i in range(90)]))
    train, test = (ds.subset(np.arange(90) % 4 > 0), ds.subset(np.arange(90) % 4 == 0)) if by_hand else ds.split(0.3, seed=2)
    return {"model": classifier(), "train": train, "test": test}


def dataset_that_splits_itself():
    return dataset_cut_by_hand(by_hand=False)


# 8. The TensorFlow tutorial on images: the test set is taken from a validation set whose order changes.
def tutorial_take_skip(folder, shuffle=True):
    x, y = labelled_photographs(150)
    image_folders(folder / "train", x[::2], y[::2])
    image_folders(folder / "validation", x[1::2], y[1::2])
    load = keras.utils.image_dataset_from_directory
    train_dataset = load(folder / "train", shuffle=True, batch_size=8, image_size=(32, 32), verbose=False)
    validation_dataset = load(folder / "validation", shuffle=shuffle, batch_size=8, image_size=(32, 32), verbose=False)
    if not shuffle:  # mixed once, by hand
        validation_dataset = validation_dataset.unbatch().shuffle(75, seed=3, reshuffle_each_iteration=False).batch(8)
    val_batches = 10
    test_dataset = validation_dataset.take(val_batches // 3)
    validation_dataset = validation_dataset.skip(val_batches // 3)
    AUTOTUNE = tf.data.AUTOTUNE
    return {
        "model": classifier(),
        "train": train_dataset.prefetch(AUTOTUNE),
        "validation": validation_dataset.prefetch(AUTOTUNE),
        "test": test_dataset.prefetch(AUTOTUNE),
    }


def tutorial_fixed_order(folder):
    return tutorial_take_skip(folder, shuffle=False)


# 9. One stream, shuffled, cut in two; training images are augmented.
def one_stream(reshuffle=True):
    x, y = labelled_photographs(120)
    full = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(120, seed=0, reshuffle_each_iteration=reshuffle)
    augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
    train = full.skip(30).batch(16).map(lambda a, b: (augment(tf.cast(a, tf.float32), training=True), b))
    return {"model": classifier(), "train": train, "validation": full.take(30).batch(16)}


def one_stream_in_a_fixed_order():
    return one_stream(reshuffle=False)


# 10. "validation_data=test_data", and the number in the README comes from the same set.
def val_on_test_data(split=False):
    x, y = labelled_photographs(120)
    train_at, test_at = train_test_split(np.arange(120), test_size=0.25, stratify=y, random_state=42)
    if split:
        train_at, val_at = train_test_split(train_at, test_size=0.25, stratify=y[train_at], random_state=42)
    test_data = tf.data.Dataset.from_tensor_slices((x[test_at], y[test_at])).batch(32)
    val_data = tf.data.Dataset.from_tensor_slices((x[val_at], y[val_at])).batch(32) if split else test_data
    train_data = tf.data.Dataset.from_tensor_slices((x[train_at], y[train_at])).shuffle(100).batch(32)
    return {"model": classifier(), "train": train_data, "validation": val_data, "test": test_data}


def three_sets():
    return val_on_test_data(split=True)


# 11. A copy-paste slip: both are cut at the same place.
def sliced_alike(test=slice(160, 200)):
    data = np.random.RandomState(1).permutation(200)
    images, targets = photographs(200, 32), np.arange(200) % 3
    images, targets = images[data] / 255.0, targets[data]
    valid = slice(160, 200)
    return {
        "model": classifier(),
        "train": (images[:120], targets[:120]),
        "validation": (images[valid], targets[valid]),
        "test": (images[test], targets[test]),
    }


def sliced_apart():
    return sliced_alike(test=slice(120, 160))


PAIRS = [
    ("duplicates", scraped_twice, scraped_once),
    ("duplicates", flipped_then_split, split_then_flipped),
    ("duplicates", loader_with_two_seeds, loader_with_one_seed),
    ("duplicates", copied_folders, disjoint_folders),
    ("duplicates", repeated_reviews, reviews_once_each),
    ("groups-across-splits", split_by_image, split_by_patient),
    ("groups-across-splits", dataset_cut_by_hand, dataset_that_splits_itself),
    ("changing-split", tutorial_take_skip, tutorial_fixed_order),
    ("changing-split", one_stream, one_stream_in_a_fixed_order),
    ("validation-is-test", val_on_test_data, three_sets),
    ("validation-is-test", sliced_alike, sliced_apart),
]
