# %% [markdown]
# # 01 · Why transfer?
#
# A student who knows Spanish learns Italian faster than one who knows no other language. A
# half-marathon runner needs less training for a marathon than somebody who never runs. In
# **transfer learning**, what a network has learned on one task, the *source*, is the starting point
# for another task, the *target*. You will do it by hand, in three steps, and measure what it is
# worth.
#
# **After this lesson you can**
# - pre-train, transfer and fine-tune a network yourself, and prove what changed in each step;
# - draw a curve of accuracy over labels, and say what transfer is worth *in labels*;
# - tell a real gain from a lucky one with a placebo;
# - name a task for which transfer is not needed.
#
# **Time:** 35 minutes. **It presumes** lesson 00, and that you have trained a small Keras model
# before.

# %%
import tempfile
import time
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from tqdm.auto import tqdm

from tlcourse import evaluate, plots

# %%
# Settings
source_per_class = 90  # images of each of 30 letters, to pre-train on
source_epochs = 6
labels_per_class = [5, 20, 100]  # images of each digit, to learn from
# repeats with other images and other initial values
draws = {"embedded": 2, "full": 3}[tlcourse.profile()]
flowers_per_class = {"embedded": 50, "full": 100}[tlcourse.profile()]

# %% [markdown]
# ## 1. A source and a target
#
# The source: letters printed over pieces of photographs. The target: digits over such pieces. No
# digit is among the letters, and the test set uses fonts and pieces of photographs that no training
# image has. Digits have few labels; letters have many. That is the usual situation: labels for
# *your* task are scarce, and labels for some similar task are not.

# %%
letters = tlcourse.load_glyphs("letters", source_per_class, seed=seed, split="train")
digits_in_all = draws * max(labels_per_class)
pool = tlcourse.load_glyphs("digits", digits_in_all, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
tasks = {"source: letters": letters, "target: digits": unseen}
fig, axes = plt.subplots(2, 1, figsize=(8, 2.8), layout="constrained")
for ax, (name, data) in zip(axes, tasks.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=f"{name}, {len(data)} images", ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# ## 2. Three steps by hand
#
# The network has two parts. The **backbone** is the part of a network that turns an image into a
# row of numbers, its *features*. The **head** is the last part of a network, here one `Dense`
# layer, which turns features into scores for the classes of one task. The head belongs to its task;
# the backbone may be useful for more than one. (`BatchNormalization` keeps numbers in a good range;
# lesson 04 says more about it.)


# %%
def build_backbone():
    """Images of 32 x 32 pixels in, 256 features out."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for channels in (16, 32, 64, 64):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    return keras.Model(images, layers.Flatten()(x), name="backbone")


def with_head(backbone, num_classes):
    """Put a new head on a backbone."""
    return keras.Sequential([backbone, layers.Dense(num_classes, name="head")])


# %% [markdown]
# Later lessons use this network again. The package has it as `tlcourse.small_cnn(num_classes)`:
# backbone and head in one model.


# %%
def train(model, data, epochs, learning_rate=2e-3, validation=None):
    """Train what is not frozen; return the record of `fit`, with the seconds of each epoch."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    seconds = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter())
    )
    options = {"epochs": epochs, "batch_size": 32, "verbose": 0, "callbacks": [clock]}
    if validation is not None:
        options["validation_data"] = (validation.images, validation.labels)
    started = time.perf_counter()
    fitted = model.fit(data.images, data.labels, **options)
    return {**fitted.history, "seconds": np.diff([started, *seconds])}


# %% [markdown]
# **Pre-training** is training a network on the source task, before it sees the target task. This is
# step 1, and everything learns.

# %%
backbone = build_backbone()
model = with_head(backbone, letters.num_classes)
pretraining = train(model, letters, source_epochs)
pretrained = [w.copy() for w in backbone.get_weights()]  # a copy, to compare with later
final, took = pretraining["accuracy"][-1], pretraining["seconds"].sum()
print(f"letters: {final:.2f} right on the training images, {took:.0f} s")

# %% [markdown]
# Step 2 is the transfer. The old head knows letters and is thrown away. A new one is put on the
# *frozen* backbone (`trainable = False`: training cannot change it) and learns from 20 images of
# each digit.


# %%
def unchanged_arrays():
    """Compare each array of the backbone with its copy from after pre-training."""
    pairs = zip(pretrained, backbone.get_weights(), strict=True)
    return [np.array_equal(old, new) for old, new in pairs]


digits = pool.subset(np.arange(20 * 10))  # the classes take turns, so these are 20 of each
backbone.trainable = False
model = with_head(backbone, 10)
transfer = train(model, digits, epochs=12, validation=unseen)
same = unchanged_arrays()
print(f"digits: {transfer['val_accuracy'][-1]:.2f}; ", end="")
print(f"{sum(same)} of {len(same)} arrays of the backbone are bit for bit the same")
assert all(same)

# %% [markdown]
# **Fine-tuning** continues to train a pretrained backbone on the target task, with a small learning
# rate. This is step 3. The learning rate is much *smaller* than before, because the backbone should
# be adjusted, not rewritten. The normalisation layers stay as they are. `train` compiles again,
# which makes Keras notice the change of `trainable`.


# %%
def unfreeze(backbone):
    """Let everything learn but the normalisation layers."""
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


unfreeze(backbone)
fine_tuning = train(model, digits, epochs=12, learning_rate=5e-4, validation=unseen)
same = unchanged_arrays()
print(f"digits: {fine_tuning['val_accuracy'][-1]:.2f}; ", end="")
print(f"{same.count(False)} of {len(same)} arrays of the backbone have changed")
assert same.count(False) == 4  # one kernel in each of four convolutions

# %% [markdown]
# A trained network is worth keeping. Saved and loaded, it gives the same answers to the last bit.

# %%
path = Path(tempfile.mkdtemp()) / "digits.keras"
model.save(path)
again = keras.saving.load_model(path)
before, after = (network.predict(unseen.images, verbose=0) for network in (model, again))
assert np.array_equal(before, after)
print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# ## 3. And without transfer?
#
# The same network, the same 200 images and the same number of epochs, from random values.

# %%
scratch = train(with_head(build_backbone(), 10), digits, epochs=24, validation=unseen)
runs = {"pre-train, on letters": pretraining, "transfer": transfer}
runs |= {"fine-tune": fine_tuning, "from scratch": scratch}
after = pretraining["seconds"].sum()  # when the other two steps begin
began = {"transfer": after, "fine-tune": after + transfer["seconds"].sum()}
clocks = {name: began.get(name, 0) + np.cumsum(run["seconds"]) for name, run in runs.items()}
assert scratch["loss"][-1] < 0.1

# %%
ax = plots.lines(
    {name: (clocks[name], run["loss"]) for name, run in runs.items()},
    x_label="seconds on this machine",
    y_label="loss on the training images",
    log_y=True,
    title="The training loss falls just as well from scratch",
)
ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))  # beside the curves
print(plots.alt_text(ax))

# %% [markdown]
# From scratch the training loss falls just as well: the network soon knows these 200 images. What
# matters is *unseen* images.

# %%
target = scratch["val_accuracy"][-1]
with_transfer = [*transfer["val_accuracy"], *fine_tuning["val_accuracy"]]
curves = {"from scratch": scratch["val_accuracy"], "transfer, then fine-tune": with_transfer}
ax = plots.lines(
    {name: (range(1, 25), values) for name, values in curves.items()},
    x_label="epoch",
    y_label="accuracy on unseen digits",
    title="With transfer, few epochs do what many do from scratch",
)
print(plots.alt_text(ax))

# %%
faster = evaluate.epochs_to_target(with_transfer, target)
print(f"from scratch: {target:.2f} after 24 epochs; ", end="")
print(f"with transfer that is reached in epoch {faster}")
clock = [*transfer["seconds"], *fine_tuning["seconds"]]
seconds = evaluate.seconds_to_target(with_transfer, clock, target)
print(f"seconds on this machine: from scratch {scratch['seconds'].sum():.1f}, ", end="")
print(f"with transfer {seconds:.1f} (and pre-training once, {after:.0f})")
assert faster < evaluate.epochs_to_target(scratch["val_accuracy"], target)

# %% [markdown]
# **What to notice.** The steps on *your* data are short. Pre-training is the long one, and others
# may have done it already: the backbones of lesson 02 were trained by others, some of them for
# weeks.
#
# ## 4. What is it worth, in labels?
#
# One comparison at one size says little. Repeat it with 5, 20 and 100 images a class, with other
# images and other initial values each time: three curves.


# %%
def accuracy(model):
    """Return the share of unseen digits that the model classifies correctly."""
    return np.mean(np.argmax(model(unseen.images, training=False), axis=-1) == unseen.labels)


def three_ways(data):
    """Return the accuracy on unseen digits: from scratch, frozen backbone, then fine-tuned."""
    epochs = int(np.clip(480 // (len(data) // 10), 8, 24))
    fresh, kept = build_backbone(), build_backbone()
    model = with_head(fresh, 10)
    train(model, data, epochs)
    from_scratch = accuracy(model)

    kept.set_weights(pretrained)
    kept.trainable = False
    model = with_head(kept, 10)
    train(model, data, epochs // 2)
    frozen = accuracy(model)

    unfreeze(kept)
    train(model, data, epochs // 2, learning_rate=5e-4)
    return from_scratch, frozen, accuracy(model)


# %%
scores = np.zeros((draws, len(labels_per_class), 3))
for draw, place in tqdm([*np.ndindex(draws, len(labels_per_class))], desc="three ways"):
    start = draw * 10 * max(labels_per_class)  # images that no other draw uses
    chosen = np.arange(start, start + 10 * labels_per_class[place])
    scores[draw, place] = three_ways(pool.subset(chosen))

# %%
names = ("from scratch", "frozen", "fine-tuned")
ways = {name: scores[:, :, i] for i, name in enumerate(names)}
title = "Few labels: transfer gains a lot. More labels: it gains less"
ax = plots.accuracy_over_labels(labels_per_class, ways, chance=0.1, title=title)
print(plots.alt_text(ax))
gain = (scores[:, :, 2] - scores[:, :, 0]).mean(axis=0)
print({n: f"{g:+.2f}" for n, g in zip(labels_per_class, gain, strict=True)})
assert gain[0] > 0.3
assert gain[-1] < gain[0] / 2

# %% [markdown]
# Read the curve horizontally: how many labels does a network *from scratch* need to be as good as
# with transfer? That number is the *label equivalent*, and labels have a price. (`inf`: more than
# the largest number that we measured.)

# %%
mean = scores.mean(axis=0)
needed = evaluate.label_equivalent(labels_per_class, mean[:, 2], mean[:, 0])
for have, need in zip(labels_per_class, needed, strict=True):
    print(f"{have} labels a class with transfer do what {need:.0f} do from scratch")
assert needed[0] > 4 * labels_per_class[0]

# %% [markdown]
# ## 5. A placebo
#
# Did the gain come from what the source *taught*? Something else may have helped: good initial
# values, or the extra training time. Doctors give a placebo, a pill with nothing in it. Ours: the
# same letters with their labels **shuffled**. Same images, same time, nothing to learn.

# %%
options = {"seed": seed, "split": "train"}
shuffled = tlcourse.load_glyphs("shuffled_letters", source_per_class, **options)
assert np.array_equal(shuffled.images, letters.images)
placebo = build_backbone()
train(with_head(placebo, 30), shuffled, source_epochs)
placebo.trainable = False
model = with_head(placebo, 10)
train(model, digits, epochs=12)
placebo_accuracy = accuracy(model)

# %%
with_letters = transfer["val_accuracy"][-1]
print(f"frozen backbone, 20 labels a class: letters {with_letters:.2f}, ", end="")
print(f"shuffled letters {placebo_accuracy:.2f}, no source at all {target:.2f}")
assert with_letters > placebo_accuracy + 0.25

# %% [markdown]
# The gain is gone: it was knowledge about characters, not luck. A source can also be *worse* than
# none; lesson 08 is about that.
#
# ## 6. With real weights, and without need
#
# Now the usual way: somebody else pre-trained the backbone on many photographs. The target is
# flowers; in the `full` profile also cats and dogs. We compare logistic regression on its features
# with a network of our own from scratch, both with 20 images a class.

# %%
targets = {"flowers": tlcourse.load_flowers(per_class=flowers_per_class, seed=seed)}
if tlcourse.profile() == "full":
    pets = tlcourse.load_cats_and_dogs(per_class=flowers_per_class, seed=seed)
    targets["cats and dogs"] = pets
backbone = tlcourse.load_backbone(pooling="avg")


def small_network(num_classes):
    """A network of our own, for images of any size."""
    small = keras.Sequential([layers.Resizing(64, 64), layers.Rescaling(1 / 127.5, offset=-1)])
    for channels in (16, 32, 64):
        small.add(layers.Conv2D(channels, 3, padding="same", activation="relu"))
        small.add(layers.MaxPooling2D())
    small.add(layers.GlobalAveragePooling2D())
    small.add(layers.Dense(num_classes))
    return small


# %%
for name, data in targets.items():
    learn, test = data.pick_per_class(20, seed=seed)
    seen, new = (backbone.predict(part.images, verbose=0) for part in (learn, test))
    transferred = evaluate.linear_probe(seen, learn.labels, new, test.labels)
    small = small_network(data.num_classes)
    train(small, learn, epochs=15)
    own = small.evaluate(test.images, test.labels, verbose=0)[1]
    print(f"{data.num_classes} kinds of {name}: {backbone.name} {transferred:.2f}, ", end="")
    print(f"own network {own:.2f}, guessing {1 / data.num_classes:.2f}")
    assert transferred > own + 0.1

# %% [markdown]
# One caution about cats and dogs, the best known example of all: more than a hundred breeds of dogs
# and five kinds of cats are among the classes on which ImageNet's networks were trained. So such a
# network has seen these animals before. Ask of every example what the source has seen.

# %% [markdown]
# And a task that needs none of this: clean small digits without background, 8 by 8 pixels, from
# scikit-learn. Logistic regression on the raw pixels is enough. **Always try the simple method
# first.**

# %%
from sklearn.datasets import load_digits

tidy = load_digits()
order = np.random.default_rng(seed).permutation(len(tidy.target))
a, b = order[:500], order[500:]
pixels = tidy.data / 16
simple = evaluate.linear_probe(pixels[a], tidy.target[a], pixels[b], tidy.target[b])
print(f"tidy digits, 50 labels a class, no network at all: {simple:.3f}")
assert simple > 0.9

# %% [markdown]
# ## What to remember
#
# - Pre-train on a source, transfer to a new head on a frozen backbone, then fine-tune with a small
#   learning rate.
# - Transfer is worth most when labels are few. With more labels the gain shrinks.
# - Say what it is worth in labels and in seconds, not only in points of accuracy.
# - A gain without a placebo, or without repeats, is not evidence.
# - What is often said, "transfer learning improves accuracy", is true for few labels and a related
#   source. It is not a law.
#
# ## Quiz
#
# **1. After step 2, which numbers of the network have changed?**
#
# <details><summary>Only those of the new head</summary>Yes. We compared every array of the
# backbone: bit for bit the same.</details>
# <details><summary>All of them, a little</summary>No. A frozen layer does not change at all; we
# compared every array.</details>
# <details><summary>None: it only evaluates</summary>No. A new head starts from random values and
# has to learn.</details>
#
# **2. A colleague reports: "with transfer 0.93, from scratch 0.92, 100 labels a class". What do you
# ask for first?**
#
# <details><summary>Repeats with other images and initial values</summary>Yes. A difference of
# 0.01 may be smaller than the spread between repeats.</details>
# <details><summary>A larger backbone</summary>No. First find out whether there is any gain to
# enlarge.</details>
# <details><summary>Nothing, 0.93 is more than 0.92</summary>No. One run each cannot tell a gain
# from luck.</details>
#
# **3. Why did the placebo use the same images as the source?**
#
# <details><summary>To remove only the link between image and label</summary>Yes. The two runs then
# differ only in what is tested.</details>
# <details><summary>To save the drawing of new ones</summary>No. Other images would leave two
# explanations for every difference.</details>
# <details><summary>To let it learn the letters after all</summary>No. With shuffled labels there is
# no rule that would help on new images.</details>
#
# ## Read on
#
# - Pan, Yang (2010): A survey on transfer learning. IEEE Transactions on Knowledge and Data
#   Engineering 22(10)
# - Kornblith, Shlens, Le (2019): Do better ImageNet models transfer better? arXiv 1805.08974
# - Hernandez, Kaplan, Henighan, McCandlish (2021): Scaling laws for transfer. arXiv 2102.01293
#   (label equivalents at large scale)
