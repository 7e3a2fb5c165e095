"""Scores of names and answers, against cases worked out by hand."""

from __future__ import annotations

import pytest

from tlcourse.evaluate import entity_scores, entity_spans, exact_match, word_f1


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("O O O", set()),
        ("B-per I-per O B-loc", {(0, 1, "per"), (3, 3, "loc")}),
        ("B-per B-per", {(0, 0, "per"), (1, 1, "per")}),
        ("B-per I-loc I-loc", {(0, 0, "per"), (1, 2, "loc")}),  # an inside of another kind begins a name
        ("O I-per I-per", {(1, 2, "per")}),
        ("B-per O I-per", {(0, 0, "per"), (2, 2, "per")}),
        ("", set()),
    ],
)
def test_names_are_runs_of_tags(tags, spans):
    assert entity_spans(tags.split()) == spans


@pytest.mark.parametrize("tag", ["X-per", "B", "person", "I-"])
def test_tags_of_another_form_are_named(tag):
    with pytest.raises(ValueError, match="Expected tags like"):
        entity_spans(["O", tag])


def test_a_name_counts_only_as_a_whole():
    true = ["B-per I-per O B-loc O".split(), "B-org O".split()]
    said = ["B-per O O B-loc O".split(), "B-per O".split()]  # one too short, one right, one of the wrong kind
    assert entity_scores(true, said) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    said = ["B-per I-per O B-loc B-loc".split(), "O O".split()]  # two right, one invented, one missed
    assert entity_scores(true, said) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert entity_scores(true, true) == (1, 1, 1)


def test_nothing_said_and_nothing_to_say_score_zero():
    true = ["B-per O".split()]
    assert entity_scores(true, [["O", "O"]]) == (0, 0, 0)
    assert entity_scores([["O", "O"]], true) == (0, 0, 0)


def test_other_numbers_of_sentences_or_words_are_refused():
    with pytest.raises(ValueError, match=r"tags for 1 sentences. Received: len\(said_tags\)=2"):
        entity_scores([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match=r"Sentence 0 has 1 words. Received: len\(said_tags\[0\]\)=2"):
        entity_scores([["O"]], [["O", "O"]])


@pytest.mark.parametrize(
    ("true", "said", "same", "f1"),
    [
        ("the old bridge", "The old bridge.", True, 1.0),
        ("an oak", "oak", True, 1.0),
        ("the old stone bridge", "old bridge", False, 2 * 2 / (3 + 2)),
        ("two two", "two", False, 2 * 1 / (2 + 1)),
        ("red", "blue", False, 0.0),
        ("the", "a", True, 1.0),  # nothing but articles: both are empty
        ("the", "oak", False, 0.0),
    ],
)
def test_answers_are_compared_without_case_articles_and_punctuation(true, said, same, f1):
    assert exact_match(true, said) == same
    assert word_f1(true, said) == pytest.approx(f1)
    assert word_f1(said, true) == pytest.approx(f1)
