# Which of two images resembles the anchor: three branches over a frozen ResNet, and a training step of its own.
import keras
import numpy as np
import tensorflow as tf
from drawn_data import photos
from keras import layers

images, labels = photos(120, 64, classes=3)
rng = np.random.default_rng(0)
same = [int(rng.choice(np.flatnonzero(labels == label))) for label in labels]
other = [int(rng.choice(np.flatnonzero(labels != label))) for label in labels]
images = images.astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((images, images[same], images[other])).shuffle(
    120, seed=0, reshuffle_each_iteration=False
)
train, val = dataset.take(96).batch(16).prefetch(4), dataset.skip(96).batch(16).prefetch(4)

base_cnn = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3), include_top=False
)
flat = layers.GlobalAveragePooling2D()(base_cnn.output)
embedding = keras.Model(base_cnn.input, layers.Dense(32)(layers.Dense(64, activation="relu")(flat)), name="embedding")
for layer in base_cnn.layers:
    layer.trainable = False


class Distance(layers.Layer):
    def call(self, anchor, positive, negative):
        near = tf.reduce_sum(tf.square(anchor - positive), -1)
        return near, tf.reduce_sum(tf.square(anchor - negative), -1)


names = ("anchor", "positive", "negative")
inputs = [keras.Input((64, 64, 3), name=name) for name in names]
prepare = keras.applications.mobilenet_v2.preprocess_input
network = keras.Model(inputs, Distance()(*(embedding(prepare(image)) for image in inputs)))


class Siamese(keras.Model):
    def __init__(self, network, margin=0.5):
        super().__init__()
        self.network, self.margin = network, margin
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, inputs):
        return self.network(inputs)

    def triplet_loss(self, data):
        near, far = self.network(data)
        return tf.maximum(near - far + self.margin, 0.0)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self.triplet_loss(data)
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights, strict=True))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    def test_step(self, data):
        self.loss_tracker.update_state(self.triplet_loss(data))
        return {"loss": self.loss_tracker.result()}

    @property
    def metrics(self):
        return [self.loss_tracker]


model = Siamese(network)
model.compile(optimizer=keras.optimizers.Adam(0.0001))
model.fit(train, epochs=10, validation_data=val)
