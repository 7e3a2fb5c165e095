# %% [markdown]
# # 08 · When transfer fails
#
# Somebody who learned to drive in a city and applies the rules of the city in a backyard drives
# worse there than a beginner. Networks can do that too: what they bring along gets in the way. This
# is called **negative transfer**, and no error message announces it. In this lesson you meet it,
# measure it with an interval, see it coming before you train, and learn to say no.
#
# **After this lesson you can**
# - measure what transfer gained or cost, with an interval over repeats;
# - read a map of that gain over the number of labels and the distance of the target;
# - check a source in seconds, before any training, against a placebo;
# - abstain: train from scratch when transfer does not pay, and say why;
# - show what a network that fails looks at, and say what such a map does not prove.
#
# **Time:** 35 minutes. **It presumes** lessons 01 to 03.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tlcourse import evaluate, explain, plots, select

# %%
# Settings
source_images = 1680  # images of a source task, drawn
source_epochs = 5
digits_per_class = 20  # images of each digit to learn from
draws = {"embedded": 3, "full": 5}[tlcourse.profile()]  # repeats with other images and other initial values
labels_per_class = [5, 20, 60]  # rows of the map
steps = 80  # of training from scratch, the same for few and for many images
test_per_class = {"embedded": 40, "full": 100}[tlcourse.profile()]

# %% [markdown]
# ## 1. A source that hurts
#
# The target: ten digits over pieces of photographs, 20 images of each. Two sources, with the
# **same look** as the target:
#
# - *letters*: which letter is it?
# - *quadrants*: from which part of which photograph is the background? The character on it is of no
#   use for that.

# %%
sources = {name: tlcourse.load_glyphs(task, source_images // count, seed=seed, split="train")
           for name, task, count in (("letters", "letters", 30), ("quadrants", "photo_quadrant", 8))}
pool = tlcourse.load_glyphs("digits", draws * digits_per_class, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
for ax, (name, data) in zip(axes, {**sources, "digits, the target": unseen}.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=name, ax=ax)
print(plots.alt_text(fig))


# %%
def build_cnn(num_classes):
    """The small network of lesson 03: four blocks, 32 -> 2 pixels a side."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for channels in (16, 32, 64, 64):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    return keras.Model(images, layers.Dense(num_classes, name="head")(layers.Flatten()(x)))


def prepared(model):
    """Compile; return the model."""
    model.compile(keras.optimizers.Adam(2e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def train(model, weights, images, labels, epochs):
    """Put `weights` into a compiled model, clear the optimizer's memory, and train. (Compiling anew each time takes longer.)"""
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        if variable.path != model.optimizer.learning_rate.path:
            variable.assign(keras.ops.zeros_like(variable))
    model.fit(images, labels, epochs=epochs, batch_size=32, verbose=0)
    return model


def accuracy(model, images, labels):
    return np.mean(np.argmax(model(images, training=False), axis=-1) == labels)


# %%
trained = {}
for name, data in tqdm(sources.items()):
    model = prepared(build_cnn(data.num_classes))
    trained[name] = train(model, model.get_weights(), data.images, data.labels, source_epochs)
trunks = {name: keras.Model(model.input, model.layers[-2].output) for name, model in trained.items()}
for name, data in sources.items():
    print(f"{name}: {accuracy(trained[name], data.images, data.labels):.2f} right on the source, guessing {1 / data.num_classes:.2f}")

# %% [markdown]
# Both sources were learned. Now three ways to the digits: from scratch; *frozen*, with a straight
# line on what the source's network returns; and *fine-tuned*, where everything but BatchNorm learns
# on.


# %%
beginner, expert = prepared(build_cnn(10)), build_cnn(10)
for layer in expert.layers:
    layer.trainable = not isinstance(layer, layers.BatchNormalization)
prepared(expert)


def from_scratch(data):
    """Return the accuracy on unseen digits of a network that starts from new random values."""
    train(beginner, build_cnn(10).get_weights(), data.images, data.labels, epochs=16)
    return accuracy(beginner, unseen.images, unseen.labels)


def fine_tuned(trunk, data):
    """Return the accuracy on unseen digits of a network that starts from `trunk` and a random head."""
    train(expert, [*trunk.get_weights(), *build_cnn(10).get_weights()[-2:]], data.images, data.labels, epochs=8)
    return accuracy(expert, unseen.images, unseen.labels)


def frozen(trunk, data):
    """Return the accuracy on unseen digits of a logistic regression on frozen features."""
    seen, new = (trunk.predict(part.images, verbose=0) for part in (data, unseen))
    return evaluate.linear_probe(seen, data.labels, new, unseen.labels, strength=0.1)


# %%
ways = {"from scratch": [], "letters, frozen": [], "quadrants, frozen": [], "quadrants, fine-tuned": []}
for draw in tqdm(range(draws)):
    first = draw * 10 * digits_per_class
    data = pool.subset(np.arange(first, first + 10 * digits_per_class))
    ways["from scratch"].append(from_scratch(data))
    for name in trunks:
        ways[f"{name}, frozen"].append(frozen(trunks[name], data))
    ways["quadrants, fine-tuned"].append(fine_tuned(trunks["quadrants"], data))
print({name: f"{np.mean(values):.2f}" for name, values in ways.items()})

# %%
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
for y, values in enumerate(ways.values()):
    ax.scatter(values, [y] * draws, color=plots.colour_of(y), marker=plots.MARKERS[y], s=45)
ax.axvline(0.1, color="black", linestyle="--", linewidth=1)
ax.set(yticks=range(len(ways)), yticklabels=ways, ylim=(len(ways) - 0.5, -0.5), xlabel="accuracy on unseen digits; dashed: guessing")
ax.set_title("Same look, another question: worse than no source at all")
words = "; ".join(f"{name} {np.mean(values):.2f}" for name, values in ways.items())
plots.set_alt_text(ax, f"Accuracy with {digits_per_class} labels a class, mean of {draws} draws: {words}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** The quadrants look like the target, were learned well, and are worse than
# nothing: to tell backgrounds apart, the network learned to look *past* the character. Eight epochs
# of fine-tuning hardly repair that with so few images. What matters is not whether the images
# look alike, but whether the old question needs what the new one needs.
#
# ## 2. Gained or lost, and how sure?
#
# Each draw has its own digits, so compare **within** a draw: with transfer minus without. The mean
# of these differences is the *transfer gain*. Its interval (Student's t) says which values the
# draws allow; below zero throughout, the transfer is negative beyond luck.


# %%
def gain_over_draws(with_transfer, from_scratch, confidence=0.95):
    """Return the mean gain and the ends of its interval; the two lists share their draws."""
    gains = np.array(with_transfer) - np.array(from_scratch)
    margin = stats.t.ppf((1 + confidence) / 2, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    return gains.mean(), gains.mean() - margin, gains.mean() + margin


gains = {name: gain_over_draws(values, ways["from scratch"]) for name, values in ways.items() if name != "from scratch"}
for name, (mean, low, high) in gains.items():
    print(f"{name:<22} {mean:+.2f}, interval {low:+.2f} to {high:+.2f}")
assert gains["quadrants, frozen"][0] < -0.1
assert gains["letters, frozen"][0] > 0.1

# %% [markdown]
# ## 3. A map: how many labels, how far away?
#
# Now the usual source: a network trained on photographs. Targets at three distances. In the
# embedded profile they are sounds, drawn in three looks: as things in daylight, as a spectrogram,
# and half way. (In the full profile: flowers, pets, and X-rays of lungs.)

# %%
per_class = max(labels_per_class) + test_per_class


def drawn_targets():
    looks = {"photograph": 1.0, "half way": 0.5, "spectrogram": 0.0}
    return {name: tlcourse.load_far_world("spectrograms", per_class, seed=seed, similarity=s) for name, s in looks.items()}


def real_targets():
    return {"flowers": tlcourse.load_flowers(per_class, seed=seed), "cats and dogs": tlcourse.load_cats_and_dogs(per_class, seed=seed),
            "chest X-rays": tlcourse.load_scans(2 * per_class, 1, seed=seed)}  # fmt: skip


targets = {"embedded": drawn_targets, "full": real_targets}[tlcourse.profile()]()

# %%
fig, axes = plt.subplots(len(targets), 1, figsize=(8, 4.4), layout="constrained")
for ax, (name, data) in zip(axes, targets.items(), strict=True):
    shown = [np.flatnonzero(data.labels == i % data.num_classes)[i // data.num_classes] for i in range(8)]
    plots.image_grid(data.images[shown], [data.class_names[data.labels[i]] for i in shown], title=name, ax=ax)
print(plots.alt_text(fig))

# %%
backbone = tlcourse.load_backbone(pooling="avg")
features = {name: tlcourse.extract_features(backbone, data.images) for name, data in targets.items()}


def small(images):
    """Average images down to 32 pixels a side, for the network from scratch."""
    n, side = images.shape[:2]
    step = side // 32
    return images.reshape(n, 32, step, 32, step, 3).mean(axis=(2, 4))


# %%
def both_ways(data, table, count, model):
    """Return which test images are named rightly with transfer, and which from scratch."""
    pictures, y = small(data.images), data.labels
    learn, rest = data.positions_per_class(count, seed)[0], data.positions_per_class(max(labels_per_class), seed)[1]
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)).fit(table[learn], y[learn])
    train(model, build_cnn(data.num_classes).get_weights(), pictures[learn], y[learn], epochs=round(32 * steps / len(learn)))
    return probe.predict(table[rest]) == y[rest], np.argmax(model(pictures[rest], training=False), axis=-1) == y[rest]


cells = {}
for column, (name, data) in enumerate(targets.items()):
    model = prepared(build_cnn(data.num_classes))
    for row, count in enumerate(tqdm(labels_per_class, desc=name)):
        cells[row, column] = both_ways(data, features[name], count, model)

# %%
gain = np.zeros((len(labels_per_class), len(targets)))
for (row, column), (transfer, scratch) in cells.items():
    gain[row, column] = transfer.mean() - scratch.mean()
    print(f"{labels_per_class[row]:>2} labels a class, {list(targets)[column]}: ", end="")
    print(f"with transfer {transfer.mean():.2f}, from scratch {scratch.mean():.2f}, gain {gain[row, column]:+.2f}")

# %%
unsure = [place for place, (t, s) in cells.items() if evaluate.bootstrap_interval(t * 1.0 - s).low <= 0]
fig, ax = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
plots.heat_map(gain.round(2), labels_per_class, list(targets), row_label="labels a class", column_label="target", value_label="transfer gain",
               title="Transfer gain; framed: not surely above 0", ax=ax)  # fmt: skip
for row, column in unsure:
    ax.add_patch(plt.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, fill=False, edgecolor=plots.PALETTE[5], linewidth=3))
words = ", ".join(f"{labels_per_class[row]} labels and {list(targets)[column]}" for row, column in unsure)
plots.set_alt_text(ax, f"{plots.alt_text(ax).partition('. ')[2]} Framed, not surely above 0: {words or 'none'}.")
print(plots.alt_text(ax))
assert gain[:, -1].mean() < gain[:, 0].mean()

# %% [markdown]
# **What to notice.** Read down a column: where training from scratch learns the task at all, the
# gain shrinks with the labels. Compare the columns as wholes: the far target gains less than the
# near one (single cells vary). A framed cell says that these images show no gain; there the
# simpler network does as well.
#
# And read the printed lines before you explain a small gain: it can come from a backbone that knows
# little about the target, or from a target that is easy from scratch. Only the two accuracies tell
# which.
#
# **Be fair to the rival.** Every network from scratch got the same number of steps here, however
# few its images. Give it the same number of *epochs* instead, and with few images it takes a
# handful of steps, learns nothing, and transfer shines. Much praise of transfer is a baseline that
# nobody trained: in the full profile the X-rays change sign with it
# (`docs/claims/08_when_transfer_fails.md`).
#
# ## 4. Seen before it was trained
#
# A check that takes a second: are the labels easy to tell from the frozen features? Two scores.
# *Nearest neighbours*: does an image lie beside images of its own class? And *LogME*, which asks
# how probable the labels are if a straight line on these features made them (lesson 09 takes it
# apart; higher is better). Both see the 200 labelled digits and nothing else. And a placebo: the
# same with the labels **shuffled**. What does not beat its placebo knows nothing about the task.

# %%
data = pool.subset(np.arange(10 * digits_per_class))
lots = np.random.default_rng(seed).permutation(data.labels)
tables = {name: trunk.predict(data.images, verbose=0) for name, trunk in trunks.items()}
tables["pixels"] = data.images.reshape(len(data), -1) / 255
neighbours = {name: (select.knn_score(table, data.labels), select.knn_score(table, lots)) for name, table in tables.items()}
evidence = {name: (select.log_me(table, data.labels), select.log_me(table, lots)) for name, table in tables.items()}
for name in tables:
    print(f"{name:<10} neighbours {neighbours[name][0]:.2f}, shuffled {neighbours[name][1]:.2f}; ", end="")
    print(f"LogME {evidence[name][0]:+.3f}, shuffled {evidence[name][1]:+.3f}")

# %%
fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
for i, name in enumerate(trunks):
    mean, low, high = gains[f"{name}, frozen"]
    ax.errorbar(evidence[name][0], mean, [[mean - low], [high - mean]], fmt=plots.MARKERS[i], color=plots.colour_of(i), label=name, capsize=4)
    ax.axvline(evidence[name][1], color=plots.colour_of(i), linestyle=":", label=f"{name}, labels shuffled")
ax.axhline(0, color="black", linewidth=1)
ax.set(xlabel="LogME, seen before any training", ylabel="gain over scratch")
ax.locator_params(axis="x", nbins=4)
ax.set_title("The score tells the two sources apart in advance")
ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
words = "; ".join(f"{name}: LogME {evidence[name][0]:.2f}, shuffled {evidence[name][1]:.2f}, gain {gains[f'{name}, frozen'][0]:+.2f}" for name in trunks)
plots.set_alt_text(ax, f"Transfer gain with interval over LogME. {words}.")
print(plots.alt_text(ax))

# %%
assert evidence["letters"][0] > evidence["quadrants"][0]
assert evidence["letters"][1] < evidence["letters"][0]
assert neighbours["letters"][0] > neighbours["pixels"][0] + 0.1
assert neighbours["quadrants"][0] < neighbours["pixels"][0] + 0.1

# %% [markdown]
# **What to notice.** The letters stand far from their placebo, the quadrants close to it, and with
# them an image's neighbours know no more than the neighbours by raw pixels. Such a check costs
# seconds and says which sources *not* to try. It cannot say how large the gain will be.
#
# ## 5. Saying no
#
# A rule, written down before the results are seen: take the source with the largest gain, but only
# if the *lower* end of its interval lies above what transfer costs you. Otherwise **abstain**:
# train from scratch, or do not train at all.


# %%
def choose(gains, at_least=0.0):
    """Return the name of the source to use, or "from scratch"; gains are (mean, low, high) by name."""
    paying = {name: mean for name, (mean, low, high) in gains.items() if low > at_least}
    return max(paying, key=paying.get, default="from scratch")


print("all sources at hand:", choose(gains))
print("only the quadrants:", choose({name: values for name, values in gains.items() if "quadrants" in name}))
assert choose(gains) == "letters, frozen"
assert choose({name: values for name, values in gains.items() if "quadrants" in name}) == "from scratch"

# %% [markdown]
# Two cautions. The gains must come from a **validation** set: the best of ten sources looks good by
# luck alone (lesson 00). And an interval that holds 0 does not say "no gain"; it says "not shown".
# With more draws it may be.
#
# ## 6. What the network that fails looks at
#
# Grad-CAM, written out in lesson 03, comes from the package now: `explain.grad_cam(model, images)`.
# We ask both source networks what made them give *their own* answer on digits. Drawn without
# clutter, the same digits tell where the character is.

# %%
shown = unseen.subset(np.arange(40))
ink = tlcourse.load_glyphs("digits", 4, seed=seed + 2, split="test", clutter=0.0).images.max(axis=-1) > 110  # where the character is
heat = {name: explain.grad_cam(model, shown.images.astype("float32")) for name, model in trained.items()}
focus = {name: np.mean([h[i].mean() / h.mean() for h, i in zip(maps, ink, strict=True) if h.any()]) for name, maps in heat.items()}
print("brightness on the character, over that of the whole image:", {name: f"{value:.2f}" for name, value in focus.items()})
assert all(maps.any() for maps in heat.values())

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
plots.image_grid(shown.images[:8], title="digits", ax=axes[0])
for ax, (name, title) in zip(axes[1:], {"letters": "trained on letters", "quadrants": "trained on quadrants"}.items(), strict=True):
    plots.heat_overlay(shown.images[:8], heat[name][:8], title=title, ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# **What to notice.** The difference is smaller than one would hope. Both maps lean to the middle,
# where the character is *and* where most of the image is seen; the letters' one usually leans to
# the character more, but not with every seed, so that nothing is claimed here. Grad-CAM says where
# a network looked, not what it made of it: to see a border one has to look at the character too.
# The proof that the quadrants threw the character away is the accuracy of section 1, and no map.
#
# ## What others found
#
# - *Far and large: little gain.* Raghu and others (2019, "Transfusion") moved ImageNet networks to
#   two large sets of medical images: transfer "offers little benefit to performance, and simple,
#   lightweight models can perform comparably".
# - *Near, but finer: little gain.* Kornblith and others (2019) moved 16 networks to 12 sets. Better
#   ImageNet networks transfer better (r = 0.99 with frozen features), but on two small sets of fine
#   distinctions pre-training brought "minimal benefits".
# - *Another kind of image.* Fang and others (2023) ask six practical data sets, camera traps and
#   satellites among them: there a better ImageNet accuracy does not consistently help.
#
# What is often said, "transfer learning often leads to improved accuracy", is true for few labels
# and a related source. It is false for easy targets, for unrelated questions, and often for large
# sets of another kind.
#
# ## What to remember
#
# - Alike in look is not alike in question. A source can be worse than none, and nothing warns you
#   but a comparison with *from scratch*.
# - Report the gain as differences within draws, with an interval.
# - The gain shrinks with the number of labels. Far targets are where to check first.
# - Check before you train: neighbours or LogME on frozen features, beside raw pixels and a placebo
#   with shuffled labels.
# - Decide by a rule made in advance, and let the rule be able to say no.
#
# ## Quiz
#
# **1. A colleague has a network trained on a million street scenes. Your task: count cells under a
# microscope. What first?**
#
# <details><summary>Frozen features, neighbours, a placebo, and a small network from
# scratch</summary>Yes. An afternoon's check, and you know.</details>
# <details><summary>Fine-tune it: a million images cannot be wrong</summary>They can be about
# something else. The quadrants were learned perfectly too.</details>
# <details><summary>Look for a larger network</summary>Size does not change what it was
# asked.</details>
#
# **2. The gain is +0.02, its interval from -0.01 to +0.05. What do you report?**
#
# <details><summary>A gain of 0.02</summary>Not without its interval: these draws allow a loss as
# well.</details>
# <details><summary>That transfer does not help</summary>Not shown either: the interval allows a
# gain of 0.05.</details>
# <details><summary>No gain shown; more draws, or the simpler way</summary>Yes. The rule of section
# 5 abstains here.</details>
#
# **3. The LogME of a source is far above that of another one. What do you know?**
#
# <details><summary>How much accuracy it will bring</summary>No. The score ranks; it is no
# accuracy.</details>
# <details><summary>Which of the two to try first</summary>Yes, for this target and these
# labels.</details>
# <details><summary>That it will beat training from scratch</summary>No. From scratch is not among
# the things that it scores.</details>
#
# ## Read on
#
# - Wang, Dai, Póczos, Carbonell (2019): Characterizing and avoiding negative transfer. arXiv
#   1811.09751
# - Raghu, Zhang, Kleinberg, Bengio (2019): Transfusion: understanding transfer learning for medical
#   imaging. arXiv 1902.07208
# - Kornblith, Shlens, Le (2019): Do better ImageNet models transfer better? arXiv 1805.08974
# - Fang, Kornblith, Schmidt (2023): Does progress on ImageNet transfer to real-world datasets?
#   arXiv 2301.04644
# - Selvaraju and others (2017): Grad-CAM: visual explanations from deep networks via gradient-based
#   localization. arXiv 1610.02391
