"""Seven descriptions of a ring of eight carbons, for `cyclooctane.py`.

Cartesian coordinates are the first; the Coulomb matrix, its spectrum, atom-centred symmetry functions and the
persistence image are the package's, SOAP is dscribe's, where it is installed.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cyclooctane_records import Settings
from cyclooctane_rings import ATOMS

from tdaglass import parallel, structure, topology
from tdaglass.checkpoints import Keep
from tdaglass.progress import progress

CARBON = 6
BATCH = 256
# Cells of the published persistence image.
GRID = topology.Grid(births=(0.5, 3.3), deaths=(1.95, 3.3), shape=(200, 100))
# Exponents, centres and angular signs of G2 and G4, as in the manual of dscribe.
G2 = [[1, 1], [1, 2], [1, 3]]
G4 = [[1, 1, 1], [1, 2, 1], [1, 1, -1], [1, 2, -1]]


def coulomb_matrix(rings: np.ndarray) -> np.ndarray:
    """Coulomb matrices of carbons, (..., 8, 8)."""
    return _of_each(lambda ring: structure.coulomb_matrix(ring, CARBON), rings)


def coulomb_spectrum(rings: np.ndarray) -> np.ndarray:
    """Eigenvalues of the Coulomb matrices, the greatest in size first: (..., 8)."""
    return _of_each(lambda ring: structure.coulomb_spectrum(ring, CARBON), rings)


def symmetry_functions(settings: Settings, rings: np.ndarray) -> np.ndarray:
    """Atom-centred symmetry functions of the first carbon, (..., functions)."""
    functions = structure.SymmetryFunctions(settings.acsf_cutoff, g2=G2, g4=G4)

    def of_first(ring: jax.Array) -> jax.Array:
        neighbors = structure.cutoff_neighbors(ring, None, functions.cutoff, capacity=ring.shape[0] - 1)
        return structure.symmetry_functions(neighbors, functions)[0]

    return _of_each(of_first, rings)


def _of_each(function: Callable[[jax.Array], jax.Array], rings: np.ndarray) -> np.ndarray:
    """Of every ring, in double precision."""
    with jax.enable_x64(True):
        flat = jnp.asarray(rings, float).reshape(-1, *rings.shape[-2:])
        out = np.asarray(jax.jit(jax.vmap(function))(flat))
    return out.reshape(*rings.shape[:-2], *out.shape[1:])


def persistence_diagrams(
    rings: np.ndarray, seven: bool, keep: Keep, names: Callable[[int], str], executor: Any
) -> topology.BirthDeath:
    """Births and deaths of loops, (conformations, pairs), in squared radii; zero where there is no pair.

    Of all eight atoms or, one after the other, of the seven that are left without each.
    """
    parts = parallel.map_independent(
        partial(_diagrams_of_batch, rings, seven),
        range(-(-len(rings) // BATCH)),
        executor=executor,
        keep=keep,
        names=names,
        progress="diagrams",
    )
    birth, death = (np.concatenate(x)[: len(rings)] for x in zip(*parts, strict=True))
    return topology.BirthDeath(birth, death)


@jax.jit
@jax.vmap
def _diagrams(atoms: jax.Array) -> topology.Diagram:
    return topology.diagram(atoms, dimension=1)


def _diagrams_of_batch(rings: np.ndarray, seven: bool, k: int) -> tuple[np.ndarray, np.ndarray]:
    # The last batch is filled up, so that one program serves all.
    of = np.minimum(np.arange(k * BATCH, (k + 1) * BATCH), len(rings) - 1)
    without = [np.delete(rings[of], atom, axis=1) for atom in range(ATOMS)] if seven else [rings[of]]
    found = [_diagrams(jnp.asarray(atoms)) for atoms in without]
    for diagram in found:
        topology.check_diagram(diagram)
    birth, death = (np.concatenate([getattr(d, of) for d in found], axis=1) for of in ("birth", "death"))
    return birth, death


def persistence_images(settings: Settings, pairs: topology.BirthDeath) -> np.ndarray:
    """Persistence images, (conformations, cells above the diagonal), every pair of the same weight."""

    @jax.jit
    @jax.vmap
    def image(birth: jax.Array, death: jax.Array) -> jax.Array:
        lasting = death - birth >= settings.least_persistence
        # Pairs outside the grid are not counted.
        kept = topology.BirthDeath(jnp.where(lasting, birth, -1), jnp.where(lasting, death, -1))
        return topology.persistence_image(kept, GRID, sigma=settings.sigma, mode="homcloud")

    out = np.empty((len(pairs.birth), int(GRID.above_diagonal.sum())), np.float32)
    for begin in progress(range(0, len(out), BATCH), "persistence images"):
        of = slice(begin, begin + BATCH)
        out[of] = GRID.vector(np.asarray(image(pairs.birth[of], pairs.death[of])))
    return out


def dscribe_descriptions(settings: Settings, rings: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """SOAP and atom-centred symmetry functions of the first carbon, and SOAP averaged over all eight."""
    from ase import Atoms
    from dscribe.descriptors import SOAP

    atoms = [Atoms(f"C{ATOMS}", ring) for ring in rings]
    soap = SOAP(
        species=["C"],
        r_cut=settings.soap_cutoff,
        n_max=settings.soap_n_max,
        l_max=settings.soap_l_max,
        sigma=settings.soap_sigma,
    )
    batches = range(0, len(atoms), BATCH)
    of_atoms = np.concatenate(
        [np.reshape(soap.create(atoms[b : b + BATCH]), (-1, ATOMS, soap.get_number_of_features()))
         for b in progress(batches, "SOAP")]
    )  # fmt: skip
    yield "soap", of_atoms[:, 0]
    yield "acsf", symmetry_functions(settings, rings)
    yield "averaged_soap", of_atoms.mean(1)


def has_dscribe() -> bool:
    """Whether the optional package is here."""
    try:
        import dscribe.descriptors  # noqa: F401
    except ImportError:
        return False
    return True
