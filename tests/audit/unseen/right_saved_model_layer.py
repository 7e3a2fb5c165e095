# A feature vector that somebody exported as a SavedModel, used through TFSMLayer under a head.
import tempfile

import keras
import tensorflow as tf
from drawn_data import photos
from keras import layers

teacher = keras.applications.MobileNetV2(
    input_shape=(64, 64, 3), alpha=0.35, include_top=False, pooling="avg", weights="mobilenet.weights.h5"
)
folder = tempfile.mkdtemp()
tf.saved_model.save(teacher, folder)

x_train, y_train = photos(180, 64, classes=3)
x_val, y_val = photos(60, 64, classes=3, seed=4)
inputs = keras.Input((64, 64, 3))
h = layers.Rescaling(1 / 127.5, -1)(inputs)
h = layers.TFSMLayer(folder, call_endpoint="serving_default", trainable=False)(h)
h = h[next(iter(h))] if isinstance(h, dict) else h
outputs = layers.Dense(3, activation="softmax")(h)
model = keras.Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=4, validation_data=(x_val, y_val))
