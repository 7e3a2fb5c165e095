# %% [markdown]
# # 24 · Three industries: payments, fields, shops
#
# The methods of this course meet three trades. A bank knows fraud in shops and starts to sell
# online. A farm insurer has satellite images of one climate and insures in another. A chain opens a
# new shop. In each case somebody has plenty of data from *almost* the right place.
#
# **After this lesson you can**
# - judge a detector of rare events: precision, recall, and what errors cost;
# - write out TrAdaBoost, and say when it is worth more than the few target labels it needs;
# - compute the threshold that is best for given costs, and check it;
# - give a backbone for RGB images more bands, and test the step;
# - say which of your features survive a change of climate, by measuring it.
#
# **Time:** 45 minutes. **It presumes** lessons 01, 02, 10 and 11: pre-training, frozen features,
# importance weights.

# %%
import warnings

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tlcourse import adapt, backbones, evaluate, plots

# %%
# Settings
draws = 5  # repeats with other payments
label_counts = (100, 200, 600)  # labelled online payments
tiles_per_class = 30
costs = {"false_alarm": 5.0, "miss": 120.0}  # euros

# %% [markdown]
# ## 1. Fraud: from the shop to online
#
# The payments are drawn, so that we know the truth. In shops, fraud means mostly stolen cards: late
# at night, far from home. Online, *honest* customers buy at night and far from the seller.

# %%
shop = tlcourse.load_payments("shop", 4000, seed=seed)
online = tlcourse.load_payments("online", 4000, seed=seed)
print(shop)
print(online)
print("columns:", ", ".join(shop.columns))


# %%
def fraud_over(values, labels, bins=8):
    """Cut values into bins of equal size; return their means and shares of fraud."""
    order = np.array_split(np.argsort(values), bins)
    return [values[part].mean() for part in order], [labels[part].mean() for part in order]


fig, axes = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained", sharey=True)
for ax, column in zip(axes, ("distance", "velocity")):
    place = shop.columns.index(column)
    for number, (name, data) in enumerate({"shop": shop, "online": online}.items()):
        line = {"color": plots.colour_of(number), "marker": plots.MARKERS[number], "label": name}
        ax.plot(*fraud_over(data.rows[:, place], data.labels), **line)
    ax.set(xlabel=column + " (log)")
axes[0].set(ylabel="share of fraud")
axes[0].legend()
axes[0].set_title("A distance of 3: alarming in shops, ordinary online")
axes[1].set_title("Many payments a day: the same sign in both")
text = "Share of fraud over distance and over payments of the last day, in shops and online. "
text += "At the distances where a shop sees most fraud, online payments are mostly honest; "
text += "many payments a day raise the share in both."
plots.set_alt_text(fig, text)
print(plots.alt_text(fig))

# %% [markdown]
# Two things shifted: the honest payments (covariate shift), and what tells fraud (the *concept*).
# No method that only matches distributions can see the second one: it needs labels from the target.
#
# ## 2. Rare events: what to measure
#
# With 4 % fraud, the rule "never raise an alarm" has an accuracy of 96 %. Look at **precision**,
# the share of alarms that are fraud, and **recall**, the share of fraud that raises an alarm, at
# all thresholds. *Average precision* is the area under that curve; a random score gets the share of
# fraud.

# %%
scaler = StandardScaler().fit(np.concatenate([shop.rows, online.rows[:2000]]))  # no labels used
test_rows, test_labels = scaler.transform(online.rows[2000:]), online.labels[2000:]
source_rows, source_labels = scaler.transform(shop.rows), shop.labels
model = LogisticRegression(max_iter=500).fit(source_rows, source_labels)
score = model.predict_proba(test_rows)[:, 1]
found = average_precision_score(test_labels, score)
never = np.mean(test_labels == 0)
print(f"accuracy: 'never' {never:.3f}, shop's model {model.score(test_rows, test_labels):.3f}")
print(f"average precision: shop's model {found:.2f}, chance {test_labels.mean():.2f}")
assert found > 2 * test_labels.mean()

# %%
precision, recall, _ = precision_recall_curve(test_labels, score)
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(recall, precision, color=plots.colour_of(0), label="the shop's model")
ax.axhline(test_labels.mean(), color=plots.colour_of(1), linestyle="--", label="a random score")
ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
ax.legend()
ax.set_title("The more fraud an alarm finds, the more often it is wrong")
text = "Precision over recall online: it falls as recall rises, towards the share of fraud."
plots.set_alt_text(ax, text)
print(plots.alt_text(ax))
half = precision[recall >= 0.5].max()
print(f"to find half of the fraud, {1 - half:.0%} of the alarms are wrong")

# %% [markdown]
# ## 3. TrAdaBoost, written out
#
# Boosting raises the weight of examples that are predicted wrongly. TrAdaBoost does so for the
# *target* only. A *source* example that is predicted wrongly contradicts the target: its weight
# falls.


# %%
def tradaboost_round(rows, labels, is_source, weights, rounds):
    """Fit one learner and return it with the new weights (Dai and others 2007, figure 1)."""
    weights = weights / weights.sum()
    learner = LogisticRegression(max_iter=500).fit(rows, labels, sample_weight=weights)
    errors = np.abs(learner.predict_proba(rows)[:, 1] - labels)  # 0: right and sure
    error = np.average(errors[~is_source], weights=weights[~is_source])
    rise = error / (1 - error)  # below 1 while the error is below 0.5
    fall = 1 / (1 + np.sqrt(2 * np.log(is_source.sum()) / rounds))
    return learner, error, weights * np.where(is_source, fall**errors, rise**-errors)


# %% [markdown]
# One detail decides here. With equal weights at the start, a learner of rare fraud predicts
# "honest" for everything. The paper leaves the first weights to the user: give each class half.

# %%
few = online.subset(np.arange(200))
rows = np.concatenate([source_rows, scaler.transform(few.rows)])
labels = np.concatenate([source_labels, few.labels])
is_source = np.arange(len(rows)) < len(source_rows)
weights = np.ones(len(rows))
for part in (is_source, ~is_source):
    for c in (0, 1):
        chosen = part & (labels == c)
        weights[chosen] = part.sum() / 2 / chosen.sum()
start = weights / weights.sum()
for _ in range(20):
    learner, error, weights = tradaboost_round(rows, labels, is_source, weights, 20)
print(f"weighted error on the target in the last round: {error:.2f}")

# %% [markdown]
# Which examples of the shop lost weight? The world says what kind of fraud each one is.

# %%
kept = (weights / weights.sum() / start)[is_source]
kept = kept / np.median(kept)
share = {}
for number, kind in enumerate(shop.group_names):
    chosen = shop.groups == number
    if chosen.any():
        share[kind] = np.median(kept[chosen])
        print(f"{kind}: {chosen.sum()} payments, median weight {share[kind]:.2f}")
assert max(share["card testing"], share["stolen card"]) < 0.5 < share["honest"]

# %% [markdown]
# The shop's frauds lose most of their weight, also card testing, which looks the same in both
# channels. What TrAdaBoost keeps of the source is mostly its honest payments.
#
# ## 4. What is it worth?
#
# Six ways, over several draws: only the shop's data; only the few online labels; both in one heap;
# importance weights of lesson 11 (no target labels); TrAdaBoost; a network that learns on the shop
# and is fine-tuned on the few labels.


# %%
def network():
    """Return a small network for rows, compiled."""
    hidden = inputs = keras.Input((len(shop.columns),))
    for width in (32, 32):
        hidden = layers.Dense(width, activation="relu")(hidden)
    model = keras.Model(inputs, layers.Dense(1)(hidden))
    model.compile(keras.optimizers.Adam(3e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def fine_tuned_scores(pretrained, model, rows, labels, test):
    """Fine-tune from the shop's weights on a few rows, and score the test rows."""
    model.set_weights(pretrained)
    tlcourse.reset_optimizer(model)
    model.optimizer.learning_rate = 1e-3
    model.fit(rows, labels, batch_size=64, epochs=20, verbose=0)
    return model.predict(test, batch_size=4096, verbose=0)[:, 0]


# %%
def logistic(rows, labels, weights=None):
    return LogisticRegression(max_iter=500).fit(rows, labels, sample_weight=weights)


def labelled(labels, count):
    """Return positions of `count` payments with as large a share of fraud as all have."""
    frauds = max(2, round(count * labels.mean()))
    places = [np.flatnonzero(labels == 1)[:frauds], np.flatnonzero(labels == 0)[: count - frauds]]
    return np.sort(np.concatenate(places))


# %%
def average_precisions(draw):
    """Return average precisions `(label counts, ways)`, and the worth of the importance weights."""
    shop = tlcourse.load_payments("shop", 4000, draw)
    online = tlcourse.load_payments("online", 8000, draw)
    scaler = StandardScaler().fit(np.concatenate([shop.rows, online.rows[:2000]]))
    S, T, E = (scaler.transform(r) for r in (shop.rows, online.rows[:2000], online.rows[2000:]))
    with warnings.catch_warnings():  # it warns, rightly: see below
        warnings.simplefilter("ignore")
        shift = adapt.classifier_weights(S, T)
    model = network()
    model.fit(S, shop.labels, batch_size=128, epochs=15, verbose=0)
    pretrained, rows = model.get_weights(), []
    fixed = [logistic(S, shop.labels), logistic(S, shop.labels, shift)]
    fixed = [learner.predict_proba(E)[:, 1] for learner in fixed]
    for count in label_counts:
        chosen = labelled(online.labels[:2000], count)
        x, y = T[chosen], online.labels[chosen]
        heap = logistic(np.concatenate([S, x]), np.concatenate([shop.labels, y]))
        boosted = adapt.TrAdaBoost(LogisticRegression(max_iter=500), balanced=True)
        boosted.fit(S, shop.labels, x, y)
        scores = [fixed[0], *(learner.predict_proba(E)[:, 1] for learner in (logistic(x, y), heap))]
        scores += [fixed[1], boosted.predict_score(E)]
        scores.append(fine_tuned_scores(pretrained, model, x, y, E))
        rows.append([average_precision_score(online.labels[2000:], score) for score in scores])
    return np.array(rows), adapt.effective_sample_size(shift)


# %%
ways = ("shop only", "online only", "one heap", "importance weights", "TrAdaBoost", "fine-tuned")
table, worth = [], []
for draw in tqdm(range(draws), desc="draws"):
    keras.utils.set_random_seed(10 * seed + draw)
    found, rows_worth = average_precisions(10 * seed + draw)
    table.append(found)
    worth.append(rows_worth)
table = np.array(table)  # (draws, label counts, ways)

# %%
means, spreads = table.mean(axis=0), table.std(axis=0, ddof=1)
print("average precision online, labels: " + ", ".join(map(str, label_counts)))
for number, way in enumerate(ways):
    cells = [f"{m:.2f} ± {s:.2f}" for m, s in zip(means[:, number], spreads[:, number])]
    print(f"{way:20} {'   '.join(cells)}")

# %%
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for number, way in enumerate(ways):
    line = {"color": plots.colour_of(number), "marker": plots.MARKERS[number], "label": way}
    ax.errorbar(label_counts, means[:, number], spreads[:, number], capsize=3, **line)
ax.set(xlabel="labelled online payments", ylabel="average precision", xscale="log", ylim=(0, 0.75))
ax.set_xticks(label_counts, [str(count) for count in label_counts])
ax.minorticks_off()
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
ax.set_title("A few labels of the target beat all labels of the source")
text = f"Average precision of six ways over {label_counts[0]} to {label_counts[-1]} labels."
plots.set_alt_text(ax, text)
print(plots.alt_text(ax))

# %%
by_way = {way: table[:, :, number] for number, way in enumerate(ways)}
gain = by_way["TrAdaBoost"] - by_way["shop only"]
print(f"TrAdaBoost minus shop only: {gain.mean():+.2f}; ", end="")
print(f"importance weights are worth {min(worth):.0f} to {max(worth):.0f} of 4000 rows")
assert gain[:, -1].mean() > 0.05
assert np.mean(by_way["online only"][:, -1] - by_way["shop only"][:, -1]) > 0.05
assert np.mean(by_way["importance weights"] - by_way["shop only"]) < -0.05
for column, count in enumerate(label_counts):
    gap = by_way["TrAdaBoost"][:, column] - by_way["online only"][:, column]
    mean, spread = gap.mean(), gap.std(ddof=1)
    print(f"TrAdaBoost minus online only, {count} labels: {mean:+.3f} ± {spread:.3f}")
assert abs(mean) < 0.05  # with the most labels

# %% [markdown]
# Read the last three lines before you believe in a method. TrAdaBoost is ahead of the shop's data,
# but what the shop adds to the online labels is little: over ten seeds between -.02 and +.09 with
# 100 labels, and between -.00 and +.01 with 600. The labels do the work. The method is also
# sensitive: with weights scaled to a mean of 1, which regularises the same learner less, it fell
# *behind* the online labels (.35 against .54 with 600 labels, seed 0).
#
# Importance weights *hurt*. A handful of the shop's rows get all the weight, and the weights trust
# the shop's labels most where its payments look like online ones. There the labels mean something
# else.
#
# The authors of TrAdaBoost reported errors of .261 (source only), .055 (source and target) and .053
# (TrAdaBoost) on mushrooms: there, too, the labels of the target did most of it.
#
# ## 5. What an error costs
#
# An alarm about an honest payment costs a call, a missed fraud costs the money. For a probability
# *p* an alarm costs `(1 - p) * false_alarm` on average and silence `p * miss`. So the alarm is
# right above `false_alarm / (false_alarm + miss)`, however rare fraud is. A **cost curve** shows
# the mean cost of a decision at each threshold.

# %%
analytic = evaluate.cost_threshold(**costs)
many = tlcourse.load_payments("online", 40_000, seed=1000 + seed)
rows, half = scaler.transform(many.rows), 20_000
calibrated = logistic(rows[:half], many.labels[:half])
p = calibrated.predict_proba(rows[half:])[:, 1]
thresholds = np.geomspace(0.002, 0.9, 120)
curve = evaluate.mean_costs(many.labels[half:], p, thresholds, **costs)
two = evaluate.mean_costs(many.labels[half:], p, [analytic, 0.5], **costs)
at = dict(zip(("analytic", "one half"), two))
print(f"analytic threshold {analytic:.3f}: {at['analytic']:.2f} euros a payment; ", end="")
print(f"best found {thresholds[curve.argmin()]:.3f}: {curve.min():.2f}; 0.5: {at['one half']:.2f}")
assert at["analytic"] < 1.1 * curve.min()
assert at["one half"] > 1.5 * at["analytic"]

# %%
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(thresholds, curve, color=plots.colour_of(0))
ax.axvline(analytic, color=plots.colour_of(1), linestyle="--", label=f"analytic, {analytic:.2f}")
ax.axvline(0.5, color=plots.colour_of(2), linestyle=":", label="one half")
ax.set(xlabel="threshold", ylabel="euros a payment", xscale="log")
ax.legend()
ax.set_title("A threshold of one half is an expensive default")
plots.set_alt_text(ax, "Cost curve: lowest near the analytic threshold, far higher at one half.")
print(plots.alt_text(ax))

# %% [markdown]
# This needs *calibrated* probabilities of the target. Those of the shop's model are not: fraud is
# rarer there. Lesson 11 shows how to correct the prior.
#
# ## 6. Fields from above
#
# A satellite such as Sentinel-2 sees 13 bands of light. Its files hold *digital numbers*: 10,000
# is full reflectance. Since January 2022 the products carry an **offset of 1,000** on top; a
# reader that forgets it sees haze everywhere. `MultibandTiles` takes it off.

# %%
home = tlcourse.load_crops(tiles_per_class, seed=seed)
held = tlcourse.load_crops(40, seed=100 + seed)
dry = tlcourse.load_crops(40, seed=200 + seed, climate=1.0)
print(home)
if tlcourse.profile() == "full":
    from tlcourse.datasets import load_eurosat
    from tlcourse.fetch import FetchError

    try:
        print(load_eurosat(per_class=10, seed=seed))
    except FetchError:
        print("EuroSAT is not here and could not be fetched: the drawn tiles stand in.")

# %%
shown = np.concatenate([home.rgb()[:5], dry.rgb()[:5]])
names = [home.class_names[label] for label in home.labels[:5]]
captions = [f"{name}, home" for name in names] + [f"{name}, dry" for name in names]
title = "The same five kinds of land at home and in a dry, hazy year"
ax = plots.image_grid(shown, captions, columns=5, title=title)
print(plots.alt_text(ax))

# %% [markdown]
# The honest baseline of this trade needs no network. Leaves reflect near infrared and swallow red.
# The **vegetation index** (NDVI) is their difference, divided by their sum.


# %%
def vegetation(data):
    """Mean and spread of the vegetation index of each tile, `(n, 2)`."""
    index = data.ndvi()
    return np.stack([index.mean(axis=(1, 2)), index.std(axis=(1, 2))], axis=1)


for name, data in {"home": held, "dry": dry}.items():
    means = [data.ndvi()[data.labels == c].mean() for c in range(5)]
    print(f"{name}: " + ", ".join(f"{n} {m:.2f}" for n, m in zip(data.class_names, means)))

# %% [markdown]
# ## 7. Thirteen bands for an RGB network
#
# The first convolution of a pretrained network has a kernel for three channels. A wider kernel
# keeps them at their places; the kernels of the other bands start at 0, or at the mean of the
# three.


# %%
def widen(kernel, bands, rgb):
    """Return a kernel `(h, w, bands, filters)` from one for RGB; other bands get zeros."""
    wide = np.zeros((*kernel.shape[:2], bands, kernel.shape[3]), kernel.dtype)
    wide[:, :, list(rgb)] = kernel
    return wide


rgb = [home.bands.index(band) for band in ("B04", "B03", "B02")]  # red, green, blue
backbone = tlcourse.load_backbone("tiny_resnet", pooling="avg")
wide = backbones.widen_stem(backbone, 13, rgb)
pixels = home.bytes_of()[:10]
old_way = backbone.predict(pixels[..., rgb], verbose=0)
assert np.array_equal(wide.predict(pixels, verbose=0), old_way)
kernel = backbone.get_layer("stem_conv").kernel.numpy()
assert np.array_equal(widen(kernel, 13, rgb)[:, :, rgb], kernel)
print(f"kernel {kernel.shape} -> {widen(kernel, 13, rgb).shape}; same output as for RGB")

# %%
all_bands = backbones.widen_stem(backbone, 13, rgb, extra="mean")
rows_of = {
    "vegetation index": vegetation,
    "means of 13 bands": lambda data: data.reflectance().mean(axis=(1, 2)),
    "network, RGB": lambda data: backbone.predict(data.rgb(), verbose=0),
    "network, 13 bands": lambda data: all_bands.predict(data.bytes_of(), verbose=0),
}
features = {way: [f(data) for data in (home, held, dry)] for way, f in rows_of.items()}


def probe(learn, labels):
    """Fit a logistic regression; wide rows get more regularisation."""
    strength = 0.01 if learn.shape[1] > 100 else 1.0
    steps = StandardScaler(), LogisticRegression(C=strength, max_iter=2000)
    return make_pipeline(*steps).fit(learn, labels)


results = {}
for way, (learn, at_home, in_drought) in features.items():
    model = probe(learn, home.labels)
    results[way] = model.score(at_home, held.labels), model.score(in_drought, dry.labels)
    print(f"{way:20} home {results[way][0]:.2f}, dry {results[way][1]:.2f}")

# %%
fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
places = np.arange(len(results))
for number, name in enumerate(("home", "dry")):
    values = [result[number] for result in results.values()]
    label = {"home": "the same climate", "dry": "a dry, hazy year"}[name]
    ax.bar(places + 0.38 * number - 0.19, values, 0.36, color=plots.colour_of(number), label=label)
ax.axhline(0.2, color="0.5", linestyle=":")
ax.set(xticks=places, xticklabels=results, ylabel="accuracy", ylim=(0, 1.25))
ax.legend(loc="upper center", ncols=2)
ax.set_title("Colour values do not travel; texture does")
plots.set_alt_text(ax, "Accuracy at home and in a dry year of four kinds of features.")
print(plots.alt_text(ax))

# %%
drop = {way: home_score - dry_score for way, (home_score, dry_score) in results.items()}
assert drop["vegetation index"] > 0.2
assert drop["means of 13 bands"] > 0.2
assert drop["network, RGB"] < 0.15
assert results["network, RGB"][1] > results["vegetation index"][1] + 0.2
assert results["network, 13 bands"][1] < results["network, RGB"][1] + 0.02

# %% [markdown]
# At home the thirteen numbers of a tile are nearly enough, and the network adds little. In a dry
# year they fail: drought moves exactly these values. The pretrained network reads rows and blobs,
# which drought does not move. More bands did *not* help the network here: their kernels were never
# trained on such bands. On real fields the order can be another one. What carries over is the
# test: hold out a *climate*, not a random share of tiles.
#
# ## 8. A new shop
#
# Lesson 18 carried taste from films to books. A chain does the same between shops: what an article
# sells in the old shops predicts what it sells in the new one, once some articles are known there.

# %%
rng = np.random.default_rng(seed)
articles, old_shops = 400, 6
taste = rng.normal(size=(articles, 3))  # what kind of article it is
expected = taste @ rng.normal(size=(3, old_shops + 1)) + rng.normal(size=(articles, 1))
sales = rng.poisson(np.exp(1.5 + 0.4 * expected))  # one period; the last column is the new shop
known = rng.random(articles) < 0.15  # articles that the new shop has sold already
old, new = np.log1p(sales[:, :-1]), np.log1p(sales[:, -1])

# %%
mapped = np.linalg.lstsq(np.c_[old, np.ones(articles)][known], new[known], rcond=None)[0]
guesses = {
    "mean of the known articles": np.full(articles, new[known].mean()),
    "mean of the old shops": old.mean(axis=1),
    "map from the old shops": np.c_[old, np.ones(articles)] @ mapped,
}
error = {name: np.sqrt(np.mean((guess - new)[~known] ** 2)) for name, guess in guesses.items()}
print(f"{known.sum()} known articles; error in log sales of the others:")
for name, value in error.items():
    print(f"{name:28} {value:.2f}")
assert error["map from the old shops"] < error["mean of the known articles"] - 0.02

# %% [markdown]
# Compare the map with the plain mean of the old shops before you build it: with few known articles
# the two are close.

# %% [markdown]
# ## What to remember
#
# - For rare events report precision and recall, with the share of positives beside them.
# - If the *concept* shifts, matching distributions can hurt. A few target labels are worth more
#   than thousands of the source, and TrAdaBoost is a way to keep what does not contradict them.
# - The best threshold follows from costs, `false_alarm / (false_alarm + miss)`, if probabilities
#   are calibrated for the target.
# - A wider stem must give the RGB output while the new bands are 0. Test it.
# - Split by climate, year or region. A random split of tiles hides what happens elsewhere.
#
# ## Quiz
#
# **1. A detector of fraud has 97 % accuracy; 3 % of payments are fraud. What do you know?**
#
# <details><summary>That it is good</summary>"Never" has the same accuracy.</details>
# <details><summary>Nothing about its use</summary>Yes. Ask for precision and recall.</details>
# <details><summary>That it finds 97 % of fraud</summary>That would be recall.</details>
#
# **2. Why may importance weights make a model worse?**
#
# <details><summary>They need more memory</summary>They cost nothing of note.</details>
# <details><summary>They assume that labels mean the same in both domains</summary>Yes. Where the
# concept differs, they stress the misleading examples.</details>
# <details><summary>They use the target's labels</summary>They use none.</details>
#
# **3. A false alarm costs 1, a miss 99. Fraud becomes twice as common. The threshold?**
#
# <details><summary>It stays at 0.01; the probabilities rise</summary>Yes, if they are calibrated
# again.</details>
# <details><summary>It doubles</summary>It depends on costs only.</details>
# <details><summary>It is always 0.5</summary>Only where both errors cost the same.</details>
#
# **4. A network on 13 bands is right on 98 % of randomly held-out tiles. Will it be next year?**
#
# <details><summary>Yes, 13 bands are robust</summary>Here the values of bands failed.</details>
# <details><summary>Unknown: hold out a year</summary>Yes. A random split shares weather and season
# between training and test.</details>
# <details><summary>Yes, if there are enough tiles</summary>More tiles of one year say little about
# the next.</details>
#
# ## Read on
#
# - Dai, Yang, Xue, Yu (2007): Boosting for transfer learning. ICML
# - Elkan (2001): The foundations of cost-sensitive learning. IJCAI
# - Helber, Bischke, Dengel, Borth (2019): EuroSAT. arXiv 1709.00029
# - Tucker (1979): Red and photographic infrared linear combinations for monitoring vegetation
