"""How a glass moves: time correlations of trajectories, isoconfigurational ensembles and relaxation times.

`time_correlations` goes once over a trajectory, made here or read with `io`, and averages over its time origins
what it is asked: `MeanSquaredDisplacement`, `SelfScattering`, `Chi4` and the like. `isoconfigurational` runs
many replicas of one configuration and averages their motion; `propensity_of_runs` does the last step of it for
runs made elsewhere, `correlation_with_propensity` says how well a score of the structure foretells it,
`propensity_reliability` how well any could, and `correlation_with_clusters` which clusters go with either.
`fit_stretched_exponential`, `relaxation_time` and `diffusion` turn the curves into times, `correlation_length` a
four-point structure factor into a length.
"""

from tdaglass.dynamics.cage import CageRelative
from tdaglass.dynamics.displacements import MeanSquaredDisplacement, NonGaussian
from tdaglass.dynamics.four_point import FourPointStructure, OrnsteinZernike, correlation_length
from tdaglass.dynamics.frames import unwrap
from tdaglass.dynamics.isoconfigurational import Isoconfigurational, isoconfigurational
from tdaglass.dynamics.lags import logarithmic_lags
from tdaglass.dynamics.mover import Mover, ObservingMover
from tdaglass.dynamics.overlap import Chi4, Overlap
from tdaglass.dynamics.propensity import propensity_of_runs
from tdaglass.dynamics.relaxation import (
    Diffusion,
    StretchedExponential,
    diffusion,
    diffusion_time,
    fit_stretched_exponential,
    relaxation_time,
)
from tdaglass.dynamics.reliability import Reliability, propensity_ceiling, propensity_reliability
from tdaglass.dynamics.scattering import Scattering, SelfScattering
from tdaglass.dynamics.score_correlation import correlation_with_clusters, correlation_with_propensity
from tdaglass.dynamics.time_correlation import TimeCorrelation, TimeCorrelationFunction
from tdaglass.dynamics.trajectory import time_correlations, time_correlations_of_runs
from tdaglass.dynamics.van_hove import VanHoveDistinct, VanHoveSelf

__all__ = [
    "CageRelative",
    "Chi4",
    "Diffusion",
    "FourPointStructure",
    "Isoconfigurational",
    "MeanSquaredDisplacement",
    "Mover",
    "NonGaussian",
    "ObservingMover",
    "OrnsteinZernike",
    "Overlap",
    "Reliability",
    "Scattering",
    "SelfScattering",
    "StretchedExponential",
    "TimeCorrelation",
    "TimeCorrelationFunction",
    "VanHoveDistinct",
    "VanHoveSelf",
    "correlation_length",
    "correlation_with_clusters",
    "correlation_with_propensity",
    "diffusion",
    "diffusion_time",
    "fit_stretched_exponential",
    "isoconfigurational",
    "logarithmic_lags",
    "propensity_ceiling",
    "propensity_of_runs",
    "propensity_reliability",
    "relaxation_time",
    "time_correlations",
    "time_correlations_of_runs",
    "unwrap",
]
