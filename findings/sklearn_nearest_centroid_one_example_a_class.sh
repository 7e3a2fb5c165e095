#!/bin/sh
# scikit-learn 1.9: NearestCentroid with one example of each class, as in one-shot learning, predicts but gives no probabilities.
#
# Expected: with one example a class the centroid is that example, and the classifier is the nearest neighbour. `predict_proba` and
# `decision_function` work as they do with two examples a class.
# Seen: `fit` divides 0 by 0 (examples minus classes) and keeps NaN in `within_class_std_dev_`. `predict` is right all the same;
# `predict_proba` and `decision_function` raise "Input contains NaN", about input that holds none.
# Versions: scikit-learn 1.9.1, numpy 2.4.6.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --disable-pip-version-check -q install "scikit-learn==1.9.1" "numpy==2.4.6"
cat >"$folder/program.py" <<'P'
import warnings

import numpy as np
from sklearn.neighbors import NearestCentroid

warnings.simplefilter("ignore")


def attempt(examples, labels):
    model = NearestCentroid().fit(np.array(examples), labels)
    answers = [f"predict {model.predict([[3.0, 0.0]]).tolist()}"]
    for name in ("predict_proba", "decision_function"):
        try:
            answers.append(f"{name} {np.shape(getattr(model, name)([[3.0, 0.0]]))}")
        except ValueError as error:
            answers.append(f"{name} {str(error).splitlines()[0]}")
    return "; ".join(answers), model.within_class_std_dev_.tolist()


print("one example a class:", *attempt([[0.0, 0.0], [1.0, 1.0], [4.0, 0.0]], [0, 1, 2]))
print("two examples a class:", *attempt([[0.0, 0.0], [0.0, 1.0], [1.0, 5.0], [1.5, 6.0], [4.0, 0.0], [5.0, 1.0]], [0, 0, 1, 1, 2, 2]))
P
"$folder/venv/bin/python" "$folder/program.py" | tee "$folder/seen"
grep -q "^one example a class: predict \[2\]; predict_proba Input contains NaN.; decision_function Input contains NaN. \[nan, nan\]$" "$folder/seen"
grep -q "^two examples a class: predict \[2\]; predict_proba (1, 3); decision_function (1, 3)" "$folder/seen"
