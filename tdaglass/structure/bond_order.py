"""Bond order: how the neighbours of a particle are arranged in direction, whatever their distances.

The sums over neighbours of real, Racah-normalised spherical harmonics are taken for blocks of particles at a
time, so that the memory does not grow with the number of particles times the number of harmonics.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from tdaglass.structure.tables import Neighbors

# Particles a block: its 45 running harmonics of 20 neighbours stay in the second-level cache of one core.
BLOCK = 256

Average = Literal["invariants", "lechner_dellago"] | None


def bond_order(
    neighbors: Neighbors,
    degrees: Sequence[int] = range(1, 9),
    average: Average = "invariants",
) -> Float[Array, "particles degrees"]:
    r"""Steinhardt's rotational invariants of the neighbour directions, and their two local averages.

    .. math::
        q_{lm}(i) = \frac{1}{N_i} \sum_{j \in N(i)} Y_{lm}(\hat r_{ij}), \qquad
        q_l(i) = \Big( \frac{4\pi}{2l+1} \sum_m |q_{lm}(i)|^2 \Big)^{1/2}

    (Steinhardt, Nelson, Ronchetti, Phys. Rev. B 28, 784, 1983, eqs. 1.3-1.4). In two dimensions the harmonics
    are :math:`e^{il\theta}` and :math:`q_l = |\psi_l|`, the hexatic order for l = 6.

    Parameters
    ----------
    neighbors : Neighbors
        From `cutoff_neighbors` or `sann_neighbors`. Padding does not count.
    degrees : sequence of int, static
        The degrees l >= 0, one column each.
    average : static
        None gives :math:`q_l` itself. ``"invariants"`` averages the invariants over the particle and its
        neighbours, :math:`\bar q_l(i) = [q_l(i) + \sum_{k \in N(i)} q_l(k)] / (N_i + 1)` (Boattini et al.,
        Nat. Commun. 11, 5479, 2020, eq. 3). ``"lechner_dellago"`` averages :math:`q_{lm}` in the same way
        first and then takes the invariant (J. Chem. Phys. 129, 114707, 2008, eqs. 5-6): a different,
        hardly correlated number.

    Returns
    -------
    (particles, degrees), dimensionless, between 0 and 1
        NaN for a particle without neighbours, or with one at its own position. Gradients are finite
        everywhere, zero where a value is NaN or exactly zero.

    Raises
    ------
    ValueError
        For an unknown average or an invalid degree.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import bond_order, cutoff_neighbors
    >>> axes = jnp.arange(4.0)
    >>> simple_cubic = jnp.stack(jnp.meshgrid(axes, axes, axes), -1).reshape(-1, 3)
    >>> neighbors = cutoff_neighbors(simple_cubic, jnp.full(3, 4.0), 1.2)
    >>> [round(float(q), 4) for q in bond_order(neighbors, (4, 6), average=None)[0]]
    [0.7638, 0.3536]
    """
    degrees = tuple(int(degree) for degree in degrees)
    if not degrees or min(degrees) < 0:
        raise ValueError(f"expected degrees of 0 or more, got {degrees}; try degrees=range(1, 9)")
    if average not in ("invariants", "lechner_dellago", None):
        raise ValueError(
            f"expected average to be 'invariants', 'lechner_dellago' or None, got {average!r}; "
            "try 'invariants' for the average over neighbours of Boattini et al."
        )

    if average == "lechner_dellago":
        components = _over_blocks(lambda block: _mean_harmonics(*block, degrees), _arrays(neighbors))
        mean = _with_neighbors_mean(components, neighbors)
        ends = [0]
        for degree in degrees:
            ends.append(ends[-1] + _multiplicity(degree, neighbors.displacement.shape[-1]))
        per_degree = [mean[:, a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
        order = jnp.stack([_safe_norm(q.T) for q in per_degree], -1)
    else:
        order = _over_blocks(lambda block: _invariants(*block, degrees), _arrays(neighbors))
        if average == "invariants":
            order = _with_neighbors_mean(order, neighbors)
    undefined = _undefined(neighbors)
    if average is not None:
        undefined |= jnp.any(neighbors.mask & undefined[neighbors.idx], -1)
    return jnp.where(undefined[:, None], jnp.nan, order)


def _undefined(neighbors: Neighbors) -> Bool[Array, " particles"]:
    """Particles without neighbours, or with a neighbour that lies in no direction."""
    coincident = neighbors.mask & (jnp.sum(neighbors.displacement**2, -1) == 0)
    return ~jnp.any(neighbors.mask, -1) | jnp.any(coincident, -1)


def _arrays(neighbors: Neighbors) -> tuple[Array, Array]:
    return neighbors.displacement, neighbors.mask


def _over_blocks(
    per_block: Callable[[tuple[Array, Array]], Float[Array, "block columns"]], arrays: tuple[Array, Array]
) -> Float[Array, "particles columns"]:
    """Apply a function of particles to blocks of them; in reverse mode only its inputs are kept."""
    n = arrays[0].shape[0]
    if n <= BLOCK:
        return per_block(arrays)
    n_blocks = -(-n // BLOCK)

    def split(x: Array) -> Array:
        padded = jnp.pad(x, [(0, n_blocks * BLOCK - n)] + [(0, 0)] * (x.ndim - 1))
        return padded.reshape(n_blocks, BLOCK, *x.shape[1:])

    out = lax.map(jax.checkpoint(per_block), jax.tree.map(split, arrays))
    return out.reshape(n_blocks * BLOCK, -1)[:n]


def _invariants(
    displacement: Float[Array, "block k dim"], mask: Bool[Array, "block k"], degrees: tuple[int, ...]
) -> Float[Array, "block degrees"]:
    harmonics = _harmonic_sums(displacement, mask, degrees)
    count = jnp.maximum(mask.sum(-1), 1)
    return jnp.stack([_safe_norm(jnp.stack(harmonics[degree])) / count for degree in degrees], -1)


def _mean_harmonics(
    displacement: Float[Array, "block k dim"], mask: Bool[Array, "block k"], degrees: tuple[int, ...]
) -> Float[Array, "block components"]:
    harmonics = _harmonic_sums(displacement, mask, degrees)
    count = jnp.maximum(mask.sum(-1), 1)
    return jnp.stack([component / count for degree in degrees for component in harmonics[degree]], -1)


def _harmonic_sums(
    displacement: Float[Array, "block k dim"], mask: Bool[Array, "block k"], degrees: tuple[int, ...]
) -> dict[int, list[Array]]:
    r"""Sums over neighbours of the real components :math:`\sqrt{4\pi/(2l+1)} Y_{lm}`, each of shape (block,).

    The components of -m are those of m up to a sign: they are counted by a factor :math:`\sqrt 2` instead.
    """
    along = [x.T for x in jnp.moveaxis(displacement, -1, 0)]  # neighbours first: sums run over whole vectors
    weight = mask.T.astype(displacement.dtype)
    distance_sq = sum(x * x for x in along)
    known = mask.T & (distance_sq > 0)
    inverse = jnp.where(known, lax.rsqrt(jnp.where(known, distance_sq, 1)), 0)
    unit = [x * inverse for x in along]
    if len(unit) == 2:
        return _circular_sums(unit[0], unit[1], weight, degrees)
    return _spherical_sums(unit[0], unit[1], unit[2], weight, degrees)


def _circular_sums(x: Array, y: Array, weight: Array, degrees: tuple[int, ...]) -> dict[int, list[Array]]:
    sums = {}
    real, imag = weight, jnp.zeros_like(weight)
    for degree in range(max(degrees) + 1):
        if degree in degrees:
            sums[degree] = [real.sum(0), imag.sum(0)]
        real, imag = real * x - imag * y, real * y + imag * x
    return sums


def _spherical_sums(
    x: Array, y: Array, z: Array, weight: Array, degrees: tuple[int, ...]
) -> dict[int, list[Array]]:
    """Recursion in l at fixed m; (x + iy)^m carries the azimuth, so that the poles need no care."""
    sums: dict[int, list[Array]] = {degree: [] for degree in degrees}
    real, imag = weight, jnp.zeros_like(weight)
    sectoral = 1.0  # sqrt((2m-1)!! / (2m)!!), the value at l = m
    for m in range(max(degrees) + 1):
        if m > 0:
            real, imag = real * x - imag * y, real * y + imag * x
            sectoral *= math.sqrt((2 * m - 1) / (2 * m))
        below, legendre = jnp.zeros_like(z), jnp.full_like(z, sectoral if m == 0 else math.sqrt(2) * sectoral)
        for degree in range(m, max(degrees) + 1):
            if degree > m:
                norm = math.sqrt((degree - m) * (degree + m))
                up = (2 * degree - 1) / norm
                down = math.sqrt((degree + m - 1) * (degree - m - 1)) / norm
                below, legendre = legendre, up * z * legendre - down * below
            if degree in sums:
                sums[degree].append(jnp.sum(real * legendre, 0))
                if m > 0:
                    sums[degree].append(jnp.sum(imag * legendre, 0))
    return sums


def _multiplicity(degree: int, dim: int) -> int:
    """Number of real components of one degree."""
    return 2 if dim == 2 else 2 * degree + 1


def _with_neighbors_mean(
    values: Float[Array, "particles columns"], neighbors: Neighbors
) -> Float[Array, "particles columns"]:
    """Mean over each particle and its neighbours, one slot of the neighbour table after the other."""

    def add_slot(total: Array, slot: tuple[Int[Array, " n"], Bool[Array, " n"]]) -> tuple[Array, None]:
        idx, used = slot
        return total + jnp.where(used[:, None], values[idx], 0), None

    total, _ = lax.scan(add_slot, values, (neighbors.idx.T, neighbors.mask.T))
    return total / (1 + neighbors.mask.sum(-1, keepdims=True))


def _safe_norm(components: Float[Array, "components block"]) -> Float[Array, " block"]:
    """Euclidean norm over the first axis with gradient zero, not NaN, at zero (or where squares underflow)."""
    square = jnp.sum(components**2, 0)
    positive = square > jnp.finfo(square.dtype).tiny
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1)), 0)
