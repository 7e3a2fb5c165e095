# Cats and dogs with a frozen MobileNetV2, then the whole network "with Adam".
import keras
import tensorflow as tf
from drawn_data import photos
from keras import layers

x, y = photos(160, 64)
x_val, y_val = photos(48, 64, seed=1)
train_ds = tf.data.Dataset.from_tensor_slices((x, y)).cache().shuffle(200).batch(32).prefetch(2)
val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(32)

base_model = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3), include_top=False
)
base_model.trainable = False

inputs = keras.Input(shape=(64, 64, 3))
h = layers.RandomFlip("horizontal")(inputs)
h = layers.RandomRotation(0.1)(h)
h = layers.Rescaling(scale=1 / 127.5, offset=-1)(h)
h = base_model(h, training=False)
h = layers.GlobalAveragePooling2D()(h)
h = layers.Dropout(0.2)(h)
outputs = layers.Dense(1)(h)
model = keras.Model(inputs, outputs)

model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
model.fit(train_ds, epochs=2, validation_data=val_ds)

base_model.trainable = True
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
model.fit(train_ds, epochs=1, validation_data=val_ds)
