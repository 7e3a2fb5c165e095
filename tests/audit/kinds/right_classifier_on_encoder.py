# Supervised contrastive learning: an encoder with a projection head, then a classifier on the encoder.
import keras
from drawn_things import textures
from keras import layers, ops

x, y = textures(200, classes=3)
x_val, y_val = textures(60, classes=3, seed=5)


def supervised_contrastive_loss(labels, z):
    z = ops.normalize(z, axis=1)
    logits = ops.matmul(z, ops.transpose(z)) / 0.1
    labels = ops.reshape(labels, (-1, 1))
    same = ops.cast(ops.equal(labels, ops.transpose(labels)), "float32")
    return -ops.sum(same * ops.log_softmax(logits, axis=1), axis=1) / ops.sum(same, axis=1)


inputs = keras.Input((32, 32, 3))
h = layers.Rescaling(1 / 255)(inputs)
for filters in (16, 32):
    h = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(h)
encoder = keras.Model(inputs, layers.GlobalAveragePooling2D()(h), name="encoder")
h = layers.Dense(32, activation="relu", name="projection_1")(encoder.output)
embedder = keras.Model(encoder.input, layers.Dense(24, name="projection_2")(h), name="embedder")
embedder.compile("adam", loss=supervised_contrastive_loss)
embedder.fit(x, y, batch_size=50, epochs=10)

embedder.trainable = False
inputs = keras.Input((32, 32, 3))
outputs = layers.Dense(3)(encoder(inputs))
classifier = keras.Model(inputs, outputs)
classifier.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
classifier.fit(x, y, validation_data=(x_val, y_val), epochs=10)
