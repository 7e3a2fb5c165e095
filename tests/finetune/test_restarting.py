"""An optimizer that begins again is the optimizer of a model compiled anew."""

import keras
import numpy as np
import pytest

from tlcourse.finetune import reset_optimizer

OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(1e-2),
    "Nadam, whose product begins at 1": lambda: keras.optimizers.Nadam(1e-2),
    "Adagrad, whose sum begins at .1": lambda: keras.optimizers.Adagrad(1e-2),
    "SGD with momentum and an average of the weights": lambda: keras.optimizers.SGD(0.01, momentum=0.9, use_ema=True),
    "Adam with a schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-2, 20)),
}
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 4)).astype("float32"), RNG.integers(0, 2, 32)


def compiled(optimizer):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def trained(model):
    model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_second_training_is_the_first_one_again(make):
    model = compiled(make())
    start = model.get_weights()
    first = trained(model)
    model.set_weights(start)
    reset_optimizer(model)
    for again, before in zip(trained(model), first, strict=True):
        np.testing.assert_array_equal(again, before)


def test_without_it_the_second_training_is_another_one():
    model = compiled(keras.optimizers.Adam(1e-2))
    start = model.get_weights()
    first = trained(model)
    model.set_weights(start)
    assert any(np.abs(again - before).max() > 1e-4 for again, before in zip(trained(model), first, strict=True))


def test_a_changed_learning_rate_stays():
    model = compiled(keras.optimizers.Adam(1e-2))
    trained(model)
    model.optimizer.learning_rate = 0.5
    reset_optimizer(model)
    assert float(model.optimizer.learning_rate) == 0.5
    assert int(model.optimizer.iterations) == 0


def test_a_model_without_optimizer_or_weights_is_named():
    with pytest.raises(ValueError, match="is not compiled"):
        reset_optimizer(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]))
    unbuilt = keras.Sequential([keras.layers.Dense(2)])
    unbuilt.compile("adam", "mse")
    with pytest.raises(ValueError, match="has no weights yet"):
        reset_optimizer(unbuilt)
