"""Additive mixtures of hard spheres or discs: they may not overlap, and that is all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.models.composition import Composition, split
from tdaglass.glass.models.pair_model import additive

# In units of the largest diameter: contact, and a margin for lists of neighbours.
REACH = 1.1


@dataclass(frozen=True)
class HardSpheres(Composition):
    r"""Hard spheres (discs in two dimensions) of some diameters, in contact at :math:`(\sigma_i + \sigma_j) / 2`.

    They have no forces: who asks for energies, forces, or pressures by way of them, is told so in one sentence.
    They move by collisions (`glass.hard_spheres`), and their temperature sets nothing but the unit of time.

    Attributes
    ----------
    name, dimension, counts, number_density, masses, units
        See `glass.contract.Model`.
    sizes : tuple of float
        Diameter of each species, length.

    Raises
    ------
    ValueError
        For diameters that are not positive or do not fit, or a packing fraction of one or more.
    """

    sizes: tuple[float, ...]
    units: str = "hard spheres"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "sizes", tuple(float(size) for size in self.sizes))
        if len(self.sizes) != self.n_species or not all(0 < size < np.inf for size in self.sizes):
            raise ValueError(
                f"expected {self.n_species} positive diameters, one for each species, got {self.sizes}; "
                "try one number for each entry of counts"
            )
        if not self.packing_fraction < 1:
            raise ValueError(
                f"expected a packing fraction below 1, got {self.packing_fraction:.4g}; try 0.5, or a lower "
                "number density"
            )

    @property
    def packing_fraction(self) -> float:
        """Share of the volume (area) that the spheres (discs) fill."""
        return self.number_density * _volume(self.counts, self.sizes, self.dimension) / self.n_particles

    @property
    def reach(self) -> float:
        """The largest diameter, and a tenth more for lists of neighbours."""
        return REACH * max(self.sizes)

    @property
    def diameters(self) -> Float[np.ndarray, " particles"]:
        """Diameter of every particle, in the order of `species`."""
        return np.asarray(self.sizes)[self.species]

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Diameter of every particle: the species tells it."""
        return jnp.asarray(self.sizes, configuration.positions.dtype)[configuration.species]

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "species species"]]:
        """The species, and where they are in contact."""
        return species, np.asarray(additive(self.sizes))

    def particle_energies(self, configuration: Configuration) -> Float[Array, " particles"]:
        """Refused, as are the sums over tables."""
        self._refuse()

    def forces_from_table(self, *system: Any, **named: Any) -> Float[Array, "dim particles"]:
        """Refused."""
        self._refuse()

    def energy_and_virial_from_table(
        self, *system: Any, **named: Any
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Refused."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ValueError(
            f"expected a liquid with forces, got the hard spheres {self.name}, which move by collisions; try "
            "glass.hard_spheres.run or .equilibrium, or dynamics.isoconfigurational"
        )


def hard_sphere_mixture(
    counts: Sequence[int],
    diameters: Sequence[float],
    packing_fraction: float,
    *,
    dimension: int = 3,
    masses: Sequence[float] | None = None,
    name: str = "hard_sphere_mixture",
) -> HardSpheres:
    """Hard spheres or discs of any diameters at a packing fraction.

    Parameters
    ----------
    counts : of int
        Particles of each species.
    diameters : of float
        Of each species, length.
    packing_fraction : float
        Share of the volume (area) that they fill.
    dimension : int
        2 for discs.
    masses : of float, optional
        Of each species; all 1 without.
    name : str

    Raises
    ------
    ValueError
        If numbers of species differ, or something is not positive.

    Examples
    --------
    >>> discs = hard_sphere_mixture([32, 32], [1.0, 1.4], 0.7, dimension=2)
    >>> round(discs.packing_fraction, 12), discs.n_particles
    (0.7, 64)
    """
    if len(counts) != len(diameters):
        raise ValueError(
            f"expected a diameter for each species, got {len(diameters)} for counts {tuple(counts)}; try one "
            "number for each entry of counts"
        )
    sizes = tuple(float(diameter) for diameter in diameters)
    filled = _volume(tuple(counts), sizes, dimension)
    packing_fraction = arguments.positive(packing_fraction, "packing fraction", "0.5")
    return HardSpheres(
        name=name,
        dimension=dimension,
        counts=tuple(counts),
        # What is not positive is refused for what it is.
        number_density=packing_fraction * sum(counts) / filled if filled > 0 else 1.0,
        masses=(1.0,) * len(counts) if masses is None else tuple(masses),
        sizes=sizes,
    )


def binary_hard_spheres(
    n: int,
    packing_fraction: float,
    fraction_large: float = 0.3,
    size_ratio: float = 0.85,
    *,
    dimension: int = 3,
) -> HardSpheres:
    """Binary hard spheres, by default 30:70 of diameters 1 and 0.85: a glass former that does not crystallise.

    A are the large ones. Units are the diameter and mass of A, and k T.

    Parameters
    ----------
    n : int
        Particles.
    packing_fraction : float
        Relaxation slows down by four decades from 0.50 to 0.58.
    fraction_large : float
    size_ratio : float
        Small to large diameter.
    dimension : int
        2 for discs.

    References
    ----------
    S. Marin-Aguilar, H. H. Wensink, G. Foffi, F. Smallenburg, Phys. Rev. Lett. 124, 208005 (2020); G. Foffi et
    al., Phys. Rev. Lett. 91, 085701 (2003).

    Examples
    --------
    >>> model = binary_hard_spheres(1000, 0.57)
    >>> model.counts, round(model.packing_fraction, 12), round(model.edge, 4)
    ((300, 700), 0.57, 8.7524)
    """
    return hard_sphere_mixture(
        split(n, fraction_large),
        (1.0, arguments.positive(size_ratio, "size ratio", "0.85")),
        packing_fraction,
        dimension=dimension,
        name="binary_hard_spheres" if dimension == 3 else "binary_hard_discs",
    )


def _volume(counts: tuple[int, ...], sizes: tuple[float, ...], dimension: int) -> float:
    """Of all spheres (discs) together."""
    unit = np.pi / 6 if dimension == 3 else np.pi / 4
    return float(unit * np.sum(np.asarray(counts) * np.asarray(sizes) ** dimension))
