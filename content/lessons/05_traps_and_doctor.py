# %% [markdown]
# # 05 · Traps, and a doctor for them
#
# The worst mistakes in transfer learning give no error and no warning. The program runs, a number
# comes out, and the number is wrong. They are in famous tutorials and books, and they will be in
# your code. You will rebuild six of them, measure the damage, mend them, look at six small ones,
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
# ## 1. One honest program
#
# A frozen backbone, a straight line on its features, images that were set aside. This is the
# number to compare with.

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
# The doctor examines a model and its data. It changes nothing. On this program it stays silent, and
# says what it could not check.

# %%
model = classifier(backbone)
report = tlcourse.audit(model, (learn.images, learn.labels), test=(test.images, test.labels))
print(report)
assert not report.findings

# %% [markdown]
# ## 2. Scaled twice
#
# Half of all tutorials divide pixels by 255. Many backbones do that themselves, inside. Do both,
# and every image is nearly black. (A published project fed its EfficientNet so and reached 51 %
# on two classes; tossing a coin reaches 50.)

# %%
dark, dark_new = features_of(learn.images / 255.0), features_of(test.images / 255.0)
scaled_twice = evaluate.linear_probe(dark, learn.labels, dark_new, test.labels)
print(f"honest {honest:.2f}, scaled twice {scaled_twice:.2f}, guessing {1 / flowers.num_classes:.2f}")
assert scaled_twice < honest - 0.1

# %%
report = tlcourse.audit(model, (learn.images / 255.0, learn.labels))
for finding in report.findings:
    print(f"{finding.id}: {finding.title}\n   {finding.evidence['sentence']}\n   fix: {finding.fix}")
assert "preprocessing" in {finding.id for finding in report.findings}

# %% [markdown]
# **Your own check:** print the smallest and largest value that reaches the first convolution. The
# doctor does just that.
#
# ## 3. Fine-tuning that tunes nothing
#
# Train the head, set `backbone.trainable = True`, train on. Keras built its training step in the
# first `fit`, and goes on using it until somebody calls `compile`. No warning. (In the third
# edition of a well known book, the fine-tuning step never unfreezes at all.)

# %%
few = learn.subset(np.arange(0, len(learn), 4))
model.fit(few.images, few.labels, epochs=1, batch_size=16, verbose=0)
backbone.trainable = True
report = tlcourse.audit(model, (few.images, few.labels))
before = finetune.snapshot(model)
model.fit(few.images, few.labels, epochs=1, batch_size=16, verbose=0)
moved = finetune.what_moved(before, finetune.snapshot(model))
in_backbone = [row for row in moved.rows if not row.name.startswith("head") and row.weight_change is not None]
print(f"{sum(row.weight_change > 0 for row in in_backbone)} of {len(in_backbone)} layers of the backbone moved")
print([finding.id for finding in report.findings])
assert all(row.weight_change == 0 for row in in_backbone)
assert "not-recompiled" in {finding.id for finding in report.findings}

# %% [markdown]
# **Your own check:** copy the weights before a fit and compare after it. `tlcourse.snapshot` and
# `what_moved` do it layer by layer.
#
# ## 4. BatchNorm wakes up
#
# Now compile, with a low rate, as one should. The backbone was called with `training=False`, and
# the guides say that keeps BatchNormalization quiet. In a functional model it does not: `fit`
# overrides it as soon as the layers are trainable.

# %%
start = backbone.get_weights()
model = classifier(backbone, learning_rate=1e-5)
report = tlcourse.audit(model, (few.images, few.labels))
before = finetune.snapshot(model)
model.fit(few.images, few.labels, epochs=2, batch_size=8, verbose=0)
woken = finetune.what_moved(before, finetune.snapshot(model))
print([finding.id for finding in report.findings])
assert "batchnorm-moves" in {finding.id for finding in report.findings}

# %% [markdown]
# The mend: put the weights back, freeze every BatchNormalization layer as the last thing before
# `compile`.

# %%
backbone.set_weights(start)
for layer in backbone._flatten_layers():
    if isinstance(layer, layers.BatchNormalization):
        layer.trainable = False
model = classifier(backbone, learning_rate=1e-5)
assert "batchnorm-moves" not in {finding.id for finding in tlcourse.audit(model, (few.images, few.labels)).findings}
before = finetune.snapshot(model)
model.fit(few.images, few.labels, epochs=2, batch_size=8, verbose=0)
asleep = finetune.what_moved(before, finetune.snapshot(model))


# %% [markdown]
# Another mend leaves the flags alone: hide the backbone in a layer of your own. `fit` talks to the
# layers of the functional model, and this one does not pass on what it hears. (From the next lesson
# on, `finetune.FixedMode(backbone, training=False)`.)


# %%
class Asleep(layers.Layer):
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
model = keras.Model(images, layers.Dense(flowers.num_classes, name="head")(Asleep(backbone)(images)))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(1e-5), loss)

# %%
assert "batchnorm-moves" not in {finding.id for finding in tlcourse.audit(model, (few.images, few.labels)).findings}
before = finetune.snapshot(model)
model.fit(few.images, few.labels, epochs=2, batch_size=8, verbose=0)
wrapped = finetune.what_moved(before, finetune.snapshot(model))


# %%
def statistics(moved):
    """How far the statistics of each BatchNormalization layer moved, from early to late."""
    return np.array([row.statistic_change for row in moved.rows if row.statistic_change is not None])


patterns = {"training=False, and unfrozen": woken, "BatchNormalization frozen": asleep, "in a layer of one's own": wrapped}
depth = range(1, len(statistics(woken)) + 1)
ax = plots.lines({name: (depth, statistics(moved)) for name, moved in patterns.items()},
                 x_label="BatchNormalization layer, early to late", y_label="change of its statistics",
                 title="A learning rate of 0.00001, and the statistics move all the same")
ax.xaxis.get_major_locator().set_params(integer=True)
print(plots.alt_text(ax))
assert statistics(woken).min() > 0
assert statistics(asleep).max() == statistics(wrapped).max() == 0
assert max(row.weight_change for row in wrapped.rows if row.weight_change is not None) > 0  # and yet the backbone learns

# %% [markdown]
# The learning rate does not matter: statistics follow the *batches*, 8 flowers at a time here,
# millions of photographs before.
#
# ## 5. Augmentation that happens once
#
# Augmentation shows a new variant of each image in every epoch. `.cache()` remembers what came
# before it. In this order, from a widely read guide, it remembers the augmented images.

# %%
turn = keras.Sequential([layers.RandomFlip("horizontal", seed=seed), layers.RandomRotation(0.2, seed=seed)])


def augment(images, labels):
    return turn(images, training=True), labels


raw = tf.data.Dataset.from_tensor_slices((learn.images, learn.labels)).batch(32)
wrong = raw.map(augment).cache()
right = raw.cache().map(augment)
epochs = {name: [np.concatenate([x for x, _ in data]) for _ in range(2)] for name, data in {"wrong": wrong, "right": right}.items()}
same = {name: int(sum(np.array_equal(a, b) for a, b in zip(*pair, strict=True))) for name, pair in epochs.items()}
print(f"images that are identical in epochs 1 and 2, of {len(learn)}: {same}")
assert same["wrong"] == len(learn)
assert same["right"] < len(learn) / 10

# %%
fig, axes = plt.subplots(2, 2, figsize=(9, 3), layout="constrained")
for row, (name, pair) in zip(axes, {"cached after": epochs["wrong"], "cached before": epochs["right"]}.items(), strict=True):
    for epoch, ax in enumerate(row):
        plots.image_grid(pair[epoch][:6].astype("uint8"), columns=6, title=f"{name} augmentation, epoch {epoch + 1}", ax=ax)
print(plots.alt_text(fig))

# %%
for name, data in {"wrong": wrong, "right": right}.items():
    report = tlcourse.audit(classifier(tlcourse.load_backbone(pooling="avg")), data)
    print(f"{name}: {[finding.id for finding in report.findings if finding.id == 'frozen-augmentation']}")
    assert ("frozen-augmentation" in {finding.id for finding in report.findings}) == (name == "wrong")

# %% [markdown]
# ## 6. A split that moves
#
# The last two traps do not make the model worse. They make the *score* better, which is more
# dangerous. First: shuffle, then cut with `take` and `skip`. The data set is shuffled **anew each
# time it is read**, so that the cut falls elsewhere in every epoch. (An official tutorial cuts its
# test set so: 98 of 192 test images were in the validation set of the same epoch.)

# %%
half = len(flowers) // 2
numbered = tf.data.Dataset.from_tensor_slices(np.arange(len(flowers)))
moving = numbered.shuffle(len(flowers), seed=seed)
train_part, test_part = moving.skip(half), moving.take(half)
trained_on = [int(i) for i in train_part]
tested_on = [int(i) for i in test_part]
both = set(trained_on) & set(tested_on)
print(f"{len(both)} of {len(tested_on)} test images were trained on")
assert len(both) > len(tested_on) / 3

# %%
table = features_of(flowers.images)
score = evaluate.linear_probe(table[trained_on], flowers.labels[trained_on], table[tested_on], flowers.labels[tested_on])
fixed = numbered.shuffle(len(flowers), seed=seed, reshuffle_each_iteration=False)
a, b = [int(i) for i in fixed.skip(half)], [int(i) for i in fixed.take(half)]
assert not set(a) & set(b)
clean = evaluate.linear_probe(table[a], flowers.labels[a], table[b], flowers.labels[b])
print(f"moving split {score:.2f}, split that stays {clean:.2f}")
assert score > clean + 0.05

# %%
pictures = tf.data.Dataset.from_tensor_slices((flowers.images, flowers.labels)).shuffle(len(flowers), seed=seed)
report = tlcourse.audit(model, pictures.skip(half).batch(32), test=pictures.take(half).batch(32))
print(next(finding.evidence["sentence"] for finding in report.findings if finding.id == "changing-split"))

# %% [markdown]
# ## 7. Copies
#
# Second: the same image on both sides. In a published data set for refrigeration faults all 2,443
# test images are byte for byte in the training set; without them, 93 % became 82. A copy is
# rarely byte for byte. Here each test image is a mirrored, slightly brighter copy of one that was
# trained on.

# %%
copies = np.clip(learn.images[:, :, ::-1] * 1.03 + 2, 0, 255).astype("uint8")
leaked = evaluate.linear_probe(seen, learn.labels, features_of(copies), learn.labels)
report = tlcourse.audit(model, (learn.images, learn.labels), test=(copies, learn.labels))
print(f"honest {honest:.2f}, on copies {leaked:.2f}; the doctor: {[finding.id for finding in report.findings]}")
assert leaked > honest + 0.1
assert "duplicates" in {finding.id for finding in report.findings}

# %%
damage = {"scaled twice": (scaled_twice, honest), "moving split": (score, clean), "copies in the test set": (leaked, honest)}
fig, ax = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
for y, (with_bug, without) in enumerate(damage.values()):
    ax.plot([without, with_bug], [y, y], color="0.6", zorder=1)
    ax.scatter(without, y, color=plots.colour_of(0), s=60, label="mended" if y == 0 else None)
    ax.scatter(with_bug, y, color=plots.colour_of(5), marker="X", s=70, label="with the bug" if y == 0 else None)
ax.set(yticks=range(3), yticklabels=damage, xlim=(0, 1.02), ylim=(-0.5, 2.5), xlabel="accuracy that the program reports")
ax.set_title("One bug makes the model worse, two make the score better")
ax.legend(frameon=False, loc="upper left")
words = "; ".join(f"{name}: {bug:.2f} with the bug, {mended:.2f} without" for name, (bug, mended) in damage.items())
plots.set_alt_text(ax, f"Dot plot of reported accuracy. {words}.")
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
print(f"a) one layer opened inside a closed model: {len(net.trainable_weights)} weights train")
net = toy()
net.layers[0].trainable = False
net.trainable = True
print(f"b) model.trainable = True, where it was True: {sum(w.trainable for w in net.layers[0].weights)} of the layer's 2 weights train")
print(f"c) clone_model copies the values: {np.array_equal(keras.models.clone_model(net).get_weights()[0], net.get_weights()[0])}")

# %%
picture = np.full((1, 8, 8, 3), 100, "float32")
keras.applications.mobilenet_v2.preprocess_input(picture)
print(f"d) an image of 100s, after preprocess_input looked at it: {picture[0, 0, 0, 0]:.2f}")
inputs = keras.Input((4,))
always = keras.Model(inputs, layers.Dropout(0.5)(inputs, training=True))
by_call, by_predict = [[np.asarray(ask(rows)) for _ in range(2)] for ask in (always, lambda x: always.predict(x, verbose=0))]
print(f"e) Dropout(x, training=True) drops in model(x): {not np.array_equal(*by_call)}, in model.predict(x): {not np.array_equal(*by_predict)}")
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
assert picture.max() < 0
assert not np.array_equal(*by_call)
assert np.array_equal(*by_predict)

# %% [markdown]
# a) None: the outer flag wins. Open the model first, then close layers again. b) None: setting a
# flag to what it is changes nothing further in; go from False to True. c) A clone has new random
# values: `set_weights` after it. d) It wrote into *your* array, so that a second epoch, or a second
# model, gets images that are scaled twice; hand it a copy. e) `predict` overrides the argument,
# just as `fit` did in section 4. f) At least this one speaks: make a new optimizer at each compile.
# Three traps of the same kind stand where they belong: shuffled data read twice (lesson 00), rates
# and heads that wreck the backbone (04), the momentum of BatchNorm (06).
#
# ## 9. The doctor on your own program
#
# ```python
# report = tlcourse.audit(model, train, validation, test)   # arrays, tf.data, PyDataset or a folder of images
# report                                                    # in a notebook: a page; print(report): text
# ```
#
# It looks for these and more (`docs/doctor.md`), and it does not guess: each finding carries what
# was measured. What it cannot see it lists under *not checked*. Silence is no proof that a program
# is right.
#
# ## What to remember
#
# - Put the preprocessing inside the model, or look at what reaches the first layer.
# - Unfreeze, freeze BatchNormalization again, compile, fit, and look at what moved.
# - Read, cache, shuffle, augment, in this order.
# - Cut once, keep the cut, and look for copies across it.
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
# <details><summary>The loss goes down</summary>No. The head alone can do that.</details>
#
# **2. Validation accuracy jumps from 0.62 to 0.88 after "a small clean-up of the data pipeline".
# First thought?**
#
# <details><summary>Test images got into the training set</summary>Yes. Look for a moving split
# and for copies before you celebrate.</details>
# <details><summary>The clean-up was good</summary>Perhaps; a jump of that size has to prove
# it.</details>
# <details><summary>The learning rate is too high</summary>No. That would lower the score.</details>
#
# **3. The doctor reports nothing. What follows?**
#
# <details><summary>The traps that it lists as looked for were not found</summary>Yes, these and no
# others. Read its list of what was not checked.</details>
# <details><summary>The program is right</summary>No. It does not know what you meant to
# do.</details>
# <details><summary>The doctor is broken</summary>No. Break the program on purpose, as above, and
# see it speak.</details>
#
# ## Read on
#
# - Kapoor, Narayanan (2023): Leakage and the reproducibility crisis in machine-learning-based
#   science. Patterns 4(9)
# - Barz, Denzler (2020): Do we train on test data? Purging CIFAR of near-duplicates. arXiv
#   1902.00423
# - Ioffe, Szegedy (2015): Batch normalization: accelerating deep network training by reducing
#   internal covariate shift. arXiv 1502.03167
