"""What runs a backbone: the engines agree, each has its own place in the cache, and one that cannot run a backbone says so."""

from __future__ import annotations

import logging
import threading
import time
import warnings

import keras
import numpy as np
import pytest
from keras import layers

import tlcourse
from tests.features.batches import count_batches
from tlcourse.features import FeatureWarning, cache_entries, extract_features
from tlcourse.features.ahead import read_ahead
from tlcourse.features.engine import engine_of


def images_of(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype="uint8")


@pytest.fixture(scope="module")
def backbone():
    return tlcourse.load_backbone("tiny_resnet", pooling="avg")


@keras.saving.register_keras_serializable()
class ByItself(keras.Model):
    """Predicts twice what it computes."""

    def __init__(self):
        super().__init__()
        self.flat = layers.Flatten()

    def call(self, images):
        return self.flat(keras.ops.cast(images, "float32"))

    def predict_step(self, data):
        return 2 * self(keras.utils.unpack_x_y_sample_weight(data)[0])


def test_the_default_gives_the_features_of_predict_to_the_last_bit(backbone):
    images = images_of(21, 64)
    features = extract_features(backbone, images, batch_size=7, cache=False)
    np.testing.assert_array_equal(features, backbone.predict(images, batch_size=7, verbose=0))
    assert engine_of(backbone, "auto", ((7, 64, 64, 3), images.dtype)).name == "tensorflow"


def test_a_model_that_predicts_in_its_own_way_runs_as_keras_runs_it():
    model = ByItself()
    images = images_of(4, 8)
    model(images)
    features = extract_features(model, images, cache=False)
    np.testing.assert_array_equal(features, 2.0 * images.reshape(4, -1))
    pytest.importorskip("openvino")
    with pytest.warns(FeatureWarning, match="predicts in a way of its own"):
        features = extract_features(model, images, cache=False, engine="openvino")
    np.testing.assert_array_equal(features, 2.0 * images.reshape(4, -1))


@pytest.mark.parametrize("change", ["weights", "lora", "activation"])
@pytest.mark.parametrize("engine", ["auto", "openvino"])
def test_a_backbone_that_changed_is_not_run_as_it_was(change, engine):
    if engine == "openvino":
        pytest.importorskip("openvino")
    keras.utils.set_random_seed(0)
    dense = layers.Dense(4, activation="relu")
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), dense])
    images = images_of(6, 8)
    extract_features(model, images, cache=False, engine=engine)
    if change == "weights":
        dense.kernel.assign(-dense.kernel)
    elif change == "lora":
        dense.enable_lora(2)
        dense.lora_kernel_b.assign(np.ones(dense.lora_kernel_b.shape))
    else:
        dense.activation = keras.activations.tanh
    expected = np.asarray(model(images, training=False))
    np.testing.assert_allclose(extract_features(model, images, cache=False, engine=engine), expected, rtol=1e-4, atol=1e-6)


def test_a_second_call_traces_nothing_and_a_model_that_went_is_not_kept(backbone, monkeypatch):
    import gc
    import weakref

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    traced = []
    call = layers.Dense.call
    monkeypatch.setattr(layers.Dense, "call", lambda self, inputs, training=None: traced.append(1) or call(self, inputs))
    for _ in range(3):
        extract_features(model, images_of(5, 8), batch_size=2, cache=False)
    assert len(traced) == 1
    gone = weakref.ref(model)
    del model
    keras.backend.clear_session()
    gc.collect()
    assert gone() is None


def test_many_small_models_bring_no_remark_of_tensorflow(caplog):
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for size in range(2, 10):
            model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(size)])
            extract_features(model, images_of(size, 8), cache=False)
    assert caplog.text == ""


def test_openvino_agrees_and_is_kept_apart_in_the_cache(backbone, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    images = images_of(21, 64)
    plain = extract_features(backbone, images, batch_size=8, directory=tmp_path)
    counted = count_batches(monkeypatch)
    for _ in range(2):  # the second call reads
        features = extract_features(backbone, images, batch_size=8, directory=tmp_path, engine="openvino")
    assert counted == [8, 8, 8]
    assert len(cache_entries(tmp_path)) == 2
    assert np.abs(features - plain).max() <= 1e-4 * np.abs(plain).max()
    assert not np.array_equal(features, plain)  # another engine did run
    rough = extract_features(backbone, images, batch_size=8, cache=False, engine="openvino-bfloat16")
    assert np.abs(rough - plain).max() <= 0.03 * np.abs(plain).max()


@pytest.mark.parametrize("kind", ["pipeline", "short pipeline", "folder"])
def test_openvino_runs_streams_and_folders(backbone, tmp_path, kind):
    pytest.importorskip("openvino")
    import tensorflow as tf
    from PIL import Image

    images = images_of(3 if kind == "short pipeline" else 11, 64)
    data = tf.data.Dataset.from_tensor_slices(images).batch(4)
    if kind == "folder":
        for number, image in enumerate(images):
            Image.fromarray(image).save(tmp_path / f"{number:02}.png")
        data = tmp_path
    features = extract_features(backbone, data, batch_size=4, directory=tmp_path / "cache", engine="openvino")
    expected = extract_features(backbone, images, batch_size=4, cache=False)
    assert np.abs(features - expected).max() <= 1e-4 * np.abs(expected).max()


def test_what_openvino_cannot_convert_runs_all_the_same_and_says_so(backbone, tmp_path, monkeypatch):
    openvino = pytest.importorskip("openvino")

    def refuse(model):
        raise RuntimeError("Unsupported operation: Strange")

    monkeypatch.setattr(openvino, "convert_model", refuse)
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(2)])
    images = images_of(5, 8)
    with pytest.warns(FeatureWarning, match="engine 'openvino' \\(RuntimeError: Unsupported operation: Strange\\)"):
        features = extract_features(model, images, directory=tmp_path, engine="openvino")
    np.testing.assert_array_equal(features, model.predict(images, verbose=0))
    assert "openvino" not in cache_entries(tmp_path)[0].key


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(tlcourse.backbones.BACKBONES))
def test_openvino_agrees_on_every_backbone_of_the_registry_or_says_that_it_does_not_run(name):
    pytest.importorskip("openvino")
    row = tlcourse.backbones.find_backbone(name)
    options = {"weights": None, "input_shape": (96, 96, 3)} if row.builder else {}
    backbone = tlcourse.load_backbone(name, pooling="avg", **options)
    keras.utils.set_random_seed(0)
    images = images_of(4, backbone.input_shape[1])
    for layer in backbone._flatten_layers():  # values at random make vast or denormal features without statistics that fit
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
    for _ in range(2):
        backbone(images, training=True)
    plain = extract_features(backbone, images, batch_size=4, cache=False)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        features = extract_features(backbone, images, batch_size=4, cache=False, engine="openvino")
    fallback = any("does not run with engine" in str(warning.message) for warning in seen)
    assert np.isfinite(plain).all()
    assert np.abs(features - plain).max() <= (0 if fallback else 2e-4 * np.abs(plain).max())
    assert not fallback, "converts no more: say so in the docstring"


def test_an_unknown_engine_and_a_missing_package_are_named(backbone, monkeypatch):
    with pytest.raises(ValueError, match=r"`engine` must be one of 'auto', .* Received: engine='onnx'"):
        extract_features(backbone, images_of(2, 64), engine="onnx")
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(ImportError, match=r"pip install 'tlcourse\[fast\]'"):
        extract_features(backbone, images_of(2, 64), engine="openvino")


def test_the_next_block_is_read_while_the_caller_works():
    read, second = [], threading.Event()

    def blocks():
        for number in range(3):
            read.append(number)
            if number == 1:
                second.set()
            yield np.full(2, number)

    ahead = read_ahead(blocks())
    first = next(ahead)
    assert second.wait(10)  # although nobody asked for it yet
    time.sleep(0.05)
    assert read == [0, 1]  # and no more than one
    assert [first[0], *(block[0] for block in ahead)] == [0, 1, 2]


def test_an_error_while_reading_ahead_reaches_the_caller():
    def blocks():
        yield np.zeros(1)
        raise ValueError("broken file")

    ahead = read_ahead(blocks())
    next(ahead)
    with pytest.raises(ValueError, match="broken file"):
        next(ahead)
