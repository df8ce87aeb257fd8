"""Persistence diagrams inside `jit`, `vmap` and `grad`.

Which simplices make a pair is found on the host, in double precision, and so are births and deaths. They are
functions of the positions of a few points, the powers of circumspheres, and their derivatives are those of these
functions: a critical simplex of a pair that persists appears with its own sphere.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.space.cell import lattice_vectors
from tdaglass.topology.critical_spheres import NO_COMPLEX, NO_MEMORY, CriticalSpheres, critical_spheres
from tdaglass.topology.records import Spheres

# Pairs that persist, per point, with room to spare: dense liquids have up to 5.6 loops and 5.1 voids.
PAIRS_PER_POINT = {2: (1, 2), 3: (1, 7, 6)}

# Why there is no diagram, by its count.
REASONS = {
    NO_COMPLEX: "points that a complex can stand on, got others{}; try `topology.alpha_complex` of them, which "
    "says what is wrong",
    NO_MEMORY: "memory for a complex on every processor, got too little{}; try TDAGLASS_THREADS=1 or fewer points",
}


class CriticalSimplex(NamedTuple):
    """What opens or ends a hole.

    Attributes
    ----------
    point : (pairs, vertices) int32
        Its vertices; -1 where there is no pair.
    shift : (pairs, vertices, dim) int32
        By how many boxes each stands away from where it was given.
    """

    point: Int[Array, "*batch pairs vertices"]
    shift: Int[Array, "*batch pairs vertices dim"]


class Diagram(NamedTuple):
    """Births and deaths of holes of one dimension, in the order of births, with room for a fixed number.

    Attributes
    ----------
    birth, death : (pairs,)
        Squared radii, in squared length; zero where there is no pair.
    valid : (pairs,) bool
        Where there is one.
    birth_simplex, death_simplex : CriticalSimplex
        Of k + 1 and k + 2 vertices, for holes of dimension k.
    count : int
        How many pairs there are, even where there is no room for them; negative where there is no diagram, for
        points that no complex can stand on or for want of memory: see `check_diagram`.
    """

    birth: Float[Array, "*batch pairs"]
    death: Float[Array, "*batch pairs"]
    valid: Bool[Array, "*batch pairs"]
    birth_simplex: CriticalSimplex
    death_simplex: CriticalSimplex
    count: Int[Array, "*batch"]  # type: ignore[assignment]


def diagram(
    positions: Numbers,
    box: Numbers | None = None,
    *,
    dimension: int,
    weights: Numbers | None = None,
    subset: Numbers | None = None,
    capacity: int | None = None,
) -> Diagram:
    """Persistence diagram of the alpha complex of points, differentiable in positions, box and weights.

    Pairs that persist by rounding only are left out, and so are classes that never end. Derivatives in a matrix of
    lattice vectors give the stress of what is computed from a diagram. A batch is made by `jax.vmap`; its members
    are spread over the processors.

    Parameters
    ----------
    positions : (points, 2 or 3)
        In length units; need not lie in the box.
    box : number, (dim,) or (dim, dim), optional
        Edges of the periodic cell, or lattice vectors as rows; None for open space. An infinite edge is open space
        along that axis, as for films. Of a matrix only the lattice matters, not which vectors span it.
    dimension : int
        Of the holes: 0 for components, 1 for loops, 2 for voids.
    weights : (points,), optional
        Squared initial radii, in squared length.
    subset : (chosen,) int or (points,) bool, optional
        Particles to look at alone, such as those of one species, by their numbers or, outside jit, by a mask;
        simplices name them by their numbers among all.
    capacity : int, optional
        Most pairs to keep; by default enough for random points.

    Returns
    -------
    Diagram

    Raises
    ------
    ValueError
        If there are no holes of this dimension in this space; for arrays of other shapes, a subset that is none,
        and where values are known numbers that are not finite or a box that is none.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> square = jnp.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.2]])
    >>> longest = lambda x: jnp.max(diagram(x, dimension=1).death)
    >>> round(float(longest(square)), 3)
    2.02
    """
    (found,) = diagrams(
        positions, box, dimensions=(dimension,), weights=weights, subset=subset, capacity=capacity
    )
    return found


def diagrams(
    positions: Numbers,
    box: Numbers | None = None,
    *,
    dimensions: Sequence[int],
    weights: Numbers | None = None,
    subset: Numbers | None = None,
    capacity: int | None = None,
) -> tuple[Diagram, ...]:
    """Diagrams of several dimensions from one complex, for little more than one of them costs.

    Parameters
    ----------
    dimensions : sequence of int
        Of the holes.
    positions, box, weights, subset, capacity
        See `diagram`.

    Returns
    -------
    tuple of Diagram
        In the order of `dimensions`.

    Raises
    ------
    ValueError
        See `diagram`.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> square = jnp.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.2]])
    >>> components, loops = diagrams(square, dimensions=(0, 1))
    >>> int(components.count), int(loops.count)
    (3, 1)
    """
    positions = arguments.points(positions)
    box = arguments.cell(box, positions)
    n, dim = positions.shape
    dimensions = _checked_dimensions(dimensions, dim)
    if weights is not None:
        weights = arguments.floats(weights, "weights", like=positions)
        if weights.shape != (n,):
            raise ValueError(
                f"expected a weight for each of {n} points, got shape {weights.shape}; try an array ({n},)"
            )
        arguments.finite(weights, "weights")
    chosen = None if subset is None else arguments.chosen(subset, n)
    if chosen is not None:
        positions, weights = positions[chosen], None if weights is None else weights[chosen]
    if capacity is not None:
        capacity = arguments.whole(capacity, "capacity", least=1)
    rooms = [PAIRS_PER_POINT[dim][k] * len(positions) if capacity is None else capacity for k in dimensions]
    all_spheres = critical_spheres(positions, box, weights, dimensions, rooms)
    found = (_diagram(positions, box, weights, spheres) for spheres in all_spheres)
    return tuple(one if chosen is None else _renumbered(one, chosen) for one in found)


def _checked_dimensions(dimensions: Any, dim: int) -> tuple[int, ...]:
    whole = arguments.whole_numbers(dimensions, "dimension")
    if not whole or not set(whole) <= set(range(dim)):
        raise ValueError(
            f"expected holes of dimension 0 to {dim - 1} in {dim} dimensions, got {list(whole)}; "
            "try 1 for loops, in two or three dimensions"
        )
    return whole


def _diagram(positions: Any, box: Any, weights: Any, found: CriticalSpheres) -> Diagram:
    sides = (found.opens, found.ends)
    birth, death = (_values(positions, box, weights, spheres) for spheres in sides)
    opens, ends = (CriticalSimplex(spheres.point, spheres.shift) for spheres in sides)
    return Diagram(birth, death, jnp.arange(len(birth)) < found.count, opens, ends, found.count)


def _renumbered(found: Diagram, chosen: Array) -> Diagram:
    """With points by their numbers among all from which they were chosen."""
    opens, ends = (
        simplex._replace(point=jnp.where(simplex.point < 0, -1, chosen[simplex.point]).astype(jnp.int32))
        for simplex in (found.birth_simplex, found.death_simplex)
    )
    return found._replace(birth_simplex=opens, death_simplex=ends)


def to_radii(diagram: Diagram) -> Diagram:
    """Births and deaths as radii, in length units; of negative powers, minus the roots of their sizes.

    The studies of metallic glasses draw radii, those of carbon squares.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> square = jnp.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.2]])
    >>> round(float(to_radii(diagram(square, dimension=1)).birth[0]), 3)
    1.1
    """
    return diagram._replace(birth=_signed_root(diagram.birth), death=_signed_root(diagram.death))


def _signed_root(x: Array) -> Array:
    # The root has no derivative at zero, where components are born.
    size = jnp.where(x == 0, 1, jnp.abs(x))
    return jnp.where(x == 0, 0, jnp.sign(x) * jnp.sqrt(size))


def check_diagram(diagram: Diagram) -> None:
    """Whether every pair found room, in a diagram or a batch of them.

    Raises
    ------
    ValueError
        If one did not, if points were such that no complex can stand on them, or if memory ran out.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> square = jnp.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.2]])
    >>> check_diagram(diagram(square, dimension=0, capacity=2))
    Traceback (most recent call last):
        ...
    ValueError: expected at most 2 pairs, got 3; try capacity=3
    """
    count, room = np.asarray(diagram.count), diagram.birth.shape[-1]
    for status, said in REASONS.items():
        if np.any(count == status):
            where = np.argwhere(count == status)[0].tolist()
            raise ValueError("expected " + said.format(f" at {where}" if where else ""))
    if np.any(count > room):
        raise ValueError(f"expected at most {room} pairs, got {count.max()}; try capacity={count.max()}")


def _values(positions: Any, box: Any, weights: Any, spheres: Spheres) -> Array:
    point = jnp.maximum(spheres.point, 0)
    x = positions[point]
    if box is not None:
        # Along an open axis nothing is shifted.
        x = x + lattice_vectors(spheres.shift, jnp.where(jnp.isinf(box), 0, box))
    weight = None if weights is None else weights[point]
    return _power(x, weight, spheres.value, spheres.gradient, spheres.barycentric)


@jax.custom_jvp
def _power(x: Any, weight: Any, value: Any, gradient: Any, barycentric: Any) -> Array:
    r"""Power of a circumsphere, :math:`\sum_i \mu_i (|x_i - c|^2 - w_i)` with :math:`\sum_i \mu_i = 1`.

    It is stationary in the centre c and its barycentric coordinates mu, which therefore count as constants. Its
    value is known, to more digits than there may be here.
    """
    return value


@_power.defjvp
def _first_derivative(primals: tuple, tangents: tuple) -> tuple:
    x, _, _, gradient, barycentric = primals
    change = jnp.sum(_once(x, gradient) * tangents[0], axis=(1, 2))
    if barycentric is not None:
        change -= jnp.sum(barycentric * tangents[1], axis=1)
    return _power(*primals), change


@jax.custom_jvp
def _once(x: Any, gradient: Any) -> Array:
    """A gradient in vertices x, not to be differentiated again: it changes with them."""
    return gradient


@_once.defjvp
def _second_derivative(primals: tuple, tangents: tuple) -> tuple:
    raise NotImplementedError(
        "expected first derivatives of a persistence diagram, got second ones; try finite differences of the "
        "gradient"
    )
