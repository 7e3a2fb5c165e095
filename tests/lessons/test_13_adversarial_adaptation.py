"""Lesson 13: what it and its exercise write out is what the package does from the next lesson on."""

from __future__ import annotations

import numpy as np

from tests.lessons.sources import from_lesson


def test_the_adversarial_training_of_lesson_13_is_that_of_the_package(rng):
    """Reversal, schedule and losses: three epochs of one step each from the same weights end in the same weights."""
    import keras

    from tlcourse import adapt

    tools = {"keras": keras, "layers": keras.layers, "ops": keras.ops}
    reversal = from_lesson("13", "Reversal", **tools)
    build = from_lesson("13", "build", Reversal=reversal, **tools)
    schedule = from_lesson("13", "Schedule", **tools)
    fit = from_lesson("13", "fit_dann", points=40, epochs=3, steps_per_epoch=1, Schedule=schedule, **tools)
    source, target, labels = *rng.normal(size=(2, 40, 2)).astype("float32"), rng.integers(0, 2, 40)
    network, _, layer = build()
    first = [0.5 * rng.normal(size=w.shape) for w in network.get_weights()]

    def by_hand(highest):
        network.set_weights(first)
        told = keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
        network.compile(keras.optimizers.SGD(0.5), network.loss, metrics={"domain": [told]})
        fit(network, layer, source, labels, target, highest)
        layers = [each for part in ("dense", "domain", "label") for each in network.layers if part in each.name]
        return [weight for each in layers for weight in each.get_weights()]

    def packaged(highest):
        names = [each.name for each in network.layers if each.get_weights() and not isinstance(each, reversal)]
        network.set_weights(first)
        start = {name: network.get_layer(name).get_weights() for name in names}
        rows = keras.Input((2,))
        dense = keras.layers.Dense
        backbone = keras.Model(rows, dense(32, activation="relu")(dense(32, activation="relu")(rows)))
        opponent = keras.Sequential([dense(32, activation="relu"), dense(1)])
        model = adapt.DANN(backbone, dense(2), discriminator=opponent, strength=highest)
        parts = [*backbone.layers[1:], opponent.layers[0], model.head, opponent.layers[1]]
        order = [n for n in names if "dense" in n] + ["label", "domain"]
        for part, name in zip(parts, order, strict=True):
            part.set_weights(start[name])
        model.compile(keras.optimizers.SGD(0.5))
        model.fit(source, labels, target, batch_size=40, epochs=3, verbose=0)
        return [w for part in (*parts[:3], parts[4], parts[3]) for w in part.get_weights()]

    for highest in (0.0, 1.0):
        for ours, theirs in zip(by_hand(highest), packaged(highest), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert not np.allclose(by_hand(0.0)[0], by_hand(1.0)[0], atol=1e-3)
