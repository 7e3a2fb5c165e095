# %% [markdown]
# # 02 · Exercise: feature extraction
#
# The three pieces of every feature extractor, written by you. Fill in each function, run its cell,
# then the check below it. `hint("2.1")` in a cell of its own helps one step at a time and costs
# nothing. **Time:** 35 minutes. You need lesson 02.

# %%
import keras
import numpy as np
from tlcourse import check, hint

# %% [markdown]
# ## Task 2.1: features in batches
#
# Return the features that `model` computes for each of the `images`, in inference mode and in
# order: an array with one row an image. Never give the model more than `batch_size` images at once.
# The number of images need not be a multiple of it. The model takes raw pixels.


# %%
def extract_in_batches(model, images, batch_size):
    """Return an array (number of images, number of features)."""
    ### BEGIN SOLUTION
    starts = range(0, len(images), batch_size)
    return np.concatenate(
        [np.asarray(model(images[s : s + batch_size], training=False)) for s in starts]
    )
    ### END SOLUTION


# %%
check("2.1", extract_in_batches)

# %% [markdown]
# ## Task 2.2: augment behind the cache
#
# `read(i)` returns image *i* and its label, and is slow: call it only once for each `i` from 0 to
# `count - 1`. `augment(image)` returns a new, slightly different image each time. Return a list of
# `num_epochs` epochs, each a pair `(images, labels)` with every image once. In each epoch every
# image is augmented again, from the image as it was read.


# %%
def training_epochs(read, count, augment, num_epochs):
    """Return [(images, labels), ...], one pair an epoch."""
    ### BEGIN SOLUTION
    cache = [read(i) for i in range(count)]
    labels = np.array([label for _, label in cache])
    return [(np.stack([augment(image) for image, _ in cache]), labels) for _ in range(num_epochs)]
    ### END SOLUTION


# %%
check("2.2", training_epochs)

# %% [markdown]
# ## Task 2.3: a classifier on a frozen backbone
#
# Return a compiled Keras model for whole-number labels: the `backbone`, frozen, and a new head with
# `num_classes` outputs. The backbone is a Keras model that takes raw pixels, 0 to 255, and gives
# one row of features an image. The outputs of the head and the loss have to fit together. The check
# trains the model for two epochs and compares every number of the backbone, BatchNorm's statistics
# included.


# %%
def build_classifier(backbone, num_classes):
    """Return a compiled model whose backbone stays as it is."""
    ### BEGIN SOLUTION
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs, training=False)))
    model.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return model
    ### END SOLUTION


# %%
check("2.3", build_classifier)
