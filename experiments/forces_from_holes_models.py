"""Energies that are linear in what is seen of a configuration, so that forces are linear in the same coefficients.

Holes are seen by persistence images of radii, particles by Gaussians of their distances. Each description tells
its features of a configuration and their slopes in the positions.
"""

from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass import structure, topology
from tdaglass.topology import BirthDeath, Grid

# Neighbours within the reach of pairs that a particle has room for.
ROOM = 96


class Description(Protocol):
    """What is seen of a configuration; hashable, static under `jit`."""

    def features(self, positions: Array, box: Array) -> Float[Array, " features"]:
        """Sums over the configuration."""

    def slopes(self, positions: Array, box: Array) -> Float[Array, "n dim features"]:
        """Of the features, in the positions."""


@dataclass(frozen=True)
class Holes:
    r"""Persistence images of several dimensions: sums of :math:`(d - b)^p` times a Gaussian in each cell.

    Births and deaths are radii. Without a weight, p = 0, the energy jumps where a pair comes from the diagonal.
    There a birth and a death come together as the square of how far a circumcentre lies from a simplex, so that
    p = 1 leaves energies without a jump and forces, too. Components are born at zero, far from it, and have none.
    """

    dimensions: tuple[int, ...]
    grids: tuple[Grid, ...]
    sigmas: tuple[float, ...]
    power: int = 1

    def pairs(self, positions: Array, box: Array) -> list[tuple[Array, Array]]:
        """Births and deaths of every dimension; where there is no pair both are far from the images."""
        found = topology.diagrams(positions, box, dimensions=self.dimensions)
        radii = [topology.to_radii(one) for one in found]
        return [(jnp.where(r.valid, r.birth, -9), jnp.where(r.valid, r.death, -8)) for r in radii]

    def images(self, k: int, birth: Array, death: Array) -> Float[Array, " cells"]:
        """Of pairs of the k-th dimension."""
        pairs, power = BirthDeath(birth, death), self.power if self.dimensions[k] else 0
        weight = (lambda persistence: persistence**power) if power else None
        image = topology.persistence_image(pairs, self.grids[k], sigma=self.sigmas[k], weight=weight)
        return self.grids[k].vector(image)

    def features(self, positions: Array, box: Array) -> Float[Array, " features"]:
        """As `Description` has it."""
        pairs = self.pairs(positions, box)
        return jnp.concatenate([self.images(k, *both) for k, both in enumerate(pairs)])

    def slopes(self, positions: Array, box: Array) -> Float[Array, "n dim features"]:
        """By the chain rule: few particles move a pair, and few cells see it."""
        moved, pairs = jax.jacfwd(lambda x: (self.pairs(x, box),) * 2, has_aux=True)(positions)
        found = []
        for k, (both, sides) in enumerate(zip(pairs, moved, strict=True)):

            def of_one(birth: Array, death: Array, k: int = k) -> Array:
                return self.images(k, birth[None], death[None])

            seen = jax.vmap(jax.jacfwd(of_one, argnums=(0, 1)))(*both)
            found.append(sum(jnp.einsum("pnd,pc->ndc", x, y) for x, y in zip(sides, seen, strict=True)))
        return jnp.concatenate(found, -1)


@dataclass(frozen=True)
class Pairs:
    """Gaussians of the distance between particles, which fade out smoothly at a cut-off: a pair potential."""

    least: float
    cutoff: float
    gaussians: int

    def of_distance(self, r: Float[Array, "*shape"]) -> Float[Array, "*shape gaussians"]:
        """The Gaussians, with what fades them."""
        centres = jnp.linspace(self.least, self.cutoff, self.gaussians, dtype=r.dtype)
        width = (self.cutoff - self.least) / (self.gaussians - 1)
        fading = jnp.where(r < self.cutoff, 1 - (r / self.cutoff) ** 2, 0) ** 3
        return jnp.exp(-(((r[..., None] - centres) / width) ** 2) / 2) * fading[..., None]

    def near(self, positions: Array, box: Array) -> tuple[Array, Array, Array]:
        """Distances (n, k), directions (n, k, dim), and which are neighbours."""
        found = structure.cutoff_neighbors(positions, box, self.cutoff, capacity=ROOM)
        apart = jnp.where(found.mask[..., None], found.displacement, self.cutoff)
        r = jnp.sqrt(jnp.sum(apart**2, -1))
        return r, apart / r[..., None], found.mask

    def features(self, positions: Array, box: Array) -> Float[Array, " features"]:
        """As `Description` has it."""
        r, _, near = self.near(positions, box)
        return jnp.sum(jnp.where(near[..., None], self.of_distance(r), 0), (0, 1)) / 2

    def slopes(self, positions: Array, box: Array) -> Float[Array, "n dim features"]:
        """As `Description` has it."""
        r, along, near = self.near(positions, box)
        _, slope = jax.jvp(self.of_distance, (r,), (jnp.ones_like(r),))
        return -jnp.einsum("nkd,nkc->ndc", along, jnp.where(near[..., None], slope, 0))


@dataclass(frozen=True)
class Together:
    """Several descriptions side by side."""

    parts: tuple[Holes | Pairs, ...]

    def features(self, positions: Array, box: Array) -> Float[Array, " features"]:
        """As `Description` has it."""
        return jnp.concatenate([part.features(positions, box) for part in self.parts])

    def slopes(self, positions: Array, box: Array) -> Float[Array, "n dim features"]:
        """As `Description` has it."""
        return jnp.concatenate([part.slopes(positions, box) for part in self.parts], -1)
