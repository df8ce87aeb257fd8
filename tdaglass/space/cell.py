"""Periodic cells: edges (dim,) of an orthorhombic one, or a matrix (dim, dim) whose rows are the lattice vectors.

Rows, as in ASE and in extended xyz: whole numbers s of lattice vectors move a point by ``s @ box``, and in units
of them positions are ``x @ inv(box)``. Edges are not a diagonal matrix but a case of their own: one multiplication
an axis, and what was computed with them keeps every bit. All is for one cell, in NumPy or in JAX arrays.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def lattice_vectors(shift: Any, box: Any) -> Any:
    """Translations (..., dim) by whole (or other) numbers (..., dim) of lattice vectors, length units.

    Examples
    --------
    >>> lattice_vectors(jnp.array([0, 1]), jnp.array([[4.0, 0.0], [1.0, 3.0]])).tolist()
    [1.0, 3.0]
    """
    shift = shift.astype(box.dtype)
    return shift * box if box.ndim == 1 else _product(shift, box)


def fractions(positions: Any, box: Any) -> Any:
    """Positions (..., dim) in units of the lattice vectors.

    Examples
    --------
    >>> fractions(jnp.array([2.5, 1.5]), jnp.array([[4.0, 0.0], [1.0, 3.0]])).tolist()
    [0.5, 0.5]
    """
    return (
        positions / box if box.ndim == 1 else _product(positions, box.__array_namespace__().linalg.inv(box))
    )


def volume(box: Any) -> Any:
    """Volume of a cell, area in two dimensions."""
    xp = box.__array_namespace__()
    return xp.prod(box) if box.ndim == 1 else xp.abs(xp.linalg.det(box))


def widths(box: Any) -> Any:
    """Distances (dim,) between opposite faces: edges, or heights of a cell that is not orthorhombic.

    Up to half the smallest of them, the nearest image of a neighbour is the one whose fractions lie within a half.

    Examples
    --------
    >>> widths(jnp.array([[5.0, 0.0], [4.0, 3.0]])).tolist()
    [3.0, 3.0]
    """
    if box.ndim == 1:
        return box
    xp = box.__array_namespace__()
    return 1 / xp.sqrt(xp.sum(xp.linalg.inv(box) ** 2, axis=0))


def nearest_image(displacement: Any, box: Any) -> Any:
    """The image of displacements (..., dim) whose fractions lie within a half.

    The nearest one, where that is within half the least of `widths`. Differentiable in both; the number of boxes
    between counts as a constant.

    Examples
    --------
    >>> nearest_image(jnp.array([3.5, 0.0]), jnp.array([4.0, 4.0])).tolist()
    [-0.5, 0.0]
    """
    shift = fractions(displacement, box)
    shift = (jax.lax.stop_gradient(shift) if isinstance(shift, jax.Array) else shift).round()
    return displacement - lattice_vectors(shift, box)


def enclosed(
    box: Float[Array, "*shape"], positions: Float[Array, "particles dim"], margin: Any
) -> Float[Array, "*shape"]:
    """The cell with every open axis (an infinite edge) closed, so far out that no image comes within `margin`.

    Examples
    --------
    >>> film = jnp.array([4.0, jnp.inf])
    >>> [round(float(x), 2) for x in enclosed(film, jnp.array([[0.0, 0.0], [1.0, 10.0]]), 1.0)]
    [4.0, 12.12]
    """
    extent = 1.01 * (jnp.max(positions, 0) - jnp.min(positions, 0)) + 2.02 * margin
    return jnp.where(jnp.isinf(box), extent if box.ndim == 1 else jnp.diag(extent), box)


def _product(x: Any, matrix: Any) -> Any:
    # Term by term: accelerators multiply matrices of single precision in less than that.
    return sum(x[..., a, None] * matrix[a] for a in range(len(matrix)))
