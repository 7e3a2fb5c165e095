# Roads from above: turned copies of images and masks, and colours changed in the model.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(60, side=48, seed=6)
X, Y = images.astype("float32"), masks.astype("float32")
turns = np.random.default_rng(0).integers(0, 4, len(X))
X = np.stack([np.rot90(x, k) for x, k in zip(X, turns, strict=True)])
Y = np.stack([np.rot90(y, k) for y, k in zip(Y, turns, strict=True)])
inputs = keras.Input((48, 48, 3))
x = inputs
x = layers.RandomBrightness(0.2)(x)
x = layers.Rescaling(1.0 / 255)(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs, name="roads")
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryIoU()])
model.fit(X, Y, batch_size=10, epochs=15)
