"""The block kernel of the CUDA engine, its threads played by a CPU, beside the CPU kernels."""

import numpy as np
import pytest
from block_emulation import (
    IN_ANY_ORDER,
    How,
    compiler,
)
from block_systems import (
    CASES,
    KOB_ANDERSEN,
    Case,
    bath,
    lengths,
    make,
    measure,
    near_pair,
    run,
)
from glass_systems import assert_same_bits

from tdaglass.kernels.molecular_dynamics import Motion

pytestmark = pytest.mark.skipif(compiler() is None, reason="expected a C++ compiler to play a card, got none")


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


def test_two_particles_and_a_gas():
    for edges in ((60.0, 50.0), (5.0, 5.1), (500.0, 5.0)):
        case = Case(KOB_ANDERSEN, (2, 1), (edges,))
        system = make(case)
        assert_same_bits(
            run(case, system, bath(1)).fraction, run(case, system, bath(1), on_cpu=True).fraction
        )
