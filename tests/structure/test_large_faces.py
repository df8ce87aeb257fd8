"""Voronoi cells without small faces against Voro++, crystals, and cells that lose nothing."""

from pathlib import Path

import numpy as np
import pytest

from tdaglass.structure import drop_small_faces, voronoi, voronoi_index


@pytest.fixture(scope="module")
def cells(reference):
    return voronoi(reference["positions"], reference["box"])


def test_what_is_left_of_a_cell_is_what_voro_makes_of_the_other_neighbours(cells):
    with np.load(Path(__file__).parents[1] / "reference" / "local_structure.npz") as file:
        faces, share = file["faces"], float(file["share"])
    found = drop_small_faces(cells, share, particles=np.arange(len(faces)))
    room = found.face_edges.shape[1]
    edges = np.sort(found.face_edges[: len(faces)], axis=1)
    np.testing.assert_array_equal(edges, np.pad(faces, ((0, 0), (room - faces.shape[1], 0))))
    assert (edges != np.sort(cells.face_edges[: len(faces)], axis=1)).any(axis=1).mean() > 0.5


def test_where_no_face_is_dropped_cells_are_what_they_were(cells):
    same = drop_small_faces(cells, 0.0)
    np.testing.assert_array_equal(same.face_edges, cells.face_edges)
    np.testing.assert_array_equal(same.neighbors.mask, cells.neighbors.mask)
    np.testing.assert_array_equal(same.face, cells.face)


def test_of_others_nothing_changes_and_polyhedra_still_close(cells):
    chosen = np.arange(20)
    found = drop_small_faces(cells, 0.02, particles=chosen)
    np.testing.assert_array_equal(found.face_edges[20:], cells.face_edges[20:])
    np.testing.assert_array_equal(found.face > 0, found.neighbors.mask)
    # Euler: where three faces meet at each corner, 6 - edges summed over faces is 12.
    edges = found.face_edges[chosen]
    np.testing.assert_array_equal(np.sum((6 - edges) * (edges > 0), axis=1), 12)


def test_crystals_are_told_by_the_faces_that_are_left(crystal):
    bcc = voronoi(*crystal("bcc"))
    assert voronoi_index(drop_small_faces(bcc, 0.03)).tolist() == [[0, 6, 0, 8]] * len(bcc.face)
    assert voronoi_index(drop_small_faces(bcc, 0.06)).tolist() == [[8, 0, 0, 0]] * len(bcc.face)


def test_bad_input_is_said(cells):
    with pytest.raises(ValueError, match="expected a share of the surface from 0 to"):
        drop_small_faces(cells, 0.3)
    with pytest.raises(ValueError, match="that opens it; try"):
        drop_small_faces(cells, 0.24)
    square = voronoi(np.random.default_rng(0).random((9, 2)), np.ones(2))
    with pytest.raises(ValueError, match="expected Voronoi cells of one system in three dimensions"):
        drop_small_faces(square, 0.02)
