"""Arrays in, numbers out: how good a model is, how sure that is, and how much transfer was worth."""

from tlcourse.evaluate.abstaining import RiskCoverage, risk_coverage
from tlcourse.evaluate.calibration import (
    ReliabilityCurve,
    apply_temperature,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    reliability_curve,
)
from tlcourse.evaluate.costs import cost_threshold, mean_costs
from tlcourse.evaluate.curves import TransferGain, epochs_to_target, label_equivalent, seconds_to_target, transfer_gain
from tlcourse.evaluate.groups import (
    GroupRates,
    bias_amplification,
    equalized_odds_difference,
    group_accuracies,
    group_rates,
    selection_rate_difference,
    worst_group_accuracy,
)
from tlcourse.evaluate.metrics import accuracy, confusion_matrix, correct_flags, per_class_accuracy
from tlcourse.evaluate.pareto import pareto_front
from tlcourse.evaluate.probe import linear_probe
from tlcourse.evaluate.similarity import cka
from tlcourse.evaluate.spans import SpanScores, entity_scores, entity_spans, exact_match, word_f1
from tlcourse.evaluate.spread import Interval, MeanAndSpread, bootstrap_interval, mean_and_spread, paired_difference

__all__ = [
    "GroupRates",
    "Interval",
    "MeanAndSpread",
    "ReliabilityCurve",
    "RiskCoverage",
    "SpanScores",
    "TransferGain",
    "accuracy",
    "apply_temperature",
    "bias_amplification",
    "bootstrap_interval",
    "cka",
    "confusion_matrix",
    "correct_flags",
    "cost_threshold",
    "entity_scores",
    "entity_spans",
    "epochs_to_target",
    "equalized_odds_difference",
    "exact_match",
    "expected_calibration_error",
    "fit_temperature",
    "group_accuracies",
    "group_rates",
    "label_equivalent",
    "linear_probe",
    "mean_and_spread",
    "mean_costs",
    "negative_log_likelihood",
    "paired_difference",
    "pareto_front",
    "per_class_accuracy",
    "reliability_curve",
    "risk_coverage",
    "seconds_to_target",
    "selection_rate_difference",
    "transfer_gain",
    "word_f1",
    "worst_group_accuracy",
]
