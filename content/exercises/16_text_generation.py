# %% [markdown]
# # 16 · Exercise: text generation
#
# Four pieces of a language model, each small enough to be tested exactly. Fill in each function,
# run its cell, then the check below it. `hint("16.1")` in a cell of its own helps one step at a
# time and costs nothing. **Time:** 40 minutes. You need lesson 16.

# %%
import keras
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 16.1: causal self-attention
#
# In training a language model reads whole texts, but it must not use the word that it has to
# predict. `query`, `key` and `value` have shape `(texts, length, width)`. Return an array of the
# same shape. At place `q` it holds a weighted mean of the values of places `0` to `q`, itself
# included. The weights are the softmax of `query · key / sqrt(width)` over those places.
#
# The check replaces everything from some place on: **no result before that place may change.**


# %%
def causal_attention(query, key, value):
    """Return `(texts, length, width)`."""
    ### BEGIN SOLUTION
    length, width = query.shape[1:]
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(width)  # (texts, length, length)
    scores = np.where(np.tri(length) == 1, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ value
    ### END SOLUTION


# %%
check("16.1", causal_attention)

# %% [markdown]
# ## Task 16.2: a low-rank adapter
#
# You write LoRA without `enable_lora`: wrap a built `keras.layers.Dense` layer, leave it unchanged,
# and let two narrow matrices learn. With `A` of shape `(inputs, rank)` and `B` of shape
# `(rank, units)`, the output is `base(x) + alpha / rank * x A B`.
#
# - Before any training the output is exactly that of the base; still, both matrices can learn.
# - Only `A` and `B` learn; the kernel and the bias of the base do not.
# - `merged()` returns **a new** `Dense` layer with the same output as base and adapter together.
#   The base stays unchanged: the adapter can be removed.


# %%
class LowRankAdapter(keras.layers.Layer):
    """A frozen Dense layer plus `alpha / rank * x A B`."""

    ### BEGIN SOLUTION
    def __init__(self, base, rank, alpha):
        super().__init__()
        base.trainable = False
        self.base, self.scale = base, alpha / rank
        self.a = self.add_weight(shape=(base.kernel.shape[0], rank), initializer="he_uniform")
        self.b = self.add_weight(shape=(rank, base.units), initializer="zeros")

    def call(self, x):
        return self.base(x) + self.scale * (x @ self.a @ self.b)

    def merged(self):
        layer = keras.layers.Dense(self.base.units)
        layer.build((None, self.base.kernel.shape[0]))
        layer.set_weights([self.base.kernel + self.scale * (self.a @ self.b), self.base.bias])
        return layer

    ### END SOLUTION


# %%
check("16.2", LowRankAdapter)

# %% [markdown]
# ## Task 16.3: perplexity
#
# `logits` has shape `(texts, length, vocabulary)`, `targets` has shape `(texts, length)`: the true
# next words. Where `targets` is 0 there is no word, only padding. Return one number: exp of the
# mean loss, `-log p(word)`, over **all real words of all texts**. Each word counts the same. It
# must also work for logits around 1000.


# %%
def perplexity(logits, targets):
    """Return one number, 1 or more."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]  # (texts, length)
    return np.exp(losses[targets != 0].mean())
    ### END SOLUTION


# %%
check("16.3", perplexity)

# %% [markdown]
# ## Task 16.4: the share of copied phrases
#
# Does a model compose sentences, or does it repeat memorized ones? Texts are strings with spaces
# between the words. Return the share of all phrases of `n` words in the generated texts that occur,
# word for word, in a text of the corpus. A phrase that was generated twice counts twice. Phrases do
# not run from one text into the next; texts shorter than `n` words have none.


# %%
def copied_share(generated, corpus, n):
    """Return a number from 0 to 1."""

    ### BEGIN SOLUTION
    def phrases(texts):
        return [
            tuple(words[i : i + n])
            for words in map(str.split, texts)
            for i in range(len(words) - n + 1)
        ]

    known, made = set(phrases(corpus)), phrases(generated)
    return sum(phrase in known for phrase in made) / len(made)
    ### END SOLUTION


# %%
check("16.4", copied_share)
