"""A worker that was forked in a fork server can do what a fresh one can and no more, gives the same record, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path

import pytest

from tests.submissions.corpus import MASTER, RIGHT, ROOT, answered, inserted, to_bytes
from tests.submissions.hostile import LOOP
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import load_master
from tlcourse.grading.results.records import to_line
from tlcourse.grading.sandbox import backends, launch, process
from tlcourse.grading.sandbox.backends import BUBBLEWRAP, Limits, Sandbox, bubblewrap_problem
from tlcourse.grading.sandbox.process import Forked, ForkServer, Fresh, close_fork_servers, descendants, start_worker

pytestmark = pytest.mark.skipif(bool(bubblewrap_problem()), reason=f"needs a sandbox: {bubblewrap_problem()}")
LIMITS = Limits(cell_seconds=5, probe_seconds=5, notebook_seconds=60, memory_mib=1024, processes=64, file_mib=16)
SETTINGS = Settings("a secret", Sandbox(BUBBLEWRAP, LIMITS))


class Trying(Sandbox):
    """Walls in which a program that is read from the job runs in place of a worker, warm or fresh."""

    def command(self, name):
        return [*super().command(name)[:-1], "import sys; exec(sys.stdin.read())"]

    def server_command(self, control, frameworks):
        command = super().server_command(control, frameworks)
        swap = "; import tlcourse.grading.inside.worker as w; w.main = lambda: exec(sys.stdin.read(), {}); main("
        return [*command[:-1], command[-1].replace("; main(", swap)]


def tried(program, *, warm):
    """Run a program where workers run, and return what it prints as JSON."""
    sandbox = Trying(BUBBLEWRAP, LIMITS)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as words:
        given.write(f"import json, os\n{program}\nimport sys; sys.stdout.flush()".encode())
        given.seek(0)
        files = (given, said.fileno(), words)
        if warm:
            server = ForkServer(sandbox, False)
            try:
                server.start(sandbox, files)
                server.status()
            finally:
                server.close()
        else:
            fresh = Fresh(sandbox, "x", files, "/nowhere")
            fresh.status()
            fresh.end()
        said.seek(0), words.seek(0)
        text = said.read().decode()
        assert text, words.read().decode()[-2000:]
        return json.loads(text)


WALLS = """
import ctypes, socket, sys
def works(statement):
    try:
        exec(statement)
        return True
    except Exception as error:
        return type(error).__name__
package = PACKAGE
places = (package, sys.prefix, "/usr", "/", "/dev", "/proc/sys/kernel", "/scratch", "/tmp", "/dev/shm")
found = {place: works(f"open({place + '/x'!r}, 'x').close(); os.remove({place + '/x'!r})") for place in places}
found["there"] = [p for p in PLACES if os.path.exists(p)]
found["connect"] = works("import socket; socket.create_connection(('127.0.0.1', PORT), 2)")
found["resolve"] = works("import socket; socket.getaddrinfo('example.org', 80)")
found["devices"] = [name for _, name in socket.if_nameindex()]
found["environment"] = sorted(os.environ.items())
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
found["rights"] = [status[name] for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs", "Uid", "Gid")]
library = ctypes.CDLL(None, use_errno=True)
found["namespaces"] = [library.unshare(kind) for kind in (0x10000000, 0x20000, 0x40000000, 0x20000000)]
found["mount"] = library.mount(b"tmpfs", b"/usr", b"tmpfs", 0, None)
found["unmount"] = [library.umount2(place, 2) for place in (b"/scratch", b"/usr", b"/proc")]
found["signal"] = works(f"os.kill({OUTSIDE}, 0)")
found["memory"] = works(f"open('/proc/{OUTSIDE}/mem')")
found["folder"] = os.getcwd()
found["files"] = sorted(int(n) for n in os.listdir("/proc/self/fd"))[:3]
print(json.dumps(found))
"""


def test_the_walls_around_a_warm_worker_are_those_around_a_fresh_one(tmp_path):
    (tmp_path / "marks.txt").write_text("secret")
    places = [
        tmp_path / "marks.txt",
        *(ROOT / name for name in ("solutions", "content/banks", "content", "tests")),
        "/home",
        "/var",
    ]
    assert all(Path(place).exists() for place in places), "what is not there cannot be hidden"
    with socket.create_server(("127.0.0.1", 0)) as server:
        known = {"PACKAGE": str(ROOT / "tlcourse"), "PLACES": [str(p) for p in places], "OUTSIDE": os.getpid()}
        names = {**known, "PORT": server.getsockname()[1]}
        program = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + WALLS
        program = program.replace("PORT), 2", f"{names['PORT']}), 2")
        fresh, warm = tried(program, warm=False), tried(program, warm=True)
    assert warm == fresh
    assert [warm[place] for place in ("/scratch", "/tmp", "/dev/shm")] == [True] * 3
    assert sum(value is True for value in warm.values()) == 3, "something else can be written or reached"
    assert (warm["there"], warm["devices"], warm["rights"][0].strip("0"), warm["rights"][4]) == ([], ["lo"], "", "1")
    assert set(warm["namespaces"]) == {warm["mount"], *warm["unmount"]} == {-1}


def test_the_process_that_workers_are_forked_from_cannot_be_read_or_signalled():
    program = """
found = []
for pid in sorted(int(n) for n in os.listdir('/proc') if n.isdigit()):
    if pid == int(os.readlink('/proc/self')): continue
    for what in ('mem', 'environ', 'maps', 'fd', 'root', 'cwd'):
        try:
            (os.listdir if what in ('fd', 'root', 'cwd') else lambda p: open(p, 'rb').read(8))(f'/proc/{pid}/{what}')
            found.append([pid, what])
        except OSError: pass
reached = []
for pid in range(3, 200):
    try:
        if pid != os.getpid(): os.kill(pid, 0); reached.append(pid)
    except OSError: pass
memory = []
for pid in range(1, 50):
    try:
        if pid != int(os.readlink('/proc/self')): open(f'/proc/{pid}/mem', 'r+b'); memory.append(pid)
    except OSError: pass
print(json.dumps([found, reached, os.getpid(), memory]))
"""
    found, reached, own, memory = tried(program, warm=True)
    assert (found, reached, own, memory) == ([], [], 2, [])


DIE = {
    "right": answered(),
    "wrong": answered(a="def group_split(*a):\n    return [], []"),
    "aborts": answered(a="def group_split(*a):\n    import os\n    os.abort()"),
    "kills itself in a cell": answered(a="import os\nos.kill(os.getpid(), 9)\n" + RIGHT["0.1"]),
    "closes all files": answered(a="import os\nos.closerange(0, 1000)\n" + RIGHT["0.1"]),
    "leaves": answered(b="import os\nos._exit(7)"),
    "crashes": answered(b="import os\nos.abort()"),
    "loops": answered(c=LOOP),
    "unseeded": inserted(4, "import random\nlucky = [random.random(), np.random.rand(), np.random.default_rng().random()]"),
    "draws": answered(c="def lost_their_order(*a):\n    return np.random.default_rng().random() > 0.5"),
}


@pytest.fixture
def no_fork_servers():
    close_fork_servers()
    yield
    close_fork_servers()


def test_warm_and_fresh_give_the_same_bytes_in_any_order(monkeypatch, no_fork_servers):
    warm = {name: to_line(grade(MASTER, to_bytes(notebook), SETTINGS)) for name, notebook in DIE.items()}
    assert [server.alive() for servers in process._idle.values() for server in servers] == [True], "one server served them all"
    again = {name: to_line(grade(MASTER, to_bytes(DIE[name]), SETTINGS)) for name in ("draws", "crashes", "right")}
    monkeypatch.setenv("TLCOURSE_WARM", "0")
    fresh = {name: to_line(grade(MASTER, to_bytes(notebook), SETTINGS)) for name, notebook in DIE.items()}
    for name in DIE:
        assert warm[name] == fresh[name] == again.get(name, fresh[name]), name


def test_one_submission_leaves_nothing_for_the_next_in_the_same_fork_server(no_fork_servers):
    leave = "import os\nfor p in ('/scratch', '/tmp', '/dev/shm'): open(p + '/left', 'w').write('x')\n"
    leave += "import numpy\nnumpy.left = 1\nif os.fork() == 0:\n    os.setsid()\n    import time\n    time.sleep(120)\n"
    look = "import os, numpy\nassert not hasattr(numpy, 'left')\n"
    look += "assert not any(os.path.exists(p + '/left') for p in ('/scratch', '/tmp', '/dev/shm'))\n"
    look += "assert len([n for n in os.listdir('/proc') if n.isdigit()]) <= 6\n"
    for source in (leave, look):
        assert grade(MASTER, to_bytes(answered(a=source + RIGHT["0.1"])), SETTINGS)["points"] == 7
    (server,) = (server for servers in process._idle.values() for server in servers)
    time.sleep(0.2)
    assert descendants(server._pid) == []


def test_a_fork_server_is_free_only_when_nothing_of_the_worker_before_is_left(no_fork_servers):
    """A cell that never ends is killed with all its processes before the next worker starts, over and over."""
    bomb = "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(120)\ntime.sleep(120)\n"
    sandbox = Sandbox(BUBBLEWRAP, LIMITS)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as words:
        server = ForkServer(Trying(BUBBLEWRAP, LIMITS), False)
        try:
            for _ in range(5):
                given.seek(0), given.truncate(), given.write(bomb.encode()), given.flush(), given.seek(0)
                server.start(sandbox, (given, said.fileno(), words))
                family = waited_for(lambda: descendants(server._pid)[2:], 21)
                assert server.clear()
                assert not any(Path(f"/proc/{pid}").exists() for pid in family)
        finally:
            server.close()


@pytest.mark.parametrize(("warm", "with_probe"), [("1", 2), ("0", 3)])
def test_a_worker_that_is_killed_costs_the_task_that_it_was_at(monkeypatch, no_fork_servers, warm, with_probe):
    """The test kills it from outside, while the first answer waits."""
    killed = []

    def kill_once(family, sandbox):
        if not killed and len(family) == with_probe:
            killed.append(family[-2])  # the worker, whose last child is the probe
            os.kill(killed[0], signal.SIGKILL)
        return ""

    monkeypatch.setenv("TLCOURSE_WARM", warm)
    monkeypatch.setattr(launch, "_over_limits", kill_once)
    slow = RIGHT["0.1"].replace(":\n", ":\n    import time\n    time.sleep(1.5)\n", 1)
    record = grade(MASTER, to_bytes(answered(a=slow)), SETTINGS)
    assert [result["points"] for result in record["results"]] == [0, 3, 2]


def waited_for(look, count):
    for _ in range(500):
        if len(found := look()) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_fork_server_that_died_is_replaced(no_fork_servers):
    for _ in range(2):
        assert grade(MASTER, to_bytes(answered()), SETTINGS)["points"] == 7
        (server,) = (server for servers in process._idle.values() for server in servers)
        os.kill(server._process.pid, signal.SIGKILL)
        server._process.wait()
    assert grade(MASTER, to_bytes(answered()), SETTINGS)["points"] == 7


def test_where_no_fork_server_can_be_made_workers_start_fresh(monkeypatch, no_fork_servers):
    monkeypatch.setattr(process, "_impossible", set())
    monkeypatch.setattr(Sandbox, "server_command", lambda self, control, frameworks: ["false"])
    assert grade(MASTER, to_bytes(answered()), SETTINGS)["points"] == 7
    assert process._impossible


@pytest.mark.parametrize("why", ["a second thread", "TensorFlow has started"])
def test_a_process_that_may_not_be_forked_makes_no_fork_server(monkeypatch, no_fork_servers, why):
    spoil = {
        "a second thread": "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start(); main(",
        "TensorFlow has started": "import types; c = types.SimpleNamespace(_initialized=True); "
        "sys.modules['tensorflow.python.eager.context'] = types.SimpleNamespace(_context=c); main(",
    }[why]
    plain = Sandbox.server_command
    monkeypatch.setattr(process, "_impossible", set())
    monkeypatch.setattr(
        Sandbox,
        "server_command",
        lambda *a: [*plain(*a)[:-1], plain(*a)[-1].replace("main(", spoil).replace("import main;", "import main;")],
    )
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as words:
        worker = start_worker(SETTINGS.sandbox, "x", (given, said.fileno(), words), "/nowhere", frameworks=False)
        worker.end()
    assert isinstance(worker, Fresh)
    assert not isinstance(worker, Forked)


def test_fork_servers_end_with_the_grader(tmp_path):
    import subprocess
    import sys

    code = f"import sys, os; sys.path[:0] = {[str(ROOT), str(ROOT / 'tests/submissions')]!r}\n"
    code += "from tlcourse.grading.sandbox.process import ForkServer\nfrom tlcourse.grading.sandbox.backends import Sandbox\n"
    code += "server = ForkServer(Sandbox('bubblewrap'), False)\nprint(server._pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    server = Path(f"/proc/{int(done.stdout)}")
    for _ in range(50):
        if not server.exists():
            break
        time.sleep(0.1)
    assert not server.exists()


@pytest.mark.slow
def test_keras_answers_get_the_same_bytes_warm_and_fresh(monkeypatch, no_fork_servers):
    master = load_master(ROOT, "00", ["0.4"])
    settings = Settings("a secret", Sandbox(BUBBLEWRAP, Limits()))
    warm = [to_line(grade(master, master.solution, settings)) for _ in range(2)]
    monkeypatch.setenv("TLCOURSE_WARM", "0")
    assert json.loads(warm[0])["points"] == master.tasks["0.4"].points
    assert warm == [to_line(grade(master, master.solution, settings))] * 2


def test_a_package_below_a_scratch_folder_stays_there_and_stays_read_only(tmp_path, monkeypatch):
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        (place / "lib").mkdir()
        (place / "lib/module.py").write_text("x = 1")
        readable = backends.readable_places()
        for module in (backends, process):
            monkeypatch.setattr(module, "readable_places", lambda: [*readable, str(place / "lib")])
        look = f"""
found = [{place.name!r} in os.listdir('/tmp'), os.listdir({str(place / "lib")!r})]
try: open({str(place / "lib/new")!r}, 'w')
except OSError as error: found.append(error.errno)
print(json.dumps(found))
"""
        assert tried(look, warm=True) == tried(look, warm=False) == [True, ["module.py"], 30]
    finally:
        shutil.rmtree(place)
