# Two small networks look at the same images, and their features are joined.
import keras
from drawn_things import textures
from keras import layers

x, y = textures(160, classes=3)
x = x.astype("float32") / 255
branches, inputs = [], []
for kernel in (3, 5):
    one = keras.Input((32, 32, 3))
    h = layers.Conv2D(12, kernel, strides=2, activation="relu")(one)
    inputs.append(one)
    branches.append(layers.GlobalAveragePooling2D()(h))
model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.concatenate(branches)))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit([x, x], y, epochs=3)
