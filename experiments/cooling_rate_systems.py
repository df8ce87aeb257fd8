"""The glasses that `cooling_rate.py` cools, and all in which they differ for it.

The study's lengths are angstroms: of a model with a unit of its own, `angstrom` says how long that is. Its images
are then those of the paper, window by window.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tdaglass import glass, topology
from tdaglass.glass import units


class Picture(NamedTuple):
    """A persistence image: of which atoms, of which holes, and where."""

    species: int
    dimension: int  # of the holes: 1 for loops, 2 for voids
    grid: topology.Grid  # of radii, angstrom
    sigma: float  # angstrom
    published: dict[
        str, tuple[float, float]
    ]  # birth and death at which slow and fast glasses have more, angstrom


class System(NamedTuple):
    """A substance of two species, the first of which is the metal."""

    model: Callable[
        ..., Any
    ]  # of so many particles; of embedded atoms, of the file of their potential and these
    embedded: bool  # whether atoms are
    species: tuple[str, str]
    angstrom: float  # in one unit of the model's length
    temperature: float  # energy of the model in one unit of temperature
    rate: float  # energy over time of the model in one unit of the cooling rate
    pressure: float | None  # at which it is cooled, in the model's units; None: at constant volume
    scattering: tuple[float, float]  # coherent neutron scattering lengths of the species, fm
    rate_unit: str  # TeX
    energy_unit: str  # TeX
    length_unit: str  # TeX
    pictures: dict[str, Picture]


# Nickel's distance in Ni80P20, which the model was made for, is that of palladium and palladium in Pd80Si20 here:
# the published windows are then where the diagrams are.
SIGMA = 2.57


def pictures(metal: str, metalloid: str, **seen: tuple[float, float]) -> dict[str, Picture]:
    """The published images, and loops of the metal, which tell rates apart best in a small glass."""
    return {
        f"{metal} voids": Picture(
            0, 2, topology.Grid((1.2, 2.6), (1.4, 2.8), (140, 140)), 0.02,
            {
                "published, slow": (1.79, 2.43), "published, fast": (1.89, 2.44),
                **{f"earlier glasses, {kind}": place for kind, place in seen.items()},
            },
        ),
        f"{metal} loops": Picture(0, 1, topology.Grid((1.2, 2.6), (1.2, 2.6), (140, 140)), 0.02, {}),
        f"{metalloid} loops": Picture(1, 1, topology.Grid((1.8, 4.0), (2.1, 4.3), (110, 110)), 0.04, {}),
    }  # fmt: skip


def embedded(
    model: Callable[[Path, int], Any], metal: str, metalloid: str, scattering: tuple[float, float]
) -> System:
    """A metallic glass of embedded atoms, cooled without pressure; temperatures are kelvins, times picoseconds."""
    return System(
        model=model,
        embedded=True,
        species=(metal, metalloid),
        angstrom=1.0,
        temperature=units.KELVIN,
        rate=units.KELVIN * 1e-12,
        pressure=0.0,
        scattering=scattering,
        rate_unit=r"(\mathrm{K/s})",
        energy_unit=r"\mathrm{eV}",
        length_unit=r"\mathrm{\AA}",
        pictures=pictures(metal, metalloid),
    )


SYSTEMS: dict[str, System] = {
    "kob_andersen_3d": System(
        model=glass.kob_andersen_3d,
        embedded=False,
        species=("A", "B"),
        angstrom=SIGMA,
        temperature=1.0,
        rate=1.0,
        pressure=None,
        scattering=(10.3, 5.13),
        rate_unit=r"(\epsilon / k_\mathrm{B} \tau)",
        energy_unit=r"\epsilon",
        length_unit=r"\sigma_\mathrm{AA}",
        pictures=pictures("A", "B", slow=(1.74, 2.34), fast=(1.92, 2.24)),
    ),
    # Neutron scattering lengths: Sears, Neutron News 3, 26 (1992).
    "palladium_silicon": embedded(glass.palladium_silicon, "Pd", "Si", (5.91, 4.1491)),
    "iron_phosphorus": embedded(glass.iron_phosphorus, "Fe", "P", (9.45, 5.13)),
}
