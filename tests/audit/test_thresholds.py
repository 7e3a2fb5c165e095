"""Each bound of the detectors of curves, rates and BatchNorm from both sides: what lies just inside is no finding."""

from __future__ import annotations

import keras
import pytest
from keras import layers

import tlcourse
from tests.audit.small_world import custom_backbone, drawn_images
from tlcourse.audit.context import Context
from tlcourse.audit.data.collect import Collected
from tlcourse.audit.detectors import (
    divergence,
    head_stopped_early,
    learning_rate,
    no_gain,
    overfitting,
)
from tlcourse.audit.run import _columns, audit


def of_history(detector, *phases, **more):
    """Run one detector on written-down curves; return its findings."""
    context = Context(None, {}, Collected(), history=_columns(list(phases)), **more)
    return list(detector.DETECTOR.check(context))


def tuned(optimizer):
    """A model whose backbone is open, and its data."""
    x, y = drawn_images(24)
    base = custom_backbone()
    model = keras.Sequential([keras.Input((32, 32, 3)), base, layers.Dense(3)])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, (x.astype("float32") / 127.5 - 1, y), base


def rate_finding(optimizer):
    model, _, base = tuned(optimizer)
    found = list(learning_rate.DETECTOR.check(Context(model, {}, Collected(), backbone=base)))
    return found[0] if found else None


@pytest.mark.parametrize(
    ("rate", "momentum", "severity"),
    [(0.19, 0.0, None), (0.21, 0.0, "warning"), (1.01, 0.0, "serious"), (0.019, 0.9, None), (0.021, 0.9, "warning")],
)
def test_momentum_counts_in_a_rate_of_plain_descent(rate, momentum, severity):
    found = rate_finding(keras.optimizers.SGD(rate, momentum=momentum))
    assert (found.severity if found else None) == severity
    if found:
        assert found.evidence["learning_rate"] == pytest.approx(rate)
        assert found.evidence["momentum"] == pytest.approx(momentum)


@pytest.mark.parametrize(("rate", "severity"), [(9e-4, None), (1e-3, "warning"), (9e-3, "warning"), (1e-2, "serious")])
def test_bounds_of_adaptive_rates(rate, severity):
    found = rate_finding(keras.optimizers.Adam(rate))
    assert (found.severity if found else None) == severity


def test_the_largest_of_several_rates_is_judged():
    model, _, base = tuned("sgd")
    optimizer = tlcourse.finetune.discriminative_optimizer(model, learning_rate=5e-3, decay=2.0)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    (found,) = learning_rate.DETECTOR.check(Context(model, {}, Collected(), backbone=base))
    assert found.evidence["learning_rate"] > 1.2e-3


@pytest.mark.parametrize("learned", [True, False])
def test_a_backbone_that_was_never_trained_is_not_told_to_keep_its_statistics(learned):
    """Called with training=False, yet nothing is frozen: only statistics of a pre-training are worth keeping."""
    x, y = drawn_images(24)
    base = custom_backbone()
    if not learned:
        base.set_weights(keras.models.clone_model(base).get_weights())
    inputs = keras.Input((32, 32, 3))
    model = keras.Model(inputs, layers.Dense(3)(base(inputs, training=False)))
    model.compile(keras.optimizers.Adam(1e-5), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    report = audit(model, (x.astype("float32") / 127.5 - 1, y), backbone=base)
    assert ("batchnorm-moves" in report.ids) is learned


def columns(**values):
    return {name: list(map(float, series)) for name, series in values.items()}


FALLING = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)


@pytest.mark.parametrize(
    ("val_loss", "found"),
    [
        ((1.0, 0.5, 0.6, 0.62, 0.64, 0.66), True),
        ((1.0, 0.5, 0.6, 0.62, 0.64, 0.64), False),  # 1.2 * 0.5 + 0.05 is not passed
        ((1.0, 0.8, 0.7, 0.5, 0.7, 0.9), False),  # two epochs after the best one
        ((1.0, 0.8, 0.5, 0.7, 0.8, 0.9), True),  # three
    ],
)
def test_bounds_of_a_validation_loss_that_turns(val_loss, found):
    assert bool(of_history(overfitting, columns(loss=FALLING, val_loss=val_loss))) is found


@pytest.mark.parametrize(
    ("val_accuracy", "last_val_loss", "found"),
    [(0.75, 0.55, True), (0.77, 0.55, False), (0.75, 0.49, False)],  # a gap of 0.2; twice the training loss and 0.1
)
def test_bounds_of_scores_that_are_far_apart(val_accuracy, last_val_loss, found):
    history = columns(
        loss=FALLING, val_loss=(0.9, 0.8, 0.7, 0.65, 0.6, last_val_loss), accuracy=[0.96] * 6, val_accuracy=[val_accuracy] * 6
    )
    assert bool(of_history(overfitting, history)) is found


def test_short_histories_say_nothing_about_overfitting():
    assert not of_history(overfitting, columns(loss=(1, 0.5, 0.1), val_loss=(0.5, 2.0, 3.0)))


@pytest.mark.parametrize(("last", "found"), [(1.62, True), (1.58, False)])
def test_bounds_of_a_training_loss_that_grows(last, found):
    assert bool(of_history(divergence, columns(loss=(1.0, 0.5, last)))) is found
    assert not of_history(divergence, columns(loss=(1.0, 0.9, last)))  # not twice the lowest


@pytest.mark.parametrize(
    ("accuracy", "loss", "found"), [(0.69, 0.66, True), (0.71, 0.66, False), (0.69, 0.64, False), (0.9, 0.4, False)]
)
def test_bounds_of_a_phase_that_undoes_the_former(accuracy, loss, found):
    first = columns(loss=(1.0, 0.5), accuracy=(0.5, 0.8))
    second = columns(loss=(0.7, loss), accuracy=(0.7, accuracy))
    assert bool(of_history(divergence, first, second)) is found


@pytest.mark.parametrize(
    ("drop", "gain", "found"), [(0.13, 0.05, True), (0.11, 0.05, False), (0.13, 0.03, False), (-0.2, 0.1, False)]
)
def test_bounds_of_a_head_that_still_learns(drop, gain, found):
    first = columns(loss=(1.2, 1.0), val_loss=(1.0, 1 - drop), accuracy=(0.5, 0.6), val_accuracy=(0.5, 0.5 + gain))
    second = columns(loss=(0.7, 0.6), val_loss=(0.7, 0.6), accuracy=(0.8, 0.8), val_accuracy=(0.8, 0.8))
    assert bool(of_history(head_stopped_early, first, second)) is found


@pytest.mark.parametrize(
    ("frozen", "after", "found"), [(0.81, 0.81, True), (0.81, 0.82, False), (0.975, 0.9, True), (0.98, 0.9, False)]
)
def test_bounds_of_fine_tuning_that_gains_nothing(frozen, after, found):
    first = columns(loss=(1, 0.5), val_loss=(1, 0.5), accuracy=(0.5, 0.8), val_accuracy=(0.5, frozen))
    second = columns(loss=(0.5, 0.4), val_loss=(0.5, 0.4), accuracy=(0.8, 0.8), val_accuracy=(0.7, after))
    assert bool(of_history(no_gain, first, second)) is found


def test_the_detector_of_rates_needs_a_compiled_model():
    model = keras.Sequential([keras.Input((32, 32, 3)), custom_backbone(), layers.Dense(3)])
    with pytest.raises(Exception, match="not compiled"):
        list(learning_rate.DETECTOR.check(Context(model, {}, Collected(), backbone=model.layers[0])))
