"""Trajectories of the kernels: beside engine 1's, and the same to the last bit however they are made."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.engines import kernel_calls
from tdaglass.kernels.molecular_dynamics import STATUS, Motion, advance, measure
from tdaglass.runs.trees import load_tree, save_tree

BATHS = {
    "nve": {"ensemble": "nve", "dt": 0.002},
    "nvt": {"ensemble": "nvt", "temperature": 1.0, "dt": 0.004},
    "npt": {"ensemble": "npt", "temperature": 1.0, "pressure": 5.0, "dt": 0.004},
}
LIQUIDS = ("wahnstrom", "kob_andersen_2d")
everywhere = pytest.mark.parametrize("ensemble", BATHS)


@pytest.mark.parametrize("name", LIQUIDS)
@pytest.mark.parametrize("ensemble", [pytest.param("nve", marks=pytest.mark.slow), "nvt"])
def test_engine_1_takes_the_same_way(name, ensemble, start):
    model, state = start(name, 1.0)
    by_1, by_2 = (glass.run(state, model, 20, engine=engine, **BATHS[ensemble]) for engine in ("jax", "cpu"))
    np.testing.assert_allclose(by_2.configuration.positions, by_1.configuration.positions, rtol=0, atol=1e-5)
    np.testing.assert_allclose(by_2.velocity, by_1.velocity, rtol=0, atol=1e-4)
    np.testing.assert_allclose(by_2.force, by_1.force, rtol=0, atol=1e-5 * float(jnp.abs(by_1.force).max()))
    np.testing.assert_allclose(by_2.thermostat.position, by_1.thermostat.position, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(by_2.thermostat.momentum, by_1.thermostat.momentum, rtol=1e-3, atol=1e-3)
    assert int(by_2.step) == 20
    assert_same_bits(by_2.key, state.key)


@pytest.mark.parametrize("name", ["wahnstrom", pytest.param("kob_andersen_2d", marks=pytest.mark.slow)])
def test_engine_1_takes_the_same_way_at_constant_pressure(name, start):
    """Of two systems under pressures of their own, cooled, over as many steps as single precision lets them."""
    model, states = start(name, 1.0, replicas=2)
    bath = {"ensemble": "npt", "start": 1.0, "stop": 0.8, "rate": 0.2, "pressure": jnp.asarray([2.0, 20.0])}
    (by_1, _), (by_2, _) = (
        glass.cool(states, model, dt=0.005, engine=engine, **bath) for engine in ("jax", "cpu")
    )
    assert (by_1.step == 200).all()
    growth = np.asarray(by_1.box / states.box)
    assert growth[0].min() > 1.003 * growth[1].max()
    np.testing.assert_allclose(by_2.box, by_1.box, rtol=1e-6)
    np.testing.assert_allclose(by_2.box_momentum, by_1.box_momentum, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(by_2.barostat.momentum, by_1.barostat.momentum, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(by_2.thermostat.momentum, by_1.thermostat.momentum, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(by_2.configuration.positions, by_1.configuration.positions, rtol=0, atol=2e-4)
    np.testing.assert_allclose(by_2.velocity, by_1.velocity, rtol=0, atol=5e-3)


def test_a_large_box_is_pushed_by_the_pressure_that_is_measured():
    """The virial of so many pairs is longer than a lane of 32 bits."""
    model = glass.kob_andersen_3d(n=8000)
    lattice = glass.random_lattice(jax.random.key(0), model)
    lattice = jax.tree.map(lambda x: x.astype("float32") if x.dtype == "float64" else x, lattice)
    state = glass.initialize(jax.random.key(0), model, 1.0, lattice)
    dt = 1e-6
    pushed = glass.run(state, model, 1, ensemble="npt", temperature=1.0, pressure=0.0, dt=dt, engine="cpu")
    force = 3 * state.box.prod() * glass.measure(state, model).pressure
    np.testing.assert_allclose(pushed.box_momentum, dt * force, rtol=2e-3)


@pytest.mark.parametrize("name", LIQUIDS)
@everywhere
def test_calls_files_and_skins_change_no_bit(name, ensemble, start, tmp_path):
    model, state = start(name, 1.0)
    whole = glass.run(state, model, 300, engine="cpu", **BATHS[ensemble])
    parts = state
    for steps in (1, 0, 99, 150, 50):
        parts = glass.run(parts, model, steps, engine="cpu", **BATHS[ensemble])
        save_tree(tmp_path / "state.npz", parts)
        parts = jax.tree.map(jnp.asarray, load_tree(tmp_path / "state.npz"))
    assert_same_bits(parts, whole)
    for skin in (0.15, 0.6):
        assert_same_bits(glass.run(state, model, 300, engine="cpu", skin=skin, **BATHS[ensemble]), whole)
    assert float(jnp.abs(whole.position.image).max()) > 0  # faces were crossed


@everywhere
def test_batches_and_threads_change_no_bit(ensemble, start, monkeypatch):
    model, states = start("wahnstrom", 1.0, replicas=5)
    monkeypatch.setenv("TDAGLASS_THREADS", "1")
    on_one = glass.run(states, model, 100, engine="cpu", **BATHS[ensemble])
    monkeypatch.setenv("TDAGLASS_THREADS", "3")
    assert_same_bits(glass.run(states, model, 100, engine="cpu", **BATHS[ensemble]), on_one)
    for k in range(5):
        alone = glass.run(
            jax.tree.map(lambda x, k=k: x[k], states), model, 100, engine="cpu", **BATHS[ensemble]
        )
        assert_same_bits(jax.tree.map(lambda x, k=k: x[k], on_one), alone)


def test_every_system_has_its_own_bath(start):
    model, states = start("wahnstrom", 1.0, replicas=5)
    bath = jnp.linspace(1.0, 2.0, 5, dtype=jnp.float32)
    together = glass.run(states, model, 100, temperature=bath, engine="cpu")
    one = jax.tree.map(lambda x: x[4], states)
    alone = glass.run(one, model, 100, temperature=2.0, engine="cpu")
    assert_same_bits(jax.tree.map(lambda x: x[4], together), alone)


def test_cooling(start):
    model, state = start("wahnstrom", 2.0)
    ramp = {"start": 2.0, "stop": 1.0, "rate": 5.0}  # forty steps
    by_1, by_2 = (glass.cool(state, model, engine=engine, **ramp)[0] for engine in ("jax", "cpu"))
    np.testing.assert_allclose(by_2.thermostat.momentum, by_1.thermostat.momentum, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(by_2.velocity, by_1.velocity, rtol=0, atol=1e-3)
    stopped, snapshots = glass.cool(state, model, engine="cpu", snapshots=(1.5,), **ramp)
    assert_same_bits(stopped, by_2)
    assert snapshots.positions.shape == (1, model.n_particles, 3)


def test_inside_jit_vmap_and_scan(start):
    model, states = start("wahnstrom", 1.0, replicas=3)
    parameters = kernel_calls.interaction(model)

    def steps(motion, species, box, first, n):
        zero = jnp.zeros((), jnp.float32)
        return advance(
            motion, species, diameters, box, zero + 1, zero, first, first + n,
            interaction=parameters, thermostat=True, dt=0.005, skin=0.3,
        )[:3]  # fmt: skip

    def scanned(motion, species, box):
        def body(motion, first):
            motion, made, status = steps(motion, species, box, first, 10)
            return motion, (made, status)

        return jax.lax.scan(body, motion, jnp.arange(0, 30, 10, dtype=jnp.int32))

    motion = Motion(*states.position, states.velocity, states.force, *states.thermostat)
    species, diameters, box = states.species[0], states.diameters[0], states.box[0]  # shared: not mapped over
    moved, (made, status) = jax.jit(jax.vmap(scanned, (0, None, None)))(motion, species, box)
    np.testing.assert_array_equal(made, [[10, 20, 30]] * 3)
    assert not np.any(status)
    for k in range(3):
        one = jax.tree.map(lambda x, k=k: x[k], motion)
        alone, *_ = steps(one, species, box, jnp.int32(0), 30)
        assert_same_bits(jax.tree.map(lambda x, k=k: x[k], moved), alone)


def drift(model, state, dt, steps, records):
    energies = []
    for _ in range(records + 1):
        thermo = glass.measure(state, model)
        energies.append(float(thermo.potential_energy) + float(thermo.kinetic_energy))
        state = glass.run(state, model, steps // records, dt=dt, ensemble="nve", engine="cpu")
    assert np.ptp(energies) > 0
    return np.polyfit(np.arange(records + 1) / records, np.asarray(energies) / model.n_particles, 1)[0]


@pytest.mark.parametrize("name", LIQUIDS)
def test_energy_is_conserved(name, start):
    model, state = start(name, 0.8)
    assert abs(drift(model, state, 1e-3, 10_000, 50)) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dt"),
    [
        ("kob_andersen_3d", 5e-4),
        ("wahnstrom", 1e-3),
        ("kob_andersen_2d", 1e-3),
        ("additive_mixture_2d", 5e-4),
    ],
)
def test_energy_is_conserved_over_many_steps(name, dt, start, record_property):
    model, state = start(name, {"additive_mixture_2d": 2.0, "kob_andersen_2d": 0.8}.get(name, 1.0))
    found = drift(model, state, dt, 100_000, 500)
    record_property("drift", float(found))
    assert abs(found) < 1e-4


@everywhere
def test_explosions_are_errors_with_a_remedy(ensemble, start):
    model, state = start("wahnstrom", 1.0)
    with pytest.raises(glass.SimulationError, match="try a shorter time step"):
        glass.run(state, model, 100, engine="cpu", **{**BATHS[ensemble], "dt": 0.2})
    broken = state._replace(velocity=state.velocity.at[3, 1].set(jnp.nan))
    with pytest.raises(glass.SimulationError, match="after 0 steps"):
        glass.run(broken, model, 100, engine="cpu", **BATHS[ensemble])


def test_a_box_that_shrinks_too_far_is_said_as_by_engine_1(start):
    model, state = start("wahnstrom", 1.0)
    narrow = dataclasses.replace(
        model,
        cutoff=tuple(
            tuple(c * 0.495 * float(state.box[0]) / model.reach for c in row) for row in model.cutoff
        ),
    )
    bath = {"ensemble": "npt", "temperature": 1.0, "dt": 0.002}
    sentence = (
        r"twice the longest cut-off.*shrank below after \d+ steps; try more particles, or a lower pressure"
    )
    with pytest.raises(glass.SimulationError, match=sentence):
        glass.run(state, narrow, 5000, pressure=500.0, engine="cpu", **bath)
    with pytest.raises(glass.SimulationError, match="try a shorter time step"):
        glass.run(state, model, 5000, pressure=1e7, engine="cpu", **bath)


def test_overlaps_are_errors_with_a_remedy(start):
    model, state = start("wahnstrom", 1.0)
    position = state.position._replace(fraction=state.position.fraction.at[1].set(state.position.fraction[0]))
    with pytest.raises(glass.SimulationError, match=r"try glass\.settle_overlaps or glass\.minimize"):
        glass.run(state._replace(position=position), model, 100, ensemble="nve", engine="cpu")


def test_one_system_of_a_batch_that_fails_is_named(start):
    model, states = start("wahnstrom", 1.0, replicas=3)
    broken = states._replace(velocity=states.velocity.at[1].mul(1e3))
    with pytest.raises(glass.SimulationError, match="in system 1 after 0"):
        glass.run(broken, model, 10, ensemble="nve", engine="cpu")


def test_what_the_kernels_cannot_do_is_an_error_that_names_engine_1(start):
    model, state = start("wahnstrom", 1.0)
    parameters = kernel_calls.interaction(model)

    def energy(box):
        position = state.position.fraction
        return measure(position, state.species, state.diameters, box, interaction=parameters)[1]

    with pytest.raises(TypeError, match="engine='jax'"):
        jax.grad(energy)(state.box)


def test_bad_systems_are_statuses(start):
    model, state = start("wahnstrom", 1.0)
    parameters = kernel_calls.interaction(model)

    def status(species=state.species, box=state.box):
        found = measure(state.position.fraction, species, state.diameters, box, interaction=parameters)[-1]
        return STATUS[int(found)]

    assert status() == ""
    assert "twice the longest cut-off" in status(box=state.box.at[1].set(2.0))
    assert "box is not finite" in status(box=state.box.at[0].set(jnp.nan))
    assert "species" in status(species=state.species.at[5].set(2))
    assert "species" in status(species=state.species.at[5].set(-1))


def test_replicas_that_drift_apart_change_no_bit(start):
    """Side by side at first, with lists of their own once one for all has grown too long."""
    model, states = start("kob_andersen_2d", 3.0, replicas=6)
    together = glass.run(states, model, 1500, temperature=3.0, engine="cpu")
    for k in (0, 5):
        one = jax.tree.map(lambda x, k=k: x[k], states)
        alone = glass.run(one, model, 1500, temperature=3.0, engine="cpu")
        assert_same_bits(jax.tree.map(lambda x, k=k: x[k], together), alone)
    apart = jnp.abs(together.configuration.positions[0] - together.configuration.positions[5])
    assert float(apart.max()) > model.reach


def test_replicas_with_diameters_are_a_loop():
    """Soft spheres of continuous diameters side by side are each the same to the last bit as alone."""
    # Dilute: on a dense lattice the largest would overlap too much.
    model = dataclasses.replace(glass.polydisperse_soft_spheres(150), number_density=0.6)
    keys = jax.random.split(jax.random.key(0), 9)
    lattice = glass.random_lattice(keys[0], model)
    lattice = jax.tree.map(lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, lattice)
    states = jax.vmap(lambda key: glass.initialize(key, model, 1.0, lattice))(keys)
    settings = {"temperature": 1.0, "dt": 0.001, "engine": "cpu"}
    together = glass.run(states, model, 300, **settings)
    alone = glass.run(jax.tree.map(lambda x: x[4], states), model, 300, **settings)
    assert_same_bits(jax.tree.map(lambda x: x[4], together), alone)
    np.testing.assert_array_equal(together.diameters[4], lattice.diameters)
    apart = np.abs(together.configuration.positions - lattice.positions).max()
    assert apart > 0.3
