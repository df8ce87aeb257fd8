"""Fields of `glass_or_liquid.py`: densities that networks read, and scores of particles that are compared."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from glass_or_liquid_records import MODELS, Fields, Settings

from tdaglass import glass, learning, structure
from tdaglass.configuration import Configuration


def densities(settings: Settings, configuration: Configuration) -> jax.Array:
    """Images (configurations, species, cells, cells)."""
    make = partial(
        structure.density_field, shape=2 * (settings.cells,), species_count=2, assignment=settings.assignment
    )
    return jax.lax.map(lambda one: make(*one), tuple(jnp.asarray(x) for x in configuration[:3])).astype(
        jnp.float32
    )


averages = jax.jit(jax.vmap(structure.exponential_average, (0, 0, 0, None)))


def coarse_grain(settings: Settings, values: np.ndarray, configuration: Configuration) -> np.ndarray:
    """Scores (configurations, particles), averaged over the surroundings and scaled to [0, 1]."""
    arrays = map(jnp.asarray, (values, configuration.positions, configuration.box))
    smooth = averages(*arrays, settings.length)
    return np.asarray(structure.scale_to_unit(smooth, axis=-1))


def describe(
    settings: Settings,
    network: learning.CNN,
    trained: list[learning.Trained],
    tested: list[Configuration],
    kind: int,
) -> Fields:
    """Where networks look in configurations of one kind, and what is there."""
    configuration = tested[kind]
    positions, box = jnp.asarray(configuration.positions), jnp.asarray(configuration.box)
    images = densities(settings, configuration)
    on_particles = jax.vmap(structure.particle_values)
    looked = [
        on_particles(learning.grad_cam(network, t.parameters, images, kind), positions, box) for t in trained
    ]
    smooth = partial(coarse_grain, settings, configuration=configuration)
    return Fields(np.stack([smooth(np.asarray(x)) for x in looked]), *surroundings(settings, configuration))


def surroundings(settings: Settings, configuration: Configuration) -> tuple[np.ndarray, np.ndarray]:
    """Voronoi area and 1 - Theta of all particles, (configurations, particles)."""
    positions, species, box = (jnp.asarray(x) for x in configuration[:3])
    cells = structure.voronoi(configuration.positions, configuration.box)
    sigma = additive_sigma(MODELS[settings.cooling.system](settings.cooling.n))
    theta = jax.vmap(structure.tong_tanaka, (0, 0, 0, 0, None))(cells, positions, species, box, sigma)
    smooth = partial(coarse_grain, settings, configuration=configuration)
    return smooth(cells.volume), smooth(-np.asarray(theta))


def additive_sigma(model: glass.PairModel) -> np.ndarray:
    """Diameters of which each pair's is the mean, as the order parameter wants them."""
    own = model.table("sigma").diagonal()
    return (own[:, None] + own[None, :]) / 2
