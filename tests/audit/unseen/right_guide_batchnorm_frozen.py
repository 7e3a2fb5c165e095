# The transfer learning guide done as its readers learned to: BatchNorm layers are frozen before the second compile.
import keras
import tensorflow as tf
from drawn_data import photo_folder
from keras import layers

train_dir, val_dir = photo_folder(160, 64), photo_folder(64, 64, seed=1)
train_ds = keras.utils.image_dataset_from_directory(train_dir, label_mode="binary", image_size=(64, 64), batch_size=32, seed=1)
val_ds = keras.utils.image_dataset_from_directory(val_dir, label_mode="binary", image_size=(64, 64), batch_size=32)
augment = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
train_ds = train_ds.map(lambda x, y: (augment(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)

base_model = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3), include_top=False
)
base_model.trainable = False
inputs = keras.Input(shape=(64, 64, 3))
x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
x = base_model(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
outputs = layers.Dense(1)(layers.Dropout(0.2)(x))
model = keras.Model(inputs, outputs)
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile(optimizer=keras.optimizers.Adam(), loss=loss, metrics=[keras.metrics.BinaryAccuracy()])
model.fit(train_ds, epochs=2, validation_data=val_ds)

base_model.trainable = True
for layer in base_model.layers:
    if isinstance(layer, layers.BatchNormalization):
        layer.trainable = False
model.compile(optimizer=keras.optimizers.Adam(1e-5), loss=loss, metrics=[keras.metrics.BinaryAccuracy()])
model.fit(train_ds, epochs=5, validation_data=val_ds)
