"""Accuracy, confusion and the linear probe on cases that can be counted by hand."""

import numpy as np
import pytest

from tlcourse.evaluate import accuracy, confusion_matrix, correct_flags, linear_probe, per_class_accuracy

LABELS = [0, 0, 0, 1, 1, 2]
GUESSES = [0, 0, 1, 1, 0, 2]


def blobs(n, seed=0, classes=3, distance=6.0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return (distance * np.eye(classes, 5)[labels] + rng.standard_normal((n, 5))).astype(np.float32), labels


def test_hand_count():
    assert correct_flags(LABELS, GUESSES).tolist() == [True, True, False, True, False, True]
    assert accuracy(LABELS, GUESSES) == pytest.approx(4 / 6)
    assert per_class_accuracy(LABELS, GUESSES) == pytest.approx([2 / 3, 1 / 2, 1.0])
    assert confusion_matrix(LABELS, GUESSES).tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_scores_count_as_their_largest_class():
    scores = np.eye(3)[GUESSES] * 0.4 + 0.2
    assert accuracy(LABELS, scores) == accuracy(LABELS, GUESSES)
    assert (confusion_matrix(LABELS, scores) == confusion_matrix(LABELS, GUESSES)).all()


def test_class_without_examples_is_nan_not_zero():
    shares = per_class_accuracy([0, 2], [0, 1], num_classes=4)
    assert shares[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(shares[[1, 3]]).all()


def test_confusion_agrees_with_scikit_learn_on_random_predictions():
    from sklearn.metrics import confusion_matrix as reference

    rng = np.random.default_rng(0)
    labels, guesses = rng.integers(7, size=(2, 500))
    assert (confusion_matrix(labels, guesses, 7) == reference(labels, guesses, labels=range(7))).all()


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [
        (np.eye(3, dtype=int), [0, 1, 2], "one-hot"),
        ([0, 1], [0, 1, 1], r"len\(labels\)=2, len\(predictions\)=3"),
        ([0.0, 1.0], [0, 1], "dtype=float64"),
        ([], [], "at least one example"),
        ([0, -1], [0, 1], "0 or more"),
        ([0, 1], np.zeros((2, 2, 2), int), "one dimension"),
    ],
)
def test_wrong_labels_are_named(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        accuracy(labels, predictions)


def test_class_number_beyond_the_classes_is_refused():
    with pytest.raises(ValueError, match="largest=3, num_classes=3"):
        confusion_matrix([0, 1], [0, 3], num_classes=3)


def test_probe_separates_what_is_separable_and_guesses_what_is_not():
    features, labels = blobs(300)
    assert linear_probe(features[:60], labels[:60], features[60:], labels[60:]) > 0.97
    shuffled = np.random.default_rng(1).permutation(labels)
    assert linear_probe(features[:60], shuffled[:60], features[60:], shuffled[60:]) < 0.5  # chance is 1/3


def test_probe_does_not_care_about_the_unit_of_a_feature():
    features, labels = blobs(200, distance=2.0)
    scaled = features * np.float32([1, 1000, 0.001, 1, 50]) + 7
    plain = linear_probe(features[:80], labels[:80], features[80:], labels[80:])
    assert linear_probe(scaled[:80], labels[:80], scaled[80:], labels[80:]) == pytest.approx(plain, abs=0.02)


def test_probe_reads_read_only_memory_maps_and_leaves_them_alone(tmp_path):
    features, labels = blobs(120)
    np.save(tmp_path / "features.npy", features)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    assert linear_probe(mapped[:60], labels[:60], mapped[60:], labels[60:]) > 0.9
    assert (np.load(tmp_path / "features.npy") == features).all()


def test_probe_says_what_is_wrong():
    features, labels = blobs(20)
    with pytest.raises(ValueError, match=r"train_features\.mean\(axis=\(1, 2\)\)"):
        linear_probe(np.zeros((20, 4, 4, 5)), labels, features, labels)
    with pytest.raises(ValueError, match=r"same backbone.*=5.*=4"):
        linear_probe(features, labels, features[:, :4], labels)
    with pytest.raises(ValueError, match=r"two classes.*classes=\[0\]"):
        linear_probe(features, labels * 0, features, labels)
    with pytest.raises(ValueError, match="1 missing or infinite"):
        linear_probe(np.where(np.arange(100).reshape(20, 5) == 3, np.nan, features), labels, features, labels)
    with pytest.raises(ValueError, match=r"len\(test_features\)=20, len\(test_labels\)=19"):
        linear_probe(features, labels, features, labels[1:])
