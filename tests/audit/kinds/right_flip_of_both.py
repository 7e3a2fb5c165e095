# Segmentation with augmentation in the pipeline, of image and mask.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(72, side=48, seed=1)
train = tf.data.Dataset.from_tensor_slices((images[:56], masks[:56])).shuffle(56)
val = tf.data.Dataset.from_tensor_slices((images[56:], masks[56:])).batch(8)
augment = layers.RandomFlip("horizontal")


def moved(image, mask):
    both = augment({"images": image, "segmentation_masks": mask}, training=True)
    return both["images"], both["segmentation_masks"]


train = train.map(moved).batch(8).prefetch(tf.data.AUTOTUNE)
inputs = keras.Input((48, 48, 3))
x = layers.Rescaling(1 / 255)(inputs)
x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
model = keras.Model(inputs, layers.Conv2D(2, 1)(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(train, validation_data=val, epochs=12)
