"""Hard spheres in flight: all that their dynamics needs to go on, bit for bit and in double precision.

A particle is known by where it was at its last collision, its velocity since, and when that was. Where it is at
any time follows, and nothing changes when it is asked. Every `TICKS_PER_EPOCH` ticks clocks are set to zero,
always at the same times, so that times stay short.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt
from scipy.spatial import cKDTree

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.hard_spheres.doubles import from_words, to_words
from tdaglass.glass.models.hard_spheres import HardSpheres
from tdaglass.glass.molecular_dynamics.state import maxwell_velocities
from tdaglass.kernels.hard_spheres import Anywhere, Flights

# Time units. Sixty per cent of the particles of a liquid at 0.58 collide in a tick.
TICK = 0.01
TICKS_PER_EPOCH = 1000


class Spheres(NamedTuple):
    """Hard spheres in motion; a batch of independent systems is the same record with leading axes.

    Words are pairs that make a number in double precision (`doubles.py`); the properties tell what they mean.

    Attributes
    ----------
    flights : Flights
        Positions, velocities and times of the last collisions, images, and what was counted.
    species : (..., particles)
    diameters : (..., particles, 2) words
    box : (..., dim, 2) words
    tick : (...,) int32
        Of `TICK` time units each, since the beginning.
    """

    flights: Flights
    species: Int[Anywhere, "*batch particles"]
    diameters: UInt[Anywhere, "*batch particles 2"]
    box: UInt[Anywhere, "*batch dim 2"]
    tick: Int[Anywhere, "*batch"]

    @property
    def edges(self) -> Float[np.ndarray, "*batch dim"]:
        """Of the periodic box, length."""
        return from_words(self.box)

    @property
    def time(self) -> Float[np.ndarray, "*batch"]:
        """Time units since the beginning."""
        return np.asarray(np.asarray(self.tick) * TICK)

    @property
    def positions(self) -> Float[np.ndarray, "*batch particles dim"]:
        """At present, unwrapped, length."""
        return self._in_the_box() + np.asarray(self.flights.image) * self.edges[..., None, :]

    @property
    def velocities(self) -> Float[np.ndarray, "*batch particles dim"]:
        """Length / time."""
        return from_words(self.flights.velocity)

    @property
    def collisions(self) -> Float[np.ndarray, "*batch"]:
        """Since the beginning."""
        return from_words(self.flights.counts)[..., 0]

    @property
    def virial(self) -> Float[np.ndarray, "*batch"]:
        """Sum over the collisions of 2 m abs(d . u), mass x length**2 / time; m is the reduced mass."""
        return from_words(self.flights.counts)[..., 1]

    @property
    def configuration(self) -> Configuration:
        """Unwrapped positions (length), species, box and diameters, in the float type that JAX runs with."""
        dtype = jnp.zeros(()).dtype
        positions, box, diameters = (
            jnp.asarray(x, dtype) for x in (self.positions, self.edges, from_words(self.diameters))
        )
        return Configuration(positions, self.species, box, diameters)

    def kinetic_energy(self, model: HardSpheres) -> Float[np.ndarray, "*batch"]:
        """Energy units; collisions keep it."""
        mass = np.asarray(model.masses)[np.asarray(self.species)]
        return np.asarray(np.sum(mass * np.sum(self.velocities**2, axis=-1), axis=-1) / 2)

    def _in_the_box(self) -> Float[np.ndarray, "*batch particles dim"]:
        """At present, or a little out of it: images are counted at the beginning of the epoch."""
        now = (np.asarray(self.tick) % TICKS_PER_EPOCH) * TICK
        flown = now[..., None] - from_words(self.flights.time)
        return from_words(self.flights.position) + flown[..., None] * self.velocities


def at_tick_zero(
    model: HardSpheres, configuration: Configuration, velocities: Float[np.ndarray, "*batch particles dim"]
) -> Spheres:
    """Spheres at one configuration, and velocities of one system or many.

    Raises
    ------
    ValueError
        If spheres overlap by more than the precision of the positions explains, or the configuration does not fit
        the model.
    """
    positions, species, box = check_spheres(model, configuration)
    spheres = make_spheres(positions, velocities, species, np.asarray(model.sizes)[species], box)
    return jax.tree.map(jnp.asarray, spheres)


def make_spheres(
    positions: Float[np.ndarray, "particles dim"],
    velocities: Float[np.ndarray, "*batch particles dim"],
    species: Int[np.ndarray, " particles"],
    diameters: Float[np.ndarray, " particles"],
    box: Float[np.ndarray, " dim"],
) -> Spheres:
    """The same of arrays of the host, which nobody looks at, as arrays of the host."""
    batch = velocities.shape[:-2]
    boxes = np.floor(positions / box)

    def each(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to(x, (*batch, *x.shape))

    return Spheres(
        Flights(
            position=to_words(each(positions - boxes * box)),
            velocity=to_words(velocities),
            time=to_words(np.zeros((*batch, len(species)))),
            image=each(boxes.astype(np.int32)),
            counts=to_words(np.zeros((*batch, 2))),
        ),
        each(species),
        to_words(each(diameters)),
        to_words(each(box)),
        np.zeros(batch, np.int32),
    )


def draw_velocities(
    keys: Key[Array, " replicas"],
    model: HardSpheres,
    species: Int[np.ndarray, " particles"],
    temperature: float,
) -> Float[np.ndarray, "replicas particles dim"]:
    """Maxwell velocities of each key, without total momentum; the kinetic energy fluctuates canonically."""
    dtype, of = jnp.zeros(()).dtype, jnp.asarray(species)
    drawn = jax.vmap(lambda key: maxwell_velocities(key, model, of, temperature, dtype))(keys)
    velocities = np.asarray(drawn, np.float64)
    mass = np.asarray(model.masses)[species][:, None]
    # Once more where they were drawn in single precision: momentum is then zero to sixteen digits.
    return velocities - (mass * velocities).sum(-2, keepdims=True) / mass.sum()


def check_spheres(
    model: HardSpheres, configuration: Configuration
) -> tuple[np.ndarray, Int[np.ndarray, " particles"], np.ndarray]:
    """Positions, species and box of one configuration in double precision, if it is one of the model."""
    if not isinstance(configuration, Configuration):
        raise ValueError(
            f"expected a Configuration, got {type(configuration).__name__}; try "
            "glass.hard_spheres.grow(key, model)"
        )
    given = configuration.positions
    positions = arguments.doubles(given, "positions")
    arguments.one_system(positions)
    box = arguments.cell_on_host(configuration.box, positions.shape[-1])
    species = np.asarray(arguments.labels(configuration.species, len(positions)))
    model.check(Configuration(positions, species, box))
    assert box is not None  # models refuse open space
    gap = smallest_gap(positions, np.asarray(model.sizes)[species], box)
    single = getattr(given, "dtype", None) == np.float32
    rounding = (
        4 * np.finfo(np.float32 if single else np.float64).eps * max(np.abs(positions).max(), box.max())
    )
    if gap < -rounding / min(model.sizes):
        raise ValueError(
            f"expected spheres that do not overlap, got a pair at {1 + gap:.6f} of its contact; "
            "try glass.hard_spheres.grow(key, model), or positions in double precision"
        )
    return positions, species, box


def smallest_gap(
    positions: Float[np.ndarray, "particles dim"],
    diameters: Float[np.ndarray, " particles"],
    box: Float[np.ndarray, " dim"],
) -> float:
    """Of all pairs, the least distance in units of contact, minus one; negative where spheres overlap.

    Examples
    --------
    >>> round(smallest_gap(np.array([[0.0, 0.0], [2.9, 0.0]]), np.ones(2), np.array([4.0, 4.0])), 6)
    0.1
    """
    inside = positions - np.floor(positions / box) * box
    tree = cKDTree(np.where(inside >= box, 0.0, inside), boxsize=box)
    within = float(diameters.max())
    while True:
        i, j = tree.query_pairs(within, output_type="ndarray").T
        if len(i):
            apart = positions[i] - positions[j]
            apart = np.linalg.norm(apart - np.round(apart / box) * box, axis=1)
            gap = float((2 * apart / (diameters[i] + diameters[j])).min() - 1)
            # Of pairs further apart none can be closer to contact.
            if (1 + gap) * diameters.max() <= within or within >= box.max():
                return gap
        if within >= box.max():
            return np.inf
        within *= 1.3
