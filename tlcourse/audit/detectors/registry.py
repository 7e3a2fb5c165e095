"""The list of all detectors, and of the collectors that they need.

The order of the detectors is the order in which a report lists findings of equal severity.
"""

from __future__ import annotations

from tlcourse.audit.data.collect import Collection
from tlcourse.audit.data.fingerprints import FINGERPRINTS, make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import (
    batchnorm_moves,
    changing_split,
    classes_seen_in_pretraining,
    divergence,
    duplicates,
    frozen_augmentation,
    groups_across_splits,
    head_size,
    head_stopped_early,
    imbalance,
    inference_mode,
    initial_loss,
    input_size,
    learning_rate,
    loss_and_output,
    missing_classes,
    no_gain,
    not_recompiled,
    not_shuffled,
    nothing_unfrozen,
    optimizer_coverage,
    overfitting,
    padding_mask,
    preprocessing,
    random_weights,
    sample_rate,
    sound_scale,
    text_length,
    token_range,
    unknown_words,
    unusable_images,
    validation_is_test,
    what_moved,
    wrong_labels,
)
from tlcourse.audit.model.penultimate import PENULTIMATE, make_penultimate
from tlcourse.audit.model.token_prints import TOKENS, make_token_prints

MODEL_DETECTORS: tuple[Detector, ...] = (
    random_weights.DETECTOR,
    preprocessing.DETECTOR,
    input_size.DETECTOR,
    nothing_unfrozen.DETECTOR,
    learning_rate.DETECTOR,
    not_recompiled.DETECTOR,
    optimizer_coverage.DETECTOR,
    batchnorm_moves.DETECTOR,
    loss_and_output.DETECTOR,
    initial_loss.DETECTOR,
    inference_mode.DETECTOR,
    head_size.DETECTOR,
    overfitting.DETECTOR,
    divergence.DETECTOR,
    head_stopped_early.DETECTOR,
    no_gain.DETECTOR,
    what_moved.DETECTOR,
)
DATA_COLLECTIONS: tuple[Collection, ...] = (
    Collection(FINGERPRINTS, make_fingerprints),
    Collection(FINGERPRINTS, make_fingerprints_of_two_passes, passes=2),
    Collection(PENULTIMATE, make_penultimate),
    Collection(TOKENS, make_token_prints),
)
DATA_DETECTORS: tuple[Detector, ...] = (
    changing_split.DETECTOR,
    duplicates.DETECTOR,
    validation_is_test.DETECTOR,
    groups_across_splits.DETECTOR,
    frozen_augmentation.DETECTOR,
    not_shuffled.DETECTOR,
    missing_classes.DETECTOR,
    imbalance.DETECTOR,
    wrong_labels.DETECTOR,
    unusable_images.DETECTOR,
    classes_seen_in_pretraining.DETECTOR,
    token_range.DETECTOR,
    text_length.DETECTOR,
    padding_mask.DETECTOR,
    unknown_words.DETECTOR,
    sample_rate.DETECTOR,
    sound_scale.DETECTOR,
)
