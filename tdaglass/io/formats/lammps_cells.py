"""Cells as LAMMPS writes them: bounds with tilts, or lattice vectors with an origin.

A restricted triclinic cell has its first vector along x and its second in the xy plane; in dumps its bounds are
those of the box that encloses it. A general one ("abc origin", since 2024) has any right-handed orientation.
https://docs.lammps.org/Howto_triclinic.html
"""

from collections.abc import Sequence

import numpy as np

from tdaglass.io.formats.cells import enclosed, in_space, is_lower_triangular, open_axes, tilted
from tdaglass.io.formats.text_lines import number


def height_of_zero(low: np.ndarray, cell: np.ndarray) -> float | None:
    """Height of z = 0 above the lower corner of a cell that has it inside, as LAMMPS wants planes; or None."""
    return float(-low[2]) if low[2] < 0 < low[2] + cell[2, 2] else None


def cell_of_dump(
    flags: Sequence[str], rows: Sequence[str], where: str
) -> tuple[np.ndarray, np.ndarray, tuple[bool, bool, bool]]:
    """Lower corner, lattice vectors as rows, and periodic axes, from the three lines under ITEM: BOX BOUNDS.

    Raises
    ------
    ValueError
        The lines are no cell.
    """
    words = [row.split() for row in rows]
    values = [[number(word) for word in row] for row in words]
    general = "abc" in flags
    wanted = 4 if general else 3 if "xy" in flags else 2
    if any(
        len(row) < wanted or any(value is None or not np.isfinite(value) for value in row[:wanted])
        for row in values
    ):
        raise ValueError(
            f"expected three lines of {wanted} numbers as cell of {where}, got "
            f"{[' '.join(row)[:60] for row in words]}; try writing the dump again"
        )
    numbers = np.array([row[:wanted] for row in values], np.float64)
    # Dumps of before 2009 do not say: their cells are periodic.
    boundaries = [flag for flag in flags if flag not in ("xy", "xz", "yz", "abc", "origin")] or ["pp"] * 3
    periodic = tuple(flag.startswith("p") for flag in (*boundaries, "pp", "pp")[:3])
    if general:
        return numbers[:, 3], numbers[:, :3], periodic  # type: ignore[return-value]
    low, high = numbers[:, 0].copy(), numbers[:, 1].copy()
    if wanted == 3:
        xy, xz, yz = numbers[:, 2]
        low -= [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
        high -= [max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0]
    else:
        xy = xz = yz = 0.0
    return low, tilted((high - low).tolist(), (xy, xz, yz)), periodic  # type: ignore[return-value]


def bounds_for_dump(positions: np.ndarray, box: np.ndarray | None, where: str) -> str:
    """The four lines of ITEM: BOX BOUNDS for a box, or for open space around the particles.

    Raises
    ------
    ValueError
        The lattice vectors are left-handed, which LAMMPS does not know.
    """
    dimension = positions.shape[1]
    low, matrix = enclosed(positions, box)
    is_open = [*open_axes(box, dimension).tolist(), False][:3]
    flags = " ".join("ff" if flag else "pp" for flag in is_open)
    low, space = np.pad(low, (0, 3 - dimension), constant_values=-0.5), in_space(matrix)
    if not space[~np.eye(3, dtype=bool)].any():
        rows = [
            f"{a!r} {a + edge!r}" for a, edge in zip(low.tolist(), np.diagonal(space).tolist(), strict=True)
        ]
        return _lines(f"ITEM: BOX BOUNDS {flags}", rows)
    if is_lower_triangular(space):
        (xy, xz, yz), high = tilts(space), low + np.diagonal(space)
        lower = low + [min(0.0, xy, xz, xy + xz), min(0.0, yz), 0.0]
        upper = high + [max(0.0, xy, xz, xy + xz), max(0.0, yz), 0.0]
        ends = zip(lower.tolist(), upper.tolist(), (xy, xz, yz), strict=True)
        return _lines(f"ITEM: BOX BOUNDS xy xz yz {flags}", [f"{a!r} {b!r} {tilt!r}" for a, b, tilt in ends])
    check_right_handed(space, where)
    rows = [
        " ".join(map(repr, [*row, origin])) for row, origin in zip(space.tolist(), low.tolist(), strict=True)
    ]
    return _lines(f"ITEM: BOX BOUNDS abc origin {flags}", rows)


def tilts(matrix: np.ndarray) -> tuple[float, float, float]:
    """Tilts xy, xz, yz of a lower triangular cell."""
    return float(matrix[1, 0]), float(matrix[2, 0]), float(matrix[2, 1])


def check_right_handed(matrix: np.ndarray, where: str) -> None:
    """Refuse what LAMMPS refuses.

    Raises
    ------
    ValueError
        The lattice vectors are left-handed.
    """
    if np.linalg.det(matrix) < 0:
        raise ValueError(
            f"expected right-handed lattice vectors for LAMMPS in {where}, got {matrix.tolist()}; try "
            "box[[1, 0, 2]], the same lattice with two vectors swapped (in two dimensions box[[1, 0]]), or extxyz"
        )


def _lines(title: str, rows: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in (title, *rows))
