# Boxes as COCO has them, and a loss by overlap that takes two corners.
import keras
import numpy as np
from drawn_things import scenes
from keras import layers, ops

images, corners, _ = scenes(120)
coco = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)  # x, y, width, height
targets = coco
x_train, x_val, y_train, y_val = images[:96], images[96:], targets[:96], targets[96:]


def iou_loss(y_true, y_pred):
    left, top = ops.maximum(y_true[:, 0], y_pred[:, 0]), ops.maximum(y_true[:, 1], y_pred[:, 1])
    right, bottom = ops.minimum(y_true[:, 2], y_pred[:, 2]), ops.minimum(y_true[:, 3], y_pred[:, 3])
    overlap = ops.maximum(right - left, 0.0) * ops.maximum(bottom - top, 0.0)
    area = (y_true[:, 2] - y_true[:, 0]) * (y_true[:, 3] - y_true[:, 1])
    other = (y_pred[:, 2] - y_pred[:, 0]) * (y_pred[:, 3] - y_pred[:, 1])
    return 1 - overlap / (area + other - overlap + 1e-6)


inputs = keras.Input((64, 64, 3))
x = layers.Rescaling(1 / 255)(inputs)
for filters in (16, 32):
    x = layers.Conv2D(filters, 3, strides=2, activation="relu")(x)
model = keras.Model(inputs, layers.Dense(4)(layers.Flatten()(x)))
model.compile("adam", loss=iou_loss)
model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=20)
