"""Run all detectors over one model and its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context, ready
from tlcourse.audit.data.collect import BASIC, read_splits
from tlcourse.audit.data.sources import make_split
from tlcourse.audit.data.trail import Projector, Trail
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import identical_views
from tlcourse.audit.detectors.registry import DATA_COLLECTIONS, DATA_DETECTORS, MODEL_DETECTORS, TASK_DETECTORS
from tlcourse.audit.model.contrast import is_contrastive, projector_layers
from tlcourse.audit.model.preserve import preserved
from tlcourse.audit.report import Finding, NotChecked, Report, by_severity, in_short


def audit(
    model: Any,
    train: Any,
    validation: Any = None,
    test: Any = None,
    *,
    backbone: Any = None,
    history: Any = None,
    groups: Any = None,
    class_names: Sequence[str] | None = None,
    before: Any = None,
) -> Report:
    """Examine a Keras 3 model and its data, and report what is wrong, why it matters, and how to fix it.

    Nothing changes: weights, BatchNorm statistics, optimizer state, compiled state and random seeds are bit-identical afterwards.
    Each split is read at most twice.

    Args:
        model: A Keras model, compiled as for `fit()`. A model without weights is built, as `fit()` would build it.
        train: What `fit()` gets: `(x, y)` arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset`, or a folder that holds one folder
            of images per class.
        validation: What `validation_data=` gets.
        test: The set that the reported score comes from.
        backbone: The pretrained part: a layer of the model, or its name. Default: found by the names of its layers.
        history: What `fit()` or `fit_two_phase()` returned, or a list of histories, one for each phase.
        groups: Group of every training example, `(n,)`, or split name -> groups.
        class_names: Names of the target classes, to compare with those that the backbone was trained on.
        before: `tlcourse.snapshot(model)` from before training, to see what moved.

    Returns:
        A `Report`. It prints as text, shows as HTML in a notebook, and gives plain values by `.to_dict()`.

    Raises:
        TypeError: If `model` is not a Keras model.

    Example:
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> x, y = np.random.default_rng(0).normal(size=(60, 8)), np.arange(60) % 3
        >>> report = tlcourse.audit(model, (x, y))
        >>> [finding.id for finding in report.findings]
        ['loss-and-output']
    """
    return audit_in_program(
        model,
        train,
        validation,
        test,
        None,
        backbone=backbone,
        history=_columns(history),
        groups=_groups(groups),
        class_names=class_names,
        before=before,
    )


def audit_in_program(model: Any, train: Any, validation: Any, test: Any, trail: Trail | None, **known: Any) -> Report:
    """Examine a model and its data beside what is known of the program.

    Args:
        model: As in `audit`.
        train: As in `audit`.
        validation: As in `audit`.
        test: As in `audit`.
        trail: What was seen of the program; None if there is none.
        **known: Other fields of `Context`.

    Returns:
        The report.

    Raises:
        TypeError: If `model` is not a Keras model.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be a Keras model, as in audit(model, (x_train, y_train)). Received: model={type(model).__name__}."
        )
    given = {"train": train, "validation": validation, "test": test}
    splits = {name: make_split(name, data, model) for name, data in given.items() if data is not None}
    _build(model, splits.get("train"))
    with preserved(model):
        context = Context(
            model=model,
            splits=splits,
            collected=read_splits(splits, (*BASIC, *DATA_COLLECTIONS), model),
            trail=trail,
            **known,
        )
        return examine(context, (*MODEL_DETECTORS, *DATA_DETECTORS, *TASK_DETECTORS))


def after_step(report: Report, model: Any, calls: Sequence[tuple[Any, int, Any]]) -> Report:
    """Add to a report what only a training step shows.

    Args:
        report: The report from before the step.
        model: The model.
        calls: `(layer, identity of its input, shape of its output)`: the calls of layers in the step, in their order.
    """
    found = identical_views.from_calls(calls, model)
    if found is None or found.id in report.ids:
        return report
    return replace(
        report,
        findings=by_severity([*report.findings, found]),
        passed=tuple(name for name in report.passed if name != found.id),
        not_checked=tuple(row for row in report.not_checked if row.id != found.id),
    )


def examine(context: Context, detectors: Iterable[Detector]) -> Report:
    """Run the detectors one by one and collect what they report."""
    findings: list[Finding] = []
    not_checked: list[NotChecked] = []
    ids: list[str] = []
    for detector in detectors:
        ids += detector.ids
        try:
            for said in detector.check(context):
                if said.id not in detector.ids:
                    raise ValueError(f"The detector of {detector.ids} made a finding {said.id!r}.")
                if isinstance(said, Finding):
                    findings.append(said)
                else:
                    not_checked.append(said)
        except CannotCheckError as unseen:
            not_checked += [NotChecked(name, str(unseen)) for name in _open(detector, findings, not_checked)]
        except Exception as error:  # one failing detector must not hide the findings of the others
            reason = f"The detector failed: {in_short(error)}"
            not_checked += [NotChecked(name, reason) for name in _open(detector, findings, not_checked)]
    said_ids = {row.id for row in findings} | {row.id for row in not_checked}
    found = {finding.id for finding in findings}
    return Report(
        model_name=context.model.name,
        findings=by_severity(findings),
        not_checked=tuple(row for row in dict.fromkeys(not_checked) if row.id not in found),
        passed=tuple(name for name in dict.fromkeys(ids) if name not in said_ids),
        facts=context.facts,
    )


def _open(detector: Detector, findings: list[Finding], not_checked: list[NotChecked]) -> list[str]:
    said = {row.id for row in findings} | {row.id for row in not_checked}
    return [name for name in detector.ids if name not in said]


def _build(model: Any, train: Any) -> None:
    """Build a model that has no weights yet, for batches of any size, as the first `fit()` would."""
    if model.built or train is None or isinstance(train, NotChecked):
        return
    try:
        batch = next(iter(train.iter_batches()))
        shape = getattr(batch.inputs, "shape", None)
        if type(model).__name__ == "Sequential" and shape is not None:
            model.build((None, *shape[1:]))
        if not model.built:
            model(ready(model, batch.inputs))
    except Exception:  # the detectors then report what could not be checked
        return


def _columns(history: Any) -> dict[str, list[float]] | None:
    """Join the histories of all phases, given as objects or dicts. "phase_ends" holds the number of epochs at the end of each."""
    if history is None:
        return None
    phases = getattr(history, "phases", None) or (history if isinstance(history, (list, tuple)) else [history])
    columns: dict[str, list[float]] = {}
    ends: list[float] = []
    for phase in phases:
        values: Mapping[str, Sequence[float]] = getattr(phase, "history", phase)
        for name, numbers in values.items():
            columns.setdefault(name, []).extend(float(number) for number in numbers if np.ndim(number) == 0)
        ends.append(float(max((len(column) for column in columns.values()), default=0)))
    return {**columns, "phase_ends": ends}


def _groups(groups: Any) -> dict[str, np.ndarray] | None:
    if groups is None:
        return None
    by_split = groups if isinstance(groups, Mapping) else {"train": groups}
    return {name: np.asarray(values) for name, values in by_split.items() if values is not None}


def projector_of(model: Any) -> Projector | None:
    """Return the projector of a model that is trained with a contrastive loss; None if it is trained otherwise, or has none."""
    found = projector_layers(model) if is_contrastive(model) else None
    projector = Projector(model, *found) if found is not None else None
    return projector if projector is not None and projector.last is not None else None


def known_ids() -> set[str]:
    """Return the ids of all kinds of findings."""
    return {name for detector in (*MODEL_DETECTORS, *DATA_DETECTORS, *TASK_DETECTORS) for name in detector.ids}
