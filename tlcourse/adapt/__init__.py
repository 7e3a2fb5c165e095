"""Domain adaptation: labels in a source domain, none in the target, and what can be done about the shift between them.

One method a file. Functions on features take `source_features, source_labels, target_features`; models take
`source_images, source_labels, target_images`. The code runs on every backend of Keras, and needs TensorFlow only where that is
the backend.
"""

from tlcourse.adapt.adabn import adapt_batchnorm
from tlcourse.adapt.aligned import AlignedModel, DomainDistance
from tlcourse.adapt.batches import PairedBatches
from tlcourse.adapt.choosing import negative_entropy, source_validation, weighted_validation
from tlcourse.adapt.class_balanced import class_balanced
from tlcourse.adapt.coral import coral, deep_coral_loss
from tlcourse.adapt.dann import DANN
from tlcourse.adapt.gradient_reversal import GradientReversal, ReversalSchedule, reversal_strength
from tlcourse.adapt.kliep import kliep_weights
from tlcourse.adapt.label_shift import LabelShift, correct_priors, em_priors, label_shift
from tlcourse.adapt.mmd import MMDTest, mmd, mmd_loss, mmd_test
from tlcourse.adapt.paired import PairedModel
from tlcourse.adapt.randomise import RandomBackground, RandomColour, RandomGrain
from tlcourse.adapt.scenes import randomise_scenes
from tlcourse.adapt.self_training import SelfTraining, confident, self_train
from tlcourse.adapt.shift import FeatureDrift, ShiftTest, classifier_two_sample_test, feature_drift, proxy_a_distance
from tlcourse.adapt.style import match_colours, swap_amplitudes
from tlcourse.adapt.tradaboost import TrAdaBoost
from tlcourse.adapt.weights import classifier_weights, effective_sample_size

__all__ = [
    "DANN",
    "AlignedModel",
    "DomainDistance",
    "FeatureDrift",
    "GradientReversal",
    "LabelShift",
    "MMDTest",
    "PairedBatches",
    "PairedModel",
    "RandomBackground",
    "RandomColour",
    "RandomGrain",
    "ReversalSchedule",
    "SelfTraining",
    "ShiftTest",
    "TrAdaBoost",
    "adapt_batchnorm",
    "class_balanced",
    "classifier_two_sample_test",
    "classifier_weights",
    "confident",
    "coral",
    "correct_priors",
    "deep_coral_loss",
    "effective_sample_size",
    "em_priors",
    "feature_drift",
    "kliep_weights",
    "label_shift",
    "match_colours",
    "mmd",
    "mmd_loss",
    "mmd_test",
    "negative_entropy",
    "proxy_a_distance",
    "randomise_scenes",
    "reversal_strength",
    "self_train",
    "source_validation",
    "swap_amplitudes",
    "weighted_validation",
]
