# Augmentation as a step of the pipeline, with "cache for speed" behind it.
import keras
import tensorflow as tf
from drawn_data import photos
from keras import layers

IMG_SIZE, AUTOTUNE = 48, tf.data.AUTOTUNE
(train_x, train_y), (test_x, test_y) = photos(200, classes=3), photos(60, classes=3, seed=1)


def normalise(image, label):
    return tf.image.resize(tf.cast(image, tf.float32) / 255.0, (IMG_SIZE, IMG_SIZE)), label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, max_delta=0.1)
    return tf.image.random_contrast(image, 0.9, 1.1), label


ds_train = tf.data.Dataset.from_tensor_slices((train_x, train_y))
ds_train = ds_train.map(normalise, AUTOTUNE).map(augment, AUTOTUNE).cache().shuffle(200).batch(32).prefetch(AUTOTUNE)
ds_test = tf.data.Dataset.from_tensor_slices((test_x, test_y)).map(normalise, AUTOTUNE).batch(32).cache()

model = keras.Sequential(
    [
        keras.Input((IMG_SIZE, IMG_SIZE, 3)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(3),
        layers.Conv2D(16, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(ds_train, epochs=5, validation_data=ds_test)
