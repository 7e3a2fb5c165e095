"""Every finding on the model has programs with the mistake, and the same programs without it; correct programs stay silent."""

from __future__ import annotations

import inspect

import keras
import pytest
from correct_models import PROGRAMS
from pairs import history_pairs, output_pairs, preprocessing_pairs, training_pairs

import tlcourse
from tlcourse.audit.model_detectors import MODEL_DETECTORS

PAIRS = [*preprocessing_pairs.PAIRS, *training_pairs.PAIRS, *output_pairs.PAIRS, *history_pairs.PAIRS]
MODEL_IDS = {name for detector in MODEL_DETECTORS for name in detector.ids}

# One mistake can be seen in two ways: before training in the flags, after it in the weights.
SEEN_TWICE = {
    "flags_only": {"not-recompiled"},
    "statistics_moved": {"batchnorm-moves"},
    "moved_too_far": {"learning-rate"},
}


def examined(program, *arguments):
    keras.utils.set_random_seed(0)
    return tlcourse.audit(**program(*arguments))


def said(report):
    return {finding.id for finding in report.findings} & MODEL_IDS


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, wrong, _ in PAIRS], ids=[p[1].__name__ for p in PAIRS])
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
def test_the_mistake_is_named_and_nothing_else(name, wrong):
    report = examined(wrong)
    assert said(report) - SEEN_TWICE.get(wrong.__name__, set()) == {name}
    finding = report[name]
    assert finding.evidence["sentence"]
    assert any(isinstance(value, (int, float)) for value in finding.evidence.values()), "a finding shows what was measured"
    assert finding.why
    assert finding.fix


@pytest.mark.parametrize(("name", "right"), [(name, right) for name, _, right in PAIRS], ids=[p[2].__name__ for p in PAIRS])
def test_the_same_program_without_the_mistake_is_clean(name, right):
    report = examined(right)
    assert not said(report)
    assert name in report.passed, "clean because it was looked at, not because it could not be"


def test_every_finding_on_the_model_has_a_pair():
    assert {name for name, _, _ in PAIRS} == MODEL_IDS


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.__name__ for program in PROGRAMS])
def test_a_correct_program_of_an_unusual_kind_is_silent(program, tmp_path):
    arguments = [tmp_path] if inspect.signature(program).parameters else []
    report = examined(program, *arguments)
    assert not said(report), str(report)
    broken = [row for row in report.not_checked if row.id in MODEL_IDS and "The detector failed" in row.reason]
    assert not broken
