"""ADAPT and SKADA on the arrays of the adaptation table. Runs in an environment of its own; imports nothing of tlcourse.

    python others.py DATA RESULTS

DATA holds `SHIFT__SEED.npz` as written by table.py; a JSON line per shift, seed and method is appended to RESULTS.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

warnings.filterwarnings("ignore")
Arrays = dict[str, np.ndarray]


def learner(data: Arrays) -> Any:
    """The classifier that methods.py uses, with the same settings."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    return SVC(C=10, gamma=2.0) if data["source"].shape[1] == 2 else LogisticRegression(C=1.0, max_iter=300)


def adapt_coral(data: Arrays) -> np.ndarray:
    from adapt.feature_based import CORAL

    moved = CORAL(lambda_=1e-3, verbose=0).fit_transform(data["source"], data["target"])
    return learner(data).fit(moved, data["source_labels"]).predict(data["test"])


def adapt_kliep(data: Arrays) -> np.ndarray:
    from adapt.instance_based import KLIEP

    weights = KLIEP(gamma=[0.01, 0.1, 1.0, 10.0], verbose=0, random_state=0).fit_weights(data["source"], data["target"])
    return _weighted(data, weights)


def adapt_iwc(data: Arrays) -> np.ndarray:
    from adapt.instance_based import IWC
    from sklearn.linear_model import LogisticRegression

    weights = IWC(classifier=LogisticRegression(max_iter=1000), verbose=0, random_state=0).fit_weights(
        data["source"], data["target"]
    )
    return _weighted(data, weights)


def adapt_dann(data: Arrays) -> np.ndarray:
    from adapt.feature_based import DANN
    from keras import Sequential, layers
    from keras.optimizers import Adam

    classes = int(data["source_labels"].max()) + 1
    encoder = Sequential([layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu")])
    task = Sequential([layers.Dense(classes, activation="softmax")])
    discriminator = Sequential([layers.Dense(64, activation="relu"), layers.Dense(1, activation="sigmoid")])
    source, target = (np.concatenate([rows] * max(1, 9000 // len(rows))) for rows in (data["source"], data["target"]))
    model = DANN(
        encoder,
        task,
        discriminator,
        Xt=target,
        loss="categorical_crossentropy",
        optimizer=Adam(5e-3),
        lambda_=1.0,
        verbose=0,
    )
    one_hot = np.eye(classes)[np.resize(data["source_labels"], len(source))]
    model.fit(source, one_hot, epochs=10, batch_size=300, verbose=0)
    return np.argmax(model.predict(data["test"]), axis=1)


def skada_coral(data: Arrays) -> np.ndarray:
    from skada import CORALAdapter

    return _skada(data, CORALAdapter(reg=1e-3), weighted=False)


def skada_kliep(data: Arrays) -> np.ndarray:
    from skada import KLIEPReweightAdapter

    return _skada(data, KLIEPReweightAdapter(gamma=[0.01, 0.1, 1.0, 10.0], random_state=0), weighted=True)


def skada_discriminator(data: Arrays) -> np.ndarray:
    from skada import DiscriminatorReweightAdapter

    return _skada(data, DiscriminatorReweightAdapter(), weighted=True)


def _skada(data: Arrays, adapter: Any, weighted: bool) -> np.ndarray:
    from skada import make_da_pipeline

    last = learner(data).set_fit_request(sample_weight=True) if weighted else learner(data)
    rows = np.concatenate([data["source"], data["target"]])
    domain = np.repeat([1, -2], [len(data["source"]), len(data["target"])])  # target domains are negative
    labels = np.concatenate([data["source_labels"], np.full(len(data["target"]), -1)])  # -1: no label
    pipeline = make_da_pipeline(adapter, last).fit(rows, labels, sample_domain=domain)
    return pipeline.predict(data["test"], sample_domain=np.full(len(data["test"]), -2))


def _weighted(data: Arrays, weights: np.ndarray) -> np.ndarray:
    return learner(data).fit(data["source"], data["source_labels"], sample_weight=weights).predict(data["test"])


METHODS: dict[str, Callable[[Arrays], np.ndarray]] = {
    "ADAPT CORAL": adapt_coral,
    "ADAPT KLIEP": adapt_kliep,
    "ADAPT IWC": adapt_iwc,
    "ADAPT DANN": adapt_dann,
    "SKADA CORAL": skada_coral,
    "SKADA KLIEP": skada_kliep,
    "SKADA discriminator weights": skada_discriminator,
}


def main() -> None:
    folder, results = Path(sys.argv[1]), Path(sys.argv[2])
    done = {(r["shift"], r["seed"], r["method"]) for r in map(json.loads, results.read_text().splitlines())}
    for path in sorted(folder.glob("*__*.npz")):
        shift, _, seed = path.stem.rpartition("__")
        with np.load(path) as file:
            data = dict(file)
        for name, method in METHODS.items():
            if (shift, int(seed), name) in done:
                continue
            row: dict[str, Any] = {"shift": shift, "seed": int(seed), "method": name}
            start = time.process_time()
            try:
                hits = method(data) == data["test_labels"]
            except Exception as error:  # a method that does not run here is a row of the table
                row["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:160]
            else:
                row |= {"accuracy": float(np.mean(hits)), "seconds": time.process_time() - start}
            with results.open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
