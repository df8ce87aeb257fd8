"""Where the first extrema of curves lie, such as the peak of S(q) and the minimum of g(r)."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, concrete, floats


def first_peak(x: Numbers, y: Numbers) -> Float[Array, ""]:
    """Position of the first peak of S(q) or g(r), which in a simple liquid is the highest.

    The highest point, improved by the parabola through it and its two neighbours; points that are NaN (empty
    shells) are passed over, and a highest point at either end is returned as it is.

    Parameters
    ----------
    x : (points,), ascending
    y : (points,)

    Returns
    -------
    In units of x; NaN inside jit where no point has a value.

    Raises
    ------
    ValueError
        For arrays that do not fit together; where values are known, for points that do not ascend or have no
        value.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> q = jnp.arange(5.0, 9.0, 0.5)
    >>> round(float(first_peak(q, 3 - (q - 7.1) ** 2)), 3)
    7.1
    """
    x, y = _curve(x, y)
    return _extremum(x, y, ~jnp.isnan(y))


def first_minimum(r: Numbers, g: Numbers) -> Float[Array, ""]:
    """Position of the minimum of g(r) between its first two peaks: the usual cut-off for neighbours.

    The lowest point between the first peak and twice its position, which noise does not move to the flank
    of the peak, improved by a parabola as in `first_peak`.

    Parameters
    ----------
    r : (points,), length units, ascending
    g : (points,)

    Returns
    -------
    Length units; NaN inside jit where no point lies in that range.

    Raises
    ------
    ValueError
        As for `first_peak`, and where g(r) ends at its first peak.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> r = jnp.arange(0.0, 4.0, 0.05)
    >>> g = jnp.where(r < 0.75, 0, 1 + jnp.exp(-r) * jnp.cos(2 * jnp.pi * (r - 1)))
    >>> round(float(first_minimum(r, g)), 2)
    1.48
    """
    r, g = _curve(r, g)
    peak = _extremum(r, g, ~jnp.isnan(g))
    between = (r > peak) & (r < 2 * peak) & ~jnp.isnan(g)
    known = concrete(between)
    if known is not None and not known.any():
        raise ValueError(
            f"expected g(r) beyond its first peak at {float(peak):g}, got it up to {float(r[-1]):g}; "
            "try a larger cutoff="
        )
    return _extremum(r, -g, between)


def _curve(x: Numbers, y: Numbers) -> tuple[Array, Array]:
    y = floats(y, "values of the curve")
    x = floats(x, "points of the curve", like=y)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise ValueError(
            f"expected a curve as two arrays (points,), got shapes {x.shape} and {y.shape}; "
            "try jax.vmap for several curves"
        )
    values, known = concrete(y), concrete(x)
    if values is not None and np.isnan(values).all():
        raise ValueError("expected a curve with values, got NaN everywhere; try wider shells or bins")
    if values is not None and known is not None:
        # Empty shells have no wave number either.
        ascending = known[~np.isnan(values)]
        if not (np.isfinite(ascending).all() and (np.diff(ascending) > 0).all()):
            raise ValueError(
                "expected points in ascending order, got others; try sorting both arrays by the first"
            )
    return x, y


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
    return jnp.where(jnp.any(allowed), x[best] + jnp.where(interior, step, 0), jnp.nan)
