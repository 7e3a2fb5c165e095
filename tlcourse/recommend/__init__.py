"""Recommendations across catalogues: matrix factorisation, EMCDR's map, two towers, and ranking metrics."""

from tlcourse.recommend.cold_start import cold_start_errors
from tlcourse.recommend.factors import MatrixFactors, fit_factors, fit_linear_map, fit_network_map
from tlcourse.recommend.metrics import coverage_at_k, hit_rate_at_k, ndcg_at_k, recall_at_k
from tlcourse.recommend.towers import TwoTowers, fit_towers

__all__ = [
    "MatrixFactors",
    "TwoTowers",
    "cold_start_errors",
    "coverage_at_k",
    "fit_factors",
    "fit_linear_map",
    "fit_network_map",
    "fit_towers",
    "hit_rate_at_k",
    "ndcg_at_k",
    "recall_at_k",
]
