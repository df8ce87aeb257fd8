"""Symmetry functions and Coulomb spectra beside dscribe's numbers."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import (
    SymmetryFunctions,
    coulomb_matrix,
    coulomb_spectrum,
    cutoff_neighbors,
    symmetry_functions,
)

# As in tests/oracles/make_descriptor_reference.py.
FUNCTIONS = SymmetryFunctions(
    4.0,
    g2=[(1.0, 1.0), (0.5, 2.0)],
    g3=[1.0],
    g4=[(0.1, 1.0, 1.0), (0.2, 2.0, -1.0)],
    g5=[(0.1, 1.0, -1.0)],
    species_count=2,
)


@pytest.fixture(scope="module")
def known():
    with np.load(Path(__file__).parents[1] / "reference" / "descriptors.npz") as file:
        return dict(file)


@pytest.mark.float32
@pytest.mark.parametrize("name", ["small", "triclinic", "open"])
def test_numbers_are_dscribes_one_by_one(known, name, tolerance):
    box = None if name == "open" else known[f"{name}_box"]
    table = cutoff_neighbors(known[f"{name}_positions"], box, FUNCTIONS.cutoff + 0.3)
    got = symmetry_functions(table, FUNCTIONS, species=known["species"])
    assert got.shape == (12, FUNCTIONS.features)
    np.testing.assert_allclose(got, known[f"{name}_acsf"], rtol=100 * tolerance, atol=100 * tolerance)


def test_slopes_are_central_differences(known):
    x, species = known["open_positions"], known["species"]
    random = np.random.default_rng(0)
    weights, move = random.normal(size=FUNCTIONS.features), random.normal(size=x.shape)

    @jax.jit
    @jax.value_and_grad
    def value(by):
        table = cutoff_neighbors(x + by * move, None, FUNCTIONS.cutoff, capacity=11)
        return jnp.sum(symmetry_functions(table, FUNCTIONS, species=species) @ weights)

    _, slope = value(0.0)
    step = 1e-5
    assert float(slope) == pytest.approx(float(value(step)[0] - value(-step)[0]) / (2 * step), rel=1e-7)


@pytest.mark.float32
def test_coulomb_matrix_and_spectrum_are_dscribes(known, tolerance):
    x, charges = known["open_positions"], np.array([6, 8])[known["species"]]
    np.testing.assert_allclose(coulomb_matrix(x, charges), known["coulomb_matrix"], rtol=10 * tolerance)
    expected = known["coulomb_spectrum"]
    assert not expected[12:].any()
    np.testing.assert_allclose(coulomb_spectrum(x, charges), expected[:12], atol=10 * tolerance * expected[0])
    order = np.random.default_rng(0).permutation(12)
    np.testing.assert_allclose(
        coulomb_spectrum(x[order], charges[order]), expected[:12], atol=10 * tolerance * expected[0]
    )


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_meant_is_refused(known):
    for wrong, sentence in (
        ({"cutoff": -1.0}, "positive cut-off"),
        ({"cutoff": 4.0, "g2": [(1.0,)]}, "2 parameters of each g2"),
        ({"cutoff": 4.0, "g4": [(1.0, 0.5, 1.0)]}, "zeta of at least 1"),
    ):
        with pytest.raises(ValueError, match=sentence):
            SymmetryFunctions(**wrong)
    with pytest.raises(ValueError, match="species of 2 kinds"):
        symmetry_functions(cutoff_neighbors(known["open_positions"], None, 4.0), FUNCTIONS)
    with pytest.raises(ValueError, match="expected charges"):
        coulomb_matrix(known["open_positions"], [6.0, 6.0])
