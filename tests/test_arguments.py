"""Arguments are checked in one form: what was expected, then `Received: name=value.`"""

from __future__ import annotations

import numpy as np
import pytest

from tlcourse.arguments import (
    as_features,
    as_labels,
    as_numbers,
    require_length,
    require_number,
    require_one_of,
    require_same_length,
    require_whole,
)


@pytest.mark.parametrize("value", [1, 8, np.int64(3), np.uint8(8)])
def test_whole_numbers_in_range_pass(value):
    require_whole("count", value, 1, 8)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, r"`count` must lie between 1 and 8\. Received: count=0\."),
        (9, r"must lie between 1 and 8"),
        (True, r"must be a whole number\. Received: count=True\."),
        (2.0, r"must be a whole number"),
        (np.float32(2), r"must be a whole number"),
        ("2", r"must be a whole number\. Received: count='2'\."),
        (None, r"must be a whole number"),
    ],
)
def test_other_things_are_no_whole_numbers_in_range(value, message):
    with pytest.raises(ValueError, match=message):
        require_whole("count", value, 1, 8)


def test_without_an_upper_limit_only_the_lower_one_is_named():
    require_whole("count", 10**12, 2)
    with pytest.raises(ValueError, match=r"`count` must be 2 or more\. Received: count=1\."):
        require_whole("count", 1, 2)


LIMITS = [
    ({"low": 0, "high": 1}, [0, 1, 0.5, np.float32(1)], [-1e-9, 1.001], "lie between 0 and 1."),
    ({"low": 0}, [0, 1e30], [-0.1], "be 0 or more."),
    ({"above": 0}, [1e-30], [0, -1], "be above 0."),
    ({"high": 1}, [1, -5], [1.1], "be at most 1."),
    ({"below": 1}, [0.9], [1], "be below 1."),
    ({"above": 0, "high": 1}, [0.1, 1], [0, 1.1], "be above 0 and be at most 1."),
    ({"above": 0, "below": 1}, [0.5], [0, 1], "lie between 0 and 1, neither of them allowed."),
]


@pytest.mark.parametrize(("limits", "good", "bad", "words"), LIMITS)
def test_numbers_keep_their_limits_and_the_message_names_them(limits, good, bad, words):
    for value in good:
        require_number("rate", value, **limits)
    for value in bad:
        with pytest.raises(ValueError, match=f"`rate` must {words} Received: rate=") as caught:
            require_number("rate", value, **limits)
        assert str(caught.value).endswith(f"rate={value!r}.")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), True, "0.5", None, [0.5], 1j])
def test_what_is_no_finite_number_is_refused_whatever_the_limits(value):
    with pytest.raises(ValueError, match="`rate` must be a finite number"):
        require_number("rate", value)


def test_one_of_lists_what_is_allowed():
    require_one_of("split", "train", ("train", "test"))
    with pytest.raises(ValueError, match=r"`split` must be one of 'train', 'test'\. Received: split='Test'\."):
        require_one_of("split", "Test", ("train", "test"))


@pytest.mark.parametrize("value", [True, 1.0, [1], np.array([1, 2]), float("nan")])
def test_one_of_takes_no_look_alikes(value):
    with pytest.raises(ValueError, match="must be one of 1, 2"):
        require_one_of("mode", value, (1, 2))


def test_lengths_that_differ_are_all_named():
    require_same_length(a=[1, 2], b=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"`a` and `b` must be equally long\. Received: len\(a\)=2, len\(b\)=3\."):
        require_same_length(a=[1, 2], b=[1, 2, 3])
    with pytest.raises(ValueError, match=r"`names` must have one entry per class \(3\)\. Received: len\(names\)=1\."):
        require_length("names", ["a"], 3, "class")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(3), r"argmax\(axis=1\)\. Received: y\.shape=\(3, 3\)\."),
        (np.zeros((2, 1), int), r"one dimension\. Received: y\.shape=\(2, 1\)\."),
        ([], "at least one example"),
        ([0.0, 1.0], r"Received: y\.dtype=float64\."),
        ([True, False], r"Received: y\.dtype=bool\."),
        ([1, -1], r"Received: y\.min\(\)=-1\."),
    ],
)
def test_labels_are_class_numbers(labels, message):
    with pytest.raises(ValueError, match=message):
        as_labels("y", labels)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([["a"]], r"must hold numbers\. Received: x\.dtype=<U1\."),
        ([1.0], r"2 dimensions\. Received: x\.shape=\(1,\)\."),
        (np.zeros((0, 3)), r"must not be empty\. Received: x\.shape=\(0, 3\)\."),
        ([[1.0, np.nan], [np.inf, 0.0]], r"must be finite\. Received: x=an array with 2 missing or infinite"),
    ],
)
def test_numbers_have_a_shape_and_are_finite(values, message):
    with pytest.raises(ValueError, match=message):
        as_numbers("x", values, 2)


def test_numbers_of_several_shapes_can_be_allowed():
    assert as_numbers("x", [1, 2], 1, 2).dtype == float
    assert as_numbers("x", np.ones((2, 2), "float32"), 1, 2).dtype == np.float32
    with pytest.raises(ValueError, match="1 or 2 dimensions"):
        as_numbers("x", np.zeros((1, 1, 1)), 1, 2)


def test_feature_maps_are_named_as_such():
    assert as_features("features", np.ones((3, 2))).shape == (3, 2)
    with pytest.raises(ValueError, match=r"features\.mean\(axis=\(1, 2\)\)"):
        as_features("features", np.ones((3, 2, 2, 5)))
