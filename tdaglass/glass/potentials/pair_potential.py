"""What a pair potential tells: two small functions of the squared distance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# Of pairs: arrays of one shape, of JAX or, for tables in double precision, of NumPy.
Numbers = Float[Array | np.ndarray, "..."]


class Coefficients(NamedTuple):
    """Length and energy of pairs, arrays of one shape."""

    sigma: Numbers
    epsilon: Numbers


@dataclass(frozen=True)
class PairPotential:
    r"""A form of the interaction :math:`u(r)`, before it is cut off; derive from it to write one of your own.

    Only `energy` must be given. A closed form of `force`, and of `curvature` where the potential is cut off
    smoothly, saves time and digits. Parameters that all pairs share are fields; derived classes are frozen
    dataclasses, so that equal potentials share a compilation.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import jax.numpy as jnp
    >>> from tdaglass import glass
    >>> @dataclass(frozen=True)
    ... class Yukawa(glass.PairPotential):
    ...     kappa: float = 3.0
    ...
    ...     def energy(self, r_sq, pair):
    ...         r = jnp.sqrt(r_sq)
    ...         return pair.epsilon * pair.sigma / r * jnp.exp(-self.kappa * (r / pair.sigma - 1))
    >>> potential = Yukawa(kappa=2.0)
    >>> pair = potential.coefficients(jnp.ones(()), jnp.ones(()))
    >>> print(f"{potential.energy(jnp.array(1.0), pair):.3f} {potential.force(jnp.array(1.0), pair):.3f}")
    1.000 3.000
    """

    def coefficients(self, sigma: Numbers, epsilon: Numbers) -> Any:
        """What `energy` and `force` are given of pairs: a NamedTuple of arrays of this shape."""
        return Coefficients(sigma, epsilon)

    def energy(self, r_sq: Numbers, pair: Any) -> Numbers:
        """U of pairs at squared distances."""
        raise NotImplementedError(f"expected {type(self).__name__} to define energy(self, r_sq, pair)")

    def force(self, r_sq: Numbers, pair: Any) -> Numbers:
        """Minus u'(r) / r at squared distances: times the separation vector, the force on the first of a pair."""
        return -2 * _derivative(self.energy, r_sq, pair)

    def curvature(self, r_sq: Numbers, pair: Any) -> Numbers:
        """Second derivative of u in the squared distance, which a smooth end at the cut-off takes away."""
        return -_derivative(self.force, r_sq, pair) / 2

    def at_cutoff(self, cutoff: Numbers, pair: Any) -> tuple[Numbers, Numbers]:
        """Energy and -u' at the cut-off, which truncations take away."""
        cutoff_sq = cutoff * cutoff
        return self.energy(cutoff_sq, pair), self.force(cutoff_sq, pair) * cutoff


def _derivative(function: Callable[[Any, Any], Any], r_sq: Numbers, pair: Any) -> Array:
    """Of each pair in its squared distance: pairs do not see each other, so that of the sum holds all."""
    return jax.grad(lambda s: jnp.sum(function(s, pair)))(jnp.asarray(r_sq))
