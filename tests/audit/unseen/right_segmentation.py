# Which pixels are the pet: a small U-Net, images and masks from a PyDataset, three classes a pixel.
import keras
import numpy as np
from drawn_data import photos
from keras import layers


class Pets(keras.utils.PyDataset):
    def __init__(self, images, masks, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.images, self.masks, self.batch_size = images, masks, batch_size

    def __len__(self):
        return len(self.images) // self.batch_size

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.images[rows].astype("float32") / 255, self.masks[rows]


images = photos(96, 48)[0]
brightness = images.mean(axis=-1, keepdims=True)
masks = (brightness > 90).astype("uint8") + (brightness > 160)
train_gen, val_gen = Pets(images[:72], masks[:72], 8), Pets(images[72:], masks[72:], 8)

inputs = keras.Input(shape=(48, 48, 3))
x = layers.Conv2D(16, 3, strides=2, padding="same")(inputs)
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
skip = x
x = layers.SeparableConv2D(32, 3, padding="same")(x)
x = layers.BatchNormalization()(x)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
x = layers.Conv2DTranspose(16, 3, padding="same")(x)
x = layers.BatchNormalization()(x)
x = layers.UpSampling2D(2)(layers.Activation("relu")(x))
x = layers.UpSampling2D(2)(layers.add([x, skip]))
model = keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")
model.fit(train_gen, epochs=15, validation_data=val_gen, callbacks=[keras.callbacks.ModelCheckpoint("oxford.keras")])
assert np.shape(model.predict(val_gen, verbose=0))[-1] == 3
