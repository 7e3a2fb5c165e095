"""Transparent images are laid on a ground wherever they come in; none is shown with the colours under its transparency."""

import numpy as np
import pytest

import tlcourse
from tlcourse.transparency import opaque, without_alpha


def hidden_colours(count=2, size=8):
    """Magenta under full transparency; a green square in the middle is opaque."""
    images = np.full((count, size, size, 4), (255, 0, 255, 0), np.uint8)
    images[:, 2:6, 2:6] = (0, 120, 0, 255)
    return images


def test_transparent_pixels_become_white_and_opaque_ones_stay():
    laid = without_alpha(hidden_colours())
    assert laid.shape == (2, 8, 8, 3)
    assert laid.dtype == np.uint8
    assert (laid[:, 0, 0] == 255).all()
    assert (laid[:, 3, 3] == (0, 120, 0)).all()


def test_half_transparent_pixels_are_mixed_with_white():
    images = np.full((1, 4, 4, 4), (0, 0, 0, 255), np.uint8)
    images[0, 0, 0, 3] = 51
    assert np.abs(without_alpha(images)[0, 0, 0].astype(int) - 204).max() <= 1


def test_a_white_shape_is_laid_on_black_and_an_empty_channel_does_not_count():
    white = np.full((1, 8, 8, 4), (255, 255, 255, 0), np.uint8)
    white[:, 2:6, 2:6, 3] = 255
    assert without_alpha(white)[0, 0, 0].max() == 0
    assert without_alpha(white)[0, 3, 3].min() == 255
    unused = np.full((1, 4, 4, 4), (9, 8, 7, 0), np.uint8)
    assert (without_alpha(unused) == (9, 8, 7)).all()


def test_arrays_are_treated_as_files_are(tmp_path):
    from PIL import Image

    from tlcourse.datasets.decoding import decode

    image = hidden_colours(1)[0]
    Image.fromarray(image, "RGBA").save(tmp_path / "a.png")
    np.testing.assert_array_equal(decode(tmp_path / "a.png", 8), without_alpha(image[None])[0])
    np.testing.assert_array_equal(np.asarray(opaque(Image.open(tmp_path / "a.png"))), without_alpha(image[None])[0])


@pytest.mark.parametrize(
    "images", [np.zeros((4, 4, 4), np.uint8), np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 4), 9.0)]
)
def test_other_arrays_are_refused(images):
    with pytest.raises(ValueError, match=r"\(n, height, width, 4\).*Received: images.shape="):
        without_alpha(images)


def test_an_empty_array_stays_empty():
    assert without_alpha(np.empty((0, 4, 5, 4), np.uint8)).shape == (0, 4, 5, 3)


def test_places_that_need_three_channels_say_what_to_do():
    images = hidden_colours()
    with pytest.raises(ValueError, match=r"transparency\.without_alpha"):
        tlcourse.Dataset("mine", images, np.array([0, 1]), ("a", "b"))
    backbone = tlcourse.load_backbone("tiny_resnet", weights=None, input_shape=(32, 32, 3), pooling="avg")
    with pytest.raises(ValueError, match=r"transparency\.without_alpha"):
        tlcourse.extract_features(backbone, np.zeros((2, 32, 32, 4), np.uint8))


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_plots_draw_them_on_white(kind):
    from tlcourse import plots

    images = hidden_colours().astype(kind) / (255 if kind == "float32" else 1)
    images = images.astype(kind)
    for ax in (plots.image_grid(images), plots.heat_overlay(images, np.zeros((2, 8, 8)))):
        drawn = np.asarray(ax.images[0].get_array())
        assert not ((drawn[..., 0] > 0.9 * drawn.max()) & (drawn[..., 1] < 0.1 * drawn.max())).any(), "magenta shows"


def test_the_doctor_reads_folders_as_the_loaders_do(tmp_path):
    from PIL import Image

    from tlcourse.audit.data.sources import _read_image

    Image.fromarray(hidden_colours(1)[0], "RGBA").save(tmp_path / "a.png")
    read = _read_image(tmp_path / "a.png", (8, 8), [])
    np.testing.assert_array_equal(read, without_alpha(hidden_colours(1))[0])
