"""Half a step of a Nose-Hoover chain, link by link, for accelerators.

jax-md's chain, which drives the CPU, keeps its links in one array and writes them one by one, a kernel each.
Here the links are separate numbers, and half a step is two kernels. Equations and their order are the same:
Martyna, Tuckerman, Tobias and Klein, Mol. Phys. 87, 1117 (1996).
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array

from tdaglass.glass.molecular_dynamics.state import CHAIN_LENGTH, Chain
from tdaglass.space import in_full_vectors, rounded

HalfChain = Callable[[Chain, Array, Array], tuple[Array, Chain]]


def half_chain(dt: float, period: int, n_f: int) -> HalfChain:
    """Half a step of a chain on `n_f` degrees of freedom.

    The function maps (chain, kinetic energy, kT) to the factor that multiplies the velocities, and the chain.
    """

    def half_step(chain: Chain, kinetic: Array, kT: Array) -> tuple[Array, Chain]:
        last = CHAIN_LENGTH - 1
        h = jnp.asarray(dt, kinetic.dtype)
        tau_sq = jnp.square(jnp.asarray(period * dt, kinetic.dtype))
        mass = [kT * tau_sq * (n_f if m == 0 else 1) for m in range(CHAIN_LENGTH)]
        p = [chain.momentum[m] for m in range(CHAIN_LENGTH)]

        def kicked(m: int, push: Array) -> Array:
            slowed = jnp.exp(-h / 8 * p[m + 1] / mass[m + 1])
            return slowed * (rounded(slowed * p[m]) + h / 4 * push)

        def push_of(m: int) -> Array:
            """What link m does to the next."""
            return p[m] ** 2 / mass[m] - kT

        p[last] = p[last] + h / 4 * push_of(last - 1)
        for m in range(last - 1, 0, -1):
            p[m] = kicked(m, push_of(m - 1))
        p[0] = kicked(0, 2 * kinetic - n_f * kT)

        factor = jnp.exp(-h / 2 * p[0] / mass[0])
        position = [chain.position[m] + rounded(h / 2 * p[m] / mass[m]) for m in range(CHAIN_LENGTH)]

        p[0] = kicked(0, rounded(2 * kinetic * factor**2) - n_f * kT)
        for m in range(1, last):
            p[m] = kicked(m, push_of(m - 1))
        p[last] = p[last] + h / 4 * push_of(last - 1)
        return factor, Chain(jnp.stack(position), jnp.stack(p))

    return in_full_vectors(half_step)
