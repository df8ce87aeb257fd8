"""Files of embedded-atom potentials: setfl, as LAMMPS reads it under ``eam/alloy`` and ``eam/fs``.

Three lines of comment; the elements; points and spacings of the tables, and the cut-off. Then of each element a
line with its number and mass, its embedding energies, and its densities: one table (``eam/alloy``), or one for
each element that it lies beside (``eam/fs``, after Finnis and Sinclair). Last, r phi(r) of the pairs 11, 21, 22,
31, ... Which of the two a file is, what stands in it tells.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tdaglass.glass.potentials.splines import LEAST_POINTS

_KINDS = "eam/alloy or eam/fs"


class Setfl(NamedTuple):
    """Tables of an embedded-atom potential, at equally spaced points from zero on; float64.

    Attributes
    ----------
    elements : tuple of str
    masses : tuple of float
        Of each element, g / mol.
    density_spacing, spacing : float
        Between points of the embedding energy, and of the distance.
    cutoff : float
    embedding : (elements, densities), energy
    density : (elements, elements, distances)
        ``density[a, b]``: what an atom of b adds to the density at an atom of a.
    pair : (elements, elements, distances), energy x length
        The distance times the energy of a pair; symmetric.
    """

    elements: tuple[str, ...]
    masses: tuple[float, ...]
    density_spacing: float
    spacing: float
    cutoff: float
    embedding: Float[np.ndarray, "elements densities"]
    density: Float[np.ndarray, "elements elements distances"]
    pair: Float[np.ndarray, "elements elements distances"]


def read_setfl(path: str | PathLike, elements: Sequence[str] | None = None) -> Setfl:
    """Read a setfl file, ``eam/alloy`` or ``eam/fs``.

    Parameters
    ----------
    path : str or path
    elements : sequence of str, optional
        Which of the file's elements, in which order; all of them, in the file's own.

    Returns
    -------
    Setfl

    Raises
    ------
    ValueError
        If the file is not there or is not of this format, with the line; or has no such element.
    """
    lines = _Lines(Path(path))
    for _ in range(3):
        lines.skip()
    names = _names(lines)
    n = len(names)
    n_rho, density_spacing, n_r, spacing, cutoff = _sizes(lines)
    masses, embedding, density = [], [], []
    finnis_sinclair = False
    for k, name in enumerate(names):
        masses.append(_mass(lines, name))
        embedding.append(lines.values(n_rho, f"embedding energies of {name}"))
        beside = [lines.values(n_r, f"densities of {name}")]
        if k == 0 and n > 1:
            finnis_sinclair = lines.peek_are_numbers()
        if finnis_sinclair:
            beside += [lines.values(n_r, f"densities of {name} at {other}") for other in names[1:]]
        # Of the atom that gives the density first, as the file has them.
        density.append(beside if finnis_sinclair else beside * n)
    pair = np.zeros((n, n, n_r))
    for a, b in zip(*np.tril_indices(n), strict=True):
        pair[a, b] = pair[b, a] = lines.values(n_r, f"r phi(r) of {names[a]} and {names[b]}")
    if lines.peek_are_numbers():
        lines.words()
        raise lines.error("the end of the file", "more numbers", _KINDS + ", without angular tables")
    tables = Setfl(
        names,
        tuple(masses),
        density_spacing,
        spacing,
        cutoff,
        np.array(embedding),
        np.array(density).swapaxes(0, 1),
        pair,
    )
    return tables if elements is None else _chosen(tables, elements, lines.path.name)


def _chosen(tables: Setfl, elements: Sequence[str], file: str) -> Setfl:
    """The tables of these elements, in their order."""
    wanted = (elements,) if isinstance(elements, str) else tuple(elements)
    if not wanted or not set(wanted) <= set(tables.elements):
        raise ValueError(
            f"expected elements of {file}, which has {', '.join(tables.elements)}, got {wanted}; try "
            f"elements={tables.elements}"
        )
    idx = [tables.elements.index(name) for name in wanted]
    return tables._replace(
        elements=wanted,
        masses=tuple(tables.masses[k] for k in idx),
        embedding=tables.embedding[idx],
        density=tables.density[np.ix_(idx, idx)],
        pair=tables.pair[np.ix_(idx, idx)],
    )


def _names(lines: "_Lines") -> tuple[str, ...]:
    words = lines.words()
    if len(words) < 2 or words[0] != str(len(words) - 1) or len(set(words)) < len(words):
        raise lines.error("the number of elements and their names", repr(" ".join(words)[:60]), _KINDS)
    return tuple(words[1:])


def _sizes(lines: "_Lines") -> tuple[int, float, int, float, float]:
    """Points and spacing of densities, points and spacing of distances, and the cut-off."""
    words = lines.words()
    try:
        n_rho, n_r = int(words[0]), int(words[2])
        density_spacing, spacing, cutoff = float(words[1]), float(words[3]), float(words[4])
    except (ValueError, IndexError):
        n_rho, n_r, density_spacing, spacing, cutoff = (0,) * 5
    if not (
        min(n_rho, n_r) >= LEAST_POINTS and all(0 < x < np.inf for x in (density_spacing, spacing, cutoff))
    ):
        raise lines.error(
            f"points (at least {LEAST_POINTS}) and spacing of densities, the same of distances, and the cut-off",
            repr(" ".join(words)[:60]),
            _KINDS,
        )
    return n_rho, density_spacing, n_r, spacing, cutoff


def _mass(lines: "_Lines", name: str) -> float:
    words = lines.words()
    try:
        mass = float(words[1])
    except (ValueError, IndexError):
        mass = 0.0
    if not 0 < mass < np.inf:
        raise lines.error(
            f"atomic number and mass of {name}, and its lattice", repr(" ".join(words)[:60]), _KINDS
        )
    return mass


class _Lines:
    """Lines of a file without comments and blank ones; knows the number of the one that was read last."""

    def __init__(self, path: Path):
        self.path, self.number = path, 0
        try:
            self._lines = path.read_text(errors="replace").splitlines()
        except OSError as problem:
            raise ValueError(
                f"expected a file that can be read, got {str(path)!r} ({problem.strerror}); try the full path"
            ) from None

    def error(self, expected: str, got: str, kinds: str) -> ValueError:
        """What to raise about the line that was read last."""
        return ValueError(
            f"expected {expected} in line {self.number} of {self.path.name}, got {got}; try a setfl file ({kinds})"
        )

    def skip(self) -> None:
        self.number += 1

    def _next_filled(self) -> int:
        k = self.number
        while k < len(self._lines) and not self._filled(k):
            k += 1
        return k

    def _filled(self, k: int) -> list[str]:
        return self._lines[k].partition("#")[0].split()

    def words(self) -> list[str]:
        """Of the next line that has some; none at the end of the file."""
        k = self._next_filled()
        self.number = min(k + 1, len(self._lines))
        return self._filled(k) if k < len(self._lines) else []

    def values(self, n: int, what: str) -> Float[np.ndarray, " n"]:
        """The next n numbers, which end where a line ends."""
        values: list[float] = []
        while len(values) < n:
            words = self.words()
            found = _numbers(words)
            if not found or len(values) + len(found) > n:
                got = (
                    repr(" ".join(words)[:60]) if words and not found else str(len(values) + len(found or ()))
                )
                raise self.error(f"{n} {what}", got, _KINDS)
            values += found
        return np.array(values)

    def peek_are_numbers(self) -> bool:
        """Whether the next line holds nothing but numbers: those before tables end in a word."""
        k = self._next_filled()
        return k < len(self._lines) and _numbers(self._filled(k)) is not None


def _numbers(words: list[str]) -> list[float] | None:
    """Finite numbers, or None where a word is none."""
    try:
        values = list(map(float, words))
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None
