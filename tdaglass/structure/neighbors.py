"""Neighbours nearer than a fixed distance."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from tdaglass.arguments import Numbers, cell, concrete, labels, pair_table, points, whole
from tdaglass.structure.neighbor_search import Neighbors, Plan, search, separations
from tdaglass.structure.table_sizes import (
    Known,
    check_capacity,
    expected_neighbors,
    grow,
    plan_search,
    roomy,
)


def cutoff_neighbors(
    positions: Numbers,
    box: Numbers | None,
    cutoff: Numbers,
    *,
    species: Numbers | None = None,
    capacity: int | None = None,
) -> Neighbors:
    """Neighbours nearer than a cut-off, :math:`r_{ij} < r_c`, which may differ for each pair of species.

    Parameters
    ----------
    positions : (particles, dim), length units
        Wrapped or not, in two or three dimensions.
    box : number, (dim,) or (dim, dim), length units, or None
        Edges of the periodic cell, or its lattice vectors as rows; None for open space, and an infinite edge for
        open space along that axis. In a cell less than twice as wide as the cut-off all images within reach are
        neighbours, each in its own slot; inside jit only where the box is closed over rather than traced.
    cutoff : scalar or symmetric (species, species), length units
    species : (particles,), needed where `cutoff` is a matrix
    capacity : static
        Neighbours that a row can hold. None, in eager calls only: as many as there are, after checks of the
        values. Given: as inside jit, where a row that is too short is flagged. Above a few thousand particles
        close over box and cut-off rather than tracing them: cells need a known size.

    Returns
    -------
    Neighbors

    Raises
    ------
    ValueError
        For arguments that do not fit together, positions that are not finite, and neighbours that would not fit
        into memory, with the densest place. Where values are traced, `check_neighbors` reports what is flagged.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import cutoff_neighbors
    >>> points = jnp.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [9.5, 0.0]])
    >>> neighbors = cutoff_neighbors(points, jnp.array([10.0, 10.0]), 1.8)
    >>> neighbors.mask.sum(1).tolist()
    [2, 2, 0, 2]
    """
    x = points(positions)
    n = len(x)
    lattice, table = cell(box, x), pair_table(cutoff, "cut-off", like=x)
    if len(table) > 1 and species is None:
        raise ValueError(
            "expected species beside a matrix of cut-offs, got None; try species=... or a scalar"
        )
    kinds = jnp.zeros(n, jnp.int32)
    if species is not None:
        codes = labels(species, n, len(table) if len(table) > 1 else None)
        kinds = codes if len(table) > 1 else kinds
    known, cutoffs = Known.of(x, lattice), concrete(table)
    widest = None if cutoffs is None else float(cutoffs.max())

    def build(sizes: tuple[int, ...], plan: Plan) -> tuple[Neighbors, Array]:
        return _table(x, lattice, table, kinds, sizes[0], plan)

    if capacity is not None:
        capacity = whole(capacity, "capacity", least=1)
        check_capacity(capacity, n)
        return build((capacity,), plan_search(known, widest))[0]
    if widest is None or cutoffs is None or not known.complete:
        raise ValueError(
            "expected a capacity under jit or vmap, got None; "
            "try capacity=neighbors.mask.shape[1] of an eager call on one configuration"
        )
    size = roomy(expected_neighbors(known, widest))
    return grow(build, (size,), known, widest, float(cutoffs.min()))[0]


@partial(jax.jit, static_argnames=("capacity", "plan"))
def _table(
    positions: Array, box: Array | None, cutoff: Array, species: Array, capacity: int, plan: Plan
) -> tuple[Neighbors, Array]:
    """The neighbours, how many candidates the richest particle has, and which one it is."""
    found, flags = search(positions, box, cutoff, species, capacity, plan)
    idx, displacement = separations(positions, box, found.idx.T, plan.tiling)
    # The search returns pairs up to a rounding error outside; the radius becomes sharp here.
    distance_sq = jnp.sum(lax.stop_gradient(displacement) ** 2, -1)
    within = distance_sq < lax.stop_gradient(cutoff[species[:, None], species[idx]]) ** 2
    mask = (jnp.arange(capacity) < found.count[:, None]) & within
    itself = jnp.arange(positions.shape[0], dtype=jnp.int32)[:, None]
    idx = jnp.where(mask, idx, itself)
    displacement = jnp.where(mask[..., None], displacement, 0)
    needed = jnp.stack([jnp.max(found.count), jnp.argmax(found.count).astype(jnp.int32)])
    return Neighbors(idx, displacement, mask, flags), needed
