"""How well EMCDR predicts cold users, beside popularity and the placebo, for any two sets of ratings."""

from __future__ import annotations

from typing import Any

import numpy as np

from tlcourse.arguments import require_number
from tlcourse.recommend.factors import fit_factors, fit_linear_map


def cold_start_errors(source: Any, target: Any, *, cold: float = 0.2, seed: int = 0) -> dict[str, float]:
    """Hide the target ratings of some shared users, predict them, and return root mean squared errors.

    Args:
        source: Has arrays `users`, `items`, `ratings`; the same number of a user is the same person in both.
        target: The same of the other catalogue.
        cold: Share of the shared users whose target ratings are hidden, between 0 and 1.
        seed: Which users are hidden, and how pairs are shuffled for the placebo.

    Returns:
        "mean ratings" (each item's mean, as if it had 5 more ratings of the overall mean), "EMCDR, shuffled pairs", "EMCDR".

    Raises:
        ValueError: If fewer than 10 users are shared.
    """
    require_number("cold", cold, above=0, below=1)
    both = np.intersect1d(source.users, target.users)
    if len(both) < 10:
        raise ValueError(f"A map needs users who rated in both catalogues, 10 or more. Received: shared users={len(both)}.")
    rng = np.random.default_rng(seed)
    order = rng.permutation(both)
    hidden_users, warm = np.split(order, [max(1, round(cold * len(both)))])
    hidden = np.isin(target.users, hidden_users)
    people = int(max(source.users.max(), target.users.max())) + 1
    first = fit_factors(source.users, source.items, source.ratings, (people, int(source.items.max()) + 1))
    items, known = int(target.items.max()) + 1, ~hidden
    second = fit_factors(target.users[known], target.items[known], target.ratings[known], (people, items))
    counts = np.bincount(target.items[known], minlength=items)
    sums = np.bincount(target.items[known], target.ratings[known], minlength=items)
    means = (sums + 5.0 * target.ratings[known].mean()) / (counts + 5.0)
    who, what, truth = target.users[hidden], target.items[hidden], target.ratings[hidden]
    guesses = {"mean ratings": means[what]}
    for name, pairs in (("EMCDR, shuffled pairs", rng.permutation(warm)), ("EMCDR", warm)):
        matrix, offset = fit_linear_map(first.user_vectors[warm], second.user_vectors[pairs])
        mapped = first.user_vectors[who] @ matrix + offset  # (hidden ratings, width)
        guesses[name] = second.item_means[what] + np.sum(mapped * second.item_vectors[what], axis=1)
    return {name: float(np.sqrt(np.mean((guess - truth) ** 2))) for name, guess in guesses.items()}
