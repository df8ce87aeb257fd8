"""Particles on a periodic grid and back: what a convolutional network sees of them, and what it says about them.

Both directions stand on one table: the cells that a particle belongs to, and with what share. `density_field`
adds particles to their cells, and `particle_values` reads their cells, so that each is the other's adjoint.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.arguments import Numbers, cell, concrete, floats, labels, points, whole
from tdaglass.arguments import species_count as number_of_species
from tdaglass.space import fractions

MOST_CELLS = 2**30

Assignment = Literal["nearest", "linear"]


def density_field(
    positions: Numbers,
    species: Numbers | None,
    box: Numbers | None,
    shape: Sequence[int],
    *,
    assignment: Assignment = "nearest",
    species_count: int | None = None,
) -> Float[Array, " species *shape"]:
    """Number of particles in every cell of a periodic grid, one channel for each species.

    The mapping M of Oyama, Koyama and Kawasaki (2022) from a configuration to the image that a network is shown.

    Parameters
    ----------
    positions : (particles, dim), length units
        Wrapped or not.
    species : (particles,), or None for a single channel
    box : number, (dim,) or (dim, dim), length units
        Edges or lattice vectors of the periodic cell, whose lower corner is the origin.
    shape : (dim,) ints, static
        Cells of the grid along each edge or lattice vector: they have the form of the box.
    assignment : static
        ``"nearest"`` counts a particle in the cell that it lies in. ``"linear"`` shares it between the 2**dim
        nearest cell centres (cloud in cell), which is differentiable in positions and box.
    species_count : static
        Needed beside species inside jit.

    Returns
    -------
    (species, *shape)
        Each channel sums to the number of its particles.

    Raises
    ------
    ValueError
        For a grid that does not fit the box or is too fine for any memory, an unknown assignment, a missing
        species count, open axes; where values are known, for positions that are not finite or species without a
        channel.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import density_field
    >>> points = jnp.array([[0.5, 0.5], [0.6, 3.9], [-0.5, 0.5]])
    >>> density_field(points, jnp.array([0, 1, 1]), jnp.array([4.0, 4.0]), (2, 2)).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]
    """
    x = points(positions)
    codes = None if species is None else labels(species, len(x), species_count)
    kinds = number_of_species(codes, species_count)
    grid = _grid_shape(shape, x.shape[1], kinds)
    at, share = _cells_of(x, box, grid, assignment)
    if codes is not None:
        # Of species that have no channel, unknown inside jit, nothing is added.
        at = jnp.where(codes[:, None] < kinds, at + math.prod(grid) * codes[:, None], kinds * math.prod(grid))
    field = jnp.zeros(kinds * math.prod(grid), x.dtype)
    return field.at[at].add(share, mode="drop").reshape(kinds, *grid)


def particle_values(
    field: Numbers,
    positions: Numbers,
    box: Numbers | None,
    *,
    assignment: Assignment = "nearest",
) -> Float[Array, "*channels particles"]:
    """Values of a periodic field at the particles: the way back from the grid of `density_field`.

    Parameters
    ----------
    field : (..., *shape)
        With as many cells along each axis as it happens to have: feature maps may be coarser than the input.
    positions : (particles, dim), length units
        Wrapped or not.
    box : number, (dim,) or (dim, dim), length units
        The axes of the field are its edges or lattice vectors.
    assignment : static
        ``"nearest"`` takes the value of the cell that a particle lies in, ``"linear"`` interpolates between the
        2**dim nearest cell centres and is differentiable in positions and box.

    Returns
    -------
    (..., particles), in units of the field

    Raises
    ------
    ValueError
        For a field of fewer axes than the box, an unknown assignment, or open axes; where values are known, for
        positions that are not finite.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import particle_values
    >>> field = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    >>> points = jnp.array([[0.5, 0.5], [3.0, 3.0], [2.0, 1.0]])
    >>> particle_values(field, points, jnp.array([4.0, 4.0])).tolist()
    [1.0, 4.0, 3.0]
    >>> particle_values(field, points, jnp.array([4.0, 4.0]), assignment="linear").tolist()
    [1.75, 4.0, 2.0]
    """
    x = points(positions)
    dim, values = x.shape[1], floats(field, "field", like=x)
    if values.ndim < dim:
        raise ValueError(
            f"expected a field with {dim} axes of cells, got shape {values.shape}; try (channels, *shape)"
        )
    grid = _grid_shape(values.shape[values.ndim - dim :], dim, 1)
    at, share = _cells_of(x, box, grid, assignment)
    values = values.reshape(*values.shape[: values.ndim - dim], -1)
    return jnp.sum(values[..., at] * share, -1)


def scale_to_unit(values: Numbers, axis: int | tuple[int, ...] | None = None) -> Float[Array, "*rest"]:
    """Values moved and scaled so that the smallest is 0 and the largest 1; zeros where all are the same.

    Parameters
    ----------
    values : any shape
        NaN stays NaN, and the others are scaled as if it were not there.
    axis : static
        Axes whose values share a scale, as (-2, -1) for each map of a stack, or -1 for the scores of each
        configuration of a batch; None: all of them.

    Returns
    -------
    The shape of `values`, dimensionless

    Raises
    ------
    ValueError
        For no values, axes that are not there, and where values are known for infinite ones.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import scale_to_unit
    >>> scale_to_unit(jnp.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]), axis=-1).tolist()
    [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]]
    """
    x = floats(values, "values")
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if not x.size or any(not -x.ndim <= a < x.ndim for a in axes):
        raise ValueError(
            f"expected values along the axes {axes}, got shape {x.shape}; try axis=None for one scale of all"
        )
    known = concrete(x)
    if known is not None and np.isinf(known).any():
        raise ValueError(
            "expected finite values, or NaN for unknown ones, got infinity; try jnp.nan in its place"
        )
    least = jnp.nanmin(x, axis, keepdims=True)
    span = jnp.nanmax(x, axis, keepdims=True) - least
    return (x - least) / jnp.where(span > 0, span, 1)


def _grid_shape(shape: Sequence[int], dim: int, kinds: int) -> tuple[int, ...]:
    if not isinstance(shape, Sequence | np.ndarray) or len(shape) != dim:
        raise ValueError(f"expected numbers of cells along {dim} axes, got {shape}; try {(32,) * dim}")
    grid = tuple(whole(size, "cells along an axis", least=1) for size in shape)
    if kinds * math.prod(grid) > MOST_CELLS:
        raise ValueError(
            f"expected a grid of at most {MOST_CELLS} cells, got {kinds} of {math.prod(grid)}; try {(32,) * dim}"
        )
    return grid


def _cells_of(
    positions: Array, box: Numbers | None, shape: tuple[int, ...], assignment: str
) -> tuple[Int[Array, "particles corners"], Float[Array, "particles corners"]]:
    """The cells that particles belong to, numbered in the order of the flattened grid, and their shares."""
    lattice = cell(box, positions, open_axes=False)
    if assignment not in ("nearest", "linear"):
        raise ValueError(
            f"expected assignment to be 'nearest' or 'linear', got {assignment!r}; try 'linear' for gradients"
        )
    return _table(positions, lattice, shape, assignment == "linear")


@partial(jax.jit, static_argnames=("shape", "linear"))
def _table(positions: Array, box: Array, shape: tuple[int, ...], linear: bool) -> tuple[Array, Array]:
    n = positions.shape[0]
    fraction = fractions(positions, box)
    fraction = fraction - jnp.floor(fraction)
    at_cell, share = jnp.zeros((n, 1), jnp.int32), jnp.ones((n, 1), positions.dtype)
    for axis, size in enumerate(shape):
        at = fraction[:, axis, None] * size - (0.5 if linear else 0)
        lower = jnp.floor(at)
        upper_part = at - lower
        part = jnp.concatenate([1 - upper_part, upper_part], 1) if linear else jnp.ones_like(at)
        # Around the box, also from its far face, where rounding may have put a particle.
        along = (lower.astype(jnp.int32) + jnp.arange(part.shape[1], dtype=jnp.int32)) % size
        at_cell = (at_cell[:, :, None] * size + along[:, None]).reshape(n, -1)
        share = (share[:, :, None] * part[:, None]).reshape(n, -1)
    return at_cell, share
