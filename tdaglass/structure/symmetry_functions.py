"""Behler's atom-centred symmetry functions: sums over neighbours, and over pairs of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from tdaglass.arguments import Numbers, labels, number, positive, whole
from tdaglass.structure.blocks import over_blocks
from tdaglass.structure.neighbor_search import Neighbors, one_table

BLOCK = 64  # particles whose pairs of neighbours are held at a time


@dataclass(frozen=True)
class SymmetryFunctions:
    r"""Which symmetry functions are computed; :math:`f_c(r) = (\cos(\pi r / r_c) + 1) / 2` fades all of them out.

    .. math::
        G^1 = \sum_j f_c(r_{ij}), \quad G^2 = \sum_j e^{-\eta (r_{ij} - R_s)^2} f_c(r_{ij}), \quad
        G^3 = \sum_j \cos(\kappa r_{ij}) f_c(r_{ij})

    .. math::
        G^4 = 2^{1 - \zeta} \sum_{j < k} (1 + \lambda \cos\theta_{jik})^\zeta\,
        e^{-\eta (r_{ij}^2 + r_{ik}^2 + r_{jk}^2)} f_c(r_{ij}) f_c(r_{ik}) f_c(r_{jk})

    and :math:`G^5` without what has :math:`r_{jk}` (Behler, J. Chem. Phys. 134, 074106, 2011, eqs. 5 to 9; each
    pair of neighbours counts once, as in dscribe).

    Attributes
    ----------
    cutoff : length units
    g2 : pairs (eta, R_s), 1 / length^2 and length units
    g3 : kappa, 1 / length
    g4, g5 : triples (eta, zeta, lambda)
    species_count : int

    Raises
    ------
    ValueError
        For parameters of another number, and a zeta below 1, whose slopes are infinite for stretched angles.

    Examples
    --------
    >>> SymmetryFunctions(6.0, g2=[(1, 1), (1, 2)], g4=[(1, 1, 1)]).features
    4
    """

    cutoff: float
    g2: Sequence[Any] = ()
    g3: Sequence[Any] = ()
    g4: Sequence[Any] = ()
    g5: Sequence[Any] = ()
    species_count: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "cutoff", positive(self.cutoff, "cut-off"))
        object.__setattr__(self, "species_count", whole(self.species_count, "species_count", least=1))
        object.__setattr__(self, "g3", tuple(number(kappa, "kappa") for kappa in self.g3))
        for name, size in (("g2", 2), ("g4", 3), ("g5", 3)):
            rows = tuple(tuple(number(x, name) for x in row) for row in getattr(self, name))
            if any(len(row) != size for row in rows) or (size == 3 and any(row[1] < 1 for row in rows)):
                raise ValueError(
                    f"expected {size} parameters of each {name}, zeta of at least 1, got {rows}; try "
                    + ("(1.0, 2.0)" if size == 2 else "(1.0, 2.0, -1.0)")
                )
            object.__setattr__(self, name, rows)

    @property
    def features(self) -> int:
        """Numbers that describe a particle."""
        kinds = self.species_count
        of_pairs = kinds * (kinds + 1) // 2 * (len(self.g4) + len(self.g5))
        return kinds * (1 + len(self.g2) + len(self.g3)) + of_pairs


def symmetry_functions(
    neighbors: Neighbors, functions: SymmetryFunctions, *, species: Numbers | None = None
) -> Float[Array, "particles features"]:
    """Atom-centred symmetry functions of every particle.

    Parameters
    ----------
    neighbors : Neighbors
        Found with ``functions.cutoff`` or more; neighbours beyond it are not counted.
    functions : SymmetryFunctions, static
        Which ones, with their equations.
    species : (particles,), needed where there is more than one

    Returns
    -------
    (particles, features)
        Elementwise dscribe's: G1, G2 and G3 of each species of neighbour, then G4 and G5 of each pair of them, in
        the order (0, 0), (1, 0), (1, 1), (2, 0), ... The species of the particle itself does not enter.
        Differentiable in positions and box of the neighbours.

    Raises
    ------
    ValueError
        For the neighbours of several systems, and species that do not fit.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> corner = jnp.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> at_right_angles = SymmetryFunctions(3.0, g5=[(0, 1, 1)])
    >>> symmetry_functions(cutoff_neighbors(corner, None, 3.0), at_right_angles)[0].tolist()
    [1.5, 0.5625]
    """
    neighbors = one_table(neighbors)
    n = len(neighbors.idx)
    if species is None and functions.species_count > 1:
        raise ValueError(
            f"expected species of {functions.species_count} kinds, got None; try codes 0, 1, ..."
        )
    codes = jnp.zeros(n, jnp.int32) if species is None else labels(species, n, functions.species_count)
    return _symmetry_functions(neighbors.displacement, neighbors.mask, codes[neighbors.idx], functions)


@partial(jax.jit, static_argnames="functions")
def _symmetry_functions(
    displacement: Array, mask: Array, theirs: Array, functions: SymmetryFunctions
) -> Float[Array, "particles features"]:
    def of_block(
        displacement: Float[Array, "block k dim"], mask: Bool[Array, "block k"], theirs: Int[Array, "block k"]
    ) -> Array:
        return _of_particles(displacement, mask, theirs, functions)

    return over_blocks(of_block, (displacement, mask, theirs), BLOCK)


def _of_particles(displacement: Array, mask: Array, theirs: Array, functions: SymmetryFunctions) -> Array:
    square = jnp.sum(displacement**2, -1)
    length, fading = _length_and_fading(square, mask, functions.cutoff)
    kinds = jnp.arange(functions.species_count)
    of_kind = jnp.where(theirs == kinds[:, None, None], fading, 0)
    radial = [jnp.ones_like(length)]
    radial += [jnp.exp(-eta * (length - centre) ** 2) for eta, centre in functions.g2]
    radial += [jnp.cos(kappa * length) for kappa in functions.g3]
    columns = jnp.einsum("gbj,sbj->bsg", jnp.stack(radial), of_kind, precision="highest")
    columns = columns.reshape(len(length), -1)
    if not (functions.g4 or functions.g5):
        return columns

    two = square[:, :, None] + square[:, None]
    scalar = jnp.einsum("bjd,bkd->bjk", displacement, displacement, precision="highest")
    product = length[:, :, None] * length[:, None]
    cosine = scalar / jnp.where(product > 0, product, 1)
    opposite_sq = jnp.maximum(two - 2 * scalar, 0)
    # Each pair of neighbours once.
    once = jnp.tri(mask.shape[1], k=-1, dtype=bool) & mask[:, :, None] & mask[:, None]
    _, across = _length_and_fading(opposite_sq, once, functions.cutoff)

    def angular(zeta: float, sign: float) -> Array:
        return 2 * jnp.maximum(0.5 * (1 + sign * cosine), 0) ** zeta

    triples = [angular(z, s) * jnp.exp(-eta * (two + opposite_sq)) * across for eta, z, s in functions.g4]
    triples += [angular(z, s) * jnp.exp(-eta * two) * once for eta, z, s in functions.g5]
    pairs = [(first, second) for first in range(functions.species_count) for second in range(first + 1)]
    sums = jnp.einsum("gbjk,sbj,tbk->bstg", jnp.stack(triples), of_kind, of_kind, precision="highest")
    of_pairs = [sums[:, s, t] + (sums[:, t, s] if s != t else 0) for s, t in pairs]
    return jnp.concatenate([columns, *of_pairs], 1)


def _length_and_fading(square: Array, mask: Array, cutoff: float) -> tuple[Array, Array]:
    counted = mask & (square < cutoff**2)
    apart = counted & (square > 0)  # the root has no finite slope at zero
    length = jnp.where(apart, jnp.sqrt(jnp.where(apart, square, 1)), 0)
    return length, jnp.where(counted, 0.5 * (jnp.cos(jnp.pi / cutoff * length) + 1), 0)
