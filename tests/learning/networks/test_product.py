"""Products in pieces: equal to NumPy's, with all derivatives, and with the same bits on any number of threads."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning.networks.product import ordered_product
from tdaglass.learning.pieces import PIECE


@pytest.mark.parametrize(
    "shape", [(3, 4), (1, PIECE + 1), (2 * PIECE + 3, 2 * PIECE + 5), (2, PIECE, 7), (0, 4)]
)
def test_products_are_numpys_with_slopes_in_both_modes(shape):
    rng = np.random.default_rng(0)
    x, kernel = jnp.asarray(rng.normal(size=shape)), jnp.asarray(rng.normal(size=(shape[-1], PIECE + 2)))
    expected = np.matmul(x, kernel)
    np.testing.assert_allclose(ordered_product(x, kernel), expected, rtol=1e-12, atol=1e-12)
    slope = jnp.asarray(rng.normal(size=expected.shape))
    of_x, of_kernel = jax.vjp(ordered_product, x, kernel)[1](slope)
    np.testing.assert_allclose(of_x, slope @ kernel.T, rtol=1e-12, atol=1e-12)
    rows = x.reshape(-1, shape[-1])
    np.testing.assert_allclose(of_kernel, rows.T @ slope.reshape(-1, kernel.shape[1]), rtol=1e-12, atol=1e-12)
    _, along = jax.jvp(lambda kernel: ordered_product(x, kernel), (kernel,), (2 * kernel,))
    np.testing.assert_allclose(along, 2 * expected, rtol=1e-12, atol=1e-12)


PROGRAM = """if True:
    import hashlib
    import jax, jax.numpy as jnp, numpy as np
    from tdaglass import learning
    rng = np.random.default_rng(0)
    idx = jnp.asarray(rng.integers(0, 150, (16, 150, 9)))
    distance = jnp.asarray(5 * rng.random(idx.shape) ** (1 / 3), jnp.float32)
    targets = rng.normal(size=(16, 1)).astype(np.float32)
    cases = {
        learning.Atomwise((40, 40), pooling="mean"): learning.AtomicDescriptors(
            jnp.asarray(rng.normal(size=(16, 150, 360)), jnp.float32), jnp.ones((16, 150), bool)
        ),
        learning.SchNet(features=32, interactions=2, pooling="mean"): learning.ParticleGraph(
            jnp.zeros((16, 150), int), idx, distance
        ),
    }
    for network, samples in cases.items():
        trained = learning.fit_network(
            jax.random.key(0), network, samples, targets, loss="squared", epochs=2, batch_size=8, progress=False
        )
        bits = b"".join(np.asarray(x).tobytes() for x in jax.tree.leaves(trained.parameters))
        print(hashlib.sha256(bits).hexdigest())
"""


@pytest.mark.slow
def test_trainings_have_the_same_bits_on_any_number_of_threads():
    printed = set()
    for threads in ("1", "2", "7"):
        env = os.environ | {"NPROC": threads, "TDAGLASS_THREADS": threads}
        words = [sys.executable, "-c", PROGRAM]
        printed.add(subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout)
    assert len(printed) == 1
