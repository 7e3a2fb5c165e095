"""Features of images that do not fit into memory: folders, pipelines and generators, in constant memory, resumed after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from tests.features.batches import before_each_batch, count_batches
from tlcourse.datasets import open_image_folder
from tlcourse.features import CacheWarning, FeatureWarning, cache_entries, clear_cache, extract_features, trim_cache
from tlcourse.features.partial import PartialEntry

COUNT, SIZE = 22, 5


@pytest.fixture(autouse=True)
def _seeded(monkeypatch):
    keras.utils.set_random_seed(0)
    monkeypatch.delenv("TLCOURSE_CACHE_LIMIT", raising=False)


@pytest.fixture
def backbone():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x), name="toy")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), dtype="uint8")


@pytest.fixture
def extract(tmp_path):
    return lambda backbone, images, **options: extract_features(
        backbone, images, **{"directory": tmp_path / "cache", "batch_size": SIZE, **options}
    )


@pytest.fixture
def calls(monkeypatch):
    """Count the batches that the backbone computes."""
    return count_batches(monkeypatch)


class Sized:
    """Batches of any size, from an object with a length; again and again, or once."""

    def __init__(self, items, length=None, once=False):
        self.items, self.length, self.once = list(items), len(items) if length is None else length, once
        self.begun = iter(self.items)

    def __len__(self):
        return self.length

    def __iter__(self):
        return self if self.once else iter(self.items)

    def __next__(self):
        return next(self.begun)


class Batches(keras.utils.PyDataset):
    """Batches of 4 with labels."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def __len__(self):
        return -(-len(self.images) // 4)

    def __getitem__(self, index):
        batch = self.images[4 * index : 4 * index + 4]
        return batch, np.zeros(len(batch))


def batches_of(images, size=4):
    return [images[i : i + size] for i in range(0, len(images), size)]


def pipeline(images):
    return tf.data.Dataset.from_tensor_slices(images)


STREAMS = {
    "tf.data of images": pipeline,
    "tf.data of batches": lambda x: pipeline(x).batch(7),
    "tf.data with labels": lambda x: tf.data.Dataset.from_tensor_slices((x, np.arange(len(x)))).batch(3).prefetch(2),
    "tf.data of a generator": lambda x: tf.data.Dataset.from_generator(
        lambda: iter(x), output_signature=tf.TensorSpec((8, 8, 3), tf.uint8)
    ),
    "PyDataset": Batches,
    "sized batches": lambda x: Sized(batches_of(x)),
    "sized images": lambda x: Sized(list(x)),
    "sized with labels": lambda x: Sized([(batch, None) for batch in batches_of(x)]),
    "sized, uneven": lambda x: Sized([x[:1], x[1:2], x[2:19], x[19:]]),
    "a generator with a length": lambda x: Sized(batches_of(x), once=True),
}


@pytest.mark.parametrize("cache", [True, False])
@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS)
def test_every_stream_gives_the_features_of_its_images_in_order(backbone, images, extract, make, cache):
    features = extract(backbone, make(images), cache=cache)
    np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
    assert features.dtype == np.float32
    assert isinstance(features, np.memmap) == cache
    assert not features.flags.writeable


@pytest.mark.parametrize("make", STREAMS.values(), ids=STREAMS)
def test_a_stream_of_the_same_images_computes_nothing_the_second_time(backbone, images, extract, make, calls):
    first = np.array(extract(backbone, make(images)))
    assert calls == [SIZE] * 5
    np.testing.assert_array_equal(extract(backbone, make(images)), first)
    assert calls == [SIZE] * 5


@pytest.mark.parametrize("place", [0, 1, 7, 21])
def test_after_one_pixel_changed_only_what_follows_is_computed_and_the_features_are_right(
    backbone, images, extract, calls, place
):
    extract(backbone, pipeline(images))
    calls.clear()
    images[place, 0, 0, 0] ^= 255
    features = extract(backbone, pipeline(images))
    assert len(calls) == 5 - place // SIZE
    np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [4, 5, 20, 21, 30])
def test_a_stream_that_became_shorter_or_longer_is_noticed(backbone, images, extract, count):
    def stream(images):  # of unknown length, as after filter()
        return pipeline(images).filter(lambda image: True)

    extract(backbone, stream(images))
    other = np.concatenate([images, images[:8]])[:count]
    features = extract(backbone, stream(other))
    np.testing.assert_allclose(features, backbone.predict(other, verbose=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(extract(backbone, stream(other)), features)


def test_a_changed_backbone_is_never_answered_with_old_features(backbone, images, extract, calls):
    extract(backbone, pipeline(images))
    backbone.layers[2].kernel.assign(backbone.layers[2].kernel + 1)
    features = extract(backbone, pipeline(images))
    assert len(calls) == 10
    np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)


class TestRefusals:
    def refused(self, extract, backbone, images, match, error=ValueError):
        with pytest.raises(error, match=match) as caught:
            extract(backbone, images)
        assert "Received: " in str(caught.value)

    def test_a_pipeline_that_shuffles_or_augments(self, backbone, images, extract):
        self.refused(extract, backbone, pipeline(images).shuffle(COUNT, seed=1).batch(4), "other images each time")
        rng = np.random.default_rng(0)
        noisy = pipeline(images).map(lambda image: tf.numpy_function(lambda x: x + rng.integers(9), [image], tf.int64))
        self.refused(extract, backbone, noisy, "other images each time")

        class Noisy(Batches):
            def __getitem__(self, index):
                return super().__getitem__(index)[0] // rng.integers(1, 99)

        self.refused(extract, backbone, Noisy(images), "other images each time")

    def test_a_shuffle_that_always_gives_the_same_order_is_fine(self, backbone, images, extract):
        fixed = pipeline(images).shuffle(COUNT, seed=1, reshuffle_each_iteration=False)
        expected = backbone.predict(np.stack(list(fixed.as_numpy_iterator())), verbose=0)
        np.testing.assert_allclose(extract(backbone, fixed), expected, rtol=1e-5, atol=1e-6)

    def test_a_pipeline_whose_order_may_change(self, backbone, images, extract):
        options = tf.data.Options()
        options.deterministic = False
        self.refused(extract, backbone, pipeline(images).with_options(options), "deterministic")

    def test_an_endless_stream(self, backbone, images, extract):
        self.refused(extract, backbone, pipeline(images).repeat(), "endless")

        class Endless(Batches):
            @property
            def num_batches(self):
                return None

        self.refused(extract, backbone, Endless(images), "endless")

    def test_a_stream_that_breaks_off(self, backbone, images, extract):
        self.refused(extract, backbone, Sized(batches_of(images), length=9), "9 items. Received: items=6")

    def test_an_empty_stream(self, backbone, images, extract):
        self.refused(extract, backbone, Sized([]), "no images")
        self.refused(extract, backbone, pipeline(images).take(0), "no images")

    def test_a_generator_without_a_length(self, backbone, images, extract):
        self.refused(extract, backbone, (batch for batch in batches_of(images)), "gets a length by a class", TypeError)

    def test_images_of_several_sizes(self, backbone, images, extract):
        self.refused(extract, backbone, Sized([images[:3], images[3:6, :7]]), "same shape")

    def test_another_size_than_the_backbone_takes(self, backbone, images, extract):
        self.refused(extract, backbone, Sized(batches_of(images[:, :4])), r"\(n, 8, 8, 3\)")

    def test_dictionaries(self, backbone, images, extract):
        self.refused(extract, backbone, pipeline({"image": images}).batch(4), "arrays of images", TypeError)

    def test_scaled_images_of_a_stream(self, backbone, images, extract, monkeypatch):
        import tlcourse.backbones

        monkeypatch.setattr(tlcourse.backbones, "contract_of", lambda model: SimpleNamespace(value_range=(0, 255)))
        self.refused(extract, backbone, pipeline(images / 255.0), "scaled twice")

    def test_a_generator_that_was_used_up_when_the_disk_was_full(self, backbone, images, extract, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(PartialEntry, "append", full)
        stream = Sized(batches_of(images), once=True)
        with pytest.warns(CacheWarning, match="No space left"), pytest.raises(RuntimeError, match="cannot be read again"):
            extract(backbone, stream)


@pytest.fixture
def folder(tmp_path, images):
    for number, image in enumerate(images):
        place = tmp_path / "photographs" / ("cats", "dogs")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:02}.png")
    return tmp_path / "photographs"


def test_a_folder_gives_the_features_of_its_images_in_the_order_of_its_labels(backbone, folder, extract, calls):
    opened = open_image_folder(folder, 8)
    expected = backbone.predict(opened.load().images, verbose=0)
    np.testing.assert_allclose(extract(backbone, opened), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(extract(backbone, folder), extract(backbone, str(folder)))
    np.testing.assert_allclose(extract(backbone, folder), expected, rtol=1e-5, atol=1e-6)
    assert calls == [SIZE] * 5  # the same files: computed once


def test_a_folder_without_classes_is_read_in_the_order_of_its_names(backbone, folder, extract):
    expected = extract(backbone, open_image_folder(folder, 8).subset(range(11)))
    np.testing.assert_allclose(extract(backbone, folder / "cats"), expected, rtol=1e-5, atol=1e-6)


def test_a_changed_file_of_a_folder_is_noticed_even_if_its_length_stays(backbone, folder, extract):
    (folder / "cats/00.png").unlink()
    Image.new("RGB", (8, 8), "black").save(folder / "cats/00.bmp")
    before = np.array(extract(backbone, folder))
    Image.new("RGB", (8, 8), "white").save(folder / "cats/00.bmp")
    after = extract(backbone, folder)
    assert not np.array_equal(after[0], before[0])
    np.testing.assert_allclose(after[1:], before[1:], rtol=1e-5, atol=1e-6)


def test_the_way_of_reading_counts_too(backbone, folder, extract, calls):
    array = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    Image.fromarray(array).save(folder / "cats/zz.png")
    for white in (4095, 8191):
        extract(backbone, open_image_folder(folder, 8, value_range=(0, white)))
    assert len(calls) == 10


def test_a_folder_for_a_backbone_of_any_size_needs_the_size(folder, extract):
    inputs = keras.Input((None, None, 3))
    free = keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Rescaling(1 / 255)(inputs)))
    with pytest.raises(ValueError, match=r"open_image_folder\(path, size\)"):
        extract(free, folder)
    assert extract(free, open_image_folder(folder, 16)).shape == (COUNT, 3)


@pytest.mark.parametrize("kind", ["array", "pipeline", "folder"])
@pytest.mark.parametrize("blocks", [0, 1, 3, 4])
def test_a_call_after_a_crash_goes_on_where_the_last_one_stopped(
    backbone, images, extract, folder, calls, kind, blocks, monkeypatch
):
    def crash(batch):
        if len(calls) == blocks:
            raise MemoryError("killed")

    data = {"array": images, "pipeline": pipeline(images), "folder": folder}[kind]
    with monkeypatch.context() as patch:
        before_each_batch(patch, crash)
        with pytest.raises(MemoryError):
            extract(backbone, data)
    calls.clear()
    features = extract(backbone, data)
    assert len(calls) == 5 - blocks
    expected = extract(backbone, data, cache=False)
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("place", [5, 9, 14, 21])
def test_a_stream_that_changed_after_a_crash_gives_its_own_features(backbone, images, extract, calls, monkeypatch, place):

    def crash(batch):
        if len(calls) == 3:
            raise MemoryError("killed")

    with monkeypatch.context() as patch:
        before_each_batch(patch, crash)
        with pytest.raises(MemoryError):
            extract(backbone, pipeline(images))
    images[place] = 255 - images[place]
    features = extract(backbone, pipeline(images))
    np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)


def cut_values(values, journal):
    values.write_bytes(values.read_bytes()[:-9])


def flip_value(values, journal):
    data = bytearray(values.read_bytes())
    data[-3] ^= 1
    values.write_bytes(data)


def half_a_line(values, journal):
    journal.write_bytes(journal.read_bytes()[:-5])


def zero_values(values, journal):
    values.write_bytes(bytes(values.stat().st_size))


def no_values(values, journal):
    values.unlink()


def another_line(values, journal):
    with journal.open("ab") as file:
        file.write(b'[5, "x", null, 4]\n[5, ')


def no_journal(values, journal):
    journal.unlink()


@pytest.mark.parametrize(
    "damage", [cut_values, flip_value, half_a_line, zero_values, no_values, another_line, no_journal, lambda *_: None]
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_power_failure_damaged_is_computed_again(
    backbone, images, extract, monkeypatch, tmp_path, damage, stream, calls
):
    data = pipeline(images) if stream else images

    def crash(batch):
        if len(calls) == 3:
            raise MemoryError("killed")

    with monkeypatch.context() as patch:
        before_each_batch(patch, crash)
        with pytest.raises(MemoryError):
            extract(backbone, data)
    (values,), (journal,) = ((tmp_path / "cache").glob(f"*.{part}.part") for part in ("values", "journal"))
    damage(values, journal)
    features = extract(backbone, data)
    np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
    assert list((tmp_path / "cache").glob("*.part")) == []
    assert len(cache_entries(tmp_path / "cache")) == 1


def test_a_part_that_nobody_goes_on_with_is_deleted_after_a_day_or_with_the_cache(tmp_path):
    old, new = tmp_path / "a.values.part", tmp_path / "b.values.part"
    for path in (old, new):
        path.write_bytes(bytes(100))
    os.utime(old, (1, 1))
    assert trim_cache(10**9, tmp_path) == 100
    assert [path.name for path in tmp_path.glob("*.part")] == ["b.values.part"]
    assert clear_cache(tmp_path) == 100


def test_features_of_a_stream_that_are_nan_are_reported_and_not_kept(backbone, images, extract, tmp_path):
    broken = images.astype("float32")
    broken[7] = np.nan
    backbone.layers[2].activation = keras.activations.linear
    with pytest.warns(FeatureWarning, match="1 of 22 images"):
        features = extract(backbone, pipeline(broken))
    assert np.isnan(features[7]).all()
    assert [path for path in (tmp_path / "cache").iterdir() if path.is_file()] == []


PROGRAM = """
import json, os, resource, sys, time
import numpy as np, keras
from keras import layers
from tlcourse.features import extract_features
from tlcourse.features.engine import Engine

mode, folder, count, side, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
keras.utils.set_random_seed(0)
inputs = keras.Input((side, side, 3))
x = layers.AveragePooling2D(side // 4)(layers.Rescaling(1 / 255)(inputs))
backbone = keras.Model(inputs, layers.Dense(64)(layers.Flatten()(x)))
computed, compute = [], Engine.compute

def slow(engine, batch):
    time.sleep(pause)
    computed.append(len(batch))
    if len(computed) == 4:
        computed.append(0)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return compute(engine, batch)

Engine.compute = slow
peaks = []

def batch(number):
    rows = min(64, count - 64 * number)
    return np.random.default_rng(number).integers(0, 256, (rows, side, side, 3), dtype="uint8")

class Stream:
    def __len__(self):
        return -(-count // 64)
    def __iter__(self):
        return (batch(number) for number in range(len(self)))

data = Stream() if mode == "stream" else np.concatenate(list(Stream()))
features = extract_features(backbone, data, directory=folder, progress=False)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps({"images": sum(computed), "rows": len(features), "sum": float(np.asarray(features, "float64").sum()), "peaks": peaks}))
"""


def command(tmp_path, mode, folder, count, side, pause):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return [sys.executable, str(program), mode, str(tmp_path / folder), str(count), str(side), str(pause)]


def run(tmp_path, *arguments):
    done = subprocess.run(command(tmp_path, *arguments), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.parametrize("mode", ["stream", "array"])
def test_killed_by_the_system_and_called_again_only_the_rest_is_computed(tmp_path, mode):
    count, blocks = 64 * 30 + 7, 31
    process = subprocess.Popen(command(tmp_path, mode, "killed", count, 8, 0.1), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    done = 0
    while done < 6:
        assert time.monotonic() < deadline, "the program computes nothing"
        assert process.poll() is None, "the program came to its end before it was killed"
        time.sleep(0.05)
        done = sum(path.read_bytes().count(b"\n") for path in (tmp_path / "killed").glob("*.journal.part"))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    resumed = run(tmp_path, mode, "killed", count, 8, 0)
    whole = run(tmp_path, mode, "whole", count, 8, 0)
    assert whole["images"] == 64 * blocks
    assert resumed["images"] <= 64 * (blocks - done)
    assert (resumed["rows"], resumed["sum"]) == (whole["rows"], whole["sum"]) == (count, whole["sum"])
    (one,), (other,) = ((tmp_path / folder).glob("*.npy") for folder in ("killed", "whole"))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="the standard library has no peak of memory there")
def test_the_memory_does_not_grow_with_the_number_of_images(tmp_path):
    count, side = 20_000, 96  # 553 MB of images
    found = run(tmp_path, "stream", "cache", count, side, 0)
    early, late = found["peaks"]
    unit = 1 if sys.platform == "darwin" else 1024
    assert found["rows"] == count
    assert (late - early) * unit < 60e6
