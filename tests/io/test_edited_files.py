# ruff: noqa: E501  (files in a line)
"""Valid files with random edits: every reader gives what a reference reader gives, or one sentence of ours."""

import bz2
import gzip
import io as bytes_io
import lzma
import pickle
import re
import resource
import time
import warnings

import ase.io
import gsd.hoomd
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tdaglass import io
from tdaglass.configuration import Configuration

QUICK, MANY = 18, 625  # examples of each of the files below: some 300 and 10,000 together
WORDS = [
    b"", b"0", b"-1", b"1", b"2", b"7", b"1.5", b"nan", b"inf", b"-inf", b"1e400", b"1e-400", b"1000000000000", b"1_0",
    b"99999999999999999999", b"-9" * 2000, b"x", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\n\n", b"\t", b" ",
    b'"', b"'", b"{", b"=", b":", b"#", b"T", b"ITEM:", b"ITEM: ATOMS", b"ITEM: TIMESTEP", b"Lattice=", b"Properties=",
    b"pbc=", b"Atoms", b"Velocities", b"Masses", b"xlo xhi", b"xy xz yz", b"atoms", b"ix", b"type", b"\xc2\xa0", b"1d0",
    b"step=", b"columns:", b"cell:", b"\x1c", b"\xe2\x80\xa8",
]  # fmt: skip
# Of libraries below ours; `gsd` and `ase` may be named as packages and formats are.
FOREIGN = re.compile(
    r"numpy|dtype|array\(|islice|unpickl|codec|zipfile|zlib|_io\.|NoneType|ndarray|could not convert|broadcast|"
    r"invalid literal|out of bounds|out of range|gsd\.|ase\.|Traceback|object has no|not subscriptable|hoomd\."
)


def valid_files() -> dict[str, tuple[str, bytes]]:
    """A small file of every kind: what it is called, and what stands in it."""
    rng = np.random.default_rng(5)
    tilted = np.array([[6.0, 0, 0], [1.0, 7.0, 0], [0.5, -1.5, 8.0]])
    symbols = np.array(["Ni", "P"])

    def lammps(columns, bounds, *tables):
        return b"".join(
            f"ITEM: TIMESTEP\n{10 * k}\nITEM: NUMBER OF ATOMS\n{len(rows)}\n{bounds}ITEM: ATOMS {columns}\n".encode()
            + b"".join((" ".join(map(str, row)) + "\n").encode() for row in rows)
            for k, rows in enumerate(tables)
        )

    def rows(scale=6.0, images=True):
        for i in rng.permutation(5):
            place = (rng.random(3) * scale).round(6).tolist()
            yield [i + 1, i % 2 + 1, *place, *(rng.integers(-1, 2, 3).tolist() if images else [])]

    orthorhombic = "ITEM: BOX BOUNDS pp pp pp\n-1 5\n0 6\n0.5 7\n"
    wrapped = lammps("id type x y z ix iy iz", orthorhombic, [*rows()], [*rows()])
    scaled = lammps(
        "id type xs ys zs",
        "ITEM: BOX BOUNDS xy xz yz pp pp pp\n0 7.5 1\n-1 6 .5\n0 8 -1\n",
        [*rows(1, False)],
    )
    flat = lammps(
        "id type x y", "ITEM: BOX BOUNDS pp pp pp\n0 6\n0 6\n-.5 .5\n", [*(row[:4] for row in rows())]
    )
    buffer = bytes_io.StringIO()
    frames = [
        ase.Atoms(
            symbols[[0, 1, 0]],
            rng.random((3, 3)) * 6,
            cell=tilted,
            pbc=True,
            info={"energy": -1.5, "kind": "a b"},
        )
        for _ in range(2)
    ]
    ase.io.write(buffer, frames, format="extxyz")
    poscar = bytes_io.StringIO()
    ase.io.write(poscar, frames[0], format="vasp")
    gro = b"glass\n2\n    1SOL     Ar    1   0.100   0.200   0.300\n    1SOL     Ar    2   0.400   0.500   0.600\n 1.0 2.0 3.0\n"
    data = (
        b"by hand\n\n4 atoms\n2 atom types\n\n0 6 xlo xhi\n0 7 ylo yhi\n-1 7 zlo zhi\n1 0.5 -1.5 xy xz yz\n\nMasses\n\n1 58.7\n"
        b"2 31\n\nAtoms # full\n\n"
        + b"".join(f"{i} 1 {i % 2 + 1} 0.5 {i}.25 {i}.5 2.75 0 {i - 2} 0\n".encode() for i in (3, 1, 2, 4))
        + b"\nVelocities\n\n"
        + b"".join(f"{i} 0.5 {i}.0 1.25\n".encode() for i in (1, 2, 3, 4))
    )
    ours = io.Frame(
        Configuration(rng.random((2, 3, 3)) * 6, np.array([0, 1, 0]), tilted),
        rng.random((2, 3, 3)),
        {"q": rng.random((2, 3)), "slow": np.ones((2, 3), bool)},
        np.array([1, 2]),
        np.array([0.5, 1.0]),
        ("Ni", "P"),
    )
    plain = b"3\nby hand\nNi 1.5 2.5 3.5\nP 0.25 0.5 0.75\nNi 4.5 5.5 6.5\n" * 2
    positions = rng.random((4, 3)).astype(np.float32)
    npz = bytes_io.BytesIO()
    np.savez(
        npz, types=[0, 1, 0, 1], initial_positions=positions, positions=np.stack([positions + 1, positions])
    )
    deepmind = {
        "positions": positions, "types": np.arange(4) % 2, "box": np.full(3, 2.0), "time": np.arange(5.0),
        "time_indices": np.array([1, 3]), "trajectory_target_positions": [np.stack([positions] * 3)] * 2,
        "metadata": {"temperature": 0.44},
    }  # fmt: skip
    return {
        "dump": ("a.lammpstrj", wrapped),
        "scaled dump": ("a.dump", scaled),
        "flat dump": ("a.atom", flat),
        "xyz of ASE": ("a.xyz", buffer.getvalue().encode()),
        "our xyz": ("a.xyz", written(ours, ".xyz")),
        "plain xyz": ("a.xyz", plain),
        "data": ("a.data", data),
        "gsd": ("a.gsd", written(ours._replace(columns={"q": ours.columns["q"]}), ".gsd")),
        "POSCAR": ("POSCAR", poscar.getvalue().encode()),
        "gro": ("a.gro", gro),
        "dump.gz": ("a.dump.gz", gzip.compress(wrapped)),
        "xyz.bz2": ("a.xyz.bz2", bz2.compress(plain)),
        "xyz.xz": ("a.xyz.xz", lzma.compress(plain)),
        "unknown": ("a.letter", b"a letter\nto nobody\n1 2 3\n"),
        "npz": ("N4T0.44_1_tc07.npz", npz.getvalue()),
        "npz of DeepMind": ("1.pickle", pickle.dumps(deepmind)),
    }


def written(frame: io.Frame, suffix: str) -> bytes:
    import pathlib
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"a{suffix}"
        io.write(path, frame)
        return path.read_bytes()


FILES = valid_files()
PACKED = {".gz": gzip, ".bz2": bz2, ".xz": lzma}


@st.composite
def edited(draw, content: bytes) -> bytes:
    """The content with one to three edits of bytes, tokens or lines."""
    for _ in range(draw(st.integers(1, 3))):
        pattern = draw(st.sampled_from([rb"(?s).", rb"[^\s]+", rb"[^\n]*\n?"]))
        parts = list(re.finditer(pattern, content))
        if not parts:
            return content
        part = parts[draw(st.integers(0, len(parts) - 1))]
        other = parts[draw(st.integers(0, len(parts) - 1))]
        new = draw(
            st.one_of(
                st.just(b""),
                st.just(part[0] * 2),
                st.just(other[0]),
                st.sampled_from(WORDS),
                st.builds(lambda word, old=part[0]: old + b" " + word, st.sampled_from(WORDS)),
                st.binary(max_size=3),
            )
        )
        content = content[: part.start()] + new + content[part.end() :]
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 9)) == 0 else content


def check(path, content: bytes) -> None:
    """Read the file; whatever goes wrong is a sentence, and what goes right is what others read."""
    path.write_bytes(content)
    began = time.monotonic()
    found = None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            if path.suffix in (".npz", ".pickle"):
                io.load_dataset(path, runs=True)
            else:
                found = list(io.iterate_trajectory(path))
                io.read(path, 0)
                io.read(path)
        except (ValueError, OSError, IndexError, ImportError) as error:
            sentence = str(error)
            assert re.search(r"expected .*(got|nothing).*; (try|format)", sentence, re.DOTALL), sentence
            # What a pickle asks for is named as the file has it.
            assert not FOREIGN.search(sentence.partition("one that asks for")[0]), sentence
    for one in said:
        assert one.category is io.FileWarning, one.message
        assert re.search(r"expected .*got .*; try ", str(one.message)), one.message
    assert time.monotonic() - began < 10, "too slow"
    if found:
        reference = REFERENCES.get(path.suffix)
        if reference is not None:
            reference(path, found)


def same_lattice_points(mine: np.ndarray, theirs: np.ndarray, box, axes) -> bool:
    """Whether two sets of positions differ by lattice vectors only."""
    shift = mine - theirs
    if box is not None:
        matrix = np.where(np.isinf(box), 1e300, box)
        matrix = matrix if matrix.ndim == 2 else np.diag(matrix)
        fraction = shift @ np.linalg.inv(matrix)
        shift = (fraction - np.rint(fraction)) @ matrix
    return bool(np.allclose(shift[:, axes], 0, atol=1e-6 * max(1.0, np.abs(theirs).max(initial=0))))


def against_ase(path, found, format, species, symbols=ase.Atoms.get_chemical_symbols, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            theirs = ase.io.read(path, index=":", format=format, **options)
        except Exception:
            return
    # Where ASE stops at a blank line, or skips what has no time step, it has fewer frames.
    assert len(theirs) <= len(found)
    for ours, atoms in zip(found, theirs, strict=True) if len(theirs) == len(found) else ():
        configuration = ours.configuration
        n, dimension = configuration.positions.shape
        assert n == len(atoms)
        # ASE's scaled positions count from the corner, though it says where that is.
        corner = 0 if b" xs " in path.read_bytes() else np.asarray(atoms.get_celldisp()).reshape(3)
        positions = (atoms.positions - corner)[:, :dimension]
        if format == "lammps-data" and n:
            # ASE keeps the corner of the cell to itself.
            positions = positions + configuration.positions[0] - positions[0]
        assert same_lattice_points(configuration.positions, positions, configuration.box, slice(None)), (
            configuration,
            positions,
        )
        if configuration.box is not None:
            matrix = np.asarray(configuration.box)
            matrix = matrix if matrix.ndim == 2 else np.diag(matrix)
            closed = np.isfinite(np.diagonal(matrix))
            cell = atoms.cell.array[:dimension, :dimension]
            assert np.allclose(np.abs(matrix[closed]), np.abs(cell[closed]), atol=2e-8 * np.abs(cell).max())
        for code, symbol in zip(configuration.species, symbols(atoms), strict=True):
            mine = species(ours, code)
            # ASE writes X where nobody says, and i as I.
            assert symbol == "X" or (mine.capitalize() if isinstance(mine, str) else mine) == symbol


def against_xyz(path, found):
    against_ase(path, found, "extxyz", lambda frame, code: frame.species_names[code])


def against_dump(path, found):
    def symbol(frame, code):
        return ase.data.chemical_symbols[code + 1]

    against_ase(path, found, "lammps-dump-text", symbol)


def against_data(path, found):
    def types(atoms):
        return atoms.arrays["type"].tolist()

    options = {"symbols": types, "atom_style": "full", "units": "metal"}
    against_ase(path, found, "lammps-data", lambda frame, code: code + 1, **options)


def against_gsd(path, found):
    with gsd.hoomd.open(str(path)) as file:
        assert len(file) == len(found)
        for frame, ours in zip(file, found, strict=True):
            x, y, z, xy, xz, yz = np.array(frame.configuration.box, float)
            cell = np.array([[x, 0, 0], [xy * y, y, 0], [xz * z, yz * z, z]])
            expected = frame.particles.position + (0.5 + frame.particles.image) @ cell
            dimension = ours.configuration.positions.shape[1]
            np.testing.assert_allclose(
                ours.configuration.positions, expected[:, :dimension], rtol=1e-5, atol=1e-5
            )


REFERENCES = {
    ".xyz": against_xyz, ".lammpstrj": against_dump, ".dump": against_dump, ".atom": against_dump, ".data": against_data,
    ".gsd": against_gsd,
}  # fmt: skip


@pytest.fixture
def little_memory():
    """Two gigabytes more than now: a count of 10^12 particles must not be believed."""
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**31, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def fuzz(folder, kind, examples):
    name, content = FILES[kind]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        # To make a failing file small takes longer than to find it.
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(st.data())
    def test(data):
        packed = PACKED.get(f".{name.rpartition('.')[2]}")
        if packed is not None and data.draw(st.booleans()):
            edit = packed.compress(data.draw(edited(packed.decompress(content))))
        else:
            edit = data.draw(edited(content))
        check(folder / name, edit)

    check(folder / name, content)
    test()


@pytest.mark.parametrize("kind", FILES)
def test_edited_files_give_what_others_read_or_a_sentence(tmp_path, kind, little_memory):
    fuzz(tmp_path, kind, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_ten_thousand_edited_files(tmp_path, kind, little_memory):
    fuzz(tmp_path, kind, MANY)
