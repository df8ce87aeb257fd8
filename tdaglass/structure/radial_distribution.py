"""Radial distribution function: pair correlations in real space."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from tdaglass.structure.checks import check_input, concrete, count_species


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
