"""Particles and the distances to their neighbours: what networks read that see no coordinates."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class ParticleGraph(NamedTuple):
    """Particles of systems of any size and their neighbours, filled up to one size.

    Attributes
    ----------
    species : (systems, particles) int
        Codes 0, 1, ...; -1 where there is no particle.
    idx : (systems, particles, k) int
        Neighbours; -1 in a slot that is not used.
    distance : (systems, particles, k), length units
        To the neighbours; without meaning in a slot that is not used.
    """

    species: Int[Array, "*systems particles"]
    idx: Int[Array, "*systems particles k"]
    distance: Float[Array, "*systems particles k"]


def particle_graph(neighbors: Any, species: Any = None) -> ParticleGraph:
    """The graph of one system, with distances that can be differentiated, inside jit, too.

    Parameters
    ----------
    neighbors : record with idx (particles, k), displacement (particles, k, dim) and mask (particles, k)
        Such as `structure.Neighbors`, with at least the network's cut-off.
    species : (particles,) int, optional
        Zeros without.

    Returns
    -------
    ParticleGraph

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> graph = particle_graph(cutoff_neighbors(jnp.array([[0.0, 0.0], [3.0, 4.0]]), None, 6.0, capacity=1))
    >>> graph.idx.tolist(), graph.distance.tolist()
    ([[1], [0]], [[5.0], [5.0]])
    """
    idx, displacement, mask = (
        jnp.asarray(x) for x in (neighbors.idx, neighbors.displacement, neighbors.mask)
    )
    codes = jnp.zeros(len(idx), jnp.int32) if species is None else jnp.asarray(species, jnp.int32)
    if codes.shape != idx.shape[:1] or mask.shape != idx.shape:
        raise ValueError(
            f"expected species and neighbours of one system, got shapes {codes.shape}, {idx.shape}; "
            "try a code for each particle, and stack_graphs for several systems"
        )
    square = jnp.sum(displacement**2, -1)
    apart = mask & (square > 0)  # the root has no finite slope at zero
    length = jnp.where(apart, jnp.sqrt(jnp.where(apart, square, 1)), 0)
    return ParticleGraph(codes, jnp.where(mask, idx, -1), length)


def stack_graphs(tables: Sequence[Any], species: Sequence[Any] | None = None) -> ParticleGraph:
    """Systems of any numbers of particles as samples of one shape.

    Parameters
    ----------
    tables : sequence of records
        The neighbours of each system, as `particle_graph` takes them.
    species : sequence of (particles,) int, optional
        Of each system; zeros without.

    Returns
    -------
    ParticleGraph

    Raises
    ------
    ValueError
        For no systems, or species that do not fit them.

    Examples
    --------
    >>> from tdaglass.structure import cutoff_neighbors
    >>> line = jnp.array([[0.0, 0.0], [1.0, 0.0], [2.5, 0.0]])
    >>> graph = stack_graphs([cutoff_neighbors(line[:n], None, 2.0, capacity=2) for n in (2, 3)])
    >>> graph.species.tolist(), graph.distance[1, 1].tolist()
    ([[0, 0, -1], [0, 0, 0]], [1.0, 1.5])
    """
    kinds = [None] * len(tables) if species is None else list(species)
    if not len(tables) or len(kinds) != len(tables):
        raise ValueError(
            f"expected species of {len(tables)} systems, got {len(kinds)}; try one table of neighbours and one "
            "array of codes for each system"
        )
    graphs = [particle_graph(table, codes) for table, codes in zip(tables, kinds, strict=True)]
    n, k = (max(graph.idx.shape[axis] for graph in graphs) for axis in (0, 1))
    shapes = ((n,), (n, k), (n, k))
    filled = [
        np.full((len(graphs), *shape), fill, np.result_type(*(graph[field].dtype for graph in graphs)))
        for field, (shape, fill) in enumerate(zip(shapes, (-1, -1, 0), strict=True))
    ]
    for system, graph in enumerate(graphs):
        for whole, part in zip(filled, graph, strict=True):
            whole[system][tuple(slice(size) for size in part.shape)] = part
    return ParticleGraph(*(jnp.asarray(whole) for whole in filled))
