"""Cells of files: lattice vectors as rows, what they become in a frame, and how codes want them turned."""

from collections.abc import Sequence

import numpy as np

# Off-diagonals of this part of the longest edge are rounding: codes print eight digits, and turn cells about.
ROUNDING = 1e-8


def as_box(
    cell: np.ndarray | None, periodic: Sequence[bool], dimension: int, rounding: float, where: str
) -> np.ndarray | None:
    """The box of a frame: edges where the cell is orthorhombic, lattice vectors as rows where it is not.

    An axis along which the cell is not periodic gets an edge of infinity; None where none is periodic.

    Parameters
    ----------
    cell : (3, 3) lattice vectors as rows, or None
    periodic : three truth values
    dimension : int
    rounding : float
        Off-diagonals of this part of the longest edge are taken for zero.
    where : str

    Raises
    ------
    ValueError
        A periodic axis has no lattice vector, or the plane of a flat system is not that of two of them.
    """
    along = np.array(periodic[:dimension])
    if not along.any():
        return None
    if cell is None:
        raise ValueError(
            f"expected a cell in {where}, got none; try box=(...) with its {dimension} edge lengths"
        )
    matrix = np.array(cell, np.float64)
    scale = np.abs(matrix[np.isfinite(matrix)]).max(initial=0.0)
    matrix[(np.abs(matrix) <= rounding * scale) & ~np.eye(3, dtype=bool)] = 0.0
    if dimension == 2 and ((periodic[2] and matrix[2, :2].any()) or matrix[:2, 2].any()):
        raise ValueError(
            f"expected the third lattice vector along z in {where}, a flat system, got {cell.tolist()}; "
            "try dimension=3"
        )
    matrix = matrix[:dimension, :dimension]
    matrix[~along] = 0.0
    if np.any(matrix[along][:, ~along]):
        raise ValueError(
            f"expected the open axes of {where} at right angles to the periodic ones, got {cell.tolist()} with "
            f"periodic axes {tuple(map(bool, periodic))}; try box=(...) to take it as periodic, or box=None to "
            "take it as open"
        )
    matrix[~along, ~along] = np.inf
    return orthorhombic(matrix)


def orthorhombic(matrix: np.ndarray) -> np.ndarray:
    """Edges, if nothing stands off the diagonal of a matrix of lattice vectors, or else the matrix."""
    if matrix[~np.eye(len(matrix), dtype=bool)].any():
        return matrix
    return np.abs(np.diagonal(matrix))


def as_matrix(box: np.ndarray) -> np.ndarray:
    """Lattice vectors as rows, (dim, dim), of edges or of what already is a matrix."""
    if box.ndim == 2:
        return box
    matrix = np.zeros((len(box), len(box)))
    np.fill_diagonal(matrix, box)
    return matrix


def in_space(matrix: np.ndarray, thickness: float = 1.0) -> np.ndarray:
    """A (2, 2) cell as (3, 3), with a third vector along z; one of three dimensions as it is."""
    if len(matrix) == 3:
        return matrix
    space = np.zeros((3, 3))
    space[:2, :2], space[2, 2] = matrix, thickness
    return space


def open_axes(box: np.ndarray | None, dimension: int) -> np.ndarray:
    """Which axes are open, (dim,)."""
    if box is None:
        return np.ones(dimension, bool)
    return np.isinf(np.diagonal(box) if box.ndim == 2 else box)


def enclosed(positions: np.ndarray, box: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Lower corner and lattice vectors in which open axes are long enough for the particles.

    Formats want a length for every axis, whether the cell is periodic along it or not.
    """
    dimension = positions.shape[1]
    is_open = open_axes(box, dimension)
    matrix = np.zeros((dimension, dimension)) if box is None else as_matrix(box).copy()
    low = np.zeros(dimension)
    if is_open.any():
        lower, upper = (
            (positions.min(axis=0), positions.max(axis=0))
            if len(positions)
            else (np.zeros(dimension), np.ones(dimension))
        )
        length = np.where(upper > lower, upper - lower, 1.0)
        low[is_open] = lower[is_open]
        matrix[is_open, is_open] = length[is_open]
    return low, matrix


def wrapped(positions: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions inside a periodic cell, and the whole numbers of lattice vectors that were taken off."""
    if box.ndim == 1:
        images = np.floor(positions / box)
        inside = positions - images * box
        # Rounding can put a particle on the far face: it belongs to the next cell's near face.
        over = inside >= box
        return np.where(over, 0.0, inside), (images + over).astype(np.int64)
    images = np.floor(positions @ np.linalg.inv(box)).astype(np.int64)
    return positions - images @ box, images


def is_lower_triangular(matrix: np.ndarray) -> bool:
    """Whether the first vector is along +x and the second in the upper half of the xy plane, as codes ask."""
    return not np.triu(matrix, 1).any() and bool((np.diagonal(matrix) > 0).all())


def tilted(lengths: Sequence[float], tilts: Sequence[float]) -> np.ndarray:
    """Lattice vectors from edges along the axes and tilts xy, xz, yz in units of length."""
    (x, y, z), (xy, xz, yz) = lengths, tilts
    return np.array([[x, 0.0, 0.0], [xy, y, 0.0], [xz, yz, z]])
