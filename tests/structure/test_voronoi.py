"""Voronoi cells beside freud and pyscal3, beside scipy's of many replicas, and in crystals."""

import itertools
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import spatial

from tdaglass.parallel import PieceError
from tdaglass.structure import bond_order, check_neighbors, voronoi, voronoi_index

SHAPES = [
    (5, (1, 1)),
    (7, (1, 3)),
    (12, (1.3, 1)),
    (40, (1, 1.4)),
    (5, (1, 1.2, 0.8)),
    (9, (1, 2.5, 0.7)),
    (30, (1, 1.4, 0.8)),
]


@pytest.fixture(scope="module")
def rivals():
    with np.load(Path(__file__).parents[1] / "reference" / "voronoi.npz") as file:
        return dict(file)


def random_points(n, ratios, seed=0):
    """Of unit density, gaping."""
    box = np.array(ratios, float)
    box *= (n / box.prod()) ** (1 / len(box))
    return np.random.default_rng(seed + n).random((n, len(box))) * box, box


def faces(cells):
    """Particle, neighbour, and area of every face, in the order of particles and neighbours."""
    particle, slot = np.nonzero(cells.neighbors.mask)
    pairs = np.stack([particle, cells.neighbors.idx[particle, slot]], 1)
    return pairs, cells.face[particle, slot]


def brute_force(positions, box):
    """Volumes, and faces as (particle, neighbour, displacement, area, edges), of the middle of many replicas."""
    dim = len(box)
    most = np.ceil(1.5 * np.linalg.norm(box) / box).astype(int)
    steps = np.array(list(itertools.product(*[range(-m, m + 1) for m in most])))
    steps = steps[np.argsort(np.abs(steps).sum(1), kind="stable")]
    n, images = len(positions), (steps[:, None] * box + positions).reshape(-1, dim)
    diagram = spatial.Voronoi(images)
    volume = [
        spatial.ConvexHull(diagram.vertices[diagram.regions[diagram.point_region[i]]]).volume
        for i in range(n)
    ]
    found = []
    for ends, corners in diagram.ridge_dict.items():
        for i, j in (ends, ends[::-1]):
            if i < n:
                corner = diagram.vertices[corners]
                away = images[j] - images[i]
                if dim == 2:
                    size = np.linalg.norm(corner[1] - corner[0])
                else:
                    apex = corner.mean(0)
                    size = spatial.ConvexHull(np.concatenate([corner, [apex + away, apex - away]])).volume
                    size *= 3 / (2 * np.linalg.norm(away))
                found.append((i, j % n, *away, size, len(corners)))
    return np.array(volume), np.array(found)


def in_order(rows):
    return rows[np.lexsort(rows.round(7).T)]


@pytest.mark.float32
def test_areas_and_neighbors_of_freud(rivals):
    """It computes in single precision."""
    cells = voronoi(jnp.asarray(rivals["plane"]), jnp.asarray(rivals["plane_box"]))
    np.testing.assert_allclose(cells.volume, rivals["freud_2d_volume"], rtol=1e-5)
    pairs, length = faces(cells)
    np.testing.assert_array_equal(pairs, rivals["freud_2d_pairs"])
    np.testing.assert_allclose(length, rivals["freud_2d_face"], atol=1e-5)


@pytest.mark.float32
def test_volumes_and_faces_of_freud(liquid, rivals):
    cells = voronoi(*liquid)
    np.testing.assert_allclose(cells.volume, rivals["freud_3d_volume"], rtol=1e-5)
    pairs, area = faces(cells)
    # In its single precision one face of 1e-6 is lost.
    seen = area > 1e-5
    np.testing.assert_array_equal(pairs[seen], rivals["freud_3d_pairs"])
    assert np.sum(~seen) == 2
    np.testing.assert_allclose(area[seen], rivals["freud_3d_face"], atol=1e-5)


def test_volumes_and_indices_of_pyscal3(liquid, rivals):
    cells = voronoi(*liquid)
    np.testing.assert_allclose(cells.volume, rivals["pyscal_volume"], rtol=1e-12)
    np.testing.assert_array_equal(voronoi_index(cells), rivals["pyscal_index"])


@pytest.mark.parametrize("spread", [1.0, 0.2])
@pytest.mark.parametrize(("n", "ratios"), SHAPES)
def test_small_and_gaping_boxes_by_brute_force(n, ratios, spread):
    """Where particles neighbour images of themselves, or one particle several times.

    Far from a cluster of them, images of one particle lie on a circle and meet in corners of many cells.
    """
    positions, box = random_points(n, ratios)
    positions *= spread
    cells = voronoi(positions, box, threshold=0.0)
    volume, expected = brute_force(positions, box)
    np.testing.assert_allclose(cells.volume, volume, rtol=1e-9)
    particle, slot = np.nonzero(cells.neighbors.mask)
    table = cells.neighbors.idx, cells.neighbors.displacement, cells.face, cells.face_edges
    idx, displacement, face, edges = (x[particle, slot] for x in table)
    ours = np.column_stack([particle, idx, displacement, face, edges])
    np.testing.assert_allclose(in_order(ours), in_order(expected), atol=1e-8)


@pytest.mark.parametrize(("n", "ratios"), [*SHAPES, (2000, (1, 1)), (500, (1, 1, 1))])
def test_cells_fill_the_box(n, ratios):
    positions, box = random_points(n, ratios, seed=1)
    cells = voronoi(positions, box, threshold=0.0)
    np.testing.assert_allclose(cells.volume.sum(), box.prod(), rtol=1e-12)
    away = np.linalg.norm(cells.neighbors.displacement, axis=-1)
    dim = len(box)
    np.testing.assert_allclose(np.sum(away * cells.face, -1) / (2 * dim), cells.volume, rtol=1e-9)
    # Faces of a closed body add up to nothing.
    normal = cells.neighbors.displacement / np.where(cells.neighbors.mask, away, 1)[..., None]
    np.testing.assert_allclose(np.sum(normal * cells.face[..., None], -2), 0, atol=1e-9)
    if dim == 3:
        faces_of, edges_of = cells.neighbors.mask.sum(1), cells.face_edges.sum(1)
        np.testing.assert_array_equal(edges_of, 6 * faces_of - 12)  # Euler, three edges at every corner


@pytest.mark.parametrize(
    ("name", "number", "index"),
    [
        ("sc", 6, (0, 6, 0, 0)),
        ("bcc", 14, (0, 6, 0, 8)),
        ("fcc", 12, (0, 12, 0, 0)),
        ("hcp", 12, (0, 12, 0, 0)),
    ],
)
@pytest.mark.parametrize("shift", [0.0, 0.377])
def test_crystals(crystal, name, number, index, shift):
    positions, box = (np.asarray(x) for x in crystal(name, 3, 1.7))
    cells = voronoi(positions + shift, box)
    assert set(cells.neighbors.mask.sum(1).tolist()) == {number}
    assert set(map(tuple, voronoi_index(cells).tolist())) == {index}
    np.testing.assert_allclose(cells.volume, np.prod(box) / len(positions), rtol=1e-6)


def test_square_lattice_with_two_particles_along_an_edge():
    """Each neighbour twice, on both sides."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    cells = voronoi(square, np.array([2.0, 2.0]))
    assert cells.neighbors.idx.tolist() == [[1, 1, 2, 2], [0, 0, 3, 3], [0, 0, 3, 3], [1, 1, 2, 2]]
    np.testing.assert_allclose(cells.neighbors.displacement.sum(1), 0, atol=1e-6)
    np.testing.assert_allclose(cells.face, 1, atol=1e-6)
    assert np.all(cells.face_edges == 2)


def test_a_table_like_the_others(liquid):
    """Symmetric, with images and padding as in cutoff_neighbors, and fit for what is computed from those."""
    positions, box = (np.asarray(x) for x in liquid)
    idx, displacement, mask, _ = neighbors = check_neighbors(voronoi(positions, box).neighbors)
    assert np.all(np.diff(np.where(mask, idx, len(idx)), axis=1) >= 0)
    rows = np.broadcast_to(np.arange(len(idx))[:, None], idx.shape)
    np.testing.assert_array_equal(idx[~mask], rows[~mask])
    assert not displacement[~mask].any()
    away = positions[idx] - positions[rows] - displacement
    np.testing.assert_allclose(away / box, np.round(away / box), atol=1e-12)
    forth = np.column_stack([rows[mask], idx[mask], displacement[mask]])
    back = np.column_stack([idx[mask], rows[mask], -displacement[mask]])
    np.testing.assert_allclose(in_order(forth), in_order(back), atol=1e-12)
    order = jax.jit(lambda table: bond_order(table, (6,)))(neighbors)
    assert np.all((order > 0) & (order < 1))


@pytest.mark.parametrize(("n", "ratios"), [(12, (1, 2)), (60, (1, 1.4, 0.8))])
def test_translation_permutation_and_replication(n, ratios):
    positions, box = random_points(n, ratios)
    cells = voronoi(positions, box)
    random = np.random.default_rng(3)
    order, boxes = random.permutation(n), random.integers(-3, 4, positions.shape)
    moved = voronoi((positions + 0.4 * box + boxes * box)[order], box)
    np.testing.assert_allclose(moved.volume, cells.volume[order], rtol=1e-9)
    if len(box) == 3:
        np.testing.assert_array_equal(voronoi_index(moved), voronoi_index(cells)[order])
    twice = voronoi(
        np.concatenate([positions, positions + [box[0], *0 * box[1:]]]), box * [2, *0 * box[1:] + 1]
    )
    np.testing.assert_allclose(twice.volume, np.tile(cells.volume, 2), rtol=1e-9)
    np.testing.assert_array_equal(twice.neighbors.mask.sum(1), np.tile(cells.neighbors.mask.sum(1), 2))


@pytest.mark.parametrize("ratios", [(1, 1.4), (1, 1.4, 0.8)])
def test_delaunay_cells_of_positions_anywhere(ratios):
    """Their shifts belong to positions as given: their spheres are empty, and they fill the box."""
    positions, box = random_points(50, ratios)
    positions += np.random.default_rng(4).integers(-3, 4, positions.shape) * box
    found = voronoi(positions, box)
    real = found.cells[:, 0] >= 0
    x = positions[found.cells[real]] + found.shifts[real] * box
    assert not found.shifts[:, 0].any()
    edge = x[:, 1:] - x[:, :1]
    dim = len(box)
    filled = np.abs(np.linalg.det(edge)).sum() / (2 if dim == 2 else 6)
    np.testing.assert_allclose(filled, box.prod(), rtol=1e-12)
    centre = np.linalg.solve(edge, np.sum(edge**2, -1, keepdims=True) / 2)[..., 0]
    away = x[:, :1] + centre[:, None] - positions
    away -= box * np.round(away / box)
    radius = np.linalg.norm(centre, axis=1, keepdims=True)
    assert np.all(np.linalg.norm(away, axis=2) > radius - 1e-9)


@pytest.mark.parametrize("ratios", [(1, 1.4), (1, 1.4, 0.8)])
def test_batches_equal_loops(ratios, monkeypatch):
    """With a box for each system, and one for all; tables as wide as the widest."""
    monkeypatch.setenv("TDAGLASS_THREADS", "3")
    samples = [random_points(40, ratios, seed) for seed in range(6)]
    positions, box = (np.stack(x) for x in zip(*samples, strict=True))
    scale = np.arange(1.0, 7.0)[:, None]
    batch = voronoi((positions * scale[..., None]).reshape(2, 3, 40, -1), (box * scale).reshape(2, 3, -1))
    for k, (one, edges) in enumerate(samples):
        alone = voronoi(one * scale[k], edges * scale[k])
        ours = jax.tree.map(lambda x, k=k: x[k // 3, k % 3], batch)
        slots, rows = alone.face.shape[1], len(alone.cells)
        np.testing.assert_array_equal(ours.volume, alone.volume)
        np.testing.assert_array_equal(ours.face[:, :slots], alone.face)
        np.testing.assert_array_equal(ours.neighbors.idx[:, :slots], alone.neighbors.idx)
        np.testing.assert_array_equal(ours.cells[:rows], alone.cells)
        assert not ours.neighbors.mask[:, slots:].any()
        assert np.all(ours.cells[rows:] == -1)
    shared = voronoi(positions, box[0])
    np.testing.assert_array_equal(shared.volume[0], voronoi(*samples[0]).volume)


def test_frames_in_other_processes_have_the_same_cells(workers, monkeypatch):
    """Padded to the widest of all frames, not of those that a worker had at once."""
    monkeypatch.setattr(sys.modules["tdaglass.structure.voronoi"], "AT_ONCE", 2)
    positions, box = (
        np.stack(x) for x in zip(*[random_points(40, (1, 1.4, 0.8), k) for k in range(6)], strict=True)
    )
    positions, box, radii = positions.reshape(2, 3, 40, 3), box.reshape(2, 3, 3), np.linspace(0, 0.1, 40)
    found, expected = (voronoi(positions, box, radii=radii, executor=x) for x in (workers, None))
    jax.tree.map(np.testing.assert_array_equal, found, expected)
    assert found.volume.shape == (2, 3, 40)
    positions[1, 0, 7] = np.nan
    with pytest.raises(PieceError, match=r"systems-2-4 .*expected finite"):
        voronoi(positions, box, executor=workers)


def test_bad_input_says_what_to_do():
    positions, box = random_points(30, (1, 1, 1))
    with pytest.raises(ValueError, match="periodic box, got None"):
        voronoi(positions, None)
    with pytest.raises(ValueError, match=r"positions \(..., particles, 2 or 3\), got shape \(30, 1\)"):
        voronoi(positions[:, :1], box[:1])
    with pytest.raises(ValueError, match=r"box \(3,\) for all"):
        voronoi(positions, box[:2])
    with pytest.raises(ValueError, match="positive box edges"):
        voronoi(positions, -box)
    with pytest.raises(ValueError, match="expected finite positions"):
        voronoi(np.where(positions == positions[4], np.nan, positions), box)
    with pytest.raises(ValueError, match="0 and 1 at one"):
        voronoi(np.concatenate([positions[:1], positions]), box)
    with pytest.raises(ValueError, match="periodic along all axes"):
        voronoi(positions, [3.0, 3.0, np.inf])
    for threshold in (-1.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="threshold from 0 to 1"):
            voronoi(positions, box, threshold=threshold)


LATTICE = np.array([[2.0, 0, 0], [0.9, 1.8, 0], [-0.7, 1.1, 2.2]])


def test_cells_in_a_triclinic_box_of_freud(rivals):
    """In its single precision."""
    cells = voronoi(rivals["gas"], rivals["tilted"])
    np.testing.assert_allclose(cells.volume, rivals["freud_tilted_volume"], atol=1e-5)


def test_radical_cells_of_voro(rivals):
    """In a triclinic box; four particles are left without a cell by the radii of others."""
    cells = voronoi(rivals["gas"], rivals["tilted"], radii=rivals["radii"], threshold=0.0)
    np.testing.assert_allclose(cells.volume, rivals["radical_volume"], atol=1e-12)
    np.testing.assert_array_equal(cells.neighbors.mask.sum(1), rivals["radical_faces"])
    hidden = cells.volume == 0
    assert hidden.sum() > 0
    assert not cells.neighbors.mask[hidden].any()
    assert cells.volume.sum() == pytest.approx(np.linalg.det(rivals["tilted"]), rel=1e-12)
    with pytest.raises(ValueError, match=r"radii of zero or more, got -1; try"):
        voronoi(rivals["gas"], rivals["tilted"], radii=-np.ones(120))


def test_radical_cells_of_equal_radii_are_plain_ones_and_of_touching_spheres_touch_there():
    positions, box = random_points(60, (1, 1.3, 0.9))
    plain, equal = (voronoi(positions, box, radii=x) for x in (None, np.full(60, 0.7)))
    np.testing.assert_allclose(equal.volume, plain.volume, rtol=1e-9)
    np.testing.assert_array_equal(equal.face_edges, plain.face_edges)
    two = voronoi(np.array([[1.0, 0], [4.0, 0], [1, 3], [4, 3]]), [6.0, 6.0], radii=[1.0, 2, 1, 2])
    np.testing.assert_allclose(two.volume, [6, 12, 6, 12], atol=1e-5)


@pytest.mark.parametrize("dim", [2, 3])
def test_triclinic_cells_are_those_of_other_vectors_and_of_the_supercell(dim):
    matrix = LATTICE[:dim, :dim]
    random = np.random.default_rng(dim)
    positions, radii = random.random((25, dim)) @ matrix, 0.2 * random.random(25)
    cells = voronoi(positions, matrix, radii=radii)
    whole = np.array([[1, 3, -4], [0, 1, 2], [0, 0, 1]])[:dim, :dim]
    turn = np.linalg.qr(random.normal(size=(dim, dim)))[0]
    others = voronoi(positions @ turn, whole @ matrix @ turn, radii=radii)
    twice = voronoi(
        np.concatenate([positions, positions + matrix[0]]),
        matrix * np.array([2, 1, 1])[:dim, None],
        radii=np.tile(radii, 2),
    )
    for other, copies in ((others, 1), (twice, 2)):
        np.testing.assert_allclose(other.volume, np.tile(cells.volume, copies), rtol=1e-9)
        np.testing.assert_array_equal(
            other.neighbors.mask.sum(1), np.tile(cells.neighbors.mask.sum(1), copies)
        )
    real = others.cells[:, 0] >= 0
    x = (positions @ turn)[others.cells[real]] + others.shifts[real] @ (whole @ matrix @ turn)
    edge = x[:, 1:] - x[:, :1]
    filled = np.abs(np.linalg.det(edge)).sum() / (2 if dim == 2 else 6)
    assert filled == pytest.approx(abs(np.linalg.det(matrix)), rel=1e-12)
    batch = voronoi(np.stack([positions, positions]), np.stack([matrix, matrix]), radii=radii)
    np.testing.assert_array_equal(batch.volume[1], cells.volume)


@pytest.mark.parametrize(
    ("name", "index"), [("sc", (0, 6, 0, 0)), ("bcc", (0, 6, 0, 8)), ("fcc", (0, 12, 0, 0))]
)
def test_crystals_in_single_precision_and_in_their_primitive_cells(crystal, name, index):
    """Rounded, or shaken by as much, corners come apart; drawn together again they are those of the crystal."""
    positions, box = (np.asarray(x) for x in crystal(name, 5, 3.61))
    random = np.random.default_rng(0)
    for given in (
        positions.astype(np.float32) + np.float32(7.3),
        positions + 1e-6 * random.normal(size=positions.shape),
    ):
        assert set(map(tuple, voronoi_index(voronoi(given, box.astype(given.dtype))).tolist())) == {index}
    if name == "fcc":
        assert len(set(map(tuple, voronoi_index(voronoi(given, box, threshold=0.0)).tolist()))) > 5
    primitive = {
        "sc": np.eye(3),
        "bcc": np.ones((3, 3)) / 2 - np.eye(3),
        "fcc": (np.ones((3, 3)) - np.eye(3)) / 2,
    }[name]
    alone = voronoi([[0.3, 0.2, 0.1]], primitive)
    assert voronoi_index(alone).tolist() == [list(index)]
    np.testing.assert_allclose(alone.volume, abs(np.linalg.det(primitive)), rtol=1e-6)


@pytest.mark.parametrize("threshold", [1e-3, 0.02, 0.1])
def test_of_larger_thresholds_no_short_edges_are_left_and_faces_share_their_edges(threshold):
    positions, box = random_points(400, (1, 1, 1))
    cells, whole = (voronoi(positions, box, threshold=x) for x in (threshold, 0.0))
    np.testing.assert_array_equal(cells.volume, whole.volume)
    faces_of, edges_of = cells.neighbors.mask.sum(1), cells.face_edges.sum(1)
    assert np.all(edges_of % 2 == 0)  # each is of two faces
    assert np.all(edges_of <= whole.face_edges.sum(1))
    lost = 1 - faces_of.sum() / whole.neighbors.mask.sum()
    assert threshold / 2 < lost < 2 * threshold
    assert whole.face[whole.face > 0].min() < cells.face[cells.face > 0].min() < threshold


def test_area_weighted_bond_order_of_freud(liquid, rivals):
    """And it does not jump where a face vanishes, as in a crystal shaken ever so little."""
    cells = voronoi(*liquid)
    weighted = jax.jit(lambda table, area: bond_order(table, (4, 6), average=None, weights=area))
    np.testing.assert_allclose(weighted(cells.neighbors, cells.face), rivals["freud_weighted"], atol=1e-5)
    with pytest.raises(ValueError, match=r"expected weights \(\d+, \d+\), got shape"):
        bond_order(cells.neighbors, (4,), weights=cells.face[:3])
    with pytest.raises(ValueError, match="weights of zero or more, got -"):
        bond_order(cells.neighbors, (4,), weights=-cells.face)
