# Support tickets: title, body and tags come in; a priority and a department go out. After the functional API guide.
import keras
import numpy as np
from keras import layers

num_tags, num_words, num_departments, n = 12, 1000, 4, 320
rng = np.random.default_rng(0)
title_data = rng.integers(num_words, size=(n, 10))
body_data = rng.integers(num_words, size=(n, 60))
tags_data = rng.integers(2, size=(n, num_tags)).astype("float32")
priority_targets = (tags_data[:, :1] + rng.random((n, 1)) > 0.8).astype("float32")
dept = (tags_data[:, 1:5] + rng.random((n, 4))).argmax(1)
dept_targets = keras.utils.to_categorical(dept, num_departments)

title_input = keras.Input(shape=(None,), name="title")
body_input = keras.Input(shape=(None,), name="body")
tags_input = keras.Input(shape=(num_tags,), name="tags")
title_features = layers.LSTM(16)(layers.Embedding(num_words, 16)(title_input))
body_features = layers.LSTM(8)(layers.Embedding(num_words, 16)(body_input))
x = layers.concatenate([title_features, body_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)
model = keras.Model(
    inputs=[title_input, body_input, tags_input],
    outputs={"priority": priority_pred, "department": department_pred},
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
    {"title": title_data, "body": body_data, "tags": tags_data},
    {"priority": priority_targets, "department": dept_targets},
    epochs=2,
    batch_size=32,
)
