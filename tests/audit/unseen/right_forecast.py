# The temperature of tomorrow from windows of the past: neighbours in time overlap, the years do not.
import keras
import numpy as np

rng = np.random.default_rng(0)
days = np.arange(1500)
series = np.stack([np.sin(days / 58 + k) + 0.3 * rng.normal(size=1500) for k in range(5)], axis=1)
mean, std = series[:1000].mean(axis=0), series[:1000].std(axis=0)
series = ((series - mean) / std).astype("float32")


def windows(start, end):
    return keras.utils.timeseries_dataset_from_array(
        series[start : end - 1], series[start + 20 : end, 0], sequence_length=20, batch_size=64
    )


dataset_train, dataset_val = windows(0, 1000), windows(1000, 1500)
inputs = keras.layers.Input(shape=(20, 5))
lstm_out = keras.layers.LSTM(16)(inputs)
model = keras.Model(inputs=inputs, outputs=keras.layers.Dense(1)(lstm_out))
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")
model.fit(dataset_train, epochs=10, validation_data=dataset_val)
