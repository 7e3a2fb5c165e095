"""Matrix factorisation in Keras: users and items as vectors whose product is a rating."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tlcourse.arguments import as_numbers, require_number, require_same_length, require_whole


@keras.saving.register_keras_serializable("tlcourse")
class MatrixFactors(keras.Model):
    """Predict a rating: the mean of all, plus the item's bias, plus the product of two vectors.

    There is no bias of the user: a user without ratings then gets the items' means, which is the popularity baseline.

    Args:
        users: Number of users.
        items: Number of items.
        width: Length of the vectors.
        mean: Mean of the training ratings.
        l2: Weight of the squared lengths of the vectors in the loss.

    Input `(batch, 2)` whole numbers, user and item; output `(batch,)` ratings.

    Source: Koren, Bell, Volinsky (2009), "Matrix factorization techniques for recommender systems".
    """

    def __init__(self, users: int, items: int, width: int = 8, *, mean: float = 0.0, l2: float = 0.02, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = {"users": users, "items": items, "width": width, "mean": mean, "l2": l2}
        self.user = layers.Embedding(users, width, embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1))
        self.item = layers.Embedding(items, width, embeddings_initializer=keras.initializers.RandomNormal(stddev=0.1))
        self.bias = layers.Embedding(items, 1, embeddings_initializer="zeros")

    def call(self, pairs: Any) -> Any:
        """Return the predicted ratings of pairs `(batch, 2)`."""
        user, item = self.user(pairs[:, 0]), self.item(pairs[:, 1])  # (batch, width) each
        self.add_loss(self.settings["l2"] * ops.mean(ops.sum(user**2 + item**2, axis=1)))
        return self.settings["mean"] + self.bias(pairs[:, 1])[:, 0] + ops.sum(user * item, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build the same model."""
        return {**super().get_config(), **self.settings}

    @property
    def user_vectors(self) -> np.ndarray:
        """`(users, width)`."""
        return np.asarray(ops.convert_to_numpy(self.user.embeddings))

    @property
    def item_vectors(self) -> np.ndarray:
        """`(items, width)`."""
        return np.asarray(ops.convert_to_numpy(self.item.embeddings))

    @property
    def item_means(self) -> np.ndarray:
        """`(items,)`, the mean rating plus each item's bias."""
        return np.asarray(self.settings["mean"] + ops.convert_to_numpy(self.bias.embeddings)[:, 0])

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Return predicted ratings `(rows, items)` of users given by their vectors.

        Args:
            vectors: `(rows, width)`.
        """
        return np.asarray(self.item_means + vectors @ self.item_vectors.T)


def fit_factors(
    users: np.ndarray, items: np.ndarray, ratings: np.ndarray, shape: tuple[int, int], *, width: int = 8, epochs: int = 20
) -> MatrixFactors:
    """Train matrix factorisation on known ratings.

    Args:
        users: `(n,)` whole numbers below `shape[0]`.
        items: `(n,)` whole numbers below `shape[1]`.
        ratings: `(n,)` numbers.
        shape: Numbers of users and of items; users without a rating keep a small random vector.
        width: Length of the vectors.
        epochs: Passes over the ratings.

    Raises:
        ValueError: If lengths differ, there is no rating, a rating is NaN, or a number lies outside `shape`.

    Example:
        >>> first, _ = worlds.draw_catalogues(users=50, items=20, per_user=5)
        >>> model = recommend.fit_factors(first.users, first.items, first.ratings, (50, 20), epochs=1)
        >>> model.user_vectors.shape
        (50, 8)
    """
    require_same_length(users=users, items=items, ratings=ratings)
    require_whole("width", width, 1)
    require_whole("epochs", epochs, 1)
    ratings = as_numbers("ratings", ratings, 1).astype(np.float32)
    for name, numbers, limit in (("users", users, shape[0]), ("items", items, shape[1])):
        if not np.issubdtype(np.asarray(numbers).dtype, np.integer) or np.min(numbers) < 0 or np.max(numbers) >= limit:
            raise ValueError(
                f"`{name}` must hold whole numbers from 0 to {limit - 1}. Number them with np.unique(..., return_inverse=True). "
                f"Received: {name}={np.min(numbers)!r} to {np.max(numbers)!r}."
            )
    model = MatrixFactors(*shape, width, mean=float(ratings.mean()))
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    model.fit(np.stack([users, items], axis=1), ratings, batch_size=512, epochs=epochs, verbose=0)
    return model


def fit_linear_map(source: np.ndarray, target: np.ndarray, *, ridge: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Fit the linear map of EMCDR from vectors of shared users in one catalogue to theirs in the other.

    The offset is not penalised: a map that finds nothing sends everybody to the mean vector of the target.

    Args:
        source: `(shared, d)`.
        target: `(shared, e)`, the same users in the same order.
        ridge: Weight of the squared map, 0 or more.

    Returns:
        Map `(d, e)` and offset `(e,)`: the vector of a cold user is `vector @ map + offset`.

    Raises:
        ValueError: If lengths differ, there is no shared user, or `ridge` is below 0.

    Source: Man, Shen, Jin, Cheng (2017), "Cross-domain recommendation: an embedding and mapping approach", equation 6.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(50, 2))
        >>> recommend.fit_linear_map(x, x @ [[0.0, 2.0], [1.0, 0.0]] + 3.0, ridge=0.0)[1].round(6)
        array([3., 3.])
    """
    source, target = as_numbers("source", source, 2), as_numbers("target", target, 2)
    require_same_length(source=source, target=target)
    require_number("ridge", ridge, 0)
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    x, y = source - centre, target - goal
    penalty = np.sqrt(ridge) * np.eye(x.shape[1])  # rows that pull the map to 0; lstsq also stands few shared users
    matrix = np.linalg.lstsq(np.vstack([x, penalty]), np.vstack([y, np.zeros((x.shape[1], y.shape[1]))]), rcond=None)[0]
    return matrix, goal - centre @ matrix


def fit_network_map(source: np.ndarray, target: np.ndarray, *, hidden: int = 32, epochs: int = 200) -> keras.Model:
    """Fit EMCDR's other map, a network with one hidden layer of tanh (Man et al. 2017, section 3.3).

    Args:
        source: `(shared, d)`.
        target: `(shared, e)`, the same users in the same order.
        hidden: Units of the hidden layer.
        epochs: Passes over the shared users.

    Returns:
        A model from `(rows, d)` to `(rows, e)`.

    Raises:
        ValueError: If lengths differ or there is no shared user.
    """
    source, target = as_numbers("source", source, 2), as_numbers("target", target, 2)
    require_same_length(source=source, target=target)
    model = keras.Sequential(
        [keras.Input((source.shape[1],)), layers.Dense(hidden, activation="tanh"), layers.Dense(target.shape[1])]
    )
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    model.fit(source, target, batch_size=64, epochs=epochs, verbose=0)
    return model
