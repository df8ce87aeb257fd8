"""The spheres with which holes open and end, in double precision on the host."""

from typing import Any, NamedTuple

import numpy as np

from tdaglass.kernels.topology import Simplices, Sites
from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.persistence import Pairs
from tdaglass.topology.reference import vertex_positions, vertex_weights

Array = np.ndarray
# Of squared radii, relative to them.
ROUNDING = 1e-13


class Spheres(NamedTuple):
    """Simplices of one dimension k and the smallest spheres through their vertices.

    Attributes
    ----------
    point : (spheres, k + 1) int32
    shift : (spheres, k + 1, dim) int32
        By how many boxes each vertex stands away from where it was given.
    value : (spheres,)
        Squared radii, or powers.
    barycentric : (spheres, k + 1)
        Coordinates of the centres.
    away : (spheres, k + 1, dim)
        The vertices as seen from the centres.
    """

    point: Any
    shift: Any
    value: Any
    barycentric: Any
    away: Any


def critical_spheres(complex_: AlphaComplex, given: Sites, pairs: Pairs) -> tuple[Spheres, Spheres]:
    """Of births and of deaths, for the pairs that persist.

    Parameters
    ----------
    complex_ : AlphaComplex
    given : Sites
        What it was made of, neither moved into the box nor perturbed: values are those of these points.
    pairs : Pairs

    Returns
    -------
    tuple of Spheres
        In the order of births.
    """
    last = np.flatnonzero(pairs.death > pairs.birth)
    both, off = [], np.zeros(len(last))
    for k, chosen, value in (
        (pairs.dimension, pairs.birth_simplex, pairs.birth),
        (pairs.dimension + 1, pairs.death_simplex, pairs.death),
    ):
        simplices = Simplices(*(x[chosen[last]] for x in complex_.simplices[k]))
        both.append(_spheres(complex_, given, simplices))
        off += np.abs(both[-1].value - value[last])
    # Where many points lie on one sphere, rounding (or perturbation) lets pairs persist for as little as it moves
    # values. Their simplices may have appeared because of others, and their own spheres be much smaller.
    off += ROUNDING * np.maximum(np.abs(pairs.birth[last]), np.abs(pairs.death[last]))
    real = off < pairs.death[last] - pairs.birth[last]
    opens, ends = (Spheres(*(x[real] for x in spheres)) for spheres in both)
    return opens, ends


def _spheres(complex_: AlphaComplex, given: Sites, simplices: Simplices) -> Spheres:
    x, weight = vertex_positions(complex_.sites, simplices), vertex_weights(given, simplices.point)
    edge = x[:, 1:] - x[:, :1]
    half = (np.sum(edge**2, axis=2) + weight[:, :1] - weight[:, 1:]) / 2
    dual = _dual(edge)
    center = np.einsum("se,sed->sd", half, dual)
    along = np.einsum("sed,sd->se", dual, center)
    barycentric = np.concatenate([1 - along.sum(axis=1, keepdims=True), along], axis=1)
    shift = simplices.shift - complex_.wrapped[simplices.point]
    x = vertex_positions(given, Simplices(simplices.point, shift))
    # Centres and their coordinates may be those of perturbed points: values are stationary in both.
    away = x - x[:, :1] - center[:, None]
    value = np.sum(barycentric * (np.sum(away**2, axis=2) - weight), axis=1)
    return Spheres(simplices.point, shift, value, barycentric, away)


def _dual(edge: Array) -> Array:
    """Vectors in the span of some edges e with products d_i . e_j of 1 for i = j, and 0 for others.

    By cross products: equations of the products of edges are twice as ill-conditioned as those of edges.
    """
    k, dim = edge.shape[1:]
    if k == 0:
        return edge
    if k == 1:
        return edge / np.sum(edge**2, axis=2, keepdims=True)
    if dim == 2:
        turned = np.stack([edge[..., 1], -edge[..., 0]], axis=2)
        area = np.sum(edge[:, 0] * turned[:, 1], axis=1)
        return np.stack([turned[:, 1], -turned[:, 0]], axis=1) / area[:, None, None]
    normal = np.cross(edge[:, 0], edge[:, 1])
    third = edge[:, 2] if k == 3 else normal
    dual = np.stack([np.cross(edge[:, 1], third), np.cross(third, edge[:, 0]), normal], axis=1)
    return dual[:, :k] / np.sum(normal * third, axis=1)[:, None, None]
