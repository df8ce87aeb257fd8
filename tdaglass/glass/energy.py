"""Energies, forces and pressure of a configuration, differentiable in positions and box.

They ask the model for the energies of its particles, which it tells without neighbour tables: always right, at
every size under every transformation, and the reference for the forces that drive the dynamics.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass.configuration import Configuration
from tdaglass.glass.accept import accept, check_temperature
from tdaglass.glass.contract import Model


def particle_energies(model: Model, configuration: Configuration) -> Float[Array, " particles"]:
    r"""Potential energy of every particle; of pairs half of each, :math:`U_i = \frac12\sum_j u(r_{ij})`.

    Parameters
    ----------
    model : Model
    configuration : Configuration
        Periodic: its box must not be None, and each edge at least twice the model's reach.

    Returns
    -------
    (particles,), energy units

    Raises
    ------
    ValueError
        If the configuration does not fit the model (dimension, species, diameters, box).
    """
    return model.particle_energies(accept(model, configuration))


def potential_energy(model: Model, configuration: Configuration) -> Float[Array, ""]:
    """Total potential energy; its gradient in the positions is minus the forces.

    Differentiable in positions and box, usable under `jit` and `vmap`. See `particle_energies` for parameters
    and errors.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from tdaglass import Configuration, glass
    >>> model = glass.PairModel("dimer", 3, (2,), 0.01, (1.0,), ((1.0,),), ((1.0,),), ((2.5,),))
    >>> positions = jnp.array([[0.0, 0.0, 0.0], [2 ** (1 / 6), 0.0, 0.0]])
    >>> dimer = Configuration(positions, jnp.zeros(2, int), jnp.full(3, 6.0))
    >>> print(f"{glass.potential_energy(model, dimer):.4f}")
    -0.9837
    """
    return jnp.sum(particle_energies(model, configuration))


def forces(model: Model, configuration: Configuration) -> Float[Array, "particles dim"]:
    """Force on every particle: minus the gradient of `potential_energy` (energy / length)."""
    accepted = accept(model, configuration)

    def energy(positions: Array) -> Array:
        return jnp.sum(model.particle_energies(accepted._replace(positions=positions)))

    return -jax.grad(energy)(accepted.positions)


def pressure(
    model: Model,
    configuration: Configuration,
    temperature: float | np.floating | Float[Array, ""] = 0.0,
) -> Float[Array, ""]:
    r"""Pressure: the ideal part, and the strain derivative of the energy.

    .. math:: P = \frac{N - 1}{V} T - \frac{1}{d V} \frac{dU(e^{s} r, e^{s} L)}{ds}

    `temperature` is the kinetic one, with d (N - 1) degrees of freedom; with 0 the virial part alone is returned.
    """
    check_temperature(temperature)
    accepted = accept(model, configuration)
    positions, box = accepted.positions, accepted.box
    assert box is not None  # models refuse open space

    def energy(strain: Array) -> Array:
        scale = jnp.exp(strain)
        strained = accepted._replace(positions=scale * positions, box=scale * box)
        return jnp.sum(model.particle_energies(strained))

    virial = -jax.grad(energy)(jnp.zeros((), positions.dtype))
    return (virial / model.dimension + (model.n_particles - 1) * temperature) / jnp.prod(box)
