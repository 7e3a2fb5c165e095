"""`threshold-half`: rare positives are decided at a probability of .5, and nothing says what an error costs."""

from __future__ import annotations

from collections.abc import Iterator

from tlcourse.audit.context import Context
from tlcourse.audit.data.decisions import Decisions, decisions_in
from tlcourse.audit.detector import Detector
from tlcourse.audit.model.task import has_weights, is_classifier, metric_names
from tlcourse.audit.report import Finding, NotChecked

_RARE = 0.02
_AT_HALF = ("precision", "recall", "true_positives", "false_positives", "false_negatives", "f1", "fbeta")


def _check(context: Context) -> Iterator[Finding | NotChecked]:
    classes = context.labels("train").classes
    if classes is None or not is_classifier(context) or not len(classes) or classes.max() != 1:
        return
    share = float((classes == 1).mean())
    if not 0 < share < _RARE or has_weights(context):
        return
    metrics = metric_names(context.model) or []
    at_half = [name for name in metrics if name.startswith(_AT_HALF)]
    if context.trail is None:
        yield NotChecked(
            "threshold-half", "The threshold stands in the program and not in the model. `tlcourse doctor` reads it."
        )
        return
    found = context.once("decisions", lambda: decisions_in(context.trail.code if context.trail else ""))
    if found.costs or not (found.at_half or (at_half and not found.elsewhere)):
        return
    yield _finding(share, int((classes == 1).sum()), found, at_half)


def _finding(share: float, positives: int, found: Decisions, metrics: list[str]) -> Finding:
    how = f"`{found.at_half[0]}`" if found.at_half else f"the metric {metrics[0]!r}"
    return Finding(
        "threshold-half",
        "warning",
        f"A threshold of .5 decides, although {share:.1%} of the examples are positive",
        {
            "sentence": f"{positives} training examples, {share:.2%}, are of class 1. {how[0].upper() + how[1:]} decides at .5, and the "
            "program names no cost of an error.",
            "prevalence": share,
            "positives": positives,
        },
        "A probability of .5 is the right place to decide only if a missed positive costs as much as a false alarm. Where positives "
        "are rare, few probabilities reach .5, and nearly all positives are missed. The best threshold is "
        "cost_false_alarm / (cost_false_alarm + cost_miss).",
        "Name the costs, and decide where they say (the probabilities must be calibrated):\n"
        "cost_false_alarm, cost_miss = 1.0, 50.0\n"
        "threshold = cost_false_alarm / (cost_false_alarm + cost_miss)\n"
        "metrics = [keras.metrics.Precision(thresholds=threshold), keras.metrics.Recall(thresholds=threshold)]",
    )


DETECTOR = Detector(("threshold-half",), _check)
