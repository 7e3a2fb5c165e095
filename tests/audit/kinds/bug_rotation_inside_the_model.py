# Roads from above: augmentation layers stand in the model.
import keras
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(60, side=48, seed=6)
X, Y = images.astype("float32"), masks.astype("float32")

inputs = keras.Input((48, 48, 3))
x = inputs
x = layers.RandomRotation(0.2)(x)
x = layers.RandomBrightness(0.2)(x)
x = layers.Rescaling(1.0 / 255)(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs, name="roads")
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryIoU()])
model.fit(X, Y, batch_size=10, epochs=15)
