"""Embedded atoms: energies of atoms in the density of the others, and of pairs, from tables."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.glass.potentials.setfl import Setfl, read_setfl
from tdaglass.glass.potentials.splines import cubics, interval, polynomial, slopes
from tdaglass.space import rounded


class Splines(NamedTuple):
    """Cubics of every interval of the tables (`splines.cubics`), float64.

    Attributes
    ----------
    embedding : (elements, densities, 4)
    density, pair : (elements, elements, distances, 4)
    """

    embedding: Float[np.ndarray, "elements densities 4"]
    density: Float[np.ndarray, "elements elements distances 4"]
    pair: Float[np.ndarray, "elements elements distances 4"]


@dataclass(frozen=True)
class EmbeddedAtom:
    r"""Energy of atoms that are embedded in the density of their neighbours (Daw and Baskes, 1984).

    .. math:: U = \sum_i F_{a_i}\Big(\sum_{j \ne i} \rho_{a_i a_j}(r_{ij})\Big)
              + \frac12 \sum_{i \ne j} \phi_{a_i a_j}(r_{ij})

    Tables are interpolated by the cubics of `splines`, and all functions end at one cut-off. Equal tables are
    equal potentials: hashable, static under `jax.jit`.

    Attributes
    ----------
    digest : str
        Of the tables, by which potentials are compared.
    tables : Setfl

    References
    ----------
    M. S. Daw, M. I. Baskes, Phys. Rev. B 29, 6443 (1984).
    M. W. Finnis, J. E. Sinclair, Philos. Mag. A 50, 45 (1984).
    """

    digest: str = field(init=False)
    tables: Setfl = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        said = repr([x for x in self.tables if not isinstance(x, np.ndarray)]).encode()
        arrays = (np.ascontiguousarray(x).tobytes() for x in self.tables if isinstance(x, np.ndarray))
        object.__setattr__(self, "digest", hashlib.sha256(b"".join([said, *arrays])).hexdigest())

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers draw the splines anew: they are many times as long as the tables.
        return type(self), (self.tables,)

    @classmethod
    def read(cls, path: str | PathLike, elements: Sequence[str] | None = None) -> "EmbeddedAtom":
        """The potential of a setfl file; `read_setfl` tells what it takes and raises."""
        return cls(read_setfl(path, elements))

    @property
    def elements(self) -> tuple[str, ...]:
        """Names, in the order of the species."""
        return self.tables.elements

    @property
    def cutoff(self) -> float:
        """Distance from which on atoms do not see each other."""
        return self.tables.cutoff

    @cached_property
    def splines(self) -> Splines:
        """Cubics through the tables, in double precision."""
        return Splines(
            cubics(self.tables.embedding, "tangent"),
            cubics(self.tables.density, "constant"),
            cubics(self.tables.pair, "constant"),
        )

    def functions(self, dtype: DTypeLike) -> "Functions":
        """The same as functions of arrays of a precision; made once for all that a program does with them."""
        made = self.splines

        def rows(*tables: np.ndarray) -> Array:
            joined = np.concatenate(tables, -1)
            return jnp.asarray(joined.reshape(-1, joined.shape[-1]), dtype)

        density_slopes = slopes(made.density, self.tables.spacing)
        return Functions(
            embedding=rows(made.embedding),
            embedding_slopes=rows(slopes(made.embedding, self.tables.density_spacing)),
            density=rows(made.density),
            pair=rows(made.pair),
            terms=rows(
                made.pair,
                slopes(made.pair, self.tables.spacing),
                density_slopes,
                density_slopes.swapaxes(0, 1),
            ),
            elements=len(self.elements),
            per_density=1 / self.tables.density_spacing,
            per_distance=1 / self.tables.spacing,
        )

    def distance_in_crystal(self, element: int) -> float:
        """Distance of neighbours in the face-centred cubic crystal of one element, at its lowest energy."""
        tables = self.tables
        nearest = np.arange(0.2 * tables.cutoff, tables.cutoff, 2e-3)
        half = range(-10, 11)
        sites = np.array([(i, j, k) for i in half for j in half for k in half if (i + j + k) % 2 == 0])
        shells, atoms = np.unique((sites**2).sum(1)[(sites != 0).any(1)], return_counts=True)
        r = nearest[:, None] * np.sqrt(shells / 2)

        def sum_of(table: Float[np.ndarray, " points"], weight: np.ndarray) -> np.ndarray:
            values = np.interp(r, tables.spacing * np.arange(len(table)), table)
            return np.where(r < tables.cutoff, values * weight, 0).sum(1)

        density = sum_of(tables.density[element, element], atoms)
        densities = tables.density_spacing * np.arange(tables.embedding.shape[1])
        energy = np.interp(density, densities, tables.embedding[element])
        energy += sum_of(tables.pair[element, element], atoms / r) / 2
        # Beyond the table of densities the crystal is squeezed more than anybody meant.
        return float(nearest[np.argmin(np.where(density <= densities[-1], energy, np.inf))])


class PairTerms(NamedTuple):
    """What an atom and its neighbour do for each other, at some distances.

    Attributes
    ----------
    energy, force : of the pair function phi, and minus its derivative
    density_slope, density_slope_there : slope of the density that the neighbour gives here, and of the other
    """

    energy: Float[Array, "*pairs"]
    force: Float[Array, "*pairs"]
    density_slope: Float[Array, "*pairs"]
    density_slope_there: Float[Array, "*pairs"]


class Functions(NamedTuple):
    """The functions of an embedded-atom potential: a row of polynomials for every interval of every table.

    Attributes
    ----------
    embedding, density, pair : (rows, 4)
    embedding_slopes : (rows, 3)
    terms : (rows, 13)
        Cubic of r phi, and the derivatives of it and of the densities here and there.
    elements : int
    per_density, per_distance : float
        Intervals in a unit.
    """

    embedding: Float[Array, "embeddings 4"]
    embedding_slopes: Float[Array, "embeddings 3"]
    density: Float[Array, "distances 4"]
    pair: Float[Array, "distances 4"]
    terms: Float[Array, "distances 13"]
    elements: int
    per_density: float
    per_distance: float

    def embedding_energy(
        self, element: Int[Array, "*#atoms"], density: Float[Array, "*atoms"]
    ) -> Float[Array, "*atoms"]:
        """F of atoms at their densities."""
        return polynomial(*self._of_density(self.embedding, element, density))

    def embedding_slope(
        self, element: Int[Array, "*#atoms"], density: Float[Array, "*atoms"]
    ) -> Float[Array, "*atoms"]:
        """F' of atoms at their densities."""
        return polynomial(*self._of_density(self.embedding_slopes, element, density))

    def density_given(
        self, here: Int[Array, "*#pairs"], there: Int[Array, "*#pairs"], r: Float[Array, "*pairs"]
    ) -> Float[Array, "*pairs"]:
        """What neighbours at distances r add to the density of atoms here."""
        return polynomial(*self._of_distance(self.density, here, there, r))

    def pair_energy(
        self, here: Int[Array, "*#pairs"], there: Int[Array, "*#pairs"], r: Float[Array, "*pairs"]
    ) -> Float[Array, "*pairs"]:
        """Phi of pairs at distances r."""
        return polynomial(*self._of_distance(self.pair, here, there, r)) / r

    def pair_terms(
        self, here: Int[Array, "*#pairs"], there: Int[Array, "*#pairs"], r: Float[Array, "*pairs"]
    ) -> PairTerms:
        """All that forces need of pairs at distances r, from one row."""
        rows, p = self._of_distance(self.terms, here, there, r)
        inverse = 1 / r
        # Products are rounded before they are added: sums over tables have the same bits in any program.
        energy = rounded(polynomial(rows[..., :4], p) * inverse)
        return PairTerms(
            energy,
            rounded((energy - polynomial(rows[..., 4:7], p)) * inverse),
            polynomial(rows[..., 7:10], p),
            polynomial(rows[..., 10:], p),
        )

    def _of_density(self, table: Array, element: Array, density: Array) -> tuple[Array, Array]:
        return _row(table, element, self.elements, rounded(density * self.per_density))

    def _of_distance(self, table: Array, here: Array, there: Array, r: Array) -> tuple[Array, Array]:
        pair = here * self.elements + there
        return _row(table, pair, self.elements**2, rounded(r * self.per_distance))


def _row(
    table: Float[Array, "rows powers"], which: Int[Array, "*#shape"], n_tables: int, x: Float[Array, "*shape"]
) -> tuple[Float[Array, "*shape powers"], Float[Array, "*shape"]]:
    """Rows of arguments in units of the spacing, and how far they are beyond the beginning of their intervals."""
    points = len(table) // n_tables
    m, p = interval(x, points)
    return table.at[which * points + m].get(mode="promise_in_bounds"), p
