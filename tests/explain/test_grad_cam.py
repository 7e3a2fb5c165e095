"""Grad-CAM by its properties: what it must equal, where it must be zero, and that no way of building a model escapes it."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers

from tlcourse.backbones import BACKBONES, load_backbone
from tlcourse.explain import grad_cam
from tlcourse.finetune.fixed_mode import FixedMode

# The wide MobileNets differ from the narrow one in a number; one of them stands for all.
NAMES = [name for name in BACKBONES if name not in {f"mobilenet_v2_{w}" for w in ("050", "075", "100", "130", "140")}]
SHAPE = (64, 64, 3)


@pytest.fixture(autouse=True)
def _clear():
    yield
    keras.backend.clear_session()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype("float32")


def small_trunk():
    """Maps of 8 x 8 places and 5 channels, of both signs."""
    keras.utils.set_random_seed(1)
    parts = [layers.Rescaling(1 / 127.5, offset=-1), layers.Conv2D(6, 5, strides=4, padding="same", activation="relu"),
             layers.Conv2D(5, 3, strides=2, padding="same", activation="tanh")]  # fmt: skip
    return keras.Sequential([keras.Input(SHAPE), *parts], name="trunk")


def with_head(trunk, num_classes=4, activation=None):
    head = [layers.GlobalAveragePooling2D(), layers.Dense(num_classes, activation=activation, name="head")]
    return keras.Sequential([keras.Input(SHAPE), trunk, *head])


def class_activation_map(maps, weights):
    """The map of Zhou et al. 2016, which Grad-CAM has to equal where a mean over the places and one dense layer follow."""
    heat = np.maximum(maps @ weights, 0)
    largest = heat.max(axis=(1, 2), keepdims=True)
    return np.divide(heat, largest, out=np.zeros_like(heat), where=largest > 0)


@pytest.mark.parametrize("name", NAMES)
def test_every_backbone_nested_or_flat_gives_the_class_activation_map(name, images):
    images = images[:2]
    backbone = load_backbone(name, weights=None, input_shape=SHAPE)
    if backbone.layers[-1].__class__.__name__ == "MaxPooling2D":  # VGG16: the last map that is no pooling lies before it
        backbone = keras.Model(backbone.input, backbone.layers[-2].output, name=name)
    maps = np.asarray(backbone(images, training=False))
    assert maps.shape[1:3] != (1, 1)
    head = layers.Dense(2, name="head")
    pooled = layers.GlobalAveragePooling2D()
    nested = keras.Sequential([keras.Input(SHAPE), backbone, pooled, head])
    flat = keras.Model(backbone.input, head(pooled(backbone.output)))
    weights = np.random.default_rng(1).normal(size=(maps.shape[-1], 1)) @ [
        [1.0, -1.0]
    ]  # what is against one class is for the other
    head.set_weights([weights, np.zeros(2)])
    expected = {c: class_activation_map(maps, weights[:, c]) for c in (0, 1)}
    assert sum(np.ptp(heat) for heat in expected.values()) > 0
    for model in (nested, flat):
        heat = grad_cam(model, np.concatenate([images, images]), [0, 0, 1, 1], size=maps.shape[1:3])
        np.testing.assert_allclose(heat, np.concatenate([expected[0], expected[1]]), atol=2e-3)


def test_a_channel_has_one_weight_the_mean_of_its_gradients_whatever_the_head(images):
    trunk, head = small_trunk(), layers.Dense(4)
    model = keras.Sequential([keras.Input(SHAPE), trunk, layers.Flatten(), head])
    maps, gradients = np.asarray(trunk(images)), head.get_weights()[0].reshape(8, 8, 5, 4)  # what a dense layer's gradients are
    for c in range(4):
        expected = class_activation_map(maps, gradients[..., c].mean(axis=(0, 1)))
        np.testing.assert_allclose(grad_cam(model, images, c, size=(8, 8)), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["tiny_resnet", "vgg16"])
def test_a_backbone_as_it_is_loaded_needs_no_name_of_a_layer(name, images):
    backbone = load_backbone(name, weights=None, input_shape=SHAPE, pooling="avg")
    heat = grad_cam(keras.Sequential([backbone, layers.Dense(3)]), images)
    assert heat.shape == (3, 64, 64)
    assert heat.min() >= 0
    assert heat.max() <= 1


class Subclassed(keras.Model):
    def __init__(self, trunk, pooled, head):
        super().__init__()
        self.trunk, self.pooled, self.head = trunk, pooled, head

    def call(self, inputs, training=None):
        return self.head(self.pooled(self.trunk(inputs, training=training)))


def test_however_a_model_is_built_the_map_is_the_same(images):
    trunk, pooled, head = small_trunk(), layers.GlobalAveragePooling2D(), layers.Dense(4)
    sequential = keras.Sequential([keras.Input(SHAPE), trunk, pooled, head])
    inputs = keras.Input(SHAPE, name="pixels")
    ways = {
        "functional around": keras.Model(inputs, head(pooled(trunk(inputs)))),
        "flat": keras.Model(trunk.inputs, head(pooled(trunk.outputs[0]))),
        "input in a dict": keras.Model({"pixels": inputs}, head(pooled(trunk(inputs)))),
        "twice nested": keras.Sequential([keras.Input(SHAPE), keras.Sequential([keras.Input(SHAPE), sequential])]),
        "wrapped": keras.Sequential([keras.Input(SHAPE), FixedMode(trunk, training=False), pooled, head]),
        "subclassed": Subclassed(trunk, pooled, head),
    }
    expected = grad_cam(sequential, images)
    assert np.ptp(expected) > 0.5
    for name, model in ways.items():
        np.testing.assert_allclose(grad_cam(model, images), expected, atol=1e-5, err_msg=name)


def test_values_do_not_depend_on_the_size_to_which_they_are_enlarged(images):
    model = with_head(small_trunk())
    own, larger, much_larger = (grad_cam(model, images, 1, size=(n, n)) for n in (8, 24, 72))
    np.testing.assert_allclose(larger[:, 1::3, 1::3], own, atol=1e-6)  # the middle of each three is the place itself
    np.testing.assert_allclose(much_larger[:, 4::9, 4::9], own, atol=1e-6)
    assert own.max(axis=(1, 2)) == pytest.approx(1)


def test_a_class_that_nothing_speaks_for_has_an_empty_map(images):
    model = with_head(small_trunk())
    kernel, bias = model.get_layer("head").get_weights()
    kernel[:, 2] = 0
    model.get_layer("head").set_weights([kernel, bias + 7])
    assert not grad_cam(model, images, 2).any()
    assert grad_cam(model, images, 1).any()


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_softmax_and_sigmoid_are_undone_wherever_they_stand(images, activation):
    trunk = small_trunk()
    plain, squashed = with_head(trunk), with_head(trunk, activation=activation)
    apart = keras.Sequential([plain, layers.Softmax() if activation == "softmax" else layers.Activation(activation)])
    squashed.set_weights(plain.get_weights())
    expected = grad_cam(plain, images, [0, 1, 2])
    np.testing.assert_allclose(grad_cam(squashed, images, [0, 1, 2]), expected, atol=1e-6)
    np.testing.assert_allclose(grad_cam(apart, images, [0, 1, 2]), expected, atol=1e-6)


@pytest.mark.parametrize("nested", [False, True])
def test_softmax_of_keras_ops_is_undone_even_where_it_is_saturated(images, nested):
    plain = with_head(small_trunk())
    plain.get_layer("head").set_weights([1e3 * w for w in plain.get_layer("head").get_weights()])
    inputs = keras.Input(SHAPE)
    squashed = keras.Model(inputs, keras.ops.softmax(plain(inputs), axis=-1))
    if nested:
        outer = keras.Input(SHAPE)
        squashed = keras.Model(outer, squashed(outer))
    expected = grad_cam(plain, images, [0, 1, 2])
    assert expected.max(axis=(1, 2)).min() > 0.5
    np.testing.assert_allclose(grad_cam(squashed, images, [0, 1, 2]), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(squashed(images)).sum(axis=1), 1, atol=1e-5)  # the model is as it was


class SquashedInside(keras.Model):
    """A model with a softmax that no layer of it shows."""

    def __init__(self, plain):
        super().__init__()
        self.plain = plain

    def call(self, inputs):
        return keras.ops.softmax(self.plain(inputs))


@pytest.mark.parametrize("around", ["lambda", "subclassed"])
def test_a_softmax_that_cannot_be_undone_and_is_saturated_is_a_warning(images, around):
    plain = with_head(small_trunk())
    inputs = keras.Input(SHAPE)
    in_lambda = keras.Model(inputs, layers.Lambda(keras.ops.softmax)(plain(inputs)))
    model = in_lambda if around == "lambda" else SquashedInside(plain)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad_cam(model, images).max() > 0.5  # it is not saturated yet
    plain.get_layer("head").set_weights([1e6 * w for w in plain.get_layer("head").get_weights()])
    with pytest.warns(
        UserWarning,
        match=rf"For {len(images)} of {len(images)} images the scores are saturated.* pass a model that ends before it",
    ):
        assert grad_cam(model, images).max() == 0


@pytest.mark.parametrize(
    "several", [lambda x: [x, x], lambda x: (x, x[:, 0]), lambda x: {"a": x}], ids=["list", "tuple", "dict"]
)
def test_several_inputs_are_an_error_in_words(images, several):
    with pytest.raises(ValueError, match="a model with one input"):
        grad_cam(with_head(small_trunk()), several(images))


def test_one_column_means_two_classes_that_take_opposite_sides(images):
    trunk = small_trunk()
    model = with_head(trunk, num_classes=1, activation="sigmoid")
    weights = model.get_layer("head").get_weights()[0][:, 0]
    maps = np.asarray(trunk(images))
    for c, sign in ((0, -1), (1, 1)):
        np.testing.assert_allclose(
            grad_cam(model, images, c, size=(8, 8)), class_activation_map(maps, sign * weights), atol=1e-5
        )


def test_no_class_named_means_the_predicted_one_and_many_pictures_go_in_batches():
    model = with_head(small_trunk())
    images = np.random.default_rng(2).uniform(0, 255, (70, *SHAPE)).astype("float32")
    kernel = 50 * model.get_layer("head").get_weights()[0]
    model.get_layer("head").set_weights([kernel, np.zeros(4)])
    model.get_layer("head").set_weights([kernel, -model.predict(images, verbose=0).mean(axis=0)])  # so that all classes occur
    predicted = model.predict(images, verbose=0).argmax(axis=1)
    assert len(set(predicted.tolist())) > 1
    heat = grad_cam(model, images)
    np.testing.assert_allclose(heat, grad_cam(model, images, predicted), atol=1e-5)
    np.testing.assert_allclose(heat[40:43], grad_cam(model, images[40:43]), atol=1e-4)


def test_a_trained_network_is_seen_to_look_at_the_only_place_that_tells_the_class():
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    images, labels = rng.uniform(0, 1, (400, 32, 32, 3)).astype("float32"), np.arange(400) % 2
    corners = rng.integers(0, 27, (400, 2))
    for image, label, (top, left) in zip(images, labels, corners, strict=True):
        image[top : top + 6, left : left + 6] = (1, 0, 0) if label else image[top : top + 6, left : left + 6]
    maps = [layers.Conv2D(8, width, strides, padding="same", activation="relu") for width, strides in ((5, 2), (3, 1))]
    model = keras.Sequential([keras.Input((32, 32, 3)), *maps, layers.GlobalMaxPooling2D(), layers.Dense(2)])
    model.compile(
        keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    model.fit(images[:300], labels[:300], epochs=8, batch_size=32, verbose=0)
    assert model.evaluate(images[300:], labels[300:], verbose=0)[1] > 0.9
    shown = np.arange(301, 400, 2)  # those with a patch; "no patch" has no place to look at
    heat = grad_cam(model, images[shown], 1)
    rows, columns = np.unravel_index(heat.reshape(len(shown), -1).argmax(axis=1), (32, 32))
    middle = corners[shown] + 2.5
    hit = (np.abs(rows - middle[:, 0]) <= 5) & (np.abs(columns - middle[:, 1]) <= 5)
    assert hit.mean() > 0.9  # at random: one in eight


def test_the_model_is_left_as_it_was_even_after_an_error(images):
    model = with_head(small_trunk(), activation="softmax")
    before = model.predict(images, verbose=0)
    grad_cam(model, images)
    with pytest.raises(ValueError, match="classes 0 to 3"):
        grad_cam(model, images, 4)
    assert not any("call" in layer.__dict__ for layer in model._flatten_layers())
    assert model.get_layer("head").activation is keras.activations.softmax
    assert np.array_equal(model.predict(images, verbose=0), before)


def test_a_layer_can_be_named_at_any_depth(images):
    model = with_head(small_trunk())
    first = model.layers[0].layers[1]
    by_name, by_layer = (grad_cam(model, images, 0, layer=layer) for layer in (first.name, first))
    assert np.array_equal(by_name, by_layer)
    assert not np.allclose(by_name, grad_cam(model, images, 0))
    for wrong, words in (("conv9", "No layer of this name ran"), ("head", "must return maps")):
        with pytest.raises(ValueError, match=words):
            grad_cam(model, images, 0, layer=wrong)


def test_what_cannot_be_explained_is_said(images):
    model = with_head(small_trunk())
    with pytest.raises(ValueError, match=r"image\[None\]"):
        grad_cam(model, images[0])
    with pytest.raises(ValueError, match="one for each of the 3 images"):
        grad_cam(model, images, [0, 1])
    with pytest.raises(ValueError, match="put a head on the backbone"):
        grad_cam(small_trunk(), images)
    flat = keras.Sequential([keras.Input(SHAPE), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="makes no feature maps"):
        grad_cam(flat, images)
