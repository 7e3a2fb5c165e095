"""Copy a model with its weights."""

from __future__ import annotations

import keras


def copy_model(model: keras.Model) -> keras.Model:
    """Copy `model` with its weights and trainable flags; `keras.models.clone_model` draws new weights.

    Args:
        model: A built functional or Sequential model.

    Returns:
        A model of its own, not compiled. Training one leaves the other as it is.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy
