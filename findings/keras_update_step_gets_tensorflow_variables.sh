#!/bin/sh
# Keras 3 on TensorFlow: an optimizer's `update_step(gradient, variable, learning_rate)` does not get the Keras variable.
#
# Expected: `variable` is one of `model.trainable_variables`, so `variable.path` says which layer it belongs to.
# Seen: it is TensorFlow's ResourceVariable. It has no `path`, and its `name` is the whole path with ":0" at the end; on JAX the same
# code gets the Keras variable, whose `name` is "kernel" and whose `path` is the path. A rate chosen by name works on one of the two.
# `self._trainable_variables[self._get_variable_index(variable)].path` works on both.
# Versions: keras 3.15.1, tensorflow-cpu 2.21.0, jax 0.10.2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
pip="$folder/venv/bin/pip --disable-pip-version-check -q"
$pip install "keras==3.15.1" "tensorflow-cpu==2.21.0" "jax==0.10.2"
cat >"$folder/program.py" <<'P'
import keras
import numpy as np

seen = []


class Watching(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        seen.append((type(variable).__name__, variable.name, hasattr(variable, "path"), self._trainable_variables[index].path))
        super().update_step(gradient, variable, learning_rate)


model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="first"), keras.layers.Dense(1, name="second")])
model.compile(Watching(0.1), "mse")
model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
for row in sorted(set(seen), key=lambda row: row[3]):
    print(keras.backend.backend(), *row)
P
for backend in tensorflow jax; do
    KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/program.py" 2>/dev/null
done | tee "$folder/seen"
grep -q "^tensorflow ResourceVariable sequential/second/kernel:0 False sequential/second/kernel$" "$folder/seen"
grep -q "^jax Variable kernel True sequential/second/kernel$" "$folder/seen"
