"""The topological cluster classification: which small clusters every particle is part of."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax.numpy as jnp
import numpy as np

from tdaglass import arguments
from tdaglass.kernels.library import thread_count
from tdaglass.structure.topological_clusters.backend import backend
from tdaglass.structure.topological_clusters.bonds import find_bonds
from tdaglass.structure.topological_clusters.names import CLUSTER_NAMES
from tdaglass.structure.topological_clusters.records import Bonds, Found, TopologicalClusters

Array = np.ndarray


def topological_clusters(
    positions: Any,
    box: Any,
    *,
    cutoff: Any,
    voronoi_parameter: float | None = 0.82,
    species: Any = None,
    lists: bool = False,
) -> TopologicalClusters:
    r"""Clusters of 41 types, of 3 to 13 particles, that a network of bonds holds, on the host.

    Two particles are bonded if they are nearer than the cut-off, and in one's view nobody stands in the way of the
    other, who would do so nearer, at :math:`r_{ik} < r_{ij} < r_c`, and with

    .. math:: r_{ij}^2 > f_c \, (r_{ik}^2 + r_{jk}^2).

    This is the modified Voronoi construction of the topological cluster classification (Malins, Williams, Eggers
    and Royall, J. Chem. Phys. 139, 234506, 2013); with :math:`f_c = 1` nobody is in the sphere over the bond. Less
    removes the diagonals of distorted squares. Bonds make rings of three, four and five particles without
    shortcuts; a ring and the particles bonded to all of it, its spindles, are the basic clusters sp3, sp4 and sp5,
    with none or more than two spindles (a), one (b) or two (c); all others are put together from those: most are
    ground states of a few particles that attract each other. `CLUSTER_NAMES` has all of them, `CLUSTER_FAMILIES`
    those of tetrahedra and those of squares.

    Diameters do not matter, distances do. In the literature hard spheres and colloids have :math:`f_c = 0.82`,
    Lennard-Jones mixtures 1 with a cut-off of 2 sigma. At 1 the squares of a perfect crystal have diagonals: every
    fcc particle has 18 bonds in place of 12. Not for use inside jit. Systems of a batch are spread over threads.

    Parameters
    ----------
    positions : (..., particles, 3), length units
        Wrapped or not.
    box : number, (3,), (..., 3) or (..., 3, 3), length units, or None
        Edges of the periodic cell, for all systems or for each, or lattice vectors as rows for each; None for open
        space, and an infinite edge for open space along that axis. Wider than three cut-offs; rings of five may
        still close round a cell that is narrower than five bonds.
    cutoff : scalar, or symmetric (species, species), length units
        Beyond the first neighbours; how far does not matter much, but for simple bonds.
    voronoi_parameter : float or None
        :math:`f_c`, above 0, at most 1. None: simple bonds, between all that are nearer than the cut-off.
    species : (particles,), needed where `cutoff` is a matrix
    lists : bool
        Whether to return the bonds, and the particles of each cluster; for one system.

    Returns
    -------
    TopologicalClusters

    Raises
    ------
    ValueError
        In two dimensions; for numbers that are not finite, arguments that do not fit together, a box too narrow, a
        parameter that is none, particles at the same place; and for crowded systems, of more than 64 bonds or 1000
        others within the cut-off of a particle.

    Examples
    --------
    An icosahedron: twelve pentagonal bipyramids through its centre.

    >>> import numpy as np
    >>> from tdaglass.structure import topological_clusters
    >>> golden = (1 + 5**0.5) / 2
    >>> shell = [np.roll([0, a, b * golden], k) for k in range(3) for a in (-1, 1) for b in (-1, 1)]
    >>> found = topological_clusters([[0, 0, 0], *shell], None, cutoff=3.0)
    >>> of_type = dict(zip(found.names, found.count.tolist(), strict=True))
    >>> of_type["sp5c"], of_type["12B"], of_type["13A"]
    (12, 12, 1)
    >>> found.member[found.names.index("13A")].all()
    np.True_
    """
    position = _positions(positions)
    *batch, n, _ = position.shape
    boxes = _boxes(box, batch)
    table, kinds = _cutoffs(cutoff, species, n)
    voronoi = None if voronoi_parameter is None else _parameter(voronoi_parameter)
    if lists and batch:
        raise ValueError(f"expected one system for lists, got a batch of {batch}; try them one by one")

    def find(system: Array, cell: Array | None) -> tuple[Bonds, Found]:
        bonds = find_bonds(system, cell, table, kinds, voronoi)
        return bonds, backend().find_clusters(bonds, lists)

    with ThreadPoolExecutor(min(thread_count(), len(boxes))) as pool:
        of_all = list(pool.map(find, position.reshape(-1, n, 3), boxes))
    types = len(CLUSTER_NAMES)
    found = TopologicalClusters(
        np.stack([one.count for _, one in of_all]).reshape(*batch, types),
        np.stack([one.of_particle for _, one in of_all]).reshape(*batch, types, n),
    )
    if not lists:
        return found
    ((bonds, one),) = of_all
    rows = {name: _in_order(of) for name, of in zip(CLUSTER_NAMES, one.rows or (), strict=True)}
    return found._replace(bonds=bonds.pairs(), clusters=rows)


def _positions(positions: Any) -> Array:
    position = arguments.doubles(positions, "positions")
    if position.ndim >= 2 and position.shape[-1] == 2:
        raise ValueError(
            f"expected positions (..., particles, 3), got shape {position.shape}: these clusters are of three "
            "dimensions; try hexatic_order in two"
        )
    if position.ndim < 2 or position.shape[-1] != 3 or not position.size:
        raise ValueError(
            f"expected positions (..., particles, 3), got shape {position.shape}; try a row for each particle"
        )
    return position


def _boxes(box: Any, batch: list[int]) -> list[Array | None]:
    """Of each system."""
    count = int(np.prod(batch))
    if box is None:
        return [None] * count
    cell = arguments.doubles(box, "box")
    if cell.shape not in ((), (3,), (*batch, 3), (*batch, 3, 3)):
        raise ValueError(
            f"expected a box (3,) for all, {(*batch, 3)} or {(*batch, 3, 3)}, got shape {cell.shape}; "
            "try the edges alone"
        )
    matrices = cell.shape == (*batch, 3, 3)
    return list(cell.reshape(-1, 3, 3) if matrices else np.broadcast_to(cell, (*batch, 3)).reshape(-1, 3))


def _cutoffs(cutoff: Any, species: Any, n: int) -> tuple[Array, Array | None]:
    """For each pair of species, and those, if they matter."""
    table = arguments.doubles(cutoff, "cut-off")
    arguments.pair_table(table, "cut-off", like=jnp.zeros(()))
    table = table.reshape(1, 1) if table.ndim == 0 else table
    if len(table) == 1:
        return table, None
    if species is None:
        raise ValueError(
            "expected species beside a matrix of cut-offs, got None; try species=... or a scalar"
        )
    return table, np.array(arguments.labels(species, n, len(table)))


def _parameter(voronoi_parameter: Any) -> float:
    value = arguments.number(voronoi_parameter, "voronoi_parameter")
    if not 0 < value <= 1:
        raise ValueError(
            f"expected a voronoi_parameter above 0, at most 1, got {value:g}; try 0.82, or None for simple bonds"
        )
    return value


def _in_order(rows: Array) -> Array:
    rows = np.sort(rows, axis=1)
    return rows[np.lexsort(rows.T[::-1])]
