"""Arrays that the loops of clusters cannot read are refused: they get addresses, and would read on."""

import numpy as np
import pytest

from tdaglass import kernels
from tdaglass.kernels import clusters

pytestmark = pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))

POSITIONS = np.random.default_rng(0).random((9, 3))
START, NEIGHBOR = np.array([0, 1, 2]), np.array([1, 0], np.int32)


def bonds(**changed):
    given = {
        "position": POSITIONS,
        "vectors": 5 * np.eye(3),
        "along": np.full(3, 3),
        "species": None,
        "cutoff": np.ones((1, 1)),
        "voronoi": 0.82,
    }
    return clusters.find_bonds(**{**given, **changed})


def found(start=START, neighbor=NEIGHBOR, most=100):
    return clusters.find_clusters(start, neighbor, (3,) * 41, most, False)


REFUSED = {
    "positions in single precision": (
        lambda: bonds(position=POSITIONS.astype(np.float32)),
        "positions float64",
    ),
    "a row": (lambda: bonds(position=POSITIONS[0]), r"positions \(particles, 3\)"),
    "positions in a plane": (lambda: bonds(position=POSITIONS[:, :2]), r"positions float64 \(9, 3\)"),
    "edges": (lambda: bonds(vectors=np.ones(3)), "lattice vectors"),
    "cells as numbers of another type": (lambda: bonds(along=np.full(3, 3.0)), "cells along each int64"),
    "species beyond the cut-offs": (lambda: bonds(species=np.ones(9, np.int32)), "species from 0 to 0"),
    "cut-offs of nobody": (lambda: bonds(cutoff=np.ones((2, 2))), "species beside"),
    "neighbours that are not there": (lambda: found(neighbor=np.array([1, 2], np.int32)), "from 0 to 1"),
    "rows too short": (lambda: found(start=np.array([0, 1, 3])), r"neighbours int32 \(3,\)"),
    "rows that fall": (lambda: found(start=np.array([0, 3, 2])), "rows of at most 64"),
    "bonds from one side": (lambda: found(np.array([0, 1, 1]), NEIGHBOR[:1]), "from both sides"),
    "bonds to oneself": (lambda: found(START, np.array([0, 1], np.int32)), "from both sides"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=words) as error:
        call()
    assert "expected" in str(error.value)
    assert "; try " in str(error.value)


def test_what_there_is_too_much_of_is_said():
    crowd = bonds(position=np.append(POSITIONS, POSITIONS[:1], axis=0))
    assert crowd.kind == "same place"
    assert {crowd.particle, crowd.number} == {0, 9}
    # Of four all triangles are sp3b, one of which has no room.
    start, neighbor = bonds(position=POSITIONS[:4], cutoff=np.full((1, 1), 4.0), voronoi=None)
    assert found(start, neighbor, most=4)[0][1] == 4
    assert found(start, neighbor, most=3) is None
