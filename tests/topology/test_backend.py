"""The compiled loops and those of numpy: one interface, and the same complexes, pairs and trees."""

import inspect

import chex
import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting

from tdaglass import kernels
from tdaglass.topology import alpha_complex, backend, cpu_kernels, persistence, persistence_tree, reference


def test_which_one_is_used(monkeypatch):
    monkeypatch.setattr(kernels, "WHY_NOT", None)
    assert backend.backend() is cpu_kernels
    monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    assert backend.backend() is reference


@pytest.mark.parametrize("name", backend.FUNCTIONS)
def test_both_take_and_return_the_same(name):
    one, other = (inspect.signature(getattr(module, name)) for module in (cpu_kernels, reference))
    assert one == other


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "dim"), [(5, 2), (12, 2), (80, 2), (5, 3), (12, 3), (60, 3)])
def test_numpy_loops_agree_in_boxes_of_unequal_edges_large_and_small(n, dim, weighted, monkeypatch):
    random = np.random.default_rng(n + dim)
    box = np.array([1.0, 1.4, 0.8])[:dim] * n ** (1 / dim)
    points = random.random((n, dim)) * box
    weights = 0.2 * random.random(n) if weighted else None
    found = alpha_complex(points, box, weights)
    assert found.euler_characteristic == 0
    pairs = persistence(found)
    assert [len(p.essential) for p in pairs] == [1, 2, 1] if dim == 2 else [1, 3, 3, 1]
    monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    other = alpha_complex(points, box, weights)
    assert [len(value) for value in other.values] == [len(value) for value in found.values]
    for one, two in zip(pairs, persistence(other), strict=True):
        assert deviation(*(lasting(p.birth, p.death, 1e-10) for p in (one, two))) < 1e-12
        assert len(one.essential) == len(two.essential)


def test_trees_agree(monkeypatch):
    complex_ = alpha_complex(np.random.default_rng(1).random((64, 3)) * 4, np.full(3, 4.0))
    trees = [persistence_tree(complex_)]
    monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    trees.append(persistence_tree(complex_))
    chex.assert_trees_all_equal(*trees)
