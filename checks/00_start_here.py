"""Instructors' side of lesson 00: answers that must earn the points, and answers that must lose them and be named."""

from tlcourse.checks.bank import Bank, Hidden, Right, Wrong

GROUP_SPLIT = Bank(
    right=[
        Right(
            "shuffled list of plants",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Right(
            "scikit-learn",
            """
from sklearn.model_selection import GroupShuffleSplit

def group_split(groups, test_fraction, seed):
    splitter = GroupShuffleSplit(n_splits=1, test_size=test_fraction, random_state=seed)
    return next(splitter.split(groups, groups=groups))
""",
        ),
        Right(
            "plain Python, filling up to the size",
            """
import random

def group_split(groups, test_fraction, seed):
    by_plant = {}
    for position, plant in enumerate(groups):
        by_plant.setdefault(int(plant), []).append(position)
    order = list(by_plant)
    random.Random(seed).shuffle(order)
    train, test = [], []
    for plant in order:
        side = test if len(test) < test_fraction * len(groups) else train
        side.extend(by_plant[plant])
    return train, test
""",
        ),
    ],
    wrong=[
        Wrong(
            "images drawn one by one",
            "split-by-image",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    count = round(test_fraction * len(groups))
    return order[count:], order[:count]
""",
        ),
        Wrong(
            "returns plants",
            "groups-instead-of-positions",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    count = round(test_fraction * len(plants))
    return plants[count:], plants[:count]
""",
        ),
        Wrong(
            "one photograph of each plant",
            "images-lost",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants, first = np.unique(groups, return_index=True)
    order = np.random.default_rng(seed).permutation(first)
    count = round(test_fraction * len(order))
    return order[count:], order[:count]
""",
        ),
        Wrong(
            "test set first",
            "sides-swapped",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng(seed).permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(in_test), np.flatnonzero(~in_test)
""",
        ),
        Wrong(
            "no seed",
            "not-repeatable",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.random.default_rng().permutation(np.unique(groups))
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Wrong(
            "first plants in order",
            "seed-ignored",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plants = np.unique(groups)
    in_test = np.isin(groups, plants[: round(test_fraction * len(plants))])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
""",
        ),
        Wrong(
            "one plant as test set",
            "wrong-size",
            """
import numpy as np

def group_split(groups, test_fraction, seed):
    plant = np.random.default_rng(seed).choice(np.unique(groups))
    return np.flatnonzero(groups != plant), np.flatnonzero(groups == plant)
""",
        ),
    ],
)

BANK = {"0.1": GROUP_SPLIT}
HIDDEN = Hidden(seeds=range(1000, 2000))
