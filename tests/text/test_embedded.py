"""The encoder that travels with the package: what it weighs, how it is loaded, and that it has learned something."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tlcourse.datasets import load_reviews
from tlcourse.datasets.reading import read_imdb, read_sst2
from tlcourse.text import extract_text_features, list_text_encoders, load_text_encoder
from tlcourse.text.registry import DEFAULT_TEXT_ENCODER, find_text_encoder

FOLDER = Path(find_text_encoder(DEFAULT_TEXT_ENCODER).preset)
TEXTS = ["A deeply moving film.", "It fell apart after two days, and nobody answered my letters."]

hub = pytest.importorskip("keras_hub", reason="the extra `text` is not installed")


@pytest.fixture(scope="module")
def networks():
    return load_text_encoder(), load_text_encoder(weights=None)


def probe(features, labels):
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)).fit(features, labels)


def test_it_ships_in_at_most_12_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 12e6


def test_the_contract_is_that_of_the_files(networks):
    contract, config = networks[0].contract, networks[0].backbone.get_config()
    words = (FOLDER / "assets/tokenizer/vocabulary.txt").read_text(encoding="utf-8").splitlines()
    assert contract.vocabulary == config["vocabulary_size"] == len(words) == len(set(words))
    assert (contract.longest, contract.features) == (config["max_sequence_length"], config["hidden_dim"])
    assert contract.lower_case is all(word == word.lower() for word in words if not word.startswith("["))
    row = next(row for row in list_text_encoders() if row.name == DEFAULT_TEXT_ENCODER)
    assert row.parameters == pytest.approx(networks[0].backbone.count_params() / 1e6, abs=0.1)


def test_keras_hub_loads_the_same_network_and_tokens_from_the_folder(networks):
    tokens = networks[0].encode(TEXTS, length=24)
    backbone = hub.models.BertBackbone.from_preset(str(FOLDER))
    states = [np.asarray(b.predict(tokens.inputs, verbose=0)["sequence_output"]) for b in (backbone, networks[0].backbone)]
    np.testing.assert_allclose(*states, atol=1e-5)
    tokenizer = hub.models.BertTokenizer.from_preset(str(FOLDER))
    for text, ids, mask in zip(TEXTS, tokens.ids, tokens.mask, strict=True):
        assert list(np.asarray(tokenizer(text))) == list(ids[mask][1:-1])


def test_accents_are_taken_away_as_in_its_training(networks):
    first, second = networks[0].encode(["Café Zoë", "cafe zoe"], length=10).ids
    assert list(first) == list(second)


def test_plain_reviews_are_told_apart_far_better_than_by_random_values(networks, monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")
    train, test = load_reviews(split="train"), load_reviews(split="test")
    test = test.subset(np.array(test.tones) == "plain")
    scores = []
    for encoder in networks:
        learn, judge = (extract_text_features(encoder, part.texts, length=40, cache=False) for part in (train, test))
        scores.append(probe(learn, train.labels).score(judge, test.labels))
    assert scores[0] > 0.75
    assert scores[0] > scores[1] + 0.15


@pytest.mark.mirror
def test_the_mark_a_hundred_sentences_of_critics(networks):
    """At least what the teacher was reported to read with a hundred labels, mean over five draws."""
    folder = Path(os.environ["TLCOURSE_MIRROR_DATA"]) / "text/SST2"
    (train, labels), (test, wanted) = (read_sst2(folder, split) for split in ("train", "test"))
    labels = np.array(labels)
    held = extract_text_features(networks[0], test, cache=False)
    scores = []
    for draw in range(5):
        rng = np.random.default_rng(draw)
        chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == mood))[:50] for mood in (0, 1)])
        features = extract_text_features(networks[0], [train[i] for i in chosen], cache=False)
        scores.append(probe(features, labels[chosen]).score(held, wanted))
    assert np.mean(scores) >= 0.64, scores


@pytest.mark.mirror
def test_nothing_that_measures_it_is_among_the_texts_of_its_training(tmp_path, root):
    """Gathered anew with the script; compared whole, in a way of its own."""
    real = Path(os.environ["TLCOURSE_MIRROR_DATA"])
    script = root / "tools/pretrain/text/corpus.py"
    subprocess.run([sys.executable, str(script), "--work", str(tmp_path)], check=True, capture_output=True, timeout=300)
    rows = map(json.loads, (tmp_path / "texts.jsonl").read_text(encoding="utf-8").splitlines())
    gathered = "|".join(plain(text) for row in rows for text in row)
    with zipfile.ZipFile(real / "text/aclImdb_4k.zip") as archive:
        archive.extractall(tmp_path)
    reviews = read_imdb(tmp_path / "aclImdb", "test")[0]
    measured = [*read_sst2(real / "text/SST2", "test")[0], *read_sst2(real / "text/SST2", "dev")[0]]
    measured += [sentence for review in reviews for sentence in re.split(r"[.!?]", review)]
    long_enough = {text for text in map(plain, measured) if len(text.split()) >= 8}
    assert len(gathered) > 1_000_000
    assert len(long_enough) > 8_000
    assert [text for text in long_enough if text in gathered] == []


def plain(text):
    """Lower case, letters and digits and single spaces."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
