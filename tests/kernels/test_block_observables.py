"""What the block kernel adds up on its way, its threads played by a CPU, beside the CPU kernels."""

import dataclasses

import numpy as np
import pytest
from block_emulation import (
    BAD_SETTINGS,
    IN_ANY_ORDER,
    OK,
    TOGETHER,
    How,
    advance,
    compiler,
)
from block_systems import (
    CASES,
    advance_on_cpu,
    bath,
    make,
    run,
)
from glass_systems import assert_same_bits

from tdaglass.kernels.molecular_dynamics import Motion

pytestmark = pytest.mark.skipif(compiler() is None, reason="expected a C++ compiler to play a card, got none")


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
