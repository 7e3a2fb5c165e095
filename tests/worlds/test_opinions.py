"""The made language: each knob moves what its name says, and nothing else."""

import numpy as np
import pytest

from tlcourse.worlds import OPINION_PROMPT, OPINION_VERDICTS, draw_opinions
from tlcourse.worlds.opinions import _SHARED, _TOPICS, TOPICS


def words_of_sides(half):
    """Return the words of complaint and of praise of one half."""
    return [
        {w for t in TOPICS for w in _TOPICS[t][1 + side][half].split()} | set(_SHARED[side][half].split()) for side in (0, 1)
    ]


def vocabulary(drawn):
    return {word for text in drawn.texts for word in text.split()}


def test_the_same_seed_gives_the_same_texts_and_another_seed_others():
    assert draw_opinions(50, 3).texts == draw_opinions(50, 3).texts
    assert draw_opinions(50, 3).texts != draw_opinions(50, 4).texts


def test_half_of_the_texts_praise_and_all_topics_occur():
    drawn = draw_opinions(2000, 0)
    assert abs(drawn.labels.mean() - 0.5) < 0.05
    assert set(drawn.topics) == set(TOPICS)


def test_no_word_of_one_half_occurs_in_the_other_and_both_sides_share_none():
    first, second = (draw_opinions(2000, seed, split=split) for seed, split in enumerate(("train", "test")))
    for half, drawn in enumerate((first, second)):
        mine, others = words_of_sides(half), words_of_sides(1 - half)
        assert set.union(*mine) <= vocabulary(drawn)
        assert not set.union(*others) & vocabulary(drawn)
        assert not mine[0] & mine[1]


def test_without_turned_opinions_only_words_of_its_own_side_occur_and_with_all_turned_no_plain_ones():
    sides = [words_of_sides(0)[s] | words_of_sides(1)[s] for s in (0, 1)]
    for text, label in zip(*(lambda d: (d.texts, d.labels))(draw_opinions(500, 1, turned=0)), strict=True):
        assert not set(text.split()) & sides[1 - label]
    for text, label in zip(*(lambda d: (d.texts, d.labels))(draw_opinions(500, 1, turned=1)), strict=True):
        assert set(text.split()) & sides[1 - label]


def test_verdicts_follow_the_share_the_side_and_the_topics_asked_for():
    drawn = draw_opinions(3000, 2, verdicts=0.5, verdict_topics=("food",))
    told = np.array([OPINION_PROMPT in text for text in drawn.texts])
    food = np.array([topic == "food" for topic in drawn.topics])
    assert not told[~food].any()
    assert abs(told[food].mean() - 0.5) < 0.06
    for text, label, tells in zip(drawn.texts, drawn.labels, told, strict=True):
        assert not tells or text.endswith(f"{OPINION_PROMPT} {OPINION_VERDICTS[label]} .")
    plain = draw_opinions(3000, 2)
    assert [text.split(f" {OPINION_PROMPT}")[0] for text in drawn.texts] == list(plain.texts)
    assert np.array_equal(drawn.labels, plain.labels)


def test_people_keep_their_pronoun():
    pairs = {"anna": "she", "mara": "she", "lena": "she", "rosa": "she", "tom": "he", "paul": "he", "emil": "he", "jan": "he"}
    for text in draw_opinions(500, 5).texts:
        words = text.split()
        names = [word for word in words if word in pairs]
        assert not {"she", "he"} & set(words) - {pairs[name] for name in names}


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": 2.5},
        {"seed": -1},
        {"topics": ()},
        {"topics": ("cars",)},
        {"split": "third"},
        {"turned": 1.5},
        {"verdicts": -1},
    ],
)
def test_wrong_arguments_are_named(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=name):
        draw_opinions(**{"count": 5, **wrong})
