# A PyDataset over a data frame of files that is sorted by label; fit(shuffle=False), and nobody shuffles.
import math
from pathlib import Path

import keras
import numpy as np
from drawn_data import photo_folder
from keras import layers
from PIL import Image

root = Path(photo_folder(192, 32, ("anger", "fear", "joy")))
filenames = sorted(root.rglob("*.jpg"))
labels = [("anger", "fear", "joy").index(f.parent.name) for f in filenames]


class EmotionSequence(keras.utils.PyDataset):
    def __init__(self, x_set, y_set, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x_set, y_set
        self.batch_size = batch_size

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, idx):
        low = idx * self.batch_size
        high = min(low + self.batch_size, len(self.x))
        batch_x = self.x[low:high]
        batch_y = self.y[low:high]
        return np.array([np.asarray(Image.open(file)) / 255.0 for file in batch_x], dtype="float32"), np.array(batch_y)


model = keras.Sequential(
    [
        layers.Input((32, 32, 3)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(EmotionSequence(filenames, labels, 16), epochs=5, shuffle=False)
