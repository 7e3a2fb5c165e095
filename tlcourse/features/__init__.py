"""Run a frozen backbone over images once, and keep the features on disk."""

from tlcourse.features.cache import CacheEntry, CacheWarning, cache_entries, cache_limit, clear_cache, trim_cache
from tlcourse.features.extract import extract_features
from tlcourse.features.surprises import FeatureWarning

__all__ = [
    "CacheEntry",
    "CacheWarning",
    "FeatureWarning",
    "cache_entries",
    "cache_limit",
    "clear_cache",
    "extract_features",
    "trim_cache",
]
