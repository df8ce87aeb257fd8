"""Alpha complexes and their persistence pairs, beside HomCloud's and gudhi's."""

import itertools
import warnings
from pathlib import Path

import gudhi
import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting

from tdaglass.topology import alpha_complex, persistence

with np.load(Path(__file__).parents[1] / "reference" / "homcloud.npz") as file:
    HOMCLOUD = dict(file)
SYSTEMS = sorted({name.split("/")[0] for name in HOMCLOUD if "/" in name})


def diagram(pairs, least=1e-10):
    return lasting(pairs.birth, pairs.death, least)


@pytest.mark.parametrize("name", SYSTEMS)
def test_diagrams_are_homclouds(name):
    points, box = HOMCLOUD[f"{name}/points"], HOMCLOUD.get(f"{name}/box")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rounded places are regular
        complex_ = alpha_complex(points, box)
    found = persistence(complex_)
    for k in range(points.shape[1]):
        expected = lasting(*HOMCLOUD[f"{name}/{k}"].T, 1e-6)
        assert deviation(diagram(found[k], 1e-6), expected) < (1e-6 if complex_.perturbation else 1e-9)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "dim"), [(60, 2), (60, 3), (1500, 3)])
def test_open_diagrams_are_gudhis(n, dim, weighted):
    random = np.random.default_rng(n)
    points = random.random((n, dim)) * n ** (1 / dim)
    weights = 0.3 * random.random(n) if weighted else None
    tree = gudhi.AlphaComplex(points=points, weights=weights, precision="exact").create_simplex_tree()
    tree.compute_persistence(min_persistence=-1)
    for k, pairs in enumerate(persistence(alpha_complex(points, weights=weights))[:dim]):
        expected = tree.persistence_intervals_in_dimension(k)
        expected = expected[np.isfinite(expected[:, 1])]
        assert deviation(diagram(pairs), lasting(*expected.T, 1e-10)) < 1e-9
        assert len(pairs.essential) == (k == 0)


def test_places_are_the_same_in_every_box_and_order():
    random = np.random.default_rng(3)
    box = np.array([4.0, 5.0, 3.5])
    points = random.random((70, 3)) * box
    expected = persistence(alpha_complex(points, box))
    moved = points + random.integers(-3, 4, points.shape) * box + 0.37
    order = random.permutation(len(points))
    for k, pairs in enumerate(persistence(alpha_complex(moved[order], box))):
        assert deviation(diagram(pairs), diagram(expected[k])) < 1e-12
    for k, pairs in enumerate(persistence(alpha_complex(3 * points, 3 * box))):
        assert deviation(diagram(pairs), 9 * diagram(expected[k])) < 1e-12


# Births and deaths of the loops and voids that last longest, in squared edges of the cubic cell.
FCC = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
CRYSTALS = {
    "sc": ([(0, 0, 0)], (1 / 4, 1 / 2), (1 / 2, 3 / 4)),
    "fcc": (FCC, (1 / 8, 1 / 6), (1 / 6, 1 / 4)),
    "bcc": ([(0, 0, 0), (0.5, 0.5, 0.5)], (3 / 16, 9 / 32), (9 / 32, 5 / 16)),
    "diamond": (
        [(a + x, b + x, c + x) for a, b, c in FCC for x in (0, 0.25)],
        (3 / 64, 1 / 6),
        (1 / 6, 3 / 16),
    ),
}


@pytest.mark.parametrize("edge", [1.0, 0.7123])
@pytest.mark.parametrize("crystal", CRYSTALS)
def test_crystals_have_their_holes(crystal, edge):
    basis, loop, void = CRYSTALS[crystal]
    cells = np.array(list(itertools.product(range(3), repeat=3)))
    points = edge * (cells[:, None, :] + np.array(basis)).reshape(-1, 3)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        complex_ = alpha_complex(points, [3 * edge] * 3)
    assert (complex_.perturbation > 0) == any("regular" in str(w.message) for w in said)
    assert complex_.euler_characteristic == 0
    _, loops, voids, _ = persistence(complex_)
    for pairs, expected in ((loops, loop), (voids, void)):
        both = diagram(pairs, 1e-5) / edge**2
        assert np.any(np.all(np.abs(both - expected) < 1e-6, axis=1))
        assert both[:, 1].max() == pytest.approx(expected[1], abs=1e-6)


BAD = {
    "three points": (np.eye(3), None, "at least 4 points"),
    "one axis": (np.ones((9, 1)), None, "2 or 3"),
    "a NaN": (np.where(np.eye(9, 3) > 0, np.nan, 1.0), None, "finite positions.*for particle 0"),
    "twice one place": (np.array([[0.0, 0], [1, 0], [0, 1], [3, 0]]), [2.0, 2.0], "got 1 and 3 at one"),
    "a negative edge": (np.random.default_rng(0).random((9, 3)), [1.0, -1.0, 1.0], "positive box edges"),
    "two edges": (np.random.default_rng(0).random((9, 3)), [1.0, 1.0], "box of 3 edges"),
    "a plane": (np.random.default_rng(0).random((9, 3)) * [1, 1, 0], None, "common plane"),
    "a line": (np.outer(np.arange(5.0), [1, 1]), None, "common line"),
    "a thread": (np.random.default_rng(0).random((9, 3)), [1e6, 1.0, 1.0], "not so narrow"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named(what):
    points, box, said = BAD[what]
    with pytest.raises(ValueError, match=said):
        alpha_complex(points, box)
