"""A file is written whole or not at all, and nothing temporary is left behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tlcourse.files import lines_of, replacing, write_whole


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("data", [b"\x00new\n", "new: ü\n"])
def test_bytes_and_text_arrive_as_they_are_and_missing_folders_are_made(tmp_path, data):
    path = tmp_path / "a" / "b" / "file"
    write_whole(path, data)
    assert path.read_bytes() == (data.encode() if isinstance(data, str) else data)
    assert names_in(path.parent) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_keeps_the_old_file_and_removes_the_temporary_one(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    path.write_text("old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_of_the_writer_keeps_the_old_file_and_removes_the_temporary_one(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def write_half():
        with replacing(path) as file:
            file.write(b"ne")
            raise error("stop")

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["file"]


def test_the_old_file_stands_until_the_block_ends(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_what_is_written_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: order.append("fsync"))
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (order.append("replace"), rename(old, new)))
    write_whole(tmp_path / "file", b"new")
    assert order == ["fsync", "replace"]


def test_writers_that_open_a_path_themselves_can_use_the_name(tmp_path):
    path = tmp_path / "book.sqlite"
    with replacing(path) as file, closing(sqlite3.connect(file.name)) as book:
        book.execute("CREATE TABLE numbers (number INTEGER)")
        book.execute("INSERT INTO numbers VALUES (7)")
        book.commit()
    with closing(sqlite3.connect(path)) as book:
        assert book.execute("SELECT number FROM numbers").fetchall() == [(7,)]
    assert names_in(tmp_path) == ["book.sqlite"]


def test_permissions_stay_private_where_they_were(tmp_path):
    path = tmp_path / "marks"
    path.write_text("old")
    path.chmod(0o600)
    write_whole(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("x")
    write_whole(tmp_path / "whole", "x")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_longest_name_that_the_disk_takes_can_be_written(tmp_path):
    path = tmp_path / ("ü" * 127)  # 254 bytes
    write_whole(path, "new")
    assert path.read_text() == "new"


def test_many_writers_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "file"
    texts = [str(number) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert names_in(tmp_path) == ["file"]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    program = (
        "import os, signal, sys; from tlcourse.files import replacing\n"
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(b'new'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -9
    assert path.read_text() == "old"


SEPARATORS = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r"]


@pytest.mark.parametrize("character", SEPARATORS)
def test_lines_are_cut_at_newlines_only(tmp_path, character):
    lines = ["a", character, f"b{character}c", "", "d"]
    path = tmp_path / "file"
    for end in ("", "\n"):
        write_whole(path, "\n".join(lines) + end)
        assert lines_of(path) == lines


def test_line_ends_and_the_mark_of_windows_are_removed(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\xe2\x80\xa8\r\n\r\n")
    assert lines_of(path) == ["a", "\u2028", ""]
    path.write_bytes(b"")
    assert lines_of(path) == []
