"""What is written comes back: every format, both dimensions, wrapped and unwrapped, with extras or not."""

import itertools

import ase.io
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdaglass import io
from tdaglass.configuration import Configuration

SUFFIX = {"extxyz": ".xyz", "lammps-dump": ".lammpstrj", "lammps-data": ".data", "gsd": ".gsd"}

NAMES = ("Ni", "P", "Zr")

quickly = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@st.composite
def frames(draw, extras=True, open_space=False, single=False):
    """A trajectory of a few particles; positions are several boxes away on either side."""
    count = 1 if single else draw(st.integers(1, 3))
    n, dimension = draw(st.integers(1, 7)), draw(st.sampled_from([2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    species = rng.integers(0, 3, n)
    species[rng.integers(n)] = 2  # names are written up to the last species, so that every name comes back
    box = None if open_space and draw(st.booleans()) else rng.uniform(0.5, 9, dimension)
    columns = {}
    if extras:
        columns = {
            "score": rng.normal(size=(count, n)) * 10.0 ** rng.integers(-300, 300, (count, n)),
            "order": rng.normal(size=(count, n, 3)),
            "label": rng.integers(-(2**60), 2**60, (count, n)),
            "cage": rng.integers(0, 9, (count, n, 2)),
        }
    frame = io.Frame(
        Configuration(
            rng.normal(size=(count, n, dimension)) * draw(st.sampled_from([1e-9, 1.0, 30.0])),
            np.tile(species, (count, 1)),
            None if box is None else np.tile(box, (count, 1)),
        ),
        rng.normal(size=(count, n, dimension)) if draw(st.booleans()) else None,
        columns,
        np.sort(rng.integers(0, 2**40, count)),
        rng.uniform(0, 9, count) if draw(st.booleans()) else None,
        NAMES,
    )
    return frame


def assert_same(found: io.Frame, written: io.Frame, names=NAMES, rtol=0.0):
    """Bit for bit where `rtol` is zero, otherwise to a part of the largest length."""
    a, b = found.configuration, written.configuration
    np.testing.assert_array_equal(a.species, b.species)
    assert a.species.dtype == np.int32
    assert found.species_names == names
    for mine, theirs in ((a.positions, b.positions), (a.box, b.box), (found.velocities, written.velocities)):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            scale = np.abs(theirs).max() + (0 if b.box is None else np.max(b.box))
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=rtol * scale)
            assert mine.dtype == np.float64
    assert found.columns.keys() == written.columns.keys()
    for name, values in written.columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
        assert found.columns[name].dtype == values.dtype
    np.testing.assert_array_equal(found.step, written.step)
    if written.time is not None:
        np.testing.assert_array_equal(found.time, written.time)


@quickly
@given(frame=frames(open_space=True))
@pytest.mark.parametrize("format", ["extxyz", "lammps-dump"])
def test_text_keeps_every_bit(tmp_path, format, frame):
    path = tmp_path / f"a{SUFFIX[format]}"
    io.write(path, frame)
    present = frame.configuration.species[0]
    # A dump names the types of its particles; a type without any is known by its number only.
    names = [
        name if code in present or format == "extxyz" else str(code + 1) for code, name in enumerate(NAMES)
    ]
    assert_same(io.read_trajectory(path), frame, tuple(names))


@quickly
@given(frame=frames())
def test_gsd_keeps_columns_exactly_and_places_in_single_precision(tmp_path, frame):
    frame = frame._replace(step=np.asarray(frame.step) % 2**31)
    io.write(tmp_path / "a.gsd", frame)
    found = io.read_trajectory(tmp_path / "a.gsd")
    # The box itself is single precision, so a particle k boxes away is off by k units in the last place of
    # the box.
    assert_same(found, frame, rtol=2e-7)


@quickly
@given(frame=frames(extras=False, single=True))
def test_data_files_keep_one_frame_to_rounding(tmp_path, frame):
    io.write(tmp_path / "a.data", frame)
    found = io.read_trajectory(tmp_path / "a.data")
    assert_same(found, frame._replace(step=None, time=None), rtol=1e-15)
    lines = (tmp_path / "a.data").read_text().splitlines()
    atoms = lines[lines.index("Atoms # atomic") + 2 :][: frame.configuration.positions.shape[1]]
    wrapped = np.array([line.split()[2:5] for line in atoms], float)[
        :, : frame.configuration.positions.shape[-1]
    ]
    assert np.all((wrapped >= 0) & (wrapped < frame.configuration.box[0]))


def two_frames() -> io.Frame:
    rng = np.random.default_rng(3)
    positions = rng.normal(size=(5, 4, 2)) * 5
    return io.Frame(
        Configuration(positions, np.array([0, 1, 0, 1]), np.array([2.0, 3.0])),
        columns={"score": rng.normal(size=(5, 4))},
        step=np.arange(5) * 10,
    )


@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj", ".gsd"])
def test_frames_by_index_by_slice_and_one_at_a_time(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    frame = two_frames()
    io.write(path, frame)
    assert [io.read(path, k).step for k in (0, 3, -1, -5)] == [0, 30, 40, 0]
    for chosen in (slice(1, 4), slice(None, None, 2), slice(-2, None), slice(1, -1, 3)):
        steps = [one.step for one in io.iterate_trajectory(path, chosen)]
        assert steps == frame.step[chosen].tolist()
    with pytest.raises(IndexError, match=r"expected frame 5 .* got 5 frames; try"):
        io.read(path, 5)
    with pytest.raises(IndexError, match="expected frame -6"):
        io.read(path, -6)
    with pytest.raises(ValueError, match="forward order"):
        io.read_trajectory(path, slice(None, None, -1))


def test_iteration_reads_only_what_is_asked_for(tmp_path):
    path = tmp_path / "a.xyz"
    io.write(path, two_frames())
    path.write_text(path.read_text() + "nonsense\n")  # beyond the fifth frame
    first = list(itertools.islice(io.iterate_trajectory(path), 5))
    assert [frame.step for frame in first] == [0, 10, 20, 30, 40]
    with pytest.raises(ValueError, match="number of particles in frame 5"):
        io.read_trajectory(path)


def test_a_changing_number_of_particles_is_iterated_but_not_stacked(tmp_path):
    path = tmp_path / "a.xyz"
    grown = [io.Frame(Configuration(np.zeros((n, 3)), np.zeros(n, int), None)) for n in (1, 2)]
    io.write(path, iter(grown))
    assert [len(frame.configuration.species) for frame in io.iterate_trajectory(path)] == [1, 2]
    with pytest.raises(ValueError, match=r"as many particles in every frame .* try iterate_trajectory"):
        io.read_trajectory(path)


@pytest.mark.float32
def test_jax_arrays_of_any_precision_are_written_and_numpy_doubles_come_back(tmp_path):
    positions = jnp.array([[0.1, 0.2, 0.3]])
    io.write(
        tmp_path / "a.xyz", Configuration(positions, jnp.array([0]), jnp.ones(3)), {"q": jnp.array([0.7])}
    )
    found = io.read(tmp_path / "a.xyz")
    assert isinstance(found.configuration.positions, np.ndarray)
    assert found.configuration.positions.dtype == found.columns["q"].dtype == np.float64
    np.testing.assert_array_equal(found.configuration.positions, np.float64(positions))


def test_ase_reads_our_extxyz_as_we_do(tmp_path):
    path = tmp_path / "a.xyz"
    frame = two_frames()._replace(species_names=("Ni", "P"), velocities=np.ones((5, 4, 2)))
    frame = frame._replace(columns={**frame.columns, "slow": frame.columns["score"] > 0})
    io.write(path, frame)
    for atoms, ours in zip(ase.io.read(path, ":"), io.iterate_trajectory(path), strict=True):
        assert atoms.get_chemical_symbols() == ["Ni", "P", "Ni", "P"]
        np.testing.assert_array_equal(atoms.positions[:, :2], ours.configuration.positions)
        assert not atoms.positions[:, 2].any()
        assert atoms.pbc.tolist() == [True, True, False]
        np.testing.assert_array_equal(atoms.cell.lengths(), [2.0, 3.0, 1.0])
        for name in ("score", "slow"):
            np.testing.assert_array_equal(atoms.arrays[name], ours.columns[name])
        assert atoms.info["step"] == ours.step


def test_the_header_is_what_ovito_documents(tmp_path):
    frame = io.Frame(
        Configuration(np.zeros((1, 3)), np.zeros(1, int), np.array([1.0, 2.0, 3.0])), np.ones((1, 3))
    )
    io.write(tmp_path / "a.xyz", frame, {"d": [0.5], "v": [[1, 2]], "b": [True]})
    header = (tmp_path / "a.xyz").read_text().splitlines()[1]
    assert "Properties=species:S:1:pos:R:3:velo:R:3:d:R:1:v:I:2:b:L:1" in header
    assert 'Lattice="1.0 0.0 0.0 0.0 2.0 0.0 0.0 0.0 3.0" pbc="T T T"' in header


def test_nan_in_a_column_is_data_and_comes_back(tmp_path):
    for suffix in (".xyz", ".lammpstrj", ".gsd"):
        path = tmp_path / f"a{suffix}"
        configuration = Configuration(np.zeros((2, 3)), np.zeros(2, int), np.ones(3))
        io.write(path, configuration, {"q6": np.array([np.nan, np.inf])})
        np.testing.assert_array_equal(io.read(path).columns["q6"], [np.nan, np.inf])


@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj"])
def test_species_are_mapped_as_asked(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    configuration = Configuration(np.zeros((3, 3)), np.array([0, 1, 1]), np.ones(3))
    io.write(path, configuration, species_names=("Zr", "Cu"))
    as_written, swapped = io.read(path), io.read(path, species_names=("Cu", "Zr"))
    assert as_written.configuration.species.tolist() == [0, 1, 1]
    assert as_written.species_names == ("Zr", "Cu")
    assert swapped.configuration.species.tolist() == [1, 0, 0]
    with pytest.raises(
        ValueError, match=r"expected species Cu, Fe .* got Zr; try species_names=\('Cu', 'Fe', 'Zr'\)"
    ):
        io.read(path, species_names=("Cu", "Fe"))


def test_names_of_a_foreign_file_are_coded_alike_in_all_its_frames(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("2\n\nZr 0 0 0\nCu 1 0 0\n1\n\nZr 0 0 0\n")
    assert io.read(path, 1).configuration.species.tolist() == [1]
    assert [f.configuration.species.tolist() for f in io.iterate_trajectory(path)] == [[1, 0], [1]]
    assert io.read(path, 1).species_names == ("Cu", "Zr")
    path.write_text(path.read_text() + "1\n\nFe 0 0 0\n")
    assert [f.configuration.species.tolist() for f in io.iterate_trajectory(path)] == [[2, 0], [2], [1]]
    assert io.read(path, 0).species_names == ("Cu", "Fe", "Zr")


def test_the_box_and_the_dimension_can_be_overruled(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\n\nB 0.5 0.25 0.0\n")
    assert io.read(path).configuration.box is None
    found = io.read(path, dimension=2, box=(1.0, 2.0)).configuration
    assert found.positions.tolist() == [[0.5, 0.25]]
    assert found.box.tolist() == [1.0, 2.0]
