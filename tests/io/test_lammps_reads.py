"""LAMMPS itself reads what we write: the same particles, places, images and velocities."""

import numpy as np
import pytest
from oracles import lammps

from tdaglass import io
from tdaglass.configuration import Configuration

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not lammps.available(), reason=lammps.SKIP_REASON)]

TRUTH = "xu yu zu vx vy vz"


@pytest.fixture(params=[2, 3])
def frame(request):
    rng = np.random.default_rng(request.param)
    n, dimension = 40, request.param
    return io.Frame(
        Configuration(rng.normal(size=(n, dimension)) * 20, np.arange(n) % 3, rng.uniform(4, 6, dimension)),
        rng.normal(size=(n, dimension)),
    )


def as_lammps_sees(folder, dimension, commands):
    """What LAMMPS prints of its particles after reading, ordered by id: type, unwrapped place, velocity."""
    lammps.execute(
        folder,
        [
            "units lj",
            "atom_style atomic",
            f"dimension {dimension}",
            *commands,
            "mass * 1.0",
            "pair_style zero 1.0",
            "pair_coeff * *",
            f"write_dump all custom seen id type {TRUTH} modify sort id format float %.17g",
        ],
    )
    seen = np.loadtxt((folder / "seen").read_text().splitlines()[9:])
    return seen[:, 1].astype(int) - 1, seen[:, 2 : 2 + dimension], seen[:, 5 : 5 + dimension]


def assert_seen(seen, frame):
    species, positions, velocities = seen
    np.testing.assert_array_equal(species, frame.configuration.species)
    np.testing.assert_allclose(positions, frame.configuration.positions, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(velocities, frame.velocities)


def test_lammps_reads_our_data_files(tmp_path, frame):
    dimension = frame.configuration.positions.shape[1]
    io.write(tmp_path / "system.data", frame)
    assert_seen(as_lammps_sees(tmp_path, dimension, ["read_data system.data"]), frame)


def test_lammps_reads_our_dumps(tmp_path, frame):
    dimension = frame.configuration.positions.shape[1]
    still = frame._replace(velocities=np.zeros_like(frame.velocities))
    elsewhere = still.configuration._replace(positions=np.zeros_like(frame.configuration.positions))
    io.write(tmp_path / "start.data", still._replace(configuration=elsewhere))
    io.write(tmp_path / "a.lammpstrj", frame._replace(step=70))
    # Unwrapped columns are matched to x, y, z; images then follow from the places.
    z = "" if dimension == 2 else " z vz"
    reading = [
        "read_data start.data",
        f"read_dump a.lammpstrj 70 x y vx vy{z} wrapped no box yes replace yes",
    ]
    assert_seen(as_lammps_sees(tmp_path, dimension, reading), frame)
