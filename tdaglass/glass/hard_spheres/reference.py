"""Hard spheres from collision to collision in pure JAX: what the kernels agree with, and what runs without them.

Particles are known as in the kernels, by their last collisions, from which the next one of a pair is predicted; so
both find the same collisions at the same times, to rounding. Lists are made for all particles together, when the
first of them leaves the sphere in which its own is valid.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, Int, UInt

from tdaglass.glass.hard_spheres.doubles import from_words, to_words
from tdaglass.kernels.hard_spheres import Anywhere, Flights, Meetings

# Statuses of `kernels.hard_spheres.STATUS`.
OVERLAP, TOO_MANY = 1, 5
DEEPEST_OVERLAP = 1e-4
FEWEST_SLOTS = 32
# Of collisions written down: few asked for share a program with none.
FEWEST_MEETINGS = 128


class System(NamedTuple):
    """What stays the same through an epoch."""

    radii: Float[Array, " n"]
    mass: Float[Array, " n"]
    box: Float[Array, " dim"]
    growth: Float[Array, ""]
    skin: Float[Array, ""]


class Motion(NamedTuple):
    """What changes with every event: the flights, and what comes next."""

    x: Float[Array, "n dim"]
    v: Float[Array, "n dim"]
    t: Float[Array, " n"]
    now: Float[Array, ""]
    stamp: Int[Array, " n"]  # collisions of each
    neighbors: Int[Array, "n slots"]  # itself fills up
    centre: Float[Array, "n dim"]  # of its list
    reach: Float[Array, " n"]  # how far it may go from there
    listed: Float[Array, ""]  # when lists were made
    time: Float[Array, " n"]  # of its next collision
    partner: Int[Array, " n"]
    partner_stamp: Int[Array, " n"]
    leaves: Float[Array, " n"]  # when its list ends
    counts: Float[Array, " 2"]
    events: Int[Array, ""]  # since the clock was looked at
    since: Float[Array, ""]  # when that was
    stuck: Bool[Array, ""]  # more events than may be
    met: Int[Array, ""]
    met_times: Float[Array, " meetings"]
    met_pairs: Int[Array, "meetings 2"]
    crowded: Bool[Array, ""]  # more neighbours than slots
    deepest: Float[Array, ""]  # overlap where lists were made


def advance(
    spheres: Any,
    clock: UInt[Anywhere, "batch 2 2"],
    stop: Int[Anywhere, " batch"],
    *,
    masses: tuple[float, ...],
    ticks_per_epoch: int,
    most_events: int,
    meetings: int,
) -> tuple[Flights, Int[Array, " batch"], Int[Array, " batch"], Meetings, None]:
    """As `kernels.hard_spheres.advance`, one system after the other."""
    each = []
    for k in range(len(stop)):
        host = jax.tree.map(lambda x, k=k: np.asarray(x[k]), spheres)
        # Double precision for these numbers only, and only here: words are what goes in and comes out.
        with jax.enable_x64(True):
            tick, growth = map(float, from_words(clock[k]))
            found = _advance_one(
                host, tick, growth, int(stop[k]), masses, ticks_per_epoch, most_events, meetings
            )
        each.append(found)
    flights, made, status, met = jax.tree.map(lambda *x: np.stack(x), *each)
    *flown, image, last_counts = flights
    position, velocity, time = map(to_words, flown)
    words = Flights(position, velocity, time, np.asarray(image, np.int32), to_words(last_counts))
    times, pairs = met
    found = words, made, status, Meetings(to_words(times), np.asarray(pairs, np.int32))
    return *jax.tree.map(jnp.asarray, found), None


def _advance_one(
    spheres: Any,
    tick: float,
    growth: float,
    stop: int,
    masses: tuple[float, ...],
    ticks_per_epoch: int,
    most_events: int,
    meetings: int,
) -> Any:
    """Epoch by epoch; what comes and goes is NumPy in double precision."""
    x, v, t = map(from_words, spheres.flights[:3])
    image, counts = spheres.flights.image, from_words(spheres.flights.counts)
    diameters, box = from_words(spheres.diameters), from_words(spheres.box)
    mass = np.asarray(masses)[spheres.species]
    largest = diameters.max() * (1 + growth * tick * ticks_per_epoch)
    skin = _skin(diameters, box, largest)
    constant: Any = diameters / 2, mass, box, np.float64(growth), np.float64(skin)
    system = System(*constant)
    n, slots, made, status = len(x), FEWEST_SLOTS, int(spheres.tick), 0
    room = max(meetings, FEWEST_MEETINGS)
    met, times, pairs = 0, np.zeros(room), np.full((room, 2), -1)
    while made < stop and not status:
        begun = made // ticks_per_epoch * ticks_per_epoch
        target = min(stop, begun + ticks_per_epoch)
        now, until = (made - begun) * tick, (target - begun) * tick
        found = None
        while found is None or (bool(found.crowded) and slots < n):
            slots = slots if found is None else 2 * slots
            motion = _at_start(x, v, t, now, counts, met, times - begun * tick, pairs, min(slots, n))
            found = _run(system, motion, until, tick, most_events * n, slots=min(slots, n))
        found = jax.tree.map(np.asarray, found)
        status = OVERLAP if found.deepest > DEEPEST_OVERLAP else TOO_MANY if found.stuck else 0
        x, v, t, counts = found.x, found.v, found.t, found.counts
        met, times, pairs = int(found.met), found.met_times + begun * tick, found.met_pairs
        if target == begun + ticks_per_epoch:
            x = x + (until - t)[:, None] * v
            boxes = np.floor(x / box)
            x, t, image = x - boxes * box, np.zeros_like(t), image + boxes.astype(np.int32)
        made = made if status else target
    return (
        Flights(x, v, t, image, counts),
        np.int32(made),
        np.int32(status),
        (times[:meetings], pairs[:meetings]),
    )


def _skin(diameters: np.ndarray, box: np.ndarray, largest: float) -> float:
    """As in the kernels: wide enough for few renewals, and no second image of a particle is forgotten."""
    dim = len(box)
    filled = (np.pi / 6 if dim == 3 else np.pi / 4) * (diameters**dim).sum() / box.prod()
    best = (1.75 / filled) ** (1 / 3) if dim == 3 else (1.9 / filled) ** 0.5
    return min(best, box.min() / (4 * largest) + 0.5)


def _at_start(
    x: np.ndarray,
    v: np.ndarray,
    t: np.ndarray,
    now: float,
    counts: np.ndarray,
    met: int,
    times: np.ndarray,
    pairs: np.ndarray,
    slots: int,
) -> Motion:
    """Before lists are made, which fill in what is zero here."""
    n = len(x)
    zero, none = np.zeros(n), np.zeros(n, int)
    arrays: dict[str, Any] = {
        "x": x,
        "v": v,
        "t": t,
        "now": np.float64(now),
        "stamp": none,
        "neighbors": np.zeros((n, slots), int),
        "centre": x,
        "reach": zero,
        "listed": np.float64(now),
        "time": zero,
        "partner": none,
        "partner_stamp": none,
        "leaves": zero,
        "counts": counts,
        "events": np.int64(0),
        "since": np.float64(now),
        "stuck": np.False_,
        "met": np.int64(met),
        "met_times": times,
        "met_pairs": pairs,
        "crowded": np.False_,
        "deepest": np.float64(0),
    }
    return Motion(**arrays)


@partial(jax.jit, static_argnames="slots")
def _run(
    system: System,
    motion: Motion,
    until: Float[Array, ""],
    tick: Float[Array, ""],
    most: Array,
    *,
    slots: int,
) -> Motion:
    """All events before a time of the epoch; or until there are too many, or more neighbours than slots."""

    def through_lists(motion: Motion) -> Motion:
        motion = _with_lists(system, motion, slots)

        def due(motion: Motion) -> Bool[Array, ""]:
            return (motion.time.min() < jnp.minimum(until, motion.leaves.min())) & ~motion.stuck

        motion = lax.while_loop(due, partial(_event, system, tick, most), motion)
        reached = jnp.minimum(until, motion.leaves.min())
        return motion._replace(now=jnp.where(motion.stuck, motion.now, reached))

    def unfinished(motion: Motion) -> Bool[Array, ""]:
        return (motion.now < until) & ~motion.stuck & ~motion.crowded

    return lax.while_loop(unfinished, through_lists, motion)


def _with_lists(system: System, motion: Motion, slots: int) -> Motion:
    """New lists about where all particles are now, and what all of them do next."""
    n = motion.x.shape[0]
    where = motion.x + (motion.now - motion.t)[:, None] * motion.v
    radii = system.radii * (1 + system.growth * motion.now)

    def of(i: Array) -> tuple[Array, Array, Array]:
        apart = where[i] - where
        apart_sq = ((apart - system.box * jnp.round(apart / system.box)) ** 2).sum(-1)
        near = (apart_sq < (system.skin * (radii[i] + radii)) ** 2) & (jnp.arange(n) != i)
        overlap = jnp.where(near, 1 - jnp.sqrt(apart_sq) / (radii[i] + radii), 0.0).max()
        return jnp.nonzero(near, size=slots, fill_value=i)[0], near.sum() > slots, overlap

    neighbors, crowded, overlap = lax.map(of, jnp.arange(n), batch_size=64)
    motion = motion._replace(
        neighbors=neighbors,
        centre=where,
        listed=motion.now,
        reach=(system.skin - 1) * radii,
        crowded=crowded.any(),
        deepest=jnp.maximum(motion.deepest, overlap.max()),
    )
    time, partner, leaves = jax.vmap(partial(_plan, system, motion))(jnp.arange(n))
    return motion._replace(time=time, partner=partner, partner_stamp=motion.stamp[partner], leaves=leaves)


def _plan(system: System, motion: Motion, i: Array) -> tuple[Array, Array, Array]:
    """When a particle meets the first of its neighbours, who that is, and when it leaves its list."""
    x, v, t, now, box, growth = motion.x, motion.v, motion.t, motion.now, system.box, system.growth
    j = motion.neighbors[i]
    origin = jnp.maximum(t[i], t[j])
    u = v[i] - v[j]
    d = (x[i] + (origin - t[i])[:, None] * v[i]) - (x[j] + (origin - t[j])[:, None] * v[j])
    # The image that is nearest now; it may not have been then.
    d = d - box * jnp.round((d + (now - origin)[:, None] * u) / box)
    radii = system.radii[i] + system.radii[j]
    s, widening = radii * (1 + growth * origin), growth * radii
    a = (u * u).sum(-1) - widening**2
    b = (d * u).sum(-1) - s * widening
    q = (d * d).sum(-1) - s * s
    discriminant = b * b - a * q
    after = q / (jnp.sqrt(jnp.maximum(discriminant, 0)) - b)
    meet = ((b < 0) | ((a < 0) & (q > 0))) & (discriminant >= 0) & (j != i)
    time = jnp.where(meet, origin + jnp.maximum(after, 0), jnp.inf)
    first = jnp.argmin(time)
    # The sphere of its list shrinks as it grows.
    away = x[i] + (now - t[i]) * v[i] - motion.centre[i]
    growing = growth * system.radii[i]
    room = motion.reach[i] - growing * (now - motion.listed)
    a = (v[i] ** 2).sum() - growing**2
    b = (away * v[i]).sum() + room * growing
    c = jnp.minimum((away**2).sum() - room**2, 0)
    root = jnp.sqrt(b * b - a * c)
    leaves = now + jnp.where(a > 0, (root - b) / a, jnp.where(b > 0, -c / (b + root), jnp.inf))
    return time[first], j[first], leaves


def _event(system: System, tick: Array, most: Array, motion: Motion) -> Motion:
    """The next of all events: a collision, or one that another has made void; both are planned again."""
    i = jnp.argmin(motion.time)
    j, now = motion.partner[i], motion.time[i]
    both = jnp.stack([i, j])
    valid = motion.stamp[j] == motion.partner_stamp[i]
    x = motion.x[both] + (now - motion.t[both])[:, None] * motion.v[both]
    apart = x[0] - x[1]
    d = apart - system.box * jnp.round(apart / system.box)
    contact = system.radii[i] + system.radii[j]
    widening = contact * (1 + system.growth * now) * contact * system.growth
    approach = (d * (motion.v[i] - motion.v[j])).sum() - widening
    mass = system.mass[both]
    kick = 2 * approach / ((d * d).sum() * mass.sum())
    v = motion.v[both] + kick * jnp.stack([-mass[1] * d, mass[0] * d])

    def kept(new: Array, old: Array) -> Array:
        return jnp.where(valid, new, old)

    found = jnp.stack(
        [valid.astype(float), jnp.where(valid, -2 * approach * mass[0] * mass[1] / mass.sum(), 0)]
    )
    # Beyond the last place nothing is written.
    place = jnp.where(valid, motion.met, motion.met_times.shape[0])
    late = motion.events + 1 >= most
    motion = motion._replace(
        x=motion.x.at[both].set(kept(x, motion.x[both])),
        v=motion.v.at[both].set(kept(v, motion.v[both])),
        t=motion.t.at[both].set(kept(jnp.stack([now, now]), motion.t[both])),
        now=now,
        stamp=motion.stamp.at[both].add(valid.astype(int)),
        counts=motion.counts + found,
        events=jnp.where(late, 0, motion.events + 1),
        since=jnp.where(late, now, motion.since),
        stuck=late & (now - motion.since < tick),
        met=motion.met + valid,
        met_times=motion.met_times.at[place].set(now, mode="drop"),
        met_pairs=motion.met_pairs.at[place].set(jnp.sort(both), mode="drop"),
    )
    time, partner, leaves = jax.vmap(partial(_plan, system, motion))(both)
    return motion._replace(
        time=motion.time.at[both].set(time),
        partner=motion.partner.at[both].set(partner),
        partner_stamp=motion.partner_stamp.at[both].set(motion.stamp[partner]),
        leaves=motion.leaves.at[both].set(leaves),
    )
