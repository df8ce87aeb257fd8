"""The compressibility factor of liquids of hard spheres and discs, by published equations of state."""

import numpy as np

from tdaglass.glass.models.hard_spheres import HardSpheres


def equation_of_state(model: HardSpheres) -> float:
    r"""Compressibility factor :math:`Z = P V / N k T` of the liquid in equilibrium.

    In three dimensions Kolafa's equation of one component,

    .. math:: Z_1 = \frac{1 + p + p^2 - \frac23 p^3 (1 + p)}{(1 - p)^3},

    in two Luding's; carried over to mixtures as Santos, Yuste and Lopez de Haro do. To 0.2 % up to a packing
    fraction of 0.55, and to 1.5 % up to 0.58.

    Examples
    --------
    >>> from tdaglass import glass
    >>> round(equation_of_state(glass.binary_hard_spheres(1000, 0.5)), 3)
    12.844

    References
    ----------
    J. Kolafa, quoted by T. Boublik, I. Nezbeda, Coll. Czech. Chem. Commun. 51, 2301 (1986); S. Luding, Phys. Rev.
    E 63, 042201 (2001); A. Santos, S. B. Yuste, M. Lopez de Haro, Mol. Phys. 96, 1 (1999).
    """
    p = model.packing_fraction
    m1, m2, m3 = _moments(model)
    if model.dimension == 2:
        contact = (1 - 7 * p / 16) / (1 - p) ** 2 - p**3 / (128 * (1 - p) ** 4)
        share = m1**2 / m2
        return float(share * (1 + 2 * p * contact) + (1 - share) / (1 - p))
    one = (1 + p + p**2 - 2 / 3 * p**3 * (1 + p)) / (1 - p) ** 3
    mixed = (one - 1) * m2 / (2 * m3**2) * (m2**2 + m1 * m3)
    return float(1 + mixed + p / (1 - p) * (1 - m2 / m3**2 * (2 * m2**2 - m1 * m3)))


def bmcsl(model: HardSpheres) -> float:
    r"""The same by Boublik, Mansoori, Carnahan, Starling and Leland, for spheres only.

    .. math:: Z = \frac{1}{1-p} + \frac{3p}{(1-p)^2} \frac{m_1 m_2}{m_3}
              + \frac{p^2 (3-p)}{(1-p)^3} \frac{m_2^3}{m_3^2}

    with the moments :math:`m_k` of the diameters.

    Examples
    --------
    >>> from tdaglass import glass
    >>> round(bmcsl(glass.binary_hard_spheres(1000, 0.5)), 3)
    12.838
    """
    if model.dimension != 3:
        raise ValueError(f"expected spheres, got {model.name} in two dimensions; try equation_of_state")
    p = model.packing_fraction
    m1, m2, m3 = _moments(model)
    return float(
        1 / (1 - p) + 3 * p / (1 - p) ** 2 * m1 * m2 / m3 + p**2 * (3 - p) / (1 - p) ** 3 * m2**3 / m3**2
    )


def _moments(model: HardSpheres) -> tuple[float, float, float]:
    """Of the diameters."""
    first, second, third = (float(np.mean(model.diameters**k)) for k in (1, 2, 3))
    return first, second, third
