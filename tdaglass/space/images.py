"""Cells narrower than what is looked for in them: their shortest lattice vectors, and images side by side.

Within half the least width of a cell the nearest image is the only one. Where that is too little, the cell is
first described by its shortest lattice vectors, which makes it as wide as it can be, and then so many of its
images are put side by side that the nearest image in all of them together is the only one. How many is decided on
the host.
"""

import itertools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from tdaglass.arguments import concrete
from tdaglass.space.cell import fractions, lattice_vectors, widths
from tdaglass.space.lattice_reduction import minkowski_reduced

# Relative margin of a width over twice the reach.
WIDER = 1e-5


class Tiling(NamedTuple):
    """Images of a cell put side by side; static under jit.

    Attributes
    ----------
    basis : whole numbers (dim, dim), or None
        The shortest lattice vectors are ``basis @ box``; None: those of the box.
    repeats : (dim,)
        Images along each of them.
    """

    basis: tuple[tuple[int, ...], ...] | None
    repeats: tuple[int, ...]

    @property
    def images(self) -> int:
        """Their number."""
        return int(np.prod(self.repeats, dtype=object))


def shortest_vectors(box: Float[np.ndarray, "dim dim"]) -> Int[np.ndarray, "dim dim"]:
    """Whole numbers U of determinant 1 or -1 for which the rows of ``U @ box`` are the shortest, on the host.

    Reduced in the sense of Minkowski (`lattice_reduction`). Open axes stay as they are.

    Examples
    --------
    >>> tilted = np.array([[1.0, 0.0], [7.3, 1.0]])
    >>> (shortest_vectors(tilted) @ tilted).round(6).tolist()
    [[1.0, 0.0], [0.3, 1.0]]
    """
    out = np.eye(len(box), dtype=np.int64)
    closed = np.flatnonzero(np.isfinite(np.diagonal(box)))
    part = np.ix_(closed, closed)
    out[part] = minkowski_reduced(np.asarray(box, np.float64)[part])[1]
    return out


def choose_tiling(box: Float[np.ndarray, "*shape"], reach: float) -> Tiling | None:
    """Images in which each neighbour within `reach` is the nearest of its own; None where one cell is enough.

    Examples
    --------
    >>> choose_tiling(np.array([2.0, 9.0]), 3.0)
    Tiling(basis=None, repeats=(4, 1))
    """
    orthorhombic = box.ndim == 1
    if np.min(widths(box)) >= 2 * reach * (1 if orthorhombic else 1 + WIDER):
        return None
    basis = None if orthorhombic else shortest_vectors(box)
    wide = widths(box if basis is None else basis @ np.asarray(box, np.float64))
    repeats = np.maximum(np.ceil(2 * reach * (1 + WIDER) / wide), 1)
    return Tiling(None if basis is None else _rows(basis), tuple(int(x) for x in repeats))


def reduced(box: Any, tiling: Tiling | None) -> Any:
    """The cell in the lattice vectors of a tiling."""
    if tiling is None or tiling.basis is None:
        return box
    # Term by term, as products of matrices of single precision are less than that on accelerators.
    # An open axis has an infinite row, which no other has a share in.
    rows = [sum(x * row for x, row in zip(numbers, box, strict=True) if x) for numbers in tiling.basis]
    return np.stack(rows) if isinstance(box, np.ndarray) else jnp.stack(rows)


def in_shortest_vectors(box: Any) -> Any:
    """The same lattice in its shortest vectors where these are known; as it is given inside jit."""
    values = concrete(box)
    if box.ndim == 1 or values is None:
        return box
    tiling = Tiling(_rows(shortest_vectors(values)), (1,) * len(values))
    if isinstance(box, jax.core.Tracer):
        return reduced(box, tiling)
    with jax.ensure_compile_time_eval():
        return reduced(box, tiling)


def tiled(
    positions: Float[Array, "particles dim"], box: Float[Array, "*shape"], tiling: Tiling
) -> tuple[Float[Array, "points dim"], Float[Array, "*shape"]]:
    """All images of the particles, those of each after one another, and the cell around them."""
    box = reduced(box, tiling)
    points = positions[:, None] + lattice_vectors(jnp.asarray(_numbers(tiling)), box)
    repeats = jnp.asarray(tiling.repeats, box.dtype)
    return points.reshape(-1, positions.shape[1]), box * (repeats if box.ndim == 1 else repeats[:, None])


def towards_images(
    positions: Float[Array, "particles dim"],
    box: Float[Array, "*shape"],
    idx: Int[Array, "particles k"],
    tiling: Tiling,
) -> tuple[Int[Array, "particles k"], Float[Array, "particles k dim"]]:
    """Particles of a table of images, as `tiled` numbers them, and the displacements towards these images."""
    box = reduced(box, tiling)
    particle, image = jnp.divmod(idx, tiling.images)
    # Numbers of cells count as constants, in the derivatives by the box, too.
    place = lax.stop_gradient(fractions(positions, box))
    number = jnp.asarray(_numbers(tiling), place.dtype)[image]
    apart = place[particle] - place[:, None] + number
    repeats = jnp.asarray(tiling.repeats, place.dtype)
    shift = number - repeats * jnp.round(apart / repeats)
    return particle, positions[particle] - positions[:, None] + lattice_vectors(shift, box)


def is_reduced(box: Float[Array, "*shape"]) -> Bool[Array, ""]:
    """Whether lattice vectors are the shortest, up to rounding: the nearest image is then near the wrapped one."""
    if box.ndim == 1:
        return jnp.ones((), bool)
    dim = box.shape[0]
    length_sq = jnp.sum(box**2, axis=1)
    numbers = np.array(list(itertools.product((-1, 0, 1), repeat=dim)))
    combined_sq = jnp.sum(lattice_vectors(jnp.asarray(numbers), box) ** 2, axis=1)
    longest = jnp.max(jnp.where(numbers != 0, length_sq, 0), axis=1)
    return jnp.all(combined_sq >= (1 - 1e-4) * longest)


def _rows(numbers: Int[np.ndarray, "dim dim"]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(x) for x in row) for row in numbers)


def _numbers(tiling: Tiling) -> Int[np.ndarray, "images dim"]:
    return np.stack(np.meshgrid(*[np.arange(m) for m in tiling.repeats], indexing="ij"), -1).reshape(
        -1, len(tiling.repeats)
    )
