"""The cell of one system: edges, one for all, or lattice vectors."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from tdaglass.arguments.numbers import Numbers, concrete, doubles, floats, of_known

# Of positions, in units of the shortest edge: beyond, wrapping them says nothing.
WORST_ROUNDING = 0.01


def cell(
    box: Numbers | None, positions: Float[Array, "particles dim"], *, open_axes: bool = True
) -> Float[Array, "*shape"] | None:
    """The periodic cell of one system, as edges or as a matrix whose rows are lattice vectors.

    Parameters
    ----------
    box : number, (dim,), (dim, dim), or None, length units
        One edge for all, edges, or lattice vectors; None for open space. An infinite edge is open space along that
        axis.
    positions : (particles, dim)
        Its type and dimension are those of the cell.
    open_axes : bool
        Whether open space and infinite edges make sense.

    Returns
    -------
    (dim,), or (dim, dim) if it is not orthorhombic, or None if it is open along all axes

    Raises
    ------
    ValueError
        For another shape, edges that are not positive, vectors that do not span space, an open axis where none can
        be, or one that is not at right angles to the others; for positions so many cells away that their place in
        the cell is lost in rounding.

    Examples
    --------
    >>> square = jax.numpy.zeros((2, 2))
    >>> cell(5, square).tolist(), cell([[4, 0], [0, 5]], square).tolist()
    ([5.0, 5.0], [4.0, 5.0])
    """
    if box is None:
        return _where_open(None, open_axes)
    dim = positions.shape[1]
    found = _checked_cell(floats(box, "box", like=positions), dim, open_axes)
    _check_digits(concrete(positions), concrete(found))
    return found


def cell_on_host(box: Numbers | None, dim: int, *, open_axes: bool = True) -> np.ndarray | None:
    """As `cell`, in double precision on the host.

    Examples
    --------
    >>> cell_on_host([[4, 0], [0, 5]], 2)
    array([4., 5.])
    """
    if box is None:
        return _where_open(None, open_axes)
    lattice = _checked_cell(doubles(box, "box"), dim, open_axes)
    return None if lattice is None else np.ascontiguousarray(lattice)


def _checked_cell(lattice: Any, dim: int, open_axes: bool) -> Any:
    if lattice.shape not in ((), (dim,), (dim, dim)):
        raise ValueError(
            f"expected a box of {dim} edges, one number, or {dim} lattice vectors as rows, got shape "
            f"{lattice.shape}; try jax.vmap for the boxes of several systems"
        )
    if lattice.ndim == 0:
        lattice = of_known(lambda edge: edge.repeat(dim), lattice)
    values = concrete(lattice)
    if values is None:
        return lattice
    # Where derivatives are taken in the other entries, they must stay.
    if values.ndim == 2 and not isinstance(lattice, jax.core.Tracer) and _is_diagonal(values):
        lattice, values = of_known(lambda matrix: matrix.diagonal(), lattice), np.diagonal(values)
    open_ = np.isinf(np.diagonal(values) if values.ndim == 2 else values)
    if np.isnan(values).any() or (values.ndim == 1 and not (values > 0).all()):
        raise ValueError(f"expected positive box edges, got {values.tolist()}; try box=None for open space")
    if values.ndim == 2:
        _check_matrix(values, open_)
    if open_.any():
        return _where_open(None if open_.all() else lattice, open_axes)
    return lattice


def _check_digits(positions: np.ndarray | None, values: np.ndarray | None) -> None:
    if positions is None or values is None or not positions.size:
        return
    shortest = np.linalg.norm(values, axis=-1).min() if values.ndim == 2 else values.min()
    furthest = np.abs(positions).max()
    if np.finfo(positions.dtype).eps * furthest > WORST_ROUNDING * shortest:
        raise ValueError(
            f"expected positions whose place in the cell is known, got one at {furthest:.3g} with edges of "
            f"{shortest:.3g}; try positions wrapped into the cell, or an earlier frame"
        )


def _check_matrix(values: np.ndarray, open_: np.ndarray) -> None:
    rest = values[~open_][:, ~open_]
    if np.any(values[open_][:, ~open_]) or np.any(values[~open_][:, open_]):
        raise ValueError(
            f"expected an open axis at right angles to the others, got {values.tolist()}; try a row (0, 0, inf)"
        )
    lengths = np.linalg.norm(rest, axis=1)
    if not np.isfinite(rest).all() or not abs(np.linalg.det(rest)) > 1e-6 * np.prod(lengths):
        raise ValueError(
            f"expected lattice vectors that span space, got {values.tolist()}; try rows that are not in one plane"
        )


def _where_open(box: Any, allowed: bool) -> Any:
    if not allowed:
        raise ValueError(
            f"expected a cell that is periodic along all axes, got {'open space' if box is None else box}; "
            "try a box that encloses the particles with a margin"
        )
    return box


def _is_diagonal(matrix: np.ndarray) -> bool:
    return not np.any(matrix[~np.eye(len(matrix), dtype=bool)]) and bool(np.all(np.diagonal(matrix) > 0))
