"""Prints of images, the search for near ones, and what counts as a copy."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.audit.material import photographs, resized, through_jpeg
from tests.audit.small_world import drawn_images
from tlcourse.audit.data.duplicates import blank, copies_between, exact_copies, repeated
from tlcourse.audit.data.hashing import Prints, digests_of, mirror, prints_of
from tlcourse.audit.data.neighbours import bands_for, near_pairs

COPIES = {
    "re-encoded": lambda images: through_jpeg(images, 60),
    "enlarged": lambda images: resized(images, 150),
    "half the size": lambda images: resized(images, 32),
    "a little brighter": lambda images: np.clip(images.astype("float32") * 1.05 + 8, 0, 255).astype("uint8"),
    "scaled to -1..1": lambda images: images.astype("float32") / 127.5 - 1,
    "scaled to 0..1 in half precision": lambda images: (images / 255.0).astype("float16"),
}


@pytest.mark.parametrize("name", COPIES)
def test_an_altered_copy_is_known_again_and_names_its_original(name):
    originals = photographs()
    copies = copies_between(prints_of(originals), prints_of(COPIES[name](originals[20:60])))
    assert len(copies) >= 39
    assert (copies.left == copies.right + 20).all()
    assert set(copies.kind) == {"near"}


def test_a_mirrored_copy_is_known_as_mirrored():
    originals = photographs()
    turned = through_jpeg(np.ascontiguousarray(originals[:30, :, ::-1]), 80)
    copies = copies_between(prints_of(originals), prints_of(turned))
    assert len(copies) == 30
    assert (copies.left == copies.right).all()
    assert copies.count("mirrored") == 30


def test_the_prints_of_the_mirror_image_are_the_mirror_of_the_prints():
    images = photographs(20)
    turned, expected = prints_of(images[:, :, ::-1]), mirror(prints_of(images))
    apart = np.bitwise_count(turned.hashes ^ expected.hashes)
    assert np.median(apart) == 0
    assert np.abs(turned.thumbnails.astype(int) - expected.thumbnails).max() <= 1
    assert np.abs(turned.colours.astype(int) - expected.colours).max() <= 1


def test_different_images_are_no_copies():
    assert len(copies_between(prints_of(photographs(400)), prints_of(photographs(400, seed=1)))) == 0
    images, _ = drawn_images(400, side=32)
    assert len(copies_between(prints_of(images[:200]), prints_of(images[200:]))) == 0


def test_images_that_differ_in_colour_alone_are_no_copies():
    shape = photographs(30, seed=4)[..., :1]
    nothing = np.zeros_like(shape)
    red, green = np.concatenate([shape, nothing, nothing], axis=3), np.concatenate([nothing, shape, nothing], axis=3)
    assert len(copies_between(prints_of(red), prints_of(green))) == 0
    assert len(copies_between(prints_of(red), prints_of(through_jpeg(red, 90)))) == 30


def test_exact_copies_count_as_exact_and_only_once():
    images = photographs(50)
    twice = np.concatenate([images, images])
    copies = copies_between(prints_of(twice), prints_of(images[:10]))
    assert copies.count("exact") == len(copies) == 10
    assert (images[copies.right] == twice[copies.left]).all()


def test_blank_images_are_no_copies_of_each_other():
    images = np.concatenate([photographs(20), np.full((100, 64, 64, 3), 255, "uint8")])
    found = prints_of(images)
    assert blank(found).sum() == 100
    assert len(copies_between(found, prints_of(np.full((100, 64, 64, 3), 255, "uint8")))) == 0


def test_a_hundred_thousand_equal_prints_do_not_explode():
    one = prints_of(photographs(1))
    n = 100_000
    many = Prints(**{name: np.repeat(getattr(one, name), n, axis=0) for name in Prints.__dataclass_fields__})
    distinct = Prints(**{**vars(many), "digests": np.arange(n, dtype=np.uint64)})  # 100,000 images that only look alike
    copies = copies_between(distinct, Prints(**{**vars(many), "digests": np.arange(n, 2 * n, dtype=np.uint64)}))
    assert len(copies) == n
    assert not copies.complete  # said, not hidden


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 14), st.integers(2, 250), st.booleans())
def test_near_pairs_finds_what_comparing_each_with_each_finds(seed, radius, count, crowded):
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64 - 1, count, dtype=np.uint64, endpoint=True)
    if crowded:
        hashes &= np.uint64(0xF0F)
    flips = [sum(1 << int(bit) for bit in rng.choice(64, rng.integers(0, 16), replace=False)) for _ in range(count)]
    hashes = np.unique(np.concatenate([hashes, hashes ^ np.array(flips, dtype=np.uint64)]))
    distance = np.bitwise_count(hashes[:, None] ^ hashes)
    pairs = near_pairs(hashes, radius=radius)
    assert np.array_equal([pairs.left, pairs.right], np.nonzero(np.triu(distance <= radius, 1)))
    half = len(hashes) // 2
    across = near_pairs(hashes[:half], hashes[half:], radius=radius)
    assert np.array_equal([across.left, across.right], np.nonzero(distance[:half, half:] <= radius))
    assert pairs.complete
    assert across.complete


@pytest.mark.parametrize("count", [10, 10_000, 100_000, 10_000_000])
@pytest.mark.parametrize("radius", [0, 3, 6, 12])
def test_bands_cover_all_bits_once_and_obey_the_pigeonhole(count, radius):
    bands = bands_for(count, radius)
    assert [bit for start, length in bands for bit in range(start, start + length)] == list(range(64))
    assert len(bands) * (radius // len(bands) + 1) > radius


def test_candidates_are_few_beside_all_pairs(monkeypatch):
    import tlcourse.audit.data.neighbours as room

    seen = []
    before = room._candidates

    def counted(*arguments):
        for i, j in before(*arguments):
            seen.append(len(i))
            yield i, j

    monkeypatch.setattr(room, "_candidates", counted)
    compared = {}
    for count in (1_000, 10_000, 100_000):
        seen.clear()
        near_pairs(np.random.default_rng(0).integers(0, 2**64 - 1, count, dtype=np.uint64), radius=6)
        compared[count] = sum(seen)
    assert compared[100_000] < 0.005 * 100_000**2
    assert compared[100_000] / compared[1_000] < 1_000  # all pairs grow 10,000-fold


def test_a_search_that_was_cut_short_says_so():
    hashes = np.arange(4_000, dtype=np.uint64)
    assert not near_pairs(hashes, radius=6, max_candidates=1_000).complete


def test_digests_see_every_bit_and_no_more():
    a = np.random.default_rng(0).normal(size=(50, 7)).astype("float32")
    b = a.copy()
    b[3, 5] = np.nextafter(b[3, 5], np.float32(9))
    assert (digests_of(a) != digests_of(b)).tolist() == [i == 3 for i in range(50)]
    assert digests_of(np.float32([[0.0]])) == digests_of(np.float32([[-0.0]]))
    words = np.array(["a tale", "another", "a tale"], dtype=object)
    assert digests_of(words)[0] == digests_of(words)[2] != digests_of(words)[1]
    copies = exact_copies(digests_of(a), digests_of(a[10:20]))
    assert copies.left.tolist() == list(range(10, 20))


def test_a_placeholder_is_told_from_oversampling():
    normal = np.arange(500, dtype=np.uint64)
    assert repeated(normal) == []
    placeholder = np.concatenate([normal, np.full(40, 7, np.uint64)])
    assert repeated(placeholder) == [(7, 41)]
    oversampled = np.concatenate([normal, np.repeat(normal[:20], 15)])
    assert repeated(oversampled) == []


@pytest.mark.mirror
@pytest.mark.parametrize("folder", ["flower_photos", "cats_and_dogs_filtered"])
def test_on_photographs_copies_are_found_and_hardly_anything_else(folder):
    files = sorted((Path(os.environ["TLCOURSE_MIRROR_DATA"]) / folder).rglob("*.jpg"))
    files = [files[at] for at in np.random.default_rng(0).permutation(len(files))[:1200]]
    images = np.stack([np.asarray(Image.open(file).convert("RGB").resize((96, 96))) for file in files])
    train, test = images[:800], images[800:]
    natural = copies_between(prints_of(train), prints_of(test))
    assert len(natural) <= 4  # the collections hold some images twice
    leaked = np.concatenate([test, through_jpeg(train[:20, :, ::-1].copy(), 60), through_jpeg(resized(train[20:40], 96), 40)])
    copies = copies_between(prints_of(train), prints_of(leaked))
    assert len(copies) - len(natural) >= 39
    assert not copies.ambiguous


@pytest.mark.mirror
def test_digits_and_chest_x_rays_are_no_copies_of_each_other():
    home = Path(os.environ["TLCOURSE_MIRROR_DATA"])
    for file in ("mnist/mnist_14k.npz", "pneumoniamnist/pneumoniamnist.npz"):
        data = np.load(home / file)
        images = data[next(name for name in data.files if data[name].ndim >= 3)][:4000]
        copies = copies_between(prints_of(images[:3000]), prints_of(images[3000:]))
        assert len(copies.exact_only()) == len(copies) or copies.ambiguous
