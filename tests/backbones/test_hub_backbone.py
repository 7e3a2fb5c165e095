"""A module of TensorFlow Hub serves as a backbone with a contract and a block, like those of the registry."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlcourse.backbones import blocks_of, contract_of, load_backbone

SHAPE = (32, 32, 3)
PIXELS = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype="uint8")


@pytest.fixture(scope="module")
def network():
    return keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(4, 3)])


@pytest.fixture(scope="module")
def handle(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("module") / "map"
    network.export(folder, verbose=False)
    return f"hub:{folder}"


def test_raw_pixels_reach_the_module_scaled_to_zero_to_one(network, handle):
    model = load_backbone(handle, input_shape=SHAPE)
    expected = network.predict(PIXELS.astype("float32") / 255, verbose=0)
    np.testing.assert_allclose(model.predict(PIXELS, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_pooling_takes_the_mean_of_a_map(handle):
    plain, pooled = (load_backbone(handle, input_shape=SHAPE, pooling=pooling) for pooling in (None, "avg"))
    expected = plain.predict(PIXELS, verbose=0).mean(axis=(1, 2))
    np.testing.assert_allclose(pooled.predict(PIXELS, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_contract_and_blocks_are_known_for_it_and_for_a_model_around_it(handle):
    backbone = load_backbone(handle, input_shape=SHAPE, pooling="avg")
    around = keras.Sequential([backbone, keras.layers.Dense(2)])
    for model in (backbone, around):
        assert contract_of(model).mode == "unit"
        assert [[layer.name for layer in layers] for layers in blocks_of(model).values()] == [["hub_module"]]
        with pytest.raises(ValueError, match="scaled already"):
            contract_of(model).check(PIXELS / 255)


def test_it_loads_again_and_gives_the_same_features(handle, tmp_path):
    model = load_backbone(handle, input_shape=SHAPE)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(PIXELS, verbose=0), model.predict(PIXELS, verbose=0), rtol=1e-5)


def test_other_weights_and_a_missing_size_are_refused(handle):
    with pytest.raises(ValueError, match="own values"):
        load_backbone(handle, weights=None, input_shape=SHAPE)
    with pytest.raises(ValueError, match="pass input_shape"):
        load_backbone(handle)
