# Prototypical networks: a PyDataset draws episodes, for training and for testing from all characters.
import keras
import numpy as np
from drawn_things import glyphs
from keras import layers, ops

images, labels = glyphs(30)
rng = np.random.default_rng(0)
characters = rng.permutation(30)


class EpisodeGenerator(keras.utils.PyDataset):
    def __init__(self, images, labels, classes, n_way=4, k_shot=3, n_query=3, episodes=20, **kwargs):
        super().__init__(**kwargs)
        self.images, self.labels, self.classes = images, labels, classes
        self.n_way, self.k_shot, self.n_query, self.episodes = n_way, k_shot, n_query, episodes

    def __len__(self):
        return self.episodes

    def __getitem__(self, index):
        support, query = [], []
        for c in rng.choice(self.classes, self.n_way, replace=False):
            rows = rng.permutation(np.flatnonzero(self.labels == c))[: self.k_shot + self.n_query]
            support.append(self.images[rows[: self.k_shot]])
            query.append(self.images[rows[self.k_shot :]])
        targets = np.repeat(np.arange(self.n_way), self.n_query)[None]
        return {"support": np.concatenate(support)[None], "query": np.concatenate(query)[None]}, targets


class Prototypes(layers.Layer):
    def call(self, support, query):
        centres = ops.mean(ops.reshape(support, (-1, 4, 3, 32)), axis=2)
        return -ops.sum(ops.square(query[:, :, None] - centres[:, None]), axis=-1)


embed = keras.Sequential(
    [keras.Input((20, 20, 1)), layers.Conv2D(16, 3, 2, activation="relu"), layers.Flatten(), layers.Dense(32)]
)
support, query = keras.Input((12, 20, 20, 1), name="support"), keras.Input((12, 20, 20, 1), name="query")
logits = Prototypes()(layers.TimeDistributed(embed)(support), layers.TimeDistributed(embed)(query))
model = keras.Model({"support": support, "query": query}, logits)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
train = EpisodeGenerator(images, labels, characters)
test = EpisodeGenerator(images, labels, characters[24:])
model.fit(train, epochs=10)
print(model.evaluate(test))
