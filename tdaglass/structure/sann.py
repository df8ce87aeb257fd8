"""Neighbours by solid angle: every particle finds its own radius (SANN)."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from tdaglass.space import Grid
from tdaglass.structure.checks import check_input, concrete
from tdaglass.structure.neighbor_search import (
    CAPACITY,
    REACH,
    SLACK,
    Neighbors,
    grow,
    layout,
    roomy,
    search,
    separations,
)

FEWEST = 3  # neighbours of every particle
# Particles expected within the search radius at the mean density: a liquid's SANN radius holds half as many.
EXPECTED = 30.0


def sann_neighbors(
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"] | None,
    *,
    symmetric: bool = True,
    capacity: int | None = None,
    reach: ArrayLike | None = None,
    candidates: int = roomy(EXPECTED),
) -> Neighbors:
    r"""Neighbours by solid angle (SANN): parameter-free, each particle finds its own radius.

    With its distances in ascending order, particle i has the smallest number :math:`m \ge 3` of neighbours
    for which

    .. math:: R_i = \frac{1}{m - 2} \sum_{j=1}^{m} r_{ij} \le r_{i,m+1}

    (van Meel, Filion, Valeriani, Frenkel, J. Chem. Phys. 136, 234107, 2012, the SANN equation). The same
    :math:`R_i` solves :math:`\sum_j \max(0, 1 - r_{ij}/R) = 2`, which Newton's method does without sorting.
    Some codes keep particle m + 1 too; this one does not: fcc has 12, bcc 14, simple cubic 18.

    Parameters
    ----------
    positions : (particles, 3), length units
    box : (3,), length units, or None for open space
    symmetric : bool
        Keep j as a neighbour of i only if i is one of j.
    capacity : static
        Neighbours that a row can hold. None, in eager calls only: as many as there are, after checks of the
        values. Given: as inside jit, where all that did not fit is flagged.
    reach : length units
        Search no further than this. None: a distance that holds 30 particles at the mean density. Eager calls
        without capacity enlarge it until it holds every :math:`R_i`.
    candidates : static
        Particles that `reach` can hold. Eager calls without capacity enlarge it.

    Returns
    -------
    Neighbors

    Raises
    ------
    ValueError
        For positions not in three dimensions, or too few. In eager calls without capacity: positions that are
        not finite, a box too small for SANN's radii. With a capacity, `check_neighbors` reports those.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import sann_neighbors
    >>> axes = jnp.arange(4.0)
    >>> simple_cubic = jnp.stack(jnp.meshgrid(axes, axes, axes), -1).reshape(-1, 3)
    >>> set(sann_neighbors(simple_cubic, jnp.full(3, 4.0)).mask.sum(1).tolist())
    {18}
    """
    n, dim = positions.shape
    if dim != 3:
        raise ValueError(
            f"expected positions in three dimensions, where SANN's solid angles are defined, got {dim}; "
            "try cutoff_neighbors"
        )
    if n <= FEWEST:
        raise ValueError(f"expected at least 4 particles, got {n}; try cutoff_neighbors")
    values, cell = concrete(positions), concrete(box)
    candidates = min(candidates, n)

    def build(reach: Array, sizes: tuple[int, ...], slack: float) -> tuple[Neighbors, Array]:
        radius = concrete(reach)
        grid = layout(n, values, cell, box is not None, None if radius is None else float(radius), slack)
        return _table(positions, box, reach, jnp.asarray(symmetric), *sizes, grid)

    if capacity is not None:
        start = _default_reach(positions, box) if reach is None else jnp.asarray(reach, positions.dtype)
        return build(start, (candidates, capacity), SLACK)[0]
    if values is None or (cell is None and box is not None):
        raise ValueError(
            "expected a capacity under jit or vmap, got None; "
            "try capacity=neighbors.mask.shape[1] of an eager call on one configuration"
        )
    check_input(values, cell, 0.0)
    furthest = 1.01 * float(np.linalg.norm(np.ptp(values, axis=0))) if cell is None else float(cell.min()) / 2
    radius = float(_default_reach(positions, box) if reach is None else jnp.asarray(reach))
    sizes: tuple[int, ...] = (candidates, min(roomy(EXPECTED / 2), n))
    while True:
        radius = min(radius, furthest)
        neighbors, sizes = grow(partial(build, jnp.asarray(radius, positions.dtype)), sizes, n)
        if not int(neighbors.overflow) & REACH:
            return neighbors
        if radius == furthest:
            raise ValueError(
                f"expected SANN's radii within half the box, {furthest:g}, got a larger one; "
                "try a larger system"
            )
        radius *= 1.25


def sann_radius(
    distance: Float[Array, "candidates particles"], mask: Bool[Array, "candidates particles"]
) -> Float[Array, " particles"]:
    """SANN radius of every particle from the distances of its candidates, infinite where they are too few.

    Newton's method on a convex, piecewise linear condition, from above: the set of candidates inside the
    radius shrinks until it stays, after a handful of turns. A result larger than the distance out to which
    the candidates are complete is an upper bound, not the radius.
    """

    def radius_of(inside: Array) -> tuple[Array, Array]:
        count = jnp.sum(inside, 0, dtype=jnp.int32)
        total = jnp.sum(jnp.where(inside, distance, 0), 0)
        return jnp.where(count >= FEWEST, total / jnp.maximum(count - 2, 1), jnp.inf), count

    def shrink(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        radius, count, _ = state
        smaller, fewer = radius_of(mask & (distance < radius))
        # Rounding must not let a set grow again.
        shrunk = (fewer < count) & (fewer >= FEWEST)
        return jnp.where(shrunk, smaller, radius), jnp.where(shrunk, fewer, count), jnp.any(shrunk)

    start = (*radius_of(mask), jnp.ones((), bool))
    return lax.while_loop(lambda state: state[2], shrink, start)[0]


def _default_reach(positions: Array, box: Array | None) -> Array:
    """Radius of the ball that holds `EXPECTED` particles at the mean density, within half the box."""
    positions = lax.stop_gradient(positions)
    edges = jnp.max(positions, 0) - jnp.min(positions, 0) if box is None else lax.stop_gradient(box)
    longest = jnp.max(edges)
    # A flat or linear cluster has no volume: give it one that does not vanish.
    density = positions.shape[0] / jnp.prod(jnp.maximum(edges, longest / 10))
    reach = jnp.cbrt(EXPECTED / (4 / 3 * math.pi * density))
    return reach if box is None else jnp.minimum(reach, jnp.min(edges) / 2)


@partial(jax.jit, static_argnames=("candidates", "capacity", "grid"))
def _table(
    positions: Array,
    box: Array | None,
    reach: Array,
    symmetric: Array,
    candidates: int,
    capacity: int,
    grid: Grid | None,
) -> tuple[Neighbors, Array]:
    """The neighbours, and how many candidates and neighbours the richest particle has."""
    n = positions.shape[0]
    itself = jnp.arange(n, dtype=jnp.int32)
    found, flags = search(positions, box, reach.reshape(1, 1), jnp.zeros_like(itself), candidates, grid)
    between = separations(*lax.stop_gradient((positions, box)), found.idx.T)
    distance = jnp.sqrt(jnp.sum(between**2, -1)).T
    candidate = jnp.arange(candidates)[:, None] < found.count
    radius = sann_radius(distance, candidate)
    complete = radius <= lax.stop_gradient(reach)
    if box is None:
        complete |= found.count == n - 1  # there is nobody further away
    flags |= jnp.where(jnp.all(complete), 0, REACH)

    within = jnp.where(symmetric, jnp.minimum(radius, radius[found.idx]), radius)
    chosen = candidate & (distance < within)
    slot = jnp.cumsum(chosen, 0, dtype=jnp.int32) - 1
    count = slot[-1] + 1
    flags |= jnp.where(jnp.max(count) > capacity, CAPACITY, 0)
    idx = jnp.broadcast_to(itself[:, None], (n, capacity))
    idx = idx.at[jnp.broadcast_to(itself, slot.shape), jnp.where(chosen, slot, capacity)].set(
        found.idx, mode="drop"
    )
    mask = jnp.arange(capacity) < count[:, None]
    displacement = jnp.where(mask[..., None], separations(positions, box, idx), 0)
    return Neighbors(idx, displacement, mask, flags), jnp.stack([jnp.max(found.count), jnp.max(count)])
