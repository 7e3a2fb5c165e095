# %% [markdown]
# # 03 · What do layers know?
#
# A network is a row of layers, and they do not all know the same kind of thing. Layers near the
# image respond to edges and spots; layers near the output know the classes they were trained for.
# Which of them are worth keeping for a new task? You will look, measure, and repeat on a small
# scale a well known experiment on this question.
#
# **After this lesson you can**
# - look at what the first layer of a network responds to, and read it;
# - measure what each block of a network is worth for *your* task;
# - say which layers of a source help, which do harm, and how that depends on how similar the two
#   tasks are;
# - show which part of an image a prediction rests on.
#
# **Time:** 35 minutes. **It presumes** lesson 00 and that you know what a convolution and a frozen
# layer are (lesson 02).

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from tqdm.auto import tqdm

from tlcourse import evaluate, plots

# %%
# Settings
per_class = {"embedded": 60, "full": 100}[tlcourse.profile()]  # images of each kind of flower
train_per_class = 20  # of them, to learn from
source_images = 2400  # images of a source task, drawn
source_epochs = 8
target_per_class = 60  # images of each digit to learn from
target_epochs = 12

# %% [markdown]
# ## 1. What the first layer responds to
#
# The first convolution looks at a small window, 3 by 3 pixels. Each of its filters is a small
# pattern, and its output is large where the image looks like the pattern. Here are the filters of
# a network that was trained on photographs.

# %%
backbone = tlcourse.load_backbone()
first = next(layer for layer in backbone.layers if layer.weights)
kernels = first.get_weights()[0]  # (3, 3, 3 colours, number of filters)
title = f"The {kernels.shape[-1]} filters of the first layer: edges, colours, spots"
ax = plots.filters(kernels, title=title)
print(plots.alt_text(ax))

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
image = flowers.images[:1]
first_block = next(iter(tlcourse.blocks_of(backbone).values()))
first_part = keras.Model(backbone.input, first_block[-1].output)
maps = first_part.predict(image, verbose=0)[0, ..., :16]  # 16 channels or fewer
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(1, 2), layout="constrained")
left.imshow(image[0])
left.set_axis_off()
left.set_title(flowers.class_names[flowers.labels[0]])
title = f"{maps.shape[-1]} channels of the first block: bright where they respond"
ax = plots.activations(maps, title=title, ax=right)
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Some channels show the outline of the flower, some its colour, some the
# background. None of them knows a flower: edges and colours are in *every* photograph. So such a
# layer is useful for almost any task. (In the `full` profile look at `load_backbone("resnet50")`
# too: its first layer has 64 filters of 7 by 7 pixels, large enough to *see* the edges in them.)
#
# ## 2. What each block is worth
#
# A **linear probe** is a linear classifier trained on the output of one block of a network that
# stays as it is. Its accuracy says how much of what the task needs is available at that depth. (We
# average each channel over the image first.)

# %%
blocks = tlcourse.blocks_of(backbone)
outputs = [layers.GlobalAveragePooling2D()(block[-1].output) for block in blocks.values()]
by_block = keras.Model(backbone.input, outputs)
features = by_block.predict(flowers.images, batch_size=64, verbose=0)
print({name: f.shape[1] for name, f in zip(blocks, features, strict=True)})

# %%
probes = []
for draw in range(5):  # five draws of the images to learn from
    learn, test = flowers.positions_per_class(train_per_class, seed + draw)
    y = flowers.labels
    probes.append([evaluate.linear_probe(f[learn], y[learn], f[test], y[test]) for f in features])
probes = np.array(probes)  # (draws, blocks)

# %%
title = "Later blocks know more of what distinguishes flowers"
ax = plots.layer_curve(list(blocks), {"linear probe": probes}, title=title)
print(plots.alt_text(ax))
first_probe, best_probe = probes[:, 0].mean(), probes.mean(axis=0).max()
print(f"first block {first_probe:.2f}, best block {best_probe:.2f}, ", end="")
print(f"guessing {1 / flowers.num_classes:.2f}")
assert first_probe < best_probe - 0.1

# %% [markdown]
# Later blocks are worth more here because the source, photographs of things, is *similar* to the
# target, images of flowers. What if it is not? To answer that, we make our own sources.
#
# ## 3. Keep n blocks, learn the rest
#
# Yosinski and colleagues asked in 2014: train a network on task A, keep its first *n* layers
# frozen, train the rest for task B. How good is it, for every *n*? We repeat it on a small scale.
# The target: ten digits in front of pieces of photographs, with few examples. Two sources:
#
# - **letters**: other characters in front of such pieces. A task much like the target.
# - **quadrants**: the same kind of image, but the question is which piece of which photograph is
#   *behind* the character.

# %%
sources = {
    name: tlcourse.load_glyphs(task, source_images // count, seed=seed, split="train")
    for name, task, count in (("letters", "letters", 30), ("quadrants", "photo_quadrant", 8))
}
digits = tlcourse.load_glyphs("digits", target_per_class, seed=seed + 1, split="train")
# other fonts, other pieces of photographs
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")
shown = {**sources, "digits, the target": digits}
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
for ax, (name, data) in zip(axes, shown.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=name, ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# The network is the one of lesson 01, `tlcourse.small_cnn`: four blocks of convolution (`conv1` to
# `conv4`), BatchNorm (`norm1` to `norm4`) and pooling, then a head. BatchNorm's statistics are
# running averages, and `momentum` is the share that each training step keeps of the old value. At
# the network's momentum of 0.9, less than 1 % of the initial value is left after 44 steps. At
# Keras' default of 0.99 that takes ten times as many steps.

# %%
for momentum in (0.9, 0.99):
    steps = int(np.ceil(np.log(0.01) / np.log(momentum)))
    print(f"momentum {momentum}: after {steps} steps {momentum**steps:.2%} of the start is left")
steps_here = target_epochs * int(np.ceil(len(digits) / 64))
print(f"training on the digits below: {steps_here} steps")


# %%
def train(model, data, epochs):
    """Train what is not frozen."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    model.fit(data.images, data.labels, epochs=epochs, batch_size=64, verbose=0)
    return model


trained = {
    name: train(tlcourse.small_cnn(data.num_classes), data, source_epochs)
    for name, data in tqdm(sources.items(), desc="sources")
}

# %% [markdown]
# To keep a block, copy its weights, then freeze both of its layers. Frozen BatchNorm uses the
# source's statistics.


# %%
def keep_blocks(source, count):
    """Return a network for digits that keeps the first `count` blocks of `source`, frozen."""
    model = tlcourse.small_cnn(10)
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            model.get_layer(name).set_weights(source.get_layer(name).get_weights())
            model.get_layer(name).trainable = False
    return model


# %%
def accuracy(model):
    return model.evaluate(unseen.images, unseen.labels, verbose=0)[1]


scratch = accuracy(train(tlcourse.small_cnn(10), digits, target_epochs))
kept = {name: [] for name in trained}
for name, source in trained.items():
    for n in tqdm(range(1, 5), desc=name):
        kept[name].append(accuracy(train(keep_blocks(source, n), digits, target_epochs)))
    print(f"{name:<10}", [f"{value:.2f}" for value in kept[name]], f"from scratch {scratch:.2f}")

# %%
ax = plots.layer_curve(
    ["0", "1", "2", "3", "4"],
    {name: [scratch, *values] for name, values in kept.items()},
    x_label="blocks kept from the source",
    y_label="accuracy on digits",
    title="A similar source helps; a distant one does harm, more with depth",
)
print(plots.alt_text(ax))

# %%
first_loss, last_loss = (scratch - kept["quadrants"][i] for i in (0, -1))
print(f"distant source: keeping one block costs {first_loss:+.2f}, all four {last_loss:+.2f}")
best_gain, full_gain = max(kept["letters"]) - scratch, kept["letters"][-1] - scratch
print(f"similar source: the best depth gains {best_gain:+.2f}; all four kept: {full_gain:+.2f}")
assert last_loss > 0.3
assert first_loss < last_loss / 2
assert max(kept["letters"]) > scratch + 0.05
assert kept["letters"][-1] < max(kept["letters"])

# %% [markdown]
# The first block costs the least to keep, even from the distant source. The last block of a distant
# source ruins the result: it kept the background and lost the character. Even with the similar
# source it is better to train the last block again.
#
# The original, on ImageNet with millions of images, shows the same shape. Numbers: authors' logs
# (Yosinski et al. 2014).

# %%
published = {
    "similar halves of ImageNet": [0.003, -0.001, -0.006, -0.025, -0.047, -0.044, -0.083],
    "natural and man-made things": [0.003, -0.009, -0.032, -0.073, -0.130, -0.166, -0.251],
}
ax = plots.layer_curve(
    [str(n) for n in range(1, 8)],
    published,
    x_label="layers kept",
    y_label="difference to no transfer",
    title="Published: the drop grows with depth and with distance",
)
print(plots.alt_text(ax))

# %% [markdown]
# ## 4. How similar are two networks, block by block?
#
# *Centred kernel alignment* (CKA, Kornblith et al. 2019) compares two sets of features of the
# *same* images. It is 1 when one is a rotated or rescaled copy of the other, and near 0 when they
# have nothing in common. In code:


# %%
def linear_cka(x, y):
    """Similarity of two tables of features; rows are the same images, columns are features."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.norm
    return norm(x.T @ y) ** 2 / (norm(x.T @ x) * norm(y.T @ y))


# %%
def block_features(model):
    """Outputs of the four blocks for the unseen digits, one table each."""
    outputs = [layers.Flatten()(model.get_layer(f"pool{i}").output) for i in range(1, 5)]
    by_block = keras.Model(model.input, outputs)
    # in double precision, because the sums are long
    return [table.astype("float64") for table in by_block.predict(unseen.images, verbose=0)]


tables = {name: block_features(model) for name, model in trained.items()}
letter_tables, quadrant_tables = tables["letters"], tables["quadrants"]
similar = np.array([[linear_cka(x, y) for y in quadrant_tables] for x in letter_tables])
# the package has it from now on
assert np.isclose(similar[0, 0], evaluate.cka(letter_tables[0], quadrant_tables[0]))

# %%
names = [f"block {i}" for i in range(1, 5)]
labels = {"row_label": "trained on letters", "column_label": "trained on quadrants"}
title = "Two networks are similar in early blocks, different in late ones"
ax = plots.heat_map(similar, names, names, value_label="CKA", title=title, **labels)
print(plots.alt_text(ax))
print("same depth:", [f"{value:.2f}" for value in np.diag(similar)])
assert similar[0, 0] > similar[3, 3] + 0.1

# %% [markdown]
# ## 5. Where did it look?
#
# *Grad-CAM* (Selvaraju et al. 2017) asks which places of the last feature map raise the score of a
# class. Take the gradient of the score with respect to the map, average it over the places (one
# weight per channel), add up the channels with these weights, and keep what is positive. The head
# is the linear probe of section 2, put into a layer through which gradients can flow.

# %%
from sklearn.linear_model import LogisticRegression

last = features[-1]
probe = LogisticRegression(max_iter=1000).fit(last[learn], flowers.labels[learn])
head = layers.Dense(flowers.num_classes)
head.build((None, last.shape[1]))
head.set_weights([probe.coef_.T, probe.intercept_])
mapper = keras.Model(backbone.input, backbone.output)  # (batch, height, width, channels)


# %%
def grad_cam(image, label):
    """Return a map of 0 to 1: how much each place raises the score of `label`."""
    import tensorflow as tf

    maps = mapper(image[None])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = head(tf.reduce_mean(maps, axis=(1, 2)))[0, label]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))  # (1, channels)
    heat = tf.reduce_sum(maps * weights[:, None, None], axis=-1)
    heat = np.maximum(np.asarray(heat)[0], 0)
    return heat / heat.max() if heat.max() > 0 else heat


# %%
right = test[probe.predict(last[test]) == flowers.labels[test]]
right = right[:: len(right) // 6][:6]  # six from all over the test set, of several kinds
height, width = flowers.image_shape[:2]
kinds = ", ".join(flowers.class_names[flowers.labels[i]] for i in right)

# %%
fig, axes = plt.subplots(2, 6, figsize=(9, 3.4), layout="constrained")
for (top, bottom), i in zip(axes.T, right, strict=True):
    image, label = flowers.images[i], flowers.labels[i]
    top.imshow(image)
    top.set_title(flowers.class_names[label], fontsize=9)
    bottom.imshow(image)
    heat = grad_cam(image, label)
    bottom.imshow(heat, cmap="cividis", alpha=0.55, extent=(0, width, height, 0), vmin=0, vmax=1)
for ax in axes.flat:
    ax.set_axis_off()
fig.suptitle("Yellow: places that raise the score of the class; blue: places that do not")
plots.set_alt_text(fig, f"Images of {kinds}; below, each again with its map over it.")
print(plots.alt_text(fig))

# %% [markdown]
# **What to notice.** The map is coarse: the last feature map has only a few places a side, each of
# which sees a large part of the image. It says where, not what, and a map that looks sensible
# proves nothing about the next image.
#
# ## What to remember
#
# - Early layers are general, late layers belong to their task. Where exactly the border lies
#   depends on how different the tasks are.
# - Keep what helps: measure with a linear probe before you choose at which block to cut.
# - A distant source does more harm, the more of it is kept.
# - What is often said, "freeze the early layers and tune the late ones", is a good start and not a
#   law: freezing in the middle of layers that were trained together can do harm too (the dip at
#   layers 4 and 5 in the published curve).
#
# ## Quiz
#
# **1. You have 200 X-ray images and a network trained on photographs. Which part is the safest to
# keep frozen?**
#
# <details><summary>The first blocks</summary>Yes. Edges and spots are in X-rays too; measure up to
# which block that holds.</details>
# <details><summary>The last block</summary>No. It knows the classes of the source; here they are
# things in photographs.</details>
# <details><summary>Everything but the head</summary>Perhaps, and a linear probe can measure it;
# with a distant source this is the depth that does the most harm.</details>
#
# **2. The CKA of two blocks is 0.95. What does that say?**
#
# <details><summary>Their neurons are the same, one by one</summary>No. CKA ignores rotations:
# single neurons may be completely different.</details>
# <details><summary>They arrange these images alike</summary>Yes: which images are near each
# other is almost the same in both.</details>
# <details><summary>They are equally accurate</summary>No. CKA does not use the labels.</details>
#
# **3. A Grad-CAM map is bright on the background. What do you do?**
#
# <details><summary>Nothing, the accuracy was fine</summary>No. The background may be what was
# learned; test on images where it differs.</details>
# <details><summary>Test on images with other backgrounds</summary>Yes. The map raised the
# suspicion; only a test can confirm it.</details>
#
# ## Read on
#
# - Yosinski, Clune, Bengio, Lipson (2014): How transferable are features in deep neural networks?
#   arXiv 1411.1792
# - Kornblith, Norouzi, Lee, Hinton (2019): Similarity of neural network representations revisited.
#   arXiv 1905.00414
# - Selvaraju and others (2017): Grad-CAM: visual explanations from deep networks via gradient-based
#   localization. arXiv 1610.02391
