"""Programs whose classes, labels or images are at fault, each beside the same program with good data."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.model_selection import train_test_split

import tlcourse
from tests.audit.material import SPARSE, classifier, image_folders, labelled_photographs, photographs


# 1. Fifteen per cent of a test set that nobody shuffled: the first classes of the alphabet.
def first_of_the_alphabet(shuffled=False):
    x, y = labelled_photographs(300, classes=6)
    train_at, test_at = train_test_split(np.arange(300), test_size=0.5, stratify=y, random_state=0)
    if not shuffled:
        test_at = np.sort(test_at)
    train_data = tf.data.Dataset.from_tensor_slices((x[train_at], y[train_at])).shuffle(150).batch(16)
    test_data = tf.data.Dataset.from_tensor_slices((x[test_at], y[test_at])).batch(8)
    return {
        "model": classifier(6),
        "train": train_data,
        "validation": test_data.take(int(0.4 * len(test_data))),
        "test": test_data.skip(int(0.4 * len(test_data))),
    }


def mixed_before_it_was_cut():
    return first_of_the_alphabet(shuffled=True)


# 2. The last fifth of sorted arrays as validation set: a class that the training set lacks.
def last_fifth(shuffled=False):
    images, labels = labelled_photographs(200, classes=5)
    if shuffled:
        order = np.random.default_rng(3).permutation(200)
        images, labels = images[order], labels[order]
    split = int(0.8 * len(images))
    onehot = keras.utils.to_categorical(labels, 5)
    model = classifier(5)
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return {"model": model, "train": (images[:split], onehot[:split]), "validation": (images[split:], onehot[split:])}


def random_fifth():
    return last_fifth(shuffled=True)


# 2. Two batches of a loader that does not shuffle: each class of the others could be missing by chance, all of them could not.
def two_batches_of_the_first(shuffled=False):
    images, labels = labelled_photographs(180, classes=6)
    order = np.random.default_rng(5).permutation(180)
    train = tf.data.Dataset.from_tensor_slices((images[order], labels[order])).shuffle(180).batch(16)
    others, of_others = labelled_photographs(180, classes=6, seed=9)
    pick = order if shuffled else slice(None)
    validation = tf.data.Dataset.from_tensor_slices((others[pick], of_others[pick])).batch(12)
    return {"model": classifier(6), "train": train, "validation": validation.take(2)}


def two_batches_of_all():
    return two_batches_of_the_first(shuffled=True)


# 3. take(800) of 90 batches, and nothing is left.
def nothing_left(batches=800):
    ds = tf.data.Dataset.from_tensor_slices(labelled_photographs(180))
    ds = ds.shuffle(180, seed=1, reshuffle_each_iteration=False).batch(2)
    return {"model": classifier(), "train": ds.take(batches), "validation": ds.skip(batches)}


def something_left():
    return nothing_left(batches=70)


# 4. Fraud: 3 % of a table, measured by accuracy.
def rare_fraud(metrics=("accuracy",)):
    rng = np.random.default_rng(0)
    table, fraud = rng.normal(size=(1000, 12)).astype("float32"), np.zeros(1000)
    fraud[:30] = 1
    table[:30] += 1
    order = rng.permutation(1000)
    net = keras.Sequential([layers.Input((12,)), layers.Dense(16, "relu"), layers.Dense(1, activation="sigmoid")])
    net.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=list(metrics))
    return {"model": net, "train": (table[order], fraud[order])}


def rare_fraud_by_area_under_curve():
    return rare_fraud(metrics=("accuracy", keras.metrics.AUC(name="pr", curve="PR")))


# 5. Species as they were met, 20 times as many sparrows as kestrels; the fix weighs examples.
def long_tail(weighted=False):
    counts = (200, 60, 10)
    x, y = labelled_photographs(600)  # 200 of each, sorted
    kept = np.concatenate([200 * label + np.arange(count) for label, count in enumerate(counts)])
    kept = np.random.default_rng(1).permutation(kept)
    x, y = x[kept], y[kept]
    weights = (270 / (3 * np.array(counts)))[y]
    data = tf.data.Dataset.from_tensor_slices((x, y, weights) if weighted else (x, y)).shuffle(270).batch(32)
    return {"model": classifier(), "train": data, "class_names": ["sparrow", "blackcap", "kestrel"]}


def long_tail_with_weights():
    return long_tail(weighted=True)


# 6. A fifth of the labels was clicked in a hurry.
def hurried_labels(wrong=0.2):
    x, y = labelled_photographs(450)
    rng = np.random.default_rng(2)
    slips = rng.random(450) < wrong
    y = np.where(slips, (y + rng.integers(1, 3, 450)) % 3, y)
    return {"model": classifier(), "train": (x, y)}


def careful_labels():
    return hurried_labels(wrong=0.0)


# 7. A few images lie in two folders.
def in_two_folders(folder, moved=9):
    x, y = labelled_photographs(150)
    image_folders(folder, x, y)
    image_folders(folder, x[:moved], (y[:moved] + 1) % 3, start=700)
    return {"model": classifier(), "train": folder}


def in_one_folder(folder):
    return in_two_folders(folder, moved=0)


# 8. Downloads that failed: an error page and nothing, with the name of an image.
def failed_downloads(folder, failed=True):
    image_folders(folder, *labelled_photographs(60))
    if failed:
        (folder / "ash" / "a.jpg").write_bytes(b"<html><title>403 Forbidden</title></html>")
        (folder / "birch" / "b.png").write_bytes(b"")
        whole = (folder / "cedar" / "0050.png").read_bytes()
        (folder / "cedar" / "c.png").write_bytes(whole[: len(whole) // 2])
    return {"model": classifier(), "train": str(folder)}


def good_downloads(folder):
    return failed_downloads(folder, failed=False)


# 9. "This photo is no longer available", fifteen times.
def no_longer_available(times=15):
    x, y = labelled_photographs(150)
    x[np.arange(times) * 9] = photographs(1, 32, seed=99)
    return {"model": classifier(), "train": (x, y)}


def all_available():
    return no_longer_available(times=0)


# 10. The camera's cap was on.
def cap_on(dark=12):
    frames, labels = labelled_photographs(120)
    frames = frames.astype("float32")
    frames[:dark] = 0.0
    order = np.random.default_rng(0).permutation(120)
    return {"model": classifier(), "train": tf.data.Dataset.from_tensor_slices((frames[order], labels[order])).batch(30)}


def cap_off():
    return cap_on(dark=0)


# 11. The "new" task consists of what the backbone was pretrained on.
def seen_before(names=("Lemons", "basketball", "Egyptian_cat")):
    x, y = labelled_photographs(90)
    base = tlcourse.load_backbone("tiny_resnet", input_shape=(32, 32, 3), pooling="avg")
    tlcourse.freeze(base)
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    model.compile("adam", SPARSE, metrics=["accuracy"])
    return {"model": model, "train": (x, y), "class_names": list(names)}


def new_to_it():
    return seen_before(names=("lemon scab", "early blight", "healthy"))


PAIRS = [
    ("missing-classes", first_of_the_alphabet, mixed_before_it_was_cut),
    ("missing-classes", last_fifth, random_fifth),
    ("missing-classes", two_batches_of_the_first, two_batches_of_all),
    ("missing-classes", nothing_left, something_left),
    ("imbalance", rare_fraud, rare_fraud_by_area_under_curve),
    ("imbalance", long_tail, long_tail_with_weights),
    ("wrong-labels", hurried_labels, careful_labels),
    ("wrong-labels", in_two_folders, in_one_folder),
    ("unusable-images", failed_downloads, good_downloads),
    ("unusable-images", no_longer_available, all_available),
    ("unusable-images", cap_on, cap_off),
    ("classes-seen-in-pretraining", seen_before, new_to_it),
]
