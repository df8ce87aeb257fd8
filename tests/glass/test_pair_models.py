"""The liquids as LAMMPS's script states them, and models that cannot be."""

import dataclasses

import numpy as np
import pytest
from glass_systems import LIQUIDS

from tdaglass import glass


@pytest.mark.parametrize("name", LIQUIDS)
def test_fields_are_those_given_to_lammps(name, liquid):
    model, _, lammps = liquid(name)
    for field in ("counts", "masses"):
        np.testing.assert_array_equal(getattr(model, field), lammps[field])
    for field in ("sigma", "epsilon", "cutoff"):
        np.testing.assert_allclose(model.table(field), lammps[field], rtol=1e-14)
    assert model.dimension == lammps["dimension"]
    assert model.number_density == lammps["number_density"]
    assert model.truncation == lammps["truncation"]
    np.testing.assert_allclose(model.edge, lammps["box"], rtol=1e-12)
    np.testing.assert_array_equal(np.sort(lammps["species"]), model.species)


def test_heavy_wahnstrom_and_hashing():
    assert glass.wahnstrom(100, masses=(1.0, 2.0)).masses == (1.0, 2.0)
    assert glass.wahnstrom(100) == glass.wahnstrom(100)
    assert hash(glass.wahnstrom(100)) != hash(glass.wahnstrom(102))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimension": 4}, "dimension 2 or 3"),
        ({"counts": (1, 0)}, "two particles"),
        ({"counts": (-1, 5)}, "two particles"),
        ({"counts": (50, 25, 25)}, "3 positive masses"),
        ({"masses": (1.0, 0.0)}, "positive masses"),
        ({"number_density": 0.0}, "positive number density"),
        ({"number_density": float("nan")}, "positive number density"),
        ({"truncation": "sharp"}, "'force_shift' or 'smooth'"),
        ({"sigma": ((1.0, 1.1), (1.2, 1.2))}, "sigma as a symmetric"),
        ({"epsilon": ((1.0,),)}, "epsilon as a symmetric"),
        ({"cutoff": ((1.0, 1.0), (1.0, -1.0))}, "cutoff as a symmetric"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_impossible_models_are_refused_with_a_remedy(change, message):
    with pytest.raises(ValueError, match=f"expected .*{message}.*; try"):
        dataclasses.replace(glass.wahnstrom(100), **change)


def test_too_few_particles():
    with pytest.raises(ValueError, match="at least two particles, got n=1"):
        glass.kob_andersen_3d(1)
