"""Systems that the block kernel is tried with, and how it and the CPU kernels are asked about them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from block_emulation import OK, advance

from tdaglass.kernels import molecular_dynamics
from tdaglass.kernels.molecular_dynamics import Interaction, Motion


def advance_on_cpu(*arrays, **settings):
    return molecular_dynamics.advance(*jax.tree.map(jnp.asarray, arrays), **settings)


def measure(*arrays, interaction):
    return molecular_dynamics.measure(*map(jnp.asarray, arrays), interaction=interaction)


def mixture(kinds, truncation, form="lennard_jones", exponent=0, cutoff=2.5):
    sigma = np.array([[0.9 + 0.04 * (a + b) for b in range(kinds)] for a in range(kinds)])
    epsilon = np.array([[1 + 0.2 * abs(a - b) for b in range(kinds)] for a in range(kinds)])
    table = lambda x: tuple(map(tuple, x.tolist()))  # noqa: E731
    masses = tuple(1 + 0.5 * k for k in range(kinds))
    return Interaction(
        form, truncation, table(sigma), table(epsilon), table(cutoff * sigma), masses, exponent
    )


KOB_ANDERSEN = Interaction(
    "lennard_jones",
    "shift",
    ((1.0, 0.8), (0.8, 0.88)),
    ((1.0, 1.5), (1.5, 0.5)),
    ((2.5, 2.0), (2.0, 2.2)),
    (1.0, 1.0),
)
ONE, TEN = ((1.0, 1.0), (1.0, 1.0)), ((10.0, 10.0), (10.0, 10.0))
POLYDISPERSE = Interaction(
    "inverse_power", "smooth", ONE, ONE, ((1.25, 1.25), (1.25, 1.25)), (1.0, 2.0), 12, (0.73, 1.62), 0.2
)


@dataclasses.dataclass(frozen=True)
class Case:
    """Sites of a jittered lattice along each axis, and edges of each system's box."""

    interaction: Interaction
    sites: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...]


CASES = {
    "two species in cubes": Case(KOB_ANDERSEN, (11, 11, 11), ((10.4, 10.4, 10.4),) * 2),
    "boxes of any edges": Case(KOB_ANDERSEN, (8, 10, 14), ((7.9, 9.5, 13.1), (9.0, 9.0, 12.2))),
    "small boxes": Case(KOB_ANDERSEN, (5, 5, 5), ((5.0, 5.2, 5.1), (5.4, 5.1, 5.3))),
    "a slab": Case(KOB_ANDERSEN, (5, 6, 16), ((5.2, 6.1, 15.6), (5.1, 5.5, 17.0))),
    "four species in a plane": Case(mixture(4, "smooth"), (20, 32), ((20.0, 34.0), (22.0, 31.0))),
    "force shift in a plane": Case(mixture(3, "force_shift"), (10, 10), ((10.3, 10.4), (10.0, 11.0))),
    "one species": Case(mixture(1, "force_shift"), (9, 9, 9), ((9.1, 9.1, 9.1),)),
    "inverse power": Case(mixture(2, "shift", "inverse_power", 18, 1.8), (9, 8, 8), ((9.0, 8.4, 8.2),)),
    "diameters": Case(POLYDISPERSE, (10, 10, 11), ((10.5, 10.8, 11.2), (10.1, 11.5, 11.0))),
    "diameters in a plane": Case(
        dataclasses.replace(
            POLYDISPERSE, form="lennard_jones", truncation="force_shift", cutoff=((1.6, 1.6), (1.6, 1.6))
        ),
        (20, 20), ((21.0, 23.0),),
    ),
    "diameters that reach around": Case(POLYDISPERSE, (5, 5, 5), ((5.4, 5.6, 5.5),)),
}  # fmt: skip


def make(case, temperature=1.0, seed=0, jitter=0.03):
    """Systems on jittered lattices, with the forces that they have."""
    random = np.random.default_rng(seed)
    n, dimension, systems = int(np.prod(case.sites)), len(case.sites), len(case.edges)
    sites = np.stack(np.meshgrid(*map(np.arange, case.sites), indexing="ij"), -1).reshape(n, dimension)
    place = (sites + 0.5 + jitter * random.normal(size=(systems, n, dimension))) / case.sites
    fraction = np.floor((place % 1 - 0.5) * 2.0**32).astype(np.int64).astype(np.int32)
    kinds = len(case.interaction.masses)
    species = random.integers(kinds, size=(systems, n)).astype(np.int32)
    small, large = case.interaction.diameters or (1.0, 1.0)
    diameters = random.uniform(small, min(large, 1.3), size=(systems, n)).astype(np.float32)
    box = np.asarray(case.edges, np.float32)
    velocity = random.normal(size=fraction.shape)
    velocity = np.sqrt(temperature) * (velocity - velocity.mean(1, keepdims=True))
    force, *_ = measure(fraction, species, diameters, box, interaction=case.interaction)
    chain = np.zeros((systems, 3), np.float32)
    motion = Motion(
        fraction, np.zeros_like(fraction), velocity.astype(np.float32), np.asarray(force), chain, chain
    )
    return motion, species, diameters, box


def bath(systems, temperature=1.0, slope=0.0, first=0, last=100):
    return (
        np.full(systems, temperature, np.float32), np.full(systems, slope, np.float32),
        np.full(systems, first, np.int32), np.full(systems, last, np.int32),
    )  # fmt: skip


def run(case, system, baths, *, on_cpu=False, thermostat=True, dt=0.004, **more):
    go = advance_on_cpu if on_cpu else advance
    settings = {"interaction": case.interaction, "thermostat": thermostat, "dt": dt, "skin": 0.3, **more}
    moved, made, status, *_ = go(*system, *baths, **settings)
    np.testing.assert_array_equal(status, OK)
    np.testing.assert_array_equal(made, baths[3])
    return Motion(*map(np.asarray, moved))


def lengths(fraction, other, box):
    return np.abs((fraction - other).astype(float) * box[:, None, :].astype(float) * 2.0**-32).max()


def near_pair(distance, case=CASES["small boxes"]):
    """The first particle so far from the second, on the side where it was, everybody at rest."""
    motion, species, diameters, box = make(case, 0.0)
    fraction = motion.fraction.copy()
    fraction[:, 0] = fraction[:, 1]
    fraction[:, 0, -1] -= (distance / box[:, -1].astype(float) * 2**32).astype(np.int64).astype(np.int32)
    species[:, :2] = 0
    still = motion._replace(
        fraction=fraction, velocity=np.zeros_like(motion.velocity), force=np.zeros_like(motion.force)
    )
    return case, (still, species, diameters, box)
