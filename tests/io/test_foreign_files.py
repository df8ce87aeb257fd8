"""Files written by LAMMPS, ASE and HOOMD's gsd are read as those programs meant them."""

from pathlib import Path

import numpy as np
import pytest

from tdaglass import io

REFERENCE = Path(__file__).parents[1] / "reference"

# LAMMPS prints 17 digits, but adds and subtracts 512 when it scales an unwrapped coordinate: half a unit in
# the last place of 512 boxes of edge 4.5 is lost in its own file.
TOLERANCE = {"scaled_unwrapped": 0.5 * np.spacing(512.0) * 4.5 * 1.01}
ROUNDING = 2e-14


@pytest.fixture(scope="module")
def truth():
    with np.load(REFERENCE / "io_reference.npz") as file:
        return dict(file)


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("form", ["wrapped", "unwrapped", "scaled", "scaled_unwrapped"])
def test_every_form_of_lammps_coordinates_is_unwrapped_and_ordered(truth, form, dimension):
    found = io.read_trajectory(REFERENCE / f"io_{form}_{dimension}d.lammpstrj")
    positions = truth[f"positions_{dimension}d"]
    # The run is hot enough to take particles out of the cell, else this would test nothing.
    assert np.any(positions > truth[f"box_{dimension}d"])
    assert np.any(positions < 0)
    np.testing.assert_allclose(
        found.configuration.positions, positions, rtol=0, atol=TOLERANCE.get(form, ROUNDING)
    )
    np.testing.assert_allclose(
        found.configuration.box, np.tile(truth[f"box_{dimension}d"], (3, 1)), rtol=1e-15
    )
    np.testing.assert_array_equal(found.configuration.species, truth[f"species_{dimension}d"])
    np.testing.assert_array_equal(found.step, [0, 50, 100])


@pytest.mark.parametrize("dimension", [2, 3])
def test_velocities_columns_names_and_times_of_a_lammps_dump(truth, dimension):
    wrapped = io.read_trajectory(REFERENCE / f"io_wrapped_{dimension}d.lammpstrj")
    np.testing.assert_array_equal(wrapped.velocities, truth[f"velocities_{dimension}d"])
    np.testing.assert_array_equal(wrapped.columns["c_energy"], truth[f"energy_{dimension}d"])
    assert list(wrapped.columns) == ["c_energy"]
    np.testing.assert_allclose(wrapped.time, [0, 0.5, 1.0])
    unwrapped = io.read_trajectory(REFERENCE / f"io_unwrapped_{dimension}d.lammpstrj")
    np.testing.assert_array_equal(unwrapped.columns["c_force"], truth[f"force_{dimension}d"])
    assert unwrapped.velocities is None
    assert unwrapped.time is None
    for form in ("scaled", "scaled_unwrapped"):
        assert io.read(REFERENCE / f"io_{form}_{dimension}d.lammpstrj").species_names == ("Ni", "P")


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_lammps_data_file(truth, dimension):
    found = io.read(REFERENCE / f"io_written_{dimension}d.data")
    for mine, name in (
        (found.configuration.positions, "positions"),
        (found.velocities, "velocities"),
    ):
        np.testing.assert_allclose(mine, truth[f"{name}_{dimension}d"][-1], rtol=0, atol=ROUNDING)
    np.testing.assert_array_equal(found.configuration.species, truth[f"species_{dimension}d"][-1])
    np.testing.assert_allclose(found.configuration.box, truth[f"box_{dimension}d"], rtol=1e-15)


def test_an_extxyz_file_of_ase(truth):
    found = io.read_trajectory(REFERENCE / "io_ase.xyz")
    np.testing.assert_array_equal(found.configuration.positions, truth["ase_positions"])
    np.testing.assert_array_equal(found.configuration.box, np.tile(truth["ase_box"], (2, 1)))
    np.testing.assert_array_equal(found.columns["score"], truth["ase_score"])
    assert found.species_names == ("Ni", "P")
    assert found.configuration.species.tolist() == [[0, 0, 0, 0, 1, 1]] * 2


def test_a_gsd_file_of_hoomd(truth):
    found = io.read(REFERENCE / "io_hoomd.gsd")
    from_corner = truth["gsd_positions"] + truth["gsd_box"] / 2  # HOOMD counts from the centre
    np.testing.assert_allclose(found.configuration.positions, from_corner, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(found.configuration.box, truth["gsd_box"])
    assert found.configuration.species.tolist() == [0, 0, 1, 0, 1, 1]
    assert found.step == 70
    assert found.velocities is None


def test_other_atom_styles_keep_what_they_carry(tmp_path):
    path = tmp_path / "a.data"
    path.write_text(
        "made by hand\n\n2 atoms\n1 bonds\n2 atom types\n\n0 4 xlo xhi\n0 4 ylo yhi\n0 4 zlo zhi\n0 0 0 xy "
        "xz yz\n\n"
        "Masses\n\n1 1.0 # Si\n2 1.0\n\nAtoms # full\n\n2 7 2 -0.5 1 2 3 0 0 1\n1 7 1 0.5 1 1 1 0 0 0\n\n"
        "Bonds\n\n1 1 1 2\n"
    )
    found = io.read(path)
    assert found.columns["charge"].tolist() == [0.5, -0.5]
    assert found.columns["molecule"].tolist() == [7, 7]
    assert found.configuration.positions.tolist() == [[1, 1, 1], [1, 2, 7]]


def test_the_origin_of_an_ovito_file_is_the_corner(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text('1\nLattice="2 0 0 0 2 0 0 0 2" Origin="-1 -1 -1" Properties=pos:R:3:id:I:1\n0 0.5 0 1\n')
    assert io.read(path).configuration.positions.tolist() == [[1.0, 1.5, 1.0]]


def test_particles_come_in_the_order_of_their_ids_in_every_text_format(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("2\nProperties=id:I:1:species:S:1:pos:R:3:q:R:1\n9 B 1 0 0 0.9\n4 A 2 0 0 0.4\n")
    found = io.read(path)
    assert found.columns["q"].tolist() == [0.4, 0.9]
    assert found.configuration.species.tolist() == [0, 1]
    path.write_text(path.read_text().replace("4 A", "9 A"))
    with pytest.raises(ValueError, match=r"every particle id once .* got 9 twice"):
        io.read(path)


@pytest.mark.parametrize(
    ("low", "high", "dimension"), [(-0.1, 0.3, 2), (-0.5, 0.5, 2), (-5, 5, 3), (0, 1, 2)]
)
def test_a_flat_lammps_system_is_two_dimensional_in_a_thin_cell_only(tmp_path, low, high, dimension):
    path = tmp_path / "a.dump"
    path.write_text(
        "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 4\n0 5\n"
        f"{low} {high}\nITEM: ATOMS id type x y z\n1 1 1 2 0\n2 1 3 4 0\n"
    )
    assert io.read(path).configuration.positions.shape == (2, dimension)
    assert io.read(path, dimension=5 - dimension).configuration.box.shape == (5 - dimension,)
