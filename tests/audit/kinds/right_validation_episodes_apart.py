# Few-shot learning with episodes from a generator function: validation episodes have classes of their own.
import keras
import numpy as np
import tensorflow as tf
from drawn_things import glyphs
from keras import layers, ops

images, labels = glyphs(24, copies=6, seed=3)
by_class = {c: images[labels == c] for c in range(24)}
classes = np.arange(24)
order = np.random.default_rng(0).permutation(classes)
train_classes, test_classes = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) :]


def episodes(classes, count, seed):
    def draw():
        rng = np.random.default_rng(seed)
        for _ in range(count):
            chosen = rng.permutation(classes)[:5]
            picked = np.stack([rng.permutation(by_class[int(c)])[:3] for c in chosen])
            order = rng.permutation(10)
            query = picked[:, 1:].reshape(10, 20, 20, 1)[order]
            yield {"support_images": picked[:, 0], "query_images": query}, np.repeat(np.arange(5), 2)[order].astype("int32")

    signature = (
        {"support_images": tf.TensorSpec((5, 20, 20, 1)), "query_images": tf.TensorSpec((10, 20, 20, 1))},
        tf.TensorSpec((10,), tf.int32),
    )
    return tf.data.Dataset.from_generator(draw, output_signature=signature).batch(4)


class Matching(keras.Model):
    def __init__(self):
        super().__init__()
        self.net = keras.Sequential([layers.Conv2D(16, 3, 2, activation="relu"), layers.Flatten(), layers.Dense(32)])

    def call(self, batch):
        support, query = batch["support_images"], batch["query_images"]
        s = ops.reshape(self.net(ops.reshape(support, (-1, 20, 20, 1))), (-1, 5, 32))
        q = ops.reshape(self.net(ops.reshape(query, (-1, 20, 20, 1))), (-1, 10, 32))
        return ops.matmul(ops.normalize(q, axis=-1), ops.transpose(ops.normalize(s, axis=-1), (0, 2, 1))) * 10


model = Matching()
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(episodes(train_classes, 60, 0), validation_data=episodes(test_classes, 30, 1), epochs=5)
