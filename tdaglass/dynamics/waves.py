"""Plane waves of a periodic cell, and their averages over all directions."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.polynomial import chebyshev
from scipy.special import j0, y0

# Where the series of the Bessel function in x^2 ends, and that in 1 / x begins.
NEAR = 8.0


def reciprocal_step(box: np.ndarray) -> float:
    """Shortest length that wave vectors of the cell have, about: 2 pi over its longest edge."""
    return float(2 * np.pi / (box.max() if box.ndim == 1 else np.linalg.norm(box, axis=1).max()))


def reciprocal(whole: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Wave vectors (vectors, dim) of whole numbers, 1 / length."""
    return 2 * np.pi * (whole / box if box.ndim == 1 else whole @ np.linalg.inv(box).T)


def density_waves(
    fractions: Float[Array, "particles dim"],
    vectors: Int[Array, "vectors dim"],
    weights: Float[Array, "rows particles"],
    powers: Int[Array, " powers"],
) -> tuple[Float[Array, "vectors rows"], Float[Array, "vectors rows"]]:
    r"""Real and imaginary parts of :math:`\sum_j w_j e^{-2\pi i\, n \cdot s_j}`, summed over the particles.

    Each wave is a product of powers of one for each axis, since multiplications take a tenth of the time of sines;
    `powers` are 0, 1, ... up to the largest whole number. Complex numbers would take five times as long.
    """
    turn = -2 * jnp.pi * fractions.T
    cosine, sine = jnp.cos(turn), jnp.sin(turn)

    def turned(wave: tuple[Array, Array], _: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        return _product(wave, (cosine, sine)), wave

    one = jnp.ones_like(cosine), jnp.zeros_like(sine)
    real, imaginary = jax.lax.scan(turned, one, powers)[1]  # (powers, dim, particles)

    def of_vector(vector: Int[Array, " dim"]) -> tuple[Array, Array]:
        wave = jnp.ones_like(cosine[0]), jnp.zeros_like(sine[0])
        for axis in range(fractions.shape[1]):
            n = jnp.abs(vector[axis])
            wave = _product(wave, (real[n, axis], jnp.sign(vector[axis]) * imaginary[n, axis]))
        return jnp.sum(weights * wave[0], axis=1), jnp.sum(weights * wave[1], axis=1)

    return jax.lax.map(of_vector, vectors)


def _product(a: tuple[Array, Array], b: tuple[Array, Array]) -> tuple[Array, Array]:
    """Of complex numbers."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def isotropic(x: Float[Array, "*shape"], dim: int) -> Float[Array, "*shape"]:
    """Plane wave of x = q r averaged over all directions: sin(x) / x, or J_0(x) in two dimensions."""
    return jnp.sinc(x / jnp.pi) if dim == 3 else bessel_j0(x)


def bessel_j0(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Bessel function J_0 of x >= 0.

    Chebyshev series of the function up to 8, and of the amplitudes of its cosine and sine beyond, which go on to
    infinity; taken from scipy when first used.
    """
    near, even, odd = (c.astype(x.dtype) for c in _SERIES)
    close = x < NEAR
    small = jnp.where(close, x, 0)
    large = jnp.where(close, NEAR, x)
    u = 2 * (NEAR / large) ** 2 - 1
    phase = large - math.pi / 4
    wave = _series(even, u) * jnp.cos(phase) - _series(odd, u) / large * jnp.sin(phase)
    return jnp.where(close, _series(near, 2 * (small / NEAR) ** 2 - 1), jnp.sqrt(2 / (jnp.pi * large)) * wave)


def _series(coefficients: np.ndarray, u: Array) -> Array:
    """Clenshaw's sum of a Chebyshev series."""
    one, two = jnp.zeros_like(u), jnp.zeros_like(u)
    for c in coefficients[:0:-1]:
        one, two = 2 * u * one - two + c, one
    return u * one - two + coefficients[0]


def _amplitude(u: np.ndarray, odd: bool) -> np.ndarray:
    x = NEAR / np.sqrt((u + 1) / 2)
    phase, scale = x - np.pi / 4, np.sqrt(np.pi * x / 2)
    if odd:
        return x * scale * (y0(x) * np.cos(phase) - j0(x) * np.sin(phase))
    return scale * (j0(x) * np.cos(phase) + y0(x) * np.sin(phase))


_SERIES = (
    chebyshev.chebinterpolate(lambda u: j0(NEAR * np.sqrt((u + 1) / 2)), 20),
    chebyshev.chebinterpolate(lambda u: _amplitude(u, odd=False), 20),
    chebyshev.chebinterpolate(lambda u: _amplitude(u, odd=True), 20),
)
