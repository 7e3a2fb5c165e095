# Training data for a detector of cells; boxes of each image as `bounding_boxes`, and the form that the pipeline states.
import keras
import numpy as np
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, corners, _ = scenes(80, seed=4)
annotations = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).astype("float32")
boxes = annotations
boxes = np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)  # xywh to xyxy
bounding_boxes = {"boxes": boxes[:, None, :], "labels": np.zeros((80, 1))}
flip = layers.RandomFlip("horizontal", bounding_box_format="xyxy")


def prepare(image, boxes):
    both = flip({"images": tf.cast(image, tf.float32), "bounding_boxes": boxes}, training=True)
    return both["images"], both["bounding_boxes"]["boxes"]


dataset = tf.data.Dataset.from_tensor_slices((images, bounding_boxes)).shuffle(80)
dataset = dataset.map(prepare)
dataset = dataset.batch(16).prefetch(2)
inputs = keras.Input((64, 64, 3))
x = layers.Rescaling(1 / 255)(inputs)
x = layers.Conv2D(16, 3, strides=4, activation="relu")(x)
x = layers.Dense(4)(layers.Flatten()(x))
model = keras.Model(inputs, layers.Reshape((1, 4), name="boxes")(x))
model.compile("adam", loss="huber")
model.fit(dataset, epochs=10)
