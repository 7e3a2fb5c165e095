"""Tasks of lesson 16: wrong answers are told apart on many seeds, and the cases hold what they are there for."""

from pathlib import Path

import numpy as np
import pytest

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
