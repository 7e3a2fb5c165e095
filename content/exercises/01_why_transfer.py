# %% [markdown]
# # 01 · Exercise: why transfer?
#
# Five small tools for the three steps, and for judging what they are worth. Fill in each function,
# run its cell, then the check below it. `hint("1.1")` in a cell of its own helps one step at a time
# and costs nothing. **Time:** 45 minutes. You need lesson 01 and NumPy.

# %%
import keras
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 1.1: a new head for an old network
#
# `source` is a trained Keras model; its last layer is a `Dense` head for the old classes. Return a
# **new** model with `num_classes` outputs: the same layers with the same weights up to the head,
# then a new `Dense` layer without activation.
#
# The old model is still in use elsewhere. It has to keep its answers, even when somebody trains
# every layer of the new one. The check trains the new model, saves it and loads it again.


# %%
def swap_head(source, num_classes):
    """Return a new model; leave `source` as it is."""
    ### BEGIN SOLUTION
    copy = keras.models.clone_model(source)
    copy.set_weights(source.get_weights())
    features = copy.layers[-1].input
    return keras.Model(copy.inputs, keras.layers.Dense(num_classes)(features))
    ### END SOLUTION


# %%
check("1.1", swap_head)

# %% [markdown]
# ## Task 1.2: set the stage
#
# `model` is a `Sequential` of two parts: `model.layers[0]`, the backbone, and `model.layers[1]`,
# the head. Set what is trainable:
#
# - `"pre-train"`: everything;
# - `"transfer"`: only the head;
# - `"fine-tune"`: everything but the `BatchNormalization` layers inside the backbone.
#
# The result must be right whatever stage the model was in before. The check goes through the stages
# in several orders and trains in each. Keras has a trap here: `backbone.trainable = True` changes
# **nothing**, not even in the layers inside, where the flag of the backbone is `True` already.
# (`False` behaves the same way.)


# %%
def set_stage(model, stage):
    """Change `model.layers[...].trainable`; return nothing."""
    ### BEGIN SOLUTION
    backbone, head = model.layers
    head.trainable = backbone.trainable = True
    for layer in backbone.layers:
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = {"pre-train": True, "transfer": False, "fine-tune": not normalises}[stage]
    ### END SOLUTION


# %%
check("1.2", set_stage)

# %% [markdown]
# ## Task 1.3: what is it worth, in labels?
#
# Two methods were measured at the same numbers of labels: `labels` (rising), `with_transfer` and
# `from_scratch` (accuracies; both curves rise). For each accuracy of `with_transfer`, return how
# many labels *from scratch* needs to be as good:
#
# - read the scratch curve backwards, and interpolate linearly between neighbouring points over the
#   **logarithm** of the labels;
# - `np.inf` where even the most labels are not enough; nothing is guessed beyond what was measured;
# - 0 where scratch is better with the fewest labels already.


# %%
def label_equivalent(labels, with_transfer, from_scratch):
    """Return an array as long as `labels`."""
    ### BEGIN SOLUTION
    needed = np.exp(np.interp(with_transfer, from_scratch, np.log(labels)))
    needed[np.array(with_transfer) > from_scratch[-1]] = np.inf
    needed[np.array(with_transfer) < from_scratch[0]] = 0
    return needed
    ### END SOLUTION


# %%
check("1.3", label_equivalent)

# %% [markdown]
# ## Task 1.4: how many times faster?
#
# `runs` is a list of pairs `(with_transfer, from_scratch)`, one pair for each random seed; each is
# a list of accuracies, one an epoch. For each pair: in which epoch (the first is 1) is `target`
# reached with transfer, and in which from scratch? The speed-up is the second divided by the first.
# Return the **median** over the seeds.
#
# A run that never reaches the target must still count. If scratch never reaches it, the speed-up is
# `np.inf`. If transfer never reaches it, the speed-up is 0, whatever scratch does.


# %%
def median_speed_up(runs, target):
    """Return a number, 0 to infinity."""

    ### BEGIN SOLUTION
    def reached(accuracies):
        epochs = np.flatnonzero(np.array(accuracies) >= target)
        return epochs[0] + 1 if len(epochs) else np.inf

    ratios = []
    for with_transfer, from_scratch in runs:
        ours, theirs = reached(with_transfer), reached(from_scratch)
        ratios.append(0 if np.isinf(ours) else theirs / ours)
    return np.median(ratios)
    ### END SOLUTION


# %%
check("1.4", median_speed_up)

# %% [markdown]
# ## Task 1.5: make a placebo
#
# Return labels for a placebo source: as many of each class as in `labels`, but with nothing to
# learn in them. The label of an image must not depend on what is in the image. The same `seed`
# gives the same placebo, another seed another one, and `labels` itself is not changed. (Careful:
# calling every A a B and every B an A is *not* a placebo. Why?)


# %%
def placebo_labels(labels, seed):
    """Return an array as long as `labels`."""
    ### BEGIN SOLUTION
    return np.random.default_rng(seed).permutation(labels)
    ### END SOLUTION


# %%
check("1.5", placebo_labels)

# %% [markdown]
# Now use it (a run of your own, not graded): lesson 01 with a source of 30 letters, half of the
# labels replaced by a placebo. Is half of the gain gone?
