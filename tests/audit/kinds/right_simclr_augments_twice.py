# Contrastive pretraining in the style of keras.io: each view is augmented by itself.
import keras
import numpy as np
from drawn_things import textures
from keras import layers, ops

images = textures(128)[0].astype("float32") / 255


class ContrastiveModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomTranslation(0.2, 0.2)])
        self.encoder = keras.Sequential(
            [
                layers.Conv2D(16, 3, strides=2, activation="relu"),
                layers.Conv2D(32, 3, strides=2, activation="relu"),
                layers.GlobalAveragePooling2D(),
            ],
            name="encoder",
        )
        self.projection_head = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(32)], name="projection_head")
        self.tracker = keras.metrics.Mean(name="c_loss")

    @property
    def metrics(self):
        return [self.tracker]

    def contrastive_loss(self, one, two):
        one, two = ops.normalize(one, axis=1), ops.normalize(two, axis=1)
        similarities = ops.matmul(one, ops.transpose(two)) / 0.1
        labels = ops.arange(ops.shape(one)[0])
        loss = keras.losses.sparse_categorical_crossentropy
        return ops.mean(
            loss(labels, similarities, from_logits=True) + loss(labels, ops.transpose(similarities), from_logits=True)
        )

    def train_step(self, images):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            first, second = self.encoder(self.augment(images)), self.encoder(self.augment(images))
            loss = self.contrastive_loss(self.projection_head(first), self.projection_head(second))
        weights = self.encoder.trainable_weights + self.projection_head.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.tracker.update_state(loss)
        return {"c_loss": self.tracker.result()}


model = ContrastiveModel()
model.compile(optimizer=keras.optimizers.Adam())
history = model.fit(images, epochs=5, batch_size=32)
print(np.round(history.history["c_loss"], 3))
