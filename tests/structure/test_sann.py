"""SANN against its definition, pyscal3 and the numbers of crystals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import check_neighbors, sann_neighbors

CAPACITY = 32  # what eager calls start from here, so that they share compiled code with the rest


def sann_by_definition(distance: np.ndarray) -> list[set[int]]:
    """The smallest m >= 3 with sum_{j<=m} r_j / (m - 2) <= r_{m+1}, by sorting."""
    chosen = []
    for row in distance:
        order = np.argsort(row)
        m = 3
        while row[order[:m]].sum() / (m - 2) > row[order[m]]:
            m += 1
        chosen.append(set(order[:m].tolist()))
    return chosen


def mutual(rows: list[set[int]]) -> list[set[int]]:
    return [{j for j in row if i in rows[j]} for i, row in enumerate(rows)]


@pytest.mark.float32
@pytest.mark.parametrize(("name", "number"), [("fcc", 12), ("hcp", 12), ("bcc", 14), ("sc", 18)])
@pytest.mark.parametrize("lattice_constant", [1.0, 1.3])
def test_sann_in_crystals(crystal, name, number, lattice_constant):
    positions, box = crystal(name, None, lattice_constant)
    for symmetric in (True, False):
        neighbors = check_neighbors(sann_neighbors(positions, box, symmetric=symmetric))
        assert set(np.asarray(neighbors.mask).sum(1).tolist()) == {number}


def test_sann_follows_its_definition(liquid, distances, sets):
    expected = sann_by_definition(distances(*liquid))
    assert sets(sann_neighbors(*liquid, symmetric=False)) == expected
    assert sets(sann_neighbors(*liquid)) == mutual(expected)
    assert expected != mutual(expected)


def test_sann_sets_of_pyscal3(liquid, reference, sets):
    """Its version 4.1 follows the definition to the letter: it has no neighbour too many."""
    theirs = [set(row[row >= 0].tolist()) for row in reference["sann"]]
    assert sets(sann_neighbors(*liquid, symmetric=False)) == theirs


def test_sann_of_an_uneven_cloud_in_open_space(distances, sets):
    """Dense in the middle and sparse outside: candidates, capacity and reach all have to grow."""
    rng = np.random.default_rng(3)
    cloud = np.concatenate([0.2 * rng.normal(size=(60, 3)), 3 * rng.normal(size=(20, 3))])
    neighbors = check_neighbors(sann_neighbors(jnp.asarray(cloud), None, symmetric=False, reach=5.0))
    distance = np.concatenate([distances(cloud, None), np.full((80, 1), np.inf)], axis=1)
    assert sets(neighbors) == sann_by_definition(distance)


def test_neither_images_nor_order_matter(liquid, sets):
    positions, box = liquid
    rng = np.random.default_rng(7)
    images = jnp.asarray(rng.integers(-3, 4, positions.shape))
    order = rng.permutation(len(positions))
    plain = sets(sann_neighbors(positions, box))
    assert sets(sann_neighbors(positions + images * box, box)) == plain
    shuffled = sets(sann_neighbors(positions[order] + 0.37 * box, box))
    assert [{int(order[j]) for j in row} for row in shuffled] == [plain[i] for i in order]


def test_displacement_gradients(liquid):
    positions, box = liquid
    weights = np.random.default_rng(2).normal(size=(len(positions), CAPACITY, 3))

    def loss(x, edges):
        return jnp.sum(jnp.sin(sann_neighbors(x, edges, capacity=CAPACITY).displacement) * weights)

    both = jax.jit(jax.value_and_grad(loss, (0, 1)))
    _, slopes = both(positions, box)
    step = 1e-6
    for which, at in ((0, (0, 0)), (0, (17, 2)), (1, (0,)), (1, (1,)), (1, (2,))):
        ends = []
        for sign in (1, -1):
            given = [np.array(positions), np.array(box)]
            given[which][at] += sign * step
            ends.append(both(*given)[0])
        central = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(slopes[which][at], central, rtol=1e-6, atol=1e-7)
