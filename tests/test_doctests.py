"""Every public name of the package shows a use of itself, and the result that it prints is the one that stands there."""

from __future__ import annotations

import doctest
import inspect

import keras
import numpy as np
import pytest

import tlcourse
from tlcourse import config
from tlcourse.tasks import session

NAMES = sorted(set(tlcourse.__all__) - {"__version__"})


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A process in which nothing was chosen or tried yet, without data of the full profile."""
    for variable in ("TLCOURSE_PROFILE", "TLCOURSE_CHECK", "TLCOURSE_SEED", "TLCOURSE_MIRROR_DATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(config, "_chosen", None)
    monkeypatch.setattr(session, "_tried", {})


def example_of(name):
    found = getattr(tlcourse, name)
    found = found.audit if inspect.ismodule(found) else found  # tlcourse.audit(...) calls the function in the room
    _, heading, example = inspect.getdoc(found).partition("Example:\n")
    assert heading, f"The docstring of tlcourse.{name} has no `Example:`."
    return example


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_public_name_prints_what_it_shows(name, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    known = {"tlcourse": tlcourse, "keras": keras, "np": np, "folder": folder}
    test = doctest.DocTestParser().get_doctest(inspect.cleandoc(example_of(name)), known, name, None, 0)
    assert any(example.want and doctest.SKIP not in example.options for example in test.examples), "Nothing is checked."
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False).run(test, out=report.append)
    if report:
        pytest.fail("".join(report), pytrace=False)
