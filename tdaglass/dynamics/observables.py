"""What replicas of one configuration are asked at a time: how far each particle has gone from the common start.

Movers that add the same sums up on their way (`mover.ObservingMover`) give them to rounding.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass import glass
from tdaglass.configuration import Configuration
from tdaglass.dynamics.cage import relative_to_cage
from tdaglass.dynamics.displacements import squared_distance
from tdaglass.structure import Neighbors, sann_neighbors, wave_vectors

Observable = Literal["propensity", "cage_relative", "scattering"]
OBSERVABLES: tuple[Observable, ...] = ("propensity", "cage_relative", "scattering")
# Wave vectors drawn from the shell around the wave number; more do not sharpen the mean over particles.
WAVE_VECTORS = 48


class Sums(NamedTuple):
    """Sums over replicas at one moment (or, stacked, at several).

    Attributes
    ----------
    distance, distance_sq : (..., particles)
        Gone since the start, and its square; length, length**2.
    cage_sq : (..., particles)
        Square of the displacement relative to the cage, the particle itself included; length**2.
    scattering, scattering_sq : (..., species + 2)
        Mean over the wave vectors: self part of all particles and of each species, then the total divided by
        that of the start; and the squares of these.
    """

    distance: Float[Array, "*moments particles"]
    distance_sq: Float[Array, "*moments particles"]
    cage_sq: Float[Array, "*moments particles"]
    scattering: Float[Array, "*moments curves"]
    scattering_sq: Float[Array, "*moments curves"]


class Reference(NamedTuple):
    """What displacements are held against: the common start, cages, wave vectors, species."""

    cage_idx: Int[Array, "n k"]
    cage_mask: Bool[Array, "n k"]
    waves: Int[Array, "m dim"]  # wave vectors in units of 2 pi / edge
    q: Float[Array, "m dim"]
    phase: Float[Array, "m n"]  # q . r(0)
    density: Float[Array, "2 m"]  # real and imaginary part of rho_q(0)
    share: Float[Array, "kinds n"]  # weight of each particle in the mean over all, and over each species


def make_reference(
    model: glass.Model,
    configuration: Configuration,
    observables: Sequence[Observable],
    wave_number: float | None,
    cage: Neighbors | None,
) -> tuple[Reference, float | None]:
    """What the observables need, and the mean length of the wave vectors."""
    positions, species = configuration.positions, configuration.species
    box = np.asarray(configuration.box, float)
    n, dtype = positions.shape[0], positions.dtype
    if "cage_relative" in observables:
        cage = sann_neighbors(positions, configuration.box, symmetric=False) if cage is None else cage
        idx, mask = cage.idx, cage.mask
    else:
        idx, mask = jnp.zeros((n, 0), jnp.int32), jnp.zeros((n, 0), bool)
    if wave_number is not None and "scattering" in observables:
        half_shell = math.pi / box.max()
        vectors = wave_vectors(box, wave_number + half_shell, q_min=wave_number - half_shell)
        chosen = np.random.default_rng(0).permutation(len(vectors))[:WAVE_VECTORS]
        waves = vectors[np.sort(chosen)]
        wave_number = float(np.linalg.norm(2 * np.pi * waves / box, axis=1).mean())
    else:
        waves = np.zeros((0, model.dimension), int)
        wave_number = None
    q = 2 * np.pi * waves / box
    # In double precision on the host: unwrapped positions may be far away, and only the phase matters.
    phase = np.mod(q @ np.asarray(positions, float).T, 2 * np.pi)
    kinds = np.stack([np.ones(n), *[np.asarray(species) == s for s in range(model.n_species)]])
    share = kinds / np.maximum(kinds.sum(1, keepdims=True), 1)
    density = np.stack([np.cos(phase).sum(1), np.sin(phase).sum(1)])
    arrays = (jnp.asarray(x, dtype) for x in (q, phase, density, share))
    return Reference(idx, mask, jnp.asarray(waves, jnp.int32), *arrays), wave_number


@jax.jit
def observe(moved: Float[Array, "replicas n dim"], reference: Reference) -> Sums:
    """Sums over the replicas at one time, in the order of the replicas; `moved` since the start, unwrapped."""

    def of_replica(moved: Float[Array, "n dim"]) -> Sums:
        distance_sq = squared_distance(moved)
        relative = relative_to_cage(moved, reference.cage_idx, reference.cage_mask, itself=True)
        scattering = _scattering(moved, reference)
        return Sums(jnp.sqrt(distance_sq), distance_sq, squared_distance(relative), scattering, scattering**2)

    def add(total: Sums, moved: Array) -> tuple[Sums, None]:
        return jax.tree.map(jnp.add, total, of_replica(moved)), None

    zero = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(of_replica, moved[0]))
    return jax.lax.scan(add, zero, moved)[0]


def _scattering(moved: Float[Array, "n dim"], reference: Reference) -> Float[Array, " curves"]:
    """Self part for all particles and each species, and the total, averaged over the wave vectors."""
    if not reference.q.shape[0]:
        return jnp.zeros(reference.share.shape[0] + 1, moved.dtype)
    turned = reference.q @ moved.T  # (m, n)
    self_part = reference.share @ jnp.mean(jnp.cos(turned), axis=0)
    real, imaginary = reference.density
    phase = reference.phase + turned
    correlation = real * jnp.sum(jnp.cos(phase), axis=1) + imaginary * jnp.sum(jnp.sin(phase), axis=1)
    total = jnp.sum(correlation) / jnp.sum(real**2 + imaginary**2)
    return jnp.append(self_part, total)
