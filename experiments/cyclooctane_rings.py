r"""Conformations of cyclo-octane: closed rings of eight carbons at fixed bond and angle.

Sixteen distances are fixed, eight bonds and eight across an angle, of the eighteen coordinates that say how a ring
is shaped: what is left is a space of two dimensions, a sphere and a Klein bottle that meet in two circles (Martin,
Thompson, Coutsias and Watson, J. Chem. Phys. 132, 234115, 2010). It is found by Newton's method: from a random
start, the shortest steps :math:`-J^\top (J J^\top)^{-1} r` that mend the residuals r of the squared distances.

Atoms are numbered. A ring numbered from another atom, or backwards, or seen in a mirror, is another point of the
space, as in the public data: random starts know no first atom and no hand, so all of these are found alike.

All of it needs double precision.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve
from jaxtyping import Array, Float

from tdaglass import parallel
from tdaglass.checkpoints import Keep

ATOMS = 8
BOND = 1.52
"""Length of a bond, angstrom."""
ANGLE = 115.0
"""Between neighbouring bonds, degrees."""
Form = Literal["boat", "chair", "crown"]
FORMS: tuple[Form, ...] = ("boat", "chair", "crown")
"""The symmetric rings whose surroundings are the classes: D2d, C2h and D4d."""

BATCH = 2048
# With a few thousand, corners of the space that random starts seldom reach stay empty.
LEAST_STARTS = 16384
DISPLACED = 6
# Of squared distances, square angstrom: what Newton's method leaves in double precision is far below it.
CLOSED = 1e-11
# Torsions of the ring on which the public conformations are superposed, degrees: in its frame none of them has any
# rotation left. It has these torsions twice over, for it has a twofold axis.
REFERENCE = (-65.67, 131.25, -62.87, 19.00)


class Pool(NamedTuple):
    """Closed rings, more than are asked for, and how many starts they took."""

    rings: np.ndarray  # (rings, 8, 3)
    starts: int


def residuals(ring: Float[Array, "8 3"]) -> Float[Array, "16"]:
    """Squared bonds and squared distances across an angle, less what they should be; square angstrom."""
    across = 2 * BOND * np.sin(np.deg2rad(ANGLE) / 2)
    wanted = jnp.repeat(jnp.array([BOND**2, across**2]), ATOMS)
    return jnp.concatenate([jnp.sum((jnp.roll(ring, -k, 0) - ring) ** 2, 1) for k in (1, 2)]) - wanted


def _closed(start: Float[Array, "8 3"], steps: int) -> tuple[Array, Array]:
    def step(_: Any, x: Array) -> Array:
        r, jacobian = residuals(x.reshape(ATOMS, 3)), jax.jacobian(residuals)(x.reshape(ATOMS, 3))
        jacobian = jacobian.reshape(2 * ATOMS, 3 * ATOMS)
        # Where the two surfaces meet the constraints depend on one another: the damping goes to zero with r.
        damping = 1e-3 * jnp.minimum(1, r @ r) * jnp.eye(2 * ATOMS)
        return x - jacobian.T @ solve(jacobian @ jacobian.T + damping, r, assume_a="pos")

    ring = jax.lax.fori_loop(0, steps, step, start.reshape(-1)).reshape(ATOMS, 3)
    return ring, jnp.max(jnp.abs(residuals(ring)))


@partial(jax.jit, static_argnames="steps")
def close_rings(
    starts: Float[Array, "points 8 3"], steps: int = 40
) -> tuple[Float[Array, "points 8 3"], Float[Array, "points"]]:
    """Rings near the starts, and the largest residual of each; those above `CLOSED` did not converge."""
    return jax.vmap(partial(_closed, steps=steps))(starts)


def torsions(rings: Any) -> np.ndarray:
    """The eight torsions of each ring, radians: (..., 8, 3) to (..., 8)."""
    bond = np.roll(rings, -1, axis=-2) - rings
    normal = np.cross(bond, np.roll(bond, -1, axis=-2))
    after = np.roll(normal, -1, axis=-2)
    middle = np.roll(bond, -1, axis=-2)
    middle = middle / np.linalg.norm(middle, axis=-1, keepdims=True)
    return np.arctan2((np.cross(normal, after) * middle).sum(-1), (normal * after).sum(-1))


def sign_changes(rings: Any) -> np.ndarray:
    """How often the torsion changes its sign, going round: 4, 6 or 8 times in every ring that closes."""
    positive = torsions(rings) > 0
    return np.sum(positive != np.roll(positive, 1, axis=-1), axis=-1)


def symmetric(form: Form) -> np.ndarray:
    """A symmetric ring, closed from a sketch that has its symmetry, which Newton's steps keep; (8, 3) angstrom.

    Its torsions, in degrees, are 55.9 (++--++--) of the boat, 89.2 (+-+-+-+-) of the crown, and
    (a, -b, 0, b, -a, b, 0, -b) with a = 124.4 and b = 77.4 of the chair.
    """
    height = {
        "boat": [1, 0, -1, 0, 1, 0, -1, 0],
        "chair": [1, -1, 1, 1, -1, 1, -1, -1],
        "crown": [1, -1, 1, -1, 1, -1, 1, -1],
    }[form]
    # The chair's twofold axis goes through two bonds.
    angle = (np.arange(ATOMS) - (0.5 if form == "chair" else 0)) * np.pi / 4
    sketch = np.stack([1.9 * np.cos(angle), 1.9 * np.sin(angle), 0.6 * np.array(height)], axis=1)
    ring, worst = close_rings(jnp.asarray(sketch)[None])
    if worst[0] > CLOSED:
        raise ValueError(f"expected the sketch of a {form} to close, got {worst[0]:.1g}; try another sketch")
    return np.asarray(ring[0])


def numberings(ring: np.ndarray) -> np.ndarray:
    """The same ring numbered from each atom in both directions: (16, 8, 3)."""
    return np.stack([np.roll(way, k, 0) for way in (ring, ring[::-1]) for k in range(ATOMS)])


def distances(rings: np.ndarray) -> np.ndarray:
    """From the symmetric forms, in the order of `FORMS`: (rings, 3) degrees.

    Root mean square over the eight differences of torsions, the least over numberings, directions and hands.
    """
    of_rings, found = torsions(rings), []
    for form in FORMS:
        copies = torsions(numberings(symmetric(form)))
        apart = [
            np.mean(np.angle(np.exp(1j * (of_rings - hand * copy))) ** 2, axis=-1)
            for copy in copies
            for hand in (1, -1)
        ]
        found.append(np.sqrt(np.min(apart, axis=0)))
    return np.degrees(np.stack(found, axis=-1))


def classes(away: np.ndarray, within: float) -> np.ndarray:
    """Names of the form that is within so many degrees, or nothing: (rings,) from their `distances`."""
    return np.where(away.min(1) <= within, np.array(FORMS)[away.argmin(1)], "")


class Copies(NamedTuple):
    """How many places one symmetric form has in the space of a description, for each form.

    Attributes
    ----------
    handed
        Where atoms are numbered and hands differ, as in Cartesian coordinates.
    numbered
        Where atoms are numbered, as in the Coulomb matrix: 16 numberings over the order of the group.
    atoms
        Where one atom is looked at: its kinds of atoms.
    """

    handed: dict[str, int]
    numbered: dict[str, int]
    atoms: dict[str, int]


def copies() -> Copies:
    """What the symmetry of the forms demands."""
    found = Copies({}, {}, {})
    for form in FORMS:
        ways = numberings(symmetric(form))
        hands = superpose(np.concatenate([ways, -ways]), reference_ring())
        apart = np.linalg.norm(ways[:, :, None] - ways[:, None], axis=-1)
        # Of the first atom, as seen in either direction.
        one = np.minimum(apart[:, 0], np.roll(apart[:, 0, ::-1], 1, -1))
        for of, values in zip(found, (hands, apart, one), strict=True):
            of[form] = len(np.unique(values.reshape(len(values), -1).round(4) + 0.0, axis=0))
    return found


def reference_ring() -> np.ndarray:
    """The ring on which all are superposed, its centre at the origin: (8, 3)."""
    ring = np.zeros((ATOMS, 3))
    ring[1] = [BOND, 0, 0]
    turn = np.pi - np.deg2rad(ANGLE)
    ring[2] = ring[1] + BOND * np.array([np.cos(turn), np.sin(turn), 0])
    for k, torsion in enumerate(np.deg2rad(2 * REFERENCE)[: ATOMS - 3]):
        along = (ring[k + 2] - ring[k + 1]) / BOND
        normal = np.cross(ring[k + 1] - ring[k], along)
        normal /= np.linalg.norm(normal)
        aside = np.cos(torsion) * np.cross(normal, along) + np.sin(torsion) * normal
        ring[k + 3] = ring[k + 2] + BOND * (np.cos(turn) * along + np.sin(turn) * aside)
    closed = np.asarray(close_rings(jnp.asarray(ring)[None])[0][0])
    return closed - closed.mean(0)


def superpose(rings: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rings centred and turned, never mirrored, so that they come closest to the reference (Kabsch)."""
    centred = rings - rings.mean(1, keepdims=True)
    left, _, right = np.linalg.svd(np.einsum("kia,ib->kab", centred, reference))
    left[:, :, 2] *= np.linalg.det(left @ right)[:, None]
    return centred @ (left @ right)


@partial(jax.jit, static_argnames="n")
def spread(points: Float[Array, "points coordinates"], n: int) -> tuple[Array, Array]:
    """The n points that lie farthest apart, each chosen farthest from all before it; and the last distance."""

    def choose(nearest_sq: Array, _: None) -> tuple[Array, tuple[Array, Array]]:
        k = jnp.argmax(nearest_sq)
        away_sq = jnp.sum((points - points[k]) ** 2, axis=1)
        return jnp.minimum(nearest_sq, away_sq), (k, nearest_sq[k])

    start = jnp.full(len(points), jnp.inf)
    _, (chosen, apart_sq) = jax.lax.scan(choose, start, length=n)
    return chosen, jnp.sqrt(apart_sq[-1])


def _random(key: Array, k: int) -> Array:
    """The k-th batch of random starts."""
    return BOND * jax.random.normal(jax.random.fold_in(key, k), (BATCH, ATOMS, 3))


def _displaced(key: Array, rings: np.ndarray, displacement: float, k: int) -> Array:
    """The k-th batch of starts near rings, each of these in its turn."""
    noise = displacement * jax.random.normal(jax.random.fold_in(key, k), (BATCH, ATOMS, 3))
    return jnp.asarray(rings[(k * BATCH + np.arange(BATCH)) % len(rings)]) + noise


def _close_batch(begin: Callable[[int], Array], steps: int, k: int) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(x) for x in close_rings(begin(k), steps))


def find(
    key: Array,
    n: int,
    keep: Keep,
    *,
    executor: Any = None,
    starts: int | None = None,
    rounds: int = 3,
    displacement: float = 0.15,
) -> tuple[np.ndarray, Pool]:
    """Conformations spread evenly over the whole space, superposed on the reference.

    Random starts are thick on some parts of the space and thin on others. So the rings that they found are thinned
    to n, starts displaced from each of these find more, and so on; in the end all that closed are thinned to the n
    that lie farthest apart in the 24 coordinates of the superposed rings. The public data were thinned by the same
    distance: none of them are closer than 0.12 angstrom. Nothing else is left out.

    Parameters
    ----------
    key
        Of all random numbers.
    n
        How many conformations.
    keep : callable
        Of a name and a function without arguments: its result, from an earlier run if it is there.
    executor : optional
        Where batches of starts are closed: see `parallel.map_independent`.
    starts
        Random starts, by default eight per conformation and at least `LEAST_STARTS`; most of them close.
    rounds
        Of displaced starts, `DISPLACED` from each conformation.
    displacement : angstrom
        Standard deviation along each coordinate.

    Returns
    -------
    (n, 8, 3) angstrom, Pool

    Raises
    ------
    ValueError
        Without double precision, or if fewer rings than n closed.
    """
    if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        raise ValueError('expected double precision; try jax.config.update("jax_enable_x64", True)')
    reference = reference_ring()
    keys = jax.random.split(key, rounds + 1)

    def closed(name: str, begin: Callable[[int], Array], count: int, steps: int) -> np.ndarray:
        parts = parallel.map_independent(
            partial(_close_batch, begin, steps),
            range(-(-count // BATCH)),
            executor=executor,
            keep=keep,
            names=lambda k: f"{name}-{k}",
            progress=name.replace("-", " "),
        )
        rings, worst = (np.concatenate(x)[:count] for x in zip(*parts, strict=True))
        return superpose(rings[worst < CLOSED], reference)

    def thinned(rings: np.ndarray) -> np.ndarray:
        chosen, _ = spread(jnp.asarray(rings.reshape(len(rings), -1)), n)
        return rings[np.asarray(chosen)]

    starts = max(8 * n, LEAST_STARTS) if starts is None else starts
    pool = closed("random-starts", partial(_random, keys[0]), starts, 40)
    if len(pool) < n:
        raise ValueError(f"expected {n} closed rings, got {len(pool)}; try more random starts")
    found = keep("thinned-0", lambda: thinned(pool))
    for r in range(1, rounds + 1):
        begin = partial(_displaced, keys[r], found, displacement)
        pool = np.concatenate([pool, closed(f"displaced-starts-{r}", begin, DISPLACED * n, 15)])
        found = keep(f"thinned-{r}", partial(thinned, pool))
    return found, Pool(pool, starts + rounds * DISPLACED * n)
