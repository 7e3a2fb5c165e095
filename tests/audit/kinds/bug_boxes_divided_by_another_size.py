# A detector with two heads, class and box; relative boxes, as in a csv of annotations.
import keras
import tensorflow as tf
from drawn_things import scenes, textures
from keras import layers

size = 64
images, corners, _ = scenes(96, side=size, seed=2)
classes = textures(96, seed=2)[1]
boxes = corners / 48  # the size of the network that the script was written for
train_ds = tf.data.Dataset.from_tensor_slices((images, {"label": classes, "bbox": boxes}))
train_ds = train_ds.shuffle(96).batch(16).prefetch(tf.data.AUTOTUNE)

inputs = keras.Input((size, size, 3))
x = layers.Rescaling(1 / 255)(inputs)
for filters in (16, 32, 32):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
label = layers.Dense(4, activation="softmax", name="label")(x)
bbox = layers.Dense(4, activation="sigmoid", name="bbox")(layers.Dense(32, activation="relu")(x))
model = keras.Model(inputs, {"label": label, "bbox": bbox})
model.compile("adam", loss={"label": "sparse_categorical_crossentropy", "bbox": "mse"}, metrics={"label": ["accuracy"]})
model.fit(train_ds, epochs=25)
