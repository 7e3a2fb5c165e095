# %% [markdown]
# # 06 · Exercise: overfitting
#
# Four tools against overfitting. Fill in each function, run its cell, then the check below it.
# `hint("6.1")` in a cell of its own helps one step at a time and costs nothing. **Time:** 40
# minutes. You need lesson 06 and NumPy.

# %%
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 6.1: read a history
#
# `history` is what `fit` recorded: a dict of lists, one value an epoch, with `"accuracy"`,
# `"val_accuracy"` and `"val_loss"`. Return two numbers:
#
# - the **gap** in the best epoch: training accuracy minus validation accuracy;
# - the number of the **best epoch**, counted from 1: the one with the smallest validation loss. Of
#   equal ones the first. An epoch whose validation loss is `nan` (the training diverged) is never
#   the best.


# %%
def read_history(history):
    """Return (gap, best_epoch)."""
    ### BEGIN SOLUTION
    best = int(np.nanargmin(history["val_loss"]))
    return history["accuracy"][best] - history["val_accuracy"][best], best + 1
    ### END SOLUTION


# %%
check("6.1", read_history)

# %% [markdown]
# ## Task 6.2: stop early, and go back
#
# Train epoch by epoch. When the validation loss has not become smaller than its best value for
# `patience` epochs in a row, stop. Never train more than `max_epochs` epochs. In both cases **put
# the weights of the best epoch back**. `model` has four methods: `train_one_epoch()`,
# `validation_loss()` (a number), `get_weights()` (a copy) and `set_weights(weights)`.


# %%
def train_with_patience(model, patience, max_epochs):
    """Train `model`; return how many epochs were trained."""
    ### BEGIN SOLUTION
    best_loss, best_weights, trained, waited = np.inf, model.get_weights(), 0, 0
    while trained < max_epochs and waited < patience:
        model.train_one_epoch()
        trained, waited = trained + 1, waited + 1
        loss = model.validation_loss()
        if loss < best_loss:
            best_loss, best_weights, waited = loss, model.get_weights(), 0
    model.set_weights(best_weights)
    return trained
    ### END SOLUTION


# %%
check("6.2", train_with_patience)

# %% [markdown]
# ## Task 6.3: which augmentations are allowed?
#
# Data augmentation must keep the label true. `transforms` is a dict: name -> function of one image.
# `expert` is a function that returns the label of any image. Return the set of names of the
# transforms after which **every** image still has its own label. (A changed pixel is no reason to
# refuse: data augmentation changes pixels.)


# %%
def allowed(images, labels, transforms, expert):
    """Return a set of names."""
    ### BEGIN SOLUTION
    return {
        name
        for name, transform in transforms.items()
        if all(
            expert(transform(image)) == label for image, label in zip(images, labels, strict=True)
        )
    }
    ### END SOLUTION


# %%
check("6.3", allowed)

# %% [markdown]
# ## Task 6.4: split by patient
#
# `patients` holds the number of the patient of each scan, `labels` what was found; all scans of a
# patient have the same label. Return two arrays of positions, train and test:
#
# - no patient is on both sides, and every scan is on one of them;
# - of the patients **of each label**, the share `test_fraction` (rounded, but at least one) is in
#   the test set;
# - these patients are drawn at random: the same `seed` gives the same split, another seed another
#   one.


# %%
def split_by_patient(patients, labels, test_fraction, seed):
    """Return (train, test), arrays of positions."""
    ### BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        theirs = rng.permutation(np.unique(patients[labels == label]))
        chosen.extend(theirs[: max(1, round(test_fraction * len(theirs)))])
    in_test = np.isin(patients, chosen)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
    ### END SOLUTION


# %%
check("6.4", split_by_patient)
