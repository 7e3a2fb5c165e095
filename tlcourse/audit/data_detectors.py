"""The detectors that look at the data, and the collectors that they need."""

from __future__ import annotations

from tlcourse.audit import check_classes, check_copies, check_feeding, check_images
from tlcourse.audit.collect import Collection
from tlcourse.audit.detector import Detector
from tlcourse.audit.fingerprints import make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.penultimate import make_penultimate

DATA_COLLECTIONS: tuple[Collection, ...] = (
    Collection(check_copies.FINGERPRINTS, make_fingerprints),
    Collection(check_copies.FINGERPRINTS, make_fingerprints_of_two_passes, passes=2),
    Collection(check_classes.PENULTIMATE, make_penultimate),
)
DATA_DETECTORS: tuple[Detector, ...] = (
    *check_copies.DETECTORS,
    *check_feeding.DETECTORS,
    *check_classes.DETECTORS,
    *check_images.DETECTORS,
)
