"""For courses that use nbgrader: an exercise as nbgrader's source, and our marks in nbgrader's gradebook, by its own API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlcourse.authoring import build_source_for_nbgrader
from tlcourse.checks import UNJUDGED
from tlcourse.files import write_whole
from tlcourse.grading.results.gradebook import Marks

MISSING = "--nbgrader needs nbgrader beside tlcourse, in one environment: pip install 'tlcourse[nbgrader]'"


def write_source(course: Path, topic: str, folder: Path) -> Path:
    """Write an exercise as nbgrader's `source/TOPIC/TOPIC.ipynb`, from which `nbgrader generate_assignment` makes the release.

    Args:
        course: The repository, with `content/`.
        topic: Such as "02_feature_extraction".
        folder: Folder of the nbgrader course, with `nbgrader_config.py`.
    """
    path = folder / "source" / topic / f"{topic}.ipynb"
    write_whole(path, build_source_for_nbgrader(course, topic).encode())
    return path


def write_marks(database: Path, rows: Sequence[Marks], topic: str) -> int:
    """Write marks into nbgrader's gradebook. What needs review is marked for manual grading there.

    Args:
        database: The file `gradebook.db` of nbgrader. It is made where it is missing.
        rows: The class.
        topic: Name of the assignment and of its notebook.

    Returns:
        Number of learners written.

    Raises:
        ValueError: If nbgrader is not installed here, or its gradebook holds something else under these names.
    """
    try:
        from nbgrader.api import Gradebook, InvalidEntry
    except ImportError as error:
        raise ValueError(MISSING) from error
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        with Gradebook(f"sqlite:///{database.resolve()}") as book:
            _make_cells(book, rows, topic)
            for row in rows:
                _write_learner(book, row, topic)
    except InvalidEntry as error:
        raise ValueError(f"nbgrader's gradebook {database} does not take these marks: {error}") from error
    return len(rows)


def learner_name(row: Marks) -> str:
    """Return the name of a learner in nbgrader's gradebook: the folder below `submitted/`."""
    return row.entry.learner


def _cell(kind: str, task: str) -> str:
    return f"{kind}-{task.replace('.', '-')}"


def _make_cells(book: Any, rows: Sequence[Marks], topic: str) -> None:
    book.update_or_create_assignment(topic)
    book.update_or_create_notebook(topic, topic)
    highest = {result["task"]: result["max_points"] for row in rows for result in row.results}
    for task, points in highest.items():
        book.update_or_create_grade_cell(_cell("check", task), topic, topic, max_score=points, cell_type="code")
        book.update_or_create_solution_cell(_cell("task", task), topic, topic)


def _write_learner(book: Any, row: Marks, topic: str) -> None:
    from nbgrader.api import Comment, Grade, MissingEntry

    learner = learner_name(row)
    book.update_or_create_student(learner)
    book.update_or_create_submission(topic, learner)
    notebook = book.find_submission_notebook(topic, topic, learner)
    open_ = {task for task, _ in row.open}
    for result in row.results:
        check, answer = _cell("check", result["task"]), _cell("task", result["task"])
        try:
            grade = book.find_grade(check, topic, topic, learner)
        except MissingEntry:  # the submission is older than the cell
            grade = Grade(cell_id=book.find_grade_cell(check, topic, topic).id, notebook=notebook)
            book.db.add(grade)
        by_hand = result["outcome"] == UNJUDGED or result["task"] in open_
        grade.auto_score = None if by_hand else float(result["points"])
        grade.manual_score, grade.needs_manual_grade = None, by_hand
        try:
            comment = book.find_comment(answer, topic, topic, learner)
        except MissingEntry:
            comment = Comment(cell_id=book.find_solution_cell(answer, topic, topic).id, notebook=notebook)
            book.db.add(comment)
        comment.auto_comment = f"{result['outcome']}: {result['message']} {result['explanation']}".strip()
    if not row.results:  # no notebook that could be read: all of it needs review
        for grade in notebook.grades:
            grade.auto_score, grade.manual_score, grade.needs_manual_grade = None, None, True
    book.db.commit()
