"""The rule for equalised odds is as accurate, at the same rates, as fairlearn's, where fairlearn is installed."""

import warnings

import numpy as np
import pytest

from tlcourse.robust import fit_equal_odds

pytest.importorskip("fairlearn")


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_rates_of_fairlearns_threshold_optimizer(seed):
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Scores(ClassifierMixin, BaseEstimator):
        """Hands the scores through."""

        def fit(self, x, y):
            self.classes_ = np.array([0, 1])
            return self

        def predict(self, x):
            return x[:, 0]

    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 2, 3000)
    labels = (rng.random(3000) < np.where(groups == 0, 0.5, 0.3)).astype(int)
    scores = np.where(groups == 0, 2.0, 1.0) * labels + rng.standard_normal(3000)
    options = {"constraints": "equalized_odds", "objective": "accuracy_score", "prefit": True, "predict_method": "predict"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ThresholdOptimizer(estimator=Scores().fit(None, None), grid_size=1000, **options)
        theirs.fit(scores[:, None], labels, sensitive_features=groups)
        chances = theirs._pmf_predict(scores[:, None], sensitive_features=groups)[:, 1]
    rule = fit_equal_odds(scores, labels, groups)
    for label, rate in ((0, rule.false_positive), (1, rule.true_positive)):
        assert rate == pytest.approx(chances[labels == label].mean(), abs=0.002)
