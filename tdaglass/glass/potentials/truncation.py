"""How a pair potential ends at its cut-off, whatever its form."""

from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from tdaglass.glass.potentials.pair_potential import Numbers, PairPotential

Truncation = Literal["shift", "force_shift", "smooth"]


class PairTable(NamedTuple):
    """All that is known of pairs; arrays (species, species), or of whatever pairs it was gathered for.

    Attributes
    ----------
    coefficients : NamedTuple of arrays
        See `PairPotential.coefficients`.
    cutoff_sq : length**2
    energy, force, curvature : of the form itself, at the cut-off
        u, -u' and the second derivative of u in the squared distance; zero where the truncation leaves them.
    """

    coefficients: Any
    cutoff_sq: Numbers
    energy: Numbers
    force: Numbers
    curvature: Numbers


def check_truncation(truncation: Truncation) -> None:
    """Raise ValueError, with a remedy, for a truncation that does not exist."""
    if truncation not in get_args(Truncation):
        raise ValueError(
            f"expected truncation 'shift', 'force_shift' or 'smooth', got {truncation!r}; try 'shift'"
        )


def pair_table(
    potential: PairPotential,
    sigma: Numbers,
    epsilon: Numbers,
    cutoff: Numbers,
    truncation: Truncation,
) -> PairTable:
    """What is known of pairs with these lengths, energies and cut-offs, in their precision."""
    coefficients = potential.coefficients(sigma, epsilon)
    cutoff_sq = cutoff * cutoff
    energy, force = potential.at_cutoff(cutoff, coefficients)
    zero = cutoff_sq * 0
    curvature = potential.curvature(cutoff_sq, coefficients) if truncation == "smooth" else zero
    return PairTable(coefficients, cutoff_sq, energy, force if truncation != "shift" else zero, curvature)


def as_type(table: PairTable, dtype: DTypeLike) -> PairTable:
    """The same table in another precision."""
    return jax.tree.map(lambda x: jnp.asarray(x, dtype), table)


def pair_energy(potential: PairPotential, truncation: Truncation, r_sq: Numbers, table: PairTable) -> Numbers:
    r"""Energy of pairs at squared distances; zero from the cut-off on.

    With :math:`r_c` the cut-off, ``shift`` subtracts :math:`u(r_c)`, ``force_shift`` also :math:`(r - r_c)
    u'(r_c)`, so that the force is continuous, and ``smooth`` the Taylor polynomial of second degree in
    :math:`r^2`, so that its derivative is, too: the :math:`c_0 + c_2 r^2 + c_4 r^4` of Ninarello, Berthier and
    Coslovich, Phys. Rev. X 7, 021039 (2017), eq. (1).
    """
    inside = r_sq < table.cutoff_sq
    r_sq = jnp.where(inside, r_sq, table.cutoff_sq)
    energy = potential.energy(r_sq, table.coefficients) - table.energy
    if truncation != "smooth":  # of ``shift`` the force is zero
        energy = energy + table.force * (jnp.sqrt(r_sq) - jnp.sqrt(table.cutoff_sq))
    if truncation == "smooth":
        beyond = r_sq - table.cutoff_sq
        slope = table.force / jnp.sqrt(table.cutoff_sq) / 2
        energy = energy + (slope - table.curvature / 2 * beyond) * beyond
    return jnp.where(inside, energy, 0)


def pair_force(potential: PairPotential, truncation: Truncation, r_sq: Numbers, table: PairTable) -> Numbers:
    """Minus u'(r) / r of pairs at squared distances, of the energy as it is cut off."""
    force = potential.force(r_sq, table.coefficients)
    if truncation == "force_shift":
        force = force - table.force * jnp.sqrt(1 / r_sq)
    if truncation == "smooth":
        slope = table.force / jnp.sqrt(table.cutoff_sq) / 2
        force = force - 2 * (slope - table.curvature * (r_sq - table.cutoff_sq))
    return jnp.where(r_sq < table.cutoff_sq, force, 0)
