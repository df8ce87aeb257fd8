"""Whether an engine is right on this device: a part of `accelerator.py`.

Each row has what was found beside what it should be. Forces are held against the sum over all pairs in double
precision, observables of ensembles against those of the CPU kernels with other velocities.
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from accelerator_starts import DT, LIQUIDS, replicas_of, start_of, why_absent

from tdaglass import Configuration, dynamics, glass
from tdaglass.runs.trees import load_tree, save_tree
from tdaglass.statistics import mean_and_error

OBSERVED = 64  # replicas of an ensemble
TIMES = (0.1, 1.0, 5.0)


def check(folder: Path, tiny: bool, name: str, engine: str) -> Iterator[dict[str, Any]]:
    """An engine on one liquid; the JAX engine in single precision."""
    model, bath = LIQUIDS[name].model(tiny), LIQUIDS[name].temperature
    if (why := why_absent(engine, model)) is not None:
        yield {"engine": engine, "absent": why}
        return
    run = partial(glass.run, model=model, temperature=bath, dt=DT, engine=engine)

    def size(on_card: int, of_jax: int, in_test: int) -> int:
        return in_test if tiny else of_jax if engine == "jax" else on_card

    def row(what: str, found: Any, expected: str) -> dict[str, Any]:
        return {"engine": engine, "liquid": name, "what": what, "found": found, "expected": expected}

    def of_replicas(n: int) -> glass.State:
        return replicas_of(folder, name, tiny, n)[0]

    many, steps = size(300, 40, 4), size(200, 200, 20)
    states = of_replicas(many)
    alike = jax.tree.map(lambda x: jnp.broadcast_to(x[:1], x.shape), states)
    after_one = run(alike, steps=1)
    yield row("relative error of forces after a step", force_error(after_one, model), "below 2e-5")
    whole = run(alike, steps=steps)
    yield row("equal replicas stay equal", all_equal(whole), "True")
    yield row("the same again", same(whole, run(alike, steps=steps)), "True")
    half = partial(jax.tree.map, lambda x: x[: many // 2])
    yield row(
        "the same in other company",
        same(half(run(states, steps=steps)), run(half(states), steps=steps)),
        "True",
    )
    # Few systems may have several blocks each.
    few = partial(jax.tree.map, lambda x: x[: size(16, 4, 1)])
    yield row(
        "the same among few", same(few(run(states, steps=steps)), run(few(states), steps=steps)), "True"
    )
    with tempfile.TemporaryDirectory() as kept:
        path = Path(kept) / "state.npz"
        save_tree(path, run(alike, steps=steps // 3))
        resumed = jax.tree.map(jnp.asarray, load_tree(path))
    yield row("the same in two calls, by a file", same(whole, run(resumed, steps=steps - steps // 3)), "True")
    yield row("the same with another skin", same(whole, run(alike, steps=steps, skin=0.45)), "True")

    states = run(of_replicas(size(132, 32, 2)), steps=size(500, 500, 50))
    before, time = energy(states, model), size(10_000, 1000, 100)
    drift = (energy(run(states, steps=time, ensemble="nve"), model) - before) / model.n_particles
    yield row(f"NVE, {time} steps: mean change of E / N", float(drift.mean()), "a few 1e-5")
    yield row(f"NVE, {time} steps: its root mean square", float(np.sqrt((drift**2).mean())), "below 1e-4")

    states = run(of_replicas(size(528, 64, 4)), steps=size(2000, 500, 50))
    kinetic = 2 * np.asarray(kinetic_energy(states, model)) / degrees(model)
    mean, error = mean_and_error(kinetic)
    yield row("NVT: mean temperature less T, in its errors", float((mean - bath) / error), "-3 to 3")
    spread = kinetic.std(ddof=1) / (bath * np.sqrt(2 / degrees(model)))
    within = 3 / np.sqrt(2 * len(kinetic))
    yield row("NVT: spread over the canonical one", float(spread), f"1 within {within:.2f}")

    if why_absent("cpu", model) is None:
        times = TIMES[: size(3, 2, 1)]
        for time, chi_sq in zip(times, against_cpu(folder, tiny, name, engine, times), strict=True):
            yield row(
                f"propensity at t = {time:g} less that of the CPU kernels, chi squared", chi_sq, "near 1"
            )


def force_error(states: glass.State, model: glass.PairModel) -> float:
    """Of the first system, relative to the sum over all pairs in double precision."""
    arrays = (states.position.fraction, states.species, states.box, states.force)
    fraction, species, box, force = (np.asarray(x)[0] for x in arrays)
    with jax.enable_x64(True):
        # Of 32 bits, which single precision would round.
        positions = (fraction / 2.0**32 + 0.5) * box.astype(np.float64)
        exact = np.asarray(glass.forces(model, Configuration(positions, species, box.astype(np.float64))))
    return float(np.linalg.norm(force - exact) / np.linalg.norm(exact))


def moving(states: glass.State) -> list[np.ndarray]:
    """What dynamics changes."""
    return [
        np.asarray(x)
        for x in jax.tree.leaves((states.position, states.velocity, states.force, states.thermostat))
    ]


def same(some: glass.State, others: glass.State) -> bool:
    """To the last bit."""
    return all(np.array_equal(x, y) for x, y in zip(moving(some), moving(others), strict=True))


def all_equal(states: glass.State) -> bool:
    """Every replica the first, to the last bit."""
    return all(bool((x == x[:1]).all()) for x in moving(states))


def kinetic_energy(states: glass.State, model: glass.PairModel) -> jax.Array:
    """Of every system."""
    mass = jnp.asarray(model.masses)[states.species][..., None]
    return jnp.sum(mass * states.velocity**2, axis=(-2, -1)) / 2


def degrees(model: glass.PairModel) -> int:
    """Of freedom."""
    return model.dimension * (model.n_particles - 1)


def energy(states: glass.State, model: glass.PairModel) -> np.ndarray:
    """Of every system."""
    now = glass.measure(states, model)
    return np.asarray(now.potential_energy, float) + np.asarray(now.kinetic_energy, float)


def against_cpu(folder: Path, tiny: bool, name: str, engine: str, times: tuple[float, ...]) -> list[float]:
    """Mean squared difference of propensities of two ensembles at some times, in units of its variance."""
    liquid = LIQUIDS[name]
    of = partial(
        dynamics.isoconfigurational, model=liquid.model(tiny), configuration=start_of(folder, name, tiny),
        temperature=liquid.temperature, times=times, replicas=8 if tiny else OBSERVED, block=OBSERVED,
        observables=("propensity",), dt=DT,
    )  # fmt: skip
    ours, theirs = (of(jax.random.key(k), engine=one) for k, one in ((1, engine), (2, "cpu")))
    variance = ours.propensity_error**2 + theirs.propensity_error**2
    return ((ours.propensity - theirs.propensity) ** 2 / variance).mean(axis=1).tolist()
