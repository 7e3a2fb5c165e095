# %% [markdown]
# # 22 · Self-supervised pre-training
#
# A museum has scanned 100,000 pages in a script that nobody has labelled. Lesson 01 pre-trained on
# a source with labels. Here there are none, only images. A task that the images set themselves
# takes the place of the labels: which two views belong together, what is behind this patch, which
# way is up? This lesson writes out such tasks, measures what they are worth, and shows how they
# fail silently.
#
# **After this lesson you can**
# - train an encoder without labels with SimCLR, and say what each part of it does;
# - measure an encoder by a linear probe with few labels, against the right baselines;
# - recognise a collapsed run by its features, although its loss looks perfect;
# - say what a masked autoencoder and rotation prediction do differently.
#
# **Time:** 40 minutes. **It presumes** lessons 01, 02 and 03: pre-training, frozen features, linear
# probe.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

from tlcourse import evaluate, plots, selfsup

# %%
# Settings
per_class = 20  # images a letter
classes = 40  # letters of the target
shots = 5  # labels a class for the linear probe
draws = 5  # draws of the labelled images, for the spread
epochs, batch_size = 5, 128
learning_rate, temperature = 2e-3, 0.2

# %% [markdown]
# ## 1. Many images, few labels
#
# The data are letters of many alphabets: drawn ones in the embedded profile, those of Omniglot in
# the full one. The encoder learns from the *images* of some alphabets; we throw their labels away.
# The target are letters of other alphabets, with 5 labels a class. Learning from a task that the
# images set themselves, without labels, is **self-supervised learning**.

# %%
source = tlcourse.load_alphabets("train", per_class, seed=seed)
target = tlcourse.load_alphabets("test", per_class, seed=seed)
target = target.subset(np.flatnonzero(target.labels < classes))
unlabelled = source.images
print(f"{len(unlabelled)} images without labels")
print(f"{classes} new classes, {shots} labels each")

# %% [markdown]
# A *linear probe* (lesson 03) measures the encoder: a linear classifier on frozen features, trained
# on 5 images a class and tested on all others. We repeat it with other labelled images.


# %%
def probe(features):
    """Accuracies of linear probes, one for each draw of the labelled images."""
    found = []
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        places = [np.flatnonzero(target.labels == c) for c in np.unique(target.labels)]
        known = np.concatenate([rng.choice(place, shots, replace=False) for place in places])
        asked = np.setdiff1d(np.arange(len(target)), known)
        sides = [part for rows in (known, asked) for part in (features[rows], target.labels[rows])]
        found.append(evaluate.linear_probe(*sides, strength=0.1, max_iter=200))
    return np.array(found)


# %% [markdown]
# First the baselines that need no training. All encoders below have the same architecture and start
# from the same random values, so *random values* is the number to beat.


# %%
def new_encoder():
    """The small network of lesson 01, and the same network without its head: 256 features."""
    keras.utils.set_random_seed(seed)
    model = tlcourse.small_cnn(source.num_classes)
    return model, keras.Model(model.input, model.get_layer("features").output)


def features_of(encoder):
    return encoder.predict(target.images, batch_size=256, verbose=0)


results = {}


def measure(name, features):
    """Fill one row of the table."""
    results[name] = probe(features)
    print(f"{name:<22} {results[name].mean():.3f} ± {results[name].std(ddof=1):.3f}")


measure("random values", features_of(new_encoder()[1]))

# %% [markdown]
# ## 2. Two views of one image
#
# A **view** is a random change of an image that leaves what it shows as it is: a crop, a rotation,
# another colour. The choice of changes is the only thing that we say about the task: what may
# change is what the features will ignore. Letters may be moved and coloured, but not mirrored.

# %%
views = selfsup.TwoViews(smallest=0.5, degrees=15, colour=0.4, seed=seed)
row = np.random.default_rng(seed).choice(len(unlabelled), 8, replace=False)
pair = ops.convert_to_numpy(views(unlabelled[row].astype("float32"))).astype("uint8")
shown = np.concatenate([unlabelled[row], pair])
ax = plots.image_grid(shown, columns=8, title="Each column: an image above its two views")
print(plots.alt_text(ax))
assert (pair[:8] != pair[8:]).any()

# %% [markdown]
# The layer returns the first views of the whole batch, then the second views in the same order.
# Both are drawn for themselves. If you change the image once *before* doubling it, the two views
# are identical, and nothing is learned from finding one by the other.
#
# ## 3. SimCLR
#
# Each view looks for the other view of its image among all views of the batch. Learning by telling
# pairs that belong together from pairs that do not is **contrastive learning**. Its loss is a
# cross-entropy over cosine similarities, *NT-Xent* (Chen and others 2020). The temperature
# says how much the most similar wrong views count.


# %%
def nt_xent(first, second, temperature):
    """The mean loss of both directions; `first` and `second` are `(n, d)`."""
    count = ops.shape(first)[0]
    z = ops.normalize(ops.concatenate([first, second], axis=0), axis=1)
    similar = ops.matmul(z, ops.transpose(z)) / temperature  # (2 n, 2 n)
    similar = similar - 1e9 * ops.eye(2 * count)  # no view finds itself
    wanted = ops.concatenate([ops.arange(count) + count, ops.arange(count)], axis=0)
    loss = keras.losses.sparse_categorical_crossentropy(wanted, similar, from_logits=True)
    return ops.mean(loss)


z = np.random.default_rng(seed).normal(size=(64, 16)).astype("float32")
aligned, wrong = float(nt_xent(z, z, 0.2)), float(nt_xent(z, z[::-1], 0.2))
print(f"aligned pairs {aligned:.2f}, wrong pairs {wrong:.2f}, guessing {np.log(127):.2f}")
assert aligned < np.log(127) < wrong

# %% [markdown]
# Between encoder and loss stands a **projector**: two dense layers that are thrown away after
# training. The loss wants vectors without position and colour. The projector may drop them, and
# the features in front of it keep more.


# %%
class SimCLR(keras.Model):
    """Two views through one encoder and one projector."""

    def __init__(self, encoder):
        super().__init__()
        self.views = selfsup.TwoViews(smallest=0.5, degrees=15, colour=0.4, seed=seed)
        self.encoder = encoder
        self.projector = keras.Sequential([layers.Dense(128, activation="relu"), layers.Dense(64)])

    def call(self, images, training=None):
        features = self.encoder(self.views(images), training=training)
        return self.projector(features)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        first, second = ops.split(y_pred, 2, axis=0)
        return nt_xent(first, second, temperature)


# %%
encoder = new_encoder()[1]
model = SimCLR(encoder)
model.compile(keras.optimizers.Adam(learning_rate))
rng = np.random.default_rng(seed)
whole = len(unlabelled) // batch_size * batch_size
curve, losses = [results["random values"]], []
for _ in range(epochs):
    chosen = unlabelled[rng.permutation(len(unlabelled))[:whole]]
    history = model.fit(chosen, batch_size=batch_size, verbose=0).history
    losses.append(history["loss"][0])
    curve.append(probe(features_of(encoder)))
print("loss of each epoch:", " ".join(f"{loss:.2f}" for loss in losses))
assert losses[-1] < losses[0]

# %% [markdown]
# ## 4. What is it worth?
#
# Three rows to compare with. The *supervised source* is the same network trained on the same
# images *with* the labels that we threw away. `tiny_resnet` is the embedded backbone, pre-trained
# on photographs. And a placebo: SimCLR whose pairs are shuffled, so two different images count
# as views of one.

# %%
simclr_features = features_of(encoder)
measure("SimCLR", simclr_features)
classifier, supervised = new_encoder()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
classifier.compile(keras.optimizers.Adam(learning_rate), loss)
classifier.fit(source.images, source.labels, epochs=6, batch_size=64, verbose=0)
measure("supervised source", features_of(supervised))

# %%
backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
side = backbone.input_shape[1]
parts = [ops.image.resize(part, (side, side)) for part in np.array_split(target.images, 10)]
larger = np.concatenate([ops.convert_to_numpy(part) for part in parts]).astype("uint8")
measure("tiny_resnet", tlcourse.extract_features(backbone, larger, cache=False))


# %%
def shuffled_pairs(first, second):
    """NT-Xent with the views of other images as partners."""
    return selfsup.nt_xent(first, ops.roll(second, 1, axis=0), temperature)


placebo = new_encoder()[1]
options = {"views": selfsup.TwoViews(seed=seed), "learning_rate": learning_rate}
selfsup.fit_two_views(placebo, unlabelled, shuffled_pairs, epochs=epochs, **options)
measure("placebo: wrong pairs", features_of(placebo))

# %%
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
steps = np.arange(epochs + 1)
rows = {"SimCLR": np.array(curve).T}
for name in ("supervised source", "tiny_resnet", "random values"):
    rows[name] = np.repeat(results[name][:, None], epochs + 1, axis=1)
means = {name: (steps, values.mean(axis=0)) for name, values in rows.items()}
title = "Without labels the probe leaves the random encoder behind"
axis = {"x_label": "epochs of SimCLR", "y_label": "accuracy of the probe"}
plots.lines(means, **axis, title=title, ax=ax)
for number, values in enumerate(rows.values()):
    half = 2.776 * values.std(axis=0, ddof=1) / np.sqrt(draws)  # 95 %, t with 4 degrees of freedom
    low, high = values.mean(axis=0) - half, values.mean(axis=0) + half
    ax.fill_between(steps, low, high, color=plots.colour_of(number), alpha=0.18, linewidth=0)
print(plots.alt_text(ax), "Bands: 95 % confidence over draws of the labelled images.")

# %%
gain = results["SimCLR"].mean() - results["random values"].mean()
nothing = results["placebo: wrong pairs"].mean() - results["random values"].mean()
print(f"SimCLR above random values: {gain:+.3f}; the placebo: {nothing:+.3f}")
assert gain > 0.15
assert nothing < gain / 2

# %% [markdown]
# SimCLR gains more than 0.15 over random values. It does not reach the two rows with labels: the
# same network trained on the labels of these letters, and a larger one trained on those of
# photographs. If such a backbone is at hand, it is the number to beat. The placebo is a little
# above random values, because training also fits BatchNorm to these images.
#
# The bands say how much the choice of the labelled images matters, with *one* trained encoder.
# Another seed trains another encoder; `docs/claims` has five.
#
# ## 5. The projector is thrown away
#
# What if we keep it, and use its output as features?

# %%
projected = model.projector.predict(simclr_features, verbose=0)
measure("SimCLR, projector kept", projected)
lost = results["SimCLR"].mean() - results["SimCLR, projector kept"].mean()
print(f"lost by keeping the projector: {lost:.3f}")
assert lost > 0

# %% [markdown]
# ## 6. Collapse
#
# Why the wrong pairs? Suppose the loss only asked the two views to agree. Then one answer is
# perfect: the same vector for every image. That is a **collapse**: the network gives all images
# nearly the same vector, or a few directions only, while the loss falls. NT-Xent avoids it,
# because wrong pairs have to differ. *VICReg* (Bardes and others 2022) has no wrong pairs. Besides
# agreement it asks that each dimension varies, and that no two dimensions say the same:


# %%
def vicreg(first, second, variance=25.0, covariance=1.0):
    """Agreement, and what keeps the projections from a collapse."""
    loss = 25.0 * ops.mean((first - second) ** 2)
    for view in (first, second):
        centred = view - ops.mean(view, axis=0)
        count = ops.cast(ops.shape(view)[0], view.dtype)
        products = ops.matmul(ops.transpose(centred), centred) / (count - 1)  # (d, d)
        deviation = ops.sqrt(ops.diagonal(products) + 1e-4)
        loss += variance * ops.mean(ops.relu(1.0 - deviation)) / 2
        off = products - ops.diag(ops.diagonal(products))
        loss += covariance * ops.sum(off**2) / view.shape[1]
    return loss


def agreement_only(first, second):
    """The squared difference of the two views at length 1, and nothing else."""
    difference = ops.normalize(first, axis=1) - ops.normalize(second, axis=1)
    return ops.mean(ops.sum(difference**2, axis=1))


# %%
found = {"SimCLR": selfsup.detect_collapse(projected)}
for name, loss_of_views in {"VICReg": vicreg, "agreement only": agreement_only}.items():
    encoder, projector = new_encoder()[1], selfsup.new_projector()
    options |= {"views": selfsup.TwoViews(seed=seed), "projector": projector}
    fitted = selfsup.fit_two_views(encoder, unlabelled, loss_of_views, epochs=2, **options)
    print(f"{name}: loss {fitted[0]:.3g} -> {fitted[-1]:.3g}")
    features = features_of(encoder)
    measure(name, features)
    found[name] = selfsup.detect_collapse(projector.predict(features, verbose=0))
for name, what in found.items():
    print(f"{name}: {what}")

# %% [markdown]
# The run that only asks for agreement has a loss of nearly zero, and its probe is hardly better
# than that of the random values that it started from. `detect_collapse` looks at two numbers. The
# *spread* is the standard deviation of each dimension of the vectors at length 1, times √d: near 1
# for directions spread evenly, 0 for one direction. The *effective rank* (Roy and Vetterli 2007)
# says how many directions the vectors fill. Look at the projections, because the loss acts on
# them: the features in front of the projector follow later.

# %%
assert found["agreement only"].collapsed
assert not found["SimCLR"].collapsed
assert not found["VICReg"].collapsed
assert fitted[-1] < 0.01

# %% [markdown]
# ## 7. Two other tasks
#
# A **masked autoencoder** hides patches of an image and predicts what is behind them; only hidden
# patches count in its loss. The published one (He and others 2022) is a large transformer that
# skips the hidden patches. Ours has the small network and grey patches, and half of them are
# hidden.


# %%
def masked_error(images, predicted, mask):
    """Mean squared error over the hidden pixels; `mask` is 1 there."""
    squared = ops.mean((predicted - images) ** 2, axis=-1, keepdims=True)
    return ops.sum(squared * mask) / ops.sum(mask)


encoder = new_encoder()[1]
autoencoder = selfsup.MaskedAutoencoder(encoder, patch=4, share=0.5, seed=seed)
autoencoder.compile(keras.optimizers.Adam(learning_rate))
history = autoencoder.fit(unlabelled, batch_size=64, epochs=4, verbose=0).history["loss"]
measure("masked autoencoder", features_of(encoder))
print(f"error of hidden pixels: {history[0]:.3f} -> {history[-1]:.3f}")
assert history[-1] < history[0]

# %%
examples = unlabelled[row].astype("float32")
mask = selfsup.random_patch_mask(8, 32, 4, 0.5, seed=seed)
hidden = examples * (1 - mask) + 127.5 * mask
guess = autoencoder.decoder(encoder(hidden, training=False)) * 127.5 + 127.5
filled = examples * (1 - mask) + guess * mask
stages = [ops.convert_to_numpy(ops.clip(stage, 0, 255)) for stage in (hidden, filled, examples)]
title = "Half hidden, filled in by the network, and the original"
ax = plots.image_grid(np.concatenate(stages).astype("uint8"), columns=8, title=title)
print(plots.alt_text(ax))

# %% [markdown]
# *Rotation prediction* (Gidaris and others 2018) is one of the first such tasks: turn the image by
# 0 to 3 quarters, and ask by how many. To answer, the network must know what letters look like
# upright.

# %%
encoder = new_encoder()[1]
turning = keras.Sequential([encoder, layers.Dense(4)])
turning.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
for epoch in range(5):
    turned, quarters = selfsup.rotate_quarters(unlabelled, seed=epoch)
    history = turning.fit(turned, quarters, batch_size=64, verbose=0).history
measure("rotation", features_of(encoder))
print(f"quarters found in training: {history['accuracy'][0]:.2f}, guessing 0.25")

# %%
for name in sorted(results, key=lambda name: -results[name].mean()):
    print(f"{name:<22} {results[name].mean():.3f} ± {results[name].std(ddof=1):.3f}")

# %% [markdown]
# With this small network and seconds of training, the masked autoencoder is no better than random
# values: it fills in strokes and colours, and a linear probe cannot read the letter from that. The
# published one needs a large network and long training, and is then fine-tuned as a whole. Rotation
# prediction is above random values and below SimCLR. Labels, where you have them, are still worth
# more: on drawn letters the supervised source is far ahead, on Omniglot by a few hundredths.

# %%
mean = {name: values.mean() for name, values in results.items()}
assert mean["rotation"] > mean["random values"] + 0.03
assert mean["SimCLR"] > mean["rotation"] + 0.03
assert mean["masked autoencoder"] < mean["SimCLR"] - 0.1
if tlcourse.profile() == "embedded":
    assert mean["supervised source"] > mean["SimCLR"] + 0.05

# %% [markdown]
# ## 8. Small photographs
#
# In the full profile the next cell repeats it with photographs of flowers, 32 pixels a side: an
# encoder pre-trained without labels on most of them, a probe with 5 labels a class on the others.
# The gain is smaller there: from 0.32 to 0.41, the mean of three seeds. Likely reasons are that
# 1,500 photographs are few, and that the views change colour, which says much about a flower.

# %%
if tlcourse.profile() == "full":
    flowers = tlcourse.load_flowers(per_class=400, seed=seed, size=32)
    order = np.random.default_rng(seed).permutation(len(flowers))
    known, target = order[:1500], flowers.subset(order[1500:])
    encoder = new_encoder()[1]
    measure("photographs, random", features_of(encoder))
    views = selfsup.TwoViews(smallest=0.3, flip=True, seed=seed)
    options = {"views": views, "epochs": 6}
    selfsup.fit_two_views(encoder, flowers.images[known], **options)
    measure("photographs, SimCLR", features_of(encoder))

# %% [markdown]
# ## What to remember
#
# - Self-supervised learning takes its task from the images. What the views change is what the
#   features ignore.
# - Report a linear probe with few labels, against the same network with random values and a
#   placebo.
# - The projector is for the loss. The features in front of it are what you keep.
# - A loss near zero can be a collapse. Look at the spread and the effective rank.
# - What is often said: "labels are no longer needed". Here an encoder trained with
#   labels was ahead in every run.
#
# ## Quiz
#
# **1. Your two views come from `change(image)`, called once and used twice. What happens?**
#
# <details><summary>Training is faster, nothing else</summary>No. The task becomes trivial: finding
# an identical copy needs no knowledge of the image.</details>
# <details><summary>The loss falls at once, and the features learn little</summary>Yes. Both views
# have to be drawn separately.</details>
# <details><summary>Keras raises an error</summary>It cannot know. Compare the two views
# yourself.</details>
#
# **2. Which output do you give to the linear probe?**
#
# <details><summary>The projector's, because the loss was computed on it</summary>The loss lets it
# drop what views change. That may be what the probe needs.</details>
# <details><summary>The encoder's, of the images as they are</summary>Yes.</details>
# <details><summary>The encoder's, of random views</summary>The features would differ in each
# call.</details>
#
# **3. A loss without wrong pairs falls to 0.00001 in two epochs. What do you do?**
#
# <details><summary>Stop: it has converged</summary>Perhaps on one vector for all images.</details>
# <details><summary>Look at spread and effective rank of the projections</summary>Yes. A loss cannot
# tell agreement from a collapse.</details>
# <details><summary>Raise the learning rate</summary>That does not change what the loss
# asks for.</details>
#
# ## Read on
#
# - Chen, Kornblith, Norouzi, Hinton (2020): A simple framework for contrastive learning of visual
#   representations. arXiv 2002.05709
# - Bardes, Ponce, LeCun (2022): VICReg: variance-invariance-covariance regularization for
#   self-supervised learning. arXiv 2105.04906
# - He, Chen, Xie, Li, Dollár, Girshick (2022): Masked autoencoders are scalable vision learners.
#   arXiv 2111.06377
# - Gidaris, Singh, Komodakis (2018): Unsupervised representation learning by predicting image
#   rotations. arXiv 1803.07728
# - Chen, He (2021): Exploring simple siamese representation learning. arXiv 2011.10566
