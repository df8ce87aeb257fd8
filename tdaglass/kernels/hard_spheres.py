"""Hard spheres and discs from collision to collision: the compiled loops as JAX functions.

Leading axes are independent systems, spread over the processors. All numbers are in double precision, and come and
go as pairs of 32-bit words, which JAX has in any precision. A collision is predicted from the last collisions of
its two particles alone, so that a trajectory depends neither on neighbour lists, nor on the threads, the batch, or
the division of its time into calls: bit for bit.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt

from tdaglass.kernels.library import thread_count
from tdaglass.kernels.molecular_dynamics import Observation, Sums, sum_shapes

TARGETS = ("tdaglass_advance_hard_spheres", "tdaglass_observe_hard_spheres")

# Arrays of JAX, or of the host.
Anywhere = Array | np.ndarray


class Flights(NamedTuple):
    """What changes from collision to collision; words are those of numbers in double precision.

    Attributes
    ----------
    position, velocity : (..., particles, dim, 2) words
        Where each particle was at its last collision (or at the beginning of the epoch), and its velocity since.
    time : (..., particles, 2) words
        When that was, since the beginning of the epoch.
    image : (..., particles, dim) int32
        Boxes travelled up to the beginning of the epoch.
    counts : (..., 2, 2) words
        Collisions, and the sum over them of 2 m abs(d . u), m the reduced mass, d the line of centres and u the
        relative velocity.
    """

    position: UInt[Anywhere, "*batch particles dim 2"]
    velocity: UInt[Anywhere, "*batch particles dim 2"]
    time: UInt[Anywhere, "*batch particles 2"]
    image: Int[Anywhere, "*batch particles dim"]
    counts: UInt[Anywhere, "*batch 2 2"]


class Meetings(NamedTuple):
    """The first collisions of a call, in order.

    Attributes
    ----------
    time : (..., meetings, 2) words
        Since tick zero.
    pair : (..., meetings, 2) int32
        Who met, the smaller index first; -1 where there were no more.
    """

    time: UInt[Anywhere, "*batch meetings 2"]
    pair: Int[Anywhere, "*batch meetings 2"]


def advance(
    flights: Flights,
    species: Int[Anywhere, "*batch particles"],
    diameters: UInt[Anywhere, "*batch particles 2"],
    box: UInt[Anywhere, "*batch dim 2"],
    clock: UInt[Anywhere, "*batch 2 2"],
    first: Int[Anywhere, "*batch"],
    last: Int[Anywhere, "*batch"],
    observation: Observation | None = None,
    *,
    masses: tuple[float, ...],
    ticks_per_epoch: int,
    most_events: int,
    meetings: int = 0,
    threads: int | None = None,
) -> tuple[Flights, Int[Array, "*batch"], Int[Array, "*batch"], Meetings, Sums | None]:
    """Go from tick `first` to tick `last`.

    Parameters
    ----------
    flights : Flights
    species : (..., particles) int32
    diameters : (..., particles, 2) words
        At the beginning of the epoch.
    box : (..., dim, 2) words
    clock : (..., 2, 2) words
        The length of a tick; and the rate at which diameters grow in units of what they are at the beginning of
        the epoch, which must then be the first tick, and its end the last.
    first, last : (...,) int32
    observation : Observation, optional
        As for `kernels.molecular_dynamics.advance`, with ticks for steps.
    masses : tuple of float
        One for each species.
    ticks_per_epoch : int
        After so many, clocks are set to zero and particles brought into the box.
    most_events : int
        For each particle in a tick, on the average.
    meetings : int
        How many of the first collisions to write down.
    threads : int, optional
        None takes `thread_count()`.

    Returns
    -------
    Flights
        Not to be used where the status is not zero.
    made : (...,) int32
        Ticks up to which it went.
    status : (...,) int32
        An index of `STATUS`.
    Meetings
    Sums, or None
    """
    batch = first.shape
    results = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (*flights, first, first)]
    noted = [jax.ShapeDtypeStruct((*batch, meetings, 2), dtype) for dtype in (jnp.uint32, jnp.int32)]
    if observation is None:
        name, vmap_method = TARGETS[0], "broadcast_all"
        sums = []
    else:
        name, vmap_method = TARGETS[1], "sequential"
        shapes = sum_shapes(observation, species.shape[-1], len(masses))
        sums = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    call = jax.ffi.ffi_call(name, sums + results + noted, vmap_method=vmap_method)
    *flown, image, counts = flights
    found = call(
        *(observation or ()),
        *(*flown, image, species, diameters, box, clock, counts, first, last),
        masses=np.asarray(masses, np.float64),
        ticks_per_epoch=np.int64(ticks_per_epoch),
        most_events=np.int64(most_events),
        threads=np.int64(threads or thread_count()),
    )
    *moved, made, status, times, pairs = found[len(sums) :]
    observed: Any = tuple(found[: len(sums)]) if sums else None
    return Flights(*moved), made, status, Meetings(times, pairs), observed


# What a status means, and what to do about it; the first is none.
STATUS = (
    "",
    "two particles overlap at the start; try glass.hard_spheres.grow, or positions in double precision",
    "an edge of the box is not finite, or shorter than 2.2 of the largest diameters; try more particles",
    "a position, velocity, time, diameter or species is not a number or out of range; try a lower temperature, or "
    "a configuration of this model",
    "a number of particles, a mass, the tick, the growth or the limit of events is out of range; try positive "
    "ones",
    "there were more events than expected, as near the densest packing or where particles are jammed into each "
    "other; try a lower packing fraction, a slower growth, or a larger most_events",
    "there is not enough memory; try fewer systems at once",
)
