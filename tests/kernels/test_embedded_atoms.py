"""Embedded atoms on the CPU kernels: LAMMPS's numbers, the way of engine 1, the same bits in any parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import REFERENCE as OF_PAIRS
from glass_systems import assert_same_bits
from oracles import setfl_by_formula

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.engines import cuda_kernels, kernel_calls
from tdaglass.kernels.molecular_dynamics import measure
from tdaglass.runs.trees import load_tree, save_tree
from tdaglass.space import from_positions

REFERENCE = OF_PAIRS.with_name("embedded_atom.npz")
BATHS = {
    "nve": {"ensemble": "nve", "dt": 0.002},
    "npt": {"ensemble": "npt", "dt": 0.002, "temperature": 0.15, "pressure": 0.02},
}
everywhere = pytest.mark.parametrize("ensemble", BATHS)


@pytest.fixture(scope="module", params=["alloy", "fs"])
def file(request, tmp_path_factory):
    """A file of each kind."""
    path = tmp_path_factory.mktemp("setfl") / f"formula.eam.{request.param}"
    setfl_by_formula.write(path, request.param == "fs")
    return path


def metal(path, counts, density, elements=("Z", "X")):
    return glass.embedded_atom(path, elements=elements, counts=counts, number_density=density)


def liquid(path, replicas=1):
    """Melts that have left their lattice."""
    model = metal(path, (80, 120), 0.06)

    def one(k):
        key = jax.random.key(k)
        lattice = jax.tree.map(
            lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, glass.random_lattice(key, model)
        )
        return glass.initialize(key, model, 0.15, lattice)

    states = jax.tree.map(lambda *x: jnp.stack(x), *map(one, range(replicas)))
    return model, glass.run(states, model, 400, temperature=0.15, dt=0.001, engine="cpu")


def system(states, k):
    return jax.tree.map(lambda x: x[k], states)


def test_energies_forces_and_virials_are_lammps(file):
    with np.load(REFERENCE) as arrays:
        record = {name.removeprefix(f"{file.suffix[1:]}/"): x for name, x in arrays.items()}
    box = jnp.asarray(record["box"], jnp.float32)
    model = metal(file, (20, 28), 48 / record["box"].prod())
    fraction = from_positions(jnp.asarray(record["positions"], jnp.float32), box).fraction
    species = jnp.asarray(record["species"], jnp.int32)
    found = measure(
        fraction,
        species,
        jnp.ones(48, jnp.float32),
        box,
        interaction=kernel_calls.interaction(model),
        skin=1.0,
    )
    force, energy, virial, status = found
    assert int(status) == 0
    largest = np.abs(record["forces"]).max()
    np.testing.assert_allclose(force, record["forces"], rtol=0, atol=1e-4 * largest)
    np.testing.assert_allclose(energy, record["energy"], rtol=1e-6)
    np.testing.assert_allclose(virial / (3 * record["box"].prod()), record["pressure"], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("file", ["fs"], indirect=True)
def test_engine_1_takes_the_same_way(file):
    model, states = liquid(file, 2)
    bath = {"start": 0.15, "stop": 0.12, "rate": 0.15, "pressure": jnp.asarray([0.0, 0.1]), "ensemble": "npt"}
    (by_1, _), (by_2, _) = (
        glass.cool(states, model, dt=0.002, engine=engine, **bath) for engine in ("jax", "cpu")
    )
    assert (by_2.step == 500).all()
    assert np.abs(np.asarray(by_1.box) / np.asarray(states.box) - 1).max() > 1e-3
    np.testing.assert_allclose(by_2.box, by_1.box, rtol=1e-6)
    largest = np.abs(np.asarray(by_1.force)).max()
    np.testing.assert_allclose(by_2.force, by_1.force, rtol=0, atol=2e-4 * largest)
    np.testing.assert_allclose(by_2.configuration.positions, by_1.configuration.positions, rtol=0, atol=1e-4)
    np.testing.assert_allclose(by_2.box_momentum, by_1.box_momentum, rtol=1e-3)


@everywhere
def test_calls_files_skins_threads_and_batches_change_no_bit(file, ensemble, tmp_path, monkeypatch):
    model, states = liquid(file, 3)
    whole = glass.run(states, model, 200, engine="cpu", **BATHS[ensemble])
    parts = states
    for steps in (1, 0, 79, 120):
        parts = glass.run(parts, model, steps, engine="cpu", **BATHS[ensemble])
        save_tree(tmp_path / "state.npz", parts)
        parts = jax.tree.map(jnp.asarray, load_tree(tmp_path / "state.npz"))
    assert_same_bits(parts, whole)
    monkeypatch.setenv("TDAGLASS_THREADS", "1")
    assert_same_bits(glass.run(states, model, 200, skin=0.4, engine="cpu", **BATHS[ensemble]), whole)
    alone = glass.run(system(states, 2), model, 200, skin=1.5, engine="cpu", **BATHS[ensemble])
    assert_same_bits(alone, system(whole, 2))


def energies_on_the_way(model, states, dt, time, frames=50):
    """Per atom, since the start, (frames + 1, systems)."""
    found = []
    for _ in range(frames + 1):
        records = [glass.measure(system(states, k), model) for k in range(len(states.step))]
        found.append([float(one.potential_energy) + float(one.kinetic_energy) for one in records])
        states = glass.run(states, model, round(time / dt / frames), ensemble="nve", dt=dt, engine="cpu")
    return (np.asarray(found) - found[0]) / model.n_particles


def test_energy_is_conserved(file):
    """As by Verlet: it strays by the square of the step, and no further with time."""
    model, states = liquid(file, 6)
    # While two runs are still on one way, which single precision leaves after some tenths of a picosecond.
    one = jax.tree.map(lambda x: x[:1], states)
    by_2_fs, by_1_fs = (energies_on_the_way(model, one, dt, 0.2, frames=20)[:, 0] for dt in (0.002, 0.001))
    assert by_2_fs @ by_1_fs / (by_1_fs @ by_1_fs) == pytest.approx(4, rel=0.1)
    energies = energies_on_the_way(model, states, 0.0005, 5.0)
    assert energies.std(axis=0).min() > 1e-7
    drifts = np.polyfit(np.arange(51) / 50, energies, 1)[0]
    # Errors of rounding add up to a random walk, so the error of a slope is that among systems.
    assert abs(drifts.mean()) < 3 * drifts.std(ddof=1) / 6**0.5
    # As for liquids of pairs below 1e-4 of the temperature.
    assert np.abs(drifts).max() < 1e-4 * 0.15


def test_what_stops_them_is_said(file):
    model, state = liquid(file)
    state = system(state, 0)
    with pytest.raises(glass.SimulationError, match="try a shorter time step"):
        glass.run(state, model, 100, dt=0.1, ensemble="nve", engine="cpu")
    position = state.position._replace(fraction=state.position.fraction.at[1].set(state.position.fraction[0]))
    for ensemble in BATHS:
        with pytest.raises(glass.SimulationError, match=r"so close .* try glass\.settle_overlaps"):
            glass.run(state._replace(position=position), model, 100, engine="cpu", **BATHS[ensemble])
    small = metal(file, (20, 28), 48 / 8.01**3)
    lattice = jax.tree.map(
        lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x,
        glass.random_lattice(jax.random.key(0), small),
    )
    with pytest.raises(glass.SimulationError, match=r"twice the longest cut-off .*lower pressure"):
        glass.run(
            glass.initialize(jax.random.key(0), small, 0.1, lattice), small, 3000, engine="cpu",
            **{**BATHS["npt"], "pressure": 1.0},
        )  # fmt: skip


@pytest.mark.parametrize("file", ["fs"], indirect=True)
def test_the_remedy_for_close_atoms_is_one(file):
    model, states = liquid(file)
    close = system(states, 0).configuration
    close = close._replace(positions=close.positions.at[1].set(close.positions[0] + jnp.float32(0.02)))
    state = glass.initialize(jax.random.key(0), model, 0.15, close)
    with pytest.raises(glass.SimulationError, match=r"so close .* try glass\.settle_overlaps"):
        glass.run(state, model, 10, temperature=0.15, dt=1e-4, engine="cpu")
    settled = glass.settle_overlaps(state, model, temperature=0.15, engine="cpu")
    apart = settled.configuration.positions[0] - settled.configuration.positions[1]
    assert jnp.linalg.norm(apart) > 1


def test_cards_have_no_loop_for_them(file):
    model = metal(file, (20, 28), 0.06)
    why = kernel_calls.why_no_loop(cuda_kernels.LOOPS, model, "nvt", jnp.dtype("float32"))
    assert why == "the CUDA kernels have no loop for models like EmbeddedAtomModel; try engine='jax'"
    assert kernel_calls.why_no_loop(cuda_kernels.LOOPS, model, "npt", jnp.dtype("float32")) is not None
