"""How particles interact: one functional form a file, as functions of the squared distance.

A form is a `PairPotential`: what a pair's numbers are, its energy and its force. How it ends at a cut-off is
the same for all of them (`truncation`).
"""

from tdaglass.glass.potentials.inverse_power import InversePower
from tdaglass.glass.potentials.lennard_jones import LennardJones
from tdaglass.glass.potentials.pair_potential import Coefficients, PairPotential
from tdaglass.glass.potentials.truncation import PairTable, Truncation, pair_energy, pair_force, pair_table

__all__ = [
    "Coefficients",
    "InversePower",
    "LennardJones",
    "PairPotential",
    "PairTable",
    "Truncation",
    "pair_energy",
    "pair_force",
    "pair_table",
]
