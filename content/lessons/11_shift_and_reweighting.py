# %% [markdown]
# # 11 · When the world changes: measuring shift, weighting rows
#
# A model is trained on Monday's data and used on Friday's. The camera is another one, the patients
# are older, the disease became rare. Under **distribution shift** the data that a model meets in
# use come from another distribution than its training data. This lesson asks three questions: has
# anything changed? Does it matter? And what can be done **without a single new label**, by counting
# some of the old rows more than others?
#
# **After this lesson you can**
# - test whether two sets of data come from one distribution, and say how far apart they are;
# - distinguish a shift that does harm from one that does none;
# - reweight old rows to represent new ones, and say how many rows are left after that;
# - find out how common a disease is now, from a classifier that makes mistakes;
# - say what a score is worth that was used to choose.
#
# **Time:** 40 minutes. **It presumes** lessons 00 and 02.

# %%
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binom
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tlcourse import plots

# %%
# Settings
per_class = {"embedded": 30, "full": 80}[tlcourse.profile()]  # images of each flower
stops = (0.0, -0.5, -1.0, -2.0, -3.0)  # light of the new camera: each -1 halves it
draws = 10  # repeats where chance plays a part
patients = 600

# %% [markdown]
# ## 1. Has anything changed?
#
# The old camera took half of these flowers, the new one the other half. The new camera gets less
# and less light. We look at the features of the frozen backbone of lesson 02, never at the labels.


# %%
def camera(images, light):
    """The same images with another exposure and a little noise of the sensor."""
    noise = np.random.default_rng(seed).normal(0, 4, images.shape)
    return np.clip(images * 2.0**light + noise, 0, 255).astype("uint8")


flowers = tlcourse.load_flowers(per_class, seed=seed)
one = np.concatenate([camera(flowers.images[:1], light) for light in stops])
labels = [f"{light:g} stops" for light in stops]
ax = plots.image_grid(one, labels, columns=5, title="One flower, five cameras")
print(plots.alt_text(ax))

# %%
backbone = tlcourse.load_backbone(pooling="avg")
order = np.random.default_rng(seed).permutation(len(flowers))
old, new = order[: len(order) // 2], order[len(order) // 2 :]


def see(positions, light):
    return backbone.predict(camera(flowers.images[positions], light), batch_size=64, verbose=0)


old_features = see(old, 0.0)
new_features = {light: see(new, light) for light in stops}
print(f"{len(old)} old and {len(new)} new images, {old_features.shape[1]} features each")

# %% [markdown]
# **The test** needs nothing new: train a classifier to separate *old* from *new* on one half of the
# rows, and let it predict the other half. If nothing has changed, it can only guess, and it is
# known exactly how often a guess is right. That gives a p-value: how likely so many hits are if
# nothing has changed (Lopez-Paz and Oquab 2017).


# %%
def two_sample_test(source, target, rng):
    """Learn to separate the domains on half of the rows; return hits and rows of the other half."""
    half = min(len(source), len(target)) // 2
    drawn = [domain[rng.permutation(len(domain))[: 2 * half]] for domain in (source, target)]
    learn = np.concatenate([domain[:half] for domain in drawn])
    unseen = np.concatenate([domain[half:] for domain in drawn])
    which = np.repeat([0, 1], half)  # 0 the source, 1 the target
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(learn, which)
    return int(np.sum(model.predict(unseen) == which)), 2 * half


# %%
species = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
species.fit(old_features, flowers.labels[old])
separated, right = [], []
for light in stops:
    hits, rows = two_sample_test(old_features, new_features[light], np.random.default_rng(seed))
    separated.append(hits / rows)
    right.append(species.score(new_features[light], flowers.labels[new]))
    p = binom.sf(hits - 1, rows, 0.5)
    distance = max(0, 2 * (2 * separated[-1] - 1))
    print(f"{light:>4} stops: old or new, right {separated[-1]:.2f}, ", end="")
    print(f"p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}, distance {distance:.2f}; ", end="")
    print(f"species right {right[-1]:.2f}")

# %%
ax = plots.lines(
    {"old or new": (stops, separated), "species of new images": (stops, right)},
    x_label="light of the new camera (stops)",
    y_label="accuracy, unseen images",
    title="A shift is detected before it does much harm",
)
ax.axhline(0.5, color="black", linestyle="--", linewidth=1)
ax.invert_xaxis()
print(plots.alt_text(ax))
assert abs(separated[0] - 0.5) < 0.2  # no change: a guess
assert separated[1] > 0.55
assert separated[-1] > 0.95
assert right[1] > right[0] - 0.12
assert right[-1] < right[0] - 0.12

# %% [markdown]
# **What to notice.** The *distance* printed above is the proxy A-distance: `2 (1 - 2 error)` of
# that classifier, 0 for guessing and 2 for no mistake at all (Ben-David and others 2007). Half a
# stop less light is found at once, and costs the species little or nothing. So a shift is not yet a
# reason to act: **the test says that something moved, not that it matters**. And with enough rows
# any test finds something: look at the distance before the p-value.
#
# ## 2. Rows that count more
#
# Now a change that matters, and no new labels. The truth is a curve; our model is linear; old x lie
# around 0, new x around 1.2. Under **covariate shift** the inputs come with other frequencies than
# in training, but the labels that belong to an input stay the same.
#
# The best line for the new x is the one that makes small errors *there*. With **importance
# weighting** each training example counts in proportion to how much more frequent its input is in
# the target: the weight is `w(x) = p_new(x) / p_old(x)`. We know neither density. But a classifier
# that separates old from new estimates their ratio: if it says that of 100 rows like this one 80
# are new, then new is 4 times as dense here. That is its probability divided by the complement: the
# **odds**.


# %%
def importance_weights(source, target):
    """Return how often each source row should count to represent the target; mean 1."""
    rows, which = np.concatenate([source, target]), np.repeat([0, 1], [len(source), len(target)])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(rows, which)
    p = model.predict_proba(source)[:, 1]
    weights = p / (1 - p)
    return weights / weights.mean()


def world(centre, count, rng):
    x = rng.normal(centre, 0.6, count)
    return x, np.sin(1.2 * x + 0.5) + rng.normal(0, 0.15, count)


def line(x, y, weights=None):
    roots = None if weights is None else np.sqrt(weights)  # polyfit squares its weights
    return np.polyfit(x, y, 1, w=roots)


def error(fitted, x, y):
    return np.mean((np.polyval(fitted, x) - y) ** 2)


# %% [markdown]
# Weights have a price. If 30 rows have nearly all the weight, the other 570 hardly count. The
# number of rows that are left is the **effective sample size**, `(sum w)^2 / sum w^2`: n when all
# weights are equal, 1 when one row has all the weight.

# %%
results = {}
for name, centre in {"shifted": 1.2, "not shifted": 0.0}.items():
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        (x, y), (new_x, new_y) = world(0.0, 600, rng), world(centre, 600, rng)
        weights = importance_weights(x[:, None], new_x[:, None])
        lines = line(x, y), line(x, y, weights), line(new_x, new_y)
        errors = [error(fitted, new_x, new_y) for fitted in lines]
        results[name, draw] = (*errors, weights.sum() ** 2 / np.sum(weights**2))

# %%
for name in ("shifted", "not shifted"):
    table = np.array([results[name, draw] for draw in range(draws)])
    without, weighted, new_labels, left = table.mean(axis=0)
    print(f"{name:<12} error without weights {without:.3f}, with {weighted:.3f}, ", end="")
    print(f"with new labels {new_labels:.3f}; rows left {left:.0f} of 600")
    better, ratio = np.sum(table[:, 1] < table[:, 0]), np.max(table[:, 1] / table[:, 0])
    print(f"{'':<12} better with weights in {better} of {draws} draws; ", end="")
    print(f"largest ratio {ratio:.3f}")
    assert better == draws or name == "not shifted"
    assert ratio < 1.1
    assert left > 0.9 * 600 or name == "shifted"  # weights near 1: nearly all rows count

# %%
rng = np.random.default_rng([seed, 0])
(x, y), (new_x, new_y) = world(0.0, 600, rng), world(1.2, 600, rng)
weights = importance_weights(x[:, None], new_x[:, None])
fitted = {"line without weights": line(x, y), "line with weights": line(x, y, weights)}
errors = [f"{name} {error(own, new_x, new_y):.2f}" for name, own in fitted.items()]
words = "Old rows around 0 and new rows around 1.2 on a curve. Error on the new rows: "

# %%
fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
first, second = ({"color": plots.colour_of(i), "alpha": alpha} for i, alpha in ((0, 0.5), (1, 0.4)))
ax.scatter(x, y, s=4 + 12 * weights, label="old rows, larger where they count more", **first)
ax.scatter(new_x, new_y, s=5, marker="s", label="new rows, labels never used", **second)
for style, (name, own) in zip(("--", "-"), fitted.items(), strict=True):
    ax.plot([-2, 3], np.polyval(own, [-2, 3]), color="black", linestyle=style, label=name)
ax.set(xlabel="x (no unit)", ylabel="y (no unit)", ylim=(-2.2, 2.2))
ax.set_title("Weights move the line to where the new rows are")
ax.legend(frameon=False, fontsize=8, loc="lower right").legend_handles[0].set_sizes([30])
plots.set_alt_text(ax, f"{words}{', '.join(errors)}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Weights help in every draw where there was a shift; where there was none, they
# stay near 1 and cost next to nothing. That second line is the *control*: a remedy must do no harm
# where nothing is wrong. The price is in the last column: few rows are left, so the line varies
# more. If the model were a curve that fits everywhere, weights would gain nothing and still cost
# rows.
#
# ## 3. Straight to the weights
#
# A doctor measures how far diabetes has progressed a year later, in 200 of 442 patients. Slim
# patients come more often. What is the mean of all 442? Here we know it, and can see which estimate
# is close. (scikit-learn contains these data.)
#
# **KLIEP** (Sugiyama and others 2008) needs no classifier. The weight is a sum of bumps, one on
# each new row, with the heights for which the weighted old rows fit the new ones best. Each step
# below divides every new row among the bumps that reach it, in proportion; the mean of the weights
# is 1 by construction. The width of the bumps is a choice: very narrow ones give nearly all the
# weight to the few old rows that happen to lie under one. `tlcourse.adapt.kliep_weights` tries
# several widths and keeps the one that does best on rows held out, *old ones as well as new ones*.


# %%
def kliep(source, target, width, steps=200):
    """Return weights of mean 1 of the source rows: bumps on the target rows that fit it best."""

    def bumps(rows):
        squares = (rows**2).sum(axis=1)[:, None] + (target**2).sum(axis=1) - 2 * rows @ target.T
        return np.exp(-squares / (2 * width**2))  # (rows, bumps)

    size = bumps(source).mean(axis=0)  # how much of the source each bump covers
    parts, shares = bumps(target) / size, np.full(len(target), 1 / len(target))
    for _ in range(steps):
        reached = parts * shares
        shares = (reached / reached.sum(axis=1, keepdims=True)).mean(axis=0)
    return bumps(source) @ (shares / size)


# %%
rows, progress = load_diabetes(return_X_y=True)
rows = StandardScaler().fit_transform(rows)  # age, sex, body mass index, blood pressure, 6 more
slim = np.exp(-rows[:, 2])  # the slimmer, the more often a patient comes
found = []
for draw in tqdm(range(draws), desc="samples"):
    rng = np.random.default_rng([seed, draw])
    came = rng.choice(len(rows), 200, replace=False, p=slim / slim.sum())
    by_all = kliep(rows[came], rows, width=2.0)
    by_age = kliep(rows[came, :1], rows[:, :1], width=2.0)
    weighted = [np.average(progress[came], weights=weights) for weights in (by_all, by_age)]
    found.append([progress[came].mean(), *weighted])
found, truth = np.array(found), progress.mean()

# %%
print(f"true mean of all 442 patients   {truth:.1f}")
names = ("as they came", "weighted by all ten columns", "weighted only by age")
for name, column in zip(names, found.T, strict=True):
    closer = np.sum(np.abs(column - truth) < np.abs(found[:, 0] - truth))
    print(f"{name:<29} {column.mean():>7.1f}, ", end="")
    print(f"standard deviation {column.std(ddof=1):.1f}; ", end="")
    print(f"closer than unweighted: {closer} of {draws}")
assert np.abs(found[:, 1] - truth).mean() < 0.6 * np.abs(found[:, 0] - truth).mean()
assert np.sum(np.abs(found[:, 1] - truth) < np.abs(found[:, 0] - truth)) >= draws - 1
assert np.abs(found[:, 2] - truth).mean() > 0.8 * np.abs(found[:, 0] - truth).mean()

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.4), layout="constrained")
for y, column in enumerate(found.T[::-1]):
    ax.scatter(column, [y] * draws, color=plots.colour_of(y), marker=plots.MARKERS[y], alpha=0.8)
ax.axvline(truth, color="black", linestyle="--", linewidth=1)
ax.set(yticks=range(3), yticklabels=names[::-1], ylim=(-0.6, 2.6))
ax.set_xlabel("estimated mean progression; dashed: the truth; one mark for each sample")
ax.set_title("Weights correct the bias that was measured")
words = [f"{name}: mean {column.mean():.0f}" for name, column in zip(names, found.T, strict=True)]
plots.set_alt_text(ax, f"{'; '.join(words)}; truth {truth:.0f}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** All ten columns together correct most of the bias. Age corrects almost none:
# body mass decided who came, and age says little about it. That is the placebo, and the limit of
# all weighting: **it corrects for what you measured**. If people stayed away because they felt ill,
# and nobody wrote that down, no weights can correct it. (The documentation of the library ADAPT
# reports something similar with another bias: 142.4 as sampled, 148.3 with KLIEP, 152.1 in truth.)
#
# ## 4. The shares of the classes changed
#
# A classifier for scans was trained where half of the people are sick. In the next town one in
# seven is. Under **label shift** the classes come with other frequencies than in training, but the
# examples of each class look the same. A sick lung looks the same in both towns. Counting the
# predictions is not enough, because the classifier makes mistakes. But it makes the *same* mistakes
# in both towns, and these can be counted on old scans with labels. If it says "sick" for 70 % of
# the sick and for 30 % of the healthy, then its predictions in the new town are a mixture of 70 %
# and 30 %, and we can solve for the shares (BBSE: Lipton and others 2018).


# %%
def target_shares(labels, said, target_said):
    """Return the share of each class in the target, from what is said there and known mistakes."""
    classes = labels.max() + 1
    joint = np.zeros((classes, classes))
    np.add.at(joint, (said, labels), 1 / len(labels))  # row: what is said, column: what is true
    counted = np.bincount(target_said, minlength=classes) / len(target_said)
    ratio = np.linalg.solve(joint, counted)  # new share over old share
    shares = np.clip(ratio, 0, None) * joint.sum(axis=0)
    return shares / shares.sum()


# %%
scans = tlcourse.load_scans(patients, 1, seed=seed)
scan_features = backbone.predict(scans.images, batch_size=64, verbose=0)
third, sick, towns = patients // 3, scans.labels, []
for draw in range(draws):
    order = np.random.default_rng([seed, draw]).permutation(patients)
    learn, known, rest = order[:third], order[third : 2 * third], order[2 * third :]
    # one in seven is sick in the new town
    town = np.concatenate([rest[sick[rest] == 0][:84], rest[sick[rest] == 1][:14]])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    model.fit(scan_features[learn], sick[learn])
    said, known_said = (model.predict(scan_features[part]) for part in (town, known))
    shares = target_shares(sick[known], known_said, said)
    p, truth = model.predict_proba(scan_features[town]), sick[town].mean()
    before, after = (np.mean(q.argmax(axis=1) == sick[town]) for q in (p, p * shares / 0.5))
    towns.append([abs(said.mean() - truth), abs(shares[1] - truth), before, after])

# %%
counted, solved, before, after = np.mean(towns, axis=0)
print("share of the sick, mean distance from the truth: ", end="")
print(f"counted {counted:.2f}, solved for {solved:.2f} ({draws} draws)")
print(f"accuracy in the new town: as trained {before:.2f}, with the new shares {after:.2f}")
assert solved < counted - 0.02
assert after > before + 0.02

# %% [markdown]
# The second line costs one multiplication: probabilities times new share over old share. Nothing
# was trained again. **But read the accuracy with care**: where six of seven are healthy, "healthy
# for all" is right in .86 of the cases, and a classifier with the new shares misses more of the
# sick. Whether that is better depends on the cost of a missed patient, not on statistics.
#
# ## 5. Choosing without labels, and what peeking does
#
# There are always several candidates. Here there are forty: the same flower classifier on different
# sets of twelve features. The new camera has two stops less light, and there are no labels of its
# images. Which candidate is best? Three ways use no new label: **source validation** (accuracy on
# held-out old images), the same **weighted** as in section 2, and **confidence** on the new images
# (low entropy). The fourth **peeks**: it labels 20 new images and takes the candidate that does
# best on them.

# %%
target = new_features[-2.0]
fit, held = np.split(np.arange(len(old)), [len(old) * 2 // 3])
labels, new_labels = flowers.labels[old], flowers.labels[new]
held_weights = importance_weights(old_features, target)[held]


def scores_of(columns, peek):
    """Train one candidate; return its score in each way, and on the other new images."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(old_features[fit][:, columns], labels[fit])
    hits = model.predict(old_features[held][:, columns]) == labels[held]
    p = model.predict_proba(target[:, columns])
    new_hits = p.argmax(axis=1) == new_labels
    entropy = -np.sum(p * np.log(p + 1e-12), axis=1).mean()
    weighted = np.average(hits, weights=held_weights)
    return hits.mean(), weighted, -entropy, new_hits[peek].mean(), new_hits[~peek].mean()


# %%
names = ("source validation", "weighted validation", "confidence", "peeking at 20")
ways = {way: [] for way in names}
for draw in tqdm(range(draws), desc="choosing"):
    rng = np.random.default_rng([seed, draw])
    peek = np.isin(np.arange(len(new)), rng.permutation(len(new))[:20])
    candidates = [rng.permutation(target.shape[1])[:12] for _ in range(40)]
    scores = np.array([scores_of(columns, peek) for columns in candidates])
    for place, way in enumerate(ways):
        best = np.argmax(scores[:, place])
        ways[way].append([scores[best, place], scores[best, -1]])

# %%
for way, values in ways.items():
    promised, kept = np.mean(values, axis=0)
    promise = "   -" if way == "confidence" else f"{promised:.2f}"
    print(f"{way:<20} promised {promise}, on other new images {kept:.2f}")
for way in ("peeking at 20", "source validation"):
    promised, kept = np.mean(ways[way], axis=0)
    assert promised > kept + 0.05

# %% [markdown]
# **What to notice.** Source validation promises the accuracy on old images. Peeking looks honest
# and promises too much as well: the best of forty on twenty images is also the *luckiest* of forty.
# Labels that were used to choose cannot be used to report. If you can label a few new images, do
# it: choose with one half, report the other.
#
# ## What to remember
#
# - Train a classifier to separate old from new: if it can only guess, no shift is found. Whether a
#   shift does harm is a second question.
# - Covariate shift: the odds of that classifier are the weights. Look at the effective sample size
#   before you believe the result.
# - Always run the control: where nothing shifted, weighting must cost nothing.
# - Weights correct for what was measured, and for nothing else.
# - Label shift: known mistakes and present predictions give the new shares, and one multiplication
#   corrects the probabilities.
# - A score that was used to choose is too good. From here on: `tlcourse.adapt`.
#
# ## Quiz
#
# **1. The test says p = 0.00001. What do you do?**
#
# <details><summary>Look how far apart the domains are, and whether the model got
# worse</summary>Yes. With many rows, a harmless shift is significant too.</details>
# <details><summary>Train again at once</summary>Not yet: something moved, but perhaps nothing that
# matters.</details>
# <details><summary>Nothing, p-values are always small</summary>No: where nothing changes, one below
# 0.05 comes up in one of twenty tests.</details>
#
# **2. The effective sample size is 9 of 600. What does that tell you?**
#
# <details><summary>Old and new hardly overlap; the result rests on nine rows</summary>Yes. Get rows
# from where the new ones are, or change the method.</details>
# <details><summary>The weights are wrong</summary>They may be exactly right: perhaps so few old
# rows look like new ones.</details>
# <details><summary>591 rows are wrong and should be deleted</summary>No. They are right, and of
# little use for this target.</details>
#
# **3. Why not count the predictions, to learn how many are sick?**
#
# <details><summary>Its mistakes do not cancel when one class is rare</summary>Yes: the many healthy
# give many false alarms, the few sick few misses.</details>
# <details><summary>It was trained on other people</summary>Under label shift the sick look the
# same; only their share changed.</details>
# <details><summary>Counting takes too long</summary>No, it takes no time. The count is
# wrong.</details>
#
# ## Read on
#
# - Sugiyama and others (2008): Direct importance estimation with model selection and its
#   application to covariate shift adaptation. NIPS 20
# - Lipton, Wang, Smola (2018): Detecting and correcting for label shift with black box predictors.
#   arXiv 1802.03916
# - Lopez-Paz, Oquab (2017): Revisiting classifier two-sample tests. arXiv 1610.06545
# - Ben-David and others (2010): A theory of learning from different domains. Machine Learning 79
