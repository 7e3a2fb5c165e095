"""ADAPT and SKADA on the arrays of the adaptation table. Runs in an environment of its own; imports nothing of tlcourse.

    python others.py DATA RESULTS

DATA holds `SHIFT__SEED.npz` as written by table.py; a JSON line per shift, seed and method is appended to RESULTS. Files with a
`ratio` in place of labels are those of weights.py: there the weights themselves are compared.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from alike import learner, squared_error, timed

warnings.filterwarnings("ignore")
Arrays = dict[str, np.ndarray]
WIDTHS = [0.01, 0.1, 1.0, 10.0]  # gamma of their Gaussian kernels; neither library has a list of its own


def adapt_coral_rows(data: Arrays) -> np.ndarray:
    from adapt.feature_based import CORAL

    return CORAL(lambda_=1e-3, verbose=0).fit_transform(data["source"], data["target"])


def adapt_coral(data: Arrays) -> np.ndarray:
    moved = adapt_coral_rows(data)
    return learner(data["source"].shape[1]).fit(moved, data["source_labels"]).predict(data["test"])


def adapt_kliep_weights(data: Arrays) -> np.ndarray:
    from adapt.instance_based import KLIEP

    return KLIEP(gamma=WIDTHS, verbose=0, random_state=0).fit_weights(data["source"], data["target"])


def adapt_kliep(data: Arrays) -> np.ndarray:
    return _weighted(data, adapt_kliep_weights(data))


def adapt_iwc_weights(data: Arrays) -> np.ndarray:
    from adapt.instance_based import IWC
    from sklearn.linear_model import LogisticRegression

    method = IWC(classifier=LogisticRegression(max_iter=1000), verbose=0, random_state=0)
    return method.fit_weights(data["source"], data["target"])


def adapt_iwc(data: Arrays) -> np.ndarray:
    return _weighted(data, adapt_iwc_weights(data))


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


def skada_coral_rows(data: Arrays) -> np.ndarray:
    from skada import CORALAdapter

    rows, domain = _both(data)
    return CORALAdapter(reg=1e-3).fit_transform(rows, sample_domain=domain)


def skada_coral(data: Arrays) -> np.ndarray:
    from skada import CORALAdapter

    return _skada(data, CORALAdapter(reg=1e-3), weighted=False)


def skada_kliep(data: Arrays) -> np.ndarray:
    from skada import KLIEPReweightAdapter

    return _skada(data, KLIEPReweightAdapter(gamma=WIDTHS, random_state=0), weighted=True)


def skada_kliep_weights(data: Arrays) -> np.ndarray:
    from skada import KLIEPReweightAdapter

    return _skada_weights(data, KLIEPReweightAdapter(gamma=WIDTHS, random_state=0))


def skada_discriminator(data: Arrays) -> np.ndarray:
    from skada import DiscriminatorReweightAdapter

    return _skada(data, DiscriminatorReweightAdapter(), weighted=True)


def skada_discriminator_weights(data: Arrays) -> np.ndarray:
    from skada import DiscriminatorReweightAdapter

    return _skada_weights(data, DiscriminatorReweightAdapter())


def _skada_weights(data: Arrays, adapter: Any) -> np.ndarray:
    rows, domain = _both(data)
    return adapter.fit(rows, sample_domain=domain).compute_weights(rows, sample_domain=domain)[: len(data["source"])]


def _skada(data: Arrays, adapter: Any, weighted: bool) -> np.ndarray:
    from skada import make_da_pipeline

    last = (
        learner(data["source"].shape[1]).set_fit_request(sample_weight=True) if weighted else learner(data["source"].shape[1])
    )
    rows, domain = _both(data)
    labels = np.concatenate([data["source_labels"], np.full(len(data["target"]), -1)])  # -1: no label
    pipeline = make_da_pipeline(adapter, last).fit(rows, labels, sample_domain=domain)
    return pipeline.predict(data["test"], sample_domain=np.full(len(data["test"]), -2))


def _both(data: Arrays) -> tuple[np.ndarray, np.ndarray]:
    domain = np.repeat([1, -2], [len(data["source"]), len(data["target"])])  # target domains are negative
    return np.concatenate([data["source"], data["target"]]), domain


def _weighted(data: Arrays, weights: np.ndarray) -> np.ndarray:
    return (
        learner(data["source"].shape[1]).fit(data["source"], data["source_labels"], sample_weight=weights).predict(data["test"])
    )


METHODS: dict[str, Callable[[Arrays], np.ndarray]] = {
    "ADAPT CORAL": adapt_coral,
    "ADAPT KLIEP": adapt_kliep,
    "ADAPT IWC": adapt_iwc,
    "ADAPT DANN": adapt_dann,
    "SKADA CORAL": skada_coral,
    "SKADA KLIEP": skada_kliep,
    "SKADA discriminator weights": skada_discriminator,
}


WITHOUT_CLASSIFIER: dict[str, Callable[[Arrays], np.ndarray]] = {  # rows or weights, and no more
    "ADAPT CORAL": adapt_coral_rows,
    "ADAPT KLIEP": adapt_kliep_weights,
    "ADAPT IWC": adapt_iwc_weights,
    "SKADA CORAL": skada_coral_rows,
    "SKADA KLIEP": skada_kliep_weights,
    "SKADA discriminator weights": skada_discriminator_weights,
}
WEIGHTS = {name: WITHOUT_CLASSIFIER[name] for name in ("ADAPT KLIEP", "SKADA KLIEP")}


def main() -> None:
    folder, results = Path(sys.argv[1]), Path(sys.argv[2])
    for module in ("adapt.feature_based", "adapt.instance_based", "skada"):  # before any clock runs
        with contextlib.suppress(ImportError):  # reported by the rows
            importlib.import_module(module)
    done = {(r["shift"], r["seed"], r["method"]) for r in map(json.loads, results.read_text().splitlines())}
    for path in sorted(folder.glob("*__*.npz")):
        shift, _, seed = path.stem.rpartition("__")
        with np.load(path) as file:
            data = dict(file)
        for name in WEIGHTS if "ratio" in data else METHODS:
            if (shift, int(seed), name) not in done:
                seed_everything(int(seed))
                row = {"shift": shift, "seed": int(seed), "method": name, **measured(name, data)}
                with results.open("a") as file:
                    file.write(json.dumps(row) + "\n")


def seed_everything(seed: int) -> None:
    """Seed what takes no seed of its own, such as ADAPT's DANN."""
    with contextlib.suppress(ImportError):
        import keras

        keras.utils.set_random_seed(seed)


def measured(name: str, data: Arrays) -> dict[str, Any]:
    """A failure is a row of the table, too."""
    try:
        if "ratio" in data:
            weights, seconds = timed(lambda: WEIGHTS[name](data))
            return {"squared error": squared_error(weights, data["ratio"]), "seconds": seconds}
        guesses, seconds = timed(lambda: METHODS[name](data))
        row = {"accuracy": float(np.mean(guesses == data["test_labels"])), "seconds": seconds}
        if name in WITHOUT_CLASSIFIER:
            row["seconds without classifier"] = timed(lambda: WITHOUT_CLASSIFIER[name](data))[1]
        return row
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0][:160]}


if __name__ == "__main__":
    main()
