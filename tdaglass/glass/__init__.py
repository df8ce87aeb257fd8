"""The liquids and how they move: models, potentials, states, simulation.

`kob_andersen_3d`, `wahnstrom`, `polydisperse_soft_spheres`, ... name a model, and `PairModel` with a
`PairPotential` makes one of your own; `embedded_atom` reads a metal from a file, in metal units (`units`).
`initialize` puts it on a lattice with Maxwell velocities; `run`, `cool` and `trajectory` move it; `quench` makes
glasses; `minimize` finds its inherent structure; `potential_energy`, `forces` and `pressure` are differentiable
functions of a configuration. `binary_hard_spheres` and `hard_sphere_mixture` have no forces, and are moved by
`hard_spheres`.
"""

from tdaglass.configuration import Configuration
from tdaglass.glass import hard_spheres, units
from tdaglass.glass.contract import Model
from tdaglass.glass.energy import forces, particle_energies, potential_energy, pressure
from tdaglass.glass.equilibrate import settle_overlaps
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.hard_spheres import HardSphereDynamics, Spheres
from tdaglass.glass.initialize import initialize
from tdaglass.glass.models import (
    EmbeddedAtomModel,
    HardSpheres,
    PairModel,
    PolydisperseModel,
    additive_mixture_2d,
    binary_hard_spheres,
    embedded_atom,
    hard_sphere_mixture,
    iron_phosphorus,
    kob_andersen_2d,
    kob_andersen_3d,
    palladium_silicon,
    polydisperse_soft_spheres,
    ternary_soft_spheres,
    wahnstrom,
)
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.engines import choose_engine, describe_engine
from tdaglass.glass.molecular_dynamics.minimize import Minimization, minimize
from tdaglass.glass.molecular_dynamics.state import (
    Chain,
    State,
    maxwell_velocities,
    random_lattice,
)
from tdaglass.glass.molecular_dynamics.thermo import Thermo
from tdaglass.glass.movers import choose_mover
from tdaglass.glass.potentials import EmbeddedAtom, InversePower, LennardJones, PairPotential
from tdaglass.glass.quench import quench
from tdaglass.glass.resumable import cool_in_parts, run_in_parts
from tdaglass.glass.simulate import Trajectory, cool, measure, run, trajectory

__all__ = [
    "Chain",
    "Configuration",
    "EmbeddedAtom",
    "EmbeddedAtomModel",
    "Ensemble",
    "HardSphereDynamics",
    "HardSpheres",
    "InversePower",
    "LennardJones",
    "Minimization",
    "Model",
    "PairModel",
    "PairPotential",
    "PolydisperseModel",
    "SimulationError",
    "Spheres",
    "State",
    "Thermo",
    "Trajectory",
    "additive_mixture_2d",
    "binary_hard_spheres",
    "choose_engine",
    "choose_mover",
    "cool",
    "cool_in_parts",
    "describe_engine",
    "embedded_atom",
    "forces",
    "hard_sphere_mixture",
    "hard_spheres",
    "initialize",
    "iron_phosphorus",
    "kob_andersen_2d",
    "kob_andersen_3d",
    "maxwell_velocities",
    "measure",
    "minimize",
    "palladium_silicon",
    "particle_energies",
    "polydisperse_soft_spheres",
    "potential_energy",
    "pressure",
    "quench",
    "random_lattice",
    "run",
    "run_in_parts",
    "settle_overlaps",
    "ternary_soft_spheres",
    "trajectory",
    "units",
    "wahnstrom",
]
