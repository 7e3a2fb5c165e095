"""Seeds, and what this machine is. Not about data or models."""

from __future__ import annotations

import logging
import os
import platform
import sys
from dataclasses import dataclass
from html import escape

import tlcourse as package
from tlcourse.config import PROFILES, profile
from tlcourse.quiet import quiet_start, without_retracing_hints


@dataclass(frozen=True)
class MachineReport:
    """What a run depends on beside its code: profile, versions, accelerator, precision, cores."""

    profile: str
    tlcourse: str
    python: str
    keras: str
    backend: str
    accelerators: tuple[str, ...]
    precision: str
    cores: int

    def _rows(self) -> tuple[tuple[str, str], ...]:
        gpu = ", ".join(self.accelerators) if self.accelerators else "none found; everything runs on the CPU"
        return (
            ("version", f"tlcourse {self.tlcourse}"),
            ("profile", f"{self.profile}: {PROFILES[self.profile]}"),
            ("keras", f"{self.keras} on {self.backend}"),
            ("python", self.python),
            ("GPU", gpu),
            ("precision", self.precision),
            ("CPU cores", str(self.cores)),
        )

    def __str__(self) -> str:
        return "\n".join(f"{name:<10} {value}" for name, value in self._rows())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self._rows())
        return f"<table>{rows}</table>"


def start(topic: str | None = None, seed: int = 0) -> int:
    """Seed everything, print what this run depends on, and return the seed: the first cell of every notebook.

    NumPy, SciPy and scikit-learn compute on one core from then on, unless `OMP_NUM_THREADS` says otherwise: in small problems their
    threads mostly wait for each other (lesson 10 takes half a minute on one core, and ran for more than twelve minutes on two).

    Args:
        topic: The notebook's topic, such as "02_feature_extraction"; printed only.
        seed: 0 or more. The variable `TLCOURSE_SEED` takes its place, to run a whole notebook again with another.

    Returns:
        The seed in force.

    Raises:
        ValueError: If the seed is no whole number from 0 to 2**32 - 1, or the profile is unknown.

    Example:
        >>> seed = tlcourse.start("02_feature_extraction", seed=1)
        tlcourse   02_feature_extraction
        version    tlcourse ...
        seed       1
    """
    seed = _seed_of(os.environ.get("TLCOURSE_SEED", seed))
    without_retracing_hints()
    with quiet_start():
        set_seed(seed)
        machine = _look()
    _calm_linear_algebra()
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") >= "2":  # TensorFlow's notes on what it saved where are no news to a learner
        logging.getLogger("tensorflow").setLevel(logging.WARNING)
    if topic:
        print(f"tlcourse   {topic}")
    print(machine)
    print(f"{'seed':<10} {seed}")
    return seed


def set_seed(seed: int) -> None:
    """Seed Python, NumPy and Keras with its backend.

    Args:
        seed: A whole number from 0 to 2**32 - 1.

    Raises:
        ValueError: If the seed is no whole number from 0 to 2**32 - 1.

    Example:
        >>> tlcourse.set_seed(0)
        >>> first = keras.random.normal((2, 3))
        >>> tlcourse.set_seed(0)
        >>> bool(keras.ops.all(first == keras.random.normal((2, 3))))
        True
    """
    number = _seed_of(seed)
    import keras

    keras.utils.set_random_seed(number)


def describe_machine() -> MachineReport:
    """Look at profile, versions, accelerators and precision. Starts the backend.

    Example:
        >>> machine = tlcourse.describe_machine()
        >>> machine.profile, machine.precision
        ('embedded', 'float32')
    """
    with quiet_start():
        return _look()


def _look() -> MachineReport:
    import keras

    backend = keras.backend.backend()
    version = getattr(sys.modules.get(backend), "__version__", "")
    return MachineReport(
        profile=profile(),
        tlcourse=package.__version__,
        python=platform.python_version(),
        keras=keras.__version__,
        backend=f"{backend} {version}".strip(),
        accelerators=_accelerators(backend),
        precision=keras.config.dtype_policy().name,
        cores=os.cpu_count() or 1,
    )


def _accelerators(backend: str) -> tuple[str, ...]:
    if backend == "tensorflow":
        import tensorflow as tf

        devices = tf.config.list_physical_devices("GPU")
        return tuple(tf.config.experimental.get_device_details(d).get("device_name", d.name) for d in devices)
    import keras

    return tuple(name for name in keras.distribution.list_devices() if not name.startswith("cpu"))


def _calm_linear_algebra() -> None:
    """Keep linear algebra on one core; TensorFlow has threads of its own, which stay as they are."""
    from threadpoolctl import threadpool_limits

    threads = os.environ.setdefault("OMP_NUM_THREADS", "1")  # for libraries that are loaded later
    if threads.isdecimal() and int(threads):
        threadpool_limits(int(threads))  # for those that are here


def _seed_of(value: int | str) -> int:
    try:
        seed = int(value)
    except (TypeError, ValueError):
        seed = -1
    if isinstance(value, bool) or not 0 <= seed < 2**32 or str(seed) != str(value).strip():
        raise ValueError(f"The seed must be a whole number from 0 to 4294967295. Received: seed={value!r}.")
    return seed
