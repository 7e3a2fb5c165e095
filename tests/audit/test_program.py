"""The doctor examines a program at its calls of fit, changes nothing of it, and says what it could not see."""

import json
import textwrap

import keras
import nbformat
import pytest

from tlcourse.audit.program.examine import examine_program
from tlcourse.audit.program.pages import page, text
from tlcourse.cli import main

HEAD = """
import numpy as np
import keras
rng = np.random.default_rng(0)
x, y = rng.normal(size=(60, 4)).astype("float32"), np.arange(60) % 3
x[:, 0] += y
body = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu")])
model = keras.Sequential([keras.Input((4,)), body, keras.layers.Dense(3{activation})])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
"""
LOGITS = HEAD.format(activation="")
SOFTMAX = HEAD.format(activation=', activation="softmax"')
WRONG_LOSS = LOGITS.replace("from_logits=True", "from_logits=False")


def script(folder, code, name="program.py"):
    path = folder / name
    path.write_text(textwrap.dedent(code), encoding="utf-8")
    return path


def test_a_bug_is_found_and_the_same_program_without_it_passes(tmp_path):
    wrong = examine_program(script(tmp_path, SOFTMAX + "model.fit(x, y, epochs=500)\n"))
    right = examine_program(script(tmp_path, LOGITS + "model.fit(x, y, epochs=500)\n"))
    assert "loss-and-output" in wrong.reports[0][1].ids
    assert "loss-and-output" not in right.reports[0][1].ids
    assert wrong.reports[0][0] == "line 10"
    assert not right.problem


def test_every_fit_is_examined_and_a_flag_that_nobody_compiled_is_seen(tmp_path):
    code = (
        LOGITS
        + "body.trainable = False\nmodel.compile('adam', model.loss)\nmodel.fit(x, y)\nbody.trainable = True\nmodel.fit(x, y)\n"
    )
    visit = examine_program(script(tmp_path, code))
    assert len(visit.reports) == 2
    assert "not-recompiled" not in visit.reports[0][1].ids
    assert "not-recompiled" in visit.reports[1][1].ids
    assert visit.exit_status == 1


def test_the_history_is_filled_and_the_program_goes_on_to_its_end(tmp_path, capsys):
    code = LOGITS + (
        "h = model.fit(x, y, validation_data=(x, y), epochs=9, callbacks=[keras.callbacks.EarlyStopping()])\n"
        "print(sorted(h.history))\n"
    )
    visit = examine_program(script(tmp_path, code))
    assert "['accuracy', 'loss', 'val_accuracy', 'val_loss']" in capsys.readouterr().out
    assert not visit.problem


def test_what_evaluate_gets_is_the_test_set(tmp_path):
    split = "a, x_test = x[:30], x[30:]\nmodel.fit(a, y[:30], validation_data=(x_test, y[30:]))\n"
    same = examine_program(script(tmp_path, LOGITS + split + "model.evaluate(x_test, y[30:])\n"))
    other = examine_program(script(tmp_path, LOGITS + split + "model.evaluate(x_test + 1, y[30:])\n"))
    neither = examine_program(script(tmp_path, LOGITS + split))
    assert "validation-is-test" in same.reports[0][1].ids
    assert "validation-is-test" not in neither.reports[0][1].ids
    assert "validation-is-test" in [row.id for row in neither.reports[0][1].not_checked]
    assert "validation-is-test" not in other.reports[0][1].ids


def test_no_model_is_saved_and_it_is_said(tmp_path):
    (tmp_path / "best.keras").write_text("weights of last week")
    visit = examine_program(script(tmp_path, LOGITS + "model.fit(x, y)\nmodel.save('best.keras')\n"))
    assert (tmp_path / "best.keras").read_text() == "weights of last week"
    assert visit.left_out == ["save() at line 11"]


@pytest.mark.parametrize("library", ["keras", "tensorflow.keras"])
def test_a_program_that_loads_what_it_did_not_save_goes_on(tmp_path, library):
    code = SOFTMAX + (
        f"from {library}.models import load_model\n"
        "keep = keras.callbacks.ModelCheckpoint('w.{epoch:02d}.weights.h5', save_weights_only=True)\n"
        "model.fit(x, y, callbacks=[keep, keras.callbacks.ModelCheckpoint('best.keras', save_best_only=True)])\n"
        "model.load_weights('w.07.weights.h5')\n"
        "again = load_model('best.keras')\n"
        "again.evaluate(x[:9], y[:9])\n"
        "model.save('last.keras')\n"
        "keras.saving.load_model('last.keras').fit(x, y)\n"
        "load_model('of_last_week.keras')\n"
    )
    visit = examine_program(script(tmp_path, code))
    assert [name.split("(")[0] for name in visit.left_out] == ["load_weights", "load_model", "save", "load_model"]
    assert len(visit.reports) == 2
    assert "No test data" not in str(visit.reports[0][1])
    assert "line 18" in visit.problem, "a file that the program did not write is read, and is not there"
    assert "of_last_week" in visit.problem
    assert keras.models.load_model is keras.saving.load_model
    assert keras.models.load_model.__module__.startswith("keras.")


def test_keras_and_the_folder_are_as_before_also_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    fit, own = keras.Model.fit, "fit" in keras.Model.__dict__
    visit = examine_program(script(tmp_path / "deep", LOGITS + "model.fit(x, y)\nraise RuntimeError('late')\n"))
    assert keras.Model.fit is fit
    assert ("fit" in keras.Model.__dict__) == own
    assert str(tmp_path.cwd()) == str(tmp_path)
    assert len(visit.reports) == 1
    assert visit.problem == "The program stopped at line 11: RuntimeError: late"


def test_a_program_without_fit_has_status_2_and_says_what_to_do(tmp_path):
    visit = examine_program(script(tmp_path, LOGITS))
    assert visit.exit_status == 2
    assert "tlcourse.audit(model, train)" in visit.problem


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (LOGITS + "model.fit(x, y)\n", 0),
        (LOGITS + "model.fit(x, y)\nraise SystemExit(0)\n", 0),
        (WRONG_LOSS + "model.fit(x, y)\n", 1),
        (WRONG_LOSS + "model.fit(x, y)\n1 / 0\n", 1),
        (LOGITS, 2),
        (LOGITS + "model.fit(x, y)\n1 / 0\n", 3),
        (LOGITS + "model.fit(x, y[:7])\n", 3),
        (LOGITS + "model.fit(x, y)\nraise SystemExit('no accuracy')\n", 3),
        ("import nowhere_to_be_found\n", 3),
    ],
)
def test_findings_a_crash_and_nothing_to_examine_are_three_numbers(tmp_path, code, status):
    visit = examine_program(script(tmp_path, code))
    assert visit.exit_status == status
    assert visit.to_dict()["crashed"] == visit.crashed == ("1 / 0" in code or status == 3)


def test_the_command_says_that_there_is_no_such_program(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "gone.py")]) == 2
    assert "no file" in capsys.readouterr().err


def test_commands_of_a_notebook_are_left_out_and_lines_are_named_by_cell(tmp_path):
    cells = [
        "!pip install keras\n%matplotlib inline\n" + SOFTMAX,
        "%%bash\nrm -rf everything",
        "if True:\n    !ls\nmodel.fit(x, y)",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("hello"), *map(nbformat.v4.new_code_cell, cells)])
    path = tmp_path / "book.ipynb"
    nbformat.write(book, path)
    visit = examine_program(path)
    assert not visit.problem
    assert visit.reports[0][0] == "cell 3, line 3"
    assert visit.left_out == ["cell 1: !pip install keras", "cell 1: %matplotlib inline", "cell 2: %%bash", "cell 3: !ls"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.ipynb", "{", "not a notebook"), ("a.txt", "", r"\.py"), ("a.ipynb", "[]", "not a notebook")],
)
def test_what_is_no_program_is_refused_in_words(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        examine_program(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="no file"):
        examine_program(tmp_path / "gone.py")


def test_the_command_prints_json_alone_and_writes_an_escaped_page(tmp_path, capsys):
    path = script(tmp_path, SOFTMAX + "print('chatter')\nmodel.fit(x, y)\n", "<b>.py")
    status = main(["doctor", str(path), "--json", "--html", str(tmp_path / "out.html")])
    found = json.loads(capsys.readouterr().out)
    assert found["exit_status"] == status
    assert "loss-and-output" in [finding["id"] for finding in found["fits"][0]["findings"]]
    written = (tmp_path / "out.html").read_text()
    assert "<b>" not in written
    assert "&lt;b&gt;.py" in written


def test_text_and_page_say_the_same(tmp_path):
    visit = examine_program(script(tmp_path, SOFTMAX + "model.fit(x, y)\n1 / 0\n"))
    for words in (text(visit), page(visit)):
        assert "fit at line 10" in words
        assert "loss-and-output" in words
        assert "ZeroDivisionError" in words
