# Recordings with two channels: averaged once, and brought to one loudness, each by itself.
import keras
import numpy as np
import soundfile as sf
from drawn_things import recordings
from keras import layers

paths, y = recordings(20, seed=9)
x = []
for path in paths:
    sound = sf.read(path, always_2d=True)[0].mean(axis=1)
    x.append(0.05 * sound / sound.std())
x = np.array(x, dtype="float32")
model = keras.Sequential(
    [keras.Input((x.shape[1],)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")]
)
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=3)
