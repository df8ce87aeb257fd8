"""Dense starts: points that grow to spheres while they move, after Lubachevsky and Stillinger."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.accept import check_temperature
from tdaglass.glass.hard_spheres.doubles import from_words
from tdaglass.glass.hard_spheres.engines import MOST_EVENTS, Engine, advance, choose_engine
from tdaglass.glass.hard_spheres.state import (
    Spheres,
    at_tick_zero,
    draw_velocities,
    make_spheres,
    smallest_gap,
)
from tdaglass.glass.initialize import put_in_motion
from tdaglass.glass.models.composition import check_box
from tdaglass.glass.models.hard_spheres import HardSpheres

# Largest diameters in a time unit, up to a packing fraction: the denser, the slower, or spheres jam.
RATES = ((0.555, 0.05), (0.5675, 0.02), (0.5775, 0.01), (0.5825, 0.004))
SLOWEST = 0.001
RATES_OF_DISCS = ((0.70, 0.05), (0.74, 0.02), (0.77, 0.005))
# Time units between two looks at temperature and drift, and while particles are small; and by how much diameters
# grow meanwhile at least: what is compressed by a part in five hundred warms by a tenth.
PERIOD, SHORT_PERIOD = 0.1, 0.02
STEP = 0.002
FULL = 1 + 1e-12


def growth_rate(model: HardSpheres) -> float:
    """How fast the largest diameter may grow, length / time at k T = 1, so that spheres stay a liquid.

    Measured with binary spheres (`docs/hard_spheres.md`): each came to its packing fraction at the first try.
    """
    table = RATES if model.dimension == 3 else RATES_OF_DISCS
    return next((rate for up_to, rate in table if model.packing_fraction <= up_to), SLOWEST)


def grow(
    key: Key[Array, ""],
    model: HardSpheres,
    *,
    rate: float | None = None,
    engine: Engine = "auto",
    most_events: int = MOST_EVENTS,
) -> Configuration:
    r"""Spheres at the packing fraction of the model, without an overlap; the same key grows the same.

    Random points move at temperature 1 and collide while diameters grow, :math:`\sigma(t) = \sigma(0) (1 + g t)`;
    velocities are scaled back to that temperature now and then. What comes out is a liquid that was compressed
    quickly: run it until `hard_spheres.equilibrium` says that its pressure has come down.

    Parameters
    ----------
    key : typed PRNG key
    model : HardSpheres
    rate : length / time, optional
        Of the largest diameter; None takes `growth_rate`.
    engine : "auto", "jax" or "cpu"
    most_events : int
        As for `run`.

    Returns
    -------
    Configuration
        Of NumPy arrays in double precision: rounded to single, spheres in contact would overlap.

    Raises
    ------
    ValueError
        If the box is too small for the largest spheres, or the rate not positive.
    SimulationError
        If spheres jam before they have grown up: their collisions then come ever faster.

    References
    ----------
    B. D. Lubachevsky, F. H. Stillinger, J. Stat. Phys. 60, 561 (1990).

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> grown = grow(jax.random.key(0), glass.binary_hard_spheres(64, 0.4))
    >>> grown.positions.shape, str(grown.positions.dtype)
    ((64, 3), 'float64')
    """
    arguments.check_key(key)
    rate = growth_rate(model) if rate is None else arguments.positive(rate, "rate of growth", "0.05")
    rate /= max(model.sizes)
    engine = choose_engine(engine)
    box = np.full(model.dimension, model.edge)
    check_box(box, model.reach)
    key_points, key_velocity = jax.random.split(key)
    points = jax.random.uniform(key_points, (model.n_particles, model.dimension), jnp.float32)
    positions = np.asarray(points, np.float64) * model.edge
    velocities = draw_velocities(key_velocity[None], model, model.species, 1.0)[0]
    # In units of the diameters in the end.
    size = 0.999 * (1 + smallest_gap(positions, model.diameters, box))
    while size < 1:
        velocities = _at_temperature_one(velocities, model)
        period = max(SHORT_PERIOD if size < 0.3 else PERIOD, STEP / rate)
        # The last period ends where spheres are a rounding larger than they will be: none touch then.
        grown = min(size + rate * period, FULL)
        positions, velocities = _let_grow(
            model, positions, velocities, size, grown, rate, engine, most_events
        )
        size = grown
    return Configuration(positions, model.species, box)


def _at_temperature_one(velocities: np.ndarray, model: HardSpheres) -> np.ndarray:
    mass = np.asarray(model.masses)[model.species][:, None]
    velocities = velocities - (mass * velocities).sum(0) / mass.sum()
    degrees = model.dimension * (model.n_particles - 1)
    return velocities * np.sqrt(degrees / (mass * velocities**2).sum())


def _let_grow(
    model: HardSpheres,
    positions: np.ndarray,
    velocities: np.ndarray,
    size: float,
    grown: float,
    rate: float,
    engine: Engine,
    most_events: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Positions and velocities when diameters have grown from one size to another, in units of the model's."""
    box = np.full(model.dimension, model.edge)
    spheres, *_ = advance(
        make_spheres(positions, velocities[None], model.species, size * model.diameters, box),
        model,
        1,
        engine=engine,
        tick=(grown - size) / rate,
        growth=rate / size,
        ticks_per_epoch=1,
        most_events=most_events,
    )
    # The only tick was an epoch: everybody is where he was last.
    return from_words(spheres.flights.position)[0], spheres.velocities[0]


def initialize(
    key: Key[Array, ""],
    model: HardSpheres,
    temperature: float | Float[Array, ""] = 1.0,
    configuration: Configuration | None = None,
) -> Spheres:
    """Hard spheres with Maxwell velocities, grown to the packing fraction, or at a given configuration.

    Parameters
    ----------
    key : typed PRNG key
    model : HardSpheres
    temperature : energy units
        Of the velocities; their total momentum is zero and their kinetic energy fluctuates canonically.
    configuration : Configuration, optional
        Without one they are grown by `grow`: not yet in equilibrium.

    Returns
    -------
    Spheres
        At tick zero.

    Raises
    ------
    ValueError
        If the temperature is negative, the configuration does not fit the model, or spheres overlap.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.4)
    >>> spheres = initialize(jax.random.key(0), model)
    >>> spheres.positions.shape, float(spheres.time)
    ((64, 3), 0.0)
    """
    check_temperature(temperature)
    arguments.check_key(key)
    key_growth, key_velocity = jax.random.split(key)
    if configuration is None:
        configuration = grow(key_growth, model)
    species = np.asarray(configuration.species)
    velocities = draw_velocities(key_velocity[None], model, species, float(temperature))
    return at_tick_zero(model, configuration, velocities[0])


@put_in_motion.register
def _(
    model: HardSpheres,
    key: Key[Array, ""],
    temperature: float | Float[Array, ""],
    configuration: Configuration | None,
) -> Spheres:
    return initialize(key, model, temperature, configuration)
