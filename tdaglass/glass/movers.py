"""Liquids as ensembles ask for them: replicas of a configuration that are started and taken to later times."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.accept import accept, check_temperature
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import make_schedule
from tdaglass.glass.molecular_dynamics.engines import KERNELS, Engine, choose_engine
from tdaglass.glass.molecular_dynamics.engines.kernel_calls import observed
from tdaglass.glass.molecular_dynamics.state import State, initialize
from tdaglass.glass.simulate import run, time_step
from tdaglass.space import displacement


@dataclass(frozen=True)
class MolecularDynamics:
    """Molecular dynamics of any model on any engine; a `dynamics.mover.Mover`.

    Attributes
    ----------
    model : Model
    temperature : energy units
        Of the velocities, and of the bath for "nvt".
    dt : time units
    ensemble : "nvt" or "nve"
    engine : "auto", "jax", "cpu" or "cuda"
    """

    model: Model
    temperature: float
    dt: float
    ensemble: Literal["nvt", "nve"] = "nvt"
    engine: Engine = "auto"

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        arguments.positive(self.dt, "time step", f"{self.model.time_step}")

    @property
    def tick(self) -> float:
        """The time step."""
        return self.dt

    def start(self, keys: Key[Array, " replicas"], configuration: Configuration) -> State:
        """Replicas of a configuration, each with Maxwell velocities drawn from its key."""
        return jax.vmap(lambda key: initialize(key, self.model, self.temperature, configuration))(keys)

    def advance(self, replicas: State, ticks: int) -> State:
        """The replicas so many steps after their start."""
        steps = ticks - int(replicas.step[0])
        bath: dict[str, Any] = {"temperature": self.temperature, "dt": self.dt, "ensemble": self.ensemble}
        return run(replicas, self.model, steps, engine=self.engine, **bath)

    def displacements(self, replicas: State, start: State) -> Float[Array, "replicas particles dim"]:
        """How far every particle has gone since the start, unwrapped."""
        # On one device, in the order of the replicas: sums do not depend on how many devices ran.
        arrays = replicas.position, start.position, replicas.box
        now, then, box = jax.device_put(arrays, jax.local_devices()[0])
        return jax.vmap(displacement)(now, then, box[:, None, :])


@dataclass(frozen=True)
class ObservingMolecularDynamics(MolecularDynamics):
    """The same on kernels, which add up what they see on their way; a `dynamics.mover.ObservingMover`."""

    def advance_and_observe(
        self,
        replicas: State,
        start: State,
        ticks: Sequence[int],
        cage: Int[Array, "particles neighbors"],
        waves: Int[Array, "waves dim"],
    ) -> tuple[State, tuple[Array, ...]]:
        """The replicas at the last of these moments, and what was added up at each."""
        schedule = make_schedule(replicas, self.ensemble, self.temperature, None)
        common = jax.tree.map(lambda x: x[0], start.position)
        observation = jnp.asarray(ticks, jnp.int32), common.fraction, common.image, cage, waves
        chosen = choose_engine(self.engine, self.model, self.ensemble, replicas.velocity.dtype)
        assert chosen != "jax"  # or `choose_mover` had taken what stops at every moment
        return KERNELS[chosen].run_and_observe(
            replicas, self.model, observation, schedule, self.dt, self.ensemble
        )


@singledispatch
def choose_mover(
    model: Model,
    configuration: Configuration,
    *,
    temperature: float,
    dt: float | None = None,
    ensemble: Literal["nvt", "nve"] = "nvt",
    engine: Engine = "auto",
) -> Any:
    """What moves replicas of a liquid fastest; a liquid that is not moved by molecular dynamics registers its own.

    Parameters
    ----------
    model : Model
    configuration : Configuration
        From which replicas will start.
    temperature, dt, ensemble, engine
        See `MolecularDynamics`.

    Returns
    -------
    dynamics.mover.Mover

    Raises
    ------
    ValueError
        For a negative temperature, a time step that is not positive, or an engine that cannot run it.
    """
    dtype = accept(model, configuration).positions.dtype
    observing = choose_engine(engine, model, ensemble, dtype) in KERNELS and observed(model)
    return (ObservingMolecularDynamics if observing else MolecularDynamics)(
        model, temperature, time_step(model, dt), ensemble, engine
    )
