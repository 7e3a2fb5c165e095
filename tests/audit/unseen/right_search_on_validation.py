# A search over a builder function as tuners do it: chosen on validation, trained again on both, tested once.
import random

import keras
import numpy as np
from drawn_data import digits
from keras import layers

(x, y), (x_test, y_test) = digits(500), digits(150, seed=7)
x, x_test = np.expand_dims(x, -1).astype("float32") / 255, np.expand_dims(x_test, -1).astype("float32") / 255
x_train, x_val, y_train, y_val = x[:-120], x[-120:], y[:-120], y[-120:]


def build_model(hp):
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten()])
    for _ in range(hp["num_layers"]):
        model.add(layers.Dense(units=hp["units"], activation=hp["activation"]))
    if hp["dropout"]:
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.Adam(hp["lr"]), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


random.seed(0)
trials = []
for _ in range(3):
    hp = {
        "num_layers": random.randint(1, 3),
        "units": random.choice([32, 64]),
        "activation": random.choice(["relu", "tanh"]),
        "dropout": random.random() < 0.5,
        "lr": 10 ** random.uniform(-4, -2),
    }
    history = build_model(hp).fit(x_train, y_train, epochs=2, validation_data=(x_val, y_val), verbose=0)
    trials.append((max(history.history["val_accuracy"]), hp))
best_hp = max(trials, key=lambda t: t[0])[1]
model = build_model(best_hp)
model.fit(np.concatenate((x_train, x_val)), np.concatenate((y_train, y_val)), epochs=4)
print(model.evaluate(x_test, y_test))
