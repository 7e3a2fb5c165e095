# %% [markdown]
# # 15 · Exercise: named entities and question answering
#
# Three tools that every trustworthy score of entities or answers needs. Fill in each function, run
# its cell, then the check below it. `hint("15.1")` in a cell of its own helps one step at a time
# and costs nothing. **Time:** 40 minutes. You need lesson 15. No encoder runs here; plain Python is
# enough.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 15.1: labels for subwords
#
# A tokenizer reports how many **subwords** each word of a sentence became. The row of tokens is
# then: `[CLS]`, the subwords of all words, `[SEP]`, and padding up to `length`. If the subwords do
# not fit, those at the end are cut off, and `[SEP]` is still the last token of the row.
#
# Return the labels of the row, `length` whole numbers:
#
# - the **first** subword of each word has the label of the word from `tags` (0 is "outside", a
#   label like the others);
# - everything else (`[CLS]`, `[SEP]`, padding, other subwords) has **-1**, which the loss ignores;
# - a word can have **no subword at all** (a character that the tokenizer drops). Its label then
#   appears nowhere;
# - a word of which only the first subword is left still has its label.
#
# For `tags=[3, 0]`, `subwords=[2, 1]`, `length=6` the result is `[-1, 3, -1, 0, -1, -1]`.


# %%
def label_subwords(tags, subwords, length):
    """Return `length` labels, one for each token."""
    ### BEGIN SOLUTION
    labels = []
    for tag, count in zip(tags, subwords, strict=True):
        if count > 0:
            labels += [tag] + [-1] * (count - 1)
    row = [-1, *labels[: length - 2]]
    return row + [-1] * (length - len(row))
    ### END SOLUTION


# %%
check("15.1", label_subwords)

# %% [markdown]
# ## Task 15.2: scores of whole entities
#
# `true` and `said` are lists of sentences; a sentence is a list of tags: `"O"`, `"B-person"`,
# `"I-person"` and so on, with any kinds. An **entity** is a run of tags of one kind:
#
# - `B-` begins an entity, also directly after another entity of the same kind;
# - `I-` continues an entity of its own kind; if there is none directly before it (or one of another
#   kind), it begins one;
# - no entity continues from one sentence into the next.
#
# An entity is right only if its first word, its last word and its kind are right. Return a dict:
# for each kind that occurs in `true` or in `said` its F1, and under `"all"` the F1 of all entities
# of all sentences counted together. F1 is `2 * right / (true entities + predicted entities)`, and 0
# if there are neither.


# %%
def entity_scores(true, said):
    """Return {kind: F1, ..., "all": F1}."""

    ### BEGIN SOLUTION
    def entities_in(tags):
        found, before = [], "O"
        for place, tag in enumerate(tags):
            if tag != "O":
                if tag[0] == "B" or before[2:] != tag[2:]:
                    found.append((place, place, tag[2:]))
                else:
                    found[-1] = (found[-1][0], place, tag[2:])
            before = tag
        return found

    def f1(theirs, mine):
        return 2 * len(theirs & mine) / (len(theirs) + len(mine)) if theirs or mine else 0.0

    theirs = {(n, *each) for n, tags in enumerate(true) for each in entities_in(tags)}
    mine = {(n, *each) for n, tags in enumerate(said) for each in entities_in(tags)}
    scores = {"all": f1(theirs, mine)}
    for kind in {each[-1] for each in theirs | mine}:
        of_kind = ({each for each in side if each[-1] == kind} for side in (theirs, mine))
        scores[kind] = f1(*of_kind)
    return scores
    ### END SOLUTION


# %%
check("15.2", entity_scores)

# %% [markdown]
# ## Task 15.3: the best spans that are answers
#
# `start` and `end` hold a score for each token, as the first and as the last token of the answer.
# `inside` says which tokens belong to the passage (True or False). A span `(first, last)` is
# **valid** if both are inside, `first` is not after `last`, and it has at most `longest` tokens.
# Its score is `start[first] + end[last]`.
#
# Return the `count` valid spans with the largest scores as a list of pairs, the best one first; if
# there are fewer, return all valid ones. (If a person or another rule makes the final choice, one
# needs more than the single best.)


# %%
def best_spans(start, end, inside, longest, count):
    """Return [(first, last), ...], the best first."""
    ### BEGIN SOLUTION
    where = np.flatnonzero(inside)
    valid = [(int(i), int(j)) for i in where for j in where if 1 <= j - i + 1 <= longest]
    return sorted(valid, key=lambda span: start[span[0]] + end[span[1]], reverse=True)[:count]
    ### END SOLUTION


# %%
check("15.3", best_spans)
