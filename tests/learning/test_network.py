"""What every network keeps to, so that one loop can train it; a new network is a new line in EVERY."""

from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from absl.testing import parameterized
from jax.flatten_util import ravel_pytree

from tdaglass.learning import (
    CNN,
    AtomicDescriptors,
    Atomwise,
    Autoencoder,
    ParticleGraph,
    SchNet,
    fit_network,
)
from tdaglass.learning.batches import take_samples

COUNT = 8
DTYPE = jnp.zeros(()).dtype


def random(*shape):
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=(COUNT, *shape)))


ATOMS = AtomicDescriptors(random(4, 3), jnp.arange(4) < jnp.arange(COUNT)[:, None] % 4 + 1)
GRAPH = ParticleGraph(
    jnp.where(ATOMS.mask, 0, -1),
    jnp.where(ATOMS.mask[:, :, None] & jnp.array([True, False]), jnp.arange(4)[:, None] // 2, -1),
    abs(random(4, 2)),
)
EVERY = {
    "cnn": (CNN((3,), dense=(4,), dropout=0.3), random(2, 4, 5), 2),
    "standardized_cnn": (CNN((3,), dense=None, outputs=3, standardized=True), random(1, 4, 4), 3),
    "atomwise": (Atomwise(hidden=(5,)), ATOMS, 1),
    "schnet": (SchNet(3, interactions=1, gaussians=4, cutoff=2.0, table=5), GRAPH, 1),
    "autoencoder": (Autoencoder(hidden=4, bottleneck=2), random(3), 3),
}
every = pytest.mark.parametrize(("network", "samples", "outputs"), EVERY.values(), ids=EVERY)


def init(network, samples, seed=0):
    return network.init(jax.random.key(seed), take_samples(samples, 0))


@every
def test_a_key_fixes_the_first_parameters_and_a_sample_only_their_shapes(network, samples, outputs):
    first = init(network, samples)
    chex.assert_trees_all_equal(init(network, take_samples(samples, jnp.array([3]))), first)
    with pytest.raises(AssertionError):
        chex.assert_trees_all_close(init(network, samples, seed=1), first)
    single = jax.tree.map(lambda x: x.astype(jnp.float32) if x.dtype == DTYPE else x, samples)
    in_single = jax.eval_shape(network.init, jax.random.key(0), take_samples(single, 0))
    for parameters, dtype in ((first, DTYPE), (in_single, jnp.float32)):
        assert {leaf.dtype for leaf in jax.tree.leaves(parameters)} == {jnp.dtype(dtype)}
    chex.assert_trees_all_equal_shapes(in_single, first)


@every
def test_equal_networks_share_one_compilation(network, samples, outputs):
    chex.clear_trace_counter()

    @chex.assert_max_traces(n=1)
    def apply(network, parameters, samples):
        return network.apply(parameters, samples)

    compiled = jax.jit(apply, static_argnums=0)
    for seed in range(2):
        copy = replace(network)
        assert (hash(copy), copy) == (hash(network), network)
        compiled(copy, init(copy, samples, seed), samples)


class TestApply(chex.TestCase):
    """Compiled and not."""

    @chex.variants(with_jit=True, without_jit=True)
    @parameterized.named_parameters((name, *case) for name, case in EVERY.items())
    def test_without_a_key_each_sample_has_outputs_of_its_own(self, network, samples, outputs):
        parameters = init(network, samples)
        apply = self.variant(network.apply)
        together = apply(parameters, samples)
        chex.assert_shape(together, (COUNT, outputs))
        chex.assert_type(together, DTYPE)
        chex.assert_trees_all_equal(apply(parameters, samples), together)
        alone = jax.vmap(lambda one: apply(parameters, jax.tree.map(lambda x: x[None], one))[0])(samples)
        chex.assert_trees_all_close(alone, together, rtol=1e-5, atol=1e-5)


@every
def test_gradients_are_slopes(network, samples, outputs):
    """Along a random direction in the parameters, beside the central difference."""
    parameters = init(network, samples)

    @jax.jit
    @jax.value_and_grad
    def total(parameters):
        return jnp.sum(jnp.sin(network.apply(parameters, samples)))

    _, gradient = total(parameters)
    chex.assert_trees_all_equal_shapes_and_dtypes(gradient, parameters)
    chex.assert_tree_all_finite(gradient)
    point, place = ravel_pytree(parameters)
    direction = np.random.default_rng(2).normal(size=point.shape)
    step = 1e-5
    (ahead, _), (behind, _) = (total(place(point + s * direction)) for s in (step, -step))
    slope = float(ahead - behind) / (2 * step)
    assert np.vdot(ravel_pytree(gradient)[0], direction) == pytest.approx(slope, rel=1e-5)


@every
def test_one_loop_trains_it_and_goes_on_with_the_same_bits(network, samples, outputs):
    parts = {}

    def keep(name, compute):
        if name not in parts:
            parts[name] = jax.tree.map(np.asarray, compute())
        return parts[name]

    def fit():
        return fit_network(
            jax.random.key(0), network, samples, jnp.ones((COUNT, outputs)), loss="squared", epochs=2,
            batch_size=4, keep=keep, keep_every=1, progress=False,
        )  # fmt: skip

    uninterrupted = fit()
    chex.assert_tree_all_finite(uninterrupted.parameters)
    assert (uninterrupted.history.training_loss > 0).all()
    del parts["training-2"]
    chex.assert_trees_all_equal(fit(), uninterrupted)
