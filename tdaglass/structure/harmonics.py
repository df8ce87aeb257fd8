r"""Spherical harmonics of high degree, by a recurrence that is stable in single precision.

Normalised as :math:`S_{lm} = \sqrt{4\pi/(2l+1)} |Y_{lm}|`, associated Legendre functions stay below one, and at fixed
order m they follow from degree to degree without cancellation,

.. math:: \sqrt{l^2 - m^2}\, S_{lm} = (2l - 1)\, z\, S_{l-1,m} - \sqrt{(l-1)^2 - m^2}\, S_{l-2,m}

(Holmes and Featherstone, J. Geodesy 76, 279, 2002, eq. 11, and GSL). The factor :math:`\sin^m\theta` is left out: it
comes with the azimuth as :math:`(x + iy)^m`, so that the poles need no care.
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


def legendre_over_sines(
    z: Float[Array, " block"], degrees: tuple[int, ...]
) -> Float[Array, "degrees orders block"]:
    r""":math:`S_{lm} / \sin^m\theta`, times :math:`\sqrt 2` for m > 0, for each degree and m up to the highest.

    Examples
    --------
    >>> legendre_over_sines(jnp.array([0.5]), (2,))[0, :, 0].round(4).tolist()
    [-0.125, 0.866, 0.866]
    """
    highest = max(degrees)
    order = np.arange(highest + 1)
    # Of m = 0, 1, ...: those of degree m are constants.
    start = [1.0]
    for m in range(1, highest + 1):
        start.append(start[-1] * math.sqrt((2 * m - 1) / (2 * m)) * (math.sqrt(2) if m == 1 else 1))
    before, now = jnp.zeros((highest + 1, len(z)), z.dtype), _constant(start, order == 0, z)
    rows = {0: now}
    for degree in range(1, highest + 1):
        known = order < degree
        root = np.sqrt(np.where(known, degree**2 - order**2, 1))
        a = np.where(known, (2 * degree - 1) / root, 0)
        b = np.where(known, np.sqrt(np.maximum((degree - 1) ** 2 - order**2, 0)) / root, 0)
        following = jnp.asarray(a, z.dtype)[:, None] * z * now - jnp.asarray(b, z.dtype)[:, None] * before
        before, now = now, following + _constant(start, order == degree, z)
        rows[degree] = now
    return jnp.stack([rows[degree] for degree in degrees])


def _constant(start: list[float], where: np.ndarray, z: Array) -> Float[Array, "orders block"]:
    return jnp.broadcast_to(jnp.asarray(np.where(where, start, 0), z.dtype)[:, None], (len(start), len(z)))
