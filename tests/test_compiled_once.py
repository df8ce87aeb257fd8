"""Called again with arrays of the same shapes, functions compile nothing.

What is compiled is kept until the process ends, and the system ends one that has too many pieces of memory.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import learning, structure, topology

POINTS = np.random.default_rng(0).random((30, 3))
GRAPH = learning.ParticleGraph(jnp.zeros((1, 2), int), jnp.array([[[1], [0]]]), jnp.full((1, 2, 1), 1.5))
ATOMS = learning.AtomicDescriptors(jnp.ones((2, 3, 4)), jnp.ones((2, 3), bool))
SOAP = structure.SoapBasis(3.0, 2, 2, 0.5)
SCHNET = learning.SchNet(features=4, interactions=1, gaussians=5)
ATOMWISE = learning.Atomwise((3,))

CALLS = {
    "diagrams": lambda: topology.diagrams(POINTS, dimensions=(0, 1, 2)),
    "diagrams in a box": lambda: topology.diagrams(POINTS, 1.0, dimensions=(1,)),
    "Debye's formula": lambda: structure.debye_structure_factor(POINTS, np.linspace(1, 5, 7)),
    "SANN": lambda: structure.sann_neighbors(POINTS, 1.0),
    "radius of SANN": lambda: structure.sann_radius(np.ones((4, 1)), np.ones((4, 1), bool)),
    "bond order": lambda: structure.bond_order(structure.cutoff_neighbors(POINTS, 1.0, 0.4), (4, 6)),
    "SOAP": lambda: structure.soap(structure.cutoff_neighbors(20 * POINTS, 20.0, SOAP.reach), SOAP),
    "structure factor": lambda: structure.structure_factor(
        POINTS, 1.0, structure.wave_vectors(np.ones(3), 20.0)
    ),
    "radial distribution": lambda: structure.radial_distribution(POINTS, 1.0, 0.4),
    "jackknife": lambda: learning.jackknife(learning.root_mean_square_error, np.zeros(5), np.ones(5)),
    "ridge": lambda: learning.ridge(POINTS, POINTS[:, 0], 1.0),
    "SchNet": lambda: SCHNET.apply(SCHNET_PARAMETERS, GRAPH),
    "a network for each atom": lambda: ATOMWISE.apply(ATOMWISE_PARAMETERS, ATOMS),
}
SCHNET_PARAMETERS = SCHNET.init(jax.random.key(0), GRAPH)
ATOMWISE_PARAMETERS = ATOMWISE.init(jax.random.key(0), jax.tree.map(lambda x: x[0], ATOMS))

compiled = 0


@pytest.fixture(scope="module", autouse=True)
def counted():
    def count(event, _, **__):
        global compiled
        compiled += event == "/jax/core/compile/backend_compile_duration"

    jax.monitoring.register_event_duration_secs_listener(count)
    jax.jit(lambda x: x + 1)(1.0)
    assert compiled > 0


@pytest.mark.parametrize("name", CALLS)
def test_the_second_call_compiles_nothing(name):
    jax.block_until_ready(CALLS[name]())
    before = compiled
    jax.block_until_ready(CALLS[name]())
    assert compiled == before
