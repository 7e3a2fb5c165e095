# %% [markdown]
# # 14 · Exercise: words, masks, and a placebo
#
# Four pieces: what makes BERT work, and what keeps a report about it honest. Fill in each function,
# run its cell, then the check below it. `hint("14.1")` in a cell of its own helps one step at a
# time and costs nothing. **Time:** 35 minutes. You need lesson 14 and NumPy; no encoder is loaded.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 14.1: a bag of words
#
# You write the baseline by hand. Return two tables of counts, `(training texts, words)` and
# `(test texts, words)`:
#
# - words are separated by spaces and counted in lower case;
# - there is one column for each word **of the training texts**; both tables have the same columns,
#   in any order;
# - words of the test texts that never occurred in training count nowhere.


# %%
def bag_of_words(train_texts, test_texts):
    """Return (train_counts, test_counts)."""
    ### BEGIN SOLUTION
    words = sorted({word for text in train_texts for word in text.lower().split()})
    return tuple(
        np.array([[text.lower().split().count(word) for word in words] for text in texts])
        for texts in (train_texts, test_texts)
    )
    ### END SOLUTION


# %%
check("14.1", bag_of_words)

# %% [markdown]
# ## Task 14.2: mask words
#
# `ids` is `(texts, length)`. Four numbers are special: 0 is padding, 1 is `[MASK]`, 2 begins a text
# and 3 ends it. Words have numbers from 4 on. Return two arrays of the same shape:
#
# - **inputs**: `ids` with about `share` of the *words* replaced by 1, drawn at random for every
#   word and in every call (`rng.random`);
# - **labels**: the number of the word where one was hidden, and -1 ("ignore this place") everywhere
#   else.


# %%
def mask_words(ids, share, rng):
    """Return (inputs, labels)."""
    ### BEGIN SOLUTION
    hidden = (rng.random(ids.shape) < share) & (ids >= 4)
    return np.where(hidden, 1, ids), np.where(hidden, ids, -1)
    ### END SOLUTION


# %%
check("14.2", mask_words)

# %% [markdown]
# ## Task 14.3: a corpus without co-occurrence
#
# A placebo must differ from the real corpus in one respect only. `sentences` is a list of lists of
# words. Return a corpus with all words distributed at random over all sentences: words of one kind
# no longer occur together. **Nothing else** may change: every word occurs as often as before, and
# each sentence keeps its number of words. Draw with `rng`.


# %%
def scatter(sentences, rng):
    """Return a list of lists of words."""
    ### BEGIN SOLUTION
    words = iter(rng.permutation([word for sentence in sentences for word in sentence]))
    return [[str(next(words)) for _ in sentence] for sentence in sentences]
    ### END SOLUTION


# %%
check("14.3", scatter)

# %% [markdown]
# ## Task 14.4: the mean over words
#
# `states` is `(texts, length, width)`, one row of numbers from an encoder for each token; `real` is
# `(texts, length)`, True where there is a word and False at the padding. An encoder computes
# numbers at the padding as well, and they mean nothing. Return `(texts, width)`: the mean over the
# words of each text. A text without a single word gets zeros.


# %%
def mean_over_words(states, real):
    """Return one row of features for each text."""
    ### BEGIN SOLUTION
    total = (states * real[..., None]).sum(axis=1)
    return total / np.maximum(real.sum(axis=1, keepdims=True), 1)
    ### END SOLUTION


# %%
check("14.4", mean_over_words)
