# %% [markdown]
# # 13 · Exercise: adversarial adaptation
#
# Three pieces of DANN: the layer, the step, and the diagnosis of a run. Fill in each function, run
# its cell, then the check below it. `hint("13.1")` in a cell of its own helps one step at a time
# and costs nothing. **Time:** 35 minutes. You need lesson 13, NumPy and Keras.

# %%
import numpy as np
from keras import ops
from tlcourse import check, hint

# %% [markdown]
# ## Task 13.1: gradient reversal
#
# Return `x` exactly unchanged. Its gradient must arrive multiplied by **minus** `strength`; with
# strength 0 no gradient may arrive. `ops.stop_gradient(x)` equals `x` in the forward pass and lets
# no gradient through.


# %%
def reverse_gradient(x, strength):
    """Return a tensor equal to `x`, whose gradient is that of `-strength * x`."""
    ### BEGIN SOLUTION
    still = ops.stop_gradient(x)
    return still - strength * (x - still)
    ### END SOLUTION


# %%
check("13.1", reverse_gradient)

# %% [markdown]
# ## Task 13.2: one step of DANN
#
# A network of three matrices: `"features"`, `"head"` (predicts the class) and `"discriminator"`
# (predicts the domain). You get the gradients of both losses, already computed, **without any
# reversal**:
#
# - `label_gradients`: of the label loss, for `"features"` and `"head"`;
# - `domain_gradients`: of the domain loss, for `"features"` and `"discriminator"`.
#
# Take one step of gradient descent with `learning_rate`, as DANN does: the head lowers the label
# loss, the discriminator lowers the domain loss, and the features lower the label loss and
# **raise** the domain loss, `strength` (lambda) times. Return a new dict of three arrays. The check
# trains with your step, with lambda 0 and with lambda 1, from three seeds each. Then it measures
# how well the domain can be predicted from the features.


# %%
def dann_step(weights, label_gradients, domain_gradients, strength, learning_rate):
    """Return the new weights, a dict of arrays; the old ones stay as they are."""
    ### BEGIN SOLUTION
    uphill = label_gradients["features"] - strength * domain_gradients["features"]
    return {
        "features": weights["features"] - learning_rate * uphill,
        "head": weights["head"] - learning_rate * label_gradients["head"],
        "discriminator": weights["discriminator"]
        - learning_rate * domain_gradients["discriminator"],
    }
    ### END SOLUTION


# %%
check("13.2", dann_step)

# %% [markdown]
# ## Task 13.3: has it collapsed?
#
# After a run you know three things, and none of them needs labels of the target: the
# `source_accuracy` of every epoch (a list), the `domain_accuracy` of every epoch (a list), and
# `predicted`, the class (0 to `num_classes` - 1) that was predicted for each image of the target.
# "At the end" means: mean over the **last five** epochs. Return one text; the first that applies:
#
# - `"collapsed"`: the source's accuracy at the end is below `1.5 / num_classes`, or is `nan`;
# - `"class lost"`: some class was predicted for less than `0.2 / num_classes` of the target (also:
#   never);
# - `"domains differ"`: the domain accuracy at the end is above 0.9;
# - `"no alarm"`: none of these. (Which does not mean that all is well.)


# %%
def diagnose(source_accuracy, domain_accuracy, predicted, num_classes):
    """Return "collapsed", "class lost", "domains differ" or "no alarm"."""
    ### BEGIN SOLUTION
    if not np.mean(source_accuracy[-5:]) >= 1.5 / num_classes:  # nan is caught, too
        return "collapsed"
    shares = np.bincount(predicted, minlength=num_classes) / len(predicted)
    if shares.min() < 0.2 / num_classes:
        return "class lost"
    return "domains differ" if np.mean(domain_accuracy[-5:]) > 0.9 else "no alarm"
    ### END SOLUTION


# %%
check("13.3", diagnose)
