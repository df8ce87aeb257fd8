"""Cells of every shape: triclinic, turned, left-handed, flat, open along some axes; as LAMMPS, ASE and gsd mean them."""

from pathlib import Path

import ase.io
import gsd.hoomd
import numpy as np
import pytest
from oracles import lammps

from tdaglass import io
from tdaglass.configuration import Configuration

REFERENCE = Path(__file__).parents[1] / "reference"
TRICLINIC = np.array([[3.5, 0, 0], [1.2, 4.0, 0], [-0.7, 0.9, 4.5]])
ROTATION = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
ROTATION *= np.linalg.det(ROTATION)
TURNED = TRICLINIC @ ROTATION.T
LEFT = TURNED[[1, 0, 2]]
FILM = np.array([3.0, 4.0, np.inf])
TILTED_FILM = np.array([[3.0, 0, 0], [1.0, 4.0, 0], [0, 0, np.inf]])


def glass(box, n=7, seed=0):
    rng = np.random.default_rng(seed)
    return io.Frame(Configuration(rng.normal(size=(n, len(box))) * 6, np.arange(n) % 2, np.asarray(box)))


def same(found, box, positions, atol=0.0):
    np.testing.assert_allclose(found.configuration.box, box, rtol=0, atol=atol)
    np.testing.assert_allclose(found.configuration.positions, positions, rtol=0, atol=atol)


@pytest.mark.parametrize("form", ["wrapped", "scaled", "unwrapped", "scaled_unwrapped", "general"])
def test_lammps_files_of_triclinic_cells(form):
    truth = np.load(REFERENCE / "io_triclinic.npz")
    lattice = truth["turned" if form == "general" else "lattice"]
    # The run is hot enough to take particles out of the cell, else this would test nothing.
    assert np.any(np.floor(truth[f"{form}_positions"] @ np.linalg.inv(lattice)))
    files = [REFERENCE / f"io_triclinic_{form}{suffix}" for suffix in (".lammpstrj", ".data")]
    for file in [file for file in files if file.exists()]:
        found = io.read(file)
        same(found, lattice, truth[f"{form}_positions"], atol=3e-13)
        np.testing.assert_array_equal(found.configuration.species + 1, truth[f"{form}_types"])


@pytest.mark.parametrize(
    ("box", "suffixes"),
    [
        (TRICLINIC, (".xyz", ".lammpstrj", ".data", ".gsd")),
        (TRICLINIC[:2, :2], (".xyz", ".lammpstrj", ".data", ".gsd")),
        (TURNED, (".xyz", ".lammpstrj", ".data")),
        (LEFT, (".xyz",)),
        (FILM, (".xyz", ".lammpstrj")),
        (FILM[1:], (".xyz", ".lammpstrj")),
        (TILTED_FILM, (".xyz", ".lammpstrj")),
    ],
    ids=["triclinic", "flat", "turned", "left-handed", "film", "flat film", "tilted film"],
)
def test_what_is_written_comes_back_or_is_refused_with_a_remedy(tmp_path, box, suffixes):
    frame = glass(box)
    for suffix, atol in ((".xyz", 0.0), (".lammpstrj", 4e-15), (".data", 4e-15), (".gsd", 5e-6)):
        path = tmp_path / f"a{suffix}"
        if suffix in suffixes:
            io.write(path, frame)
            same(io.read(path), box, frame.configuration.positions, atol)
        else:
            with pytest.raises(ValueError, match=r"expected .*got .*; try"):
                io.write(path, frame)


def test_ase_and_gsd_see_the_cells_that_were_written(tmp_path):
    frame = glass(TRICLINIC)._replace(species_names=("Ni", "P"))
    positions = frame.configuration.positions
    for name, reading in (("a.xyz", {}), ("a.data", {"format": "lammps-data", "atom_style": "atomic"})):
        io.write(tmp_path / name, frame)
        atoms = ase.io.read(tmp_path / name, **reading)
        np.testing.assert_allclose(atoms.cell.array, TRICLINIC, atol=1e-14)
        shift = (atoms.positions - positions) @ np.linalg.inv(TRICLINIC)
        np.testing.assert_allclose(shift, np.rint(shift), atol=1e-12)
    io.write(tmp_path / "a.lammpstrj", frame)
    np.testing.assert_allclose(ase.io.read(tmp_path / "a.lammpstrj").cell.array, TRICLINIC, atol=1e-14)
    io.write(tmp_path / "a.gsd", frame)
    with gsd.hoomd.open(str(tmp_path / "a.gsd")) as file:
        x, y, z, xy, xz, yz = file[0].configuration.box
        np.testing.assert_allclose([[x, 0, 0], [xy * y, y, 0], [xz * z, yz * z, z]], TRICLINIC, atol=1e-6)
        assert np.abs(file[0].particles.position @ np.linalg.inv(TRICLINIC)).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("box", [TRICLINIC, TRICLINIC[:2, :2], [3.0, 4.0, 5.0], [3.0, 4.0]])
def test_positions_in_gsd_count_from_the_centre_and_ours_from_the_corner(tmp_path, box):
    box = np.array(box)
    matrix = box if box.ndim == 2 else np.diag(box)
    dimension = len(matrix)
    io.write(tmp_path / "a.gsd", Configuration(matrix.sum(0)[None] / 2, np.zeros(1, int), box))
    with gsd.hoomd.open(str(tmp_path / "a.gsd")) as file:
        np.testing.assert_allclose(file[0].particles.position, np.zeros((1, 3)), atol=1e-6)
        assert file[0].configuration.dimensions == dimension
    same(io.read(tmp_path / "a.gsd"), box, matrix.sum(0)[None] / 2, atol=1e-6)


def test_a_sheared_trajectory_becomes_matrices_and_a_shared_one_is_written(tmp_path):
    strained = [np.array([3.0, 4, 5]), np.array([[3.0, 0, 0], [0.3, 4, 0], [0, 0, 5]])]
    io.write(tmp_path / "a.xyz", iter([glass(box) for box in strained]))
    boxes = io.read_trajectory(tmp_path / "a.xyz").configuration.box
    np.testing.assert_array_equal(boxes, [np.diag(strained[0]), strained[1]])
    assert io.read(tmp_path / "a.xyz", 0).configuration.box.shape == (3,)
    frames = io.Frame(Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), TRICLINIC))
    io.write(tmp_path / "b.xyz", frames)
    assert io.read_trajectory(tmp_path / "b.xyz").configuration.box.tolist() == [TRICLINIC.tolist()] * 2


@pytest.mark.parametrize("suffix", [".lammpstrj", ".xyz"])
def test_an_axis_that_is_not_periodic_is_an_edge_of_infinity(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    texts = {
        ".lammpstrj": "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp ff pp\n-1 3\n-2 2\n-3 3\n"
        "ITEM: ATOMS id type x y z\n1 1 0 1 2\n2 1 1 1 1\n",
        ".xyz": '2\nLattice="4 0 0 0 5 0 0 0 6" pbc="T F T"\nA 1 1 5\nA 2 1 4\n',
    }
    path.write_text(texts[suffix])
    same(io.read(path), [4, np.inf, 6], [[1, 1, 5], [2, 1, 4]])
    assert io.read(path, box=None).configuration.box is None
    assert io.read(path, box=7).configuration.box.tolist() == [7, 7, 7]
    assert io.read(path, box=TRICLINIC).configuration.box.tolist() == TRICLINIC.tolist()


def test_negative_edges_and_rounding_off_the_diagonal_are_edges(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text('1\nLattice="-9 1e-15 0 0 9 0 3e-8 0 9"\nA 1 2 3\n')
    assert io.read(path).configuration.box.tolist() == [9, 9, 9]
    path.write_text('1\nLattice="9 1e-6 0 0 9 0 0 0 9"\nA 1 2 3\n')
    assert io.read(path).configuration.box.shape == (3, 3)


@pytest.mark.slow
@pytest.mark.skipif(not lammps.available(), reason=lammps.SKIP_REASON)
@pytest.mark.parametrize("box", [TRICLINIC, TURNED, TRICLINIC[:2, :2]], ids=["restricted", "general", "flat"])
def test_lammps_reads_our_triclinic_cells(tmp_path, box):
    frame = glass(box, n=20)
    dimension = len(box)
    io.write(tmp_path / "system.data", frame)
    general = not np.allclose(np.triu(box, 1), 0)
    script = [
        "units lj", "atom_style atomic", f"dimension {dimension}", "box tilt large", "read_data system.data",
        "mass * 1.0", "pair_style zero 0.5", "pair_coeff * *", "dump a all custom 1 seen id type xu yu zu",
        f"dump_modify a sort id format float %.17g{' triclinic/general yes' if general else ''}", "run 0",
    ]  # fmt: skip
    lammps.execute(tmp_path, script)
    same(io.read(tmp_path / "seen", format="lammps-dump"), box, frame.configuration.positions, atol=1e-13)
