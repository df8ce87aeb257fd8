"""How a glass moves: isoconfigurational ensembles, propensities and relaxation times.

`isoconfigurational` runs many replicas of one configuration and averages their motion; `propensity_of_runs` does
the last step of it for runs made elsewhere, and `correlation_with_propensity` says how well a score of the
structure foretells it. `fit_stretched_exponential`, `relaxation_time` and `diffusion` turn the curves into times.
"""

from tdaglass.dynamics.isoconfigurational import Isoconfigurational, isoconfigurational
from tdaglass.dynamics.mover import Mover, ObservingMover
from tdaglass.dynamics.propensity import propensity_of_runs
from tdaglass.dynamics.relaxation import (
    Diffusion,
    StretchedExponential,
    diffusion,
    diffusion_time,
    fit_stretched_exponential,
    relaxation_time,
)
from tdaglass.dynamics.score_correlation import correlation_with_propensity

__all__ = [
    "Diffusion",
    "Isoconfigurational",
    "Mover",
    "ObservingMover",
    "StretchedExponential",
    "correlation_with_propensity",
    "diffusion",
    "diffusion_time",
    "fit_stretched_exponential",
    "isoconfigurational",
    "propensity_of_runs",
    "relaxation_time",
]
