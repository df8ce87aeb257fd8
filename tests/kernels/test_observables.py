"""Observables added up inside the kernels, beside those that engine 1 computes from the same trajectories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.dynamics.observables import OBSERVABLES, Sums, make_reference, observe
from tdaglass.glass.molecular_dynamics.baths import make_schedule
from tdaglass.glass.molecular_dynamics.engines import cpu_kernels
from tdaglass.space import displacement
from tdaglass.structure import cutoff_neighbors

MOMENTS = [1, 7, 60, 180, 400]
BATH = {"temperature": 2.0, "dt": 0.004, "ensemble": "nvt"}


def replicas_of(start, name, count):
    """Replicas of one start, some of their boxes away from where they began."""
    model, states = start(name, 2.0, replicas=count)
    fraction, image = states.position
    return model, states._replace(position=type(states.position)(fraction, image + 3))


def watched(start, name, count, observables=OBSERVABLES):
    model, states = replicas_of(start, name, count)
    origin = jax.tree.map(lambda x: x[0], states.position)
    configuration = jax.tree.map(lambda x: x[0], states.configuration)
    cage = cutoff_neighbors(configuration.positions, configuration.box, 1.5)
    reference, _ = make_reference(model, configuration, observables, 7.0, cage)
    cage = jnp.where(reference.cage_mask, reference.cage_idx, -1)
    moments = jnp.asarray(MOMENTS, jnp.int32)
    return model, states, reference, (moments, origin.fraction, origin.image, cage, reference.waves)


def run_and_observe(states, model, what, dt=BATH["dt"]):
    schedule = make_schedule(states, "nvt", BATH["temperature"], None)
    after, sums = cpu_kernels.run_and_observe(states, model, what, schedule, dt, "nvt")
    return after, Sums(*sums)


@pytest.mark.parametrize("count", [3, pytest.param(13, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["wahnstrom", "kob_andersen_2d"])
def test_the_sums_are_those_of_engine_1(name, count, start):
    model, states, reference, what = watched(start, name, count)
    after, sums = run_and_observe(states, model, what)
    origin, made = states.position, 0
    for k, moment in enumerate(MOMENTS):
        states = glass.run(states, model, moment - made, engine="cpu", **BATH)
        made = moment
        moved = jax.vmap(displacement)(states.position, origin, states.box[:, None, :])
        expected = observe(moved, reference)
        for field, found, wanted in zip(Sums._fields, sums, expected, strict=True):
            # Phases in single precision, of particles several wave lengths from home, are what engine 1 has.
            atol = 2e-4 * count if "scattering" in field else 1e-6 * float(jnp.abs(wanted).max())
            np.testing.assert_allclose(found[k], wanted, rtol=2e-6, atol=atol, err_msg=f"{field} at {moment}")
    assert_same_bits(after, states)


def test_scattering_in_double_precision(start):
    """The definition, from the fixed-point positions without a rounding: six digits, however far particles go."""
    model, states, _, what = watched(start, "kob_andersen_2d", 5)
    one_moment = (what[0][-1:], *what[1:])
    after, sums = run_and_observe(states, model, one_moment)
    turns = [
        2 * np.pi * (np.asarray(f, float) * 2.0**-32 + 0.5) @ np.asarray(what[4], float).T
        for f in (after.position.fraction, what[1])
    ]
    now, then = (np.exp(1j * x) for x in turns)
    own = (now * then.conj()).real.mean(-1)
    species = np.asarray(states.species[0])
    kinds = [species >= 0, *(species == s for s in range(model.n_species))]
    total = (now.sum(1) * then.sum(0).conj()).real.sum(-1) / (np.abs(then.sum(0)) ** 2).sum()
    curves = np.stack([*(own[:, kind].mean(1) for kind in kinds), total], -1)
    np.testing.assert_allclose(sums.scattering[0], curves.sum(0), rtol=0, atol=5e-6)
    np.testing.assert_allclose(sums.scattering_sq[0], (curves**2).sum(0), rtol=0, atol=5e-6)


def test_threads_and_divisions_change_nothing(start, monkeypatch):
    model, states, _, what = watched(start, "wahnstrom", 21)
    monkeypatch.setenv("TDAGLASS_THREADS", "1")
    after, sums = run_and_observe(states, model, what)
    monkeypatch.setenv("TDAGLASS_THREADS", "3")
    assert_same_bits(run_and_observe(states, model, what), (after, sums))
    half, early = run_and_observe(states, model, (what[0][:2], *what[1:]))
    end, late = run_and_observe(half, model, (what[0][2:], *what[1:]))
    assert_same_bits(end, after)
    assert_same_bits(jax.tree.map(lambda *x: jnp.concatenate(x), early, late), sums)


def test_what_is_not_asked_is_zero(start):
    model, states, _, what = watched(start, "wahnstrom", 3, ["propensity"])
    *_, cage, waves = what
    assert cage.shape[1] == waves.shape[0] == 0
    _, sums = run_and_observe(states, model, what)
    assert (sums.distance > 0).all()
    for unasked in (sums.cage_sq, sums.scattering, sums.scattering_sq):
        assert not unasked.any()


def test_moments_that_cannot_be(start):
    model, states, _, what = watched(start, "wahnstrom", 3)
    for moments in ([0, 5], [5, 5], [9, 5]):
        wrong = (jnp.asarray(moments, jnp.int32), *what[1:])
        with pytest.raises(Exception, match="expected increasing moments"):
            jax.block_until_ready(run_and_observe(states, model, wrong))


def test_an_explosion_names_its_remedy(start):
    model, states, _, what = watched(start, "wahnstrom", 13)
    with pytest.raises(glass.SimulationError, match=r"in system 0 .* try a shorter time step"):
        run_and_observe(states, model, what, dt=0.5)


def test_under_vmap(start):
    """Two ensembles, each with its own start, one after the other."""
    model, states, _, what = watched(start, "wahnstrom", 3)
    schedule = make_schedule(states, "nvt", 2.0, None)

    def ensemble(states):
        return cpu_kernels.advance(model, "nvt", 0.004, 0.3, 2, states, schedule, 0, MOMENTS[-1], what)

    both = jax.tree.map(lambda x: jnp.stack([x, x]), states)
    both = both._replace(velocity=both.velocity.at[1].multiply(0.5))
    together = jax.vmap(ensemble)(both)
    for k in range(2):
        alone = ensemble(jax.tree.map(lambda x, k=k: x[k], both))
        assert_same_bits(jax.tree.map(lambda x, k=k: x[k], together), alone)
