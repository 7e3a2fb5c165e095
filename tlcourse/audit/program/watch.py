"""What the doctor writes down while a program runs: calls of layers, projections, the sound files that are opened."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from tlcourse.audit.data.trail import Projector, Trail, innermost
from tlcourse.audit.run import projector_of

_SOUNDS = (".wav", ".flac")
_MOST_CALLS = 20_000


class Watch:
    """Fills a trail.

    Args:
        trail: The trail.
    """

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self._calls: list[tuple[Any, int, Any]] | None = None
        self._held: list[Any] = []
        self._parts: set[int] = set()

    def opened(self, path: Any) -> None:
        """Remember a sound file."""
        try:
            name = os.fsdecode(path)
        except TypeError:
            return
        if name.lower().endswith(_SOUNDS):
            self.trail.sounds.setdefault(os.path.abspath(name))

    @contextlib.contextmanager
    def one_step(self, model: Any) -> Iterator[list[tuple[Any, int, Any]]]:
        """Collect the calls of a model's parts during one fit: `(layer, identity of its input, shape of its output)`.

        Only a training step of the program's own is watched: that of Keras calls the model once.
        """
        import keras

        own_step = type(model).train_step is not keras.Model.train_step
        self._parts = {id(part) for part in getattr(model, "layers", ())} if own_step else set()
        calls: list[tuple[Any, int, Any]] = []
        self._calls = calls
        try:
            yield calls
        finally:
            self._calls = None
            self._held.clear()

    def fitted(self, model: Any) -> None:
        """Remember the projector of a model that was trained with a contrastive loss; a fit builds its weights."""
        projector = projector_of(model)
        if projector is not None and all(projector.last is not known.last for known in self.trail.projectors):
            self.trail.projectors.append(projector)

    def called(self, layer: Any, given: tuple[Any, ...], output: Any) -> None:
        """Look at one call of a layer."""
        if self._calls is not None:
            if id(layer) not in self._parts or not given or len(self._calls) >= _MOST_CALLS:
                return
            self._held.append(given[0])  # an identity is free for others once its tensor is gone
            self._calls.append((layer, id(given[0]), getattr(output, "shape", None)))
        else:
            for projector in self.trail.projectors:
                if layer in projector.layers[-1:]:
                    self._note(projector, output)

    def predicted(self, model: Any, output: Any) -> None:
        """Look at what `predict` returned."""
        for projector in self.trail.projectors:
            if (inner := innermost(model)) and inner[-1] is projector.last:
                self._note(projector, output)

    def _note(self, projector: Projector, output: Any) -> None:
        try:
            self.trail.note_projection(projector, output)
        except (TypeError, ValueError, AttributeError, NotImplementedError):  # several outputs, or a tensor of a graph
            return


@contextlib.contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Let `watch` see the calls of layers, what `predict` returns, and files that soundfile opens, until the end of the block."""
    import keras

    call, predict = keras.Layer.__call__, keras.Model.predict
    own_predict = "predict" in keras.Model.__dict__
    readers = _readers()
    before = [getattr(place, name) for place, name in readers]

    def watched_call(layer: Any, *given: Any, **options: Any) -> Any:
        output = call(layer, *given, **options)
        watch.called(layer, given, output)
        return output

    def watched_predict(model: Any, *given: Any, **options: Any) -> Any:
        output = predict(model, *given, **options)
        watch.predicted(model, output)
        return output

    def watched_reader(reader: Any, at: int) -> Any:
        def read(*given: Any, **options: Any) -> Any:
            path: Any = given[at] if len(given) > at else None
            with contextlib.suppress(AttributeError, NotImplementedError):  # a tensor of a graph has no value yet
                watch.opened(path.numpy() if hasattr(path, "numpy") else path)
            return reader(*given, **options)

        read.autograph_info__ = {}  # type: ignore[attr-defined]  # AutoGraph leaves it as it is
        return read

    watched_call.autograph_info__ = {}  # type: ignore[attr-defined]
    try:
        keras.Layer.__call__ = watched_call
        keras.Model.predict = watched_predict
        for (place, name), reader in zip(readers, before, strict=True):
            setattr(place, name, watched_reader(reader, int(name == "__init__")))
        yield
    finally:
        keras.Layer.__call__ = call
        if own_predict:
            keras.Model.predict = predict
        else:
            del keras.Model.predict
        for (place, name), reader in zip(readers, before, strict=True):
            setattr(place, name, reader)


def _readers() -> list[tuple[Any, str]]:
    """List what reads files past Python's own `open`: (module or class, name). What is not installed is left out."""
    found: list[tuple[Any, str]] = []
    with contextlib.suppress(ImportError, OSError):  # the package, or the library that it wraps
        import soundfile

        found.append((soundfile.SoundFile, "__init__"))
    with contextlib.suppress(ImportError):
        import tensorflow as tf

        found.append((tf.io, "read_file"))
    return found
