# Pairs for contrastive learning made with tf.data: the image is changed at random once for each view.
import keras
import tensorflow as tf
from drawn_things import textures
from keras import layers, ops

images = textures(160)[0]


def augment(x):
    x = tf.image.random_flip_left_right(tf.cast(x, tf.float32) / 255.0)
    x = tf.image.random_brightness(x, 0.3)
    return tf.image.random_crop(x, (24, 24, 3))


dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(160)
dataset = dataset.map(lambda x: (augment(x), augment(x))).batch(32, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


class BarlowTwins(keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def train_step(self, data):
        one, two = data
        with tf.GradientTape() as tape:
            za, zb = self.encoder(one, training=True), self.encoder(two, training=True)
            za = (za - ops.mean(za, axis=0)) / (ops.std(za, axis=0) + 1e-6)
            zb = (zb - ops.mean(zb, axis=0)) / (ops.std(zb, axis=0) + 1e-6)
            c = ops.matmul(ops.transpose(za), zb) / 32
            on = ops.sum(ops.square(ops.diagonal(c) - 1))
            loss = on + 0.005 * (ops.sum(ops.square(c)) - ops.sum(ops.square(ops.diagonal(c))))
        gradients = tape.gradient(loss, self.encoder.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.encoder.trainable_variables, strict=True))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


inputs = keras.Input((24, 24, 3))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = layers.Conv2D(32, 3, strides=2, activation="relu")(x)
encoder = keras.Model(inputs, layers.Dense(32)(layers.GlobalAveragePooling2D()(x)), name="resnet")
model = BarlowTwins(encoder)
model.compile(optimizer="adam")
model.fit(dataset, epochs=10)
