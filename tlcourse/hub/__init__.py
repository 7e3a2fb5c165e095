"""TensorFlow Hub modules and SavedModels as Keras 3 layers."""

from tlcourse.hub.handles import HubError, resolve
from tlcourse.hub.layer import HubLayer

__all__ = ["HubError", "HubLayer", "resolve"]
