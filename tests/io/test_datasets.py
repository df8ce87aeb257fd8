"""Public data: the excerpts beside the repository, and files made here in each group's own layout."""

import pickle
import sys
import types

import numpy as np
import pytest

from tdaglass.io import load_dataset

RNG = np.random.default_rng(6)


def start(n, dimension, edge):
    return RNG.uniform(0, edge, (n, dimension))


def botan(folder, index=1, code=7, n=20):
    """github.com/h3-Open-BDEC/pyg_botan, README: float32, 32 runs, no box."""
    positions = start(n, 3, (n / 1.2) ** (1 / 3)).astype(np.float32)
    runs = positions + RNG.normal(size=(32, n, 3)).astype(np.float32)
    path = folder / f"isoconfig_N{n}T0.44_{index}_tc{code:02}.npz"
    np.savez(path, types=np.arange(n) // 16, initial_positions=positions, positions=runs)
    return path, positions, runs


def glassbench(folder, index, dimension, temperature, times, n=12, **more):
    """Zenodo 10118191, KA_models and KA2D_models: one npz a configuration, no box, types from 1."""
    path = folder / f"N{n}T{temperature}_{index}.npz"
    positions = start(n, dimension, 3.0)
    np.savez(
        path,
        types=np.arange(n) % 3 + 1,
        initial_positions=positions,
        initial_positions_inherent=positions + 0.01,
        md_prop=RNG.uniform(size=(times, n)),
        bb_prop=RNG.uniform(size=(times, n)),
        **more,
    )
    return path


def deepmind(folder, index=0, n=10, protocol=3):
    """google-deepmind/deepmind-research, glassy_dynamics/README.md."""
    positions = start(n, 3, 2.0)
    content = {
        "positions": positions, "types": np.arange(n) % 2, "box": np.full(3, 2.0 + index),
        "time": np.logspace(-1, 3, 20), "time_indices": np.array([3, 9, 5]),
        "is_values": np.array([0.9, 0.1, 0.37]),
        "trajectory_start_velocities": [RNG.normal(size=(n, 3)) for _ in range(4)],
        "trajectory_target_positions": list(positions + RNG.normal(size=(3, 4, n, 3))),
        "metadata": {"temperature": 0.44, "pressure": np.float64(2.93), "fluid": "Kob-Andersen"},
    }  # fmt: skip
    path = folder / f"{index}.pickle"
    path.write_bytes(pickle.dumps(content, protocol))
    return path, content


def test_botan_files_become_configurations_with_their_propensity(tmp_path):
    made = [botan(tmp_path, index) for index in (2, 10, 1)]
    data = load_dataset(tmp_path, runs=True)
    order = [2, 0, 1]  # 1, 2, 10: numbers in names count as numbers
    np.testing.assert_array_equal(data.positions, [made[k][1] for k in order])
    assert data.positions.dtype == data.propensity.dtype == np.float64
    assert data.runs.shape == (3, 1, 32, 20, 3)
    for propensity, k in zip(data.propensity[:, 0], order, strict=True):
        _, positions, runs = made[k]
        expected = np.linalg.norm(runs.astype(float) - positions.astype(float), axis=-1).mean(axis=0)
        np.testing.assert_allclose(propensity, expected, rtol=1e-14)
    np.testing.assert_allclose(data.box, (20 / 1.2) ** (1 / 3), rtol=1e-15)
    assert data.temperature == 0.44
    assert data.times is None
    assert data.extra["time_code"].tolist() == [7, 7, 7]
    assert data.species[0].tolist() == [0] * 16 + [1] * 4
    assert load_dataset(tmp_path).runs is None
    assert data.configuration.positions.shape == (3, 20, 3)


def test_glassbench_runs_carry_their_box_and_are_told_from_botan(tmp_path):
    path = tmp_path / "N4T0.23_151_tc40.npz"
    np.savez(
        path,
        types=[1, 2, 3, 3],
        initial_positions=np.zeros((4, 2)),
        # Each run is some boxes away, as wrapping somewhere on the way would leave it.
        positions=np.full((20, 4, 2), 3.0) + 32.8962 * np.arange(20)[:, None, None],
        box=32.8962,
    )
    data = load_dataset(path, runs=True)
    assert data.source == "glassbench-runs"
    np.testing.assert_allclose(data.runs, 3.0)
    assert data.species.tolist() == [[0, 1, 2, 2]]
    assert data.box.tolist() == [[32.8962, 32.8962]]
    np.testing.assert_allclose(data.propensity, 3 * np.sqrt(2))


@pytest.mark.parametrize(
    ("dimension", "temperature", "times", "last", "edge"),
    [
        (3, "0.44", 10, 130000.0, 10 ** (1 / 3)),
        (2, "0.23", 8, 1500000.0, 32.8962),
        (2, "0.30", 6, 20000.0, 32.8962),
    ],
)
def test_glassbench_models_have_the_published_times(tmp_path, dimension, temperature, times, last, edge):
    path = glassbench(tmp_path, 1, dimension, temperature, times, BOTAN=np.ones((times, 12)))
    data = load_dataset(path)
    assert data.times[-1] == last
    assert len(data.times) == times
    np.testing.assert_allclose(data.box, edge)
    with np.load(path) as file:
        np.testing.assert_array_equal(data.propensity[0], file["md_prop"])
        np.testing.assert_array_equal(data.extra["bb_prop"][0], file["bb_prop"])
        np.testing.assert_array_equal(data.inherent[0], file["initial_positions_inherent"])
    assert data.extra["BOTAN"].shape == (1, times, 12)
    assert data.species.min() == 0
    # Predictions stand in the test files only.
    glassbench(tmp_path, 2, dimension, temperature, times)
    assert list(load_dataset(tmp_path).extra) == ["bb_prop"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_deepmind_pickles_of_any_protocol(tmp_path, protocol):
    path, content = deepmind(tmp_path, protocol=protocol)
    data = load_dataset(path, runs=True)
    np.testing.assert_array_equal(data.positions[0], content["positions"])
    np.testing.assert_array_equal(data.times, content["time"][[3, 9, 5]])
    for k in range(3):
        distances = [
            np.linalg.norm(t - content["positions"], axis=-1)
            for t in content["trajectory_target_positions"][k]
        ]
        np.testing.assert_allclose(data.propensity[0, k], np.mean(distances, axis=0), rtol=1e-14)
    assert data.runs.shape == (1, 3, 4, 10, 3)
    assert data.temperature == 0.44
    assert data.extra["pressure"].tolist() == [2.93]
    assert data.extra["is_values"].tolist() == [[0.9, 0.1, 0.37]]
    assert data.extra["trajectory_start_velocities"].shape == (1, 4, 10, 3)
    # At constant pressure every configuration has its own box.
    deepmind(tmp_path, index=1)
    assert load_dataset(tmp_path).box[:, 0].tolist() == [2.0, 3.0]


def test_pickles_of_old_numpy_are_read(tmp_path):
    path, content = deepmind(tmp_path, protocol=3)
    text = path.read_bytes()
    assert b"numpy._core" in text
    path.write_bytes(text.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    np.testing.assert_array_equal(load_dataset(path).positions[0], content["positions"])


class Trap:
    def __reduce__(self):
        return (sys.modules[__name__].spring, ())


def spring():
    raise AssertionError("the pickle ran code")


def test_a_pickle_cannot_run_code(tmp_path):
    path = tmp_path / "a.pickle"
    for trap in (Trap(), {"positions": [Trap()]}, types.SimpleNamespace(), eval, np.load):
        path.write_bytes(pickle.dumps(trap))
        with pytest.raises(ValueError, match=r"arrays and plain containers .*one that asks for"):
            load_dataset(path)


def test_the_excerpts_have_the_documented_contents(public_data):
    folder = public_data / "glassy_dynamics"
    alpha = load_dataset(folder / "kob_andersen_3d_T0.44_alpha.npz")
    assert alpha.positions.shape == (10, 4096, 3)
    assert alpha.propensity.shape == (10, 1, 4096)
    assert np.bincount(alpha.species[0]).tolist() == [3277, 819]
    np.testing.assert_allclose(4096 / alpha.box.prod(axis=1), 1.2, rtol=1e-9)
    ten = load_dataset(folder / "kob_andersen_3d_NPT_T0.44_ten_times.npz")
    assert ten.propensity.shape == (1, 10, 4096)
    # Its last time, where scattering is 1/e, stands out of order.
    in_order = np.argsort(ten.times)
    means = ten.propensity[0].mean(axis=1)
    assert np.all(np.diff(means[in_order]) > 0)
    assert ten.extra["is_values"][0, -1] == pytest.approx(np.exp(-1))
    flat = load_dataset(folder / "kob_andersen_2d_ternary_T0.23_config151.npz")
    assert np.bincount(flat.species[0]).tolist() == [600, 330, 360]
    assert flat.inherent.shape == flat.positions.shape == (1, 1290, 2)
    assert flat.times[-1] == 1.5e6
    for data in (alpha, ten, flat):
        assert data.source == "tdaglass"
        assert data.box.shape == (len(data.positions), data.positions.shape[-1])
        assert data.temperature in (0.44, 0.23)


def test_what_is_missing_foreign_or_mixed_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"got nothing there; try .*Zenodo record 10118191"):
        load_dataset(tmp_path / "no.npz")
    with pytest.raises(FileNotFoundError, match="pyg_botan"):
        load_dataset(tmp_path)
    foreign = tmp_path / "a.npz"
    np.savez(foreign, x=np.ones(2))
    with pytest.raises(ValueError, match="got the arrays x; try"):
        load_dataset(foreign)
    for content in (b"", b"PK\x03\x04 nothing", foreign.read_bytes()[:-20]):
        foreign.write_bytes(content)
        with pytest.raises(ValueError, match="a whole npz file of numbers"):
            load_dataset(foreign)
    np.savez(foreign, types=np.array([{}]), positions=np.ones(2))
    with pytest.raises(ValueError, match="a whole npz file of numbers"):
        load_dataset(foreign)
    foreign.unlink()
    botan(tmp_path)
    glassbench(tmp_path, 1, 3, "0.44", 10)
    with pytest.raises(ValueError, match="expected one source in all files"):
        load_dataset(tmp_path)
    other = tmp_path / "sizes"
    other.mkdir()
    botan(other, n=20)
    botan(other, n=24)
    with pytest.raises(ValueError, match="configurations of one size"):
        load_dataset(other)
    path = tmp_path / "a.pickle"
    path.write_bytes(pickle.dumps({"positions": np.ones(3)}))
    with pytest.raises(ValueError, match=r"a dictionary with .* got \['positions'\]"):
        load_dataset(path)
    whole, _ = deepmind(tmp_path)
    whole.write_bytes(whole.read_bytes()[:200])
    with pytest.raises(ValueError, match="a whole pickle"):
        load_dataset(whole)
