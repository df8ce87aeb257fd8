"""Dynamic propensity: how far a particle goes on average from one structure, under fresh velocities."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.dynamics.cage import relative_to_cage
from tdaglass.dynamics.displacements import squared_distance
from tdaglass.space import cell
from tdaglass.structure import Neighbors


def propensity_of_runs(
    initial: Numbers, runs: Numbers, box: Numbers | None = None, *, cage: Neighbors | None = None
) -> Float[Array, " particles"]:
    r"""Dynamic propensity from the end positions of isoconfigurational runs.

    .. math:: D_i(t) = \frac{1}{R} \sum_{k=1}^{R} |\mathbf r_i^{(k)}(t) - \mathbf r_i(0)|

    (Widmer-Cooper, Harrowell and Fynewever, Phys. Rev. Lett. 93, 135701, 2004, with the distance in place of
    its square, as in Boattini et al., Nat. Commun. 11, 5479, 2020.)

    Parameters
    ----------
    initial : (particles, dim), length units
        Positions common to all runs.
    runs : (replicas, particles, dim), length units
        Positions of each run at time t, unwrapped unless `box` is given.
    box : number, (dim,) or (dim, dim), length units, optional
        Edges or lattice vectors; displacements then are nearest images, which is right for wrapped positions as
        long as no particle goes further than half the box.
    cage : Neighbors, optional
        Of the initial positions: displacements are relative to the mean of the neighbours, as in `CageRelative`.

    Returns
    -------
    (particles,), length units
        In the precision of the positions; its gradient is zero, not NaN, where a particle has not moved.

    Raises
    ------
    ValueError
        For runs without the axis of the replicas or of other particles, for positions that are not finite, and for
        a cage without neighbours.

    Examples
    --------
    >>> propensity_of_runs(jnp.zeros((1, 2)), jnp.array([[[3.0, 4.0]], [[0.0, 1.0]]])).tolist()
    [3.0]
    """
    return jnp.mean(distances_of_runs(initial, runs, box, cage), axis=0)


def distances_of_runs(
    initial: Any, runs: Any, box: Any, cage: Neighbors | None
) -> Float[Array, "replicas particles"]:
    """How far each particle went in each run; the arguments are those of `propensity_of_runs`."""
    initial = arguments.points(initial, "initial positions")
    runs = arguments.floats(runs, "runs", like=initial)
    if runs.ndim != 3 or runs.shape[1:] != initial.shape or not len(runs):
        n, dim = initial.shape
        raise ValueError(
            f"expected runs (replicas, {n}, {dim}), got shape {runs.shape}; "
            "try runs[None] for a single run, or jax.vmap over times and configurations"
        )
    values = arguments.concrete(runs)
    if values is not None and not np.isfinite(values).all():
        run, particle = np.argwhere(~np.isfinite(values).all(axis=2))[0]
        raise ValueError(
            f"expected finite positions in every run, got {values[run, particle]} for particle {particle} of run "
            f"{run}; try an earlier time, or without that run"
        )
    displacement = runs - initial
    lattice = arguments.cell(box, initial)
    if lattice is not None:
        lattice = cell.enclosed(lattice, initial, jnp.max(jnp.abs(jax.lax.stop_gradient(displacement))))
        displacement = cell.nearest_image(displacement, lattice)
    if cage is not None:
        _check_cage(cage, len(initial))
        displacement = jax.vmap(lambda moved: relative_to_cage(moved, cage.idx, cage.mask, itself=False))(
            displacement
        )
    distance_sq = squared_distance(displacement)  # (replicas, particles)
    moved = distance_sq > 0
    # The inner `where` keeps the square root away from zero, where its derivative is infinite.
    return jnp.where(moved, jnp.sqrt(jnp.where(moved, distance_sq, 1)), 0)


def _check_cage(cage: Neighbors, n: int) -> None:
    if not isinstance(cage, Neighbors) or cage.mask.shape[:1] != (n,):
        raise ValueError(
            f"expected Neighbors of {n} particles as the cage, got {type(cage).__name__}; "
            "try structure.sann_neighbors of the initial positions"
        )
    mask = arguments.concrete(cage.mask)
    if mask is not None and not mask.any(axis=1).all():
        raise ValueError(
            f"expected a cage around every particle, got none for particle {int(mask.any(axis=1).argmin())}; "
            "try a longer cut-off, or structure.sann_neighbors"
        )
