# Film reviews with a transformer block of one's own, after the text example.
import keras
import numpy as np
from drawn_data import reviews
from keras import layers, ops


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs, training=None):
        attn_output = self.att(inputs, inputs)
        out1 = self.layernorm1(inputs + self.dropout1(attn_output, training=training))
        ffn_output = self.dropout2(self.ffn(out1), training=training)
        return self.layernorm2(out1 + ffn_output)


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = ops.shape(x)[-1]
        return self.token_emb(x) + self.pos_emb(ops.arange(start=0, stop=maxlen, step=1))


vocab_size, maxlen = 500, 40
texts, moods = reviews(500)
index = {word: i + 1 for i, word in enumerate(sorted({w for t in texts for w in t.split()}))}
x = keras.utils.pad_sequences([[index[w] for w in t.split()] for t in texts], maxlen=maxlen)
x_train, y_train, x_val, y_val = x[:400], moods[:400], x[400:], moods[400:]
inputs = layers.Input(shape=(maxlen,))
h = TokenAndPositionEmbedding(maxlen, vocab_size, 32)(inputs)
h = TransformerBlock(32, 2, 32)(h)
h = layers.GlobalAveragePooling1D()(h)
h = layers.Dropout(0.1)(h)
h = layers.Dense(20, activation="relu")(h)
outputs = layers.Dense(2, activation="softmax")(layers.Dropout(0.1)(h))
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, np.asarray(y_train, "int32"), batch_size=32, epochs=2, validation_data=(x_val, np.asarray(y_val, "int32")))
