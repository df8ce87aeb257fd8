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
from cyclooctane_score import pieces, score, spacing

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


@pytest.mark.parametrize(("kind", "count"), rings_of.CLASSES.items())
def test_symmetric_ring_of_each_class(kind, count):
    assert rings_of.sign_changes(rings_of.ideal(kind)) == count


def test_torsions_of_the_crown():
    """Its atoms stand on a circle, by turns above and below: four of them give the torsion of all."""
    ring = rings_of.ideal("crown")
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


def test_public_conformations_are_classified_as_published(public_data):
    folder = public_data / "cyclooctane"
    public = np.load(folder / "conformations.npy")
    labels = np.load(folder / "labels.npz")
    np.testing.assert_array_equal(rings_of.sign_changes(public), labels["n_sign_changes"])


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


def test_pieces_of_a_toy_map():
    points = np.concatenate([strewn((0, 0), 1, 300, 0), strewn((4, 0), 1, 100, 1), strewn((2, 3), 1, 400, 2)])
    labels = np.repeat(["two", "two", "one"], [300, 100, 400])
    s = score(points, labels, linkage=4.0)
    assert (s.classes["two"].pieces, s.classes["one"].pieces) == (2, 1)
    assert s.classes["two"].largest == 0.75
    assert s.classes["one"].largest == 1.0
    assert s.classes["two"].neighbors == s.classes["one"].neighbors == 1.0
    assert s.verdict == "mostly"


def test_class_cut_by_another_is_in_two_pieces():
    points = strewn((0, 0), 1, 2000, 0)
    band = np.abs(points[:, 0]) < 0.1
    share = pieces(points, ~band, 4 * spacing(points))
    assert np.sum(share > 0.05) == 2
    assert pieces(points, ~band, 4 * spacing(points), apart=False)[0] == 1.0
    assert pieces(points, band, 4 * spacing(points))[0] == 1.0


def test_mixed_classes_are_in_pieces_and_alone_they_are_not():
    points = strewn((0, 0), 1, 2000, 0)
    labels = np.random.default_rng(1).choice(["a", "b", "c"], 2000)
    s = score(points, labels, linkage=4.0)
    assert s.verdict == "in pieces"
    for c in s.classes.values():
        assert c.largest < 0.2
        assert c.alone == 1
        assert c.neighbors == pytest.approx(1 / 3, abs=0.03)


def test_scores_do_not_depend_on_units():
    points = strewn((0, 0), 1, 500, 0)
    labels = np.where(points[:, 0] > 0, "a", "b")
    once, again = score(points, labels, 4.0), score(1024 * points, labels, 4.0)
    assert once.classes == again.classes


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
    assert sum(metrics["conformations"].values()) == 200
    for name in ("cartesian", "coulomb", "spectrum", "persistence_image"):
        for kind in rings_of.CLASSES:
            assert 0 < metrics[name]["plane"][kind]["largest"] <= 1
        assert -1 <= metrics[name]["plane"]["silhouette"] <= 1
        assert metrics[name]["plane"]["verdict"] in ("one piece", "mostly", "in pieces")
    assert "persistence image" in printed
    assert "published" in printed
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
def test_rivals_at_work(finished):
    """Averages and spectra of matrices keep classes together, Cartesian coordinates do not, as published."""
    pytest.importorskip("dscribe.descriptors", reason="dscribe is not installed: pip install dscribe")
    metrics = json.loads((finished[1] / "metrics.json").read_text())

    def near(name):
        return np.mean([metrics[name]["plane"][kind]["neighbors"] for kind in rings_of.CLASSES])

    for keeps in ("averaged_soap", "spectrum"):
        for does_not in ("cartesian", "soap", "acsf", "coulomb"):
            assert near(keeps) > near(does_not) + 0.1
