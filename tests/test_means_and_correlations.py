"""Means with errors, and correlations, against what they are by hand."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from tdaglass.statistics import correlation, mean_and_error


def test_mean_and_error_pass_over_what_is_not_a_number():
    mean, error = mean_and_error([[1.0, np.nan], [3.0, 4.0], [np.nan, np.nan]])
    np.testing.assert_allclose(mean, [2.0, 4.0])
    np.testing.assert_allclose(error, [1.0, np.nan])


def test_correlations_are_scipys_and_broadcast():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 30)), rng.normal(size=(3, 1, 30))
    found = correlation(x, y)
    assert found.spearman.shape == found.pearson.shape == (3, 4)
    for i, j in np.ndindex(3, 4):
        assert found.spearman[i, j] == spearmanr(x[j], y[i, 0])[0]
        assert found.pearson[i, j] == pearsonr(x[j], y[i, 0])[0]


def test_what_does_not_vary_has_no_correlation_and_no_warning():
    with np.errstate(all="raise"):
        found = correlation(np.ones(5), np.arange(5.0))
    assert np.isnan(found.spearman)
    assert np.isnan(found.pearson)
    assert np.isnan(correlation(np.ones((2, 1)), np.ones((2, 1))).pearson).all()
    assert correlation(np.arange(3.0), np.arange(3.0) ** 2).spearman == pytest.approx(1)
