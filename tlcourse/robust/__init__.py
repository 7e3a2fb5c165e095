"""Remedies for models that fail a group: weights, a new last layer, thresholds by group, and two ways of training.

None of them says whether a decision about people should be left to a model, or which criterion is just: `evaluate` measures,
these move what is measured.
"""

from tlcourse.robust.equal_odds import EqualOddsRule, fit_equal_odds
from tlcourse.robust.group_dro import GroupDRO
from tlcourse.robust.last_layer import LinearHead, retrain_last_layer
from tlcourse.robust.reweighting import group_weights
from tlcourse.robust.thresholds import decide, equal_opportunity_thresholds, equal_selection_thresholds
from tlcourse.robust.train_twice import TrainedTwice, just_train_twice

__all__ = [
    "EqualOddsRule",
    "GroupDRO",
    "LinearHead",
    "TrainedTwice",
    "decide",
    "equal_opportunity_thresholds",
    "equal_selection_thresholds",
    "fit_equal_odds",
    "group_weights",
    "just_train_twice",
    "retrain_last_layer",
]
