"""Configurations as users have them: any type of numbers, and what cannot be meant in one sentence."""

import dataclasses
import re
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


TYPES = ["float64", "float32", "float16", "int8", "int32", "uint16", "bool", "complex64", "U3", "object"]
ODD = st.sampled_from([0, 1.0, -3, 5, 1e30, np.nan, np.inf, "A", None])


@st.composite
def configurations(draw):
    """Eight particles as somebody might type them: mostly right, with something wrong somewhere."""
    shape = draw(st.sampled_from([(8, 3), (8, 3), (8, 3), (2, 8, 3), (8, 2), (0, 3), (8,), (9, 3)]))
    corner = np.indices((2, 2, 2)).reshape(3, -1).T * 3.0
    positions = np.resize(corner, shape).astype(object)
    for at in draw(st.lists(st.integers(0, max(positions.size - 1, 0)), max_size=2)):
        if positions.size:
            positions.flat[at] = draw(ODD)
    species = np.resize([0, 1], draw(st.sampled_from([8, 8, 8, 7, 0]))).astype(object)
    if draw(st.booleans()) and len(species):
        species[draw(st.integers(0, len(species) - 1))] = draw(ODD)
    box = draw(
        st.sampled_from([6, [6, 6, 6], [6.0, 6, 1], np.diag([6.0] * 3), None, [6, 6], "6", np.nan, -6])
    )
    cast = draw(st.sampled_from(TYPES))
    try:
        positions = positions.astype(cast)
    except (TypeError, ValueError, OverflowError):
        positions = positions.tolist()
    return Configuration(positions, species.tolist() if draw(st.booleans()) else species, box)


def numpys_energy(model, configuration):
    """The sum over pairs in double precision, and None where these are not eight points in a box."""
    try:
        x = np.asarray(configuration.positions, float)
        edges = (
            np.broadcast_to(np.asarray(configuration.box, float), 3)
            if np.ndim(configuration.box) < 2
            else 6.0
        )
        kinds = np.asarray(configuration.species, float)
        if x.shape != (8, 3) or not np.isfinite(x).all() or sorted(kinds) != [0] * 4 + [1] * 4:
            return None
    except (TypeError, ValueError):
        return None
    sigma, epsilon, cutoff = (
        model.table(name)[np.ix_(kinds.astype(int), kinds.astype(int))]
        for name in ("sigma", "epsilon", "cutoff")
    )
    apart = x[:, None] - x
    r = np.linalg.norm(apart - edges * np.round(apart / edges), axis=-1) + 99 * np.eye(8)
    with np.errstate(all="ignore"):  # of particles at one place the energy is infinite
        u = 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6) + epsilon
    return float(np.sum(np.where(r < cutoff, u, 0)) / 2)


def check_energy(configuration):
    model = dataclasses.replace(glass.wahnstrom(n=8), number_density=8 / 216)
    said, found = None, np.nan
    try:
        found = float(glass.potential_energy(model, configuration))
    except ValueError as error:
        said = str(error)
    if said is not None:
        assert re.fullmatch("expected .*; try .*", said), said
        return
    expected = numpys_energy(model, configuration)
    assert expected is not None, configuration
    # A float32 array stays one, and so does what is computed from it.
    single = getattr(configuration.positions, "dtype", None) == np.float32
    near = {"rel": 1e-5, "abs": 1e-5} if single else {"rel": 1e-9}
    # Of particles that nearly coincide, the sum of any order is as right.
    assert found == pytest.approx(expected, **near, nan_ok=True) or not abs(expected) < 1e12


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_whatever_is_typed_is_right_or_refused(configuration):
    check_energy(configuration)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations())
def test_whatever_is_typed_is_right_or_refused_3000_times(configuration):
    check_energy(configuration)
