"""Where the first extrema of curves lie, such as the peak of S(q) and the minimum of g(r)."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def first_peak(x: Float[Array, " points"], y: Float[Array, " points"]) -> Float[Array, ""]:
    """Position of the first peak of S(q) or g(r), which in a simple liquid is the highest.

    The highest point, improved by the parabola through it and its two neighbours; points that are NaN (empty
    shells) are passed over, and a highest point at either end is returned as it is.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> q = jnp.arange(5.0, 9.0, 0.5)
    >>> round(float(first_peak(q, 3 - (q - 7.1) ** 2)), 3)
    7.1
    """
    return _extremum(x, y, ~jnp.isnan(y))


def first_minimum(r: Float[Array, " points"], g: Float[Array, " points"]) -> Float[Array, ""]:
    """Position of the minimum of g(r) between its first two peaks: the usual cut-off for neighbours.

    The lowest point between the first peak and twice its position, which noise does not move to the flank
    of the peak, improved by a parabola as in `first_peak`.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> r = jnp.arange(0.0, 4.0, 0.05)
    >>> g = jnp.where(r < 0.75, 0, 1 + jnp.exp(-r) * jnp.cos(2 * jnp.pi * (r - 1)))
    >>> round(float(first_minimum(r, g)), 2)
    1.48
    """
    peak = first_peak(r, g)
    return _extremum(r, -g, (r > peak) & (r < 2 * peak))


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
    return x[best] + jnp.where(interior, step, 0)
