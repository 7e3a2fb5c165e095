# %% [markdown]
# # 06 · Overfitting on small data
#
# A student who memorizes last year's exam gets full marks, on last year's exam. To **memorize** is
# to store the training examples themselves instead of a rule that holds for new examples too. A
# network shows **overfitting** when it does much better on its training examples than on new ones.
# This lesson measures overfitting, compares four cures on the same data, and shows two traps: one
# that looks like overfitting and is none, and one that hides it.
#
# **After this lesson you can**
# - distinguish memorizing from learning, with one number and one experiment;
# - say what a frozen backbone, data augmentation, regularization, early stopping and an average of
#   models are worth, with spread;
# - recognise the BatchNorm momentum trap, which looks like overfitting and is none;
# - split data in such a way that no image and no patient is on both sides.
#
# **Time:** 40 minutes. **It presumes** lessons 01 and 04.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from tqdm.auto import tqdm

from tlcourse import evaluate, finetune, plots

# %%
# Settings
digits_per_class = 5  # images of each digit to learn from
draws = {"embedded": 2, "full": 5}[tlcourse.profile()]  # repeats with other images
epochs = 30
patients, scans_per_patient = 48, 8

# %% [markdown]
# ## 1. Memorizing
#
# Fifty images, five of each digit, and the small network of lesson 01. First with their labels,
# then with **random labels**, in which there is nothing to learn.


# %%
def train(model, images, labels, epochs=epochs, optimizer=None, batch_size=25, **options):
    """Compile and fit; return what `fit` recorded."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    fitted = model.fit(images, labels, epochs=epochs, batch_size=batch_size, verbose=0, **options)
    return fitted.history


def accuracy(model, images, labels):
    return np.mean(np.argmax(model(images, training=False), axis=-1) == labels)


# %%
per_digit = draws * (digits_per_class + 10)
pool = tlcourse.load_glyphs("digits", per_digit, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
few = pool.subset(np.arange(10 * digits_per_class))  # the classes take turns
shuffled = np.random.default_rng(seed).permutation(few.labels)

# %%
for name, labels in {"their own labels": few.labels, "random labels": shuffled}.items():
    model = tlcourse.small_cnn(10)
    train(model, few.images, labels)
    memorized = accuracy(model, few.images, labels)
    new = accuracy(model, unseen.images, unseen.labels)
    print(f"{name:<17} training images {memorized:.2f}, unseen {new:.2f}", end="")
    print(f", gap {memorized - new:.2f}")
    assert memorized > 0.9
print(f"weights of the network: {model.count_params():,}")

# %% [markdown]
# Full marks for nonsense. So a high *training* accuracy says nothing (Zhang and others 2017 did
# this with ImageNet). The number to watch is the **gap**: accuracy on the training images minus
# accuracy on unseen ones.
#
# ## 2. Four cures
#
# With **data augmentation** the network sees a changed copy of each image in every epoch, where the
# changes keep the label true. Anything that holds the weights back during training to make the
# network memorize less is called **regularization**; a penalty on large weights is the best known.
#
# All cures start from the same network, trained on letters as in lesson 01, and get the same 50
# images. What is compared:
#
# - *plain*: fine-tune everything (BatchNorm frozen, as lesson 04 demands);
# - *frozen*: only a new head learns;
# - *augmented*: each epoch sees shifted images with other contrast and colours. They are not
#   mirrored, because a mirrored 2 is no 2;
# - *weight decay* pulls all weights towards zero;
# - *L2-SP* pulls all weights towards their values before fine-tuning.

# %%
letters = tlcourse.load_glyphs("letters", 80, seed=seed, split="train")
source = tlcourse.small_cnn(30)
adam = keras.optimizers.Adam(2e-3)
train(source, letters.images, letters.labels, epochs=7, optimizer=adam, batch_size=64)
start = source.get_weights()[:-2]  # all but the old head
right = accuracy(source, letters.images[:600], letters.labels[:600])
print(f"source: {right:.2f} right on letters that it was trained on")


# %%
def pretrained(frozen=False, head_seed=0):
    """Return the network for digits: blocks from the source, BatchNorm frozen, a random head."""
    model = tlcourse.small_cnn(10)
    keras.utils.set_random_seed(seed + head_seed)
    head = keras.initializers.GlorotUniform(seed + head_seed)((256, 10))
    model.set_weights([*start, np.array(head), np.zeros(10)])
    for layer in model.layers[:-1]:
        batch_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = not frozen and not batch_norm
    return model


def shaken(images, rng):
    """Shift each image by up to 3 pixels, change contrast and brightness, permute the colours."""
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
    validation = (held.images, held.labels)
    curves.append(train(model, data.images, data.labels, validation_data=validation))
    return model


def frozen(data, held):
    model = pretrained(frozen=True)
    train(model, data.images, data.labels, optimizer=keras.optimizers.Adam(3e-3))
    return model


# %%
def augmented(data, held):
    model, rng = pretrained(), np.random.default_rng(seed)
    many = np.concatenate([shaken(data.images, rng) for _ in range(epochs)])  # a copy an epoch
    train(model, many, np.tile(data.labels, epochs), epochs=1, shuffle=False)
    return model


def weight_decay(data, held):
    model = pretrained()
    adam_w = keras.optimizers.AdamW(1e-3, weight_decay=0.1)
    train(model, data.images, data.labels, optimizer=adam_w)
    return model


def l2_sp(data, held):
    model = pretrained()
    trunk = keras.Model(model.input, model.get_layer("features").output)
    train(finetune.l2_sp(model, backbone=trunk, alpha=1.0, beta=0.0), data.images, data.labels)
    return model


# %%
cures = {
    "plain": plain,
    "frozen": frozen,
    "augmented": augmented,
    "weight decay": weight_decay,
    "L2-SP": l2_sp,
}
results, curves = np.zeros((draws, len(cures), 2)), []

# %%
for draw in tqdm(range(draws), desc="draws of the images"):
    places = draw * 10 * (digits_per_class + 10) + np.arange(10 * (digits_per_class + 10))
    data = pool.subset(places[: 10 * digits_per_class])
    held = pool.subset(places[10 * digits_per_class :])
    for place, cure in enumerate(cures.values()):
        model = cure(data, held)
        results[draw, place, 0] = accuracy(model, data.images, data.labels)
        results[draw, place, 1] = accuracy(model, unseen.images, unseen.labels)

# %%
fig, ax = plt.subplots(figsize=(7.5, 3), layout="constrained")
for y in range(len(cures)):
    ax.plot(results[:, y].mean(axis=0), [y, y], color="0.6", zorder=1)
for i, (name, mark) in enumerate({"unseen images": "o", "training images": "s"}.items()):
    x, y = results[:, :, 1 - i].ravel(), np.tile(np.arange(len(cures)), draws)
    ax.scatter(x, y, marker=mark, color=plots.colour_of(i), label=name)
ax.set(yticks=range(len(cures)), yticklabels=cures, ylim=(-0.5, len(cures) + 0.2))
ax.set_xlabel("accuracy; one mark for each draw of the images")
ax.set_title("Fifty images: how much is memorized, and how much is learned")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
means = zip(cures, results.mean(axis=0), strict=True)
words = "; ".join(f"{name}: {seen:.2f} and {new:.2f}" for name, (seen, new) in means)
plots.set_alt_text(ax, f"Accuracy on training and on unseen images, mean over draws. {words}.")
print(plots.alt_text(ax))

# %%
gaps = (results[:, :, 0] - results[:, :, 1]).mean(axis=0)
print({name: f"gap {gap:.2f}" for name, gap in zip(cures, gaps, strict=True)})
assert gaps[0] > 0.3
assert results[:, 1:3, 1].mean(axis=0).max() > results[:, 0, 1].mean() + 0.02
assert results[:, 3:, 1].mean(axis=0).max() < results[:, 1:3, 1].mean(axis=0).max()
assert results[:, 3:, 1].mean(axis=0).max() < results[:, 0, 1].mean() + 0.04  # they do not help
assert 0.1 < gaps[1:3].min() < gaps[0] - 0.05  # smaller, and not closed

# %% [markdown]
# **What to notice.** A network memorizes less when there is *less room or more to see*: fewer
# weights that learn, or more variants of each image. That helps here. Weight decay and L2-SP, often
# named first, do not (L2-SP also holds back a network whose head is new). Which of the others is
# best changes with the draw. So measure on your own data, with repeats.
#
# ## 3. When to stop
#
# While a network memorizes, its loss on unseen images often falls first and rises later. *Early
# stopping* keeps the weights of the best epoch. Two rules: choose the epoch on a **validation set**
# that is not the test set, and restore the **best** weights, not the last
# (`restore_best_weights=True`; it is not the default).

# %%
history = curves[0]
steps, best = range(1, epochs + 1), int(np.argmin(history["val_loss"]))
ax = plots.lines(
    {"training": (steps, history["loss"]), "validation": (steps, history["val_loss"])},
    x_label="epoch",
    y_label="loss",
    title="The training loss goes on falling",
)
print(plots.alt_text(ax))

# %%
for name, epoch in (("lowest validation loss", best), ("last epoch", epochs - 1)):
    loss, right = history["val_loss"][epoch], history["val_accuracy"][epoch]
    print(
        f"{name}, epoch {epoch + 1} of {epochs}: validation loss {loss:.2f}, accuracy {right:.2f}"
    )
assert history["loss"][-1] < history["loss"][0] / 5

# %% [markdown]
# Look at both numbers: the loss also says how *sure* the network is of its mistakes, the accuracy
# only how many there are. Memorizing can make a network surer long before it makes it worse.
#
# **Several models are better than one.** Average the probabilities of models that differ in their
# random head: the average makes fewer mistakes than one of the models makes in the mean.

# %%
members = []
for head_seed in range(3):
    model = pretrained(head_seed=head_seed)
    train(model, few.images, few.labels)
    members.append(np.array(keras.ops.softmax(model(unseen.images, training=False))))
single = [np.mean(member.argmax(axis=1) == unseen.labels) for member in members]
together = np.mean(np.mean(members, axis=0).argmax(axis=1) == unseen.labels)
print(f"single {', '.join(f'{value:.2f}' for value in single)}; average {together:.2f}")
assert together > np.mean(single)

# %% [markdown]
# ## 4. A trap that looks like overfitting
#
# Training 1.00, validation near guessing: overfitting? Look at this one: clean digits, a hundred of
# each, six epochs. BatchNorm keeps running averages for use after training. After `n` steps,
# `momentum ** n` of their starting value is still in them.

# %%
clean = tlcourse.load_glyphs("clean_digits", 130, seed=seed + 5)
learn, held = clean.pick_per_class(100, seed=seed)
momenta = {}
for momentum in (0.9, 0.99):
    model, adam = tlcourse.small_cnn(10, momentum=momentum), keras.optimizers.Adam(2e-3)
    fitted = train(model, learn.images, learn.labels, epochs=6, optimizer=adam, batch_size=64)
    momenta[momentum] = accuracy(model, held.images, held.labels)
    needed = np.log(0.01) / np.log(momentum)
    while_training, again = fitted["accuracy"][-1], accuracy(model, learn.images, learn.labels)
    print(f"momentum {momentum}: while training {while_training:.2f}, ", end="")
    print(f"evaluated on the same images {again:.2f}, ", end="")
    print(f"unseen images {momenta[momentum]:.2f}; ", end="")
    print(f"{needed:.0f} steps to 1 % of the start, {int(adam.iterations)} taken")

# %% [markdown]
# With Keras' default `momentum=0.99`, the averages are far from settled after so few steps. Is that
# the whole fault? Show the network its training images again in training mode, five hundred steps
# of it: the averages move on, and no weight learns.

# %%
for _ in tqdm(range(50), desc="settling"):
    for first in range(0, len(learn), 100):
        model(learn.images[first : first + 100], training=True)
settled = accuracy(model, held.images, held.labels)
print(f"the same weights, averages settled: {settled:.2f}")
assert momenta[0.9] > momenta[0.99] + 0.2
assert again < while_training - 0.3  # the sign of this trap; `again` is that of momentum 0.99
assert settled > momenta[0.99] + 0.2
assert settled > momenta[0.9] - 0.1

# %% [markdown]
# Only the averages have changed, and the same weights now do about as well as those trained with
# momentum 0.9. Overfitting is cured by less learning or more data; this trap is cured by
# `momentum=0.9`, or by more steps. The sign to look for: the score during training (batch
# statistics) and the score of `evaluate` **on the same training images** differ.
#
# ## 5. The same patient on both sides
#
# Scans of 48 patients, eight of each. Half of the patients are sick; the sign is a faint haze. The
# model is a linear classifier on features of the frozen backbone. The question is only how to
# split.

# %%
scans = tlcourse.load_scans(patients, scans_per_patient, seed=seed)
table = tlcourse.load_backbone(pooling="avg").predict(scans.images, batch_size=64, verbose=0)
first = [np.flatnonzero(scans.groups == p)[:5] for p in range(4)]
fig, axes = plt.subplots(2, 2, figsize=(8, 3), layout="constrained")
for p, ax in enumerate(axes.flat):
    title = f"patient {p}, {scans.class_names[p % 2]}"
    plots.image_grid(scans.images[first[p]], columns=5, title=title, ax=ax)
print(plots.alt_text(fig))


# %%
def probe(a, b):
    """Train on the scans `a`, return the accuracy on the scans `b`."""
    return evaluate.linear_probe(table[a], scans.labels[a], table[b], scans.labels[b])


by_scan, by_patient = [], []
for draw in range(5):
    rng = np.random.default_rng(seed + draw)
    order = rng.permutation(len(scans))
    by_scan.append(probe(order[: len(scans) * 3 // 4], order[len(scans) * 3 // 4 :]))
    kinds = [rng.permutation(np.arange(kind, patients, 2)) for kind in (0, 1)]  # healthy, sick
    train_patients = np.concatenate([kind[: patients * 3 // 8] for kind in kinds])
    inside = np.isin(scans.groups, train_patients)
    assert not set(scans.groups[inside]) & set(scans.groups[~inside])
    by_patient.append(probe(inside, ~inside))

# %%
fig, ax = plt.subplots(figsize=(7, 2.2), layout="constrained")
for y, values in enumerate((by_patient, by_scan)):
    ax.scatter(values, [y] * 5, color=plots.colour_of(y), marker=plots.MARKERS[y], s=50)
ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
ax.set(yticks=(0, 1), yticklabels=("split by patient", "split by scan"))
ax.set(ylim=(-0.6, 1.6), xlim=(0.2, 1.02))
ax.set_xlabel("accuracy reported, five draws; dashed: guessing")
ax.set_title("The same features: the split by scan reports a higher accuracy")
words = f"by patient {np.mean(by_patient):.2f}, by scan {np.mean(by_scan):.2f}"
plots.set_alt_text(ax, f"Accuracy over five draws, mean: {words}; guessing is 0.5.")
print(plots.alt_text(ax))
assert np.mean(by_scan) > np.mean(by_patient) + 0.08

# %% [markdown]
# After a split by scan, the test asks "have you seen this *patient*?". That is easy, because
# patients differ more than the disease shows. Only the split by patient asks about the disease.
# Such leaks are reported for public data sets: patients on both sides in chest scans (issue 11 of
# COVID-CT's repository), and all test images of RIAWELC, a data set of welds, also in its training
# set. Without them, 93 % became 82 (issue 2 of its repository).
#
# What the full profile can and cannot show: its X-rays come without patients' numbers. So each
# X-ray stands for one patient, and the further scans of the patient are made from it. The disease
# is easy to see there, and the honest score is high too; the leak is smaller, and still there.
#
# ## What to remember
#
# - Training accuracy says nothing. The gap does, and random labels show how much the network can
#   memorize.
# - With few images: freeze, augment, average. Then measure, with repeats.
# - Choose the epoch on a validation set, restore the best weights, and touch the test set once.
# - "1.00 in training, guessing in evaluation" after few steps: suspect BatchNorm's averages first.
# - Split by patient, plot, day or camera: by whatever will be new in your next image.
# - What is often said, "transfer learning prevents overfitting", is too much: here it made the gap
#   smaller and did not close it.
#
# ## Quiz
#
# **1. Training accuracy is 1.00. What do you know?**
#
# <details><summary>The network has enough room to hold these images</summary>Yes, and no more: it
# managed random labels as well.</details>
# <details><summary>The network is overfitted</summary>Not yet. Only the gap to unseen images shows
# that.</details>
# <details><summary>The learning rate was good</summary>It was good enough to memorize.</details>
#
# **2. A study reports 0.97 on 400 scans of 40 patients, split at random. What do you ask?**
#
# <details><summary>What is the score when patients are kept apart?</summary>Yes. With ten scans of
# each patient, almost every test scan has one of the same patient in the training set.</details>
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
