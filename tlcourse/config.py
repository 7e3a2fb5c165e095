"""Profile, data home and constants; not about what is loaded from them. No TensorFlow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = "github.com/tlcourse/tlcourse"
PROFILES = {
    "embedded": "data drawn on the spot and a small network that ships with the package; needs no network",
    "full": "real public data and ImageNet weights, downloaded once",
}
_chosen: str | None = None


def on_colab() -> bool:
    """Tell whether this process runs in Google Colab."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def profile() -> str:
    """Return the profile in force: "embedded" or "full".

    In this order: what `use_profile` chose, the variable `TLCOURSE_PROFILE`, "full" on Colab, "embedded".

    Example:
        >>> tlcourse.use_profile("embedded")
        'embedded'
        >>> tlcourse.profile()
        'embedded'
    """
    if _chosen is not None:
        return _chosen
    return _known(os.environ.get("TLCOURSE_PROFILE") or ("full" if on_colab() else "embedded"), "TLCOURSE_PROFILE")


def use_profile(name: str) -> str:
    """Choose the profile for the rest of this process and return it.

    Args:
        name: "embedded" or "full".

    Raises:
        ValueError: If the name is another one.

    Example:
        >>> tlcourse.use_profile("embedded")  # or "full": real data and ImageNet weights
        'embedded'
    """
    global _chosen
    _chosen = _known(name, "name")
    return _chosen


def data_home() -> Path:
    """Return the folder for downloads and caches: `TLCOURSE_HOME`, or the platform's cache folder. Creates nothing.

    Example:
        >>> tlcourse.data_home().is_absolute()
        True
    """
    if home := os.environ.get("TLCOURSE_HOME"):
        return Path(home).expanduser()
    import pooch

    return Path(pooch.os_cache("tlcourse"))


def user_home() -> Path:
    """Return the folder for what a user wants to keep, unlike a cache: `TLCOURSE_HOME`, or the platform's folder for data of users."""
    if home := os.environ.get("TLCOURSE_HOME"):
        return Path(home).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_path("tlcourse", appauthor=False))


def _known(name: str, origin: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"The profile must be one of {', '.join(PROFILES)}. Received: {origin}={name!r}.")
    return name
