"""Engine 1's trajectories do not depend on the batch, the devices, the calls, the files or the tables: exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION, assert_same_bits, batch

from tdaglass import glass
from tdaglass.glass import simulate
from tdaglass.glass.molecular_dynamics import table_capacity
from tdaglass.glass.molecular_dynamics.engines import jax_engine
from tdaglass.glass.molecular_dynamics.kinetics import kinetic_energy
from tdaglass.runs.trees import load_tree, save_tree

MODEL = glass.wahnstrom(64)
STEPS = 40
BATHS = {
    "nve": {"engine": "jax", "ensemble": "nve", "dt": 0.002},
    "nvt": {"engine": "jax", "ensemble": "nvt", "temperature": 1.3},
    "npt": {"engine": "jax", "ensemble": "npt", "temperature": 1.3, "pressure": 14.0},
}
OTHER = "float32" if PRECISION == "float64" else "float64"
everywhere = pytest.mark.parametrize("ensemble", BATHS)


def system(states, k):
    return jax.tree.map(lambda x: x[k], states)


@pytest.fixture(scope="module")
def starts():
    """Nine systems on their way from the lattice to the liquid, and the same in single precision."""
    made = {}

    def of(dtype):
        if dtype not in made:
            states = batch(MODEL, 9, 1.3, dtype)
            made[dtype] = glass.run(
                states, MODEL, 60, dt=0.002, ensemble="nvt", temperature=1.3, engine="jax"
            )
            assert made[dtype].velocity.dtype == dtype
        return made[dtype]

    return of


@pytest.fixture(scope="module")
def alone(starts):
    """The first systems after STEPS steps, each run by itself."""
    made = {}

    def of(ensemble, dtype, n):
        for k in range(n):
            if (ensemble, dtype, k) not in made:
                made[ensemble, dtype, k] = glass.run(
                    system(starts(dtype), k), MODEL, STEPS, **BATHS[ensemble]
                )
        return [made[ensemble, dtype, k] for k in range(n)]

    return of


def test_a_start_is_the_same_in_any_company():
    model = glass.polydisperse_soft_spheres(150)

    def start(keys):
        return jax.vmap(lambda key: glass.initialize(key, model, 1.0))(keys)

    keys = jax.random.split(jax.random.key(3), 5)
    assert_same_bits(system(start(keys), 3), system(start(keys[3:4]), 0))


def check_batch(starts, alone, ensemble, dtype, size):
    states = jax.tree.map(lambda x: x[:size], starts(dtype))
    together = glass.run(states, MODEL, STEPS, **BATHS[ensemble])
    assert together.velocity.dtype == dtype
    for k, one in enumerate(alone(ensemble, dtype, size)):
        assert_same_bits(system(together, k), one)


def test_batches_are_loops(starts, alone):
    check_batch(starts, alone, "nvt", PRECISION, 3)


@pytest.mark.slow
@everywhere
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 3, 6, 8])
def test_batches_are_loops_in_every_ensemble_and_precision(starts, alone, ensemble, dtype, size):
    check_batch(starts, alone, ensemble, dtype, size)


def check_replicas(starts, ensemble, dtype, size, monkeypatch):
    """Replicas of one configuration share a neighbour table, until they have drifted apart."""
    start = system(starts(dtype), 0)
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(3), i))(jnp.arange(size))
    replicas = jax.vmap(lambda key: glass.initialize(key, MODEL, 1.3, start.configuration))(keys)
    shared = record_tables(monkeypatch)
    together = glass.run(replicas, MODEL, STEPS, **BATHS[ensemble])
    assert set(shared) == {True}
    last = glass.run(system(replicas, size - 1), MODEL, STEPS, **BATHS[ensemble])
    assert_same_bits(system(together, size - 1), last)
    shared = record_tables(monkeypatch, shared_capacity=2)
    assert_same_bits(glass.run(replicas, MODEL, STEPS, **BATHS[ensemble]), together)
    assert shared == [True, False]


def record_tables(monkeypatch, shared_capacity=None):
    """Whether each call of the engine let the systems share a table; optionally too small a one."""
    shared = []
    real, settings_of = jax_engine.advance, jax_engine.engine_settings

    def advance(settings, *arguments):
        shared.append(settings.shared_table)
        return real(settings, *arguments)

    def small(*arguments, **options):
        settings = settings_of(*arguments, **options)
        return settings._replace(capacity=shared_capacity) if settings.shared_table else settings

    monkeypatch.setattr(jax_engine, "advance", advance)
    if shared_capacity:
        monkeypatch.setattr(jax_engine, "engine_settings", small)
    return shared


def test_replicas_with_one_table_are_a_loop(starts, monkeypatch):
    check_replicas(starts, "nvt", PRECISION, 4, monkeypatch)


@pytest.mark.float32
def test_kinetic_energies_of_replicas_are_those_of_one():
    """They share masses, whose reciprocals are not exact."""
    rng = np.random.default_rng(0)
    momentum = jnp.asarray(rng.normal(size=(64, 3, 44)), PRECISION)
    mass = jnp.asarray(rng.choice([5.2e-3, 9.3e-3, 2.07e-3], 44), PRECISION)
    shared = jax.jit(jax.vmap(kinetic_energy, (0, None)))(momentum, mass)
    own = jax.jit(jax.vmap(kinetic_energy))(momentum, jnp.stack([mass] * 64))
    one = jax.jit(kinetic_energy)
    assert_same_bits([shared, own], [jnp.stack([one(p, mass) for p in momentum])] * 2)


@pytest.mark.slow
@everywhere
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [5, 32])
def test_replicas_in_every_ensemble_and_precision(starts, ensemble, dtype, size, monkeypatch):
    check_replicas(starts, ensemble, dtype, size, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("ensemble", ["nvt", "npt"])
def test_batches_that_fill_the_vector_registers(starts, alone, ensemble):
    """Sixteen and forty-eight systems leave no lanes over on one device; nor do thirty-two on two."""
    first = jax.tree.map(lambda x: x[:1], starts(PRECISION))
    (one,) = alone(ensemble, PRECISION, 1)
    for size in (17, 32, 48):
        states = jax.tree.map(lambda x, size=size: jnp.repeat(x, size, axis=0), first)
        together = glass.run(states, MODEL, STEPS, **BATHS[ensemble])
        assert_same_bits(system(together, 0), one)
        assert_same_bits(system(together, size - 1), one)


@pytest.mark.slow
def test_two_devices_are_one(starts, monkeypatch):
    assert len(jax.local_devices()) == 2
    states = jax.tree.map(lambda x: x[:6], starts(PRECISION))
    on_two = glass.run(states, MODEL, STEPS, **BATHS["nvt"])
    assert len(on_two.velocity.devices()) == 2
    monkeypatch.setattr(jax_engine, "mesh_of", lambda n_systems: None)
    on_one = glass.run(states, MODEL, STEPS, **BATHS["nvt"])
    assert len(on_one.velocity.devices()) == 1
    assert_same_bits(on_two, on_one)


@pytest.mark.parametrize(
    "ensemble",
    ["nve", pytest.param("nvt", marks=pytest.mark.float32), "npt"],
)
def test_calls_and_files_in_between_change_nothing(starts, alone, ensemble, tmp_path):
    (whole,) = alone(ensemble, PRECISION, 1)
    state = system(starts(PRECISION), 0)
    for steps in (0, 13, 1):
        state = glass.run(state, MODEL, steps, **BATHS[ensemble])
    save_tree(tmp_path / "state.npz", state)
    state = jax.tree.map(jnp.asarray, load_tree(tmp_path / "state.npz"))
    assert isinstance(state, glass.State)
    assert_same_bits(glass.run(state, MODEL, STEPS - 14, **BATHS[ensemble]), whole)


def check_skin(starts, alone, ensemble, dtype):
    (usual,) = alone(ensemble, dtype, 1)
    state = system(starts(dtype), 0)
    for skin in (0.15, 0.6):
        assert_same_bits(glass.run(state, MODEL, STEPS, skin=skin, **BATHS[ensemble]), usual)


@pytest.mark.slow
def test_the_skin_changes_nothing(starts, alone):
    check_skin(starts, alone, "nvt", PRECISION)


@pytest.mark.slow
@everywhere
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_skin_changes_nothing_in_every_ensemble_and_precision(starts, alone, ensemble, dtype):
    check_skin(starts, alone, ensemble, dtype)


def test_initialization_of_a_batch_is_a_loop():
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(5), i))(jnp.arange(6))
    lattice = glass.random_lattice(jax.random.key(0), MODEL)

    def start(key):
        return glass.initialize(key, MODEL, 1.3, lattice)

    one = start(keys[2])
    for size in (3, 6):
        together = jax.vmap(start)(keys[:size])
        assert_same_bits(system(together, 2), one)


@pytest.mark.slow
def test_tables_without_room_grow_and_change_nothing(starts, alone, monkeypatch):
    (usual,) = alone("nvt", PRECISION, 1)
    sizes = []
    real = table_capacity.engine_settings
    monkeypatch.setattr(table_capacity, "_known_capacity", {})

    def tiny(*arguments):
        return real(*arguments)._replace(capacity=2)

    def growing(settings, *arguments):
        grown = with_room(settings, *arguments)
        sizes.append((settings.capacity, grown.capacity))
        return grown

    with_room = table_capacity.with_room
    for module in (jax_engine, simulate):
        monkeypatch.setattr(module, "engine_settings", tiny)
        monkeypatch.setattr(module, "with_room", growing)
    state = system(starts(PRECISION), 0)
    assert_same_bits(glass.run(state, MODEL, STEPS, **BATHS["nvt"]), usual)
    assert sizes
    assert sizes[0][0] == 2
    assert all(new > old for old, new in sizes)
    energy = glass.measure(state, MODEL).potential_energy
    rtol = 1e-12 if PRECISION == "float64" else 1e-5
    np.testing.assert_allclose(energy, glass.potential_energy(MODEL, state.configuration), rtol=rtol)
