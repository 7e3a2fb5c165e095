# Weather: windows over a series, cut by time into three parts, normalised by the first.
import keras
import numpy as np

n = 3000
t = np.arange(n)
rng = np.random.default_rng(2)
temperature = 10 + 8 * np.sin(t / 140) + np.cumsum(rng.normal(0, 0.1, n))
raw_data = np.stack([temperature, 1000 + 5 * np.cos(t / 300) + rng.normal(size=n), rng.random(n)], axis=1)
num_train_samples, num_val_samples = int(0.5 * n), int(0.25 * n)
mean = raw_data[:num_train_samples].mean(axis=0)
raw_data -= mean
std = raw_data[:num_train_samples].std(axis=0)
raw_data /= std
sampling_rate, sequence_length, batch_size = 6, 20, 64
delay = sampling_rate * (sequence_length + 24 - 1)


def part(start, end, shuffle):
    return keras.utils.timeseries_dataset_from_array(
        raw_data[:-delay],
        targets=temperature[delay:],
        sampling_rate=sampling_rate,
        sequence_length=sequence_length,
        shuffle=shuffle,
        batch_size=batch_size,
        start_index=start,
        end_index=end,
    )


train_dataset = part(0, num_train_samples, True)
val_dataset = part(num_train_samples, num_train_samples + num_val_samples, True)
test_dataset = part(num_train_samples + num_val_samples, None, False)
inputs = keras.Input(shape=(sequence_length, 3))
x = keras.layers.LSTM(8, recurrent_dropout=0.25)(inputs)
x = keras.layers.Dropout(0.5)(x)
model = keras.Model(inputs, keras.layers.Dense(1)(x))
model.compile(optimizer="rmsprop", loss="mse", metrics=["mae"])
model.fit(train_dataset, epochs=3, validation_data=val_dataset)
print(f"Test MAE: {model.evaluate(test_dataset)[1]:.2f}")
