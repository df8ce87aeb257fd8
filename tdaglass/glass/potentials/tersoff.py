r"""Tersoff's form of the bond order, term by term.

.. math::
    U = \sum_i U_i, \quad U_i = \frac12\sum_{j \neq i} f_C(r_{ij}) [f_R(r_{ij}) + b_{ij} f_A(r_{ij})], \quad
    b_{ij} = (1 + \beta^n \zeta_{ij}^n)^{-1/2n}, \\
    \zeta_{ij} = \sum_{k \neq i, j} f_C(r_{ik})\, g(\cos\theta_{ijk})\, e^{[\lambda_3 (r_{ij} - r_{ik})]^m}

J. Tersoff, Phys. Rev. B 37, 6991 (1988); 39, 5566 (1989); the letters are those of LAMMPS's files. Terms are
functions of arrays and of the numbers of an entry, of one shape; slopes follow by `with_slope`.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Numbers = Float[Array, "..."]
# Of an entry: a plain number, or one for each of some triples.
Entries = float | Float[Array, "..."]

# Beyond this LAMMPS cuts the exponent of a bond that is much longer than another.
LARGEST_EXPONENT = 69.0776


class TersoffEntry(NamedTuple):
    """What is known of an atom i, bonded to j, beside k: a line of a file, in its order.

    Attributes
    ----------
    m : 1 or 3
        Power of lambda_3 (r_ij - r_ik).
    gamma, lambda_3, c, d, cos_theta_0
        Of the angle at i, and of the difference of lengths, 1 / length.
    n, beta, lambda_2, attraction
        Of the bond order and of the attraction B exp(-lambda_2 r) of i and j; read where k is of j's species.
    middle, half_width
        R and D, length: the cut-off function of i and k falls from R - D to R + D.
    lambda_1, repulsion
        Of A exp(-lambda_1 r), as lambda_2 and B.
    """

    m: Entries
    gamma: Entries
    lambda_3: Entries
    c: Entries
    d: Entries
    cos_theta_0: Entries
    n: Entries
    beta: Entries
    lambda_2: Entries
    attraction: Entries
    middle: Entries
    half_width: Entries
    lambda_1: Entries
    repulsion: Entries


def cutoff_function(r: Numbers, entry: TersoffEntry) -> Numbers:
    """f_C, one up to R - D and zero from R + D on: (1 - sin(pi/2 (r - R) / D)) / 2, without its cancellation."""
    inside = jnp.clip((entry.middle + entry.half_width - r) / entry.half_width, 0, 2)
    return jnp.square(jnp.sin(np.pi / 4 * inside))


def repulsion(r: Numbers, entry: TersoffEntry) -> Numbers:
    """f_R."""
    return entry.repulsion * jnp.exp(-entry.lambda_1 * r)


def attraction(r: Numbers, entry: TersoffEntry) -> Numbers:
    """f_A, negative."""
    return -entry.attraction * jnp.exp(-entry.lambda_2 * r)


def angular(cosine: Numbers, entry: TersoffEntry) -> Numbers:
    r"""g, as :math:`\gamma (1 + c^2 x^2 / [d^2 (d^2 + x^2)])` with x the distance from cos theta_0.

    Equal to the usual 1 + c^2/d^2 - c^2/(d^2 + x^2), of which single precision leaves nothing where c is large.
    """
    x_sq = jnp.square(cosine - entry.cos_theta_0)
    d_sq = entry.d * entry.d
    return entry.gamma * (1 + (entry.c * entry.c / d_sq) * (x_sq / (d_sq + x_sq)))


def of_difference(longer: Numbers, entry: TersoffEntry) -> Numbers:
    """Exp of [lambda_3 (r_ij - r_ik)]^m."""
    x = entry.lambda_3 * longer
    power = jnp.where(entry.m == 3, x * x * x, x)
    return jnp.exp(jnp.clip(power, -LARGEST_EXPONENT, LARGEST_EXPONENT))


def bond_order(zeta: Numbers, entry: TersoffEntry) -> Numbers:
    """b, one where zeta is none: its slope there, infinite for n < 1, meets that of a cut-off function, zero."""
    some = entry.beta * zeta > jnp.finfo(zeta.dtype).tiny
    strength = jnp.where(some, entry.beta * zeta, 1)
    return jnp.where(some, jnp.exp(-jax.nn.softplus(entry.n * jnp.log(strength)) / (2 * entry.n)), 1)


def with_slope(
    term: Callable[[Numbers, TersoffEntry], Numbers], x: Numbers, entry: TersoffEntry
) -> tuple[Numbers, Numbers]:
    """A term and its derivative, number by number."""
    return jax.jvp(lambda x: term(x, entry), (x,), (jnp.ones_like(x),))
