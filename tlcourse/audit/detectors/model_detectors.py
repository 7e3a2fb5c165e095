"""The detectors that look at the model and its history."""

from __future__ import annotations

from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import batchnorm_moves as check_batchnorm
from tlcourse.audit.detectors import history as check_history
from tlcourse.audit.detectors import inference_mode as check_inference
from tlcourse.audit.detectors import learning_rate as check_learning_rate
from tlcourse.audit.detectors import loss_and_output as check_loss
from tlcourse.audit.detectors import nothing_unfrozen as check_trainable
from tlcourse.audit.detectors import preprocessing as check_preprocessing
from tlcourse.audit.detectors import random_weights as check_random_weights
from tlcourse.audit.detectors import what_moved as check_moved

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
