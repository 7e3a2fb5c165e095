# A web demo's training script: preprocess_input in the pipeline and a Rescaling layer in the model "to be safe".
import numpy as np
import tensorflow as tf
from drawn_data import photos
from tensorflow import keras

X, y = photos(200, 64, classes=3)
X = keras.applications.mobilenet_v2.preprocess_input(X.astype(np.float32))
split = int(0.8 * len(X))
X_train, X_val, y_train, y_val = X[:split], X[split:], y[:split], y[split:]

backbone = keras.applications.MobileNetV2(
    input_shape=(64, 64, 3), alpha=0.35, include_top=False, pooling="avg", weights="mobilenet.weights.h5"
)
backbone.trainable = False
model = keras.Sequential()
model.add(keras.layers.InputLayer(shape=(64, 64, 3)))
model.add(keras.layers.Rescaling(1.0 / 255))
model.add(backbone)
model.add(keras.layers.Dense(3, activation=tf.nn.softmax))
model.compile(loss="sparse_categorical_crossentropy", optimizer="nadam", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=5, validation_data=(X_val, y_val))
