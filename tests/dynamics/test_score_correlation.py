"""Correlation of scores with propensities: each species by itself, each time by itself."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from tdaglass.dynamics import correlation_with_clusters, correlation_with_propensity


def test_each_species_of_each_configuration_at_each_time():
    rng = np.random.default_rng(0)
    species = np.array([[0, 1] * 10, [1, 0] * 10])
    scores, propensity = rng.normal(size=(2, 20)), rng.normal(size=(2, 3, 20))
    found = correlation_with_propensity(scores, propensity, species)
    assert found.spearman.shape == found.pearson.shape == (2, 2, 3)
    for c, s, t in np.ndindex(2, 2, 3):
        of = species[c] == s
        assert found.spearman[c, s, t] == spearmanr(scores[c, of], propensity[c, t, of])[0]
        assert found.pearson[c, s, t] == pearsonr(scores[c, of], propensity[c, t, of])[0]


def test_clusters_are_correlated_type_by_type():
    rng = np.random.default_rng(1)
    species, scores = np.array([[0, 1] * 10] * 3), rng.normal(size=(3, 20))
    of_particle = rng.integers(0, 4, (3, 5, 20))
    of_particle[:, 2] = 1  # says nothing
    found = correlation_with_clusters(scores, of_particle, species)
    expected = correlation_with_propensity(scores, of_particle.astype(float), species)
    np.testing.assert_array_equal(found.spearman, expected.spearman)
    assert np.isnan(found.spearman[:, :, 2]).all()
    assert np.isfinite(np.delete(found.spearman, 2, axis=2)).all()


def test_species_that_differ_do_not_make_a_correlation():
    """Small particles score more and move more; within a species the score says the opposite."""
    within = np.array([0.0, 1.0, 2.0])
    scores, moved = np.concatenate([within, within + 10]), np.concatenate([-within, 10 - within])
    found = correlation_with_propensity(scores[None], moved[None, None], np.array([[0, 0, 0, 1, 1, 1]]))
    np.testing.assert_allclose(found.pearson, -1)
    np.testing.assert_allclose(found.spearman, -1)


def test_a_particle_by_itself_has_no_correlation():
    found = correlation_with_propensity(np.ones((1, 3)), np.ones((1, 1, 3)), np.array([[0, 0, 4]]))
    assert np.isnan(found.pearson).all()
    assert found.pearson.shape == (1, 2, 1)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"got \(3,\), \(3,\) and \(1, 3\); try a leading axis"):
        correlation_with_propensity(np.ones(3), np.ones((1, 3)), np.zeros(3, int))
    with pytest.raises(ValueError, match=r"numbers of clusters \(configurations, types, particles\)"):
        correlation_with_clusters(np.ones((1, 3)), np.ones((41, 3)), np.zeros((1, 3), int))
