"""Voronoi cells without their smallest faces, by which thermal motion hides the polyhedra of a glass."""

from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

from tdaglass import arguments
from tdaglass.structure.voronoi import Voronoi

Array = np.ndarray
# Corners of a polyhedron are one where the triangles of its polar body lie in one plane, but for rounding.
FLAT = 1e-9


def drop_small_faces(cells: Voronoi, share: float, *, particles: Any = None) -> Voronoi:
    """Voronoi cells without the planes of small faces, so that the others grow over them.

    A neighbour whose face is less than a share of the surface of a cell is no neighbour of it (Sheng et al.,
    Nature 439, 419, 2006), and its plane cuts nothing off any more: the others meet in its place. Each cell is
    looked at alone, so that one particle may be another's neighbour and not the reverse. `voronoi_index` then
    names the polyhedra, such as <0 3 6 0>, the trigonal prism with three caps.

    Parameters
    ----------
    cells : Voronoi
        Of one system in three dimensions, without radii.
    share : float
        Of the surface of each cell, from 0 to less than 0.25; 0 leaves all as it is, but for edges that `voronoi`
        drew together. Usual are 0.01 to 0.05.
    particles : (chosen,) int or (particles,) bool, optional
        Whose cells to look at; those of others stay as they are.

    Returns
    -------
    Voronoi
        With other `neighbors.mask` and `face_edges`; of dropped neighbours `face` is zero too. Volumes and areas
        of the other faces are those of the whole cells.

    Raises
    ------
    ValueError
        For cells in two dimensions or of several systems, a share out of range, and one so large that what is left
        closes no polyhedron.

    Examples
    --------
    >>> from tdaglass.structure import voronoi, voronoi_index
    >>> corners = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), -1).reshape(-1, 3)
    >>> bcc = voronoi(np.concatenate([corners, corners + 0.5]), np.full(3, 3.0))
    >>> voronoi_index(drop_small_faces(bcc, 0.06, particles=[0]))[:2].tolist()
    [[8, 0, 0, 0], [0, 6, 0, 8]]
    """
    if cells.face.ndim != 2 or cells.neighbors.displacement.shape[-1] != 3:
        raise ValueError(
            f"expected Voronoi cells of one system in three dimensions, got faces {cells.face.shape} in "
            f"{cells.neighbors.displacement.shape[-1]}; try one system after another"
        )
    least = arguments.number(share, "share of the surface")
    if not 0 <= least < 0.25:
        raise ValueError(f"expected a share of the surface from 0 to 0.25, got {least:g}; try 0.02")
    n = len(cells.face)
    chosen = np.arange(n) if particles is None else np.asarray(arguments.chosen(particles, n))
    displacement = np.asarray(cells.neighbors.displacement)
    mask, edges, face = (np.array(x) for x in (cells.neighbors.mask, cells.face_edges, cells.face))
    for i in np.asarray(chosen):
        kept = mask[i] & (face[i] >= least * face[i].sum())
        edges[i] = 0
        edges[i, kept] = _edges_of_faces(displacement[i, kept], least)
        # A plane that the others leave nothing of is none of the polyhedron's.
        mask[i] = edges[i] > 0
        face[i] = np.where(mask[i], face[i], 0)
    large: Any = cells.neighbors._replace(mask=mask)  # type: ignore[arg-type]
    return cells._replace(neighbors=large, face_edges=edges.astype(np.int32), face=face)


def _edges_of_faces(displacement: Array, share: float) -> Array:
    """Of the polyhedron between the planes half-way to some neighbours, how many edges each face has.

    Its corners are the facets of the hull of the points 2 d / |d|^2 (the polar body), and its faces the corners of
    that: each has as many edges as facets meet there.
    """
    polar = 2 * displacement / np.sum(displacement**2, axis=1, keepdims=True)
    try:
        hull = ConvexHull(polar)
        closed = bool((hull.equations[:, -1] < 0).all())
    except (QhullError, ValueError):
        closed = False
    if not closed:
        raise ValueError(
            f"expected faces that close a cell once small ones are dropped, got a share of {share:g} that opens "
            "it; try 0.02"
        )
    n, corner = len(displacement), hull.simplices
    apart = np.abs(hull.equations[:, None] - hull.equations[hull.neighbors]).max(axis=-1)
    facet, beside = np.nonzero(apart < FLAT * np.abs(hull.equations[:, -1])[:, None])
    if not len(facet):
        return np.bincount(corner.ravel(), minlength=n)
    flat = coo_matrix((np.ones(len(facet)), (facet, hull.neighbors[facet, beside])), shape=(len(corner),) * 2)
    merged = connected_components(flat, directed=False)[1]
    meeting = np.unique(corner.ravel().astype(np.int64) * len(corner) + np.repeat(merged, 3))
    return np.bincount(meeting // len(corner), minlength=n)
