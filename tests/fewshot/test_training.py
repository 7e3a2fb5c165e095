"""Prototypical networks and Reptile: the loss by hand, training that helps new classes, starts that adapt."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlcourse import fewshot


def classes_in_noise(classes, seed, width=12):
    """New classes that differ in two directions only, hidden in directions that are noise: an encoder can learn to look at the two."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 20)
    points = np.random.default_rng(99).normal(size=(width, width)) / width**0.5  # the same mixture for every set
    hidden = np.concatenate([4 * rng.normal(size=(classes, 2))[labels], 4 * rng.normal(size=(len(labels), width - 2))], axis=1)
    hidden[:, :2] += 0.3 * rng.normal(size=(len(labels), 2))
    return (hidden @ points).astype("float32"), labels


def encoder(width=12):
    return keras.Sequential([keras.Input((width,)), keras.layers.Dense(8, use_bias=False)])


def test_the_loss_of_an_episode_by_hand():
    features = np.array(
        [[0.0, 0], [2, 0], [1, 0], [9, 9], [11, 9], [1, 2]], "float32"
    )  # two classes: two shots, one query each
    distances = np.array([[0.0, 9**2 + 9**2], [4.0, 9**2 + 7**2]])  # queries to the prototypes (1, 0) and (10, 9)
    logs = -distances - np.log(np.exp(-distances).sum(axis=1, keepdims=True))
    expected = -(logs[0, 0] + logs[1, 1]) / 2
    assert float(fewshot.episode_loss(keras.ops.convert_to_tensor(features), 2, 2, 1)) == pytest.approx(expected, rel=1e-5)


def test_training_on_episodes_helps_classes_that_it_never_saw():
    gains = []
    test, labels = classes_in_noise(12, seed=1000)
    drawn = fewshot.sample_episodes(labels, 5, 1, episodes=300)
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        train, classes = classes_in_noise(30, seed)
        net = encoder()
        before = fewshot.centroid_accuracies(net.predict(test, verbose=0), drawn).mean()
        losses = fewshot.fit_prototypical(net, train, classes, ways=10, episodes=150, learning_rate=0.01, seed=seed)
        assert losses[-1] < losses[0] / 2
        gains.append(fewshot.centroid_accuracies(net.predict(test, verbose=0), drawn).mean() - before)
    assert min(gains) > 0.15


def test_batches_are_episodes_that_change_from_epoch_to_epoch():
    images, labels = classes_in_noise(6, 0)
    batches = fewshot.EpisodeBatches(images, labels, 3, 2, 4, episodes=5, seed=1)
    assert len(batches) == 5
    first = [batches[i][1] for i in range(5)]
    for wanted in first:
        assert [len(set(row)) for row in wanted.reshape(3, 6)] == [1, 1, 1]
    batches.on_epoch_end()
    assert any((a != batches[i][1]).any() for i, a in enumerate(first))
    again = fewshot.EpisodeBatches(images, labels, 3, 2, 4, episodes=5, seed=1)
    np.testing.assert_array_equal(first[0], again[0][1])


def test_an_encoder_that_gives_maps_is_refused():
    maps = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    with pytest.raises(ValueError, match=r"one vector an image"):
        fewshot.PrototypicalModel(maps, 5, 1, 1)


def test_a_step_of_reptile_goes_the_stated_part_of_the_way():
    start, end = [np.zeros(3), np.ones((2, 2))], [np.ones(3), 3 * np.ones((2, 2))]
    moved = fewshot.reptile_step(start, end, 0.25)
    np.testing.assert_allclose(moved[0], 0.25)
    np.testing.assert_allclose(moved[1], 1.5)
    assert not start[0].any()  # a new list
    with pytest.raises(ValueError, match="step_size"):
        fewshot.reptile_step(start, end, 1.5)


def classifier():
    return keras.Sequential([keras.Input((12,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(3)])


def test_adapting_starts_from_the_same_weights_for_every_episode_and_leaves_them():
    images, labels = classes_in_noise(8, 0)
    drawn = fewshot.sample_episodes(labels, 3, 5, episodes=6, seed=0)
    keras.utils.set_random_seed(0)
    model = classifier()
    before = model.get_weights()
    found = fewshot.adapted_accuracies(model, images, drawn, steps=15, rate=0.02)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    turned = fewshot.Episodes(drawn.classes[::-1], drawn.support[::-1], drawn.query[::-1])
    np.testing.assert_allclose(fewshot.adapted_accuracies(model, images, turned, steps=15, rate=0.02), found[::-1])
    assert found.mean() > 0.4  # 1/3 is chance


def test_reptile_finds_a_start_that_adapts_better():
    test, labels = classes_in_noise(12, seed=1000)
    drawn = fewshot.sample_episodes(labels, 3, 5, episodes=40)
    train, classes = classes_in_noise(30, 0)
    keras.utils.set_random_seed(0)
    model = classifier()
    before = fewshot.adapted_accuracies(model, test, drawn, steps=5, rate=0.01).mean()
    fewshot.fit_reptile(model, train, classes, ways=3, shots=10, tasks=150, inner_steps=5, inner_rate=0.01, step_size=0.5)
    assert fewshot.adapted_accuracies(model, test, drawn, steps=5, rate=0.01).mean() > before + 0.05


def test_a_head_of_the_wrong_width_is_refused():
    images, labels = classes_in_noise(8, 0)
    with pytest.raises(ValueError, match="5 logits"):
        fewshot.fit_reptile(classifier(), images, labels, ways=5)
