"""Tasks of lesson 14: a bag of words without a leak, masked words, a corpus without co-occurrence, a mean without padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 14.1 a bag of words

_TRAIN_WORDS = "film plot cast story a the is was and so very good bad dull warm slow".split()
_TEST_WORDS = "dreary sparkling lamp kettle leaks".split()  # never in training


def _bag_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)

    def text(words: list[str], count: int) -> str:
        drawn = [str(word) for word in rng.choice(words, count)]
        return " ".join(word.capitalize() if rng.random() < 0.3 else word for word in drawn)

    train = [text(_TRAIN_WORDS, int(rng.integers(5, 10))) for _ in range(9)]
    train[0] += " very very Very"  # a word more than once, and the same word with a capital
    known = sorted({word for line in train for word in line.lower().split()})
    test = [text([*known, *_TEST_WORDS], int(rng.integers(5, 10))) for _ in range(6)]
    test[1] = f"{text(_TEST_WORDS, 2)} {known[0]} {known[-1]} {known[0]}"
    test[4] = text(_TEST_WORDS, 4)  # not one word is known
    if len({word for line in test for word in line.lower().split()}) == len(known):
        test[2] += " toaster"  # two lists of words would otherwise be of one length
    return Case(inputs={"train": train, "test": test})


def _bag_probe(answer: Any, inputs: Any) -> Any:
    result = call(answer, list(inputs["train"]), list(inputs["test"]))
    pair = call(tuple, result)
    return {"tables": [array_of(table, "a table") for table in pair[:2]], "length": len(pair)}


def _bags(inputs: Any, wrong: str = "") -> list[np.ndarray]:
    """Return the two tables as asked for, or as one of the known mistakes makes them."""
    parts = [[line if wrong == "capitals-kept" else line.lower() for line in inputs[name]] for name in ("train", "test")]
    lists = [sorted({word for line in part for word in line.split()}) for part in parts]
    both = sorted({*lists[0], *lists[1]})
    used = [both, both] if wrong == "list-from-test-too" else lists if wrong == "two-lists" else [lists[0], lists[0]]
    tables = []
    for part, words in zip(parts, used, strict=True):
        table = np.array([[line.split().count(word) for word in words] for line in part], float)
        tables.append(np.minimum(table, 1) if wrong == "present-or-not" else table)
    if wrong == "column-for-unknown":
        rest = [
            [len(line.split()) - row.sum() for line, row in zip(p, t, strict=True)] for p, t in zip(parts, tables, strict=True)
        ]
        tables = [np.column_stack([table, more]) for table, more in zip(tables, rest, strict=True)]
    return tables


def _columns(tables: list[np.ndarray]) -> list[tuple[float, ...]]:
    """Return the columns of both tables in an order that does not depend on the order of the words."""
    return sorted(tuple(column) for column in np.concatenate(tables).T.tolist())


_BAG_MISTAKES = {
    "list-from-test-too": "The list of words holds words of the test texts: take it only from the training texts.",
    "two-lists": "The test texts were counted with a list of their own: a column means another word in each table.",
    "capitals-kept": "`Good` and `good` are one word: change the texts to lower case first.",
    "present-or-not": "A word that occurs three times in a text counts three.",
    "column-for-unknown": "Words that are not on the list count nowhere; there is no column for them.",
    "unknown-counted-as-another": "Words that are not on the list were counted in the columns of other words.",
}


def _bag_judge(case: Case, evidence: Any) -> Verdict:
    inputs = case.inputs
    if len(evidence["tables"]) != 2 or evidence["length"] != 2:
        return not_earned("The function does not return two tables.", expected="2", received=show(evidence["length"]))
    counts = [need_array(table, "a table", shape=(None, None)) for table in evidence["tables"]]
    rows = [len(table) for table in counts]
    if rows != [len(inputs["train"]), len(inputs["test"])]:
        return not_earned(
            "There is not one row for each text.",
            expected=f"{len(inputs['train'])} and {len(inputs['test'])}",
            received=show(rows),
        )
    wanted = _bags(inputs)
    if all(a.shape == b.shape for a, b in zip(counts, wanted, strict=True)) and _columns(counts) == _columns(wanted):
        return earned("Both tables count with the list of the training texts, and unknown words count nowhere.")
    if counts[0].shape[1] != counts[1].shape[1]:
        own = all(_columns([a]) == _columns([b]) for a, b in zip(counts, _bags(inputs, "two-lists"), strict=True))
        return not_earned(
            "The tables differ in their number of columns.",
            expected=f"{wanted[0].shape[1]} in both",
            received=f"{counts[0].shape[1]} and {counts[1].shape[1]}",
            misconception="two-lists" if own else None,
        )
    for name in ("list-from-test-too", "capitals-kept", "present-or-not", "column-for-unknown"):
        if _columns(counts) == _columns(_bags(inputs, name)):
            return not_earned("Columns or counts differ.", misconception=name)
    total = [len(line.split()) for line in inputs["test"]]
    if counts[1].shape == wanted[1].shape and counts[1].sum(axis=1).tolist() == total:
        return not_earned(
            "All words of the test texts were counted, those of the training texts and the others.",
            expected=show(wanted[1].sum(axis=1)),
            received=show(counts[1].sum(axis=1)),
            misconception="unknown-counted-as-another",
        )
    return not_earned("Columns or counts differ.", expected=f"shape {wanted[1].shape}", received=f"shape {counts[1].shape}")


_BAG = Task(
    id="14.1",
    title="a bag of words",
    points=1,
    hints=(
        "Which texts may decide what is on the list of words?",
        "The list is a sorted set of all words of the training texts in lower case. Then count each of them in each text.",
        "`text.lower().split().count(word)` is one number of a table. Use the same list of words for both tables.",
    ),
    answer_name="bag_of_words",
    misconceptions=_BAG_MISTAKES,
    make_case=_bag_case,
    probe=_bag_probe,
    judge=_bag_judge,
)

# ---------------------------------------------------------------- 14.2 mask words

_PAD, _MASK, _BEGIN, _END, _FIRST_WORD = range(5)
_IGNORED = -1


def _mask_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    count, length = 400, int(rng.integers(16, 22))
    ids = rng.integers(_FIRST_WORD, 60, (count, length))
    ends = rng.integers(6, length, count)
    ids[:, 0] = _BEGIN
    ids[np.arange(count), ends] = _END
    ids[np.arange(length)[None] > ends[:, None]] = _PAD
    return Case(inputs={"ids": ids, "share": float(rng.uniform(0.12, 0.3)), "seed": int(rng.integers(1 << 30))})


def _mask_probe(answer: Any, inputs: Any) -> Any:
    ids, rng = inputs["ids"].copy(), np.random.default_rng(inputs["seed"])
    passes = []
    for _ in range(2):
        pair = call(tuple, call(answer, ids, inputs["share"], rng))
        passes.append([array_of(part, "the result") for part in pair])
    return {"passes": passes, "ids_after": ids}


_MASK_MISTAKES = {
    "changes-input": "Your function changed the caller's ids: the next pass would find masks in place of words. Work on a copy.",
    "masks-padding": "Padding was masked. There is no word to predict at the padding.",
    "masks-begin-and-end": "Number 2 (begins a text) or 3 (ends it) was masked. They are in every text and teach nothing; mask only words.",
    "labels-everywhere": "Every word has a label. The network sees most of these words and would learn to copy them: use -1 there.",
    "zero-is-a-label": "0 is the number of the padding, a label like the others. What the loss must ignore gets -1.",
    "labels-after-masking": "The labels hold the number of [MASK]. Take them from the ids before you replace anything.",
    "nothing-hidden": "The words with labels are still visible in the inputs.",
    "two-draws": "The masked places and the places with labels differ. Use one array of True and False for both.",
    "share-kept": "`share` is the share of hidden words, not of kept words.",
    "same-places-in-each-text": "The same places are hidden in each text. Draw for every word.",
    "same-mask-in-each-pass": "Two passes hide the same words. Draw from the `rng` that you are given.",
}


def _mask_judge(case: Case, evidence: Any) -> Verdict:
    ids, share = case.inputs["ids"], case.inputs["share"]
    if any(len(pair) != 2 for pair in evidence["passes"]):
        return not_earned("The function does not return two arrays.", expected="inputs and labels")
    passes = [[need_array(part, "the result", shape=ids.shape, kinds="iuf") for part in pair] for pair in evidence["passes"]]
    inputs, labels = passes[0]
    words, masked, labelled = ids >= _FIRST_WORD, inputs != ids, labels != _IGNORED
    if not np.array_equal(evidence["ids_after"], ids):
        return not_earned("After the call the ids are not what they were.", misconception="changes-input")
    for name, is_so in (
        ("labels-everywhere", np.array_equal(labels[words], ids[words])),
        ("zero-is-a-label", labelled.all() and (labels[~masked] == 0).mean() > 0.9),
        ("labels-after-masking", labelled.any() and (labels[labelled] == _MASK).all()),
        ("nothing-hidden", labelled.any() and not masked.any()),
        ("two-draws", masked.any() and labelled.any() and not np.array_equal(masked, labelled)),
        ("masks-padding", (masked & (ids == _PAD)).any()),
        ("masks-begin-and-end", (masked & ~words).any()),
    ):
        if is_so:
            return not_earned(
                "Inputs and labels differ from what the task asks for; below is the first text.",
                expected=f"about {share:.0%} of the words masked, of the text {ids[0].tolist()}",
                received=f"inputs {inputs[0].tolist()}, labels {labels[0].tolist()}",
                misconception=name,
            )
    if not masked.any() or not np.array_equal(masked, labelled):
        return not_earned("No word is masked.", expected=f"about {share:.0%} of the words", received="none")
    if not (inputs[masked] == _MASK).all():
        return not_earned("Hidden words must be replaced by 1, [MASK].", received=show(np.unique(inputs[masked])[:6]))
    if not np.array_equal(labels[labelled], ids[labelled]):
        return not_earned("The label of a hidden word is its own number.", received=show(labels[labelled][:6]))
    always = masked[:, 1:6]  # places that hold a word in every text
    if (always == always[0]).all():
        return not_earned("All texts hide the same places.", misconception="same-places-in-each-text")
    found, room = masked.sum() / words.sum(), 4 * np.sqrt(share * (1 - share) / words.sum()) + 0.02
    if abs(found - share) > room:
        mistake = "share-kept" if abs(found - (1 - share)) < room else None
        return not_earned(
            "Another share of the words is hidden.",
            expected=f"about {share:.2f}",
            received=f"{found:.2f}",
            misconception=mistake,
        )
    if np.array_equal(passes[1][0], inputs):
        return not_earned("The second pass hides the same words as the first.", misconception="same-mask-in-each-pass")
    return earned(f"{found:.0%} of the words are hidden and no other token; only hidden words have labels.")


_MASK_WORDS = Task(
    id="14.2",
    title="mask words",
    points=2,
    hints=(
        "Which numbers may be hidden at all? And at which places should the loss be computed?",
        "Make one array of True and False: a random number below `share`, and a word. Use it for the inputs and for the labels.",
        "`hidden = (rng.random(ids.shape) < share) & (ids >= 4)`. With `np.where(hidden, ..., ...)` you get both arrays.",
    ),
    answer_name="mask_words",
    misconceptions=_MASK_MISTAKES,
    make_case=_mask_case,
    probe=_mask_probe,
    judge=_mask_judge,
)

# ---------------------------------------------------------------- 14.3 a corpus without co-occurrence

_CLUBS = (tuple(f"sun{i}" for i in range(12)), tuple(f"rain{i}" for i in range(12)))
_COMMON = ("the", "a", "was")


def _scatter_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    sentences = []
    for place in range(160):
        words = [str(word) for word in rng.choice(_CLUBS[place % 2], int(rng.integers(3, 7)), replace=False)]
        sentences.append([str(word) for word in rng.permutation([*words, *_COMMON[: int(rng.integers(1, 4))]])])
    return Case(inputs={"sentences": sentences, "seeds": [int(s) for s in rng.integers(1 << 30, size=2)]})


def _scatter_probe(answer: Any, inputs: Any) -> Any:
    sentences, found = [list(sentence) for sentence in inputs["sentences"]], []
    for seed in inputs["seeds"]:
        result = call(answer, sentences, np.random.default_rng(seed))
        found.append(call(lambda rows: [[str(word) for word in row] for row in rows], result))
    return {"found": found, "sentences_after": sentences}


def _together(sentences: list[list[str]]) -> float:
    """Return the share of pairs of club words in one sentence that belong to the same club."""
    same = pairs = 0
    for sentence in sentences:
        clubs = [word.startswith("sun") for word in sentence if word not in _COMMON]
        inside, n = sum(clubs), len(clubs)
        pairs += n * (n - 1) // 2
        same += inside * (inside - 1) // 2 + (n - inside) * (n - inside - 1) // 2
    return same / max(pairs, 1)


_SCATTER_MISTAKES = {
    "changes-input": "Your function changed the caller's sentences. The real corpus is needed too; work on a copy.",
    "nothing-shuffled": "The corpus is the same as before.",
    "sentences-reordered": "Only the order of the sentences changed. Each still holds the same words.",
    "shuffled-within": "The words were shuffled within each sentence. They still occur together; distribute them over the whole corpus.",
    "words-drawn-again": "Some words occur more often now and others less, as after drawing with replacement. Keep every count.",
    "other-lengths": "The sentences have other lengths than before: more than the co-occurrence has changed.",
    "not-by-the-rng": "Two generators gave the same corpus. Draw from the `rng` that you are given.",
}


def _scatter_judge(case: Case, evidence: Any) -> Verdict:
    before, (after, again) = case.inputs["sentences"], evidence["found"]
    if evidence["sentences_after"] != before:
        return not_earned("After the call the sentences are not what they were.", misconception="changes-input")
    if after == before:
        return not_earned("Nothing changed.", misconception="nothing-shuffled")
    if sorted(map(tuple, after)) == sorted(map(tuple, before)):
        return not_earned("The same sentences in another order.", misconception="sentences-reordered")
    if [sorted(s) for s in after] == [sorted(s) for s in before]:
        return not_earned("Each sentence holds the words that it held before.", misconception="shuffled-within")
    bags = [sorted(word for sentence in sentences for word in sentence) for sentences in (before, after)]
    if bags[0] != bags[1]:
        name = "words-drawn-again" if len(bags[0]) == len(bags[1]) and set(bags[1]) <= set(bags[0]) else None
        return not_earned("The words of the corpus do not occur as often as before.", misconception=name)
    if [len(s) for s in after] != [len(s) for s in before]:
        return not_earned("The lengths of the sentences changed.", misconception="other-lengths")
    if _together(after) > 0.62:
        return not_earned(
            "Words of one kind still occur together.",
            expected="about half of the pairs in a sentence of one kind",
            received=f"{_together(after):.2f} (before: {_together(before):.2f})",
        )
    if after == again:
        return not_earned("Two different generators gave the same corpus.", misconception="not-by-the-rng")
    return earned(
        f"Same words, same lengths, no co-occurrence: {_together(after):.2f} of the pairs are of one kind, {_together(before):.2f} before."
    )


_SCATTER = Task(
    id="14.3",
    title="a corpus without co-occurrence",
    points=2,
    hints=(
        "What should differ from the real corpus, and what has to stay the same to keep the comparison fair?",
        "Put the words of all sentences into one list, shuffle it, and fill the sentences again, each with as many words as before.",
        "`words = iter(rng.permutation(all_words))`, where `all_words` is one flat list. `next(words)` gives one word after the other.",
    ),
    answer_name="scatter",
    misconceptions=_SCATTER_MISTAKES,
    make_case=_scatter_case,
    probe=_scatter_probe,
    judge=_scatter_judge,
)

# ---------------------------------------------------------------- 14.4 the mean over words


def _mean_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    count, length, width = 7, int(rng.integers(6, 10)), int(rng.integers(11, 15))
    real = np.arange(length)[None] < rng.integers(2, length, count)[:, None]
    real[2] = True
    real[4] = False  # an empty text
    states = rng.normal(1.0, 2.0, (count, length, width))
    states[~real] += 30.0  # networks compute numbers at the padding, too
    return Case(inputs={"states": states, "real": real})


def _mean_probe(answer: Any, inputs: Any) -> Any:
    states, real = inputs["states"].copy(), inputs["real"].copy()
    with np.errstate(all="ignore"):
        means = call(answer, states, real)
    return {"means": array_of(means, "the means"), "unchanged": bool(np.array_equal(states, inputs["states"]))}


_MEAN_MISTAKES = {
    "averages-padding": "Padding is in the mean: the features of a text depend on the amount of its padding.",
    "divided-by-the-length": "The sum leaves the padding out, but it was divided by the length of the row, padding included.",
    "sum-not-mean": "That is the sum. Long texts would have large features, whatever they say.",
    "first-token-only": "That is the state of the first token only.",
    "nan-for-an-empty-text": "A text without a word gives 0 / 0, which is nan. Its row should be zeros: divide by at least 1.",
    "one-text-mean": "All texts were averaged together; each text has its own row.",
    "changes-input": "Your function changed the states. Work on a copy.",
}


def _mean_judge(case: Case, evidence: Any) -> Verdict:
    states, real = case.inputs["states"], case.inputs["real"]
    count, length, width = states.shape
    if not evidence["unchanged"]:
        return not_earned("After the call the states are not what they were.", misconception="changes-input")
    found = np.asarray(evidence["means"])
    total = np.where(real[..., None], states, 0).sum(axis=1)
    words = real.sum(axis=1)[:, None]
    wanted = total / np.maximum(words, 1)
    if found.shape == (width,):
        means = (total.sum(axis=0) / words.sum(), wanted.mean(axis=0), states.mean(axis=(0, 1)))
        return not_earned(
            "There is one row for all texts.",
            expected=f"shape ({count}, {width})",
            received=f"shape {found.shape}",
            misconception="one-text-mean" if any(np.allclose(found, each, atol=1e-4) for each in means) else None,
        )
    found = need_array(found, "the means", shape=(count, width))
    if np.allclose(found, wanted, atol=1e-4):
        return earned("Each row is the mean over the words of its text, without the padding; an empty text gives zeros.")
    full = words[:, 0] > 0
    variants = {
        "averages-padding": states.mean(axis=1),
        "divided-by-the-length": total / length,
        "sum-not-mean": total,
        "first-token-only": states[:, 0],
    }
    for name, values in variants.items():
        if np.allclose(found[full], values[full], atol=1e-4):
            return not_earned(
                "The means differ.", expected=show(wanted[0, :3]), received=show(found[0, :3]), misconception=name
            )
    if np.allclose(found[full], wanted[full], atol=1e-4):
        return not_earned(
            "The row of the text without a word is not zeros.",
            expected="0 in every column",
            received=show(found[~full][0, :3]),
            misconception="nan-for-an-empty-text" if np.isnan(found[~full]).all() else None,
        )
    return not_earned("The means differ.", expected=show(wanted[0, :3]), received=show(found[0, :3]))


_MEAN = Task(
    id="14.4",
    title="the mean over words",
    points=1,
    hints=(
        "Which places belong in the sum, and by what do you divide it?",
        "Set the states at the padding to 0, add over axis 1, and divide by the number of words of each text.",
        "`states * real[..., None]` is 0 at the padding. `np.maximum(..., 1)` prevents a division by 0.",
    ),
    answer_name="mean_over_words",
    misconceptions=_MEAN_MISTAKES,
    make_case=_mean_case,
    probe=_mean_probe,
    judge=_mean_judge,
)

TASKS = (_BAG, _MASK_WORDS, _SCATTER, _MEAN)
