"""Right and wrong answers to the tasks of lesson 15. The form of this file: docs/checks.md."""

# %% task 15.1


# %% right: subword by subword
def label_subwords(tags, subwords, length):
    labels = []
    for tag, count in zip(tags, subwords):
        labels += ([tag] + [-1] * (count - 1)) if count else []
    row = [-1] + labels[: length - 2]
    return row + [-1] * (length - len(row))


# %% right: places of the first subwords
import numpy as np


def label_subwords(tags, subwords, length):
    subwords = np.array(subwords)
    firsts = 1 + np.cumsum(subwords) - subwords
    row = np.full(length, -1)
    for tag, place, count in zip(tags, firsts, subwords):
        if count > 0 and place <= length - 2:
            row[place] = tag
    return row


# %% right: numbers of the words first
def label_subwords(tags, subwords, length):
    words = [None] + [n for n, count in enumerate(subwords) for _ in range(count)][: length - 2] + [None]
    words += [None] * (length - len(words))
    before = [None] + words[:-1]
    return tuple(-1 if word is None or word == last else tags[word] for word, last in zip(words, before))


# %% wrong: every-subword
# As "subword by subword", but:
labels += [tag] * count

# %% wrong: last-subword
# As "subword by subword", but:
labels += ([-1] * (count - 1) + [tag]) if count else []

# %% wrong: outside-is-a-label: padding is outside
# As "subword by subword", but:
labels += ([tag] + [0] * (count - 1)) if count else []
row = [0] + labels[: length - 2]
return row + [0] * (length - len(row))

# %% wrong: outside-is-a-label: 0 at [CLS] and padding, all else right
# As "subword by subword", but:
labels += ([tag] + [0] * (count - 1)) if count else []
row = [0, *labels[: length - 2]]
return row + [0] * (length - len(row))

# %% wrong: ignored-is-minus-100
# As "subword by subword", but:
labels += ([tag] + [-100] * (count - 1)) if count else []
row = [-100] + labels[: length - 2]
return row + [-100] * (length - len(row))

# %% wrong: every-subword: and -100 for the rest
# As "subword by subword", but:
labels += [tag] * count
row = [-100] + labels[: length - 2]
return row + [-100] * (length - len(row))

# %% wrong: begins-at-the-first-word: tags and tokens side by side
# As "subword by subword", but:
row = labels[:length]

# %% wrong: begins-at-the-first-word: room for [SEP] only, 0 for the rest
# As "subword by subword", but:
labels += ([tag] + [0] * (count - 1)) if count else []
row = labels[: length - 1]
return row + [0] * (length - len(row))

# %% wrong: begins-at-the-first-word: no place for [CLS]
# As "subword by subword", but:
row = labels[: length - 2]

# %% wrong: no-room-for-the-end: no place for [SEP]
# As "subword by subword", but:
row = [-1] + labels[: length - 1]

# %% wrong: empty-words-take-a-place: empty words
# As "subword by subword", but:
labels += [tag] + [-1] * (count - 1)

# %% wrong: cut-word-dropped
# As "subword by subword", but:
if len(labels) + count > length - 2:
    break
labels += ([tag] + [-1] * (count - 1)) if count else []

# %% wrong: wrong-length: never cut
# As "subword by subword", but:
row = [-1] + labels

# %% wrong: wrong-length: not filled up
# As "subword by subword", but:
return row

# %% task 15.2


# %% right: sets
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and (prefix != "I" or name != kind):
            names.append((start, place - 1, kind))
            kind = None
        if tag != "O" and kind is None:
            start, kind = place, name
    return names


def entity_scores(true, said):
    theirs = {(n, *name) for n, tags in enumerate(true) for name in find(tags)}
    mine = {(n, *name) for n, tags in enumerate(said) for name in find(tags)}

    def f1(a, b):
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[3] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[3] == k}, {x for x in mine if x[3] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% right: counters, precision and recall
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


def entity_scores(true, said):
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


# %% right: with NumPy
import numpy as np


def first_and_last(tags):
    tags = list(tags)
    kinds = np.array(["" if t == "O" else t[2:] for t in tags] + [""])
    new = np.array([t[0] == "B" for t in tags] + [True])
    begin = np.concatenate([[True], kinds[1:] != kinds[:-1]]) | new
    places = np.flatnonzero(begin)
    return {(int(a), int(b) - 1, str(kinds[a])) for a, b in zip(places[:-1], places[1:]) if kinds[a]}


def entity_scores(true, said):
    rows = []
    for number, (t, s) in enumerate(zip(true, said)):
        t, s = first_and_last(t), first_and_last(s)
        rows += [(kind, (name in t), (name in s)) for name in t | s for kind in (name[2], "all")]
    out = {"all": np.float64(0)}
    for kind in {row[0] for row in rows}:
        t, s = np.array([row[1:] for row in rows if row[0] == kind]).T
        out[kind] = 2 * np.sum(t & s) / (t.sum() + s.sum())
    return out


# %% wrong: words-instead-of-entities: words and prefixes
def entity_scores(true, said):
    theirs = {(n, i, tag[2:], tag[0]) for n, tags in enumerate(true) for i, tag in enumerate(tags) if tag != "O"}
    mine = {(n, i, tag[2:], tag[0]) for n, tags in enumerate(said) for i, tag in enumerate(tags) if tag != "O"}

    def f1(a, b):
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[2] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[2] == k}, {x for x in mine if x[2] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% wrong: words-instead-of-entities: words of a kind
# As "words and prefixes", but:
theirs = {(n, i, tag[2:]) for n, tags in enumerate(true) for i, tag in enumerate(tags) if tag != "O"}
mine = {(n, i, tag[2:]) for n, tags in enumerate(said) for i, tag in enumerate(tags) if tag != "O"}


# %% wrong: token-accuracy
def entity_scores(true, said):
    pairs = [pair for a, b in zip(true, said) for pair in zip(a, b)]
    kinds = {tag[2:] for pair in pairs for tag in pair if tag != "O"}

    def share(pairs):
        return sum(a == b for a, b in pairs) / max(1, len(pairs))

    scores = {kind: share([(a, b) for a, b in pairs if kind in (a[2:], b[2:])]) for kind in kinds}
    return {**scores, "all": share(pairs)}


# %% wrong: first-word-only
# As "sets", but:
theirs = {(n, first, first, kind) for n, tags in enumerate(true) for first, _, kind in find(tags)}
mine = {(n, first, first, kind) for n, tags in enumerate(said) for first, _, kind in find(tags)}


# %% wrong: part-is-enough: any overlap
# As "sets", but:
def f1(a, b):
    right = sum(any(m == n and k == j and s <= v and u <= t for m, s, t, k in a) for n, u, v, j in b)
    return 2 * right / (len(a) + len(b)) if a or b else 0.0


# %% wrong: kind-ignored: kinds ignored
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and (prefix != "I" or name != kind):
            names.append((start, place - 1, kind))
            kind = None
        if tag != "O" and kind is None:
            start, kind = place, name
    return names


def entity_scores(true, said):
    theirs = {(n, *name) for n, tags in enumerate(true) for name in find(tags)}
    mine = {(n, *name) for n, tags in enumerate(said) for name in find(tags)}

    def f1(a, b):
        a, b = {x[:3] for x in a}, {x[:3] for x in b}
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[3] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[3] == k}, {x for x in mine if x[3] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% wrong: sentences-run-together: one long sentence
# As "sets", but:
theirs = {(n, *name) for n, tags in enumerate([sum(true, [])]) for name in find(tags)}
mine = {(n, *name) for n, tags in enumerate([sum(said, [])]) for name in find(tags)}

# %% wrong: sentence-forgotten
# As "sets", but:
theirs = {(0, *name) for n, tags in enumerate(true) for name in find(tags)}
mine = {(0, *name) for n, tags in enumerate(said) for name in find(tags)}


# %% wrong: neighbours-run-together: neighbours
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and name != kind:
            names.append((start, place - 1, kind))
            kind = None
        if tag != "O" and kind is None:
            start, kind = place, name
    return names


def entity_scores(true, said):
    theirs = {(n, *name) for n, tags in enumerate(true) for name in find(tags)}
    mine = {(n, *name) for n, tags in enumerate(said) for name in find(tags)}

    def f1(a, b):
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[3] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[3] == k}, {x for x in mine if x[3] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% wrong: an-inside-begins-none: only B begins
# As "sets", but:
if prefix == "B" and kind is None:
    start, kind = place, name


# %% wrong: change-of-kind-ignored: change of kind
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and prefix != "I":
            names.append((start, place - 1, kind))
            kind = None
        if tag != "O" and kind is None:
            start, kind = place, name
    return names


def entity_scores(true, said):
    theirs = {(n, *name) for n, tags in enumerate(true) for name in find(tags)}
    mine = {(n, *name) for n, tags in enumerate(said) for name in find(tags)}

    def f1(a, b):
        return 2 * len(a & b) / (len(a) + len(b)) if a or b else 0.0

    kinds = {x[3] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[3] == k}, {x for x in mine if x[3] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% wrong: mean-of-the-kinds: mean of kinds
# As "sets", but:
return {**scores, "all": sum(scores.values()) / max(1, len(scores))}


# %% wrong: precision
# As "kinds ignored", but:
def f1(a, b):
    return len(a & b) / len(b) if b else 0.0


# %% wrong: recall
# As "kinds ignored", but:
def f1(a, b):
    return len(a & b) / len(a) if a else 0.0


# %% wrong: divided-by-zero: divides by zero
def find(tags):
    names, start, kind = [], 0, None
    for place, tag in enumerate(tags + ["O"]):
        prefix, name = tag[0], tag[2:]
        if kind is not None and (prefix != "I" or name != kind):
            names.append((start, place - 1, kind))
            kind = None
        if tag != "O" and kind is None:
            start, kind = place, name
    return names


def entity_scores(true, said):
    theirs = {(n, *name) for n, tags in enumerate(true) for name in find(tags)}
    mine = {(n, *name) for n, tags in enumerate(said) for name in find(tags)}

    def f1(a, b):
        p, r = (len(a & b) / len(c) if c else float("nan") for c in (b, a))
        return 2 * p * r / (p + r or float("nan"))

    kinds = {x[3] for x in theirs | mine}
    scores = {k: f1({x for x in theirs if x[3] == k}, {x for x in mine if x[3] == k}) for k in kinds}
    return {**scores, "all": f1(theirs, mine)}


# %% wrong: kinds-missing: true kinds alone
# As "sets", but:
kinds = {x[3] for x in theirs}

# %% task 15.3

# %% right: two loops
import numpy as np


def best_spans(start, end, inside, longest, count):
    pairs = []
    for i in range(len(start)):
        for j in range(i, min(i + longest, len(start))):
            if inside[i] and inside[j]:
                pairs.append((start[i] + end[j], i, j))
    pairs.sort(reverse=True)
    return [(i, j) for _, i, j in pairs[:count]]


# %% right: a table
import numpy as np


def best_spans(start, end, inside, longest, count):
    apart = np.arange(len(start))[None] - np.arange(len(start))[:, None]
    valid = inside[:, None] & inside[None] & (apart >= 0) & (apart < longest)
    table = np.where(valid, start[:, None] + end[None], -np.inf)
    order = np.argsort(-table, axis=None)[: min(count, valid.sum())]
    return [np.unravel_index(place, table.shape) for place in order]


# %% right: one after the other
import heapq


def best_spans(start, end, inside, longest, count):
    places = [i for i, ok in enumerate(inside) if ok]
    every = ((i, j) for i in places for j in places if 1 <= j - i + 1 <= longest)
    return heapq.nlargest(count, every, key=lambda span: start[span[0]] + end[span[1]])


# %% right: upper triangle
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


# %% wrong: outside-of-the-passage: question too
# As "two loops", but:
if True:
    pairs.append((start[i] + end[j], i, j))

# %% wrong: ends-chosen-apart: the best start and the best end inside
# As "two loops", but:
start, end = (np.where(inside, side, -np.inf) for side in (start, end))
return [(int(start.argmax()), int(end.argmax()))]

# %% wrong: ends-chosen-apart: put in order, anywhere
# As "two loops", but:
return [sorted((int(start.argmax()), int(end.argmax())))]

# %% wrong: end-before-start: backwards
# As "two loops", but:
for j in range(max(0, i - 99), min(i + longest, len(start))):
    if inside[i] and inside[j]:
        pairs.append((start[i] + end[j], i, j))

# %% wrong: any-length
# As "two loops", but:
for j in range(i, len(start)):
    if inside[i] and inside[j]:
        pairs.append((start[i] + end[j], i, j))

# %% wrong: one-too-long
# As "two loops", but:
for j in range(i, min(i + longest + 1, len(start))):
    if inside[i] and inside[j]:
        pairs.append((start[i] + end[j], i, j))

# %% wrong: one-too-short
# As "two loops", but:
for j in range(i, min(i + longest - 1, len(start))):
    if inside[i] and inside[j]:
        pairs.append((start[i] + end[j], i, j))

# %% wrong: start-decides: start first
# As "two loops", but:
pairs.append(((start[i], end[j]), i, j))

# %% wrong: worst-first
# As "two loops", but:
pairs.sort(reverse=False)

# %% wrong: end-is-the-place-after: place after
# As "two loops", but:
return [(i, j + 1) for _, i, j in pairs[:count]]

# %% wrong: too-few: only one
# As "two loops", but:
return [(i, j) for _, i, j in pairs[:1]]

# %% wrong: too-many: all of them
# As "two loops", but:
return [(i, j) for _, i, j in pairs[:]]
