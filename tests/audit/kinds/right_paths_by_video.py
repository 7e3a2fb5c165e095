# Paths of frames in a Sequence of one's own; the last two drives validate.
import keras
import numpy as np
from drawn_things import drive_folder
from keras import layers
from PIL import Image

paths = np.array(sorted(map(str, drive_folder(videos=6, count=30).rglob("*.png"))))
late = np.array(["video4" in p or "video5" in p for p in paths])
train, valid = np.random.default_rng(0).permutation(paths[~late]), paths[late]


class Frames(keras.utils.PyDataset):
    def __init__(self, paths, batch=16):
        super().__init__()
        self.paths, self.batch = paths, batch

    def __len__(self):
        return -(-len(self.paths) // self.batch)

    def __getitem__(self, index):
        chosen = self.paths[index * self.batch : (index + 1) * self.batch]
        return np.stack([np.asarray(Image.open(p)) for p in chosen]), np.array(["highway" in p for p in chosen])


model = keras.Sequential(
    [keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Conv2D(16, 3, strides=2, activation="relu")]
)
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(Frames(train), validation_data=Frames(valid), epochs=4)
