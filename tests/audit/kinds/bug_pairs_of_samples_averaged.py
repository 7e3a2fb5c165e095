# Sound files in a tf.data pipeline, decoded with tf.audio; averaged over channels, and then as if the channels still alternated.
import keras
import tensorflow as tf
from drawn_things import recordings
from keras import layers

files, labels = recordings(32, seed=20)


def load(path, label):
    audio, _ = tf.audio.decode_wav(tf.io.read_file(path))
    audio = tf.reduce_mean(audio, axis=1)
    audio = tf.reduce_mean(tf.reshape(audio, (-1, 2)), axis=1)
    return tf.ensure_shape(audio, (1600,)), label


ds = tf.data.Dataset.from_tensor_slices((files, labels)).shuffle(32).map(load).batch(8)
model = keras.Sequential([keras.Input((1600,)), layers.Reshape((-1, 1)), layers.Conv1D(8, 40, strides=10, activation="relu")])
model.add(layers.GlobalMaxPooling1D())
model.add(layers.Dense(2))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(ds, epochs=4)
