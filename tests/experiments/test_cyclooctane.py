"""Rings of eight carbons: that they are right and fill their space, and the scores of what describes them."""

import json
import os
import sys

import jax
import numpy as np
import pytest
from scipy.spatial import KDTree
from studies import EXPERIMENTS, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

import cyclooctane_rings as rings_of
from cyclooctane_descriptors import coulomb_matrix, coulomb_spectrum
from cyclooctane_records import PUBLISHED
from cyclooctane_score import MapScore, score

N = 300
# Of N conformations farthest apart: see what is said of their spacing below.
LEAST, LARGEST = 0.45, 0.80


def compute(name, function):
    return function()


@pytest.fixture(scope="module")
def found():
    return rings_of.find(jax.random.key(0), N, compute)


def test_bonds_and_angles(found):
    rings, pool = found
    for x in (rings, pool.rings):
        bond = np.linalg.norm(np.roll(x, -1, 1) - x, axis=2)
        before, after = np.roll(x, 1, 1) - x, np.roll(x, -1, 1) - x
        angle = np.degrees(np.arccos(np.sum(before * after, axis=2) / bond / np.roll(bond, 1, 1)))
        np.testing.assert_allclose(bond, rings_of.BOND, rtol=0, atol=1e-9)
        np.testing.assert_allclose(angle, rings_of.ANGLE, rtol=0, atol=1e-9)


def test_all_classes_and_no_others(found):
    """Of our own rings and of those of others: torsions change their sign four, six or eight times."""
    rings, pool = found
    assert set(rings_of.sign_changes(rings)) == {4, 6, 8}
    assert set(rings_of.sign_changes(pool.rings)) == {4, 6, 8}
    for count, share in ((4, 0.25), (6, 0.60), (8, 0.15)):  # of the public conformations
        assert np.mean(rings_of.sign_changes(rings) == count) == pytest.approx(share, abs=0.06)


def test_conformations_are_spread_evenly(found):
    """No two are close, and no ring ever found is far from all of them."""
    rings, pool = found
    points, all_found = (x.reshape(len(x), -1) for x in (rings, pool.rings))
    nearest = KDTree(points).query(points, 2)[0][:, 1]
    assert nearest.min() > LEAST
    assert nearest.max() < 2 * nearest.min()
    # The farthest of all was the next to be chosen.
    assert KDTree(points).query(all_found)[0].max() <= nearest.min() + 1e-9
    assert nearest.max() < LARGEST


def test_every_numbering_and_both_hands_are_found(found):
    """The space is the same if atoms are numbered from another one, or backwards, or seen in a mirror."""
    rings, _ = found
    reference = rings_of.reference_ring()
    tree = KDTree(rings.reshape(N, -1))
    for other in (np.roll(rings, 1, 1), rings[:, ::-1], rings * [1, 1, -1]):
        turned = rings_of.superpose(other, reference).reshape(N, -1)
        # As far as holes go, and a little beyond, for no ring was asked to be exactly there.
        assert tree.query(turned)[0].max() < LARGEST


def test_superposition_takes_out_rotations(found):
    rings, _ = found
    reference = rings_of.reference_ring()
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turn[:, 0] *= np.linalg.det(turn)
    again = rings_of.superpose(rings @ turn + [1.0, 2.0, 3.0], reference)
    np.testing.assert_allclose(again, rings, rtol=0, atol=1e-9)
    np.testing.assert_allclose(rings_of.superpose(reference[None], reference)[0], reference, atol=1e-12)


@pytest.mark.parametrize(
    ("form", "torsions"),
    [
        ("boat", 55.9 * np.array([1, 1, -1, -1, 1, 1, -1, -1])),
        ("crown", 89.2 * np.array([1, -1, 1, -1, 1, -1, 1, -1])),
        ("chair", np.array([124.4, -77.4, 0, 77.4, -124.4, 77.4, 0, -77.4])),
    ],
)
def test_symmetric_forms_have_their_torsions(form, torsions):
    """In the published order, from one of the atoms on."""
    found = np.degrees(rings_of.torsions(rings_of.numberings(rings_of.symmetric(form))))
    away = min(np.abs(found - torsions).max(1).min(), np.abs(found + torsions).max(1).min())
    assert away < 0.1  # as many digits as are given


def test_distance_from_a_form_knows_no_numbering_direction_or_hand(found):
    rings, _ = found
    away = rings_of.distances(rings[:20])
    for other in (np.roll(rings, 3, 1), rings[:, ::-1], -rings):
        np.testing.assert_allclose(rings_of.distances(other[:20]), away, atol=1e-6)
    forms = np.stack([rings_of.symmetric(form) for form in rings_of.FORMS])
    apart = rings_of.distances(forms)
    np.testing.assert_allclose(np.diag(apart), 0, atol=1e-6)
    assert list(rings_of.classes(apart, 6.0)) == list(rings_of.FORMS)
    # Boat and crown differ by 55.9 - 89.2 at four torsions and by their sum at the others.
    w, v = np.degrees(np.abs(rings_of.torsions(forms[[0, 2]])[:, 0]))
    assert apart[0, 2] == pytest.approx(np.sqrt(((v - w) ** 2 + (v + w) ** 2) / 2), abs=1e-6)


def test_copies_are_numberings_over_the_order_of_the_group():
    """D2d has 8 elements, C2h 4 and D4d 16; half of each are rotations."""
    handed, numbered, atoms = rings_of.copies()
    order = {"boat": 8, "chair": 4, "crown": 16}
    assert numbered == {form: 16 // n for form, n in order.items()}
    assert handed == {form: 32 // n for form, n in order.items()}
    # Atoms of the boat lie on mirrors or on axes, those of the chair on neither.
    assert atoms == {"boat": 2, "chair": 8 // 4, "crown": 1}


def test_torsions_of_the_crown():
    """Its atoms stand on a circle, by turns above and below: four of them give the torsion of all."""
    ring = rings_of.symmetric("crown")
    torsion = rings_of.torsions(ring)
    # Chords over one and two steps of the circle are those of a bond and of the distance across an angle.
    across = 2 * rings_of.BOND * np.sin(np.deg2rad(rings_of.ANGLE) / 2)
    radius = across / np.sqrt(2)
    height = np.sqrt(rings_of.BOND**2 - (2 * radius * np.sin(np.pi / 8)) ** 2) / 2
    angle = np.arange(4) * np.pi / 4
    atoms = np.stack(
        [radius * np.cos(angle), radius * np.sin(angle), height * (-1.0) ** np.arange(4)], axis=1
    )
    b1, b2, b3 = np.diff(atoms, axis=0)
    normals = np.cross(b1, b2), np.cross(b2, b3)
    expected = np.arccos(normals[0] @ normals[1] / np.linalg.norm(normals[0]) / np.linalg.norm(normals[1]))
    np.testing.assert_allclose(np.abs(torsion), expected, atol=1e-9)


def test_sign_changes_are_those_of_the_public_labels(public_data):
    folder = public_data / "cyclooctane"
    public = np.load(folder / "conformations.npy")
    labels = np.load(folder / "labels.npz")
    np.testing.assert_array_equal(rings_of.sign_changes(public), labels["n_sign_changes"])


def test_public_conformations_near_the_forms(public_data):
    """As others counted them, from the definition."""
    away = rings_of.distances(np.load(public_data / "cyclooctane" / "conformations.npy"))
    for within, counts in ((6.0, (17, 21, 11)), (12.0, (71, 92, 45))):
        labels = rings_of.classes(away, within)
        assert tuple(np.sum(labels == form) for form in rings_of.FORMS) == counts


def test_our_space_is_the_public_one(found, public_data):
    """On our reference the public conformations keep their mutual orientation; and none is far from ours."""
    rings, _ = found
    public = np.load(public_data / "cyclooctane" / "conformations.npy")
    turned = rings_of.superpose(public, rings_of.reference_ring())
    left, _, right = np.linalg.svd(np.einsum("kia,kib->ab", turned, public))
    assert np.abs(turned @ (left @ right) - public).max() < 2e-4  # four decimals are given
    assert KDTree(rings.reshape(N, -1)).query(turned.reshape(len(public), -1))[0].max() < LARGEST
    ours_to_public = KDTree(turned.reshape(len(public), -1)).query(rings.reshape(N, -1))[0]
    assert ours_to_public.max() < 0.15  # the public ones are 0.12 apart


def strewn(center, radius, n, seed):
    """Points strewn over a disc."""
    rng = np.random.default_rng(seed)
    r, phi = radius * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    return np.asarray(center) + np.stack([r * np.cos(phi), r * np.sin(phi)], axis=1)


def test_groups_of_a_toy_map():
    points = np.concatenate([strewn((0, 0), 1, 300, 0), strewn((4, 0), 1, 100, 1), strewn((2, 3), 1, 400, 2)])
    labels = np.repeat(["two", "two", "one"], [300, 100, 400])
    assert score(points, labels, gap=0.3) == ({"one": 1, "two": 2}, ())
    # Two steps to the other group, of which the map's radius of 2.0 is half.
    assert score(points, labels, gap=2.0).groups == {"one": 1, "two": 1}


def test_points_of_no_class_give_the_map_its_size_and_nothing_else():
    points = np.concatenate([strewn((0, 0), 1, 50, 0), strewn((4, 0), 1, 50, 1)])
    labels = np.full(100, "a")
    rest = 100 * strewn((0, 0), 1, 1000, 2)
    assert score(points, labels, 0.3).groups == {"a": 2}
    assert score(np.concatenate([points, rest]), np.append(labels, [""] * 1000), 0.3).groups == {"a": 1}


def test_strays_are_not_counted():
    points = np.concatenate([strewn((0, 0), 1, 96, 0), strewn((9, 0), 0.1, 4, 1)])
    assert score(points, np.full(100, "a"), 0.3).groups == {"a": 1}
    assert score(points[:6], np.full(6, "a"), 0.3).groups == {"a": 1}


def test_classes_on_top_of_each_other_are_together_and_those_side_by_side_are_not():
    points = strewn((0, 0), 1, 600, 0)
    halves = np.where(points[:, 0] > 0, "a", "b")
    assert score(points, halves, 0.3).overlapping == ()
    mixed = np.random.default_rng(1).choice(["a", "b", "c"], 600)
    assert score(points, mixed, 0.3).overlapping == ("a and b", "a and c", "b and c")
    # One inside the other, without a neighbour in common.
    ring = np.where(np.hypot(*points.T) > 0.8, "a", np.where(np.hypot(*points.T) < 0.3, "b", ""))
    assert score(points, ring, 0.3) == ({"a": 1, "b": 1}, ("a and b",))


def test_statements_return_where_the_map_says_the_same():
    apart = MapScore({"boat": 1, "chair": 1, "crown": 1}, ())
    together = MapScore({"boat": 4, "chair": 1, "crown": 1}, ("chair and crown",))
    kept, cartesian = PUBLISHED["averaged_soap"], PUBLISHED["cartesian"]
    assert kept.returns(apart)
    assert not kept.returns(together)
    assert not kept.returns(apart._replace(overlapping=("boat and crown",)))
    assert cartesian.returns(together)
    assert not cartesian.returns(apart)
    assert not cartesian.returns(together._replace(overlapping=()))


def test_scores_do_not_depend_on_units():
    points = strewn((0, 0), 1, 500, 0)
    labels = np.where(points[:, 0] > 0, "a", "b")
    assert score(points, labels, 0.05) == score(1024 * points, labels, 0.05)


def test_coulomb_matrix_of_two_carbons():
    pair = np.array([[0.0, 0, 0], [0, 0, 2.0]])
    np.testing.assert_allclose(coulomb_matrix(pair), [[0.5 * 6**2.4, 18], [18, 0.5 * 6**2.4]])
    np.testing.assert_allclose(coulomb_spectrum(pair), [0.5 * 6**2.4 + 18, 0.5 * 6**2.4 - 18])


def test_coulomb_matrix_is_dscribes(found):
    dscribe = pytest.importorskip(
        "dscribe.descriptors", reason="dscribe is not installed: pip install dscribe"
    )
    ase = pytest.importorskip("ase")
    rings = found[0][:20]
    atoms = [ase.Atoms("C8", ring) for ring in rings]
    matrix = dscribe.CoulombMatrix(n_atoms_max=8, permutation="none").create(atoms)
    np.testing.assert_allclose(coulomb_matrix(rings).reshape(20, 64), matrix, rtol=1e-12)
    spectrum = dscribe.CoulombMatrix(n_atoms_max=8, permutation="eigenspectrum").create(atoms)
    np.testing.assert_allclose(coulomb_spectrum(rings), spectrum, rtol=1e-10)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return study("cyclooctane", "--n", "200", "--root", str(root)), only_run(root, "cyclooctane")


@pytest.mark.slow
def test_study_prints_tables_and_writes_what_they_say(finished):
    printed, folder = finished
    metrics = json.loads((folder / "metrics.json").read_text())
    # Of the rings that were found on the way, enough are near each form.
    assert all(n >= 10 for n in metrics["conformations"]["6"].values())
    for name in ("cartesian", "coulomb", "spectrum", "persistence_image"):
        assert set(metrics[name]["within 6"]["groups"]) == set(rings_of.FORMS)
        assert PUBLISHED[name].returns(
            MapScore(**{k: metrics[name]["within 6"][k] for k in MapScore._fields})
        )
    assert "persistence image" in printed
    assert "published statements that return" in printed
    assert sorted(p.name for p in (folder / "figures").glob("*.png")) == ["maps.png", "rings.png"]


@pytest.mark.slow
def test_figures_fit_the_repository(finished):
    _, folder = finished
    assert all(p.stat().st_size < 200_000 for p in (folder / "figures").glob("*.png"))


@pytest.mark.slow
def test_given_conformations_are_analysed_and_without_dscribe(finished, tmp_path):
    """The same rings, read from a file, score the same; without dscribe its rows are left out with a remedy."""
    _, folder = finished
    with np.load(folder / "arrays.npz") as arrays:
        np.save(tmp_path / "rings.npy", arrays["conformations"])
    (tmp_path / "dscribe.py").write_text("raise ImportError\n")
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        printed = study("cyclooctane", "--data", str(tmp_path / "rings.npy"), "--root", str(tmp_path))
    finally:
        del os.environ["PYTHONPATH"]
    assert "pip install dscribe" in printed
    before, after = (
        json.loads((f / "metrics.json").read_text()) for f in (folder, only_run(tmp_path, "cyclooctane"))
    )
    assert "soap" not in after
    for name in ("cartesian", "coulomb", "spectrum", "persistence_image"):
        assert after[name] == before[name]


@pytest.mark.slow
def test_published_statements_return_on_the_public_conformations(public_data, tmp_path):
    """All seven, and how many groups symmetry makes of a class in a whole description."""
    pytest.importorskip("dscribe.descriptors", reason="dscribe is not installed: pip install dscribe")
    study(
        "cyclooctane",
        "--data",
        str(public_data / "cyclooctane" / "conformations.npy"),
        "--root",
        str(tmp_path),
    )
    metrics = json.loads((only_run(tmp_path, "cyclooctane") / "metrics.json").read_text())
    assert {name: metrics[name]["within 6"]["returns"] for name in PUBLISHED} == dict.fromkeys(
        PUBLISHED, True
    )
    # From ten degrees on the boats of the persistence image have a second piece.
    assert metrics["persistence_image"]["within 10"]["groups"]["boat"] == 2
