"""Particle-steps per second beside LAMMPS and jax-md: one system, and 32 replicas of it, on one core in one run.

``python benchmarks/molecular_dynamics.py [--repeats 3]`` prints ratios, ours over the rival's. All count processor
seconds, medians over the repeats, ours taken before, between and after the rivals; compilation is left out.
jax-md is timed twice: as its documentation shows (sparse list, energy differentiated), and with a force of our own
writing on its dense list, tuned.
"""

import argparse
import os
import statistics
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

from rivals_md import jax_md_rate, lammps, lammps_rate, pin_to_one_core

REPLICAS = 32
DT = 0.005


def our_rate(model, positions, velocities, species, box, temperature, steps: int, replicas: int) -> float:
    """Nosé-Hoover dynamics by engine 1, in single precision."""
    import jax
    import jax.numpy as jnp

    from tdaglass import Configuration, glass

    start = Configuration(
        jnp.asarray(positions, jnp.float32), jnp.asarray(species), jnp.asarray(box, jnp.float32)
    )
    state = glass.initialize(jax.random.key(0), model, temperature, start)
    state = state._replace(velocity=jnp.asarray(velocities, jnp.float32))
    if replicas > 1:
        keys = jax.random.split(jax.random.key(1), replicas)
        state = jax.vmap(lambda key: glass.initialize(key, model, temperature, start))(keys)
    state = jax.block_until_ready(glass.run(state, model, 20, temperature=temperature, dt=DT, engine="jax"))
    begun = time.process_time()
    jax.block_until_ready(glass.run(state, model, steps, temperature=temperature, dt=DT, engine="jax"))
    return replicas * model.n_particles * steps / (time.process_time() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    pin_to_one_core()
    from tdaglass import glass

    print(f"{'one core: ours / rival':34}{'ours, M/s':>10}{'LAMMPS':>9}{'jax-md':>9}{'jax-md tuned':>14}")
    for model, temperature in ((glass.kob_andersen_3d(4096), 0.5), (glass.kob_andersen_2d(2000), 0.4)):
        equilibrated = lammps.equilibrate(model, seed=1, temperature=temperature, steps=15_000)
        system = (
            model,
            equilibrated.positions,
            equilibrated.velocities,
            lammps.species_of(model),
            lammps.box_lengths(model),
            temperature,
        )
        for replicas, steps in ((1, 300), (REPLICAS, 30)):
            ensemble = None if replicas == 1 else replicas
            # Ours before, between and after the rivals: the machine's mood changes in the meantime.
            ours = [our_rate(*system, steps, replicas)]
            rivals = [lammps_rate(*system, DT, 500, repeats=repeats)]
            ours.append(our_rate(*system, steps, replicas))
            for form in ("sparse energy", "dense force"):
                rivals.append(
                    jax_md_rate(
                        *system, DT, 60, ensemble=ensemble, forms=(form,), skins=(0.4,), repeats=repeats
                    )
                )
                ours.append(our_rate(*system, steps, replicas))
            rate = statistics.median(ours)
            print(
                f"{model.name + ', N = ' + str(model.n_particles):26}{'x ' + str(replicas):8}{rate / 1e6:>10.2f}"
                + "".join(
                    f"{rate / r.atom_steps_per_second:>{w}.2f}"
                    for r, w in zip(rivals, (9, 9, 14), strict=True)
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
