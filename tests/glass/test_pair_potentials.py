"""The potential energy as a function: derivatives, transformations, the pair potential itself, bad input."""

import dataclasses
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION

from tdaglass import glass
from tdaglass.configuration import Configuration
from tdaglass.glass.potentials import (
    InversePower,
    LennardJones,
    PairPotential,
    Truncation,
    pair_energy,
    pair_force,
)

double = pytest.mark.skipif(PRECISION == "float32", reason="central differences need double precision")
TWO = ["kob_andersen_3d", "kob_andersen_2d"]
# A new potential is a new line here.
POTENTIALS = {"lennard_jones": LennardJones(), "inverse_power": InversePower(18)}


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
        positions, species, box = configuration
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
    positions, species, box = configuration
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


@double
@pytest.mark.parametrize("potential", POTENTIALS.values(), ids=POTENTIALS)
def test_closed_forms_are_derivatives(potential):
    """Force of the energy, and curvature of the force."""
    shape = 40, 2
    pair = potential.coefficients(*(jnp.broadcast_to(jnp.array(x), shape) for x in ((0.9, 1.1), (1.0, 1.5))))
    r_sq = jnp.broadcast_to(jnp.linspace(0.8, 2.5, 40)[:, None] ** 2, shape)
    for closed, derived in (
        (potential.force, PairPotential.force),
        (potential.curvature, PairPotential.curvature),
    ):
        np.testing.assert_allclose(closed(r_sq, pair), derived(potential, r_sq, pair), rtol=1e-9, atol=1e-12)
    assert hash(potential) == hash(dataclasses.replace(potential))


def lennard_jones(r, sigma, epsilon):
    return 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)


def eighteenth_power(r, sigma, epsilon):
    return epsilon * (sigma / r) ** 18


@pytest.mark.float32
@pytest.mark.parametrize("truncation", get_args(Truncation))
@pytest.mark.parametrize(
    ("potential", "form"),
    [(LennardJones(), lennard_jones), (InversePower(18), eighteenth_power)],
    ids=["lennard_jones", "inverse_power"],
)
def test_the_pair_potential(potential, form, truncation, tolerance):
    model = dataclasses.replace(glass.kob_andersen_3d(150), truncation=truncation, potential=potential)
    table = model.pair_table(jnp.dtype(PRECISION))
    r = jnp.linspace(0.85, 2.6, 400, dtype=PRECISION)[:, None, None]
    sigma, epsilon, cutoff = (jnp.asarray(model.table(x), r.dtype) for x in ("sigma", "epsilon", "cutoff"))

    def energy(r):
        return pair_energy(potential, truncation, r * r, table)

    def force(r):
        return r * pair_force(potential, truncation, r * r, table)

    # The form itself, and what the truncation takes away.
    x = sigma / cutoff
    if form is lennard_jones:
        at_cutoff, slope = lennard_jones(cutoff, sigma, epsilon), -24 * epsilon * (2 * x**12 - x**6) / cutoff
        bend = 4 * epsilon * (156 * x**12 - 42 * x**6) / cutoff**2
    else:
        at_cutoff, slope, bend = (
            epsilon * x**18,
            -18 * epsilon * x**18 / cutoff,
            342 * epsilon * x**18 / cutoff**2,
        )
    expected = form(r, sigma, epsilon) - at_cutoff
    if truncation == "force_shift":
        expected = expected - (r - cutoff) * slope
    if truncation == "smooth":  # c2 r**2 + c4 r**4, whose first and second derivatives are these
        c4 = (bend - slope / cutoff) / (8 * cutoff**2)
        c2 = (slope - 4 * c4 * cutoff**3) / (2 * cutoff)
        expected = expected - c2 * (r**2 - cutoff**2) - c4 * (r**4 - cutoff**4)
    expected = jnp.where(r < cutoff, expected, 0)
    atol = 20 * tolerance * float(jnp.abs(expected).max())
    np.testing.assert_allclose(energy(r), expected, atol=atol)
    derivative = -jax.vmap(jax.jacfwd(energy))(r[:, 0, 0])
    atol = 20 * tolerance * float(jnp.abs(derivative).max())
    np.testing.assert_allclose(force(r), derivative, atol=atol)

    # Continuity at the cut-off: the energy always, the force where it is shifted too.
    inside = cutoff * (1 - 100 * jnp.finfo(r.dtype).eps)
    np.testing.assert_allclose(energy(inside), 0, atol=20 * tolerance)
    jump = -slope if truncation == "shift" else jnp.zeros_like(slope)
    np.testing.assert_allclose(force(inside), jump, atol=20 * tolerance)
    if truncation == "smooth":
        curved = jax.jvp(force, (inside,), (jnp.ones_like(inside),))[1]
        np.testing.assert_allclose(curved, 0, atol=200 * tolerance)
    assert (energy(cutoff * (1 + jnp.finfo(r.dtype).eps)) == 0).all()


def test_bad_configurations_are_refused_with_a_remedy(liquid):
    model, good, _ = liquid("kob_andersen_2d")
    bad = {
        "finite positions, got .* for particle 3": good._replace(
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
            glass.minimize(model, configuration)
