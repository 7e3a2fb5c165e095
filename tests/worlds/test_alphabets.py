"""Alphabets: every letter a class of its own, no letter like one of another split, streams of their own, a knob for the hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tlcourse.worlds import ALPHABET_SPLITS, ALPHABETS, draw_alphabets
from tlcourse.worlds.alphabets import _FONTS
from tlcourse.worlds.glyphs import render_character


def shape_of(letter):
    """The letter of one font, cut to its ink, scaled to one size, blurred: a vector of length 1 with mean 0."""
    glyph = render_character(letter, "DejaVuSans")
    glyph = glyph.crop(glyph.getbbox())
    scale = 24 / max(glyph.size)
    glyph = glyph.resize([max(1, round(side * scale)) for side in glyph.size], Image.Resampling.BOX)
    square = Image.new("L", (24, 24))
    square.paste(glyph, ((24 - glyph.width) // 2, (24 - glyph.height) // 2))
    values = np.asarray(square.filter(ImageFilter.GaussianBlur(1)), float).ravel()
    values -= values.mean()
    return values / np.linalg.norm(values)


def shapes_of(split):
    return np.stack([shape_of(letter) for name in ALPHABET_SPLITS[split] for letter in ALPHABETS[name]])


def test_no_two_letters_of_a_split_look_alike():
    for split in ALPHABET_SPLITS:
        shapes = shapes_of(split)
        assert (shapes @ shapes.T - np.eye(len(shapes))).max() < 0.88


@pytest.mark.parametrize("split", ["validation", "test"])
def test_no_letter_looks_like_one_of_the_training(split):
    assert (shapes_of(split) @ shapes_of("train").T).max() < 0.805


def test_every_letter_is_in_every_font_of_its_alphabet():
    for name, fonts in _FONTS.items():
        for font in fonts:
            missing = np.asarray(render_character("\uffff", font))  # the box for a character that a font does not have
            drawn = [np.asarray(render_character(letter, font)) for letter in ALPHABETS[name]]
            assert not any(np.array_equal(image, missing) or not image.any() for image in drawn), (name, font)


@pytest.mark.parametrize("split", ALPHABET_SPLITS)
def test_shapes_types_and_order(split):
    images, labels, names, groups = draw_alphabets(split, 2, size=24)
    assert images.shape == (2 * len(names), 24, 24, 3)
    assert images.dtype == np.uint8
    assert labels.tolist() == 2 * list(range(len(names)))
    assert len(set(names)) == len(names) == sum(len(ALPHABETS[name]) for name in ALPHABET_SPLITS[split])
    assert [ALPHABET_SPLITS[split][g] for g in groups] == [names[label].split(" ")[0] for label in labels]


def test_an_image_depends_on_seed_letter_and_number_only():
    few, many, other = (draw_alphabets("test", n, seed=s)[0] for n, s in ((1, 3), (3, 3), (1, 4)))
    np.testing.assert_array_equal(few, many[: len(few)])
    assert all((a != b).any() for a, b in zip(few, other, strict=True))


def test_the_hand_moves_the_letter_and_print_stands_still():
    def distance(hand):
        images, labels, _, _ = draw_alphabets("validation", 6, hand=hand)
        ink = (images[..., 0] < 140).astype(float)
        means = [ink[labels == label].mean(axis=0) for label in np.unique(labels)]
        return np.mean([mean * (1 - mean) for mean in means])  # how often images of one letter disagree

    assert distance(0.0) < 0.7 * distance(1.0) < 0.9 * distance(2.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"split": "both"}, "'train', 'validation'"),
        ({"split": "test", "per_class": 0}, "per_class"),
        ({"split": "test", "per_class": 1, "hand": 3}, "hand"),
        ({"split": "test", "per_class": 1, "size": 8}, "size"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        draw_alphabets(**{"per_class": 1, **arguments})
