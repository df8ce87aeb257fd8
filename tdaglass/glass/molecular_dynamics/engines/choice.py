"""Which engine runs a simulation: the CPU kernels, or pure JAX on any device."""

from typing import Any, Literal

import jax
import jax.numpy as jnp

from tdaglass import kernels
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.engines import cpu_kernels

Engine = Literal["auto", "jax", "cpu"]


def choose_engine(
    engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None
) -> Literal["cpu", "jax"]:
    """The engine that runs states of a model: the one asked for, or for "auto" the fastest that can.

    Parameters
    ----------
    engine : "auto", "jax" or "cpu"
    model : Model
    ensemble : "nve", "nvt" or "npt"
    dtype : of the states; None for JAX's default floating point

    Returns
    -------
    "cpu" or "jax"

    Raises
    ------
    ValueError
        If "cpu" was asked for and cannot run it; the message says why.

    Examples
    --------
    >>> from tdaglass import glass
    >>> glass.choose_engine("auto", glass.wahnstrom(n=250), ensemble="npt")
    'jax'
    """
    if engine not in ("auto", "jax", "cpu"):
        raise ValueError(f"expected engine 'auto', 'jax' or 'cpu', got {engine!r}; try engine='auto'")
    if engine == "jax" or (engine == "auto" and jax.default_backend() != "cpu"):
        return "jax"
    why_not = _why_not_cpu(model, ensemble, dtype)
    if why_not and engine == "cpu":
        raise ValueError(f"expected a simulation for engine 'cpu', but {why_not}")
    return "jax" if why_not else "cpu"


def describe_engine(engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None) -> str:
    """The engine that `choose_engine` chooses, in words for a record, and why if it is not the fastest.

    Parameters and errors are those of `choose_engine`.
    """
    if choose_engine(engine, model, ensemble, dtype) == "cpu":
        return f"CPU kernels for {kernels.built_for()}"
    if engine == "auto" and jax.default_backend() == "cpu":
        why, *_ = str(_why_not_cpu(model, ensemble, dtype)).split("; try engine='jax'")
        return f"JAX ({why})"
    return "JAX"


def _why_not_cpu(model: Model, ensemble: Ensemble, dtype: Any) -> str | None:
    return cpu_kernels.why_not(model, ensemble, jnp.zeros((), dtype).dtype)
