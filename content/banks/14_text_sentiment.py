"""Right and wrong answers to the tasks of lesson 14. The form of this file: docs/checks.md."""

# %% task 14.1

# %% right: count
import numpy as np


def bag_of_words(train_texts, test_texts):
    words = sorted(set(" ".join(train_texts).lower().split()))
    test_words = words
    train = np.array([[text.lower().split().count(word) for word in words] for text in train_texts])
    test = np.array([[text.lower().split().count(word) for word in test_words] for text in test_texts])
    return train, test


# %% right: a dictionary of columns
import numpy as np


def bag_of_words(train_texts, test_texts):
    column = {}
    for text in train_texts:
        for word in text.lower().split():
            column.setdefault(word, len(column))
    tables = []
    for texts in (train_texts, test_texts):
        table = np.zeros((len(texts), len(column)), int)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                if word in column:
                    table[row, column[word]] += 1
        tables.append(table)
    return tables


# %% right: with scikit-learn
from sklearn.feature_extraction.text import CountVectorizer


def bag_of_words(train_texts, test_texts):
    counter = CountVectorizer(token_pattern=r"\S+")
    train = counter.fit_transform(train_texts).toarray()
    return train, counter.transform(test_texts).toarray()


# %% wrong: list-from-test-too: list of both
# As "count", but:
words = sorted(set(" ".join([*train_texts, *test_texts]).lower().split()))

# %% wrong: two-lists: a list each
# As "count", but:
test_words = sorted(set(" ".join(test_texts).lower().split()))

# %% wrong: capitals-kept: capitals
# As "count", but:
words = sorted(set(" ".join(train_texts).split()))
train = np.array([[text.split().count(word) for word in words] for text in train_texts])
test = np.array([[text.split().count(word) for word in test_words] for text in test_texts])

# %% wrong: present-or-not: yes or no
# As "count", but:
train = np.array([[int(word in text.lower().split()) for word in words] for text in train_texts])
test = np.array([[int(word in text.lower().split()) for word in test_words] for text in test_texts])

# %% wrong: column-for-unknown: unknown column
import numpy as np


def bag_of_words(train_texts, test_texts):
    words = sorted(set(" ".join(train_texts).lower().split()))
    column = {word: place for place, word in enumerate(words)}
    tables = []
    for texts in (train_texts, test_texts):
        table = np.zeros((len(texts), len(words) + 1))
        for row, text in enumerate(texts):
            for word in text.lower().split():
                table[row, column.get(word, -1)] += 1
        tables.append(table)
    return tables


# %% wrong: unknown-counted-as-another: unknown to the first column
import numpy as np


def bag_of_words(train_texts, test_texts):
    words = sorted(set(" ".join(train_texts).lower().split()))
    column = {word: place for place, word in enumerate(words)}
    tables = []
    for texts in (train_texts, test_texts):
        table = np.zeros((len(texts), len(words)))
        for row, text in enumerate(texts):
            for word in text.lower().split():
                table[row, column.get(word, 0)] += 1
        tables.append(table)
    return tables


# %% task 14.2

# %% right: where
import numpy as np


def mask_words(ids, share, rng):
    hidden = (rng.random(ids.shape) < share) & (ids >= 4)
    inputs = np.where(hidden, 1, ids)
    labels = np.where(hidden, ids, -1)
    return inputs, labels


# %% right: word by word
def mask_words(ids, share, rng):
    inputs, labels = ids.copy(), ids * 0 - 1
    for row in range(ids.shape[0]):
        for place in range(ids.shape[1]):
            if ids[row, place] > 3 and rng.random() < share:
                inputs[row, place], labels[row, place] = 1, ids[row, place]
    return inputs, labels


# %% right: a fixed number a text
import numpy as np


def mask_words(ids, share, rng):
    inputs, labels = np.array(ids), np.full(ids.shape, -1)
    for row, text in enumerate(ids):
        words = np.flatnonzero(text >= 4)
        count = int(share * len(words) + rng.random())
        chosen = rng.choice(words, count, replace=False)
        labels[row, chosen] = text[chosen]
        inputs[row, chosen] = 1
    return [inputs, labels]


# %% wrong: masks-padding: padding too
# As "where", but:
hidden = rng.random(ids.shape) < share

# %% wrong: masks-begin-and-end: begin and end too
# As "where", but:
hidden = (rng.random(ids.shape) < share) & (ids > 0)

# %% wrong: labels-everywhere
# As "where", but:
labels = ids.copy()

# %% wrong: labels-everywhere: at every word
# As "where", but:
return np.where(hidden, 1, ids), np.where(ids >= 4, ids, -1)

# %% wrong: zero-is-a-label: 0 for the rest
# As "where", but:
labels = np.where(hidden, ids, 0)

# %% wrong: labels-after-masking: labels from inputs
# As "where", but:
labels = np.where(hidden, inputs, -1)

# %% wrong: nothing-hidden
# As "where", but:
inputs = np.where(hidden & False, 1, ids)

# %% wrong: two-draws: drawn twice
# As "where", but:
labels = np.where((rng.random(ids.shape) < share) & (ids >= 4), ids, -1)

# %% wrong: share-kept
# As "where", but:
hidden = (rng.random(ids.shape) > share) & (ids >= 4)

# %% wrong: same-places-in-each-text: every fifth place
# As "where", but:
hidden = (np.arange(ids.shape[1]) % 5 == 3) & (ids >= 4)

# %% wrong: same-mask-in-each-pass: own seed
# As "where", but:
hidden = (np.random.default_rng(0).random(ids.shape) < share) & (ids >= 4)

# %% wrong: changes-input: in place
import numpy as np


def mask_words(ids, share, rng):
    hidden = (rng.random(ids.shape) < share) & (ids >= 4)
    labels = np.where(hidden, ids, -1)
    ids[hidden] = 1
    return ids, labels


# %% task 14.3

# %% right: dealt out
import numpy as np


def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    words = iter(rng.permutation(words))
    return [[str(next(words)) for _ in sentence] for sentence in sentences]


# %% right: cut to lengths
import numpy as np


def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    rng.shuffle(words)
    ends = np.cumsum([0] + [len(s) for s in sentences])
    return [words[a:b] for a, b in zip(ends, ends[1:])]


# %% right: popped one by one
import numpy as np


def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    order = list(rng.permutation(len(words)))
    return [[words[order.pop()] for _ in s] for s in sentences]


# %% wrong: nothing-shuffled: nothing
import numpy as np


def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    return [list(s) for s in sentences]


# %% wrong: sentences-reordered: order of sentences
# As "nothing", but:
return [sentences[i] for i in rng.permutation(len(sentences))]

# %% wrong: shuffled-within: inside of sentences
# As "nothing", but:
return [list(rng.permutation(s)) for s in sentences]

# %% wrong: words-drawn-again: with replacement
# As "nothing", but:
return [list(rng.choice(words, len(s))) for s in sentences]

# %% wrong: other-lengths: all of one length
# As "nothing", but:
rng.shuffle(words)
n = len(words) // len(sentences)
return [words[i : i + n] for i in range(0, len(words), n)]

# %% wrong: not-by-the-rng: own seed
# As "dealt out", but:
words = iter(np.random.default_rng(0).permutation(words))

# %% wrong: changes-input: in place
import numpy as np


def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    rng.shuffle(words)
    for s in sentences:
        s[:] = [words.pop() for _ in s]
    return sentences


# %% task 14.4

# %% right: sums
import numpy as np


def mean_over_words(states, real):
    return (states * real[..., None]).sum(axis=1) / np.maximum(real.sum(axis=1), 1)[:, None]


# %% right: text by text
# As "sums", but:
return np.array([s[r].mean(axis=0) if r.any() else np.zeros(s.shape[1]) for s, r in zip(states, real)])

# %% right: weights
import numpy as np


def mean_over_words(states, real):
    weights = real / np.clip(real.sum(1, keepdims=True), 1, None)
    return np.einsum("nl,nlw->nw", weights, states)


# %% wrong: averages-padding: plain mean
# As "sums", but:
return states.mean(axis=1)

# %% wrong: divided-by-the-length: by the length
# As "sums", but:
return (states * real[..., None]).mean(axis=1)

# %% wrong: sum-not-mean: sum
# As "sums", but:
return (states * real[..., None]).sum(axis=1)

# %% wrong: first-token-only: first token
# As "sums", but:
return states[:, 0]

# %% wrong: nan-for-an-empty-text: 0 / 0
# As "sums", but:
return (states * real[..., None]).sum(axis=1) / real.sum(axis=1, keepdims=True)

# %% wrong: one-text-mean: all texts
# As "sums", but:
return states[real].mean(axis=0)

# %% wrong: changes-input: in place
import numpy as np


def mean_over_words(states, real):
    states[~real] = 0
    return states.sum(axis=1) / np.maximum(real.sum(axis=1, keepdims=True), 1)
