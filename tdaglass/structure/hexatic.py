"""Hexatic order: the bond-orientational order parameter of two dimensions, with its phase."""

import jax.numpy as jnp
from jaxtyping import Array, Complex

from tdaglass.arguments import whole
from tdaglass.structure.neighbor_search import Neighbors, one_table


def hexatic_order(neighbors: Neighbors, k: int = 6) -> Complex[Array, " particles"]:
    r"""Bond-orientational order of every particle in two dimensions, :math:`\psi_6` and the like.

    .. math:: \psi_k(i) = \frac{1}{N_i} \sum_{j \in N(i)} e^{i k \theta_{ij}}

    with :math:`\theta_{ij}` the angle of the bond to the x axis (Halperin and Nelson, Phys. Rev. Lett. 41, 121,
    1978). Its absolute value is `bond_order` of degree k without average; its phase, over k, is the orientation
    of the neighbourhood, whose correlations in space tell the hexatic phase from the liquid.

    Parameters
    ----------
    neighbors : Neighbors
        Of a two-dimensional system, such as from `cutoff_neighbors`, or `voronoi` as most authors have it.
    k : static
        The symmetry looked for.

    Returns
    -------
    (particles,) complex, dimensionless
        NaN for a particle without neighbours, or with one at its own position. Differentiable in positions and
        box.

    Raises
    ------
    ValueError
        For neighbours in three dimensions, or of a batch, and for k that is not a whole number from 1.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> square = jnp.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> found = cutoff_neighbors(square, jnp.array([2.0, 2.0]), 1.1)
    >>> hexatic_order(found, k=4).real.round(5).tolist(), abs(hexatic_order(found, k=6)).round(5).tolist()
    ([1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0])
    """
    table, k = one_table(neighbors), whole(k, "k", least=1)
    if table.displacement.shape[-1] != 2:
        raise ValueError(
            f"expected neighbours in two dimensions, got {table.displacement.shape[-1]}; try bond_order for three"
        )
    distance_sq = jnp.sum(table.displacement**2, -1)
    known = table.mask & (distance_sq > 0)
    # Padding has a direction, too, with finite slopes.
    away = jnp.where(known[..., None], table.displacement, jnp.array([1, 0], table.displacement.dtype))
    angle = k * jnp.arctan2(away[..., 1], away[..., 0])
    total = jnp.sum(jnp.where(known, jnp.exp(1j * angle), 0), -1)
    number = jnp.sum(table.mask, -1)
    defined = (number > 0) & jnp.all(known | ~table.mask, -1)
    return jnp.where(defined, total / jnp.maximum(number, 1), jnp.nan)
