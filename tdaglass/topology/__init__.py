"""The holes in a glass: persistent homology of alpha complexes, periodic, differentiable, and back to the atoms.

`alpha_complex` triangulates points and says when each simplex appears, and `vertex_positions` where; `persistence`
pairs the simplices that open and end components, loops and voids. `diagram` gives their births and deaths inside
`jit`, `vmap` and `grad`, and `persistence_image`, `histogram`, `betti_curve` and `landscape` make arrays of fixed
shape of them.
"""

from tdaglass.topology.alpha import AlphaComplex, alpha_complex
from tdaglass.topology.curves import betti_curve, landscape
from tdaglass.topology.diagram import CriticalSimplex, Diagram, check_diagram, diagram, diagrams, to_radii
from tdaglass.topology.geometry import vertex_positions
from tdaglass.topology.grid import BirthDeath, Grid, pairs_in
from tdaglass.topology.histogram import histogram
from tdaglass.topology.image import arctan_weight, linear_weight, persistence_image, species_channels
from tdaglass.topology.inverse import optimal_volume, stable_subvolume, stable_volume
from tdaglass.topology.persistence import persistence
from tdaglass.topology.records import Pairs, Simplices, Sites
from tdaglass.topology.tree import PersistenceTree, persistence_tree
from tdaglass.topology.volume import NoRing, NoVolume, Volume, boundary_areas, ring

__all__ = [
    "AlphaComplex",
    "BirthDeath",
    "CriticalSimplex",
    "Diagram",
    "Grid",
    "NoRing",
    "NoVolume",
    "Pairs",
    "PersistenceTree",
    "Simplices",
    "Sites",
    "Volume",
    "alpha_complex",
    "arctan_weight",
    "betti_curve",
    "boundary_areas",
    "check_diagram",
    "diagram",
    "diagrams",
    "histogram",
    "landscape",
    "linear_weight",
    "optimal_volume",
    "pairs_in",
    "persistence",
    "persistence_image",
    "persistence_tree",
    "ring",
    "species_channels",
    "stable_subvolume",
    "stable_volume",
    "to_radii",
    "vertex_positions",
]
