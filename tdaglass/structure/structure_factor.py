"""Static structure factor: pair correlations in reciprocal space."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from tdaglass.arguments import Numbers, cell, concrete, finite, floats, labels, points, whole
from tdaglass.arguments import species_count as number_of_species
from tdaglass.space import enclosed, fractions

MOST_VECTORS = 2**24
VECTOR_BLOCK = 16  # wave vectors whose phases with all particles are held at a time


class StructureFactor(NamedTuple):
    """Static structure factor.

    Attributes
    ----------
    q : (points,), inverse length units
        Lengths of the wave vectors, or their mean in each shell.
    s : (points,) or (species, species, points)
    """

    q: Float[Array, " points"]
    s: Float[Array, "*species points"]


def wave_vectors(
    box: Numbers, q_max: float | int, *, q_min: float | int = 0, per_shell: int | None = None, seed: int = 0
) -> Int[np.ndarray, "vectors dim"]:
    r"""Whole numbers n of the wave vectors :math:`2\pi n / L` that fit a periodic cell, on the host.

    In a cell of lattice vectors, the rows of :math:`h`, they are :math:`q = 2\pi h^{-1} n`. Of n and -n, which
    give the same S(q), one is returned; zero is not. Along open axes n is zero.

    Parameters
    ----------
    box : (dim,) or (dim, dim), length units
    q_max, q_min : inverse length units
        Range of :math:`|q|`, both ends included.
    per_shell : int
        At most this many, drawn at random, from each shell of width :math:`2\pi` over the longest edge. None:
        all, whose number grows as the volume of the ball.
    seed : int
        Of that draw.

    Raises
    ------
    ValueError
        If no wave vector lies in the range, or too many; for a box in which there are none.

    Examples
    --------
    >>> wave_vectors(np.array([10.0, 10.0]), 0.7).tolist()
    [[0, 1], [1, 0]]
    """
    edges, rows = _lattice(box)
    closed = np.isfinite(edges)
    q_max, q_min = _wave_number(q_max, "q_max", 0.0), _wave_number(q_min, "q_min", -np.inf)
    if q_max < q_min:
        raise ValueError(
            f"expected q_max of at least q_min, got {q_max:g} and {q_min:g}; try them the other way"
        )
    # Along each lattice vector a wave has at most so many periods.
    most = np.where(closed, np.floor(q_max * np.where(closed, edges, 0) / (2 * np.pi) * (1 + 1e-12)), 0)
    if np.prod(2 * most + 1) > MOST_VECTORS:
        raise ValueError(
            f"expected a range of at most {MOST_VECTORS} wave vectors, got {np.prod(2 * most + 1):.1e} up to "
            f"{q_max:g}; try a smaller q_max"
        )
    vectors = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most.astype(int)], indexing="ij"), -1)
    vectors = vectors.reshape(-1, len(edges))
    # The product with the reciprocal lattice, or one division an axis.
    waves = 2 * np.pi * vectors / edges if rows is None else 2 * np.pi * vectors @ np.linalg.inv(rows).T
    length = np.linalg.norm(waves, axis=1)
    # The first component that is not zero decides which of n and -n stays.
    leading = np.take_along_axis(vectors, np.argmax(vectors != 0, axis=1)[:, None], 1)[:, 0]
    keep = (leading > 0) & (length <= q_max * (1 + 1e-12)) & (length >= q_min * (1 - 1e-12))
    vectors, length = vectors[keep], length[keep]
    if not len(vectors):
        raise ValueError(
            f"expected wave vectors between {q_min:g} and {q_max:g}, got none in this box; try a larger q_max"
        )
    if per_shell is not None:
        per_shell = whole(per_shell, "per_shell", least=1)
        shuffled = np.random.default_rng(whole(seed, "seed", least=0)).permutation(len(vectors))
        shell = (length[shuffled] / (2 * np.pi / edges[closed].max())).astype(int)
        by_shell = np.argsort(shell, kind="stable")
        _, first, number = np.unique(shell[by_shell], return_index=True, return_counts=True)
        rank = np.arange(len(shell)) - np.repeat(first, number)
        chosen = np.sort(shuffled[by_shell[rank < per_shell]])
        vectors = vectors[chosen]
    return vectors.astype(np.int32)


def _lattice(box: Numbers) -> tuple[np.ndarray, np.ndarray | None]:
    """Edges of a cell, infinite along open axes, and its lattice vectors where it is not orthorhombic."""
    given = box if not isinstance(box, jax.Array) else concrete(box)
    if given is None:
        raise ValueError(
            "expected a periodic cell that is known, got None or one inside jit; try it outside jit"
        )
    values = np.asarray(given)
    if (
        values.ndim == 0
        or (values.ndim == 1 and values.shape != (2,) and values.shape != (3,))
        or values.ndim > 2
    ):
        raise ValueError(
            f"expected the box of one system, (dim,) or (dim, dim), got shape {values.shape}; try its edges"
        )
    lattice = concrete(cell(values, jnp.zeros((1, values.shape[-1]))))
    if lattice is None:
        raise ValueError("expected a periodic cell, got open space, which has no wave vectors; try a box")
    # Of what was given in double precision nothing is lost.
    values = values.astype(np.float64)
    if lattice.ndim == 1:
        return np.diagonal(values) if values.ndim == 2 else values, None
    closed = np.isfinite(np.diagonal(values))
    values = np.where(np.isinf(values), 1.0, values)
    return np.where(closed, np.linalg.norm(values, axis=1), np.inf), values


def _wave_number(x: float | int, name: str, least: float) -> float:
    try:
        value = float(x)
    except (TypeError, ValueError, jax.errors.JAXTypeError):
        value = np.nan
    if not least <= value < np.inf or value == -np.inf:
        raise ValueError(f"expected a wave number as {name}, got {x!r}; try one in 1 / length, from 0")
    return value


def structure_factor(
    positions: Numbers,
    box: Numbers | None,
    vectors: Numbers,
    *,
    edges: Numbers | None = None,
    species: Numbers | None = None,
    species_count: int | None = None,
) -> StructureFactor:
    r"""Static structure factor on wave vectors of the cell, in total or for each pair of species.

    .. math:: S_{ab}(q) = \frac{1}{\sqrt{N_a N_b}} \mathrm{Re}\, \rho_a(q)\, \rho_b^*(q), \qquad
              \rho_a(q) = \sum_{j \in a} e^{-i q \cdot r_j}

    (Ashcroft and Langreth, Phys. Rev. 156, 685, 1967): the identity for an ideal mixture, and the total is
    :math:`\sum_{ab} \sqrt{x_a x_b} S_{ab}`.

    Parameters
    ----------
    positions : (particles, dim), length units
    box : number, (dim,) or (dim, dim), length units
        With open axes (infinite edges), wave vectors lie across them.
    vectors : (vectors, dim)
        Whole numbers, from `wave_vectors`.
    edges : (shells + 1,), inverse length units, ascending
        Average over the vectors with :math:`|q|` from one edge up to, not including, the next. None: one
        value for each vector.
    species : (particles,)
        For the partial functions.
    species_count : static
        Needed beside species inside jit.

    Returns
    -------
    StructureFactor
        NaN for an empty shell. Differentiable in positions and box.

    Raises
    ------
    ValueError
        For a missing species count, open space; where values are known, for positions that are not finite, vectors
        that are not whole, edges that do not ascend, and species beyond the count.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import structure_factor
    >>> row = jnp.array([[0.0, 0.0], [0.5, 0.0]])
    >>> structure_factor(row, jnp.ones(2), jnp.array([[1, 0], [2, 0]])).s.round(3).tolist()
    [0.0, 2.0]
    """
    x = points(positions)
    dtype, n = x.dtype, len(x)
    lattice = cell(box, x)
    if lattice is None:
        raise ValueError("expected a periodic cell, got open space, which has no wave vectors; try a box")
    codes = None if species is None else labels(species, n, species_count)
    kinds = number_of_species(codes, species_count)
    waves = _whole_vectors(vectors, lattice)
    shells = None if edges is None else _ascending(edges, x)
    own = jnp.zeros(n, jnp.int32) if codes is None else codes
    member = (own == jnp.arange(kinds)[:, None]).astype(dtype)  # species, particles
    # Along an open axis waves have no periods, whatever its length.
    lattice = enclosed(lattice, lax.stop_gradient(x), 1.0) if lattice.ndim == 2 else lattice
    reduced = fractions(x, lattice)
    reduced = (reduced - lax.stop_gradient(jnp.round(reduced))).T

    rho = _densities(reduced, member, waves)
    scale = jnp.sqrt(jnp.sum(member, 1))
    s = jnp.sum(rho[:, :, :, None] * rho[:, :, None, :], 1) / (scale[:, None] * scale)
    s = jnp.moveaxis(s, 0, -1)
    q = jnp.linalg.norm(_reciprocal(waves.astype(dtype), lattice), axis=1)
    if shells is not None:
        inside = _shell_membership(q, shells).astype(dtype)
        number = jnp.sum(inside, 1)
        q = (inside @ q) / number
        s = jnp.einsum("abv,ev->abe", s, inside, precision="highest") / number
    return StructureFactor(q, s[0, 0] if species is None else s)


# One program for all systems of a size: an eager loop over waves would be compiled in each call.
@jax.jit
def _densities(
    reduced: Float[Array, "dim particles"],
    member: Float[Array, "species particles"],
    waves: Int[Array, "waves dim"],
) -> Float[Array, "waves 2 species"]:
    """Real and imaginary parts of the density waves of each species, at positions in units of the cell."""

    @jax.checkpoint
    def density(vector: Int[Array, " dim"]) -> Float[Array, "2 species"]:
        turns = sum(x * k for x, k in zip(reduced, vector.astype(reduced.dtype), strict=True))
        phase = 2 * jnp.pi * (turns - lax.stop_gradient(jnp.round(turns)))
        return jnp.stack([jnp.sum(member * jnp.cos(phase), 1), -jnp.sum(member * jnp.sin(phase), 1)])

    return lax.map(density, waves, batch_size=min(VECTOR_BLOCK, len(waves)))


def _reciprocal(vectors: Array, box: Array) -> Float[Array, "vectors dim"]:
    """Wave vectors in inverse length units."""
    if box.ndim == 1:
        return 2 * jnp.pi * vectors / box
    inverse = jnp.linalg.inv(box).T
    # Term by term, as products of matrices of single precision are less than that on accelerators.
    return 2 * jnp.pi * sum(vectors[:, a, None] * row for a, row in enumerate(inverse))


def _whole_vectors(vectors: Numbers, box: Array) -> Int[Array, "vectors dim"]:
    given = floats(vectors, "wave vectors")
    if given.ndim != 2 or given.shape[1] != len(box) or not len(given):
        raise ValueError(
            f"expected wave vectors (vectors, {len(box)}), got shape {given.shape}; try wave_vectors(box, q_max)"
        )
    finite(given, "wave vectors")
    values, edges = concrete(given), concrete(box)
    if values is not None and np.any(values != np.round(values)):
        wrong = int(np.argmax(np.any(values != np.round(values), axis=1)))
        raise ValueError(
            f"expected wave vectors as whole numbers, of 2 pi over the edges, got {values[wrong].tolist()}; "
            "try wave_vectors(box, q_max)"
        )
    if values is not None and edges is not None:
        open_ = np.isinf(edges if edges.ndim == 1 else np.diagonal(edges))
        if np.any(values[:, open_]):
            raise ValueError(
                "expected wave vectors across the open axes, got some along them; try wave_vectors(box, q_max)"
            )
    return given.astype(jnp.int32)


def _ascending(edges: Numbers, positions: Array) -> Float[Array, " edges"]:
    shells = floats(edges, "edges of shells", like=positions)
    values = concrete(shells)
    if shells.ndim != 1 or len(shells) < 2 or (values is not None and not (np.diff(values) > 0).all()):
        got = f"shape {shells.shape}" if values is None or shells.ndim != 1 else f"{len(values)} others"
        raise ValueError(
            f"expected two or more ascending edges of shells, got {got}; try jnp.linspace(5, 9, 41)"
        )
    return shells


def _shell_membership(
    q: Float[Array, " vectors"], edges: Float[Array, " edges"]
) -> Bool[Array, "shells vectors"]:
    return (q >= edges[:-1, None]) & (q < edges[1:, None])
