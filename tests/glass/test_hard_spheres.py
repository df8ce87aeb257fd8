"""Hard spheres and discs: against closed formulas, a plain simulation of every pair, and equations of state."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits
from oracles.hard_spheres import collide

from tdaglass import Configuration, glass, kernels
from tdaglass.glass import hard_spheres as hs
from tdaglass.glass.hard_spheres.doubles import from_words, to_words
from tdaglass.glass.hard_spheres.engines import advance
from tdaglass.glass.hard_spheres.state import at_tick_zero

ENGINES = [
    "jax",
    pytest.param("cpu", marks=pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))),
]
both_engines = pytest.mark.parametrize("engine", ENGINES)
with_kernels = pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))
SPHERES = glass.binary_hard_spheres(200, 0.5)
DISCS = glass.hard_sphere_mixture((50, 50), (1.0, 1.4), 0.65, dimension=2, masses=(1.0, 2.0))


# Their programs are shared: six particles in space.
SIX = (1.0, 1.0, 0.7, 0.7, 0.4, 0.4)
SMALL = np.array([2.2, 2.3, 2.5])
PACKED = np.array([[0.5] * 3, [1.6] * 3, [0.5, 1.6, 1.5], [1.6, 0.5, 1.5], [1.6, 0.6, 0.6], [0.5, 1.6, 0.4]])


def start_of(x, v, diameters, box, masses=None):
    """A species for each particle, and where they start."""
    model = glass.hard_sphere_mixture((1,) * len(x), diameters, 0.1, dimension=len(box), masses=masses)
    configuration = Configuration(np.asarray(x, float), np.arange(len(x)), np.asarray(box, float))
    return model, at_tick_zero(model, configuration, np.asarray(v, float))


@pytest.fixture(scope="module")
def grown():
    """A liquid of each, as it was grown, with velocities."""
    return {model: glass.initialize(jax.random.key(3), model, 1.0) for model in (SPHERES, DISCS)}


@both_engines
def test_two_spheres_meet_as_the_closed_formula_says(engine):
    """An oblique collision through a face of the box, of unequal sizes and masses; four others rest elsewhere."""
    box = np.array([6.0, 7.0, 5.0])
    x = np.array([[5.5, 3.0, 2.5], [2.0, 3.5, 2.7], *([k, 6.0, 1.0] for k in range(4))])
    v = np.array([[1.0, 0.1, 0.05], [-1.0, 0.0, 0.1], *[[0.0] * 3] * 4])
    model, spheres = start_of(x, v, (1.0, 1.4, *[0.5] * 4), box, (1.0, 3.0, *[1.0] * 4))
    # Particle 1 is one box to the right.
    d, u = x[0] - x[1] - [6, 0, 0], v[0] - v[1]
    time = min(np.roots([u @ u, 2 * d @ u, d @ d - 1.2**2]).real)
    normal = (d + time * u) / 1.2
    kick = 2 * 3 / 4 * (u @ normal) * normal
    after = v - [kick, -kick / 3, *[np.zeros(3)] * 4]
    met = hs.collisions(spheres, model, 5, time=1.5, engine=engine)
    np.testing.assert_allclose(met.times, [time], rtol=1e-14)
    assert met.pairs.tolist() == [[0, 1]]
    end = hs.run(spheres, model, 1.5, engine=engine)
    assert end.collisions == 1
    np.testing.assert_allclose(end.velocities, after, rtol=0, atol=1e-14)
    np.testing.assert_allclose(end.positions, x + time * v + (1.5 - time) * after, rtol=0, atol=1e-14)
    np.testing.assert_allclose(end.virial, -2 * 0.75 * (u @ normal) * 1.2, rtol=1e-14)


@with_kernels
def test_two_discs_too():
    """Head on, of unequal masses, in the plane."""
    model, discs = start_of([[1, 1], [4, 1]], [[1, 0], [-1, 0]], (1.0, 1.0), [8.0, 5.0], (1.0, 3.0))
    end = hs.run(discs, model, 2.0)
    np.testing.assert_allclose(end.velocities, [[-2, 0], [0, 0]], rtol=0, atol=1e-15)
    np.testing.assert_allclose(end.positions, [[0, 1], [3, 1]], rtol=0, atol=1e-14)


@both_engines
def test_three_on_a_line_are_free_points_on_a_shorter_one(engine):
    """Equal spheres in a row exchange velocities: without their diameters they would pass through each other."""
    box = np.array([9.0, 4.0, 4.0])
    line, speed = np.array([1.0, 4.0, 6.5]), np.array([0.9, -0.7, 0.1])
    x, v = np.full((6, 3), 2.0), np.zeros((6, 3))
    x[:3, 0], v[:3, 0] = line, speed
    x[3:] = [[1, 0, 0], [4, 0, 0], [7, 0, 0]]  # three at rest, out of the way
    model, spheres = start_of(x, v, (1.0,) * 6, box)
    points, edge = line - np.arange(3), box[0] - 3
    times = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        meetings = (points[j] - points[i] + edge * np.arange(-40, 41)) / (speed[i] - speed[j])
        times += [t for t in meetings if 0 < t < 30]
    assert len(times) > 10
    met = hs.collisions(spheres, model, 100, time=30.0, engine=engine)
    np.testing.assert_allclose(met.times, np.sort(times), rtol=0, atol=1e-11)
    end = hs.run(spheres, model, 30.0, engine=engine)
    np.testing.assert_allclose(np.sort(end.velocities[:3, 0]), np.sort(speed), rtol=0, atol=1e-13)


@both_engines
def test_few_in_a_small_box_as_every_pair_and_image_says(engine):
    """Six spheres of three sizes and masses, through the faces of a box as small as may be."""
    masses = (1.0, 1.0, 2.0, 2.0, 0.5, 0.5)
    v = 2 * np.random.default_rng(4).normal(size=(6, 3))
    _, _, met = collide(PACKED, v, np.array(masses), np.array(SIX), SMALL, 2.0)
    assert len(met) > 20
    model, spheres = start_of(PACKED, v, SIX, SMALL, masses)
    found = hs.collisions(spheres, model, len(met), time=3.0, engine=engine)
    assert found.pairs.tolist() == [list(pair) for _, *pair in met]
    np.testing.assert_allclose(found.times, [time for time, *_ in met], rtol=0, atol=1e-7)


@with_kernels
@pytest.mark.parametrize("model", [SPHERES, DISCS], ids=["spheres", "discs"])
def test_the_reference_finds_the_same_collisions_one_by_one(model, grown):
    """Twice as many as there are particles, past the first lists, and the state after them."""
    start = jax.tree.map(lambda x: x[None], grown[model])
    count, ticks = 2 * model.n_particles, 40 if model is SPHERES else 60
    found = [advance(start, model, ticks, engine=engine, meetings=count) for engine in ("cpu", "jax")]
    (kernel, met, _), (reference, met_there, _) = found
    assert float(kernel.collisions[0]) > count
    np.testing.assert_array_equal(met.pair, met_there.pair)
    np.testing.assert_allclose(from_words(met.time), from_words(met_there.time), rtol=0, atol=1e-9)
    assert kernel.collisions == pytest.approx(reference.collisions, rel=0.02)


@with_kernels
def test_every_pair_of_a_liquid_as_the_definition_says(grown):
    """The first collisions of 100 discs, held against a search through all pairs and images."""
    start = grown[DISCS]
    masses = np.asarray(DISCS.masses)[DISCS.species]
    _, _, met = collide(start.positions, start.velocities, masses, DISCS.diameters, start.edges, 0.15)
    found = hs.collisions(start, DISCS, len(met), time=0.3, engine="cpu")
    assert len(met) > 50
    assert found.pairs.tolist() == [list(pair) for _, *pair in met]
    np.testing.assert_allclose(found.times, [time for time, *_ in met], rtol=0, atol=1e-10)


@with_kernels
@pytest.mark.float32
def test_bits_depend_on_nothing_but_the_state(tmp_path, monkeypatch):
    """Neither on threads, company, division into calls, a file, nor on the precision that JAX runs with."""
    model = glass.binary_hard_spheres(100, 0.45)
    configuration = hs.grow(jax.random.key(0), model)
    velocities = np.random.default_rng(1).normal(size=(3, 100, 3))
    start = at_tick_zero(model, configuration, velocities)
    monkeypatch.setenv("TDAGLASS_THREADS", "1")
    whole = hs.run(start, model, 25.0)
    assert (whole.collisions > 10_000).all()
    monkeypatch.setenv("TDAGLASS_THREADS", "3")
    assert_same_bits(hs.run(start, model, 25.0), whole)
    parts = start
    for time in (0.01, 7.77, 2.22, 5.0, 10.0):
        parts = hs.run(parts, model, time)
    assert_same_bits(parts, whole)
    alone = hs.run(jax.tree.map(lambda x: x[1], start), model, 11.11)
    np.savez(tmp_path / "state.npz", *jax.tree.leaves(alone))
    with np.load(tmp_path / "state.npz") as file:
        read = jax.tree.unflatten(jax.tree.structure(alone), [jnp.asarray(x) for x in file.values()])
    with jax.enable_x64(not jax.config.jax_enable_x64):
        resumed = hs.run(read, model, 13.89)
    assert_same_bits(resumed, jax.tree.map(lambda x: x[1], whole))
    kept: dict = {}
    names = {"keep": lambda name, compute: kept.setdefault(name, compute()), "name": "hard", "part": 10.0}
    assert_same_bits(hs.run_in_parts(start, model, 25.0, **names), whole)
    del kept["hard-2500"]
    assert_same_bits(hs.run_in_parts(start, model, 25.0, **names), whole)
    assert np.abs(np.asarray(whole.configuration.positions) - whole.positions).max() < 1e-4


@with_kernels
@pytest.mark.parametrize("model", [SPHERES, DISCS], ids=["spheres", "discs"])
def test_energy_and_momentum_are_kept_and_nothing_overlaps(model, grown):
    spheres = grown[model]
    energy = spheres.kinetic_energy(model)
    mass = np.asarray(model.masses)[np.asarray(spheres.species)][:, None]
    for _ in range(5):
        spheres = hs.run(spheres, model, 20.0 + 0.37)
        gap = hs.smallest_gap(spheres.positions, from_words(spheres.diameters), spheres.edges)
        assert gap > -1e-13
    assert spheres.collisions > 5e4
    assert abs(spheres.kinetic_energy(model) / energy - 1) < 1e-12
    assert np.abs((mass * spheres.velocities).sum(0)).max() < 1e-10


@with_kernels
def test_time_runs_backwards(grown):
    """A thousand collisions, and the same thousand in the reverse order."""
    start = grown[SPHERES]
    there = hs.run(start, SPHERES, 0.5)
    count = int(there.collisions)
    assert count > 1000
    configuration = Configuration(there.positions, start.species, there.edges)
    back = at_tick_zero(SPHERES, configuration, -there.velocities)
    forth, returned = hs.collisions(start, SPHERES, count), hs.collisions(back, SPHERES, count, time=0.5)
    np.testing.assert_array_equal(returned.pairs[::-1], forth.pairs)
    np.testing.assert_allclose(0.5 - returned.times[::-1], forth.times, rtol=0, atol=1e-8)
    end = hs.run(back, SPHERES, 0.5)
    np.testing.assert_allclose(end.positions, start.positions, rtol=0, atol=1e-8)


@pytest.mark.parametrize("model", [SPHERES, DISCS], ids=["spheres", "discs"])
def test_growth_ends_at_the_packing_fraction_the_same_from_the_same_key(model, grown):
    configuration = grown[model].configuration
    unit = np.pi / 6 if model.dimension == 3 else np.pi / 4
    filled = unit * (model.diameters**model.dimension).sum() / np.prod(grown[model].edges)
    assert filled == pytest.approx(model.packing_fraction, rel=1e-12)
    gap = hs.smallest_gap(
        grown[model].positions, np.asarray(configuration.diameters, float), grown[model].edges
    )
    assert 0 < gap < 1e-2
    again = glass.initialize(jax.random.key(3), model, 1.0)
    assert_same_bits(again, grown[model])


def test_growth_in_the_reference():
    model = glass.hard_sphere_mixture((6,), (1.0,), 0.2)
    found = hs.grow(jax.random.key(1), model, rate=0.2, engine="jax")
    assert hs.smallest_gap(found.positions, model.diameters, found.box) > 0
    if not kernels.WHY_NOT:
        same = hs.grow(jax.random.key(1), model, rate=0.2, engine="cpu")
        np.testing.assert_allclose(found.positions, same.positions, rtol=0, atol=1e-6)


def test_equations_of_state_are_the_published_ones():
    """Of one component: Kolafa's and Carnahan-Starling's; of binary spheres as written in the study's notes."""
    for p in (0.1, 0.3, 0.5):
        alone = glass.hard_sphere_mixture((10,), (1.0,), p)
        kolafa = (1 + p + p**2 - 2 / 3 * p**3 * (1 + p)) / (1 - p) ** 3
        assert hs.equation_of_state(alone) == pytest.approx(kolafa, rel=1e-12)
        assert hs.bmcsl(alone) == pytest.approx((1 + p + p**2 - p**3) / (1 - p) ** 3, rel=1e-12)
        # The second virial coefficients: exactly 4 in three dimensions, and 2 in two.
    for p, expected, older in (
        (0.40, 6.8725, 6.851),
        (0.50, 12.844, 12.838),
        (0.55, 18.210, 18.259),
        (0.58, 22.794, 22.917),
    ):
        model = glass.binary_hard_spheres(1000, p)
        assert hs.equation_of_state(model) == pytest.approx(expected, abs=5e-4)
        assert hs.bmcsl(model) == pytest.approx(older, abs=6e-4)
    thin = glass.hard_sphere_mixture((10,), (1.0,), 1e-6, dimension=2)
    assert (hs.equation_of_state(thin) - 1) / 1e-6 == pytest.approx(2, rel=1e-4)


@with_kernels
@pytest.mark.parametrize("model", [SPHERES, DISCS], ids=["spheres", "discs"])
def test_pressure_is_that_of_the_equation_of_state(model, grown):
    spheres = hs.run(grown[model], model, 50.0)
    _, found = hs.equilibrium(spheres, model, 400.0)
    # Of 200 spheres it is lower than of many, by about one over their number.
    assert abs(found.compressibility - found.expected) < 4 * found.error + 3 * found.expected / 200
    assert found.error < 0.005 * found.expected
    assert "that of the liquid in equilibrium" in found.sentence


@with_kernels
def test_a_quick_compression_is_noticed():
    model = glass.binary_hard_spheres(300, 0.58)
    fresh = glass.initialize(jax.random.key(1), model, 1.0, hs.grow(jax.random.key(0), model, rate=0.2))
    _, found = hs.equilibrium(fresh, model, 5.0)
    assert "too high, as after a quick compression" in found.sentence
    assert found.compressibility > 1.05 * found.expected


@with_kernels
def test_the_reference_has_the_pressure_of_the_kernels():
    model, start = start_of(PACKED, np.random.default_rng(5).normal(size=(6, 3)), SIX, SMALL)
    ends = {
        engine: hs.run(start, model, time, engine=engine)
        for engine, time in (("jax", 400.0), ("cpu", 4000.0))
    }
    slow, fast = (float(hs.compressibility(start, ends[engine], model)) for engine in ("jax", "cpu"))
    assert slow == pytest.approx(fast, rel=0.04)
    assert ends["jax"].collisions > 2000
    assert abs(ends["jax"].kinetic_energy(model) / start.kinetic_energy(model) - 1) < 1e-13


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_is_refused_with_a_remedy(grown):
    spheres = grown[SPHERES]
    configuration = Configuration(spheres.positions, spheres.species, spheres.edges)
    key = jax.random.key(0)
    overlapping = configuration._replace(positions=configuration.positions.copy())
    overlapping.positions[0] = overlapping.positions[1] + 0.1
    lost = configuration._replace(positions=configuration.positions * np.nan)
    small = configuration._replace(box=np.full(3, 2.1))
    for call, message in (
        (
            lambda: glass.initialize(key, SPHERES, 1.0, overlapping),
            "spheres that do not overlap, got a pair at 0",
        ),
        (lambda: glass.initialize(key, SPHERES, 1.0, lost), "finite positions"),
        (lambda: glass.initialize(key, SPHERES, 1.0, small), "box edges of at least twice"),
        (lambda: glass.initialize(key, SPHERES, -1.0, configuration), "temperature of zero or more"),
        (lambda: glass.initialize(key, SPHERES, 1.0, spheres), "a Configuration"),
        (lambda: hs.run(spheres, SPHERES, -1.0), "a time of 0 to"),
        (lambda: hs.run(spheres, DISCS, 1.0), "100 particles in 2 dimensions"),
        (lambda: hs.run(configuration, SPHERES, 1.0), "Spheres and HardSpheres"),
        (lambda: hs.run(spheres, SPHERES, 1.0, engine="gpu"), "engine 'auto', 'jax' or 'cpu'"),
        (lambda: hs.equilibrium(spheres, SPHERES, 0.01), "a time of at least 0.1"),
        (lambda: hs.compressibility(spheres, spheres, SPHERES), "the same moment"),
        (lambda: hs.grow(key, SPHERES, rate=-1.0), "rate of growth"),
        (lambda: hs.grow(key, glass.binary_hard_spheres(3, 0.5)), "box edges of at least twice"),
        (lambda: glass.binary_hard_spheres(100, 1.2), "a packing fraction below 1"),
        (lambda: glass.hard_sphere_mixture((10, 10), (1.0,), 0.5), "a diameter for each species"),
        (lambda: glass.hard_sphere_mixture((10, 10), (1.0, -2.0), 0.5), "positive diameters"),
        (
            lambda: glass.run(spheres, SPHERES, 10, temperature=1.0),
            r"a State, got Spheres; try glass\.hard_spheres\.run",
        ),
    ):
        with pytest.raises(ValueError, match=f"expected .*{message}"):
            call()


@both_engines
def test_a_run_that_cannot_go_on_stops_with_a_sentence(engine):
    """More collisions than were allowed; and spheres that are in each other, which the door would not let in."""
    v = np.random.default_rng(5).normal(size=(6, 3))
    model, spheres = start_of(PACKED, 1e4 * v, SIX, SMALL)
    with pytest.raises(glass.SimulationError, match="more events than expected"):
        hs.run(spheres, model, 1.0, engine=engine, most_events=50)
    diameters = from_words(spheres.diameters)
    larger = spheres._replace(
        diameters=jnp.asarray(to_words(1.4 * diameters)), box=jnp.asarray(to_words(SMALL + 1))
    )
    with pytest.raises(glass.SimulationError, match="two particles overlap at the start"):
        hs.run(larger, model, 1.0, engine=engine)


@with_kernels
def test_spheres_that_jam_before_they_are_grown_up_say_so():
    model = glass.hard_sphere_mixture((27,), (1.0,), 0.8)
    with pytest.raises(glass.SimulationError, match="more events than expected, as near the densest packing"):
        hs.grow(jax.random.key(0), model, rate=0.5, most_events=1000)


@pytest.mark.float32
def test_spheres_in_single_precision_start_where_they_were_rounded_to():
    """Rounding makes them overlap by a part in a million, which is no reason to refuse them."""
    model = glass.binary_hard_spheres(100, 0.5)
    configuration = hs.grow(jax.random.key(2), model)
    rounded = Configuration(*(jnp.asarray(x, jnp.float32) for x in configuration[:1]), *configuration[1:])
    spheres = hs.run(glass.initialize(jax.random.key(0), model, 1.0, rounded), model, 1.0)
    assert hs.smallest_gap(spheres.positions, model.diameters, spheres.edges) > -1e-13
    assert spheres.configuration.positions.dtype == jnp.zeros(()).dtype


def test_the_model_of_a_library_without_kernels(monkeypatch):
    monkeypatch.setattr(kernels, "WHY_NOT", "the compiled kernels are switched off")
    assert hs.choose_engine("auto") == "jax"
    assert hs.describe_engine() == "JAX, event by event"
    with pytest.raises(ValueError, match="expected hard spheres for engine 'cpu', but the compiled kernels"):
        hs.choose_engine("cpu")
