"""Neighbours nearer than a fixed distance."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from tdaglass.space import Grid
from tdaglass.structure.checks import check_input, concrete
from tdaglass.structure.neighbor_search import (
    SLACK,
    Neighbors,
    ball,
    grow,
    layout,
    roomy,
    search,
    separations,
    volume,
)


def cutoff_neighbors(
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"] | None,
    cutoff: ArrayLike,
    *,
    species: Int[Array, " particles"] | None = None,
    capacity: int | None = None,
) -> Neighbors:
    """Neighbours nearer than a cut-off, :math:`r_{ij} < r_c`, which may differ for each pair of species.

    Parameters
    ----------
    positions : (particles, dim), length units
        Wrapped or not, in two or three dimensions.
    box : (dim,), length units, or None
        Edges of the periodic cell, each at least twice the cut-off; None for open space.
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
        For arguments that do not fit together and, in eager calls without capacity, for positions that are
        not finite or a box smaller than twice the cut-off. With a capacity, `check_neighbors` reports those.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import cutoff_neighbors
    >>> points = jnp.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [9.5, 0.0]])
    >>> neighbors = cutoff_neighbors(points, jnp.array([10.0, 10.0]), 1.8)
    >>> neighbors.mask.sum(1).tolist()
    [2, 2, 0, 2]
    """
    n, dim = positions.shape
    cutoff = jnp.asarray(cutoff, positions.dtype)
    if cutoff.ndim not in (0, 2) or cutoff.shape[:1] != cutoff.shape[1:]:
        raise ValueError(
            f"expected a scalar cut-off or a square matrix, got shape {cutoff.shape}; "
            "try one row and one column for each species"
        )
    if cutoff.ndim == 2 and species is None:
        raise ValueError(
            "expected species beside a matrix of cut-offs, got None; try species=... or a scalar"
        )
    if cutoff.ndim == 0:
        cutoff, species = cutoff.reshape(1, 1), jnp.zeros(n, jnp.int32)
    values, cell, cutoffs = concrete(positions), concrete(box), concrete(cutoff)
    widest = None if cutoffs is None else float(cutoffs.max())
    if widest is not None and not widest > 0:
        raise ValueError(f"expected a positive cut-off, got {widest}; try the first minimum of g(r)")

    def build(sizes: tuple[int, ...], slack: float) -> tuple[Neighbors, Array]:
        grid = layout(n, values, cell, box is not None, widest, slack)
        return _table(positions, box, cutoff, species, sizes[0], grid)

    if capacity is not None:
        return build((capacity,), SLACK)[0]
    if values is None or widest is None or (cell is None and box is not None):
        raise ValueError(
            "expected a capacity under jit or vmap, got None; "
            "try capacity=neighbors.mask.shape[1] of an eager call on one configuration"
        )
    check_input(values, cell, widest)
    expected = n * ball(widest, dim) / volume(values, cell, widest)
    return grow(build, (min(roomy(expected), n),), n)[0]


@partial(jax.jit, static_argnames=("capacity", "grid"))
def _table(
    positions: Array, box: Array | None, cutoff: Array, species: Array, capacity: int, grid: Grid | None
) -> tuple[Neighbors, Array]:
    found, flags = search(positions, box, cutoff, species, capacity, grid)
    idx = found.idx.T
    displacement = separations(positions, box, idx)
    # The search returns pairs up to a rounding error outside; the radius becomes sharp here.
    distance_sq = jnp.sum(lax.stop_gradient(displacement) ** 2, -1)
    within = distance_sq < lax.stop_gradient(cutoff[species[:, None], species[idx]]) ** 2
    mask = (jnp.arange(capacity) < found.count[:, None]) & within
    itself = jnp.arange(positions.shape[0], dtype=jnp.int32)[:, None]
    idx = jnp.where(mask, idx, itself)
    displacement = jnp.where(mask[..., None], displacement, 0)
    return Neighbors(idx, displacement, mask, flags), jnp.max(found.count)[None]
