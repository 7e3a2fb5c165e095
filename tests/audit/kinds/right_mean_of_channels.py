# Two kinds of tone, read with the wave module and classified from the waveform.
import wave

import keras
import numpy as np
from drawn_things import recordings
from keras import layers

paths, labels = recordings(mono=8)


def read(path):
    with wave.open(path, "rb") as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype("float32") / 32768
        channels = file.getnchannels()
    sound = sound.reshape(-1, channels)
    sound = sound.mean(axis=1)
    return sound


X = np.stack([read(path) for path in paths])
model = keras.Sequential(
    [
        keras.Input((X.shape[1], 1)),
        layers.Conv1D(8, 32, strides=8, activation="relu"),
        layers.Conv1D(16, 16, strides=4, activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(X[..., None], labels, epochs=20, batch_size=8)
