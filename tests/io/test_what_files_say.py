"""Files as other programs and other people write them: small texts of every kind, and what they mean."""

import bz2
import gzip
import lzma
import warnings

import ase.io
import gsd.hoomd
import numpy as np
import pytest

from tdaglass import io
from tdaglass.configuration import Configuration

CELL = 'Lattice="9 0 0 0 9 0 0 0 9" '
XYZ = CELL + "Properties=species:S:1:pos:R:3"
BOX = "ITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n"


def dump(columns, *rows, step=0, box=BOX, before=""):
    return (
        f"{before}ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(rows)}\n{box}ITEM: ATOMS {columns}\n"
        + "".join(f"{row}\n" for row in rows)
    )


def data(
    atoms, head="2 atoms\n2 atom types\n", cell="0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n", title="by hand"
):
    return f"{title}\n\n{head}\n{cell}\n{atoms}"


FLAT = "ITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n{}\n"
LABELS = "Atom Type Labels\n\n1 Ni\n2 P\n\nMasses\n\nNi 58.7\nP 31.0\n\n"
ROWS = "1 1 1 2 3\n2 2 4 5 6\n"

# Name, text, and what a frame of it has: each value is compared, each text that begins with ! is said.
READ = {
    "blank lines before and after": ("a.xyz", f"\n\n1\n{XYZ}\nA 1 2 3\n\n \n", {"n": 1}),
    "line ends of Windows": ("a.xyz", f"1\r\n{XYZ} step=3\r\nA 1 2 3\r\n", {"positions": [[1, 2, 3]], "step": 3}),
    "a byte order mark": ("a.xyz", f"\ufeff1\n{XYZ}\nA 1 2 3\n", {"positions": [[1, 2, 3]]}),
    "tabs": ("a.dump", dump("id\ttype\tx\ty\tz", "1\t1\t1\t2\t3"), {"positions": [[1, 2, 3]]}),
    "a dump under any name": ("a.1000", dump("id type x y z", "1 1 1 2 3"), {"positions": [[1, 2, 3]]}),
    "a dump under the name of another": ("a.xyz", dump("id type x y z", "1 1 1 2 3"), {"n": 1}),
    "xyz under any name": ("frame.txt", f"1\n{XYZ}\nA 1 2 3\n", {"n": 1}),
    "a data file under any name": ("data.glass", data("Atoms # atomic\n\n" + ROWS), {"species": [0, 1]}),
    "no last line end": ("a.xyz", f"2\n{XYZ}\nA 1.5 2.5 3.5\nA 4.5 5.5 6.5", {"n": 2}),
    "no last line end, whole numbers": ("a.xyz", f"1\n{XYZ}\nA 1 2 3", {"n": 1, "!": "'3' was taken as whole"}),
    "no types": ("a.dump", dump("id x y z", "1 1 2 3"), {"species": [0], "!": "all particles as one species"}),
    "names as types": ("a.dump", dump("id type x y z", "1 P 1 2 3", "2 Ni 1 1 1"), {"names": ("Ni", "P"), "species": [1, 0]}),
    "numbers and names as types": ("a.dump", dump("id type x y z", "1 1 1 2 3", "2 Ni 1 1 1"), {"names": ("1", "Ni")}),
    "elements only": ("a.dump", dump("id element x y z", "1 P 1 2 3", "2 Ni 1 1 1"), {"species": [1, 0]}),
    "type labels": ("a.dump", dump("id type typelabel x y z", "1 1 P 1 2 3", "2 2 Ni 1 1 1"), {"names": ("P", "Ni")}),
    "text beside numbers": ("a.dump", dump("id type mol x y z", "1 1 w 1 2 3"), {"mol": ["w"]}),
    "a bare ITEM: ATOMS": ("a.dump", dump("", "2 1 .5 .5 .5", "1 2 .1 .2 .3", box="ITEM: BOX BOUNDS\n0 9\n0 9\n0 9\n"), {"species": [1, 0]}),
    "units and time": ("a.dump", dump("id type x y z", "1 1 1 2 3", before="ITEM: UNITS\nlj\nITEM: TIME\n0.5\n"), {"units": "lj", "time": 0.5}),
    "x and y only": ("a.dump", dump("id type x y", "1 1 1 2", box=FLAT.format("-1 1")), {"positions": [[1, 2]], "box": [9, 9]}),
    "x and y only, thick": ("a.dump", dump("id type x y", "1 1 1 2", box=FLAT.format("0 9")), {"n": 1, "!": "took it as two-dimensional"}),
    "one z, thin": ("a.dump", dump("id type x y z", "1 1 1 2 .2", "2 1 3 4 .2", box=FLAT.format("0 1")), {"box": [9, 9], "!": "two-dimensional"}),
    "one z, a slice": ("a.dump", dump("id type x y z", "1 1 1 2 .2", "2 1 3 4 .2", box=FLAT.format("-.5 .5")), {"box": [9, 9]}),
    "one z, scaled": ("a.dump", dump("id type xs ys zs", "1 1 .1 .2 .5", "2 1 .3 .4 .5", box=FLAT.format("-1 1")), {"box": [9, 9]}),
    "one z, thick": ("a.dump", dump("id type x y z", "1 1 1 2 0", "2 1 3 4 0"), {"box": [9, 9, 9], "!": "three-dimensional; try dimension=2"}),
    "one z, open": ("a.xyz", '2\npbc="F F F"\nA 1 2 0\nA 2 3 0\n', {"positions": [[1, 2, 0], [2, 3, 0]], "!": "try dimension=2"}),
    "two components": ("a.xyz", f"1\n{CELL}Properties=species:S:1:pos:R:2\nA 1 2\n", {"positions": [[1, 2]], "box": [9, 9]}),
    "no cell": ("a.xyz", "1\nwater\nO 1 2 3\n", {"box": None, "comment": "water", "!": "expected a cell in a.xyz"}),
    "columns without names": ("a.xyz", f"1\n{CELL}\nA 1 2 3 .1 .2 up\n", {"column5": [0.1], "column7": ["up"], "!": "column5, column6, column7"}),
    "named velocities and radii": ("a.xyz", f"1\n{XYZ}:vel:R:3:radius:R:1\nA 1 2 3 4 5 6 .7\n", {"velocities": [[4, 5, 6]], "diameters": [1.4], "radius": [0.7]}),
    "atooms": ("a.xyz", "2\nstep:10 columns:id,pos,vel,radius cell:5,6,7 dt:0.001\nB 1 2 3 4 5 6 .5\nA 1 1 1 0 0 0 .6\n", {"step": 10, "box": [5, 6, 7], "species": [1, 0], "velocities": [[4, 5, 6], [0, 0, 0]], "diameters": [1.0, 1.2], "dt": 0.001}),
    "atooms in a plane": ("a.xyz", "1\ncolumns:name,x,y step:2 cell:5,6\nA 1 2\n", {"step": 2, "box": [5, 6], "positions": [[1, 2]]}),
    "atooms with equals": ("a.xyz", "1\ncolumns=id,x,y,z step=2 cell=5,6,7\nA 1 2 3\n", {"step": 2, "box": [5, 6, 7]}),
    "what an extended header says": ("a.xyz", f'1\n{XYZ} energy=-1.5 config_type=bulk virial="1 2 3 4 5 6 7 8 9" ok=T n=3 q="1 2 3" note="a b" quenched\nA 1 2 3\n', {"energy": -1.5, "config_type": "bulk", "virial": [[1, 4, 7], [2, 5, 8], [3, 6, 9]], "ok": True, "n_": 3, "q": [1, 2, 3], "note": "a b", "quenched": True}),
    "labels in a data file": ("a.data", data(LABELS + "Atoms # atomic\n\n1 Ni 1 2 3\n2 P 4 5 6\n"), {"names": ("Ni", "P"), "mass": [58.7, 31.0]}),
    "names in comments of masses": ("a.data", data("Masses\n\n1 58.7 # Ni\n2 31.0 # P\n\nAtoms\n\n" + ROWS), {"names": ("Ni", "P")}),
    "spheres": ("a.data", data("Atoms # sphere\n\n1 1 0.9 1 1 2 3\n2 2 1.3 1 4 5 6\n"), {"diameters": [0.9, 1.3], "density": [1, 1]}),
    "a title of LAMMPS": ("a.data", data("Atoms\n\n" + ROWS, title="LAMMPS data file via write_data, timestep = 70, units = lj"), {"step": 70, "units": "lj"}),
    "a thin data file": ("a.data", data("Atoms\n\n1 1 1 2 0\n2 2 4 5 0\n", cell="0 9 xlo xhi\n0 9 ylo yhi\n-0.1 0.1 zlo zhi\n"), {"box": [9, 9]}),
    "POSCAR": ("POSCAR", "glass\n1.0\n4 0 0\n0 5 0\n0 0 6\nZr Cu\n1 1\nDirect\n.5 .5 .5\n.25 .2 .5\n", {"names": ("Cu", "Zr"), "species": [1, 0], "positions": [[2, 2.5, 3], [1, 1, 3]], "box": [4, 5, 6]}),
    "GROMACS, in nanometres": ("a.gro", "glass\n2\n    1SOL     Ar    1   0.100   0.200   0.300\n    1SOL     Ar    2   0.400   0.500   0.600\n   1.00000   2.00000   3.00000\n", {"positions": [[1, 2, 3], [4, 5, 6]], "box": [10, 20, 30]}),
}  # fmt: skip


def of(frame, name):
    configuration = frame.configuration
    if name in ("positions", "species", "box", "diameters"):
        return getattr(configuration, name)
    if name in ("step", "time", "velocities"):
        return getattr(frame, name)
    if name == "n":
        return len(configuration.species)
    if name == "names":
        return frame.species_names
    return frame.columns[name] if name in frame.columns else frame.header[name.rstrip("_")]


@pytest.mark.parametrize("kind", READ)
def test_files_of_other_people(tmp_path, kind):
    name, text, expected = READ[kind]
    (tmp_path / name).write_bytes(text.encode())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = io.read(tmp_path / name)
    sentences = [str(one.message) for one in said if one.category is io.FileWarning]
    assert len(sentences) == len(said) == ("!" in expected), sentences
    for key, value in expected.items():
        if key == "!":
            assert value in sentences[0]
            assert sentences[0].startswith("expected ")
            assert "; try " in sentences[0]
        elif isinstance(value, list) and np.asarray(value).dtype.kind == "f":
            np.testing.assert_allclose(of(frame, key), value, rtol=1e-15)
        elif isinstance(value, list):
            assert of(frame, key).tolist() == value
        else:
            assert of(frame, key) == value
            assert isinstance(of(frame, key), type(value))


@pytest.mark.parametrize(
    ("comment", "step", "time"),
    [
        ("step=1e6", 1_000_000, None),
        ("Timestep=100.0", 100, None),
        ("step=initial time=2", None, 2.0),
        ('time="12:30:01" step=7', 7, None),
        ("time=1.5ps", None, None),
        ("i = 5, time = 1.5, E = -2.0", None, 1.5),
    ],
)
def test_a_foreign_step_or_time_is_kept_as_it_stands(tmp_path, comment, step, time):
    (tmp_path / "a.xyz").write_text(f"1\n{CELL}{comment}\nA 1 2 3\n")
    frame = io.read(tmp_path / "a.xyz")
    assert (frame.step, frame.time) == (step, time)
    assert ("step" in frame.header) == ("initial" in comment)
    assert ("time" in frame.header) == ("time" in comment and time is None)


def test_a_file_cut_inside_its_last_number_is_refused_as_far_as_can_be_known(tmp_path):
    path = tmp_path / "a.xyz"
    text = f"3\n{CELL}\nA 1.250 2.500 3.125\nA 1.250 2.500 3.875\nA 1.5 2.25 3.500"
    path.write_text(text)
    assert io.read(path).configuration.positions[2, 2] == 3.5
    for end in range(1, 6):
        path.write_text(text[:-end])
        with pytest.raises(ValueError, match=r"cut short|4 fields"):
            io.read(path)
    # Powers of ten: what lost a digit of its exponent is another number.
    path.write_text(f"2\n{CELL}\nA 1 2 3.5e-01\nA 1 2 3.5e-0")
    with pytest.raises(ValueError, match="cut short"):
        io.read(path)


@pytest.mark.parametrize("name", ["a.dump", "a.xyz"])
def test_species_are_coded_by_name_over_the_whole_file(tmp_path, name):
    path = tmp_path / name
    rows = (("Zr", "Cu"), ("Zr", "Fe"), ("Cu", "Cu"))
    if name == "a.dump":
        texts = [
            dump("id element x y z", f"1 {a} 1 2 3", f"2 {b} 4 5 6", step=k) for k, (a, b) in enumerate(rows)
        ]
    else:
        texts = [f"2\n{CELL}step={k}\n{a} 1 2 3\n{b}\t4 5 6\n" for k, (a, b) in enumerate(rows)]
    path.write_text("\n".join(texts))
    whole = io.read_trajectory(path)
    assert whole.species_names == ("Cu", "Fe", "Zr")
    assert whole.configuration.species.tolist() == [[2, 0], [2, 1], [0, 0]]
    for k in range(3):
        alone = io.read(path, k)
        np.testing.assert_array_equal(alone.configuration.species, whole.configuration.species[k])
        assert alone.species_names == whole.species_names


def test_types_of_gsd_frames_are_coded_by_name(tmp_path):
    with gsd.hoomd.open(str(tmp_path / "a.gsd"), "w") as file:
        for types, codes in ((["A", "B"], [0, 1]), (["B", "C"], [0, 1])):
            frame = gsd.hoomd.Frame()
            frame.configuration.box = [9, 9, 9, 0, 0, 0]
            frame.particles.N, frame.particles.types, frame.particles.typeid = 2, types, codes
            frame.particles.position = np.zeros((2, 3), np.float32)
            file.append(frame)
    assert io.read_trajectory(tmp_path / "a.gsd").configuration.species.tolist() == [[0, 1], [1, 2]]
    assert io.read(tmp_path / "a.gsd", 1).species_names == ("A", "B", "C")


def test_types_without_names_are_named_and_the_remedy_works(tmp_path):
    path = tmp_path / "a.dump"
    path.write_text(dump("id type x y z", "1 2 1 2 3", "2 1 1 1 1", "3 3 2 2 2"))
    for given, names, codes in (
        (("Ni", "P", "B"), ("Ni", "P", "B"), [1, 0, 2]),
        ({1: "P", 2: "Ni", 3: "P"}, ("P", "Ni"), [1, 0, 0]),
        ((3, 2, 1), ("3", "2", "1"), [1, 2, 0]),
    ):
        frame = io.read(path, species_names=given)
        assert (frame.species_names, frame.configuration.species.tolist()) == (names, codes)
    for given, remedy in ((("Ni", "P"), ("Ni", "P", "C")), ({1: "Ni", 2: "P"}, {1: "Ni", 2: "P", "3": "3"})):
        with pytest.raises(ValueError, match="species_names=") as caught:
            io.read(path, species_names=given)
        assert f"species_names={remedy!r}" in str(caught.value)
        io.read(path, species_names=remedy)
    path.write_text(dump("id type element x y z", "1 1 Ni 1 2 3", "2 2 P 1 1 1"))
    with pytest.raises(ValueError, match=r"try species_names=\{'Ni': 'A', 'P': 'B'\}"):
        io.read(path, species_names=("A", "B"))
    assert io.read(path, species_names={"Ni": "A", "P": "B"}).species_names == ("A", "B")


def test_a_style_that_a_data_file_does_not_name_is_asked_for(tmp_path):
    path = tmp_path / "a.data"
    path.write_text(data("Atoms\n\n1 7 1 0.5 1 2 3\n2 7 2 -.5 4 5 6\n"))
    with pytest.raises(
        ValueError, match=r"5 fields of atom style atomic.* in line 12 of a.data, got 7; try atom_style="
    ):
        io.read(path)
    assert io.read(path, atom_style="full").columns["charge"].tolist() == [0.5, -0.5]
    path.write_text(data("Atoms\n\n1 7 1 0.5 1 2 3\n2 7 2 -.5 4 5 6\n").replace("1 7 1 0.5 1", "1 7 1 0.5 x"))
    with pytest.raises(ValueError, match="line 12, got '1 7 1 0.5 x 2 3'"):
        io.read(path, atom_style="full")
    (tmp_path / "a.xyz").write_text(f"1\n{XYZ}\nA 1 2 3\n")
    with pytest.raises(ValueError, match="atom_style for LAMMPS data files only"):
        io.read(tmp_path / "a.xyz", atom_style="full")


@pytest.mark.parametrize(
    ("kind", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", None)]
)
def test_compressed_files_are_read_written_and_found_damaged(tmp_path, kind, pack):
    if pack is None:
        pack = pytest.importorskip("zstandard", reason="no zstandard package").compress
    text = dump("id type x y z", *(f"{i} 1 {i}.25 2 3" for i in range(1, 300))).encode()
    for name in (f"a.dump.{kind}", "a.dump"):  # by its first bytes, whatever it is called
        (tmp_path / name).write_bytes(pack(text))
        assert len(io.read(tmp_path / name).configuration.species) == 299
    (tmp_path / f"a.dump.{kind}").write_bytes(pack(text)[:-30])
    with pytest.raises(ValueError, match=rf"a whole compressed file, got a.dump.{kind}.*; try decompressing"):
        io.read(tmp_path / f"a.dump.{kind}")
    io.write(tmp_path / f"b.xyz.{kind}", io.read(tmp_path / "a.dump"))
    assert compressed_as(tmp_path / f"b.xyz.{kind}", pack(b""))
    assert io.read(tmp_path / f"b.xyz.{kind}").configuration.positions[298].tolist() == [299.25, 2, 3]


def compressed_as(path, nothing):
    return path.read_bytes()[:3] == nothing[:3]


def test_a_package_that_is_not_there_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.xyz").write_bytes(b"\x28\xb5\x2f\xfd rest")
    (tmp_path / "a.cif").write_text("data_x\n")
    (tmp_path / "a.gsd").write_bytes(b"\xdf\x65" * 4)
    for package, name in (("zstandard", "a.xyz"), ("ase.io", "a.cif"), ("gsd.hoomd", "a.gsd")):
        monkeypatch.setitem(__import__("sys").modules, package, None)
        with pytest.raises(
            ImportError, match=rf"expected the {package.split('.')[0]} package .*; try pip install"
        ):
            io.read(tmp_path / name)


def test_what_gsd_files_say_is_kept_and_written_once(tmp_path):
    path, again = tmp_path / "a.gsd", tmp_path / "b.gsd"
    with gsd.hoomd.open(str(path), "w") as file:
        for k in range(2):
            frame = gsd.hoomd.Frame()
            frame.configuration.box, frame.configuration.step = [8, 8, 8, 0, 0, 0], k
            frame.particles.N, frame.particles.position = 2, np.array([[0, 0, 0], [1, 2, 3]], np.float32)
            frame.particles.diameter, frame.particles.mass = [0.5, 1.25], [1, 2]
            frame.particles.charge, frame.particles.orientation = [0.5, -0.5], [[1, 0, 0, 0], [0, 1, 0, 0]]
            frame.log["particles/md/pair/LJ/forces"] = np.array([[k, 2.0, 3], [4, 5, 6]])
            frame.log["md/compute/Thermo/potential_energy"] = np.array([-1.5 - k])
            file.append(frame)
    for one in (path, again):
        found = io.read_trajectory(one)
        assert found.configuration.diameters.tolist() == [[0.5, 1.25]] * 2
        assert found.columns["diameter"].tolist() == [[0.5, 1.25]] * 2
        assert found.columns["mass"].tolist() == [[1, 2]] * 2
        assert found.columns["charge"].tolist() == [[0.5, -0.5]] * 2
        assert found.columns["orientation"].shape == (2, 2, 4)
        assert found.columns["forces"][1, 0].tolist() == [1, 2, 3]
        assert found.header["potential_energy"].tolist() == [-1.5, -2.5]
        io.write(again, found)
    with gsd.hoomd.open(str(again)) as file:
        assert file[1].particles.diameter.tolist() == [0.5, 1.25]


@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj", ".data", ".gsd"])
def test_diameters_are_written_once_and_come_back(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    configuration = Configuration(np.ones((2, 3)), np.zeros(2, int), np.full(3, 4.0), np.array([0.5, 1.5]))
    density = {"density": [1.0, 1.0]} if suffix == ".data" else {}
    io.write(path, configuration, density)
    found = io.read(path)
    assert found.configuration.diameters.tolist() == [0.5, 1.5]
    changed = found._replace(configuration=found.configuration._replace(diameters=np.array([0.75, 1.0])))
    io.write(path, changed)
    assert io.read(path).configuration.diameters.tolist() == [0.75, 1.0]
    if suffix == ".data":
        return
    io.write(path, io.Frame(configuration, columns={"radius": np.array([0.25, 0.75])}))
    assert list(io.read(path).columns) == ["radius"]


def test_headers_are_kept_by_frame_stacked_and_written(tmp_path):
    path = tmp_path / "a.xyz"
    header = {
        "energy": np.array([-1.5, -2.5]), "stress": np.arange(18.0).reshape(2, 3, 3), "config_type": ["melt", "glass"],
        "bias": True, "names": "a b", "pair": np.arange(8).reshape(2, 2, 2),
    }  # fmt: skip
    io.write(path, io.Frame(Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), np.ones(3)), header=header))
    found = io.read_trajectory(path).header
    assert found["energy"].tolist() == [-1.5, -2.5]
    np.testing.assert_array_equal(found["stress"], header["stress"])
    np.testing.assert_array_equal(found["pair"], header["pair"])
    assert found["config_type"].tolist() == ["melt", "glass"]
    assert found["bias"].tolist() == [True, True]
    assert io.read(path, 1).header["config_type"] == "glass"
    path.write_text(path.read_text().replace("energy=-2.5", ""))
    with pytest.warns(io.FileWarning, match="energy in the header of every frame"):
        assert "energy" not in io.read_trajectory(path).header
    with pytest.warns(io.FileWarning, match="header of units only for a LAMMPS dump, got energy, "):
        io.write(tmp_path / "a.dump", io.read(path, 0))


def test_headers_and_columns_of_ase_files_are_those_that_ase_reads(tmp_path):
    path = tmp_path / "a.xyz"
    atoms = ase.Atoms(
        "NiPNi",
        np.random.default_rng(1).normal(size=(3, 3)),
        cell=[[4, 0, 0], [1, 5, 0], [0, 1, 6]],
        pbc=True,
    )
    atoms.info = {
        "config_type": "bulk",
        "virial": np.arange(9.0).reshape(3, 3),
        "n": 3,
        "flags": [True, False],
        "table": np.ones((2, 3)),
    }
    atoms.arrays["fix"] = np.array([True, False, True])
    atoms.arrays["label"] = np.array(["a", "b", "c"])
    ase.io.write(path, [atoms, atoms], format="extxyz")
    for theirs, ours in zip(ase.io.read(path, ":"), io.iterate_trajectory(path), strict=True):
        np.testing.assert_array_equal(ours.configuration.positions, theirs.positions)
        np.testing.assert_array_equal(ours.configuration.box, theirs.cell.array)
        assert set(ours.header) == set(theirs.info)
        for key, value in theirs.info.items():
            np.testing.assert_array_equal(ours.header[key], value)
        for key in ("fix", "label"):
            np.testing.assert_array_equal(ours.columns[key], theirs.arrays[key])
