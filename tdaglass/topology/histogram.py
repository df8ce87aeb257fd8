"""Histograms of diagrams."""

from typing import Any, Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass.topology.grid import Grid, cells_of, pairs_of


def histogram(
    diagram: Any, grid: Grid, *, normalize: Literal["probability"] | None = None
) -> Float[Array, "deaths births"]:
    """How many pairs lie in each cell. One diagram; a batch by `jax.vmap`.

    Study of amorphous carbon (Minamitani et al., J. Chem. Phys. 159, 084101, 2023): probabilities, then
    `learning.fit_standardization` over the structures to learn from, or for graphene
    `learning.fit_min_max`.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    grid : Grid
        The last cells include their upper edges.
    normalize
        ``"probability"`` for a sum of one over the cells; of no pairs at all, zeros.

    Returns
    -------
    (deaths, births)

    Examples
    --------
    >>> from tdaglass.topology import BirthDeath
    >>> pairs = BirthDeath(jnp.array([0.1, 0.2, 0.6]), jnp.array([0.4, 0.7, 0.8]))
    >>> histogram(pairs, Grid((0.0, 1.0), (0.0, 1.0), (2, 2))).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    if normalize not in ("probability", None):
        raise ValueError(f"expected normalize probability or None, got {normalize!r}; try None")
    column, row, inside = cells_of(diagram, grid)
    # One axis of cells: scattering along two costs more.
    columns, rows = grid.shape
    cell = jnp.where(inside, row * columns + column, columns * rows)
    dtype = pairs_of(diagram)[0].dtype
    counts = jnp.zeros(columns * rows, dtype).at[cell].add(1, mode="drop").reshape(rows, columns)
    if normalize == "probability":
        return counts / jnp.maximum(counts.sum(), 1)
    return counts
