"""Trajectories in whatever shape they come: the same numbers, or one sentence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.walks import walks

from tdaglass import Configuration, dynamics, io

MSD = dynamics.MeanSquaredDisplacement()
LAGS = [1, 5]


@pytest.fixture(scope="module")
def made():
    return walks(3, 1)


@pytest.fixture(scope="module")
def expected(made):
    return dynamics.time_correlations(made.unwrapped, MSD, lags=LAGS, species=made.species)


def same(found, expected):
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    np.testing.assert_array_equal(found.times, expected.times)
    np.testing.assert_array_equal(found.origins, expected.origins)


def test_a_trajectory_may_come_in_any_shape(made, expected, tmp_path):
    box = np.diagonal(made.cell)
    frames = [Configuration(x, made.species, box) for x in made.unwrapped]
    stacked = Configuration(made.unwrapped, np.tile(made.species, (12, 1)), np.tile(box, (12, 1)))
    io.write(tmp_path / "walks.xyz", stacked)
    for trajectory in (
        frames,
        iter(frames),
        stacked,
        stacked._replace(species=made.species, box=box),
        stacked._replace(box=np.tile(made.cell, (12, 1, 1))),
        io.iterate_trajectory(tmp_path / "walks.xyz"),
        io.read_trajectory(tmp_path / "walks.xyz"),
    ):
        same(dynamics.time_correlations(trajectory, MSD, lags=LAGS), expected)
    for trajectory in (made.unwrapped.tolist(), jnp.asarray(made.unwrapped), (x for x in made.unwrapped)):
        found = dynamics.time_correlations(trajectory, [MSD], lags=LAGS, species=made.species.tolist())
        same(found[0], expected)


def test_times_are_those_given_or_of_the_frames_or_their_steps(made):
    times = 0.25 * np.arange(12)
    given = dynamics.time_correlations(made.unwrapped, MSD, times=times, lags=[0.25, 1.25])
    np.testing.assert_array_equal(given.times, [0.25, 1.25])
    still = Configuration(made.unwrapped, made.species, None)
    by_time = io.Frame(still, time=times)
    by_step = io.Frame(still, step=100 * np.arange(12))
    for trajectory, more in ((by_time, {}), (by_step, {"time_step": 0.0025})):
        same(
            dynamics.time_correlations(trajectory, MSD, lags=[0.25, 1.25], **more),
            given_with_species(given, made),
        )
    same(
        dynamics.time_correlations(by_step, MSD, lags=[100, 500])._replace(times=given.times),
        given_with_species(given, made),
    )


def given_with_species(given, made):
    times = 0.25 * np.arange(12)
    return dynamics.time_correlations(
        made.unwrapped, MSD, times=times, lags=given.times, species=made.species
    )


def test_frames_at_logarithmic_times_pair_where_their_times_differ_by_the_lag():
    times = np.array([0, 1, 2, 4, 8, 16, 17, 18, 20, 24, 32])
    flight = times[:, None, None] * np.ones((1, 4, 2))
    found = dynamics.time_correlations(flight, MSD, times=times, lags=[1, 2, 8, 16])
    # 0-1, 1-2, 16-17, 17-18; and so on, by counting.
    pairs = [sum(b - a == lag for a in times for b in times) for lag in (1, 2, 8, 16)]
    assert found.origins.tolist() == pairs
    np.testing.assert_allclose(found.values[0], 2 * np.array([1, 2, 8, 16]) ** 2)
    by_default = dynamics.time_correlations(flight, MSD, times=times)
    np.testing.assert_array_equal(by_default.times, times[1:])
    every_other = dynamics.time_correlations(flight, MSD, times=times, lags=[1, 16], every=5)
    assert every_other.origins.tolist() == [2, 2]  # origins at 0, 16 and 32


@pytest.mark.parametrize(("dim", "tilt"), [(3, 0.0), (3, 0.7), (2, 1.1)])
def test_unwrapped_positions_go_on_through_faces(dim, tilt):
    made = walks(dim, 3, tilt=tilt)
    found = dynamics.unwrap(made.wrapped, made.cell)
    start = made.wrapped[0] - made.unwrapped[0]
    np.testing.assert_allclose(found, made.unwrapped + start, atol=1e-12)


def test_unwrapping_in_cells_that_change_and_films():
    made = walks(2, 3)
    scale = 1 + 0.02 * np.sin(np.arange(12))[:, None, None]
    breathing = dynamics.unwrap(made.wrapped * scale, made.cell * scale)
    start = made.wrapped[0] - made.unwrapped[0]
    np.testing.assert_allclose(breathing, (made.unwrapped + start) * scale, atol=1e-12)
    edges = np.diagonal(made.cell)
    film = np.stack([made.wrapped[..., 0], made.unwrapped[..., 1]], axis=-1)
    found = dynamics.unwrap(film, [edges[0], np.inf])
    np.testing.assert_allclose(found, made.unwrapped + start * [1, 0], atol=1e-12)


def test_steps_that_could_have_gone_either_way_are_refused(made):
    # Frames too far apart: particles are anywhere.
    gas = np.random.default_rng(0).uniform(0, 4, (3, 50, 3))
    with pytest.raises(
        ValueError, match=r"steps well below half the cell, got one of 0\.\d+ of it for particle"
    ):
        dynamics.unwrap(gas, 4.0)
    with pytest.raises(
        ValueError, match=r"unwrapped positions, got particles that cross .* try wrapped=True"
    ):
        dynamics.time_correlations(made.wrapped, MSD, lags=[1], box=made.cell)
    with pytest.raises(ValueError, match=r"try wrapped=True"):  # also where the cell is centred at the origin
        dynamics.time_correlations(made.wrapped - 2, MSD, lags=[1], box=made.cell)


def test_runs_are_averaged_together(made):
    parts = made.unwrapped.reshape(3, 4, 64, 3)
    found = dynamics.time_correlations_of_runs(parts, MSD, lags=[1])
    alone = [dynamics.time_correlations(part, MSD, lags=[1]).values[0, 0] for part in parts]
    assert found.values[0, 0] == pytest.approx(np.mean(alone), rel=1e-12)
    assert found.errors[0, 0] == pytest.approx(np.std(alone, ddof=1) / 3**0.5, rel=1e-9)


NAN = np.zeros((3, 4, 2))
NAN[1, 2] = np.nan
STILL = np.zeros((4, 5, 2))
FAR = 9.0 * np.indices((4, 5, 2))[1]
REFUSED = {
    "a path": ("dump.lammpstrj", {}, "try io.iterate_trajectory"),
    "a number": (3.0, {}, "expected frames, got float"),
    "one frame": (np.zeros((5, 2)), {}, "io.read_trajectory"),
    "runs": (np.zeros((2, 3, 5, 2)), {}, "try time_correlations_of_runs"),
    "no frame": ([], {"lags": [1]}, "at least one frame, got none"),
    "no particle": (np.zeros((3, 0, 2)), {"lags": [1]}, r"got shape \(0, 2\)"),
    "one dimension": (np.zeros((3, 5, 1)), {"lags": [1]}, "2 or 3"),
    "words": (np.full((3, 5, 2), "x"), {"lags": [1]}, "real numbers"),
    "nan": (NAN, {"lags": [1]}, "for particle 2 in frame 1"),
    "other particles": ([np.zeros((5, 2)), np.zeros((4, 2))], {"lags": [1]}, "the same particles"),
    "twice": (STILL, {"lags": [1], "times": [0, 1, 1, 2]}, "times that increase"),
    "few times": (STILL, {"lags": [1], "times": [0, 1]}, "a time for each of 4"),
    "no such lag": (STILL, {"lags": [1.5]}, "frames that are 1.5 apart"),
    "lags of an iterator": (iter(STILL), {}, "logarithmic_lags"),
    "negative lag": (STILL, {"lags": [-1]}, "lags of zero or more"),
    "falling lags": (STILL, {"lags": [2, 1]}, "lags that increase"),
    "no function": (STILL, {"functions": [], "lags": [1]}, "functions to average"),
    "other function": (STILL, {"functions": [np.mean], "lags": [1]}, "functions of two frames"),
    "species": (STILL, {"species": [0, 1], "lags": [1]}, "species"),
    "species gap": (STILL, {"species": [0, 0, 0, 0, 2], "lags": [1]}, "none of species 1"),
    "flat box": (STILL, {"box": [[1, 1], [1, 1]], "lags": [1]}, "span space"),
    "box of three": (STILL, {"box": [1, 1, 1], "lags": [1]}, "box"),
    "every": (STILL, {"every": 0, "lags": [1]}, "every of at least 1"),
    "wrapped in open space": (STILL, {"wrapped": True, "lags": [1]}, "got open space"),
    "waves in open space": (STILL, {"functions": dynamics.Scattering(1.0), "lags": [1]}, "got open space"),
    "short waves": (STILL, {"functions": dynamics.Scattering(0.1), "lags": [1], "box": 1.0}, "wave vectors"),
    "far pairs": (STILL, {"functions": dynamics.VanHoveDistinct(1.0), "lags": [1], "box": 1.0}, "got 1 between"),
    "cut-offs": (STILL, {"functions": dynamics.Overlap([1.0, 2.0]), "lags": [1]}, "one for each of 0 species"),
    "lonely": (FAR, {"functions": dynamics.CageRelative(MSD, 1.0), "lags": [1]}, "no neighbour"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_is_said_in_one_sentence(name):
    trajectory, arguments, message = REFUSED[name]
    with pytest.raises(ValueError, match=rf"expected [^\n]*{message}|{message}[^\n]*") as raised:
        dynamics.time_correlations(trajectory, **{"functions": MSD, **arguments})
    assert str(raised.value).startswith("expected")
    assert "; try " in str(raised.value)


def test_traces_are_refused(made):
    with pytest.raises(ValueError, match="outside jit"):
        jax.jit(lambda x: dynamics.time_correlations(x, MSD, lags=[1]).values)(made.unwrapped)


@pytest.mark.parametrize(
    "make",
    [
        lambda: dynamics.Overlap(-1.0),
        lambda: dynamics.Overlap(np.nan),
        lambda: dynamics.SelfScattering(0),
        lambda: dynamics.SelfScattering(1.0, "sideways"),
        lambda: dynamics.Scattering(1.0, vectors=1.5),
        lambda: dynamics.VanHoveSelf(1.0, 0),
        lambda: dynamics.CageRelative(dynamics.Scattering(1.0), 1.0),
        lambda: dynamics.CageRelative(MSD, [[1.0, 2.0], [1.5, 1.0]]),
        lambda: dynamics.FourPointStructure(0.3, -1.0),
        lambda: dynamics.logarithmic_lags(1.0, 0.5),
    ],
)
def test_settings_that_cannot_be(make):
    with pytest.raises(ValueError, match=r"expected .*; try "):
        make()
