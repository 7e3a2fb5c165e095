"""The cache of features: what it answers with, what it refuses, and what it does when the disk does not play along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from tests.features.batches import before_each_batch, count_batches
from tlcourse.features import (
    CacheWarning,
    FeatureWarning,
    cache_entries,
    cache_limit,
    clear_cache,
    extract_features,
    trim_cache,
)
from tlcourse.features.digest import digest_of_images, digest_of_model
from tlcourse.features.partial import PartialEntry


def make_backbone(activation="relu", name=None, extra=(), pooled=True):
    inputs = keras.Input((8, 8, 3))
    x = inputs
    for layer in extra:
        x = layer(x)
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(4, 3, activation=activation, name=name)(x)  # (batch, 8, 8, 3) -> (batch, 6, 6, 4)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x) if pooled else x, name="toy")


@pytest.fixture(autouse=True)
def _seeded_without_limit(monkeypatch):
    keras.utils.set_random_seed(0)
    monkeypatch.delenv("TLCOURSE_CACHE_LIMIT", raising=False)


@pytest.fixture
def backbone():
    return make_backbone()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (21, 8, 8, 3), dtype="uint8")


@pytest.fixture
def extract(tmp_path):
    return lambda backbone, images, **options: extract_features(backbone, images, **{"directory": tmp_path, **options})


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


class TestFeatures:
    @pytest.mark.parametrize("batch_size", [1, 4, 7, 21, 64])
    def test_are_those_of_predict_for_every_batch_size(self, backbone, images, extract, batch_size):
        features = extract(backbone, images, batch_size=batch_size)
        assert features.shape == (21, 4)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)

    def test_every_batch_has_the_same_shape_so_that_nothing_is_traced_twice(self, backbone, images, extract, monkeypatch):
        calls = count_batches(monkeypatch)
        extract(backbone, images, batch_size=8)
        assert calls == [8, 8, 8]

    @pytest.mark.parametrize("cache", [True, False])
    def test_are_read_only(self, backbone, images, extract, cache):
        features = extract(backbone, images, cache=cache)
        with pytest.raises(ValueError, match="read-only"):
            features[0, 0] = 1

    def test_are_mapped_from_disk_when_cached(self, backbone, images, extract):
        assert isinstance(extract(backbone, images), np.memmap)

    def test_cache_false_leaves_no_file(self, backbone, images, extract, tmp_path):
        extract(backbone, images, cache=False)
        assert files(tmp_path) == []

    def test_a_dataset_gives_the_features_of_its_images(self, backbone, images, extract):
        np.testing.assert_array_equal(extract(backbone, SimpleNamespace(images=images)), extract(backbone, images))

    def test_images_are_left_as_they_were(self, backbone, images, extract):
        before = images.copy()
        extract(backbone, images)
        np.testing.assert_array_equal(images, before)

    def test_images_mapped_from_disk_are_accepted(self, backbone, images, extract, tmp_path):
        np.save(tmp_path / "images.npy", images)
        mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
        np.testing.assert_array_equal(extract(backbone, mapped), extract(backbone, images))


def change_weight(backbone):
    kernel = backbone.layers[2].kernel
    value = kernel.numpy()
    value[0, 0, 0, 0] = np.nextafter(value[0, 0, 0, 0], 9)
    kernel.assign(value)


def change_statistic(backbone):
    mean = backbone.layers[3].moving_mean
    mean.assign(mean + 1e-6)


class TestHit:
    def test_computes_nothing_and_gives_the_same_bits(self, backbone, images, extract, monkeypatch):
        first = extract(backbone, images)
        calls = count_batches(monkeypatch)
        np.testing.assert_array_equal(extract(backbone, images), first)
        assert calls == []

    def test_the_same_network_built_again_hits(self, backbone, images, extract, monkeypatch):
        extract(backbone, images)
        again = make_backbone()
        again.set_weights(backbone.get_weights())
        assert again.layers[-1].name != backbone.layers[-1].name
        calls = count_batches(monkeypatch)
        extract(again, images)
        assert calls == []

    def test_freezing_does_not_throw_features_away(self, backbone):
        before = digest_of_model(backbone)
        backbone.trainable = False
        assert digest_of_model(backbone) == before

    @pytest.mark.parametrize("change", [change_weight, change_statistic])
    def test_does_not_happen_after_the_smallest_change_of_a_weight(self, backbone, images, extract, monkeypatch, change):
        extract(backbone, images)
        change(backbone)
        calls = count_batches(monkeypatch)
        extract(backbone, images)
        assert calls

    @pytest.mark.parametrize("frozen", [False, True])
    def test_does_not_happen_after_a_model_around_the_backbone_was_trained(self, backbone, images, extract, frozen):
        before = np.array(extract(backbone, images))
        backbone.trainable = not frozen
        model = keras.Sequential([backbone, layers.Dense(2)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(images, np.ones((21, 2)), epochs=1, verbose=0)
        after = extract(backbone, images)
        np.testing.assert_allclose(after, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
        assert np.array_equal(after, before) == frozen

    def test_does_not_happen_after_one_pixel_changed(self, backbone, images, extract, monkeypatch):
        extract(backbone, images)
        calls = count_batches(monkeypatch)
        images[20, 7, 7, 2] ^= 1
        extract(backbone, images)
        assert calls

    def test_does_not_happen_for_another_activation_even_under_its_name(self):
        relu, tanh = make_backbone("relu", name="relu"), make_backbone("tanh", name="tanh")
        tanh.set_weights(relu.get_weights())
        assert digest_of_model(relu) != digest_of_model(tanh)

    def test_does_not_happen_for_other_preprocessing_inside(self, backbone):
        other = make_backbone(extra=[layers.Rescaling(2.0)])
        other.set_weights(backbone.get_weights())
        assert digest_of_model(other) != digest_of_model(backbone)

    def test_does_not_happen_for_layers_connected_otherwise(self):
        def crossed(swap):
            inputs = keras.Input((8, 8, 3))
            first, second = layers.Flatten(name="a")(inputs), layers.Flatten(name="b")(layers.Rescaling(2.0)(inputs))
            return keras.Model(inputs, layers.Subtract()([second, first] if swap else [first, second]))

        assert digest_of_model(crossed(True)) != digest_of_model(crossed(False))

    def test_does_not_happen_after_the_code_of_a_custom_layer_changed(self):
        def with_layer(call):
            Own = type("Own", (layers.Layer,), {"call": call})
            inputs = keras.Input((8, 8, 3))
            return keras.Model(inputs, layers.Flatten()(Own()(inputs)))

        twice, thrice = with_layer(lambda self, x: x * 2), with_layer(lambda self, x: x * 3)
        assert digest_of_model(twice) != digest_of_model(thrice)

    def test_does_not_happen_for_the_same_bytes_in_another_shape_or_type(self, images):
        digests = {digest_of_images(array) for array in (images, images.reshape(21, 8, 24), images.view("int8"))}
        assert len(digests) == 3

    def test_happens_for_a_view_with_the_same_values(self, images):
        assert digest_of_images(np.asfortranarray(images)) == digest_of_images(images)


def truncate(array):
    array.write_bytes(array.read_bytes()[:-8])


def flip_one_bit(array):
    data = bytearray(array.read_bytes())
    data[-3] ^= 1
    array.write_bytes(data)


def empty(array):
    array.write_bytes(b"")


def garble_description(array):
    array.with_suffix(".json").write_text('{"shape": [21')


class TestDamage:
    @pytest.mark.parametrize("damage", [truncate, flip_one_bit, empty, garble_description])
    def test_is_noticed_said_and_repaired(self, backbone, images, extract, tmp_path, damage):
        first = np.array(extract(backbone, images))
        damage(next(tmp_path.glob("*.npy")))
        with pytest.warns(CacheWarning, match="damaged"):
            again = extract(backbone, images)
        np.testing.assert_array_equal(again, first)
        np.testing.assert_array_equal(extract(backbone, images), first)

    def test_an_array_that_was_deleted_is_computed_again(self, backbone, images, extract, tmp_path):
        extract(backbone, images)
        next(tmp_path.glob("*.npy")).unlink()
        with pytest.warns(CacheWarning, match="damaged"):
            extract(backbone, images)

    def test_what_a_killed_process_left_is_swept_away(self, backbone, images, extract, tmp_path):
        extract(backbone, images)
        array = next(tmp_path.glob("*.npy"))
        array.with_suffix(".json").unlink()
        for ending in ("values", "journal"):
            (tmp_path / f"{array.stem}.{ending}.part").write_bytes(b"half")
        features = extract(backbone, images)
        np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
        assert len(files(tmp_path)) == 2


class TestDisk:
    @pytest.mark.parametrize("step", ["fsync", "replace"])
    def test_a_full_disk_gives_the_features_and_a_warning_and_leaves_nothing_half_written(
        self, backbone, images, extract, tmp_path, monkeypatch, step
    ):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, step, full)
        with pytest.warns(CacheWarning, match="No space left"):
            features = extract(backbone, images)
        np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
        assert not features.flags.writeable
        assert files(tmp_path) == []

    def test_a_disk_that_fills_up_on_the_way_gives_the_features_too(self, backbone, images, extract, tmp_path, monkeypatch):
        append = PartialEntry.append

        def fill_up(self, features, digest=None):
            if self.rows >= 8:
                raise OSError(28, "No space left on device")
            append(self, features, digest)

        monkeypatch.setattr(PartialEntry, "append", fill_up)
        with pytest.warns(CacheWarning, match="No space left"):
            features = extract(backbone, images, batch_size=4)
        np.testing.assert_allclose(features, backbone.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
        assert files(tmp_path) == []

    def test_a_folder_that_cannot_be_made_gives_the_features_and_a_warning(self, backbone, images, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.warns(CacheWarning, match="could not be kept"):
            features = extract_features(backbone, images, directory=tmp_path / "file" / "features")
        assert features.shape == (21, 4)

    def test_features_that_are_nan_are_reported_and_not_kept(self, images, extract, tmp_path):
        broken = images.astype("float32")
        broken[3] = np.nan
        with pytest.warns(FeatureWarning, match="1 of 21 images"):
            extract(make_backbone("linear"), broken)
        assert files(tmp_path) == []


class TestLimit:
    def entries(self, backbone, images, extract, count):
        for index in range(count):
            extract(backbone, images + np.uint8(index))

    def test_the_least_recently_used_go_first(self, backbone, images, extract, tmp_path, monkeypatch):
        self.entries(backbone, images, extract, 3)
        for age, entry in enumerate(cache_entries(tmp_path)):
            os.utime(entry.path.with_suffix(".json"), (10**9 - age, 10**9 - age))
        newest, middle, oldest = cache_entries(tmp_path)
        monkeypatch.setenv("TLCOURSE_CACHE_LIMIT", str(oldest.size * 3 + 10))
        extract(backbone, images + np.uint8(9))
        kept = {entry.key for entry in cache_entries(tmp_path)}
        assert oldest.key not in kept
        assert {newest.key, middle.key} <= kept
        assert len(kept) == 3

    def test_a_hit_counts_as_use(self, backbone, images, extract, tmp_path):
        self.entries(backbone, images, extract, 2)
        for entry in cache_entries(tmp_path):
            os.utime(entry.path.with_suffix(".json"), (10**9, 10**9))
        extract(backbone, images)
        used, unused = cache_entries(tmp_path)
        assert used.last_used > unused.last_used

    def test_the_entry_just_written_stays_whatever_its_size(self, backbone, images, extract, tmp_path, monkeypatch):
        monkeypatch.setenv("TLCOURSE_CACHE_LIMIT", "1B")
        features = extract(backbone, images)
        assert isinstance(features, np.memmap)
        assert len(cache_entries(tmp_path)) == 1
        extract(backbone, images + np.uint8(1))
        assert len(cache_entries(tmp_path)) == 1

    def test_zero_turns_the_cache_off(self, backbone, images, extract, tmp_path, monkeypatch):
        monkeypatch.setenv("TLCOURSE_CACHE_LIMIT", "0")
        extract(backbone, images)
        assert files(tmp_path) == []

    @pytest.mark.parametrize(
        ("text", "size"), [("500MB", 5 * 10**8), ("2 gb", 2 * 10**9), ("1.5KB", 1500), ("12", 12), ("", 2 * 10**9)]
    )
    def test_sizes_are_read_as_people_write_them(self, monkeypatch, text, size):
        monkeypatch.setenv("TLCOURSE_CACHE_LIMIT", text)
        assert cache_limit() == size

    @pytest.mark.parametrize("text", ["much", "-1", "5 bananas", "1e9"])
    def test_other_text_is_refused_by_name(self, monkeypatch, text):
        monkeypatch.setenv("TLCOURSE_CACHE_LIMIT", text)
        with pytest.raises(ValueError, match="TLCOURSE_CACHE_LIMIT"):
            cache_limit()

    def test_entries_tell_what_they_hold(self, backbone, images, extract, tmp_path):
        extract(backbone, images)
        (entry,) = cache_entries(tmp_path)
        assert (entry.backbone, entry.shape) == ("toy", (21, 4))
        assert entry.size == sum((tmp_path / name).stat().st_size for name in files(tmp_path))

    def test_trim_and_clear_return_the_bytes_they_freed(self, backbone, images, extract, tmp_path):
        self.entries(backbone, images, extract, 3)
        total = sum(entry.size for entry in cache_entries(tmp_path))
        freed = trim_cache(total // 2, tmp_path)
        assert sum(entry.size for entry in cache_entries(tmp_path)) == total - freed <= total // 2
        assert clear_cache(tmp_path) == total - freed
        assert cache_entries(tmp_path) == []

    def test_features_stay_readable_after_their_files_were_cleared(self, backbone, images, extract, tmp_path):
        features = extract(backbone, images)
        expected = np.array(features)
        clear_cache(tmp_path)
        np.testing.assert_array_equal(features, expected)

    def test_a_folder_that_does_not_exist_is_an_empty_cache(self, tmp_path):
        assert cache_entries(tmp_path / "none") == []
        assert clear_cache(tmp_path / "none") == 0
        assert not (tmp_path / "none").exists()


class TestTwoAtOnce:
    def test_only_one_computes_and_both_get_the_features(self, backbone, images, extract, monkeypatch):
        calls, results, inside = [], [], threading.Event()

        def note(batch):
            calls.append(len(batch))
            inside.set()

        before_each_batch(monkeypatch, note)
        other = threading.Thread(target=lambda: results.append(extract(backbone, images, batch_size=3)))
        other.start()
        inside.wait(30)
        results.append(extract(backbone, images, batch_size=3))
        other.join(30)
        np.testing.assert_array_equal(results[0], results[1])
        assert len(calls) == 7

    def test_another_process_waits_for_the_lock_and_then_reads(self, tmp_path):
        code = """
import sys, time
from pathlib import Path
import numpy as np
from tlcourse.features import cache
from tlcourse.features.partial import PartialEntry
from tests.features.batches import before_each_batch, count_batches
folder, me = Path(sys.argv[1]), sys.argv[2]
with cache.entry_lock(folder, "ab12"):
    found = cache.read_entry(folder, "ab12")
    if found is None:
        (folder / f"computing-{me}").touch()
        time.sleep(0.5)
        with PartialEntry(folder, "ab12") as entry:
            entry.append(np.arange(12, dtype="float32").reshape(3, 4))
            cache.write_entry(folder, "ab12", entry, "toy", stream=False)
    else:
        assert found.features.sum() == 66
assert "tensorflow" not in sys.modules
"""
        processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(i)]) for i in range(3)]
        assert [process.wait(60) for process in processes] == [0, 0, 0]
        assert len(list(tmp_path.glob("computing-*"))) == 1
        assert json.loads((tmp_path / "ab12.json").read_text())["shape"] == [3, 4]


class TestRefusals:
    def refused(self, extract, backbone, images, match, error=ValueError, **options):
        with pytest.raises(error, match=match):
            extract(backbone, images, **options)

    def test_a_feature_map_is_refused_with_the_pooling_to_use(self, images, extract):
        self.refused(extract, make_backbone(pooled=False), images, "pooling='avg'")

    def test_a_folder_that_does_not_exist_is_named(self, backbone, extract):
        self.refused(extract, backbone, "flowers", "no folder 'flowers'", FileNotFoundError)

    def test_a_single_image_is_named(self, backbone, images, extract):
        self.refused(extract, backbone, images[0], r"images\[None\]")

    def test_grey_images_are_named(self, backbone, images, extract):
        self.refused(extract, backbone, images[..., 0], "Grey")
        self.refused(extract, backbone, images[..., :1], "Grey")

    def test_colours_first_are_named(self, backbone, images, extract):
        self.refused(extract, backbone, np.moveaxis(images, -1, 1), "Colours")

    def test_another_size_names_both_sizes(self, backbone, images, extract):
        self.refused(extract, backbone, images[:, :4], r"\(n, 8, 8, 3\).*Received: images\.shape=\(21, 4, 8, 3\)\.")

    def test_no_images_are_refused(self, backbone, images, extract):
        self.refused(extract, backbone, images[:0], "no images")

    @pytest.mark.parametrize("wrong", [[1, 2], {"images": 1}, None, b"flowers", 7])
    def test_what_is_no_array_is_refused(self, backbone, extract, wrong):
        self.refused(extract, backbone, wrong, "NumPy array", TypeError)

    def test_text_and_truth_values_are_refused(self, backbone, images, extract):
        self.refused(extract, backbone, images.astype(str), "dtype", TypeError)
        self.refused(extract, backbone, images > 9, "dtype", TypeError)

    @pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
    def test_a_batch_size_that_is_none_is_refused(self, backbone, images, extract, batch_size):
        self.refused(extract, backbone, images, "Received: batch_size=", batch_size=batch_size)

    def test_what_is_no_model_is_refused(self, images, extract):
        self.refused(extract, "tiny_resnet", images, "load_backbone", TypeError)

    def test_two_outputs_are_refused(self, backbone, images, extract):
        two = keras.Model(backbone.input, [backbone.output, backbone.layers[-2].output])
        self.refused(extract, two, images, "2 outputs")

    def test_images_scaled_for_a_backbone_that_scales_are_refused(self, backbone, images, extract, monkeypatch):
        import tlcourse.backbones

        monkeypatch.setattr(tlcourse.backbones, "contract_of", lambda model: SimpleNamespace(value_range=(0, 255)))
        self.refused(extract, backbone, images / 255.0, "scaled twice")
        self.refused(extract, backbone, (images / 127.5 - 1).astype("float32"), "scaled twice")
        assert extract(backbone, images.astype("float32")).shape == (21, 4)
        assert extract(backbone, np.zeros_like(images, dtype="float32")).shape == (21, 4)

    def test_a_backbone_that_the_registry_does_not_know_may_take_any_range(self, backbone, images, extract):
        assert extract(backbone, images / 255.0).shape == (21, 4)


class TestWarnings:
    def test_augmentation_is_named_because_it_does_nothing_here(self, images, extract):
        with pytest.warns(FeatureWarning, match="flip"):
            extract(make_backbone(extra=[layers.RandomFlip(name="flip")]), images)

    def test_a_model_that_cannot_describe_itself_is_computed_but_not_cached(self, images, extract, tmp_path):
        class Opaque(keras.Model):
            def __init__(self, scale):
                super().__init__()
                self.flatten = layers.Flatten()
                self.scale = scale

            def call(self, x):
                return self.flatten(x) * self.scale

        model = Opaque(np.float32(2))
        model(images[:1])
        with pytest.warns(CacheWarning, match="get_config"):
            assert extract(model, images).shape == (21, 192)
        assert files(tmp_path) == []


def test_the_default_folder_is_in_the_data_home(backbone, images, tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    extract_features(backbone, images)
    assert len(cache_entries()) == 1
    assert (tmp_path / "home" / "features").is_dir()
