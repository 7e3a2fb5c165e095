"""The list of all detectors, and of the collectors that they need.

The order of the detectors is the order in which a report lists findings of equal severity.
"""

from __future__ import annotations

from tlcourse.audit.data.boxes import BOXES, Boxes
from tlcourse.audit.data.collect import Collection
from tlcourse.audit.data.episodes import EPISODES, make_episodes
from tlcourse.audit.data.fingerprints import FINGERPRINTS, make_fingerprints, make_fingerprints_of_two_passes
from tlcourse.audit.data.masks import MASKS, Masks
from tlcourse.audit.data.moves import MOVES, make_moves, make_moves_of_two_passes
from tlcourse.audit.detector import Detector
from tlcourse.audit.detectors import (
    batchnorm_moves,
    box_format,
    boxes_outside,
    changing_split,
    channels_averaged_twice,
    classes_seen_in_pretraining,
    divergence,
    duplicates,
    frozen_augmentation,
    groups_across_splits,
    head_size,
    head_stopped_early,
    identical_views,
    imbalance,
    inference_mode,
    initial_loss,
    input_size,
    learning_rate,
    loss_and_output,
    mask_not_moved,
    mask_values,
    missing_classes,
    neighbouring_frames,
    no_gain,
    not_recompiled,
    not_shuffled,
    nothing_unfrozen,
    optimizer_coverage,
    overfitting,
    padding_mask,
    preprocessing,
    projector_as_features,
    random_weights,
    sample_rate,
    sound_scale,
    test_classes_in_training,
    text_length,
    threshold_half,
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
    Collection(BOXES, Boxes),
    Collection(MASKS, Masks),
    Collection(MOVES, make_moves),
    Collection(MOVES, make_moves_of_two_passes, passes=2),
    Collection(EPISODES, make_episodes),
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
# Kinds of one task each: contrastive training, few-shot, rare positives, detection, segmentation, video, sound.
TASK_DETECTORS: tuple[Detector, ...] = (
    identical_views.DETECTOR,
    projector_as_features.DETECTOR,
    test_classes_in_training.DETECTOR,
    threshold_half.DETECTOR,
    box_format.DETECTOR,
    boxes_outside.DETECTOR,
    mask_values.DETECTOR,
    mask_not_moved.DETECTOR,
    neighbouring_frames.DETECTOR,
    channels_averaged_twice.DETECTOR,
)
