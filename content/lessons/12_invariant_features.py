# %% [markdown]
# # 12 · Features that do not reveal the domain
#
# Labels from one domain, predictions for another: lesson 11 left the examples as they are and
# reweighted them. This lesson changes the *features*. They are moved until those of the source
# domain (with labels) look like those of the target domain (without labels). Adapting a model to a
# target domain with its unlabelled examples is called **domain adaptation**. Two methods that need
# no training, CORAL and AdaBN, bring back most of what a new sensor costs. The last section shows
# how the same two methods damage a network that had no problem.
#
# **After this lesson you can**
# - give the source features the covariance of the target, in three lines (CORAL);
# - distinguish a shift from chance with a distance between samples (MMD) and a permutation test;
# - adapt a network with BatchNorm by showing it unlabelled images (AdaBN);
# - say when matching the domains does harm.
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
components = 30  # features that represent an image
strengths = (0.0, 0.5, 1.0, 1.5, 2.0)  # of the other sensor's distortion; 0 changes nothing
batch = 64
permutations = 300

# %% [markdown]
# ## 1. The same digits, another sensor
#
# Handwritten digits: scikit-learn's, or MNIST in the full profile. Half of them are the source,
# with labels. The other half is the target, seen by another sensor: a matrix mixes the 30 features
# of each image. The labels of the target are used only to measure accuracy.


# %%
def load_images():
    """Return grey images, 0 to 1, and their digits, shuffled."""
    if tlcourse.profile() == "full":
        digits = tlcourse.load_mnist(180, seed=seed, size=16)
        images, labels = digits.images[..., 0] / 255, digits.labels
    else:
        digits = load_digits()
        images, labels = digits.images / 16, digits.target
    order = np.random.default_rng(seed).permutation(len(labels))
    return images[order].astype("float32"), labels[order]


images, labels = load_images()
rows = images.reshape(len(images), -1)  # (n, height, width) -> (n, pixels)
rows = rows - rows.mean(axis=0)
main_directions = np.linalg.svd(rows, full_matrices=False)[2][:components]
features = rows @ main_directions.T  # (n, pixels) -> (n, 30)
half = len(labels) // 2
source, source_labels = features[:half], labels[:half]
clean_target, target_labels = features[half:], labels[half:]
print(f"{half} images with labels, {len(labels) - half} without, {components} features each")

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
print(
    f"trained on the source: {accuracy_after(source, clean_target):.2f} on its own sensor, ", end=""
)
print(f"{accuracy_after(source, target):.2f} on the other one")
print(f"had we labels of the other one: {accuracy_after(source @ sensor(2.0), target):.2f}")

# %% [markdown]
# ## 2. CORAL: three lines
#
# A cloud of points has a mean and a covariance: how far it stretches, and in which directions.
# CORAL makes the mean and the covariance of the source equal to those of the target. First it
# *whitens* the source: the covariance becomes the identity matrix. Then it *colours* it: the
# covariance becomes that of the target.


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
        ridge = (
            regularisation * np.trace(covariance) / len(covariance)
        )  # makes it invertible
        covariances.append(covariance + ridge * np.eye(len(covariance)))
    whitened = (source_features - source_features.mean(axis=0)) @ power(covariances[0], -0.5)
    return whitened @ power(covariances[1], 0.5) + target_features.mean(axis=0)


# %%
def distance_of_covariances(a, b):
    """Return the relative difference of two covariances, 0 where they are equal."""
    return np.linalg.norm(np.cov(a.T) - np.cov(b.T)) / np.linalg.norm(np.cov(b.T))


aligned = coral(source, target)
before, after = distance_of_covariances(source, target), distance_of_covariances(aligned, target)
print(f"relative difference of the covariances: {before:.2f} before, {after:.4f} after")
seen = [(clean_target @ sensor(strength), source @ sensor(strength)) for strength in strengths]
table = np.array(
    [
        (accuracy_after(source, t), accuracy_after(coral(source, t), t), accuracy_after(s, t))
        for t, s in seen
    ]
)
assert after < 0.05 < before
assert table[-1, 1] > table[-1, 0] + 0.03
assert abs(table[0, 1] - table[0, 0]) < 0.05  # nothing to repair

# %%
names = ("source as it is", "CORAL", "labels of the target")
ax = plots.lines(
    {name: (strengths, table[:, i]) for i, name in enumerate(names)},
    x_label="strength of the distortion",
    y_label="accuracy on the target",
    title="CORAL undoes most of the distortion, without a label",
)
words = "; ".join(
    f"{name} {table[0, i]:.2f} at strength 0, {table[-1, i]:.2f} at 2"
    for i, name in enumerate(names)
)
plots.set_alt_text(ax, f"Accuracy on the target over the strength of the distortion. {words}.")
print(plots.alt_text(ax))
share = (table[-1, 1] - table[-1, 0]) / (table[-1, 2] - table[-1, 0])
print(f"at strength 2 CORAL brings back {100 * share:.0f} % of the loss")

# %% [markdown]
# **What to notice.** No label of the target was used, and only the same linear classifier as before
# was trained. At strength 0 there is nothing to repair, and CORAL changes almost nothing.
#
# Networks use the same idea as a *loss*: cross entropy on the source, plus the distance between the
# two covariances of the features in each batch (Deep CORAL). In `tlcourse.adapt` that is
# `AlignedModel(backbone, head, distance=deep_coral_loss)`.
#
# ## 3. Is there a shift at all?
#
# Two distributions can differ although their covariances are equal. The *maximum mean discrepancy*
# (MMD) compares whole distributions. How similar are two points of the same domain on average, and
# how similar are points of different domains? The similarity is a Gaussian function of the
# distance, the *kernel*. We average kernels of five widths around the median distance, so no single
# width has to be chosen.


# %%
def kernel_matrix(points, scales=(0.25, 0.5, 1, 2, 4)):
    """Return the similarity of every two points: 1 at the same place, near 0 far away."""
    squared = np.square(points[:, None] - points[None]).sum(axis=-1)
    median = np.median(squared[np.triu_indices(len(points), k=1)])
    return np.mean([np.exp(-squared / (scale * median)) for scale in scales], axis=0)


def discrepancy(kernel, in_source):
    """MMD squared: mean similarity within the two groups, minus twice that across them."""
    within = kernel[in_source][:, in_source].mean() + kernel[~in_source][:, ~in_source].mean()
    return within - 2 * kernel[in_source][:, ~in_source].mean()


# %% [markdown]
# Two finite samples always differ a little. How much of the difference is chance? Mix both samples,
# split them again at random, and measure the discrepancy; repeat this many times. If the
# discrepancy of the true split is larger than that of 95 % of the random splits, we call it a
# shift. That is a *permutation test*.


# %%
def permutation_test(a, b, rng):
    """Return the discrepancy of `a` and `b`, and the discrepancies of random splits."""
    kernel = kernel_matrix(np.concatenate([a, b]))
    in_source = np.arange(len(a) + len(b)) < len(a)
    random_splits = [discrepancy(kernel, rng.permutation(in_source)) for _ in range(permutations)]
    return discrepancy(kernel, in_source), np.array(random_splits)


few = slice(0, 200)  # 200 points of each are enough
tests = {
    "source and the other sensor": (source[few], target[few]),
    "after CORAL": (aligned[few], target[few]),
    "source and its own sensor": (source[few], clean_target[few]),
}
results = {name: permutation_test(a, b, rng) for name, (a, b) in tests.items()}

# %%
fig, axes = plt.subplots(3, 1, figsize=(7, 4.2), sharex=True, layout="constrained")
for ax, (name, (value, chance)) in zip(axes, results.items()):
    ax.set(yticks=[], title=name, xscale="log")
    ax.hist(chance, bins=20, color="0.75")
    ax.axvline(np.quantile(chance, 0.95), color="black", linestyle="--", linewidth=1)
    ax.plot(value, 6, "v", color=plots.colour_of(1), markersize=10, clip_on=False)
axes[-1].set_xlabel("MMD squared. Grey: random splits; dashed: 95 % quantile; triangle: true split")
fig.suptitle("Only the shifted pair lies far from chance")
words = [
    f"{name}: {value:.4f}, 95 % of random splits below {np.quantile(chance, 0.95):.4f}"
    for name, (value, chance) in results.items()
]
plots.set_alt_text(fig, f"MMD of three pairs of samples and of random splits. {'; '.join(words)}.")
print(plots.alt_text(fig))

# %%
shifted, chance = results["source and the other sensor"]
left, _ = results["after CORAL"]
assert shifted > np.quantile(chance, 0.95)
assert left < shifted / 4
print(f"CORAL removed {100 * (1 - left / shifted):.0f} % of the discrepancy")

# %% [markdown]
# Without any shift, the triangle still lies right of the dashed line in about one of 20 cases. That
# is what 95 % means.
#
# ## 4. AdaBN: replace the moving statistics
#
# A network with BatchNorm holds a mean and a variance for each channel: its *moving statistics*,
# computed on the source. If the sensor is brighter or has less contrast, they are wrong. AdaBN
# replaces them with those of the target. No weight changes.

# %%
keras.utils.set_random_seed(seed)
network = keras.Sequential([keras.Input((*images.shape[1:], 1))])
for channels in (16, 32):
    # no padding: a border of zeros around a bright image would be an edge
    network.add(layers.Conv2D(channels, 3, use_bias=False))
    network.add(layers.BatchNormalization(momentum=0.9))
    network.add(layers.ReLU())
network.add(layers.MaxPooling2D())
network.add(layers.Flatten())
network.add(layers.Dense(10))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.Adam(3e-3), loss)
network.fit(images[:half, ..., None], source_labels, epochs=12, batch_size=batch, verbose=0)
trained = network.get_weights()


# %%
def other_camera(images, rng):
    """Return the images with less contrast, brighter, and with noise."""
    return 0.35 * images + 0.6 + rng.normal(0, 0.04, images.shape).astype("float32")


def score(images, labels):
    return np.mean(np.argmax(network(images[..., None], training=False), axis=-1) == labels)


seen_clean, seen_other = images[half:], other_camera(images[half:], rng)
shown = np.uint8(255 * np.clip(np.concatenate([seen_clean[:8], seen_other[:8]]), 0, 1))
ax = plots.image_grid(
    shown[..., None].repeat(3, -1), columns=8, title="Above: own camera. Below: other camera"
)
print(plots.alt_text(ax))
own, other = score(seen_clean, target_labels), score(seen_other, target_labels)
print(f"own camera {own:.2f}, other camera {other:.2f}")

# %% [markdown]
# The obvious way is to run the network on the target in training mode: BatchNorm then updates its
# statistics. The momentum matters: with Keras' default of 0.99 every batch moves them by only 1 %.
# So we choose the momentum of each batch to make all batches count the same: 0 for the first batch
# (the old statistics are dropped), then 1/2, 2/3, 3/4 ...


# %%
def adapt_statistics(model, images, batch_size, momentum=None):
    """Set BatchNorm's moving statistics to those of `images`; None: all batches count the same."""
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    for count, start in enumerate(range(0, len(images) - batch_size + 1, batch_size)):
        for norm in norms:
            norm.momentum = count / (count + 1) if momentum is None else momentum
        model(images[start : start + batch_size], training=True)


adapted = {}
momenta = {"momentum 0.99": 0.99, "momentum 0.9": 0.9, "equal batches": None}
for name, momentum in momenta.items():
    network.set_weights(trained)
    adapt_statistics(network, seen_other[..., None], batch, momentum)
    adapted[name] = score(seen_other, target_labels)
    print(f"one pass over the target, {name}: {adapted[name]:.2f}")

# %%
changed = [not np.array_equal(a, b) for a, b in zip(trained, network.get_weights())]
print("changed:", [w.path.split("/", 1)[1] for w, c in zip(network.weights, changed) if c])
network.set_weights(trained)
lost = score(seen_clean, target_labels) - score(seen_other, target_labels)
regained = adapted["equal batches"] - score(seen_other, target_labels)
print(f"lost to the other camera {lost:.2f}, regained {regained:.2f}")
assert sum(changed) == 4
assert regained > lost / 2
assert adapted["equal batches"] > adapted["momentum 0.99"] + 0.1

# %% [markdown]
# ## 5. When matching does harm
#
# Now there is **no** new sensor: the target comes from the same camera. But in this street there
# are only the numbers 0, 1 and 2. Nothing has to be repaired. Still, the means and covariances of
# the two domains differ because the *proportions of the classes* differ, and both methods try to
# remove this difference.

# %%
only = np.isin(target_labels, (0, 1, 2))
street, street_labels, street_images = clean_target[only], target_labels[only], images[half:][only]
before = accuracy_after(source, street, street_labels), score(street_images, street_labels)
aligned = coral(source, street)
adapt_statistics(network, street_images[..., None], batch)
after = accuracy_after(aligned, street, street_labels), score(street_images, street_labels)
network.set_weights(trained)
for name, a, b in zip(("CORAL", "AdaBN"), before, after):
    print(f"three classes, same sensor: {a:.2f} before, {b:.2f} after {name}")
assert after[0] < before[0] - 0.15
assert abs(after[1] - before[1]) < 0.1

# %% [markdown]
# **What to notice.** CORAL moves ten classes to where three classes lie. It sees no labels:
# different proportions of the classes look to it like a different sensor. AdaBN changes two numbers
# per channel and does little here. It can repair less, and it can damage less. Every method that
# makes domains alike assumes that both hold *the same classes in the same proportions*. For changed
# proportions (label shift), lesson 11 has the method.
#
# ## What to remember
#
# - CORAL: whiten, then colour. Two covariances, no training.
# - MMD compares distributions. A permutation test says whether their difference is larger than
#   chance explains.
# - AdaBN: new statistics, old weights. Let every batch count the same, or pass over the target many
#   times.
# - Both assume the same proportions of classes in both domains. Check this before you match
#   anything.
# - All of this makes the *features* alike. It does not check that each class lands on the same
#   class: keep a few labels of the target to measure that.
#
# ## Quiz
#
# **1. After CORAL the covariances are equal. Are the distributions?**
#
# <details><summary>Not necessarily</summary>Right. Mean and covariance do not describe clusters or
# curved shapes. MMD compares more.</details>
# <details><summary>Yes, that is what CORAL computes</summary>No: it matches two summaries of the
# distribution, not the distribution.</details>
# <details><summary>Only if the classifier is linear</summary>CORAL does not use the
# classifier.</details>
#
# **2. A network without BatchNorm meets a darker camera. What does AdaBN change?**
#
# <details><summary>Nothing</summary>Right: there are no moving statistics. Use CORAL on its
# features.</details>
# <details><summary>The weights of the first layer</summary>AdaBN never changes a weight.</details>
# <details><summary>The brightness of the images</summary>It does not touch images.</details>
#
# **3. In another hospital 90 % of the patients are sick, in yours 10 %. The scanner is the same. Do
# you use AdaBN?**
#
# <details><summary>No: the statistics differ because of the patients, not of the
# scanner</summary>Right. AdaBN would remove a difference that must stay. Correct for the
# proportions (lesson 11).</details>
# <details><summary>Yes, the statistics differ</summary>They do, but because of the patients. That
# difference must stay.</details>
# <details><summary>Yes, it needs no labels</summary>Without labels it cannot distinguish the two
# reasons.</details>
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
#   adaptation. arXiv 1901.09453. Why different proportions of the classes break it
