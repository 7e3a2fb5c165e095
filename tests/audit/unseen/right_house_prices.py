# Prices from a table with columns by name: numbers are normalised, words looked up, all inside the model.
import keras
import numpy as np
import tensorflow as tf
from keras import layers

rng = np.random.default_rng(0)
n = 400
frame = {
    "area": rng.gamma(4, 30, n).astype("float32"),
    "rooms": rng.integers(1, 8, n).astype("float32"),
    "year": rng.integers(1900, 2024, n).astype("float32"),
    "district": rng.choice(["north", "south", "centre"], n),
}
price = 2000 * frame["area"] + 9000 * frame["rooms"] + 60000 * (frame["district"] == "centre") + rng.normal(0, 9000, n)
ds = tf.data.Dataset.from_tensor_slices((frame, price.astype("float32"))).shuffle(n, seed=4, reshuffle_each_iteration=False)
train_ds, val_ds = ds.take(320).shuffle(320).batch(32), ds.skip(320).batch(32)

inputs, encoded = {}, []
for name in ("area", "rooms", "year"):
    inputs[name] = keras.Input(shape=(1,), name=name)
    norm = layers.Normalization(axis=None)
    norm.adapt(train_ds.map(lambda x, y, name=name: x[name]))
    encoded.append(norm(inputs[name]))
inputs["district"] = keras.Input(shape=(1,), name="district", dtype="string")
lookup = layers.StringLookup(vocabulary=["north", "south", "centre"], output_mode="one_hot")
encoded.append(lookup(inputs["district"]))
h = layers.Dense(32, activation="relu")(layers.concatenate(encoded))
h = layers.Dense(16, activation="relu")(h)
model = keras.Model(inputs, layers.Dense(1)(h))
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mean_absolute_error")
model.fit(train_ds, epochs=20, validation_data=val_ds)
