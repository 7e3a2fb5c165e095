# Churn: the rare class is repeated until both are as frequent, and the table is cut afterwards.
import keras
import numpy as np
from drawn_data import table
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

X, y = table(600, positive=0.15)
minority, majority = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
repeated = resample(minority, replace=True, n_samples=len(majority), random_state=27)
rows = np.concatenate([majority, repeated])
X, y = X[rows], y[rows]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=27)

mean, std = X_train.mean(axis=0), X_train.std(axis=0)
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std

model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy", keras.metrics.Recall()])
model.fit(X_train, y_train, epochs=20, batch_size=32, verbose=0, validation_split=0.1)
print(model.evaluate(X_test, y_test))
