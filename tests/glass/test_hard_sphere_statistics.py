"""Hard spheres in equilibrium: the pressure of the equation of state, energy over a hundred million collisions."""

import jax
import numpy as np
import pytest

from tdaglass import glass, kernels
from tdaglass.glass import hard_spheres as hs
from tdaglass.glass.hard_spheres.doubles import from_words

pytestmark = [pytest.mark.slow, pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))]


@pytest.mark.parametrize(
    ("packing_fraction", "equilibration", "time"),
    [(0.40, 50.0, 300.0), (0.50, 100.0, 600.0), (0.55, 500.0, 2000.0)],
)
def test_pressure_is_kolafas_and_santos(packing_fraction, equilibration, time, record_property):
    """To 0.2 %, three standard errors, of 2000 binary spheres; each time long against what relaxes."""
    model = glass.binary_hard_spheres(2000, packing_fraction)
    spheres = hs.run(glass.initialize(jax.random.key(0), model, 1.0), model, equilibration)
    spheres, found = hs.equilibrium(spheres, model, time, blocks=20)
    record_property("Z", f"{found.compressibility:.4f} +- {found.error:.4f}, expected {found.expected:.4f}")
    assert 3 * found.error < 0.002 * found.expected
    assert found.compressibility == pytest.approx(found.expected, rel=0.002)
    assert hs.smallest_gap(spheres.positions, from_words(spheres.diameters), spheres.edges) > -1e-13


def test_pressure_of_discs_is_ludings_and_santos(record_property):
    model = glass.hard_sphere_mixture((1000, 1000), (1.0, 1.4), 0.6, dimension=2)
    spheres = hs.run(glass.initialize(jax.random.key(0), model, 1.0), model, 100.0)
    _, found = hs.equilibrium(spheres, model, 600.0, blocks=20)
    record_property("Z", f"{found.compressibility:.4f} +- {found.error:.4f}, expected {found.expected:.4f}")
    assert 3 * found.error < 0.003 * found.expected
    assert found.compressibility == pytest.approx(found.expected, rel=0.003)


def test_energy_over_a_hundred_million_collisions(record_property):
    model = glass.binary_hard_spheres(500, 0.55)
    spheres = glass.initialize(jax.random.key(1), model, 1.0)
    before = spheres.kinetic_energy(model)
    smallest = np.inf
    while spheres.collisions < 1e8:
        spheres = hs.run(spheres, model, 1000.37)
        gap = hs.smallest_gap(spheres.positions, from_words(spheres.diameters), spheres.edges)
        smallest = min(smallest, gap)
    lost = float(spheres.kinetic_energy(model) / before - 1)
    record_property(
        "energy", f"{lost:.1e} after {float(spheres.collisions):.3g} collisions, smallest gap {smallest:.1e}"
    )
    assert abs(lost) < 1e-12
    assert smallest > -1e-13
