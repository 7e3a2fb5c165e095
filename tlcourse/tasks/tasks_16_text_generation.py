"""Tasks of lesson 16: causal self-attention, a low-rank adapter, perplexity without padding, the share of copied phrases."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.checks import Case, Task, Verdict, array_of, call, earned, need_array, need_number, not_earned, show

# ---------------------------------------------------------------- 16.1 causal self-attention


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
        return earned("No later place changes an earlier result, and the weights are right.")
    finite = np.isfinite(found["given"])
    if not finite.all():
        others = attend(np.tri(length, k=-1, dtype=bool))[:, 1:]
        without_itself = not finite[:, 0].any() and np.allclose(found["given"][:, 1:], others, atol=1e-3)
        place = int(np.flatnonzero(~finite.all(axis=(0, 2)))[0])
        return not_earned(
            f"The result at place {place} holds nan or infinite values.",
            expected="a weighted mean over places 0 to q at place q",
            received=show(found["given"][0, place, :4]),
            misconception="not-itself" if without_itself else None,
        )
    if near(attend(back.T)):
        return not_earned("Each place uses itself and LATER places.", misconception="looks-forward")
    leak = np.abs(found["given"] - found["changed"])[:, :place].max()
    if leak > 1e-4:
        scores = np.einsum("bqw,bkw->bqk", query, key) / np.sqrt(width)
        variants = {
            "zero-is-no-mask": _softmax(scores * back) @ value,
            "masked-after-softmax": (_softmax(scores) * back) @ value,
            "softmax-over-the-wrong-axis": _softmax(np.where(back, scores, -1e9), axis=1) @ value,
            "not-itself": attend(np.tri(length, k=-1, dtype=bool)),  # the first place has no place left, and averages all
        }
        name = next((name for name, values in variants.items() if near(values)), "sees-the-future")
        return not_earned(
            f"The inputs from place {place} on were replaced, and results before that place changed.",
            expected="no change at all",
            received=f"a change of up to {leak:.3g}",
            misconception=name,
        )
    sums = found["ones"][..., 0]
    if not np.allclose(sums, 1, atol=1e-3):
        return not_earned(
            "If every value is 1, the result has to be 1, because the weights of one place sum to 1.",
            expected="1",
            received=show(sums[0]),
            misconception="weights-do-not-sum-to-one",
        )
    if near(attend(np.tri(length, k=-1, dtype=bool) | (np.arange(length) == 0))):
        return not_earned("A place does not use itself.", misconception="not-itself")
    if near(attend(np.eye(length, dtype=bool))):
        return not_earned("Each place uses only itself.", misconception="sees-itself-only")
    if near(attend(back, 1.0)) or near(attend(back, float(width))):
        return not_earned(
            "No later place is used, but the scores are not divided by the square root of the width.",
            expected=show(wanted[0, -1, :4]),
            received=show(found["given"][0, -1, :4]),
            misconception="not-scaled",
        )
    return not_earned(
        "No later place is used, but the weights differ.", expected=show(wanted[0, -1]), received=show(found["given"][0, -1])
    )


_ATTENTION = Task(
    id="16.1",
    title="causal self-attention",
    points=2,
    hints=(
        "Which entries of the table of scores (place q in rows, place k in columns) belong to later places? Which score gives weight 0?",
        "`np.tri(length)` is 1 where place k is not after place q. The other scores become -1e9, before the softmax.",
        "`query @ key.transpose(0, 2, 1)` is the table of scores; divide it by `np.sqrt(width)`. `np.where` masks it.",
    ),
    answer_name="causal_attention",
    misconceptions={
        "sees-the-future": "Later places change earlier results: in training the model could read the next word. Mask all later places.",
        "zero-is-no-mask": "A score of 0 does not mask a place, because exp(0) = 1 is a weight like others. Use -1e9.",
        "masked-after-softmax": "The mask came after the softmax, whose sum already contains later places. Mask the scores.",
        "weights-do-not-sum-to-one": "The weights of one place must sum to 1: use the softmax of the masked scores, and nothing after it.",
        "softmax-over-the-wrong-axis": "The softmax goes over the last axis of the scores, the places that are averaged.",
        "not-itself": "A place uses itself, too: keep the diagonal.",
        "sees-itself-only": "A place also uses the places before it: keep the whole triangle, not only the diagonal.",
        "looks-forward": "This is the wrong triangle. The first place uses only itself, the last one uses all places.",
        "not-scaled": "Divide by `np.sqrt(width)`, the square root of the number of columns of the query.",
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
    zeros = [not value.any() for value in before]
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
    untouched = np.array_equal(keras.ops.convert_to_numpy(base._kernel), inputs["kernel"])
    untouched = untouched and np.array_equal(keras.ops.convert_to_numpy(base.bias), inputs["bias"])
    merged = call(layer.merged) if hasattr(layer, "merged") else None
    outputs["merged"] = np.zeros(0) if merged is None else array_of(call(merged, x), "the output of the merged layer")
    outputs["after"] = array_of(call(layer, x), "the output")
    return {
        **outputs,
        "shapes": shapes,
        "moved": moved,
        "zeros": [bool(zero) for zero in zeros],
        "untouched_before_merging": bool(untouched),
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
            "The weights that learn are not just the two small ones.",
            expected=f"shapes {wanted}, {right} numbers of {wide * units}",
            received=f"shapes {shapes}, {count} numbers",
            misconception=name,
        )
    if not np.allclose(found["start"], base, atol=1e-4):
        return not_earned(
            "Before any training the output is not that of the base.",
            expected=show(base[0]),
            received=show(found["start"][0]),
            misconception="not-the-base-at-first",
        )
    if not any(evidence["moved"]):
        name = "both-start-at-zero" if all(evidence["zeros"]) else None
        return not_earned("Three steps of training changed no weight at all.", misconception=name)
    if not np.array_equal(need_array(evidence["kernel"], "the kernel"), kernel) or not np.array_equal(evidence["bias"], bias):
        name = "merge-changes-the-base" if evidence["untouched_before_merging"] else None
        return not_earned("The weights of the base were changed.", misconception=name)
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
        return not_earned(
            "After `merged()` the output of the layer itself is different.", misconception="merge-changes-the-base"
        )
    merged = need_array(evidence["merged"], "the output of the merged layer")
    if merged.shape != base.shape or not np.allclose(merged, found["set"], atol=1e-2):
        variants = {
            "merged-is-the-base": base,
            "merge-forgets-the-scale": base + delta,
            "merge-forgets-the-bias": found["set"] - bias,
        }
        fits = (name for name, v in variants.items() if merged.shape == v.shape and np.allclose(merged, v, atol=1e-2))
        return not_earned(
            "The output of the merged layer is not that of the layer with its adapter.",
            expected=show(found["set"][0]),
            received=show(merged[0] if merged.ndim > 1 else merged),
            misconception=next(fits, "no-merge" if merged.size == 0 else None),
        )
    return earned(
        f"{rank * (wide + units)} weights learn instead of {wide * units + units}; the base is unchanged, and merging changes no output."
    )


_ADAPTER = Task(
    id="16.2",
    title="a low-rank adapter",
    points=3,
    hints=(
        "One of A and B must be 0 at first, for the output of the base. The other must not be 0, or nothing can learn. Which is which?",
        "Set `base.trainable = False`. Two `add_weight`: (inputs, rank) at random, (rank, units) zeros. `merged()` builds a NEW Dense.",
        "The correction is `x @ self.a @ self.b`, multiplied by alpha / rank. The merged kernel adds the same product.",
    ),
    answer_name="LowRankAdapter",
    misconceptions={
        "base-learns": "The base still learns. Freeze it: `base.trainable = False`.",
        "bias-learns": "A bias learns, too. Freeze the whole base layer, and give the adapter no bias.",
        "full-size": "An adapter of the size of the kernel saves nothing: use the product of two narrow matrices.",
        "nothing-learns": "No weight is trainable. Add A and B with `add_weight`, and keep the adapter itself trainable.",
        "not-the-base-at-first": "B starts at 0: then training starts exactly at the base.",
        "both-start-at-zero": "With A = 0 and B = 0 the gradient of both stays 0. Only B starts at 0.",
        "scale-forgotten": "The correction is multiplied by alpha / rank.",
        "scale-without-rank": "The factor is alpha / rank, not alpha.",
        "merge-changes-the-base": "`merged()` changed the base. Build a new Dense layer: then the adapter can be removed again.",
        "merged-is-the-base": "The merged layer holds the kernel of the base without alpha / rank * A B.",
        "merge-forgets-the-scale": "The factor alpha / rank belongs in the merged kernel, too.",
        "merge-forgets-the-bias": "The merged layer needs the bias of the base as well.",
        "no-merge": "The method `merged()` is missing, or returns nothing.",
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
    while True:  # until no two rules, right or wrong, give nearly the same number
        targets = rng.integers(1, vocabulary, (rows, 6))
        targets[np.arange(6)[None] >= lengths[:, None]] = 0
        logits = rng.normal(0, 1.5, (rows, 6, vocabulary)).astype("float32")
        numbers = np.sort([values[0] for values in _perplexities(logits[None], targets).values()])
        if (np.diff(numbers) > 0.01 * numbers[1:]).all():
            break
    uniform = np.full_like(logits, 0.7)
    large = logits + np.float32(1000)  # the same probabilities; exp of such numbers overflows
    return Case(inputs={"logits": np.stack([logits, uniform, large]), "targets": targets})


def _perplexities(logits: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Return the perplexity, "right", and what each known mistake makes of it, an array with one number for each set of logits."""
    logits = logits.astype(float)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # (sets, rows, length, vocabulary)
    losses = -np.take_along_axis(logs, np.broadcast_to(targets[None, ..., None], (*logs.shape[:3], 1)), axis=-1)[..., 0]
    real = targets != 0
    mean = losses[:, real].mean(axis=1)
    by_row = [(losses[:, row] * real[row]).sum(axis=1) / real[row].sum() for row in range(len(real))]
    return {
        "right": np.exp(mean),
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
            "With logits around 1000 the result is nan or infinite, although the probabilities are the same.",
            expected=show(values[0]),
            received=show(values[2]),
            misconception="overflow",
        )
    found = np.array([need_number(value, "the result") for value in values])
    variants = _perplexities(case.inputs["logits"], targets)
    wanted = variants.pop("right")
    if np.allclose(found, wanted, rtol=1e-3):
        return earned("This is exp of the mean loss over real words. A model that only guesses has the size of its vocabulary.")
    name = next((name.strip() for name, values in variants.items() if np.allclose(found[:2], values[:2], rtol=1e-3)), None)
    return not_earned(
        f"The perplexity differs (vocabulary of {vocabulary} words; three cases, the second with equal logits).",
        expected=show(wanted),
        received=show(found),
        misconception=name,
    )


_PERPLEXITY = Task(
    id="16.3",
    title="perplexity",
    points=2,
    hints=(
        "Over which places do you take the mean: over all, or only over those with a word?",
        "Subtract the largest logit before the log-softmax. Then take the target's entry, keep `targets != 0`, mean, exp.",
        "`np.take_along_axis(log_p, targets[..., None], -1)[..., 0]` is log p of each target. Average only where there is a word.",
    ),
    answer_name="perplexity",
    misconceptions={
        "not-one-number": "Take the mean over all real words of all texts: the result is one number.",
        "overflow": "exp(1000) is infinite. Subtract the largest logit of each place first; the softmax does not change.",
        "counts-padding": "Padding was counted like words.",
        "divides-by-padding-too": "The losses of padding are 0 here, but they still count in the mean: divide by the number of real words.",
        "loss-not-exp": "This is the mean loss. Perplexity is exp of it.",
        "two-to-the-loss": "The loss uses the natural logarithm: the base is e, not 2.",
        "mean-of-texts": "Each word counts the same; here a word of a short text counts more.",
        "mean-of-perplexities": "First take the mean of the losses, then exp, not the other way round.",
        "not-the-targets": "The loss at a place is that of the true word, not a mean over the vocabulary.",
        "mean-of-probabilities": "Take the mean of the logarithms, not of the probabilities.",
        "best-word-not-target": "The loss at a place is that of the true word, not of the most likely one.",
        "sum-not-mean": "Take the mean, not the sum: a longer text does not have a higher perplexity.",
        "sign-turned": "The loss is MINUS the logarithm of the probability.",
    },
    make_case=_perplexity_case,
    probe=_perplexity_probe,
    judge=_perplexity_judge,
)

# ---------------------------------------------------------------- 16.4 the share of copied phrases


def _copied_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    while True:  # until every mistake gives another share
        inputs = _texts(rng)
        shares = [tuple(np.round(share, 9)) for share in _shares(inputs).values()]
        if len(set(shares)) == len(shares):
            return Case(inputs=inputs)


def _texts(rng: np.random.Generator) -> dict[str, Any]:
    words = np.array("a b c d e f g h i j k l".split())[rng.permutation(12)]
    sentence = lambda low, high: " ".join(rng.choice(words, int(rng.integers(low, high))))  # noqa: E731
    corpus = [sentence(5, 9) for _ in range(6)]
    n = int(rng.integers(2, 4))
    joint = f"{corpus[0].split()[-1]} {corpus[1]}"  # its first phrase stands across the border of two texts of the corpus
    generated = [sentence(6, 10), corpus[2], " ".join([corpus[3]] * 2), joint, words[0], sentence(4, 8)]
    return {"generated": generated, "corpus": corpus, "n": n}


def _copied_probe(answer: Any, inputs: Any) -> Any:
    n = inputs["n"]
    return {
        "found": array_of(
            [call(answer, list(inputs["generated"]), list(inputs["corpus"]), k) for k in (n, n + 1)], "the result"
        )
    }


def _phrases(texts: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for words in map(str.split, texts) for i in range(len(words) - n + 1)]


def _shares(inputs: Any) -> dict[str, np.ndarray]:
    """Return the shares for n and n + 1 words as asked for (the key is ""), and as each known mistake makes them."""
    generated, corpus, n = (inputs[name] for name in ("generated", "corpus", "n"))

    def both(share: Any) -> np.ndarray:
        return np.array([share(k) for k in (n, n + 1)], float)

    def of(phrases: Any, known: Any) -> float:
        return sum(phrase in known for phrase in phrases) / len(phrases)

    def letters(texts: list[str], k: int) -> list[str]:
        return [text[i : i + k] for text in texts for i in range(len(text) - k + 1)]

    right = both(lambda k: of(_phrases(generated, k), set(_phrases(corpus, k))))
    return {
        "": right,
        "different-phrases": both(lambda k: of(set(_phrases(generated, k)), set(_phrases(corpus, k)))),
        "across-the-border": both(lambda k: of(_phrases(generated, k), set(_phrases([" ".join(corpus)], k)))),
        "letters-not-words": both(lambda k: of(letters(generated, k), set(letters(corpus, k)))),
        "share-of-the-corpus": both(lambda k: of(_phrases(corpus, k), set(_phrases(generated, k)))),
        "share-of-new-ones": 1 - right,
        "whole-texts": both(lambda k: np.mean([text in corpus for text in generated])),
        "per-cent": 100 * right,
        "one-word-short": both(lambda k: of(_phrases(generated, k - 1), set(_phrases(corpus, k - 1)))),
    }


def _copied_judge(case: Case, evidence: Any) -> Verdict:
    found = need_array(evidence["found"], "the result", shape=(2,))
    shares = _shares(case.inputs)
    name = next((name for name, values in shares.items() if np.allclose(found, values, atol=1e-6)), None)
    if name == "":
        return earned("Every phrase counts once for each time it was generated, and only whole words are compared.")
    n = case.inputs["n"]
    return not_earned(
        f"The share differs, for phrases of {n} and of {n + 1} words.",
        expected=show(shares[""]),
        received=show(found),
        misconception=name,
    )


_COPIED = Task(
    id="16.4",
    title="the share of copied phrases",
    points=1,
    hints=(
        "Where can a phrase of n words begin in a text of m words? May it run from one text into the next?",
        "Make a list of all generated phrases, with repeats, and a set of those of the corpus. Which share of the list is in the set?",
        "`tuple(words[i : i + n])` is the phrase that begins at word i of one text; i runs over `range(len(words) - n + 1)`.",
    ),
    answer_name="copied_share",
    misconceptions={
        "different-phrases": "A phrase that was generated twice counts twice: use a set only for the phrases of the corpus.",
        "across-the-border": "The texts of the corpus were joined: phrases that run from one text into the next are not in the corpus.",
        "letters-not-words": "Phrases are made of words: split the text first.",
        "share-of-the-corpus": "The question is which share of the GENERATED phrases is in the corpus, not the other way round.",
        "share-of-new-ones": "This is the share of phrases that are new.",
        "whole-texts": "Phrases of n words are compared, not whole texts.",
        "per-cent": "Return a share from 0 to 1, not per cent.",
        "one-word-short": "A phrase of n words is `words[i : i + n]`.",
    },
    make_case=_copied_case,
    probe=_copied_probe,
    judge=_copied_judge,
)

TASKS = (_ATTENTION, _ADAPTER, _PERPLEXITY, _COPIED)
