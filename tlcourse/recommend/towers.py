"""Two towers: one network for what a user liked elsewhere, one for the items; their product ranks the items."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tlcourse.arguments import as_numbers, require_same_length, require_whole


@keras.saving.register_keras_serializable("tlcourse")
class TwoTowers(keras.Model):
    """Score items for a user by the product of two towers' outputs.

    In training each item of a batch is a negative example for the other users. Popular items are so more often than others; the
    logarithm of an item's share is subtracted from its scores, so the towers learn taste and not popularity.

    Args:
        features: Length of a user's features, such as ratings in the other catalogue.
        shares: `(items,)` share of each item in the training pairs, above 0.
        width: Length of both outputs.

    Input: user features `(batch, features)` and items `(batch,)`; output `(batch, batch)` scores, pairs on the diagonal.

    Source: Yi and others (2019), "Sampling-bias-corrected neural modeling for large corpus item recommendations".
    """

    def __init__(self, features: int, shares: Any, width: int = 16, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = {"features": features, "shares": np.asarray(shares, float).tolist(), "width": width}
        self.user_tower = keras.Sequential([keras.Input((features,)), layers.Dense(64, activation="relu"), layers.Dense(width)])
        self.item_tower = layers.Embedding(len(self.settings["shares"]), width)
        self.log_shares = ops.convert_to_tensor(np.log(self.settings["shares"]), "float32")

    def call(self, inputs: Any) -> Any:
        """Return scores of each user of the batch for each item of the batch."""
        users, items = inputs
        scores = self.user_tower(users) @ ops.transpose(self.item_tower(items))  # (batch, batch)
        same = ops.equal(items[:, None], items[None, :]) & ~ops.eye(ops.shape(items)[0], dtype="bool")
        return ops.where(same, -1e9, scores - ops.take(self.log_shares, items))  # the same item is no negative

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the mean cross-entropy of finding each user's own item in the batch."""
        return ops.mean(-ops.diagonal(ops.log_softmax(y_pred, axis=1)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build the same model."""
        return {**super().get_config(), **self.settings}

    def scores(self, users: np.ndarray) -> np.ndarray:
        """Return scores `(rows, items)` of all items for users given by their features.

        Args:
            users: `(rows, features)`.
        """
        items = ops.convert_to_numpy(self.item_tower.embeddings)
        return np.asarray(ops.convert_to_numpy(self.user_tower(users)) @ items.T)


def fit_towers(features: np.ndarray, users: np.ndarray, items: np.ndarray, num_items: int, *, epochs: int = 5) -> TwoTowers:
    """Train two towers on pairs of a user and an item that the user liked.

    Args:
        features: `(all users, d)`, one row a user.
        users: `(pairs,)` rows of `features`.
        items: `(pairs,)` whole numbers below `num_items`.
        num_items: Number of items.
        epochs: Passes over the pairs.

    Raises:
        ValueError: If lengths differ, there are no pairs, or an argument is out of range.
    """
    features = as_numbers("features", features, 2).astype("float32")
    require_same_length(users=users, items=items)
    require_whole("num_items", num_items, int(np.max(items, initial=0)) + 1)
    require_whole("epochs", epochs, 1)
    counts = np.bincount(items, minlength=num_items) + 1.0
    model = TwoTowers(features.shape[1], counts / counts.sum())
    model.compile(keras.optimizers.Adam(0.003))
    model.fit((features[users], np.asarray(items)), batch_size=256, epochs=epochs, verbose=0)
    return model
