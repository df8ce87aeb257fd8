"""The spheres with which holes open and end, found on the host from inside `jit`, `vmap` and `grad`.

Systems of a batch are spread over threads. A callback must not raise: what goes wrong is said by the counts.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass.kernels.library import thread_count
from tdaglass.topology.alpha import alpha_complex
from tdaglass.topology.backend import backend
from tdaglass.topology.persistence import persistence
from tdaglass.topology.records import Sites, Spheres

log = logging.getLogger(__name__)

# What `count` says where there are none.
NO_COMPLEX, NO_MEMORY = -1, -2


class CriticalSpheres(NamedTuple):
    """Of pairs of one dimension, in the order of births, with room for a fixed number.

    Attributes
    ----------
    opens, ends : Spheres
        Of births and of deaths; point numbers of -1 and zeros where there is no pair.
    count : int
        How many pairs there are, even where there is no room for them; negative where there is no complex.
    """

    opens: Spheres
    ends: Spheres
    count: Any


def critical_spheres(
    positions: Any, box: Any, weights: Any, dimensions: tuple[int, ...], rooms: list[int]
) -> tuple[CriticalSpheres, ...]:
    """Of the pairs of an alpha complex that persist by more than rounding, in each of several dimensions.

    Parameters
    ----------
    positions, box, weights
        See `diagram`; values without derivatives.
    dimensions, rooms : int each
        Of the holes, and for how many pairs there is room.

    Returns
    -------
    tuple of CriticalSpheres
        In the order of `dimensions`, in the precision of the positions.
    """
    return _critical_spheres(positions, box, weights, dimensions, tuple(rooms), thread_count())


# Outside `jit`, too: a callback of its own for every call would be compiled every time, and kept.
@partial(jax.jit, static_argnums=(3, 4, 5))
def _critical_spheres(
    positions: Any, box: Any, weights: Any, dimensions: tuple[int, ...], rooms: tuple[int, ...], threads: int
) -> tuple[CriticalSpheres, ...]:
    def shapes_of(*sizes: int) -> Spheres:
        real, whole = (partial(jax.ShapeDtypeStruct, dtype=dtype) for dtype in (positions.dtype, jnp.int32))
        edges = (*sizes, positions.shape[1])
        coordinates = None if weights is None else real(sizes)
        return Spheres(whole(sizes), whole(edges), real(sizes[:1]), real(edges), coordinates)

    shapes = tuple(
        CriticalSpheres(shapes_of(room, k + 1), shapes_of(room, k + 2), jax.ShapeDtypeStruct((), jnp.int32))
        for room, k in zip(rooms, dimensions, strict=True)
    )
    given = [jax.lax.stop_gradient(x) for x in (positions, box, weights) if x is not None]
    host = partial(
        _on_host,
        shapes=shapes,
        dimensions=dimensions,
        periodic=box is not None,
        weighted=weights is not None,
        threads=threads,
    )
    return jax.pure_callback(host, shapes, *given, vmap_method="broadcast_all")


def _on_host(
    *given: Any,
    shapes: tuple[CriticalSpheres, ...],
    dimensions: tuple[int, ...],
    periodic: bool,
    weighted: bool,
    threads: int,
) -> tuple[CriticalSpheres, ...]:
    arrays = [np.asarray(x, np.float64) for x in given]
    batch = arrays[0].shape[:-2]
    flat = [x.reshape(-1, *x.shape[len(batch) :]) for x in arrays]
    out = jax.tree.map(lambda s: np.zeros((len(flat[0]), *s.shape), s.dtype), shapes)
    for found in out:
        found.opens.point[:] = found.ends.point[:] = -1

    def one(k: int) -> float:
        rest = [x[k] for x in flat[1:]]
        box = rest.pop(0) if periodic else None
        try:
            return _fill(out, k, Sites(flat[0][k], rest[0] if weighted else None, box), dimensions)
        except Exception as error:
            if not isinstance(error, ValueError | MemoryError):
                log.exception("a persistence diagram was given up")
            for found in out:
                found.count[k] = NO_MEMORY if isinstance(error, MemoryError) else NO_COMPLEX
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


def _fill(out: tuple[CriticalSpheres, ...], number: int, given: Sites, dimensions: tuple[int, ...]) -> float:
    """Of one system of a batch; by how much it was perturbed."""
    complex_ = alpha_complex(given.position, given.box, given.weight, warn=False)
    pairs = persistence(complex_)
    sites, wrapped = complex_.sites, complex_.wrapped
    if sites.box is not None:  # along open axes nothing is shifted
        sites = sites._replace(box=np.where(np.isinf(sites.box), 0, sites.box))
    for found, k in zip(out, dimensions, strict=True):
        sides = [
            Spheres(*(None if x is None else x[number] for x in spheres))
            for spheres in (found.opens, found.ends)
        ]
        found.count[number] = backend().critical_spheres(
            sites, given.position, wrapped, *complex_.simplices[k : k + 2], pairs[k], *sides
        )
        for spheres in sides:
            spheres.shift[:] = complex_.given_boxes(spheres.shift)
    return complex_.perturbation
