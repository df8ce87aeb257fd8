"""How far hard spheres are from equilibrium: the pressure of their collisions against the equation of state."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tdaglass import arguments
from tdaglass.glass.hard_spheres.engines import Engine
from tdaglass.glass.hard_spheres.equation_of_state import equation_of_state
from tdaglass.glass.hard_spheres.motion import run, whole_ticks
from tdaglass.glass.hard_spheres.state import TICK, Spheres
from tdaglass.glass.models.hard_spheres import HardSpheres

# How exact the equation of state is for dense mixtures.
TOLERANCE = 0.015


class Equilibrium(NamedTuple):
    """What the collisions of some time say.

    Attributes
    ----------
    compressibility : float
        P V / N k T.
    error : float
        Standard error of that, from blocks of time; too small where blocks are shorter than what relaxes.
    expected : float
        By `equation_of_state`.
    sentence : str
        What that means.
    """

    compressibility: float
    error: float
    expected: float
    sentence: str


def compressibility(before: Spheres, after: Spheres, model: HardSpheres) -> Float[np.ndarray, "*batch"]:
    r"""Compressibility factor from the collisions between two moments of one run.

    .. math:: Z = 1 + \frac{1}{d N k T\, \Delta t} \sum_{collisions} 2 m |\mathbf d \cdot \mathbf u|

    m is the reduced mass, d the line of centres, u the relative velocity; k T follows from the kinetic energy with
    d (N - 1) degrees of freedom, the total momentum being zero.

    Parameters
    ----------
    before, after : Spheres
        Of one system, or batches.
    model : HardSpheres

    Returns
    -------
    (...,)

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.1)
    >>> before = glass.initialize(jax.random.key(0), model, 1.0)
    >>> after = glass.hard_spheres.run(before, model, 50.0)
    >>> print(f"{float(compressibility(before, after, model)):.1f}")
    1.5
    """
    n, dim = model.n_particles, model.dimension
    elapsed = (np.asarray(after.tick) - np.asarray(before.tick)) * TICK
    if not (elapsed > 0).all():
        raise ValueError(
            "expected spheres before and after some time, got the same moment; try run between them"
        )
    temperature = 2 * after.kinetic_energy(model) / (dim * (n - 1))
    return np.asarray(1 + (after.virial - before.virial) / (dim * n * temperature * elapsed))


def equilibrium(
    spheres: Spheres, model: HardSpheres, time: float, *, blocks: int = 10, engine: Engine = "auto"
) -> tuple[Spheres, Equilibrium]:
    """Let spheres move on, and hold the pressure of their collisions against the equation of state.

    What was compressed quickly has a pressure too high. A pressure that is right is necessary, and comes early; a
    run of many relaxation times at it is equilibrium.

    Parameters
    ----------
    spheres : Spheres
        One system.
    model : HardSpheres
    time : time units
        Of the measurement, at least a tick for each block.
    blocks : int
        Of time, from which the error is estimated.
    engine : "auto", "jax" or "cpu"

    Returns
    -------
    Spheres
        After that time.
    Equilibrium

    Raises
    ------
    ValueError
        For less than two blocks, or less time than a tick each.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.4)
    >>> spheres = glass.hard_spheres.run(glass.initialize(jax.random.key(0), model, 1.0), model, 10.0)
    >>> spheres, found = equilibrium(spheres, model, 50.0)
    >>> print(found.sentence.split(":")[0])
    the pressure is that of the liquid in equilibrium
    """
    blocks = arguments.whole(blocks, "blocks", least=2)
    ticks = whole_ticks(time)
    if ticks < blocks:
        raise ValueError(
            f"expected a time of at least {blocks * TICK:.4g}, got {time}; try 10.0, or fewer blocks"
        )
    factors = []
    for k in range(blocks):
        todo = ticks * (k + 1) // blocks - ticks * k // blocks
        after = run(spheres, model, todo * TICK, engine=engine)
        factors.append(float(compressibility(spheres, after, model)))
        spheres = after
    found, error = float(np.mean(factors)), float(np.std(factors, ddof=1) / np.sqrt(blocks))
    expected = equation_of_state(model)
    return spheres, Equilibrium(found, error, expected, _sentence(found, error, expected))


def _sentence(found: float, error: float, expected: float) -> str:
    away = found / expected - 1
    numbers = f"Z = {found:.3f} +- {error:.3f}, by the equation of state {expected:.3f} ({away:+.1%})"
    if abs(found - expected) <= max(3 * error, TOLERANCE * expected):
        return f"the pressure is that of the liquid in equilibrium: {numbers}"
    if away > 0:
        return f"the pressure is too high, as after a quick compression: {numbers}; try running on"
    return (
        f"the pressure is too low, as of crystals or of sizes that have parted: {numbers}; try a look at them"
    )
