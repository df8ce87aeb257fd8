"""Topological forces: atoms moved along the gradient of their own persistence diagram.

Two things that need derivatives of a diagram, done to a two-dimensional Kob-Andersen glass at rest, an inherent
structure:

- a hole is opened. A spring on the birth-death plane pulls the death of one loop up, from radius to radius, and
  forces between particles resist: what does a hole of each size cost? At each size the spring is let go: does the
  glass go back to where it was, or end in another minimum?
- a diagram is imitated. Particles move until the persistence image of the glass is that of a hot liquid.

Both are minima of potential energy + topological energy, found by jax-md's FIRE.

    python experiments/topological_force.py                        minutes on two cores
    python experiments/topological_force.py --n 400 --radii 1.0 1.2 1.4 1.6
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from command_line import compute, parse, prepare

# A minimum is where forces cancel: in single precision rounding would hide it.
prepare(double_precision=True)

import jax
import jax.numpy as jnp
import numpy as np
from jax_md import minimize, space
from reporting import assemble
from topological_force_records import GRID, PRESETS, Hole, Settings
from topological_force_report import report

from tdaglass import glass, parallel, topology
from tdaglass.configuration import Configuration
from tdaglass.progress import progress
from tdaglass.runs import Run

STEPS_AT_A_TIME = 50
TOLERANCE = 1e-6  # greatest force in a minimum of the potential energy, epsilon / sigma_AA

# A squared radius, or an image.
Target = float | jax.Array
Energy = Callable[[jax.Array, Target], jax.Array]


def liquids(settings: Settings, run: Run, executor: Any) -> tuple[Configuration, Configuration]:
    """In equilibrium: the one that becomes the glass, and the hot one."""
    names = {settings.temperature: "liquid", settings.hot: "hot-liquid"}
    warm, hot = parallel.map_independent(
        partial(liquid, settings),
        [settings.temperature, settings.hot],
        executor=executor,
        keep=run.chunk,
        names=names.__getitem__,
        progress="liquids",
    )
    return warm, hot


def liquid(settings: Settings, temperature: float) -> Configuration:
    """One of them."""
    model = glass.kob_andersen_2d(settings.n)
    state = glass.initialize(jax.random.key(settings.seed), model, temperature)
    state = glass.settle_overlaps(state, model, temperature=temperature, dt=0.004)
    steps = round(settings.equilibration / 0.005)
    return jax.tree.map(
        np.asarray, glass.run(state, model, steps, temperature=temperature, dt=0.005).configuration
    )


def loops(positions: jax.Array, box: jax.Array) -> topology.Diagram:
    return topology.diagram(positions, box, dimension=1)


def image(settings: Settings, positions: jax.Array, box: jax.Array) -> jax.Array:
    return topology.persistence_image(loops(positions, box), GRID, sigma=settings.sigma, mode="deposit")


def pulled(settings: Settings, found: topology.Diagram, target: Target) -> tuple[jax.Array, jax.Array]:
    """Energy of the spring between the target and the loop that is nearest to it; and which loop that is."""
    energies = (found.death - target) ** 2 + jnp.maximum(found.birth - settings.wall**2, 0) ** 2
    energies = jnp.where(found.valid, settings.spring / 2 * energies, jnp.inf)
    nearest = jnp.argmin(energies)
    return energies[nearest], nearest


def descent(settings: Settings, energy: Energy, box: jax.Array) -> Callable[..., np.ndarray]:
    """A function from positions to those in the minimum below them, after a fixed number of steps of FIRE."""
    _, shift = space.periodic(box, wrapped=False)
    begin, step = minimize.fire_descent(energy, shift, dt_start=0.002, dt_max=0.02)

    @jax.jit
    def go_on(state: Any, target: Target) -> Any:
        return jax.lax.fori_loop(0, STEPS_AT_A_TIME, lambda _, state: step(state, target=target), state)

    def descend(start: np.ndarray, target: Target, label: str) -> np.ndarray:
        state = jax.jit(begin)(jnp.asarray(start), target=target)
        for _ in progress(range(-(-settings.steps // STEPS_AT_A_TIME)), label):
            state = go_on(state, target)
        return np.asarray(state.position)

    return descend


def let_go(
    settings: Settings, inherent: Configuration, held: dict[float, np.ndarray], radius: float
) -> np.ndarray:
    """The minimum below a glass whose hole has this radius."""
    start = inherent._replace(positions=jnp.asarray(held[radius]))
    model = glass.kob_andersen_2d(settings.n)
    return np.asarray(glass.minimize(model, start, tolerance=TOLERANCE)[0].positions)


def open_hole(
    settings: Settings, model: glass.PairModel, inherent: Configuration, run: Run, executor: Any
) -> tuple[list[Hole], list[Hole]]:
    """Holes at each radius, held by the spring and let go."""
    box = jnp.asarray(inherent.box)

    def potential(positions: jax.Array) -> jax.Array:
        return glass.potential_energy(model, inherent._replace(positions=positions))

    def with_spring(positions: jax.Array, target: Target) -> jax.Array:
        return potential(positions) + pulled(settings, loops(positions, box), target)[0]

    def hole(positions: np.ndarray, target: float) -> Hole:
        found = loops(jnp.asarray(positions), box)
        which = int(pulled(settings, found, target)[1])
        cost = float(potential(jnp.asarray(positions)) - potential(inherent.positions))
        return Hole(positions, cost, float(found.birth[which]), float(found.death[which]))

    descend = descent(settings, with_spring, box)
    # Each radius begins where the one before it ended; what is let go has nothing to do with the others.
    positions, held = np.asarray(inherent.positions), {}
    for radius in settings.radii:
        name = f"radius-{radius:g}"
        positions = run.chunk(f"{name}-held", partial(descend, positions, radius**2, name))
        held[radius] = positions
    free = parallel.map_independent(
        partial(let_go, settings, jax.tree.map(np.asarray, inherent), held),
        settings.radii,
        executor=executor,
        keep=run.chunk,
        names="radius-{:g}-free".format,
        progress="let go",
    )
    return (
        [hole(held[radius], radius**2) for radius in settings.radii],
        [hole(after, radius**2) for radius, after in zip(settings.radii, free, strict=True)],
    )


def imitate(
    settings: Settings, model: glass.PairModel, inherent: Configuration, target: jax.Array, run: Run
) -> np.ndarray:
    """Positions of which the persistence image is nearly the target."""
    box = jnp.asarray(inherent.box)

    def energy(positions: jax.Array, target: Target) -> jax.Array:
        difference = image(settings, positions, box) - target
        alike = settings.likeness / 2 * jnp.sum(difference**2)
        return glass.potential_energy(model, inherent._replace(positions=positions)) + alike

    descend = descent(settings, energy, box)
    return run.chunk("imitation", partial(descend, inherent.positions, target, "imitation of a liquid"))


def main(settings: Settings, executor: Any) -> None:
    model = glass.kob_andersen_2d(settings.n)
    with settings.place.run("topological_force", settings) as run:
        warm, hot = liquids(settings, run, executor)
        inherent, _ = glass.minimize(model, jax.tree.map(jnp.asarray, warm), tolerance=TOLERANCE)
        held, free = open_hole(settings, model, inherent, run, executor)
        box = jnp.asarray(inherent.box)
        target = image(settings, jnp.asarray(hot.positions), box)
        alike = imitate(settings, model, inherent, target, run)
        pictures = {
            "glass": image(settings, inherent.positions, box),
            "imitation": image(settings, jnp.asarray(alike), box),
            "hot liquid": target,
        }
        images = {k: np.asarray(x) for k, x in pictures.items()}
        assemble(run, partial(report, settings, run, inherent, held, free, images))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, by=()))
