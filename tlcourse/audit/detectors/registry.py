"""List of all detectors, in the order in which a report names findings of equal severity, and of the collectors that they need."""

from __future__ import annotations

from tlcourse.audit.data.collect import Collection
from tlcourse.audit.data.fingerprints import make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import (
    batchnorm_moves,
    changing_split,
    duplicates,
    frozen_augmentation,
    groups_across_splits,
    history,
    inference_mode,
    learning_rate,
    loss_and_output,
    missing_classes,
    nothing_unfrozen,
    preprocessing,
    random_weights,
    token_range,
    unknown_words,
    unusable_images,
    validation_is_test,
    what_moved,
    wrong_labels,
)
from tlcourse.audit.detectors.same_examples import FINGERPRINTS
from tlcourse.audit.model.penultimate import make_penultimate
from tlcourse.audit.model.token_prints import TOKENS, make_token_prints

MODEL_DETECTORS: tuple[Detector, ...] = (
    random_weights.DETECTOR,
    preprocessing.DETECTOR,
    nothing_unfrozen.DETECTOR,
    *learning_rate.DETECTORS,
    batchnorm_moves.DETECTOR,
    *loss_and_output.DETECTORS,
    *inference_mode.DETECTORS,
    *history.DETECTORS,
    what_moved.DETECTOR,
)
DATA_COLLECTIONS: tuple[Collection, ...] = (
    Collection(FINGERPRINTS, make_fingerprints),
    Collection(FINGERPRINTS, make_fingerprints_of_two_passes, passes=2),
    Collection(wrong_labels.PENULTIMATE, make_penultimate),
    Collection(TOKENS, make_token_prints),
)
DATA_DETECTORS: tuple[Detector, ...] = (
    changing_split.DETECTOR,
    duplicates.DETECTOR,
    validation_is_test.DETECTOR,
    groups_across_splits.DETECTOR,
    *frozen_augmentation.DETECTORS,
    *missing_classes.DETECTORS,
    wrong_labels.DETECTOR,
    *unusable_images.DETECTORS,
    *token_range.DETECTORS,
    unknown_words.DETECTOR,
)
