"""Files of other groups are looked at before the study works on them."""

import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

from hidden_structures_data import liquid_of, load
from hidden_structures_records import PRESETS

from tdaglass import Configuration, glass, io

OTHER = PRESETS["other", "default"]
WAHNSTROM = replace(PRESETS["wahnstrom", "default"], cutoff=1.7)


@pytest.fixture(scope="module")
def lattice() -> Configuration:
    model = glass.wahnstrom(n=512)
    # Of a file that does not say its diameters.
    start = glass.random_lattice(jax.random.key(0), model)._replace(diameters=None)
    return jax.tree.map(np.asarray, start)


def written(folder: Path, configuration: Configuration, **how) -> Path:
    path = folder / "given.xyz"
    io.write(path, configuration, **how)
    return path


def test_of_an_unknown_liquid_no_energies_are_offered(tmp_path, lattice):
    path = written(tmp_path, lattice)
    assert liquid_of(str(path)) == {"system": "other"}
    (liquid,) = load(replace(OTHER, data=path))
    assert liquid.model is None
    # The highest peak of g(r): twelve neighbours along the diagonals of the squares.
    np.testing.assert_allclose(liquid.diameters, 2**0.5 * lattice.box[0] / 8, rtol=0.02)
    (told,) = load(replace(OTHER, data=written(tmp_path, lattice._replace(diameters=np.full(512, 0.9)))))
    np.testing.assert_allclose(told.diameters, 0.9)
    (known,) = load(replace(WAHNSTROM, data=path))
    assert known.model is not None
    np.testing.assert_allclose(known.diameters, [1, 1.2])


def test_another_composition_of_a_known_liquid_is_known(tmp_path, lattice):
    richer = lattice._replace(species=np.arange(512) % 4 // 3)
    (liquid,) = load(replace(WAHNSTROM, data=written(tmp_path, richer)))
    assert liquid.model.counts == (384, 128)


def test_a_missing_cell_is_given_on_the_command_line(tmp_path, lattice):
    path = written(tmp_path, lattice._replace(box=None))
    with pytest.raises(ValueError, match=r"cell in .*given.xyz, got none; try --box with its 3 edges"):
        load(replace(OTHER, data=path))
    edges = tuple(float(x) for x in lattice.box)
    (liquid,) = load(replace(OTHER, data=path, box=edges))
    np.testing.assert_allclose(liquid.configuration.box, [edges])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda c: c._replace(species=np.arange(512) % 3),
            "2 species in 3 dimensions for wahnstrom, got 3 in 3",
        ),
        (
            lambda c: Configuration(c.positions[:, :2], c.species, c.box[:2]),
            "got 2 in 2 .*; try --system other",
        ),
        (
            lambda c: c._replace(positions=0.1 * c.positions, box=0.1 * c.box),
            "at least twice the longest cut-off",
        ),
        (
            lambda c: c._replace(positions=5 * c.positions, box=5 * c.box),
            "neighbours within the cut-off 1.7, got 0.0",
        ),
    ],
    ids=["species", "dimension", "nanometres", "micrometres"],
)
def test_what_the_liquid_cannot_be_is_said_at_once(tmp_path, lattice, change, said):
    path = written(tmp_path, change(lattice))
    with pytest.raises(ValueError, match=f"expected .*{said}"):
        load(replace(WAHNSTROM, data=path))


def test_public_data_tell_their_liquid(tmp_path):
    model = glass.kob_andersen_3d(n=500)
    start = glass.random_lattice(jax.random.key(0), model)
    data = {
        "types": np.asarray(start.species), "positions": np.asarray(start.positions),
        "box": np.asarray(start.box), "propensity": np.ones((1, 500)),
    }  # fmt: skip
    np.savez(tmp_path / "excerpt.npz", **data)
    found = liquid_of(str(tmp_path / "excerpt.npz"))["system"]
    np.savez(tmp_path / "thin.npz", **(data | {"box": 2 * data["box"]}))
    assert (found, liquid_of(str(tmp_path / "thin.npz"))["system"]) == ("kob_andersen_3d", "other")
