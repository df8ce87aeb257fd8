"""What is asked of a trajectory: functions of two frames that are averaged over time origins.

Each kind of question is a frozen dataclass of its settings, derived from `TimeCorrelationFunction`, and
`time_correlations` asks any number of them in one pass. An answer is a function of averages over origins of some
numbers for each pair of frames, its moments: the mean of r^2, or the means of q and q^2 for a susceptibility.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass import arguments


class TimeCorrelation(NamedTuple):
    """A function of time, averaged over particles and time origins.

    Attributes
    ----------
    times : (times,), time units
        Between the two frames.
    values : (1 + species, times) or (1 + species, times, points)
        Row 0 is for all particles, then a row for each species, if species are known.
    errors : as `values`
        Standard errors over blocks of time origins, each at least as long as the time, or over runs. NaN where
        there are fewer than two of them.
    origins : (times,)
        Pairs of frames that were averaged.
    grid : (points,), or None
        Distances or wave numbers of the last axis, where there is one.
    """

    times: Float[np.ndarray, " times"]
    values: Float[np.ndarray, "rows times *points"]
    errors: Float[np.ndarray, "rows times *points"]
    origins: Int[np.ndarray, " times"]
    grid: Float[np.ndarray, " points"] | None = None


class System(NamedTuple):
    """What is the same in all frames, on the host.

    Attributes
    ----------
    kinds : (1 + species, particles)
        1 where a particle belongs to the row.
    members : (1 + species,)
    box : (dim,), (dim, dim) or None
        Of the first frame.
    species : (particles,) or None
    """

    dim: int
    kinds: np.ndarray
    members: np.ndarray
    box: np.ndarray | None
    species: np.ndarray | None


class Pair(NamedTuple):
    """Two frames as one function sees them, inside jit.

    Attributes
    ----------
    moved : (particles, dim)
        Displacement from the earlier to the later, without the drift where that is taken out.
    drift : (dim,)
        What was taken out.
    earlier, later : pytrees
        What `keep` gave of both frames.
    """

    moved: Float[Array, "particles dim"]
    drift: Float[Array, " dim"]
    earlier: Any
    later: Any


@dataclass(frozen=True)
class TimeCorrelationFunction:
    """A question to two frames. Derived classes say what they need and how it is averaged."""

    lags: Any = field(default=None, kw_only=True)
    """Times at which to ask, for what takes long; None: those of the pass."""

    of_single_particles: ClassVar[bool] = True
    """Whether displacements of single particles are all that is looked at."""

    def __post_init__(self) -> None:
        if self.lags is not None:
            lags = np.atleast_1d(arguments.doubles(self.lags, "lags"))
            object.__setattr__(self, "lags", tuple(lags.tolist()))

    def prepare(self, system: System) -> Any:
        """Arrays that all pairs share, as a pytree of NumPy arrays; refuses a system that cannot be asked."""
        return ()

    def keep(self, positions: np.ndarray, box: np.ndarray | None, constants: Any) -> Any:
        """What is needed of a frame besides displacements, as a pytree of arrays of the same shapes."""
        return ()

    def moments(self, pair: Pair, share: Float[Array, "rows particles"], constants: Any) -> Array:
        """Numbers of one pair of frames, in JAX; `share` times a number of each particle are its means."""
        raise NotImplementedError

    def of_pair(self, moments: np.ndarray) -> np.ndarray:
        """What is averaged over origins, from the moments (pairs, kinds, *moments), in double precision."""
        return moments

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:
        """From averages over origins (..., kinds, *moments) to values (..., kinds, *points)."""
        raise NotImplementedError

    def grid(self, constants: Any) -> np.ndarray | None:
        """Points of the last axis."""
        return None


def positive(x: Any, name: str) -> float | tuple[float, ...]:
    """A positive number, or one for each species."""
    array = arguments.doubles(x, name)
    if array.ndim > 1 or not array.size or not (np.isfinite(array) & (array > 0)).all():
        raise ValueError(
            f"expected a positive {name}, got {array.tolist()}; try one number, or one a species"
        )
    return float(array) if array.ndim == 0 else tuple(array.tolist())


def of_each_particle(x: float | tuple[float, ...], name: str, system: System) -> np.ndarray:
    """A number (particles,) from one number, or from one for each species."""
    if isinstance(x, float):
        return np.full(system.kinds.shape[1], x)
    count = len(system.members) - 1
    if system.species is None or len(x) != count:
        raise ValueError(
            f"expected one {name}, or one for each of {count} species, got {len(x)}; try species=..."
        )
    return np.asarray(x)[system.species]


def require_box(box: np.ndarray | None, what: str) -> np.ndarray:
    """The cell of a frame, which is to be periodic along all axes."""
    if box is None or not np.isfinite(box).all():
        raise ValueError(f"expected a periodic box for {what}, got open space; try box=...")
    return box
