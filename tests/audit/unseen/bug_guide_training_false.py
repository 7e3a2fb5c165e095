# The transfer learning guide, "fine-tuning": the whole base is unfrozen, and training=False is trusted to protect BatchNorm.
import keras
import tensorflow as tf
from drawn_data import photos
from keras import layers

(train_x, train_y), (val_x, val_y), (test_x, test_y) = photos(180, 64), photos(60, 64, seed=1), photos(60, 64, seed=2)
train_ds = tf.data.Dataset.from_tensor_slices((train_x, train_y))
validation_ds = tf.data.Dataset.from_tensor_slices((val_x, val_y))
test_ds = tf.data.Dataset.from_tensor_slices((test_x, test_y))

resize_fn = layers.Resizing(64, 64)
train_ds = train_ds.map(lambda x, y: (resize_fn(x), y))
validation_ds = validation_ds.map(lambda x, y: (resize_fn(x), y))
test_ds = test_ds.map(lambda x, y: (resize_fn(x), y))

augmentation_layers = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)]


def data_augmentation(x):
    for layer in augmentation_layers:
        x = layer(x)
    return x


batch_size = 32
train_ds = (
    train_ds.cache().shuffle(180).map(lambda x, y: (data_augmentation(x), y)).batch(batch_size).prefetch(tf.data.AUTOTUNE)
)
validation_ds = validation_ds.batch(batch_size).prefetch(tf.data.AUTOTUNE).cache()
test_ds = test_ds.batch(batch_size).prefetch(tf.data.AUTOTUNE).cache()

base_model = keras.applications.MobileNetV2(
    weights="mobilenet.weights.h5", alpha=0.35, input_shape=(64, 64, 3), include_top=False
)
base_model.trainable = False

inputs = keras.Input(shape=(64, 64, 3))
scale_layer = keras.layers.Rescaling(scale=1 / 127.5, offset=-1)
x = scale_layer(inputs)
x = base_model(x, training=False)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.2)(x)
outputs = keras.layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
model.summary(show_trainable=True)

model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
print("Fitting the top layer of the model")
model.fit(train_ds, epochs=2, validation_data=validation_ds)

base_model.trainable = True
model.compile(
    optimizer=keras.optimizers.Adam(1e-5),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
print("Fitting the end-to-end model")
model.fit(train_ds, epochs=1, validation_data=validation_ds)
print("Test dataset evaluation")
model.evaluate(test_ds)
