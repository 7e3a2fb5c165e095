"""HubLayer: serves, trains, saves and loads modules."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlcourse.hub import HubLayer

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
    assert HubLayer(with_signatures, signature="both", output_key="sum")(X).shape == (32,)
    with pytest.raises(ValueError, match=r"no output 'nothing'. It has: \['logits', 'sum'\]"):
        HubLayer(with_signatures, signature="both", output_key="nothing")


def test_only_what_a_module_lists_as_trainable_trains(tmp_path):
    listed, other = tf.Variable(tf.ones((4, 2)), name="listed"), tf.Variable(tf.ones(2), name="other")
    module = tf.train.Checkpoint(listed=listed, other=other, trainable_variables=[listed])
    module.__call__ = tf.function(lambda x: tf.matmul(x, listed) + other, input_signature=[tf.TensorSpec((None, 4))])
    tf.saved_model.save(module, str(tmp_path))
    layer = HubLayer(tmp_path, trainable=True)
    assert [w.name for w in layer.trainable_weights] == ["listed"]
    before = values(layer)
    classifier(layer).fit(X, Y, verbose=0)
    moved = {w.name: not np.array_equal(old, new) for w, old, new in zip(layer.weights, before, values(layer), strict=True)}
    assert moved == {"listed": True, "other": False}


def test_a_module_that_reads_text_trains_and_travels_with_its_vocabulary(reads_text, tmp_path):
    shutil.copytree(reads_text, tmp_path / "module")
    words, labels = tf.constant(["good", "bad", "else", "good"]), np.array([0, 1, 1, 0])
    model = keras.Sequential([keras.Input((), dtype="string"), HubLayer(tmp_path / "module", trainable=True)])
    model.add(keras.layers.Dense(2))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = values(model.layers[0])
    model.fit(words, labels, verbose=0)
    assert not np.array_equal(before[0], values(model.layers[0])[0])
    expected = model.predict(words, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(tmp_path / "module")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(words, verbose=0), expected, rtol=1e-5)


def test_keras_never_compiles_a_module_with_xla(reads_text):
    model = keras.Sequential([keras.Input((), dtype="string"), HubLayer(reads_text), keras.layers.Dense(2)])
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("sgd", "mse", jit_compile=True)
    assert model.predict(tf.constant(["good"]), verbose=0).shape == (1, 2)


def test_the_type_of_a_text_belongs_to_the_input(reads_text):
    with pytest.raises(ValueError, match=r"keras\.Input"):
        HubLayer(reads_text, dtype=tf.string)


def test_a_graph_of_tensorflow_1_trains_and_loads_without_its_folder(tmp_path):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, (None, 4))
        y = tf.matmul(x, tf.compat.v1.get_variable("kernel", (4, 3)))
        session.run(tf.compat.v1.global_variables_initializer())
        expected = session.run(y, {x: X})
        tf.compat.v1.saved_model.simple_save(session, str(tmp_path / "module"), {"images": x}, {"default": y})
    layer = HubLayer(tmp_path / "module", trainable=True)
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5)
    before, model = values(layer), classifier(layer)
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(before[0], values(layer)[0])
    learned = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(tmp_path / "module")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), learned, rtol=1e-5, atol=1e-6)


def test_a_loaded_model_can_be_cloned_though_the_original_is_gone(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "module")
    model = classifier(HubLayer(tmp_path / "module", trainable=True))
    model.fit(X, Y, verbose=0)
    expected = model.predict(X, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(tmp_path / "module")
    again = keras.saving.load_model(tmp_path / "model.keras")
    twin = keras.models.clone_model(again)
    twin.set_weights(again.get_weights())
    np.testing.assert_allclose(twin.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    twin.layers[0].set_weights([0 * w for w in twin.layers[0].get_weights()])
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_another_module_at_the_old_place_is_not_taken_for_the_saved_one(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "module")
    config = HubLayer(tmp_path / "module").get_config()
    other = tf.Module()
    other.kernel, other.mean = tf.Variable(tf.ones((4, 3))), tf.Variable(tf.zeros(4))
    spec = [tf.TensorSpec((None, 4))]
    other.__call__ = tf.function(lambda x: -tf.matmul(x - other.mean, other.kernel), input_signature=spec)
    shutil.rmtree(tmp_path / "module")
    tf.saved_model.save(other, str(tmp_path / "module"))
    with pytest.raises(RuntimeError, match="is not here"):
        HubLayer.from_config(config)(X)


def test_an_unknown_signature_lists_the_known_ones(with_signatures):
    with pytest.raises(ValueError, match=r"\['both', 'default'\]|\['default', 'both'\]"):
        HubLayer(with_signatures, signature="train")


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
