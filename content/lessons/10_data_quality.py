# %% [markdown]
# # 10 · Data quality
#
# A good backbone compensates for few images, but not for wrong ones. In this lesson you damage a
# data set on purpose, in five ways that are common in real ones, measure what each costs, and find
# the damage again: with ten lines of your own, then with one.
#
# **After this lesson you can**
# - find labels that are probably wrong, and say how many of your finds really are;
# - find copies of images, even mirrored or compressed ones, before they leak from training into
#   test;
# - find images that show something else, or nothing;
# - read a score under class imbalance, and know what class weights change;
# - notice when a class was photographed in one way only.
#
# **Time:** 40 minutes. **It presumes** lesson 02 (features of a frozen backbone) and that you have
# seen an average with its spread (lesson 00).

# %%
import io

import keras
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from tqdm.auto import tqdm

from tlcourse import plots

# %%
# Settings
per_class = {"embedded": 150, "full": 300}[tlcourse.profile()]  # images of each kind of flower
train_per_class = 100  # of them, to learn from
share_flipped = 0.15  # of the labels, made wrong on purpose
draws = 5  # each experiment with five draws of images and mistakes
folds = 5
copies_per_kind = 60  # planted in the test set
radius = 40  # bits of 256 in which the prints of two copies may differ
rarest = 5  # images of the rarest class in section 4

# %% [markdown]
# Everything below works on features of a frozen backbone. They are computed once. So a new
# classifier takes a fraction of a second, and every experiment can be repeated five times.

# %%
flowers = tlcourse.load_flowers(per_class=per_class, seed=seed)
backbone = tlcourse.load_backbone(pooling="avg")
features = np.asarray(tlcourse.extract_features(backbone, flowers.images))
num_classes = flowers.num_classes
print(flowers, features.shape)


# %%
def head(C=1.0):
    """A linear classifier on the features. A small `C` is a strong penalty on large weights."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


def draw(number):
    """Positions to learn from and to test on, and a random generator for this draw."""
    learn, test = flowers.positions_per_class(train_per_class, [seed, number])
    return learn, test, np.random.default_rng([seed, number])


def score(classifier, test):
    return classifier.score(features[test], flowers.labels[test])


# %% [markdown]
# ## 1. Wrong labels
#
# The **ground truth** is the label that an example really has, as far as anybody can know it. Wrong
# labels in a data set are called **label noise**. Here people typed the labels, and some were
# tired: we replace some of the training labels by another class, drawn at random. The test labels
# stay right, and so the score is honest.


# %%
def flip(labels, share, rng):
    """Return labels of which a share is wrong, and which ones."""
    flipped = np.zeros(len(labels), bool)
    flipped[rng.choice(len(labels), round(share * len(labels)), replace=False)] = True
    noisy = labels.copy()
    noisy[flipped] = (noisy[flipped] + rng.integers(1, num_classes, flipped.sum())) % num_classes
    return noisy, flipped


# %%
shares = [0.0, 0.05, 0.15, 0.30, 0.45]
penalties = {"usual penalty (C = 1)": 1.0, "strong penalty (C = 0.001)": 0.001}
cost = {name: np.zeros((draws, len(shares))) for name in penalties}
for number in tqdm(range(draws), desc="flipping labels"):
    learn, test, rng = draw(number)
    for column, share in enumerate(shares):
        noisy, _ = flip(flowers.labels[learn], share, rng)
        for name, C in penalties.items():
            cost[name][number, column] = score(head(C).fit(features[learn], noisy), test)

# %%
ax = plots.layer_curve(
    [f"{100 * share:.0f} %" for share in shares],
    cost,
    x_label="training labels that are wrong",
    y_label="accuracy on right labels",
    title="Wrong labels cost accuracy, less so with a strong penalty",
)
print(plots.alt_text(ax))

# %%
clean, noisy_score = (cost["usual penalty (C = 1)"][:, column].mean() for column in (0, 2))
print(f"usual penalty: {clean:.3f} with right labels, {noisy_score:.3f} with 15 % wrong ones")
saved = (cost["strong penalty (C = 0.001)"] - cost["usual penalty (C = 1)"])[:, 2].mean()
assert clean - noisy_score > 0.04
assert saved > 0.02

# %% [markdown]
# With the usual penalty the head memorizes every wrong label: it has more weights than images. A
# strong penalty prevents that. It is the cheapest remedy, and it repairs nothing: the labels are
# still wrong. So let us find them.
#
# ### The idea that does not work
#
# Train on all images, and look where the network disagrees with the label it was given.

# %%
learn, test, rng = draw(0)
labels = flowers.labels[learn]
noisy, flipped = flip(labels, share_flipped, rng)
disagrees = (head().fit(features[learn], noisy).predict(features[learn]) != noisy).sum()
print(f"{flipped.sum()} labels of {len(noisy)} are wrong; the network disagrees with {disagrees}")
assert disagrees < 0.1 * flipped.sum()

# %% [markdown]
# It agrees with nearly everything, because it was *trained* to agree. To ask a network about its
# own training images is to ask a student who has the answers on the desk.
#
# ### Out-of-fold probabilities
#
# Cut the images into five parts, the *folds*. Train on four, predict the fifth; five times. Every
# image is then judged by a network that has never seen its label.


# %%
def out_of_fold(table, labels, fold_seed):
    """Return `(n, classes)`: each row from a head that was trained without it."""
    probabilities = np.zeros((len(labels), num_classes))
    splitter = StratifiedKFold(folds, shuffle=True, random_state=fold_seed)
    for kept, held_out in splitter.split(table, labels):
        fitted = head().fit(table[kept], labels[kept])
        probabilities[held_out] = fitted.predict_proba(table[held_out])
    return probabilities


honest = out_of_fold(features[learn], noisy, seed)
splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
ready_made = cross_val_predict(head(), features[learn], noisy, cv=splitter, method="predict_proba")
assert np.allclose(honest, ready_made, atol=1e-3)  # scikit-learn has it in one line
disagrees = (honest.argmax(axis=1) != noisy).sum()
print(f"out of fold, the network disagrees with {disagrees} labels of {len(noisy)}")

# %% [markdown]
# Now there are too many: a disagreement may be a wrong label, or a hard image. *Confident learning*
# (Northcutt and others, 2021) asks for more. Each class gets a threshold: the mean probability that
# images with this label get for it. A label is suspect if *another* class is above its own
# threshold, and is the most probable of those that are.


# %%
def confident_suspects(probabilities, labels):
    """Return a flag for each label: does a confident network say something else?"""
    thresholds = np.array([probabilities[labels == c, c].mean() for c in range(num_classes)])
    confident = probabilities >= thresholds
    best = np.where(confident, probabilities, -1).argmax(axis=1)
    return confident.any(axis=1) & (best != labels)


# %% [markdown]
# We know which labels we flipped, so we can grade the search. *Precision* is the share of the
# suspects that are really wrong. *Recall* is the share of the wrong labels that are among the
# suspects. A second way to use the same probabilities is a ranking: the labels with the smallest
# probability first.

# %%
graded = {"out of fold": [], "in-fold": []}  # (suspects, precision, recall) a draw
ranked = {"out of fold": [], "in-fold": []}  # precision of lists of growing length
lengths = [5, 10, 15, 20, 25, 30]  # per cent of the training images
studies = []

# %%
for number in tqdm(range(draws), desc="searching"):
    learn, test, rng = draw(number)
    noisy, flipped = flip(flowers.labels[learn], share_flipped, rng)
    everything = head().fit(features[learn], noisy)
    judged = {
        "out of fold": out_of_fold(features[learn], noisy, seed),
        "in-fold": everything.predict_proba(features[learn]),
    }
    for name, p in judged.items():
        suspects = confident_suspects(p, noisy)
        hits = (suspects & flipped).sum()
        graded[name].append((suspects.sum(), hits / max(suspects.sum(), 1), hits / flipped.sum()))
        order = p[np.arange(len(noisy)), noisy].argsort()
        ranked[name].append([flipped[order[: len(order) * k // 100]].mean() for k in lengths])
    studies.append((learn, test, noisy, flipped, judged["out of fold"], score(everything, test)))

# %%
for name, rows in graded.items():
    (found, precision, recall), spread = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
    print(
        f"{name:<12} {found:4.0f} suspects, precision {precision:.2f} ± {spread[1]:.2f}, ", end=""
    )
    print(f"recall {recall:.2f} ± {spread[2]:.2f}")

# %%
ax = plots.layer_curve(
    [f"{k} %" for k in lengths],
    {name: np.array(rows) for name, rows in ranked.items()},
    x_label="length of the list, in shares of the training images",
    y_label="share of the list that is wrong",
    title="Out of fold, the top of the list is mostly wrong labels",
)
ax.axhline(share_flipped, color="black", linestyle="--")
print(plots.alt_text(ax), f"Dashed: a list at random, {share_flipped}.")

# %%
at_ten = {name: np.mean(rows, axis=0)[1] for name, rows in ranked.items()}
print("of the first 10 %, wrong:", {name: f"{share:.2f}" for name, share in at_ten.items()})
suspects, precision, recall = np.mean(graded["out of fold"], axis=0)
assert at_ten["out of fold"] > 0.6
assert at_ten["out of fold"] > at_ten["in-fold"] + 0.08
assert at_ten["in-fold"] > share_flipped + 0.05  # poorer, though better than chance
assert recall > 0.6
assert precision > 1.5 * share_flipped
assert np.mean(graded["in-fold"], axis=0)[0] < 0.1 * suspects

# %% [markdown]
# **What to notice.**
# - The rule of confident learning finds most wrong labels, and suspects many right ones: where a
#   classifier errs on a fifth or a quarter of *clean* images, it cannot distinguish a hard image
#   from a wrong label. In-fold it suspects no label.
# - The ranking is more useful: its beginning is mostly wrong labels. In-fold the ranking is much
#   poorer, though better than chance.
# - So a suspect is not yet a wrong label. Look at it.

# %%
learn, test, noisy, flipped, honest, _ = studies[0]
order = honest[np.arange(len(noisy)), noisy].argsort()
first = order[:24]
ax = plots.image_grid(
    flowers.images[learn[first]],
    [flowers.class_names[label] for label in noisy[first]],
    right=~flipped[first],
    title=f"The first 24 suspects with their labels: {flipped[first].sum()} are wrong (✗)",
)
print(plots.alt_text(ax))

# %% [markdown]
# ### What does cleaning bring back?
#
# Three ways, each only with what the search found: drop what confident learning suspects; drop the
# first 15 % of the list; or *look* at the first 25 % of the list and correct what is wrong. (Here
# the labels from before the flip stand for the person who looks.)


# %%
def score_after(table, labels, test):
    return score(head().fit(table, labels), test)


names = (
    "nothing",
    "suspects dropped",
    "first 15 % dropped",
    "first 25 % corrected",
    "never flipped",
)
repaired = {name: [] for name in names}
for learn, test, noisy, _, honest, before in tqdm(studies, desc="cleaning"):
    order = honest[np.arange(len(noisy)), noisy].argsort()
    corrected, right, table = noisy.copy(), flowers.labels[learn], features[learn]
    looked_at, kept = order[: len(order) * 25 // 100], order[len(order) * 15 // 100 :]
    corrected[looked_at] = right[looked_at]
    keep = ~confident_suspects(honest, noisy)
    repaired["nothing"].append(before)
    repaired["suspects dropped"].append(score_after(table[keep], noisy[keep], test))
    repaired["first 15 % dropped"].append(score_after(table[kept], noisy[kept], test))
    repaired["first 25 % corrected"].append(score_after(table, corrected, test))
    repaired["never flipped"].append(score_after(table, right, test))

# %%
means = {name: np.mean(values) for name, values in repaired.items()}
loss = means["never flipped"] - means["nothing"]
back = {name: (value - means["nothing"]) / loss for name, value in means.items()}
assert back["first 25 % corrected"] > 0.6
assert back["first 25 % corrected"] > back["first 15 % dropped"] > 0.2

# %%
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
spreads = [np.std(values, ddof=1) for values in repaired.values()]
bars = {"color": plots.colour_of(0), "height": 0.6, "capsize": 4}
ax.barh(list(means), list(means.values()), xerr=spreads, **bars)
ax.invert_yaxis()
ax.set(xlim=(0.5, 0.9))
ax.set_xlabel("accuracy, mean and standard deviation of five draws (the axis starts at 0.5)")
share = f"{100 * back['first 25 % corrected']:.0f} %"
ax.set_title(f"Looking at a quarter of the images brings back {share} of the loss")
words = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
plots.set_alt_text(ax, f"Bar chart of accuracy after: {words}.")
print(plots.alt_text(ax))

# %% [markdown]
# Dropping is quick and brings back a part; it also throws away hard, correct images, which are
# valuable. Correcting by eye brings back most. The list decides where you look.
#
# ## 2. Copies on both sides
#
# The same image in training and in test is a test question that was seen before. Copies are seldom
# identical: they were compressed as JPEG again, mirrored, resized. CIFAR-10 and CIFAR-100 have such
# copies in 3.3 % and 10 % of their test images (Barz and Denzler, 2020). Plant some.


# %%
def compressed(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer))


def mirrored(image):
    return np.ascontiguousarray(image[:, ::-1])


def resized(image):
    side = len(image)
    smaller = Image.fromarray(image).resize((side * 3 // 4, side * 3 // 4))
    return np.asarray(smaller.resize((side, side)))


kinds = {"compressed": compressed, "mirrored": mirrored, "resized": resized}

# %% [markdown]
# A *perceptual hash* is a fingerprint that such changes hardly change. This one, the difference
# hash, shrinks the image to 17 by 16 grey squares and notes for each whether it is darker than its
# right neighbour: 256 bits. Two images are compared by the number of bits that differ.


# %%
def difference_hash(image, side=16):
    """Return `(side * side,)` True or False: is a square darker than its right neighbour?"""
    small = Image.fromarray(image).convert("L").resize((side + 1, side), Image.Resampling.BOX)
    grey = np.asarray(small).astype(int)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


def distances(hashes, others):
    """Return `(n, m)`: the number of bits that differ."""
    a, b = np.float32(hashes), np.float32(others)
    return a @ (1 - b).T + (1 - a) @ b.T


prints = np.array([difference_hash(image) for image in flowers.images])
mirror_prints = np.array([difference_hash(mirrored(image)) for image in flowers.images])


# %%
def plant(learn, rng):
    """Copy training images in every way; return the positions of the originals, and the copies."""
    chosen = rng.choice(learn, (len(kinds), copies_per_kind), replace=False)
    changed = [
        [change(flowers.images[i]) for i in row] for change, row in zip(kinds.values(), chosen)
    ]
    return chosen.ravel(), np.concatenate(changed)


leaks, nearest = [], []
for number in tqdm(range(draws), desc="planting copies"):
    learn, test, rng = draw(number)
    classifier = head().fit(features[learn], flowers.labels[learn])
    chosen, copies = plant(learn, rng)
    table = np.concatenate(
        [features[test], tlcourse.extract_features(backbone, copies, cache=False)]
    )
    right = classifier.predict(table) == flowers.labels[np.concatenate([test, chosen])]
    planted = np.arange(len(right)) >= len(test)
    of_test = np.concatenate([prints[test], [difference_hash(copy) for copy in copies]])
    away = np.minimum(distances(of_test, prints[learn]), distances(of_test, mirror_prints[learn]))
    away = away.min(axis=1)
    drop = away <= radius
    scores = [right[~planted].mean(), right.mean(), right[~drop].mean()]
    leaks.append([*scores, drop[planted].mean(), drop[~planted].sum()])
    nearest.append((away, planted))

# %%
bits, planted = (np.concatenate(values) for values in zip(*nearest, strict=True))
bits_of = {"planted copies": bits[planted], "other test images": bits[~planted]}
fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for index, (name, values) in enumerate(bits_of.items()):
    look = {"color": plots.colour_of(index), "alpha": 0.7, "label": name}
    ax.hist(values, bins=np.arange(0, 130, 3), **look)
ax.axvline(radius + 0.5, color="black", linestyle="--", label=f"radius {radius}")
ax.set_xlabel("bits of 256 that differ from the nearest training image")
ax.set_ylabel("test images, five draws")
ax.set_title("Copies are close to a training image, others are not")
ax.legend(frameon=False)
words = ", ".join(f"{name} around {np.median(values):.0f} bits" for name, values in bits_of.items())
plots.set_alt_text(ax, f"Two histograms: {words}.")
print(plots.alt_text(ax))

# %%
honest_score, with_leak, cleaned, found, others = np.mean(leaks, axis=0)
print(f"honest test set {honest_score:.3f}, with copies {with_leak:.3f}, ", end="")
print(f"copies removed again {cleaned:.3f}")
print(f"planted copies found: {100 * found:.1f} %; ", end="")
print(f"other test images taken for copies: {others:.1f} a draw")
assert with_leak > honest_score + 0.01
assert found > 0.97
assert abs(cleaned - honest_score) < 0.01

# %% [markdown]
# With the copies the score is too high; without them it is honest again. Are there copies that
# nobody planted? Compare the images with each other, before any split.

# %%
away = np.minimum(distances(prints, prints), distances(prints, mirror_prints))
pairs = np.argwhere(np.triu(away <= radius, k=1))
same_label = (flowers.labels[pairs[:, 0]] == flowers.labels[pairs[:, 1]]).sum()
print(f"{len(pairs)} pairs of copies among {len(flowers)} images; ", end="")
print(f"in {same_label} of them both have the same label")
first_four = (away + np.tri(len(away)) * 999).argsort(axis=None)[:4]
closest = np.transpose(np.unravel_index(first_four, away.shape))  # (4, 2)

# %%
apart = [away[i, j] for i, j in closest for _ in range(2)]
classes = [flowers.class_names[flowers.labels[i]] for i in closest.ravel()]
ax = plots.image_grid(
    flowers.images[closest.ravel()],
    [f"{name} {bits:.0f}" for name, bits in zip(classes, apart, strict=True)],
    columns=4,
    title="The four closest pairs, and the bits that differ",
)
print(plots.alt_text(ax))

# %% [markdown]
# The drawn flowers (embedded profile) have no copies; the photographs (full profile) do, and the
# grid shows them there. One of each pair has to go, *before* the data are split.
#
# Comparing all with all takes four times as long for twice the images. `tlcourse.audit`, which you
# will meet below, uses an index instead.
#
# ## 3. Wrong images and placeholders
#
# Collected images contain wrong ones: a scanned page, a logo, and the grey "no image" that a server
# sends for a missing file. Each has a label nevertheless. We plant 20 images of digits and 20
# placeholders.

# %%
side = flowers.image_shape[0]
pages = tlcourse.load_glyphs("digits", 2, seed=seed).images
digits = np.stack([np.asarray(Image.fromarray(page).resize((side, side))) for page in pages])
blank = Image.new("RGB", (side, side), (200, 200, 200))
ImageDraw.Draw(blank).text((side // 8, side // 3), "no image", fill=(90, 90, 90))
planted_images = np.concatenate([digits, np.stack([np.asarray(blank)] * len(digits))])
planted_features = tlcourse.extract_features(backbone, planted_images, cache=False)
planted_prints = [difference_hash(image) for image in planted_images]
print(f"{len(digits)} digits, {len(digits)} placeholders")

# %% [markdown]
# Placeholders are easy: the same fingerprint occurs many times. The digits are not alike. But
# nothing in an image of a digit looks like a daisy: the out-of-fold probability of its label is
# small. So the list of section 1 should find digits too.

# %%
caught = []
for number in tqdm(range(draws), desc="wrong images"):
    learn, _, rng = draw(number)
    table = np.concatenate([features[learn], planted_features])
    given = rng.integers(0, num_classes, len(planted_images))
    labels = np.concatenate([flowers.labels[learn], given])
    of_all = np.concatenate([prints[learn], planted_prints])
    _, group, times = np.unique(of_all, axis=0, return_inverse=True, return_counts=True)
    repeated = times[group.ravel()] >= 5
    unique = np.flatnonzero(~repeated)  # the others are out
    probabilities = out_of_fold(table[unique], labels[unique], seed)
    first = unique[probabilities[np.arange(len(unique)), labels[unique]].argsort()[:100]]
    of_digits = (first >= len(learn)).sum() / len(digits)
    of_placeholders = repeated[len(learn) + len(digits) :].mean()
    caught.append([of_digits, of_placeholders, repeated[: len(learn)].sum()])

# %%
of_digits, of_placeholders, of_flowers = np.mean(caught, axis=0)
by_chance = 100 / len(unique)
print(f"in the first 100 of {len(unique)}: {100 * of_digits:.0f} % of the digits, ", end="")
print(f"at random {100 * by_chance:.0f} %")
print(f"by repeated fingerprints: {100 * of_placeholders:.0f} % of the placeholders, ", end="")
print(f"{of_flowers:.0f} flowers")
assert of_placeholders == 1
assert of_flowers == 0
assert of_digits > 1.5 * by_chance

# %%
everyone = np.concatenate([flowers.images[learn], planted_images])
ax = plots.image_grid(
    everyone[first[:24]],
    [flowers.class_names[label] for label in labels[first[:24]]],
    title="Digits and hard images at the top of the list (last draw)",
)
print(plots.alt_text(ax))

# %% [markdown]
# ### All of it in one line
#
# `tlcourse.audit` looks for all this, and more, in any Keras model with its data. We give it
# flipped labels, placeholders, and mirrored training images in the test set. The model is our head,
# written as a `Dense` layer on the backbone: the scaler's mean and deviation go into the weights.


# %%
def as_keras(classifier):
    """The backbone with a fitted head on top, as one Keras model."""
    scaler, line = classifier[0], classifier[1]
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    model = keras.Model(inputs, keras.layers.Dense(num_classes)(backbone(inputs, training=False)))
    kernel = (line.coef_ / scaler.scale_).T
    model.layers[-1].set_weights([kernel, line.intercept_ - scaler.mean_ @ kernel])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


# %%
learn, test, noisy, flipped, _, _ = studies[0]
placeholders, given = planted_images[len(digits) :], np.arange(len(digits)) % num_classes
train = np.concatenate([flowers.images[learn], placeholders]), np.concatenate([noisy, given])
copies = np.stack([mirrored(image) for image in flowers.images[learn[:50]]])
asked = np.concatenate([test, learn[:50]])
with_copies = np.concatenate([flowers.images[test], copies]), flowers.labels[asked]
model = as_keras(head().fit(features[learn], noisy))
report = tlcourse.audit(model, train, test=with_copies, class_names=flowers.class_names)
assert {"duplicates", "unusable-images"} <= set(report.ids)
report

# %% [markdown]
# The audit is more careful with labels than our list: the nearest neighbours have to agree with the
# probabilities. So it suspects fewer labels, and reports nothing on most clean data. It found the
# copies and the repeated image because it hashes too.
#
# ## 4. Class imbalance
#
# Now the labels are right, but some kinds of flower are rare: from 100 images down to 5. A data set
# with **class imbalance** has many more examples of some classes than of others. Suppose that the
# world is like that too. The usual accuracy is then mostly about the common kinds. *Balanced
# accuracy* counts each class the same: it is the mean of the classes' own accuracies.
#
# The usual remedy is *class weights*: a mistake on a rare class counts more. With $n$ images, $k$
# classes and $n_c$ images of class $c$, the weight is $n / (k \cdot n_c)$. Then every class has the
# same total weight, and the average image has weight 1.


# %%
def class_weights(labels):
    """Return {class: n / (k * n_c)} for the classes that occur."""
    classes, counts = np.unique(labels, return_counts=True)
    weights = len(labels) / (len(classes) * counts)
    return {int(c): float(weight) for c, weight in zip(classes, weights, strict=True)}


def weighted_head(C, labels, weights):
    line = LogisticRegression(C=C, max_iter=1000, class_weight=weights)
    return make_pipeline(StandardScaler(), line)


# %%
strengths = [0.001, 0.01, 1.0]
own = np.zeros(
    (draws, len(strengths), 2, num_classes)
)  # accuracy of each class, the most common first
sizes = np.round(np.geomspace(train_per_class, rarest, num_classes)).astype(int)

# %%
for number in tqdm(range(draws), desc="class imbalance"):
    learn, test, rng = draw(number)
    kinds_by_size = rng.permutation(num_classes)
    members = [learn[flowers.labels[learn] == c] for c in kinds_by_size]
    learn = np.concatenate([own_kind[:n] for own_kind, n in zip(members, sizes, strict=True)])
    labels = flowers.labels[learn]
    weights = class_weights(labels)
    theirs = compute_class_weight("balanced", classes=np.unique(labels), y=labels)
    assert np.allclose(list(weights.values()), theirs)
    for i, C in enumerate(strengths):
        for j, given in enumerate((None, weights)):
            classifier = weighted_head(C, labels, given).fit(features[learn], labels)
            right = classifier.predict(features[test]) == flowers.labels[test]
            own[number, i, j] = [right[flowers.labels[test] == c].mean() for c in kinds_by_size]

# %%
usual = own @ (sizes / sizes.sum())  # the accuracy on a test set with the same shares
balanced = own.mean(axis=-1)
print("weights from common to rare:", [f"{len(labels) / (num_classes * n):.2f}" for n in sizes])
for i, C in enumerate(strengths):
    for j, name in enumerate(("no weights", "class weights")):
        mean, spread = balanced[:, i, j].mean(), balanced[:, i, j].std(ddof=1)
        print(f"C = {C:<6} {name:<14} accuracy {usual[:, i, j].mean():.2f}, ", end="")
        print(f"balanced {mean:.2f} ± {spread:.2f}")
gain = (balanced[:, :, 1] - balanced[:, :, 0]).mean(axis=0)
assert (usual[:, -1, 0] - balanced[:, -1, 0]).mean() > 0.08
assert gain[0] > 0.05
assert gain[-1] < gain[0] / 2

# %%
ax = plots.layer_curve(
    [str(n) for n in sizes],
    {"no weights": own[:, 1, 0], "class weights": own[:, 1, 1]},
    x_label="training images of the class",
    y_label="accuracy on the class",
    title=f"Class weights lift the small classes (C = {strengths[1]})",
)
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** The usual accuracy looks fine while the small classes fail. The effect of
# weights depends on the penalty: with a strong one they change much; with the usual one little,
# because a head that fits every training image perfectly has no mistakes left to weight (Byrd and
# Lipton found the same for deep networks). Weights do not replace images. In Keras the same
# dictionary goes in `model.fit(..., class_weight=class_weights(labels))`.
#
# ## 5. Seen in one way only
#
# The last damage is invisible in any single image. Suppose that all training images of *one* class
# come from an archive, in black and white. Each is a good image with the right label. What does the
# network learn?

# %%
grey = (flowers.images @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
grey = np.repeat(grey[..., None], 3, axis=3)
grey_features = np.asarray(tlcourse.extract_features(backbone, grey))

# %%
in_colour = [0, 10, 50, 100]  # images of the class that are in colour, of 100
seen = np.zeros((draws, len(in_colour), 3))
for number in tqdm(range(draws), desc="one way only"):
    learn, test, rng = draw(number)
    archived = number % num_classes  # another class in each draw
    old, new = learn[flowers.labels[learn] == archived], test[flowers.labels[test] == archived]
    strange = test[flowers.labels[test] != archived]
    for i, count in enumerate(in_colour):
        table = features.copy()
        table[old[count:]] = grey_features[old[count:]]
        classifier = head().fit(table[learn], flowers.labels[learn])
        asked = (grey_features[new], features[new], grey_features[strange])
        seen[number, i] = [(classifier.predict(rows) == archived).mean() for rows in asked]

# %%
names = (
    "its own unseen images, black and white",
    "its own unseen images, in colour",
    "other classes, black and white",
)
ax = plots.layer_curve(
    [str(count) for count in in_colour],
    {name: seen[:, :, k] for k, name in enumerate(names)},
    x_label="training images of the class that are in colour, of 100",
    y_label="share predicted as this class",
    title="It learned black and white, not the flower",
)
ax.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16))  # below the axes
print(plots.alt_text(ax))

# %%
black, colour, wrongly = seen[:, 0].mean(axis=0)
print("all from the archive, share predicted as this class:")
print(f"its own in black and white {black:.2f}, in colour {colour:.2f}, others {wrongly:.2f}")
assert black > 0.85
assert colour < 0.5
assert wrongly > 0.3
assert seen[:, 1, 1].mean() > colour + 0.03

# %% [markdown]
# A validation set from the same archive would show nothing wrong (first line). Only images from
# elsewhere show the damage. Even ten images in colour help, and fifty repair most of it. No tool
# can know what your images should have shown: ask where they come from, for each class, and test on
# images from another source.
#
# ## What to remember
#
# - Judge a label by a network that has not seen it: out-of-fold probabilities. A network agrees
#   with the labels that it was trained on.
# - A suspect is not yet a wrong label. The beginning of the list is mostly wrong labels, its end
#   mostly hard, correct images. Look, then correct.
# - Hash before you split: a copy in the test set tests what the network has memorized.
# - Under class imbalance, read balanced accuracy and the classes one by one; weights help where the
#   head cannot fit everything.
# - If a class was seen in one way only, the network may learn that way instead of the class.
#
# ## Quiz
#
# **1. You fine-tune on all your data and list the training images with which the network disagrees.
# The list is empty. So?**
#
# <details><summary>The labels are right</summary>No. It was trained to agree, with wrong labels
# too.</details>
# <details><summary>The list says nothing; use out-of-fold probabilities</summary>Yes.</details>
# <details><summary>The learning rate was too small</summary>The network learned too well, if
# anything: it memorized every label.</details>
#
# **2. Confident learning suspects 30 % of your labels. How many are wrong?**
#
# <details><summary>30 %</summary>Only if the classifier hardly ever errs on right labels. Here more
# than half of the suspects were right images with right labels.</details>
# <details><summary>Unknown; look at a sample of the list</summary>Yes: fifty images by eye give the
# share.</details>
#
# **3. You find 40 copies of training images in the test set, after you have reported 0.91. What
# now?**
#
# <details><summary>Take them out of the test set and report again</summary>Yes, and say so. Better
# still: hash before the split.</details>
# <details><summary>Nothing, 40 of 1,000 are few</summary>The network is right on almost all of
# them; the score may be too high by a per cent or more.</details>
# <details><summary>Take them out of the training set and keep 0.91</summary>That is the score of a
# network that had seen them: train again, then report.</details>
#
# **4. Class weights changed nothing. Why could that be?**
#
# <details><summary>The head already fits all training images</summary>Yes: without mistakes there
# is nothing to weight. Use a stronger penalty, or find more images.</details>
# <details><summary>The formula is wrong</summary>Check it, but the mean weight of an image must be
# 1, and then it is right.</details>
#
# ## Read on
#
# - Northcutt, Jiang, Chuang (2021): Confident learning: estimating uncertainty in dataset labels.
#   arXiv 1911.00068
# - Northcutt, Athalye, Mueller (2021): Pervasive label errors in test sets destabilize machine
#   learning benchmarks. arXiv 2103.14749
# - Barz, Denzler (2020): Do we train on test data? Purging CIFAR of near-duplicates. arXiv
#   1902.00423
# - Byrd, Lipton (2019): What is the effect of importance weighting in deep learning? arXiv
#   1812.03372
