"""The texts written for the course, and the readers of published ones."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from tlcourse.datasets import Questions, TaggedSentences, TextDataset, load_entities, load_questions, load_reviews, reading
from tlcourse.datasets.reading import read_conll, read_imdb, read_squad, read_sst2, split_words, take_turns

SPLITS = ("train", "test")
DOMAINS = ("films", "elsewhere")


@pytest.fixture(autouse=True)
def _embedded(monkeypatch):
    monkeypatch.setenv("TLCOURSE_PROFILE", "embedded")


@pytest.fixture(scope="module")
def everything():
    """All reviews of one kind after the other: (domain, label, text)."""
    os.environ["TLCOURSE_PROFILE"] = "embedded"
    sets = {domain: [load_reviews(domain, split) for split in SPLITS] for domain in DOMAINS}
    return [
        (d, int(y), text)
        for d, parts in sets.items()
        for part in parts
        for text, y in zip(part.texts, part.labels, strict=True)
    ]


def plain_words(text):
    return re.findall(r"[a-z']+", text.lower())


def pairs_of_words(text):
    found = plain_words(text)
    return set(pairwise(found))


# ---------------------------------------------------------------- reviews


def test_there_are_over_twelve_hundred_reviews_balanced_in_each_domain(everything):
    assert len(everything) >= 1200
    counts = Counter((domain, label) for domain, label, _ in everything)
    assert len(counts) == 4
    assert len(set(counts.values())) == 1


def test_no_two_reviews_are_alike(everything):
    texts = [text for _, _, text in everything]
    assert len(set(map(str.lower, texts))) == len(texts)
    known = [pairs_of_words(text) for text in texts]
    alike = [
        (texts[i], texts[j])
        for i, j in combinations(range(len(texts)), 2)
        if len(known[i] & known[j]) > 0.4 * min(len(known[i]), len(known[j])) and len(known[i] & known[j]) > 3
    ]
    assert alike == []


def test_no_opening_is_a_template(everything):
    openings = Counter(tuple(plain_words(text)[:4]) for _, _, text in everything)
    assert openings.most_common(1)[0][1] <= 3


def test_negation_and_contrast_stand_on_both_sides(everything):
    kinds = {
        "negation": r"\b(not|never|no|nothing|nobody|neither|none|cannot|hardly)\b|n't\b",
        "contrast": r"\b(but|yet|although|though|despite|however)\b",
    }
    for pattern in kinds.values():
        share = [
            np.mean([bool(re.search(pattern, text.lower())) for _, y, text in everything if y == label]) for label in (0, 1)
        ]
        assert min(share) > 0.08
        assert max(share) < 2.5 * min(share)  # so that the word alone does not give the label away


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_third_of_each_tone_is_for_testing_and_the_tone_says_nothing_of_the_label(domain):
    train, test = (load_reviews(domain, split) for split in SPLITS)
    for tone in ("plain", "dry"):
        parts = [part.subset(np.array(part.tones) == tone) for part in (train, test)]
        assert 0.3 < len(parts[1]) / sum(map(len, parts)) < 0.37
        assert all(0.45 < part.labels.mean() < 0.55 for part in parts)
        assert all(set(part.tones) == {tone} for part in parts)


@pytest.mark.parametrize("domain", DOMAINS)
def test_training_and_test_reviews_are_disjoint_and_balanced(domain):
    train, test = (load_reviews(domain, split) for split in SPLITS)
    assert not set(train.texts) & set(test.texts)
    for part in (train, test):
        counts = np.bincount(part.labels)
        assert abs(counts[0] - counts[1]) <= 2


def test_the_seed_changes_the_choice_and_few_are_a_part_of_many():
    few, more = (load_reviews("films", per_class=n, seed=3) for n in (10, 20))
    assert set(few.texts) < set(more.texts)
    assert set(few.texts) != set(load_reviews("films", per_class=10, seed=4).texts)
    assert list(few.labels) == [0, 1] * 10


def test_arguments_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"`domain` must be one of 'films', 'elsewhere'. Received: domain='books'"):
        load_reviews("books")
    with pytest.raises(ValueError, match="split='dev'"):
        load_questions("dev")
    with pytest.raises(ValueError, match="split='dev'"):
        load_entities("dev")
    with pytest.raises(ValueError, match="per_class=1000"):
        load_reviews(per_class=1000)


# ---------------------------------------------------------------- names


def names_in(sentences):
    """Set of (kind, name) of tagged sentences."""
    found = set()
    for words, tags in zip(sentences.words, sentences.tags, strict=True):
        current: list[str] = []
        kind = ""
        for word, tag in [*zip(words, tags, strict=True), ("", "O")]:
            if current and not tag.startswith("I-"):
                found.add((kind, " ".join(current)))
                current = []
            if tag != "O":
                kind = tag[2:]
                current.append(word)
    return found


def test_three_hundred_sentences_with_four_kinds_of_names():
    train, test = (load_entities(split) for split in SPLITS)
    assert len(train) + len(test) >= 300
    for part in (train, test):
        counts = Counter(kind for kind, _ in names_in(part))
        assert set(counts) == set(part.kinds)
        assert len(part.kinds) == 4
        assert min(counts.values()) >= 20


def test_no_name_of_the_test_sentences_was_seen_in_training():
    train, test = (load_entities(split) for split in SPLITS)
    assert not {name for _, name in names_in(train)} & {name for _, name in names_in(test)}
    sentences = [{" ".join(words) for words in part.words} for part in (train, test)]
    assert not sentences[0] & sentences[1]


def test_marks_become_tags_word_by_word(tmp_path, monkeypatch):
    (tmp_path / "entities_train.txt").write_text("At [l Saint John] [p Will] waits, as ever.\n", encoding="utf-8")
    monkeypatch.setattr(reading, "WRITTEN", tmp_path)
    words, tags = reading.read_written_entities("train")
    assert words == [("At", "Saint", "John", "Will", "waits", ",", "as", "ever", ".")]
    assert tags == [("O", "B-place", "I-place", "B-person", "O", "O", "O", "O", "O")]


def test_words_are_cut_at_punctuation_but_not_within():
    assert split_words("Don't touch St. Anna's well-worn door!") == [
        "Don't",
        "touch",
        "St",
        ".",
        "Anna's",
        "well-worn",
        "door",
        "!",
    ]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ((("O",),), "2 words and 1 tags"),
        ((("O", "I-person"),), "'I-person' follows 'O'"),
        ((("B-place", "I-person"),), "'I-person' follows 'B-place'"),
        ((("O", "B-animal"),), "has the tag 'B-animal'"),
        ((), r"each of 1 sentences. Received: len\(tags\)=0"),
    ],
)
def test_tags_that_do_not_fit_are_refused(tags, message):
    with pytest.raises(ValueError, match=message):
        TaggedSentences("x", (("Anna", "sings"),), tags, ("person", "place"))


# ---------------------------------------------------------------- questions


def test_two_hundred_questions_on_sixty_passages_with_true_spans():
    train, test = (load_questions(split) for split in SPLITS)
    assert len(train) + len(test) >= 200
    passages = [set(part.passages) for part in (train, test)]
    assert len(passages[0] | passages[1]) >= 60
    assert not passages[0] & passages[1]
    for part in (train, test):
        assert len(set(part.questions)) == len(part)
        for answer, passage, question in zip(part.answers, part.passages, part.questions, strict=True):
            assert passage.count(answer) == 1  # or the place would be a matter of taste
            assert question.endswith("?")
            assert answer == answer.strip()


def test_a_passage_is_short_and_answers_are_shorter():
    for split in SPLITS:
        part = load_questions(split)
        assert max(len(passage.split()) for passage in part.passages) <= 80
        assert np.median([len(answer.split()) for answer in part.answers]) <= 5


def test_spans_outside_of_the_passage_are_refused():
    for start, end in ((3, 3), (-1, 2), (0, 99)):
        with pytest.raises(ValueError, match=f"the answer {start}:{end} is not in a passage of 8"):
            Questions("x", ("Who?",), ("Dogs run",), np.array([start]), np.array([end]))


# ---------------------------------------------------------------- the type of labelled texts


def test_a_text_data_set_cannot_be_changed_and_draws_balanced():
    texts = tuple(f"text {i}" for i in range(12))
    data = TextDataset("x", texts, np.arange(12) % 3, ("a", "b", "c"))
    with pytest.raises(ValueError, match="read-only"):
        data.labels[0] = 1
    picked, rest = data.pick_per_class(2, seed=1)
    assert Counter(picked.labels.tolist()) == {0: 2, 1: 2, 2: 2}
    assert set(picked.texts) | set(rest.texts) == set(texts)
    assert not set(picked.texts) & set(rest.texts)
    assert data.subset(data.labels == 1).texts == tuple(t for t, y in zip(texts, data.labels, strict=True) if y == 1)
    assert len(data.subset([])) == 0
    with pytest.raises(ValueError, match=r"has 4 texts, and some must be left over.*count=4"):
        data.pick_per_class(4)


@pytest.mark.parametrize(
    ("texts", "labels", "error", "message"),
    [
        ("one string", [0], TypeError, "Received: texts='one string'"),
        (("a", 3), [0, 0], TypeError, "not int. Received: text=3"),
        (("a", "b"), [0], ValueError, "Expected one label a text"),
        (("a",), [2], ValueError, "from 0 to 1. Received: labels=2 to 2"),
        (("a",), [0.5], TypeError, "whole numbers"),
    ],
)
def test_texts_and_labels_that_do_not_fit_are_refused(texts, labels, error, message):
    with pytest.raises(error, match=message):
        TextDataset("x", texts, np.array(labels), ("no", "yes"))


def test_classes_take_turns():
    order = take_turns([0] * 5 + [1] * 3, seed=0)
    assert sorted(order) == list(range(8))
    assert [int(i >= 5) for i in order] == [0, 1, 0, 1, 0, 1, 0, 0]


# ---------------------------------------------------------------- files that others publish


def test_both_forms_of_sst2_are_read(tmp_path):
    plain, glue = tmp_path / "plain", tmp_path / "glue/SST-2"
    for folder in (plain, glue):
        folder.mkdir(parents=True)
    (plain / "test.tsv").write_text('a "fine" film\t1\nno\t0\n', encoding="utf-8")
    (glue / "dev.tsv").write_text("sentence\tlabel\nit works \t1\n", encoding="utf-8")
    (glue / "test.tsv").write_text("index\tsentence\n0\tnobody knows\n", encoding="utf-8")
    assert read_sst2(plain, "test") == (['a "fine" film', "no"], [1, 0])
    assert read_sst2(tmp_path / "glue", "test") == (["it works"], [1])
    (plain / "test.tsv").write_text("good\tyes\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"row 1: expected `sentence<TAB>0 or 1`. Received: row=\['good', 'yes'\]"):
        read_sst2(plain, "test")
    with pytest.raises(FileNotFoundError, match=r"no train\.tsv"):
        read_sst2(plain, "train")


def test_imdb_reviews_are_read_from_their_folders(tmp_path):
    for kind, text in {"neg": "dull<br /><br />long", "pos": "a joy"}.items():
        folder = tmp_path / "aclImdb/train" / kind
        folder.mkdir(parents=True)
        (folder / "0_1.txt").write_text(text, encoding="utf-8")
    assert read_imdb(tmp_path, "train") == (["dull  long", "a joy"], [0, 1])
    with pytest.raises(FileNotFoundError, match="There are no reviews in"):
        read_imdb(tmp_path, "test")


def test_a_tagged_file_is_read_and_a_lonely_inside_tag_begins_a_name(tmp_path):
    path = tmp_path / "x.conll"
    path.write_text("Ann\tB-person\nLee\tI-person\nsang\tO\n\n\nRome\tI-location\n", encoding="utf-8")
    assert read_conll(path) == ([("Ann", "Lee", "sang"), ("Rome",)], [("B-person", "I-person", "O"), ("B-location",)])
    path.write_text("Ann\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected `word<TAB>tag`"):
        read_conll(path)


def test_an_answer_that_is_not_where_the_file_says_is_named(tmp_path):
    asked = {"id": "q7", "question": "Who?", "answers": [{"text": "dog", "answer_start": 2}]}
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"data": [{"title": "t", "paragraphs": [{"context": "A dog ran.", "qas": [asked]}]}]}))
    assert read_squad(path) == [("Who?", "A dog ran.", 2, 5, 0)]
    asked["answers"][0]["answer_start"] = 3
    path.write_text(json.dumps({"data": [{"title": "t", "paragraphs": [{"context": "A dog ran.", "qas": [asked]}]}]}))
    with pytest.raises(ValueError, match="question 'q7': 'dog' is not at 3"):
        read_squad(path)


@pytest.mark.mirror
def test_the_full_profile_reads_the_real_texts(tmp_path, monkeypatch):
    real = Path(os.environ["TLCOURSE_MIRROR_DATA"]) / "text"
    for name in ("SST2", "wnut17", "xquad"):
        (tmp_path / name).symlink_to(real / name)
    with zipfile.ZipFile(real / "aclImdb_4k.zip") as archive:
        archive.extractall(tmp_path)
    monkeypatch.setenv("TLCOURSE_MIRROR", str(tmp_path))
    monkeypatch.setenv("TLCOURSE_PROFILE", "full")
    assert [len(load_reviews("films", split)) for split in SPLITS] == [6920, 1821]
    assert [len(load_reviews("elsewhere", split)) for split in SPLITS] == [2000, 1000]
    train, test = (load_entities(split) for split in SPLITS)
    assert len(train) > 3000
    assert set(test.kinds) == {"corporation", "creative-work", "group", "location", "person", "product"}
    questions = [load_questions(split) for split in SPLITS]
    assert sum(map(len, questions)) == 1190
    assert not set(questions[0].passages) & set(questions[1].passages)


@pytest.mark.parametrize("character", ["\u2028", "\x85", "\x0c", "\x1e"])
def test_a_character_that_looks_like_a_line_end_stays_inside_its_sentence(tmp_path, character):
    (tmp_path / "train.tsv").write_text(f"good{character}film\t1\nbad\t0\n", encoding="utf-8")
    assert read_sst2(tmp_path, "train") == ([f"good{character}film", "bad"], [1, 0])
    (tmp_path / "names.conll").write_text(f"An{character}na\tB-person\nran\tO\n\nhere\tO\n", encoding="utf-8")
    words, tags = read_conll(tmp_path / "names.conll")
    assert words == [(f"An{character}na", "ran"), ("here",)]
    assert tags == [("B-person", "O"), ("O",)]
