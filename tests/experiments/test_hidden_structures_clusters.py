"""Which liquids have clusters, and in which order these are shown."""

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

from hidden_structures_clusters import classify, cluster_cutoff, correlate_clusters, families, populations
from hidden_structures_records import PRESETS, Liquid, Scores
from hidden_structures_substances import TEMPERATURE

from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.structure import CLUSTER_FAMILIES, CLUSTER_NAMES

SETTINGS = PRESETS["wahnstrom", "default"]


def liquid(dimension: int, edge: float, configurations: int = 2) -> Liquid:
    rng = np.random.default_rng(dimension)
    n = round(edge**dimension)
    species = np.broadcast_to(np.arange(n) % 2, (configurations, n))
    # A lattice, shaken.
    places = np.stack(np.unravel_index(np.arange(n), (round(edge),) * dimension), axis=1)
    positions = places + rng.normal(0, 0.1, (configurations, n, dimension))
    configuration = Configuration(positions, species, np.full((configurations, dimension), edge))
    return Liquid(configuration, None, np.array([1.0, 1.2]), TEMPERATURE, None, None, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (liquid(2, 10.0), "the particles are in two"),
        (
            liquid(3, 5.0),
            "a cell wider than 6, three cut-offs of their bonds, got 5; try --cluster-cutoff 1.65",
        ),
    ],
)
def test_liquids_without_clusters_are_told_so_and_the_study_goes_on(tmp_path: Path, caplog, given, said):
    with caplog.at_level(logging.WARNING), Run.open(tmp_path, "clusters", {}) as run:
        assert classify(SETTINGS, [given, given], "x", run, None) == [{}, {}]
    assert said in caplog.text
    scores = Scores(np.zeros(given.configuration.species.shape), np.zeros(1), None)
    assert correlate_clusters(given, scores, {}, {}) == []


def test_families_go_from_slow_to_fast_and_hold_every_type(tmp_path: Path):
    given = liquid(3, 7.0)
    with Run.open(tmp_path, "clusters", {}) as run:
        first, second = classify(SETTINGS, [given, given], "x", run, None)
    assert [*first] == [1.0, 0.82]
    np.testing.assert_array_equal(first[1.0], second[1.0])
    # The more squares a particle is part of, the redder it is.
    squares = first[1.0][:, CLUSTER_NAMES.index("sp4a")]
    scores = Scores(squares.astype(float), np.zeros(1), None)
    clusters = correlate_clusters(given, scores, {}, first)
    np.testing.assert_allclose(
        clusters[0].correlations["p_red"].spearman[:, :, CLUSTER_NAMES.index("sp4a")], 1
    )
    order = families(clusters)
    assert sorted(name for of in order.values() for name in of) == sorted(CLUSTER_NAMES)
    assert {family: set(of) for family, of in order.items() if family != "others"} == {
        family: set(of) for family, of in CLUSTER_FAMILIES.items()
    }
    assert order["square"][-1] == "sp4a"
    members = populations(given, first[1.0])
    red = np.asarray(given.configuration.species) == 1
    np.testing.assert_allclose(members[1, CLUSTER_NAMES.index("sp4a")], np.mean(squares[red] > 0))


def test_without_a_cutoff_the_largest_diameter_gives_it():
    assert cluster_cutoff(SETTINGS, [liquid(3, 5.0)]) == 2.0
    assert cluster_cutoff(PRESETS["other", "default"], [liquid(3, 5.0)]) == pytest.approx(1.8 * 1.2)
