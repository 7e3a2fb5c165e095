# %% [markdown]
# # 05 · Traps, and a doctor for them
#
# The worst mistakes in transfer learning give no error and no warning. The program runs, a number
# comes out, and the number is wrong. They are in famous tutorials and books, and they will be in
# your code. You will build six of them, measure the damage, repair them, look at six small ones,
# and meet a tool that looks for them.
#
# **After this lesson you can**
# - name a dozen silent mistakes, and say for each whether it makes the model worse or only the
#   *score* better;
# - find each of them in a program, with one check of your own;
# - let `tlcourse.audit` examine a model and its data, and read what it says.
#
# **Time:** 40 minutes. **It presumes** lessons 02 and 04: frozen backbones, compile after
# unfreezing.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers

from tlcourse import evaluate, finetune, plots

# %%
# Settings
per_class = {"embedded": 40, "full": 80}[tlcourse.profile()]  # images of each kind of flower
train_per_class = 20  # of them, to learn from

# %% [markdown]
# ## 1. A correct program
#
# A frozen backbone, a linear classifier on its features, and a test set that nothing was trained
# on. This is the number to compare with.

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
learn, test = flowers.pick_per_class(train_per_class, seed=seed)
backbone = tlcourse.load_backbone(pooling="avg")
backbone.trainable = False


def features_of(images):
    return backbone.predict(images, batch_size=32, verbose=0)


seen, new = features_of(learn.images), features_of(test.images)
honest = evaluate.linear_probe(seen, learn.labels, new, test.labels)
print(f"honest: {honest:.2f} on {len(test)} unseen images of {flowers.num_classes} kinds")


# %%
def classifier(base, learning_rate=1e-3):
    """Raw pixels in, one score a class out, compiled."""
    images = keras.Input(base.input_shape[1:])
    scores = layers.Dense(flowers.num_classes, name="head")(base(images, training=False))
    model = keras.Model(images, scores)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, metrics=["accuracy"])
    return model


# %% [markdown]
# The doctor examines a model and its data, and changes nothing. In this program it finds nothing,
# and it says what it could not check.

# %%
model = classifier(backbone)
report = tlcourse.audit(model, (learn.images, learn.labels), test=(test.images, test.labels))
print(report)
assert not report.findings


# %%
def found_by_doctor(*data, **options):
    """Return the names of what the doctor finds."""
    return [finding.id for finding in tlcourse.audit(*data, **options).findings]


# %% [markdown]
# ## 2. Scaled twice
#
# Many tutorials divide pixels by 255. Many backbones do that themselves, inside. Do both, and every
# image is nearly black.

# %%
dark, dark_new = features_of(learn.images / 255.0), features_of(test.images / 255.0)
scaled_twice = evaluate.linear_probe(dark, learn.labels, dark_new, test.labels)
print(f"honest {honest:.2f}, scaled twice {scaled_twice:.2f}, ", end="")
print(f"guessing {1 / flowers.num_classes:.2f}")
assert scaled_twice < honest - 0.1

# %%
report = tlcourse.audit(model, (learn.images / 255.0, learn.labels))
for finding in report.findings:
    print(f"{finding.id}: {finding.title}")
    print(f"   {finding.evidence['sentence']}")
    print(f"   fix: {finding.fix}")
assert "preprocessing" in {finding.id for finding in report.findings}

# %% [markdown]
# **Your own check:** print the smallest and largest value that reaches the first convolution. The
# doctor does the same.
#
# ## 3. Fine-tuning that tunes nothing
#
# Train the head, set `backbone.trainable = True`, train on. Keras built its training step in the
# first `fit`, and repeats it until you call `compile`. No warning. (In chapter 8 of *Deep Learning
# with Python*, third edition, the fine-tuning step never unfreezes the backbone.)

# %%
few = learn.subset(np.arange(0, len(learn), 4))
model.fit(few.images, few.labels, epochs=1, batch_size=16, verbose=0)
backbone.trainable = True
found = found_by_doctor(model, (few.images, few.labels))
before = finetune.snapshot(model)
model.fit(few.images, few.labels, epochs=1, batch_size=16, verbose=0)
moved = finetune.what_moved(before, finetune.snapshot(model))
with_weights = [row for row in moved.rows if row.weight_change is not None]
in_backbone = [row for row in with_weights if not row.name.startswith("head")]
changed = sum(row.weight_change > 0 for row in in_backbone)
print(f"{changed} of {len(in_backbone)} layers of the backbone moved")
print(found)
assert changed == 0
assert "not-recompiled" in found

# %% [markdown]
# **Your own check:** copy the weights before a fit and compare after it. `tlcourse.snapshot` and
# `what_moved` do it layer by layer.
#
# ## 4. BatchNorm's statistics move
#
# Now compile, with a low learning rate, as one should. The backbone was called with
# `training=False`, and the guides say that this keeps BatchNormalization in inference mode. In a
# functional model it does not: `fit` overrides it as soon as the layers are trainable.


# %%
def changes_in_fit(model):
    """Train for two epochs; return what moved, layer by layer."""
    before = finetune.snapshot(model)
    model.fit(few.images, few.labels, epochs=2, batch_size=8, verbose=0)
    return finetune.what_moved(before, finetune.snapshot(model))


start = backbone.get_weights()
model = classifier(backbone, learning_rate=1e-5)
found = found_by_doctor(model, (few.images, few.labels))
moving = changes_in_fit(model)
print(found)
assert "batchnorm-moves" in found

# %% [markdown]
# The repair: put the weights back, and freeze every BatchNormalization layer as the last step
# before `compile`.

# %%
backbone.set_weights(start)
for layer in backbone._flatten_layers():
    if isinstance(layer, layers.BatchNormalization):
        layer.trainable = False
model = classifier(backbone, learning_rate=1e-5)
assert "batchnorm-moves" not in found_by_doctor(model, (few.images, few.labels))
frozen = changes_in_fit(model)


# %% [markdown]
# Another repair leaves the flags alone: wrap the backbone in a layer of your own. `fit` sets the
# mode of the layers of the functional model, and this layer does not pass the mode on. (From the
# next lesson on, `finetune.FixedMode(backbone, training=False)`.)


# %%
class InferenceMode(layers.Layer):
    """Run a network in inference mode, whatever `fit` says."""

    def __init__(self, network, **options):
        super().__init__(**options)
        self.network = network

    def call(self, images):
        return self.network(images, training=False)


backbone.set_weights(start)
backbone.trainable = False  # from False to True: sets every flag inside
backbone.trainable = True
images = keras.Input(backbone.input_shape[1:])
head = layers.Dense(flowers.num_classes, name="head")
model = keras.Model(images, head(InferenceMode(backbone)(images)))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-5), loss)

# %%
assert "batchnorm-moves" not in found_by_doctor(model, (few.images, few.labels))
wrapped = changes_in_fit(model)


# %%
def statistics(moved):
    """How far the statistics of each BatchNormalization layer moved, from early to late."""
    changes = [row.statistic_change for row in moved.rows]
    return np.array([change for change in changes if change is not None])


patterns = {"training=False, and unfrozen": moving, "BatchNormalization frozen": frozen}
patterns["in a layer of your own"] = wrapped
depth = range(1, len(statistics(moving)) + 1)
ax = plots.lines(
    {name: (depth, statistics(moved)) for name, moved in patterns.items()},
    x_label="BatchNormalization layer, early to late",
    y_label="change of its statistics",
    title="A learning rate of 0.00001, and the statistics still move",
)
ax.xaxis.get_major_locator().set_params(integer=True)
print(plots.alt_text(ax))
assert statistics(moving).min() > 0
assert statistics(frozen).max() == statistics(wrapped).max() == 0
# and yet the backbone learns
assert max(row.weight_change for row in wrapped.rows if row.weight_change is not None) > 0

# %% [markdown]
# The learning rate does not matter: statistics follow the *batches*, here 8 flowers at a time, in
# pre-training millions of photographs.
#
# ## 5. Augmentation that happens once
#
# Augmentation shows a new variant of each image in every epoch. `.cache()` keeps what comes before
# it. In this order, from the Keras guide "Transfer learning and fine-tuning", it keeps the
# augmented images.

# %%
flip, rotate = layers.RandomFlip("horizontal", seed=seed), layers.RandomRotation(0.2, seed=seed)
turn = keras.Sequential([flip, rotate])


def augment(images, labels):
    return turn(images, training=True), labels


raw = tf.data.Dataset.from_tensor_slices((learn.images, learn.labels)).batch(32)
data = {"wrong": raw.map(augment).cache(), "right": raw.cache().map(augment)}
epochs, same = {}, {}
for name, batches in data.items():
    epochs[name] = [np.concatenate([x for x, _ in batches]) for _ in range(2)]
    same[name] = int(sum(np.array_equal(a, b) for a, b in zip(*epochs[name], strict=True)))
print(f"images that are identical in epochs 1 and 2, of {len(learn)}: {same}")
assert same["wrong"] == len(learn)
assert same["right"] < len(learn) / 10

# %%
fig, axes = plt.subplots(2, 2, figsize=(9, 3), layout="constrained")
for row, name, place in zip(axes, ("wrong", "right"), ("after", "before"), strict=True):
    for number, ax in enumerate(row):
        six = epochs[name][number][:6].astype("uint8")
        title = f"cached {place} augmentation, epoch {number + 1}"
        plots.image_grid(six, columns=6, title=title, ax=ax)
print(plots.alt_text(fig))

# %%
for name, batches in data.items():
    found = found_by_doctor(classifier(tlcourse.load_backbone(pooling="avg")), batches)
    print(f"{name}: {[each for each in found if each == 'frozen-augmentation']}")
    assert ("frozen-augmentation" in found) == (name == "wrong")

# %% [markdown]
# ## 6. A split that moves
#
# The last two traps do not make the model worse. They make the *score* better, which is more
# dangerous. Both are **data leakage**: information about the test data reaches the training, and
# the measured score is better than the model really is. First: shuffle, then cut with `take` and
# `skip`. The data set is shuffled **again each time it is read**, so the cut falls elsewhere in
# every epoch. (TensorFlow's tutorial "Transfer learning and fine-tuning" cuts its test set with
# `take` and `skip`, too.)

# %%
half = len(flowers) // 2
numbered = tf.data.Dataset.from_tensor_slices(np.arange(len(flowers)))
moving_data = numbered.shuffle(len(flowers), seed=seed)
train_part, test_part = moving_data.skip(half), moving_data.take(half)
trained_on = [int(i) for i in train_part]
tested_on = [int(i) for i in test_part]
both = set(trained_on) & set(tested_on)
print(f"{len(both)} of {len(tested_on)} test images were trained on")
assert len(both) > len(tested_on) / 3

# %%
table, labels = features_of(flowers.images), flowers.labels


def accuracy(learn, test):
    return evaluate.linear_probe(table[learn], labels[learn], table[test], labels[test])


score = accuracy(trained_on, tested_on)
fixed = numbered.shuffle(len(flowers), seed=seed, reshuffle_each_iteration=False)
a, b = [int(i) for i in fixed.skip(half)], [int(i) for i in fixed.take(half)]
assert not set(a) & set(b)
clean = accuracy(a, b)
print(f"moving split {score:.2f}, split that stays {clean:.2f}")
assert score > clean + 0.05

# %%
pairs = tf.data.Dataset.from_tensor_slices((flowers.images, flowers.labels))
pairs = pairs.shuffle(len(flowers), seed=seed)
report = tlcourse.audit(model, pairs.skip(half).batch(32), test=pairs.take(half).batch(32))
(finding,) = [finding for finding in report.findings if finding.id == "changing-split"]
print(finding.evidence["sentence"])

# %% [markdown]
# ## 7. Copies
#
# Second: the same image on both sides. In RIAWELC, a published data set of X-ray images of welds,
# all 2,443 test images are byte for byte in the training set. A network scored above 93 % on them,
# and about 82 % on a split without leakage (issue 2 of github.com/stefyste/RIAWELC). A copy is
# rarely byte for byte. Here each test image is a mirrored, slightly brighter copy of a training
# image.

# %%
copies = np.clip(learn.images[:, :, ::-1] * 1.03 + 2, 0, 255).astype("uint8")
leaked = evaluate.linear_probe(seen, learn.labels, features_of(copies), learn.labels)
found = found_by_doctor(model, (learn.images, learn.labels), test=(copies, learn.labels))
print(f"honest {honest:.2f}, on copies {leaked:.2f}; the doctor: {found}")
assert leaked > honest + 0.1
assert "duplicates" in found

# %%
damage = {"scaled twice": (scaled_twice, honest), "moving split": (score, clean)}
damage["copies in the test set"] = (leaked, honest)
buggy, repaired = np.array(list(damage.values())).T
fig, ax = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
ax.hlines(range(3), repaired, buggy, color="0.6", zorder=1)
ax.scatter(repaired, range(3), color=plots.colour_of(0), s=60, label="repaired")
ax.scatter(buggy, range(3), color=plots.colour_of(5), marker="X", s=70, label="with the bug")
ax.set(yticks=range(3), yticklabels=damage, xlim=(0, 1.02), ylim=(-0.5, 2.5))
ax.set(xlabel="accuracy that the program reports")
ax.set_title("One bug makes the model worse, two make the score better")
ax.legend(frameon=False, loc="upper left")
rows = zip(damage, buggy, repaired, strict=True)
words = [f"{name}: {bad:.2f} with the bug, {good:.2f} without" for name, bad, good in rows]
plots.set_alt_text(ax, f"Dot plot of reported accuracy. {'; '.join(words)}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** A score that is too good should worry you more than one that is too low:
# nobody looks for a bug in good news.
#
# ## 8. Six small ones
#
# No image is needed for these. Say what you expect of each line, *then* run the cell.


# %%
def toy():
    parts = [layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((4,)), *parts], name="toy")


rows = np.random.default_rng(seed).normal(size=(32, 4)).astype("float32")
net = toy()
net.trainable = False
net.layers[0].trainable = True
print(f"a) one layer unfrozen inside a frozen model: {len(net.trainable_weights)} weights train")
net = toy()
net.layers[0].trainable = False
net.trainable = True
trainable = sum(w.trainable for w in net.layers[0].weights)
print("b) model.trainable = True, where it was True: ", end="")
print(f"{trainable} of the layer's 2 weights train")
values = [each.get_weights()[0] for each in (keras.models.clone_model(net), net)]
print(f"c) clone_model copies the values: {np.array_equal(*values)}")

# %%
image = np.full((1, 8, 8, 3), 100, "float32")
keras.applications.mobilenet_v2.preprocess_input(image)
print(f"d) an image of 100s, after preprocess_input: {image[0, 0, 0, 0]:.2f}")
inputs = keras.Input((4,))
always = keras.Model(inputs, layers.Dropout(0.5)(inputs, training=True))
by_call = [np.asarray(always(rows)) for _ in range(2)]
by_predict = [always.predict(rows, verbose=0) for _ in range(2)]
drops = [not np.array_equal(*two) for two in (by_call, by_predict)]
print(f"e) Dropout(x, training=True) drops in model(x): {drops[0]}, ", end="")
print(f"in model.predict(x): {drops[1]}")

# %%
net, optimizer = toy(), keras.optimizers.Adam()
net.layers[0].trainable = False
optimizer.build(net.trainable_variables)  # the first compile and fit
net.layers[0].trainable = True
try:
    optimizer.apply([w * 0 for w in net.trainable_variables], net.trainable_variables)
except ValueError as error:
    print(f"f) the same optimizer after unfreezing: ValueError: {str(error)[:16]}")

# %%
assert len(toy().trainable_weights) == 4
assert image.max() < 0
assert not np.array_equal(*by_call)
assert np.array_equal(*by_predict)

# %% [markdown]
# - a) None: the outer flag wins. Unfreeze the model first, then freeze layers again.
# - b) None: setting a flag to the value it has changes nothing in the layers inside. Set it to
#   False, then to True.
# - c) A clone has new random values: call `set_weights` after it.
# - d) It wrote into *your* array. In a second epoch, or for a second model, the images are scaled
#   twice. Pass a copy.
# - e) `predict` overrides the argument, as `fit` did in section 4.
# - f) At least this one raises an error: make a new optimizer at each compile.
#
# Three more such traps are in other lessons: shuffled data read twice (lesson 00), learning rates
# and heads that damage the backbone (04), the momentum of BatchNorm (06).
#
# ## 9. The doctor on your own program
#
# ```python
# # arrays, tf.data, PyDataset or a folder of images
# report = tlcourse.audit(model, train, validation, test)
# report  # in a notebook: a page; print(report): text
# ```
#
# It looks for these and more (`docs/doctor.md`), and it does not guess: each finding comes with
# what was measured. It lists what it could not see under *not checked*. If it finds nothing, that
# is no proof that a program is right.
#
# ## What to remember
#
# - Put the preprocessing inside the model, or look at what reaches the first layer.
# - Unfreeze, freeze BatchNormalization again, compile, fit, and look at what moved.
# - Read, cache, shuffle, augment, in this order.
# - Cut once, keep the split, and look for copies across it.
# - What is often said, "it trains, so it works", is false for every trap in this lesson.
#
# ## Quiz
#
# **1. After unfreezing, which of these shows that fine-tuning took place?**
#
# <details><summary>The weights before and after a fit differ</summary>Yes. Nothing else proves
# it.</details>
# <details><summary>backbone.trainable is True</summary>No. In section 3 it was, and nothing
# moved.</details>
# <details><summary>The loss goes down</summary>No. Training only the head can do that.</details>
#
# **2. Validation accuracy jumps from 0.62 to 0.88 after "a small clean-up of the data pipeline".
# What do you suspect first?**
#
# <details><summary>Test images got into the training set</summary>Yes. Look for a moving split
# and for copies before you celebrate.</details>
# <details><summary>The clean-up was good</summary>Perhaps; a jump of that size needs a
# proof.</details>
# <details><summary>The learning rate is too high</summary>No. That would lower the score.</details>
#
# **3. The doctor reports nothing. What follows?**
#
# <details><summary>The traps under "looked for" were not found</summary>Yes, these and no others.
# Read its list of what was not checked.</details>
# <details><summary>The program is right</summary>No. It does not know what you meant to
# do.</details>
# <details><summary>The doctor is broken</summary>No. Put a bug into the program, as above, and it
# will report it.</details>
#
# ## Read on
#
# - Kapoor, Narayanan (2023): Leakage and the reproducibility crisis in machine-learning-based
#   science. Patterns 4(9)
# - Barz, Denzler (2020): Do we train on test data? Purging CIFAR of near-duplicates. arXiv
#   1902.00423
# - Ioffe, Szegedy (2015): Batch normalization: accelerating deep network training by reducing
#   internal covariate shift. arXiv 1502.03167
