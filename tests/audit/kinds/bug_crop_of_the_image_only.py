# Random shifts for segmentation, with tf.image; the mask is always cut in the middle.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(64, side=64, seed=19)


def crop(image, mask):
    image = tf.cast(image, tf.float32) / 255
    return tf.image.random_crop(image, (48, 48, 3)), mask[8:56, 8:56]


train = tf.data.Dataset.from_tensor_slices((images, masks)).repeat(2).map(crop).shuffle(128).batch(16)
inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(12, 3, padding="same", activation="relu")(inputs)
model = keras.Model(inputs, layers.Conv2D(2, 1, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train, epochs=4)
