"""What every mover must fulfil, and that an ensemble works with any of them."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass, kernels
from tdaglass.dynamics import Mover, ObservingMover, isoconfigurational
from tdaglass.dynamics.observables import OBSERVABLES, Sums, make_reference, observe
from tdaglass.glass.hard_spheres import HardSphereDynamics, ObservingHardSphereDynamics
from tdaglass.glass.movers import MolecularDynamics, ObservingMolecularDynamics

MODEL = glass.wahnstrom(64)
HARD = glass.binary_hard_spheres(40, 0.4)
TEMPERATURE, DT = 1.5, 0.004
KEYS = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(4), i))(jnp.arange(4))


class Flights(NamedTuple):
    velocity: jax.Array
    time: jax.Array


@dataclass(frozen=True)
class IdealGas:
    """Particles that do not meet: a mover whose ensembles are known exactly."""

    temperature: float
    tick: float = 0.01

    def start(self, keys, configuration):
        shape = configuration.positions.shape
        velocity = jax.vmap(lambda key: jax.random.normal(key, shape))(keys)
        return Flights(velocity * self.temperature**0.5, jnp.zeros(len(keys)))

    def advance(self, replicas, ticks):
        return replicas._replace(time=jnp.full_like(replicas.time, ticks * self.tick))

    def displacements(self, replicas, start):
        return replicas.velocity * (replicas.time - start.time)[:, None, None]


MOVERS = {
    "molecular dynamics": MolecularDynamics(MODEL, TEMPERATURE, DT, engine="jax"),
    "molecular dynamics at constant energy": MolecularDynamics(MODEL, TEMPERATURE, DT, "nve", engine="jax"),
    "CPU kernels": ObservingMolecularDynamics(MODEL, TEMPERATURE, DT),
    "ideal gas": IdealGas(TEMPERATURE),
    "hard spheres": ObservingHardSphereDynamics(HARD, TEMPERATURE),
    "hard spheres in JAX": HardSphereDynamics(HARD, TEMPERATURE, engine="jax"),
}
NEED_KERNELS = {"CPU kernels", "hard spheres"}


@pytest.fixture(scope="module")
def start():
    """A liquid of what is moved, in the precision of the mover."""
    state = glass.initialize(jax.random.key(0), MODEL, TEMPERATURE)
    liquid = glass.run(state, MODEL, 200, temperature=TEMPERATURE, dt=DT).configuration

    @cache
    def grown():
        return jax.tree.map(jnp.asarray, glass.hard_spheres.grow(jax.random.key(0), HARD, rate=0.2))

    def of(name):
        if kernels.WHY_NOT and name in NEED_KERNELS:
            pytest.skip(kernels.WHY_NOT)
        if "hard" in name:
            return grown()
        if name != "CPU kernels":
            return liquid
        return jax.tree.map(lambda x: x.astype(jnp.float32) if x.dtype == jnp.float64 else x, liquid)

    return of


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "energy" in name else ()) for name in MOVERS]
)
def test_replicas_depend_on_their_keys_and_not_on_company_or_stops(name, start):
    mover, configuration = MOVERS[name], start(name)
    assert isinstance(mover, Mover)
    assert mover.tick > 0
    begun = mover.start(KEYS, configuration)
    moved = mover.displacements(begun, begun)
    assert moved.shape == (4, *configuration.positions.shape)
    assert not moved.any()

    whole = mover.displacements(mover.advance(begun, 30), begun)
    assert (jnp.abs(whole[0] - whole[1]).max(0) > 0).all()
    stopped = mover.advance(mover.advance(mover.advance(begun, 7), 7), 30)
    assert_same_bits(mover.displacements(stopped, begun), whole)
    # Kept by `Run.chunk`, and read again.
    kept = jax.tree.map(jnp.asarray, jax.device_get(mover.advance(begun, 7)))
    assert_same_bits(mover.displacements(mover.advance(kept, 30), begun), whole)

    fewer = mover.start(KEYS[1:3], configuration)
    assert_same_bits(mover.displacements(mover.advance(fewer, 30), fewer), whole[1:3])


@pytest.mark.parametrize(
    "name", [name for name, mover in MOVERS.items() if isinstance(mover, ObservingMover)]
)
def test_what_is_seen_on_the_way_is_what_is_seen_at_stops(name, start):
    mover, configuration = MOVERS[name], start(name)
    model = HARD if "hard" in name else MODEL
    reference, _ = make_reference(model, configuration, OBSERVABLES, 6.5, None)
    cage = jnp.where(reference.cage_mask, reference.cage_idx, -1).astype(jnp.int32)
    begun = mover.start(KEYS, configuration)
    end, sums = mover.advance_and_observe(begun, begun, [5, 30], cage, reference.waves)
    for k, ticks in enumerate((5, 30)):
        replicas = mover.advance(begun, ticks)
        expected = observe(mover.displacements(replicas, begun), reference)
        found = jax.tree.map(lambda x, k=k: x[k], Sums(*sums))
        chex.assert_trees_all_close(found, expected, rtol=1e-4, atol=1e-4)
    assert_same_bits(end, replicas)


def test_an_ensemble_of_any_mover(start):
    """Of free flights the propensity is known: sqrt(8 T / pi) t."""
    configuration = start("ideal gas")
    found = isoconfigurational(
        jax.random.key(5), MODEL, configuration, times=[0.5, 2.0], replicas=64, block=40,
        observables=["propensity"], mover=MOVERS["ideal gas"],
    )  # fmt: skip
    np.testing.assert_allclose(found.times, [0.5, 2.0])
    expected = np.sqrt(8 * TEMPERATURE / np.pi) * found.times
    np.testing.assert_allclose(found.propensity.mean(1), expected, rtol=0.03)
    np.testing.assert_allclose(found.propensity[1], 4 * found.propensity[0], rtol=1e-5)


def test_the_mover_is_chosen_by_model_and_precision(start):
    for engine, name in (("jax", "hard spheres in JAX"), ("auto", "hard spheres")):
        grown = start(name)
        assert glass.choose_mover(HARD, grown, temperature=TEMPERATURE, dt=DT, engine=engine) == MOVERS[name]
    liquid = start("ideal gas")
    chosen = glass.choose_mover(MODEL, liquid, temperature=TEMPERATURE, dt=DT, engine="jax")
    assert chosen == MOVERS["molecular dynamics"]
    assert not isinstance(chosen, ObservingMover)
    given = isoconfigurational(
        jax.random.key(5), MODEL, liquid, times=[0.04], replicas=4, observables=["propensity"], mover=chosen,
    )  # fmt: skip
    usual = isoconfigurational(
        jax.random.key(5), MODEL, liquid, temperature=TEMPERATURE, times=[0.04], replicas=4, dt=DT,
        observables=["propensity"], engine="jax",
    )  # fmt: skip
    np.testing.assert_array_equal(given.propensity, usual.propensity)
    with pytest.raises(ValueError, match="a temperature or a mover, got neither"):
        isoconfigurational(jax.random.key(5), MODEL, liquid, times=[0.04])
    for wrong, message in (
        ({"temperature": -1.0}, "temperature of zero or more"),
        ({"dt": 0.0}, "time step"),
    ):
        with pytest.raises(ValueError, match=message):
            MolecularDynamics(**{"model": MODEL, "temperature": 1.0, "dt": DT, **wrong})
