# City or highway, from frames of a camera in a car; a folder a class, split by video.
import re

import keras
import numpy as np
import tensorflow as tf
from drawn_things import drive_folder
from keras import layers
from sklearn.model_selection import GroupShuffleSplit

files = np.array(sorted(str(path) for path in drive_folder(videos=20, count=12).glob("*/*.png")))
labels = np.array(["city" in file for file in files]).astype("int32")
video_of_each_file = [re.search("video[0-9]+", file).group() for file in files]
train_at, val_at = next(GroupShuffleSplit(test_size=0.2, random_state=0).split(files, groups=video_of_each_file))


def load(path, label):
    return tf.ensure_shape(tf.io.decode_png(tf.io.read_file(path), channels=3), (32, 32, 3)), label


order = np.random.default_rng(0).permutation(train_at)
train_ds = tf.data.Dataset.from_tensor_slices((files[order], labels[order])).shuffle(200).map(load).batch(16)
val_ds = tf.data.Dataset.from_tensor_slices((files[val_at], labels[val_at])).map(load).batch(16)

model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    ]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train_ds.prefetch(tf.data.AUTOTUNE), validation_data=val_ds, epochs=10)
