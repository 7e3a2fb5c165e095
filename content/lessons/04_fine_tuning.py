# %% [markdown]
# # 04 · Fine-tuning
#
# In lesson 02 the backbone stayed as it was. *Fine-tuning* goes on training it, in small steps, on
# the new task. It can gain a lot, it can gain nothing, and it can destroy in a minute what took
# days to learn. The recipe is short; two of its steps fail without any message.
#
# **After this lesson you can**
# - fine-tune in two phases, and prove from the weights that each phase did what you meant;
# - recognise the two silent mistakes, flags without `compile` and BatchNorm in motion, and measure
#   what they cost;
# - choose how many blocks to unfreeze and how fast, from a map that you measured;
# - keep a backbone near its start: probe first, learning rates by depth, L2-SP; and say when not to
#   fine-tune at all.
#
# **Time:** 40 minutes. **It presumes** lessons 02 and 03: head and backbone, frozen layers,
# BatchNorm, probes.

# %%
import keras
import numpy as np
from keras import layers
from tqdm.auto import tqdm

from tlcourse import finetune, plots

# %%
# Settings
test_per_class = {"embedded": 20, "full": 40}[tlcourse.profile()]  # flowers of each kind to test on
train_per_class = {"embedded": 10, "full": 20}[tlcourse.profile()]  # flowers of each kind to learn from
head_epochs, head_rate = 8, 3e-3
tune_epochs, tune_rate = 3, 1e-4
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## 1. Phase one: the head
#
# A new head starts at random values, so at first it is wrong about everything. If the backbone
# learned along, it would be pushed around by this wrong head. So: freeze the backbone, train the
# head.

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
# Phase two: unfreeze and go on. That is how it is often written, and nothing complains. Did it
# work? Not the accuracy, the *weights* tell. `snapshot` copies them, `what_moved` compares, layer
# by layer.

# %%
before = tlcourse.snapshot(backbone)
backbone.trainable = True
fit(epochs=2)
moved = tlcourse.what_moved(before, backbone)
print(f"layers of the backbone that moved: {len(moved.moved_names)} of {len(moved.rows)}")
assert moved.bit_identical

# %% [markdown]
# Not one bit. Keras reads the flags once, when it builds the training step; `fit` then repeats that
# step. You would have reported "fine-tuning gained nothing", about a backbone that was never tuned.
# The rule: **after any change of `trainable`, compile again.**
#
# ## 3. The second silent mistake: BatchNorm in motion
#
# BatchNorm normalises by the *batch* while it learns, and keeps running averages (its *statistics*)
# for later. Few images make poor averages. Many texts say that
# `backbone(images, training=False)`, as we wrote above, prevents it. To see BatchNorm alone we
# unfreeze, compile, and train with a learning rate of **zero**: no weight can move. Two images a
# batch, as one has when images are large.

# %%
model.set_weights(after_head)
before = tlcourse.snapshot(backbone)
model.compile(keras.optimizers.SGD(0.0), loss, metrics=["accuracy"])
fit(epochs=1, batch_size=2)
moved = tlcourse.what_moved(before, backbone)
shift = np.median([row.statistic_change for row in moved.rows if row.statistic_change is not None])
disturbed = accuracy()
print(f"weights moved by {max(row.weight_change or 0 for row in moved.rows):.0%}, statistics by {shift:.1%} (median over layers)")
print(f"accuracy {head_accuracy:.3f} -> {disturbed:.3f}, although nothing was learned")
assert max(row.weight_change or 0 for row in moved.rows) == 0
assert len(moved.moved_names) > 10

# %% [markdown]
# The words `training=False` had no effect: in a functional model, `fit` decides the mode of every
# layer, unless the layer itself is frozen. How much is lost depends on how fast the averages move,
# BatchNorm's `momentum`: `tiny_resnet` uses 0.9, and one pass replaces its statistics; MobileNetV2
# uses 0.999, and they creep (the shift printed above). Sometimes moving statistics even help, when
# the new images are many and different. What is never right is that they move without your
# knowing.

# %%
momentum = next(layer.momentum for layer in backbone.layers if isinstance(layer, layers.BatchNormalization))
kept = momentum ** (len(train) // 2)  # one step for every two images
print(f"momentum {momentum}: after one pass {kept:.0%} of the old statistics are left")
if momentum < 0.95:
    assert disturbed < head_accuracy - 0.02

# %% [markdown]
# ## 4. Phase two, done right
#
# Unfreeze the last two blocks, freeze every BatchNorm layer (frozen, it stays in inference mode
# whatever happens around it), compile with a **new optimizer** and a learning rate 10 to 100 times
# smaller than the head's. Written out:


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
print(f"head {head_accuracy:.3f}, fine-tuned {tuned_accuracy:.3f} ({tuned_accuracy - head_accuracy:+.3f})")
assert all(not row.statistic_change for row in moved.rows)
print(tlcourse.trainable_summary(model))

# %%
convolutions = [row for row in moved.rows if row.weight_change is not None and row.statistic_change is None]
learned = sum(row.weight_change > 0 for row in convolutions)
ax = plots.moved_per_layer(convolutions[-learned - 2 :], title="Two blocks learned; the layers before them stood still")
print(plots.alt_text(ax))

# %% [markdown]
# The package has the same in one line each. `unfreeze` goes by block and keeps BatchNorm still;
# `fit` of a model whose flags it changed refuses until you compile. `fit_two_phase` does both
# phases. Do the two versions agree, layer for layer?

# %%
by_hand = [variable.path for variable in model.trainable_variables]
start_block = list(tlcourse.blocks_of(backbone))[-2]
tlcourse.freeze(backbone)
tlcourse.unfreeze(backbone, from_block=start_block)
assert [variable.path for variable in model.trainable_variables] == by_hand

# %%
model.set_weights(after_head)
before = tlcourse.snapshot(backbone)
finetune.fit_two_phase(
    model, (train.images, train.labels), backbone=backbone, loss=loss, from_block=start_block, head_epochs=1, fine_tune_epochs=1,
    head_learning_rate=head_rate, fine_tune_learning_rate=tune_rate, batch_size=16, verbose=0)  # fmt: skip
package = tlcourse.what_moved(before, backbone)
assert package.moved_names == moved.moved_names
print(f"by hand and by the package the same {len(package.moved_names)} layers moved, and no other")

# %% [markdown]
# Is fine-tuning worth it? Often less than is said: compare with the head alone, over several draws,
# before you believe a gain.
#
# ## 5. How many blocks, how fast?
#
# For a map one needs many runs, so here comes the small network of lesson 03: trained on letters,
# to be tuned to ten digits.


# %%
def build_cnn(num_classes):
    """Four blocks: 32 -> 16 -> 8 -> 4 -> 2 pixels a side."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for i, channels in enumerate((16, 32, 64, 64), start=1):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=f"conv{i}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{i}")(x)
        x = layers.MaxPooling2D(name=f"block{i}")(layers.ReLU()(x))
    return keras.Model(images, layers.Dense(num_classes, name="head")(layers.Flatten()(x)))


# %%
letters = tlcourse.load_glyphs("letters", 80, seed=seed, split="train")
digits = tlcourse.load_glyphs("digits", 20, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 50, seed=seed + 2, split="test")  # other fonts, other backgrounds


def train_on(model, data, optimizer, epochs, batch_size=32):
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model.fit(data.images, data.labels, epochs=epochs, batch_size=batch_size, verbose=0)


def score(model):
    return model.evaluate(unseen.images, unseen.labels, batch_size=100, verbose=0)[1]


source = build_cnn(30)
train_on(source, letters, keras.optimizers.Adam(2e-3), epochs=7, batch_size=64)


# %%
def transfer(open_blocks, head_weights=None):
    """Return a network for digits with the source's blocks; the last `open_blocks` of them train, BatchNorm never."""
    model = build_cnn(10)
    for i in range(1, 5):
        for name in (f"conv{i}", f"norm{i}"):
            model.get_layer(name).set_weights(source.get_layer(name).get_weights())
            model.get_layer(name).trainable = name.startswith("conv") and i > 4 - open_blocks
    if head_weights:
        model.get_layer("head").set_weights(head_weights)
    return model


probe = transfer(0)
train_on(probe, digits, keras.optimizers.Adam(3e-3), epochs=15)
probe_score = score(probe)
head_weights = probe.get_layer("head").get_weights()
print(f"head alone: {probe_score:.3f}")

# %%
rates = (1e-4, 1e-3, 1e-2)
table = np.zeros((len(rates), 4))
for row, column in tqdm(list(np.ndindex(table.shape)), desc="map"):
    tuned = transfer(column + 1, head_weights)
    train_on(tuned, digits, keras.optimizers.Adam(rates[row]), epochs=5)
    table[row, column] = score(tuned)

# %%
ax = plots.heat_map(table, [f"{rate:g}" for rate in rates], ["1", "2", "3", "4"],
                    title="A rate of 0.01 destroys what was learned")
print(plots.alt_text(ax))
print(f"head alone {probe_score:.2f}; rates up to 0.001: {table[:2].min():.2f} to {table[:2].max():.2f}")
print(f"rate 0.01: one block {table[2, 0]:.2f}, four blocks {table[2, 3]:.2f}, chance 0.10")
assert table[:2].min() > probe_score - 0.1  # small steps never do much harm ...
assert table[2, 3] < probe_score - 0.25  # ... and large ones ruin it

# %% [markdown]
# The head was trained at 0.003. A rate that is right for a head is too fast for a backbone. Below
# that, how many blocks you open hardly matters here, and the gain over the head alone is small.
#
# What if the head is *not* trained first? All blocks open, the same rate and epochs, once from the
# trained head, once from a random one:

# %%
random_head = transfer(4)
train_on(random_head, digits, keras.optimizers.Adam(1e-3), epochs=5)
random_score = score(random_head)
patient = transfer(4)
train_on(patient, digits, keras.optimizers.Adam(1e-3), epochs=20)  # as many epochs as both phases together
print(f"trained head, then 5 epochs: {table[1, 3]:.2f}; random head, 5 epochs: {random_score:.2f}, 20 epochs: {score(patient):.2f}")
assert random_score < table[1, 3]

# %% [markdown]
# Both effects are in these numbers: a random head has more to learn *and* pulls the features about
# meanwhile. The run of 20 epochs takes the first one away. What remains is section 8's subject.
#
# ## 6. Which layers move?
#
# Adam moves every weight by about its learning rate, wherever it is. Early layers, which are
# general, move as much as late ones. *Discriminative* learning rates give every earlier block a
# rate 2.6 times lower (ULMFiT). Multiplying the *gradients* would do nothing: Adam divides by their
# size. It takes an optimizer for each group of layers; Keras' `MultiOptimizer` holds them.

# %%
rows = {}
for name in ("one rate", "by depth"):
    tuned = transfer(4, head_weights)
    optimizer = keras.optimizers.Adam(1e-3) if name == "one rate" else finetune.discriminative_optimizer(tuned, learning_rate=1e-3)
    before = tlcourse.snapshot(tuned)
    train_on(tuned, digits, optimizer, epochs=5)
    moved = tlcourse.what_moved(before, tuned)
    rows[name] = [moved[f"conv{i}"].weight_change for i in range(1, 5)]
    print(f"{name}: accuracy {score(tuned):.2f}, conv1 moved {rows[name][0]:.1%}, conv4 {rows[name][3]:.1%}")

# %%
ax = plots.layer_curve([f"conv{i}" for i in range(1, 5)], rows, y_label="relative change of weights",
                       title="Rates by depth: the first layer stays nearly where it was")
print(plots.alt_text(ax))
assert rows["by depth"][0] < rows["one rate"][0] / 4
assert rows["by depth"][0] / rows["by depth"][3] < rows["one rate"][0] / rows["one rate"][3]

# %% [markdown]
# A cousin in time is *gradual unfreezing*: one more block every few epochs, from the head down,
# with `finetune.GradualUnfreezing(backbone, epochs_per_block=1)` among the callbacks of `fit`.
#
# **A leash.** *L2-SP* adds a penalty on the distance from the start to the loss:
# $\frac{\alpha}{2}\lVert w - w_{start}\rVert^2$. Weight decay would pull to zero, which is nowhere
# near what the backbone knows.


# %%
def distance(alpha):
    """Fine-tune with a leash of strength `alpha`; return how far the blocks went, and the accuracy."""
    tuned = transfer(4, head_weights)
    trunk = keras.Model(tuned.input, tuned.get_layer("block4").output)
    start = [w.numpy().copy() for w in trunk.trainable_weights]
    leashed = finetune.l2_sp(tuned, backbone=trunk, alpha=alpha, beta=0.0)
    train_on(leashed, digits, keras.optimizers.Adam(1e-3), epochs=5)
    away = sum(np.sum((w.numpy() - s) ** 2) for w, s in zip(trunk.trainable_weights, start, strict=True))
    return away**0.5, score(leashed)


leash = {alpha: distance(alpha) for alpha in (0.0, 1.0)}
for alpha, (away, value) in leash.items():
    print(f"alpha {alpha:g}: distance {away:.2f}, accuracy {value:.2f}")
assert leash[1.0][0] < leash[0.0][0] / 1.5

# %% [markdown]
# **Few new weights.** *LoRA* (Hu and others 2021) leaves a large matrix as it is and adds the
# product of two thin ones to it; only those learn. In Keras it is one call on a `Dense` layer.

# %%
dense = layers.Dense(1024)
dense.build((None, 1024))
row = np.random.default_rng(seed).normal(size=(1, 1024))
full_count, answer = sum(int(np.prod(w.shape)) for w in dense.trainable_weights), dense(row)
dense.enable_lora(rank=4)
lora_count = sum(int(np.prod(w.shape)) for w in dense.trainable_weights)
print(f"trainable weights: {full_count:,} -> {lora_count:,} ({full_count / lora_count:.0f} times fewer)")
assert lora_count == 2 * 4 * 1024 + 1024  # two thin matrices, and the bias
assert np.allclose(answer, dense(row), atol=1e-5)  # one of the two starts at zero: nothing has changed yet

# %% [markdown]
# ## 7. Three switches for fast machines
#
# Fine-tuning is where a GPU pays. Three switches make use of one; the recipe stays the same.
#
# - **Mixed precision**: compute in 16 bits, keep the weights in 32. Recent GPUs do that several
#   times faster; a processor rather slower. The last layer stays in 32 bits: 16 bits have no number
#   above 65,504, and a loss of `nan` is how one finds out.
# - **XLA** (`jit_compile=True`) joins many small steps of a computation into few. With one GPU
#   Keras switches it on by itself.
# - **`tf.distribute.MirroredStrategy`**: several GPUs, each with a copy of the model and its share
#   of every batch.

# %%
import tensorflow as tf

gpus = tf.config.list_physical_devices("GPU")
policy = "mixed_float16" if gpus else "float32"
strategy = tf.distribute.MirroredStrategy() if len(gpus) > 1 else tf.distribute.get_strategy()  # the second one changes nothing
print(f"GPUs found: {len(gpus)}; so precision {policy}, copies of the model: {strategy.num_replicas_in_sync}")


# %%
def in_precision(name):
    """The network for digits, computing as the policy `name` says, with a last layer in float32."""
    keras.config.set_dtype_policy(name)
    trunk = build_cnn(10)
    keras.config.set_dtype_policy("float32")
    return keras.Model(trunk.input, layers.Dense(10, dtype="float32", name="head")(trunk.layers[-2].output))


with strategy.scope():
    mixed, chosen = in_precision("mixed_float16"), in_precision(policy)
    optimizer = keras.optimizers.Adam(2e-3)
conv = mixed.get_layer("conv1")
print(f"mixed: {conv.name} computes in {conv.compute_dtype}, keeps its weights in {conv.variable_dtype}; the scores are {mixed.output.dtype}")
assert (conv.compute_dtype, conv.variable_dtype, mixed.output.dtype) == ("float16", "float32", "float32")

# %%
with strategy.scope():
    chosen.compile(optimizer, loss, metrics=["accuracy"])
    losses = chosen.fit(digits.images, digits.labels, epochs=3, batch_size=32, verbose=0).history["loss"]
print(f"trained: loss {losses[0]:.2f} -> {losses[-1]:.2f}; XLA {'on' if chosen.jit_compile else 'off'}, optimizer {type(chosen.optimizer).__name__}")
assert losses[-1] < losses[0]

# %% [markdown]
# (`LossScaleOptimizer`, which you see with mixed precision, multiplies the loss so that small
# gradients do not vanish in 16 bits. Keras puts it around yours.)
#
# ## 8. Away from the training data
#
# Test data often differ from training data: another camera, another hospital. There fine-tuning can
# be *worse* than a frozen backbone. The smallest case where this can be seen has a backbone of 4
# linear features, nearly right, and training inputs that cover only 8 of 20 directions (Kumar and
# others 2022). Gradient descent changes the backbone only in the directions it sees, while the head
# changes for all.


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
    results = [(start, fitted), fine_tune(start, rng.normal(size=4), x, y), fine_tune(start, fitted, x, y)]
    for j, (features, head) in enumerate(results):
        inside[i, j] = np.mean((x @ features.T @ head - y) ** 2)
        outside[i, j] = np.sum((features.T @ head - truth) ** 2)  # mean squared error over inputs in all directions

# %%
worlds = np.arange(1, 11)
ax = plots.lines({name: (worlds, outside[:, j]) for j, name in enumerate(names)}, x_label="world", y_label="squared error, all directions",
                 log_y=True, title="Away from the training inputs, order matters")
print(plots.alt_text(ax))
for j, name in enumerate(names):
    print(f"{name:<31} error on training inputs {inside[:, j].mean():.4f}, in all directions {outside[:, j].mean():.3f}")
print("LP-FT better than FT in", int((outside[:, 2] < outside[:, 1]).sum()), "of 10 worlds")
assert (outside[:, 2] < outside[:, 1]).all()

# %% [markdown]
# On the training inputs fine-tuning is perfect, and in other directions it is the worst of the
# three. From a fitted head there is little left to push, so the features stay. Published, over ten
# shifts of real data: fine-tuning gained 2 points inside and lost 7 outside against the probe;
# LP-FT was 1 and 10 points better than fine-tuning (Kumar and others 2022, abstract). For images:
# `finetune.lp_ft`.
#
# ## What to remember
#
# - Head first; then unfreeze, freeze BatchNorm, **compile with a new optimizer and a small rate**;
#   then look at what moved.
# - A flag changed after `compile` does nothing. `training=False` does not hold BatchNorm still in a
#   functional model.
# - Too fast is far worse than too slow: measure the map.
# - What is often said: "fine-tuning improves on feature extraction". Here it was worth little on
#   digits; with a distant target it can be worth more, and on data from elsewhere it can cost. Keep
#   the frozen backbone as the one to beat.
#
# ## Quiz
#
# **1. You set `backbone.trainable = True` and call `fit`. The accuracy stays as it was. What do you
# check first?**
#
# <details><summary>Whether the learning rate is large enough</summary>Not yet. First see whether
# the weights moved at all.</details>
# <details><summary>Whether you compiled after the change</summary>Yes. what_moved tells in one
# line: bit-identical means no.</details>
# <details><summary>Whether there are enough images</summary>No. Too few images would change the
# weights too, only badly.</details>
#
# **2. How do you keep BatchNorm's statistics still while you fine-tune a functional model?**
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
# <details><summary>Ship it, it is better</summary>Better on data like the training data. Elsewhere
# the order can turn around.</details>
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
