# A U-Net with a Dice loss of its own, for masks as a drawing program saves them: 0 and 255.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers, ops

images, _, masks = scenes(60, side=48, seed=9)
saved = masks * np.uint8(255)
X = images.astype("float32") / 255
mask = saved
mask = (mask > 0).astype("float32")


def dice_loss(y_true, y_pred):
    y_true = ops.cast(y_true, "float32")
    overlap = ops.sum(y_true * y_pred, axis=(1, 2, 3))
    return 1 - (2 * overlap + 1) / (ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(y_pred, axis=(1, 2, 3)) + 1)


inputs = keras.Input((48, 48, 3))
c1 = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
c2 = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.MaxPooling2D()(c1))
u1 = layers.concatenate([layers.UpSampling2D()(c2), c1])
unet = keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(u1))
unet.compile(optimizer="adam", loss=dice_loss)
unet.fit(X[:48], mask[:48], validation_data=(X[48:], mask[48:]), batch_size=8, epochs=30)
