"""How large the tables of a search have to be, decided on the host where values are known.

A table is built with the sizes that a liquid of this density needs, and again with those that were then counted.
No table is built that would not fit a computer's memory: what asks for one, such as many particles at one place,
is said, with the place.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tdaglass.arguments import concrete
from tdaglass.space import (
    Grid,
    choose_grid,
    choose_tiling,
    enclosed,
    fractions,
    reduced,
    tiled,
    volume,
    widths,
)
from tdaglass.structure.neighbor_search import CELLS, Neighbors, Plan

ATTEMPTS = 12
# Neighbours that all rows of a table can hold together: some 4 GB in double precision.
MOST_SLOTS = 2**27
MOST_POINTS = 2**22  # particles and their images
MOST_MASKS = 2**33  # bits of the masks of a grid
CROWD = 0.5  # of the reach: width of the cells in which the densest place is looked for


class Known(NamedTuple):
    """What the host knows of a search.

    Attributes
    ----------
    n : int
    positions : (n, dim), or None inside jit
    box : (dim,) or (dim, dim), or None in open space, or unknown
    periodic : bool
    """

    n: int
    positions: np.ndarray | None
    box: np.ndarray | None
    periodic: bool

    @classmethod
    def of(cls, positions: Array, box: Array | None) -> "Known":
        """Values where there are any."""
        return cls(len(positions), concrete(positions), concrete(box), box is not None)

    @property
    def complete(self) -> bool:
        """Whether nothing is traced."""
        return self.positions is not None and (self.box is not None or not self.periodic)

    def closed(self, reach: float) -> np.ndarray | None:
        """A cell around all particles in which no image is within reach of another across an open axis."""
        if not self.periodic:
            if self.positions is None:
                return None
            return 1.01 * np.ptp(self.positions, axis=0) + 2.02 * reach
        if self.box is None or not np.isinf(self.box).any():
            return self.box
        if self.positions is None:
            return None
        return _enclosed(self.box, self.positions, reach)


def plan_search(known: Known, reach: float | None) -> Plan:
    """Cells for the search where sizes are known and cells pay, and images where the cell is small."""
    box = None if reach is None else known.closed(reach)
    if box is None or reach is None:
        return Plan()
    tiling = choose_tiling(box, reach) if known.periodic else None
    if tiling is not None:
        if known.n * tiling.images > MOST_POINTS:
            raise _too_many_images(known, reach, tiling.images)
        box = (reduced(box, tiling).T * np.array(tiling.repeats)).T
    return Plan(_grid(known.n * (tiling.images if tiling else 1), box, reach), tiling)


def _grid(n: int, box: np.ndarray, reach: float) -> Grid | None:
    wide = tuple(float(x) for x in widths(box))
    if box.ndim == 2:
        # The search looks further where rounding of fractions is magnified.
        edges = np.linalg.norm(box, axis=1)
        reach += 2e-6 * float(edges.sum() * np.max(edges / wide))
    return _if_it_fits(choose_grid(n, wide, reach))


def _if_it_fits(grid: Grid | None) -> Grid | None:
    if grid is None:
        return None
    masks = math.prod(grid.folded or grid.shape) * float(grid.capacity) ** 2 * 3 ** len(grid.shape)
    return grid if masks <= MOST_MASKS else None


def _roomier(known: Known, plan: Plan, reach: float) -> Grid | None:
    """The grid with room for as many particles as the fullest cell has."""
    box = known.closed(reach)
    if plan.grid is None or box is None or known.positions is None:
        return None
    x, around = jnp.asarray(known.positions), jnp.asarray(box)
    x = x if known.periodic else x - jnp.min(x, axis=0)
    if plan.tiling is not None:
        x, around = tiled(x, around, plan.tiling)
    at = (np.asarray(fractions(x, around)) % 1.0 * plan.grid.shape).astype(np.int64)
    shape = plan.grid.folded or plan.grid.shape
    fullest = int(np.bincount(np.ravel_multi_index(tuple((at % shape).T), shape)).max())
    # Rounding may put a few more into a cell.
    return _if_it_fits(plan.grid._replace(capacity=8 * math.ceil((1.05 * fullest + 2) / 8)))


def expected_neighbors(known: Known, reach: float) -> float:
    """Within reach at the mean density, on the average over particles."""
    assert known.positions is not None
    n, dim = known.positions.shape
    if known.box is None:
        room = float(np.prod(np.ptp(known.positions, axis=0) + reach))
    else:
        room = float(volume(_enclosed(known.box, known.positions, reach / 2)))
    return n * ball(reach, dim) / room


def _enclosed(box: np.ndarray, positions: np.ndarray, margin: float) -> np.ndarray:
    with jax.ensure_compile_time_eval():
        return np.asarray(enclosed(jnp.asarray(box), jnp.asarray(positions), margin))


def ball(radius: float, dim: int) -> float:
    """Volume of a ball in two or three dimensions."""
    return math.pi * radius**2 if dim == 2 else 4 / 3 * math.pi * radius**3


def roomy(expected: float) -> int:
    """Slots for a number of particles that fluctuates from place to place as in a liquid."""
    return 8 * math.ceil((1.2 * expected + 2 * math.sqrt(expected) + 4) / 8)


def grow(
    build: Callable[[tuple[int, ...], Plan], tuple[Neighbors, Array]],
    sizes: tuple[int, ...],
    known: Known,
    reach: float,
    least: float | None = None,
) -> tuple[Neighbors, tuple[int, ...]]:
    """Build a table again with larger sizes until everything fits.

    `build` takes the sizes, the last of which is the capacity of the table, and the plan; it returns the table and
    the sizes that it needed, and who needed most. `reach` is how far it looks, `least` for all species. Returns
    the table without its unused columns, and the sizes.

    Raises
    ------
    ValueError
        If a table that holds all neighbours would not fit into memory.
    """
    plan = plan_search(known, reach)
    most = max(1, MOST_SLOTS // known.n)
    least = reach if least is None else least
    everybody = known.n * (plan.tiling.images if plan.tiling else 1)
    if max(sizes) > most:
        _refuse_crowd(known, least, most)
    sizes = tuple(min(size, most, everybody) for size in sizes)
    for attempt in range(ATTEMPTS):
        neighbors, needed = build(sizes, plan)
        *counts, densest = (int(count) for count in needed)
        if int(neighbors.overflow) & CELLS:
            _refuse_crowd(known, least, most)
            plan = plan._replace(grid=None if attempt else _roomier(known, plan, reach))
        elif all(count <= size for count, size in zip(counts, sizes, strict=True)):
            break
        if max(counts) > most:
            raise _too_many(known, max(counts), densest, most)
        # In large steps: every size is compiled anew.
        sizes = tuple(
            size if count <= size else min(8 * math.ceil(max(count, 1.5 * size) / 8), everybody)
            for count, size in zip(counts, sizes, strict=True)
        )
    # Similar configurations should share compiled code downstream: a few sizes instead of all.
    k = min(4 * max(1, math.ceil(counts[-1] / 4)), sizes[-1])
    idx, displacement, mask = (x[:, :k] for x in neighbors[:3])
    return Neighbors(idx, displacement, mask, neighbors.overflow), sizes


def check_capacity(capacity: int, n: int) -> None:
    """Refuse a table that would not fit into memory.

    Raises
    ------
    ValueError
        For more slots than `MOST_SLOTS`.
    """
    if n * capacity > MOST_SLOTS:
        raise ValueError(
            f"expected a capacity of at most {MOST_SLOTS // n} for {n} particles, got {capacity}; "
            "try a shorter cut-off"
        )


def _refuse_crowd(known: Known, reach: float, most: int) -> None:
    """Look at the densest place before anything is allocated."""
    particle, count = densest_place(known, reach)
    if count > most:
        raise _too_many(known, count, particle, most)


def _too_many(known: Known, count: int, particle: int, most: int) -> ValueError:
    assert known.positions is not None
    place = [round(float(x), 6) for x in known.positions[particle]]
    return ValueError(
        f"expected at most {most} neighbours of each of {known.n} particles, got {count} within reach of particle "
        f"{particle} at {place}; try a shorter cut-off, or without particles at one place"
    )


def _too_many_images(known: Known, reach: float, images: int) -> ValueError:
    if known.positions is not None:
        particle, count = densest_place(known, reach)
        return _too_many(known, count, particle, max(1, MOST_SLOTS // known.n))
    return ValueError(
        f"expected at most {MOST_POINTS} particles with their images, got {known.n * images:.1e} within "
        f"{reach:g}; try a shorter cut-off"
    )


def densest_place(known: Known, reach: float) -> tuple[int, int]:
    """A particle where they are densest, and how many are within reach of it, itself left out.

    The densest of cells half as wide as the reach is found by counting, and the neighbours of one particle in it
    by going through all.
    """
    assert known.positions is not None
    box = known.closed(reach)
    assert box is not None
    x = known.positions.astype(np.float64)
    x = x - x.min(axis=0) if not known.periodic else x
    box = box.astype(np.float64)
    inverse = np.diag(1 / box) if box.ndim == 1 else np.linalg.inv(box)
    place = (x @ inverse) % 1.0
    cells = np.clip(widths(box) / (CROWD * reach), 1, 1024).astype(np.int64)
    at = np.minimum((place * cells).astype(np.int64), cells - 1)
    number = np.ravel_multi_index(tuple(at.T), tuple(cells))
    _, of, counts = np.unique(number, return_inverse=True, return_counts=True)
    particle = int(np.argmax(counts[of.ravel()]))
    apart = place - place[particle]
    apart -= np.round(apart)
    lattice = np.diag(box) if box.ndim == 1 else box
    if known.periodic and (tiling := choose_tiling(box, reach)) is not None:
        # Within a large radius there are as many as at the mean density.
        inside = _images_within(apart, lattice, reach) if tiling.images * known.n <= MOST_POINTS else None
        return particle, int(expected_neighbors(known, reach)) if inside is None else inside - 1
    return particle, int(np.sum(np.sum((apart @ lattice) ** 2, axis=1) < reach**2)) - 1


def _images_within(apart: np.ndarray, lattice: np.ndarray, reach: float) -> int:
    most = np.floor(reach / widths(lattice) + 0.5).astype(int)
    shifts = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), -1)
    images = (apart[:, None] + shifts.reshape(-1, len(lattice))) @ lattice
    return int(np.sum(np.sum(images**2, axis=-1) < reach**2))
