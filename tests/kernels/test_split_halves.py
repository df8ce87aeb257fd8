"""Propensities of the particles of one configuration, from engine 2 and from engine 1."""

import jax
import numpy as np
import pytest
from glass_systems import batch

from tdaglass import glass
from tdaglass.dynamics import isoconfigurational

TEMPERATURE = 0.6  # supercooled
TIMES = (0.2, 1.0, 4.0, 12.0)  # free flight to the alpha time
REPLICAS = 64
SHUFFLES = 1000


def distances(key, model, start, engine, replicas):
    """How far each particle of A went in each replica, (times, replicas, particles): A and B differ anyway."""
    ensemble = isoconfigurational(
        jax.random.key(key), model, start, temperature=TEMPERATURE, times=TIMES, replicas=replicas,
        observables=["propensity"], positions=True, engine=engine,
    )  # fmt: skip
    found = np.linalg.norm(ensemble.positions - np.asarray(start.positions), axis=-1)
    np.testing.assert_allclose(found.mean(1), ensemble.propensity, rtol=1e-5, atol=1e-6)
    return found[..., np.asarray(start.species) == 0]


def lack_of_agreement(distance):
    """What three sets of replicas, one after the other, say about the last of them, at every time.

    Its correlation over particles with the first two, less theirs with each other, and its mean propensity less
    theirs.
    """
    sets = distance.reshape(len(distance), 3, REPLICAS, -1).mean(2)  # (times, sets, particles)
    r = np.array([np.corrcoef(x) for x in sets])
    mean = sets.mean(2)
    return np.stack([(r[:, 0, 2] + r[:, 1, 2]) / 2 - r[:, 0, 1], mean[:, 2] - mean[:, :2].mean(1)]), r


@pytest.mark.slow
def test_engine_1_agrees_as_far_as_a_second_half_of_engine_2(record_property):
    """Replicas are exchangeable if the engines agree: shuffled ones give the sampling error of the comparison."""
    model = glass.kob_andersen_3d(500)
    states = batch(model, 1, TEMPERATURE, "float32")
    states = glass.run(states, model, 300, temperature=2 * TEMPERATURE, dt=0.001, engine="jax")
    states = glass.run(states, model, 50_000, temperature=TEMPERATURE, engine="cpu")
    start = jax.tree.map(lambda x: x[0], states.configuration)
    halves = distances(1, model, start, "cpu", 2 * REPLICAS)
    by_engine_1 = distances(2, model, start, "jax", REPLICAS)
    distance = np.concatenate([halves, by_engine_1], axis=1)
    found, r = lack_of_agreement(distance)
    rng = np.random.default_rng(0)
    shuffled = [lack_of_agreement(distance[:, rng.permutation(3 * REPLICAS)])[0] for _ in range(SHUFFLES)]
    deviation = (found - np.mean(shuffled, 0)) / np.std(shuffled, 0)
    for k, time in enumerate(TIMES):
        record_property(
            f"t = {time}",
            f"engine 2 with itself {r[k, 0, 1]:.4f}, with engine 1 {r[k, 0, 2]:.4f} and {r[k, 1, 2]:.4f}: "
            f"{deviation[0, k]:+.2f} standard errors; mean propensity {deviation[1, k]:+.2f} standard errors",
        )
    assert r[2, 0, 1] > 0.8  # there is something to agree on
    assert (np.abs(deviation) < 3).all(), deviation
