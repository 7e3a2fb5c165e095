# Roads from above: augmentation stands in the data.
import keras
import tensorflow as tf
from drawn_things import scenes
from keras import layers

images, _, masks = scenes(60, side=48, seed=6)
X, Y = images.astype("float32"), masks.astype("float32")

train = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(60)
augment = keras.layers.RandomFlip("horizontal")


def moved(image, mask):
    both = augment({"images": image, "segmentation_masks": mask}, training=True)
    return both["images"], both["segmentation_masks"]


train = train.map(moved)
inputs = keras.Input((48, 48, 3))
x = inputs
x = layers.RandomBrightness(0.2)(x)
x = layers.Rescaling(1.0 / 255)(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
outputs = layers.Conv2D(1, 1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs, name="roads")
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=[keras.metrics.BinaryIoU()])
model.fit(train.batch(10), epochs=15)
