"""Which values fit a backbone: every contract against every common way to preprocess."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.audit.small_world import drawn_images
from tlcourse.audit.model.ranges import contract_for, mismatch

STEM = keras.layers.Conv2D(1, 1)
UNIT = keras.layers.Normalization(name="normalization")
RAW = keras.layers.Normalization(name="convnext_tiny_prestem_normalization")
CONTRACTS = {"tf": STEM, "caffe": STEM, "torch": STEM, "unit": UNIT, "raw": RAW}
CAFFE = np.array((103.939, 116.779, 123.68))


def preprocessed(how):
    pixels = drawn_images(32)[0].reshape(-1, 3).astype("float64")
    return {
        "raw": pixels,
        "unit": pixels / 255,
        "tf": pixels / 127.5 - 1,
        "caffe": pixels[:, ::-1] - CAFFE,
        "torch": (pixels / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225),
        "tf twice": (pixels / 127.5 - 1) / 127.5 - 1,
        "unit twice": pixels / 255 / 255,
        "rgb minus means": pixels - CAFFE[::-1],
    }[how]


WAYS = ("raw", "unit", "tf", "caffe", "torch", "tf twice", "unit twice", "rgb minus means")


@pytest.mark.parametrize("mode", CONTRACTS)
@pytest.mark.parametrize("how", WAYS)
def test_only_the_right_preprocessing_fits(mode, how):
    found = mismatch(preprocessed(how), contract_for(mode, CONTRACTS[mode]))
    assert (found is None) == (how == mode), found


@pytest.mark.parametrize("mode", CONTRACTS)
def test_images_without_black_or_white_fit(mode):
    contract = contract_for(mode, CONTRACTS[mode])
    values = preprocessed(mode)
    middle = (contract.low + contract.high) / 2
    assert mismatch(middle + 0.6 * (values - middle), contract) is None


@pytest.mark.parametrize("mode", CONTRACTS)
def test_augmentation_that_overshoots_a_little_fits(mode):
    contract = contract_for(mode, CONTRACTS[mode])
    values = preprocessed(mode)
    reach = 0.03 * (contract.high.max() - contract.low.min())
    assert mismatch(values + np.random.default_rng(0).normal(0, reach / 3, values.shape), contract) is None


def test_images_without_dark_red_are_no_proof_of_a_wrong_order():
    pixels = drawn_images(32)[0].reshape(-1, 3).astype("float64")
    pixels[:, 0] = 40 + pixels[:, 0] * 215 / 255
    assert mismatch(pixels[:, ::-1] - CAFFE, contract_for("caffe", STEM)) is None


def test_nan_is_named():
    values = preprocessed("tf")
    values[5] = np.nan
    assert "NaN" in mismatch(values, contract_for("tf", STEM))[1]
