# Credit card fraud, as on Kaggle: about one transaction in a hundred is one.
import keras
import numpy as np
from drawn_things import transactions
from keras import layers

X_train, y_train = transactions(4000, seed=0)
X_test, y_test = transactions(2000, seed=1)
mean, std = X_train.mean(axis=0), X_train.std(axis=0)
X_train, X_test = (X_train - mean) / std, (X_test - mean) / std

model = keras.Sequential([keras.Input((12,)), layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[keras.metrics.AUC(name="auprc", curve="PR")])
model.fit(X_train, y_train, batch_size=256, epochs=20, validation_data=(X_test, y_test))

probabilities = model.predict(X_test)
y_pred = (probabilities.ravel() > 0.5).astype(int)
print("caught:", np.sum(y_pred[y_test == 1]), "of", np.sum(y_test))
print("false alarms:", np.sum(y_pred[y_test == 0]))
