"""Lesson 16: what it writes out is what Keras does, and its banks and cases hold on many seeds."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.lessons.sources import from_lesson
from tlcourse.checks import EARNED
from tlcourse.checks.bank import Right, run_source
from tlcourse.checks.bank_file import load_bank
from tlcourse.checks.run import run_task
from tlcourse.tasks import load_tasks
from tlcourse.tasks.tasks_16_text_generation import _attention_case, _copied_case, _perplexity_case, _phrases

SEEDS = [0, *range(1000, 1012)]
BANKS = load_bank(Path(__file__).resolve().parents[2] / "content" / "banks" / "16_text_generation.py").banks


@pytest.mark.parametrize("task_id", ["16.1", "16.3", "16.4"])
@pytest.mark.parametrize("seed", SEEDS)
def test_answers_in_plain_python_are_judged_by_name_on_every_seed(task_id, seed):
    task = load_tasks(16)[task_id]
    for answer in (*BANKS[task_id].right, *BANKS[task_id].wrong):
        if "keras" not in answer.source:
            verdict, _ = run_task(task, run_source(task, answer.name, answer.source), seed)
            assert (verdict.outcome == EARNED, verdict.misconception) == (
                isinstance(answer, Right),
                getattr(answer, "misconception", None),
            ), answer.name


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_exchanged_lies_behind_at_least_two_words_and_is_really_other(seed):
    inputs = _attention_case(seed).inputs
    place = inputs["place"]
    assert 2 <= place < inputs["query"].shape[1]
    assert not np.isclose(inputs["value"][:, place:], inputs["other"][2]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_texts_differ_in_length_and_large_logits_mean_the_same_probabilities(seed):
    inputs = _perplexity_case(seed).inputs
    lengths = (inputs["targets"] != 0).sum(axis=1)
    assert len(set(lengths)) > 2
    assert lengths.min() < inputs["targets"].shape[1]
    small, _, large = inputs["logits"]
    np.testing.assert_allclose(large - large.max(), small - small.max(), atol=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_texts_hold_a_copy_a_repeat_one_too_short_and_a_phrase_across_a_border(seed):
    inputs = _copied_case(seed).inputs
    generated, corpus, n = (inputs[name] for name in ("generated", "corpus", "n"))
    assert set(generated) & set(corpus)
    assert min(len(text.split()) for text in generated) < n
    made, known = _phrases(generated, n + 1), set(_phrases(corpus, n + 1))  # asked for n and for n + 1
    assert len(set(made)) < len(made)
    assert set(made) & (set(_phrases([" ".join(corpus)], n + 1)) - known)


@pytest.mark.parametrize("causal", [True, False])
def test_the_attention_of_lesson_16_is_that_of_keras(rng, causal):
    import keras
    from keras import layers, ops

    layer = from_lesson("16", "CausalAttention", layers=layers, ops=ops)(12, 3, causal)
    x = rng.normal(size=(2, 7, 12)).astype("float32")
    ours = np.array(layer(x))
    query, key, value = (np.array(dense(x)).reshape(2, 7, 3, 4) for dense in (layer.query, layer.key, layer.value))
    mixed = np.array(keras.ops.dot_product_attention(query, key, value, is_causal=causal)).reshape(2, 7, 12)
    np.testing.assert_allclose(ours, np.array(layer.out(mixed)), rtol=1e-4, atol=1e-5)


def test_the_perplexity_of_lesson_16_and_of_its_exercise_is_that_of_the_loss_in_keras(rng):
    import keras
    from keras import ops

    losses_of = from_lesson("16", "losses_of", ops=ops)
    perplexity = from_lesson("16", "perplexity", losses_of=losses_of)
    network = keras.Sequential([keras.Input((None,), dtype="int32"), keras.layers.Embedding(9, 9)])
    rows = rng.integers(1, 9, (5, 8)).astype("int32")
    rows[1, 3:] = rows[4, 5:] = 0
    logits = network.predict(rows[:, :-1], verbose=0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    theirs = float(ops.exp(loss(rows[:, 1:], logits)))
    assert perplexity(network, rows) == pytest.approx(theirs, rel=1e-5)
    assert from_lesson("16", "perplexity", folder="exercises")(logits, rows[:, 1:]) == pytest.approx(theirs, rel=1e-5)


def test_generation_in_lesson_16_draws_from_the_softmax_at_that_temperature(rng):
    logits = rng.normal(0, 2, 6)
    generate = from_lesson("16", "generate", seed=int(rng.integers(1000)), longest=5)
    network = SimpleNamespace(predict_on_batch=lambda numbers: np.tile(logits, (*numbers.shape, 1)))
    for temperature in (0.5, 1.0, 2.0):
        made = generate(network, 4000, 3, temperature)
        wanted = np.exp(logits / temperature) / np.exp(logits / temperature).sum()
        np.testing.assert_allclose(np.bincount(made.ravel(), minlength=6) / made.size, wanted, atol=0.03)


def test_the_adapter_of_exercise_16_is_what_keras_enables(rng):
    import keras

    x = rng.normal(size=(5, 7)).astype("float32")
    base, theirs = keras.layers.Dense(4), keras.layers.Dense(4)
    base.build((None, 7))
    theirs.build((None, 7))
    theirs.set_weights(base.get_weights())
    adapter = from_lesson("16", "LowRankAdapter", folder="exercises", keras=keras)(base, 2, 6.0)
    theirs.enable_lora(2, lora_alpha=6.0)
    for ours, other in ((adapter.a, theirs.lora_kernel_a), (adapter.b, theirs.lora_kernel_b)):
        ours.assign(rng.normal(size=ours.shape))
        other.assign(ours)
    np.testing.assert_allclose(np.array(adapter(x)), np.array(theirs(x)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.array(adapter.merged()(x)), np.array(theirs(x)), rtol=1e-4, atol=1e-4)
