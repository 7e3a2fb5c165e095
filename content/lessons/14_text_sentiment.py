# %% [markdown]
# # 14 · BERT, and whether people liked it
#
# "Not a single explosion, and I was never bored." Liked it, or not? A person needs no labelled
# examples for that, because a person knows the language. BERT is the attempt to give a network the
# same head start: it first reads a great deal of text without any labels, and only then sees your
# task. This lesson builds the idea small enough to watch it work, then uses the real thing, beside
# the oldest method there is.
#
# **After this lesson you can**
# - set up counting words as the baseline that everything else has to beat, and say what it can
#   never know;
# - write masked-language-model pre-training in plain Keras, and prove with a placebo what it learns
#   from;
# - turn texts into features with a pretrained encoder, fine-tune it, and report both over draws;
# - measure what a change of the kind of text costs, and look at the sentences that go wrong.
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
sizes = (10, 40, 160, 320) if full else (10, 40, 100, 200)  # labelled reviews of each class
draws = 5  # repeats with other labelled reviews
tuned_sizes, tuned_draws = (40, 160) if full else (40, 200), 2  # fine-tuning costs more
length = 48 if full else 32  # tokens of a review; what is longer is cut
read, read_passes = 4000, 8  # sentences for the small pre-training, and how often each is read

# %% [markdown]
# ## 1. Count the words
#
# Two kinds of reviews, **films** and **elsewhere**, each with a test part that is never learned
# from.

# %%
reviews = {}
for domain in ("films", "elsewhere"):
    for split, per_class in (("train", train_per_class), ("test", test_per_class)):
        reviews[domain, split] = tlcourse.load_reviews(domain, split, per_class, seed=seed)
    print(reviews[domain, "train"], f"and {len(reviews[domain, 'test'])} to test on")
    for review, label in zip(reviews[domain, "train"].texts[:4], reviews[domain, "train"].labels, strict=False):
        print(f"  {reviews[domain, 'train'].class_names[label]}: {review[:110]}")

# %% [markdown]
# A *bag of words* forgets order and grammar and counts. *TF-IDF* gives a word that stands in few
# texts more weight than one that stands in most. A straight line on these counts is fast, has no
# secrets, and on long texts with many labels is hard to beat. It is the honest baseline. One rule:
# the list of words and their weights come from the **training** texts alone.


# %%
def count_words(train_texts, train_labels, test_texts):
    """Return the predictions of logistic regression on TF-IDF for the test texts."""
    counter = TfidfVectorizer(sublinear_tf=True)
    line = LogisticRegression(C=10, max_iter=1000).fit(counter.fit_transform(train_texts), train_labels)
    return line.predict(counter.transform(test_texts))


films, films_test = reviews["films", "train"], reviews["films", "test"]
counted = evaluate.accuracy(films_test.labels, count_words(films.texts, films.labels, films_test.texts))
known = set(TfidfVectorizer().fit(films.texts).get_feature_names_out())
for domain in ("films", "elsewhere"):
    words = [word for review in reviews[domain, "test"].texts for word in set(TfidfVectorizer().build_analyzer()(review))]
    print(f"of the words in {domain} test reviews, {np.mean([word not in known for word in words]):.0%} never occurred in training")
print(f"counting words, {len(films)} labels: {counted:.2f} right")

# %% [markdown]
# There is the limit. A word that no labelled text contained counts for nothing, whatever it means.
# You would know what to make of "dreary" without ever having seen it *labelled*: you met it before,
# in the company of "dull" and "tedious".
#
# ## 2. Words by the company they keep
#
# Can a network get that from unlabelled text? For an experiment we need text in which we know what
# there is to know: sentences from templates, with 24 words of praise and 24 of blame. Four of one
# kind stand together, as they do in life when somebody is pleased or annoyed.

# %%
GOOD = """witty charming gripping tender clever dazzling moving fresh graceful brilliant touching lively elegant inventive delightful superb
warm funny subtle bold honest radiant sharp thrilling""".split()
BAD = """dull clumsy tedious hollow stale lazy tiresome shallow awkward dreary muddled lifeless noisy predictable pompous bland sloppy grating
limp silly vulgar murky wooden stupid""".split()
THINGS = "film plot cast script ending music acting story camera dialogue hero villain scene song opening sequel".split()
TEMPLATES = [
    "the T was O , O and O and O", "this O , O film has a O , O T", "I found the T O , the T O and the rest O and O",
    "some O T , O T and more than one O , O T", "so O , so O , so O , and the T was O", "the T is O and the T is O ; what O , O people",
    "critics called it O , O , O and O", "my friends said O , my brother said O , and I say O and O",
]  # fmt: skip
# T: a thing, O: an opinion


# %%
def write(count, rng, part=range(24)):
    """Return `count` sentences as lists of words, and their labels in turn; opinions come from these places of the two lists."""
    sentences, labels = [], np.arange(count) % 2
    for label in labels:
        opinions = iter(rng.permutation([(BAD, GOOD)[label][place] for place in part]))
        words = TEMPLATES[rng.integers(len(TEMPLATES))].split()
        sentences.append([rng.choice(THINGS) if w == "T" else next(opinions) if w == "O" else w for w in words])
    return [[str(word) for word in sentence] for sentence in sentences], labels


rng = np.random.default_rng(seed)
corpus, _ = write(read, rng)  # the labels are thrown away
vocabulary = ["[PAD]", "[MASK]", *sorted({word for sentence in corpus for word in sentence})]
number = {word: place for place, word in enumerate(vocabulary)}
longest = max(map(len, corpus))


def to_ids(sentences):
    """Return `(n, longest)`, the number of each word; 0 behind the end."""
    return np.array([[number[word] for word in s] + [0] * (longest - len(s)) for s in sentences], "int32")


print(" ".join(corpus[0]), to_ids(corpus[:1])[0], f"{len(vocabulary)} words", sep="\n")

# %% [markdown]
# Now the task: 60 labelled sentences that use **only half of the opinion words**, and a test whose
# opinion words are **all from the other half**. No opinion word of the test ever occurred in a
# labelled sentence.
#
# ### The network
#
# A *transformer* in its smallest form. Each word becomes a row of numbers, its *embedding*, plus
# another row for its place in the sentence. Then a block: *attention* lets each word look at all
# others (never at the padding) and take along what it needs; two dense layers digest that.
# `x + ...` keeps what was there, `LayerNormalization` keeps the numbers in range.


# %%
def build_encoder(width=48):
    """Return a transformer of one block: ids `(batch, longest)` -> states `(batch, longest, width)`."""
    ids = keras.Input((longest,), dtype="int32")
    places = ops.cumsum(ops.ones_like(ids), axis=1) - 1  # 0, 1, 2, ...
    real = ops.not_equal(ids, 0)
    x = layers.Embedding(len(vocabulary), width, name="words")(ids) + layers.Embedding(longest, width)(places)
    seen = layers.MultiHeadAttention(2, width // 2)(x, x, attention_mask=real[:, None, :])  # (batch, who looks, at whom)
    x = layers.LayerNormalization()(x + seen)
    digested = layers.Dense(width)(layers.Dense(2 * width, activation="gelu")(x))
    return keras.Model(ids, layers.LayerNormalization()(x + digested))


# %% [markdown]
# ### The trick
#
# Hide some words and let the network guess them from the rest. The text itself is the label; nobody
# has to write any. About 15 % of the words are replaced by `[MASK]`, other ones in each pass.
# Padding is never masked, and only masked words count in the loss: the label -1 says "leave this
# out" (`ignore_class=-1`).


# %%
def mask_words(ids, rng, share=0.15):
    """Return ids with about `share` of the words masked, and the labels: the hidden words, -1 elsewhere."""
    hidden = (rng.random(ids.shape) < share) & (ids > 1)
    return np.where(hidden, 1, ids), np.where(hidden, ids, -1)


def pretrain(sentences, passes=read_passes):
    """Train an encoder to guess masked words; return it, the whole guesser and the loss of each pass."""
    keras.utils.set_random_seed(seed)
    encoder, ids, rng = build_encoder(), to_ids(sentences), np.random.default_rng(seed)
    guesser = keras.Model(encoder.input, layers.Dense(len(vocabulary))(encoder.output))
    guesser.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
    losses = []
    for _ in tqdm(range(passes), desc="reading"):
        losses += guesser.fit(*mask_words(ids, rng), batch_size=64, verbose=0).history["loss"]
    return encoder, guesser, losses


# %%
encoder, guesser, losses = pretrain(corpus)
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}; guessing at random among {len(vocabulary)} words: {np.log(len(vocabulary)):.2f}")
share_right = {}
for gap in ("the plot was tender , [MASK] and witty and bold", "the plot was vulgar , [MASK] and stale and limp"):
    ids = to_ids([gap.split()])
    logits = np.array(guesser(ids))[0, gap.split().index("[MASK]")]
    best = [vocabulary[i] for i in np.argsort(-logits)[:24]]
    share_right[gap] = np.mean([word in (GOOD if "tender" in gap else BAD) for word in best])
    print(f"{gap}: {', '.join(best[:5])}, ...; {share_right[gap]:.0%} of its first 24 guesses are of the right kind")

# %% [markdown]
# Nobody told it which words praise. It found two groups that keep to themselves. (If your run is
# not yet at 100 %: more passes.)
#
# ### What it is worth, and a placebo
#
# From states to one row a text: the **mean over its words**, without the padding. A straight line
# on that, 60 labels. For comparison: word counts, the same network at random values, and one
# trained **from scratch** on the 60 labels. And two more readers, to learn *what* it learns from.
# Both read the same words, equally often:
# - *sentences shuffled*: the words of each sentence in random order;
# - *corpus shuffled*: all words of all sentences in one big bag, dealt out anew.


# %%
def mean_over_words(states, real):
    """Average states `(n, length, width)` over the words where `real` `(n, length)` is True -> `(n, width)`."""
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
readers = {"random values": build_encoder(), "read the corpus": encoder}
readers["sentences shuffled"] = pretrain(shuffle_within(corpus, rng))[0]
readers["corpus shuffled"] = pretrain(shuffle_across(corpus, rng))[0]

# %% [markdown]
# For training from scratch, a model is compiled once; before each draw its values and its
# optimizer's memory are put back. A new `compile` for each draw would take longer than the
# training. We need the same for BERT later.


# %%
def compile_once(model, learning_rate):
    """Compile, and return a function that puts the values and the optimizer back to where they were."""
    model.compile(keras.optimizers.Adam(learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)
    values, memory = model.get_weights(), [variable.numpy() for variable in model.optimizer.variables]

    def begin_again():
        model.set_weights(values)
        for variable, value in zip(model.optimizer.variables, memory, strict=True):
            variable.assign(value)

    return begin_again


# %%
fresh = build_encoder()
real = ops.cast(ops.not_equal(fresh.input, 0), "float32")[..., None]
pooled = ops.sum(fresh.output * real, axis=1) / ops.sum(real, axis=1)
scratch = keras.Model(fresh.input, layers.Dense(2)(pooled))
begin_again = compile_once(scratch, 1e-3)

# %%
unseen = {name: [] for name in ("counting words", "from scratch", *readers)}
for draw in tqdm(range(draws), desc="draws"):
    rng = np.random.default_rng([seed, draw])
    places = rng.permutation(24)  # which words are labelled is drawn anew
    (few, y), (test, truth) = write(60, rng, places[:12]), write(300, rng, places[12:])
    counted = count_words([" ".join(s) for s in few], y, [" ".join(s) for s in test])
    unseen["counting words"].append(evaluate.accuracy(truth, counted))
    begin_again()
    scratch.fit(to_ids(few), y, epochs=20, batch_size=20, verbose=0)
    unseen["from scratch"].append(np.mean(np.argmax(scratch(to_ids(test)), axis=1) == truth))
    for name, reader in readers.items():
        unseen[name].append(evaluate.linear_probe(features_of(reader, few), y, features_of(reader, test), truth))

# %%
means = {name: np.mean(values) for name, values in unseen.items()}
fig, ax = plt.subplots(figsize=(7.5, 2.9), layout="constrained")
for y, (name, values) in enumerate(reversed(unseen.items())):
    ax.scatter(values, [y] * draws, color=plots.colour_of(0), alpha=0.6)
    ax.scatter(means[name], y, color=plots.colour_of(1), marker="|", s=300, linewidths=3)
ax.axvline(0.5, color="black", linestyle="--", linewidth=1)
ax.set(yticks=range(len(unseen)), yticklabels=list(unseen)[::-1], xlim=(0, 1.03),
       xlabel="accuracy on sentences whose opinion words were never labelled\ndots: draws; bar: their mean; dashed: guessing")
ax.set_title("Reading helps where words keep their company")
words = "; ".join(f"{name} {value:.2f}" for name, value in means.items())
plots.set_alt_text(ax, f"Accuracy over {draws} draws, mean: {words}; guessing is 0.5.")
print(plots.alt_text(ax))

# %%
for name, values in unseen.items():
    print(f"{name:<19} {np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}")
assert means["read the corpus"] > 0.85
assert means["sentences shuffled"] > 0.85
assert max(means[name] for name in ("counting words", "from scratch", "random values", "corpus shuffled")) < 0.7

# %% [markdown]
# **What to notice.** Everything that never read, or read a corpus without company, is at guessing.
# Order did not matter here: in these sentences who stands *beside* whom tells everything, and that
# survives the shuffling of a sentence. So the placebo says what was learned: company, not grammar.
# It also says when the trick fails: text in which opinions do not keep together has nothing to
# teach about opinions.
#
# A map of the embeddings that it read itself, each opinion word a point.

# %%
opinions = [*GOOD, *BAD]
rows = encoder.get_layer("words").get_weights()[0][[number[word] for word in opinions]]
points = PCA(2).fit_transform(rows)
kinds = np.array([1] * len(GOOD) + [0] * len(BAD))
fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
plots.embedding_map(points, kinds, ["blame", "praise"], title="Praise and blame have moved apart; nobody labelled them", ax=ax)
for place in np.lexsort((points[:, 1], kinds))[::5]:  # some names of each kind, from bottom to top
    ax.annotate(opinions[place], points[place], textcoords="offset points", xytext=(4, 3), size=8)
print(plots.alt_text(ax))
apart = evaluate.linear_probe(rows[::2], kinds[::2], rows[1::2], kinds[1::2])
print(f"a line learned on every other word's embedding is right about {apart:.0%} of the others")

# %% [markdown]
# ## 4. The real thing
#
# BERT (Devlin and others 2018) is this, with more blocks, on all of Wikipedia and thousands of
# books, and with one addition: of the hidden words a few are left as they are or exchanged for
# wrong ones. The encoder that travels with this course is a small one. It was not only made to
# guess words: a larger network of the same family was its teacher, and it learned to give the
# teacher's states ("distillation"). Its 13,000 *pieces* of words make up all words; what is not in
# the list is spelt. With a network, `load_text_encoder("bert_small")` and others of
# `tlcourse.text.list_text_encoders()` take its place.

# %%
bert = text.load_text_encoder()
print(bert.contract)
tokens = bert.encode(films.texts[:50], length=length)
print(films.texts[0])
print([bert.tokenizer.id_to_token(int(piece)) for piece in tokens.ids[0][tokens.mask[0]]])
by_hand = mean_over_words(bert.states().predict(tokens.inputs, verbose=0), tokens.mask)
by_package = text.extract_text_features(bert, films.texts[:50], length=length)
print(f"features {by_hand.shape}; by hand and by the package alike: {np.allclose(by_hand, by_package, atol=1e-4)}")
assert np.allclose(by_hand, by_package, atol=1e-4)


# %%
def features_of_reviews(encoder, parts):
    """Run the encoder once over all texts of these parts; return features for each part."""
    texts = [review for part in parts for review in reviews[part].texts]
    table = text.extract_text_features(encoder, texts, length=length)
    return dict(zip(parts, np.split(table, np.cumsum([len(reviews[part]) for part in parts])[:-1]), strict=True))


def some_of_each(labels, count, draw):
    """Return positions of `count` texts of each class."""
    rng = np.random.default_rng([seed, draw])
    return np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:count] for label in (0, 1)])


features = features_of_reviews(bert, list(reviews))
at_random = features_of_reviews(text.load_text_encoder(weights=None), [("films", "train"), ("films", "test")])

# %% [markdown]
# How many labels does each method need? Features are cheap, so five draws of the labelled reviews.
# The network at random values is the placebo: same pieces, same sizes, nothing read.

# %%
strength = 0.01  # a strong pull to zero: more features than labels
curves = {name: np.zeros((draws, len(sizes))) for name in ("counting words", "random values", "frozen BERT")}
for draw, (place, size) in [(d, s) for d in range(draws) for s in enumerate(sizes)]:
    picked = some_of_each(films.labels, size, draw)
    learned = films.subset(picked)
    counted = count_words(learned.texts, learned.labels, films_test.texts)
    curves["counting words"][draw, place] = evaluate.accuracy(films_test.labels, counted)
    for name, table in {"random values": at_random, "frozen BERT": features}.items():
        curves[name][draw, place] = evaluate.linear_probe(
            table["films", "train"][picked], learned.labels, table["films", "test"], films_test.labels, strength=strength)  # fmt: skip

# %% [markdown]
# ### Fine-tuning, probe first
#
# Two phases, as in lesson 04. Phase one is the straight line that we have already, now put into the
# head, so that the network starts where the frozen features stopped. Phase two: everything learns,
# with a low rate. **The head shares its encoder with `bert`**: tuning the one changes the other. So
# we put the values back afterwards.


# %%
def line_for_head(table, labels):
    """Fit a probe; return the weights `(features, 2)` and biases `(2,)` of a head that says the same."""
    scale = StandardScaler().fit(table)
    line = LogisticRegression(C=strength, max_iter=1000).fit(scale.transform(table), labels)
    weights = line.coef_[0] / scale.scale_  # the standardisation goes into the weights
    bias = line.intercept_[0] - weights @ scale.mean_
    return [np.stack([-weights, weights], axis=1) / 2, np.array([-bias, bias]) / 2]


classifier = text.build_classifier(bert, num_classes=2)
begin_again = compile_once(classifier, 1e-4)
inputs = {part: bert.encode(reviews[part].texts, length=length) for part in reviews}


def predict(part):
    return np.argmax(classifier.predict(inputs[part].inputs, batch_size=64, verbose=0), axis=1)


# %%
tuned, abroad = np.zeros((2, tuned_draws, len(tuned_sizes)))
for draw, (place, size) in tqdm([(d, s) for d in range(tuned_draws) for s in enumerate(tuned_sizes)], desc="fine-tuning"):
    begin_again()
    picked = np.random.default_rng(draw).permutation(some_of_each(films.labels, size, draw))
    classifier.get_layer("head").set_weights(line_for_head(features["films", "train"][picked], films.labels[picked]))
    as_probe = evaluate.accuracy(films_test.labels, predict(("films", "test")))
    assert abs(as_probe - curves["frozen BERT"][draw, sizes.index(size)]) < 0.02  # it starts where the probe stopped
    before = tlcourse.snapshot(classifier)
    classifier.fit(inputs["films", "train"].subset(picked).inputs, films.labels[picked], epochs=3, batch_size=16, verbose=0)
    tuned[draw, place] = evaluate.accuracy(films_test.labels, predict(("films", "test")))
    abroad[draw, place] = evaluate.accuracy(reviews["elsewhere", "test"].labels, predict(("elsewhere", "test")))
moved = {row.name: row.weight_change for row in tlcourse.what_moved(before, classifier).rows if row.weight_change}
print({name: f"{change:.1%}" for name, change in moved.items()})
begin_again()

# %%
ax = plots.accuracy_over_labels(sizes, curves, chance=0.5, title="At every number of labels, having read before helps")
ax.errorbar(tuned_sizes, tuned.mean(axis=0), tuned.std(axis=0, ddof=1), fmt="D--", color=plots.colour_of(3), capsize=3, label="fine-tuned BERT")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
words = "; ".join(f"{name}: " + ", ".join(f"{a:.2f} at {s}" for a, s in zip(table.mean(axis=0), sizes, strict=True)) for name, table in curves.items())
words += "; fine-tuned BERT: " + ", ".join(f"{a:.2f} at {s}" for a, s in zip(tuned.mean(axis=0), tuned_sizes, strict=True))
plots.set_alt_text(ax, f"Accuracy over labels of each class, mean and standard deviation over {draws} draws ({tuned_draws} for fine-tuning). {words}.")
print(plots.alt_text(ax))
for name, table in curves.items():
    print(f"{name:<15}", "  ".join(f"{a:.2f} ± {b:.2f}" for a, b in zip(table.mean(axis=0), table.std(axis=0, ddof=1), strict=True)))
gains = tuned - curves["frozen BERT"][:tuned_draws][:, [sizes.index(size) for size in tuned_sizes]]
print("fine-tuned minus frozen, same reviews:", ", ".join(f"{g.mean():+.2f} at {s} a class" for g, s in zip(gains.T, tuned_sizes, strict=True)))

# %%
last = {name: table[:, -1].mean() for name, table in curves.items()}
assert (curves["frozen BERT"].mean(axis=0) > curves["counting words"].mean(axis=0) + 0.01).all()
assert last["frozen BERT"] > last["counting words"] + 0.05
assert last["frozen BERT"] > last["random values"] + 0.08
assert all(change > 0 for name, change in moved.items())

# %% [markdown]
# **What to notice.** First the gap between *frozen* and *random values*: that is what reading was
# worth; the pieces and the mean alone are worth next to nothing. Then the gain of fine-tuning over
# the same reviews: small, and with so few draws not to be told from luck. The frozen features cost
# seconds. One thing flatters: at the right end the draws share most of their reviews, so that the
# band there is too narrow. Often said: "fine-tune BERT". Say instead: probe first, and fine-tune
# when you have measured that it pays.
#
# ## 5. Another kind of review
#
# Trained on one kind, tested on both. Compare **along one test set**: "trained there" against
# "trained here". The two test sets are not equally hard, so a number from one and a number from the
# other say nothing about the change of domain.

# %%
domains = ("films", "elsewhere")
pairs = [(source, target) for target in domains for source in domains]  # which source for which target
shift = {name: np.zeros((draws, len(pairs))) for name in ("counting words", "frozen BERT")}
for draw, (place, (source, target)) in [(d, p) for d in range(draws) for p in enumerate(pairs)]:
    here, there = reviews[source, "train"], reviews[target, "test"]
    picked = some_of_each(here.labels, sizes[-1], draw)
    learned = here.subset(picked)
    counted = count_words(learned.texts, learned.labels, there.texts)
    shift["counting words"][draw, place] = evaluate.accuracy(there.labels, counted)
    shift["frozen BERT"][draw, place] = evaluate.linear_probe(
        features[source, "train"][picked], learned.labels, features[target, "test"], there.labels, strength=strength)  # fmt: skip

# %%
fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
plots.group_scores(shift, [f"{target},\nlearned from\n{source}" for source, target in pairs], ax=ax,
                   title="The same test, learned at home and from the other kind")
ax.axhline(0.5, color="black", linestyle="--", linewidth=1)
ax.set_ylim(0.4, 1.02)
words = "; ".join(f"{name} on {target}, learned from {source}: {mean:.2f}" for name, table in shift.items()
                  for (source, target), mean in zip(pairs, table.mean(axis=0), strict=True))  # fmt: skip
plots.set_alt_text(ax, f"Accuracy of two methods, mean over {draws} draws. {words}.")
print(plots.alt_text(ax))

# %%
costs = {name: (table[:, 0] - table[:, 1], table[:, 3] - table[:, 2]) for name, table in shift.items()}
for name, cost in costs.items():
    print(f"{name:<15} cost of learning elsewhere, tested on {domains[0]} and {domains[1]}:", end=" ")
    print(", ".join(f"{c.mean():+.2f} ± {c.std(ddof=1):.2f}" for c in cost))
print(f"fine-tuned on films, tested elsewhere: {abroad[:, -1].mean():.2f} (frozen {shift['frozen BERT'][:, 2].mean():.2f})")
if not full:
    assert shift["frozen BERT"][:, 1].mean() > shift["counting words"][:, 0].mean()

# %% [markdown]
# With the written reviews the change of kind costs BERT little or nothing, and on films it beats,
# learned **from the other kind**, counting that learned at home: what its features say of "pleased
# or annoyed" does not hang on the topic. That is no law. In the full profile the other kind is long
# reviews, of which BERT sees the beginning alone, with many opinion words each: there counting at
# home is at its best, and BERT pays for learning from them, too. A baseline is honest only if it
# may win.
#
# ## 6. What it gets wrong
#
# An average hides kinds of sentences. The written reviews come in two tones: *plain* ones say what
# they think, *dry* ones leave it to the reader ("I have had more fun waiting for a bus in the
# rain"). The real ones have no such note; there we look for a negation.


# %%
def kinds_of(part):
    """Return a kind for each review: its tone, or whether it holds a negation."""
    if reviews[part].tones:
        return np.array(reviews[part].tones)
    negations = {"not", "no", "never", "n't", "nothing", "without", "hardly"}
    return np.array(["negation" if negations & set(review.lower().replace("n't", " n't").split()) else "none" for review in reviews[part].texts])


kernel, bias = line_for_head(features["films", "train"], films.labels)
scores = {part: (features[part] @ kernel + bias) @ [-1, 1] for part in reviews}  # above 0: positive
by_kind = {}
for domain in domains:
    right = (scores[domain, "test"] > 0) == reviews[domain, "test"].labels
    kinds = kinds_of((domain, "test"))
    for kind in sorted(set(kinds)):
        by_kind[domain, kind] = right[kinds == kind].mean()
        print(f"{domain:<10} {kind:<9} {by_kind[domain, kind]:.2f} of {np.sum(kinds == kind)}")
if not full:
    assert all(by_kind[domain, "plain"] > by_kind[domain, "dry"] + 0.08 for domain in domains)

# %% [markdown]
# Now the sentences themselves. Those it is **surest** of and wrong about tell most.

# %%
test_scores = scores["films", "test"]
wrong = np.flatnonzero((test_scores > 0) != films_test.labels)
for place in wrong[np.argsort(-np.abs(test_scores[wrong]))][:8]:
    said = films_test.class_names[int(test_scores[place] > 0)]
    print(f"said {said}, was {films_test.class_names[films_test.labels[place]]}: {films_test.texts[place][:120]}")

# %% [markdown]
# And one word, put in on purpose. If the model understood "not", the verdict would turn each time.

# %%
turned = [("A good film.", "Not a good film."), ("It was funny.", "It was not funny."), ("The story is clever.", "The story is not clever."),
          ("I was bored.", "I was never bored."), ("A waste of time.", "By no means a waste of time."), ("I liked it.", "I did not like it.")]
pairs_of_scores = (text.extract_text_features(bert, np.ravel(turned).tolist(), length=length) @ kernel + bias) @ [-1, 1]
for (plain, negated), (before, after) in zip(turned, pairs_of_scores.reshape(-1, 2), strict=True):
    print(f"{plain:<22} {before:+5.1f}   {negated:<28} {after:+5.1f}   {'turned' if before * after < 0 else 'not turned'}")
followed = np.mean([(after - before) * (1 if place in (3, 4) else -1) > 0 for place, (before, after) in enumerate(pairs_of_scores.reshape(-1, 2))])
print(f"the score moved to the right side in {followed:.0%} of the pairs, far enough to turn the verdict in ", end="")
print(f"{np.mean([before * after < 0 for before, after in pairs_of_scores.reshape(-1, 2)]):.0%}")

# %% [markdown]
# Positive numbers say "liked". Compare the two shares in the last line: the score may go the right
# way and still stay on the wrong side, as with "never bored", in which one word keeps its weight.
# Six pairs prove nothing about language, but they show a kind of failure that no accuracy shows; a
# list of such pairs for *your* task is worth an afternoon.
#
# ## What to remember
#
# - Count words first. Where texts are long and labels many, that may be all you need.
# - Masked words make labels out of plain text. What is learned is the company that words keep:
#   shuffle the corpus, and nothing is.
# - Mask real words only, other ones in each pass; average over real words only; fit list, weights
#   and scales on training texts only.
# - Probe the frozen encoder, put the probe into the head, then fine-tune with a low rate, and
#   report the gain over the probe with its spread.
# - Measure a change of domain along one test set. Good features carry over better than counts; that
#   is no law, so measure.
# - Read the sentences that the model is surest of and wrong about. Irony states facts; a model of
#   words has no facts.
#
# ## Quiz
#
# **1. Why does the reader of the shuffled corpus do no better than random values?**
#
# <details><summary>Each word stands beside every other equally often, so that there is no company
# to learn</summary>Yes. The words and their numbers were the same.</details>
# <details><summary>It saw fewer words</summary>No: the same words, equally often.</details>
# <details><summary>Transformers need grammar</summary>Not here: with shuffled sentences, which have
# no grammar either, it worked.</details>
#
# **2. A colleague fits TF-IDF on all texts, test texts included, "because no labels are used". What
# do you say?**
#
# <details><summary>The test no longer says how it will be with new texts</summary>Yes: new texts
# will bring words that nobody could put on the list.</details>
# <details><summary>Fine, without labels nothing leaks</summary>The list of words and their weights
# already know the test.</details>
# <details><summary>It makes the counts wrong</summary>The counts are right; the claim about unseen
# texts is not.</details>
#
# **3. Films 0.75, things 0.68 with the same probe. Did the change of domain cost 0.07?**
#
# <details><summary>Not known: the test sets differ in difficulty</summary>Yes. Compare with a probe
# that learned on things, on the same test of things.</details>
# <details><summary>Yes, that is the difference</summary>It mixes two things: another source, and
# another test.</details>
# <details><summary>No, domain shift cannot hurt frozen features</summary>It can; measure it along
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
