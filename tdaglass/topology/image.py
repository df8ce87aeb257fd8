"""Persistence images: diagrams as smooth pictures of fixed size, differentiable where that is asked for."""

import math
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf
from jaxtyping import Array, Float
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr

from tdaglass import arguments
from tdaglass.topology.grid import Grid, cells_of, pairs_of
from tdaglass.topology.histogram import histogram

Weight = Callable[[Any], Any]
Mode = Literal["exact", "deposit", "homcloud"]
# Standard deviations at which deposits are cut off: far below what sharing among cells costs.
REACH = 5.0


def arctan_weight(c: float, p: float) -> Weight:
    r"""Weight :math:`\arctan(c\,\ell^p)` of persistence :math:`\ell` (Kusano, Fukumizu and Hiraoka, ICML 2016)."""
    return lambda persistence: jnp.arctan(c * persistence**p)


def linear_weight(slope: float) -> Weight:
    """Weight in proportion to persistence."""
    return lambda persistence: slope * persistence


def persistence_image(
    diagram: Any, grid: Grid, *, sigma: float, weight: Weight | None = None, mode: Mode = "exact"
) -> Float[Array, "deaths births"]:
    r"""Sum over pairs of Gaussians :math:`w(d - b)\, \mathcal N_\sigma` around (b, d), integrated over cells.

    After Adams et al., J. Mach. Learn. Res. 18, 8 (2017). A pair far from all edges adds its weight to the sum
    over cells. One diagram; a batch by `jax.vmap`, or on a CPU faster by `jax.lax.map`, as images then stay in the
    cache.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    grid : Grid
    sigma : float
        Standard deviation along both axes, in the units of the diagram.
    weight : callable, optional
        Of persistence: `arctan_weight`, `linear_weight` or any other; none by default.
    mode
        ``"exact"``: the integral, for pairs outside the grid too. ``"deposit"``: pairs are shared among the four
        nearest cell centres and these are blurred, at a cost that does not grow with pairs times cells; as
        differentiable, with kinks where a pair passes a centre. ``"homcloud"``: HomCloud's convention, which
        published studies use and which has no derivatives: pairs are counted in cells and weighted as if they
        were at the centres, then filtered with a Gaussian cut off at four standard deviations, as many cells wide
        along deaths as along births, and reflected at the edges.

    Returns
    -------
    (deaths, births)
        See `Grid.vector` for the cells above the diagonal alone.

    Raises
    ------
    ValueError
        If sigma is not positive, or for ``"deposit"`` less than half a cell.

    Examples
    --------
    >>> from tdaglass.topology import BirthDeath
    >>> pairs = BirthDeath(jnp.array([0.3, 0.4]), jnp.array([0.5, 0.8]))
    >>> grid = Grid((0.0, 1.0), (0.0, 1.0), (20, 20))
    >>> round(float(persistence_image(pairs, grid, sigma=0.04, weight=linear_weight(1.0)).sum()), 3)
    0.6
    """
    sigma = arguments.number(sigma, "sigma")
    if not 0 < sigma < np.inf:
        raise ValueError(f"expected a positive sigma, got {sigma}; try the width of two or three cells")
    if mode == "homcloud":
        return _homcloud(diagram, grid, sigma, weight)
    birth, death, valid = pairs_of(diagram)
    # What never ends lies nowhere on the plane.
    valid &= jnp.isfinite(birth) & jnp.isfinite(death)
    birth, death = jnp.where(valid, birth, 0), jnp.where(valid, death, 0)
    # Derivatives of weights need not be finite where there is no persistence.
    persistence = jnp.where(valid, death - birth, 1)
    height = jnp.where(valid, jnp.ones_like(birth) if weight is None else weight(persistence), 0)
    if mode == "exact":
        columns, rows = (
            _integrals(x, edges, sigma) for x, edges in zip((birth, death), grid.edges, strict=True)
        )
        return jnp.einsum("pd,pb->db", rows, height[:, None] * columns)
    if mode != "deposit":
        raise ValueError(f"expected a mode exact, deposit or homcloud, got {mode!r}; try exact")
    if sigma < max(grid.widths) / 2:
        raise ValueError(
            f"expected a sigma of at least half a cell, {max(grid.widths) / 2:.3g}, got {sigma}; "
            "try the exact mode"
        )
    return _deposit(birth, death, height, grid, sigma)


def species_channels(
    describe: Callable[..., Array], positions: Any, species: Any, box: Any = None
) -> Float[Array, "..."]:
    """What `describe` says of the particles of each species alone, one channel a species.

    Parameters
    ----------
    describe : callable
        Of positions and box, such as an image of a diagram; of a shape that does not depend on how many they are.
    positions : (points, dim)
    species : (points,) int
        Known outside transformations, since it decides shapes.
    box : number, (dim,) or (dim, dim), optional

    Returns
    -------
    (channels, ...)
        In the order of species numbers.

    Examples
    --------
    >>> count = lambda x, box: jnp.array(float(len(x)))
    >>> species_channels(count, jnp.zeros((5, 3)), np.array([0, 1, 0, 0, 1])).tolist()
    [3.0, 2.0]
    """
    if isinstance(species, jax.core.Tracer):
        raise ValueError(
            "expected species known when compiled, got a traced array; try to close over it, as a numpy array"
        )
    positions = arguments.points(positions)
    box = arguments.cell(box, positions)
    with jax.ensure_compile_time_eval():
        species = np.asarray(arguments.labels(species, len(positions)))
    return jnp.stack([describe(positions[np.flatnonzero(species == k)], box) for k in np.unique(species)])


def _homcloud(diagram: Any, grid: Grid, sigma: float, weight: Weight | None) -> Array:
    width = sigma / grid.widths[0]
    if pairs_of(diagram)[0].shape[0] <= _taps(width).size:
        return _few_filtered(diagram, grid, width, weight)
    counts = histogram(diagram, grid)
    if weight is not None:
        x, y = grid.centers
        with jax.ensure_compile_time_eval():
            of_cells = weight(jnp.abs(jnp.asarray(y[:, None] - x[None, :], counts.dtype)))
        counts = counts * of_cells
    taps = _taps(width)
    # Sums of shifted images: filters of a few cells are faster so than as products with matrices.
    deaths, births = counts.shape
    image = jnp.pad(counts, taps.size // 2, mode="symmetric")
    image = sum(tap * image[k : k + deaths] for k, tap in enumerate(taps.tolist()))
    return sum(tap * image[:, k : k + births] for k, tap in enumerate(taps.tolist()))


def _taps(width: float) -> np.ndarray:
    """A Gaussian cut off at four standard deviations, as scipy and HomCloud filter with it."""
    peak = np.zeros(2 * int(4 * width + 0.5) + 1)
    peak[peak.size // 2] = 1
    return gaussian_filter1d(peak, width)


def _few_filtered(diagram: Any, grid: Grid, width: float, weight: Weight | None) -> Array:
    """The same for fewer pairs than taps, each a product of what the filter makes of its column and its row."""
    column, row, inside = cells_of(diagram, grid)
    dtype = pairs_of(diagram)[0].dtype
    x, y = (jnp.asarray(center, dtype) for center in grid.centers)
    height = jnp.ones_like(x[column]) if weight is None else weight(jnp.abs(y[row] - x[column]))
    columns, rows = (jnp.asarray(gaussian_filter1d(np.eye(n), width), dtype) for n in grid.shape)
    return jnp.einsum("pd,pb->db", rows[row], jnp.where(inside, height, 0)[:, None] * columns[column])


def _integrals(x: Array, edges: np.ndarray, sigma: float) -> Array:
    """Of Gaussians around x over the cells between edges: (pairs, cells)."""
    away = (jnp.asarray(edges, x.dtype) - x[:, None]) / (math.sqrt(2) * sigma)
    return jnp.diff(erf(away), axis=1) / 2


def _deposit(birth: Array, death: Array, height: Array, grid: Grid, sigma: float) -> Array:
    """Cells continue around the grid as far as a Gaussian reaches, so that pairs out there count."""
    shares, blurs, shape = [], [], []
    for x, edges, width in zip((birth, death), grid.edges, grid.widths, strict=True):
        margin = int(np.ceil(REACH * sigma / width)) + 1
        n = len(edges) - 1 + 2 * margin
        place = (x - float(edges[0])) / width + (margin - 0.5)
        left = jnp.clip(jnp.floor(jax.lax.stop_gradient(place)), -2, n).astype(jnp.int32)
        right = place - left
        shares.append([(left, 1 - right), (left + 1, right)])
        # Sharing between centres spreads a pair by a sixth of a squared width on average.
        narrow = np.sqrt(sigma**2 - width**2 / 6)
        centers = edges[0] + (np.arange(n) - margin + 0.5) * width
        blurs.append(np.diff(ndtr((edges[:, None] - centers) / narrow), axis=0))
        shape.append(n)
    columns, rows = shape
    counts = jnp.zeros(rows * columns, height.dtype)
    for column, across in shares[0]:
        for row, along in shares[1]:
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            cell = jnp.where(inside, row * columns + column, rows * columns)
            counts = counts.at[cell].add(height * across * along, mode="drop")
    along_births, along_deaths = (jnp.asarray(blur, counts.dtype) for blur in blurs)
    return along_deaths @ counts.reshape(rows, columns) @ along_births.T
