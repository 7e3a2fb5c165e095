# %% [markdown]
# # 16 · Text generation
#
# A **language model** is a model that predicts the next word of a text from the words before it. It
# needs no labels, only text, and to predict well it has to learn much else about the language. This
# lesson builds a small GPT, trains it, generates text with it, and shows where this text has no
# meaning. Then it adapts the model to a new task in three ways: by training nothing, a few per cent
# of the weights, or all of them.
#
# **After this lesson you can**
# - write a causal language model in plain Keras, prove that it does not see later words, and
#   measure its quality with one number, perplexity;
# - generate text at a temperature, and measure how much of it is memorized or repeated, and how
#   little the beginning of a text counts;
# - adapt it with a prompt, with LoRA and with full fine-tuning, and say what each costs, what it
#   gains, and what the model forgets.
#
# **Time:** 40 minutes. **It presumes** lessons 01 and 04; 14 helps.

# %%
import os
from collections import Counter

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

from tlcourse import plots

# %%
# Settings
full = tlcourse.profile() == "full"
count = 30_000 if full else 12_000  # texts to learn the language from
largest_vocabulary = 2_000  # words; rarer ones become <rare>
longest = 64  # words in one row of the network's input
width, heads, blocks = 48, 4, 2
epochs = 3
few = 250 if full else 16  # labelled texts per class, for the task
draws = 3  # of the labelled texts
passes = 8 if full else 20  # over the labelled texts
task_rate = 3e-3  # learning rate for the task; the best of 3e-4, 1e-3, 3e-3 for all weights

# %% [markdown]
# ## 1. Text without labels
#
# The embedded corpus is an *invented language*: some 160 words, with a grammar, topics, and words
# of praise and of complaint. A network learns such a small language in seconds, and we know its
# rules. The full profile uses sentences of film reviews. Words become numbers: 0 is padding (no
# word), 1 ends a text, 2 represents words that are too rare to have their own number.

# %%
corpus = tlcourse.load_corpus(count, seed=seed)
counted = Counter(word for text in corpus.texts for word in text.split())
words = [
    "<none>",
    "<end>",
    "<rare>",
    *(word for word, _ in counted.most_common(largest_vocabulary - 3)),
]
number = {word: place for place, word in enumerate(words)}


def encode(text):
    return [number.get(word, 2) for word in text.split()]


def decode(numbers):
    return " ".join(words[n] for n in numbers)


for text in corpus.texts[:3]:
    print(text)
print(f"{len(corpus.texts):,} texts, {sum(counted.values()):,} words, a vocabulary of {len(words)}")

# %% [markdown]
# Rows of equal length train fastest. So we put texts one after the other, each followed by `<end>`,
# and begin a new row when one is full.


# %%
def pack(texts):
    """Return rows of `longest + 1` numbers: `<end>`, text, `<end>`, text, `<end>`, then padding."""
    rows, row = [], [1]
    for text in texts:
        new = [*encode(text)[: longest - 1], 1]
        if len(row) + len(new) > longest + 1:
            rows, row = [*rows, row], [1]
        row = row + new
    return padded([*rows, row], longest + 1)


def padded(rows, length=None):
    table = np.zeros((len(rows), length or max(map(len, rows))), "int32")
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


rows, held_rows = pack(corpus.texts), pack(corpus.validation)

# %% [markdown]
# ## 2. A GPT in plain Keras
#
# **Self-attention** is a layer that computes each word's new state as a weighted mean over the
# words of the same text. Here each word uses only itself and the words before it; two dense layers
# process the result. Two such blocks follow each other. The last layer gives a score to every word
# of the vocabulary: the *logits* of the next word. In training, no word may use a later word,
# because that would reveal the answer. So the scores of later words become -1e9 before the softmax,
# which gives them a weight of 0.


# %%
class CausalAttention(layers.Layer):
    """Average each word and the words before it, weighted. `(batch, length, width)` -> the same."""

    def __init__(self, width, heads, causal=True, **options):
        super().__init__(**options)
        self.heads, self.depth, self.causal = heads, width // heads, causal
        self.query, self.key, self.value, self.out = (
            layers.Dense(width, use_bias=False, name=n) for n in "qkvo"
        )

    def build(self, shape):
        for dense in (self.query, self.key, self.value, self.out):
            dense.build(shape)

    def split(self, x):  # (batch, length, width) -> (batch, heads, length, depth)
        return ops.transpose(
            ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.depth)), (0, 2, 1, 3)
        )

    def call(self, x):
        query, key, value = (self.split(dense(x)) for dense in (self.query, self.key, self.value))
        scores = ops.matmul(query, ops.swapaxes(key, 2, 3)) / self.depth**0.5
        place = ops.arange(ops.shape(x)[1])
        if self.causal:
            scores = ops.where(place[None] > place[:, None], -1e9, scores)
        mixed = ops.matmul(ops.softmax(scores), value)  # (batch, heads, length, depth)
        return self.out(
            ops.reshape(
                ops.transpose(mixed, (0, 2, 1, 3)), (-1, ops.shape(x)[1], self.heads * self.depth)
            )
        )


# %%
class Places(layers.Layer):
    """Add to each word a vector for its place, which is learned as well."""

    def build(self, shape):
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.table = self.add_weight(shape=(longest, shape[-1]), initializer=start)

    def call(self, x):
        return x + self.table[: ops.shape(x)[1]]


def build_gpt(causal=True):
    """Return a model: words `(batch, length)` -> logits of the next word `(..., vocabulary)`."""
    numbers = keras.Input((None,), dtype="int32")
    x = Places(name="places")(layers.Embedding(len(words), width, name="words")(numbers))
    for block in range(blocks):
        seen = layers.LayerNormalization(name=f"norm_a{block}")(x)
        x = x + CausalAttention(width, heads, causal, name=f"attention_{block}")(seen)
        inner = layers.LayerNormalization(name=f"norm_b{block}")(x)
        inner = layers.Dense(4 * width, activation="gelu", name=f"inner_{block}")(inner)
        x = x + layers.Dense(width, name=f"outer_{block}")(inner)
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(numbers, layers.Dense(len(words), use_bias=False, name="next_word")(x))


# %% [markdown]
# Does it use later words? We replace one word and check which logits change.

# %%
changed = rows[:1, :longest].copy()
changed[0, 10] = 3 if changed[0, 10] != 3 else 4
for causal in (True, False):
    keras.utils.set_random_seed(seed)
    model = build_gpt(causal)
    change = np.abs(np.array(model(rows[:1, :longest]) - model(changed)))[0].max(axis=-1)
    before, after = change[:10].max(), change[10:].max()
    print(f"{'with' if causal else 'without'} the mask: change before the replaced word", end=" ")
    print(f"{before:.4f}, from it on {after:.4f}")
    assert (before == 0) == causal
    assert after > 0

# %% [markdown]
# With the mask, not a digit changes before the replaced word. Without the mask all logits change.
# The loss would not show this mistake, except that it would be too good.
#
# ## 3. Training, and one number for the quality
#
# The loss is the cross-entropy of lesson 01 at every place: minus the logarithm of the probability
# that the model gave to the true next word, without the padding. **Perplexity** is the exponential
# of a language model's mean loss: the number of equally likely words among which the model is left
# to guess. The baseline is the oldest language model: counting which word followed which.


# %%
def losses_of(model, rows):
    """Return minus log p of each true next word; nan where there is only padding."""
    log_p = np.array(ops.log_softmax(model(rows[:, :-1])))
    loss = -np.take_along_axis(log_p, rows[:, 1:, None], axis=-1)[..., 0]  # (rows, length)
    return np.where(rows[:, 1:] == 0, np.nan, loss)


def perplexity(model, rows):
    return np.exp(np.nanmean(losses_of(model, rows)))


pairs = np.full((len(words), len(words)), 0.01)  # small counts for pairs that never occurred
np.add.at(pairs, (rows[:, :-1], rows[:, 1:]), 1)
chance = (pairs / pairs[:, 1:].sum(axis=1, keepdims=True))[held_rows[:, :-1], held_rows[:, 1:]]
counting = np.exp(-np.log(chance[held_rows[:, 1:] != 0]).mean())

# %%
keras.utils.set_random_seed(seed)
model = build_gpt()
untrained = perplexity(model, held_rows)
steps = epochs * len(rows) // 16
options = {"alpha": 0.05, "warmup_target": 6e-3, "warmup_steps": 100}
rate = keras.optimizers.schedules.CosineDecay(1e-3, steps - 100, **options)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
model.compile(keras.optimizers.AdamW(rate, weight_decay=0.01), loss)
held = held_rows[:, :-1], held_rows[:, 1:]
options = {"batch_size": 16, "epochs": epochs, "validation_data": held, "verbose": 0}
fitted = model.fit(rows[:, :-1], rows[:, 1:], **options)

# %%
trained, in_training = perplexity(model, held_rows), np.exp(fitted.history["loss"][-1])
print(f"{model.count_params():,} weights. Perplexity on unseen texts:")
print(f"untrained {untrained:.0f} (guessing among {len(words)} words), counting pairs", end=" ")
print(f"{counting:.1f}, this network {trained:.1f} ({in_training:.1f} in training)")
assert trained < counting < untrained

# %% [markdown]
# The network guesses among fewer words than the counts of pairs do, because it uses more than one
# word before. What kind of text does it generate?
#
# ## 4. Generated text, and what is missing
#
# To generate text, we compute the logits of the next word, draw one word, append it, and repeat.
# The logits are divided by a *temperature*. Below 1 it makes likely words even more likely; near 0
# it always takes the most likely word (*greedy*). Above 1 it makes the probabilities more equal.


# %%
def generate(model, count, length, temperature=1.0):
    """Return `count` rows of `length` numbers, drawn from the softmax of logits / temperature."""
    rng, numbers = np.random.default_rng(seed), np.zeros((count, longest), "int32")
    numbers[:, 0] = 1  # a text begins after the end of another
    for place in range(length):
        logits = model.predict_on_batch(numbers)[:, place]  # later places are still padding
        noise = rng.gumbel(size=logits.shape)  # with it, argmax draws from the softmax
        numbers[:, place + 1] = (logits / temperature + noise).argmax(axis=-1)
    return numbers[:, 1 : length + 1]


talk = {temperature: generate(model, 30, 60, temperature) for temperature in (0.01, 1.0, 2.0)}
for temperature, numbers in talk.items():
    print(f"temperature {temperature}: {decode(numbers[0, :40])}\n")

# %% [markdown]
# Read the middle text closely. Most neighbouring words fit together. Does the whole text? Look for
# a thing that turns into another, praise that turns into complaint, a *she* that becomes a *he*. At
# the lowest temperature the text repeats itself, at the highest it falls apart. Three measurements
# follow.
#
# *Loops.* Of all phrases of four words, how many are different from each other?


# %%
def phrases(rows, n):
    """Return all runs of `n` words that do not cross the end of a text."""
    runs = [row[i : i + n] for row in map(list, rows) for i in range(len(row) - n + 1)]
    return [tuple(run) for run in runs if 1 not in run]


different = {}
for temperature, numbers in talk.items():
    fours = phrases(numbers, 4)
    different[temperature] = len(set(fours)) / len(fours)
    print(f"temperature {temperature}: {different[temperature]:.2f} of the phrases are different")
assert different[0.01] < different[1.0] / 2

# %% [markdown]
# *Memorization.* Does the network compose sentences, or does it repeat training texts? The same
# network, trained for a long time on only 30 texts, shows what memorization looks like. We count
# how many phrases occur word for word in the training texts. *New texts by the same author* show
# how many do so by chance.

# %%
some = corpus.texts[:30]
memorizer = build_gpt()
memorizer.compile(keras.optimizers.Adam(5e-3), loss)
memorizer.fit(pack(some)[:, :-1], pack(some)[:, 1:], batch_size=8, epochs=80, verbose=0)
repeated = generate(memorizer, 30, 60)
seen, unseen = perplexity(memorizer, pack(some)), perplexity(memorizer, held_rows)
print(f"trained on {len(some)} texts: perplexity {seen:.1f} on them, {unseen:.0f} on unseen ones")

# %%
lengths, copied = range(2, 11), {}
new_texts = [encode(text) for text in corpus.validation[:150]]
for learned, made in {len(corpus.texts): talk[1.0], len(some): repeated}.items():
    training_texts = [encode(text) for text in corpus.texts[:learned]]
    for name, given in {"generated": made, "new texts": new_texts}.items():
        shares = copied[f"{name}, {learned:,} training texts"] = []
        for n in lengths:
            known = set(phrases(training_texts, n))
            shares.append(np.mean([phrase in known for phrase in phrases(given, n)]))

# %%
ax = plt.subplots(figsize=(9, 3.6), layout="constrained")[1]
title = "Trained on 30 texts the network memorizes; trained on many it does not"
curves = {name: (lengths, shares) for name, shares in copied.items()}
y_label = "share that occurs in the training texts"
plots.lines(curves, x_label="words in a phrase", y_label=y_label, title=title, ax=ax)
ax.set(ylim=(-0.03, 1.03))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
print(plots.alt_text(ax))
own, new, memorized, by_chance = (shares[4] for shares in copied.values())  # phrases of six words
print(f"phrases of six words: {own:.2f} copied, {new:.2f} in new texts;", end=" ")
print(f"with {len(some)} texts {memorized:.2f} copied, {by_chance:.2f} in new texts")
assert memorized - by_chance > 0.2 > 2 * abs(own - new)

# %% [markdown]
# *A short memory.* How much does the beginning of a text help to predict later words? We replace
# the first eight words with those of another text and compare the loss from the eleventh word on.

# %%
long_texts = [encode(text)[:longest] for text in corpus.validation if len(text.split()) >= 18]
own_start = padded([[1, *text] for text in long_texts], longest + 1)
other_start = own_start.copy()
other_start[:, 1:9] = np.roll(own_start[:, 1:9], 1, axis=0)
far = [np.nanmean(losses_of(model, table)[:, 10:]) for table in (own_start, other_start)]
print(f"loss from the eleventh word on: {far[0]:.3f} after the text's own beginning,", end=" ")
print(f"{far[1]:.3f} after that of another text")
assert far[0] < far[1]

# %% [markdown]
# ## 5. A new task without training: a prompt
#
# Is a remark on a film praise or complaint? The model has no head for classes. But after some
# phrases of its language a word such as *good* or *bad* follows. So we append such a phrase, the
# *prompt*, to the text, and compare the scores of the two words. Nothing is trained ("zero-shot").
#
# The test is hard: in the embedded profile its remarks praise and complain with words that no
# labelled text contains. Only knowledge of the language helps.

# %%
labelled = [tlcourse.load_opinions("train", few, seed=seed * 10 + draw) for draw in range(draws)]
test = tlcourse.load_opinions("test", 200, seed=seed)
bad_good = [number[word] for word in corpus.verdicts]
prompts = [corpus.prompt, "what a", "it was"]


def ask(texts, prompt=prompts[-1], before=()):
    """Return rows of `longest` numbers: an end, examples, the text, the prompt, then padding."""
    asked, room = encode(prompt), longest - 1 - len(before) - len(prompt.split())
    return padded([[1, *before, *encode(text)[:room], *asked] for text in texts], longest)


def verdicts(model, rows):
    """Return the scores of the words for bad and good, `(texts, 2)`."""
    last = (rows != 0).sum(axis=1) - 1
    return np.array(model(rows))[np.arange(len(rows)), last][:, bad_good]


def accuracy(scores):
    return np.mean(scores.argmax(axis=1) == test.labels)


# %%
def two_examples(data):
    """Return the shortest complaint and the shortest praise of `data`, each with its verdict."""
    shortest = sorted(range(len(data)), key=lambda i: len(data.texts[i].split()))
    shown = [next(i for i in shortest if data.labels[i] == label) for label in (0, 1)]
    answers = [f"{prompts[-1]} {corpus.verdicts[data.labels[i]]} . <end>" for i in shown]
    examples = [f"{data.texts[i]} {answer}" for i, answer in zip(shown, answers, strict=True)]
    return [n for example in examples for n in encode(example)]


zero_shot = {prompt: accuracy(verdicts(model, ask(test.texts, prompt))) for prompt in prompts}
print("zero-shot:", {prompt: f"{value:.2f}" for prompt, value in zero_shot.items()})
rows_with_examples = [ask(test.texts, before=two_examples(data)) for data in labelled]
two_shot = [accuracy(verdicts(model, each)) for each in rows_with_examples]
accuracies = ", ".join(f"{value:.2f}" for value in two_shot)
print(f"'{prompts[-1]}' with two labelled examples before the text: {accuracies}")
if not full:  # in the full profile no prompt works
    assert zero_shot[prompts[0]] > 0.5
    assert abs(np.mean(two_shot) - zero_shot[prompts[-1]]) < 0.15

# %% [markdown]
# **What to notice.** The network and the texts are the same, and in most runs *the wording
# decides*. In 12 runs with the seeds 0 to 11, *in short :* reached 0.57 to 0.95. It was better than
# *it was* by 0.10 or more in 9 of them and by less than 0.05 in 3: sometimes so short a training
# ends before the network has learned praise and complaint as one concept. In the embedded corpus a
# verdict follows *in short :* after remarks on food, but never after films; the network transfers
# it. GPT-2 was asked for summaries in the same way, with *TL;DR:*, because people on the web write
# this before a summary. For most tasks the corpus holds no such phrase. Examples before the text,
# which help large models, help a small one little: learning a task from examples in the prompt is
# an ability of large models (Brown and others 2020).
#
# From here on we use a prompt that does not fit this task well, *it was*, and add a few labels.
#
# ## 6. LoRA: learn a small correction
#
# Full fine-tuning (lesson 04) changes every weight, and each task needs its own copy of the
# network. LoRA (Hu and others 2021) freezes the network and adds a correction to a few matrices: W
# becomes W + A B, with A of shape (inputs, r) and B of shape (r, outputs). With *rank* r = 4 these
# are few numbers. A starts at random and **B at 0**: at first the correction is 0, and the network
# answers exactly as before. LoRA is built into Keras.

# %%
base = model.get_weights()


def build_lora(rank):
    """Return the trained network; only corrections of this rank on queries and values learn."""
    lora = build_gpt()
    lora.set_weights(base)
    for layer in lora.layers:
        layer.trainable = isinstance(layer, CausalAttention)
        if layer.trainable:
            layer.key.trainable = layer.out.trainable = False
            # freezes the kernel, adds A and B; a bias would still learn, but these layers have none
            layer.query.enable_lora(rank)
            layer.value.enable_lora(rank)
    return lora


def size(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


lora = build_lora(4)
one = next(layer for layer in lora.layers if isinstance(layer, CausalAttention)).query
print(f"A {one.lora_kernel_a.shape}, B {one.lora_kernel_b.shape};", end=" ")
print(f"{size(lora):,} of {size(model):,} weights learn, {size(lora) / size(model):.1%}")
assert np.array_equal(np.array(lora(rows[:4, :-1])), np.array(model(rows[:4, :-1])))
assert size(lora) < 0.05 * size(model)

# %% [markdown]
# Now networks learn from the same few labelled texts, with the prompt and the two words as before,
# so there is no new head: with LoRA, with all weights of the trained network, and with all weights
# of a network that starts at random values, without pre-training.


# %%
def as_classifier(gpt):
    """Return a model from rows to the scores of bad and good after the last word."""
    last = ops.sum(ops.cast(gpt.input != 0, "int32"), axis=1) - 1
    states = gpt.get_layer("norm").output  # (batch, length, width)
    state = ops.take_along_axis(states, last[:, None, None], axis=1)[:, 0]  # (batch, width)
    logits = gpt.get_layer("next_word")(state)
    return keras.Model(gpt.input, ops.take(logits, ops.array(bad_good), axis=1))


# %%
keras.utils.set_random_seed(seed)
networks = {
    "LoRA, rank 1": build_lora(1),
    "LoRA, rank 4": lora,
    "all weights": build_gpt(),
    "from random weights": build_gpt(),
}
networks["all weights"].set_weights(base)
results, memory = {name: [] for name in networks}, {name: [] for name in networks}

# %%
task_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
for name, gpt in networks.items():
    classifier = as_classifier(gpt)
    classifier.compile(keras.optimizers.Adam(task_rate), task_loss)
    weights = classifier.get_weights()
    for data in labelled:
        classifier.set_weights(weights)
        tlcourse.reset_optimizer(classifier)
        classifier.fit(ask(data.texts), data.labels, batch_size=16, epochs=passes, verbose=0)
        results[name].append(accuracy(np.array(classifier(ask(test.texts)))))
        memory[name].append(perplexity(gpt, held_rows))

# %%
for name, values in results.items():
    spread = f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}"
    print(f"{name:<19} {size(networks[name]):>7,} weights learn: accuracy {spread},", end=" ")
    print(f"perplexity of the language {np.mean(memory[name]):.1f}")

# %%
mean = {name: np.mean(values) for name, values in results.items()}
if not full:  # this network has learned too little English for transfer; see below
    assert mean["LoRA, rank 4"] > mean["all weights"] - 0.03
    assert min(mean["LoRA, rank 4"], mean["all weights"]) > mean["from random weights"] + 0.05
assert np.mean(memory["LoRA, rank 4"]) < np.mean(memory["all weights"])

# %%
asked = {f"prompt: {prompt}": [zero_shot[prompt]] for prompt in (prompts[0], prompts[-1])}
asked |= {"it was, two examples": two_shot} | results
learns = {name: size(networks[name]) if name in networks else 0 for name in asked}


def plot_accuracies(ax):
    """Draw one mark for each draw of labels, over the number of weights that learn."""
    for place, (name, values) in enumerate(asked.items()):
        look = {"color": plots.colour_of(place), "marker": plots.MARKERS[place]}
        ax.scatter([learns[name]] * len(values), values, s=50, label=name, **look)
    ax.set_xscale("symlog", linthresh=100)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.axhline(0.5, color="black", linestyle="--", linewidth=1)
    ax.set(xlim=(-20, 5e5), xlabel="weights that learn; dashed: guessing")
    ax.set(ylim=(0.4, 1.02), ylabel="accuracy on unseen texts")


# %%
fig, ax = plt.subplots(figsize=(8.5, 3.6), layout="constrained")
plot_accuracies(ax)
with_lora, with_all = mean["LoRA, rank 4"], mean["all weights"]
title = f"{size(lora):,} weights reach {with_lora:.2f}, all {size(model):,} {with_all:.2f}"
ax.set_title(title)
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
said = [f"{name}: {learns[name]:,} learn, {np.mean(v):.2f}" for name, v in asked.items()]
plots.set_alt_text(ax, f"Accuracy, one mark for each draw of labels; means: {'; '.join(said)}.")
print(plots.alt_text(ax))

# %%
fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
after = {"before": [trained]} | {name: memory[name] for name in list(networks)[:3]}
for place, values in enumerate(after.values()):
    kind = place + 2 if place else 0  # colours and marks as above
    look = {"color": plots.colour_of(kind), "marker": plots.MARKERS[kind]}
    ax.scatter(values, [place] * len(values), s=50, **look)
labels = [f"{name}: {np.mean(values):.1f}" for name, values in after.items()]
ax.set(yticks=range(len(after)), yticklabels=labels, ylim=(len(after) - 0.5, -0.5))
ax.set_xlabel("perplexity of the language, one mark for each draw of labels; left: their mean")
ax.set_title("Learning the task makes the network forget some of the language")
means = "; ".join(f"{name} {np.mean(values):.2f}" for name, values in after.items())
plots.set_alt_text(ax, f"Perplexity on unseen texts before and after the task, mean: {means}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** In the embedded profile a correction of some 1,500 weights learns the task
# about as well as all weights do, if not better: a network that can change little cannot memorize
# the labelled words (lessons 04 and 06). It also forgets far less of its language. From random
# weights the network stays near guessing: what the others know came from text without labels.
# Compare this with the prompt that fits the language: it needed no training. How much labels add to
# a poor prompt depends on how poor it was in your run. Look for a good prompt before you train.
#
# In the full profile the same network reads real English, but only a few hundred thousand words of
# it. That is far too little. The beginning of a sentence helps it very little (section 4), no
# prompt works, labels help little, and a network that starts at random values does as well. The
# network learned nothing that could transfer. GPT-2 shows on English what the embedded profile
# shows at a small scale; it needed more than a thousand times as many weights.
#
# ## 7. Merged and removed
#
# LoRA learned a product of two narrow matrices and changed nothing else. So it can be *merged*
# (added to the kernel; the network is then as fast as before) or *removed*: with B at 0 again, the
# language is back exactly. One network can serve a hundred tasks with a hundred small files.

# %%
change = ops.convert_to_numpy(one.lora_kernel_a @ one.lora_kernel_b)
print(f"LoRA changed the kernel by a matrix of rank {np.linalg.matrix_rank(change)}")
for layer in lora.layers:
    if isinstance(layer, CausalAttention):
        for dense in (layer.query, layer.value):
            dense.lora_kernel_b.assign(np.zeros(dense.lora_kernel_b.shape))
removed = perplexity(lora, held_rows)
print(f"perplexity with LoRA {memory['LoRA, rank 4'][-1]:.2f}, removed {removed:.2f}", end=", ")
print(f"before {trained:.2f}")
assert np.isclose(removed, trained)

# %% [markdown]
# ## 8. The same with GPT-2
#
# GPT-2 (Radford and others 2019) is this network with 12 blocks of width 768 and 50,257 subwords,
# trained on 8 million web pages: 124 million weights, half a gigabyte. KerasHub loads it by name.
# The cell runs in the full profile with internet access, and otherwise says that it does not.

# %%
if full and "TLCOURSE_MIRROR" not in os.environ:  # a mirror replaces internet access
    try:
        import keras_hub

        gpt2 = keras_hub.models.GPT2CausalLM.from_preset("gpt2_base_en")
        gpt2.compile(sampler=keras_hub.samplers.TopKSampler(k=50, temperature=0.9, seed=seed))
        print(gpt2.generate("The film was", max_length=30))
        gpt2.backbone.enable_lora(4)  # freezes everything; queries and values get A and B
        print(f"{size(gpt2):,} of {gpt2.count_params():,} weights learn")
    except Exception as error:
        print(f"GPT-2 could not be loaded ({type(error).__name__}).", end=" ")
        print("KerasHub needs internet access for it, once.")
else:
    print("GPT-2 is loaded only in the full profile, with internet access.")

# %% [markdown]
# ## What to remember
#
# - A causal language model predicts the next word from the words before it. Test the mask by its
#   property: a later word must not change earlier logits.
# - Perplexity is exp of the mean loss over the real words of unseen texts. Compare it with counting
#   pairs of words.
# - Fluent text is not necessarily true. Measure what is copied (compared with new texts by the same
#   author), what is repeated, and how much the beginning of a text counts.
# - A prompt trains nothing and depends on its wording. LoRA trains a few per cent of the weights,
#   starts exactly at the base, and can be removed.
# - Full fine-tuning and LoRA both make the model forget a little; only LoRA can be undone.
# - It is often said that GPT adapts with minimal changes of architecture. That is true; here there
#   were none. Measure whether a few labels beat a good prompt.
#
# ## Quiz
#
# **1. A model reaches a perplexity of 1.1 on its training texts and 76 on unseen ones. What is
# it?**
#
# <details><summary>A model that memorized its texts</summary>Yes. It learned its training texts and
# not the language: overfitting (lesson 06).</details>
# <details><summary>An excellent language model, tested on hard texts</summary>No. Other texts by
# the same author are not harder than those in training.</details>
# <details><summary>A model with a wrong mask</summary>A model that sees later words is too good on
# unseen texts as well.</details>
#
# **2. Why does B start at zero in LoRA, and A not?**
#
# <details><summary>Training starts exactly at the base, and both can learn</summary>Yes. A B = 0
# changes nothing at first; if both were 0, neither would ever get a gradient.</details>
# <details><summary>Because B is the larger matrix</summary>The size does not matter here.</details>
# <details><summary>To save memory</summary>Zeros need as much memory as other numbers.</details>
#
# **3. Half of the phrases of six words that a model generates occur in its training texts. Does it
# repeat memorized texts?**
#
# <details><summary>That depends on how many such phrases new texts by the same author
# contain</summary>Yes. In a small language common phrases recur without memorization.</details>
# <details><summary>Yes, half is too much</summary>Without a comparison no share is too much or too
# little.</details>
# <details><summary>No, it would have to be all</summary>A model can memorize parts of its texts;
# but compare first.</details>
#
# **4. Padding was counted in the loss. What happens to the perplexity?**
#
# <details><summary>It gets too good: padding is easy to predict</summary>Yes, and the more so the
# shorter the texts. Two models are then no longer comparable.</details>
# <details><summary>Nothing, padding has no meaning</summary>In the mean it counts like any other
# word.</details>
# <details><summary>It gets too bad</summary>Only if the model never learned to predict
# padding.</details>
#
# ## Read on
#
# - Radford, Narasimhan, Salimans, Sutskever (2018): Improving language understanding by generative
#   pre-training. OpenAI
# - Radford, Wu, Child, Luan, Amodei, Sutskever (2019): Language models are unsupervised multitask
#   learners. OpenAI
# - Brown and others (2020): Language models are few-shot learners. arXiv 2005.14165
# - Hu and others (2021): LoRA: low-rank adaptation of large language models. arXiv 2106.09685
# - Zhao, Wallace, Feng, Klein, Singh (2021): Calibrate before use: improving few-shot performance
#   of language models. arXiv 2102.09690
# - Carlini and others (2021): Extracting training data from large language models. arXiv 2012.07805
