# %% [markdown]
# # 06 · Overfitting on small data
#
# A student who learns last year's exam by heart gets full marks, on last year's exam. Networks do
# the same, and with few images they do it every time. This lesson measures how much, compares
# four cures on the same data, and shows two ways in which a test set can be spoiled so that
# learning by heart *looks* like understanding.
#
# **After this lesson you can**
# - tell learning by heart from learning, with one number and one experiment;
# - say what a frozen backbone, augmentation, a leash on the weights, early stopping and an average
#   of models are worth, with spread;
# - recognise the BatchNorm momentum trap, which looks like overfitting and is none;
# - split data so that no image and no patient stands on both sides.
#
# **Time:** 40 minutes. **It presumes** lessons 01 and 04.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from tqdm.auto import tqdm

from tlcourse import evaluate, finetune, plots

# %%
# Settings
digits_per_class = 5  # images of each digit to learn from
draws = {"embedded": 2, "full": 5}[tlcourse.profile()]  # repeats with other images
epochs = 30
patients, scans_per_patient = 48, 8

# %% [markdown]
# ## 1. By heart
#
# Fifty images, five of each digit, and a network with 65,000 weights. First with their labels,
# then with labels **drawn by lot**, in which there is nothing to understand.


# %%
def build_cnn(num_classes, momentum=0.9):
    """The small network of lesson 03: four blocks, 32 -> 2 pixels a side."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for channels in (16, 32, 64, 64):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=momentum)(x)
        x = layers.MaxPooling2D()(layers.ReLU()(x))
    return keras.Model(images, layers.Dense(num_classes, name="head")(layers.Flatten()(x)))


def train(model, images, labels, epochs=epochs, optimizer=None, **options):
    """Compile and fit; return what `fit` recorded."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    return model.fit(images, labels, epochs=epochs, batch_size=options.pop("batch_size", 25), verbose=0, **options).history


def accuracy(model, images, labels):
    return np.mean(np.argmax(model(images, training=False), axis=-1) == labels)


# %%
pool = tlcourse.load_glyphs("digits", draws * (digits_per_class + 10), seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
few = pool.subset(np.arange(10 * digits_per_class))  # the classes take turns
lots = np.random.default_rng(seed).permutation(few.labels)
for name, labels in {"their own labels": few.labels, "labels by lot": lots}.items():
    model = build_cnn(10)
    train(model, few.images, labels)
    by_heart, understood = accuracy(model, few.images, labels), accuracy(model, unseen.images, unseen.labels)
    print(f"{name:<17} training images {by_heart:.2f}, unseen {understood:.2f}, gap {by_heart - understood:.2f}")
    assert by_heart > 0.9

# %% [markdown]
# Full marks for nonsense. So a high *training* accuracy says nothing (Zhang and others 2017 did
# this with ImageNet). The number to watch is the **gap**: accuracy on the training images minus
# accuracy on unseen ones.
#
# ## 2. Four cures
#
# All start from the same network, trained on letters as in lesson 01, and get the same 50 images.
# What is compared:
#
# - *plain*: fine-tune everything (BatchNorm frozen, as lesson 04 demands);
# - *frozen*: only a new head learns;
# - *augmented*: each epoch sees shifted images with other contrast and colours. Not mirrored: a
#   mirrored 2 is no 2;
# - *weight decay* pulls all weights towards zero, *L2-SP* towards where they started.

# %%
letters = tlcourse.load_glyphs("letters", 80, seed=seed, split="train")
source = build_cnn(30)
train(source, letters.images, letters.labels, epochs=7, optimizer=keras.optimizers.Adam(2e-3), batch_size=64)
start = source.get_weights()[:-2]  # all but the old head
print(f"source: {accuracy(source, letters.images[:600], letters.labels[:600]):.2f} right on letters that it was trained on")


# %%
def pretrained(frozen=False, head_seed=0):
    """Return the network for digits: blocks from the source, BatchNorm frozen, a random head."""
    model = build_cnn(10)
    keras.utils.set_random_seed(seed + head_seed)
    head = keras.initializers.GlorotUniform(seed + head_seed)((256, 10))
    model.set_weights([*start, np.array(head), np.zeros(10)])
    for layer in model.layers[:-1]:
        layer.trainable = not frozen and not isinstance(layer, layers.BatchNormalization)
    return model


def shaken(images, rng):
    """Shift each image by up to 3 pixels, change its contrast and brightness, and permute its colours."""
    out = np.empty(images.shape, "float32")
    for i, image in enumerate(np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="edge")):
        top, left = rng.integers(0, 7, 2)
        cut = image[top : top + 32, left : left + 32, rng.permutation(3)].astype("float32")
        cut = (cut - 128) * rng.uniform(0.75, 1.25) + 128 + rng.uniform(-40, 40)
        out[i] = 255 - cut if rng.random() < 0.5 else cut
    return np.clip(out, 0, 255)


# %%
def plain(data, held):
    model = pretrained()
    curves.append(train(model, data.images, data.labels, validation_data=(held.images, held.labels)))
    return model


def frozen(data, held):
    model = pretrained(frozen=True)
    train(model, data.images, data.labels, optimizer=keras.optimizers.Adam(3e-3))
    return model


# %%
def augmented(data, held):
    model, rng = pretrained(), np.random.default_rng(seed)
    many = np.concatenate([shaken(data.images, rng) for _ in range(epochs)])  # one shaken copy for each epoch
    train(model, many, np.tile(data.labels, epochs), epochs=1, shuffle=False)
    return model


def weight_decay(data, held):
    model = pretrained()
    train(model, data.images, data.labels, optimizer=keras.optimizers.AdamW(1e-3, weight_decay=0.1))
    return model


def leashed(data, held):
    model = pretrained()
    trunk = keras.Model(model.input, model.layers[-2].output)
    train(finetune.l2_sp(model, backbone=trunk, alpha=1.0, beta=0.0), data.images, data.labels)
    return model


# %%
cures = {"plain": plain, "frozen": frozen, "augmented": augmented, "weight decay": weight_decay, "L2-SP": leashed}
results, curves = np.zeros((draws, len(cures), 2)), []
for draw, (place, cure) in tqdm([(d, c) for d in range(draws) for c in enumerate(cures.values())], desc="cures"):
    first = draw * 10 * (digits_per_class + 10)
    data = pool.subset(np.arange(first, first + 10 * digits_per_class))
    held = pool.subset(np.arange(first + 10 * digits_per_class, first + 10 * (digits_per_class + 10)))
    model = cure(data, held)
    results[draw, place] = accuracy(model, data.images, data.labels), accuracy(model, unseen.images, unseen.labels)

# %%
gaps = (results[:, :, 0] - results[:, :, 1]).mean(axis=0)
fig, ax = plt.subplots(figsize=(7.5, 3), layout="constrained")
for y in range(len(cures)):
    seen, new = results[:, y].mean(axis=0)
    ax.plot([new, seen], [y, y], color="0.6", zorder=1)
    ax.scatter(results[:, y, 0], [y] * draws, marker="s", color=plots.colour_of(1), label="training images" if y == 0 else None)
    ax.scatter(results[:, y, 1], [y] * draws, color=plots.colour_of(0), label="unseen images" if y == 0 else None)
ax.set(yticks=range(len(cures)), yticklabels=cures, ylim=(-0.5, len(cures) + 0.2), xlabel="accuracy; one mark for each draw of the images")
ax.set_title("Fifty images: how much is learned by heart, and how much is learned")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
words = "; ".join(f"{name}: {a:.2f} and {b:.2f}" for name, (a, b) in zip(cures, results.mean(axis=0), strict=True))
plots.set_alt_text(ax, f"Accuracy on training and on unseen images, mean over draws. {words}.")
print(plots.alt_text(ax))

# %%
print({name: f"gap {gap:.2f}" for name, gap in zip(cures, gaps, strict=True)})
assert gaps[0] > 0.3
assert results[:, 1:3, 1].mean(axis=0).max() > results[:, 0, 1].mean() + 0.02
assert results[:, 3:, 1].mean(axis=0).max() < results[:, 1:3, 1].mean(axis=0).max()

# %% [markdown]
# **What to notice.** What helps is knowing less by heart *because there is less room or more to
# see*: fewer weights that learn, or more variants of each image. Weight decay and the leash,
# often named first, do not help here (a leash holds back a network whose head is new, too); which
# of the others is best changes with the draw. So measure on your own data, with repeats.
#
# ## 3. When to stop
#
# While a network learns by heart, its loss on unseen images often falls first and rises later.
# *Early stopping* keeps the weights of the best epoch. Two rules: choose the epoch on a
# **validation set** that is not the test set, and restore the **best** weights, not the last
# (`restore_best_weights=True`; it is not the default).

# %%
history = curves[0]
best = int(np.argmin(history["val_loss"]))
ax = plots.lines({name: (range(1, epochs + 1), history[key]) for name, key in {"training": "loss", "validation": "val_loss"}.items()},
                 x_label="epoch", y_label="loss", title="The training loss goes on falling")
print(plots.alt_text(ax))
print(f"best epoch {best + 1} of {epochs}: validation loss {history['val_loss'][best]:.2f}, last {history['val_loss'][-1]:.2f}; ", end="")
print(f"accuracy {history['val_accuracy'][best]:.2f} and {history['val_accuracy'][-1]:.2f}")
assert history["loss"][-1] < history["loss"][0] / 5

# %% [markdown]
# Look at both numbers: the loss says how *sure* the network is of its mistakes, the accuracy only
# how many there are. Learning by heart makes it surer long before it makes it worse.
#
# **Several heads are better than one.** The average of models that differ in their random head
# makes fewer mistakes than each alone.

# %%
members = []
for head_seed in range(3):
    model = pretrained(head_seed=head_seed)
    train(model, few.images, few.labels)
    members.append(np.array(keras.ops.softmax(model(unseen.images, training=False))))
alone = [np.mean(member.argmax(axis=1) == unseen.labels) for member in members]
together = np.mean(np.mean(members, axis=0).argmax(axis=1) == unseen.labels)
print(f"alone {', '.join(f'{value:.2f}' for value in alone)}; together {together:.2f}")
assert together > np.mean(alone) - 0.01

# %% [markdown]
# ## 4. A trap that looks like overfitting
#
# Training 1.00, validation near guessing: overfitting? Look at this one: clean digits, a hundred of
# each, six passes. With Keras' default `momentum=0.99`, BatchNorm's running averages need hundreds
# of steps to arrive. The network is fine; the averages are not.

# %%
clean = tlcourse.load_glyphs("clean_digits", 130, seed=seed + 5)
learn, held = clean.pick_per_class(100, seed=seed)
momenta = {}
for momentum in (0.9, 0.99):
    model = build_cnn(10, momentum)
    fitted = train(model, learn.images, learn.labels, epochs=6, optimizer=keras.optimizers.Adam(2e-3), batch_size=64)
    momenta[momentum] = accuracy(model, held.images, held.labels)
    print(f"momentum {momentum}: while training {fitted['accuracy'][-1]:.2f}, unseen images {momenta[momentum]:.2f}")

# %%
for start_at in range(0, len(learn), 100):  # show it the training images again, in training mode; nothing is learned
    for _ in range(12):
        model(learn.images[start_at : start_at + 100], training=True)
settled = accuracy(model, held.images, held.labels)
print(f"the same weights, averages settled: {settled:.2f}")
assert momenta[0.9] > momenta[0.99] + 0.2
assert settled > momenta[0.99] + 0.2

# %% [markdown]
# No weight changed between the two last numbers. Overfitting is cured by less learning or more
# data; this is cured by `momentum=0.9`, or by more steps. The sign to look for: the score during
# training (batch statistics) and the score of `evaluate` **on the same training images** differ.
#
# ## 5. The same patient on both sides
#
# Scans of 48 patients, eight of each. Half of them are sick; the sign is a faint haze. Features of
# the frozen backbone, a straight line on them. The question is only how to split.

# %%
scans = tlcourse.load_scans(patients, scans_per_patient, seed=seed)
table = tlcourse.load_backbone(pooling="avg").predict(scans.images, batch_size=64, verbose=0)
first = [np.flatnonzero(scans.groups == p)[:5] for p in range(4)]
fig, axes = plt.subplots(2, 2, figsize=(8, 3), layout="constrained")
for p, ax in enumerate(axes.flat):
    plots.image_grid(scans.images[first[p]], columns=5, title=f"patient {p}, {scans.class_names[p % 2]}", ax=ax)
print(plots.alt_text(fig))

# %%
by_scan, by_patient = [], []
for draw in range(5):
    rng = np.random.default_rng(seed + draw)
    order = rng.permutation(len(scans))
    a, b = order[: len(scans) * 3 // 4], order[len(scans) * 3 // 4 :]
    by_scan.append(evaluate.linear_probe(table[a], scans.labels[a], table[b], scans.labels[b]))
    train_patients = np.concatenate([rng.permutation(np.arange(kind, patients, 2))[: patients * 3 // 8] for kind in (0, 1)])
    inside = np.isin(scans.groups, train_patients)
    assert not set(scans.groups[inside]) & set(scans.groups[~inside])
    by_patient.append(evaluate.linear_probe(table[inside], scans.labels[inside], table[~inside], scans.labels[~inside]))

# %%
fig, ax = plt.subplots(figsize=(7, 2.2), layout="constrained")
for y, values in enumerate((by_patient, by_scan)):
    ax.scatter(values, [y] * 5, color=plots.colour_of(y), marker=plots.MARKERS[y], s=50)
ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
ax.set(yticks=(0, 1), yticklabels=("split by patient", "split by scan"), ylim=(-0.6, 1.6), xlim=(0.2, 1.02),
       xlabel="accuracy reported, five draws; dashed: guessing")
ax.set_title("One network, two splits, two different truths")
words = f"by patient {np.mean(by_patient):.2f}, by scan {np.mean(by_scan):.2f}"
plots.set_alt_text(ax, f"Accuracy over five draws, mean: {words}; guessing is 0.5.")
print(plots.alt_text(ax))
assert np.mean(by_scan) > np.mean(by_patient) + 0.08

# %% [markdown]
# Split by scan, the test asks "have you seen this *patient*?", and the answer is easy: bodies
# differ more than the disease shows. Only the split by patient asks about the disease. Published:
# chest X-ray studies that mixed patients, and a fault data set whose test images were all in the
# training set (93 % became 82 without them).
#
# What the full profile can and cannot show: its X-rays come without patients' numbers, so each
# stands for one patient whose further scans are made from it. The disease is plain to see there, so
# that the honest score is high too; the leak is smaller, and still there.
#
# ## What to remember
#
# - Training accuracy says nothing. The gap does, and labels by lot show how much room there is for
#   learning by heart.
# - With few images: freeze, augment, average. Then measure, with repeats.
# - Choose the epoch on a validation set, restore the best weights, and touch the test set once.
# - "1.00 in training, guessing in evaluation" within few steps: suspect BatchNorm's averages first.
# - Split by patient, plot, day, camera: by whatever your next image will be new in.
# - What is often said, "transfer learning prevents overfitting": it lowers the price, it does not
#   lift the rule.
#
# ## Quiz
#
# **1. Training accuracy is 1.00. What do you know?**
#
# <details><summary>The network has enough room to hold these images</summary>Yes, and no more: it
# managed labels by lot as well.</details>
# <details><summary>The network is overfitted</summary>Not yet. Only the gap to unseen images
# tells.</details>
# <details><summary>The learning rate was good</summary>It was good enough to learn by
# heart.</details>
#
# **2. A study reports 0.97 on 400 scans of 40 patients, split at random. What do you ask?**
#
# <details><summary>What is the score when patients are kept apart?</summary>Yes. Ten scans of each
# patient leave almost none without a twin on the other side.</details>
# <details><summary>How many epochs were trained?</summary>That does not touch the problem: test and
# training set share patients.</details>
# <details><summary>Was augmentation used?</summary>That does not touch the problem
# either.</details>
#
# **3. Why is mirroring no augmentation for digits, but fine for flowers?**
#
# <details><summary>A mirrored flower is a flower of the same kind</summary>Yes: an augmentation
# must keep the label true. A mirrored 2 is not a 2.</details>
# <details><summary>Digits are smaller</summary>No. Size has nothing to do with it.</details>
# <details><summary>Mirroring is only for large data sets</summary>No. It helps most with small
# ones, where it keeps the label.</details>
#
# ## Read on
#
# - Zhang, Bengio, Hardt, Recht, Vinyals (2017): Understanding deep learning requires rethinking
#   generalization. arXiv 1611.03530
# - Li, Grandvalet, Davoine (2018): Explicit inductive bias for transfer learning with convolutional
#   networks. arXiv 1802.01483
# - Kapoor, Narayanan (2023): Leakage and the reproducibility crisis in machine-learning-based
#   science. Patterns 4(9)
# - Yang and others (2023): MedMNIST v2, a large-scale lightweight benchmark for 2D and 3D
#   biomedical image classification. arXiv 2110.14795
