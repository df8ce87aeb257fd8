"""The search that both kinds of neighbours share, its flags, and the choice of table sizes on the host.

What goes wrong inside jit, where nothing can be raised, sets a bit each in `Neighbors.overflow`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from tdaglass.space import Grid, Search, choose_grid, from_positions, neighbors_within

CAPACITY, CELLS, REACH, SMALL_BOX, NOT_FINITE = 1, 2, 4, 8, 16

SLACK = 1.6  # of a cell over its mean number of particles
ATTEMPTS = 12


class Neighbors(NamedTuple):
    """Neighbours of every particle; a batch is the same record with leading axes.

    Attributes
    ----------
    idx : (..., particles, k) int32
        Indices of the neighbours, ascending; a padding slot holds the particle itself.
    displacement : (..., particles, k, dim), length units
        From the particle to the nearest image of its neighbour, r_j - r_i; zero in padding slots.
        Differentiable in positions and box.
    mask : (..., particles, k) bool
        False in padding slots, which may stand anywhere in a row.
    overflow : (...) int32
        Zero where the table is complete; see `check_neighbors`.
    """

    idx: Int[Array, "*batch particles k"]
    displacement: Float[Array, "*batch particles k dim"]
    mask: Bool[Array, "*batch particles k"]
    overflow: Int[Array, "*batch"]


def check_neighbors(neighbors: Neighbors) -> Neighbors:
    """Return `neighbors` (one system or a batch) if every row is complete; for use outside jit.

    Raises
    ------
    ValueError
        Saying what went wrong and what to do about it.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> points = jnp.array([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [9.5, 0.0]])
    >>> neighbors = cutoff_neighbors(points, jnp.array([10.0, 10.0]), 1.8, capacity=1)
    >>> check_neighbors(neighbors)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: expected at most 1 neighbours, ...; try a larger capacity= or candidates=
    """
    flags = int(np.bitwise_or.reduce(np.asarray(neighbors.overflow).reshape(-1)))
    remedies = {
        NOT_FINITE: "expected finite positions, got NaN or infinity; try a smaller time step",
        SMALL_BOX: "expected box edges of at least twice the search radius, got a shorter one; "
        "try a larger system or a smaller cut-off",
        CELLS: "expected particles spread evenly enough over the cells, got a full one; "
        "try an eager call without capacity=, which enlarges them",
        CAPACITY: f"expected at most {neighbors.mask.shape[-1]} neighbours, or no more SANN candidates than "
        "given, got more; try a larger capacity= or candidates=",
        REACH: "expected SANN's radii to lie within the search radius, got a larger one; try a larger reach=",
    }
    for bit, remedy in remedies.items():
        if flags & bit:
            raise ValueError(remedy)
    return neighbors


def search(
    positions: Array, box: Array | None, reach: Array, species: Array, capacity: int, grid: Grid | None
) -> tuple[Search, Array]:
    """Candidates within a (species, species) reach in periodic or open space, and what went wrong."""
    positions, reach = lax.stop_gradient((positions, reach))
    widest = jnp.max(reach)
    if box is None:
        # A periodic cell so large that no image is within reach is open space.
        lowest = jnp.min(positions, 0)
        cell = 1.01 * (jnp.max(positions, 0) - lowest) + 2.02 * widest
        fixed = from_positions(positions - lowest, cell)
        small_box = jnp.zeros((), bool)
    else:
        cell = lax.stop_gradient(box)
        fixed = from_positions(positions, cell)
        small_box = jnp.any(cell < 2 * widest)
    found = neighbors_within(fixed.fraction.T, cell, reach, species, capacity=capacity, grid=grid)
    wrong = {
        CAPACITY: jnp.max(found.count) > capacity,
        CELLS: found.cells_full,
        SMALL_BOX: small_box,
        NOT_FINITE: ~jnp.all(jnp.isfinite(positions)),
    }
    return found, sum((jnp.where(is_so, bit, 0) for bit, is_so in wrong.items()), jnp.int32(0))


def separations(
    positions: Float[Array, "particles dim"], box: Float[Array, " dim"] | None, idx: Int[Array, "particles k"]
) -> Float[Array, "particles k dim"]:
    """Nearest-image displacements towards the particles of a table, exactly antisymmetric in the pair."""
    displacement = positions[idx] - positions[:, None]
    if box is None:
        return displacement
    return displacement - box * jnp.round(lax.stop_gradient(displacement / box))


def layout(
    n: int,
    positions: np.ndarray | None,
    box: np.ndarray | None,
    periodic: bool,
    reach: float | None,
    slack: float,
) -> Grid | None:
    """Cells for the search where the sizes are known and cells pay; None: test all pairs."""
    if not periodic and positions is not None and reach is not None:
        box = 1.01 * np.ptp(positions, axis=0) + 2.02 * reach
    if box is None or reach is None or not math.isfinite(slack):
        return None
    return choose_grid(n, tuple(float(edge) for edge in box), reach, slack=slack)


def volume(positions: np.ndarray, box: np.ndarray | None, reach: float) -> float:
    """Volume of the box, or of the one around the particles in open space, widened by `reach`."""
    return float(np.prod(np.ptp(positions, axis=0) + reach if box is None else box))


def ball(radius: float, dim: int) -> float:
    """Volume of a ball in two or three dimensions."""
    return math.pi * radius**2 if dim == 2 else 4 / 3 * math.pi * radius**3


def roomy(expected: float) -> int:
    """Slots for a number of particles that fluctuates from place to place as in a liquid."""
    return 8 * math.ceil((1.2 * expected + 2 * math.sqrt(expected) + 4) / 8)


def grow(
    build: Callable[[tuple[int, ...], float], tuple[Neighbors, Array]], sizes: tuple[int, ...], n: int
) -> tuple[Neighbors, tuple[int, ...]]:
    """Build a table of `n` particles again with larger sizes until everything fits.

    `build` takes the sizes, the last of which is the capacity of the table, and the slack of the cells; it
    returns the table and the sizes that it needed. Returns the table without its unused columns, and the sizes.
    """
    slack = SLACK
    for attempt in range(ATTEMPTS):
        neighbors, needed = build(sizes, slack)
        counts = tuple(int(count) for count in needed)
        if int(neighbors.overflow) & CELLS:
            slack = math.inf if attempt > 3 else 2 * slack
        elif all(count <= size for count, size in zip(counts, sizes, strict=True)):
            break
        # In large steps: every size is compiled anew.
        sizes = tuple(
            size if count <= size else min(8 * math.ceil(max(count, 1.5 * size) / 8), n)
            for count, size in zip(counts, sizes, strict=True)
        )
    # Similar configurations should share compiled code downstream: a few sizes instead of all.
    k = min(4 * max(1, math.ceil(counts[-1] / 4)), sizes[-1])
    idx, displacement, mask = (x[:, :k] for x in neighbors[:3])
    return Neighbors(idx, displacement, mask, neighbors.overflow), sizes
