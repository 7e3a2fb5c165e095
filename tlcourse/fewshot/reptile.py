"""Reptile: a start from which a few gradient steps learn a new task (Nichol, Achiam, Schulman 2018)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from tqdm.auto import tqdm

from tlcourse.arguments import require_number, require_whole
from tlcourse.fewshot.episodes import Episodes, sample_episodes


def reptile_step(weights: Sequence[np.ndarray], adapted: Sequence[np.ndarray], step_size: float) -> list[np.ndarray]:
    """Move the start a part of the way to where a task's training ended: `weights + step_size * (adapted - weights)`.

    Args:
        weights: Arrays of the start.
        adapted: The same arrays after some gradient steps on one task.
        step_size: 0 (stay) to 1 (go there).
    """
    require_number("step_size", step_size, 0.0, 1.0)
    return [start + step_size * (end - start) for start, end in zip(weights, adapted, strict=True)]


def fit_reptile(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    ways: int = 5,
    shots: int = 5,
    tasks: int = 200,
    inner_steps: int = 5,
    inner_rate: float = 1e-3,
    step_size: float = 1.0,
    seed: int = 0,
    verbose: int = 0,
) -> None:
    """Train the start of a classifier on many tasks; `step_size` falls linearly to 0.

    Args:
        model: Classifier with `ways` logits; its weights become the start.
        images: Training images, of classes that the test does not have.
        labels: `(n,)` whole numbers.
        ways: Classes of a task.
        shots: Images of a class that the inner steps learn from.
        tasks: Outer steps, one task each.
        inner_steps: Gradient steps of Adam on one task.
        inner_rate: Learning rate of the inner steps.
        step_size: First step size of the outer loop, above 0 to 1.
        seed: Which tasks.
        verbose: 1 shows a bar.

    Source: Nichol, Achiam, Schulman (2018), "On first-order meta-learning algorithms", algorithm 1; Adam without momentum (beta_1=0)
        inside and a falling outer step, as their appendix on Omniglot.
    """
    require_whole("tasks", tasks, 1)
    require_number("step_size", step_size, 0.0, 1.0)
    _check_head(model, ways)
    drawn = sample_episodes(labels, ways, shots, queries=1, episodes=tasks, seed=seed)
    _compile(model, inner_rate)
    start = model.get_weights()
    for number in tqdm(range(tasks), desc="tasks", disable=not verbose):
        _inner(model, images[drawn.support[number].ravel()], ways, shots, inner_steps)
        start = reptile_step(start, model.get_weights(), step_size * (1.0 - number / tasks))
        model.set_weights(start)


def adapted_accuracies(
    model: keras.Model,
    images: np.ndarray,
    episodes: Episodes,
    *,
    steps: int = 10,
    rate: float = 1e-3,
    verbose: int = 0,
) -> np.ndarray:
    """Adapt the model to every episode's support set, always from the same start, and return the accuracies on its queries.

    Args:
        model: Classifier with as many logits as the episodes have ways. It has its old weights again afterwards.
        images: Where the episodes' positions point to.
        episodes: From `sample_episodes`.
        steps: Gradient steps of Adam on the support set.
        rate: Their learning rate.
        verbose: 1 shows a bar.

    Returns:
        `(episodes,)` accuracies, 0 to 1.
    """
    _check_head(model, episodes.ways)
    _compile(model, rate)
    start, found = model.get_weights(), []
    wanted = np.repeat(np.arange(episodes.ways), episodes.query.shape[2])
    for support, query in tqdm(
        zip(episodes.support, episodes.query, strict=True), total=len(episodes), desc="episodes", disable=not verbose
    ):
        _inner(model, images[support.ravel()], episodes.ways, episodes.shots, steps)
        logits = keras.ops.convert_to_numpy(model.predict_on_batch(images[query.ravel()]))
        found.append((logits.argmax(1) == wanted).mean())
        model.set_weights(start)
    return np.array(found)


def _compile(model: keras.Model, rate: float) -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate, beta_1=0.0), loss)


def _inner(model: keras.Model, images: np.ndarray, ways: int, shots: int, steps: int) -> None:
    labels = np.repeat(np.arange(ways), shots)
    for variable in model.optimizer.variables:
        if variable is not model.optimizer.learning_rate:
            variable.assign(keras.ops.zeros_like(variable))
    for _ in range(steps):
        model.train_on_batch(images, labels)


def _check_head(model: keras.Model, ways: int) -> None:
    if tuple(model.output_shape[1:]) != (ways,):
        raise ValueError(
            f"The model must end in {ways} logits, one a way. Received: output_shape={model.output_shape}, ways={ways}."
        )
