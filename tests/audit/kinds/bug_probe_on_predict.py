# A linear probe after contrastive training: the features are what the whole model predicts.
import keras
import numpy as np
import tensorflow as tf
from drawn_things import textures
from keras import layers, ops

x, y = textures(160)
x_test, y_test = textures(60, seed=1)
x, x_test = x.astype("float32") / 255, x_test.astype("float32") / 255
augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomZoom(0.2), layers.RandomContrast(0.3)])


class SimCLR(keras.Model):
    def __init__(self, encoder, projector, temperature=0.2, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.projector, self.temperature = encoder, projector, temperature

    def call(self, x, training=False):
        return self.projector(self.encoder(x, training=training), training=training)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z1 = ops.normalize(self(augment(data, training=True), training=True))
            z2 = ops.normalize(self(augment(data, training=True), training=True))
            logits = ops.matmul(z1, ops.transpose(z2)) / self.temperature
            labels = ops.arange(ops.shape(z1)[0])
            loss = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
        )
        return {"loss": loss}


encoder = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Conv2D(16, 3, 2, activation="relu"),
        layers.Conv2D(48, 3, 2, activation="relu"),
        layers.GlobalMaxPooling2D(),
    ]
)
projector = keras.Sequential([keras.Input((48,)), layers.Dense(48, activation="relu"), layers.Dense(16)])
simclr = SimCLR(encoder, projector)
simclr.compile(keras.optimizers.Adam(1e-3))
simclr.fit(x, epochs=20, batch_size=40)

features = simclr.predict(x)
probe = keras.Sequential([keras.Input((features.shape[1],)), layers.Dense(4, activation="softmax")])
probe.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
probe.fit(features, y, epochs=50)
print(probe.evaluate(simclr.predict(x_test), y_test))
print(np.shape(features))
