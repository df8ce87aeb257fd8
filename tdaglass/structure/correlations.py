"""Pair correlations: g(r) in real space, S(q) in reciprocal space, and where their first extrema lie."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass.structure.tables import check_input, concrete, count_species

VECTOR_BLOCK = 16  # wave vectors whose phases with all particles are held at a time


class RadialDistribution(NamedTuple):
    """Pair correlation function.

    Attributes
    ----------
    r : (bins,), length units
        Middle of each bin.
    g : (bins,) or (species, species, bins)
        1 on average in an ideal gas.
    """

    r: Float[Array, " bins"]
    g: Float[Array, "*species bins"]


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


def radial_distribution(
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"],
    cutoff: float | int,
    bins: int = 100,
    *,
    species: Int[Array, " particles"] | None = None,
    species_count: int | None = None,
) -> RadialDistribution:
    r"""Radial distribution function, in total or for each pair of species.

    .. math:: g_{ab}(r) = \frac{V}{N_a (N_b - \delta_{ab})\, V_\mathrm{shell}(r)}
              \sum_{i \in a} \sum_{j \in b, j \ne i} [r_{ij} \in \mathrm{shell}(r)]

    (Hansen and McDonald, Theory of Simple Liquids, section 2.5; the N - 1 makes it 1 for an ideal gas of any
    size).

    Parameters
    ----------
    positions : (particles, dim), length units
    box : (dim,), length units
        Edges of the periodic cell, each at least twice the cut-off.
    cutoff : length units, static
        Upper end of the last of `bins` bins of equal width.
    bins : static
    species : (particles,)
        For the partial functions.
    species_count : static
        Needed beside species inside jit.

    Returns
    -------
    RadialDistribution
        NaN for a pair of species without pairs.

    Raises
    ------
    ValueError
        For a missing species count; in eager calls for positions that are not finite or a small box.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import radial_distribution
    >>> ideal_gas = jax.random.uniform(jax.random.key(0), (500, 3)) * 10
    >>> radial_distribution(ideal_gas, jnp.full(3, 10.0), 4.0, bins=2).g.round(1).tolist()
    [1.0, 1.0]
    """
    fixed = concrete(positions)
    if fixed is not None:
        check_input(fixed, concrete(box), float(cutoff))
    kinds = count_species(species, species_count)
    counts, members = _count_pairs(positions, box, cutoff, bins, species, kinds)
    dtype, dim = positions.dtype, positions.shape[1]
    edges = np.linspace(0, cutoff, bins + 1)
    shells = jnp.asarray(np.diff(math.pi * edges**2 if dim == 2 else 4 / 3 * math.pi * edges**3), dtype)
    pairs = members[:, None] * (members[None, :] - jnp.eye(kinds, dtype=dtype))
    g = counts.astype(dtype) / (pairs[..., None] / jnp.prod(box) * shells)
    middle = jnp.asarray((edges[1:] + edges[:-1]) / 2, dtype)
    return RadialDistribution(middle, g[0, 0] if species is None else g)


def _count_pairs(
    positions: Array, box: Array, cutoff: float | int, bins: int, species: Array | None, kinds: int
) -> tuple[Int[Array, "species species bins"], Float[Array, " species"]]:
    """Ordered pairs in every bin, and particles of every species.

    Particle i meets i + 1, ..., i + n/2 (cyclically): each pair once, and O(n) memory.
    """
    n, dtype = positions.shape[0], positions.dtype
    species = jnp.zeros(n, jnp.int32) if species is None else species.astype(jnp.int32)
    twice = jnp.concatenate([positions, positions]).T  # dim, 2n
    species_twice = jnp.concatenate([species, species])
    per_length = bins / cutoff
    first = jnp.arange(n)

    def count_one_shift(shift: Array, counts: Array) -> Array:
        other = lax.dynamic_slice_in_dim(twice, shift, n, 1)
        along = [
            a - b - edge * jnp.round((a - b) / edge)
            for a, b, edge in zip(other, positions.T, box, strict=True)
        ]
        distance = jnp.sqrt(sum(x * x for x in along))
        shell = (distance * per_length).astype(jnp.int32)
        pair = species * kinds + lax.dynamic_slice_in_dim(species_twice, shift, n)
        # Halfway round an even number of particles the same pair is met from both ends.
        counted = (distance < cutoff) & (shell < bins) & ((2 * shift < n) | (first < n // 2))
        slot = jnp.where(counted, pair * bins + shell, kinds * kinds * bins)
        return counts.at[slot].add(1, mode="drop")

    counts = lax.fori_loop(1, n // 2 + 1, count_one_shift, jnp.zeros(kinds * kinds * bins, jnp.int32))
    counts = counts.reshape(kinds, kinds, bins)
    members = jnp.sum(species == jnp.arange(kinds)[:, None], 1).astype(dtype)
    return counts + counts.transpose(1, 0, 2), members


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


def first_peak(x: Float[Array, " points"], y: Float[Array, " points"]) -> Float[Array, ""]:
    """Position of the first peak of S(q) or g(r), which in a simple liquid is the highest.

    The highest point, improved by the parabola through it and its two neighbours; points that are NaN (empty
    shells) are passed over, and a highest point at either end is returned as it is.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> q = jnp.arange(5.0, 9.0, 0.5)
    >>> round(float(first_peak(q, 3 - (q - 7.1) ** 2)), 3)
    7.1
    """
    return _extremum(x, y, ~jnp.isnan(y))


def first_minimum(r: Float[Array, " points"], g: Float[Array, " points"]) -> Float[Array, ""]:
    """Position of the minimum of g(r) between its first two peaks: the usual cut-off for neighbours.

    The lowest point between the first peak and twice its position, which noise does not move to the flank
    of the peak, improved by a parabola as in `first_peak`.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> r = jnp.arange(0.0, 4.0, 0.05)
    >>> g = jnp.where(r < 0.75, 0, 1 + jnp.exp(-r) * jnp.cos(2 * jnp.pi * (r - 1)))
    >>> round(float(first_minimum(r, g)), 2)
    1.48
    """
    peak = first_peak(r, g)
    return _extremum(r, -g, (r > peak) & (r < 2 * peak))


def _extremum(x: Array, y: Array, allowed: Array) -> Array:
    """Maximum of y over the allowed points, by the parabola through it and the points beside it."""
    # Points without a value go last, so that the ones beside the maximum have one.
    order = jnp.argsort(jnp.isnan(y), stable=True)
    x, y, allowed = x[order], y[order], allowed[order]
    best = jnp.argmax(jnp.where(allowed, y, -jnp.inf))
    left, right = jnp.maximum(best - 1, 0), jnp.minimum(best + 1, x.shape[0] - 1)
    a, b = x[best] - x[left], x[right] - x[best]
    rise, fall = y[best] - y[left], y[best] - y[right]
    curvature = a * fall + b * rise
    interior = (a > 0) & (b > 0) & (curvature > 0)  # false, too, beside a point without a value
    step = (b**2 * rise - a**2 * fall) / (2 * jnp.where(interior, curvature, 1))
    return x[best] + jnp.where(interior, step, 0)
