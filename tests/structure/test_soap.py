"""SOAP beside dscribe's numbers, and beside central differences, which dscribe has not where space is periodic."""

import importlib
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import SoapBasis, cutoff_neighbors, soap

SMALL = SoapBasis(cutoff=3.0, n_max=4, l_max=3, sigma=0.4, species_count=2)
PAPER = SoapBasis(cutoff=4.1, n_max=8, l_max=9, sigma=0.16)


@pytest.fixture(scope="module")
def known():
    with np.load(Path(__file__).parents[1] / "reference" / "descriptors.npz") as file:
        return dict(file)


def neighbors_of(known, name, basis):
    box = None if name == "open" else jnp.asarray(known[f"{name}_box"])
    return cutoff_neighbors(jnp.asarray(known[f"{name}_positions"]), box, basis.reach)


def assert_close(got, expected, tolerance):
    assert got.shape == expected.shape
    assert float(np.abs(got - expected).max()) < tolerance * np.abs(expected).max()


@pytest.mark.float32
@pytest.mark.parametrize("name", ["small", "triclinic", "open"])
def test_numbers_are_dscribes_one_by_one(known, name):
    """Two species; among others in a cell whose particles see several images of each other and of themselves."""
    tolerance = 1e-8 if jax.config.jax_enable_x64 else 2e-5
    neighbors, species = neighbors_of(known, name, SMALL), known["species"]
    each = soap(neighbors, SMALL, species=species)
    assert_close(each[:4], known[f"{name}_soap_off"], tolerance)
    assert_close(each.mean(0), known[f"{name}_soap_outer"], tolerance)


@pytest.mark.float32
def test_the_published_settings_lose_four_digits_in_single_precision(known):
    """Eight radial functions that are much alike: 1e-4 of the largest number."""
    tolerance = 1e-7 if jax.config.jax_enable_x64 else 3e-4
    assert_close(soap(neighbors_of(known, "triclinic", PAPER), PAPER)[:4], known["soap_paper"], tolerance)


@pytest.mark.parametrize("average", ["inner", "outer"])
def test_averages_are_dscribes(known, average):
    got = soap(neighbors_of(known, "triclinic", SMALL), SMALL, species=known["species"], average=average)
    assert_close(got, known[f"triclinic_soap_{average}"], 1e-8)


def test_particles_fade_out_as_dscribes_polynomial_weight(known):
    fading = SoapBasis(cutoff=3.0, n_max=4, l_max=3, sigma=0.4, species_count=2, smooth=True)
    got = soap(neighbors_of(known, "triclinic", fading), fading, species=known["species"])
    assert_close(got[:4], known["triclinic_soap_smooth"], 1e-8)


def test_columns_say_where_a_pair_of_species_stands(known):
    """Without the second species only its own pair is left."""
    got = soap(neighbors_of(known, "open", SMALL), SMALL, species=np.zeros(12, int))
    first = SMALL.columns(0, 0)
    assert (np.abs(got[:, first]).max(0) > 0).all()
    assert not np.delete(np.asarray(got), np.r_[first], axis=1).any()
    several = SoapBasis(3.0, n_max=4, l_max=3, species_count=3)
    ends = [(several.columns(*pair).start, several.columns(*pair).stop) for pair in
            ((0, 0), (0, 1), (2, 0), (1, 1), (1, 2), (2, 2))]  # fmt: skip
    assert [begin for begin, _ in ends] == [0, *(end for _, end in ends[:-1])]
    assert ends[-1][1] == several.features


def test_slopes_in_positions_and_box_are_central_differences(known):
    """In a cell smaller than the reach, for smooth weights, which no particle that crosses the reach disturbs."""
    basis = SoapBasis(cutoff=3.0, n_max=4, l_max=3, sigma=0.4, species_count=2, smooth=True)
    x, box, species = known["small_positions"], known["small_box"], known["species"]
    capacity = cutoff_neighbors(x, box, basis.reach).mask.shape[1] + 8
    random = np.random.default_rng(0)
    weights, move, strain = (random.normal(size=shape) for shape in (basis.features, x.shape, (3, 3)))

    @jax.jit
    @partial(jax.value_and_grad, argnums=(0, 1))
    def value(by, shear):
        cell = jnp.eye(3) + shear * strain
        # Images are found in the cell as it was; displacements follow the strain.
        table = cutoff_neighbors(x + by * move, box, basis.reach, capacity=capacity)
        table = table._replace(displacement=table.displacement @ cell)
        return jnp.vdot(weights, soap(table, basis, species=species, average="outer"))

    _, slopes = value(0.0, 0.0)
    step = 1e-5
    for slope, ahead in zip(slopes, np.eye(2) * step, strict=True):
        difference = float(value(*ahead)[0] - value(*-ahead)[0]) / (2 * step)
        assert float(slope) == pytest.approx(difference, rel=1e-7)


def test_a_rotation_changes_nothing_and_a_batch_is_its_members(known):
    x = known["open_positions"]
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    tables = [cutoff_neighbors(y, None, SMALL.reach, capacity=11) for y in (x, x @ turn)]
    both = jax.tree.map(lambda *leaves: jnp.stack(leaves), *tables)
    straight, turned = jax.vmap(lambda table: soap(table, SMALL, species=known["species"]))(both)
    assert_close(turned, straight, 1e-12)
    assert_close(straight, soap(tables[0], SMALL, species=known["species"]), 1e-12)


def test_many_particles_are_done_in_blocks(monkeypatch, known):
    """Of five, the last of which is filled up."""
    module = importlib.import_module("tdaglass.structure.soap")
    table = cutoff_neighbors(known["open_positions"], None, SMALL.reach, capacity=11)
    expected = {x: soap(table, SMALL, species=known["species"], average=x) for x in (None, "inner")}
    monkeypatch.setattr(module, "BLOCK", 5)
    module._soap.clear_cache()
    for average, whole in expected.items():
        assert_close(soap(table, SMALL, species=known["species"], average=average), whole, 1e-12)
    module._soap.clear_cache()


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_meant_is_refused(known):
    table = neighbors_of(known, "open", SMALL)
    for wrong, sentence in (
        ({}, "species of 2 kinds"),
        ({"species": np.arange(12)}, "codes below 2"),
        ({"species": known["species"], "average": "off"}, "'inner', 'outer' or None"),
    ):
        with pytest.raises(ValueError, match=sentence):
            soap(table, SMALL, **wrong)
    with pytest.raises(ValueError, match="three dimensions"):
        soap(cutoff_neighbors(np.zeros((1, 2)), None, 3.0), PAPER)
    for wrong, sentence in (
        ({"cutoff": 0.9}, "more than 1"),
        ({"n_max": 40}, "smaller n_max"),
        ({"l_max": 21}, "l_max up to 20"),
        ({"sigma": 0}, "positive sigma"),
    ):
        with pytest.raises(ValueError, match=sentence):
            SoapBasis(**{"cutoff": 4.0, **wrong})


@pytest.mark.float32
def test_radial_functions_that_single_precision_cannot_tell_apart_are_refused_there():
    fine = SoapBasis(cutoff=4.1, n_max=12, l_max=2)
    table = cutoff_neighbors(jnp.zeros((1, 3)), None, 5.0, capacity=1)
    if jax.config.jax_enable_x64:
        assert soap(table, fine).shape == (1, fine.features)
    else:
        with pytest.raises(ValueError, match="double precision"):
            soap(table, fine)
