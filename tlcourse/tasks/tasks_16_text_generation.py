"""Tasks of lesson 16: attention that looks back only, a low-rank adapter, perplexity without padding, the share of copied phrases."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 16.1 attention that looks back only


def _attention_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    batch, length, width = int(rng.integers(2, 4)), int(rng.integers(5, 9)), int(rng.choice([9, 16, 25]))
    query, key, value = (rng.normal(0, 1.5, (batch, length, width)).astype("float32") for _ in range(3))
    place = int(rng.integers(2, length - 1))  # what stands from here on will be exchanged
    other = rng.normal(0, 1.5, (3, batch, length - place, width)).astype("float32")
    return Case(inputs={"query": query, "key": key, "value": value, "place": place, "other": other})


def _exchanged(inputs: Any) -> list[np.ndarray]:
    """Return the three inputs with other numbers from `place` on."""
    place, parts = inputs["place"], (inputs["query"], inputs["key"], inputs["value"])
    return [np.concatenate([part[:, :place], new], axis=1) for part, new in zip(parts, inputs["other"], strict=True)]


def _attention_probe(answer: Any, inputs: Any) -> Any:
    given = [inputs[name] for name in ("query", "key", "value")]
    changed, ones = _exchanged(inputs), [*given[:2], np.ones_like(given[2])]
    runs = {"given": given, "changed": changed, "ones": ones}
    return {name: array_of(call(answer, *(part.copy() for part in parts)), "the result") for name, parts in runs.items()}


def _softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _attention_judge(case: Case, evidence: Any) -> Verdict:
    inputs = case.inputs
    query, key, value, place = inputs["query"], inputs["key"], inputs["value"], inputs["place"]
    length, width = value.shape[1:]
    found = {name: need_array(evidence[name], "the result", shape=value.shape) for name in ("given", "changed", "ones")}
    back = np.tri(length, dtype=bool)

    def attend(allowed: np.ndarray, scale: float = np.sqrt(width)) -> np.ndarray:
        return _softmax(np.where(allowed, np.einsum("bqw,bkw->bqk", query, key) / scale, -1e9)) @ value

    def near(expected: np.ndarray) -> bool:
        return bool(np.allclose(found["given"], expected, atol=1e-3))

    wanted = attend(back)
    if near(wanted):
        return earned("Nothing that comes later changes what stands before, and the weights are right.")
    if not np.isfinite(found["given"]).all():
        return not_earned(
            "The first word has nothing to look at: its weights are no numbers.",
            expected="each place sees itself and what stands before it",
            received=show(found["given"][0, 0]),
            misconception="not-itself",
        )
    if near(attend(back.T)):
        return not_earned("Each place sees itself and what comes LATER.", misconception="looks-forward")
    leak = np.abs(found["given"] - found["changed"])[:, :place].max()
    if leak > 1e-4:
        scores = np.einsum("bqw,bkw->bqk", query, key) / np.sqrt(width)
        variants = {
            "zero-is-no-mask": _softmax(scores * back) @ value,
            "masked-after-softmax": (_softmax(scores) * back) @ value,
            "softmax-over-those-who-look": _softmax(np.where(back, scores, -1e9), axis=1) @ value,
            "not-itself": attend(np.tri(length, k=-1, dtype=bool)),  # the first place has nobody left, and so sees all alike
        }
        name = next((name for name, values in variants.items() if near(values)), "sees-the-future")
        return not_earned(
            f"The numbers from place {place} on were exchanged, and results before that place changed.",
            expected="no change at all",
            received=f"a change of up to {leak:.3g}",
            misconception=name,
        )
    sums = found["ones"][..., 0]
    if not np.allclose(sums, 1, atol=1e-3):
        return not_earned(
            "Where every value is 1, the result has to be 1: weights of one place sum to 1.",
            expected="1",
            received=show(sums[0]),
            misconception="weights-do-not-sum-to-one",
        )
    if near(attend(np.tri(length, k=-1, dtype=bool) | (np.arange(length) == 0))):
        return not_earned("A place does not see itself.", misconception="not-itself")
    if near(attend(np.eye(length, dtype=bool))):
        return not_earned("Each place sees itself and nothing else.", misconception="sees-itself-only")
    if near(attend(back, 1.0)) or near(attend(back, float(width))):
        return not_earned(
            "Nothing leaks, but the scores are not divided by the square root of the width.", misconception="not-scaled"
        )
    return not_earned(
        "Nothing leaks, but the weights differ.", expected=show(wanted[0, -1]), received=show(found["given"][0, -1])
    )


_ATTENTION = Task(
    id="16.1",
    title="attention that looks back only",
    points=2,
    hints=(
        "Which cells of the table (who looks, at whom) lie in the future? What score makes softmax give them nothing?",
        "np.tri(length) is 1 where place k stands not after place q. Scores elsewhere become -1e9, before softmax.",
        "scores = np.where(np.tri(length) == 1, query @ key.transpose(0, 2, 1) / np.sqrt(width), -1e9)",
    ),
    answer_name="causal_attention",
    misconceptions={
        "sees-the-future": "There is no mask, or it does not cover all later places: in training the next word could be read off.",
        "zero-is-no-mask": "A score of 0 is no mask: exp(0) = 1 is a weight like others. Use -1e9.",
        "masked-after-softmax": "After softmax it is too late: the sum below the line has seen the future. Mask the scores.",
        "weights-do-not-sum-to-one": "The weights of one place sum to 1: softmax of the masked scores, and nothing after it.",
        "softmax-over-those-who-look": "Softmax goes over the places that are looked at: the last axis of the scores.",
        "not-itself": "A place may see itself: the diagonal stays.",
        "sees-itself-only": "Places before it are what attention is for: the mask keeps the triangle, not the diagonal alone.",
        "looks-forward": "The triangle is the wrong one. The first place may see itself alone, the last one everything.",
        "not-scaled": "Divide by np.sqrt(width), the number of columns of the query.",
    },
    make_case=_attention_case,
    probe=_attention_probe,
    judge=_attention_judge,
)

# ---------------------------------------------------------------- 16.2 a low-rank adapter


def _adapter_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    wide, units, rank = int(rng.integers(9, 14)), int(rng.integers(6, 9)), int(rng.integers(2, 4))
    kernel, bias = rng.normal(size=(wide, units)).astype("float32"), rng.normal(size=units).astype("float32")
    inputs = rng.normal(size=(12, wide)).astype("float32")
    targets = rng.normal(size=(12, units)).astype("float32")
    alpha = float(2 * rank)
    return Case(inputs={"kernel": kernel, "bias": bias, "rank": rank, "alpha": alpha, "inputs": inputs, "targets": targets})


def _adapter_probe(answer: Any, inputs: Any) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    x, y = keras.ops.convert_to_tensor(inputs["inputs"]), inputs["targets"]
    base = keras.layers.Dense(inputs["kernel"].shape[1])
    base.build((None, inputs["kernel"].shape[0]))
    base.set_weights([inputs["kernel"], inputs["bias"]])
    layer = call(answer, base, inputs["rank"], inputs["alpha"])
    outputs: dict[str, Any] = {"start": array_of(call(layer, x), "the output")}
    variables = list(call(lambda: layer.trainable_variables))
    shapes = [[int(n) for n in variable.shape] for variable in variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    if variables:  # fit warns where there is nothing to train
        model = keras.Sequential([keras.Input(x.shape[1:]), layer])
        model.compile(keras.optimizers.SGD(0.05), "mse")
        call(model.fit, x, y, epochs=3, batch_size=12, verbose=0)
    outputs["trained"] = array_of(call(layer, x), "the output")
    moved = [not np.array_equal(a, keras.ops.convert_to_numpy(b)) for a, b in zip(before, variables, strict=True)]
    rng = np.random.default_rng(7)
    small = [v for v in variables if len(v.shape) == 2 and inputs["rank"] in v.shape]
    for variable in small:  # far from the start, so that a wrong factor shows
        variable.assign(rng.normal(size=variable.shape))
    outputs["set"] = array_of(call(layer, x), "the output")
    factors = [keras.ops.convert_to_numpy(v) for v in small]
    merged = call(layer.merged) if hasattr(layer, "merged") else None
    outputs["merged"] = np.zeros(0) if merged is None else array_of(call(merged, x), "the output of the merged layer")
    outputs["after"] = array_of(call(layer, x), "the output")
    return {
        **outputs,
        "shapes": shapes,
        "moved": moved,
        "factors": factors,
        "kernel": keras.ops.convert_to_numpy(base._kernel),
        "bias": keras.ops.convert_to_numpy(base.bias),
    }


def _adapter_judge(case: Case, evidence: Any) -> Verdict:
    x, kernel, bias, rank = (case.inputs[name] for name in ("inputs", "kernel", "bias", "rank"))
    wide, units = kernel.shape
    base = x @ kernel + bias
    found = {name: need_array(evidence[name], "the output", shape=base.shape) for name in ("start", "trained", "set", "after")}
    shapes = sorted(tuple(shape) for shape in evidence["shapes"])
    wanted = sorted([(wide, rank), (rank, units)])
    if shapes != wanted:
        count, right = sum(int(np.prod(shape)) for shape in shapes), rank * (wide + units)
        name = None
        if (wide, units) in shapes:
            name = "base-learns" if (wide, rank) in shapes or (rank, units) in shapes else "full-size"
        elif (units,) in shapes:
            name = "bias-learns"
        elif not shapes:
            name = "nothing-learns"
        return not_earned(
            "Other weights learn than the two small ones.",
            expected=f"shapes {wanted}, {right} numbers of {wide * units}",
            received=f"shapes {shapes}, {count} numbers",
            misconception=name,
        )
    if not np.allclose(found["start"], base, atol=1e-4):
        return not_earned(
            "Before any training the layer does not answer as its base does.",
            expected=show(base[0]),
            received=show(found["start"][0]),
            misconception="not-the-base-at-first",
        )
    if not any(evidence["moved"]):
        return not_earned("Three steps of training changed no weight at all.", misconception="both-start-at-zero")
    if not np.array_equal(need_array(evidence["kernel"], "the kernel"), kernel) or not np.array_equal(evidence["bias"], bias):
        return not_earned("The base's own weights were changed.", misconception="merge-changes-the-base")
    low = [need_array(factor, "a weight", shape=(None, None)) for factor in evidence["factors"]]
    left, right_factor = (low if low[0].shape == (wide, rank) else low[::-1])[:2]
    scale = case.inputs["alpha"] / rank
    delta = x @ left @ right_factor
    if not np.allclose(found["set"], base + scale * delta, atol=1e-2):
        forgotten = np.allclose(found["set"], base + delta, atol=1e-2)
        whole = np.allclose(found["set"], base + case.inputs["alpha"] * delta, atol=1e-2)
        return not_earned(
            "The output is not base + alpha / rank * x A B.",
            expected=show((base + scale * delta)[0]),
            received=show(found["set"][0]),
            misconception="scale-forgotten" if forgotten else "scale-without-rank" if whole else None,
        )
    if not np.allclose(found["after"], found["set"], atol=1e-3):
        return not_earned("After `merged()` the layer itself answers differently.", misconception="merge-changes-the-base")
    merged = need_array(evidence["merged"], "the output of the merged layer")
    if merged.shape != base.shape or not np.allclose(merged, found["set"], atol=1e-2):
        variants = {
            "merged-is-the-base": base,
            "merge-forgets-the-scale": base + delta,
            "merge-forgets-the-bias": found["set"] - bias,
        }
        fits = (name for name, v in variants.items() if merged.shape == v.shape and np.allclose(merged, v, atol=1e-2))
        return not_earned(
            "The merged layer answers differently from the layer with its adapter.",
            expected=show(found["set"][0]),
            received=show(merged[0] if merged.ndim > 1 else merged),
            misconception=next(fits, "no-merge" if merged.size == 0 else None),
        )
    return earned(
        f"{rank * (wide + units)} numbers learn instead of {wide * units + units}; the base is untouched, and merging changes no answer."
    )


_ADAPTER = Task(
    id="16.2",
    title="a low-rank adapter",
    points=3,
    hints=(
        "Which of A and B has to be 0 at first, so that the output is the base's, and which must not be, so that anything can learn?",
        "base.trainable = False; two add_weight: (inputs, rank) at random, (rank, units) zeros. merged() builds a NEW Dense.",
        "return self.base(x) + self.alpha / self.rank * (x @ self.a @ self.b)",
    ),
    answer_name="LowRankAdapter",
    misconceptions={
        "base-learns": "The base still learns. Freeze it: base.trainable = False.",
        "bias-learns": "The base's bias still learns. Freeze the whole layer, not its kernel alone.",
        "full-size": "An adapter of the size of the kernel saves nothing: it is the product of two narrow matrices.",
        "nothing-learns": "No weight is trainable. Add A and B with add_weight, and keep the adapter itself trainable.",
        "not-the-base-at-first": "B starts at zeros, so that training begins where the base stands.",
        "both-start-at-zero": "With A = 0 and B = 0 the gradient of both is 0 for ever. Only B starts at 0.",
        "scale-forgotten": "The adapter's part is multiplied by alpha / rank.",
        "scale-without-rank": "The factor is alpha / rank, not alpha.",
        "merge-changes-the-base": "merged() wrote into the base. Build a new Dense layer, so that the adapter can be taken off again.",
        "merged-is-the-base": "The merged layer holds the base's kernel without alpha / rank * A B.",
        "merge-forgets-the-scale": "The factor alpha / rank belongs into the merged kernel too.",
        "merge-forgets-the-bias": "The merged layer needs the base's bias as well.",
        "no-merge": "The method merged() is missing, or returns nothing.",
    },
    make_case=_adapter_case,
    probe=_adapter_probe,
    judge=_adapter_judge,
)

# ---------------------------------------------------------------- 16.3 perplexity


def _perplexity_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    vocabulary = int(rng.integers(6, 12))
    rows, lengths = 4, np.array([6, 2, 4, int(rng.integers(3, 6))])
    targets = rng.integers(1, vocabulary, (rows, 6))
    targets[np.arange(6)[None] >= lengths[:, None]] = 0
    logits = rng.normal(0, 1.5, (rows, 6, vocabulary)).astype("float32")
    uniform = np.full_like(logits, 0.7)
    large = logits + np.float32(1000)  # the same probabilities; exp of such numbers overflows
    return Case(inputs={"logits": np.stack([logits, uniform, large]), "targets": targets})


def _perplexity_probe(answer: Any, inputs: Any) -> Any:
    return {
        "found": [array_of(call(answer, logits.copy(), inputs["targets"].copy()), "the result") for logits in inputs["logits"]]
    }


def _perplexity_judge(case: Case, evidence: Any) -> Verdict:
    targets, vocabulary = case.inputs["targets"], case.inputs["logits"].shape[-1]
    values = [np.asarray(value) for value in evidence["found"]]
    if any(value.size != 1 for value in values):
        return not_earned(
            "Perplexity is one number.",
            expected="one number for all texts",
            received=show(values[0]),
            misconception="not-one-number",
        )
    if np.isfinite(values[:2]).all() and not np.isfinite(values[2]).all():
        return not_earned(
            "With logits around 1000 the result is no number, though the probabilities are the same.",
            expected=show(values[0]),
            received=show(values[2]),
            misconception="overflow",
        )
    found = np.array([need_number(value, "the result") for value in values])
    logits = case.inputs["logits"].astype(float)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # (3, rows, length, vocabulary)
    losses = -np.take_along_axis(logs, np.broadcast_to(targets[None, ..., None], (*logs.shape[:3], 1)), axis=-1)[..., 0]
    real = targets != 0
    mean = losses[:, real].mean(axis=1)
    wanted = np.exp(mean)
    if np.allclose(found, wanted, rtol=1e-3):
        return earned("exp of the mean loss over real words; a model that only guesses has the size of its vocabulary.")
    by_row = [(losses[:, row] * real[row]).sum(axis=1) / real[row].sum() for row in range(len(real))]
    variants = {
        "counts-padding": np.exp(losses.mean(axis=(1, 2))),
        "divides-by-padding-too": np.exp((losses * real).sum(axis=(1, 2)) / real.size),
        "loss-not-exp": mean,
        "two-to-the-loss": 2**mean,
        "mean-of-texts": np.exp(np.mean(by_row, axis=0)),
        "mean-of-perplexities": np.mean(np.exp(by_row), axis=0),
        "mean-of-perplexities ": np.exp(losses[:, real]).mean(axis=1),
        "not-the-targets": np.exp(-logs[:, real].mean(axis=(1, 2))),
        "mean-of-probabilities": 1 / np.exp(-losses[:, real]).mean(axis=1),
        "best-word-not-target": np.exp(-logs.max(axis=-1)[:, real].mean(axis=1)),
        "sum-not-mean": np.exp(np.minimum(losses[:, real].sum(axis=1), 700)),
        "sign-turned": np.exp(-mean),
    }
    name = next((name.strip() for name, values in variants.items() if np.allclose(found[:1], values[:1], rtol=1e-3)), None)
    return not_earned(
        f"The perplexity differs (vocabulary of {vocabulary} words).",
        expected=show(wanted),
        received=show(found),
        misconception=name,
    )


_PERPLEXITY = Task(
    id="16.3",
    title="perplexity",
    points=2,
    hints=(
        "Over which cells of the table do you take the mean: over all, or over those in which there is a word?",
        "Log-softmax without overflow: subtract the largest logit first. Then pick the target's column, keep targets != 0, mean, exp.",
        "losses = -np.take_along_axis(log_p, targets[..., None], -1)[..., 0]; return np.exp(losses[targets != 0].mean())",
    ),
    answer_name="perplexity",
    misconceptions={
        "not-one-number": "Take the mean over all real words of all texts; what is left is one number.",
        "overflow": "exp(1000) is infinite. Subtract the largest logit of each place first; softmax does not change.",
        "counts-padding": "Padding was counted as if it were words.",
        "divides-by-padding-too": "The losses of padding are 0 now, but they still count in the mean: divide by the number of real words.",
        "loss-not-exp": "That is the mean loss. Perplexity is exp of it.",
        "two-to-the-loss": "The loss uses the natural logarithm, so that the base is e, not 2.",
        "mean-of-texts": "Each word counts the same; here a word of a short text counts more.",
        "mean-of-perplexities": "First the mean of the losses, then exp; not the other way round.",
        "not-the-targets": "The loss of a place is that of the word that really stood there, not a mean over the vocabulary.",
        "mean-of-probabilities": "The mean is taken of the logarithms, not of the probabilities.",
        "best-word-not-target": "The loss of a place is that of the word that really stood there, not of the most likely one.",
        "sum-not-mean": "The mean, not the sum: a longer text is not more perplexing.",
        "sign-turned": "The loss is MINUS the logarithm of the probability.",
    },
    make_case=_perplexity_case,
    probe=_perplexity_probe,
    judge=_perplexity_judge,
)

# ---------------------------------------------------------------- 16.4 the share of copied phrases


def _copied_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    words = np.array("a b c d e f g h i j k l".split())[rng.permutation(12)]
    sentence = lambda low, high: " ".join(rng.choice(words, int(rng.integers(low, high))))  # noqa: E731
    corpus = [sentence(5, 9) for _ in range(6)]
    n = int(rng.integers(2, 4))
    joint = f"{corpus[0].split()[-1]} {corpus[1]}"  # its first phrase stands across the border of two texts of the corpus
    generated = [sentence(6, 10), corpus[2], " ".join([corpus[3]] * 2), joint, words[0], sentence(4, 8)]
    return Case(inputs={"generated": generated, "corpus": corpus, "n": n})


def _copied_probe(answer: Any, inputs: Any) -> Any:
    n = inputs["n"]
    return {
        "found": array_of(
            [call(answer, list(inputs["generated"]), list(inputs["corpus"]), k) for k in (n, n + 1)], "the result"
        )
    }


def _phrases(texts: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for words in map(str.split, texts) for i in range(len(words) - n + 1)]


def _copied_judge(case: Case, evidence: Any) -> Verdict:
    found = need_array(evidence["found"], "the result", shape=(2,))
    generated, corpus, n = (case.inputs[name] for name in ("generated", "corpus", "n"))

    def both(share: Any) -> np.ndarray:
        return np.array([share(k) for k in (n, n + 1)], float)

    def right(k: int) -> float:
        phrases, known = _phrases(generated, k), set(_phrases(corpus, k))
        return sum(phrase in known for phrase in phrases) / len(phrases)

    def different(k: int) -> float:
        phrases = set(_phrases(generated, k))
        return len(phrases & set(_phrases(corpus, k))) / len(phrases)

    def across(k: int) -> float:
        phrases, known = _phrases(generated, k), set(_phrases([" ".join(corpus)], k))
        return sum(phrase in known for phrase in phrases) / len(phrases)

    def letters(k: int) -> float:
        known = {text[i : i + k] for text in corpus for i in range(len(text) - k + 1)}
        phrases = [text[i : i + k] for text in generated for i in range(len(text) - k + 1)]
        return sum(phrase in known for phrase in phrases) / len(phrases)

    def of_corpus(k: int) -> float:
        phrases, known = _phrases(corpus, k), set(_phrases(generated, k))
        return sum(phrase in known for phrase in phrases) / len(phrases)

    wanted = both(right)
    if np.allclose(found, wanted, atol=1e-6):
        return earned("Every phrase counts once for each time it was generated.")
    variants = {
        "different-phrases": both(different),
        "across-the-border": both(across),
        "letters-not-words": both(letters),
        "share-of-the-corpus": both(of_corpus),
        "share-of-new-ones": 1 - wanted,
        "whole-texts": both(lambda k: np.mean([text in corpus for text in generated])),
        "per-cent": 100 * wanted,
        "one-word-short": np.array([right(n - 1), right(n)]),
    }
    name = next((name for name, values in variants.items() if np.allclose(found, values, atol=1e-6)), None)
    return not_earned("The share differs.", expected=show(wanted), received=show(found), misconception=name)


_COPIED = Task(
    id="16.4",
    title="the share of copied phrases",
    points=1,
    hints=(
        "A phrase of n words: where can it begin in a text of m words, and may it run from one text into the next?",
        "List all phrases of the generated texts, with repeats; a set for those of the corpus; then the share that is in the set.",
        "phrases = [tuple(w[i:i+n]) for w in map(str.split, generated) for i in range(len(w) - n + 1)]",
    ),
    answer_name="copied_share",
    misconceptions={
        "different-phrases": "A phrase that was generated twice counts twice: a list for the generated ones, a set for the corpus alone.",
        "across-the-border": "The corpus was glued together: phrases that run from one text into the next do not stand in it.",
        "letters-not-words": "Phrases are made of words: split the text first.",
        "share-of-the-corpus": "Asked is how much of what was GENERATED stands in the corpus, not the other way round.",
        "share-of-new-ones": "That is the share of phrases that are new.",
        "whole-texts": "Phrases of n words are compared, not whole texts.",
        "per-cent": "A share between 0 and 1, not per cent.",
        "one-word-short": "A phrase of n words is words[i : i + n].",
    },
    make_case=_copied_case,
    probe=_copied_probe,
    judge=_copied_judge,
)

TASKS = (_ATTENTION, _ADAPTER, _PERPLEXITY, _COPIED)
