"""The potential energy as a function: derivatives, transformations, the pair potential itself, bad input."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION

from tdaglass import glass
from tdaglass.configuration import Configuration
from tdaglass.glass.potentials import pair_energy, pair_force, pair_table

double = pytest.mark.skipif(PRECISION == "float32", reason="central differences need double precision")
TWO = ["kob_andersen_3d", "kob_andersen_2d"]


def central(function, h=1e-5):
    return float((function(h) - function(-h)) / (2 * h))


@double
@pytest.mark.parametrize("name", TWO)
def test_gradient_in_positions_and_box(name, liquid):
    model, configuration, _ = liquid(name)
    value = jax.jit(lambda c: glass.potential_energy(model, c))
    gradient = jax.grad(lambda x, box: glass.potential_energy(model, Configuration(x, configuration[1], box)))
    rng = np.random.default_rng(0)
    along = jnp.asarray(rng.normal(size=configuration.positions.shape))
    by_position = jnp.sum(along * gradient(configuration.positions, configuration.box))
    expected = central(lambda h: value(configuration._replace(positions=configuration.positions + h * along)))
    np.testing.assert_allclose(by_position, expected, rtol=1e-6)
    np.testing.assert_allclose(by_position, -jnp.sum(along * glass.forces(model, configuration)), rtol=1e-12)
    in_box = jax.grad(lambda box: glass.potential_energy(model, configuration._replace(box=box)))
    by_box = in_box(configuration.box)
    for axis in range(model.dimension):
        step = jnp.zeros(model.dimension).at[axis].set(1)
        expected = central(
            lambda h, step=step: value(configuration._replace(box=configuration.box + h * step))
        )
        np.testing.assert_allclose(by_box[axis], expected, rtol=1e-6)


@double
@pytest.mark.parametrize("name", TWO)
def test_pressure_is_minus_the_volume_derivative_plus_the_ideal_part(name, liquid):
    model, configuration, _ = liquid(name)
    value = jax.jit(lambda c: glass.potential_energy(model, c))
    d, volume = model.dimension, float(jnp.prod(configuration.box))

    def stretched(h):  # h: change of volume, particles going with it
        factor = (1 + h / volume) ** (1 / d)
        positions, species, box, _ = configuration
        return value(Configuration(positions * factor, species, box * factor))

    expected = -central(stretched, 1e-4) + (model.n_particles - 1) * 0.6 / volume
    np.testing.assert_allclose(glass.pressure(model, configuration, 0.6), expected, rtol=1e-6)


@pytest.mark.float32
def test_vmap_is_a_loop(liquid, tolerance):
    model, configuration, _ = liquid("kob_andersen_2d")
    factors = jnp.asarray([1.0, 1.02, 0.999])
    configurations = jax.vmap(
        lambda f: configuration._replace(positions=f * configuration.positions, box=f * configuration.box)
    )(factors)
    together = jax.jit(jax.vmap(lambda c: (glass.potential_energy(model, c), glass.forces(model, c))))(
        configurations
    )
    for k in range(len(factors)):
        one = jax.tree.map(lambda x, k=k: x[k], configurations)
        np.testing.assert_allclose(together[0][k], glass.potential_energy(model, one), rtol=tolerance)
        force = glass.forces(model, one)
        largest = float(jnp.abs(force).max())
        np.testing.assert_allclose(together[1][k], force, atol=20 * tolerance * largest)


@pytest.mark.float32
def test_invariances(liquid, tolerance):
    model, configuration, _ = liquid("kob_andersen_2d")
    positions, species, box, _ = configuration
    energy = glass.potential_energy(model, configuration)
    images = jnp.asarray(np.random.default_rng(0).integers(-2, 3, positions.shape), positions.dtype)
    order = np.random.default_rng(1).permutation(len(species))
    for other in (
        Configuration(positions + images * box, species, box),
        Configuration(positions + 0.37 * box, species, box),
        Configuration(positions[order], species[order], box),
    ):
        np.testing.assert_allclose(glass.potential_energy(model, other), energy, rtol=50 * tolerance)
    np.testing.assert_allclose(jnp.sum(glass.forces(model, configuration), axis=0), 0, atol=1e4 * tolerance)


@pytest.mark.float32
@pytest.mark.parametrize("truncation", ["shift", "force_shift"])
def test_the_pair_potential(truncation, tolerance):
    model = dataclasses.replace(glass.kob_andersen_3d(150), truncation=truncation)
    table = pair_table(model, jnp.dtype(PRECISION))
    r = jnp.linspace(0.85, 2.6, 400, dtype=PRECISION)[:, None, None]
    sigma, epsilon, cutoff = (jnp.asarray(model.table(x), r.dtype) for x in ("sigma", "epsilon", "cutoff"))

    def lennard_jones(r):
        return 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)

    slope = -24 * epsilon * (2 * (sigma / cutoff) ** 12 - (sigma / cutoff) ** 6) / cutoff
    expected = lennard_jones(r) - lennard_jones(cutoff)
    if truncation == "force_shift":
        expected = expected - (r - cutoff) * slope
    expected = jnp.where(r < cutoff, expected, 0)
    atol = 20 * tolerance * float(jnp.abs(expected).max())
    np.testing.assert_allclose(pair_energy(r * r, table), expected, atol=atol)
    strength = pair_force(r * r, table, force_shifted=truncation == "force_shift")
    by_gradient = -jax.vmap(jax.jacfwd(lambda x: pair_energy(x * x, table)))(r[:, 0, 0])
    atol = 20 * tolerance * float(jnp.abs(by_gradient).max())
    np.testing.assert_allclose(strength * r, by_gradient, atol=atol)
    # Continuity at the cut-off: the energy always, the force where it is shifted too.
    inside = (cutoff * (1 - 100 * jnp.finfo(r.dtype).eps)) ** 2
    np.testing.assert_allclose(pair_energy(inside, table), 0, atol=20 * tolerance)
    at_cutoff = pair_force(inside, table, force_shifted=truncation == "force_shift") * cutoff
    jump = -slope if truncation == "shift" else jnp.zeros_like(slope)
    np.testing.assert_allclose(at_cutoff, jump, atol=20 * tolerance)
    assert (pair_energy(cutoff**2, table) == 0).all()


def test_bad_configurations_are_refused_with_a_remedy(liquid):
    model, good, _ = liquid("kob_andersen_2d")
    bad = {
        "finite positions, got NaN or infinity for 1": good._replace(
            positions=good.positions.at[3, 1].set(jnp.nan)
        ),
        "particles of each species": good._replace(species=jnp.zeros_like(good.species)),
        "twice the longest cut-off": good._replace(box=good.box / 3),
        "a periodic box, got None": good._replace(box=None),
        "positions of shape": good._replace(positions=good.positions[:-1], species=good.species[:-1]),
    }
    for message, configuration in bad.items():
        for function in (glass.potential_energy, glass.forces, glass.pressure):
            with pytest.raises(ValueError, match=f"expected .*{message}.*; try"):
                function(model, configuration)
        with pytest.raises(ValueError, match=f"expected .*{message}.*; try"):
            glass.initialize(jax.random.key(0), model, 1.0, configuration)
        with pytest.raises(ValueError, match=f"expected .*{message}.*; try"):
            glass.minimize(configuration, model)
