"""The liquids and how they move: models, potentials, states, simulation.

`kob_andersen_3d`, `wahnstrom`, ... name a model; `initialize` puts it on a lattice with Maxwell velocities;
`run`, `cool` and `trajectory` move it; `quench` makes glasses; `minimize` finds its inherent structure;
`potential_energy`, `forces` and `pressure` are differentiable functions of a configuration.
"""

from tdaglass.configuration import Configuration
from tdaglass.glass.baths import Ensemble
from tdaglass.glass.engines import choose_engine, describe_engine
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.minimize import Minimization, minimize
from tdaglass.glass.models import PairModel, additive_mixture_2d, kob_andersen_2d, kob_andersen_3d, wahnstrom
from tdaglass.glass.parts import cool_in_parts, run_in_parts
from tdaglass.glass.potentials import forces, particle_energies, potential_energy, pressure
from tdaglass.glass.quench import quench
from tdaglass.glass.simulate import Trajectory, cool, measure, run, trajectory
from tdaglass.glass.state import Chain, State, initialize, maxwell_velocities, random_lattice
from tdaglass.glass.thermo import Thermo

__all__ = [
    "Chain",
    "Configuration",
    "Ensemble",
    "Minimization",
    "PairModel",
    "SimulationError",
    "State",
    "Thermo",
    "Trajectory",
    "additive_mixture_2d",
    "choose_engine",
    "cool",
    "cool_in_parts",
    "describe_engine",
    "forces",
    "initialize",
    "kob_andersen_2d",
    "kob_andersen_3d",
    "maxwell_velocities",
    "measure",
    "minimize",
    "particle_energies",
    "potential_energy",
    "pressure",
    "quench",
    "random_lattice",
    "run",
    "run_in_parts",
    "trajectory",
    "wahnstrom",
]
