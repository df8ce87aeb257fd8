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
from jaxtyping import Array, Float, Int

from tdaglass.structure.checks import check_input, concrete, count_species

Assignment = Literal["nearest", "linear"]


def density_field(
    positions: Float[Array, "particles dim"],
    species: Int[Array, " particles"] | None,
    box: Float[Array, " dim"],
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
    box : (dim,), length units
        Edges of the periodic cell, whose lower corner is the origin.
    shape : (dim,) ints, static
        Cells along each axis.
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
        For a grid that does not fit the box, an unknown assignment or a missing species count; in eager calls
        for positions that are not finite, edges that are not positive, or species without a channel.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import density_field
    >>> points = jnp.array([[0.5, 0.5], [0.6, 3.9], [-0.5, 0.5]])
    >>> density_field(points, jnp.array([0, 1, 1]), jnp.array([4.0, 4.0]), (2, 2)).tolist()
    [[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]
    """
    kinds = count_species(species, species_count)
    labels = concrete(species)
    if labels is not None and labels.size and not (labels.min() >= 0 and labels.max() < kinds):
        raise ValueError(
            f"expected species from 0 to {kinds - 1}, got {labels.min()} to {labels.max()}; "
            "try a larger species_count="
        )
    cell, share = _cells_of(positions, box, tuple(shape), assignment)
    if species is not None:
        cell += math.prod(shape) * species.astype(jnp.int32)[:, None]
    field = jnp.zeros(kinds * math.prod(shape), positions.dtype)
    return field.at[cell].add(share, mode="drop").reshape(kinds, *shape)


def particle_values(
    field: Float[Array, "*channels_and_shape"],
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"],
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
    box : (dim,), length units
    assignment : static
        ``"nearest"`` takes the value of the cell that a particle lies in, ``"linear"`` interpolates between the
        2**dim nearest cell centres and is differentiable in positions and box.

    Returns
    -------
    (..., particles), in units of the field

    Raises
    ------
    ValueError
        For a field of fewer axes than the box, or an unknown assignment; in eager calls for positions that are
        not finite or edges that are not positive.

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
    dim = positions.shape[1]
    if field.ndim < dim:
        raise ValueError(
            f"expected a field with {dim} axes of cells, got shape {field.shape}; try (channels, *shape)"
        )
    cell, share = _cells_of(positions, box, field.shape[field.ndim - dim :], assignment)
    values = field.reshape(*field.shape[: field.ndim - dim], -1)
    return jnp.sum(values[..., cell] * share, -1)


def scale_to_unit(
    values: Float[Array, "*rest"], axis: int | tuple[int, ...] | None = None
) -> Float[Array, "*rest"]:
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

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import scale_to_unit
    >>> scale_to_unit(jnp.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]]), axis=-1).tolist()
    [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0]]
    """
    least = jnp.nanmin(values, axis, keepdims=True)
    span = jnp.nanmax(values, axis, keepdims=True) - least
    return (values - least) / jnp.where(span > 0, span, 1)


def _cells_of(
    positions: Array, box: Array, shape: tuple[int, ...], assignment: str
) -> tuple[Int[Array, "particles corners"], Float[Array, "particles corners"]]:
    """The cells that particles belong to, numbered in the order of the flattened grid, and their shares."""
    dim = positions.shape[1]
    if len(shape) != dim or min(shape) < 1:
        raise ValueError(
            f"expected positive numbers of cells along {dim} axes, got {shape}; try {(32,) * dim}"
        )
    if assignment not in ("nearest", "linear"):
        raise ValueError(
            f"expected assignment to be 'nearest' or 'linear', got {assignment!r}; try 'linear' for gradients"
        )
    fixed = concrete(positions)
    if fixed is not None:
        check_input(fixed, concrete(box), 0.0)
    return _table(positions, box, shape, assignment == "linear")


@partial(jax.jit, static_argnames=("shape", "linear"))
def _table(positions: Array, box: Array, shape: tuple[int, ...], linear: bool) -> tuple[Array, Array]:
    n = positions.shape[0]
    fraction = positions / box
    fraction = fraction - jnp.floor(fraction)
    cell, share = jnp.zeros((n, 1), jnp.int32), jnp.ones((n, 1), positions.dtype)
    for axis, size in enumerate(shape):
        at = fraction[:, axis, None] * size - (0.5 if linear else 0)
        lower = jnp.floor(at)
        upper_part = at - lower
        part = jnp.concatenate([1 - upper_part, upper_part], 1) if linear else jnp.ones_like(at)
        # Around the box, also from its far face, where rounding may have put a particle.
        along = (lower.astype(jnp.int32) + jnp.arange(part.shape[1], dtype=jnp.int32)) % size
        cell = (cell[:, :, None] * size + along[:, None]).reshape(n, -1)
        share = (share[:, :, None] * part[:, None]).reshape(n, -1)
    return cell, share
