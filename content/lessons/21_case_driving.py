# %% [markdown]
# # 21 · Case study: driving
#
# A network learns to read the road in one city, by day. Then the car drives onto a highway, dusk
# falls, fog comes. Or the network was trained on drawings, because drawings come with their labels.
# This lesson measures what such a change costs, compares five remedies, and looks for what an
# average hides: on a road the small classes matter most.
#
# **After this lesson you can**
# - read a matrix of domains, and see which change costs how much;
# - train on drawn images for real ones by domain randomisation, and say where that stops;
# - choose between randomisation, the style of the target, self-training and a few target labels;
# - look behind a mean: at single classes, and at errors that the network is sure of;
# - let a network abstain, and say what that does not protect from.
#
# **Time:** 45 minutes. **It presumes** lessons 02 and 12: frozen features, domain adaptation.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

from tlcourse import adapt, evaluate, plots

# %%
# Settings
train_count, test_count = 60, 30  # images of each domain
epochs, cell_count = 8, 12_000  # of a head on frozen features; cells that it learns from
runs = 3  # repeats of each remedy: with other augmentation, other cells
few = 5  # target images with labels
share = 0.5  # of each class that self-training keeps
signs_per_class, sign_epochs = 30, 12

# %% [markdown]
# ## 1. Four domains, sixteen numbers
#
# The roads are drawn in the embedded profile: a city by day, a highway, the city at dusk, the city
# in fog. The full profile has CamVid: four drives through Cambridge, three by day and one at dusk.
# Every pixel has a class.


# %%
def drawn(number, **condition):
    """Return images to train on and images to test on; all test images show the same scenes."""
    train = tlcourse.load_roads(train_count, 100 * seed + number, **condition)
    return train, tlcourse.load_roads(test_count, 100 * seed + 99, **condition)


def filmed(sequence):
    """Return the first 55 % of a drive and its last 35 %; frames in between are left out."""
    frames = tlcourse.load_camvid(sequences=(sequence,), every=3)
    first, last = int(0.55 * len(frames)), int(0.65 * len(frames))
    return frames.subset(np.arange(first)), frames.subset(np.arange(last, len(frames)))


# %%
if tlcourse.profile() == "full":
    drives = {"day A": "0016E5", "day B": "0006R0", "dusk": "0001TP", "day C": "Seq05VD"}
    domains = {name: filmed(sequence) for name, sequence in drives.items()}
else:
    domains = {
        "city day": drawn(0),
        "highway": drawn(1, scene="highway"),
        "city dusk": drawn(2, light="dusk"),
        "city fog": drawn(3, weather="fog"),
    }
source, elsewhere, dark, *_ = domains
class_names = domains[source][0].class_names
num_classes, size = len(class_names), domains[source][0].images.shape[1:3]
for train, test in domains.values():
    print(train, "to train on,", len(test), "to test on")

# %% [markdown]
# Neighbouring frames of a film are nearly the same image. A random split of the frames would put
# one in the training and its neighbour in the test. So each drive is cut once, in time, and a tenth
# of it is thrown away at the cut.

# %%
shades = plt.get_cmap("tab20")(np.arange(num_classes) / 20)[:, :3]
shown = [test.images[i] for i in (0, 1) for _, test in domains.values()]
for _, test in domains.values():
    mask = test.masks[0]
    shown.append(np.where(mask[..., None] == 255, 0, 255 * shades[mask % num_classes]))
captions = [*domains] * 2 + ["its mask"] * len(domains)
title = "Four domains, two images of each, and the mask of the first"
ax = plt.figure(figsize=(8, 5)).add_subplot()
plots.image_grid(np.array(shown).astype("uint8"), captions, columns=4, title=title, ax=ax)
print(plots.alt_text(ax))

# %% [markdown]
# To train sixteen networks would take hours. We take a frozen network instead, pre-trained on
# photographs, and read its first three blocks at once: fine maps know edges and colours, coarse
# maps know textures. Each cell of 4 by 4 pixels gets 224 features. Only a small head is trained, on
# features that were computed once (lesson 02).

# %%
backbone = tlcourse.load_backbone("tiny_resnet", input_shape=(*size, 3))
blocks = tlcourse.blocks_of(backbone)
fine, middle, coarse = (blocks[name][-1].output for name in ("block1", "block2", "block3"))
maps = [layers.AveragePooling2D(2)(fine), middle]  # all at a quarter of the side
maps.append(layers.UpSampling2D(2, interpolation="bilinear")(coarse))
encoder = keras.Model(backbone.input, layers.Concatenate()(maps))


def features_of(images):
    """Return `(n, height / 4, width / 4, 224)`, in 16 bits."""
    return encoder.predict(images, batch_size=32, verbose=0).astype("float16")


def cells(masks):
    """Return the class in the middle of each cell: nearest neighbour, nothing is mixed."""
    return masks[:, 2::4, 2::4]


# %%
learner = keras.Sequential([keras.Input((encoder.output_shape[-1],)), layers.BatchNormalization()])
learner.add(layers.Dense(64, "relu"))
learner.add(layers.Dense(num_classes, "softmax"))
learner.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
first_weights = learner.get_weights()  # each head begins here: nothing is compiled twice


def fit_head(features, labels, draw=0):
    """Train a small head on random cells; void cells are left out."""
    chosen = np.random.default_rng([seed, draw]).permutation(np.flatnonzero(labels != 255))
    chosen = chosen[:cell_count]
    rows, wanted = features.reshape(-1, features.shape[-1])[chosen], labels.ravel()[chosen]
    learner.set_weights(first_weights)
    tlcourse.reset_optimizer(learner)
    learner.fit(rows, wanted, batch_size=512, epochs=epochs, verbose=0)
    head = keras.models.clone_model(learner)
    head.set_weights(learner.get_weights())
    return head


def probabilities_of(head, features):
    """Return the probabilities of each cell, `(n, height / 4, width / 4, classes)`."""
    rows = features.reshape(-1, features.shape[-1])
    found = ops.convert_to_numpy(head(ops.convert_to_tensor(rows, "float32")))
    return found.reshape(*features.shape[:-1], num_classes)


def enlarged(probabilities):
    """Return the probabilities of each pixel, interpolated between cells."""
    return ops.convert_to_numpy(ops.image.resize(probabilities, size, interpolation="bilinear"))


# %% [markdown]
# A mask says the class of each pixel. Its quality is the intersection over union of each class
# (IoU): pixels that are of the class in both masks, divided by those that are in at least one.
# Classes that the test images do not show are left out of the mean.


# %%
def iou_of_classes(truth, predicted):
    """Return the IoU of each class, NaN where `truth` does not have it."""
    seen = truth != 255
    pairs = truth[seen].astype(int) * num_classes + predicted[seen]
    counts = np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)
    union = counts.sum(axis=0) + counts.sum(axis=1) - np.diag(counts)
    return np.where(counts.sum(axis=1) > 0, np.diag(counts) / np.maximum(union, 1), np.nan)


def scores(head, domain):
    """Return the IoU of each class on the test images of a domain."""
    predicted = enlarged(probabilities_of(head, test_features[domain])).argmax(axis=-1)
    return iou_of_classes(domains[domain][1].masks, predicted)


# %%
train_features = {name: features_of(train.images) for name, (train, _) in domains.items()}
test_features = {name: features_of(test.images) for name, (_, test) in domains.items()}
train_labels = {name: cells(train.masks) for name, (train, _) in domains.items()}
heads = {name: fit_head(train_features[name], train_labels[name]) for name in domains}
matrix = np.array([[np.nanmean(scores(heads[a], b)) for b in domains] for a in domains])

# %%
labels = {"row_label": "trained on", "column_label": "tested on", "value_label": "mean IoU"}
title = "What another domain costs: compare within a column"
ax = plots.heat_map(matrix, list(domains), list(domains), **labels, title=title)
print(plots.alt_text(ax))
off_diagonal = matrix[~np.eye(4, dtype=bool)]
print(f"mean IoU at home {np.diag(matrix).mean():.2f}, away {off_diagonal.mean():.2f}")
assert np.diag(matrix).mean() > off_diagonal.mean() + 0.02
if tlcourse.profile() == "embedded":
    assert np.diag(matrix).mean() > off_diagonal.mean() + 0.1
    assert (matrix.argmax(axis=0) == np.arange(4)).all()  # nobody is better than the local one

# %% [markdown]
# **What to notice.** Read the matrix by column: every column is one test set, so its numbers can
# be compared. The diagonal is what a network trained *there* reaches. The gap below it is the price
# of the change. Rows cannot be compared in this way, because some domains are harder for everybody.
# And the matrix is not symmetric: from dusk to day is not the same way as from day to dusk.
#
# ## 2. From drawings to the camera: signs
#
# Drawn images cost nothing and have perfect labels. But a network takes whatever separates the
# classes in the drawings, such as one exact red on one plain grey. Here are ten traffic signs, from
# clean to cluttered. All are drawn, also in the full profile: the cluttered ones stand for what a
# camera would see.

# %%
clean = tlcourse.load_signs(signs_per_class, seed, clutter=0.0)
levels = (0.0, 0.25, 0.5, 0.75, 1.0)
seen = [tlcourse.load_signs(20, seed + 1000, clutter=level) for level in levels]
title = "Signs from clean to cluttered"
rows = np.concatenate([data.images[:10] for data in (seen[0], seen[2], seen[4])])
ax = plots.image_grid(rows, list(clean.class_names) + [""] * 20, columns=10, title=title)
print(plots.alt_text(ax))

# %% [markdown]
# **Domain randomisation** trains on images that are changed at random in whatever must not matter:
# background, colours, grain. If training is varied enough, the real camera is one more variant. No
# image of the target is needed. What must be kept is the label: a random *shape* would be another
# sign.


# %%
def randomised(seed):
    """Layers that change images in training, and do nothing in tests."""
    ground = adapt.RandomBackground(0.8, negative=0.0, seed=seed)
    return [ground, adapt.RandomColour(0.5, seed=seed), adapt.RandomGrain(25, seed=seed)]


def fit_signs(images, labels, front=()):
    """Train the small network of lesson 01 behind some layers, and return it without them."""
    network = tlcourse.small_cnn(10)
    x = inputs = keras.Input((32, 32, 3))
    for layer in front:
        x = layer(x)
    model = keras.Model(inputs, network(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(2e-3), loss)
    model.fit(images, labels, batch_size=64, epochs=sign_epochs, verbose=0)
    return network


# %%
def answers(network, images):
    return ops.convert_to_numpy(ops.softmax(network.predict(images, batch_size=256, verbose=0)))


def accuracies(network):
    """Return the accuracy at each level of clutter."""
    found = [answers(network, data.images).argmax(axis=1) for data in seen]
    return np.array([np.mean(f == d.labels) for f, d in zip(found, seen, strict=True)])


plain_network = fit_signs(clean.images, clean.labels)
random_network = fit_signs(clean.images, clean.labels, randomised(seed))
curves = {"clean signs": accuracies(plain_network), "randomised": accuracies(random_network)}

# %% [markdown]
# Self-training goes on from there: the network labels 300 images of the target itself, and is
# trained again on those that it is sure of (section 3 says more). Nobody has labelled them.

# %%
unlabelled = tlcourse.load_signs(30, seed + 2000, clutter=1.0)
sure, pseudo = adapt.confident(answers(random_network, unlabelled.images), 0.8)
images = np.concatenate([clean.images, unlabelled.images[sure]])
labels = np.concatenate([clean.labels, pseudo])
curves["and self-training"] = accuracies(fit_signs(images, labels, randomised(seed)))
right = np.mean(pseudo == unlabelled.labels[sure])
print(f"{len(sure)} of {len(unlabelled)} images got a label, {right:.0%} of these labels are right")

# %%
title = "Randomisation makes clean signs useful for cluttered ones"
axes = {"x_label": "clutter of the test images, 0 to 1", "y_label": "accuracy"}
ax = plots.lines({name: (levels, y) for name, y in curves.items()}, **axes, title=title)
print(plots.alt_text(ax))
for name, values in curves.items():
    print(f"{name:<18}", "  ".join(f"{value:.2f}" for value in values))
assert curves["clean signs"][0] > 0.95
assert curves["clean signs"][2] < curves["clean signs"][0] - 0.3
assert curves["randomised"][2] > curves["clean signs"][2] + 0.15
assert curves["randomised"][4] < curves["randomised"][0] - 0.1

# %% [markdown]
# **What to notice.** All of them are nearly perfect on clean signs. A test on drawings says nothing
# about the camera. Randomisation wins back a large part, and less of it the farther the camera is
# from what was randomised: blur, shadows and leaves were not among the variants. When this course
# was planned, an early experiment on another target gave 0.44 without randomisation, 0.91 with it,
# and 0.908 with self-training on top. Here, at clutter 0.5 and over five seeds, it is 0.34 ± 0.07,
# 0.87 ± 0.04 and 0.88 ± 0.07. Randomisation helps as much as planned, and again self-training adds
# less than the spread of the seeds. At other levels of clutter the numbers are others.
#
# ## 3. Five remedies on the road
#
# Back to masks, from the source to two targets: the dark one, where the *light* changes, and the
# other place, where the *things* change. The remedies differ in what they need of the target:
#
# | remedy | needs of the target |
# |---|---|
# | randomised light | nothing |
# | colours of the target | images |
# | Fourier: its low frequencies | images |
# | self-training | images |
# | five labelled images | images and their masks |
#
# The Fourier transform splits an image into waves: *amplitudes* (how strong) and *phases* (where).
# The phases hold the outlines. The amplitudes of the few longest waves hold light and colour. Give
# a source image those of a target image, and it shows the same street in the target's light. The
# mask stays true, because nothing moves.


# %%
def in_light_of(image, target, share=0.02):
    """Return `image` with the amplitudes of the target's longest waves."""
    waves, other = (np.fft.fft2(x.astype(float), axes=(0, 1)) for x in (image, target))
    rows, columns = (np.abs(np.fft.fftfreq(side)) for side in image.shape[:2])
    low = (rows[:, None] <= share) & (columns <= share)
    swapped = np.where(low[..., None], np.abs(other) * np.exp(1j * np.angle(waves)), waves)
    return np.clip(np.fft.ifft2(swapped, axes=(0, 1)).real, 0, 255).round().astype("uint8")


# %%
pictured, target_images = domains[source][0].images[:4], domains[dark][0].images
lit = [in_light_of(image, target_images[0]) for image in pictured]
matched = adapt.match_colours(pictured, target_images, seed=seed)
unmoved = {"move": 0.0, "seed": seed}
relit, _ = adapt.randomise_scenes(pictured, domains[source][0].masks[:4], **unmoved)
captions = ["source"] * 4 + ["Fourier"] * 4 + ["colours"] * 4 + ["random light"] * 4
title = "The same streets in other light; their masks stay true"
shown = np.concatenate([pictured, lit, matched, relit])
ax = plt.figure(figsize=(8, 6)).add_subplot()
plots.image_grid(shown, captions, columns=4, title=title, ax=ax)
print(plots.alt_text(ax))

# %% [markdown]
# In **self-training** the network labels images of the target and learns from its own labels, the
# **pseudo-labels**. It must keep the good ones: those that it is sure of. But one threshold for all
# classes keeps road and sky, and drops the pedestrians. So each predicted class keeps its own most
# confident half.


# %%
def balanced(probabilities, share):
    """Return which rows are kept, and what they are labelled as."""
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    keep = np.zeros(len(predicted), bool)
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        count = int(np.ceil(share * len(rows)))
        keep[rows[np.argsort(-confidence[rows])[:count]]] = True
    return keep, predicted


flat = probabilities_of(heads[source], train_features[dark]).reshape(-1, num_classes)
truth = train_labels[dark].ravel()
for kept_share in (1.0, 0.5, 0.2):
    keep, predicted = balanced(flat, kept_share)
    keep &= truth != 255
    print(f"kept {kept_share:.0%}: {np.mean(predicted[keep] == truth[keep]):.0%} are right")


# %%
def with_pseudo_labels(target):
    """Train on the source and on the kept cells of the target."""
    found = probabilities_of(heads[source], train_features[target]).reshape(-1, num_classes)
    keep, predicted = balanced(found, share)
    labels = np.where(keep, predicted, 255).astype("uint8").reshape(train_labels[target].shape)
    return train_features[target], labels


def augmented(images):
    return features_of(images), train_labels[source]


def trained_with(features, labels, run):
    """Train a head on the source and on what a remedy adds."""
    both = np.concatenate([train_features[source], features])
    return fit_head(both, np.concatenate([train_labels[source], labels]), run)


def extra(remedy, target, run):
    """Return what a remedy adds to the source: features and labels of cells."""
    train, other = domains[source][0], domains[target][0].images
    draw = 10 * seed + run
    if remedy == "colours of the target":
        return augmented(adapt.match_colours(train.images, other, seed=draw))
    if remedy == "Fourier":
        return augmented(adapt.swap_amplitudes(train.images, other, seed=draw))
    if remedy == "self-training":
        return with_pseudo_labels(target)
    chosen = np.random.default_rng(draw).permutation(len(other))[:few]
    times = len(train) // few  # as many cells as the others add
    both = train_features[target], train_labels[target]
    return tuple(np.repeat(values[chosen], times, axis=0) for values in both)


# %%
remedies = ("randomised light", "colours of the target", "Fourier", "self-training", "five labels")
targets, heads_of = (dark, elsewhere), {}
for run in range(runs):
    train, draw = domains[source][0], 10 * seed + run
    relit, masks = adapt.randomise_scenes(train.images, train.masks, move=0.0, seed=draw)
    head = trained_with(features_of(relit), cells(masks), run)  # knows no target: one head for both
    for target in targets:
        heads_of[remedies[0], target, run] = head
        for remedy in remedies[1:]:
            more = extra(remedy, target, run)
            heads_of[remedy, target, run] = trained_with(*more, run)
results = {key: scores(head, key[1]) for key, head in heads_of.items()}

# %%
marks = {"source only": matrix[:1, [2, 1]]}
for remedy in remedies:
    of_runs = [[np.nanmean(results[remedy, t, run]) for t in targets] for run in range(runs)]
    marks[remedy] = np.array(of_runs)
marks["trained there"] = np.diag(matrix)[None, [2, 1]]
title = "The remedy has to fit the change"
ax = plots.group_scores(marks, targets, score="mean IoU", title=title)
print(plots.alt_text(ax))

# %%
gains = {name: values - matrix[0, [2, 1]] for name, values in marks.items()}
print(f"gain in mean IoU over source only, {runs} runs      {dark:<17} {elsewhere}")
for name, values in gains.items():
    texts = [f"{gain.mean():+.3f} ± {gain.std():.3f}" for gain in values.T]
    print(f"{name:<47} ", "   ".join(texts))
if tlcourse.profile() == "embedded":
    for name in remedies:
        if name not in ("Fourier", "self-training"):
            assert gains[name][:, 0].mean() > 0.02, name  # in other light these help
    assert gains["five labels"][:, 1].mean() > 0.1
    for name in remedies[:4]:  # without labels nobody learns what grass is
        assert gains[name][:, 1].mean() < gains["five labels"][:, 1].mean() - 0.05, name

# %% [markdown]
# **What to notice.** In other light randomised light, which knows nothing of the target, gains
# about as much as the colours of the target. Fourier and self-training usually gain less. On the
# highway light is not the problem. There the style of the target gains next to nothing, and so does
# self-training: the source has seen no grass, and a pseudo-label that calls it a tree is no help.
# Five labelled images gain more than everything else. **Look first at what changed, then choose the
# remedy.** If you can, label a few images: somebody who looks at them also sees what changed. Over
# five seeds the gains at dusk were 0.08 ± 0.03 (randomised light and colours), 0.05 ± 0.02
# (Fourier), 0.04 ± 0.01 (self-training) and 0.10 ± 0.03 (five labels); on the highway 0.17 ± 0.02
# (five labels), and for all others nothing, or a little less.
#
# **With real images every gain is smaller.** On CamVid at dusk, five seeds: five labels
# 0.05 ± 0.01, self-training and colours about 0.015, randomised light and Fourier about 0.01, no
# more than their spread. What looked strong on drawings is weak here, because our random light
# imitates the drawings' dusk. In the other place by day nothing helps, and a network trained there
# is even 0.04 worse than that of the source: its drive has a third of the frames. A diagonal is
# only as good as its training.
#
# ## 4. What the average hides
#
# Road, sky and houses fill most of an image. Here are the classes one by one, on the dark target.

# %%
last_run = runs - 1
heads_shown = {
    "trained there": heads[dark],
    "source only": heads[source],
    "randomised light": heads_of["randomised light", dark, last_run],
    "five labels": heads_of["five labels", dark, last_run],
}
by_class = {name: np.nan_to_num(scores(head, dark)) for name, head in heads_shown.items()}
title = f"{dark}: small classes are recognised worst"
ax = plots.group_scores(by_class, class_names, score="IoU", title=title)
ax.tick_params(axis="x", rotation=40)
print(plots.alt_text(ax))

# %%
truth = domains[dark][1].masks
known = truth != 255
found = {n: enlarged(probabilities_of(h, test_features[dark])) for n, h in heads_shown.items()}
small = [i for i, name in enumerate(class_names) if name in ("sign", "pedestrian", "cyclist")]
print("share of all pixels:", f"{np.isin(truth[known], small).mean():.1%} are small classes")
summary = {}
for name, probabilities in found.items():
    right = np.mean(probabilities.argmax(axis=-1)[known] == truth[known])
    summary[name] = right, by_class[name].mean(), by_class[name][small].mean()
    texts = [f"{value:.2f}" for value in summary[name]]
    print(f"{name:<17} pixels right {texts[0]}, mean IoU {texts[1]}, small classes {texts[2]}")
for right, mean, of_small in summary.values():
    assert right > mean > of_small

# %% [markdown]
# The share of right pixels looks fine while the small classes are hardly found: a network that
# never says "pedestrian" loses a few pixels in a hundred. The mean IoU counts each class once, and
# still lets six good classes hide two bad ones. **Report every class that matters, on its own.** An
# IoU of pixels is not the last word either: what counts on a road is whether a person was seen at
# all, and in time.
#
# ## 5. Abstaining
#
# A network can leave the pixels that it is not sure of to somebody else: to another sensor, to a
# slower car, to the driver. Answer only where the largest probability reaches a threshold. The
# *coverage* is the share that is answered, the *risk* the share of errors among the answers. A
# **risk-coverage curve** shows the risk at every coverage.

# %%
pixels = np.random.default_rng(seed).permutation(np.flatnonzero(known))[:50_000]
asked, curves, certain = truth.ravel()[pixels], {}, {}
for name in ("source only", "randomised light"):
    rows = found[name].reshape(-1, num_classes)[pixels]
    certain[name] = rows.max(axis=1), rows.argmax(axis=1)
    curves[name] = evaluate.risk_coverage(rows.max(axis=1), rows.argmax(axis=1) == asked)
points = slice(2000, None, 4000)
shown = {name: (curve.coverage[points], curve.risk[points]) for name, curve in curves.items()}
axes = {"x_label": "coverage: share of pixels answered", "y_label": "risk: errors among them"}
ax = plots.lines(shown, **axes, title="The less is answered, the fewer errors")
print(plots.alt_text(ax))
for name, curve in curves.items():
    points = [f"{curve.risk_at(coverage):.1%}" for coverage in (1.0, 0.8, 0.6)]
    print(f"{name:<17} risk at coverage 100 %, 80 %, 60 %:", ", ".join(points))
    assert curve.risk_at(0.8) < curve.risk_at(1.0)

# %% [markdown]
# Abstaining works here, on average. And for pedestrians? Which share of their pixels is
# recognised, which is left to somebody else, and which is called something else *with confidence*?

# %%
person = class_names.index("pedestrian")
for name, (confidence, answer) in certain.items():
    curve = curves[name]
    threshold = curve.thresholds[np.searchsorted(curve.coverage, 0.8)]
    answered, wrong, mine = confidence >= threshold, answer != asked, asked == person
    shares = [np.mean(part[mine]) for part in (answered & ~wrong, ~answered, answered & wrong)]
    texts = [f"{value:.0%}" for value in shares]
    print(f"{name:<17} recognised {texts[0]}, left {texts[1]}, missed with confidence {texts[2]}")
    of_answered = wrong[answered & mine].mean()
    print(f"{'':<17} errors among answers: {of_answered:.0%}, all classes {curve.risk_at(0.8):.0%}")
    assert of_answered > 2 * curve.risk_at(0.8)

# %% [markdown]
# **What to notice.** The threshold was chosen for all pixels, and it does not keep its promise for
# the class that matters most. Pedestrians who are called "building" with confidence never reach the
# person or sensor that should have helped. A threshold must be chosen and tested for each class
# that matters, on data of the target, and by a cost: a missed person and a false alarm do not cost
# the same. And confidence itself is learned on the source. In an unknown place a network can be
# sure and wrong. None of this makes a car safe: that takes other sensors, tests on the road, and
# somebody who answers for it.
#
# ## 6. What was published
#
# From the computer game GTA5 to the streets of Cityscapes, 19 classes, mean IoU in percent:
# class-balanced self-training reached 45.2 from 35.4 (Zou and others 2018), and the Fourier method
# 50.45 with another network, after rounds of self-training and as a mean of three networks (Yang
# and Soatto 2020). Our drawings are far simpler, and our head is small. What carries over is the
# way: a matrix, runs with their spread, each class on its own.
#
# ## What to remember
#
# - A matrix of domains shows the price of each change. Compare within a column.
# - A test on drawn images says nothing about the camera. Randomise what must not matter.
# - The remedy has to fit the change: style for light, labels for new things.
# - Pseudo-labels of confident cells are mostly right, and still cannot teach what the source lacks.
# - An average hides the small classes; a threshold for all pixels hides them again.
#
# ## Quiz
#
# **1. A network has a mean IoU of 0.65 in the city and 0.40 on the highway. What do you need to say
# what the change costs?**
#
# <details><summary>Nothing, it costs 0.25</summary>No. The highway may be harder for everybody,
# also for a network that was trained there.</details>
# <details><summary>The mean IoU of a network trained on the highway</summary>Yes. Within the column
# the two networks meet the same test.</details>
# <details><summary>The pixel accuracy</summary>That is another measure of the same two
# numbers.</details>
#
# **2. You add random crops to images and forget their masks. What happens?**
#
# <details><summary>Nothing, the classes stay the same</summary>The classes of the pixels do not:
# they have moved.</details>
# <details><summary>The network learns from wrong labels, and nothing reports an error</summary>Yes.
# Shapes still agree. Move both with the same numbers, the mask by nearest neighbour.</details>
# <details><summary>Training stops with an error</summary>No, all shapes fit.</details>
#
# **3. Self-training keeps every cell with a confidence above 0.95. Which classes will it keep?**
#
# <details><summary>All in the same share</summary>No: confidence differs between
# classes.</details>
# <details><summary>Mostly the large and easy ones</summary>Yes. A share for each class keeps the
# rare ones, at the price of more errors among them.</details>
# <details><summary>Mostly the rare ones</summary>Of those a network is seldom sure.</details>
#
# **4. After abstaining at 80 % coverage the risk fell from 13 % to 5 %. Is the car safer?**
#
# <details><summary>Yes, by more than half</summary>On average over pixels. Most of them are road
# and sky.</details>
# <details><summary>That depends on the errors that are left</summary>Yes. Look at each class that
# matters, and at what happens where it abstains.</details>
# <details><summary>No, abstaining never helps</summary>It does, if somebody else takes
# over.</details>
#
# ## Read on
#
# - Tobin and others (2017): Domain randomization for transferring deep neural networks from
#   simulation to the real world. arXiv 1703.06907
# - Yang, Soatto (2020): FDA: Fourier domain adaptation for semantic segmentation. arXiv 2004.05498
# - Zou, Yu, Kumar, Wang (2018): Unsupervised domain adaptation for semantic segmentation via
#   class-balanced self-training. arXiv 1810.07911
# - Brostow, Fauqueur, Cipolla (2009): Semantic object classes in video. Pattern Recognition
#   Letters 30
# - El-Yaniv, Wiener (2010): On the foundations of noise-free selective classification. JMLR 11
