# Omniglot-like alphabets: a sampler of episodes with names of characters.
import keras
import numpy as np
from drawn_things import glyphs
from keras import layers, ops

images, numbers = glyphs(24, copies=6, seed=8)
alphabets = {f"alphabet{a}": [f"alphabet{a}/character{c}" for c in range(6)] for a in range(4)}
drawings = {f"alphabet{i // 6}/character{i % 6}": images[numbers == i] for i in range(24)}


class Sampler(keras.utils.PyDataset):
    def __init__(self, characters, way=3, shot=1, **kwargs):
        super().__init__(**kwargs)
        self.characters, self.way, self.shot = sorted(characters), way, shot
        self.rng = np.random.default_rng(len(characters))

    def __len__(self):
        return 12

    def __getitem__(self, index):
        chosen = self.rng.choice(self.characters, self.way, replace=False)
        picked = [drawings[c][self.rng.permutation(6)[:3]] for c in chosen]
        support = np.stack([p[: self.shot] for p in picked]).reshape(1, -1, 20, 20, 1)
        query = np.stack([p[self.shot :] for p in picked]).reshape(1, -1, 20, 20, 1)
        return (support, query), np.repeat(np.arange(self.way), 2)[None]


class ProtoNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed = keras.Sequential([layers.Conv2D(8, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(24)])

    def call(self, inputs):
        support, query = (ops.reshape(self.embed(ops.reshape(x, (-1, 20, 20, 1))), (1, -1, 24)) for x in inputs)
        return -ops.sum(ops.square(query[:, :, None] - support[:, None]), axis=-1)


known = [c for name in alphabets if name != "alphabet3" for c in alphabets[name]]
new = alphabets["alphabet3"]
model = ProtoNet()
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(Sampler(known), epochs=3)
print(model.evaluate(Sampler(new)))
