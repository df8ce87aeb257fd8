"""Which engine runs a simulation: the CPU kernels, or pure JAX on any device."""

from typing import Any, Literal

import jax
import jax.numpy as jnp

from tdaglass import kernels
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.engines import cpu_kernels

Engine = Literal["auto", "native", "jax"]


def choose_engine(
    engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None
) -> Literal["native", "jax"]:
    """The engine that runs states of a model: the one asked for, or for "auto" the fastest that can.

    Parameters
    ----------
    engine : "auto", "native" or "jax"
    model : Model
    ensemble : "nve", "nvt" or "npt"
    dtype : of the states; None for JAX's default floating point

    Returns
    -------
    "native" or "jax"

    Raises
    ------
    ValueError
        If "native" was asked for and cannot run it; the message says why.

    Examples
    --------
    >>> from tdaglass import glass
    >>> glass.choose_engine("auto", glass.wahnstrom(n=250), ensemble="npt")
    'jax'
    """
    if engine not in ("auto", "native", "jax"):
        raise ValueError(f"expected engine 'auto', 'native' or 'jax', got {engine!r}; try engine='auto'")
    if engine == "jax" or (engine == "auto" and jax.default_backend() != "cpu"):
        return "jax"
    why_not = _why_not_native(model, ensemble, dtype)
    if why_not and engine == "native":
        raise ValueError(f"expected a simulation for engine 'native', but {why_not}")
    return "jax" if why_not else "native"


def describe_engine(engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None) -> str:
    """The engine that `choose_engine` chooses, in words for a record, and why if it is not the fastest.

    Parameters and errors are those of `choose_engine`.
    """
    if choose_engine(engine, model, ensemble, dtype) == "native":
        return f"CPU kernels for {kernels.built_for()}"
    if engine == "auto" and jax.default_backend() == "cpu":
        why, *_ = str(_why_not_native(model, ensemble, dtype)).split("; try engine='jax'")
        return f"JAX ({why})"
    return "JAX"


def _why_not_native(model: Model, ensemble: Ensemble, dtype: Any) -> str | None:
    return cpu_kernels.why_not(model, ensemble, jnp.zeros((), dtype).dtype)
