"""Metallic glasses of the studies: a metal and a metalloid, from files that users bring."""

from os import PathLike

from tdaglass.glass.models.composition import split
from tdaglass.glass.models.embedded_atom import EmbeddedAtomModel, embedded_atom


def palladium_silicon(path: str | PathLike, n: int = 12_000) -> EmbeddedAtomModel:
    """Pd80Si20, by a file with Pd and Si such as Sheng's, which has no licence that lets others hand it on.

    References
    ----------
    A. Hirata, T. Wada, I. Obayashi, Y. Hiraoka, Commun. Mater. 1, 98 (2020).
    """
    return embedded_atom(path, elements=("Pd", "Si"), counts=split(n, 0.8), number_density=0.068)


def iron_phosphorus(path: str | PathLike, n: int = 4000) -> EmbeddedAtomModel:
    """Fe80P20, by a file with Fe and P such as ``FeP_mm.eam.fs``, which comes with LAMMPS.

    It was fitted to a little phosphorus in iron. At 20 % phosphorus atoms do not touch, but gather at 3.3
    angstrom, the more the slower the liquid is cooled: no stand-in for glasses such as Pd80Si20.

    References
    ----------
    G. J. Ackland et al., J. Phys.: Condens. Matter 16, S2629 (2004).
    """
    return embedded_atom(path, elements=("Fe", "P"), counts=split(n, 0.8), number_density=0.0759)
