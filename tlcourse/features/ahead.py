"""Read the next block while the caller works with the present one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np


def read_ahead(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield `blocks`; the next one is read in a thread while the caller works with the present one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
