# Images are read class by class, and fit() holds out the last fifth: one class alone.
import glob
import os

import keras
import numpy as np
from drawn_data import photo_folder
from keras import layers
from PIL import Image

folder = photo_folder(160, names=("bird", "cat", "dog", "horse"))
images, labels = [], []
for index, name in enumerate(sorted(os.listdir(folder))):
    for path in glob.glob(os.path.join(folder, name, "*.jpg")):
        images.append(np.array(Image.open(path)))
        labels.append(index)
images = np.array(images, dtype="float32") / 255.0
labels = np.array(labels)

model = keras.Sequential()
model.add(layers.Conv2D(16, (3, 3), activation="relu", input_shape=(48, 48, 3)))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, (3, 3), activation="relu"))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dense(4, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(images, labels, epochs=10, batch_size=32, validation_split=0.2)
