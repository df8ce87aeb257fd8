"""Forces of a small network of each particle's SOAP, as the published rival of persistence has it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import (
    AtomicDescriptors,
    Atomwise,
    fit_network,
    fit_standardization,
    predict,
    response,
    stack_descriptors,
    standardize,
)
from tdaglass.structure import SoapBasis, cutoff_neighbors, soap

BASIS = SoapBasis(cutoff=2.5, n_max=4, l_max=2, sigma=0.3, smooth=True)
NETWORK = Atomwise((40, 40))
EDGES = np.array([4.0, 4.5, 5.0])


def morse(table):
    """An energy of pairs to learn: half of each pair in each row."""
    length = np.linalg.norm(np.asarray(table.displacement), axis=-1)
    return 0.5 * float(np.sum(np.where(table.mask, (1 - np.exp(1.5 - length)) ** 2 * (length - 3.6) ** 2, 0)))


@pytest.fixture(scope="module")
def tables():
    random = np.random.default_rng(0)
    sites = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), -1).reshape(-1, 3) * EDGES / 2
    frames = [jnp.asarray(sites + random.normal(0, 0.2, sites.shape)) for _ in range(40)]
    return [cutoff_neighbors(x, EDGES, BASIS.reach, capacity=56) for x in frames], frames


def test_a_network_of_soap_learns_energies_and_its_forces_are_their_slopes(tables):
    tables, frames = tables
    assert not any(int(table.overflow) for table in tables)
    energies = np.array([morse(table) for table in tables])
    scale = energies.std()
    each = [soap(table, BASIS) for table in tables]
    standard = fit_standardization(jnp.concatenate(each))
    samples = stack_descriptors([standardize(standard, x) for x in each])
    targets = jnp.asarray((energies - energies.mean()) / scale)[:, None]
    trained = fit_network(
        jax.random.key(0), NETWORK, samples, targets, loss="squared", epochs=150, batch_size=8, progress=False
    )
    told = predict(NETWORK, trained.parameters, samples)
    assert float(jnp.sqrt(jnp.mean((told - targets) ** 2))) < 0.3

    table, x = tables[0], frames[0]

    def energy(displacement):
        features = standardize(standard, soap(table._replace(displacement=displacement), BASIS))
        sample = AtomicDescriptors(features[None], jnp.ones((1, len(features)), bool))
        return NETWORK.apply(trained.parameters, sample)[0, 0]

    answer = jax.jit(lambda t: response(energy, t))(table)
    assert float(answer.energy) == pytest.approx(float(told[0, 0]), rel=1e-10)
    move = np.random.default_rng(1).normal(size=x.shape)
    step = 1e-5

    def after(by):
        moved = cutoff_neighbors(x + by * move, EDGES, BASIS.reach, capacity=56)
        features = standardize(standard, soap(moved, BASIS))
        return float(
            NETWORK.apply(trained.parameters, AtomicDescriptors(features[None], jnp.ones((1, 8), bool)))[0, 0]
        )

    slope = (after(step) - after(-step)) / (2 * step)
    assert -float(jnp.vdot(answer.forces, move)) == pytest.approx(slope, rel=1e-6)
    np.testing.assert_allclose(answer.forces.sum(0), 0, atol=1e-10)
    np.testing.assert_allclose(answer.virial, answer.virial.T, atol=1e-10)
