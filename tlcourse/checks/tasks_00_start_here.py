"""Tasks of lesson 00: splits that do not leak, intervals that cover, predictions that belong to their labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Case, Task, Verdict, array_of, call, earned, need_array, not_earned, show

# ---------------------------------------------------------------- 0.1 group-disjoint splitter


def _groups_case(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    plants = rng.permutation(np.arange(1000, 2000))[:60]  # numbers of plants, never usable as positions
    groups = rng.permutation(np.repeat(plants, rng.integers(2, 6, size=60)))
    return Case(inputs={"groups": groups, "test_fraction": float(rng.choice([0.25, 0.3])), "seeds": [3, 3, 4]})


def _groups_probe(answer: Any, inputs: Any) -> Any:
    splits = []
    for seed in inputs["seeds"]:
        result = call(answer, inputs["groups"].copy(), inputs["test_fraction"], seed)
        if not isinstance(result, tuple | list) or len(result) != 2:
            return {"pair": False}
        splits.append([array_of(result[0], "the training positions"), array_of(result[1], "the test positions")])
    return {"pair": True, "splits": splits}


def _groups_judge(case: Case, evidence: Any) -> Verdict:
    if not evidence["pair"]:
        return not_earned("Your function did not return two things.", expected="(train_positions, test_positions)")
    groups, fraction = case.inputs["groups"], case.inputs["test_fraction"]
    for train, test in evidence["splits"]:
        train = need_array(train, "the training positions", shape=(None,), kinds="iu")
        test = need_array(test, "the test positions", shape=(None,), kinds="iu")
        both = np.concatenate([train, test])
        if both.size and np.isin(both, groups).all():
            return not_earned(
                "The numbers returned are plants, not positions of images.",
                expected=f"positions from 0 to {len(groups) - 1}",
                received=show(both[:5]),
                misconception="groups-instead-of-positions",
            )
        if both.size and (both.min() < 0 or both.max() >= len(groups)):
            return not_earned(
                "Some positions are outside the data.", expected=f"0 to {len(groups) - 1}", received=show(both[:5])
            )
        shared = np.intersect1d(groups[train], groups[test])
        if shared.size:
            return not_earned(
                f"{shared.size} plants have photographs on both sides.",
                expected="no plant on both sides",
                received=f"for example plant {shared[0]}",
                misconception="split-by-image",
            )
        if np.unique(both).size != len(groups) or both.size != len(groups):
            return not_earned(
                "The two sides together are not the whole data.",
                expected=f"{len(groups)} images, each once",
                received=f"{both.size} positions, {np.unique(both).size} different",
                misconception="images-lost",
            )
        share = test.size / len(groups)
        if abs(share - (1 - fraction)) < 0.1:
            return not_earned(
                "The large side is the test set.",
                expected=f"about {fraction:.0%} of the images in the test set",
                received=f"{share:.0%}",
                misconception="sides-swapped",
            )
        if abs(share - fraction) > 0.1:
            return not_earned(
                "The test set has the wrong size.",
                expected=f"about {fraction:.0%} of the images (10 points more or less are fine)",
                received=f"{share:.0%}",
                misconception="wrong-size",
            )
    first, again, other = (set(test.tolist()) for _, test in evidence["splits"])
    if first != again:
        return not_earned("The same seed gave two different splits.", misconception="not-repeatable")
    if first == other:
        return not_earned("Two different seeds gave the same split.", misconception="seed-ignored")
    return earned("No plant is on both sides, no image is lost, and the seed decides.")


_SPLIT = Task(
    id="0.1",
    title="a split that keeps each plant on one side",
    points=2,
    hints=(
        "Which thing do you have to draw at random here: images, or plants?",
        "List the plants with np.unique(groups), shuffle that list with a seeded generator, and cut the list. "
        "np.isin(groups, some_plants) then says for each image whether its plant is among them.",
        "test = np.flatnonzero(np.isin(groups, plants[:count]))   # and train: the same with ~np.isin(...)",
    ),
    answer_name="group_split",
    misconceptions={
        "split-by-image": "Images were drawn one by one: photographs of one plant land on both sides, and the test set leaks.",
        "groups-instead-of-positions": "The plants were split, but the images that belong to them were not looked up.",
        "images-lost": "Every image belongs to one side; none may vanish or be counted twice.",
        "sides-swapped": "`test_fraction` is the share of the test set, and the training positions come first.",
        "wrong-size": "`test_fraction` is a share of all images, reached nearly, by adding whole plants.",
        "not-repeatable": "The random generator was not made from `seed`, so nobody can repeat your split.",
        "seed-ignored": "The split does not depend on `seed`: it follows the order of the data, or a fixed seed.",
    },
    make_case=_groups_case,
    probe=_groups_probe,
    judge=_groups_judge,
)

TASKS = (_SPLIT,)
