# %% [markdown]
# # 23 · Few examples of a new class
#
# A shop adds an article, a botanist finds a species: a new *class*, with one image of it, or five.
# Fine-tuning on five images is hopeless. What helps is a space in which images of one class lie
# close together, also for classes that nobody trained on. This lesson builds such a space in two
# ways, and compares both with what needs no training at all.
#
# **After this lesson you can**
# - draw episodes from a data set, and say what an accuracy over them means, with its interval;
# - classify new classes by the nearest mean of a few examples, on any frozen network;
# - train a prototypical network, and say when an ordinary classifier is just as good;
# - recognise a test whose classes were in the training, and measure how much it flatters;
# - explain what meta-learning changes, with Reptile on the smallest example.
#
# **Time:** 40 minutes. **It presumes** lessons 01 and 02: pre-training, frozen features, placebo.

# %%
import keras
import numpy as np
from keras import layers, ops
from tqdm.auto import tqdm

from tlcourse import fewshot, plots

# %%
# Settings
# images a letter (real people wrote 20 of each), episodes to test on, episodes to train on
per_class, test_episodes, training_episodes = 20, 600, 200
learning_rate = 2e-3

# %% [markdown]
# ## 1. Classes that training never sees
#
# The data are letters of many alphabets. **No alphabet is in two splits**, so every test class is
# new. In the embedded profile the letters are drawn; the full one has Omniglot, letters that 20
# people wrote.

# %%
train = tlcourse.load_alphabets("train", per_class, seed=seed)
test = tlcourse.load_alphabets("test", per_class, seed=seed)
print(train)
print(test)
shared = set(train.class_names) & set(test.class_names)
print("letters in both:", len(shared))
assert not shared

# %%
row = np.arange(0, test.num_classes, test.num_classes // 8)[:8]  # eight letters
shown = np.concatenate([test.images[row + i * test.num_classes] for i in range(4)])
ax = plots.image_grid(shown, columns=8, title="Each column is one new letter, by four hands")
print(plots.alt_text(ax))

# %% [markdown]
# An **episode** is a small classification task of its own: *N* classes drawn at random (the
# *ways*), *K* examples of each to learn from (the *shots*; together the **support set**), and some
# other images of the same classes to recognise (the **query set**). "5-way 1-shot" means: five new
# letters, one example of each, which one is this?


# %%
def draw_episode(labels, ways, shots, queries, rng):
    """Return positions: support `(ways, shots)` and query `(ways, queries)`."""
    classes = rng.choice(np.unique(labels), ways, replace=False)
    support, query = [], []
    for c in classes:
        chosen = rng.choice(np.flatnonzero(labels == c), shots + queries, replace=False)
        support.append(chosen[:shots])
        query.append(chosen[shots:])
    return np.array(support), np.array(query)


rng = np.random.default_rng(seed)
support, query = draw_episode(test.labels, ways=5, shots=1, queries=5, rng=rng)
assert not set(support.ravel()) & set(query.ravel())  # no image is on both sides

# %%
names = [test.class_names[test.labels[i]] for i in support[:, 0]]
order = rng.permutation(query.ravel())[:10]
images = np.concatenate([test.images[support[:, 0]], test.images[order]])
captions = [f"example {i + 1}" for i in range(5)] + ["which?"] * 10
title = "5-way 1-shot: to which example does each query belong?"
ax = plots.image_grid(images, captions, columns=5, title=title)
print(plots.alt_text(ax))

# %% [markdown]
# ## 2. Nothing trained: the nearest mean
#
# Average the features of the support images of each class: its **prototype**. A query gets the
# class of the nearest prototype. With one shot the prototype is the example itself.


# %%
def accuracy_of(features, support, query):
    """Classify the queries of one episode by the nearest mean of the support features."""
    prototypes = features[support].mean(axis=1)  # (ways, d)
    asked = features[query]  # (ways, queries, d)
    distances = ((asked[:, :, None] - prototypes) ** 2).sum(axis=-1)  # (ways, queries, ways)
    return np.mean(distances.argmin(axis=-1) == np.arange(len(support))[:, None])


pixels = test.images[..., 0].reshape(len(test), -1) / 255.0
found = []
for _ in range(100):
    found.append(accuracy_of(pixels, *draw_episode(test.labels, 5, 1, 5, rng)))
print("pixels, the first five episodes:", [f"{value:.2f}" for value in found[:5]])
print(f"mean of 100 episodes: {np.mean(found):.3f}")
assert np.std(found) > 0.05

# %% [markdown]
# Single episodes differ widely: some letters are easy to tell apart, some are not. So few-shot
# results are means over **many episodes, at least 600, with a 95 % interval**.
#
# The package draws all episodes at once and classifies them with a few matrix products.

# %%
tasks = {}
for ways, shots in ((5, 1), (5, 5), (20, 1), (20, 5)):
    options = {"episodes": test_episodes, "seed": seed}
    drawn = fewshot.sample_episodes(test.labels, ways, shots, **options)
    tasks[f"{ways}-way {shots}-shot"] = drawn
table = {}


def evaluate(name, features, distance="euclidean"):
    """Fill one row of the table: accuracy on every kind of episode, with its interval."""
    table[name] = {}
    for task, episodes in tasks.items():
        right = fewshot.centroid_accuracies(features, episodes, distance=distance)
        table[name][task] = fewshot.interval(right)
    print(f"{name:<25}", "  ".join(f"{value!s:<14}" for value in table[name].values()))


print(" " * 25, "  ".join(f"{task:<14}" for task in tasks))
evaluate("pixels", pixels)

# %% [markdown]
# Now frozen networks. One with random values is the placebo for the *architecture*. `tiny_resnet`
# was pre-trained on photographs and has never been asked about letters.


# %%
def new_encoder():
    """The small network of lesson 01, without its head: images to 256 features."""
    model = tlcourse.small_cnn(train.num_classes)
    return model, keras.Model(model.input, model.get_layer("features").output)


def features_of(encoder):
    return encoder.predict(test.images, batch_size=256, verbose=0)


evaluate("random values", features_of(new_encoder()[1]))

# %%
backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
side = backbone.input_shape[1]
larger = [ops.image.resize(images, (side, side)) for images in np.split(test.images, 10)]
larger = np.concatenate([ops.convert_to_numpy(images) for images in larger]).astype("uint8")
photo_features = tlcourse.extract_features(backbone, larger, cache=False)
evaluate("tiny_resnet, photographs", photo_features)
one_shot = {name: values["5-way 1-shot"].mean for name, values in table.items()}
assert one_shot["tiny_resnet, photographs"] > one_shot["random values"] + 0.15
assert one_shot["tiny_resnet, photographs"] > one_shot["pixels"] + 0.15

# %% [markdown]
# A network for photographs, frozen, is far above the placebo on letters that it never saw. That
# costs seconds and no training. Any few-shot method has to beat **this**.
#
# The intervals count *episodes*, not queries: the 25 queries of one episode share five examples and
# tend to be right or wrong together. Counting queries as independent makes the interval too narrow:

# %%
right = fewshot.centroid_accuracies(photo_features, tasks["5-way 1-shot"])
honest = 1.96 * right.std(ddof=1) / np.sqrt(len(right))
narrow = 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / (25 * len(right)))
print(f"interval over episodes ± {honest:.4f}, over queries ± {narrow:.4f}")
assert honest > 1.1 * narrow

# %% [markdown]
# ## 3. Trained on other letters: an ordinary classifier
#
# Train the small network to name the *training* letters, as in lesson 01. Throw the head away, and
# use the features.

# %%
classifier, encoder = new_encoder()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
classifier.compile(keras.optimizers.Adam(learning_rate), loss)
classifier.fit(train.images, train.labels, epochs=10, batch_size=64, verbose=0)
classifier_encoder = encoder
evaluate("classifier", features_of(encoder))
evaluate("classifier, cosine", features_of(encoder), distance="cosine")
assert table["classifier"]["5-way 1-shot"].mean > one_shot["random values"] + 0.2

# %% [markdown]
# *Cosine* divides every feature vector by its length first. For features of a classifier that often
# helps: their length says how sure the network is, not which letter it is.
#
# ## 4. Trained on episodes: a prototypical network
#
# A *prototypical network* (Snell and others 2017) is trained in the way it is tested. Each step is
# one episode of training letters: compute the prototypes from the support images, take minus the
# squared distances of the queries as logits, and follow the gradient of the cross-entropy. Training
# on tasks, to become good at new tasks, is called **meta-learning**.


# %%
class Prototypical(keras.Model):
    """Calls the encoder; the loss of a batch is that of one episode, class after class."""

    def __init__(self, encoder, ways, shots):
        super().__init__()
        self.encoder, self.ways, self.shots = encoder, ways, shots

    def call(self, images, training=None):
        return self.encoder(images, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        width = y_pred.shape[-1]
        by_class = ops.reshape(y_pred, (self.ways, -1, width))
        prototypes = ops.mean(by_class[:, : self.shots], axis=1)
        asked = by_class[:, self.shots :]  # (ways, queries, d)
        distances = ops.sum((asked[:, :, None] - prototypes) ** 2, axis=-1)
        wanted = ops.arange(self.ways)[:, None] * ops.ones_like(distances[..., 0], dtype="int32")
        loss = keras.losses.sparse_categorical_crossentropy
        return ops.mean(loss(wanted, -distances, from_logits=True))


# %%
ways, shots, queries = 20, 1, 5
encoder = new_encoder()[1]
model = Prototypical(encoder, ways, shots)
model.compile(keras.optimizers.Adam(learning_rate))
losses = []
for _ in tqdm(range(training_episodes), desc="episodes"):
    positions = np.concatenate(draw_episode(train.labels, ways, shots, queries, rng), axis=1)
    batch = train.images[positions.ravel()]
    losses.append(float(model.train_on_batch(batch, train.labels[positions.ravel()])))
prototypical_encoder = encoder
evaluate("prototypical network", features_of(encoder))
first, last = np.mean(losses[:20]), np.mean(losses[-20:])
print(f"loss of an episode: {first:.2f} -> {last:.2f}")
assert last < first / 2

# %% [markdown]
# The training episodes have 20 ways although we also test on 5: harder tasks in training give
# better features (their section 3.1). The placebo for the *method*: the same training with the
# labels shuffled. `fewshot.fit_prototypical` is the cell above.

# %%
shuffled = np.random.default_rng(seed).permutation(train.labels)
encoder = new_encoder()[1]
options = {"episodes": training_episodes, "learning_rate": learning_rate, "seed": seed}
fewshot.fit_prototypical(encoder, train.images, shuffled, **options)
evaluate("shuffled labels", features_of(encoder))
one_shot = {name: values["5-way 1-shot"].mean for name, values in table.items()}
assert one_shot["prototypical network"] > one_shot["shuffled labels"] + 0.15
assert one_shot["prototypical network"] > one_shot["pixels"] + 0.15

# %% [markdown]
# ## 5. More shots, more ways

# %%
shots_drawn = np.array([1, 2, 5, 10])
curves = {}
ways_of_comparing = {
    "prototypical network": (features_of(prototypical_encoder), "euclidean"),
    "classifier, cosine": (features_of(classifier_encoder), "cosine"),
    "pixels": (pixels, "euclidean"),
}
for name, (features, distance) in ways_of_comparing.items():
    curves[name] = []
    for shots in shots_drawn:
        drawn = fewshot.sample_episodes(test.labels, 5, int(shots), episodes=300, seed=seed)
        right = fewshot.centroid_accuracies(features, drawn, distance=distance)
        curves[name].append(right.mean())

# %%
title = "More examples help everything; training on letters helps more"
ax = plots.accuracy_over_labels(shots_drawn, curves, chance=0.2, title=title)
print(plots.alt_text(ax))
for name, values in table.items():
    at = {task: value.mean for task, value in values.items()}
    assert at["5-way 5-shot"] > at["5-way 1-shot"], name  # rises with the shots
    assert at["20-way 1-shot"] < at["5-way 1-shot"], name  # falls with the ways

# %%
episodic, ordinary = table["prototypical network"], table["classifier, cosine"]
difference = episodic["5-way 1-shot"].mean - ordinary["5-way 1-shot"].mean
print(f"prototypical network minus classifier with cosine, 5-way 1-shot: {difference:+.3f}")
seen_by = (10 * len(train), training_episodes * 20 * 6)
print(f"images seen in training: classifier {seen_by[0]:,}, prototypical network {seen_by[1]:,}")
assert difference < 0.03
assert seen_by[1] >= 0.8 * seen_by[0]

# %% [markdown]
# Both saw about as many images, and training on episodes does not put the network ahead. In ten
# runs with other seeds the ordinary classifier with cosine was ahead nine times, by 0.02 to 0.08,
# and equal once. That is no accident of our letters: Chen and others (2019) trained several few-
# shot methods under equal conditions and found that a plain baseline like this one keeps up with
# them. Try the simple way first.
#
# ## 6. The mistake: test classes from the training
#
# Somebody splits the *images* at random, not the classes. The test images are new, the letters are
# not. Here are new images of the *training* letters, next to the new letters:

# %%
seen = tlcourse.load_alphabets("train", per_class, seed=seed + 100)
known = fewshot.sample_episodes(seen.labels, 20, 1, episodes=test_episodes, seed=seed)
inputs = seen.images
flattered = fewshot.centroid_accuracies(prototypical_encoder.predict(inputs, verbose=0), known)
pixels_seen = seen.images[..., 0].reshape(len(seen), -1) / 255.0
pixels_known = fewshot.centroid_accuracies(pixels_seen, known)
honest_value = table["prototypical network"]["20-way 1-shot"]
print(f"20-way 1-shot, letters of the training: {fewshot.interval(flattered)}")
print(f"20-way 1-shot, new letters:             {honest_value}")
print(f"pixels: {pixels_known.mean():.3f} and {table['pixels']['20-way 1-shot'].mean:.3f}")

# %% [markdown]
# The rows of pixels say how much easier the letters themselves are, because pixels know nothing of
# the training. What the network gains beyond that difference is what it remembers of these letters.

# %%
gain = flattered.mean() - honest_value.mean
easier = pixels_known.mean() - table["pixels"]["20-way 1-shot"].mean
print(f"flattered by {gain:+.3f}, of which the letters explain {easier:+.3f}")
if tlcourse.profile() == "embedded":
    assert gain > easier + 0.02

# %% [markdown]
# ## 7. Meta-learning in small: Reptile
#
# A prototypical network learns a *space*. *Reptile* (Nichol and others 2018) learns a *start*:
# weights from which a few gradient steps solve a new task. Its rule fits in one line: train on
# one task for a few steps, then move the start a part of the way to where that training ended.
# The authors' own smallest example: each task is a sine wave with its own height and phase, and
# ten points of it.


# %%
def new_network(rng, width=64):
    """Two hidden layers of tanh, as a list of six arrays."""
    sizes = ((1, width), (width, width), (width, 1))
    return [p for a, b in sizes for p in (rng.normal(0, a**-0.5, (a, b)), np.zeros((1, b)))]


def output(w, x):
    first = np.tanh(x @ w[0] + w[1])
    second = np.tanh(first @ w[2] + w[3])
    return first, second, second @ w[4] + w[5]


def gradient_step(w, x, y, rate=0.02):
    """One step on the mean squared error; a first axis of tasks is carried along."""
    first, second, answer = output(w, x)
    error = 2 * (answer - y) / x.shape[-2]
    error2 = error @ w[4].swapaxes(-1, -2) * (1 - second**2)
    error1 = error2 @ w[2].swapaxes(-1, -2) * (1 - first**2)
    parts = ((x, error1), (first, error2), (second, error))
    slopes = []
    for values, error in parts:
        slopes += [values.swapaxes(-1, -2) @ error, error.sum(axis=-2, keepdims=True)]
    return [p - rate * s for p, s in zip(w, slopes, strict=True)]


# %%
def waves(rng, count):
    """Heights and phases of `count` sine waves, each `(count, 1, 1)`."""
    return rng.uniform(0.1, 5, (count, 1, 1)), rng.uniform(0, 2 * np.pi, (count, 1, 1))


def points(rng, height, phase, count=10):
    x = rng.uniform(-5, 5, (len(height), count, 1))
    return x, height * np.sin(x + phase)


start = new_network(rng)
plain = [p.copy() for p in start]
rounds = 1500
for number in tqdm(range(rounds), desc="Reptile"):
    height, phase = waves(rng, 10)  # ten tasks at a time
    adapted = [np.repeat(p[None], 10, axis=0) for p in start]
    for _ in range(8):
        adapted = gradient_step(adapted, *points(rng, height, phase))
    step_size = 0.5 * (1 - number / rounds)
    start = [p + step_size * (a.mean(axis=0) - p) for p, a in zip(start, adapted, strict=True)]

# %% [markdown]
# For comparison: the same kind of network trained on points of *all* waves together (ordinary
# pre-training), and one with random values. Each then gets ten points of a new wave and some
# gradient steps. Errors are means over 200 new waves.

# %%
for _ in range(rounds):
    x, y = points(rng, *waves(rng, 10))
    plain = gradient_step(plain, x.reshape(-1, 1), y.reshape(-1, 1))
height, phase = waves(rng, 200)
x, y = points(rng, height, phase)
grid = np.repeat(np.linspace(-5, 5, 50)[None, :, None], 200, axis=0)
truth = height * np.sin(grid + phase)
steps, errors = np.arange(33), {}
starts = {"Reptile": start, "all waves together": plain, "random values": new_network(rng)}
for name, weights in starts.items():
    adapted, errors[name] = [np.repeat(p[None], 200, axis=0) for p in weights], []
    for _ in steps:
        errors[name].append(np.mean((output(adapted, grid)[2] - truth) ** 2))
        adapted = gradient_step(adapted, x, y)

# %%
ax = plots.lines(
    {name: (steps, np.array(values)) for name, values in errors.items()},
    x_label="gradient steps on ten points of a new wave",
    y_label="mean squared error",
    title="From Reptile's start a few steps fit a new wave",
)
print(plots.alt_text(ax))
for name, values in errors.items():
    print(f"{name:<19} error before {values[0]:.2f}, after 32 steps {values[-1]:.2f}")
assert errors["Reptile"][-1] < errors["all waves together"][-1] / 2
assert errors["Reptile"][-1] < errors["random values"][-1] / 2
assert errors["Reptile"][0] > 2 * errors["Reptile"][-1]  # the start itself solves no wave

# %% [markdown]
# Before the steps Reptile's start is no better than the mean of all waves, which is zero. It is a
# good *place to start*, not a good answer. With images it takes many thousand tasks
# (`fewshot.fit_reptile`); the space of section 4 is cheaper.
#
# ## 8. What was published
#
# Prototypical networks on Omniglot, all 1,623 letters, turned copies as further classes, test
# letters drawn from the same alphabets: 98.8 % (5-way 1-shot), 99.7 % (5-way 5-shot), 96.0 %
# (20-way 1-shot), 98.9 % (20-way 5-shot) (Snell and others 2017, table 1). Our numbers are lower:
# fewer training letters, a smaller network, seconds of training, and test alphabets that are new.
# In the full profile the next cell also scores the 20 one-shot trials of Omniglot's authors,
# where people err in 4.5 % (Lake and others 2015).

# %%
if tlcourse.profile() == "full":
    runs = tlcourse.datasets.load_one_shot_runs()
    right = []
    for run in runs:
        features = [prototypical_encoder.predict(i, verbose=0) for i in (run.support, run.query)]
        distances = ((features[1][:, None] - features[0][None]) ** 2).sum(axis=-1)
        right.append(np.mean(distances.argmin(axis=1) == run.labels))
    print(f"errors in the 20 trials: {1 - np.mean(right):.1%}")

# %% [markdown]
# ## What to remember
#
# - Test on **classes that training never saw**, over at least 600 episodes, with an interval over
#   episodes.
# - The nearest mean on a frozen network needs no training. Everything else has to beat it.
# - With as many images, an ordinary classifier with cosine was not behind a prototypical network.
# - More shots help, more ways hurt: a few-shot accuracy without both numbers says nothing.
# - What is often said: "meta-learning learns to learn". What it learns is a space or a start; which
#   tasks it helps with depends on the tasks it was trained on.
#
# ## Quiz
#
# **1. A paper reports 92 % few-shot accuracy. What is missing?**
#
# <details><summary>The number of layers</summary>No. It may matter, but the number cannot be read
# without something else.</details>
# <details><summary>Ways, shots, and the interval over episodes</summary>Yes. 5-way and 20-way
# differ by more than most methods do.</details>
# <details><summary>The learning rate</summary>No. That is needed to repeat it, not to read
# it.</details>
#
# **2. You split the images of 200 species at random into training and test, train, and test with
# episodes. What is wrong?**
#
# <details><summary>Nothing, no image is on both sides</summary>No image, but every
# species.</details>
# <details><summary>The classes of the test were in the training</summary>Yes. It measures how well
# known classes are recognised, not new ones. Split by class.</details>
# <details><summary>Episodes may not be used for testing</summary>They are meant for
# testing.</details>
#
# **3. With one shot, what is a prototype?**
#
# <details><summary>The example itself</summary>Yes: the mean of one. The method is then the nearest
# neighbour.</details>
# <details><summary>The mean of all classes</summary>No, each class has its own.</details>
# <details><summary>It does not exist</summary>It does: a mean of one example is that
# example.</details>
#
# **4. Your prototypical network is 1 point above the frozen backbone, intervals of ± 1 point
# each. What do you report?**
#
# <details><summary>The prototypical network wins</summary>The difference is no larger than its
# uncertainty.</details>
# <details><summary>Both, with intervals, on the same episodes</summary>Yes. On the same episodes
# the difference itself has a narrower interval; several seeds tell more.</details>
# <details><summary>Only the better one</summary>That hides what the reader needs.</details>
#
# ## Read on
#
# - Snell, Swersky, Zemel (2017): Prototypical networks for few-shot learning. arXiv 1703.05175
# - Nichol, Achiam, Schulman (2018): On first-order meta-learning algorithms. arXiv 1803.02999
# - Chen, Liu, Kira, Wang, Huang (2019): A closer look at few-shot classification. arXiv 1904.04232
# - Vinyals and others (2016): Matching networks for one shot learning. arXiv 1606.04080
# - Lake, Salakhutdinov, Tenenbaum (2015): Human-level concept learning through probabilistic
#   program induction. Science 350
