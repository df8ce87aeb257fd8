"""Hard spheres as ensembles ask for them: replicas of a configuration that are taken to later times."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from tdaglass.configuration import Configuration
from tdaglass.glass.accept import check_temperature
from tdaglass.glass.hard_spheres.engines import Engine, advance, choose_engine
from tdaglass.glass.hard_spheres.state import TICK, Spheres, at_tick_zero, draw_velocities
from tdaglass.glass.models.hard_spheres import HardSpheres
from tdaglass.glass.movers import choose_mover


@dataclass(frozen=True)
class HardSphereDynamics:
    """Hard spheres from collision to collision, at constant energy; a `dynamics.mover.Mover`.

    Attributes
    ----------
    model : HardSpheres
    temperature : energy units
        Of the velocities, whose kinetic energy fluctuates canonically from replica to replica.
    engine : "auto", "jax" or "cpu"
    """

    model: HardSpheres
    temperature: float = 1.0
    engine: Engine = "auto"

    def __post_init__(self) -> None:
        check_temperature(self.temperature)

    @property
    def tick(self) -> float:
        """A hundredth of a time unit: the resolution of times that are asked for, not of the collisions."""
        return TICK

    def start(self, keys: Key[Array, " replicas"], configuration: Configuration) -> Spheres:
        """Replicas of a configuration, each with Maxwell velocities drawn from its key."""
        species = np.asarray(configuration.species)
        velocities = draw_velocities(keys, self.model, species, self.temperature)
        return at_tick_zero(self.model, configuration, velocities)

    def advance(self, replicas: Spheres, ticks: int) -> Spheres:
        """The replicas so many ticks after their start."""
        return advance(replicas, self.model, ticks, engine=self.engine)[0]

    def displacements(self, replicas: Spheres, start: Spheres) -> Float[Array, "replicas particles dim"]:
        """How far every particle has gone since the start, unwrapped."""
        moved = jnp.asarray(replicas.positions - start.positions, jnp.zeros(()).dtype)
        return jax.device_put(moved, jax.local_devices()[0])


@dataclass(frozen=True)
class ObservingHardSphereDynamics(HardSphereDynamics):
    """The same on the CPU kernels, which add up what they see on their way; a `dynamics.mover.ObservingMover`."""

    def advance_and_observe(
        self,
        replicas: Spheres,
        start: Spheres,
        ticks: Sequence[int],
        cage: Int[Array, "particles neighbors"],
        waves: Int[Array, "waves dim"],
    ) -> tuple[Spheres, tuple[Array, ...]]:
        """The replicas at the last of these moments, and what was added up at each."""
        fraction, image = _fixed_point(jax.tree.map(lambda x: x[0], start))
        observation = jnp.asarray(ticks, jnp.int32), jnp.asarray(fraction), jnp.asarray(image), cage, waves
        after, _, sums = advance(replicas, self.model, int(ticks[-1]), engine="cpu", observation=observation)
        assert sums is not None
        return after, sums


def _fixed_point(
    spheres: Spheres,
) -> tuple[Int[np.ndarray, "particles dim"], Int[np.ndarray, "particles dim"]]:
    """Fractions of 32 bits and images, ``edge * (image + 1/2 + fraction / 2**32)``."""
    turns = spheres.positions / spheres.edges
    image = np.floor(turns)
    steps = np.floor((turns - image - 0.5) * 2.0**32 + 0.5)
    # What rounds up to the far face is at the near face of the next image.
    over = steps >= 2.0**31
    return np.where(over, -(2.0**31), steps).astype(np.int32), (image + over).astype(np.int32)


@choose_mover.register
def _(
    model: HardSpheres,
    configuration: Configuration,
    *,
    temperature: float,
    engine: Engine = "auto",
    **_of_molecular_dynamics: Any,
) -> HardSphereDynamics:
    """Time steps and baths, which molecular dynamics has, are not looked at."""
    observing = choose_engine(engine) == "cpu"
    return (ObservingHardSphereDynamics if observing else HardSphereDynamics)(model, temperature, engine)
