"""The container back end with a real engine: the same walls, the same outcomes. Needs podman or docker, and an image.

podman build --tag tlcourse-grading --file tools/grading_image/Containerfile .
TLCOURSE_GRADING_IMAGE=tlcourse-grading pytest -m slow tests/grading/test_container.py
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.submissions.attempts import refusal, tried
from tests.submissions.corpus import LIMITS, MASTER, all_kinds, answered, assert_outcomes, inserted, to_bytes
from tests.submissions.hidden import groups_of, traces
from tests.submissions.hostile import fork_bomb
from tlcourse.grading.gate import run_gate
from tlcourse.grading.grade import Settings, grade
from tlcourse.grading.master import case_seeds, load_master
from tlcourse.grading.sandbox.backends import CONTAINER, Limits, choose_sandbox

IMAGE = os.environ.get("TLCOURSE_GRADING_IMAGE", "")
ENGINE = shutil.which("podman") or shutil.which("docker")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (IMAGE and ENGINE), reason="needs podman or docker, and TLCOURSE_GRADING_IMAGE: an image with tlcourse"
    ),
]
ROOT = Path(__file__).parents[2]
OF_BUBBLEWRAP = {  # what counts as a breach there and is none here; what matters of it is tried below
    "looks_at_home_folders": "an image has users and logs of its own",
    "looks_into_the_process_it_was_forked_from": "that is the worker here, whose memory it shares, and not a fork server",
}
KINDS = [kind for kind in all_kinds() if kind.name not in OF_BUBBLEWRAP]


@pytest.fixture(scope="module")
def walled():
    return choose_sandbox(CONTAINER, limits=LIMITS, image=IMAGE)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_outcomes_are_right(kind, walled):
    assert_outcomes(kind, Settings("a secret of the tests", walled))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.where == "hidden"], ids=lambda kind: kind.name)
def test_no_attack_gets_hidden_inputs_into_a_record(kind, walled):
    secret = "a secret of the tests"
    inputs = groups_of(case_seeds(MASTER, "0.1", secret, 1)[1])
    record = json.dumps(grade(MASTER, kind.make(), Settings(secret, walled)))
    assert traces(inputs, record) == []


def test_the_record_is_that_of_bubblewrap_but_for_the_sandbox(walled):
    record = grade(MASTER, to_bytes(answered()), Settings("s", walled))
    assert (record["points"], record["sandbox"]["kind"], record["sandbox"]["image"]) == (7, CONTAINER, IMAGE)


def test_the_gate_opens_for_an_exercise_with_keras():
    assert run_gate(load_master(ROOT, "02"), Settings("s", choose_sandbox(CONTAINER, image=IMAGE))) == []


def test_no_network(walled):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert tried(walled, refusal(f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")) is not None
    assert tried(walled, "import socket; print(json.dumps([n for _, n in socket.if_nameindex()]))") == ["lo"]
    assert tried(walled, refusal("import socket; socket.getaddrinfo('example.org', 80)")) is not None


def test_the_image_holds_no_solutions_and_nothing_but_scratch_can_be_written(walled):
    look = """
import os, tlcourse
top = os.path.dirname(os.path.dirname(tlcourse.__file__))
print(json.dumps([sorted(os.listdir(top)), os.path.exists(os.path.join(top, 'tlcourse', '_course')), os.listdir('/scratch')]))
"""
    beside, course, scratch = tried(walled, look)
    assert beside == ["tlcourse"]
    assert not course
    assert scratch == []
    for place in ("/", "/usr", "/opt", "/etc", "/dev", "/proc/sys/kernel", "/var/tmp", "/run/lock"):
        assert tried(walled, refusal(f"open({place!r} + '/x', 'w')")) is not None, place
    for place in ("/scratch", "/tmp"):
        assert tried(walled, refusal(f"open({place!r} + '/x', 'w')")) is None, place
    fill = "for i in range(90): open(f'/scratch/{i}', 'wb').write(bytes(4 * 2**20))"
    assert tried(walled, refusal(fill)) == "OSError"


def test_homes_are_empty_and_passwords_are_not_read(walled):
    look = """
import os
found = [os.path.join(folder, name) for top in ('/home', '/root', '/mnt', '/srv') for folder, _, names in os.walk(top) for name in names]
try: found.append(open('/etc/shadow').read())
except OSError: pass
print(json.dumps(found))
"""
    assert tried(walled, look) == []


def test_no_environment_no_processes_and_no_privileges_of_ours(walled, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    assert "hush" not in tried(walled, "import os; print(json.dumps(dict(os.environ)))").values()
    assert len(tried(walled, "import os; print(json.dumps([n for n in os.listdir('/proc') if n.isdigit()]))")) <= 3
    status = tried(walled, "print(json.dumps(open('/proc/self/status').read()))")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Uid"].split() == ["65534"] * 4


def test_a_daemon_does_not_outlive_the_submission_and_no_container_is_left(walled):
    cell = (
        "import os, sys\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execv(sys.executable, ['the-daemon', '-c', 'import time; time.sleep(120)'])\n    os._exit(0)"
    )
    record = grade(MASTER, to_bytes(inserted(4, cell)), Settings("s", walled))
    assert record["points"] == record["max_points"]
    time.sleep(1)
    assert "the-daemon" not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    names = subprocess.run([ENGINE, "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True).stdout
    assert "tlcourse-" not in names


def test_memory_and_processes_are_limited(walled):
    hoard = "def group_split(groups, test_fraction, seed):\n    return b'x' * (4 * 2**30)"
    limits = Limits(**{**vars(LIMITS), "memory_mib": 512, "processes": 64})
    for attack in (hoard, fork_bomb()["a"]):
        record = grade(
            MASTER, to_bytes(answered(a=attack)), Settings("s", choose_sandbox(CONTAINER, limits=limits, image=IMAGE))
        )
        assert [result["points"] for result in record["results"]] == [0, 3, 2]
