"""Canonical and isobaric averages against LAMMPS's long runs, within three combined standard errors.

Sixteen systems of LAMMPS's size run at once, in single precision as users run them. A system's average is one
sample; the error is their standard deviation / 4, so that it needs no correlation time.
"""

import numpy as np
import pytest
from glass_systems import THE_FOUR, batch

from tdaglass import glass, kernels

SYSTEMS = 16


def averages(states, model, steps, engine="jax", **bath):
    """Mean over time of each quantity, and its standard error over the systems."""
    _, recorded = glass.trajectory(states, model, steps, every=20, engine=engine, **bath)
    density = model.n_particles / recorded.box.astype(float).prod(-1)
    series = {
        "temperature": recorded.thermo.temperature,
        "potential_energy_per_particle": recorded.thermo.potential_energy / model.n_particles,
        "pressure": recorded.thermo.pressure,
        "density": density,
    }
    found = {}
    for name, values in series.items():
        per_system = values[1:].astype(float).mean(0)
        found[name] = per_system.mean(), per_system.std(ddof=1) / SYSTEMS**0.5
    found["volume_variance"] = (model.n_particles / density[1:]).var(), np.nan
    return found


def equilibrated(model, temperature, steps):
    states = batch(model, SYSTEMS, temperature, "float32")
    states = glass.run(states, model, 300, temperature=2 * temperature, dt=0.001, engine="jax")
    return glass.run(states, model, steps, temperature=temperature, engine="jax")


@pytest.mark.slow
@pytest.mark.parametrize("name", THE_FOUR)
def test_nvt_averages_are_lammps(name, lammps_nvt, record_property):
    reference = lammps_nvt[name]
    settings = reference["settings"]
    model = getattr(glass, name)(sum(settings["counts"]))
    temperature = settings["set_temperature"]
    states = equilibrated(model, temperature, 10_000)
    found = averages(states, model, 4000, temperature=temperature)
    assert found["temperature"][0] == pytest.approx(temperature, rel=2e-3)
    for quantity in ("temperature", "potential_energy_per_particle", "pressure"):
        mean, error = found[quantity]
        theirs = reference[quantity]
        deviation = (mean - theirs["value"]) / np.hypot(error, theirs["standard_error"])
        record_property(quantity, f"{mean:.5f} +- {error:.5f}, {deviation:+.2f} standard errors from LAMMPS")
        assert abs(deviation) < 3, quantity


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["jax", "cpu"])
def test_npt_keeps_the_pressure_and_finds_the_density(engine, lammps_nvt, record_property):
    """At the mean pressure of the canonical ensemble the density is the canonical one."""
    reference = lammps_nvt["wahnstrom"]
    model = glass.wahnstrom(sum(reference["settings"]["counts"]))
    set_pressure = reference["pressure"]["value"]
    states = equilibrated(model, 1.0, 2000)
    if engine == "cpu" and kernels.WHY_NOT:
        pytest.skip(kernels.WHY_NOT)
    bath = {"temperature": 1.0, "pressure": set_pressure, "ensemble": "npt", "engine": engine}
    states = glass.run(states, model, 6000, **bath)
    found = averages(states, model, 8000, **bath)
    for quantity, expected in (("pressure", set_pressure), ("temperature", 1.0)):
        mean, error = found[quantity]
        record_property(quantity, f"{(mean - expected) / error:+.2f} standard errors")
        assert abs(mean - expected) < 3 * error, quantity
    # LAMMPS's error of the pressure, turned into one of the density by the compressibility kappa: the volume
    # fluctuates by var V = V kT kappa, and d rho / dP = rho kappa.
    mean, error = found["density"]
    volume = model.n_particles / model.number_density
    kappa = found["volume_variance"][0] / volume
    error = np.hypot(error, model.number_density * kappa * reference["pressure"]["standard_error"])
    record_property("density", f"{(mean - model.number_density) / error:+.2f} standard errors")
    assert abs(mean - model.number_density) < 3 * error
