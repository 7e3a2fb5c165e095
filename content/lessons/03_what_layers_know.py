# %% [markdown]
# # 03 · What do layers know?
#
# A network is a row of layers, and they do not all know the same kind of thing. Layers near the
# image answer to edges and spots; layers near the answer know the classes they were trained for.
# Which of them are worth taking along to a new task? You will look, measure, and repeat in small
# the experiment that settled the question.
#
# **After this lesson you can**
# - look at what the first layer of a network answers to, and read it;
# - measure what each block of a network is worth for *your* task;
# - say which layers of a source help, which cost, and how that depends on how alike the two tasks
#   are;
# - show which part of an image an answer rests on.
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
# ## 1. What the first layer answers to
#
# The first convolution looks at a tiny window, 3 by 3 pixels. Each of its filters is a small
# pattern, and its output is large where the image looks like the pattern. Here are the filters of
# a network that was trained on photographs.

# %%
backbone = tlcourse.load_backbone()
first = next(layer for layer in backbone.layers if layer.weights)
kernels = first.get_weights()[0]  # (3, 3, 3 colours, number of filters)
ax = plots.filters(kernels, title=f"The {kernels.shape[-1]} filters of the first layer: edges, colours, spots")
print(plots.alt_text(ax))

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
picture = flowers.images[:1]
first_block = next(iter(tlcourse.blocks_of(backbone).values()))
maps = keras.Model(backbone.input, first_block[-1].output).predict(picture, verbose=0)[0, ..., :16]  # 16 channels or fewer
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=(1, 2), layout="constrained")
left.imshow(picture[0]), left.set_axis_off(), left.set_title(flowers.class_names[flowers.labels[0]])
ax = plots.activations(maps, title=f"What {maps.shape[-1]} channels of the first block answer", ax=right)
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Some channels draw the outline of the flower, some its colour, some the
# background. None of them knows a flower: edges and colours are in *every* photograph, which is why
# such a layer is useful for almost any task. (In the `full` profile look at
# `load_backbone("resnet50")` too: its first layer has 64 filters of 7 by 7 pixels, large enough to
# *see* the edges in them.)
#
# ## 2. What each block is worth
#
# A *probe* is a simple classifier that is trained on the output of one block while the network
# stays as it is. Its accuracy says how much of what the task needs stands ready at that depth. (We
# average each channel over the image first.)

# %%
blocks = tlcourse.blocks_of(backbone)
outputs = [layers.GlobalAveragePooling2D()(block[-1].output) for block in blocks.values()]
features = keras.Model(backbone.input, outputs).predict(flowers.images, batch_size=64, verbose=0)
print({name: f.shape[1] for name, f in zip(blocks, features, strict=True)})

# %%
probes = []
for draw in range(5):  # five draws of the images to learn from
    learn, test = flowers.positions_per_class(train_per_class, seed + draw)
    y = flowers.labels
    probes.append([evaluate.linear_probe(f[learn], y[learn], f[test], y[test]) for f in features])
probes = np.array(probes)  # (draws, blocks)

# %%
ax = plots.layer_curve(list(blocks), {"probe": probes}, title="Later blocks know more of what tells flowers apart")
print(plots.alt_text(ax))
print(f"first block {probes[:, 0].mean():.2f}, best block {probes.mean(axis=0).max():.2f}, chance {1 / flowers.num_classes:.2f}")
assert probes[:, 0].mean() < probes.mean(axis=0).max() - 0.1

# %% [markdown]
# Later blocks are worth more here because the source, photographs of things, is *like* the target,
# images of flowers. What if it is not? For that question one needs sources of one's own making.
#
# ## 3. Keep n blocks, learn the rest
#
# Yosinski and colleagues asked in 2014: train a network on task A, keep its first *n* layers
# frozen, train the rest for task B. How good is it, for every *n*? We repeat it in small. The
# target: ten digits before pieces of photographs, with few examples. Two sources:
#
# - **letters**: other characters before such pieces. A task much like the target.
# - **quadrants**: the same kind of image, but the question is which piece of which photograph is
#   *behind* the character.

# %%
sources = {name: tlcourse.load_glyphs(task, source_images // count, seed=seed, split="train")
           for name, task, count in (("letters", "letters", 30), ("quadrants", "photo_quadrant", 8))}
digits = tlcourse.load_glyphs("digits", target_per_class, seed=seed + 1, split="train")
unseen = tlcourse.load_glyphs("digits", 60, seed=seed + 2, split="test")  # other fonts, other pieces of photographs
fig, axes = plt.subplots(3, 1, figsize=(8, 4.2), layout="constrained")
for ax, (name, data) in zip(axes, {**sources, "digits, the target": digits}.items(), strict=True):
    plots.image_grid(data.images[:10], columns=10, title=name, ax=ax)
print(plots.alt_text(fig))

# %% [markdown]
# The network has four blocks of convolution, normalisation and pooling. BatchNorm's `momentum=0.9`
# lets its statistics settle within a few hundred steps; Keras' default of 0.99 needs thousands.


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
def train(model, data, epochs):
    """Train whatever is not frozen."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
    model.fit(data.images, data.labels, epochs=epochs, batch_size=64, verbose=0)
    return model


trained = {name: train(build_cnn(data.num_classes), data, source_epochs) for name, data in tqdm(sources.items(), desc="sources")}

# %% [markdown]
# Keeping a block means: copy its values, then freeze both of its layers. Frozen BatchNorm uses the
# source's statistics.


# %%
def keep_blocks(source, count):
    """Return a network for digits whose first `count` blocks come from `source` and stay."""
    model = build_cnn(10)
    for i in range(1, count + 1):
        for name in (f"conv{i}", f"norm{i}"):
            model.get_layer(name).set_weights(source.get_layer(name).get_weights())
            model.get_layer(name).trainable = False
    return model


# %%
def accuracy(model):
    return model.evaluate(unseen.images, unseen.labels, verbose=0)[1]


scratch = accuracy(train(build_cnn(10), digits, target_epochs))
kept = {}
for name, source in trained.items():
    kept[name] = [accuracy(train(keep_blocks(source, n), digits, target_epochs)) for n in tqdm(range(1, 5), desc=name)]
    print(f"{name:<10}", [f"{value:.2f}" for value in kept[name]], f"from scratch {scratch:.2f}")

# %%
ax = plots.layer_curve(
    ["0", "1", "2", "3", "4"],
    {name: [scratch, *values] for name, values in kept.items()},
    x_label="blocks kept from the source",
    y_label="accuracy on digits",
    title="A similar source helps; a distant one costs, the deeper the more",
)
print(plots.alt_text(ax))

# %%
first_loss, last_loss = (scratch - kept["quadrants"][i] for i in (0, -1))
print(f"distant source: keeping one block costs {first_loss:+.2f}, keeping all four costs {last_loss:+.2f}")
print(f"similar source: the best depth gains {max(kept['letters']) - scratch:+.2f}; all four kept: {kept['letters'][-1] - scratch:+.2f}")
assert last_loss > 0.3
assert first_loss < last_loss / 2
assert max(kept["letters"]) > scratch + 0.05
assert kept["letters"][-1] < max(kept["letters"])

# %% [markdown]
# The first block is the cheapest to keep, even from the distant source. The last block of a distant
# source ruins the result: it kept the background and threw the character away. Even with the
# similar source it is better to learn the last block anew.
#
# The original, on ImageNet with millions of images, shows the same shape. Numbers: authors' logs
# (Yosinski et al. 2014).

# %%
published = {
    "similar halves of ImageNet": [0.003, -0.001, -0.006, -0.025, -0.047, -0.044, -0.083],
    "natural and man-made things": [0.003, -0.009, -0.032, -0.073, -0.130, -0.166, -0.251],
}
ax = plots.layer_curve([str(n) for n in range(1, 8)], published, x_label="layers kept", y_label="difference to no transfer",
                       title="Published: the drop grows with depth and with distance")
print(plots.alt_text(ax))

# %% [markdown]
# ## 4. How alike are two networks, block by block?
#
# *Centred kernel alignment* (CKA, Kornblith et al. 2019) compares two sets of features of the
# *same* images. It is 1 when one is a rotated or resized copy of the other, and near 0 when they
# have nothing in common. Written out:


# %%
def linear_cka(x, y):
    """Similarity of two tables of features; rows are the same images, columns are features."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.norm
    return norm(x.T @ y) ** 2 / (norm(x.T @ x) * norm(y.T @ y))


# %%
def block_features(model):
    """Outputs of the four blocks for the unseen digits, one table each, in double precision for the long sums below."""
    outputs = [layers.Flatten()(model.get_layer(f"block{i}").output) for i in range(1, 5)]
    return [table.astype("float64") for table in keras.Model(model.input, outputs).predict(unseen.images, verbose=0)]


tables = {name: block_features(model) for name, model in trained.items()}
similar = np.array([[linear_cka(x, y) for y in tables["quadrants"]] for x in tables["letters"]])
assert np.isclose(similar[0, 0], evaluate.cka(tables["letters"][0], tables["quadrants"][0]))  # the package has it from now on

# %%
names = [f"block {i}" for i in range(1, 5)]
ax = plots.heat_map(similar, names, names, row_label="trained on letters", column_label="trained on quadrants", value_label="CKA",
                    title="Two networks agree early and part ways late")
print(plots.alt_text(ax))
print("same depth:", [f"{value:.2f}" for value in np.diag(similar)])
assert similar[0, 0] > similar[3, 3] + 0.1

# %% [markdown]
# ## 5. Where did it look?
#
# *Grad-CAM* (Selvaraju et al. 2017) asks which places of the last feature map push the score of a
# class up. Take the gradient of the score with respect to the map, average it over the places (one
# weight per channel), add up the channels with these weights, and keep what is positive. The head
# is the probe of section 2, put into a layer so that gradients can flow.

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
    """Return a map of 0 to 1: how much each place speaks for `label`."""
    import tensorflow as tf

    maps = mapper(image[None])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = head(tf.reduce_mean(maps, axis=(1, 2)))[0, label]
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))  # (1, channels)
    heat = np.maximum(np.asarray(tf.reduce_sum(maps * weights[:, None, None], axis=-1))[0], 0)
    return heat / heat.max() if heat.max() > 0 else heat


# %%
right = test[probe.predict(last[test]) == flowers.labels[test]]
right = right[:: len(right) // 6][:6]  # six from all over the test set, so that they are not all of one kind
fig, axes = plt.subplots(2, 6, figsize=(9, 3.4), layout="constrained")
for column, i in zip(axes.T, right, strict=True):
    heat = grad_cam(flowers.images[i], flowers.labels[i])
    height, width = flowers.image_shape[:2]
    column[0].imshow(flowers.images[i]), column[0].set_title(flowers.class_names[flowers.labels[i]], fontsize=9)
    column[1].imshow(flowers.images[i])
    column[1].imshow(heat, cmap="cividis", alpha=0.55, extent=(0, width, height, 0))
    column[0].set_axis_off(), column[1].set_axis_off()
fig.suptitle("Bright: places that speak for the class")
kinds = ", ".join(flowers.class_names[flowers.labels[i]] for i in right)
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
#   depends on how far the tasks are apart.
# - Keep what helps: measure with a probe before you choose which block to cut at.
# - A distant source hurts more, the more of it is kept.
# - What is often said, "freeze the early layers and tune the late ones", is a good start and no
#   law: freezing in the middle of layers that grew up together can cost too (the dip at layers 4
#   and 5 in the published curve).
#
# ## Quiz
#
# **1. You have 200 X-ray images and a network trained on photographs. Which part is the safest to
# keep frozen?**
#
# <details><summary>The first blocks</summary>Yes. Edges and spots are in X-rays too; measure how
# far up that holds.</details>
# <details><summary>The last block</summary>No. It knows the classes of the source; here they are
# things in photographs.</details>
# <details><summary>Everything but the head</summary>Perhaps, and a probe will tell; with a distant
# source it is the costly end of the curve.</details>
#
# **2. The CKA of two blocks is 0.95. What does that say?**
#
# <details><summary>Their neurons are the same, one by one</summary>No. CKA is blind to rotations:
# single neurons may differ altogether.</details>
# <details><summary>They arrange these images alike</summary>Yes: which images are near each
# other is almost the same in both.</details>
# <details><summary>They are equally accurate</summary>No. Nothing in CKA knows the
# labels.</details>
#
# **3. A Grad-CAM map lights up on the background. What do you do?**
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
