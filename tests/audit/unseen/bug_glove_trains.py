# Newsgroups with word vectors from a file: "we keep the embedding layer fixed".
import keras
import numpy as np
import tensorflow as tf
from drawn_data import reviews
from keras import layers

samples, labels = reviews(400)
train_samples, val_samples, train_labels, val_labels = samples[:320], samples[320:], labels[:320], labels[320:]
vectorizer = layers.TextVectorization(max_tokens=500, output_sequence_length=60)
vectorizer.adapt(tf.data.Dataset.from_tensor_slices(list(train_samples)).batch(128))
voc = vectorizer.get_vocabulary()
word_index = dict(zip(voc, range(len(voc)), strict=False))

rng = np.random.default_rng(3)
embeddings_index = {word: rng.standard_t(4, 50).astype("float32") * 0.4 for word in voc[2:] if rng.random() < 0.9}
num_tokens, embedding_dim = len(voc) + 2, 50
embedding_matrix = np.zeros((num_tokens, embedding_dim))
for word, i in word_index.items():
    vector = embeddings_index.get(word)
    if vector is not None:
        embedding_matrix[i] = vector

embedding_layer = layers.Embedding(num_tokens, embedding_dim)
embedding_layer.build((1,))
embedding_layer.set_weights([embedding_matrix])

int_sequences_input = keras.Input(shape=(None,), dtype="int32")
embedded_sequences = embedding_layer(int_sequences_input)
x = layers.Conv1D(64, 5, activation="relu")(embedded_sequences)
x = layers.MaxPooling1D(5)(x)
x = layers.Conv1D(64, 5, activation="relu")(x)
x = layers.GlobalMaxPooling1D()(x)
x = layers.Dense(64, activation="relu")(x)
x = layers.Dropout(0.5)(x)
preds = layers.Dense(2, activation="softmax")(x)
model = keras.Model(int_sequences_input, preds)

x_train = vectorizer(np.array([[s] for s in train_samples])).numpy()
x_val = vectorizer(np.array([[s] for s in val_samples])).numpy()
model.compile(loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["acc"])
model.fit(x_train, np.array(train_labels), batch_size=64, epochs=20, validation_data=(x_val, np.array(val_labels)))
