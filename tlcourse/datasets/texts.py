"""Frozen types for labelled texts: whole texts, words with tags, questions with the place of their answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tlcourse.datasets.dataset import frozen_view
from tlcourse.datasets.drawing import draw_positions_per_class


@dataclass(frozen=True, eq=False)
class TextDataset:
    """Labelled texts that nothing can change by accident.

    Args:
        name: What figures and messages call it.
        texts: One string each.
        labels: `(n,)` whole numbers from 0 to the number of classes - 1.
        class_names: One for each label.
        licence: Of the texts.
        origin: Where they come from.
        profile: "embedded" or "full".
        tones: How each text says it, "plain" (the opinion is stated) or "dry" (irony, or facts only); empty where it is not known.

    Raises:
        TypeError: If labels are no whole numbers, or a text is no string.
        ValueError: If there is not one label a text, or a label has no class.
    """

    name: str
    texts: tuple[str, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    licence: str = ""
    origin: str = ""
    profile: str = ""
    tones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.texts, str):
            raise TypeError(f"Expected several texts, so pass [text]. Received: texts={self.texts[:40]!r}.")
        texts, labels = tuple(self.texts), np.asarray(self.labels)
        wrong = next((text for text in texts if not isinstance(text, str)), None)
        if wrong is not None:
            raise TypeError(f"Expected texts as strings, not {type(wrong).__name__}. Received: text={wrong!r}.")
        if labels.shape != (len(texts),):
            raise ValueError(f"Expected one label a text, shape ({len(texts)},). Received: labels.shape={labels.shape}.")
        if not np.issubdtype(labels.dtype, np.integer):
            raise TypeError(f"Expected labels that are whole numbers. Received: labels.dtype={labels.dtype}.")
        if labels.size and not (0 <= labels.min() and labels.max() < len(self.class_names)):
            raise ValueError(
                f"Expected labels from 0 to {len(self.class_names) - 1}. Received: labels={labels.min()} to {labels.max()}."
            )
        if self.tones and len(self.tones) != len(texts):
            raise ValueError(f"Expected one tone a text, {len(texts)}, or none. Received: len(tones)={len(self.tones)}.")
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "labels", frozen_view(labels.astype(np.int64)))
        object.__setattr__(self, "class_names", tuple(str(name) for name in self.class_names))

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        words = np.median([len(text.split()) for text in self.texts]) if self.texts else 0
        return f"<{self.name}: {len(self):,} texts of about {words:.0f} words, {len(self.class_names)} classes, {self.profile}>"

    @property
    def num_classes(self) -> int:
        """Number of classes, drawn or not."""
        return len(self.class_names)

    def subset(self, indices: Sequence[int] | np.ndarray) -> TextDataset:
        """Return some of the texts, in this order.

        Args:
            indices: Positions or a mask.
        """
        places = np.arange(len(self))[np.asarray(indices, dtype=None if np.size(indices) else np.int64)]
        tones = tuple(self.tones[place] for place in places) if self.tones else ()
        return replace(self, texts=tuple(self.texts[place] for place in places), labels=self.labels[places], tones=tones)

    def pick_per_class(self, count: int, seed: int | Sequence[int] = 0) -> tuple[TextDataset, TextDataset]:
        """Draw `count` texts of each class at random.

        The same seed with a smaller `count` draws a part of the same texts.

        Args:
            count: Texts of each class.
            seed: The same seed gives the same draw.

        Returns:
            `(picked, rest)`, disjoint, `picked` shuffled.

        Raises:
            ValueError: If a class has too few texts, so nothing of it would be left in `rest`.
        """
        learn, rest = draw_positions_per_class(self.labels, self.class_names, count, seed, what="texts")
        return self.subset(np.random.default_rng(seed).permutation(learn)), self.subset(rest)


@dataclass(frozen=True, eq=False)
class TaggedSentences:
    """Sentences as words, each word with a tag that says whether it is part of a name, and of what kind.

    Tags are those of the CoNLL tasks: `B-person` begins a name, `I-person` goes on with it, `O` is outside of all names.

    Args:
        name: What figures and messages call it.
        words: The words of each sentence.
        tags: As many tags as words.
        kinds: Of names, such as "person".
        licence: Of the texts.
        origin: Where they come from.
        profile: "embedded" or "full".

    Raises:
        ValueError: If a sentence has more or fewer tags than words, a tag is unknown, or an `I-` follows no name of its kind.
    """

    name: str
    words: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        if len(self.words) != len(self.tags):
            raise ValueError(f"Expected tags for each of {len(self.words)} sentences. Received: len(tags)={len(self.tags)}.")
        known = {"O", *(f"{prefix}-{kind}" for prefix in "BI" for kind in self.kinds)}
        for number, (words, tags) in enumerate(zip(self.words, self.tags, strict=True)):
            if len(words) != len(tags):
                raise ValueError(f"Sentence {number} has {len(words)} words and {len(tags)} tags: {' '.join(words)!r}.")
            for before, tag in zip(("O", *tags), tags, strict=False):
                if tag not in known:
                    raise ValueError(f"Sentence {number} has the tag {tag!r}. Expected one of {', '.join(sorted(known))}.")
                if tag.startswith("I-") and before[1:] != tag[1:]:
                    raise ValueError(f"Sentence {number}: {tag!r} follows {before!r}; a name begins with {'B' + tag[1:]!r}.")

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        count = sum(tag.startswith("B-") for tags in self.tags for tag in tags)
        return f"<{self.name}: {len(self):,} sentences, {count:,} names of {len(self.kinds)} kinds, {self.profile}>"

    def subset(self, indices: Sequence[int] | np.ndarray) -> TaggedSentences:
        """Return some of the sentences, in this order.

        Args:
            indices: Positions.
        """
        places = [int(place) for place in indices]
        return replace(self, words=tuple(self.words[i] for i in places), tags=tuple(self.tags[i] for i in places))


@dataclass(frozen=True, eq=False)
class Questions:
    """Questions about passages; each answer is a piece of its passage.

    Args:
        name: What figures and messages call it.
        questions: `n` strings.
        passages: `n` strings; questions about one passage repeat it.
        starts: `(n,)` place of the answer's first character in the passage.
        ends: `(n,)` place after its last character.
        licence: Of the texts.
        origin: Where they come from.
        profile: "embedded" or "full".

    Raises:
        ValueError: If lengths differ, or a span does not lie in its passage.
    """

    name: str
    questions: tuple[str, ...]
    passages: tuple[str, ...]
    starts: np.ndarray
    ends: np.ndarray
    licence: str = ""
    origin: str = ""
    profile: str = ""

    def __post_init__(self) -> None:
        starts, ends = np.asarray(self.starts, np.int64), np.asarray(self.ends, np.int64)
        if not len(self.questions) == len(self.passages) == len(starts) == len(ends):
            lengths = [len(part) for part in (self.questions, self.passages, starts, ends)]
            raise ValueError(f"Expected one passage, start and end for each question. Received: lengths={lengths}.")
        for number, (passage, start, end) in enumerate(zip(self.passages, starts, ends, strict=True)):
            if not 0 <= start < end <= len(passage):
                raise ValueError(
                    f"Question {number}: the answer {start}:{end} is not in a passage of {len(passage)} characters."
                )
        object.__setattr__(self, "starts", frozen_view(starts))
        object.__setattr__(self, "ends", frozen_view(ends))

    def __len__(self) -> int:
        return len(self.questions)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} questions about {len(set(self.passages)):,} passages, {self.profile}>"

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers, cut from the passages."""
        return tuple(p[s:e] for p, s, e in zip(self.passages, self.starts, self.ends, strict=True))

    def subset(self, indices: Sequence[int] | np.ndarray) -> Questions:
        """Return some of the questions, in this order.

        Args:
            indices: Positions.
        """
        places = np.asarray([int(place) for place in indices], np.int64)
        questions, passages = (tuple(part[i] for i in places) for part in (self.questions, self.passages))
        return replace(self, questions=questions, passages=passages, starts=self.starts[places], ends=self.ends[places])
