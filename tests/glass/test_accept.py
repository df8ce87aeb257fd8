"""Configurations as users have them: any type of numbers, and what cannot be meant in one sentence."""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import Configuration, glass

pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.fixture(scope="module")
def lattice():
    """Wahnstrom's liquid on whole numbers, in a box of whole edges."""
    model = dataclasses.replace(glass.wahnstrom(n=216), number_density=1.0)
    axes = np.arange(6)
    sites = np.stack(np.meshgrid(axes, axes, axes, indexing="ij"), -1).reshape(-1, 3)
    return model, sites, np.arange(216) % 2


@pytest.mark.float32
def test_numbers_of_any_type_are_one_configuration(lattice):
    model, sites, species = lattice
    wanted = Configuration(jnp.asarray(sites, float), jnp.asarray(species), jnp.full(3, 6.0))
    energy, forces = float(glass.potential_energy(model, wanted)), np.asarray(glass.forces(model, wanted))
    assert energy > 0
    as_users_have_them = [
        (sites, species, 6),
        (sites.tolist(), species.tolist(), [6, 6, 6]),
        (sites.astype(np.float64), species.astype(float), np.full(3, 6.0)),
        (jnp.asarray(sites, jnp.float16), species.astype(np.uint8), np.diag([6.0, 6.0, 6.0])),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in as_users_have_them:
            configuration = Configuration(*given)
            assert float(glass.potential_energy(model, configuration)) == energy
            np.testing.assert_array_equal(glass.forces(model, configuration), forces)
            assert float(glass.pressure(model, configuration, 1)) > 0
        state = glass.initialize(jax.random.key(0), model, 1, Configuration(*as_users_have_them[0]))
        minimum, _ = glass.minimize(model, Configuration(*as_users_have_them[1]), max_steps=3.0)
    assert state.velocity.dtype == minimum.positions.dtype == wanted.positions.dtype
    traced = jax.jit(lambda x: glass.potential_energy(model, Configuration(x, species, 6)))(
        jnp.asarray(sites)
    )
    assert float(traced) == pytest.approx(energy, rel=1e-5)


def test_what_cannot_be_meant_is_one_sentence(lattice):
    model, sites, species = lattice
    good = Configuration(sites, species, 6)
    tilted = np.array([[6.0, 0, 0], [1, 6, 0], [0, 0, 6]])
    state = glass.initialize(jax.random.key(0), model, 1.0, good)
    refused = {
        "try \\(model, configuration\\)": lambda: glass.minimize(good, model),
        "behind the model, got ndarray": lambda: glass.potential_energy(model, sites),
        "one system": lambda: glass.potential_energy(
            model, good._replace(positions=np.stack([sites, sites]))
        ),
        "orthorhombic box.*got lattice vectors": lambda: glass.forces(model, good._replace(box=tilted)),
        "periodic along all axes": lambda: glass.forces(model, good._replace(box=[6, 6, np.inf])),
        "species as whole numbers": lambda: glass.forces(model, good._replace(species=species + 0.5)),
        "typed random key, got int": lambda: glass.initialize(0, model, 1.0),
        "real numbers as temperature": lambda: glass.initialize(jax.random.key(0), model, "hot"),
        "temperature of zero or more": lambda: glass.pressure(model, good, -1.0),
        "whole number as steps, got 2.5": lambda: glass.run(state, model, 2.5, temperature=1.0),
        "positive time step, got 0": lambda: glass.run(state, model, 2, temperature=1.0, dt=0),
        "positive time step, got nan": lambda: glass.run(state, model, 2, temperature=1.0, dt=np.nan),
        "number as time step": lambda: glass.run(state, model, 2, temperature=1.0, dt="long"),
        "a State, got Configuration": lambda: glass.run(good, model, 2, temperature=1.0),
        "whole number as every": lambda: glass.trajectory(state, model, 10, every=2.5, temperature=1.0),
        "positive cooling rate": lambda: glass.cool(state, model, start=1.0, stop=0.5, rate=np.nan),
        "of zero or more, got nan": lambda: glass.cool(state, model, start=np.nan, stop=0.5, rate=1.0),
        "whole number as n, got 250.5": lambda: glass.wahnstrom(n=250.5),
        "whole number as n, got nan": lambda: glass.polydisperse_soft_spheres(np.nan),
        "whole number as counts": lambda: dataclasses.replace(model, counts=(1.5, 3)),
        "positive number density": lambda: dataclasses.replace(model, number_density=np.nan),
        "positive masses": lambda: dataclasses.replace(model, masses=(1.0, np.inf)),
        "cutoff as a symmetric": lambda: dataclasses.replace(model, cutoff=((1.0, np.nan), (np.nan, 1.0))),
    }
    for said, call in refused.items():
        with pytest.raises(ValueError, match=f"expected .*{said}") as caught:
            call()
        assert "; try " in str(caught.value)


def test_tables_may_be_arrays():
    model = glass.kob_andersen_3d(n=100)
    same = dataclasses.replace(
        model, sigma=model.table("sigma"), masses=[1, 1], counts=np.array(model.counts)
    )
    assert same == model
    assert hash(same) == hash(model)
