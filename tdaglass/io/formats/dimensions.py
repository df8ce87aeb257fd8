"""Whether a file is of two dimensions: what it says, and otherwise what its numbers show."""

import numpy as np


def dimension_of(
    says: int | None,
    positions: np.ndarray,
    cell: np.ndarray | None,
    periodic: tuple[bool, bool, bool],
    zero: float | None,
    velocities: np.ndarray | None,
    name: str,
) -> tuple[int, list[str]]:
    """The dimension of a frame, and what is to be said of it.

    Files say their dimension by a key, or by having x and y only. Where they do not, particles that all have one z
    are flat: two-dimensional in a cell as thin as simulations of planes have it, three-dimensional (a sheet, a
    flat molecule) in any other, and either is said, unless the cell is a slice about z = 0 as LAMMPS asks for in
    two dimensions, or open along z while the rest is periodic.

    Parameters
    ----------
    says : 2, 3 or None
    positions : (particles, 3)
        Unwrapped.
    cell : (3, 3) or None
    periodic : three truth values
    zero : float, or None
        Height of z = 0 above the lower corner of a cell that has it inside, as LAMMPS asks for in two dimensions.
    velocities : (particles, 3), or None
    name : str
        Of the file.

    Examples
    --------
    >>> flat = np.array([[0.0, 0.0, 0.5], [1.0, 2.0, 0.5]])
    >>> dimension_of(None, flat, np.diag([4.0, 4.0, 1.0]), (True, True, True), 0.5, None, "a.dump")
    (2, [])
    """
    n = len(positions)
    thickness = 0.0 if cell is None else float(abs(cell[2, 2]))
    thin = cell is not None and _is_thin(cell, n)
    if says == 2 and cell is not None and periodic[2] and thickness and not (thin or zero is not None):
        return 2, [
            f"expected a thin cell in {name}, which has x and y only, got a thickness of {thickness:g}; took it "
            "as two-dimensional; try dimension=2 to confirm, or writing z as well if it is a projection"
        ]
    if says is not None:
        return says, []
    z = positions[:, 2]
    scale = max(1.0, thickness)
    flat = n > 0 and bool(np.isfinite(z).all() and np.ptp(z) <= 1e-9 * scale)
    flat = flat and not (velocities is not None and velocities[:, 2].any())
    at_zero = flat and bool(abs(z[0] - (zero or 0.0)) <= 1e-9 * scale)
    if not flat:
        return 3, []
    if periodic == (True, True, False) and at_zero:
        return 2, []
    if zero is not None and (thin or thickness <= 1) and (n > 1 or at_zero):
        return 2, []
    if n < 2:
        # One particle is always in a plane.
        return 3, []
    if thin and periodic[2]:
        return 2, [
            "expected particles at several heights or a file that says its dimension, got one z in a thin cell "
            f"in {name}; took it as two-dimensional; try dimension=2 or dimension=3"
        ]
    return 3, [
        f"expected particles at several heights or a file that says its dimension, got one z for all in {name}; "
        "took it as three-dimensional; try dimension=2 if it is a flat system"
    ]


def _is_thin(cell: np.ndarray, n: int) -> bool:
    """Whether a cell holds one layer: at most 2.5 distances of its particles thick, and three times as wide."""
    thickness = abs(cell[2, 2])
    wide = min(np.linalg.norm(cell[0]), np.linalg.norm(cell[1]))
    area = abs(np.linalg.det(cell[:2, :2]))
    return bool(thickness <= 2.5 * np.sqrt(area / max(n, 1)) and thickness <= wide / 3)
