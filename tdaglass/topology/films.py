"""Cells with open axes, such as those of films: closed so far out that no ball of interest reaches its images.

What a film's holes are, with balls growing in a space that is periodic along it and open across, follows from a
cell that is periodic along all axes. The centre of a ball that opens or ends a hole lies between the film's
outermost points, and is empty: no further from a point than half a box along the film and its thickness across.
Where the film and its image are more than twice as far apart, their balls touch after the last hole has ended, and
simplices that appear by then are those of the film.
"""

from typing import TYPE_CHECKING

import numpy as np

from tdaglass.topology.records import Simplices, Sites

if TYPE_CHECKING:
    from tdaglass.topology.alpha import AlphaComplex

Array = np.ndarray
# Half the gap, and the radius up to which simplices are kept, in units of the furthest that a hole's ball reaches.
HALF_GAP, KEPT = 1.01, 1.005


def closed(sites: Sites) -> tuple[Sites, float]:
    """In a cell without open axes; and the squared radius up to which the complex is that of the film."""
    if sites.box is None or not np.isinf(sites.box).any():
        return sites, np.inf
    matrix = np.diag(sites.box) if sites.box.ndim == 1 else sites.box
    open_ = np.isinf(matrix.diagonal())
    lowest, thickness = sites.position.min(axis=0), np.ptp(sites.position, axis=0)
    # No point of the plane is further from a lattice than half the diagonal of a brick with its edges.
    along = np.sum(matrix[~open_][:, ~open_] ** 2) / 4
    reach = float(np.sqrt(along + np.sum(thickness[open_] ** 2)))
    edges = np.where(open_, thickness + 2 * HALF_GAP * reach, 0)
    box = np.where(open_, edges, sites.box) if sites.box.ndim == 1 else np.where(np.isinf(matrix), edges, matrix)
    position = np.where(open_, sites.position - lowest + reach, sites.position)
    heaviest = 0.0 if sites.weight is None else float(sites.weight.max())
    return Sites(position, sites.weight, box), (KEPT * reach) ** 2 - heaviest


def opened(found: "AlphaComplex", sites: Sites, most: float) -> "AlphaComplex":
    """What appears of a complex by then, on the points of the film as they are."""
    if np.isinf(most):
        return found
    kept = [value <= most for value in found.values]
    values = [np.where(kept[0], found.values[0], np.inf)]
    simplices, faces = [found.simplices[0]], [found.faces[0]]
    number = np.arange(len(kept[0]))
    for k in range(1, len(kept)):
        simplices.append(Simplices(*(np.ascontiguousarray(x[kept[k]]) for x in found.simplices[k])))
        faces.append(number[found.faces[k][kept[k]]].astype(np.int32))
        values.append(found.values[k][kept[k]])
        number = np.cumsum(kept[k]) - 1
    open_ = np.isinf(sites.box if sites.box.ndim == 1 else sites.box.diagonal())  # type: ignore[union-attr]
    position = np.where(open_, sites.position, found.sites.position)
    return found._replace(
        sites=found.sites._replace(position=position, box=sites.box),
        simplices=tuple(simplices),
        faces=tuple(faces),
        values=tuple(values),
    )
