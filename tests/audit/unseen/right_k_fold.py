# Five folds, a new network and a new scaler in each; after the chapter on house prices, but for classes.
import keras
import numpy as np
from drawn_data import table
from keras import layers
from sklearn.model_selection import StratifiedKFold

X, Y = table(300, columns=10)
kfold = StratifiedKFold(n_splits=5, shuffle=True, random_state=7)
cvscores = []
for train, test in kfold.split(X, Y):
    mean, std = X[train].mean(axis=0), X[train].std(axis=0)
    model = keras.models.Sequential()
    model.add(layers.Input((10,)))
    model.add(layers.Dense(12, activation="relu"))
    model.add(layers.Dense(8, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit((X[train] - mean) / std, Y[train], epochs=50, batch_size=10, verbose=0)
    scores = model.evaluate((X[test] - mean) / std, Y[test], verbose=0)
    cvscores.append(scores[1] * 100)
print(f"{np.mean(cvscores):.2f}% (+/- {np.std(cvscores):.2f}%)")
