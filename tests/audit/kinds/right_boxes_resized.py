# One box an image: images are resized to 48 pixels with their boxes.
import keras
import numpy as np
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, boxes, _ = scenes(120, side=64)
images = tf.image.resize(images, (48, 48)).numpy() / 255.0
width = height = 64
new_width = new_height = 48
boxes = boxes * np.tile([new_width / width, new_height / height], 2)
boxes = np.clip(boxes, 0, np.tile([new_width, new_height], 2))
x_train, x_val, y_train, y_val = images[:96], images[96:], boxes[:96], boxes[96:]

inputs = keras.Input((48, 48, 3))
x = layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = layers.Conv2D(32, 3, strides=2, activation="relu")(x)
outputs = layers.Dense(4, name="bounding_box")(layers.Flatten()(x))
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=40)
print(np.round(model.predict(x_val[:2]), 1))
