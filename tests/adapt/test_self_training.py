"""Self-training: sure rows are right more often, models are replaced and not the truth, and any model will do."""

import numpy as np
import pytest

from tlcourse import adapt


def clouds(seed, move, n=300, spread=0.7):
    """Two classes, one at (-1, 0) and one at (1, 0), and a target that is moved along the line between them."""
    rng = np.random.default_rng(seed)
    labels = np.tile([0, 1], n // 2)
    middles = np.stack([2.0 * labels - 1, np.zeros(n)], axis=1)
    return rng.normal(0, spread, (n, 2)) + middles, labels, rng.normal(0, spread, (n, 2)) + middles + [move, 0]


def before_and_after(source, labels, target):
    """Accuracy on the target of the model of the source, and after self-training."""
    runs = [adapt.self_train(source, labels, target, threshold=t, rounds=r) for t, r in ((1.0, 1), (0.8, 10))]
    return [np.mean(run.predict(target).argmax(axis=1) == labels) for run in runs]


@pytest.mark.parametrize("seed", range(3))
def test_pseudo_labels_are_right_more_often_at_a_higher_threshold(seed):
    source, labels, target = clouds(seed, 0.6, 2000)
    first = adapt.self_train(source, labels, target, threshold=1.0, rounds=1)  # nothing taken: the model of the source
    assert first.taken_per_round == (0,)
    rows = [adapt.confident(first.predict(target), threshold) for threshold in (0.5, 0.8, 0.95)]
    precision = [np.mean(labels[positions] == guessed) for positions, guessed in rows]
    assert len(rows[0][0]) > len(rows[1][0]) > len(rows[2][0]) > 50
    assert precision[0] < precision[1] < precision[2]


@pytest.mark.parametrize("seed", range(3))
def test_a_moved_target_is_followed_where_a_gap_between_the_classes_leads_the_way(seed):
    before, after = before_and_after(*clouds(seed, 0.8, 600, spread=0.3))
    assert after > before + 0.05


@pytest.mark.parametrize("seed", range(3))
def test_without_a_gap_confident_mistakes_are_taught_on(seed):
    before, after = before_and_after(*clouds(seed, 1.2, 2000))
    assert after < before


def test_the_source_keeps_its_labels_and_every_round_starts_anew():
    source, labels, target = clouds(0, 0.3)
    seen = []

    def fit(rows, their_labels):
        seen.append((rows, their_labels))
        return lambda features: np.tile([0.95, 0.05], (len(features), 1))

    result = adapt.self_train(source, labels, target, fit=fit, threshold=0.9, rounds=3)
    assert result.taken_per_round == (300, 300, 300)
    assert (result.pseudo_labels == 0).all()
    assert [len(rows) for rows, _ in seen] == [300, 600, 600, 600]
    for rows, their_labels in seen:
        np.testing.assert_array_equal(rows[:300], source)
        np.testing.assert_array_equal(their_labels[:300], labels)


def test_a_network_takes_part_on_any_backend():
    import keras

    source, labels, target = clouds(1, 0.3)

    def fit(rows, their_labels):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
        model.compile(keras.optimizers.Adam(0.1), "sparse_categorical_crossentropy")
        model.fit(rows, their_labels, epochs=10, verbose=0)
        return lambda features: model.predict(features, verbose=0)

    result = adapt.self_train(source, labels, target, fit=fit, threshold=0.8, rounds=2)
    assert np.mean(result.predict(target).argmax(axis=1) == labels) > 0.8
    assert 0 < result.taken_per_round[0] < 300


def test_class_numbers_with_gaps_keep_their_columns():
    source, labels, target = clouds(2, 0.0)
    result = adapt.self_train(source, 3 * labels, target)
    assert result.predict(target).shape == (300, 4)
    assert set(result.pseudo_labels.tolist()) <= {0, 3}


def test_what_does_not_fit_is_named():
    source, labels, target = clouds(3, 0.0)
    with pytest.raises(ValueError, match="same shape"):
        adapt.self_train(source, labels, target[:, :1])
    with pytest.raises(ValueError, match="equally long"):
        adapt.self_train(source, labels[:-1], target)
    with pytest.raises(ValueError, match="rounds=0"):
        adapt.self_train(source, labels, target, rounds=0)
    with pytest.raises(ValueError, match="threshold=90"):
        adapt.confident([[0.5, 0.5]], 90)
    with pytest.raises(ValueError, match="softmax"):
        adapt.confident([[2.0, 1.0]], 0.9)
