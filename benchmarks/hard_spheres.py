"""Collisions per processor second of binary hard spheres, beside LAMMPS with a potential that is nearly hard.

``python benchmarks/hard_spheres.py [--repeats 3] [-n 2000]`` grows spheres to packing fractions 0.50 and 0.58,
times one system on one thread, 32 replicas on all threads, and LAMMPS (Mie 50-49 cut at its minimum, k T = 1.5
epsilon, where its second virial coefficient is that of hard spheres; a step of 0.001, on one core) in turns.
Medians over the repeats; of LAMMPS, which has no collisions, time units per processor second are compared.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from oracles import lammps

from tdaglass import glass
from tdaglass.glass import hard_spheres as hs

REPLICAS = 32
DT = 0.001
# The pseudo hard spheres of J. Jover et al., J. Chem. Phys. 137, 144505 (2012), in units in which k T is 1.
EPSILON = 1 / 1.5


def our_rate(
    spheres: hs.Spheres, model: glass.HardSpheres, period: float, threads: int
) -> tuple[float, float]:
    """Collisions and time units per processor second, and per second of the clock."""
    os.environ["TDAGLASS_THREADS"] = str(threads)
    hs.run(spheres, model, 0.01)  # compiles
    begun, clock = time.process_time(), time.perf_counter()
    after = hs.run(spheres, model, period)
    jax.block_until_ready(after)
    seconds, passed = time.process_time() - begun, time.perf_counter() - clock
    count = float(np.sum(after.collisions - spheres.collisions))
    return count / seconds, count / passed


def lammps_rate(spheres: hs.Spheres, model: glass.HardSpheres, steps: int) -> float:
    """Time units per processor second."""
    pairs = [
        f"pair_coeff {i + 1} {j + 1} {EPSILON} {(a + b) / 2} 50 49 {(a + b) / 2 * 50 / 49}"
        for i, a in enumerate(model.sizes)
        for j, b in enumerate(model.sizes[i:], start=i)
    ]
    script = [
        "units lj",
        "atom_style atomic",
        "read_data system.data",
        *("pair_style mie/cut 1.1", *pairs),
        *("neighbor 0.25 bin", f"timestep {DT}", "fix 1 all nve", "run 500", f"run {steps}"),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        positions = spheres.positions - np.floor(spheres.positions / spheres.edges) * spheres.edges
        lammps.write_data(
            folder / "system.data", model, positions, spheres.species, spheres.edges, spheres.velocities
        )
        log = lammps.execute(folder, script)
    wall = re.findall(r"^Loop time of (\S+) on 1 procs", log, re.MULTILINE)[-1]
    share = re.findall(r"^(\S+)% CPU use with", log, re.MULTILINE)[-1]
    return steps * DT / (float(wall) * float(share) / 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("-n", type=int, default=2000, help="particles")
    chosen = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(f"N = {chosen.n}, {hs.describe_engine()}, {cores} cores, load {load:.1f} before the start")
    for packing_fraction, period in ((0.50, 30.0), (0.58, 20.0)):
        model = glass.binary_hard_spheres(chosen.n, packing_fraction)
        spheres = hs.run(glass.initialize(jax.random.key(0), model, 1.0), model, 50.0)
        many = jax.tree.map(lambda x: x[None].repeat(REPLICAS, 0), spheres)
        one, all_of_them, on_the_clock, rival = [], [], [], []
        for _ in range(chosen.repeats):
            rate, _ = our_rate(spheres, model, period, 1)
            one.append(rate)
            rival.append(lammps_rate(spheres, model, 2000))
            rate, passed = our_rate(many, model, period / 8, cores)
            all_of_them.append(rate)
            on_the_clock.append(passed)
        median = statistics.median
        after = hs.run(spheres, model, 10.0)
        per_time = float(after.collisions - spheres.collisions) / 10
        ratio = median(one) / per_time / median(rival)
        print(
            f"packing fraction {packing_fraction}: one system {median(one) / 1e6:.2f} million collisions per "
            f"processor second; {REPLICAS} replicas on {cores} threads {median(all_of_them) / 1e6:.2f}, and "
            f"{median(on_the_clock) / 1e6:.2f} per second of the clock; {median(one) / per_time:.1f} time units "
            f"per processor second, {ratio:.1f} times LAMMPS ({median(rival):.2f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
