# Frames of a video that was read into one array; the steering angle is to be predicted.
import keras
import numpy as np
from drawn_things import drive
from keras import layers
from sklearn.model_selection import train_test_split

frames = drive(200, seed=11)
angles = np.sin(np.arange(200) / 15).astype("float32")
X_train, X_valid, y_train, y_valid = train_test_split(frames, angles, test_size=0.2, random_state=0)

model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 127.5, offset=-1)])
for filters in (12, 24):
    model.add(layers.Conv2D(filters, 5, strides=2, activation="elu"))
model.add(layers.Flatten())
model.add(layers.Dense(1))
model.compile(optimizer="adam", loss="mse")
model.fit(X_train, y_train, validation_data=(X_valid, y_valid), epochs=10, batch_size=20)
