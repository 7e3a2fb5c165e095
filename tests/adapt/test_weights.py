"""Importance weights: positive, mean 1, near the true ratio where that is known, and 1 where nothing shifted."""

import numpy as np
import pytest

from tlcourse import adapt

METHODS = {"classifier": adapt.classifier_weights, "KLIEP": adapt.kliep_weights}


def gaussians(seed, move, n_source=500, n_target=300):
    """Unit Gaussians at 0 and `move`; the true ratio is exp(move x - move^2 / 2)."""
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(n_source, 1)), rng.normal(move, 1, size=(n_target, 1))
    return source, target, np.exp(move * source[:, 0] - move**2 / 2)


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.mark.filterwarnings("ignore:These weights are worth")  # at a move of 2 the true ratio is worth 2 % of the rows
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("move", [0.0, 0.5, 2.0])
def test_weights_are_positive_finite_and_of_mean_one(method, seed, move):
    source, target, _ = gaussians(seed, move)
    weights = method(source, target)
    assert weights.shape == (500,)
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert weights.mean() == pytest.approx(1)


def distance_from(method, move, n_source, n_target):
    """Mean absolute error of the weights, by seed, and that of weights that are all 1."""
    errors = []
    for seed in range(5):
        source, target, ratio = gaussians(seed, move, n_source, n_target)
        ratio /= ratio.mean()
        errors.append((np.abs(method(source, target) - ratio).mean(), np.abs(1 - ratio).mean()))
    return np.array(errors).T


def test_without_a_shift_weights_are_near_one(method):
    mine, _ = distance_from(method, 0.0, 500, 300)
    assert mine.mean() < 0.2
    assert mine.max() < 0.4


def test_weights_come_near_the_true_ratio(method):
    mine, ones = distance_from(method, 1.0, 2000, 1000)
    assert (mine < 0.4 * ones).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_weighted_source_has_the_mean_of_the_target(method, seed):
    source, target, _ = gaussians(seed, 1.0, 2000, 1000)
    assert abs(source.mean()) < 0.1
    assert np.average(source[:, 0], weights=method(source, target)) == pytest.approx(target.mean(), abs=0.15)


def test_a_column_that_says_nothing_changes_nothing(method):
    source, target, _ = gaussians(0, 1.0)
    more = [np.column_stack([rows, np.full(len(rows), 0.1)]) for rows in (source, target)]
    np.testing.assert_allclose(method(*more), method(source, target), rtol=1e-6)


def test_the_classifier_by_default_is_the_logistic_regression_on_standardised_features():
    from tlcourse.adapt.domains import domain_classifier

    rng = np.random.default_rng(0)
    source, target = rng.normal(5, (1, 9), size=(200, 2)), rng.normal(6, (1, 3), size=(150, 2))
    named = adapt.classifier_weights(source, target, classifier=domain_classifier())
    np.testing.assert_allclose(adapt.classifier_weights(source, target), named)
    assert named.max() > 2
    np.testing.assert_allclose(adapt.classifier_weights(source, target + 1e6).mean(), 1)  # no row in common, nothing overflows


def test_the_numbers_of_rows_do_not_matter():
    source, target, _ = gaussians(0, 1.0)
    doubled = adapt.classifier_weights(source, np.concatenate([target, target]))
    assert np.corrcoef(adapt.classifier_weights(source, target), doubled)[0, 1] > 0.999


def test_a_limit_holds_and_costs_no_mean():
    source, target, _ = gaussians(0, 2.0)
    free, limited = adapt.classifier_weights(source, target), adapt.classifier_weights(source, target, limit=5.0)
    assert free.max() > 10
    assert limited.mean() == pytest.approx(1)
    assert adapt.effective_sample_size(limited) > adapt.effective_sample_size(free)
    with pytest.raises(ValueError, match=r"above 1.*limit=0.5"):
        adapt.classifier_weights(source, target, limit=0.5)


def test_kliep_finds_the_maximum_of_its_objective():
    from tlcourse.adapt.kliep import _heights

    rng = np.random.default_rng(0)
    source_bumps, target_bumps = rng.uniform(0.01, 1, (80, 4)), rng.uniform(0.01, 1, (50, 4))
    heights = _heights(source_bumps.mean(axis=0), target_bumps, np.full(50, 1 / 50), steps=5000)
    best = np.log(target_bumps @ heights).sum()
    assert (source_bumps @ heights).mean() == pytest.approx(1)
    assert heights.min() >= 0
    for _ in range(300):  # no other point of the allowed region is better
        other = rng.dirichlet(np.ones(4)) / source_bumps.mean(axis=0)
        assert np.log(target_bumps @ other).sum() <= best + 1e-9


def test_kliep_fits_all_folds_at_once_as_one_by_one():
    from tlcourse.adapt.kliep import _heights

    rng = np.random.default_rng(1)
    means, target_bumps, counts = rng.uniform(0.1, 1, (4, 3)), rng.uniform(0.01, 1, (50, 4)), rng.dirichlet(np.ones(50), 3).T
    together = _heights(means, target_bumps, counts)
    for fold in range(3):
        np.testing.assert_allclose(together[:, fold], _heights(means[:, fold], target_bumps, counts[:, fold]))


def squared_error(width, n_source, columns, move=1.0, reps=6):
    """Mean squared error of the weights by seed, as in the paper's simulation: the target's first column is moved."""
    errors = []
    for seed in range(reps):
        rng = np.random.default_rng([seed, columns])
        source, target = rng.normal(size=(n_source, columns)), rng.normal(size=(1000, columns))
        target[:, 0] += move
        ratio = np.exp(move * source[:, 0])
        weights = adapt.kliep_weights(source, target, width=width, seed=seed)
        errors.append(np.mean((weights - ratio / ratio.mean()) ** 2))
    return np.array(errors)


@pytest.mark.parametrize("columns", [1, 5, 10])
def test_kliep_chooses_a_width_that_comes_nearer_to_the_truth_than_the_narrowest(columns):
    chosen, narrowest = squared_error((0.25, 0.5, 1.0, 2.0, 4.0), 300, columns), squared_error(0.25, 300, columns)
    assert np.median(chosen / narrowest) < 0.85


def test_the_narrowest_bumps_look_best_on_the_target_alone_and_not_on_both_domains():
    from tlcourse.adapt.kliep import _heights, _held_out_objective, _squared

    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(100, 5)), rng.normal(size=(400, 5)) + np.array([1.0, 0, 0, 0, 0])
    unit = np.median(_squared(target, target))
    on_target, on_both = [], []
    for width in (0.2, 0.5):
        source_bumps, target_bumps = (
            np.exp(_squared(rows, target[:100]) / (-2 * width**2 * unit)) for rows in (source, target)
        )
        learn = np.arange(400) % 5 > 0
        heights = _heights(source_bumps.mean(axis=0), target_bumps, learn / learn.sum())
        on_target.append(np.log(target_bumps[~learn] @ heights).mean())
        on_both.append(_held_out_objective(source_bumps, target_bumps))
    assert on_target[0] > on_target[1]
    assert on_both[0] < on_both[1]


def test_kliep_leaves_rows_alone_when_no_bump_does_better_than_equal_weights():
    rng = np.random.default_rng(5)
    alike = [np.ptp(adapt.kliep_weights(rng.normal(size=(200, 8)), rng.normal(size=(200, 8)))) == 0 for _ in range(10)]
    assert any(alike)


@pytest.mark.parametrize("seed", range(3))
def test_a_column_that_is_nearly_constant_in_the_source_does_not_rule_kliep(seed):
    rng = np.random.default_rng(seed)
    source, target = rng.normal(size=(400, 3)), rng.normal(size=(400, 3)) + np.array([1.0, 0, 0])
    source[:, 2] *= 1e-3
    source[:3, 2] = 0.5  # such as a pixel at the border, dark but for three images
    assert adapt.effective_sample_size(adapt.kliep_weights(source, target)) > 40


def test_kliep_does_not_care_for_units():
    source, target, _ = gaussians(3, 1.0)
    np.testing.assert_allclose(
        adapt.kliep_weights(source, target), adapt.kliep_weights(5 + 1000 * source, 5 + 1000 * target), rtol=1e-6
    )


def test_kliep_says_when_the_domains_do_not_overlap():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="do not overlap"):
        adapt.kliep_weights(rng.normal(size=(50, 3)), 1e4 + rng.normal(size=(50, 3)))
    with pytest.raises(ValueError, match="do not overlap"):
        adapt.kliep_weights(rng.normal(size=(50, 3)), 1e4 + rng.normal(size=(50, 3)), width=1.0)


@pytest.mark.parametrize(("width", "centres"), [(0.0, 5), (-1.0, 5), ((1.0, 0.0), 5), (1.0, 0)])
def test_kliep_refuses_what_makes_no_sense(width, centres):
    source, target, _ = gaussians(0, 1.0)
    with pytest.raises(ValueError, match=r"width=|centres="):
        adapt.kliep_weights(source, target, width=width, centres=centres)


@pytest.mark.parametrize("seed", range(5))
def test_the_effective_sample_size_lies_between_one_and_n(seed):
    weights = np.random.default_rng(seed).exponential(size=50) ** 3
    size = adapt.effective_sample_size(weights)
    assert 1 <= size <= 50
    assert adapt.effective_sample_size(1e200 * weights) == pytest.approx(size)
    assert adapt.effective_sample_size(np.ones(50)) == pytest.approx(50)
    assert adapt.effective_sample_size(np.eye(50)[3]) == pytest.approx(1)
    assert adapt.effective_sample_size(np.repeat([2.0, 0.0], 25)) == pytest.approx(25)  # half of the rows left out


@pytest.mark.parametrize("weights", [[-1.0, 2.0], [0.0, 0.0], [1.0, np.nan], []])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        adapt.effective_sample_size(np.array(weights))


def pixels(seed, rows=300, dead=30):
    """Columns of one unit: five that moved, and many that are dark but for a rare speck."""
    rng = np.random.default_rng(seed)
    alive = [rng.normal(move, 1, size=(rows, 5)) for move in (0.0, 0.5)]
    specks = [0.02 * (rng.random((rows, dead)) < share) * rng.random((rows, dead)) for share in (0.01, 0.03)]
    return [np.column_stack(pair) for pair in zip(alive, specks, strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_columns_of_one_unit_do_not_become_loud_because_they_hardly_vary(method, seed):
    few, all_columns = [rows[:, :5] for rows in pixels(seed)], pixels(seed)
    shared, each = method(*all_columns, one_unit=True), method(*all_columns)
    alone = method(*few, one_unit=True)
    assert np.corrcoef(np.log(shared + 1e-9), np.log(alone + 1e-9))[0, 1] > 0.9
    assert np.abs(shared - alone).mean() < 0.5 * np.abs(each - alone).mean()


def test_one_unit_is_as_good_as_the_other_where_all_columns_vary_alike(method):
    source, target, _ = gaussians(0, 1.0, 2000, 1000)
    np.testing.assert_allclose(method(source, target, one_unit=True), method(source, target), rtol=0.1, atol=0.02)
    np.testing.assert_allclose(
        method(5 + 1000 * source, 5 + 1000 * target, one_unit=True), method(source, target, one_unit=True), rtol=1e-4
    )


def test_weights_of_a_few_rows_are_said_with_their_number(method):
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(2000, 2)), rng.normal(2.5, 0.5, size=(300, 2))
    with pytest.warns(UserWarning, match=r"worth \d+\.\d of 2000 rows") as caught:
        weights = method(source, target)
    size = adapt.effective_sample_size(weights)
    assert f"worth {size:.1f} of" in str(caught[0].message)
    assert size < 100
    assert caught[0].filename == __file__


def test_narrow_bumps_are_tried_for_columns_of_one_unit():
    """Five narrow humps, far less wide than rows of two of them are apart."""
    rng = np.random.default_rng(0)
    source = rng.uniform(-5, 5, size=(2000, 1))
    target = rng.choice([-4, -2, 0, 2, 4], size=(400, 1)) + 0.15 * rng.normal(size=(400, 1))
    between = np.abs((source[:, 0] + 6) % 2 - 1) < 0.5
    narrow, broad = (adapt.kliep_weights(source, target, one_unit=flag)[between].sum() for flag in (True, False))
    assert narrow < 0.5 * broad
