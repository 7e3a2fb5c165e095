# %% [markdown]
# # 09 · Choosing a model
#
# There are thousands of pretrained networks, and fine-tuning each of them on your task to see which
# is best takes days. The **transferability** of a pretrained network is how well it does on a
# target task after transfer. This lesson estimates it *before* fine-tuning: with scores that need
# one pass over your images and a second of arithmetic. It shows how far they can be trusted, and
# what a network costs.
#
# **After this lesson you can**
# - score a frozen backbone on your images, with the mathematics written out, and say what the score
#   is worth;
# - rank backbones by score *and* by cost, and leave out those that nobody should take;
# - read a published ranking with care, and check its arithmetic.
#
# **Time:** 40 minutes. **It presumes** lessons 02, 03, 04 and 06.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import kendalltau, weightedtau
from tqdm.auto import tqdm

from tlcourse import evaluate, plots, select

# %%
# Settings
source_images, source_epochs = 1200, 8
digits_per_class = 20  # labelled images of the target, of each digit
draws = 2  # repeats with other images
epochs = 12  # of fine-tuning
flowers_per_class = 20

# %% [markdown]
# ## 1. Eight sources, one target
#
# The target: ten digits on pieces of photographs, 200 labelled images. There are eight source
# networks of the same shape. What each was trained on:
#
# - *letters*: 30 letters on such pieces; *few epochs*: the same, stopped early; *5 classes*: only
#   five of the letters;
# - *clean*: letters on a plain background; *inverted*: their negatives; *quadrants*: which piece of
#   a photograph is the background;
# - *shuffled*: letters with random labels; *random*: not trained at all. The last two are
#   **placebos**: they cannot help.

# %%
per_letter = source_images // 30
letters = tlcourse.load_glyphs("letters", per_letter, seed=seed, split="train")
clean = tlcourse.load_glyphs("letters", per_letter, seed=seed, split="train", clutter=0.0)
quadrants = tlcourse.load_glyphs("photo_quadrant", source_images // 8, seed=seed, split="train")
mixed = np.random.default_rng(seed).permutation(letters.labels)
five = letters.subset(np.flatnonzero(letters.labels < 5))

# %%
shelf = {  # name: images, labels, epochs
    "letters": (letters.images, letters.labels, source_epochs),
    "few epochs": (letters.images, letters.labels, 2),
    "5 classes": (five.images, five.labels, source_epochs),
    "clean": (clean.images, clean.labels, source_epochs),
    "inverted": (255 - clean.images, clean.labels, source_epochs),
    "quadrants": (quadrants.images, quadrants.labels, source_epochs),
    "shuffled": (letters.images, mixed, source_epochs),
    "random": (letters.images, mixed, 0),
}

# %%
pool = tlcourse.load_glyphs("digits", draws * digits_per_class, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")  # other fonts and pieces
fig, axes = plt.subplots(4, 1, figsize=(7, 3.6), layout="constrained")
rows = {
    "letters": letters.images,
    "clean": clean.images,
    "inverted": 255 - clean.images,
    "digits, the target": pool.images,
}
for ax, (name, images) in zip(axes, rows.items(), strict=True):
    plots.image_grid(images[:10], columns=10, title=name, ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# One network object serves for all: before each training its weights are put back to the start, and
# its optimizer is reset.

# %%
network = tlcourse.small_cnn(30)
trunk = keras.Model(network.input, network.get_layer("features").output)  # (batch, 256)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
network.compile(keras.optimizers.Adam(2e-3), loss)
start = network.get_weights()


# %%
def train(weights, images, labels, epochs, batch_size):
    """Train the network from these weights on; return what it has learned."""
    network.set_weights(weights)
    tlcourse.reset_optimizer(network)
    if epochs:
        network.fit(images, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    return network.get_weights()


trained = {name: train(start, *data, batch_size=64) for name, data in tqdm(shelf.items())}

# %% [markdown]
# **The slow answer.** Fine-tune all eight, here with all layers, and look at new images. That is
# the truth that a score has to predict.

# %%
count = 10 * digits_per_class
few = [pool.subset(np.arange(draw * count, (draw + 1) * count)) for draw in range(draws)]
truth = np.zeros((draws, len(shelf)))
views = {}  # of the frozen networks: (draw, name) -> features, probabilities of source classes
for draw in tqdm(range(draws), desc="fine-tuning"):
    images, labels = few[draw].images, few[draw].labels
    for place, name in enumerate(shelf):
        network.set_weights(trained[name])
        source_probabilities = keras.ops.softmax(network(images, training=False))
        features = trunk(images, training=False)
        views[draw, name] = np.array(features), np.array(source_probabilities)
        train([*trained[name][:-2], *start[-2:]], images, labels, epochs, batch_size=50)
        logits = network.predict(unseen.images, batch_size=200, verbose=0)
        truth[draw, place] = evaluate.accuracy(unseen.labels, logits)

# %%
means = truth.mean(axis=0)
print({name: f"{value:.2f}" for name, value in zip(shelf, means, strict=True)})
assert means[list(shelf).index("letters")] > means[-3:].max() + 0.1

# %% [markdown]
# ## 2. LogME: how probable are these labels?
#
# Take the features of the frozen network, one row for each image, and one class: its column of
# labels is 1 for images of the class and 0 elsewhere. Suppose that the column was made in this way:
# draw weights `w` at random, compute `features @ w`, add noise. How *probable* is the column that
# we really have? If the features separate the class, it is probable: many `w` give it. If not, it
# is improbable. That probability is called the **evidence**; its logarithm, divided by the number
# of images and averaged over the classes, is **LogME** (You and others, 2021).
#
# Two numbers are open: how large the weights are, and how large the noise is. LogME takes those
# that make the evidence largest. Nothing is trained, nothing is held out, no setting is tuned. Why
# not just fit a linear model and count its errors? With 256 features and 200 images it fits *any*
# labels (lesson 06). The evidence averages over all linear models instead of choosing the best, so
# this cannot happen to it.
#
# After a rotation of the axes (the singular value decomposition) every formula is a sum. Let `s2`
# be the squared singular values, `z2` how much of the column lies along each axis, and `t` the
# ratio of the two open numbers:


# %%
def log_me(features, labels):
    """Logarithm of the maximum evidence per image, mean over classes."""
    n = len(labels)
    u, s, _ = np.linalg.svd(features.astype(float), full_matrices=False)
    u, s2 = u[:, s > 1e-7 * s[0]], s[s > 1e-7 * s[0]] ** 2
    t = s2[0] * np.logspace(-14, 6, 1000)[:, None]  # try a thousand ratios
    left = t / (t + s2)  # (ratios, axes): the share of each axis that the weights leave over
    evidences = []
    for c in np.unique(labels):
        column = (labels == c).astype(float)
        z2 = (u.T @ column) ** 2
        outside = max(column.sum() - z2.sum(), 1e-12 * n)  # out of reach of these features
        misfit = left @ z2 + outside  # squared error, and the penalty on the weights
        evidence = -n / 2 * (np.log(2 * np.pi * misfit / n) + 1) + np.log(left).sum(axis=1) / 2
        evidences.append(evidence.max())
    return np.mean(evidences) / n


# %%
features, probabilities = views[0, "letters"]
mine, theirs = log_me(features, few[0].labels), select.log_me(features, few[0].labels)
floor = log_me(features, np.random.default_rng(seed).permutation(few[0].labels))
print(f"letters: by hand {mine:.4f}, tlcourse.select {theirs:.4f}; labels shuffled {floor:.4f}")
assert abs(mine - theirs) < 1e-4
assert mine > floor + 0.05

# %% [markdown]
# The number itself means nothing: it serves to compare backbones **on the same images and labels**,
# and nothing else. The shuffled labels give the *floor*: the score of features that say nothing
# about the labels.
#
# ## 3. Scores from the old head
#
# What if the network's own head is still there? It predicts for each image of the target which
# *source* class it resembles. If images of the digit 8 always look like a "B" to it, the label
# follows from the source class. **NCE** (Tran and others, 2019) takes, for each image, the share of
# its label among the images with the same source class, and then the mean of the logarithms.


# %%
def nce(source_labels, labels):
    """Mean log share of an image's label among all images with its source class."""
    pairs = zip(source_labels, labels, strict=True)
    return np.mean(np.log([np.mean(labels[source_labels == z] == y) for z, y in pairs]))


seen, labels = probabilities.argmax(axis=1), few[0].labels
letters_for_8 = np.bincount(seen[labels == 8], minlength=30).argsort()[::-1][:3]
print("the digit 8 looks like", [letters.class_names[z] for z in letters_for_8])
mine, theirs = nce(seen, labels), select.nce(seen, labels)
print(f"NCE by hand {mine:.4f}, tlcourse.select {theirs:.4f}; never above 0")
assert abs(mine - theirs) < 1e-9

# %% [markdown]
# **LEEP** (Nguyen and others, 2020) does the same with all probabilities instead of only the
# largest: an image that is 60 % "B" and 40 % "S" counts for both. You will write it in the
# exercise. The order of its arguments is a trap: it is one question how well labels follow from
# source classes, and another how well source classes follow from labels.
#
# Two more, in one line each. **H-score** (Bao and others, 2019): how far the class means lie apart,
# compared with the spread of all features; with fewer images than features it needs a correction
# called shrinkage. And two simple ones: the accuracy of **five nearest neighbours**, and of a
# cross-validated linear classifier (the linear probe of lesson 03).

# %%
scores = {"LogME": [], "LEEP": [], "H-score": [], "5 neighbours": [], "linear probe": []}
for draw in range(draws):
    y = few[draw].labels
    rows = [(*views[draw, name], y) for name in shelf]
    scores["LogME"].append([select.log_me(f, y) for f, _, y in rows])
    scores["LEEP"].append([select.leep(p, y) for _, p, y in rows])
    scores["H-score"].append([select.h_score(f, y, shrinkage=True) for f, _, y in rows])
    scores["5 neighbours"].append([select.knn_score(f, y) for f, _, y in rows])
    probes = [select.linear_probe_score(f, y, strength=0.01) for f, _, y in rows]
    scores["linear probe"].append(probes)
scores = {name: np.array(values) for name, values in scores.items()}  # each (draws, sources)

# %% [markdown]
# ## 4. Did they predict it?
#
# **Kendall's tau** takes every pair of networks and asks: does the score order the two as the truth
# does? Yes counts 1, no counts -1; tau is the mean. 1 is the same order, 0 is no relation.

# %%
taus = {name: kendalltau(values.mean(axis=0), means).statistic for name, values in scores.items()}
print({name: f"tau {tau:.2f}" for name, tau in taus.items()})


def score_against_truth(ax, name):
    """Plot the accuracy after fine-tuning over a score, one named mark for each source."""
    for place, (source, a, b) in enumerate(
        zip(shelf, scores[name].mean(axis=0), means, strict=True)
    ):
        placebo = source in ("shuffled", "random")
        ax.scatter(a, b, s=50, color=plots.colour_of(int(placebo)), marker="s" if placebo else "o")
        side, shift = ("left", (5, -11)) if place % 2 else ("right", (-7, 4))
        ax.annotate(source, (a, b), shift, textcoords="offset points", ha=side, fontsize=8)
    ax.set(xlabel=f"{name} of the frozen network", title=f"{name}: tau {taus[name]:.2f}")
    ax.margins(0.2, 0.12)


# %%
fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.8), layout="constrained", sharey=True)
axes[0].set_ylabel("accuracy after fine-tuning")
fig.suptitle("The score found without fine-tuning, and what fine-tuning then found")
for ax, name in zip(axes, ("LogME", "LEEP"), strict=True):
    score_against_truth(ax, name)
axes[0].axvline(floor, color="0.5", linestyle=":", linewidth=1)
words = "Accuracy after fine-tuning over LogME and LEEP, eight sources. Squares: placebos; dotted: "
words += "the floor. Tau: " + ", ".join(f"{name} {tau:.2f}" for name, tau in taus.items())
plots.set_alt_text(fig, f"{words}.")
print(plots.alt_text(fig))

# %%
single = np.mean([kendalltau(scores["LogME"][d], truth[d]).statistic for d in range(draws)])
print(f"LogME on single draws of 200 images, mean: tau {single:.2f}")
print(f"letters {means[0]:.2f}, the best of the others {means[1:].max():.2f}")
assert taus["LogME"] > 0.5
assert taus["LogME"] > taus["H-score"]
assert scores["LogME"].mean(axis=0).argmax() == 0
assert means[0] > means.max() - 0.03

# %% [markdown]
# **What to notice.** *Letters* is first in score, and in truth no other source is ahead of it by
# more than 0.03. (With the seeds 0 to 4 none was ahead; with seed 11 *inverted* was as good.) The
# scores of the poor sources lie close together and close to the floor: there is nothing left to
# order. So use a score to *leave out*, and fine-tune the two or three best.
#
# The scores are not equally good here. LEEP sees the images only through the old head, which helps
# little if that head has few classes or the wrong ones. The H-score has to work with more features
# than images. Neighbours and the linear probe are simple and hard to beat; the advantages of LogME
# are that it has no setting, holds nothing out, and stays fast with many classes. Eight networks
# are few: a tau over eight changes by 0.07 when one pair changes places.
#
# ## 5. What it costs
#
# A backbone costs time with every image, for years. So put the cost beside the score.
# `tlcourse.select.rank_backbones` scores networks on labelled images and measures the cost of each
# **on this machine**: some passes to warm up, then the median of thirty. The embedded profile has
# one network, cut off after each of its blocks, with smaller images, and with random weights; the
# full profile has MobileNetV2 at four sizes.


# %%
def shortened(network, block):
    """The network up to the end of a block, averaged over the image."""
    last = [layer for layer in network.layers if layer.name.startswith(block)][-1]
    features = keras.layers.GlobalAveragePooling2D()(last.output)
    return keras.Model(network.input, features, name=f"up_to_{block}")


def at(name, size, **options):
    """A backbone of the registry behind a layer that resizes the images to this size."""
    shape = (size, size, 3)
    network = tlcourse.load_backbone(name, input_shape=shape, pooling="avg", **options)
    images = keras.Input(flowers.image_shape)
    resized = keras.layers.Resizing(size, size)(images)
    return keras.Model(images, network(resized), name=f"{network.name}_{size}")


# %%
flowers = tlcourse.load_flowers(per_class=flowers_per_class, seed=seed)
if tlcourse.profile() == "embedded":
    whole = tlcourse.load_backbone("tiny_resnet")
    blocks = ("block2", "block3", "block4", "block5")
    backbones = {f"to {block}": shortened(whole, block) for block in blocks}
    backbones["whole, 32 px"] = at("tiny_resnet", 32)
    backbones["random, 64 px"] = at("tiny_resnet", 64, weights=None)
else:
    sizes = (64, 96, 128, 224)
    backbones = {f"MobileNetV2, {size} px": at("mobilenet_v2_035", size) for size in sizes}
    backbones["tiny_resnet, 64 px"] = at("tiny_resnet", 64)
    backbones["random, 128 px"] = at("mobilenet_v2_035", 128, weights=None)

# %%
ranking = select.rank_backbones(
    backbones, flowers.images, flowers.labels, by="linear_probe_score", seed=seed
)
ranking

# %%
probe = dict(zip(ranking.names, ranking.scores("linear_probe_score"), strict=True))
ax = plots.pareto(
    ranking.milliseconds,
    list(probe.values()),
    ranking.names,
    labels=("milliseconds an image, here", "accuracy of a linear probe"),
    title="On the line: nothing else is both faster and better",
)
print(plots.alt_text(ax))
assert probe[next(name for name in probe if "random" in name)] < max(probe.values()) - 0.1

# %% [markdown]
# **Look at the columns of the table.** How far is each score above its own floor, the score with
# shuffled labels? With many features and so few images any labels can be separated (lesson 06
# again). The H-score, even with shrinkage, can give a random network and shuffled labels a good
# part of the best score. This differs from draw to draw; that is why the floor stands below the
# table.

# %%
h, floor = ranking.scores("h_score"), ranking.floor
by_chance = next(value for name, value in zip(ranking.names, h, strict=True) if "random" in name)
print(f"H-score: best {h.max():.2f}, random network {by_chance:.2f}, ", end="")
print(f"shuffled labels {floor['h_score']:.2f}")
best = max(probe.values())
print(f"linear probe: best {best:.2f}, shuffled labels {floor['linear_probe_score']:.2f}")
assert floor["linear_probe_score"] < 0.5 * best

# %% [markdown]
# The line in the figure joins the **Pareto front**: the networks for which no other network is both
# faster and better. Everything below the line is out, whatever you care about. *On* the line you
# choose, and no score can do that for you: it depends on what a second of waiting and a mistake
# cost.
#
# Your own list would also have well-known names. Here they are with the times that Keras publishes
# (a step on their processor, each network at its own size):

# %%
# Keras Applications, keras.io/api/applications: ImageNet top-1 accuracy, milliseconds on a CPU
published = {
    "VGG16": (0.713, 69.5),
    "ResNet50": (0.749, 58.2),
    "ResNet50V2": (0.760, 45.6),
    "MobileNetV2": (0.713, 25.9),
    "DenseNet121": (0.750, 77.1),
    "EfficientNetB0": (0.771, 46.0),
    "InceptionV3": (0.779, 42.2),
    "Xception": (0.790, 109.4),
}
top1, milliseconds = np.array(list(published.values())).T

# %%
ax = plots.pareto(
    milliseconds,
    top1,
    list(published),
    labels=("milliseconds a step, published", "ImageNet accuracy, published"),
    title="Others are both faster and better than VGG16 and ResNet50",
)
print(plots.alt_text(ax))
front = evaluate.pareto_front(milliseconds, top1)
assert not front[[list(published).index(name) for name in ("VGG16", "ResNet50")]].any()

# %% [markdown]
# Can you just take the best network on ImageNet? Kornblith and others (2019) compared 16 networks
# on 12 data sets: ImageNet accuracy and accuracy after transfer go together, correlation 0.99 with
# fixed features and 0.96 after fine-tuning. But the twelve are much like ImageNet: on six data sets
# from practice (camera traps, satellites, ...) a better ImageNet network did *not* help
# consistently (Fang and others 2023). So ImageNet accuracy makes the list, and your own images
# decide.
#
# ## 6. Trust, but recompute
#
# A public library compares four scores on eight data sets with ten networks, and publishes the
# correlation of each score with the accuracies (a *weighted* tau, in which the order of the best
# counts most). Accuracies and scores are published too. So anybody can check the arithmetic:

# %%
tables = select.published_rankings()
table = tables["SUN397"]
for name in table.scores:
    recomputed = weightedtau(table.accuracies, table.scores[name]).statistic
    print(f"SUN397 {name:8} published {table.weighted_tau[name]:.3f}, recomputed {recomputed:.3f}")
    assert abs(recomputed - table.weighted_tau[name]) < 0.001

# %%
caltech = tables["Caltech101"]
rounded = caltech.scores["log_me"]
tied = np.flatnonzero(rounded == 1.228)
print("Caltech101, LogME 1.228:", [caltech.networks[i] for i in tied], end=", ")
print(f"published tau {caltech.weighted_tau['log_me']:.3f}")
for first in tied:
    apart = rounded + 1e-4 * (np.arange(10) == first)  # as it may have been before rounding
    tau = weightedtau(caltech.accuracies, apart).statistic
    print(f"   if {caltech.networks[first]} was a little higher: {tau:.3f}")
print(f"   as published, equal: {weightedtau(caltech.accuracies, rounded).statistic:.3f}")

# %% [markdown]
# The published scores are rounded, and two that are equal there need not have been equal. That
# explains differences of up to 0.03, and 0.03 is the tolerance in the exercise: there you recompute
# all eight tables, and find out which of them do **not** follow from their own rows. (The likeliest
# reason is an error in copying, which says nothing against the scores. But a number without its
# rows cannot be checked.)
#
# ## What to remember
#
# - A score needs one pass over the target's images. Use it to leave out; fine-tune the best two or
#   three.
# - Compare scores on the same images and labels only, and know the floor: the same score with
#   shuffled labels.
# - Placebos belong on the list: a random network, a source with random labels.
# - Put the cost beside the score. A network is out if another is both faster and better.
# - ImageNet accuracy is a good first guess for images like those of ImageNet, and only for those.
# - Recompute published numbers from their rows.
#
# ## Quiz
#
# **1. LogME of backbone A is 0.4 on your flowers, that of B is 0.9 on your colleague's scans. Which
# is better?**
#
# <details><summary>That cannot be said</summary>Yes. The scale depends on images and labels;
# compare on the same ones.</details>
# <details><summary>B</summary>No. The number of classes and their shares change the score, whatever
# the backbone.</details>
# <details><summary>A, since scores near 0 are best</summary>No. LogME has no upper bound; LEEP and
# NCE end at 0.</details>
#
# **2. LEEP comes out at +0.3. What happened?**
#
# <details><summary>The inputs were not probabilities</summary>Yes: logits, or rows that do not add
# up to 1. A mean of logarithms of shares cannot be above 0.</details>
# <details><summary>The backbone is very good</summary>No. The best possible value is 0.</details>
# <details><summary>There are too few images</summary>No. That makes LEEP uncertain, not
# positive.</details>
#
# **3. A network is second best by score and slower than the best. When do you take it?**
#
# <details><summary>Never, as far as these two numbers go</summary>Yes: the best network is both
# faster and better. Another reason (licence, memory) is another axis.</details>
# <details><summary>When accuracy matters most</summary>No. Then you take the best.</details>
# <details><summary>When time matters most</summary>No. The best is faster, too.</details>
#
# ## Read on
#
# - You, Liu, Wang, Long (2021): LogME, practical assessment of pre-trained models for transfer
#   learning. arXiv 2102.11005
# - Nguyen, Hassner, Seeger, Archambeau (2020): LEEP, a new measure to evaluate transferability of
#   learned representations. arXiv 2002.12462
# - Tran, Nguyen, Hassner (2019): Transferability and hardness of supervised classification tasks.
#   arXiv 1908.08142
# - Bao and others (2019): An information-theoretic approach to transferability in task transfer
#   learning. ICIP
# - Kornblith, Shlens, Le (2019): Do better ImageNet models transfer better? arXiv 1805.08974
# - Fang, Kornblith, Schmidt (2023): Does progress on ImageNet transfer to real-world datasets?
#   arXiv 2301.04644
# - Jiang and others: Transfer-Learning-Library, examples/model_selection (the published tables)
