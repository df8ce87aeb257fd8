"""Particles that can be moved: from a model, and a configuration of it if there is one."""

from functools import singledispatch
from typing import TYPE_CHECKING, Any, overload

from jaxtyping import Array, Float, Key

from tdaglass.configuration import Configuration
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics import state
from tdaglass.glass.molecular_dynamics.state import State

if TYPE_CHECKING:
    from tdaglass.glass.hard_spheres import Spheres
    from tdaglass.glass.models import HardSpheres

Temperature = float | Float[Array, ""]


@overload
def initialize(
    key: Key[Array, ""],
    model: "HardSpheres",
    temperature: Temperature,
    configuration: Configuration | None = None,
) -> "Spheres": ...


@overload
def initialize(
    key: Key[Array, ""],
    model: Model,
    temperature: Temperature,
    configuration: Configuration | None = None,
) -> State: ...


def initialize(
    key: Key[Array, ""],
    model: Model,
    temperature: Temperature,
    configuration: Configuration | None = None,
) -> Any:
    """At rest on a lattice, or at a given configuration, with Maxwell velocities; hard spheres are grown.

    Without a configuration the species are scattered at random over a square (cubic) lattice at the model's
    density; nearest neighbours may then overlap slightly, which `minimize` or a short run at high temperature
    removes. Hard spheres, which may not overlap, are grown to their density (`hard_spheres.grow`). Written for one
    system: of liquids with forces `jax.vmap` over keys (and configurations) gives a batch.

    Parameters
    ----------
    key : typed PRNG key
    model : Model
    temperature : energy units
        Of the velocities; their total momentum is zero and their kinetic energy fluctuates canonically.
    configuration : Configuration, optional

    Returns
    -------
    State, or what moves a liquid without forces: Spheres of `HardSpheres`

    Raises
    ------
    ValueError
        If the temperature is negative, or the configuration does not fit the model.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> state = glass.initialize(jax.random.key(0), model, temperature=1.0)
    >>> state.configuration.positions.shape
    (250, 3)
    >>> spheres = glass.initialize(jax.random.key(0), glass.binary_hard_spheres(64, 0.4), temperature=1.0)
    >>> spheres.configuration.positions.shape
    (64, 3)
    """
    return put_in_motion(model, key, temperature, configuration)


@singledispatch
def put_in_motion(
    model: Model, key: Key[Array, ""], temperature: Temperature, configuration: Configuration | None
) -> Any:
    """What `initialize` gives; a liquid that is not moved by molecular dynamics registers its own."""
    return state.initialize(key, model, temperature, configuration)
