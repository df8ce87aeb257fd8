"""Amorphous carbon as it is published for study 4: melted, held, cooled and held again at constant volume.

Minamitani, Shimizu, Obayashi and Watanabe (J. Chem. Phys. 159, 084101, 2023) move 216 atoms with the forces of
density functional theory. Here a bond order of Tersoff's form is the teacher, which has to be named beside every
energy. Temperatures, the 11 ps in all and the numbers of frames are theirs; how the time is divided among stages,
and which four of them the frames belong to, is our reading, and a setting.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from tdaglass import glass
from tdaglass.glass import Stage, State, units
from tdaglass.glass.models import BondOrderModel

DENSITIES = tuple(round(1.5 + 0.2 * k, 1) for k in range(11))  # g/cm3
# Diamonds of seven densities are published, not which: here around 3.5 g/cm3, where there is no pressure.
DIAMOND_DENSITIES = tuple(round(3.2 + 0.1 * k, 1) for k in range(7))
DIAMOND_TIME = 2.0  # ps
# Kelvin, kelvin, picoseconds, frames.
PUBLISHED = (
    (300, 9000, 2.0, 0),
    (9000, 9000, 3.0, 30),
    (9000, 5000, 2.0, 100),
    (5000, 5000, 2.0, 25),
    (5000, 300, 2.0, 100),
)
TIME_STEP = 1 * units.FEMTOSECOND


def stages(schedule: tuple[tuple[float, float, float, int], ...] = PUBLISHED) -> list[Stage]:
    """Of a schedule in kelvin and picoseconds."""
    return [
        Stage(start * units.KELVIN, stop * units.KELVIN, time, frames)
        for start, stop, time, frames in schedule
    ]


def at_density(model: BondOrderModel, density: float) -> BondOrderModel:
    """The same atoms at a mass density in g/cm3."""
    mass = float(np.dot(model.counts, model.masses)) / model.n_particles
    return dataclasses.replace(model, number_density=density * units.GRAM_PER_CUBIC_CENTIMETRE / mass)


def start(key: Key[Array, ""], model: BondOrderModel, densities: tuple[float, ...] = DENSITIES) -> State:
    """A batch of one system for each density, on a lattice with the velocities of 300 K."""
    systems = [
        glass.initialize(jax.random.fold_in(key, k), at_density(model, density), 300 * units.KELVIN)
        for k, density in enumerate(densities)
    ]
    return jax.tree.map(lambda *x: jnp.stack(x), *systems)


def melt_quench(
    key: Key[Array, ""],
    model: BondOrderModel,
    densities: tuple[float, ...] = DENSITIES,
    schedule: tuple[tuple[float, float, float, int], ...] = PUBLISHED,
    **settings: Any,
) -> tuple[State, glass.Trajectory, np.ndarray]:
    """Melt and quench one system for each density; `settings` are those of `glass.run_stages`.

    Returns
    -------
    State
    Trajectory
        255 frames of every system. Temperatures reached are in its `thermo`: two picoseconds from 5000 K to 300 K
        end well above.
    stage : (frames,)
    """
    moving = start(key, model, densities)
    return glass.run_stages(moving, model, stages(schedule), **{"dt": TIME_STEP, **settings})


def diamonds(
    key: Key[Array, ""], potential: str, n: int, density: float, frames: int, temperature: float = 300.0
) -> tuple[BondOrderModel, glass.Trajectory]:
    """Diamond of about n atoms, in whole cubic cells, held at a density and at a temperature in K for two ps.

    Returns
    -------
    BondOrderModel
        Whose counts say how many atoms there are.
    Trajectory
        Its frames are of the second picosecond.
    """
    cells = max(2, round((n / 8) ** (1 / 3)))
    model = at_density(glass.tersoff(potential, counts=(8 * cells**3,)), density)
    crystal = glass.diamond((cells,) * 3, (8 / model.number_density) ** (1 / 3))
    state = glass.initialize(key, model, temperature * units.KELVIN, crystal)
    half = 0.5 * DIAMOND_TIME
    schedule = ((temperature, temperature, half, 0), (temperature, temperature, half, frames))
    _, seen, _ = glass.run_stages(state, model, stages(schedule), dt=TIME_STEP, progress=False)
    return model, seen
