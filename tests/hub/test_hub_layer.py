"""HubLayer: trains, saves and loads modules that were exported in this very test."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlcourse.hub import HubError, HubLayer, resolve


class Module(tf.Module):
    """A dense map with a moving mean, a penalty, and a `training` argument, as TF2 modules of TensorFlow Hub have them."""

    def __init__(self):
        super().__init__()
        self.kernel = tf.Variable(np.random.default_rng(0).normal(size=(4, 3)).astype("float32"), name="kernel")
        self.mean = tf.Variable(tf.zeros(4), trainable=False, name="mean")
        self.regularization_losses = [self.penalty]

    @tf.function(input_signature=[])
    def penalty(self):
        return 0.5 * tf.reduce_sum(self.kernel**2)

    @tf.function
    def __call__(self, x, training=False):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * tf.reduce_mean(x, axis=0))
        return tf.matmul(x - self.mean, self.kernel)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    module, folder = Module(), tmp_path_factory.mktemp("modules") / "callable"
    for training in (True, False):
        module.__call__.get_concrete_function(tf.TensorSpec((None, 4)), training=training)
    tf.saved_model.save(module, str(folder))
    return folder


@pytest.fixture(scope="module")
def with_signatures(tmp_path_factory):
    """A module that is not callable: two signatures, the second with two outputs, as TensorFlow 1 exported them."""
    folder = tmp_path_factory.mktemp("modules") / "signatures"
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones((4, 2)), name="kernel")

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="inputs")])
    def single(inputs):
        return {"default": tf.matmul(inputs, module.kernel)}

    @tf.function(input_signature=[tf.TensorSpec((None, 4), name="inputs")])
    def double(inputs):
        return {"logits": tf.matmul(inputs, module.kernel), "sum": tf.reduce_sum(inputs, axis=1)}

    tf.saved_model.save(module, str(folder), signatures={"default": single, "both": double})
    return folder


X = np.random.default_rng(1).normal(size=(32, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int64")


def classifier(layer):
    model = keras.Sequential([keras.Input((4,)), layer, keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    return model


def values(layer):
    return [keras.ops.convert_to_numpy(weight) for weight in layer.weights]


def test_the_output_is_the_modules_own_and_its_shape_is_inferred(exported):
    layer = HubLayer(exported)
    model = keras.Sequential([keras.Input((4,)), layer])
    assert model.output_shape == (None, 3)
    np.testing.assert_allclose(model.predict(X, verbose=0), tf.saved_model.load(str(exported))(X), rtol=1e-5)


def test_the_modules_variables_are_weights_that_follow_the_trainable_flag(exported):
    layer = HubLayer(exported)
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (0, 2)
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["kernel"]
    assert [w.name for w in layer.non_trainable_weights] == ["mean"]


def test_fit_changes_no_value_of_a_frozen_module(exported):
    layer = HubLayer(exported)
    before = values(layer)
    classifier(layer).fit(X, Y, epochs=2, verbose=0)
    for old, new in zip(before, values(layer), strict=True):
        np.testing.assert_array_equal(old, new)


def test_fit_trains_an_unfrozen_module_and_its_statistics(exported):
    layer = HubLayer(exported, trainable=True)
    before = values(layer)
    model = classifier(layer)
    model.fit(X, Y, epochs=2, verbose=0)
    kernel, mean = (not np.array_equal(old, new) for old, new in zip(before, values(layer), strict=True))
    assert kernel
    assert mean
    np.testing.assert_allclose(
        layer(X),
        (X - keras.ops.convert_to_numpy(layer.weights[1])) @ keras.ops.convert_to_numpy(layer.weights[0]),
        rtol=1e-4,
        atol=1e-5,
    )


def test_penalties_of_the_module_count_only_where_it_trains(exported):
    frozen, trained = HubLayer(exported), HubLayer(exported, trainable=True)
    frozen(X), trained(X)
    assert frozen.losses == []
    expected = 0.5 * float(np.sum(keras.ops.convert_to_numpy(trained.weights[0]) ** 2))
    assert float(trained.losses[0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("trained", [False, True])
def test_a_model_loads_without_the_original_folder_and_keeps_what_it_learned(exported, tmp_path, trained):
    folder = tmp_path / "module"
    shutil.copytree(exported, folder)
    model = classifier(HubLayer(folder, trainable=trained))
    model.fit(X, Y, epochs=2, verbose=0)
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(folder)
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    assert len(again.trainable_weights) == len(model.trainable_weights)
    before = values(again.layers[0])
    again.fit(X, Y, epochs=1, verbose=0)
    moved = [not np.array_equal(old, new) for old, new in zip(before, values(again.layers[0]), strict=True)]
    assert any(moved) == trained


def test_a_loaded_model_can_be_saved_once_more(exported, tmp_path):
    model = keras.Sequential([keras.Input((4,)), HubLayer(exported)])
    model.save(tmp_path / "a.keras")
    keras.saving.load_model(tmp_path / "a.keras").save(tmp_path / "b.keras")
    again = keras.saving.load_model(tmp_path / "b.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)


def test_the_configuration_holds_no_values(exported):
    assert len(str(HubLayer(exported).get_config())) < 2000


def test_a_functional_model_can_use_it_twice(exported):
    layer = HubLayer(exported)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Add()([layer(inputs), layer(inputs)]))
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * keras.ops.convert_to_numpy(layer(X)), rtol=1e-5)


def test_mixed_precision_casts_around_the_module(exported):
    layer = HubLayer(exported, dtype="mixed_float16")
    outputs = layer(tf.cast(X, tf.float16))
    assert outputs.dtype == tf.float16
    assert {w.dtype for w in layer.weights} == {"float32"}


def test_a_module_with_signatures_is_served_by_its_default(with_signatures):
    layer = HubLayer(with_signatures, trainable=True)
    np.testing.assert_allclose(layer(X), X @ np.ones((4, 2)), rtol=1e-5, atol=1e-5)
    classifier(layer).fit(X, Y, epochs=1, verbose=0)
    assert not np.array_equal(keras.ops.convert_to_numpy(layer.weights[0]), np.ones((4, 2)))


def test_one_of_several_outputs_is_chosen_by_name(with_signatures):
    with pytest.raises(ValueError, match=r"output_key= one of \['logits', 'sum'\]"):
        HubLayer(with_signatures, signature="both")(X)
    assert HubLayer(with_signatures, signature="both", output_key="sum")(X).shape == (32,)
    with pytest.raises(ValueError, match="no output 'nothing'"):
        HubLayer(with_signatures, signature="both", output_key="nothing")(X)


def test_an_unknown_signature_lists_the_known_ones(with_signatures):
    with pytest.raises(ValueError, match=r"\['both', 'default'\]|\['default', 'both'\]"):
        HubLayer(with_signatures, signature="train")


def test_a_hub_keras_layer_is_told_what_to_do_instead(monkeypatch):
    class KerasLayer:
        __module__ = "tensorflow_hub.keras_layer"

    with pytest.raises(TypeError, match=r"HubLayer\(handle, trainable=\.\.\.\)"):
        HubLayer(KerasLayer())


def test_a_folder_without_a_module_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        HubLayer(tmp_path)


def test_a_packed_module_is_downloaded_once_and_then_served_offline(exported, tmp_path, monkeypatch):
    from server import serve

    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    archive = tmp_path / "module.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(exported, arcname=".")
    with serve() as site:
        site.files["module.tar.gz"] = archive.read_bytes()
        url = f"{site.url}/module.tar.gz"
        first = resolve(url)
        assert len(site.requests) == 1
    monkeypatch.setenv("TLCOURSE_OFFLINE", "1")
    assert resolve(url) == first
    with pytest.raises(HubError, match="TLCOURSE_OFFLINE"):
        resolve("http://127.0.0.1:9/other.tar.gz")


def test_a_dead_address_leaves_nothing_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TLCOURSE_HOME", str(tmp_path / "home"))
    with pytest.raises(HubError, match="pass its folder"):
        resolve("http://127.0.0.1:9/module.tar.gz")
    assert [p for p in (tmp_path / "home").rglob("*") if p.is_file() and p.suffix != ".lock"] == []


@pytest.mark.mirror
def test_a_published_keyword_spotter_serves_as_a_frozen_layer(tmp_path):
    root = os.environ.get("TLCOURSE_MIRROR_DATA")
    if not root:
        pytest.skip("TLCOURSE_MIRROR_DATA names no folder with real data")
    shutil.copytree(Path(root) / "savedmodel/kws_dscnn", tmp_path / "kws")
    sounds = np.random.default_rng(0).normal(size=(16, 49, 10, 1)).astype("float32")
    layer = HubLayer(tmp_path / "kws")
    model = keras.Sequential([keras.Input((49, 10, 1)), layer, keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = values(layer)
    model.fit(sounds, np.arange(16) % 2, epochs=2, verbose=0)
    assert all(np.array_equal(old, new) for old, new in zip(before, values(layer), strict=True))
    expected = model.predict(sounds, verbose=0)
    model.save(tmp_path / "kws.keras")
    shutil.rmtree(tmp_path / "kws")
    again = keras.saving.load_model(tmp_path / "kws.keras")
    np.testing.assert_allclose(again.predict(sounds, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert len(layer.weights) == 56
