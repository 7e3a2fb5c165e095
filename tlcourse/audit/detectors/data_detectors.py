"""The detectors that look at the data, and the collectors that they need."""

from __future__ import annotations

from tlcourse.audit.data.collect import Collection
from tlcourse.audit.data.fingerprints import make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import changing_split as check_changing
from tlcourse.audit.detectors import duplicates as check_copies
from tlcourse.audit.detectors import frozen_augmentation as check_feeding
from tlcourse.audit.detectors import groups_across_splits as check_groups
from tlcourse.audit.detectors import missing_classes as check_classes
from tlcourse.audit.detectors import token_range as check_tokens
from tlcourse.audit.detectors import unknown_words as check_words
from tlcourse.audit.detectors import unusable_images as check_images
from tlcourse.audit.detectors import validation_is_test as check_test_set
from tlcourse.audit.detectors import wrong_labels as check_labels
from tlcourse.audit.detectors.penultimate import make_penultimate
from tlcourse.audit.detectors.same_examples import FINGERPRINTS
from tlcourse.audit.detectors.token_prints import TOKENS, make_token_prints

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
