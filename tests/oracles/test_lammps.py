"""The LAMMPS oracle and its fixed numbers, held against the published pair potentials summed in numpy."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from oracles import lammps

REFERENCE = Path(__file__).parents[1] / "reference"
LIQUIDS = [
    "kob_andersen_3d",
    "kob_andersen_3d_force_shift",
    "wahnstrom",
    "kob_andersen_2d",
    "kob_andersen_2d_as_printed",
    "additive_mixture_2d",
]
needs_lammps = pytest.mark.skipif(not lammps.available(), reason=lammps.SKIP_REASON)


@pytest.fixture(scope="module")
def static():
    with np.load(REFERENCE / "lammps_static.npz") as arrays:
        return dict(arrays)


def record(static, liquid):
    prefix = f"{liquid}/"
    fields = {k.removeprefix(prefix): v for k, v in static.items() if k.startswith(prefix)}
    return SimpleNamespace(**{k: v.item() if v.ndim == 0 else v for k, v in fields.items()})


def lennard_jones(r, epsilon, sigma):
    """Energy and its derivative."""
    a = (sigma / r) ** 6
    return 4 * epsilon * (a**2 - a), -24 * epsilon * (2 * a**2 - a) / r


def summed(liquid):
    """Energy, forces (n, d) and pressure tensor (d, d), pair by pair at the minimum image."""
    i, j = np.triu_indices(len(liquid.species), 1)
    pair = liquid.species[i], liquid.species[j]
    epsilon, sigma, cutoff = liquid.epsilon[pair], liquid.sigma[pair], liquid.cutoff[pair]
    d = liquid.positions[i] - liquid.positions[j]
    d -= liquid.box * np.round(d / liquid.box)
    r = np.linalg.norm(d, axis=1)
    energy, slope = lennard_jones(r, epsilon, sigma)
    at_cutoff, slope_at_cutoff = lennard_jones(cutoff, epsilon, sigma)
    energy = energy - at_cutoff
    if liquid.truncation == "force_shift":
        energy = energy - (r - cutoff) * slope_at_cutoff
        slope = slope - slope_at_cutoff
    inside = r < cutoff
    pair_forces = np.where(inside, -slope / r, 0)[:, None] * d
    forces = np.zeros_like(liquid.positions)
    np.add.at(forces, i, pair_forces)
    np.add.at(forces, j, -pair_forces)
    return energy[inside].sum(), forces, d.T @ pair_forces / np.prod(liquid.box)


@pytest.mark.parametrize("liquid", LIQUIDS)
def test_reference_is_the_published_potential(static, liquid):
    liquid = record(static, liquid)
    assert np.all(liquid.box >= 2 * liquid.cutoff.max())
    assert np.any((liquid.positions < 0) | (liquid.positions > liquid.box)), "no unwrapped position to test"
    energy, forces, tensor = summed(liquid)
    np.testing.assert_allclose(liquid.potential_energy, energy, rtol=1e-12)
    np.testing.assert_allclose(liquid.forces, forces, rtol=0, atol=1e-11 * np.abs(forces).max())
    np.testing.assert_allclose(liquid.pressure_tensor, tensor, rtol=0, atol=1e-11 * np.abs(tensor).max())
    np.testing.assert_allclose(liquid.pressure, np.trace(tensor) / len(tensor), rtol=1e-11)


@pytest.mark.parametrize("name", ["kob_andersen_3d", "wahnstrom", "kob_andersen_2d", "additive_mixture_2d"])
def test_canonical_averages_are_at_the_set_temperature_and_well_blocked(name):
    reference = json.loads((REFERENCE / "lammps_nvt.json").read_text())[name]
    temperature, settings = reference["temperature"], reference["settings"]
    assert abs(temperature["value"] - settings["set_temperature"]) < 4 * temperature["standard_error"]
    assert reference["potential_energy_per_particle"]["standard_error"] < 2e-3 * settings["set_temperature"]
    assert settings["block_time"] > 10 * reference["energy_correlation_time"]


@pytest.mark.slow
@needs_lammps
@pytest.mark.parametrize("liquid", LIQUIDS)
def test_live_lammps_repeats_the_reference(static, liquid):
    liquid = record(static, liquid)
    now = lammps.evaluate(liquid, liquid.positions, liquid.species, liquid.box)
    np.testing.assert_allclose(now.potential_energy, liquid.potential_energy, rtol=1e-12)
    np.testing.assert_allclose(now.forces, liquid.forces, rtol=0, atol=1e-10)
    np.testing.assert_allclose(now.pressure_tensor, liquid.pressure_tensor, rtol=0, atol=1e-10)


@pytest.mark.slow
@needs_lammps
def test_live_run_conserves_energy_and_continues_the_positions(static):
    liquid = record(static, "kob_andersen_2d")
    n, d = liquid.positions.shape
    velocities = np.random.default_rng(0).normal(size=(n, d))
    velocities -= velocities.mean(axis=0)
    run = lammps.run(
        liquid, liquid.positions, liquid.species, liquid.box, velocities,
        steps=200, dt=0.002, temperature=None, every=20, trajectory_every=100,
    )  # fmt: skip
    total = run.potential_energy + run.temperature * d * (n - 1) / 2
    np.testing.assert_allclose(total, total[0], atol=1e-3 * n)
    np.testing.assert_allclose(run.temperature[0], np.sum(velocities**2) / (d * (n - 1)), rtol=1e-12)
    np.testing.assert_allclose(run.trajectory[0], liquid.positions, atol=1e-12)
    np.testing.assert_array_equal(run.trajectory[-1], run.positions)
    np.testing.assert_allclose(run.times, 0.04 * np.arange(11), rtol=1e-12)


@pytest.mark.slow
@needs_lammps
def test_lammps_says_what_is_wrong(static):
    liquid = record(static, "wahnstrom")
    with pytest.raises(RuntimeError, match="LAMMPS failed"):
        lammps.evaluate(liquid, liquid.positions, liquid.species + 7, liquid.box)


def test_unknown_truncation_is_refused():
    with pytest.raises(ValueError, match=r"expected truncation in .*, got 'none'"):
        lammps.pair_commands(SimpleNamespace(truncation="none", cutoff=((1.0,),), counts=(3,)))
