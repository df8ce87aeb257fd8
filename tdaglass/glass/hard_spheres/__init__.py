"""Hard spheres and discs, moved from collision to collision.

`grow` packs them to their density, `initialize` gives them velocities, `run` and `run_in_parts` move them,
`equilibrium` holds the pressure of their collisions against the `equation_of_state`, `collisions` says who meets
whom. `dynamics.isoconfigurational` moves replicas of them as `HardSphereDynamics`.
"""

from tdaglass.glass.hard_spheres.engines import choose_engine, describe_engine
from tdaglass.glass.hard_spheres.equation_of_state import bmcsl, equation_of_state
from tdaglass.glass.hard_spheres.equilibrium import Equilibrium, compressibility, equilibrium
from tdaglass.glass.hard_spheres.growth import grow, growth_rate, initialize
from tdaglass.glass.hard_spheres.motion import Collisions, collisions, run, run_in_parts
from tdaglass.glass.hard_spheres.mover import HardSphereDynamics, ObservingHardSphereDynamics
from tdaglass.glass.hard_spheres.state import TICK, Spheres, smallest_gap

__all__ = [
    "TICK",
    "Collisions",
    "Equilibrium",
    "HardSphereDynamics",
    "ObservingHardSphereDynamics",
    "Spheres",
    "bmcsl",
    "choose_engine",
    "collisions",
    "compressibility",
    "describe_engine",
    "equation_of_state",
    "equilibrium",
    "grow",
    "growth_rate",
    "initialize",
    "run",
    "run_in_parts",
    "smallest_gap",
]
