"""A wider stem: the RGB output while the other bands are 0, and all layers shared."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

import tlcourse
from tlcourse.backbones import widen_stem


@pytest.mark.parametrize("name", ["tiny_resnet", "mobilenet_v2_035", "resnet50_v2"])
@pytest.mark.parametrize("extra", ["zeros", "mean"])
def test_the_output_is_that_of_rgb_while_the_other_bands_are_0(name, extra):
    options = {} if name == "tiny_resnet" else {"weights": None, "input_shape": (32, 32, 3)}
    backbone = tlcourse.load_backbone(name, pooling="avg", **options)
    side = backbone.input_shape[1]
    wide = widen_stem(backbone, 7, (5, 1, 3), extra=extra)
    tiles = np.random.default_rng(0).integers(0, 256, (3, side, side, 7), dtype="uint8")
    expected = backbone.predict(tiles[..., [5, 1, 3]], verbose=0)
    dark = tiles.copy()
    dark[..., [0, 2, 4, 6]] = 0
    np.testing.assert_allclose(wide.predict(dark, verbose=0), expected, rtol=1e-5, atol=1e-6)
    gap = np.abs(wide.predict(tiles, verbose=0) - expected).max()
    assert (gap == 0) if extra == "zeros" else (gap > 0)


def test_the_new_kernel_learns_and_layers_are_shared(tmp_path):
    backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
    wide = widen_stem(backbone, 5)
    assert wide.get_layer("stem_conv") is backbone.get_layer("stem_conv")
    tlcourse.freeze(backbone)
    assert [variable.path for variable in wide.trainable_variables] == ["stem_of_other_bands/kernel"]
    model = keras.Sequential([wide, layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    tiles = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 5), dtype="uint8")
    model.fit(tiles, np.arange(8) % 2, verbose=0)
    assert np.abs(wide.get_layer("stem_of_other_bands").kernel.numpy()).max() > 0
    wide.save(tmp_path / "wide.keras")
    again = keras.models.load_model(tmp_path / "wide.keras")
    np.testing.assert_allclose(again.predict(tiles, verbose=0), wide.predict(tiles, verbose=0), rtol=1e-5)


def test_what_does_not_fit_is_named():
    backbone = tlcourse.load_backbone("tiny_resnet")
    with pytest.raises(ValueError, match="bands=3"):
        widen_stem(backbone, 3)
    with pytest.raises(ValueError, match=r"rgb=\(0, 0, 1\)"):
        widen_stem(backbone, 5, (0, 0, 1))
    with pytest.raises(ValueError, match="extra='copy'"):
        widen_stem(backbone, 5, extra="copy")
    flat = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="first layer=Dense"):
        widen_stem(keras.Model(flat.inputs, flat.outputs), 5)
    with pytest.raises(TypeError, match="functional"):
        widen_stem(layers.Dense(2), 5)
