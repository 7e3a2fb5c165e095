"""Group DRO and training twice, on networks small enough to follow every step; and a new last layer put into a network."""

import keras
import numpy as np
import pytest
from keras import layers

from tlcourse.evaluate import worst_group_accuracy
from tlcourse.robust import GroupDRO, just_train_twice, retrain_last_layer


def linear(seed=0, rate=0.05, features=4):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((features,)), layers.Dense(2)])
    model.compile(keras.optimizers.SGD(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def tied(seed, n, tie):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    places = np.where(rng.random(n) < tie, labels, 1 - labels)
    features = rng.standard_normal((n, 4))
    features[:, 0] += 3 * labels - 1.5
    features[:, 1] += 6 * places - 3
    return features.astype("float32"), labels, 2 * labels + places


def losses_of(model, features, labels):
    logits = np.asarray(model(features), float)
    return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]


def test_one_step_raises_the_weight_of_the_group_with_the_larger_loss_by_the_formula():
    features, labels, groups = tied(0, 64, 0.7)
    model = linear()
    means = np.array([losses_of(model, features, labels)[groups == g].mean() for g in range(4)])
    wanted = np.exp(0.5 * means) / np.exp(0.5 * means).sum()
    found = GroupDRO(model, step_size=0.5).step(features, labels, groups, np.full(4, 0.25))
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_one_step_goes_down_the_weighted_sum_of_the_groups_losses():
    features, labels, groups = tied(1, 64, 0.8)
    model, rate = linear(rate=0.1), 0.1
    before = [w.copy() for w in model.get_weights()]
    weights = GroupDRO(model, step_size=1.0).step(features, labels, groups, np.array([0.1, 0.2, 0.3, 0.4]))
    logits = features @ before[0] + before[1]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - np.eye(2)[labels]
    share = weights[groups] / np.bincount(groups)[groups]
    np.testing.assert_allclose(model.get_weights()[0], before[0] - rate * features.T @ (share[:, None] * chances), atol=1e-5)


def test_a_group_that_is_not_in_the_batch_is_weighed_as_if_its_loss_were_zero():
    features, labels, groups = tied(2, 40, 0.7)
    there = groups != 2
    found = GroupDRO(linear(), step_size=0.1).step(features[there], labels[there], groups[there], np.full(4, 0.25))
    assert found[2] == found.min()
    assert found.sum() == pytest.approx(1)


def test_it_lifts_the_worst_group_over_plain_training():
    features, labels, groups = tied(3, 800, 0.97)
    test, truth, members = tied(4, 1000, 0.5)
    plain, robust = linear(rate=0.1), linear(rate=0.1)
    plain.fit(features, labels, epochs=10, batch_size=64, verbose=0)
    path = GroupDRO(robust, step_size=0.05).fit(features, labels, groups, epochs=10)
    assert path.shape == (10, 4)
    assert path.sum(axis=1) == pytest.approx(1)
    scores = [worst_group_accuracy(truth, np.asarray(model(test)), members) for model in (plain, robust)]
    assert scores[1] > scores[0] + 0.15


def test_the_same_seed_trains_the_same():
    features, labels, groups = tied(5, 200, 0.9)
    found = []
    for seed in (1, 1, 2):
        model = linear()
        GroupDRO(model, seed=seed).fit(features, labels, groups, epochs=2)
        found.append(model.get_weights()[0])
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_model_with_another_loss_is_refused():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="from_logits=True"):
        GroupDRO(model)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="from_logits=True"):
        GroupDRO(model)
    with pytest.raises(ValueError, match="without a gap"):
        GroupDRO(linear()).fit(np.zeros((3, 4)), [0, 1, 1], [0, 2, 2])


def test_training_twice_finds_the_small_groups_and_weighs_them():
    features, labels, groups = tied(6, 800, 0.95)
    seeds = iter(range(10))
    found = just_train_twice(lambda: linear(next(seeds), 0.1), features, labels, first_epochs=2, epochs=10, upweight=20)
    small = np.isin(groups, (1, 2))
    assert found.missed[small].mean() > 0.5
    assert found.missed[~small].mean() < 0.1
    test, truth, members = tied(7, 1000, 0.5)
    plain = linear(0, 0.1)
    plain.fit(features, labels, epochs=10, verbose=0)
    scores = [worst_group_accuracy(truth, np.asarray(model(test)), members) for model in (plain, found.model)]
    assert scores[1] > scores[0] + 0.1


def test_where_nothing_is_missed_the_second_training_is_plain_training():
    features = np.array([[9.0, 0, 0, 0], [-9.0, 0, 0, 0]] * 20, "float32")
    labels = np.array([0, 1] * 20)
    found = just_train_twice(lambda: linear(3, 0.5), features, labels, first_epochs=5, epochs=2)
    plain = linear(3, 0.5)
    plain.fit(features, labels, epochs=2, verbose=0)
    assert not found.missed.any()
    np.testing.assert_allclose(found.model.get_weights()[0], plain.get_weights()[0], rtol=1e-5)


def test_training_twice_wants_two_models_and_numbers_from_one_on():
    model = linear()
    with pytest.raises(ValueError, match="a new model each time"):
        just_train_twice(lambda: model, np.zeros((2, 4)), [0, 1])
    with pytest.raises(ValueError, match="epochs=0"):
        just_train_twice(linear, np.zeros((2, 4)), [0, 1], epochs=0)


def test_the_new_last_layer_goes_into_a_network_and_gives_the_same_answers():
    features, labels, groups = tied(8, 400, 0.9)
    keras.utils.set_random_seed(0)
    trunk = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu")])
    model = keras.Sequential([trunk, layers.Dense(2, name="head")])
    hidden = np.asarray(trunk(features))
    head = retrain_last_layer(hidden, labels, groups)
    before = [w.copy() for w in trunk.get_weights()]
    head.put_into(model.get_layer("head"))
    np.testing.assert_allclose(np.asarray(model(features)), head.logits(hidden), rtol=1e-3, atol=1e-3)
    assert all(np.array_equal(a, b) for a, b in zip(before, trunk.get_weights(), strict=True))
    with pytest.raises(ValueError, match="shapes"):
        head.put_into(trunk.layers[-1])
    squashed = keras.Sequential([keras.Input((8,)), layers.Dense(2, "softmax")])
    with pytest.raises(ValueError, match="softmax"):
        head.put_into(squashed.layers[-1])
