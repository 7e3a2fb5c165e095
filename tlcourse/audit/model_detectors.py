"""The detectors that look at the model and its history."""

from __future__ import annotations

from tlcourse.audit import (
    check_batchnorm,
    check_history,
    check_inference,
    check_learning_rate,
    check_loss,
    check_moved,
    check_preprocessing,
    check_random_weights,
    check_trainable,
)
from tlcourse.audit.detector import Detector

MODEL_DETECTORS: tuple[Detector, ...] = (
    check_random_weights.DETECTOR,
    check_preprocessing.DETECTOR,
    check_trainable.DETECTOR,
    *check_learning_rate.DETECTORS,
    check_batchnorm.DETECTOR,
    *check_loss.DETECTORS,
    *check_inference.DETECTORS,
    *check_history.DETECTORS,
    check_moved.DETECTOR,
)
