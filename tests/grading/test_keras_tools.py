"""Answers that replace what Keras itself reports about a model gain nothing, and honest ones that use it freely lose nothing."""

from __future__ import annotations

import pytest

from tests.submissions.corpus import ROOT
from tlcourse.checks import EARNED, NOT_EARNED, UNJUDGED
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import load_master, with_answers
from tlcourse.grading.sandbox.backends import bubblewrap_problem, choose_sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}"),
]
ATTACKS = {
    "weights that never move": (
        "import keras, numpy as np\n_real = keras.Layer.get_weights\n"
        "keras.Layer.get_weights = lambda self: [np.zeros_like(w) for w in _real(self)]\n"
    ),
    "a method that the class had from its parent": (
        "import keras\nkeras.layers.Dense.get_weights = keras.layers.Conv2D.get_weights = lambda self: []\n"
    ),
    "a step that does nothing": "import keras\nkeras.Model.train_on_batch = lambda self, *a, **k: 0.0\n",
    "variables that read the same": "import keras, numpy as np\nkeras.Variable.numpy = lambda self: np.zeros(3)\n",
    "nothing is trainable": "import keras\nkeras.Layer.trainable_weights = property(lambda self: [])\n",
}


@pytest.fixture(scope="module")
def settings():
    return Settings("a secret", choose_sandbox("bubblewrap"))


@pytest.fixture(scope="module")
def master():
    return load_master(ROOT, "05", ["5.1"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_wrong_answer_stays_wrong_whatever_keras_was_made_to_say(master, settings, attack):
    wrong = master.bank["5.1"].wrong[0]
    (result,) = grade(master, with_answers(master, {"5.1": ATTACKS[attack] + wrong.source}), settings)["results"]
    assert (result["outcome"], result["misconception"]) == (NOT_EARNED, wrong.misconception)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_right_answer_stays_right_since_keras_is_put_back_before_the_check_looks(master, settings, attack):
    right = master.bank["5.1"].right[0]
    (result,) = grade(master, with_answers(master, {"5.1": ATTACKS[attack] + right.source}), settings)["results"]
    assert result["outcome"] == EARNED


def test_replacing_keras_while_the_check_looks_needs_review(master, settings):
    name = master.tasks["5.1"].answer_name
    source = (
        f"def {name}(*a, **k):\n    import keras\n    keras.Layer.get_weights = lambda self: []\n    return a[0] if a else None"
    )
    (result,) = grade(master, with_answers(master, {"5.1": source}), settings)["results"]
    assert result["outcome"] == UNJUDGED
    assert "get_weights" in result["message"]
