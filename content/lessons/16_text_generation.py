# %% [markdown]
# # 16 · Text generation
#
# A language model learns one thing: which word comes next. It needs no labels for that, only text,
# and it turns out that much else has to be learned on the way. This lesson builds a GPT small
# enough to be read in one sitting, trains it in front of you, lets it talk, shows where its talk is
# hollow, and then makes it do a task that it was never built for, in three ways: training nothing,
# a few per cent of it, or all.
#
# **After this lesson you can**
# - write a causal language model in plain Keras, prove that it does not peek, and say how good it
#   is with one number, perplexity;
# - generate text at a temperature, and measure recitation, loops, and how little the beginning of a
#   text counts;
# - adapt it with a prompt, with LoRA and with full fine-tuning, and say what each costs, gains, and
#   makes it forget.
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
longest = 64  # words that the network sees at once
width, heads, blocks = 48, 4, 2
epochs = 3
few = 250 if full else 16  # labelled texts of each class, for the task
draws = 3  # of the labelled texts
passes = 8 if full else 20  # over the labelled texts
task_rate = 3e-3  # learning rate for the task; of 3e-4, 1e-3, 3e-3 the best one for all weights

# %% [markdown]
# ## 1. Text without labels
#
# The embedded corpus is a *made language*: some 160 words, with a grammar, topics, and words of
# praise and of complaint. A language this small can be learned in seconds, and we know what there
# is to know. The full profile uses sentences of film reviews. Words become numbers; 0 is padding
# (no word at all), 1 ends a text, 2 stands for words that are too rare to have a number.

# %%
corpus = tlcourse.load_corpus(count, seed=seed)
counted = Counter(word for text in corpus.texts for word in text.split())
words = ["<none>", "<end>", "<rare>", *(word for word, _ in counted.most_common(largest_vocabulary - 3))]
number = {word: place for place, word in enumerate(words)}


def encode(text):
    return [number.get(word, 2) for word in text.split()]


def decode(numbers):
    return " ".join(words[n] for n in numbers)


for text in corpus.texts[:3]:
    print(text)
print(f"{len(corpus.texts):,} texts, {sum(counted.values()):,} words, {len(words)} of them different to the network")

# %% [markdown]
# Rows of equal length train fastest. So we lay texts one after the other, each closed by `<end>`,
# and begin a new row when one is full.


# %%
def pack(texts):
    """Return rows of `longest + 1` numbers: `<end>`, a text, `<end>`, a text, `<end>`, then padding."""
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
# ## 2. A GPT, written out
#
# Each word looks at the words before it (**attention**), then thinks about what it saw (two dense
# layers). Stack that twice, and read off a score for every word of the vocabulary: *logits* for the
# next word. The one thing that must not happen: looking at words that come later, which in training
# would mean reading off the answer. So scores of later words become -1e9 before the softmax, which
# gives them a weight of 0.


# %%
class CausalAttention(layers.Layer):
    """Mix into each word what stands at it and before it. `(batch, length, width)` -> the same."""

    def __init__(self, width, heads, causal=True, **options):
        super().__init__(**options)
        self.heads, self.depth, self.causal = heads, width // heads, causal
        self.query, self.key, self.value, self.out = (layers.Dense(width, use_bias=False, name=n) for n in "qkvo")

    def build(self, shape):
        for dense in (self.query, self.key, self.value, self.out):
            dense.build(shape)

    def split(self, x):  # (batch, length, width) -> (batch, heads, length, depth)
        return ops.transpose(ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.depth)), (0, 2, 1, 3))

    def call(self, x):
        query, key, value = (self.split(dense(x)) for dense in (self.query, self.key, self.value))
        scores = ops.matmul(query, ops.swapaxes(key, 2, 3)) / self.depth**0.5  # (batch, heads, who looks, at whom)
        place = ops.arange(ops.shape(x)[1])
        if self.causal:
            scores = ops.where(place[None] > place[:, None], -1e9, scores)
        mixed = ops.matmul(ops.softmax(scores), value)  # (batch, heads, length, depth)
        return self.out(ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, ops.shape(x)[1], self.heads * self.depth)))


# %%
class Places(layers.Layer):
    """Add to each word a vector for its place, which is learned as well."""

    def build(self, shape):
        self.table = self.add_weight(shape=(longest, shape[-1]), initializer=keras.initializers.RandomNormal(stddev=0.02))

    def call(self, x):
        return x + self.table[: ops.shape(x)[1]]


def build_gpt(causal=True):
    """Return a model from numbers of words `(batch, length)` to logits of the next word `(batch, length, vocabulary)`."""
    numbers = keras.Input((None,), dtype="int32")
    x = Places(name="places")(layers.Embedding(len(words), width, name="words")(numbers))
    for block in range(blocks):
        seen = layers.LayerNormalization(name=f"norm_a{block}")(x)
        x = x + CausalAttention(width, heads, causal, name=f"attention_{block}")(seen)
        thought = layers.Dense(4 * width, activation="gelu", name=f"think_{block}")(layers.LayerNormalization(name=f"norm_b{block}")(x))
        x = x + layers.Dense(width, name=f"answer_{block}")(thought)
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(numbers, layers.Dense(len(words), use_bias=False, name="next_word")(x))


# %% [markdown]
# Does it peek? Exchange a late word, and see which logits change.

# %%
changed = rows[:1, :longest].copy()
changed[0, 10] = 3 if changed[0, 10] != 3 else 4
for causal in (True, False):
    keras.utils.set_random_seed(seed)
    model = build_gpt(causal)
    change = np.abs(np.array(model(rows[:1, :longest]) - model(changed)))[0].max(axis=-1)
    print(f"{'with' if causal else 'without'} the mask: change before the exchanged word {change[:10].max():.4f}, from it on {change[10:].max():.4f}")
    assert (change[:10].max() == 0) == causal

# %% [markdown]
# Not a digit changes before the exchanged word. Without the mask everything does, and nobody would
# notice from the loss, except that it is too good.
#
# ## 3. Training, and one number for how good it is
#
# The loss is the cross-entropy of lesson 01, asked at every place: minus the logarithm of the
# probability that the model gave to the word that really came, **padding not counted**. Its
# exponential is the **perplexity**: among how many equally likely words the model is left guessing.
# As baseline we take the oldest language model: count which word followed which.


# %%
def losses_of(model, rows):
    """Return minus log p of each word that really came; nan where there is none."""
    log_p = np.array(ops.log_softmax(model(rows[:, :-1])))
    loss = -np.take_along_axis(log_p, rows[:, 1:, None], axis=-1)[..., 0]  # (rows, length)
    return np.where(rows[:, 1:] == 0, np.nan, loss)


def perplexity(model, rows):
    return np.exp(np.nanmean(losses_of(model, rows)))


pairs = np.full((len(words), len(words)), 0.01)  # a little for pairs that were never seen
np.add.at(pairs, (rows[:, :-1], rows[:, 1:]), 1)
chance = (pairs / pairs[:, 1:].sum(axis=1, keepdims=True))[held_rows[:, :-1], held_rows[:, 1:]]
counting = np.exp(-np.log(chance[held_rows[:, 1:] != 0]).mean())

# %%
keras.utils.set_random_seed(seed)
model = build_gpt()
untrained = perplexity(model, held_rows)
steps = epochs * len(rows) // 16
rate = keras.optimizers.schedules.CosineDecay(1e-3, steps - 100, alpha=0.05, warmup_target=6e-3, warmup_steps=100)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
model.compile(keras.optimizers.AdamW(rate, weight_decay=0.01), loss)
fitted = model.fit(rows[:, :-1], rows[:, 1:], batch_size=16, epochs=epochs, validation_data=(held_rows[:, :-1], held_rows[:, 1:]), verbose=0)
trained = perplexity(model, held_rows)
print(f"{model.count_params():,} weights. Perplexity on unseen texts: untrained {untrained:.0f} (guessing blindly: {len(words)}),")
print(f"counting pairs {counting:.1f}, this network {trained:.1f} ({np.exp(fitted.history['loss'][-1]):.1f} in training)")
assert trained < counting < untrained

# %% [markdown]
# The network is left with fewer choices than somebody who knows how often each pair of words
# occurs: it looks further back. How does it talk?
#
# ## 4. It talks, and what is missing
#
# Generating means: ask for the logits of the next word, draw one, append it, ask again. Dividing
# the logits by a **temperature** below 1 makes likely words likelier still (near 0: always the
# first choice, called *greedy*); above 1 it levels them.


# %%
def generate(model, count, length, temperature=1.0):
    """Return `count` rows of `length` numbers, each drawn from the softmax of logits / temperature."""
    rng, numbers = np.random.default_rng(seed), np.zeros((count, longest), "int32")
    numbers[:, 0] = 1  # a text begins after the end of another
    for place in range(length):
        logits = model.predict_on_batch(numbers)[:, place]  # what stands after this place is still padding, and cannot matter
        numbers[:, place + 1] = (logits / temperature + rng.gumbel(size=logits.shape)).argmax(axis=-1)  # draws from the softmax
    return numbers[:, 1 : length + 1]


talk = {temperature: generate(model, 30, 60, temperature) for temperature in (0.01, 1.0, 2.0)}
for temperature, numbers in talk.items():
    print(f"temperature {temperature}: {decode(numbers[0, :40])}\n")

# %% [markdown]
# Read the middle one closely. Most neighbours fit each other. Does the whole? Look for a thing that
# turns into another, praise that turns into complaint, a *she* that becomes a *he*. The coldest
# repeats itself, the hottest falls apart. Three measurements of what one reads there.
#
# **Loops.** Of all phrases of four words, how many are different from each other?

# %%
def phrases(rows, n):
    return [tuple(row[i : i + n]) for row in map(list, rows) for i in range(len(row) - n + 1) if 1 not in row[i : i + n]]


loops = {temperature: len(set(phrases(numbers, 4))) / len(phrases(numbers, 4)) for temperature, numbers in talk.items()}
print("different phrases of four words:", {f"temperature {t}": f"{share:.2f}" for t, share in loops.items()})
assert loops[0.01] < loops[1.0] / 2

# %% [markdown]
# **Reciting.** Does it make sentences, or does it repeat training texts? The same network, trained
# for long on 30 texts only, shows what reciting looks like. We count how many phrases stand word
# for word in the training texts; *new texts by the same author* say how many would by chance.

# %%
some = corpus.texts[:30]
reciter = build_gpt()
reciter.compile(keras.optimizers.Adam(5e-3), loss)
reciter.fit(pack(some)[:, :-1], pack(some)[:, 1:], batch_size=8, epochs=80, verbose=0)
recited = generate(reciter, 30, 60)
print(f"perplexity of the reciter: {perplexity(reciter, pack(some)):.1f} on its {len(some)} texts, {perplexity(reciter, held_rows):.0f} on unseen ones")

lengths, copied = range(2, 11), {}
for learned, made in {len(corpus.texts): talk[1.0], len(some): recited}.items():
    for name, given in {"generated": made, "new texts": [encode(text) for text in corpus.validation[:150]]}.items():
        copied[f"{name}, {learned:,} known"] = []
        for n in lengths:
            known = set(phrases([encode(text) for text in corpus.texts[:learned]], n))
            copied[f"{name}, {learned:,} known"].append(np.mean([phrase in known for phrase in phrases(given, n)]))

# %%
ax = plt.subplots(figsize=(9, 3.6), layout="constrained")[1]
plots.lines({name: (lengths, shares) for name, shares in copied.items()}, x_label="words in a phrase",
            y_label="share that stands in the training texts", title="Who has read little recites; who has read much speaks anew", ax=ax)
ax.set(ylim=(-0.03, 1.03))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
print(plots.alt_text(ax))
own, fresh, by_heart, by_chance = (shares[4] for shares in copied.values())  # phrases of six words
print(f"phrases of six words: {own:.2f} copied, {fresh:.2f} in new texts; with {len(some)} texts {by_heart:.2f} copied, {by_chance:.2f} in new texts")
assert by_heart - by_chance > 0.2 > 2 * abs(own - fresh)

# %% [markdown]
# **A short memory.** What is the beginning of a text worth for the words further on? We exchange
# the first eight words for those of another text and compare the loss from the eleventh word on.

# %%
long_texts = [encode(text)[:longest] for text in corpus.validation if len(text.split()) >= 18]
own_start = padded([[1, *text] for text in long_texts], longest + 1)
other_start = own_start.copy()
other_start[:, 1:9] = np.roll(own_start[:, 1:9], 1, axis=0)
far = [np.nanmean(losses_of(model, table)[:, 10:]) for table in (own_start, other_start)]
print(f"loss from the eleventh word on: {far[0]:.3f} after its own beginning, {far[1]:.3f} after another's")
assert far[0] < far[1]

# %% [markdown]
# ## 5. A task that it was never built for: a prompt
#
# Is a remark on a film praise or complaint? The model has no head for classes. But after some words
# of its language a word such as *good* or *bad* comes, so ask: put the text and such words, the
# **prompt**, and compare the scores of the two. Nothing is trained ("zero-shot").
#
# The test is a hard one: its remarks praise and complain in words that no labelled text contains
# (embedded), so that only the language can tell.

# %%
labelled = [tlcourse.load_opinions("train", few, seed=seed * 10 + draw) for draw in range(draws)]
test = tlcourse.load_opinions("test", 200, seed=seed)
bad_good = [number[word] for word in corpus.verdicts]
prompts = [corpus.prompt, "what a", "it was"]


def ask(texts, prompt=prompts[-1], before=()):
    """Return rows of `longest` numbers: an end, examples if any, the text, the prompt, then padding."""
    asked, room = encode(prompt), longest - 1 - len(before) - len(prompt.split())
    return padded([[1, *before, *encode(text)[:room], *asked] for text in texts], longest)


def verdicts(model, rows):
    """Return the scores of the words for bad and good, `(texts, 2)`."""
    last = (rows != 0).sum(axis=1) - 1
    return np.array(model(rows))[np.arange(len(rows)), last][:, bad_good]


def accuracy(scores):
    return np.mean(scores.argmax(axis=1) == test.labels)


# %%
zero_shot = {prompt: accuracy(verdicts(model, ask(test.texts, prompt))) for prompt in prompts}
print("zero-shot:", {prompt: f"{value:.2f}" for prompt, value in zero_shot.items()})
two_shot = []
for data in labelled:
    shortest = sorted(range(len(data)), key=lambda i: len(data.texts[i].split()))
    shown = [next(i for i in shortest if data.labels[i] == label) for label in (0, 1)]
    before = [n for i in shown for n in encode(f"{data.texts[i]} {prompts[-1]} {corpus.verdicts[data.labels[i]]} . <end>")]
    two_shot.append(accuracy(verdicts(model, ask(test.texts, before=before))))
print(f"'{prompts[-1]}' with two labelled examples before the text:", [f"{value:.2f}" for value in two_shot])

# %% [markdown]
# The same network, the same texts: on most runs **the wording decides.** (Not on all: now and then
# so short a training ends before praise and complaint have become one idea.) In the embedded corpus
# a verdict follows *in short :* after remarks on food, never after films; the network carries it
# over. GPT-2 was asked for summaries in the same way, with *TL;DR:*, because people on the web
# write that before one. For most tasks nobody has put such a turn into the corpus. Examples before
# the text, which help large models, say little to a small one: reading a task off examples is a
# skill that comes with size (Brown and others 2020).
#
# So from here on we take a prompt that was not made for this, *it was*, and add a few labels.
#
# ## 6. LoRA: learn a small correction
#
# Full fine-tuning (lesson 04) changes every weight, and each task needs its own copy of the
# network. LoRA (Hu and others 2021) freezes the network and adds a correction to a few matrices: W
# becomes W + A B, with A of shape (inputs, r) and B of shape (r, outputs). With *rank* r = 4 these
# are few numbers. A starts at random, **B at 0**: at first the correction is nothing, and the
# network answers exactly as before. Keras has it built in.

# %%
base = model.get_weights()


def build_lora(rank):
    """Return the trained network with corrections of this rank on queries and values; nothing else learns."""
    lora = build_gpt()
    lora.set_weights(base)
    for layer in lora.layers:
        layer.trainable = isinstance(layer, CausalAttention)
        if layer.trainable:
            layer.key.trainable = layer.out.trainable = False
            layer.query.enable_lora(rank)  # freezes the kernel, adds A and B. A bias would go on learning: these layers have none
            layer.value.enable_lora(rank)
    return lora


def size(model):
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


lora = build_lora(4)
one = next(layer for layer in lora.layers if isinstance(layer, CausalAttention)).query
print(f"A {one.lora_kernel_a.shape}, B {one.lora_kernel_b.shape}; {size(lora):,} of {size(model):,} numbers learn, {size(lora) / size(model):.1%}")
assert np.array_equal(np.array(lora(rows[:4, :-1])), np.array(model(rows[:4, :-1])))
assert size(lora) < 0.05 * size(model)

# %% [markdown]
# Now three networks learn from the same few labelled texts, with the prompt and the two words as
# before (so there is no new head): LoRA, all weights, and all weights from random values, without
# any pre-training.


# %%
def as_classifier(gpt):
    """Return a model from rows to the scores of bad and good after the last word."""
    last = ops.sum(ops.cast(gpt.input != 0, "int32"), axis=1) - 1
    state = ops.take_along_axis(gpt.get_layer("norm").output, last[:, None, None], axis=1)[:, 0]  # (batch, length, width) -> (batch, width)
    return keras.Model(gpt.input, ops.take(gpt.get_layer("next_word")(state), ops.array(bad_good), axis=1))


def prepare(gpt):
    classifier = as_classifier(gpt)
    classifier.compile(keras.optimizers.Adam(task_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    classifier.optimizer.build(classifier.trainable_variables)
    return classifier, [ops.convert_to_numpy(v) for v in classifier.optimizer.variables]


def begin_again(classifier, weights, state):
    classifier.set_weights(weights)
    for variable, value in zip(classifier.optimizer.variables, state, strict=True):
        variable.assign(value)


# %%
keras.utils.set_random_seed(seed)
networks = {"LoRA, rank 1": build_lora(1), "LoRA, rank 4": lora, "all weights": build_gpt(), "from random values": build_gpt()}
networks["all weights"].set_weights(base)
results, memory = {name: [] for name in networks}, {name: [] for name in networks}
for name, gpt in networks.items():
    classifier, state = prepare(gpt)
    weights = classifier.get_weights()
    for data in labelled:
        begin_again(classifier, weights, state)
        classifier.fit(ask(data.texts), data.labels, batch_size=16, epochs=passes, verbose=0)
        results[name].append(accuracy(np.array(classifier(ask(test.texts)))))
        memory[name].append(perplexity(gpt, held_rows))
    spread = f"{np.mean(results[name]):.2f} ± {np.std(results[name], ddof=1):.2f}"
    print(f"{name:<19} {size(gpt):>7,} learn: accuracy {spread}, perplexity of the language {np.mean(memory[name]):.1f}")

# %%
mean = {name: np.mean(values) for name, values in results.items()}
if not full:  # of English this network has learned too little for anything to carry over; see below
    assert mean["LoRA, rank 4"] > mean["all weights"] - 0.03
    assert min(mean["LoRA, rank 4"], mean["all weights"]) > mean["from random values"] + 0.05
assert np.mean(memory["LoRA, rank 4"]) < np.mean(memory["all weights"])

# %%
asked = {f"prompt: {prompt}": [zero_shot[prompt]] for prompt in (prompts[0], prompts[-1])} | {"it was, two examples": two_shot} | results
learns = {name: size(networks[name]) if name in networks else 0 for name in asked}
title = f"{size(lora):,} numbers that learn reach {mean['LoRA, rank 4']:.2f}, all {size(model):,} reach {mean['all weights']:.2f}"
fig, ax = plt.subplots(figsize=(8.5, 3.6), layout="constrained")
for place, (name, values) in enumerate(asked.items()):
    ax.scatter([learns[name]] * len(values), values, color=plots.colour_of(place), marker=plots.MARKERS[place], s=50, label=name)
ax.set_xscale("symlog", linthresh=100)
ax.xaxis.set_major_formatter("{x:,.0f}")
ax.set(xlim=(-20, 5e5), ylim=(0.4, 1.02), xlabel="numbers that learn; dashed: guessing", ylabel="accuracy on unseen texts", title=title)
ax.axhline(0.5, color="black", linestyle="--", linewidth=1)
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
said = "; ".join(f"{name}: {learns[name]:,} learn, accuracy {np.mean(v):.2f}" for name, v in asked.items())
plots.set_alt_text(ax, f"One mark for each draw of labels; means: {said}.")
print(plots.alt_text(ax))

# %%
fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
after = {"before": [trained]} | {name: memory[name] for name in list(networks)[:3]}
for place, values in enumerate(after.values()):
    kind = place + 2 if place else 0  # colours and marks as above
    ax.scatter(values, [place] * len(values), color=plots.colour_of(kind), marker=plots.MARKERS[kind], s=50)
ax.set(yticks=range(len(after)), yticklabels=[f"{name}: {np.mean(v):.1f}" for name, v in after.items()], ylim=(len(after) - 0.5, -0.5))
ax.set(xlabel="perplexity of the language, one mark for each draw of labels; left: their mean")
ax.set_title("Whoever learns the task forgets some of the language")
words_of_it = "; ".join(f"{name} {np.mean(v):.2f}" for name, v in after.items())
plots.set_alt_text(ax, f"Perplexity on unseen texts before and after learning the task, mean over draws: {words_of_it}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** In the embedded profile a correction of some 1,500 numbers learns the task
# about as well as all weights do, if not better: what cannot move far cannot learn the labelled
# words by heart (lessons 04 and 06). It makes the network forget far less of its language. From
# random values the network stays near guessing: all that the others know came from text without
# labels. And compare with the prompt that fits the language: it cost nothing. How much labels add
# to a poor prompt depends on how poor it was on your run. Ask well before you train.
#
# In the full profile the same network meets real English after a few hundred thousand words of it,
# and that is far too little: the beginning of a sentence tells it next to nothing (section 4), no
# prompt works, labels help little, and with all weights from random values one gets as far. Nothing
# learned, nothing carried over. GPT-2 shows on English what the embedded profile shows in small; it
# took a thousand times the weights and more.
#
# ## 7. Put on and taken off
#
# What LoRA learned is a product of two narrow matrices, and nothing else was touched. So it can be
# *merged* (added to the kernel, after which the network is as fast as before) or *taken off*: with
# B at 0 again the language is back, to the last digit. One network can serve a hundred tasks, with
# a hundred small files.

# %%
change = ops.convert_to_numpy(one.lora_kernel_a @ one.lora_kernel_b)
print(f"LoRA changed the kernel by a matrix of rank {np.linalg.matrix_rank(change)}")
for layer in lora.layers:
    if isinstance(layer, CausalAttention):
        for dense in (layer.query, layer.value):
            dense.lora_kernel_b.assign(np.zeros(dense.lora_kernel_b.shape))
print(f"perplexity with LoRA {memory['LoRA, rank 4'][-1]:.2f}, taken off {perplexity(lora, held_rows):.2f}, before {trained:.2f}")
assert np.isclose(perplexity(lora, held_rows), trained)

# %% [markdown]
# ## 8. The same with GPT-2
#
# GPT-2 (Radford and others 2019) is this network with 12 blocks of 768 numbers, 50,257 pieces of
# words and 8 million web pages: 124 million weights, half a gigabyte. KerasHub loads it by name.
# The cell runs in the full profile where there is a network, and says so where there is none.

# %%
if full and "TLCOURSE_MIRROR" not in os.environ:  # a mirror stands in for a network
    try:
        import keras_hub

        gpt2 = keras_hub.models.GPT2CausalLM.from_preset("gpt2_base_en")
        gpt2.compile(sampler=keras_hub.samplers.TopKSampler(k=50, temperature=0.9, seed=seed))
        print(gpt2.generate("The film was", max_length=30))
        gpt2.backbone.enable_lora(4)  # freezes everything, and adds A and B to queries and values, as above
        print(f"{size(gpt2):,} of {gpt2.count_params():,} numbers learn")
    except Exception as error:
        print(f"GPT-2 could not be loaded here ({type(error).__name__}). KerasHub needs a network for it, once.")
else:
    print("GPT-2 is loaded in the full profile only, where there is a network.")

# %% [markdown]
# ## What to remember
#
# - A causal language model predicts the next word from those before it. Test the mask by its
#   property: a later word must not change earlier logits.
# - Perplexity is exp of the mean loss over real words of unseen texts. Compare it with counting
#   pairs before you are impressed.
# - Fluent is not true. Measure what is copied (against new texts by the same author), what repeats,
#   and how much the beginning counts.
# - A prompt trains nothing and depends on its wording. LoRA trains a few per cent of the numbers,
#   starts exactly at the base, and can be taken off.
# - Full fine-tuning and LoRA both make the model forget a little; only LoRA can be undone.
# - What is often said, "GPT adapts with minimal architecture changes": true, and here with none.
#   Whether few labels beat a good prompt is to be measured.
#
# ## Quiz
#
# **1. A model reaches a perplexity of 1.1 on its training texts and 76 on unseen ones. What is
# it?**
#
# <details><summary>A reciter</summary>Yes. It knows its texts by heart and nothing of the language;
# lesson 06, in words.</details>
# <details><summary>An excellent language model, tested on hard texts</summary>No. Texts of the same
# author are not harder than those in training.</details>
# <details><summary>A model with a wrong mask</summary>A peeking model is too good on unseen texts
# as well.</details>
#
# **2. Why does B start at zero in LoRA, and A not?**
#
# <details><summary>So that training begins at the base, and can begin at all</summary>Yes. A B = 0
# changes nothing; but were both 0, neither would ever get a gradient.</details>
# <details><summary>Because B is the larger matrix</summary>Its size has nothing to do with
# it.</details>
# <details><summary>To save memory</summary>Zeros take as much room as other numbers.</details>
#
# **3. Half of the phrases of six words that a model generates stand in its training texts. Does it
# recite?**
#
# <details><summary>That depends on how many such phrases new texts by the same author
# contain</summary>Yes. In a small language common phrases recur without anybody reciting.</details>
# <details><summary>Yes, half is too much</summary>Without a comparison no share is too much or too
# little.</details>
# <details><summary>No, it would have to be all</summary>Reciting with gaps is reciting; but compare
# first.</details>
#
# **4. Padding was counted in the loss. What happens to the perplexity?**
#
# <details><summary>It gets too good: padding is easy to predict</summary>Yes, and better still the
# shorter the texts. Two models are then no longer comparable.</details>
# <details><summary>Nothing, padding has no meaning</summary>To the mean it is a word like
# others.</details>
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
