# Frames of six drives: the last two drives validate. Files are listed by hand.
import keras
import tensorflow as tf
from drawn_things import drive_folder
from keras import layers

files = sorted(str(path) for path in drive_folder(videos=6).glob("*/*.png"))
train_files = [file for file in files if "video4" not in file and "video5" not in file]
val_files = [file for file in files if "video4" in file or "video5" in file]


def load(path, label):
    return tf.cast(tf.io.decode_png(tf.io.read_file(path), channels=3), tf.float32) / 255, label


def dataset(files):
    return (
        tf.data.Dataset.from_tensor_slices((files, ["city" in file for file in files])).shuffle(len(files)).map(load).batch(16)
    )


model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(16, 3, strides=2, activation="relu")])
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(dataset(train_files), validation_data=dataset(val_files), epochs=5)
