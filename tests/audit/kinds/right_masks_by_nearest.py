# Pets in the style of the TensorFlow tutorial: images and masks are resized each in its way.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

size = (48, 48)
images, _, masks = scenes(80, side=64)
masks = masks * 2  # 0 background, 1 border (drawn by nobody here), 2 pet


def load_image(image, mask):
    image = tf.image.resize(image, (48, 48)) / 255.0
    mask = tf.image.resize(mask, size, method="nearest")
    return image, mask


ds = tf.data.Dataset.from_tensor_slices((images, masks))
train, val = ds.take(64).map(load_image).shuffle(64).batch(16), ds.skip(64).map(load_image).batch(16)

inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
model = keras.Model(inputs, layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train, epochs=20, validation_data=val)
