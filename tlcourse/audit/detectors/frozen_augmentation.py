"""`frozen-augmentation`: augmentation runs once, because a cache or a fixed seed repeats it, and every epoch sees the same examples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.pipeline import has_opaque_map, has_random_map, pipeline_of, random_map_before_cache
from tlcourse.audit.detector import Detector
from tlcourse.audit.report import Finding, NotChecked

_OPAQUE = "Python code runs {where}, and it cannot be seen whether it is meant to be random."
_FIX_CACHE = (
    "Cache the examples as they are read, then shuffle, then augment:\n"
    "train_ds = raw_ds.cache().shuffle(n).map(augment, num_parallel_calls=AUTOTUNE).batch(32).prefetch(AUTOTUNE)"
)
_FIX_SEED = (
    "Draw a new seed for every example:\n"
    "rng = tf.random.Generator.from_seed(0)\n"
    "train_ds = raw_ds.map(lambda x, y: (tf.image.stateless_random_flip_left_right(x, seed=rng.make_seeds(1)[:, 0]), y))"
)


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    split = context.split("train")
    if split.kind in ("arrays", "folder"):
        return  # nothing stands between the stored examples and the model
    last = pipeline_of(split)
    if last is None:
        raise CannotCheckError(f"It cannot be seen what happens inside data of kind {split.kind}.")
    if not has_random_map(last):
        return
    found = context.fingerprints("train")
    first, second = found.digests(1), found.digests(2)
    if split.endless or not len(second):
        raise CannotCheckError("The training data repeats for ever, so its epochs cannot be compared.")
    if not len(first) or len(first) != len(second) or not np.isin(second, first).all():
        return
    cached = random_map_before_cache(last)
    if cached is None and has_opaque_map(last):
        yield NotChecked("frozen-augmentation", _OPAQUE.format(where="in the pipeline"))
        return
    operations = cached[1] if cached else tuple(sorted({o for s in last.all_stages() for o in s.random_operations}))
    if cached and all("PyFunc" in operation for operation in operations):
        yield NotChecked("frozen-augmentation", _OPAQUE.format(where="before the cache"))
        return
    reason = f"`.{cached[0]}()` follows it" if cached else "its random operations get the same seed each time"
    yield Finding(
        "frozen-augmentation",
        "serious",
        "The augmentation runs once, and every epoch sees the same examples",
        {
            "sentence": f"{len(second)} of {len(second)} examples of the second pass are bit-identical to the first, although the "
            f"pipeline augments them: {reason}.",
            "identical": len(second),
            "operations": [operation for operation in operations if "PyFunc" not in operation],
        },
        "Augmentation helps because each epoch shows new variants. Here each example keeps one altered copy, and the original is "
        "never seen.",
        _FIX_CACHE if cached else _FIX_SEED,
    )


DETECTOR = Detector(("frozen-augmentation",), _check)
