# Sounds read with soundfile, cut to 2,400 samples, a small dense network on the raw samples.
import keras
import numpy as np
import soundfile as sf
from drawn_things import recordings
from keras import layers

files, y = recordings(20, seed=5)
clips = []
for name in files:
    audio, rate = sf.read(name, dtype="float32")
    audio = audio.mean(axis=0)  # mono
    clips.append(np.pad(audio, (0, max(0, 2400 - len(audio))))[:2400])
x = np.array(clips, dtype="float32")

model = keras.Sequential([keras.Input((2400,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5)
