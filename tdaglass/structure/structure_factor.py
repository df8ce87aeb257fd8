"""Static structure factor: pair correlations in reciprocal space."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass.structure.checks import check_input, concrete, count_species

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
    box: ArrayLike, q_max: float | int, *, q_min: float | int = 0, per_shell: int | None = None, seed: int = 0
) -> Int[np.ndarray, "vectors dim"]:
    r"""Whole numbers n of the wave vectors :math:`2\pi n / L` that fit a periodic box, on the host.

    Of n and -n, which give the same S(q), one is returned; zero is not.

    Parameters
    ----------
    box : (dim,), length units
    q_max, q_min : inverse length units
        Range of :math:`|q|`, both ends included.
    per_shell : int
        At most this many, drawn at random, from each shell of width :math:`2\pi / \max L`. None: all, whose
        number grows as the volume of the ball.
    seed : int
        Of that draw.

    Raises
    ------
    ValueError
        If no wave vector lies in the range.

    Examples
    --------
    >>> wave_vectors(np.array([10.0, 10.0]), 0.7).tolist()
    [[0, 1], [1, 0]]
    """
    edges = np.asarray(box, float)
    most = np.floor(q_max * edges / (2 * np.pi) * (1 + 1e-12)).astype(int)
    vectors = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), -1)
    vectors = vectors.reshape(-1, len(edges))
    length = np.linalg.norm(2 * np.pi * vectors / edges, axis=1)
    # The first component that is not zero decides which of n and -n stays.
    leading = np.take_along_axis(vectors, np.argmax(vectors != 0, axis=1)[:, None], 1)[:, 0]
    keep = (leading > 0) & (length <= q_max * (1 + 1e-12)) & (length >= q_min * (1 - 1e-12))
    vectors, length = vectors[keep], length[keep]
    if not len(vectors):
        raise ValueError(
            f"expected wave vectors between {q_min:g} and {q_max:g}, got none in this box; try a larger q_max"
        )
    if per_shell is not None:
        shuffled = np.random.default_rng(seed).permutation(len(vectors))
        shell = (length[shuffled] / (2 * np.pi / edges.max())).astype(int)
        by_shell = np.argsort(shell, kind="stable")
        _, first, number = np.unique(shell[by_shell], return_index=True, return_counts=True)
        rank = np.arange(len(shell)) - np.repeat(first, number)
        chosen = np.sort(shuffled[by_shell[rank < per_shell]])
        vectors = vectors[chosen]
    return vectors.astype(np.int32)


def structure_factor(
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"],
    vectors: Int[Array | np.ndarray, "vectors dim"],
    *,
    edges: Float[Array | np.ndarray, " edges"] | None = None,
    species: Int[Array, " particles"] | None = None,
    species_count: int | None = None,
) -> StructureFactor:
    r"""Static structure factor on wave vectors of the box, in total or for each pair of species.

    .. math:: S_{ab}(q) = \frac{1}{\sqrt{N_a N_b}} \mathrm{Re}\, \rho_a(q)\, \rho_b^*(q), \qquad
              \rho_a(q) = \sum_{j \in a} e^{-i q \cdot r_j}

    (Ashcroft and Langreth, Phys. Rev. 156, 685, 1967): the identity for an ideal mixture, and the total is
    :math:`\sum_{ab} \sqrt{x_a x_b} S_{ab}`.

    Parameters
    ----------
    positions : (particles, dim), length units
    box : (dim,), length units
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
        NaN for an empty shell. Differentiable in positions.

    Raises
    ------
    ValueError
        For a missing species count; in eager calls for positions that are not finite.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import structure_factor
    >>> row = jnp.array([[0.0, 0.0], [0.5, 0.0]])
    >>> structure_factor(row, jnp.ones(2), jnp.array([[1, 0], [2, 0]])).s.round(3).tolist()
    [0.0, 2.0]
    """
    fixed = concrete(positions)
    if fixed is not None:
        check_input(fixed, concrete(box), 0.0)
    kinds = count_species(species, species_count)
    dtype, n = positions.dtype, positions.shape[0]
    labels = jnp.zeros(n, jnp.int32) if species is None else species
    member = (labels == jnp.arange(kinds)[:, None]).astype(dtype)  # species, particles
    reduced = positions / box
    reduced = (reduced - lax.stop_gradient(jnp.round(reduced))).T
    vectors = jnp.asarray(vectors)

    @jax.checkpoint
    def density(vector: Int[Array, " dim"]) -> Float[Array, "2 species"]:
        turns = sum(x * k for x, k in zip(reduced, vector.astype(dtype), strict=True))
        phase = 2 * jnp.pi * (turns - lax.stop_gradient(jnp.round(turns)))
        return jnp.stack([jnp.sum(member * jnp.cos(phase), 1), -jnp.sum(member * jnp.sin(phase), 1)])

    rho = lax.map(density, vectors, batch_size=min(VECTOR_BLOCK, len(vectors)))  # vectors, 2, species
    scale = jnp.sqrt(jnp.sum(member, 1))
    s = jnp.sum(rho[:, :, :, None] * rho[:, :, None, :], 1) / (scale[:, None] * scale)
    s = jnp.moveaxis(s, 0, -1)
    q = jnp.linalg.norm(2 * jnp.pi * vectors.astype(dtype) / box, axis=1)
    if edges is not None:
        inside = _shell_membership(q, jnp.asarray(edges, dtype)).astype(dtype)
        number = jnp.sum(inside, 1)
        q = (inside @ q) / number
        s = jnp.einsum("abv,ev->abe", s, inside, precision="highest") / number
    return StructureFactor(q, s[0, 0] if species is None else s)


def _shell_membership(
    q: Float[Array, " vectors"], edges: Float[Array, " edges"]
) -> Bool[Array, "shells vectors"]:
    return (q >= edges[:-1, None]) & (q < edges[1:, None])
