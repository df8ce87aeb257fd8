"""Engine 1 on the host: rooms for its tables, and the local devices that share a batch.

Tables that overflow stop the compiled steps before one is taken with them; the room grows here, outside jit, and
the run goes on from where it stopped.
"""

from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from tdaglass.glass.contract import Model
from tdaglass.glass.errors import SimulationError, box_too_small
from tdaglass.glass.molecular_dynamics.baths import Ensemble, Schedule
from tdaglass.glass.molecular_dynamics.engines.devices import mesh_of
from tdaglass.glass.molecular_dynamics.engines.jax_steps import (
    BOX_TOO_SMALL,
    INCOMPLETE_TABLE,
    RUNNING,
    advance,
)
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.molecular_dynamics.table_capacity import Settings, engine_settings, fitted, with_room


def run(
    flat: State,
    model: Model,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
    skin: float | None,
    first: int,
    targets: Iterable[int],
) -> State:
    """From step `first` of a schedule up to every target; the batch is the leading axis."""
    settings = separate = fitted(engine_settings(model, flat, ensemble, dt, skin), flat)
    if _could_share_a_table(settings, flat):
        settings = engine_settings(model, flat, ensemble, dt, skin, shared_table=True)
    mesh = mesh_of(len(flat.step))
    shares = 1 if mesh is None else mesh.size
    if mesh is not None:
        split = NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]))
        flat, schedule = jax.device_put((flat, schedule), split)
    made = np.full(shares, first, np.int32)
    for target in targets:
        while made.min() < target:
            flat, progress = advance(
                settings, mesh, flat, schedule, jnp.asarray(made), jnp.full(shares, target, jnp.int32)
            )
            made, status = np.asarray(progress.made), np.asarray(progress.status)
            if (status == INCOMPLETE_TABLE).any():
                # Replicas that have drifted too far apart for one table get tables of their own.
                longest = int(progress.longest.max())
                settings = separate if settings.shared_table else with_room(settings, longest, flat.box)
            elif (status == BOX_TOO_SMALL).any():
                raise box_too_small(model, int(made.min()))
            elif (status != RUNNING).any():
                raise SimulationError(
                    f"the {ensemble} dynamics of {model.name} stopped after {int(made.min())} steps: particles "
                    "move more than half the skin in a step, or velocities are not numbers; try a time step below "
                    f"{dt:g}, or glass.minimize before the run"
                )
    return flat


def _could_share_a_table(settings: Settings, flat: State) -> bool:
    """Whether a batch is of several systems that could be replicas of one."""
    if settings.accelerator or settings.grid is not None or len(flat.step) == 1:
        return False
    return all(bool((x == x[0]).all()) for x in map(np.asarray, (flat.species, flat.diameters)))
