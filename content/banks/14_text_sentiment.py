"""Instructors' side of lesson 14: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_BAG = """
import numpy as np

def bag_of_words(train_texts, test_texts):
    words = {words}
    test_words = {test_words}
    train = np.array([[{count} for word in words] for text in train_texts])
    test = np.array([[{count} for word in test_words] for text in test_texts])
    return {result}
"""
_OF_TRAINING = "sorted(set(' '.join(train_texts).lower().split()))"


def _bag(
    words: str = _OF_TRAINING,
    test_words: str = "words",
    count: str = "text.lower().split().count(word)",
    result: str = "train, test",
) -> str:
    return _BAG.format(words=words, test_words=test_words, count=count, result=result)


BAG = Bank(
    right=[
        Right("count", _bag()),
        Right(
            "a dictionary of columns",
            """
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
""",
        ),
        Right(
            "with scikit-learn",
            r"""
from sklearn.feature_extraction.text import CountVectorizer

def bag_of_words(train_texts, test_texts):
    counter = CountVectorizer(token_pattern=r"\S+")
    train = counter.fit_transform(train_texts).toarray()
    return train, counter.transform(test_texts).toarray()
""",
        ),
    ],
    wrong=[
        Wrong("list of both", "list-from-test-too", _bag("sorted(set(' '.join([*train_texts, *test_texts]).lower().split()))")),
        Wrong("a list each", "two-lists", _bag(test_words=_OF_TRAINING.replace("train_texts", "test_texts"))),
        Wrong(
            "capitals", "capitals-kept", _bag("sorted(set(' '.join(train_texts).split()))", count="text.split().count(word)")
        ),
        Wrong("yes or no", "present-or-not", _bag(count="int(word in text.lower().split())")),
        Wrong(
            "unknown column",
            "column-for-unknown",
            """
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
""",
        ),
        Wrong(
            "unknown to the first column",
            "unknown-counted-as-another",
            """
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
""",
        ),
    ],
)

_MASK = """
import numpy as np

def mask_words(ids, share, rng):
    hidden = {hidden}
    inputs = np.where({masked}, 1, ids)
    labels = {labels}
    return inputs, labels
"""


def _mask(
    hidden: str = "(rng.random(ids.shape) < share) & (ids >= 4)",
    masked: str = "hidden",
    labels: str = "np.where(hidden, ids, -1)",
) -> str:
    return _MASK.format(hidden=hidden, masked=masked, labels=labels)


MASK = Bank(
    right=[
        Right("where", _mask()),
        Right(
            "word by word",
            """
def mask_words(ids, share, rng):
    inputs, labels = ids.copy(), ids * 0 - 1
    for row in range(ids.shape[0]):
        for place in range(ids.shape[1]):
            if ids[row, place] > 3 and rng.random() < share:
                inputs[row, place], labels[row, place] = 1, ids[row, place]
    return inputs, labels
""",
        ),
        Right(
            "a fixed number a text",
            """
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
""",
        ),
    ],
    wrong=[
        Wrong("padding too", "masks-padding", _mask("rng.random(ids.shape) < share")),
        Wrong("begin and end too", "masks-begin-and-end", _mask("(rng.random(ids.shape) < share) & (ids > 0)")),
        Wrong("labels everywhere", "labels-everywhere", _mask(labels="ids.copy()")),
        Wrong("0 for the rest", "zero-is-a-label", _mask(labels="np.where(hidden, ids, 0)")),
        Wrong("labels from inputs", "labels-after-masking", _mask(labels="np.where(hidden, inputs, -1)")),
        Wrong("nothing hidden", "nothing-hidden", _mask(masked="hidden & False")),
        Wrong(
            "drawn twice",
            "two-draws",
            _mask(labels="np.where((rng.random(ids.shape) < share) & (ids >= 4), ids, -1)"),
        ),
        Wrong("share kept", "share-kept", _mask("(rng.random(ids.shape) > share) & (ids >= 4)")),
        Wrong("every fifth place", "same-places-in-each-text", _mask("(np.arange(ids.shape[1]) % 5 == 3) & (ids >= 4)")),
        Wrong(
            "own seed",
            "same-mask-in-each-pass",
            _mask("(np.random.default_rng(0).random(ids.shape) < share) & (ids >= 4)"),
        ),
        Wrong(
            "in place",
            "changes-input",
            """
import numpy as np

def mask_words(ids, share, rng):
    hidden = (rng.random(ids.shape) < share) & (ids >= 4)
    labels = np.where(hidden, ids, -1)
    ids[hidden] = 1
    return ids, labels
""",
        ),
    ],
)

_SCATTER = """
import numpy as np

def scatter(sentences, rng):
    words = [word for sentence in sentences for word in sentence]
    {body}
"""


def _scatter(body: str) -> str:
    return _SCATTER.format(body=body)


_DEAL = "return [[str(next(words)) for _ in sentence] for sentence in sentences]"
SCATTER = Bank(
    right=[
        Right("dealt out", _scatter(f"words = iter(rng.permutation(words))\n    {_DEAL}")),
        Right(
            "cut to lengths",
            _scatter(
                "rng.shuffle(words)\n    ends = np.cumsum([0] + [len(s) for s in sentences])\n"
                "    return [words[a:b] for a, b in zip(ends, ends[1:])]"
            ),
        ),
        Right(
            "popped one by one",
            _scatter(
                "order = list(rng.permutation(len(words)))\n    return [[words[order.pop()] for _ in s] for s in sentences]"
            ),
        ),
    ],
    wrong=[
        Wrong("nothing", "nothing-shuffled", _scatter("return [list(s) for s in sentences]")),
        Wrong(
            "order of sentences",
            "sentences-reordered",
            _scatter("return [sentences[i] for i in rng.permutation(len(sentences))]"),
        ),
        Wrong("inside of sentences", "shuffled-within", _scatter("return [list(rng.permutation(s)) for s in sentences]")),
        Wrong("with replacement", "words-drawn-anew", _scatter("return [list(rng.choice(words, len(s))) for s in sentences]")),
        Wrong(
            "all of one length",
            "other-lengths",
            _scatter(
                "rng.shuffle(words)\n    n = len(words) // len(sentences)\n    return [words[i:i + n] for i in range(0, len(words), n)]"
            ),
        ),
        Wrong(
            "own seed",
            "not-by-the-rng",
            _scatter(f"words = iter(np.random.default_rng(0).permutation(words))\n    {_DEAL}"),
        ),
        Wrong(
            "in place",
            "changes-input",
            _scatter(
                "rng.shuffle(words)\n    for s in sentences:\n        s[:] = [words.pop() for _ in s]\n    return sentences"
            ),
        ),
    ],
)


def _mean(line: str) -> str:
    return f"import numpy as np\n\ndef mean_over_words(states, real):\n    return {line}\n"


_SUM = "(states * real[..., None]).sum(axis=1)"
MEAN = Bank(
    right=[
        Right("sums", _mean(f"{_SUM} / np.maximum(real.sum(axis=1), 1)[:, None]")),
        Right(
            "text by text",
            _mean("np.array([s[r].mean(axis=0) if r.any() else np.zeros(s.shape[1]) for s, r in zip(states, real)])"),
        ),
        Right(
            "weights",
            """
import numpy as np

def mean_over_words(states, real):
    weights = real / np.clip(real.sum(1, keepdims=True), 1, None)
    return np.einsum("nl,nlw->nw", weights, states)
""",
        ),
    ],
    wrong=[
        Wrong("plain mean", "averages-padding", _mean("states.mean(axis=1)")),
        Wrong("by the length", "divided-by-the-length", _mean("(states * real[..., None]).mean(axis=1)")),
        Wrong("sum", "sum-not-mean", _mean(_SUM)),
        Wrong("first token", "first-token-only", _mean("states[:, 0]")),
        Wrong("0 / 0", "nan-for-an-empty-text", _mean(f"{_SUM} / real.sum(axis=1, keepdims=True)")),
        Wrong("all texts", "one-text-mean", _mean("states[real].mean(axis=0)")),
        Wrong(
            "in place",
            "changes-input",
            "import numpy as np\n\ndef mean_over_words(states, real):\n    states[~real] = 0\n"
            "    return states.sum(axis=1) / np.maximum(real.sum(axis=1, keepdims=True), 1)\n",
        ),
    ],
)

BANK = {"14.1": BAG, "14.2": MASK, "14.3": SCATTER, "14.4": MEAN}
