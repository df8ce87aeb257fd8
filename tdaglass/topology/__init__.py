"""The holes in a glass: persistent homology of alpha complexes, periodic and differentiable.

`alpha_complex` triangulates points and says when each simplex appears; `persistence` pairs the simplices that open
and end components, loops and voids.
"""

from tdaglass.topology.alpha import AlphaComplex, alpha_complex
from tdaglass.topology.persistence import Pairs, persistence

__all__ = ["AlphaComplex", "Pairs", "alpha_complex", "persistence"]
