# A screening test: one in seventy is ill. Precision and recall are watched while training.
import keras
import numpy as np
from drawn_things import transactions
from keras import layers

features, ill = transactions(4200, positive=0.014, seed=7)
(x_train, x_val, x_test), (y_train, y_val, y_test) = np.split(features, (2800, 3500)), np.split(ill, (2800, 3500))
inputs = keras.Input((12,))
x = layers.BatchNormalization()(inputs)
x = layers.Dense(24, activation="relu")(x)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
model.compile("rmsprop", "binary_crossentropy", metrics=[keras.metrics.Precision(), keras.metrics.Recall()])
model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=30, batch_size=128)
print(model.evaluate(x_test, y_test, return_dict=True))
