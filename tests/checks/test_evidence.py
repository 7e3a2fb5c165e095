"""What happened inside the sandbox is judged by the arrays that came out of it, not by what it says about itself."""

import pkgutil

import numpy as np
import pytest

import tlcourse.tasks
from tlcourse.checks import conclude, draw
from tlcourse.tasks import find_task, load_tasks


def judged(task_id, evidence_of, seed=1234):
    task = find_task(task_id)
    case = draw(task, seed)
    verdict = conclude(task, case, {"status": "ok", "evidence": evidence_of(case.inputs)})
    return verdict.outcome, verdict.misconception


def copies(arrays):
    return [np.array(array) for array in arrays]


def frozen(inputs, **changes):
    head = [np.ones((6, inputs["num_classes"]), "float32")]
    scores = np.full((len(inputs["images"]), inputs["num_classes"]), -1.0)
    parts = {"model": True, "compiled": True, "outputs": scores, "backbone": copies(inputs["weights"]), "contained": True}
    seen = {"seen": [inputs["images"]], "error": "", "loss": {"name": "SparseCategoricalCrossentropy", "from_logits": True}}
    return {**parts, **seen, "head_before": head, "head_after": [head[0] + 1], "head_trains": 2, **changes}


@pytest.mark.parametrize(
    ("array", "name"), [(0, "not-frozen"), (7, "not-frozen"), (4, "batchnorm-moves"), (11, "batchnorm-moves")]
)
def test_one_changed_value_of_the_backbone_loses_the_task(array, name):
    def touched(inputs):
        weights = copies(inputs["weights"])
        weights[array].flat[-1] = np.nextafter(weights[array].flat[-1], np.float32(9))
        return frozen(inputs, backbone=weights)

    assert judged("2.3", frozen) == ("earned", None)
    assert judged("2.3", touched) == ("not earned", name)


def test_a_claim_of_equal_weights_in_the_place_of_arrays_earns_nothing():
    claims = {"weights_same": True, "statistics_same": True, "head_moved": True}
    assert judged("2.3", lambda inputs: frozen(inputs, backbone=[True] * 12))[0] == "not earned"
    assert judged("2.3", lambda inputs: frozen(inputs, backbone=True, **claims))[0] == "could not be judged"

    def untrained(inputs, trains):
        return frozen(inputs, head_after=frozen(inputs)["head_before"], head_trains=trains)

    assert judged("2.3", lambda inputs: untrained(inputs, 0)) == ("not earned", "head-frozen")
    assert judged("2.3", lambda inputs: untrained(inputs, 2)) == ("not earned", None)
    none = {"head_before": [], "head_after": [], "head_trains": 0}
    assert judged("2.3", lambda inputs: frozen(inputs, **none)) == ("not earned", "head-frozen")


def rows_of(inputs, change=None):
    rows = []
    for count in inputs["counts"]:
        copied = [copies(g) for g in [*inputs["source"][:count], *inputs["target"][count:]]]
        trained = [copies(group) if i < count else [w + 1 for w in group] for i, group in enumerate(copied)]
        row = {"copied": copied, "trained": trained, "source": [copies(group) for group in inputs["source"]]}
        if change:
            change(row)
        rows.append(row)
    return {"rows": rows}


def shift(key, group, array):
    def change(row):
        row[key][group][array] = row[key][group][array] + np.float32(1e-3)

    return change


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (shift("trained", 0, 5), "not-frozen"),
        (shift("source", 2, 0), "copied-backwards"),
        (shift("copied", 1, 4), None),
        (lambda row: row["trained"].__setitem__(3, row["copied"][3]), "froze-too-much"),
    ],
)
def test_blocks_are_compared_value_by_value_outside(change, name):
    assert judged("3.2", rows_of) == ("earned", None)
    assert judged("3.2", lambda inputs: rows_of(inputs, change)) == ("not earned", name)


def test_missing_blocks_or_counts_earn_nothing():
    assert judged("3.2", lambda inputs: {"rows": []})[0] == "could not be judged"
    assert judged("3.2", lambda inputs: rows_of(inputs, lambda row: row["trained"].pop()))[0] == "could not be judged"
    assert judged("3.2", lambda inputs: rows_of(inputs, lambda row: row["copied"][0].pop()))[0] == "not earned"


def epochs_of(inputs, reads_per_epoch, claimed):
    """Return what the probe sends for a learner who reads all images in every epoch, or once, and claims so many reads."""
    rng, count, rows = np.random.default_rng(0), len(inputs["labels"]), []
    for epoch in range(inputs["epochs"]):
        marks = (np.arange(count) + (count * epoch if reads_per_epoch else 0))[:, None] / 1024
        rows.append([inputs["images"] + marks + rng.integers(1, 4, inputs["images"].shape) / 8, inputs["labels"]])
    return {"pairs": True, "reads": claimed, "epochs": rows}


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_the_images_tell_how_often_they_were_read(kind):
    def stored(evidence):
        return {**evidence, "epochs": [[images.astype(kind), labels] for images, labels in evidence["epochs"]]}

    assert judged("2.2", lambda inputs: stored(epochs_of(inputs, False, 12))) == ("earned", None)
    assert judged("2.2", lambda inputs: stored(epochs_of(inputs, True, 12))) == ("not earned", "no-cache")
    assert judged("2.2", lambda inputs: stored(epochs_of(inputs, False, 36))) == ("not earned", "no-cache")


LESSONS = [
    int(module.name[6:8]) for module in pkgutil.iter_modules(tlcourse.tasks.__path__) if module.name.startswith("tasks_")
]


def numbers(data):
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return [number for item in data for number in numbers(item)]
    return data.ravel().tolist() if isinstance(data, np.ndarray) else [data] if isinstance(data, int) else []


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_seed_of_a_case_does_not_travel_with_it(lesson):
    seed = 1_234_500_000
    for task in load_tasks(lesson).values():
        assert [number for number in numbers(draw(task, seed).inputs) if abs(number - seed) < 10_000] == []
