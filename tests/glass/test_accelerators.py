"""The JAX engine in the form for accelerators, compiled for a CPU: the same liquids, and the same promises."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contract_liquids import MODELS, liquid
from glass_systems import PRECISION, assert_same_bits, batch

from tdaglass import glass
from tdaglass.glass import neighbor_tables
from tdaglass.glass.molecular_dynamics import chains, fire, integrators, table_capacity
from tdaglass.glass.molecular_dynamics.baths import make_schedule
from tdaglass.glass.molecular_dynamics.engines import jax_engine, jax_steps
from tdaglass.glass.molecular_dynamics.kinetics import axes_first
from tdaglass.glass.molecular_dynamics.state import Chain
from tdaglass.glass.molecular_dynamics.thermo import thermo
from tdaglass.glass.neighbor_tables import build_neighbor_table
from tdaglass.space import cell_grid, from_positions

MODEL = dataclasses.replace(glass.wahnstrom(64), name="wahnstrom_on_an_accelerator")
STEPS = 30
NVT = {"engine": "jax", "temperature": 1.3, "dt": 0.002}
NPT = {**NVT, "ensemble": "npt", "pressure": 14.0}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Two slots at a time, in place of sixteen: a CPU compiles them eight times as fast."""
    for module in (neighbor_tables, table_capacity):
        monkeypatch.setattr(module, "CHUNK", 2)


@pytest.fixture
def forms(monkeypatch):
    """Which form the engine takes: `forms(True)` is that for accelerators; and the settings of every call."""
    seen = []
    advance = jax_engine.advance

    def recorded(settings, *arguments):
        seen.append(settings)
        return advance(settings, *arguments)

    def choose(accelerator):
        monkeypatch.setattr(table_capacity, "on_accelerator", lambda state: accelerator)
        return seen

    monkeypatch.setattr(jax_engine, "advance", recorded)
    monkeypatch.setattr(table_capacity, "_known_capacity", {})
    return choose


def system(states, k):
    return jax.tree.map(lambda x: x[k], states)


def test_a_cpu_is_none():
    assert not table_capacity.on_accelerator(batch(MODEL, 1, 1.3))


@pytest.mark.parametrize(
    "name",
    [
        "kob_andersen_2d",
        pytest.param("polydisperse", marks=[pytest.mark.slow, pytest.mark.float32]),
        pytest.param("nine_species", marks=pytest.mark.slow),
        pytest.param("yukawa", marks=pytest.mark.slow),
        pytest.param("embedded_atom", marks=[pytest.mark.slow, pytest.mark.float32]),
    ],
)
def test_sums_over_chunks_of_slots_are_those_over_slots(name, tolerance):
    model, (positions, species, box) = liquid(name)
    diameters = model.diameters_of(liquid(name)[1])

    @jax.jit
    def evaluate(positions):
        system = from_positions(positions, box).fraction.T, species, diameters, box
        # Not a multiple of the slots that are read at once.
        tables = [
            build_neighbor_table(model, *system, skin=0.2, capacity=51, grid=None, accelerator=accelerator)
            for accelerator in (False, True)
        ]
        sums = [
            (
                model.forces_from_table(*system, t.slots, n),
                model.energy_and_virial_from_table(*system, t.slots, n),
            )
            for t, n in zip(tables, (tables[0].longest, 51), strict=True)
        ]
        return tables, sums

    tables, (usual, found) = evaluate(positions)
    assert not tables[0].incomplete
    assert_same_bits(tables[1], tables[0])
    largest = float(jnp.abs(usual[0]).max())
    np.testing.assert_allclose(found[0], usual[0], rtol=0, atol=tolerance * largest)
    np.testing.assert_allclose(found[1], usual[1], rtol=tolerance)


@pytest.mark.skipif(PRECISION == "float32", reason="the same equations, to rounding")
def test_chains_are_those_of_jax_md():
    rng = np.random.default_rng(0)
    chain = Chain(*jnp.asarray(0.2 * rng.normal(size=(2, 3))))
    for ours, theirs in [(chains.half_chain(0.5, 100, 7), integrators._half_chain(0.5, 100, 7))]:
        found, expected = (f(chain, jnp.asarray(3.1), jnp.asarray(0.7)) for f in (ours, theirs))
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-13), found, expected)


def check_promises(forms, bath, monkeypatch):
    """Near those of a CPU's form; whatever the company, the calls, the skin and the room; tables that grow."""
    states = batch(MODEL, 3, 1.3)
    one = system(states, 2)
    forms(False)
    usual = glass.run(one, MODEL, STEPS, **bath)
    seen = forms(True)
    together = glass.run(states, MODEL, STEPS, **bath)
    alone = glass.run(one, MODEL, STEPS, **bath)
    assert_same_bits(system(together, 2), alone)
    near = 1e-9 if PRECISION == "float64" else 2e-3
    np.testing.assert_allclose(alone.configuration.positions, usual.configuration.positions, atol=near)
    np.testing.assert_allclose(alone.velocity, usual.velocity, atol=20 * near)
    in_parts = glass.run(glass.run(one, MODEL, 13, **bath), MODEL, STEPS - 13, **bath)
    assert_same_bits(in_parts, alone)
    assert {(s.accelerator, s.shared_table, s.capacity % 2) for s in seen[1:]} == {(True, False, 0)}
    monkeypatch.setitem(table_capacity._known_capacity, (MODEL, 0.5), 16)
    assert_same_bits(glass.run(one, MODEL, STEPS, skin=0.5, **bath), alone)
    assert seen[-2].capacity == 16 < seen[-1].capacity


def test_trajectories_keep_the_promises(forms, monkeypatch):
    check_promises(forms, NVT, monkeypatch)


@pytest.mark.slow
@pytest.mark.float32
@pytest.mark.parametrize("bath", [NVT, NPT], ids=["nvt", "npt"])
def test_trajectories_keep_the_promises_in_every_ensemble_and_precision(forms, bath, monkeypatch):
    check_promises(forms, bath, monkeypatch)


@pytest.mark.slow
def test_cells_and_blocks_of_systems_change_nothing(forms, monkeypatch):
    forms(True)
    model = dataclasses.replace(glass.wahnstrom(500), name="wahnstrom_cells_on_an_accelerator")
    states = batch(model, 3, 1.0)
    settings = {"engine": "jax", "temperature": 1.0, "dt": 0.002}
    usual = glass.run(states, model, 5, **settings)
    monkeypatch.setattr(cell_grid, "SORTING", -3000)
    monkeypatch.setattr(table_capacity, "BYTES_OF_WORDS", 500_000)
    seen = forms(True)
    cells = glass.run(states, model, 5, **settings)
    assert seen[0].grid is None
    assert seen[-1].grid is not None
    assert_same_bits(cells, usual)


def test_minima_and_thermodynamics_are_the_same(forms, tolerance):
    found = []
    for accelerator in (False, True):
        forms(accelerator)
        inherent, info = glass.minimize(MODEL, glass.random_lattice(jax.random.key(0), MODEL), tolerance=1e-2)
        assert info.converged
        states = jax.tree.map(lambda x: x[None], glass.initialize(jax.random.key(1), MODEL, 1.0, inherent))
        found.append((inherent.positions, glass.measure(states, MODEL)))
    np.testing.assert_allclose(found[1][0], found[0][0], atol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found[1][1], found[0][1])


def test_programs_can_be_lowered_for_others(forms):
    forms(True)
    states = batch(MODELS["polydisperse"], 2, 1.0)
    settings = table_capacity.engine_settings(MODELS["polydisperse"], states, "npt", 0.002)
    schedule = make_schedule(states, "npt", 1.0, 1.0)
    made, one = jnp.zeros(1, jnp.int32), axes_first(system(states, 0))
    programs = [
        (jax_steps.advance, (settings, None, states, schedule, made, made + 10)),
        (thermo, (settings, states)),
        (fire.descend, (settings, one, fire.at_rest(one), made[0], jnp.asarray(1e-3, PRECISION), 10)),
    ]
    for program, arguments in programs:
        traced = program.trace(*arguments)
        for platform in ("cuda", "tpu"):
            assert "stablehlo.while" in traced.lower(lowering_platforms=(platform,)).as_text()
