"""Domain adaptation: labels in a source domain, none in the target, and what can be done about the shift between them.

One method a file. Functions on features take `source_features, source_labels, target_features`; models take
`source_images, source_labels, target_images`. Nothing here imports TensorFlow: the code runs on every backend of Keras.
"""

from tlcourse.adapt.gradient_reversal import GradientReversal, ReversalSchedule, reversal_strength

__all__ = ["GradientReversal", "ReversalSchedule", "reversal_strength"]
