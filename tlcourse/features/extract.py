"""Features of images, computed once by a frozen backbone and kept on disk."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.arguments import require_whole
from tlcourse.features.cache import CacheWarning, cache_folder, cache_limit, entry_lock, read_entry, trim_cache, write_entry
from tlcourse.features.digest import digest_of_images, digest_of_model
from tlcourse.features.engine import Engine, check_engine, engine_of, key_of
from tlcourse.features.inputs import check_backbone, check_images, check_output_shape
from tlcourse.features.partial import Block, PartialEntry, same_images
from tlcourse.features.sharding import check_cluster, computed_on
from tlcourse.features.sources import Source, source_of
from tlcourse.features.surprises import digest_or_none, warn_not_finite, warn_of_augmentation


def extract_features(
    backbone: Any,
    images: Any,
    *,
    batch_size: int = 64,
    cache: bool = True,
    directory: Path | str | None = None,
    progress: bool | None = None,
    engine: str = "auto",
    cluster: Any = None,
) -> np.ndarray:
    """Compute the features of `images` once; the next call with the same backbone and images reads them from disk.

    The backbone runs in inference mode. Features are kept under a digest of its architecture, its weights' values and the
    images' bytes, so a changed backbone or image is never answered with old features. They are written as they are computed: images
    need not fit into memory, and a call after a crash goes on where the last one stopped.

    A stream (`tf.data`, `PyDataset`, iterable) is run through on every call, because only then its images are known; the backbone
    computes those blocks that are new. Its labels have to be collected in the same order.

    Args:
        backbone: A Keras model from `(batch, height, width, channels)` to `(batch, features)`.
        images: `(n, height, width, channels)`, best uint8 from 0 to 255, or a `Dataset`; a folder of images, or what
            `open_image_folder` returns; a `tf.data.Dataset`, a `keras.utils.PyDataset`, or an object with `__len__` and `__iter__`,
            of images or batches, with or without labels.
        batch_size: Images that run at once, at least 1.
        cache: Read and write the cache. Its size limit is `TLCOURSE_CACHE_LIMIT` (2 GB unless set; least recently used
            features go first). Without it all features are held in memory.
        directory: Folder of the cache; `None` for `features` in the data home.
        progress: Show a bar; `None` shows it where the work takes more than two seconds.
        engine: What runs the backbone. "auto" takes "tensorflow", a graph that skips Keras' work between batches, with the features of
            `predict` to the last bit; "keras" where Keras runs on another backend. "openvino" (`pip install 'tlcourse[fast]'`) is
            faster on processors, with features that agree to 1e-4 relative; "openvino-bfloat16" computes in bfloat16, which
            costs precision (.6 % relative on `tiny_resnet`, much more on some networks). A backbone that OpenVINO cannot convert
            runs as with "auto", with a warning.
        cluster: A `distributed.Client` (`pip install 'tlcourse[cluster]'`): its workers share an array or folder, which they must be
            able to read under the same path. The features are those of one machine. What a worker was computing when it died is
            computed by another.

    Returns:
        `(n, features)`, float32, read-only; mapped from disk where it is cached.

    Raises:
        TypeError: If `backbone` is no Keras model or `images` none of the above.
        ImportError: If OpenVINO is asked for and not installed.
        ValueError: If `engine` is none of these, if shapes do not fit together, if images were scaled for a backbone that scales by
            itself, or if a stream is endless or gives other images each time it is run.

    Example:
        >>> backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
        >>> flowers = tlcourse.load_flowers(per_class=2)
        >>> tlcourse.extract_features(backbone, flowers.images, cache=False).shape
        (20, 1280)
    """
    require_whole("batch_size", batch_size, 1)
    check_engine(engine)
    check_backbone(backbone)
    source = source_of(images, backbone)
    if cluster is not None:
        check_cluster(cluster, source)
    warn_of_augmentation(backbone)
    digest = digest_or_none(backbone, cache and cache_limit() > 0)
    cached = cache and cache_limit() > 0 and digest is not None
    with _bar(backbone, source, progress) as bar:
        if not cached:
            if not source.whole:
                source.digest(batch_size)  # refuses what changes from one pass to the next
            run = replace(engine_of(backbone, engine, source.form(batch_size), digest), cluster=cluster)
            return _in_memory(run, backbone, source, batch_size, bar)
        folder, about = cache_folder(directory), source.digest(batch_size)
        if source.whole and (known := read_entry(folder, f"{digest}{key_of(engine)}-{about}")) is not None:
            return known.features
        run = replace(engine_of(backbone, engine, source.form(batch_size), digest), cluster=cluster)
        key = f"{digest}{run.key}-{about}"
        try:
            with entry_lock(folder, key):
                features = _through_cache(run, backbone, source, batch_size, bar, folder, key)
            trim_cache(directory=folder, keep=key)
            return features
        except OSError as problem:
            warnings.warn(
                f"The features could not be kept in {folder} ({problem}). They are held in memory for this session only. Free some "
                "disk space with `tlcourse cache --clear`, or set TLCOURSE_HOME to a folder with room.",
                CacheWarning,
                stacklevel=2,
            )
            bar.reset()
            return _in_memory(run, backbone, source, batch_size, bar)


def _through_cache(run: Engine, backbone: Any, source: Source, size: int, bar: Any, folder: Path, key: str) -> np.ndarray:
    """Read the entry under `key`, or go on with what an earlier call left of it, or begin it."""
    cached = read_entry(folder, key)
    if cached is not None and source.whole:
        return cached.features
    with PartialEntry(folder, key) as entry:
        try:
            if source.whole:
                bar.update(entry.rows)
                for block, features in _computed_from(run, backbone, source, size, entry.rows):
                    entry.append(features)
                    bar.update(len(block))
            elif cached is not None and _still_the_same(
                run, backbone, source, size, bar, cached.features, cached.blocks, entry
            ):
                entry.remove()
                return cached.features
            elif cached is None:
                _follow(run, backbone, source.blocks(size), bar, entry)
            if not entry.is_finite():
                features = entry.read()
                entry.remove()
                warn_not_finite(backbone, features)
                return _read_only(features)
            return write_entry(folder, key, entry, backbone.name, stream=not source.whole)
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT):
                entry.remove()  # a full disk needs the room
            raise


def _still_the_same(
    run: Engine,
    backbone: Any,
    source: Source,
    size: int,
    bar: Any,
    features: np.ndarray,
    blocks: list[Block],
    entry: PartialEntry,
) -> bool:
    """Run a stream against the blocks of a finished entry; at the first one that differs, begin `entry` with those before."""
    entry.cut(0)
    count = rows = 0
    stream = source.blocks(size)
    for images in stream:
        if not same_images(blocks, count, digest_of_images(images)):
            stream = _put_back(images, stream)
            break
        count, rows = count + 1, rows + len(images)
        bar.update(len(images))
    else:
        if count == len(blocks):
            return True
        stream = iter(())
    start = 0
    for block in blocks[:count]:
        entry.append(features[start : start + block.rows], block.images)
        start += block.rows
    _follow(run, backbone, stream, bar, entry, count)
    return False


def _put_back(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _follow(run: Engine, backbone: Any, stream: Iterator[np.ndarray], bar: Any, entry: PartialEntry, start: int = 0) -> None:
    """Compute those blocks of a stream, from block `start` on, that `entry` does not have yet."""
    place = start
    for images in stream:
        digest = digest_of_images(images)
        if not same_images(entry.blocks, place, digest):
            entry.cut(place)
            ((_, features),) = _computed(run, backbone, iter([images]), first=place == 0)
            entry.append(features, digest)
        place += 1
        bar.update(len(images))
    entry.cut(place)


def _in_memory(run: Engine, backbone: Any, source: Source, size: int, bar: Any) -> np.ndarray:
    """Compute all features without the disk."""
    found = None
    start, parts = 0, []
    for block, features in _computed_from(run, backbone, source, size):
        if source.total is None:
            parts.append(features)
        else:
            found = np.empty((source.total, features.shape[1]), "float32") if found is None else found
            found[start : start + len(block)] = features
            start += len(block)
        bar.update(len(block))
    if found is None and not parts:
        raise ValueError("There are no images to extract features from. Received: images=an empty stream.")
    features = found if found is not None else np.concatenate(parts)
    if not np.isfinite(features).all():
        warn_not_finite(backbone, features)
    return _read_only(features)


def _computed_from(
    run: Engine, backbone: Any, source: Source, size: int, start: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield blocks from image `start` on with their features, computed here or on a cluster."""
    if run.cluster is None:
        yield from _computed(run, backbone, source.blocks(size, start) if start else source.blocks(size))
        return
    check_images(backbone, source.images[0:1])  # type: ignore[union-attr]
    for features in computed_on(run.cluster, backbone, run.name, digest_of_model(backbone), source, size, start):
        check_output_shape(backbone.name, features.shape)
        yield features, features


def _computed(
    run: Engine, backbone: Any, blocks: Iterator[np.ndarray], *, first: bool = True
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each block with its features, `(rows, features)` float32; of the `first` one the scale is checked."""
    for number, images in enumerate(blocks):
        check_images(backbone, images, scale=first and number == 0)
        output = run(images)  # (rows, features)
        if number == 0:
            check_output_shape(backbone.name, output.shape)
        yield images, output.astype("float32", copy=False)


@contextmanager
def _bar(backbone: Any, source: Source, progress: bool | None) -> Iterator[Any]:
    from tqdm.auto import tqdm

    with tqdm(
        total=source.total,
        desc=f"Features of {backbone.name}",
        unit="example",
        delay=2 if progress is None else 0,
        disable=progress is False,
    ) as bar:
        yield bar


def _read_only(features: np.ndarray) -> np.ndarray:
    features.flags.writeable = False
    return features
