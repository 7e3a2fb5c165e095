"""Learning curves drawn by hand, and the invariances of CKA."""

import numpy as np
import pytest

from tlcourse.evaluate import cka, epochs_to_target, label_equivalent, seconds_to_target, transfer_gain


def test_same_curve_needs_the_same_labels():
    labels = [5, 20, 100]
    assert label_equivalent(labels, [0.3, 0.6, 0.9], [0.3, 0.6, 0.9]) == pytest.approx(labels)


def test_interpolation_is_linear_over_the_logarithm():
    # B gains 0.3 for every factor of ten: A's 0.45 lies half-way between 10 and 100.
    needed = label_equivalent([1, 10, 100], [0.45, 0.6, 0.6], [0.0, 0.3, 0.6])
    assert needed == pytest.approx([10**1.5, 100, 100])


def test_a_method_that_uses_every_label_four_times_as_well():
    labels = np.array([4.0, 16, 64, 256])
    curve = np.log(labels) / 10
    needed = label_equivalent(labels, np.log(4 * labels) / 10, curve)
    assert needed[:3] == pytest.approx(4 * labels[:3])
    assert needed[3] == np.inf


def test_outside_the_measured_range_the_open_end_is_given():
    assert label_equivalent([5, 50], [0.2, 0.95], [0.3, 0.9]).tolist() == [0.0, np.inf]


def test_a_dip_in_the_curve_does_not_count():
    needed = label_equivalent([1, 2, 4, 8], [0.4, 0.5, 0.5, 0.65], [0.3, 0.5, 0.4, 0.8])
    assert needed[1] == needed[2] == pytest.approx(2)
    assert needed[3] == pytest.approx(4 * 2**0.5)


def test_flat_curve_gives_the_first_point_that_is_good_enough():
    assert label_equivalent([1, 10, 100], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]).tolist() == [1, 1, 1]


@pytest.mark.parametrize("labels", [[5, 5, 10], [10, 5, 1], [0, 1, 2], [-1, 1, 2]])
def test_numbers_of_labels_must_rise_from_above_zero(labels):
    with pytest.raises(ValueError, match="rising numbers above 0"):
        label_equivalent(labels, [0.1, 0.2, 0.3], [0.1, 0.2, 0.3])


def test_epochs_and_seconds_until_the_target():
    values, seconds = [0.2, 0.7, 0.6, 0.9], [10, 2, 2, 2]
    assert epochs_to_target(values, 0.7) == 2
    assert seconds_to_target(values, seconds, 0.7) == 12.0
    assert seconds_to_target(values, seconds, 0.9) == 16.0
    assert epochs_to_target(values, 0.95) is None
    assert seconds_to_target(values, seconds, 0.95) is None


def test_negative_seconds_are_refused():
    with pytest.raises(ValueError, match="each epoch took"):
        seconds_to_target([0.1, 0.2], [3, -1], 0.2)


def test_gain_by_hand():
    gain = transfer_gain(0.9, 0.6)
    assert gain.points == pytest.approx(0.3)
    assert gain.error_reduction == pytest.approx(0.75)
    assert transfer_gain(0.2, 0.6).error_reduction == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("arguments", "message"), [((91.0, 0.6), "Divide percentages"), ((0.9, -0.1), "=-0.1"), ((0.9, 1.0), "no errors left")]
)
def test_impossible_accuracies_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        transfer_gain(*arguments)


def features(n, width, seed=0):
    return np.random.default_rng(seed).standard_normal((n, width))


def rotation(width, seed=0):
    return np.linalg.qr(features(width, width, seed))[0]


@pytest.mark.parametrize("n", [200, 10])  # more and fewer examples than features: two ways to compute it
def test_cka_is_one_for_itself_rotated_moved_and_scaled(n):
    x = features(n, 20)
    assert cka(x, x) == pytest.approx(1.0)
    assert cka(x, -3.0 * x @ rotation(20) + 5.0) == pytest.approx(1.0)


def test_cka_is_symmetric_and_sees_that_single_features_are_scaled():
    x = features(200, 20)
    stretched = x * np.geomspace(1, 100, 20)
    assert cka(x, stretched) == pytest.approx(cka(stretched, x))
    assert cka(x, stretched) < 0.6


def test_cka_of_unrelated_features_is_near_zero_and_falls_with_shared_part():
    x, other = features(2000, 10), features(2000, 10, seed=1)
    assert cka(x, other) < 0.05
    shares = [cka(x, mix * x + (1 - mix) * other) for mix in (0.2, 0.5, 0.8)]
    assert shares == sorted(shares)
    assert shares[0] < 0.2 < 0.8 < shares[2]


def test_both_ways_to_compute_cka_agree():
    x, y = features(30, 29), features(30, 31, seed=1)  # one side of the switch and the other, by one zero column
    padded = np.hstack([x, np.zeros((30, 1))])
    narrow, wide = cka(x, y[:, :29]), cka(np.hstack([padded, np.zeros((30, 5))]), y[:, :29])
    assert narrow == pytest.approx(wide)


def test_cka_by_hand():
    # Centred columns (-1, 0, 1) and (1, -2, 1) are orthogonal, so their CKA is 0; mixing them in halves gives 1 / sqrt(...).
    x, y = np.array([[-1.0], [0], [1]]), np.array([[1.0], [-2], [1]])
    assert cka(x, y) == pytest.approx(0.0, abs=1e-12)
    assert cka(x, np.hstack([x, y])) == pytest.approx(2 * 2 / (2 * (4 + 36) ** 0.5))


def test_cka_refuses_what_it_cannot_compare():
    with pytest.raises(ValueError, match="all rows the same"):
        cka(np.full((5, 3), 0.1), features(5, 3))
    with pytest.raises(ValueError, match=r"len\(features_x\)=5, len\(features_y\)=6"):
        cka(features(5, 3), features(6, 3))
    with pytest.raises(ValueError, match=r"shape=\(5, 2, 2, 3\)"):
        cka(np.zeros((5, 2, 2, 3)), features(5, 3))
