"""Run all detectors over one model and its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tlcourse.audit.context import CannotCheckError, Context
from tlcourse.audit.data.collect import BASIC, read_splits
from tlcourse.audit.data.sources import make_split
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors.registry import DATA_COLLECTIONS, DATA_DETECTORS, MODEL_DETECTORS
from tlcourse.audit.model.preserve import preserved
from tlcourse.audit.report import Finding, NotChecked, Report, by_severity


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
    """Examine a Keras 3 model and its data, and say what is wrong, why it matters here, and what mends it.

    Nothing changes: weights, BatchNorm statistics, optimizer state, compiled state and random seeds are bit-identical after.
    Each split is read at most twice.

    Args:
        model: A Keras model, best compiled as it will be or was fitted. One that has no weights yet is built, as `fit()` would.
        train: `(x, y)` arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset`, or a folder with one folder of images a class;
            what `fit()` gets.
        validation: What `validation_data=` gets.
        test: The set that the reported number comes from.
        backbone: The pretrained part: a layer of the model, or its name. Default: found by the names of its layers.
        history: What `fit()` or `fit_two_phase()` returned, or a list of histories, one a phase.
        groups: Group of every training example, `(n,)`, or split name -> groups.
        class_names: Of the target, to compare with what the backbone was trained on.
        before: `tlcourse.snapshot(model)` from before training, to see what moved.

    Returns:
        A `Report`: prints, shows as HTML, `.to_dict()`.

    Raises:
        TypeError: `model` is no Keras model.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be a Keras model; received {type(model).__name__}. Try audit(model, (x_train, y_train))."
        )
    given = {"train": train, "validation": validation, "test": test}
    splits = {name: make_split(name, data, model) for name, data in given.items() if data is not None}
    _build(model, splits.get("train"))
    with preserved(model):
        context = Context(
            model=model,
            splits=splits,
            collected=read_splits(splits, (*BASIC, *DATA_COLLECTIONS), model),
            backbone=backbone,
            history=_columns(history),
            groups=_groups(groups),
            class_names=class_names,
            before=before,
        )
        return examine(context, (*MODEL_DETECTORS, *DATA_DETECTORS))


def examine(context: Context, detectors: Iterable[Detector]) -> Report:
    """Run `detectors` one by one and gather what they say."""
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
        except Exception as error:  # a detector that fails is no reason to lose the others
            reason = f"The detector failed: {type(error).__name__}: {error}"
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
    from tlcourse.audit.context import ready

    try:
        batch = next(iter(train.iter_batches()))
        shape = getattr(batch.inputs, "shape", None)
        if type(model).__name__ == "Sequential" and shape is not None:
            model.build((None, *shape[1:]))
        if not model.built:
            model(ready(model, batch.inputs))
    except Exception:  # the detectors say what cannot be seen of it
        return


def _columns(history: Any) -> dict[str, list[float]] | None:
    """Join histories of phases; take what `fit()` returns or its dict. "phase_ends" holds the epochs at which phases end."""
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
