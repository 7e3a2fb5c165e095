"""Make a worker deterministic: the same random numbers on every run, and the tools of the installation.

Unseeded random numbers would make the marks of a submission differ between runs. A submission that replaces
`numpy.array_equal` would make a probe see what is not there.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import sys
import types
from typing import Any

import numpy as np
import numpy.ma  # otherwise these two are imported at their first use, again in each copy of a process
import numpy.random

import tlcourse.runtime

_WATCHED = ("builtins", "numpy", "numpy.linalg", "os", "random")
_CODE = (types.FunctionType, property, classmethod, staticmethod)
_REPLACED_ON_IMPORT = {"__spec__", "__loader__", "__cached__", "__warningregistry__", "_", "__builtins__"}


class Steady:
    """The state of tools and random numbers before any code of the submission runs."""

    def __init__(self) -> None:
        self._stream = _Stream()
        self._seeders = (random.seed, np.random.seed)
        os.urandom = self._stream.read
        secrets.randbits = self._stream.bits  # type: ignore[assignment]
        np.random.bit_generator.randbits = self._stream.bits  # type: ignore[attr-defined]
        tlcourse.start = tlcourse.runtime.start = self._start
        ours = [name for name in sys.modules if name in _WATCHED or name.split(".")[0] == "tlcourse"]
        self._tools = {name: (sys.modules[name], dict(vars(sys.modules[name]))) for name in sorted(ours)}
        self._classes = {kind: _code_of(kind) for kind in _keras_classes()}
        self.reseed(0)

    def reseed(self, number: int) -> None:
        """Restart all random numbers, the same for the same number."""
        self._stream.seed(number)
        for seed in self._seeders:
            seed(number)
        if "keras" in sys.modules and "tensorflow" in sys.modules:
            import keras

            keras.utils.set_random_seed(number)

    def restore(self) -> None:
        """Put back the tools that probes use, and remove tracing hooks."""
        sys.settrace(None)
        sys.setprofile(None)
        for name, (module, tools) in self._tools.items():
            sys.modules[name] = module
            vars(module).update(tools)
        for kind, code in self._classes.items():
            for name in _code_of(kind).keys() - code.keys():
                delattr(kind, name)
            for name in _differing(kind, code):
                setattr(kind, name, code[name])

    def changed(self) -> list[str]:
        """Name the tools that were replaced. A module may have new names, but none that differ."""
        found = [f"{kind.__name__}.{name}" for kind, code in self._classes.items() for name in _differing(kind, code)]
        found += [
            f"{kind.__name__}.{name}" for kind, code in self._classes.items() for name in _code_of(kind).keys() - code.keys()
        ]
        for name, (module, tools) in self._tools.items():
            now = vars(module)
            found += [f"{name}.{k}" for k, v in tools.items() if k not in _REPLACED_ON_IMPORT and now.get(k, self) is not v]
        return sorted(found)

    def _start(self, topic: str | None = None, seed: int = 0) -> int:
        """Stand in for `tlcourse.start`: the same seeds, without starting a framework that the exercise may not need."""
        self.reseed(seed)
        return seed


def _keras_classes() -> list[type]:
    """Return the classes by which probes look into models, if Keras was imported before the submission ran."""
    keras = sys.modules.get("keras")
    if keras is None or "tensorflow" not in sys.modules:
        return []
    layers, optimizers = keras.layers, keras.optimizers
    roots: tuple[type, ...] = (keras.Model, keras.Sequential, keras.Variable, optimizers.SGD, optimizers.Adam)
    roots += (layers.Dense, layers.Conv2D, layers.BatchNormalization, layers.Dropout)
    return list(dict.fromkeys(base for root in roots for base in root.__mro__ if base.__module__.startswith("keras.")))


def _code_of(kind: type) -> dict[str, Any]:
    return {name: value for name, value in vars(kind).items() if isinstance(value, _CODE)}


def _differing(kind: type, code: dict[str, Any]) -> list[str]:
    now = vars(kind)
    return sorted(name for name, value in code.items() if now.get(name) is not value)


class _Stream:
    """Bytes that look random and are the same on every run."""

    def __init__(self) -> None:
        self.seed(0)

    def seed(self, number: int) -> None:
        self._key, self._count = str(number).encode(), 0

    def read(self, size: int) -> bytes:
        blocks = []
        for _ in range(0, size, 64):
            self._count += 1
            blocks.append(hashlib.blake2b(self._count.to_bytes(8, "big"), key=self._key).digest())
        return b"".join(blocks)[:size]

    def bits(self, count: int) -> int:
        return int.from_bytes(self.read((count + 7) // 8), "big") >> (-count % 8)
