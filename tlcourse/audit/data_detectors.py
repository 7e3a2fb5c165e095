"""The detectors that look at the data, and the collectors that they need."""

from __future__ import annotations

from tlcourse.audit import (
    check_changing,
    check_classes,
    check_copies,
    check_feeding,
    check_groups,
    check_images,
    check_labels,
    check_test_set,
    check_tokens,
    check_words,
)
from tlcourse.audit.collect import Collection
from tlcourse.audit.detector import Detector
from tlcourse.audit.fingerprints import make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.kept_prints import FINGERPRINTS
from tlcourse.audit.penultimate import make_penultimate
from tlcourse.audit.token_prints import TOKENS, make_token_prints

DATA_COLLECTIONS: tuple[Collection, ...] = (
    Collection(FINGERPRINTS, make_fingerprints),
    Collection(FINGERPRINTS, make_fingerprints_of_two_passes, passes=2),
    Collection(check_labels.PENULTIMATE, make_penultimate),
    Collection(TOKENS, make_token_prints),
)
DATA_DETECTORS: tuple[Detector, ...] = (
    check_changing.DETECTOR,
    check_copies.DETECTOR,
    check_test_set.DETECTOR,
    check_groups.DETECTOR,
    *check_feeding.DETECTORS,
    *check_classes.DETECTORS,
    check_labels.DETECTOR,
    *check_images.DETECTORS,
    *check_tokens.DETECTORS,
    check_words.DETECTOR,
)
