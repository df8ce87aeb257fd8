"""Bad files and bad arrays: one clear sentence with a remedy, and nothing on disk is touched."""

import re

import numpy as np
import pytest

from tdaglass import io
from tdaglass.configuration import Configuration

SUFFIXES = (".xyz", ".lammpstrj", ".gsd", ".data")


def glass(n=5, **changes):
    rng = np.random.default_rng(0)
    return Configuration(rng.uniform(0, 4, (n, 3)), np.arange(n) % 2, np.full(3, 4.0))._replace(**changes)


def assert_one_sentence(error: BaseException) -> None:
    text = error.args[-1] if error.args else ""
    assert "\n" not in text
    assert re.search(r"expected|no room|no permission|being written", text), text
    assert "; " in text, text  # the remedy stands behind the finding


def refused(call, kind=ValueError, match=None):
    with pytest.raises(kind, match=match) as caught:
        call()
    assert_one_sentence(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_file_a_folder_an_empty_file_and_one_without_permission(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"a{suffix}"
    refused(lambda: io.read(path), FileNotFoundError, "got nothing there")
    (tmp_path / f"folder{suffix}").mkdir()
    refused(lambda: io.read(tmp_path / f"folder{suffix}"), IsADirectoryError, "got a folder")
    path.touch()
    refused(lambda: io.read(path), ValueError, "zero bytes|not one or is damaged")
    refused(lambda: io.read_trajectory(path), ValueError, "zero bytes|not one or is damaged")
    # The tests may run as root, for whom every file is readable.
    monkeypatch.setattr("os.access", lambda *_: False)
    refused(lambda: io.read(path), PermissionError, "chmod")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_format_under_the_wrong_name(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe binary \x00\x01\n" * 9)
    refused(lambda: io.read(path))
    path.write_text("a letter to nobody\nin two lines\n")
    refused(lambda: io.read(path))


def test_an_unknown_suffix_or_format_names_those_there_are(tmp_path):
    path = tmp_path / "a.pdb"
    refused(lambda: io.write(path, glass()), match=r"\.lammpstrj.*extxyz, lammps-dump, lammps-data, gsd")
    refused(lambda: io.write(path, glass(), format="pdb"), match="got 'pdb'")
    path.write_text("a letter to nobody\nin two lines\n")
    refused(lambda: io.read(path, format="extxyz"), match="number of particles")
    refused(lambda: io.read(path, format="povray"), match="one of ASE's, got 'povray'")
    (tmp_path / "a.letter").write_text("a letter to nobody\nin two lines\n")
    refused(lambda: io.read(tmp_path / "a.letter"), match="suffixes")


@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj"])
def test_every_truncation_of_a_text_trajectory_is_found(tmp_path, suffix):
    whole = tmp_path / f"whole{suffix}"
    frames = io.Frame(
        Configuration(np.random.default_rng(1).normal(size=(2, 2, 3)), np.zeros(2, int), np.ones(3))
    )
    io.write(whole, frames)
    text = whole.read_bytes()
    # The second frame starts where half of the lines are gone.
    second = len(b"".join(text.splitlines(keepends=True)[: len(text.splitlines()) // 2]))
    path = tmp_path / f"cut{suffix}"
    for end in range(second + 1, len(text)):
        path.write_bytes(text[:end])
        refused(lambda: io.read(path))
        refused(lambda: io.read_trajectory(path))
    np.testing.assert_array_equal(io.read(path, 0).configuration.positions, frames.configuration.positions[0])


def test_every_truncation_of_a_data_file_is_found(tmp_path):
    configuration = glass()
    io.write(tmp_path / "a.data", io.Frame(configuration, velocities=np.ones((5, 3))))
    text = (tmp_path / "a.data").read_bytes()
    velocities = text.index(b"\nVelocities")
    path = tmp_path / "cut.data"
    for end in range(1, len(text)):
        path.write_bytes(text[:end])
        # Where whole sections are missing nothing in the format tells; all that is there must then be right. So it
        # is without the last line end, behind a number that has as many digits as the others.
        if end in (velocities, velocities + 1, len(text) - 1):
            np.testing.assert_allclose(io.read(path).configuration.positions, configuration.positions)
        elif end == velocities - 1:
            # Behind an image flag, one of which may have lost digits: that is said.
            with pytest.warns(io.FileWarning, match="its last field '-?[0-9]+' was taken as whole"):
                found = io.read(path)
            np.testing.assert_allclose(found.configuration.positions, configuration.positions)
        else:
            refused(lambda: io.read(path))


def test_a_truncated_gsd_file_is_found_or_ends_at_a_whole_frame(tmp_path):
    whole, path = tmp_path / "whole.gsd", tmp_path / "cut.gsd"
    positions = np.random.default_rng(1).normal(size=(3, 40, 3)).astype(np.float32)
    io.write(whole, Configuration(positions, np.zeros(40, int), np.full(3, 8.0)))
    content = whole.read_bytes()
    kept = 0
    for end in range(1, len(content), 97):
        path.write_bytes(content[:end])
        try:
            found = io.read_trajectory(path)
        except ValueError as error:
            assert_one_sentence(error)
        else:
            count = len(found.configuration.positions)
            np.testing.assert_array_equal(found.configuration.positions, positions[:count])
            kept += 1
    assert kept < len(content) / 97 / 2


def test_a_missing_column_names_those_there_are(tmp_path):
    io.write(tmp_path / "a.xyz", glass(), {"score": np.ones(5), "q6": np.ones(5)})
    refused(lambda: io.column(io.read(tmp_path / "a.xyz"), "propensity"), KeyError, "'propensity'.*score, q6")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_impossible_configurations_are_not_written_and_the_old_file_stays(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    io.write(path, glass())
    before = path.read_bytes()
    positions = glass().positions.copy()
    positions[3, 1] = np.nan
    for bad, match in (
        (glass(positions=positions), "position of particle 3 "),
        (glass(box=np.array([1.0, -1.0, 1.0])), "3 positive box edges"),
        (glass(box=np.ones(2)), "3 positive box edges"),
        (glass(species=np.array([0, -1, 0, 0, 0])), "negative codes"),
        (glass(species=np.full(5, 0.5)), "species codes"),
        (glass(species=np.zeros(4, int)), "species codes"),
        (glass(positions=np.zeros((5, 4))), "2 or 3"),
        (io.Frame(glass(), np.zeros((5, 2))), "velocities"),
        (io.Frame(glass(), species_names=("Ni",)), "a name for each of the 2 species"),
        (io.Frame(glass(), species_names=("Ni", "Ni")), "distinct species names"),
        (io.Frame(glass(), species_names=("Ni", "two words")), "species name without blanks"),
        (iter([]), "at least one frame"),
    ):
        refused(lambda bad=bad: io.write(path, bad), match=match)
        assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj", ".gsd"])
def test_impossible_columns_are_not_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    for columns, match in (
        ({"score": np.ones(4)}, r"shape \(5,\) or \(5, components\)"),
        ({"score": np.ones((5, 2, 2))}, "components"),
        ({"score": np.ones(5, complex)}, "numbers in column"),
        (
            {"score": np.array(["a b"] * 5)},
            "text without blanks",
        ),
        ({"two words": np.ones(5)}, "without blanks"),
        ({"pos": np.ones(5)}, "no meaning"),
    ):
        refused(lambda columns=columns: io.write(path, glass(), columns), match=match)
    assert not list(tmp_path.iterdir())


def test_a_bad_frame_in_the_middle_of_a_trajectory_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.xyz"
    io.write(path, glass())
    before = path.read_bytes()
    good, bad = io.Frame(glass()), io.Frame(glass(box=-np.ones(3)))
    refused(lambda: io.write(path, iter([good, good, bad])), match="frame 2 for a.xyz")
    assert path.read_bytes() == before


def test_what_a_format_cannot_hold(tmp_path):
    frames = io.Frame(Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), np.ones(3)))
    refused(lambda: io.write(tmp_path / "a.data", frames), match="expected one frame")
    refused(lambda: io.write(tmp_path / "a.data", glass(), {"q": np.ones(5)}), match="no columns")
    for name in ("a.data", "a.gsd"):
        refused(lambda name=name: io.write(tmp_path / name, glass(box=None)), match="try extxyz")
    assert not list(tmp_path.iterdir())


DUMP = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\n{box}ITEM: ATOMS {columns}\n{row}\n"
BOX = "ITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"


@pytest.mark.parametrize(
    ("box", "columns", "row", "match"),
    [
        ("", "id type x y z", "1 1 0 0 0", "BOX BOUNDS"),
        ("ITEM: BOX BOUNDS xy xz yz\n0 1 x\n0 1 0\n0 1 0\n", "type x y z", "1 0 0 0", "of 3 numbers as cell"),
        ("ITEM: BOX BOUNDS abc origin\n1 0 0 0\n2 0 0 0\n0 0 1 0\n", "type x y z", "1 0 0 1", "that span"),
        ("ITEM: BOX BOUNDS pp pp pp\n0 1\n0 0\n0 1\n", "type x y z", "1 0 0 0.5", "positive box edges"),
        (BOX, "id type type x y z", "1 1 1 0 0 0", "every column once"),
        (BOX, "id type vx vy vz", "1 1 0 0 0", "columns x y z"),
        (BOX, "id type x y z", "1 1 0 0", "5 fields"),
        (BOX, "id type x y z", "1 1 0 0 nan", "finite"),
        (BOX, "id type x y z", "1 1 0 0 zero", "5 fields"),
        (BOX, "id type x y z", "1 0 0 0 0.5", "type numbers from 1"),
    ],
)
def test_dumps_that_cannot_be_understood(tmp_path, box, columns, row, match):
    path = tmp_path / "a.dump"
    path.write_text(DUMP.format(box=box, columns=columns, row=row))
    refused(lambda: io.read(path), match=match)


@pytest.mark.parametrize(
    ("header", "row", "match"),
    [
        ('pbc="T T T"', "A 0 0 0", "expected a cell"),
        ('Lattice="1 0 0 2 0 0 0 0 1"', "A 0 0 0", "span space"),
        ('Lattice="1 0 0 0 1 0.1 0 0.5 1" pbc="T T F"', "A 0 0 0.5", "at right angles"),
        ('Lattice="1 0 0 0 1 0"', "A 0 0 0", "9 numbers as Lattice"),
        ('Lattice="1 0 0 0 1 0 0 0 1" pbc="T T"', "A 0 0 0.5", "three flags"),
        ("Properties=species:S:1", "A", "pos:R:3"),
        ("Properties=species:S:1:pos:R", "A 0 0 0", "Properties="),
        ("", "A 0 0 inf", "finite"),
        ("", "A 0 0", "4 fields"),
        ("Properties=species:S:1:pos:R:3:on:L:1", "A 0 0 0 maybe", "T or F"),
        ("", f"{'A' * 30} 0 0 0", "shorter than"),
    ],
)
def test_extxyz_that_cannot_be_understood(tmp_path, header, row, match):
    path = tmp_path / "a.xyz"
    path.write_text(f"1\n{header}\n{row}\n")
    refused(lambda: io.read(path), match=match)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("0.0 4.0 ylo yhi\n", "", "ylo yhi"),
        ("0.0 4.0 ylo yhi\n", "0.0 4.0 ylo yhi\n1 0 xy xz yz\n", "3 numbers before xy xz yz"),
        ("5 atoms\n", "", "header line 'N atoms'"),
        ("# atomic", "# dielectric", "atom style atomic, "),
        ("# atomic", "# full", "fields of atom style full"),
        ("2 atom types", "1 atom types", "types up to 1"),
    ],
)
def test_data_files_that_cannot_be_understood(tmp_path, old, new, match):
    path = tmp_path / "a.data"
    io.write(path, glass())
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    refused(lambda: io.read(path), match=match)


def test_a_missing_or_forbidden_folder(tmp_path):
    refused(lambda: io.write(tmp_path / "no" / "a.xyz", glass()), FileNotFoundError, "try making it first")
    refused(lambda: io.write(tmp_path, glass(), format="extxyz"), IsADirectoryError, "try a name inside it")
