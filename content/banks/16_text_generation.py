"""Right and wrong answers to the tasks of lesson 16. The form of this file: docs/checks.md."""

# %% task 16.1

# %% right: NumPy, where
import numpy as np


def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(width)
    seen = np.tri(length) == 1
    scores = np.where(seen, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ value


# %% right: one place after the other
import numpy as np


def causal_attention(query, key, value):
    result = np.zeros_like(value)
    for b in range(len(query)):
        for place in range(query.shape[1]):
            scores = key[b, : place + 1] @ query[b, place] / query.shape[2] ** 0.5
            weights = np.exp(scores - scores.max())
            result[b, place] = weights @ value[b, : place + 1] / weights.sum()
    return result


# %% right: Keras, with -inf
from keras import ops


def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = ops.einsum("bqw,bkw->bqk", query, key) / width**0.5
    later = ops.triu(ops.ones((length, length)), 1) > 0
    weights = ops.softmax(ops.where(later, -float("inf"), scores), axis=-1)
    return ops.matmul(weights, value)


# %% right: Keras' own attention
import keras


def causal_attention(query, key, value):
    heads = [keras.ops.expand_dims(part, 2) for part in (query, key, value)]
    return keras.ops.dot_product_attention(*heads, is_causal=True)[:, :, 0]


# %% wrong: sees-the-future: no mask
# As "NumPy, where", but:
seen = np.ones((length, length)) == 1

# %% wrong: sees-the-future: one place too far
# As "NumPy, where", but:
seen = np.tri(length, k=1) == 1

# %% wrong: zero-is-no-mask: scores times the mask
# As "NumPy, where", but:
scores = scores * seen

# %% wrong: masked-after-softmax: mask after softmax
# As "NumPy, where", but:
scores = scores
weights = weights / weights.sum(axis=-1, keepdims=True) * seen

# %% wrong: not-itself: strictly before
# As "NumPy, where", but:
seen = np.tri(length, k=-1) == 1

# %% wrong: not-itself: strictly before, -inf
from keras import ops


def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = ops.einsum("bqw,bkw->bqk", query, key) / width**0.5
    before = ops.tril(ops.ones((length, length)), -1) > 0
    return ops.matmul(ops.softmax(ops.where(before, scores, -float("inf"))), value)


# %% wrong: looks-forward: the other triangle
# As "NumPy, where", but:
seen = np.tri(length).T == 1

# %% wrong: sees-itself-only: the diagonal
# As "NumPy, where", but:
seen = np.eye(length) == 1

# %% wrong: not-scaled
import numpy as np


def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = query @ key.transpose(0, 2, 1)
    seen = np.tri(length) == 1
    scores = np.where(seen, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ value


# %% wrong: softmax-over-the-wrong-axis
import numpy as np


def causal_attention(query, key, value):
    length, width = query.shape[1:]
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(width)
    seen = np.tri(length) == 1
    scores = np.where(seen, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return weights @ value


# %% wrong: weights-do-not-sum-to-one: no softmax
# As "NumPy, where", but:
weights = weights

# %% task 16.2

# %% right: add_weight
import keras


class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.trainable = False
        self.base, self.scale = base, alpha / rank
        self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="glorot_uniform")
        self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")

    def call(self, x):
        return self.base(x) + self.scale * (x @ self.a @ self.b)

    def merged(self):
        kernel = self.base.kernel + self.scale * (self.a @ self.b)
        layer = keras.layers.Dense(self.base.units)
        layer.build((None, self.base.kernel.shape[0]))
        layer.set_weights([kernel, self.base.bias])
        return layer


# %% right: two narrow Dense layers
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


# %% right: Keras' own, the bias frozen
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


# %% right: merged as a function of its own kernel
# As "add_weight", but:
layer = keras.layers.Dense.from_config(self.base.get_config())


# %% wrong: base-learns: base not frozen
# As "add_weight", but:
def __init__(self, base, rank, alpha):
    super().__init__()
    self.base, self.scale = base, alpha / rank
    self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="glorot_uniform")
    self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")


# %% wrong: bias-learns: kernel alone frozen
import keras


class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.kernel.trainable = False
        self.base, self.scale = base, alpha / rank
        self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="glorot_uniform")
        self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")

    def call(self, x):
        return self.base(x) + self.scale * (x @ self.a @ self.b)

    def merged(self):
        kernel = self.base.kernel + self.scale * (self.a @ self.b)
        layer = keras.layers.Dense(self.base.units)
        layer.build((None, self.base.kernel.shape[0]))
        layer.set_weights([kernel, self.base.bias])
        return layer


# %% wrong: not-the-base-at-first: B at random
# As "add_weight", but:
self.b = self.add_weight(shape=(rank, base.units), initializer="glorot_uniform")

# %% wrong: both-start-at-zero: A and B at zero
# As "add_weight", but:
self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="zeros")

# %% wrong: scale-forgotten: alpha forgotten
import keras


class LowRankAdapter(keras.layers.Layer):
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.trainable = False
        self.base, self.scale = base, alpha / rank
        self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="glorot_uniform")
        self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")

    def call(self, x):
        return self.base(x) + 1.0 * (x @ self.a @ self.b)

    def merged(self):
        kernel = self.base.kernel + self.a @ self.b
        layer = keras.layers.Dense(self.base.units)
        layer.build((None, self.base.kernel.shape[0]))
        layer.set_weights([kernel, self.base.bias])
        return layer


# %% wrong: scale-without-rank: alpha without rank
# As "add_weight", but:
self.base, self.scale = base, alpha

# %% wrong: merged-is-the-base: merged without A and B
# As "add_weight", but:
kernel = self.base.kernel + 0.0

# %% wrong: merge-forgets-the-scale: merged without alpha
# As "add_weight", but:
kernel = self.base.kernel + self.a @ self.b

# %% wrong: merge-forgets-the-bias: merged without bias
# As "add_weight", but:
layer.set_weights([kernel, 0 * self.base.bias])


# %% wrong: merge-changes-the-base: merged into the base
# As "add_weight", but:
def merged(self):
    kernel = self.base.kernel + self.scale * (self.a @ self.b)
    layer = self.base
    layer.set_weights([kernel, self.base.bias])
    return layer


# %% wrong: full-size: a full matrix
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


# %% wrong: nothing-learns: the whole adapter frozen
# As "add_weight", but:
self.trainable = False
self.base, self.scale = base, alpha / rank

# %% wrong: no-merge: no merged()
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


# %% task 16.3

# %% right: NumPy
import numpy as np


def perplexity(logits, targets):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    real = targets != 0
    return np.exp(losses[real].mean())


# %% right: sum over sum
# As "NumPy", but:
return float(np.exp((losses * real).sum() / real.sum()))

# %% right: Keras' loss with ignore_class
import keras


def perplexity(logits, targets):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return keras.ops.exp(loss(targets, logits))


# %% right: word by word
import math


def perplexity(logits, targets):
    losses = []
    for row, words in zip(logits.astype(float), targets):
        for scores, word in zip(row, words):
            if word:
                top = scores.max()
                losses.append(top + math.log(sum(math.exp(s - top) for s in scores)) - scores[word])
    return math.exp(sum(losses) / len(losses))


# %% wrong: counts-padding: padding counted
# As "NumPy", but:
return np.exp(losses.mean())

# %% wrong: divides-by-padding-too: divided by all
# As "NumPy", but:
return np.exp((losses * real).mean())

# %% wrong: loss-not-exp: the loss
# As "NumPy", but:
return losses[real].mean()

# %% wrong: two-to-the-loss: base 2
# As "NumPy", but:
return 2 ** losses[real].mean()

# %% wrong: mean-of-texts
# As "NumPy", but:
return np.exp(np.mean([l[r].mean() for l, r in zip(losses, real)]))

# %% wrong: mean-of-perplexities: exp first
# As "NumPy", but:
return np.exp(losses)[real].mean()

# %% wrong: not-one-number: of each text
# As "NumPy", but:
return np.array([np.exp(l[r].mean()) for l, r in zip(losses, real)])

# %% wrong: overflow: no largest subtracted
import numpy as np


def perplexity(logits, targets):
    with np.errstate(all="ignore"):
        p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        losses = -np.log(np.take_along_axis(p, targets[..., None], axis=-1)[..., 0])
    return np.exp(losses[targets != 0].mean())


# %% wrong: not-the-targets: mean over the vocabulary
# As "NumPy", but:
return np.exp(-log_p[real].mean())

# %% wrong: mean-of-probabilities
# As "NumPy", but:
return 1 / np.exp(-losses[real]).mean()

# %% wrong: best-word-not-target: the best word
# As "NumPy", but:
return np.exp(-log_p.max(axis=-1)[real].mean())

# %% wrong: sum-not-mean: sum
# As "NumPy", but:
return np.exp(losses[real].sum())

# %% wrong: sign-turned: sign
# As "NumPy", but:
return np.exp(-losses[real].mean())

# %% task 16.4


# %% right: list and set
def copied_share(generated, corpus, n):
    def phrases(texts):
        return [tuple(w[i : i + n]) for w in (text.split() for text in texts) for i in range(len(w) - n + 1)]

    known, made = set(phrases(corpus)), phrases(generated)
    return sum(phrase in known for phrase in made) / len(made)


# %% right: counts
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


# %% right: shifted copies
def copied_share(generated, corpus, n):
    def phrases(text):
        words = text.split()
        return list(zip(*(words[shift:] for shift in range(n))))

    known = {phrase for text in corpus for phrase in phrases(text)}
    hits = [phrase in known for text in generated for phrase in phrases(text)]
    return sum(hits) / len(hits)


# %% wrong: different-phrases: sets on both sides
# As "list and set", but:
known, made = set(phrases(corpus)), set(phrases(generated))

# %% wrong: across-the-border: corpus glued together
# As "list and set", but:
known, made = set(phrases([" ".join(corpus)])), phrases(generated)


# %% wrong: letters-not-words: letters
def copied_share(generated, corpus, n):
    def phrases(texts):
        return [tuple(w[i : i + n]) for w in texts for i in range(len(w) - n + 1)]

    known, made = set(phrases(corpus)), phrases(generated)
    return sum(phrase in known for phrase in made) / len(made)


# %% wrong: share-of-the-corpus: the other way round
# As "list and set", but:
known, made = set(phrases(generated)), phrases(corpus)

# %% wrong: share-of-new-ones: new ones
# As "list and set", but:
return sum(phrase not in known for phrase in made) / len(made)


# %% wrong: whole-texts
def copied_share(generated, corpus, n):
    return sum(t in corpus for t in generated) / len(generated)


# %% wrong: per-cent
# As "list and set", but:
return 100 * sum(phrase in known for phrase in made) / len(made)


# %% wrong: one-word-short
def copied_share(generated, corpus, n):
    def phrases(texts):
        return [tuple(w[i : i + n - 1]) for w in (text.split() for text in texts) for i in range(len(w) - n + 2)]

    known, made = set(phrases(corpus)), phrases(generated)
    return sum(phrase in known for phrase in made) / len(made)
