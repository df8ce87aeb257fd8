"""The nouns of topology: points, simplices, complexes and pairs, as records of numpy arrays.

A simplex of k + 1 vertices is a row of k + 1 point numbers, ascending, and a row of lattice shifts: by how many
boxes each vertex is away from the first one along every axis.
"""

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray


class Sites(NamedTuple):
    """Points that a complex stands on.

    Attributes
    ----------
    position : (points, dim) float64
    weight : (points,) float64, or None
        Squared radii of the balls that grow from the points; none of them for all of one size.
    box : (dim,) or (dim, dim) float64, or None
        Edges of the periodic cell, infinite along an open axis, or its lattice vectors as rows; None for open
        space.
    """

    position: Array
    weight: Array | None
    box: Array | None


class Images(NamedTuple):
    """Points and what the periodic box repeats of them.

    Attributes
    ----------
    position : (images, dim) float64
    point : (images,) int32
        Which point each is of.
    shift : (images, dim) int32
        By how many boxes it is away from it.
    """

    position: Array
    point: Array
    shift: Array


class Simplices(NamedTuple):
    """Simplices of one dimension.

    Attributes
    ----------
    point : (simplices, vertices) int32
    shift : (simplices, vertices, dim) int8
    """

    point: Array
    shift: Array


class Spheres(NamedTuple):
    """Simplices of one dimension k and the smallest spheres through their vertices.

    Attributes
    ----------
    point : (spheres, k + 1) int32
    shift : (spheres, k + 1, dim) int32
        By how many boxes each vertex stands away from where it was given.
    value : (spheres,)
        Squared radii, or powers.
    gradient : (spheres, k + 1, dim)
        Their derivatives in the positions of the vertices.
    barycentric : (spheres, k + 1), or None
        Coordinates of the centres: minus the derivatives of powers in the weights of the vertices.
    """

    point: Any
    shift: Any
    value: Any
    gradient: Any
    barycentric: Any


class Complex(NamedTuple):
    """Simplices of all dimensions, when they appear, and how they hang together; entry k is of dimension k.

    Attributes
    ----------
    simplices : tuple of Simplices
    faces : tuple of (simplices, k + 1) int32
        Face f of a simplex, among those of dimension k - 1, lacks its vertex f; for vertices, nothing.
    values : tuple of (simplices,) float64
        Squared radii, or powers; infinite for points that others hide.
    """

    simplices: tuple[Simplices, ...]
    faces: tuple[Array, ...]
    values: tuple[Array, ...]


class Pairs(NamedTuple):
    """Persistent homology of one dimension k, with coefficients 0 and 1.

    Attributes
    ----------
    dimension : int
        k: 0 for components, 1 for loops, 2 for voids.
    birth_simplex, death_simplex : (pairs,) int32
        Among the simplices of dimension k and k + 1 of the complex; in the order of births.
    birth, death : (pairs,) float64
        Squared radii; pairs that persist by nothing (births that are deaths) are kept.
    essential : (classes,) int32
        Simplices of dimension k that open what never ends: one component, and in a periodic box a loop along every
        axis, a sheet across every two of them, and the whole; fewer where an axis is open.
    """

    dimension: int
    birth_simplex: Array
    death_simplex: Array
    birth: Array
    death: Array
    essential: Array
