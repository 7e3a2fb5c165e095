"""The parts under the data findings: order of labels, counts of classes, names of classes, stages of a pipeline, wrong labels."""

from __future__ import annotations

import builtins
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tlcourse.audit.data import label_noise
from tlcourse.audit.data.balance import class_counts, imbalance, missing_by_more_than_chance, unknown_classes
from tlcourse.audit.data.collect import Batch
from tlcourse.audit.data.fingerprints import Fingerprints
from tlcourse.audit.data.label_noise import error_free, find_label_noise
from tlcourse.audit.data.order import purity_of_batches
from tlcourse.audit.data.pipeline import cut_after_reshuffle, has_random_map, last_stage, random_map_before_cache, shuffles
from tlcourse.audit.data.sources import make_split
from tlcourse.audit.model.penultimate import Penultimate, body_of, expected_length
from tlcourse.audit.model.seen_classes import imagenet_names, seen_in_pretraining


def test_sorted_labels_have_full_excess_and_shuffled_ones_none():
    labels = np.repeat(np.arange(5), 100)
    assert purity_of_batches(labels, 20).excess > 0.999
    assert purity_of_batches(labels, 20).single_class_batches == 1
    mixed = purity_of_batches(np.random.default_rng(0).permutation(labels), 20)
    assert abs(mixed.excess) <= 2 * mixed.by_chance
    assert purity_of_batches(np.arange(500) % 5, 20).excess < 0  # more even than chance is no fault


def test_a_larger_buffer_leaves_less_order():
    def through_buffer(labels, size):
        data = tf.data.Dataset.from_tensor_slices(labels).shuffle(size, seed=1)
        return np.array(list(data.as_numpy_iterator()))

    labels = np.repeat(np.arange(4), 150)
    excess = [purity_of_batches(through_buffer(labels, size), 30).excess for size in (1, 60, 200, 600)]
    assert excess == sorted(excess, reverse=True)
    assert excess[0] == pytest.approx(1)
    assert excess[-1] < 0.05


def test_a_class_is_missed_only_where_chance_would_not_leave_it_out():
    train = class_counts(np.repeat(np.arange(3), 100))
    assert missing_by_more_than_chance(train, np.array([20, 0, 20])).tolist() == [1]
    assert missing_by_more_than_chance(train, np.array([3, 0, 3])).tolist() == []
    assert missing_by_more_than_chance(train, np.array([40, 40])).tolist() == [2]
    six, one = np.full(6, 40), np.array([32])  # each of the other five could be missing by chance; all of them could not
    assert missing_by_more_than_chance(six, one).tolist() == [1, 2, 3, 4, 5]
    assert missing_by_more_than_chance(six, np.array([3])).tolist() == []
    assert missing_by_more_than_chance(np.array([5000, *[1] * 20]), np.array([200])).tolist() == []
    assert missing_by_more_than_chance(np.full(2000, 5), np.ones(1000)).tolist() == []
    assert missing_by_more_than_chance(np.full(3, 5), np.zeros(3)).tolist() == []
    assert unknown_classes(np.array([5, 0, 5]), np.array([1, 2, 1, 4])).tolist() == [1, 3]
    assert imbalance(np.array([90, 0, 10])) == (0.9, 9.0)


def test_random_splits_are_hardly_ever_said_to_lack_a_class():
    rng = np.random.default_rng(0)
    shares = np.array([0.6, 0.2, 0.1, 0.06, 0.04])
    train = (1000 * shares).astype(int)
    said = sum(len(missing_by_more_than_chance(train, rng.multinomial(rng.integers(5, 300), shares))) > 0 for _ in range(2000))
    assert said <= 8  # at most 1 in 1,000 each


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("Golden Retrievers", "golden_retriever"),
        ("goldenRetriever", "golden retriever"),
        ("n02099601-golden_retriever", "golden retriever"),
        ("daisies", "daisy"),
        ("wolves", "timber wolf, grey wolf, wolf"),
        ("foxes", "fox"),
        ("bus", "bus"),
    ],
)
def test_spellings_of_a_name_match(target, source):
    assert list(seen_in_pretraining([target], [source])) == [target]


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("tulip bulb", "bulb"),
        ("lemon scab", "lemon"),
        ("crane", "crane"),
        ("mouse", "mouse"),
        ("catfish", "cat"),
        ("normal", "abnormal"),
        ("7", "n02099601"),
        ("glass", "glas"),
    ],
)
def test_parts_of_a_name_and_ambiguous_words_do_not_match(target, source):
    assert seen_in_pretraining([target], [source]) == {}


def test_a_kind_matches_where_the_source_holds_several_sorts_of_it():
    breeds = ["golden retriever", "Irish terrier", "beagle"]
    assert seen_in_pretraining(["dogs", "cows"], breeds) == {"dogs": "retriever and others"}
    assert seen_in_pretraining(["dogs"], ["beagle"]) == {}


def test_imagenet_names_come_from_the_cache_of_keras_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert imagenet_names() is None
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / "imagenet_class_index.json"
    file.write_text("half a fi")
    assert imagenet_names() is None
    file.write_text(json.dumps({"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]}))
    assert imagenet_names() == ["tench", "goldfish"]


def numbers():
    return tf.data.Dataset.from_tensor_slices(np.arange(40, dtype="float32"))


def noisy(x):
    return x + tf.random.normal(tf.shape(x))


def nested(x):
    return tf.cond(x > 3, lambda: noisy(x), lambda: x)


def test_stages_tell_what_is_cached_before_and_after_randomness():
    assert random_map_before_cache(last_stage(numbers().map(noisy).batch(4).cache().prefetch(2)))[0] == "cache"
    assert random_map_before_cache(last_stage(numbers().map(nested, num_parallel_calls=2).cache()))[0] == "cache"
    assert random_map_before_cache(last_stage(numbers().cache().map(noisy))) is None
    assert random_map_before_cache(last_stage(numbers().shuffle(9).map(lambda x: x + 1).cache())) is None
    assert not has_random_map(last_stage(numbers().shuffle(40).repeat(2).batch(3)))
    assert has_random_map(last_stage(tf.data.Dataset.zip((numbers().map(noisy), numbers()))))


def test_stages_tell_what_is_cut_after_a_reshuffling_shuffle():
    assert cut_after_reshuffle(last_stage(numbers().shuffle(40).batch(4).take(3).prefetch(1))) == "take"
    assert cut_after_reshuffle(last_stage(numbers().shuffle(40).skip(3).map(noisy))) == "skip"
    assert cut_after_reshuffle(last_stage(numbers().shuffle(40, reshuffle_each_iteration=False).take(3))) is None
    assert cut_after_reshuffle(last_stage(numbers().shuffle(40).cache().take(3))) is None
    assert cut_after_reshuffle(last_stage(numbers().take(30).shuffle(30))) is None
    assert [stage.buffer_size for stage in shuffles(last_stage(numbers().shuffle(7).batch(2).shuffle(3)))] == [3, 7]
    assert last_stage([1, 2, 3]) is None


def blobs(count=600, wrong=0.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, count)
    features = rng.normal(size=(count, 20)) + 4 * np.eye(4, 20)[truth]
    flip = rng.random(count) < wrong
    return features, np.where(flip, (truth + rng.integers(1, 4, count)) % 4, truth), flip


@pytest.mark.parametrize("seed", range(5))
def test_wrong_labels_are_found_and_clean_ones_left_alone(seed):
    features, labels, flip = blobs(wrong=0.12, seed=seed)
    noise = find_label_noise(features, labels)
    assert flip[noise.suspects].mean() > 0.7
    assert len(noise.suspects) > 0.3 * flip.sum()
    assert len(find_label_noise(*blobs(wrong=0.0, seed=seed)[:2]).suspects) == 0


@pytest.mark.parametrize("seed", range(5))
def test_features_that_say_nothing_accuse_nobody(seed):
    rng = np.random.default_rng(seed)
    noise = find_label_noise(rng.normal(size=(500, 30)), rng.integers(0, 3, 500))
    assert not noise.telling
    assert len(noise.suspects) == 0


@pytest.mark.parametrize("seed", range(4))
def test_examples_that_are_merely_hard_are_not_accused(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 12, 1000)
    clear = np.where(rng.random(1000) < 0.8, 2.5, 1.25)  # a fifth lies close to the other classes
    features = rng.normal(size=(1000, 20)) + clear[:, None] * np.eye(12, 20)[labels]
    noise = find_label_noise(features, labels)
    assert noise.telling
    assert len(noise.suspects) == 0


def drawn(probabilities, rng):
    return (rng.random((len(probabilities), 1)) > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strength", [1.5, 3.0])
def test_labels_drawn_from_the_probabilities_are_not_accused(seed, strength):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(800, 12))
    logits = strength * features @ rng.normal(size=(12, 4))
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    labels = drawn(chances / chances.sum(axis=1, keepdims=True), rng)
    noise = find_label_noise(features, labels)
    assert noise.telling
    assert len(noise.suspects) == 0


@pytest.mark.parametrize("wrong", [0.0, 0.15])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_probabilities_before_errors_are_found_from_labels_with_errors(wrong, temperature):
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(20_000, 5))
    true, said = (np.exp(values) / np.exp(values).sum(axis=1, keepdims=True) for values in (logits, logits * temperature))
    labels = np.where(rng.random(20_000) < wrong, rng.integers(0, 5, 20_000), drawn(true, rng))
    assert np.abs(error_free(labels, said) - true).mean() < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_flags_that_chance_explains_are_no_finding(seed, monkeypatch):
    features, labels, _ = blobs(wrong=0.12, seed=seed)
    found = find_label_noise(features, labels)
    assert 0 <= found.expected < 0.2 * len(found.suspects)
    monkeypatch.setattr(label_noise, "error_free", lambda labels, linear: 0.85 * np.eye(4)[linear.argmax(axis=1)] + 0.0375)
    by_chance = find_label_noise(features, labels)
    assert by_chance.expected > 0.7 * len(found.suspects)
    assert len(by_chance.suspects) == 0


def test_features_of_any_scale_are_judged_alike():
    features, labels, _ = blobs(wrong=0.12)
    expected = find_label_noise(features, labels).suspects
    assert np.array_equal(find_label_noise(1e-9 * features, labels).suspects, expected)


def test_rare_classes_are_left_out_and_positions_stay_right():
    features, labels, flip = blobs(wrong=0.12)
    labels = np.where(np.arange(600) % 150 == 0, 9, labels)  # four examples of class 9
    noise = find_label_noise(features, labels)
    assert not np.isin(noise.suspects, np.flatnonzero(labels == 9)).any()
    assert flip[noise.suspects].mean() > 0.7
    with pytest.raises(ValueError, match="fewer than two classes"):
        find_label_noise(features[:12], labels[:12])


def test_without_cleanlab_the_line_that_installs_it_is_named(monkeypatch):
    before = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("cleanlab"):
            raise ImportError(name)
        return before(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"pip install .tlcourse\[audit\]"):
        find_label_noise(*blobs()[:2])


def test_fingerprints_do_not_grow_with_the_pixels():
    def bytes_kept(side):
        found = Fingerprints()
        found.update(Batch(np.random.default_rng(0).random((40, side, side, 3)), None, 0, 40), 1)
        return sum(getattr(found.prints, name).nbytes for name in type(found.prints).__dataclass_fields__)

    assert bytes_kept(16) == bytes_kept(64) <= 40 * 400


def test_inputs_of_several_parts_count_together():
    images, table = np.random.default_rng(0).random((6, 16, 16, 3)), np.arange(12.0).reshape(6, 2)
    found, other = Fingerprints(), Fingerprints()
    found.update(Batch({"image": images, "row": table}, None, 0, 6), 1)
    other.update(Batch({"image": images, "row": table[::-1]}, None, 0, 6), 1)
    assert not np.isin(found.digests(), other.digests()).any()


@pytest.mark.parametrize("batch", [1, 7, 32, 200])
def test_features_belong_to_their_positions_whatever_the_batches_are(batch):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((150, 5)).astype("float32")
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    body = body_of(model)
    collector = Penultimate(make_split("train", (x, None), model), body)
    for start in range(0, 150, batch):
        collector.update(Batch(x[start : start + batch], None, start, len(x[start : start + batch])), 1)
    features, positions = collector.features()
    assert positions.tolist() == list(range(150))
    assert np.allclose(features, model.layers[0](x), atol=1e-5)


def test_the_length_of_a_pipeline_is_known_beforehand():
    data = numbers().map(lambda x: (x[None], x))
    assert expected_length(make_split("train", data.batch(8).prefetch(1))) == 40
    assert expected_length(make_split("train", data.batch(8).repeat())) is None
    assert expected_length(make_split("train", (np.zeros((9, 2)), np.zeros(9)))) == 9
