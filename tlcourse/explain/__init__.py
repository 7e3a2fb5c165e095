"""Where a network looks: maps over a picture that say what speaks for a class."""

from tlcourse.explain.grad_cam import grad_cam

__all__ = ["grad_cam"]
