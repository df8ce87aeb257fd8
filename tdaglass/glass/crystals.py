"""Crystals of carbon in orthorhombic boxes: where a melt starts, and what it is compared with."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from tdaglass import arguments
from tdaglass.configuration import Configuration

# Fractions of the cubic cell: face-centred, and the same a quarter of its diagonal further.
_FACES = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
DIAMOND = np.concatenate([_FACES, _FACES + 0.25])
# Fractions of the rectangular cell of sqrt(3) x 3 bonds; all in one plane.
GRAPHENE = np.array([[0, 0, 0.5], [0.5, 1 / 6, 0.5], [0.5, 0.5, 0.5], [0, 2 / 3, 0.5]])


def diamond(cells: Sequence[int] = (3, 3, 3), lattice_constant: float = 3.567) -> Configuration:
    """Diamond, eight atoms a cubic cell.

    Parameters
    ----------
    cells : of int
        Along each axis; (3, 3, 3) are 216 atoms, (4, 4, 4) are 512.
    lattice_constant : float
        Edge of a cell; angstrom for carbon.

    Returns
    -------
    Configuration

    Examples
    --------
    >>> diamond((2, 2, 2)).positions.shape
    (64, 3)
    """
    edge = arguments.positive(lattice_constant, "lattice constant", "3.567 (diamond, angstrom)")
    return _filled(DIAMOND, np.full(3, edge), _along(3, cells))


def graphene(cells: Sequence[int] = (17, 10), bond: float = 1.42, thickness: float = 20.0) -> Configuration:
    """A flat sheet of graphene, four atoms a rectangular cell of sqrt(3) x 3 bonds, in a periodic box.

    Parameters
    ----------
    cells : of int
        Along the zigzag and the armchair direction; (17, 10) are 680 atoms, (34, 20) are 2720.
    bond : float
        Length, angstrom.
    thickness : float
        Third edge of the box, angstrom: thicker than twice the reach of the potential, so that images do
        not see each other.

    Returns
    -------
    Configuration

    Examples
    --------
    >>> sheet = graphene()
    >>> sheet.positions.shape, [round(float(edge), 2) for edge in sheet.box]
    ((680, 3), [41.81, 42.6, 20.0])
    """
    bond = arguments.positive(bond, "bond length", "1.42 (graphene, angstrom)")
    thickness = arguments.positive(thickness, "thickness", "20 (angstrom)")
    return _filled(GRAPHENE, np.array([np.sqrt(3) * bond, 3 * bond, thickness]), (*_along(2, cells), 1))


def _filled(
    basis: Float[np.ndarray, "atoms 3"], cell: Float[np.ndarray, "3"], counts: tuple[int, ...]
) -> Configuration:
    corners = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1).reshape(-1, 1, 3)
    positions = jnp.asarray(((corners + basis) * cell).reshape(-1, 3))
    return Configuration(
        positions, jnp.zeros(len(positions), jnp.int32), jnp.asarray(cell * np.array(counts))
    )


def _along(axes: int, cells: Sequence[int]) -> tuple[int, ...]:
    counts = arguments.whole_numbers(cells, "cells", least=1)
    if len(counts) != axes:
        raise ValueError(
            f"expected a number of cells for each of {axes} axes, got {counts}; try {(3,) * axes}"
        )
    return counts
