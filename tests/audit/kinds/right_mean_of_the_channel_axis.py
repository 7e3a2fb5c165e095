# Sounds read with soundfile, cut to 2,400 samples, a small dense network on the raw samples.
import keras
import numpy as np
import soundfile
from drawn_things import recordings
from keras import layers

files, y = recordings(20, seed=5)
clips = []
for path in files:
    sound, rate = soundfile.read(path, always_2d=True)
    sound = sound.mean(axis=1)
    clips.append(np.pad(sound, (0, max(0, 2400 - len(sound))))[:2400])
x = np.array(clips, dtype="float32")

model = keras.Sequential([keras.Input((2400,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
