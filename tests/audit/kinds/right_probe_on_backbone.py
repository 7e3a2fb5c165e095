# MoCo-like pretraining by hand; then a probe on the backbone's output.
import keras
import tensorflow as tf
from drawn_things import textures
from keras import layers, ops

x, y = textures(144, classes=3)
x = x.astype("float32") / 255


class MoCo(keras.Model):
    def __init__(self):
        super().__init__()
        self.backbone = keras.Sequential(
            [
                layers.Conv2D(16, 3, strides=2, activation="relu"),
                layers.Conv2D(32, 3, strides=2),
                layers.GlobalAveragePooling2D(),
            ]
        )
        self.proj = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(20)])
        self.flip = layers.RandomFlip()

    def train_step(self, x):
        with tf.GradientTape() as tape:
            q = ops.normalize(self.proj(self.backbone(self.flip(x, training=True))))
            k = ops.stop_gradient(ops.normalize(self.proj(self.backbone(self.flip(x, training=True)))))
            logits = ops.matmul(q, ops.transpose(k)) / 0.1
            loss = ops.mean(keras.losses.sparse_categorical_crossentropy(ops.arange(ops.shape(q)[0]), logits, from_logits=True))
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


moco = MoCo()
moco.compile("adam")
moco.fit(x, epochs=3, batch_size=36)
embeddings = moco.backbone(x).numpy()
probe = keras.Sequential([layers.Dense(3, activation="softmax")])
probe.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
probe.fit(embeddings[:100], y[:100], validation_data=(embeddings[100:], y[100:]), epochs=20)
