# A box regressor with mean squared error; the overlap is watched by a metric for corners, the boxes have width and height.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, boxes, _ = scenes(100, seed=17)
boxes[:, 2:] -= boxes[:, :2]


def mean_iou(y_true, y_pred):
    lt = tf.maximum(y_true[..., :2], y_pred[..., :2])
    rb = tf.minimum(y_true[..., 2:], y_pred[..., 2:])
    inter = tf.reduce_prod(tf.maximum(rb - lt, 0), axis=-1)
    area = lambda b: tf.reduce_prod(b[..., 2:] - b[..., :2], axis=-1)  # noqa: E731
    return tf.reduce_mean(inter / (area(y_true) + area(y_pred) - inter + 1e-7))


model = keras.Sequential(
    [keras.Input((64, 64, 3)), layers.Rescaling(1 / 255), layers.Conv2D(16, 5, strides=4, activation="relu")]
)
model.add(layers.Flatten())
model.add(layers.Dense(4))
model.compile("adam", loss="mse", metrics=[mean_iou])
model.fit(images, boxes, validation_split=0.2, epochs=4)
