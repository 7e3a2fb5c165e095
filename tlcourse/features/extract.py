"""Run a frozen backbone over images once."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tlcourse.features.cache import CacheWarning, cache_folder, cache_limit, entry_lock, read_entry, trim_cache, write_entry
from tlcourse.features.digest import digest_of_images, digest_of_model
from tlcourse.features.inputs import check_backbone, check_images, check_output_shape, images_of

_AUGMENTATION = ("Random", "RandAugment", "AugMix", "AutoContrast", "CutMix", "MixUp")


class FeatureWarning(UserWarning):
    """The features are right for the backbone as it is, but perhaps not what was meant."""


def extract_features(
    backbone: Any,
    images: Any,
    *,
    batch_size: int = 64,
    cache: bool = True,
    directory: Path | str | None = None,
    progress: bool | None = None,
) -> np.ndarray:
    """Compute the features of `images` once; the next call with the same backbone and images reads them from disk.

    The backbone runs in inference mode. Features are kept under a digest of its architecture, its weights' values and the
    images' bytes, so that a changed backbone or image is never answered with old features.

    Args:
        backbone: A Keras model from `(batch, height, width, channels)` to `(batch, features)`.
        images: `(n, height, width, channels)`, best uint8 from 0 to 255, or a `Dataset`.
        batch_size: Images that run at once, at least 1.
        cache: Read and write the cache. Its size limit is `TLCOURSE_CACHE_LIMIT` (2 GB unless set; least recently used
            features go first).
        directory: Folder of the cache; `None` for `features` in the data home.
        progress: Show a bar; `None` shows it where the work takes more than two seconds.

    Returns:
        `(n, features)`, float32, read-only; mapped from disk where it is cached.

    Raises:
        TypeError: Where `backbone` is no Keras model or `images` no array of numbers.
        ValueError: Where shapes do not fit together, or images were scaled for a backbone that scales by itself.
    """
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(f"`batch_size` must be a whole number of at least 1; received batch_size={batch_size!r}.")
    check_backbone(backbone)
    images = images_of(images)
    check_images(backbone, images)
    _warn_of_surprises(backbone)
    key = _key(backbone, images) if cache and cache_limit() > 0 else None
    if key is None:
        return _read_only(_compute(backbone, images, batch_size, progress))

    folder = cache_folder(directory)
    features = None
    try:
        with entry_lock(folder, key):
            cached = read_entry(folder, key)
            if cached is not None:
                return cached
            features = _compute(backbone, images, batch_size, progress)
            if not np.isfinite(features).all():
                _warn_not_finite(backbone, features)
                return _read_only(features)
            mapped = write_entry(folder, key, features, backbone.name)
        trim_cache(directory=folder, keep=key)
        return mapped
    except OSError as problem:
        warnings.warn(
            f"The features could not be kept in {folder} ({problem}). They are held in memory for this session "
            "alone; free some "
            "disk space with `tlcourse cache --clear`, or set TLCOURSE_HOME to a folder with room.",
            CacheWarning,
            stacklevel=2,
        )
        if features is None:
            features = _compute(backbone, images, batch_size, progress)
        return _read_only(features)


def _compute(backbone: Any, images: np.ndarray, batch_size: int, progress: bool | None) -> np.ndarray:
    from tqdm.auto import tqdm

    size = min(batch_size, len(images))
    features = np.empty((0, 0), "float32")
    with tqdm(
        total=len(images),
        desc=f"Features of {backbone.name}",
        unit="example",
        delay=2 if progress is None else 0,
        disable=progress is False,
    ) as bar:
        for start in range(0, len(images), size):
            batch = images[start : start + size]
            count = len(batch)
            if count < size:  # fill the last batch up, so that the compiled step is not built a second time for its shape
                batch = np.concatenate([batch, np.repeat(batch[-1:], size - count, axis=0)])
            output = np.asarray(backbone.predict_on_batch(batch))[:count]  # (count, features)
            if start == 0:
                check_output_shape(backbone.name, output.shape)
                features = np.empty((len(images), output.shape[1]), "float32")
            features[start : start + count] = output
            bar.update(count)
    return features


def _key(backbone: Any, images: np.ndarray) -> str | None:
    try:
        return f"{digest_of_model(backbone)}-{digest_of_images(images)}"
    except NotImplementedError:
        warnings.warn(
            f"Features of {backbone.name!r} are not cached: the model cannot describe its architecture. Give its class a "
            "get_config(), or pass cache=False.",
            CacheWarning,
            stacklevel=3,
        )
        return None


def _warn_of_surprises(backbone: Any) -> None:
    layers = backbone._flatten_layers()
    augmenting = [layer.name for layer in layers if type(layer).__name__.startswith(_AUGMENTATION)]
    if augmenting:
        warnings.warn(
            f"Backbone {backbone.name!r} holds augmentation ({', '.join(augmenting)}), which does nothing here: "
            "features are computed "
            "once, from the images as they are. To train with augmentation, train the head end to end on the frozen backbone.",
            FeatureWarning,
            stacklevel=3,
        )


def _warn_not_finite(backbone: Any, features: np.ndarray) -> None:
    rows = int((~np.isfinite(features)).any(axis=1).sum())
    warnings.warn(
        f"Features of {rows} of {len(features)} images from backbone {backbone.name!r} are NaN or infinite, so "
        "they are not cached. "
        "Look for NaN in the images, and for weights that training made NaN.",
        FeatureWarning,
        stacklevel=3,
    )


def _read_only(features: np.ndarray) -> np.ndarray:
    features.flags.writeable = False
    return features
