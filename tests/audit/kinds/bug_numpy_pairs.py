# Two inputs, one encoder, a contrastive loss on the joined embeddings; the pairs are made with NumPy.
import keras
import numpy as np
from drawn_things import textures
from keras import layers, ops

images = textures(120)[0].astype("float32") / 255
rng = np.random.default_rng(0)


def augment(images):
    flipped = np.where(rng.random(len(images))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    return (flipped * rng.uniform(0.6, 1.4, (len(images), 1, 1, 3))).astype("float32")


def nt_xent(y_true, z):
    z = ops.normalize(z, axis=-1)
    similar = ops.matmul(z[:, 0], ops.transpose(z[:, 1])) / 0.2
    target = ops.arange(ops.shape(z)[0])
    return ops.mean(keras.losses.sparse_categorical_crossentropy(target, similar, from_logits=True))


one, two = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
encoder = keras.Sequential([layers.Conv2D(16, 3, strides=4, activation="relu"), layers.Flatten(), layers.Dense(16)])
pairs = keras.Model([one, two], ops.stack([encoder(one), encoder(two)], axis=1))
pairs.compile("adam", loss=nt_xent)
a = augment(images)
b = a.copy()
pairs.fit([a, b], np.zeros(len(a)), batch_size=30, epochs=4)
