# Dropout called with training=True, left over from an experiment with uncertainty.
import keras
from drawn_data import table
from keras import layers

x, y = table(400, columns=8)
mean, std = x.mean(axis=0), x.std(axis=0)
inputs = keras.Input(shape=(8,), name="measurements")
h = layers.Normalization(mean=mean, variance=std**2)(inputs)
h = layers.Dense(32, activation="gelu")(h)
h = layers.Dropout(0.4)(h, training=True)
out = layers.Dense(2, name="logits")(h)
model = keras.Model(inputs, out)
model.compile(
    keras.optimizers.AdamW(1e-3),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
)
model.fit(x, y, validation_split=0.25, epochs=10)
