"""Choosing a backbone before fine-tuning it: scores of frozen features, and what each network costs."""

from tlcourse.select.evidence import log_me
from tlcourse.select.probes import knn_score, linear_probe_score
from tlcourse.select.separation import h_score
from tlcourse.select.source_classes import leep, nce

__all__ = ["h_score", "knn_score", "leep", "linear_probe_score", "log_me", "nce"]
