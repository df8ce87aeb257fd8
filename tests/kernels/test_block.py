"""The block kernel of the CUDA engine, its threads played by a CPU, beside the CPU kernels."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from block_emulation import (
    BAD_BOX,
    BAD_SETTINGS,
    BAD_SPECIES,
    DOES_NOT_FIT,
    EXPLODED,
    IN_ANY_ORDER,
    LIST_FULL,
    OK,
    OVERLAP,
    TOGETHER,
    How,
    advance,
    compiler,
    options,
)  # fmt: skip
from glass_systems import assert_same_bits

from tdaglass.kernels import molecular_dynamics
from tdaglass.kernels.molecular_dynamics import Interaction, Motion

pytestmark = pytest.mark.skipif(compiler() is None, reason="expected a C++ compiler to play a card, got none")


def advance_on_cpu(*arrays, **settings):
    return molecular_dynamics.advance(*jax.tree.map(jnp.asarray, arrays), **settings)


def measure(*arrays, interaction):
    return molecular_dynamics.measure(*map(jnp.asarray, arrays), interaction=interaction)


def mixture(kinds, truncation, form="lennard_jones", exponent=0, cutoff=2.5):
    sigma = np.array([[0.9 + 0.04 * (a + b) for b in range(kinds)] for a in range(kinds)])
    epsilon = np.array([[1 + 0.2 * abs(a - b) for b in range(kinds)] for a in range(kinds)])
    table = lambda x: tuple(map(tuple, x.tolist()))  # noqa: E731
    masses = tuple(1 + 0.5 * k for k in range(kinds))
    return Interaction(
        form, truncation, table(sigma), table(epsilon), table(cutoff * sigma), masses, exponent
    )


KOB_ANDERSEN = Interaction(
    "lennard_jones",
    "shift",
    ((1.0, 0.8), (0.8, 0.88)),
    ((1.0, 1.5), (1.5, 0.5)),
    ((2.5, 2.0), (2.0, 2.2)),
    (1.0, 1.0),
)
ONE, TEN = ((1.0, 1.0), (1.0, 1.0)), ((10.0, 10.0), (10.0, 10.0))
POLYDISPERSE = Interaction(
    "inverse_power", "smooth", ONE, ONE, ((1.25, 1.25), (1.25, 1.25)), (1.0, 2.0), 12, (0.73, 1.62), 0.2
)


@dataclasses.dataclass(frozen=True)
class Case:
    """Sites of a jittered lattice along each axis, and edges of each system's box."""

    interaction: Interaction
    sites: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...]


CASES = {
    "two species in cubes": Case(KOB_ANDERSEN, (11, 11, 11), ((10.4, 10.4, 10.4),) * 2),
    "boxes of any edges": Case(KOB_ANDERSEN, (8, 10, 14), ((7.9, 9.5, 13.1), (9.0, 9.0, 12.2))),
    "small boxes": Case(KOB_ANDERSEN, (5, 5, 5), ((5.0, 5.2, 5.1), (5.4, 5.1, 5.3))),
    "a slab": Case(KOB_ANDERSEN, (5, 6, 16), ((5.2, 6.1, 15.6), (5.1, 5.5, 17.0))),
    "four species in a plane": Case(mixture(4, "smooth"), (20, 32), ((20.0, 34.0), (22.0, 31.0))),
    "force shift in a plane": Case(mixture(3, "force_shift"), (10, 10), ((10.3, 10.4), (10.0, 11.0))),
    "one species": Case(mixture(1, "force_shift"), (9, 9, 9), ((9.1, 9.1, 9.1),)),
    "inverse power": Case(mixture(2, "shift", "inverse_power", 18, 1.8), (9, 8, 8), ((9.0, 8.4, 8.2),)),
    "diameters": Case(POLYDISPERSE, (10, 10, 11), ((10.5, 10.8, 11.2), (10.1, 11.5, 11.0))),
    "diameters in a plane": Case(
        dataclasses.replace(
            POLYDISPERSE, form="lennard_jones", truncation="force_shift", cutoff=((1.6, 1.6), (1.6, 1.6))
        ),
        (20, 20), ((21.0, 23.0),),
    ),
    "diameters that reach around": Case(POLYDISPERSE, (5, 5, 5), ((5.4, 5.6, 5.5),)),
}  # fmt: skip


def make(case, temperature=1.0, seed=0, jitter=0.03):
    """Systems on jittered lattices, with the forces that they have."""
    random = np.random.default_rng(seed)
    n, dimension, systems = int(np.prod(case.sites)), len(case.sites), len(case.edges)
    sites = np.stack(np.meshgrid(*map(np.arange, case.sites), indexing="ij"), -1).reshape(n, dimension)
    place = (sites + 0.5 + jitter * random.normal(size=(systems, n, dimension))) / case.sites
    fraction = np.floor((place % 1 - 0.5) * 2.0**32).astype(np.int64).astype(np.int32)
    kinds = len(case.interaction.masses)
    species = random.integers(kinds, size=(systems, n)).astype(np.int32)
    small, large = case.interaction.diameters or (1.0, 1.0)
    diameters = random.uniform(small, min(large, 1.3), size=(systems, n)).astype(np.float32)
    box = np.asarray(case.edges, np.float32)
    velocity = random.normal(size=fraction.shape)
    velocity = np.sqrt(temperature) * (velocity - velocity.mean(1, keepdims=True))
    force, *_ = measure(fraction, species, diameters, box, interaction=case.interaction)
    chain = np.zeros((systems, 3), np.float32)
    motion = Motion(
        fraction, np.zeros_like(fraction), velocity.astype(np.float32), np.asarray(force), chain, chain
    )
    return motion, species, diameters, box


def bath(systems, temperature=1.0, slope=0.0, first=0, last=100):
    return (
        np.full(systems, temperature, np.float32), np.full(systems, slope, np.float32),
        np.full(systems, first, np.int32), np.full(systems, last, np.int32),
    )  # fmt: skip


def run(case, system, baths, *, on_cpu=False, thermostat=True, dt=0.004, **more):
    go = advance_on_cpu if on_cpu else advance
    settings = {"interaction": case.interaction, "thermostat": thermostat, "dt": dt, "skin": 0.3, **more}
    moved, made, status, *_ = go(*system, *baths, **settings)
    np.testing.assert_array_equal(status, OK)
    np.testing.assert_array_equal(made, baths[3])
    return Motion(*map(np.asarray, moved))


def lengths(fraction, other, box):
    return np.abs((fraction - other).astype(float) * box[:, None, :].astype(float) * 2.0**-32).max()


@pytest.mark.parametrize("name", CASES)
def test_the_cpu_kernels_take_the_same_way(name):
    case = CASES[name]
    system = make(case)
    baths = bath(len(case.edges), 1.2, -2e-3, 3, 4)
    one, wanted = run(case, system, baths), run(case, system, baths, on_cpu=True)
    size = np.abs(wanted.force).max()
    np.testing.assert_allclose(one.force, wanted.force, rtol=0, atol=4e-6 * size)
    np.testing.assert_allclose(one.chain_momentum, wanted.chain_momentum, rtol=1e-6, atol=1e-6)
    assert_same_bits(one.fraction, wanted.fraction)
    assert_same_bits(one.image, wanted.image)

    baths = bath(len(case.edges), 1.2, -2e-3, 3, 103)
    hundred, wanted = run(case, system, baths), run(case, system, baths, on_cpu=True)
    assert lengths(hundred.fraction, wanted.fraction, system[3]) < 2e-5
    np.testing.assert_allclose(hundred.velocity, wanted.velocity, rtol=0, atol=5e-4)
    np.testing.assert_allclose(hundred.chain_momentum, wanted.chain_momentum, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(hundred.chain_position, wanted.chain_position, rtol=1e-4, atol=1e-6)
    assert lengths(hundred.fraction, system[0].fraction, system[3]) > 0.1  # the way is one


@pytest.mark.slow
@pytest.mark.parametrize(("sites", "edge"), [((40, 50), 40.8), ((16, 16, 16), 15.04), ((25, 25, 25), 23.5)])
def test_as_many_as_a_block_takes(sites, edge):
    case = Case(KOB_ANDERSEN, sites, ((edge,) * len(sites),))
    system, how = make(case), How(threads=0)  # as many as on a card
    one, wanted = (run(case, system, bath(1, last=1), **where) for where in ({"how": how}, {"on_cpu": True}))
    np.testing.assert_allclose(one.force, wanted.force, rtol=0, atol=4e-6 * np.abs(wanted.force).max())
    ten, wanted = (run(case, system, bath(1, last=10), **where) for where in ({"how": how}, {"on_cpu": True}))
    assert lengths(ten.fraction, wanted.fraction, system[3]) < 5e-7


@pytest.mark.parametrize("thermostat", [True, False])
@pytest.mark.parametrize(
    "name", ["boxes of any edges", "small boxes", "four species in a plane", "diameters"]
)
def test_what_changes_no_bit(name, thermostat):
    case = CASES[name]
    system = make(case, 2.0)
    systems = len(case.edges)
    whole = run(case, system, bath(systems, 2.0, 1e-3, 0, 60), thermostat=thermostat)
    assert whole.image.any()  # faces were crossed

    def again(**more):
        return run(case, system, bath(systems, 2.0, 1e-3, 0, 60), thermostat=thermostat, **more)

    for skin in (0.12, 0.7):
        assert_same_bits(again(skin=skin, how=How(room=400)), whole)
    for how in (
        How(play=IN_ANY_ORDER, seed=1), How(play=IN_ANY_ORDER, seed=2, threads=32), How(threads=128, stages=0),
        How(room=600),  # then strong forces are watched from a lower one on
        How(blocks=2), How(blocks=4, play=IN_ANY_ORDER, seed=3, threads=32), How(blocks=8, threads=32),
    ):  # fmt: skip
        assert_same_bits(again(how=how), whole)
    parts, made = system[0], 0
    for steps in (1, 0, 22, 37):
        baths = bath(systems, 2.0, 1e-3, made, made + steps)
        parts = run(case, (parts, *system[1:]), baths, thermostat=thermostat)
        made += steps
    assert_same_bits(parts, whole)


def test_every_system_goes_its_own_way():
    """Their baths, steps and boxes differ, and none knows of the others: alone it ends on the same bits."""
    case = CASES["boxes of any edges"]
    system = make(case)
    baths = (
        np.asarray([1.0, 2.0], np.float32), np.asarray([0.0, 0.01], np.float32),
        np.asarray([0, 7], np.int32), np.asarray([40, 19], np.int32),
    )  # fmt: skip
    together = run(case, system, baths)
    for k in range(2):
        one = lambda x: x[k : k + 1]  # noqa: E731, B023
        alone = run(case, (Motion(*map(one, system[0])), *map(one, system[1:])), tuple(map(one, baths)))
        assert_same_bits(alone, Motion(*map(one, together)))


def energy(case, system, moved):
    _, potential, _, _ = measure(moved.fraction, *system[1:], interaction=case.interaction)
    mass = np.asarray(case.interaction.masses)[system[1]][..., None]
    return np.asarray(potential) + 0.5 * (mass * moved.velocity.astype(float) ** 2).sum((1, 2))


@pytest.mark.parametrize("name", ["small boxes", "four species in a plane"])
def test_energy_is_conserved(name):
    case = CASES[name]
    system = make(case)
    baths = bath(len(case.edges), last=1500)
    moved = run(case, system, baths, thermostat=False, dt=0.001)
    n = system[0].fraction.shape[1]
    drift = (energy(case, system, moved) - energy(case, system, system[0])) / n
    # Where potentials are cut and shifted alone, energy is conserved to what pairs gain that cross their cut-off.
    assert np.abs(drift).max() < 1e-3
    wanted = run(case, system, baths, thermostat=False, dt=0.001, on_cpu=True)
    drift_on_cpu = (energy(case, system, wanted) - energy(case, system, system[0])) / n
    assert np.abs(drift - drift_on_cpu).max() < 1e-3


def near_pair(distance, case=CASES["small boxes"]):
    """The first particle so far from the second, on the side where it was, everybody at rest."""
    motion, species, diameters, box = make(case, 0.0)
    fraction = motion.fraction.copy()
    fraction[:, 0] = fraction[:, 1]
    fraction[:, 0, -1] -= (distance / box[:, -1].astype(float) * 2**32).astype(np.int64).astype(np.int32)
    species[:, :2] = 0
    still = motion._replace(
        fraction=fraction, velocity=np.zeros_like(motion.velocity), force=np.zeros_like(motion.force)
    )
    return case, (still, species, diameters, box)


@pytest.mark.parametrize("distance", [0.9, 0.86, 0.8, 0.7])
def test_forces_beyond_what_an_addition_rounds(distance):
    """From 250 epsilon / sigma on they are converted, and are as right as before."""
    case, system = near_pair(distance)
    baths = bath(2, last=1)
    one = run(case, system, baths, thermostat=False, dt=1e-6)
    wanted = run(case, system, baths, thermostat=False, dt=1e-6, on_cpu=True)
    np.testing.assert_allclose(one.force, wanted.force, rtol=2e-6, atol=2e-4)
    assert (np.abs(one.force).max() > 300) == (distance < 0.86)
    assert_same_bits(run(case, system, baths, thermostat=False, dt=1e-6, how=How(room=1000)), one)
    if distance > 0.75:  # in whole quanta to the last one, of which single precision holds 2^24
        np.testing.assert_array_equal(one.force.astype(float).sum(1), 0)


def status_of(case, system, baths=None, **more):
    systems = system[0].fraction.shape[0]
    settings = {"interaction": case.interaction, "thermostat": True, "dt": 0.004, "skin": 0.3, **more}
    moved, made, status, _, longest = advance(*system, *(baths or bath(systems)), **settings)
    return moved, made, status, longest


@pytest.mark.parametrize("distance", [0.5, 0.3, 1e-8, 0.0])
def test_an_overlap_is_told(distance):
    """Whatever would not be a whole number of 32 bits, down to two particles on top of each other."""
    case, system = near_pair(distance)
    for how in (How(), How(blocks=2)):
        _, made, status, _ = status_of(case, system, thermostat=False, how=how)
        np.testing.assert_array_equal(status, OVERLAP)
        np.testing.assert_array_equal(made, 0)


def test_sums_that_would_wrap_are_told():
    """An icosahedron around a particle: no pair of it would wrap a whole number, all of them together would."""
    golden = (1 + 5**0.5) / 2
    corners = [np.roll([0, a, b * golden], k) for a in (-1, 1) for b in (-1, 1) for k in range(3)]
    places = 0.62 * np.concatenate([np.zeros((1, 3)), corners / np.linalg.norm(corners[0])])
    for n, wanted in ((2, OK), (13, OVERLAP)):
        case = Case(mixture(1, "shift", cutoff=2.2), (n, 1, 1), ((6.0, 6.0, 6.0),))
        motion, *rest = make(case, 0.0)
        fraction = np.int32(places[None, :n] / 6.0 * 2.0**32)
        still = motion._replace(fraction=fraction, force=np.zeros_like(motion.force))
        _, _, status, _ = status_of(case, (still, *rest), bath(1, last=1), thermostat=False, dt=1e-7)
        np.testing.assert_array_equal(status, wanted)


def spoiled(system, **changes):
    """The second system with something else, the first as it is."""
    motion, species, diameters, box = (x for x in system)
    arrays = {**motion._asdict(), "species": species, "diameters": diameters, "box": box}
    for name, (where, value) in changes.items():
        arrays[name] = arrays[name].copy()
        arrays[name][(1, *where)] = value
    return Motion(*(arrays[x] for x in Motion._fields)), arrays["species"], arrays["diameters"], arrays["box"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"velocity": ((3, 1), 1e5)}, EXPLODED),
        ({"velocity": ((3, 1), np.nan)}, EXPLODED),
        ({"force": ((3, 1), 1e9)}, EXPLODED),
        ({"force": ((3, 1), np.nan)}, EXPLODED),
        ({"box": ((2,), 3.9)}, BAD_BOX),
        ({"box": ((0,), np.nan)}, BAD_BOX),
        ({"box": ((0,), np.inf)}, BAD_BOX),
        ({"box": ((1,), -10.0)}, BAD_BOX),
        ({"species": ((5,), 2)}, BAD_SPECIES),
        ({"species": ((5,), -1)}, BAD_SPECIES),
    ],
)
def test_bad_systems_are_told_and_leave_the_others_alone(change, wanted):
    case = CASES["boxes of any edges"]
    system = make(case)
    baths = bath(2, last=20)
    first = lambda x: np.asarray(x)[:1]  # noqa: E731
    whole = Motion(*map(first, run(case, system, baths)))
    for how in (How(), How(blocks=4)):
        moved, made, status, _ = status_of(case, spoiled(system, **change), baths, how=how)
        np.testing.assert_array_equal(status, [OK, wanted])
        np.testing.assert_array_equal(made, [20, 0])
        assert_same_bits(Motion(*map(first, moved)), whole)


def test_bad_diameters_and_baths_are_told():
    case = CASES["diameters"]
    system = make(case)
    for value in (0.5, 1.8, np.nan):
        *_, status, _ = status_of(case, spoiled(system, diameters=((7,), value)), bath(2, last=3))
        np.testing.assert_array_equal(status, [OK, BAD_SPECIES])
    cold = bath(2, 1.0, -0.1, 0, 20)
    _, made, status, _ = status_of(case, system, cold)
    np.testing.assert_array_equal(status, BAD_SETTINGS)
    np.testing.assert_array_equal(made, 10)  # the bath has reached zero
    _, made, status, _ = status_of(case, system, cold, thermostat=False)
    np.testing.assert_array_equal(made, 20)


def test_an_explosion_on_the_way_is_told():
    case = CASES["two species in cubes"]
    system = make(case)
    settings = {"interaction": case.interaction, "thermostat": True, "dt": 0.06, "skin": 0.3}
    *_, made, status, _ = advance_on_cpu(*system, *bath(2), **settings)
    _, told_at, told, _ = status_of(case, system, dt=0.06)
    assert set(np.asarray(status)) <= {EXPLODED, OVERLAP}
    assert set(told) <= {EXPLODED, OVERLAP}
    assert np.abs(told_at - np.asarray(made)).max() <= 1


def test_a_full_list_says_how_long_it_would_be():
    case = CASES["two species in cubes"]
    system = make(case)
    *_, status, longest = status_of(case, system, how=How(room=40))
    np.testing.assert_array_equal(status, LIST_FULL)
    assert (longest > 40).all()
    *_, status, as_long = status_of(case, system, bath(2, last=1), how=How(room=int(longest.max())))
    np.testing.assert_array_equal(status, OK)
    assert (as_long <= longest.max()).all()


def test_a_list_that_fills_on_the_way():
    """The bits of the second attempt are those of a run that had room enough."""
    case = CASES["two species in cubes"]
    system = make(case, jitter=0.0)
    *_, longest = status_of(case, system, bath(2, last=1))
    room = int(longest.max())
    _, made, status, needed = status_of(case, system, how=How(room=room))
    np.testing.assert_array_equal(status, LIST_FULL)
    assert (made > 0).all()
    assert (made < 100).all()
    assert (needed > room).all()
    of_four = status_of(case, system, how=How(room=room, blocks=4))
    assert_same_bits(of_four[1:], (made, status, needed))


def test_what_does_not_fit():
    for dimension, n in ((2, 7900), (3, 15900)):
        assert isinstance(options(KOB_ANDERSEN, dimension, n, How(threads=0)), str)
        assert options(KOB_ANDERSEN, dimension, n + 200, How(threads=0)) == DOES_NOT_FIT
    assert options(KOB_ANDERSEN, 3, 4000, How(threads=0, shared=48 * 1024)) == DOES_NOT_FIT
    assert options(mixture(5, "shift"), 3, 1000) == DOES_NOT_FIT
    assert options(KOB_ANDERSEN, 3, 1000, How(room=1017)) == DOES_NOT_FIT
    assert (
        options(KOB_ANDERSEN, 3, 1000, How(blocks=2, stages=0)) == DOES_NOT_FIT
    )  # of a card without clusters
    assert options(KOB_ANDERSEN, 3, 1000, How(blocks=3)) == BAD_SETTINGS
    assert options(KOB_ANDERSEN, 4, 1000) == BAD_SETTINGS
    assert options(KOB_ANDERSEN, 3, 1000, dt=np.nan) == BAD_SETTINGS


def test_two_particles_and_a_gas():
    for edges in ((60.0, 50.0), (5.0, 5.1), (500.0, 5.0)):
        case = Case(KOB_ANDERSEN, (2, 1), (edges,))
        system = make(case)
        assert_same_bits(
            run(case, system, bath(1)).fraction, run(case, system, bath(1), on_cpu=True).fraction
        )


def observation(system, moments, waves=12, cage=5, seed=1):
    random = np.random.default_rng(seed)
    _, n, dimension = system[0].fraction.shape
    return (
        np.asarray(moments, np.int32), system[0].fraction[0], system[0].image[0],
        random.integers(-1, n, size=(n, cage)).astype(np.int32),
        random.integers(-8, 9, size=(waves, dimension)).astype(np.int32),
    )  # fmt: skip


def replicas(name, count):
    case = CASES[name]
    system = make(dataclasses.replace(case, edges=case.edges[:1]))
    spread = lambda x: np.repeat(x, count, 0)  # noqa: E731
    motion = Motion(*map(spread, system[0]))
    velocity = np.random.default_rng(5).normal(size=motion.velocity.shape).astype(np.float32)
    motion = motion._replace(velocity=velocity, image=motion.image + 3)
    return case, (motion, *map(spread, system[1:]))


@pytest.mark.parametrize("name", ["four species in a plane", "diameters"])
def test_observables_are_those_of_the_cpu_kernels(name):
    case, system = replicas(name, 3)
    what = observation(system, [1, 7, 60])
    settings = {"interaction": case.interaction, "thermostat": True, "dt": 0.004, "skin": 0.3}
    baths = bath(3, 1.5, 0.0, 0, 80)
    moved, _made, status, sums, _ = advance(*system, *baths, what, **settings)
    np.testing.assert_array_equal(status, OK)
    *_, wanted = advance_on_cpu(*system, *baths, what, **settings)
    for label, found, expected in zip(
        ("distance", "distance_sq", "cage_sq", "scattering", "scattering_sq"), sums, wanted, strict=True
    ):
        size = float(np.abs(expected).max())
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5 * size, err_msg=label)
    # Where nothing has parted yet, to rounding.
    for found, expected in zip(sums, wanted, strict=True):
        np.testing.assert_allclose(found[0], expected[0], rtol=2e-6, atol=2e-6)
    assert_same_bits(moved, run(case, system, baths))  # looking changes nothing


def test_sums_depend_on_nothing_but_what_is_summed():
    case, system = replicas("boxes of any edges", 4)
    what = observation(system, [3, 30], cage=0)
    settings = {"interaction": case.interaction, "thermostat": True, "dt": 0.004}
    *_, sums, _ = advance(*system, *bath(4, last=30), what, **settings)
    backwards = (Motion(*(x[::-1] for x in system[0])), *(x[::-1] for x in system[1:]))
    *_, again, _ = advance(
        *backwards, *bath(4, last=30), what, **settings, skin=0.5, how=How(play=IN_ANY_ORDER, threads=96)
    )
    assert_same_bits(again, sums)
    *_, again, _ = advance(*system, *bath(4, last=30), what, **settings, how=How(blocks=4, threads=32))
    assert_same_bits(again, sums)
    # Moments are those of all launches; each looks at its own.
    half, *_, early, _ = advance(*system, *bath(4, last=10), what, **settings)
    *_, late, _ = advance(half, *system[1:], *bath(4, first=10, last=30), what, **settings)
    for first, second, both in zip(early, late, sums, strict=True):
        assert not second[0].any()
        assert not first[1].any()
        assert_same_bits(np.stack([first[0], second[1]]), both)
    assert not sums[2].any()  # no cages, nothing about them


def test_moments_that_cannot_be():
    case, system = replicas("small boxes", 2)
    for moments in ([5, 5], [9, 5]):
        *_, status, _, _ = advance(
            *system,
            *bath(2),
            observation(system, moments),
            interaction=case.interaction,
            thermostat=True,
            dt=0.004,
        )
        np.testing.assert_array_equal(status, BAD_SETTINGS)


@pytest.mark.parametrize("name", ["small boxes", "four species in a plane"])
def test_threads_that_wait_for_each_other(name):
    case, system = replicas(name, 2)
    what = observation(system, [5])
    settings = {"interaction": case.interaction, "thermostat": True, "dt": 0.004}
    wanted = advance(*system, *bath(2, last=12), what, **settings)
    for how in (How(play=TOGETHER), How(play=TOGETHER, blocks=2, threads=32)):
        assert_same_bits(advance(*system, *bath(2, last=12), what, **settings, how=how), wanted)
