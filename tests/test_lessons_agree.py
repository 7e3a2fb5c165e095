"""What a lesson or its exercise writes out by hand is what the package does from the next lesson on."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tlcourse
from tlcourse import evaluate, explain
from tlcourse.authoring.sources import read_source

CONTENT = Path(__file__).resolve().parents[1] / "content"


def from_lesson(number, name, *, folder="lessons", **names):
    """Return the function or class `name` as the lesson's source defines it; `names` are what the notebook has at hand by then."""
    path = next((CONTENT / folder).glob(f"{number}_*.py"))
    found = [
        node
        for cell in read_source(path.read_text(encoding="utf-8"), path.name)
        if cell.kind == "code"
        for node in ast.parse(cell.text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    ]
    assert len(found) == 1, f"{path.name} defines {name} {len(found)} times"
    space = {"np": np, **names}
    exec(compile(ast.Module(found, []), path.name, "exec"), space)
    return space[name]


@pytest.fixture(params=range(3))
def rng(request):
    return np.random.default_rng(request.param)


def test_the_interval_of_lesson_00_is_that_of_the_package(rng):
    by_hand = from_lesson("00", "bootstrap_90")
    flags = rng.random(400) < rng.uniform(0.3, 0.9)
    low, high = by_hand(flags, rng, resamples=20_000)
    theirs = evaluate.bootstrap_interval(flags, confidence=0.9, resamples=20_000, seed=1)
    one_image = 1 / len(flags)  # both draw at random: their ends may lie one image apart, an interval of 90 % is 32 wide
    assert abs(low - theirs.low) <= one_image + 1e-9
    assert abs(high - theirs.high) <= one_image + 1e-9


@pytest.fixture
def backbone(rng):
    """A small network in which it matters that nothing learns: statistics that are not those of a batch, and dropout."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(int(rng.integers(1000)))
    network = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 3, strides=2),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
        ],
        name="toy",
    )
    norm = network.layers[2]
    norm.set_weights([rng.uniform(0.5, 2, value.shape) for value in norm.get_weights()])
    network.trainable = False
    return network


@pytest.mark.parametrize("count", [1, 64, 150])
def test_the_extraction_of_lesson_02_is_that_of_the_package(backbone, rng, count):
    by_hand = from_lesson("02", "extract")
    images = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    features = by_hand(backbone, images)
    assert features.shape == (count, 6)
    assert np.ptp(features) > 0
    np.testing.assert_allclose(features, tlcourse.extract_features(backbone, images, cache=False), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("n", "wide", "narrow"), [(60, 8, 5), (20, 50, 30)])  # more images than features, and fewer
def test_the_similarity_of_lesson_03_is_that_of_the_package(rng, n, wide, narrow):
    by_hand = from_lesson("03", "linear_cka")
    x = rng.normal(3, 1, (n, wide))
    y = x @ rng.normal(size=(wide, narrow)) + rng.normal(5, 2, (n, narrow))
    assert 0.05 < by_hand(x, y) < 0.95
    assert by_hand(x, y) == pytest.approx(evaluate.cka(x, y), rel=1e-6)
    assert by_hand(x, x) == pytest.approx(1)


@pytest.mark.parametrize("count", [1, 3, 4])
def test_the_kept_blocks_of_lesson_03_are_frozen_as_the_package_freezes(count):
    keep_blocks = from_lesson("03", "keep_blocks", tlcourse=tlcourse)
    source, theirs = tlcourse.small_cnn(3), tlcourse.small_cnn(10)
    for i in range(1, 5):
        norm = source.get_layer(f"norm{i}")
        norm.set_weights([np.full(value.shape, i + 1.0) for value in norm.get_weights()])
    by_hand = keep_blocks(source, count)
    tlcourse.freeze(theirs, up_to=f"pool{count}")
    assert [w.path for w in by_hand.trainable_variables] == [w.path for w in theirs.trainable_variables]
    for i in range(1, 5):
        for name in (f"conv{i}", f"norm{i}"):
            ours, old = by_hand.get_layer(name).get_weights(), source.get_layer(name).get_weights()
            assert all(np.array_equal(a, b) == (i <= count) for a, b in zip(ours, old, strict=True)), name


def test_the_network_of_lesson_01_is_the_small_cnn_of_the_package(rng):
    import keras

    build_backbone = from_lesson("01", "build_backbone", keras=keras, layers=keras.layers)
    ours = from_lesson("01", "with_head", keras=keras, layers=keras.layers)(build_backbone(), 10)
    theirs = tlcourse.small_cnn(10)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    assert ours.count_params() == theirs.count_params() == 63_610
    theirs.set_weights(
        [rng.uniform(0.1, 0.9, w.shape) * rng.choice([-1, 1], w.shape[-1:]) ** (w.ndim > 1) for w in theirs.weights]
    )
    ours.set_weights(theirs.get_weights())
    images = rng.integers(0, 256, (5, 32, 32, 3)).astype("uint8")
    for training in (False, True):  # the second one shows that both have the same momentum
        outputs = np.array(ours(images, training=training))
        assert np.ptp(outputs) > 0
        np.testing.assert_array_equal(outputs, np.array(theirs(images, training=training)))
    for by_hand, packaged in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(by_hand, packaged)


def test_the_backbone_of_lesson_01_is_unfrozen_as_the_package_unfreezes():
    import keras

    build_backbone = from_lesson("01", "build_backbone", keras=keras, layers=keras.layers)
    ours, theirs = build_backbone(), build_backbone()
    ours.trainable = theirs.trainable = False
    from_lesson("01", "unfreeze", layers=keras.layers)(ours)
    tlcourse.unfreeze(theirs)
    assert len(ours.trainable_weights) == 4
    by_hand, package = ([(w.shape, t) for w, t in flags(model)] for model in (ours, theirs))
    assert by_hand == package


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_the_last_blocks_of_lesson_04_are_unfrozen_as_the_package_unfreezes(count):
    import keras

    ours, theirs = (tlcourse.load_backbone("tiny_resnet", weights=None) for _ in range(2))
    from_lesson("04", "unfreeze_last_blocks", backbone=ours, tlcourse=tlcourse, layers=keras.layers)(count)
    tlcourse.freeze(theirs)
    tlcourse.unfreeze(theirs, from_block=list(tlcourse.blocks_of(theirs))[-count])
    assert [t for _, t in flags(ours)] == [t for _, t in flags(theirs)]
    assert 0 < len(ours.trainable_weights) < len(ours.weights)


def flags(model):
    """List every weight with whether it trains, in the order of the model."""
    trains = {id(weight) for weight in model.trainable_weights}
    return [(weight, id(weight) in trains) for weight in model.weights]


def test_the_label_equivalents_of_exercise_01_are_those_of_the_package(rng):
    by_hand = from_lesson("01", "label_equivalent", folder="exercises")
    labels = np.array([5, 10, 20, 50, 100])
    scratch, transfer = np.sort(rng.uniform(0.1, 0.9, size=(2, 5)), axis=1)
    transfer[[0, -1]] = scratch[0] - 0.05, scratch[-1] + 0.05  # below and above what was measured
    needed = evaluate.label_equivalent(labels, transfer, scratch)
    assert needed[0] == 0
    assert np.isinf(needed[-1])
    np.testing.assert_allclose(by_hand(labels, transfer, scratch), needed)


def test_the_speed_up_of_exercise_01_counts_epochs_as_the_package_does(rng):
    by_hand = from_lesson("01", "median_speed_up", folder="exercises")
    runs = [(np.append(fast, 1), np.append(slow, 1)) for fast, slow in rng.uniform(0, 0.9, size=(3, 2, 7))]
    for target in (0.3, 0.8, 0.95):
        theirs = [evaluate.epochs_to_target(slow, target) / evaluate.epochs_to_target(fast, target) for fast, slow in runs]
        assert by_hand(runs, target) == np.median(theirs)


@pytest.mark.parametrize("strength", [0.1, 3.0])
def test_the_penalty_of_exercise_04_pulls_as_hard_as_the_packages(rng, strength):
    import keras

    model = tlcourse.small_cnn(10)
    trunk = keras.Model(model.input, model.get_layer("pool4").output)
    for norm in (layer for layer in trunk.layers if isinstance(layer, keras.layers.BatchNormalization)):
        norm.trainable = False  # as in the lesson: the package's penalty leaves what does not train where it is, too
    by_hand = from_lesson("04", "make_penalty", folder="exercises", ops=keras.ops)(model, trunk, strength)
    penalised = tlcourse.finetune.l2_sp(model, backbone=trunk, alpha=strength, beta=0.0)
    assert float(by_hand()) == float(penalised.penalty()) == 0
    for weight in trunk.trainable_weights:
        weight.assign(weight + rng.normal(0, 0.1, weight.shape))
    assert float(by_hand()) == pytest.approx(float(penalised.penalty()), rel=1e-5)
    assert float(by_hand()) > 0


@pytest.mark.parametrize(("n", "wide", "classes"), [(60, 8, 3), (30, 70, 2)])  # more images than features, and fewer
def test_the_log_me_of_lesson_09_is_that_of_the_package(rng, n, wide, classes):
    by_hand = from_lesson("09", "log_me")
    labels = np.arange(n) % classes
    features = rng.normal(size=(n, wide)) + rng.normal(size=(classes, wide))[labels]
    for own in (labels, rng.permutation(labels)):
        assert by_hand(features, own) == pytest.approx(tlcourse.select.log_me(features, own), abs=1e-4)
    assert by_hand(features, labels) > by_hand(features, rng.permutation(labels)) + 0.01


def test_the_nce_of_lesson_09_is_that_of_the_package(rng):
    by_hand = from_lesson("09", "nce")
    seen, labels = rng.integers(0, 6, 90), rng.integers(0, 4, 90)
    assert by_hand(seen, labels) == pytest.approx(tlcourse.select.nce(seen, labels))
    assert by_hand(seen, labels) < 0


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_map_of_lesson_03_is_that_of_the_package(rng, activation):
    import keras
    from keras import layers

    keras.utils.set_random_seed(int(rng.integers(1000)))
    mapper = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(6, 3, strides=4, activation=activation)])
    head = layers.Dense(3)
    head.build((None, 6))
    head.set_weights([rng.normal(size=(6, 3)), rng.normal(size=3)])
    by_hand = from_lesson("03", "grad_cam", mapper=mapper, head=head)
    model = keras.Sequential([mapper, layers.GlobalAveragePooling2D(), head])
    images = rng.uniform(0, 1, (4, 16, 16, 3)).astype("float32")
    theirs = explain.grad_cam(model, images, [0, 1, 2, 0], size=(4, 4))
    assert theirs.max() > 0
    for image, label, heat in zip(images, [0, 1, 2, 0], theirs, strict=True):
        np.testing.assert_allclose(by_hand(image, label), heat, atol=1e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_gain_of_lesson_08_is_the_paired_difference_of_the_package(rng, confidence):
    from scipy import stats

    by_hand = from_lesson("08", "gain_over_draws", stats=stats)
    transfer, scratch = rng.random(5), rng.random(5)
    theirs = evaluate.paired_difference(transfer, scratch, confidence)
    assert by_hand(transfer, scratch, confidence) == pytest.approx((theirs.mean, theirs.interval.low, theirs.interval.high))


@pytest.fixture
def shifted(rng):
    """Two clouds in three columns of one unit, the second moved."""
    source = rng.normal(size=(180, 3))
    return source / source.std(axis=0), rng.normal(size=(90, 3)) + np.array([0.8, -0.4, 0.0])


def _logistic_pieces():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "LogisticRegression": LogisticRegression,
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
    }


@pytest.mark.parametrize("draw", [0, 7])
def test_the_two_sample_test_of_lesson_11_is_that_of_the_package(shifted, draw):
    from tlcourse import adapt

    by_hand = from_lesson("11", "two_sample_test", **_logistic_pieces())
    hits, rows = by_hand(*shifted, np.random.default_rng(draw))
    theirs = adapt.classifier_two_sample_test(*shifted, seed=draw)
    assert (hits / rows, rows) == (theirs.accuracy, theirs.rows)
    assert 0.5 < hits / rows < 0.9


def test_the_weights_of_lesson_11_are_those_of_the_package(shifted):
    from tlcourse import adapt

    by_hand = from_lesson("11", "importance_weights", **_logistic_pieces())(*shifted)
    assert by_hand.max() > 2
    np.testing.assert_allclose(by_hand, adapt.classifier_weights(*shifted))


def test_kliep_of_lesson_11_is_that_of_the_package(shifted):
    from tlcourse import adapt

    source, target = shifted
    spread = np.sqrt((source.var(axis=0) + target.var(axis=0)) / 2)
    source, target = source / spread, target / spread  # the package does so itself
    gaps = np.square(target[:, None] - target).sum(axis=2)
    unit = np.sqrt(np.median(gaps[gaps > 0]))  # the package takes its width in this unit
    by_hand = from_lesson("11", "kliep")(source, target, width=0.5 * unit)
    assert by_hand.max() > 2
    np.testing.assert_allclose(by_hand, adapt.kliep_weights(source, target, width=0.5), rtol=1e-6)


def test_the_shares_of_lesson_11_are_those_of_the_package(rng):
    from tlcourse import adapt

    labels = rng.choice(3, 900, p=(0.5, 0.3, 0.2))
    target = rng.choice(3, 700, p=(0.1, 0.2, 0.7))
    said, target_said = (np.where(rng.random(len(v)) < 0.7, v, rng.integers(0, 3, len(v))) for v in (labels, target))
    by_hand = from_lesson("11", "target_shares")(labels, said, target_said)
    np.testing.assert_allclose(by_hand, adapt.label_shift(labels, said, target_said).target_priors)
    np.testing.assert_allclose(by_hand, (0.1, 0.2, 0.7), atol=0.1)


@pytest.fixture
def people(rng):
    """Labels, decisions and groups of which each has both labels."""
    groups = rng.integers(0, 3, 600)
    labels = (rng.random(600) < np.array([0.5, 0.3, 0.6])[groups]).astype(int)
    return labels, (rng.random(600) < 0.2 + 0.5 * labels + 0.1 * groups).astype(int), groups


def test_the_counts_by_group_of_lesson_07_are_those_of_the_package(people):
    labels, decisions, groups = people
    by_group, rates = from_lesson("07", "by_group"), from_lesson("07", "rates")
    np.testing.assert_allclose(by_group(labels, decisions, groups), evaluate.group_accuracies(labels, decisions, groups))
    theirs = evaluate.group_rates(labels, decisions, groups)
    columns = np.stack([theirs.selected, theirs.true_positive, theirs.false_positive], axis=1)
    np.testing.assert_allclose(rates(labels, decisions, groups), columns)
    gap = from_lesson("07", "equalised_odds_gap", rates=rates)(labels, decisions, groups)
    assert gap == pytest.approx(evaluate.equalized_odds_difference(labels, decisions, groups))


def test_the_amplification_of_lesson_07_is_that_of_the_package(people):
    labels, decisions, groups = people
    two = groups < 2
    gap = from_lesson("07", "gap_between")
    by_hand = gap(decisions[two], groups[two]) - gap(labels[two], groups[two])  # group 0 is the favoured one
    assert by_hand == pytest.approx(evaluate.bias_amplification(labels[two], decisions[two], groups[two]))


def test_the_new_last_layer_of_lesson_07_is_that_of_the_package(rng):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from tlcourse.robust import retrain_last_layer

    tools = {"make_pipeline": make_pipeline, "StandardScaler": StandardScaler, "LogisticRegression": LogisticRegression}
    fit, balanced = from_lesson("07", "fit", **tools), from_lesson("07", "balanced")
    new_last_layer = from_lesson("07", "new_last_layer", fit=fit, balanced=balanced)
    groups = np.repeat([0, 1, 2, 3], 60)
    features = rng.normal(2, 1, (240, 6)) + 2 * np.eye(6)[groups // 2] + 3 * np.eye(6)[2 + groups % 2]
    new = rng.normal(2.5, 1.5, (2000, 6))
    ours = new_last_layer(features, groups // 2, groups, rng)(new)  # groups of one size: every draw is all there is
    theirs = retrain_last_layer(features, groups // 2, groups).predict(new)
    assert 0.2 < ours.mean() < 0.8
    assert np.mean(ours != theirs) < 0.003
    drawn = balanced(np.repeat([0, 1, 2, 3], [90, 7, 9, 80]), rng)
    assert np.bincount(np.repeat([0, 1, 2, 3], [90, 7, 9, 80])[drawn]).tolist() == [7, 7, 7, 7]


@pytest.mark.parametrize("rate", [0.35, 0.5, 1.0])
def test_the_thresholds_of_lesson_07_are_those_of_the_package(rng, rate):
    from tlcourse.robust import equal_selection_thresholds

    by_hand = from_lesson("07", "threshold_with_rate")
    scores, groups = rng.normal(size=300), rng.integers(0, 2, 300)
    theirs = equal_selection_thresholds(scores, groups, rate)
    assert [by_hand(scores[groups == g], rate) for g in (0, 1)] == [theirs[0], theirs[1]]


def test_coral_of_lesson_12_is_that_of_the_package(rng):
    from tlcourse import adapt

    by_hand = from_lesson("12", "coral", power=from_lesson("12", "power"))
    source, target = rng.normal(2, 1, (90, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(70, 5)) @ rng.normal(size=(5, 5))
    assert np.abs(by_hand(source, target) - source).max() > 1
    np.testing.assert_allclose(by_hand(source, target), adapt.coral(source, target), rtol=1e-8, atol=1e-8)


def test_the_discrepancy_of_lesson_12_and_its_chance_are_those_of_the_package(rng):
    from tlcourse import adapt

    kernel_matrix, discrepancy = from_lesson("12", "kernel_matrix"), from_lesson("12", "discrepancy")
    test = from_lesson("12", "permutation_test", kernel_matrix=kernel_matrix, discrepancy=discrepancy, permutations=400)
    source, target = rng.normal(size=(30, 3)), rng.normal(1, 1, (50, 3))
    value, chance = test(source, target, rng)
    theirs = adapt.mmd_test(source, target, permutations=400, seed=1)
    assert value == pytest.approx(theirs.statistic, rel=1e-9)
    assert np.quantile(chance, 0.95) == pytest.approx(theirs.quantile, rel=0.25)  # both draw at random


@pytest.mark.parametrize(("batch_size", "within"), [(192, 1e-4), (64, 0.1)])  # in several batches the two differ in their order
def test_the_adapted_statistics_of_lesson_12_are_those_of_the_package(rng, batch_size, within):
    import keras

    from tlcourse import adapt

    by_hand = from_lesson("12", "adapt_statistics", layers=keras.layers)
    norm, dense = keras.layers.BatchNormalization, keras.layers.Dense
    model = keras.Sequential([keras.Input((4,)), norm(), dense(3, activation="relu"), norm()])
    rows, start, found = rng.normal(3, 2, (192, 4)).astype("float32"), model.get_weights(), []
    for adapted in (by_hand, lambda model, rows, size: adapt.adapt_batchnorm(model, rows, batch_size=size)):
        model.set_weights(start)
        adapted(model, rows, batch_size)
        found.append(model.get_weights())
    assert not np.allclose(found[0][2], start[2])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=within, atol=within)


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


@pytest.mark.parametrize("folder", ["lessons", "exercises"])
def test_the_mean_over_words_of_lesson_14_is_that_of_the_package(rng, folder):
    from tlcourse.text.layers import MeanOverTokens

    by_hand = from_lesson("14", "mean_over_words", folder=folder)
    states = rng.normal(2, 1, (6, 9, 5)).astype("float32")
    real = np.arange(9)[None] < rng.integers(1, 9, 6)[:, None]
    if folder == "exercises":
        real[3] = False  # a text without a word
    states[~real] += 50
    np.testing.assert_allclose(by_hand(states, real), MeanOverTokens()(states, real), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_the_attention_of_lesson_16_is_that_of_keras(rng, causal):
    import keras
    from keras import layers, ops

    layer = from_lesson("16", "CausalAttention", layers=layers, ops=ops)(12, 3, causal)
    x = rng.normal(size=(2, 7, 12)).astype("float32")
    ours = np.array(layer(x))
    query, key, value = (np.array(dense(x)).reshape(2, 7, 3, 4) for dense in (layer.query, layer.key, layer.value))
    mixed = np.array(keras.ops.dot_product_attention(query, key, value, is_causal=causal)).reshape(2, 7, 12)
    np.testing.assert_allclose(ours, np.array(layer.out(mixed)), rtol=1e-4, atol=1e-5)


def test_the_perplexity_of_lesson_16_and_of_its_exercise_is_that_of_the_loss_in_keras(rng):
    import keras
    from keras import ops

    losses_of = from_lesson("16", "losses_of", ops=ops)
    perplexity = from_lesson("16", "perplexity", losses_of=losses_of)
    network = keras.Sequential([keras.Input((None,), dtype="int32"), keras.layers.Embedding(9, 9)])
    rows = rng.integers(1, 9, (5, 8)).astype("int32")
    rows[1, 3:] = rows[4, 5:] = 0
    logits = network.predict(rows[:, :-1], verbose=0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    theirs = float(ops.exp(loss(rows[:, 1:], logits)))
    assert perplexity(network, rows) == pytest.approx(theirs, rel=1e-5)
    assert from_lesson("16", "perplexity", folder="exercises")(logits, rows[:, 1:]) == pytest.approx(theirs, rel=1e-5)


def test_generation_in_lesson_16_draws_from_the_softmax_at_that_temperature(rng):
    logits = rng.normal(0, 2, 6)
    generate = from_lesson("16", "generate", seed=int(rng.integers(1000)), longest=5)
    network = SimpleNamespace(predict_on_batch=lambda numbers: np.tile(logits, (*numbers.shape, 1)))
    for temperature in (0.5, 1.0, 2.0):
        made = generate(network, 4000, 3, temperature)
        wanted = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        np.testing.assert_allclose(np.bincount(made.ravel(), minlength=6) / made.size, wanted, atol=0.03)


def test_the_adapter_of_exercise_16_is_what_keras_enables(rng):
    import keras

    x = rng.normal(size=(5, 7)).astype("float32")
    base, theirs = keras.layers.Dense(4), keras.layers.Dense(4)
    base.build((None, 7))
    theirs.build((None, 7))
    theirs.set_weights(base.get_weights())
    adapter = from_lesson("16", "LowRankAdapter", folder="exercises", keras=keras)(base, 2, 6.0)
    theirs.enable_lora(2, lora_alpha=6.0)
    for ours, other in ((adapter.a, theirs.lora_kernel_a), (adapter.b, theirs.lora_kernel_b)):
        ours.assign(rng.normal(size=ours.shape))
        other.assign(ours)
    np.testing.assert_allclose(np.array(adapter(x)), np.array(theirs(x)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.array(adapter.merged()(x)), np.array(theirs(x)), rtol=1e-4, atol=1e-4)


@pytest.fixture
def tagged(rng):
    """Four sentences as made-up tokens: words of one to three pieces, one of none, and a row that was cut; and tags of the words."""
    from tlcourse.text import Tokens

    names = ["O", "B-person", "I-person", "B-place", "I-place"]
    words, tags = np.full((4, 12), -1), []
    for row in range(4):
        count = int(rng.integers(4, 8))
        pieces = rng.integers(1, 4, count)
        pieces[1] = 0
        numbers = np.repeat(np.arange(count), pieces)[:10]
        words[row, 1 : 1 + len(numbers)] = numbers
        tags.append([names[rng.integers(5)] for _ in range(count)])
    rest = np.zeros((4, 12), "int32")
    return tags, Tokens(rest, rest, words >= 0, words, rest, rest), names


def test_the_labels_of_lesson_15_are_those_of_the_package(rng, tagged):
    from tlcourse.text import align_tags, tags_of_words

    tags, tokens, names = tagged
    firsts = from_lesson("15", "first_pieces")
    labels = from_lesson("15", "align", first_pieces=firsts)(tags, tokens, names)
    np.testing.assert_array_equal(labels, align_tags(tags, tokens, names))
    logits, counts = rng.normal(size=(*labels.shape, len(names))), [len(row) for row in tags]
    back = from_lesson("15", "read_tags", first_pieces=firsts)(logits, tokens, names, counts)
    assert back == tags_of_words(logits, tokens, names, counts)


def test_the_scores_of_names_of_lesson_15_and_of_its_exercise_are_those_of_the_package(rng):
    names = ["O", "B-person", "I-person", "B-place", "I-place"]
    names_in = from_lesson("15", "names_in")
    true, said = ([[names[i] for i in rng.integers(0, 5, 9)] for _ in range(6)] for _ in range(2))
    said[0] = true[0]
    assert all(names_in(tags) == evaluate.entity_spans(tags) for tags in (*true, *said))
    theirs = evaluate.entity_scores(true, said)
    assert from_lesson("15", "score_names", names_in=names_in)(true, said) == pytest.approx(theirs)
    assert from_lesson("15", "name_scores", folder="exercises")(true, said)["all"] == pytest.approx(theirs.f1)


def test_the_best_span_of_lesson_15_and_of_its_exercise_is_that_of_the_package(rng):
    from tlcourse.text import best_span

    start, end, allowed = rng.normal(size=20), rng.normal(size=20), rng.random(20) < 0.6
    theirs = best_span(start, end, allowed, 4)
    assert from_lesson("15", "best_span")(start, end, allowed, 4) == theirs
    assert from_lesson("15", "best_spans", folder="exercises")(start, end, allowed, 4, 3)[0] == theirs


def test_the_scores_of_answers_of_lesson_15_are_those_of_the_package():
    import string
    from collections import Counter

    plain_words = from_lesson("15", "plain_words", string=string)
    word_f1 = from_lesson("15", "word_f1", plain_words=plain_words, Counter=Counter)
    for true, said in (("The old bridge.", "an old stone bridge"), ("two two", "two"), ("red", "blue"), ("in 1904", "1904")):
        assert word_f1(true, said) == pytest.approx(evaluate.word_f1(true, said))
        assert (plain_words(true) == plain_words(said)) == evaluate.exact_match(true, said)


@pytest.mark.parametrize(("name", "options"), [("build_tagger", (5,)), ("build_span_finder", ())])
def test_the_heads_of_lesson_15_are_those_of_the_package(rng, name, options):
    from types import SimpleNamespace

    import keras

    from tlcourse import text

    parts = ("token_ids", "segment_ids", "padding_mask")
    inputs = {part: keras.Input((None,), dtype="int32", name=part) for part in parts}
    numbers = keras.ops.stack([keras.ops.cast(inputs[part], "float32") for part in parts], axis=-1)
    states = keras.Model(inputs, keras.layers.Dense(6, activation="tanh")(numbers))
    encoder = SimpleNamespace(states=lambda: states, name="toy")
    by_hand = from_lesson("15", name, keras=keras, layers=keras.layers, ops=keras.ops)(encoder, *options)
    packaged = getattr(text, name)(encoder, *options)
    by_hand.set_weights(packaged.get_weights())
    rows = {part: rng.integers(0, 2, (3, 7)).astype("int32") for part in parts}
    ours, others = (model.predict(rows, verbose=0) for model in (by_hand, packaged))
    for a, b in zip(keras.tree.flatten(ours), keras.tree.flatten(others), strict=True):
        assert np.ptp(a) > 0
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
