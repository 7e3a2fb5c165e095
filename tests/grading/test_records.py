"""Records survive what happens to files: half lines, twins, damage, a full disk."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from tlcourse.files import write_whole
from tlcourse.grading import classroom
from tlcourse.grading.results.gradebook import read_decisions
from tlcourse.grading.results.records import DamagedRecords, Journal, read_lines, to_line, write_sorted
from tlcourse.grading.sandbox.backends import UNSAFE, Sandbox


def record(key, **more):
    return {"key": key, "master": "m", "submission": "s", "results": [], "seeds": {}, "points": 0, **more}


def test_what_was_appended_is_read_again(tmp_path):
    journal = Journal(tmp_path / "new" / "journal.jsonl")
    assert journal.load() == {}
    journal.append(record("b", notes=["Zoë \u202e", "a\nb"]))
    journal.append(record("a"))
    assert list(journal.load()) == ["b", "a"]
    assert journal.load()["b"]["notes"] == ["Zoë \u202e", "a\nb"]


def test_a_half_line_is_cut_off_and_the_rest_kept(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(record("a"))
    whole = journal.path.read_bytes()
    for end in range(1, len(to_line(record("b")))):
        journal.path.write_bytes(whole + to_line(record("b"))[:end])
        assert list(journal.load()) == ["a"]
        assert journal.path.read_bytes() == whole
    journal.append(record("b"))
    assert list(journal.load()) == ["a", "b"]


@pytest.mark.parametrize(
    "line", [b"nonsense", b"{}", b"[]", b'{"key": 5}', b"[" * 100_000, to_line(record("a", points="7")).strip()]
)
def test_a_damaged_line_is_named(line):
    with pytest.raises(DamagedRecords, match=r"journal, line 2, is not a record"):
        read_lines(to_line(record("a")) + line + b"\n", "journal")


def test_of_twins_the_first_counts():
    assert read_lines(to_line(record("a", points=1)) + to_line(record("a", points=2)), "x")["a"]["points"] == 1


def test_the_order_of_appending_does_not_show_in_the_sorted_file(tmp_path):
    records = [record(key) for key in "cab"]
    write_sorted(tmp_path / "one", records)
    write_sorted(tmp_path / "two", records[::-1])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert list(read_lines((tmp_path / "one").read_bytes(), "x")) == ["a", "b", "c"]


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(record("a"))
    before = journal.path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        journal.append(record("b"))
    assert journal.path.read_bytes() == before
    write_path = tmp_path / "whole"
    write_path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left"):
        write_whole(write_path, b"new")
    assert write_path.read_bytes() == b"old"


def test_a_record_is_one_line_and_the_same_bytes_whatever_the_order_of_its_fields():
    one = to_line({"b": "a\nb", "a": [1, {"d": 1, "c": 2}]})
    assert one == to_line({"a": [1, {"c": 2, "d": 1}], "b": "a\nb"})
    assert one.count(b"\n") == 1
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_line({"points": float("nan")})


@contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kilobytes", [4, 8, 12, 40, 100, 200])
def test_a_journal_on_a_disk_that_is_really_full_keeps_whole_records_only(tmp_path, kilobytes):
    with small_disk(tmp_path / "disk", kilobytes) as disk:
        journal, kept = Journal(disk / "journal.jsonl"), []
        for number in range(3):  # the last failing append must not follow a half line either
            try:
                while True:
                    journal.append(record(f"{number}-{len(kept)}", notes=["x" * 3000]))
                    kept.append(f"{number}-{len(kept)}")
            except OSError as error:
                assert error.errno == 28  # noqa: PT017 - which error it is, matters
            data = journal.path.read_bytes() if journal.path.exists() else b""
            assert not data or data.endswith(b"\n")
            assert list(read_lines(data, "journal")) == kept


def test_two_graders_that_start_at_once_have_one_seed(tmp_path, monkeypatch):
    seeds = iter("ab")

    def slow(_):
        time.sleep(0.2)
        return next(seeds)

    monkeypatch.setattr(classroom.secrets, "token_hex", slow)
    found = []

    def start():
        found.append(classroom.open_run(tmp_path / "new", "00_start_here", None, Sandbox(UNSAFE), 1).secret)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [classroom.run_of(tmp_path / "new")["seed"]] * 2


@pytest.mark.parametrize("points", ["nan", "inf", "-inf"])
def test_points_that_are_no_finite_number_are_refused_with_their_line(tmp_path, points):
    path = tmp_path / "decisions.csv"
    path.write_text(f"learner,task,points,comment\nZoe,2.1,{points},\n")
    with pytest.raises(ValueError, match=r"decisions\.csv, line 2: points must be a number"):
        read_decisions(path)


def test_decisions_in_another_encoding_are_refused_with_their_line(tmp_path):
    path = tmp_path / "decisions.csv"
    path.write_bytes("learner,task,points,comment\nAda,2.1,1,\nZoë,2.1,1,\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"decisions\.csv, line 3, is not UTF-8"):
        read_decisions(path)
