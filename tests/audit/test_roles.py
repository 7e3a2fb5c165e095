"""What a set is, is told by its use: what trained is training data whenever it is evaluated, and validation is no test by itself."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audit.test_program import LOGITS, script
from tlcourse.audit.program.examine import examine_program
from tlcourse.audit.program.roles import is_same_data, names_a_test_set

SPLIT = LOGITS + "xt, yt, xv, yv, xe, ye = x[:30], y[:30], x[30:45], y[30:45], x[45:], y[45:]\n"
FIT = "model.fit(xt, yt, validation_data=(xv, yv), epochs=3)\n"


@pytest.mark.parametrize(
    "after",
    [
        "print(model.evaluate(xv, yv))",
        "print(model.evaluate(xe, ye)); print(model.evaluate(xt, yt))",
        "print(model.evaluate(xe, ye)); print(model.evaluate(x=xv, y=yv))",
        "print(model.evaluate(\n    xv,\n    yv,\n    verbose=0,\n))",
        "print(model.evaluate(xt, yt))",
    ],
)
def test_evaluating_training_or_validation_data_is_no_mistake(tmp_path, after):
    ids = examine_program(script(tmp_path, SPLIT + FIT + after + "\n")).reports[0][1].ids
    assert "validation-is-test" not in ids
    assert "duplicates" not in ids


@pytest.mark.parametrize(
    ("fit", "after"),
    [
        ("x_test, y_test = xv, yv\n" + FIT, "model.evaluate(x_test, y_test)"),
        ("class data: test = (xv, yv)\nmodel.fit(xt, yt, validation_data=data.test)\n", "model.evaluate(*data.test)"),
        ('sets = {"test": (xv, yv)}\nmodel.fit(xt, yt, validation_data=sets["test"])\n', 'model.evaluate(*sets["test"])'),
    ],
)
def test_a_test_set_that_validated_is_still_found(tmp_path, fit, after):
    ids = examine_program(script(tmp_path, SPLIT + fit + after + "\n")).reports[0][1].ids
    assert "validation-is-test" in ids


def test_a_real_test_set_that_holds_training_rows_is_found_although_training_data_are_evaluated_too(tmp_path):
    wide = SPLIT.replace("(60, 4)", "(60, 40)").replace("Input((4,))", "Input((40,))")
    code = wide + "xe, ye = np.concatenate([xe, xt[:8]]), np.concatenate([ye, yt[:8]])\n" + FIT
    code += "model.evaluate(xe, ye)\nmodel.evaluate(xt, yt)\n"
    assert "duplicates" in examine_program(script(tmp_path, code)).reports[0][1].ids


def test_same_data_are_one_object_or_one_place_in_memory():
    rows = np.arange(12.0).reshape(6, 2)
    assert is_same_data(rows, rows)
    assert is_same_data(rows[:3], rows[:3])
    assert not is_same_data(rows[:3], rows[3:])
    assert not is_same_data(rows, rows.copy())
    assert is_same_data((rows, 1), (rows, 2))
    assert is_same_data({"a": rows}, {"a": rows})
    assert not is_same_data({"a": rows}, {"b": rows})
    assert not is_same_data(None, None)


@pytest.mark.parametrize(
    ("code", "line", "expected"),
    [
        ("model.evaluate(x_test, y_test)", 1, True),
        ("model.evaluate(x=data.holdout)", 1, True),
        ("model.evaluate(xv, yv)", 1, False),
        ("test = 1\nmodel.evaluate(xv, yv)", 2, False),
        ("model.evaluate(\n    xv,\n    y_unseen)", 3, True),
        ("model.evaluate(", 1, True),
    ],
)
def test_the_names_at_the_call_count(code, line, expected):
    assert names_a_test_set(code, line) is expected
