"""A small made language: remarks on things, in which words have a topic, a side (praise or complaint) and a grammar.

Only in a made language is it known which words were never labelled, which sentences reverse their sense, and what a reader should
conclude.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tlcourse.arguments import require_number, require_one_of, require_whole

PROMPT = "in short :"
VERDICTS = ("bad", "good")

# Topic: things (one, several), words of complaint and of praise in two halves each, and what people did with the thing.
_TOPICS = MappingProxyType(
    {
        "food": (
            "soup soups/cake cakes/pie pies/stew stews",
            ("stale burnt bland", "sour greasy salty"),
            ("fresh crisp tender", "tasty fragrant creamy"),
            ("ordered", "tried"),
        ),
        "rooms": (
            "room rooms/flat flats/cabin cabins/hall halls",
            ("damp noisy gloomy", "filthy draughty shabby"),
            ("bright cosy quiet", "spotless airy sunny"),
            ("rented", "visited"),
        ),
        "films": (
            "film films/story stories/comedy comedies/drama dramas",
            ("dull silly clumsy", "shallow tedious lifeless"),
            ("gripping witty moving", "charming thrilling clever"),
            ("saw", "discussed"),
        ),
    }
)
TOPICS = tuple(_TOPICS)
_SHARED = (("bad poor", "awful dreadful"), ("good fine", "lovely splendid"))
_WOMEN, _MEN = "anna mara lena rosa".split(), "tom paul emil jan".split()
_DAYS = "monday tuesday friday saturday sunday".split()
_ENDS = (
    (
        "{p} asked for the money back",
        "{p} left early and went home angry",
        "{p} told everybody to stay away",
        "{p} gave {o} to the neighbours",
        "{p} will never do that again",
        "{p} regretted every penny",
    ),
    (
        "{p} thanked everybody twice",
        "{p} went home with a smile",
        "{p} told all friends about {o}",
        "{p} would not give {o} away",
        "{p} will come back next week",
        "{p} wished for one more",
    ),
)


@dataclass(frozen=True)
class Opinions:
    """What `draw_opinions` returns.

    Args:
        texts: Words in lower case and full stops, with blanks between them.
        labels: `(n,)` int64; 1 where the text praises, 0 where it complains.
        topics: One of `TOPICS` for each text.
    """

    texts: tuple[str, ...]
    labels: np.ndarray
    topics: tuple[str, ...]


def draw_opinions(
    count: int,
    seed: int = 0,
    *,
    topics: tuple[str, ...] = TOPICS,
    split: str = "both",
    turned: float = 0.4,
    verdicts: float = 0.0,
    verdict_topics: tuple[str, ...] = TOPICS,
) -> Opinions:
    """Draw short texts that praise or complain, half of each on average.

    Args:
        count: 1 or more.
        seed: 0 or more.
        topics: What the texts are about.
        split: Which words of praise and complaint may occur: "train", "test" (no word of one split is in the other) or "both".
        turned: Share of opinions that say the opposite of their words: denied, or taken back after "but"; 0 to 1.
        verdicts: Share of texts that end with `PROMPT` and "good" or "bad", 0 to 1.
        verdict_topics: Topics of which such verdicts are given.

    Returns:
        The texts with their labels.

    Raises:
        ValueError: If an argument is out of range.
    """
    require_whole("count", count, 1)
    require_whole("seed", seed, 0)
    require_number("turned", turned, 0, 1)
    require_number("verdicts", verdicts, 0, 1)
    unknown = sorted({*topics, *verdict_topics} - set(TOPICS))
    if unknown or not topics:
        raise ValueError(f"`topics` must be some of {', '.join(TOPICS)}. Received: topics={tuple(unknown or topics)}.")
    require_one_of("split", split, ("train", "test", "both"))
    rng = np.random.default_rng(seed)
    drawn = [_draw_one(rng, str(rng.choice(topics)), int(rng.integers(2)), split, turned) for _ in range(count)]
    endings = rng.random(count) < verdicts
    texts = [
        f"{text} {PROMPT} {VERDICTS[side]} ." if ends and topic in verdict_topics else text
        for (text, side, topic), ends in zip(drawn, endings, strict=True)
    ]
    return Opinions(tuple(texts), np.array([side for _, side, _ in drawn], np.int64), tuple(topic for _, _, topic in drawn))


def _draw_one(rng: np.random.Generator, topic: str, side: int, split: str, turned: float) -> tuple[str, int, str]:
    """Return a text, its side and its topic."""
    things, *words, verbs = _TOPICS[topic]
    splits = {"train": (0,), "test": (1,), "both": (0, 1)}[split]
    sides = [[w for place in splits for part in (words[s], _SHARED[s]) for w in part[place].split()] for s in (0, 1)]
    pick = lambda options: str(options[rng.integers(len(options))])  # noqa: E731
    several = rng.random() < 0.4
    thing = pick(things.split("/")).split()[int(several)]
    was, them = ("were", "them") if several else ("was", "it")
    woman = rng.random() < 0.5
    name, pronoun = (pick(_WOMEN), "she") if woman else (pick(_MEN), "he")

    def opinion(subject: str) -> str:
        if rng.random() < turned:
            wrong, right = pick(sides[1 - side]), pick(sides[side])
            return pick(
                (
                    f"{subject} {was} not {wrong}",
                    f"{subject} looked {wrong} at first , but in the end {was} {right}",
                    f"nobody could call {them} {wrong}",
                    f"{subject} {was} said to be {wrong} , but {pronoun} found {them} {right}",
                    f"there was nothing {wrong} about {them}",
                )
            )
        return pick(
            (
                f"{subject} {was} {pick(sides[side])}",
                f"{subject} {was} {pick(sides[side])} and {pick(sides[side])}",
                f"{subject} {was} really {pick(sides[side])}",
                f"{pronoun} found {them} {pick(sides[side])}",
                f"what {'' if several else 'a '}{pick(sides[side])} {thing}",
            )
        )

    parts = [f"{name} {pick(verbs)} the {thing} on {pick(_DAYS)}"] if rng.random() < 0.7 else []
    pronoun = pronoun if parts else name
    parts.append(opinion(f"the {thing}"))
    if rng.random() < 0.5:
        parts.append(opinion("they" if several else "it"))
    if rng.random() < 0.5:
        parts.append(pick(_ENDS[side]).format(p=pronoun, o=them))
    return " . ".join(parts) + " .", side, topic
