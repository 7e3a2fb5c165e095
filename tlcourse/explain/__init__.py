"""Where a network looks: maps over an image that say what speaks for a class."""

from tlcourse.explain.grad_cam import grad_cam

__all__ = ["grad_cam"]
