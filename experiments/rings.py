"""From loops of a diagram to the atoms on them, in order."""

from typing import NamedTuple

import numpy as np

from tdaglass import topology


class Ring(NamedTuple):
    """Atoms around a loop, each beside the next."""

    pair: int  # the number of the loop among the pairs
    atoms: np.ndarray  # (atoms,) by their numbers in the complex
    positions: np.ndarray  # (atoms, 3) unwrapped


def rings_of_pairs(
    complex_: topology.AlphaComplex, pairs: topology.Pairs, which: np.ndarray, noise: float
) -> list[Ring]:
    """Boundaries of the stable volumes of some loops; a share of the persistence is lost to noise.

    What has no neighbours in order is left out: loops that are closed by one-sided surfaces, or by several rings.
    """
    found = []
    for pair in which.tolist():
        epsilon = noise * float(pairs.death[pair] - pairs.birth[pair])
        try:
            volume = topology.stable_volume(complex_, pairs, pair, epsilon)
            order = topology.ring(volume)
        except (topology.NoVolume, topology.NoRing):
            continue
        found.append(Ring(pair, volume.atom[order], volume.position[order]))
    return found
