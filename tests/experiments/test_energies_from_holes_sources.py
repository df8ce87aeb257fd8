"""Where frames of `energies_from_holes.py` come from: files, sheets and diamonds; and who says their energies."""

import json
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from ase import Atoms, io
from ase.calculators.calculator import CalculationFailed
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from studies import EXPERIMENTS, TINY, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

from carbon_melt_quench import diamonds
from energies_from_holes_data import loops_of_run, soap_of
from energies_from_holes_files import Files
from energies_from_holes_frames import as_lattices, one_after_another
from energies_from_holes_labels import Labels, relabelled, say
from energies_from_holes_linear import folds_of, min_max
from energies_from_holes_networks import atoms as soap_of_atoms
from energies_from_holes_networks import graphs, scale_atoms
from energies_from_holes_records import Described, OfFiles, OfSheets, kinds_of
from energies_from_holes_sheets import Sheets
from graphene_melt_quench import HOT, cells_of, sheet, start

from tdaglass import learning, structure
from tdaglass.checkpoints import nothing_kept
from tdaglass.glass import units

REFERENCE = Path(__file__).parents[1] / "reference"
# The same lattice by other vectors.
STRAIGHT = np.eye(3)
SHEARED = np.array([[1, 0, 0], [1, 1, 0], [0, -1, 1]])
BASIS = structure.SoapBasis(cutoff=3.0, n_max=2, l_max=1, sigma=0.4)


def carbon(n, edge, seed, lattice=STRAIGHT, **info):
    """Atoms that are nowhere very near each other, in a box, with an energy, forces and a stress."""
    random = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)[:n]
    positions = edge / 3 * (corners + 0.25 * random.uniform(size=(n, 3)))
    atoms = Atoms(f"C{n}", positions=positions, cell=edge * lattice, pbc=True, info=info)
    stress = random.normal(size=6)
    atoms.calc = SinglePointCalculator(
        atoms, energy=-7.0 * n - seed, forces=random.normal(size=(n, 3)), stress=stress
    )
    return atoms


@pytest.fixture(scope="module")
def two_files(tmp_path_factory):
    """Two sizes, two lattices, two types, and a file without types; a dimer."""
    folder = tmp_path_factory.mktemp("labelled")
    paths = folder / "one.extxyz", folder / "two.xyz"
    first = [carbon(27, 6.0, 0, config_type="liquid"), carbon(20, 6.0, 1, SHEARED, config_type="cold")]
    first += [carbon(27, 6.0, 2, config_type="liquid")]
    second = [carbon(20, 5.0, 3), carbon(27, 7.0, 4)]
    io.write(paths[0], first)
    io.write(paths[1], [*second, carbon(2, 9.0, 5)])
    return paths, [first[0], first[2], first[1], *second]


@pytest.fixture(scope="module")
def read(two_files):
    return Files(data=two_files[0]).read()


def test_frames_of_files_are_those_that_ase_reads(two_files, read, capsys):
    frames, names = read
    assert names == ["one.extxyz, liquid", "one.extxyz, cold", "two.xyz"]
    assert frames.run.tolist() == [0, 0, 1, 2, 2]
    assert frames.atoms.tolist() == [27, 27, 20, 20, 27]
    assert frames.box.shape == (5, 3, 3)
    for i, atoms in enumerate(two_files[1]):
        positions, box = frames.system(i)
        np.testing.assert_allclose(positions, atoms.positions, atol=1e-7)
        np.testing.assert_allclose(box, atoms.cell.array, atol=1e-7)
        assert frames.energy[i] == pytest.approx(atoms.get_potential_energy() / len(atoms), rel=1e-7)
        np.testing.assert_allclose(frames.forces[i, : len(atoms)], atoms.get_forces(), rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(frames.stress[i], atoms.get_stress(voigt=False), rtol=1e-6, atol=1e-7)
        assert not frames.positions[i, len(atoms) :].any()
        assert np.isnan(frames.forces[i, len(atoms) :]).all()
    mass = 12.011 * 1.66053907  # of an atom, in g / cm3 times cubic angstrom
    densities = [len(atoms) * mass / atoms.get_volume() for atoms in two_files[1]]
    np.testing.assert_allclose(frames.group, np.round(np.array(densities) / 0.5) * 0.5)
    Files(data=two_files[0]).read()
    assert "left out 1 frames of fewer than 16 atoms" in capsys.readouterr().out


def test_a_virial_is_minus_the_stress_times_the_volume(tmp_path):
    virial = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    both = []
    for k in range(2):
        atoms = carbon(20, 6.0, k)
        atoms.calc = None
        atoms.info |= {"dft_energy": -20.0, "virial": virial}
        atoms.arrays["dft_forces"] = np.ones((20, 3))
        both.append(atoms)
    io.write(tmp_path / "a.extxyz", both)
    frames, _ = Files(data=(tmp_path / "a.extxyz",)).read()
    assert frames.energy.tolist() == [-1, -1]
    np.testing.assert_allclose(frames.forces, 1)
    np.testing.assert_allclose(frames.stress[0], -virial / 216, rtol=1e-6)


def test_what_files_do_not_say_is_said_in_a_sentence(tmp_path):
    def refused(atoms, words, **settings):
        path = tmp_path / "bad.extxyz"
        io.write(path, atoms)
        with pytest.raises(ValueError, match=words):
            Files(data=(path,), **settings).read()

    silent = Atoms("C20", positions=np.random.default_rng(0).uniform(0, 6, (20, 3)), cell=[6] * 3, pbc=True)
    silent.info["note"] = "text"
    refused(
        [carbon(20, 6.0, 0), silent],
        "energy or Energy in the header of frame 1 of bad.extxyz, got none among",
    )
    refused(carbon(20, 6.0, 0), "expected a total energy as E0 in the header of frame 0", energy_key="E0")
    mixed = silent.copy()
    mixed.symbols[0], mixed.info["energy"] = "H", -3.0
    refused(mixed, "expected atoms of one element, got C, H in frame 0 of bad.extxyz")
    refused([carbon(8, 6.0, 0)], "expected frames of at least 16 atoms, got 0 among 1 in bad.extxyz")
    with pytest.raises(ValueError, match="expected files of labelled frames, got none; try --data"):
        Files().read()
    with pytest.raises(OSError, match="nowhere"):
        Files(data=(tmp_path / "nowhere.xyz",))


def test_a_file_that_says_something_else_is_another_source(two_files, tmp_path):
    path = tmp_path / "a.extxyz"
    io.write(path, carbon(20, 6.0, 0))
    before = Files(data=(path,))
    assert before == Files(data=(path,))
    io.write(path, carbon(20, 6.0, 1))
    assert before != Files(data=(path,))


def test_whole_runs_are_left_out_of_files_and_what_there_is_one_of_is_not(read):
    frames, _ = read
    settings = OfFiles(folds=3)
    part = folds_of(settings, frames, "runs")
    assert all(len(set(part[frames.run == k])) == 1 for k in range(3))
    assert set(part) == {0, 1, 2}
    assert kinds_of(frames) == ("frames", "runs", "groups")
    assert kinds_of(frames.at(frames.run == 0)) == ("frames",)
    assert frames.at(frames.run == 2).run.tolist() == [0, 0]


def test_cells_from_nought_to_one_are_scaled_over_all_frames():
    pairs = np.zeros((3, 4, 2), np.float32)
    pairs[0, :2], pairs[1, :2], pairs[2, :] = [[1, 3], [1, 3]], [[1, 3], [2, 3.5]], [2, 3.5]
    found = min_max(OfSheets(cells=4, pixels=4), Described(pairs, np.zeros((3, 1)), np.full(3, 680)))
    # One cell falls from 1 to 0, the other rises; all others are empty and stand as one.
    assert sorted(found.T.tolist()) == [[0, 0, 0], [0, 0.5, 1], [1, 0.5, 0]]


def test_the_vectors_of_a_lattice_and_atoms_that_are_not_there_are_not_seen(read, two_files):
    frames, _ = read
    alone = frames.at(np.array([2]))
    straight = alone._replace(box=np.full((1, 3), 6.0), positions=alone.positions[:, :20])
    for one in (alone, straight):
        assert len(loops_of_run(one, 0)[0]) > 5
    found, expected = (np.sort(loops_of_run(one, 0)[0], axis=0) for one in (alone, straight))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert straight.of_one_size
    assert not frames.of_one_size
    expected = soap_of(BASIS, straight, 0)
    np.testing.assert_allclose(soap_of(BASIS, frames, 2), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(soap_of(BASIS, frames, 2, "outer"), expected.mean(0), rtol=1e-5, atol=1e-6)
    rows = np.concatenate([expected, np.full((7, expected.shape[1]), 1e6, np.float32)])[None]
    mask = (np.arange(27) < 20)[None]
    each = learning.AtomicDescriptors(rows, mask)
    scaled = scale_atoms(OfFiles(), each)(each).descriptors[0, :20]
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-4)


def test_networks_see_no_more_atoms_than_there_are(read):
    frames, _ = read
    mixed = frames.at(np.array([1, 2]))
    settings = OfFiles(reach=2.5, n_max=2, l_max=1, cutoff=3.0, sigma=0.4)
    nothing = Described(np.zeros((2, 0, 2)), np.zeros((2, 1)), mixed.atoms)
    assert (graphs(settings, mixed, nothing).species >= 0).sum(axis=1).tolist() == [27, 20]
    seen = soap_of_atoms(settings, mixed, nothing)
    assert seen.mask.sum(axis=1).tolist() == [27, 20]
    assert not seen.descriptors[1, 20:].any()


def test_frames_of_several_sources_stand_one_after_another(read):
    frames, _ = read
    edges = frames.at(np.array([0, 1]))._replace(
        box=np.full((2, 3), 6.0), forces=np.zeros((2, 0, 3), np.float32)
    )
    both = one_after_another([edges, frames])
    assert both.run.tolist() == [0, 0, 1, 1, 2, 3, 3]
    np.testing.assert_array_equal(both.box[:2], as_lattices(edges.box))
    assert np.isnan(both.forces[:2]).all()
    np.testing.assert_array_equal(both.forces[2:], frames.forces)


class Told(LennardJones):
    """Counts what it is asked, and fails for few atoms where it is told to."""

    asked = 0

    def __init__(self, fewest=0, sigma=1.0, epsilon=1.0, rc=None):
        self.fewest = fewest
        super().__init__(sigma=sigma, epsilon=epsilon, rc=rc)

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        Told.asked += 1
        if len(atoms) < self.fewest:
            raise CalculationFailed("not converged")
        super().calculate(atoms, properties, system_changes)


def test_a_teacher_says_energies_frame_by_frame_and_is_not_asked_twice(read, two_files):
    frames, _ = read
    labels = Labels(f"{__name__}:Told", ("sigma=1.5", "epsilon=0.5", "rc=4.0"))
    assert labels.title == "Told(sigma=1.5, epsilon=0.5, rc=4.0)"
    kept = {}

    def keep(name, compute):
        return kept[name] if name in kept else kept.setdefault(name, compute())

    Told.asked = 0
    kept["frame-3"] = say(labels, frames, 3)
    taught = relabelled(labels, frames, keep, None)
    assert Told.asked == 5
    relabelled(labels, frames, keep, None)
    assert Told.asked == 5
    for i, atoms in enumerate(two_files[1]):
        one = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
        one.calc = LennardJones(sigma=1.5, epsilon=0.5, rc=4.0)
        assert taught.energy[i] == pytest.approx(one.get_potential_energy() / len(one), rel=1e-6)
        np.testing.assert_allclose(taught.forces[i, : len(one)], one.get_forces(), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(taught.stress[i], one.get_stress(voigt=False), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(taught.positions, frames.positions)
    failing = relabelled(Labels(labels.teacher, ("fewest=25",)), frames, nothing_kept, None)
    assert np.isfinite(failing.energy).tolist() == [True, True, False, False, True]
    with pytest.raises(ValueError, match=r"expected energies by Told\(fewest=99\), got none of 5 frames"):
        relabelled(Labels(labels.teacher, ("fewest=99",)), frames, nothing_kept, None)


def test_teachers_that_are_not_there_and_settings_that_are_none_are_said(read):
    frames, _ = read

    def refused(kind, words, teacher, *settings):
        with pytest.raises(kind, match=words):
            relabelled(Labels(teacher, settings), frames, nothing_kept, None)

    refused(ValueError, "expected a teacher as MODULE:CLASS, got 'TBLite'", "TBLite")
    refused(ImportError, "got no module nowhere; try pip install nowhere", "nowhere.ase:Teacher")
    refused(ImportError, "expected a calculator Nobody in ase.calculators.lj", "ase.calculators.lj:Nobody")
    refused(ValueError, "expected settings of the teacher as key=value, got 'sigma'", "a:B", "sigma")
    refused(ValueError, "expected a JSON object", "a:B", "{1")
    refused(
        ValueError,
        r"expected settings that .*:Told takes, got \{'sigm.* it says: .*sigmas",
        f"{__name__}:Told",
        '{"sigmas": 3}',
    )
    with pytest.raises(ValueError, match="expected a teacher beside its settings"):
        Labels(teacher_settings=("a=1",))
    given = Labels("ase.calculators.lj.LennardJones", ('{"sigma": 1.5, "smooth": true}',))
    assert (given.path, given.keywords) == (
        ("ase.calculators.lj", "LennardJones"),
        {"sigma": 1.5, "smooth": True},
    )
    assert Labels("a:B", ("method=GFN1-xTB", "verbosity=0")).title == "B(method=GFN1-xTB)"


def test_sheets_are_nearly_square_and_of_published_sizes():
    assert (cells_of(680), cells_of(2720)) == ((17, 10), (34, 20))
    for n in (113, 100, 4 * 37):
        with pytest.raises(
            ValueError, match=f"expected atoms of a nearly square sheet, 112 or more, got {n}"
        ):
            cells_of(n)
    model, flat = sheet("erhart_albe", 112)
    moving = start(jax.random.key(0), model, flat)
    assert not np.asarray(moving.velocity)[:, 2].any()
    with pytest.raises(ValueError, match="expected two different cooling rates or more"):
        Sheets(rates=(100.0, 100.0))


def test_a_melted_sheet_stays_in_its_plane_and_is_as_hot_as_it_is_said_to_be():
    source = Sheets(n=112, rates=(20_000.0, 10_000.0), sheets=2, frames=(8, 3))
    # As the study does it: by the kernels, where there are any.
    with jax.enable_x64(False):
        frames = source.gather(nothing_kept, None)
    assert frames.positions.shape == (44, 112, 3)
    assert np.ptp(frames.positions[..., 2]) == 0
    assert np.isinf(frames.box[:, 2]).all()
    assert frames.group.tolist() == [20_000] * 22 + [10_000] * 22
    assert frames.run.tolist() == np.repeat(range(4), 11).tolist()
    # Two degrees of freedom for each atom: eight frames of three picoseconds, four sheets.
    held = frames.temperature[frames.stage == 1].reshape(4, 8)[:, 2:]
    error = held.mean(1).std(ddof=1) / 2 + HOT * np.sqrt(2 / 2 / 112 / held.size)
    assert abs(held.mean() - HOT) < 4 * error
    # A glass: above graphene, which lies at -7.37 eV without heat, by half an electronvolt, with its three bonds.
    assert frames.temperature[frames.last].max() < 3000
    assert frames.energy[frames.last].min() > -7.0
    flat, box = frames.in_its_space(43)
    bonds = structure.cutoff_neighbors(flat, box, 1.85).mask.sum(1)
    assert np.mean(np.asarray(bonds) == 3) > 0.8
    # Of open space, as published, and of a closed plane.
    loops = [loops_of_run(frames._replace(box=box), 0) for box in (np.full((44, 3), np.inf), frames.box)]
    assert all(np.sum(of[-1][:, 1] > of[-1][:, 0]) > 20 for of in loops)
    assert OfSheets().grid.deaths == (0.0, 4.0)


def test_diamond_is_at_its_density_and_lies_as_deep_as_is_published():
    with jax.enable_x64(False):
        model, seen = diamonds(jax.random.key(0), "erhart_albe", 64, 3.51, 4)
    assert model.n_particles == 64
    box = np.asarray(seen.box, float)
    np.testing.assert_allclose(64 * 12.011 * 1.66053907 / box.prod(axis=1), 3.51, rtol=1e-4)
    energy = np.asarray(seen.thermo.potential_energy, float) / 64
    temperature = np.asarray(seen.thermo.temperature, float)
    # Of Erhart and Albe, table III, and half of what heat there is.
    assert energy.mean() == pytest.approx(-7.3731 + 1.5 * temperature.mean(), abs=0.01)
    assert 150 < temperature.mean() / units.KELVIN < 450


@pytest.mark.slow
def test_study_of_sheets_at_a_tiny_size(tmp_path):
    flags = [*TINY["energies_from_holes"][2:]]
    for name in ("--densities", "--frames", "--larger"):
        k = flags.index(name)
        following = next((j for j in range(k + 1, len(flags)) if flags[j].startswith("--")), len(flags))
        del flags[k:following]
    words = [
        "--system",
        "graphene",
        "--n",
        "112",
        "--rates",
        "20000",
        "10000",
        "--sheets",
        "2",
        "--frames",
        "2",
        "4",
    ]
    printed = study("energies_from_holes", *words, "--larger", "240", *flags, "--root", str(tmp_path))
    assert "amorphous graphene, flat, 112 atoms" in printed
    assert "whole cooling rates" in printed
    metrics = json.loads((only_run(tmp_path, "energies_from_holes") / "metrics.json").read_text())
    assert metrics["errors"]["soap"]["frames"]["larger"][0] > 0


@pytest.mark.slow
def test_study_of_files_by_another_teacher(tmp_path):
    path = tmp_path / "mixed.extxyz"
    shapes = [(27, 6.0), (20, 6.0), (27, 7.0), (24, 5.5)]
    io.write(
        path,
        [
            carbon(n, edge, 10 * k + j, SHEARED if k % 2 else STRAIGHT, config_type=f"kind {j % 3}")
            for k, (n, edge) in enumerate(shapes)
            for j in range(6)
        ],
    )
    words = [
        "--data",
        str(path),
        "--teacher",
        "ase.calculators.lj:LennardJones",
        "--teacher-settings",
        "sigma=1.3",
    ]
    flags = TINY["energies_from_holes"]
    sizes = [*flags[flags.index("--cells") :], "--networks", "soap_network", "schnet"]
    printed = study("energies_from_holes", *words, *sizes, "--root", str(tmp_path))
    assert "run mixed.extxyz, kind 2: 8 frames" in printed
    assert "teacher: LennardJones(sigma=1.3)" in printed
    metrics = json.loads((only_run(tmp_path, "energies_from_holes") / "metrics.json").read_text())
    assert metrics["atoms"] == [20, 27]
    assert np.isfinite(metrics["errors"]["schnet"]["runs"]["test"][0])


@pytest.mark.slow
def test_quantum_chemistry_that_is_affordable_goes_with_density_functional_theory(tmp_path):
    pytest.importorskip("tblite.ase", reason="tblite is not installed: pip install tdaglass[teachers]")
    with np.load(REFERENCE / "carbon_lda.npz") as known:
        positions, box, energy = known["positions"], known["box"], known["energy"]
    known_frames = [
        Atoms(f"C{len(x)}", positions=x, cell=edges, pbc=True, info={"energy": 0.0})
        for x, edges in zip(positions, box, strict=True)
    ]
    io.write(tmp_path / "known.extxyz", known_frames)
    frames, _ = Files(data=(tmp_path / "known.extxyz",)).read()
    said = relabelled(
        Labels("tblite.ase:TBLite", ("method=GFN1-xTB", "verbosity=0")), frames, nothing_kept, None
    )
    assert np.corrcoef(said.energy, energy)[0, 1] > 0.95
    # Forces are given without being asked for, and are slopes.
    assert np.isfinite(said.forces).all()
