"""A short program of a common kind. It runs without an error or a warning. Ask the doctor: tlcourse doctor THIS_FILE."""

import keras
import tensorflow as tf

import tlcourse

flowers = tlcourse.load_flowers(per_class=40)
dataset = tf.data.Dataset.from_tensor_slices((flowers.images / 255.0, flowers.labels)).shuffle(400)
train, validation = dataset.skip(80).batch(32), dataset.take(80).batch(32)

backbone = tlcourse.load_backbone(pooling="avg")
backbone.trainable = False
images = keras.Input((64, 64, 3))
outputs = keras.layers.Dense(flowers.num_classes, activation="softmax")(backbone(images, training=False))
model = keras.Model(images, outputs, name="flowers")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=5)

backbone.trainable = True  # fine-tuning
model.fit(train, validation_data=validation, epochs=5)
model.evaluate(validation)
