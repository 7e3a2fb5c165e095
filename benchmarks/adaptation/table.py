"""Measure every method of `tlcourse.adapt` on every shift with five seeds, and write docs/adaptation.md.

    python benchmarks/adaptation/table.py [--seeds 0 1 2 3 4] [--only moons] [--fresh] [--page docs/adaptation.md]

What is measured already, in build/adaptation/results.jsonl, is not measured again, so that a run that was cut off goes on where it
stopped; `--fresh` starts anew. Where build/adaptation/others/bin/python exists (`make adaptation-table` tries to set it up), ADAPT
and SKADA run on the same arrays. Seconds are processor time of one thread, training and prediction together, the import of a
framework not counted; what takes less than half a second is run up to five times, and the median is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "adaptation"
sys.path.insert(0, str(Path(__file__).resolve().parent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--only", default="", help="beginning of a shift's name")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "adaptation.md")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    results = BUILD / "results.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        results.unlink(missing_ok=True)
    results.touch()

    from shifts import FEATURES, SHIFTS, missing
    from weights import DRAWS

    for name in SHIFTS:
        if name.startswith(options.only) and not missing(name):
            for seed in options.seeds:
                measure(name, seed, results, BUILD / "data" if name in FEATURES else None)
    for seed in range(DRAWS):
        measure_weights(seed, results, BUILD / "data")
    run_others(BUILD / "others" / "bin" / "python", results)
    from page import write_page

    write_page(options.page, [json.loads(line) for line in results.read_text().splitlines()])
    print(f"Wrote {options.page}")


def measure(name: str, seed: int, results: Path, keep: Path | None = None) -> None:
    """Run every method that has no row yet on one draw of one shift, and append a row for each."""
    import numpy as np
    from alike import timed
    from methods import ON_FEATURES, ON_PICTURES, WITHOUT_CLASSIFIER
    from shifts import FEATURES, SHIFTS

    methods = ON_FEATURES if name in FEATURES else ON_PICTURES
    left = [method for method in methods if (name, seed, method) not in known(results)]
    if not left:
        return
    shift = SHIFTS[name](seed)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        np.savez(keep / f"{name}__{seed}.npz", **vars(shift))
    for method in left:
        row = {"shift": name, "seed": seed, "method": method, **score(methods[method], shift, seed)}
        if method in WITHOUT_CLASSIFIER and "accuracy" in row:
            part = WITHOUT_CLASSIFIER[method]
            row["seconds without classifier"] = timed(lambda part=part: part(shift, seed))[1]
        print(
            f"{name:32} seed {seed}  {method:30} {row.get('accuracy', float('nan')):.3f}  {row.get('seconds', 0):.2f} s",
            flush=True,
        )
        append(row, results)


def measure_weights(seed: int, results: Path, keep: Path) -> None:
    """Compare weights with the true ratio, where no row does so yet."""
    import numpy as np
    from weights import WEIGHTS, WORLDS, compared, draw

    keep.mkdir(parents=True, exist_ok=True)
    for name, columns in WORLDS.items():
        data = draw(columns, seed)
        np.savez(keep / f"{name}__{seed}.npz", **data)
        for method in WEIGHTS:
            if (name, seed, method) not in known(results):
                append({"shift": name, "seed": seed, "method": method, **compared(data, method, seed)}, results)


def known(results: Path) -> set[tuple[str, int, str]]:
    return {(row["shift"], row["seed"], row["method"]) for row in map(json.loads, results.read_text().splitlines())}


def append(row: dict[str, Any], results: Path) -> None:
    with results.open("a") as file:
        file.write(json.dumps(row) + "\n")


def score(method: Any, shift: Any, seed: int) -> dict[str, Any]:
    """Train, and return accuracy, seconds, and the three scores that need no label of the target."""
    import numpy as np
    from alike import timed

    from tlcourse import adapt

    def run() -> tuple[Any, np.ndarray]:
        trained = method(shift, seed)
        return trained, trained.on_target(shift.test).argmax(axis=1) == shift.test_labels

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a solver that stops early is part of the measurement
            (trained, hits), seconds = timed(run)
    except ValueError as error:  # such as: the domains do not overlap
        return {"error": str(error).split(":")[0][:160]}
    seconds += trained.seconds
    held, on_target = trained.on_source(shift.held), trained.on_target(shift.target)
    flat, target = (rows.reshape(len(rows), -1).astype(float) for rows in (shift.held, shift.target))
    weights = adapt.classifier_weights(flat, target)
    return {
        "accuracy": float(np.mean(hits)),
        "seconds": seconds,
        "source validation": adapt.source_validation(held, shift.held_labels),
        "weighted validation": adapt.weighted_validation(held, shift.held_labels, weights),
        "entropy": adapt.negative_entropy(on_target),
    }


def run_others(python: Path, results: Path) -> None:
    """Run ADAPT and SKADA, where their environment is there, on one thread as everything else."""
    if not python.exists():
        print(f"ADAPT and SKADA are left out: there is no {python}")
        return
    script = Path(__file__).with_name("others.py")
    subprocess.run([str(python), str(script), str(BUILD / "data"), str(results)], check=False)


if __name__ == "__main__":
    main()
