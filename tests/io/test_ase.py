"""ASE's atoms become frames and atoms again, and trajectories of other codes are what ASE, gsd and NumPy read."""

import warnings

import ase.io
import gsd.hoomd
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import fs

from tdaglass import io
from tdaglass.configuration import Configuration


def atoms(**changes):
    rng = np.random.default_rng(3)
    cell = [[4, 0, 0], [1, 5, 0], [0, 1, 6]]
    made = ase.Atoms("NiPNiP", rng.normal(size=(4, 3)) * 9, **{"cell": cell, "pbc": True, **changes})
    made.set_masses([50, 31, 60, 31])
    made.set_momenta(rng.normal(size=(4, 3)))
    made.set_initial_charges([1, -1, 0.5, -0.5])
    made.set_array("label", np.array(["a", "b", "c", "d"]))
    made.info |= {"config_type": "melt", "step": 7, "anything": {"at": "all"}}
    return made


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cell": [4, 5, 6]},
        {"cell": [[0, 4, 0], [5, 0, 0], [0, 0, 6]]},  # left-handed
        {"cell": [4, 5, 0], "pbc": (True, True, False)},
        {"cell": None, "pbc": False},
    ],
    ids=["triclinic", "orthorhombic", "left-handed", "film", "molecule"],
)
def test_atoms_become_a_frame_and_the_same_atoms(changes):
    before = atoms(**changes)
    frame = io.from_ase(before)
    after = io.to_ase(frame)
    np.testing.assert_array_equal(frame.configuration.positions, before.positions)
    np.testing.assert_allclose(frame.velocities, before.get_momenta() / before.get_masses()[:, None])
    np.testing.assert_array_equal(after.positions, before.positions)
    np.testing.assert_array_equal(after.cell.array, before.cell.array)
    np.testing.assert_array_equal(after.pbc, before.pbc)
    np.testing.assert_allclose(after.get_momenta(), before.get_momenta(), rtol=1e-14)
    np.testing.assert_array_equal(after.get_masses(), before.get_masses())
    np.testing.assert_array_equal(after.get_initial_charges(), before.get_initial_charges())
    assert after.get_chemical_symbols() == before.get_chemical_symbols()
    assert after.arrays["label"].tolist() == ["a", "b", "c", "d"]
    assert after.info == before.info
    assert frame.step == 7
    assert frame.columns["mass"].tolist() == [50, 31, 60, 31]
    assert frame.species_names == ("Ni", "P")
    open_ = ~np.array(before.pbc)
    box = frame.configuration.box
    assert (
        box is None
        if open_.all()
        else np.isinf(box if box.ndim == 1 else np.diagonal(box)).tolist() == open_.tolist()
    )


def test_the_unit_of_velocities_is_that_of_ase():
    one = ase.Atoms("H", velocities=[[1 / fs, 0, 0]])
    one.set_velocities([[1 / fs, 0, 0]])
    assert io.from_ase(one).velocities[0, 0] * fs == pytest.approx(1.0)


def test_results_of_a_calculator_are_header_and_columns():
    before = atoms()
    forces, stress = np.arange(12.0).reshape(4, 3), np.arange(6.0)
    before.calc = SinglePointCalculator(before, energy=-3.5, forces=forces, stress=stress)
    frame = io.from_ase(before)
    assert frame.header["energy"] == -3.5
    np.testing.assert_array_equal(frame.columns["forces"], forces)
    after = io.to_ase(frame)
    assert after.get_potential_energy() == -3.5
    np.testing.assert_array_equal(after.get_forces(), forces)
    np.testing.assert_array_equal(after.get_stress(), stress)
    header = {"stress": np.array([[1.0, 6, 5], [6, 2, 4], [5, 4, 3]])}
    assert io.to_ase(frame._replace(header=header)).get_stress().tolist() == [1, 2, 3, 4, 5, 6]


def test_names_that_are_no_symbols_flat_systems_and_diameters(tmp_path):
    configuration = Configuration(
        np.arange(4.0).reshape(2, 2), np.array([1, 0]), np.array([3.0, 4.0]), np.array([0.5, 1.5])
    )
    made = io.to_ase(io.Frame(configuration, np.ones((2, 2)), species_names=("A", "B")))
    assert made.get_chemical_symbols() == ["X", "X"]
    assert made.arrays["species"].tolist() == ["B", "A"]
    assert made.pbc.tolist() == [True, True, False]
    back = io.from_ase(made)
    assert back.species_names == ("A", "B")
    assert back.configuration.diameters.tolist() == [0.5, 1.5]
    np.testing.assert_array_equal(back.velocities, np.ones((2, 2)))
    for mine, theirs in zip(back.configuration, configuration, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with pytest.raises(ValueError, match="expected one frame"):
        io.to_ase(io.Frame(Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), None)))


@pytest.mark.parametrize(
    ("name", "format"),
    [("CONTCAR", None), ("XDATCAR", None), ("a.cif", None), ("a.traj", None), ("a.pdb", "proteindatabank")],
)
def test_formats_that_only_ase_knows(tmp_path, name, format):
    made = ase.Atoms("NiPNi", np.arange(9.0).reshape(3, 3) / 4, cell=[4, 5, 6], pbc=True)
    moved = made.copy()
    moved.positions[0] += 0.25
    several = name in ("XDATCAR", "a.traj")
    writing = {"XDATCAR": "vasp-xdatcar", "CONTCAR": "vasp"}.get(name, format)
    ase.io.write(tmp_path / name, [made, moved] if several else made, format=writing)
    expected = ase.io.read(tmp_path / name, index=":", format=format)
    found = list(io.iterate_trajectory(tmp_path / name, format=format))
    assert len(found) == len(expected) == 1 + several
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.configuration.positions, theirs.positions)
        np.testing.assert_allclose(ours.configuration.box, [4, 5, 6])
        assert [
            ours.species_names[code] for code in ours.configuration.species
        ] == theirs.get_chemical_symbols()
    np.testing.assert_array_equal(
        io.read(tmp_path / name, format=format).configuration.positions, expected[-1].positions
    )


SHARED = {
    "binary_2d_scaled.atom": (10, 1000, 2, 2),
    "binary_2d_unwrapped.atom": (10, 1000, 2, 2),
    "binary_2d_triclinic.atom": (1, 8192, 2, 2),
    "kob_andersen_3d_scaled.atom": (10, 1000, 3, 2),
    "kob_andersen_3d_unwrapped.atom": (10, 1000, 3, 2),
    "ternary_metallic.dump": (1, 8100, 3, 3),
}


@pytest.mark.parametrize("name", SHARED)
def test_public_trajectories_are_what_counting_fields_gives(public_data, name):
    path = public_data / "trajectories" / name
    frames, n, dimension, n_species = SHARED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = io.read_trajectory(path)
    assert found.configuration.positions.shape == (frames, n, dimension)
    lines = path.read_text().splitlines()
    head = np.array([line.split()[:2] for line in lines[5 : 5 + dimension]], float)
    tilt = float(lines[5].split()[2]) if "xy" in lines[4] else 0.0
    box = head[:, 1] - head[:, 0]
    if tilt:
        box = np.array([[box[0] - tilt, 0], [tilt, box[1]]])
    np.testing.assert_allclose(found.configuration.box[0], box, rtol=1e-15)
    for k in range(frames):
        table = np.array([line.split() for line in lines[k * (n + 9) + 9 : (k + 1) * (n + 9)]], float)
        table = table[table[:, 0].argsort()]
        np.testing.assert_array_equal(
            found.configuration.positions[k], table[:, 2 : 2 + dimension] - head[:, 0]
        )
        np.testing.assert_array_equal(found.configuration.species[k], table[:, 1] - 1)
    assert len(found.species_names) == n_species


def test_the_public_gsd_file_is_what_gsd_gives(public_data):
    path = public_data / "trajectories" / "example.gsd"
    # It holds positions and nothing else.
    with pytest.warns(io.FileWarning, match="expected a cell in example.gsd, got none; took HOOMD's default"):
        found = list(io.iterate_trajectory(path))
    with gsd.hoomd.open(str(path)) as file:
        assert len(found) == len(file)
        for ours, theirs in zip(found, file, strict=True):
            x, y, z, xy, xz, yz = np.array(theirs.configuration.box, float)
            cell = np.array([[x, 0, 0], [xy * y, y, 0], [xz * z, yz * z, z]])
            dimension = ours.configuration.positions.shape[1]
            expected = theirs.particles.position + (0.5 + theirs.particles.image) @ cell
            assert dimension == theirs.configuration.dimensions
            np.testing.assert_allclose(ours.configuration.positions, expected[:, :dimension], rtol=1e-6)
