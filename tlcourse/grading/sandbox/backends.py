"""Back ends that hold the worker: bubblewrap, a container, or nothing but limits. Each is a command line made from lists."""

from __future__ import annotations

import functools
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import tlcourse

BUBBLEWRAP, CONTAINER, UNSAFE = "bubblewrap", "container", "none"
_SCRATCH = "/scratch"
_IMPORT = "import sys; sys.path.insert(0, {place!r}); "
_START = _IMPORT + "from tlcourse.grading.inside.worker import main; main()"
_SERVE = _IMPORT + "from tlcourse.grading.inside.worker_fork_server import main; main({control}, {frameworks})"


class NoSandbox(ValueError):  # noqa: N818 - says what the machine lacks
    """The wanted back end does not work on this machine; the message says what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times are wall-clock seconds.

    Args:
        cell_seconds: For one cell.
        probe_seconds: For the probe of one task, all cases together.
        notebook_seconds: For the submission, restarts included.
        memory_mib: For each process, and for all of them together.
        processes: Processes and threads.
        file_mib: One file, and the scratch folder in which files may be made.
        open_files: Open files of one process.
    """

    cell_seconds: float = 60.0
    probe_seconds: float = 120.0
    notebook_seconds: float = 900.0
    memory_mib: int = 4096
    processes: int = 256
    file_mib: int = 256
    open_files: int = 256

    def for_worker(self) -> dict[str, float]:
        """Return the limits that a worker sets on itself."""
        return {
            "probe_seconds": self.probe_seconds,
            "memory_mib": self.memory_mib,
            "cpu_seconds": int(2 * self.notebook_seconds) + 60,
            "processes": self.processes,
            "file_mib": self.file_mib,
            "open_files": self.open_files,
        }


@dataclass(frozen=True)
class Sandbox:
    """One back end, ready to start workers.

    Args:
        kind: "bubblewrap", "container" or "none".
        limits: What a submission may use.
        image: For containers, an image in which `tlcourse` is installed.
        engine: For containers, "docker" or "podman".
    """

    kind: str
    limits: Limits = Limits()
    image: str = ""
    engine: str = ""

    @property
    def own_pids(self) -> bool:
        """True when a worker sees only its own processes."""
        return self.kind != UNSAFE

    def command(self, name: str) -> list[str]:
        """Return the command line of one worker.

        Args:
            name: A name that no other running worker has.
        """
        if self.kind == BUBBLEWRAP:
            return _bubblewrap(self.limits)
        if self.kind == CONTAINER:
            return _container(self, name)
        return [sys.executable, "-s", "-c", _START.format(place=_package_place())]

    def server_command(self, control: int, frameworks: bool) -> list[str]:
        """Return the command line of the fork server of workers, with bubblewrap.

        It may make namespaces for its workers inside its own. They may not.

        Args:
            control: Number of the open socket on which it answers.
            frameworks: True to import TensorFlow.
        """
        command = _bubblewrap(self.limits)
        at = command.index("--cap-drop") + 2
        code = _SERVE.format(place=_package_place(), control=control, frameworks=frameworks)
        rights = ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_NET_ADMIN"]
        return [*command[:at], *rights, "--as-pid-1", *command[at:-1], code]

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the command. Nothing of the grader's own environment reaches a worker."""
        if self.kind == CONTAINER:
            return {key: os.environ[key] for key in ("PATH", "HOME", "DOCKER_HOST", "XDG_RUNTIME_DIR") if key in os.environ}
        return _worker_environment(_SCRATCH if self.kind == BUBBLEWRAP else "")

    def describe(self) -> dict[str, object]:
        """Return what is in force, for the record."""
        isolated = self.kind != UNSAFE
        return {
            "kind": self.kind,
            "network": "none" if isolated else "open",
            "files": "read-only but a scratch folder" if isolated else "open",
            "processes": "own namespace" if isolated else "shared",
            "image": self.image,
            "limits": {key: value for key, value in vars(self.limits).items()},
        }

    def kill(self, name: str) -> None:
        """End a container by its name. The other back ends end with their process."""
        if self.kind == CONTAINER:
            subprocess.run([self.engine, "kill", name], capture_output=True, check=False, timeout=60, env=self.environment())


def choose_sandbox(kind: str = "auto", *, limits: Limits | None = None, image: str = "") -> Sandbox:
    """Return a back end that works here.

    Args:
        kind: "auto" (bubblewrap), "bubblewrap", "container", or "none" for limits without walls.
        limits: What a submission may use. Default: `Limits()`.
        image: An image in which `tlcourse` is installed, for "container".

    Raises:
        NoSandbox: If the back end does not work on this machine.
    """
    limits = limits or Limits()
    if kind == UNSAFE:
        return Sandbox(UNSAFE, limits)
    if kind == CONTAINER:
        engine = shutil.which("podman") or shutil.which("docker")
        if engine is None:
            raise NoSandbox("Containers need podman or docker, and neither is installed.")
        if not image:
            raise NoSandbox("Name an image in which tlcourse is installed: --image NAME.")
        return Sandbox(CONTAINER, limits, image, engine)
    if kind not in ("auto", BUBBLEWRAP):
        raise NoSandbox(f"The sandbox must be auto, bubblewrap, container or none. Received: kind={kind!r}.")
    problem = bubblewrap_problem()
    if problem:
        raise NoSandbox(
            f"{problem} Other ways: --sandbox container --image NAME, or --unsafe-no-sandbox, which lets learners' code do "
            "on this machine whatever you can do."
        )
    return Sandbox(BUBBLEWRAP, limits)


@functools.cache
def bubblewrap_problem() -> str:
    """Return why bubblewrap does not work here, or ""."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap exists only for Linux."
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap)."
    done = subprocess.run(
        [*_bubblewrap(Limits())[:-2], "-c", "print('ready')"], capture_output=True, text=True, env=_worker_environment(_SCRATCH)
    )
    if done.returncode or done.stdout.strip() != "ready":
        return f"bubblewrap is installed, but does not start here ({done.stderr.strip()[-300:]})."
    return ""


def _bubblewrap(limits: Limits) -> list[str]:
    command = [shutil.which("bwrap") or "bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"]
    command += ["--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox"]
    size = str(limits.file_mib * 2**20)
    command += ["--size", size, "--tmpfs", _SCRATCH, "--size", size, "--tmpfs", "/tmp"]
    for place in readable_places():
        command += ["--ro-bind", place, place]
    for link in ("/bin", "/lib", "/lib32", "/lib64", "/sbin"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
        elif os.path.isdir(link):
            command += ["--ro-bind", link, link]
    for place in ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime"):
        command += ["--ro-bind-try", place, place]
    command += ["--proc", "/proc", "--dev", "/dev"]
    hidden = Path(_package_place(), "tlcourse", "_course")  # solutions travel inside an installed package
    if hidden.is_dir():
        command += ["--tmpfs", str(hidden), "--remount-ro", str(hidden)]
    command += ["--size", size, "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _SCRATCH]
    return [*command, sys.executable, "-s", "-c", _START.format(place=_package_place())]


def _container(sandbox: Sandbox, name: str) -> list[str]:
    limits = sandbox.limits
    command = [sandbox.engine, "run", "--rm", "--interactive", "--init=false", "--name", name]
    command += ["--network", "none", "--read-only"]
    if Path(sandbox.engine).name == "podman":
        command.append("--read-only-tmpfs=false")  # or else it makes more folders that can be written, which docker does not
    command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534", "--hostname", "sandbox"]
    command += [
        "--pids-limit",
        str(limits.processes),
        "--memory",
        f"{limits.memory_mib}m",
        "--memory-swap",
        f"{limits.memory_mib}m",
    ]
    for place in (_SCRATCH, "/tmp"):
        command += ["--tmpfs", f"{place}:rw,nosuid,nodev,size={limits.file_mib}m,mode=1777"]
    for key, value in _worker_environment(_SCRATCH).items():
        if key != "PATH":
            command += ["--env", f"{key}={value}"]
    start = "from tlcourse.grading.inside.worker import main; main()"
    return [*command, "--workdir", _SCRATCH, "--entrypoint", "python3", sandbox.image, "-s", "-c", start]


def _worker_environment(scratch: str) -> dict[str, str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TLCOURSE_PROFILE": "embedded",
        "TLCOURSE_PROGRESS": "off",
    }
    environment |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "TF_INTRAOP", "TF_INTEROP")}
    if scratch:
        environment |= {"HOME": scratch, "TMPDIR": scratch, "TLCOURSE_HOME": f"{scratch}/tlcourse"}
    return environment


def readable_places() -> list[str]:
    """Return the folders of Python, its libraries and this package. Nothing else of the course's repository is readable."""
    places = {"/usr", sys.prefix, sys.base_prefix, str(Path(_package_place(), "tlcourse"))}
    places |= {path for path in (*site.getsitepackages(), *sysconfig.get_paths().values()) if os.path.isdir(path)}
    ordered = sorted(os.path.abspath(place) for place in places if os.path.isdir(place))
    return [place for place in ordered if not any(place.startswith(f"{other}/") for other in ordered)]


def _package_place() -> str:
    return str(Path(tlcourse.__file__).resolve().parents[1])
