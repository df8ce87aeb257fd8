r"""Where a diagram's simplices change along a trajectory, and what the learned energy and forces do there.

Between such changes the diagram is a smooth function of the positions. Three things happen:

- two pairs exchange partners, when two births or two deaths meet: values go on, and forces jump by
  :math:`(f_d(b_1) - f_d(b_2)) (\nabla d_1 - \nabla d_2)`, where :math:`f(b, d)` is the energy of a pair;
- a simplex is replaced, when a further particle comes to its sphere and the triangulation flips: the value goes
  on, its slope does not;
- a pair opens or closes at the diagonal.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import jax
import numpy as np
from forces_from_holes_learning import energies_and_slopes
from forces_from_holes_models import Holes
from forces_from_holes_motion import starts_of
from forces_from_holes_records import KINDS, Changes, Frames, Jumps, Learned, Settings

from tdaglass import topology

HALVINGS = 30
# Of a step, on either side of a jump that is drawn.
CLOSE, POINTS = 0.05, 101

Simplex = tuple[int, ...]
# Of each dimension, the simplices that open and end a hole; of components, which all are born at once, the latter.
Partners = tuple[frozenset[tuple[Simplex, ...]], ...]


def partners_of(found: tuple[topology.Diagram, ...]) -> Partners:
    """Simplices that belong together, by their vertices and the cells these stand in, from the first of them."""

    def names(simplex: topology.CriticalSimplex, valid: np.ndarray) -> list[Simplex]:
        point, shift = np.asarray(simplex.point)[valid], np.asarray(simplex.shift)[valid]
        order = np.argsort(point, axis=1, kind="stable")
        point = np.take_along_axis(point, order, 1)
        shift = np.take_along_axis(shift, order[..., None], 1)
        whole = np.concatenate([point[..., None], shift - shift[:, :1]], -1)
        return [tuple(row) for row in whole.reshape(len(whole), -1).tolist()]

    every = []
    for one in found:
        valid = np.asarray(one.valid)
        deaths = names(one.death_simplex, valid)
        component = one.birth_simplex.point.shape[-1] == 1
        sides = (deaths,) if component else (names(one.birth_simplex, valid), deaths)
        every.append(frozenset(zip(*sides, strict=True)))
    return tuple(every)


def compared(before: Partners, after: Partners) -> np.ndarray:
    """(dimensions, kinds) how many pairs are no more, and for what; or new, both simplices of them."""
    then, now = (
        {simplex for of in all_pairs for pair in of for simplex in pair} for all_pairs in (before, after)
    )
    counts = np.zeros((len(before), len(KINDS)), int)
    for k, (one, other) in enumerate(zip(before, after, strict=True)):
        for pair in one - other:
            left = sum(simplex in now for simplex in pair)
            counts[k, 0 if left == len(pair) else 1 if left or len(pair) == 1 else 2] += 1
        counts[k, 2] += sum(
            not any(simplex in then for simplex in pair) for pair in other - one if len(pair) > 1
        )
    return counts


def look(settings: Settings, box: np.ndarray) -> Callable[[np.ndarray], Partners]:
    """Partners of a configuration."""
    find = jax.jit(partial(topology.diagrams, dimensions=settings.dimensions))
    return lambda positions: partners_of(find(positions, box))


def changes_along(
    settings: Settings, frames: Frames, track: np.ndarray, dt: float
) -> tuple[Changes, np.ndarray]:
    """What happens in the steps of a trajectory, and in which steps something does."""
    see = look(settings, frames.box[starts_of(settings, frames)[0]])
    seen = [see(positions) for positions in track]
    counts = np.stack([compared(*both) for both in pairwise(seen)])
    pairs = np.mean([[len(one) for one in partners] for partners in seen], axis=0)
    return Changes(counts.sum(0), pairs, np.asarray(dt * len(counts))), np.flatnonzero(counts.any((1, 2)))


def jumps_at(
    settings: Settings,
    frames: Frames,
    description: Holes,
    model: Learned,
    track: np.ndarray,
    steps: np.ndarray,
) -> Jumps:
    """A change in each of some steps, found on the straight way from one configuration to the next."""
    box = frames.box[starts_of(settings, frames)[0]]
    see = look(settings, box)

    def learned(positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Energies and slopes of configurations."""
        boxes = np.broadcast_to(box, (len(positions), len(box)))
        return energies_and_slopes(settings, description, model, positions, boxes)

    chosen = steps[np.linspace(0, len(steps) - 1, min(settings.events, len(steps))).astype(int)]
    found = []
    for step in chosen:
        here, there = track[step], track[step + 1]
        low, high, before = 0.0, 1.0, see(here)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if see(here + middle * (there - here)) == before:
                low = middle
            else:
                high = middle
        after = see(here + high * (there - here))
        counts = compared(before, after).sum(0)
        energy, slope = learned(np.stack([here + x * (there - here) for x in (low, high)]))
        jump = np.linalg.norm(slope[1] - slope[0], axis=1)
        found.append((np.argmax(counts), abs(energy[1] - energy[0]), jump.max(), step, high, jump.argmax()))
    kind, energy, force, step, place, particle = (np.array(x) for x in zip(*found, strict=True))
    most = int(np.argmax(np.where(kind == 0, force, 0)))
    along = np.linspace(-CLOSE, CLOSE, POINTS)
    here, there, who = track[step[most]], track[step[most] + 1], particle[most]
    way = (there - here)[who] / np.linalg.norm((there - here)[who])
    ways = here + (place[most] + along)[:, None, None] * (there - here)
    energy_there, slope = learned(ways)
    _, of_teacher = energies_and_slopes(
        settings, None, None, ways, np.broadcast_to(box, (len(ways), len(box)))
    )
    slant = np.polyval(np.polyfit(along, energy_there, 1), along)
    return Jumps(
        kind, energy, force, along, energy_there - slant, -slope[:, who] @ way, -of_teacher[:, who] @ way
    )
