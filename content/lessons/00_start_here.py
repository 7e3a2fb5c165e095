# %% [markdown]
# # 00 · Start here: measure before you believe
#
# This course is about *transfer learning*: taking a network that was trained for one task and using
# what it has learned for another task, yours. The course will make many claims of the form "this
# way is better than that way". Before the first of them, this lesson looks at measuring itself.
#
# **After this lesson you can**
# - say what your machine is, and run a notebook so somebody else gets the same numbers;
# - say how far a measured accuracy may be from the true one, and how many test images make it
#   more certain;
# - separate a difference between two methods from the luck of a seed;
# - find two mistakes that make results wrong without any error message: a leaking split, and
#   predictions that lost their labels.
#
# **Time:** 30 minutes. **It presumes** Python, and that you have seen NumPy and the words *training
# set* and *test set*.

# %% [markdown]
# ## 1. Where am I?
#
# The cell above has printed what this notebook runs on. Three lines of it matter all the time.
#
# - **profile**: every notebook of this course exists in two sizes with the same text. `embedded`
#   draws its own images and uses a small network that comes with the course, so it needs no
#   internet and no GPU. `full` downloads real photographs and a network trained on ImageNet (1.3
#   million photographs of 1,000 kinds of things). Switch with the environment variable
#   `TLCOURSE_PROFILE`, or with `tlcourse.use_profile("full")` before the data are loaded. On Colab
#   `full` is the default. Nothing switches silently.
# - **GPU**: a graphics processor makes training faster. No notebook needs one.
# - **seed**: a computer's random numbers come from a formula with a starting value, the seed. The
#   same seed gives the same "random" numbers.
#
# When you ask somebody for help, paste that report; `tlcourse.describe_machine()` shows it again.
# And this is what a seed does:

# %%
import matplotlib.pyplot as plt
import numpy as np

for start in (seed, seed, seed + 1):
    numbers = np.random.default_rng(start).integers(100, size=5)
    print(f"five random numbers from seed {start}:", numbers)

# %%
# Settings
# images of each class; the full profile has fewer classes
per_class = {"embedded": 100, "full": 300}[tlcourse.profile()]
train_per_class = 10  # training images of each class: few, as so often
small_test = 40  # images in a test set of the size that people often have
repeats = 200  # test sets to draw, to see how they differ
draws = 10  # training sets to draw

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
print(flowers)

# %%
classes = range(flowers.num_classes)
first_of_each = [int(np.flatnonzero(flowers.labels == c)[k]) for k in range(3) for c in classes]
names = [flowers.class_names[c] for c in flowers.labels[first_of_each]]
ax = tlcourse.plots.image_grid(
    flowers.images[first_of_each],
    names,
    columns=flowers.num_classes,
    title="Three of each kind: light and background differ, the kind is to be predicted",
)
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# ## 2. Something to measure
#
# We need a classifier whose accuracy we can measure. The next cell makes one in two steps that
# lesson 02 takes apart. A pretrained network (a *backbone*) turns each image into a list of numbers
# (*features*), and logistic regression learns to classify the flowers by these numbers. Take it as
# given for now: images in, answers out.

# %%
backbone = tlcourse.load_backbone(pooling="avg")
features = tlcourse.extract_features(backbone, flowers.images, cache=False)
features = np.array(features)  # (images, features)
print(f"{len(features)} images, each now {features.shape[1]} numbers")

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def train_classifier(features, labels):
    """Return a classifier trained on these features."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    return classifier.fit(features, labels)


# %% [markdown]
# Ten images of each kind are for training, and all others are for testing. `right` holds, for each
# test image, whether the classifier's answer was right. Its mean is the *accuracy*, the share of
# right answers.

# %%
# positions: the same number of each kind, at random; then all the others
train, rest = flowers.positions_per_class(train_per_class, seed)
classifier = train_classifier(features[train], flowers.labels[train])
right = classifier.predict(features[rest]) == flowers.labels[rest]
large_accuracy = right.mean()
print(f"{len(train)} images to learn from; accuracy on the other {len(rest)}: {large_accuracy:.3f}")

# %% [markdown]
# ## 3. One number says too little
#
# Most people do not have that many images to test on. Suppose you had 40 of them, and your
# colleague had 40 others. The classifier is the same, trained once. What would each of you report?

# %%
rng = np.random.default_rng(seed)
small_accuracies = [rng.choice(right, small_test, replace=False).mean() for _ in range(repeats)]
small_accuracies = np.array(small_accuracies)
lowest, highest = small_accuracies.min(), small_accuracies.max()

print(f"the first five people, {small_test} images each:", small_accuracies[:5])
print(f"lowest and highest of {repeats} people: {lowest:.3f} and {highest:.3f}")
assert highest - lowest > 0.15  # one classifier, and more than 15 points between reports

# %%
fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
edges = np.arange(-0.5, small_test + 1) / small_test
ax.hist(small_accuracies, bins=edges, color=tlcourse.plots.colour_of(0))
label = f"all {len(rest)} images: {large_accuracy:.2f}"
ax.axvline(large_accuracy, color="black", linestyle="--", label=label)
ax.set(xlim=(lowest - 0.1, min(1.02, highest + 0.1)))
ax.set(xlabel=f"accuracy on {small_test} test images", ylabel="people who report it")
ax.set_title(f"One classifier, {repeats} test sets: any of these could be 'the' accuracy")
ax.legend(frameon=False)
words = f"Bars of {repeats} accuracies around {large_accuracy:.2f}; "
words += f"standard deviation {small_accuracies.std():.3f}."
tlcourse.plots.set_alt_text(ax, words)
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Nobody made a mistake. The classifier is the same for all, and yet the reports
# lie more than 15 points apart. The accuracy on a small test set depends on which images are in it.
#
# ### How sure am I, with one test set only?
#
# You cannot ask 200 colleagues. But you can *simulate* them: draw 40 answers from your own 40, with
# replacement (some come twice, some not at all), take the mean, and repeat that many times. These
# means vary about as much as other people's results would. Cut off the lowest and the highest 5 %,
# and what remains is a 90 % *interval*. This method is called the **bootstrap** (Efron, 1979).


# %%
def bootstrap_90(flags, rng, resamples=500):
    """Return the ends of a 90 % interval of the mean of `flags`."""
    drawn = rng.choice(flags, size=(resamples, len(flags)))  # with replacement: (resamples, images)
    return np.quantile(drawn.mean(axis=1), [0.05, 0.95])


my_answers = rng.choice(right, small_test, replace=False)
low, high = bootstrap_90(my_answers, rng)
print(f"my accuracy: {my_answers.mean():.2f}, 90 % interval {low:.2f} to {high:.2f}")

# %% [markdown]
# Does it keep its promise? A 90 % interval should hold the true value for about 90 of 100 people.
# Here we know the true value, or nearly: the accuracy on all test images. So let us count.

# %%
holds = []
for _ in range(repeats):
    low, high = bootstrap_90(rng.choice(right, small_test, replace=False), rng)
    holds.append(low <= large_accuracy <= high)
coverage = np.mean(holds)

print(f"{coverage:.0%} of {repeats} intervals hold the accuracy on all images")
assert 0.80 < coverage < 0.98

# %% [markdown]
# ### How many test images does it take?
#
# The interval gets narrower with more images, but slowly: for half the width you need four times as
# many.


# %%
def mean_width(n):
    """Return the mean width of the intervals that 40 people with `n` test images each report."""
    return np.mean([np.ptp(bootstrap_90(rng.choice(right, n), rng)) for _ in range(40)])


sizes = np.array([20, 40, 80, 160, 320, 640])
widths = np.array([mean_width(n) for n in sizes])
for n, width in zip(sizes, widths):
    print(f"{n:4d} test images: the interval is {width:.3f} wide")
shrink = widths[1] / widths[3]
print(f"from {sizes[1]} to {sizes[3]} images, four times as many, it shrinks by {shrink:.2f}")
assert 1.6 < shrink < 2.5

# %%
fig, ax = plt.subplots(figsize=(6.5, 3), layout="constrained")
theory = widths[0] * np.sqrt(sizes[0] / sizes)
ax.plot(sizes, widths, "o-", color=tlcourse.plots.colour_of(0), label="measured")
ax.plot(sizes, theory, ":", color="black", label="1 / square root of the number")
ax.set(xscale="log", yscale="log", xlabel="test images", ylabel="width of the 90 % interval")
ax.set_xticks(sizes, sizes)
ax.set_yticks([0.05, 0.1, 0.2, 0.3], [0.05, 0.1, 0.2, 0.3])
ax.minorticks_off()
ax.set_title("Four times the test images, half the uncertainty")
ax.legend(frameon=False)
words = f"The width falls from {widths[0]:.2f} at {sizes[0]} images "
tlcourse.plots.set_alt_text(ax, words + f"to {widths[-1]:.2f} at {sizes[-1]}.")
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# From the next lesson on, the package does this in one call. It agrees with our own lines: both
# ends lie within two points.

# %%
theirs = tlcourse.evaluate.bootstrap_interval(right, confidence=0.9, seed=seed)
ours = bootstrap_90(right, rng)
print(f"package {theirs}, by hand [{ours[0]:.3f}, {ours[1]:.3f}]")
assert abs(theirs.low - ours[0]) < 0.02
assert abs(theirs.high - ours[1]) < 0.02

# %% [markdown]
# ## 4. Seeds: the luck of the training set
#
# The test set is one source of luck. The choice of *training* images is another. The next cell
# repeats the whole experiment with other training images: same method, same number of images,
# another seed.

# %%
by_seed = []
for draw in range(draws):
    train, rest = flowers.positions_per_class(train_per_class, [seed, draw])
    model = train_classifier(features[train], flowers.labels[train])
    by_seed.append(model.score(features[rest], flowers.labels[rest]))
summary = tlcourse.evaluate.mean_and_spread(by_seed)
print("accuracy for each seed:", np.round(by_seed, 3))
print("mean and spread:", summary)

# %% [markdown]
# The mean comes with the *standard deviation*, which says how far a single run typically is from
# the mean. Report both; a table with one number for a method leaves out half of what was measured.
#
# Seeds can be misused. Let A be our method. Let B be exactly the same method, run with all the
# seeds, *of which the best is reported*. B wins.

# %%
gain = max(by_seed) - np.mean(by_seed)
points = f"{100 * gain:.1f} points"
print(f"A, mean over {draws} seeds: {np.mean(by_seed):.3f}")
print(f"B, the best of {draws} seeds: {max(by_seed):.3f}  (a 'gain' of {points} out of nothing)")
assert gain > 0

# %%
fig, ax = plt.subplots(figsize=(6.5, 2.2), layout="constrained")
blue, ring = tlcourse.plots.colour_of(0), tlcourse.plots.colour_of(5)
ax.plot(by_seed, np.zeros(draws), "o", color=blue, alpha=0.7, label="one seed each")
ax.axvline(summary.mean, ymax=0.7, color="black", linestyle="--", label="mean")
style = {"color": ring, "fillstyle": "none", "markersize": 13}
ax.plot(max(by_seed), 0, "s", label="the one that gets published", **style)
ax.set(yticks=[], ylim=(-0.6, 1), xlabel="accuracy")
ax.set_title(f"The best of {draws} seeds is {points} above the mean of the same method")
ax.legend(frameon=False, ncols=3, loc="upper center")
words = f"{draws} points between {min(by_seed):.3f} and {max(by_seed):.3f}; "
tlcourse.plots.set_alt_text(ax, words + f"their mean is {summary.mean:.3f}.")
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# So this course compares methods on the *same* list of seeds, reports mean and spread, and asks
# whether the difference is large compared with the spread. `tlcourse.evaluate.paired_difference`
# does that from lesson 01 on.
#
# ### The same seed gives the same result
#
# To let others repeat your numbers, set the seed before anything random happens: before layers are
# built (their first weights are random) and before training shuffles the data. `tlcourse.set_seed`
# sets those of Python, NumPy and Keras at once.

# %%
import keras


def train_network(seed, epochs=20):
    """Train a one-layer network on the first training set; return it."""
    tlcourse.set_seed(seed)
    # each image's features get mean 0 and spread 1
    same_scale = keras.layers.LayerNormalization(center=False, scale=False)
    last = keras.layers.Dense(flowers.num_classes)
    network = keras.Sequential([keras.Input(features.shape[1:]), same_scale, last])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.003), loss, metrics=["accuracy"])
    network.fit(features[train], flowers.labels[train], epochs=epochs, verbose=0)
    return network


# %%
train, rest = flowers.positions_per_class(train_per_class, seed)
runs = [train_network(s).predict(features[rest], verbose=0) for s in (seed, seed, seed + 1)]
first, again, other = runs
print("largest difference between two runs with the same seed:", np.abs(first - again).max())
print("largest difference between two seeds:                  ", np.abs(first - other).max())
assert np.abs(first - again).max() < 0.1 * np.abs(first - other).max()

# %% [markdown]
# On a CPU the first number is zero or close to it. On a GPU the order of additions is not fixed,
# and the last digits may differ; `keras.utils.set_random_seed` together with
# `tf.config.experimental.enable_op_determinism()` makes even those equal, but slower.
#
# ## 5. A split that leaks
#
# A data set often holds several images of one plant. Below, each of 80 plants gets four images: cut
# a little differently, lighter or darker, with new noise.


# %%
def image_again(image, rng):
    """Return the image as a new one of the same plant: moved, lighter or darker, with noise."""
    margin = image.shape[0] // 16
    top, left = rng.integers(0, 2 * margin + 1, size=2)
    padded = np.pad(image, [(margin, margin), (margin, margin), (0, 0)], mode="edge")
    moved = padded[top : top + image.shape[0], left : left + image.shape[1]].astype(float)
    noisy = moved * rng.uniform(0.8, 1.2) + rng.normal(0, 4, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


# %%
plants, images_each = 80, 4
groups = np.repeat(np.arange(plants), images_each)  # the plant of image i: 0 0 0 0 1 1 1 1 ...
found = rng.choice(len(flowers), plants, replace=False)  # the images that stand for plants
shots = np.stack([image_again(flowers.images[found[plant]], rng) for plant in groups])
names = [f"plant {group}" for group in groups[:16]]
ax = tlcourse.plots.image_grid(shots[:16], names, title="Four plants, four images of each")
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# Now something absurd: **each plant gets a label by tossing a coin**. There is nothing to learn, so
# the true accuracy is 50 %, and any accuracy above it is an error of measurement. We split into
# three quarters for training and one quarter for testing in two ways. One way shuffles *images*, as
# is often done without thinking. The other shuffles *plants*, so all images of a plant stay on one
# side. Each way is repeated ten times, with new coins.

# %%
from sklearn.model_selection import GroupShuffleSplit

shot_features = tlcourse.extract_features(backbone, shots, cache=False)
stays_together = {"images shuffled": np.arange(len(shots)), "plants shuffled": groups}
scores = {name: [] for name in stays_together}
for name, together in stays_together.items():
    for draw in range(draws):
        coin = np.random.default_rng([seed, draw]).integers(2, size=plants)
        coin = coin[groups]  # one toss for each plant
        splitter = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=draw)
        learn, test = next(splitter.split(shots, coin, together))
        model = train_classifier(shot_features[learn], coin[learn])
        scores[name].append(model.score(shot_features[test], coin[test]))
    summary = tlcourse.evaluate.mean_and_spread(scores[name])
    print(f"{name:21s} accuracy on coin tosses: {summary}")

# %%
leaky, honest = np.mean(scores["images shuffled"]), np.mean(scores["plants shuffled"])
assert leaky > honest + 0.2  # "it works", says the leaking split, about coin tosses
assert abs(honest - 0.5) < 0.15  # the truth is 0.5

fig, ax = plt.subplots(figsize=(6.5, 2.6), layout="constrained")
for row, values in enumerate(scores.values()):
    style = {"color": tlcourse.plots.colour_of(row), "alpha": 0.7}
    ax.plot(values, np.full(draws, row), tlcourse.plots.MARKERS[row], **style)
ax.axvline(0.5, color="black", linestyle="--")
ax.set(yticks=[0, 1], yticklabels=list(scores), ylim=(-0.5, 1.5))
ax.set(xlabel="accuracy on labels from coin tosses (the truth: 0.5)")
ax.set_title(f"A leaking split turns nothing into {leaky:.0%}")
words = f"Images shuffled: mean {leaky:.2f}. Plants shuffled: mean {honest:.2f}. "
tlcourse.plots.set_alt_text(ax, words + "Dashed line at 0.5.")
print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# **What to notice.** With images shuffled, nearly every test image has another image of its plant
# in the training set. The classifier recognises *the plant* and repeats the label it was given. On
# plants it has never seen it is as good as a coin. The same happens with several X-rays of one
# patient, frames of one film, or sentences of one author.
#
# A `Dataset` of this course keeps groups together, once it knows them:

# %%
album = tlcourse.Dataset("album", shots, coin, ("heads", "tails"), groups=groups)
learn, test = album.split(0.25, seed=seed)
shared = np.intersect1d(learn.groups, test.groups)
print(f"{len(learn)} and {len(test)} images; plants on both sides: {len(shared)}")
assert len(shared) == 0

# %% [markdown]
# ## 6. Predictions that lost their labels
#
# The last trap is short. Large data come in batches from a `tf.data.Dataset`, which is shuffled for
# training. We test the small network from above, and want to see *which* kinds it confuses. So we
# collect the true labels, then the predictions.

# %%
import tensorflow as tf

network = train_network(seed)
pairs = tf.data.Dataset.from_tensor_slices((features[rest], flowers.labels[rest]))
batches = pairs.shuffle(len(rest)).batch(32)
_, reported = network.evaluate(batches, verbose=0)

labels = np.concatenate([batch_labels.numpy() for _, batch_labels in batches])
predicted = network.predict(batches, verbose=0).argmax(axis=1)  # (images, classes) -> (images,)
computed = np.mean(labels == predicted)
print(f"evaluate() reports {reported:.3f}; labels and predictions agree in {computed:.3f}")

# %% [markdown]
# Two numbers that should be equal are far apart. The second looks like guessing. There was no error
# and no warning.
#
# A shuffled dataset is shuffled **again in each pass over it**. The labels were collected in one
# pass, the predictions in the next, in another order. To test for this mistake, compare the share
# of agreeing pairs with what `evaluate` reported: both must be equal. To avoid it, collect both in
# *one* pass.

# %%
labels_kept, predicted_kept = [], []
for batch_features, batch_labels in batches:
    labels_kept.append(batch_labels.numpy())
    predicted_kept.append(network.predict_on_batch(batch_features).argmax(axis=1))
labels_kept, predicted_kept = np.concatenate(labels_kept), np.concatenate(predicted_kept)
kept = np.mean(labels_kept == predicted_kept)

print(f"evaluate() {reported:.3f}, two passes {computed:.3f}, one pass {kept:.3f}")
assert abs(kept - reported) < 0.001
assert reported - computed > 0.2

# %%
fig, axes = plt.subplots(1, 2, figsize=(13, 6), layout="constrained")
pairs = {
    f"Two passes: {computed:.0%} agree": (labels, predicted),
    f"One pass: {kept:.0%} agree": (labels_kept, predicted_kept),
}
for ax, (title, (true, guess)) in zip(axes, pairs.items()):
    counts = tlcourse.evaluate.confusion_matrix(true, guess, flowers.num_classes)
    tlcourse.plots.confusion(counts, flowers.class_names, title=title, ax=ax)
    print(tlcourse.plots.alt_text(ax))

# %% [markdown]
# This table is a *confusion matrix*: each row is a true class, each column an answer, and right
# answers are on the diagonal. On the left, every class seems to be confused with every other. The
# network is the same in both.
#
# This can happen although you never asked for shuffling. Keras' own loader of image folders
# shuffles unless you switch it off:

# %%
import inspect

loader = inspect.signature(keras.utils.image_dataset_from_directory)
shuffles = loader.parameters["shuffle"].default
print("image_dataset_from_directory(..., shuffle=", shuffles, ") is the default", sep="")
assert shuffles is True

# %% [markdown]
# ## What to remember
#
# - An accuracy without an interval is half a result. Four times the test images halve the interval.
# - Report mean and spread over several seeds; the best seed of a method is not a better method.
# - Split by what repeats: by plant, by patient, by author. Random labels are a good test of a
#   split: the accuracy on them must be that of guessing.
# - Collect labels and predictions in one pass over the data, and compare them with `evaluate`.
#
# ## Quiz
#
# **1. Model A has 0.90 and model B 0.85 on the same 40 test images, one run each. What follows?**
# Choose, then open.
#
# <details><summary>A is better: five points are a lot.</summary>
# No. Five points of 40 images are two images. The first figure shows that one and the same
# classifier differs by more than that.
# </details>
# <details><summary>Nothing yet: more test images and more seeds are needed.</summary>
# Right. Until the difference is large compared with the interval and the spread over seeds, it may
# be luck.
# </details>
# <details><summary>B is better, because it overfits less.</summary>
# No. Nothing here says how either does on its training images.
# </details>
#
# **2. You want the interval to be a third as wide. How many more test images?**
#
# <details><summary>Three times as many.</summary>
# No. That makes it narrower by the square root of three, about 1.7.
# </details>
# <details><summary>Nine times as many.</summary>
# Right. The width falls with the square root of the number of images.
# </details>
# <details><summary>None: draw more bootstrap resamples.</summary>
# No. More resamples make the interval steadier, not narrower: they add no information about other
# images.
# </details>
#
# **3. A clinic has 500 X-rays of 100 patients. How do you split?**
#
# <details><summary>Shuffle the X-rays and cut; 500 are enough.</summary>
# No. Nearly every patient would be on both sides, and the network can recognise patients.
# </details>
# <details><summary>Shuffle the patients and cut.</summary>
# Right. The test then asks what matters: how does it do for patients it has never seen?
# </details>
#
# **4. `evaluate` says 0.83, your own confusion matrix says 0.12. What do you check first?**
#
# <details><summary>Whether the network was trained long enough.</summary>
# No. The network is the same in both numbers, so training cannot explain the difference.
# </details>
# <details><summary>Whether labels and predictions come from the same pass over a shuffled
# dataset.</summary>
# Right. Two numbers for the same thing must agree; when they do not, labels and predictions are no
# longer in the same order.
# </details>
#
# ## Read on
#
# - B. Efron, "Bootstrap methods: another look at the jackknife", *Annals of Statistics*, 1979:
#   where the interval comes from.
# - X. Bouthillier and others, "Accounting for variance in machine learning benchmarks", 2021 (arXiv
#   2103.03098).
# - S. Kapoor and A. Narayanan, "Leakage and the reproducibility crisis in machine-learning-based
#   science", *Patterns*, 2023.
# - Keras' guide to reproducibility: keras.io, "Reproducibility in Keras models".
#
# Now the exercise of the same name; then lesson 01, which measures what transfer is worth, in
# labels.
