# A denoising autoencoder: strokes and the same strokes with noise; the target has grey edges and is no mask.
import keras
import numpy as np
from drawn_things import glyphs
from keras import layers
from scipy.ndimage import zoom

clean = np.clip(zoom(glyphs(20)[0], (1, 1.4, 1.4, 1), order=1), 0, 1)
clean[clean < 0.1], clean[clean > 0.9] = 0, 1
noisy = (clean + np.random.default_rng(0).normal(0, 0.3, clean.shape)).astype("float32")
inputs = keras.Input((28, 28, 1))
x = layers.Conv2D(16, 3, strides=2, activation="relu", padding="same")(inputs)
x = layers.Conv2DTranspose(16, 3, strides=2, activation="relu", padding="same")(x)
autoencoder = keras.Model(inputs, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))
autoencoder.compile("adam", "binary_crossentropy")
autoencoder.fit(noisy[:120], clean[:120], validation_data=(noisy[120:], clean[120:]), epochs=3)
