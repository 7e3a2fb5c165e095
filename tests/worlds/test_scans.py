"""Properties of the drawn scans: streams, patients, and knobs that change what they are named after."""

import numpy as np
import pytest

from tlcourse.worlds import draw_scans, scans


def test_shapes_types_and_every_second_patient_is_sick():
    images, labels, names, patients = draw_scans(5, 3, size=24)
    assert images.shape == (15, 24, 24, 3)
    assert images.dtype == np.uint8
    assert patients.tolist() == np.repeat(range(5), 3).tolist()
    assert labels.tolist() == (patients % 2).tolist()
    assert names == ("healthy", "sick")


def test_same_seed_same_bytes_other_seed_other_scans():
    first, again, other = (draw_scans(2, 2, seed=seed)[0] for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert (first != other).any()


def test_more_patients_or_more_scans_change_none_that_stay():
    many, few = draw_scans(6, 4)[0].reshape(6, 4, 64, 64, 3), draw_scans(3, 2)[0].reshape(3, 2, 64, 64, 3)
    assert np.array_equal(many[:3, :2], few)


def test_the_two_scans_of_a_patient_can_be_matched_among_those_of_twelve():
    images = draw_scans(12, 2, seed=1)[0][..., 0].reshape(12, 2, 64, 64).astype(float)
    spectra = np.log1p(np.abs(np.fft.fft2(images)))[..., :12, :12]  # does not see by how much a scan is moved
    distances = np.abs(spectra[:, None, 0] - spectra[None, :, 1]).mean(axis=(2, 3))
    assert (distances.argmin(axis=1) == np.arange(12)).mean() > 0.5  # guessing: 1 of 12


def test_without_a_signature_all_patients_have_one_body():
    def bodies(signature):
        return [scans._draw_body(np.random.default_rng(i), 64, signature)[0] for i in range(2)]

    assert np.array_equal(*bodies(0.0))
    assert np.abs(np.subtract(*bodies(1.0))).mean() > 0.02


def test_the_sign_changes_the_sick_alone_and_makes_them_brighter():
    without, with_sign = (draw_scans(4, 2, sign=sign)[0].astype(int) for sign in (0, 1))
    sick = np.repeat([False, True, False, True], 2)
    assert np.array_equal(without[~sick], with_sign[~sick])
    assert (with_sign[sick] >= without[sick]).all()
    assert (with_sign[sick] > without[sick] + 5).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize(
    "changes", [{"patients": 1}, {"per_patient": 0}, {"seed": -1}, {"size": 8}, {"sign": 9.0}, {"noise": -1.0}]
)
def test_arguments_out_of_range_are_refused_by_name(changes):
    arguments = {"patients": 2, "per_patient": 1, **changes}
    with pytest.raises(ValueError, match=next(iter(changes))):
        draw_scans(**arguments)
