"""The Coulomb matrix of a molecule, and its spectrum, which does not know how the atoms are numbered."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, floats, points


def coulomb_matrix(positions: Numbers, charges: Numbers) -> Float[Array, "particles particles"]:
    r"""Coulomb matrix of a system in open space.

    .. math:: M_{ii} = \tfrac 1 2 Z_i^{2.4}, \qquad M_{ij} = \frac{Z_i Z_j}{|r_i - r_j|}

    (Rupp, Tkatchenko, Müller and von Lilienfeld, Phys. Rev. Lett. 108, 058301, 2012, eq. 1).

    Parameters
    ----------
    positions : (particles, dim), length units
        In atomic units for energies in hartree; in angstrom, as dscribe takes them, numbers are of another scale.
    charges : (particles,) or a number
        Nuclear charges Z, such as 6 for carbon.

    Returns
    -------
    (particles, particles)
        Infinite for two particles at one place. Differentiable in positions.

    Raises
    ------
    ValueError
        For charges that do not fit the positions.

    Examples
    --------
    >>> coulomb_matrix([[0, 0, 0], [4, 0, 0]], [1, 1]).tolist()
    [[0.5, 0.25], [0.25, 0.5]]
    """
    x = points(positions)
    z = floats(charges, "charges", like=x)
    if z.shape not in ((), (len(x),)):
        raise ValueError(f"expected charges ({len(x)},), got shape {z.shape}; try a charge for each particle")
    z = jnp.broadcast_to(z, len(x))
    same = jnp.eye(len(x), dtype=bool)
    apart_sq = jnp.where(same, 1, jnp.sum((x[:, None] - x) ** 2, -1))
    return jnp.where(same, jnp.diag(0.5 * z**2.4), z[:, None] * z / jnp.sqrt(apart_sq))


def coulomb_spectrum(positions: Numbers, charges: Numbers) -> Float[Array, " particles"]:
    """Eigenvalues of the Coulomb matrix, the greatest in size first.

    Parameters
    ----------
    positions, charges
        As for `coulomb_matrix`.

    Returns
    -------
    (particles,)
        The same for any numbering of the atoms. Zeros behind it make systems of several sizes comparable.

    Examples
    --------
    >>> coulomb_spectrum([[0, 0, 0], [2, 0, 0]], 1).tolist()
    [1.0, 0.0]
    """
    values = jnp.linalg.eigvalsh(coulomb_matrix(positions, charges))
    return values[jnp.argsort(-jnp.abs(values))]
