"""All that a simulation needs to go on, bit for bit."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import sequential_vmap
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, Key

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.accept import accept, check_temperature
from tdaglass.glass.contract import Model
from tdaglass.glass.energy import forces
from tdaglass.space import FixedPoint, from_positions, to_positions

CHAIN_LENGTH = 3


class Chain(NamedTuple):
    """A Nose-Hoover chain; its masses follow from the temperature and are not part of the state.

    Attributes
    ----------
    position : (..., links), dimensionless
    momentum : (..., links), energy x time
    """

    position: Float[Array, "*batch links"]
    momentum: Float[Array, "*batch links"]


class State(NamedTuple):
    """A system in motion; a batch of independent systems is the same record with leading axes.

    Attributes
    ----------
    position : FixedPoint (..., particles, dim)
    species : (..., particles)
    diameters : (..., particles), length
    box : (..., dim), length
    velocity : (..., particles, dim), length / time
    force : (..., particles, dim), energy / length, at the present positions
    thermostat : Chain, coupled to the particles
    box_momentum : (...,), energy x time, conjugate to the logarithm of the box edges (NPT)
    barostat : Chain, coupled to the box (NPT)
    step : (...,) int32, steps made
    key : (...,) typed PRNG key for what is drawn next
    """

    position: FixedPoint
    species: Int[Array, "*batch particles"]
    diameters: Float[Array, "*batch particles"]
    box: Float[Array, "*batch dim"]
    velocity: Float[Array, "*batch particles dim"]
    force: Float[Array, "*batch particles dim"]
    thermostat: Chain
    box_momentum: Float[Array, "*batch"]
    barostat: Chain
    step: Int[Array, "*batch"]
    key: Key[Array, "*batch"]

    @property
    def configuration(self) -> Configuration:
        """Unwrapped positions (length units), species, box and diameters."""
        positions = to_positions(self.position, self.box[..., None, :])
        return Configuration(positions, self.species, self.box, self.diameters)


def initialize(
    key: Key[Array, ""],
    model: Model,
    temperature: float | Float[Array, ""],
    configuration: Configuration | None = None,
) -> State:
    """State of a liquid with forces: `glass.initialize` says what it takes and raises."""
    check_temperature(temperature)
    arguments.check_key(key)
    key_lattice, key_velocity, key = jax.random.split(key, 3)
    if configuration is None:
        configuration = random_lattice(key_lattice, model)
    configuration = accept(model, configuration)
    positions, species, box = configuration
    assert box is not None  # models refuse open space
    dtype = positions.dtype
    chain = Chain(jnp.zeros(CHAIN_LENGTH, dtype), jnp.zeros(CHAIN_LENGTH, dtype))
    return State(
        position=from_positions(positions, box),
        species=species,
        diameters=model.diameters_of(configuration),
        box=box,
        velocity=maxwell_velocities(key_velocity, model, species, temperature, dtype),
        force=_forces_alone(model, configuration),
        thermostat=chain,
        box_momentum=jnp.zeros((), dtype),
        barostat=chain,
        step=jnp.zeros((), jnp.int32),
        key=key,
    )


@partial(jax.jit, static_argnames="model")  # else every batch would be compiled anew
def _forces_alone(model: Model, configuration: Configuration) -> Float[Array, "particles dim"]:
    """Forces of each system of a batch by itself: side by side, sums of several are not always those of one."""
    return sequential_vmap(partial(forces, model))(configuration)


@partial(jax.jit, static_argnames="model")
def random_lattice(key: Key[Array, ""], model: Model) -> Configuration:
    """Species scattered at random over the sites of a square (cubic) lattice that fills the box."""
    sites_along = int(np.ceil(model.n_particles ** (1 / model.dimension) - 1e-9))
    axes = np.meshgrid(*[np.arange(sites_along)] * model.dimension, indexing="ij")
    sites = (np.stack(axes, -1).reshape(-1, model.dimension) + 0.5) / sites_along
    chosen = jax.random.permutation(key, sites.shape[0])[: model.n_particles]
    # Particles keep the order of the lattice: neighbours in space are neighbours in memory.
    rank = jnp.argsort(chosen)
    positions = jnp.asarray(sites * model.edge)[chosen[rank]]
    species = jnp.asarray(model.species)[rank]
    diameters = jnp.asarray(model.diameters, positions.dtype)[rank]
    box = jnp.full(model.dimension, model.edge, positions.dtype)
    return Configuration(positions, species, box, diameters)


def maxwell_velocities(
    key: Key[Array, ""],
    model: Model,
    species: Int[Array, " particles"],
    temperature: float | Float[Array, ""],
    dtype: DTypeLike,
) -> Float[Array, "particles dim"]:
    """Velocities from the Maxwell distribution, total momentum removed (d (N - 1) degrees of freedom)."""
    mass = jnp.asarray(model.masses, dtype)[species][:, None]
    normal = jax.random.normal(key, (species.shape[0], model.dimension), dtype)
    momentum = normal * jnp.sqrt(mass * temperature)
    # The part of the total momentum that a particle carries is its share of the mass.
    momentum = momentum - mass / jnp.sum(mass) * jnp.sum(momentum, axis=0)
    return momentum / mass


def check_state(state: State) -> None:
    """Raise ValueError for something else in the place of a state, such as a configuration."""
    if not isinstance(state, State):
        hard = hasattr(state, "flights")
        remedy = "glass.hard_spheres.run" if hard else "initialize(key, model, temperature, configuration)"
        raise ValueError(f"expected a State, got {type(state).__name__}; try {remedy}")
