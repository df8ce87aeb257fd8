"""Cooling, recording, growing tables, constant pressure, and simulations that cannot be."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import PRECISION, assert_same_bits

from tdaglass import glass
from tdaglass.glass.molecular_dynamics import table_capacity
from tdaglass.glass.molecular_dynamics.engines import jax_engine
from tdaglass.space import cell_grid

MODEL = glass.wahnstrom(64)
DT = 0.004


@pytest.fixture(scope="module")
def start():
    state = glass.initialize(jax.random.key(2), MODEL, 2.0)
    return glass.run(state, MODEL, 100, temperature=2.0, dt=DT)


def test_initial_velocities():
    model = glass.wahnstrom(1000, masses=(1.0, 4.0))
    keys = jax.random.split(jax.random.key(0), 40)
    species = jnp.asarray(model.species)
    draw = jax.vmap(lambda k: glass.maxwell_velocities(k, model, species, 0.7, jnp.dtype(PRECISION)))
    velocity = np.asarray(draw(keys), float)
    mass = np.where(model.species == 0, 1.0, 4.0)
    np.testing.assert_allclose(
        (mass[:, None] * velocity).sum(1), 0, atol=1e-9 if PRECISION == "float64" else 0.01
    )
    energy = (mass[:, None] * velocity**2).sum((1, 2)) / (3 * 999)
    # Canonical: d (N - 1) squares of normal numbers, mean T, variance 2 T**2 / (d (N - 1)).
    error = 0.7 * np.sqrt(2 / (3 * 999) / 40)
    assert abs(energy.mean() - 0.7) < 4 * error
    assert 0.5 < energy.var(ddof=1) / (40 * error**2) < 1.9
    for kind in (0, 1):
        per_species = (mass[:, None] * velocity**2)[:, model.species == kind].mean()
        assert per_species == pytest.approx(0.7 * 999 / 1000, rel=0.02)


@pytest.mark.float32
def test_configurations_from_files_take_the_precision_in_use(start):
    """Loaders give NumPy arrays of double precision, whatever JAX works in."""
    loaded = jax.tree.map(np.asarray, start.configuration)
    loaded = loaded._replace(positions=loaded.positions.astype(float), box=loaded.box.astype(float))
    state = glass.initialize(jax.random.key(0), MODEL, 1.0, loaded)
    assert {x.dtype for x in (state.velocity, state.force, state.box)} == {jnp.dtype(PRECISION)}
    assert_same_bits(
        glass.run(state, MODEL, 5, temperature=1.0, dt=DT).velocity,
        glass.run(
            glass.initialize(jax.random.key(0), MODEL, 1.0, start.configuration),
            MODEL,
            5,
            temperature=1.0,
            dt=DT,
        ).velocity,
    )


@pytest.mark.float32
def test_trajectory_is_unwrapped_and_measured(start):
    end, recorded = glass.trajectory(start, MODEL, 60, every=20, temperature=2.0, dt=DT)
    assert_same_bits(end, glass.run(start, MODEL, 60, temperature=2.0, dt=DT))
    np.testing.assert_array_equal(recorded.step, [0, 20, 40, 60])
    assert recorded.positions.shape == (4, 64, 3)
    assert recorded.positions.dtype == PRECISION
    np.testing.assert_array_equal(recorded.positions[-1], end.configuration.positions)
    np.testing.assert_array_equal(recorded.positions[0], start.configuration.positions)
    # No jump by a box edge, though particles have left through the faces.
    assert np.abs(np.diff(recorded.positions, axis=0)).max() < MODEL.edge / 4
    assert (recorded.positions[-1] // MODEL.edge != 0).any()
    assert_same_bits(jax.tree.map(lambda x: x[-1], recorded.thermo), glass.measure(end, MODEL))
    thermo, configuration = recorded.thermo, end.configuration
    rtol = 1e-12 if PRECISION == "float64" else 2e-5
    energy = glass.potential_energy(MODEL, configuration)
    np.testing.assert_allclose(thermo.potential_energy[-1], energy, rtol=rtol)
    pressure = glass.pressure(MODEL, configuration, thermo.temperature[-1])
    np.testing.assert_allclose(thermo.pressure[-1], pressure, rtol=rtol)


@pytest.mark.float32
def test_cooling_takes_snapshots_on_the_way(start):
    ramp = {"start": 2.0, "stop": 1.0, "rate": 2.5, "dt": DT}  # 100 steps
    end, snapshots = glass.cool(start, MODEL, snapshots=(1.7, 1.2), **ramp)
    assert int(end.step - start.step) == 100
    assert snapshots.positions.shape == (2, 64, 3)
    # The ramp goes on over the snapshots as if they were not there.
    straight, none = glass.cool(start, MODEL, **ramp)
    assert_same_bits(end, straight)
    assert none.positions.shape == (0, 64, 3)
    early, _ = glass.cool(start, MODEL, **{**ramp, "stop": 1.7})
    assert int(early.step - start.step) == 30
    assert_same_bits(early.configuration, jax.tree.map(lambda x: x[0], snapshots))
    # Another bath than a constant one.
    assert (end.velocity != glass.run(start, MODEL, 100, temperature=2.0, dt=DT).velocity).any()
    warmed, snapshots = glass.cool(start, MODEL, **{**ramp, "start": 1.0, "stop": 2.0}, snapshots=(1.0, 2.0))
    assert_same_bits(snapshots.positions[0], start.configuration.positions)
    assert_same_bits(snapshots.positions[1], warmed.configuration.positions)


@pytest.mark.float32
def test_the_temperature_follows_the_ramp(start):
    slow, _ = glass.cool(start, MODEL, start=2.0, stop=0.5, rate=0.25, dt=DT)
    _, recorded = glass.trajectory(slow, MODEL, 600, every=20, temperature=0.5, dt=DT)
    fluctuation = 0.5 * np.sqrt(2 / (3 * 63))
    assert abs(recorded.thermo.temperature.mean() - 0.5) < 0.5 * fluctuation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 0.0}, "positive cooling rate"),
        ({"rate": -1.0}, "positive cooling rate"),
        ({"rate": float("nan")}, "positive cooling rate"),
        ({"snapshots": (1.2, 1.7)}, r"try \(1.7, 1.2\)"),
        ({"snapshots": (2.5,)}, "snapshots between"),
        ({"snapshots": (0.5,)}, "snapshots between"),
        ({"stop": -0.1}, "temperature of zero or more"),
        ({"start": -2.0}, "temperature of zero or more"),
    ],
)
def test_ramps_that_cannot_be(start, arguments, message):
    with pytest.raises(ValueError, match=message):
        glass.cool(start, MODEL, **{"start": 2.0, "stop": 1.0, "rate": 1.0, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": -1}, "expected steps of at least 0, got -1"),
        ({"dt": 0.0}, "positive time step"),
        ({"dt": float("nan")}, "positive time step"),
        ({"temperature": None}, "a temperature for ensemble 'nvt'"),
        ({"temperature": -0.3}, "temperature of zero or more"),
        ({"temperature": float("nan")}, "temperature of zero or more"),
        ({"ensemble": "npt"}, "a pressure for ensemble 'npt'"),
        ({"ensemble": "nph"}, "ensemble 'nve', 'nvt' or 'npt'"),
        ({"engine": "lammps"}, "expected engine"),
        ({"skin": 0.0}, "positive skin"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_runs_that_cannot_be(start, arguments, message):
    arguments = {"steps": 5, "temperature": 1.0, **arguments}
    with pytest.raises(ValueError, match=rf"{message}.*; try"):
        glass.run(start, MODEL, **arguments)


def test_recordings_that_cannot_be(start):
    for steps, every in ((10, 0), (10, 3), (-10, 5)):
        with pytest.raises(ValueError, match="expected"):
            glass.trajectory(start, MODEL, steps, every=every, temperature=1.0)


def test_a_state_of_another_model_is_refused(start):
    with pytest.raises(ValueError, match=r"expected .*particles.*; try"):
        glass.run(start, glass.wahnstrom(66), 5, temperature=1.0)
    with pytest.raises(ValueError, match=r"expected .*; try"):
        glass.measure(start, glass.wahnstrom(66))


def test_a_box_smaller_than_twice_the_cutoff_is_refused(start):
    with pytest.raises(ValueError, match="twice the longest cut-off"):
        glass.run(start._replace(box=start.box / 2), MODEL, 5, temperature=1.0)
    with pytest.raises(ValueError, match="twice the longest cut-off"):
        glass.initialize(jax.random.key(0), glass.kob_andersen_3d(100), 1.0)


def test_negative_initial_temperature_is_refused():
    with pytest.raises(ValueError, match="temperature of zero or more, got -1"):
        glass.initialize(jax.random.key(0), MODEL, -1.0)


@pytest.mark.float32
@pytest.mark.parametrize(
    "arguments",
    [{"dt": 0.5, "ensemble": "nvt", "temperature": 1.0}, {"dt": 0.05, "ensemble": "nve"}],
    ids=["at once", "on the way"],
)
def test_an_explosion_is_reported_with_its_remedy(start, arguments):
    hot = start._replace(velocity=3 * start.velocity)
    with pytest.raises(
        glass.SimulationError, match=r"after \d+ steps: particles move.*; try a (shorter )?time step"
    ):
        glass.run(hot, MODEL, 400, **arguments)


@pytest.mark.float32
def test_velocities_that_are_not_numbers_are_reported(start):
    broken = start._replace(velocity=start.velocity.at[0, 0].set(jnp.nan))
    with pytest.raises(glass.SimulationError, match=r"after 0 steps: .*velocities are not numbers"):
        glass.run(broken, MODEL, 10, temperature=1.0, dt=DT)


@pytest.mark.slow
def test_cells_without_room_grow_and_change_nothing(monkeypatch):
    model = dataclasses.replace(glass.wahnstrom(500), name="wahnstrom_cells")
    state = glass.initialize(jax.random.key(0), model, 1.0)
    usual = glass.run(state, model, 10, temperature=1.0, dt=0.002, engine="jax")
    monkeypatch.setattr(cell_grid, "ALL_PAIRS_LIMIT", 100)
    settings = []
    with_room, choose_grid = table_capacity.with_room, table_capacity.choose_grid

    def crowded(*arguments, **named):
        grid = choose_grid(*arguments, **named)
        assert grid is not None
        return grid._replace(capacity=6)

    def growing(old, *arguments):
        settings.append((old, with_room(old, *arguments)))
        return settings[-1][1]

    monkeypatch.setattr(table_capacity, "choose_grid", crowded)
    monkeypatch.setattr(jax_engine, "with_room", growing)
    cells = glass.run(state, model, 10, temperature=1.0, dt=0.002, engine="jax")
    assert settings
    assert settings[0][1].grid.capacity > 6
    assert_same_bits(cells, usual)


@pytest.mark.slow
def test_cells_follow_a_box_that_shrinks(monkeypatch):
    """Compression past the point where the first grid's cells become smaller than the reach."""
    monkeypatch.setattr(cell_grid, "ALL_PAIRS_LIMIT", 100)
    model = dataclasses.replace(glass.wahnstrom(500), number_density=0.5, name="dilute_wahnstrom")
    state = glass.initialize(jax.random.key(0), model, 1.0)
    state = glass.run(state, model, 3000, temperature=1.0, pressure=25.0, ensemble="npt")
    assert (state.box < 0.87 * model.edge).all()
    energy = glass.measure(state, model).potential_energy
    np.testing.assert_allclose(energy, glass.potential_energy(model, state.configuration), rtol=1e-4)


@pytest.mark.slow
def test_a_box_that_shrinks_below_twice_the_cutoff_is_reported():
    model = dataclasses.replace(glass.wahnstrom(64), number_density=0.4, name="dilute_wahnstrom")
    narrow = dataclasses.replace(
        model, cutoff=tuple(tuple(2.2 / 1.3 * c for c in row) for row in model.cutoff), name="long_wahnstrom"
    )
    state = glass.initialize(jax.random.key(0), narrow, 1.0)
    with pytest.raises(glass.SimulationError, match=r"twice the longest cut-off.*try"):
        glass.run(state, narrow, 20_000, temperature=1.0, pressure=40.0, ensemble="npt")
