"""Instructors' side of lesson 16: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Right, Wrong

_ATTENTION = """
import numpy as np

def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = {scores}
    seen = {seen}
    scores = {masked}
    weights = np.exp(scores - scores.max(axis={axis}, keepdims=True))
    weights = {late}
    return weights @ value
"""


def _attention(
    scores: str = "query @ key.transpose(0, 2, 1) / np.sqrt(width)",
    seen: str = "np.tri(length) == 1",
    masked: str = "np.where(seen, scores, -1e9)",
    axis: str = "-1",
    late: str | None = None,
) -> str:
    late = late or f"weights / weights.sum(axis={axis}, keepdims=True)"
    return _ATTENTION.format(scores=scores, seen=seen, masked=masked, axis=axis, late=late)


ATTENTION = Bank(
    right=[
        Right("NumPy, where", _attention()),
        Right(
            "one place after the other",
            """
import numpy as np

def causal_attention(query, key, value):
    result = np.zeros_like(value)
    for b in range(len(query)):
        for place in range(query.shape[1]):
            scores = key[b, : place + 1] @ query[b, place] / query.shape[2] ** 0.5
            weights = np.exp(scores - scores.max())
            result[b, place] = weights @ value[b, : place + 1] / weights.sum()
    return result
""",
        ),
        Right(
            "Keras, with -inf",
            """
from keras import ops

def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = ops.einsum("bqw,bkw->bqk", query, key) / width**0.5
    later = ops.triu(ops.ones((length, length)), 1) > 0
    weights = ops.softmax(ops.where(later, -float("inf"), scores), axis=-1)
    return ops.matmul(weights, value)
""",
        ),
        Right(
            "Keras' own attention",
            """
import keras

def causal_attention(query, key, value):
    heads = [keras.ops.expand_dims(part, 2) for part in (query, key, value)]
    return keras.ops.dot_product_attention(*heads, is_causal=True)[:, :, 0]
""",
        ),
    ],
    wrong=[
        Wrong("no mask", "sees-the-future", _attention(seen="np.ones((length, length)) == 1")),
        Wrong("one place too far", "sees-the-future", _attention(seen="np.tri(length, k=1) == 1")),
        Wrong("scores times the mask", "zero-is-no-mask", _attention(masked="scores * seen")),
        Wrong(
            "mask after softmax",
            "masked-after-softmax",
            _attention(masked="scores", late="weights / weights.sum(axis=-1, keepdims=True) * seen"),
        ),
        Wrong("strictly before", "not-itself", _attention(seen="np.tri(length, k=-1) == 1")),
        Wrong(
            "strictly before, -inf",
            "not-itself",
            """
from keras import ops

def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = ops.einsum("bqw,bkw->bqk", query, key) / width**0.5
    before = ops.tril(ops.ones((length, length)), -1) > 0
    return ops.matmul(ops.softmax(ops.where(before, scores, -float("inf"))), value)
""",
        ),
        Wrong("the other triangle", "looks-forward", _attention(seen="np.tri(length).T == 1")),
        Wrong("the diagonal", "sees-itself-only", _attention(seen="np.eye(length) == 1")),
        Wrong("not scaled", "not-scaled", _attention(scores="query @ key.transpose(0, 2, 1)")),
        Wrong("softmax over those who look", "softmax-over-those-who-look", _attention(axis="1")),
        Wrong("no softmax", "weights-do-not-sum-to-one", _attention(late="weights")),
    ],
)

_ADAPTER = """
import keras

class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        {freeze}
        self.base, self.scale = base, {scale}
        self.a = self.add_weight(shape=({wide}, rank), initializer={a})
        self.b = self.add_weight(shape=(rank, base.units), initializer={b})

    def call(self, x):
        return self.base(x) + {applied} * (x @ self.a @ self.b)

    def merged(self):
        kernel = self.base.kernel + {merged}
        {layer}
        layer.set_weights([kernel, {bias}])
        return layer
"""


def _adapter(**parts: str) -> str:
    usual = {
        "freeze": "base.trainable = False",
        "scale": "alpha / rank",
        "wide": "base.kernel.shape[0]",
        "a": '"glorot_uniform"',
        "b": '"zeros"',
        "applied": "self.scale",
        "merged": "self.scale * (self.a @ self.b)",
        "layer": "layer = keras.layers.Dense(self.base.units); layer.build((None, self.base.kernel.shape[0]))",
        "bias": "self.base.bias",
    }
    return _ADAPTER.format(**usual | parts)


ADAPTER = Bank(
    right=[
        Right("add_weight", _adapter()),
        Right(
            "two narrow Dense layers",
            """
import keras

class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        self.base.trainable = False
        self.down = keras.layers.Dense(rank, use_bias=False)
        self.up = keras.layers.Dense(base.units, use_bias=False, kernel_initializer="zeros")
        self.down.build((None, base.kernel.shape[0]))
        self.up.build((None, rank))
        self.rate = alpha / rank

    def call(self, inputs):
        return self.base(inputs) + self.rate * self.up(self.down(inputs))

    def merged(self):
        wide, units = self.base.kernel.shape
        delta = self.down.kernel @ self.up.kernel
        layer = keras.layers.Dense(units)
        layer.build((None, wide))
        layer.set_weights([self.base.kernel + self.rate * delta, self.base.bias])
        return layer
""",
        ),
        Right(
            "Keras' own, the bias frozen",
            """
import keras

class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base = base
        base.enable_lora(rank, lora_alpha=alpha)
        base.bias.trainable = False

    def call(self, x):
        return self.base(x)

    def merged(self):
        copy = keras.layers.Dense(self.base.units)
        copy.build((None, self.base.kernel.shape[0]))
        copy.set_weights([keras.ops.convert_to_numpy(self.base.kernel), self.base.bias])
        return copy
""",
        ),
        Right(
            "merged as a function of its own kernel",
            _adapter(
                layer="layer = keras.layers.Dense.from_config(self.base.get_config()); layer.build((None, self.base.kernel.shape[0]))"
            ),
        ),
    ],
    wrong=[
        Wrong("base not frozen", "base-learns", _adapter(freeze="pass")),
        Wrong("kernel alone frozen", "bias-learns", _adapter(freeze="base.kernel.trainable = False")),
        Wrong("B at random", "not-the-base-at-first", _adapter(b='"glorot_uniform"')),
        Wrong("A and B at zero", "both-start-at-zero", _adapter(a='"zeros"')),
        Wrong("alpha forgotten", "scale-forgotten", _adapter(applied="1.0", merged="self.a @ self.b")),
        Wrong("alpha without rank", "scale-without-rank", _adapter(scale="alpha")),
        Wrong("merged without A and B", "merged-is-the-base", _adapter(merged="0.0")),
        Wrong("merged without alpha", "merge-forgets-the-scale", _adapter(merged="self.a @ self.b")),
        Wrong("merged without bias", "merge-forgets-the-bias", _adapter(bias="0 * self.base.bias")),
        Wrong("merged into the base", "merge-changes-the-base", _adapter(layer="layer = self.base")),
        Wrong(
            "a full matrix",
            "full-size",
            """
import keras

class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.trainable = False
        self.base = base
        self.delta = self.add_weight(shape=base.kernel.shape, initializer="zeros")

    def call(self, x):
        return self.base(x) + x @ self.delta

    def merged(self):
        return self
""",
        ),
        Wrong("the whole adapter frozen", "nothing-learns", _adapter(freeze="base.trainable = False; self.trainable = False")),
        Wrong(
            "no merged()",
            "no-merge",
            """
import keras

class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.trainable = False
        self.base, self.scale = base, alpha / rank
        self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="he_uniform")
        self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")

    def call(self, x):
        return self.base(x) + self.scale * (x @ self.a @ self.b)
""",
        ),
    ],
)

_PERPLEXITY = """
import numpy as np

def perplexity(logits, targets):
    shifted = logits - {largest}
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    real = targets != 0
    return {result}
"""


def _perplexity(largest: str = "logits.max(axis=-1, keepdims=True)", result: str = "np.exp(losses[real].mean())") -> str:
    return _PERPLEXITY.format(largest=largest, result=result)


PERPLEXITY = Bank(
    right=[
        Right("NumPy", _perplexity()),
        Right("sum over sum", _perplexity(result="float(np.exp((losses * real).sum() / real.sum()))")),
        Right(
            "Keras' loss with ignore_class",
            """
import keras

def perplexity(logits, targets):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return keras.ops.exp(loss(targets, logits))
""",
        ),
        Right(
            "word by word",
            """
import math

def perplexity(logits, targets):
    losses = []
    for row, words in zip(logits.astype(float), targets):
        for scores, word in zip(row, words):
            if word:
                top = scores.max()
                losses.append(top + math.log(sum(math.exp(s - top) for s in scores)) - scores[word])
    return math.exp(sum(losses) / len(losses))
""",
        ),
    ],
    wrong=[
        Wrong("padding counted", "counts-padding", _perplexity(result="np.exp(losses.mean())")),
        Wrong("divided by all", "divides-by-padding-too", _perplexity(result="np.exp((losses * real).mean())")),
        Wrong("the loss", "loss-not-exp", _perplexity(result="losses[real].mean()")),
        Wrong("base 2", "two-to-the-loss", _perplexity(result="2 ** losses[real].mean()")),
        Wrong(
            "mean of texts", "mean-of-texts", _perplexity(result="np.exp(np.mean([l[r].mean() for l, r in zip(losses, real)]))")
        ),
        Wrong("exp first", "mean-of-perplexities", _perplexity(result="np.exp(losses)[real].mean()")),
        Wrong(
            "of each text",
            "not-one-number",
            _perplexity(result="np.array([np.exp(l[r].mean()) for l, r in zip(losses, real)])"),
        ),
        Wrong(
            "no largest subtracted",
            "overflow",
            """
import numpy as np

def perplexity(logits, targets):
    with np.errstate(all="ignore"):
        p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        losses = -np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0])
    return np.exp(losses[targets != 0].mean())
""",
        ),
        Wrong("mean over the vocabulary", "not-the-targets", _perplexity(result="np.exp(-log_p[real].mean())")),
        Wrong("mean of probabilities", "mean-of-probabilities", _perplexity(result="1 / np.exp(-losses[real]).mean()")),
        Wrong("the best word", "best-word-not-target", _perplexity(result="np.exp(-log_p.max(axis=-1)[real].mean())")),
        Wrong("sum", "sum-not-mean", _perplexity(result="np.exp(losses[real].sum())")),
        Wrong("sign", "sign-turned", _perplexity(result="np.exp(-losses[real].mean())")),
    ],
)

_COPIED = """
def copied_share(generated, corpus, n):
    def phrases(texts):
        return [tuple(w[i : i + n]) for w in {words} for i in range(len(w) - n + 1)]

    known, made = {known}, {made}
    return {result}
"""


def _copied(
    words: str = "(text.split() for text in texts)",
    known: str = "set(phrases(corpus))",
    made: str = "phrases(generated)",
    result: str = "sum(phrase in known for phrase in made) / len(made)",
) -> str:
    return _COPIED.format(words=words, known=known, made=made, result=result)


COPIED = Bank(
    right=[
        Right("list and set", _copied()),
        Right(
            "counts",
            """
from collections import Counter

def copied_share(generated, corpus, n):
    def count(texts):
        found = Counter()
        for text in texts:
            words = text.split()
            found.update(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        return found

    made, known = count(generated), count(corpus)
    return sum(times for phrase, times in made.items() if phrase in known) / sum(made.values())
""",
        ),
        Right(
            "shifted copies",
            """
def copied_share(generated, corpus, n):
    def phrases(text):
        words = text.split()
        return list(zip(*(words[shift:] for shift in range(n))))

    known = {phrase for text in corpus for phrase in phrases(text)}
    hits = [phrase in known for text in generated for phrase in phrases(text)]
    return sum(hits) / len(hits)
""",
        ),
    ],
    wrong=[
        Wrong("sets on both sides", "different-phrases", _copied(made="set(phrases(generated))")),
        Wrong("corpus glued together", "across-the-border", _copied(known='set(phrases([" ".join(corpus)]))')),
        Wrong("letters", "letters-not-words", _copied(words="texts")),
        Wrong("the other way round", "share-of-the-corpus", _copied(known="set(phrases(generated))", made="phrases(corpus)")),
        Wrong("new ones", "share-of-new-ones", _copied(result="sum(phrase not in known for phrase in made) / len(made)")),
        Wrong(
            "whole texts",
            "whole-texts",
            "def copied_share(generated, corpus, n):\n    return sum(t in corpus for t in generated) / len(generated)\n",
        ),
        Wrong("per cent", "per-cent", _copied(result="100 * sum(phrase in known for phrase in made) / len(made)")),
        Wrong(
            "one word short",
            "one-word-short",
            _copied().replace("w[i : i + n]", "w[i : i + n - 1]").replace("- n + 1", "- n + 2"),
        ),
    ],
)

BANK = {"16.1": ATTENTION, "16.2": ADAPTER, "16.3": PERPLEXITY, "16.4": COPIED}
