# Three classes a pixel: ground, a thin border, and the thing. The border is a class of its own, void pixels are 255.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers
from scipy.ndimage import binary_dilation

images, _, masks = scenes(60, side=48, seed=13)
wide = np.stack([binary_dilation(mask[..., 0]) for mask in masks])
trimaps = (2 * masks[..., 0] + (wide & (masks[..., 0] == 0))).astype("uint8")
trimaps[:, :2] = 255
inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(12, 3, padding="same", activation="relu")(layers.Rescaling(1 / 255)(inputs))
model = keras.Model(inputs, layers.Conv2D(3, 1)(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255))
model.fit(images, trimaps, epochs=3)
