"""Many time steps, or the forces, of liquids that interact in pairs: the compiled loops as JAX functions.

They sit inside `jit`, `vmap` and `scan`; leading axes are independent systems, spread over the processors. Forces
are added up as integers, so that a trajectory depends neither on the order of the particles in memory, nor on the
neighbour lists, the threads, the batch, or the division of its steps into calls: bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.kernels.bond_order import BondOrders
from tdaglass.kernels.embedded_atoms import EmbeddedAtoms
from tdaglass.kernels.library import thread_count

TARGETS = ("tdaglass_advance", "tdaglass_advance_at_pressure", "tdaglass_observe", "tdaglass_measure")
MOST_SPECIES = 1024
# Their places are the numbers by which the loops know them.
FORMS = ("lennard_jones", "inverse_power")
TRUNCATIONS = ("shift", "force_shift", "smooth")
MOST_POWERS = 64

Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Interaction:
    """How particles interact in pairs, in a form that there are loops for.

    Attributes
    ----------
    form : one of `FORMS`
    truncation : one of `TRUNCATIONS`
    sigma, epsilon, cutoff : tuples of tuples of float
        One entry for each pair of species; length, energy, length.
    masses : tuple of float
        One for each species, `MOST_SPECIES` at most.
    exponent : int
        Of an inverse power: even, `MOST_POWERS` at most.
    diameters : (smallest, largest), optional
        Then every particle has its own, sigma is 1, cutoff in units of the pair's length, and the pair's length
        (a + b) / 2 (1 - non_additivity abs(a - b)) of its diameters a and b.
    non_additivity : float
        1 / length.
    suffix, platforms, observed
        Which calls have such loops, for what, and whether replicas are looked at on their way.
    """

    suffix: ClassVar[str] = ""
    platforms: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    observed: ClassVar[bool] = True

    form: str
    truncation: str
    sigma: Table
    epsilon: Table
    cutoff: Table
    masses: tuple[float, ...]
    exponent: int = 0
    diameters: tuple[float, float] | None = None
    non_additivity: float = 0.0

    def attributes(self) -> dict[str, Any]:
        """The same as a call takes it: tables row by row, names as numbers."""
        tables = {
            name: np.asarray(getattr(self, name), np.float64) for name in ("sigma", "epsilon", "cutoff")
        }
        smallest, largest = self.diameters or (0.0, 0.0)
        return {
            **{name: table.reshape(-1) for name, table in tables.items()},
            "masses": np.asarray(self.masses, np.float64),
            "form": np.int64(FORMS.index(self.form)),
            "exponent": np.int64(self.exponent),
            "truncation": np.int64(TRUNCATIONS.index(self.truncation)),
            "non_additivity": np.float64(self.non_additivity),
            "smallest": np.float64(smallest),
            "largest": np.float64(largest),
        }


# What the calls have loops for.
ForceField = Interaction | BondOrders | EmbeddedAtoms


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


class Barostat(NamedTuple):
    """What changes with the box from step to step at constant pressure.

    Attributes
    ----------
    box : (..., dim) float32
    momentum : (...,) float32
        Conjugate to the logarithm of the edges.
    chain_position, chain_momentum : (..., 3) float32
        Of the Nose-Hoover chain on the box.
    """

    box: Float[Array, "*batch dim"]
    momentum: Float[Array, "*batch"]
    chain_position: Float[Array, "*batch links"]
    chain_momentum: Float[Array, "*batch links"]


# What to look at while replicas of one configuration move, and when:
#   (moments,) int32: steps made, increasing, after the first step and up to the last;
#   (particles, dim) int32, twice: fractions and images of the start that all replicas have in common;
#   (particles, neighbors) int32: whose mean displacement is a particle's cage's, -1 fills up;
#   (waves, dim) int32: wave vectors in units of 2 pi / edge.
Observation = tuple[
    Int[Array, " moments"],
    Int[Array, "particles dim"],
    Int[Array, "particles dim"],
    Int[Array, "particles neighbors"],
    Int[Array, "waves dim"],
]
# Sums over replicas at every moment: (moments, particles), three times: distance gone since the start, its
# square, and the square of the displacement relative to the cage, the particle itself included; (moments,
# species + 2), twice: means over the wave vectors, of the self part of all particles and of each species, then
# of the total divided by that of the start; and the squares of these.
Sums = tuple[Array, Array, Array, Array, Array]


def advance(
    motion: Motion,
    species: Int[Array, "*batch particles"],
    diameters: Float[Array, "*batch particles"],
    box: Float[Array, "*batch dim"],
    temperature: Float[Array, "*batch"],
    slope: Float[Array, "*batch"],
    first: Int[Array, "*batch"],
    last: Int[Array, "*batch"],
    observation: Observation | None = None,
    *,
    interaction: ForceField,
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
    diameters : (..., particles) float32
        Looked at where the interaction asks for them.
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
        name, vmap_method = f"tdaglass_advance{interaction.suffix}", "broadcast_all"
        sums = []
    else:
        name, vmap_method = "tdaglass_observe", "sequential"
        shapes = sum_shapes(observation, species.shape[-1], len(interaction.masses))
        sums = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    call = not_differentiable(
        "the CPU kernels",
        jax.ffi.ffi_call(name, sums + results, vmap_method=vmap_method),
        **interaction.attributes(),
        thermostat=bool(thermostat),
        dt=np.float64(dt),
        skin=np.float64(skin),
        threads=np.int64(threads or thread_count()),
    )
    found = call(*(observation or ()), *motion, species, diameters, box, temperature, slope, first, last)
    *moved, made, status = found[len(sums) :]
    return Motion(*moved), made, status, tuple(found[: len(sums)]) if sums else None


def advance_at_pressure(
    motion: Motion,
    barostat: Barostat,
    species: Int[Array, "*batch particles"],
    diameters: Float[Array, "*batch particles"],
    temperature: Float[Array, "*batch"],
    slope: Float[Array, "*batch"],
    pressure: Float[Array, "*batch"],
    first: Int[Array, "*batch"],
    last: Int[Array, "*batch"],
    *,
    interaction: ForceField,
    dt: float,
    skin: float,
    threads: int | None = None,
) -> tuple[Motion, Barostat, Int[Array, "*batch"], Int[Array, "*batch"]]:
    """Make the steps `first` to `last` of NPT dynamics at a `pressure`, (...,) float32.

    Returns
    -------
    Motion, Barostat
        Not to be used where the status is not zero.
    made, status : (...,) int32

    See Also
    --------
    advance : the other parameters.
    """
    before = (*barostat, *motion)
    call = not_differentiable(
        "the CPU kernels",
        jax.ffi.ffi_call(
            f"tdaglass_advance_at_pressure{interaction.suffix}",
            [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (*before, first, first)],
            vmap_method="broadcast_all",
        ),
        **interaction.attributes(),
        thermostat=True,
        dt=np.float64(dt),
        skin=np.float64(skin),
        threads=np.int64(threads or thread_count()),
    )
    box, *of_box = barostat
    found = call(*of_box, pressure, *motion, species, diameters, box, temperature, slope, first, last)
    *moved, made, status = found
    size = len(barostat)
    return Motion(*moved[size:]), Barostat(*moved[:size]), made, status


def measure(
    fraction: Int[Array, "*batch particles dim"],
    species: Int[Array, "*batch particles"],
    diameters: Float[Array, "*batch particles"],
    box: Float[Array, "*batch dim"],
    *,
    interaction: ForceField,
    skin: float = 0.3,
    threads: int | None = None,
) -> tuple[
    Float[Array, "*batch particles dim"], Float[Array, "*batch"], Float[Array, "*batch"], Int[Array, "*batch"]
]:
    """Forces, potential energy, virial (sum over pairs of ``-r u'(r)``), and status; see `advance`."""
    batch = fraction.shape[:-2]
    scalar = jax.ShapeDtypeStruct(batch, jnp.float32)
    call = not_differentiable(
        "the CPU kernels",
        jax.ffi.ffi_call(
            f"tdaglass_measure{interaction.suffix}",
            [
                jax.ShapeDtypeStruct(fraction.shape, jnp.float32),
                scalar,
                scalar,
                jax.ShapeDtypeStruct(batch, jnp.int32),
            ],
            vmap_method="broadcast_all",
        ),
        **interaction.attributes(),
        skin=np.float64(skin),
        threads=np.int64(threads or thread_count()),
    )
    force, energy, virial, status = call(fraction, species, diameters, box)
    return force, energy, virial, status


# Of `STATUS`, what a box that shrank comes to.
BAD_BOX = 3

# What a status means, and what to do about it; the first is none.
STATUS = (
    "",
    "particles move more than half the skin in a step, or velocities are not numbers; try a shorter time step, or "
    "glass.minimize before the run",
    "two particles are so close that their force is beyond 10^4 epsilon / sigma (500 eV / angstrom in metals); "
    "try glass.settle_overlaps or glass.minimize before the run, a shorter time step, or engine='jax'",
    "the box is not finite, or an edge is shorter than twice the longest cut-off; try more particles",
    "a species is not in the tables of the model, or a diameter not within its bounds; try other codes for the "
    "species, or wider bounds",
    "a number of particles, an entry of the tables, the time step, the skin, the temperature or the pressure is "
    "out of range; try positive ones",
    "there is not enough memory for the neighbour lists; try fewer systems at once, or a smaller skin",
    "a particle has more neighbours than a list of the CUDA kernels has room for; try a smaller skin, or "
    "engine='jax'",
    "a block of the card does not hold the system; try engine='jax'",
)


def sum_shapes(observation: Observation, n: int, n_species: int) -> list[tuple[int, int]]:
    """Shapes of `Sums`."""
    moments, curves = len(observation[0]), n_species + 2
    return [(moments, k) for k in (n, n, n, curves, curves)]


def not_differentiable(these: str, call: Callable[..., Any], **attributes: Any) -> Callable[..., Any]:
    """A call of `these` kernels with its attributes, and an error that helps whoever asks for its derivative."""
    function = jax.custom_jvp(lambda *arrays: call(*arrays, **attributes))

    @function.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        raise TypeError(
            f"expected no derivatives of {these}, got a transformation by grad or jvp; try engine='jax'"
        )

    return function
