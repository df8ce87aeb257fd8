"""Many time steps, or the forces, of Lennard-Jones mixtures: the compiled loops as JAX functions.

They sit inside `jit`, `vmap` and `scan`; leading axes are independent systems, spread over the processors. Forces
are added up as integers, so that a trajectory depends neither on the order of the particles in memory, nor on the
neighbour lists, the threads, the batch, or the division of its steps into calls: bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.kernels.library import thread_count

Table = tuple[tuple[float, ...], ...]
MOST_SPECIES = 4


@dataclass(frozen=True)
class Interaction:
    """Truncated Lennard-Jones pairs; the fields are those of a `glass.PairModel`.

    Attributes
    ----------
    sigma, epsilon, cutoff : tuples of tuples of float
        One entry for each pair of species; length, energy, length.
    masses : tuple of float
        One to four.
    force_shift : bool
        Whether the force, not only the energy, is shifted to zero at the cut-off.
    """

    sigma: Table
    epsilon: Table
    cutoff: Table
    masses: tuple[float, ...]
    force_shift: bool

    def _attributes(self) -> dict[str, Any]:
        tables = {
            name: np.asarray(getattr(self, name), np.float64) for name in ("sigma", "epsilon", "cutoff")
        }
        return {
            **{name: table.reshape(-1) for name, table in tables.items()},
            "masses": np.asarray(self.masses, np.float64),
            "force_shift": bool(self.force_shift),
        }


class Motion(NamedTuple):
    """What changes from step to step.

    Attributes
    ----------
    fraction, image : (..., particles, dim) int32
        Fixed-point positions, ``edge * (image + 1/2 + fraction / 2**32)``.
    velocity, force : (..., particles, dim) float32
    chain_position, chain_momentum : (..., 3) float32
        Of the Nose-Hoover chain.
    """

    fraction: Int[Array, "*batch particles dim"]
    image: Int[Array, "*batch particles dim"]
    velocity: Float[Array, "*batch particles dim"]
    force: Float[Array, "*batch particles dim"]
    chain_position: Float[Array, "*batch links"]
    chain_momentum: Float[Array, "*batch links"]


class Observation(NamedTuple):
    """What to look at while replicas of one configuration move, and when.

    Attributes
    ----------
    moments : (moments,) int32
        Steps made, increasing, after the first step and up to the last.
    fraction, image : (particles, dim) int32
        Of the start that all replicas have in common.
    cage : (particles, neighbors) int32
        Neighbours of each particle; -1 fills up.
    waves : (waves, dim) int32
        Wave vectors in units of 2 pi / edge.
    """

    moments: Int[Array, " moments"]
    fraction: Int[Array, "particles dim"]
    image: Int[Array, "particles dim"]
    cage: Int[Array, "particles neighbors"]
    waves: Int[Array, "waves dim"]


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


def advance(
    motion: Motion,
    species: Int[Array, "*batch particles"],
    box: Float[Array, "*batch dim"],
    temperature: Float[Array, "*batch"],
    slope: Float[Array, "*batch"],
    first: Int[Array, "*batch"],
    last: Int[Array, "*batch"],
    observation: Observation | None = None,
    *,
    interaction: Interaction,
    thermostat: bool,
    dt: float,
    skin: float,
    threads: int | None = None,
) -> tuple[Motion, Int[Array, "*batch"], Int[Array, "*batch"], Sums | None]:
    """Make the steps `first` to `last` of NVE or (with `thermostat`) NVT dynamics.

    Parameters
    ----------
    motion : Motion
    species : (..., particles) int32
    box : (..., dim) float32
    temperature, slope : (...,) float32
        Of the bath, ``temperature + slope * (steps made)``.
    first, last : (...,) int32
        Steps made before and after.
    observation : Observation, optional
        Then the batch, of one axis, is replicas whose observables are added up on their way; under `vmap`,
        ensembles run one after the other.
    interaction : Interaction
    thermostat : bool
    dt, skin : float
        Time step; margin of the neighbour lists.
    threads : int, optional
        None takes `thread_count()`.

    Returns
    -------
    Motion
        Not to be used where the status is not zero.
    made : (...,) int32
    status : (...,) int32
        An index of `STATUS`.
    Sums, or None
        What was observed, moments leading; zero where there are no wave vectors or cages. The threads do not
        change a bit of it.
    """
    results = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (*motion, first, first)]
    if observation is None:
        name, vmap_method = "tdaglass_advance", "broadcast_all"
        sums = []
    else:
        name, vmap_method = "tdaglass_observe", "sequential"
        n, curves, moments = species.shape[-1], len(interaction.masses) + 2, len(observation.moments)
        sums = [jax.ShapeDtypeStruct((moments, k), jnp.float32) for k in (n, n, n, curves, curves)]
    call = _not_differentiable(
        jax.ffi.ffi_call(name, sums + results, vmap_method=vmap_method),
        **interaction._attributes(),
        thermostat=bool(thermostat),
        dt=np.float64(dt),
        skin=np.float64(skin),
        threads=np.int64(threads or thread_count()),
    )
    found = call(*(observation or ()), *motion, species, box, temperature, slope, first, last)
    *moved, made, status = found[len(sums) :]
    return Motion(*moved), made, status, Sums(*found[: len(sums)]) if sums else None


def measure(
    fraction: Int[Array, "*batch particles dim"],
    species: Int[Array, "*batch particles"],
    box: Float[Array, "*batch dim"],
    *,
    interaction: Interaction,
    skin: float = 0.3,
    threads: int | None = None,
) -> tuple[
    Float[Array, "*batch particles dim"], Float[Array, "*batch"], Float[Array, "*batch"], Int[Array, "*batch"]
]:
    """Forces, potential energy, virial (sum over pairs of ``-r u'(r)``), and status; see `advance`."""
    batch = fraction.shape[:-2]
    scalar = jax.ShapeDtypeStruct(batch, jnp.float32)
    call = _not_differentiable(
        jax.ffi.ffi_call(
            "tdaglass_measure",
            [
                jax.ShapeDtypeStruct(fraction.shape, jnp.float32),
                scalar,
                scalar,
                jax.ShapeDtypeStruct(batch, jnp.int32),
            ],
            vmap_method="broadcast_all",
        ),
        **interaction._attributes(),
        skin=np.float64(skin),
        threads=np.int64(threads or thread_count()),
    )
    force, energy, virial, status = call(fraction, species, box)
    return force, energy, virial, status


# What a status means, and what to do about it; the first is none.
STATUS = (
    "",
    "particles move more than half the skin in a step, or velocities are not numbers; try a shorter time step, or "
    "glass.minimize before the run",
    "two particles are so close that their force is beyond 10^4 epsilon / sigma; try glass.minimize before the "
    "run, a shorter time step, or engine='jax'",
    "the box is not finite, or an edge is shorter than twice the longest cut-off; try more particles",
    "a species is not in the tables of the model; try other codes for the species",
    "a number of particles, an entry of the tables, the time step, the skin or the temperature is out of range; "
    "try positive ones, and at most four species",
    "there is not enough memory for the neighbour lists; try fewer systems at once, or a smaller skin",
)


def _not_differentiable(call: Callable[..., Any], **attributes: Any) -> Callable[..., Any]:
    """The call with its attributes, and an error that helps whoever asks for its derivative."""
    function = jax.custom_jvp(lambda *arrays: call(*arrays, **attributes))

    @function.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        raise TypeError(
            "expected no derivatives of the CPU kernels, got a transformation by grad or jvp; try engine='jax'"
        )

    return function
