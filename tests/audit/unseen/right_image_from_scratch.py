# Two kinds of photographs, a small Xception from scratch, augmentation in the pipeline.
import keras
import tensorflow as tf
from drawn_data import photo_folder
from keras import layers

train_ds, val_ds = keras.utils.image_dataset_from_directory(
    photo_folder(160), validation_split=0.2, subset="both", seed=1337, image_size=(48, 48), batch_size=32
)
augmentation = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)]


def augment(images):
    for layer in augmentation:
        images = layer(images)
    return images


train_ds = train_ds.map(lambda img, label: (augment(img), label), num_parallel_calls=tf.data.AUTOTUNE)
train_ds, val_ds = train_ds.prefetch(tf.data.AUTOTUNE), val_ds.prefetch(tf.data.AUTOTUNE)


def make_model(input_shape):
    inputs = keras.Input(shape=input_shape)
    x = layers.Rescaling(1.0 / 255)(inputs)
    x = layers.Conv2D(16, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    previous = x
    for size in (24, 32):
        x = layers.Activation("relu")(x)
        x = layers.SeparableConv2D(size, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.add([x, layers.Conv2D(size, 1, strides=2, padding="same")(previous)])
        previous = x
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.25)(x)
    return keras.Model(inputs, layers.Dense(1, activation=None)(x))


model = make_model((48, 48, 3))
model.compile(
    optimizer=keras.optimizers.Adam(3e-4),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy(name="acc")],
)
model.fit(train_ds, epochs=25, callbacks=[keras.callbacks.ModelCheckpoint("save_at_{epoch}.keras")], validation_data=val_ds)
