"""The lab serves the whole course: a real server is asked, as a browser would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tlcourse.course.lab import lab_command

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The lab at lesson 02, started as `tlcourse lab 02 --no-browser` starts it: its address, its token, the page that it prints."""
    home = tmp_path_factory.mktemp("jupyter")
    command = lab_command(ROOT, "02", browser=False, allow_root=True)
    options = ["--ServerApp.port=0", "--IdentityProvider.token=secret", "--ServerApp.port_retries=50"]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home),
        "JUPYTER_RUNTIME_DIR": str(home),
    }
    log = home / "log"
    with log.open("w") as out:
        process = subprocess.Popen([*command, *options], stdout=out, stderr=out, env=environment, cwd=home)
    try:
        deadline = time.monotonic() + 90
        found = None
        while time.monotonic() < deadline and process.poll() is None and not found:
            time.sleep(0.2)
            found = re.search(r"(http://(?:localhost|127\.0\.0\.1):(\d+))(/lab\S*)\?token", log.read_text())
        assert found, log.read_text()
        yield f"http://127.0.0.1:{found[2]}", found[3]
    finally:
        process.terminate()
        process.wait(20)


def asked(server, path):
    request = urllib.request.Request(f"{server[0]}{path}", headers={"Authorization": "token secret"})
    for _ in range(50):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer) if "json" in answer.headers["Content-Type"] else answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no answer from {server[0]}")


@pytest.mark.parametrize("folder", ["notebooks", "exercises"])
def test_every_notebook_of_the_course_can_be_opened(server, folder):
    listed = {entry["name"] for entry in asked(server, f"/api/contents/{folder}")["content"] if entry["type"] == "notebook"}
    assert listed == {path.name for path in (ROOT / folder).glob("*.ipynb")}


def test_an_exercise_opens_with_its_cells(server):
    name = next((ROOT / "exercises").glob("02_*.ipynb")).name
    assert len(asked(server, f"/api/contents/exercises/{name}")["content"]["cells"]) > 3


def test_the_printed_address_is_that_of_the_lesson(server):
    assert re.fullmatch(r"/lab/tree/notebooks/02_\w+\.ipynb", server[1])
    assert asked(server, f"/api/contents{server[1].removeprefix('/lab/tree')}")["type"] == "notebook"


def test_a_lesson_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(ValueError, match=r"No lesson begins with '77'.*00_start_here.*lesson='77'"):
        lab_command(ROOT, "77")


def test_the_root_is_the_course_and_no_file_is_named(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/00_first.ipynb").touch()
    command = lab_command(tmp_path, "00", browser=False)
    assert command[:4] == [sys.executable, "-m", "jupyter", "lab"]
    assert f"--ServerApp.root_dir={tmp_path}" in command
    assert all(part.startswith("--") for part in command[4:])  # a file or a folder there would become the root
