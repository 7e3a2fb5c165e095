# %% [markdown]
# # 15 · Exercise: names and answers
#
# Three tools without which no score of names or answers can be trusted. Fill in each function, run
# its cell, then the check below it. `hint("15.1")` in a cell of its own helps one step at a time
# and costs nothing. **Time:** 40 minutes. You need lesson 15; no encoder runs here, and plain
# Python is enough.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 15.1: labels for pieces of words
#
# A tokenizer has told you how many **pieces** each word of a sentence became. The row of tokens is
# then: `[CLS]`, the pieces of all words, `[SEP]`, and padding up to `length`. Where the pieces do
# not fit, those at the end are cut off, and `[SEP]` still is the last token of the row.
#
# Return the labels of the row, `length` whole numbers:
#
# - the **first** piece of each word has the word's label from `tags` (0 is "outside", a label like
#   the others);
# - everything else (`[CLS]`, `[SEP]`, padding, other pieces) has **-1**, which the loss leaves out;
# - a word may have **no piece at all** (a sign that the tokenizer throws away). Its label then is
#   nowhere;
# - a word of which only the first piece is left is still there.
#
# For `tags=[3, 0]`, `pieces=[2, 1]`, `length=6` that is `[-1, 3, -1, 0, -1, -1]`.


# %%
def label_pieces(tags, pieces, length):
    """Return `length` labels, one for each token."""
    ### BEGIN SOLUTION
    labels = []
    for tag, count in zip(tags, pieces, strict=True):
        if count > 0:
            labels += [tag] + [-1] * (count - 1)
    row = [-1, *labels[: length - 2]]
    return row + [-1] * (length - len(row))
    ### END SOLUTION


# %%
check("15.1", label_pieces)

# %% [markdown]
# ## Task 15.2: scores of whole names
#
# `true` and `said` are lists of sentences; a sentence is a list of tags: `"O"`, `"B-person"`,
# `"I-person"` and so on, with any kinds. A **name** is a run of tags of one kind:
#
# - `B-` begins a name, also right after another name of the same kind;
# - `I-` goes on with a name of its own kind; where there is none before it (or one of another
#   kind), it begins one;
# - no name goes from one sentence into the next.
#
# A name is right only if its first word, its last word and its kind are. Return a dict: for each
# kind that occurs in `true` or in `said` its F1, and under `"all"` the F1 of all names of all
# sentences counted together. F1 is `2 * right / (true names + said names)`, and 0 where there are
# neither.


# %%
def name_scores(true, said):
    """Return {kind: F1, ..., "all": F1}."""
    ### BEGIN SOLUTION
    def names_in(tags):
        names, before = [], "O"
        for place, tag in enumerate(tags):
            if tag != "O":
                if tag[0] == "B" or before[2:] != tag[2:]:
                    names.append((place, place, tag[2:]))
                else:
                    names[-1] = (names[-1][0], place, tag[2:])
            before = tag
        return names

    def f1(theirs, mine):
        return 2 * len(theirs & mine) / (len(theirs) + len(mine)) if theirs or mine else 0.0

    theirs, mine = ({(n, *name) for n, tags in enumerate(side) for name in names_in(tags)} for side in (true, said))
    kinds = {name[-1] for name in theirs | mine}
    scores = {kind: f1(*({name for name in side if name[-1] == kind} for side in (theirs, mine))) for kind in kinds}
    return {**scores, "all": f1(theirs, mine)}
    ### END SOLUTION


# %%
check("15.2", name_scores)

# %% [markdown]
# ## Task 15.3: the best spans that are answers
#
# `start` and `end` hold a number for each token: how much speaks for it as the first and as the
# last token of the answer. `inside` says which tokens belong to the passage (True or False). A span
# `(first, last)` is **valid** if both are inside, `first` is not after `last`, and it has at most
# `longest` tokens. Its score is `start[first] + end[last]`.
#
# Return the `count` valid spans with the largest scores as a list of pairs, the best one first; all
# valid ones where there are fewer. (Answers to be shown to a person, or to choose from by another
# rule, need more than the single best.)


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
