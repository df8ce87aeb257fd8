"""The compiled loops and those of sets: one interface, and the same clusters of liquids, gases and crystals."""

import inspect

import numpy as np
import pytest

from tdaglass import kernels
from tdaglass.structure import topological_clusters
from tdaglass.structure.topological_clusters import backend, cpu_kernels, reference


def test_which_one_is_used(monkeypatch):
    monkeypatch.setattr(kernels, "WHY_NOT", None)
    assert backend.backend() is cpu_kernels
    monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    assert backend.backend() is reference


@pytest.mark.parametrize("name", backend.FUNCTIONS)
def test_both_take_and_return_the_same(name):
    one, other = (inspect.signature(getattr(module, name)) for module in (cpu_kernels, reference))
    assert one == other


RANDOM = np.random.default_rng(5)
TILTED = np.array([[9.0, 0, 0], [4, 9, 0], [-3, 2, 9]])
SYSTEMS = {
    "liquid": (None, None, 1.83, 1.0),
    "liquid, wide meshes": (None, None, 1.83, 0.82),
    "liquid, simple bonds": (None, None, 1.4, None),
    "gas in a tilted cell": (RANDOM.random((500, 3)) @ TILTED, TILTED, 2.0, 1.0),
    "gas in open space": (8 * RANDOM.random((500, 3)), None, 3.0, 0.9),
    "gas in a film": (8 * RANDOM.random((500, 3)), [8, np.inf, 8], 1.3, None),
    "few meshes": (8 * RANDOM.random((500, 3)), 8, 2.0, 0.3),
}


@pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))
@pytest.mark.parametrize("name", SYSTEMS)
def test_both_find_the_same(name, reference, monkeypatch):
    positions, box, cutoff, parameter = SYSTEMS[name]
    if positions is None:
        positions, box = reference["positions"], reference["box"]
    found = []
    for why_not in (None, "on purpose"):
        monkeypatch.setattr(kernels, "WHY_NOT", why_not)
        found.append(
            topological_clusters(positions, box, cutoff=cutoff, voronoi_parameter=parameter, lists=True)
        )
    one, other = found
    for field in ("count", "of_particle", "bonds"):
        assert getattr(one, field).dtype == getattr(other, field).dtype
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    for kind, rows in one.clusters.items():
        np.testing.assert_array_equal(rows, other.clusters[kind], err_msg=kind)
    assert one.count.sum() > 1000 or name == "few meshes"


@pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))
def test_both_find_the_same_in_a_shaken_crystal(crystal, monkeypatch):
    """With FCC and HCP among much else."""
    positions, box = map(np.asarray, crystal("fcc"))
    moved = positions + 0.05 * np.random.default_rng(0).normal(size=positions.shape)
    one = topological_clusters(moved, box, cutoff=1.2)
    monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    other = topological_clusters(moved, box, cutoff=1.2)
    np.testing.assert_array_equal(one.of_particle, other.of_particle)
    assert 0 < one.count[one.names.index("FCC")] < len(positions)
