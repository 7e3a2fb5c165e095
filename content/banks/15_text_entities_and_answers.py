"""Instructors' side of lesson 15: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

# ---------------------------------------------------------------- 15.1

_LABELS = """
def label_pieces(tags, pieces, length):
    labels = []
    for tag, count in zip(tags, pieces):
        {word}
    row = {row}
    return {end}
"""


def _labels(
    word: str = "labels += ([tag] + [-1] * (count - 1)) if count else []",
    row: str = "[-1] + labels[: length - 2]",
    end: str = "row + [-1] * (length - len(row))",
) -> str:
    return _LABELS.format(word=word, row=row, end=end)


ALIGN = Bank(
    right=[
        Right("piece by piece", _labels()),
        Right(
            "places of the first pieces",
            """
import numpy as np

def label_pieces(tags, pieces, length):
    pieces = np.array(pieces)
    firsts = 1 + np.cumsum(pieces) - pieces
    row = np.full(length, -1)
    for tag, place, count in zip(tags, firsts, pieces):
        if count > 0 and place <= length - 2:
            row[place] = tag
    return row
""",
        ),
        Right(
            "numbers of the words first",
            """
def label_pieces(tags, pieces, length):
    words = [None] + [n for n, count in enumerate(pieces) for _ in range(count)][: length - 2] + [None]
    words += [None] * (length - len(words))
    before = [None] + words[:-1]
    return tuple(-1 if word is None or word == last else tags[word] for word, last in zip(words, before))
""",
        ),
    ],
    wrong=[
        Wrong("every piece", "every-piece", _labels("labels += [tag] * count")),
        Wrong("last piece", "last-piece", _labels("labels += ([-1] * (count - 1) + [tag]) if count else []")),
        Wrong(
            "padding is outside",
            "outside-is-a-label",
            _labels(
                "labels += ([tag] + [0] * (count - 1)) if count else []",
                "[0] + labels[: length - 2]",
                "row + [0] * (length - len(row))",
            ),
        ),
        Wrong("no place for [CLS]", "begins-at-the-first-word", _labels(row="labels[: length - 2]")),
        Wrong("no place for [SEP]", "no-room-for-the-end", _labels(row="[-1] + labels[: length - 1]")),
        Wrong("empty words", "empty-words-take-a-place", _labels("labels += [tag] + [-1] * (count - 1)")),
        Wrong(
            "cut word dropped",
            "cut-word-dropped",
            _labels(
                "if len(labels) + count > length - 2:\n            break\n        labels += ([tag] + [-1] * (count - 1)) if count else []"
            ),
        ),
        Wrong("never cut", "wrong-length", _labels(row="[-1] + labels")),
        Wrong("not filled up", "wrong-length", _labels(end="row")),
    ],
)

# ---------------------------------------------------------------- 15.2

_FIND = """
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and {ends}:
            names.append((start, place - 1, kind))
            kind = None
        if {begins} and kind is None:
            start, kind = place, name
    return names

"""
_SCORE = """
def name_scores(true, said):
    theirs = {{({key}, *name) for n, tags in enumerate({true}) for name in find(tags)}}
    mine = {{({key}, *name) for n, tags in enumerate({said}) for name in find(tags)}}

    def f1(a, b):
        {f1}

    kinds = {kinds}
    scores = {{k: f1({{x for x in theirs if x[3] == k}}, {{x for x in mine if x[3] == k}}) for k in kinds}}
    return {{**scores, "all": {together}}}
"""


def _names(ends: str = '(prefix != "I" or name != kind)', begins: str = 'tag != "O"', **changes: str) -> str:
    parts = {
        "key": "n",
        "true": "true",
        "said": "said",
        "f1": "return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0",
        "kinds": "{x[3] for x in theirs | mine}",
        "together": "f1(theirs, mine)",
    }
    return _FIND.format(ends=ends, begins=begins) + _SCORE.format(**(parts | changes))


_COUNTED = """
from collections import Counter

def find(tags):
    names, before = [], "O"
    for place, tag in enumerate(tags):
        if tag != "O":
            if tag[0] == "B" or before[2:] != tag[2:]:
                names.append([place, place, tag[2:]])
            else:
                names[-1][1] = place
        before = tag
    return [tuple(name) for name in names]

def name_scores(true, said):
    right, wanted, given = Counter(), Counter(), Counter()
    for a, b in zip(true, said):
        a, b = find(list(a)), find(list(b))
        for name in a:
            wanted[name[2]] += 1
            wanted["all"] += 1
        for name in b:
            given[name[2]] += 1
            given["all"] += 1
            if name in a:
                right[name[2]] += 1
                right["all"] += 1
    scores = {"all": 0.0}
    for kind in list(wanted) + list(given):
        p, r = right[kind] / max(given[kind], 1), right[kind] / max(wanted[kind], 1)
        scores[kind] = 2 * p * r / (p + r) if p + r else 0
    return scores
"""

_BY_NUMPY = """
import numpy as np

def first_and_last(tags):
    tags = list(tags)
    kinds = np.array(["" if t == "O" else t[2:] for t in tags] + [""])
    new = np.array([t[0] == "B" for t in tags] + [True])
    begin = np.concatenate([[True], kinds[1:] != kinds[:-1]]) | new
    places = np.flatnonzero(begin)
    return {(int(a), int(b) - 1, str(kinds[a])) for a, b in zip(places[:-1], places[1:]) if kinds[a]}

def name_scores(true, said):
    rows = []
    for number, (t, s) in enumerate(zip(true, said)):
        t, s = first_and_last(t), first_and_last(s)
        rows += [(kind, (name in t), (name in s)) for name in t | s for kind in (name[2], "all")]
    out = {"all": np.float64(0)}
    for kind in {row[0] for row in rows}:
        t, s = np.array([row[1:] for row in rows if row[0] == kind]).T
        out[kind] = 2 * np.sum(t & s) / (t.sum() + s.sum())
    return out
"""

_WORDS = """
def name_scores(true, said):
    theirs = {(n, i, tag[2:], tag[0]) for n, tags in enumerate(true) for i, tag in enumerate(tags) if tag != "O"}
    mine = {(n, i, tag[2:], tag[0]) for n, tags in enumerate(said) for i, tag in enumerate(tags) if tag != "O"}

    def f1(a, b):
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[2] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[2] == k}, {x for x in mine if x[2] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}
"""

NAMES = Bank(
    right=[Right("sets", _names()), Right("counters, precision and recall", _COUNTED), Right("with NumPy", _BY_NUMPY)],
    wrong=[
        Wrong("words", "words-instead-of-names", _WORDS),
        Wrong(
            "kinds ignored",
            "kind-ignored",
            _names(
                f1="a, b = {x[:3] for x in a}, {x[:3] for x in b}; return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0"
            ),
        ),
        Wrong("one long sentence", "sentences-run-together", _names(true="[sum(true, [])]", said="[sum(said, [])]")),
        Wrong("sentence forgotten", "sentence-forgotten", _names(key="0")),
        Wrong("neighbours", "neighbours-run-together", _names(ends="name != kind")),
        Wrong("only B begins", "an-inside-begins-none", _names(begins='prefix == "B"')),
        Wrong("change of kind", "change-of-kind-ignored", _names(ends='prefix != "I"')),
        Wrong("mean of kinds", "mean-of-the-kinds", _names(together="sum(scores.values()) / max(1, len(scores))")),
        Wrong("precision", "precision", _names(f1="return len(a & b) / len(b) if b else 0.0")),
        Wrong("recall", "recall", _names(f1="return len(a & b) / len(a) if a else 0.0")),
        Wrong(
            "divides by zero",
            "divided-by-zero",
            _names(
                f1="p, r = (len(a & b) / len(c) if c else float('nan') for c in (b, a)); return 2 * p * r / (p + r or float('nan'))"
            ),
        ),
        Wrong("true kinds alone", "kinds-missing", _names(kinds="{x[3] for x in theirs}")),
    ],
)

# ---------------------------------------------------------------- 15.3

_SPANS = """
import numpy as np

def best_spans(start, end, inside, longest, count):
    pairs = []
    for i in range(len(start)):
        for j in {ends}:
            if {valid}:
                pairs.append(({score}, i, j))
    pairs.sort(reverse={turned})
    return [{span} for _, i, j in pairs[:{count}]]
"""


def _spans(**changes: str) -> str:
    parts = {
        "ends": "range(i, min(i + longest, len(start)))",
        "valid": "inside[i] and inside[j]",
        "score": "start[i] + end[j]",
        "turned": "True",
        "span": "(i, j)",
        "count": "count",
    }
    return _SPANS.format(**(parts | changes))


BEST = Bank(
    right=[
        Right("two loops", _spans()),
        Right(
            "a table",
            """
import numpy as np

def best_spans(start, end, inside, longest, count):
    apart = np.arange(len(start))[None] - np.arange(len(start))[:, None]
    valid = inside[:, None] & inside[None] & (apart >= 0) & (apart < longest)
    table = np.where(valid, start[:, None] + end[None], -np.inf)
    order = np.argsort(-table, axis=None)[: min(count, valid.sum())]
    return [np.unravel_index(place, table.shape) for place in order]
""",
        ),
        Right(
            "one after the other",
            """
import heapq

def best_spans(start, end, inside, longest, count):
    places = [i for i, ok in enumerate(inside) if ok]
    every = ((i, j) for i in places for j in places if 1 <= j - i + 1 <= longest)
    return heapq.nlargest(count, every, key=lambda span: start[span[0]] + end[span[1]])
""",
        ),
        Right(
            "upper triangle",
            """
import numpy as np

def best_spans(start, end, inside, longest, count):
    start, end = np.where(inside, start, -1e9), np.where(inside, end, -1e9)
    scores = np.triu(np.ones((len(start),) * 2)) - np.triu(np.ones((len(start),) * 2), longest)
    scores = np.where(scores > 0, start[:, None] + end, -1e9)
    out = []
    while len(out) < count and scores.max() > -1e8:
        i, j = divmod(int(scores.argmax()), len(start))
        out.append([i, j])
        scores[i, j] = -1e9
    return out
""",
        ),
    ],
    wrong=[
        Wrong("question too", "outside-of-the-passage", _spans(valid="True")),
        Wrong("backwards", "end-before-start", _spans(ends="range(max(0, i - 99), min(i + longest, len(start)))")),
        Wrong("any length", "any-length", _spans(ends="range(i, len(start))")),
        Wrong("one too long", "one-too-long", _spans(ends="range(i, min(i + longest + 1, len(start)))")),
        Wrong("one too short", "one-too-short", _spans(ends="range(i, min(i + longest - 1, len(start)))")),
        Wrong("start first", "start-decides", _spans(score="(start[i], end[j])")),
        Wrong("worst first", "worst-first", _spans(turned="False")),
        Wrong("place after", "end-is-the-place-after", _spans(span="(i, j + 1)")),
        Wrong("only one", "too-few", _spans(count="1")),
        Wrong("all of them", "too-many", _spans(count="")),
    ],
)

BANK = {"15.1": ALIGN, "15.2": NAMES, "15.3": BEST}
