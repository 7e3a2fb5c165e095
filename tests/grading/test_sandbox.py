"""What a sandbox keeps out, by really trying; and what the record says was in force."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.submissions.attempts import refusal, tried, written
from tests.submissions.corpus import MASTER, RIGHT, ROOT, answered, inserted, to_bytes
from tests.submissions.hostile import fork_bomb
from tlcourse.grading import passes
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.sandbox import backends
from tlcourse.grading.sandbox.backends import (
    BUBBLEWRAP,
    CONTAINER,
    UNSAFE,
    Limits,
    NoSandbox,
    Sandbox,
    bubblewrap_problem,
    choose_sandbox,
)
from tlcourse.grading.sandbox.launch import launch
from tlcourse.grading.sandbox.protocol import to_frame

needs_bubblewrap = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs bubblewrap: {bubblewrap_problem()}")
LIMITS = Limits(cell_seconds=5, probe_seconds=5, notebook_seconds=60, memory_mib=512, processes=64, file_mib=16)


@pytest.fixture
def walled():
    return Sandbox(BUBBLEWRAP, LIMITS)


@pytest.mark.skipif(
    not shutil.which("bwrap")
    or subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], check=False).returncode,
    reason="bubblewrap is not installed, or this machine grants no namespaces",
)
def test_where_bubblewrap_works_at_all_ours_does():
    assert bubblewrap_problem() == ""


@needs_bubblewrap
def test_no_network(walled):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert tried(Sandbox(UNSAFE, LIMITS), refusal(connect)) is None, "the attempt must work where nothing hinders it"
        assert tried(walled, refusal(connect)) is not None
    assert tried(walled, "import socket; print(json.dumps([n for _, n in socket.if_nameindex()]))") == ["lo"]
    assert tried(walled, refusal("import socket; socket.getaddrinfo('example.org', 80)")) is not None


@needs_bubblewrap
def test_files_of_the_course_of_instructors_and_of_homes_are_not_there(walled, tmp_path):
    (tmp_path / "marks.txt").write_text("secret")
    places = [
        tmp_path / "marks.txt",
        ROOT / "solutions",
        ROOT / "content" / "banks",
        ROOT / "content",
        ROOT / "tests",
        "/etc/passwd",
    ]
    assert all(Path(place).exists() for place in places), "what is not there cannot be hidden"
    asked = [str(place) for place in places]
    assert tried(walled, f"import os; print(json.dumps([p for p in {asked!r} if os.path.exists(p)]))") == []
    assert set(tried(walled, "import os; print(json.dumps(os.listdir('/scratch')))")) == set()
    # Of folders of people and programs, nothing but the way to the interpreter and the package, wherever these lie.
    look = f"""
import os
places, found = {backends.readable_places()!r}, []
for top in ('/tmp', '/home', '/root', '/var', '/mnt', '/srv', '/opt'):
    for folder, folders, files in os.walk(top):
        for path in [os.path.join(folder, name) for name in (*folders, *files)]:
            if not any((place + '/').startswith(path + '/') for place in places): found.append(path)
        folders[:] = [name for name in folders if os.path.join(folder, name) not in places]
print(json.dumps(found))
"""
    assert tried(walled, look) == []


@needs_bubblewrap
def test_nothing_but_scratch_can_be_written(walled):
    package = str(ROOT / "tlcourse")
    for place in (package, sys.prefix, "/usr", "/", "/dev", "/proc/sys/kernel"):
        assert tried(walled, refusal(written(place))) is not None, place
    for place in ("/scratch", "/tmp"):
        assert tried(walled, refusal(written(place))) is None, place


@needs_bubblewrap
def test_solutions_inside_an_installed_package_are_hidden(walled, tmp_path, monkeypatch):
    installed = tmp_path / "site" / "tlcourse"
    (installed / "_course" / "solutions").mkdir(parents=True)
    (installed / "_course" / "solutions" / "00.ipynb").write_text("secret")
    (installed / "here.txt").write_text("public")
    monkeypatch.setattr(backends, "_package_place", lambda: str(tmp_path / "site"))
    program = f"import os; print(json.dumps([os.listdir({str(installed)!r}), os.listdir({str(installed / '_course')!r})]))"
    names, hidden = tried(walled, program)
    assert sorted(names) == ["_course", "here.txt"]
    assert hidden == []


@needs_bubblewrap
def test_nothing_of_our_environment_gets_in(walled, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    names = tried(walled, "import os; print(json.dumps(dict(os.environ)))")
    assert "hush" not in names.values()
    assert names["HOME"] == "/scratch"
    assert "hush" not in tried(Sandbox(UNSAFE, LIMITS), "import os; print(json.dumps(dict(os.environ)))").values()


@needs_bubblewrap
def test_other_processes_cannot_be_seen_or_signalled(walled):
    program = "import os; print(json.dumps([n for n in os.listdir('/proc') if n.isdigit()]))"
    assert len(tried(walled, program)) <= 3
    assert tried(walled, refusal(f"import os; os.kill({os.getpid()}, 0)")) == "ProcessLookupError"
    assert tried(walled, refusal(f"open('/proc/{os.getpid()}/mem', 'rb')")) is not None


@needs_bubblewrap
def test_no_privileges_and_no_way_to_get_them(walled):
    status = tried(walled, "print(json.dumps(open('/proc/self/status').read()))")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert (
        tried(walled, refusal("import ctypes, os; ctypes.CDLL(None).unshare(0x10000000) and (_ for _ in ()).throw(OSError)"))
        == "OSError"
    )


@needs_bubblewrap
def test_a_daemon_does_not_outlive_the_submission():
    mark = f"daemon-{secrets.token_hex(8)}"
    cell = (
        "import os, sys\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        os.execv(sys.executable, [{mark!r}, '-c', 'import time; time.sleep(120)'])\n    os._exit(0)"
    )
    record = grade(MASTER, to_bytes(inserted(4, cell)), Settings("s", Sandbox(BUBBLEWRAP, LIMITS)))
    assert record["points"] == record["max_points"]
    time.sleep(0.2)
    assert mark not in command_lines()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_even_without_walls_a_plain_child_does_not_outlive_the_submission():
    mark = f"child-{secrets.token_hex(8)}"
    cell = (
        f"import subprocess, sys\nsubprocess.Popen([{mark!r}, '-c', 'import time; time.sleep(120)'], executable=sys.executable)"
    )
    grade(MASTER, to_bytes(inserted(4, cell)), Settings("s", Sandbox(UNSAFE, LIMITS)))
    time.sleep(0.2)
    assert mark not in command_lines()


def command_lines():
    found = ""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += place.read_text(errors="replace")
        except OSError:
            continue
    return found


@needs_bubblewrap
def test_a_fork_bomb_ends_with_its_task_alone():
    begun = len(list(Path("/proc").glob("[0-9]*")))
    limits = dataclasses.replace(LIMITS, memory_mib=16_000)  # else the memory of all children together ends it, too
    record = grade(MASTER, to_bytes(answered(**fork_bomb())), Settings("s", Sandbox(BUBBLEWRAP, limits)))
    assert [result["points"] for result in record["results"]] == [0, 3, 2]
    assert any(word in str(record["results"][0]) for word in ("more than its limits", "BlockingIOError"))
    time.sleep(0.5)
    assert len(list(Path("/proc").glob("[0-9]*"))) < begun + 64


@needs_bubblewrap
def test_scratch_is_limited_and_empty_again_for_the_next(walled):
    fill = "for i in range(9): open(f'/scratch/{i}', 'wb').write(bytes(4 * 2**20))"
    assert tried(walled, refusal(fill)) == "OSError"
    assert tried(walled, "import os; print(json.dumps(os.listdir('/scratch')))") == []


@needs_bubblewrap
def test_a_flood_of_output_costs_nothing(walled):
    flood = RIGHT["0.3"].replace(
        ":\n",
        ":\n    import sys\n    for _ in range(20):\n        sys.stdout.write('x' * 10**6)\n        sys.stderr.write('y' * 10**6)\n",
        1,
    )
    record = grade(MASTER, to_bytes(answered(c=flood)), Settings("s", walled))
    assert record["points"] == record["max_points"]


@needs_bubblewrap
def test_files_left_by_one_submission_are_gone_for_the_next(walled):
    leave = answered(a="open('/tmp/left', 'w').write('x')\n" + RIGHT["0.1"])
    look = answered(a="import os\nassert not os.path.exists('/tmp/left')\n" + RIGHT["0.1"])
    for notebook in (leave, look):
        assert grade(MASTER, to_bytes(notebook), Settings("s", walled))["points"] == 7


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is added up from /proc")
def test_memory_of_all_processes_together_is_limited():
    child = "    if os.fork() == 0:\n        x = b'x' * (200 * 2**20)\n        time.sleep(30)\n        os._exit(0)\n"
    cell = f"import os, time\nfor _ in range(4):\n{child}time.sleep(60)"
    limits = Limits(cell_seconds=40, memory_mib=400)
    released = {"task": "0.1", "answer_name": "group_split", "stub": ""}
    job = {
        "submission": np.frombuffer(to_bytes(inserted(4, cell)), np.uint8),
        "tasks": [{"id": "0.1", "probe_of": "0.1", "released": released, "inputs": []}],
        "skip_cells": [],
        "numbers": {"0.1": []},
        "limits": limits.for_worker(),
        "own_pids": False,
        "frameworks": False,
    }
    assert launch(Sandbox(UNSAFE, limits), job, 60).ended == "resources"


def test_the_record_says_what_was_in_force():
    open_ = Sandbox(UNSAFE, LIMITS).describe()
    assert (open_["kind"], open_["network"], open_["files"]) == ("none", "open", "open")
    walled = Sandbox(BUBBLEWRAP, LIMITS).describe()
    assert (walled["kind"], walled["network"]) == ("bubblewrap", "none")
    assert walled["limits"]["memory_mib"] == 512


def test_without_bubblewrap_the_other_ways_are_named(monkeypatch):
    monkeypatch.setattr(backends, "bubblewrap_problem", lambda: "bubblewrap is not installed.")
    with pytest.raises(NoSandbox, match=r"--sandbox container.*--unsafe-no-sandbox"):
        choose_sandbox("auto")
    assert choose_sandbox("none").kind == UNSAFE


def test_a_missing_bubblewrap_is_noticed(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    bubblewrap_problem.cache_clear()
    try:
        assert "not installed" in bubblewrap_problem() or not sys.platform.startswith("linux")
    finally:
        bubblewrap_problem.cache_clear()


def test_a_container_needs_an_engine_and_an_image(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NoSandbox, match="podman or docker"):
        choose_sandbox(CONTAINER)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(NoSandbox, match="--image"):
        choose_sandbox(CONTAINER)
    assert choose_sandbox(CONTAINER, image="course").engine == "/usr/bin/podman"


def test_a_container_is_started_without_network_files_and_privileges():
    command = Sandbox(CONTAINER, LIMITS, "the-image", "docker").command("tlcourse-1")
    assert command[:2] == ["docker", "run"]
    pairs = list(itertools.pairwise(command))
    for pair in (
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--user", "65534:65534"),
        ("--pids-limit", "64"),
        ("--memory", "512m"),
        ("--memory-swap", "512m"),
        ("--name", "tlcourse-1"),
    ):
        assert pair in pairs
    assert "--read-only" in command
    assert "--rm" in command
    assert "--init=false" in command, "the worker ends what a probe left only where it is the first process"
    assert not {"-v", "--volume", "--mount", "--privileged"} & set(command)
    assert command[command.index("the-image") - 1] == "python3"
    more = "--read-only-tmpfs=false"  # podman alone knows it, and needs it
    assert more not in command
    assert more in Sandbox(CONTAINER, LIMITS, "the-image", "/usr/bin/podman").command("tlcourse-1")


def test_a_worker_speaks_through_a_container_engine(tmp_path, monkeypatch):
    """An engine that starts the program itself stands in for docker: what travels is the same."""
    engine = tmp_path / "docker"
    engine.write_text(
        f"#!{sys.executable}\nimport sys\nif sys.argv[1] != 'run': sys.exit()\n"
        f"sys.path.insert(0, {str(ROOT)!r})\nexec(sys.argv[-1])\n"
    )
    engine.chmod(0o755)
    record = grade(MASTER, to_bytes(answered()), Settings("s", Sandbox(CONTAINER, LIMITS, "image", str(engine))))
    assert record["sandbox"]["kind"] == "container"
    assert record["points"] == 7


def test_the_container_with_the_visible_inputs_is_killed_before_the_one_with_hidden_inputs_starts(tmp_path):
    engine, log = tmp_path / "docker", tmp_path / "log"
    engine.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"name = sys.argv[2] if sys.argv[1] == 'kill' else sys.argv[sys.argv.index('--name') + 1]\n"
        f"print(sys.argv[1], name, file=open({str(log)!r}, 'a'))\nif sys.argv[1] != 'run': sys.exit()\n"
        f"sys.path.insert(0, {str(ROOT)!r})\nexec(sys.argv[-1])\n"
    )
    engine.chmod(0o755)
    record = grade(MASTER, to_bytes(answered()), Settings("s", Sandbox(CONTAINER, LIMITS, "image", str(engine))))
    assert record["points"] == 7
    steps = [line.split() for line in log.read_text().splitlines()]
    visible, hidden = steps[0][1], steps[2][1]
    assert steps == [["run", visible], ["kill", visible], ["run", hidden], ["kill", hidden]]
    assert visible != hidden


@needs_bubblewrap
def test_a_worker_that_is_not_alone_in_its_namespace_spares_the_others(walled, monkeypatch):
    """Tried inside walls, where a mistake would cost nothing: the job says that all processes are the worker's, and they are not."""
    jobs = []
    monkeypatch.setattr(passes, "launch", lambda sandbox, job, seconds: jobs.append(job) or launch(sandbox, job, seconds))
    grade(MASTER, to_bytes(answered()), Settings("s", walled))
    job = {**jobs[0], "tasks": jobs[0]["tasks"][:1]}
    assert job["own_pids"]
    code = f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); assert os.getpid() > 2; "
    code += "from tlcourse.grading.inside.worker import main; main()"
    program = f"""
import base64, os, subprocess, sys
bystander = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
code = {code!r}
said = subprocess.run([sys.executable, '-c', code], input=base64.b64decode({base64.b64encode(to_frame(job))!r}), capture_output=True)
print(json.dumps([said.returncode, said.stdout.count(b'tried'), bystander.poll()]))
bystander.kill()
"""
    assert tried(walled, program) == [0, 1, None]


def test_a_system_without_forks_and_limits_grades_the_same(monkeypatch):
    """Stands in for Windows, where a worker probes in its own process."""
    plain = grade(MASTER, to_bytes(answered()), Settings("s", Sandbox(UNSAFE, LIMITS)))
    start = "import os, sys; del os.fork; sys.modules['resource'] = None; "
    command = Sandbox(UNSAFE, LIMITS).command("x")
    monkeypatch.setattr(Sandbox, "command", lambda self, name: [*command[:-1], start + command[-1]])
    assert grade(MASTER, to_bytes(answered()), Settings("s", Sandbox(UNSAFE, LIMITS))) == plain
    died = answered(b="def bootstrap_interval(*a):\n    import os\n    os._exit(5)")
    record = grade(MASTER, to_bytes(died), Settings("s", Sandbox(UNSAFE, LIMITS)))
    assert [result["points"] for result in record["results"]] == [2, 0, 2]
