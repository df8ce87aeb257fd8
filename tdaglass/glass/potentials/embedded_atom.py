"""Embedded atoms: energies of atoms in the density of the others, and of pairs, from tables."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, partial
from os import PathLike
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.glass.potentials.setfl import Setfl, read_setfl
from tdaglass.glass.potentials.splines import cubics, interval, polynomial, slopes


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

    @classmethod
    def read(cls, path: str | PathLike, elements: tuple[str, ...] | None = None) -> "EmbeddedAtom":
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

    def embedding(
        self, element: Int[Array, " atoms"], density: Float[Array, " atoms *replicas"]
    ) -> Float[Array, " atoms *replicas"]:
        """F of atoms at their densities."""
        return self._of_density(self.splines.embedding, element, density)

    def embedding_slope(
        self, element: Int[Array, " atoms"], density: Float[Array, " atoms *replicas"]
    ) -> Float[Array, " atoms *replicas"]:
        """F' of atoms at their densities."""
        return self._of_density(self._embedding_slopes, element, density)

    def density(
        self,
        here: Int[Array, "*#pairs"],
        there: Int[Array, "*#pairs"],
        r: Float[Array, "*pairs"],
    ) -> Float[Array, "*pairs"]:
        """What neighbours at distances r add to the density of atoms."""
        rows, p = self._of_distance(self.splines.density, here, there, r)
        return polynomial(rows, p)

    def pair_energy(
        self,
        here: Int[Array, "*#pairs"],
        there: Int[Array, "*#pairs"],
        r: Float[Array, "*pairs"],
    ) -> Float[Array, "*pairs"]:
        """Phi of pairs at distances r."""
        rows, p = self._of_distance(self.splines.pair, here, there, r)
        return polynomial(rows, p) / r

    def pair_terms(
        self,
        here: Int[Array, "*#pairs"],
        there: Int[Array, "*#pairs"],
        r: Float[Array, "*pairs"],
    ) -> PairTerms:
        """All that forces need of pairs at distances r, from one row of a table."""
        rows, p = self._of_distance(self._pair_rows, here, there, r)
        inverse = 1 / r
        energy = polynomial(rows[..., :4], p) * inverse
        return PairTerms(
            energy,
            (energy - polynomial(rows[..., 4:7], p)) * inverse,
            polynomial(rows[..., 7:10], p),
            polynomial(rows[..., 10:], p),
        )

    @cached_property
    def _embedding_slopes(self) -> Float[np.ndarray, "elements densities 3"]:
        return slopes(self.splines.embedding, self.tables.density_spacing)

    @cached_property
    def _pair_rows(self) -> Float[np.ndarray, "elements elements distances 13"]:
        """Cubics of r phi, and the derivatives of it and of both densities."""
        slopes_of = partial(slopes, spacing=self.tables.spacing)
        density = slopes_of(self.splines.density)
        pair = self.splines.pair
        return np.concatenate([pair, slopes_of(pair), density, density.swapaxes(0, 1)], -1)

    def _of_density(
        self,
        table: Float[np.ndarray, "elements densities powers"],
        element: Int[Array, " atoms"],
        density: Float[Array, " atoms *replicas"],
    ) -> Float[Array, " atoms *replicas"]:
        points = table.shape[1]
        m, p = interval(density * (1 / self.tables.density_spacing), points)
        first = (element * points).reshape(-1, *[1] * (density.ndim - 1))
        return polynomial(_rows(table, first + m, density.dtype), p)

    def _of_distance(
        self,
        table: Float[np.ndarray, "elements elements distances powers"],
        here: Int[Array, "*#pairs"],
        there: Int[Array, "*#pairs"],
        r: Float[Array, "*pairs"],
    ) -> tuple[Float[Array, "*pairs powers"], Float[Array, "*pairs"]]:
        elements, points = table.shape[1:3]
        m, p = interval(r * (1 / self.tables.spacing), points)
        return _rows(table, (here * elements + there) * points + m, r.dtype), p


def _rows(table: np.ndarray, idx: Int[Array, "*shape"], dtype: DTypeLike) -> Float[Array, "*shape powers"]:
    rows = jnp.asarray(table.reshape(-1, table.shape[-1]), dtype)
    return rows.at[idx].get(mode="promise_in_bounds")
