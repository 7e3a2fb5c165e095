"""Every finding on the data has programs with the mistake, and the same programs without it; correct programs stay silent."""

from __future__ import annotations

import inspect

import keras
import pytest

import tlcourse
from tests.audit.correct_data_programs import PROGRAMS
from tests.audit.pairs_data import content_pairs, feeding_pairs, sound_pairs, split_pairs, text_pairs
from tlcourse.audit.detectors.registry import DATA_DETECTORS

PAIRS = [*split_pairs.PAIRS, *feeding_pairs.PAIRS, *content_pairs.PAIRS, *text_pairs.PAIRS, *sound_pairs.PAIRS]
DATA_IDS = {name for detector in DATA_DETECTORS for name in detector.ids}


def examined(program, folder):
    keras.utils.set_random_seed(0)
    return tlcourse.audit(**(program(folder) if "folder" in inspect.signature(program).parameters else program()))


def said(report):
    return {finding.id for finding in report.findings} & DATA_IDS


def named(programs):
    return [program.__name__ for program in programs]


@pytest.mark.parametrize(("name", "wrong"), [(n, w) for n, w, _ in PAIRS], ids=named(w for _, w, _ in PAIRS))
def test_the_mistake_is_named_and_nothing_else(name, wrong, tmp_path):
    report = examined(wrong, tmp_path)
    assert said(report) == {name}
    finding = report[name]
    assert finding.evidence["sentence"]
    assert any(isinstance(value, (int, float)) for value in finding.evidence.values()), "a finding shows what was measured"
    assert finding.why
    assert finding.fix


@pytest.mark.parametrize(("name", "right"), [(n, r) for n, _, r in PAIRS], ids=named(r for _, _, r in PAIRS))
def test_the_same_program_without_the_mistake_is_clean(name, right, tmp_path):
    report = examined(right, tmp_path)
    assert not said(report)
    assert name in report.passed, "clean because it was looked at, not because it could not be"


def test_every_finding_on_the_data_has_a_pair():
    assert {name for name, _, _ in PAIRS} == DATA_IDS


@pytest.mark.parametrize("program", PROGRAMS, ids=named(PROGRAMS))
def test_a_correct_program_with_unusual_data_is_silent(program, tmp_path):
    report = examined(program, tmp_path)
    assert not report.findings
    assert not [row for row in report.not_checked if "failed" in row.reason.lower()], "silent, but not for being broken"
