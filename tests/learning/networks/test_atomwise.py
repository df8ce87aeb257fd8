import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.neural_network import MLPRegressor

from tdaglass.learning import AtomicDescriptors, Atomwise, fit_network, predict, stack_descriptors

apply = jax.jit(Atomwise.apply, static_argnums=0)


def random_systems(seed, sizes, features=4):
    random = np.random.default_rng(seed)
    return [jnp.asarray(random.normal(size=(size, features))) for size in sizes]


def first_parameters(network, samples):
    return network.init(jax.random.key(0), AtomicDescriptors(*(x[0] for x in samples)))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("activation", ["relu", pytest.param("tanh", marks=pytest.mark.float32)])
def test_outputs_are_sums_of_scikit_learns_network(activation, tolerance):
    systems = random_systems(0, [3, 5, 1])
    rival = MLPRegressor(
        hidden_layer_sizes=(7, 6), activation=activation, solver="lbfgs", max_iter=5, random_state=0
    )
    rows = np.concatenate(systems)
    rival.fit(rows, np.random.default_rng(0).normal(size=(len(rows), 2)))
    layers = enumerate(zip(rival.coefs_, rival.intercepts_, strict=True))
    parameters = {
        "dense": {str(k): {"kernel": jnp.asarray(W), "bias": jnp.asarray(b)} for k, (W, b) in layers}
    }
    expected = np.stack([rival.predict(np.asarray(system)).sum(axis=0) for system in systems])
    network = Atomwise((7, 6), activation, outputs=2)
    got = apply(network, parameters, stack_descriptors(systems))
    np.testing.assert_allclose(got, expected, rtol=100 * tolerance, atol=100 * tolerance)


def test_numbering_does_not_matter_and_sums_grow_with_the_system():
    (x,) = random_systems(1, [6])
    samples = stack_descriptors([x, x[np.array([3, 5, 0, 1, 4, 2])], jnp.concatenate([x, x])])
    total, mean = Atomwise((8,)), Atomwise((8,), pooling="mean")
    parameters = first_parameters(total, samples)
    for network, copies in ((total, 2), (mean, 1)):
        one, renumbered, twice = apply(network, parameters, samples)[:, 0]
        assert renumbered == pytest.approx(float(one), rel=1e-12)
        assert twice == pytest.approx(copies * float(one), rel=1e-12)


@pytest.mark.parametrize("pooling", ["sum", "mean"])
def test_what_the_mask_hides_is_never_seen(pooling):
    network = Atomwise((8,), pooling=pooling)
    samples = stack_descriptors(random_systems(2, [2, 5]))
    hidden = ~samples.mask[..., None]
    spoiled = samples._replace(descriptors=jnp.where(hidden, jnp.nan, samples.descriptors))
    parameters = first_parameters(network, samples)

    @jax.jit
    @jax.value_and_grad
    def total(arguments):
        parameters, descriptors = arguments
        return network.apply(parameters, AtomicDescriptors(descriptors, samples.mask)).sum()

    clean, spoiled = total((parameters, samples.descriptors)), total((parameters, spoiled.descriptors))
    chex.assert_tree_all_finite(spoiled)
    chex.assert_trees_all_equal(spoiled, clean)
    _, (_, slopes) = clean
    assert ((slopes == 0) == hidden).all()
    shorter = AtomicDescriptors(samples.descriptors[:1, :2], samples.mask[:1, :2])
    padded = apply(network, parameters, AtomicDescriptors(*(x[:1] for x in samples)))
    np.testing.assert_allclose(apply(network, parameters, shorter), padded, rtol=1e-12)


def test_an_empty_system_has_no_energy():
    samples = AtomicDescriptors(jnp.ones((1, 3, 4)), jnp.zeros((1, 3), bool))
    for pooling in ("sum", "mean"):
        network = Atomwise((8,), pooling=pooling)
        assert apply(network, first_parameters(network, samples), samples) == 0


def test_energies_of_systems_of_different_size_are_learned():
    """Each particle adds |d|: no function of the sum of the descriptors."""
    sizes = np.random.default_rng(0).integers(2, 9, 300)
    systems = random_systems(3, sizes, features=2)
    samples = stack_descriptors(systems)
    targets = jnp.asarray([[np.linalg.norm(x, axis=1).sum()] for x in systems])
    train, test = slice(0, 240), slice(240, None)
    network = Atomwise((16, 16))
    found = fit_network(
        jax.random.key(0), network, AtomicDescriptors(*(x[train] for x in samples)), targets[train],
        loss="squared", optimizer=optax.adam(optax.piecewise_constant_schedule(1e-2, {300: 0.5, 450: 0.5})),
        epochs=40, batch_size=16, progress=False,
    )  # fmt: skip
    error = predict(network, found.parameters, AtomicDescriptors(*(x[test] for x in samples))) - targets[test]
    # What the number of particles tells.
    count = jnp.asarray(sizes)[:, None]
    by_count = targets[test] - count[test] * (targets[train].sum() / count[train].sum())
    assert jnp.sqrt(jnp.mean(error**2)) < 0.3 * jnp.sqrt(jnp.mean(by_count**2))


def test_bad_settings_and_descriptors_are_told_with_a_remedy():
    with pytest.raises(ValueError, match=r"widths of at least 1, got \(0,\), 1; try \(40, 40\), 1"):
        Atomwise((0,))
    with pytest.raises(
        ValueError, match="expected systems of the same number of features, got no systems; try"
    ):
        stack_descriptors([])
    with pytest.raises(ValueError, match=r"same number of features, got \[2, 3\]; try the same descriptor"):
        stack_descriptors([jnp.ones((1, 2)), jnp.ones((1, 3))])
    samples = stack_descriptors(random_systems(4, [3]))
    parameters = first_parameters(Atomwise(), samples)
    with pytest.raises(
        ValueError, match="expected descriptors of 4 features, got 5; try those that init had"
    ):
        apply(Atomwise(), parameters, stack_descriptors(random_systems(4, [3], features=5)))
