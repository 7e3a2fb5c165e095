# Tickets: how urgent, and for which department; three inputs and two outputs by name.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
n, words, tags, departments = 320, 300, 6, 4
title = rng.integers(1, words, size=(n, 10))
body = rng.integers(1, words, size=(n, 30))
tag = rng.integers(2, size=(n, tags)).astype("float32")
priority = ((title.mean(axis=1) + 20 * tag[:, 0]) > 160).astype("float32")[:, None]
department = keras.utils.to_categorical(body[:, 0] % departments, departments)

title_input, body_input = keras.Input((None,), name="title"), keras.Input((None,), name="body")
tags_input = keras.Input((tags,), name="tags")
x = layers.concatenate(
    [
        layers.LSTM(16)(layers.Embedding(words, 16)(title_input)),
        layers.LSTM(8)(layers.Embedding(words, 16)(body_input)),
        tags_input,
    ]
)
model = keras.Model(
    inputs=[title_input, body_input, tags_input],
    outputs={"priority": layers.Dense(1, name="priority")(x), "department": layers.Dense(departments, name="department")(x)},
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
)
model.fit(
    {"title": title, "body": body, "tags": tag}, {"priority": priority, "department": department}, epochs=2, batch_size=32
)
