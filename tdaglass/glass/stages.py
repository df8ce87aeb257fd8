"""Heating, holding and cooling one after the other, seen at even times: how small melts are quenched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from tdaglass import arguments
from tdaglass.checkpoints import Keep, nothing_kept
from tdaglass.glass.accept import check_temperature
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.simulate import Trajectory, cool, frame_of, run
from tdaglass.progress import progress as progress_bar


@dataclass(frozen=True)
class Stage:
    """A time during which the bath goes from one temperature to another, or stays.

    Attributes
    ----------
    start, stop : float
        Temperatures of the bath, energy units.
    time : float
        That it takes.
    frames : int
        At even times of it, the last at its end.
    """

    start: float
    stop: float
    time: float
    frames: int = 0

    def __post_init__(self) -> None:
        for temperature in (self.start, self.stop):
            check_temperature(temperature)
        arguments.positive(self.time, "time of a stage", "2.0 (ps, in metal units)")
        arguments.whole(self.frames, "frames of a stage", least=0)


def run_stages(
    state: State,
    model: Model,
    stages: Sequence[Stage],
    *,
    dt: float,
    keep: Keep | None = None,
    name: str = "stage",
    progress: bool | None = None,
    **settings: Any,
) -> tuple[State, Trajectory, Int[np.ndarray, " frames"]]:
    """Go through stages, and record what `trajectory` records at the frames of each.

    The bath is where the stages say; the liquid lags behind a fast one. Its own temperatures are in the record.

    Parameters
    ----------
    state : State
        Of one system, or a batch with leading axes, whose boxes may differ.
    model : Model
    stages : of Stage
    dt : time units
    keep, name, progress
        As for `run_in_parts`: each stage is a part. None keeps nothing.
    **settings
        Of `run`: ensemble ("nvt" or "npt"), pressure, skin, engine.

    Returns
    -------
    State
        At the end.
    Trajectory
        Steps are counted since the beginning of the first stage.
    stage : (frames,)
        Of every frame, counted from 0.

    Raises
    ------
    ValueError
        For no stages, or one with more frames than steps; as `run`.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> state = glass.initialize(jax.random.key(0), model, temperature=2.0)
    >>> stages = [Stage(2.0, 2.0, time=0.05), Stage(2.0, 1.0, time=0.1, frames=4)]
    >>> state, seen, stage = run_stages(state, model, stages, dt=0.005)
    >>> seen.step.tolist(), stage.tolist(), seen.positions.shape
    ([15, 20, 25, 30], [1, 1, 1, 1], (4, 250, 3))
    """
    dt = arguments.positive(dt, "time step", "0.001 (ps, in metal units)")
    if not stages:
        raise ValueError("expected stages, got none; try [glass.Stage(2.0, 0.5, time=100.0, frames=10)]")
    for k, stage in enumerate(stages):
        if max(stage.frames, 1) > (steps := _steps(stage, dt)):
            raise ValueError(
                f"expected a step or more for every frame of stage {k}, got {steps} steps and {stage.frames} "
                f"frames; try a time step below {dt:g}"
            )
    keep = keep or nothing_kept
    seen, stage_of, made = [], [], 0
    for k in progress_bar(range(len(stages)), name, enabled=progress):

        def compute(state: State = state, stage: Stage = stages[k]) -> tuple[State, Trajectory | tuple]:
            return _through(state, model, stage, dt, settings)

        state, frames = keep(f"{name}-{k}", compute)
        state = jax.tree.map(jnp.asarray, state)
        if stages[k].frames:
            record = jax.tree.map(np.asarray, frames)
            seen.append(record._replace(step=record.step + made))
        stage_of += [k] * stages[k].frames
        made += _steps(stages[k], dt)
    if not seen:
        none = jax.tree.map(lambda x: x[None][:0], frame_of(state, model, 0))
        return state, none, np.zeros(0, np.int32)
    return state, jax.tree.map(lambda *x: np.concatenate(x), *seen), np.asarray(stage_of, np.int32)


def _steps(stage: Stage, dt: float) -> int:
    return round(stage.time / dt)


def _through(
    state: State, model: Model, stage: Stage, dt: float, settings: dict[str, Any]
) -> tuple[State, Trajectory | tuple]:
    """To the end of a stage, and its frames."""
    steps = _steps(stage, dt)
    ends = [round(steps * (k + 1) / stage.frames) for k in range(stage.frames)] or [steps]
    per_step = (stage.stop - stage.start) / steps
    frames, made = [], 0
    for end in ends:
        here, there = (stage.start + n * per_step for n in (made, end))
        if per_step == 0:
            state = run(state, model, end - made, temperature=here, dt=dt, **settings)
        else:
            state, _ = cool(state, model, start=here, stop=there, rate=abs(per_step) / dt, dt=dt, **settings)
        made = end
        if stage.frames:
            frames.append(frame_of(state, model, made))
    return state, jax.tree.map(lambda *x: np.stack(x), *frames) if frames else ()
