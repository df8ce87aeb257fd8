"""Radial distribution function: pair correlations in real space."""

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, cell, concrete, labels, points, positive, whole
from tdaglass.arguments import species_count as number_of_species
from tdaglass.space import fractions, in_shortest_vectors, lattice_vectors, volume, widths

MOST_IMAGES = 4096
# Pairs that whole numbers of 32 bits can count.
MOST_COUNTED = 2**31
ROUNDING = 2e-6  # of the widths of a cell that is not orthorhombic


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
    positions: Numbers,
    box: Numbers | None,
    cutoff: float | int,
    bins: int = 100,
    *,
    species: Numbers | None = None,
    species_count: int | None = None,
) -> RadialDistribution:
    r"""Radial distribution function, in total or for each pair of species.

    .. math:: g_{ab}(r) = \frac{V}{N_a (N_b - \delta_{ab})\, V_\mathrm{shell}(r)}
              \sum_{i \in a} \sum_{j \in b, j \ne i} [r_{ij} \in \mathrm{shell}(r)]

    (Hansen and McDonald, Theory of Simple Liquids, section 2.5; the N - 1 makes it 1 for an ideal gas of any
    size). Where the cut-off is more than half the least width of the cell, images within it are counted like other
    particles: :math:`N_b` then stands in place of :math:`N_b - \delta_{ab}`, as in a crystal without end.

    Parameters
    ----------
    positions : (particles, dim), length units
    box : number, (dim,) or (dim, dim), length units
        Edges or lattice vectors of the periodic cell. Open axes have no density to compare with.
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
        NaN for a pair of species without pairs, and inside jit where a traced box is less than twice as wide as
        the cut-off.

    Raises
    ------
    ValueError
        For a missing species count, a cut-off or bins that are not positive, open space, too many images; where
        values are known, for positions that are not finite, and species beyond the count.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import radial_distribution
    >>> ideal_gas = jax.random.uniform(jax.random.key(0), (500, 3)) * 10
    >>> radial_distribution(ideal_gas, jnp.full(3, 10.0), 4.0, bins=2).g.round(1).tolist()
    [1.0, 1.0]
    """
    x = points(positions)
    lattice = _periodic(box, x)
    cutoff, bins = positive(cutoff, "cutoff"), whole(bins, "bins", least=1)
    codes = None if species is None else labels(species, len(x), species_count)
    kinds = number_of_species(codes, species_count)
    shifts = _images(lattice, cutoff)
    counts, members = _count_pairs(x, lattice, shifts, cutoff, bins, codes, kinds)
    dtype, dim = x.dtype, x.shape[1]
    edges = np.linspace(0, cutoff, bins + 1)
    shells = jnp.asarray(np.diff(math.pi * edges**2 if dim == 2 else 4 / 3 * math.pi * edges**3), dtype)
    alike = jnp.eye(kinds, dtype=dtype) if len(shifts) == 1 else jnp.zeros((kinds, kinds), dtype)
    pairs = members[:, None] * (members[None, :] - alike)
    g = counts / (pairs[..., None] / volume(lattice) * shells)
    if concrete(lattice) is None:
        g = jnp.where(_wide_enough(lattice, cutoff), g, jnp.nan)
    middle = jnp.asarray((edges[1:] + edges[:-1]) / 2, dtype)
    return RadialDistribution(middle, g[0, 0] if species is None else g)


def _periodic(box: Numbers | None, positions: Array) -> Array:
    try:
        lattice = cell(box, positions, open_axes=False)
    except ValueError as refused:
        if "periodic along all axes" not in str(refused):
            raise
        raise ValueError(
            "expected a periodic cell, whose density g(r) is compared with, got open space along an axis; "
            "try cutoff_neighbors for distances, or a box that particles fill"
        ) from None
    assert lattice is not None
    return in_shortest_vectors(lattice)


def _wide_enough(box: Any, cutoff: float) -> Any:
    return widths(box).min() * (1 if box.ndim == 1 else 1 + ROUNDING) >= 2 * cutoff


def _images(box: Array, cutoff: float) -> np.ndarray:
    """Whole lattice vectors by which a wrapped separation may have to be moved to be within the cut-off."""
    values = concrete(box)
    if values is None or _wide_enough(values, cutoff):
        return np.zeros((1, len(box)), int)
    most = np.floor(cutoff / widths(values.astype(np.float64)) * (1 + ROUNDING) + 0.5).astype(int)
    if math.prod(2 * int(m) + 1 for m in most) > MOST_IMAGES:
        raise ValueError(
            f"expected a cutoff with at most {MOST_IMAGES} images of the cell in it, got {cutoff:g} in a cell "
            f"{widths(values).min():g} wide; try a shorter one"
        )
    shifts = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), -1)
    return shifts.reshape(-1, len(most))


@partial(jax.jit, static_argnames=("cutoff", "bins", "kinds"))
def _count_pairs(
    positions: Array,
    box: Array,
    shifts: Array | np.ndarray,
    cutoff: float,
    bins: int,
    species: Array | None,
    kinds: int,
) -> tuple[Float[Array, "species species bins"], Float[Array, " species"]]:
    """Ordered pairs in every bin, and particles of every species.

    Particle i meets i + 1, ..., i + n/2 (cyclically): each pair once, and O(n) memory.
    """
    n, dtype = positions.shape[0], positions.dtype
    species = jnp.zeros(n, jnp.int32) if species is None else species
    place = positions if box.ndim == 1 else fractions(positions, box)
    twice = jnp.concatenate([place, place]).T  # dim, 2n
    species_twice = jnp.concatenate([species, species])
    per_length = bins / cutoff
    first = jnp.arange(n)
    slots = kinds * kinds * bins
    vectors = lattice_vectors(jnp.asarray(shifts), box)
    many = n * n * len(shifts) >= MOST_COUNTED

    def separation(other: Array) -> list[Array]:
        if box.ndim == 2:
            apart = [a - b - jnp.round(a - b) for a, b in zip(other, place.T, strict=True)]
            return [sum(x * row for x, row in zip(apart, column, strict=True)) for column in box.T]
        return [
            a - b - edge * jnp.round((a - b) / edge) for a, b, edge in zip(other, place.T, box, strict=True)
        ]

    def count(along: list[Array], pair: Array, counted: Array | bool) -> Array:
        distance = jnp.sqrt(sum(x * x for x in along))
        shell = (distance * per_length).astype(jnp.int32)
        counted &= (distance < cutoff) & (shell < bins)
        return jnp.where(counted, pair * bins + shell, slots)

    def count_one_shift(shift: Array, counts: Array) -> Array:
        other = lax.dynamic_slice_in_dim(twice, shift, n, 1)
        pair = species * kinds + lax.dynamic_slice_in_dim(species_twice, shift, n)
        # Halfway round an even number of particles the same pair is met from both ends.
        once = (2 * shift < n) | (first < n // 2)
        nearest = separation(other)
        if len(shifts) == 1:
            return _add(counts, count(nearest, pair, once), many)

        def add_image(image: Array, counts: Array) -> Array:
            along = [x + vectors[image, axis] for axis, x in enumerate(nearest)]
            return _add(counts, count(along, pair, once), many)

        return lax.fori_loop(0, len(shifts), add_image, counts)

    start = jnp.zeros((2, slots) if many else slots, jnp.uint32 if many else jnp.int32)
    found = lax.fori_loop(1, n // 2 + 1, count_one_shift, start)
    if many:
        found = found[0].astype(dtype) + 2.0**32 * found[1].astype(dtype)
    found = found.reshape(kinds, kinds, bins)
    members = jnp.sum(species == jnp.arange(kinds)[:, None], 1).astype(dtype)
    counts = (found + found.transpose(1, 0, 2)).astype(dtype)
    if len(shifts) > 1:
        # And every particle with its own images.
        own = jnp.any(jnp.asarray(shifts) != 0, axis=1)
        shell = count(list(vectors.T), jnp.zeros(len(shifts), jnp.int32), own)
        images = jnp.zeros(bins, dtype).at[shell].add(1, mode="drop")
        counts += jnp.eye(kinds, dtype=dtype)[..., None] * members[:, None, None] * images
    return counts, members


def _add(counts: Array, slot: Array, many: bool) -> Array:
    if not many:
        return counts.at[slot].add(1, mode="drop")
    # Two numbers of 32 bits, the second for what the first has carried over.
    low = counts[0] + jnp.zeros_like(counts[0]).at[slot].add(1, mode="drop")
    return jnp.stack([low, counts[1] + (low < counts[0])])
