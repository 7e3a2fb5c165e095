"""The network that the lessons share is the one that lesson 01 builds by hand."""

import numpy as np
import pytest

from tlcourse.backbones import small_cnn


def test_its_form_is_that_of_lesson_01():
    model = small_cnn(10)
    assert model.output_shape == (None, 10)
    assert model.get_layer("features").output.shape == (None, 256)
    assert [model.get_layer(f"pool{n}").output.shape[1:] for n in (1, 2, 3, 4)] == [
        (16, 16, 16),
        (8, 8, 32),
        (4, 4, 64),
        (2, 2, 64),
    ]
    assert model.count_params() == 63_610


def test_pixels_are_scaled_inside():
    model = small_cnn(3)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("float32")
    inside = model.layers[1](images)
    assert float(np.min(inside)) >= -1
    assert float(np.max(inside)) <= 1


@pytest.mark.parametrize("wrong", [{"num_classes": 0}, {"num_classes": 3, "momentum": 1.5}])
def test_bad_arguments_are_named(wrong):
    name = "momentum" if "momentum" in wrong else "num_classes"
    with pytest.raises(ValueError, match=f"{name}={wrong[name]}"):
        small_cnn(**wrong)
