"""Forces and stress of an energy that is learned: its slopes in the displacements between neighbours."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class Response(NamedTuple):
    """An energy and how it answers to moves of the particles and to strain.

    Attributes
    ----------
    energy : scalar, energy units
    forces : (particles, dim), energy units / length
    virial : (dim, dim), energy units
        Slope of the energy in the strain; the stress is this over the volume, and the pressure minus a third of
        its trace over the volume.
    """

    energy: Float[Array, ""]
    forces: Float[Array, "particles dim"]
    virial: Float[Array, "dim dim"]


def response(
    energy_fn: Callable[[Float[Array, "particles k dim"]], Float[Array, ""]], neighbors: Any
) -> Response:
    r"""Energy, forces and virial of one system from the displacements to its neighbours.

    .. math::
        F_i = \sum_j \frac{\partial E}{\partial r_{ij}} - \sum_j \frac{\partial E}{\partial r_{ji}}, \qquad
        W = \sum_{ij} r_{ij} \otimes \frac{\partial E}{\partial r_{ij}}, \qquad \sigma = W / V

    with :math:`r_{ij}` from i to j. In a periodic cell neighbours are images, of which the displacements know:
    forces and stress are right there, too, and no position has to be wrapped.

    Parameters
    ----------
    energy_fn : callable, displacements (particles, k, dim) -> scalar
        Such as a network of the distances, or of a descriptor: ``lambda d: network(soap(neighbors._replace(
        displacement=d), basis))``.
    neighbors : record with idx (particles, k), displacement (particles, k, dim) and mask (particles, k)
        Such as `structure.Neighbors`.

    Returns
    -------
    Response

    Examples
    --------
    A spring of length 1, stretched to 1.5:

    >>> from tdaglass.structure import cutoff_neighbors
    >>> pair = cutoff_neighbors(jnp.array([[0.0, 0.0], [1.5, 0.0]]), None, 2.0)
    >>> def spring(displacement):
    ...     length = jnp.where(pair.mask, (displacement**2).sum(-1), 1.0) ** 0.5
    ...     return ((length - 1) ** 2 / 4).sum()
    >>> stretched = response(spring, pair)
    >>> stretched.forces[:, 0].tolist(), float(stretched.virial[0, 0])
    ([0.5, -0.5], 0.75)
    """
    energy, slope = jax.value_and_grad(energy_fn)(neighbors.displacement)
    slope = jnp.where(neighbors.mask[..., None], slope, 0)
    forces = slope.sum(1).at[neighbors.idx].add(-slope)
    return Response(energy, forces, jnp.einsum("nka,nkb->ab", neighbors.displacement, slope))
