"""Amorphous graphene for study 4: a sheet that is melted in its plane and cooled at several rates.

The preprint of study 4 (Minamitani, Shimizu and Obayashi, arXiv 2206.13727) has sheets of 680 and of 2,720 atoms.
Its potential, temperatures and rates are not known here, and are settings. A melt in three dimensions leaves its
plane as chains and gas: here atoms move in the plane alone. They begin in it without a velocity across it, and the
forces across it are then zero to the last bit. A bath of 3 N degrees of freedom of which N are frozen gives a
plane of temperature T where it is at 2 T / 3: the temperatures here are those of the plane.

A crystal cannot be melted so: at graphene's area it is a crystal still after 2 ps at 20,000 K (`erhart_albe`).
Atoms begin at random places of the same box, no two very near each other.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from tdaglass import glass
from tdaglass.configuration import Configuration
from tdaglass.glass import Stage, State, units
from tdaglass.glass.models import BondOrderModel

HOT, COLD = 9000.0, 300.0  # K
SETTLING, HOLDING = 1.0, 3.0  # ps
NEAREST = 1.15  # angstrom, of places drawn at random
# At 9000 K a step of 1 fs lets sheets of some potentials run away from the bath, to 27,000 K with lindsay_broido.
TIME_STEP = 0.25 * units.FEMTOSECOND
IN_PLANE = 2 / 3  # of the temperature of the plane, which a bath for three dimensions is at


def cells_of(n: int) -> tuple[int, int]:
    """Rectangular cells of four atoms along both axes that make the most nearly square sheet of n atoms.

    Raises
    ------
    ValueError
        Where none has edges within a fifth of each other.
    """
    sheets = [(a, n // 4 // a) for a in range(1, n // 4 + 1) if n % 4 == 0 and (n // 4) % a == 0]

    def askew(cells: tuple[int, int]) -> float:
        return abs(np.log(cells[0] / (np.sqrt(3) * cells[1])))

    best = min(sheets, key=askew, default=(1, 1000))
    if askew(best) > 0.2 or n < 112:
        raise ValueError(
            f"expected atoms of a nearly square sheet, 112 or more, got {n}; try 112, 240, 680 or 2720"
        )
    return best


def sheet(potential: str, n: int) -> tuple[BondOrderModel, Configuration]:
    """Flat graphene, and its model."""
    flat = glass.graphene(cells_of(n))
    model = glass.tersoff(potential, counts=(n,), number_density=n / float(np.prod(np.asarray(flat.box))))
    return model, flat


def start(key: Key[Array, ""], model: BondOrderModel, flat: Configuration) -> State:
    """At random places of the plane of a sheet, with the velocities of 300 K in it."""
    places, velocities = jax.random.split(key)
    box = np.asarray(flat.box, float)
    positions = np.array(flat.positions, float)
    positions[:, :2] = random_places(
        np.random.default_rng(np.asarray(jax.random.key_data(places))), box[:2], len(positions)
    )
    state = glass.initialize(
        velocities,
        model,
        COLD * units.KELVIN,
        flat._replace(positions=jnp.asarray(positions, flat.positions.dtype)),
    )
    return state._replace(velocity=state.velocity.at[:, 2].set(0))


def random_places(random: np.random.Generator, box: np.ndarray, n: int) -> np.ndarray:
    """Points of a periodic rectangle, (n, 2), one after another, none nearer to the others than `NEAREST`."""
    found = np.zeros((0, 2))
    while len(found) < n:
        for point in random.uniform(size=(n, 2)) * box:
            apart = found - point
            apart -= box * np.round(apart / box)
            if len(found) < n and np.all(np.sum(apart**2, axis=1) > NEAREST**2):
                found = np.vstack([found, point])
    return found


def stages(rate: float, held: int, cooled: int) -> list[Stage]:
    """Of a cooling rate in kelvins for a picosecond, with so many frames while the melt is held and cooled."""
    times = ((HOT, HOT, SETTLING, 0), (HOT, HOT, HOLDING, held), (HOT, COLD, (HOT - COLD) / rate, cooled))
    bath = IN_PLANE * units.KELVIN
    return [Stage(bath * begin, bath * end, time, frames) for begin, end, time, frames in times]


def quench_sheets(
    key: Key[Array, ""],
    model: BondOrderModel,
    flat: Configuration,
    *,
    sheets: int,
    rate: float,
    held: int,
    cooled: int,
    **settings: Any,
) -> tuple[glass.Trajectory, np.ndarray, np.ndarray]:
    """Melt sheets and cool them; `settings` are those of `glass.run_stages`.

    Returns
    -------
    Trajectory
        (frames, sheets, ...)
    stage : (frames,)
    temperature : (frames, sheets) K
        Of the plane.
    """
    many = [start(jax.random.fold_in(key, k), model, flat) for k in range(sheets)]
    moving = jax.tree.map(lambda *x: jnp.stack(x), *many)
    settings = {"dt": TIME_STEP, **settings}
    _, seen, stage = glass.run_stages(moving, model, stages(rate, held, cooled), **settings)
    temperature = np.asarray(seen.thermo.temperature, float) / units.KELVIN / IN_PLANE
    return seen, stage, temperature
