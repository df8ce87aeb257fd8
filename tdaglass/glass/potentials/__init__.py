"""How particles interact: one functional form a file, as functions of the squared distance.

A form of pairs is a `PairPotential`: what a pair's numbers are, its energy and its force. How it ends at a
cut-off is the same for all of them (`truncation`). `EmbeddedAtom` has tables, which come from a file (`setfl`).
"""

from tdaglass.glass.potentials.embedded_atom import EmbeddedAtom
from tdaglass.glass.potentials.inverse_power import InversePower
from tdaglass.glass.potentials.lennard_jones import LennardJones
from tdaglass.glass.potentials.pair_potential import Coefficients, PairPotential
from tdaglass.glass.potentials.setfl import Setfl, read_setfl
from tdaglass.glass.potentials.truncation import PairTable, Truncation, pair_energy, pair_force, pair_table

__all__ = [
    "Coefficients",
    "EmbeddedAtom",
    "InversePower",
    "LennardJones",
    "PairPotential",
    "PairTable",
    "Setfl",
    "Truncation",
    "pair_energy",
    "pair_force",
    "pair_table",
    "read_setfl",
]
