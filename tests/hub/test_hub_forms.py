"""HubLayer takes what a module takes, whatever its types and structures, and says at construction what it cannot serve."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlcourse.backbones import load_backbone
from tlcourse.hub import HubLayer

TYPES = ["uint8", "int8", "int32", "int64", "float16", "float32", "float64", "bfloat16", "bool"]


def export(folder, call, **signatures):
    """Save a module whose `__call__` is this function, with one weight that it may use."""
    module = tf.Module()
    module.kernel = tf.Variable(tf.ones((3, 2)), name="kernel")
    if call is not None:
        module.__call__ = call(module) if isinstance(call, type(lambda: 0)) else call
    tf.saved_model.save(module, str(folder), signatures=signatures or None)
    return folder


@pytest.fixture(scope="module")
def of_type(tmp_path_factory):
    """Return modules that double their input and say in their output which type it had, one for each type."""
    made = {}

    def build(dtype, style):
        if (dtype, style) not in made:
            folder = tmp_path_factory.mktemp("types") / "module"
            double = tf.function(
                lambda values: {"values": 2 * tf.cast(values, tf.float32)}, input_signature=[tf.TensorSpec((None, 3), dtype)]
            )
            made[dtype, style] = (
                export(folder, lambda module: double) if style == "callable" else export(folder, None, serving_default=double)
            )
        return made[dtype, style]

    return build


@pytest.mark.parametrize("style", ["callable", "signature"])
@pytest.mark.parametrize("wanted", TYPES)
def test_inputs_of_every_type_are_cast_to_what_the_module_was_saved_with(of_type, wanted, style):
    layer = HubLayer(of_type(wanted, style))
    numbers = np.array([[0, 1, 1], [1, 0, 1]])
    for given in TYPES:
        np.testing.assert_array_equal(layer(tf.cast(numbers, given)), 2 * numbers, err_msg=given)
    np.testing.assert_array_equal(layer(numbers), 2 * numbers)


def test_floats_are_rounded_and_cut_for_a_module_that_takes_pixels(of_type):
    layer = HubLayer(of_type("uint8", "signature"))
    values = layer(tf.constant([[0.4, 0.6, 254.7], [-3.0, 300.0, 7.0]]))
    np.testing.assert_array_equal(values, 2 * np.array([[0, 1, 255], [0, 255, 7]]))


def test_a_detector_of_raw_pixels_serves_in_a_model_and_as_a_backbone(tmp_path):
    def detect(images):
        return {"features": tf.reduce_mean(tf.cast(images, tf.float32), axis=(1, 2))}

    spec = tf.TensorSpec((None, None, None, 3), tf.uint8)
    handle = export(tmp_path / "module", lambda module: tf.function(detect, input_signature=[spec]))
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")
    model = keras.Sequential([keras.Input((32, 32, 3), dtype="uint8"), HubLayer(handle)])
    expected = images.mean(axis=(1, 2))
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-5)
    backbone = load_backbone(f"hub:{handle}", input_shape=(32, 32, 3))
    np.testing.assert_allclose(backbone.predict(images, verbose=0), expected, rtol=1e-5)


def test_of_several_types_that_a_module_takes_the_given_one_is_used(tmp_path):
    def call(module):
        double = tf.function(lambda values: 2 * values)
        for dtype in ("float32", "int32"):
            double.get_concrete_function(tf.TensorSpec((None, 3), dtype))
        return double

    layer = HubLayer(export(tmp_path / "module", call))
    assert layer(tf.ones((1, 3), tf.int32)).dtype == tf.int32
    assert layer(tf.ones((1, 3), tf.float32)).dtype == tf.float32
    assert layer(tf.ones((1, 3), tf.float64)).dtype == tf.float32


NAMES = ("input_mask", "input_type_ids", "input_word_ids")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A module with the inputs and outputs of TensorFlow Hub's BERT."""

    def call(module):
        @tf.function
        def run(inputs, training=False, mask=None):
            words, kinds = (tf.cast(inputs[name], tf.float32) for name in ("input_word_ids", "input_type_ids"))
            states = (words + 10 * kinds)[..., None] * module.kernel[0] * tf.cast(inputs["input_mask"], tf.float32)[..., None]
            pooled = tf.reduce_sum(states, axis=1)
            return {"pooled_output": pooled, "sequence_output": states, "encoder_outputs": [states, 2 * states]}

        specs = {name: tf.TensorSpec((None, None), tf.int32, name=name) for name in NAMES}
        for training in (True, False):
            run.get_concrete_function(specs, training=training)
        return run

    return export(tmp_path_factory.mktemp("bert") / "module", call)


def bert_inputs(dtype="int64"):
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 2, (4, 5)).astype(dtype) for name in NAMES}


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "bool"])
def test_a_dictionary_of_inputs_gives_a_dictionary_of_outputs(bert, dtype):
    values = bert_inputs(dtype)
    outputs = HubLayer(bert)(values)
    assert set(outputs) == {"pooled_output", "sequence_output", "encoder_outputs"}
    expected = (values["input_word_ids"] + 10.0 * values["input_type_ids"]) * values["input_mask"]
    np.testing.assert_allclose(outputs["sequence_output"][..., 0], expected)
    assert [state.shape for state in outputs["encoder_outputs"]] == [(4, 5, 2), (4, 5, 2)]
    assert HubLayer(bert, output_key="pooled_output")(values).shape == (4, 2)


@pytest.mark.parametrize("key", [None, "pooled_output"])
def test_a_model_on_a_dictionary_trains_saves_loads_without_the_module_and_can_be_cloned(bert, tmp_path, key):
    folder = tmp_path / "module"
    shutil.copytree(bert, folder)
    inputs = {name: keras.Input((5,), dtype="int32", name=name) for name in NAMES}
    outputs = HubLayer(folder, trainable=True, output_key=key)(inputs)
    pooled = outputs if key else outputs["pooled_output"]
    assert pooled.shape == (None, 2)
    model = keras.Model(inputs, keras.layers.Dense(2)(pooled))
    model.compile(keras.optimizers.SGD(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = keras.ops.convert_to_numpy(model.weights[0])
    model.fit(bert_inputs(), np.array([0, 1, 0, 1]), verbose=0)
    assert not np.array_equal(before, keras.ops.convert_to_numpy(model.weights[0]))
    expected = model.predict(bert_inputs(), verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(folder)
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(bert_inputs(), verbose=0), expected, rtol=1e-5)
    twin = keras.models.clone_model(again)
    twin.set_weights(again.get_weights())
    np.testing.assert_allclose(twin.predict(bert_inputs(), verbose=0), expected, rtol=1e-5)


def test_other_names_than_the_modules_are_listed(bert):
    values = bert_inputs()
    values["ids"] = values.pop("input_word_ids")
    with pytest.raises(ValueError, match=r"dictionary of input_mask \(int32\).*Received: inputs=\['ids'"):
        HubLayer(bert)(values)
    with pytest.raises(ValueError, match="dictionary of input_mask"):
        HubLayer(bert)(values["ids"])


def test_a_signature_with_several_inputs_takes_them_by_name(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="a"), tf.TensorSpec((None,), tf.uint8, name="b")])
    def add(a, b):
        return {"sum": a + tf.cast(b, tf.float32)}

    layer = HubLayer(export(tmp_path / "module", None, serving_default=add))
    np.testing.assert_allclose(layer({"a": np.array([1.5]), "b": np.array([2])}), [3.5])


def test_a_list_of_inputs_is_taken_in_its_order(tmp_path):
    def call(module):
        spec = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((None,), tf.int32)]
        return tf.function(lambda pair: pair[0] - tf.cast(pair[1], tf.float32), input_signature=[spec])

    layer = HubLayer(export(tmp_path / "module", call))
    np.testing.assert_allclose(layer([np.array([5.0]), np.array([2])]), [3.0])
    with pytest.raises(ValueError, match="2 inputs"):
        layer([np.array([5.0])])


def test_a_module_of_several_arguments_is_refused_at_construction(tmp_path):
    def call(module):
        return tf.function(lambda a, b: a + b, input_signature=[tf.TensorSpec((None,)), tf.TensorSpec((None,))])

    with pytest.raises(ValueError, match=r"several arguments.*signature=.*Received: tensors=\["):
        HubLayer(export(tmp_path / "module", call))


def test_text_and_numbers_are_not_taken_for_each_other(of_type, reads_text):
    with pytest.raises(TypeError, match=r"takes float32.*inputs\.dtype=string"):
        HubLayer(of_type("float32", "callable"))(tf.constant([["a", "b", "c"]]))
    with pytest.raises(TypeError, match=r"takes string.*inputs\.dtype=float32"):
        HubLayer(reads_text)(tf.constant([1.0]))


@pytest.fixture(scope="module")
def yamnet(tmp_path_factory):
    """A module that returns three outputs without names, as YAMNet does."""

    def call(module):
        def run(sound):
            frames = tf.reshape(sound, (-1, 3))
            return frames @ module.kernel, 2 * frames, tf.cast(frames, tf.float16)

        return tf.function(run, input_signature=[tf.TensorSpec((None,), tf.float32)])

    return export(tmp_path_factory.mktemp("yamnet") / "module", call)


def test_one_of_several_outputs_without_names_is_chosen_by_number(yamnet):
    sound = np.arange(6.0)
    np.testing.assert_allclose(HubLayer(yamnet, output_key=1)(sound), 2 * sound.reshape(2, 3))
    assert [value.shape[1] for value in HubLayer(yamnet)(sound)] == [2, 3, 3]
    layer = HubLayer(yamnet, output_key=0)
    assert json.loads(json.dumps(layer.get_config()))["output_key"] == 0


@pytest.mark.parametrize("key", [3, -1, "scores", True])
def test_a_wrong_number_is_refused_at_construction_with_how_many_there_are(yamnet, key):
    with pytest.raises(ValueError, match=rf"3 outputs without names.*from 0 to 2.*output_key={key!r}"):
        HubLayer(yamnet, output_key=key)


def test_a_wrong_name_or_a_number_for_names_is_refused_at_construction(bert, exported):
    for key in ("nothing", 0):
        with pytest.raises(ValueError, match=rf"It has: \['encoder_outputs'.*output_key={key!r}"):
            HubLayer(bert, output_key=key)
    with pytest.raises(ValueError, match=r"one output without a name.*output_key='x'"):
        HubLayer(exported, output_key="x")


def test_an_output_called_default_is_taken_where_none_is_named(tmp_path):
    spec = tf.TensorSpec((None, 3))
    run = tf.function(lambda x: {"default": 2 * x, "other": 3 * x}, input_signature=[spec])
    handle = export(tmp_path / "module", lambda module: run)
    np.testing.assert_allclose(HubLayer(handle)(np.ones((1, 3))), 2 * np.ones((1, 3)))
    np.testing.assert_allclose(HubLayer(handle, output_key="other")(np.ones((1, 3))), 3 * np.ones((1, 3)))


def test_a_model_that_keras_exported_with_named_inputs_is_served(tmp_path):
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b", dtype="int32")}
    sums = keras.layers.Add()([inputs["a"], keras.layers.Rescaling(2.0)(inputs["b"])])
    keras.Model(inputs, {"sum": sums, "a": inputs["a"]}).export(str(tmp_path / "module"), verbose=False)
    layer = HubLayer(tmp_path / "module", signature="serving_default", output_key="sum")
    np.testing.assert_allclose(layer({"a": np.ones((1, 3)), "b": np.ones((1, 3))}), 3 * np.ones((1, 3)))
