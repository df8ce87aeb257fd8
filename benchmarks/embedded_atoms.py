"""Embedded atoms on the CPU kernels beside LAMMPS on the same core: ``python benchmarks/embedded_atoms.py FILE``.

``FILE`` is a setfl file, by default of palladium and silicon. A melt of zero pressure, and the glass that it
becomes when it is quenched within `QUENCH_STEPS`, go on at constant pressure; rates are particles times steps per
processor second, medians of runs by turns. LAMMPS runs ``eam/alloy`` with suffix opt (``eam/fs`` with it), at its
best skin.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from oracles import lammps
from rivals_md import pin_to_one_core

LAMMPS_SKINS = (1.0, 2.0)
HOT, COLD = 2500, 300  # kelvin
TIME_STEP = 0.002  # ps
MELT_STEPS, QUENCH_STEPS = 2000, 4000


def lammps_seconds(metal, state, kelvin, skin, steps):
    """Processor seconds of NPT from a state."""
    configuration = state.configuration
    baths = f"temp {kelvin} {kelvin} {100 * TIME_STEP} iso 0 0 {1000 * TIME_STEP}"
    script = [
        *lammps.system_commands(metal, skin=skin),
        f"fix motion all npt {baths}",
        f"timestep {TIME_STEP}",
        f"thermo {steps}",
        "run 50",
        f"run {steps}",
    ]
    arrays = (np.asarray(x, float) for x in (configuration.positions, configuration.box, state.velocity))
    positions, box, velocities = arrays
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lammps.write_data(
            folder / "system.data", metal, positions, np.asarray(configuration.species), box, velocities
        )
        log = lammps.execute(folder, script, ("-sf", "opt"))
    wall = re.findall(r"^Loop time of (\S+) on 1 procs", log, re.MULTILINE)[-1]
    share = re.findall(r"^(\S+)% CPU use with", log, re.MULTILINE)[-1]
    return float(wall) * float(share) / 100


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--elements", nargs=2, default=("Pd", "Si"))
    parser.add_argument("--style", default="eam/alloy")
    parser.add_argument("--particles", type=int, default=12_000)
    parser.add_argument("--density", type=float, default=0.0665, help="atoms / angstrom^3 of the start")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skins", type=float, nargs="+", default=(0.6, 0.8, 1.0, 1.4))
    given = parser.parse_args()
    pin_to_one_core()
    import jax

    from tdaglass import glass
    from tdaglass.glass import units

    n, steps = given.particles, given.steps
    counts = (n - n // 5, n // 5)
    model = glass.embedded_atom(
        given.file, elements=given.elements, counts=counts, number_density=given.density
    )
    metal = lammps.Metal(
        model.name, counts, given.density, tuple(m / units.GRAM_PER_MOLE for m in model.masses), given.style,
        str(Path(given.file).resolve()), tuple(given.elements),
    )  # fmt: skip
    bath = {"ensemble": "npt", "pressure": 0.0, "dt": TIME_STEP, "engine": "cpu"}
    hot, cold = HOT * units.KELVIN, COLD * units.KELVIN
    melt = glass.initialize(jax.random.key(0), model, hot)
    melt = glass.run(melt, model, 200, temperature=hot, dt=TIME_STEP / 4, engine="cpu")
    melt = glass.run(melt, model, MELT_STEPS, temperature=hot, **bath)
    rate = (hot - cold) / (QUENCH_STEPS * TIME_STEP)
    solid, _ = glass.cool(melt, model, start=hot, stop=cold, rate=rate, **bath)

    def our_seconds(state, kT, skin):
        start = time.process_time()
        jax.block_until_ready(glass.run(state, model, steps, temperature=kT, skin=skin, **bath))
        return time.process_time() - start

    for name, state, kelvin in (("melt", melt, HOT), ("solid", solid, COLD)):
        kT = kelvin * units.KELVIN
        for skin in given.skins:
            our_seconds(state, kT, skin)  # compiles
        ours = {skin: [] for skin in given.skins}
        theirs = {skin: [] for skin in LAMMPS_SKINS}
        for _ in range(given.repeats):
            for skin in given.skins:
                ours[skin].append(our_seconds(state, kT, skin))
            for skin in LAMMPS_SKINS:
                theirs[skin].append(lammps_seconds(metal, state, kelvin, skin, steps))
        rates = [
            {skin: n * steps / statistics.median(seconds) / 1e6 for skin, seconds in each.items()}
            for each in (ours, theirs)
        ]
        for who, each in zip(("kernels", "LAMMPS"), rates, strict=True):
            print(
                f"{name} {kelvin} K, {who}:", ", ".join(f"skin {k} {v:.3f}" for k, v in each.items()), "M/s"
            )
        print(f"ratio of the best: {max(rates[0].values()) / max(rates[1].values()):.2f}")


if __name__ == "__main__":
    main()
