"""Cubic splines of tabulated functions, drawn as LAMMPS draws them through the tables of embedded atoms.

A table gives values at equally spaced points, from zero on. Each interval has its cubic, whose slopes at the
points are differences of the values: the function and its derivative are continuous, and a value in the table
changes nothing further than three points away. The last interval is what comes beyond the table, so that no
distance is a special case.
"""

from typing import Literal

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

LEAST_POINTS = 5


def cubics(
    values: Float[np.ndarray, "*tables points"], beyond: Literal["constant", "tangent"]
) -> Float[np.ndarray, "*tables points 4"]:
    r"""Coefficients of the cubic of every interval, highest power first; interval k begins at point k.

    In units of the spacing the slope at a point is :math:`(f_{k-2} - 8 f_{k-1} + 8 f_{k+1} - f_{k+2}) / 12`, at
    the second and the last but one :math:`(f_{k+1} - f_{k-1}) / 2`, at the ends the difference of two values: the
    rule of LAMMPS's ``pair_style eam``.

    Parameters
    ----------
    values : (..., points), at least `LEAST_POINTS`
    beyond : "constant" or "tangent"
        How the function goes on after the last point.

    Returns
    -------
    (..., points, 4), float64
    """
    f = np.asarray(values, np.float64)
    slope = np.empty_like(f)
    slope[..., 2:-2] = (f[..., :-4] - f[..., 4:] + 8 * (f[..., 3:-1] - f[..., 1:-3])) / 12
    slope[..., [1, -2]] = (f[..., [2, -1]] - f[..., [0, -3]]) / 2
    slope[..., [0, -1]] = f[..., [1, -1]] - f[..., [0, -2]]
    rise, first, last = np.diff(f), slope[..., :-1], slope[..., 1:]
    made = np.zeros((*f.shape, 4))
    made[..., :-1, 0] = first + last - 2 * rise
    made[..., :-1, 1] = 3 * rise - 2 * first - last
    made[..., 2] = slope
    made[..., 3] = f
    if beyond == "constant":
        made[..., -1, 2] = 0
    return made


def slopes(
    cubic: Float[np.ndarray, "*tables points 4"], spacing: float
) -> Float[np.ndarray, "*tables points 3"]:
    """Coefficients of the derivatives of cubics, highest power first."""
    return cubic[..., :3] * np.array([3.0, 2.0, 1.0]) / spacing


def interval(x: Float[Array, "*shape"], points: int) -> tuple[Int[Array, "*shape"], Float[Array, "*shape"]]:
    """The interval in which arguments lie, in units of the spacing, and how far they are beyond its beginning."""
    m = jnp.clip(x, 0, points - 1).astype(jnp.int32)
    return m, x - m.astype(x.dtype)


def polynomial(
    coefficients: Float[Array, "*shape powers"], p: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Sum of the powers of p with these coefficients, highest first."""
    value = coefficients[..., 0]
    for k in range(1, coefficients.shape[-1]):
        value = value * p + coefficients[..., k]
    return value
