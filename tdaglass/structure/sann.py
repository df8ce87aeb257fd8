"""Neighbours by solid angle: every particle finds its own radius (SANN)."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, cell, concrete, floats, points, positive, whole
from tdaglass.space import enclosed, in_shortest_vectors, volume, widths
from tdaglass.structure.neighbor_search import CAPACITY, REACH, Neighbors, Plan, search, separations
from tdaglass.structure.table_sizes import Known, check_capacity, grow, plan_search, roomy

FEWEST = 3  # neighbours of every particle
# Particles expected within the search radius at the mean density: a liquid's SANN radius holds half as many.
EXPECTED = 30.0


def sann_neighbors(
    positions: Numbers,
    box: Numbers | None,
    *,
    symmetric: bool = True,
    capacity: int | None = None,
    reach: Numbers | None = None,
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
    box : number, (3,) or (3, 3), length units, or None for open space
        As for `cutoff_neighbors`, small cells and open axes included.
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
        For positions not in three dimensions, not finite, or too few; in eager calls without capacity, for
        neighbours that would not fit into memory. Where values are traced, `check_neighbors` reports what is
        flagged.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import sann_neighbors
    >>> axes = jnp.arange(4.0)
    >>> simple_cubic = jnp.stack(jnp.meshgrid(axes, axes, axes), -1).reshape(-1, 3)
    >>> set(sann_neighbors(simple_cubic, jnp.full(3, 4.0)).mask.sum(1).tolist())
    {18}
    """
    x = points(positions)
    n, dim = x.shape
    if dim != 3:
        raise ValueError(
            f"expected positions in three dimensions, where SANN's solid angles are defined, got {dim}; "
            "try cutoff_neighbors"
        )
    lattice = cell(box, x)
    if n <= FEWEST and lattice is None:
        raise ValueError(f"expected at least 4 particles, got {n}; try cutoff_neighbors")
    known = Known.of(x, lattice)
    candidates = whole(candidates, "candidates", least=1)
    start = _first_reach(x, lattice, reach)
    radius = concrete(start)

    def build(radius: Array, sizes: tuple[int, ...], plan: Plan) -> tuple[Neighbors, Array]:
        return _table(x, lattice, radius, jnp.asarray(symmetric), *sizes, plan)

    if capacity is not None:
        capacity = whole(capacity, "capacity", least=1)
        check_capacity(max(capacity, candidates), n)
        plan = plan_search(known, None if radius is None else float(radius))
        most = n if plan.tiling is None else n * plan.tiling.images
        return build(start, (min(candidates, most), capacity), plan)[0]
    if radius is None or not known.complete:
        raise ValueError(
            "expected a capacity under jit or vmap, got None; "
            "try capacity=neighbors.mask.shape[1] of an eager call on one configuration"
        )
    furthest = (
        1.01 * float(np.linalg.norm(np.ptp(np.asarray(known.positions), axis=0)))
        if lattice is None
        else math.inf
    )
    if not furthest or not radius > 0:
        raise ValueError(f"expected particles at more than one place, got {n} at one; try cutoff_neighbors")
    usual = 0.0 if lattice is None else float(_default_reach(x, in_shortest_vectors(lattice), within=False))
    sizes: tuple[int, ...] = (candidates, roomy(EXPECTED / 2))
    at = float(radius)
    while True:
        at = min(at, furthest)
        neighbors, sizes = grow(partial(build, jnp.asarray(at, x.dtype)), sizes, known, at)
        if not int(neighbors.overflow) & REACH:
            return neighbors
        # Half of a small box may be much less than where it must end.
        at = max(1.25 * at, usual)


def _first_reach(positions: Array, box: Array | None, reach: Numbers | None) -> Array:
    if reach is None:
        return _default_reach(positions, None if box is None else in_shortest_vectors(box), within=True)
    given = floats(reach, "reach", like=positions)
    if given.ndim:
        raise ValueError(f"expected one number as reach, got shape {given.shape}; try the largest of them")
    if (value := concrete(given)) is not None:
        positive(value, "reach")
    return given


def sann_radius(distance: Numbers, mask: Numbers) -> Float[Array, " particles"]:
    """SANN radius of every particle from the distances of its candidates, infinite where they are too few.

    Newton's method on a convex, piecewise linear condition, from above: the set of candidates inside the
    radius shrinks until it stays, after a handful of turns. A result larger than the distance out to which
    the candidates are complete is an upper bound, not the radius.

    Parameters
    ----------
    distance : (candidates, particles), length units
    mask : (candidates, particles) bool
        False where there is no candidate.

    Returns
    -------
    (particles,), length units

    Raises
    ------
    ValueError
        For arrays that do not fit together.

    Examples
    --------
    >>> sann_radius(jnp.ones((4, 1)), jnp.ones((4, 1), bool)).tolist()
    [2.0]
    """
    distance, mask = floats(distance, "distances"), jnp.asarray(mask, bool)
    if distance.ndim != 2 or distance.shape != mask.shape:
        raise ValueError(
            f"expected distances and mask (candidates, particles), got shapes {distance.shape} and {mask.shape}; "
            "try those of one system"
        )

    return _radius(distance, mask)


@jax.jit  # else every call would be compiled, and what is compiled is kept
def _radius(distance: Array, mask: Array) -> Array:
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


def _default_reach(positions: Array, box: Array | None, *, within: bool) -> Array:
    """Radius of the ball that holds `EXPECTED` particles at the mean density, and `within` half the box."""
    positions, box = lax.stop_gradient((positions, box))
    extent = jnp.max(positions, 0) - jnp.min(positions, 0)
    if box is None or box.ndim == 1:
        edges = extent if box is None else jnp.where(jnp.isinf(box), extent, box)
        # A flat or linear cluster has no volume: give it one that does not vanish.
        room = jnp.prod(jnp.maximum(edges, jnp.max(edges) / 10))
    else:
        longest = jnp.max(jnp.where(jnp.isinf(box), 0, box))
        room = volume(enclosed(box, positions, longest / 20))
    reach = jnp.cbrt(EXPECTED / (4 / 3 * math.pi * (positions.shape[0] / room)))
    if box is None or not within:
        return reach
    return jnp.minimum(reach, jnp.min(widths(enclosed(box, positions, reach))) / 2)


@partial(jax.jit, static_argnames=("candidates", "capacity", "plan"))
def _table(
    positions: Array,
    box: Array | None,
    reach: Array,
    symmetric: Array,
    candidates: int,
    capacity: int,
    plan: Plan,
) -> tuple[Neighbors, Array]:
    """The neighbours, how many candidates and neighbours the richest particles have, and the first of those."""
    n = positions.shape[0]
    itself = jnp.arange(n, dtype=jnp.int32)
    images = 1 if plan.tiling is None else plan.tiling.images
    found, flags = search(positions, box, reach.reshape(1, 1), jnp.zeros_like(itself), candidates, plan)
    particle, between = separations(*lax.stop_gradient((positions, box)), found.idx.T, plan.tiling)
    distance = jnp.sqrt(jnp.sum(between**2, -1)).T
    candidate = jnp.arange(candidates)[:, None] < found.count
    radius = sann_radius(distance, candidate)
    complete = radius <= lax.stop_gradient(reach)
    if box is None:
        complete |= found.count == n - 1  # there is nobody further away
    flags |= jnp.where(jnp.all(complete), 0, REACH)

    within = jnp.where(symmetric, jnp.minimum(radius, radius[particle.T]), radius)
    chosen = candidate & (distance < within)
    slot = jnp.cumsum(chosen, 0, dtype=jnp.int32) - 1
    count = slot[-1] + 1
    flags |= jnp.where(jnp.max(count) > capacity, CAPACITY, 0)
    idx = jnp.broadcast_to(images * itself[:, None], (n, capacity))
    idx = idx.at[jnp.broadcast_to(itself, slot.shape), jnp.where(chosen, slot, capacity)].set(
        found.idx, mode="drop"
    )
    mask = jnp.arange(capacity) < count[:, None]
    idx, displacement = separations(positions, box, idx, plan.tiling)
    displacement = jnp.where(mask[..., None], displacement, 0)
    needed = jnp.stack([jnp.max(found.count), jnp.max(count), jnp.argmax(found.count).astype(jnp.int32)])
    return Neighbors(idx, displacement, mask, flags), needed
