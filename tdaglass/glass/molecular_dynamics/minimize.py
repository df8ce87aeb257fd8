"""Inherent structures: the minimum of the potential energy that a configuration flows down to."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.accept import accept
from tdaglass.glass.contract import Model
from tdaglass.glass.energy import potential_energy
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.molecular_dynamics.kinetics import axes_first
from tdaglass.glass.molecular_dynamics.state import initialize
from tdaglass.glass.molecular_dynamics.table_capacity import engine_settings, with_room


class Minimization(NamedTuple):
    """How a minimisation ended.

    Attributes
    ----------
    converged : whether the largest force fell below the tolerance
    steps : FIRE steps made
    largest_force : largest force on any particle at the end
    potential_energy : total, at the end
    """

    converged: Bool[Array, ""]
    steps: Int[Array, ""]
    largest_force: Float[Array, ""]
    potential_energy: Float[Array, ""]


def minimize(
    model: Model,
    configuration: Configuration,
    *,
    tolerance: float = 1e-3,
    max_steps: int = 20_000,
    skin: float | None = None,
) -> tuple[Configuration, Minimization]:
    """Follow the potential energy down to its nearest minimum with jax-md's FIRE.

    Parameters
    ----------
    model : Model
    configuration : Configuration
        One system, periodic.
    tolerance : force units
        Stop when no particle feels a larger force.
    max_steps : int
    skin : length units, optional
        None takes the model's.

    Returns
    -------
    Configuration
        The inherent structure, unwrapped from the positions given.
    Minimization
        Ask it whether the tolerance was reached.

    Raises
    ------
    ValueError
        If the configuration does not fit the model.
    SimulationError
        If two particles coincide, so that no direction leads them apart.

    References
    ----------
    E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006).

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> lattice = glass.random_lattice(jax.random.key(0), model)
    >>> inherent, info = glass.minimize(model, lattice)
    >>> bool(info.converged)
    True
    """
    from tdaglass.glass.molecular_dynamics import fire  # with jax-md, which takes seconds to import

    configuration = accept(model, configuration)
    tolerance = arguments.positive(tolerance, "force tolerance", "1e-3")
    max_steps = arguments.whole(max_steps, "max_steps", least=0)
    skin = model.skin if skin is None else skin
    if not skin > 2 * fire.LONGEST_MOVE:
        # A table must outlast one step, or it would be rebuilt for ever.
        raise ValueError(f"expected a skin above {2 * fire.LONGEST_MOVE}, got {skin}; try {model.skin}")
    state = axes_first(initialize(jax.random.key(0), model, 0.0, configuration))
    settings = engine_settings(model, state, "nve", model.time_step, skin)
    descent, made = fire.at_rest(state), jnp.zeros((), jnp.int32)
    while True:
        descent, made, longest, incomplete = fire.descend(
            settings, state, descent, made, jnp.asarray(tolerance, state.box.dtype), max_steps
        )
        if not incomplete:
            break
        settings = with_room(settings, int(longest), state.box)
    largest = fire.largest_force(descent.force)
    if not jnp.isfinite(largest):
        raise SimulationError(
            "expected particles at distinct positions, but a force is infinite or NaN; try removing duplicates, "
            "or displacing the particles at random by a hundredth of a diameter"
        )
    end = axes_first(state._replace(position=descent.position)).configuration
    info = Minimization(largest < tolerance, made, largest, potential_energy(model, end))
    return end, info
