# %% [markdown]
# # 14 · Sentiment of reviews with BERT
#
# "Not a single explosion, and I was never bored." Is this praise or blame? A person needs no
# labelled examples to answer, because a person knows the language. BERT gives a network the same
# head start: it first reads a large amount of text without labels, and only then sees your task.
# This lesson builds the idea at a small size. Then it uses a real BERT, and compares it with the
# oldest method, bag of words.
#
# **After this lesson you can**
# - set up a bag of words as the baseline that everything else has to beat, and say what it cannot
#   know;
# - write masked language modelling in plain Keras, and prove with a placebo what it learns from;
# - turn texts into features with a pretrained encoder, fine-tune it, and report both over several
#   draws;
# - measure the cost of a change of domain, and read the sentences with wrong predictions.
#
# **Time:** 40 minutes. **It presumes** lessons 01, 02 and 04. Sections 1 to 3 are plain Keras and
# run anywhere. Sections 4 to 6 need the extra `text` (KerasHub); without it their first cell says
# how to get it.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tlcourse import evaluate, plots, text

# %%
# Settings
full = tlcourse.profile() == "full"
train_per_class, test_per_class = (400, 200) if full else (None, None)  # None: all there are
sizes = (10, 40, 160, 320) if full else (10, 40, 100, 200)  # labelled reviews per class
draws = 5  # repeats with other labelled reviews
tuned_sizes, tuned_draws = (40, 160) if full else (40, 200), 2  # fine-tuning costs more
length = 48 if full else 32  # tokens of a review; longer ones are cut
read, read_passes = 4000, 8  # sentences for the small pre-training, and passes over them

# %% [markdown]
# ## 1. A bag of words
#
# There are two kinds of reviews, `films` and `elsewhere` (other things), each with a training and a
# test split.

# %%
reviews = {}
for domain in ("films", "elsewhere"):
    for split, per_class in (("train", train_per_class), ("test", test_per_class)):
        reviews[domain, split] = tlcourse.load_reviews(domain, split, per_class, seed=seed)
    print(reviews[domain, "train"], f"and {len(reviews[domain, 'test'])} to test on")
    for review, label in zip(
        reviews[domain, "train"].texts[:4], reviews[domain, "train"].labels, strict=False
    ):
        print(f"  {reviews[domain, 'train'].class_names[label]}: {review[:110]}")

# %% [markdown]
# A *bag of words* ignores order and grammar and only counts words. *TF-IDF* gives a word that
# occurs in few texts more weight than a word that occurs in most. A linear classifier on these
# counts is fast and easy to inspect, and on long texts with many labels it is hard to beat. It is
# our baseline. One rule: the list of words and their weights come only from the **training** texts.


# %%
def count_words(train_texts, train_labels, test_texts):
    """Return the predictions of logistic regression on TF-IDF for the test texts."""
    counter = TfidfVectorizer(sublinear_tf=True)
    counts = counter.fit_transform(train_texts)
    classifier = LogisticRegression(C=10, max_iter=1000).fit(counts, train_labels)
    return classifier.predict(counter.transform(test_texts))


films, films_test = reviews["films", "train"], reviews["films", "test"]
said = count_words(films.texts, films.labels, films_test.texts)
counted = evaluate.accuracy(films_test.labels, said)
known = set(TfidfVectorizer().fit(films.texts).get_feature_names_out())
analyse = TfidfVectorizer().build_analyzer()
for domain in ("films", "elsewhere"):
    words = [word for review in reviews[domain, "test"].texts for word in set(analyse(review))]
    share = np.mean([word not in known for word in words])
    print(f"of the words in {domain} test reviews, {share:.0%} never occurred in training")
print(f"bag of words, {len(films)} labels: accuracy {counted:.2f}")

# %% [markdown]
# This is the limit of the baseline. A word that no labelled text contained does not count, whatever
# it means. You know what "dreary" says without ever having seen it in a *labelled* review: you have
# read it before, near "dull" and "tedious".
#
# ## 2. Words that occur together
#
# Can a network learn that from unlabelled text? For an experiment we need text whose structure we
# know: sentences from templates, with 24 words of praise and 24 of blame. In each sentence all
# opinion words are of one kind, as in real reviews by somebody who is pleased or annoyed.

# %%
GOOD = """witty charming gripping tender clever dazzling moving fresh graceful brilliant touching
lively elegant inventive delightful superb warm funny subtle bold honest radiant sharp
thrilling""".split()
BAD = """dull clumsy tedious hollow stale lazy tiresome shallow awkward dreary muddled lifeless
noisy predictable pompous bland sloppy grating limp silly vulgar murky wooden stupid""".split()
THINGS = """film plot cast script ending music acting story camera dialogue hero villain scene song
opening sequel""".split()

# %%
TEMPLATES = [
    "the T was O , O and O and O",  # T: a thing, O: an opinion
    "this O , O film has a O , O T",
    "I found the T O , the T O and the rest O and O",
    "some O T , O T and more than one O , O T",
    "so O , so O , so O , and the T was O",
    "the T is O and the T is O ; what O , O people",
    "critics called it O , O , O and O",
    "my friends said O , my brother said O , and I say O and O",
]


# %%
def write(count, rng, part=range(24)):
    """Return `count` sentences (lists of words) with opinions from `part`, labels 0, 1, 0, ..."""
    sentences, labels = [], np.arange(count) % 2
    for label in labels:
        opinions = iter(rng.permutation([(BAD, GOOD)[label][place] for place in part]))
        words = TEMPLATES[rng.integers(len(TEMPLATES))].split()
        sentences.append(
            [rng.choice(THINGS) if w == "T" else next(opinions) if w == "O" else w for w in words]
        )
    return [[str(word) for word in sentence] for sentence in sentences], labels


rng = np.random.default_rng(seed)
corpus, _ = write(read, rng)  # the labels are not used
vocabulary = ["[PAD]", "[MASK]", *sorted({word for sentence in corpus for word in sentence})]
number = {word: place for place, word in enumerate(vocabulary)}
longest = max(map(len, corpus))


def to_ids(sentences):
    """Return `(n, longest)`, the number of each word; 0 after the end."""
    return np.array(
        [[number[word] for word in s] + [0] * (longest - len(s)) for s in sentences], "int32"
    )


print(" ".join(corpus[0]), to_ids(corpus[:1])[0], f"{len(vocabulary)} words", sep="\n")

# %% [markdown]
# Now the task: 60 labelled sentences use **only half of the opinion words**, and the opinion words
# of the test sentences are **all from the other half**. No opinion word of the test occurred in a
# labelled sentence.
#
# ### The network
#
# A *transformer* in its smallest form. Each word becomes a row of numbers, its *embedding*, plus
# another row for its place in the sentence. Then comes a block. *Attention* lets each word take
# information from all other words (never from the padding); two dense layers process the result.
# `x + ...` keeps the input, `LayerNormalization` keeps the numbers in range.


# %%
def build_encoder(width=48):
    """Return a transformer of one block: `(batch, longest)` -> `(batch, longest, width)`."""
    ids = keras.Input((longest,), dtype="int32")
    places = ops.cumsum(ops.ones_like(ids), axis=1) - 1  # 0, 1, 2, ...
    real = ops.not_equal(ids, 0)
    x = layers.Embedding(len(vocabulary), width, name="words")(ids) + layers.Embedding(
        longest, width
    )(places)
    mask = real[:, None, :]  # (batch, places that look, places looked at)
    seen = layers.MultiHeadAttention(2, width // 2)(x, x, attention_mask=mask)
    x = layers.LayerNormalization()(x + seen)
    processed = layers.Dense(width)(layers.Dense(2 * width, activation="gelu")(x))
    return keras.Model(ids, layers.LayerNormalization()(x + processed))


# %% [markdown]
# ### Masked language modelling
#
# Training a network to predict hidden words of a text from the other words is called **masked
# language modelling**. The text itself provides the labels; nobody has to write any. About 15 % of
# the words are replaced by `[MASK]`, different ones in each pass. Padding is never masked, and only
# masked words count in the loss: the label -1 means "ignore this place" (`ignore_class=-1`).


# %%
def mask_words(ids, rng, share=0.15):
    """Return ids with about `share` of the words masked, and labels: hidden words, -1 elsewhere."""
    hidden = (rng.random(ids.shape) < share) & (ids > 1)
    return np.where(hidden, 1, ids), np.where(hidden, ids, -1)


def pretrain(sentences, passes=read_passes):
    """Train an encoder on masked words; return it, the whole model and the loss of each pass."""
    keras.utils.set_random_seed(seed)
    encoder, ids, rng = build_encoder(), to_ids(sentences), np.random.default_rng(seed)
    guesser = keras.Model(encoder.input, layers.Dense(len(vocabulary))(encoder.output))
    guesser.compile(
        keras.optimizers.Adam(3e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
    )
    losses = []
    for _ in tqdm(range(passes), desc="reading"):
        losses += guesser.fit(*mask_words(ids, rng), batch_size=64, verbose=0).history["loss"]
    return encoder, guesser, losses


# %%
encoder, guesser, losses = pretrain(corpus)
blind = np.log(len(vocabulary))
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}", end="")
print(f"; guessing at random among {len(vocabulary)} words: {blind:.2f}")
gaps = {
    "the plot was tender , [MASK] and witty and bold": GOOD,
    "the plot was vulgar , [MASK] and stale and limp": BAD,
}
for gap, kind in gaps.items():
    logits = np.array(guesser(to_ids([gap.split()])))[0, gap.split().index("[MASK]")]
    best = [vocabulary[i] for i in np.argsort(-logits)[:24]]
    share = np.mean([word in kind for word in best])
    print(f"{gap}: {', '.join(best[:5])}, ...; {share:.0%} of its 24 best guesses are of this kind")

# %% [markdown]
# No label said which words praise. The network found two groups of words that occur together. (If
# your run is below 100 %, use more passes.)
#
# ### What it is worth, and a placebo
#
# Each word has a state; one row for each text is the *mean over its words*, without the padding. A
# linear classifier learns on these rows from 60 labels. We compare with a bag of words, with the
# same network at random weights, and with one trained *from scratch* on the 60 labels. Two placebos
# show *what* the network learns from. Both read the same words, equally often:
# - *sentences shuffled*: the words of each sentence in random order;
# - *corpus shuffled*: all words of all sentences, distributed at random over all sentences.


# %%
def mean_over_words(states, real):
    """Average states `(n, length, width)` where `real` `(n, length)` is True -> `(n, width)`."""
    return (states * real[..., None]).sum(axis=1) / real.sum(axis=1, keepdims=True)


def features_of(encoder, sentences):
    ids = to_ids(sentences)
    return mean_over_words(np.array(encoder(ids)), ids != 0)


def shuffle_within(sentences, rng):
    return [[str(word) for word in rng.permutation(sentence)] for sentence in sentences]


def shuffle_across(sentences, rng):
    words = iter(rng.permutation([word for sentence in sentences for word in sentence]))
    return [[str(next(words)) for _ in sentence] for sentence in sentences]


# %%
keras.utils.set_random_seed(seed + 1)
readers = {"random weights": build_encoder(), "read the corpus": encoder}
readers["sentences shuffled"] = pretrain(shuffle_within(corpus, rng))[0]
readers["corpus shuffled"] = pretrain(shuffle_across(corpus, rng))[0]

# %% [markdown]
# The model that learns from scratch is compiled once, because compiling takes longer than this
# training. Before each draw its first weights are put back, and `tlcourse.reset_optimizer` gives
# its optimizer the state before the first step.


# %%
fresh = build_encoder()
real = ops.cast(ops.not_equal(fresh.input, 0), "float32")[..., None]
pooled = ops.sum(fresh.output * real, axis=1) / ops.sum(real, axis=1)
scratch = keras.Model(fresh.input, layers.Dense(2)(pooled))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
scratch.compile(keras.optimizers.Adam(1e-3), loss)
first_weights = scratch.get_weights()

# %%
unseen = {name: [] for name in ("bag of words", "from scratch", *readers)}
for draw in tqdm(range(draws), desc="draws"):
    rng = np.random.default_rng([seed, draw])
    places = rng.permutation(24)  # other words are labelled in each draw
    (few, y), (test, truth) = write(60, rng, places[:12]), write(300, rng, places[12:])
    counted = count_words([" ".join(s) for s in few], y, [" ".join(s) for s in test])
    unseen["bag of words"].append(evaluate.accuracy(truth, counted))
    scratch.set_weights(first_weights)
    tlcourse.reset_optimizer(scratch)
    scratch.fit(to_ids(few), y, epochs=20, batch_size=20, verbose=0)
    unseen["from scratch"].append(np.mean(np.argmax(scratch(to_ids(test)), axis=1) == truth))
    for name, reader in readers.items():
        rows, test_rows = features_of(reader, few), features_of(reader, test)
        unseen[name].append(evaluate.linear_probe(rows, y, test_rows, truth))

# %%
means = {name: np.mean(values) for name, values in unseen.items()}
for name, values in unseen.items():
    print(f"{name:<19} {means[name]:.2f} ± {np.std(values, ddof=1):.2f}")
assert min(means["read the corpus"], means["sentences shuffled"]) > 0.85
without_reading = ("bag of words", "from scratch", "random weights", "corpus shuffled")
assert max(means[name] for name in without_reading) < 0.7

# %%
fig, ax = plt.subplots(figsize=(7.5, 2.9), layout="constrained")
for y, (name, values) in enumerate(reversed(unseen.items())):
    ax.scatter(values, [y] * draws, color=plots.colour_of(0), alpha=0.6)
    ax.scatter(means[name], y, color=plots.colour_of(1), marker="|", s=300, linewidths=3)
ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
ax.set(yticks=range(len(unseen)), yticklabels=list(unseen)[::-1], xlim=(0, 1.03))
label = "accuracy on sentences whose opinion words were never labelled"
ax.set_xlabel(f"{label}\ndots: draws; bar: their mean; dashed: guessing")
ax.set_title("Reading helps if similar words occur together")
words = "; ".join(f"{name} {value:.2f}" for name, value in means.items())
plots.set_alt_text(ax, f"Accuracy over {draws} draws, mean: {words}; guessing is 0.5.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** The methods that never read, and the one that read the shuffled corpus, only
# guess. Order did not matter here: *which* words occur in one sentence carries all the information,
# and shuffling within a sentence keeps that. So the placebos show what was learned: co-occurrence,
# not grammar. They also show when masked language modelling fails: if opinions of one kind do not
# occur together, the text teaches nothing about opinions.
#
# Here is a map of the embeddings after pre-training. Each point is an opinion word.

# %%
opinions = [*GOOD, *BAD]
rows = encoder.get_layer("words").get_weights()[0][[number[word] for word in opinions]]
points = PCA(2).fit_transform(rows)
kinds = np.array([1] * len(GOOD) + [0] * len(BAD))
fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
title = "Praise and blame have moved apart, without labels"
plots.embedding_map(points, kinds, ["blame", "praise"], title=title, ax=ax)
for place in np.lexsort((points[:, 1], kinds))[::5]:  # some words of each kind
    ax.annotate(opinions[place], points[place], textcoords="offset points", xytext=(4, 3), size=8)
print(plots.alt_text(ax))
apart = evaluate.linear_probe(rows[::2], kinds[::2], rows[1::2], kinds[1::2])
print(f"a linear classifier on half of the embeddings is right about {apart:.0%} of the others")
assert apart > 0.9

# %% [markdown]
# ## 4. The real thing
#
# BERT (Devlin and others 2018) is this network with more blocks, trained on all of Wikipedia and
# thousands of books. One detail is added: a few of the hidden words are left as they are or
# replaced by wrong ones. Its words are cut further. A part of a word that has its own number in the
# vocabulary is called a **subword**. **WordPiece** is BERT's method to split each word into the
# longest subwords that its vocabulary holds. The small encoder of this course has 13,000 subwords;
# a word that is not among them is put together from several. It was trained on masked words and
# also to reproduce the states of a larger network of the same family ("distillation"). With
# internet access you can use `load_text_encoder("bert_small")` and others of
# `tlcourse.text.list_text_encoders()` instead.

# %%
bert = text.load_text_encoder()
print(bert.contract)
tokens = bert.encode(films.texts[:50], length=length)
print(films.texts[0])
print([bert.tokenizer.id_to_token(int(subword)) for subword in tokens.ids[0][tokens.mask[0]]])
by_hand = mean_over_words(bert.states().predict(tokens.inputs, verbose=0), tokens.mask)
by_package = text.extract_text_features(bert, films.texts[:50], length=length)
print(f"features {by_hand.shape}")
assert np.allclose(by_hand, by_package, atol=1e-4)  # the package computes the same


# %%
def features_of_reviews(encoder, parts):
    """Run the encoder once over all texts of these parts; return features for each part."""
    texts = [review for part in parts for review in reviews[part].texts]
    table = text.extract_text_features(encoder, texts, length=length)
    ends = np.cumsum([len(reviews[part]) for part in parts])
    return dict(zip(parts, np.split(table, ends[:-1]), strict=True))


def some_of_each(labels, count, draw):
    """Return positions of `count` texts of each class."""
    rng = np.random.default_rng([seed, draw])
    places = [rng.permutation(np.flatnonzero(labels == label)) for label in (0, 1)]
    return np.concatenate([each[:count] for each in places])


features = features_of_reviews(bert, list(reviews))
untrained = text.load_text_encoder(weights=None)
at_random = features_of_reviews(untrained, [("films", "train"), ("films", "test")])

# %% [markdown]
# How many labels does each method need? Features are cheap, so we use five draws of the labelled
# reviews. The network at random weights is the placebo: the same subwords, the same sizes, no
# training.

# %%
strength = 0.01  # strong regularization, because there are more features than labels
names = ("bag of words", "random weights", "frozen BERT")
curves = {name: np.zeros((draws, len(sizes))) for name in names}
for draw, (place, size) in [(d, s) for d in range(draws) for s in enumerate(sizes)]:
    picked = some_of_each(films.labels, size, draw)
    learned = films.subset(picked)
    counted = count_words(learned.texts, learned.labels, films_test.texts)
    curves["bag of words"][draw, place] = evaluate.accuracy(films_test.labels, counted)
    for name, table in {"random weights": at_random, "frozen BERT": features}.items():
        seen, test = table["films", "train"][picked], table["films", "test"]
        curves[name][draw, place] = evaluate.linear_probe(
            seen, learned.labels, test, films_test.labels, strength=strength
        )

# %% [markdown]
# ### Fine-tuning, probe first
#
# There are two phases, as in lesson 04. Phase one is the linear probe that we already have. Its
# weights go into the head, so the network starts with the accuracy of the frozen features. In phase
# two everything learns, with a low learning rate. **The head shares its encoder with `bert`**:
# fine-tuning the classifier changes `bert`, too. So we put the weights back afterwards.


# %%
def probe_for_head(table, labels):
    """Fit a linear probe; return weights `(features, 2)` and biases `(2,)` of an equal head."""
    scale = StandardScaler().fit(table)
    probe = LogisticRegression(C=strength, max_iter=1000).fit(scale.transform(table), labels)
    weights = probe.coef_[0] / scale.scale_  # the standardisation goes into the weights
    bias = probe.intercept_[0] - weights @ scale.mean_
    return [np.stack([-weights, weights], axis=1) / 2, np.array([-bias, bias]) / 2]


classifier = text.build_classifier(bert, num_classes=2)
classifier.compile(keras.optimizers.Adam(1e-4), loss)
first_weights = classifier.get_weights()
inputs = {part: bert.encode(reviews[part].texts, length=length) for part in reviews}


def accuracy_on(part):
    logits = classifier.predict(inputs[part].inputs, batch_size=64, verbose=0)
    return evaluate.accuracy(reviews[part].labels, np.argmax(logits, axis=1))


# %%
def fine_tune(picked):
    """Train all weights from the probe on; return accuracy and weights before the training."""
    classifier.set_weights(first_weights)
    tlcourse.reset_optimizer(classifier)
    head = probe_for_head(features["films", "train"][picked], films.labels[picked])
    classifier.get_layer("head").set_weights(head)
    as_probe, before = accuracy_on(("films", "test")), tlcourse.snapshot(classifier)
    rows = inputs["films", "train"].subset(picked).inputs
    classifier.fit(rows, films.labels[picked], epochs=3, batch_size=16, verbose=0)
    return as_probe, before


# %%
tuned, tuned_elsewhere = np.zeros((2, tuned_draws, len(tuned_sizes)))
plan = [(draw, size) for draw in range(tuned_draws) for size in enumerate(tuned_sizes)]
for draw, (place, size) in tqdm(plan, desc="fine-tuning"):
    picked = np.random.default_rng(draw).permutation(some_of_each(films.labels, size, draw))
    as_probe, before = fine_tune(picked)
    assert abs(as_probe - curves["frozen BERT"][draw, sizes.index(size)]) < 0.02  # same start
    tuned[draw, place] = accuracy_on(("films", "test"))
    tuned_elsewhere[draw, place] = accuracy_on(("elsewhere", "test"))
rows = tlcourse.what_moved(before, classifier).rows
moved = {row.name: row.weight_change for row in rows if row.weight_change}
print({name: f"{change:.1%}" for name, change in moved.items()})
classifier.set_weights(first_weights)

# %%
def in_words(name, sizes, table):
    means = [f"{mean:.2f} at {size}" for mean, size in zip(table.mean(axis=0), sizes, strict=True)]
    return f"{name}: {', '.join(means)}"


title = "At every number of labels, pre-training helps"
ax = plots.accuracy_over_labels(sizes, curves, chance=0.5, title=title)
mean, spread = tuned.mean(axis=0), tuned.std(axis=0, ddof=1)
colour = plots.colour_of(3)
ax.errorbar(tuned_sizes, mean, spread, fmt="D--", color=colour, capsize=3, label="fine-tuned BERT")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
words = [in_words(name, sizes, table) for name, table in curves.items()]
words.append(in_words("fine-tuned BERT", tuned_sizes, tuned))
means = f"mean and standard deviation over {draws} draws ({tuned_draws} for fine-tuning)"
plots.set_alt_text(ax, f"Accuracy over labels per class, {means}. {'; '.join(words)}.")
print(plots.alt_text(ax))

# %%
for name, table in curves.items():
    pairs = zip(table.mean(axis=0), table.std(axis=0, ddof=1), strict=True)
    print(f"{name:<15}", "  ".join(f"{mean:.2f} ± {spread:.2f}" for mean, spread in pairs))
at_sizes = [sizes.index(size) for size in tuned_sizes]
gains = (tuned - curves["frozen BERT"][:tuned_draws, at_sizes]).mean(axis=0)
words = [f"{gain:+.2f} at {size} per class" for gain, size in zip(gains, tuned_sizes, strict=True)]
print("fine-tuned minus frozen, same reviews:", ", ".join(words))

# %%
last = {name: table[:, -1].mean() for name, table in curves.items()}
assert (curves["frozen BERT"].mean(axis=0) > curves["bag of words"].mean(axis=0) + 0.01).all()
assert last["frozen BERT"] > last["bag of words"] + 0.05
assert last["frozen BERT"] > last["random weights"] + 0.08
assert all(change > 0 for change in moved.values())
assert full or np.abs(gains).max() < 0.06

# %% [markdown]
# **What to notice.** The gap between *frozen BERT* and *random weights* is what pre-training is
# worth. The subwords and the mean without pre-training are worth next to nothing. The gain of
# fine-tuning over the probe on the same reviews is small; with so few draws it cannot be
# distinguished from chance. The frozen features cost seconds. At the right end the draws share most
# of their reviews, so the band there is too narrow. The usual advice is "fine-tune BERT". Better:
# probe first, and fine-tune if you have measured that it pays.
#
# ## 5. Another kind of review
#
# We train on one kind of review and test on both. Compare **within one test set**: the model that
# learned from the other kind with the model that learned from the same kind. The two test sets are
# not equally hard, so a difference between them says nothing about the change of domain.

# %%
domains = ("films", "elsewhere")
pairs = [(source, target) for target in domains for source in domains]
shift = {name: np.zeros((draws, len(pairs))) for name in ("bag of words", "frozen BERT")}
for draw, (place, (source, target)) in [(d, p) for d in range(draws) for p in enumerate(pairs)]:
    here, there = reviews[source, "train"], reviews[target, "test"]
    picked = some_of_each(here.labels, sizes[-1], draw)
    learned = here.subset(picked)
    counted = count_words(learned.texts, learned.labels, there.texts)
    shift["bag of words"][draw, place] = evaluate.accuracy(there.labels, counted)
    seen, test = features[source, "train"][picked], features[target, "test"]
    shift["frozen BERT"][draw, place] = evaluate.linear_probe(
        seen, learned.labels, test, there.labels, strength=strength
    )

# %%
fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
labels = [f"{target},\nlearned from\n{source}" for source, target in pairs]
title = "One test set, learned from the same kind and from the other kind"
plots.group_scores(shift, labels, ax=ax, title=title)
ax.axhline(0.5, color="black", linestyle="--", linewidth=1)
ax.set_ylim(0.4, 1.02)
words = [
    f"{name} on {target}, learned from {source}: {mean:.2f}"
    for name, table in shift.items()
    for (source, target), mean in zip(pairs, table.mean(axis=0), strict=True)
]
plots.set_alt_text(ax, f"Accuracy of two methods, mean over {draws} draws. {'; '.join(words)}.")
print(plots.alt_text(ax))

# %%
# accuracy after learning from the same kind minus after learning from the other kind
costs = {name: table[:, [0, 3]] - table[:, [1, 2]] for name, table in shift.items()}
for name, cost in costs.items():
    words = [f"{c.mean():+.2f} ± {c.std(ddof=1):.2f}" for c in cost.T]
    print(f"{name:<15} cost of the other kind, tested on films and elsewhere: {', '.join(words)}")
bert_on, words_on = (shift[name].mean(axis=0) for name in ("frozen BERT", "bag of words"))
print(f"fine-tuned on films, tested elsewhere: {tuned_elsewhere[:, -1].mean():.2f}", end=" ")
print(f"(frozen {bert_on[2]:.2f})")
if not full:
    assert costs["frozen BERT"].mean(axis=0).max() < 0.04  # little or nothing
    assert bert_on[1] > words_on[0]
    assert bert_on.min() > 0.6

# %% [markdown]
# **What to notice.** With the written reviews the change of domain costs BERT little or nothing. On
# films, BERT trained on **the other kind** beats a bag of words trained on films: its features of
# praise and blame depend little on the topic.
#
# This is not a law. On long reviews, which hold many opinion words each, a bag of words wins. We
# measured it on 2,000 reviews of IMDB, with the encoder of this course and 128 tokens per review: a
# linear probe on BERT's features reached .653 with 100 labels and .711 with 1,000; the bag of words
# reached .730 and .813. The bag of words sees the whole review, the encoder only its beginning: 64
# tokens, the default of `extract_text_features`, cost .075 against 256. In the full profile
# `elsewhere` holds such long reviews. A baseline is honest only if it can win.
#
# ## 6. What it gets wrong
#
# An average hides differences between kinds of sentences. The written reviews have two tones:
# *plain* ones state an opinion, *dry* ones only imply it ("I have had more fun waiting for a bus in
# the rain"). The real reviews have no such label; there we look for a negation.


# %%
def kinds_of(part):
    """Return a kind for each review: its tone, or whether it holds a negation."""
    if reviews[part].tones:
        return np.array(reviews[part].tones)
    negations = {"not", "no", "never", "n't", "nothing", "without", "hardly"}
    words = [set(review.lower().replace("n't", " n't").split()) for review in reviews[part].texts]
    return np.array(["negation" if negations & each else "none" for each in words])


kernel, bias = probe_for_head(features["films", "train"], films.labels)
scores = {part: (features[part] @ kernel + bias) @ [-1, 1] for part in reviews}  # above 0: positive
by_kind = {}

# %%
for domain in domains:
    right = (scores[domain, "test"] > 0) == reviews[domain, "test"].labels
    kinds = kinds_of((domain, "test"))
    for kind in sorted(set(kinds)):
        by_kind[domain, kind] = right[kinds == kind].mean()
        print(f"{domain:<10} {kind:<9} {by_kind[domain, kind]:.2f} of {np.sum(kinds == kind)}")
if not full:
    assert all(by_kind[domain, "plain"] > by_kind[domain, "dry"] + 0.08 for domain in domains)

# %% [markdown]
# Now the sentences themselves. The most instructive ones are wrong predictions with a **high
# score**.

# %%
test_scores = scores["films", "test"]
wrong = np.flatnonzero((test_scores > 0) != films_test.labels)
for place in wrong[np.argsort(-np.abs(test_scores[wrong]))][:8]:
    said = films_test.class_names[int(test_scores[place] > 0)]
    true = films_test.class_names[films_test.labels[place]]
    print(f"said {said}, was {true}: {films_test.texts[place][:120]}")

# %% [markdown]
# Finally we insert one word on purpose. If the model understood "not", the prediction would change
# each time.

# %%
negated = [  # the sentence, its negation, and the direction in which the score should move
    ("A good film.", "Not a good film.", -1),
    ("It was funny.", "It was not funny.", -1),
    ("The story is clever.", "The story is not clever.", -1),
    ("I was bored.", "I was never bored.", 1),
    ("A waste of time.", "By no means a waste of time.", 1),
    ("I liked it.", "I did not like it.", -1),
]
both = [sentence for pair in negated for sentence in pair[:2]]
table = text.extract_text_features(bert, both, length=length)
pair_scores = ((table @ kernel + bias) @ [-1, 1]).reshape(-1, 2)

# %%
changed = pair_scores[:, 0] * pair_scores[:, 1] < 0
for (plain, other, _), (before, after), yes in zip(negated, pair_scores, changed, strict=True):
    words = "changed" if yes else "not changed"
    print(f"{plain:<22} {before:+5.1f}   {other:<28} {after:+5.1f}   {words}")
followed = np.diff(pair_scores)[:, 0] * [direction for *_, direction in negated] > 0
print(f"the score moved in the right direction in {followed.mean():.0%} of the pairs;", end=" ")
print(f"the prediction changed in {changed.mean():.0%}")

# %% [markdown]
# Positive numbers mean praise. Compare the two shares in the last line: the score can move in the
# right direction and still stay on the wrong side, as with "never bored", where "bored" keeps its
# weight. Six pairs prove nothing about language, but they show a kind of failure that no accuracy
# shows. A list of such pairs for *your* task is worth an afternoon.
#
# ## What to remember
#
# - Try a bag of words first. With long texts and many labels it may be all you need, and it may
#   win.
# - Masked language modelling takes its labels from plain text. It learns which words occur
#   together: from a shuffled corpus it learns nothing.
# - Mask only real words, different ones in each pass. Average only over real words. Fit the list of
#   words, weights and scales only on training texts.
# - Probe the frozen encoder, put the probe into the head, then fine-tune with a low learning rate.
#   Report the gain over the probe with its spread.
# - Measure a change of domain within one test set. Good features often transfer better than counts,
#   but not always: measure it.
# - Read the wrong predictions with the highest scores. Irony often states facts, and a model of
#   words knows no facts.
#
# ## Quiz
#
# **1. Why is the network that read the shuffled corpus no better than one with random weights?**
#
# <details><summary>Each word occurs with every other word equally often, so there is no
# co-occurrence to learn</summary>Yes. The words and their counts were the same.</details>
# <details><summary>It saw fewer words</summary>No: the same words, equally often.</details>
# <details><summary>Transformers need grammar</summary>Not here: it worked with shuffled sentences,
# which have no grammar either.</details>
#
# **2. A colleague fits TF-IDF on all texts, test texts included, "because no labels are used". What
# do you say?**
#
# <details><summary>The test no longer measures how well it works on new texts</summary>Yes: new
# texts contain words that nobody could put on the list.</details>
# <details><summary>Fine, without labels nothing leaks</summary>The list of words and their weights
# already contain information about the test.</details>
# <details><summary>It makes the counts wrong</summary>The counts are right; the claim about unseen
# texts is not.</details>
#
# **3. The same probe reaches 0.75 on films and 0.68 on things. Did the change of domain cost
# 0.07?**
#
# <details><summary>Not known: the test sets differ in difficulty</summary>Yes. Compare with a probe
# that learned from things, on the same test set of things.</details>
# <details><summary>Yes, that is the difference</summary>It mixes two effects: another source, and
# another test set.</details>
# <details><summary>No, domain shift cannot hurt frozen features</summary>It can; measure it within
# one test set.</details>
#
# ## Read on
#
# - Devlin, Chang, Lee, Toutanova (2018): BERT, pre-training of deep bidirectional transformers for
#   language understanding. arXiv 1810.04805
# - Vaswani and others (2017): Attention is all you need. arXiv 1706.03762
# - Sinha and others (2021): Masked language modeling and the distributional hypothesis: order word
#   matters pre-training for little. arXiv 2104.06644
# - Wang and others (2020): MiniLM, deep self-attention distillation for task-agnostic compression.
#   arXiv 2002.10957
# - Socher and others (2013): Recursive deep models for semantic compositionality over a sentiment
#   treebank (SST)
