"""The search that both kinds of neighbours share, and its flags.

What goes wrong inside jit, where nothing can be raised, sets a bit each in `Neighbors.overflow`.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from tdaglass.arguments import Numbers, cell, floats, points
from tdaglass.space import (
    Grid,
    Search,
    Tiling,
    enclosed,
    fractions,
    from_positions,
    nearest_image,
    neighbors_within,
    tiled,
    towards_images,
    widths,
)

CAPACITY, CELLS, REACH, SMALL_BOX, NOT_FINITE = 1, 2, 4, 8, 16
# Of a width of a cell that is not orthorhombic.
ROUNDED = 2e-6


class Plan(NamedTuple):
    """How the search goes about it; static under jit.

    Attributes
    ----------
    grid : Grid, or None to test all pairs
    tiling : Tiling, or None where the nearest image is enough
    """

    grid: Grid | None = None
    tiling: Tiling | None = None


class Neighbors(NamedTuple):
    """Neighbours of every particle; a batch is the same record with leading axes.

    Attributes
    ----------
    idx : (..., particles, k) int32
        Indices of the neighbours, ascending; a padding slot holds the particle itself. In a cell smaller than
        twice the cut-off a particle may have several images of another one, or of itself, as neighbours: each has
        its own slot.
    displacement : (..., particles, k, dim), length units
        From the particle to the image that is its neighbour, the nearest one in a large cell: r_j - r_i and whole
        lattice vectors, which `lattice_shifts` tells; zero in padding slots. Differentiable in positions and box.
    mask : (..., particles, k) bool
        False in padding slots, which may stand anywhere in a row.
    overflow : (...) int32
        Zero where the table is complete; see `check_neighbors`.
    """

    idx: Int[Array, "*batch particles k"]
    displacement: Float[Array, "*batch particles k dim"]
    mask: Bool[Array, "*batch particles k"]
    overflow: Int[Array, "*batch"]


def check_neighbors(neighbors: Neighbors) -> Neighbors:
    """Return `neighbors` (one system or a batch) if every row is complete; for use outside jit.

    Raises
    ------
    ValueError
        Saying what went wrong and what to do about it.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> points = jnp.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [9.5, 0.0]])
    >>> neighbors = cutoff_neighbors(points, jnp.array([10.0, 10.0]), 1.8, capacity=1)
    >>> check_neighbors(neighbors)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: expected at most 1 neighbours, ...; try a larger capacity= or candidates=
    """
    flags = int(np.bitwise_or.reduce(np.asarray(neighbors.overflow).reshape(-1)))
    remedies = {
        NOT_FINITE: "expected finite positions, got NaN or infinity; try a smaller time step",
        SMALL_BOX: "expected a cell at least twice as wide as the search radius, got a narrower one; "
        "try a larger system, a smaller cut-off, or a box that is known outside jit, whose images are found",
        CELLS: "expected particles spread evenly enough over the cells, got a full one; "
        "try an eager call without capacity=, which enlarges them",
        CAPACITY: f"expected at most {neighbors.mask.shape[-1]} neighbours, or no more SANN candidates than "
        "given, got more; try a larger capacity= or candidates=",
        REACH: "expected SANN's radii to lie within the search radius, got a larger one; try a larger reach=",
    }
    for bit, remedy in remedies.items():
        if flags & bit:
            raise ValueError(remedy)
    return neighbors


def one_table(neighbors: Neighbors) -> Neighbors:
    """The neighbours of one system as arrays of JAX, in the type that it computes with.

    Raises
    ------
    ValueError
        For those of several systems, or something else.
    """
    if not isinstance(neighbors, Neighbors):
        raise ValueError(
            f"expected Neighbors, got {type(neighbors).__name__}; try cutoff_neighbors of positions and a box"
        )
    shape = np.shape(neighbors.idx)
    if len(shape) != 2:
        raise ValueError(
            f"expected the neighbours of one system, got a batch {shape[:-2]}; try jax.vmap of the function"
        )
    displacement = floats(neighbors.displacement, "displacements")
    return Neighbors(
        jnp.asarray(neighbors.idx), displacement, jnp.asarray(neighbors.mask), jnp.asarray(neighbors.overflow)
    )


def lattice_shifts(
    neighbors: Neighbors, positions: Numbers, box: Numbers | None
) -> Int[Array, "particles k dim"]:
    r"""By how many lattice vectors each neighbour is moved from where its position is given.

    Whole numbers S with :math:`r_{ij} = r_j - r_i + S \cdot \mathrm{box}`, as ASE's neighbour lists have them.

    Parameters
    ----------
    neighbors : Neighbors
        Of these positions, in this cell.
    positions : (particles, dim), length units
    box : (dim,), (dim, dim), length units, or None

    Returns
    -------
    (particles, k, dim) int32
        Zero in padding slots, and along open axes.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> alone, box = jnp.array([[0.5, 0.5]]), jnp.array([1.0, 3.0])
    >>> lattice_shifts(cutoff_neighbors(alone, box, 1.5), alone, box)[0, :2].tolist()
    [[1, 0], [-1, 0]]
    """
    table, x = one_table(neighbors), points(positions)
    lattice = cell(box, x)
    if len(x) != len(table.idx) or x.shape[1] != table.displacement.shape[-1]:
        raise ValueError(
            f"expected positions of the {len(table.idx)} particles of these neighbours, got shape {x.shape}; "
            "try the positions that they were found with"
        )
    if lattice is None:
        return jnp.zeros(table.displacement.shape, jnp.int32)
    moved = table.displacement - (x[table.idx] - x[:, None])
    shift = jnp.round(fractions(moved, enclosed(lattice, x, 1.0)))
    return jnp.where(table.mask[..., None], shift, 0).astype(jnp.int32)


def search(
    positions: Array, box: Array | None, reach: Array, species: Array, capacity: int, plan: Plan
) -> tuple[Search, Array]:
    """Candidates within a (species, species) reach in periodic or open space, and what went wrong.

    With a tiling, candidates are numbered as `tiled` numbers the images.
    """
    positions, reach = lax.stop_gradient((positions, reach))
    widest = jnp.max(reach)
    images = 1 if plan.tiling is None else plan.tiling.images
    finite = jnp.all(jnp.isfinite(positions))
    if box is None:
        # A periodic cell so large that no image is within reach is open space.
        lowest = jnp.min(positions, 0)
        around = 1.01 * (jnp.max(positions, 0) - lowest) + 2.02 * widest
        positions = positions - lowest
        small_box = jnp.zeros((), bool)
    else:
        around = enclosed(lax.stop_gradient(box), positions, widest)
        if plan.tiling is not None:
            positions, around = tiled(positions, around, plan.tiling)
            species = jnp.repeat(species, images)
        tolerance = 1 if around.ndim == 1 else 1 - ROUNDED
        small_box = jnp.any(widths(around) < 2 * widest * tolerance)
    if around.ndim == 2:
        fixed = from_positions(fractions(positions, around), jnp.ones(positions.shape[1], positions.dtype))
    else:
        fixed = from_positions(positions, around)
    found = neighbors_within(
        fixed.fraction.T, around, reach, species, capacity=capacity, grid=plan.grid, every=images
    )
    wrong = {
        CAPACITY: jnp.max(found.count) > capacity,
        CELLS: found.cells_full,
        SMALL_BOX: small_box,
        NOT_FINITE: ~finite,
    }
    return found, sum((jnp.where(is_so, bit, 0) for bit, is_so in wrong.items()), jnp.int32(0))


def separations(
    positions: Float[Array, "particles dim"],
    box: Float[Array, "*shape"] | None,
    idx: Int[Array, "particles k"],
    tiling: Tiling | None,
) -> tuple[Int[Array, "particles k"], Float[Array, "particles k dim"]]:
    """Who the candidates of a table are, and the displacements towards them, exactly antisymmetric in the pair."""
    if box is not None and tiling is not None:
        return towards_images(positions, _closed(positions, box), idx, tiling)
    displacement = positions[idx] - positions[:, None]
    return idx, displacement if box is None else nearest_image(displacement, _closed(positions, box))


def _closed(positions: Array, box: Array) -> Array:
    # As far out as no pair of particles is apart: across an open axis nothing is wrapped.
    return enclosed(box, 2 * lax.stop_gradient(positions), 1.0)
