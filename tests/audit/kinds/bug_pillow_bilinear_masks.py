# Masks read with Pillow and brought to the size of the network, in a Sequence.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers
from PIL import Image

images, _, masks = scenes(48, side=64, seed=18)


class CellData(keras.utils.PyDataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        rows = range(8 * index, 8 * index + 8)
        x = np.stack([np.asarray(Image.fromarray(images[i]).resize((40, 40))) for i in rows]) / 255.0
        y = (
            np.stack([np.asarray(Image.fromarray(masks[i, ..., 0] * 255).resize((40, 40), Image.BILINEAR)) for i in rows])
            / 255.0
        )
        return x.astype("float32"), y[..., None].astype("float32")


inputs = keras.Input((40, 40, 3))
x = layers.Conv2D(12, 3, padding="same", activation="relu")(inputs)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
model = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(CellData(), epochs=4)
