"""Particle-steps per second beside LAMMPS and jax-md: one system, and 32 replicas of it, on one core in one run.

``python benchmarks/molecular_dynamics.py [--repeats 3]`` prints ratios, ours over the rival's. All count processor
seconds, medians over the repeats, ours taken before, between and after the rivals; compilation is left out.
jax-md is timed twice: as its documentation shows (sparse list, energy differentiated), and with a force of our own
writing on its dense list, tuned. Replicas of one start drift apart, which slows the kernels down: they are timed
over as many steps as are given, from the start. At constant pressure, that of the start, one system runs beside
LAMMPS alone.
"""

import argparse
import os
import statistics
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

from rivals_md import jax_md_rate, lammps, lammps_rate, pin_to_one_core

REPLICAS = 32
DT = 0.005


def our_rate(
    model, positions, velocities, species, box, temperature, engine, steps: int, replicas: int, pressure=None
) -> float:
    """Nosé-Hoover dynamics in single precision; with a pressure, at constant pressure."""
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
    settings = {"temperature": temperature, "dt": DT, "engine": engine}
    if pressure is not None:
        settings |= {"ensemble": "npt", "pressure": pressure}
    state = jax.block_until_ready(glass.run(state, model, 20, **settings))
    begun = time.process_time()
    jax.block_until_ready(glass.run(state, model, steps, **settings))
    return replicas * model.n_particles * steps / (time.process_time() - begun)


# Replicas, and what is timed of ours: engines and steps.
ONE = (("jax", 300), ("cpu", 2000))
ROWS = {1: ONE, REPLICAS: (("jax", 30), ("cpu", 5000), ("cpu", 30_000))}


def time_ours(
    rates: dict[tuple[str, int], list[float]], system: tuple, replicas: int = 1, pressure: float | None = None
) -> None:
    """One more rate of each engine and number of steps; the longest run says the same when it is made once."""
    for (engine, steps), known in rates.items():
        if steps < 30_000 or not known:
            known.append(our_rate(*system, engine, steps, replicas, pressure))


def print_rows(model, name: str, ours: dict[tuple[str, int], list[float]], rivals: list) -> None:
    """A line for each engine and number of steps."""
    for (engine, steps), rates in ours.items():
        what = f"{model.name}, N = {model.n_particles}", name, f"{engine}, {steps} steps"
        rate = statistics.median(rates)
        ratios = zip(rivals, (9, 9, 14), strict=False)
        print(
            f"{what[0]:26}{what[1]:5}{what[2]:19}{rate / 1e6:>10.2f}"
            + "".join(f"{rate / rival.atom_steps_per_second:>{w}.2f}" for rival, w in ratios),
            flush=True,
        )


def at_constant_pressure(system: tuple, repeats: int) -> None:
    """The lines of one system at the pressure of its start; LAMMPS alone runs beside it."""
    model, positions, _, species, box, temperature = system
    evaluated = lammps.evaluate(model, positions, species, box)
    pressure = evaluated.pressure + model.number_density * temperature
    ours: dict[tuple[str, int], list[float]] = {row: [] for row in ONE}
    time_ours(ours, system, pressure=pressure)
    rival = lammps_rate(*system, DT, 500, pressure=pressure, repeats=repeats)
    time_ours(ours, system, pressure=pressure)
    print_rows(model, "NPT", ours, [rival])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    pin_to_one_core()
    from tdaglass import glass

    print(f"{'one core: ours / rival':50}{'ours, M/s':>10}{'LAMMPS':>9}{'jax-md':>9}{'jax-md tuned':>14}")
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
        for replicas, rows in ROWS.items():
            ensemble = None if replicas == 1 else replicas
            ours: dict[tuple[str, int], list[float]] = {row: [] for row in rows}
            # Ours before, between and after the rivals: the machine's mood changes in the meantime.
            time_ours(ours, system, replicas)
            rivals = [lammps_rate(*system, DT, 500, repeats=repeats)]
            time_ours(ours, system, replicas)
            for form in ("sparse energy", "dense force"):
                rivals.append(
                    jax_md_rate(
                        *system, DT, 60, ensemble=ensemble, forms=(form,), skins=(0.4,), repeats=repeats
                    )
                )
            time_ours(ours, system, replicas)
            print_rows(model, f"x {replicas}", ours, rivals)
        at_constant_pressure(system, repeats)


if __name__ == "__main__":
    main()
