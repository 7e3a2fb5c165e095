"""The detectors that look at the data, and the collectors that they need."""

from __future__ import annotations

from tlcourse.audit.collect import Collection
from tlcourse.audit.detector import Detector

DATA_COLLECTIONS: tuple[Collection, ...] = ()
DATA_DETECTORS: tuple[Detector, ...] = ()
