r"""Spherical harmonics of high degree, by a recurrence that is stable in single precision.

Normalised as :math:`S_{lm} = \sqrt{4\pi/(2l+1)} |Y_{lm}|`, associated Legendre functions stay below one, and at
fixed order m they follow from degree to degree without cancellation,

.. math:: \sqrt{l^2 - m^2}\, S_{lm} = (2l - 1)\, z\, S_{l-1,m} - \sqrt{(l-1)^2 - m^2}\, S_{l-2,m}

(Holmes and Featherstone, J. Geodesy 76, 279, 2002, eq. 11, and GSL). The factor :math:`\sin^m\theta` is left out:
it comes with the azimuth as :math:`(x + iy)^m`, so that the poles need no care.
"""

from functools import cache

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float


def legendre_over_sines(
    z: Float[Array, " block"], degrees: tuple[int, ...]
) -> Float[Array, "degrees orders block"]:
    r""":math:`S_{lm} / \sin^m\theta`, times :math:`\sqrt 2` for m > 0, for each degree and m up to the highest.

    Examples
    --------
    >>> [round(float(x), 4) for x in legendre_over_sines(jnp.array([0.5]), (2,))[0, :, 0]]
    [-0.125, 0.866, 0.866]
    """
    highest = max(degrees)
    a, b, start = (jnp.asarray(table, z.dtype)[..., None] for table in _recurrence(highest))

    def next_degree(below: tuple[Array, Array], step: tuple[Array, ...]) -> tuple[tuple[Array, Array], Array]:
        before, now = below
        a, b, start = step
        following = a * z * now - b * before + start
        return (now, following), following

    zero = jnp.zeros((highest + 1, len(z)), z.dtype)
    _, every = lax.scan(next_degree, (zero, zero), (a, b, start))
    return every[np.array(degrees)]


def solid_harmonics(
    displacement: Float[Array, "particles k 3"], highest: int
) -> list[Float[Array, "components particles k"]]:
    r"""Real harmonics :math:`r^l S_{lm}` of each degree to the highest: 2l + 1, whose squares add up to r^2l.

    Polynomials in x, y and z: there is no pole, and nothing special about a displacement of zero.

    Examples
    --------
    >>> one, linear, quadratic = solid_harmonics(jnp.array([[[0.0, 3.0, 4.0], [0.0, 0.0, 0.0]]]), 2)
    >>> (quadratic**2).sum(0).round(2).tolist()
    [[625.0, 0.0]]
    """
    x, y, z = jnp.moveaxis(displacement, -1, 0)
    distance_sq = x * x + y * y + z * z
    real, imag = [jnp.ones_like(x)], [jnp.zeros_like(x)]
    for _ in range(highest):
        a, b = real[-1], imag[-1]
        real.append(a * x - b * y)
        imag.append(a * y + b * x)
    azimuth = jnp.stack([jnp.stack(real), jnp.stack(imag)], 1)
    nothing = jnp.zeros((1, *x.shape), x.dtype)
    before, now = nothing[:0], nothing[:0]
    every = []
    for degree, factors in enumerate(zip(*_recurrence(highest), strict=True)):
        a, b, start = (jnp.asarray(f[: degree + 1], x.dtype).reshape(-1, *[1] * x.ndim) for f in factors)
        # Of the order that begins with this degree there is nothing below.
        before, now = (jnp.concatenate([rows, nothing]) for rows in (before, now))
        following = a * z * now - b * distance_sq * before + start
        components = (following[:, None] * azimuth[: degree + 1]).reshape(-1, *x.shape)
        every.append(
            jnp.concatenate([components[:1], components[2:]])
        )  # the imaginary part of order zero is none
        before, now = now, following
    return every


@cache
def _recurrence(highest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors of one and two degrees below, and what each order starts with, for each degree and order."""
    degree, order = np.indices((highest + 1, highest + 1))
    above = order < degree
    root = np.sqrt(np.where(above, degree**2 - order**2, 1))
    a = np.where(above, (2 * degree - 1) / root, 0)
    b = np.where(above, np.sqrt(np.maximum((degree - 1) ** 2 - order**2, 0)) / root, 0)
    m = np.arange(1, highest + 1)
    first = np.sqrt(np.where(m == 1, 2, 1) * (2 * m - 1) / (2 * m))
    return a, b, np.diag(np.cumprod(np.append(1.0, first)))
