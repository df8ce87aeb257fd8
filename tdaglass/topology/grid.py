"""The birth-death plane in cells: where images, histograms and learned coefficients live."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from tdaglass import arguments

Array = np.ndarray


class BirthDeath(NamedTuple):
    """A bare diagram, such as one of another program; descriptors take it as well as a `Diagram` or `Pairs`.

    Attributes
    ----------
    birth, death : (pairs,)
    """

    birth: Any
    death: Any


@dataclass(frozen=True)
class Grid:
    """Cells of equal size on a rectangle of births and deaths.

    An image on it is an array (deaths, births): drawn with the origin below, births run to the right.

    Attributes
    ----------
    births, deaths : (float, float)
        Least and greatest; in the units of the diagram, squared lengths unless converted by `to_radii`.
    shape : (int, int)
        Cells along births and along deaths.

    Raises
    ------
    ValueError
        For a range that does not grow, or no cells.
    """

    births: tuple[float, float]
    deaths: tuple[float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        for name in ("births", "deaths"):
            side = arguments.doubles(getattr(self, name), f"a range of {name}")
            if side.shape != (2,) or not -np.inf < side[0] < side[1] < np.inf:
                got = " to ".join(f"{x:g}" for x in side.ravel()[:2])
                raise ValueError(f"expected a range of {name}, got {got}; try (0.0, 1.0)")
            object.__setattr__(self, name, tuple(side.tolist()))
        if not np.iterable(self.shape) or len(self.shape) != 2:
            raise ValueError(f"expected cells along births and deaths, got {self.shape}; try (128, 128)")
        cells = arguments.whole_numbers(self.shape, "cells along births and deaths", least=1)
        object.__setattr__(self, "shape", cells)

    @property
    def edges(self) -> tuple[Array, Array]:
        """Of the cells: (births + 1,) and (deaths + 1,)."""
        births, deaths = (
            np.linspace(*side, n + 1) for side, n in zip((self.births, self.deaths), self.shape, strict=True)
        )
        return births, deaths

    @property
    def centers(self) -> tuple[Array, Array]:
        """Of the cells: (births,) and (deaths,)."""
        births, deaths = ((edge[:-1] + edge[1:]) / 2 for edge in self.edges)
        return births, deaths

    @property
    def widths(self) -> tuple[float, float]:
        """Of a cell along births and deaths."""
        births, deaths = (
            (side[1] - side[0]) / n for side, n in zip((self.births, self.deaths), self.shape, strict=True)
        )
        return births, deaths

    @property
    def above_diagonal(self) -> Array:
        """Cells (deaths, births) that reach above the diagonal, where pairs can be: HomCloud's choice."""
        births, deaths = self.edges
        return births[None, :-1] < deaths[1:, None]

    def vector(self, image: Any) -> Any:
        """The cells above the diagonal in a row: (..., deaths, births) to (..., cells).

        Examples
        --------
        >>> grid = Grid((0.0, 1.0), (0.0, 1.0), (2, 2))
        >>> grid.vector(np.array([[1, 2], [3, 4]]))
        array([1, 3, 4])
        """
        if np.shape(image)[-2:] != self.shape[::-1]:
            raise ValueError(
                f"expected an image (..., {self.shape[1]}, {self.shape[0]}), got shape {np.shape(image)}; "
                "try one of this grid"
            )
        return (image if hasattr(image, "shape") else np.asarray(image))[..., self.above_diagonal]

    def image(self, vector: Any, fill: float = 0.0) -> Array:
        """A row of cells, such as learned coefficients, put back: the inverse of `vector`."""
        vector = arguments.doubles(vector, "vector")
        n = int(self.above_diagonal.sum())
        if vector.shape[-1:] != (n,):
            raise ValueError(
                f"expected a vector (..., {n}), got shape {vector.shape}; try one of `Grid.vector`"
            )
        if not np.isfinite(vector).all():
            raise ValueError(
                f"expected a vector of finite numbers, got {vector[~np.isfinite(vector)][0]}; try np.nan_to_num"
            )
        image = np.full((*vector.shape[:-1], *self.shape[::-1]), fill, float)
        image[..., self.above_diagonal] = vector
        return image


def pairs_in(diagram: Any, grid: Grid, region: Any) -> Array:
    """Pairs that persist and lie in marked cells, such as those where a coefficient was learned to be large.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    grid : Grid
    region : (deaths, births) bool
        Marked cells; of a learned vector, ``grid.image(coefficients) > threshold``.

    Returns
    -------
    (found,) int
        Which pairs, in their order in the diagram.

    Raises
    ------
    ValueError
        If the region is not of the grid.

    Examples
    --------
    >>> from tdaglass.topology import BirthDeath
    >>> grid = Grid((0.0, 1.0), (0.0, 1.0), (2, 2))
    >>> pairs = BirthDeath(np.array([0.1, 0.2, 0.6]), np.array([0.4, 0.7, 0.8]))
    >>> pairs_in(pairs, grid, np.array([[0, 0], [1, 0]], bool))
    array([1])
    """
    region = np.asarray(region)
    if region.shape != grid.shape[::-1] or region.dtype != bool:
        raise ValueError(
            f"expected a region of bool {grid.shape[::-1]}, got {region.dtype} {region.shape}; "
            "try grid.image(coefficients) > threshold"
        )
    birth, death, valid = pairs_of(diagram, np)
    finite = np.flatnonzero(valid & np.isfinite(birth) & np.isfinite(death))
    column, row, inside = cells_of(BirthDeath(birth[finite], death[finite]), grid, np)
    return finite[inside & region[row, column]]


def cells_of(
    diagram: Any, grid: Grid, xp: ModuleType = jnp
) -> tuple[Int[Any, " pairs"], Int[Any, " pairs"], Bool[Any, " pairs"]]:
    """Cells of pairs along births and along deaths, and which entries are pairs that lie on the grid.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    grid : Grid
        The last cells include their upper edges.
    xp : module
        What to compute with: `jax.numpy`, or `numpy` on the host, where numbers of pairs vary.
    """
    birth, death, inside = pairs_of(diagram, xp)
    cells = []
    for x, edges in zip((birth, death), grid.edges, strict=True):
        edge, n = xp.asarray(edges, x.dtype), len(edges) - 1
        inside &= (x >= edge[0]) & (x <= edge[-1])
        # On which side of the nearest edge.
        nearest = xp.clip(xp.round((x - edge[0]) * (n / (edges[-1] - edges[0]))), 0, n).astype(xp.int32)
        cells.append(xp.clip(nearest - (x < edge[nearest]).astype(xp.int32), 0, n - 1))
    return cells[0], cells[1], inside


def pairs_of(diagram: Any, xp: ModuleType = jnp) -> tuple[Any, Any, Bool[Any, " pairs"]]:
    """Births and deaths of one diagram, and which entries are pairs and persist.

    Raises
    ------
    ValueError
        For what is not one diagram.
    """
    if not (hasattr(diagram, "birth") and hasattr(diagram, "death")):
        raise ValueError(
            f"expected a diagram, got {type(diagram).__name__}; "
            "try one of `topology.diagrams` or BirthDeath(birth, death)"
        )
    read = _on_host if xp is np else arguments.floats
    birth, death = read(diagram.birth, "births"), read(diagram.death, "deaths")
    if birth.shape != death.shape or birth.ndim != 1:
        raise ValueError(
            f"expected as many births as deaths of one diagram, got shapes {birth.shape} and {death.shape}; "
            "try jax.vmap for several diagrams"
        )
    valid = death > birth
    return birth, death, valid & xp.asarray(diagram.valid) if hasattr(diagram, "valid") else valid


def _on_host(x: Any, name: str) -> Array:
    # Which cell a pair lies in depends on the precision.
    return np.asarray(x) if getattr(x, "dtype", None) == np.float32 else arguments.doubles(x, name)
