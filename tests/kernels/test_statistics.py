"""Canonical statistics of the kernels against LAMMPS's long runs: structure, fluctuations and motion.

Twenty-four systems of LAMMPS's size run at once. A system's average is one sample; the error is their standard
deviation / sqrt(24), so that it needs no correlation time. Every number lies within three combined standard errors
of LAMMPS's. There are 25 of them for a liquid, 100 in all: chance alone, were they independent, would bring one
beyond three in one run of four. Seeds are fixed.
"""

from functools import partial

import jax
import numpy as np
import pytest
from glass_systems import THE_FOUR, batch

from tdaglass import glass
from tdaglass.structure import radial_distribution, wave_vectors

SYSTEMS = 24
DT = 0.005
EVERY = 20  # steps from frame to frame: the shortest of LAMMPS's lags
PIECES, PIECE_STEPS = 3, 5120  # recorded one piece after the other, for the memory's sake
ORIGIN = 16  # frames from one time origin, and from one g(r), to the next
PAIRS = ((0, 0), (0, 1), (1, 1))
# Of equilibration: at twice the temperature as well as on the way down, and at the temperature itself. In the
# additive mixture like prefers like, and particles hardly diffuse: the box's longest composition wave, of wave
# number 2 pi / 20.4, takes some 1 / (D q^2) = 1 / (0.0103 x 0.095) = 1000 time units to decay, and longer as it
# costs little.
USUAL_STEPS = 10_000, 10_000
STEPS = {"additive_mixture_2d": (50_000, 600_000)}


def equilibrated(model, temperature):
    """Liquids from random lattices.

    Hot at first: composition fluctuations as long as the box begin as those of a random mixture, and decay by
    diffusion, which at the temperature itself takes hundreds of time units.
    """
    hot, steps = STEPS.get(model.name, USUAL_STEPS)
    states = batch(model, SYSTEMS, temperature, "float32")
    # On a random lattice neighbours may be closer than the kernels take.
    states = glass.run(states, model, 300, temperature=2 * temperature, dt=0.001, engine="jax")
    states = glass.run(states, model, hot, temperature=2 * temperature, engine="cpu")
    rate = temperature / (hot * DT)
    states, _ = glass.cool(states, model, start=2 * temperature, stop=temperature, rate=rate, engine="cpu")
    return glass.run(states, model, steps, temperature=temperature, engine="cpu")


@partial(jax.jit, static_argnames=("cutoff", "bins"))
def pair_correlations(positions, species, box, cutoff, bins):
    """g(r) of every system."""
    of_one = partial(radial_distribution, cutoff=cutoff, bins=bins, species_count=2)
    return jax.vmap(lambda x, box, species: of_one(x, box, species=species).g)(positions, box, species)


def motion(positions, lags, q):
    """Mean squared displacement and F_s(q, t), (systems, lags); positions (frames, systems, n, d)."""
    squared, scattered = [], []
    for lag in lags:
        later = positions[lag::ORIGIN]
        moved = [b - a for a, b in zip(positions[::ORIGIN], later, strict=False)]
        squared.append(np.mean([(x**2).sum(-1).mean(-1) for x in moved], 0))
        scattered.append(np.mean([np.cos(x @ q.T).mean((1, 2)) for x in moved], 0))
    return np.stack(squared, -1), np.stack(scattered, -1)


def samples(model, states, reference):
    """Averages over time, by the names that LAMMPS's have, (systems, ...)."""
    settings = reference["settings"]
    temperature, dt = settings["set_temperature"], settings["dt"]
    below = np.asarray(reference["temperature_distribution"]["below"])
    edges = np.asarray(reference["radial_distribution"]["edges"])
    width = edges[1] - edges[0]
    unseen, bins = round(edges[0] / width), round(edges[-1] / width)
    scattering = reference["self_scattering"]
    lags = np.rint(np.asarray(scattering["times"]) / (EVERY * dt)).astype(int)
    box = np.asarray(states.box[0], float)
    shell = scattering["wave_number"] + scattering["shell"] * np.array([-1, 1])
    vectors = wave_vectors(box, shell[1], q_min=shell[0])
    assert len(vectors) == scattering["wave_vectors"]
    q = (2 * np.pi * vectors / box).astype(np.float32)

    energies, pieces = [], []
    for _ in range(PIECES):
        states, recorded = glass.trajectory(
            states, model, PIECE_STEPS, every=EVERY, temperature=temperature, dt=dt, engine="cpu"
        )
        thermo = jax.tree.map(lambda x: x[1:].astype(float), recorded.thermo)
        squared, scattered = motion(recorded.positions, lags, q)
        g = np.mean(
            [
                pair_correlations(x, states.species, states.box, float(edges[-1]), bins)
                for x in recorded.positions[ORIGIN::ORIGIN]
            ],
            0,
        )
        energies.append(thermo.potential_energy)
        pieces.append(
            {
                "temperature": thermo.temperature.mean(0),
                "temperature_variance": ((thermo.temperature - temperature) ** 2).mean(0),
                "temperature_distribution": (thermo.temperature[..., None] < below).mean(0),
                "potential_energy_per_particle": thermo.potential_energy.mean(0) / model.n_particles,
                "pressure": thermo.pressure.mean(0),
                "radial_distribution": np.stack([g[:, a, b, unseen:] for a, b in PAIRS], 1),
                "mean_squared_displacement": squared,
                "self_scattering": scattered,
            }
        )
    # About the mean over all systems: that of one is known too badly.
    energy = np.concatenate(energies)
    of_energy = {"potential_energy_variance": ((energy - energy.mean()) ** 2).mean(0)}
    return of_energy | jax.tree.map(lambda *x: np.mean(x, 0), *pieces)


def compared(reference):
    """Indices of the compared numbers of each quantity; of g(r) height, flank and first minimum for each pair."""
    chosen = []
    for k, g in enumerate(reference["radial_distribution"]["value"]):
        peak = int(np.argmax(g))
        flank = peak - 1 if peak else 1
        chosen += [(k, flank), (k, peak), (k, peak + int(np.argmin(g[peak:])))]
    times = [(k,) for k in range(len(reference["self_scattering"]["times"]))]
    return {
        "temperature": [()],
        "temperature_variance": [()],
        "temperature_distribution": [(k,) for k in range(3)],
        "potential_energy_per_particle": [()],
        "potential_energy_variance": [()],
        "pressure": [()],
        "radial_distribution": chosen,
        "mean_squared_displacement": times,
        "self_scattering": times,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", THE_FOUR)
def test_statistics_are_lammps(name, lammps_nvt, record_property):
    reference = lammps_nvt[name]
    settings = reference["settings"]
    model = getattr(glass, name)(sum(settings["counts"]))
    found = samples(model, equilibrated(model, settings["set_temperature"]), reference)
    deviations = {}
    for quantity, places in compared(reference).items():
        mean = found[quantity].mean(0)
        error = found[quantity].std(0, ddof=1) / SYSTEMS**0.5
        lammps, lammps_error = (np.asarray(reference[quantity][key]) for key in ("value", "standard_error"))
        for place in places:
            label = " ".join([quantity, *map(str, place)])
            deviation = (mean[place] - lammps[place]) / np.hypot(error[place], lammps_error[place])
            deviations[label] = deviation
            ours = f"{mean[place]:.5g} +- {error[place]:.2g}"
            theirs = f"LAMMPS {lammps[place]:.5g} +- {lammps_error[place]:.2g}"
            record_property(label, f"{ours}, {theirs}: {deviation:+.2f} standard errors")
    assert len(deviations) == 25
    assert {label: deviation for label, deviation in deviations.items() if not abs(deviation) < 3} == {}
