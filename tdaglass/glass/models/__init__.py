"""The liquids by name, in units of sigma_AA, epsilon_AA and m_A unless they say otherwise; and metals."""

from tdaglass.glass.models.additive_mixture import additive_mixture_2d
from tdaglass.glass.models.embedded_atom import EmbeddedAtomModel, embedded_atom
from tdaglass.glass.models.hard_spheres import HardSpheres, binary_hard_spheres, hard_sphere_mixture
from tdaglass.glass.models.kob_andersen import kob_andersen_2d, kob_andersen_3d
from tdaglass.glass.models.metallic_glasses import iron_phosphorus, palladium_silicon
from tdaglass.glass.models.pair_liquid import PairLiquid
from tdaglass.glass.models.pair_model import PairModel
from tdaglass.glass.models.polydisperse import PolydisperseModel
from tdaglass.glass.models.soft_spheres import polydisperse_soft_spheres, ternary_soft_spheres
from tdaglass.glass.models.wahnstrom import wahnstrom

__all__ = [
    "EmbeddedAtomModel",
    "HardSpheres",
    "PairLiquid",
    "PairModel",
    "PolydisperseModel",
    "additive_mixture_2d",
    "binary_hard_spheres",
    "embedded_atom",
    "hard_sphere_mixture",
    "iron_phosphorus",
    "kob_andersen_2d",
    "kob_andersen_3d",
    "palladium_silicon",
    "polydisperse_soft_spheres",
    "ternary_soft_spheres",
    "wahnstrom",
]
