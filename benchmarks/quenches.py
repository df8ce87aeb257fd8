"""Quenches per hour beside LAMMPS: two-dimensional liquids cooled from T = 4 to 0.05, on one core in one run.

``python benchmarks/quenches.py [--repeats 3]`` times ramps that are steeper than the published one of 8.33e-5, and
says how many quenches at that rate an hour would hold. Ours are a batch, as data sets are made; LAMMPS cools one
after the other, with the fastest of its pair styles and skins. Both count processor seconds.
"""

import argparse
import os
import statistics
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

from rivals_md import lammps, lammps_rate, pin_to_one_core

DT = 0.005
HOT, COLD = 4.0, 0.05
STEPS = 8000
PUBLISHED_RATE = 8.33e-5
BATCH = 8


def our_rate(model, positions, velocities, species, box) -> float:
    """Particle-steps per processor second of a batch that starts alike, with velocities of its own."""
    import jax
    import jax.numpy as jnp

    from tdaglass import Configuration, glass

    start = Configuration(
        jnp.asarray(positions, jnp.float32), jnp.asarray(species), jnp.asarray(box, jnp.float32)
    )
    keys = jax.random.split(jax.random.key(1), BATCH)
    states = jax.vmap(lambda key: glass.initialize(key, model, HOT, start))(keys)
    # Until they are different liquids.
    states = jax.block_until_ready(glass.run(states, model, 1000, temperature=HOT, dt=DT))
    begun = time.process_time()
    rate = (HOT - COLD) / (STEPS * DT)
    state, _ = glass.cool(states, model, start=HOT, stop=COLD, rate=rate, dt=DT)
    jax.block_until_ready(state)
    return BATCH * model.n_particles * STEPS / (time.process_time() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    pin_to_one_core()
    from tdaglass import glass

    print(f"{'one core':40}{'ours, an hour':>15}{'LAMMPS, an hour':>17}{'ours / LAMMPS':>15}")
    for model in (glass.additive_mixture_2d(2000), glass.kob_andersen_2d(2000)):
        hot = lammps.equilibrate(model, seed=1, temperature=HOT, steps=5000)
        system = (model, hot.positions, hot.velocities, lammps.species_of(model), lammps.box_lengths(model))
        ours = [our_rate(*system)]
        theirs = []
        for _ in range(repeats):
            rival = lammps_rate(*system, HOT, DT, STEPS, stop=COLD, skins=(0.2, 0.3, 0.4), repeats=1)
            theirs.append(rival.atom_steps_per_second)
            ours.append(our_rate(*system))
        mine, rivals = statistics.median(ours), statistics.median(theirs)
        per_hour = 3600 / (model.n_particles * (HOT - COLD) / PUBLISHED_RATE / DT)
        print(
            f"{model.name + ', N = 2000, rate 8.33e-5':40}{mine * per_hour:>15.2f}{rivals * per_hour:>17.2f}"
            f"{mine / rivals:>15.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
