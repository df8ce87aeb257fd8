"""Which engine runs a simulation: the kernels of a CPU or of a CUDA card, or pure JAX on any device."""

from typing import Any, Literal

import jax
import jax.numpy as jnp

from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.engines import cpu_kernels, cuda_kernels

Engine = Literal["auto", "jax", "cpu", "cuda"]
Kernels = Literal["cpu", "cuda"]
# Engines of kernels, by their names; each knows why it cannot run something.
KERNELS: dict[Kernels, Any] = {"cpu": cpu_kernels, "cuda": cuda_kernels}
# Which of them is the fastest where JAX computes by default.
_FASTEST: dict[str, Kernels] = {"cpu": "cpu", "gpu": "cuda"}


def choose_engine(
    engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None
) -> Literal["jax", "cpu", "cuda"]:
    """The engine that runs states of a model: the one asked for, or for "auto" the fastest that can.

    Parameters
    ----------
    engine : "auto", "jax", "cpu" or "cuda"
    model : Model
    ensemble : "nve", "nvt" or "npt"
    dtype : of the states; None for JAX's default floating point

    Returns
    -------
    "jax", "cpu" or "cuda"

    Raises
    ------
    ValueError
        If "cpu" or "cuda" was asked for and cannot run it; the message says why.

    Examples
    --------
    >>> from tdaglass import glass
    >>> glass.choose_engine("auto", glass.wahnstrom(n=250), ensemble="npt")
    'cpu'
    """
    if engine not in ("auto", "jax", *KERNELS):
        raise ValueError(f"expected engine 'auto', 'jax', 'cpu' or 'cuda', got {engine!r}; try engine='auto'")
    wanted = _FASTEST.get(jax.default_backend()) if engine == "auto" else engine
    if wanted is None or wanted == "jax":
        return "jax"
    why = why_not(wanted, model, ensemble, dtype)
    if why and engine != "auto":
        raise ValueError(f"expected a simulation for engine {engine!r}, but {why}")
    return "jax" if why else wanted


def describe_engine(engine: Engine, model: Model, ensemble: Ensemble = "nvt", dtype: Any = None) -> str:
    """The engine that `choose_engine` chooses, in words for a record, and why if it is not the fastest.

    Parameters and errors are those of `choose_engine`.
    """
    chosen = choose_engine(engine, model, ensemble, dtype)
    if chosen != "jax":
        return KERNELS[chosen].describe()
    if engine == "auto" and (fastest := _FASTEST.get(jax.default_backend())):
        why, *_ = str(why_not(fastest, model, ensemble, dtype)).split("; try engine='jax'")
        return f"JAX ({why})"
    return "JAX"


def why_not(engine: Kernels, model: Model, ensemble: Ensemble, dtype: Any) -> str | None:
    """Why an engine of kernels cannot run this, and what to do about it; None if it can."""
    return KERNELS[engine].why_not(model, ensemble, jnp.zeros((), dtype).dtype)
