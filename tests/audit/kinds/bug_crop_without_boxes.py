# Several boxes an image, padded with -1; the images are cut to their middle, and the boxes stay.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers

images, corners, _ = scenes(90, side=64, seed=15)
_, more, _ = scenes(90, side=64, seed=16)
boxes = np.full((90, 3, 4), -1.0, "float32")
boxes[:, 0], boxes[::2, 1] = corners, more[::2]
images = images[:, 8:56, 8:56]

labels = {"boxes": boxes, "classes": np.where(boxes[..., 0] >= 0, 0, -1)}
inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(16, 3, strides=4, activation="relu")(layers.Rescaling(1 / 255)(inputs))
x = layers.Flatten()(x)
outputs = {"boxes": layers.Reshape((3, 4), name="boxes")(layers.Dense(12)(x)), "classes": layers.Dense(3, name="classes")(x)}
detector = keras.Model(inputs, outputs)
detector.compile("adam", loss={"boxes": "mae", "classes": "mse"})
detector.fit(images, labels, epochs=4)
