# Scans of patients, split by patient, several images of each; EfficientNet takes 0 to 255; the whole net is tuned slowly.
import keras
import numpy as np
from drawn_data import photos
from keras import layers
from sklearn.model_selection import GroupShuffleSplit

rng = np.random.default_rng(0)
first, y_patient = photos(50, 64, classes=2)
patients = np.repeat(np.arange(50), 4)
scans = np.stack([np.roll(first[p], rng.integers(-9, 10, 2), axis=(0, 1)) for p in patients])
scans = np.clip(scans + rng.normal(0, 9, scans.shape), 0, 255).astype("float32")
y = y_patient[patients]
train, val = next(GroupShuffleSplit(1, test_size=0.3, random_state=0).split(scans, y, groups=patients))

base = keras.applications.EfficientNetB0(
    include_top=False, weights="efficientnet.weights.h5", input_shape=(64, 64, 3), pooling="avg"
)
for layer in base.layers:
    layer.trainable = not isinstance(layer, layers.BatchNormalization)
out = layers.Dense(1, activation="sigmoid")(base.output)
model = keras.Model(base.input, out)
schedule = keras.optimizers.schedules.CosineDecay(0.0, 200, warmup_target=3e-5, warmup_steps=20)
model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-4), "binary_crossentropy", metrics=["AUC"])
model.fit(scans[train], y[train], batch_size=16, epochs=3, validation_data=(scans[val], y[val]))
