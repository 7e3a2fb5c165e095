# A convolutional autoencoder on digits: first a copy of the input, then noisy in, clean out.
import keras
import numpy as np
from drawn_data import digits
from keras import layers

train = (digits(400)[0].astype("float32") / 255).reshape(-1, 28, 28, 1)
test = (digits(100, seed=1)[0].astype("float32") / 255).reshape(-1, 28, 28, 1)
rng = np.random.default_rng(0)
noisy_train = np.clip(train + 0.4 * rng.normal(size=train.shape), 0.0, 1.0)
noisy_test = np.clip(test + 0.4 * rng.normal(size=test.shape), 0.0, 1.0)

image = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(image)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(x)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2DTranspose(16, (3, 3), strides=2, activation="relu", padding="same")(x)
x = layers.Conv2DTranspose(16, (3, 3), strides=2, activation="relu", padding="same")(x)
x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
autoencoder = keras.Model(image, x)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x=train, y=train, epochs=50, batch_size=128, shuffle=True, validation_data=(test, test))
autoencoder.fit(x=noisy_train, y=train, epochs=100, batch_size=128, shuffle=True, validation_data=(noisy_test, test))
