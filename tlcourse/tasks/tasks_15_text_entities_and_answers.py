"""Tasks of lesson 15: labels for pieces of words, scores of whole names, the best spans that are answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 15.1 labels for pieces of words

_NOT_COUNTED = -1


def _align_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = []
    for kind in ("short", "pieces", "empty word", "fits exactly", "cut in a word", "cut after a word"):
        words = int(rng.integers(4, 8))
        pieces = rng.integers(1, 4, words)
        pieces[int(rng.integers(words - 1))] = 2
        if kind == "short":
            pieces[:] = 1
        if kind == "empty word":
            pieces[int(rng.integers(words - 2))] = 0
        if kind.startswith("cut"):
            pieces[-2:] = 3, 2
        total = int(pieces.sum())
        length = total + 2 + int(rng.integers(2, 6))
        if kind == "fits exactly":
            length = total + 2
        if kind.startswith("cut"):
            length = total + (-1 if kind == "cut in a word" else 0)  # room for 1 piece of the last word but one, or for all 3
            length -= 0 if kind == "cut after a word" else 1
        tags = rng.integers(0, 5, words)
        tags[-2:] = 1, 2
        rows.append({"tags": tags.tolist(), "pieces": pieces.tolist(), "length": length})
    return Case(inputs={"rows": rows})


def _align_probe(answer: Any, inputs: Any) -> Any:
    rows = inputs["rows"]
    return {"found": [array_of(call(answer, list(r["tags"]), list(r["pieces"]), r["length"]), "the labels") for r in rows]}


def _aligned(row: Any, wrong: str = "") -> list[int]:
    """Return the labels as asked for, or as one of the known mistakes makes them."""
    length = row["length"]
    rest = 0 if wrong == "outside-is-a-label" else _NOT_COUNTED
    room = length - (1 if wrong == "no-room-for-the-end" else 2)
    labels: list[int] = []
    for tag, count in zip(row["tags"], row["pieces"], strict=True):
        count = max(count, 1) if wrong == "empty-words-take-a-place" else count
        if wrong == "cut-word-dropped" and len(labels) + count > room:
            break
        if wrong == "every-piece":
            labels += [tag] * count
        elif wrong == "last-piece":
            labels += [rest] * (count - 1) + [tag] * min(count, 1)
        else:
            labels += [tag] * min(count, 1) + [rest] * (count - 1)
    first = [] if wrong == "begins-at-the-first-word" else [rest]
    labels = [*first, *labels[:room]]
    return labels + [rest] * (length - len(labels))


_ALIGN_MISTAKES = {
    "every-piece": "Every piece has its word's label: a long word then counts several times. Only its first piece has it.",
    "last-piece": "The label stands at the last piece of each word; it belongs to the first.",
    "outside-is-a-label": "0 is a label like the others (outside of names). What is not to be counted gets -1.",
    "begins-at-the-first-word": "The first token of the row is [CLS], so everything is one place further to the right.",
    "no-room-for-the-end": "[SEP] is the last token of a row that was cut, too: there is room for `length - 2` pieces.",
    "empty-words-take-a-place": "A word without pieces has no token. If it takes a place, every label after it belongs to another word.",
    "cut-word-dropped": "A word that is cut in its middle still has its first piece in the row, and its label there.",
    "wrong-length": "The row has `length` labels, whatever the sentence: cut what is too long, fill up with -1.",
}


def _align_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [need_array(labels, "the result", shape=(None,), kinds="iu").tolist() for labels in evidence["found"]]
    wanted = [_aligned(row) for row in rows]
    if found == wanted:
        return earned("Each word's label stands at its first piece, and nothing else is counted, cut sentences included.")
    mistake = next((name for name in _ALIGN_MISTAKES if found == [_aligned(row, name) for row in rows]), None)
    if mistake is None and any(len(f) != len(w) for f, w in zip(found, wanted, strict=True)):
        mistake = "wrong-length"
    bad = next(place for place in range(len(rows)) if found[place] != wanted[place])
    row = rows[bad]
    return not_earned(
        f"For the words' labels {show(row['tags'])} with {show(row['pieces'])} pieces and length={row['length']}, other labels come out.",
        expected=str(wanted[bad]),
        received=show(found[bad]),
        misconception=mistake,
    )


_ALIGN = Task(
    id="15.1",
    title="labels for pieces of words",
    points=2,
    hints=(
        "Write the row of tokens down for three words of 1, 2 and 0 pieces. Where is the first piece of each?",
        "Build the labels of all pieces first: for each word its label, then -1 for its other pieces. Then cut, then [CLS] and [SEP].",
        "labels += ([tag] + [-1] * (count - 1)) if count else []; then [-1] + labels[: length - 2], filled up with -1",
    ),
    answer_name="label_pieces",
    misconceptions=_ALIGN_MISTAKES,
    make_case=_align_case,
    probe=_align_probe,
    judge=_align_judge,
)

# ---------------------------------------------------------------- 15.2 scores of whole names

_KINDS = ("person", "place", "work")
_BY_HAND: tuple[tuple[str, str], ...] = (  # true and said, sentences apart by a bar
    ("B-person I-person O B-place O", "B-person O O B-place O"),  # too short
    ("B-place O O", "B-person O O"),  # wrong kind
    ("B-person B-person O", "B-person I-person O"),  # two neighbours
    ("O B-work I-work I-work", "O I-work I-work I-work"),  # begins with an inside
    ("B-person I-person I-person O", "B-person I-person I-work O"),  # another kind in the middle
    ("O O B-person|B-person O O", "O O B-person|I-person O O"),  # a border of sentences
    ("O O|O", "O O|O"),  # no names at all
    ("O B-place|O B-place|O B-place|O B-place", "O B-place|O B-place|O B-place|O O"),  # the same places in several sentences
)


def _names_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rounds = [{"true": _sentences(true), "said": _sentences(said)} for true, said in _BY_HAND]
    for _ in range(4):
        true, said = [], []
        for _ in range(int(rng.integers(3, 7))):
            theirs = _drawn(rng)
            mine = [tag if rng.random() < 0.8 else _other(rng) for tag in theirs]
            true.append(theirs)
            said.append(mine)
        rounds.append({"true": true, "said": said})
    order = rng.permutation(len(rounds))
    return Case(inputs={"rounds": [rounds[place] for place in order]})


def _sentences(text: str) -> list[list[str]]:
    return [part.split() for part in text.split("|")]


def _drawn(rng: np.random.Generator) -> list[str]:
    tags: list[str] = []
    while len(tags) < 8:
        tags += ["O"] * int(rng.integers(0, 3))
        kind = str(rng.choice(_KINDS))
        tags += [f"B-{kind}"] + [f"I-{kind}"] * int(rng.integers(0, 3))
    return tags


def _other(rng: np.random.Generator) -> str:
    return "O" if rng.random() < 0.3 else f"{rng.choice(['B', 'I'])}-{rng.choice(_KINDS)}"


def _names_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for one in inputs["rounds"]:
        scores = call(answer, [list(tags) for tags in one["true"]], [list(tags) for tags in one["said"]])
        if not isinstance(scores, dict):
            return {"found": None}
        found.append([[str(kind) for kind in scores], [array_of(value, "a score") for value in scores.values()]])
    return {"found": found}


def _spans(tags: list[str], wrong: str = "") -> set[tuple[int, int, str]]:
    """Return names as (first, last, kind); an inside that goes on with nothing begins one."""
    spans, start, kind = set(), 0, ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, name = tag.partition("-")
        goes_on = prefix == "I" and kind and (name == kind or wrong == "change-of-kind-ignored")
        goes_on = goes_on or (wrong == "neighbours-run-together" and tag != "O" and name == kind)
        if kind and not goes_on:
            spans.add((start, place - 1, kind))
            kind = ""
        if tag != "O" and not kind and (prefix == "B" or wrong != "an-inside-begins-none"):
            start, kind = place, name
    return spans


def _counted(one: Any, wrong: str) -> tuple[set[Any], set[Any]]:
    """Return what is to be found and what was said, as sets of names that are told apart as the mistake would."""
    sides = []
    for rows in (one["true"], one["said"]):
        if wrong == "sentences-run-together":
            rows = [[tag for tags in rows for tag in tags]]
        if wrong == "words-instead-of-names":
            found = {(n, i, tag[2:], tag[0]) for n, tags in enumerate(rows) for i, tag in enumerate(tags) if tag != "O"}
            sides.append({(n, i, name, prefix) for n, i, name, prefix in found})
            continue
        found = {(n, first, kind, last) for n, tags in enumerate(rows) for first, last, kind in _spans(tags, wrong)}
        sides.append({(0, first, kind, last) for _, first, kind, last in found} if wrong == "sentence-forgotten" else found)
    return sides[0], sides[1]


def _name_scores(one: Any, wrong: str = "") -> dict[str, float]:
    true, said = _counted(one, wrong)
    kinds = sorted({name[2] for name in true | said})

    def score(true: set[Any], said: set[Any]) -> float:
        if wrong == "kind-ignored":
            true, said = {(n, a, b) for n, a, _, b in true}, {(n, a, b) for n, a, _, b in said}
        right = len(true & said)
        if wrong in ("precision", "recall"):
            return right / max(1, len(said) if wrong == "precision" else len(true))
        return 2 * right / max(1, len(true) + len(said))

    each = {kind: score({n for n in true if n[2] == kind}, {n for n in said if n[2] == kind}) for kind in kinds}
    mean = float(np.mean(list(each.values()))) if each else 0.0
    return {**each, "all": mean if wrong == "mean-of-the-kinds" else score(true, said)}


_NAMES_MISTAKES = {
    "words-instead-of-names": "You counted words. A name counts only as a whole: first word, last word and kind.",
    "kind-ignored": "A name with the right words and the wrong kind is wrong.",
    "sentences-run-together": "A name ends with its sentence: look for names in each sentence on its own.",
    "sentence-forgotten": "Names at the same place of two sentences are two names: keep the number of the sentence with them.",
    "neighbours-run-together": "A B- begins a new name, even where the word before belongs to a name of the same kind.",
    "an-inside-begins-none": "An I- that follows no name of its kind begins one; you left it out.",
    "change-of-kind-ignored": "An I- of another kind ends the name before it and begins a new one.",
    "mean-of-the-kinds": '"all" counts the names of all kinds together; it is not the mean of the kinds\' scores.',
    "precision": "This is precision (of the names said, how many are right). F1 asks for those that were missed, too.",
    "recall": "This is recall (of the true names, how many were said). F1 asks for those that were invented, too.",
    "divided-by-zero": "Where no name is right, precision or recall may be 0 / 0. 2 * right / (true + said) is safe, but for 0 + 0.",
    "kinds-missing": 'The keys are all kinds that occur in the true or in the said tags, and "all".',
}


def _names_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return a dict.", expected='{"person": 0.5, ..., "all": 0.4}')
    rounds = case.inputs["rounds"]
    wanted = [_name_scores(one) for one in rounds]
    found = []
    for kinds, values in evidence["found"]:
        numbers = [need_array(value, f"the score of {kind!r}", shape=()) for kind, value in zip(kinds, values, strict=True)]
        if not np.isfinite(numbers).all():
            return not_earned(
                "A score is no number.", received=show([float(n) for n in numbers]), misconception="divided-by-zero"
            )
        found.append(dict(zip(kinds, (float(number) for number in numbers), strict=True)))
    bad = next((place for place in range(len(rounds)) if not _same(found[place], wanted[place])), None)
    if bad is None:
        return earned("Whole names, kind by kind and all together, also where tags are odd.")
    name = next((m for m in _NAMES_MISTAKES if all(map(_same, found, [_name_scores(one, m) for one in rounds]))), None)
    if name is None and found[bad].keys() != wanted[bad].keys():
        name = "kinds-missing"
    one = rounds[bad]
    return not_earned(
        f"True: {show([' '.join(tags) for tags in one['true']])}. Said: {show([' '.join(tags) for tags in one['said']])}.",
        expected=_rounded(wanted[bad]),
        received=_rounded(found[bad]),
        misconception=name,
    )


def _same(mine: dict[str, float], theirs: dict[str, float]) -> bool:
    return mine.keys() == theirs.keys() and all(abs(mine[kind] - theirs[kind]) < 1e-6 for kind in mine)


def _rounded(scores: dict[str, float]) -> str:
    return ", ".join(f"{kind} {value:.3f}" for kind, value in sorted(scores.items()))


_NAMES = Task(
    id="15.2",
    title="scores of whole names",
    points=3,
    hints=(
        "First a function that finds the names of one sentence as (first word, last word, kind). Try it on B-person I-work O.",
        "Make one set of (sentence, first, last, kind) for the true tags and one for the said ones; what is in both is right.",
        "f1 = 2 * len(true & said) / (len(true) + len(said)) if true or said else 0.0; for a kind, the same with its names alone",
    ),
    answer_name="name_scores",
    misconceptions=_NAMES_MISTAKES,
    make_case=_names_case,
    probe=_names_probe,
    judge=_names_judge,
)

# ---------------------------------------------------------------- 15.3 the best spans that are answers


def _best_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rounds = []
    for kind in (
        "question tempts",
        "end before start",
        "too long",
        "much too long",
        "just long enough",
        "pairs",
        "few places",
        "several",
    ):
        length, longest, count = int(rng.integers(16, 20)), 4, 1 if kind != "several" else 6
        start, end = rng.normal(0, 0.5, (2, length))
        inside = np.arange(length) >= 5
        inside[[5, length - 2, length - 1]] = False  # [SEP], [SEP], padding
        first = int(rng.integers(6, length - 9))
        if kind == "question tempts":
            start[2], end[3] = 9.0, 9.0
        if kind == "end before start":
            start[first + 4], end[first] = 6.0, 6.0
        if kind == "too long":
            start[first], end[first + longest] = 5.0, 5.0
        if kind == "much too long":
            start[first], end[first + longest + 2] = 5.0, 5.0
        if kind == "just long enough":
            start[first], end[first + longest - 1] = 5.0, 5.0
        if kind == "pairs":  # the best start alone has only poor ends behind it
            start[first + 3] = 6.0
            end[first + 3 :] -= 6.0
            start[first], end[first + 1] = 5.0, 5.0
        if kind == "few places":
            inside[:], count = False, 9
            inside[[7, 8]] = True
        rounds.append({"start": start, "end": end, "inside": inside, "longest": longest, "count": count})
    return Case(inputs={"rounds": rounds})


def _best_probe(answer: Any, inputs: Any) -> Any:
    found = []
    for one in inputs["rounds"]:
        arrays = (one[name].copy() for name in ("start", "end", "inside"))
        spans = call(answer, *arrays, one["longest"], one["count"])
        if not isinstance(spans, list | tuple):
            return {"found": None}
        found.append([array_of(span, "a span") for span in spans])
    return {"found": found}


def _best(one: Any, wrong: str = "") -> list[list[int]]:
    start, end, inside, longest = one["start"], one["end"], one["inside"], one["longest"]
    longest += {"one-too-long": 1, "one-too-short": -1, "any-length": 99}.get(wrong, 0)
    inside = np.ones(len(start), bool) if wrong == "outside-of-the-passage" else inside
    shortest = -99 if wrong == "end-before-start" else 1
    pairs = [
        (start[i] + end[j], i, j)
        for i in np.flatnonzero(inside)
        for j in np.flatnonzero(inside)
        if shortest <= j - i + 1 <= longest
    ]
    if wrong == "start-decides":
        pairs.sort(key=lambda pair: (-start[pair[1]], -end[pair[2]]))
    else:
        pairs.sort(reverse=wrong != "worst-first")
    more = int(wrong == "end-is-the-place-after")
    return [[int(i), int(j) + more] for _, i, j in pairs[: one["count"]]]


_BEST_MISTAKES = {
    "outside-of-the-passage": "An answer begins and ends inside: not in the question, not at [SEP], not in the padding.",
    "end-before-start": "The last token must not come before the first.",
    "any-length": "An answer has at most `longest` tokens.",
    "one-too-long": "From `first` to `last` there are last - first + 1 tokens; one too many is allowed here.",
    "one-too-short": "From `first` to `last` there are last - first + 1 tokens; spans of just `longest` tokens are missing here.",
    "start-decides": "The best start alone may have only poor ends behind it: compare the sums of all valid pairs.",
    "worst-first": "The best span comes first: the largest sum.",
    "end-is-the-place-after": "`last` is the last token of the answer, not the one after.",
    "too-few": "Return `count` spans, or all valid ones where there are fewer.",
    "too-many": "Return at most `count` spans, and only valid ones.",
}


def _best_judge(case: Case, evidence: Any) -> Verdict:
    if evidence["found"] is None:
        return not_earned("Your function did not return a list.", expected="[(first, last), ...]")
    rounds = case.inputs["rounds"]
    found = [[need_array(s, "a span", shape=(2,), kinds="iu").tolist() for s in spans] for spans in evidence["found"]]
    wanted = [_best(one) for one in rounds]
    if found == wanted:
        return earned("In order, inside, not too long, and the best sums first.")
    bad = next(place for place in range(len(rounds)) if found[place] != wanted[place])
    name = next((m for m in _BEST_MISTAKES if found == [_best(one, m) for one in rounds]), None)
    if name is None and len(found[bad]) != len(wanted[bad]):
        name = "too-few" if len(found[bad]) < len(wanted[bad]) else "too-many"
    one = rounds[bad]
    where = np.flatnonzero(one["inside"])
    return not_earned(
        f"With inside={show(where.tolist())}, longest={one['longest']}, count={one['count']}, other spans are the best.",
        expected=str(wanted[bad]),
        received=show(found[bad]),
        misconception=name,
    )


_BEST = Task(
    id="15.3",
    title="the best spans that are answers",
    points=2,
    hints=(
        "How many pairs (first, last) are there at all? Few enough to look at each.",
        "Two loops, or a table start[:, None] + end[None]; leave out what is outside, backwards or too long; sort by the sum.",
        "pairs = [(start[i] + end[j], i, j) for i in where for j in where if 0 <= j - i < longest]; sorted(pairs, reverse=True)[:count]",
    ),
    answer_name="best_spans",
    misconceptions=_BEST_MISTAKES,
    make_case=_best_case,
    probe=_best_probe,
    judge=_best_judge,
)

TASKS = (_ALIGN, _NAMES, _BEST)
