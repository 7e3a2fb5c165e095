# Heart disease from a data frame, after the structured data guide: FeatureSpace and two models, one for training, one to use.
import keras
import numpy as np
import pandas as pd
import tensorflow as tf

rng = np.random.default_rng(1)
n = 400
frame = pd.DataFrame(
    {
        "age": rng.integers(30, 78, n),
        "sex": rng.integers(0, 2, n),
        "thal": rng.choice(["fixed", "normal", "reversible"], n),
        "trestbps": rng.normal(130, 18, n).round(),
        "chol": rng.normal(245, 50, n).round(),
    }
)
frame["target"] = ((frame.age - 54) / 9 + frame.sex + (frame.thal == "reversible") + rng.normal(size=n) > 1.2).astype(int)
val_dataframe = frame.sample(frac=0.2, random_state=1337)
train_dataframe = frame.drop(val_dataframe.index)


def dataframe_to_dataset(dataframe):
    dataframe = dataframe.copy()
    labels = dataframe.pop("target")
    ds = tf.data.Dataset.from_tensor_slices((dict(dataframe), labels))
    return ds.shuffle(buffer_size=len(dataframe))


train_ds = dataframe_to_dataset(train_dataframe).batch(32)
val_ds = dataframe_to_dataset(val_dataframe).batch(32)
F = keras.utils.FeatureSpace
feature_space = F(
    features={
        "sex": F.integer_categorical(num_oov_indices=0),
        "thal": F.string_categorical(num_oov_indices=0),
        "age": F.float_discretized(num_bins=10),
        "trestbps": F.float_normalized(),
        "chol": F.float_normalized(),
    },
    crosses=[F.cross(feature_names=("sex", "age"), crossing_dim=32)],
    output_mode="concat",
)
feature_space.adapt(train_ds.map(lambda x, _: x))
preprocessed_train_ds = train_ds.map(lambda x, y: (feature_space(x), y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
preprocessed_val_ds = val_ds.map(lambda x, y: (feature_space(x), y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
encoded_features = feature_space.get_encoded_features()
x = keras.layers.Dense(32, activation="relu")(encoded_features)
x = keras.layers.Dropout(0.5)(x)
predictions = keras.layers.Dense(1, activation="sigmoid")(x)
training_model = keras.Model(inputs=encoded_features, outputs=predictions)
training_model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
training_model.fit(preprocessed_train_ds, epochs=20, validation_data=preprocessed_val_ds, verbose=2)
