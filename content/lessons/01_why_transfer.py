# %% [markdown]
# # 01 · Why transfer?
#
# A student who knows Spanish learns Italian faster than one who starts with no language. A
# half-marathon runner trains for a marathon from where she stands, not from the sofa. *Transfer
# learning* is that for networks: what was learned on one task, the **source**, is the starting
# point for another, the **target**. You will do it by hand, in three steps, and measure what it is
# worth.
#
# **After this lesson you can**
# - pre-train, transfer and fine-tune a network yourself, and prove what changed in each step;
# - draw a curve of accuracy over labels, and say what transfer is worth *in labels*;
# - tell a real gain from a lucky one with a placebo;
# - name a task for which you should not bother.
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
draws = {"embedded": 2, "full": 3}[tlcourse.profile()]  # repeats with other images and other initial values
flowers_per_class = {"embedded": 50, "full": 100}[tlcourse.profile()]

# %% [markdown]
# ## 1. A source and a target
#
# The source: letters printed over pieces of photographs. The target: digits over such pieces. No
# digit is among the letters, and the test set uses fonts and photographs' pieces that nothing was
# trained on. Digits have few labels; letters have many. That is the usual situation: labels for
# *your* task are scarce, labels for some task like it are not.

# %%
letters = tlcourse.load_glyphs("letters", source_per_class, seed=seed, split="train")
pool = tlcourse.load_glyphs("digits", draws * max(labels_per_class), seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
fig, axes = plt.subplots(2, 1, figsize=(8, 2.8), layout="constrained")
for ax, (name, data) in zip(axes, {"source: letters": letters, "target: digits": unseen}.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=f"{name}, {len(data)} images", ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# ## 2. Three steps by hand
#
# The network has two parts. The *backbone* turns an image into a row of numbers, its *features*.
# The *head*, one `Dense` layer, turns features into classes. The head belongs to its task; the
# backbone may be good for more than one. (`BatchNormalization` keeps numbers in a healthy range;
# lesson 04 has more about it.)


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


# %%
def train(model, data, epochs, learning_rate=2e-3, validation=None):
    """Train whatever is not frozen; return what `fit` recorded, with the seconds of each epoch."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    seconds = []
    clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter()))
    started = time.perf_counter()
    check_on = None if validation is None else (validation.images, validation.labels)
    fitted = model.fit(data.images, data.labels, epochs=epochs, batch_size=32, validation_data=check_on, verbose=0, callbacks=[clock])
    return {**fitted.history, "seconds": np.diff([started, *seconds])}


# %% [markdown]
# **Step 1, pre-train.** Everything learns, on the source.

# %%
backbone = build_backbone()
pretraining = train(with_head(backbone, letters.num_classes), letters, source_epochs)
pretrained = [w.copy() for w in backbone.get_weights()]  # a copy, to compare with later
print(f"letters: {pretraining['accuracy'][-1]:.2f} right on the training images, {pretraining['seconds'].sum():.0f} s")

# %% [markdown]
# **Step 2, transfer.** The old head knows letters and is thrown away. A new one is put on the
# *frozen* backbone (`trainable = False`: training cannot change it) and learns from 20 images of
# each digit.

# %%
digits = pool.subset(np.arange(20 * 10))  # the classes take turns, so these are 20 of each
backbone.trainable = False
model = with_head(backbone, 10)
transfer = train(model, digits, epochs=12, validation=unseen)
unchanged = [np.array_equal(a, b) for a, b in zip(pretrained, backbone.get_weights(), strict=True)]
print(f"digits: {transfer['val_accuracy'][-1]:.2f}; {sum(unchanged)} of {len(unchanged)} arrays of the backbone are bit for bit the same")
assert all(unchanged)

# %% [markdown]
# **Step 3, fine-tune.** Unfreeze, and train on with a much *smaller* learning rate: the backbone is
# to be adjusted, not rewritten. The normalisation layers stay as they are. `train` compiles again,
# which is what makes Keras notice the change.


# %%
def unfreeze(backbone):
    """Let everything learn but the normalisation layers."""
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


unfreeze(backbone)
fine_tuning = train(model, digits, epochs=12, learning_rate=5e-4, validation=unseen)
unchanged = [np.array_equal(a, b) for a, b in zip(pretrained, backbone.get_weights(), strict=True)]
print(f"digits: {fine_tuning['val_accuracy'][-1]:.2f}; {unchanged.count(False)} of {len(unchanged)} arrays of the backbone have changed")
assert unchanged.count(False) == 4  # one kernel in each of four convolutions

# %% [markdown]
# A network that was worth training is worth keeping. Saved and loaded, it gives the same answers to
# the last bit.

# %%
path = Path(tempfile.mkdtemp()) / "digits.keras"
model.save(path)
again = keras.saving.load_model(path)
assert np.array_equal(model.predict(unseen.images, verbose=0), again.predict(unseen.images, verbose=0))
print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# ## 3. And without transfer?
#
# The same network, the same 200 images, the same number of passes, from random values.

# %%
scratch = train(with_head(build_backbone(), 10), digits, epochs=24, validation=unseen)
runs = {"pre-train, on letters": pretraining, "transfer": transfer, "fine-tune": fine_tuning, "from scratch": scratch}
after = pretraining["seconds"].sum()  # when the other two steps begin
began = {"transfer": after, "fine-tune": after + transfer["seconds"].sum()}
curves = {name: (began.get(name, 0) + np.cumsum(run["seconds"]), run["loss"]) for name, run in runs.items()}
ax = plots.lines(curves, x_label="seconds on this machine", y_label="loss on the training images", log_y=True,
                 title="The three steps on one clock, and training from scratch")
ax.legend(frameon=False, loc="center", bbox_to_anchor=(0.6, 0.3))  # between the curves
print(plots.alt_text(ax))
assert scratch["loss"][-1] < 0.1

# %% [markdown]
# From scratch the loss falls just as well: 200 images are soon known by heart. What matters is
# *unseen* images.

# %%
target = scratch["val_accuracy"][-1]
with_transfer = [*transfer["val_accuracy"], *fine_tuning["val_accuracy"]]
accuracies = {"from scratch": scratch["val_accuracy"], "transfer, then fine-tune": with_transfer}
ax = plots.lines({name: (range(1, 25), values) for name, values in accuracies.items()}, x_label="epoch", y_label="accuracy on unseen digits",
                 title="With transfer, few epochs do what many do from scratch")
print(plots.alt_text(ax))
faster = evaluate.epochs_to_target(with_transfer, target)
print(f"from scratch: {target:.2f} after 24 epochs; with transfer that is reached in epoch {faster}")
seconds = evaluate.seconds_to_target(with_transfer, [*transfer["seconds"], *fine_tuning["seconds"]], target)
print(f"seconds on this machine: from scratch {scratch['seconds'].sum():.1f}, with transfer {seconds:.1f} (and pre-training once, {after:.0f})")
assert faster < evaluate.epochs_to_target(scratch["val_accuracy"], target)

# %% [markdown]
# **What to notice.** The steps on *your* data are short. Pre-training is the long one, and it need
# not be you who pays for it: the backbones of lesson 02 were trained by others, some of them for
# weeks.
#
# ## 4. What is it worth, in labels?
#
# One comparison at one size says little. Repeat it with 5, 20 and 100 images a class, with other
# images and other initial values each time: three curves.


# %%
def accuracy(model):
    """Return the share of unseen digits that the model names rightly."""
    return np.mean(np.argmax(model(unseen.images, training=False), axis=-1) == unseen.labels)


def three_ways(data):
    """Return the accuracy on unseen digits: from scratch, with a frozen backbone, and fine-tuned after that."""
    passes = int(np.clip(480 // (len(data) // 10), 8, 24))
    fresh, kept = build_backbone(), build_backbone()
    model = with_head(fresh, 10)
    train(model, data, passes)
    from_scratch = accuracy(model)

    kept.set_weights(pretrained)
    kept.trainable = False
    model = with_head(kept, 10)
    train(model, data, passes // 2)
    frozen = accuracy(model)

    unfreeze(kept)
    train(model, data, passes // 2, learning_rate=5e-4)
    return from_scratch, frozen, accuracy(model)


# %%
scores = np.zeros((draws, len(labels_per_class), 3))
for draw, place in tqdm([*np.ndindex(draws, len(labels_per_class))], desc="three ways"):
    start = draw * 10 * max(labels_per_class)  # images that no other draw uses
    scores[draw, place] = three_ways(pool.subset(np.arange(start, start + 10 * labels_per_class[place])))

# %%
ways = {name: scores[:, :, i] for i, name in enumerate(("from scratch", "frozen", "fine-tuned"))}
ax = plots.accuracy_over_labels(labels_per_class, ways, chance=0.1, title="Few labels: transfer is worth a lot. Many: the curves meet")
print(plots.alt_text(ax))
gain = (scores[:, :, 2] - scores[:, :, 0]).mean(axis=0)
print({n: f"{g:+.2f}" for n, g in zip(labels_per_class, gain, strict=True)})
assert gain[0] > 0.3
assert gain[-1] < gain[0] / 2

# %% [markdown]
# Read the curve sideways: how many labels would one need *from scratch* to be as good as with
# transfer? That number is the **label equivalent**, and labels have a price. (`inf`: more than the
# most that we measured.)

# %%
mean = scores.mean(axis=0)
needed = evaluate.label_equivalent(labels_per_class, mean[:, 2], mean[:, 0])
for have, need in zip(labels_per_class, needed, strict=True):
    print(f"{have} labels a class with transfer do what {need:.0f} do from scratch")
assert needed[0] > 4 * labels_per_class[0]

# %% [markdown]
# ## 5. A placebo
#
# Was it really what the source *taught*? Something else may have helped: good first values, the
# extra training time. Doctors give a placebo, a pill with nothing in it. Ours: the same letters
# with their labels **shuffled**. Same images, same time, nothing to learn.

# %%
shuffled = tlcourse.load_glyphs("shuffled_letters", source_per_class, seed=seed, split="train")
assert np.array_equal(shuffled.images, letters.images)
placebo = build_backbone()
train(with_head(placebo, 30), shuffled, source_epochs)
placebo.trainable = False
model = with_head(placebo, 10)
train(model, digits, epochs=12)
placebo_accuracy = accuracy(model)

# %%
print(f"frozen backbone, 20 labels a class: letters {transfer['val_accuracy'][-1]:.2f}, shuffled letters {placebo_accuracy:.2f}, ", end="")
print(f"no source at all {target:.2f}")
assert transfer["val_accuracy"][-1] > placebo_accuracy + 0.25

# %% [markdown]
# The gain is gone: it was knowledge about characters, not luck. A source can also be *worse* than
# none; lesson 08 is about that.
#
# ## 6. With real weights, and without need
#
# Now the usual way: somebody else pre-trained the backbone on many photographs. The target is
# flowers; in the `full` profile also cats and dogs. A straight line through its features, against a
# network of our own from scratch, both with 20 images a class.

# %%
targets = {"flowers": tlcourse.load_flowers(per_class=flowers_per_class, seed=seed)}
if tlcourse.profile() == "full":
    targets["cats and dogs"] = tlcourse.load_cats_and_dogs(per_class=flowers_per_class, seed=seed)
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
    print(f"{data.num_classes} kinds of {name}: {backbone.name} {transferred:.2f}, own network {own:.2f}, guessing {1 / data.num_classes:.2f}")
    assert transferred > own + 0.1

# %% [markdown]
# One caution about cats and dogs, the best known example of all: more than a hundred breeds of dogs
# and five kinds of cats are among the classes on which ImageNet's networks were trained. What such
# a network shows there is partly memory. Ask of every example what the source has seen.

# %% [markdown]
# And a task that does not need any of it: tidy little digits without clutter, 8 by 8 pixels, from
# scikit-learn. A straight line through the raw pixels is enough. **Always try the simple thing
# first.**

# %%
from sklearn.datasets import load_digits

tidy = load_digits()
order = np.random.default_rng(seed).permutation(len(tidy.target))
a, b = order[:500], order[500:]
simple = evaluate.linear_probe(tidy.data[a] / 16, tidy.target[a], tidy.data[b] / 16, tidy.target[b])
print(f"tidy digits, 50 labels a class, no network at all: {simple:.3f}")
assert simple > 0.9

# %% [markdown]
# ## What to remember
#
# - Pre-train on a source, transfer to a new head on a frozen backbone, then fine-tune with a small
#   learning rate.
# - Transfer is worth most when labels are few. With many labels the curves meet.
# - Say what it is worth in labels and in seconds, not only in points of accuracy.
# - A gain without a placebo, or without repeats, is an anecdote.
# - What is often said, "transfer learning improves accuracy", is true for few labels and a related
#   source. It is not a law.
#
# ## Quiz
#
# **1. After step 2, which numbers of the network have changed?**
#
# <details><summary>Only those of the new head</summary>Yes. We compared every array of the
# backbone: bit for bit the same.</details>
# <details><summary>All of them, a little</summary>No. A frozen layer does not move at all; that can
# be checked, and was.</details>
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
# <details><summary>So that only the link between image and label is missing</summary>Yes. What
# differs between the two runs is then exactly what is tested.</details>
# <details><summary>To save the drawing of new ones</summary>No. Other images would leave two
# explanations for every difference.</details>
# <details><summary>So that it learns the letters after all</summary>No. With shuffled labels there
# is no rule that would carry over to new images.</details>
#
# ## Read on
#
# - Pan, Yang (2010): A survey on transfer learning. IEEE Transactions on Knowledge and Data
#   Engineering 22(10)
# - Kornblith, Shlens, Le (2019): Do better ImageNet models transfer better? arXiv 1805.08974
# - Hernandez, Kaplan, Henighan, McCandlish (2021): Scaling laws for transfer. arXiv 2102.01293
#   (label equivalents at large scale)
