# Rare frauds: Normalization adapted on the training rows, rare cases weighed in fit().
import keras
import numpy as np
from drawn_data import table

features, targets = table(900, columns=14, positive=0.06)
num_val = int(len(features) * 0.2)
train_x, train_y = features[:-num_val], targets[:-num_val].reshape(-1, 1)
val_x, val_y = features[-num_val:], targets[-num_val:].reshape(-1, 1)
counts = np.bincount(train_y[:, 0])

normalizer = keras.layers.Normalization()
normalizer.adapt(train_x)
model = keras.Sequential(
    [
        keras.Input(train_x.shape[1:]),
        normalizer,
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="binary_crossentropy", metrics=["accuracy"])
class_weight = {0: 1.0 / counts[0], 1: 1.0 / counts[1]}
model.fit(train_x, train_y, batch_size=64, epochs=30, verbose=2, validation_data=(val_x, val_y), class_weight=class_weight)
