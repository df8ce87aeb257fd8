"""Where the time of a step of the JAX engine goes, on whatever device JAX finds.

``python benchmarks/jax_engine_parts.py [--liquid kob_andersen_3d] [--n 4096] [--replicas 256]`` prints the seconds
of each part, compiled and timed by itself, and of the whole. `measure` gives them to other scripts.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from tdaglass import glass
from tdaglass.glass.molecular_dynamics import table_capacity
from tdaglass.glass.molecular_dynamics.baths import make_schedule
from tdaglass.glass.molecular_dynamics.engines import jax_steps
from tdaglass.glass.molecular_dynamics.integrators import make_step
from tdaglass.glass.molecular_dynamics.kinetics import axes_first
from tdaglass.space.bit_words import all_pairs_words, set_bits
from tdaglass.space.search import _in_single_precision
from tdaglass.space.words_at_once import set_bits_at_once, words_at_once

DT = 0.005
STEPS = 20  # in one call, where steps are timed


class WithoutForces(NamedTuple):
    """A liquid as the integrator sees it, whose forces cost nothing: it stands still, to rounding."""

    dimension: int
    n_particles: int
    masses: tuple[float, ...]

    def forces_from_table(self, fraction, species, diameters, box, slots, n_slots):
        """Next to nothing, but not a constant that the compiler could remove."""
        return fraction.astype(box.dtype) * 1e-30


def seconds_of(function: Callable[..., Any], *arguments: Any, least: float, most: int = 30) -> float:
    """Median of the calls of a compiled function in `least` seconds; the first, which compiles, left out."""
    jax.block_until_ready(function(*arguments))
    taken: list[float] = []
    while sum(taken) < least and len(taken) < most:
        begun = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def measure(
    replicas: int,
    model: glass.Model,
    *,
    temperature: float,
    start: glass.State | None = None,
    seconds: float = 0.3,
) -> dict[str, float]:
    """Seconds of the parts of a step for all replicas of one configuration, Nose-Hoover dynamics.

    Parameters
    ----------
    replicas, model, temperature
    start : State of one system, optional
        A liquid at that temperature; None makes one.
    seconds : float
        For each part, at least, after its first call.

    Returns
    -------
    dict
        ``words`` and ``set_bits``, of the search of all pairs (absent where cells are searched); ``table``, the
        whole of it; ``force``; ``step_without_forces``; ``step``, with forces from one table; ``run``, a step of a
        run with the tables that it needs. ``slots``, of a table, is no time.
    """
    start = _liquid(model, temperature) if start is None else start
    keys = jax.random.split(jax.random.key(1), replicas)
    states = jax.vmap(lambda key: glass.initialize(key, model, temperature, start.configuration))(keys)
    settings = table_capacity.fitted(table_capacity.engine_settings(model, states, "nvt", DT), states)
    rows = axes_first(states)
    taken = _search(settings, rows, seconds) if settings.grid is None else {}

    build = jax.jit(lambda states: table_capacity.build_tables(settings, states))
    taken["table"] = seconds_of(build, rows, least=seconds)
    tables, longest = build(rows)
    slots, n_slots = tables.slots, table_capacity.slots_to_read(settings, longest)

    def force(states: glass.State, slots: jax.Array) -> jax.Array:
        return model.forces_from_table(
            states.position.fraction, states.species, states.diameters, states.box, slots, n_slots
        )

    taken["force"] = seconds_of(jax.jit(jax.vmap(force)), rows, slots, least=seconds)

    schedule = make_schedule(states, "nvt", temperature, None)
    still = WithoutForces(model.dimension, model.n_particles, model.masses)
    for name, liquid in (("step_without_forces", still), ("step", model)):
        step = make_step(liquid, "nvt", DT, accelerator=settings.accelerator)
        step = jax.vmap(step, (0, 0, 0, 0, None))

        def steps(states: glass.State, slots: jax.Array, step: Callable = step) -> glass.State:
            def once(_: jax.Array, states: glass.State) -> glass.State:
                return step(states, schedule.temperature, schedule.pressure, slots, n_slots)

            return lax.fori_loop(0, STEPS, once, states)

        taken[name] = seconds_of(jax.jit(steps), rows, slots, least=seconds) / STEPS

    made = jnp.zeros(1, jnp.int32)
    run = jax_steps.advance, settings, None, states, schedule, made, made + 2 * STEPS
    progress = run[0](*run[1:])[1]
    if int(progress.status[0]) == jax_steps.RUNNING:
        taken["run"] = seconds_of(*run, least=seconds) / (2 * STEPS)
    return {**taken, "slots": float(settings.capacity)}


def _search(settings: table_capacity.Settings, rows: glass.State, seconds: float) -> dict[str, float]:
    """The two halves of a search of all pairs."""

    def words(states: glass.State) -> jax.Array:
        kinds, reach = settings.model.search_kinds(states.species, states.diameters)
        within = jnp.asarray(reach + settings.skin, states.box.dtype)
        fraction, scales, reach_sq = _in_single_precision(states.position.fraction, states.box, within)
        if not settings.accelerator:
            return all_pairs_words(fraction, scales, reach_sq, kinds)
        itself = jnp.arange(fraction.shape[1], dtype=jnp.int32)
        return words_at_once(fraction, kinds, itself, fraction, kinds, scales, reach_sq)

    find = set_bits_at_once if settings.accelerator else set_bits
    make, select = jax.jit(jax.vmap(words)), jax.jit(jax.vmap(lambda words: find(words, settings.capacity)))
    return {
        "words": seconds_of(make, rows, least=seconds),
        "set_bits": seconds_of(select, make(rows), least=seconds),
    }


def _liquid(model: glass.Model, temperature: float) -> glass.State:
    state = glass.initialize(jax.random.key(0), model, 2 * temperature)
    state = glass.settle_overlaps(state, model, temperature=2 * temperature, dt=DT)
    return glass.run(state, model, 1000, temperature=temperature, dt=DT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liquid", default="kob_andersen_3d")
    parser.add_argument("--n", type=int, default=4096)
    parser.add_argument("--temperature", type=float, default=0.5)
    parser.add_argument("--replicas", type=int, default=256)
    chosen = parser.parse_args()
    model = getattr(glass, chosen.liquid)(chosen.n)
    print(f"{model.name}, N = {chosen.n}, {chosen.replicas} replicas, {jax.devices()[0].device_kind}")
    for part, taken in measure(chosen.replicas, model, temperature=chosen.temperature).items():
        print(f"{part:22}{taken:10.0f}" if part == "slots" else f"{part:22}{taken * 1e3:10.3f} ms")


if __name__ == "__main__":
    main()
