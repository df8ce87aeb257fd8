"""Bond order: how the neighbours of a particle are arranged in direction, whatever their distances.

The sums over neighbours are taken for a block of particles at a time, one neighbour of each after the other: the
memory stays small, in reverse mode too. In three dimensions they are sums of products (x + iy)^m P_k(z), m and k
up to the highest degree, from which the spherical harmonics of all degrees follow once a particle. Above degree
`LOW` that cancels too much, and the harmonics of each neighbour follow from a recurrence (`harmonics.py`).
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, Shaped
from numpy.polynomial.legendre import legder

from tdaglass import arguments
from tdaglass.arguments import Numbers, whole
from tdaglass.structure.blocks import over_blocks
from tdaglass.structure.harmonics import legendre_over_sines
from tdaglass.structure.neighbor_search import Neighbors, one_table

BLOCK = 128  # particles whose running sums stay in the caches of one core
LOW = 16  # up to this degree sums of products are exact to 2e-6 in single precision, at 20 to 1e-5, at 40 to 0.1
HIGHEST = 100  # to which harmonics were compared with scipy's


def bond_order(
    neighbors: Neighbors,
    degrees: int | Sequence[Any] | np.ndarray = range(1, 9),
    average: Literal["invariants", "lechner_dellago"] | None = "invariants",
    *,
    weights: Numbers | None = None,
) -> Float[Array, "particles degrees"]:
    r"""Steinhardt's rotational invariants of the neighbour directions, and their two local averages.

    .. math::
        q_{lm}(i) = \frac{1}{N_i} \sum_{j \in N(i)} Y_{lm}(\hat r_{ij}), \qquad
        q_l(i) = \Big( \frac{4\pi}{2l+1} \sum_m |q_{lm}(i)|^2 \Big)^{1/2}

    (Steinhardt, Nelson, Ronchetti, Phys. Rev. B 28, 784, 1983, section I). In two dimensions the harmonics
    are :math:`e^{il\theta}` and :math:`q_l = |\psi_l|`, the hexatic order for l = 6.

    Parameters
    ----------
    neighbors : Neighbors
        From `cutoff_neighbors` or `sann_neighbors`. Padding does not count.
    degrees : int, or sequence of int, static
        The degrees l from 0 to 100, one column each.
    average : static
        None gives :math:`q_l` itself. ``"invariants"`` averages the invariants over the particle and its
        neighbours, :math:`\bar q_l(i) = [q_l(i) + \sum_{k \in N(i)} q_l(k)] / (N_i + 1)` (Boattini et al.,
        Nat. Commun. 11, 5479, 2020, Methods). ``"lechner_dellago"`` averages :math:`q_{lm}` in the same way
        first and then takes the invariant (J. Chem. Phys. 129, 114707, 2008): a different number,
        and hardly correlated with it.
    weights : (particles, k), optional
        Of neighbours, zero or more, such as areas of faces, `Voronoi.face`: :math:`q_{lm}` is then the mean with
        weights :math:`A(f) / A` of Mickel, Kapfer, Schröder-Turk and Mecke (J. Chem. Phys. 138, 044501,
        2013), which does not jump where a neighbour is lost. The averages over particles stay plain.

    Returns
    -------
    (particles, degrees), dimensionless, between 0 and 1
        NaN for a particle without neighbours, or with one at its own position. Gradients are finite
        everywhere, zero where a value is NaN or exactly zero.

    Raises
    ------
    ValueError
        For an unknown average, an invalid degree, or the neighbours of a batch.

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
    neighbors, degrees = one_table(neighbors), _whole_degrees(degrees)
    if average not in ("invariants", "lechner_dellago", None):
        raise ValueError(
            f"expected average to be 'invariants', 'lechner_dellago' or None, got {average!r}; "
            "try 'invariants' for the average over neighbours of Boattini et al."
        )

    arrays = neighbors.displacement, _weights(neighbors, weights)
    if average == "lechner_dellago":
        components = _over_blocks(_mean_harmonics, arrays, degrees)
        mean = _with_neighbors_mean(components, neighbors)
        of_degree = _nonzero(degrees, neighbors.displacement.shape[-1])[0]
        order = jnp.stack([_safe_norm(mean[:, of_degree == c].T) for c in range(len(degrees))], -1)
    else:
        order = _over_blocks(_invariants, arrays, degrees)
        if average == "invariants":
            order = _with_neighbors_mean(order, neighbors)
    undefined = _undefined(neighbors)
    if average is not None:
        undefined |= jnp.any(neighbors.mask & undefined[neighbors.idx], -1)
    return jnp.where(undefined[:, None], jnp.nan, order)


def _weights(neighbors: Neighbors, weights: Numbers | None) -> Array:
    if weights is None:
        return neighbors.mask
    of_neighbors = arguments.floats(weights, "weights", like=jnp.asarray(neighbors.displacement))
    if of_neighbors.shape != neighbors.mask.shape:
        raise ValueError(
            f"expected weights {neighbors.mask.shape}, got shape {of_neighbors.shape}; try the faces of `voronoi`"
        )
    known = arguments.concrete(of_neighbors)
    if known is not None and not (np.isfinite(known) & (known >= 0)).all():
        raise ValueError(f"expected weights of zero or more, got {known.min():g}; try areas of faces")
    return jnp.where(neighbors.mask, of_neighbors, 0)


def _whole_degrees(degrees: Any) -> tuple[int, ...]:
    given = [degrees] if np.ndim(degrees) == 0 else list(degrees)
    each = tuple(whole(degree, "degree") for degree in given)
    if not each or not 0 <= min(each) <= max(each) <= HIGHEST:
        raise ValueError(
            f"expected degrees of 0 or more, up to {HIGHEST}, got {each}; try degrees=range(1, 9)"
        )
    return each


def _undefined(neighbors: Neighbors) -> Bool[Array, " particles"]:
    """Particles without neighbours, or with a neighbour that lies in no direction."""
    coincident = neighbors.mask & (jnp.sum(neighbors.displacement**2, -1) == 0)
    return ~jnp.any(neighbors.mask, -1) | jnp.any(coincident, -1)


# Compiled once for all tables of a size: an eager loop over blocks would be compiled in each call.
@partial(jax.jit, static_argnames=("function", "degrees"))
def _over_blocks(
    function: Callable[..., Float[Array, "block columns"]],
    arrays: tuple[Array, Array],
    degrees: tuple[int, ...],
) -> Float[Array, "particles columns"]:
    """Apply a function of particles to blocks of them."""
    return over_blocks(lambda *block: function(*block, degrees), arrays, BLOCK)


def _invariants(
    displacement: Float[Array, "block k dim"], mask: Shaped[Array, "block k"], degrees: tuple[int, ...]
) -> Float[Array, "block degrees"]:
    sums = _harmonic_sums(displacement, mask, degrees)
    return jnp.moveaxis(_safe_norm(jnp.moveaxis(sums, 1, 0)), 0, -1) / _total(mask)


def _total(mask: Shaped[Array, "block k"]) -> Array:
    """Of weights; number of neighbours where they have none."""
    total = mask.sum(-1, keepdims=True)
    return jnp.where(total > 0, total, 1)


def _mean_harmonics(
    displacement: Float[Array, "block k dim"], mask: Shaped[Array, "block k"], degrees: tuple[int, ...]
) -> Float[Array, "block components"]:
    """The components that are not zero by symmetry, one degree after the other."""
    sums = _harmonic_sums(displacement, mask, degrees)
    return sums[_nonzero(degrees, displacement.shape[-1])].T / _total(mask)


def _harmonic_sums(
    displacement: Float[Array, "block k dim"], mask: Shaped[Array, "block k"], degrees: tuple[int, ...]
) -> Float[Array, "degrees components block"]:
    r"""Sums over neighbours of the components of each degree, filled up with zeros to the highest.

    The harmonics of :math:`-m` are those of m up to a sign: they are counted by a factor :math:`\sqrt 2`.
    """
    distance_sq = jnp.sum(displacement**2, -1)
    known = (mask > 0) & (distance_sq > 0)
    inverse = jnp.where(known, lax.rsqrt(jnp.where(known, distance_sq, 1)), 0)
    unit = (displacement * inverse[..., None]).transpose(1, 2, 0)  # k, dim, block
    weight = mask.T.astype(displacement.dtype)
    moments = _moments(displacement.shape[-1], degrees)

    def add_neighbor(sums: Array, neighbor: tuple[Array, Array]) -> tuple[Array, None]:
        # Tables are wider than most rows: slots that a whole block leaves empty cost nothing.
        used = jnp.any(neighbor[1] > 0)
        return lax.cond(used, lambda: sums + moments(*neighbor), lambda: sums), None

    start = jnp.zeros_like(moments(unit[0], weight[0]))
    sums = lax.scan(add_neighbor, start, (unit, weight))[0]
    if displacement.shape[-1] == 2:
        return sums[np.array(degrees)]
    if max(degrees) <= LOW:
        table = jnp.asarray(_legendre_derivatives(degrees), sums.dtype)
        sums = jnp.einsum("mlk,mckb->lmcb", table, sums)
    return sums.reshape(len(degrees), -1, sums.shape[-1])


def _moments(dim: int, degrees: tuple[int, ...]) -> Callable[[Array, Array], Array]:
    """What is summed over neighbours: a function of their directions and weights."""
    highest = max(degrees)
    if dim == 2:
        return lambda unit, weight: _circular(unit, weight, highest)
    if highest <= LOW:
        return lambda unit, weight: _spherical(unit, weight, highest)
    # In reverse mode the recurrence of each neighbour is gone through again, not kept.
    return jax.checkpoint(partial(_harmonics, degrees=degrees))


def _circular(
    unit: Float[Array, "2 block"], weight: Float[Array, " block"], highest: int
) -> Float[Array, "powers 2 block"]:
    """Real and imaginary part of weight (x + iy)^l, l from 0 to the highest."""
    x, y = unit[0], unit[1]
    if highest > LOW:
        # So many products in a row take a compiler minutes, in reverse mode.
        def turn(power: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
            a, b = power
            return (a * x - b * y, a * y + b * x), jnp.stack(power)

        return lax.scan(turn, (weight, jnp.zeros_like(weight)), None, highest + 1)[1]
    real, imag = [weight], [jnp.zeros_like(weight)]
    for _ in range(highest):
        a, b = real[-1], imag[-1]
        real.append(a * x - b * y)
        imag.append(a * y + b * x)
    return jnp.stack([jnp.stack(real), jnp.stack(imag)], 1)


def _spherical(
    unit: Float[Array, "3 block"], weight: Float[Array, " block"], highest: int
) -> Float[Array, "powers 2 legendre block"]:
    """Products of weight (x + iy)^m and the Legendre polynomials of z.

    The factor (x + iy)^m carries the azimuth, so that the poles need no care.
    """
    z = unit[2]
    legendre = [jnp.ones_like(z), z]
    for degree in range(2, highest + 1):
        legendre.append(((2 * degree - 1) * z * legendre[-1] - (degree - 1) * legendre[-2]) / degree)
    return _circular(unit[:2], weight, highest)[:, :, None] * jnp.stack(legendre[: highest + 1])


def _harmonics(
    unit: Float[Array, "3 block"], weight: Float[Array, " block"], degrees: tuple[int, ...]
) -> Float[Array, "degrees orders 2 block"]:
    """The components of each degree themselves."""
    azimuth = _circular(unit[:2], weight, max(degrees))
    return azimuth * legendre_over_sines(unit[2], degrees)[:, :, None]


@cache
def _legendre_derivatives(degrees: tuple[int, ...]) -> np.ndarray:
    r"""Table [m, l, k] of :math:`\sqrt{4\pi/(2l+1)} |Y_{lm}| / \sin^m\theta` in Legendre polynomials of z.

    It is the m-th derivative of the polynomial of degree l times :math:`\sqrt{(l-m)!/(l+m)!}`, and times
    :math:`\sqrt 2` for m > 0. All its terms are positive: nothing cancels at the poles, where it is largest.
    """
    highest = max(degrees)
    table = np.zeros((highest + 1, len(degrees), highest + 1))
    for column, degree in enumerate(degrees):
        for m in range(degree + 1):
            norm = math.sqrt((2 if m else 1) * math.factorial(degree - m) / math.factorial(degree + m))
            derivative = norm * legder(np.eye(degree + 1)[degree], m)
            table[m, column, : len(derivative)] = derivative
    return table


def _nonzero(degrees: tuple[int, ...], dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (degree, component) of the components that are not zero by symmetry, in order of the degrees."""
    if dim == 2:
        exists = np.ones((len(degrees), 2), bool)
    else:
        m = np.repeat(np.arange(max(degrees) + 1), 2)
        imaginary = np.tile([False, True], max(degrees) + 1)
        exists = (m <= np.array(degrees)[:, None]) & ~((m == 0) & imaginary)
    column, component = np.nonzero(exists)
    return column, component


def _with_neighbors_mean(
    values: Float[Array, "particles columns"], neighbors: Neighbors
) -> Float[Array, "particles columns"]:
    """Mean over each particle and its neighbours, one slot of the neighbour table after the other."""
    return _mean_over_slots(values, neighbors.idx, neighbors.mask)


@jax.jit  # else every call would be compiled, and what is compiled is kept
def _mean_over_slots(values: Array, idx: Array, mask: Array) -> Array:
    def add_slot(total: Array, slot: tuple[Int[Array, " n"], Bool[Array, " n"]]) -> tuple[Array, None]:
        idx, used = slot
        return total + jnp.where(used[:, None], values[idx], 0), None

    total, _ = lax.scan(add_slot, values, (idx.T, mask.T))
    return total / (1 + mask.sum(-1, keepdims=True))


def _safe_norm(components: Float[Array, "components *rest"]) -> Float[Array, "*rest"]:
    """Euclidean norm over the first axis with gradient zero, not NaN, at zero (and where squares vanish)."""
    square = jnp.sum(components**2, 0)
    positive = square > jnp.finfo(square.dtype).tiny
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1)), 0)
