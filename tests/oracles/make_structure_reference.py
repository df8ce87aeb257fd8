"""Writes tests/reference/structure.npz: what freud and pyscal3 say about one small liquid-like configuration.

And tests/reference/structure_cells.npz: what freud says of a triclinic cell and of a tilted plane, and ASE of a
crystal cell smaller than the cut-off.

Run it from the repository root with the rivals extra installed:
``python tests/oracles/make_structure_reference.py``.
"""

from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import freud
import numpy as np
import pyscal3.csystem as csystem
import pyscal3.descriptors as descriptors
import pyscal3.neighbors as pyscal_neighbors
from ase import Atoms
from ase.neighborlist import primitive_neighbor_list
from points import pushed_apart

REFERENCE = Path(__file__).parents[1] / "reference"
TARGET = REFERENCE / "structure.npz"
# Lattice vectors as rows, the first along x, as freud wants them.
TRICLINIC = np.array([[6.0, 0.0, 0.0], [2.0, 5.5, 0.0], [-1.5, 2.2, 6.2]])
TILTED = np.array([[9.0, 0.0], [3.5, 8.0]])
SMALL = np.array([[1.1, 0.0, 0.0], [0.4, 0.9, 0.0], [2.3, -0.3, 1.4]])
DEGREES = tuple(range(1, 9))
CUTOFF = 1.5
BINS, R_MAX = 40, 2.5


def padded(rows: list[list[int]]) -> np.ndarray:
    """Neighbour lists as one array, ascending, filled up with -1."""
    table = np.full((len(rows), max(map(len, rows))), -1, np.int32)
    for row, members in zip(table, rows, strict=True):
        row[: len(members)] = sorted(members)
    return table


def pyscal_lists(atoms: Atoms) -> list[list[int]]:
    offsets, members = atoms.info["pyscal_bond_offsets"], atoms.info["pyscal_bond_neighbors"]
    return [members[a:b].tolist() for a, b in pairwise(offsets)]


def pyscal_orders(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    plain = np.array(descriptors.steinhardt_parameter(atoms, list(DEGREES))).T
    averaged = np.array(descriptors.steinhardt_parameter(atoms, list(DEGREES), averaged=True)).T
    return plain, averaged


def main() -> None:
    positions, box = pushed_apart(1, 240, (5.5, 6.0, 6.5), 1.05, sweeps=400)
    species = (np.arange(len(positions)) % 5 == 0).astype(np.int32)
    atoms = Atoms("H" * len(positions), positions=positions, cell=box, pbc=True)
    pyscal_neighbors.find_neighbors(atoms, method="cutoff", cutoff=CUTOFF)
    q, q_lechner_dellago = pyscal_orders(atoms)
    csystem.set_num_threads(1)
    pyscal_neighbors.find_neighbors(atoms, method="cutoff", cutoff="sann")
    sann = padded(pyscal_lists(atoms))
    q_sann, _ = pyscal_orders(atoms)

    cell = freud.box.Box(*box)
    centred = positions - box / 2
    freud_neighbors = {"r_max": CUTOFF, "exclude_ii": True}
    freud_q = freud.order.Steinhardt(list(DEGREES)).compute((cell, centred), freud_neighbors).particle_order
    freud_average = freud.order.Steinhardt(list(DEGREES), average=True)
    freud_average = freud_average.compute((cell, centred), freud_neighbors).particle_order
    rdf = freud.density.RDF(BINS, R_MAX).compute((cell, centred))
    partial = freud.density.RDF(BINS, R_MAX)
    partial.compute((cell, centred[species == 0]), query_points=centred[species == 1])
    np.savez_compressed(
        TARGET,
        positions=positions,
        box=box,
        species=species,
        cutoff=CUTOFF,
        q=q,
        q_lechner_dellago=q_lechner_dellago,
        sann=sann,
        q_sann=q_sann,
        freud_q=freud_q,
        freud_lechner_dellago=freud_average,
        rdf_counts=rdf.bin_counts,
        rdf_partial_counts=partial.bin_counts,
        rdf_edges=rdf.bin_edges,
        versions=[f"{name} {version(name)}" for name in ("freud-analysis", "pyscal3", "ase", "numpy")],
    )


def in_freud(lattice: np.ndarray, positions: np.ndarray) -> tuple[freud.box.Box, np.ndarray]:
    """Box and points; freud's origin is the middle of the cell."""
    dim = len(lattice)
    cell = np.eye(3)
    cell[:dim, :dim] = lattice
    box = freud.box.Box.from_matrix(cell.T, dimensions=dim)
    return box, box.wrap(np.pad(positions - lattice.sum(0) / 2, ((0, 0), (0, 3 - dim))))


def cells() -> None:
    rng = np.random.default_rng(4)
    positions = rng.random((180, 3)) @ TRICLINIC
    plane = rng.random((90, 2)) @ TILTED
    system, query = in_freud(TRICLINIC, positions), {"r_max": CUTOFF, "exclude_ii": True}
    pairs = freud.locality.AABBQuery(*system).query(system[1], query).toNeighborList()
    rdf = freud.density.RDF(BINS, 2.5).compute(system)
    psi = freud.order.Hexatic(k=6).compute(in_freud(TILTED, plane), {"r_max": CUTOFF, "exclude_ii": True})
    few = rng.random((3, 3)) @ SMALL
    i, j, shift, distance = primitive_neighbor_list("ijSd", [True] * 3, SMALL, few, 1.9)
    np.savez_compressed(
        REFERENCE / "structure_cells.npz",
        lattice=TRICLINIC,
        positions=positions,
        pairs=np.stack([pairs.query_point_indices, pairs.point_indices], 1).astype(np.uint8),
        q6=freud.order.Steinhardt(6).compute(system, pairs).particle_order,
        rdf_counts=rdf.bin_counts,
        plane_lattice=TILTED,
        plane=plane,
        psi6=psi.particle_order,
        small_lattice=SMALL,
        small=few,
        images=np.column_stack([i, j, shift]).astype(np.int8),
        image_distances=distance,
        versions=[f"{name} {version(name)}" for name in ("freud-analysis", "ase", "numpy")],
    )


if __name__ == "__main__":
    main()
    cells()
