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
