"""How the time to search for near-duplicate images grows with their number, against comparing every pair.

    python benchmarks/bench_duplicates.py [--repeats 3] [--largest 100000]

(a) Pairs of 64-bit hashes within 6 bits, from 1,000 to 100,000 hashes, one in fifty of which is a slightly changed copy of another.
    Time and number of comparisons, against comparing every pair up to 10,000 hashes, and against quadratic growth.
(b) Hashes of drawn textures, which are not spread evenly, like those of real images.
(c) The worst case: all images have the same hash.
(d) Prints of images in a batch, against the package imagehash (`pip install "tlcourse[audit]"`) on the same images.

Every time is the median over repeats. Aim: for a hundred times as many hashes, seconds, and less than a third of the 10,000 times as
long that quadratic growth would take.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from tlcourse.audit.data import neighbours
from tlcourse.audit.data.duplicates import RADIUS, copies_between
from tlcourse.audit.data.hashing import Prints, prints_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--largest", type=int, default=100_000)
    options = parser.parse_args()
    sizes = [size for size in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000) if size <= options.largest]

    print(
        f"(a) hashes spread evenly, pairs within {RADIUS} bits\n      hashes   seconds   comparisons   of all pairs   every pair"
    )
    growth(sizes, spread_hashes, options.repeats)
    print("(b) hashes of drawn textures")
    growth(sizes, texture_hashes, options.repeats)
    print("(c) all images have the same hash")
    for size in sizes:
        left, right = alike(size, 0), alike(size, size)
        seconds, copies = timed(lambda left=left, right=right: copies_between(left, right), options.repeats)
        print(f"    {size:8,} {seconds:9.3f}   {len(copies):,} copies found, search complete: {copies.complete}")
    against_imagehash(options.repeats)


def growth(sizes: list[int], make, repeats: int) -> None:
    before = first = None
    for size in sizes:
        hashes = make(size)
        seconds, pairs = timed(lambda hashes=hashes: neighbours.near_pairs(hashes, radius=RADIUS), repeats)
        compared = sum(len(i) for i, _ in neighbours._candidates(hashes, hashes, RADIUS))
        brute = ""
        if size <= 10_000:
            slow, count = timed(lambda hashes=hashes: each_with_each(hashes), 1)
            if count != len(pairs.left):
                raise SystemExit(f"near_pairs found {len(pairs.left)} pairs, comparing every pair {count}")
            brute = f"{slow:9.3f} ({slow / seconds:.0f} times as long)"
        grown = f"   {seconds / before[1]:.1f} times the time for {size / before[0]:.1f} times the hashes" if before else ""
        print(f"    {len(hashes):8,} {seconds:9.4f} {compared:13,} {compared / (len(hashes) ** 2 / 2):13.5f}   {brute}{grown}")
        before = (size, seconds)
        first = first or before
    if first and before and before[0] > first[0]:
        times, square = before[1] / first[1], (before[0] / first[0]) ** 2
        print(
            f"    {before[0] / first[0]:.0f} times the hashes: {times:,.0f} times the time; quadratic growth would be {square:,.0f}"
        )


def each_with_each(hashes: np.ndarray) -> int:
    total = 0
    for start in range(0, len(hashes), 500):
        near = np.bitwise_count(hashes[start : start + 500, None] ^ hashes) <= RADIUS
        total += int(np.triu(near, start + 1).sum())
    return total


def spread_hashes(count: int) -> np.ndarray:
    rng = np.random.default_rng(count)
    hashes = rng.integers(0, 2**64 - 1, count, dtype=np.uint64)
    copies = rng.permutation(count)[: count // 50]
    flips = [sum(1 << int(bit) for bit in rng.choice(64, 4, replace=False)) for _ in copies]
    return np.unique(np.concatenate([hashes, hashes[copies] ^ np.array(flips, dtype=np.uint64)]))


def texture_hashes(count: int) -> np.ndarray:
    return np.unique(np.concatenate([prints_of(textures(min(2_000, count - at), at)).hashes for at in range(0, count, 2_000)]))


def textures(count: int, seed: int, side: int = 32) -> np.ndarray:
    """Draw images whose detail falls off with its fineness, uint8."""
    rng = np.random.default_rng(seed)
    total = np.zeros((count, side, side, 1), np.float32)
    for cells in (2, 4, 8, 16):
        coarse = rng.normal(size=(count, cells, cells, 1)).astype(np.float32) / cells
        total += coarse.repeat(side // cells, axis=1).repeat(side // cells, axis=2)
    return np.clip(60 * total + 128, 0, 255).astype("uint8")


def alike(count: int, first: int) -> Prints:
    one = prints_of(textures(1, 0))
    many = {name: np.repeat(getattr(one, name), count, axis=0) for name in Prints.__dataclass_fields__}
    return Prints(**{**many, "digests": np.arange(first, first + count, dtype=np.uint64)})


def against_imagehash(repeats: int) -> None:
    try:
        import imagehash
    except ImportError:
        print("(d) imagehash is not installed")
        return
    from PIL import Image

    images = textures(500, 1, side=96).repeat(3, axis=3)
    mine, _ = timed(lambda: prints_of(images), repeats)
    theirs, _ = timed(lambda: [imagehash.phash(Image.fromarray(image)) for image in images], repeats)
    print(f"(d) {len(images)} images of 96 x 96: prints (hash, mirrored hash, thumbnail, digest) {mine:.3f} s; ", end="")
    print(f"only imagehash.phash {theirs:.3f} s, {theirs / mine:.1f} times as long")


def timed(run, repeats: int):
    results = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        results.append(time.perf_counter() - start)
    return statistics.median(results), result


if __name__ == "__main__":
    main()
