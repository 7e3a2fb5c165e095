"""Gradient reversal does what equations 16 and 17 of Ganin and others (2016) say, on every backend."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from tlcourse.adapt import GradientReversal, ReversalSchedule, reversal_strength


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 7.0])
def test_forward_nothing_changes_not_even_the_last_bit(rng, strength):
    values = (rng.normal(size=(20, 5)) * 10.0 ** rng.integers(-6, 6, (20, 5))).astype("float32")
    assert np.array_equal(ops.convert_to_numpy(GradientReversal(strength)(values)), values)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0, 7.0])
def test_backward_the_gradient_is_multiplied_by_minus_lambda(rng, gradient_of, strength):
    values, weights = rng.normal(size=(6, 4)).astype("float32"), rng.normal(size=(6, 4)).astype("float32")
    layer = GradientReversal(strength)
    gradient = gradient_of(lambda x: ops.sum(ops.square(layer(x)) * weights), values)
    np.testing.assert_allclose(gradient, -strength * 2 * values * weights, rtol=1e-5)


def test_lambda_can_change_after_the_layer_was_used(gradient_of):
    values, layer = np.ones((3, 2), "float32"), GradientReversal(1.0)
    layer(values)
    layer.set_strength(0.25)
    np.testing.assert_allclose(gradient_of(lambda x: ops.sum(layer(x)), values), np.full((3, 2), -0.25))


def test_it_has_nothing_to_learn_and_survives_saving(tmp_path):
    rows = keras.Input((4,))
    model = keras.Model(rows, GradientReversal(0.5, name="reversal")(rows))
    model.get_layer("reversal").set_strength(0.75)
    assert model.trainable_variables == []
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").get_layer("reversal")
    assert float(ops.convert_to_numpy(again.strength)) == 0.75
    assert again.get_config()["strength"] == 0.5


@pytest.mark.parametrize("strength", [-1.0, float("nan"), float("inf")])
def test_a_negative_lambda_is_refused_since_the_layer_turns_the_sign_itself(strength):
    with pytest.raises(ValueError, match=f"turns the sign. Received: strength={strength}"):
        GradientReversal(strength)
    with pytest.raises(ValueError, match="strength"):
        GradientReversal().set_strength(strength)


def test_the_schedule_starts_at_0_rises_all_the_way_and_ends_near_1():
    values = [reversal_strength(step / 100) for step in range(101)]
    assert values[0] == 0
    assert (np.diff(values) > 0).all()
    assert values[10] == pytest.approx(2 / (1 + np.exp(-1)) - 1)
    assert 0.999 < values[-1] < 1


@pytest.mark.parametrize("progress", [-0.1, 1.1, 50, float("nan")])
def test_progress_is_a_share(progress):
    with pytest.raises(ValueError, match=r"0 to 1: step / steps\. Received: progress="):
        reversal_strength(progress)


class Watch(keras.callbacks.Callback):
    """Keeps lambda after every batch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(ops.convert_to_numpy(self.model.get_layer("reversal").strength)))


def reversing_model():
    rows = keras.Input((4,))
    model = keras.Model(rows, layers.Dense(1)(GradientReversal(name="reversal")(layers.Dense(3)(rows))))
    model.compile("sgd", "mse")
    return model


def test_in_fit_lambda_follows_the_schedule_over_the_batches_of_all_epochs(rng):
    watch = Watch()
    rows, targets = rng.normal(size=(20, 4)), rng.normal(size=(20, 1))
    reversing_model().fit(rows, targets, batch_size=5, epochs=3, verbose=0, callbacks=[ReversalSchedule(2.0), watch])
    np.testing.assert_allclose(watch.seen, [2 * reversal_strength(step / 12) for step in range(12)], rtol=1e-6)


def test_with_lambda_0_a_step_changes_what_stands_after_the_layer_and_nothing_before_it(rng):
    model = reversing_model()
    first, last = model.layers[1].get_weights(), model.layers[-1].get_weights()
    model.fit(rng.normal(size=(20, 4)), rng.normal(size=(20, 1)), verbose=0, callbacks=[ReversalSchedule(0.0)])
    assert all(np.array_equal(old, new) for old, new in zip(first, model.layers[1].get_weights(), strict=True))
    assert not any(np.array_equal(old, new) for old, new in zip(last, model.layers[-1].get_weights(), strict=True))


def test_a_model_without_the_layer_is_told_so(rng):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="no GradientReversal layer"):
        model.fit(rng.normal(size=(8, 4)), rng.normal(size=(8, 1)), verbose=0, callbacks=[ReversalSchedule()])
