"""Persistence diagrams inside `jit`, `vmap` and `grad`.

Which simplices make a pair is found on the host, in double precision, and so are births and deaths. They are
functions of the positions of a few points, the powers of circumspheres, and their derivatives are those of these
functions: a critical simplex of a pair that persists appears with its own sphere.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass.kernels.library import thread_count
from tdaglass.kernels.topology import Sites
from tdaglass.topology.alpha import build_complex
from tdaglass.topology.persistence import persistence
from tdaglass.topology.spheres import Spheres, critical_spheres

log = logging.getLogger(__name__)

# Pairs that persist, per point, with room to spare: more than random points have.
PAIRS_PER_POINT = {2: (1, 2), 3: (1, 4, 3)}

# What `count` says where there is no diagram.
NO_COMPLEX, NO_MEMORY = -1, -2
REASONS = {
    NO_COMPLEX: "points that a complex can stand on, got others{}; `topology.alpha_complex` of them says what is "
    "wrong",
    NO_MEMORY: "memory for a complex on every processor, got too little{}; try TDAGLASS_THREADS=1 or fewer points",
}


class CriticalSimplex(NamedTuple):
    """What opens or ends a hole.

    Attributes
    ----------
    point : (pairs, dim + 1) int32
        Its vertices; -1 beyond the last.
    shift : (pairs, dim + 1, dim) int32
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
    positions: Float[Array, "points dim"],
    box: Float[Array, "dim"] | None = None,
    *,
    dimension: int,
    weights: Float[Array, "points"] | None = None,
    subset: Int[Any, " chosen"] | None = None,
    capacity: int | None = None,
) -> Diagram:
    """Persistence diagram of the alpha complex of points, differentiable in positions, box and weights.

    Pairs that persist by rounding only are left out, and so are classes that never end. A batch is made by
    `jax.vmap`; its members are spread over the processors.

    Parameters
    ----------
    positions : (points, 2 or 3)
        In length units; need not lie in the box.
    box : (dim,), optional
        Edges of the periodic orthorhombic cell; None for open space.
    dimension : int
        Of the holes: 0 for components, 1 for loops, 2 for voids.
    weights : (points,), optional
        Squared initial radii, in squared length.
    subset : (chosen,) int, optional
        Particles to look at alone, such as those of one species; simplices name them by their numbers among all.
    capacity : int, optional
        Most pairs to keep; by default enough for random points.

    Returns
    -------
    Diagram

    Raises
    ------
    ValueError
        If there are no holes of this dimension in this space.

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
    positions: Float[Array, "points dim"],
    box: Float[Array, "dim"] | None = None,
    *,
    dimensions: tuple[int, ...],
    weights: Float[Array, "points"] | None = None,
    subset: Int[Any, " chosen"] | None = None,
    capacity: int | None = None,
) -> tuple[Diagram, ...]:
    """Diagrams of several dimensions from one complex, for little more than one of them costs.

    Parameters
    ----------
    dimensions : tuple of int
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
    """
    if subset is not None:
        chosen = jnp.asarray(subset)
        weights = None if weights is None else weights[chosen]
        alone = diagrams(positions[chosen], box, dimensions=dimensions, weights=weights, capacity=capacity)
        return tuple(_renumbered(found, chosen) for found in alone)
    n, dim = positions.shape
    if dim not in PAIRS_PER_POINT or not set(dimensions) <= set(range(dim)):
        raise ValueError(
            f"expected holes of dimension 0 to {dim - 1} in {dim} dimensions, got {list(dimensions)}; "
            "try 1 for loops, in two or three dimensions"
        )
    rooms = [PAIRS_PER_POINT[dim][k] * n if capacity is None else capacity for k in dimensions]
    found = _find_pairs(positions, box, weights, dimensions, rooms)
    return tuple(_diagram(positions, box, weights, one) for one in found)


def _diagram(positions: Any, box: Any, weights: Any, found: "_Found") -> Diagram:
    valid = jnp.arange(found.simplex.point.shape[0]) < found.count
    sides = [jax.tree.map(lambda x, k=k: x[:, k], found.simplex) for k in (0, 1)]
    birth, death = (jnp.where(valid, _values(positions, box, weights, side), 0) for side in sides)
    opens, ends = (CriticalSimplex(found.simplex.point[:, k], found.simplex.shift[:, k]) for k in (0, 1))
    return Diagram(birth, death, valid, opens, ends, found.count)


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
    """
    count, room = np.asarray(diagram.count), diagram.birth.shape[-1]
    for status, said in REASONS.items():
        if np.any(count == status):
            where = np.argwhere(count == status)[0].tolist()
            raise ValueError("expected " + said.format(f" at {where}" if where else ""))
    if np.any(count > room):
        raise ValueError(f"expected at most {room} pairs, got {count.max()}; try capacity={count.max()}")


class _Found(NamedTuple):
    """Spheres of births and deaths, which are along axis 1, with room for the vertices of cells."""

    simplex: Spheres
    count: Any


def _find_pairs(
    positions: Any, box: Any, weights: Any, dimensions: tuple[int, ...], rooms: list[int]
) -> tuple[_Found, ...]:
    dim = positions.shape[1]
    real, whole = positions.dtype, jnp.int32
    shapes = tuple(
        _Found(
            Spheres(
                jax.ShapeDtypeStruct((room, 2, dim + 1), whole),
                jax.ShapeDtypeStruct((room, 2, dim + 1, dim), whole),
                jax.ShapeDtypeStruct((room, 2), real),
                jax.ShapeDtypeStruct((room, 2, dim + 1), real),
                jax.ShapeDtypeStruct((room, 2, dim + 1, dim), real),
            ),
            jax.ShapeDtypeStruct((), whole),
        )
        for room in rooms
    )
    given = [jax.lax.stop_gradient(x) for x in (positions, box, weights) if x is not None]
    host = partial(
        _on_host,
        shapes=shapes,
        dimensions=dimensions,
        periodic=box is not None,
        weighted=weights is not None,
        threads=thread_count(),
    )
    return jax.pure_callback(host, shapes, *given, vmap_method="broadcast_all")


def _on_host(
    *given: Any,
    shapes: tuple[_Found, ...],
    dimensions: tuple[int, ...],
    periodic: bool,
    weighted: bool,
    threads: int,
) -> tuple[_Found, ...]:
    """A callback must not raise: what goes wrong is said by the counts."""
    arrays = [np.asarray(x, np.float64) for x in given]
    batch = arrays[0].shape[:-2]
    flat = [x.reshape(-1, *x.shape[len(batch) :]) for x in arrays]
    out = jax.tree.map(lambda s: np.zeros((len(flat[0]), *s.shape), s.dtype), shapes)
    for found in out:
        found.simplex.point[:] = -1

    def one(k: int) -> float:
        rest = [x[k] for x in flat[1:]]
        box = rest.pop(0) if periodic else None
        mine = jax.tree.map(lambda x: x[k : k + 1], out)
        try:
            return _fill(mine, Sites(flat[0][k], rest[0] if weighted else None, box), dimensions)
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError):
                log.exception("a persistence diagram was given up")
            for found in mine:
                found.count[0] = NO_MEMORY if isinstance(error, MemoryError) else NO_COMPLEX
            return 0.0

    with ThreadPoolExecutor(min(threads, len(flat[0]) or 1)) as pool:
        displaced = [by for by in pool.map(one, range(len(flat[0]))) if by]
    if displaced:
        log.warning(
            "%d of %d structures are so regular that their triangulation is not unique, as in a perfect crystal; "
            "taken was that of points displaced at random by %.1e",
            len(displaced), len(flat[0]), max(displaced),
        )  # fmt: skip
    return jax.tree.map(lambda x: x.reshape((*batch, *x.shape[1:])), out)


def _fill(out: tuple[_Found, ...], given: Sites, dimensions: tuple[int, ...]) -> float:
    """Of one system; by how much it was perturbed."""
    complex_ = build_complex(given.position, given.box, given.weight)
    pairs = persistence(complex_)
    for found, k in zip(out, dimensions, strict=True):
        room = found.simplex.point.shape[1]
        for side, spheres in enumerate(critical_spheres(complex_, given, pairs[k])):
            found.count[0] = len(spheres.value)
            for to, x in zip(found.simplex, spheres, strict=True):
                kept = x[:room]
                to[(0, slice(len(kept)), side, *map(slice, kept.shape[1:]))] = kept
    return complex_.perturbation


def _values(positions: Any, box: Any, weights: Any, simplex: Spheres) -> Array:
    point = jnp.maximum(simplex.point, 0)
    x = positions[point]
    if box is not None:
        x = x + simplex.shift.astype(x.dtype) * box
    weight = jnp.zeros(point.shape, x.dtype) if weights is None else weights[point]
    return _power(x, weight, simplex.value, simplex.barycentric, simplex.away)


@jax.custom_jvp
def _power(x: Any, weight: Any, value: Any, barycentric: Any, away: Any) -> Array:
    r"""Power of a circumsphere, :math:`\sum_i \mu_i (|x_i - c|^2 - w_i)` with :math:`\sum_i \mu_i = 1`.

    It is stationary in the centre c and its barycentric coordinates mu, which therefore count as constants. Its
    value is known, to more digits than there may be here.
    """
    return value


@_power.defjvp
def _first_derivative(primals: tuple, tangents: tuple) -> tuple:
    x, _, _, barycentric, away = primals
    by_vertex = 2 * jnp.sum(_once(x, away) * tangents[0], axis=2) - tangents[1]
    return _power(*primals), jnp.sum(barycentric * by_vertex, axis=1)


@jax.custom_jvp
def _once(x: Any, away: Any) -> Array:
    """Vertices x as seen from their centre, not to be differentiated again: it moves with them."""
    return away


@_once.defjvp
def _second_derivative(primals: tuple, tangents: tuple) -> tuple:
    raise NotImplementedError(
        "expected first derivatives of a persistence diagram, got second ones; try finite differences of the "
        "gradient"
    )
