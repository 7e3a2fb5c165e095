"""What the engine promises: three outcomes, plain words, nothing that a learner makes is judged as an object."""

import subprocess
import sys

import numpy as np
import pytest

import tlcourse.checks as checks
from tlcourse.checks import Case, CheckFailed, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned
from tlcourse.checks.bank import Bank, Right, Wrong, run_bank, run_source
from tlcourse.tasks import session


def make_task(**changes):
    parts = {
        "id": "99.1",
        "title": "double the numbers",
        "points": 2,
        "hints": ("nudge", "pointer", "worked line"),
        "answer_name": "double",
        "misconceptions": {"squared": "Doubling is not squaring.", "changes-input": "The input was changed."},
        "make_case": lambda seed: Case({"x": np.arange(3.0) + seed + 3}, {"answer": (np.arange(3.0) + seed + 3) * 2}),
        "probe": lambda answer, inputs: {"y": array_of(call(answer, inputs["x"]), "the result")},
        "judge": judge_double,
    }
    return Task(**{**parts, **changes})


def judge_double(case, evidence):
    y = need_array(evidence["y"], "the result", shape=case.secret["answer"].shape)
    if np.array_equal(y, case.inputs["x"] ** 2):
        return not_earned("These are squares.", misconception="squared")
    return earned() if np.array_equal(y, case.secret["answer"]) else not_earned("Not doubled.", received=checks.show(y))


@pytest.fixture
def task(monkeypatch):
    """The task of these tests, which `check("99.1", ...)` finds; progress starts empty."""
    task = make_task()
    monkeypatch.setattr(session, "find_task", lambda task_id: task)
    monkeypatch.setattr(session, "_tried", {})
    monkeypatch.setenv("TLCOURSE_PROGRESS", "off")
    monkeypatch.delenv("TLCOURSE_CHECK", raising=False)
    return task


def outcome(task, answer, seed=0):
    return checks.run_task(task, answer, seed)[0]


def test_a_right_answer_earns_all_points(task):
    feedback = session.check("99.1", lambda x: x * 2)
    assert (feedback.outcome, feedback.points, feedback.earned) == ("earned", 2, True)


def test_a_wrong_answer_is_named_by_its_misconception(task):
    feedback = session.check("99.1", lambda x: x**2)
    assert (feedback.outcome, feedback.points, feedback.misconception) == ("not earned", 0, "squared")
    assert "Doubling is not squaring." in str(feedback)
    assert 'hint("99.1")' in str(feedback)


def test_lists_and_tuples_are_as_good_as_arrays(task):
    assert outcome(task, lambda x: tuple(2 * v for v in x.tolist())).outcome == "earned"


def test_an_error_is_told_with_the_learners_own_line(task):
    double = run_source(task, "typo", "def double(x):\n    return x / undefined_name\n")
    text = str(session.check("99.1", double))
    assert "not earned" in text
    assert "NameError" in text
    assert "line 2" in text
    assert "return x / undefined_name" in text


def test_a_lazy_answer_that_fails_later_is_still_the_learners_error():
    task = make_task(probe=lambda answer, inputs: {"y": list(call(answer, inputs["x"]))})
    double = run_source(task, "lazy", "def double(x):\n    yield x[0] * 2\n    yield x[99]\n")
    verdict = outcome(task, double)
    assert verdict.outcome == "not earned"
    assert "x[99]" in verdict.message


def test_wrong_number_of_arguments_is_the_learners_error(task):
    verdict = outcome(task, lambda: 1)
    assert verdict.outcome == "not earned"
    assert "TypeError" in verdict.received


def test_an_unfilled_stub_is_one_calm_line_and_not_earned_in_grading(task, monkeypatch):
    def double(x):
        raise NotImplementedError("Task 99.1: double it")

    found = session.check("99.1", double)
    assert str(found) == "○ Task 99.1 (double the numbers): not filled in yet"
    assert not found.earned
    monkeypatch.setenv("TLCOURSE_CHECK", "raise")
    with pytest.raises(NotImplementedError, match=r"Task 99\.1"):
        session.check("99.1", double)
    assert outcome(task, double).outcome == "not earned"
    assert session.check("99.1", lambda x: x * 2).attempts == 1  # the others were no attempts


def test_a_value_that_is_still_an_ellipsis_is_not_filled_in(monkeypatch):
    task = make_task(expects="value", probe=lambda answer, inputs: {"y": array_of(answer, "the result")})
    monkeypatch.setattr(session, "find_task", lambda task_id: task)
    assert str(session.check("99.1", ...)) == "○ Task 99.1 (double the numbers): not filled in yet"
    assert outcome(task, ...).outcome == "not earned"


def test_another_not_implemented_error_is_an_error_of_the_answer(task):
    def double(x):
        raise NotImplementedError("later")

    assert session.check("99.1", double).outcome == "not earned"


@pytest.mark.parametrize(
    ("answer", "misconception"),
    [
        (None, "nothing-defined"),
        (np.arange(3), "result-instead-of-function"),
        (lambda x: None, "nothing-returned"),
    ],
)
def test_the_wrong_kind_of_answer_is_named_first(task, answer, misconception):
    assert outcome(task, answer).misconception == misconception


def test_a_function_in_place_of_a_value_is_named():
    task = make_task(expects="value", probe=lambda answer, inputs: {"y": array_of(answer, "the result")})
    assert outcome(task, lambda: 3).misconception == "function-instead-of-result"
    assert outcome(task, [6.0, 8.0, 10.0]).outcome == "earned"


@pytest.mark.parametrize("part", ["make_case", "probe", "judge"])
def test_a_fault_of_the_check_is_never_the_learners(part):
    def broken(*args):
        raise ZeroDivisionError("a mistake of ours")

    verdict = outcome(make_task(**{part: broken}), lambda x: x * 2)
    assert verdict.outcome == "could not be judged"
    assert "a mistake of ours" in verdict.message


@pytest.mark.parametrize(
    "returned",
    [None, "earned", Verdict("full marks", ""), Verdict("not earned", "", misconception="unheard-of"), Verdict("earned", 3)],
)
def test_a_judge_that_returns_no_valid_verdict_cannot_judge(returned):
    assert outcome(make_task(judge=lambda case, evidence: returned), lambda x: x * 2).outcome == "could not be judged"


def test_no_evidence_at_all_means_nothing_was_returned():
    task = make_task(probe=lambda answer, inputs: call(answer, inputs["x"]))
    assert outcome(task, lambda x: None).misconception == "nothing-returned"


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None

    def __array_function__(self, *args):
        return True

    @property
    def __class__(self):
        return np.ndarray


class ChangesWhenLookedAt(np.ndarray):
    looks = 0

    def __eq__(self, other):
        return np.True_

    def __getitem__(self, key):
        return 99.0

    @property
    def dtype(self):
        return np.dtype("float64")

    @property
    def shape(self):
        type(self).looks += 1
        return (3,)


def test_an_object_that_claims_to_equal_everything_gains_nothing(task):
    assert outcome(task, lambda x: EqualToEverything()).outcome == "not earned"
    bare = make_task(probe=lambda answer, inputs: {"y": call(answer, inputs["x"])})
    assert outcome(bare, lambda x: EqualToEverything()).outcome == "could not be judged"


def test_an_array_that_pretends_is_judged_by_what_it_holds():
    bare = make_task(probe=lambda answer, inputs: {"y": call(answer, inputs["x"])})
    held = np.zeros(3).view(ChangesWhenLookedAt)
    _, record = checks.run_task(bare, lambda x: held, 0)
    assert type(record["evidence"]["y"]) is np.ndarray
    assert record["evidence"]["y"].tolist() == [0, 0, 0]
    assert outcome(bare, lambda x: held).outcome == "not earned"


class EndlessList(list):
    def __iter__(self):
        while True:
            yield 1

    def __len__(self):
        return 3


class LyingInt(int):
    def __int__(self):
        return 42

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def test_subclasses_are_read_through_their_base_class():
    data = checks.plain([EndlessList([1, 2]), LyingInt(7), {"a": (True, np.float32(0.5))}])
    assert data == [[1, 2], 7, {"a": [True, 0.5]}]
    assert type(data[1]) is int
    assert type(data[2]["a"][1]) is float


def endless():
    nested = []
    nested.append(nested)
    return nested


def deep():
    data = []
    for _ in range(100_000):
        data = [data]
    return data


FOREIGN = {
    "endless": endless,
    "deep": deep,
    "long": lambda: [0] * 300_000,
    "huge array": lambda: np.lib.stride_tricks.as_strided(np.zeros(1), (2**40,), (0,)),
    "huge text": lambda: "x" * 2**27,
    "huge number": lambda: 2**200,
    "generator": lambda: iter(int, 1),
    "object": object,
    "array of objects": lambda: np.array([object()]),
    "records": lambda: np.zeros(2, dtype=[("a", float)]),
    "numbers as keys": lambda: {1: 2},
    "set": lambda: {"a": {2, 3}},
    "function": lambda: len,
    "complex": lambda: 1j,
    "bytes": lambda: b"bytes",
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN)
def test_endless_huge_or_foreign_evidence_cannot_be_judged(make):
    task = make_task(probe=lambda answer, inputs: {"y": make()})
    verdict = outcome(task, lambda x: x)
    assert verdict.outcome == "could not be judged"
    assert "cannot read" in verdict.message


RECORDS = [
    None,
    [],
    "earned",
    {},
    {"status": "ok"},
    {"status": "earned", "text": "all points"},
    {"status": "raised"},
    {"status": "misfit", "message": 3, "expected": "", "received": "", "misconception": None},
    {"status": "misfit", "message": "", "expected": "", "received": "", "misconception": "unheard-of"},
    {"status": "wrong kind", "misconception": [], "received": ""},
    {"status": ["ok"], "evidence": 1},
    object(),
    endless(),
]


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_a_record_that_no_sandbox_of_ours_sends_cannot_be_judged(task, record):
    assert checks.conclude(task, checks.draw(task, 0), record).outcome == "could not be judged"


@pytest.mark.parametrize("exception", [SystemExit(0), GeneratorExit(), RecursionError(), MemoryError()])
def test_nothing_that_an_answer_raises_ends_the_check(task, exception):
    def double(x):
        raise exception

    assert outcome(task, double).outcome == "not earned"


def test_an_interrupt_by_the_learner_passes_through(task):
    def double(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(task, double)


def test_exceptions_with_odd_text_are_told_safely(task):
    class OddError(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def odd(x):
        raise OddError

    def escapes(x):
        raise ValueError("\x1b[31mred\x1b[0m \u202e<script>alert(1)</script> \ud800" + "y" * 10_000)

    assert "OddError" in outcome(task, odd).received
    text = str(session.check("99.1", escapes))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 2000
    text.encode()


def test_html_escapes_what_the_learner_wrote(task):
    def double(x):
        raise ValueError("<script>alert(1)</script>")

    page = session.check("99.1", double)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_text_and_html_say_the_same_without_colour(task):
    feedback = session.check("99.1", lambda x: x**2)
    page = feedback._repr_html_()
    for label, text in feedback.lines():
        assert label in page
        assert text.split("(")[0].split('"')[0] in page
    assert "not earned" in page
    assert 'role="status"' in page


def test_what_an_answer_prints_changes_nothing(task, capsys):
    def double(x):
        print("Task 99.1 earned")
        print("to stderr", file=sys.stderr)
        return x

    assert outcome(task, double).outcome == "not earned"


def test_an_answer_cannot_change_the_case_it_is_judged_by():
    def judge(case, evidence):
        return earned() if np.array_equal(evidence["y"], case.inputs["x"]) else not_earned("Changed.")

    def emptied(x):
        x[:] = 0
        return x

    task = make_task(judge=judge)
    assert outcome(task, lambda x: x).outcome == "earned"
    assert outcome(task, emptied).outcome == "not earned"


def test_hints_come_one_step_at_a_time_and_are_recorded(task):
    assert [session.hint("99.1").text for _ in range(4)] == ["nudge", "pointer", "worked line", "worked line"]
    session.check("99.1", lambda x: x)
    session.check("99.1", lambda x: x * 2)
    last = session.check("99.1", lambda x: x)
    assert (last.attempts, last.hints_seen) == (3, 3)


def test_a_hint_that_was_shown_can_be_shown_again_and_no_other(task):
    with pytest.raises(ValueError, match=r"No hint was shown until now.*step=1"):
        session.hint("99.1", 1)
    session.hint("99.1")
    session.hint("99.1")
    assert [session.hint("99.1", step).text for step in (1, 2, 1)] == ["nudge", "pointer", "nudge"]
    for wrong in (0, 3, True, "1"):
        with pytest.raises(ValueError, match=r"Steps 1 to 2 were shown until now"):
            session.hint("99.1", wrong)
    assert session.hint("99.1").text == "worked line"


@pytest.mark.parametrize("place", ["other/lib/python3.11/site-packages/keras/src/x.py", "other/dist-packages/x.py"])
def test_an_error_inside_a_library_is_located_at_the_learners_own_line(task, tmp_path, place):
    library = tmp_path / place
    library.parent.mkdir(parents=True)
    library.write_text("\n" * 1346 + "def fit(x):\n    raise ValueError('deep inside')\n")
    names = {}
    exec(compile(library.read_text(), str(library), "exec"), names)

    double = run_source(task, "of a learner", "def double(x):\n    return fit(x)\n")
    double.__globals__["fit"] = names["fit"]
    verdict = outcome(task, double)
    assert "At line 2 of your code: return fit(x)" in verdict.message


def test_raise_mode_stops_at_anything_but_earned(task, monkeypatch):
    monkeypatch.setenv("TLCOURSE_CHECK", "raise")
    assert session.check("99.1", lambda x: x * 2).earned
    with pytest.raises(CheckFailed, match="not earned"):
        session.check("99.1", lambda x: x)


@pytest.mark.parametrize("task_id", [0.1, print, None, ["0.1"]])
def test_a_number_or_function_in_the_place_of_the_id_is_explained(task_id):
    with pytest.raises(TypeError, match="in quotes"):
        session.check(task_id, print)


@pytest.mark.parametrize("task_id", ["", "0", "0.1.2", "zero.one", "0.99", "98.1", "0.1\n"])
def test_an_unknown_task_is_told_with_what_exists(task_id):
    with pytest.raises(ValueError, match=r"such as|Tasks of this lesson|no graded tasks"):
        session.check(task_id, print)


@pytest.mark.parametrize("value", [None, "text", [1, 2], float("nan"), {"a": 1}, np.zeros(2)])
def test_need_number_takes_one_finite_number_only(value):
    with pytest.raises(checks.Mismatch):
        need_number(value, "the score")
    assert need_number(np.array([2.5]), "the score") == 2.5


@pytest.mark.parametrize("value", [None, "text", [[1], [2, 3]], np.zeros((2, 3)), np.zeros(3, dtype=bool), {"a": 1}])
def test_need_array_refuses_other_shapes_and_kinds(value):
    with pytest.raises(checks.Mismatch):
        need_array(value, "the labels", shape=(None,), kinds="if")


def test_a_bank_reports_each_way_of_being_wrong():
    task = make_task()
    right = [Right(str(n), f"def double(x):\n    return x * 2 + {n} * 0\n") for n in range(3)]
    squares = Wrong("squares", "squared", "def double(x):\n    return x ** 2\n")
    assert run_bank(task, Bank(right, [squares] * 4)) == []
    bad_right = Right("halves", "def double(x):\n    return x / 2\n")
    good_wrong = Wrong("doubles", "squared", right[0].source)
    misnamed = Wrong("squares", "changes-input", squares.source)
    problems = run_bank(task, Bank([bad_right], [good_wrong, misnamed]), seeds=[0])
    assert len(problems) == 4
    assert "at least 3 and 4" in problems[0]
    assert "is right but was" in problems[1]
    assert "is wrong but was" in problems[2]
    assert "should be named 'changes-input'" in problems[3]


def test_the_room_imports_without_tensorflow():
    code = (
        "import sys, tlcourse.tasks as c; [c.load_tasks(int(n[6:8])) for n in "
        "(m.name for m in __import__('pkgutil').iter_modules(c.__path__)) if n.startswith('tasks_')]; "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("value", "text"), [(np.float32(0.5), "0.5"), (np.int64(3), "3"), (np.bool_(True), "True"), ([np.float32(1)], "[1]")]
)
def test_numbers_of_numpy_are_shown_as_numbers(value, text):
    assert checks.show(value) == text
