"""Large inputs run a few examples at a time, with the same outputs as at once."""

import keras
import numpy as np
import pytest

from tlcourse.audit.context import Context
from tlcourse.audit.data.collect import Collected


class Recorder(keras.layers.Layer):
    """Notes how many examples each call got."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def call(self, images):
        self.sizes.append(images.shape[0])
        return keras.ops.mean(images, axis=(1, 2))


@pytest.fixture
def images():
    return np.random.default_rng(0).random((50, 96, 96, 3), dtype="float32")


def test_large_images_run_in_pieces_and_come_back_in_order(images):
    recorder = Recorder()
    inputs = keras.Input((96, 96, 3))
    model = keras.Model(inputs, recorder(inputs))
    recorder.sizes.clear()
    outputs = Context(model, {}, Collected()).forward(images)
    assert max(recorder.sizes) <= 9
    assert sum(recorder.sizes) == len(images)
    np.testing.assert_allclose(outputs, images.mean(axis=(1, 2)), rtol=1e-4)


def test_training_mode_sees_the_whole_batch_since_statistics_depend_on_it(images):
    recorder = Recorder()
    inputs = keras.Input((96, 96, 3))
    model = keras.Model(inputs, recorder(inputs))
    recorder.sizes.clear()
    Context(model, {}, Collected()).forward(images, training=True)
    assert recorder.sizes == [50]


def test_an_output_that_compares_the_examples_of_a_batch_is_computed_at_once(images):
    class Similarities(keras.Model):
        def call(self, images):
            colours = keras.ops.mean(images, axis=(1, 2))
            return keras.ops.matmul(colours, keras.ops.transpose(colours))

    assert Context(Similarities(), {}, Collected()).forward(images).shape == (50, 50)
