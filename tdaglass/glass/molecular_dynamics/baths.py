"""Ensembles, and the temperature and pressure of their baths."""

from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass.arguments import floats
from tdaglass.glass.accept import check_temperature
from tdaglass.glass.molecular_dynamics.state import State, check_state

Ensemble = Literal["nve", "nvt", "npt"]
Bath = float | Float[Array, "*batch"] | Float[np.ndarray, "*batch"]


class Schedule(NamedTuple):
    """Temperature and pressure of the bath: ``start + slope * (steps made in this schedule)``.

    Each (batch,); `made` counts the steps already made, so that a call that goes on continues the ramp.
    """

    temperature: Float[Array, " batch"]
    slope: Float[Array, " batch"]
    pressure: Float[Array, " batch"]


def make_schedule(
    state: State, ensemble: Ensemble, temperature: Bath | None, pressure: Bath | None
) -> Schedule:
    """Constant baths, for every system of a batch; ValueError, with a remedy, for a missing or impossible one."""
    if ensemble not in ("nve", "nvt", "npt"):
        raise ValueError(f"expected ensemble 'nve', 'nvt' or 'npt', got {ensemble!r}; try 'nvt'")
    if ensemble != "nve" and temperature is None:
        raise ValueError(f"expected a temperature for ensemble {ensemble!r}, got None; try temperature=1.0")
    if ensemble == "npt" and pressure is None:
        raise ValueError("expected a pressure for ensemble 'npt', got None; try pressure=1.0")
    check_state(state)
    check_temperature(0.0 if temperature is None else temperature)
    batch = state.step.shape

    def each(value: Bath | None) -> Array:
        value = floats(0.0 if value is None else value, "temperature or pressure", like=state.velocity)
        if value.shape not in ((), batch):
            raise ValueError(
                f"expected one temperature or pressure, or one for each system {batch}, got shape {value.shape}; "
                "try a number"
            )
        return jnp.broadcast_to(value, batch).reshape(-1)

    return Schedule(each(temperature), jnp.zeros_like(each(None)), each(pressure))
