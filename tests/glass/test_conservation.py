"""Energy at constant energy, momentum, and time reversal.

Velocity Verlet conserves a Hamiltonian that differs from ours by O(dt**2), and where a truncation leaves a jump
in the force (Kob-Andersen in three dimensions) or in its slope (the others) every crossing of the cut-off adds a
random error of O(dt) or O(dt**2). The time steps below put those errors under the bound; the drift is the slope
of a straight line through the energies, times the duration.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION, THE_FOUR, batch

from tdaglass import glass

STEPS = 10_000
SOFT_SPHERES = {
    "polydisperse": glass.polydisperse_soft_spheres(300),
    "ternary": glass.ternary_soft_spheres(300),
}
TEMPERATURE = {"kob_andersen_3d": 1.0, "wahnstrom": 1.0, "kob_andersen_2d": 0.8, "additive_mixture_2d": 2.0}
BOUND = {"float32": 1e-4, "float64": 1e-6}
DT = {
    "float32": {
        "kob_andersen_3d": 5e-4,
        "wahnstrom": 1e-3,
        "kob_andersen_2d": 1e-3,
        "additive_mixture_2d": 5e-4,
    },
    "float64": {
        "kob_andersen_3d": 5e-5,
        "wahnstrom": 2e-4,
        "kob_andersen_2d": 2e-4,
        "additive_mixture_2d": 1e-4,
    },
}


def drift(model, state, dt):
    _, recorded = glass.trajectory(state, model, STEPS, every=200, dt=dt, ensemble="nve", engine="jax")
    thermo = recorded.thermo
    energy = (thermo.potential_energy.astype(float) + thermo.kinetic_energy) / model.n_particles
    assert np.ptp(energy) > 0
    assert np.ptp(thermo.kinetic_energy) > 1000 * BOUND[str(state.velocity.dtype)]  # it did move
    return np.polyfit(recorded.step, energy, 1)[0] * STEPS


@pytest.mark.slow
@pytest.mark.float32
def test_energy_drift(liquid):
    model, configuration, _ = liquid("wahnstrom")
    state = glass.initialize(jax.random.key(1), model, TEMPERATURE["wahnstrom"], configuration)
    assert abs(drift(model, state, DT[PRECISION]["wahnstrom"])) < BOUND[PRECISION]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("name", THE_FOUR)
def test_energy_drift_of_the_four(name, dtype, liquid, record_property):
    model, configuration, _ = liquid(name, dtype)
    state = glass.initialize(jax.random.key(1), model, TEMPERATURE[name], configuration)
    found = drift(model, state, DT[dtype][name])
    record_property("drift", float(found))
    assert abs(found) < BOUND[dtype]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("model", SOFT_SPHERES.values(), ids=SOFT_SPHERES)
def test_energy_drift_of_soft_spheres(model, dtype, record_property):
    """Smooth at the cut-off, they conserve better than the others at the same time step."""
    temperature, dt = 0.3, {"float32": 1e-3, "float64": 2e-4}[dtype]
    state = jax.tree.map(lambda x: x[0], batch(model, 1, temperature, dtype))
    state = glass.settle_overlaps(state, model, temperature=temperature)
    state = glass.run(state, model, 2000, temperature=temperature)
    found = drift(model, state, dt)
    record_property("drift", float(found))
    assert abs(found) < BOUND[dtype]


@pytest.mark.float32
def test_momentum_and_time_reversal(liquid):
    model, configuration, _ = liquid("wahnstrom")
    state = glass.initialize(jax.random.key(1), model, 1.0, configuration)
    dt, steps = DT[PRECISION]["wahnstrom"], 100
    there = glass.run(state, model, steps, dt=dt, ensemble="nve", engine="jax")
    eps = float(jnp.finfo(PRECISION).eps)
    # Heavier particles: none; each step rounds every particle's momentum once.
    np.testing.assert_allclose(jnp.sum(there.velocity, axis=0), 0, atol=100 * steps * eps)
    back = glass.run(
        there._replace(velocity=-there.velocity), model, steps, dt=dt, ensemble="nve", engine="jax"
    )
    away = jnp.abs(there.configuration.positions - configuration.positions).max()
    left = jnp.abs(back.configuration.positions - configuration.positions).max()
    assert left < 1e-3 * away
