"""The order parameter of Tong and Tanaka: how far a particle and its neighbours are from touching each other."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, cell, concrete, labels, pair_table, points
from tdaglass.space import lattice_vectors
from tdaglass.structure.voronoi import Voronoi

Pairs = dict[tuple[int, int], Any]
# Least eigenvalue of the products of the edges of a triangle or tetrahedron, relative to the largest.
FLAT = 1e-9


def tong_tanaka(
    cells: Voronoi,
    positions: Numbers,
    species: Numbers,
    box: Numbers,
    sigma: Numbers,
) -> Float[Array, " particles"]:
    r"""Deviation of the angles at a particle from those between particles that touch each other.

    .. math:: \Theta_o = \frac{1}{N_o} \sum_{\langle ij \rangle} |\theta_{ij} - \theta_{ij}^{\mathrm{ref}}|

    over pairs of neighbours of o that are neighbours of each other: the triangles of the Delaunay triangulation
    at o. :math:`\theta_{ij}` is the angle at o, and :math:`\theta_{ij}^{\mathrm{ref}}` that of the triangle with
    sides :math:`\sigma_{oi}`, :math:`\sigma_{oj}` and :math:`\sigma_{ij}` (Tong and Tanaka, Phys. Rev. X 8,
    011041, 2018). In three dimensions angles are solid angles, and triangles tetrahedra (Nat. Commun. 10,
    5596, 2019).

    Parameters
    ----------
    cells : Voronoi
        Of these positions.
    positions : (particles, dim), length units
        As `voronoi` was given them: wrapped if they were.
    species : (particles,)
    box : number, (dim,) or (dim, dim), length units
        As `voronoi` was given it.
    sigma : symmetric (species, species), or one number, length units
        At which distances particles touch.

    Returns
    -------
    (particles,), radians or steradians
        Zero for perfect packing, NaN for a particle in no cell. Differentiable in positions and box, also where
        an angle vanishes. In a perfect crystal with squares, as sc and fcc have, it depends on how these happen
        to be cut into triangles.

    Raises
    ------
    ValueError
        For cells of a batch or of other particles, a table that is not square and symmetric, distances that no
        triangle or tetrahedron has as edges, species beyond the table.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import tong_tanaka, voronoi
    >>> row = jnp.arange(4.0)
    >>> triangular = jnp.stack([jnp.tile(row, 4) + jnp.repeat(row, 4) / 2, jnp.repeat(row, 4) * 3**0.5 / 2], 1)
    >>> box = jnp.array([4.0, 2 * 3**0.5])
    >>> theta = tong_tanaka(voronoi(triangular, box), triangular, jnp.zeros(16, int), box, jnp.ones((1, 1)))
    >>> bool(jnp.all(theta < 1e-6))
    True
    """
    x = points(positions)
    n, dim = x.shape
    lattice, table = cell(box, x, open_axes=False), pair_table(sigma, "sigma", like=x)
    if not isinstance(cells, Voronoi) or np.ndim(cells.cells) != 2:
        raise ValueError(
            f"expected the Voronoi cells of one system, got {_named(cells)}; try jax.vmap of the function"
        )
    if np.shape(cells.cells)[1] != dim + 1 or np.shape(cells.volume) != (n,):
        raise ValueError(
            f"expected positions of the {np.shape(cells.volume)[0]} particles that have these cells, got shape "
            f"{x.shape}; try those that voronoi was given"
        )
    if (known := concrete(table)) is not None:
        _check(known.astype(np.float64), dim)
    codes = labels(species, n, len(table))
    shifts = jnp.asarray(cells.shifts, x.dtype)
    return _mean_deviation(jnp.asarray(cells.cells), shifts, x, codes, lattice, table)


def _named(cells: Any) -> str:
    return f"those of {np.shape(cells.cells)[:-2]}" if isinstance(cells, Voronoi) else type(cells).__name__


@jax.jit
def _mean_deviation(
    cells: Array, shifts: Array, positions: Array, species: Array, box: Array, sigma: Array
) -> Array:
    n, dim = positions.shape
    real = cells[:, 0] >= 0
    at = jnp.where(real, cells.T, n)  # what a row of padding adds falls off the end
    corner = jnp.where(real, cells.T, 0)

    def from_first(v: int) -> Float[Array, "dim cells"]:
        away = (positions[corner[v]] - positions[corner[0]]).T + lattice_vectors(shifts[:, v], box).T
        # Rows of padding get a cell that has angles.
        return jnp.where(real, away, jnp.eye(dim, dtype=away.dtype)[:, v - 1, None])

    edges = [from_first(v) for v in range(1, dim + 1)]
    x = [jnp.zeros_like(edges[0]), *edges]
    distance_sq = _of_pairs(lambda i, j: jnp.sum((x[i] - x[j]) ** 2, 0), dim)
    angles = _angles(distance_sq, jnp.abs(_determinant(*edges)))
    choice = jnp.ravel_multi_index(tuple(species[corner]), (len(sigma),) * (dim + 1), mode="clip")
    deviations = jnp.abs(angles - _reference_angles(sigma.astype(positions.dtype), dim)[:, choice])
    total = jnp.zeros(n, positions.dtype).at[at].add(deviations, mode="drop")
    return total / jnp.zeros(n, positions.dtype).at[at].add(1, mode="drop")


def _determinant(a: Array, b: Array, c: Array | None = None) -> Float[Array, " cells"]:
    return a[0] * b[1] - a[1] * b[0] if c is None else jnp.sum(a * jnp.cross(b, c, axis=0), 0)


def _of_pairs(value_fn: Callable[[int, int], Any], dim: int) -> Pairs:
    """A symmetric function of two corners, for all pairs of them.

    Not in one array, nor are the corners: for each slice of it, reverse mode would compute all of it again.
    """
    pairs = {(i, j): value_fn(i, j) for i, j in itertools.combinations(range(dim + 1), 2)}
    return pairs | {(j, i): value for (i, j), value in pairs.items()}


def _angles(distance_sq: Pairs, volume: Float[Array, " cells"]) -> Float[Array, "corners cells"]:
    """At the corners of triangles, or solid ones of tetrahedra, from the body that their edges span.

    (Van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30, 125, 1983, eq. 8.)
    """

    def at_corner(o: int, i: int, j: int, k: int | None = None) -> Array:
        product = partial(_product, distance_sq, o)
        if k is None:
            return jnp.arctan2(volume, product(i, j))
        a, b, c = (jnp.sqrt(distance_sq[o, v]) for v in (i, j, k))
        spread = a * b * c + product(j, k) * a + product(i, k) * b + product(i, j) * c
        return 2 * jnp.arctan2(volume, spread)

    corners = {corner for pair in distance_sq for corner in pair}
    return jnp.stack([at_corner(o, *sorted(corners - {o})) for o in sorted(corners)])


def _product(distance_sq: Pairs, o: int, i: int, j: int) -> Any:
    """Inner product of the edges from o to i and j, by the law of cosines."""
    if i == j:
        return distance_sq[o, i]
    return (distance_sq[o, i] + distance_sq[o, j] - distance_sq[i, j]) / 2


def _reference_angles(sigma: Array, dim: int) -> Float[Array, "corners choices"]:
    """Between touching particles, for all choices of species of the corners."""
    distance_sq, products = _touching(sigma, dim)
    return _angles(distance_sq, jnp.sqrt(jnp.linalg.det(jnp.moveaxis(jnp.array(products), -1, 0))))


def _touching(sigma: Any, dim: int) -> tuple[Pairs, list[list[Any]]]:
    """Squared distances of touching particles, and products of the edges at the first of them."""
    kinds = np.indices((len(sigma),) * (dim + 1)).reshape(dim + 1, -1)
    distance_sq = _of_pairs(lambda i, j: sigma[kinds[i], kinds[j]] ** 2, dim)
    others = range(1, dim + 1)
    return distance_sq, [[_product(distance_sq, 0, i, j) for j in others] for i in others]


def _check(sigma: np.ndarray, dim: int) -> None:
    products = np.array(_touching(sigma, dim)[1])
    spectrum = np.linalg.eigvalsh(np.moveaxis(products, -1, 0))
    impossible = np.flatnonzero(~(spectrum[:, 0] > FLAT * spectrum[:, -1]))
    if len(impossible):
        kinds = [int(k) for k in np.unravel_index(impossible[0], (len(sigma),) * (dim + 1))]
        raise ValueError(
            f"expected distances that any {dim + 1} particles can have from each other, got {sigma.tolist()}, "
            f"which those of species {kinds} cannot; try additive ones, (sigma_a + sigma_b) / 2"
        )
