"""Isoconfigurational ensembles against direct computations from the positions, and interrupted on purpose."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import glass
from tdaglass.dynamics import isoconfigurational, propensity_of_runs
from tdaglass.parallel import PieceError
from tdaglass.runs import Run
from tdaglass.structure import sann_neighbors

PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"
RTOL = 1e-10 if PRECISION == "float64" else 2e-4
MODEL = glass.wahnstrom(100)
DT = 0.004
SETTINGS = {
    "temperature": 1.5,
    "times": [0.04, 0.2, 0.4],
    "replicas": 5,
    "wave_number": 6.5,
    "dt": DT,
    "segment_steps": 50,
}
KEY = jax.random.key(11)


@pytest.fixture(scope="module")
def start():
    state = glass.initialize(jax.random.key(0), MODEL, 1.5)
    return glass.run(state, MODEL, 300, temperature=1.5, dt=DT).configuration


@pytest.fixture(scope="module")
def ensemble(start):
    """Five replicas in one block, all observables, positions kept."""
    return isoconfigurational(KEY, MODEL, start, positions=True, **SETTINGS)


def vectors_of_the_shell(box, wave_number):
    """All wave vectors of a box within half a shell, one of each pair n and -n."""
    reach = range(-9, 10)
    whole = [(a, b, c) for a in reach for b in reach for c in reach if (a, b, c) > (0, 0, 0)]
    q = 2 * np.pi * np.array(whole) / np.asarray(box, float)
    return q[np.abs(np.linalg.norm(q, axis=1) - wave_number) <= np.pi / np.max(box)]


def test_records_what_was_asked(ensemble):
    assert ensemble.replicas == 5
    np.testing.assert_allclose(ensemble.times, [0.04, 0.2, 0.4], rtol=1e-12)
    assert ensemble.positions.shape == (3, 5, 100, 3)
    assert ensemble.propensity.shape == ensemble.cage_relative.shape == (3, 100)
    assert ensemble.self_scattering.shape == (3, 3)
    assert ensemble.total_scattering.shape == (3,)
    assert np.isfinite(ensemble.propensity_error).all()


def test_propensity(ensemble, start):
    moved = ensemble.positions.astype(float) - np.asarray(start.positions, float)
    distance = np.linalg.norm(moved, axis=-1)
    atol = 1e-12 if PRECISION == "float64" else 2e-6
    np.testing.assert_allclose(ensemble.propensity, distance.mean(1), rtol=RTOL, atol=atol)
    np.testing.assert_allclose(
        ensemble.propensity_error, distance.std(1, ddof=1) / 5**0.5, rtol=50 * RTOL, atol=2 * atol
    )
    np.testing.assert_allclose(ensemble.squared_displacement, (distance**2).mean(1), rtol=RTOL, atol=atol)
    for k in range(3):
        by_other = propensity_of_runs(start.positions, jnp.asarray(ensemble.positions[k]))
        np.testing.assert_allclose(ensemble.propensity[k], by_other, rtol=RTOL, atol=atol)
    # Early, particles fly: the mean distance of Maxwell velocities is sqrt(8 T / pi) t.
    assert ensemble.propensity[0].mean() == pytest.approx(np.sqrt(8 * 1.5 / np.pi) * 0.04, rel=0.1)


def test_cage_relative(ensemble, start):
    cage = sann_neighbors(start.positions, start.box, symmetric=False)
    moved = ensemble.positions.astype(float) - np.asarray(start.positions, float)
    expected = np.zeros((3, 100))
    for i in range(100):
        members = [i, *np.asarray(cage.idx[i])[np.asarray(cage.mask[i])]]
        relative = moved[:, :, i] - moved[:, :, members].mean(2)
        expected[:, i] = (relative**2).sum(-1).mean(1)
    np.testing.assert_allclose(
        ensemble.cage_relative, expected, rtol=10 * RTOL, atol=1e-12 if PRECISION == "float64" else 1e-6
    )


def test_scattering(ensemble, start):
    """Against sums over every wave vector of the shell, of which the ensemble draws 48."""
    positions, species, box = (np.asarray(x, float) for x in start[:3])
    q = vectors_of_the_shell(box, 6.5)
    assert len(q) > 48
    assert abs(ensemble.wave_number - 6.5) < np.pi / box.max()
    moved = ensemble.positions.astype(float) - positions
    kinds = [species >= 0, species == 0, species == 1]
    wave = np.cos(np.einsum("trnd,qd->trnq", moved, q))
    own = np.stack([wave[:, :, kind].mean((2, 3)) for kind in kinds], -1)
    spread = np.stack([wave[:, :, kind].mean((1, 2)).std(-1) for kind in kinds], -1) / 48**0.5
    assert (np.abs(ensemble.self_scattering - own.mean(1)) < 4 * spread + 1e-6).all()
    # Early, particles fly: a Gaussian of the Maxwell velocities.
    assert (ensemble.self_scattering[0] > 0.9 * np.exp(-(6.5**2) * 1.5 * 0.04**2 / 2)).all()
    assert (np.diff(ensemble.self_scattering[:, 0]) < 0).all()


def test_scattering_from_the_same_wave_vectors(start, ensemble, monkeypatch):
    """Where the shell holds no more vectors than are drawn, the sums are the definition's."""
    monkeypatch.setattr(sys.modules["tdaglass.dynamics.observables"], "WAVE_VECTORS", 10_000)
    found = isoconfigurational(KEY, MODEL, start, **SETTINGS, observables=["scattering"])
    positions, species, box = (np.asarray(x, float) for x in start[:3])
    q = vectors_of_the_shell(box, 6.5)
    assert found.wave_number == pytest.approx(np.linalg.norm(q, axis=1).mean(), rel=1e-6)
    moved = ensemble.positions.astype(float) - positions
    wave = np.cos(np.einsum("trnd,qd->trnq", moved, q))
    atol = 1e-10 if PRECISION == "float64" else 1e-5
    for k, kind in enumerate((species >= 0, species == 0, species == 1)):
        own = wave[:, :, kind].mean((2, 3))
        np.testing.assert_allclose(found.self_scattering[:, k], own.mean(1), atol=atol)
        np.testing.assert_allclose(
            found.self_scattering_error[:, k], own.std(1, ddof=1) / 5**0.5, atol=30 * atol
        )
    rho_0 = np.exp(1j * positions @ q.T).sum(0)
    rho_t = np.exp(1j * ensemble.positions.astype(float) @ q.T).sum(2)
    total = (rho_t * rho_0.conj()).real.sum(-1) / (np.abs(rho_0) ** 2).sum()
    np.testing.assert_allclose(found.total_scattering, total.mean(1), atol=20 * atol)
    np.testing.assert_allclose(found.total_scattering_error, total.std(1, ddof=1) / 5**0.5, atol=100 * atol)
    assert found.cage_relative is None
    assert found.positions is None


def test_blocks_do_not_matter(ensemble, start):
    """In blocks of two (one on each device) and one left over: the same trajectories, to the last bit."""
    found = isoconfigurational(KEY, MODEL, start, positions=True, block=2, **SETTINGS)
    np.testing.assert_array_equal(found.positions, ensemble.positions)
    for name in (
        "propensity",
        "squared_displacement",
        "cage_relative",
        "self_scattering",
        "total_scattering",
    ):
        np.testing.assert_allclose(
            getattr(found, name), getattr(ensemble, name), rtol=RTOL, atol=1e-12 if RTOL < 1e-9 else 1e-6
        )


def test_more_replicas_begin_with_the_same(ensemble, start):
    settings = {**SETTINGS, "replicas": 2, "times": [0.04]}
    fewer = isoconfigurational(KEY, MODEL, start, positions=True, observables=["propensity"], **settings)
    np.testing.assert_array_equal(fewer.positions[0], ensemble.positions[0, :2])
    other = isoconfigurational(
        jax.random.key(12), MODEL, start, positions=True, observables=["propensity"], **settings
    )
    assert (other.positions != fewer.positions).any(-1).all()


def test_a_configuration_may_be_bound_to_a_device(ensemble, start):
    """As those that the kernels made are, while replicas run on two devices."""
    bound = jax.device_put(start, jax.devices()[-1])
    settings = {**SETTINGS, "replicas": 2, "times": [0.04]}
    found = isoconfigurational(KEY, MODEL, bound, positions=True, **settings)
    np.testing.assert_array_equal(found.positions[0], ensemble.positions[0, :2])


class Killed(BaseException):
    """Stands for the end of a process."""


def test_an_interrupted_ensemble_ends_the_same(start, tmp_path):
    settings = {**SETTINGS, "block": 2, "positions": True}

    def with_run(keep_of):
        with Run.open(tmp_path, "ensemble", {"seed": 11}) as run:
            return isoconfigurational(KEY, MODEL, start, keep=keep_of(run), **settings)

    computed = []

    def dying(run):
        def keep(name, compute):
            if len(computed) >= 3:
                raise Killed
            return counting(run)(name, compute)

        return keep

    def counting(run):
        def keep(name, compute):
            finished = run.chunk.is_finished(name)
            result = run.chunk(name, compute)
            if not finished:
                computed.append(name)
            return result

        return keep

    whole = isoconfigurational(KEY, MODEL, start, **settings)
    with pytest.raises(Killed):
        with_run(dying)
    resumed = with_run(counting)
    assert len(computed) == len(set(computed)) == 6  # three blocks, and the first half of each; none twice
    for name, a, b in zip(whole._fields, whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


SCRIPT = """
import sys
import jax
import numpy as np
from tdaglass import glass
from tdaglass.dynamics import isoconfigurational
from tdaglass.parallel import PieceError
from tdaglass.runs import Run

model = glass.wahnstrom(64)
start = glass.random_lattice(jax.random.key(0), model)
with Run.open(sys.argv[1], "killed", {"seed": 1}) as run:
    def keep(name, compute):
        result = run.chunk(name, compute)
        print(name, flush=True)
        return result

    found = isoconfigurational(
        jax.random.key(1), model, start, temperature=2.0, times=[0.2, 0.4, 0.6, 0.8], replicas=4, block=2,
        dt=0.002, observables=["propensity"], segment_steps=100, positions=True, keep=keep)
    np.savez(sys.argv[2], **{k: v for k, v in found._asdict().items() if v is not None})
"""


@pytest.mark.slow
def test_a_killed_process_goes_on_to_the_same_arrays(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def process(folder, out):
        command = [sys.executable, "-c", SCRIPT, tmp_path / folder, tmp_path / out]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    with process("a", "whole.npz") as whole:
        everything = whole.communicate(timeout=280)[0].split()
    assert len(everything) == 8
    with process("b", "never.npz") as dying:
        for _ in range(3):
            dying.stdout.readline()
        dying.send_signal(signal.SIGKILL)
    assert dying.returncode == -signal.SIGKILL
    assert not (tmp_path / "never.npz").exists()
    with process("b", "resumed.npz") as again:
        assert again.communicate(timeout=280)[0].split() == everything
    with np.load(tmp_path / "whole.npz") as a, np.load(tmp_path / "resumed.npz") as b:
        assert set(a) == set(b)
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"times": [0.2, 0.1]}, "increasing times"),
        ({"times": [0.1, 0.101]}, "increasing times"),
        ({"times": [0.0, 0.1]}, "increasing times"),
        ({"times": []}, "finite times"),
        ({"times": [0.1, float("inf")]}, "finite times"),
        ({"replicas": 1}, "at least two replicas, got 1"),
        ({"block": 0}, "blocks of 0"),
        ({"wave_number": None}, "a wave number for scattering"),
        ({"wave_number": 0.01}, "wave"),
        ({"temperature": -1.0}, "temperature of zero or more"),
        ({"dt": 0.0}, "positive time step"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_ensembles_that_cannot_be(start, arguments, message):
    with pytest.raises(ValueError, match=f"expected .*{message}|expected {message}"):
        isoconfigurational(KEY, MODEL, start, **{**SETTINGS, **arguments})


def test_configurations_that_do_not_fit(start):
    with pytest.raises(ValueError, match="try the model with n=100"):
        isoconfigurational(KEY, glass.wahnstrom(102), start, **SETTINGS)
    broken = start._replace(positions=start.positions.at[0, 0].set(jnp.nan))
    with pytest.raises(ValueError, match=r"finite positions, got .* for particle 0"):
        isoconfigurational(KEY, MODEL, broken, **SETTINGS)


def test_an_explosion_names_its_remedy(start):
    with pytest.raises(PieceError, match=r"replicas-0-2 .*try a time step below 0\.5") as error:
        isoconfigurational(
            KEY, MODEL, start, temperature=1.5, times=[5.0], dt=0.5, replicas=2, observables=["propensity"]
        )
    assert isinstance(error.value.__cause__, glass.SimulationError)
