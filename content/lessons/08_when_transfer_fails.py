# %% [markdown]
# # 08 · When transfer fails
#
# Somebody who is used to driving on the right drives worse than a beginner where people drive on
# the left. Networks can do that too: what they have learned gets in the way. Under **negative
# transfer** a pretrained network does worse on the target than a network that starts from random
# weights. No error message announces it. In this lesson you meet it, measure it with an interval,
# predict it before you train, and learn to say no.
#
# **After this lesson you can**
# - measure what transfer gained or cost, with an interval over repeats;
# - read a map of that gain over the number of labels and the distance of the target;
# - check a source in seconds, before any training, against a placebo;
# - abstain: train from scratch when transfer does not pay, and say why;
# - show where a network that fails looks, and say what such a map does not prove.
#
# **Time:** 35 minutes. **It presumes** lessons 01 to 03.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
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
draws = {"embedded": 3, "full": 5}[tlcourse.profile()]  # repeats with other images and weights
labels_per_class = [5, 20, 60]  # rows of the map
steps = 80  # of training from scratch, the same for few and for many images
test_per_class = {"embedded": 40, "full": 100}[tlcourse.profile()]

# %% [markdown]
# ## 1. A source that hurts
#
# The target: ten digits over pieces of photographs, 20 images of each. Two sources **look like**
# the target:
#
# - *letters*: which letter is it?
# - *quadrants*: which part of which photograph is the background? The character on it is of no use
#   for that.

# %%
sources = {
    "letters": tlcourse.load_glyphs("letters", source_images // 30, seed=seed, split="train"),
    "quadrants": tlcourse.load_glyphs(
        "photo_quadrant", source_images // 8, seed=seed, split="train"
    ),
}
pool = tlcourse.load_glyphs("digits", draws * digits_per_class, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
for ax, (name, data) in zip(axes, {**sources, "digits, the target": unseen}.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=name, ax=ax)
print(plots.alt_text(fig))


# %%
def prepared(model):
    """Compile; return the model."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss)
    return model


def train(model, weights, images, labels, epochs):
    """Put `weights` in a compiled model, reset its optimizer, and train."""
    model.set_weights(weights)
    tlcourse.reset_optimizer(model)  # takes less time than compiling again
    model.fit(images, labels, epochs=epochs, batch_size=32, verbose=0)
    return model


def accuracy(model, images, labels):
    return np.mean(np.argmax(model(images, training=False), axis=-1) == labels)


# %%
trained = {}
for name, data in tqdm(sources.items()):
    model = prepared(tlcourse.small_cnn(data.num_classes))
    trained[name] = train(model, model.get_weights(), data.images, data.labels, source_epochs)
trunks = {
    name: keras.Model(model.input, model.get_layer("features").output)
    for name, model in trained.items()
}
for name, data in sources.items():
    right = accuracy(trained[name], data.images, data.labels)
    print(f"{name}: {right:.2f} right on the source, guessing {1 / data.num_classes:.2f}")

# %% [markdown]
# Both sources were learned. Now three ways to the digits: *from scratch*; *frozen*, with a linear
# classifier on the features of the source network; and *fine-tuned*, where everything but BatchNorm
# goes on learning.


# %%
beginner, expert = prepared(tlcourse.small_cnn(10)), tlcourse.small_cnn(10)
for layer in expert.layers:
    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
prepared(expert)


def from_scratch(data):
    """Return the accuracy on unseen digits of a network that starts from random weights."""
    train(beginner, tlcourse.small_cnn(10).get_weights(), data.images, data.labels, epochs=16)
    return accuracy(beginner, unseen.images, unseen.labels)


def fine_tuned(trunk, data):
    """Return the accuracy on unseen digits of a network that starts from `trunk`."""
    random_head = tlcourse.small_cnn(10).get_weights()[-2:]
    start = [*trunk.get_weights(), *random_head]
    train(expert, start, data.images, data.labels, epochs=8)
    return accuracy(expert, unseen.images, unseen.labels)


def frozen(trunk, data):
    """Return the accuracy on unseen digits of a logistic regression on frozen features."""
    seen, new = (trunk.predict(part.images, verbose=0) for part in (data, unseen))
    return evaluate.linear_probe(seen, data.labels, new, unseen.labels, strength=0.1)


# %%
names = ("from scratch", "letters, frozen", "quadrants, frozen", "quadrants, fine-tuned")
ways = {name: [] for name in names}
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
ax.set(yticks=range(len(ways)), yticklabels=ways, ylim=(len(ways) - 0.5, -0.5))
ax.set_xlabel("accuracy on unseen digits; dashed: guessing")
ax.set_title("Same look, another question: worse than no source at all")
words = "; ".join(f"{name} {np.mean(values):.2f}" for name, values in ways.items())
plots.set_alt_text(
    ax, f"Accuracy with {digits_per_class} labels a class, mean of {draws} draws: {words}."
)
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** The quadrants look like the target, were learned well, and do worse than
# random weights: the features that recognise a background hardly show the character. Eight epochs
# of fine-tuning hardly repair that with so few images. What matters is not whether the images look
# alike, but whether the old question needs what the new one needs.
#
# ## 2. Gained or lost, and how sure?
#
# Each draw has its own digits, so compare **within** a draw: with transfer minus without. The mean
# of these differences is the *transfer gain*. Its interval (Student's t) says which values the
# draws allow. If all of it lies below zero, the transfer is negative, and that is not chance.


# %%
def gain_over_draws(with_transfer, from_scratch, confidence=0.95):
    """Return the mean gain and the ends of its interval; the two lists share their draws."""
    gains = np.array(with_transfer) - np.array(from_scratch)
    quantile = stats.t.ppf((1 + confidence) / 2, len(gains) - 1)
    margin = quantile * gains.std(ddof=1) / np.sqrt(len(gains))
    return gains.mean(), gains.mean() - margin, gains.mean() + margin


gains = {name: gain_over_draws(ways[name], ways["from scratch"]) for name in names[1:]}
for name, (mean, low, high) in gains.items():
    print(f"{name:<22} {mean:+.2f}, interval {low:+.2f} to {high:+.2f}")
assert gains["quadrants, frozen"][0] < -0.1
assert gains["letters, frozen"][0] > 0.1

# %% [markdown]
# ## 3. A map: how many labels, how far away?
#
# Now the usual source: a network trained on photographs. A **domain** is a kind of data with its
# own look: photographs are one domain, spectrograms of sounds another. We take targets at three
# distances from photographs. In the embedded profile they are sounds, drawn in three looks: as
# things in daylight, as a spectrogram, and half way. (In the full profile: flowers, pets, and
# X-rays of lungs.)

# %%
per_class = max(labels_per_class) + test_per_class


def drawn_targets():
    looks = {"photograph": 1.0, "half way": 0.5, "spectrogram": 0.0}
    return {
        name: tlcourse.load_far_world("spectrograms", per_class, seed=seed, similarity=similarity)
        for name, similarity in looks.items()
    }


def real_targets():
    return {
        "flowers": tlcourse.load_flowers(per_class, seed=seed),
        "cats and dogs": tlcourse.load_cats_and_dogs(per_class, seed=seed),
        "chest X-rays": tlcourse.load_scans(2 * per_class, 1, seed=seed),
    }


targets = {"embedded": drawn_targets, "full": real_targets}[tlcourse.profile()]()

# %%
fig, axes = plt.subplots(len(targets), 1, figsize=(8, 4.4), layout="constrained")
for ax, (name, data) in zip(axes, targets.items(), strict=True):
    members = [np.flatnonzero(data.labels == label) for label in range(data.num_classes)]
    shown = [members[i % data.num_classes][i // data.num_classes] for i in range(8)]
    classes = [data.class_names[data.labels[i]] for i in shown]
    plots.image_grid(data.images[shown], classes, title=name, ax=ax)
print(plots.alt_text(fig))

# %%
backbone = tlcourse.load_backbone(pooling="avg")
features = {
    name: tlcourse.extract_features(backbone, data.images) for name, data in targets.items()
}


def small(images):
    """Average images down to 32 pixels a side, for the network from scratch."""
    n, side = images.shape[:2]
    step = side // 32
    return images.reshape(n, 32, step, 32, step, 3).mean(axis=(2, 4))


# %%
def both_ways(data, table, count, model):
    """Return which test images are predicted right with transfer, and which from scratch."""
    images, y = small(data.images), data.labels
    learn = data.positions_per_class(count, seed)[0]
    rest = data.positions_per_class(max(labels_per_class), seed)[1]
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    probe.fit(table[learn], y[learn])
    start, epochs = tlcourse.small_cnn(data.num_classes).get_weights(), 32 * steps / len(learn)
    train(model, start, images[learn], y[learn], epochs=round(epochs))
    scratch = np.argmax(model(images[rest], training=False), axis=-1)
    return probe.predict(table[rest]) == y[rest], scratch == y[rest]


cells = {}
for column, (name, data) in enumerate(targets.items()):
    model = prepared(tlcourse.small_cnn(data.num_classes))
    for row, count in enumerate(tqdm(labels_per_class, desc=name)):
        cells[row, column] = both_ways(data, features[name], count, model)

# %%
gain = np.zeros((len(labels_per_class), len(targets)))
for (row, column), (transfer, scratch) in cells.items():
    with_transfer, without = transfer.mean(), scratch.mean()
    gain[row, column] = with_transfer - without
    print(f"{labels_per_class[row]:>2} labels a class, {list(targets)[column]}: ", end="")
    print(f"with transfer {with_transfer:.2f}, from scratch {without:.2f}, ", end="")
    print(f"gain {gain[row, column]:+.2f}")
assert gain[:, -1].mean() < gain[:, 0].mean()
assert tlcourse.profile() == "full" or (gain[-1] < gain[0]).all()

# %%
differences = {place: transfer * 1.0 - scratch for place, (transfer, scratch) in cells.items()}
unsure = [place for place, own in differences.items() if evaluate.bootstrap_interval(own).low <= 0]
labels = {"row_label": "labels a class", "column_label": "target", "value_label": "transfer gain"}
title = "Transfer gain; framed: not surely above 0"
fig, ax = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
plots.heat_map(gain.round(2), labels_per_class, list(targets), title=title, ax=ax, **labels)
frame = {"fill": False, "edgecolor": plots.PALETTE[5], "linewidth": 3}
for row, column in unsure:
    ax.add_patch(plt.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, **frame))
framed = [f"{labels_per_class[row]} labels and {list(targets)[column]}" for row, column in unsure]
words = f"Framed, not surely above 0: {', '.join(framed) or 'none'}."
plots.set_alt_text(ax, f"{plots.alt_text(ax).partition('. ')[2]} {words}")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Read down a column. In the embedded profile the gain shrinks as labels are
# added, because the network from scratch catches up. In the full profile it grows for flowers (+.14
# to +.22) and for cats and dogs (+.21 to +.35): there the network from scratch hardly learns the
# task, and only the features can use the labels. Compare the columns as wholes: the far target
# gains less than the near one (single cells vary). In a framed cell no gain is shown.
#
# And read the printed lines before you explain a small gain: it can come from a backbone whose
# features show little of the target, or from a target that is easy from scratch. Only the two
# accuracies show which.
#
# **Be fair to the baseline.** Every network from scratch got the same number of steps here, however
# few its images. Give it the same number of *epochs* instead, and with few images it takes a
# handful of steps and learns nothing, and transfer looks good. Much praise of transfer rests on a
# baseline that nobody trained: in the full profile the sign of the gain on X-rays changes with it
# (`docs/claims/08_when_transfer_fails.md`).
#
# ## 4. Checked before training
#
# A check that takes a second: can the labels be predicted from the frozen features? Two scores.
# *Nearest neighbours*: does an image lie beside images of its own class? And *LogME*: how probable
# are the labels if a linear model on these features made them? (Lesson 09 explains it; higher is
# better.) Both see the 200 labelled digits and nothing else. And a placebo: the same scores with
# **shuffled** labels. A source that does not beat its placebo shows nothing of the task.

# %%
data = pool.subset(np.arange(10 * digits_per_class))
shuffled = np.random.default_rng(seed).permutation(data.labels)
tables = {name: trunk.predict(data.images, verbose=0) for name, trunk in trunks.items()}
tables["pixels"] = data.images.reshape(len(data), -1) / 255
neighbours, evidence = {}, {}  # name: score, score with shuffled labels
for name, table in tables.items():
    neighbours[name] = [select.knn_score(table, labels) for labels in (data.labels, shuffled)]
    evidence[name] = [select.log_me(table, labels) for labels in (data.labels, shuffled)]
    print(
        f"{name:<10} neighbours {neighbours[name][0]:.2f}, shuffled {neighbours[name][1]:.2f}; ",
        end="",
    )
    print(f"LogME {evidence[name][0]:+.3f}, shuffled {evidence[name][1]:+.3f}")


# %%
def draw_source(ax, name, **look):
    """Draw the gain of a source over its LogME, with its placebo; return both in words."""
    mean, low, high = gains[f"{name}, frozen"]
    score, placebo = evidence[name]
    bars = [[mean - low], [high - mean]]
    ax.errorbar(score, mean, bars, label=name, capsize=4, **look)
    ax.axvline(placebo, linestyle=":", label=f"{name}, labels shuffled", color=look["color"])
    return f"{name}: LogME {score:.2f}, shuffled {placebo:.2f}, gain {mean:+.2f}"


# %%
fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
looks = [{"color": plots.colour_of(i), "fmt": plots.MARKERS[i]} for i in range(len(trunks))]
words = [draw_source(ax, name, **look) for name, look in zip(trunks, looks, strict=True)]
ax.axhline(0, color="black", linewidth=1)
ax.set(xlabel="LogME, before any training", ylabel="gain over scratch")
ax.locator_params(axis="x", nbins=4)
ax.set_title("The score separates the two sources in advance")
ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
plots.set_alt_text(ax, f"Transfer gain with interval over LogME. {'; '.join(words)}.")
print(plots.alt_text(ax))

# %%
assert evidence["letters"][0] > evidence["quadrants"][0]
assert evidence["letters"][0] > evidence["letters"][1] + 0.1
assert abs(evidence["quadrants"][0] - evidence["quadrants"][1]) < 0.03  # close to its placebo
assert neighbours["letters"][0] > neighbours["pixels"][0] + 0.1
assert neighbours["quadrants"][0] < neighbours["pixels"][0] + 0.1

# %% [markdown]
# **What to notice.** The letters score far above their placebo, the quadrants close to it, and the
# nearest neighbours by quadrant features are no better than those by raw pixels. Such a check costs
# seconds and says which sources *not* to try. It cannot say how large the gain will be.
#
# ## 5. Saying no
#
# A rule, written down before the results are seen: take the source with the largest gain, but only
# if the *lower* end of its interval lies above the cost of transfer. Otherwise **abstain**: train
# from scratch, or do not train at all.


# %%
def choose(gains, at_least=0.0):
    """Return the source to use, or "from scratch"; gains are (mean, low, high) by name."""
    paying = {name: mean for name, (mean, low, high) in gains.items() if low > at_least}
    return max(paying, key=paying.get, default="from scratch")


only_quadrants = {name: gain for name, gain in gains.items() if "quadrants" in name}
print("all sources at hand:", choose(gains))
print("only the quadrants:", choose(only_quadrants))
assert choose(gains) == "letters, frozen"
assert choose(only_quadrants) == "from scratch"

# %% [markdown]
# Two cautions. The gains must come from a **validation** set: the best of ten sources looks good by
# chance (lesson 00). And an interval that contains 0 does not say "no gain"; it says "not shown".
# More draws may show one.
#
# ## 6. Where the network that fails looks
#
# Grad-CAM, written out in lesson 03, now comes from the package: `explain.grad_cam(model, images)`.
# We ask both source networks which places led to *their own* answer on digits. The same digits,
# drawn without background, show where the character is.

# %%
shown = unseen.subset(np.arange(40))
plain = tlcourse.load_glyphs("digits", 4, seed=seed + 2, split="test", clutter=0.0)
ink = plain.images.max(axis=-1) > 110  # where the character is
heat, pixels = {}, shown.images.astype("float32")
print("brightness on the character, over that of the whole image:")
for name, model in trained.items():
    heat[name] = explain.grad_cam(model, pixels)
    pairs = [(h, i) for h, i in zip(heat[name], ink, strict=True) if h.any()]
    print(f"   {name} {np.mean([h[i].mean() / h.mean() for h, i in pairs]):.2f}")
assert all(maps.any() for maps in heat.values())

# %%
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
plots.image_grid(shown.images[:8], title="digits", ax=axes[0])
for ax, name in zip(axes[1:], heat, strict=True):
    plots.heat_overlay(shown.images[:8], heat[name][:8], title=f"trained on {name}", ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# **What to notice.** The difference is small. Both maps are brightest near the middle, where the
# character is; the map of the letters is usually brighter on the character, but not with every
# seed, so nothing is claimed here. Grad-CAM shows where a network looked, not what it did with it:
# to see a border, a network has to look at the character too. The proof that the quadrants'
# features lost the character is the accuracy in section 1, not a map.
#
# ## What others found
#
# - *Far and large: little gain.* Raghu and others (2019, "Transfusion") moved ImageNet networks to
#   two large sets of medical images: transfer "offers little benefit to performance, and simple,
#   lightweight models can perform comparably".
# - *Near, but finer: little gain.* Kornblith and others (2019) moved 16 networks to 12 sets. Better
#   ImageNet networks transfer better (r = 0.99 with frozen features), but on two small sets of fine
#   distinctions pre-training brought "minimal benefits".
# - *Another kind of image.* Fang and others (2023) took six practical data sets, camera traps and
#   satellites among them: there a better ImageNet accuracy does not consistently help.
#
# What is often said, "transfer learning often leads to improved accuracy", is true for few labels
# and a related source. It is false for easy targets, for unrelated questions, and often for large
# sets of another kind.
#
# ## What to remember
#
# - Images that look alike can come with other questions. A source can be worse than none, and only
#   a comparison with *from scratch* shows it.
# - Report the gain as differences within draws, with an interval.
# - More labels shrink the gain where training from scratch can use them, and only there. Check far
#   targets first.
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
# scratch</summary>Yes. That takes an afternoon, and then you know.</details>
# <details><summary>Fine-tune it: a million images cannot be wrong</summary>They can be about
# something else. The quadrants were learned well too.</details>
# <details><summary>Look for a larger network</summary>A larger network of the same source was
# trained for the same question.</details>
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
# <details><summary>That it will beat training from scratch</summary>No. Training from scratch has
# no score.</details>
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
