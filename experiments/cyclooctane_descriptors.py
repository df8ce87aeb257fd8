"""Seven descriptions of a ring of eight carbons, for `cyclooctane.py`.

Cartesian coordinates are the first; the Coulomb matrix, its spectrum and the persistence image are made here, SOAP
and atom-centred symmetry functions by dscribe, where it is installed.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cyclooctane_records import Settings
from cyclooctane_rings import ATOMS

from tdaglass import parallel, topology
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
    """Coulomb matrices of carbons, (..., 8, 8): Z^2.4 / 2 on the diagonal, Z^2 / r elsewhere.

    Rupp, Tkatchenko, Mueller and von Lilienfeld, Phys. Rev. Lett. 108, 058301 (2012).
    """
    apart = np.linalg.norm(rings[..., :, None, :] - rings[..., None, :, :], axis=-1)
    same = np.eye(rings.shape[-2], dtype=bool)
    return np.where(same, CARBON**2.4 / 2, CARBON**2 / np.where(same, 1, apart))


def coulomb_spectrum(rings: np.ndarray) -> np.ndarray:
    """Eigenvalues of the Coulomb matrices, the greatest in size first: (..., 8)."""
    values = np.linalg.eigvalsh(coulomb_matrix(rings))
    return np.take_along_axis(values, np.argsort(-np.abs(values), axis=-1), axis=-1)


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
    from dscribe.descriptors import ACSF, SOAP

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
    acsf = ACSF(species=["C"], r_cut=settings.acsf_cutoff, g2_params=G2, g4_params=G4)
    yield "acsf", np.reshape(acsf.create(atoms, centers=[[0]] * len(atoms)), (len(atoms), -1))
    yield "averaged_soap", of_atoms.mean(1)


def has_dscribe() -> bool:
    """Whether the optional package is here."""
    try:
        import dscribe.descriptors  # noqa: F401
    except ImportError:
        return False
    return True
