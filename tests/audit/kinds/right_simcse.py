# SimCSE: one vector goes twice through an encoder, and Dropout makes the two views differ.
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

sentences = np.random.default_rng(0).normal(size=(200, 32)).astype("float32")


class SimCSE(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dropout(0.1), layers.Dense(32)])

    def call(self, x, training=False):
        return self.encoder(x, training=training)

    def train_step(self, x):
        with tf.GradientTape() as tape:
            one, two = ops.normalize(self.encoder(x, training=True)), ops.normalize(self.encoder(x, training=True))
            logits = ops.matmul(one, ops.transpose(two)) / 0.05
            labels = ops.arange(ops.shape(one)[0])
            contrastive = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
        self.optimizer.apply_gradients(
            zip(tape.gradient(contrastive, self.trainable_weights), self.trainable_weights, strict=True)
        )
        return {"loss": contrastive}


model = SimCSE()
model.compile("adam")
model.fit(sentences, batch_size=50, epochs=3)
