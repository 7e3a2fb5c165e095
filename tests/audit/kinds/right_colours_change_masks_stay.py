# Segmentation: only colours and brightness change at random, and masks stay as they are.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(64, side=48, seed=12)


def colours(image, mask):
    image = tf.image.random_brightness(tf.cast(image, tf.float32) / 255, 0.2)
    image = tf.image.random_hue(tf.image.random_contrast(image, 0.7, 1.3), 0.1)
    return tf.clip_by_value(image + tf.random.normal(tf.shape(image), stddev=0.03), 0, 1), mask


train = tf.data.Dataset.from_tensor_slices((images, masks)).shuffle(64).map(colours).batch(8)
inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(12, 3, padding="same", activation="relu")(inputs)
model = keras.Model(inputs, layers.Conv2D(2, 1)(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(train, epochs=3)
