"""The holes in a glass: persistent homology of alpha complexes, periodic and differentiable.

`alpha_complex` triangulates points and says when each simplex appears; `persistence` pairs the simplices that open
and end components, loops and voids. `diagram` gives their births and deaths inside `jit`, `vmap` and `grad`.
"""

from tdaglass.topology.alpha import AlphaComplex, alpha_complex
from tdaglass.topology.diagram import CriticalSimplex, Diagram, check_diagram, diagram
from tdaglass.topology.persistence import Pairs, persistence

__all__ = [
    "AlphaComplex",
    "CriticalSimplex",
    "Diagram",
    "Pairs",
    "alpha_complex",
    "check_diagram",
    "diagram",
    "persistence",
]
