"""Maps recover what is known; factorisation and towers learn a small world; what does not fit is refused."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tlcourse import recommend
from tlcourse.worlds import draw_catalogues


def test_the_map_recovers_a_known_one():
    rng = np.random.default_rng(0)
    x, matrix, offset = rng.normal(size=(40, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    found = recommend.fit_linear_map(x, x @ matrix + offset, ridge=0.0)
    np.testing.assert_allclose(found[0], matrix)
    np.testing.assert_allclose(found[1], offset)


def test_ridge_pulls_the_map_to_the_mean_and_one_shared_user_is_enough():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 40, 3))
    matrix, offset = recommend.fit_linear_map(x, y, ridge=1e9)
    np.testing.assert_allclose(x @ matrix + offset, np.tile(y.mean(axis=0), (40, 1)), atol=1e-5)
    matrix, offset = recommend.fit_linear_map(x[:1], y[:1])
    np.testing.assert_allclose(x[:1] @ matrix + offset, y[:1])


@pytest.fixture(scope="module")
def world():
    return draw_catalogues(users=120, items=30, seed=0, per_user=15)


def test_factorisation_beats_the_item_means_and_is_saved(world, tmp_path):
    keras.utils.set_random_seed(0)
    first = world[0]
    model = recommend.fit_factors(first.users, first.items, first.ratings, (120, 30), epochs=60)
    error = np.mean((model.scores(model.user_vectors) - first.opinions) ** 2)
    assert error < 0.7 * np.mean((model.item_means - first.opinions) ** 2)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.scores(again.user_vectors), model.scores(model.user_vectors))


def test_towers_rank_liked_items_higher(world):
    keras.utils.set_random_seed(0)
    first, second = world
    features = np.zeros((120, 30), "float32")
    features[first.users, first.items] = first.ratings - 3
    liked = second.ratings >= 4
    model = recommend.fit_towers(features, second.users[liked], second.items[liked], 30, epochs=40)
    scores, found = model.scores(features), second.opinions
    centred = found - found.mean(axis=0)
    assert np.corrcoef((scores - scores.mean(axis=0)).ravel(), centred.ravel())[0, 1] > 0.4


def test_a_network_maps_what_is_not_linear():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(-2, 2, (200, 1))
    y = x**2
    matrix, offset = recommend.fit_linear_map(x, y)
    network = recommend.fit_network_map(x, y).predict(x, verbose=0)
    assert np.mean((network - y) ** 2) < 0.2 * np.mean((x @ matrix + offset - y) ** 2)


def test_numbers_outside_the_shape_are_refused():
    with pytest.raises(ValueError, match="0 to 2"):
        recommend.fit_factors(np.array([3]), np.array([0]), np.array([1.0]), (3, 2))
    with pytest.raises(ValueError, match="equally long"):
        recommend.fit_linear_map(np.ones((3, 2)), np.ones((2, 2)))
