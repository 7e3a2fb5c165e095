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
        name: what figures and messages call it.
        texts: one string each.
        labels: `(n,)` whole numbers from 0 to the number of classes - 1.
        class_names: one for each label.
        licence: of the texts.
        origin: where they come from.
        profile: "embedded" or "full".
        tones: how each text says it, "plain" (the opinion said outright) or "dry" (irony, or facts that speak); empty where nobody knows.

    Raises:
        TypeError: labels are no whole numbers, or a text is no string.
        ValueError: there is not one label a text, or a label has no class.
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
            raise TypeError(f"Expected several texts. Received one string: {self.texts[:40]!r}. Pass [text].")
        texts, labels = tuple(self.texts), np.asarray(self.labels)
        wrong = next((text for text in texts if not isinstance(text, str)), None)
        if wrong is not None:
            raise TypeError(f"Expected texts as strings. Received: {wrong!r} of type {type(wrong).__name__}.")
        if labels.shape != (len(texts),):
            raise ValueError(f"Expected one label a text, shape ({len(texts)},). Received: shape={labels.shape}.")
        if not np.issubdtype(labels.dtype, np.integer):
            raise TypeError(f"Expected labels that are whole numbers. Received: dtype={labels.dtype}.")
        if labels.size and not (0 <= labels.min() and labels.max() < len(self.class_names)):
            raise ValueError(
                f"Expected labels from 0 to {len(self.class_names) - 1}. Received: {labels.min()} to {labels.max()}."
            )
        if self.tones and len(self.tones) != len(texts):
            raise ValueError(f"Expected one tone a text, {len(texts)}, or none. Received: {len(self.tones)}.")
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
        """Return the texts at these positions (or where a mask is True), in this order."""
        places = np.arange(len(self))[np.asarray(indices, dtype=None if np.size(indices) else np.int64)]
        tones = tuple(self.tones[place] for place in places) if self.tones else ()
        return replace(self, texts=tuple(self.texts[place] for place in places), labels=self.labels[places], tones=tones)

    def pick_per_class(self, count: int, seed: int | Sequence[int] = 0) -> tuple[TextDataset, TextDataset]:
        """Draw `count` texts of each class at random.

        The same seed with a smaller `count` draws a part of the same texts.

        Returns:
            `(picked, rest)`, disjoint, `picked` shuffled.

        Raises:
            ValueError: a class has too few texts, so that nothing of it would be left in `rest`.
        """
        learn, rest = draw_positions_per_class(self.labels, self.class_names, count, seed, what="texts")
        return self.subset(np.random.default_rng(seed).permutation(learn)), self.subset(rest)


@dataclass(frozen=True, eq=False)
class TaggedSentences:
    """Sentences as words, each word with the tag that says whether it belongs to a name, and to what kind.

    Tags are those of the CoNLL tasks: `B-person` begins a name, `I-person` goes on with it, `O` is outside of all names.

    Args:
        name: what figures and messages call it.
        words: the words of each sentence.
        tags: as many tags as words.
        kinds: of names, such as "person".
        licence: of the texts.
        origin: where they come from.
        profile: "embedded" or "full".

    Raises:
        ValueError: a sentence has more or fewer tags than words, a tag is unknown, or an `I-` follows no name of its kind.
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
            raise ValueError(
                f"Expected tags for each sentence. Received: {len(self.words)} sentences, {len(self.tags)} of tags."
            )
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
        """Return the sentences at these positions, in this order."""
        places = [int(place) for place in indices]
        return replace(self, words=tuple(self.words[i] for i in places), tags=tuple(self.tags[i] for i in places))


@dataclass(frozen=True, eq=False)
class Questions:
    """Questions about passages; each answer is a piece of its passage.

    Args:
        name: what figures and messages call it.
        questions: `n` strings.
        passages: `n` strings; questions about one passage repeat it.
        starts: `(n,)` place of the answer's first character in the passage.
        ends: `(n,)` place after its last character.
        licence: of the texts.
        origin: where they come from.
        profile: "embedded" or "full".

    Raises:
        ValueError: lengths differ, or a span does not lie in its passage.
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
            raise ValueError(f"Expected one passage, start and end for each question. Received lengths: {lengths}.")
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
        """Return the questions at these positions, in this order."""
        places = np.asarray([int(place) for place in indices], np.int64)
        questions, passages = (tuple(part[i] for i in places) for part in (self.questions, self.passages))
        return replace(self, questions=questions, passages=passages, starts=self.starts[places], ends=self.ends[places])
