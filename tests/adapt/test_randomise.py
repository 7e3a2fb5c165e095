"""Domain randomisation: wild in training, absent in inference; images stay images and the object stays where it is."""

import keras
import numpy as np
import pytest

from tlcourse import adapt

LAYERS = {
    "colour": lambda **options: adapt.RandomColour(0.6, **options),
    "negatives": lambda **options: adapt.RandomColour(0.6, invert=True, **options),
    "grain": lambda **options: adapt.RandomGrain(30.0, **options),
    "background": lambda **options: adapt.RandomBackground(**options),
}


@pytest.fixture(params=LAYERS)
def make(request):
    return LAYERS[request.param]


@pytest.fixture
def images():
    """Eight images of a bright square on dark ground, not square themselves."""
    pictures = np.full((8, 20, 24, 3), 30.0, "float32")
    pictures[:, 6:14, 8:16] = 220.0
    return pictures


def changed(layer, images):
    return keras.ops.convert_to_numpy(layer(images, training=True))


def test_in_inference_nothing_happens(make, images):
    layer = make(seed=1)
    for training in (False, None):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(images, training=training)), images)
    model = keras.Sequential([keras.Input(images.shape[1:]), layer])
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)


def test_in_training_every_picture_changes_in_its_own_way_and_stays_a_picture(make, images):
    out = changed(make(seed=1), images)
    assert out.shape == images.shape
    assert out.min() >= 0
    assert out.max() <= 255
    assert all(np.abs(out[i] - images[i]).max() > 1 for i in range(8))
    assert all(np.abs(out[i] - out[0]).max() > 1 for i in range(1, 8))  # all eight were equal before


def test_the_same_seed_gives_the_same_pictures_and_each_call_others(make, images):
    first, second = make(seed=3), make(seed=3)
    once = changed(first, images)
    np.testing.assert_array_equal(once, changed(second, images))
    assert np.abs(once - changed(first, images)).max() > 1
    assert np.abs(once - changed(make(seed=4), images)).max() > 1


def test_it_works_in_fit_and_survives_saving(make, images, tmp_path):
    model = keras.Sequential([keras.Input(images.shape[1:]), make(seed=1), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = model.fit(images / 255, np.tile([0, 1], 4), epochs=1, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[0].get_config() == model.layers[0].get_config()
    np.testing.assert_allclose(again.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("name", ["colour", "grain", "background"])
def test_at_strength_zero_nothing_happens_in_training_either(name, images):
    layers = {"colour": adapt.RandomColour, "grain": adapt.RandomGrain, "background": adapt.RandomBackground}
    np.testing.assert_array_equal(changed(layers[name](0.0), images), images)


def test_the_object_stays_where_it_is_and_what_it_is(images):
    out = changed(adapt.RandomBackground(negative=0.0, seed=0), images)
    np.testing.assert_allclose(out[:, 6:14, 8:16], images[:, 6:14, 8:16])
    assert all(np.abs(out[i, :6] - images[i, :6]).mean() > 10 for i in range(8))  # and the ground is another


def test_the_negative_is_that_of_the_texture(images):
    layer = adapt.RandomBackground(negative=1.0, seed=0)
    printed = changed(layer, images)
    twin = adapt.RandomBackground(negative=0.0, seed=0)
    covered = changed(twin, images)
    np.testing.assert_allclose(printed[:, :6], covered[:, :6], atol=1e-3)  # ground: the texture itself, the same draw
    edge = np.abs(
        printed[:, 13, 8:16] - (255 - printed[:, 15, 8:16])
    )  # object's rim against the negative of the ground beside it
    assert np.median(edge) < 40


def test_the_colours_of_a_picture_are_stretched_as_a_whole(images):
    out = changed(adapt.RandomColour(0.3, seed=0), images)
    for picture in out:
        assert len(np.unique(picture[:, :, 0].round(3))) == 2  # object and ground, each still of one shade
    np.testing.assert_array_less(out[:, 0, 0], out[:, 8, 10])  # without negatives, bright stays brighter


def test_grain_has_the_stated_strength(images):
    flat = np.full((200, 16, 16, 3), 127.0, "float32")
    deviations = (changed(adapt.RandomGrain(30.0, seed=0), flat) - flat).std(axis=(1, 2, 3))
    assert deviations.max() < 31.5
    assert deviations.mean() == pytest.approx(15, abs=2)


@pytest.mark.parametrize(
    "make", [lambda: adapt.RandomColour(1.5), lambda: adapt.RandomGrain(-1.0), lambda: adapt.RandomBackground(negative=2.0)]
)
def test_strengths_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"strength=|negative="):
        make()
