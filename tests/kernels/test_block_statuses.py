"""What the block kernel says of systems that it cannot move, its threads played by a CPU."""

import numpy as np
import pytest
from block_emulation import (
    BAD_BOX,
    BAD_SETTINGS,
    BAD_SPECIES,
    DOES_NOT_FIT,
    EXPLODED,
    LIST_FULL,
    OK,
    OVERLAP,
    How,
    advance,
    compiler,
    options,
)
from block_systems import CASES, KOB_ANDERSEN, Case, advance_on_cpu, bath, make, mixture, near_pair, run
from glass_systems import assert_same_bits

from tdaglass.kernels.molecular_dynamics import Motion

pytestmark = pytest.mark.skipif(compiler() is None, reason="expected a C++ compiler to play a card, got none")


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
