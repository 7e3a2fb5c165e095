# %% [markdown]
# # 04 · Fine-tuning
#
# In lesson 02 the backbone stayed as it was. *Fine-tuning* continues to train it, in small steps,
# on the new task. It can gain a lot, it can gain nothing, and it can destroy in a minute what took
# days to learn. The recipe is short; two of its steps fail without any message.
#
# **After this lesson you can**
# - fine-tune in two phases, and prove from the weights that each phase did what you meant;
# - recognise the two silent mistakes, flags without `compile` and moving BatchNorm statistics, and
#   measure the damage;
# - choose how many blocks to unfreeze and how fast, from a map that you measured;
# - keep a backbone near its start: probe first, learning rates by depth, L2-SP; and say when not to
#   fine-tune at all.
#
# **Time:** 40 minutes. **It presumes** lessons 02 and 03: head and backbone, frozen layers,
# BatchNorm, linear probes.

# %%
import time

import keras
import numpy as np
from keras import layers
from tqdm.auto import tqdm

from tlcourse import finetune, plots

# %%
# Settings
# flowers of each kind to test on, and to learn from
test_per_class = {"embedded": 20, "full": 40}[tlcourse.profile()]
train_per_class = {"embedded": 10, "full": 20}[tlcourse.profile()]
head_epochs, head_rate = 8, 3e-3
tune_epochs, tune_rate = 3, 1e-4
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## 1. Phase one: the head
#
# A new head starts at random values, so at first its answers are wrong. If the backbone trained at
# the same time, the gradients of this wrong head would damage it. So: freeze the backbone, train
# the head.

# %%
flowers = tlcourse.load_flowers(per_class=train_per_class + test_per_class, seed=seed)
train, test = flowers.pick_per_class(train_per_class, seed=seed)
backbone = tlcourse.load_backbone()  # ends in a map of features, without pooling
images = keras.Input(flowers.image_shape)
pooled = layers.GlobalAveragePooling2D()(backbone(images, training=False))
model = keras.Model(images, layers.Dense(flowers.num_classes, name="head")(pooled))
print(f"{len(train)} flowers to learn from, {len(test)} to test on, {flowers.num_classes} kinds")


# %%
def fit(epochs, batch_size=16):
    """Go on training `model` as it was last compiled."""
    model.fit(train.images, train.labels, epochs=epochs, batch_size=batch_size, verbose=0)


def accuracy():
    return model.evaluate(test.images, test.labels, batch_size=64, verbose=0)[1]


# %%
backbone.trainable = False
model.compile(keras.optimizers.Adam(head_rate), loss, metrics=["accuracy"])
fit(head_epochs)
head_accuracy = accuracy()
after_head = model.get_weights()  # to come back to
print(f"head on a frozen backbone: {head_accuracy:.3f}")

# %% [markdown]
# ## 2. The first silent mistake: flags without compile
#
# Phase two: unfreeze and go on. It is often written like this, and nothing complains. Did it work?
# Do not ask the accuracy, ask the *weights*. `snapshot` copies them, `what_moved` compares, layer
# by layer.

# %%
before = tlcourse.snapshot(backbone)
backbone.trainable = True
fit(epochs=2)
moved = tlcourse.what_moved(before, backbone)
print(f"layers of the backbone that moved: {len(moved.moved_names)} of {len(moved.rows)}")
assert moved.bit_identical

# %% [markdown]
# Not one bit. Keras builds the training step in the first `fit` after `compile`, and reads the
# flags then. Every later `fit` repeats that step and ignores changed flags, without a warning. You
# would have reported "fine-tuning gained nothing", about a backbone that was never tuned. Between
# `compile` and the first `fit` a changed flag still counts:

# %%
backbone.trainable = False
model.compile(keras.optimizers.Adam(head_rate), loss, metrics=["accuracy"])
backbone.trainable = True  # after compile, but before the first fit
model.fit(train.images[:16], train.labels[:16], batch_size=16, shuffle=False, verbose=0)
moved = tlcourse.what_moved(before, backbone)
print(f"layers of the backbone that moved: {len(moved.moved_names)} of {len(moved.rows)}")
assert len(moved.moved_names) == len(moved.rows)

# %% [markdown]
# One line decides, and it is easy to move. So do not rely on the order, and keep the rule: **after
# any change of `trainable`, compile again.**
#
# ## 3. The second silent mistake: moving BatchNorm statistics
#
# During training BatchNorm normalises by the *batch*, and keeps running averages (its *statistics*)
# for later. Few images make poor averages. Many texts say that
# `backbone(images, training=False)`, as we wrote above, prevents it. The **learning rate** is the
# number that scales each step of the optimizer: the smaller it is, the less a training step changes
# the weights. To see only BatchNorm, we unfreeze, compile, and train with a learning rate of
# **zero**: no weight can move. We use two images a batch, a usual size when images are large.

# %%
model.set_weights(after_head)
before = tlcourse.snapshot(backbone)
model.compile(keras.optimizers.SGD(0.0), loss, metrics=["accuracy"])
fit(epochs=1, batch_size=2)
moved = tlcourse.what_moved(before, backbone)
weight_change = max(row.weight_change or 0 for row in moved.rows)
statistic_changes = [row.statistic_change for row in moved.rows]
shift = np.median([change for change in statistic_changes if change is not None])
disturbed = accuracy()
print(f"weights moved by {weight_change:.0%}, statistics by {shift:.1%} (median over layers)")
print(f"accuracy {head_accuracy:.3f} -> {disturbed:.3f}, although nothing was learned")
assert weight_change == 0
assert len(moved.moved_names) > 10

# %% [markdown]
# The argument `training=False` had no effect: in a functional model, `fit` decides the mode of
# every layer, unless the layer itself is frozen. How much is lost depends on how fast the averages
# move, BatchNorm's `momentum`. `tiny_resnet` uses 0.9, and one pass replaces its statistics;
# MobileNetV2 uses 0.999, and they move slowly (the shift printed above). Sometimes moving
# statistics even help, when the new images are many and different. It is never right that they move
# without your knowing.

# %%
norms = [layer for layer in backbone.layers if isinstance(layer, layers.BatchNormalization)]
momentum = norms[0].momentum
kept = momentum ** (len(train) // 2)  # one step for every two images
print(f"momentum {momentum}: after one pass {kept:.0%} of the old statistics are left")
if momentum < 0.95:
    assert disturbed < head_accuracy - 0.02

# %% [markdown]
# ## 4. Phase two, done right
#
# Unfreeze the last two blocks, and freeze every BatchNorm layer (a frozen one always runs in
# inference mode). Then compile with a **new optimizer** and a learning rate 10 to 100 times smaller
# than the head's. In code:


# %%
def unfreeze_last_blocks(count):
    """Make the last `count` blocks trainable, except for their BatchNorm layers."""
    backbone.trainable = True  # the parent first, since it overwrites its children
    blocks = list(tlcourse.blocks_of(backbone).values())
    for number, block in enumerate(blocks):
        for layer in block:
            is_norm = isinstance(layer, layers.BatchNormalization)
            layer.trainable = number >= len(blocks) - count and not is_norm


# %%
model.set_weights(after_head)
unfreeze_last_blocks(2)
model.compile(keras.optimizers.Adam(tune_rate), loss, metrics=["accuracy"])
fit(tune_epochs)
tuned_accuracy = accuracy()
moved = tlcourse.what_moved(before, backbone)
gain = tuned_accuracy - head_accuracy
print(f"head {head_accuracy:.3f}, fine-tuned {tuned_accuracy:.3f} ({gain:+.3f})")
assert all(not row.statistic_change for row in moved.rows)
print(tlcourse.trainable_summary(model))

# %%
with_weights = [row for row in moved.rows if row.weight_change is not None]
convolutions = [row for row in with_weights if row.statistic_change is None]
learned = sum(row.weight_change > 0 for row in convolutions)
title = "The last two blocks learned; the layers before them did not move"
ax = plots.moved_per_layer(convolutions[-learned - 2 :], title=title)
print(plots.alt_text(ax))

# %% [markdown]
# The package has the same in one line each. `unfreeze` goes by block and keeps BatchNorm frozen;
# `fit` of a model whose flags it changed raises an error until you compile. `fit_two_phase` does
# both phases. Do the two versions agree, layer for layer?

# %%
by_hand = [variable.path for variable in model.trainable_variables]
start_block = list(tlcourse.blocks_of(backbone))[-2]
tlcourse.freeze(backbone)
tlcourse.unfreeze(backbone, from_block=start_block)
assert [variable.path for variable in model.trainable_variables] == by_hand

# %%
model.set_weights(after_head)
before = tlcourse.snapshot(backbone)
rates = {"head_learning_rate": head_rate, "fine_tune_learning_rate": tune_rate}
options = {"head_epochs": 1, "fine_tune_epochs": 1, "batch_size": 16, "verbose": 0}
data = (train.images, train.labels)
phases = {"backbone": backbone, "from_block": start_block, "loss": loss}
finetune.fit_two_phase(model, data, **phases, **rates, **options)
package = tlcourse.what_moved(before, backbone)
assert package.moved_names == moved.moved_names
print(f"by hand and by the package the same {len(package.moved_names)} layers moved, and no other")

# %% [markdown]
# ### The frozen part computes the same in every epoch
#
# For one image the frozen blocks give the same output in each epoch. `split_model` cuts the model
# where training begins. With `reuse_trunk=True`, `fit_two_phase` runs the frozen part once for all
# epochs of a phase and trains the rest on its outputs. Same seed, same batches:

# %%
trunk, rest = tlcourse.split_model(model)
maps = trunk.predict(train.images[:8], verbose=0)
assert np.allclose(rest(maps), model(train.images[:8]), atol=1e-4)
print(f"an image goes into the rest as a map of {maps.shape[1:]}")

# %%
seconds, ends = {}, {}
options["fine_tune_epochs"] = 4
for reuse in (False, True):
    keras.utils.set_random_seed(seed)
    model.set_weights(after_head)
    started = time.perf_counter()
    finetune.fit_two_phase(model, data, reuse_trunk=reuse, **phases, **rates, **options)
    seconds[reuse] = time.perf_counter() - started
    ends[reuse] = np.concatenate([weights.ravel() for weights in model.get_weights()])
gap = np.abs(ends[True] - ends[False]).max()
print(f"frozen part in every epoch: {seconds[False]:.1f} s, only once: {seconds[True]:.1f} s")
print(f"largest difference between the weights: {gap:.1e}")
assert gap < 0.01

# %% [markdown]
# The longer the training, the more it saves. It cannot train the frozen part, and it cannot give
# each epoch freshly augmented images: a model with random layers at its front is refused unless you
# store some views of each image (`views=8`).

# %% [markdown]
# Is fine-tuning worth it? Often less than is said: compare with training only the head, over
# several draws, before you believe a gain.
#
# ## 5. How many blocks, how fast?
#
# A **hyperparameter** is a setting that training does not learn and you choose yourself, such as
# the learning rate or the number of unfrozen blocks. A map of two hyperparameters needs many runs,
# so we use the small network of lesson 01: trained on letters, to be tuned to ten digits.

# %%
letters = tlcourse.load_glyphs("letters", 80, seed=seed, split="train")
digits = tlcourse.load_glyphs("digits", 20, seed=seed + 1, split="train")
# other fonts, other backgrounds
unseen = tlcourse.load_glyphs("digits", 50, seed=seed + 2, split="test")


def train_on(model, data, optimizer, epochs, batch_size=32):
    model.compile(optimizer, loss, metrics=["accuracy"])
    model.fit(data.images, data.labels, epochs=epochs, batch_size=batch_size, verbose=0)


def score(model):
    return model.evaluate(unseen.images, unseen.labels, batch_size=100, verbose=0)[1]


source = tlcourse.small_cnn(30)
train_on(source, letters, keras.optimizers.Adam(2e-3), epochs=7, batch_size=64)


# %%
def transfer(open_blocks, head_weights=None):
    """Return a network for digits with the source's blocks; only the last `open_blocks` train."""
    model = tlcourse.small_cnn(10)
    for i in range(1, 5):
        for name in (f"conv{i}", f"norm{i}"):
            layer = model.get_layer(name)
            layer.set_weights(source.get_layer(name).get_weights())
            layer.trainable = name.startswith("conv") and i > 4 - open_blocks  # BatchNorm never
    if head_weights:
        model.get_layer("head").set_weights(head_weights)
    return model


probe = transfer(0)
train_on(probe, digits, keras.optimizers.Adam(3e-3), epochs=15)
probe_score = score(probe)
head_weights = probe.get_layer("head").get_weights()
print(f"only the head: {probe_score:.3f}")

# %%
rates = (1e-4, 1e-3, 1e-2)
table = np.zeros((len(rates), 4))
for row, column in tqdm(list(np.ndindex(table.shape)), desc="map"):
    tuned = transfer(column + 1, head_weights)
    train_on(tuned, digits, keras.optimizers.Adam(rates[row]), epochs=5)
    table[row, column] = score(tuned)

# %%
rate_names, block_names = [f"{rate:g}" for rate in rates], ["1", "2", "3", "4"]
title = "A learning rate of 0.01 destroys what was learned"
ax = plots.heat_map(table, rate_names, block_names, title=title)
print(plots.alt_text(ax))
small = table[:2]
print(f"only the head {probe_score:.2f}; rates up to 0.001: {small.min():.2f} to {small.max():.2f}")
print(f"rate 0.01: one block {table[2, 0]:.2f}, four blocks {table[2, 3]:.2f}, guessing 0.10")
assert small.min() > probe_score - 0.1  # small steps never do much harm ...
assert table[2, 3] < probe_score - 0.25  # ... and large ones ruin it

# %% [markdown]
# **Catastrophic forgetting** is the loss of what a network has learned before when it is trained on
# something new. Here the learning rate of 0.01 causes it. The head was trained at 0.003: a rate
# that is right for a head can be too high for a backbone. At the two smaller rates the number of
# unfrozen blocks hardly matters here, and the gain over training only the head is small.
#
# What if the head is *not* trained first? All blocks unfrozen, the same rate and epochs, once from
# the trained head, once from a random one:

# %%
random_head = transfer(4)
train_on(random_head, digits, keras.optimizers.Adam(1e-3), epochs=5)
random_score = score(random_head)
patient = transfer(4)
# as many epochs as both phases together
train_on(patient, digits, keras.optimizers.Adam(1e-3), epochs=20)
print(f"trained head, then 5 epochs: {table[1, 3]:.2f}; ", end="")
print(f"random head, 5 epochs: {random_score:.2f}, 20 epochs: {score(patient):.2f}")
assert random_score < table[1, 3]

# %% [markdown]
# Both effects are in these numbers: a random head has more to learn, *and* it changes the features
# meanwhile. The run of 20 epochs removes the first effect. Section 8 is about the second.
#
# ## 6. Which layers move?
#
# Adam moves every weight by about its learning rate, whichever layer it is in. Early layers, which
# are general, move as much as late ones. *Discriminative* learning rates give every earlier block a
# rate 2.6 times lower (ULMFiT). Multiplying the *gradients* would do nothing: Adam divides by their
# size. Each group of layers needs its own optimizer; Keras' `MultiOptimizer` holds them.

# %%
rows = {}
for name in ("one rate", "by depth"):
    tuned = transfer(4, head_weights)
    optimizer = keras.optimizers.Adam(1e-3)
    if name == "by depth":
        optimizer = finetune.discriminative_optimizer(tuned, learning_rate=1e-3)
    before = tlcourse.snapshot(tuned)
    train_on(tuned, digits, optimizer, epochs=5)
    moved = tlcourse.what_moved(before, tuned)
    rows[name] = [moved[f"conv{i}"].weight_change for i in range(1, 5)]
    print(f"{name}: accuracy {score(tuned):.2f}, ", end="")
    print(f"conv1 moved {rows[name][0]:.1%}, conv4 {rows[name][3]:.1%}")

# %%
ax = plots.layer_curve(
    [f"conv{i}" for i in range(1, 5)],
    rows,
    y_label="relative change of weights",
    title="Rates by depth: the first layer hardly moves",
)
print(plots.alt_text(ax))
one_rate, by_depth = rows["one rate"], rows["by depth"]
assert by_depth[0] < one_rate[0] / 4
assert by_depth[0] / by_depth[3] < one_rate[0] / one_rate[3]

# %% [markdown]
# *Gradual unfreezing* does something similar over time: one more block every few epochs, from the
# head down, with `finetune.GradualUnfreezing(backbone, epochs_per_block=1)` among the callbacks of
# `fit`.
#
# **A penalty on the distance.** *L2-SP* adds a penalty to the loss that grows with the distance
# from the start: $\frac{\alpha}{2}\lVert w - w_{start}\rVert^2$. Weight decay would pull the
# weights to zero, far from what the backbone knows.


# %%
def distance(alpha):
    """Fine-tune with L2-SP of strength `alpha`; return how far the blocks moved, and accuracy."""
    tuned = transfer(4, head_weights)
    trunk = keras.Model(tuned.input, tuned.get_layer("pool4").output)
    start = [w.numpy().copy() for w in trunk.trainable_weights]
    penalised = finetune.l2_sp(tuned, backbone=trunk, alpha=alpha, beta=0.0)
    train_on(penalised, digits, keras.optimizers.Adam(1e-3), epochs=5)
    pairs = zip(trunk.trainable_weights, start, strict=True)
    squared = sum(np.sum((w.numpy() - s) ** 2) for w, s in pairs)
    return squared**0.5, score(penalised)


results = {alpha: distance(alpha) for alpha in (0.0, 1.0)}
for alpha, (away, value) in results.items():
    print(f"alpha {alpha:g}: distance {away:.2f}, accuracy {value:.2f}")
assert results[1.0][0] < results[0.0][0] / 1.5

# %% [markdown]
# **Few new weights.** *LoRA* (Hu and others 2021) leaves a large matrix as it is and adds the
# product of two thin matrices to it; only these two learn. In Keras it is one call on a `Dense`
# layer.


# %%
def count_trainable(layer):
    return sum(int(np.prod(w.shape)) for w in layer.trainable_weights)


dense = layers.Dense(1024)
dense.build((None, 1024))
row = np.random.default_rng(seed).normal(size=(1, 1024))
full_count, answer = count_trainable(dense), dense(row)
dense.enable_lora(rank=4)
lora_count = count_trainable(dense)
print(f"trainable weights: {full_count:,} -> {lora_count:,} ", end="")
print(f"({full_count / lora_count:.0f} times fewer)")
assert lora_count == 2 * 4 * 1024 + 1024  # two thin matrices, and the bias
assert np.allclose(answer, dense(row), atol=1e-5)  # one of the two starts at zero: no change yet

# %% [markdown]
# ## 7. Three switches for fast machines
#
# A GPU helps fine-tuning a lot. Three switches make use of one; the recipe stays the same.
#
# - **Mixed precision**: compute in 16 bits, keep the weights in 32. Recent GPUs compute several
#   times faster this way; a CPU is often slower. The last layer stays in 32 bits: 16 bits have no
#   number above 65,504, and a larger score would make the loss `nan`.
# - **XLA** (`jit_compile=True`) joins many small steps of a computation into few. With one GPU
#   Keras switches it on by itself.
# - **`tf.distribute.MirroredStrategy`**: several GPUs, each with a copy of the model and its share
#   of every batch.

# %%
import tensorflow as tf

gpus = tf.config.list_physical_devices("GPU")
policy = "mixed_float16" if gpus else "float32"
strategy = tf.distribute.get_strategy()  # the default one, which changes nothing
if len(gpus) > 1:
    strategy = tf.distribute.MirroredStrategy()
print(f"GPUs found: {len(gpus)}; so precision {policy}, ", end="")
print(f"copies of the model: {strategy.num_replicas_in_sync}")


# %%
def in_precision(name):
    """The network for digits, computing as the policy `name` says, with a last float32 layer."""
    keras.config.set_dtype_policy(name)
    trunk = tlcourse.small_cnn(10)
    keras.config.set_dtype_policy("float32")
    last = layers.Dense(10, dtype="float32", name="head")
    return keras.Model(trunk.input, last(trunk.get_layer("features").output))


with strategy.scope():
    mixed, chosen = in_precision("mixed_float16"), in_precision(policy)
    optimizer = keras.optimizers.Adam(2e-3)
conv = mixed.get_layer("conv1")
print(f"mixed: {conv.name} computes in {conv.compute_dtype}, ", end="")
print(f"keeps its weights in {conv.variable_dtype}; the scores are {mixed.output.dtype}")
assert (conv.compute_dtype, conv.variable_dtype) == ("float16", "float32")
assert mixed.output.dtype == "float32"

# %%
with strategy.scope():
    chosen.compile(optimizer, loss, metrics=["accuracy"])
    fitted = chosen.fit(digits.images, digits.labels, epochs=3, batch_size=32, verbose=0)
losses = fitted.history["loss"]
print(f"trained: loss {losses[0]:.2f} -> {losses[-1]:.2f}; ", end="")
xla = "on" if chosen.jit_compile else "off"
print(f"XLA {xla}, optimizer {type(chosen.optimizer).__name__}")
assert losses[-1] < losses[0]

# %% [markdown]
# (`LossScaleOptimizer`, which you see with mixed precision, multiplies the loss because small
# gradients would become zero in 16 bits. Keras puts it around your optimizer.)
#
# ## 8. Away from the training data
#
# Test data often differ from training data: another camera, another hospital. There fine-tuning can
# be *worse* than a frozen backbone. The smallest example has a backbone of 4 linear features, which
# are nearly right, and training inputs that cover only 8 of 20 directions (Kumar and others 2022).
# Gradient descent changes the backbone only in the directions that it sees, while a changed head
# acts on all of them.


# %%
def fine_tune(backbone, head, x, y, learning_rate=0.02, steps=2000):
    """Gradient descent on the mean squared error of `x @ backbone.T @ head`."""
    for _ in range(steps):
        error = (x @ backbone.T @ head - y) / len(y)
        step_backbone, step_head = np.outer(head, error @ x), backbone @ (x.T @ error)
        backbone, head = backbone - learning_rate * step_backbone, head - learning_rate * step_head
    return backbone, head


def linear_world(rng):
    """Return a nearly right backbone `(4, 20)`, inputs, targets, and the true map."""
    true = np.linalg.qr(rng.normal(size=(20, 4)))[0].T
    truth = true.T @ (head := rng.normal(size=4)) / np.linalg.norm(head)
    seen = np.linalg.qr(rng.normal(size=(20, 8)))[0]
    x = rng.normal(size=(20, 8)) @ seen.T
    return true + 0.1 * rng.normal(size=true.shape) / np.sqrt(20), x, x @ truth, truth


# %%
names = ("probe (LP)", "fine-tuned (FT)", "probe, then fine-tuned (LP-FT)")
inside, outside = np.zeros((10, 3)), np.zeros((10, 3))
for i in tqdm(range(10), desc="worlds"):
    rng = np.random.default_rng([seed, i])
    start, x, y, truth = linear_world(rng)
    fitted = np.linalg.lstsq(x @ start.T, y, rcond=None)[0]
    tuned = fine_tune(start, rng.normal(size=4), x, y)  # from a random head
    results = [(start, fitted), tuned, fine_tune(start, fitted, x, y)]
    for j, (features, head) in enumerate(results):
        inside[i, j] = np.mean((x @ features.T @ head - y) ** 2)
        # mean squared error over inputs in all directions
        outside[i, j] = np.sum((features.T @ head - truth) ** 2)

# %%
ax = plots.lines(
    {name: (np.arange(1, 11), outside[:, j]) for j, name in enumerate(names)},
    x_label="world",
    y_label="squared error, all directions",
    log_y=True,
    title="Away from the training inputs, fitting the head first helps",
)
print(plots.alt_text(ax))

# %%
for j, name in enumerate(names):
    print(f"{name:<31} error on training inputs {inside[:, j].mean():.4f}, ", end="")
    print(f"in all directions {outside[:, j].mean():.3f}")
better = outside[:, 2] < outside[:, 1]
print("LP-FT better than FT in", int(better.sum()), "of 10 worlds")
assert better.all()

# %% [markdown]
# On the training inputs fine-tuning is perfect, and in other directions it is the worst of the
# three. From a fitted head the remaining error is small, so the features hardly change. Published,
# over ten shifts of real data: compared with the probe, fine-tuning gained 2 points inside and lost
# 7 outside; compared with fine-tuning, LP-FT was 1 and 10 points better (Kumar and others 2022,
# abstract). For images: `finetune.lp_ft`.
#
# ## What to remember
#
# - Head first; then unfreeze, freeze BatchNorm, **compile with a new optimizer and a small learning
#   rate**; then look at what moved.
# - A flag changed after the first `fit` does nothing until you compile again. `training=False` does
#   not stop BatchNorm's statistics in a functional model.
# - A learning rate that is too high does far more harm than one that is too low: measure the map.
# - What is often said: "fine-tuning improves on feature extraction". Here it was worth little on
#   digits; with a distant target it can be worth more, and on data from elsewhere it can do harm.
#   Always compare with the frozen backbone.
#
# ## Quiz
#
# **1. You have trained the head, set `backbone.trainable = True` and call `fit` again. The accuracy
# stays as it was. What do you check first?**
#
# <details><summary>Whether the learning rate is large enough</summary>Not yet. First see whether
# the weights moved at all.</details>
# <details><summary>Whether you compiled after the change</summary>Yes. what_moved says it in one
# line: bit-identical means no.</details>
# <details><summary>Whether there are enough images</summary>No. Too few images would change the
# weights too, only badly.</details>
#
# **2. How do you stop BatchNorm's statistics from moving while you fine-tune a functional model?**
#
# <details><summary>Call the backbone with training=False</summary>No. Section 3 did, and the
# statistics moved.</details>
# <details><summary>Set trainable = False on the BatchNorm layers, then compile</summary>Yes.
# Frozen, they stay in inference mode.</details>
# <details><summary>A learning rate of zero for them</summary>No. Statistics are averages, no
# gradient is involved.</details>
#
# **3. Why train the head first?**
#
# <details><summary>It saves memory</summary>A little, in the first phase; that is not the
# reason.</details>
# <details><summary>A random head sends wrong corrections into the backbone</summary>Yes, and where
# data differ from the training set the damage stays.</details>
# <details><summary>Keras requires it</summary>No. It trains anything in any order.</details>
#
# **4. Your fine-tuned model beats the probe by 2 points on your test split. It will run in another
# hospital. What now?**
#
# <details><summary>Use it, it is better</summary>It is better on data like the training data.
# Elsewhere the probe may be better.</details>
# <details><summary>Compare both on data from elsewhere</summary>Yes, and try LP-FT, which usually
# loses less there.</details>
# <details><summary>Use more epochs</summary>No. More of it moves the features further.</details>
#
# ## Read on
#
# - Kumar, Raghunathan, Jones, Ma, Liang (2022): Fine-tuning can distort pretrained features and
#   underperform out-of-distribution. arXiv 2202.10054
# - Li, Grandvalet, Davoine (2018): Explicit inductive bias for transfer learning with convolutional
#   networks. arXiv 1802.01483
# - Howard, Ruder (2018): Universal language model fine-tuning for text classification. arXiv
#   1801.06146
# - Hu and others (2021): LoRA: low-rank adaptation of large language models. arXiv 2106.09685
# - Keras guide: Transfer learning and fine-tuning, keras.io
