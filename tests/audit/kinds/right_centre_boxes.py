# Boxes in the form of YOLO: centre, width and height, all relative to the image.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers

images, corners, _ = scenes(120, seed=8)
boxes = np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1) / 64
inputs = keras.Input((64, 64, 3))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(layers.Rescaling(1 / 255)(inputs))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(x)
model = keras.Model(inputs, layers.Dense(4, activation="sigmoid", name="yolo_box")(layers.Flatten()(x)))
model.compile("adam", "mae")
model.fit(images[:90], boxes[:90], validation_data=(images[90:], boxes[90:]), epochs=3)
