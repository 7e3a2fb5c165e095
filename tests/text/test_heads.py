"""Heads on an encoder: shapes, masks, what learns, and what a saved model is after loading."""

from __future__ import annotations

import numpy as np
import pytest

import tlcourse
from tlcourse.text import (
    IGNORED,
    align_tags,
    build_classifier,
    build_span_finder,
    build_tagger,
    extract_text_features,
)

TEXTS = ["the old dog ran", "a red house", "not good", "who is it ?"]


def test_shapes_of_the_three_heads(encoder):
    tokens = encoder.encode(TEXTS, length=12)
    assert build_classifier(encoder, 3).predict(tokens.inputs, verbose=0).shape == (4, 3)
    assert build_tagger(encoder, 5).predict(tokens.inputs, verbose=0).shape == (4, 12, 5)
    spans = build_span_finder(encoder).predict(tokens.inputs, verbose=0)
    assert {side: values.shape for side, values in spans.items()} == {"start": (4, 12), "end": (4, 12)}


def test_padding_changes_nothing_and_is_never_an_answer(encoder):
    short, long = (encoder.encode(TEXTS, length=n) for n in (10, 40))
    classifier, finder = build_classifier(encoder, 2), build_span_finder(encoder)
    np.testing.assert_allclose(*(classifier.predict(t.inputs, verbose=0) for t in (short, long)), atol=1e-5)
    start = finder.predict(long.inputs, verbose=0)["start"]
    assert (start[~long.mask] < start[long.mask].min() - 1000).all()


def test_a_classifier_is_saved_and_loaded_whole(encoder, tmp_path):
    import keras

    model = build_classifier(encoder, 2)
    inputs = encoder.encode(TEXTS, length=12).inputs
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    np.testing.assert_allclose(model.predict(inputs, verbose=0), again.predict(inputs, verbose=0), atol=1e-6)


def test_freezing_by_layer_works_as_for_pictures(encoder):
    import keras

    model = build_classifier(encoder, 2)
    tlcourse.freeze(model, up_to="transformer_layer_0")
    model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = tlcourse.snapshot(model)
    model.fit(encoder.encode(TEXTS, length=12).inputs, np.array([0, 1, 0, 1]), epochs=1, verbose=0)
    moved = {row.name: row.tensors_moved for row in tlcourse.what_moved(before, model).rows}
    assert moved["token_embedding"] == moved["transformer_layer_0"] == 0
    assert moved["transformer_layer_1"] > 0
    assert moved["head"] == 2


def test_ignored_tokens_teach_nothing(encoder):
    import keras

    tokens = encoder.encode([["dog", "ran"]], length=8)
    labels = align_tags([["O", "O"]], tokens, ["O", "B-person"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)
    logits = np.random.default_rng(0).normal(size=(1, 8, 2)).astype("float32")
    changed = np.where((labels == IGNORED)[..., None], logits + 9 * np.array([1.0, -1.0], "float32"), logits)
    assert float(loss(labels, logits)) == pytest.approx(float(loss(labels, changed)), rel=1e-6)


def test_features_are_means_of_states_without_padding(encoder, tmp_path):
    features = extract_text_features(encoder, TEXTS, length=12, directory=tmp_path)
    tokens = encoder.encode(TEXTS, length=12)
    states = np.asarray(encoder.backbone.predict(tokens.inputs, verbose=0)["sequence_output"])
    by_hand = np.stack([state[mask].mean(axis=0) for state, mask in zip(states, tokens.mask, strict=True)])
    np.testing.assert_allclose(features, by_hand, atol=1e-5)
    assert features.shape == (4, encoder.contract.features)
    again = extract_text_features(encoder, TEXTS, length=12, directory=tmp_path)
    np.testing.assert_array_equal(features, again)
