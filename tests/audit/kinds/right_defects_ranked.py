# Defects on a production line, about one part in eighty.
import keras
import numpy as np
from drawn_things import transactions

parts, defect = transactions(3000, positive=0.012, seed=21)
train, test = slice(0, 2400), slice(2400, 3000)
model = keras.models.Sequential()
model.add(keras.layers.Input(shape=(12,)))
model.add(keras.layers.Dense(32, activation="relu"))
model.add(keras.layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["AUC"])
model.fit(parts[train], defect[train], epochs=10, batch_size=64, verbose=2)

scores = model.predict(parts[test])
worst = np.argsort(-scores[:, 0])[:60]  # as many as can be inspected
found = np.isin(np.arange(len(scores)), worst)
print("found", sum(1 for f, d in zip(found, defect[test], strict=True) if f and d), "of", np.sum(defect[test]))
