# City or highway, from frames of a camera in a car; a folder a class, split at random.
import keras
import tensorflow as tf
from drawn_things import drive_folder
from keras import layers

data_dir = drive_folder()
train_ds, val_ds = keras.utils.image_dataset_from_directory(
    data_dir, validation_split=0.2, subset="both", seed=123, image_size=(32, 32), batch_size=16
)
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
    ]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train_ds.prefetch(tf.data.AUTOTUNE), validation_data=val_ds, epochs=10)
