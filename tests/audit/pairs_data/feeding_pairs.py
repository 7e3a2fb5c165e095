"""Programs that feed the training set wrongly, each beside the same program that feeds it well."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tests.audit.material import classifier, image_folders, labelled_photographs

AUTOTUNE = tf.data.AUTOTUNE


def pipeline_of_arrays(count=120):
    x, y = labelled_photographs(count)
    return tf.data.Dataset.from_tensor_slices((x.astype("float32"), y)), count


# 1. The Keras guide to transfer learning: layers that augment, then batch, prefetch and cache.
def guide_caches_last(cache_last=True):
    train_ds, n = pipeline_of_arrays()
    augmentation_layers = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)]

    def data_augmentation(x):
        for layer in augmentation_layers:
            x = layer(x)
        return x

    train_ds = train_ds.shuffle(n)
    if not cache_last:
        train_ds = train_ds.cache()
    train_ds = train_ds.map(lambda x, y: (data_augmentation(x), y))
    train_ds = train_ds.batch(32).prefetch(AUTOTUNE)
    if cache_last:
        train_ds = train_ds.cache()
    return {"model": classifier(), "train": train_ds}


def guide_caches_first():
    return guide_caches_last(cache_last=False)


# 2. Random crops inside the function that prepares an example.
def cached_random_crops(random=True):
    ds, n = pipeline_of_arrays()

    @tf.function
    def prepare(image, label):
        image = tf.image.resize_with_crop_or_pad(image, 36, 36)
        if random:
            image = tf.image.random_crop(image, (32, 32, 3))
            image = tf.image.random_brightness(image, 20.0)
        else:
            image = image[2:34, 2:34]
        return tf.clip_by_value(image, 0.0, 255.0), label

    return {"model": classifier(), "train": ds.map(prepare, num_parallel_calls=AUTOTUNE).cache().shuffle(n).batch(16)}


def cached_centre_crops():
    return cached_random_crops(random=False)


# 3. A seed that was meant to make the program repeatable makes the augmentation one and the same.
def constant_seed(constant=True):
    ds, n = pipeline_of_arrays()
    generator = tf.random.Generator.from_seed(11)

    def augment(image, label):
        seed = (1, 2) if constant else generator.make_seeds(1)[:, 0]
        return tf.image.stateless_random_brightness(image, max_delta=40.0, seed=seed), label

    return {"model": classifier(), "train": ds.shuffle(n).map(augment).batch(24).prefetch(1)}


def new_seed_for_each():
    return constant_seed(constant=False)


# 4. Arrays that lie sorted on disk, through tf.data.
def sorted_arrays(shuffled=False):
    train_ds, n = pipeline_of_arrays(240)
    if shuffled:
        train_ds = train_ds.shuffle(buffer_size=n)
    return {"model": classifier(), "train": train_ds.batch(20).prefetch(AUTOTUNE)}


def shuffled_arrays():
    return sorted_arrays(shuffled=True)


# 5. A sequence over a sorted list of files.
class Pictures(keras.utils.PyDataset):
    def __init__(self, images, labels, batch_size=16, mixed=True):
        super().__init__()
        self.images, self.labels, self.batch_size, self.mixed = images, labels, batch_size, mixed
        self.on_epoch_end()

    def on_epoch_end(self):
        self.order = np.random.default_rng(0).permutation(len(self.labels)) if self.mixed else np.arange(len(self.labels))

    def __len__(self):
        return math.ceil(len(self.labels) / self.batch_size)

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return self.images[chosen].astype("float32"), self.labels[chosen]


def sequence_in_order(mixed=False):
    return {"model": classifier(), "train": Pictures(*labelled_photographs(160), mixed=mixed)}


def sequence_mixed():
    return sequence_in_order(mixed=True)


# 6. shuffle=False copied from the call for the test set.
def loader_not_shuffled(folder, shuffle=False):
    image_folders(folder, *labelled_photographs(120))
    data = keras.utils.image_dataset_from_directory(folder, image_size=(32, 32), batch_size=12, shuffle=shuffle, verbose=False)
    return {"model": classifier(), "train": data}


def loader_shuffled(folder):
    return loader_not_shuffled(folder, shuffle=True)


# 7. Whole batches are shuffled.
def shuffled_after_batch(after=True):
    ds, n = pipeline_of_arrays(240)
    ds = ds.batch(16).shuffle(n) if after else ds.shuffle(n).batch(16)
    return {"model": classifier(), "train": ds}


def shuffled_before_batch():
    return shuffled_after_batch(after=False)


# 8. A buffer of the usual 100, a set that is sorted and larger.
def small_buffer(buffer=60):
    train, _ = pipeline_of_arrays(600)
    train = train.cache().shuffle(buffer).map(lambda x, y: (tf.image.random_flip_left_right(x), y)).batch(32)
    return {"model": classifier(), "train": train.prefetch(AUTOTUNE)}


def large_buffer():
    return small_buffer(buffer=600)


PAIRS = [
    ("frozen-augmentation", guide_caches_last, guide_caches_first),
    ("frozen-augmentation", cached_random_crops, cached_centre_crops),
    ("frozen-augmentation", constant_seed, new_seed_for_each),
    ("not-shuffled", sorted_arrays, shuffled_arrays),
    ("not-shuffled", sequence_in_order, sequence_mixed),
    ("not-shuffled", loader_not_shuffled, loader_shuffled),
    ("not-shuffled", shuffled_after_batch, shuffled_before_batch),
    ("small-shuffle-buffer", small_buffer, large_buffer),
]
