"""Equations with a number added to the diagonal, solved for many such numbers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array, Float

from tdaglass.learning.linear.model import product

# Rows from which a single alpha has a factorisation of its own. Eigenvectors serve all alphas, and bear those
# that are lost in the rounding of the matrix, but cost thirty times as much.
LARGE = 1024

Solve = Callable[[Float[Array, ""], Float[Array, "n columns"]], Float[Array, "n columns"]]


def damped_solver(matrix: Float[Array, "n n"], alpha: Float[Array, "*alphas"]) -> Solve:
    r"""The function (alpha, right) to :math:`(M + \alpha)^{-1}` right, of a matrix without negative eigenvalues.

    Its derivatives are further solutions of the same equations, so the decomposition is not differentiated.
    """
    fixed = jax.lax.stop_gradient(matrix)
    if alpha.ndim == 0 and len(matrix) > LARGE:
        factor = cho_factor(fixed + jax.lax.stop_gradient(alpha) * jnp.eye(len(fixed), dtype=fixed.dtype))

        def inverse(alpha: Array, right: Array) -> Array:
            return cho_solve(factor, right)
    else:
        values, vectors = jnp.linalg.eigh(fixed)
        values = jnp.maximum(values, 0)

        def inverse(alpha: Array, right: Array) -> Array:
            return product(vectors, product(vectors.T, right) / (values + alpha)[:, None])

    def solve(alpha: Array, right: Array) -> Array:
        fixed_alpha = jax.lax.stop_gradient(alpha)
        return jax.lax.custom_linear_solve(
            lambda z: product(matrix, z) + alpha * z,
            right,
            lambda _, z: inverse(fixed_alpha, z),
            symmetric=True,
        )

    return solve
