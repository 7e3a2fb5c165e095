"""The adaptation table's parts: shifts without leaks, rows that say what was measured, a page that hides nothing."""

from __future__ import annotations

import importlib
import json
import re

import numpy as np
import pytest


@pytest.fixture(scope="module")
def table(request):
    """The modules of benchmarks/adaptation, which run as scripts and are no package."""
    folder = request.config.rootpath / "benchmarks" / "adaptation"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield {
            name: importlib.import_module(name) for name in ("alike", "shifts", "methods", "others", "weights", "page", "table")
        }


@pytest.mark.parametrize("name", ["rotated_moons", "other_sensor", "printed_to_handwritten"])
def test_a_shift_has_all_classes_everywhere_and_shares_no_row(table, name):
    shift = getattr(table["shifts"], name)(0)
    parts = {"source": shift.source, "held": shift.held, "target": shift.target, "test": shift.test}
    labels = (shift.source_labels, shift.held_labels, shift.target_labels, shift.test_labels)
    assert len({tuple(np.unique(own)) for own in labels}) == 1
    assert all(len(own) == len(rows) for own, rows in zip(labels, parts.values(), strict=True))
    rows = np.concatenate([part.reshape(len(part), -1) for part in (shift.target, shift.test)])
    assert len(np.unique(rows.round(9), axis=0)) == len(rows)
    again, other = getattr(table["shifts"], name)(0), getattr(table["shifts"], name)(1)
    np.testing.assert_array_equal(shift.test, again.test)
    assert not np.array_equal(shift.test[:50], other.test[:50])


def test_rows_are_measured_once_and_an_oracle_is_better_than_no_adaptation(table, tmp_path, monkeypatch):
    name = "digits, other sensor"
    chosen = {key: table["methods"].ON_FEATURES[key] for key in ("source only", "CORAL", "oracle")}
    monkeypatch.setattr(table["methods"], "ON_FEATURES", chosen)
    results = tmp_path / "results.jsonl"
    results.touch()
    table["table"].measure(name, 0, results, tmp_path / "data")
    rows = {row["method"]: row for row in map(json.loads, results.read_text().splitlines())}
    assert rows["source only"]["accuracy"] < rows["CORAL"]["accuracy"] < rows["oracle"]["accuracy"] + 0.05
    assert set(rows["CORAL"]) >= {*table["page"].TIMES, *table["page"].SCORES}
    assert 0 < rows["CORAL"]["seconds without classifier"] < rows["CORAL"]["seconds"]
    assert (tmp_path / "data" / f"{name}__0.npz").exists()
    before = results.read_text()
    table["table"].measure(name, 0, results)
    assert results.read_text() == before


def rows_of(method, accuracies, **more):
    return [
        {"shift": "digits, other sensor", "seed": seed, "method": method, "accuracy": value, "seconds": 1.0, **more}
        for seed, value in enumerate(accuracies)
    ]


def test_what_loses_stays_in_the_table_and_is_marked(table, tmp_path):
    rows = rows_of("source only", [0.8, 0.8, 0.81]) + rows_of("CORAL", [0.7, 0.72, 0.7]) + rows_of("oracle", [0.9, 0.9, 0.91])
    rows += [{"shift": "digits, other sensor", "seed": 0, "method": "ADAPT CORAL", "error": "ImportError: gone"}]
    rows += rows_of("DANN", [0.5])  # without the network of the source that it would be compared with
    table["page"].write_page(tmp_path / "page.md", rows)
    text = (tmp_path / "page.md").read_text()
    assert "| CORAL | 0.707 ± 0.012 | -0.097 ▼ | 1.000 |" in text
    assert "| oracle | 0.903 ± 0.006 | +0.100 ▲ | 1.000 |" in text
    assert "| ADAPT CORAL | – | ImportError: gone | – |" in text
    assert "| DANN | 0.500 |  | 1.000 |" in text
    assert "Not measured in this run" in text  # the shifts without rows


def test_each_score_picks_by_itself_and_never_the_oracle(table):
    scores = {"source validation": 0.1, "weighted validation": 0.9, "entropy": -0.5}
    rows = rows_of("source only", [0.6], **{**scores, "source validation": 0.9})
    rows += rows_of("CORAL", [0.7], **{**scores, "entropy": -0.1})
    rows += rows_of("oracle", [0.99], **dict.fromkeys(scores, 1.0))
    start, by_source, _, by_entropy, by_lot, peeked = table["page"].picks(rows, "digits, other sensor")[0]
    assert (start, by_source, by_entropy, peeked) == (0.6, 0.6, 0.7, 0.7)
    assert by_lot == pytest.approx(0.65)


def test_of_equal_scores_none_is_preferred_because_it_stands_first(table):
    rows = [{"accuracy": accuracy, "entropy": score} for accuracy, score in ((0.2, 1.0), (0.6, 1.0), (0.9, 0.5))]
    assert table["page"].picked_by("entropy", rows) == table["page"].picked_by("entropy", rows[::-1]) == pytest.approx(0.4)


def test_the_summary_counts_what_is_faster_and_what_is_less_accurate_beyond_the_spread(table):
    name, pair = "moons, turned by 30 degrees", ("moons, turned by 30 degrees", "CORAL", "ADAPT CORAL")

    def found(ours, theirs, seconds):
        rows = [
            {
                "shift": name,
                "seed": seed,
                "method": method,
                "accuracy": accuracy,
                "seconds": 1.0,
                "seconds without classifier": time,
            }
            for method, scores, time in (("CORAL", ours, 1.0), ("ADAPT CORAL", theirs, seconds))
            for seed, accuracy in enumerate(scores)
        ]
        return re.findall(r"(\d) of 1\b", table["page"].in_short(rows, [pair]))

    assert found([0.7, 0.8], [0.7, 0.8], 1.5) == ["1", "0"]
    assert found([0.7, 0.8], [0.9, 0.95], 0.5) == ["0", "1"]
    assert found([0.7, 0.8], [0.75, 0.85], 0.5) == ["0", "0"]


def test_every_method_of_others_is_compared_with_one_of_ours(table):
    theirs = [name for names in table["page"].PAIRS.values() for name in names]
    assert sorted(theirs) == sorted(table["others"].METHODS)
    assert set(table["page"].PAIRS) <= set(table["methods"].ON_FEATURES)
    networks = {"DANN", "ADAPT DANN"}  # have no classifier behind them
    assert set(table["methods"].WITHOUT_CLASSIFIER) == set(table["page"].PAIRS) - networks
    assert set(table["others"].WITHOUT_CLASSIFIER) == set(theirs) - networks


def test_the_shared_classifier_has_the_optimum_of_the_plain_one(table):
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    rows, labels, weights = 3 + rng.normal(size=(150, 6)), rng.integers(0, 3, 150), rng.exponential(size=150)
    rows[:, 0] += labels
    for classes in (labels, labels > 0):
        plain = LogisticRegression(tol=1e-9, max_iter=5000).fit(rows, classes, sample_weight=weights)
        shared = table["alike"].CentredLogisticRegression(tol=1e-9, max_iter=5000).fit(rows, classes, sample_weight=weights)
        np.testing.assert_allclose(shared.predict_proba(rows), plain.predict_proba(rows), atol=1e-4)


def test_what_is_quick_is_timed_five_times_and_what_is_slow_once(table, monkeypatch):
    for cost, expected in ((0.01, 5), (0.6, 1)):
        clock, calls = iter(np.cumsum([0.0] + [0.0, cost] * 6)[1:]), []
        monkeypatch.setattr(table["alike"].time, "process_time", lambda clock=clock: next(clock))
        _, seconds = table["alike"].timed(lambda calls=calls: calls.append(1))
        assert len(calls) == expected
        assert seconds == pytest.approx(cost)


def test_weights_are_compared_with_the_ratio_that_the_draw_has(table):
    data = table["weights"].draw(5, 0)
    assert table["alike"].squared_error(3 * data["ratio"], data["ratio"]) == pytest.approx(0)
    equal, ours = (
        table["weights"].compared(data, method, 0)["squared error"] for method in ("equal weights", "weights, KLIEP")
    )
    assert ours < equal
    large = np.concatenate([table["weights"].draw(1, seed)["target"] for seed in range(20)])
    assert (large.mean(), large.std()) == (pytest.approx(1, abs=0.05), pytest.approx(1, abs=0.05))


def test_times_are_compared_with_and_without_the_classifier(table):
    ours, theirs = (rows_of(name, [0.7, 0.8]) for name in ("CORAL", "ADAPT CORAL"))
    for row in theirs:
        row["seconds"] = 1.5
    assert "| +0.000 | 1.5 x | – |" in table["page"].against_others(ours + theirs)
    for row, seconds in zip(ours + theirs, (0.1, 0.1, 0.2, 0.4), strict=True):
        row["seconds without classifier"] = seconds
    assert "| +0.000 | 1.5 x | 3.0 x |" in table["page"].against_others(ours + theirs)


def test_the_page_shows_weights_beside_the_truth_and_what_failed(table):
    name = next(iter(table["weights"].WORLDS))
    rows = [{"shift": name, "seed": s, "method": "weights, KLIEP", "squared error": 0.2 + s, "seconds": 0.01} for s in (0, 1)]
    rows += [{"shift": name, "seed": 0, "method": "ADAPT KLIEP", "error": "ValueError: no centres"}]
    text = table["page"].against_truth(rows)
    assert "| weights, KLIEP | 0.700 ± 0.707; 10.0 ms | not run |" in text
    assert "| ADAPT KLIEP | ValueError: no centres |" in text


def test_what_lesson_13_quotes_stands_in_the_page(request):
    """The lesson's columns are three shifts of the page, its rows four methods; two places of three."""
    root = request.config.rootpath
    lesson = (root / "content/lessons/13_adversarial_adaptation.py").read_text(encoding="utf-8")
    page = (root / "docs/adaptation.md").read_text(encoding="utf-8")
    shifts = [
        page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for name in ("Clean to cluttered glyphs", "MNIST to coloured MNIST", "MNIST to cluttered MNIST")
    ]
    quoted = re.findall(r"^# \| (source only|AdaBN|DANN|domain randomisation) \|(.*)\|$", lesson, flags=re.MULTILINE)
    assert len(quoted) == 4
    for method, cells in quoted:
        name = {"source only": "source only, network"}.get(method, method)
        for cell, own in zip(cells.split("|"), shifts, strict=True):
            measured = re.search(rf"^\| {name} \| (\S+) ± (\S+) \|", own, flags=re.MULTILINE)
            assert measured, f"{name} is not in the page"
            for shown, exact in zip(cell.split("±"), measured.groups(), strict=True):
                assert float(shown) == pytest.approx(float(exact), abs=0.0051)
