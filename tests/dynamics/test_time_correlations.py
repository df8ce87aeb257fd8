"""Functions of two frames against PyMatterSim, against sums over all pairs, and against what is known exactly."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.walks import walks

from tdaglass import dynamics, structure
from tdaglass.space import cell

REFERENCE = Path(__file__).parents[1] / "reference" / "dynamics.npz"
CASES = {"3d": (3, 1, 0.0), "2d": (2, 2, 0.0), "3d_tilted": (3, 3, 0.7), "2d_tilted": (2, 4, 1.1)}
CUTOFF, REACH = 0.4, 1.6
SCALARS = (
    dynamics.MeanSquaredDisplacement(),
    dynamics.NonGaussian(),
    dynamics.Overlap(CUTOFF),
    dynamics.Chi4(CUTOFF),
    dynamics.SelfScattering(2 * np.pi, "axes"),
)
PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"


def all_within_reach(positions, box):
    """Neighbours by looking at all pairs."""
    apart = np.asarray(positions)[None] - np.asarray(positions)[:, None]
    apart = cell.nearest_image(apart, np.asarray(box))
    mask = (np.linalg.norm(apart, axis=-1) < REACH) & ~np.eye(len(apart), dtype=bool)
    idx = np.broadcast_to(np.arange(len(apart), dtype=np.int32), mask.shape)
    return structure.Neighbors(*(jnp.asarray(x) for x in (idx, apart, mask)), jnp.int32(0))


CAGED = tuple(dynamics.CageRelative(function, all_within_reach) for function in SCALARS)


@pytest.mark.float32
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_walks_move_as_pymattersim_says(name, wrapped, tolerance):
    dim, seed, tilt = CASES[name]
    made = walks(dim, seed, tilt=tilt)
    positions = made.wrapped if wrapped else made.unwrapped
    box = made.cell if tilt else np.diagonal(made.cell)
    found = dynamics.time_correlations(
        positions, [*SCALARS, *CAGED], species=made.species, box=box, wrapped=wrapped, lags=np.arange(1, 12)
    )
    with np.load(REFERENCE) as reference:
        for kind, functions in {"plain": found[:5], "cage": found[5:]}.items():
            for row, species in {0: "all", 2: "B"}.items():
                expected = reference[f"{name}_{kind}_{species}"]
                values = np.stack([function.values[row] for function in functions])
                # In single precision N Q^2 (chi_4) loses two digits, and a particle may cross the cut-off.
                np.testing.assert_allclose(values, expected, rtol=tolerance, atol=100 * tolerance)
    assert found[0].origins.tolist() == list(range(11, 0, -1))
    assert found[0].errors.shape == (3, 11)


@pytest.mark.parametrize("name", ["3d", "2d"])
def test_four_point_structure_is_that_of_pymattersim_origin_by_origin(name):
    """PyMatterSim divides what an origin gives by its own number of slow particles, not by all particles."""
    dim, seed, tilt = CASES[name]
    made = walks(dim, seed, tilt=tilt)
    asked = [dynamics.Overlap(CUTOFF), dynamics.FourPointStructure(CUTOFF, 5.0, per_shell=None)]
    ratios = []
    for origin in range(10):
        pair = made.unwrapped[origin : origin + 3]
        overlap, s4 = dynamics.time_correlations(pair, asked, box=np.diagonal(made.cell), lags=[2])
        ratios.append(s4.values[0, 0] / overlap.values[0, 0])
    with np.load(REFERENCE) as reference:
        q, expected = reference[f"{name}_four_point"][:, :3]
    # PyMatterSim takes the vectors whose length is a whole number of steps; further out our shells hold more.
    shell, at = np.nonzero(np.abs(s4.grid[:, None] - q) < 1e-6)
    assert len(at) == 3
    np.testing.assert_allclose(np.mean(ratios, axis=0)[shell], expected[at], rtol=1e-6)


def test_the_published_values_of_pymattersim_for_its_own_dumps(public_data):
    folder = public_data / "trajectories"
    frames = [
        np.loadtxt(text.splitlines()[8:]) for text in frames_of(folder / "kob_andersen_3d_unwrapped.atom")
    ]
    frames = np.stack([frame[np.argsort(frame[:, 0])] for frame in frames])
    found = dynamics.time_correlations(
        frames[:, :, 2:],
        [*SCALARS[:2], dynamics.Overlap(0.3), dynamics.Chi4(0.3), SCALARS[4]],
        times=np.arange(10) * 10.0,
        lags=np.arange(10, 91, 10),
        species=frames[0, :, 1] - 1,
    )
    with np.load(folder / "kob_andersen_3d_pymattersim.npz") as published:
        for function, name in zip(found, ("msd", "alpha2", "Qt", "X4_Qt", "isf"), strict=True):
            np.testing.assert_allclose(function.values[0], published[name], rtol=1e-12, atol=1e-12)


def frames_of(path):
    return path.read_text().split("ITEM: TIMESTEP\n")[1:]


def test_waves_and_distances_are_sums_over_all_pairs():
    made = walks(3, 5)
    box = np.array([4.0, 4.0, 4.0])
    lag, origins = 3, 9
    functions = [
        dynamics.Scattering(3.5, vectors=None),
        dynamics.Scattering(3.5, normalized=True),
        dynamics.VanHoveDistinct(2.0, 8, lags=[lag]),
        dynamics.VanHoveSelf(1.0, 5),
        dynamics.FourPointStructure(CUTOFF, 3.5),
        dynamics.SelfScattering(3.5),
    ]
    total, normalized, distinct, own, four, incoherent = dynamics.time_correlations(
        made.unwrapped, functions, species=made.species, box=box, lags=[0, lag]
    )
    whole = np.array(list(np.ndindex(7, 7, 7))) - 3
    q = 2 * np.pi * whole / 4.0
    size = np.linalg.norm(q, axis=1)
    shell = q[np.abs(size - 3.5) <= np.pi / 4]
    kinds = [made.species >= 0, made.species == 0, made.species == 1]
    for k, kind in enumerate(kinds):
        rho = np.exp(-1j * made.unwrapped[:, kind] @ shell.T).sum(1)
        for i, step in enumerate((0, lag)):
            expected = np.mean([(rho[o + step] * rho[o].conj()).real.mean() for o in range(12 - step)])
            np.testing.assert_allclose(total.values[k, i], expected / kind.sum(), rtol=1e-10)
        ratio = np.mean([(np.abs(rho[o]) ** 2).mean() for o in range(origins)])
        np.testing.assert_allclose(normalized.values[k, 1], expected / ratio, rtol=1e-10)
        moved = made.unwrapped[lag:, kind] - made.unwrapped[:-lag, kind]
        far = np.linalg.norm(moved, axis=-1)
        counts = np.histogram(far, 5, (0, 1))[0] / origins / kind.sum()
        np.testing.assert_allclose(own.values[k, 1], counts / shells(1.0, 5), rtol=1e-10)
        np.testing.assert_allclose(incoherent.values[k, 1], np.sinc(3.5 * far / np.pi).mean(), rtol=1e-10)
        apart = made.unwrapped[lag:, kind][:, None] - made.unwrapped[:-lag, kind][:, :, None]
        apart = np.linalg.norm(apart - 4 * np.round(apart / 4), axis=-1)[:, ~np.eye(kind.sum(), dtype=bool)]
        pairs = kind.sum() * (kind.sum() - 1)
        g = np.histogram(apart, 8, (0, 2))[0] * 64.0 / origins / pairs / shells(2.0, 8)
        np.testing.assert_allclose(distinct.values[k, 0], g, rtol=1e-10)
        slow = far < CUTOFF
        phases = np.exp(-1j * made.unwrapped[:-lag, kind] @ q.T)
        w_sq = np.abs((slow[..., None] * phases).sum(1)) ** 2
        for length, value in zip(four.grid, four.values[k, 1], strict=True):
            at = np.abs(size - length) < 1e-6
            np.testing.assert_allclose(value, w_sq[:, at].mean() / kind.sum(), rtol=1e-10)
    assert distinct.times.tolist() == [lag]


def shells(r_max, bins):
    return np.diff(4 / 3 * np.pi * np.linspace(0, r_max, bins + 1) ** 3)


def test_distances_in_a_cell_that_leans_are_those_of_nearest_images():
    made = walks(2, 6, tilt=2.0)
    found = dynamics.time_correlations(
        made.wrapped, dynamics.VanHoveDistinct(3.5, 7), box=made.cell, lags=[0, 4]
    )
    shifts = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]) @ made.cell
    for i, lag in enumerate((0, 4)):
        counts = 0
        for origin in range(12 - lag):
            apart = made.wrapped[origin + lag][:, None] - made.wrapped[origin]
            apart = np.linalg.norm(apart[:, :, None] - shifts, axis=-1).min(axis=-1)
            counts += np.histogram(apart[~np.eye(64, dtype=bool)], 7, (0, 3.5))[0]
        area = np.diff(np.pi * np.linspace(0, 3.5, 8) ** 2)
        np.testing.assert_allclose(found.values[0, i], counts / (12 - lag) / (63 * area), rtol=1e-10)
    g = structure.radial_distribution(jnp.asarray(walks(2, 2).wrapped[0]), jnp.full(2, 8.0), 3.5, bins=7).g
    again = dynamics.time_correlations(
        walks(2, 2).wrapped[:1], dynamics.VanHoveDistinct(3.5, 7), box=8.0, lags=[0]
    )
    np.testing.assert_allclose(again.values[0, 0], g, rtol=1e-10)


def within(found, exact, row=0):
    """Deviations in units of the errors."""
    return np.abs(found.values[row] - exact) / found.errors[row]


@pytest.mark.parametrize("dim", [2, 3])
def test_brownian_particles(dim):
    random = np.random.default_rng(7)
    walk = np.cumsum(random.normal(size=(3000, 40, dim)), axis=0)
    lags = np.array([1, 2, 5, 12])
    q, a = 0.6, 2.0
    functions = [
        dynamics.MeanSquaredDisplacement(),
        dynamics.NonGaussian(),
        dynamics.SelfScattering(q),
        dynamics.Overlap(a),
        dynamics.Chi4(a),
        dynamics.VanHoveSelf(6.0, 12),
        dynamics.CageRelative(dynamics.MeanSquaredDisplacement(), everybody),
        dynamics.FourPointStructure(a, 1.0, lags=[5]),
    ]
    msd, alpha_2, incoherent, overlap, chi_4, own, caged, four = dynamics.time_correlations(
        walk, functions, lags=lags, box=20.0
    )
    assert (within(msd, dim * lags) < 4).all()
    assert (within(alpha_2, 0) < 4).all()
    assert (within(incoherent, np.exp(-(q**2) * lags / 2)) < 4).all()
    # The distance gone is of a chi distribution.
    inside = 1 - np.exp(-(a**2) / 2 / lags) if dim == 2 else maxwell(a / np.sqrt(lags))
    assert (within(overlap, inside) < 4).all()
    assert (within(chi_4, inside * (1 - inside)) < 4).all()
    assert (within(caged, dim * lags * 40 / 39) < 4).all()
    edges = np.linspace(0, 6, 13)
    for k, lag in enumerate(lags):
        r = edges / np.sqrt(lag)
        share = np.diff(1 - np.exp(-(r**2) / 2) if dim == 2 else maxwell(r))
        volume = np.diff(np.pi * edges**2 if dim == 2 else 4 / 3 * np.pi * edges**3)
        seen = share > 1e-4
        pulls = (own.values[0, k] - share / volume)[seen] / own.errors[0, k][seen]
        assert np.abs(pulls).max() < 5
        assert np.abs(pulls).mean() < 2
    # Slow or fast by chance: every particle alone.
    expected = overlap.values[0, 2]
    assert np.abs(four.values[0, 0].mean() - expected) < 4 * np.nanmean(four.errors[0, 0])


def maxwell(r):
    from scipy.special import erf

    return erf(r / np.sqrt(2)) - np.sqrt(2 / np.pi) * r * np.exp(-(r**2) / 2)


def everybody(positions, box):
    """All particles are neighbours of all."""
    n = len(positions)
    mask = ~jnp.eye(n, dtype=bool)
    idx = jnp.broadcast_to(jnp.arange(n, dtype=jnp.int32), (n, n))
    return structure.Neighbors(idx, jnp.zeros((n, n, positions.shape[1])), mask, jnp.int32(0))


def test_particles_that_fly_and_particles_in_cages():
    random = np.random.default_rng(8)
    velocity = random.normal(size=(4000, 3)) * 0.7
    flight = np.arange(6)[:, None, None] * velocity
    msd, incoherent, drift = (
        dynamics.time_correlations(
            flight + [5, 0, 0] * np.arange(6)[:, None, None], f, lags=[1, 3, 5], **more
        )
        for f, more in (
            (dynamics.MeanSquaredDisplacement(), {"remove_drift": True}),
            (dynamics.SelfScattering(0.9), {"remove_drift": True}),
            (dynamics.MeanSquaredDisplacement(), {}),
        )
    )
    t = np.array([1, 3, 5])
    np.testing.assert_allclose(msd.values[0], 3 * 0.49 * t**2, rtol=0.03)
    np.testing.assert_allclose(incoherent.values[0], np.exp(-(0.81 * 0.49 * t**2) / 2), atol=0.03)
    np.testing.assert_allclose(drift.values[0], (3 * 0.49 + 25) * t**2, rtol=0.03)
    # An overdamped spring forgets as exp(-t / 10).
    keep = np.exp(-0.1)
    springs = np.zeros((4000, 20, 3))
    springs[0] = random.normal(size=(20, 3))
    for k in range(1, 4000):
        springs[k] = keep * springs[k - 1] + np.sqrt(1 - keep**2) * random.normal(size=(20, 3))
    springs *= 0.2
    lags = [1, 10, 100]
    msd, incoherent = dynamics.time_correlations(
        springs, [dynamics.MeanSquaredDisplacement(), dynamics.SelfScattering(5.0)], lags=lags
    )
    exact = 2 * 0.04 * (1 - np.exp(-np.array(lags) / 10))
    assert (within(msd, 3 * exact) < 4).all()
    assert (within(incoherent, np.exp(-25 * exact / 2)) < 4).all()


def test_drift_turns_the_density_waves_back():
    made = walks(2, 9)
    moving = made.unwrapped + np.arange(12)[:, None, None] * [0.37, -0.21]
    asked = [
        dynamics.Scattering(3.0),
        dynamics.VanHoveDistinct(3.0, 5),
        dynamics.FourPointStructure(CUTOFF, 2.0),
    ]
    still, moved = (
        dynamics.time_correlations(x, asked, lags=[1, 6], box=8.0, remove_drift=True)
        for x in (made.unwrapped, moving)
    )
    for a, b in zip(still, moved, strict=True):
        np.testing.assert_allclose(a.values, b.values, rtol=1e-9)


@pytest.mark.parametrize("runs", [1, 8])
def test_errors_are_those_of_repetitions(runs):
    """Pulls of many independent repetitions have a spread of one: linear, quadratic and ratio alike."""
    pulls = []
    for seed in range(60):
        walk = np.cumsum(np.random.default_rng(seed).normal(size=(runs, 480 // runs, 6, 2)), axis=1)
        found = dynamics.time_correlations_of_runs(
            walk,
            [dynamics.MeanSquaredDisplacement(), dynamics.NonGaussian(), dynamics.SelfScattering(0.6)],
            lags=[1, 4],
        )
        exact = (np.array([2, 8]), 0, np.exp(-0.36 * np.array([1, 4]) / 2))
        pulls.append([(f.values[0] - e) / f.errors[0] for f, e in zip(found, exact, strict=True)])
    spread = np.sqrt(np.mean(np.square(pulls), axis=0))
    assert (spread > 0.75).all()
    assert (spread < 1.6).all()


def test_relaxation_and_diffusion_follow_from_the_curves():
    walk = np.cumsum(0.1 * np.random.default_rng(3).normal(size=(2000, 60, 3)), axis=0)
    functions = [dynamics.MeanSquaredDisplacement(), dynamics.SelfScattering(5.0)]
    msd, incoherent = dynamics.time_correlations(walk, functions, times=0.5 * np.arange(2000), lags=None)
    assert msd.times[0] == 0.5
    assert msd.times[-1] <= 500
    # D is 0.01 / 2 a step of 0.5, and F_s falls as exp(-q^2 D t).
    assert dynamics.diffusion(msd.times[:16], msd.values[0, :16], 3).coefficient == pytest.approx(
        0.01, rel=0.05
    )
    assert dynamics.relaxation_time(incoherent.times, incoherent.values[0]) == pytest.approx(4.0, rel=0.05)


def test_the_length_of_particles_that_move_in_blocks():
    """Squares of 3 x 3 sites move or stay together: S_4 at small q is nine times that of one site."""
    random = np.random.default_rng(4)
    sites = np.stack(np.meshgrid(np.arange(36), np.arange(36), indexing="ij"), -1).reshape(-1, 2) + 0.5
    block = (sites // 3).astype(int) @ [12, 1]
    gone = random.random((80, 144)) < 0.5
    runs = sites + np.array([0.0, 2.0])[:, None, None] * gone[:, None, block, None]
    s4 = dynamics.time_correlations_of_runs(runs, dynamics.FourPointStructure(1.0, 1.2), lags=[1], box=36.0)
    whole = np.array([v for v in np.ndindex(15, 15) if any(v)]) - [7, 7]
    size = np.linalg.norm(2 * np.pi / 36 * whole, axis=1)
    # Nine times 1/2 (1 - 1/2), and the waves of three sites in a row, along both axes.
    rows = np.abs(np.exp(1j * 2 * np.pi / 36 * whole[..., None] * np.arange(3)).mean(-1)) ** 2
    exact = [9 / 4 * rows.prod(1)[np.abs(size - q) < 1e-3].mean() for q in s4.grid[:8]]
    assert (np.abs(s4.values[0, 0, :8] - exact) < 4 * s4.errors[0, 0, :8]).all()
    fit = dynamics.correlation_length(s4.grid, s4.values[0, 0], s4.errors[0, 0], q_max=0.5)
    assert abs(fit.susceptibility - 9 / 4) < 3 * fit.susceptibility_error
    assert abs(fit.length - (8 / 12) ** 0.5) < 3 * fit.length_error < 1
    with pytest.raises(ValueError, match="a curve that falls with q"):
        dynamics.correlation_length(s4.grid, 1 + s4.grid)


def test_a_long_trajectory_is_held_in_part_and_compiles_nothing_new():
    pass_ = sys.modules["tdaglass.dynamics.trajectory"]
    alive, most = [], 0

    def frames(count):
        nonlocal most
        import weakref

        for k in range(count):
            frame = np.full((5, 2), 0.1 * k)
            alive.append(weakref.ref(frame))
            most = max(most, sum(ref() is not None for ref in alive))
            yield frame

    asked = [dynamics.MeanSquaredDisplacement()]
    (first,) = dynamics.time_correlations(frames(50), asked, lags=[1, 7])
    before = pass_._moments._cache_size()
    (second,) = dynamics.time_correlations(frames(300), asked, lags=[2, 9])
    assert pass_._moments._cache_size() == before
    assert most < 100
    np.testing.assert_allclose(first.values[0], [0.02, 0.98], rtol=1e-6)
    assert second.origins.tolist() == [298, 291]
