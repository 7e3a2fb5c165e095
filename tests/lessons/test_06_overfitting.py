"""Lesson 06: the arrows of task 6.3 point where their labels say, on every seed that a grader may draw."""

import numpy as np
import pytest

from tlcourse.tasks.tasks_06_overfitting import _ARROWS, _TRANSFORMS, _arrow, _expert

KEPT = {"brighter", "inverted", "shifted"}


@pytest.mark.parametrize("seed", range(20))
def test_the_expert_names_every_arrow_and_knows_which_transforms_keep_it(seed):
    rng = np.random.default_rng(seed)
    for direction, label in enumerate(_ARROWS):
        image = _arrow(direction, rng)
        assert _expert(image) == label
        mirrors = {"left-right"} if label in ("up", "down") else {"upside down"}
        assert {name for name, transform in _TRANSFORMS.items() if _expert(transform(image)) == label} == KEPT | mirrors
