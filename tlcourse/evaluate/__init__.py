"""Arrays in, numbers out: how good a model is, how sure that is, and how much transfer was worth."""

from tlcourse.evaluate.curves import TransferGain, epochs_to_target, label_equivalent, seconds_to_target, transfer_gain
from tlcourse.evaluate.metrics import accuracy, confusion_matrix, correct_flags, per_class_accuracy
from tlcourse.evaluate.probe import linear_probe
from tlcourse.evaluate.similarity import cka
from tlcourse.evaluate.spread import Interval, MeanAndSpread, bootstrap_interval, mean_and_spread, paired_difference

__all__ = [
    "Interval",
    "MeanAndSpread",
    "TransferGain",
    "accuracy",
    "bootstrap_interval",
    "cka",
    "confusion_matrix",
    "correct_flags",
    "epochs_to_target",
    "label_equivalent",
    "linear_probe",
    "mean_and_spread",
    "paired_difference",
    "per_class_accuracy",
    "seconds_to_target",
    "transfer_gain",
]
