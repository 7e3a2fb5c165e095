# %% [markdown]
# # 02 · Feature extraction
#
# The simplest way to use a pretrained network is often the best when images are few. In
# **feature extraction**, a pretrained network stays as it is, and only a small classifier is
# trained, on the features that the network computes for each image. It is like a toolbox that
# somebody else filled: you do not make new tools, you learn which of them to use.
#
# **After this lesson you can**
# - turn images into features with a frozen network, and see what they are worth;
# - put a new head on a backbone and prove that the backbone did not change;
# - save most of the time by computing the features once;
# - use VGG16, ResNet50 or a module of TensorFlow Hub in the same way, and your own images;
# - avoid two mistakes that give no error: scaling twice, and augmenting in front of a cache.
#
# **Time:** 40 minutes. **It presumes** lesson 00, and that you have trained a small Keras model
# before.

# %%
import tempfile
import time
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from PIL import Image
from sklearn.decomposition import PCA

from tlcourse import evaluate, plots

# %%
# Settings
per_class = {"embedded": 60, "full": 150}[tlcourse.profile()]  # images of each kind of flower
train_per_class = 20  # of them, to learn from
epochs = 10  # passes over the training images for a head
timed_epochs = 2  # passes that are timed end to end

# %% [markdown]
# ## 1. A backbone and what it expects
#
# A *backbone* is a pretrained network without its last layer, the *head*, which knew the old
# classes. Every backbone was trained on pixels that were prepared in one particular way, its *input
# contract*. Our backbones contain that preparation: they take raw pixels, 0 to 255.

# %%
backbone = tlcourse.load_backbone(pooling="avg")
backbone.trainable = False
shapes = f"{backbone.input_shape[1:]} -> {backbone.output_shape[1:]}"
print(f"{backbone.name}: {backbone.count_params():,} weights, {shapes}")
print(tlcourse.contract_of(backbone))

# %% [markdown]
# The same line loads others by name; section 7 looks at the famous ones. Their ImageNet weights are
# downloaded at first use (`full` profile).

# %%
tlcourse.list_backbones()

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
# positions: the same number of each kind, and all others
learn, test = flowers.positions_per_class(train_per_class, seed)
print(f"{len(learn)} images to learn from, {len(test)} to test on, {flowers.num_classes} classes")

# %% [markdown]
# ## 2. Images become features
#
# One image in, one row of numbers out. The images go in in batches, because all at once may need
# too much memory. The network runs in *inference mode*: layers such as BatchNorm and Dropout behave
# differently during training, and here nothing is trained.


# %%
def extract(model, images, batch_size=64):
    """Return `(n, features)`: the features that a frozen model computes for each image."""
    starts = range(0, len(images), batch_size)
    batches = (images[s : s + batch_size] for s in starts)
    return np.concatenate([np.asarray(model(batch, training=False)) for batch in batches])


started = time.perf_counter()
features = extract(backbone, flowers.images)
extraction_seconds = time.perf_counter() - started
print(f"{features.shape[0]} images -> {features.shape}, {extraction_seconds:.1f} s")

# %% [markdown]
# From here on `tlcourse.extract_features` does the same, and keeps the result on disk.

# %%
assert np.allclose(features, tlcourse.extract_features(backbone, flowers.images), atol=1e-3)

# %% [markdown]
# What changed? PCA maps the images to two dimensions, the two directions in which they differ most,
# once from raw pixels and once from features. One marker is one image, of three kinds of flowers
# that differ in their petals.

# %%
kinds = [0, flowers.num_classes // 2 + 1, flowers.num_classes - 1]
shown = np.flatnonzero(np.isin(flowers.labels, kinds))
pixels = flowers.images.reshape(len(flowers), -1).astype("float32")
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
same_kind = {}
for ax, (name, table) in zip(axes, {"raw pixels": pixels, "features": features}.items()):
    points, labels = PCA(2, random_state=seed).fit_transform(table[shown]), flowers.labels[shown]
    apart = np.linalg.norm(points[:, None] - points, axis=-1)  # (images, images)
    nearest = (apart + np.diag(np.full(len(points), np.inf))).argmin(axis=1)
    same_kind[name] = np.mean(labels[nearest] == labels)
    title = f"By {name}: {same_kind[name]:.0%} of nearest neighbours share the kind"
    plots.embedding_map(points, labels, flowers.class_names, title=title, ax=ax)
print(plots.alt_text(fig))
assert same_kind["features"] > same_kind["raw pixels"] + 0.2

# %% [markdown]
# **What to notice.** By raw pixels the three kinds are mixed. By features each kind has a region of
# its own, and the nearest neighbour of an image is much more often of the same kind. PCA never saw
# the labels: the pretrained network separates these kinds without training on them.
#
# ## 3. How much are they worth?
#
# A **linear classifier** computes each class's score as a weighted sum of the features, and answers
# with the class that scores highest. It is the smallest head there is; logistic regression is one.
# Compare it on the pretrained features, on those of the *same* network with random weights, and on
# raw pixels. Five draws of the training images.

# %%
untrained = tlcourse.load_backbone(weights=None, pooling="avg")
tables = {
    "raw pixels": flowers.images[:, ::4, ::4].reshape(len(flowers), -1) / 255.0,
    "random network": extract(untrained, flowers.images),
    "pretrained network": features,
}
scores = {name: [] for name in tables}
for draw in range(5):
    a, b = flowers.positions_per_class(train_per_class, seed + draw)
    for name, table in tables.items():
        score = evaluate.linear_probe(table[a], flowers.labels[a], table[b], flowers.labels[b])
        scores[name].append(score)
means = {name: np.mean(values) for name, values in scores.items()}
spreads = [np.std(values, ddof=1) for values in scores.values()]
assert means["pretrained network"] > means["random network"] + 0.15

# %%
fig, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
style = {"color": plots.colour_of(0), "height": 0.6, "capsize": 4}
ax.barh(list(means), list(means.values()), xerr=spreads, **style)
ax.axvline(1 / flowers.num_classes, color="black", linestyle="--", label="guessing")
ax.set(xlim=(0, 1), xlabel="accuracy on unseen images, mean and standard deviation of five draws")
ax.set_title("A linear classifier needs features that were learned")
ax.legend(frameon=False)
rows = zip(means.items(), spreads, strict=True)
bars = ", ".join(f"{name} {value:.2f} (spread {spread:.2f})" for (name, value), spread in rows)
words = f"Bar chart of accuracy with {train_per_class} images a class: {bars}. "
plots.set_alt_text(ax, words + f"Guessing: {1 / flowers.num_classes:.2f}.")
print(plots.alt_text(ax))

# %% [markdown]
# The architecture without training is worth little; what it learned on *other* images is worth a
# lot. (To be exact: in the full profile a few of the flowers, such as the daisy, are among the
# classes of ImageNet. The drawn flowers are in no training set of the backbone.)
#
# ## 4. A new head, end to end
#
# The usual way to write it in Keras: backbone, then a `Dense` layer with one output a class, and
# `fit`. The backbone is frozen, so only the head learns; but every image runs through the whole
# network in every epoch.


# %%
def with_head(base):
    """A frozen backbone with a new head."""
    inputs = keras.Input(base.input_shape[1:])
    outputs = layers.Dense(flowers.num_classes, name="head")(base(inputs, training=False))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
    return model


x, y = flowers.images[learn], flowers.labels[learn]
end_to_end = with_head(backbone)
# the first epoch also builds the program; it is not timed
end_to_end.fit(x, y, epochs=1, batch_size=32, verbose=0)
before = [value.copy() for value in backbone.get_weights()]
started = time.perf_counter()
end_to_end.fit(x, y, epochs=timed_epochs, batch_size=32, verbose=0)
slow = (time.perf_counter() - started) / timed_epochs

# %% [markdown]
# Is it really frozen? Do not trust the flag: compare every number, BatchNorm's statistics included.

# %%
same = [np.array_equal(old, new) for old, new in zip(before, backbone.get_weights(), strict=True)]
print(f"{sum(same)} of {len(same)} tensors of the backbone are bit for bit what they were")
trainable = sum(int(np.prod(w.shape)) for w in end_to_end.trainable_weights)
print(f"trainable: {trainable:,} numbers, all in the head")
assert all(same)

# %% [markdown]
# ## 5. Compute the features once
#
# A frozen backbone gives the same features for an image in every epoch. So compute them once, and
# train the head on them.

# %%
head = keras.Sequential([keras.Input((features.shape[1],)), layers.Dense(flowers.num_classes)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
head.compile(keras.optimizers.Adam(1e-2), loss, metrics=["accuracy"])
head.fit(features[learn], y, epochs=1, batch_size=32, verbose=0)
started = time.perf_counter()
head.fit(features[learn], y, epochs=epochs - 1, batch_size=32, verbose=0)
fast = (time.perf_counter() - started) / (epochs - 1)
_ = end_to_end.fit(x, y, epochs=epochs - 1 - timed_epochs, batch_size=32, verbose=0)

# %%
fig, ax = plt.subplots(figsize=(7, 1.9), layout="constrained")
colours = [plots.colour_of(1), plots.colour_of(0)]
ax.barh(["end to end", "on cached features"], [slow, fast], color=colours)
ax.set(xlabel="seconds an epoch")
ax.set_title(f"On cached features an epoch is {slow / fast:.0f} times faster")
words = f"Bar chart of seconds an epoch: end to end {slow:.2f}, on cached features {fast:.3f}."
plots.set_alt_text(ax, words)
print(plots.alt_text(ax))

# %%
cached = head.evaluate(features[test], flowers.labels[test], verbose=0)[1]
whole = end_to_end.evaluate(flowers.images[test], flowers.labels[test], verbose=0)[1]
print(f"accuracy after {epochs} epochs: cached {cached:.3f}, end to end {whole:.3f}; ", end="")
print(f"extraction once: {extraction_seconds:.1f} s for all")

# %% [markdown]
# Two training runs differ a little by luck. The two *ways* do not differ at all: put the head from
# the cached features onto the backbone, and it gives the same scores for every image.

# %%
end_to_end.get_layer("head").set_weights(head.layers[-1].get_weights())
direct = end_to_end.predict(flowers.images[test], verbose=0)
by_cache = head.predict(features[test], verbose=0)
difference = np.abs(direct - by_cache).max()
print(f"largest difference between the two ways: {difference:.1e}, ", end="")
print(f"scores up to {np.abs(direct).max():.0f}")
assert np.allclose(direct, by_cache, rtol=1e-3, atol=1e-2)

# %% [markdown]
# ## 6. Two mistakes without an error message
#
# **Scaling twice.** Many tutorials divide pixels by 255. This backbone already does its own
# scaling. Nothing crashes; see what happens to a linear classifier on such features.

# %%
twice = extract(backbone, flowers.images / np.float32(255))
damage = evaluate.linear_probe(twice[learn], y, twice[test], flowers.labels[test])
proper = evaluate.linear_probe(features[learn], y, features[test], flowers.labels[test])
print(f"raw pixels {proper:.2f}, divided by 255 first {damage:.2f}")
assert damage < proper - 0.05
try:
    tlcourse.contract_of(backbone).check(flowers.images / 255)
except ValueError as error:
    print("the contract says:", error)

# %% [markdown]
# **Augmenting in front of a cache.** *Augmentation* changes each image a little, differently in
# every epoch. If a cache comes after it, as in the Keras guide "Transfer learning and fine-tuning",
# every later epoch gets the versions of the first one. Augment after the cache.

# %%
import tensorflow as tf

flip = layers.RandomFlip("horizontal", seed=seed)
images = tf.data.Dataset.from_tensor_slices(flowers.images[learn[:64]])
orders = {
    "augment, then cache": images.map(lambda image: flip(image, training=True)).cache(),
    "cache, then augment": images.cache().map(lambda image: flip(image, training=True)),
}
for name, data in orders.items():
    one, two = (np.stack(list(data.as_numpy_iterator())) for _ in range(2))
    same = np.mean([np.array_equal(a, b) for a, b in zip(one, two, strict=True)])
    print(f"{name}: {100 * same:.0f} % of the images are the same in epoch 2 as in epoch 1")
    assert (same == 1) == (name == "augment, then cache")

# %% [markdown]
# The same holds for cached *features*: augmenting images after their features were computed changes
# nothing. Feature extraction with a cache has no augmentation; that is its price.
#
# ## 7. Other backbones
#
# **By name.** VGG16 (2014) and ResNet50 (2015) are the networks that most texts use; MobileNets
# (2017 on) were made for small machines. To compare their sizes, random weights are enough, and
# nothing is downloaded.

# %%
small = flowers.images[:32, :64, :64]  # 64 pixels for all, whatever they were trained at
for name in ("tiny_resnet", "mobilenet_v2_035", "resnet50", "vgg16"):
    shape = small.shape[1:]
    other = tlcourse.load_backbone(name, weights=None, input_shape=shape, pooling="avg")
    other(small, training=False)  # once before the clock starts
    started = time.perf_counter()
    other(small, training=False)
    milliseconds = 1000 * (time.perf_counter() - started) / len(small)
    print(f"{name:<16} {other.count_params() / 1e6:5.1f} million weights, ", end="")
    print(f"{other.output_shape[1]} features, {milliseconds:.0f} ms an image")
    print(" " * 17 + "blocks:", ", ".join(tlcourse.blocks_of(other)))

# %% [markdown]
# More weights do not mean more features: ResNet50 gives 2048 numbers for an image, VGG16 512. Are
# these better features? In the `full` profile the next cell loads both with their ImageNet weights
# and measures them as in section 3. A network that cannot be loaded is listed as not measured.

# %%
# 94 and 59 MB, downloaded once
famous = {"embedded": (), "full": ("resnet50", "vgg16")}[tlcourse.profile()]
note = "" if famous else "(no ImageNet weights in the embedded profile)"
print(f"{backbone.name}: {means['pretrained network']:.2f}", note)
for name in famous:
    try:
        other = tlcourse.load_backbone(name, input_shape=flowers.image_shape, pooling="avg")
    except OSError as error:
        print(f"{name}: not measured. {error}")
        continue
    table, y_all = tlcourse.extract_features(other, flowers.images), flowers.labels
    draws = [flowers.positions_per_class(train_per_class, seed + draw) for draw in range(5)]
    values = [evaluate.linear_probe(table[a], y_all[a], table[b], y_all[b]) for a, b in draws]
    print(f"{name}: {np.mean(values):.2f} (spread {np.std(values, ddof=1):.2f})")

# %% [markdown]
# **From TensorFlow Hub.** Its modules come as a *SavedModel*, a folder with a program and its
# weights. `hub.KerasLayer`, which you will meet in older texts, does not work in Keras 3;
# `tlcourse.HubLayer` does the same. If you give no handle of your own, the cell exports our own
# backbone in that form. The layer must then give the same features as the backbone.

# %%
# a folder, an address, or a name on Kaggle
# such as "google/mobilenet-v2/tensorFlow2/035-96-feature-vector/2"
handle = ""
ours = not handle
if ours:
    handle = tempfile.mkdtemp()
    backbone.export(handle, verbose=False)
module = keras.Sequential([keras.Input(flowers.image_shape), tlcourse.HubLayer(handle)])
vectors = extract(module, flowers.images[:64])
print(f"{len(vectors)} images -> feature vectors {vectors.shape}; ", end="")
print(f"{len(module.trainable_weights)} trainable weights")
if ours:
    print(f"largest difference to the backbone: {np.abs(vectors - features[:64]).max():.1e}")
    assert np.allclose(vectors, features[:64], rtol=1e-3, atol=1e-2)

# %% [markdown]
# A module has an input contract too, but it does not say so: most image modules expect 0 to 1.
# `tlcourse.load_backbone("hub:" + handle, input_shape=...)` puts that scaling inside.
#
# ## 8. Your own images
#
# One folder a class. Put the path of yours into `folder`, and this whole lesson runs on it: take
# `mine` in place of `flowers`. If it is empty, the cell makes a small folder that shows the form.

# %%
folder = ""  # the path of your folder
if not folder:
    folder = Path(tempfile.mkdtemp())
    for i in learn[flowers.labels[learn] < 2]:
        place = folder / flowers.class_names[flowers.labels[i]]
        place.mkdir(exist_ok=True)
        Image.fromarray(flowers.images[i]).save(place / f"{i}.png")
files = sorted(path.relative_to(folder).as_posix() for path in Path(folder).glob("*/*"))
print("for example", *files[::15])
mine = tlcourse.load_image_folder(folder, size=backbone.input_shape[1], name="my images")
print(mine)
print("features:", tlcourse.extract_features(backbone, mine.images).shape)

# %% [markdown]
# ## What to remember
#
# - Frozen backbone, new head: begin with this whenever your data are few and somewhat like the
#   source.
# - Raw pixels or scaled pixels? The input contract knows. A mistake here gives no error, only worse
#   features.
# - Trust weights, not flags: compare the backbone before and after.
# - Compute features once if you do not augment; cache before you augment if you do.
#
# ## Quiz
#
# **1. Your features come from a cache. You add random flips to the images. What happens to the
# head's accuracy?**
#
# <details><summary>It rises, augmentation always helps</summary>No: the head never sees the flipped
# images, only old features.</details>
# <details><summary>Nothing</summary>Yes. The features were computed before.</details>
#
# **2. A backbone scores as badly as guessing on your images. What do you check first?**
#
# <details><summary>Whether pixels are scaled as it expects</summary>Yes: print the smallest and the
# largest value that goes in.</details>
# <details><summary>Whether the head needs more layers</summary>Later. A linear classifier finds
# something in good features.</details>
# <details><summary>Whether more epochs help</summary>Not with features that carry no
# information.</details>
#
# **3. Why does the frozen backbone run with training=False?**
#
# <details><summary>BatchNorm then uses its stored statistics, and Dropout is off</summary>Yes: the
# features of an image must not depend on the other images of its batch.</details>
# <details><summary>No gradients are computed then</summary>No: that is what trainable=False is
# about. Lesson 04 shows where the two differ.</details>
#
# ## Read on
#
# - Kornblith, Shlens, Le (2019): Do better ImageNet models transfer better? arXiv 1805.08974
# - Keras guide "Transfer learning and fine-tuning", keras.io
