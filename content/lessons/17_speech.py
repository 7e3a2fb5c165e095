# %% [markdown]
# # 17 · Speech
#
# A spoken word is a row of 8,000 numbers a second, and no two people say it alike. This lesson
# turns sound into an image of its frequencies, gives that image to a network that has already
# listened to sixty other words, and teaches it ten new ones from a few clips each. Then it asks the
# question that decides whether such a result is worth anything: does it work for a speaker that the
# network has never heard?
#
# **After this lesson you can**
# - turn a sound file into a spectrogram, and say what each axis means;
# - compare training from scratch, frozen features and fine-tuning over clips per word;
# - split by speaker, and say how much a random split would have promised too much;
# - write SpecAugment, and measure whether it helps with new speakers;
# - measure what a change of the kind of speech costs, and how few new clips repair it.
#
# **Time:** 45 minutes. **It presumes** lessons 02, 04 and 11. Files of your own need the extra
# `audio`.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio, display
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tqdm.auto import tqdm

from tlcourse import audio, evaluate, plots
from tlcourse.audio.layers import mel_filters

# %%
# Settings
full = tlcourse.profile() == "full"
sizes = (1, 4, 8)  # clips of each word to learn from
draws, tuned_draws = 5, 2  # repeats with other speakers and clips; training a network costs more
strength = 0.1  # of the linear classifiers
scratch_epochs, tuned_epochs = 20, 5
seconds = 0.64  # of a clip; the words last 0.4 on average

# %% [markdown]
# ## 1. Hear it
#
# The ten digits, in English. The *embedded* ones are spoken by a synthesiser in twenty voices, each
# with its own accent, room and microphone; the *full* ones are recordings of six people. None of
# these words and voices took part in the pre-training of the encoder below.

# %%
words = audio.load_spoken_words(seconds=seconds)
rate = words.sample_rate
print(words, words.origin, words.licence, sep="\n")
speakers = np.unique(words.groups)
seven = words.class_names.index("seven")
heard = [
    np.flatnonzero((words.labels == seven) & (words.groups == who))[0] for who in speakers[:2]
]
for place in heard:
    print(f"{words.class_names[words.labels[place]]}, spoken by {words.groups[place]}")
    display(Audio(words.waveforms[place], rate=rate))

# %% [markdown]
# Samples lie between -1 and 1. A file stores them as whole numbers, often of 16 bits: divide by
# 32768. `audio.read_sound` does that for every format, averages the channels and changes the
# *sample rate*, the number of samples per second.
#
# ## 2. See it
#
# The ear hears frequencies, not samples. Cut the sound into short overlapping frames, and measure
# in each how strong every frequency is. A table that says how strong each frequency is at each time
# is called a **spectrogram**. Two changes bring it closer to hearing: bands that are narrow at low
# frequencies and wide at high ones (the *mel* scale), and decibels, the logarithm of the power. 40
# bands are left of each frame.


# %%
def log_mel(sound, rate, bands=40, window=0.025, hop=0.010):
    """Return `(frames, bands)` in decibels, of one waveform."""
    window, hop = round(window * rate), round(hop * rate)
    size = 2 ** int(np.ceil(np.log2(window)))  # of the Fourier transform
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    left = (size - window) // 2
    hann = np.pad(hann / hann.sum(), (left, size - window - left))
    starts = np.arange(0, len(sound) - size + 1, hop)
    frames = np.stack([sound[start : start + size] for start in starts]) * hann
    power = np.abs(np.fft.rfft(frames)) ** 2
    return 10 * np.log10(np.maximum(power @ mel_filters(rate, size, bands, 60, 3800), 1e-14))


by_hand = log_mel(words.waveforms[heard[0]], rate)
by_layer = np.asarray(audio.LogMel(rate)(words.waveforms[heard[:1]]))[0]
print(f"{words.waveforms.shape[1]} samples -> {by_hand.shape}: frames, bands")
assert np.abs(by_hand - by_layer).max() < 0.1  # decibels

# %%
edges = audio.layers.mel_to_hertz(np.linspace(*audio.layers.hertz_to_mel([60, 3800]), 41))
fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharey=True, layout="constrained")
for ax, place in zip(axes, heard, strict=True):
    table = log_mel(words.waveforms[place], rate)
    times = np.arange(len(table) + 1) * 0.010
    mesh = ax.pcolormesh(times, edges, np.maximum(table - table.max(), -60).T, cmap="magma")
    ax.set(xlabel="time in seconds", title=f'"seven", spoken by {words.groups[place]}')
axes[0].set(ylabel="frequency in hertz (mel bands)")
fig.colorbar(mesh, ax=axes, label="decibels below the loudest place")
names = " and ".join(str(words.groups[place]) for place in heard)
told = f'Spectrograms of "seven" by {names}: time in seconds, 60 to 3,800 hertz, -60 to 0 decibels.'
plots.set_alt_text(fig, told + " A hiss at the top is followed by bands of the vowels below.")
print(plots.alt_text(fig))

# %% [markdown]
# **What to notice.** The hiss of the *s* stands at the top, the vowels are stripes below. Both
# speakers show the same order of things, at other places and speeds, and with other noise.
#
# ## 3. An encoder that has listened before
#
# `tiny_speech` is a small convolutional network. Its first layer computes the spectrogram, so
# waveforms go in. It learned to tell sixty words of a synthesiser, none of them a digit, in noise
# and echo. Its features are the mean and the maximum over time of its last layer.

# %%
encoder = audio.load_audio_encoder(rate)
untrained = audio.load_audio_encoder(rate, weights=None)
print(f"{encoder.name}: {encoder.count_params():,} weights, {encoder.output_shape[1]} features")


def run(model, waveforms, batch_size=64):
    """Return what a model in inference mode computes for each waveform."""
    starts = range(0, len(waveforms), batch_size)
    batches = (waveforms[start : start + batch_size] for start in starts)
    return np.concatenate([np.asarray(model(batch, training=False)) for batch in batches])


spectrograms = run(keras.Sequential([audio.LogMel(rate), audio.LevelFromPeak()]), words.waveforms)
features = {
    "bands over time": np.hstack([spectrograms.mean(axis=1), spectrograms.std(axis=1)]),
    "random weights": run(untrained, words.waveforms),
    "frozen encoder": run(encoder, words.waveforms),
}

# %% [markdown]
# ## 4. Speakers on one side only
#
# In a random split, clips of one speaker lie on both sides. In a **speaker-disjoint split**, every
# speaker is either in the training or in the test data. Only the second one measures what a new
# customer will experience.


# %%
def split_by_speaker(speakers, test_fraction, seed):
    """Return the positions of training and test clips; no speaker is in both."""
    names, of = np.unique(speakers, return_inverse=True)
    held = int(np.clip(round(test_fraction * len(names)), 1, len(names) - 1))
    chosen = np.random.default_rng(seed).permutation(len(names))[:held]
    test = np.isin(of, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)


train, test = split_by_speaker(words.groups, 0.3, seed)
assert not set(words.groups[train]) & set(words.groups[test])
same = audio.split_by_speaker(words.groups, 0.3, seed)
assert all(np.array_equal(a, b) for a, b in zip((train, test), same, strict=True))
print(f"{len(train)} clips to learn from, {len(test)} of other speakers to test on")


# %%
def known_and_new(draw):
    """Return clips to draw from, clips of the same speakers to test on, and of new speakers."""
    old, new = split_by_speaker(words.groups, 0.3, seed + draw)
    shuffled = np.random.default_rng([seed, draw]).permutation(old)
    return shuffled[: len(old) // 2], shuffled[len(old) // 2 :], new


probes = {name: np.zeros((draws, len(sizes), 2)) for name in features}
for draw in range(draws):
    pool, known, new = known_and_new(draw)
    for column, size in enumerate(sizes):
        learn = words.positions_per_class(size, seed + draw, among=pool)
        for name, table in features.items():
            for kind, there in enumerate((known, new)):
                probes[name][draw, column, kind] = evaluate.linear_probe(
                    table[learn],
                    words.labels[learn],
                    table[there],
                    words.labels[there],
                    strength=strength,
                )

# %%
gaps = {name: table[:, -1, 0] - table[:, -1, 1] for name, table in probes.items()}
for name, table in probes.items():
    known, new = table[:, -1].mean(axis=0)
    print(f"{name:<16} same speakers {known:.2f}, new speakers {new:.2f}", end="; ")
    print(f"promised too much: {gaps[name].mean():+.2f} ± {gaps[name].std(ddof=1):.2f}")
last = {name: table[:, -1, 1].mean() for name, table in probes.items()}
assert last["frozen encoder"] > last["random weights"] + 0.25
assert last["frozen encoder"] > last["bands over time"] + (0.05 if full else 0.25)

# %% [markdown]
# **What to notice.** "Same speakers" is what a random split reports. Features that describe the
# *voice* and the room lose most when the speaker changes. Among twenty synthetic voices the frozen
# encoder loses next to nothing. With six people it lost .15 when we ran it (full profile, seed 0),
# and the bands .20: four voices say little about the fifth. If you choose between methods by a
# random split, you choose with the wrong number.
#
# ## 5. Three strategies
#
# All test on new speakers. *From scratch* trains the same network from random values. *Frozen*
# trains only a linear classifier. *Fine-tuned* begins with that classifier as its head and then
# trains everything with a low learning rate; BatchNorm keeps its statistics.


# %%
def classifier(base, rate_of_learning, training):
    """Return a model: an encoder and a head for ten words."""
    sounds = keras.Input((words.waveforms.shape[1],))
    head = keras.layers.Dense(len(words.class_names), name="head")
    model = keras.Model(sounds, head(base(sounds, training=training)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate_of_learning), loss)
    return model


def probe_for_head(table, labels):
    """Return the kernel and bias of a linear classifier on standardised features."""
    scaler = StandardScaler().fit(table)
    found = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(table), labels)
    kernel = found.coef_.T / scaler.scale_[:, None]
    return kernel, found.intercept_ - scaler.mean_ @ kernel


# %% [markdown]
# SpecAugment (Park and others 2019) is data augmentation on the spectrogram: it hides a random band
# of frequencies and a random stretch of time. It might keep the network from relying on one detail
# of a voice. We train *from scratch* with it as well, at the largest size.


# %%
def spec_augment(table, bands, frames, rng):
    """Return a copy of `(frames, bands)` with one band and one stretch set to the mean."""
    hidden = np.zeros(table.shape, bool)
    for axis, largest in ((0, frames), (1, bands)):
        width = rng.integers(0, largest + 1)
        start = rng.integers(0, table.shape[axis] - width + 1)
        np.moveaxis(hidden, axis, 0)[start : start + width] = True
    return np.where(hidden, table.mean(), table)


examples = [by_hand, spec_augment(by_hand, 8, 15, np.random.default_rng(seed + 1))]
fig, axes = plt.subplots(1, 2, figsize=(10, 3), sharey=True, layout="constrained")
for ax, table, title in zip(axes, examples, ("as it is", "with SpecAugment"), strict=True):
    times = np.arange(len(table) + 1) * 0.010
    ax.pcolormesh(times, edges, np.maximum(table - by_hand.max(), -60).T, cmap="magma")
    ax.set(xlabel="time in seconds", title=f'"seven", {title}')
axes[0].set(ylabel="frequency in hertz (mel bands)")
share = np.mean(examples[0] != examples[1])
plots.set_alt_text(fig, f"The same spectrogram twice; on the right {share:.0%} of it are hidden.")
print(plots.alt_text(fig))

# %%
keras.utils.set_random_seed(seed)
models = {
    "from scratch": classifier(audio.load_audio_encoder(rate, weights=None), 2e-3, None),
    "with SpecAugment": classifier(
        audio.load_audio_encoder(rate, weights=None, spec_augment=True), 2e-3, None
    ),
    "fine-tuned": classifier(audio.load_audio_encoder(rate), 2e-4, False),
}
first = {name: model.get_weights() for name, model in models.items()}


def trained_scores(name, learn, tests):
    """Train a model from its first values; return its accuracy on each test set."""
    model, labels = models[name], words.labels[learn]
    model.set_weights(first[name])
    if name == "fine-tuned":
        head = probe_for_head(features["frozen encoder"][learn], labels)
        model.get_layer("head").set_weights(head)
    tlcourse.reset_optimizer(model)
    epochs = tuned_epochs if name == "fine-tuned" else scratch_epochs
    model.fit(words.waveforms[learn], labels, epochs=epochs, batch_size=20, verbose=0)
    predictions = [run(model, words.waveforms[places]).argmax(axis=1) for places in tests]
    return [np.mean(p == words.labels[t]) for p, t in zip(predictions, tests, strict=True)]


# %%
tuned = {name: np.full((tuned_draws, len(sizes), 2), np.nan) for name in models}
runs = [(d, c, n) for d in range(tuned_draws) for c in range(len(sizes)) for n in models]
for draw, column, name in tqdm(runs, desc="training"):
    if name == "with SpecAugment" and sizes[column] != sizes[-1]:
        continue
    pool, known, new = known_and_new(draw)
    learn = words.positions_per_class(sizes[column], seed + draw, among=pool)
    tuned[name][draw, column] = trained_scores(name, learn, (known[:200], new[:300]))

# %%
curves = {
    "from scratch": tuned["from scratch"][:, :, 1],
    "bands over time": probes["bands over time"][:, :, 1],
    "random weights": probes["random weights"][:, :, 1],
    "frozen encoder": probes["frozen encoder"][:, :, 1],
    "fine-tuned": tuned["fine-tuned"][:, :, 1],
}
fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
title = "Words of new speakers: features that listened before need few clips"
plots.accuracy_over_labels(sizes, curves, chance=1 / len(words.class_names), title=title, ax=ax)
ax.set(xlabel="clips per word (logarithmic)", ylim=(0, 1))
print(plots.alt_text(ax))

# %%
for name, table in curves.items():
    shown = ", ".join(f"{m:.2f} at {size}" for m, size in zip(table.mean(axis=0), sizes))
    print(f"{name:<16} {shown}")
gain = tuned["fine-tuned"][..., 1] - probes["frozen encoder"][:tuned_draws, :, 1]
print("fine-tuned minus frozen, same clips:", np.round(gain.mean(axis=0), 2))
few = sizes.index(4)
ahead = curves["frozen encoder"][:tuned_draws, few] - curves["from scratch"][:, few]
print(f"frozen minus from scratch at 4 clips per word: {ahead.mean():+.2f}")
assert ahead.mean() > 0.15

# %%
augmented, plain = (tuned[name][:, -1] for name in ("with SpecAugment", "from scratch"))
for name, table in (("from scratch", plain), ("with SpecAugment", augmented)):
    known, new = table.mean(axis=0)
    print(f"{name:<17} same speakers {known:.2f}, new {new:.2f}, gap {known - new:+.2f}")
change = (augmented[:, 0] - augmented[:, 1]) - (plain[:, 0] - plain[:, 1])
print(f"SpecAugment changed the gap between speakers by {change.mean():+.2f}")

# %% [markdown]
# **What to notice.** With one clip per word the frozen encoder is already far ahead. On synthetic
# voices fine-tuning adds little or nothing; on recordings of people it added .04 to .13 when we ran
# it, because they differ more from what the encoder knows. Measure before you pay for it.
# "SpecAugment reduces the gap between speakers" is a claim that two draws cannot decide, so nothing
# is asserted. Over five seeds the change was -.01 ± .04 with the synthetic voices: no effect.
#
# ## 6. Another kind of speech
#
# Training data that a machine spoke cost nothing. Are they worth anything for people? That is the
# shift from *synthetic to real* speech, and in the full profile you measure it: the embedded digits
# are the source, the recordings the target. In the embedded profile there are no recordings, so the
# shift is a smaller one: from British accents to all others, both synthetic. Speakers of the test
# are new in either case.

# %%
if full:
    source, target = audio.load_spoken_words("embedded", seconds), words
    names = ("synthetic", "people")
else:
    british = np.char.startswith(words.accents.astype(str), "en-gb")
    source, target = words.subset(british), words.subset(~british)
    names = ("British accents", "other accents")
source_rows, target_rows = (
    run(encoder, part.waveforms) for part in (source, target)
)
print(f"source: {names[0]}, {len(source)} clips; target: {names[1]}, {len(target)} clips")

# %%
extra = 2  # clips of each word from the target
ways = ("source only", f"{extra} target clips", "both")
shift = np.zeros((draws, len(ways)))
for draw in range(draws):
    pool, new = audio.split_by_speaker(target.groups, 0.3, seed + draw)
    learn = target.positions_per_class(extra, seed + draw, among=pool)
    from_source = source_rows, source.labels
    from_target = target_rows[learn], target.labels[learn]
    repeated = [np.repeat(part, 10, axis=0) for part in from_target]  # few clips, more weight
    both = [np.concatenate(pair) for pair in zip(from_source, repeated, strict=True)]
    for column, (rows, labels) in enumerate((from_source, from_target, both)):
        shift[draw, column] = evaluate.linear_probe(
            rows, labels, target_rows[new], target.labels[new], strength=strength
        )

# %%
for name, values in zip(ways, shift.T, strict=True):
    print(f"{name:<15} {values.mean():.2f} ± {values.std(ddof=1):.2f}")
fig, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
style = {"color": plots.colour_of(0), "height": 0.6, "capsize": 4}
ax.barh(ways[::-1], shift.mean(axis=0)[::-1], xerr=shift.std(axis=0, ddof=1)[::-1], **style)
ax.axvline(0.1, color="black", linestyle="--", linewidth=1)
ax.set(xlim=(0, 1), xlabel=f"accuracy on new speakers: {names[1]} (dashed: guessing)")
ax.set_title(f"From {names[0]} to {names[1]}")
told = "; ".join(f"{name} {mean:.2f}" for name, mean in zip(ways, shift.mean(axis=0)))
plots.set_alt_text(ax, f"Bar chart of accuracy, mean over {draws} draws: {told}.")
print(plots.alt_text(ax))

# %% [markdown]
# **What to notice.** Two clips per word of the target, taken from other speakers than the test, are
# the honest competitor of a large source. Between accents of one synthesiser the source is enough:
# the shift is small, and the embedded profile cannot show more than that. From synthetic speech to
# people it is much larger. We measured it on the Free Spoken Digit Dataset: see the
# [model card](../docs/model_cards/tiny_speech.md). A result on synthetic speech is a promise, not
# yet a measurement.
#
# ## 7. Your own recordings
#
# One folder per word, `.wav` files of any sample rate, bit depth and number of channels:
#
# ```python
# mine = audio.load_sound_folder("recordings", speaker_of=lambda name: name.split("_")[0])
# train, test = audio.split_by_speaker(mine.groups)
# ```
#
# Files that are empty, too short or hold NaN are refused by name; silent and clipped ones give a
# warning. Three mistakes give no error at all in other libraries, and the doctor of lesson 05 looks
# for them: whole numbers that nobody scaled, a sample rate that is not the encoder's, and speakers
# in two splits.
#
# ## What to remember
#
# - A spectrogram turns sound into an image of frequencies over time; the encoder contains it, and
#   expects waveforms between -1 and 1 at its own sample rate.
# - Split by speaker. A random split reports how well the system knows the voices it has heard.
# - With few clips per word, features that learned on other words are far ahead of training from
#   scratch.
# - Measure every augmentation on new speakers; a good name is no evidence.
# - A few clips of the new kind of speech are worth a lot beside many of the old kind.
#
# ## Quiz
#
# **1. A keyword system reaches 0.97 in a random split and 0.81 with new speakers. Which number goes
# into the report?**
#
# <details><summary>0.81, if new people will use it</summary>Yes. The other one also measures how
# well the voices were memorized.</details>
# <details><summary>0.97, because more data were tested</summary>The number of clips does not matter
# if the speakers are known.</details>
# <details><summary>The mean of both</summary>It describes no situation that exists.</details>
#
# **2. You read a file as 16-bit whole numbers and pass them, cast to float, to the encoder. What
# happens?**
#
# <details><summary>The values are 32,768 times too large; other networks fail
# silently</summary>Yes. This encoder measures from the loudest place and forgives it; many do not.
# Scale anyway.</details>
# <details><summary>Nothing, loudness never matters</summary>It matters to every network that does
# not remove it.</details>
# <details><summary>Keras raises an error</summary>No: floats are floats.</details>
#
# **3. Recordings at 16,000 Hz go into an encoder for 8,000 Hz unchanged. What does it hear?**
#
# <details><summary>Speech at half the speed and an octave too low</summary>Yes: the same samples
# last twice as long. Resample first.</details>
# <details><summary>The same, only more exactly</summary>It cannot know the rate: it sees only
# numbers.</details>
# <details><summary>Only noise</summary>It is still speech, but slow and low.</details>
#
# ## Read on
#
# - Park and others (2019): SpecAugment, a simple data augmentation method for automatic speech
#   recognition. arXiv 1904.08779
# - Warden (2018): Speech Commands, a dataset for limited-vocabulary speech recognition. arXiv
#   1804.03209
# - Baevski and others (2020): wav2vec 2.0, self-supervised learning of speech representations.
#   arXiv 2006.11477
# - Radford and others (2022): Robust speech recognition via large-scale weak supervision (Whisper).
#   arXiv 2212.04356
