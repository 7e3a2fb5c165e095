"""Train a compiled model again from the start of its optimizer, without compiling it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def reset_optimizer(model: keras.Model) -> None:
    """Give the optimizer of a compiled model the state that it has before its first step; its learning rate stays as it is.

    Compiling again does the same, but then the training step is traced again, which takes longer than a short training. Weights
    of the model are not touched: put them back with `model.set_weights(...)` first, where an optimizer keeps an average of them.

    Args:
        model: A compiled, built model.

    Raises:
        ValueError: If the model is not compiled or not built.

    Example:
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        >>> model.compile("adam", "mse")
        >>> history = model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
        >>> int(model.optimizer.iterations)
        1
        >>> tlcourse.reset_optimizer(model)
        >>> int(model.optimizer.iterations)
        0
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not model.built:
        state = "is not compiled" if optimizer is None else "has no weights yet"
        raise ValueError(
            f"The model {state}, so its optimizer has no state. Compile and build it first. Received: model={model!r}."
        )
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    fresh = type(optimizer).from_config(optimizer.get_config())  # some states do not begin at 0: accumulators, averages
    fresh.build(model.trainable_variables)
    for variable, start in zip(optimizer.variables, fresh.variables, strict=True):
        if variable.path.rsplit("/", 1)[-1] != "learning_rate":
            variable.assign(start)
