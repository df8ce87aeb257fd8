"""Inherent structures: forces vanish, the energy has fallen, impossible starts are refused."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION, assert_same_bits

from tdaglass import glass

# The module: the package gives the function of the same name.
MODULE = sys.modules["tdaglass.glass.molecular_dynamics.minimize"]


@pytest.fixture(scope="module")
def quenched(liquid):
    model, configuration, _ = liquid("kob_andersen_2d")
    return model, configuration, glass.minimize(model, configuration, tolerance=1e-3)


@pytest.mark.float32
def test_forces_vanish(quenched):
    model, start, (end, info) = quenched
    assert info.converged
    assert 0 < info.steps < 20_000
    assert end.positions.dtype == PRECISION
    largest = float(jnp.linalg.norm(glass.forces(model, end), axis=-1).max())
    np.testing.assert_allclose(largest, info.largest_force, rtol=1e-6 if PRECISION == "float64" else 0.3)
    assert largest < (1e-3 if PRECISION == "float64" else 1.3e-3)
    before, after = (float(glass.potential_energy(model, c)) for c in (start, end))
    assert after < before - 0.1 * model.n_particles
    np.testing.assert_allclose(info.potential_energy, after, rtol=1e-6)
    # Unwrapped from the start: particles that began outside the box end there.
    assert jnp.abs(end.positions - start.positions).max() < 2


def test_a_minimum_stays(quenched):
    model, _, (end, _) = quenched
    again, info = glass.minimize(model, end, tolerance=2e-3)
    assert info.converged
    assert info.steps == 0
    np.testing.assert_allclose(again.positions, end.positions, atol=1e-12 if PRECISION == "float64" else 2e-6)


def test_too_few_steps_are_admitted(quenched):
    model, start, _ = quenched
    end, info = glass.minimize(model, start, max_steps=20)
    assert not info.converged
    assert info.steps == 20
    assert info.largest_force > 1e-3
    assert glass.potential_energy(model, end) < glass.potential_energy(model, start)


def test_tables_without_room_grow(quenched, monkeypatch):
    model, start, (end, _) = quenched
    real = MODULE.engine_settings
    monkeypatch.setattr(MODULE, "engine_settings", lambda *a: real(*a)._replace(capacity=2))
    grown, info = glass.minimize(model, start, tolerance=1e-3)
    assert info.converged
    assert_same_bits(grown, end)


def test_coincident_particles_are_reported(quenched):
    model, start, _ = quenched
    twice = start._replace(positions=start.positions.at[5].set(start.positions[9]))
    with pytest.raises(glass.SimulationError, match=r"distinct positions.*try removing duplicates"):
        glass.minimize(model, twice)


def test_tolerance_and_skin_must_be_possible(quenched):
    model, start, _ = quenched
    with pytest.raises(ValueError, match=r"skin above 0\.1, got 0\.1; try 0\.3"):
        glass.minimize(model, start, skin=0.1)
    with pytest.raises(ValueError, match="positive force tolerance, got 0"):
        glass.minimize(model, start, tolerance=0.0)


@pytest.mark.slow
def test_nothing_need_be_simulated_before():
    # What jax-md must be taught comes with the minimiser itself: seen only where nothing else was imported.
    script = """if True:
        import jax
        from tdaglass import glass
        model = glass.wahnstrom(n=64)
        print(bool(glass.minimize(model, glass.random_lattice(jax.random.key(0), model))[1].converged))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
