"""Choosing a backbone before fine-tuning it: scores of frozen features, what each network costs, and a table of both."""

from tlcourse.select.cost import Cost, largest_layer, measure_cost
from tlcourse.select.evidence import log_me
from tlcourse.select.probes import knn_score, linear_probe_score
from tlcourse.select.published import PublishedRanking, published_rankings
from tlcourse.select.ranking import SCORES, Candidate, Ranking, rank_backbones
from tlcourse.select.separation import h_score
from tlcourse.select.source_classes import leep, nce

__all__ = [
    "SCORES",
    "Candidate",
    "Cost",
    "PublishedRanking",
    "Ranking",
    "h_score",
    "knn_score",
    "largest_layer",
    "leep",
    "linear_probe_score",
    "log_me",
    "measure_cost",
    "nce",
    "published_rankings",
    "rank_backbones",
]
