"""Profile, seed and the report that every notebook begins with."""

from __future__ import annotations

import logging
import random

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tlcourse import config, runtime


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in ("TLCOURSE_PROFILE", "TLCOURSE_SEED", "COLAB_RELEASE_TAG", "TLCOURSE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(config, "_chosen", None)


def test_the_profile_is_embedded_unless_said_otherwise_and_full_on_colab(monkeypatch):
    assert config.profile() == "embedded"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    assert config.profile() == "full"
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")
    assert config.profile() == "embedded"
    config.use_profile("full")
    assert config.profile() == "full"


def test_an_unknown_profile_is_refused_wherever_it_comes_from(monkeypatch):
    with pytest.raises(ValueError, match=r"embedded, full.*name='tiny'"):
        config.use_profile("tiny")
    monkeypatch.setenv("TLCOURSE_PROFILE", "ful")
    with pytest.raises(ValueError, match="TLCOURSE_PROFILE='ful'"):
        config.profile()


def test_the_data_home_is_named_and_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    assert config.data_home() == tmp_path / "home"
    assert not (tmp_path / "home").exists()


def test_start_seeds_everything_and_says_what_the_run_depends_on(capsys):
    assert runtime.start("00_start_here", seed=7) == 7
    first = (random.random(), np.random.rand())
    text = capsys.readouterr().out
    for words in ("00_start_here", "embedded", "keras", "GPU", "float32", "seed       7"):
        assert words in text
    runtime.start(seed=7)
    assert (random.random(), np.random.rand()) == first


def test_a_seed_from_outside_takes_the_place_of_the_notebooks_own(monkeypatch, capsys):
    monkeypatch.setenv("TLCOURSE_SEED", "3")
    assert runtime.start(seed=0) == 3


@pytest.mark.parametrize(("asked", "level"), [("2", logging.WARNING), ("0", logging.INFO)])
def test_notes_of_tensorflow_stay_off_the_page_unless_they_are_asked_for(monkeypatch, asked, level):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", asked)
    logger = logging.getLogger("tensorflow")
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        runtime.start()
        assert logger.level == level
    finally:
        logger.setLevel(before)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "one", None, True])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match="whole number from 0"):
        runtime.set_seed(seed)


def test_the_report_is_escaped_where_it_is_shown_as_html():
    report = runtime.MachineReport("embedded", "0.1", "3", "3", "<b>", ("<script>",), "float32", 2)
    assert "<script>" not in report._repr_html_()
    assert "&lt;script&gt;" in report._repr_html_()


def test_linear_algebra_stays_on_one_core_unless_it_is_asked_for_more(monkeypatch):
    with threadpool_limits(2):  # and back to what it was
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        runtime.start()
        assert {row["num_threads"] for row in threadpool_info()} == {1}
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        runtime.start()
        assert {row["num_threads"] for row in threadpool_info()} == {2}
