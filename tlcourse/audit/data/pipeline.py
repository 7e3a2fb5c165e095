"""Read the stages of a `tf.data` pipeline: what it shuffles, caches and cuts, and where it draws random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tlcourse.audit.data.sources import Split

# Operations that make an example random. `PyFunc` may be one: its code cannot be seen.
_RANDOM = ("RandomUniform", "RandomNormal", "RandomStandardNormal", "TruncatedNormal", "RandomGamma", "RandomPoisson")
_RANDOM_PREFIXES = ("StatelessRandom", "StatelessTruncated", "StatelessSampleDistorted", "SampleDistorted", "RngReadAndSkip")
_CACHES = ("cache", "snapshot")


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    Args:
        name: "map", "cache", "shuffle", "take", ...: the method of `tf.data.Dataset` that made it.
        inputs: The stages that feed it.
        buffer_size: Buffer size of a shuffle; None for other stages.
        reshuffles: Whether a shuffle draws a new order for each iteration.
        random_operations: Names of the random operations in the functions of this stage.
        inner: Names of the stages that its functions create, as in `interleave` or `flat_map`.
    """

    name: str
    inputs: tuple[Stage, ...]
    buffer_size: int | None = None
    reshuffles: bool = False
    random_operations: tuple[str, ...] = ()
    inner: frozenset[str] = frozenset()

    def upstream(self) -> list[Stage]:
        """Return every stage that feeds this one, the nearest first."""
        found: list[Stage] = []
        waiting = list(self.inputs)
        while waiting:
            stage = waiting.pop(0)
            if all(stage is not known for known in found):
                found.append(stage)
                waiting.extend(stage.inputs)
        return found

    def all_stages(self) -> list[Stage]:
        """Return this stage and all that feed it."""
        return [self, *self.upstream()]


def pipeline_of(split: Split) -> Stage | None:
    """Return the last stage of the pipeline of a split; None if it has no `tf.data` pipeline that can be read."""
    return last_stage(split.original) if split.kind == "tf.data" else None


def last_stage(dataset: Any) -> Stage | None:
    """Return the last stage of a `tf.data.Dataset`, linked to all before it; None if it cannot be read."""
    try:
        return _stage(dataset, {})
    except (AttributeError, TypeError, ValueError):  # another kind of dataset, or another version of TensorFlow
        return None


def random_map_before_cache(last: Stage) -> tuple[str, tuple[str, ...]] | None:
    """Find a cache that stores the output of a random map.

    Returns:
        `(name of the cache, random operations)`, or None.
    """
    for stage in last.all_stages():
        if stage.name in _CACHES:
            for earlier in stage.upstream():
                if earlier.name == "map" and earlier.random_operations:
                    return stage.name, earlier.random_operations
    return None


def cut_after_reshuffle(last: Stage) -> str | None:
    """Find `take`, `skip` or `shard` after a shuffle that draws a new order for each iteration.

    Returns:
        Name of the stage that cuts, or None.
    """
    for stage in last.all_stages():
        if stage.name in ("take", "skip", "shard") and _order_changes(stage.inputs):
            return stage.name
    return None


def shuffles(last: Stage) -> list[Stage]:
    """Return the shuffle stages, the last one first."""
    return [stage for stage in last.all_stages() if stage.name == "shuffle"]


def shuffles_inside(last: Stage) -> bool:
    """Tell whether a function inside the pipeline, such as that of an `interleave`, shuffles."""
    return any("shuffle" in stage.inner for stage in last.all_stages())


def has_random_map(last: Stage) -> bool:
    """Tell whether any stage other than a shuffle draws random numbers."""
    return any(stage.random_operations for stage in last.all_stages())


def has_opaque_map(last: Stage) -> bool:
    """Tell whether Python code, which cannot be read, runs in the pipeline."""
    return any("PyFunc" in operation for stage in last.all_stages() for operation in stage.random_operations)


def _order_changes(inputs: tuple[Stage, ...]) -> bool:
    """Tell whether a reshuffling stage feeds `inputs` without a cache in between."""
    for stage in inputs:
        if stage.name == "shuffle" and stage.reshuffles:
            return True
        if stage.name not in _CACHES and _order_changes(stage.inputs):
            return True
    return False


def _stage(dataset: Any, known: dict[int, Stage]) -> Stage:
    if id(dataset) not in known:
        operations = _operations(dataset)
        inner = frozenset(_plain(name) for name in operations if "Dataset" in name)
        size = getattr(dataset, "_buffer_size", None)
        name = _plain(type(dataset).__name__)
        known[id(dataset)] = Stage(
            name,
            tuple(_stage(source, known) for source in dataset._inputs()),
            buffer_size=int(size) if name == "shuffle" and size is not None else None,
            reshuffles=getattr(dataset, "_reshuffle_each_iteration", None) is not False,
            random_operations=tuple(sorted(name for name in operations if _is_random(name))),
            inner=inner,
        )
    return known[id(dataset)]


def _plain(name: str) -> str:
    """Return the short name of a stage: `_ParallelMapDataset` and `MapDatasetV2` are both "map"."""
    name = name.removeprefix("_").split("Dataset")[0].removeprefix("Parallel").lower()
    return "map" if name == "mapandbatch" else name


def _operations(dataset: Any) -> set[str]:
    """Return the names of all operations in the functions of one stage, and in the functions that they call."""
    names: set[str] = set()
    for wrapped in dataset._functions():
        graph = wrapped.function.graph.as_graph_def()
        names.update(node.op for node in graph.node)
        names.update(node.op for function in graph.library.function for node in function.node_def)
    return names


def _is_random(name: str) -> bool:
    return name in _RANDOM or (name.startswith(_RANDOM_PREFIXES) and "GetKeyCounter" not in name) or "PyFunc" in name
