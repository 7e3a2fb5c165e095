"""The detectors that look at the model and its history."""

from __future__ import annotations

from tlcourse.audit.detector import Detector

MODEL_DETECTORS: tuple[Detector, ...] = ()
