"""Topological clusters: known geometries and crystals, definitions word by word, and what must not change them."""

import itertools
import json
import re
from collections import Counter
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest
from oracles.clusters_by_definition import ByDefinition, bonds

from tdaglass import kernels
from tdaglass.parallel import map_batches
from tdaglass.structure import CLUSTER_FAMILIES, CLUSTER_NAMES, topological_clusters

GOLDEN = (1 + 5**0.5) / 2
CUBE = np.stack(np.meshgrid(*[[-1, 1]] * 3), -1).reshape(-1, 3).astype(float)
SENTENCE = re.compile(r"expected [^\n]*, got [^\n]*; try [^\n]*")


@pytest.fixture(params=["kernels", "sets"])
def both(request, monkeypatch):
    """Loops of either kind."""
    if request.param == "sets":
        monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    elif kernels.WHY_NOT:
        pytest.skip(kernels.WHY_NOT)


@pytest.fixture(scope="module")
def liquids():
    """Kob-Andersen's and Wahnström's, with some particles outside of the box."""
    with np.load(Path(__file__).parents[1] / "reference" / "lammps_static.npz") as file:
        return {
            name: (file[f"{name}/positions"], file[f"{name}/box"])
            for name in ("kob_andersen_3d", "kob_andersen_3d_force_shift", "wahnstrom")
        }


def counts(found):
    return {name: n for name, n in zip(found.names, found.count.tolist(), strict=True) if n}


def around(positions, box, middle, n):
    """The n particles nearest to one of a periodic box."""
    apart = positions - positions[middle]
    apart -= box * np.round(apart / box)
    return apart[np.argsort(np.sum(apart**2, axis=1))[:n]]


def polygon(m, height, turned=0.0, radius=None):
    """A ring of m particles with edges of one."""
    angle = 2 * np.pi * (np.arange(m) + turned) / m
    radius = 0.5 / np.sin(np.pi / m) if radius is None else radius
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(m, height)], axis=1)


def on_axis(*heights):
    return np.array([[0, 0, h] for h in heights], float)


TETRAHEDRON = CUBE[np.prod(CUBE, axis=1) > 0] / 8**0.5
OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)]) / 2**0.5
BIPYRAMID = np.concatenate([polygon(3, 0), on_axis((2 / 3) ** 0.5, -((2 / 3) ** 0.5))])
PENTAGONAL = np.concatenate([polygon(5, 0), on_axis(0.5257, -0.5257)])
SHELL = np.array([np.roll([0, a, b * GOLDEN], k) for k in range(3) for a in (-1, 1) for b in (-1, 1)]) / 2
ICOSAHEDRON = np.concatenate([[[0, 0, 0]], SHELL])
ANTIPRISM = np.concatenate([polygon(4, 0.42), polygon(4, -0.42, 0.5), on_axis(1.127, -1.127)])
PRISM = np.concatenate([polygon(3, 0.5), polygon(3, -0.5), polygon(3, 0, 0.5, 1.0)])

# Of what is named there is so much: most follows from counting faces, and what an icosahedron has is published.
GEOMETRIES = {
    "tetrahedron": (TETRAHEDRON, 0.82, {"sp3b": 4, "sp3a": 0, "6A": 0}),
    "triangular bipyramid": (BIPYRAMID, 0.82, {"sp3b": 6, "sp3c": 1}),
    "square pyramid": (OCTAHEDRON[:5], 0.82, {"sp3a": 4, "sp4b": 1, "sp3b": 0}),
    "octahedron": (OCTAHEDRON, 0.82, {"sp3a": 8, "sp4c": 3, "6A": 1, "sp4b": 0}),
    # Five tetrahedra around a bond, each with two of its faces shared.
    "pentagonal bipyramid": (PENTAGONAL, 0.82, {"sp3b": 10, "sp3c": 5, "sp5c": 1, "6Z": 5, "7K": 5, "7T_a": 0}),
    "square antiprism, capped twice": (ANTIPRISM, None, {"sp3a": 16, "sp4b": 2, "10A": 1, "sp4c": 0}),
    "the same around a particle": (
        np.concatenate([ANTIPRISM, on_axis(0)]), None, {"sp4b": 0, "sp4c": 2, "6A": 2, "11A": 1, "10A": 0}
    ),
    "triangular prism, capped three times": (PRISM, None, {"sp3a": 14, "sp4b": 3, "9A": 1}),
    "cube around a particle": (
        np.concatenate([CUBE, [[0, 0, 0]]]) / 3**0.5, 0.82, {"sp3a": 12, "sp4b": 6, "BCC_9": 1}
    ),
    "icosahedron": (
        ICOSAHEDRON,
        0.82,
        {
            "sp3b": 20, "sp3c": 30, "sp5c": 12, "6Z": 60, "7K": 60, "7T_a": 120, "7T_s": 60, "8B": 60, "9B": 30,
            "10B": 20, "11C": 30, "12B": 12, "13A": 1, "sp3a": 0, "sp5a": 0, "11E": 0,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GEOMETRIES)
def test_geometries_that_are_known_by_hand(name, both):
    positions, parameter, expected = GEOMETRIES[name]
    found = counts(topological_clusters(positions, None, cutoff=1.3, voronoi_parameter=parameter))
    assert {kind: found.get(kind, 0) for kind in expected} == expected


@pytest.mark.parametrize(("name", "expected"), [
    # An octahedron for each particle, two tetrahedra with four faces each; cubes are their octahedra's outlines.
    ("fcc", {"FCC": 1, "6A": 1, "sp4c": 3, "sp3b": 8, "HCP": 0, "13A": 0, "sp3c": 0}),
    # Two tetrahedra of hcp share a face.
    ("hcp", {"HCP": 1, "6A": 1, "sp4c": 3, "sp3c": 1, "FCC": 0, "13A": 0}),
    # Flat octahedra around faces and edges of the cubes, tetrahedra between them.
    ("bcc", {"BCC_9": 1, "sp4c": 3, "6A": 3, "sp3c": 12, "FCC": 0, "HCP": 0, "sp4b": 0}),
])  # fmt: skip
def test_crystals_have_as_many_for_each_particle(name, expected, crystal):
    positions, box = crystal(name)
    found = topological_clusters(positions, box, cutoff={"fcc": 0.86, "hcp": 1.2, "bcc": 1.2}[name])
    n = len(positions)
    assert {kind: counts(found).get(kind, 0) / n for kind in expected} == expected
    (whole,) = {"FCC", "HCP", "BCC_9"} & {kind for kind, number in expected.items() if number}
    size = {"FCC": 13, "HCP": 13, "BCC_9": 9}[whole]
    assert set(found.of_particle[found.names.index(whole)].tolist()) == {size}


@pytest.mark.parametrize(("parameter", "neighbors"), [(0.82, 12), (0.999, 12), (1.0, 18)])
def test_squares_of_a_perfect_crystal_are_ties(parameter, neighbors, both, crystal):
    """Their diagonals, which are as long as Pythagoras says, are bonds where the parameter is one."""
    positions, box = crystal("fcc")
    found = topological_clusters(positions, box, cutoff=1.1, voronoi_parameter=parameter, lists=True)
    assert set(np.bincount(found.bonds.ravel()).tolist()) == {neighbors}


BALLS = [  # with 13A and 11W; 11B; 13K; and a wide-meshed one
    ("wahnstrom", 44, 1.0),
    ("kob_andersen_3d_force_shift", 152, 1.0),
    ("wahnstrom", 14, 1.0),
    ("wahnstrom", 26, 0.82),
]


@pytest.mark.parametrize(("liquid", "middle", "parameter"), BALLS)
def test_every_type_as_it_is_defined(liquid, middle, parameter, liquids, monkeypatch):
    """All combinations of rings of a ball of 40 particles, and loops of both kinds."""
    positions = around(*liquids[liquid], middle, 40)
    bonded = bonds(positions, 2.0, parameter)
    expected = ByDefinition(bonded).found
    assert set(CLUSTER_NAMES) - set(expected) == {"FCC", "HCP"}
    for why_not in (kernels.WHY_NOT, "on purpose"):
        monkeypatch.setattr(kernels, "WHY_NOT", why_not)
        found = topological_clusters(positions, None, cutoff=2.0, voronoi_parameter=parameter, lists=True)
        np.testing.assert_array_equal(found.bonds, np.argwhere(np.triu(bonded)))
        for kind, clusters in expected.items():
            assert Counter(map(tuple, found.clusters[kind].tolist())) == clusters, kind


@pytest.mark.parametrize("parameter", [0.5, 0.82, 1.0, None])
def test_bonds_as_they_are_defined(parameter, liquids):
    positions, box = liquids["wahnstrom"]
    cutoff = 1.5 if parameter is None else 2.2
    expected = np.argwhere(np.triu(bonds(positions, cutoff, parameter, box)))
    found = topological_clusters(positions, box, cutoff=cutoff, voronoi_parameter=parameter, lists=True)
    np.testing.assert_array_equal(found.bonds, expected)


def test_renumbered_moved_and_turned_it_is_the_same(liquids):
    positions, box = liquids["wahnstrom"]
    find = partial(topological_clusters, cutoff=2.0, voronoi_parameter=1.0)
    expected = find(positions, box)
    assert counts(expected)["13A"] == 3
    random = np.random.default_rng(0)
    order = random.permutation(len(positions))
    for moved, cell in (
        (positions + random.normal(size=3), box),
        (positions + box * random.integers(-3, 4, positions.shape), box),
        (positions[:, [2, 0, 1]], np.diag(box)),
        # The same lattice in other vectors.
        (positions, np.array([[1, 0, 0], [2, 1, 0], [-1, 3, 1]]) @ np.diag(box)),
    ):
        found = find(moved[order], cell)
        np.testing.assert_array_equal(found.count, expected.count)
        np.testing.assert_array_equal(found.of_particle, expected.of_particle[:, order])
    # A ring of five may close round a box that is so small; round eight of them it does not.
    corners = np.array(list(itertools.product((0, 1), repeat=3)))
    eight = (positions + corners[:, None] * box).reshape(-1, 3), 2 * box
    beside = np.concatenate([eight[0], eight[0] + [2 * box[0], 0, 0]]), box * [4, 2, 2]
    np.testing.assert_array_equal(find(*beside).of_particle, np.tile(find(*eight).of_particle, 2))


def test_open_space_is_a_wide_box(liquids):
    positions, box = liquids["kob_andersen_3d"]
    near = positions % box
    find = partial(topological_clusters, near, cutoff=1.9)
    expected = find(None)
    for wide in (40.0, [np.inf, 30.0, 20.0], np.diag([np.inf, np.inf, 25.0])):
        np.testing.assert_array_equal(find(wide).of_particle, expected.of_particle)
    assert np.any(find(box).of_particle != expected.of_particle)
    film = find([box[0], box[1], np.inf])
    np.testing.assert_array_equal(film.of_particle, find([box[0], box[1], 50.0]).of_particle)


def test_cutoffs_of_pairs_of_species(liquids):
    positions, box = liquids["kob_andersen_3d"]
    species = np.arange(len(positions)) % 2
    find = partial(topological_clusters, positions, box, voronoi_parameter=None, lists=True, species=species)
    one, all_ = find(cutoff=[[1.4, 0.5], [0.5, 1.4]]), find(cutoff=1.4)
    alike = species[all_.bonds[:, 0]] == species[all_.bonds[:, 1]]
    np.testing.assert_array_equal(one.bonds, all_.bonds[alike])
    np.testing.assert_array_equal(find(cutoff=[[1.4, 1.4], [1.4, 1.4]]).bonds, all_.bonds)


def test_lists_are_what_is_counted(liquids):
    positions, box = liquids["wahnstrom"]
    found = topological_clusters(positions, box, cutoff=2.0, voronoi_parameter=1.0, lists=True)
    for kind, rows in enumerate(found.clusters.values()):
        assert len(rows) == found.count[kind]
        np.testing.assert_array_equal(
            np.bincount(rows.ravel(), minlength=len(positions)), found.of_particle[kind]
        )
        assert np.all(np.diff(rows, axis=1) > 0)
    assert tuple(found.clusters) == found.names == CLUSTER_NAMES
    np.testing.assert_array_equal(found.member, found.of_particle > 0)
    # Each of these sets is one.
    for kind in ("6A", "8A", "12E", "13A", "BCC_9"):
        assert len(np.unique(found.clusters[kind], axis=0)) == len(found.clusters[kind]) > 0
    assert {name for family in CLUSTER_FAMILIES.values() for name in family} <= set(CLUSTER_NAMES)


def test_frames_at_once_and_on_workers(liquids, workers):
    frames = np.stack([liquids["kob_andersen_3d"][0], liquids["kob_andersen_3d_force_shift"][0]] * 2)
    boxes = np.stack([liquids["kob_andersen_3d"][1]] * 4)
    find = partial(topological_clusters, cutoff=1.9)
    expected = [find(x, box) for x, box in zip(frames, boxes, strict=True)]
    for found in (find(frames, boxes), find(frames, boxes[0]), map_batches(find, frames, boxes, batch=2)):
        for k, one in enumerate(expected):
            jax.tree.map(np.testing.assert_array_equal, jax.tree.map(lambda x, k=k: x[k], found), one)
    found = map_batches(find, frames, boxes, batch=2, executor=workers)
    np.testing.assert_array_equal(found.member[1], expected[1].member)


def test_public_geometries_and_crystals_in_every_setting(public_data):
    """Counts, members and bonds that the public program found, and the definition where it is another."""
    path = public_data / "clusters" / "tcc_geometries.npz"
    if not path.exists():
        pytest.skip(f"no {path}: set TDAGLASS_DATA to a folder that has it")
    with np.load(path) as file:
        known = dict(file)
    assert tuple(known["names"].tolist()) == CLUSTER_NAMES
    settings = [key.removesuffix("/settings") for key in known if key.endswith("/settings")]
    for key in settings:
        case = key.partition("/")[0]
        how, positions = json.loads(str(known[f"{key}/settings"])), known[f"{case}/positions"]
        found = topological_clusters(
            positions, known[f"{case}/box"] if how["periodic"] else None, cutoff=how["rcut"],
            voronoi_parameter=how.get("fc"), lists=True,
        )  # fmt: skip
        n = len(positions)
        member = np.unpackbits(known[f"{key}/member_packed"], axis=1)[:, :n]
        if f"{key}/spec_member" in known:
            member = np.unpackbits(known[f"{key}/spec_member"], axis=1)[:, :n]
        np.testing.assert_array_equal(found.member, member, err_msg=key)
        expected = known.get(f"{key}/spec_count", known[f"{key}/count"])
        np.testing.assert_array_equal(found.count, expected, err_msg=key)
        theirs = np.unique(np.sort(known[f"{key}/bonds"], axis=1), axis=0)
        np.testing.assert_array_equal(found.bonds, theirs.reshape(-1, 2), err_msg=key)
    assert len({key.partition("/")[0] for key in settings}) == 42


NAN = np.append(CUBE, [[0, np.nan, 0]], axis=0)
TIGHT = np.random.default_rng(0).random((1100, 3))
REFUSED = {
    "two dimensions": (CUBE[:, :2], None, {}, "three dimensions; try hexatic_order"),
    "a row": (CUBE[0], None, {}, r"got shape \(3,\)"),
    "nobody": (CUBE[:0], None, {}, r"got shape \(0, 3\)"),
    "what is no number": (NAN, None, {}, "finite positions, got .* for particle 8"),
    "a narrow box": (CUBE, 5.9, {}, "wider than 3 cut-offs \\(6\\).* got 5.9"),
    "a thin box": (CUBE, [[6.2, 0, 0], [3, 6, 0], [0, 0, 9]], {}, "wider than 3 cut-offs"),
    "two edges": (CUBE, [9, 9], {}, r"got shape \(2,\)"),
    "no cut-off": (CUBE, None, {"cutoff": 0}, "positive cut-off"),
    "a large parameter": (CUBE, None, {"voronoi_parameter": 1.1}, "above 0, at most 1, got 1.1"),
    "a parameter that is none": (CUBE, None, {"voronoi_parameter": np.nan}, "got nan"),
    "cut-offs of unknown species": (CUBE, None, {"cutoff": [[2, 1], [1, 2]]}, "species beside a matrix"),
    "lists of frames": (CUBE[None], None, {"lists": True}, "one system for lists"),
    "one place": (
        np.append(CUBE, CUBE[3:4], axis=0),
        None,
        {"cutoff": 3},
        "at different places, got (3|8) and (3|8)",
    ),
    "many bonds": (
        TIGHT[:70],
        None,
        {"voronoi_parameter": None},
        "at most 64 bonds for each particle, got 69",
    ),
    "a crowd": (TIGHT, None, {}, "at most 1000 particles within the cut-off"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused_in_a_sentence(name, both):
    positions, box, arguments, words = REFUSED[name]
    with pytest.raises(ValueError, match=words) as error:
        topological_clusters(positions, box, **{"cutoff": 2.0, **arguments})
    assert SENTENCE.fullmatch(str(error.value))


def test_not_inside_jit():
    with pytest.raises(ValueError, match="outside jit"):
        jax.jit(lambda x: topological_clusters(x, None, cutoff=2.0).count)(CUBE)
