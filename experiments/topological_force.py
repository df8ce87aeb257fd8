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

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

# Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax

# A minimum is where forces cancel: in single precision rounding would hide it.
jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import tyro
from jax_md import minimize, space
from matplotlib.figure import Figure

from tdaglass import glass, plot, runs, topology
from tdaglass.configuration import Configuration
from tdaglass.plot.style import STYLE
from tdaglass.progress import progress

GRID = topology.Grid((0.15, 0.75), (0.25, 0.85), (60, 60))
STEPS_AT_A_TIME = 50
TOLERANCE = 1e-6  # greatest force in a minimum of the potential energy, epsilon / sigma_AA


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; in Lennard-Jones units."""

    n: int = 200
    """Particles."""
    temperature: float = 1.0
    """Of the liquid that becomes the glass, epsilon / k_B."""
    equilibration: float = 100.0
    """Time that liquids are given."""
    radii: tuple[float, ...] = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6)
    """Radii to which the hole is pulled, one after the other: roots of its death, in sigma_AA."""
    wall: float = 0.7
    """Greatest radius at which its ring may close, the root of its birth, in sigma_AA."""
    spring: float = 400.0
    """k of the energy k ((death - target)^2 + max(0, birth - wall^2)^2) / 2, in epsilon / sigma_AA^4."""
    hot: float = 3.0
    """Temperature of the liquid whose diagram is imitated, epsilon / k_B."""
    likeness: float = 30.0
    """k of the energy k |image - target|^2 / 2, in epsilon."""
    sigma: float = 0.03
    """Width of persistence images, sigma_AA^2."""
    steps: int = 1000
    """Of FIRE, for each radius, each release and the imitation."""
    seed: int = 0
    """Of all random numbers."""
    root: Path = field(default=Path("runs"), compare=False)
    """Folder of all runs."""


class Hole(NamedTuple):
    """The loop that was pulled, with what the glass then looks like."""

    positions: np.ndarray
    energy: float  # above that of the glass
    birth: float  # squared radii
    death: float


def liquid(settings: Settings, model: glass.PairModel, temperature: float) -> Configuration:
    """A liquid in equilibrium."""
    state = glass.initialize(jax.random.key(settings.seed), model, temperature)
    state = glass.run(state, model, 1000, temperature=temperature, dt=0.001)
    steps = round(settings.equilibration / 0.005)
    return jax.tree.map(
        np.asarray, glass.run(state, model, steps, temperature=temperature, dt=0.005).configuration
    )


def loops(positions: Any, box: Any) -> topology.Diagram:
    return topology.diagram(positions, box, dimension=1)


def image(settings: Settings, positions: Any, box: Any) -> jax.Array:
    return topology.persistence_image(loops(positions, box), GRID, sigma=settings.sigma, mode="deposit")


def pulled(settings: Settings, found: topology.Diagram, target: Any) -> tuple[jax.Array, jax.Array]:
    """Energy of the spring between the target and the loop that is nearest to it; and which loop that is."""
    energies = (found.death - target) ** 2 + jnp.maximum(found.birth - settings.wall**2, 0) ** 2
    energies = jnp.where(found.valid, settings.spring / 2 * energies, jnp.inf)
    nearest = jnp.argmin(energies)
    return energies[nearest], nearest


def descent(settings: Settings, energy: Callable, box: Any) -> Callable[..., np.ndarray]:
    """A function from positions to those in the minimum below them, after a fixed number of steps of FIRE."""
    _, shift = space.periodic(box, wrapped=False)
    begin, step = minimize.fire_descent(energy, shift, dt_start=0.002, dt_max=0.02)

    @jax.jit
    def go_on(state: Any, target: Any) -> Any:
        return jax.lax.fori_loop(0, STEPS_AT_A_TIME, lambda _, state: step(state, target=target), state)

    def descend(start: Any, target: Any, label: str) -> np.ndarray:
        state = jax.jit(begin)(jnp.asarray(start), target=target)
        for _ in progress(range(-(-settings.steps // STEPS_AT_A_TIME)), label):
            state = go_on(state, target)
        return np.asarray(state.position)

    return descend


def open_hole(
    settings: Settings, model: glass.PairModel, inherent: Configuration, run: runs.Run
) -> tuple[list[Hole], list[Hole]]:
    """Holes at each radius, held by the spring and let go."""
    box = jnp.asarray(inherent.box)

    def potential(positions: jax.Array) -> jax.Array:
        return glass.potential_energy(model, inherent._replace(positions=positions))

    def with_spring(positions: jax.Array, target: Any) -> jax.Array:
        return potential(positions) + pulled(settings, loops(positions, box), target)[0]

    def let_go(positions: np.ndarray) -> np.ndarray:
        start = inherent._replace(positions=jnp.asarray(positions))
        return np.asarray(glass.minimize(start, model, tolerance=TOLERANCE)[0].positions)

    def hole(positions: np.ndarray, target: float) -> Hole:
        found = loops(jnp.asarray(positions), box)
        which = int(pulled(settings, found, target)[1])
        cost = float(potential(jnp.asarray(positions)) - potential(inherent.positions))
        return Hole(positions, cost, float(found.birth[which]), float(found.death[which]))

    descend = descent(settings, with_spring, box)
    positions = np.asarray(inherent.positions)
    held: list[Hole] = []
    free: list[Hole] = []
    for radius in settings.radii:
        name, target = f"radius-{radius:g}", radius**2
        positions = run.chunk(f"{name}-held", partial(descend, positions, target, name))
        held.append(hole(positions, target))
        free.append(hole(run.chunk(f"{name}-free", partial(let_go, positions)), target))
    return held, free


def imitate(
    settings: Settings, model: glass.PairModel, inherent: Configuration, target: jax.Array, run: runs.Run
) -> np.ndarray:
    """Positions of which the persistence image is nearly the target."""
    box = jnp.asarray(inherent.box)

    def energy(positions: jax.Array, target: jax.Array) -> jax.Array:
        difference = image(settings, positions, box) - target
        alike = settings.likeness / 2 * jnp.sum(difference**2)
        return glass.potential_energy(model, inherent._replace(positions=positions)) + alike

    descend = descent(settings, energy, box)
    return run.chunk("imitation", partial(descend, inherent.positions, target, "imitation of a liquid"))


def report(
    settings: Settings,
    run: runs.Run,
    inherent: Configuration,
    held: list[Hole],
    free: list[Hole],
    images: dict,
) -> None:
    """Print the table; write metrics, curve and figures."""
    print("\n  radius  reached  ring closes   energy   let go:  radius   energy")
    rows = []
    for radius, one, other in zip(settings.radii, held, free, strict=True):
        row = (radius, np.sqrt(one.death), np.sqrt(one.birth), one.energy, np.sqrt(other.death), other.energy)
        rows.append([float(x) for x in row])
        print("{:8.2f} {:8.3f} {:12.3f} {:8.3f}           {:7.3f} {:8.3f}".format(*row))
    names = ("target", "radius", "ring", "energy", "radius_let_go", "energy_let_go")
    before, after = (float(np.linalg.norm(images[k] - images["hot liquid"])) for k in ("glass", "imitation"))
    print(f"\ndistance of persistence images from that of the liquid: {before:.3f} before, {after:.3f} after")
    run.save_metrics(
        {
            "holes": [dict(zip(names, row, strict=True)) for row in rows],
            "distance": {"before": before, "after": after},
        }
    )
    run.save_table("holes.csv", names, rows)
    figures = {
        "hole": draw_hole(inherent, held[-1]),
        "cost": draw_cost(np.array(rows)),
        "imitation": plot.plane_images(images, GRID, label="loops / cell", unit=r"\sigma_\mathrm{AA}^2"),
    }
    print(f"\neverything is in {run.folder}")
    for name, figure in figures.items():
        png, _ = plot.save_figure(figure, run.figure_path(name))
        print(f"  figure: {png}")


def draw_hole(inherent: Configuration, hole: Hole) -> Figure:
    """The loop that was pulled, without what a little noise would open, and the same particles before."""
    box = np.asarray(inherent.box)
    complex_ = topology.alpha_complex(hole.positions, box)
    pairs = topology.persistence(complex_)[1]
    which = int(np.argmax(pairs.death))
    noise = 0.5 * float(pairs.death[which] - pairs.birth[which])
    after = topology.stable_volume(complex_, pairs, which, noise)
    places = {"before": np.asarray(inherent.positions), f"radius {hole.death**0.5:.2f}": hole.positions}
    moved = {t: after._replace(position=x[after.atom] + after.shift * box) for t, x in places.items()}
    figure = plot.holes(
        moved, places, box, diameters=0.5, surroundings=2.0, unit=r"\sigma_\mathrm{AA}", width=5.5
    )
    before, last = figure.axes
    before.set(xlim=last.get_xlim(), ylim=last.get_ylim())
    return figure


@mpl.rc_context(STYLE)
def draw_cost(rows: np.ndarray) -> Figure:
    """Energy against the radius of the hole, held and let go."""
    figure, ((axes,),) = plot.new_figure()
    for k, (x, y, label) in enumerate(((1, 3, "held by the spring"), (4, 5, "let go"))):
        style = {"color": plot.color_of(k), "marker": plot.marker_of(k), "linestyle": "none" if k else "-"}
        axes.plot(rows[:, x], rows[:, y], label=label, **style)
    plot.label_axes(
        axes, r"radius of the hole / $\sigma_\mathrm{AA}$", r"energy above the glass / $\epsilon$"
    )
    axes.legend()
    return figure


def main(settings: Settings) -> None:
    runs.keep_compiled(settings.root)
    model = glass.kob_andersen_2d(settings.n)
    with runs.Run.open(settings.root, "topological_force", settings) as run:
        warm = run.chunk("liquid", partial(liquid, settings, model, settings.temperature))
        hot = run.chunk("hot-liquid", partial(liquid, settings, model, settings.hot))
        inherent, _ = glass.minimize(Configuration(*map(jnp.asarray, warm)), model, tolerance=TOLERANCE)
        held, free = open_hole(settings, model, inherent, run)
        target = image(settings, jnp.asarray(hot.positions), inherent.box)
        alike = imitate(settings, model, inherent, target, run)
        pictures = {
            "glass": image(settings, inherent.positions, inherent.box),
            "imitation": image(settings, jnp.asarray(alike), inherent.box),
            "hot liquid": target,
        }
        report(settings, run, inherent, held, free, {k: np.asarray(x) for k, x in pictures.items()})


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main(tyro.cli(Settings, description=__doc__))
