"""Tasks of lesson 15: labels for subwords, scores of whole entities, the best spans that are answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 15.1 labels for subwords

_IGNORED = -1


def _align_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rows = [
        {"tags": rng.integers(1, 5, 2).tolist(), "subwords": [2, 1], "length": int(rng.integers(6, 8))}
    ]  # small, to be shown
    for kind in ("short", "subwords", "empty word", "fits exactly", "cut in a word", "cut after a word"):
        words = int(rng.integers(4, 8))
        subwords = rng.integers(1, 4, words)
        subwords[int(rng.integers(words - 1))] = 2
        if kind == "short":
            subwords[:] = 1
        if kind == "empty word":
            subwords[int(rng.integers(words - 2))] = 0
        if kind.startswith("cut"):
            subwords[-2:] = 3, 2
        total = int(subwords.sum())
        length = total + 2 + int(rng.integers(2, 6))
        if kind == "fits exactly":
            length = total + 2
        if kind.startswith("cut"):
            length = total + (-1 if kind == "cut in a word" else 0)  # room for 1 subword of the last word but one, or for all 3
            length -= 0 if kind == "cut after a word" else 1
        tags = rng.integers(0, 5, words)
        tags[-2:] = 1, 2
        rows.append({"tags": tags.tolist(), "subwords": subwords.tolist(), "length": length})
    return Case(inputs={"rows": rows})


def _align_probe(answer: Any, inputs: Any) -> Any:
    rows = inputs["rows"]
    return {"found": [array_of(call(answer, list(r["tags"]), list(r["subwords"]), r["length"]), "the labels") for r in rows]}


_ALIGN_VARIANTS = {  # how a row may be built otherwise, and the mistake that this is; the number is the room for [CLS] and [SEP]
    "every-subword": "every-subword",
    "last-subword": "last-subword",
    "no [CLS], 2": "begins-at-the-first-word",
    "no [CLS], 1": "begins-at-the-first-word",
    "no [CLS], 0": "begins-at-the-first-word",
    "no-room-for-the-end": "no-room-for-the-end",
    "empty-words-take-a-place": "empty-words-take-a-place",
    "cut-word-dropped": "cut-word-dropped",
}


def _aligned(row: Any, wrong: str = "", rest: int = _IGNORED) -> list[int]:
    """Return the labels as asked for, or as one of the known mistakes makes them, with `rest` for what is ignored."""
    length = row["length"]
    room = length - (int(wrong[-1]) if wrong.startswith("no [CLS]") else 1 if wrong == "no-room-for-the-end" else 2)
    labels: list[int] = []
    for tag, count in zip(row["tags"], row["subwords"], strict=True):
        count = max(count, 1) if wrong == "empty-words-take-a-place" else count
        if wrong == "cut-word-dropped" and len(labels) + count > room:
            break
        if wrong == "every-subword":
            labels += [tag] * count
        elif wrong == "last-subword":
            labels += [rest] * (count - 1) + [tag] * min(count, 1)
        else:
            labels += [tag] * min(count, 1) + [rest] * (count - 1)
    first = [] if wrong.startswith("no [CLS]") else [rest]
    labels = [*first, *labels[:room]]
    return labels + [rest] * (length - len(labels))


def _align_mistake(rows: list[Any], found: list[list[int]]) -> str | None:
    """Return the mistake that gives just these labels, whatever stands for ignored tokens; None where no known one does."""
    for rest, own in ((_IGNORED, None), (0, "outside-is-a-label"), (-100, "ignored-is-minus-100")):
        for variant, name in (("", own), *_ALIGN_VARIANTS.items()):
            if found == [_aligned(row, variant, rest) for row in rows]:
                return name
    return None


_ALIGN_MISTAKES = {
    "every-subword": "Every subword has the label of its word: a long word then counts several times. Only the first subword has it.",
    "last-subword": "The label of each word is at its last subword; it belongs to the first.",
    "outside-is-a-label": "Ignored tokens have 0 here. 0 is a label like the others (outside of entities); ignored tokens get -1.",
    "ignored-is-minus-100": "Ignored tokens have -100 here, as in other libraries. This loss ignores -1 (`ignore_class=-1`).",
    "begins-at-the-first-word": "The first token of the row is [CLS]: every label belongs one place further to the right.",
    "no-room-for-the-end": "[SEP] is also the last token of a row that was cut: there is room for `length - 2` subwords.",
    "empty-words-take-a-place": "A word without subwords has no token. If it takes a place, every label after it belongs to another word.",
    "cut-word-dropped": "A word that is cut in its middle still has its first subword in the row, and its label there.",
    "wrong-length": "The row has `length` labels for every sentence: cut labels that do not fit, fill up with -1.",
}


def _align_judge(case: Case, evidence: Any) -> Verdict:
    rows = case.inputs["rows"]
    found = [need_array(labels, "the result", shape=(None,), kinds="iu").tolist() for labels in evidence["found"]]
    wanted = [_aligned(row) for row in rows]
    if found == wanted:
        return earned(
            "The label of each word is at its first subword, and all other tokens are ignored, also in cut sentences."
        )
    mistake = _align_mistake(rows, found)
    if mistake is None and any(len(f) != len(w) for f, w in zip(found, wanted, strict=True)):
        mistake = "wrong-length"
    bad = min((place for place in range(len(rows)) if found[place] != wanted[place]), key=lambda place: rows[place]["length"])
    row = rows[bad]
    return not_earned(
        f"The labels differ for tags={row['tags']}, subwords={row['subwords']}, length={row['length']}.",
        expected=str(wanted[bad]),
        received=str(found[bad]) if len(found[bad]) < 40 else show(found[bad]),
        misconception=mistake,
    )


_ALIGN = Task(
    id="15.1",
    title="labels for subwords",
    points=2,
    hints=(
        "Write down the row of tokens for three words of 1, 2 and 0 subwords. Where is the first subword of each?",
        "First build the labels of all subwords: for each word its label, then -1 for its other subwords. Then cut, then [CLS] and [SEP].",
        "A word with `count` subwords adds `[tag] + [-1] * (count - 1)`, a word without any adds nothing. `labels[: length - 2]` cuts.",
    ),
    answer_name="label_subwords",
    misconceptions=_ALIGN_MISTAKES,
    make_case=_align_case,
    probe=_align_probe,
    judge=_align_judge,
)

# ---------------------------------------------------------------- 15.2 scores of whole entities

_KINDS = ("person", "place", "work")
_BY_HAND: tuple[tuple[str, str], ...] = (  # true and said, sentences apart by a bar
    ("B-person I-person O B-place O", "B-person O O B-place O"),  # too short
    ("B-place O O", "B-person O O"),  # wrong kind
    ("B-person B-person O", "B-person I-person O"),  # two neighbours
    ("O B-work I-work I-work", "O I-work I-work I-work"),  # begins with an inside
    ("B-person I-person I-person O", "B-person I-person I-work O"),  # another kind in the middle
    ("O O B-person|B-person O O", "O O B-person|I-person O O"),  # a border of sentences
    ("O O|O", "O O|O"),  # no entities at all
    ("O B-place|O B-place|O B-place|O B-place", "O B-place|O B-place|O B-place|O O"),  # the same places in several sentences
)


def _names_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rounds = [{"true": _sentences(true), "said": _sentences(said)} for true, said in _BY_HAND]
    for _ in range(10):
        true, said = [], []
        for _ in range(int(rng.integers(1, 3))):
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
    while len(tags) < 5:
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
    """Return entities as (first, last, kind); an I- that continues nothing begins one."""
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
    """Return true and predicted entities as sets, distinguished as the mistake would do it."""
    sides: list[set[tuple[Any, ...]]] = []
    for rows in (one["true"], one["said"]):
        if wrong == "sentences-run-together":
            rows = [[tag for tags in rows for tag in tags]]
        if wrong.startswith("words"):
            part = 1 if wrong == "words of a kind" else None  # without the prefix, or with it
            words = [(n, i, tag) for n, tags in enumerate(rows) for i, tag in enumerate(tags) if tag != "O"]
            sides.append({(n, i, tag[2:], "" if part else tag[0]) for n, i, tag in words})
            continue
        found = {(n, first, kind, last) for n, tags in enumerate(rows) for first, last, kind in _spans(tags, wrong)}
        if wrong == "first-word-only":
            found = {(n, first, kind, first) for n, first, kind, _ in found}
        sides.append({(0, first, kind, last) for _, first, kind, last in found} if wrong == "sentence-forgotten" else found)
    return sides[0], sides[1]


def _name_scores(one: Any, wrong: str = "") -> dict[str, float]:
    true, said = _counted(one, wrong)
    kinds = sorted({name[2] for name in true | said})

    def score(true: set[Any], said: set[Any]) -> float:
        if wrong == "kind-ignored":
            true, said = {(n, a, b) for n, a, _, b in true}, {(n, a, b) for n, a, _, b in said}
        right = len(true & said)
        if wrong == "part-is-enough":
            right = sum(any(m == n and k == j and a <= d and c <= b for m, a, k, b in true) for n, c, j, d in said)
        if wrong in ("precision", "recall"):
            return right / max(1, len(said) if wrong == "precision" else len(true))
        return 2 * right / max(1, len(true) + len(said))

    each = {kind: score({n for n in true if n[2] == kind}, {n for n in said if n[2] == kind}) for kind in kinds}
    mean = float(np.mean(list(each.values()))) if each else 0.0
    return {**each, "all": mean if wrong == "mean-of-the-kinds" else score(true, said)}


_NAMES_MISTAKES = {
    "words-instead-of-entities": "You counted words. An entity is right only as a whole: first word, last word and kind.",
    "token-accuracy": '"all" is the share of words with the right tag here. Count whole entities: most words are outside of all of them.',
    "part-is-enough": "An entity counts as right here if it overlaps a true one. Its first and its last word must both be right.",
    "first-word-only": "An entity counts as right here if its first word is right. Its last word must be right, too.",
    "kind-ignored": "An entity with the right words and the wrong kind is wrong.",
    "sentences-run-together": "An entity ends with its sentence: find the entities in each sentence separately.",
    "sentence-forgotten": "Entities at the same place of two sentences are two entities: keep the number of the sentence with them.",
    "neighbours-run-together": "A B- begins a new entity, even if the word before belongs to an entity of the same kind.",
    "an-inside-begins-none": "An I- that follows no entity of its kind begins one; you left it out.",
    "change-of-kind-ignored": "An I- of another kind ends the entity before it and begins a new one.",
    "mean-of-the-kinds": '"all" counts the entities of all kinds together; it is not the mean of the scores of the kinds.',
    "precision": "This is precision (the share of right ones among the predicted entities). F1 also counts those that were missed.",
    "recall": "This is recall (the share of right ones among the true entities). F1 also counts those that were invented.",
    "divided-by-zero": "A score is nan: 0 was divided by 0. Return 0 if there are no true and no predicted entities.",
    "kinds-missing": 'The keys are all kinds that occur in the true or in the predicted tags, and "all".',
}
_NAMES_VARIANTS = {
    "words": "words-instead-of-entities",
    "words of a kind": "words-instead-of-entities",
    **{name: name for name in _NAMES_MISTAKES if name not in ("words-instead-of-entities", "token-accuracy")},
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
                "A score is not a finite number.", received=show([float(n) for n in numbers]), misconception="divided-by-zero"
            )
        found.append(dict(zip(kinds, (float(number) for number in numbers), strict=True)))
    wrong = [place for place in range(len(rounds)) if not _same(found[place], wanted[place])]
    if not wrong:
        return earned("Whole entities are counted, kind by kind and all together, also with unusual tags.")
    exact = (v for v in _NAMES_VARIANTS if all(map(_same, found, [_name_scores(one, v) for one in rounds])))
    name = _NAMES_VARIANTS.get(next(exact, ""))
    if name is None and all(
        abs(mine.get("all", -1) - _token_accuracy(one)) < 1e-6 for mine, one in zip(found, rounds, strict=True)
    ):
        name = "token-accuracy"
    bad = min(wrong, key=lambda place: sum(map(len, rounds[place]["true"])))
    if name is None and any(found[place].keys() < wanted[place].keys() for place in wrong):
        name, bad = "kinds-missing", next(place for place in wrong if found[place].keys() < wanted[place].keys())
    one = rounds[bad]
    return not_earned(
        f"True: {_in_one_line(one['true'])}. Predicted: {_in_one_line(one['said'])}. (A bar separates sentences.)",
        expected=_rounded(wanted[bad]),
        received=_rounded(found[bad]),
        misconception=name,
    )


def _token_accuracy(one: Any) -> float:
    pairs = [pair for rows in zip(one["true"], one["said"], strict=True) for pair in zip(*rows, strict=True)]
    return sum(a == b for a, b in pairs) / len(pairs)


def _in_one_line(sentences: list[list[str]]) -> str:
    return " | ".join(" ".join(tags) for tags in sentences)


def _same(mine: dict[str, float], theirs: dict[str, float]) -> bool:
    return mine.keys() == theirs.keys() and all(abs(mine[kind] - theirs[kind]) < 1e-6 for kind in mine)


def _rounded(scores: dict[str, float]) -> str:
    return ", ".join(f"{kind} {value:.3f}" for kind, value in sorted(scores.items()))


_NAMES = Task(
    id="15.2",
    title="scores of whole entities",
    points=3,
    hints=(
        "First write a function that finds the entities of one sentence as (first word, last word, kind). Try it on `B-person I-work O`.",
        "Make one set of (sentence, first, last, kind) for the true tags and one for the predicted tags. What is in both is right.",
        "`len(true & said)` counts the right ones. Compute F1 for the whole sets, and for the entities of each kind.",
    ),
    answer_name="entity_scores",
    misconceptions=_NAMES_MISTAKES,
    make_case=_names_case,
    probe=_names_probe,
    judge=_names_judge,
)

# ---------------------------------------------------------------- 15.3 the best spans that are answers


_ROUNDS = (
    "question tempts",
    "end before start",
    "too long",
    "much too long",
    "just long enough",
    "pairs",
    "few places",
    "several",
)


def _best_round(kind: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw one row of tokens, short enough to be shown: [CLS], two words, [SEP], the passage, [SEP], padding."""
    length, longest, count = int(rng.integers(12, 14)), 3, 1 if kind != "several" else 6
    start, end = np.round(rng.normal(0, 0.5, (2, length)), 3)
    inside = np.arange(length) >= 4
    inside[[length - 2, length - 1]] = False
    first = int(rng.integers(4, length - 7))
    if kind == "question tempts":
        start[1], end[2] = 9.0, 9.0
    if kind == "end before start":
        start[first + 4], end[first] = 6.0, 6.0
    if kind == "too long":
        start[first], end[first + longest] = 5.0, 5.0
    if kind == "much too long":
        start[first], end[first + longest + 2] = 5.0, 5.0
    if kind == "just long enough":
        start[first], end[first + longest - 1] = 5.0, 5.0
    if kind == "pairs":  # the best start has only poor ends after it
        start[first + 3] = 6.0
        end[first + 3 :] = np.round(end[first + 3 :] - 6.0, 3)
        start[first], end[first + 1] = 5.0, 5.0
    if kind == "few places":
        inside[:], count = False, 9
        inside[[5, 6]] = True
    return {"start": start, "end": end, "inside": inside, "longest": longest, "count": count}


def _without_ties(one: Any) -> bool:
    """Return whether no order of spans hangs on equal numbers."""
    sums = np.round(one["start"][:, None] + one["end"], 3)
    inside = sums[one["inside"]][:, one["inside"]]
    apart = np.arange(len(inside))[None] - np.arange(len(inside))[:, None]
    tops = [np.sort(part, axis=None)[-10:] for part in (sums, inside, inside[apart >= 0])]
    tops.append(inside[(apart >= 0) & (apart <= one["longest"])])  # all valid spans, and those that are one token too long
    return all(len(np.unique(part)) == len(part) for part in (*tops, one["start"], one["end"]))


def _best_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    rounds = [_best_round(kind, rng) for kind in _ROUNDS]
    for place, kind in enumerate(_ROUNDS):
        while not _without_ties(rounds[place]):
            rounds[place] = _best_round(kind, rng)
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


def _chosen_apart(one: Any, found: list[list[int]]) -> bool:
    """Return whether a single span consists of the best start and the best end, each chosen separately."""
    for inside in (one["inside"], np.ones(len(one["start"]), bool)):
        ends = [int(np.where(inside, one[side], -np.inf).argmax()) for side in ("start", "end")]
        if found in ([ends], [sorted(ends)]):
            return True
    return False


def _numbers(values: np.ndarray) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"


_BEST_MISTAKES = {
    "outside-of-the-passage": "An answer begins and ends inside: not in the question, not at [SEP], not in the padding.",
    "ends-chosen-apart": "The best start and the best end, chosen separately, may not be a valid span: compare the sums of valid pairs.",
    "end-before-start": "The last token must not come before the first.",
    "any-length": "An answer has at most `longest` tokens.",
    "one-too-long": "A span has last - first + 1 tokens; one too many is allowed here.",
    "one-too-short": "A span has last - first + 1 tokens; spans of exactly `longest` tokens are missing here.",
    "start-decides": "The best start may have only poor ends after it: compare the sums of all valid pairs.",
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
    wrong = [place for place in range(len(rounds)) if found[place] != wanted[place]]
    bad = min(wrong, key=lambda place: (len(wanted[place]), len(rounds[place]["start"])))
    name = next((m for m in _BEST_MISTAKES if found == [_best(one, m) for one in rounds]), None)
    single = [place for place in range(len(rounds)) if rounds[place]["count"] == 1]
    if name is None and set(single) & set(wrong) and all(_chosen_apart(rounds[place], found[place]) for place in single):
        name = "ends-chosen-apart"
    if name is None and len(found[bad]) != len(wanted[bad]):
        name = "too-few" if len(found[bad]) < len(wanted[bad]) else "too-many"
    one = rounds[bad]
    return not_earned(
        f"Other spans are the best for start={_numbers(one['start'])}, end={_numbers(one['end'])}, "
        f"inside True at {np.flatnonzero(one['inside']).tolist()}, longest={one['longest']}, count={one['count']}.",
        expected=str(wanted[bad]),
        received=str(found[bad]) if len(found[bad]) < 20 else show(found[bad]),
        misconception=name,
    )


_BEST = Task(
    id="15.3",
    title="the best spans that are answers",
    points=2,
    hints=(
        "How many pairs (first, last) are there? Few enough to check each one.",
        "Use two loops, or a table `start[:, None] + end[None]`. Leave out pairs that are outside, backwards or too long; sort by the sum.",
        "`np.flatnonzero(inside)` holds the tokens inside. A pair (i, j) of them is valid if `0 <= j - i < longest`.",
    ),
    answer_name="best_spans",
    misconceptions=_BEST_MISTAKES,
    make_case=_best_case,
    probe=_best_probe,
    judge=_best_judge,
)

TASKS = (_ALIGN, _NAMES, _BEST)
