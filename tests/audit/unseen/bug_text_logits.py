# Film reviews: one unit without activation, and a loss that wants a probability.
import keras
import tensorflow as tf
from drawn_data import reviews
from keras import layers

texts, moods = reviews(300)
train = tf.data.Dataset.from_tensor_slices((texts[:240].astype(str), moods[:240])).shuffle(240).batch(32)
valid = tf.data.Dataset.from_tensor_slices((texts[240:].astype(str), moods[240:])).batch(32)

vectorize = layers.TextVectorization(max_tokens=500, output_mode="int", output_sequence_length=40)
vectorize.adapt(train.map(lambda text, mood: text))
train = train.map(lambda text, mood: (vectorize(text), mood)).cache().prefetch(2)
valid = valid.map(lambda text, mood: (vectorize(text), mood)).cache().prefetch(2)

model = keras.Sequential(
    [
        layers.Embedding(500, 16),
        layers.Dropout(0.2),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(train, validation_data=valid, epochs=10)
