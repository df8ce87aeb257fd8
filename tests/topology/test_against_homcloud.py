"""Diagrams beside those that HomCloud computes now, of a gas, a liquid and a disturbed crystal."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting
from oracles.points import jittered_points, liquid_points, random_points

from tdaglass.topology import alpha_complex, persistence

pytestmark = pytest.mark.slow

KINDS = {"random": random_points, "liquid": liquid_points, "jittered": jittered_points}


def homcloud_diagrams(points, edge):
    homcloud = pytest.importorskip("homcloud.interface")
    periodic = {} if edge is None else {"periodicity": [(0.0, edge)] * 3}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "points.pdgm")
        homcloud.PDList.from_alpha_filtration(points, save_to=path, **periodic)
        found = [homcloud.PDList(path).dth_diagram(k) for k in range(3)]
    return [(np.asarray(diagram.births), np.asarray(diagram.deaths)) for diagram in found]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("n", "periodic"), [(60, False), (2400, False), (12000, False), (60, True), (216, True), (2400, True)]
)
def test_diagrams_are_homclouds(kind, n, periodic, record_property):
    points, edge = KINDS[kind](np.random.default_rng(n), n)
    box = edge if periodic else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # none of these is regular
        pairs = persistence(alpha_complex(points, None if box is None else [box] * 3))
    found = []
    for k, expected in enumerate(homcloud_diagrams(points, box)):
        # HomCloud keeps pairs of no persistence, which rounding makes a little longer.
        ours = lasting(pairs[k].birth, pairs[k].death, 1e-9)
        theirs = lasting(*expected, 1e-9)
        assert len(ours) == len(theirs) > 5
        found.append(deviation(ours, theirs))
    record_property("largest deviation from HomCloud", f"{max(found):.1e}")
    assert max(found) < 1e-9
