"""Label shift: known shares come back, from a classifier that makes mistakes."""

import numpy as np
import pytest

from tlcourse import adapt

MISTAKES = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.05, 0.25, 0.7]])  # row: truth, column: what is said


def said(labels, rng):
    return np.array([rng.choice(3, p=MISTAKES[label]) for label in labels])


@pytest.mark.parametrize("target_shares", [(0.5, 0.3, 0.2), (0.1, 0.1, 0.8), (0.0, 0.9, 0.1)])
def test_known_shares_come_back(target_shares):
    rng = np.random.default_rng(0)
    source = rng.choice(3, 20_000, p=(0.5, 0.3, 0.2))
    target = rng.choice(3, 20_000, p=target_shares)
    says = said(target, rng)
    found = adapt.label_shift(source, said(source, rng), says)
    np.testing.assert_allclose(found.target_priors, target_shares, atol=0.03)
    np.testing.assert_allclose(found.source_priors, (0.5, 0.3, 0.2), atol=0.01)
    np.testing.assert_allclose(found.weights, found.target_priors / found.source_priors)
    counted = np.abs(np.bincount(says, minlength=3) / len(says) - target_shares).max()
    assert np.abs(found.target_priors - target_shares).max() < counted or counted < 0.03
    assert found.target_priors.sum() == pytest.approx(1)
    assert found.target_priors.min() >= 0


def test_without_a_shift_all_weights_are_one():
    rng = np.random.default_rng(1)
    labels = rng.choice(3, 6000, p=(0.5, 0.3, 0.2))
    says = said(labels, rng)
    np.testing.assert_allclose(adapt.label_shift(labels, says, says).weights, 1.0)


def test_a_classifier_without_mistakes_is_only_counted():
    source, target = np.repeat([0, 1], [30, 70]), np.repeat([0, 1], [5, 15])
    np.testing.assert_allclose(adapt.label_shift(source, source, target).target_priors, (0.25, 0.75))


def test_a_classifier_that_guesses_is_refused():
    labels = np.tile([0, 1], 50)
    with pytest.raises(ValueError, match="equally often whatever the truth"):
        adapt.label_shift(labels, np.repeat([0, 1], 50), labels)
    with pytest.raises(ValueError, match="equally often whatever the truth"):
        adapt.label_shift(labels, np.zeros(100, int), labels)


def test_a_class_that_the_source_lacks_is_named():
    with pytest.raises(ValueError, match=r"without a row=\[2\]"):
        adapt.label_shift([0, 1, 0, 1], [0, 1, 0, 1], [0, 2, 1])
    with pytest.raises(ValueError, match="equally long"):
        adapt.label_shift([0, 1], [0, 1, 1], [0, 1])


def test_corrected_probabilities_are_those_of_bayes():
    """Two Gaussians: what a classifier says under one mix, corrected, is what it would say under the other."""
    x = np.linspace(-3, 3, 50)
    density = np.stack([np.exp(-((x + 1) ** 2) / 2), np.exp(-((x - 1) ** 2) / 2)], axis=1)
    old, new = np.array([0.5, 0.5]), np.array([0.9, 0.1])

    def posterior(shares):
        return density * shares / (density * shares).sum(axis=1, keepdims=True)

    np.testing.assert_allclose(adapt.correct_priors(posterior(old), new / old), posterior(new))
    np.testing.assert_allclose(adapt.correct_priors(posterior(old), [1.0, 1.0]), posterior(old))


@pytest.mark.parametrize(
    ("probabilities", "weights", "words"),
    [
        ([[0.5, 0.5]], [1.0], "one weight per class"),
        ([[3.0, -1.0]], [1.0, 1.0], "sum to 1"),
        ([[2.0, 1.0]], [1.0, 1.0], "softmax"),
        ([[0.5, 0.5]], [-1.0, 1.0], "0 or more"),
        ([[1.0, 0.0]], [0.0, 1.0], "weight above 0"),
    ],
)
def test_what_is_no_probability_is_refused(probabilities, weights, words):
    with pytest.raises(ValueError, match=words):
        adapt.correct_priors(probabilities, weights)


def scores_of(labels, rng, classes=2, apart=1.5, moved=0.0):
    """Rows of one unit Gaussian a class, and the right probabilities for equal shares; `moved` breaks label shift."""
    rows = rng.normal(size=(len(labels), classes)) + apart * np.eye(classes)[labels] + moved * np.eye(classes)[0]
    logits = apart * rows
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)


def draw(seed, shares, classes=2, moved=0.0, rows=1500):
    rng = np.random.default_rng(seed)
    source, target = np.arange(rows) % classes, rng.choice(classes, rows, p=shares)
    return source, scores_of(source, rng, classes), scores_of(target, rng, classes, moved=moved), target


SHARES = {2: (0.15, 0.85), 4: (0.1, 0.2, 0.3, 0.4)}


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_give_both_estimates_and_em_is_usually_nearer(classes):
    errors = []
    for seed in range(8):
        labels, source, target, truth = draw(seed, SHARES[classes], classes)
        found = adapt.label_shift(labels, source, target)
        true = np.bincount(truth, minlength=classes) / len(truth)
        errors.append([np.abs(shares - true).sum() for shares in (found.em_priors, found.target_priors, found.source_priors)])
        by_class = adapt.label_shift(labels, source.argmax(axis=1), target.argmax(axis=1))
        np.testing.assert_allclose(by_class.target_priors, found.target_priors)
        assert by_class.em_priors is None
    em, matrix, nothing = np.mean(errors, axis=0)
    assert em < matrix < 0.3 * nothing


@pytest.mark.filterwarnings("ignore:Not only the shares")
@pytest.mark.parametrize("classes", [2, 4])
def test_the_alarm_is_rare_where_only_the_shares_changed(classes):
    values = [adapt.label_shift(*draw(seed, SHARES[classes], classes, rows=600)[:3]).p_value for seed in range(60)]
    assert np.mean(np.array(values) < 0.01) <= 0.05
    assert np.mean(np.array(values) < 0.2) < 0.4


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_a_shift_of_the_rows_raises_the_alarm_with_its_number(classes, seed):
    labels, source, target, _ = draw(seed, SHARES[classes], classes, moved=-1.5)
    with pytest.warns(UserWarning, match=r"no shares explain \d+\.\d% of the target's predictions \(p = 0\.005\)"):
        found = adapt.label_shift(labels, source, target)
    assert found.gap > 0.02
    assert f"{found.gap:.1%} of the rows unexplained" in str(found)


def test_class_numbers_outside_all_mixtures_raise_the_alarm():
    labels = np.repeat([0, 1], 500)
    said = np.where(np.arange(1000) % 5 == 0, 1 - labels, labels)  # right for 80 % of either class
    with pytest.warns(UserWarning, match="Not only the shares"):
        found = adapt.label_shift(labels, said, np.zeros(500, int))  # 80 % zeros is the most that any shares give
    np.testing.assert_allclose(found.target_priors, (1.0, 0.0))


def test_em_finds_the_shares_that_make_the_probabilities_likeliest():
    _, _, target, _ = draw(3, (0.2, 0.8))
    old = np.array([0.5, 0.5])
    found = adapt.em_priors(target, old)
    tried = np.linspace(0.001, 0.999, 999)
    likelihood = [np.log((target / old) @ (share, 1 - share)).sum() for share in tried]
    assert found[0] == pytest.approx(tried[int(np.argmax(likelihood))], abs=0.002)
    np.testing.assert_allclose(adapt.em_priors(target.astype("float16"), old), found, atol=0.01)
    np.testing.assert_allclose(adapt.correct_priors(target, found / old).mean(axis=0), found, atol=1e-4)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (np.full((4, 2), 0.5), [0, 1, 0, 1], "or both probabilities"),
        (np.full((4, 2), 0.5), np.full((4, 3), 1 / 3), "same columns"),
        (np.full((4, 1), 1.0), np.full((4, 1), 1.0), "a column for every class"),
        (np.full((3, 2), 0.5), np.full((4, 2), 0.5), "equally long"),
        (np.full((4, 2), 5.0), np.full((4, 2), 0.5), "softmax"),
        (np.full((4, 2), 0.5), np.full((4, 2), 0.5), "equally often whatever the truth"),
    ],
)
def test_predictions_that_do_not_fit_are_named(source, target, words):
    with pytest.raises(ValueError, match=words):
        adapt.label_shift([0, 1, 0, 1], source, target)


def rows_of(labels, rng, age=0.0):
    """Three columns: two tell the class, and one is an age that says little to the classifier."""
    return np.column_stack([rng.normal(size=(len(labels), 2)) + 1.5 * np.eye(2)[labels], rng.normal(age, 1, len(labels))])


def probabilities_of(rows):
    return np.exp(-np.logaddexp(0, 1.5 * (rows[:, [1, 0]] - rows[:, [0, 1]])))


@pytest.mark.parametrize("seed", range(8))
def test_features_raise_the_alarm_only_if_rows_of_a_class_changed(seed):
    rng = np.random.default_rng(seed)
    labels, truth = np.arange(1200) % 2, (rng.random(1200) < 0.8).astype(int)
    source, target, older = rows_of(labels, rng), rows_of(truth, rng), rows_of(truth, rng, age=0.6)
    says = [probabilities_of(rows) for rows in (source, target, older)]
    found = adapt.label_shift(labels, says[0], says[1], source_features=source, target_features=target)
    assert found.rows.p_value > 0.001
    assert found.em_priors[1] == pytest.approx(0.8, abs=0.05)
    with pytest.warns(UserWarning, match=r"accuracy of 0\.\d+ \(p = "):
        changed = adapt.label_shift(labels, says[0], says[2], source_features=source, target_features=older)
    assert f"accuracy {changed.rows.accuracy:.3f}" in str(changed)


def test_features_of_other_rows_and_too_few_are_named_or_left_out():
    labels, source, target, _ = draw(0, (0.5, 0.5), rows=100)
    with pytest.raises(ValueError, match=r"len\(source_labels\)=100, len\(source_features\)=90"):
        adapt.label_shift(labels, source, target, source_features=np.ones((90, 2)), target_features=np.ones((50, 2)))
    few = adapt.label_shift(labels, source, target, source_features=np.ones((100, 2)), target_features=np.ones((9, 2)))
    assert few.rows is None
