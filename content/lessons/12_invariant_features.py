# %% [markdown]
# # 12 · Features that do not tell the domain
#
# Lesson 11 left the examples as they are and changed their *weight*. This lesson changes the
# *features*: they are moved until those of the source (where there are labels) look like those of
# the target (where there are none). Two ways that take no training at all, CORAL and AdaBN, bring
# back most of what a new sensor costs. The last section shows how the same two ways destroy a
# network that was fine.
#
# **After this lesson you can**
# - give the source the target's covariance, in three lines (CORAL);
# - tell a shift from chance with a distance between samples (MMD) and a permutation test;
# - rescue a network with BatchNorm by showing it unlabelled images (AdaBN);
# - say when matching the domains is exactly the wrong thing.
#
# **Time:** 35 minutes. **It presumes** lessons 06 and 11.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from tlcourse import plots

# %%
# Settings
components = 30  # numbers that stand for an image
strengths = (0.0, 0.5, 1.0, 1.5, 2.0)  # of the sensor; 0 changes nothing
batch = 64
permutations = 300

# %% [markdown]
# ## 1. The same digits, another sensor
#
# Handwritten digits: scikit-learn's, or MNIST in the full profile. Half of them are the source,
# with labels. The other half is the target, as another sensor sees it: a matrix mixes the 30
# numbers of each image. The labels of the target only serve to see how we are doing.


# %%
def load_pictures():
    """Return grey images, 0 to 1, and their digits, shuffled."""
    if tlcourse.profile() == "full":
        digits = tlcourse.load_mnist(180, seed=seed, size=16)
        pictures, labels = digits.images[..., 0] / 255, digits.labels
    else:
        digits = load_digits()
        pictures, labels = digits.images / 16, digits.target
    order = np.random.default_rng(seed).permutation(len(labels))
    return pictures[order].astype("float32"), labels[order]


pictures, labels = load_pictures()
rows = pictures.reshape(len(pictures), -1) - pictures.reshape(len(pictures), -1).mean(axis=0)
main_directions = np.linalg.svd(rows, full_matrices=False)[2][:components]
features = rows @ main_directions.T  # (n, pixels) -> (n, 30)
half = len(labels) // 2
source, source_labels, clean_target, target_labels = features[:half], labels[:half], features[half:], labels[half:]
print(f"{half} images with labels, {len(labels) - half} without, {components} numbers each")

# %%
rng = np.random.default_rng(seed)
turn = np.linalg.qr(rng.normal(size=(components, components)))[0]
gains = rng.uniform(-1, 1, components)


def sensor(strength):
    """Return a symmetric matrix that stretches some directions and shrinks others."""
    return turn @ np.diag(np.exp(strength * gains)) @ turn.T


def accuracy_after(train_features, test_features, test_labels=target_labels):
    model = LogisticRegression(max_iter=3000).fit(train_features, source_labels)
    return model.score(test_features, test_labels)


target = clean_target @ sensor(2.0)
print(f"trained on the source: {accuracy_after(source, clean_target):.2f} on its own sensor, ", end="")
print(f"{accuracy_after(source, target):.2f} on the other one")
print(f"had we labels of the other one: {accuracy_after(source @ sensor(2.0), target):.2f}")

# %% [markdown]
# ## 2. CORAL: three lines
#
# A cloud of points has a mean and a covariance (how far it stretches, and in which directions).
# CORAL makes those of the source equal to those of the target: first *whiten* the source (make it
# round), then *colour* it (stretch it as the target is stretched).


# %%
def power(matrix, exponent):
    """Raise a symmetric matrix to a power, through its eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 0) ** exponent) @ vectors.T


def coral(source_features, target_features, regularisation=1e-3):
    """Return the source features with the mean and the covariance of the target."""
    covariances = []
    for cloud in (source_features, target_features):
        covariance = np.cov(cloud, rowvar=False)
        ridge = regularisation * np.trace(covariance) / len(covariance)  # so that it can be inverted
        covariances.append(covariance + ridge * np.eye(len(covariance)))
    whitened = (source_features - source_features.mean(axis=0)) @ power(covariances[0], -0.5)
    return whitened @ power(covariances[1], 0.5) + target_features.mean(axis=0)


# %%
def distance_of_covariances(a, b):
    """Relative error, 0 where the covariances are equal."""
    return np.linalg.norm(np.cov(a.T) - np.cov(b.T)) / np.linalg.norm(np.cov(b.T))


aligned = coral(source, target)
before, after = distance_of_covariances(source, target), distance_of_covariances(aligned, target)
print(f"covariances apart by {before:.2f} before, {after:.4f} after")
table = np.array([(accuracy_after(source, clean_target @ sensor(s)),
                   accuracy_after(coral(source, clean_target @ sensor(s)), clean_target @ sensor(s)),
                   accuracy_after(source @ sensor(s), clean_target @ sensor(s))) for s in strengths])
assert after < 0.05 < before
assert table[-1, 1] > table[-1, 0] + 0.03

# %%
names = ("source as it is", "CORAL", "labels of the target")
ax = plots.lines({name: (strengths, table[:, i]) for i, name in enumerate(names)}, x_label="strength of the sensor",
                 y_label="accuracy on the target", title="CORAL undoes most of what the sensor did, without a label")
words = "; ".join(f"{name} {table[0, i]:.2f} at strength 0, {table[-1, i]:.2f} at 2" for i, name in enumerate(names))
plots.set_alt_text(ax, f"Accuracy on the target over the strength of the sensor. {words}.")
print(plots.alt_text(ax))
share = (table[-1, 1] - table[-1, 0]) / (table[-1, 2] - table[-1, 0])
print(f"at strength 2 CORAL brings back {100 * share:.0f} % of the loss")

# %% [markdown]
# **What to notice.** No label of the target was used, and nothing was trained but the same straight
# line as before. At strength 0 there is nothing to repair, and CORAL does almost nothing.
#
# Networks use the same idea as a *loss*: cross entropy on the source, plus the distance of the two
# covariances of the features in each batch (Deep CORAL). In `tlcourse.adapt` that is
# `AlignedModel(backbone, head, distance=deep_coral_loss)`.
#
# ## 3. Is there a shift at all?
#
# Covariances can be equal and distributions differ. The *maximum mean discrepancy* (MMD) compares
# whole distributions: how similar are two points of the same domain on average, and how similar are
# points of different domains? Similarity is a bell curve of the distance; five widths at once,
# around the median distance, so that no width has to be chosen.


# %%
def kernel_matrix(points, scales=(0.25, 0.5, 1, 2, 4)):
    """How similar is every point to every other: 1 for the same place, 0 for far away."""
    squared = np.square(points[:, None] - points[None]).sum(axis=-1)
    median = np.median(squared[np.triu_indices(len(points), k=1)])
    return np.mean([np.exp(-squared / (scale * median)) for scale in scales], axis=0)


def discrepancy(kernel, in_source):
    """MMD squared: mean similarity within the two groups, minus twice that across them."""
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()


# %% [markdown]
# Two finite samples always differ a little. How much is chance? Mix both, deal them out anew at
# random, and measure again, many times. If the true split gives more than 95 % of the random ones,
# we call it a shift. That is a *permutation test*.


# %%
def permutation_test(a, b, rng):
    """Return the discrepancy of `a` and `b`, and those of random splits."""
    kernel = kernel_matrix(np.concatenate([a, b]))
    in_source = np.arange(len(a) + len(b)) < len(a)
    random_splits = [discrepancy(kernel, rng.permutation(in_source)) for _ in range(permutations)]
    return discrepancy(kernel, in_source), np.array(random_splits)


few = slice(0, 200)  # 200 points of each are enough
tests = {"source and the other sensor": (source[few], target[few]),
         "after CORAL": (aligned[few], target[few]),
         "source and its own sensor": (source[few], clean_target[few])}
results = {name: permutation_test(a, b, rng) for name, (a, b) in tests.items()}

# %%
fig, axes = plt.subplots(3, 1, figsize=(7, 4.2), sharex=True, layout="constrained")
for ax, (name, (value, chance)) in zip(axes, results.items()):
    ax.hist(chance, bins=20, color="0.75")
    ax.axvline(np.quantile(chance, 0.95), color="black", linestyle="--", linewidth=1)
    ax.plot(value, 6, "v", color=plots.colour_of(1), markersize=10, clip_on=False)
    ax.set(yticks=[], title=name, xscale="log")
axes[-1].set_xlabel("MMD squared. Grey: random splits; dashed: 95 % of them; triangle: the true split")
fig.suptitle("Only the shifted pair stands out far from chance")
words = "; ".join(f"{name}: {value:.4f}, 95 % of random splits below {np.quantile(c, 0.95):.4f}" for name, (value, c) in results.items())
plots.set_alt_text(fig, f"MMD of three pairs of samples beside random splits. {words}.")
print(plots.alt_text(fig))

# %%
shifted, chance = results["source and the other sensor"]
left, _ = results["after CORAL"]
assert shifted > np.quantile(chance, 0.95)
assert left < shifted / 4
print(f"CORAL took away {100 * (1 - left / shifted):.0f} % of the discrepancy")

# %% [markdown]
# In about one of 20 cases without any shift the triangle lies right of the dashed line, too: that
# is what 95 % means.
#
# ## 4. AdaBN: show it the target, that is all
#
# A network with BatchNorm already holds a mean and a variance of each channel: its *moving
# statistics*, gathered on the source. If the sensor is brighter or has less contrast, they are
# wrong. AdaBN replaces them by the target's. No weight changes.

# %%
keras.utils.set_random_seed(seed)
shape = (*pictures.shape[1:], 1)
network = keras.Sequential([keras.Input(shape)])
for channels in (16, 32):
    network.add(layers.Conv2D(channels, 3, use_bias=False))  # unpadded: a rim of zeros around a bright image would be an edge
    network.add(layers.BatchNormalization(momentum=0.9))
    network.add(layers.ReLU())
network.add(layers.MaxPooling2D())
network.add(layers.Flatten())
network.add(layers.Dense(10))
network.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
network.fit(pictures[:half, ..., None], source_labels, epochs=12, batch_size=batch, verbose=0)
trained = network.get_weights()


# %%
def other_camera(images, rng):
    """Less contrast, a bright veil, and noise."""
    return 0.35 * images + 0.6 + rng.normal(0, 0.04, images.shape).astype("float32")


def score(images, wanted):
    return np.mean(np.argmax(network(images[..., None], training=False), axis=-1) == wanted)


seen_clean, seen_other = pictures[half:], other_camera(pictures[half:], rng)
ax = plots.image_grid(np.uint8(255 * np.clip(np.concatenate([seen_clean[:8], seen_other[:8]]), 0, 1))[..., None].repeat(3, -1), columns=8,
                      title="The same digits, and through the other camera")
print(plots.alt_text(ax))
print(f"own camera {score(seen_clean, target_labels):.2f}, other camera {score(seen_other, target_labels):.2f}")

# %% [markdown]
# The obvious way is to run the network over the target in training mode: BatchNorm then updates its
# statistics. Mind the momentum: with Keras' default of 0.99 every batch moves them by 1 %. So we
# choose the momentum for each batch such that all batches count the same: 0 for the first (what was
# there is gone), then 1/2, 2/3, 3/4 ...


# %%
def adapt_statistics(model, images, batch_size, momentum=None):
    """Replace BatchNorm's moving statistics by those of `images`; None: every batch counts the same."""
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = count / (count + 1) if momentum is None else momentum
        model(images[start : start + batch_size], training=True)


adapted = {}
for name, momentum in {"momentum 0.99": 0.99, "momentum 0.9": 0.9, "all batches alike": None}.items():
    network.set_weights(trained)
    adapt_statistics(network, seen_other[..., None], batch, momentum)
    adapted[name] = score(seen_other, target_labels)
    print(f"one pass over the target, {name}: {adapted[name]:.2f}")

# %%
changed = [not np.array_equal(a, b) for a, b in zip(trained, network.get_weights())]
print("changed:", [w.path.split("/", 1)[1] for w, c in zip(network.weights, changed) if c])
network.set_weights(trained)
lost = score(seen_clean, target_labels) - score(seen_other, target_labels)
regained = adapted["all batches alike"] - score(seen_other, target_labels)
print(f"lost to the other camera {lost:.2f}, regained {regained:.2f}")
assert sum(changed) == 4
assert regained > lost / 2
assert adapted["all batches alike"] > adapted["momentum 0.99"] + 0.1

# %% [markdown]
# ## 5. When matching is the wrong thing
#
# Now **no** new sensor: the target comes from the very same camera. Only, in this street there are
# no numbers but 0, 1 and 2. Nothing has to be repaired. But the means and covariances of the two
# domains differ, since the *mix of classes* differs, and both methods set out to repair it.

# %%
only = np.isin(target_labels, (0, 1, 2))
street, street_labels, street_pictures = clean_target[only], target_labels[only], pictures[half:][only]
left_alone = accuracy_after(source, street, street_labels), score(street_pictures, street_labels)
adapt_statistics(network, street_pictures[..., None], batch)
repaired = accuracy_after(coral(source, street), street, street_labels), score(street_pictures, street_labels)
network.set_weights(trained)
for name, a, b in zip(("CORAL", "AdaBN"), left_alone, repaired):
    print(f"three classes, no other sensor: left alone {a:.2f}, after {name} {b:.2f}")
assert repaired[0] < left_alone[0] - 0.15

# %% [markdown]
# **What to notice.** CORAL pushes ten classes into the room of three. It cannot know better: it
# sees no labels, and a different mix of classes looks to it like a different sensor. AdaBN changes
# two numbers a channel and does little here; it has less room for harm, as it has less for repair.
# The price is the same for every method that makes domains alike: it presumes that both hold *the
# same classes in the same proportions*. Lesson 11 has the remedy for the other case, changed
# proportions (label shift).
#
# ## What to remember
#
# - CORAL: whiten, colour. Two covariances, no training.
# - MMD compares distributions; a permutation test says whether the difference is more than chance.
# - AdaBN: new statistics, old weights. Let every batch count the same, or pass over the target
#   often.
# - Both presume the same mix of classes in both domains. Ask for it before you match anything.
# - All of this makes the *features* alike. Whether class lands on class, no one checks: keep a few
#   labels of the target for that.
#
# ## Quiz
#
# **1. After CORAL the covariances are equal. Are the distributions?**
#
# <details><summary>Not necessarily</summary>Right. Mean and covariance say nothing of clusters or
# curved shapes. MMD compares more.</details>
# <details><summary>Yes, that is what CORAL computes</summary>No: it matches two summaries of the
# distribution, not the distribution.</details>
# <details><summary>Only if the classifier is linear</summary>The classifier plays no part in
# it.</details>
#
# **2. A network without BatchNorm meets a darker camera. What does AdaBN change?**
#
# <details><summary>Nothing</summary>Right: there are no moving statistics. Use CORAL on its
# features.</details>
# <details><summary>The weights of the first layer</summary>AdaBN never changes a weight.</details>
# <details><summary>The brightness of the images</summary>It does not touch images.</details>
#
# **3. A hospital sends 90 % sick patients, yours had 10 %. The scanner is the same. AdaBN?**
#
# <details><summary>No: the statistics differ because of the patients, not of the
# scanner</summary>Yes. It would repair what is not broken. Correct for the proportions (lesson
# 11).</details>
# <details><summary>Yes, the statistics differ</summary>They do, but for a reason that must not be
# removed.</details>
# <details><summary>Yes, it needs no labels</summary>That is why it cannot tell the two reasons
# apart.</details>
#
# ## Read on
#
# - Sun, Feng, Saenko (2016): Return of frustratingly easy domain adaptation. AAAI. arXiv 1511.05547
# - Sun, Saenko (2016): Deep CORAL: correlation alignment for deep domain adaptation. arXiv
#   1607.01719
# - Gretton, Borgwardt, Rasch, Schölkopf, Smola (2012): A kernel two-sample test. JMLR 13
# - Li, Wang, Shi, Hou, Liu (2018): Adaptive batch normalization for practical domain adaptation.
#   Pattern Recognition 80. arXiv 1603.04779
# - Zhao, des Combes, Zhang, Gordon (2019): On learning invariant representations for domain
#   adaptation. arXiv 1901.09453, on why a different mix of classes breaks it
