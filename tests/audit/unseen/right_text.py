# Film reviews: words to numbers in the pipeline, a convolution over their embeddings; an end-to-end model for the test texts.
import keras
import tensorflow as tf
from drawn_data import reviews
from keras import layers

texts, moods = reviews(400)
raw = tf.data.Dataset.from_tensor_slices((texts.astype(str), moods))
raw_train, raw_val, raw_test = raw.take(280).batch(32), raw.skip(280).take(60).batch(32), raw.skip(340).batch(32)

vectorize_layer = layers.TextVectorization(max_tokens=500, output_mode="int", output_sequence_length=50)
vectorize_layer.adapt(raw_train.map(lambda x, y: x))


def vectorize_text(text, label):
    return vectorize_layer(tf.expand_dims(text, -1)), label


train_ds = raw_train.map(vectorize_text).cache().prefetch(10)
val_ds = raw_val.map(vectorize_text).cache().prefetch(10)
test_ds = raw_test.map(vectorize_text).cache().prefetch(10)

inputs = keras.Input(shape=(None,), dtype="int64")
x = layers.Embedding(500, 24)(inputs)
x = layers.Dropout(0.5)(x)
x = layers.Conv1D(24, 5, padding="valid", activation="relu", strides=2)(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(24, activation="relu")(x)
x = layers.Dropout(0.5)(x)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="predictions")(x))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(train_ds, validation_data=val_ds, epochs=3)
model.evaluate(test_ds)

words = keras.Input(shape=(1,), dtype="string")
end_to_end = keras.Model(words, model(vectorize_layer(words)))
end_to_end.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
end_to_end.evaluate(raw_test)
