"""A ranking of small networks of which one sees what matters; costs that can be counted by hand; the published tables."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
from keras import layers

from tlcourse import plots, select
from tlcourse.select import largest_layer, measure_cost, published_rankings, rank_backbones


def corners(size=8, per_class=12, seed=0):
    """Images that are bright in one of four corners."""
    rng = np.random.default_rng(seed)
    labels = np.arange(4 * per_class) % 4
    images = rng.integers(0, 60, (len(labels), size, size, 3)).astype("uint8")
    half = size // 2
    for image, label in zip(images, labels, strict=True):
        image[half * (label // 2) :, half * (label % 2) :][:half, :half] += 150
    return images, labels


def network(kind, size=8, classes=None):
    images = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 255)(images)
    corners_seen = layers.Flatten()(layers.AveragePooling2D(size // 2)(x))
    mean_seen = layers.GlobalAveragePooling2D()(x)  # the same in all classes
    x = corners_seen if kind == "sees corners" else mean_seen
    if classes:
        x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(images, x, name=kind.replace(" ", "_"))


@pytest.fixture(scope="module")
def ranking():
    images, labels = corners()
    backbones = {"sees <nothing>": network("sees nothing"), "sees corners": network("sees corners")}
    keras.utils.set_random_seed(0)
    heads = {"sees corners": network("sees corners", classes=6)}
    return rank_backbones(backbones, images, labels, heads=heads)


def test_the_backbone_that_sees_what_matters_comes_first_by_every_score(ranking):
    assert ranking.names == ["sees corners", "sees <nothing>"]
    for name in ("log_me", "h_score", "knn_score", "linear_probe_score"):
        assert np.diff(ranking.scores(name)) < 0, name
        assert ranking.floor[name] < ranking.scores(name)[0], name
    assert ranking.scores("linear_probe_score")[0] > 0.9


def test_scores_of_source_classes_are_there_where_a_head_was(ranking):
    for name in ("leep", "nce"):
        first, second = ranking.scores(name)
        assert first <= 0
        assert np.isnan(second)


def test_the_front_holds_the_best_and_the_fastest(ranking):
    assert "sees corners" in ranking.front
    assert ranking.names[int(ranking.milliseconds.argmin())] in ranking.front


def test_it_prints_as_text_and_as_escaped_html(ranking):
    text, html = str(ranking), ranking._repr_html_()
    assert "2 backbones, best first by LogME" in text
    assert re.search(r"sees <nothing> +-?\d\.\d{3}", text)
    assert "sees &lt;nothing&gt;" in html
    assert "<nothing>" not in html
    assert "shuffled labels: LogME" in text


def test_it_can_be_drawn(ranking):
    ax = plots.pareto(ranking.milliseconds, ranking.scores(ranking.by), ranking.names)
    assert "sees corners" in plots.alt_text(ax)


def test_another_score_can_order_it():
    images, labels = corners()
    backbones = {name: network(name) for name in ("sees nothing", "sees corners")}
    heads = {name: network(name, classes=4) for name in backbones}
    for by in ("linear_probe_score", "leep"):
        ranking = rank_backbones(backbones, images, labels, by=by, heads=heads)
        assert ranking.by == by
        assert np.diff(ranking.scores(by)) <= 0


def test_names_of_the_registry_are_built_for_the_pictures():
    images, labels = corners(size=32, per_class=3)
    ranking = rank_backbones(["tiny_resnet"], images, labels)
    assert ranking.names == ranking.front == ["tiny_resnet"]
    assert ranking.rows[0].cost.parameters > 2_000_000


@pytest.mark.parametrize(
    ("backbones", "options", "error", "message"),
    [
        ("tiny_resnet", {}, TypeError, "a list of names"),
        ([], {}, ValueError, "at least one"),
        ([network("sees nothing")], {}, TypeError, "name -> model"),
        ({"mine": "tiny_resnet"}, {}, TypeError, r"backbones\['mine'\].*Received: type=str"),
        (["tiny_resnot"], {}, ValueError, "There is no such backbone"),
        ({"a": network("sees nothing")}, {"by": "logme"}, ValueError, "Expected one of log_me"),
        ({"a": network("sees nothing")}, {"by": "leep"}, ValueError, r"Missing in `heads`: \['a'\]"),
        ({"a": network("sees nothing")}, {"heads": {"b": network("sees nothing")}}, ValueError, r"backbone=\['b'\]"),
    ],
)
def test_bad_input_is_named(backbones, options, error, message):
    images, labels = corners()
    with pytest.raises(error, match=message):
        rank_backbones(backbones, images, labels, **options)


def test_weights_and_memory_are_those_that_one_counts_by_hand():
    images = keras.Input((10, 10, 3))
    x = layers.Conv2D(4, 3, use_bias=False)(images)  # 10 x 10 x 3 -> 8 x 8 x 4
    x = layers.Conv2D(2, 3, use_bias=False)(x)  # 8 x 8 x 4 -> 6 x 6 x 2
    model = keras.Model(images, layers.GlobalAveragePooling2D()(x))
    cost = measure_cost(model, repeats=3, warm_up=1)
    assert cost.parameters == 3 * 3 * 3 * 4 + 3 * 3 * 4 * 2
    assert cost.weights_mib * 2**20 == 4 * cost.parameters
    assert largest_layer(model) == 4 * (300 + 256)
    assert cost.memory_mib * 2**20 == pytest.approx(4 * (cost.parameters + 300 + 256))
    assert cost.milliseconds > 0


def test_a_shortcut_and_a_nested_model_are_counted():
    images = keras.Input((4, 4, 2))
    inner = keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(16, 1), layers.Conv2D(2, 1)])
    outer = keras.Model(images, layers.Add()([images, inner(images)]))
    assert largest_layer(outer) == 4 * (32 + 256)
    assert largest_layer(keras.Model(images, layers.Add()([images, layers.ReLU()(images)]))) == 4 * 3 * 32


def test_the_time_is_the_median_of_passes_after_the_warm_up(monkeypatch):
    ticks = iter([0, 9, 10, 19, 20, 20.003, 30, 30.001, 40, 40.002])  # two slow passes, then 3, 1 and 2 ms
    monkeypatch.setattr("tlcourse.select.cost.time.perf_counter", lambda: next(ticks))
    assert measure_cost(network("sees nothing"), repeats=3, warm_up=2).milliseconds == pytest.approx(2)
    ticks = iter([0, 9, 10, 10.004, 20, 20.004, 30, 30.004])
    assert measure_cost(network("sees nothing"), repeats=3, warm_up=1, batch_size=4).milliseconds == pytest.approx(1)


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"repeats": 2}, {"warm_up": 0}, {"repeats": 3.5}])
def test_settings_out_of_range_are_named(options):
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError, match=f"`{name}` must be (a whole number|[13] or more).*{name}={value}"):
        measure_cost(network("sees nothing"), **options)


def test_a_network_of_unknown_size_cannot_be_timed():
    images = keras.Input((None, None, 3))
    with pytest.raises(ValueError, match="known size"):
        measure_cost(keras.Model(images, layers.GlobalAveragePooling2D()(images)))


def test_the_published_tables_are_whole():
    tables = published_rankings()
    assert list(tables) == ["Aircraft", "Caltech101", "CIFAR10", "CIFAR100", "DTD", "Pets", "Cars", "SUN397"]
    for table in tables.values():
        assert len(set(table.networks)) == 10
        assert table.accuracies.shape == (10,)
        assert all(60 <= accuracy < 100 for accuracy in table.accuracies)
        assert set(table.scores) == set(table.weighted_tau) == set(table.pearson) == {"h_score", "leep", "log_me", "nce"}
        assert all(values.shape == (10,) for values in table.scores.values())
        assert all(abs(value) < 1 for value in {**table.weighted_tau, **table.pearson}.values())
    assert (tables["Aircraft"].scores["leep"] < 0).all()
    assert tables["SUN397"].weighted_tau["h_score"] == 0.918


def test_where_published_correlations_follow_from_their_rows():
    """Rounded scores can tie; whichever way ties are broken, three tables do not follow, and five do."""
    from itertools import permutations

    from scipy.stats import weightedtau

    def reachable(accuracies, scores):
        yield weightedtau(accuracies, scores).statistic
        values, counts = np.unique(scores, return_counts=True)
        for value in values[counts > 1]:  # one tie at most in any column
            places = np.flatnonzero(scores == value)
            for order in permutations(range(len(places))):
                apart = scores.astype(float).copy()
                apart[places] += 1e-6 * np.array(order)
                yield weightedtau(accuracies, apart).statistic

    wrong = {
        target
        for target, table in published_rankings().items()
        for name, published in table.weighted_tau.items()
        if min(abs(tau - published) for tau in reachable(table.accuracies, table.scores[name])) > 0.00051
    }
    assert wrong == {"Aircraft", "Pets", "DTD"}


def test_the_room_offers_its_names():
    assert all(hasattr(select, name) for name in select.__all__)


def test_the_floor_is_that_of_the_first_backbone_and_not_of_another(ranking):
    images, labels = corners()
    shuffled = np.random.default_rng(0).permutation(labels)
    for kind, expected in (("sees corners", True), ("sees nothing", False)):
        features = network(kind).predict(images, verbose=0)
        assert (ranking.floor["log_me"] == pytest.approx(select.log_me(features, shuffled), abs=1e-6)) is expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0] * 11 + [1], r"Each class needs 2 examples.*smallest class=1"),
        ([0] * 12, r"`labels` must hold two classes"),
        ([0, 1] * 5, r"len\(images\)=12, len\(labels\)=10"),
    ],
)
def test_labels_that_cannot_be_scored_are_named_before_anything_runs(labels, message):
    images, _ = corners(per_class=3)
    with pytest.raises(ValueError, match=message):
        rank_backbones({"any": network("sees corners")}, images, labels)


def test_too_few_images_and_a_backbone_that_sees_nothing_are_named():
    images, labels = corners(per_class=3)
    with pytest.raises(ValueError, match=r"fewer than 6 images.*len\(images\)=4"):
        rank_backbones({"any": network("sees corners")}, images[:4], labels[:4] // 2)
    blind = keras.Sequential([keras.Input((8, 8, 3)), layers.GlobalAveragePooling2D(), layers.Rescaling(0.0)])
    with pytest.raises(ValueError, match="The backbone 'blind' cannot be scored"):
        rank_backbones({"blind": blind}, images, labels)
